/* SPDX-License-Identifier: Apache-2.0 */
/* case/bundle.h: evidence that leaves the centre with its chain of custody: one tar, whose signed manifest names every file by its hash and every entry of the case by its leaf; with the notes, salts and
   inclusion proofs that let anybody recompute it with the log's key alone (docs/cases.md).
   Promises: what goes to a court or a partner is of a type that nothing of grade A or G1 can be turned into; what is held back is named as held back. A checker trusts nothing but what it recomputed, and
   opens no file that the bundle names. Never: opens a connection. Thread rule: reentrant. rule: CASE-4 */
#ifndef SK_CASE_BUNDLE_H
#define SK_CASE_BUNDLE_H

#include "case/case.h"
#include "ledger/ledger.h"

enum { SK_BUNDLE_MAX = 256 << 20, SK_BUNDLE_FILES_MAX = 20000, SK_BUNDLE_MANIFEST_MAX = 1 << 24, SK_BUNDLE_NAME_MAX = 96 };

/* One entry as it may go out: only sk_case_outward makes it. */
struct sk_outward {
	const struct sk_case_entry *entry; /* NULL: held back */
	enum sk_case_audience audience;
};
/* May this entry go to that audience, at most at that grade? SK_OK: *out holds it, or holds it back because
   its grade is above. SK_EFORBIDDEN: `wanted` by name although it is selected information and the audience is no overseer. rule: CASE-4 */
SK_MUST enum sk_err sk_case_outward(const struct sk_case_entry *entry, enum sk_case_audience audience, enum sk_case_grade most, bool wanted, struct sk_outward *out, struct sk_fault *fault);
/* May a bundle of this case be made for that audience at that grade at all? Above it: only under a lowering that a second person reviewed. SK_EPERMIT says what is missing. rule: CASE-3 */
SK_MUST enum sk_err sk_case_may_bundle(const struct sk_case *c, enum sk_case_audience audience, enum sk_case_grade most, struct sk_fault *fault);

/* Where the bundle's proofs come from; the log as cmd has it. */
struct sk_bundle_log {
	const char *ledger_folder;
	const struct sk_note *head;      /* its signed checkpoint */
	const char *head_text;
	size_t head_length;
	uint64_t size;
	const struct sk_sign_key *key;   /* of the centre: signs the manifest */
	const char *origin;
	bool simulated;
};
struct sk_bundle_order {
	enum sk_case_audience audience;
	enum sk_case_grade most;
	const uint32_t *wanted;          /* entries that must be in it; the rest is as grades allow */
	size_t wanted_count;
	const char *by, *text;
	int64_t now_ns;
};
/* Append the tar to out. digest: SHA-256 of the manifest's note, by which it is known from then on. Errors of sk_case_may_bundle, sk_case_outward, and of reading. */
SK_MUST enum sk_err sk_bundle_make(struct sk_cases *cases, struct sk_docket *docket, const struct sk_case *c, const struct sk_bundle_log *log, const struct sk_bundle_order *order, struct sk_buf *out,
				   uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);

/* What a check found. */
struct sk_bundle_facts {
	char id[SK_MATTER_ID_MAX], audience[16], grade[8], made_by[SK_MATTER_ID_MAX], origin[SK_KEY_NAME_MAX], key[SK_VKEY_TEXT_MAX];
	int64_t made_ns;
	uint64_t entries, revealed, files, size; /* size: of the log whose head the proofs lead to */
	uint8_t digest[SK_HASH_BYTES];
	bool simulated;
};
/* Check a bundle offline: manifest, hashes, notes, commitments, proofs, grades. trusted (NULL: the key that the manifest names, which out then tells): the centre's key. SK_EMALFORMED, SK_ESIGNATURE,
   SK_EINCONSISTENT (something is not what the manifest or the ledger says; the fault names it), SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_bundle_check(const void *tar, size_t length, const struct sk_verify_key *trusted, struct sk_bundle_facts *out, struct sk_fault *fault);

#endif
