/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever decodes has exactly one form: it encodes to the same bytes again. */
#include <string.h>

#include "observe/observe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_observation observation;
	struct sk_buf again;
	if (sk_observation_decode(bytes, length, &observation) != SK_OK)
		return 0;
	sk_buf_init(&again, length);
	sk_observation_encode(&observation, &again);
	SK_INVARIANT(again.failed == SK_OK && again.length == length && memcmp(again.bytes, bytes, length) == 0);
	sk_buf_fini(&again);
	return 0;
}
