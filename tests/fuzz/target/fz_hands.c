/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request to the enforcer's hands: what is taken names a program of the table, and written again it is the same request. */
#include <stdlib.h>

#include "target/hands.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_hands_request request;
	struct sk_fault fault;
	if (sk_hands_take(bytes, length, &request, &fault) == SK_OK) {
		struct sk_buf again;
		sk_buf_init(&again, SK_HANDS_MESSAGE_MAX);
		SK_INVARIANT(strcmp(request.words[0], "nft") == 0 || strcmp(request.words[0], "knotc") == 0 || strcmp(request.words[0], "gobgp") == 0);
		sk_hands_write(&request.child, request.out_limit, request.err_limit, &again);
		SK_INVARIANT(again.failed == SK_OK && again.length == length && memcmp(again.bytes, bytes, length) == 0);
		sk_buf_fini(&again);
	}
	sk_buf_fini(&request.text);
	return 0;
}
