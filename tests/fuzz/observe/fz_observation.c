/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever decodes has exactly one form: it encodes to the same bytes again. What was written in version 1 comes back the same from version 2. */
#include <string.h>

#include "observe/observe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_observation observation, back;
	struct sk_buf again;
	if (sk_observation_decode(bytes, length, &observation) != SK_OK)
		return 0;
	sk_buf_init(&again, SK_OBSERVATION_MAX_BYTES);
	sk_observation_encode(&observation, &again);
	SK_INVARIANT(again.failed == SK_OK);
	if (bytes[0] == SK_OBSERVATION_VERSION)
		SK_INVARIANT(again.length == length && memcmp(again.bytes, bytes, length) == 0);
	SK_INVARIANT(sk_observation_decode(again.bytes, again.length, &back) == SK_OK && memcmp(&back, &observation, sizeof back) == 0);
	sk_buf_fini(&again);
	return 0;
}
