/* SPDX-License-Identifier: Apache-2.0 */
/* decide/blast.h: how far would an order reach (DESIGN.md 6)? Counts out of selected records through a sketch that can tell a number and nothing else, counters that
   enforcement points volunteer, allow-lists. Promises: no address leaves; what nobody knows stays unknown. rule: ORDER-9 */
#ifndef SK_DECIDE_BLAST_H
#define SK_DECIDE_BLAST_H

#include "decide/document.h"
#include "store/store.h"

enum { SK_BLAST_FILE_MAX = 1 << 20, SK_BLAST_PER_HOUR = 12 };

struct sk_blast_counts {
	bool known, organisations_known, counters_known; /* false: nobody knows; not the same as nothing */
	bool others;                  /* some of these hosts are of no organisation that is known */
	uint64_t hosts, flows;        /* distinct hosts on our side (an estimate, about 2 % off) and flow segments that touch a target */
	uint64_t organisations;       /* whose hosts they are, an estimate too */
	uint64_t counters;            /* what enforcement points counted at the targets */
	uint64_t records;             /* that were read */
};

/* Whose host is that? A number of the organisation, UINT32_MAX: nobody knows. NULL in its place: no organisation is known at all. */
struct sk_blast_owners {
	uint32_t (*find)(const void *context, const struct sk_addr *host);
	const void *context;
};
/* Count in the records of a workspace's store, from since_ns to until_ns. Adds to *counts. owners may be NULL. Errors of the store. */
SK_MUST enum sk_err sk_blast_store(struct sk_store *store, const struct sk_order *order, const struct sk_blast_owners *owners, int64_t since_ns, int64_t until_ns,
				   struct sk_blast_counts *counts, struct sk_fault *fault);
/* Add what enforcement points volunteered: canonical JSON {"counters":[{"count":N,"from":T,"point":"NAME","target":"T","until":T}],"format":"sekisho-counters/1"}. Those
   of the order's targets whose time touches the window count. SK_EINPUT names the element. */
SK_MUST enum sk_err sk_blast_volunteered(const char *text, size_t length, const struct sk_order *order, int64_t since_ns, int64_t until_ns, struct sk_blast_counts *counts,
					 struct sk_fault *fault);
/* An allow-list always wins: a domain or a prefix a line, '#' comments. SK_ECOLLATERAL when a target is, covers or lies in a line; SK_EINPUT names the line. name is for messages. */
SK_MUST enum sk_err sk_blast_allowed(const char *text, size_t length, const char *name, const struct sk_order *order, struct sk_fault *fault);
/* As bands, for the document. */
void sk_blast_tell(const struct sk_blast_counts *counts, int64_t since_ns, int64_t until_ns, struct sk_order_blast *out);
/* Do two targets (domains, "*.NAME", or prefixes) touch each other? */
bool sk_targets_touch(const char *a, const char *b);

#endif
