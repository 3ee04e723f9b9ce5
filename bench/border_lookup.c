/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a border table answers. Usage: bench-border-lookup TABLE. Random addresses of each family, spread over the whole of IPv4 and over 2000::/3;
   prints look-ups a second, median and best of the runs. "near": addresses in prefixes that the table knows, as real traffic has them; "country": which country these are in, as
   the health of links asks at most 320 times a second. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "border/explain.h"

enum { ADDRESSES = 1 << 16, ROUNDS = 64, RUNS = 9 };

static uint64_t random_state = 1;

static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return a < b ? -1 : a > b;
}

static void fill(uint8_t (*bytes)[16], unsigned family)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		uint64_t halves[2] = {random_u64(), random_u64()};
		memcpy(bytes[i], halves, 16);
		if (family == 6)
			bytes[i][0] = (uint8_t)(0x20 | (bytes[i][0] & 0x1f));
	}
}

/* Ends of slots that the trie has, taken at random starts: they lie where the table is detailed. */
static void fill_near(const struct sk_border *table, uint8_t (*bytes)[16], unsigned family)
{
	struct sk_addr at = {.family = (uint8_t)family}, last;
	fill(bytes, family);
	if (family == 6) /* where address space is given out */
		for (size_t i = 0; i < ADDRESSES; i++)
			memcpy(bytes[i], (const uint8_t[]){0x24, (uint8_t)(random_u64() % 11)}, 2);
	for (size_t i = 0; i < ADDRESSES; i++) {
		memcpy(at.bytes, bytes[i], family == 4 ? 4 : 16);
		(void)sk_border_span(table, &at, &last);
		memcpy(bytes[i], last.bytes, family == 4 ? 4 : 16);
	}
}

static void measure(const struct sk_border *table, unsigned family, const char *name, bool country, uint8_t (*bytes)[16])
{
	const unsigned rounds = country ? 1 : ROUNDS;
	double rate[RUNS];
	uint64_t sum = 0;
	for (unsigned run = 0; run < RUNS; run++) {
		double start = now_s();
		for (unsigned round = 0; round < rounds; round++)
			for (size_t i = 0; i < ADDRESSES; i++)
				sum += country ? sk_border_country(table, bytes[i], family) : family == 4 ? sk_border_side4(table, bytes[i]) : sk_border_side6(table, bytes[i]);
		rate[run] = (double)ADDRESSES * rounds / (now_s() - start) / 1e6;
	}
	qsort(rate, RUNS, sizeof *rate, compare_doubles);
	(void)printf("IPv%u %-7s %7.1f M lookups/s (best %.1f)   sum %llu\n", family, name, rate[RUNS / 2], rate[RUNS - 1], (unsigned long long)sum);
}

int main(int argc, char **argv)
{
	static uint8_t bytes[ADDRESSES][16];
	struct sk_border *table;
	struct sk_fault fault;
	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench-border-lookup TABLE\n");
		return 2;
	}
	if (sk_border_open(argv[1], &table, &fault) != SK_OK) {
		(void)fprintf(stderr, "%s\n", fault.line);
		return sk_err_exit(fault.err);
	}
	for (unsigned family = 4; family <= 6; family += 2) {
		fill(bytes, family);
		measure(table, family, "random", false, bytes);
		fill_near(table, bytes, family);
		measure(table, family, "near", false, bytes);
		measure(table, family, "country", true, bytes);
	}
	sk_border_close(table);
	return 0;
}
