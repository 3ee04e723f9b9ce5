/* SPDX-License-Identifier: Apache-2.0 */
/* The programs in the kernel: the gate in front of AF_XDP sockets, the gate as the filter of AF_PACKET sockets, and what steers frames to one of several such
   sockets. Built with clang -target bpf; nothing of the running kernel's structures is read, so nothing needs relocation.
   A frame takes its table once, at the start: a reload in between cannot show it two versions. */
#include <linux/bpf.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "live/kernel_priv.h"

/* The nodes of two tables: of the one that is in force and of the one that comes next. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before loading */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct live_node);
} live_nodes SEC(".maps");

struct live_head_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct live_table_head));
};

/* By lane: the table that is in force, and the one under test. Exchanging the map in a slot waits until no CPU is at work with the old one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, LIVE_LANES);
	__uint(key_size, sizeof(__u32));
	__array(values, struct live_head_map);
} live_tables SEC(".maps");

#define LIVE_PART __attribute__((noinline))

static inline __attribute__((always_inline)) const struct live_node *live_node(__u32 index)
{
	return bpf_map_lookup_elem(&live_nodes, &index);
}

#include "live/machine_priv.h"

static inline __attribute__((always_inline)) const struct live_table_head *table_of(__u32 lane)
{
	__u32 zero = 0;
	const void *slot = bpf_map_lookup_elem(&live_tables, &lane);
	const struct live_table_head *head = slot ? bpf_map_lookup_elem((void *)slot, &zero) : NULL;
	return head && head->open ? head : NULL;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIVE_LANES);
	__type(key, __u32);
	__type(value, struct live_state);
} live_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIVE_LANES);
	__type(key, __u32);
	__type(value, struct live_counters);
} live_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, LIVE_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} live_sockets SEC(".maps");

/* Set before loading. */
const volatile struct live_config live_config;

static inline __attribute__((always_inline)) void count(struct live_cell *cell, __u32 bytes)
{
	cell->frames++;
	cell->bytes += bytes;
}

/* Count the verdict; is the frame to be passed on? */
static inline __attribute__((always_inline)) int pass(struct live_counters *counts, __u32 verdict, __u32 bytes)
{
	unsigned class_ = live_verdict_class(verdict), reason = live_verdict_reason(verdict);
	if (verdict & LIVE_VERDICT_UNFINISHED)
		return 1;
	if (reason == LIVE_REASON_ADMITTED)
		return 1;
	if (class_ < LIVE_CLASS_COUNT && reason < LIVE_REASON_COUNT)
		count(&counts->erased[class_][reason], bytes);
	return 0;
}

/* How much of a frame is looked at. The barrier keeps the compiler from comparing another copy of the number than the one that the verifier then sees used. */
static inline __attribute__((always_inline)) __u32 head_of(__u32 bytes)
{
	asm volatile("" : "+r"(bytes));
	return bytes < LIVE_HEAD_BYTES ? bytes : LIVE_HEAD_BYTES;
}

/* No byte of a frame stays in a map, and no address. */
static inline __attribute__((always_inline)) void wipe(struct live_state *s)
{
	__builtin_memset(s->source, 0, sizeof s->source);
	__builtin_memset(s->destination, 0, sizeof s->destination);
	__builtin_memset(s->head, 0, LIVE_HEAD_BYTES);
}

/* ---- XDP ---- */

static inline __attribute__((always_inline)) __u32 judge_xdp(struct xdp_md *ctx, const struct live_table_head *head, __u32 lane, __u32 bytes)
{
	__u32 verdict = live_plain(head, (const __u8 *)(long)ctx->data, (const __u8 *)(long)ctx->data_end, bytes);
	if (verdict != LIVE_VERDICT_NONE)
		return verdict;
	struct live_state *s = bpf_map_lookup_elem(&live_states, &lane);
	__u32 head_bytes = head_of(bytes);
	if (!s || head_bytes == 0 || bpf_xdp_load_bytes(ctx, 0, s->head, head_bytes) != 0)
		return LIVE_VERDICT_UNFINISHED;
	s->head_bytes = head_bytes;
	live_begin(s, bytes);
	verdict = live_judge(head, s);
	wipe(s);
	return verdict;
}

/* In front of the frame, where user space finds it; drivers without room for it do without. */
static inline __attribute__((always_inline)) void mark_xdp(struct xdp_md *ctx, __u32 verdict, __u32 lane)
{
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(struct live_mark)) != 0)
		return;
	struct live_mark *mark = (struct live_mark *)(long)ctx->data_meta;
	if ((const void *)(mark + 1) > (const void *)(long)ctx->data)
		return;
	mark->magic = LIVE_MARK_MAGIC;
	mark->finished = (verdict & LIVE_VERDICT_FINISHED) != 0;
	mark->class_ = (__u8)live_verdict_class(verdict);
	mark->reason = (__u8)live_verdict_reason(verdict);
	mark->zero = 0;
	mark->time_ns = lane == LIVE_LANE_LIVE ? bpf_ktime_get_ns() : 0;
}

SEC("xdp")
int sk_live_xdp(struct xdp_md *ctx)
{
	__u32 lane = ctx->ingress_ifindex == live_config.ifindex ? LIVE_LANE_LIVE : LIVE_LANE_TEST;
	__u32 bytes = (__u32)(ctx->data_end - ctx->data), queue = ctx->rx_queue_index;
	const struct live_table_head *head = table_of(lane);
	struct live_counters *counts = bpf_map_lookup_elem(&live_counts, &lane);
	if (!head || !counts)
		return XDP_DROP;
	count(&counts->in, bytes);
	__u32 verdict = judge_xdp(ctx, head, lane, bytes);
	int passed = pass(counts, verdict, bytes);
	if (passed || lane == LIVE_LANE_TEST)
		mark_xdp(ctx, verdict, lane);
	if (!passed)
		return XDP_DROP;
	if (lane == LIVE_LANE_TEST)
		return XDP_REDIRECT;
	int action = (int)bpf_redirect_map(&live_sockets, queue, XDP_DROP);
	if (action != XDP_REDIRECT) {
		count(&counts->no_socket, bytes);
		return XDP_DROP;
	}
	count(&counts->passed, bytes);
	if (verdict & LIVE_VERDICT_UNFINISHED)
		count(&counts->unfinished, bytes);
	return XDP_REDIRECT;
}

/* ---- AF_PACKET ---- */

/* A filter of sockets with the link header in front. A tag that the card or the kernel has taken off does not matter to the verdict: only its four bytes are counted.
   Answers 0 (not for this socket) or all of the frame. */
SEC("socket")
int sk_live_filter(struct __sk_buff *skb)
{
	__u32 lane = live_config.test_secret != 0 && skb->cb[1] == live_config.test_secret ? LIVE_LANE_TEST : LIVE_LANE_LIVE;
	__u32 frame_bytes = skb->len, bytes = frame_bytes + (skb->vlan_present ? 4 : 0);
	skb->cb[0] = 0;
	const struct live_table_head *head = table_of(lane);
	struct live_counters *counts = bpf_map_lookup_elem(&live_counts, &lane);
	struct live_state *s = bpf_map_lookup_elem(&live_states, &lane);
	if (!head || !counts || !s)
		return 0;
	count(&counts->in, bytes);
	__u32 head_bytes = head_of(frame_bytes), verdict = LIVE_VERDICT_UNFINISHED;
	if (head_bytes != 0 && bpf_skb_load_bytes(skb, 0, s->head, head_bytes) == 0) {
		s->head_bytes = head_bytes;
		live_begin(s, frame_bytes);
		verdict = live_judge(head, s);
		wipe(s);
	}
	skb->cb[0] = verdict;
	if (!pass(counts, verdict, bytes))
		return 0;
	count(&counts->passed, bytes);
	if (verdict & LIVE_VERDICT_UNFINISHED)
		count(&counts->unfinished, bytes);
	return -1;
}

/* Which socket of a group: by both addresses, the same in both directions and for every fragment. What is no IP behind at most two tags goes to the first. */
SEC("socket")
int sk_live_steer(struct __sk_buff *skb)
{
	__u32 sockets = live_config.sockets, type = 0, offset = 12, sum = 0;
	__u32 words[8] = {0};
	for (int i = 0; i < 3; i++) {
		__u8 bytes[2];
		if (bpf_skb_load_bytes_relative(skb, offset, bytes, sizeof bytes, BPF_HDR_START_MAC) != 0)
			return 0;
		type = live_be16(bytes);
		offset += 2;
		if (type != LIVE_TYPE_VLAN && type != LIVE_TYPE_PROVIDER && type != LIVE_TYPE_QINQ_OLD)
			break;
		offset += 2;
	}
	if (type == LIVE_TYPE_IPV4 && bpf_skb_load_bytes_relative(skb, offset + 12, words, 8, BPF_HDR_START_MAC) == 0)
		sum = words[0] ^ words[1];
	else if (type == LIVE_TYPE_IPV6 && bpf_skb_load_bytes_relative(skb, offset + 8, words, 32, BPF_HDR_START_MAC) == 0)
		sum = (words[0] ^ words[4]) + (words[1] ^ words[5]) * 3 + (words[2] ^ words[6]) * 5 + (words[3] ^ words[7]) * 7;
	else
		return 0;
	sum *= 0x9e3779b1;
	return (int)((sum >> 16) % (sockets != 0 ? sockets : 1));
}

char live_license[] SEC("license") = "Apache-2.0";
