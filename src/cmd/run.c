/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/look.h"
#include "cmd/run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/brands.h"
#include "cmd/counts.h"
#include "cmd/force.h"
#include "cmd/guard.h"
#include "cmd/progress.h"
#include "cmd/rules.h"
#include "text/text.h"

static const int64_t live_interval_ns = INT64_C(60) * 1000000000, counts_look_ns = INT64_C(10) * 1000000000;
enum { PATIENCE_MS = 100, IDENTITY_EDGE = 1 << 20, IDENTITY_BLOCK = 4096, IDENTITY_SAMPLES = 64 };

struct run {
	struct sk_cmd *cmd;
	const struct sk_workspace *workspace;
	const struct sk_run_options *options;
	struct sk_run_result *result;
	struct sk_force *force;
	struct sk_brands *brands;
	struct sk_emit *emit;
	struct sk_syslog *syslog;
	struct sk_ipfix *ipfix;
	struct sk_mutes *mutes;
	struct sk_collector *collector;
	struct sk_observe_sink sink; /* the crew borrows it */
	struct sk_crew *crew;        /* one of these two */
	struct sk_exports *exports;  /* where flow exports are read */
	struct sk_counting *counting; /* beside a crew */
	int64_t counts_looked_ns;
	struct sk_live *live;
	bool link_ends;              /* the gate in the kernel was shut; so: */
	enum sk_err link_ended;
	int64_t link_until_ns;       /* monotonic; 0: until a signal */
	struct sk_progress progress;
	struct sk_suspension suspension;
	unsigned interface_base;
	uint64_t upstream_base, frames_before; /* of earlier inputs; the second for progress */
	bool withheld;               /* a centre's workspace: findings are looked at with a purpose, and not in passing. rule: ACCESS-10 */
	uint16_t finding_slots[4 * SK_RUN_FINDINGS_MAX]; /* of those that are kept, by id, which is a hash: open addressing; index + 1 */
};

static void note_error(struct run *run, const struct sk_fault *fault)
{
	struct sk_run_result *result = run->result;
	if (result->exit_code == 0)
		result->exit_code = sk_err_exit(fault->err);
	if (result->error_count < SK_RUN_ERRORS_MAX)
		result->errors[result->error_count++] = *fault;
	sk_progress_clear(&run->progress);
	(void)fprintf(run->cmd->err, "sekisho: %s\n", fault->line);
}

static void take_muted(struct sk_run_result *result, const struct sk_finding *finding)
{
	for (size_t i = 0; i < result->muted_count; i++)
		if (memcmp(result->muted[i], finding->id, sizeof result->muted[i]) == 0)
			return;
	if (result->muted_count < SK_RUN_FINDINGS_MAX)
		memcpy(result->muted[result->muted_count++], finding->id, sizeof finding->id);
}

/* Findings for the summary, folded as the store folds them. */
static void take_finding(void *context, const struct sk_finding *finding, bool muted)
{
	struct run *run = context;
	struct sk_run_result *result = run->result;
	if (muted) {
		take_muted(result, finding);
		return;
	}
	if (run->withheld) {
		result->findings_not_kept++;
		return;
	}
	/* A finding's id is that of its kind, value and own side. */
	uint64_t at;
	uint16_t *slot;
	memcpy(&at, finding->id, sizeof at);
	while (*(slot = &run->finding_slots[at % SK_COUNT(run->finding_slots)]) != 0) {
		struct sk_finding *known = &result->findings[*slot - 1];
		if (memcmp(known->id, finding->id, sizeof known->id) == 0) {
			sk_finding_fold(known, finding);
			return;
		}
		at++;
	}
	if (result->finding_count < SK_RUN_FINDINGS_MAX) {
		result->findings[result->finding_count++] = *finding;
		*slot = (uint16_t)result->finding_count;
	} else {
		result->findings_not_kept++;
	}
}

/* ---- before: may this run be, and with what ---- */

static enum sk_err load_force(struct run *run, const struct sk_workspace *workspace, struct sk_fault *fault)
{
	static const struct sk_force_paths own = {.basis = NULL};
	struct sk_run_result *result = run->result;
	run->withheld = !sk_look_free(workspace);
	SK_TRY(sk_guard_suspension(workspace, NULL, &run->suspension, fault));
	SK_TRY(sk_force_load(workspace, &own, run->cmd->clock.unix_ns(run->cmd->clock.context), &run->force, fault));
	result->basis = run->force->basis;
	result->has_set = run->force->set != NULL;
	result->set = run->force->set_info;
	result->rules = run->force->rules != NULL ? sk_rules_count(run->force->rules) : 0;
	return SK_OK;
}

/* Who is told of findings, and of which not. Mutes that cannot be trusted mute nothing; that is told, and is no reason to stop looking. */
static enum sk_err open_alerts(struct run *run, const struct sk_workspace *workspace, struct sk_fault *fault)
{
	char host[256] = "";
	struct sk_fault untrusted;
	if (!run->options->show_muted && sk_mutes_load(workspace, &run->mutes, &untrusted) != SK_OK)
		note_error(run, &untrusted);
	if (run->options->syslog_path == NULL)
		return SK_OK;
	(void)gethostname(host, sizeof host - 1);
	SK_TRY(sk_syslog_open(run->options->syslog_path, host, (int)getpid(), &run->syslog, fault));
	sk_syslog_mark(run->syslog, run->result->basis.id, run->result->basis.simulated);
	return SK_OK;
}

static void take_countries(const struct run *run, const struct sk_account *account)
{
	run->result->has_countries = run->result->has_countries || account->countries != NULL;
	if (account->countries != NULL)
		sk_countries_take(&run->result->countries, account, sk_policy_small_cell());
}

static enum sk_err take_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	const struct run *run = context;
	(void)snapshot;
	SK_TRY(sk_collector_interval(run->collector, account, fault));
	take_countries(run, account);
	sk_counting_tell(run->counting, false);
	return SK_OK;
}

/* The same with what came of flow exports in it. */
static enum sk_err take_exports_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	const struct run *run = context;
	sk_exports_account(run->exports, account);
	SK_TRY(sk_collector_interval(run->collector, account, fault));
	take_countries(run, account);
	return SK_OK;
}

/* Shut the gate in the kernel: the sources end when what has passed it was taken. */
static enum sk_err end_link(struct run *run, enum sk_err ended, struct sk_fault *fault)
{
	if (run->link_ends)
		return SK_OK;
	run->link_ends = true;
	run->link_ended = ended;
	return sk_live_shut(run->live, fault);
}

/* Errors of the input are noted and the run goes on with the next one; errors of the collector end the run. A link that is gone for one reader is gone for all. */
static void note_damage(void *context, unsigned source, const struct sk_fault *fault)
{
	struct run *run = context;
	struct sk_fault ignored;
	(void)source;
	note_error(run, fault);
	if (run->live != NULL && end_link(run, SK_OK, &ignored) != SK_OK)
		note_error(run, &ignored);
}

/* What whoever plans a measure asks for (sekisho order count). From files there is one look, at the start. */
static enum sk_err look_at_counts(struct run *run, struct sk_fault *fault)
{
	int64_t now_ns = run->live != NULL ? run->cmd->clock.monotonic_ns(run->cmd->clock.context) : 0;
	if (now_ns - run->counts_looked_ns >= counts_look_ns) {
		run->counts_looked_ns = now_ns;
		SK_TRY(sk_counting_look(run->counting, run->force->snapshot.basis, fault));
	}
	return sk_counting_turn(run->counting, fault);
}

/* Time and signals shut the gate; then the sources end by themselves and nothing is left in a ring. */
static enum sk_err look_at_link(struct run *run, struct sk_fault *fault)
{
	int64_t now_ns = run->cmd->clock.monotonic_ns(run->cmd->clock.context);
	if (sk_guard_interrupted())
		SK_TRY(end_link(run, SK_EINTR, fault));
	if (run->link_until_ns != 0 && now_ns >= run->link_until_ns)
		SK_TRY(end_link(run, SK_OK, fault));
	if (sk_guard_suspended(&run->suspension, now_ns))
		sk_crew_suspend(run->crew);
	SK_TRY(look_at_counts(run, fault));
	if (!run->cmd->terminal)
		return SK_OK;
	struct sk_capture_stats shown = {.frames = 0};
	for (unsigned worker = 0; worker < run->result->live.facts.ports; worker++) {
		struct sk_crew_stats stats;
		sk_crew_stats(run->crew, worker, &stats);
		shown.frames += stats.received.frames;
		shown.read_bytes += stats.received.bytes;
	}
	sk_progress_show(&run->progress, &shown);
	return SK_OK;
}

static enum sk_err look_around(void *context, struct sk_fault *fault)
{
	struct run *run = context;
	struct sk_crew_stats stats;
	if (run->live != NULL)
		return look_at_link(run, fault);
	if (sk_guard_interrupted())
		return sk_fault_set(fault, SK_EINTR, "interrupted; the last interval is signed");
	if (sk_guard_suspended(&run->suspension, run->cmd->clock.monotonic_ns(run->cmd->clock.context)))
		sk_crew_suspend(run->crew);
	SK_TRY(look_at_counts(run, fault));
	if (!run->cmd->terminal)
		return SK_OK;
	sk_crew_stats(run->crew, 0, &stats);
	const struct sk_capture_stats shown = {.frames = stats.received.frames - run->frames_before, .read_bytes = stats.read_bytes, .source_bytes = stats.source_bytes};
	sk_progress_show(&run->progress, &shown);
	return SK_OK;
}

/* The same while flow exports are read. stats: of the capture, NULL without one. */
static enum sk_err look_at_exports(void *context, const struct sk_capture_stats *stats, struct sk_fault *fault)
{
	struct run *run = context;
	if (sk_guard_interrupted())
		return sk_fault_set(fault, SK_EINTR, "interrupted; the last interval is signed");
	if (sk_guard_suspended(&run->suspension, run->cmd->clock.monotonic_ns(run->cmd->clock.context)))
		return sk_fault_set(fault, SK_ESUSPENDED, "basis %s: suspended; nothing may be collected until the suspension is lifted", run->result->basis.id);
	if (stats != NULL)
		sk_progress_show(&run->progress, stats);
	return SK_OK;
}

static struct sk_flow_limits flow_limits(const struct sk_run_options *options)
{
	struct sk_flow_limits limits = sk_flow_default_limits();
	if (options->no_heads)
		limits.heads = SK_FLOW_HEADS_NONE;
	if (options->flows != 0)
		limits.flows = options->flows;
	return limits;
}

/* Carriers of flow exports are read, and their samples followed, in one thread: that of the collector. */
static enum sk_err start_exports(struct run *run, const char *link, struct sk_fault *fault)
{
	const struct sk_engine_config config = {.border = run->force->border, .basis = &run->force->basis, .set = run->force->set, .rules = run->force->rules, .rules_trusted = run->force->rules_trusted, .sink = &run->sink, .flow = flow_limits(run->options),
						.decoder = sk_decoder_default_limits(), .interval_frames = run->options->interval_frames, .clock = run->cmd->clock, .link = link};
	const struct sk_exports_calls calls = {.context = run, .interval = take_exports_interval, .look = look_at_exports};
	run->result->workers = 1;
	return sk_exports_new(&run->options->exports, &config, &calls, &run->exports, fault);
}

/* It is told, and is no reason to stop looking, nor a fault of the input. */
static void refuse_count(void *context, const struct sk_fault *fault)
{
	struct run *run = context;
	sk_progress_clear(&run->progress);
	(void)fprintf(run->cmd->err, "sekisho: %s\n", fault->line);
}

static enum sk_err start_counting(struct run *run, struct sk_fault *fault)
{
	const struct sk_counting_options options = {.workspace = run->workspace, .clock = run->cmd->clock, .collector = run->collector, .crews = &run->crew, .crew_count = 1, .no_heads = run->options->no_heads, .context = run, .refused = refuse_count};
	SK_TRY(sk_counting_new(&options, &run->counting, fault));
	return sk_counting_look(run->counting, run->force->snapshot.basis, fault);
}

/* One worker on files works in this thread; with more this one is the collector. */
static enum sk_err start_crew(struct run *run, struct sk_fault *fault)
{
	const struct sk_run_options *options = run->options;
	unsigned workers = run->result->workers = options->workers != 0 ? options->workers : 1;
	bool live = run->result->live.used;
	const struct sk_crew_config config = {.workers = workers, .sources = live ? workers : 1, .threads = workers > 1, .live = live, .no_own_findings = !live, .health_learn_ns = options->health_learn_ns, .rules = run->force->rules, .rules_trusted = run->force->rules_trusted, .flow = flow_limits(options),
					.decoder = sk_decoder_default_limits(), .interval_frames = live && options->interval_frames == 0 ? UINT64_MAX : options->interval_frames,
					.interval_ns = live ? live_interval_ns : 0, .link = live ? run->result->live.link : "file", .clock = run->cmd->clock,
					.sink = &run->sink, .brands = run->brands, .context = run, .interval = take_interval, .damaged = note_damage, .tick = look_around};
	SK_TRY(sk_crew_new(&config, &run->force->snapshot, &run->crew, fault));
	return start_counting(run, fault);
}

/* Nothing is ever sent to an address that a selector names. rule: PEER-1 */
static bool is_named(void *context, const struct sk_addr *addr)
{
	const struct run *run = context;
	struct sk_indicator_hit hit;
	return run->force->set != NULL && sk_indicator_match_addr(run->force->set, addr, &hit);
}

static enum sk_err open_ipfix(struct run *run, struct sk_fault *fault)
{
	const struct sk_run_options *options = run->options;
	if (options->ipfix_where == NULL)
		return SK_OK;
	SK_TRY(sk_guard_output("--ipfix", options->ipfix_where, options->captures, options->capture_count, fault));
	SK_TRY(sk_ipfix_open(options->ipfix_where, is_named, run, &run->cmd->clock, &run->ipfix, fault));
	sk_ipfix_mark(run->ipfix, run->result->basis.id, run->result->basis.simulated);
	return SK_OK;
}

static enum sk_err start(struct run *run, struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct sk_run_result *result = run->result;
	bool listens = run->options->exports.listen_count != 0;
	const char *link = listens ? "exports" : "file";
	SK_TRY(load_force(run, workspace, fault));
	if (run->options->live.interface != NULL) {
		SK_TRY(sk_live_input_open(run->cmd, workspace, &run->options->live, run->options->workers, run->force->border, result->basis.classes, &run->live, &result->live, fault));
		link = result->live.link;
	}
	SK_TRY(sk_exports_allowed(&run->options->exports, &result->basis, fault));
	SK_TRY(sk_brands_of_run(workspace, &result->basis, run->options->brands_path, &run->brands, fault));
	if (run->options->eve_path != NULL)
		SK_TRY(sk_guard_output("--eve", run->options->eve_path, run->options->captures, run->options->capture_count, fault));
	if (run->options->eve_path != NULL)
		SK_TRY(sk_emit_open(run->options->eve_path, "sekisho", &run->emit, fault));
	if (run->emit != NULL)
		sk_emit_mark(run->emit, result->basis.id, result->basis.self_approved, result->basis.simulated);
	if (run->emit != NULL)
		sk_emit_rules(run->emit, run->force->rules);
	SK_TRY(open_alerts(run, workspace, fault));
	SK_TRY(open_ipfix(run, fault));
	struct sk_collector_start start = {.link = link, .clock = run->cmd->clock, .now_ns = run->cmd->clock.unix_ns(run->cmd->clock.context),
					   .replayed_input = !listens && !result->live.used, .no_heads = run->options->no_heads,
					   .exports = run->options->exports.read, .no_detectors = run->options->exports.read, .syslog = run->syslog, .ipfix = run->ipfix,
					   .mutes = run->mutes, .finding = take_finding, .finding_context = run};
	sk_force_tell(run->force, &start);
	struct sk_collector_recovery recovery;
	SK_TRY(sk_collector_open(workspace, &start, run->emit, &run->collector, &recovery, fault));
	result->recovered = recovery.recovered;
	result->rows_rolled_back = recovery.rows_rolled_back;
	result->frames_lost_in_crash = recovery.frames_lost;
	run->sink = sk_collector_sink(run->collector);
	return run->options->exports.read || listens ? start_exports(run, link, fault) : start_crew(run, fault);
}

/* ---- a live link ---- */

static enum sk_err watch_link(struct run *run, struct sk_fault *fault)
{
	struct sk_run_result *result = run->result;
	struct sk_source sources[SK_LIVE_PORTS_MAX];
	struct sk_fault ignored;
	int64_t for_ns = run->options->live.for_ns;
	bool seen = false;
	(void)snprintf(result->interface_names[0], sizeof result->interface_names[0], "%s", result->live.facts.interface);
	result->interface_count = 1;
	SK_TRY(sk_collector_input(run->collector, NULL, true, &seen, fault));
	SK_TRY(sk_live_input_start(run->cmd, run->live, run->collector, &result->live, fault));
	sk_progress_file(&run->progress, result->live.facts.interface);
	run->link_until_ns = for_ns != 0 ? run->cmd->clock.monotonic_ns(run->cmd->clock.context) + for_ns : 0;
	for (unsigned port = 0; port < result->live.facts.ports; port++)
		sources[port] = sk_live_source(run->live, port);
	enum sk_err err = sk_crew_run(run->crew, sources, fault);
	if (sk_live_counters(run->live, &result->live.counters, &ignored) == SK_OK)
		result->upstream_lost = result->live.counters.before_lost;
	return err == SK_OK && run->link_ended == SK_EINTR ? sk_fault_set(fault, SK_EINTR, "interrupted; the last interval is signed") : err;
}

/* ---- one capture ---- */

/* Who the input is, without reading all of it: size, both edges and evenly spread samples. Only a regular file has an identity. */
static bool identify(const char *path, uint8_t identity[SK_HASH_BYTES])
{
	struct stat info;
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	struct sk_sha256 *hash = sk_sha256_new();
	uint8_t *block = malloc(IDENTITY_EDGE);
	bool known = hash != NULL && block != NULL && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
	if (known) {
		uint64_t size = (uint64_t)info.st_size;
		sk_sha256_add(hash, &size, sizeof size);
		for (unsigned i = 0; i < IDENTITY_SAMPLES + 2; i++) {
			bool edge = i < 2;
			uint64_t at = i == 0 ? 0 : i == 1 ? (size > IDENTITY_EDGE ? size - IDENTITY_EDGE : 0) : size / IDENTITY_SAMPLES * (i - 2);
			ssize_t got = pread(fd, block, edge ? IDENTITY_EDGE : IDENTITY_BLOCK, (off_t)at);
			if (got > 0)
				sk_sha256_add(hash, block, (size_t)got);
		}
		sk_sha256_take(hash, identity);
	}
	if (block != NULL)
		sk_wipe(block, IDENTITY_EDGE);
	free(block);
	sk_sha256_free(hash);
	(void)close(fd);
	return known;
}

static void add_interfaces(struct run *run, const struct sk_capture *capture, const struct sk_capture_stats *stats)
{
	struct sk_run_result *result = run->result;
	for (unsigned i = 0; i < stats->interfaces && run->interface_base + i < SK_INTERFACES_MAX; i++) {
		unsigned at = run->interface_base + i;
		(void)snprintf(result->interface_names[at], sizeof result->interface_names[at], "%.31s", sk_capture_interface_name(capture, i));
		if (result->interface_count <= at)
			result->interface_count = at + 1;
	}
	result->sliced += stats->sliced;
	result->odd_length += stats->odd_length;
	result->time_backwards += stats->time_backwards;
	result->upstream_lost += stats->upstream_lost;
	result->read_bytes += stats->read_bytes;
}

/* A pipe may stay silent for hours: whether we may still look is asked ten times a second all the same. */
static enum sk_err feed_crew(struct run *run, struct sk_capture *capture, struct sk_fault *fault)
{
	struct sk_capture_source from = {.capture = capture, .interface_base = run->interface_base};
	struct sk_source source = sk_source_of_capture(&from);
	struct sk_crew_stats stats;
	sk_crew_stats(run->crew, 0, &stats);
	run->frames_before = stats.received.frames;
	return sk_crew_run(run->crew, &source, fault);
}

static enum sk_err feed_exports(struct run *run, struct sk_capture *capture, struct sk_fault *fault)
{
	struct sk_capture_source from = {.capture = capture, .interface_base = run->interface_base};
	struct sk_fault damage;
	SK_TRY(sk_exports_capture(run->exports, &from, run->upstream_base, &damage, fault));
	if (damage.err != SK_OK)
		note_error(run, &damage);
	return SK_OK;
}

/* Frames of a capture that can be read; interfaces and losses count on. */
static enum sk_err watch_frames(struct run *run, struct sk_capture *capture, struct sk_fault *fault)
{
	struct sk_capture_stats stats;
	sk_capture_patience(capture, PATIENCE_MS);
	enum sk_err err = run->exports != NULL ? feed_exports(run, capture, fault) : feed_crew(run, capture, fault);
	sk_capture_stats(capture, &stats);
	add_interfaces(run, capture, &stats);
	run->interface_base += stats.interfaces;
	run->upstream_base += stats.upstream_lost;
	return err;
}

/* The interval ends with the input, and the next one is told whose it is. *seen: nothing of it counts again. */
static enum sk_err next_input(struct run *run, const char *path, bool *seen, struct sk_fault *fault)
{
	uint8_t identity[SK_HASH_BYTES];
	struct sk_fault why;
	SK_TRY(run->exports != NULL ? sk_exports_end_input(run->exports, fault) : sk_crew_end_input(run->crew, fault));
	SK_TRY(sk_collector_input(run->collector, identify(path, identity) ? identity : NULL, run->options->again, seen, fault));
	if (*seen) {
		(void)sk_fault_set(&why, SK_ESEEN, "%s: watched already in this workspace with the same table, basis and selectors; nothing is counted twice (--again counts it anew)", path);
		note_error(run, &why);
	}
	return SK_OK;
}

static enum sk_err watch_capture(struct run *run, const char *path, struct sk_fault *fault)
{
	struct sk_capture *capture = NULL;
	struct sk_fault damage;
	bool seen = false;
	if (sk_capture_open(path, &capture, &damage) != SK_OK) {
		note_error(run, &damage);
		return SK_OK;
	}
	enum sk_err err = next_input(run, path, &seen, fault);
	if (err == SK_OK && !seen)
		err = watch_frames(run, capture, fault);
	sk_capture_close(capture);
	return err;
}

/* Where flow exports are read, an input may be a capture, or messages by themselves: its first bytes say which. What is wrong with the input is noted. */
static enum sk_err watch_stream(struct run *run, struct sk_stream *stream, const char *path, struct sk_fault *fault)
{
	struct sk_capture *capture = NULL;
	struct sk_fault damage;
	bool seen = false, payload = false;
	SK_TRY(next_input(run, path, &seen, fault));
	if (seen)
		return SK_OK;
	enum sk_err err = sk_exports_payload(run->exports, stream, path, &payload, &damage);
	if (err == SK_OK && !payload && sk_stream_capture(stream, &capture, &damage) == SK_OK) {
		err = watch_frames(run, capture, fault);
		sk_capture_close(capture);
		return err;
	}
	bool is_input = err == SK_OK || err == SK_EDAMAGED || err == SK_ETOOBIG;
	if (is_input && (err != SK_OK || !payload))
		note_error(run, &damage);
	else
		*fault = damage;
	return is_input ? SK_OK : err;
}

static enum sk_err watch_either(struct run *run, const char *path, struct sk_fault *fault)
{
	struct sk_stream *stream = NULL;
	struct sk_fault damage;
	if (sk_stream_open(path, NULL, &stream, &damage) != SK_OK) {
		note_error(run, &damage);
		return SK_OK;
	}
	enum sk_err err = watch_stream(run, stream, path, fault);
	sk_stream_close(stream);
	return err;
}

static enum sk_err watch_inputs(struct run *run, struct sk_fault *fault)
{
	const struct sk_run_options *options = run->options;
	if (options->exports.listen_count != 0)
		return sk_exports_listen(run->exports, fault);
	for (size_t i = 0; i < options->capture_count; i++) {
		sk_progress_file(&run->progress, options->captures[i]);
		SK_TRY(run->exports != NULL ? watch_either(run, options->captures[i], fault) : watch_capture(run, options->captures[i], fault));
	}
	return run->exports != NULL ? sk_exports_end_input(run->exports, fault) : SK_OK;
}

/* ---- the whole ---- */

/* Ends after which the last interval is signed. */
static bool is_orderly(enum sk_err ended)
{
	return ended == SK_OK || ended == SK_EINTR || ended == SK_EEXPIRED || ended == SK_ESUSPENDED;
}

static const char *stop_reason(enum sk_err ended, const struct sk_run_result *result)
{
	switch (ended) {
	case SK_EINTR: return "interrupted";
	case SK_EEXPIRED: return "basis_expired";
	case SK_ESUSPENDED: return "basis_suspended";
	default: return result->error_count > 0 ? "damaged_input" : "finished";
	}
}

static enum sk_err finish(struct run *run, enum sk_err ended, struct sk_fault *fault)
{
	struct sk_run_result *result = run->result;
	struct sk_fault last = {.line = ""};
	bool orderly = is_orderly(ended);
	enum sk_flow_end end = ended == SK_OK ? SK_FLOW_END_STOP : SK_FLOW_END_BASIS;
	enum sk_err err = SK_OK;
	sk_counting_tell(run->counting, true);
	if (orderly)
		err = run->exports != NULL ? sk_exports_finish(run->exports, end, &last) : sk_crew_finish(run->crew, end, &last);
	if (run->crew != NULL)
		result->has_health = sk_crew_health(run->crew, &result->health);
	if (run->exports != NULL)
		sk_exports_result(run->exports, &result->totals, &result->exports);
	else if (orderly && err == SK_OK)
		sk_crew_totals(run->crew, &result->totals);
	if (orderly && err == SK_OK)
		err = sk_collector_stop(run->collector, stop_reason(ended, result), &result->ledger_size, result->ledger_root, &last);
	else
		sk_collector_free(run->collector);
	run->collector = NULL;
	if (err != SK_OK)
		*fault = last;
	return orderly && err == SK_OK ? ended : ended != SK_OK && !orderly ? ended : err;
}

enum sk_err sk_run(struct sk_cmd *cmd, struct sk_workspace *workspace, const struct sk_run_options *options, struct sk_run_result *result, struct sk_fault *fault)
{
	struct run run = {.cmd = cmd, .options = options, .result = result, .workspace = workspace};
	int64_t cpu_ns = cmd->clock.cpu_ns(cmd->clock.context);
	bool live = options->exports.listen_count != 0 || options->live.interface != NULL;
	sk_guard_no_core();
	(void)snprintf(result->origin, sizeof result->origin, "%s", workspace->origin);
	/* Who sees the port, or the program at the interface, may interrupt: from then on that is an orderly end. */
	if (live)
		sk_guard_signals(false);
	enum sk_err err = start(&run, workspace, fault);
	result->start_cpu_ns = cmd->clock.cpu_ns(cmd->clock.context) - cpu_ns;
	if (err == SK_OK) {
		int64_t wall_ns = cmd->clock.monotonic_ns(cmd->clock.context);
		cpu_ns = cmd->clock.cpu_ns(cmd->clock.context);
		if (!live)
			sk_guard_signals(false);
		sk_progress_start(&run.progress, cmd);
		err = options->live.interface != NULL ? watch_link(&run, fault) : watch_inputs(&run, fault);
		sk_progress_clear(&run.progress);
		err = finish(&run, err, fault);
		result->wall_ns = cmd->clock.monotonic_ns(cmd->clock.context) - wall_ns;
		result->cpu_ns = cmd->clock.cpu_ns(cmd->clock.context) - cpu_ns;
	}
	sk_counting_free(run.counting);
	sk_crew_free(run.crew);
	sk_live_close(run.live);
	sk_collector_free(run.collector);
	sk_exports_free(run.exports);
	if (run.emit != NULL) {
		struct sk_fault closing;
		enum sk_err closed = sk_emit_close(run.emit, &closing);
		if (closed != SK_OK)
			note_error(&run, &closing);
	}
	if (run.ipfix != NULL) {
		struct sk_fault closing;
		if (sk_ipfix_close(run.ipfix, &closing) != SK_OK)
			note_error(&run, &closing);
	}
	if (run.syslog != NULL) {
		struct sk_fault closing;
		if (sk_syslog_close(run.syslog, &closing) != SK_OK)
			note_error(&run, &closing);
	}
	free(run.mutes);
	sk_brands_free(run.brands);
	sk_force_free(run.force);
	if (err != SK_OK && is_orderly(err)) {
		note_error(&run, fault);
		result->exit_code = sk_err_exit(err);
		return SK_OK;
	}
	return err;
}
