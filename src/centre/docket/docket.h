/* SPDX-License-Identifier: Apache-2.0 */
/* docket: all acts of the centre, one after the other: a row with the signed note, a leaf in the ledger that commits to it. What state a matter is in is
   nowhere stored: it is read off its acts, and each act that is read is compared with its leaf first.
   Promises: a row that was changed, added or taken away is told by its leaf, and nothing is built on it; row first, then leaf, then checkpoint, and a row
   without a leaf (a crash) is rolled back at the next opening. Never: judges whether an act was allowed (decide, access), opens a log (cmd hands it in).
   Thread rule: one thread a docket. */
#ifndef SK_DOCKET_H
#define SK_DOCKET_H

#include "ledger/act.h"

struct sk_docket; /* opaque */

/* The ledger that the acts go to, handed in by cmd; only acts, behind the opening leaf. `append` NULL: for reading alone. */
struct sk_docket_log {
	void *context;
	enum sk_err (*append)(void *context, const char *record, size_t length, struct sk_receipt *receipt, struct sk_fault *fault);
	enum sk_err (*commit)(void *context, struct sk_fault *fault);
	uint64_t (*size)(void *context);                                                     /* committed leaves */
	enum sk_err (*leaf)(void *context, uint64_t index, struct sk_buf *out, struct sk_fault *fault); /* one committed leaf, whole */
};

/* One act as the docket holds it. Borrowed for the length of a visit. */
struct sk_entry {
	uint64_t leaf;
	struct sk_act act;               /* parsed from the note */
	char from[SK_ACT_WORD_MAX], to[SK_ACT_WORD_MAX];
	const char *note;                /* statement and signatures */
	size_t note_length;
	const uint8_t *note_salt, *matter_salt; /* of the leaf's commitments to note and matter: whoever is to check them needs these */
};

/* Open the file (made when absent, 0600). Rows behind the ledger's end are dropped and counted in *rolled_back. SK_EINCONSISTENT: the ledger has more acts than
   there are rows. SK_EIO, SK_ENOMEM, SK_ENOENT (for reading alone). log is copied; its context must outlive the docket. */
SK_MUST enum sk_err sk_docket_open(const char *path, const struct sk_docket_log *log, struct sk_docket **out, uint64_t *rolled_back, struct sk_fault *fault);
/* The log has grown since this docket was opened: are there as many rows from that leaf on as new leaves? Rows before it are not counted again. SK_EINCONSISTENT, SK_EIO. */
SK_MUST enum sk_err sk_docket_grown(struct sk_docket *docket, uint64_t from_leaf, struct sk_fault *fault);
/* Close (NULL is fine). */
void sk_docket_close(struct sk_docket *docket);

/* Add one act: note (a statement that its author signed; the caller has verified and judged it), the step it makes, what is published of it. facts gives
   from, to, counts and words; the rest is filled in here. Committed when this returns SK_OK. SK_EMALFORMED (no statement), SK_ESEEN (this statement was
   added before), SK_EUSAGE (its `previous` is not the last act of its matter: somebody was faster; or a word out of form), SK_ELEDGER, SK_EIO. */
SK_MUST enum sk_err sk_docket_add(struct sk_docket *docket, const char *note, size_t note_length, struct sk_act_facts *facts, struct sk_receipt *receipt,
				  struct sk_fault *fault);

typedef enum sk_err (*sk_docket_visit)(void *context, const struct sk_entry *entry, struct sk_fault *fault);
/* Visit acts in order: of a kind of matter (NULL: all), of one matter (NULL: all), from that leaf on. Each is compared with its leaf before the visit:
   SK_EINCONSISTENT names the row. A visit that returns other than SK_OK ends the walk with that. */
SK_MUST enum sk_err sk_docket_walk(struct sk_docket *docket, const char *matter, const char *id, uint64_t from_leaf, sk_docket_visit visit, void *context,
				   struct sk_fault *fault);
/* How many acts there are of a kind of matter, or (id not NULL) of one matter. Rows are counted, not compared: by an index. */
SK_MUST enum sk_err sk_docket_count(struct sk_docket *docket, const char *matter, const char *id, uint64_t *count, struct sk_fault *fault);
/* The digest of a matter's last act (zeros when it has none) and the state that it led to. */
SK_MUST enum sk_err sk_docket_last(struct sk_docket *docket, const char *matter, const char *id, uint8_t digest[SK_HASH_BYTES], char state[SK_ACT_WORD_MAX],
				   bool *found, struct sk_fault *fault);
/* Every row against its leaf and every leaf against a row. SK_EINCONSISTENT names the first that does not agree; *acts gets how many do. */
SK_MUST enum sk_err sk_docket_check(struct sk_docket *docket, uint64_t *acts, struct sk_fault *fault);
/* What oversight needs to recompute everything with its own program: one line of canonical JSON an act (leaf, salts, id, note), in order, handed to `line`. */
SK_MUST enum sk_err sk_docket_openings(struct sk_docket *docket, enum sk_err (*line)(void *context, const char *text, size_t length), void *context,
				       struct sk_fault *fault);

#endif
