/* SPDX-License-Identifier: Apache-2.0 */
/* A border table of arithmetic, linked in place of the real one: the last byte of an address modulo 3 is its side (enum sk_side), another its country. */
#ifndef FAKE_BORDER_H
#define FAKE_BORDER_H

#include "border/border.h"

/* Any non-NULL pointer would do: the fake never looks into it. */
const struct sk_border *fake_border(void);
/* Sabotage: look-ups read this many bytes behind the address as well. */
extern size_t fake_border_overread_bytes;

#endif
