/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate costs a frame: batches of 64 judged over a working set that does not fit the cache, with a real border table.
   Usage: gate TABLE   (a file from `sekisho border build`). Prints median and minimum of the runs in ns a frame, with the copy that puts the bytes
   of erased frames back measured apart and taken off. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gate/gate.h"

enum { FRAMES = 64 * 4096, FRAME_BYTES = 128, RUNS = 11 };

static uint64_t random_state = 1;

static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void put(uint8_t *to, size_t at, const char *bytes, size_t length)
{
	memcpy(to + at, bytes, length);
}

/* Ethernet, IPv4 or IPv6, TCP, random addresses. */
static void make_plain(uint8_t *frame, unsigned family)
{
	memset(frame, 0, FRAME_BYTES);
	uint64_t pair[4] = {random_u64(), random_u64(), random_u64(), random_u64()};
	if (family == 4) {
		put(frame, 12, "\x08\x00\x45\x00\x00\x72", 6);
		put(frame, 22, "\x40\x06", 2);
		memcpy(frame + 26, pair, 8);
	} else {
		put(frame, 12, "\x86\xdd\x60\x00\x00\x00\x00\x4a\x06\x40", 10);
		memcpy(frame + 22, pair, 32);
		frame[22] = frame[38] = 0x20; /* 2000::/8: where addresses are */
	}
}

/* Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, TCP. */
static void make_vxlan(uint8_t *frame)
{
	uint64_t outer = random_u64(), inner = random_u64();
	memset(frame, 0, FRAME_BYTES);
	put(frame, 12, "\x08\x00\x45\x00\x00\x72", 6);
	put(frame, 22, "\x40\x11", 2);
	memcpy(frame + 26, &outer, 8);
	put(frame, 34, "\xc3\x50\x12\xb5\x00\x5e\x00\x00\x08", 9);
	put(frame, 62, "\x08\x00\x45\x00\x00\x40", 6);
	put(frame, 72, "\x40\x06", 2);
	memcpy(frame + 76, &inner, 8);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* One run over all frames: copy in, and judge if there is a gate. */
static double run(struct sk_gate *gate, const uint8_t *source, uint8_t *work, uint64_t *admitted)
{
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	*admitted = 0;
	double start = now_ns();
	for (size_t i = 0; i < FRAMES; i += SK_BATCH_MAX) {
		/* A reader has just written the ring: the bytes are in the cache, as they are behind the real one. */
		memcpy(work, source + i * FRAME_BYTES, (size_t)SK_BATCH_MAX * FRAME_BYTES);
		for (size_t j = 0; j < SK_BATCH_MAX; j++)
			frames[j] = (struct sk_frame){.bytes = work + j * FRAME_BYTES, .captured_bytes = FRAME_BYTES, .wire_bytes = FRAME_BYTES, .link = SK_LINK_ETHERNET};
		if (gate == NULL)
			continue;
		sk_gate_judge_batch(gate, frames, SK_BATCH_MAX, verdicts);
		for (size_t j = 0; j < SK_BATCH_MAX; j++)
			*admitted += verdicts[j].admitted != NULL;
	}
	return (now_ns() - start) / FRAMES;
}

static void measure(const char *name, struct sk_gate *gate, const uint8_t *source, uint8_t *work)
{
	double cost[RUNS];
	uint64_t admitted;
	for (unsigned i = 0; i < RUNS; i++) {
		double floor = run(NULL, source, work, &admitted);
		cost[i] = run(gate, source, work, &admitted) - floor;
	}
	qsort(cost, RUNS, sizeof cost[0], by_value);
	(void)printf("%-34s median %6.1f ns  min %6.1f ns  admitted %4.1f %%\n", name, cost[RUNS / 2], cost[0], 100.0 * (double)admitted / FRAMES);
}

int main(int argc, char **argv)
{
	struct sk_border *table;
	struct sk_fault fault;
	struct sk_gate *open_gate, *closed_gate;
	if (argc != 2 || sk_border_open(argv[1], &table, &fault) != SK_OK) {
		(void)fprintf(stderr, "%s\n", argc != 2 ? "usage: gate TABLE" : fault.line);
		return 2;
	}
	uint8_t *source = malloc((size_t)FRAMES * FRAME_BYTES), *work = malloc((size_t)SK_BATCH_MAX * FRAME_BYTES);
	unsigned crossing = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF);
	if (source == NULL || work == NULL || sk_gate_new(table, crossing, &open_gate) != SK_OK || sk_gate_new(table, 0, &closed_gate) != SK_OK)
		return 1;
	for (size_t i = 0; i < FRAMES; i++)
		make_plain(source + i * FRAME_BYTES, 4);
	measure("IPv4, all that crosses", open_gate, source, work);
	measure("IPv4, nothing covered: all erased", closed_gate, source, work);
	for (size_t i = 0; i < FRAMES; i++)
		make_plain(source + i * FRAME_BYTES, 6);
	measure("IPv6, all that crosses", open_gate, source, work);
	for (size_t i = 0; i < FRAMES; i++)
		make_vxlan(source + i * FRAME_BYTES);
	measure("IPv4 in VXLAN, all that crosses", open_gate, source, work);
	sk_gate_free(open_gate);
	sk_gate_free(closed_gate);
	sk_border_close(table);
	free(source);
	free(work);
	return 0;
}
