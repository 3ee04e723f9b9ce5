/* SPDX-License-Identifier: Apache-2.0 */
/* report/document.h: one report as somebody wrote it. JSON in any layout comes in, strictly against fields.def; what is kept is one canonical form of it. rule: FORM-1 FORM-2
   Promises: what the table does not know, a key twice, a wrong type, a member of another form, a final that does not know an item is refused in one line: file, path of the field, what was expected,
   what to do. Never: reads a clock or a file. Thread rule: reentrant. */
#ifndef SK_REPORT_DOCUMENT_H
#define SK_REPORT_DOCUMENT_H

#include "report/schema.h"
#include "text/json.h"

enum {
	SK_REPORT_FILE_MAX = 1 << 20,    /* bytes of a report */
	SK_REPORT_LINE_MAX = 512, SK_REPORT_TEXT_MAX = 32768, SK_REPORT_WORD_MAX_ = 24, SK_REPORT_ID_MAX_ = 64,
	SK_REPORT_LIST_MAX = 256,        /* entries of one list */
	SK_REPORT_REGIMES_MAX = 8, SK_REPORT_RECIPIENTS_MAX = 16
};

struct sk_report_document {
	struct sk_buf text;              /* canonical JSON */
	struct sk_json_doc *doc;
	const struct sk_json_value *top; /* of doc */
};

/* Read a report of length bytes, called name in messages: the fields, or {"id", "stage", "fields"} as the API has it. SK_EINPUT (one clear line), SK_ENOMEM. On SK_OK the caller ends it. */
SK_MUST enum sk_err sk_report_read(const char *name, const void *bytes, size_t length, struct sk_report_document *out, struct sk_fault *fault);
/* Take the canonical form that was kept. SK_EMALFORMED, SK_ENOMEM. */
SK_MUST enum sk_err sk_report_take(const void *bytes, size_t length, struct sk_report_document *out, struct sk_fault *fault);
/* Wipe and free (a zeroed one is fine). */
void sk_report_document_fini(struct sk_report_document *document);

/* The value at a path of structures ("ransom.payment.at"); NULL: not given. "unknown" counts as not given when known is set. */
const struct sk_json_value *sk_report_at(const struct sk_json_value *top, const char *path, bool known);
/* Text there; "" when it is not given or no text. */
const char *sk_report_text(const struct sk_json_value *top, const char *path);
/* A time's bounds; false: not given, unknown, or no time. */
bool sk_report_times(const struct sk_json_value *value, int64_t *earliest_ns, int64_t *latest_ns);
/* Is there a true? */
bool sk_report_flag(const struct sk_json_value *top, const char *path);

#endif
