/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of industrial protocols: every message of industrial.txt, cut at every byte, in a stream, at a foreign port, with other contents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/command.h"

enum { MESSAGES_MAX = 128, MESSAGE_MAX = 512, NAME_MAX_ = 40, TCP = 6, UDP = 17 };

struct message {
	char name[NAME_MAX_];
	enum sk_app app;
	struct sk_command_context context;
	struct sk_command told;
	uint8_t bytes[MESSAGE_MAX];
	size_t length;
};

static struct message messages[MESSAGES_MAX];
static size_t message_count;

static void read_message(char *line, struct message *m)
{
	char app[16], transport[8], way[8], flags[8];
	unsigned version, code, detail, status, bytes;
	int at = 0;
	assert_int_equal(sscanf(line, "%39s %15s %7s %7s %7s %x %x %x %x %u %n", m->name, app, transport, way, flags, &version, &code, &detail, &status,
				&bytes, &at), 10);
	assert_true(sk_app_parse(app, &m->app));
	m->context = (struct sk_command_context){.ip_proto = strcmp(transport, "tcp") == 0 ? TCP : UDP, .to_server = strcmp(way, "from") != 0,
						 .hinted = true, .known = strcmp(way, "known") == 0};
	m->told = (struct sk_command){.app = (uint8_t)m->app, .response = strchr(flags, 'r') != NULL, .write = strchr(flags, 'w') != NULL,
				      .error = strchr(flags, 'e') != NULL, .version = (uint16_t)version, .code = (uint16_t)code,
				      .detail = (uint16_t)detail, .status = (uint16_t)status, .bytes = bytes};
	for (char *hex = line + at, *end; m->length < MESSAGE_MAX; hex = end) {
		unsigned long byte = strtoul(hex, &end, 16);
		if (end == hex)
			break;
		m->bytes[m->length++] = (uint8_t)byte;
	}
}

static int read_messages(void **state)
{
	(void)state;
	FILE *file = fopen(SK_SOURCE_ROOT "/tests/unit/decode/industrial.txt", "r");
	assert_non_null(file);
	char line[4096];
	while (fgets(line, sizeof line, file) != NULL)
		if (line[0] != '#')
			read_message(line, &messages[message_count++]);
	(void)fclose(file);
	return 0;
}

static enum sk_err parse(const struct message *m, const uint8_t *bytes, size_t length, struct sk_command *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_command_head(m->app, sk_cur_of(exact, length), m->context, out);
	free(exact);
	return err;
}

static bool same(const struct sk_command *a, const struct sk_command *b)
{
	return a->app == b->app && a->response == b->response && a->write == b->write && a->error == b->error && a->version == b->version &&
	       a->code == b->code && a->detail == b->detail && a->status == b->status && a->bytes == b->bytes;
}

static bool says(const struct message *m, enum sk_err err, const struct sk_command *c)
{
	if (err == SK_OK && same(c, &m->told))
		return true;
	print_message("%s: err %d app %u response %d write %d error %d version %x code %x detail %x status %x bytes %u\n", m->name, err, c->app, c->response,
		      c->write, c->error, c->version, c->code, c->detail, c->status, c->bytes);
	return false;
}

static void test_every_message(void **state)
{
	(void)state;
	bool right = message_count > 80;
	for (size_t i = 0; i < message_count; i++) {
		struct sk_command command;
		enum sk_err err = parse(&messages[i], messages[i].bytes, messages[i].length, &command);
		right &= says(&messages[i], err, &command);
	}
	assert_true(right);
}

/* A cut message says nothing, or all that the whole one says. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	const struct sk_command nothing = {.app = SK_APP_NONE};
	for (size_t i = 0; i < message_count; i++) {
		const struct message *m = &messages[i];
		for (size_t cut = 0; cut < m->length; cut++) {
			struct sk_command command;
			enum sk_err err = parse(m, m->bytes, cut, &command);
			if (err == SK_OK) {
				assert_true(says(m, err, &command));
				continue;
			}
			assert_true(same(&command, &nothing));
			assert_true(m->context.ip_proto == TCP ? err == SK_EMORE || (cut == 0 && err == SK_EUNSUPPORTED) : err != SK_EMORE);
		}
	}
}

/* All messages of a protocol and direction in one stream: each one's bytes lead to the next. */
static void test_streams(void **state)
{
	(void)state;
	static uint8_t stream[MESSAGES_MAX * MESSAGE_MAX];
	for (size_t first = 0; first < message_count; first++) {
		size_t length = 0, count = 0;
		const struct message *f = &messages[first];
		for (size_t i = first; i < message_count && f->context.ip_proto == TCP; i++) {
			if (messages[i].app != f->app || memcmp(&messages[i].context, &f->context, sizeof f->context) != 0)
				continue;
			memcpy(stream + length, messages[i].bytes, messages[i].length);
			length += messages[i].length;
			count++;
		}
		for (size_t at = 0; at < length; count--) {
			struct sk_command command;
			assert_int_equal(parse(f, stream + at, length - at, &command), SK_OK);
			assert_true(command.bytes != 0);
			at += command.bytes;
			assert_true(at <= length);
		}
		assert_int_equal(count, 0);
	}
}

/* ---- contents never reach the struct ---- */

static uint16_t crc_of(const uint8_t *bytes, size_t length)
{
	unsigned crc = 0;
	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa6bc : crc >> 1;
	}
	return (uint16_t)~crc;
}

/* DNP3 with other contents has other sums. */
static void mend_crcs(uint8_t *bytes, size_t length)
{
	for (size_t at = 0, block = 8; at < length; at += block + 2, block = 16) {
		block = at + block + 2 > length ? length - at - 2 : block;
		uint16_t crc = crc_of(bytes + at, block);
		bytes[at + block] = (uint8_t)crc;
		bytes[at + block + 1] = (uint8_t)(crc >> 8);
	}
}

typedef enum sk_err parser(const struct message *m, const uint8_t *bytes, size_t length, struct sk_command *out);

/* Messages of which another content makes another struct. Contents are the canary of industrial.txt; in DNP3 it may run over a sum, so single bytes
   are looked for there. */
static size_t leaks(parser *read)
{
	static const uint8_t canary[] = {0xde, 0xad, 0xbe, 0xef};
	size_t found = 0, tried = 0;
	for (size_t i = 0; i < message_count; i++) {
		const struct message *m = &messages[i];
		for (size_t at = 0; at < m->length; at++) {
			bool one = m->app == SK_APP_DNP3 && memchr(canary, m->bytes[at], sizeof canary) != NULL && at > 12;
			if (!one && (m->length - at < sizeof canary || memcmp(m->bytes + at, canary, sizeof canary) != 0))
				continue;
			uint8_t other[MESSAGE_MAX];
			memcpy(other, m->bytes, m->length);
			for (size_t k = 0; k < (one ? 1 : sizeof canary); k++)
				other[at + k] ^= 0x5a;
			if (m->app == SK_APP_DNP3)
				mend_crcs(other, m->length);
			struct sk_command command;
			tried++;
			found += read(m, other, m->length, &command) != SK_OK || !same(&command, &m->told);
		}
	}
	assert_true(tried > 50);
	return found;
}

/* The same parser with one byte of content in detail. */
static enum sk_err leaking_parse(const struct message *m, const uint8_t *bytes, size_t length, struct sk_command *out)
{
	enum sk_err err = parse(m, bytes, length, out);
	if (m->app == SK_APP_MODBUS && out->code == 6)
		out->detail = bytes[8];
	return err;
}

static void test_contents_stay_out(void **state)
{
	(void)state;
	assert_int_equal(leaks(parse), 0);
}

/* Sabotage: a parser that keeps one byte of one register is seen. */
static void test_contents_stay_out_sees_sabotage(void **state)
{
	(void)state;
	assert_int_not_equal(leaks(leaking_parse), 0);
}

static const struct message *named(const char *name, enum sk_app app)
{
	for (size_t i = 0; i < message_count; i++)
		if (messages[i].app == app && strcmp(messages[i].name, name) == 0)
			return &messages[i];
	fail_msg("no message %s", name);
	return NULL;
}

/* ---- what is believed ---- */

/* Any wrong bit in a header is no frame of DNP3; any wrong bit in the first block says nothing. */
static void test_dnp3_sums_are_checked(void **state)
{
	(void)state;
	const struct message *m = named("direct_operate", SK_APP_DNP3);
	for (size_t bit = 0; bit < 28 * 8; bit++) {
		uint8_t bytes[MESSAGE_MAX];
		memcpy(bytes, m->bytes, m->length);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		struct sk_command command;
		enum sk_err err = parse(m, bytes, m->length, &command);
		if (bit < 10 * 8) {
			assert_int_equal(err, SK_EUNSUPPORTED);
			continue;
		}
		assert_int_equal(err, SK_OK);
		assert_int_equal(command.code, SK_COMMAND_NO_CODE);
		assert_false(command.write);
		assert_int_equal(command.bytes, m->length);
	}
}

static enum sk_app recognised(const struct message *m, uint16_t source, uint16_t destination)
{
	struct sk_command command;
	enum sk_err err = sk_command_recognise(sk_cur_of(m->bytes, m->length), m->context.ip_proto, source, destination, m->context.to_server, &command);
	return err == SK_OK ? (enum sk_app)command.app : SK_APP_NONE;
}

/* At the protocol's port every message, at another one what cannot be mistaken; never as another protocol. */
static void test_recognised(void **state)
{
	(void)state;
	static const uint16_t ports[SK_APP_COUNT] = {[SK_APP_MODBUS] = 502, [SK_APP_DNP3] = 20000, [SK_APP_IEC104] = 2404, [SK_APP_S7] = 102,
						     [SK_APP_ENIP] = 44818, [SK_APP_BACNET] = 47808};
	size_t anywhere = 0;
	for (size_t i = 0; i < message_count; i++) {
		const struct message *m = &messages[i];
		if (m->context.known)
			continue;
		uint16_t port = ports[m->app];
		if (recognised(m, m->context.to_server ? 40000 : port, m->context.to_server ? port : 40000) != m->app)
			fail_msg("%s is not recognised at its port", m->name);
		enum sk_app app = recognised(m, 40001, 40002);
		if (app != SK_APP_NONE && app != m->app)
			fail_msg("%s is taken for %s", m->name, sk_app_name(app));
		anywhere += app == m->app;
	}
	assert_true(anywhere > message_count / 2);
	assert_int_equal(recognised(named("single_command", SK_APP_IEC104), 40001, 40002), SK_APP_NONE);
	assert_int_equal(recognised(named("exception", SK_APP_MODBUS), 40001, 40002), SK_APP_NONE);
}

/* Every code that a message here has is named, and no other protocol's. */
static void test_names(void **state)
{
	(void)state;
	assert_string_equal(sk_command_code_name(SK_APP_DNP3, 13), "cold_restart");
	assert_string_equal(sk_command_code_name(SK_APP_MODBUS, 90), "");
	for (size_t i = 0; i < message_count; i++)
		if (messages[i].told.code != SK_COMMAND_NO_CODE && messages[i].told.code != 90)
			assert_string_not_equal(sk_command_code_name(messages[i].app, messages[i].told.code), "");
}

/* Numbers that would send a careless reader astray. */
static void test_hostile(void **state)
{
	(void)state;
	static const struct {
		enum sk_app app;
		uint8_t bytes[64];
		size_t length;
		enum sk_err err;
	} cases[] = {
		{SK_APP_MODBUS, {0, 0, 0, 0, 0, 0, 1, 3}, 8, SK_EMALFORMED},
		{SK_APP_MODBUS, {0, 0, 0, 0, 0, 2, 1, 0x80}, 8, SK_OK},
		{SK_APP_MODBUS, {0, 0, 0, 0, 0, 2, 1, 8}, 8, SK_OK},
		{SK_APP_MODBUS, {0, 0, 0, 0, 0xff, 0xff, 1, 3}, 8, SK_EMALFORMED},
		{SK_APP_IEC104, {0x68, 3, 1, 0, 0, 0}, 6, SK_EUNSUPPORTED},
		{SK_APP_IEC104, {0x68, 4, 0x47, 0, 0, 0}, 6, SK_EUNSUPPORTED},
		{SK_APP_IEC104, {0x68, 4, 0, 0, 0, 0}, 6, SK_EMALFORMED},
		{SK_APP_S7, {3, 0, 0, 6, 2, 0xf0, 0x80}, 7, SK_EUNSUPPORTED},
		{SK_APP_S7, {3, 0, 0, 8, 2, 0xf0, 0x80, 0x32}, 8, SK_EMORE},
		{SK_APP_S7, {3, 0, 0, 7, 2, 0xf0, 0x80, 3, 0, 0, 7, 2, 0xf0, 0x80, 3, 0, 0, 7, 2, 0xf0, 0x80, 3, 0, 0, 7, 2, 0xf0, 0x80}, 28, SK_EUNSUPPORTED},
		{SK_APP_ENIP, {0x6f, 0, 7, 0}, 4, SK_EUNSUPPORTED},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct message m = {.app = cases[i].app, .context = {.ip_proto = TCP, .to_server = true, .hinted = true}};
		struct sk_command command;
		assert_int_equal(parse(&m, cases[i].bytes, cases[i].length, &command), cases[i].err);
	}
}

/* A pack of services whose offsets point everywhere, and a wrapped service that wraps itself, end. */
static void test_enip_hostile_pack(void **state)
{
	(void)state;
	const struct message *m = named("pack_with_a_write", SK_APP_ENIP);
	struct sk_command command;
	uint8_t bytes[MESSAGE_MAX];
	for (unsigned value = 0; value < 256; value++) {
		memcpy(bytes, m->bytes, m->length);
		memset(bytes + 46, (int)value, 6); /* number and offsets */
		assert_int_equal(parse(m, bytes, m->length, &command), SK_OK);
		assert_int_equal(command.detail, 0x0a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_message),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_contents_stay_out),
		cmocka_unit_test(test_contents_stay_out_sees_sabotage),
		cmocka_unit_test(test_dnp3_sums_are_checked),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_enip_hostile_pack),
	};
	return cmocka_run_group_tests(tests, read_messages, NULL);
}
