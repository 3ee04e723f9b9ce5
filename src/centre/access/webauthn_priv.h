/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser hands over, taken apart. Both parsers read bytes from outside. */
#ifndef SK_ACCESS_WEBAUTHN_PRIV_H
#define SK_ACCESS_WEBAUTHN_PRIV_H

#include "access/factor.h"
#include "text/json.h"

enum { SK_CBOR_ITEMS_MAX = 4096, SK_CLIENT_TYPE_MAX = 32, SK_ORIGIN_MAX = 256 };

/* The JSON of a credential or an assertion, decoded. Members that this kind does not have are empty. */
struct sk_webauthn_response {
	uint8_t id[SK_CREDENTIAL_ID_MAX];
	size_t id_length;
	struct sk_buf client_data, attestation, authenticator_data, signature; /* owned */
	/* Out of the client's data: */
	char type[SK_CLIENT_TYPE_MAX], origin[SK_ORIGIN_MAX];
	uint8_t challenge[SK_CHALLENGE_BYTES];
	bool cross_origin;
};

/* Parse; registering says which of the two it must be. SK_EMALFORMED names the member. Free out in either case. */
SK_MUST enum sk_err sk_webauthn_parse(const char *text, size_t length, bool registering, struct sk_webauthn_response *out, struct sk_fault *fault);
/* Free what it holds. */
void sk_webauthn_response_fini(struct sk_webauthn_response *response);

/* An attestation object (CBOR map of fmt, attStmt, authData); slices are borrowed. */
struct sk_attestation {
	char format[SK_CLIENT_TYPE_MAX];
	const uint8_t *statement, *authenticator_data;
	size_t statement_length, authenticator_length;
};
/* Take it apart: definite lengths alone, nothing behind it. SK_EMALFORMED. */
SK_MUST enum sk_err sk_attestation_parse(const uint8_t *bytes, size_t length, struct sk_attestation *out, struct sk_fault *fault);

/* The key of a credential's item, with that name, for that relying party; false: it signs no acts. */
bool sk_webauthn_key_of(const struct sk_json_value *top, const char *name, const char *rp_id, struct sk_verify_key *out);
/* Forget enrolled keys that waited for more than a day; SK_ETOOBIG when as many wait still as may. Inside a transaction. */
SK_MUST enum sk_err sk_enrolled_prune(struct sk_factors *factors, int64_t now_ns, struct sk_fault *fault);

#endif
