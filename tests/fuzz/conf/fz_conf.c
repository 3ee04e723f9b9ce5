/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations. What is refused has at least one error, each one printable line that begins with the file's name. What is accepted is written so that it
   parses to the same and is written the same again. */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "text/text.h"

enum { OUT_MAX = 8 << 20 };

static void differs(void *context, const char *key, bool reloadable)
{
	(void)context, (void)key, (void)reloadable;
	abort();
}

static void check_report(const struct sk_conf_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const char *line = report->faults[i].line;
		if (strncmp(line, "f:", 2) != 0 || report->faults[i].err == SK_OK)
			abort();
		for (const unsigned char *c = (const unsigned char *)line; *c != '\0'; c++)
			if (*c < 0x20 || *c == 0x7f)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_conf conf, again; /* static: too large for a stack, and made anew by each call */
	static struct sk_conf_report report;
	struct sk_buf first, second;
	if (sk_conf_parse("f", bytes, length, &conf, &report) != SK_OK) {
		if (report.count == 0)
			abort();
		check_report(&report);
		return 0;
	}
	sk_buf_init(&first, OUT_MAX);
	sk_buf_init(&second, OUT_MAX);
	sk_conf_write(&conf, false, &first);
	if (report.count != 0 || first.failed != SK_OK || sk_conf_parse("f", first.bytes, first.length, &again, &report) != SK_OK)
		abort();
	sk_conf_compare(&conf, &again, differs, NULL);
	sk_conf_write(&again, false, &second);
	if (first.length != second.length || memcmp(first.bytes, second.bytes, first.length) != 0)
		abort();
	sk_buf_fini(&first);
	sk_buf_fini(&second);
	return 0;
}
