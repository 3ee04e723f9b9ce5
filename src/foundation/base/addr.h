/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, prefixes and border classes: the nouns that every wing shares.
   Promises: no allocation, no locale, no name resolution, ever. */
#ifndef SK_BASE_ADDR_H
#define SK_BASE_ADDR_H

#include <string.h>

#include "base/base.h"

/* An IPv4 or IPv6 address. IPv4 uses bytes[0..3]; the rest is zero, so that equality is memcmp of the whole struct. */
struct sk_addr {
	uint8_t bytes[16]; /* network order */
	uint8_t family;    /* 4 or 6; 0 = none */
};

/* A prefix; host bits are zero. bits <= 32 for family 4, <= 128 for family 6. */
struct sk_prefix {
	struct sk_addr addr;
	uint8_t bits;
};

/* What the border table says of one address. UNKNOWN is 0 so that zeroed memory is the strict answer. */
enum sk_side { SK_SIDE_UNKNOWN = 0, SK_SIDE_DOMESTIC = 1, SK_SIDE_FOREIGN = 2 };

/* The border class of a frame: source side, then destination side (LAW.md 1.2). */
enum sk_class { SK_CLASS_FF = 0, SK_CLASS_FD = 1, SK_CLASS_DF = 2, SK_CLASS_DD = 3, SK_CLASS_UNKNOWN = 4 };
enum { SK_CLASS_COUNT = 5 };
#define SK_CLASS_BIT(class_) (1u << (class_))

enum { SK_ADDR_TEXT_MAX = 48, SK_PREFIX_TEXT_MAX = 52 };

/* The class of a pair of sides; any unknown side gives UNKNOWN. rule: GATE-2 */
static inline enum sk_class sk_class_of(enum sk_side source, enum sk_side destination)
{
	static const uint8_t table[3][3] = {
		[SK_SIDE_UNKNOWN] = {SK_CLASS_UNKNOWN, SK_CLASS_UNKNOWN, SK_CLASS_UNKNOWN},
		[SK_SIDE_DOMESTIC] = {SK_CLASS_UNKNOWN, SK_CLASS_DD, SK_CLASS_DF},
		[SK_SIDE_FOREIGN] = {SK_CLASS_UNKNOWN, SK_CLASS_FD, SK_CLASS_FF},
	};
	return (enum sk_class)table[source][destination];
}

static inline bool sk_addr_equal(const struct sk_addr *a, const struct sk_addr *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* "FF", "FD", "DF", "DD" or "UNKNOWN". Static storage. */
const char *sk_class_name(enum sk_class class_);
/* "unknown", "domestic" or "foreign". Static storage. */
const char *sk_side_name(enum sk_side side);
/* Parse a whole string as an address. SK_EMALFORMED for anything else (leading zeros, zone ids, spaces included). */
SK_MUST enum sk_err sk_addr_parse(const char *text, struct sk_addr *out);
/* Parse "ADDR" or "ADDR/BITS". Host bits must be zero; SK_EMALFORMED otherwise. */
SK_MUST enum sk_err sk_prefix_parse(const char *text, struct sk_prefix *out);
/* Write the usual text form (RFC 5952 for IPv6) and return text. */
const char *sk_addr_format(const struct sk_addr *addr, char text[SK_ADDR_TEXT_MAX]);
/* Write "ADDR/BITS" and return text. */
const char *sk_prefix_format(const struct sk_prefix *prefix, char text[SK_PREFIX_TEXT_MAX]);
/* Does the prefix hold the address? Families must match. */
bool sk_prefix_holds(const struct sk_prefix *prefix, const struct sk_addr *addr);
/* Order by family, bytes: <0, 0, >0 as memcmp. */
int sk_addr_compare(const struct sk_addr *a, const struct sk_addr *b);

#endif
