/* SPDX-License-Identifier: Apache-2.0 */
/* countries: counterpart countries of several intervals put together, for the page and for the summary of a run. */
#ifndef SK_CMD_COUNTRIES_H
#define SK_CMD_COUNTRIES_H

#include "ledger/record_read.h"
#include "text/json.h"

/* Standard error of hosts, as a part of them: 1.04 / sqrt(256) (ledger/record.h). */
#define SK_HOSTS_ERROR 0.065

/* Add *more to *into: frames and bytes as sums. Hosts cannot be added, for those of one interval or link may be those of the other: the greater number stays, and says "at least".
   Of more than SK_COUNTRIES_MAX countries the rest goes to those of few hosts. */
void sk_countries_join(struct sk_countries_record *into, const struct sk_countries_record *more);
/* Add what an interval measured (its account has countries), as the ledger tells it: none of fewer than k hosts or frames by name. */
void sk_countries_take(struct sk_countries_record *into, const struct sk_account *account, unsigned k);
/* Most frames first. */
void sk_countries_sort(struct sk_countries *cells);
/* Members `countries` (most frames first; null: no interval has them), `countries_rest` and `hosts_error`. */
void sk_countries_json(const struct sk_countries_record *countries, struct sk_json_writer *w);

#endif
