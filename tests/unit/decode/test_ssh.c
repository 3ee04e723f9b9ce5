/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/ssh.h"

enum { STREAM_MAX = 40000, MESSAGE_KEXINIT = 20 };

static uint8_t stream[STREAM_MAX];

static enum sk_err parse(const void *bytes, size_t length, bool server, struct sk_ssh *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	memset(out, 0xee, sizeof *out);
	enum sk_err err = sk_ssh_head(sk_cur_of(exact, length), server, out);
	free(exact);
	return err;
}

static const char *const usual[10] = {"kex-a,kex-b", "ssh-ed25519", "cipher-c2s", "cipher-s2c", "mac-c2s", "mac-s2c", "none", "zlib", "", ""};

/* An identification and a KEXINIT with these lists. */
static size_t put_stream(const char *identification, const char *const lists[10])
{
	struct sk_out o = sk_out_of(stream, sizeof stream), packet;
	uint8_t body[STREAM_MAX];
	packet = sk_out_of(body, sizeof body);
	sk_put_u8(&packet, 6); /* padding */
	sk_put_u8(&packet, MESSAGE_KEXINIT);
	for (unsigned i = 0; i < 16; i++)
		sk_put_u8(&packet, 0xc0);
	for (unsigned i = 0; i < 10; i++) {
		sk_put_be32(&packet, (uint32_t)strlen(lists[i]));
		sk_put_bytes(&packet, lists[i], strlen(lists[i]));
	}
	for (unsigned i = 0; i < 5 + 6; i++)
		sk_put_u8(&packet, 0);
	sk_put_bytes(&o, identification, strlen(identification));
	sk_put_be32(&o, (uint32_t)sk_out_length(&packet));
	sk_put_bytes(&o, body, sk_out_length(&packet));
	assert_int_equal(sk_out_done(&o), SK_OK);
	return sk_out_length(&o);
}

/* printf 'kex-a,kex-b;cipher-c2s;mac-c2s;none' | md5sum; printf 'kex-a,kex-b;cipher-s2c;mac-s2c;zlib' | md5sum */
static const char hassh[] = "f0424f17478822178c8920084d8d12f4", hassh_server[] = "b623722c0b0e495cb0427aa8d71b6b04";

static void test_client_and_server(void **state)
{
	(void)state;
	struct sk_ssh ssh;
	size_t length = put_stream("SSH-2.0-OpenSSH_9.2p1 Debian-2+CaNaRy\r\n", usual);
	assert_int_equal(parse(stream, length, false, &ssh), SK_OK);
	assert_true(ssh.has_banner && ssh.has_kexinit);
	assert_int_equal(ssh.major, 2);
	assert_int_equal(ssh.minor, 0);
	assert_string_equal(ssh.software, "OpenSSH_9.2p1");
	assert_string_equal(ssh.hassh, hassh);
	assert_int_equal(parse(stream, length, true, &ssh), SK_OK);
	assert_string_equal(ssh.hassh, hassh_server);
}

static void test_lines_before(void **state)
{
	(void)state;
	struct sk_ssh ssh;
	size_t length = put_stream("Welcome to CaNaRy\r\nplease behave\nSSH-1.99-Example-1.0\n", usual);
	assert_int_equal(parse(stream, length, true, &ssh), SK_OK);
	assert_int_equal(ssh.major, 1);
	assert_int_equal(ssh.minor, 99);
	assert_string_equal(ssh.software, "Example-1.0");
	assert_string_equal(ssh.hassh, hassh_server);
	/* A client may not, and a binary line is none. */
	assert_int_equal(parse(stream, length, false, &ssh), SK_EUNSUPPORTED);
	assert_int_equal(parse("\x16\x03\x01\nSSH-2.0-x\n", 14, true, &ssh), SK_EUNSUPPORTED);
	char many[65 * 2 + 16] = "";
	for (unsigned i = 0; i < 64; i++)
		memcpy(many + 2 * i, "a\n", 3);
	memcpy(many + 128, "SSH-2.0-x\n", 11);
	assert_int_equal(parse(many, strlen(many), true, &ssh), SK_EUNSUPPORTED);
	assert_int_equal(parse(many + 2, strlen(many) - 2, true, &ssh), SK_EMORE);
}

static void test_version_1(void **state)
{
	(void)state;
	struct sk_ssh ssh;
	assert_int_equal(parse("SSH-1.5-1.2.27\n", 15, true, &ssh), SK_OK);
	assert_true(ssh.has_banner && !ssh.has_kexinit);
	assert_int_equal(ssh.major, 1);
	assert_int_equal(ssh.minor, 5);
	assert_string_equal(ssh.software, "1.2.27");
	assert_string_equal(ssh.hassh, "");
}

/* The identification stands as soon as its line is whole, the hash with the last byte of KEXINIT. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	struct sk_ssh ssh;
	static const char line[] = "SSH-2.0-x_1 CaNaRy\r\n";
	size_t length = put_stream(line, usual);
	for (size_t cut = 0; cut < length; cut++) {
		assert_int_equal(parse(stream, cut, false, &ssh), SK_EMORE);
		assert_int_equal(ssh.has_banner, cut >= sizeof line - 1);
		assert_string_equal(ssh.software, ssh.has_banner ? "x_1" : "");
		assert_string_equal(ssh.hassh, "");
	}
}

static void test_malformed(void **state)
{
	(void)state;
	struct sk_ssh ssh;
	static const char *const lines[] = {"SSH-2.0\n", "SSH-2.0-\n", "SSH-x.0-y\n", "SSH-2-y\n", "SSH-2.999-y\n", "SSH--\n", "SSH-2.0- comment\n",
					    "SSH-1234.0-y\n"};
	for (size_t i = 0; i < SK_COUNT(lines); i++)
		assert_int_equal(parse(lines[i], strlen(lines[i]), false, &ssh), SK_EMALFORMED);
	assert_int_equal(parse("GET / HTTP/1.1\r\n", 16, false, &ssh), SK_EUNSUPPORTED);
	assert_int_equal(parse("SSX", 3, false, &ssh), SK_EUNSUPPORTED);
	size_t length = put_stream("SSH-2.0-x\r\n", usual);
	static const struct {
		size_t at;
		uint8_t byte;
	} wrong[] = {{11, 0xff}, {13, 0xff}, {15, 3}, {15, 255}, {16, 21}, {33, 0xff}, {36, 0xff}};
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		put_stream("SSH-2.0-x\r\n", usual);
		stream[wrong[i].at] = wrong[i].byte;
		assert_int_equal(parse(stream, length, false, &ssh), SK_EMALFORMED);
		assert_true(ssh.has_banner && !ssh.has_kexinit);
		assert_string_equal(ssh.software, "x");
		assert_string_equal(ssh.hassh, "");
	}
	/* A line without end. */
	memset(stream, 'a', sizeof stream);
	memcpy(stream, "SSH-2.0-", 8);
	assert_int_equal(parse(stream, 1023, false, &ssh), SK_EMORE);
	assert_int_equal(parse(stream, sizeof stream, false, &ssh), SK_EMALFORMED);
	stream[300] = '\n';
	assert_int_equal(parse(stream, 400, false, &ssh), SK_EMALFORMED);
}

static void test_software_text(void **state)
{
	(void)state;
	struct sk_ssh ssh;
	assert_int_equal(parse("SSH-1.5-a\xff""b-c\n", 14, false, &ssh), SK_OK);
	assert_string_equal(ssh.software, "a?b-c");
	char line[128] = "SSH-1.5-";
	memset(line + 8, 'v', 100);
	line[108] = '\n';
	assert_int_equal(parse(line, 109, false, &ssh), SK_OK);
	assert_int_equal(strlen(ssh.software), SK_SSH_SOFTWARE_MAX - 1);
}

/* Lists as long as the limit allows, and longer. */
static void test_long_lists(void **state)
{
	(void)state;
	static char list[20000];
	struct sk_ssh ssh;
	const char *lists[10];
	memcpy(lists, usual, sizeof lists);
	memset(list, 'k', sizeof list - 1);
	lists[0] = list;
	assert_int_equal(parse(stream, put_stream("SSH-2.0-x\r\n", lists), false, &ssh), SK_EMALFORMED);
	assert_string_equal(ssh.hassh, "");
	list[15000] = '\0';
	assert_int_equal(parse(stream, put_stream("SSH-2.0-x\r\n", lists), false, &ssh), SK_OK);
	assert_int_equal(strlen(ssh.hassh), 32);
}

/* ---- the comment, the lines before and the cookie never reach the struct ---- */

typedef enum sk_err parser(const void *bytes, size_t length, bool server, struct sk_ssh *out);

static size_t leaks(parser *read)
{
	static const char *const lines[] = {"SSH-2.0-OpenSSH_9.2p1 CaNaRy\r\n", "CaNaRy\r\nSSH-2.0-x CaNaRy CaNaRy\r\n"};
	const char *lists[10];
	memcpy(lists, usual, sizeof lists);
	lists[0] = "CaNaRy";
	size_t found = 0;
	for (size_t i = 0; i < SK_COUNT(lines); i++) {
		size_t length = put_stream(lines[i], lists);
		for (size_t cut = 0; cut <= length; cut++) {
			struct sk_ssh ssh;
			(void)read(stream, cut, true, &ssh);
			found += memmem(&ssh, sizeof ssh, "CaNaRy", 6) != NULL;
		}
	}
	return found;
}

static enum sk_err leaking_parse(const void *bytes, size_t length, bool server, struct sk_ssh *out)
{
	enum sk_err err = parse(bytes, length, server, out);
	const char *comment = memmem(bytes, length, "CaNaRy", 6);
	if (out->has_banner && comment != NULL)
		memcpy(out->software + 20, comment, 6);
	return err;
}

static void test_contents_stay_out(void **state)
{
	(void)state;
	assert_int_equal(leaks(parse), 0);
}

/* Sabotage: a parser that keeps the comment is seen. */
static void test_contents_stay_out_sees_sabotage(void **state)
{
	(void)state;
	assert_int_not_equal(leaks(leaking_parse), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_and_server),
		cmocka_unit_test(test_lines_before),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_software_text),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_contents_stay_out),
		cmocka_unit_test(test_contents_stay_out_sees_sabotage),
	};
	return cmocka_run_group_tests_name("ssh", tests, NULL, NULL);
}
