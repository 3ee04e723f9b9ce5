/* SPDX-License-Identifier: Apache-2.0 */
/* case/markdown.h: notes as a page may show them. libcmark parses (CommonMark); what could act is taken out of the tree before it is rendered: HTML becomes text, images become their words, and a link
   goes to http, https or mailto or it is no link. Never: fetches anything. Thread rule: reentrant. rule: CASE-6 */
#ifndef SK_CASE_MARKDOWN_H
#define SK_CASE_MARKDOWN_H

#include "base/buf.h"

/* Append the HTML of a note. SK_EMALFORMED (no UTF-8), SK_ETOOBIG (SK_CASE_TEXT_MAX), SK_ENOMEM. */
SK_MUST enum sk_err sk_markdown_html(const char *text, size_t length, struct sk_buf *out, struct sk_fault *fault);

#endif
