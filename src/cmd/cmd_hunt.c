/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho hunt: indicators over what already lies around: logs of other tools, flow files, captures, or the store. The gate judges each record first. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "border/border_build.h"
#include "cmd/border_default.h"
#include "cmd/guard.h"
#include "cmd/hunt.h"
#include "cmd/quick.h"
#include "text/text.h"

enum { LISTS_MAX = 1024, MIN_PREFIX_V4 = 8, MIN_PREFIX_V6 = 19, ENTRIES_MAX = 20000000, THREADS_DEFAULT_MAX = 8, LIMIT_DEFAULT = 100, EXIT_HITS = 1 };
enum { OPT_SELECTORS = 256, OPT_WORKSPACE, OPT_HOME, OPT_OWN, OPT_BORDER, OPT_PROFILE, OPT_STORED, OPT_SINCE, OPT_UNTIL, OPT_WARNING, OPT_IGNORE_TO_IDS,
       OPT_THREADS, OPT_LIMIT, OPT_EXIT_CODE, OPT_JSON, OPT_HELP };

static const struct option options[] = {
	{"selectors", required_argument, NULL, OPT_SELECTORS}, {"workspace", required_argument, NULL, OPT_WORKSPACE}, {"home", required_argument, NULL, OPT_HOME},
	{"own", required_argument, NULL, OPT_OWN}, {"border", required_argument, NULL, OPT_BORDER}, {"profile", required_argument, NULL, OPT_PROFILE},
	{"stored", no_argument, NULL, OPT_STORED}, {"since", required_argument, NULL, OPT_SINCE}, {"until", required_argument, NULL, OPT_UNTIL},
	{"warning-list", required_argument, NULL, OPT_WARNING}, {"ignore-to-ids", no_argument, NULL, OPT_IGNORE_TO_IDS},
	{"threads", required_argument, NULL, OPT_THREADS}, {"limit", required_argument, NULL, OPT_LIMIT}, {"exit-code", no_argument, NULL, OPT_EXIT_CODE}, {"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP}, {0}};

struct hunt_args {
	struct sk_quick border;            /* home, own, border_path: as sekisho watch has them */
	const char *workspace;
	enum sk_profile profile;
	bool stored, ignore_to_ids, exit_code, json, help;
	int64_t since_ns, until_ns;
	uint64_t threads, limit;
	size_t list_count, warning_count;
	const char *lists[LISTS_MAX], *warnings[LISTS_MAX];
	char **files;
	size_t file_count;
};

/* Everything that a hunt stands on. */
struct hunt_base {
	struct sk_workspace workspace;
	bool has_workspace;
	struct sk_border *table;
	struct sk_basis basis;
	struct sk_indicator_set *set;
};

/* ---- words ---- */

static bool add_list(const char *lists[LISTS_MAX], size_t *count, const char *value)
{
	if (*count == LISTS_MAX)
		return false;
	lists[(*count)++] = value;
	return true;
}

static bool parse_when(struct sk_cmd *cmd, const char *text, int64_t *ns)
{
	int64_t ago;
	if (sk_time_parse(text, ns) == SK_OK)
		return true;
	if (sk_duration_parse(text, &ago) != SK_OK)
		return false;
	*ns = cmd->clock.unix_ns(cmd->clock.context) - ago;
	return true;
}

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end = NULL;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number >= least && *number <= most;
}

/* 0: taken; otherwise the exit code of a wrong call. */
static int take_option(struct sk_cmd *cmd, int option, struct hunt_args *args)
{
	struct sk_quick *border = &args->border;
	bool good = true;
	const char *wanted = "";
	switch (option) {
	case OPT_SELECTORS: good = add_list(args->lists, &args->list_count, optarg); wanted = "fewer lists"; break;
	case OPT_WARNING: good = add_list(args->warnings, &args->warning_count, optarg); wanted = "fewer lists"; break;
	case OPT_WORKSPACE: args->workspace = optarg; break;
	case OPT_HOME: border->home = optarg; break;
	case OPT_BORDER: border->border_path = optarg; break;
	case OPT_PROFILE: good = sk_profile_parse(optarg, &args->profile) == SK_OK && args->profile != SK_PROFILE_JP_2025; wanted = "lab or own-network"; break;
	case OPT_STORED: args->stored = true; break;
	case OPT_IGNORE_TO_IDS: args->ignore_to_ids = true; break;
	case OPT_EXIT_CODE: args->exit_code = true; break;
	case OPT_JSON: args->json = true; break;
	case OPT_HELP: args->help = true; break;
	case OPT_SINCE: good = parse_when(cmd, optarg, &args->since_ns); wanted = "a time, or how long ago as 24h"; break;
	case OPT_UNTIL: good = parse_when(cmd, optarg, &args->until_ns); wanted = "a time, or how long ago as 24h"; break;
	case OPT_THREADS: good = parse_number(optarg, 1, SK_HUNT_THREADS_MAX, &args->threads); wanted = "a number from 1 to 64"; break;
	case OPT_LIMIT: good = parse_number(optarg, 0, UINT64_MAX, &args->limit); wanted = "a number of rows, 0 for all"; break;
	case OPT_OWN:
		good = border->own_count < SK_OWN_PREFIXES_MAX && sk_prefix_parse(optarg, &border->own[border->own_count]) == SK_OK;
		border->own_count += good;
		wanted = "a prefix such as 192.0.2.0/24 (host bits zero), at most 64 of them";
		break;
	default: return sk_cmd_usage(cmd, "hunt", "unknown or incomplete option; see sekisho-hunt(1)");
	}
	return good ? 0 : sk_cmd_usage(cmd, "hunt", "'%s': expected %s", optarg, wanted);
}

static int check_args(struct sk_cmd *cmd, const struct hunt_args *args)
{
	bool border = args->border.home != NULL || args->border.own_count > 0 || args->border.border_path != NULL;
	if (args->workspace != NULL && border)
		return sk_cmd_usage(cmd, "hunt", "--home, --own and --border belong to a hunt without a workspace, which has a table of its own");
	if (args->stored && (args->workspace == NULL || args->file_count != 0 || args->list_count == 0))
		return sk_cmd_usage(cmd, "hunt", "--stored looks back through a workspace: --stored --workspace DIR --selectors LIST, and no file");
	if (args->stored)
		return 0;
	if (args->since_ns != 0 || args->until_ns != 0)
		return sk_cmd_usage(cmd, "hunt", "--since and --until belong to --stored");
	if (args->file_count == 0)
		return sk_cmd_usage(cmd, "hunt", "no log or capture named ('-' reads standard input)");
	if (args->workspace == NULL && !border)
		return sk_cmd_usage(cmd, "hunt", "say where the border is: --home CC, --own PREFIX..., --border TABLE, or --workspace DIR");
	if (args->workspace == NULL && args->list_count == 0)
		return sk_cmd_usage(cmd, "hunt", "--selectors LIST is missing");
	return 0;
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct hunt_args *args)
{
	*args = (struct hunt_args){.profile = SK_PROFILE_LAB, .limit = LIMIT_DEFAULT};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		int code = take_option(cmd, option, args);
		if (code != 0)
			return code;
	}
	args->files = argv + optind;
	args->file_count = (size_t)(argc - optind);
	return args->help ? 0 : check_args(cmd, args);
}

/* ---- border and basis ---- */

/* A table from the own prefixes, through a file that is gone when it is mapped. */
static enum sk_err table_of_own(const struct sk_quick *quick, struct sk_border **table, struct sk_fault *fault)
{
	const char *temporary = getenv("TMPDIR");
	char path[SK_PATH_MAX], text[SK_PREFIX_TEXT_MAX];
	(void)snprintf(path, sizeof path, "%.3900s/sekisho-hunt-XXXXXX", temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
	struct sk_border_build *build = NULL;
	SK_TRY(sk_border_build_new(NULL, &build, fault));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < quick->own_count && err == SK_OK; i++)
		err = sk_border_build_literal(build, SK_SIDE_DOMESTIC, sk_prefix_format(&quick->own[i], text), fault);
	int fd = err == SK_OK ? mkstemp(path) : -1;
	if (err == SK_OK && fd < 0)
		err = sk_fault_set(fault, SK_EIO, "%s: cannot make a temporary file", path);
	if (err == SK_OK)
		err = sk_border_build_write(build, path, fault);
	if (err == SK_OK)
		err = sk_border_open(path, table, fault);
	if (fd >= 0) {
		(void)unlink(path);
		(void)close(fd);
	}
	sk_border_build_free(build);
	return err;
}

/* Without a workspace: as sekisho watch without one, a basis that nobody but the user approved, for as long as this runs. */
static enum sk_err open_quick(const struct hunt_args *args, struct hunt_base *base, struct sk_fault *fault)
{
	const struct sk_quick *quick = &args->border;
	char path[SK_PATH_MAX];
	bool lab = args->profile == SK_PROFILE_LAB;
	enum sk_basis_kind kind = lab ? SK_BASIS_LAB : SK_BASIS_OWN_NETWORK;
	base->basis = (struct sk_basis){.id = "this-run", .classes = sk_policy_classes(kind), .until_ns = INT64_MAX, .link_count = 1, .links = {"*"},
					.self_approved = true, .simulated = lab, .names = true,
					.rule = {.kinds = SK_SELECTOR_KINDS_ALL, .max_entries = ENTRIES_MAX, .min_prefix_v4 = MIN_PREFIX_V4, .min_prefix_v6 = MIN_PREFIX_V6}};
	(void)snprintf(base->basis.kind, sizeof base->basis.kind, "%s", sk_basis_kind_name(kind));
	(void)snprintf(base->basis.profile, sizeof base->basis.profile, "%s", sk_profile_name(args->profile));
	(void)snprintf(base->basis.role, sizeof base->basis.role, "%s", sk_role_name(lab ? SK_ROLE_NONE : SK_ROLE_PARTY));
	if (quick->border_path != NULL)
		return sk_border_open(quick->border_path, &base->table, fault);
	if (quick->own_count > 0)
		return table_of_own(quick, &base->table, fault);
	SK_TRY(sk_border_default_table(quick->home, path, fault));
	return sk_border_open(path, &base->table, fault);
}

static enum sk_err open_workspace(struct sk_cmd *cmd, const struct hunt_args *args, struct hunt_base *base, struct sk_fault *fault)
{
	struct sk_border_info info;
	SK_TRY(sk_workspace_open(args->workspace, false, &base->workspace, fault));
	base->has_workspace = true;
	SK_TRY(sk_workspace_basis(&base->workspace, cmd->clock.unix_ns(cmd->clock.context), &base->basis, fault));
	return sk_guard_border(&base->workspace, NULL, &base->basis, &base->table, &info, fault);
}

/* ---- selectors ---- */

static void pass_note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context, (void)file, (void)line, (void)value, (void)reason, (void)detail;
}

/* A compiled set says so in its first bytes (docs/formats/selectors.md). */
static bool is_compiled(const char *path)
{
	static const char magic[] = "SKSELSET";
	char head[sizeof magic - 1] = "";
	FILE *file = fopen(path, "rbe");
	bool compiled = file != NULL && fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, magic, sizeof head) == 0;
	if (file != NULL)
		(void)fclose(file);
	return compiled;
}

static enum sk_err take_list(struct sk_cmd *cmd, struct sk_indicator_builder *builder, const char *path, uint64_t *taken, struct sk_fault *fault)
{
	struct sk_indicator_counts counts = {0};
	struct sk_indicator_set *set = NULL;
	char number[SK_UNIT_TEXT_MAX];
	if (is_compiled(path)) {
		struct sk_indicator_facts facts;
		SK_TRY(sk_indicator_open(path, &set, fault));
		sk_indicator_facts(set, &facts);
		*taken += facts.entries;
		enum sk_err err = sk_indicator_merge(builder, set, fault);
		sk_indicator_close(set);
		return err;
	}
	SK_TRY(sk_indicator_import(builder, path, &counts, fault));
	*taken += counts.taken + counts.by_reason[SK_INDICATOR_DUPLICATE];
	uint64_t refused = counts.refused - counts.by_reason[SK_INDICATOR_DUPLICATE];
	if (refused != 0)
		(void)fprintf(cmd->err, "sekisho: %s: %s %s refused; sekisho selectors check %s says why\n", path, sk_number_format(refused, number),
			      refused == 1 ? "line was" : "lines were", path);
	return SK_OK;
}

static enum sk_err build_set(struct sk_cmd *cmd, const struct hunt_args *args, struct hunt_base *base, struct sk_fault *fault)
{
	struct sk_border_info info;
	const struct sk_basis_rule *rule = &base->basis.rule;
	struct sk_indicator_builder *builder = NULL;
	uint64_t taken = 0;
	sk_border_info(base->table, &info);
	struct sk_indicator_options build = {.max_entries = rule->max_entries, .min_prefix_v4 = rule->min_prefix_v4, .min_prefix_v6 = rule->min_prefix_v6,
					     .kinds = rule->kinds & ~(uint32_t)SK_SELECTOR_FLOW_ALL, .to_ids_ignored = args->ignore_to_ids,
					     .own_prefixes = base->has_workspace ? base->workspace.own : args->border.own,
					     .own_prefix_count = base->has_workspace ? base->workspace.own_count : args->border.own_count,
					     .special_ranges_allowed = strcmp(base->basis.profile, sk_profile_name(SK_PROFILE_LAB)) == 0 || info.overrides_special,
					     .now_ns = cmd->clock.unix_ns(cmd->clock.context)};
	SK_TRY(sk_indicator_builder_new(&build, pass_note, NULL, &builder));
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < args->warning_count && err == SK_OK; i++)
		err = sk_indicator_add_warning_list(builder, args->warnings[i], fault);
	for (size_t i = 0; i < args->list_count && err == SK_OK; i++)
		err = take_list(cmd, builder, args->lists[i], &taken, fault);
	if (err == SK_OK && taken == 0)
		err = sk_fault_set(fault, SK_EINPUT, "%s: no selector was taken; sekisho selectors check says why", args->lists[0]);
	if (err == SK_OK)
		err = sk_indicator_build(builder, &base->set, fault);
	sk_indicator_builder_free(builder);
	return err;
}

static enum sk_err open_set(struct sk_cmd *cmd, const struct hunt_args *args, struct hunt_base *base, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (args->list_count == 1 && args->warning_count == 0 && is_compiled(args->lists[0]))
		SK_TRY(sk_indicator_open(args->lists[0], &base->set, fault));
	else if (args->list_count != 0)
		SK_TRY(build_set(cmd, args, base, fault));
	else
		SK_TRY(sk_indicator_open(sk_workspace_path(&base->workspace, "selectors.set", path), &base->set, fault));
	struct sk_indicator_facts facts;
	sk_indicator_facts(base->set, &facts);
	if (!base->has_workspace)
		return SK_OK;
	struct sk_set_facts stated = {.kinds = facts.kinds, .entries = facts.entries, .shortest_v4 = facts.shortest_v4, .shortest_v6 = facts.shortest_v6};
	memcpy(stated.digest, facts.digest, sizeof stated.digest);
	memcpy(stated.entries_by_kind, facts.entries_by_kind, sizeof facts.entries_by_kind);
	return sk_basis_covers(&base->basis, &stated, fault);
}

/* ---- the hunt ---- */

static enum sk_err run_hunt(struct sk_hunt *hunt, struct sk_fault *fault)
{
	struct sk_cmd *cmd = hunt->cmd;
	int64_t started_ns = cmd->clock.monotonic_ns(cmd->clock.context);
	if (hunt->stored != NULL) {
		SK_TRY(sk_hunt_look_back(hunt, fault));
	} else {
		SK_TRY(sk_hunt_logs(hunt, fault));
		if (!sk_hunt_interrupted())
			SK_TRY(sk_hunt_captures(hunt, fault));
	}
	hunt->wall_ns = cmd->clock.monotonic_ns(cmd->clock.context) - started_ns;
	hunt->interrupted = sk_hunt_interrupted();
	sk_hunt_hits_sort(&hunt->hits);
	return SK_OK;
}

static unsigned default_threads(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1 : online > THREADS_DEFAULT_MAX ? THREADS_DEFAULT_MAX : (unsigned)online;
}

/* A file by what it is, so that patterns which overlap count nothing twice. */
struct identity {
	dev_t device;
	ino_t number;
	size_t index;
};

static int by_identity(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;
	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Fill inputs with every file once, in the order of the words; how many there are. What is no regular file, or cannot be looked at, stands for itself. */
static size_t name_inputs(struct sk_cmd *cmd, const struct hunt_args *args, struct identity *known, struct sk_hunt_input *inputs)
{
	size_t files = 0, count = 0;
	for (size_t i = 0; i < args->file_count; i++) {
		struct stat info;
		inputs[i].path = args->files[i];
		if (stat(args->files[i], &info) == 0 && S_ISREG(info.st_mode))
			known[files++] = (struct identity){info.st_dev, info.st_ino, i};
	}
	qsort(known, files, sizeof *known, by_identity);
	for (size_t i = 1, first = 0; i < files; i++) {
		if (known[i].device != known[first].device || known[i].number != known[first].number) {
			first = i;
			continue;
		}
		(void)fprintf(cmd->err, "sekisho: %s: the same file as %s, read once\n", args->files[known[i].index], args->files[known[first].index]);
		inputs[known[i].index].path = NULL;
	}
	for (size_t i = 0; i < args->file_count; i++)
		if (inputs[i].path != NULL)
			inputs[count++].path = inputs[i].path;
	return count;
}

static int answer(struct sk_hunt *hunt, const struct hunt_args *args)
{
	struct sk_fault fault;
	if (run_hunt(hunt, &fault) != SK_OK)
		return sk_cmd_fail(hunt->cmd, &fault);
	if (args->json)
		sk_hunt_json(hunt);
	else
		sk_hunt_print(hunt);
	if (hunt->interrupted)
		return sk_err_exit(SK_EINTR);
	return hunt->exit_code != 0 ? hunt->exit_code : args->exit_code && hunt->hits.count != 0 ? EXIT_HITS : 0;
}

static int run(struct sk_cmd *cmd, const struct hunt_args *args, const struct hunt_base *base)
{
	struct sk_fault fault;
	struct sk_hunt_stored stored = {.workspace = &base->workspace, .since_ns = args->since_ns, .until_ns = args->until_ns};
	struct sk_hunt *hunt = calloc(1, sizeof *hunt);
	struct sk_hunt_input *inputs = calloc(args->file_count + 1, sizeof *inputs);
	struct identity *known = calloc(args->file_count + 1, sizeof *known);
	int code;
	if (hunt == NULL || inputs == NULL || known == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "hunt: out of memory");
		code = sk_cmd_fail(cmd, &fault);
	} else {
		*hunt = (struct sk_hunt){.cmd = cmd, .table = base->table, .basis = &base->basis, .set = base->set, .inputs = inputs, .input_count = name_inputs(cmd, args, known, inputs),
					 .stored = args->stored ? &stored : NULL, .limit = args->limit, .threads = args->threads != 0 ? (unsigned)args->threads : default_threads()};
		code = answer(hunt, args);
		sk_hunt_hits_fini(&hunt->hits);
	}
	free(known);
	free(inputs);
	free(hunt);
	return code;
}

int sk_cmd_hunt(struct sk_cmd *cmd, int argc, char **argv)
{
	struct hunt_args *args = malloc(sizeof *args);
	struct hunt_base base = {.workspace = {.lock_fd = -1}};
	struct sk_fault fault = {.line = ""};
	if (args == NULL || sk_seal_start() != SK_OK) {
		free(args);
		(void)sk_fault_set(&fault, SK_ENOMEM, "hunt: cannot start");
		return sk_cmd_fail(cmd, &fault);
	}
	int code = parse_args(cmd, argc, argv, args);
	if (code == 0 && args->help) {
		code = sk_cmd_help(cmd, argv[0]);
	} else if (code == 0) {
		sk_guard_no_core();
		enum sk_err err = args->workspace != NULL ? open_workspace(cmd, args, &base, &fault) : open_quick(args, &base, &fault);
		if (err == SK_OK)
			err = open_set(cmd, args, &base, &fault);
		code = err != SK_OK ? sk_cmd_fail(cmd, &fault) : run(cmd, args, &base);
	}
	sk_indicator_close(base.set);
	sk_border_close(base.table);
	if (base.has_workspace)
		sk_workspace_close(&base.workspace);
	free(args);
	return code;
}
