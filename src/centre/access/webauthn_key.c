/* SPDX-License-Identifier: Apache-2.0 */
/* WebAuthn credentials as keys that sign acts: what a page's security key signs for sign-in and for an act is one credential. */
#include <fido.h>
#include <stdio.h>

#include "access/vault_priv.h"
#include "access/webauthn_priv.h"
#include "seal/foreign.h"
#include "text/text.h"

enum { COORDINATE = 32, NAME_DIGITS = 16, ED25519_KEY = 32 };

struct visits {
	void (*visit)(void *context, const struct sk_webauthn_credential *credential);
	void *context;
	const char *rp_id;
};

/* libfido2 keeps x and y of a point of P-256 one after the other; a register keeps x and y's parity (SEC 1, 2.3.3). RSA signs no acts. */
bool sk_webauthn_key_of(const struct sk_json_value *top, const char *name, const char *rp_id, struct sk_verify_key *out)
{
	uint8_t raw[2 * COORDINATE], point[1 + COORDINATE];
	int64_t algorithm = 0;
	if (sk_json_get_i64(top, "algorithm", &algorithm) != SK_OK)
		return false;
	if (algorithm == COSE_EDDSA)
		return sk_json_get_hex(top, "key", raw, ED25519_KEY) == SK_OK && sk_webauthn_key(name, raw, ED25519_KEY, rp_id, out) == SK_OK;
	if (algorithm != COSE_ES256 || sk_json_get_hex(top, "key", raw, sizeof raw) != SK_OK)
		return false;
	point[0] = (raw[sizeof raw - 1] & 1) != 0 ? 0x03 : 0x02;
	memcpy(point + 1, raw, COORDINATE);
	return sk_webauthn_key(name, point, sizeof point, rp_id, out) == SK_OK;
}

static void visit_one(void *context, const char *account, const void *name, size_t name_length, const struct sk_buf *value)
{
	const struct visits *visits = context;
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	struct sk_webauthn_credential credential = {.id = name, .id_length = name_length};
	uint8_t hash[SK_HASH_BYTES];
	char digits[NAME_DIGITS + 1], key_name[SK_KEY_NAME_MAX];
	if (sk_vault_read(value, &doc, &ignored) != SK_OK)
		return;
	const struct sk_json_value *broken = sk_json_get(sk_json_top(doc), "broken");
	if (broken != NULL && broken->integer == 0) {
		/* Named after its account and its id, so that the same credential is the same key wherever it is asked for. */
		sk_sha256(name, name_length, hash);
		sk_hex_encode(hash, NAME_DIGITS / 2, digits);
		(void)snprintf(key_name, sizeof key_name, "%s.webauthn.%s", account, digits);
		if (!sk_webauthn_key_of(sk_json_top(doc), key_name, visits->rp_id, &credential.key))
			credential.key = (struct sk_verify_key){.kind = SK_KEY_ASSIGNED};
		visits->visit(visits->context, &credential);
	}
	sk_json_free(doc);
}

enum sk_err sk_webauthn_each(struct sk_factors *factors, const char *account, const char *rp_id,
			     void (*visit)(void *context, const struct sk_webauthn_credential *credential), void *context, struct sk_fault *fault)
{
	struct visits visits = {.visit = visit, .context = context, .rp_id = rp_id};
	return sk_vault_each(factors, "webauthn", account, visit_one, &visits, fault);
}

enum sk_err sk_enrolled_each(struct sk_factors *factors, const char *account, const char *rp_id, void (*visit)(void *context, const struct sk_webauthn_credential *credential),
			     void *context, struct sk_fault *fault)
{
	struct visits visits = {.visit = visit, .context = context, .rp_id = rp_id};
	return sk_vault_each(factors, "enrolled", account, visit_one, &visits, fault);
}

enum sk_err sk_webauthn_signature(const char *response, size_t length, struct sk_buf *packed, struct sk_fault *fault)
{
	struct sk_webauthn_response parsed;
	enum sk_err err = sk_webauthn_parse(response, length, false, &parsed, fault);
	if (err == SK_OK) {
		sk_webauthn_pack(parsed.authenticator_data.bytes, parsed.authenticator_data.length, parsed.client_data.bytes, parsed.client_data.length, parsed.signature.bytes,
				 parsed.signature.length, packed);
		if (packed->failed != SK_OK)
			err = sk_fault_set(fault, packed->failed, "the security key's answer is longer than a signature line holds");
	}
	sk_webauthn_response_fini(&parsed);
	return err;
}
