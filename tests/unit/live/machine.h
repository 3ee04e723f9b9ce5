/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's machine in user space (machine.c), over a table of its own. */
#ifndef LIVE_MACHINE_TEST_H
#define LIVE_MACHINE_TEST_H

#include "base/addr.h"
#include "border/border.h"
#include "live/kernel_priv.h"

/* Faults that can be planted. */
enum machine_lie {
	MACHINE_HONEST, MACHINE_WRONG_CHILD, MACHINE_COVERS_ALL, MACHINE_ONE_LAYER, MACHINE_NO_LISTS, MACHINE_SWAPPED_FAMILIES,
	MACHINE_LIES
};

/* Take a table and the classes covered. */
void machine_table(const struct sk_border *border, unsigned covered);
/* Cover other classes (FF, FD, DF) with the same table. */
void machine_cover(unsigned covered);
void machine_lie(enum machine_lie lie);
/* As the XDP program judges: a plain frame by its fixed places, else step by step; both ways must agree where both apply. */
uint32_t machine_judge(const uint8_t *bytes, size_t length);
unsigned machine_side(const struct sk_addr *addr);

#endif
