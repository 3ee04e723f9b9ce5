/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer with a saboteur, by its environment:
     SK_CRASH_AT=n     it ends at once at the n-th point behind which a crash may come (0: it counts them, and says how many at the end of --once)
     SK_NO_JOURNAL=1   what it writes into its journal is never written: the twin, which must leave something behind
     SK_CLOCK=FILE     seconds, read at each look, are added to the wall clock */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "enforcer/enforcer_priv.h"

static unsigned long points;

void __wrap_sk_enforcer_point(const char *name)
{
	const char *at = getenv("SK_CRASH_AT"), *file = getenv("SK_POINTS");
	points++;
	if (file != NULL) {
		FILE *out = fopen(file, "ae");
		if (out != NULL) {
			(void)fprintf(out, "%lu %s\n", points, name);
			(void)fclose(out);
		}
	}
	if (at != NULL && strtoul(at, NULL, 10) == points)
		(void)syscall(SYS_exit_group, 137); /* as SIGKILL would: nothing is flushed, closed or told; its own filter lets it signal nobody */
}

enum sk_err __real_journal_sync(struct sk_enforcer *e, struct sk_fault *fault);
enum sk_err __wrap_journal_sync(struct sk_enforcer *e, struct sk_fault *fault)
{
	if (getenv("SK_NO_JOURNAL") == NULL)
		return __real_journal_sync(e, fault);
	sk_buf_reset(&e->journal.lines);
	return SK_OK;
}

struct sk_clock __real_sk_clock_system(void);
static struct sk_clock real;

static int64_t moved(void *context)
{
	const char *path = getenv("SK_CLOCK");
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	long long seconds = 0;
	if (file != NULL) {
		if (fscanf(file, "%lld", &seconds) != 1)
			seconds = 0;
		(void)fclose(file);
	}
	return real.unix_ns(context) + seconds * 1000000000;
}

struct sk_clock __wrap_sk_clock_system(void)
{
	real = __real_sk_clock_system();
	struct sk_clock clock = real;
	clock.unix_ns = moved;
	return clock;
}
