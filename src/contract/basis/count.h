/* SPDX-License-Identifier: Apache-2.0 */
/* basis/count.h: the count-only selector: how many hosts of our own talk to a target, for a while, and nothing else of it (DESIGN.md 6, Blast radius). A signed note whose
   body is one line of canonical JSON (docs/formats/count.md), from whoever approves a sensor's basis to that sensor.
   Promises: decode accepts only the canonical form with a valid signature, targets within the limits of a measure, a day at most. Reads no clock. Thread rule: reentrant. */
#ifndef SK_BASIS_COUNT_H
#define SK_BASIS_COUNT_H

#include "basis/basis.h"

enum {
	SK_COUNT_ID_MAX = 48, SK_COUNT_TARGETS_MAX = 16, SK_COUNT_TARGET_MAX = 256, SK_COUNT_WHY_MAX = 512, SK_COUNT_TEXT_MAX = 16384,
	SK_COUNT_LIFE_MAX_S = 86400,
	SK_COUNT_V4_MIN = 24, SK_COUNT_V6_MIN = 48 /* the shortest prefixes, as of the widest measures (warrant/measure.def) */
};
/* The detector that a basis names where this may be asked of a sensor. */
#define SK_COUNT_DETECTOR "count.only"

struct sk_count_target {
	struct sk_prefix prefix;         /* family 0: a name, and everything below it */
	char text[SK_COUNT_TARGET_MAX];
};

struct sk_count_request {
	char id[SK_COUNT_ID_MAX];        /* a-z 0-9 - . */
	char basis[SK_BASIS_ID_MAX];     /* whose sensor counts */
	int64_t from_ns, until_ns;       /* in force: from <= now < until; whole seconds, a day apart at most */
	char purpose[SK_BASIS_NAME_MAX]; /* a word; which there are is not this room's to know */
	char why[SK_COUNT_WHY_MAX];
	size_t target_count;
	struct sk_count_target targets[SK_COUNT_TARGETS_MAX]; /* texts ascending, each once */
	uint8_t digest[SK_HASH_BYTES];   /* SHA-256 of the note's body; set by decode and encode */
};

/* Take a target as a person writes it ("*.NAME" is NAME: what lies below is counted in any case; an address is its own prefix). SK_EUSAGE: neither a prefix within
   the limits nor a name of two labels or more; ascending order is kept, and the same target once more changes nothing. SK_EUSAGE: too many. */
SK_MUST enum sk_err sk_count_request_add(struct sk_count_request *request, const char *target, struct sk_fault *fault);
/* Write the signed note. Sets request->digest. SK_EUSAGE when a field is out of its range (the fault names it). */
SK_MUST enum sk_err sk_count_request_encode(struct sk_count_request *request, const struct sk_sign_key *key, struct sk_buf *out, struct sk_fault *fault);
/* Parse and verify under key. SK_ESIGNATURE, SK_EMALFORMED (field named; any form but the canonical one, limits included). No fault has a target in it. rule: COUNT-1 */
SK_MUST enum sk_err sk_count_request_decode(const char *text, size_t length, const struct sk_verify_key *key, struct sk_count_request *out, struct sk_fault *fault);
/* May it run under this basis at that time? SK_EPERMIT (another basis, or one that does not name count.only or covers transit alone), SK_EFUTURE, SK_EEXPIRED. rule: COUNT-1 */
SK_MUST enum sk_err sk_count_request_runs(const struct sk_count_request *request, const struct sk_basis *basis, int64_t now_ns, struct sk_fault *fault);

#endif
