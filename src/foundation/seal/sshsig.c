/* SPDX-License-Identifier: Apache-2.0 */
/* SSHSIG (OpenSSH PROTOCOL.sshsig) by Ed25519 keys, also by those in security keys (PROTOCOL.u2f).

     "SSHSIG"  version = 1   string public key   string namespace   string reserved   string hash algorithm   string signature
     string: length (4 bytes, big-endian), bytes
     public key: string "ssh-ed25519" string key[32]        | string "sk-ssh-ed25519@openssh.com" string key[32] string application
     signature:  string "ssh-ed25519" string signature[64]  | string "sk-ssh-ed25519@openssh.com" string signature[64] flags counter[4]
     signed:     "SSHSIG" string namespace string reserved string hash algorithm string hash(text)
     a security key signs: SHA-256(application) flags counter SHA-256(signed) */
#include <sodium.h>
#include <stdio.h>

#include "seal/foreign.h"
#include "seal/seal_priv.h"
#include "wire/wire.h"

enum { VERSION = 1, BLOB_MAX = 1024, SIGNED_MAX = 256, KEY_BLOB_MAX = 256, ARMOUR_LINE = 70, TOUCHED = 0x01, ED25519_BYTES = 32 };

static const char magic[] = "SSHSIG", plain_name[] = "ssh-ed25519", sk_name[] = "sk-ssh-ed25519@openssh.com", namespace[] = SK_SSHSIG_NAMESPACE;
static const char begin_line[] = "-----BEGIN SSH SIGNATURE-----", end_line[] = "-----END SSH SIGNATURE-----";

/* ---- reading and writing SSH's strings ---- */

static struct sk_cur take_string(struct sk_cur *c)
{
	return sk_carve(c, sk_be32(c));
}

static bool rest_is(struct sk_cur c, const void *bytes, size_t length)
{
	return !c.dead && sk_left(&c) == length && memcmp(sk_take(&c, length), bytes, length) == 0;
}

static bool text_is(struct sk_cur c, const char *text)
{
	return rest_is(c, text, strlen(text));
}

static void put_string(struct sk_out *o, const void *bytes, size_t length)
{
	sk_put_be32(o, (uint32_t)length);
	sk_put_bytes(o, bytes, length);
}

static void put_text(struct sk_out *o, const char *text)
{
	put_string(o, text, strlen(text));
}

static const char *name_of(enum sk_key_kind kind)
{
	return kind == SK_KEY_SSHSIG_SK_ED25519 ? sk_name : plain_name;
}

/* ---- keys ---- */

static size_t write_key_blob(const struct sk_verify_key *key, uint8_t blob[KEY_BLOB_MAX])
{
	struct sk_out o = sk_out_of(blob, KEY_BLOB_MAX);
	put_text(&o, name_of(key->kind));
	put_string(&o, key->public_key, ED25519_BYTES);
	if (key->kind == SK_KEY_SSHSIG_SK_ED25519)
		put_text(&o, key->scope);
	SK_INVARIANT(!o.dead);
	return sk_out_length(&o);
}

/* "SHA256:" and 43 letters, as ssh-keygen -l shows it but with - for + and _ for /. */
static void name_by_fingerprint(const uint8_t *blob, size_t length, struct sk_verify_key *key)
{
	uint8_t digest[SK_HASH_BYTES];
	char text[48];
	sk_sha256(blob, length, digest);
	(void)sodium_bin2base64(text, sizeof text, digest, sizeof digest, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)snprintf(key->name, sizeof key->name, "SHA256:%s", text);
}

static enum sk_err read_key_blob(struct sk_cur c, struct sk_verify_key *out)
{
	struct sk_verify_key key = {.type = SK_KEY_UNASSIGNED};
	struct sk_cur name = take_string(&c);
	if (text_is(name, plain_name))
		key.kind = SK_KEY_SSHSIG_ED25519;
	else if (text_is(name, sk_name))
		key.kind = SK_KEY_SSHSIG_SK_ED25519;
	else
		return name.dead ? SK_EMALFORMED : SK_EUNSUPPORTED;
	struct sk_cur public = take_string(&c);
	sk_copy(&public, key.public_key, ED25519_BYTES);
	if (sk_done(&public) != SK_OK)
		return SK_EMALFORMED;
	if (key.kind == SK_KEY_SSHSIG_SK_ED25519) {
		struct sk_cur scope = take_string(&c);
		size_t length = sk_left(&scope);
		if (scope.dead || length >= sizeof key.scope)
			return SK_EMALFORMED;
		sk_copy(&scope, key.scope, length);
		if (strlen(key.scope) != length)
			return SK_EMALFORMED;
	}
	if (sk_done(&c) != SK_OK || !sk_key_scope_valid(&key))
		return SK_EMALFORMED;
	uint8_t again[KEY_BLOB_MAX];
	name_by_fingerprint(again, write_key_blob(&key, again), &key);
	key.id = sk_key_id(&key);
	*out = key;
	return SK_OK;
}

enum sk_err sk_ssh_key_parse(const char *line, size_t length, struct sk_verify_key *out)
{
	struct sk_span rest = {line, length}, first, name, encoded;
	if (sk_span_until(&rest, '\n', &first)) {
		if (rest.length != 0)
			return SK_EMALFORMED; /* one key a file */
	} else {
		first = rest;
	}
	if (!sk_span_until(&first, ' ', &name))
		return SK_EMALFORMED;
	if (!sk_span_until(&first, ' ', &encoded))
		encoded = first;
	uint8_t blob[BLOB_MAX];
	size_t blob_length;
	if (!sk_span_base64(encoded, blob, sizeof blob, &blob_length))
		return SK_EMALFORMED;
	struct sk_verify_key key;
	SK_TRY(read_key_blob(sk_cur_of(blob, blob_length), &key));
	if (!sk_span_is(name, name_of(key.kind)))
		return SK_EMALFORMED;
	*out = key;
	return SK_OK;
}

const char *sk_ssh_key_format(const struct sk_verify_key *key, char text[SK_SSH_TEXT_MAX])
{
	uint8_t blob[KEY_BLOB_MAX];
	char encoded[KEY_BLOB_MAX / 3 * 4 + 8];
	*text = '\0';
	if (key->kind != SK_KEY_SSHSIG_ED25519 && key->kind != SK_KEY_SSHSIG_SK_ED25519)
		return text;
	(void)sodium_bin2base64(encoded, sizeof encoded, blob, write_key_blob(key, blob), sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(text, SK_SSH_TEXT_MAX, "%s %s", name_of(key->kind), encoded);
	return text;
}

/* ---- signatures ---- */

/* The parts of a blob; cursors over it. */
struct parts {
	struct sk_cur key, namespace, reserved, hash, signature;
};

static bool split(const void *bytes, size_t length, struct parts *out)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	uint8_t start[sizeof magic - 1];
	sk_copy(&c, start, sizeof start);
	if (memcmp(start, magic, sizeof start) != 0 || sk_be32(&c) != VERSION)
		return false;
	out->key = take_string(&c);
	out->namespace = take_string(&c);
	out->reserved = take_string(&c);
	out->hash = take_string(&c);
	out->signature = take_string(&c);
	return sk_done(&c) == SK_OK;
}

/* What is signed of the text, for the hash that the blob names; 0 when that is none of SSHSIG's two. */
static size_t signed_bytes(struct sk_cur hash, const void *text, size_t length, uint8_t out[SIGNED_MAX])
{
	uint8_t digest[crypto_hash_sha512_BYTES];
	size_t digest_length = sizeof digest;
	struct sk_out o = sk_out_of(out, SIGNED_MAX);
	sk_put_bytes(&o, magic, sizeof magic - 1);
	put_text(&o, namespace);
	put_text(&o, "");
	if (text_is(hash, "sha512")) {
		put_text(&o, "sha512");
		(void)crypto_hash_sha512(digest, text, length);
	} else if (text_is(hash, "sha256")) {
		put_text(&o, "sha256");
		sk_sha256(text, length, digest);
		digest_length = SK_HASH_BYTES;
	} else {
		return 0;
	}
	put_string(&o, digest, digest_length);
	SK_INVARIANT(!o.dead);
	return sk_out_length(&o);
}

/* A security key signs its application, that somebody touched it, and its counter. The counter is signed and not compared: nothing here has a memory. */
static enum sk_err verify_touched(const struct sk_verify_key *key, uint8_t flags, uint32_t counter, const uint8_t *message, size_t length,
				  const uint8_t signature[SK_SIGN_BYTES])
{
	uint8_t digest[SK_HASH_BYTES], signed_text[2 * SK_HASH_BYTES + 5];
	struct sk_out o = sk_out_of(signed_text, sizeof signed_text);
	sk_sha256(key->scope, strlen(key->scope), digest);
	sk_put_bytes(&o, digest, sizeof digest);
	sk_put_u8(&o, flags);
	sk_put_be32(&o, counter);
	sk_sha256(message, length, digest);
	sk_put_bytes(&o, digest, sizeof digest);
	if ((flags & TOUCHED) == 0)
		return SK_ESIGNATURE;
	return sk_verify(key, signed_text, sizeof signed_text, signature);
}

//= rule: SIGN-1
enum sk_err sk_sshsig_verify(const struct sk_verify_key *key, const void *text, size_t text_length, const void *blob, size_t length)
{
	struct parts parts;
	uint8_t key_blob[KEY_BLOB_MAX], message[SIGNED_MAX], signature[SK_SIGN_BYTES];
	if (!split(blob, length, &parts) || !rest_is(parts.key, key_blob, write_key_blob(key, key_blob)))
		return SK_ESIGNATURE;
	/* The reserved string has no meaning yet; what it might come to mean is not agreed to here. */
	if (!text_is(parts.namespace, namespace) || sk_more(&parts.reserved))
		return SK_ESIGNATURE;
	struct sk_cur c = parts.signature;
	struct sk_cur name = take_string(&c), bytes = take_string(&c);
	sk_copy(&bytes, signature, sizeof signature);
	if (!text_is(name, name_of(key->kind)) || sk_done(&bytes) != SK_OK)
		return SK_ESIGNATURE;
	bool touched = key->kind == SK_KEY_SSHSIG_SK_ED25519;
	uint8_t flags = touched ? sk_u8(&c) : 0;
	uint32_t counter = touched ? sk_be32(&c) : 0;
	size_t message_length = signed_bytes(parts.hash, text, text_length, message);
	if (sk_done(&c) != SK_OK || message_length == 0)
		return SK_ESIGNATURE;
	return touched ? verify_touched(key, flags, counter, message, message_length, signature) : sk_verify(key, message, message_length, signature);
}

enum sk_err sk_sshsig_key(const void *blob, size_t length, struct sk_verify_key *out)
{
	struct parts parts;
	return split(blob, length, &parts) ? read_key_blob(parts.key, out) : SK_EMALFORMED;
}

/* ---- armour ---- */

enum sk_err sk_sshsig_unarmour(const char *text, size_t length, struct sk_buf *blob)
{
	char encoded[SK_SSHSIG_ARMOUR_MAX];
	uint8_t bytes[SK_SSHSIG_ARMOUR_MAX];
	size_t encoded_length = 0, bytes_length;
	struct sk_span rest = {text, length}, line;
	if (length > sizeof encoded)
		return SK_ETOOBIG;
	if (!sk_span_until(&rest, '\n', &line) || !sk_span_is(line, begin_line))
		return SK_EMALFORMED;
	while (sk_span_until(&rest, '\n', &line) && !sk_span_is(line, end_line)) {
		memcpy(encoded + encoded_length, line.at, line.length);
		encoded_length += line.length;
	}
	if (!sk_span_is(line, end_line) || rest.length != 0)
		return SK_EMALFORMED;
	if (!sk_span_base64((struct sk_span){encoded, encoded_length}, bytes, sizeof bytes, &bytes_length) || bytes_length == 0)
		return SK_EMALFORMED;
	sk_buf_add(blob, bytes, bytes_length);
	return blob->failed;
}

void sk_sshsig_armour(const void *blob, size_t length, struct sk_buf *out)
{
	char encoded[SK_SSHSIG_ARMOUR_MAX];
	if (length > BLOB_MAX) {
		out->failed = out->failed == SK_OK ? SK_ETOOBIG : out->failed;
		return;
	}
	(void)sodium_bin2base64(encoded, sizeof encoded, blob, length, sodium_base64_VARIANT_ORIGINAL);
	sk_buf_addf(out, "%s\n", begin_line);
	for (const char *at = encoded; *at != '\0';) {
		int part = (int)strnlen(at, ARMOUR_LINE);
		sk_buf_addf(out, "%.*s\n", part, at);
		at += part;
	}
	sk_buf_addf(out, "%s\n", end_line);
}
