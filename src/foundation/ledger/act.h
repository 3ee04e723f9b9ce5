/* SPDX-License-Identifier: Apache-2.0 */
/* ledger/act.h: an act is one step of one matter at the centre: who may look, who decides, what is done (docs/formats/act.md). It has two forms:
   the statement, which its author signs (a note whose body is one line of canonical JSON, kept by the centre and opened to oversight), and the leaf, which is
   published: names of tables, counts, and salted commitments to the matter and to the note.
   Promises: one byte form each; a statement is bound to its matter, its policy and the act before it, so it can be neither replayed nor put in another order.
   Never: knows which steps a matter may take (the tables of basis, warrant and the centre's rooms do). Reads no clock. Thread rule: reentrant. */
#ifndef SK_LEDGER_ACT_H
#define SK_LEDGER_ACT_H

#include "ledger/record.h"

enum { SK_MATTER_ID_MAX = 64, SK_ACT_WORD_MAX = 32, SK_ACT_WORDS_MAX = 16, SK_ACT_BODY_MAX = 1 << 19, SK_ACT_TEXT_MAX = (1 << 19) + 4096 };

/* What an author signs. */
struct sk_act {
	char matter[SK_ACT_WORD_MAX];    /* kind of matter: a-z 0-9 _ . */
	char id[SK_MATTER_ID_MAX];       /* which one: one word of printable ASCII */
	char event[SK_ACT_WORD_MAX];     /* which step: a-z 0-9 _ . */
	int64_t time_ns;                 /* when its author says it was; the centre refuses one that is not near its own clock */
	uint8_t previous[SK_HASH_BYTES]; /* digest of the act before it in this matter; zeros: it is the first */
	uint8_t policy[SK_HASH_BYTES];   /* digest of the policy that it was made under */
	const char *body;                /* borrowed: a canonical JSON object, what this kind of step says ("{}" when nothing) */
	size_t body_length;
	uint8_t digest[SK_HASH_BYTES];   /* SHA-256 of the statement's line; set by write and read */
};

/* Append the statement (one line, LF at its end): what is signed. Sets act->digest. The buffer fails with SK_EUSAGE when a field is out of form. */
void sk_act_write(struct sk_act *act, struct sk_buf *out);
/* Parse a statement; body is borrowed from text. SK_EMALFORMED names the field; any form but the canonical one is refused. */
SK_MUST enum sk_err sk_act_read(const char *text, size_t length, struct sk_act *out, struct sk_fault *fault);

/* What is published of an act. */
struct sk_act_facts {
	char matter[SK_ACT_WORD_MAX], event[SK_ACT_WORD_MAX];
	char from[SK_ACT_WORD_MAX], to[SK_ACT_WORD_MAX]; /* states of the matter's table; from "" for the first act; both "" where a matter has no states */
	int64_t time_ns;
	uint8_t subject[SK_HASH_BYTES];  /* sk_commit to "matter id", the same salt for all acts of a matter */
	uint8_t document[SK_HASH_BYTES]; /* sk_commit to the whole note */
	uint8_t policy[SK_HASH_BYTES];
	uint64_t previous;               /* leaf index of the act before it plus one; 0: it is the first */
	size_t count_count;
	struct sk_cell counts[SK_CELLS_MAX]; /* public numbers: names of tables, ascending, `frames` from 1 (0 is left out); bytes 0 */
	size_t word_count;
	char words[SK_ACT_WORDS_MAX][SK_ACT_WORD_MAX]; /* public words, ascending: names of tables, such as "level.high", "measure.rpz", "urgent" */
};
/* Append the leaf. The buffer fails with SK_EUSAGE when something is out of form or order. */
void sk_record_act(struct sk_buf *out, const struct sk_act_facts *facts);

#endif
