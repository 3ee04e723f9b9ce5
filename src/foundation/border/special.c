/* SPDX-License-Identifier: Apache-2.0 */
#include "border/special.h"

static const struct sk_border_special specials[] = {
#define SK_SPECIAL(prefix, says, rfc, name) {prefix, SK_SAYS_##says, rfc, name},
#include "border/special.def"
#undef SK_SPECIAL
};

const struct sk_border_special *sk_border_specials(size_t *count)
{
	*count = SK_COUNT(specials);
	return specials;
}
