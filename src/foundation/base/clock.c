/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;
	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t system_unix_ns(void *context)
{
	(void)context;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_ns(void *context)
{
	(void)context;
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_cpu_ns(void *context)
{
	(void)context;
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

struct sk_clock sk_clock_system(void)
{
	return (struct sk_clock){.unix_ns = system_unix_ns, .monotonic_ns = system_monotonic_ns, .cpu_ns = system_cpu_ns};
}

static int64_t fake_unix_ns(void *context)
{
	return ((struct sk_clock_fake *)context)->now_unix_ns;
}

static int64_t fake_monotonic_ns(void *context)
{
	return ((struct sk_clock_fake *)context)->now_monotonic_ns;
}

struct sk_clock sk_clock_of_fake(struct sk_clock_fake *fake)
{
	return (struct sk_clock){.unix_ns = fake_unix_ns, .monotonic_ns = fake_monotonic_ns, .cpu_ns = fake_monotonic_ns, .context = fake};
}
