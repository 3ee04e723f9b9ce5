/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser hands over: JSON of a credential or an assertion, and the attestation object in CBOR. Slices stay inside, and what is told has its form. */
#include <string.h>

#include "access/webauthn_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void attestation(const uint8_t *bytes, size_t length)
{
	struct sk_attestation found;
	struct sk_fault fault;
	if (sk_attestation_parse(bytes, length, &found, &fault) != SK_OK)
		return;
	SK_INVARIANT(found.statement >= bytes && found.statement + found.statement_length <= bytes + length && found.statement_length != 0);
	SK_INVARIANT(found.authenticator_data >= bytes && found.authenticator_data + found.authenticator_length <= bytes + length);
	SK_INVARIANT(found.format[0] != '\0' && strnlen(found.format, sizeof found.format) < sizeof found.format);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_webauthn_response response;
	struct sk_fault fault;
	for (int registering = 0; registering < 2; registering++) {
		if (sk_webauthn_parse((const char *)bytes, length, registering != 0, &response, &fault) == SK_OK) {
			SK_INVARIANT(response.id_length != 0 && response.id_length <= sizeof response.id && response.client_data.length != 0);
			SK_INVARIANT((response.attestation.length != 0) == (registering != 0) && (response.signature.length != 0) == (registering == 0));
			if (registering != 0)
				attestation(response.attestation.bytes, response.attestation.length);
		}
		sk_webauthn_response_fini(&response);
	}
	attestation(bytes, length);
	return 0;
}
