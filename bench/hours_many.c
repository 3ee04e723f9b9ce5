/* SPDX-License-Identifier: Apache-2.0 */
/* Many actors through the estimator in one process, for bench/hours: each line of standard input is a name and times in seconds, separated by blanks; each line of
   output is JSON. --flat: all offsets alike before anything is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/hours.h"

static void print(const char *name, const struct sk_hours *h)
{
	(void)printf("{\"name\":\"%s\",\"verdict\":\"%s\",\"moments\":%llu,\"days\":%llu,\"best\":%d,\"width\":%d,\"even_p\":%.3g,\"even_strength\":%.3f,\"minute_share\":%.3f,"
		     "\"minute_p\":%.3g,\"gap_share\":%.3f,\"several\":%.2f,\"pair\":[%d,%d],\"moved\":%.2f,\"moved_by\":%d,\"clock\":%s,\"clock_moved\":%.1f,\"clock_error\":%.1f,"
		     "\"rules\":[%.3f,%.3f,%.3f],\"rest\":[%d,%d,%.3f],\"weights\":[%.2f,%.2f,%.2f,%.2f,%.2f],\"offsets\":[",
		     name, sk_hours_verdict_name(h->verdict), (unsigned long long)h->moments, (unsigned long long)h->days, h->best, h->width_minutes, h->even_p, h->even_strength,
		     h->minute_share, h->minute_p, h->gap_share, h->several_weight, h->several[0], h->several[1], h->moved_weight, h->moved_minutes,
		     h->clock_known ? "true" : "false", h->clock_moved, h->clock_error, h->rule[0], h->rule[1], h->rule[2], h->rest_from, h->rest_to, h->rest_share, h->line_weight[0],
		     h->line_weight[1], h->line_weight[2], h->line_weight[3], h->line_weight[4]);
	for (size_t o = 0; o < SK_HOURS_OFFSETS; o++)
		(void)printf("%s[%d,%.5f,%.5f,%d,%.3f,%.3f,%.3f,%.3f,%.3f]", o == 0 ? "" : ",", h->offsets[o].minutes, h->offsets[o].probability, h->offsets[o].standard,
			     h->offsets[o].in_set, h->offsets[o].line[0], h->offsets[o].line[1], h->offsets[o].line[2], h->offsets[o].line[3], h->offsets[o].line[4]);
	(void)printf("]}\n");
}

int main(int argc, char **argv)
{
	static struct sk_hours hours;
	bool flat = argc > 1 && strcmp(argv[1], "--flat") == 0;
	char *line = NULL;
	size_t size = 0, room = 0, count;
	int64_t *times = NULL;
	while (getline(&line, &size, stdin) > 0) {
		char *rest = NULL, *name = strtok_r(line, " \n", &rest);
		count = 0;
		for (char *word; name != NULL && (word = strtok_r(NULL, " \n", &rest)) != NULL;) {
			if (count == room && (times = realloc(times, (room = 2 * room + 1024) * sizeof *times)) == NULL)
				return 1;
			times[count++] = strtoll(word, NULL, 10);
		}
		struct sk_fault fault;
		if (name == NULL)
			continue;
		if (sk_hours_estimate(times, count, flat, &hours, &fault) != SK_OK) {
			(void)fprintf(stderr, "%s\n", fault.line);
			return 1;
		}
		print(name, &hours);
	}
	free(times);
	free(line);
	return 0;
}
