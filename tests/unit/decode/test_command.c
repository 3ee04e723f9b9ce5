/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: every message of messages.txt, cut at every byte, with other contents, at its port and at foreign ones; and what is nobody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/command_priv.h"
#include "text/text.h"

enum { MESSAGES_MAX = 128, MESSAGE_MAX = 2048, NAME_TEXT_MAX = 40, TCP = 6, UDP = 17 };

struct message {
	char name[NAME_TEXT_MAX];
	enum sk_app app;
	struct sk_command_context context;
	struct sk_command told;
	uint8_t bytes[MESSAGE_MAX];
	size_t length;
};

static struct message messages[MESSAGES_MAX];
static size_t message_count;
static const char canary[] = "CaNaRy";

static const uint16_t ports[SK_APP_COUNT] = {[SK_APP_SMB] = 445, [SK_APP_RDP] = 3389, [SK_APP_KERBEROS] = 88, [SK_APP_STUN] = 3478,
					     [SK_APP_NTP] = 123, [SK_APP_SNMP] = 161, [SK_APP_SIP] = 5060, [SK_APP_MQTT] = 1883};

static void read_message(char *line, struct message *m)
{
	char app[16], transport[8], way[8], flags[8];
	unsigned version, code, detail, status;
	int at = 0;
	assert_int_equal(sscanf(line, "%39s %15s %7s %7s %7s %x %x %x %x %n", m->name, app, transport, way, flags, &version, &code, &detail, &status,
				&at), 9);
	assert_true(sk_app_parse(app, &m->app));
	m->context = (struct sk_command_context){.ip_proto = strcmp(transport, "tcp") == 0 ? TCP : UDP, .to_server = strcmp(way, "to") == 0,
						 .hinted = true};
	m->told = (struct sk_command){.app = (uint8_t)m->app, .response = strchr(flags, 'r') != NULL, .write = strchr(flags, 'w') != NULL,
				      .error = strchr(flags, 'e') != NULL, .version = (uint16_t)version, .code = (uint16_t)code,
				      .detail = (uint16_t)detail, .status = (uint16_t)status};
	line[strcspn(line, "\n")] = '\0';
	m->length = strlen(line + at) / 2;
	assert_true(m->length <= MESSAGE_MAX);
	assert_int_equal(sk_hex_decode(line + at, m->bytes, m->length), SK_OK);
}

static int read_messages(void **state)
{
	(void)state;
	FILE *file = fopen(SK_SOURCE_ROOT "/tests/unit/decode/messages.txt", "r");
	assert_non_null(file);
	char line[2 * MESSAGE_MAX + 256];
	while (fgets(line, sizeof line, file) != NULL)
		if (line[0] != '#')
			read_message(line, &messages[message_count++]);
	(void)fclose(file);
	return 0;
}

static enum sk_err parse_as(enum sk_app app, struct sk_command_context context, const uint8_t *bytes, size_t length, struct sk_command *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	memset(out, 0xee, sizeof *out);
	enum sk_err err = sk_command_head(app, sk_cur_of(exact, length), context, out);
	free(exact);
	return err;
}

static enum sk_err parse(const struct message *m, const uint8_t *bytes, size_t length, struct sk_command *out)
{
	return parse_as(m->app, m->context, bytes, length, out);
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
	print_message("%s %s: err %d response %d write %d error %d version %x code %x detail %x status %x\n", sk_app_name(m->app), m->name, err,
		      c->response, c->write, c->error, c->version, c->code, c->detail, c->status);
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

/* A stream cut short waits or says what the whole says, a datagram says nothing else than the whole. What fails leaves nothing. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	static const struct sk_command nothing;
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
			if (m->context.ip_proto == UDP)
				assert_int_not_equal(err, SK_EMORE);
			else if (err != SK_EMORE && !(err == SK_EUNSUPPORTED && cut < 4))
				fail_msg("%s %s cut at %zu: %d", sk_app_name(m->app), m->name, cut, err);
		}
	}
}

/* ---- what names a person or opens a door never reaches the struct ---- */

typedef enum sk_err parser(const struct message *m, const uint8_t *bytes, size_t length, struct sk_command *out);

/* Canaries of which another one changes what is said. */
static size_t leaks(parser *read)
{
	size_t found = 0, tried = 0;
	for (size_t i = 0; i < message_count; i++) {
		const struct message *m = &messages[i];
		for (size_t at = 0; at + sizeof canary - 1 <= m->length; at++) {
			if (memcmp(m->bytes + at, canary, sizeof canary - 1) != 0)
				continue;
			uint8_t other[MESSAGE_MAX];
			memcpy(other, m->bytes, m->length);
			for (size_t k = 0; k < sizeof canary - 1; k++)
				other[at + k] ^= 0x15; /* still a letter or a digit */
			struct sk_command command;
			tried++;
			found += read(m, other, m->length, &command) != SK_OK || !same(&command, &m->told);
			found += memmem(&command, sizeof command, other + at, 2) != NULL;
		}
	}
	assert_true(tried > 100);
	return found;
}

/* The same parser with one byte of the community in detail. */
static enum sk_err leaking_parse(const struct message *m, const uint8_t *bytes, size_t length, struct sk_command *out)
{
	enum sk_err err = parse(m, bytes, length, out);
	if (m->app == SK_APP_SNMP && out->version == 1)
		out->detail = bytes[8];
	return err;
}

static void test_contents_stay_out(void **state)
{
	(void)state;
	assert_int_equal(leaks(parse), 0);
}

/* Sabotage: a parser that keeps one byte of a community is seen. */
static void test_contents_stay_out_sees_sabotage(void **state)
{
	(void)state;
	assert_int_not_equal(leaks(leaking_parse), 0);
}

/* ---- recognition ---- */

static enum sk_err recognise(const struct message *m, size_t length, uint16_t source, uint16_t destination, struct sk_command *out)
{
	return sk_command_recognise(sk_cur_of(m->bytes, length), m->context.ip_proto, source, destination, m->context.to_server, out);
}

/* What only its port makes believable. */
static bool port_alone(const struct message *m)
{
	bool mqtt = m->app == SK_APP_MQTT && m->told.code != 1;
	bool stun = m->app == SK_APP_STUN && m->told.version == 0;
	bool smb = m->app == SK_APP_SMB && m->told.code >= 0x8000;
	bool rdp = m->app == SK_APP_RDP && m->told.detail == 0 && m->told.status == 0 && m->told.code != 0x101;
	return m->app == SK_APP_NTP || mqtt || stun || smb || rdp;
}

static void test_recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < message_count; i++) {
		const struct message *m = &messages[i];
		uint16_t port = ports[m->app];
		struct sk_command command;
		enum sk_err err = recognise(m, m->length, m->context.to_server ? 40000 : port, m->context.to_server ? port : 40000, &command);
		assert_true(says(m, err, &command));
		err = recognise(m, m->length, 40001, 40002, &command);
		if (!port_alone(m))
			assert_true(says(m, err, &command));
		else if (err == SK_OK)
			fail_msg("%s %s is believed at a foreign port as %s", sk_app_name(m->app), m->name, sk_app_name(command.app));
		/* At another protocol's port it is still itself, or nothing. */
		for (unsigned app = 0; app < SK_APP_COUNT; app++)
			if (ports[app] != 0 && recognise(m, m->length, 40001, ports[app], &command) == SK_OK && command.app != m->app)
				fail_msg("%s %s at port %u is %s", sk_app_name(m->app), m->name, ports[app], sk_app_name(command.app));
	}
}

/* Both ports are the protocol's: the initiator asks. An SMB transform has nothing but that. */
static void test_both_ports(void **state)
{
	(void)state;
	static const uint8_t encrypted[60] = {0, 0, 0, 56, 0xfd, 'S', 'M', 'B'};
	struct sk_command command;
	assert_int_equal(sk_command_recognise(sk_cur_of(encrypted, sizeof encrypted), TCP, 445, 445, true, &command), SK_OK);
	assert_false(command.response);
	assert_int_equal(sk_command_recognise(sk_cur_of(encrypted, sizeof encrypted), TCP, 445, 445, false, &command), SK_OK);
	assert_true(command.response);
	assert_int_equal(sk_command_recognise(sk_cur_of(encrypted, sizeof encrypted), TCP, 445, 40000, true, &command), SK_OK);
	assert_true(command.response);
}

/* The initiator's own port, picked by its machine, happens to be EtherNet/IP's: a list of nothing is not believed then. */
static void test_ephemeral_port(void **state)
{
	(void)state;
	static const uint8_t nop[24] = {0};
	struct sk_command command;
	assert_int_equal(sk_command_recognise(sk_cur_of(nop, sizeof nop), UDP, 40000, 44818, true, &command), SK_OK);
	assert_int_equal(command.app, SK_APP_ENIP);
	assert_int_equal(sk_command_recognise(sk_cur_of(nop, sizeof nop), UDP, 5055, 44818, false, &command), SK_EUNSUPPORTED);
	assert_int_equal(sk_command_recognise(sk_cur_of(nop, sizeof nop), UDP, 44818, 5055, true, &command), SK_EUNSUPPORTED);
	assert_int_equal(sk_command_recognise(sk_cur_of(nop, sizeof nop), UDP, 44818, 44818, true, &command), SK_OK);
}

/* A fixed sequence: SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Random bytes, each first byte as often: at ports of nobody nothing is recognised but by chance. */
static void test_random_bytes(void **state)
{
	(void)state;
	uint64_t seed = 1;
	unsigned taken = 0;
	for (unsigned i = 0; i < 400000; i++) {
		uint64_t bytes[16];
		for (size_t k = 0; k < SK_COUNT(bytes); k++)
			bytes[k] = next_random(&seed);
		struct sk_command command;
		size_t length = 20 + next_random(&seed) % 100;
		taken += sk_command_recognise(sk_cur_of(bytes, length), i % 2 ? TCP : UDP, 40001, 40002, true, &command) == SK_OK;
	}
	assert_int_equal(taken, 0);
}

/* ---- sieves ---- */

typedef bool (*sieve_fn)(struct sk_cur bytes);

static const struct sieve {
	const char *name;
	uint8_t ip_proto;
	unsigned low, high;
	sieve_fn maybe;
	enum sk_err (*head)(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out);
} sieves[] = {
#define SK_COMMAND_SIEVE(symbol, transport, low, high, function) {#symbol, transport, low, high, sk_##function##_maybe, sk_##function##_head},
#include "decode/command.def"
};

/* What a sieve holds back must be nobody's. `passed` counts its answers, so that one which never says no, or never yes, is seen too. */
static bool holds_back_wrongly(const struct sieve *sieve, sieve_fn maybe, const uint8_t *bytes, size_t length, unsigned passed[2])
{
	struct sk_command command;
	struct sk_cur cursor = sk_cur_of(bytes, length);
	bool wrong = false, may = maybe(cursor);
	passed[may]++;
	for (unsigned to_server = 0; !may && to_server < 2; to_server++)
		wrong |= sieve->head(cursor, (struct sk_command_context){.ip_proto = sieve->ip_proto, .to_server = to_server != 0}, &command) != SK_EUNSUPPORTED;
	return wrong;
}

/* A message of the table or of Modbus, behind a frame's length at times, cut, and with a few bytes changed: mostly what a parser almost takes. */
static size_t mutate(uint64_t *seed, uint8_t *out)
{
	static const uint8_t modbus[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10};
	uint64_t dice = next_random(seed);
	const struct message *m = &messages[dice % message_count];
	bool machine = (dice >> 32) % 8 == 0, framed = (dice >> 36) % 4 == 0;
	const uint8_t *bytes = machine ? modbus : m->bytes;
	size_t length = machine ? sizeof modbus : m->length, front = 0;
	if (framed) {
		out[front++] = (uint8_t)(length >> 8);
		out[front++] = (uint8_t)length;
	}
	memcpy(out + front, bytes, length);
	length += front;
	for (uint64_t changes = (dice >> 40) % 4; changes != 0; changes--) {
		uint64_t change = next_random(seed);
		out[change % (change >> 60 < 8 ? 12 : length) % length] = (uint8_t)(change >> 32);
	}
	if ((dice >> 44) % 4 == 0)
		length = 1 + next_random(seed) % length;
	return length;
}

/* Is nothing held back wrongly, over many payloads? The first byte is the row's own. */
static bool is_sound(const struct sieve *sieve, sieve_fn maybe)
{
	uint64_t seed = 7;
	unsigned passed[2] = {0};
	bool sound = true;
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t bytes[MESSAGE_MAX + 2];
		size_t length = mutate(&seed, bytes);
		if (bytes[0] < sieve->low || bytes[0] > sieve->high)
			bytes[0] = (uint8_t)(sieve->low + next_random(&seed) % (sieve->high - sieve->low + 1));
		sound &= !holds_back_wrongly(sieve, maybe, bytes, length, passed);
	}
	assert_true(passed[0] > 1000 && passed[1] > 1000);
	return sound;
}

static void test_sieves(void **state)
{
	(void)state;
	assert_true(SK_COUNT(sieves) >= 5);
	for (size_t i = 0; i < SK_COUNT(sieves); i++)
		if (!is_sound(&sieves[i], sieves[i].maybe))
			fail_msg("the sieve of %s holds back what its parser knows", sieves[i].name);
}

static const struct sieve *sabotaged;

/* Too tight: of what may be its own, half of all lengths are held back. */
static bool tight(struct sk_cur bytes)
{
	return sabotaged->maybe(bytes) && sk_left(&bytes) % 8 < 4;
}

static void test_sieves_see_sabotage(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(sieves); i++) {
		sabotaged = &sieves[i];
		if (is_sound(&sieves[i], tight))
			fail_msg("a sieve of %s that is too tight is not seen", sieves[i].name);
	}
}

static void test_other_protocols(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n", "EHLO example.com\r\n", "220 mail ESMTP\r\n",
		"OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS rtsp://x/ RTSP/1.0\r\n\r\n", "NICK someone\r\n", "INFO redis\r\n", "+OK POP3\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\023BitTorrent protocol", "MESSAGE hello there\r\n",
	};
	for (size_t i = 0; i < SK_COUNT(texts); i++)
		for (unsigned udp = 0; udp < 2; udp++) {
			struct sk_command command;
			if (sk_command_recognise(sk_cur_of(texts[i], strlen(texts[i])), udp ? UDP : TCP, 40001, 40002, true, &command) == SK_OK)
				fail_msg("%s is taken for %s", texts[i], sk_app_name(command.app));
		}
}

static void test_no_transport(void **state)
{
	(void)state;
	struct sk_command command;
	assert_int_equal(sk_command_recognise(sk_cur_of("\0", 1), 132, 445, 445, true, &command), SK_EUNSUPPORTED);
	assert_int_equal(sk_command_recognise(sk_cur_of("", 0), TCP, 445, 445, true, &command), SK_EUNSUPPORTED);
	assert_int_equal(sk_command_head(SK_APP_DNS, sk_cur_of("\0", 1), messages[0].context, &command), SK_EUNSUPPORTED);
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < message_count; i++)
		if (!(messages[i].app == SK_APP_SMB && messages[i].told.code == 0x2d))
			assert_string_not_equal(sk_command_code_name(messages[i].app, messages[i].told.code), "");
	assert_string_equal(sk_command_code_name(SK_APP_SNMP, 5), "get_bulk");
	assert_string_equal(sk_command_code_name(SK_APP_SNMP, 99), "");
	assert_string_equal(sk_command_code_name(SK_APP_DNS, 1), "");
	assert_string_equal(sk_command_code_name(SK_APP_COUNT, 0), "");
}

/* Every row has a port; bits are 0 exactly where there is no first byte. */
static void test_table(void **state)
{
	(void)state;
	unsigned bits_of[SK_APP_COUNT] = {0}, rows[SK_APP_COUNT] = {0}, port_count[SK_APP_COUNT] = {0}, starts[SK_APP_COUNT] = {0};
#define SK_COMMAND(symbol, function, bits, version, code, detail, status) rows[SK_APP_##symbol]++; bits_of[SK_APP_##symbol] = bits;
#define SK_COMMAND_PORT(symbol, transport, port) port_count[SK_APP_##symbol]++;
#define SK_COMMAND_START(symbol, transport, low, high) starts[SK_APP_##symbol]++; assert_true((low) <= (high));
#define SK_COMMAND_SIEVE(symbol, transport, low, high, function) starts[SK_APP_##symbol]++; assert_true((low) <= (high));
#include "decode/command.def"
	for (unsigned app = 0; app < SK_APP_COUNT; app++) {
		assert_true(rows[app] <= 1);
		assert_int_equal(rows[app] != 0, port_count[app] != 0);
		assert_int_equal(bits_of[app] != 0, starts[app] != 0);
	}
}

/* Numbers that would send a careless reader astray. */
static void test_hostile(void **state)
{
	(void)state;
	static const struct {
		enum sk_app app;
		uint8_t proto;
		const char *hex;
		enum sk_err err;
	} cases[] = {
		{SK_APP_SNMP, UDP, "3084ffffffff020100", SK_EMALFORMED},                 /* a length of 4 GiB */
		{SK_APP_SNMP, UDP, "3080020100040161a000", SK_EUNSUPPORTED},             /* an indefinite one */
		{SK_APP_SNMP, UDP, "30850000000003020100", SK_EUNSUPPORTED},             /* one of five bytes */
		{SK_APP_SNMP, UDP, "30050201000482ffff", SK_EMALFORMED},                 /* a community of 65535 bytes */
		{SK_APP_KERBEROS, TCP, "ffffffff6a30", SK_EUNSUPPORTED},
		{SK_APP_KERBEROS, UDP, "6a84fffffff0", SK_EUNSUPPORTED},
		{SK_APP_STUN, UDP, "00010008" "2112a442" "000000000000000000000000" "0006ffff61616161", SK_EMALFORMED},
		{SK_APP_STUN, UDP, "0001fffc" "2112a442" "000000000000000000000000", SK_EUNSUPPORTED},
		{SK_APP_SMB, TCP, "00000024fe534d4240000000", SK_EMALFORMED},            /* shorter than its header */
		{SK_APP_SMB, TCP, "00ffffffff534d42", SK_EMORE},
		{SK_APP_RDP, TCP, "0300000a05e000000000", SK_EUNSUPPORTED},
		{SK_APP_MQTT, TCP, "10ffffffff7f", SK_EUNSUPPORTED},                     /* a length of five bytes */
		{SK_APP_MQTT, TCP, "100c00044d51545409020000", SK_EMALFORMED},           /* level 9 */
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		uint8_t bytes[64];
		size_t length = strlen(cases[i].hex) / 2;
		assert_int_equal(sk_hex_decode(cases[i].hex, bytes, length), SK_OK);
		struct sk_command command;
		struct sk_command_context context = {.ip_proto = cases[i].proto, .to_server = true, .hinted = true};
		enum sk_err err = parse_as(cases[i].app, context, bytes, length, &command);
		if (err != cases[i].err)
			fail_msg("%s: %d", cases[i].hex, err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_message),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_contents_stay_out),
		cmocka_unit_test(test_contents_stay_out_sees_sabotage),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_both_ports),
		cmocka_unit_test(test_ephemeral_port),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_sieves),
		cmocka_unit_test(test_sieves_see_sabotage),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_no_transport),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests_name("command", tests, read_messages, NULL);
}
