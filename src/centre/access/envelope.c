/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser hands over: JSON with base64url in it (WebAuthn level 2, 5.1), the client's data (5.8.1), and the attestation object in CBOR (6.5.4). Everything is
   somebody else's bytes; what they say is judged in webauthn.c. */
#include <ctype.h>
#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>

#include "access/webauthn_priv.h"
#include "wire/wire.h"

enum { JSON_DEPTH = 8, PART_MAX = 1 << 15 };

/* ---- JSON ---- */

static struct json_object *parse_json(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
	if (tokener == NULL)
		return NULL;
	struct json_object *top = length <= SK_WEBAUTHN_TEXT_MAX ? json_tokener_parse_ex(tokener, text, (int)length) : NULL;
	/* Behind the object there may be white space alone. */
	bool whole = top != NULL && json_tokener_get_error(tokener) == json_tokener_success && json_object_is_type(top, json_type_object);
	for (size_t i = whole ? json_tokener_get_parse_end(tokener) : length; whole && i < length; i++)
		whole = isspace((unsigned char)*(text + i));
	json_tokener_free(tokener);
	if (whole)
		return top;
	(void)json_object_put(top);
	return NULL;
}

static const char *text_of(struct json_object *object, const char *key, size_t *length)
{
	struct json_object *value = NULL;
	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, json_type_string))
		return NULL;
	*length = (size_t)json_object_get_string_len(value);
	const char *text = json_object_get_string(value);
	return strlen(text) == *length ? text : NULL;
}

/* Strict base64url without padding. libsodium 1.0.18 takes some bytes from 0x80 on for letters, so the alphabet is looked at first. */
static bool decode(const char *text, size_t length, uint8_t *out, size_t capacity, size_t *got)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)*(text + i);
		if (byte >= 0x80 || (!isalnum(byte) && byte != '-' && byte != '_'))
			return false;
	}
	return sodium_base642bin(out, capacity, text, length, NULL, got, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static enum sk_err take_part(struct json_object *object, const char *key, struct sk_buf *out, struct sk_fault *fault)
{
	size_t length = 0, got = 0;
	const char *text = text_of(object, key, &length);
	uint8_t *bytes = text != NULL && length <= PART_MAX * 4 / 3 ? malloc(PART_MAX) : NULL;
	bool good = bytes != NULL && decode(text, length, bytes, PART_MAX, &got) && got != 0;
	if (good)
		sk_buf_add(out, bytes, got);
	free(bytes);
	return good && out->failed == SK_OK ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "webauthn: %s: expected base64url of 1 to %d bytes", key, PART_MAX);
}

static enum sk_err take_client_data(struct sk_webauthn_response *out, struct sk_fault *fault)
{
	struct json_object *top = parse_json(sk_buf_text(&out->client_data), out->client_data.length), *cross = NULL;
	size_t type_length = 0, origin_length = 0, challenge_length = 0, got = 0;
	if (top == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: clientDataJSON: expected a JSON object");
	const char *type = text_of(top, "type", &type_length), *origin = text_of(top, "origin", &origin_length), *challenge = text_of(top, "challenge", &challenge_length);
	bool good = type != NULL && type_length < sizeof out->type && origin != NULL && origin_length < sizeof out->origin && challenge != NULL &&
		    decode(challenge, challenge_length, out->challenge, sizeof out->challenge, &got) && got == sizeof out->challenge;
	if (good) {
		memcpy(out->type, type, type_length + 1);
		memcpy(out->origin, origin, origin_length + 1);
		if (json_object_object_get_ex(top, "crossOrigin", &cross))
			out->cross_origin = !json_object_is_type(cross, json_type_boolean) || json_object_get_boolean(cross);
	}
	(void)json_object_put(top);
	return good ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "webauthn: clientDataJSON: expected type, origin and a challenge of %d bytes", SK_CHALLENGE_BYTES);
}

static enum sk_err take_all(struct json_object *top, bool registering, struct sk_webauthn_response *out, struct sk_fault *fault)
{
	struct json_object *response = NULL;
	size_t length = 0;
	const char *type = text_of(top, "type", &length), *id;
	if (type == NULL || strcmp(type, "public-key") != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: type: expected public-key");
	id = text_of(top, "id", &length);
	if (id == NULL || !decode(id, length, out->id, sizeof out->id, &out->id_length) || out->id_length == 0)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: id: expected base64url of 1 to %d bytes", SK_CREDENTIAL_ID_MAX);
	if (!json_object_object_get_ex(top, "response", &response) || !json_object_is_type(response, json_type_object))
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: response: expected an object");
	SK_TRY(take_part(response, "clientDataJSON", &out->client_data, fault));
	if (registering) {
		SK_TRY(take_part(response, "attestationObject", &out->attestation, fault));
	} else {
		SK_TRY(take_part(response, "authenticatorData", &out->authenticator_data, fault));
		SK_TRY(take_part(response, "signature", &out->signature, fault));
	}
	return take_client_data(out, fault);
}

enum sk_err sk_webauthn_parse(const char *text, size_t length, bool registering, struct sk_webauthn_response *out, struct sk_fault *fault)
{
	*out = (struct sk_webauthn_response){0};
	sk_buf_init(&out->client_data, PART_MAX);
	sk_buf_init(&out->attestation, PART_MAX);
	sk_buf_init(&out->authenticator_data, PART_MAX);
	sk_buf_init(&out->signature, PART_MAX);
	struct json_object *top = parse_json(text, length);
	if (top == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: expected the JSON of a public key credential, at most %d bytes", SK_WEBAUTHN_TEXT_MAX);
	enum sk_err err = take_all(top, registering, out, fault);
	(void)json_object_put(top);
	return err;
}

void sk_webauthn_response_fini(struct sk_webauthn_response *response)
{
	sk_buf_fini(&response->client_data);
	sk_buf_fini(&response->attestation);
	sk_buf_fini(&response->authenticator_data);
	sk_buf_fini(&response->signature);
}

/* ---- CBOR (RFC 8949, as CTAP2 writes it: definite lengths) ---- */

enum { UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* The head of an item: major type and argument. */
static unsigned head(struct sk_cur *cur, uint64_t *argument)
{
	uint8_t first = sk_u8(cur);
	unsigned info = first & 0x1f;
	if (info < 24)
		*argument = info;
	else if (info == 24)
		*argument = sk_u8(cur);
	else if (info == 25)
		*argument = sk_be16(cur);
	else if (info == 26)
		*argument = sk_be32(cur);
	else if (info == 27)
		*argument = sk_be64(cur);
	else
		sk_kill(cur); /* reserved, or of indefinite length */
	return first >> 5;
}

/* One item with all that is in it; a counter of what is owed instead of recursion. */
static void skip_item(struct sk_cur *cur)
{
	uint64_t owed = 1, argument = 0;
	for (unsigned items = 0; owed != 0 && !cur->dead; items++, owed--) {
		if (items == SK_CBOR_ITEMS_MAX) {
			sk_kill(cur);
			return;
		}
		unsigned major = head(cur, &argument);
		if (cur->dead)
			return;
		if (argument > SK_WEBAUTHN_TEXT_MAX && major != UINT && major != NINT && major != TAG && major != SIMPLE) {
			sk_kill(cur);
			return;
		}
		if (major == BYTES || major == TEXT)
			sk_skip(cur, (size_t)argument);
		else if (major == ARRAY || major == MAP)
			owed += major == MAP ? 2 * argument : argument;
		else if (major == TAG)
			owed++;
	}
}

/* A string of that type; NULL and a dead cursor otherwise. */
static const uint8_t *take_string(struct sk_cur *cur, unsigned type, size_t *length)
{
	uint64_t argument = 0;
	if (head(cur, &argument) != type || argument > SK_WEBAUTHN_TEXT_MAX) {
		sk_kill(cur);
		return NULL;
	}
	*length = (size_t)argument;
	return sk_take(cur, *length);
}

static bool is_key(const uint8_t *key, size_t length, const char *name)
{
	return key != NULL && length == strlen(name) && memcmp(key, name, length) == 0;
}

enum sk_err sk_attestation_parse(const uint8_t *bytes, size_t length, struct sk_attestation *out, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(bytes, length);
	uint64_t members = 0;
	*out = (struct sk_attestation){0};
	if (head(&cur, &members) != MAP || members != 3)
		sk_kill(&cur);
	for (uint64_t i = 0; i < members && !cur.dead; i++) {
		size_t key_length = 0, value_length = 0;
		const uint8_t *key = take_string(&cur, TEXT, &key_length);
		if (is_key(key, key_length, "fmt") && out->format[0] == '\0') {
			const uint8_t *format = take_string(&cur, TEXT, &value_length);
			if (format == NULL || value_length == 0 || value_length >= sizeof out->format)
				sk_kill(&cur);
			else
				memcpy(out->format, format, value_length);
		} else if (is_key(key, key_length, "authData") && out->authenticator_data == NULL) {
			out->authenticator_data = take_string(&cur, BYTES, &out->authenticator_length);
		} else if (is_key(key, key_length, "attStmt") && out->statement == NULL) {
			size_t before = sk_offset(&cur);
			struct sk_cur at = cur;
			skip_item(&cur);
			out->statement_length = sk_offset(&cur) - before;
			out->statement = cur.dead ? NULL : sk_take(&at, out->statement_length);
		} else {
			sk_kill(&cur);
		}
	}
	if (cur.dead || sk_more(&cur) || out->statement == NULL || out->authenticator_data == NULL || out->format[0] == '\0')
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: attestationObject: expected a CBOR map of fmt, attStmt and authData");
	return SK_OK;
}
