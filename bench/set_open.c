/* SPDX-License-Identifier: Apache-2.0 */
/* How long a compiled selector set takes to open: mapped and checked as the sensor does it, the file in the page cache.
     set_open SET [TIMES]
   Prints entries, and median and minimum of CPU and wall milliseconds, as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "indicator/indicator.h"

enum { TIMES_DEFAULT = 5, TIMES_MAX = 1000 };

static double now_ms(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double cpu[TIMES_MAX], wall[TIMES_MAX];
	struct sk_indicator_facts facts = {0};
	struct sk_fault fault;
	size_t times = argc == 3 ? strtoull(argv[2], NULL, 10) : TIMES_DEFAULT;
	if (argc < 2 || argc > 3 || times < 1 || times > TIMES_MAX || sk_seal_start() != SK_OK) {
		(void)fprintf(stderr, "set_open: usage: set_open SET [TIMES]\n");
		return 2;
	}
	for (size_t i = 0; i < times; i++) {
		struct sk_indicator_set *set = NULL;
		cpu[i] = now_ms(CLOCK_PROCESS_CPUTIME_ID);
		wall[i] = now_ms(CLOCK_MONOTONIC);
		if (sk_indicator_open(argv[1], &set, &fault) != SK_OK) {
			(void)fprintf(stderr, "set_open: %s\n", fault.line);
			return 1;
		}
		cpu[i] = now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu[i];
		wall[i] = now_ms(CLOCK_MONOTONIC) - wall[i];
		sk_indicator_facts(set, &facts);
		sk_indicator_close(set);
	}
	qsort(cpu, times, sizeof cpu[0], by_value);
	qsort(wall, times, sizeof wall[0], by_value);
	(void)printf("{\"entries\": %llu, \"cpu_ms_median\": %.3f, \"cpu_ms_min\": %.3f, \"wall_ms_median\": %.3f, \"wall_ms_min\": %.3f}\n",
		     (unsigned long long)facts.entries, cpu[times / 2], cpu[0], wall[times / 2], wall[0]);
	return 0;
}
