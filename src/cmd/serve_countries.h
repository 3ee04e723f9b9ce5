/* SPDX-License-Identifier: Apache-2.0 */
/* Counterpart countries of many intervals, kept small: a border talks with a hundred of them, and a page asks for the sum over any time. */
#ifndef SK_CMD_SERVE_COUNTRIES_H
#define SK_CMD_SERVE_COUNTRIES_H

#include "ledger/record_read.h"

enum { SK_COUNTRY_CODES = 26 * 26 };

struct sk_kept_country {
	uint64_t frames, bytes;
	uint32_t hosts;
	uint16_t code;                   /* its place among all of two letters */
};

/* What one interval told; zeros: nothing. */
struct sk_kept_countries {
	bool told;                       /* it has the section */
	uint16_t count;
	struct sk_tally settled, few, unnamed;
	struct sk_kept_country *countries; /* owned; NULL: none, or let go of */
};

/* Keep what an interval told, in the place of what was there. Returns how many countries are kept: 0 also where there is no memory for them, and then nothing is told. */
size_t sk_kept_countries_take(struct sk_kept_countries *kept, const struct sk_interval_record *interval);
/* Let go of it: it is as if it had told nothing. Returns how many countries that were. */
size_t sk_kept_countries_drop(struct sk_kept_countries *kept);

struct sk_country_sums {
	uint64_t intervals;              /* that told countries */
	struct sk_tally settled, few, unnamed;
	struct sk_kept_country sum[SK_COUNTRY_CODES]; /* of hosts the most in one interval: those of one may be those of another */
};

/* Add one. */
void sk_country_sums_add(struct sk_country_sums *sums, const struct sk_kept_countries *kept);
/* As a record tells it; of more than SK_COUNTRIES_MAX the rest goes to those of few hosts. */
void sk_country_sums_tell(const struct sk_country_sums *sums, struct sk_countries_record *out);

#endif
