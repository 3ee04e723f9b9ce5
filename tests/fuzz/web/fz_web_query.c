/* SPDX-License-Identifier: Apache-2.0 */
/* Target and query of a request, as whoever can connect may send them: path?query. What is taken is of its parameter's form, each once unless it may stand several times,
   and says the same when it is written out and read again. */
#include <stdlib.h>
#include <string.h>

#include "web/web_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void write_out(const struct sk_web_call *call, struct sk_buf *out)
{
	for (size_t i = 0; i < call->value_count; i++) {
		if (call->values[i].param->where != SK_WEB_IN_QUERY)
			continue;
		sk_buf_addf(out, "%s%s=", out->length != 0 ? "&" : "", call->values[i].param->name);
		for (const char *c = call->values[i].text; *c != '\0'; c++)
			sk_buf_addf(out, "%%%02x", (unsigned)(unsigned char)*c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_web_house house = {.folder = "/nowhere", .version = "fuzz"};
	struct sk_web_call *call = calloc(1, sizeof *call), *again = calloc(1, sizeof *again);
	char *text = malloc(length + 1), allow[64];
	SK_INVARIANT(call != NULL && again != NULL && text != NULL);
	if (length != 0)
		memcpy(text, bytes, length);
	text[length] = '\0';
	char *query = strchr(text, '?');
	if (query != NULL)
		*query++ = '\0';
	sk_web_call_init(call, &house, 0);
	sk_web_call_init(again, &house, 0);
	if (sk_web_route(call, "GET", text, allow) == SK_OK && query != NULL && sk_web_take_query_text(call, query) == SK_OK) {
		struct sk_buf out;
		sk_buf_init(&out, 1 << 20);
		write_out(call, &out);
		again->row = call->row;
		if (out.length <= 16384) {
			SK_INVARIANT(sk_web_take_query_text(again, sk_buf_text(&out)) == SK_OK);
			size_t from = call->value_count - again->value_count;
			for (size_t i = 0; i < again->value_count; i++)
				SK_INVARIANT(strcmp(again->values[i].text, call->values[from + i].text) == 0 && again->values[i].param == call->values[from + i].param);
		}
		for (size_t i = 0; i < call->value_count; i++) {
			const char *value = call->values[i].text;
			SK_INVARIANT(strlen(value) == call->values[i].length);
			SK_INVARIANT(call->values[i].param->type == SK_WEB_TEXT || strpbrk(value, " \t\r\n;'\"$`\\<>&") == NULL);
		}
		sk_buf_fini(&out);
	}
	sk_web_call_fini(call);
	sk_web_call_fini(again);
	free(call);
	free(again);
	free(text);
	return 0;
}
