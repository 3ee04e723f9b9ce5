/* SPDX-License-Identifier: Apache-2.0 */
/* receipt: what the enforcer says it did: signed notes (docs/formats/receipt.md); those of one warrant are numbered and chained, so that none can be left out. Reads no clock. Thread rule: reentrant. */
#ifndef SK_WARRANT_RECEIPT_H
#define SK_WARRANT_RECEIPT_H

#include "warrant/warrant.h"

enum { SK_RECEIPT_TEXT_MAX = 1 << 18, SK_RECEIPT_NOTE_MAX = 1 << 19, SK_RECEIPT_DETAIL_MAX = 512, SK_RECEIPT_PLACE_MAX = 96, SK_RECEIPT_EFFECTS_MAX = 32,
       SK_RECEIPT_TARGET_MAX = 64 };

enum sk_step {
#define SK_STEP(symbol, word, means) SK_STEP_##symbol,
#include "warrant/step.def"
#undef SK_STEP
	SK_STEP_COUNT
};

/* What was seen at one place, summed up over a warrant's items: "resolver udp:192.0.2.53:53", "NXDOMAIN", 250 items. */
struct sk_receipt_effect {
	char place[SK_RECEIPT_PLACE_MAX], seen[SK_RECEIPT_PLACE_MAX];
	uint64_t items;
	bool good;
};

struct sk_warrant_receipt {
	uint8_t warrant[SK_HASH_BYTES];  /* the warrant's digest; of a refused note that is no warrant, SHA-256 of its bytes */
	char order[SK_ORDER_ID_MAX];     /* "" when unknown */
	enum sk_step step;
	uint64_t number;                 /* within the warrant, from 0 */
	uint8_t previous[SK_HASH_BYTES]; /* SHA-256 of the body of the receipt before; zero at number 0 */
	int64_t at_ns, until_ns;         /* until: when the measure must be gone; 0 where it never began */
	char target[SK_RECEIPT_TARGET_MAX]; /* the enforcer's name of it; "" for the warrant as a whole */
	uint64_t items;                  /* how many of the order's targets this is about */
	uint8_t before[SK_HASH_BYTES], after[SK_HASH_BYTES]; /* SHA-256 over what stood there first, and stands there now: canonical text of these items' places */
	char detail[SK_RECEIPT_DETAIL_MAX]; /* one line for a person */
	size_t effect_count;
	struct sk_receipt_effect effects[SK_RECEIPT_EFFECTS_MAX];
	const char *text;                /* dry_run: the exact text; "" elsewhere. Borrowed; of a decoded receipt its own (sk_receipt_fini) */
	char *owned;
	uint8_t digest[SK_HASH_BYTES];   /* of the body; set by encode and decode */
};

/* "accepted", ... Static storage. */
const char *sk_step_name(enum sk_step step);

/* Append the signed note; sets receipt->digest. SK_EUSAGE (a field out of range), SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_receipt_encode(struct sk_warrant_receipt *receipt, const struct sk_sign_key *enforcer, struct sk_buf *out, struct sk_fault *fault);
/* Read one; only the canonical form is accepted. SK_EMALFORMED (the field), SK_ESIGNATURE, SK_ENOMEM. On success sk_receipt_fini frees it. */
SK_MUST enum sk_err sk_receipt_decode(const char *note, size_t length, const struct sk_verify_key *enforcer, struct sk_warrant_receipt *out, struct sk_fault *fault);
/* Free what decode made. */
void sk_receipt_fini(struct sk_warrant_receipt *receipt);
/* Do the receipts follow each other (same warrant, numbers from 0 without a gap, each naming the one before, times not going back, an order of steps that can be)?
   SK_EINCONSISTENT names the first that does not. */
SK_MUST enum sk_err sk_receipts_check(const struct sk_warrant_receipt *receipts, size_t count, struct sk_fault *fault);

#endif
