/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho selectors: lists into the workspace's compiled set, with an account of every line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "border/border.h"
#include "cmd/cmd.h"
#include "cmd/workspace.h"
#include "indicator/indicator.h"
#include "text/json.h"
#include "text/text.h"

enum {
	EXAMPLES = 3,
	EXAMPLE_VALUE_MAX = 120,
	EXAMPLE_DETAIL_MAX = 160,
	LISTS_MAX = 1024,
	JSON_MAX = 64 << 20,
	DEFAULT_MIN_V4 = 8,
	DEFAULT_MIN_V6 = 19,
	SHOW_DEFAULT = 100,
	PROGRESS_NS = 200000000,
	VALUE_MAX = 320,
	ORIGIN_MAX = 320
};
enum { OPT_WORKSPACE = 256, OPT_REPLACE, OPT_WARNING, OPT_ALL_FLOWS, OPT_IGNORE_TO_IDS, OPT_MIN_SCORE, OPT_RELAY, OPT_LAB, OPT_LIMIT, OPT_JSON, OPT_HELP };

static const struct option options[] = {{"workspace", required_argument, NULL, OPT_WORKSPACE},
					{"replace", no_argument, NULL, OPT_REPLACE},
					{"warning-list", required_argument, NULL, OPT_WARNING},
					{"all-flows", no_argument, NULL, OPT_ALL_FLOWS},
					{"ignore-to-ids", no_argument, NULL, OPT_IGNORE_TO_IDS},
					{"min-score", required_argument, NULL, OPT_MIN_SCORE},
					{"relay", required_argument, NULL, OPT_RELAY},
					{"lab", no_argument, NULL, OPT_LAB},
					{"limit", required_argument, NULL, OPT_LIMIT},
					{"json", no_argument, NULL, OPT_JSON},
					{"help", no_argument, NULL, OPT_HELP},
					{0}};

struct args {
	const char *workspace;
	bool replace, all_flows, ignore_to_ids, lab, json, help;
	uint64_t limit; /* 0: all */
	uint64_t min_score;
	enum sk_relay relay;
	size_t warning_count, list_count;
	const char *warnings[LISTS_MAX];
	char **lists;
};

/* What happened to one file: counts, and the first examples of each reason. */
struct job;
struct account {
	struct job *job;
	struct sk_indicator_counts counts;
	struct {
		unsigned count;
		struct {
			uint64_t line;
			char value[EXAMPLE_VALUE_MAX], detail[EXAMPLE_DETAIL_MAX];
		} example[EXAMPLES];
	} reason[SK_INDICATOR_REASON_COUNT];
};

static bool is_cleaning(unsigned reason)
{
	return reason >= SK_INDICATOR_BOM;
}

static bool is_passed_over(unsigned reason)
{
	return reason == SK_INDICATOR_COMMENT || reason == SK_INDICATOR_EMPTY || reason == SK_INDICATOR_HEADER;
}

static void note(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	struct account *account = context;
	(void)file;
	unsigned count = account->reason[reason].count;
	if (count >= EXAMPLES)
		return;
	account->reason[reason].count++;
	account->reason[reason].example[count].line = line;
	(void)snprintf(account->reason[reason].example[count].value, EXAMPLE_VALUE_MAX, "%s", value);
	(void)snprintf(account->reason[reason].example[count].detail, EXAMPLE_DETAIL_MAX, "%s", detail);
}

/* ---- words ---- */

static bool parse_number(const char *text, uint64_t *out)
{
	char *end = NULL;
	unsigned long long value = strtoull(text, &end, 10);
	*out = value;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct args *args)
{
	*args = (struct args){.limit = SHOW_DEFAULT};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_WORKSPACE: args->workspace = optarg; break;
		case OPT_REPLACE: args->replace = true; break;
		case OPT_ALL_FLOWS: args->all_flows = true; break;
		case OPT_IGNORE_TO_IDS: args->ignore_to_ids = true; break;
		case OPT_LAB: args->lab = true; break;
		case OPT_JSON: args->json = true; break;
		case OPT_HELP: args->help = true; break;
		case OPT_WARNING:
			if (args->warning_count == LISTS_MAX)
				return sk_cmd_usage(cmd, "selectors", "at most %d warning lists", LISTS_MAX);
			args->warnings[args->warning_count++] = optarg;
			break;
		case OPT_LIMIT:
			if (!parse_number(optarg, &args->limit))
				return sk_cmd_usage(cmd, "selectors", "'%s' is not a number (--limit)", optarg);
			break;
		case OPT_MIN_SCORE:
			if (!parse_number(optarg, &args->min_score) || args->min_score > UINT32_MAX)
				return sk_cmd_usage(cmd, "selectors", "'%s' is not a score (--min-score)", optarg);
			break;
		case OPT_RELAY:
			if (sk_relay_parse(optarg, strlen(optarg), &args->relay) != SK_OK)
				return sk_cmd_usage(cmd, "selectors", "--relay %s: expected tor, proxy or vpn", optarg);
			break;
		default:
			return sk_cmd_usage(cmd, "selectors", "unknown or incomplete option; see sekisho-selectors(1)");
		}
	}
	args->lists = argv + optind;
	args->list_count = (size_t)(argc - optind);
	return 0;
}

/* ---- the account, for people and for machines ---- */

static void print_reasons(FILE *out, const struct account *account, bool cleaning)
{
	char number[SK_UNIT_TEXT_MAX];
	for (unsigned reason = 0; reason < SK_INDICATOR_REASON_COUNT; reason++) {
		if (account->counts.by_reason[reason] == 0 || is_cleaning(reason) != cleaning || is_passed_over(reason))
			continue;
		(void)fprintf(out, "  %s %10s  %s: %s\n", cleaning ? "cleaned" : "refused",
			      sk_number_format(account->counts.by_reason[reason], number), sk_indicator_reason_name((enum sk_indicator_reason)reason),
			      sk_indicator_reason_prose((enum sk_indicator_reason)reason));
		for (unsigned i = 0; i < account->reason[reason].count; i++)
			if (account->reason[reason].example[i].value[0] != '\0')
				(void)fprintf(out, "                      line %" PRIu64 "  %s%s%s\n", account->reason[reason].example[i].line,
					      account->reason[reason].example[i].value,
					      account->reason[reason].example[i].detail[0] != '\0' ? "  -- " : "",
					      account->reason[reason].example[i].detail);
	}
}

static void print_account(FILE *out, const char *path, const struct account *account)
{
	char lines[SK_UNIT_TEXT_MAX], taken[SK_UNIT_TEXT_MAX], cleaned[SK_UNIT_TEXT_MAX], refused[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "%s: %s lines, %s taken (%s of them cleaned), %s refused\n", path, sk_number_format(account->counts.lines, lines),
		      sk_number_format(account->counts.taken, taken), sk_number_format(account->counts.cleaned, cleaned),
		      sk_number_format(account->counts.refused, refused));
	print_reasons(out, account, true);
	print_reasons(out, account, false);
	if (account->counts.by_reason[SK_INDICATOR_NOT_FOR_DETECTION] != 0)
		(void)fprintf(out, "  --ignore-to-ids takes also what its author did not mark for detection.\n");
}

static void json_account(struct sk_json_writer *json, const char *path, const struct account *account)
{
	sk_json_object(json, NULL);
	sk_json_text(json, "file", path);
	sk_json_u64(json, "lines", account->counts.lines);
	sk_json_u64(json, "taken", account->counts.taken);
	sk_json_u64(json, "cleaned", account->counts.cleaned);
	sk_json_u64(json, "refused", account->counts.refused);
	sk_json_object(json, "by_reason");
	for (unsigned reason = 0; reason < SK_INDICATOR_REASON_COUNT; reason++)
		if (account->counts.by_reason[reason] != 0)
			sk_json_u64(json, sk_indicator_reason_name((enum sk_indicator_reason)reason), account->counts.by_reason[reason]);
	sk_json_end(json);
	sk_json_array(json, "examples");
	for (unsigned reason = 0; reason < SK_INDICATOR_REASON_COUNT; reason++) {
		for (unsigned i = 0; i < account->reason[reason].count; i++) {
			sk_json_object(json, NULL);
			sk_json_text(json, "reason", sk_indicator_reason_name((enum sk_indicator_reason)reason));
			sk_json_u64(json, "line", account->reason[reason].example[i].line);
			sk_json_text(json, "value", account->reason[reason].example[i].value);
			sk_json_text(json, "detail", account->reason[reason].example[i].detail);
			sk_json_end(json);
		}
	}
	sk_json_end(json);
	sk_json_end(json);
}

static void json_set(struct sk_json_writer *json, const char *path, const struct sk_indicator_facts *facts)
{
	sk_json_object(json, "set");
	sk_json_text(json, "path", path);
	sk_json_hex(json, "digest", facts->digest, sizeof facts->digest);
	sk_json_u64(json, "entries", facts->entries);
	sk_json_object(json, "entries_by_kind");
	for (unsigned bit = 0; bit < SK_COUNT(facts->entries_by_kind); bit++)
		sk_json_u64(json, sk_selector_kind_name((enum sk_selector_kind)(1u << bit)), facts->entries_by_kind[bit]);
	sk_json_end(json);
	sk_json_u64(json, "shortest_prefix_v4", facts->shortest_v4);
	sk_json_u64(json, "shortest_prefix_v6", facts->shortest_v6);
	sk_json_end(json);
}

static void print_set(FILE *out, const char *path, const struct sk_indicator_facts *facts)
{
	char number[SK_UNIT_TEXT_MAX], digest[2 * SK_HASH_BYTES + 1];
	const char *between = " (";
	(void)fprintf(out, "%s: %s selectors", path, sk_number_format(facts->entries, number));
	for (unsigned bit = 0; bit < SK_COUNT(facts->entries_by_kind); bit++) {
		if (facts->entries_by_kind[bit] == 0)
			continue;
		(void)fprintf(out, "%s%s %s", between, sk_selector_kind_name((enum sk_selector_kind)(1u << bit)),
			      sk_number_format(facts->entries_by_kind[bit], number));
		between = ", ";
	}
	sk_hex_encode(facts->digest, sizeof facts->digest, digest);
	(void)fprintf(out, "%s\ndigest %s\n", between[0] == ',' ? ")" : "", digest);
	if (facts->shortest_v4 < 32 || facts->shortest_v6 < 128)
		(void)fprintf(out, "shortest prefixes /%u (IPv4), /%u (IPv6)\n", (unsigned)facts->shortest_v4, (unsigned)facts->shortest_v6);
}

static int put_json(struct sk_cmd *cmd, struct sk_buf *text)
{
	struct sk_fault fault;
	sk_buf_add_u8(text, '\n');
	if (text->failed != SK_OK) {
		(void)sk_fault_set(&fault, text->failed, "the answer: %s", sk_err_text(text->failed));
		return sk_cmd_fail(cmd, &fault);
	}
	(void)fputs(sk_buf_text(text), cmd->out);
	return 0;
}

/* ---- import and check ---- */

struct job {
	struct sk_cmd *cmd;
	const struct args *args;
	struct sk_workspace workspace; /* filled unless this is a check without one */
	struct sk_basis basis;
	bool has_workspace;
	struct sk_indicator_options options;
	struct sk_indicator_builder *builder;
	struct account *account;
	struct sk_buf json_text;
	struct sk_json_writer json;
	uint64_t taken, known; /* known: duplicates of what is there */
	size_t lists_read;
	bool read_all;         /* every list was read to its end */
	int64_t started_ns, shown_ns; /* progress: the start, and when it was drawn last */
	int folder_fd;         /* held while an import runs, so that two cannot lose each other's lists */
};

static enum sk_err open_workspace(struct job *job, struct sk_fault *fault)
{
	struct sk_border *table = NULL;
	struct sk_border_info info;
	char path[SK_PATH_MAX];
	SK_TRY(sk_workspace_open(job->args->workspace, false, &job->workspace, fault));
	job->has_workspace = true;
	SK_TRY(sk_workspace_basis(&job->workspace, 0, &job->basis, fault));
	SK_TRY(sk_border_open(sk_workspace_path(&job->workspace, "border.skb", path), &table, fault));
	sk_border_info(table, &info);
	sk_border_close(table);
	job->options.max_entries = job->basis.rule.max_entries;
	job->options.kinds = job->basis.rule.kinds;
	job->options.min_prefix_v4 = job->basis.rule.min_prefix_v4;
	job->options.min_prefix_v6 = job->basis.rule.min_prefix_v6;
	job->options.own_prefixes = job->workspace.own;
	job->options.own_prefix_count = job->workspace.own_count;
	/* Where the border table itself places special ranges, selectors may name them. */
	job->options.special_ranges_allowed = job->workspace.profile == SK_PROFILE_LAB || info.overrides_special;
	return SK_OK;
}

static enum sk_err check_all_flows(const struct job *job, struct sk_fault *fault)
{
	enum sk_basis_kind kind;
	SK_TRY(sk_basis_kind_parse(job->basis.kind, &kind));
	if (!job->args->all_flows || sk_policy_flow_all(kind, job->workspace.role))
		return SK_OK;
	return sk_fault_set(
		fault, SK_ESETRULE,
		"--all-flows: flow.all keeps every flow; only role party of an own network and profile lab may, this workspace is %s, role %s",
		sk_profile_name(job->workspace.profile), sk_role_name(job->workspace.role));
}

static enum sk_err take_old_set(struct job *job, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_indicator_set *set = NULL;
	if (job->args->replace || !sk_file_exists(sk_workspace_path(&job->workspace, "selectors.set", path)))
		return SK_OK;
	SK_TRY(sk_indicator_open(path, &set, fault));
	enum sk_err err = sk_indicator_verify(set, path, fault);
	if (err == SK_OK)
		err = sk_indicator_merge(job->builder, set, fault);
	sk_indicator_close(set);
	return err;
}

/* One line on a terminal, redrawn five times a second at most; nothing for a list that is read at once. */
static void show_progress(void *context, const char *path, uint64_t lines)
{
	struct job *job = ((struct account *)context)->job;
	struct sk_cmd *cmd = job->cmd;
	int64_t now_ns = cmd->clock.monotonic_ns(cmd->clock.context);
	char number[SK_UNIT_TEXT_MAX];
	if (!cmd->terminal || now_ns - job->shown_ns < PROGRESS_NS)
		return;
	job->shown_ns = now_ns;
	(void)fprintf(cmd->err, "\r\033[K%s: %s lines", path, sk_number_format(lines, number));
	(void)fflush(cmd->err);
}

static void clear_progress(struct job *job)
{
	if (job->cmd->terminal && job->shown_ns != job->started_ns)
		(void)fprintf(job->cmd->err, "\r\033[K");
	job->shown_ns = job->started_ns;
}

static enum sk_err import_lists(struct job *job, struct sk_fault *fault)
{
	const struct args *args = job->args;
	for (size_t i = 0; i < args->warning_count; i++)
		SK_TRY(sk_indicator_add_warning_list(job->builder, args->warnings[i], fault));
	for (size_t i = 0; i < args->list_count; i++) {
		*job->account = (struct account){.job = job};
		enum sk_err err = sk_indicator_import(job->builder, args->lists[i], &job->account->counts, fault);
		clear_progress(job);
		SK_TRY(err);
		job->lists_read++;
		job->taken += job->account->counts.taken;
		job->known += job->account->counts.by_reason[SK_INDICATOR_DUPLICATE];
		if (args->json)
			json_account(&job->json, args->lists[i], job->account);
		else
			print_account(job->cmd->out, args->lists[i], job->account);
	}
	return SK_OK;
}

/* Compile, then read back what was written: the facts that are printed are those of the file. */
static enum sk_err write_set(struct job *job, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_indicator_set *set = NULL;
	struct sk_indicator_facts facts;
	if (job->args->all_flows)
		sk_indicator_add_flow_all(job->builder);
	SK_TRY(sk_indicator_compile(job->builder, sk_workspace_path(&job->workspace, "selectors.set", path), fault));
	sk_indicator_builder_free(job->builder);
	job->builder = NULL;
	SK_TRY(sk_indicator_open(path, &set, fault));
	sk_indicator_facts(set, &facts);
	sk_indicator_close(set);
	if (job->args->json)
		json_set(&job->json, path, &facts);
	else
		print_set(job->cmd->out, path, &facts);
	struct sk_set_facts stated = {
		.kinds = facts.kinds, .entries = facts.entries, .shortest_v4 = facts.shortest_v4, .shortest_v6 = facts.shortest_v6};
	memcpy(stated.digest, facts.digest, sizeof stated.digest);
	memcpy(stated.entries_by_kind, facts.entries_by_kind, sizeof facts.entries_by_kind);
	struct sk_fault rule;
	if (sk_basis_covers(&job->basis, &stated, &rule) != SK_OK)
		(void)fprintf(job->cmd->err, "sekisho: warning: watch will refuse this set: %s\n", rule.line);
	return SK_OK;
}

static enum sk_err run_job(struct job *job, bool write, struct sk_fault *fault)
{
	if (job->args->workspace != NULL)
		SK_TRY(open_workspace(job, fault));
	if (write) {
		SK_TRY(check_all_flows(job, fault));
		job->folder_fd = open(job->workspace.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (job->folder_fd < 0 || flock(job->folder_fd, LOCK_EX | LOCK_NB) != 0)
			return sk_fault_set(fault, SK_ELOCKED, "%s: another import is writing this workspace's set: %s", job->workspace.folder,
					    strerror(errno));
	}
	if (sk_indicator_builder_new(&job->options, note, job->account, &job->builder) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "selectors: out of memory");
	if (write)
		SK_TRY(take_old_set(job, fault));
	SK_TRY(import_lists(job, fault));
	if (job->args->json)
		sk_json_end(&job->json);
	job->read_all = true;
	if (job->args->list_count != 0 && job->taken == 0 && job->known == 0 && !job->args->all_flows)
		return sk_fault_set(fault, SK_EINPUT, "no selector was taken from the lists%s", write ? "; the set is unchanged" : "");
	return write ? write_set(job, fault) : SK_OK;
}

/* All or nothing: whoever saw the counts of the lists before the one that failed is told that they were dropped too. */
static void say_unchanged(const struct job *job, struct sk_fault *fault)
{
	struct sk_fault first = *fault;
	char taken[SK_UNIT_TEXT_MAX];
	if (!job->read_all && job->lists_read != 0)
		(void)sk_fault_set(fault, first.err, "%s; the set is unchanged: %zu of %zu lists had been read, their %s selectors are dropped", first.line,
				   job->lists_read, job->args->list_count, sk_number_format(job->taken, taken));
}

static int import(struct sk_cmd *cmd, const struct args *args, bool write)
{
	struct sk_fault fault = {.err = SK_OK};
	struct job job = {.cmd = cmd, .args = args, .folder_fd = -1,
			  .options = {.min_prefix_v4 = DEFAULT_MIN_V4, .min_prefix_v6 = DEFAULT_MIN_V6, .to_ids_ignored = args->ignore_to_ids,
				      .special_ranges_allowed = args->lab, .min_score = (uint32_t)args->min_score, .relay = args->relay,
				      .now_ns = cmd->clock.unix_ns(cmd->clock.context), .progress = show_progress}};
	job.started_ns = job.shown_ns = cmd->clock.monotonic_ns(cmd->clock.context);
	job.account = malloc(sizeof *job.account);
	if (job.account == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "selectors: out of memory");
		return sk_cmd_fail(cmd, &fault);
	}
	sk_buf_init(&job.json_text, JSON_MAX);
	sk_json_begin(&job.json, &job.json_text, false);
	if (args->json) {
		sk_json_object(&job.json, NULL);
		sk_json_array(&job.json, "files");
	}
	int code = 0;
	if (run_job(&job, write, &fault) != SK_OK) {
		if (write)
			say_unchanged(&job, &fault);
		code = sk_cmd_fail(cmd, &fault);
	}
	if (args->json && job.read_all) { /* also when nothing was taken: the counts say why */
		sk_json_end(&job.json);
		int put = put_json(cmd, &job.json_text);
		code = code != 0 ? code : put;
	}
	sk_indicator_builder_free(job.builder);
	if (job.has_workspace)
		sk_workspace_close(&job.workspace);
	if (job.folder_fd >= 0)
		(void)close(job.folder_fd);
	sk_buf_fini(&job.json_text);
	free(job.account);
	return code;
}

/* ---- info and show ---- */

static void show_text(FILE *out, const struct sk_indicator_set *set, uint64_t count)
{
	char value[VALUE_MAX], origin[ORIGIN_MAX];
	for (uint32_t id = 0; id < count; id++) {
		struct sk_buf safe;
		sk_buf_init(&safe, sizeof origin * 4);
		(void)sk_indicator_origin(set, id, origin, sizeof origin);
		sk_escape_line(&safe, origin, strlen(origin));
		const char *relay = sk_relay_name(sk_indicator_relay(set, id));
		(void)fprintf(out, "%s\t%s%s%s\n", sk_indicator_value(set, id, value, sizeof value), sk_buf_text(&safe), relay[0] != '\0' ? "\t" : "", relay);
		sk_buf_fini(&safe);
	}
}

static void show_json(struct sk_json_writer *json, const struct sk_indicator_set *set, uint64_t count)
{
	char value[VALUE_MAX], origin[ORIGIN_MAX];
	sk_json_array(json, "selectors");
	for (uint32_t id = 0; id < count; id++) {
		sk_json_object(json, NULL);
		sk_json_u64(json, "id", id);
		sk_json_text(json, "value", sk_indicator_value(set, id, value, sizeof value));
		sk_json_text(json, "origin", sk_indicator_origin(set, id, origin, sizeof origin));
		if (sk_indicator_relay(set, id) != SK_RELAY_NONE)
			sk_json_text(json, "relay", sk_relay_name(sk_indicator_relay(set, id)));
		sk_json_end(json);
	}
	sk_json_end(json);
}

enum show_what { SHOW_FACTS, SHOW_ENTRIES, SHOW_VERIFIED };

static int show(struct sk_cmd *cmd, const struct args *args, enum show_what what)
{
	bool entries = what == SHOW_ENTRIES;
	struct sk_workspace workspace;
	struct sk_fault fault;
	struct sk_indicator_set *set = NULL;
	char path[SK_PATH_MAX];
	if (sk_workspace_open(args->workspace, false, &workspace, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	enum sk_err err = sk_indicator_open(sk_workspace_path(&workspace, "selectors.set", path), &set, &fault);
	sk_workspace_close(&workspace);
	if (err == SK_ENOENT)
		(void)sk_fault_set(&fault, SK_ENOENT, "%s: no selectors yet; sekisho selectors import --workspace %s LIST...", path, args->workspace);
	if (err == SK_OK && what == SHOW_VERIFIED && (err = sk_indicator_verify(set, path, &fault)) != SK_OK)
		sk_indicator_close(set);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	struct sk_indicator_facts facts;
	sk_indicator_facts(set, &facts);
	uint64_t count = !entries ? 0 : args->limit != 0 && args->limit < facts.entries ? args->limit : facts.entries;
	int code = 0;
	if (args->json) {
		struct sk_buf text;
		struct sk_json_writer json;
		sk_buf_init(&text, JSON_MAX);
		sk_json_begin(&json, &text, false);
		sk_json_object(&json, NULL);
		json_set(&json, path, &facts);
		if (entries)
			show_json(&json, set, count);
		sk_json_end(&json);
		code = put_json(cmd, &text);
		sk_buf_fini(&text);
	} else if (entries) {
		show_text(cmd->out, set, count);
		if (count < facts.entries)
			(void)fprintf(cmd->err, "%" PRIu64 " of %" PRIu64 " selectors shown; --limit 0 shows all\n", count, facts.entries);
	} else {
		print_set(cmd->out, path, &facts);
	}
	sk_indicator_close(set);
	return code;
}

int sk_cmd_selectors(struct sk_cmd *cmd, int argc, char **argv)
{
	struct args *args = malloc(sizeof *args);
	struct sk_fault fault;
	if (args == NULL || sk_seal_start() != SK_OK) {
		free(args);
		(void)sk_fault_set(&fault, SK_ENOMEM, "selectors: out of memory");
		return sk_cmd_fail(cmd, &fault);
	}
	int code = parse_args(cmd, argc, argv, args);
	const char *verb = code == 0 && args->list_count > 0 ? args->lists[0] : "";
	if (code == 0 && args->help) {
		code = sk_cmd_help(cmd, "selectors");
	} else if (code == 0) {
		bool check = strcmp(verb, "check") == 0, info = strcmp(verb, "info") == 0, list = strcmp(verb, "show") == 0,
		     write = strcmp(verb, "import") == 0;
		args->lists += args->list_count > 0;
		args->list_count -= args->list_count > 0;
		if (!check && !info && !list && !write)
			code = sk_cmd_usage(cmd, "selectors", "import, check, info or show was expected%s%s", verb[0] != '\0' ? ", not " : "", verb);
		else if (args->lab && (!check || args->workspace != NULL))
			code = sk_cmd_usage(cmd, "selectors", "--lab is for check without a workspace; a workspace's profile says what it is");
		else if (!write && (args->replace || args->all_flows))
			code = sk_cmd_usage(cmd, "selectors", "--replace and --all-flows belong to import");
		else if ((info || list) && (args->warning_count != 0 || args->ignore_to_ids || args->min_score != 0 || args->relay != SK_RELAY_NONE))
			code = sk_cmd_usage(cmd, "selectors", "--warning-list, --ignore-to-ids, --min-score and --relay belong to import and check");
		else if (!check && args->workspace == NULL)
			code = sk_cmd_usage(cmd, "selectors", "--workspace DIR is missing");
		else if ((write || (check && args->workspace == NULL)) && args->list_count == 0 && !(write && args->all_flows))
			code = sk_cmd_usage(cmd, "selectors", "no list was named");
		else if ((info || list) && args->list_count != 0)
			code = sk_cmd_usage(cmd, "selectors", "'%s' is too much", args->lists[0]);
		else
			code = info || list ? show(cmd, args, list ? SHOW_ENTRIES : SHOW_FACTS)
			       : check && args->list_count == 0 ? show(cmd, args, SHOW_VERIFIED) : import(cmd, args, write);
	}
	free(args);
	return code;
}
