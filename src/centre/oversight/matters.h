/* SPDX-License-Identifier: Apache-2.0 */
/* oversight/matters.h: what oversight itself does, as acts: remarks (notice, demand, recommendation) with a day until which they are answered, inspections, and the errors that organisations
   report of themselves. docs/oversight.md has the states and what each act says.
   Promises: what state a matter is in is read off its acts; a remark is issued and closed by oversight alone and answered by whom it is for; what is published are words of words.def and counts.
   Never: opens a log, reads a clock, prints. Thread rule: reentrant. rule: REMARK-1 REMARK-2 */
#ifndef SK_OVERSIGHT_MATTERS_H
#define SK_OVERSIGHT_MATTERS_H

#include "access/access.h"
#include "docket/docket.h"

enum { SK_REMARK_TEXT_MAX = 4096, SK_OVERSIGHT_MATTERS_MAX = 65536 };

/* Sets of public words (words.def). */
enum sk_oversight_set { SK_WORDS_KIND, SK_WORDS_ABOUT, SK_WORDS_OCCASION, SK_WORDS_LOOK, SK_WORDS_QUERY, SK_WORDS_RESULT };
/* Is this a word of that set? */
bool sk_oversight_word(enum sk_oversight_set set, const char *word);
/* Word i of a set, with its texts; NULL past the end. Static. */
const char *sk_oversight_word_at(enum sk_oversight_set set, size_t i, const char **japanese, const char **english);

/* The state that an act leads to, "" before the first. SK_EREMARK: there is no such step from there (the fault names those that there are). Static storage. */
SK_MUST enum sk_err sk_oversight_step(const char *matter, const char *event, const char *from, const char **to, struct sk_fault *fault);

/* What a matter of these is, as its acts tell. Texts are cut at their ends. */
struct sk_oversight_matter {
	char matter[SK_ACT_WORD_MAX], id[SK_MATTER_ID_MAX], state[SK_ACT_WORD_MAX];
	char kind[SK_ACT_WORD_MAX], about[SK_ACT_WORD_MAX]; /* remark: kind, topic; selfreport: topic; inspection: occasion */
	char to[SK_MATTER_ID_MAX];       /* remark: the organisation that answers */
	char suspends[SK_MATTER_ID_MAX]; /* remark: the basis that this demand suspends; "" none */
	char text[SK_REMARK_TEXT_MAX];   /* of the first act: gist, what went wrong, scope */
	char answer[SK_REMARK_TEXT_MAX]; /* the last answer, assessment or conclusion */
	char by[SK_MATTER_ID_MAX];       /* organisation of its first author */
	int64_t opened_ns, due_ns, last_ns;
	uint64_t acts, first_leaf;
};
/* A remark that is due and not answered. */
bool sk_oversight_overdue(const struct sk_oversight_matter *matter, int64_t now_ns);

/* Bodies of acts, appended to out. due_ns as of the remark. */
void sk_remark_issue_body(const char *kind, const char *about, const char *to, const char *suspends, int64_t due_ns, const char *text, struct sk_buf *out);
/* answer, close, withdraw, amend, assess: a text. */
void sk_oversight_text_body(const char *text, struct sk_buf *out);
/* insist: why, and until when. */
void sk_remark_insist_body(int64_t due_ns, const char *text, struct sk_buf *out);
/* selfreport file. */
void sk_selfreport_body(const char *about, const char *text, struct sk_buf *out);
/* inspection begin, look, query, conclude: a word of the set that belongs to it, and a text. answers: rows that a query answered with; at its end, remarks that were made. */
void sk_inspection_body(const char *word, const char *text, uint64_t answers, struct sk_buf *out);

/* Judge one act of these matters as things stand. *matter: as its acts so far tell (zeroed before the first); on SK_OK it is carried out on it and facts is filled for sk_docket_add. k: counts below it
   are not published. SK_EREMARK (no such step; a day that is over; a basis suspended by less than a demand), SK_EPERMIT (not this person, or not whom it is for), SK_EMALFORMED (body), and what
   sk_access_who says. rule: REMARK-2 */
SK_MUST enum sk_err sk_oversight_judge(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, unsigned k, struct sk_oversight_matter *matter, struct sk_act_facts *facts,
				       struct sk_fault *fault);

typedef enum sk_err (*sk_oversight_visit)(void *context, const struct sk_oversight_matter *matter, struct sk_fault *fault);
/* Fold a kind of matter (or one of it; NULL: all) and visit each in the order in which they began. Acts that were not allowed have no effect and are counted. */
SK_MUST enum sk_err sk_oversight_each(struct sk_docket *docket, struct sk_access *access, unsigned k, const char *matter, const char *id, sk_oversight_visit visit, void *context,
				      uint64_t *without_effect, struct sk_fault *fault);

#endif
