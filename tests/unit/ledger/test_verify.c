/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of lies does not reach: witnesses, and what the program is linked with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "scene.h"
#include "text/text.h"
#include "verify.h"

static char folder[] = "/tmp/sk-verify-XXXXXX";
static const uint64_t witness_seconds = 1795000000;

/* The key id of a cosignature: first 4 bytes of SHA-256(name LF 0x04 key). */
static void cosignature_key(const struct sk_sign_key *key, struct sk_verify_key *out)
{
	struct sk_buf text;
	uint8_t digest[SK_HASH_BYTES];
	*out = *sk_sign_key_public(key);
	out->type = 0x04;
	sk_buf_init(&text, 1024);
	sk_buf_addf(&text, "%s\n", out->name);
	sk_buf_add_u8(&text, 0x04);
	sk_buf_add(&text, out->public_key, 32); /* Ed25519 */
	sk_sha256(text.bytes, text.length, digest);
	sk_buf_fini(&text);
	out->id = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
}

/* Add a witness' line to the checkpoint (C2SP tlog-cosignature); `lie` spoils it. */
static void cosign(const char *path, const struct sk_sign_key *key, bool lie)
{
	struct sk_buf text, message;
	static struct sk_note note;
	struct sk_verify_key public_key;
	uint8_t line[4 + 8 + SK_SIGN_BYTES];
	char encoded[256];
	sk_buf_init(&text, 65536);
	sk_buf_init(&message, 65536);
	assert_int_equal(sk_file_read(path, &text, NULL), SK_OK);
	assert_int_equal(sk_note_parse(sk_buf_text(&text), text.length, &note, NULL), SK_OK);
	cosignature_key(key, &public_key);
	sk_buf_addf(&message, "cosignature/v1\ntime %llu\n%.*s", (unsigned long long)witness_seconds, (int)note.body_length, note.body);
	for (int i = 0; i < 4; i++)
		line[i] = (uint8_t)(public_key.id >> (24 - 8 * i));
	for (int i = 0; i < 8; i++)
		line[4 + i] = (uint8_t)(witness_seconds >> (56 - 8 * i));
	sk_sign(key, message.bytes, message.length, line + 12);
	line[20] ^= lie;
	sk_base64_encode(line, sizeof line, encoded);
	sk_buf_addf(&text, "\xe2\x80\x94 %s %s\n", public_key.name, encoded);
	assert_int_equal(sk_file_replace(path, text.bytes, text.length, 0644, NULL), SK_OK);
	sk_buf_fini(&text);
	sk_buf_fini(&message);
}

static int judge(const struct sk_verify_options *options, const char *words)
{
	static struct sk_verify_result result;
	int code = sk_verify_ledger(options, &result);
	if (words != NULL && strstr(result.fault.line, words) == NULL)
		fail_msg("expected '%s' in: %s", words, result.fault.line);
	return code;
}

static void test_witnesses(void **state)
{
	(void)state;
	char ledger[SK_PATH_MAX], checkpoint[SK_PATH_MAX], policy[SK_PATH_MAX], text[1024], witness[SK_VKEY_TEXT_MAX], own[SK_VKEY_TEXT_MAX];
	struct scene scene;
	struct sk_verify_key public_key;
	struct sk_sign_key *key = scene_key(folder, SCENE_KEY_OWN), *other = scene_key(folder, SCENE_KEY_OTHER);
	(void)snprintf(ledger, sizeof ledger, "%s/ledger", folder);
	(void)snprintf(checkpoint, sizeof checkpoint, "%s/ledger/checkpoint", folder);
	(void)snprintf(policy, sizeof policy, "%s/policy", folder);
	scene_two(&scene, &scene_party);
	scene_write(&scene, ledger, key, 7);
	cosignature_key(other, &public_key);
	(void)snprintf(text, sizeof text, "log %s\nwitness w1 %s\nquorum w1\n", sk_verify_key_format(sk_sign_key_public(key), own),
		       sk_verify_key_format(&public_key, witness));
	assert_int_equal(sk_file_replace(policy, text, strlen(text), 0644, NULL), SK_OK);
	struct sk_verify_options options = {.folder = ledger, .policy = policy};
	assert_int_equal(judge(&options, "not met"), SK_VERIFY_REFUSED);
	cosign(checkpoint, other, false);
	assert_int_equal(judge(&options, NULL), SK_VERIFY_OK);
	cosign(checkpoint, other, true);
	assert_int_equal(judge(&options, "witness w1"), SK_VERIFY_REFUSED);
	/* Without the policy a strange line is nobody's business. */
	options.policy = NULL;
	assert_int_equal(judge(&options, NULL), SK_VERIFY_OK);
	options.policy = checkpoint;
	assert_int_equal(judge(&options, NULL), SK_VERIFY_USAGE);
	sk_sign_key_free(key);
	sk_sign_key_free(other);
	scene_fini(&scene);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

/* sekisho-verify is base, wire, seal, text, ledger: no socket, no SQL, no JSON library, no policy table. */
static void run(const char *command, struct sk_buf *out)
{
	char line[512];
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof line, pipe) != NULL)
		sk_buf_add_text(out, line);
	assert_int_equal(pclose(pipe), 0);
}

static void test_links_nothing_else(void **state)
{
	(void)state;
	static const char *const banned_libraries[] = {"sqlite", "json-c", "jansson", "libcurl", "libssl", "microhttpd", "zstd", "libloc"};
	static const char *const banned_symbols[] = {"socket", "connect", "bind",   "getaddrinfo",	 "sqlite3_open", "json_tokener_parse",
						     "popen",  "system",  "execve", "sk_policy_eligible"};
	struct sk_buf text;
	char command[SK_PATH_MAX + 64], symbol[64];
	sk_buf_init(&text, 1 << 20);
	(void)snprintf(command, sizeof command, "ldd '%s'", SK_VERIFY_PROGRAM);
	run(command, &text);
	assert_non_null(strstr(sk_buf_text(&text), "libcrypto"));
	for (size_t i = 0; i < SK_COUNT(banned_libraries); i++)
		if (strstr(sk_buf_text(&text), banned_libraries[i]) != NULL)
			fail_msg("sekisho-verify loads %s", banned_libraries[i]);
	if (SANITIZED) {
		print_message("symbols not read: a sanitizer's runtime wraps sockets of its own\n");
		sk_buf_fini(&text);
		return;
	}
	sk_buf_reset(&text);
	(void)snprintf(command, sizeof command, "nm '%s' | sed 's/@.*//; s/.* / /; s/$/ /'", SK_VERIFY_PROGRAM);
	run(command, &text);
	assert_non_null(strstr(sk_buf_text(&text), " sk_ledger_walk "));
	for (size_t i = 0; i < SK_COUNT(banned_symbols); i++) {
		(void)snprintf(symbol, sizeof symbol, " %s ", banned_symbols[i]);
		if (strstr(sk_buf_text(&text), symbol) != NULL)
			fail_msg("sekisho-verify knows %s", banned_symbols[i]);
	}
	sk_buf_fini(&text);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
	char command[128];
	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_witnesses), cmocka_unit_test(test_links_nothing_else)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
