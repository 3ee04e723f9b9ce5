/* SPDX-License-Identifier: Apache-2.0 */
#include "text/text.h"

#include <string.h>

#include "text/text_priv.h"

static const char hex_digits[] = "0123456789abcdef";

size_t sk_utf8_step(const char *at, const char *end, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)at;
	size_t left = (size_t)(end - at);
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < length)
		return 0;
	uint32_t value = p[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3fu);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return length;
}

bool sk_utf8_valid(const char *value, size_t length)
{
	const char *end = value + length;
	uint32_t code;
	while (value < end) {
		size_t step = sk_utf8_step(value, end, &code);
		if (step == 0)
			return false;
		value += step;
	}
	return true;
}

/* ---- hexadecimal and base64 ---- */

void sk_hex_encode(const void *bytes, size_t length, char *text)
{
	const uint8_t *from = bytes;
	for (size_t i = 0; i < length; i++) {
		*text++ = hex_digits[from[i] >> 4];
		*text++ = hex_digits[from[i] & 15];
	}
	*text = '\0';
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

enum sk_err sk_hex_decode(const char *text, void *bytes, size_t length)
{
	uint8_t *to = bytes;
	for (size_t i = 0; i < length; i++) {
		int high = hex_value(*text);
		if (high < 0)
			return SK_EMALFORMED;
		int low = hex_value(text[1]);
		if (low < 0)
			return SK_EMALFORMED;
		to[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return *text == '\0' ? SK_OK : SK_EMALFORMED;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sk_base64_encode(const void *bytes, size_t length, char *text)
{
	const uint8_t *from = bytes;
	for (size_t i = 0; i < length; i += 3) {
		size_t group = length - i < 3 ? length - i : 3;
		uint32_t bits = (uint32_t)from[i] << 16;
		if (group > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (group > 2)
			bits |= from[i + 2];
		*text++ = base64_digits[bits >> 18];
		*text++ = base64_digits[bits >> 12 & 63];
		*text++ = group > 1 ? base64_digits[bits >> 6 & 63] : '=';
		*text++ = group > 2 ? base64_digits[bits & 63] : '=';
	}
	*text = '\0';
}

static int base64_value(char digit)
{
	if (digit == '\0')
		return -1;
	const char *found = strchr(base64_digits, digit);
	return found != NULL ? (int)(found - base64_digits) : -1;
}

enum sk_err sk_base64_decode(const char *text, size_t text_length, void *bytes, size_t capacity, size_t *length)
{
	if (text_length % 4 != 0)
		return SK_EMALFORMED;
	size_t padding = 0;
	while (padding < 2 && padding < text_length && text[text_length - 1 - padding] == '=')
		padding++;
	if (text_length / 4 * 3 - padding > capacity)
		return SK_ETOOBIG;
	uint8_t *to = bytes;
	uint32_t bits = 0;
	for (size_t i = 0; i < text_length - padding; i++) {
		int value = base64_value(text[i]);
		if (value < 0)
			return SK_EMALFORMED;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 == 3) {
			*to++ = (uint8_t)(bits >> 16);
			*to++ = (uint8_t)(bits >> 8);
			*to++ = (uint8_t)bits;
		}
	}
	/* The last group: bits that no byte takes must be zero, or two texts would mean the same bytes. */
	if (padding == 1) {
		if ((bits & 3) != 0)
			return SK_EMALFORMED;
		*to++ = (uint8_t)(bits >> 10);
		*to++ = (uint8_t)(bits >> 2);
	} else if (padding == 2) {
		if ((bits & 15) != 0)
			return SK_EMALFORMED;
		*to++ = (uint8_t)(bits >> 4);
	}
	*length = (size_t)(to - (uint8_t *)bytes);
	return SK_OK;
}

/* ---- escaping ---- */

/* What may not reach a terminal or a line-based log: C0, DEL, C1, line and paragraph separators, and the marks that turn the direction of text. */
static bool drives_terminal(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f || code == 0x61c;
}

void sk_escape_line(struct sk_buf *out, const char *value, size_t length)
{
	const char *end = value + length;
	while (value < end) {
		uint32_t code = 0;
		size_t step = sk_utf8_step(value, end, &code);
		bool plain = step != 0 && !drives_terminal(code) && code != '\\';
		size_t taken = step != 0 ? step : 1;
		if (plain)
			sk_buf_add(out, value, taken);
		else
			for (size_t i = 0; i < taken; i++)
				sk_buf_addf(out, "\\x%02x", (unsigned)(unsigned char)value[i]);
		value += taken;
	}
}

void sk_escape_csv(struct sk_buf *out, const char *value, size_t length)
{
	/* OWASP "CSV injection": a tab or carriage return in front is skipped by some spreadsheets, so it counts as the start of a formula too. */
	bool formula = length != 0 && value[0] != '\0' && strchr("=+-@\t\r", value[0]) != NULL;
	bool quoted = false;
	for (size_t i = 0; i < length && !quoted; i++)
		quoted = value[i] == '"' || value[i] == ',' || value[i] == '\r' || value[i] == '\n';
	if (quoted)
		sk_buf_add_u8(out, '"');
	if (formula)
		sk_buf_add_u8(out, '\'');
	for (size_t i = 0; i < length; i++) {
		if (value[i] == '"')
			sk_buf_add_u8(out, '"');
		sk_buf_add(out, value + i, 1);
	}
	if (quoted)
		sk_buf_add_u8(out, '"');
}

/* ---- columns on a terminal ---- */

struct code_range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct code_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

size_t sk_text_columns(const char *utf8)
{
	/* Blocks of Unicode EastAsianWidth W and F, and the combining marks that meet them; whole blocks, for tables need no more. */
	static const struct code_range wide[] = {
		{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x3098}, {0x309b, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};
	static const struct code_range none[] = {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}};
	const char *end = utf8 + strlen(utf8);
	size_t columns = 0;
	while (utf8 < end) {
		uint32_t code = 0;
		size_t step = sk_utf8_step(utf8, end, &code);
		if (step == 0 || !in_ranges(code, none, SK_COUNT(none)))
			columns += step != 0 && in_ranges(code, wide, SK_COUNT(wide)) ? 2 : 1;
		utf8 += step != 0 ? step : 1;
	}
	return columns;
}
