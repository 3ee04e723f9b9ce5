/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: first byte the row, then what a browser sends. An object that is taken is canonical: our own strict reader reads it, and writes the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "web/web_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_web_house house = {.folder = "/nowhere", .version = "fuzz"};
	size_t count;
	const struct sk_web_row *rows = sk_web_rows(&count);
	struct sk_web_call *call = calloc(1, sizeof *call);
	SK_INVARIANT(call != NULL);
	sk_web_call_init(call, &house, 0);
	call->row = &rows[length != 0 ? *bytes % count : 0];
	if (length > 1 && length < SK_WEB_BODY_MAX && sk_web_take_body(call, (const char *)bytes + 1, length - 1) == SK_OK) {
		(void)!sk_web_complete(call);
		for (size_t i = 0; i < call->value_count; i++) {
			struct sk_json_doc *doc = NULL;
			struct sk_fault fault;
			if (call->values[i].param->type == SK_WEB_BYTES)
				continue;
			SK_INVARIANT(strlen(call->values[i].text) == call->values[i].length);
			if (call->values[i].param->type == SK_WEB_JSON)
				SK_INVARIANT(sk_json_parse(call->values[i].text, call->values[i].length, &doc, &fault) == SK_OK);
			sk_json_free(doc);
		}
	}
	sk_web_call_fini(call);
	free(call);
	return 0;
}
