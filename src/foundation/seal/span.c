/* SPDX-License-Identifier: Apache-2.0 */
/* The text rules of C2SP signed-note: UTF-8, no control characters, key names without Unicode spaces and plus; strict base64. */
#include <sodium.h>

#include "seal/seal_priv.h"

/* Take one code point off the front; false when the bytes are not well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
static bool take_point(struct sk_span *rest, uint32_t *point)
{
	const uint8_t lead = (uint8_t)*rest->at;
	size_t more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 4;
	if (more == 4 || rest->length <= more)
		return false;
	static const uint8_t lead_bits[] = {0x7f, 0x1f, 0x0f, 0x07};
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t value = lead & lead_bits[more];
	rest->at++;
	rest->length--;
	for (size_t i = 0; i < more; i++) {
		uint8_t next = (uint8_t)*rest->at;
		if ((next & 0xc0) != 0x80)
			return false;
		value = value << 6 | (next & 0x3f);
		rest->at++;
		rest->length--;
	}
	*point = value;
	return value >= least[more] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

/* Unicode White_Space, as of Unicode 15. */
static bool is_space(uint32_t point)
{
	return (point >= 0x09 && point <= 0x0d) || point == 0x20 || point == 0x85 || point == 0xa0 || point == 0x1680 ||
	       (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

bool sk_span_text_valid(struct sk_span span, bool line_feeds, bool spaces)
{
	while (span.length != 0) {
		uint32_t point;
		if (!take_point(&span, &point))
			return false;
		if (point < 0x20 && !(line_feeds && point == '\n'))
			return false;
		if (!spaces && is_space(point))
			return false;
	}
	return true;
}

bool sk_key_name_valid(struct sk_span name)
{
	return name.length != 0 && memchr(name.at, '+', name.length) == NULL && sk_span_text_valid(name, false, false);
}

/* libsodium 1.0.18 takes some bytes from 0x80 on for letters (its character class arithmetic is on a signed char): so the alphabet is checked first. */
static bool is_base64_text(struct sk_span text)
{
	for (; text.length != 0; text.at++, text.length--) {
		char c = *text.at;
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
		if (!letter)
			return false;
	}
	return true;
}

bool sk_span_base64(struct sk_span text, uint8_t *bytes, size_t capacity, size_t *length)
{
	const char *end = NULL;
	if (text.length % 4 != 0 || !is_base64_text(text))
		return false;
	if (sodium_base642bin(bytes, capacity, text.at, text.length, NULL, length, &end, sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	return end == text.at + text.length;
}
