/* SPDX-License-Identifier: Apache-2.0 */
/* store/original.h: originals of tokens. Each is sealed under a key of its own, which is split: Q, of which each custodian has a share and `needed` give it back,
   and P, which privacy officers alone have; the key is P xor Q. So M of N with a privacy officer among them is arithmetic and not a check. The whole lies under the
   day's key besides, and goes with it. rule: CUSTODY-5 */
#ifndef SK_STORE_ORIGINAL_H
#define SK_STORE_ORIGINAL_H

#include "store/store.h"

enum { SK_ENVELOPE_MAX = 4096, SK_PART_MAX = 72 };

/* What one custodian holds of one original. */
struct sk_original_part {
	uint8_t length;
	uint8_t bytes[SK_PART_MAX];
};

/* Keep an original, once a token, value and day. Does nothing where the store was opened without custodians. Within an interval; sticky as sk_store_put. */
SK_MUST enum sk_err sk_store_put_original(struct sk_store *store, const struct sk_original *original, struct sk_fault *fault);
typedef enum sk_err (*sk_envelope_visit)(void *context, const uint8_t tag[SK_TAG_BYTES], const uint8_t *envelope, size_t length);
/* The envelopes of a token that was kept on the day of time_ns: none, one, or several where two hosts met in one token. SK_ENOENT: none; SK_EERASED: its day was erased;
   SK_EKEYSPLIT: oversight's share is not open. */
SK_MUST enum sk_err sk_store_originals(struct sk_store *store, int64_t time_ns, const char *token, sk_envelope_visit visit, void *context, struct sk_fault *fault);
/* Take one's own part out of an envelope. SK_ENOENT: this key is no custodian of it; SK_ESIGNATURE: its box was altered; SK_EMALFORMED. */
SK_MUST enum sk_err sk_original_part(const uint8_t *envelope, size_t length, const struct sk_sign_key *key, struct sk_original_part *out, struct sk_fault *fault);
/* Open an envelope with the parts of different custodians. SK_EREIDENT: too few, or no privacy officer's among them, or a wrong one. */
SK_MUST enum sk_err sk_original_open(const uint8_t *envelope, size_t length, const struct sk_original_part *parts, size_t count, char value[SK_ORIGINAL_MAX],
				     struct sk_fault *fault);
/* May these be custodians: two of them needed at least (policy's number), no more than there are, a privacy officer among them, keys that can open, no key twice?
   SK_EUSAGE says what is wrong. */
SK_MUST enum sk_err sk_custodians_check(const struct sk_custodians *custodians, unsigned least, struct sk_fault *fault);

#endif
