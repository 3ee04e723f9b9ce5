/* SPDX-License-Identifier: Apache-2.0 */
/* The quick sender: run by BPF_PROG_TEST_RUN on frames that go out of an interface without a socket or a system call each. It gives every frame another flow, lets so many be
   domestic, and holds a rate by giving nothing to send where it is ahead of it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "live_send.h"

const volatile struct send_config config;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct send_state);
} state SEC(".maps");

SEC("xdp")
int send_frames(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct send_state *s = bpf_map_lookup_elem(&state, &zero);
	__u8 *frame = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	if (!s || frame + 42 > end)
		return XDP_ABORTED;
	__u64 now = bpf_ktime_get_ns();
	if (now >= s->until_ns || (config.rate != 0 && s->sent * 1000000000ull > (now - s->from_ns) * config.rate))
		return XDP_DROP;
	__u64 number = s->sent++;
	send_patch(frame, number, &config);
	s->domestic += send_is_domestic(number, &config);
	return (int)bpf_redirect(config.ifindex, 0);
}

char send_license[] SEC("license") = "Apache-2.0";
