/* SPDX-License-Identifier: Apache-2.0 */
/* WebAuthn: the checks of WebAuthn level 2, 7.1 and 7.2, with libfido2 for signatures and authenticator data. */
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <sodium.h>
#include <stdio.h>

#include "access/vault_priv.h"
#include "access/webauthn_priv.h"
#include "wire/wire.h"

enum { PUBLIC_KEY_MAX = 512, FLAG_PRESENT = 0x01, FLAG_VERIFIED = 0x04 };

static const int64_t second_ns = 1000000000;
static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

struct credential {
	int algorithm;
	bool broken;               /* its counter went back: there is a second copy */
	uint64_t count;
	int64_t since_ns;
	uint8_t key[PUBLIC_KEY_MAX];
	size_t key_length;
};

/* ---- challenges ---- */

enum sk_err sk_webauthn_challenge(struct sk_factors *factors, const char *account, const uint8_t digest[SK_HASH_BYTES], int64_t now_ns,
				  uint8_t challenge[SK_CHALLENGE_BYTES], struct sk_fault *fault)
{
	static const uint8_t nothing[SK_HASH_BYTES];
	uint8_t hash[SK_HASH_BYTES];
	struct sk_buf value;
	struct sk_json_writer w;
	uint64_t gone;
	sk_random(challenge, SK_CHALLENGE_BYTES);
	sk_sha256(challenge, SK_CHALLENGE_BYTES, hash);
	sk_buf_init(&value, SK_ITEM_MAX);
	sk_json_begin(&w, &value, true);
	sk_json_object(&w, NULL);
	sk_json_hex(&w, "digest", digest != NULL ? digest : nothing, SK_HASH_BYTES);
	sk_json_i64(&w, "from_ns", now_ns);
	sk_json_end(&w);
	enum sk_err err = sk_vault_begin(factors, fault);
	if (err == SK_OK) {
		/* One open question to a person at a time: an earlier one is void. */
		err = sk_vault_delete(factors, "challenge", account, NULL, 0, &gone, fault);
		if (err == SK_OK)
			err = sk_vault_put(factors, "challenge", account, hash, sizeof hash, &value, fault);
		err = sk_vault_end(factors, err, fault);
	}
	sk_buf_fini(&value);
	return err;
}

/* It is gone whatever comes of it: an answer is tried once. */
static enum sk_err take_challenge(struct sk_factors *factors, const char *account, const uint8_t challenge[SK_CHALLENGE_BYTES], int64_t now_ns,
				  uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	uint8_t hash[SK_HASH_BYTES];
	struct sk_buf value;
	struct sk_json_doc *doc = NULL;
	int64_t from_ns = 0;
	uint64_t gone;
	sk_sha256(challenge, SK_CHALLENGE_BYTES, hash);
	sk_buf_init(&value, SK_ITEM_MAX);
	enum sk_err err = sk_vault_get(factors, "challenge", account, hash, sizeof hash, &value, fault);
	if (err == SK_OK)
		err = sk_vault_read(&value, &doc, fault);
	if (err == SK_OK && (sk_json_get_i64(sk_json_top(doc), "from_ns", &from_ns) != SK_OK || sk_json_get_hex(sk_json_top(doc), "digest", digest, SK_HASH_BYTES) != SK_OK))
		err = sk_fault_set(fault, SK_EMALFORMED, "challenge: the item is damaged");
	sk_json_free(doc);
	sk_buf_fini(&value);
	if (err == SK_ENOENT)
		return sk_factor_refused(fault, account, "the challenge is not one of ours, or was answered before");
	SK_TRY(err);
	SK_TRY(sk_vault_delete(factors, "challenge", account, hash, sizeof hash, &gone, fault));
	if (now_ns < from_ns || now_ns - from_ns >= SK_CHALLENGE_S * second_ns)
		return sk_factor_refused(fault, account, "the challenge has expired; ask for a new one");
	return SK_OK;
}

/* 7.1 steps 7-11, 7.2 steps 11-14: what kind of answer, to which question, at which page. */
static enum sk_err check_client(const char *account, const struct sk_webauthn_response *response, const struct sk_webauthn_party *party, const char *type,
				struct sk_fault *fault)
{
	if (strcmp(response->type, type) != 0)
		return sk_fault_set(fault, SK_EFACTOR, "%s: an answer of type %s, expected %s", account, response->type, type);
	if (strcmp(response->origin, party->origin) != 0 || response->cross_origin)
		return sk_fault_set(fault, SK_EFACTOR, "%s: answered at %s%s, expected %s", account, response->origin, response->cross_origin ? " (in a frame of another)" : "",
				    party->origin);
	return SK_OK;
}

/* Relying party and flags, read from the authenticator's data itself (6.1): rpIdHash[32] flags[1] signCount[4]. */
static enum sk_err check_party(const char *account, const uint8_t *bytes, size_t length, const struct sk_webauthn_party *party, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(bytes, length);
	uint8_t hash[SK_HASH_BYTES], found[SK_HASH_BYTES] = {0};
	sk_sha256(party->rp_id, strlen(party->rp_id), hash);
	sk_copy(&cur, found, sizeof found);
	uint8_t flags = sk_u8(&cur);
	(void)sk_be32(&cur);
	if (cur.dead)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: the authenticator's data are too short");
	if (memcmp(hash, found, sizeof hash) != 0)
		return sk_fault_set(fault, SK_EFACTOR, "%s: signed for another relying party than %s", account, party->rp_id);
	if ((flags & FLAG_PRESENT) == 0)
		return sk_factor_refused(fault, account, "the key was not touched");
	if (party->verified && (flags & FLAG_VERIFIED) == 0)
		return sk_factor_refused(fault, account, "the key did not verify its user (PIN or finger)");
	return SK_OK;
}

/* ---- credentials as items ---- */

static enum sk_err put_credential(struct sk_factors *factors, const char *kind, const char *account, const uint8_t *id, size_t id_length, const struct credential *credential,
				  struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_writer w;
	sk_buf_init(&value, SK_ITEM_MAX);
	sk_json_begin(&w, &value, true);
	sk_json_object(&w, NULL);
	sk_json_i64(&w, "algorithm", credential->algorithm);
	sk_json_bool(&w, "broken", credential->broken);
	sk_json_u64(&w, "count", credential->count);
	sk_json_hex(&w, "key", credential->key, credential->key_length);
	sk_json_i64(&w, "since_ns", credential->since_ns);
	sk_json_end(&w);
	enum sk_err err = sk_vault_put(factors, kind, account, id, id_length, &value, fault);
	sk_buf_fini(&value);
	return err;
}

static enum sk_err get_credential(struct sk_factors *factors, const char *account, const uint8_t *id, size_t id_length, struct credential *out, struct sk_fault *fault)
{
	struct sk_buf value;
	struct sk_json_doc *doc = NULL;
	int64_t algorithm = 0;
	*out = (struct credential){0};
	sk_buf_init(&value, SK_ITEM_MAX);
	enum sk_err err = sk_vault_get(factors, "webauthn", account, id, id_length, &value, fault);
	if (err == SK_ENOENT)
		err = sk_factor_refused(fault, account, "no such credential of this account");
	else if (err == SK_OK)
		err = sk_vault_read(&value, &doc, fault);
	if (err == SK_OK) {
		const struct sk_json_value *top = sk_json_top(doc), *broken = sk_json_get(top, "broken");
		const char *key = sk_json_get_text(top, "key");
		out->key_length = key != NULL ? strlen(key) / 2 : 0;
		if (out->key_length == 0 || out->key_length > sizeof out->key || sk_json_get_hex(top, "key", out->key, out->key_length) != SK_OK || broken == NULL ||
		    sk_json_get_i64(top, "algorithm", &algorithm) != SK_OK || sk_json_get_u64(top, "count", &out->count) != SK_OK ||
		    sk_json_get_i64(top, "since_ns", &out->since_ns) != SK_OK)
			err = sk_fault_set(fault, SK_EMALFORMED, "webauthn of %s: the item is damaged", account);
		else
			out->broken = broken->integer != 0;
		out->algorithm = (int)algorithm;
	}
	sk_json_free(doc);
	sk_buf_fini(&value);
	return err;
}

/* ---- registration ---- */

/* libfido2 wants to know the algorithm before it reads the key, and takes it once: of ours, the one that fits. NULL when none does. */
static fido_cred_t *read_key(const struct sk_webauthn_response *response, const struct sk_attestation *attestation, const struct sk_webauthn_party *party, int *algorithm)
{
	uint8_t hash[SK_HASH_BYTES];
	sk_sha256(response->client_data.bytes, response->client_data.length, hash);
	for (size_t i = 0; i < SK_COUNT(algorithms); i++) {
		fido_cred_t *cred = fido_cred_new();
		if (cred != NULL && fido_cred_set_type(cred, algorithms[i]) == FIDO_OK && fido_cred_set_rp(cred, party->rp_id, NULL) == FIDO_OK &&
		    fido_cred_set_clientdata_hash(cred, hash, sizeof hash) == FIDO_OK && (!party->verified || fido_cred_set_uv(cred, FIDO_OPT_TRUE) == FIDO_OK) &&
		    fido_cred_set_authdata_raw(cred, attestation->authenticator_data, attestation->authenticator_length) == FIDO_OK) {
			*algorithm = algorithms[i];
			return cred;
		}
		fido_cred_free(&cred);
	}
	return NULL;
}

static enum sk_err verify_statement(fido_cred_t *cred, const char *account, const struct sk_attestation *attestation, struct sk_fault *fault)
{
	static const uint8_t empty_map[] = {0xa0};
	if (strcmp(attestation->format, "none") == 0)
		return attestation->statement_length == sizeof empty_map && memcmp(attestation->statement, empty_map, sizeof empty_map) == 0
			       ? SK_OK
			       : sk_fault_set(fault, SK_EMALFORMED, "webauthn: attestation none with a statement");
	if (strcmp(attestation->format, "packed") != 0 && strcmp(attestation->format, "fido-u2f") != 0)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "webauthn: attestation %s is not read; ask the browser for none or packed", attestation->format);
	if (fido_cred_set_fmt(cred, attestation->format) != FIDO_OK || fido_cred_set_attstmt(cred, attestation->statement, attestation->statement_length) != FIDO_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: the attestation statement is not readable");
	int verdict = fido_cred_x5c_len(cred) != 0 ? fido_cred_verify(cred) : fido_cred_verify_self(cred);
	return verdict == FIDO_OK ? SK_OK : sk_factor_refused(fault, account, "the attestation's signature does not verify");
}

static enum sk_err read_credential(fido_cred_t *cred, const char *account, const struct sk_webauthn_response *response, const struct sk_attestation *attestation,
				   struct credential *out, struct sk_fault *fault)
{
	if (fido_cred_id_len(cred) != response->id_length || memcmp(fido_cred_id_ptr(cred), response->id, response->id_length) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: the credential's id is not the one that was signed");
	SK_TRY(verify_statement(cred, account, attestation, fault));
	out->key_length = fido_cred_pubkey_len(cred);
	if (out->key_length == 0 || out->key_length > sizeof out->key)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: a public key of %zu bytes", out->key_length);
	memcpy(out->key, fido_cred_pubkey_ptr(cred), out->key_length);
	out->count = fido_cred_sigcount(cred);
	return SK_OK;
}

/* The answer to a challenge that was the asker's: what it registers. */
static enum sk_err read_registration(struct sk_factors *factors, const char *asker, const struct sk_webauthn_party *party, const struct sk_webauthn_response *response,
				     int64_t now_ns, struct credential *out, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	struct sk_attestation attestation;
	*out = (struct credential){.since_ns = now_ns};
	SK_TRY(take_challenge(factors, asker, response->challenge, now_ns, digest, fault));
	SK_TRY(check_client(asker, response, party, "webauthn.create", fault));
	SK_TRY(sk_attestation_parse(response->attestation.bytes, response->attestation.length, &attestation, fault));
	SK_TRY(check_party(asker, attestation.authenticator_data, attestation.authenticator_length, party, fault));
	fido_cred_t *cred = read_key(response, &attestation, party, &out->algorithm);
	if (cred == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "webauthn: the authenticator's data have no key that is read here (ES256, EdDSA, RS256)");
	enum sk_err err = read_credential(cred, asker, response, &attestation, out, fault);
	fido_cred_free(&cred);
	return err;
}

static enum sk_err register_key(struct sk_factors *factors, const char *account, const struct sk_webauthn_party *party, const struct sk_webauthn_response *response,
				int64_t now_ns, struct sk_fault *fault)
{
	struct credential credential, there;
	SK_TRY(read_registration(factors, account, party, response, now_ns, &credential, fault));
	if (get_credential(factors, account, response->id, response->id_length, &there, fault) == SK_OK)
		return sk_fault_set(fault, SK_EEXIST, "%s: this credential is there already", account);
	return put_credential(factors, "webauthn", account, response->id, response->id_length, &credential, fault);
}

/* Beside somebody's factors, under a kind of its own: nobody signs in with it until an act has put its key into the register. rule: ACCESS-13 */
static enum sk_err enrol_key(struct sk_factors *factors, const char *asker, const char *account, const struct sk_webauthn_party *party, const struct sk_webauthn_response *response,
			     int64_t now_ns, struct sk_fault *fault)
{
	struct credential credential, there;
	SK_TRY(sk_enrolled_prune(factors, now_ns, fault));
	SK_TRY(read_registration(factors, asker, party, response, now_ns, &credential, fault));
	if (get_credential(factors, account, response->id, response->id_length, &there, fault) == SK_OK)
		return sk_fault_set(fault, SK_EEXIST, "%s: this credential is there already", account);
	return put_credential(factors, "enrolled", account, response->id, response->id_length, &credential, fault);
}

static enum sk_err take_registration(struct sk_factors *factors, const char *asker, const char *account, const struct sk_webauthn_party *party, const char *text, size_t length,
				     int64_t now_ns, struct sk_fault *fault)
{
	struct sk_webauthn_response response;
	fido_init(0);
	enum sk_err err = sk_webauthn_parse(text, length, true, &response, fault);
	if (err == SK_OK)
		err = sk_vault_begin(factors, fault);
	if (err == SK_OK)
		err = sk_vault_end(factors, asker == NULL ? register_key(factors, account, party, &response, now_ns, fault) : enrol_key(factors, asker, account, party, &response, now_ns, fault), fault);
	sk_webauthn_response_fini(&response);
	return err;
}

enum sk_err sk_webauthn_register(struct sk_factors *factors, const char *account, const struct sk_webauthn_party *party, const char *text, size_t length, int64_t now_ns,
				 struct sk_fault *fault)
{
	return take_registration(factors, NULL, account, party, text, length, now_ns, fault);
}

enum sk_err sk_webauthn_enrol(struct sk_factors *factors, const char *asker, const char *account, const struct sk_webauthn_party *party, const char *text, size_t length,
			      int64_t now_ns, struct sk_fault *fault)
{
	return take_registration(factors, asker, account, party, text, length, now_ns, fault);
}

/* ---- assertion ---- */

static bool verify_with(const fido_assert_t *assert, const struct credential *credential)
{
	int verdict = FIDO_ERR_INVALID_ARGUMENT;
	if (credential->algorithm == COSE_ES256) {
		es256_pk_t *key = es256_pk_new();
		if (key != NULL && es256_pk_from_ptr(key, credential->key, credential->key_length) == FIDO_OK)
			verdict = fido_assert_verify(assert, 0, COSE_ES256, key);
		es256_pk_free(&key);
	} else if (credential->algorithm == COSE_EDDSA) {
		eddsa_pk_t *key = eddsa_pk_new();
		if (key != NULL && eddsa_pk_from_ptr(key, credential->key, credential->key_length) == FIDO_OK)
			verdict = fido_assert_verify(assert, 0, COSE_EDDSA, key);
		eddsa_pk_free(&key);
	} else if (credential->algorithm == COSE_RS256) {
		rs256_pk_t *key = rs256_pk_new();
		if (key != NULL && rs256_pk_from_ptr(key, credential->key, credential->key_length) == FIDO_OK)
			verdict = fido_assert_verify(assert, 0, COSE_RS256, key);
		rs256_pk_free(&key);
	}
	return verdict == FIDO_OK;
}

static enum sk_err verify_assertion(const char *account, const struct sk_webauthn_party *party, const struct sk_webauthn_response *response,
				    const struct credential *credential, uint64_t *count, struct sk_fault *fault)
{
	uint8_t hash[SK_HASH_BYTES];
	fido_assert_t *assert = fido_assert_new();
	if (assert == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_sha256(response->client_data.bytes, response->client_data.length, hash);
	bool good = fido_assert_set_rp(assert, party->rp_id) == FIDO_OK && fido_assert_set_clientdata_hash(assert, hash, sizeof hash) == FIDO_OK &&
		    fido_assert_set_count(assert, 1) == FIDO_OK &&
		    fido_assert_set_authdata_raw(assert, 0, response->authenticator_data.bytes, response->authenticator_data.length) == FIDO_OK &&
		    fido_assert_set_sig(assert, 0, response->signature.bytes, response->signature.length) == FIDO_OK &&
		    fido_assert_set_up(assert, FIDO_OPT_TRUE) == FIDO_OK && (!party->verified || fido_assert_set_uv(assert, FIDO_OPT_TRUE) == FIDO_OK) &&
		    verify_with(assert, credential);
	*count = good ? fido_assert_sigcount(assert, 0) : 0;
	fido_assert_free(&assert);
	return good ? SK_OK : sk_factor_refused(fault, account, "the assertion does not verify");
}

static enum sk_err check_assertion(struct sk_factors *factors, const char *account, const struct sk_webauthn_party *party, const struct sk_webauthn_response *response,
				   int64_t now_ns, uint8_t approves[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct credential credential;
	uint64_t count = 0;
	SK_TRY(take_challenge(factors, account, response->challenge, now_ns, approves, fault));
	SK_TRY(check_client(account, response, party, "webauthn.get", fault));
	SK_TRY(check_party(account, response->authenticator_data.bytes, response->authenticator_data.length, party, fault));
	SK_TRY(get_credential(factors, account, response->id, response->id_length, &credential, fault));
	if (credential.broken)
		return sk_factor_refused(fault, account, "this credential's counter went back once: there is a second copy of it; take it away");
	SK_TRY(verify_assertion(account, party, response, &credential, &count, fault));
	/* 7.2 step 21: a counter that does not grow means two keys. One that is always zero is none. */
	if ((count != 0 || credential.count != 0) && count <= credential.count) {
		credential.broken = true;
		SK_TRY(put_credential(factors, "webauthn", account, response->id, response->id_length, &credential, fault));
		return sk_factor_refused(fault, account, "the signature counter did not grow: there is a second copy of this key");
	}
	credential.count = count;
	return put_credential(factors, "webauthn", account, response->id, response->id_length, &credential, fault);
}

enum sk_err sk_webauthn_check(struct sk_factors *factors, const char *account, const struct sk_webauthn_party *party, const char *text, size_t length, int64_t now_ns,
			      uint8_t approves[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_webauthn_response response;
	fido_init(0);
	memset(approves, 0, SK_HASH_BYTES);
	enum sk_err err = sk_webauthn_parse(text, length, false, &response, fault);
	if (err == SK_OK)
		err = sk_vault_begin(factors, fault);
	if (err == SK_OK)
		err = sk_vault_end(factors, check_assertion(factors, account, party, &response, now_ns, approves, fault), fault);
	if (err != SK_OK)
		memset(approves, 0, SK_HASH_BYTES);
	sk_webauthn_response_fini(&response);
	return err;
}
