/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a warrant. The input is also taken as a body and signed with the centre's key here, so that the parser behind the signature, the quorum
   and the approvals are reached. What the harness cannot make is an approval: nothing it sends may ever be accepted. */
#include <stdlib.h>

#include "warrant/warrant.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_sign_key *centre;
	static struct sk_warrant_trust trust;
	static struct sk_warrant warrant;
	if (centre == NULL) {
		if (sk_seal_start() != SK_OK || sk_sign_key_new("centre", &centre) != SK_OK)
			abort();
		trust.centre = sk_sign_key_public(centre);
		/* the quorum of the seeds (make_seeds prints it), so that the configured-quorum check can be passed */
		static const uint8_t seeds_quorum[SK_HASH_BYTES] = {
			0x16, 0x57, 0x08, 0x8c, 0xa6, 0x0a, 0xd6, 0xd8, 0xdc, 0xa6, 0x09, 0x10, 0x60, 0x9b, 0x0b, 0x59,
			0x38, 0xe4, 0x21, 0x48, 0x31, 0x00, 0x99, 0xa2, 0x15, 0x06, 0xa3, 0xbc, 0x8a, 0xbc, 0xf5, 0x64};
		for (unsigned level = 0; level < SK_LEVEL_COUNT; level++)
			for (unsigned i = 0; i < SK_HASH_BYTES; i++)
				trust.quorum[level][i] = seeds_quorum[i];
	}
	struct sk_fault fault;
	const int64_t now_ns = INT64_C(1795305600) * 1000000000; /* 2026-11-22, inside the seeds' dates */
	SK_INVARIANT(sk_warrant_decode((const char *)bytes, length, &trust, now_ns, &warrant, &fault) != SK_OK);
	if (length == 0 || length > SK_WARRANT_TEXT_MAX / 2 || bytes[length - 1] != '\n')
		return 0;
	struct sk_buf note;
	sk_buf_init(&note, SK_WARRANT_TEXT_MAX);
	sk_note_sign(&note, (const char *)bytes, length, centre);
	SK_INVARIANT(sk_warrant_decode(sk_buf_text(&note), note.length, &trust, now_ns, &warrant, &fault) != SK_OK);
	sk_buf_fini(&note);
	return 0;
}
