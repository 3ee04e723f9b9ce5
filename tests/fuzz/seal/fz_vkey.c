/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a verifier key and as a signing key. What parses is written back byte for byte the same. */
#include <stdlib.h>
#include <string.h>

#include "seal/seal_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (sk_seal_start() != SK_OK)
		abort();
	struct sk_span text = {(const char *)bytes, length};
	struct sk_verify_key key;
	char again[SK_VKEY_TEXT_MAX];
	if (sk_verify_key_parse_span(text, &key) == SK_OK) {
		(void)sk_verify_key_format(&key, again);
		SK_INVARIANT(strlen(again) == length && memcmp(again, bytes, length) == 0);
	}
	struct sk_sign_key *signer = NULL;
	if (sk_sign_key_parse(text, &signer) == SK_OK) {
		uint8_t signature[SK_SIGN_BYTES];
		sk_sign(signer, bytes, length, signature);
		SK_INVARIANT(sk_verify(sk_sign_key_public(signer), bytes, length, signature) == SK_OK);
		sk_sign_key_free(signer);
	}
	return 0;
}
