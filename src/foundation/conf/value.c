/* SPDX-License-Identifier: Apache-2.0 */
/* One value: its text read, and written as it will be read again. A text has one meaning whatever quotes stood around it: the row's type decides. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf_priv.h"
#include "text/text.h"

enum { PPM_PERCENT = 10000, PPM_ALL = 1000000 };

static const struct unit {
	const char *name;
	uint64_t size;
} byte_units[] = {{"TiB", UINT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}},
  time_units[] = {{"d", UINT64_C(86400000000000)}, {"h", UINT64_C(3600000000000)}, {"m", UINT64_C(60000000000)}, {"s", 1000000000}, {"ms", 1000000}},
  rate_units[] = {{"s", 1000000000}, {"m", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)}};

/* ---- reading ---- */

/* Digits, with single _ between them as people group thousands. False without one, and past 64 bits. */
static bool take_number(const char **at, uint64_t *value)
{
	const char *text = *at;
	*value = 0;
	if (*text < '0' || *text > '9')
		return false;
	for (;; text++) {
		if (*text == '_' && text[1] >= '0' && text[1] <= '9')
			continue;
		if (*text < '0' || *text > '9')
			break;
		if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
			return false;
	}
	*at = text;
	return true;
}

/* A number and one of the units, nothing behind it. */
static bool take_unit(const char *text, const struct unit *units, size_t count, uint64_t *value)
{
	uint64_t number;
	if (!take_number(&text, &number))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, units[i].name) == 0)
			return !__builtin_mul_overflow(number, units[i].size, value) && *value <= INT64_MAX;
	return false;
}

static bool take_share(const char *text, uint32_t *ppm)
{
	uint64_t whole, part = 0;
	if (!take_number(&text, &whole) || whole > PPM_ALL / PPM_PERCENT)
		return false;
	if (*text == '.') {
		uint64_t weight = PPM_PERCENT / 10;
		const char *first = ++text;
		for (; *text >= '0' && *text <= '9' && weight != 0; text++, weight /= 10)
			part += weight * (uint64_t)(*text - '0');
		if (text == first)
			return false;
	}
	*ppm = (uint32_t)(whole * PPM_PERCENT + part);
	return strcmp(text, "%") == 0 && *ppm <= PPM_ALL;
}

static bool take_rate(const char *text, struct sk_conf_rate *rate)
{
	if (!take_number(&text, &rate->count) || *text != '/')
		return false;
	for (size_t i = 0; i < SK_COUNT(rate_units); i++)
		if (strcmp(text + 1, rate_units[i].name) == 0) {
			rate->per_ns = (int64_t)rate_units[i].size;
			return true;
		}
	return false;
}

static bool take_bool(const char *text, bool *value)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*value = (i & 1) != 0;
			return true;
		}
	return false;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Copies text when it is not longer than fits and holds only letters, digits and what `others` lists. */
static bool take_text(const char *text, const char *others, char *out, size_t size)
{
	size_t length = strlen(text);
	if (length >= size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_letter(text[i]) && !is_digit(text[i]) && (others == NULL || strchr(others, text[i]) == NULL))
			return false;
	memset(out, 0, size);
	memcpy(out, text, length);
	return true;
}

/* Control bytes, C1 controls, line breaks of Unicode and what is no character at all: nobody can read them, and YAML would not give them back as they are. */
static bool is_readable(const char *text)
{
	static const char *const refused[] = {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf"};
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
		if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
			return false;
	for (size_t i = 0; i < SK_COUNT(refused); i++)
		if (strstr(text, refused[i]) != NULL)
			return false;
	return true;
}

/* A path from the root; what it names is not looked at. */
static bool take_path(const char *text, char *out, size_t size)
{
	size_t length = strlen(text);
	if (text[0] != '/' || length >= size || !is_readable(text))
		return false;
	memset(out, 0, size);
	memcpy(out, text, length);
	return true;
}

/* dev_valid_name() of the kernel: no slash, no colon, no space, not . or .. */
static bool take_interface(const char *text, char *out)
{
	size_t length = strlen(text);
	if (length == 0 || length >= SK_CONF_INTERFACE_MAX || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] == '/' || text[i] == ':' || (unsigned char)text[i] <= 0x20 || (unsigned char)text[i] >= 0x7f)
			return false;
	memset(out, 0, SK_CONF_INTERFACE_MAX);
	memcpy(out, text, length);
	return true;
}

static bool take_endpoint(const char *text, struct sk_conf_endpoint *out)
{
	char host[SK_ADDR_TEXT_MAX];
	uint64_t port;
	const char *colon = strrchr(text, ':'), *from = text, *to = colon;
	if (colon == NULL)
		return false;
	bool bracketed = text[0] == '[' && colon > text && colon[-1] == ']';
	if (bracketed)
		from++, to--;
	if (to <= from || (size_t)(to - from) >= sizeof host)
		return false;
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = '\0';
	const char *digits = colon + 1;
	memset(out, 0, sizeof *out);
	if (sk_addr_parse(host, &out->addr) != SK_OK || (out->addr.family == 6) != bracketed)
		return false;
	if (!take_number(&digits, &port) || *digits != '\0' || port == 0 || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	return true;
}

static bool take_typed(const struct sk_conf_row *row, const char *text, void *value)
{
	uint64_t number;
	switch ((enum sk_conf_type)row->type) {
	case SK_CONF_V_BOOL: return take_bool(text, value);
	case SK_CONF_V_COUNT: return take_number(&text, value) && *text == '\0';
	case SK_CONF_V_BYTES: return take_unit(text, byte_units, SK_COUNT(byte_units), value);
	case SK_CONF_V_TIME:
		if (!take_unit(text, time_units, SK_COUNT(time_units), &number))
			return false;
		*(int64_t *)value = (int64_t)number;
		return true;
	case SK_CONF_V_RATE: return take_rate(text, value);
	case SK_CONF_V_SHARE: return take_share(text, value);
	case SK_CONF_V_CHOICE:
		*(uint16_t *)value = sk_conf_choice_find(row->choices, text);
		return *(uint16_t *)value != SK_CONF_CHOICE_NONE;
	case SK_CONF_V_WORD: return text[0] != '\0' && text[0] != '-' && take_text(text, "._-", value, SK_CONF_WORD_MAX);
	case SK_CONF_V_LABEL: return is_letter(text[0]) && take_text(text, "_-", value, SK_CONF_LABEL_MAX);
	case SK_CONF_V_INTERFACE: return take_interface(text, value);
	case SK_CONF_V_PATH: return take_path(text, value, SK_PATH_MAX);
	case SK_CONF_V_SOCKET: return take_path(text, value, SK_CONF_SOCKET_MAX);
	case SK_CONF_V_PREFIX: return sk_prefix_parse(text, value) == SK_OK;
	case SK_CONF_V_ENDPOINT: return take_endpoint(text, value);
	case SK_CONF_V_MAPS:
	case SK_CONF_V_TYPES: break;
	}
	return false;
}

/* ---- bounds ---- */

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* <0, 0, >0 for two values of a type that has an order. */
static int compare(const struct sk_conf_row *row, const void *a, const void *b)
{
	switch ((enum sk_conf_type)row->type) {
	case SK_CONF_V_COUNT:
	case SK_CONF_V_BYTES: return order(*(const uint64_t *)a, *(const uint64_t *)b);
	case SK_CONF_V_TIME: return order((uint64_t)*(const int64_t *)a, (uint64_t)*(const int64_t *)b);
	case SK_CONF_V_SHARE: return order(*(const uint32_t *)a, *(const uint32_t *)b);
	case SK_CONF_V_RATE: {
		const struct sk_conf_rate *x = a, *y = b;
		__extension__ typedef unsigned __int128 wide;
		wide left = (wide)x->count * (wide)y->per_ns, right = (wide)y->count * (wide)x->per_ns;
		return left < right ? -1 : left > right;
	}
	default: return 0;
	}
}

static bool within(const struct sk_conf_row *row, const void *value)
{
	union { uint64_t number; int64_t ns; uint32_t ppm; struct sk_conf_rate rate; } bound;
	if (row->least[0] != '\0') {
		SK_INVARIANT(take_typed(row, row->least, &bound));
		if (compare(row, value, &bound) < 0)
			return false;
	}
	if (row->most[0] != '\0') {
		SK_INVARIANT(take_typed(row, row->most, &bound));
		if (compare(row, value, &bound) > 0)
			return false;
	}
	return true;
}

/* "" is none: of a place to write to or to listen on, and wherever it is the default. */
static bool may_be_empty(const struct sk_conf_row *row)
{
	bool place = row->type == SK_CONF_V_PATH || row->type == SK_CONF_V_SOCKET || row->type == SK_CONF_V_ENDPOINT;
	return row->places == 0 && row->standard != NULL && (place || row->standard[0] == '\0');
}

static void say_expected(const struct sk_conf_row *row, char expected[SK_CONF_EXPECTED_MAX])
{
	static const char *const words[SK_CONF_V_TYPES] = {
		[SK_CONF_V_BOOL] = "true or false", [SK_CONF_V_COUNT] = "a whole number", [SK_CONF_V_BYTES] = "a size with its unit (B, KiB, MiB, GiB, TiB)",
		[SK_CONF_V_TIME] = "a duration with its unit (ms, s, m, h, d)", [SK_CONF_V_RATE] = "a number per second, minute or hour (20/s, 20/m, 20/h)",
		[SK_CONF_V_SHARE] = "a share in per cent (0.1%)", [SK_CONF_V_WORD] = "letters, digits, '.', '_' and '-', at most 63, no '-' in front",
		[SK_CONF_V_LABEL] = "a letter, then letters, digits, '_' and '-', at most 31", [SK_CONF_V_INTERFACE] = "the name of an interface, at most 15 bytes",
		[SK_CONF_V_PATH] = "a path from '/'", [SK_CONF_V_SOCKET] = "a path from '/' of at most 107 bytes",
		[SK_CONF_V_PREFIX] = "an address or a prefix without host bits (192.0.2.0/24)",
		[SK_CONF_V_ENDPOINT] = "ADDRESS:PORT (192.0.2.1:4739, [2001:db8::1]:4739); names are not looked up"};
	if (row->type == SK_CONF_V_CHOICE) {
		struct sk_conf_facts facts;
		int used = snprintf(expected, SK_CONF_EXPECTED_MAX, "one of");
		size_t count, i = 0;
		const struct sk_conf_row *all = sk_conf_rows(&count);
		i = (size_t)(row - all);
		SK_INVARIANT(sk_conf_facts(i, &facts));
		for (size_t c = 0; c < facts.choice_count; c++)
			used += snprintf(expected + used, (size_t)(SK_CONF_EXPECTED_MAX - used), "%s%s", c == 0 ? " " : ", ", facts.choices[c]);
		SK_INVARIANT(used < SK_CONF_EXPECTED_MAX);
		return;
	}
	int used = snprintf(expected, SK_CONF_EXPECTED_MAX, "%s", words[row->type]);
	if (row->least[0] != '\0')
		used += snprintf(expected + used, (size_t)(SK_CONF_EXPECTED_MAX - used), " from %s to %s", row->least, row->most);
	if (may_be_empty(row))
		used += snprintf(expected + used, (size_t)(SK_CONF_EXPECTED_MAX - used), ", or \"\" for none");
	SK_INVARIANT(used < SK_CONF_EXPECTED_MAX);
}

enum sk_err sk_conf_value_read(const struct sk_conf_row *row, const char *text, void *value, char expected[SK_CONF_EXPECTED_MAX])
{
	if (text[0] == '\0' && may_be_empty(row)) {
		memset(value, 0, row->size);
		return SK_OK;
	}
	if (take_typed(row, text, value) && within(row, value))
		return SK_OK;
	say_expected(row, expected);
	return SK_EMALFORMED;
}

void sk_conf_value_default(const struct sk_conf_row *row, void *value)
{
	char expected[SK_CONF_EXPECTED_MAX];
	memset(value, 0, row->size);
	if (row->standard != NULL)
		SK_INVARIANT(sk_conf_value_read(row, row->standard, value, expected) == SK_OK);
}

/* ---- writing ---- */

/* Plain where YAML 1.1 and 1.2 read a plain scalar as this very text; else in double quotes. */
static void add_text(struct sk_buf *out, const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
	size_t length = strlen(text);
	bool plain = length != 0 && (is_letter(text[0]) || text[0] == '/');
	for (size_t i = 0; i < length && plain; i++)
		plain = is_letter(text[i]) || is_digit(text[i]) || strchr("._-/", text[i]) != NULL;
	for (size_t i = 0; i < SK_COUNT(words) && plain; i++)
		plain = strcasecmp(text, words[i]) != 0;
	if (plain) {
		sk_buf_add_text(out, text);
		return;
	}
	sk_buf_add_u8(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			sk_buf_add_u8(out, '\\');
		sk_buf_add_u8(out, (uint8_t)text[i]);
	}
	sk_buf_add_u8(out, '"');
}

static void add_unit(struct sk_buf *out, const struct unit *units, size_t count, uint64_t value, const char *zero)
{
	if (value == 0) {
		sk_buf_add_text(out, zero);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (value % units[i].size == 0) {
			sk_buf_addf(out, "%" PRIu64 "%s", value / units[i].size, units[i].name);
			return;
		}
	SK_INVARIANT(false);
}

static void add_share(struct sk_buf *out, uint32_t ppm)
{
	unsigned whole = ppm / PPM_PERCENT, part = ppm % PPM_PERCENT;
	sk_buf_addf(out, "%u", whole);
	if (part != 0) {
		int digits = 4;
		for (; part % 10 == 0; part /= 10)
			digits--;
		sk_buf_addf(out, ".%0*u", digits, part);
	}
	sk_buf_add_u8(out, '%');
}

static void add_rate(struct sk_buf *out, const struct sk_conf_rate *rate)
{
	for (size_t i = 0; i < SK_COUNT(rate_units); i++)
		if (rate_units[i].size == (uint64_t)rate->per_ns)
			sk_buf_addf(out, "%" PRIu64 "/%s", rate->count, rate_units[i].name);
}

static void add_endpoint(struct sk_buf *out, const struct sk_conf_endpoint *endpoint)
{
	char text[SK_ADDR_TEXT_MAX];
	if (endpoint->addr.family == 0)
		sk_buf_add_text(out, "\"\"");
	else if (endpoint->addr.family == 6) /* quoted: a bracket in front would begin a list */
		sk_buf_addf(out, "\"[%s]:%u\"", sk_addr_format(&endpoint->addr, text), (unsigned)endpoint->port);
	else
		sk_buf_addf(out, "%s:%u", sk_addr_format(&endpoint->addr, text), (unsigned)endpoint->port);
}

void sk_conf_value_write(const struct sk_conf_row *row, const void *value, struct sk_buf *out)
{
	char text[SK_PREFIX_TEXT_MAX];
	switch ((enum sk_conf_type)row->type) {
	case SK_CONF_V_BOOL: sk_buf_add_text(out, *(const bool *)value ? "true" : "false"); return;
	case SK_CONF_V_COUNT: sk_buf_addf(out, "%" PRIu64, *(const uint64_t *)value); return;
	case SK_CONF_V_BYTES: add_unit(out, byte_units, SK_COUNT(byte_units), *(const uint64_t *)value, "0"); return;
	case SK_CONF_V_TIME: add_unit(out, time_units, SK_COUNT(time_units), (uint64_t)*(const int64_t *)value, "0s"); return;
	case SK_CONF_V_RATE: add_rate(out, value); return;
	case SK_CONF_V_SHARE: add_share(out, *(const uint32_t *)value); return;
	case SK_CONF_V_CHOICE: sk_buf_add_text(out, sk_conf_choice_word(*(const uint16_t *)value)); return;
	case SK_CONF_V_PREFIX: sk_buf_addf(out, "\"%s\"", sk_prefix_format(value, text)); return;
	case SK_CONF_V_ENDPOINT: add_endpoint(out, value); return;
	case SK_CONF_V_WORD:
	case SK_CONF_V_LABEL:
	case SK_CONF_V_INTERFACE:
	case SK_CONF_V_PATH:
	case SK_CONF_V_SOCKET: add_text(out, value); return;
	case SK_CONF_V_MAPS:
	case SK_CONF_V_TYPES: break;
	}
	SK_INVARIANT(false);
}
