/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access factor|credential: what proves who somebody is. Each change is an act, signed by whoever may; the values stay in access.db. */
#include <inttypes.h>
#include <stdlib.h>

#include "access/credential.h"
#include "cmd/access.h"
#include "cmd/session.h"
#include "text/text.h"

enum { OUT_MAX = 1 << 20, RESPONSE_MAX = SK_WEBAUTHN_TEXT_MAX };

bool sk_factor_job_open(struct sk_factor_job *job, const struct sk_access_args *args, bool write)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	*job = (struct sk_factor_job){.args = args};
	if (sk_register_open(args, write, &job->reg, &job->fault) != SK_OK)
		return false;
	enum sk_err err = sk_factors_open(sk_centre_path(&job->reg.centre, "access.db", db), sk_centre_path(&job->reg.centre, "keys/access.key", key), &job->factors,
					  &job->fault);
	if (err == SK_OK)
		err = sk_factors_now(job->factors, job->reg.now_ns, &job->reg.now_ns, &job->fault);
	if (err == SK_OK)
		return true;
	sk_factors_close(job->factors);
	sk_register_close(&job->reg);
	return false;
}

int sk_factor_job_close(struct sk_factor_job *job, enum sk_err err)
{
	sk_factors_close(job->factors);
	sk_register_close(&job->reg);
	return err == SK_OK ? 0 : sk_cmd_fail(job->args->cmd, &job->fault);
}

/* The act of a change; false in *go when the statement was written out to be signed. */
static enum sk_err act(struct sk_factor_job *job, const char *matter, const char *id, const char *event, const char *factor, bool *go)
{
	char body[64] = "{}";
	uint64_t leaf;
	bool written = false;
	if (factor != NULL)
		(void)snprintf(body, sizeof body, "{\"factor\":\"%s\"}", factor);
	enum sk_err err = sk_register_act(&job->reg, job->args, matter, id, event, body, &written, &leaf, &job->fault);
	*go = err == SK_OK && !written;
	if (written)
		(void)fprintf(job->args->cmd->out, "%s: what is to be signed\n", job->args->actor.to_sign);
	return err;
}

/* The first line of a file or of standard input ("-"): nothing is asked on a terminal, and nothing secret stands on a command line. */
enum sk_err sk_factor_secret(const char *path, struct sk_buf *out, struct sk_fault *fault)
{
	sk_buf_init(out, SK_PASSWORD_MAX + 2);
	if (path == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "a file with the secret is missing (--password-file FILE; '-': standard input)");
	if (strcmp(path, "-") != 0) {
		SK_TRY(sk_file_check_private(path, fault));
		SK_TRY(sk_file_read(path, out, fault));
	} else {
		for (int byte; (byte = fgetc(stdin)) != EOF && byte != '\n';)
			sk_buf_add_u8(out, (uint8_t)byte);
	}
	while (out->length != 0 && (out->bytes[out->length - 1] == '\n' || out->bytes[out->length - 1] == '\r'))
		out->bytes[--out->length] = '\0';
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "a password has at most %d bytes", SK_PASSWORD_MAX);
}

/* ---- passwords and codes ---- */

/* A session that somebody left open, or took, must not become an account: who changes what it was begun with gives the password that is in force. At a terminal the
   holder's key alone is enough: that is the way back for who has forgotten his. */
//= rule: ACCESS-14
static enum sk_err prove(struct sk_factor_job *job, const char *account)
{
	const char *path = job->args->old_password_file;
	struct sk_buf password;
	bool set;
	SK_TRY(sk_factors_has(job->factors, account, "password", &set, &job->fault));
	if (!set || (path == NULL && !sk_cmd_session()))
		return SK_OK;
	if (path == NULL)
		return sk_fault_set(&job->fault, SK_EFACTOR, "%s: the password that is in force is missing (--old-password-file FILE)", account);
	enum sk_err err = sk_factor_secret(path, &password, &job->fault);
	if (err == SK_OK)
		err = sk_password_check(job->factors, account, sk_buf_text(&password), password.length, job->reg.now_ns, &job->fault);
	sk_buf_fini(&password);
	return err;
}

static int set_password(const struct sk_access_args *args, const char *account)
{
	struct sk_factor_job job;
	struct sk_buf password;
	bool go = false;
	uint64_t ended = 0;
	if (!sk_factor_job_open(&job, args, true))
		return sk_cmd_fail(args->cmd, &job.fault);
	enum sk_err err = sk_factor_secret(args->password_file, &password, &job.fault);
	if (err == SK_OK)
		err = prove(&job, account);
	if (err == SK_OK)
		err = sk_password_judge(account, sk_buf_text(&password), password.length, args->breached, &job.fault);
	if (err == SK_OK)
		err = act(&job, "factor", account, "set", "password", &go);
	if (go)
		err = sk_password_set(job.factors, account, sk_buf_text(&password), password.length, args->breached, job.reg.now_ns, &job.fault);
	if (err == SK_OK && go)
		err = sk_session_end_others(job.factors, account, sk_cmd_session_token(), &ended, &job.fault);
	if (err == SK_OK && go)
		(void)fprintf(args->cmd->out, "%s: password set, %" PRIu64 " other sessions ended%s\n", account, ended,
			      args->breached == NULL ? " (no list of breached ones was looked at: --breached PATH)" : "");
	sk_buf_fini(&password);
	return sk_factor_job_close(&job, err);
}

static int set_totp(const struct sk_access_args *args, const char *account)
{
	struct sk_factor_job job;
	char uri[SK_TOTP_URI_MAX];
	bool go = false;
	if (!sk_factor_job_open(&job, args, true))
		return sk_cmd_fail(args->cmd, &job.fault);
	enum sk_err err = prove(&job, account);
	if (err == SK_OK)
		err = act(&job, "factor", account, "set", "totp", &go);
	if (go)
		err = sk_totp_new(job.factors, account, job.reg.centre.origin, job.reg.now_ns, uri, &job.fault);
	if (err == SK_OK && go)
		(void)fprintf(args->cmd->out, "%s\n", uri);
	sk_wipe(uri, sizeof uri);
	return sk_factor_job_close(&job, err);
}

static int check(const struct sk_access_args *args, const char *account)
{
	struct sk_factor_job job;
	struct sk_buf password;
	if (args->password_file == NULL && args->code == NULL)
		return sk_access_usage(args, "factor check ACCOUNT: --password-file FILE or --code CODE is missing");
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	sk_buf_init(&password, 1);
	enum sk_err err = args->password_file != NULL ? sk_factor_secret(args->password_file, &password, &job.fault) : SK_OK;
	if (err == SK_OK && args->password_file != NULL)
		err = sk_password_check(job.factors, account, sk_buf_text(&password), password.length, job.reg.now_ns, &job.fault);
	if (err == SK_OK && args->code != NULL)
		err = sk_totp_check(job.factors, account, args->code, job.reg.now_ns, &job.fault);
	if (err == SK_OK)
		(void)fprintf(args->cmd->out, "%s: right\n", account);
	sk_buf_fini(&password);
	return sk_factor_job_close(&job, err);
}

/* ---- WebAuthn ---- */

static int challenge(const struct sk_access_args *args, const char *account)
{
	struct sk_factor_job job;
	uint8_t bytes[SK_CHALLENGE_BYTES], digest[SK_HASH_BYTES];
	char text[SK_BASE64_32_MAX];
	if (args->digest != NULL && sk_hex_decode(args->digest, digest, sizeof digest) != SK_OK)
		return sk_access_usage(args, "--digest: expected 64 hexadecimal digits");
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	enum sk_err err = sk_webauthn_challenge(job.factors, account, args->digest != NULL ? digest : NULL, job.reg.now_ns, bytes, &job.fault);
	if (err == SK_OK) {
		sk_base64_encode(bytes, sizeof bytes, text);
		for (char *at = text; *at != '\0'; at++)
			*at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
		(void)fprintf(args->cmd->out, "%s\n", text);
	}
	return sk_factor_job_close(&job, err);
}

static int answer(const struct sk_access_args *args, const char *account, bool registering)
{
	struct sk_factor_job job;
	struct sk_buf response;
	struct sk_webauthn_party party = {args->rp_id, args->origin, true};
	uint8_t approves[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	bool go = !registering;
	if (args->response == NULL || args->rp_id == NULL || args->origin == NULL)
		return sk_access_usage(args, "factor webauthn: --response FILE, --rp-id ID and --origin URL are needed");
	if (!sk_factor_job_open(&job, args, registering))
		return sk_cmd_fail(args->cmd, &job.fault);
	sk_buf_init(&response, RESPONSE_MAX);
	enum sk_err err = sk_file_read(args->response, &response, &job.fault);
	if (err == SK_OK && registering)
		err = act(&job, "factor", account, "set", "webauthn", &go);
	if (err == SK_OK && go)
		err = registering ? sk_webauthn_register(job.factors, account, &party, sk_buf_text(&response), response.length, job.reg.now_ns, &job.fault)
				  : sk_webauthn_check(job.factors, account, &party, sk_buf_text(&response), response.length, job.reg.now_ns, approves, &job.fault);
	sk_buf_fini(&response);
	if (err == SK_OK && go && registering)
		(void)fprintf(args->cmd->out, "%s: credential taken\n", account);
	if (err == SK_OK && !registering) {
		sk_hex_encode(approves, sizeof approves, hex);
		(void)fprintf(args->cmd->out, "%s: right; approves %s\n", account, sk_count_nonzero(approves, sizeof approves) != 0 ? hex : "nothing");
	}
	return sk_factor_job_close(&job, err);
}

/* ---- listing, removal ---- */

struct lines {
	struct sk_buf out;
	struct sk_json_writer json;
	bool as_json;
	int64_t now_ns;
};

static void begin_lines(struct lines *lines, const struct sk_access_args *args)
{
	*lines = (struct lines){.as_json = args->json};
	sk_buf_init(&lines->out, OUT_MAX);
	sk_json_begin(&lines->json, &lines->out, false);
	if (args->json)
		sk_json_array(&lines->json, NULL);
}

static void print_lines(struct lines *lines, const struct sk_access_args *args)
{
	if (args->json)
		sk_json_end(&lines->json);
	if (lines->out.length == 0)
		sk_buf_add_text(&lines->out, "none");
	(void)sk_access_print(args, &lines->out);
}

static void show_factor(void *context, const char *account, const char *kind, int64_t since_ns)
{
	struct lines *lines = context;
	char when[SK_TIME_TEXT_MAX];
	if (!lines->as_json) {
		sk_buf_addf(&lines->out, "%s%-20s %-9s since %s", lines->out.length != 0 ? "\n" : "", account, kind, sk_time_format(since_ns, 0, when));
		return;
	}
	sk_json_object(&lines->json, NULL);
	sk_json_text(&lines->json, "account", account);
	sk_json_text(&lines->json, "factor", kind);
	sk_json_text(&lines->json, "since", sk_time_format(since_ns, 0, when));
	sk_json_end(&lines->json);
}

static int list(const struct sk_access_args *args)
{
	struct sk_factor_job job;
	struct lines lines;
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	begin_lines(&lines, args);
	enum sk_err err = sk_factors_each(job.factors, args->account, show_factor, &lines, &job.fault);
	if (err == SK_OK)
		print_lines(&lines, args);
	else
		sk_buf_fini(&lines.out);
	return sk_factor_job_close(&job, err);
}

static void show_key(void *context, const struct sk_webauthn_credential *credential)
{
	struct lines *lines = context;
	char id[2 * SK_CREDENTIAL_ID_MAX + 1], key[SK_VKEY_TEXT_MAX] = "";
	if (credential->id_length > SK_CREDENTIAL_ID_MAX)
		return;
	sk_hex_encode(credential->id, credential->id_length, id);
	if (credential->key.kind != SK_KEY_ASSIGNED)
		(void)sk_verify_key_format(&credential->key, key);
	if (!lines->as_json) {
		sk_buf_addf(&lines->out, "%s%s", lines->out.length != 0 ? "\n" : "", key[0] != '\0' ? key : "a credential that signs no acts (RSA)");
		return;
	}
	sk_json_object(&lines->json, NULL);
	sk_json_text(&lines->json, "credential", id);
	if (key[0] != '\0')
		sk_json_text(&lines->json, "key", key);
	else
		sk_json_null(&lines->json, "key");
	sk_json_end(&lines->json);
}

/* The account's security keys as keys that sign acts: what sekisho access key add takes. */
static int keys(const struct sk_access_args *args, const char *account)
{
	struct sk_factor_job job;
	struct lines lines;
	if (args->rp_id == NULL)
		return sk_access_usage(args, "factor keys ACCOUNT: --rp-id ID is missing: the page's name that they are for");
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	begin_lines(&lines, args);
	enum sk_err err = sk_webauthn_each(job.factors, account, args->rp_id, show_key, &lines, &job.fault);
	if (err == SK_OK)
		print_lines(&lines, args);
	else
		sk_buf_fini(&lines.out);
	return sk_factor_job_close(&job, err);
}

static int take_away(const struct sk_access_args *args, const char *account, const char *factor)
{
	struct sk_factor_job job;
	bool go = false;
	uint64_t count = 0;
	if (!sk_factor_job_open(&job, args, true))
		return sk_cmd_fail(args->cmd, &job.fault);
	enum sk_err err = act(&job, "factor", account, "remove", factor, &go);
	if (go)
		err = sk_factors_remove(job.factors, account, factor, &count, &job.fault);
	if (err == SK_OK && go)
		(void)fprintf(args->cmd->out, "%s: %" PRIu64 " taken away, and every session ended\n", account, count);
	return sk_factor_job_close(&job, err);
}

int sk_access_factor_cmd(const struct sk_access_args *args)
{
	const char *verb = args->word_count != 0 ? args->words[0] : "list", *what = args->word_count > 1 ? args->words[1] : "";
	if (strcmp(verb, "list") == 0 && args->word_count <= 1)
		return list(args);
	if (strcmp(verb, "password") == 0 && args->word_count == 2)
		return set_password(args, what);
	if (strcmp(verb, "totp") == 0 && args->word_count == 2)
		return set_totp(args, what);
	if (strcmp(verb, "check") == 0 && args->word_count == 2)
		return check(args, what);
	if (strcmp(verb, "challenge") == 0 && args->word_count == 2)
		return challenge(args, what);
	if ((strcmp(verb, "register") == 0 || strcmp(verb, "assert") == 0) && args->word_count == 2)
		return answer(args, what, strcmp(verb, "register") == 0);
	if (strcmp(verb, "keys") == 0 && args->word_count == 2)
		return keys(args, what);
	if (strcmp(verb, "remove") == 0 && args->word_count == 3)
		return take_away(args, what, args->words[2]);
	return sk_access_usage(args, "factor: expected list, password|totp|check|challenge|register|assert|keys ACCOUNT, or remove ACCOUNT password|totp|webauthn");
}

/* ---- services ---- */

static void show_credential(void *context, const char *service, int64_t from_ns, int64_t until_ns)
{
	struct lines *lines = context;
	char from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX];
	if (until_ns <= lines->now_ns)
		return;
	if (!lines->as_json) {
		sk_buf_addf(&lines->out, "%s%-20s since %s%s%s", lines->out.length != 0 ? "\n" : "", service, sk_time_format(from_ns, 0, from),
			    until_ns != INT64_MAX ? ", ends " : "", until_ns != INT64_MAX ? sk_time_format(until_ns, 0, until) : "");
		return;
	}
	sk_json_object(&lines->json, NULL);
	sk_json_text(&lines->json, "service", service);
	sk_json_text(&lines->json, "since", sk_time_format(from_ns, 0, from));
	if (until_ns != INT64_MAX)
		sk_json_text(&lines->json, "until", sk_time_format(until_ns, 0, until));
	sk_json_end(&lines->json);
}

static int list_credentials(const struct sk_access_args *args)
{
	struct sk_factor_job job;
	struct lines lines;
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	begin_lines(&lines, args);
	lines.now_ns = job.reg.now_ns;
	enum sk_err err = sk_credential_each(job.factors, show_credential, &lines, &job.fault);
	if (err == SK_OK)
		print_lines(&lines, args);
	else
		sk_buf_fini(&lines.out);
	return sk_factor_job_close(&job, err);
}

static int check_credential(const struct sk_access_args *args, const char *service)
{
	struct sk_factor_job job;
	if (args->out == NULL)
		return sk_access_usage(args, "credential check SERVICE: --out FILE (the secret's file) is missing");
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	enum sk_err err = sk_credential_check(job.factors, service, args->out, job.reg.now_ns, &job.fault);
	if (err == SK_OK)
		(void)fprintf(args->cmd->out, "%s: in force\n", service);
	return sk_factor_job_close(&job, err);
}

static int change_credential(const struct sk_access_args *args, const char *event, const char *service)
{
	const int64_t second_ns = 1000000000, day_s = 86400;
	struct sk_factor_job job;
	bool go = false;
	uint64_t count = 0;
	if (args->out == NULL && strcmp(event, "revoke") != 0)
		return sk_access_usage(args, "credential %s SERVICE: --out FILE is missing", event);
	if (!sk_factor_job_open(&job, args, true))
		return sk_cmd_fail(args->cmd, &job.fault);
	enum sk_err err = act(&job, "credential", service, event, NULL, &go);
	if (go && strcmp(event, "new") == 0)
		err = sk_credential_new(job.factors, service, args->out, job.reg.now_ns, &job.fault);
	else if (go && strcmp(event, "rotate") == 0)
		err = sk_credential_rotate(job.factors, service, args->out, args->for_ns != 0 ? args->for_ns / second_ns : day_s, job.reg.now_ns, &job.fault);
	else if (go)
		err = sk_credential_revoke(job.factors, service, &count, &job.fault);
	if (err == SK_OK && go && strcmp(event, "revoke") == 0)
		(void)fprintf(args->cmd->out, "%s: %" PRIu64 " ended\n", service, count);
	else if (err == SK_OK && go)
		(void)fprintf(args->cmd->out, "%s: secret in %s (0600)\n", service, args->out);
	return sk_factor_job_close(&job, err);
}

int sk_access_credential_cmd(const struct sk_access_args *args)
{
	const char *verb = args->word_count != 0 ? args->words[0] : "list";
	if (strcmp(verb, "list") == 0 && args->word_count <= 1)
		return list_credentials(args);
	if (args->word_count == 2 && strcmp(verb, "check") == 0)
		return check_credential(args, args->words[1]);
	if (args->word_count == 2 && (strcmp(verb, "new") == 0 || strcmp(verb, "rotate") == 0 || strcmp(verb, "revoke") == 0))
		return change_credential(args, verb, args->words[1]);
	return sk_access_usage(args, "credential: expected list, new|rotate SERVICE --out FILE [--for OVERLAP], check SERVICE --out FILE, or revoke SERVICE");
}
