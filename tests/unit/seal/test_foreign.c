/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of other programs: made by the real ssh-keygen, with a key in a file and one in an agent, checked here; and what we accept, ssh-keygen accepts.
   Security keys and WebAuthn credentials need hardware or a browser; their bytes are built here by hand, from the specifications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/foreign.h"
#include "seal/seal_priv.h"
#include "wire/wire.h"

static const char statement[] = "{\"event\":\"approve\",\"id\":\"order-7\",\"matter\":\"order\"}\n";
static char folder[] = "/tmp/sekisho-foreign-XXXXXX";
static struct sk_fault fault;

/* ---- the real ssh-keygen ---- */

SK_PRINTF(1, 2) static int shell(const char *format, ...)
{
	char command[4096];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void file_at(const char *name, struct sk_buf *out)
{
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	sk_buf_init(out, 65536);
	assert_int_equal(sk_file_read(path, out, &fault), SK_OK);
}

static struct sk_verify_key ssh_key(const char *name)
{
	struct sk_buf line;
	struct sk_verify_key key;
	file_at(name, &line);
	assert_int_equal(sk_ssh_key_parse(sk_buf_text(&line), line.length, &key), SK_OK);
	sk_buf_fini(&line);
	return key;
}

static void blob_at(const char *name, struct sk_buf *blob)
{
	struct sk_buf armour;
	file_at(name, &armour);
	sk_buf_init(blob, 4096);
	assert_int_equal(sk_sshsig_unarmour(sk_buf_text(&armour), armour.length, blob), SK_OK);
	sk_buf_fini(&armour);
}

/* The verdict on a note with that body and one line. */
static enum sk_err verdict(const struct sk_verify_key *key, const char *body, const void *signature, size_t length)
{
	struct sk_buf text;
	struct sk_note note;
	sk_buf_init(&text, SK_NOTE_MAX);
	sk_buf_addf(&text, "%s\n", body);
	sk_note_add_foreign(&text, key, signature, length);
	assert_int_equal(text.failed, SK_OK);
	assert_int_equal(sk_note_parse(sk_buf_text(&text), text.length, &note, &fault), SK_OK);
	enum sk_err err = sk_note_verify(&note, key);
	sk_buf_fini(&text);
	return err;
}

static void refuse_each_flipped_bit(const struct sk_verify_key *key, struct sk_buf *signature)
{
	for (size_t i = 0; i < signature->length; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			signature->bytes[i] = (uint8_t)(signature->bytes[i] ^ 1u << bit);
			if (verdict(key, statement, signature->bytes, signature->length) != SK_ESIGNATURE)
				fail_msg("byte %zu bit %u", i, bit);
			signature->bytes[i] = (uint8_t)(signature->bytes[i] ^ 1u << bit);
		}
	}
	for (size_t cut = 1; cut < signature->length; cut++)
		assert_int_equal(verdict(key, statement, signature->bytes, cut), SK_ESIGNATURE);
}

//= rule: SIGN-1
static void test_ssh_file(void **state)
{
	(void)state;
	struct sk_verify_key key = ssh_key("alice.pub"), other = ssh_key("bob.pub"), said;
	struct sk_buf blob;
	static const char *const hashes[] = {"sha512", "sha256"};
	for (size_t i = 0; i < SK_COUNT(hashes); i++) {
		assert_int_equal(shell("cd %s && rm -f s.sig && ssh-keygen -q -Y sign -O hashalg=%s -n sekisho-act -f alice s 2>/dev/null", folder, hashes[i]), 0);
		blob_at("s.sig", &blob);
		assert_int_equal(sk_sshsig_key(blob.bytes, blob.length, &said), SK_OK);
		assert_memory_equal(&said, &key, sizeof key);
		assert_int_equal(verdict(&key, statement, blob.bytes, blob.length), SK_OK);
		assert_int_equal(verdict(&key, "{\"event\":\"approve\",\"id\":\"order-8\",\"matter\":\"order\"}\n", blob.bytes, blob.length), SK_ESIGNATURE);
		assert_int_equal(verdict(&other, statement, blob.bytes, blob.length), SK_ESIGNATURE);
		refuse_each_flipped_bit(&key, &blob);
		sk_buf_fini(&blob);
	}
	/* signed for another purpose */
	assert_int_equal(shell("cd %s && rm -f s.sig && ssh-keygen -q -Y sign -n file -f alice s 2>/dev/null", folder), 0);
	blob_at("s.sig", &blob);
	assert_int_equal(verdict(&key, statement, blob.bytes, blob.length), SK_ESIGNATURE);
	sk_buf_fini(&blob);
}

/* The private half is in an agent alone. */
static void test_ssh_agent(void **state)
{
	(void)state;
	struct sk_buf blob;
	int status = shell("cd %s && mkdir away && eval $(ssh-agent -s) >/dev/null && ssh-add -q bob 2>/dev/null && mv bob away/ && rm -f s.sig && "
			   "ssh-keygen -q -Y sign -n sekisho-act -f bob.pub s 2>/dev/null; r=$?; kill $SSH_AGENT_PID; mv away/bob . ; exit $r", folder);
	assert_int_equal(status, 0);
	blob_at("s.sig", &blob);
	struct sk_verify_key key = ssh_key("bob.pub");
	assert_int_equal(verdict(&key, statement, blob.bytes, blob.length), SK_OK);
	sk_buf_fini(&blob);
}

/* Taken out of a note and armoured again, a signature is one that ssh-keygen -Y verify accepts, by the key as we write it. */
static void test_ssh_back(void **state)
{
	(void)state;
	struct sk_buf blob, armour;
	char line[SK_SSH_TEXT_MAX], path[512];
	struct sk_verify_key key = ssh_key("alice.pub");
	assert_int_equal(shell("cd %s && rm -f s.sig && ssh-keygen -q -Y sign -n sekisho-act -f alice s 2>/dev/null", folder), 0);
	blob_at("s.sig", &blob);
	sk_buf_init(&armour, 65536);
	sk_sshsig_armour(blob.bytes, blob.length, &armour);
	(void)snprintf(path, sizeof path, "%s/again.sig", folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(sk_buf_text(&armour), file);
	(void)fclose(file);
	(void)snprintf(path, sizeof path, "%s/allowed", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file, "alice %s\n", sk_ssh_key_format(&key, line));
	(void)fclose(file);
	assert_int_equal(shell("cd %s && ssh-keygen -q -Y verify -f allowed -I alice -n sekisho-act -s again.sig <s >/dev/null 2>&1", folder), 0);
	assert_int_not_equal(shell("cd %s && echo x | ssh-keygen -q -Y verify -f allowed -I alice -n sekisho-act -s again.sig >/dev/null 2>&1", folder), 0);
	struct sk_buf again;
	file_at("s.sig", &again);
	assert_string_equal(sk_buf_text(&again), sk_buf_text(&armour)); /* byte for byte what ssh-keygen writes */
	sk_buf_fini(&again);
	sk_buf_fini(&blob);
	sk_buf_fini(&armour);
}

static void test_ssh_keys(void **state)
{
	(void)state;
	struct sk_verify_key key = ssh_key("alice.pub"), again;
	char text[SK_VKEY_TEXT_MAX], line[SK_SSH_TEXT_MAX];
	assert_int_equal(key.type, 0xff);
	assert_int_equal(key.kind, SK_KEY_SSHSIG_ED25519);
	assert_int_equal(strncmp(key.name, "SHA256:", 7), 0);
	assert_int_equal(sk_verify_key_parse(sk_verify_key_format(&key, text), &again), SK_OK);
	assert_memory_equal(&key, &again, sizeof key);
	(void)sk_ssh_key_format(&key, line);
	assert_int_equal(sk_ssh_key_parse(line, strlen(line), &again), SK_OK);
	assert_memory_equal(&key, &again, sizeof key);
	/* the fingerprint is the one that ssh-keygen shows */
	struct sk_buf shown;
	assert_int_equal(shell("cd %s && ssh-keygen -l -f alice.pub | tr '+/' '-_' >shown", folder), 0);
	file_at("shown", &shown);
	assert_non_null(strstr(sk_buf_text(&shown), key.name));
	sk_buf_fini(&shown);
	/* other kinds of SSH keys are named as such */
	struct sk_buf rsa;
	file_at("rsa.pub", &rsa);
	assert_int_equal(sk_ssh_key_parse(sk_buf_text(&rsa), rsa.length, &again), SK_EUNSUPPORTED);
	sk_buf_fini(&rsa);
	/* every mangling of the verifier text: its id, its base64, its name */
	char copy[SK_VKEY_TEXT_MAX];
	for (size_t i = 0; text[i] != '\0'; i++) {
		memcpy(copy, text, sizeof copy);
		copy[i]++;
		assert_int_equal(sk_verify_key_parse(copy, &again), SK_EMALFORMED);
		memcpy(copy, text, sizeof copy);
		copy[i] = '\0';
		assert_int_equal(sk_verify_key_parse(copy, &again), SK_EMALFORMED);
	}
	/* the same 32 bytes as one of our own keys: another id, and neither's line counts for the other */
	struct sk_verify_key plain = {.type = 0x01};
	memcpy(plain.name, key.name, sizeof plain.name);
	memcpy(plain.public_key, key.public_key, sizeof plain.public_key);
	plain.id = sk_key_id(&plain);
	assert_int_not_equal(plain.id, key.id);
	struct sk_quorum *quorum = NULL;
	char both[2048], plain_text[SK_VKEY_TEXT_MAX];
	(void)snprintf(both, sizeof both, "witness a %s\nwitness b %s\ngroup g 2 a b\nquorum g\n", text, sk_verify_key_format(&plain, plain_text));
	assert_int_equal(sk_quorum_parse(both, strlen(both), &quorum, &fault), SK_EMALFORMED); /* one hand under two kinds */
}

static void test_armour(void **state)
{
	(void)state;
	struct sk_buf armour, blob;
	assert_int_equal(shell("cd %s && rm -f s.sig && ssh-keygen -q -Y sign -n sekisho-act -f alice s 2>/dev/null", folder), 0);
	file_at("s.sig", &armour);
	for (size_t cut = 0; cut < armour.length; cut++) {
		sk_buf_init(&blob, 4096);
		assert_int_equal(sk_sshsig_unarmour(sk_buf_text(&armour), cut, &blob), SK_EMALFORMED);
		sk_buf_fini(&blob);
	}
	sk_buf_add_text(&armour, "more\n");
	sk_buf_init(&blob, 4096);
	assert_int_equal(sk_sshsig_unarmour(sk_buf_text(&armour), armour.length, &blob), SK_EMALFORMED);
	sk_buf_fini(&blob);
	sk_buf_fini(&armour);
}

/* ---- a security key, by hand ---- */

static void put_string(struct sk_out *o, const void *bytes, size_t length)
{
	sk_put_be32(o, (uint32_t)length);
	sk_put_bytes(o, bytes, length);
}

static void put_text(struct sk_out *o, const char *text)
{
	put_string(o, text, strlen(text));
}

struct token {
	uint8_t public_key[32], secret[64];
	const char *application, *signed_application, *namespace;
	uint8_t flags;
};

static size_t token_key(const struct token *token, uint8_t blob[256])
{
	struct sk_out o = sk_out_of(blob, 256);
	put_text(&o, "sk-ssh-ed25519@openssh.com");
	put_string(&o, token->public_key, 32);
	put_text(&o, token->application);
	return sk_out_length(&o);
}

static void token_sign(const struct token *token, const char *text, struct sk_buf *out)
{
	uint8_t message[256], digest[64], wrapped[69], signature[64], key[256], blob[512], tail[128];
	struct sk_out o = sk_out_of(message, sizeof message);
	sk_put_bytes(&o, "SSHSIG", 6);
	put_text(&o, token->namespace);
	put_text(&o, "");
	put_text(&o, "sha512");
	(void)crypto_hash_sha512(digest, (const uint8_t *)text, strlen(text));
	put_string(&o, digest, 64);
	struct sk_out w = sk_out_of(wrapped, sizeof wrapped);
	sk_sha256(token->signed_application, strlen(token->signed_application), digest);
	sk_put_bytes(&w, digest, 32);
	sk_put_u8(&w, token->flags);
	sk_put_be32(&w, 7);
	sk_sha256(message, sk_out_length(&o), digest);
	sk_put_bytes(&w, digest, 32);
	(void)crypto_sign_detached(signature, NULL, wrapped, sizeof wrapped, token->secret);
	struct sk_out s = sk_out_of(tail, sizeof tail);
	put_text(&s, "sk-ssh-ed25519@openssh.com");
	put_string(&s, signature, 64);
	sk_put_u8(&s, token->flags);
	sk_put_be32(&s, 7);
	struct sk_out b = sk_out_of(blob, sizeof blob);
	sk_put_bytes(&b, "SSHSIG", 6);
	sk_put_be32(&b, 1);
	put_string(&b, key, token_key(token, key));
	put_text(&b, token->namespace);
	put_text(&b, "");
	put_text(&b, "sha512");
	put_string(&b, tail, sk_out_length(&s));
	assert_int_equal(sk_out_done(&b), SK_OK);
	sk_buf_init(out, 4096);
	sk_buf_add(out, blob, sk_out_length(&b));
}

//= rule: SIGN-1
static void test_security_key(void **state)
{
	(void)state;
	struct token token = {.application = "ssh:", .signed_application = "ssh:", .namespace = "sekisho-act", .flags = 0x01};
	(void)crypto_sign_keypair(token.public_key, token.secret);
	uint8_t blob[256];
	char encoded[512], line[600];
	struct sk_verify_key key, said, again;
	(void)sodium_bin2base64(encoded, sizeof encoded, blob, token_key(&token, blob), sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(line, sizeof line, "sk-ssh-ed25519@openssh.com %s desk drawer\n", encoded);
	assert_int_equal(sk_ssh_key_parse(line, strlen(line), &key), SK_OK);
	assert_string_equal(key.scope, "ssh:");
	char text[SK_VKEY_TEXT_MAX];
	assert_int_equal(sk_verify_key_parse(sk_verify_key_format(&key, text), &again), SK_OK);
	assert_memory_equal(&key, &again, sizeof key);
	struct sk_buf signature;
	token_sign(&token, statement, &signature);
	assert_int_equal(sk_sshsig_key(signature.bytes, signature.length, &said), SK_OK);
	assert_memory_equal(&said, &key, sizeof key);
	assert_int_equal(verdict(&key, statement, signature.bytes, signature.length), SK_OK);
	refuse_each_flipped_bit(&key, &signature);
	sk_buf_fini(&signature);
	token.flags = 0x05; /* touched, and a PIN */
	token_sign(&token, statement, &signature);
	assert_int_equal(verdict(&key, statement, signature.bytes, signature.length), SK_OK);
	sk_buf_fini(&signature);
	token.flags = 0x00; /* nobody touched it */
	token_sign(&token, statement, &signature);
	assert_int_equal(verdict(&key, statement, signature.bytes, signature.length), SK_ESIGNATURE);
	sk_buf_fini(&signature);
	token.flags = 0x01;
	token.signed_application = "ssh:other";
	token_sign(&token, statement, &signature);
	assert_int_equal(verdict(&key, statement, signature.bytes, signature.length), SK_ESIGNATURE);
	sk_buf_fini(&signature);
	token.signed_application = "ssh:";
	token.namespace = "git";
	token_sign(&token, statement, &signature);
	assert_int_equal(verdict(&key, statement, signature.bytes, signature.length), SK_ESIGNATURE);
	sk_buf_fini(&signature);
}

/* ---- WebAuthn, by hand ---- */

struct assertion {
	const char *party, *type, *origin, *cross, *challenged; /* challenged: the text that the challenge is of */
	uint8_t flags;
	size_t extra; /* bytes behind the head of authenticatorData */
};

/* authenticatorData and clientDataJSON; returns the signed bytes' length in message. */
static size_t assertion_parts(const struct assertion *a, uint8_t authenticator[64], char client[400], uint8_t message[128])
{
	uint8_t digest[32];
	char challenge[64];
	sk_sha256(a->party, strlen(a->party), authenticator);
	authenticator[32] = a->flags;
	memset(authenticator + 33, 0, 31);
	size_t length = 37 + a->extra;
	sk_sha256(a->challenged, strlen(a->challenged), digest);
	(void)sodium_bin2base64(challenge, sizeof challenge, digest, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)snprintf(client, 400, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s}", a->type, challenge, a->origin, a->cross);
	memcpy(message, authenticator, length);
	sk_sha256(client, strlen(client), message + length);
	return length + 32;
}

static struct sk_verify_key credential(enum sk_key_kind kind, const uint8_t *public_key, size_t length, const char *party)
{
	struct sk_verify_key key = {.name = "passkey", .type = 0xff, .kind = kind};
	memcpy(key.public_key, public_key, length);
	(void)snprintf(key.scope, sizeof key.scope, "%s", party);
	key.id = sk_key_id(&key);
	char text[SK_VKEY_TEXT_MAX];
	struct sk_verify_key again;
	assert_int_equal(sk_verify_key_parse(sk_verify_key_format(&key, text), &again), SK_OK);
	assert_memory_equal(&key, &again, sizeof key);
	return key;
}

static const struct {
	struct assertion a;
	bool good;
} assertions[] = {
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", statement, 0x01, 0}, true},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example:8443", "false", statement, 0x05, 0}, true},
	{{"sekisho.example", "webauthn.get", "https://desk.sekisho.example", "false", statement, 0x01, 0}, true},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false,\"extra\":{}", statement, 0x01, 0}, true},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", statement, 0x81, 3}, true},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", statement, 0x01, 3}, false},  /* bytes that no flag tells of */
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", statement, 0x81, 0}, false},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", statement, 0x04, 0}, false},  /* nobody touched it */
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", statement, 0x41, 20}, false}, /* a registration */
	{{"sekisho.example", "webauthn.create", "https://sekisho.example", "false", statement, 0x01, 0}, false},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "true", statement, 0x01, 0}, false},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "falsehood", statement, 0x01, 0}, false},
	{{"sekisho.example", "webauthn.get", "https://evilsekisho.example", "false", statement, 0x01, 0}, false},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example.evil.example", "false", statement, 0x01, 0}, false},
	{{"sekisho.example", "webauthn.get", "http://sekisho.example", "false", statement, 0x01, 0}, false},
	{{"other.example", "webauthn.get", "https://other.example", "false", statement, 0x01, 0}, false},
	{{"sekisho.example", "webauthn.get", "https://sekisho.example", "false", "another text\n", 0x01, 0}, false},
};

//= rule: SIGN-1
static void test_webauthn_ed25519(void **state)
{
	(void)state;
	uint8_t public_key[32], secret[64], authenticator[64], message[128], signature[64];
	char client[400];
	(void)crypto_sign_keypair(public_key, secret);
	struct sk_verify_key key = credential(SK_KEY_WEBAUTHN_ED25519, public_key, 32, "sekisho.example");
	for (size_t i = 0; i < SK_COUNT(assertions); i++) {
		struct sk_buf packed;
		size_t length = assertion_parts(&assertions[i].a, authenticator, client, message);
		(void)crypto_sign_detached(signature, NULL, message, length, secret);
		sk_buf_init(&packed, 4096);
		sk_webauthn_pack(authenticator, length - 32, client, strlen(client), signature, sizeof signature, &packed);
		enum sk_err err = verdict(&key, statement, packed.bytes, packed.length);
		if (err != (assertions[i].good ? SK_OK : SK_ESIGNATURE))
			fail_msg("case %zu: %d", i, err);
		if (i == 0)
			refuse_each_flipped_bit(&key, &packed);
		sk_buf_fini(&packed);
	}
	struct sk_buf packed;
	char long_client[SK_NOTE_SIGNATURE_MAX];
	memset(long_client, 'x', sizeof long_client);
	sk_buf_init(&packed, 4096);
	sk_webauthn_pack(authenticator, 37, long_client, sizeof long_client, signature, sizeof signature, &packed);
	assert_int_equal(packed.failed, SK_ETOOBIG);
	sk_buf_fini(&packed);
}

//= rule: SIGN-1
static void test_webauthn_es256(void **state)
{
	(void)state;
	EVP_PKEY *pair = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	uint8_t point[65], compressed[33], authenticator[64], message[128], signature[80];
	char client[400];
	size_t point_length = 0;
	assert_non_null(pair);
	assert_int_equal(EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &point_length), 1);
	assert_int_equal(point_length, 65);
	compressed[0] = (uint8_t)(2 + (point[64] & 1));
	memcpy(compressed + 1, point + 1, 32);
	struct sk_verify_key key = credential(SK_KEY_WEBAUTHN_ES256, compressed, 33, "sekisho.example");
	for (size_t i = 0; i < 2 * SK_COUNT(assertions); i++) {
		bool foreign = i >= SK_COUNT(assertions);
		size_t which = i % SK_COUNT(assertions), length = assertion_parts(&assertions[which].a, authenticator, client, message), signature_length = sizeof signature;
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, foreign ? other : pair), 1);
		assert_int_equal(EVP_DigestSign(context, signature, &signature_length, message, length), 1);
		EVP_MD_CTX_free(context);
		struct sk_buf packed;
		sk_buf_init(&packed, 4096);
		sk_webauthn_pack(authenticator, length - 32, client, strlen(client), signature, signature_length, &packed);
		enum sk_err err = verdict(&key, statement, packed.bytes, packed.length);
		if (err != (assertions[which].good && !foreign ? SK_OK : SK_ESIGNATURE))
			fail_msg("case %zu: %d", i, err);
		if (i == 0)
			refuse_each_flipped_bit(&key, &packed);
		sk_buf_fini(&packed);
	}
	/* a point that is not on the curve is a key under which nothing verifies */
	memset(compressed + 1, 0xff, 32);
	key = credential(SK_KEY_WEBAUTHN_ES256, compressed, 33, "sekisho.example");
	assert_int_equal(verdict(&key, statement, signature, sizeof signature), SK_ESIGNATURE);
	EVP_PKEY_free(pair);
	EVP_PKEY_free(other);
}

/* Plain HTTP is for the machine itself alone. */
static void test_webauthn_localhost(void **state)
{
	(void)state;
	uint8_t public_key[32], secret[64], authenticator[64], message[128], signature[64];
	char client[400];
	(void)crypto_sign_keypair(public_key, secret);
	struct sk_verify_key key = credential(SK_KEY_WEBAUTHN_ED25519, public_key, 32, "localhost");
	struct assertion a = {"localhost", "webauthn.get", "http://localhost:8080", "false", statement, 0x01, 0};
	size_t length = assertion_parts(&a, authenticator, client, message);
	(void)crypto_sign_detached(signature, NULL, message, length, secret);
	struct sk_buf packed;
	sk_buf_init(&packed, 4096);
	sk_webauthn_pack(authenticator, length - 32, client, strlen(client), signature, sizeof signature, &packed);
	assert_int_equal(verdict(&key, statement, packed.bytes, packed.length), SK_OK);
	sk_buf_fini(&packed);
}

static int start(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK || mkdtemp(folder) == NULL)
		return -1;
	char path[512];
	(void)snprintf(path, sizeof path, "%s/s", folder);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		return -1;
	(void)fputs(statement, file);
	(void)fclose(file);
	return shell("cd %s && ssh-keygen -q -t ed25519 -N '' -C 'alice of nco' -f alice && ssh-keygen -q -t ed25519 -N '' -C '' -f bob && "
		     "ssh-keygen -q -t rsa -b 2048 -N '' -f rsa", folder);
}

static int finish(void **state)
{
	(void)state;
	return shell("rm -rf %s", folder);
}

int main(void)
{
	if (shell("command -v ssh-keygen ssh-agent ssh-add >/dev/null") != 0) {
		(void)puts("skipped: ssh-keygen, ssh-agent or ssh-add is not installed (scripts/install-packages)");
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssh_file), cmocka_unit_test(test_ssh_agent), cmocka_unit_test(test_ssh_back), cmocka_unit_test(test_ssh_keys),
		cmocka_unit_test(test_armour), cmocka_unit_test(test_security_key), cmocka_unit_test(test_webauthn_ed25519), cmocka_unit_test(test_webauthn_es256),
		cmocka_unit_test(test_webauthn_localhost),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
