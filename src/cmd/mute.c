/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/mute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "text/json.h"
#include "text/text.h"

enum { MUTES_VERSION = 1, NOTE_MAX_BYTES = SK_NOTE_MAX, OPENING_MAX_BYTES = 4 << 20, SECRET_MODE = 0600 };

static const char file_name[] = "mutes.note";

/* ---- the file ---- */

static void encode(const struct sk_mutes *mutes, struct sk_buf *out)
{
	struct sk_json_writer json;
	sk_json_begin(&json, out, true);
	sk_json_object(&json, NULL);
	sk_json_array(&json, "mutes");
	for (size_t i = 0; i < mutes->count; i++) {
		const struct sk_mute *mute = &mutes->entries[i];
		sk_json_object(&json, NULL);
		if (mute->one_finding)
			sk_json_hex(&json, "finding", mute->finding, sizeof mute->finding);
		sk_json_i64(&json, "from_ns", mute->from_ns);
		sk_json_hex(&json, "id", mute->id, sizeof mute->id);
		sk_json_i64(&json, "until_ns", mute->until_ns);
		sk_json_text(&json, "value", mute->value);
		sk_json_text(&json, "why", mute->why);
		sk_json_end(&json);
	}
	sk_json_end(&json);
	sk_json_u64(&json, "version", MUTES_VERSION);
	sk_json_end(&json);
	sk_buf_add_u8(out, '\n');
}

static bool decode_one(const struct sk_json_value *object, struct sk_mute *mute)
{
	const char *value = sk_json_get_text(object, "value"), *why = sk_json_get_text(object, "why");
	mute->one_finding = sk_json_get(object, "finding") != NULL;
	if (value == NULL || why == NULL || strlen(value) >= sizeof mute->value || strlen(why) >= sizeof mute->why ||
	    (mute->one_finding && sk_json_get_hex(object, "finding", mute->finding, sizeof mute->finding) != SK_OK) ||
	    sk_json_get_hex(object, "id", mute->id, sizeof mute->id) != SK_OK || sk_json_get_i64(object, "from_ns", &mute->from_ns) != SK_OK ||
	    sk_json_get_i64(object, "until_ns", &mute->until_ns) != SK_OK)
		return false;
	memcpy(mute->value, value, strlen(value) + 1);
	memcpy(mute->why, why, strlen(why) + 1);
	return true;
}

static bool decode(const char *text, size_t length, struct sk_mutes *mutes)
{
	struct sk_json_doc *doc = NULL;
	uint64_t version = 0;
	if (length == 0 || sk_json_parse(text, length - 1, &doc, NULL) != SK_OK)
		return false;
	const struct sk_json_value *list = sk_json_get(sk_json_top(doc), "mutes");
	bool good = sk_json_get_u64(sk_json_top(doc), "version", &version) == SK_OK && version == MUTES_VERSION && list != NULL && list->kind == SK_JSON_ARRAY &&
		    list->length <= SK_MUTES_MAX;
	for (const struct sk_json_value *object = good ? list->child : NULL; object != NULL && good; object = object->next)
		good = decode_one(object, &mutes->entries[mutes->count++]);
	sk_json_free(doc);
	return good;
}

/* Only what the approver signed counts: who can write the folder and has no key cannot make findings disappear. */
static bool read_signed(const struct sk_workspace *workspace, const struct sk_buf *bytes, struct sk_mutes *mutes)
{
	struct sk_note *note = malloc(sizeof *note);
	bool good = note != NULL && sk_note_parse(sk_buf_text(bytes), bytes->length, note, NULL) == SK_OK && sk_note_verify(note, &workspace->approver) == SK_OK &&
		    decode(note->body, note->body_length, mutes);
	free(note);
	return good;
}

enum sk_err sk_mutes_load(const struct sk_workspace *workspace, struct sk_mutes **out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf bytes;
	struct sk_mutes *mutes = calloc(1, sizeof *mutes);
	if (mutes == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&bytes, NOTE_MAX_BYTES);
	enum sk_err err = sk_file_read(sk_workspace_path(workspace, file_name, path), &bytes, fault);
	if (err == SK_ENOENT)
		err = SK_OK;
	else if (err == SK_OK && !read_signed(workspace, &bytes, mutes))
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: is not what the approver's key signed, so nothing is muted; remove it and mute again", path);
	sk_buf_fini(&bytes);
	if (err != SK_OK) {
		free(mutes);
		return err;
	}
	*out = mutes;
	return SK_OK;
}

/* ---- the ledger ---- */

/* What is committed to, for oversight: sealed/open.INDEX.mutes.json. */
static enum sk_err save_opening(const struct sk_workspace *workspace, uint64_t index, const uint8_t salt[32], const struct sk_buf *body, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], name[64];
	struct sk_buf out;
	struct sk_json_writer json;
	sk_buf_init(&out, OPENING_MAX_BYTES);
	sk_json_begin(&json, &out, true);
	sk_json_object(&json, NULL);
	sk_json_hex(&json, "content", body->bytes, body->length);
	sk_json_hex(&json, "salt", salt, 32);
	sk_json_end(&json);
	(void)snprintf(name, sizeof name, "sealed/open.%llu.mutes.json", (unsigned long long)index);
	enum sk_err err = out.failed != SK_OK ? sk_fault_set(fault, out.failed, "the mutes are too many for one opening")
					      : sk_file_replace(sk_workspace_path(workspace, name, path), out.bytes, out.length, SECRET_MODE, fault);
	sk_buf_fini(&out);
	return err;
}

static enum sk_err append(struct sk_ledger *ledger, struct sk_buf *record, struct sk_fault *fault)
{
	struct sk_receipt receipt;
	enum sk_err err = record->failed != SK_OK ? record->failed : sk_ledger_append(ledger, record->bytes, record->length, &receipt);
	sk_buf_reset(record);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, SK_ELEDGER, "the ledger takes no record (%s); nothing was changed", sk_err_text(err));
}

static enum sk_err write_records(const struct sk_workspace *workspace, const struct sk_sign_key *key, struct sk_ledger *ledger, const struct sk_mutes *mutes,
				 const struct sk_buf *body, int64_t now_ns, struct sk_fault *fault)
{
	uint64_t size = 0;
	uint8_t root[SK_HASH_BYTES], salt[32], commitment[SK_HASH_BYTES];
	struct sk_buf record;
	sk_ledger_head(ledger, &size, root);
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	enum sk_err err = SK_OK;
	if (size == 0) {
		sk_record_open(&record, workspace->origin, sk_sign_key_public(key), sk_policy_small_cell(), sk_profile_name(workspace->profile),
			       sk_role_name(workspace->role), workspace->profile == SK_PROFILE_LAB, now_ns);
		err = append(ledger, &record, fault);
		size = 1;
	}
	sk_random(salt, sizeof salt);
	sk_commit(salt, body->bytes, body->length, commitment);
	if (err == SK_OK)
		err = save_opening(workspace, size, salt, body, fault);
	if (err == SK_OK) {
		sk_record_mutes(&record, sk_mutes_active(mutes, now_ns), commitment, now_ns);
		err = append(ledger, &record, fault);
	}
	if (err == SK_OK)
		err = sk_ledger_commit(ledger, fault);
	sk_buf_fini(&record);
	return err;
}

static enum sk_err tell_ledger(const struct sk_workspace *workspace, const struct sk_mutes *mutes, const struct sk_buf *body, int64_t now_ns, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_sign_key *key = NULL;
	struct sk_ledger *ledger = NULL;
	uint64_t dropped = 0;
	SK_TRY(sk_sign_key_load(sk_workspace_path(workspace, "keys/ledger.key", path), &key, fault));
	enum sk_err err = sk_ledger_open(sk_workspace_path(workspace, "ledger", path), workspace->origin, key, &ledger, &dropped, fault);
	if (err == SK_OK)
		err = write_records(workspace, key, ledger, mutes, body, now_ns, fault);
	sk_ledger_close(ledger);
	sk_sign_key_free(key);
	return err;
}

/* The ledger first: no mute is in force that it does not tell of. */
enum sk_err sk_mutes_save(const struct sk_workspace *workspace, const struct sk_mutes *mutes, int64_t now_ns, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_sign_key *approver = NULL;
	struct sk_buf body, note;
	SK_TRY(sk_sign_key_load(sk_workspace_path(workspace, "keys/approver.key", path), &approver, fault));
	sk_buf_init(&body, NOTE_MAX_BYTES / 2);
	sk_buf_init(&note, NOTE_MAX_BYTES);
	encode(mutes, &body);
	sk_note_sign(&note, sk_buf_text(&body), body.length, approver);
	enum sk_err err = body.failed != SK_OK || note.failed != SK_OK ? sk_fault_set(fault, SK_ETOOBIG, "the mutes are too many: end some with sekisho mute end ID") : SK_OK;
	if (err == SK_OK)
		err = tell_ledger(workspace, mutes, &body, now_ns, fault);
	if (err == SK_OK)
		err = sk_file_replace(sk_workspace_path(workspace, file_name, path), note.bytes, note.length, SECRET_MODE, fault);
	sk_buf_fini(&note);
	sk_buf_fini(&body);
	sk_sign_key_free(approver);
	return err;
}

/* ---- asking ---- */

static bool in_force(const struct sk_mute *mute, int64_t now_ns)
{
	return mute->from_ns <= now_ns && now_ns < mute->until_ns;
}

const struct sk_mute *sk_mutes_find(const struct sk_mutes *mutes, const struct sk_finding *finding, int64_t now_ns)
{
	for (size_t i = 0; mutes != NULL && i < mutes->count; i++) {
		const struct sk_mute *mute = &mutes->entries[i];
		bool meant = mute->one_finding ? memcmp(mute->finding, finding->id, sizeof mute->finding) == 0 : strcmp(mute->value, finding->matched) == 0;
		if (meant && in_force(mute, now_ns))
			return mute;
	}
	return NULL;
}

size_t sk_mutes_active(const struct sk_mutes *mutes, int64_t now_ns)
{
	size_t active = 0;
	for (size_t i = 0; i < mutes->count; i++)
		active += in_force(&mutes->entries[i], now_ns);
	return active;
}
