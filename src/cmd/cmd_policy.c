/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho policy: the law as data: check a file, load it as a signed act, which one is in force, what differs, and does every decision agree with the policy of its day. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/office.h"
#include "cmd/policy_replay.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_UNDER = 256, OPT_CANONICAL, OUT_MAX = 1 << 22 };

struct args {
	struct sk_office_args office;
	const char *under;
	bool canonical;
	int words;
	char **word;
};

/* ---- files ---- */

static enum sk_err read_file(const char *path, struct sk_law **out, struct sk_fault *fault)
{
	struct sk_buf text;
	*out = NULL;
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_law_parse(path, text.bytes, text.length, sk_decide_bounds(), out, fault);
	sk_buf_fini(&text);
	return err;
}

static const char *hex_of(const uint8_t digest[SK_HASH_BYTES], char hex[2 * SK_HASH_BYTES + 1])
{
	sk_hex_encode(digest, SK_HASH_BYTES, hex);
	return hex;
}

/* A row as the listings have it: section, keys, from when. */
struct coming {
	int64_t now_ns;
	FILE *out;
	unsigned count;
};

static void tell_coming(struct coming *coming, const char *section, const char *keys, int64_t from_ns, const char *evidence)
{
	char when[SK_TIME_TEXT_MAX];
	if (from_ns <= coming->now_ns)
		return;
	if (coming->count++ == 0)
		(void)fprintf(coming->out, "not in force yet:\n");
	(void)fprintf(coming->out, "  %-10s %-24s from %.10s  [%s]\n", section, keys, sk_time_format(from_ns, 0, when), evidence);
}

static void print_law(FILE *out, const struct sk_law *law, int64_t now_ns)
{
	char hex[2 * SK_HASH_BYTES + 1], keys[2 * SK_LAW_WORD_MAX + 2];
	struct coming coming = {.now_ns = now_ns, .out = out};
	(void)fprintf(out, "policy   %s, version %s, profile %s\ndigest   %s\nrows     %u bases, %u matrix, %u quorums, %u retention, %u deadlines, %u sectors, %u caps\n", law->name, law->version,
		      sk_profile_name(law->profile), hex_of(law->digest, hex), law->bases.count, law->matrix.count, law->quorums.count, law->retention.count, law->deadlines.count,
		      law->sectors.count, law->caps.count);
	for (uint32_t i = 0; i < law->bases.count; i++)
		tell_coming(&coming, "basis", law->bases.rows[i].kind, law->bases.rows[i].effective_from, law->bases.rows[i].evidence);
	for (uint32_t i = 0; i < law->quorums.count; i++) {
		(void)snprintf(keys, sizeof keys, "%s %s", law->quorums.rows[i].matter, law->quorums.rows[i].level);
		tell_coming(&coming, "quorum", keys, law->quorums.rows[i].effective_from, law->quorums.rows[i].evidence);
	}
	for (uint32_t i = 0; i < law->retention.count; i++)
		tell_coming(&coming, "retention", law->retention.rows[i].basis, law->retention.rows[i].effective_from, law->retention.rows[i].evidence);
}

static void print_law_json(struct sk_cmd *cmd, const struct sk_law *law)
{
	struct sk_buf out;
	struct sk_json_writer w;
	char when[SK_TIME_TEXT_MAX], span[SK_LAW_WORD_MAX];
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "policy", law->name);
	sk_json_text(&w, "version", law->version);
	sk_json_text(&w, "profile", sk_profile_name(law->profile));
	sk_json_hex(&w, "digest", law->digest, SK_HASH_BYTES);
	sk_json_array(&w, "bases");
	for (uint32_t i = 0; i < law->bases.count; i++) {
		const struct sk_law_basis *row = &law->bases.rows[i];
		sk_json_object(&w, NULL);
		sk_json_text(&w, "kind", row->kind);
		sk_json_text(&w, "article", row->article);
		sk_json_text(&w, "approves", row->approves);
		sk_json_text(&w, "longest", sk_law_span_format(&row->longest, span));
		sk_json_text(&w, "extension", sk_law_span_format(&row->extension, span));
		sk_json_text(&w, "effective_from", sk_time_format(row->effective_from, 0, when));
		sk_json_text(&w, "evidence", row->evidence);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static int check(struct sk_cmd *cmd, struct args *args)
{
	struct sk_fault fault;
	struct sk_law *law;
	if (args->words != 1)
		return sk_cmd_usage(cmd, "policy", "check: expected one FILE");
	if (read_file(args->word[0], &law, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	if (args->office.json)
		print_law_json(cmd, law);
	else
		print_law(cmd->out, law, cmd->clock.unix_ns(cmd->clock.context));
	sk_law_free(law);
	return 0;
}

/* ---- acts ---- */

static enum sk_err keep(const struct sk_office *office, const struct sk_law *law, struct sk_fault *fault)
{
	char name[2 * SK_HASH_BYTES + 16], path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf text;
	(void)snprintf(name, sizeof name, "policy/%s.yaml", hex_of(law->digest, hex));
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	sk_law_write(law, &text);
	enum sk_err err = sk_file_replace(sk_centre_path(&office->centre, name, path), text.bytes, text.length, 0600, fault);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err may(void *context, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	return sk_access_may(context, person, activity, now_ns, fault);
}

/* The note is made: judge it as the fold will, and enter it. */
static enum sk_err enter(struct sk_office *office, const struct sk_buf *note, const struct sk_act *act, const struct sk_law *named, struct sk_act_facts *facts, struct sk_fault *fault)
{
	static const int64_t old_ns = INT64_C(86400000000000), ahead_ns = INT64_C(300000000000);
	struct sk_person who;
	struct sk_receipt receipt;
	struct sk_policy_state state = office->policy;
	const struct sk_law *before;
	int64_t now_ns = sk_access_now(office->access, office->now_ns);
	const struct sk_basis_court court = {.profile = office->centre.profile, .may = may, .context = office->access};
	if (act->time_ns < now_ns - old_ns || act->time_ns > now_ns + ahead_ns)
		return sk_fault_set(fault, SK_EUSAGE, "policy: the act is not of now; a statement is good for a day, and none is of the future");
	if (memcmp(act->policy, office->centre.policy, SK_HASH_BYTES) != 0)
		return sk_fault_set(fault, SK_EUSAGE, "policy: made under another policy than the one in force; make it again");
	SK_TRY(sk_access_who(office->access, sk_buf_text(note), note->length, now_ns, &who, fault));
	SK_TRY(sk_office_law_in_force(office, &before, fault));
	SK_TRY(sk_policy_judge(&state, act, &who, before, named, &court, facts, fault));
	SK_TRY(keep(office, named, fault)); /* before the act, which nobody could judge without it */
	SK_TRY(sk_docket_add(office->centre.docket, sk_buf_text(note), note->length, facts, &receipt, fault));
	return sk_office_settle_policy(office, fault);
}

static int tell(struct sk_cmd *cmd, const struct args *args, const struct sk_office *office, const struct sk_law *named)
{
	char hex[2 * SK_HASH_BYTES + 1];
	bool in_force = office->policy.in_force && memcmp(office->policy.current, named->digest, SK_HASH_BYTES) == 0;
	const char *state = in_force ? "in force" : office->policy.waiting ? "waits for oversight's acknowledgement" : "withdrawn";
	(void)hex_of(named->digest, hex);
	if (args->office.json)
		(void)fprintf(cmd->out, "{\"digest\":\"%s\",\"in_force\":%s,\"waiting\":%s}\n", hex, in_force ? "true" : "false", office->policy.waiting ? "true" : "false");
	else
		(void)fprintf(cmd->out, "policy   %s, version %s: %s\ndigest   %s\n", named->name, named->version, state, hex);
	if (!args->office.json && office->policy.waiting)
		(void)fprintf(cmd->out, "next     sekisho policy ack --key KEY-OF-OVERSIGHT\n");
	return 0;
}

static int act_on(struct sk_cmd *cmd, struct args *args, const char *event, struct sk_office *office, const struct sk_law *named)
{
	struct sk_fault fault;
	struct sk_buf body, note;
	struct sk_act act;
	struct sk_act_facts facts;
	bool written = false, load = strcmp(event, "load") == 0;
	sk_buf_init(&body, 4096);
	sk_policy_body(named->digest, load ? named->name : "", load ? named->version : "", &body);
	enum sk_err err = sk_office_args_ready(&args->office, &fault);
	if (err == SK_OK)
		err = sk_centre_statement(&office->centre, &args->office.actor, SK_POLICY_MATTER, SK_POLICY_MATTER_ID, event, sk_buf_text(&body), office->now_ns, &note, &act, &written, &fault);
	sk_buf_fini(&body);
	if (err == SK_OK && written)
		return sk_office_tell_written(cmd, &args->office);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	err = enter(office, &note, &act, named, &facts, &fault);
	sk_buf_fini(&note);
	return err == SK_OK ? tell(cmd, args, office, named) : sk_cmd_fail(cmd, &fault);
}

static int load(struct sk_cmd *cmd, struct args *args)
{
	struct sk_fault fault;
	struct sk_law *law;
	struct sk_office office;
	if (args->words != 1)
		return sk_cmd_usage(cmd, "policy", "load: expected one FILE");
	if (read_file(args->word[0], &law, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	int code = sk_office_open(cmd, args->office.folder, true, &office, &fault) != SK_OK ? sk_cmd_fail(cmd, &fault) : act_on(cmd, args, "load", &office, law);
	sk_office_close(&office);
	sk_law_free(law);
	return code;
}

static int on_waiting(struct sk_cmd *cmd, struct args *args, const char *event)
{
	struct sk_fault fault;
	struct sk_office office;
	const struct sk_law *named;
	if (args->words != 0)
		return sk_cmd_usage(cmd, "policy", "%s: expected no word; it is about the policy that waits", event);
	enum sk_err err = sk_office_open(cmd, args->office.folder, true, &office, &fault);
	if (err == SK_OK && !office.policy.waiting)
		err = sk_fault_set(&fault, SK_ESTAGE, "policy: none waits for an acknowledgement");
	if (err == SK_OK)
		err = sk_office_law(&office, office.policy.next, &named, &fault);
	int code = err == SK_OK ? act_on(cmd, args, event, &office, named) : sk_cmd_fail(cmd, &fault);
	sk_office_close(&office);
	return code;
}

static int ack(struct sk_cmd *cmd, struct args *args)
{
	return on_waiting(cmd, args, "ack");
}

static int withdraw(struct sk_cmd *cmd, struct args *args)
{
	return on_waiting(cmd, args, "withdraw");
}

/* ---- listing ---- */

struct listing {
	struct sk_cmd *cmd;
	struct sk_office *office;
	struct sk_json_writer *w;
};

static enum sk_err list_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct listing *listing = context;
	uint8_t digest[SK_HASH_BYTES];
	const struct sk_law *law;
	char when[SK_TIME_TEXT_MAX], hex[2 * SK_HASH_BYTES + 1];
	SK_TRY(sk_policy_named(&entry->act, digest, fault));
	SK_TRY(sk_office_law(listing->office, digest, &law, fault));
	(void)sk_time_format(entry->act.time_ns, 0, when);
	bool now = listing->office->policy.in_force && memcmp(listing->office->policy.current, digest, SK_HASH_BYTES) == 0 && strcmp(entry->to, "settled") == 0;
	if (listing->w == NULL) {
		(void)fprintf(listing->cmd->out, "%s  %-8s %-8s %-16s %-16s %.12s%s\n", when, entry->act.event, entry->to, law->name, law->version, hex_of(digest, hex), now ? "  in force now" : "");
		return SK_OK;
	}
	sk_json_object(listing->w, NULL);
	sk_json_text(listing->w, "time", when);
	sk_json_text(listing->w, "event", entry->act.event);
	sk_json_text(listing->w, "state", entry->to);
	sk_json_text(listing->w, "name", law->name);
	sk_json_text(listing->w, "version", law->version);
	sk_json_hex(listing->w, "digest", digest, SK_HASH_BYTES);
	sk_json_bool(listing->w, "in_force", now);
	sk_json_u64(listing->w, "leaf", entry->leaf);
	sk_json_end(listing->w);
	return SK_OK;
}

static int list(struct sk_cmd *cmd, struct args *args)
{
	struct sk_fault fault;
	struct sk_office office;
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_array(&w, NULL);
	struct listing listing = {.cmd = cmd, .office = &office, .w = args->office.json ? &w : NULL};
	enum sk_err err = sk_office_open(cmd, args->office.folder, false, &office, &fault);
	if (err == SK_OK)
		err = sk_docket_walk(office.centre.docket, SK_POLICY_MATTER, SK_POLICY_MATTER_ID, 0, list_act, &listing, &fault);
	sk_json_end(&w);
	if (err == SK_OK && args->office.json)
		(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

/* ---- show, diff ---- */

struct prefix {
	const char *word;
	uint8_t digest[SK_HASH_BYTES];
	unsigned found;
};

static enum sk_err match_prefix(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct prefix *prefix = context;
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	SK_TRY(sk_policy_named(&entry->act, digest, fault));
	if (strncmp(hex_of(digest, hex), prefix->word, strlen(prefix->word)) != 0 || (prefix->found != 0 && memcmp(digest, prefix->digest, sizeof digest) == 0))
		return SK_OK;
	memcpy(prefix->digest, digest, sizeof digest);
	prefix->found++;
	return SK_OK;
}

/* "current", the beginning of a digest of one that was loaded, or a file. A file's law goes to *own, to be freed. */
static enum sk_err find_law(struct sk_office *office, const char *word, const struct sk_law **out, struct sk_law **own, struct sk_fault *fault)
{
	struct prefix prefix = {.word = word};
	*own = NULL;
	if (strcmp(word, "current") == 0) {
		SK_TRY(sk_office_law_in_force(office, out, fault));
		return *out != NULL ? SK_OK : sk_fault_set(fault, SK_ENOENT, "no policy is in force; sekisho policy load FILE");
	}
	if (strlen(word) >= 4 && strspn(word, "0123456789abcdef") == strlen(word)) {
		SK_TRY(sk_docket_walk(office->centre.docket, SK_POLICY_MATTER, SK_POLICY_MATTER_ID, 0, match_prefix, &prefix, fault));
		if (prefix.found == 1)
			return sk_office_law(office, prefix.digest, out, fault);
		if (prefix.found > 1)
			return sk_fault_set(fault, SK_EUSAGE, "%s: more than one policy begins so; give more digits", word);
	}
	enum sk_err err = read_file(word, own, fault);
	*out = *own;
	return err == SK_ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: neither a file nor the beginning of a loaded policy's digest", word) : err;
}

static int show(struct sk_cmd *cmd, struct args *args)
{
	struct sk_fault fault;
	struct sk_office office;
	const struct sk_law *law = NULL;
	struct sk_law *own = NULL;
	struct sk_buf text;
	if (args->words > 1)
		return sk_cmd_usage(cmd, "policy", "show: expected at most one policy");
	enum sk_err err = sk_office_open(cmd, args->office.folder, false, &office, &fault);
	if (err == SK_OK)
		err = find_law(&office, args->words == 1 ? args->word[0] : "current", &law, &own, &fault);
	if (err == SK_OK && args->canonical) {
		sk_buf_init(&text, SK_LAW_FILE_MAX);
		sk_law_write(law, &text);
		(void)fwrite(text.bytes, 1, text.length, cmd->out);
		sk_buf_fini(&text);
	} else if (err == SK_OK && args->office.json) {
		print_law_json(cmd, law);
	} else if (err == SK_OK) {
		print_law(cmd->out, law, office.now_ns);
	}
	sk_law_free(own);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

static void print_change(void *context, const char *section, const char *keys, char how, bool needs_ack)
{
	(void)fprintf(context, "%c %-10s %s%s\n", how, section, keys, needs_ack ? "   (needs oversight's acknowledgement where the policy asks for it)" : "");
}

static int diff(struct sk_cmd *cmd, struct args *args)
{
	struct sk_fault fault;
	struct sk_office office;
	const struct sk_law *laws[2] = {NULL, NULL};
	struct sk_law *own[2] = {NULL, NULL};
	if (args->words < 1 || args->words > 2)
		return sk_cmd_usage(cmd, "policy", "diff: expected one or two policies; of one, it is compared with the one in force");
	const char *first = args->words == 2 ? args->word[0] : "current";
	enum sk_err err = sk_office_open(cmd, args->office.folder, false, &office, &fault);
	if (err == SK_OK)
		err = find_law(&office, first, &laws[0], &own[0], &fault);
	if (err == SK_OK)
		err = find_law(&office, args->word[args->words - 1], &laws[1], &own[1], &fault);
	if (err == SK_OK)
		(void)sk_law_compare(laws[0], laws[1], print_change, cmd->out);
	sk_law_free(own[0]);
	sk_law_free(own[1]);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

/* ---- replay ---- */

static int replay(struct sk_cmd *cmd, struct args *args)
{
	struct sk_fault fault;
	struct sk_office office;
	const struct sk_law *under = NULL;
	struct sk_law *own = NULL;
	if (args->words != 0)
		return sk_cmd_usage(cmd, "policy", "replay: unexpected word '%s'", args->word[0]);
	enum sk_err err = sk_office_open(cmd, args->office.folder, false, &office, &fault);
	if (err == SK_OK && args->under != NULL)
		err = find_law(&office, args->under, &under, &own, &fault);
	if (err == SK_OK)
		err = sk_cmd_policy_replay(cmd, &office, under, args->office.json, &fault);
	sk_law_free(own);
	sk_office_close(&office);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}

/* ---- the command ---- */

int sk_cmd_policy(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct option options[] = {SK_OFFICE_OPTIONS, {"under", required_argument, NULL, OPT_UNDER}, {"canonical", no_argument, NULL, OPT_CANONICAL}, {0}};
	static const struct {
		const char *name;
		int (*run)(struct sk_cmd *cmd, struct args *args);
	} verbs[] = {{"check", check}, {"load", load}, {"ack", ack}, {"withdraw", withdraw}, {"list", list}, {"show", show}, {"diff", diff}, {"replay", replay}};
	struct args args = {.under = NULL};
	struct sk_fault fault;
	sk_office_args_init(&args.office);
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == OPT_UNDER)
			args.under = optarg;
		else if (option == OPT_CANONICAL)
			args.canonical = true;
		else if (!sk_office_args_take(&args.office, option, optarg))
			return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option; see sekisho-policy(1)");
	}
	if (args.office.help)
		return sk_cmd_help(cmd, argv[0]);
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	for (size_t i = 0; i < SK_COUNT(verbs) && optind < argc; i++)
		if (strcmp(argv[optind], verbs[i].name) == 0) {
			args.words = argc - optind - 1;
			args.word = argv + optind + 1;
			return verbs[i].run(cmd, &args);
		}
	return sk_cmd_usage(cmd, argv[0], "expected check, load, ack, withdraw, list, show, diff or replay");
}
