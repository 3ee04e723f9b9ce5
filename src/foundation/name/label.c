/* SPDX-License-Identifier: Apache-2.0 */
/* Internationalized labels as code points, what they look like, and how kana sound.

   RFC 3492 section 6.2, as IDNA has it: "xn--", the basic characters, '-', then deltas in base 36 with a bias that adapts. Each delta is a step through all places
   of all code points from 128 on, so a label of 63 bytes makes at most 59 characters. */
#include "name/name_priv.h"

enum { PREFIX_BYTES = 4, BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS_FIRST = 72, CODE_FIRST = 128, CODE_MAX = 0x10ffff, NOT_A_DIGIT = 36 };

static unsigned digit_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a');
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') + 26 : NOT_A_DIGIT;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;
	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* One generalized integer. False: it is cut off or larger than a code point's place can be. */
static bool read_delta(const char **at, const char *end, uint32_t bias, uint32_t *delta)
{
	uint64_t value = 0, weight = 1;
	for (uint32_t k = BASE;; k += BASE) {
		unsigned digit = *at < end ? digit_of(*(*at)++) : NOT_A_DIGIT;
		if (digit == NOT_A_DIGIT)
			return false;
		value += digit * weight;
		if (value > UINT32_MAX)
			return false;
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		if (digit < t) {
			*delta = (uint32_t)value;
			return true;
		}
		weight *= BASE - t;
		if (weight > UINT32_MAX)
			return false;
	}
}

static size_t decode(const char *label, size_t length, uint32_t *out)
{
	const char *end = label + length, *at = end;
	while (at > label && at[-1] != '-')
		at--;
	size_t count = at > label ? (size_t)(at - label) - 1 : 0;
	for (size_t i = 0; i < count; i++)
		out[i] = (uint8_t)label[i];
	uint32_t code = CODE_FIRST, bias = BIAS_FIRST, place = 0;
	for (bool first = true; at < end; first = false) {
		uint32_t delta;
		if (count == SK_LABEL_MAX || !read_delta(&at, end, bias, &delta) || delta > UINT32_MAX - place)
			return 0;
		place += delta;
		bias = adapt(delta, (uint32_t)count + 1, first);
		if (place / (count + 1) > CODE_MAX - code)
			return 0;
		code += place / (uint32_t)(count + 1);
		place %= (uint32_t)(count + 1);
		for (size_t i = count; i > place; i--)
			out[i] = out[i - 1];
		out[place++] = code;
		count++;
	}
	return count;
}

size_t sk_label_decode(const char *label, size_t length, uint32_t out[SK_LABEL_MAX])
{
	if (length == 0 || length > SK_LABEL_MAX)
		return 0;
	if (length > PREFIX_BYTES && memcmp(label, "xn--", PREFIX_BYTES) == 0)
		return decode(label + PREFIX_BYTES, length - PREFIX_BYTES, out);
	for (size_t i = 0; i < length; i++)
		out[i] = (uint8_t)label[i];
	return length;
}

/* ---- looks ---- */

static const struct { uint32_t code; char plain[4]; } looks[] = {
#define SK_LOOKS(code, plain) {code, plain},
#define SK_ALIKE(code, other)
#include "name/confusable.def"
#undef SK_LOOKS
#undef SK_ALIKE
};
static const struct { uint32_t code, other; } alikes[] = {
#define SK_LOOKS(code, plain)
#define SK_ALIKE(code, other) {code, other},
#include "name/confusable.def"
#undef SK_LOOKS
#undef SK_ALIKE
};

static const char *looks_like(uint32_t code)
{
	size_t low = 0, high = SK_COUNT(looks);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (looks[middle].code == code)
			return looks[middle].plain;
		if (looks[middle].code > code)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static uint32_t alike(uint32_t code)
{
	size_t low = 0, high = SK_COUNT(alikes);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (alikes[middle].code == code)
			return alikes[middle].other;
		if (alikes[middle].code > code)
			high = middle;
		else
			low = middle + 1;
	}
	return code;
}

/* Figures that are read as letters; two letters that are read as one. */
static uint32_t plain_look(uint32_t code)
{
	switch (code) {
	case '0': return 'o';
	case '1': return 'l';
	case '3': return 'e';
	case '5': return 's';
	case '_': return '-';
	default: return code;
	}
}

static size_t put(uint32_t *out, size_t count, uint32_t code)
{
	uint32_t last = count > 0 ? out[count - 1] : 0, joined = last == 'r' && code == 'n' ? 'm' : last == 'v' && code == 'v' ? 'w' : last == 'c' && code == 'l' ? 'd' : 0;
	if (joined != 0) {
		out[count - 1] = joined;
		return count;
	}
	out[count] = code;
	return count + 1;
}

size_t sk_label_skeleton(const uint32_t *code, size_t count, uint32_t *out)
{
	size_t made = 0;
	for (size_t i = 0; i < count; i++) {
		const char *plain = code[i] < CODE_FIRST ? NULL : looks_like(code[i]);
		if (plain == NULL)
			made = put(out, made, code[i] < CODE_FIRST ? plain_look(code[i]) : alike(code[i]));
		for (; plain != NULL && *plain != '\0'; plain++)
			made = put(out, made, plain_look((uint8_t)*plain));
	}
	return made;
}

/* ---- kana ---- */

enum { HIRAGANA_FIRST = 0x3041, HIRAGANA_LAST = 0x3094, KATAKANA_FIRST = 0x30a1, KATAKANA_LAST = 0x30f4, LONG_SOUND = 0x30fc, SOUND_BYTES = 4 };

/* From U+3041 on. A small vowel or y takes the place of the vowel before it: it stands as a capital; a small tsu doubles: "*". */
static const char sounds[][SOUND_BYTES] = {
	"A", "a", "I", "i", "U", "u", "E", "e", "O", "o", "ka", "ga", "ki", "gi", "ku", "gu", "ke", "ge", "ko", "go", "sa", "za", "shi", "ji", "su", "zu", "se", "ze", "so", "zo",
	"ta", "da", "chi", "ji", "*", "tsu", "zu", "te", "de", "to", "do", "na", "ni", "nu", "ne", "no", "ha", "ba", "pa", "hi", "bi", "pi", "fu", "bu", "pu", "he", "be", "pe",
	"ho", "bo", "po", "ma", "mi", "mu", "me", "mo", "YA", "ya", "YU", "yu", "YO", "yo", "ra", "ri", "ru", "re", "ro", "WA", "wa", "i", "e", "o", "n", "vu"};
_Static_assert(SK_COUNT(sounds) == HIRAGANA_LAST - HIRAGANA_FIRST + 1, "one for each kana");

static const char *sound_of(uint32_t code)
{
	if (code >= KATAKANA_FIRST && code <= KATAKANA_LAST)
		code -= KATAKANA_FIRST - HIRAGANA_FIRST;
	return code >= HIRAGANA_FIRST && code <= HIRAGANA_LAST ? sounds[code - HIRAGANA_FIRST] : NULL;
}

/* A small kana behind "ki": "ky" and its vowel; behind "shi", "chi", "ji" the vowel alone. */
static size_t join_small(char *out, size_t length, const char *small)
{
	if (length == 0)
		return 0;
	length--;
	bool palatal = small[0] == 'Y', soft = length > 0 && (out[length - 1] == 'h' || out[length - 1] == 'j');
	if (palatal && !soft)
		out[length++] = 'y';
	char vowel = palatal || small[0] == 'W' ? small[1] : small[0];
	out[length++] = (char)(vowel - 'A' + 'a');
	return length;
}

size_t sk_label_romaji(const uint32_t *code, size_t count, char out[2 * SK_LABEL_MAX])
{
	size_t length = 0;
	bool twice = false;
	for (size_t i = 0; i < count; i++) {
		const char *sound = sound_of(code[i]);
		if (code[i] == LONG_SOUND)
			continue;
		if (sound == NULL || length + SOUND_BYTES + 1 >= 2 * SK_LABEL_MAX)
			return 0;
		if (sound[0] == '*') {
			twice = true;
			continue;
		}
		if (sound[0] >= 'A' && sound[0] <= 'Z') {
			length = join_small(out, length, sound);
			continue;
		}
		if (twice)
			out[length++] = sound[0] == 'c' ? 't' : sound[0];
		twice = false;
		for (; *sound != '\0'; sound++)
			out[length++] = *sound;
	}
	return length;
}
