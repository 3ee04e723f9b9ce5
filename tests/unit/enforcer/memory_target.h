/* SPDX-License-Identifier: Apache-2.0 */
/* A target in memory, for tests: it can be down, refuse, lose its effect, be changed by others, forget. Two of them: fake_a and fake_b. */
#ifndef SK_TEST_MEMORY_TARGET_H
#define SK_TEST_MEMORY_TARGET_H

#include "measure/measure.h"

enum { MEMORY_MAX = 4096 };

struct memory {
	struct {
		char target[256], text[512];
		int64_t until_ns;
	} held[MEMORY_MAX];
	size_t count;
	bool down, no_effect, silent, keeps; /* keeps: a clear that does nothing (the saboteur) */
	const char *refuses;          /* SK_EUSAGE for a target of this name */
	int down_in;                  /* calls until it goes down; 0: never */
	unsigned sets, clears, checks, reads;
};
extern struct memory memory_a, memory_b;
/* Somebody else puts a text there; NULL takes it away. */
void memory_put(struct memory *memory, const char *target, const char *text);
/* What stands there, or NULL. */
const char *memory_get(const struct memory *memory, const char *target);
/* "fake_a", "fake_b". */
const struct sk_backend *memory_find(const char *name);

#endif
