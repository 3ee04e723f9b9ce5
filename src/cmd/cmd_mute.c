/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho mute: a known false positive is counted and not shown, for a reason and until a day. */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/find_finding.h"
#include "cmd/mute.h"
#include "cmd/query.h"
#include "text/text.h"

enum { OPT_WORKSPACE = 256, OPT_FOR, OPT_WHY, OPT_JSON, OPT_HELP, OUT_MAX = 8 << 20 };
static const int64_t longest_ns = INT64_C(86400000000000) * SK_MUTE_DAYS_MAX;

static const struct option options[] = {{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"for", required_argument, NULL, OPT_FOR},
					{"why", required_argument, NULL, OPT_WHY}, {"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct mute_args {
	const char *folder, *why;
	int64_t duration_ns;
	bool json, help;
	char *const *words;
	int word_count;
};

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct mute_args *args)
{
	*args = (struct mute_args){0};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_WORKSPACE: args->folder = optarg; break;
		case OPT_WHY: args->why = optarg; break;
		case OPT_JSON: args->json = true; break;
		case OPT_HELP: args->help = true; break;
		case OPT_FOR:
			if (sk_duration_parse(optarg, &args->duration_ns) != SK_OK || args->duration_ns <= 0 || args->duration_ns > longest_ns)
				return sk_cmd_usage(cmd, argv[0], "--for '%s': expected a duration such as 30d, at most %dd; a mute that never ends would be forgotten", optarg,
						    SK_MUTE_DAYS_MAX);
			break;
		default: return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		}
	}
	args->words = argv + optind;
	args->word_count = argc - optind;
	if (!args->help && args->folder == NULL)
		return sk_cmd_usage(cmd, argv[0], "--workspace DIR is missing");
	return 0;
}

/* ---- what it says ---- */

static void print_mute(FILE *out, const struct sk_mute *mute, int64_t now_ns)
{
	char id[2 * SK_MUTE_ID_BYTES + 1], finding[33] = "", from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX];
	struct sk_buf why;
	sk_hex_encode(mute->id, sizeof mute->id, id);
	sk_hex_encode(mute->finding, sizeof mute->finding, finding);
	sk_buf_init(&why, 4 * SK_MUTE_WHY_MAX);
	sk_escape_line(&why, mute->why, strlen(mute->why));
	(void)fprintf(out, "%s  %s%s%s\n  %s%s until %s, since %s\n  because: %s\n", id, mute->value, mute->one_finding ? ", finding " : "", mute->one_finding ? finding : "",
		      mute->until_ns <= now_ns ? "ENDED, was muted" : "muted", mute->one_finding ? "" : " in every finding", sk_time_format(mute->until_ns, 0, until),
		      sk_time_format(mute->from_ns, 0, from), sk_buf_text(&why));
	sk_buf_fini(&why);
}

static void json_mute(struct sk_json_writer *json, const struct sk_mute *mute, int64_t now_ns)
{
	char when[SK_TIME_TEXT_MAX];
	sk_json_object(json, NULL);
	sk_json_hex(json, "id", mute->id, sizeof mute->id);
	sk_json_text(json, "value", mute->value);
	if (mute->one_finding)
		sk_json_hex(json, "finding", mute->finding, sizeof mute->finding);
	sk_json_text(json, "why", mute->why);
	sk_json_text(json, "from", sk_time_format(mute->from_ns, 0, when));
	sk_json_text(json, "until", sk_time_format(mute->until_ns, 0, when));
	sk_json_bool(json, "active", mute->from_ns <= now_ns && now_ns < mute->until_ns);
	sk_json_end(json);
}

static void print_mutes(struct sk_cmd *cmd, const struct mute_args *args, const struct sk_mute *entries, size_t count, int64_t now_ns)
{
	struct sk_buf out;
	struct sk_json_writer json;
	if (!args->json) {
		for (size_t i = 0; i < count; i++)
			print_mute(cmd->out, &entries[i], now_ns);
		return;
	}
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&json, &out, false);
	sk_json_array(&json, NULL);
	for (size_t i = 0; i < count; i++)
		json_mute(&json, &entries[i], now_ns);
	sk_json_end(&json);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

/* ---- what is muted ---- */

/* As matched values are written: addresses in their usual form, names and hashes in lower case. */
static enum sk_err take_value(const char *text, struct sk_mute *mute, struct sk_fault *fault)
{
	struct sk_addr addr;
	struct sk_prefix prefix;
	char usual[SK_PREFIX_TEXT_MAX];
	if (sk_addr_parse(text, &addr) == SK_OK)
		text = sk_addr_format(&addr, usual);
	else if (strchr(text, '/') != NULL && sk_prefix_parse(text, &prefix) == SK_OK)
		text = sk_prefix_format(&prefix, usual);
	size_t length = strlen(text);
	if (length == 0 || length >= sizeof mute->value)
		return sk_fault_set(fault, SK_EUSAGE, "a value of 1 to %zu bytes was expected", sizeof mute->value - 1);
	for (size_t i = 0; i <= length; i++)
		mute->value[i] = (char)tolower((unsigned char)text[i]);
	return SK_OK;
}

/* A value that some finding matched is a value, also when it is all hexadecimal digits (JA3 and certificate hashes are); else such digits are an id. */
static enum sk_err take_target(struct sk_cmd *cmd, const struct mute_args *args, struct sk_store *store, struct sk_mute *mute, struct sk_fault *fault)
{
	struct sk_finding finding;
	bool matched = false;
	SK_TRY(take_value(args->words[0], mute, fault));
	SK_TRY(sk_finding_matched(store, mute->value, &matched, fault));
	if (matched)
		return SK_OK;
	if (sk_is_finding_prefix(args->words[0])) {
		enum sk_err err = sk_find_finding(store, args->words[0], &finding, fault);
		if (err == SK_OK) {
			mute->one_finding = true;
			memcpy(mute->finding, finding.id, sizeof mute->finding);
			(void)snprintf(mute->value, sizeof mute->value, "%s", finding.matched);
			return SK_OK;
		}
		if (err != SK_ENOENT || strlen(args->words[0]) < 32)
			return err;
	}
	(void)fprintf(cmd->err, "sekisho: no finding matched %s until now; it is muted all the same\n", mute->value);
	return SK_OK;
}

static enum sk_err add_mute(struct sk_cmd *cmd, const struct mute_args *args, struct sk_query *query, struct sk_mutes *mutes, int64_t now_ns, struct sk_fault *fault)
{
	struct sk_mute mute = {.from_ns = now_ns, .until_ns = now_ns + args->duration_ns};
	SK_TRY(take_target(cmd, args, query->store, &mute, fault));
	if (strlen(args->why) >= sizeof mute.why || !sk_utf8_valid(args->why, strlen(args->why)))
		return sk_fault_set(fault, SK_EUSAGE, "--why: at most %zu bytes of UTF-8 were expected", sizeof mute.why - 1);
	memcpy(mute.why, args->why, strlen(args->why) + 1);
	sk_random(mute.id, sizeof mute.id);
	/* What has ended makes room for what begins. */
	size_t kept = 0;
	for (size_t i = 0; i < mutes->count; i++)
		if (mutes->entries[i].until_ns > now_ns)
			mutes->entries[kept++] = mutes->entries[i];
	mutes->count = kept;
	if (mutes->count == SK_MUTES_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "%d mutes are in force already; end some with sekisho mute end ID", SK_MUTES_MAX);
	mutes->entries[mutes->count++] = mute;
	SK_TRY(sk_mutes_save(&query->workspace, mutes, now_ns, fault));
	print_mutes(cmd, args, &mute, 1, now_ns);
	return SK_OK;
}

static enum sk_err end_mute(struct sk_cmd *cmd, const struct mute_args *args, struct sk_query *query, struct sk_mutes *mutes, int64_t now_ns, struct sk_fault *fault)
{
	const char *prefix = args->words[1];
	size_t found = 0, at = 0;
	for (size_t i = 0; i < mutes->count; i++) {
		char id[2 * SK_MUTE_ID_BYTES + 1];
		sk_hex_encode(mutes->entries[i].id, sizeof mutes->entries[i].id, id);
		if (prefix[0] != '\0' && (strncasecmp(id, prefix, strlen(prefix)) == 0 || strcmp(mutes->entries[i].value, prefix) == 0)) {
			found++;
			at = i;
		}
	}
	if (found != 1)
		return sk_fault_set(fault, found == 0 ? SK_ENOENT : SK_EUSAGE, found == 0 ? "'%s': no mute has this id or value; sekisho mute list shows them"
											 : "'%s': several mutes begin so or have this value; give the id",
				    prefix);
	mutes->entries[at].until_ns = now_ns;
	struct sk_mute ended = mutes->entries[at];
	memmove(&mutes->entries[at], &mutes->entries[at + 1], (mutes->count - at - 1) * sizeof ended);
	mutes->count--;
	SK_TRY(sk_mutes_save(&query->workspace, mutes, now_ns, fault));
	print_mutes(cmd, args, &ended, 1, now_ns);
	return SK_OK;
}

/* Changes take the workspace's lock: the ledger has one writer. */
static enum sk_err run_verb(struct sk_cmd *cmd, const struct mute_args *args, bool list, bool end, struct sk_fault *fault)
{
	struct sk_query query = {.cmd = cmd, .command = "mute", .folder = args->folder, .filter = {.class_ = -1}, .workspace = {.lock_fd = -1}};
	struct sk_workspace locked = {.lock_fd = -1};
	struct sk_mutes *mutes = NULL;
	int64_t now_ns = cmd->clock.unix_ns(cmd->clock.context);
	enum sk_err err = sk_query_open(&query, fault);
	if (err == SK_OK && !list)
		err = sk_workspace_open(args->folder, true, &locked, fault);
	if (err == SK_OK)
		err = sk_mutes_load(&query.workspace, &mutes, fault);
	if (err == SK_OK && list) {
		if (mutes->count == 0 && !args->json)
			(void)fprintf(cmd->out, "Nothing is muted.\n");
		else
			print_mutes(cmd, args, mutes->entries, mutes->count, now_ns);
	} else if (err == SK_OK) {
		err = end ? end_mute(cmd, args, &query, mutes, now_ns, fault) : add_mute(cmd, args, &query, mutes, now_ns, fault);
	}
	free(mutes);
	sk_workspace_close(&locked);
	sk_query_close(&query);
	return err;
}

int sk_cmd_mute(struct sk_cmd *cmd, int argc, char **argv)
{
	struct mute_args args;
	struct sk_fault fault = {.line = ""};
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	bool list = args.word_count == 1 && strcmp(args.words[0], "list") == 0, end = args.word_count == 2 && strcmp(args.words[0], "end") == 0;
	if (!list && !end && args.word_count != 1)
		return sk_cmd_usage(cmd, argv[0], "one VALUE or finding's id, or list, or end ID, was expected");
	if (!list && !end && (args.duration_ns == 0 || args.why == NULL || args.why[strspn(args.why, " \t")] == '\0'))
		return sk_cmd_usage(cmd, argv[0], "--for and --why are needed: a mute has an end and a reason");
	return run_verb(cmd, &args, list, end, &fault) == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
