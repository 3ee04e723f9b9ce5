/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho access enrol: a security key for somebody who has none here yet, at the desk of whoever administers. It stands beside the register until an act names its key. */
#include <string.h>

#include "cmd/access_joint.h"
#include "cmd/session.h"

static enum sk_err may_enrol(struct sk_register *reg, const struct sk_person *person, struct sk_fault *fault)
{
	if (person->oversight)
		return SK_OK;
	return sk_access_may(reg->access, person, "access.grant", reg->now_ns, fault);
}

struct offered {
	struct sk_buf texts; /* keys that wait for this account, a line each */
};

static void note_key(void *context, const struct sk_webauthn_credential *credential)
{
	struct offered *offered = context;
	char text[SK_VKEY_TEXT_MAX];
	if (credential->key.kind != SK_KEY_ASSIGNED)
		sk_buf_addf(&offered->texts, "%s\n", sk_verify_key_format(&credential->key, text));
}

/* The key that is there now and was not before. */
static const char *added(const struct offered *before, const struct offered *after, char key[SK_VKEY_TEXT_MAX])
{
	const char *line = sk_buf_text(&after->texts);
	key[0] = '\0';
	for (size_t length; *line != '\0'; line += length + 1) {
		length = strcspn(line, "\n");
		if (length >= SK_VKEY_TEXT_MAX)
			continue;
		memcpy(key, line, length);
		key[length] = '\0';
		if (strstr(sk_buf_text(&before->texts), key) == NULL)
			return key;
	}
	return NULL;
}

static enum sk_err enrol(struct sk_factor_job *job, const char *account, const char *text, size_t length, char key[SK_VKEY_TEXT_MAX])
{
	const struct sk_access_args *args = job->args;
	struct sk_webauthn_party party = {args->rp_id, args->origin, true};
	struct sk_person person;
	struct offered before, after;
	SK_TRY(sk_cmd_session_person(&job->reg.centre, job->reg.access, job->reg.now_ns, &person, &job->fault));
	SK_TRY(may_enrol(&job->reg, &person, &job->fault));
	sk_buf_init(&before.texts, SK_NOTE_MAX);
	sk_buf_init(&after.texts, SK_NOTE_MAX);
	enum sk_err err = sk_enrolled_each(job->factors, account, args->rp_id, note_key, &before, &job->fault);
	if (err == SK_OK)
		err = sk_webauthn_enrol(job->factors, person.account, account, &party, text, length, job->reg.now_ns, &job->fault);
	if (err == SK_OK)
		err = sk_enrolled_each(job->factors, account, args->rp_id, note_key, &after, &job->fault);
	if (err == SK_OK && added(&before, &after, key) == NULL)
		err = sk_fault_set(&job->fault, SK_EUNSUPPORTED, "%s: this security key makes no Ed25519 or ES256 key, so it signs no acts", account);
	sk_buf_fini(&before.texts);
	sk_buf_fini(&after.texts);
	return err;
}

int sk_access_enrol_cmd(const struct sk_access_args *args)
{
	struct sk_factor_job job;
	struct sk_buf response;
	char key[SK_VKEY_TEXT_MAX] = "";
	if (args->word_count != 1 || args->response == NULL || args->rp_id == NULL || args->origin == NULL)
		return sk_access_usage(args, "enrol ACCOUNT: --response FILE, --rp-id ID and --origin URL are needed");
	if (!sk_factor_job_open(&job, args, false))
		return sk_cmd_fail(args->cmd, &job.fault);
	sk_buf_init(&response, SK_WEBAUTHN_TEXT_MAX);
	enum sk_err err = sk_file_read(args->response, &response, &job.fault);
	if (err == SK_OK)
		err = enrol(&job, args->words[0], sk_buf_text(&response), response.length, key);
	if (err == SK_OK && args->json)
		(void)fprintf(args->cmd->out, "{\"account\":\"%s\",\"key\":\"%s\"}\n", args->words[0], key);
	else if (err == SK_OK)
		(void)fprintf(args->cmd->out, "%s\nnext    sekisho access account add %s --account-key KEY, or key add %s KEY; it is forgotten after a day\n", key, args->words[0], args->words[0]);
	sk_buf_fini(&response);
	return sk_factor_job_close(&job, err);
}

/* ---- after the register changed ---- */

enum sk_err sk_register_settle(struct sk_register *reg, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	struct sk_factors *factors = NULL;
	struct sk_access *now = NULL;
	uint64_t admitted, dropped;
	if (!sk_file_exists(sk_centre_path(&reg->centre, "access.db", db)))
		return SK_OK;
	SK_TRY(sk_access_open(reg->centre.docket, &now, fault));
	sk_access_close(reg->access);
	reg->access = now;
	SK_TRY(sk_factors_open(db, sk_centre_path(&reg->centre, "keys/access.key", key), &factors, fault));
	enum sk_err err = sk_webauthn_settle(factors, reg->access, &admitted, &dropped, fault);
	sk_factors_close(factors);
	return err;
}
