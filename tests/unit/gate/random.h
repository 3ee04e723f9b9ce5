/* SPDX-License-Identifier: Apache-2.0 */
/* Random frames out of frames.h: the same run for the same seed. */
#ifndef GATE_RANDOM_H
#define GATE_RANDOM_H

#include "frames.h"

struct random_source {
	uint64_t state; /* splitmix64 */
};

uint64_t random_u64(struct random_source *r);
/* 0 to n - 1. */
unsigned random_below(struct random_source *r, unsigned n);
/* A frame out of nested encapsulations in a link, then up to three bytes changed. Returns the link. */
uint8_t random_frame(struct random_source *r, struct build *b);

#endif
