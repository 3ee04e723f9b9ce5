/* SPDX-License-Identifier: Apache-2.0 */
/* oversight/report.h: the annual report and the public page, made of ledger entries alone: words and counts of leaves of kind act. Each number stands with the leaves that it was counted from, so
   that a stranger counts again; what no leaf says is not told. docs/oversight.md
   Promises: opens no docket, no opening, no store; the ledger is recomputed to its signed root before it is counted. Never: reads a clock. rule: REPORT-1 REPORT-2 */
#ifndef SK_OVERSIGHT_REPORT_H
#define SK_OVERSIGHT_REPORT_H

#include "ledger/ledger.h"
#include "ledger/record_read.h"

enum { SK_REPORT_ITEMS = 14, SK_REPORT_WHY_MAX = 96 };
enum sk_language { SK_ENGLISH, SK_JAPANESE };

/* A line of the report. */
struct sk_figure {
	unsigned item;
	const char *key, *japanese, *english; /* static */
	uint64_t count;
	bool held_back;              /* may point at persons and is below k: neither the number nor the leaves are told */
	bool untold;                 /* some leaf does not say what this would be counted by: no number rather than a wrong one */
	uint64_t *leaves;            /* owned */
	size_t leaf_count, leaf_room;
};
/* The gist of remarks (item 5): how many of a kind were about something. */
struct sk_gist {
	const char *kind, *kind_japanese, *kind_english, *about, *about_japanese, *about_english;
	uint64_t count;
};

struct sk_annual {
	char origin[SK_KEY_NAME_MAX], profile[SK_RECORD_WORD_MAX];
	bool simulated;
	unsigned k;
	int64_t from_ns, to_ns;      /* acts with from <= time < to */
	struct sk_checkpoint head;
	char key[SK_VKEY_TEXT_MAX];
	uint64_t acts;               /* counted in that time */
	size_t figure_count, gist_count;
	struct sk_figure *figures;   /* owned, in the order of report.def */
	struct sk_gist *gists;       /* owned; only those that are not 0 */
};

/* Verify the ledger in this folder (signature by the key of leaf 0, or by `key` when it is not NULL; tree; form of each record) and count. SK_ESIGNATURE, SK_EMALFORMED, SK_ENOENT, SK_EIO, SK_ENOMEM. */
SK_MUST enum sk_err sk_annual_make(const char *ledger, const struct sk_verify_key *key, int64_t from_ns, int64_t to_ns, struct sk_annual *out, struct sk_fault *fault);
/* Free what it owns. */
void sk_annual_fini(struct sk_annual *report);
/* The years (UTC) of the first and the last act of a ledger; first > last when there is none. Errors as above. */
SK_MUST enum sk_err sk_annual_years(const char *ledger, int64_t *first, int64_t *last, struct sk_fault *fault);
/* From the start of a year to its end, UTC. */
void sk_annual_year(int64_t year, int64_t *from_ns, int64_t *to_ns);

/* Item number i (from 1): article and texts, static. */
void sk_annual_item(unsigned item, const char **article, const char **japanese, const char **english);
/* Append it as Markdown in one language. */
void sk_annual_markdown(const struct sk_annual *report, enum sk_language language, struct sk_buf *out);
/* Append it as one JSON object (both languages). */
void sk_annual_json(const struct sk_annual *report, struct sk_buf *out);
/* Append the public page of these reports (newest first) in one language: HTML without script, with the style sheet beside it. */
void sk_annual_page(const struct sk_annual *reports, size_t count, enum sk_language language, struct sk_buf *out);
/* The style sheet. Static. */
const char *sk_annual_style(void);

#endif
