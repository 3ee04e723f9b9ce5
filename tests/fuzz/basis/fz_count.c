/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request to count; and as the body of one, signed here: what decodes must encode to the same note again. */
#include <stdlib.h>
#include <string.h>

#include "basis/count.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_sign_key *key;
	if (key == NULL && (sk_seal_start() != SK_OK || sk_sign_key_new("fuzz", &key) != SK_OK))
		abort();
	struct sk_count_request request;
	struct sk_fault fault;
	(void)!sk_count_request_decode((const char *)bytes, length, sk_sign_key_public(key), &request, &fault);
	if (length == 0 || length > SK_COUNT_TEXT_MAX / 2 || bytes[length - 1] != '\n')
		return 0;
	struct sk_buf note, again;
	sk_buf_init(&note, SK_COUNT_TEXT_MAX);
	sk_buf_init(&again, SK_COUNT_TEXT_MAX);
	sk_note_sign(&note, (const char *)bytes, length, key);
	if (sk_count_request_decode(sk_buf_text(&note), note.length, sk_sign_key_public(key), &request, &fault) == SK_OK) {
		SK_INVARIANT(sk_count_request_encode(&request, key, &again, &fault) == SK_OK);
		SK_INVARIANT(again.length == note.length && memcmp(again.bytes, note.bytes, note.length) == 0);
	}
	sk_buf_fini(&note);
	sk_buf_fini(&again);
	return 0;
}
