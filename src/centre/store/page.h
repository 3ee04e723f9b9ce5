/* SPDX-License-Identifier: Apache-2.0 */
/* store/page.h: findings a page at a time, and how many there are by the hour: fast however many are kept. Order, counts and filters are taken from clear columns
   (to the hour, as DESIGN.md 6 keeps them), and only what is shown is opened.

   A finding of one day is a *head*. It stands where it was last seen (SK_SORT_FIRST: first seen), by the hour, and within the hour in the order in which the store
   took it in. Filters choose heads; what is shown is folded out of the heads of all its days that were chosen, and stands where the first of them in the order does.
   While a reader turns pages nothing is shown twice, and nothing is left out but what was seen again meanwhile: that is on the first page now. */
#ifndef SK_STORE_PAGE_H
#define SK_STORE_PAGE_H

#include "store/store.h"

enum sk_store_sort { SK_SORT_LAST, SK_SORT_FIRST, SK_SORT_SEVERITY, SK_SORT_COUNT, SK_SORT_SORTS };
enum {
	SK_PAGE_LIMIT_MAX = 200,
	SK_CURSOR_TEXT_MAX = 72,
	SK_PAGE_VALUE_ROWS = 10000,  /* of the newest rows with a value, the heads are on pages; in older ones a narrower time finds */
	SK_PAGE_COUNTED_MAX = 250000, /* heads that one page in the order of counts passes by at most: under a narrow filter it may be short, and still has a next one */
	SK_PAGE_OPENED_MAX = 4000,   /* records that one page opens at most: a page of much that is muted may be short, and still has a next one */
};

struct sk_store_page_filter {
	int64_t since_ns, until_ns;  /* 0 = open; since <= the moment it stands at < until */
	int class_, severity;        /* -1 = any */
	const char *kind;            /* NULL = any; with a dot at its end every kind that begins so */
	const char *value;           /* as in sk_store_filter */
	enum sk_store_sort sort;     /* descending */
	const char *cursor;          /* NULL: the first page; else as a page gave it, under the same filter */
	unsigned limit;              /* 1 to SK_PAGE_LIMIT_MAX */
};

struct sk_store_page {
	char next[SK_CURSOR_TEXT_MAX]; /* "": there is no next page */
	char here[SK_CURSOR_TEXT_MAX]; /* while a finding is visited: the cursor of a page that begins behind it */
	uint64_t heads;                /* that fit; a finding of several days counts once a day */
	bool exact;                    /* heads is the number of findings on all pages, where the visitor takes all */
	bool cut;                      /* value: there are older rows than the SK_PAGE_VALUE_ROWS newest */
	uint64_t erased, locked;       /* heads that fit and cannot be opened: their day's key is gone, or needs oversight's share */
};
/* One finding in order; *taken false: it is not shown, and does not count against the limit (it is muted). */
typedef enum sk_err (*sk_store_page_visit)(void *context, const struct sk_finding *finding, bool *taken);
/* One page. SK_EUSAGE: a cursor that no page gave, a limit out of range, a value that is none. Only committed intervals are seen. */
SK_MUST enum sk_err sk_store_findings_page(struct sk_store *store, const struct sk_store_page_filter *filter, sk_store_page_visit visit, void *context,
					   struct sk_store_page *out, struct sk_fault *fault);
/* How many heads were last seen in each hour (counted from 1970), kind by kind; order, cursor, limit, value and the filter's parts of an hour are not regarded. What cannot
   be opened is left out, as on pages. */
typedef enum sk_err (*sk_store_hour_visit)(void *context, int64_t hour, const char *kind, uint64_t heads);
/* As above. */
SK_MUST enum sk_err sk_store_findings_hours(struct sk_store *store, const struct sk_store_page_filter *filter, sk_store_hour_visit visit, void *context,
					    struct sk_fault *fault);
/* One finding by its id, folded out of all its days. SK_ENOENT: none has it (or only one that an older version stored: sk_store_findings finds that). */
SK_MUST enum sk_err sk_store_finding(struct sk_store *store, const uint8_t id[16], struct sk_finding *out, struct sk_fault *fault);

/* Are there findings of this kind; with a dot at its end, of one that begins so? */
SK_MUST enum sk_err sk_store_kind_known(struct sk_store *store, const char *kind, bool *known, struct sk_fault *fault);

/* How far the store is: numbers that grow, for whoever waits for something new. Cheap. */
struct sk_store_state {
	int64_t interval, finding, observation; /* -1: none */
};
/* As above. */
SK_MUST enum sk_err sk_store_state(struct sk_store *store, struct sk_store_state *out, struct sk_fault *fault);
/* The name of an order ("last", "first", "severity", "count"); NULL past the end. Static. */
const char *sk_store_sort_name(enum sk_store_sort sort);

#endif
