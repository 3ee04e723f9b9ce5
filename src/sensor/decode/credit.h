/* SPDX-License-Identifier: Apache-2.0 */
/* What may be spent on heads: about nanoseconds. A hello of hundreds of entries, or a certificate that fills the buffer, costs as much as twenty ordinary packets, and whoever
   wants to slow a sensor down sends nothing else. So each packet with a payload earns, a fingerprint costs what it takes, and when nothing is left it is left out and counted:
   a flood so loses its own fingerprints, and ordinary traffic, which earns several times what it spends, never notices. Thread rule: one per worker. */
#ifndef SK_DECODE_CREDIT_H
#define SK_DECODE_CREDIT_H

#include "base/base.h"

enum {
	SK_CREDIT_EARNED = 500,       /* by a packet */
	SK_CREDIT_MAX = 8000000       /* what can be saved, and what there is at the start: thousands of handshakes at once */
};

struct sk_credit {
	int64_t left;
	uint64_t refused;             /* times that it was not enough */
};

/* Spend so much. False: there is not enough, nothing is spent. NULL: without limit. */
static inline bool sk_credit_spend(struct sk_credit *credit, int64_t cost)
{
	if (credit == NULL)
		return true;
	if (credit->left > SK_CREDIT_MAX)
		credit->left = SK_CREDIT_MAX;
	if (credit->left < cost) {
		credit->refused++;
		return false;
	}
	credit->left -= cost;
	return true;
}

#endif
