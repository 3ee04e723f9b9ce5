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

/* Countries by the byte that test_probe.c counts networks in; 255: none is named. */
uint16_t sk_border_country(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	(void)table;
	uint8_t byte = bytes[family == 4 ? 2 : 5];
	return byte == 255 ? 0 : SK_COUNTRY('X', 'A' + byte % 26);
}

void sk_border_info(const struct sk_border *table, struct sk_border_info *out)
{
	(void)table;
	*out = (struct sk_border_info){.country_ranges = {1, 1}};
}
