/* SPDX-License-Identifier: Apache-2.0 */
/* What findings say: the table is whole in both languages, and whatever bytes are read, they say something bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/app.h"
#include "observe/observe.h"

static const struct sk_addr somebody = {.family = 4, .bytes = {192, 0, 2, 7}};

static struct sk_arg sample(enum sk_arg_type type, unsigned i)
{
	switch (type) {
	case SK_ARG_ADDR: return sk_arg_addr(&somebody);
	case SK_ARG_WORD: return sk_arg_word(SK_WORD_INSIDE);
	case SK_ARG_SPAN: return sk_arg_span(INT64_C(1790000000000000000), INT64_C(1790000060000000000));
	case SK_ARG_SERVICE: return sk_arg_service(6, 443);
	case SK_ARG_PORT: return sk_arg_port(17, 53);
	case SK_ARG_APP: return sk_arg_app(SK_APP_SSH);
	case SK_ARG_TEXT: return sk_arg_text("some.example", 64);
	case SK_ARG_REAL: return sk_arg_real(1, 12.25);
	case SK_ARG_VOLUME: return sk_arg_volume((struct sk_words_volume){.out = 2048, .in = 4096});
	case SK_ARG_ANSWERS: return sk_arg_answers((struct sk_words_answers){.queries = 3, .responses = 2, .nxdomain = 1});
	case SK_ARG_COUNTRIES: return sk_arg_countries((struct sk_words_countries){.named = 2, .more = 1, .codes = {'X' << 8 | 'A', 'X' << 8 | 'B'}});
	default: return (struct sk_arg){.type = type, .number = 1000 + i};
	}
}

/* The values of a row's English places. */
static size_t samples(const struct sk_words_row *row, struct sk_arg args[SK_WORDS_ARGS_MAX + 1])
{
	size_t count = 1;
	args[0] = (struct sk_arg){.type = SK_ARG_PHRASE, .phrase = (enum sk_phrase)row->number};
	for (const char *at = row->text[SK_LANG_EN]; (at = strchr(at, '{')) != NULL; at++) {
		size_t length = strcspn(at + 1, "}");
		enum sk_arg_type type = sk_arg_type_find(at + 1, length);
		if (type == SK_ARG_COUNT && at[1] == 's' && length <= 2)
			continue;
		assert_int_not_equal(type, SK_ARG_COUNT);
		assert_true(count <= SK_WORDS_ARGS_MAX);
		args[count] = sample(type, (unsigned)count);
		count++;
	}
	return count;
}

static bool is_japanese(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0xe3 && (unsigned char)*text <= 0xe9)
			return true;
	return false;
}

/* What is wrong with a row: nothing is said in a language, or a value is not told in Japanese, or a place names none. */
static bool lacks(const struct sk_words_row *row, size_t values)
{
	const char *en = row->text[SK_LANG_EN], *ja = row->text[SK_LANG_JA];
	uint32_t told = 0;
	if (*en == '\0' || (strchr(ja, '{') == NULL && !is_japanese(ja)))
		return true;
	for (const char *at = ja; (at = strchr(at, '{')) != NULL; at++) {
		char *end;
		unsigned long i = strtoul(at + 1, &end, 10);
		if (end == at + 1 || *end != '}' || i >= values)
			return true;
		told |= 1u << i;
	}
	return told != (1u << values) - 1;
}

static size_t count_lacking(const struct sk_words_row *rows, size_t count, const struct sk_words_row *instead)
{
	size_t lacking = 0;
	struct sk_arg args[SK_WORDS_ARGS_MAX + 1];
	for (size_t i = 0; i < count; i++) {
		const struct sk_words_row *row = instead != NULL && instead->number == rows[i].number ? instead : &rows[i];
		if (lacks(row, samples(&rows[i], args) - 1)) {
			lacking++;
			if (instead == NULL)
				print_message("phrase %u %s is not whole in both languages\n", row->number, row->name);
		}
	}
	return lacking;
}

static void every_phrase_is_there_in_both_languages(void **state)
{
	(void)state;
	size_t count, words;
	const struct sk_words_row *rows = sk_words_phrases(&count), *vocabulary = sk_words_vocabulary(&words);
	assert_true(count > 150);
	assert_int_equal(count_lacking(rows, count, NULL), 0);
	for (size_t i = 1; i < count; i++)
		assert_true(rows[i].number > rows[i - 1].number);
	for (size_t i = 0; i < words; i++) {
		assert_int_equal(vocabulary[i].number, i);
		assert_true(i == SK_WORD_NO_LIKENESS || (vocabulary[i].text[SK_LANG_EN][0] != '\0' && is_japanese(vocabulary[i].text[SK_LANG_JA])) || strstr(vocabulary[i].name, "RELAY_TOR") != NULL);
	}
	/* Sabotage: a phrase without Japanese, one that forgets a value, one that names a value which is not there. */
	const struct sk_words_row broken[] = {{SK_PHRASE_BEACON_DOUBT, "BEACON_DOUBT", {"Something.", ""}}, {SK_PHRASE_LONG_WHY, "LONG_WHY", {"{int} {int} {int}", "{0}と{1}。"}},
					      {SK_PHRASE_LONG_WHY, "LONG_WHY", {"{int} {int} {int}", "{0}と{1}と{2}と{3}。"}}};
	for (size_t i = 0; i < SK_COUNT(broken); i++)
		assert_int_equal(count_lacking(rows, count, &broken[i]), 1);
}

static void every_phrase_can_be_said(void **state)
{
	(void)state;
	size_t count;
	const struct sk_words_row *rows = sk_words_phrases(&count);
	for (size_t i = 0; i < count; i++) {
		struct sk_arg args[SK_WORDS_ARGS_MAX + 1];
		struct sk_words words = {.length = 0}, back;
		char text[SK_LANG_COUNT][SK_WORDS_TEXT_MAX];
		sk_words_add(&words, args, samples(&rows[i], args));
		assert_true(words.length != 0);
		for (int lang = 0; lang < SK_LANG_COUNT; lang++) {
			(void)sk_words_text(&words, (enum sk_lang)lang, text[lang]);
			assert_true(text[lang][0] != '\0');
			assert_null(strpbrk(text[lang], "{}"));
		}
		assert_true(i == SK_PHRASE_PLAIN || is_japanese(text[SK_LANG_JA]) || strlen(text[SK_LANG_JA]) <= 3);
		struct sk_cur c = sk_cur_of(words.bytes, words.length);
		assert_true(sk_words_take(&c, words.length, &back));
		assert_memory_equal(&back, &words, sizeof words);
	}
}

static void values_in_both_languages(void **state)
{
	(void)state;
	char text[SK_WORDS_TEXT_MAX];
	struct sk_words words = {.length = 0};
	sk_say(&words, SK_SAY(LONG), sk_arg_addr(&somebody), sk_arg_word(SK_WORD_INSIDE), sk_arg_addr(&somebody), sk_arg_word(SK_WORD_ABROAD), sk_arg_service(6, 22),
	       sk_arg_duration(INT64_C(200000000000)), sk_arg_span(INT64_C(1790000000000000000), INT64_C(1790000060000000000)), sk_arg_bytes(1536), sk_arg_bytes(0));
	assert_string_equal(sk_words_text(&words, SK_LANG_EN, text), "192.0.2.7 (inside) had a connection to 192.0.2.7 (abroad), TCP port 22 (SSH), for 3 min 20 s, from 2026-09-21 14:13:20 to "
								     "14:14:20 UTC (1.5 KiB forth, 0 B back).");
	assert_string_equal(sk_words_text(&words, SK_LANG_JA, text), "192.0.2.7（内側）が192.0.2.7（国外）の TCP ポート 22 (SSH) に 3分20秒 の間、接続していた。2026-09-21 14:13:20 から 14:14:20 UTC（往 1.5 KiB、復 0 B）。");
	words.length = 0;
	sk_say(&words, SK_SAY(CHAIN_WHY), sk_arg_int(1), sk_arg_int(2), sk_arg_int(3), sk_arg_int(4), sk_arg_int(5));
	sk_say(&words, SK_SAY(SIMULATED));
	assert_non_null(strstr(sk_words_text(&words, SK_LANG_EN, text), "or more. Simulated: made under a lab basis."));
	words.length = 0;
	sk_say(&words, SK_SAY(BEACON_WHY), sk_arg_real(1, 1), sk_arg_real(1, 2), sk_arg_int(5), sk_arg_int(1), sk_arg_int(8));
	assert_non_null(strstr(sk_words_text(&words, SK_LANG_EN, text), "; 1 inside talks to this server"));
}

/* A text of before there were phrases is read as it was stored, and stored as it was. */
static void plain_texts_stay(void **state)
{
	(void)state;
	struct sk_words words;
	char text[SK_WORDS_TEXT_MAX], longest[600];
	sk_words_set(&words, "{addr} is no place here");
	assert_true(sk_words_plain(&words));
	assert_string_equal(sk_words_text(&words, SK_LANG_JA, text), "{addr} is no place here");
	sk_words_set(&words, "");
	assert_true(sk_words_plain(&words) && words.length == 0);
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	sk_words_set(&words, longest);
	assert_int_equal(strlen(sk_words_text(&words, SK_LANG_EN, text)), SK_WORDS_LINE_MAX);
}

/* What does not fit is left out whole; a text is cut between characters. */
static void too_much_is_left_out(void **state)
{
	(void)state;
	struct sk_words words = {.length = 0};
	char text[SK_WORDS_TEXT_MAX], part[401];
	memset(part, 'x', sizeof part);
	part[400] = '\0';
	sk_say(&words, SK_SAY(PLAIN), sk_arg_text(part, 400));
	uint16_t length = words.length;
	sk_say(&words, SK_SAY(PLAIN), sk_arg_text(part, 400));
	assert_int_equal(words.length, length);
	sk_say(&words, SK_SAY(SIMULATED));
	assert_true(words.length > length);
	assert_string_equal(sk_words_text(&words, SK_LANG_EN, text) + 400, " Simulated: made under a lab basis.");
	/* Many times the longest phrase in three-byte characters fills the text's end. */
	words.length = 0;
	for (unsigned i = 0; i < SK_WORDS_MAX / 3; i++)
		sk_say(&words, SK_SAY(SELFSIGNED_DOUBT));
	size_t used = strlen(sk_words_text(&words, SK_LANG_JA, text));
	assert_true(used < SK_WORDS_TEXT_MAX && used >= SK_WORDS_TEXT_MAX - 4);
	for (size_t i = used - 3; i < used; i++)
		assert_true(((unsigned char)text[i] & 0xc0) == (i == used - 3 ? 0xc0 : 0x80));
}

/* Every cut and every flipped bit of a finding with phrases: refused, or one form that says something. */
static void damaged_findings(void **state)
{
	(void)state;
	struct sk_finding f, back;
	uint8_t form[SK_FINDING_MAX_BYTES], again[SK_FINDING_MAX_BYTES];
	char text[SK_WORDS_TEXT_MAX];
	memset(&f, 0, sizeof f);
	strcpy(f.kind, "long.connection");
	f.class_ = SK_CLASS_DF;
	f.subject = somebody;
	sk_say(&f.sentence, SK_SAY(HIT_DNS), sk_arg_addr(&somebody), sk_arg_word(SK_WORD_INSIDE), sk_arg_addr(&somebody), sk_arg_word(SK_WORD_ABROAD), sk_arg_text("bad.example", 120),
	       sk_arg_text("list.txt:4", 120), sk_arg_span(1, 2), sk_arg_answers((struct sk_words_answers){.queries = 1}));
	sk_say(&f.why, SK_SAY(BEACON_WHY), sk_arg_real(1, 1), sk_arg_real(1, 2), sk_arg_int(5), sk_arg_int(1), sk_arg_int(8));
	sk_say(&f.why, SK_SAY(HALF_ANSWERS));
	sk_say(&f.doubt, SK_SAY(COUNTRY_GONE_ADOPTED), sk_arg_word(SK_WORD_TO), sample(SK_ARG_COUNTRIES, 0), sk_arg_text("uplink", 64), sk_arg_real(0, 1), sk_arg_time(1), sk_arg_time(2));
	size_t length = sk_finding_encode_to(&f, form);
	assert_int_equal(sk_finding_decode(form, length, &back), SK_OK);
	assert_memory_equal(&back, &f, sizeof f);
	for (size_t cut = 0; cut < length; cut++)
		assert_int_not_equal(sk_finding_decode(form, cut, &back), SK_OK);
	size_t unknown = 0;
	for (size_t at = 0; at < length; at++)
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			form[at] ^= (uint8_t)flip;
			if (sk_finding_decode(form, length, &back) == SK_OK) {
				assert_int_equal(sk_finding_encode_to(&back, again), length);
				assert_memory_equal(again, form, length);
				for (int lang = 0; lang < SK_LANG_COUNT; lang++)
					unknown += strstr(sk_words_text(&back.sentence, (enum sk_lang)lang, text), "newer version") != NULL;
			}
			form[at] ^= (uint8_t)flip;
		}
	assert_true(unknown != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_phrase_is_there_in_both_languages), cmocka_unit_test(every_phrase_can_be_said), cmocka_unit_test(values_in_both_languages),
					   cmocka_unit_test(plain_texts_stay), cmocka_unit_test(too_much_is_left_out), cmocka_unit_test(damaged_findings)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
