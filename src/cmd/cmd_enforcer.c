/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho enforcer: the service that alone changes something. From its configuration alone; it ends by a signal. */
#include <getopt.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "enforcer/enforcer.h"
#include "journal/notify.h"
#include "target/hands.h"
#include "text/text.h"
#include "wall/wall.h"

enum { OPT_CONFIG = 256, OPT_ONCE, OPT_CHECK, OPT_TRUST_CLOCK, OPT_HELP, REST_MS = 100, STATUS_MAX = 128 };

static const struct option options[] = {{"config", required_argument, NULL, OPT_CONFIG}, {"once", no_argument, NULL, OPT_ONCE},   {"check", no_argument, NULL, OPT_CHECK},
					{"trust-clock", no_argument, NULL, OPT_TRUST_CLOCK}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct args {
	const char *config;
	bool once, check, trust_clock, help;
};

/* The only way in which a signal reaches the loop. */
static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = stop};
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

static void tell(void *context, const char *line)
{
	const struct sk_cmd *cmd = context;
	char time[SK_TIME_TEXT_MAX];
	struct sk_buf safe;
	sk_buf_init(&safe, 4 * SK_FAULT_LINE_MAX);
	sk_escape_line(&safe, line, strlen(line));
	(void)fprintf(cmd->err, "%s %s\n", sk_time_format(cmd->clock.unix_ns(cmd->clock.context), 0, time), sk_buf_text(&safe));
	(void)fflush(cmd->err);
	sk_buf_fini(&safe);
}

/* Never root: as root it becomes the configured user, with the one right that nft needs. */
static enum sk_err give_up_rights(const struct sk_enforcer_conf *conf, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	uint64_t keep = 0;
	for (size_t i = 0; i < conf->target_count; i++)
		if (strcmp(conf->targets[i].backend->name, "nft") == 0)
			keep |= UINT64_C(1) << CAP_NET_ADMIN;
	SK_TRY(sk_wall_first(false, facts, fault));
	if (strcmp(conf->user, "root") == 0)
		return geteuid() == 0 ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "user: root: this is not root");
	return sk_wall_hand_over(conf->user, conf->group, keep, facts, fault);
}

/* ---- the fence ---- */

enum { PATHS_MAX = 64 };
struct paths {
	struct sk_wall_path items[PATHS_MAX];
	size_t count;
	char texts[PATHS_MAX][SK_PATH_MAX];
};

/* What is not there can be no door. */
static void add_path(struct paths *paths, const char *path, bool write, bool run_it)
{
	if (paths->count == PATHS_MAX || strlen(path) >= SK_PATH_MAX || access(path, F_OK) != 0)
		return;
	char *copy = paths->texts[paths->count];
	memcpy(copy, path, strlen(path) + 1);
	paths->items[paths->count++] = (struct sk_wall_path){.path = copy, .write = write, .run = run_it};
}

/* A path that a target's keys name is its own: a socket, a folder of lists, a template. */
static void add_value(void *context, const char *value)
{
	if (value[0] == '/' && strcmp(value, "/") != 0)
		add_path(context, value, true, false);
}

static enum sk_err enter_calls(enum sk_wall_profile profile, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	const struct sk_wall_descriptors none = {.hears = -1};
	struct sk_wall_calls *calls = NULL;
	SK_TRY(sk_wall_calls_new(profile, &none, &calls, fault));
	enum sk_err err = sk_wall_calls_enter(calls, facts, fault);
	sk_wall_calls_free(calls);
	return err;
}

/* What both may open: what its targets name, and what libraries read. */
static struct paths *common_paths(const struct sk_enforcer_conf *conf)
{
	static const char *const read_alone[] = {"/etc", "/proc/sys", "/sys/kernel/mm", "/dev/urandom", "/run/systemd", "/usr/share"};
	const struct sk_settings top = {.file = conf->file};
	struct paths *paths = calloc(1, sizeof *paths);
	if (paths == NULL)
		return NULL;
	add_path(paths, "/dev/null", true, false);
	for (size_t i = 0; i < SK_COUNT(read_alone); i++)
		add_path(paths, read_alone[i], false, false);
	sk_settings_each(&top, "targets", add_value, paths);
	return paths;
}

/* The hands: they run what backends need, with the one right that nft takes, and see neither the enforcer's folder nor its inbox. Their filter and their fence hold for whatever they run. rule: WALL-2 */
static enum sk_err prepare_hands(void *context, struct sk_fault *fault)
{
	static const char *const programs[] = {"/usr", "/bin", "/sbin", "/lib", "/lib64"};
	struct sk_wall_facts facts = {0};
	struct paths *paths = common_paths(context);
	if (paths == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; i < SK_COUNT(programs); i++)
		add_path(paths, programs[i], false, true);
	enum sk_err err = sk_wall_fence(&(struct sk_wall_plan){.paths = paths->items, .path_count = paths->count}, &facts, fault);
	free(paths);
	return err == SK_OK ? enter_calls(SK_WALL_HANDS, &facts, fault) : err;
}

/* The enforcer itself: its own folder, the inbox, what its targets name; no program, no right (but where somebody wrote user: root, whose files it then is to open), and, last, no call that it does not need. */
static enum sk_err raise_fence(const struct sk_enforcer_conf *conf, struct sk_wall_facts *facts, struct sk_fault *fault)
{
	bool root = strcmp(conf->user, "root") == 0;
	struct paths *paths = common_paths(conf);
	if (paths == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_file_make_folder(conf->folder, 0700, fault);
	add_path(paths, conf->folder, true, false);
	add_path(paths, conf->inbox, false, false);
	const struct sk_wall_plan plan = {.paths = paths->items, .path_count = paths->count, .files_alone = true};
	if (err == SK_OK)
		err = root ? sk_wall_fence(&plan, facts, fault) : sk_wall_close(&plan, facts, fault);
	free(paths);
	return err;
}

static void tell_walls(struct sk_cmd *cmd, const struct sk_wall_facts *facts)
{
	char line[SK_FAULT_LINE_MAX] = "walls:";
	size_t used = strlen(line);
	for (unsigned i = 0; i < SK_WALL_COUNT && used < sizeof line; i++)
		if (facts->state[i] != SK_WALL_DOWN)
			used += (size_t)snprintf(line + used, sizeof line - used, "%s %s %s", i == 0 ? "" : ",", sk_wall_name((enum sk_wall)i), sk_wall_state_name(facts->state[i]));
	tell(cmd, line);
}

/* Is there nothing left to do but to wait for time, or for a target that is down? */
static bool is_settled(const struct sk_enforcer_load *load)
{
	return load->moving == 0 && load->waiting == 0;
}

static enum sk_err turn_on(struct sk_cmd *cmd, struct sk_enforcer *enforcer, const struct args *args, struct sk_notify *notify, struct sk_fault *fault)
{
	struct sk_enforcer_load load, told = {.measures = SIZE_MAX};
	int64_t started_ns = cmd->clock.monotonic_ns(cmd->clock.context), patience_ns = INT64_C(60000000000);
	char status[STATUS_MAX];
	while (!stopping) {
		SK_TRY(sk_enforcer_turn(enforcer, &load, fault));
		if (sk_hands_lost())
			return sk_fault_set(fault, SK_EIO, "the process that runs programs for the enforcer ended by itself; start the enforcer again: it goes on where it was");
		sk_notify_alive(notify);
		if (memcmp(&load, &told, sizeof load) != 0) {
			(void)snprintf(status, sizeof status, "%zu measures, %zu in force, %zu on their way, %zu waiting", load.measures, load.active, load.moving, load.waiting);
			sk_notify_status(notify, status);
			told = load;
		}
		if (args->once && is_settled(&load))
			return SK_OK;
		if (args->once && load.moving == 0 && cmd->clock.monotonic_ns(cmd->clock.context) - started_ns > patience_ns)
			return sk_fault_set(fault, SK_ETARGET, "%zu measures wait for a target or for an effect; start again to go on with them", load.waiting);
		if (load.moving == 0)
			(void)poll(NULL, 0, REST_MS);
	}
	sk_notify_stopping(notify);
	return SK_OK;
}

static enum sk_err run_open(struct sk_cmd *cmd, const struct sk_enforcer_conf *conf, const struct args *args, struct sk_fault *fault)
{
	struct sk_enforcer *enforcer = NULL;
	struct sk_notify *notify = NULL;
	struct sk_wall_facts facts = {0};
	SK_TRY(give_up_rights(conf, &facts, fault));
	SK_TRY(sk_hands_start(prepare_hands, (void *)(uintptr_t)conf, fault));
	enum sk_err err = raise_fence(conf, &facts, fault);
	if (err == SK_OK)
		err = sk_notify_open(getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), &notify, fault);
	if (err == SK_OK)
		err = sk_enforcer_open(conf, cmd->clock, tell, cmd, &enforcer, fault);
	if (err == SK_OK)
		err = enter_calls(SK_WALL_ENFORCER, &facts, fault);
	if (err == SK_OK)
		tell_walls(cmd, &facts);
	if (err == SK_OK && args->trust_clock)
		err = sk_enforcer_trust_clock(enforcer, fault);
	if (err == SK_OK && !args->trust_clock) {
		sk_notify_ready(notify, "started");
		err = turn_on(cmd, enforcer, args, notify, fault);
	}
	sk_enforcer_close(enforcer);
	sk_notify_close(notify);
	sk_hands_stop();
	return err;
}

static enum sk_err run(struct sk_cmd *cmd, const struct args *args, struct sk_fault *fault)
{
	struct sk_enforcer_conf *conf = calloc(1, sizeof *conf);
	if (conf == NULL || sk_seal_start() != SK_OK) {
		free(conf);
		return sk_fault_set(fault, SK_EIO, "out of memory, or the cryptographic libraries do not start");
	}
	enum sk_err err = sk_enforcer_conf_read(args->config, sk_backend_find, conf, fault);
	if (err == SK_OK && args->check) {
		err = sk_enforcer_conf_check(conf, cmd->clock, fault);
		if (err == SK_OK)
			(void)fprintf(cmd->out, "%s: fine; %zu targets\n", args->config, conf->target_count);
	} else if (err == SK_OK) {
		catch_signals();
		err = run_open(cmd, conf, args, fault);
	}
	sk_enforcer_conf_fini(conf);
	free(conf);
	return err;
}

int sk_cmd_enforcer(struct sk_cmd *cmd, int argc, char **argv)
{
	struct args args = {0};
	struct sk_fault fault = {.line = ""};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_CONFIG: args.config = optarg; break;
		case OPT_ONCE: args.once = true; break;
		case OPT_CHECK: args.check = true; break;
		case OPT_TRUST_CLOCK: args.trust_clock = true; break;
		case OPT_HELP: args.help = true; break;
		default: return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		}
	}
	if (args.help)
		return sk_cmd_help(cmd, argv[0]);
	if (optind != argc)
		return sk_cmd_usage(cmd, argv[0], "'%s': no argument was expected", argv[optind]);
	if (args.config == NULL)
		return sk_cmd_usage(cmd, argv[0], "--config FILE is missing, e.g. --config /etc/sekisho/enforcer.yaml");
	enum sk_err err = run(cmd, &args, &fault);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
