/* SPDX-License-Identifier: Apache-2.0 */
/* Two gates over the same frames: the one in user space, and the kernel's machine, run by whoever fills in `judge`. They must never disagree towards keeping. rule: LIVE-1 */
#ifndef LIVE_DIFFER_H
#define LIVE_DIFFER_H

#include "border/border.h"
#include "gate/gate.h"

struct differ {
	const struct sk_border *border;
	struct sk_gate *gate;
	unsigned covered;
	/* The kernel's verdict as in live/kernel_priv.h; false: this frame cannot be tried. */
	bool (*judge)(void *context, const uint8_t *bytes, size_t length, uint32_t *verdict);
	void *context;
	/* counts */
	uint64_t frames, not_tried, kept, erased, unfinished, unfinished_erased;
	uint64_t kept_wrongly;  /* the kernel finished and passed what the gate erases */
	uint64_t other_wrong;   /* it erased what the gate admits, or for another reason or class */
	char first_wrong[256];
};

/* Covered classes may differ from one differ to the next; the kernel's side must have been given the same. */
void differ_init(struct differ *d, const struct sk_border *border, unsigned covered, bool (*judge)(void *, const uint8_t *, size_t, uint32_t *), void *context);
void differ_fini(struct differ *d);
/* Judge an Ethernet frame by both. */
void differ_frame(struct differ *d, const uint8_t *bytes, size_t length);
/* Frames of random.h, with Ethernet links alone. */
void differ_random(struct differ *d, uint64_t seed, uint64_t frames);
/* Plain frames whose pair is drawn from edges of the table, from embedding prefixes and from anywhere. */
void differ_addresses(struct differ *d, uint64_t seed, uint64_t frames);
/* Frames of a capture; other links become Ethernet. Each frame also `mutations` times with bytes changed. SK_OK, or why it could not be read. */
enum sk_err differ_capture(struct differ *d, const char *path, unsigned mutations, uint64_t most);
void differ_print(const struct differ *d, const char *name);

/* Tables. LISTS: the addresses of frames.h by their class. EMBEDDED: lists that speak inside prefixes that embed IPv4. UNKNOWN_LISTS: one of them says unknown there.
   RANDOM: nested prefixes of all lengths. Caller closes. */
enum differ_table { DIFFER_LISTS, DIFFER_EMBEDDED, DIFFER_UNKNOWN_LISTS, DIFFER_RANDOM, DIFFER_TABLES };
struct sk_border *differ_table(enum differ_table which);
const char *differ_table_name(enum differ_table which);

#endif
