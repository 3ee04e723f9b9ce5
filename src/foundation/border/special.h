/* SPDX-License-Identifier: Apache-2.0 */
/* The special ranges as an array. Its own small file, so that a test can link another one in its place and see the rules' tests go red. */
#ifndef SK_BORDER_SPECIAL_H
#define SK_BORDER_SPECIAL_H

#include "border/explain.h"

struct sk_border_special {
	const char *prefix;
	uint8_t says;
	uint32_t rfc;
	const char *name;
};

/* All of special.def; *count gets how many. Static storage. */
const struct sk_border_special *sk_border_specials(size_t *count);

#endif
