/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever decodes has exactly one form: it encodes to the same bytes again; and it can be read in both languages. */
#include <string.h>

#include "observe/observe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_finding finding;
	struct sk_buf again;
	if (sk_finding_decode(bytes, length, &finding) != SK_OK)
		return 0;
	sk_buf_init(&again, length);
	sk_finding_encode(&finding, &again);
	SK_INVARIANT(again.failed == SK_OK && again.length == length && memcmp(again.bytes, bytes, length) == 0);
	sk_buf_fini(&again);
	for (int lang = 0; lang < SK_LANG_COUNT; lang++) {
		char text[SK_WORDS_TEXT_MAX];
		SK_INVARIANT(strlen(sk_words_text(&finding.sentence, (enum sk_lang)lang, text)) < sizeof text);
		SK_INVARIANT(strlen(sk_words_text(&finding.why, (enum sk_lang)lang, text)) < sizeof text);
		SK_INVARIANT(strlen(sk_words_text(&finding.doubt, (enum sk_lang)lang, text)) < sizeof text);
	}
	return 0;
}
