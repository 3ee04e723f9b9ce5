/* SPDX-License-Identifier: Apache-2.0 */
/* Services of amplifier.def. */
#ifndef SK_DETECT_AMPLIFY_PRIV_H
#define SK_DETECT_AMPLIFY_PRIV_H

#include "detect/detector.h"

struct sk_amplifier {
	uint16_t port;
	const char *name;
	uint16_t factor;
	bool common;
};

/* The service of a port, or NULL. Asked of both ports of every flow of UDP: a switch finds most of them to be none in a few comparisons. */
static inline const struct sk_amplifier *sk_amplifier_of(uint16_t port)
{
	switch (port) {
#define SK_AMPLIFIER(number, name, factor, common) \
	case number: { \
		static const struct sk_amplifier service = {number, name, factor, common}; \
		return &service; \
	}
#include "detect/amplifier.def"
#undef SK_AMPLIFIER
	default: return NULL;
	}
}

#endif
