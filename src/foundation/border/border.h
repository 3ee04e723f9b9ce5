/* SPDX-License-Identifier: Apache-2.0 */
/* border: which side of the border an address is on. A table file (docs/formats/border.md): one 16-8-8 trie of cache-line nodes for each
   family, then the sources, their dates and the explanation ranges. It is read once into a mapping that is read-only from then on: what was
   hashed is what judges, whatever becomes of the file.
   Promises: look-ups never allocate, never fail; what is not known is UNKNOWN. Never: a network look-up.
   Thread rule: an open table is immutable and may be shared. */
#ifndef SK_BORDER_H
#define SK_BORDER_H

#include "base/addr.h"

struct sk_border; /* opaque */

/* Map and check a table file (magic, version, lengths, SHA-256 of the content, every node and range). SK_ENOENT, SK_EMALFORMED (says what and where). Caller closes. */
SK_MUST enum sk_err sk_border_open(const char *path, struct sk_border **out, struct sk_fault *fault);
/* Unmap (NULL is fine). */
void sk_border_close(struct sk_border *table);
/* The side of an address, IPv6 with embedded IPv4 included (mapped, 6to4, NAT64, Teredo must agree, else unknown). rule: GATE-1 */
enum sk_side sk_border_side(const struct sk_border *table, const struct sk_addr *addr);
/* The same for an IPv4 address in network order bytes; the hot path. */
enum sk_side sk_border_side4(const struct sk_border *table, const uint8_t bytes[4]);
/* The same for an IPv6 address. */
enum sk_side sk_border_side6(const struct sk_border *table, const uint8_t bytes[16]);
/* Ask the cache for the first line that a look-up of these bytes (4 or 16) will touch. */
void sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family);

/* The country that the table's sources name for an address: SK_COUNTRY of its two letters; 0: none is named, or the table has no countries. It takes part in no judgement.
   An index and a short binary search, some cache lines: for each segment, not for each packet. */
uint16_t sk_border_country(const struct sk_border *table, const uint8_t *bytes, unsigned family);
/* Two letters as one number. */
#define SK_COUNTRY(first, second) ((uint16_t)((unsigned)(unsigned char)(first) << 8 | (unsigned char)(second)))

/* What the ledger and the summary say of a table. */
struct sk_border_info {
	uint8_t digest[32];       /* SHA-256 of the file's content */
	char home[64];            /* home countries, "JP", or "-" with lists only */
	bool overrides_special;   /* an explicit list overrides a special range: lab and own_network only */
	uint64_t v4_addresses[3]; /* by enum sk_side */
	uint64_t v6_slash48[3];   /* by enum sk_side, in /48s (rounded up) */
	double v4_disputed_share; /* of the addresses that at least one country source speaks of and no list or special range decides */
	double v6_disputed_share;
	uint64_t country_ranges[2]; /* IPv4, IPv6: ranges with a country; none in both: the table knows no countries */
	unsigned source_count;
	int64_t built_unix_ns;
	int64_t oldest_source_unix_ns; /* 0 when no source has a date */
};
/* Fill *out. */
void sk_border_info(const struct sk_border *table, struct sk_border_info *out);

#endif
