/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_border.h"

size_t fake_border_overread_bytes; /* set by the sabotage twins */
static volatile uint8_t overread;  /* keeps the compiler from dropping the sabotaged read */

const struct sk_border *fake_border(void)
{
	static const char place;
	return (const struct sk_border *)(const void *)&place;
}

static enum sk_side side_of(const uint8_t *bytes, size_t width)
{
	if (fake_border_overread_bytes != 0)
		overread = bytes[width - 1 + fake_border_overread_bytes];
	return (enum sk_side)(bytes[width - 1] % 3);
}

enum sk_side sk_border_side4(const struct sk_border *table, const uint8_t bytes[4])
{
	(void)table;
	return side_of(bytes, 4);
}

enum sk_side sk_border_side6(const struct sk_border *table, const uint8_t bytes[16])
{
	(void)table;
	return side_of(bytes, 16);
}

void sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	(void)table;
	(void)bytes;
	(void)family;
}
