/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up, in the order of wall/README: rights go when they are no longer needed, and everything that needs one stands before. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/conf_lawful.h"
#include "cmd/sensor_priv.h"

enum { SOCKET_MODE = 0660 };
/* Interfaces, their programs, rings that are locked. */
static const uint64_t set_up_capabilities = UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_PERFMON | UINT64_C(1) << CAP_IPC_LOCK;

/* Words that the log may say, beside names of the configuration. */
static const char *const words[] = {"interrupted", "finished", "basis_expired", "basis_suspended", "ledger_outage", "host_error", "stands", "absent", "down", "signal", "new_files",
				    "ring", "no_socket", "exchange_full", "stopped", "other", "heads", "facts", "flows", "ok", "degraded", "failing", "pipe", "xdp_native", "xdp_generic",
				    "packet_filter", SK_VERSION};

struct sk_journal_name sensor_name(const struct sensor *sensor, const char *text)
{
	for (size_t i = 0; i < sensor->key_count; i++)
		if (strcmp(sensor->key_texts[i], text) == 0)
			return sensor->keys[i];
	return sensor_name(sensor, "other");
}

static void register_name(struct sensor *sensor, const char *text)
{
	SK_INVARIANT(sensor->key_count < SENSOR_NAMES_MAX);
	sensor->key_texts[sensor->key_count] = text;
	sensor->keys[sensor->key_count++] = sk_journal_name(sensor->journal, text);
}

static void register_names(struct sensor *sensor)
{
	struct sk_conf_facts key;
	for (size_t i = 0; i < SK_COUNT(words); i++)
		register_name(sensor, words[i]);
	for (int kind = 0; kind < SK_BASIS_KIND_COUNT; kind++)
		register_name(sensor, sk_basis_kind_name((enum sk_basis_kind)kind));
	for (int profile = 0; profile < SK_PROFILE_COUNT; profile++)
		register_name(sensor, sk_profile_name((enum sk_profile)profile));
	for (int wall = 0; wall < SK_WALL_COUNT; wall++)
		register_name(sensor, sk_wall_name((enum sk_wall)wall));
	for (size_t i = 0; sk_conf_facts(i, &key); i++)
		register_name(sensor, key.key);
	sensor->eve_name = sk_journal_name(sensor->journal, "eve");
	sensor->syslog_name = sk_journal_name(sensor->journal, "syslog");
	sensor->ipfix_name = sk_journal_name(sensor->journal, "ipfix");
	sensor->log_name = sk_journal_name(sensor->journal, "log");
}

static enum sk_err open_journal(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	const struct sk_journal_options options = sk_sensor_journal_options(conf, sensor->cmd->clock, getenv("JOURNAL_STREAM"), STDERR_FILENO);
	SK_TRY(sk_journal_open(&options, &sensor->journal, fault));
	register_names(sensor);
	sk_journal_starting(sensor->journal, sensor_name(sensor, SK_VERSION), conf->links.count + conf->exports.count, sensor->worker_count);
	if (!conf->sandbox)
		sk_journal_no_sandbox(sensor->journal, sensor_name(sensor, "lab"));
	return sk_notify_open(getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), &sensor->notify, fault);
}

/* ---- the law ---- */

static enum sk_err load_law(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	const struct sk_clock *clock = &sensor->cmd->clock;
	struct sk_force *force;
	SK_TRY(sk_workspace_open(conf->workspace, true, &sensor->workspace, fault));
	sensor->workspace_open = true;
	SK_TRY(sk_conf_lawful(conf, sensor->workspace.profile, fault));
	sensor_paths(sensor);
	SK_TRY(sk_guard_suspension(&sensor->workspace, conf->suspension_path[0] != '\0' ? conf->suspension_path : NULL, &sensor->suspension, fault));
	SK_TRY(sk_force_load(&sensor->workspace, &sensor->paths, clock->unix_ns(clock->context), &force, fault));
	sensor->rules = force->rules;
	sensor->rules_trusted = force->rules_trusted;
	force->rules = NULL;
	sensor->law = sensor_law_new(sensor, force);
	if (sensor->law != NULL)
		SK_TRY(sk_brands_of_run(&sensor->workspace, &force->basis, NULL, &sensor->brands, fault));
	return sensor->law != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "out of memory");
}

/* ---- outputs ---- */

/* Nothing is ever sent to an address that a selector names. rule: PEER-1 */
static bool is_named(void *context, const struct sk_addr *addr)
{
	const struct sensor *sensor = context;
	struct sk_indicator_hit hit;
	return sensor->law->snapshot.set != NULL && sk_indicator_match_addr(sensor->law->snapshot.set, addr, &hit);
}

static enum sk_err open_outputs(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	const struct sk_basis *basis = sensor->law->snapshot.basis;
	char host[256] = "";
	struct sk_fault untrusted;
	(void)gethostname(host, sizeof host - 1);
	const char *name = conf->name[0] != '\0' ? conf->name : host;
	if (sk_mutes_load(&sensor->workspace, &sensor->mutes, &untrusted) != SK_OK)
		sk_journal_failed(sensor->journal, &untrusted); /* mutes nothing, and is no reason to stop looking */
	if (conf->eve_path[0] != '\0') {
		const struct sk_rolling_limits limits = sk_sensor_eve_limits(conf);
		SK_TRY(sk_emit_open_rolling(conf->eve_path, name, &limits, sensor->cmd->clock, &sensor->emit, fault));
		sk_emit_mark(sensor->emit, basis->id, basis->self_approved, basis->simulated);
		sk_emit_rules(sensor->emit, sensor->rules);
	}
	if (conf->syslog_path[0] != '\0') {
		SK_TRY(sk_syslog_open(conf->syslog_path, name, (int)getpid(), &sensor->syslog, fault));
		sk_syslog_mark(sensor->syslog, basis->id, basis->simulated);
	}
	if (conf->ipfix_collector.addr.family != 0) {
		const struct sk_peer peer = {.addr = conf->ipfix_collector.addr, .port = conf->ipfix_collector.port, .transport = SK_PEER_UDP};
		char where[SK_PEER_TEXT_MAX];
		SK_TRY(sk_ipfix_open(sk_peer_format(&peer, where), is_named, sensor, &sensor->cmd->clock, &sensor->ipfix, fault));
		sk_ipfix_tune(sensor->ipfix, (uint32_t)conf->ipfix_domain, conf->ipfix_template_refresh_ns);
		sk_ipfix_mark(sensor->ipfix, basis->id, basis->simulated);
	}
	return SK_OK;
}

static enum sk_err open_collector(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_clock *clock = &sensor->cmd->clock;
	const char *names[SK_COLLECTOR_LINKS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < sensor->link_count; i++)
		names[count++] = sensor->links[i].conf->name;
	for (size_t i = 0; i < sensor->export_count; i++)
		names[count++] = sensor->exports[i].conf->name;
	struct sk_collector_start start = {.links = names, .link_count = count, .clock = *clock, .now_ns = clock->unix_ns(clock->context), .no_heads = !sensor->conf->heads, .no_detectors = sensor->link_count == 0,
					   .syslog = sensor->syslog, .ipfix = sensor->ipfix, .mutes = sensor->mutes, .finding = sensor_take_finding, .finding_context = sensor};
	struct sk_collector_recovery recovery;
	bool seen;
	sk_force_tell(sensor->law->force, &start);
	sensor->accounts = calloc(count, sizeof *sensor->accounts);
	if (sensor->accounts == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	SK_TRY(sk_collector_open(&sensor->workspace, &start, sensor->emit, &sensor->collector, &recovery, fault));
	if (recovery.recovered)
		sk_journal_recovered(sensor->journal, recovery.frames_lost, recovery.rows_rolled_back);
	sensor->sink = sk_collector_sink(sensor->collector);
	return sk_collector_input(sensor->collector, NULL, true, &seen, fault);
}

static void refuse_count(void *context, const struct sk_fault *fault)
{
	sk_journal_failed(((struct sensor *)context)->journal, fault);
}

static enum sk_err open_counting(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_counting_options options = {.workspace = &sensor->workspace, .clock = sensor->cmd->clock, .collector = sensor->collector, .crews = sensor->crews, .crew_count = sensor->link_count,
						    .no_heads = !sensor->conf->heads, .context = sensor, .refused = refuse_count};
	SK_TRY(sk_counting_new(&options, &sensor->counting, fault));
	return sk_counting_look(sensor->counting, sensor->law->snapshot.basis, fault);
}

static enum sk_err open_server(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	struct sk_serve_options options = {.path = conf->metrics_socket[0] != '\0' ? conf->metrics_socket : NULL, .mode = SOCKET_MODE, .tcp_fd = -1,
					   .source = {.fill = sensor_fill, .context = sensor}, .limits = sk_sensor_health_limits(conf)};
	if (conf->metrics_listen.addr.family != 0) {
		const struct sk_peer where = {.addr = conf->metrics_listen.addr, .port = conf->metrics_listen.port, .transport = SK_PEER_TCP};
		SK_TRY(sk_peer_listen(&where, &options.tcp_fd, fault));
	}
	if (options.path == NULL && options.tcp_fd < 0)
		return SK_OK;
	return sk_serve_open(&options, &sensor->serve, fault);
}

/* ---- walls ---- */

static enum sk_err first_walls(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	sensor_share_workers(sensor);
	SK_TRY(sk_wall_first(conf->memory_lock == SK_CONF_LOCK_ALL, &sensor->walls, fault));
	return conf->sandbox ? sk_wall_become(conf->user, conf->group, set_up_capabilities, &sensor->walls, fault) : SK_OK;
}

static enum sk_err close_walls(struct sensor *sensor, struct sk_fault *fault)
{
	struct sk_sensor_folders folders;
	const char *notify = getenv("NOTIFY_SOCKET");
	bool live = false;
	for (size_t i = 0; i < sensor->link_count; i++)
		live |= sensor->links[i].live != NULL;
	/* Figures about ourselves, from files that nobody can open behind the walls. */
	sensor->memory_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	sensor->locked_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (!sensor->conf->sandbox)
		return SK_OK;
	SK_TRY(sk_sensor_folders(sensor->conf, sensor->config_path, &folders, fault));
	if (sensor->workspace.keys_folder[0] != '\0')
		sk_sensor_add_folder(&folders, sensor->workspace.keys_folder, true);
	SK_TRY(sensor_make_filters(sensor, fault));
	SK_TRY(sk_wall_calls_new(SK_WALL_COLLECTOR, &(struct sk_wall_descriptors){.hears = -1, .test_run = live}, &sensor->calls, fault));
	const struct sk_wall_plan plan = {.paths = folders.paths, .path_count = folders.count, .abstract_sockets = notify != NULL && notify[0] == '@'};
	return sk_wall_close(&plan, &sensor->walls, fault);
}

/* Where the collector may run: before it can no longer ask for it. */
static enum sk_err bind_collector(const struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	cpu_set_t set;
	if (conf->collector_cpus.count == 0)
		return SK_OK;
	CPU_ZERO(&set);
	for (uint32_t i = 0; i < conf->collector_cpus.count; i++)
		CPU_SET(conf->collector_cpus.items[i], &set);
	return sched_setaffinity(0, sizeof set, &set) == 0 ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "cpu.collector: this process may run on none of these processors");
}

/* Threads enter their filters as they start, this one last. */
static enum sk_err enter(struct sensor *sensor, struct sk_fault *fault)
{
	sk_journal_seal(sensor->journal);
	for (size_t i = 0; i < sensor->link_count; i++)
		SK_TRY(sk_crew_start(sensor->crews[i], fault));
	SK_TRY(bind_collector(sensor, fault));
	if (sensor->calls != NULL)
		SK_TRY(sk_wall_calls_enter(sensor->calls, &sensor->walls, fault));
	for (int wall = 0; wall < SK_WALL_COUNT; wall++)
		sk_journal_wall(sensor->journal, sensor_name(sensor, sk_wall_name((enum sk_wall)wall)), sensor_name(sensor, sk_wall_state_name(sensor->walls.state[wall])));
	return SK_OK;
}

enum sk_err sensor_set_up(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_clock *clock = &sensor->cmd->clock;
	SK_TRY(first_walls(sensor, fault));
	SK_TRY(open_journal(sensor, fault));
	SK_TRY(load_law(sensor, fault));
	SK_TRY(open_outputs(sensor, fault));
	SK_TRY(open_server(sensor, fault));
	SK_TRY(sensor_open_links(sensor, fault));
	SK_TRY(open_collector(sensor, fault));
	SK_TRY(sensor_make_crews(sensor, fault));
	if (sensor->conf->memory_lock == SK_CONF_LOCK_FRAMES)
		SK_TRY(sk_wall_lock_present(&sensor->walls, fault));
	SK_TRY(close_walls(sensor, fault));
	SK_TRY(enter(sensor, fault));
	SK_TRY(open_counting(sensor, fault));
	SK_TRY(sensor_open_gates(sensor, fault));
	sensor->cut_ns = clock->monotonic_ns(clock->context);
	sk_journal_ready(sensor->journal, sensor->cut_ns - sensor->started_ns, sensor_name(sensor, sensor->law->snapshot.basis->kind));
	sk_notify_ready(sensor->notify, "collecting");
	return SK_OK;
}

/* ---- the other way ---- */

/* An output's last word. */
static void tell_loss(struct sensor *sensor, enum sk_err err, const struct sk_fault *fault)
{
	if (err != SK_OK && sensor->journal != NULL)
		sk_journal_failed(sensor->journal, fault);
}

void sensor_tear_down(struct sensor *sensor)
{
	struct sk_fault fault = {.line = ""};
	sk_counting_free(sensor->counting);
	sensor_close_links(sensor);
	sk_serve_close(sensor->serve);
	sk_collector_free(sensor->collector);
	if (sensor->emit != NULL)
		tell_loss(sensor, sk_emit_close(sensor->emit, &fault), &fault);
	if (sensor->ipfix != NULL)
		tell_loss(sensor, sk_ipfix_close(sensor->ipfix, &fault), &fault);
	if (sensor->syslog != NULL)
		tell_loss(sensor, sk_syslog_close(sensor->syslog, &fault), &fault);
	free(sensor->mutes);
	free(sensor->accounts);
	sensor_law_free(sensor->next_law);
	sensor_law_free(sensor->old_law);
	sensor_law_free(sensor->law);
	sk_rules_free(sensor->rules);
	sk_brands_free(sensor->brands);
	if (sensor->workspace_open)
		sk_workspace_close(&sensor->workspace);
	sk_wall_calls_free(sensor->calls);
	if (sensor->memory_fd >= 0)
		(void)close(sensor->memory_fd);
	if (sensor->locked_fd >= 0)
		(void)close(sensor->locked_fd);
	sk_notify_close(sensor->notify);
	if (sensor->journal != NULL && sk_journal_close(sensor->journal, &fault) != SK_OK)
		(void)fprintf(sensor->cmd->err, "sekisho: %s\n", fault.line);
	free(sensor->conf);
	free(sensor->fresh);
	free(sensor->report);
	free(sensor->judged);
}
