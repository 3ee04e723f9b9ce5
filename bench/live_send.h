/* SPDX-License-Identifier: Apache-2.0 */
/* What the senders of bench/live share: which frame is which. UDP over IPv4, from 203.0.113.x (abroad) or 198.51.100.x (home) to 198.51.100.y (home). */
#ifndef BENCH_LIVE_SEND_H
#define BENCH_LIVE_SEND_H

#include <linux/types.h>

struct send_config {
	__u64 rate;      /* frames a second; 0: as fast as it goes */
	__u32 ifindex, flows, domestic_percent, zero;
};

struct send_state {
	__u64 sent, domestic, from_ns, until_ns;
};

static inline __attribute__((always_inline)) int send_is_domestic(__u64 number, const volatile struct send_config *config)
{
	return number * 2654435761u % 4294967296u / 42949673u < config->domestic_percent;
}

/* Into an Ethernet frame with IPv4 and UDP that is otherwise ready; nobody here looks at checksums. */
static inline __attribute__((always_inline)) void send_patch(__u8 *frame, __u64 number, const volatile struct send_config *config)
{
	__u32 flow = (__u32)(number % (config->flows != 0 ? config->flows : 1));
	int domestic = send_is_domestic(number, config);
	frame[26] = domestic ? 198 : 203;
	frame[27] = domestic ? 51 : 0;
	frame[28] = domestic ? 100 : 113;
	frame[29] = (__u8)(flow & 127);
	frame[33] = (__u8)(128 + (flow >> 7 & 63));
	frame[34] = (__u8)(4 + (flow >> 13 & 31));
	frame[35] = (__u8)flow;
}

#endif
