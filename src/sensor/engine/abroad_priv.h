/* SPDX-License-Identifier: Apache-2.0 */
/* Counterpart countries: what the segments that ended carried from or to each, and of how many hosts. Hosts are registers of a HyperLogLog under a key that dies with the
   process: nobody can be read out of them, and they are wiped with each interval. rule: COUNTRY-1
   Promises: no allocation after sk_abroad_new; one look-up a segment, none a frame. Thread rule: one owner. */
#ifndef SK_ENGINE_ABROAD_PRIV_H
#define SK_ENGINE_ABROAD_PRIV_H

#include "border/border.h"
#include "flow/flow.h"
#include "ledger/record.h"
#include "seal/siphash.h"

enum { SK_ABROAD_LETTERS = 26, SK_ABROAD_CODES = SK_ABROAD_LETTERS * SK_ABROAD_LETTERS, SK_ABROAD_BITS = 8, SK_ABROAD_REGISTERS = 1 << SK_ABROAD_BITS };

/* One country of an interval. */
struct sk_abroad_country {
	uint64_t frames, bytes;
	uint8_t hosts[SK_ABROAD_REGISTERS];
};

struct sk_abroad {
	const struct sk_border *border; /* NULL: it names no country, and nothing is counted */
	uint64_t key[2];
	struct sk_abroad_country countries[SK_ABROAD_CODES]; /* by the two letters */
};

/* Make one, touched. The key is the caller's to set: secret, and the same for all workers of a crew. SK_ENOMEM. */
SK_MUST enum sk_err sk_abroad_new(struct sk_abroad **out);
/* Wipe and free (NULL is fine). */
void sk_abroad_free(struct sk_abroad *abroad);
/* From now on countries are this table's (borrowed). */
void sk_abroad_border(struct sk_abroad *abroad, const struct sk_border *border);
/* A segment has ended. Its end abroad: who is asked for of DF, who began of all others. */
void sk_abroad_count(struct sk_abroad *abroad, const struct sk_flow_record *record);
/* Add a country of another worker's. Commutative. */
void sk_abroad_add(struct sk_abroad *abroad, unsigned index, const struct sk_abroad_country *more);
/* Tell all and begin anew. */
void sk_abroad_take(struct sk_abroad *abroad, struct sk_countries_account *out);

#endif
