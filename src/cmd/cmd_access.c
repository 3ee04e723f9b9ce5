/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access: who may look and who may decide. Options and the way of one act; the verbs are in access_*.c. */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cmd/access_joint.h"
#include "cmd/signer.h"
#include "seal/foreign.h"
#include "text/text.h"

enum { OPT_JSON = 256, OPT_HELP, OPT_MEMBER, OPT_HOLD, OPT_FOR, OPT_SINCE, OPT_UNTIL, OPT_LIMIT, OPT_TEXT, OPT_LIST = OPT_TEXT + 64, KEY_FILE_MAX = 8192 };

/* A statement that is signed elsewhere may lie for a day; one from the future is a wrong clock. */
static const int64_t old_ns = INT64_C(86400) * 1000000000, ahead_ns = INT64_C(300) * 1000000000;

/* ---- options ---- */

/* Options with one text, and where it goes. */
static const struct {
	const char *name;
	size_t at;
} texts[] = {
#define TEXT(name, member) {name, offsetof(struct sk_access_args, member)}
	TEXT("dir", folder), TEXT("key", actor.key), TEXT("to-sign", actor.to_sign), TEXT("statement", actor.statement), TEXT("org", org), TEXT("kind", kind),
	TEXT("title", title), TEXT("admin", admin), TEXT("admin-key", admin_key), TEXT("why", why), TEXT("activity", activity), TEXT("scope", scope),
	TEXT("purpose", purpose), TEXT("id", id), TEXT("account", account), TEXT("what", what), TEXT("name", name), TEXT("password-file", password_file),
	TEXT("old-password-file", old_password_file),
	TEXT("breached", breached), TEXT("code", code), TEXT("rp-id", rp_id), TEXT("origin", origin), TEXT("response", response), TEXT("digest", digest),
	TEXT("out", out), TEXT("factor", factor), TEXT("token-file", token_file),
#undef TEXT
};

/* Options that may stand several times. */
static const struct {
	const char *name;
	size_t at, count;
} lists[] = {
#define LIST(name, member, number) {name, offsetof(struct sk_access_args, member), offsetof(struct sk_access_args, number)}
	LIST("cosign", cosign, cosign_count), LIST("signature", signatures, signature_count), LIST("by", by, by_count), LIST("role", roles, role_count),
	LIST("oversight-key", keys, key_count), LIST("account-key", keys, key_count),
#undef LIST
};

_Static_assert(SK_COUNT(texts) < OPT_LIST - OPT_TEXT, "numbers of options");

int sk_access_usage(const struct sk_access_args *args, const char *format, ...)
{
	char line[256];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(line, sizeof line, format, list);
	va_end(list);
	return sk_cmd_usage(args->cmd, "access", "%s", line);
}

static bool take_when(const struct sk_access_args *args, const char *text, int64_t *ns)
{
	int64_t ago;
	if (sk_time_parse(text, ns) == SK_OK)
		return true;
	if (sk_duration_parse(text, &ago) != SK_OK)
		return false;
	*ns = args->cmd->clock.unix_ns(args->cmd->clock.context) - ago;
	return true;
}

static bool take_list(struct sk_access_args *args, size_t i, const char *value)
{
	size_t *count = (size_t *)(void *)((char *)args + lists[i].count);
	const char **values = (const char **)(void *)((char *)args + lists[i].at);
	if (*count == SK_ACCESS_MANY)
		return false;
	values[(*count)++] = value;
	return true;
}

/* False: the option is wrong. */
static bool take_option(struct sk_access_args *args, int option)
{
	char *end = NULL;
	if (option >= OPT_LIST)
		return (size_t)(option - OPT_LIST) < SK_COUNT(lists) && take_list(args, (size_t)(option - OPT_LIST), optarg);
	if (option >= OPT_TEXT) {
		*(const char **)(void *)((char *)args + texts[option - OPT_TEXT].at) = optarg;
		return true;
	}
	switch (option) {
	case OPT_JSON: args->json = true; return true;
	case OPT_MEMBER: args->member = true; return true;
	case OPT_HOLD: args->hold = true; return true;
	case OPT_FOR: return sk_duration_parse(optarg, &args->for_ns) == SK_OK && args->for_ns > 0;
	case OPT_SINCE: return take_when(args, optarg, &args->since_ns);
	case OPT_UNTIL: return take_when(args, optarg, &args->until_ns);
	case OPT_LIMIT: args->limit = strtoull(optarg, &end, 10); return *optarg >= '1' && *optarg <= '9' && *end == '\0';
	default: return false;
	}
}

static bool parse_args(struct sk_access_args *args, int argc, char **argv, bool *help)
{
	static const struct option plain[] = {{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {"member", no_argument, NULL, OPT_MEMBER},
					      {"hold", no_argument, NULL, OPT_HOLD},
					      {"for", required_argument, NULL, OPT_FOR}, {"since", required_argument, NULL, OPT_SINCE},
					      {"until", required_argument, NULL, OPT_UNTIL}, {"limit", required_argument, NULL, OPT_LIMIT}};
	struct option options[SK_COUNT(plain) + SK_COUNT(texts) + SK_COUNT(lists) + 1] = {{0}};
	size_t count = 0;
	for (size_t i = 0; i < SK_COUNT(plain); i++)
		options[count++] = plain[i];
	for (size_t i = 0; i < SK_COUNT(texts); i++)
		options[count++] = (struct option){texts[i].name, required_argument, NULL, (int)(OPT_TEXT + i)};
	for (size_t i = 0; i < SK_COUNT(lists); i++)
		options[count++] = (struct option){lists[i].name, required_argument, NULL, (int)(OPT_LIST + i)};
	const char *folder = getenv("SEKISHO_DIR");
	args->folder = folder != NULL ? folder : ".";
	args->until_ns = INT64_MAX;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == OPT_HELP)
			*help = true;
		else if (!take_option(args, option))
			return false;
	}
	if (args->signature_count != 0) {
		args->actor.signature = args->signatures[0];
		args->actor.by = args->by_count != 0 ? args->by[0] : NULL;
	}
	return args->signature_count == args->by_count;
}

/* ---- keys ---- */

enum sk_err sk_access_key_of(const char *text, struct sk_verify_key *out, struct sk_fault *fault)
{
	struct sk_buf file;
	struct sk_fault ignored;
	if (sk_verify_key_parse(text, out) == SK_OK || sk_ssh_key_parse(text, strlen(text), out) == SK_OK)
		return SK_OK;
	/* A file with the text of a verifier key; whatever else it holds, the signer knows. */
	sk_buf_init(&file, KEY_FILE_MAX);
	bool found = false;
	if (sk_file_read(text, &file, &ignored) == SK_OK && file.length != 0) {
		char *line = (char *)file.bytes;
		*(line + strcspn(line, "\r\n")) = '\0';
		found = sk_verify_key_parse(line, out) == SK_OK;
	}
	sk_buf_fini(&file);
	if (found)
		return SK_OK;
	if (!sk_file_exists(text))
		return sk_fault_set(fault, SK_ENOENT, "'%.100s': expected a verifier key (name+id+base64), an SSH public key (ssh-ed25519 ...), or a file with one", text);
	return sk_signer_public(text, out, fault);
}

/* ---- one act ---- */

static enum sk_err latest_time(struct sk_register *reg, int64_t clock_ns, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	struct sk_factors *factors = NULL;
	reg->now_ns = sk_access_now(reg->access, clock_ns);
	if (reg->centre.key == NULL || !sk_file_exists(sk_centre_path(&reg->centre, "access.db", db)))
		return SK_OK;
	SK_TRY(sk_factors_open(db, sk_centre_path(&reg->centre, "keys/access.key", key), &factors, fault));
	enum sk_err err = sk_factors_now(factors, reg->now_ns, &reg->now_ns, fault);
	sk_factors_close(factors);
	sk_access_seen(reg->access, reg->now_ns);
	return err;
}

enum sk_err sk_register_open(const struct sk_access_args *args, bool write, struct sk_register *out, struct sk_fault *fault)
{
	const char *why;
	*out = (struct sk_register){0};
	SK_TRY(sk_centre_open(args->folder, write, &out->centre, fault));
	enum sk_err err = sk_access_open(out->centre.docket, &out->access, fault);
	if (err == SK_OK)
		err = latest_time(out, args->cmd->clock.unix_ns(args->cmd->clock.context), fault);
	if (err != SK_OK) {
		sk_register_close(out);
		return err;
	}
	uint64_t void_acts = sk_access_void(out->access, &why);
	if (void_acts != 0)
		(void)fprintf(args->cmd->err, "sekisho: %" PRIu64 " acts of the register were not allowed and have no effect; the first: %s\n", void_acts, why);
	return SK_OK;
}

void sk_register_close(struct sk_register *reg)
{
	sk_access_close(reg->access);
	reg->access = NULL;
	sk_centre_close(&reg->centre);
}

/* The signature lines of a note over the same statement, behind what is there. */
static enum sk_err add_lines(struct sk_buf *note, size_t statement_length, const struct sk_buf *other, struct sk_fault *fault)
{
	sk_buf_add(note, other->bytes + statement_length + 1, other->length - statement_length - 1);
	return note->failed == SK_OK ? SK_OK : sk_fault_set(fault, note->failed, "too many signatures for one note");
}

static enum sk_err add_hand(struct sk_buf *note, const char *statement, size_t length, const char *key, const char *signature, const char *by, struct sk_fault *fault)
{
	struct sk_buf other, bytes;
	struct sk_verify_key public_key;
	enum sk_err err = SK_OK;
	sk_buf_init(&other, SK_NOTE_MAX);
	sk_buf_init(&bytes, SK_NOTE_MAX);
	if (key != NULL)
		err = sk_signer_sign(key, statement, length, &other, fault);
	else
		err = sk_access_key_of(by, &public_key, fault);
	if (err == SK_OK && key == NULL)
		err = sk_file_read(signature, &bytes, fault);
	if (err == SK_OK && key == NULL)
		err = sk_signer_take(statement, length, sk_buf_text(&bytes), bytes.length, &public_key, &other, fault);
	if (err == SK_OK)
		err = add_lines(note, length, &other, fault);
	sk_buf_fini(&bytes);
	sk_buf_fini(&other);
	return err;
}

/* Everybody else who signs: further keys here, further signatures from elsewhere. */
static enum sk_err add_hands(struct sk_buf *note, const struct sk_access_args *args, struct sk_fault *fault)
{
	struct sk_note parsed;
	SK_TRY(sk_note_parse(sk_buf_text(note), note->length, &parsed, fault));
	char *statement = strndup(parsed.body, parsed.body_length);
	enum sk_err err = statement != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; err == SK_OK && i < args->cosign_count; i++)
		err = add_hand(note, statement, parsed.body_length, args->cosign[i], NULL, NULL, fault);
	for (size_t i = 1; err == SK_OK && i < args->signature_count; i++)
		err = add_hand(note, statement, parsed.body_length, NULL, args->signatures[i], args->by[i], fault);
	free(statement);
	return err;
}

static enum sk_err put_act(struct sk_register *reg, const struct sk_buf *note, struct sk_act *act, uint64_t *leaf, struct sk_fault *fault)
{
	struct sk_note parsed;
	struct sk_act_facts facts = {0};
	struct sk_receipt receipt = {0};
	/* Hands were added behind it, so the note may have moved. */
	SK_TRY(sk_note_parse(sk_buf_text(note), note->length, &parsed, fault));
	SK_TRY(sk_act_read(parsed.body, parsed.body_length, act, fault));
	if (act->time_ns > reg->now_ns + ahead_ns || act->time_ns < reg->now_ns - old_ns)
		return sk_fault_set(fault, SK_EUSAGE, "the statement's time is not near the centre's clock: write it out anew, and sign it within a day");
	SK_TRY(sk_access_judge(reg->access, sk_buf_text(note), note->length, act, &facts, fault));
	SK_TRY(sk_docket_add(reg->centre.docket, sk_buf_text(note), note->length, &facts, &receipt, fault));
	*leaf = receipt.index;
	return SK_OK;
}

enum sk_err sk_register_statement(struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event, const char *body,
				  struct sk_buf *note, struct sk_act *act, bool *written, struct sk_fault *fault)
{
	struct sk_actor actor = args->actor;
	struct sk_verify_key by;
	char by_text[SK_VKEY_TEXT_MAX];
	if (actor.signature != NULL) {
		SK_TRY(sk_access_key_of(actor.by, &by, fault));
		actor.by = sk_verify_key_format(&by, by_text);
	}
	return sk_centre_statement(&reg->centre, &actor, matter, id, event, body, reg->now_ns, note, act, written, fault);
}

enum sk_err sk_register_enter(struct sk_register *reg, const struct sk_access_args *args, struct sk_buf *note, bool *written, uint64_t *leaf, struct sk_fault *fault)
{
	struct sk_act act = {.time_ns = 0};
	*written = false;
	SK_TRY(add_hands(note, args, fault));
	if (reg->hold)
		SK_TRY(sk_joint_merge(reg, note, fault));
	enum sk_err err = put_act(reg, note, &act, leaf, fault);
	if (err == SK_OK && reg->hold)
		sk_joint_done(reg, note);
	if (err == SK_OK || !reg->hold || !sk_joint_could(reg, note, &act, err))
		return err;
	reg->missing = *fault;
	SK_TRY(sk_joint_keep(reg, note, fault));
	*written = true;
	return SK_OK;
}

enum sk_err sk_register_act(struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event, const char *body,
			    bool *written, uint64_t *leaf, struct sk_fault *fault)
{
	struct sk_buf note;
	struct sk_act act;
	SK_TRY(sk_register_statement(reg, args, matter, id, event, body, &note, &act, written, fault));
	if (*written)
		return SK_OK;
	enum sk_err err = sk_register_enter(reg, args, &note, written, leaf, fault);
	sk_buf_fini(&note);
	return err;
}

static void say_waits(const struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event)
{
	struct sk_buf out;
	struct sk_json_writer w;
	if (!args->json) {
		(void)fprintf(args->cmd->out, "%s: waits for others' signatures (%s)\nnext    sekisho access sign %s --key KEY, within a day\n", id, reg->missing.line, reg->waits);
		return;
	}
	sk_buf_init(&out, SK_NOTE_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "matter", matter);
	sk_json_text(&w, "id", id);
	sk_json_text(&w, "event", event);
	sk_json_text(&w, "waits", reg->waits);
	sk_json_text(&w, "missing", reg->missing.line);
	sk_json_end(&w);
	(void)sk_access_print(args, &out);
}

enum sk_err sk_register_told(struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event, bool written, uint64_t leaf,
			     const char *done, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	if (reg->waits[0] != '\0') {
		say_waits(reg, args, matter, id, event);
		return SK_OK;
	}
	if (written) {
		(void)fprintf(args->cmd->out, "%s: what is to be signed; then again with --statement %s --signature FILE --by KEY for each who signed\n", args->actor.to_sign, args->actor.to_sign);
		return SK_OK;
	}
	if (strcmp(matter, "account") == 0 || strcmp(matter, "org") == 0)
		err = sk_register_settle(reg, fault);
	if (args->json)
		(void)fprintf(args->cmd->out, "{\"matter\":\"%s\",\"id\":\"%s\",\"event\":\"%s\",\"leaf\":%" PRIu64 "}\n", matter, id, event, leaf);
	else
		(void)fprintf(args->cmd->out, "%s: %s (leaf %" PRIu64 ")\n", id, done, leaf);
	if (err != SK_OK)
		(void)fprintf(args->cmd->err, "sekisho: the act stands (leaf %" PRIu64 "), and signing in is not in line with it\n", leaf);
	return err;
}

int sk_access_run_act(const struct sk_access_args *args, const char *matter, const char *id, const char *event, const struct sk_buf *body, const char *done)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	bool written = false;
	uint64_t leaf = 0;
	if (body->failed != SK_OK)
		return sk_access_usage(args, "a text is too long, or no UTF-8");
	enum sk_err err = sk_register_open(args, true, &reg, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	reg.hold = args->hold;
	err = sk_register_act(&reg, args, matter, id, event, sk_buf_text(body), &written, &leaf, &fault);
	if (err == SK_OK)
		err = sk_register_told(&reg, args, matter, id, event, written, leaf, done, &fault);
	sk_register_close(&reg);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}

int sk_access_print(const struct sk_access_args *args, struct sk_buf *out)
{
	bool good = out->failed == SK_OK;
	if (good)
		(void)fprintf(args->cmd->out, "%s\n", sk_buf_text(out));
	sk_buf_fini(out);
	return good ? 0 : sk_err_exit(SK_ENOMEM);
}

int sk_cmd_access(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct sk_access_args *args);
	} verbs[] = {{"init", sk_access_init},       {"panel", sk_access_panel_cmd},     {"org", sk_access_org_cmd},
		     {"account", sk_access_account_cmd}, {"role", sk_access_role_cmd},       {"key", sk_access_key_cmd},
		     {"waiting", sk_access_waiting_cmd}, {"sign", sk_access_sign_cmd},         {"drop", sk_access_drop_cmd},
		     {"enrol", sk_access_enrol_cmd}, {"lease", sk_access_lease_cmd}, {"may", sk_access_may_cmd},         {"activities", sk_access_table_cmd},
		     {"factor", sk_access_factor_cmd}, {"session", sk_access_session_cmd}, {"credential", sk_access_credential_cmd}, {"log", sk_access_log_cmd}};
	struct sk_access_args args = {.cmd = cmd};
	bool help = false;
	if (!parse_args(&args, argc, argv, &help))
		return sk_access_usage(&args, "unknown or incomplete option (each --signature needs its --by)");
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	if (sk_seal_start() != SK_OK)
		return sk_err_exit(SK_EIO);
	for (size_t i = 0; i < SK_COUNT(verbs) && optind < argc; i++)
		if (strcmp(argv[optind], verbs[i].name) == 0) {
			args.words = argv + optind + 1;
			args.word_count = argc - optind - 1;
			return verbs[i].run(&args);
		}
	return sk_access_usage(&args, "expected init, panel, org, account, role, key, waiting, sign, drop, enrol, lease, may, activities, factor, session, credential or log");
}
