/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a note: whatever comes out has no tag but those of CommonMark's own, no attribute but href, title, start and class, and no link but to http, https and mailto. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "case/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const tags[] = {"p>", "/p>", "em>", "/em>", "strong>", "/strong>", "code>", "/code>", "pre>", "/pre>", "/a>", "ul>", "/ul>", "ol>", "/ol>", "li>", "/li>", "blockquote>", "/blockquote>",
				   "h1>", "h2>", "h3>", "h4>", "h5>", "h6>", "/h1>", "/h2>", "/h3>", "/h4>", "/h5>", "/h6>", "hr />", "br />", "a href=\"", "ol start=\"", "code class=\"language-"};

static bool known(const char *at)
{
	for (size_t i = 0; i < SK_COUNT(tags); i++)
		if (strncmp(at, tags[i], strlen(tags[i])) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_buf out;
	struct sk_fault fault = {.line = ""};
	sk_buf_init(&out, 1 << 24);
	if (sk_markdown_html((const char *)bytes, length, &out, &fault) == SK_OK) {
		for (const char *at = sk_buf_text(&out); (at = strchr(at, '<')) != NULL; at++) {
			SK_INVARIANT(known(at + 1));
			if (strncmp(at, "<a href=\"", 9) != 0)
				continue;
			const char *url = at + 9, *end = strchr(url, '"');
			SK_INVARIANT(strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "mailto:", 7) == 0);
			SK_INVARIANT(end != NULL && (end[1] == '>' || strncmp(end, "\" title=\"", 9) == 0));
		}
	} else {
		SK_INVARIANT(fault.line[0] != '\0');
	}
	sk_buf_fini(&out);
	return 0;
}
