/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of wall share. */
#ifndef SK_WALL_PRIV_H
#define SK_WALL_PRIV_H

#include "wall/wall.h"

/* Has this process one thread? What follows holds for the calling thread and those that it makes. SK_EUSAGE. */
SK_MUST enum sk_err sk_wall_alone(struct sk_fault *fault);
/* Landlock, as far as this kernel has it. */
SK_MUST enum sk_err sk_wall_landlock(const struct sk_wall_plan *plan, struct sk_wall_facts *facts, struct sk_fault *fault);
/* Give up every capability. SK_EIO. */
SK_MUST enum sk_err sk_wall_no_capabilities(struct sk_wall_facts *facts, struct sk_fault *fault);

#endif
