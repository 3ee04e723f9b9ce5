/* SPDX-License-Identifier: Apache-2.0 */
/* Single values: addresses, ports, times. Strict: what is not in its usual form is none. */
#include <stdio.h>

#include "logs/logs_priv.h"
#include "text/text.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000, FRACTION_DIGITS = 9, SECONDS_DIGITS_MAX = 10, MILLISECONDS_DIGITS = 13 };

const char *value_text(const struct span *span, char *text, size_t size, size_t *length)
{
	*length = span->length;
	if (span->coding == CODING_PLAIN)
		return span->at;
	bool good = span->coding == CODING_JSON ? json_unescape(span, text, size, length) : table_unescape(span, text, size, length);
	return good ? text : NULL;
}

/* Four decimal numbers up to 255 without leading zeros. */
static bool read_v4(const char *at, size_t length, uint8_t bytes[4])
{
	const char *end = at + length;
	for (unsigned i = 0; i < 4; i++) {
		unsigned value = 0, digits = 0;
		const char *first = at;
		for (; at < end && *at >= '0' && *at <= '9' && digits < 4; at++, digits++)
			value = value * 10 + (unsigned)(*at - '0');
		if (digits == 0 || value > 255 || (digits > 1 && *first == '0'))
			return false;
		*bytes++ = (uint8_t)value;
		if (i < 3 && (at == end || *at++ != '.'))
			return false;
	}
	return at == end;
}

bool value_addr(const struct span *span, struct sk_addr *out)
{
	char text[SK_ADDR_TEXT_MAX], plain[SK_ADDR_TEXT_MAX];
	size_t length;
	const char *at = value_text(span, text, sizeof text, &length);
	if (at == NULL || length >= sizeof plain)
		return false;
	if (memchr(at, ':', length) == NULL) {
		*out = (struct sk_addr){.family = 4};
		return read_v4(at, length, out->bytes);
	}
	memcpy(plain, at, length);
	*(plain + length) = '\0';
	return sk_addr_parse(plain, out) == SK_OK;
}

/* Digits at *at; how many are returned, at most 18. */
static unsigned read_digits(const char **at, const char *end, uint64_t *value)
{
	unsigned digits = 0;
	*value = 0;
	for (; *at < end && **at >= '0' && **at <= '9' && digits < 18; ++*at, digits++)
		*value = *value * 10 + (uint64_t)(**at - '0');
	return digits;
}

uint16_t value_port(const struct span *span)
{
	uint64_t value;
	const char *at = span->at, *end = at + span->length;
	unsigned digits = read_digits(&at, end, &value);
	return digits != 0 && at == end && value <= UINT16_MAX ? (uint16_t)value : 0;
}

/* Digits behind a point as nanoseconds; what is finer is cut. */
static uint64_t read_fraction(const char **at, const char *end)
{
	uint64_t fraction = 0;
	unsigned digits = 0;
	for (; *at < end && **at >= '0' && **at <= '9'; ++*at)
		if (digits < FRACTION_DIGITS) {
			fraction = fraction * 10 + (uint64_t)(**at - '0');
			digits++;
		}
	for (; digits < FRACTION_DIGITS; digits++)
		fraction *= 10;
	return fraction;
}

static bool read_epoch(const char *at, const char *end, int64_t *unix_ns)
{
	uint64_t value, fraction = 0;
	unsigned digits = read_digits(&at, end, &value);
	if (at < end && *at == '.') {
		at++;
		fraction = read_fraction(&at, end);
	}
	if (digits == 0 || at != end || digits > MILLISECONDS_DIGITS || (digits > SECONDS_DIGITS_MAX && digits < MILLISECONDS_DIGITS))
		return false;
	uint64_t unit = digits == MILLISECONDS_DIGITS ? NS_PER_MS : NS_PER_S;
	if (value >= INT64_MAX / unit)
		return false; /* after 2262 */
	*unix_ns = (int64_t)(value * unit + (unit == NS_PER_S ? fraction : 0));
	return true;
}

/* Suricata writes +0900, nfdump a blank and no zone, SiLK 2026/11/22: bring all to RFC 3339. */
static bool read_calendar(const char *at, size_t length, int64_t *unix_ns)
{
	char text[SK_TIME_TEXT_MAX + 8];
	enum { DATE = 10, SECONDS = 19, OFFSET = 5, MONTH = 4, DAY = 7 };
	if (length < SECONDS || length > SK_TIME_TEXT_MAX)
		return false;
	const char *zone = at + length - OFFSET;
	bool zoned = length > SECONDS && (*(at + length - 1) == 'Z' || *(at + length - 6) == '+' || *(at + length - 6) == '-');
	bool no_colon = !zoned && length >= SECONDS + OFFSET && (*zone == '+' || *zone == '-');
	int head = (int)(no_colon ? length - 2 : length) - DATE - 1;
	(void)snprintf(text, sizeof text, "%.10sT%.*s%s%.2s", at, head, at + DATE + 1, no_colon ? ":" : zoned ? "" : "Z", no_colon ? zone + 3 : "");
	if (text[MONTH] == '/' && text[DAY] == '/')
		text[MONTH] = text[DAY] = '-';
	return sk_time_parse(text, unix_ns) == SK_OK;
}

bool value_time(const struct span *span, int64_t *unix_ns)
{
	char text[SK_TIME_TEXT_MAX + 8];
	size_t length;
	const char *at = value_text(span, text, sizeof text, &length);
	if (at == NULL || length == 0)
		return false;
	return memchr(at, ':', length) == NULL ? read_epoch(at, at + length, unix_ns) : read_calendar(at, length, unix_ns);
}
