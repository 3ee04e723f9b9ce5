/* SPDX-License-Identifier: Apache-2.0 */
/* Every detector says what it found in both languages: counted over the table of detectors, so that one without words is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/app.h"
#include "detect/kit_priv.h"

static struct sk_detection found(unsigned variant)
{
	struct sk_detection d = {.class_ = variant % 2 == 0 ? SK_CLASS_DF : SK_CLASS_FD, .ip_proto = variant % 3 == 0 ? 17 : 6, .app = SK_APP_SSH, .half_view = variant % 4 >= 2, .severity = 2, .percent = 80,
				 .initiator = {.family = 4, .bytes = {192, 0, 2, 1}}, .responder = {.family = 4, .bytes = {198, 51, 100, 2}}, .initiator_port = 40000, .responder_port = variant % 2 == 0 ? 443 : 53,
				 .first_ns = 1000000000, .last_ns = 61000000000, .contacts = variant, .answered = 1, .peers = variant, .ports = 3, .value = variant, .limit = 4, .period_ms = 60000};
	(void)snprintf(d.matched, sizeof d.matched, "ja4:t13d1516h2_8daaf6152771_e5627efa2ab1");
	(void)snprintf(d.text, sizeof d.text, "%s", variant % 2 == 0 ? "some.example" : "");
	(void)snprintf(d.about, sizeof d.about, "%s", variant % 2 == 0 ? "likeness" : "");
	return d;
}

static bool is_japanese(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0xe3 && (unsigned char)*text <= 0xe9)
			return true;
	return false;
}

static bool says(const struct sk_words *words)
{
	char text[SK_WORDS_TEXT_MAX];
	return !sk_words_plain(words) && strlen(sk_words_text(words, SK_LANG_EN, text)) > 20 && !is_japanese(text) && is_japanese(sk_words_text(words, SK_LANG_JA, text));
}

static size_t count_dumb(void (*instead)(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out))
{
	static const uint64_t threshold[SK_BASIS_THRESHOLDS_MAX] = {5, 6, 7, 8};
	size_t rows, dumb = 0;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < rows; i++) {
		const struct sk_detector *ops = sk_registry_detector(i);
		bool whole = true;
		/* A request for a count answers with a number, and makes no finding. */
		if (ops == NULL || ops->tell == NULL)
			continue;
		for (unsigned variant = 0; variant < 12; variant++) {
			const struct sk_detection d = found(variant);
			struct sk_telling said;
			memset(&said, 0, sizeof said);
			(instead != NULL && i == 0 ? instead : ops->tell)(&d, threshold, &said);
			whole = whole && says(&said.sentence) && says(&said.why) && says(&said.doubt);
		}
		if (!whole && instead == NULL)
			print_message("%s does not say what it found in both languages\n", table[i].name);
		dumb += !whole;
	}
	return dumb;
}

/* Sabotage: a detector that speaks English alone. */
static void tell_in_english(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	(void)d, (void)threshold;
	sk_words_set(&out->sentence, "Something happened to somebody somewhere.");
	sk_words_set(&out->why, "It looked like it, and nothing else did.");
	sk_words_set(&out->doubt, "It may be something else altogether.");
}

static void every_detector_speaks_both_languages(void **state)
{
	(void)state;
	assert_int_equal(count_dumb(NULL), 0);
	assert_int_equal(count_dumb(tell_in_english), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_detector_speaks_both_languages)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
