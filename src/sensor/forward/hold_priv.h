/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that wait for the rest of their datagram: a keyed table of datagrams, and one circular buffer of frames in the order of their arrival. */
#ifndef SK_FORWARD_HOLD_PRIV_H
#define SK_FORWARD_HOLD_PRIV_H

#include "decode/decode.h"
#include "forward/forward.h"

/* What is known of a datagram. */
enum hold_state {
	HOLD_OPEN,    /* the first fragment has not come yet, so nobody knows */
	HOLD_SUSPECT, /* the first fragment goes to a tunnel's port, or hides its port: held until the whole datagram was judged */
	HOLD_PLAIN,   /* no tunnel: its fragments pass */
	HOLD_REFUSED  /* erased, and what still comes of it too */
};

struct hold;
/* What became of a held frame: reason is SK_FORWARD_REASON_COUNT when it goes on. The bytes are overwritten when this returns. */
typedef void (*hold_fate)(void *context, const struct sk_frame *frame, unsigned reason);

/* Allocates and touches everything. SK_ENOMEM. */
SK_MUST enum sk_err hold_new(const struct sk_forward_limits *limits, const uint8_t key[SK_SIP_KEY_BYTES], hold_fate fate, void *context, struct hold **out);
/* Wipe and free (NULL is fine). */
void hold_free(struct hold *hold);
/* The datagram of a fragment, opened when it is new or stale. When the table is full the oldest datagram gives way. */
int32_t hold_find(struct hold *hold, const struct sk_fragment *fragment, int64_t time_ns);
/* What was decided of it. */
enum hold_state hold_state(const struct hold *hold, int32_t datagram);
/* Why it was refused. */
enum sk_forward_reason hold_reason(const struct hold *hold, int32_t datagram);
/* PLAIN lets go on what is held, REFUSED erases it under the reason. */
void hold_decide(struct hold *hold, int32_t datagram, enum hold_state state, unsigned reason);
/* Keep a copy of a frame. Older datagrams give way when there is no room. False: it cannot be kept (larger than the whole buffer). */
SK_MUST bool hold_keep(struct hold *hold, int32_t datagram, const struct sk_frame *frame);
/* Frames held of it. */
uint32_t hold_frames(const struct hold *hold, int32_t datagram);
/* The datagram is complete, or its fate is told: let go on (reason SK_FORWARD_REASON_COUNT) or erase what is held, and forget it. */
void hold_close(struct hold *hold, int32_t datagram, unsigned reason);
/* Note that a fragment came. True when by now every byte of the datagram did. */
bool hold_note(struct hold *hold, int32_t datagram, const struct sk_fragment *fragment);
/* Give up datagrams older than the time-out (INT64_MAX: all) under the reason. */
void hold_expire(struct hold *hold, int64_t now_ns, unsigned reason);
/* Frames and bytes (on the wire) held, by walking them. */
void hold_pending(const struct hold *hold, uint64_t *frames, uint64_t *bytes);
/* Bytes of the buffer that are not zero. */
size_t hold_residue(const struct hold *hold);

#endif
