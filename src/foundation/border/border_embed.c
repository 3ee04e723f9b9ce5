/* SPDX-License-Identifier: Apache-2.0 */
/* IPv6 addresses that embed IPv4: the two must agree. The IPv6 address speaks for itself only through an explicit list; those few ranges are the table's
   "exceptions". Country sources are not asked about such prefixes: nobody is assigned them. rule: BORDER-4 */
#include "border/border_priv.h"

unsigned sk_border_embedded(const uint8_t bytes[16], uint8_t embedded[2][4])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};                   /* RFC 4291, 2.5.5.2 */
	static const uint8_t nat64[12] = {[1] = 0x64, [2] = 0xff, [3] = 0x9b};          /* RFC 6052, 2.1 */
	static const uint8_t teredo[4] = {0x20, 0x01, 0, 0};                            /* RFC 4380, 4 */
	static const uint8_t sixtofour[2] = {0x20, 0x02};                               /* RFC 3056, 2 */
	if (memcmp(bytes, mapped, sizeof mapped) == 0 || memcmp(bytes, nat64, sizeof nat64) == 0) {
		memcpy(embedded[0], bytes + 12, 4);
		return 1;
	}
	if (memcmp(bytes, sixtofour, sizeof sixtofour) == 0) {
		memcpy(embedded[0], bytes + 2, 4);
		return 1;
	}
	if (memcmp(bytes, teredo, sizeof teredo) == 0) {
		memcpy(embedded[0], bytes + 4, 4);
		uint32_t client;
		memcpy(&client, bytes + 12, sizeof client);
		client = ~client; /* the client's address is written inverted, so that no translator on the way touches it */
		memcpy(embedded[1], &client, sizeof client);
		return 2;
	}
	return 0;
}

enum sk_side sk_border_embedded_side(const struct sk_border *table, const uint8_t bytes[16])
{
	uint8_t embedded[2][4];
	unsigned count = sk_border_embedded(bytes, embedded);
	enum sk_side side = sk_border_side4(table, embedded[0]);
	if (count == 2 && sk_border_side4(table, embedded[1]) != side)
		return SK_SIDE_UNKNOWN;
	struct sk_border_range own;
	size_t exceptions = (size_t)table->header.counts[SK_SECTION_EXCEPTIONS];
	if (exceptions != 0 && sk_border_range_find(table, SK_SECTION_EXCEPTIONS, 0, exceptions, sk_u128_of(bytes, 6), &own) &&
	    own.says != (side == SK_SIDE_DOMESTIC ? SK_SAYS_DOMESTIC : side == SK_SIDE_FOREIGN ? SK_SAYS_FOREIGN : SK_SAYS_UNKNOWN))
		return SK_SIDE_UNKNOWN;
	return side;
}
