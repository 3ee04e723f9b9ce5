/* SPDX-License-Identifier: Apache-2.0 */
/* rule: PEER-1. Sockets on the loopback alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "peer/peer.h"

enum { PATIENCE_MS = 500 };

static void forms(void **state)
{
	(void)state;
	static const char *const good[] = {"udp:192.0.2.1:2055", "tcp:192.0.2.1:1", "udp:[2001:db8::1]:65535", "tcp:[::1]:4739", "udp:0.0.0.0:2055"};
	static const char *const bad[] = {"", "udp", "udp:", "192.0.2.1:2055", "udp:192.0.2.1", "udp:192.0.2.1:", "udp:192.0.2.1:0", "udp:192.0.2.1:65536", "udp:192.0.2.1:+1",
					  "udp:192.0.2.1: 1", "udp:192.0.2.1:1x", "udp:2001:db8::1:2055", "udp:[2001:db8::1:2055", "udp:[2001:db8::1]2055", "udp:[192.0.2.1]:1",
					  "udp:localhost:2055", "sctp:192.0.2.1:1", "udp:[::1]:", "udp:192.0.2.256:1",
					  "udp:[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]:1"};
	char text[SK_PEER_TEXT_MAX];
	struct sk_peer peer;
	struct sk_fault fault;
	for (size_t i = 0; i < SK_COUNT(good); i++) {
		assert_int_equal(sk_peer_parse(good[i], &peer, &fault), SK_OK);
		assert_string_equal(sk_peer_format(&peer, text), good[i]);
	}
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		assert_int_equal(sk_peer_parse(bad[i], &peer, &fault), SK_EUSAGE);
		assert_non_null(strstr(fault.line, "expected udp:ADDRESS:PORT"));
	}
}

static struct sk_peer peer_of(const char *text)
{
	struct sk_peer peer;
	assert_int_equal(sk_peer_parse(text, &peer, NULL), SK_OK);
	return peer;
}

/* Listen at a port that the kernel gives, and say which. */
static int listener(const char *text, struct sk_peer *where)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof at;
	struct sk_fault fault;
	int fd = -1;
	*where = peer_of(text);
	where->port = 0;
	assert_int_equal(sk_peer_listen(where, &fd, &fault), SK_OK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	uint8_t port[2];
	memcpy(port, (const uint8_t *)&at + 2, sizeof port); /* sin_port and sin6_port lie at the same place */
	where->port = (uint16_t)(port[0] << 8 | port[1]);
	return fd;
}

static bool is_loopback(void *context, const struct sk_addr *addr)
{
	unsigned *asked = context;
	(*asked)++;
	return addr->family == 4 && addr->bytes[0] == 127;
}

static void named_addresses_get_nothing(void **state)
{
	(void)state;
	struct sk_peer where;
	struct sk_fault fault;
	unsigned asked = 0;
	int heard = listener("udp:127.0.0.1:1", &where), fd = -1;
	assert_int_equal(sk_peer_connect(&where, is_loopback, &asked, PATIENCE_MS, &fd, &fault), SK_EPERMIT);
	assert_int_equal(asked, 1);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(fault.line, "PEER-1"));
	/* The same address in its IPv6 clothes. */
	struct sk_peer mapped = peer_of("udp:[::ffff:127.0.0.1]:1");
	mapped.port = where.port;
	assert_int_equal(sk_peer_connect(&mapped, is_loopback, &asked, PATIENCE_MS, &fd, &fault), SK_EPERMIT);
	/* Sabotage twin: nobody is asked, and the datagram arrives. */
	char byte = 0;
	assert_int_equal(sk_peer_connect(&where, NULL, NULL, PATIENCE_MS, &fd, &fault), SK_OK);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(recv(heard, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	(void)close(fd);
	(void)close(heard);
}

static void nowhere_is_refused(void **state)
{
	(void)state;
	static const char *const nowhere[] = {"udp:0.0.0.0:9", "tcp:[::]:9", "udp:[::ffff:0.0.0.0]:9"};
	struct sk_fault fault;
	int fd = -1;
	for (size_t i = 0; i < SK_COUNT(nowhere); i++) {
		struct sk_peer peer = peer_of(nowhere[i]);
		assert_int_equal(sk_peer_connect(&peer, NULL, NULL, PATIENCE_MS, &fd, &fault), SK_EUSAGE);
	}
}

static void tcp_connects_or_says_why(void **state)
{
	(void)state;
	struct sk_peer where;
	struct sk_fault fault;
	int heard = listener("tcp:127.0.0.1:1", &where), fd = -1, other = -1;
	assert_int_equal(sk_peer_connect(&where, NULL, NULL, PATIENCE_MS, &fd, &fault), SK_OK);
	assert_int_equal(sk_peer_listen(&where, &other, &fault), SK_EIO);
	assert_non_null(strstr(fault.line, "cannot listen here"));
	(void)close(fd);
	(void)close(heard);
	assert_int_equal(sk_peer_connect(&where, NULL, NULL, PATIENCE_MS, &fd, &fault), SK_EIO);
	assert_non_null(strstr(fault.line, "tcp:127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(named_addresses_get_nothing), cmocka_unit_test(nowhere_is_refused),
					   cmocka_unit_test(tcp_connects_or_says_why)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
