/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: RFC 8032 and golang.org/x/mod/sumdb/note known answers, every mangling of both text forms refused, key files private and never overwritten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/seal_priv.h"

static const char go_vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char go_skey[] = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

static enum sk_err parse_verifier(const char *text, size_t length)
{
	struct sk_verify_key key;
	return sk_verify_key_parse_span((struct sk_span){text, length}, &key);
}

static enum sk_err parse_signer(const char *text, size_t length)
{
	struct sk_sign_key *key = NULL;
	enum sk_err err = sk_sign_key_parse((struct sk_span){text, length}, &key);
	sk_sign_key_free(key);
	return err;
}

/* As the Go test: every proper substring and every byte raised by one must be refused. */
static void refuse_manglings(const char *text, enum sk_err (*parse)(const char *, size_t))
{
	char copy[256];
	size_t length = strlen(text);
	assert_int_equal(parse(text, length), SK_OK);
	for (size_t from = 0; from <= length; from++)
		for (size_t to = from; to <= length; to++)
			if (from != 0 || to != length)
				assert_int_equal(parse(text + from, to - from), SK_EMALFORMED);
	memcpy(copy, text, length);
	for (size_t i = 0; i < length; i++) {
		copy[i]++;
		assert_int_equal(parse(copy, length), SK_EMALFORMED);
		copy[i]--;
	}
}

static void test_verifier_key(void **state)
{
	(void)state;
	struct sk_verify_key key;
	char text[SK_VKEY_TEXT_MAX];
	assert_int_equal(sk_verify_key_parse(go_vkey, &key), SK_OK);
	assert_string_equal(key.name, "PeterNeumann");
	assert_int_equal(key.type, 0x01);
	assert_int_equal(key.id, 0xc74f20a3);
	assert_string_equal(sk_verify_key_format(&key, text), go_vkey);
	refuse_manglings(go_vkey, parse_verifier);
	/* wrong length and unknown algorithm, each with its id adjusted */
	assert_int_equal(sk_verify_key_parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", &key), SK_EMALFORMED);
	assert_int_equal(sk_verify_key_parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &key), SK_EMALFORMED);
	/* the specification's own example, base64 with a plus sign in it */
	static const char spec_vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	assert_int_equal(sk_verify_key_parse(spec_vkey, &key), SK_OK);
	assert_string_equal(sk_verify_key_format(&key, text), spec_vkey);
}

static void test_witness_key(void **state)
{
	(void)state;
	struct sk_verify_key key, witness, again;
	char text[SK_VKEY_TEXT_MAX];
	assert_int_equal(sk_verify_key_parse(go_vkey, &key), SK_OK);
	sk_verify_key_as_witness(&key, &witness);
	assert_int_equal(witness.type, 0x04);
	assert_int_not_equal(witness.id, key.id);
	assert_int_equal(sk_verify_key_parse(sk_verify_key_format(&witness, text), &again), SK_OK);
	assert_int_equal(again.id, witness.id);
}

static void test_signer_key(void **state)
{
	(void)state;
	struct sk_sign_key *key = NULL;
	char text[SK_VKEY_TEXT_MAX];
	assert_int_equal(sk_sign_key_parse((struct sk_span){go_skey, strlen(go_skey)}, &key), SK_OK);
	assert_string_equal(sk_verify_key_format(sk_sign_key_public(key), text), go_vkey);
	sk_sign_key_free(key);
	sk_sign_key_free(NULL);
	refuse_manglings(go_skey, parse_signer);
}

static void test_names(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "a b", "a+b", "a\nb", "a\tb", "a\xc2\xa0" "b" /* no-break space */, "a\xe3\x80\x80" "b" /* ideographic space */,
					  "\xff", "\xc0\x80", "\xed\xa0\x80" /* surrogate */, "\xf4\x90\x80\x80" /* past U+10FFFF */, "\xe2\x80"};
	struct sk_sign_key *key = NULL;
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_sign_key_new(bad[i], &key), SK_EUSAGE);
	char name[SK_KEY_NAME_MAX + 1];
	memset(name, 'n', SK_KEY_NAME_MAX);
	name[SK_KEY_NAME_MAX] = '\0';
	assert_int_equal(sk_sign_key_new(name, &key), SK_EUSAGE);
	name[SK_KEY_NAME_MAX - 1] = '\0';
	assert_int_equal(sk_sign_key_new(name, &key), SK_OK);
	char text[SK_VKEY_TEXT_MAX];
	struct sk_verify_key again;
	assert_int_equal(sk_verify_key_parse(sk_verify_key_format(sk_sign_key_public(key), text), &again), SK_OK);
	sk_sign_key_free(key);
	assert_int_equal(sk_sign_key_new("\xe9\x96\xa2\xe6\x89\x80/sensor", &key), SK_OK); /* 関所/sensor */
	sk_sign_key_free(key);
}

/* Every byte value at every place of the base64: libsodium's reader alone would take some bytes from 0x80 on for letters. */
static void test_base64_alphabet(void **state)
{
	(void)state;
	char copy[sizeof go_vkey];
	memcpy(copy, go_vkey, sizeof copy);
	for (size_t i = strlen("PeterNeumann+c74f20a3+"); i < sizeof go_vkey - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			copy[i] = (char)byte;
			assert_int_equal(parse_verifier(copy, sizeof copy - 1), copy[i] == go_vkey[i] ? SK_OK : SK_EMALFORMED);
		}
		copy[i] = go_vkey[i];
	}
}

/* RFC 8032, 7.1, test 2: the seed and message give exactly this signature. */
static void test_rfc8032(void **state)
{
	(void)state;
	static const uint8_t seed[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
					 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
	static const uint8_t expected[8] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8};
	/* base64(0x01 || seed) and the id follow from the seed; the public half is checked through the signature. */
	struct sk_sign_key *key = NULL;
	char text[256];
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t typed[33] = {1};
	memcpy(typed + 1, seed, sizeof seed);
	char encoded[45];
	for (size_t i = 0; i < 11; i++) {
		uint32_t group = (uint32_t)typed[3 * i] << 16 | (uint32_t)typed[3 * i + 1] << 8 | typed[3 * i + 2];
		for (size_t j = 0; j < 4; j++)
			encoded[4 * i + j] = digits[group >> (18 - 6 * j) & 63];
	}
	encoded[44] = '\0';
	static const uint8_t public_key[32] = {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
					       0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
	struct sk_verify_key named = {.name = "rfc8032", .type = 1};
	memcpy(named.public_key, public_key, sizeof public_key);
	(void)snprintf(text, sizeof text, "PRIVATE+KEY+rfc8032+%08x+%s", sk_key_id(&named), encoded);
	assert_int_equal(sk_sign_key_parse((struct sk_span){text, strlen(text)}, &key), SK_OK);
	assert_memory_equal(sk_sign_key_public(key)->public_key, public_key, sizeof public_key);
	uint8_t signature[SK_SIGN_BYTES];
	sk_sign(key, "\x72", 1, signature);
	assert_memory_equal(signature, expected, sizeof expected);
	assert_int_equal(sk_verify(sk_sign_key_public(key), "\x72", 1, signature), SK_OK);
	assert_int_equal(sk_verify(sk_sign_key_public(key), "\x73", 1, signature), SK_ESIGNATURE);
	for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(sk_verify(sk_sign_key_public(key), "\x72", 1, signature), SK_ESIGNATURE);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	sk_sign_key_free(key);
}

/* Sabotage: a key of small order would "verify" anything for anybody; it must not. */
static void test_small_order_key(void **state)
{
	(void)state;
	struct sk_verify_key key = {.name = "weak", .type = 1, .public_key = {1}};
	uint8_t signature[SK_SIGN_BYTES] = {1};
	assert_int_equal(sk_verify(&key, "anything", 8, signature), SK_ESIGNATURE);
}

static void write_file(const char *path, const char *text, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	assert_int_equal(close(fd), 0);
}

static void test_key_file(void **state)
{
	(void)state;
	char folder[] = "/tmp/sk_key_XXXXXX", path[64], other[64];
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/sensor.key", folder);
	(void)snprintf(other, sizeof other, "%s/other.key", folder);
	struct sk_sign_key *key = NULL, *loaded = NULL, *second = NULL;
	struct sk_fault fault = {0};
	struct stat info;
	mode_t mask = umask(0); /* the mode is ours to set, not the caller's umask */
	assert_int_equal(sk_sign_key_new("sensor", &key), SK_OK);
	assert_int_equal(sk_sign_key_save(key, path, &fault), SK_OK);
	(void)umask(mask);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(sk_sign_key_load(path, &loaded, &fault), SK_OK);
	assert_memory_equal(sk_sign_key_public(loaded), sk_sign_key_public(key), sizeof(struct sk_verify_key));
	uint8_t a[SK_SIGN_BYTES], b[SK_SIGN_BYTES];
	sk_sign(key, "x", 1, a);
	sk_sign(loaded, "x", 1, b);
	assert_memory_equal(a, b, sizeof a);

	/* never overwritten: the first key is still there */
	assert_int_equal(sk_sign_key_new("sensor", &second), SK_OK);
	assert_int_equal(sk_sign_key_save(second, path, &fault), SK_EEXIST);
	assert_non_null(strstr(fault.line, "never overwritten"));
	sk_sign_key_free(loaded);
	assert_int_equal(sk_sign_key_load(path, &loaded, &fault), SK_OK);
	assert_memory_equal(sk_sign_key_public(loaded), sk_sign_key_public(key), sizeof(struct sk_verify_key));

	static const unsigned open_modes[] = {0640, 0604, 0620, 0666};
	for (size_t i = 0; i < SK_COUNT(open_modes); i++) {
		assert_int_equal(chmod(path, (mode_t)open_modes[i]), 0);
		struct sk_sign_key *refused = NULL;
		assert_int_equal(sk_sign_key_load(path, &refused, &fault), SK_EPERMS);
	}
	struct sk_sign_key *none = NULL;
	assert_int_equal(sk_sign_key_load("/nonexistent/key", &none, &fault), SK_ENOENT);
	static const char *const bad[] = {"", "\n", "PRIVATE+KEY+", "PRIVATE+KEY+sensor+00000000+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"};
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		write_file(other, bad[i], 0600);
		assert_int_equal(sk_sign_key_load(other, &none, &fault), SK_EMALFORMED);
		assert_non_null(strstr(fault.line, other));
		assert_null(strstr(fault.line, "AYEK")); /* never shows key bytes */
	}
	char two[256];
	(void)snprintf(two, sizeof two, "%s\n%s\n", go_skey, go_skey);
	write_file(other, two, 0600);
	assert_int_equal(sk_sign_key_load(other, &none, &fault), SK_EMALFORMED);
	(void)snprintf(two, sizeof two, "%s\n", go_skey);
	write_file(other, two, 0600);
	assert_int_equal(sk_sign_key_load(other, &none, &fault), SK_OK);
	sk_sign_key_free(none);
	/* a disk without room leaves no half key behind */
	assert_int_not_equal(sk_sign_key_save(key, "/dev/full/key", &fault), SK_OK);
	sk_sign_key_free(key);
	sk_sign_key_free(second);
	sk_sign_key_free(loaded);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(rmdir(folder), 0);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK ? 0 : -1;
}

/* What seals a database: made once, never replaced, read by its owner alone. */
static void test_secret_file(void **state)
{
	(void)state;
	char folder[] = "/tmp/sk_secret_XXXXXX", path[64], command[96];
	uint8_t *first, *again;
	struct sk_fault fault;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/db.key", folder);
	assert_int_equal(sk_secret_load(path, &first, &fault), SK_ENOENT);
	assert_null(first);
	assert_int_equal(sk_secret_make(path, &fault), SK_OK);
	assert_int_equal(sk_secret_load(path, &first, &fault), SK_OK);
	assert_true(sk_count_nonzero(first, SK_KEY_BYTES) > SK_KEY_BYTES / 2);
	assert_int_equal(sk_secret_make(path, &fault), SK_OK); /* whoever comes second takes what is there */
	assert_int_equal(sk_secret_load(path, &again, &fault), SK_OK);
	assert_memory_equal(first, again, SK_KEY_BYTES);
	sk_secret_free(again);
	sk_secret_free(first);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(sk_secret_load(path, &first, &fault), SK_EPERMS);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, SK_KEY_BYTES - 1), 0);
	assert_int_equal(sk_secret_load(path, &first, &fault), SK_EMALFORMED);
	(void)snprintf(command, sizeof command, "test \"$(ls -A '%s')\" = db.key && rm -r '%s'", folder, folder); /* nothing else is left there */
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verifier_key), cmocka_unit_test(test_witness_key), cmocka_unit_test(test_signer_key),
		cmocka_unit_test(test_names), cmocka_unit_test(test_base64_alphabet), cmocka_unit_test(test_rfc8032), cmocka_unit_test(test_small_order_key), cmocka_unit_test(test_key_file), cmocka_unit_test(test_secret_file),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
