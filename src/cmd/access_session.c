/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access session: what a room that people see through a browser does with the same calls, by hand. The token lies in a file (0600), never on a command
   line. rule: ACCESS-11 */
#include <stdio.h>

#include "access/list.h"
#include "cmd/access.h"
#include "text/text.h"

struct account_search {
	const char *id;
	bool open;
};

static void find_open(void *context, const struct sk_account_view *account)
{
	struct account_search *search = context;
	search->open = search->open || (strcmp(account->id, search->id) == 0 && account->until_ns == INT64_MAX);
}

/* A session of an account that was closed since is over. */
static enum sk_err account_open(struct sk_factor_job *job, const char *account)
{
	struct account_search search = {.id = account};
	sk_access_each_account(job->reg.access, job->reg.now_ns, find_open, &search);
	return search.open ? SK_OK : sk_fault_set(&job->fault, SK_EFACTOR, "%s: no such account, or it is closed", account);
}

static enum sk_err read_token(struct sk_factor_job *job, char token[SK_SESSION_TOKEN_MAX])
{
	struct sk_buf text;
	if (job->args->token_file == NULL)
		return sk_fault_set(&job->fault, SK_EUSAGE, "--token-file FILE is missing");
	enum sk_err err = sk_factor_secret(job->args->token_file, &text, &job->fault);
	if (err == SK_OK)
		(void)snprintf(token, SK_SESSION_TOKEN_MAX, "%s", sk_buf_text(&text));
	sk_buf_fini(&text);
	return err;
}

/* Password, and a code where the account has one. */
static enum sk_err first_factors(struct sk_factor_job *job, const char *account)
{
	const struct sk_access_args *args = job->args;
	struct sk_buf password;
	bool codes;
	SK_TRY(account_open(job, account));
	SK_TRY(sk_factors_has(job->factors, account, "totp", &codes, &job->fault));
	enum sk_err err = sk_factor_secret(args->password_file, &password, &job->fault);
	if (err == SK_OK)
		err = sk_password_check(job->factors, account, sk_buf_text(&password), password.length, job->reg.now_ns, &job->fault);
	sk_buf_fini(&password);
	if (err == SK_OK && codes && args->code == NULL)
		err = sk_fault_set(&job->fault, SK_EFACTOR, "%s: has one-time codes: --code CODE is missing", account);
	if (err == SK_OK && args->code != NULL)
		err = sk_totp_check(job->factors, account, args->code, job->reg.now_ns, &job->fault);
	return err;
}

static enum sk_err begin(struct sk_factor_job *job, const char *account)
{
	char token[SK_SESSION_TOKEN_MAX], line[SK_SESSION_TOKEN_MAX + 1];
	if (job->args->token_file == NULL)
		return sk_fault_set(&job->fault, SK_EUSAGE, "--token-file FILE is missing: where the token goes");
	SK_TRY(first_factors(job, account));
	SK_TRY(sk_session_begin(job->factors, account, job->reg.now_ns, token, &job->fault));
	int size = snprintf(line, sizeof line, "%s\n", token);
	enum sk_err err = sk_file_replace(job->args->token_file, line, (size_t)size, 0600, &job->fault);
	sk_wipe(token, sizeof token);
	sk_wipe(line, sizeof line);
	if (err == SK_OK)
		(void)fprintf(job->args->cmd->out, "%s: session begun, token in %s (0600)\n", account, job->args->token_file);
	return err;
}

/* A second factor for exactly this digest: a code, or an assertion whose challenge was for it. */
static enum sk_err second_factor(struct sk_factor_job *job, const char *account, const uint8_t digest[SK_HASH_BYTES])
{
	const struct sk_access_args *args = job->args;
	struct sk_webauthn_party party = {args->rp_id, args->origin, true};
	struct sk_buf response;
	uint8_t approves[SK_HASH_BYTES];
	if (args->code != NULL)
		return sk_totp_check(job->factors, account, args->code, job->reg.now_ns, &job->fault);
	if (args->response == NULL || args->rp_id == NULL || args->origin == NULL)
		return sk_fault_set(&job->fault, SK_EUSAGE, "a second factor is missing: --code CODE, or --response FILE with --rp-id and --origin");
	sk_buf_init(&response, SK_WEBAUTHN_TEXT_MAX);
	enum sk_err err = sk_file_read(args->response, &response, &job->fault);
	if (err == SK_OK)
		err = sk_webauthn_check(job->factors, account, &party, sk_buf_text(&response), response.length, job->reg.now_ns, approves, &job->fault);
	sk_buf_fini(&response);
	if (err == SK_OK && memcmp(approves, digest, SK_HASH_BYTES) != 0)
		err = sk_fault_set(&job->fault, SK_EFACTOR, "%s: this assertion was made for something else", account);
	return err;
}

static enum sk_err go_on(struct sk_factor_job *job, const char *verb)
{
	char token[SK_SESSION_TOKEN_MAX], account[SK_MATTER_ID_MAX];
	uint8_t digest[SK_HASH_BYTES];
	bool wants_digest = strcmp(verb, "step-up") == 0 || strcmp(verb, "approve") == 0;
	if (wants_digest && (job->args->digest == NULL || sk_hex_decode(job->args->digest, digest, sizeof digest) != SK_OK))
		return sk_fault_set(&job->fault, SK_EUSAGE, "--digest: expected 64 hexadecimal digits: what is approved");
	SK_TRY(read_token(job, token));
	if (strcmp(verb, "end") == 0)
		return sk_session_end(job->factors, token, &job->fault);
	SK_TRY(sk_session_check(job->factors, token, job->reg.now_ns, account, &job->fault));
	SK_TRY(account_open(job, account));
	if (strcmp(verb, "step-up") == 0) {
		SK_TRY(second_factor(job, account, digest));
		SK_TRY(sk_session_step_up(job->factors, token, digest, job->reg.now_ns, &job->fault));
	}
	if (strcmp(verb, "approve") == 0)
		SK_TRY(sk_session_approve(job->factors, token, digest, job->reg.now_ns, &job->fault));
	(void)fprintf(job->args->cmd->out, "%s: %s\n", account, strcmp(verb, "approve") == 0 ? "may approve this, once" : strcmp(verb, "step-up") == 0 ? "second factor taken" : "in force");
	return SK_OK;
}

int sk_access_session_cmd(const struct sk_access_args *args)
{
	struct sk_factor_job job;
	const char *verb = args->word_count != 0 ? args->words[0] : "";
	bool begins = args->word_count == 2 && strcmp(verb, "begin") == 0;
	if (!begins && (args->word_count != 1 || (strcmp(verb, "check") != 0 && strcmp(verb, "step-up") != 0 && strcmp(verb, "approve") != 0 && strcmp(verb, "end") != 0)))
		return sk_access_usage(args, "session: expected begin ACCOUNT --password-file FILE [--code CODE], check, step-up|approve --digest HEX, or end; each with --token-file FILE");
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	return sk_factor_job_close(&job, begins ? begin(&job, args->words[1]) : go_on(&job, verb));
}
