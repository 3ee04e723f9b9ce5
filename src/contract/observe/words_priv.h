/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of words share. */
#ifndef SK_OBSERVE_WORDS_PRIV_H
#define SK_OBSERVE_WORDS_PRIV_H

#include "observe/words.h"

/* A phrase as it was read; addresses lie in addrs, texts in the bytes. */
struct sk_said {
	unsigned number;
	size_t count;
	struct sk_arg args[SK_WORDS_ARGS_MAX];
	struct sk_addr addrs[SK_WORDS_ARGS_MAX];
};
/* False: not of the form. */
SK_MUST bool sk_words_take_phrase(struct sk_cur *c, struct sk_said *out);
/* Its row, where its values are those of the row; else NULL. */
const struct sk_words_row *sk_words_row_of(const struct sk_said *said);
/* The word of that number; "?" where there is none. */
const char *sk_words_word(unsigned number, enum sk_lang lang);
/* The next "{" place "}" of a phrase at or behind *at; *at moves behind it, *text is what stands before it. False: there is none, and *text is what is left. */
bool sk_words_place(const char **at, const char **text, size_t *text_length, const char **place, size_t *place_length);
/* Is the place "s" or "s1"? */
bool sk_words_is_plural(const char *place, size_t length);

#endif
