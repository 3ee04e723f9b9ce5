/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho rules: rule files into the workspace's set of command selectors, with an account of every rule. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/rules.h"
#include "cmd/workspace.h"
#include "signature/signature.h"
#include "text/json.h"
#include "text/text.h"

enum { EXAMPLES = 3, FILES_MAX = 1024, VARIABLES_MAX = 256, JSON_MAX = 256 << 20, CACHE_MAX = 512 << 20, HOME_TEXT_MAX = SK_OWN_PREFIXES_MAX * SK_PREFIX_TEXT_MAX + 3, SHOW_DEFAULT = 100 };
enum { OPT_WORKSPACE = 256, OPT_REPLACE, OPT_STRICT, OPT_EACH, OPT_VAR, OPT_VARS, OPT_CLASSES, OPT_REPUTATION, OPT_LIMIT, OPT_JSON, OPT_HELP };

static const struct option options[] = {{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"replace", no_argument, NULL, OPT_REPLACE}, {"strict", no_argument, NULL, OPT_STRICT},
					{"each", no_argument, NULL, OPT_EACH}, {"var", required_argument, NULL, OPT_VAR}, {"vars", required_argument, NULL, OPT_VARS},
					{"classification", required_argument, NULL, OPT_CLASSES}, {"reputation", required_argument, NULL, OPT_REPUTATION},
					{"limit", required_argument, NULL, OPT_LIMIT}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct args {
	const char *workspace, *vars, *classes, *reputation;
	bool replace, strict, each, json, help;
	uint64_t limit;
	size_t var_count, file_count;
	const char *var[VARIABLES_MAX];
	char **files;
};

struct example {
	uint64_t line;
	uint32_t sid;
	char detail[SK_RULES_DETAIL_MAX];
};

/* What happened to one file. */
struct account {
	struct sk_rules_counts counts;
	unsigned reason_examples[SK_RULE_REASON_COUNT], difference_examples[SK_RULE_DIFFERENCE_COUNT];
	struct example reason[SK_RULE_REASON_COUNT][EXAMPLES], difference[SK_RULE_DIFFERENCE_COUNT][EXAMPLES];
};

struct job {
	struct sk_cmd *cmd;
	const struct args *args;
	struct sk_workspace workspace;
	struct sk_basis basis;
	bool has_workspace, writes;
	struct sk_rules *rules;
	struct account *account;
	struct sk_buf json_text, each_text;
	struct sk_json_writer json;
	uint64_t taken, known;
	int folder_fd;
};

/* ---- the account ---- */

static void keep_example(struct example *examples, unsigned *count, const struct sk_rule_verdict *verdict)
{
	if (*count == EXAMPLES)
		return;
	struct example *at = &examples[(*count)++];
	at->line = verdict->line;
	at->sid = verdict->sid;
	(void)snprintf(at->detail, sizeof at->detail, "%s", verdict->detail);
}

static void print_each(struct job *job, const struct sk_rule_verdict *verdict)
{
	FILE *out = job->cmd->out;
	const char *between = " with a difference: ";
	(void)fprintf(out, "%s:%" PRIu64 "  %u:%u  ", verdict->file, verdict->line, verdict->gid, verdict->sid);
	if (verdict->reason != SK_RULE_REASON_NONE) {
		(void)fprintf(out, "refused: %s%s%s\n", sk_rule_reason_name(verdict->reason), verdict->detail[0] != '\0' ? ": " : "", verdict->detail);
		return;
	}
	(void)fputs("taken", out);
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		if ((verdict->differences >> bit & 1) != 0) {
			(void)fprintf(out, "%s%s", between, sk_rule_difference_name((enum sk_rule_difference)bit));
			between = ", ";
		}
	(void)fputc('\n', out);
}

static void json_each(struct sk_json_writer *json, const struct sk_rule_verdict *verdict)
{
	sk_json_object(json, NULL);
	sk_json_u64(json, "line", verdict->line);
	sk_json_u64(json, "gid", verdict->gid);
	sk_json_u64(json, "sid", verdict->sid);
	sk_json_u64(json, "rev", verdict->rev);
	sk_json_text(json, "verdict", verdict->reason != SK_RULE_REASON_NONE ? "refused" : verdict->differences != 0 ? "taken_with_difference" : "taken");
	if (verdict->reason != SK_RULE_REASON_NONE) {
		sk_json_text(json, "reason", sk_rule_reason_name(verdict->reason));
		sk_json_text(json, "detail", verdict->detail);
	}
	sk_json_array(json, "differences");
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		if ((verdict->differences >> bit & 1) != 0)
			sk_json_text(json, NULL, sk_rule_difference_name((enum sk_rule_difference)bit));
	sk_json_end(json);
	sk_json_end(json);
}

static void note(void *context, const struct sk_rule_verdict *verdict)
{
	struct job *job = context;
	struct account *account = job->account;
	if (verdict->reason != SK_RULE_REASON_NONE)
		keep_example(account->reason[verdict->reason], &account->reason_examples[verdict->reason], verdict);
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		if ((verdict->differences >> bit & 1) != 0)
			keep_example(account->difference[bit], &account->difference_examples[bit], verdict);
	if (job->args->each && job->args->json)
		json_each(&job->json, verdict);
	else if (job->args->each)
		print_each(job, verdict);
}

static void print_reason(FILE *out, const char *verb, uint64_t count, const char *name, const char *prose, const struct example *examples, unsigned example_count)
{
	char number[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "  %-8s %8s  %s: %s\n", verb, sk_number_format(count, number), name, prose);
	for (unsigned i = 0; i < example_count; i++)
		(void)fprintf(out, "                     line %" PRIu64 "  sid %u%s%s\n", examples[i].line, examples[i].sid, examples[i].detail[0] != '\0' ? "  " : "", examples[i].detail);
}

static void print_account(FILE *out, const char *path, const struct account *account)
{
	char rules[SK_UNIT_TEXT_MAX], taken[SK_UNIT_TEXT_MAX], differing[SK_UNIT_TEXT_MAX], refused[SK_UNIT_TEXT_MAX], disabled[SK_UNIT_TEXT_MAX];
	const struct sk_rules_counts *counts = &account->counts;
	(void)fprintf(out, "%s: %s rules, %s taken (%s of them with a stated difference), %s refused; %s more are switched off in the file\n", path, sk_number_format(counts->rules, rules),
		      sk_number_format(counts->taken, taken), sk_number_format(counts->differing, differing), sk_number_format(counts->refused, refused),
		      sk_number_format(counts->disabled, disabled));
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		if (counts->by_difference[bit] != 0)
			print_reason(out, "differs", counts->by_difference[bit], sk_rule_difference_name((enum sk_rule_difference)bit),
				     sk_rule_difference_prose((enum sk_rule_difference)bit), account->difference[bit], account->difference_examples[bit]);
	for (unsigned reason = 1; reason < SK_RULE_REASON_COUNT; reason++)
		if (counts->by_reason[reason] != 0)
			print_reason(out, "refused", counts->by_reason[reason], sk_rule_reason_name((enum sk_rule_reason)reason), sk_rule_reason_prose((enum sk_rule_reason)reason),
				     account->reason[reason], account->reason_examples[reason]);
}

static void json_account(struct sk_json_writer *json, const struct account *account)
{
	const struct sk_rules_counts *counts = &account->counts;
	sk_json_u64(json, "rules_seen", counts->rules);
	sk_json_u64(json, "taken", counts->taken);
	sk_json_u64(json, "differing", counts->differing);
	sk_json_u64(json, "refused", counts->refused);
	sk_json_u64(json, "disabled", counts->disabled);
	sk_json_object(json, "by_difference");
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		if (counts->by_difference[bit] != 0)
			sk_json_u64(json, sk_rule_difference_name((enum sk_rule_difference)bit), counts->by_difference[bit]);
	sk_json_end(json);
	sk_json_object(json, "by_reason");
	for (unsigned reason = 1; reason < SK_RULE_REASON_COUNT; reason++)
		if (counts->by_reason[reason] != 0)
			sk_json_u64(json, sk_rule_reason_name((enum sk_rule_reason)reason), counts->by_reason[reason]);
	sk_json_end(json);
}

/* ---- what rules need ---- */

/* Own prefixes are the home net; without any, everything is. */
static const char *home_of(const struct job *job, char text[HOME_TEXT_MAX])
{
	size_t used = 0;
	char prefix[SK_PREFIX_TEXT_MAX];
	if (!job->has_workspace || job->workspace.own_count == 0)
		return "any";
	for (size_t i = 0; i < job->workspace.own_count; i++)
		used += (size_t)snprintf(text + used, HOME_TEXT_MAX - used, "%s%s", i == 0 ? "[" : ",", sk_prefix_format(&job->workspace.own[i], prefix));
	(void)snprintf(text + used, HOME_TEXT_MAX - used, "]");
	return text;
}

static enum sk_err take_var(struct job *job, const char *word, struct sk_fault *fault)
{
	char name[SK_RULES_NAME_MAX];
	const char *equals = strchr(word, '=');
	if (equals == NULL || (size_t)(equals - word) >= sizeof name)
		return sk_fault_set(fault, SK_EINPUT, "--var '%.64s': expected NAME=VALUE, e.g. HOME_NET=[192.0.2.0/24]", word);
	(void)snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
	return sk_rules_variable(job->rules, name, equals + 1, fault);
}

/* "CATEGORIES,VALUES": two files. */
static enum sk_err take_reputation(struct job *job, const char *word, struct sk_fault *fault)
{
	char categories[SK_PATH_MAX];
	const char *comma = strchr(word, ',');
	if (comma == NULL || (size_t)(comma - word) >= sizeof categories)
		return sk_fault_set(fault, SK_EINPUT, "--reputation '%.64s': expected two files, CATEGORIES,VALUES", word);
	(void)snprintf(categories, sizeof categories, "%.*s", (int)(comma - word), word);
	return sk_rules_reputation(job->rules, categories, comma + 1, fault);
}

static enum sk_err prepare(struct job *job, struct sk_fault *fault)
{
	char home[HOME_TEXT_MAX], path[SK_PATH_MAX];
	const struct args *args = job->args;
	const struct sk_rules_options how = {.strict = args->strict, .note = note, .context = job, .max_rules = job->has_workspace ? job->basis.rule.max_entries : 0};
	struct sk_rules *old = NULL;
	if (sk_rules_new(&how, &job->rules) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
	if (job->writes && !args->replace && sk_file_exists(sk_workspace_path(&job->workspace, SK_RULES_FILE, path))) {
		SK_TRY(sk_rules_open(path, &old, fault));
		enum sk_err err = sk_rules_merge(job->rules, old, fault);
		sk_rules_free(old);
		SK_TRY(err);
	}
	for (size_t i = 0; i < args->var_count; i++)
		SK_TRY(take_var(job, args->var[i], fault));
	if (args->vars != NULL)
		SK_TRY(sk_rules_variables(job->rules, args->vars, fault));
	SK_TRY(sk_rules_default_variables(job->rules, home_of(job, home), fault));
	if (args->classes != NULL)
		SK_TRY(sk_rules_classification(job->rules, args->classes, fault));
	return args->reputation != NULL ? take_reputation(job, args->reputation, fault) : SK_OK;
}

/* ---- import and check ---- */

static enum sk_err open_workspace(struct job *job, struct sk_fault *fault)
{
	SK_TRY(sk_workspace_open(job->args->workspace, false, &job->workspace, fault));
	job->has_workspace = true;
	SK_TRY(sk_workspace_basis(&job->workspace, 0, &job->basis, fault));
	if (!job->writes)
		return SK_OK;
	job->folder_fd = open(job->workspace.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job->folder_fd < 0 || flock(job->folder_fd, LOCK_EX | LOCK_NB) != 0)
		return sk_fault_set(fault, SK_ELOCKED, "%s: another import is writing this workspace's set: %s", job->workspace.folder, strerror(errno));
	return SK_OK;
}

static enum sk_err take_file(struct job *job, const char *path, struct sk_fault *fault)
{
	*job->account = (struct account){.counts = {.rules = 0}};
	if (job->args->json) {
		sk_json_object(&job->json, NULL);
		sk_json_text(&job->json, "file", path);
		if (job->args->each)
			sk_json_array(&job->json, "rules");
	}
	enum sk_err err = sk_rules_import(job->rules, path, &job->account->counts, fault);
	if (job->args->json && job->args->each)
		sk_json_end(&job->json);
	job->taken += job->account->counts.taken;
	job->known += job->account->counts.by_reason[SK_RULE_REASON_DUPLICATE];
	if (job->args->json) {
		json_account(&job->json, job->account);
		sk_json_end(&job->json);
	} else if (err == SK_OK) {
		print_account(job->cmd->out, path, job->account);
	}
	return err;
}

static void say_set(struct job *job, const char *path, const struct sk_rules *rules)
{
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1], number[SK_UNIT_TEXT_MAX];
	sk_rules_digest(rules, digest);
	sk_hex_encode(digest, sizeof digest, hex);
	if (!job->args->json) {
		(void)fprintf(job->cmd->out, "%s: %s rules\ndigest %s\n", path, sk_number_format(sk_rules_count(rules), number), hex);
		return;
	}
	sk_json_object(&job->json, "set");
	sk_json_text(&job->json, "path", path);
	sk_json_hex(&job->json, "digest", digest, sizeof digest);
	sk_json_u64(&job->json, "rules", sk_rules_count(rules));
	sk_json_end(&job->json);
}

/* Compile the patterns, write, read back: what is printed is what the file says. */
static enum sk_err write_set(struct job *job, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf cached;
	struct sk_rules *rules = NULL;
	struct sk_fault rule;
	sk_buf_init(&cached, CACHE_MAX);
	enum sk_err err = sk_signature_compile(job->rules, &cached, fault);
	if (err == SK_OK)
		err = sk_rules_write(job->rules, sk_workspace_path(&job->workspace, SK_RULES_FILE, path), cached.bytes, cached.length, fault);
	sk_buf_fini(&cached);
	SK_TRY(err);
	SK_TRY(sk_rules_open(path, &rules, fault));
	say_set(job, path, rules);
	struct sk_set_facts facts = sk_rules_set_facts(NULL, rules);
	if (sk_basis_covers(&job->basis, &facts, &rule) != SK_OK)
		(void)fprintf(job->cmd->err, "sekisho: warning: watch will refuse this set: %s\n", rule.line);
	sk_rules_free(rules);
	return SK_OK;
}

static enum sk_err run_job(struct job *job, struct sk_fault *fault)
{
	if (job->args->workspace != NULL)
		SK_TRY(open_workspace(job, fault));
	SK_TRY(prepare(job, fault));
	for (size_t i = 0; i < job->args->file_count; i++)
		SK_TRY(take_file(job, job->args->files[i], fault));
	if (job->args->json)
		sk_json_end(&job->json);
	if (!job->writes)
		return SK_OK;
	if (job->taken == 0 && job->known == 0)
		return sk_fault_set(fault, SK_EINPUT, "no rule was taken from the files; the set is unchanged");
	return write_set(job, fault);
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

static int import(struct sk_cmd *cmd, const struct args *args, bool writes)
{
	struct sk_fault fault = {.err = SK_OK};
	struct job job = {.cmd = cmd, .args = args, .folder_fd = -1, .writes = writes, .account = calloc(1, sizeof *job.account)};
	int code = 0;
	sk_buf_init(&job.json_text, JSON_MAX);
	sk_json_begin(&job.json, &job.json_text, false);
	if (args->json) {
		sk_json_object(&job.json, NULL);
		sk_json_array(&job.json, "files");
	}
	enum sk_err err = job.account != NULL ? run_job(&job, &fault) : sk_fault_set(&fault, SK_ENOMEM, "rules: out of memory");
	if (err != SK_OK)
		code = sk_cmd_fail(cmd, &fault);
	if (args->json && err == SK_OK) {
		sk_json_end(&job.json);
		code = put_json(cmd, &job.json_text);
	}
	sk_rules_free(job.rules);
	if (job.has_workspace)
		sk_workspace_close(&job.workspace);
	if (job.folder_fd >= 0)
		(void)close(job.folder_fd);
	sk_buf_fini(&job.json_text);
	free(job.account);
	return code;
}

/* ---- info, show, keywords ---- */

static void show_rules(struct job *job, const struct sk_rules *rules)
{
	uint64_t count = sk_rules_count(rules), shown = job->args->limit != 0 && job->args->limit < count ? job->args->limit : count;
	if (job->args->json)
		sk_json_array(&job->json, "rules");
	for (uint32_t id = 0; id < shown; id++) {
		const struct sk_rule *rule = sk_rules_at(rules, id);
		if (job->args->json) {
			sk_json_object(&job->json, NULL);
			sk_json_u64(&job->json, "gid", rule->gid);
			sk_json_u64(&job->json, "sid", rule->sid);
			sk_json_u64(&job->json, "rev", rule->rev);
			sk_json_text(&job->json, "message", rule->message);
			sk_json_text(&job->json, "origin", rule->origin);
			sk_json_end(&job->json);
		} else {
			(void)fprintf(job->cmd->out, "%u:%u:%u\t%s\t%s\n", rule->gid, rule->sid, rule->rev, rule->message, rule->origin);
		}
	}
	if (job->args->json)
		sk_json_end(&job->json);
	else if (shown < count)
		(void)fprintf(job->cmd->err, "%" PRIu64 " of %" PRIu64 " rules shown; --limit 0 shows all\n", shown, count);
}

static int show(struct sk_cmd *cmd, const struct args *args, bool all)
{
	struct job job = {.cmd = cmd, .args = args};
	struct sk_fault fault;
	char path[SK_PATH_MAX];
	int code = 0;
	if (sk_workspace_open(args->workspace, false, &job.workspace, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	enum sk_err err = sk_rules_open(sk_workspace_path(&job.workspace, SK_RULES_FILE, path), &job.rules, &fault);
	sk_workspace_close(&job.workspace);
	if (err == SK_ENOENT)
		(void)sk_fault_set(&fault, SK_ENOENT, "%s: no rules yet; sekisho rules import --workspace %s FILE...", path, args->workspace);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	sk_buf_init(&job.json_text, JSON_MAX);
	sk_json_begin(&job.json, &job.json_text, false);
	if (args->json)
		sk_json_object(&job.json, NULL);
	if (all)
		show_rules(&job, job.rules);
	if (!all || args->json)
		say_set(&job, path, job.rules);
	if (args->json) {
		sk_json_end(&job.json);
		code = put_json(cmd, &job.json_text);
	}
	sk_buf_fini(&job.json_text);
	sk_rules_free(job.rules);
	return code;
}

/* The table that the parser itself obeys. */
static int keywords(struct sk_cmd *cmd)
{
	enum sk_rule_reason how;
	const char *note, *word;
	for (size_t i = 0; (word = sk_rules_keyword(i, &how, &note)) != NULL; i++)
		(void)fprintf(cmd->out, "%-26s %s%s%s%s\n", word, how == SK_RULE_REASON_NONE ? "taken" : "refused: ", how == SK_RULE_REASON_NONE ? "" : sk_rule_reason_name(how),
			      note[0] != '\0' ? "; " : "", note);
	return 0;
}

/* ---- words ---- */

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct args *args)
{
	char *end = NULL;
	*args = (struct args){.limit = SHOW_DEFAULT};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_WORKSPACE: args->workspace = optarg; break;
		case OPT_REPLACE: args->replace = true; break;
		case OPT_STRICT: args->strict = true; break;
		case OPT_EACH: args->each = true; break;
		case OPT_VARS: args->vars = optarg; break;
		case OPT_CLASSES: args->classes = optarg; break;
		case OPT_REPUTATION: args->reputation = optarg; break;
		case OPT_JSON: args->json = true; break;
		case OPT_HELP: args->help = true; break;
		case OPT_VAR:
			if (args->var_count == VARIABLES_MAX)
				return sk_cmd_usage(cmd, "rules", "at most %d variables; a file of them: --vars", VARIABLES_MAX);
			args->var[args->var_count++] = optarg;
			break;
		case OPT_LIMIT:
			args->limit = strtoull(optarg, &end, 10);
			if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0')
				return sk_cmd_usage(cmd, "rules", "'%s' is not a number (--limit)", optarg);
			break;
		default: return sk_cmd_usage(cmd, "rules", "unknown or incomplete option; see sekisho-rules(1)");
		}
	}
	args->files = argv + optind;
	args->file_count = (size_t)(argc - optind);
	return 0;
}

int sk_cmd_rules(struct sk_cmd *cmd, int argc, char **argv)
{
	struct args args;
	struct sk_fault fault;
	int code = parse_args(cmd, argc, argv, &args);
	const char *verb = code == 0 && args.file_count > 0 ? args.files[0] : "";
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, "rules");
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	bool check = strcmp(verb, "check") == 0, write = strcmp(verb, "import") == 0, info = strcmp(verb, "info") == 0, list = strcmp(verb, "show") == 0,
	     words = strcmp(verb, "keywords") == 0;
	args.files += args.file_count > 0;
	args.file_count -= args.file_count > 0;
	if (!check && !write && !info && !list && !words)
		return sk_cmd_usage(cmd, "rules", "import, check, info, show or keywords was expected%s%s", verb[0] != '\0' ? ", not " : "", verb);
	if ((check || write) && args.file_count == 0)
		return sk_cmd_usage(cmd, "rules", "no rule file was named");
	if (!check && !write && args.file_count != 0)
		return sk_cmd_usage(cmd, "rules", "'%s' is too much", args.files[0]);
	if ((write || info || list) && args.workspace == NULL)
		return sk_cmd_usage(cmd, "rules", "--workspace DIR is missing");
	if (!write && args.replace)
		return sk_cmd_usage(cmd, "rules", "--replace belongs to import");
	if (words)
		return keywords(cmd);
	return info || list ? show(cmd, &args, list) : import(cmd, &args, write);
}
