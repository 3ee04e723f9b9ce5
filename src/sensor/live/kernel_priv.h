/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs in the kernel and the room in user space share: the layout of maps, marks and counters. Read by clang -target bpf too, so nothing but
   kernel types stands here; check.c holds the numbers against those of the other rooms. */
#ifndef SK_LIVE_KERNEL_PRIV_H
#define SK_LIVE_KERNEL_PRIV_H

#include <linux/types.h>

/* Constants of a loaded program. */
struct live_config {
	__u32 ifindex;       /* XDP: frames of another interface are the test's */
	__u32 test_secret;   /* filter: what the test writes into the control buffer, which the kernel clears for real frames */
	__u32 sockets;       /* of a group that share an interface */
	__u32 zero;
};

/* Sides, classes and reasons as everywhere (base/addr.h, gate/reason.def). */
enum { LIVE_SIDE_UNKNOWN = 0, LIVE_SIDE_DOMESTIC = 1, LIVE_SIDE_FOREIGN = 2, LIVE_SIDE_UNDECIDED = 3 };
enum { LIVE_CLASS_FF = 0, LIVE_CLASS_FD = 1, LIVE_CLASS_DF = 2, LIVE_CLASS_DD = 3, LIVE_CLASS_UNKNOWN = 4, LIVE_CLASS_COUNT = 5 };
enum live_reason {
#define SK_GATE_REASON(name, text, prose) LIVE_REASON_##name,
#include "gate/reason.def"
#undef SK_GATE_REASON
	LIVE_REASON_COUNT
};

/* Live frames use one lane, the self-test another: tables, counters and working memory of the two never mix. */
enum { LIVE_LANE_LIVE = 0, LIVE_LANE_TEST = 1, LIVE_LANES = 2 };
enum {
	LIVE_QUEUES_MAX = 64,
	LIVE_HEAD_BYTES = 256,   /* of a frame that the programs look at; what stands further back is judged in user space. A power of 2 */
	LIVE_HEAD_SLACK = 64,    /* the longest header read at once, so that a masked offset never leaves the array */
	LIVE_STEPS_MAX = 64,     /* headers and dispatches of a frame */
	LIVE_LAYERS_MAX = 8,     /* as SK_GATE_LAYERS_MAX */
	LIVE_EXTENSIONS_MAX = 8, /* as SK_GATE_EXTENSIONS_MAX */
	LIVE_TABLE_MAGIC = 0x31544b53,
	LIVE_MARK_MAGIC = 0x4d4b5353
};

/* A node of a border trie, as struct sk_border_node. */
struct live_node {
	__u64 words[8];
	__u32 first_child;
	__u8 before[8];
	__u32 zero;
};

/* Everything that a verdict depends on besides the frame and the nodes. A frame takes it once, so a reload cannot show it two tables. The nodes of two tables lie in
   one array, one half each; the head says where. */
struct live_table_head {
	__u32 magic;
	__u32 open;          /* 0: nothing passes and nothing is counted */
	__u32 covered;       /* SK_CLASS_BITs that the basis covers */
	__u32 lists_in_trie; /* sk_border_trie_tells_lists */
	__u32 root4, root6;  /* node 0 of each trie */
	__u32 nodes4, nodes6;
};

/* What one frame came to. Written in front of a redirected frame, into the control buffer of a filtered one, and read back by the tests. */
struct live_mark {
	__u32 magic;
	__u8 finished;       /* 0: user space must go on */
	__u8 class_, reason; /* as far as it was judged */
	__u8 zero;
	__u64 time_ns;       /* CLOCK_MONOTONIC when the program saw the frame; 0 in the test's lane */
};

struct live_cell {
	__u64 frames, bytes;
};

/* Of one CPU and lane. `in` is counted first and read last (it stands at the end), so a reader never sees more outcomes than arrivals. */
struct live_counters {
	struct live_cell erased[LIVE_CLASS_COUNT][LIVE_REASON_COUNT];
	struct live_cell passed;     /* redirected to a socket, or let through by the filter */
	struct live_cell unfinished; /* of passed: judged no further than the head, user space goes on */
	struct live_cell no_socket;  /* admitted, but nobody reads this queue */
	struct live_cell in;
};

/* Working memory of a lane on a CPU. Addresses and head are overwritten when the frame is done: no other map ever holds a byte of a frame. */
struct live_state {
	__u32 at, end;          /* the next header; the end of what is captured, cut to every length seen so far. Offsets in the frame */
	__u32 uncaptured;       /* bytes that stood on the wire behind end */
	__u32 head_bytes;       /* of the frame that lie in head */
	__u8 step, doubt;
	__u8 exact;             /* all fixed and reserved bits of the UDP tunnel header are as written by the standard */
	__u8 later_fragment, proto, optional_bytes, extensions, layers;
	__u8 family, inner, quoted; /* of the pair */
	__u8 next_gtpu;         /* type of the next GTP-U extension header */
	__u8 outer;             /* class of the outermost pair */
	__u64 source[2], destination[2]; /* the pair, high and low half; IPv4 in the first, low 32 bits */
	__u8 head[LIVE_HEAD_BYTES + LIVE_HEAD_SLACK];
};

/* A verdict is one number, so that it never lies on a stack: finished or not, class, reason. 0 is none. */
enum { LIVE_VERDICT_NONE = 0, LIVE_VERDICT_FINISHED = 1 << 16, LIVE_VERDICT_UNFINISHED = 1 << 17 };

#endif
