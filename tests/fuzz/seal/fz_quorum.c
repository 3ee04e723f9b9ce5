/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a quorum. What parses must be monotone: one more signature never breaks a quorum that was met. */
#include <stdlib.h>

#include "seal/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (sk_seal_start() != SK_OK)
		abort();
	struct sk_quorum *quorum = NULL;
	struct sk_fault fault;
	if (sk_quorum_parse((const char *)bytes, length, &quorum, &fault) != SK_OK)
		return 0;
	bool present[SK_QUORUM_NODES_MAX] = {false};
	size_t members = sk_quorum_members(quorum);
	SK_INVARIANT(members <= SK_QUORUM_NODES_MAX);
	bool met = sk_quorum_met(quorum, present);
	for (size_t i = 0; i < members; i++) {
		const char *name = NULL;
		SK_INVARIANT(sk_quorum_member(quorum, i, &name) != NULL && name[0] != '\0');
		present[i] = true;
		bool now = sk_quorum_met(quorum, present);
		SK_INVARIANT(now || !met);
		met = now;
	}
	SK_INVARIANT(met); /* everybody together is always enough */
	sk_quorum_free(quorum);
	return 0;
}
