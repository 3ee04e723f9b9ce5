/* SPDX-License-Identifier: Apache-2.0 */
/* check: what the records of a ledger must say, one after the other: form, references, equations, chains, rules (docs/formats/ledger.md).
   Written against the document, not against the rooms that write: it links no policy table and no sensor. Promises: memory grows only with the
   number of leaves (one byte each) and of the records that others refer to. Never: I/O, a clock. Thread rule: one check per thread. */
#ifndef SK_VERIFY_CHECK_H
#define SK_VERIFY_CHECK_H

#include "ledger/record_read.h"

/* Totals over all links and intervals, as published. */
struct sk_check_totals {
	struct sk_tally received, gate_erased, select_erased, selected, capture_lost;
	struct sk_tally classes[SK_CLASS_COUNT];
	struct sk_tally pending, carried, classes_carried; /* at the end of the log */
	struct sk_tally lost;                              /* pending when a run died */
	uint64_t events_lost;                              /* of detectors */
	struct {                                           /* flow exports; frames counts records, bytes is 0 */
		struct sk_tally received, gate_erased, select_erased, selected, malformed, carried;
		uint64_t lost_records, lost_messages;      /* on their way to us, as the exporters' numbers tell */
	} exports;
};

struct sk_check_summary {
	struct sk_open_record open;
	uint64_t leaves, by_kind[SK_RECORD_KIND_COUNT];
	size_t links;
	bool any_time;
	int64_t first_ns, last_ns;        /* of runs: starts, stops, recoveries */
	bool any_capture;
	int64_t capture_from_ns, capture_to_ns;
	bool any_exports, any_countries;
	bool run_open;
	uint64_t rows_rolled_back;
	struct sk_check_totals totals;
};

struct sk_check; /* opaque */

/* NULL when out of memory. */
struct sk_check *sk_check_new(void);
/* Free (NULL is fine). */
void sk_check_free(struct sk_check *check);
/* Judge the next leaf; the fault says leaf, kind, field, expected, found. SK_EMALFORMED, SK_ENOMEM. After an error the check is over. */
SK_MUST enum sk_err sk_check_leaf(struct sk_check *check, const void *bytes, size_t length, struct sk_fault *fault);
/* What was seen so far. */
void sk_check_summary(const struct sk_check *check, struct sk_check_summary *out);

#endif
