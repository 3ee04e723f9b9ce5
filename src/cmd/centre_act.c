/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/centre_act.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/signer.h"

enum { SIGNATURE_MAX = 65536, NOTE_MAX = SK_ACT_TEXT_MAX + SIGNATURE_MAX };

static enum sk_err make(struct sk_centre *centre, const char *matter, const char *id, const char *event, const char *body, int64_t now_ns, struct sk_buf *out,
			struct sk_fault *fault)
{
	struct sk_act act = {.time_ns = now_ns, .body = body, .body_length = strlen(body)};
	char state[SK_ACT_WORD_MAX];
	bool found;
	if (strlen(matter) >= sizeof act.matter || strlen(id) >= sizeof act.id || strlen(event) >= sizeof act.event)
		return sk_fault_set(fault, SK_EUSAGE, "'%.80s': expected one word of at most %d characters", id, SK_MATTER_ID_MAX - 1);
	memcpy(act.matter, matter, strlen(matter) + 1);
	memcpy(act.id, id, strlen(id) + 1);
	memcpy(act.event, event, strlen(event) + 1);
	memcpy(act.policy, centre->policy, SK_HASH_BYTES);
	SK_TRY(sk_docket_last(centre->docket, matter, id, act.previous, state, &found, fault));
	sk_act_write(&act, out);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "%s '%s', %s: the statement cannot be written: a word is out of form, or it is too long", matter, id, event);
}

/* The statement that was written out before, and a signature made elsewhere. */
static enum sk_err take(const struct sk_actor *actor, struct sk_buf *note, struct sk_fault *fault)
{
	struct sk_buf statement, signature;
	struct sk_verify_key by;
	if (actor->statement == NULL || actor->by == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--signature also needs --statement FILE (what was signed) and --by KEY (whose signature it is)");
	if (sk_verify_key_parse(actor->by, &by) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--by: expected a verifier key name+id+base64");
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	sk_buf_init(&signature, SIGNATURE_MAX);
	enum sk_err err = sk_file_read(actor->statement, &statement, fault);
	if (err == SK_OK)
		err = sk_file_read(actor->signature, &signature, fault);
	if (err == SK_OK)
		err = sk_signer_take(sk_buf_text(&statement), statement.length, sk_buf_text(&signature), signature.length, &by, note, fault);
	sk_buf_fini(&signature);
	sk_buf_fini(&statement);
	return err;
}

static enum sk_err sign(struct sk_centre *centre, const struct sk_actor *actor, const char *matter, const char *id, const char *event, const char *body, int64_t now_ns,
			struct sk_buf *note, bool *written, struct sk_fault *fault)
{
	const char *key = actor->key != NULL ? actor->key : getenv("SEKISHO_KEY");
	struct sk_buf statement;
	if (key == NULL && actor->to_sign == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "who acts? --key FILE (or SEKISHO_KEY) names the key; --to-sign FILE writes out what is to be signed");
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	enum sk_err err = make(centre, matter, id, event, body, now_ns, &statement, fault);
	if (err == SK_OK && actor->to_sign != NULL) {
		*written = true;
		err = sk_file_replace(actor->to_sign, statement.bytes, statement.length, 0600, fault);
	} else if (err == SK_OK) {
		err = sk_signer_sign(key, sk_buf_text(&statement), statement.length, note, fault);
	}
	sk_buf_fini(&statement);
	return err;
}

/* A statement that was signed elsewhere must be of the step that the command line names. */
static enum sk_err is_this(const struct sk_act *act, const char *matter, const char *id, const char *event, struct sk_fault *fault)
{
	if (strcmp(act->matter, matter) == 0 && strcmp(act->id, id) == 0 && strcmp(act->event, event) == 0)
		return SK_OK;
	return sk_fault_set(fault, SK_EUSAGE, "--statement: it is '%s %s %s', and the command says '%s %s %s'", act->matter, act->id, act->event, matter, id, event);
}

enum sk_err sk_centre_statement(struct sk_centre *centre, const struct sk_actor *actor, const char *matter, const char *id, const char *event, const char *body,
				int64_t now_ns, struct sk_buf *note, struct sk_act *act, bool *written, struct sk_fault *fault)
{
	struct sk_note parsed;
	*written = false;
	sk_buf_init(note, NOTE_MAX);
	enum sk_err err = actor->signature != NULL ? take(actor, note, fault) : sign(centre, actor, matter, id, event, body, now_ns, note, written, fault);
	if (err == SK_OK && !*written)
		err = sk_note_parse(sk_buf_text(note), note->length, &parsed, fault);
	if (err == SK_OK && !*written)
		err = sk_act_read(parsed.body, parsed.body_length, act, fault);
	if (err == SK_OK && !*written)
		err = is_this(act, matter, id, event, fault);
	if (err != SK_OK || *written)
		sk_buf_fini(note);
	return err;
}
