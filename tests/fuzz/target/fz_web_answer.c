/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes of a web server: a body lies within them, at their end. */
#include "target/https_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	unsigned status = 0;
	const void *body = NULL;
	size_t body_length = 0;
	if (sk_http_answer(bytes, length, &status, &body, &body_length) == SK_OK)
		SK_INVARIANT(status >= 100 && status <= 999 && body_length < length && (const uint8_t *)body + body_length == bytes + length);
	return 0;
}
