/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"
#include "text/text_priv.h"

/* Integers of this size and more lose digits in readers that keep numbers as doubles: they travel as strings (RFC 8785 appendix D). */
static const uint64_t first_unsafe = (uint64_t)1 << 53;

static void add_string(struct sk_buf *out, const char *value, size_t length)
{
	const char *end = value + length;
	sk_buf_add_u8(out, '"');
	while (value < end) {
		/* The run that needs no change goes out in one piece. */
		const char *run = value;
		uint32_t code = 0;
		size_t step = 1;
		while (value < end && (step = sk_utf8_step(value, end, &code)) != 0 && code >= 0x20 && code != '"' && code != '\\')
			value += step;
		sk_buf_add(out, run, (size_t)(value - run));
		if (value == end)
			break;
		if (step == 0 || code == 0) {
			/* The reader refuses U+0000, for its texts end in NUL; so it is never written. */
			sk_buf_add_text(out, "\xef\xbf\xbd");
			value++;
			continue;
		}
		static const char short_forms[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
		const char *found = strchr(short_forms, (int)code);
		if (found != NULL)
			sk_buf_addf(out, "\\%c", letters[found - short_forms]);
		else
			sk_buf_addf(out, "\\u%04x", (unsigned)code);
		value++;
	}
	sk_buf_add_u8(out, '"');
}

static bool key_is_plain(const char *key)
{
	size_t length = strlen(key);
	if (length >= SK_JSON_KEY_MAX)
		return false;
	for (; *key != '\0'; key++)
		if (*key < 0x20 || *key > 0x7e || *key == '"' || *key == '\\')
			return false;
	return true;
}

/* What stands in front of a value: comma, key, colon. */
static void add_lead(struct sk_json_writer *w, const char *key)
{
	if (w->depth == 0) {
		SK_INVARIANT(key == NULL);
		return;
	}
	bool object = w->level[w->depth - 1].object, any = w->level[w->depth - 1].any;
	char *last_key = w->level[w->depth - 1].last_key;
	SK_INVARIANT(object == (key != NULL));
	if (any)
		sk_buf_add_u8(w->out, ',');
	w->level[w->depth - 1].any = true;
	if (key == NULL)
		return;
	if (w->canonical) {
		SK_INVARIANT(key_is_plain(key));
		SK_INVARIANT(!any || strcmp(last_key, key) < 0);
		memcpy(last_key, key, strlen(key) + 1);
	}
	add_string(w->out, key, strlen(key));
	sk_buf_add_u8(w->out, ':');
}

static void open_level(struct sk_json_writer *w, const char *key, bool object)
{
	add_lead(w, key);
	SK_INVARIANT(w->depth < SK_JSON_DEPTH_MAX);
	w->level[w->depth].object = object;
	w->level[w->depth].any = false;
	w->depth++;
	sk_buf_add_u8(w->out, object ? '{' : '[');
}

void sk_json_begin(struct sk_json_writer *w, struct sk_buf *out, bool canonical)
{
	w->out = out;
	w->canonical = canonical;
	w->depth = 0;
}

void sk_json_object(struct sk_json_writer *w, const char *key)
{
	open_level(w, key, true);
}

void sk_json_array(struct sk_json_writer *w, const char *key)
{
	open_level(w, key, false);
}

void sk_json_end(struct sk_json_writer *w)
{
	SK_INVARIANT(w->depth > 0);
	w->depth--;
	sk_buf_add_u8(w->out, w->level[w->depth].object ? '}' : ']');
}

void sk_json_text(struct sk_json_writer *w, const char *key, const char *value)
{
	sk_json_text_n(w, key, value, strlen(value));
}

void sk_json_text_n(struct sk_json_writer *w, const char *key, const char *value, size_t length)
{
	add_lead(w, key);
	add_string(w->out, value, length);
}

void sk_json_hex(struct sk_json_writer *w, const char *key, const void *bytes, size_t length)
{
	add_lead(w, key);
	sk_buf_add_u8(w->out, '"');
	for (const uint8_t *at = bytes, *end = at + length; at < end; at++) {
		char digits[3];
		sk_hex_encode(at, 1, digits);
		sk_buf_add(w->out, digits, 2);
	}
	sk_buf_add_u8(w->out, '"');
}

void sk_json_u64(struct sk_json_writer *w, const char *key, uint64_t value)
{
	add_lead(w, key);
	sk_buf_addf(w->out, value < first_unsafe ? "%" PRIu64 : "\"%" PRIu64 "\"", value);
}

void sk_json_i64(struct sk_json_writer *w, const char *key, int64_t value)
{
	bool safe = value < (int64_t)first_unsafe && value > -(int64_t)first_unsafe;
	add_lead(w, key);
	sk_buf_addf(w->out, safe ? "%" PRId64 : "\"%" PRId64 "\"", value);
}

void sk_json_bool(struct sk_json_writer *w, const char *key, bool value)
{
	add_lead(w, key);
	sk_buf_add_text(w->out, value ? "true" : "false");
}

void sk_json_null(struct sk_json_writer *w, const char *key)
{
	add_lead(w, key);
	sk_buf_add_text(w->out, "null");
}

void sk_json_double(struct sk_json_writer *w, const char *key, double value)
{
	SK_INVARIANT(!w->canonical);
	add_lead(w, key);
	if (!isfinite(value)) {
		sk_buf_add_text(w->out, "null");
		return;
	}
	double size = fabs(value);
	if (size >= 9e12) {
		sk_buf_addf(w->out, "%.0f", value);
		return;
	}
	/* By integers, because printf's decimal point follows the locale. */
	uint64_t millionths = (uint64_t)llround(size * 1e6);
	sk_buf_addf(w->out, "%s%" PRIu64, value < 0 && millionths != 0 ? "-" : "", millionths / 1000000);
	unsigned fraction = (unsigned)(millionths % 1000000), digits = 6;
	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		digits--;
	sk_buf_addf(w->out, ".%0*u", (int)digits, fraction);
}

void sk_json_raw(struct sk_json_writer *w, const char *key, const char *json, size_t length)
{
	add_lead(w, key);
	sk_buf_add(w->out, json, length);
}
