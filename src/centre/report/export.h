/* SPDX-License-Identifier: Apache-2.0 */
/* report/export.h: a report as others want it: the Japanese form as CSV and JSON, a NIS2 stage, CIRCIA-style JSON, STIX 2.1; and as text for people. export.def says which field goes where. rule: FORM-10
   Every copy carries TLP, the opinion on handling and the receipt. Thread rule: reentrant. */
#ifndef SK_REPORT_EXPORT_H
#define SK_REPORT_EXPORT_H

#include "report/facts.h"

enum sk_report_form_as { SK_REPORT_JP_CSV, SK_REPORT_JP_JSON, SK_REPORT_NIS2, SK_REPORT_CIRCIA, SK_REPORT_STIX, SK_REPORT_AS_COUNT };

/* One version of a report, as it was kept. Borrowed. */
struct sk_report_copy {
	const char *id, *case_id, *origin;
	uint64_t version, leaf;
	int64_t first_ns, at_ns;         /* first version, this version */
	const struct sk_report_facts *facts;
	const struct sk_json_value *top;
};

/* "jp-csv" and so on; SK_EUSAGE names those that there are. */
SK_MUST enum sk_err sk_report_as(const char *name, enum sk_report_form_as *out, struct sk_fault *fault);
/* Append the copy. */
void sk_report_export(enum sk_report_form_as as, const struct sk_report_copy *copy, struct sk_buf *out);
/* Append field after field as lines for people, in their language, escaped for a terminal. */
void sk_report_print(const struct sk_report_copy *copy, bool japanese, struct sk_buf *out);
/* Write a value of a kept report as JSON. As deep as the table is. */
void sk_report_value(struct sk_json_writer *w, const char *key, const struct sk_json_value *value);

#endif
