/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the body of an add-checkpoint request: what is accepted is written again to the same bytes. */
#include <string.h>

#include "oversight/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_witness_request request;
	struct sk_fault fault;
	struct sk_buf out;
	if (sk_witness_request_read(bytes, length, &request, &fault) != SK_OK) {
		SK_INVARIANT(fault.line[0] != '\0');
		return 0;
	}
	SK_INVARIANT(request.proof_count <= SK_WITNESS_PROOF_MAX && request.checkpoint_length >= 1);
	sk_buf_init(&out, SK_WITNESS_REQUEST_MAX);
	sk_witness_request_write(&out, &request);
	SK_INVARIANT(out.failed == SK_OK && out.length == length && memcmp(out.bytes, bytes, length) == 0);
	sk_buf_fini(&out);
	return 0;
}
