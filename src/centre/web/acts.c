/* SPDX-License-Identifier: Apache-2.0 */
/* Acts from a page. Prepare: the command writes out what is to be signed. Submit: the command judges what was signed, as any other. The server signs nothing and believes
   nothing: which key signed is found here only to say so to the command, which checks it again. docs/centre.md */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/act.h"
#include "seal/foreign.h"
#include "text/text.h"
#include "web/server_priv.h"

enum { LIFE_S = 86400, PATH_BYTES = 128, SIGNATURE_MAX = 65536, NOTE_MAX = SK_ACT_TEXT_MAX + SIGNATURE_MAX };

static const struct {
	const char *command, *words;
} japanese[] = {
#define SK_WEB_JA(command, words) {command, words},
#include "web/acts_ja.def"
#undef SK_WEB_JA
};

/* ---- the act's own row ---- */

/* The call of the act that the request names, with its parameters; ends in act, which the caller frees. */
static enum sk_err open_act(struct sk_web_call *call, struct sk_web_call **out)
{
	struct request *request = sk_web_request_of(call);
	const struct sk_web_row *row = sk_web_row_find(sk_web_text(call, "command"));
	const char *args = sk_web_text(call, "args"), *id = sk_web_text(call, "id");
	struct json_object *parsed = NULL;
	*out = NULL;
	if (row == NULL || row->method != SK_WEB_ACT)
		return sk_web_refuse(call, SK_ENOENT, "%s: no such act; /api/v1/openapi.json lists them under x-acts", sk_web_text(call, "command"));
	if (strcmp(row->duty, "session") != 0)
		SK_TRY(sk_web_sessions_may(request->web->sessions, &request->caller, row->duty, call->now_ns, &call->fault));
	struct sk_web_call *act = calloc(1, sizeof *act);
	if (act == NULL)
		return sk_web_refuse(call, SK_ENOMEM, "out of memory");
	sk_web_call_init(act, call->house, call->now_ns);
	act->row = row;
	act->person = call->person;
	act->request = request;
	enum sk_err err = SK_OK;
	if (args != NULL && (parsed = sk_web_json(args, strlen(args), &act->fault)) == NULL)
		err = act->fault.err;
	if (err == SK_OK && parsed != NULL)
		err = sk_web_take_object(act, parsed);
	json_object_put(parsed);
	for (size_t i = 0; i < row->param_count && err == SK_OK && id != NULL; i++)
		if (strcmp(row->params[i].name, "id") == 0 && sk_web_text(act, "id") == NULL)
			err = sk_web_take(act, &row->params[i], id, strlen(id));
	if (err == SK_OK)
		err = sk_web_complete(act);
	if (err != SK_OK) {
		call->fault = act->fault;
		sk_web_call_fini(act);
		free(act);
		return err;
	}
	*out = act;
	return SK_OK;
}

/* What the command said. A factor that it refused is an answer to who is signed in, not the end of his session. */
static enum sk_err ran(struct sk_web_call *call, const struct sk_web_call *act, enum sk_err err)
{
	if (err != SK_OK)
		call->fault = act->fault;
	if (err == SK_EFACTOR)
		sk_web_request_of(call)->status = MHD_HTTP_FORBIDDEN;
	return err;
}

static void close_act(struct sk_web_call *act)
{
	sk_web_call_fini(act);
	free(act);
}

/* ---- prepare ---- */

static void put_words(struct sk_json_writer *w, const struct sk_web_call *act, const struct sk_act *statement)
{
	char text[512];
	const char *words = act->row->summary;
	for (size_t i = 0; i < SK_COUNT(japanese); i++)
		if (strcmp(japanese[i].command, act->row->id) == 0)
			words = japanese[i].words;
	sk_json_object(w, "words");
	(void)snprintf(text, sizeof text, "%s: %s %s, step %s", act->row->summary, statement->matter, statement->id, statement->event);
	sk_json_text(w, "en", text);
	(void)snprintf(text, sizeof text, "%s：%s %s（%s）", words, statement->matter, statement->id, statement->event);
	sk_json_text(w, "ja", text);
	sk_json_end(w);
}

static void put_id(void *context, const struct sk_webauthn_credential *credential)
{
	char text[2 * SK_CREDENTIAL_ID_MAX];
	if (credential->id_length > SK_CREDENTIAL_ID_MAX || credential->key.kind == SK_KEY_ASSIGNED)
		return;
	(void)sodium_bin2base64(text, sizeof text, credential->id, credential->id_length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sk_json_text(context, NULL, text);
}

/* Which security keys may answer: those of the account that can sign acts. */
static enum sk_err put_credentials(struct sk_web_call *call)
{
	struct sk_web *web = sk_web_request_of(call)->web;
	struct sk_factors *factors = NULL;
	SK_TRY(sk_web_sessions_factors(web->sessions, &factors, &call->fault));
	sk_json_text(&call->json, "rp_id", web->options.rp_id);
	sk_json_array(&call->json, "credentials");
	enum sk_err err = sk_webauthn_each(factors, call->person->account, web->options.rp_id, put_id, &call->json, &call->fault);
	sk_json_end(&call->json);
	sk_factors_close(factors);
	return err;
}

static enum sk_err put_statement(struct sk_web_call *call, const struct sk_web_call *act, const struct sk_buf *text)
{
	struct sk_act statement;
	uint8_t digest[SK_HASH_BYTES];
	char challenge[2 * SK_HASH_BYTES], when[SK_TIME_TEXT_MAX];
	struct sk_json_writer *w = &call->json;
	SK_TRY(sk_act_read(sk_buf_text(text), text->length, &statement, &call->fault));
	sk_sha256(text->bytes, text->length, digest);
	(void)sodium_bin2base64(challenge, sizeof challenge, digest, sizeof digest, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sk_json_object(w, NULL);
	sk_json_text_n(w, "statement", sk_buf_text(text), text->length);
	sk_json_hex(w, "digest", digest, sizeof digest);
	sk_json_text(w, "challenge", challenge);
	put_words(w, act, &statement);
	sk_json_text(w, "expires", sk_time_format(statement.time_ns + LIFE_S * INT64_C(1000000000), 0, when));
	SK_TRY(put_credentials(call));
	sk_json_end(w);
	return SK_OK;
}

enum sk_err sk_act_prepare(struct sk_web_call *call)
{
	struct request *request = sk_web_request_of(call);
	struct sk_web_call *act = NULL;
	char by[SK_VKEY_TEXT_MAX] = "", path[PATH_BYTES], name[33];
	uint8_t random[16];
	struct sk_buf said, text;
	SK_TRY(open_act(call, &act));
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, name);
	(void)snprintf(path, sizeof path, "%s/%s", request->web->scratch, name);
	struct sk_web_child child = sk_web_child_of(request, by);
	child.extra[child.extra_count++] = (struct sk_web_extra){.option = "--to-sign", .value = path};
	sk_buf_init(&said, SK_WEB_ANSWER_MAX);
	sk_buf_init(&text, SK_ACT_TEXT_MAX);
	enum sk_err err = ran(call, act, sk_web_child_run(&child, act, &said));
	if (err == SK_OK)
		err = sk_file_read(path, &text, &call->fault);
	if (err == SK_OK)
		err = put_statement(call, act, &text);
	(void)unlink(path);
	sk_buf_fini(&text);
	sk_buf_fini(&said);
	close_act(act);
	return err;
}

/* ---- submit ---- */

struct search {
	const char *statement;
	size_t length;
	const struct sk_buf *blob;   /* an SSHSIG or a packed assertion; NULL: lines */
	const char *lines;
	char by[SK_VKEY_TEXT_MAX];   /* the key that made it; "" not found */
};

static void try_key(void *context, const struct sk_verify_key *key)
{
	struct search *search = context;
	struct sk_note *note = search->by[0] == '\0' ? malloc(sizeof *note) : NULL;
	struct sk_fault ignored;
	struct sk_buf text;
	if (note == NULL)
		return;
	sk_buf_init(&text, NOTE_MAX);
	sk_buf_add(&text, search->statement, search->length);
	sk_buf_add_text(&text, "\n");
	if (search->blob != NULL)
		sk_note_add_foreign(&text, key, search->blob->bytes, search->blob->length);
	else
		sk_buf_add_text(&text, search->lines);
	if (text.failed == SK_OK && sk_note_parse(sk_buf_text(&text), text.length, note, &ignored) == SK_OK && sk_note_verify(note, key) == SK_OK)
		(void)sk_verify_key_format(key, search->by);
	sk_buf_fini(&text);
	free(note);
}

/* The signature as the command reads it, and in search what is compared with the account's keys. */
static enum sk_err read_signature(struct sk_web_call *call, struct sk_buf *file, struct sk_buf *blob, struct search *search)
{
	struct json_object *top = sk_web_json(sk_web_text(call, "signature"), strlen(sk_web_text(call, "signature")), &call->fault), *kind = NULL, *value = NULL;
	enum sk_err err = SK_OK;
	if (top == NULL)
		return call->fault.err;
	const char *name = json_object_object_get_ex(top, "kind", &kind) ? json_object_get_string(kind) : "";
	if (strcmp(name, "webauthn") == 0 && json_object_object_get_ex(top, "response", &value) && json_object_is_type(value, json_type_object)) {
		err = sk_web_canonical(value, file, &call->fault);
		if (err == SK_OK)
			err = sk_webauthn_signature(sk_buf_text(file), file->length, blob, &call->fault);
		search->blob = blob;
	} else if ((strcmp(name, "ssh") == 0 || strcmp(name, "note") == 0) && json_object_object_get_ex(top, "text", &value) && json_object_is_type(value, json_type_string)) {
		sk_buf_add_text(file, json_object_get_string(value));
		search->lines = sk_buf_text(file);
		if (strcmp(name, "ssh") == 0) {
			err = sk_sshsig_unarmour(search->lines, file->length, blob);
			if (err != SK_OK)
				err = sk_web_refuse(call, SK_EMALFORMED, "signature: expected what ssh-keygen -Y sign -n %s wrote, whole", SK_SSHSIG_NAMESPACE);
			search->blob = blob;
		}
	} else {
		err = sk_web_refuse(call, SK_EMALFORMED, "signature: expected {\"kind\":\"webauthn\",\"response\":{...}} or {\"kind\":\"ssh\"|\"note\",\"text\":\"...\"}");
	}
	json_object_put(top);
	if (err == SK_OK && (file->failed != SK_OK || blob->failed != SK_OK))
		err = sk_web_refuse(call, SK_ETOOBIG, "signature: longer than a note's line holds");
	return err;
}

static enum sk_err hand_in(struct sk_web_call *call, struct sk_web_call *act, const struct sk_buf *signature, const struct search *search)
{
	struct request *request = sk_web_request_of(call);
	char by[SK_VKEY_TEXT_MAX] = "";
	struct sk_buf out;
	struct sk_web_child child = sk_web_child_of(request, by);
	child.extra[child.extra_count++] = (struct sk_web_extra){.option = "--statement", .value = search->statement, .file_length = search->length};
	child.extra[child.extra_count++] = (struct sk_web_extra){.option = "--signature", .value = sk_buf_text(signature), .file_length = signature->length};
	child.extra[child.extra_count++] = (struct sk_web_extra){.option = "--by", .value = search->by};
	sk_buf_init(&out, SK_WEB_ANSWER_MAX);
	enum sk_err err = ran(call, act, sk_web_child_run(&child, act, &out));
	if (err == SK_OK)
		err = sk_web_say(call, &out);
	sk_buf_fini(&out);
	return err;
}

enum sk_err sk_act_submit(struct sk_web_call *call)
{
	struct request *request = sk_web_request_of(call);
	struct sk_web_call *act = NULL;
	struct sk_buf signature, blob;
	struct search search = {.statement = sk_web_text(call, "statement"), .length = strlen(sk_web_text(call, "statement"))};
	SK_TRY(open_act(call, &act));
	sk_buf_init(&signature, SIGNATURE_MAX);
	sk_buf_init(&blob, SIGNATURE_MAX);
	enum sk_err err = read_signature(call, &signature, &blob, &search);
	if (err == SK_OK) {
		sk_web_sessions_keys(request->web->sessions, call->person->account, call->now_ns, try_key, &search);
		if (search.by[0] == '\0')
			err = sk_web_refuse(call, SK_ESIGNATURE, "no key of %s made this signature over this statement", call->person->account);
	}
	if (err == SK_OK)
		err = hand_in(call, act, &signature, &search);
	sk_buf_fini(&blob);
	sk_buf_fini(&signature);
	close_act(act);
	return err;
}
