/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test's frames (vectors.c), for selftest.c and the tests. */
#ifndef SK_LIVE_SELFTEST_PRIV_H
#define SK_LIVE_SELFTEST_PRIV_H

#include "live/live_priv.h"

enum { LIVE_FRAME_MAX = 512, LIVE_FRAME_PAYLOAD_BYTES = 24, LIVE_PAIRS_MAX = 8 };

struct live_pair {
	struct sk_addr source, destination;
};

/* A frame that is built from its end; room + start, length bytes. */
struct live_frame {
	uint8_t room[LIVE_FRAME_MAX];
	size_t start, length;
};

/* How many pairs of addresses a recipe takes, and the family of one of them, outermost first. */
unsigned live_recipe_pairs(const char *recipe);
unsigned live_recipe_family(const char *recipe, unsigned pair);
/* Build; the last `cut` bytes are left out, and with them the payload. */
void live_recipe_build(const char *recipe, size_t cut, const struct live_pair *pairs, struct live_frame *out);

#endif
