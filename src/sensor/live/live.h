/* SPDX-License-Identifier: Apache-2.0 */
/* live: frames from an interface, behind a gate in the kernel: an XDP program in front of AF_XDP sockets, or a filter on AF_PACKET rings. What the kernel's gate
   erases is counted there and never comes here; what it passes is judged again by the caller's gate, frame for frame.
   Promises: no frame before sk_live_start; the loaded program is tried on built-in frames at every start and reload, and one wrong verdict refuses; ring memory is
   locked, in no core file, and overwritten before it goes back to the kernel; no frame is lost without a count. docs/kernel-gate.md says what is outside.
   Never: sends anything but what sk_live_pass is told to; writes a file; changes the interface beyond its promiscuous mode.
   Thread rule: open, start, swap, shut, close from one thread; sk_live_next of a port from one thread, counters from one thread. */
#ifndef SK_LIVE_H
#define SK_LIVE_H

#include "base/clock.h"
#include "border/border.h"
#include "capture/frame_source.h"
#include "gate/gate.h"

/* How frames are taken. AUTO: XDP where the interface allows it and carries nothing of the host itself, else PACKET. */
enum sk_live_mode { SK_LIVE_AUTO, SK_LIVE_XDP, SK_LIVE_XDP_NATIVE, SK_LIVE_XDP_GENERIC, SK_LIVE_PACKET };
enum { SK_LIVE_PORTS_MAX = 64, SK_LIVE_NAME_MAX = 16, SK_LIVE_WHY_MAX = 256, SK_LIVE_RING_FRAMES = 16384 };

struct sk_live_options {
	const char *interface;
	enum sk_live_mode mode;
	bool zero_copy;                 /* frames lie in memory that card and user space share: the promise of copy mode is not given */
	unsigned ports;                 /* readers, one a worker; 0 = 1 */
	const struct sk_border *border; /* read during the call alone */
	unsigned covered_classes;       /* SK_CLASS_BITs of the basis */
	uint32_t ring_frames;           /* places of each queue's ring, a power of two; 0 = SK_LIVE_RING_FRAMES */
	bool not_promiscuous;           /* leave frames alone that are addressed to others */
	bool kept;                      /* whoever opened it shuts the gate, and readers have no right to: at the end of the basis they wait for it (sk_live_discard) */
	struct sk_clock clock;
};

/* What runs, for summary and ledger. */
struct sk_live_facts {
	char interface[SK_LIVE_NAME_MAX];
	char driver[32];                /* "" when the interface names none */
	bool xdp, native, zero_copy;    /* native: in the driver; else generic. zero_copy as the kernel tells it, not as asked */
	unsigned queues, ports;
	bool before_known;              /* losses in front of the program can be told for this driver */
	char why[SK_LIVE_WHY_MAX];      /* AUTO: why not XDP; else "" */
	uint8_t program_digest[SK_HASH_BYTES]; /* of the program as the kernel translated it, addresses left out */
	uint8_t table_digest[SK_HASH_BYTES];   /* of the table in force, read back from the kernel's map */
	unsigned vectors;               /* frames of the last self-test */
};

struct sk_live_cell {
	uint64_t frames, bytes;
};

/* Since the start. In the kernel: in = erased + no_socket + passed; behind it: passed = delivered + ring_lost + pending. */
struct sk_live_counters {
	struct sk_live_cell in;
	struct sk_live_cell erased[SK_CLASS_COUNT][SK_GATE_REASON_COUNT];
	struct sk_live_cell passed;
	struct sk_live_cell unfinished; /* of passed: the kernel could not finish, user space judges alone */
	struct sk_live_cell no_socket;  /* admitted on a queue that nobody reads */
	struct sk_live_cell delivered;  /* handed out by sk_live_next */
	uint64_t ring_lost;             /* frames that found no room in a ring */
	uint64_t ring_full, fill_empty, invalid, freezes; /* what the kernel says of it: parts or causes of ring_lost, beside the sum */
	uint64_t before_lost;           /* frames lost in front of the program, where before_known; beside the sum */
	uint64_t pending;               /* frames on their way through the kernel and the rings at this moment */
	bool carrier;                   /* the interface is up, and something is at its other end */
};

/* What of that was told as the counts of a source so far: sums that only grow, and whose bytes are known late. */
struct sk_live_told {
	struct sk_live_cell ring;
	uint64_t before_lost;
};

struct sk_live; /* opaque */

/* Make everything: program, tables, sockets, rings; run the self-test; the gate is still shut. SK_EUSAGE (no such interface, or its kind), SK_EUNSUPPORTED (mode or zero-copy not
   possible here, built without), SK_EKERNELGATE (a wrong verdict), SK_EIO, SK_ENOMEM. rule: LIVE-2 */
SK_MUST enum sk_err sk_live_open(const struct sk_live_options *options, struct sk_live **out, struct sk_fault *fault);
/* Open the gate. SK_EIO. */
SK_MUST enum sk_err sk_live_start(struct sk_live *live, struct sk_fault *fault);
/* Overwrite what this port's last batch left, then take up to SK_BATCH_MAX frames, waiting at most wait_ms for the first. *count 0: none came. After sk_live_shut
   *count 0 means that the ring is empty. SK_EIO when the interface is gone. Allocates nothing. */
SK_MUST enum sk_err sk_live_next(struct sk_live *live, unsigned port, struct sk_frame frames[SK_BATCH_MAX], size_t *count, int wait_ms, struct sk_fault *fault);
/* Put another table, or other classes, in force: written beside the old one, tried by the self-test, then exchanged in one step: every frame is judged by the old table or by the new
   one. SK_EKERNELGATE, SK_ETOOBIG (more nodes than were provided for at open: restart), SK_EIO; then the old one stays in force. */
SK_MUST enum sk_err sk_live_swap(struct sk_live *live, const struct sk_border *border, unsigned covered_classes, struct sk_fault *fault);
/* Shut the gate: when this returns, nothing further is counted or passed. The interface's frames are not given back to the host until close. SK_EIO. */
SK_MUST enum sk_err sk_live_shut(struct sk_live *live, struct sk_fault *fault);
/* The basis ended: shut the gate, and whatever is still in the rings is overwritten unread by the next calls of sources, and counted as lost under "stopped". SK_EIO. */
SK_MUST enum sk_err sk_live_discard(struct sk_live *live, struct sk_fault *fault);
/* Counters now. SK_EIO. */
SK_MUST enum sk_err sk_live_counters(struct sk_live *live, struct sk_live_counters *out, struct sk_fault *fault);
/* The counters as the counts of a source: erased by reason and class; lost in "ring" and by "no_socket"; losses in front as upstream_lost. */
void sk_live_tell(const struct sk_live_counters *now, struct sk_live_told *told, struct sk_source_counts *out);
/* Port as a source (capture/frame_source.h): the first port's counts are those of the whole interface, the others have none. It ends after sk_live_shut, when its ring is empty (the first port's: when all
   are). Its counts are read anew at most twenty times a second; they and sk_live_counters are for the same thread. */
struct sk_source sk_live_source(struct sk_live *live, unsigned port);
/* Was the interface up, with something at its other end, when counters were taken last? Any thread. */
bool sk_live_is_up(const struct sk_live *live);
/* The socket by which the first port asks for the interface's counters: for a filter of system calls. The other thing that it does is bpf(), to look up. */
int sk_live_asks(const struct sk_live *live);
/* What runs. */
void sk_live_facts(const struct sk_live *live, struct sk_live_facts *out);
/* Overwrite the rings, detach, free (NULL is fine). */
void sk_live_close(struct sk_live *live);
/* Bytes of all rings that are not zero, outside of frames that are on their way: a test's canary count. Call after shut and an empty sk_live_next. */
size_t sk_live_residue(const struct sk_live *live);

/* ---- an interface that frames are handed on to ---- */

struct sk_live_pass; /* opaque */

/* Open an interface (a tap, one end of a veth pair, a card) for sending frames as they are. SK_EUSAGE (no such interface, or the one that is read), SK_EIO. */
SK_MUST enum sk_err sk_live_pass_open(const char *interface, struct sk_live_pass **out, struct sk_fault *fault);
/* Send one Ethernet frame. SK_OK; SK_ETOOBIG when it is longer than the interface takes (counted, not sent); SK_EIO when the interface is down or gone. Waits while its queue is full. */
SK_MUST enum sk_err sk_live_pass_put(struct sk_live_pass *pass, const struct sk_frame *frame, struct sk_fault *fault);
/* Close (NULL is fine). */
void sk_live_pass_close(struct sk_live_pass *pass);

#endif
