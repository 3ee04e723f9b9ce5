/* SPDX-License-Identifier: Apache-2.0 */
/* What a look-up costs: bench-indicator SET. Asks for random addresses and names that the set does not hold, one by one (each waits for the one before)
   and with what is read first fetched ahead, as the sensor does it, and for what it holds. Prints nanoseconds a look-up, median and least of the runs.
   "cold": between two runs the caches are filled with something else. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "indicator/indicator.h"

enum { ASKS = 1 << 16, RUNS = 15, AHEAD = 16, NAME_MAX_BYTES = 64, COLD_BYTES = 64 << 20 };

struct asks {
	struct sk_addr addr[2][ASKS];
	char name[ASKS][NAME_MAX_BYTES];
	uint8_t name_length[ASKS];
};

static uint64_t random_state = 7;

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

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void fill(struct asks *asks)
{
	for (size_t i = 0; i < ASKS; i++) {
		uint64_t halves[2] = {random_u64(), random_u64()};
		asks->addr[0][i] = (struct sk_addr){.family = 4};
		asks->addr[1][i] = (struct sk_addr){.family = 6};
		memcpy(asks->addr[0][i].bytes, halves, 4);
		memcpy(asks->addr[1][i].bytes, halves, 16);
		asks->name_length[i] = (uint8_t)snprintf(asks->name[i], NAME_MAX_BYTES, "www.%x.%llx.example", (unsigned)(halves[0] & 0xffff),
							 (unsigned long long)(halves[1] >> 24));
	}
}

static uint64_t ask_pairs(const struct sk_indicator_set *set, const struct asks *asks, unsigned six, bool ahead)
{
	struct sk_indicator_hit hit;
	uint64_t hits = 0;
	for (size_t i = 0; i + 1 < ASKS; i += 2) {
		if (ahead) {
			sk_indicator_prefetch_addr(set, &asks->addr[six][(i + AHEAD) % ASKS]);
			sk_indicator_prefetch_addr(set, &asks->addr[six][(i + AHEAD + 1) % ASKS]);
		}
		hits += sk_indicator_match_addr(set, &asks->addr[six][i], &hit);
		hits += sk_indicator_match_addr(set, &asks->addr[six][i + 1], &hit);
	}
	return hits;
}

static uint64_t ask_names(const struct sk_indicator_set *set, const struct asks *asks)
{
	struct sk_indicator_hit hit;
	uint64_t hits = 0;
	for (size_t i = 0; i < ASKS; i++)
		hits += sk_indicator_match_domain(set, asks->name[i], asks->name_length[i], &hit);
	return hits;
}

enum what { PAIR4, PAIR6, PAIR4_AHEAD, PAIR6_AHEAD, NAMES, WHAT_COUNT };

static void measure(const struct sk_indicator_set *set, const struct asks *asks, enum what what, bool cold, uint8_t *other)
{
	static const char *const names[] = {"IPv4 pair", "IPv6 pair", "IPv4 pair, fetched ahead", "IPv6 pair, fetched ahead", "name of 4 labels"};
	double ns[RUNS];
	uint64_t hits = 0;
	for (unsigned run = 0; run < RUNS; run++) {
		for (size_t i = 0; cold && i < COLD_BYTES; i += 64)
			other[i]++;
		double start = now_ns();
		hits = what == NAMES ? ask_names(set, asks) : ask_pairs(set, asks, what == PAIR6 || what == PAIR6_AHEAD, what >= PAIR4_AHEAD);
		ns[run] = (now_ns() - start) / (what == NAMES ? ASKS : ASKS / 2.0);
	}
	qsort(ns, RUNS, sizeof *ns, by_value);
	(void)printf("%-26s %-5s %6.1f ns (least %.1f), %llu of %d hit\n", names[what], cold ? "cold" : "hot", ns[RUNS / 2], ns[0], (unsigned long long)hits, ASKS);
}

int main(int argc, char **argv)
{
	struct sk_indicator_set *set;
	struct sk_fault fault;
	struct asks *asks = malloc(sizeof *asks);
	uint8_t *other = calloc(1, COLD_BYTES);
	if (argc != 2 || asks == NULL || other == NULL) {
		(void)fprintf(stderr, "usage: bench-indicator SET\n");
		return 2;
	}
	double start = now_ns();
	if (sk_seal_start() != SK_OK || sk_indicator_open(argv[1], &set, &fault) != SK_OK) {
		(void)fprintf(stderr, "%s\n", fault.line);
		return sk_err_exit(fault.err);
	}
	double opened = now_ns();
	enum sk_err err = sk_indicator_verify(set, argv[1], &fault);
	(void)printf("open %.1f ms, verify %.1f ms (%s)\n", (opened - start) / 1e6, (now_ns() - opened) / 1e6, err == SK_OK ? "sound" : fault.line);
	fill(asks);
	for (unsigned what = 0; what < WHAT_COUNT; what++)
		for (unsigned cold = 0; cold < 2; cold++)
			measure(set, asks, (enum what)what, cold == 1, other);
	sk_indicator_close(set);
	free(asks);
	free(other);
	return 0;
}
