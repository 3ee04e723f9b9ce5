/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as flow segments of a block: each that is taken has that one form, or is another program's whole form of version 1 or 2. */
#include "store/store_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint8_t again[SK_OBSERVATION_MAX_BYTES + 2];
	struct sk_cur c = sk_cur_of(bytes, length), form;
	struct sk_observation observation;
	while (sk_more(&c)) {
		const uint8_t *at = c.at;
		if (sk_unpack(&c, 20000, &observation, &form) != SK_OK)
			return 0;
		size_t taken = (size_t)(c.at - at);
		if (!sk_more(&form))
			SK_INVARIANT(sk_pack(&observation, 20000, again) == taken && memcmp(again, at, taken) == 0);
	}
	return 0;
}
