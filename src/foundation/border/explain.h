/* SPDX-License-Identifier: Apache-2.0 */
/* border/explain.h: why the table says what it says: the sources in it, what each says of an address, which of them decides.
   Reads the explanation ranges, not the trie; a test holds the two against each other. Thread rule: as border.h. */
#ifndef SK_BORDER_EXPLAIN_H
#define SK_BORDER_EXPLAIN_H

#include "border/border.h"

enum sk_border_kind {
	SK_BORDER_LIST = 1, SK_BORDER_SPECIAL = 2, SK_BORDER_GEOIPDB = 3, SK_BORDER_LIBLOC = 4, SK_BORDER_RIR = 5, SK_BORDER_CSV = 6,
	SK_BORDER_COUNTRIES = 7 /* names countries and says nothing of sides */
};

/* What a source says, as bits. Two bits of DOMESTIC and FOREIGN: it contradicts itself. */
enum sk_border_says { SK_SAYS_DOMESTIC = 1, SK_SAYS_FOREIGN = 2, SK_SAYS_UNKNOWN = 4, SK_SAYS_EMBEDDED = 8 };

enum { SK_BORDER_LABEL_MAX = 64 };

struct sk_border_source {
	enum sk_border_kind kind;
	enum sk_side side;               /* of a list */
	char label[SK_BORDER_LABEL_MAX]; /* base name of its file */
	int64_t date_unix_ns;            /* 0 = it carries none */
	uint8_t digest[32];              /* SHA-256 of its file as it lay there */
	uint64_t v4_entries, v6_entries; /* lines that were read */
	uint64_t silent_entries;         /* of them without a country */
	uint32_t ranges_from[2], ranges_count[2]; /* its explanation ranges, IPv4 and IPv6 */
};

/* What one source says of one address. */
struct sk_border_said {
	uint8_t says;              /* enum sk_border_says bits; 0 = nothing */
	uint8_t bits;              /* lists and special ranges: length of the prefix that matched */
	uint32_t line;             /* lists: line in the file; special ranges: RFC number */
	struct sk_addr first, last; /* the range in which it says the same */
};

/* Why. */
enum sk_border_reason {
	SK_BORDER_BY_LIST,
	SK_BORDER_BY_SPECIAL,
	SK_BORDER_BY_EMBEDDED,
	SK_BORDER_BY_COUNTRY,
	SK_BORDER_BY_DISPUTE,
	SK_BORDER_BY_SILENCE,
	SK_BORDER_BY_REST
};

struct sk_border_verdict {
	enum sk_side side;
	enum sk_border_reason reason;
	unsigned source;           /* BY_LIST, BY_SPECIAL: which */
	struct sk_border_said said; /* what that one says */
	unsigned home, other;      /* country sources that say so */
	unsigned embedded_count;   /* BY_EMBEDDED: 1, or 2 for Teredo's server and client */
	struct sk_addr embedded[2];
};

/* Source i, below info.source_count. */
void sk_border_source_at(const struct sk_border *table, unsigned i, struct sk_border_source *out);
/* What source i says of addr. */
void sk_border_said(const struct sk_border *table, unsigned i, const struct sk_addr *addr, struct sk_border_said *out);
/* Decide from the explanation ranges alone. Equals sk_border_side. rule: BORDER-1 BORDER-2 BORDER-3 */
void sk_border_decide(const struct sk_border *table, const struct sk_addr *addr, struct sk_border_verdict *out);
/* The side of addr in the trie and the last address up to which it certainly stays so (end of its slot). For walking a whole table; prefixes that embed
   IPv4 are shown as the trie has them. */
enum sk_side sk_border_span(const struct sk_border *table, const struct sk_addr *addr, struct sk_addr *last);
/* The name of special range that an RFC number and prefix stand for, "" when this program does not know it. Static storage. */
const char *sk_border_special_name(const struct sk_addr *first, unsigned bits);
/* "list", "special", "geoipdb", "libloc", "rir", "csv", "country". Static storage. */
const char *sk_border_kind_name(enum sk_border_kind kind);
/* Does a source of this kind speak of countries? */
bool sk_border_kind_country(enum sk_border_kind kind);

#endif
