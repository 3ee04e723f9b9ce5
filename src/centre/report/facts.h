/* SPDX-License-Identifier: Apache-2.0 */
/* report/facts.h: what lists, clocks and rules need of one entry of a report, kept sealed beside it so that no list opens a whole report. Thread rule: reentrant. */
#ifndef SK_REPORT_FACTS_H
#define SK_REPORT_FACTS_H

#include "ledger/act.h"
#include "report/document.h"

enum { SK_REPORT_TITLE_MAX = 200, SK_REPORT_NAME_MAX = 128, SK_REPORT_FACTS_MAX = 16384 };

struct sk_report_facts {
	char event[SK_ACT_WORD_MAX];     /* a stage, attach, remind or merge */
	char by[SK_MATTER_ID_MAX], org[SK_MATTER_ID_MAX]; /* whose session or key it was */
	/* of a stage */
	char form[SK_REPORT_WORD_MAX_], tlp[SK_REPORT_WORD_MAX_], restricted[SK_REPORT_WORD_MAX_], sector[SK_REPORT_WORD_MAX_], trigger[SK_REPORT_WORD_MAX_];
	char about[SK_REPORT_NAME_MAX];  /* whose damage it is: identifier, else name */
	char title[SK_REPORT_TITLE_MAX];
	size_t regime_count, recipient_count;
	char regimes[SK_REPORT_REGIMES_MAX][SK_REPORT_WORD_MAX_], recipients[SK_REPORT_RECIPIENTS_MAX][SK_REPORT_WORD_MAX_];
	bool share_nco, share_npa, share_ally;
	bool malicious, deviation, personal; /* known to be so */
	int64_t aware_ns, detected_ns, paid_ns; /* the earliest of each; 0: not known */
	/* of an attachment; of a reminder: which one, and its message */
	char name[SK_REPORT_NAME_MAX];
	uint64_t size;
	uint8_t hash[SK_HASH_BYTES];
	/* of a merge */
	char case_id[SK_MATTER_ID_MAX];
};

/* What a document tells. SK_EINPUT: more regimes or recipients than are taken, or a title or name too long. */
SK_MUST enum sk_err sk_report_facts_of(const char *name, const struct sk_report_document *document, struct sk_report_facts *out, struct sk_fault *fault);
/* Append their one text (canonical JSON). */
void sk_report_facts_write(const struct sk_report_facts *facts, struct sk_buf *out);
/* Read it. SK_EMALFORMED. */
SK_MUST enum sk_err sk_report_facts_read(const void *bytes, size_t length, struct sk_report_facts *out, struct sk_fault *fault);

#endif
