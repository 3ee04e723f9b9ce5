/* SPDX-License-Identifier: Apache-2.0 */
/* Did a program make this name up? A log-odds over a handful of numbers that a person can check with a pencil. What language looks like is told by trigrams over
   words and names of many languages (trigram.def); what a program's looks like by three dice: letters, letters and digits, hex digits, and a fourth that throws
   consonants and vowels in turn. docs/name-model.md has the recipe, docs/detectors/dns.dga.md how far it carries. */
#include <limits.h>
#include <math.h>

#include "name/name_priv.h"

enum {
	SYMBOLS = 38 /* 0 an end, a-z, 0-9, '-' */, LABEL_MIN = 4, LENGTH_MAX = 30, SHORT_MAX = 5, TURNS_MAX = 6, HYPHENS_MAX = 2, USUAL_LENGTH = 10,
	WORD_MIN = 4, WORD_MAX = 15, WORD_BITS = 1 << 19, WORD_HASHES = 6, DIGIT_BITS = 6, ROW_DIGITS = 128, RARE_QUARTERS = 32
};
#define TRIGRAM_BITS 0.25
#define DIE_MOST 40.0
#define DIE_LEAST (-20.0)
#define DIE_PRICE 5.0      /* bits that each die is charged, as it could have been any */
#define TURN_BITS 0.234    /* -log2 of 0.85: the next one is of the other kind */
#define STAY_BITS 2.737    /* -log2 of 0.15 */
#define VOWEL_BITS 2.585   /* one of six */
#define CONSONANT_BITS 4.322
#define PAIR_SHARE 0.857

static const char trigrams[SYMBOLS * SYMBOLS][SYMBOLS + 1] = {
#include "name/trigram.def"
};
static const char words[][ROW_DIGITS + 1] = {
#include "name/word.def"
};
static const double weights[SK_FEATURE_COUNT + 1] = {
#define SK_WEIGHT(symbol, value) [SK_FEATURE_##symbol] = value,
#define SK_ALONE(value) [SK_FEATURE_COUNT] = value,
#define SK_AT_1_IN_100(score)
#define SK_AT_1_IN_1000(score)
#include "name/weight.def"
#undef SK_WEIGHT
#undef SK_ALONE
#undef SK_AT_1_IN_100
#undef SK_AT_1_IN_1000
};
enum {
#define SK_WEIGHT(symbol, value)
#define SK_ALONE(value)
#define SK_AT_1_IN_100(score) AT_1_IN_100 = score,
#define SK_AT_1_IN_1000(score) AT_1_IN_1000 = score
#include "name/weight.def"
#undef SK_WEIGHT
#undef SK_ALONE
#undef SK_AT_1_IN_100
#undef SK_AT_1_IN_1000
};

/* The tables' digits: 64 characters from '#' on, without those that C would take amiss. */
static unsigned digit(char c)
{
	return (unsigned)(c - '#' - (c > '\'') - (c > '?') - (c > '\\'));
}

static unsigned symbol(char c)
{
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 1;
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') + 27 : SYMBOLS - 1; /* '_' counts as '-' */
}

static bool is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- language ---- */

/* Bits that the label costs whoever knows language, with its end. */
static double language_bits(const char *label, size_t length)
{
	unsigned quarters = 0, before = 0, last = 0;
	for (size_t i = 0; i <= length; i++) {
		unsigned here = i < length ? symbol(label[i]) : 0;
		quarters += digit(trigrams[before * SYMBOLS + last][here]);
		before = last;
		last = here;
	}
	return quarters * TRIGRAM_BITS;
}

/* ---- dice ---- */

static double syllable_bits(const char *label, size_t length)
{
	double bits = 0;
	for (size_t i = 0; i < length; i++) {
		bool vowel = is_vowel(label[i]);
		bits += vowel ? VOWEL_BITS : CONSONANT_BITS;
		bits += i == 0 ? 1 : vowel != is_vowel(label[i - 1]) ? TURN_BITS : STAY_BITS;
	}
	return bits;
}

static double clip(double value)
{
	return value < DIE_LEAST ? DIE_LEAST : value > DIE_MOST ? DIE_MOST : value;
}

static void weigh_dice(const char *label, size_t length, double language, double *features)
{
	bool letters = true, both = true, hex = true;
	for (size_t i = 0; i < length; i++) {
		letters &= is_letter(label[i]);
		both &= is_letter(label[i]) || is_digit(label[i]);
		hex &= is_digit(label[i]) || (label[i] >= 'a' && label[i] <= 'f');
	}
	double side = letters ? 4.7004 : 5.1699 /* log2 of 26, of 36 */, n = (double)length;
	features[SK_FEATURE_RANDOM] = hex ? clip(language - 4 * n - DIE_PRICE) : both ? clip(language - side * n - DIE_PRICE) : DIE_LEAST;
	features[SK_FEATURE_SYLLABLE] = letters ? clip(language - syllable_bits(label, length) - DIE_PRICE) : DIE_LEAST;
}

/* ---- words ---- */

static bool word_bit(uint32_t bit)
{
	unsigned place = bit / DIGIT_BITS;
	return (digit(words[place / ROW_DIGITS][place % ROW_DIGITS]) >> bit % DIGIT_BITS & 1) != 0;
}

/* hash: FNV-1a of the word, folded. */
static bool is_word(uint64_t hash)
{
	uint64_t at = hash ^ hash >> 32, step = (uint32_t)(at >> 19 | 1);
	for (unsigned i = 0; i < WORD_HASHES; i++, at += step)
		if (!word_bit((uint32_t)at & (WORD_BITS - 1)))
			return false;
	return true;
}

/* The most characters that words can cover without lying over each other, and how many words that takes. */
static void weigh_words(const char *label, size_t length, double *features)
{
	uint8_t covered[SK_LABEL_MAX + 1] = {0}, count[SK_LABEL_MAX + 1] = {0};
	for (size_t start = 0; start < length; start++) {
		uint64_t hash = UINT64_C(0xcbf29ce484222325);
		if (covered[start] > covered[start + 1]) {
			covered[start + 1] = covered[start];
			count[start + 1] = count[start];
		}
		for (size_t end = start + 1; end <= length && end - start <= WORD_MAX && is_letter(label[end - 1]); end++) {
			hash = (hash ^ (uint8_t)label[end - 1]) * UINT64_C(0x100000001b3);
			size_t total = covered[start] + (end - start);
			if (end - start >= WORD_MIN && total > covered[end] && is_word(hash)) {
				covered[end] = (uint8_t)total;
				count[end] = (uint8_t)(count[start] + 1);
			}
		}
	}
	features[SK_FEATURE_WORDS] = (double)covered[length] / (double)length;
	features[SK_FEATURE_PAIR] = count[length] >= 2 && features[SK_FEATURE_WORDS] >= PAIR_SHARE;
}

/* ---- the rest ---- */

static double rareness(const struct sk_name *name)
{
	static const struct { const char *tld; uint8_t quarters; } table[] = {
#define SK_TLD(tld, quarters) {tld, quarters},
#include "name/tld.def"
#undef SK_TLD
	};
	const char *tld = name->text + name->length;
	while (tld > name->text && tld[-1] != '.')
		tld--;
	size_t low = 0, high = SK_COUNT(table);
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(tld, table[middle].tld);
		if (order == 0)
			return table[middle].quarters / 4.0;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return RARE_QUARTERS / 4.0;
}

static void weigh_shape(const char *label, size_t length, double *features)
{
	unsigned turns = 0, hyphens = 0, rhythm = 0;
	for (size_t i = 0; i < length; i++) {
		hyphens += label[i] == '-';
		if (i == 0)
			continue;
		turns += (is_digit(label[i]) && is_letter(label[i - 1])) || (is_letter(label[i]) && is_digit(label[i - 1]));
		rhythm += is_vowel(label[i]) != is_vowel(label[i - 1]);
	}
	double n = (double)(length < LENGTH_MAX ? length : LENGTH_MAX);
	features[SK_FEATURE_LENGTH] = n;
	features[SK_FEATURE_EXTREME] = (n - USUAL_LENGTH) * (n - USUAL_LENGTH) / 100;
	features[SK_FEATURE_SHORT] = length <= SHORT_MAX;
	features[SK_FEATURE_TURNS] = turns < TURNS_MAX ? turns : TURNS_MAX;
	features[SK_FEATURE_HYPHENS] = hyphens < HYPHENS_MAX ? hyphens : HYPHENS_MAX;
	features[SK_FEATURE_RHYTHM] = (double)rhythm / (double)(length - 1);
}

bool sk_name_features(const struct sk_name *name, double features[SK_FEATURE_COUNT])
{
	const char *label = name->text + name->label_at;
	size_t length = name->label_length;
	if (length < LABEL_MIN || sk_name_is_inner(name) || (label[0] == 'x' && label[1] == 'n' && label[2] == '-' && label[3] == '-'))
		return false;
	double language = language_bits(label, length);
	features[SK_FEATURE_SURPRISE] = language / (double)(length + 1);
	weigh_dice(label, length, language, features);
	weigh_words(label, length, features);
	weigh_shape(label, length, features);
	features[SK_FEATURE_RARE] = rareness(name);
	features[SK_FEATURE_BELOW] = name->label_at != 0;
	features[SK_FEATURE_DYNAMIC] = name->dynamic;
	return true;
}

double sk_name_weigh(const double features[SK_FEATURE_COUNT], const double with[SK_FEATURE_COUNT + 1])
{
	double sum = with[SK_FEATURE_COUNT];
	for (unsigned i = 0; i < SK_FEATURE_COUNT; i++)
		sum += features[i] * with[i];
	return sum;
}

int32_t sk_name_score(const struct sk_name *name)
{
	double features[SK_FEATURE_COUNT];
	return sk_name_features(name, features) ? (int32_t)lround(100 * sk_name_weigh(features, weights)) : INT32_MIN;
}

const double *sk_name_weights(void)
{
	return weights;
}

int32_t sk_name_score_1_in_100(void)
{
	return AT_1_IN_100;
}

int32_t sk_name_score_1_in_1000(void)
{
	return AT_1_IN_1000;
}

/* ---- words about features ---- */

static const struct { const char *name, *prose; int sign; double fixed; } feature_rows[] = {
#define SK_FEATURE(symbol, name, sign, fixed, prose) [SK_FEATURE_##symbol] = {name, prose, sign, fixed},
#include "name/feature.def"
#undef SK_FEATURE
};

const char *sk_name_feature_name(enum sk_name_feature feature)
{
	return feature_rows[feature].name;
}

const char *sk_name_feature_prose(enum sk_name_feature feature)
{
	return feature_rows[feature].prose;
}

int sk_name_feature_sign(enum sk_name_feature feature)
{
	return feature_rows[feature].sign;
}

double sk_name_feature_fixed(enum sk_name_feature feature)
{
	return feature_rows[feature].fixed;
}
