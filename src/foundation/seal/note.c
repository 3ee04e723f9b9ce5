/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes (c2sp.org/signed-note) and Ed25519 witness cosignatures (c2sp.org/tlog-cosignature).

     text LF ... LF          the body, ends with its last LF
     LF                      the last empty line of the note
     EM-DASH SP name SP base64(id[4] || signature) LF     one or more */
#include <inttypes.h>
#include <sodium.h>

#include "seal/foreign.h"
#include "seal/seal_priv.h"

enum { ID_BYTES = 4, COSIGNATURE_BYTES = 8 + SK_SIGN_BYTES, CHUNK_TEXT = 1024, CHUNK_BYTES = CHUNK_TEXT / 4 * 3, HEADER_TEXT_MAX = 160 };
_Static_assert(SK_NOTE_SIGNATURE_MAX == CHUNK_BYTES - ID_BYTES, "what is kept of a signature is what one chunk of its text holds");

static const char line_mark[] = "\xe2\x80\x94 "; /* em dash U+2014, space */

static uint32_t be32_of(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t be64_of(const uint8_t bytes[8])
{
	return (uint64_t)be32_of(bytes) << 32 | be32_of(bytes + 4);
}

/* The base64 part. Signatures of any length are well formed (ML-DSA-44 has 2,428 bytes); only the first chunk is kept, which holds every kind we verify. */
static bool parse_signature_bytes(struct sk_span text, struct sk_note_signature *out)
{
	uint8_t chunk[CHUNK_BYTES];
	size_t total = 0;
	for (; text.length != 0; text.at += CHUNK_TEXT, text.length -= CHUNK_TEXT) {
		bool last = text.length <= CHUNK_TEXT;
		size_t got = 0, take = last ? text.length : CHUNK_TEXT;
		if (!sk_span_base64((struct sk_span){text.at, take}, chunk, sizeof chunk, &got) || (!last && got != CHUNK_BYTES))
			return false;
		if (total == 0 && got > ID_BYTES) {
			out->id = be32_of(chunk);
			out->length = got - ID_BYTES;
			if (out->length <= sizeof out->bytes)
				memcpy(out->bytes, chunk + ID_BYTES, out->length);
		}
		total += got;
		if (last)
			break;
	}
	if (total <= ID_BYTES)
		return false;
	if (total - ID_BYTES > sizeof out->bytes)
		out->length = 0;
	return true;
}

static bool parse_signature_line(struct sk_span line, struct sk_note_signature *out)
{
	struct sk_span name;
	*out = (struct sk_note_signature){0};
	if (!sk_span_skip(&line, line_mark) || !sk_span_until(&line, ' ', &name) || !sk_key_name_valid(name) || !parse_signature_bytes(line, out))
		return false;
	/* A name longer than any key of ours is somebody else's: kept as unknown. */
	if (name.length < sizeof out->name)
		memcpy(out->name, name.at, name.length);
	else
		out->length = 0;
	return true;
}

/* Offset of the last empty line, which parts body and signatures; false when there is none. */
static bool find_split(const char *text, size_t length, size_t *split)
{
	for (const char *at = text + length; (at = memrchr(text, '\n', (size_t)(at - text))) != NULL && at != text;) {
		if (*(at - 1) == '\n') {
			*split = (size_t)(at - text);
			return true;
		}
	}
	return false;
}

enum sk_err sk_note_parse(const char *text, size_t length, struct sk_note *out, struct sk_fault *fault)
{
	out->signature_count = 0;
	if (length > SK_NOTE_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "note: %zu bytes, expected at most %d", length, SK_NOTE_MAX);
	if (!sk_span_text_valid((struct sk_span){text, length}, true, true))
		return sk_fault_set(fault, SK_EMALFORMED, "note: expected UTF-8 text without control characters");
	size_t split = 0;
	if (length == 0 || !find_split(text, length, &split))
		return sk_fault_set(fault, SK_EMALFORMED, "note: expected an empty line between the text and its signatures");
	out->body = text;
	out->body_length = split;
	struct sk_span rest = {text + split + 1, length - split - 1}, line;
	while (sk_span_until(&rest, '\n', &line)) {
		if (out->signature_count == SK_NOTE_SIGNATURES_MAX)
			return sk_fault_set(fault, SK_EMALFORMED, "note: more than %d signatures", SK_NOTE_SIGNATURES_MAX);
		if (!parse_signature_line(line, &out->signatures[out->signature_count]))
			return sk_fault_set(fault, SK_EMALFORMED, "note: signature line %zu: expected an em dash, a key name and base64", out->signature_count + 1);
		out->signature_count++;
	}
	if (rest.length != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "note: the last line has no line feed; the note was cut");
	if (out->signature_count == 0)
		return sk_fault_set(fault, SK_EMALFORMED, "note: no signature under the text");
	return SK_OK;
}

static bool is_by(const struct sk_note_signature *signature, const struct sk_verify_key *key)
{
	return signature->id == key->id && strcmp(signature->name, key->name) == 0;
}

static enum sk_err verify_line(const struct sk_note *note, const struct sk_verify_key *key, const struct sk_note_signature *signature)
{
	switch (key->kind) {
	case SK_KEY_SSHSIG_ED25519:
	case SK_KEY_SSHSIG_SK_ED25519:
		return sk_sshsig_verify(key, note->body, note->body_length, signature->bytes, signature->length);
	case SK_KEY_WEBAUTHN_ED25519:
	case SK_KEY_WEBAUTHN_ES256:
		return sk_webauthn_verify(key, note->body, note->body_length, signature->bytes, signature->length);
	case SK_KEY_ASSIGNED:
	case SK_KEY_KIND_COUNT:
		break;
	}
	return signature->length == SK_SIGN_BYTES ? sk_verify(key, note->body, note->body_length, signature->bytes) : SK_ESIGNATURE;
}

/* Every line by this key must verify: one good line does not excuse a bad one (signed-note: a known key that fails rejects the note). */
enum sk_err sk_note_verify(const struct sk_note *note, const struct sk_verify_key *key)
{
	enum sk_err verdict = SK_ENOENT;
	if (key->type != SK_KEY_ED25519 && key->type != SK_KEY_UNASSIGNED)
		return SK_ENOENT;
	for (size_t i = 0; i < note->signature_count; i++) {
		if (!is_by(&note->signatures[i], key))
			continue;
		SK_TRY(verify_line(note, key, &note->signatures[i]));
		verdict = SK_OK;
	}
	return verdict;
}

/* The bytes that a witness signs: two header lines, then the whole body. */
static void cosigned_message(struct sk_buf *out, const char *body, size_t body_length, uint64_t unix_seconds)
{
	sk_buf_init(out, (size_t)SK_NOTE_MAX + HEADER_TEXT_MAX);
	sk_buf_addf(out, "cosignature/v1\ntime %" PRIu64 "\n", unix_seconds);
	sk_buf_add(out, body, body_length);
}

static enum sk_err verify_cosignature(const struct sk_note *note, const struct sk_verify_key *key, const struct sk_note_signature *signature, uint64_t *seconds)
{
	if (signature->length != COSIGNATURE_BYTES)
		return SK_ESIGNATURE;
	*seconds = be64_of(signature->bytes);
	if (*seconds > INT64_MAX)
		return SK_ESIGNATURE;
	struct sk_buf message;
	cosigned_message(&message, note->body, note->body_length, *seconds);
	enum sk_err err = message.failed != SK_OK ? message.failed : sk_verify(key, message.bytes, message.length, signature->bytes + 8);
	sk_buf_fini(&message);
	return err;
}

enum sk_err sk_note_verify_cosignature(const struct sk_note *note, const struct sk_verify_key *key, uint64_t *unix_seconds)
{
	enum sk_err verdict = SK_ENOENT;
	*unix_seconds = 0;
	if (key->type != SK_KEY_COSIGNATURE)
		return SK_ENOENT;
	for (size_t i = 0; i < note->signature_count; i++) {
		uint64_t seconds;
		if (!is_by(&note->signatures[i], key))
			continue;
		SK_TRY(verify_cosignature(note, key, &note->signatures[i], &seconds));
		if (seconds > *unix_seconds)
			*unix_seconds = seconds;
		verdict = SK_OK;
	}
	return verdict;
}

static void add_line(struct sk_buf *out, const struct sk_verify_key *key, const uint8_t *signature, size_t length)
{
	uint8_t bytes[ID_BYTES + SK_NOTE_SIGNATURE_MAX] = {(uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8), (uint8_t)key->id};
	char encoded[CHUNK_TEXT + 1];
	memcpy(bytes + ID_BYTES, signature, length);
	(void)sodium_bin2base64(encoded, sizeof encoded, bytes, ID_BYTES + length, sodium_base64_VARIANT_ORIGINAL);
	sk_buf_addf(out, "%s%s %s\n", line_mark, key->name, encoded);
}

void sk_note_add_foreign(struct sk_buf *out, const struct sk_verify_key *key, const void *signature, size_t length)
{
	if (length <= SK_NOTE_SIGNATURE_MAX)
		add_line(out, key, signature, length);
	else if (out->failed == SK_OK)
		out->failed = SK_ETOOBIG;
}

void sk_note_add_signature(struct sk_buf *out, const char *body, size_t body_length, const struct sk_sign_key *key)
{
	uint8_t signature[SK_SIGN_BYTES];
	sk_sign(key, body, body_length, signature);
	add_line(out, sk_sign_key_public(key), signature, sizeof signature);
}

void sk_note_sign(struct sk_buf *out, const char *body, size_t body_length, const struct sk_sign_key *key)
{
	SK_INVARIANT(body_length != 0 && *(body + body_length - 1) == '\n');
	sk_buf_add(out, body, body_length);
	sk_buf_add_u8(out, '\n');
	sk_note_add_signature(out, body, body_length, key);
}

void sk_note_add_cosignature(struct sk_buf *out, const char *body, size_t body_length, const struct sk_sign_key *key, uint64_t unix_seconds)
{
	struct sk_verify_key witness;
	struct sk_buf message;
	uint8_t signature[COSIGNATURE_BYTES];
	sk_verify_key_as_witness(sk_sign_key_public(key), &witness);
	cosigned_message(&message, body, body_length, unix_seconds);
	if (message.failed == SK_OK) {
		for (unsigned i = 0; i < 8; i++)
			signature[i] = (uint8_t)(unix_seconds >> (56 - 8 * i));
		sk_sign(key, message.bytes, message.length, signature + 8);
		add_line(out, &witness, signature, sizeof signature);
	} else if (out->failed == SK_OK) {
		out->failed = message.failed;
	}
	sk_buf_fini(&message);
}
