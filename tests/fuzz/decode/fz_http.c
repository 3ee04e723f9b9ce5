/* SPDX-License-Identifier: Apache-2.0 */
/* The start of an HTTP stream; bit 0 of the first byte: nothing more comes. Twice the same; texts are what the header says; what fails leaves
   nothing; a head that waits waited before. */
#include <stdlib.h>

#include "decode/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static enum sk_err parse(const uint8_t *bytes, size_t length, bool last, struct sk_http *out, size_t *used)
{
	return last ? sk_http_head_last(sk_cur_of(bytes, length), out, used) : sk_http_head(sk_cur_of(bytes, length), out, used);
}

static void check(enum sk_err err, const struct sk_http *http, size_t used, size_t length)
{
	static const struct sk_http nothing;
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	SK_INVARIANT(err == SK_OK || (used == 0 && memcmp(http, &nothing, sizeof nothing) == 0));
	SK_INVARIANT(used <= length && used <= SK_HTTP_HEAD_MAX_BYTES);
	SK_INVARIANT(strlen(http->host) == http->host_length && strlen(http->method) < SK_HTTP_METHOD_MAX);
	SK_INVARIANT(err != SK_OK || (http->response ? http->status >= 100 && http->host_length == 0 : http->method[0] != '\0'));
	for (size_t i = 0; i < http->host_length; i++)
		SK_INVARIANT(http->host[i] > 0x20 && http->host[i] < 0x7f && http->host[i] != '@' && http->host[i] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return 0;
	bool last = bytes[0] & 1;
	struct sk_http http, again;
	size_t used, used_again;
	enum sk_err err = parse(bytes + 1, length - 1, last, &http, &used);
	check(err, &http, used, length - 1);
	SK_INVARIANT(parse(bytes + 1, length - 1, last, &again, &used_again) == err && memcmp(&http, &again, sizeof http) == 0 && used == used_again);
	SK_INVARIANT(sk_http2_preface(sk_cur_of(bytes + 1, length - 1)) != SK_OK || err == SK_EUNSUPPORTED);
	size_t cut = bytes[length - 1] * (size_t)7 % length;
	uint8_t *exact = malloc(cut != 0 ? cut : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, bytes + 1, cut);
	enum sk_err short_err = parse(exact, cut, false, &again, &used_again);
	check(short_err, &again, used_again, cut);
	SK_INVARIANT(err != SK_EMORE || short_err == SK_EMORE);
	if (short_err == SK_OK && !again.cut)
		SK_INVARIANT(err == SK_OK && used == used_again && memcmp(&http, &again, sizeof http) == 0);
	free(exact);
	return 0;
}
