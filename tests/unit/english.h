/* SPDX-License-Identifier: Apache-2.0 */
/* What a finding says, in English, for tests that look for words. Of the last four calls. */
#ifndef SK_TESTS_ENGLISH_H
#define SK_TESTS_ENGLISH_H

#include "observe/words.h"

static inline const char *english(const struct sk_words *words)
{
	static char texts[4][SK_WORDS_TEXT_MAX];
	static unsigned at;
	return sk_words_text(words, SK_LANG_EN, texts[at++ % 4]);
}

#endif
