/* SPDX-License-Identifier: Apache-2.0 */
/* The short way in: a value that already looks as a set would write it. What it takes, clean.c takes alike and unchanged (a test and a fuzz target hold the
   two against each other); what it does not know, clean.c judges. */
#include "indicator/indicator_priv.h"

enum { NO_GAP = 9 }; /* an IPv6 address without "::" */

/* A table, not comparisons: whether the next byte of a name or of a hexadecimal number is a digit or a letter cannot be foreseen. */
enum { CLASS_OTHER, CLASS_DIGIT, CLASS_HYPHEN, CLASS_LETTER, CLASS_DOT };
#define DIGIT(c) [c] = {CLASS_DIGIT, (c) - '0' + 1}
#define HEX(c) [c] = {CLASS_LETTER, (c) - 'a' + 10 + 1}
#define LETTER(c) [c] = {CLASS_LETTER, 0}
static const struct {
	uint8_t class;
	uint8_t hex; /* its value and one; 0: none */
} bytes_known[UINT8_MAX + 1] = {
	DIGIT('0'), DIGIT('1'), DIGIT('2'), DIGIT('3'), DIGIT('4'), DIGIT('5'), DIGIT('6'), DIGIT('7'), DIGIT('8'), DIGIT('9'),
	HEX('a'), HEX('b'), HEX('c'), HEX('d'), HEX('e'), HEX('f'),
	LETTER('g'), LETTER('h'), LETTER('i'), LETTER('j'), LETTER('k'), LETTER('l'), LETTER('m'), LETTER('n'), LETTER('o'), LETTER('p'),
	LETTER('q'), LETTER('r'), LETTER('s'), LETTER('t'), LETTER('u'), LETTER('v'), LETTER('w'), LETTER('x'), LETTER('y'), LETTER('z'),
	LETTER('_'), ['-'] = {CLASS_HYPHEN, 0}, ['.'] = {CLASS_DOT, 0}
};
#undef DIGIT
#undef HEX
#undef LETTER

static bool is_digit(uint8_t c)
{
	return bytes_known[c].class == CLASS_DIGIT;
}

/* Four numbers of one to three digits below 256 without a leading zero (RFC 6943 section 3.1.1's strict form). */
static bool parse_v4(struct sk_cur c, uint8_t bytes[4])
{
	for (unsigned part = 0; part < 4; part++) {
		unsigned number = 0, digits = 0;
		for (; sk_more(&c) && is_digit(sk_peek_u8(&c, 0)); digits++) {
			if (digits == 3 || (digits == 1 && number == 0))
				return false;
			number = number * 10 + (sk_u8(&c) - '0');
		}
		if (digits == 0 || number > 255)
			return false;
		bytes[part] = (uint8_t)number;
		if (part < 3 && sk_u8(&c) != '.')
			return false;
	}
	return sk_done(&c) == SK_OK;
}

/* Up to eight groups of one to four digits in lower case, one "::" at most. The form with an IPv4 address at the end is left to clean.c. */
static bool parse_v6(struct sk_cur c, uint8_t bytes[16])
{
	uint16_t groups[8] = {0};
	unsigned count = 0, gap = NO_GAP;
	if (sk_peek_u8(&c, 0) == ':') {
		sk_skip(&c, 1);
		if (sk_u8(&c) != ':')
			return false;
		gap = 0;
	}
	while (sk_more(&c)) {
		unsigned number = 0, digits = 0;
		for (unsigned digit; (digit = bytes_known[sk_peek_u8(&c, 0)].hex) != 0; digits++) {
			number = number << 4 | (digit - 1);
			sk_skip(&c, 1);
		}
		if (digits == 0 || digits > 4 || count == 8)
			return false;
		groups[count++] = (uint16_t)number;
		if (!sk_more(&c))
			break;
		if (sk_u8(&c) != ':' || !sk_more(&c))
			return false;
		if (sk_peek_u8(&c, 0) == ':') {
			if (gap != NO_GAP)
				return false;
			gap = count;
			sk_skip(&c, 1);
		}
	}
	if (gap == NO_GAP ? count != 8 : count > 7)
		return false;
	unsigned shift = 8 - count; /* groups that "::" stands for */
	for (unsigned i = 0; i < 8; i++) {
		uint16_t group = i < gap ? groups[i] : i < gap + shift ? 0 : groups[i - shift];
		*bytes++ = (uint8_t)(group >> 8);
		*bytes++ = (uint8_t)group;
	}
	return true;
}

/* Two labels or more of 1 to 63 of [a-z0-9_-], the last neither a number nor a range of them ("45.33.32.1-9"). */
static bool is_name(struct sk_cur c)
{
	unsigned labels = 1, label = 0, letters = 0;
	while (sk_more(&c)) {
		unsigned class = bytes_known[sk_u8(&c)].class;
		if (class == CLASS_OTHER)
			return false;
		if (class != CLASS_DOT) {
			label++;
			letters += class == CLASS_LETTER;
			continue;
		}
		if (label == 0 || label > SK_INDICATOR_LABEL_MAX)
			return false;
		labels++;
		label = letters = 0;
	}
	return labels >= 2 && label != 0 && label <= SK_INDICATOR_LABEL_MAX && letters != 0;
}

bool sk_value_plain(const char *text, size_t length, struct sk_value *value)
{
	struct sk_cur c = sk_cur_of(text, length);
	value->changes = 0;
	if (length == 0 || length > SK_INDICATOR_NAME_MAX)
		return false;
	value->prefix = (struct sk_prefix){.bits = 0};
	uint8_t bytes[16];
	if (length <= 15 && parse_v4(c, bytes)) {
		value->kind = SK_INDICATOR_ADDRESS;
		value->prefix.addr.family = 4;
		value->prefix.bits = 32;
		memcpy(value->prefix.addr.bytes, bytes, 4);
		return true;
	}
	if (is_name(c)) {
		value->kind = SK_INDICATOR_DOMAIN;
		memcpy(value->name, text, length);
		value->name[length] = '\0';
		value->length = length;
		return true;
	}
	if (length > 39 || !parse_v6(c, bytes))
		return false;
	value->kind = SK_INDICATOR_ADDRESS;
	value->prefix.addr.family = 6;
	value->prefix.bits = 128;
	memcpy(value->prefix.addr.bytes, bytes, sizeof bytes);
	return true;
}
