/* SPDX-License-Identifier: Apache-2.0 */
/* One Ed25519 key, three forms of its signature, so that whoever takes a list verifies it with what is there: sekisho or any C2SP tool, minisign, ssh-keygen. */
#include "target/list_priv.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"
#include "wire/wire.h"

enum { KEY_NUMBER_BYTES = 8, MINISIGN_BYTES = 2 + KEY_NUMBER_BYTES + SK_SIGN_BYTES, SSH_LINE = 70, PIECE = 512 };
static const char ssh_type[] = "ssh-ed25519", ssh_namespace[] = "sekisho-file", ssh_hash[] = "sha512";

/* ---- C2SP ---- */

static void note_body(const char *name, const void *bytes, size_t length, struct sk_buf *out)
{
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	sk_sha256(bytes, length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
	sk_buf_addf(out, "sekisho-file/1\n%s\nsha256 %s\n", name, hex);
}

void sk_list_sign_note(const struct sk_sign_key *key, const char *name, const void *bytes, size_t length, struct sk_buf *out)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_LIST_SIGNATURE_MAX);
	note_body(name, bytes, length, &body);
	sk_note_sign(out, sk_buf_text(&body), body.length, key);
	sk_buf_fini(&body);
}

enum sk_err sk_list_verify_note(const struct sk_verify_key *key, const char *name, const void *bytes, size_t length, const char *text, size_t text_length)
{
	struct sk_note *note = malloc(sizeof *note);
	struct sk_buf body;
	if (note == NULL)
		return SK_ENOMEM;
	sk_buf_init(&body, SK_LIST_SIGNATURE_MAX);
	note_body(name, bytes, length, &body);
	enum sk_err err = sk_note_parse(text, text_length, note, NULL);
	if (err == SK_OK)
		err = sk_note_verify(note, key) == SK_OK && note->body_length == body.length && memcmp(note->body, body.bytes, body.length) == 0 ? SK_OK : SK_ESIGNATURE;
	sk_buf_fini(&body);
	free(note);
	return err;
}

/* ---- minisign (jedisct1.github.io/minisign): "ED", a number for the key, the signature over BLAKE2b-512 of the file; then one over signature and comment ---- */

static void key_number(const struct sk_verify_key *key, uint8_t out[KEY_NUMBER_BYTES])
{
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(key->public_key, sizeof key->public_key, digest);
	memcpy(out, digest, KEY_NUMBER_BYTES);
}

void sk_list_sign_minisign(const struct sk_sign_key *key, const char *name, const void *bytes, size_t length, int64_t time_ns, struct sk_buf *out)
{
	uint8_t hash[64], packet[MINISIGN_BYTES] = {'E', 'D'}, both[SK_SIGN_BYTES + 256], global[SK_SIGN_BYTES];
	char text[4 * ((MINISIGN_BYTES + 2) / 3) + 1], comment[256];
	key_number(sk_sign_key_public(key), packet + 2);
	SK_INVARIANT(crypto_generichash(hash, sizeof hash, bytes, length, NULL, 0) == 0);
	sk_sign(key, hash, sizeof hash, packet + 2 + KEY_NUMBER_BYTES);
	int written = snprintf(comment, sizeof comment, "timestamp:%lld\tfile:%s\thashed", (long long)(time_ns / 1000000000), name);
	SK_INVARIANT(written > 0 && written < (int)sizeof comment);
	memcpy(both, packet + 2 + KEY_NUMBER_BYTES, SK_SIGN_BYTES);
	memcpy(both + SK_SIGN_BYTES, comment, (size_t)written);
	sk_sign(key, both, SK_SIGN_BYTES + (size_t)written, global);
	sk_base64_encode(packet, sizeof packet, text);
	sk_buf_addf(out, "untrusted comment: signature by %s\n%s\n", sk_sign_key_public(key)->name, text);
	sk_base64_encode(global, sizeof global, text);
	sk_buf_addf(out, "trusted comment: %s\n%s\n", comment, text);
}

void sk_list_key_minisign(const struct sk_verify_key *key, struct sk_buf *out)
{
	uint8_t packet[2 + KEY_NUMBER_BYTES + SK_KEY_BYTES] = {'E', 'd'};
	char text[4 * ((sizeof packet + 2) / 3) + 1];
	key_number(key, packet + 2);
	memcpy(packet + 2 + KEY_NUMBER_BYTES, key->public_key, SK_KEY_BYTES);
	sk_base64_encode(packet, sizeof packet, text);
	sk_buf_addf(out, "untrusted comment: minisign public key of %s\n%s\n", key->name, text);
}

/* ---- SSH (openssh-portable, PROTOCOL.sshsig) ---- */

static void put_string(struct sk_out *out, const void *bytes, size_t length)
{
	sk_put_be32(out, (uint32_t)length);
	sk_put_bytes(out, bytes, length);
}

static void put_text(struct sk_out *out, const char *text)
{
	put_string(out, text, strlen(text));
}

static void put_key(struct sk_out *out, const struct sk_verify_key *key)
{
	put_text(out, ssh_type);
	put_string(out, key->public_key, SK_KEY_BYTES);
}

/* What follows the magic in both: namespace, reserved, hash. */
static void put_how(struct sk_out *out)
{
	put_text(out, ssh_namespace);
	put_text(out, "");
	put_text(out, ssh_hash);
}

void sk_list_sign_ssh(const struct sk_sign_key *key, const void *bytes, size_t length, struct sk_buf *out)
{
	uint8_t hash[64], piece[PIECE], whole[PIECE], signature[SK_SIGN_BYTES];
	char text[4 * ((PIECE + 2) / 3) + 1];
	SK_INVARIANT(crypto_hash_sha512(hash, bytes, length) == 0);
	struct sk_out to_sign = sk_out_of(piece, sizeof piece);
	sk_put_bytes(&to_sign, "SSHSIG", 6);
	put_how(&to_sign);
	put_string(&to_sign, hash, sizeof hash);
	sk_sign(key, piece, sk_out_length(&to_sign), signature);
	struct sk_out blob = sk_out_of(whole, sizeof whole), part = sk_out_of(piece, sizeof piece);
	sk_put_bytes(&blob, "SSHSIG", 6);
	sk_put_be32(&blob, 1);
	put_key(&part, sk_sign_key_public(key));
	put_string(&blob, piece, sk_out_length(&part));
	put_how(&blob);
	part = sk_out_of(piece, sizeof piece);
	put_text(&part, ssh_type);
	put_string(&part, signature, sizeof signature);
	put_string(&blob, piece, sk_out_length(&part));
	SK_INVARIANT(sk_out_done(&blob) == SK_OK && sk_out_done(&part) == SK_OK && sk_out_done(&to_sign) == SK_OK);
	sk_base64_encode(whole, sk_out_length(&blob), text);
	sk_buf_add_text(out, "-----BEGIN SSH SIGNATURE-----\n");
	for (const char *at = text; *at != '\0';) {
		size_t line = strnlen(at, SSH_LINE);
		sk_buf_addf(out, "%.*s\n", (int)line, at);
		at += line;
	}
	sk_buf_add_text(out, "-----END SSH SIGNATURE-----\n");
}

void sk_list_key_ssh(const struct sk_verify_key *key, struct sk_buf *out)
{
	uint8_t blob[PIECE];
	char text[4 * ((PIECE + 2) / 3) + 1];
	struct sk_out part = sk_out_of(blob, sizeof blob);
	put_key(&part, key);
	sk_base64_encode(blob, sk_out_length(&part), text);
	sk_buf_addf(out, "%s namespaces=\"%s\" %s %s\n", key->name, ssh_namespace, ssh_type, text);
}
