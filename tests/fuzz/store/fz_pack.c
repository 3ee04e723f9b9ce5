/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as flow segments of a block of each kind that packs them: each that is taken has that one form in a block of the last kind, or is another program's
   whole form of version 1 or 2; out of an earlier kind it is written anew and says the same. */
#include "store/store_priv.h"

static const int64_t day_ns = 20000 * SK_DAY_NS;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The form of a packed one, now, and what it says. */
static size_t write_anew(const struct sk_observation *observation, uint8_t *again)
{
	size_t length = sk_pack(observation, day_ns, again);
	struct sk_cur c = sk_cur_of(again, length), form;
	struct sk_observation back;
	SK_INVARIANT(sk_unpack(&c, SK_BLOCK_KIND_COUNT - 1, day_ns, &back, &form) == SK_OK && !sk_more(&c) && memcmp(&back, observation, sizeof back) == 0);
	return length;
}

static void take_all(const uint8_t *bytes, size_t length, enum sk_block_kind kind)
{
	static uint8_t again[SK_OBSERVATION_MAX_BYTES + 2];
	struct sk_cur c = sk_cur_of(bytes, length), form;
	struct sk_observation observation;
	while (sk_more(&c)) {
		const uint8_t *at = c.at;
		if (sk_unpack(&c, kind, day_ns, &observation, &form) != SK_OK)
			return;
		size_t taken = (size_t)(c.at - at), now = sk_more(&form) ? 0 : write_anew(&observation, again);
		SK_INVARIANT(sk_more(&form) || kind != SK_BLOCK_KIND_COUNT - 1 || (now == taken && memcmp(again, at, taken) == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	for (enum sk_block_kind kind = SK_BLOCK_PACKED; kind < SK_BLOCK_KIND_COUNT; kind++)
		take_all(bytes, length, kind);
	return 0;
}
