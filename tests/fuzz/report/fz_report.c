/* SPDX-License-Identifier: Apache-2.0 */
/* Reports. What is refused has one printable line that begins with the file's name. What is taken is kept in a form that is taken again and kept the same, has facts that survive their own text, and every copy of it
   can be made: JSON where it must be, and nothing that a spreadsheet runs. */
#include <stdlib.h>
#include <string.h>

#include "report/clock.h"
#include "report/export.h"

enum { OUT_MAX = 32 << 20 };

static void check_line(const char *line)
{
	if (strncmp(line, "f: ", 3) != 0)
		abort();
	for (const unsigned char *c = (const unsigned char *)line; *c != '\0'; c++)
		if (*c < 0x20 || *c == 0x7f)
			abort();
}

static void export_all(const struct sk_report_document *document, const struct sk_report_facts *facts)
{
	struct sk_report_copy copy = {.id = "r-1", .case_id = "", .origin = "example.org/log", .version = 1, .leaf = 1, .first_ns = 1, .at_ns = 2, .facts = facts, .top = document->top};
	struct sk_buf out;
	sk_buf_init(&out, OUT_MAX);
	for (int as = 0; as < SK_REPORT_AS_COUNT; as++) {
		sk_buf_reset(&out);
		sk_report_export((enum sk_report_form_as)as, &copy, &out);
		if (out.failed != SK_OK || out.length == 0)
			abort();
	}
	sk_buf_reset(&out);
	sk_report_print(&copy, true, &out);
	sk_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_report_document document, again;
	struct sk_report_facts facts, facts_again;
	struct sk_fault fault = {.line = ""};
	struct sk_buf text;
	if (sk_seal_start() != SK_OK)
		abort();
	if (sk_report_read("f", bytes, length, &document, &fault) != SK_OK) {
		check_line(fault.line);
		return 0;
	}
	if (sk_report_read("f", document.text.bytes, document.text.length, &again, &fault) != SK_OK || again.text.length != document.text.length ||
	    memcmp(again.text.bytes, document.text.bytes, document.text.length) != 0)
		abort();
	sk_report_document_fini(&again);
	if (sk_report_facts_of("f", &document, &facts, &fault) != SK_OK) {
		check_line(fault.line);
	} else {
		sk_buf_init(&text, SK_REPORT_FACTS_MAX);
		sk_report_facts_write(&facts, &text);
		if (sk_report_facts_read(text.bytes, text.length, &facts_again, &fault) != SK_OK || memcmp(&facts, &facts_again, sizeof facts) != 0)
			abort();
		sk_buf_fini(&text);
		export_all(&document, &facts);
	}
	sk_report_document_fini(&document);
	return 0;
}
