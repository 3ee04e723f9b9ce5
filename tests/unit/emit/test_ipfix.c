/* SPDX-License-Identifier: Apache-2.0 */
/* IPFIX out, read back here field by field by its own templates; peers that are gone, come back, or are named by a selector. Loopback alone. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "emit/ipfix.h"
#include "wire/wire.h"

enum { FILE_MAX = 8 << 20, TEMPLATES = 3, FIELDS = 32 };
#define T0_NS (INT64_C(1790000000) * 1000000000)

static struct sk_clock_fake fake = {.now_unix_ns = T0_NS};

/* ---- a reader by the templates in the stream ---- */

struct seen {
	uint16_t fields[TEMPLATES][FIELDS][2];
	unsigned counts[TEMPLATES];
	unsigned template_sets, records, options, messages;
	uint32_t next_sequence;
	uint64_t last[512];              /* the last record, by element */
	struct sk_addr source, destination;
	char name[256];
};

static uint64_t take(struct sk_cur *c, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | sk_u8(c);
	return value;
}

static void read_template(struct seen *seen, struct sk_cur *set, bool options)
{
	unsigned at = sk_be16(set) - 256u, count = sk_be16(set);
	assert_true(at < TEMPLATES && count <= FIELDS);
	if (options)
		assert_int_equal(sk_be16(set), 1);
	seen->counts[at] = count;
	for (unsigned i = 0; i < count; i++) {
		seen->fields[at][i][0] = sk_be16(set);
		seen->fields[at][i][1] = sk_be16(set);
	}
}

static void read_record(struct seen *seen, struct sk_cur *set, unsigned at)
{
	assert_true(at < TEMPLATES && seen->counts[at] != 0);
	for (unsigned i = 0; i < seen->counts[at]; i++) {
		unsigned element = seen->fields[at][i][0], length = seen->fields[at][i][1];
		if (length == UINT16_MAX) {
			length = sk_u8(set);
			sk_copy(set, seen->name, length);
			seen->name[length] = '\0';
		} else if (length == 16 || element == 8 || element == 12) {
			struct sk_addr *addr = element == 8 || element == 27 ? &seen->source : &seen->destination;
			*addr = (struct sk_addr){.family = length == 16 ? 6 : 4};
			sk_copy(set, addr->bytes, length);
		} else {
			seen->last[element] = take(set, length);
		}
	}
	if (at == 2)
		seen->options++;
	else
		seen->records++;
}

static void read_message(struct seen *seen, struct sk_cur *all)
{
	struct sk_cur head = *all;
	assert_int_equal(sk_be16(&head), 10);
	struct sk_cur m = sk_carve(all, sk_be16(&head));
	unsigned before = seen->records + seen->options;
	sk_skip(&m, 4);
	assert_int_equal(sk_be32(&m), T0_NS / 1000000000);
	assert_int_equal(sk_be32(&m), seen->next_sequence);
	assert_int_equal(sk_be32(&m), SK_IPFIX_DOMAIN);
	while (sk_more(&m)) {
		unsigned id = sk_be16(&m), length = sk_be16(&m);
		struct sk_cur set = sk_carve(&m, length - 4u);
		seen->template_sets += id == 2;
		while (sk_more(&set)) {
			if (id < 256)
				read_template(seen, &set, id == 3);
			else
				read_record(seen, &set, id - 256);
		}
		assert_false(set.dead);
	}
	assert_false(m.dead);
	seen->messages++;
	seen->next_sequence += seen->records + seen->options - before;
}

static void read_all(struct seen *seen, const void *bytes, size_t length)
{
	struct sk_cur all = sk_cur_of(bytes, length);
	while (sk_more(&all))
		read_message(seen, &all);
	assert_false(all.dead);
}

/* ---- what is written ---- */

static struct sk_observation flow(bool v6)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	o.kind = SK_OBSERVATION_FLOW;
	o.class_ = SK_CLASS_DF;
	o.ip_proto = 6;
	o.layers = 1;
	assert_int_equal(sk_addr_parse(v6 ? "2001:db8:1::5" : "192.0.2.5", &o.initiator), SK_OK);
	assert_int_equal(sk_addr_parse(v6 ? "2001:db8:2::7" : "198.51.100.7", &o.responder), SK_OK);
	o.initiator_port = 40000, o.responder_port = 443;
	o.tcp_flags[0] = 0x1b, o.tcp_flags[1] = 0x12;
	o.packets[0] = 10, o.packets[1] = 20, o.ip_bytes[0] = 1000, o.ip_bytes[1] = UINT64_MAX;
	o.first_ns = T0_NS - 5000000000, o.last_ns = T0_NS - 1000000;
	o.end = 2, o.initiator_sure = 1, o.interface = 3;
	return o;
}

static struct sk_ipfix *open_at(const char *where, sk_peer_named named)
{
	struct sk_ipfix *ipfix = NULL;
	struct sk_fault fault = {.line = ""};
	struct sk_clock clock = sk_clock_of_fake(&fake);
	if (sk_ipfix_open(where, named, NULL, &clock, &ipfix, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	return ipfix;
}

static void read_back(struct seen *seen, const char *path)
{
	struct sk_buf bytes;
	sk_buf_init(&bytes, FILE_MAX);
	assert_int_equal(sk_file_read(path, &bytes, NULL), SK_OK);
	read_all(seen, bytes.bytes, bytes.length);
	sk_buf_fini(&bytes);
}

static void a_file(void **state)
{
	(void)state;
	static struct seen seen;
	char path[] = "/tmp/sk-ipfix-XXXXXX";
	struct sk_fault fault;
	(void)close(mkstemp(path));
	struct sk_ipfix *ipfix = open_at(path, NULL);
	sk_ipfix_mark(ipfix, "lab-1", true);
	struct sk_observation o = flow(false);
	sk_ipfix_observation(ipfix, &o);
	assert_int_equal(sk_ipfix_close(ipfix, &fault), SK_OK);
	read_back(&seen, path);
	assert_true(seen.records == 2 && seen.options == 1 && seen.template_sets == 1);
	assert_string_equal(seen.name, "sekisho SIMULATED, basis lab-1");
	/* The last is the way back. */
	assert_true(sk_addr_equal(&seen.source, &o.responder) && sk_addr_equal(&seen.destination, &o.initiator));
	assert_true(seen.last[7] == 443 && seen.last[11] == 40000 && seen.last[4] == 6 && seen.last[6] == 0x12 && seen.last[2] == 20 && seen.last[1] == UINT64_MAX);
	assert_true(seen.last[152] == (uint64_t)(T0_NS / 1000000) - 5000 && seen.last[153] == (uint64_t)(T0_NS / 1000000) - 1 && seen.last[136] == 3 && seen.last[239] == 2);
	assert_true(seen.last[10] == 3 && seen.last[34] == 1);
	(void)remove(path);
}

/* ICMP, one direction alone, exports handed on with their rate, an event without counts, both families in turn; enough for several messages. */
static void kinds_of_records(void **state)
{
	(void)state;
	static struct seen seen;
	char path[] = "/tmp/sk-ipfix-XXXXXX";
	struct sk_fault fault;
	(void)close(mkstemp(path));
	struct sk_ipfix *ipfix = open_at(path, NULL);
	for (unsigned i = 0; i < 1000; i++) {
		struct sk_observation o = flow(i % 2 != 0);
		sk_ipfix_observation(ipfix, &o);
	}
	struct sk_observation o = flow(false);
	o.packets[1] = o.ip_bytes[1] = 0;
	o.metered_by = SK_METER_NETFLOW9, o.sampling = 512, o.initiator_sure = 0;
	sk_ipfix_observation(ipfix, &o);
	o.packets[0] = o.ip_bytes[0] = 0;
	sk_ipfix_observation(ipfix, &o);
	o = flow(true);
	o.ip_proto = 58, o.icmp_type = 128, o.icmp_code = 0, o.initiator_port = 128, o.responder_port = 129;
	sk_ipfix_observation(ipfix, &o);
	assert_int_equal(sk_ipfix_close(ipfix, &fault), SK_OK);
	read_back(&seen, path);
	assert_true(seen.records == 2004 && seen.options == 0 && seen.template_sets == 1 && seen.messages > 5);
	assert_true(seen.last[139] == 129u << 8 && seen.last[7] == 0 && seen.last[11] == 0);
	assert_int_equal(seen.last[34], 1);
	(void)remove(path);
}

/* ---- peers ---- */

static int bound(int kind, uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(*port)};
	socklen_t length = sizeof at;
	int on = 1, fd = socket(AF_INET, kind, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &length) == 0);
	assert_true(kind == SOCK_DGRAM || listen(fd, 4) == 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static bool never(void *context, const struct sk_addr *addr)
{
	(void)context;
	return addr->family == 4 && addr->bytes[0] == 127;
}

static void templates_come_again_over_udp(void **state)
{
	(void)state;
	static struct seen seen;
	static uint8_t datagram[65536];
	uint16_t port = 0;
	char where[64];
	struct sk_fault fault;
	int fd = bound(SOCK_DGRAM, &port);
	(void)snprintf(where, sizeof where, "udp:127.0.0.1:%u", port);
	struct sk_ipfix *ipfix = open_at(where, NULL);
	for (unsigned i = 0; i < 700; i++) {
		struct sk_observation o = flow(false);
		sk_ipfix_observation(ipfix, &o);
		sk_ipfix_flush(ipfix);
		if (i == 100)
			fake.now_monotonic_ns += SK_IPFIX_TEMPLATE_S * INT64_C(1000000000);
		for (ssize_t got; (got = recv(fd, datagram, sizeof datagram, MSG_DONTWAIT)) > 0;) {
			assert_true(got <= SK_IPFIX_DATAGRAM_BYTES);
			read_all(&seen, datagram, (size_t)got);
		}
	}
	assert_int_equal(sk_ipfix_close(ipfix, &fault), SK_OK);
	assert_int_equal(seen.records, 1400);
	assert_int_equal(seen.template_sets, 1 + 700 / SK_IPFIX_TEMPLATE_MESSAGES + 1);
	(void)close(fd);
}

/* rule: PEER-1 */
static void a_named_peer_is_refused(void **state)
{
	(void)state;
	struct sk_ipfix *ipfix = NULL;
	struct sk_fault fault;
	struct sk_clock clock = sk_clock_of_fake(&fake);
	assert_int_equal(sk_ipfix_open("udp:127.0.0.1:9", never, NULL, &clock, &ipfix, &fault), SK_EPERMIT);
	assert_int_equal(sk_ipfix_open("tcp:127.0.0.1", NULL, NULL, &clock, &ipfix, &fault), SK_EUSAGE);
	assert_int_equal(sk_ipfix_open("/nowhere/file", NULL, NULL, &clock, &ipfix, &fault), SK_EIO);
	assert_null(ipfix);
}

static size_t drain(int fd, struct seen *seen)
{
	static uint8_t bytes[1 << 20];
	size_t length = 0;
	for (ssize_t got; (got = recv(fd, bytes + length, sizeof bytes - length, MSG_DONTWAIT)) > 0;)
		length += (size_t)got;
	read_all(seen, bytes, length);
	return length;
}

/* The collector goes away and comes back: what it missed is counted, the new session has its templates and counts from 0. */
static void a_peer_that_comes_back(void **state)
{
	(void)state;
	static struct seen first, second;
	uint16_t port = 0;
	char where[64];
	struct sk_fault fault;
	struct sk_observation o = flow(false);
	int heard = bound(SOCK_STREAM, &port);
	(void)snprintf(where, sizeof where, "tcp:127.0.0.1:%u", port);
	struct sk_ipfix *ipfix = open_at(where, NULL);
	int fd = accept(heard, NULL, NULL);
	sk_ipfix_observation(ipfix, &o);
	sk_ipfix_flush(ipfix);
	assert_true(drain(fd, &first) > 0);
	assert_int_equal(first.records, 2);
	(void)close(fd);
	(void)close(heard);
	unsigned given = 0;
	for (; given < 10; given++) {
		sk_ipfix_observation(ipfix, &o);
		sk_ipfix_flush(ipfix);
	}
	heard = bound(SOCK_STREAM, &port);
	sk_ipfix_observation(ipfix, &o); /* too early to ask again */
	sk_ipfix_flush(ipfix);
	fake.now_monotonic_ns += INT64_C(6000000000);
	sk_ipfix_observation(ipfix, &o);
	sk_ipfix_flush(ipfix);
	fd = accept(heard, NULL, NULL);
	assert_true(drain(fd, &second) > 0);
	assert_true(second.records == 2 && second.template_sets == 1);
	assert_int_equal(sk_ipfix_close(ipfix, &fault), SK_EIO);
	/* The first message into a connection that is gone is taken by the kernel: nobody can know. */
	assert_true(strstr(fault.line, "20 IPFIX records did not get there") != NULL || strstr(fault.line, "22 IPFIX records did not get there") != NULL);
	(void)close(fd);
	(void)close(heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_file), cmocka_unit_test(kinds_of_records), cmocka_unit_test(templates_come_again_over_udp),
					   cmocka_unit_test(a_named_peer_is_refused), cmocka_unit_test(a_peer_that_comes_back)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
