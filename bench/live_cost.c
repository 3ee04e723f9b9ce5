/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict of the kernel's gate costs, by the kernel's own clock: the same frame over and over, so tables are warm. usage: live_cost TABLE. Prints JSON. Needs root. */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "live/live_priv.h"

#include "border/explain.h"

enum { REPEAT = 200000, ROUNDS = 7, COVERED = 7 };

struct pair {
	struct sk_addr source, destination;
};

/* Without the self-test's builder: the few frames that are measured, by hand. */
static size_t put_ip(uint8_t *at, const struct pair *pair, unsigned proto, size_t payload)
{
	if (pair->source.family == 4) {
		memcpy(at, "\x45\0\0\0\0\1\0\0\x40\0\0\0", 12);
		at[2] = (uint8_t)((20 + payload) >> 8);
		at[3] = (uint8_t)(20 + payload);
		at[9] = (uint8_t)proto;
		memcpy(at + 12, pair->source.bytes, 4);
		memcpy(at + 16, pair->destination.bytes, 4);
		return 20;
	}
	memcpy(at, "\x60\0\0\0\0\0\0\x40", 8);
	at[4] = (uint8_t)(payload >> 8);
	at[5] = (uint8_t)payload;
	at[6] = (uint8_t)proto;
	memcpy(at + 8, pair->source.bytes, 16);
	memcpy(at + 24, pair->destination.bytes, 16);
	return 40;
}

static bool find_side(const struct sk_border *border, unsigned family, enum sk_side side, struct sk_addr *out)
{
	struct sk_addr addr = {.family = (uint8_t)family}, last;
	bool found = false;
	for (unsigned spans = 0; spans < 2000000; spans++) {
		bool embeds = family == 6 && (memcmp(addr.bytes, "\0\0", 2) == 0 || memcmp(addr.bytes, "\x20\x02", 2) == 0 || memcmp(addr.bytes, "\x20\x01\0\0", 4) == 0);
		if (sk_border_span(border, &addr, &last) == side && !embeds) {
			*out = addr;
			found = true;
			if (spans > 1000)
				return true; /* somewhere in the middle of the table */
		}
		addr = last;
		int i = family == 4 ? 3 : 15;
		while (i >= 0 && ++addr.bytes[i] == 0)
			i--;
		if (i < 0)
			break;
	}
	return found;
}

static int measure(int fd, const char *name, const uint8_t *frame, size_t length, bool last)
{
	uint32_t best = UINT32_MAX, retval = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct bpf_test_run_opts run = {.sz = sizeof run, .data_in = frame, .data_size_in = (uint32_t)length, .repeat = REPEAT};
		if (bpf_prog_test_run_opts(fd, &run) != 0)
			return 1;
		best = run.duration < best ? run.duration : best;
		retval = run.retval;
	}
	(void)printf("  {\"frame\": \"%s\", \"ns\": %u, \"action\": %u}%s\n", name, best, retval, last ? "" : ",");
	return 0;
}

int main(int argc, char **argv)
{
	struct sk_border *border;
	struct sk_fault fault = {.line = ""};
	struct live_program *program;
	struct pair four = {0}, home = {0}, six = {0};
	uint8_t frame[1600];
	if (argc != 2 || sk_seal_start() != SK_OK || sk_border_open(argv[1], &border, &fault) != SK_OK) {
		(void)fprintf(stderr, "usage: live_cost TABLE: %s\n", fault.line);
		return 2;
	}
	const struct live_program_options options = {.object = live_object, .object_bytes = live_object_bytes, .xdp = true, .ifindex = 999999, .sockets = 1, .nodes = live_table_nodes(border)};
	if (live_program_load(&options, &program, &fault) != SK_OK || live_program_write(program, border, COVERED, &fault) != SK_OK || !find_side(border, 4, SK_SIDE_FOREIGN, &four.source) ||
	    !find_side(border, 4, SK_SIDE_DOMESTIC, &four.destination) || !find_side(border, 6, SK_SIDE_FOREIGN, &six.source) || !find_side(border, 6, SK_SIDE_DOMESTIC, &six.destination)) {
		(void)fprintf(stderr, "live_cost: %s\n", fault.line);
		return 1;
	}
	home.source = home.destination = four.destination;
	int fd = live_program_filter_fd(program);
	memset(frame, 0, sizeof frame);
	memcpy(frame + 12, "\x08\0", 2);
	(void)printf("[\n");
	(void)put_ip(frame + 14, &four, 6, 64);
	int failed = measure(fd, "IPv4 FD", frame, 98, false);
	(void)put_ip(frame + 14, &home, 6, 64);
	failed |= measure(fd, "IPv4 DD, erased", frame, 98, false);
	memcpy(frame + 12, "\x86\xdd", 2);
	(void)put_ip(frame + 14, &six, 6, 64);
	failed |= measure(fd, "IPv6 FD", frame, 118, false);
	memcpy(frame + 12, "\x88\xa8\0\1\x81\0\0\2\x08\0", 10);
	(void)put_ip(frame + 22, &four, 6, 64);
	failed |= measure(fd, "QinQ, IPv4 FD", frame, 106, false);
	memcpy(frame + 12, "\x08\0", 2);
	size_t at = 14 + put_ip(frame + 14, &four, 47, 4 + 20 + 64);
	memcpy(frame + at, "\0\0\x08\0", 4);
	(void)put_ip(frame + at + 4, &four, 6, 64);
	failed |= measure(fd, "GRE, IPv4 in IPv4", frame, at + 4 + 84, false);
	at = 14 + put_ip(frame + 14, &four, 17, 8 + 8 + 14 + 84);
	memcpy(frame + at, "\x30\x39\x12\xb5\0\x72\0\0\x08\0\0\0\0\0\1\0", 16);
	memset(frame + at + 16, 2, 12);
	memcpy(frame + at + 28, "\x08\0", 2);
	(void)put_ip(frame + at + 30, &four, 6, 64);
	failed |= measure(fd, "VXLAN, IPv4 in IPv4", frame, at + 30 + 84, true);
	(void)printf("]\n");
	live_program_free(program);
	sk_border_close(border);
	return failed;
}
