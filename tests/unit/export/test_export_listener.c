/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, on the loopback alone: datagrams of both families, streams cut anywhere, senders that are not named, floods of connections, what the kernel drops. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export_test.h"

#include "export/listener.h"
#include "samples.h"

enum { WAIT_MS = 20, PATIENCE = 200 };

struct net {
	struct world w;
	struct sk_listener *listener;
	struct sockaddr_in udp, tcp;
	struct sockaddr_in6 udp6;
};

/* A port of the loopback that nobody has. */
static uint16_t free_port(int kind)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof at;
	int fd = socket(AF_INET, kind, 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &length) == 0);
	(void)close(fd);
	return ntohs(at.sin_port);
}

static void net_start(struct net *n, const char *exporter)
{
	static const struct in6_addr loopback6 = IN6ADDR_LOOPBACK_INIT;
	struct sk_fault fault = {.line = ""};
	world_start(&n->w, true);
	struct sk_listener_config config = {.export_ = n->w.export_, .clock = sk_clock_of_fake(&n->w.clock), .exporter_count = exporter != NULL};
	if (exporter != NULL)
		assert_int_equal(sk_prefix_parse(exporter, &config.exporters[0]), SK_OK);
	assert_int_equal(sk_listener_new(&config, &n->listener), SK_OK);
	n->udp = n->tcp = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	n->udp6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = loopback6};
	n->udp.sin_port = htons(free_port(SOCK_DGRAM));
	n->tcp.sin_port = htons(free_port(SOCK_STREAM));
	n->udp6.sin6_port = htons((uint16_t)(ntohs(n->udp.sin_port) ^ 1));
	char text[3][SK_PEER_TEXT_MAX];
	(void)snprintf(text[0], sizeof text[0], "udp:127.0.0.1:%u", ntohs(n->udp.sin_port));
	(void)snprintf(text[1], sizeof text[1], "tcp:127.0.0.1:%u", ntohs(n->tcp.sin_port));
	(void)snprintf(text[2], sizeof text[2], "udp:[::1]:%u", ntohs(n->udp6.sin6_port));
	for (size_t i = 0; i < 3; i++) {
		struct sk_peer peer;
		assert_int_equal(sk_peer_parse(text[i], &peer, &fault), SK_OK);
		if (i < 2 && sk_listener_add(n->listener, &peer, &fault) != SK_OK)
			fail_msg("%s", fault.line);
		if (i == 2 && sk_listener_add(n->listener, &peer, &fault) != SK_OK)
			n->udp6.sin6_port = 0; /* a machine without IPv6 */
	}
}

static void net_end(struct net *n)
{
	assert_int_equal(sk_listener_residue(n->listener), 0);
	sk_listener_free(n->listener);
	world_end(&n->w);
}

static struct sk_listener_totals heard(const struct net *n)
{
	struct sk_listener_totals t;
	sk_listener_totals(n->listener, &t);
	return t;
}

static void poll_once(struct net *n, int ms)
{
	struct sk_fault fault;
	assert_int_equal(sk_listener_poll(n->listener, ms, &fault), SK_OK);
}

static void poll_until_observed(struct net *n, size_t observations)
{
	for (int i = 0; i < PATIENCE && n->w.observations < observations; i++)
		poll_once(n, WAIT_MS);
	assert_int_equal(n->w.observations, observations);
}

static void datagrams(void **state)
{
	(void)state;
	static struct net n;
	static struct msg m;
	net_start(&n, NULL);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
	sample_message(&m, SAMPLE_IPFIX);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(sendto(fd, m.bytes, msg_length(&m), 0, (struct sockaddr *)&n.udp, sizeof n.udp), msg_length(&m));
	poll_until_observed(&n, 200);
	assert_true(heard(&n).datagrams == 200 && heard(&n).bytes == 200 * msg_length(&m) && heard(&n).receive_bytes > 0);
	if (n.udp6.sin6_port != 0) {
		assert_int_equal(sendto(fd6, m.bytes, msg_length(&m), 0, (struct sockaddr *)&n.udp6, sizeof n.udp6), msg_length(&m));
		poll_until_observed(&n, 201);
		assert_int_equal(totals(&n.w).domains, 2); /* another exporter */
	}
	/* Noise, an empty one, the largest there is: counted, never an end. */
	static uint8_t large[65507];
	memset(large, 0x77, sizeof large);
	assert_int_equal(sendto(fd, large, sizeof large, 0, (struct sockaddr *)&n.udp, sizeof n.udp), sizeof large);
	assert_int_equal(sendto(fd, large, 0, 0, (struct sockaddr *)&n.udp, sizeof n.udp), 0);
	for (int i = 0; i < PATIENCE && totals(&n.w).count[SK_EXPORT_MALFORMED_MESSAGES] < 2; i++)
		poll_once(&n, WAIT_MS);
	assert_int_equal(totals(&n.w).count[SK_EXPORT_MALFORMED_MESSAGES], 2);
	(void)close(fd);
	(void)close(fd6);
	net_end(&n);
}

/* A stream in pieces of any size; its templates go with it. */
static void streams(void **state)
{
	(void)state;
	static struct net n;
	static struct msg m;
	static const size_t pieces[] = {1, 2, 3, 7, 100, 65536};
	net_start(&n, NULL);
	for (size_t p = 0; p < SK_COUNT(pieces); p++) {
		size_t before = n.w.observations;
		int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
		assert_int_equal(connect(fd, (struct sockaddr *)&n.tcp, sizeof n.tcp), 0);
		(void)setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
		for (unsigned i = 0; i < 4; i++) {
			sample_message(&m, i == 2 ? SAMPLE_IPFIX_BIFLOW : SAMPLE_IPFIX);
			for (size_t at = 0; at < msg_length(&m); at += pieces[p]) {
				size_t length = msg_length(&m) - at < pieces[p] ? msg_length(&m) - at : pieces[p];
				assert_int_equal(send(fd, m.bytes + at, length, 0), length);
				poll_once(&n, 0);
			}
		}
		poll_until_observed(&n, before + 3 + 2);
		assert_int_equal(heard(&n).streams_now, 1);
		(void)close(fd);
		for (int i = 0; i < PATIENCE && heard(&n).streams_now != 0; i++)
			poll_once(&n, WAIT_MS);
		assert_true(heard(&n).streams_now == 0 && totals(&n.w).domains == 0 && totals(&n.w).templates == 0);
	}
	assert_int_equal(heard(&n).streams, SK_COUNT(pieces));
	/* What is no IPFIX is closed. */
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte;
	assert_int_equal(connect(fd, (struct sockaddr *)&n.tcp, sizeof n.tcp), 0);
	assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	for (int i = 0; i < PATIENCE && heard(&n).streams_broken == 0; i++)
		poll_once(&n, WAIT_MS);
	assert_int_equal(heard(&n).streams_broken, 1);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	(void)close(fd);
	net_end(&n);
}

static void connections_are_bounded(void **state)
{
	(void)state;
	static struct net n;
	int fds[SK_LISTENER_STREAMS + 10];
	net_start(&n, NULL);
	for (size_t i = 0; i < SK_COUNT(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *)&n.tcp, sizeof n.tcp), 0);
		poll_once(&n, WAIT_MS);
	}
	for (int i = 0; i < PATIENCE && heard(&n).streams_refused < 10; i++)
		poll_once(&n, WAIT_MS);
	assert_true(heard(&n).streams_now == SK_LISTENER_STREAMS && heard(&n).streams_refused == 10);
	/* Ten minutes later the silent ones may lose their place. */
	n.w.clock.now_monotonic_ns += 601 * S;
	int late = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(late, (struct sockaddr *)&n.tcp, sizeof n.tcp), 0);
	for (int i = 0; i < PATIENCE && heard(&n).streams < SK_LISTENER_STREAMS + 1; i++)
		poll_once(&n, WAIT_MS);
	assert_int_equal(heard(&n).streams, SK_LISTENER_STREAMS + 1);
	(void)close(late);
	for (size_t i = 0; i < SK_COUNT(fds); i++)
		(void)close(fds[i]);
	net_end(&n);
}

static void senders_that_are_not_named(void **state)
{
	(void)state;
	static struct net n;
	static struct msg m;
	for (unsigned named = 0; named < 2; named++) {
		net_start(&n, named ? "127.0.0.0/8" : "192.0.2.0/24");
		int fd = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
		sample_message(&m, SAMPLE_IPFIX);
		assert_int_equal(sendto(fd, m.bytes, msg_length(&m), 0, (struct sockaddr *)&n.udp, sizeof n.udp), msg_length(&m));
		assert_int_equal(connect(tcp, (struct sockaddr *)&n.tcp, sizeof n.tcp), 0);
		for (int i = 0; i < PATIENCE && (heard(&n).datagrams < 1 || heard(&n).senders_refused + heard(&n).streams < (named ? 1 : 2)); i++)
			poll_once(&n, WAIT_MS);
		assert_int_equal(heard(&n).senders_refused, named ? 0 : 2);
		assert_int_equal(n.w.observations, named);
		assert_int_equal(heard(&n).streams, named);
		(void)close(fd);
		(void)close(tcp);
		net_end(&n);
	}
}

/* More than the socket holds while nobody reads: what the kernel dropped is told with what comes after it. */
static void kernel_drops(void **state)
{
	(void)state;
	static struct net n;
	static uint8_t large[60000];
	static struct msg m;
	net_start(&n, NULL);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t sent = 0;
	for (; sent < 4000; sent++)
		if (sendto(fd, large, sizeof large, 0, (struct sockaddr *)&n.udp, sizeof n.udp) < 0)
			break;
	for (int i = 0; i < PATIENCE && heard(&n).datagrams == 0; i++)
		poll_once(&n, WAIT_MS);
	for (int i = 0; i < 20; i++)
		poll_once(&n, 1);
	sample_message(&m, SAMPLE_IPFIX);
	assert_int_equal(sendto(fd, m.bytes, msg_length(&m), 0, (struct sockaddr *)&n.udp, sizeof n.udp), msg_length(&m));
	poll_until_observed(&n, 1);
	assert_int_equal(heard(&n).datagrams + heard(&n).kernel_dropped, sent + 1);
	assert_true(heard(&n).kernel_dropped > 0);
	(void)close(fd);
	net_end(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(datagrams), cmocka_unit_test(streams), cmocka_unit_test(connections_are_bounded), cmocka_unit_test(senders_that_are_not_named),
					   cmocka_unit_test(kernel_drops)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
