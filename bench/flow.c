/* SPDX-License-Identifier: Apache-2.0 */
/* ns a packet of the flow table alone: flows that fit the cache, flows that do not, and a flood of new ones over the cap. CPU time, measured after the
   table was touched. Build: ninja bench_flow in the build folder; run it on a quiet core (taskset -c 1). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "flow/flow.h"

enum { RUNS = 5 };

static uint64_t closed_frames;

static void closed(void *context, const struct sk_flow_record *record)
{
	(void)context;
	closed_frames += record->frames;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Packet i of flow number f. */
static void make_packet(struct sk_packet *packet, uint64_t f, bool v6, int64_t time_ns)
{
	uint64_t a = mix(f), b = mix(f + (UINT64_C(1) << 40));
	packet->source.family = packet->destination.family = v6 ? 6 : 4;
	memcpy(packet->source.bytes, &a, v6 ? 8 : 4);
	memcpy(packet->destination.bytes, &b, v6 ? 8 : 4);
	packet->source_port = (uint16_t)(a >> 48);
	packet->destination_port = 443;
	packet->time_ns = packet->clock_ns = time_ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void bench(const char *what, uint32_t cap, uint64_t flows, uint64_t packets, bool v6)
{
	static const uint8_t key[16] = "bench flow key..";
	double ns[RUNS];
	struct sk_clock clock = sk_clock_system();
	struct sk_flow_counters counters = {0};
	for (unsigned run = 0; run < RUNS; run++) {
		struct sk_flow_limits limits = sk_flow_default_limits();
		limits.flows = cap;
		limits.facts = limits.streams = 1;
		struct sk_flow_table *table = NULL;
		if (sk_flow_table_new(&limits, key, closed, NULL, &table) != SK_OK)
			exit(1);
		struct sk_packet batch[SK_BATCH_MAX];
		for (unsigned i = 0; i < SK_BATCH_MAX; i++)
			batch[i] = (struct sk_packet){.ip_proto = 6, .tcp_flags = SK_TCP_ACK, .layers = 1, .frames = 1, .wire_bytes = 74,
					.ip_bytes = 60, .has_ports = true};
		int64_t spent = 0;
		closed_frames = 0;
		for (uint64_t done = 0; done < packets; done += SK_BATCH_MAX) {
			for (unsigned i = 0; i < SK_BATCH_MAX; i++)
				make_packet(&batch[i], flows >= packets ? done + i : mix(done + i) % flows, v6, (int64_t)(done * 100));
			int64_t start = clock.cpu_ns(clock.context);
			sk_flow_prepare(table, batch, SK_BATCH_MAX);
			for (unsigned i = 0; i < SK_BATCH_MAX; i++) {
				bool is_new;
				(void)sk_flow_apply(table, &batch[i], &is_new);
			}
			spent += clock.cpu_ns(clock.context) - start;
		}
		sk_flow_counters(table, &counters);
		uint64_t pending = 0, bytes = 0;
		sk_flow_pending(table, &pending, &bytes);
		SK_INVARIANT(counters.created == counters.live + counters.ended + counters.evicted && counters.live <= cap);
		SK_INVARIANT(closed_frames + pending == (packets + SK_BATCH_MAX - 1) / SK_BATCH_MAX * SK_BATCH_MAX);
		sk_flow_table_free(table);
		ns[run] = (double)spent / (double)packets;
	}
	qsort(ns, RUNS, sizeof ns[0], compare);
	(void)printf("%-44s %6.1f ns a packet (min %.1f)  live %lu + ended %lu + evicted %lu = created %lu\n", what, ns[RUNS / 2], ns[0],
			counters.live,
			counters.ended, counters.evicted, counters.created);
}

int main(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	bench("10^3 flows, IPv4 (cache)", 1 << 20, 1000, 4000000, false);
	bench("10^5 flows, IPv4", 1 << 20, 100000, 4000000, false);
	bench("9 x 10^5 flows, IPv4 (DRAM)", 1 << 20, 900000, 6000000, false);
	bench("9 x 10^5 flows, IPv6 (DRAM)", 1 << 20, 900000, 6000000, true);
	bench("10^7 new flows over a cap of 2^20, IPv4", 1 << 20, UINT64_MAX, 10000000, false);
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("peak RSS %ld MiB, %.0f bytes a slot\n", usage.ru_maxrss / 1024, (double)usage.ru_maxrss * 1024 / (1 << 20));
	return 0;
}
