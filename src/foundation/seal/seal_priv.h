/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: a span over text from outside, the rules of key names, and the key text parsers. */
#ifndef SK_SEAL_PRIV_H
#define SK_SEAL_PRIV_H

#include <string.h>

#include "seal/seal.h"

enum { SK_KEY_ED25519 = 0x01, SK_KEY_COSIGNATURE = 0x04, SK_KEY_UNASSIGNED = 0xff };

/* Borrowed text of known length. Read by taking pieces off the front, never by index. */
struct sk_span {
	const char *at;
	size_t length;
};

/* Take everything up to the first `mark` off the front of *rest into *piece; the mark itself is dropped. False, with nothing taken, when there is none. */
static inline bool sk_span_until(struct sk_span *rest, char mark, struct sk_span *piece)
{
	const char *found = rest->length != 0 ? memchr(rest->at, mark, rest->length) : NULL;
	if (found == NULL)
		return false;
	*piece = (struct sk_span){rest->at, (size_t)(found - rest->at)};
	rest->length -= piece->length + 1;
	rest->at = found + 1;
	return true;
}

/* Does the span begin with the text? Then take it off. */
static inline bool sk_span_skip(struct sk_span *rest, const char *text)
{
	size_t length = strlen(text);
	if (rest->length < length || memcmp(rest->at, text, length) != 0)
		return false;
	rest->at += length;
	rest->length -= length;
	return true;
}

static inline bool sk_span_is(struct sk_span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.at, text, span.length) == 0;
}

/* Is it well-formed UTF-8 without ASCII control characters (LF is allowed when told so) and, when told so, without Unicode spaces? */
bool sk_span_text_valid(struct sk_span span, bool line_feeds, bool spaces);
/* C2SP signed-note: a key name is not empty, UTF-8, without Unicode spaces, control characters and plus. Any length. */
bool sk_key_name_valid(struct sk_span name);
/* First 4 bytes of SHA-256(name LF type key), big-endian; the type of an unassigned kind is 0xff, its long name and LF, its key has the scope behind it. */
uint32_t sk_key_id(const struct sk_verify_key *key);
/* A scope stands where the kind has one, and is printable ASCII without spaces. */
bool sk_key_scope_valid(const struct sk_verify_key *key);
/* A signature of the kinds in kind.def over a text. SK_OK or SK_ESIGNATURE. */
SK_MUST enum sk_err sk_sshsig_verify(const struct sk_verify_key *key, const void *text, size_t text_length, const void *blob, size_t length);
/* As above. */
SK_MUST enum sk_err sk_webauthn_verify(const struct sk_verify_key *key, const void *text, size_t text_length, const void *packed, size_t length);
/* Strict base64 (padding, zero trailing bits) of at most `capacity` bytes; *length gets their number. */
bool sk_span_base64(struct sk_span text, uint8_t *bytes, size_t capacity, size_t *length);
/* Parse a verifier key of known length. SK_EMALFORMED. */
SK_MUST enum sk_err sk_verify_key_parse_span(struct sk_span text, struct sk_verify_key *out);
/* Parse "PRIVATE+KEY+name+hex8+base64(0x01||seed)". SK_EMALFORMED, SK_ENOMEM. Caller frees. */
SK_MUST enum sk_err sk_sign_key_parse(struct sk_span text, struct sk_sign_key **out);
/* The secret half as libsodium has it (seed and public key), borrowed. */
const uint8_t *sk_sign_key_secret(const struct sk_sign_key *key);

#endif
