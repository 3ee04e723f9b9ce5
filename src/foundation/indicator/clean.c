/* SPDX-License-Identifier: Apache-2.0 */
/* One value as people write it: defanged, in capitals, as a URL, with a port, as an internationalised name. What is cleaned is said; what would
   match more than its author asked for is refused. */
#include <idn2.h>
#include <stdlib.h>
#include <strings.h>

#include "indicator/indicator_priv.h"
#include "text/text.h"

#define TAKEN SK_INDICATOR_REASON_COUNT

/* A value being cleaned: a private, NUL-terminated copy. */
struct work {
	char bytes[SK_INDICATOR_VALUE_MAX + 1];
	char *text; /* inside bytes */
	size_t length;
	enum sk_type type;
	uint32_t changes;
	const char *detail;
};

static void change(struct work *work, enum sk_indicator_reason reason)
{
	work->changes |= 1u << reason;
}

static enum sk_indicator_reason refuse(struct work *work, enum sk_indicator_reason reason, const char *detail)
{
	work->detail = detail;
	return reason;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool all(const char *text, size_t length, bool (*is)(char))
{
	for (size_t i = 0; i < length; i++)
		if (!is(text[i]))
			return false;
	return length != 0;
}

/* ---- types ---- */

enum sk_type sk_type_parse(const char *name, size_t length)
{
	static const struct {
		const char *name;
		enum sk_type type;
	} types[] = {
		{"ip-dst", SK_TYPE_ADDRESS}, {"ip-src", SK_TYPE_ADDRESS}, {"ip", SK_TYPE_ADDRESS}, {"ipv4", SK_TYPE_ADDRESS},
		{"ipv6", SK_TYPE_ADDRESS}, {"ipv4-addr", SK_TYPE_ADDRESS}, {"ipv6-addr", SK_TYPE_ADDRESS}, {"address", SK_TYPE_ADDRESS},
		{"ip-address", SK_TYPE_ADDRESS}, {"ip_address", SK_TYPE_ADDRESS}, {"ip address", SK_TYPE_ADDRESS}, {"ipaddress", SK_TYPE_ADDRESS},
		{"dst_ip", SK_TYPE_ADDRESS}, {"src_ip", SK_TYPE_ADDRESS}, {"dstip", SK_TYPE_ADDRESS}, {"srcip", SK_TYPE_ADDRESS},
		{"ip_dst", SK_TYPE_ADDRESS}, {"ip_src", SK_TYPE_ADDRESS}, {"cidr", SK_TYPE_ADDRESS}, {"prefix", SK_TYPE_ADDRESS},
		{"network", SK_TYPE_ADDRESS}, {"ip-range", SK_TYPE_ADDRESS}, {"ipv4-cidr", SK_TYPE_ADDRESS}, {"ipv6-cidr", SK_TYPE_ADDRESS},
		{"ipv4-net", SK_TYPE_ADDRESS}, {"ipv6-net", SK_TYPE_ADDRESS}, {"netblock", SK_TYPE_ADDRESS}, {"subnet", SK_TYPE_ADDRESS},
		{"ip-dst|port", SK_TYPE_ADDRESS_PORT}, {"ip-src|port", SK_TYPE_ADDRESS_PORT}, {"ip:port", SK_TYPE_ADDRESS_PORT},
		{"ip_port", SK_TYPE_ADDRESS_PORT}, {"domain", SK_TYPE_DOMAIN}, {"hostname", SK_TYPE_DOMAIN}, {"host", SK_TYPE_DOMAIN},
		{"fqdn", SK_TYPE_DOMAIN}, {"domain-name", SK_TYPE_DOMAIN}, {"domain_name", SK_TYPE_DOMAIN}, {"domain name", SK_TYPE_DOMAIN},
		{"domainname", SK_TYPE_DOMAIN}, {"hostname|port", SK_TYPE_DOMAIN_PORT}, {"domain|ip", SK_TYPE_DOMAIN_ADDRESS}, {"ja3", SK_TYPE_JA3},
		{"ja3-fingerprint-md5", SK_TYPE_JA3}, {"ja3_md5", SK_TYPE_JA3}, {"ja3_hash", SK_TYPE_JA3}, {"ja3-hash", SK_TYPE_JA3},
		{"ja3_fingerprint", SK_TYPE_JA3}, {"ja3-fingerprint", SK_TYPE_JA3}, {"ja4", SK_TYPE_JA4}, {"ja4-fingerprint", SK_TYPE_JA4},
		{"ja4_fingerprint", SK_TYPE_JA4}, {"url", SK_TYPE_URL}, {"uri", SK_TYPE_URL},
	};
	while (length > 0 && sk_space(*name))
		name++, length--;
	while (length > 0 && sk_space(name[length - 1]))
		length--;
	for (size_t i = 0; i < SK_COUNT(types); i++)
		if (strlen(types[i].name) == length && strncasecmp(types[i].name, name, length) == 0)
			return types[i].type;
	return length == 0 ? SK_TYPE_ANY : SK_TYPE_UNSUPPORTED;
}

/* ---- the text itself ---- */

static void trim(struct work *work)
{
	while (work->length > 0 && sk_space(work->text[0]))
		work->text++, work->length--;
	while (work->length > 0 && sk_space(work->text[work->length - 1]))
		work->length--;
	/* One pair of quotes, back-ticks or angle brackets around the value. */
	if (work->length >= 2) {
		char first = work->text[0], last = work->text[work->length - 1];
		if (first == last ? first == '"' || first == '\'' || first == '`' : first == '<' && last == '>')
			work->text++, work->length -= 2;
	}
	work->text[work->length] = '\0';
}

/* Replace every `from` by `to`, which is not longer. */
static void replace(struct work *work, const char *from, const char *to)
{
	size_t from_length = strlen(from), to_length = strlen(to);
	char *out = work->text;
	for (const char *in = work->text; *in != '\0';) {
		if (strncasecmp(in, from, from_length) == 0) {
			memcpy(out, to, to_length);
			out += to_length;
			in += from_length;
			change(work, SK_INDICATOR_DEFANGED);
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	work->length = (size_t)(out - work->text);
}

static void refang(struct work *work)
{
	static const char *const pairs[][2] = {
		{"[.]", "."}, {"(.)", "."}, {"{.}", "."}, {"[dot]", "."}, {"(dot)", "."}, {"{dot}", "."}, {"[.", "."}, {".]", "."}, {"\\.", "."},
		{"[://]", "://"}, {"[:]//", "://"}, {"[:]", ":"}, {"(:)", ":"}, {"[/]", "/"}, {"[at]", "@"}, {"[@]", "@"},
	};
	if (strpbrk(work->text, "[({\\") != NULL)
		for (size_t i = 0; i < SK_COUNT(pairs); i++)
			replace(work, pairs[i][0], pairs[i][1]);
	if (strncasecmp(work->text, "hxxp", 4) == 0 || strncasecmp(work->text, "h**p", 4) == 0) {
		memcpy(work->text, "http", 4);
		change(work, SK_INDICATOR_DEFANGED);
	}
}

static void lower(struct work *work)
{
	for (char *c = work->text; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z') {
			*c = (char)(*c - 'A' + 'a');
			change(work, SK_INDICATOR_CASE);
		}
	}
}

static void cut(struct work *work, size_t length)
{
	work->length = length;
	work->text[length] = '\0';
}

/* "scheme://host[:port][/]" becomes host[:port]; a URL that names more is refused. */
static enum sk_indicator_reason reduce_url(struct work *work)
{
	static const char too_wide[] = "a URL names one path; matching its whole host would be wider: list the host itself if that is meant";
	char *scheme = strstr(work->text, "://");
	if (scheme != NULL) {
		work->length -= (size_t)(scheme + 3 - work->text);
		work->text = scheme + 3;
		change(work, SK_INDICATOR_URL_REDUCED);
	}
	if (strchr(work->text, '@') != NULL)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, "an e-mail address or a URL with a user name");
	size_t host = strcspn(work->text, "/?#");
	const char *rest = work->text + host;
	if (*rest == '\0')
		return TAKEN;
	if (scheme == NULL && work->type != SK_TYPE_URL && *rest == '/' && all(rest + 1, strlen(rest + 1), is_digit))
		return TAKEN; /* a prefix */
	if (strcmp(rest, "/") != 0)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, too_wide);
	cut(work, host);
	change(work, SK_INDICATOR_URL_REDUCED);
	return TAKEN;
}

/* Cut off "[v6]:port", "v4:port", "name:port" and MISP's "value|port". */
static void drop_port(struct work *work)
{
	if (work->text[0] == '[') {
		char *close = strchr(work->text, ']');
		if (close == NULL)
			return;
		if (close[1] == ':' && all(close + 2, strlen(close + 2), is_digit))
			change(work, SK_INDICATOR_PORT_DROPPED);
		else if (close[1] != '\0')
			return;
		work->text++;
		cut(work, (size_t)(close - work->text));
		return;
	}
	char *mark = strchr(work->text, '|');
	if (mark == NULL || (work->type != SK_TYPE_ADDRESS_PORT && work->type != SK_TYPE_DOMAIN_PORT && work->type != SK_TYPE_ANY)) {
		mark = strchr(work->text, ':');
		if (mark == NULL || strchr(mark + 1, ':') != NULL)
			return;
	}
	size_t digits = strlen(mark + 1);
	if (digits > 5 || !all(mark + 1, digits, is_digit))
		return;
	cut(work, (size_t)(mark - work->text));
	change(work, SK_INDICATOR_PORT_DROPPED);
}

/* ---- kinds ---- */

/* An address or a prefix, host bits cleared. False when it is neither. */
static bool as_prefix(struct work *work, struct sk_value *value)
{
	char *slash = strchr(work->text, '/');
	if (slash != NULL)
		*slash = '\0';
	struct sk_prefix prefix;
	bool parsed = sk_addr_parse(work->text, &prefix.addr) == SK_OK;
	if (slash != NULL)
		*slash = '/';
	if (!parsed)
		return false;
	unsigned limit = prefix.addr.family == 4 ? 32 : 128, bits = limit;
	if (slash != NULL) {
		size_t digits = strlen(slash + 1);
		if (digits > 3 || !all(slash + 1, digits, is_digit) || (digits > 1 && slash[1] == '0'))
			return false;
		bits = (unsigned)strtoul(slash + 1, NULL, 10);
		if (bits > limit)
			return false;
	}
	struct sk_addr masked = {.family = prefix.addr.family};
	memcpy(masked.bytes, prefix.addr.bytes, bits / 8);
	if (bits % 8 != 0)
		masked.bytes[bits / 8] = (uint8_t)(prefix.addr.bytes[bits / 8] & 0xff00u >> bits % 8);
	if (!sk_addr_equal(&masked, &prefix.addr))
		change(work, SK_INDICATOR_HOST_BITS);
	value->prefix = (struct sk_prefix){.addr = masked, .bits = (uint8_t)bits};
	value->kind = bits == limit ? SK_INDICATOR_ADDRESS : SK_INDICATOR_PREFIX;
	return true;
}

/* JA4 of a client: t13d1516h2_8daaf6152771_e5627efa2ab1 (transport, version, SNI, two counts, ALPN; two cut hashes). */
static bool is_ja4(const char *text, size_t length)
{
	if (length != SK_INDICATOR_JA4_LENGTH || text[10] != '_' || text[23] != '_')
		return false;
	bool head = strchr("tqd", text[0]) != NULL && (is_digit(text[1]) || strchr("sd", text[1]) != NULL) && is_digit(text[2]) &&
		    strchr("di", text[3]) != NULL && all(text + 4, 4, is_digit) && (is_letter(text[8]) || is_digit(text[8])) &&
		    (is_letter(text[9]) || is_digit(text[9]));
	return head && all(text + 11, 12, is_hex) && all(text + 24, 12, is_hex);
}

static enum sk_indicator_reason to_ascii(struct work *work, struct sk_value *value)
{
	uint8_t *made = NULL;
	if (idn2_lookup_u8((const uint8_t *)work->text, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES) != IDN2_OK)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "not a valid internationalised name");
	value->length = strlen((const char *)made);
	bool fits = value->length <= SK_INDICATOR_NAME_MAX;
	if (fits)
		memcpy(value->name, made, value->length + 1);
	idn2_free(made);
	change(work, SK_INDICATOR_IDN);
	return fits ? TAKEN : SK_INDICATOR_TOO_LONG;
}

/* Labels of 1..63 of [a-z0-9_-], at least two, the last one not a number (RFC 1123, RFC 3696). */
static enum sk_indicator_reason check_name(struct work *work, const struct sk_value *value)
{
	const char *label = value->name, *end = value->name + value->length;
	unsigned labels = 0;
	for (;; label++) {
		size_t length = strcspn(label, ".");
		if (length == 0 || length > SK_INDICATOR_LABEL_MAX)
			return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, length == 0 ? "" : "a label of more than 63 bytes");
		for (size_t i = 0; i < length; i++)
			if (!is_digit(label[i]) && !(label[i] >= 'a' && label[i] <= 'z') && label[i] != '-' && label[i] != '_')
				return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "");
		labels++;
		if (label + length == end) {
			if (all(label, length, is_digit))
				return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, labels == 4 ? "not a valid IPv4 address" : "");
			return labels >= 2 ? TAKEN : SK_INDICATOR_SINGLE_LABEL;
		}
		label += length;
	}
}

static enum sk_indicator_reason as_name(struct work *work, struct sk_value *value)
{
	if (strncmp(work->text, "*.", 2) == 0)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, "a wildcard leaves the name itself out; list the name to match it and all below");
	if (work->text[0] == '.' && work->length > 1) {
		work->text++, work->length--;
		change(work, SK_INDICATOR_DOT);
	}
	if (work->length > 1 && work->text[work->length - 1] == '.') {
		cut(work, work->length - 1);
		change(work, SK_INDICATOR_DOT);
	}
	bool ascii = true;
	for (const char *c = work->text; *c != '\0'; c++)
		ascii = ascii && (unsigned char)*c < 0x80;
	if (!ascii) {
		enum sk_indicator_reason reason = to_ascii(work, value);
		if (reason != TAKEN)
			return reason;
	} else if (work->length > SK_INDICATOR_NAME_MAX) {
		return SK_INDICATOR_TOO_LONG;
	} else {
		memcpy(value->name, work->text, work->length + 1);
		value->length = work->length;
	}
	value->kind = SK_INDICATOR_DOMAIN;
	return check_name(work, value);
}

/* Things that look like an indicator of a kind that cannot be matched on the wire: say which. */
static const char *known_stranger(const struct work *work)
{
	size_t length = work->length;
	if ((length == 32 || length == 40 || length == 56 || length == 64 || length == 96 || length == 128) && all(work->text, length, is_hex))
		return "looks like the hash of a file";
	const char *dash = strchr(work->text, '-');
	if (dash != NULL && (size_t)(dash - work->text) < SK_ADDR_TEXT_MAX) {
		char head[SK_ADDR_TEXT_MAX];
		struct sk_addr addr;
		memcpy(head, work->text, (size_t)(dash - work->text));
		head[dash - work->text] = '\0';
		char *end = head + strlen(head);
		while (end > head && end[-1] == ' ')
			*--end = '\0';
		if (sk_addr_parse(head, &addr) == SK_OK)
			return "a range of addresses; write it as prefixes";
	}
	return NULL;
}

static enum sk_indicator_reason classify(struct work *work, struct sk_value *value)
{
	enum sk_type type = work->type;
	bool any = type == SK_TYPE_ANY;
	if ((any || type == SK_TYPE_JA3) && work->length == 32 && all(work->text, work->length, is_hex)) {
		value->kind = SK_INDICATOR_JA3;
		return sk_hex_decode(work->text, value->ja3, sizeof value->ja3) == SK_OK ? TAKEN : SK_INDICATOR_NOT_AN_INDICATOR;
	}
	if ((any || type == SK_TYPE_JA4) && is_ja4(work->text, work->length)) {
		value->kind = SK_INDICATOR_JA4;
		value->length = work->length;
		memcpy(value->name, work->text, work->length + 1);
		return TAKEN;
	}
	if (type == SK_TYPE_JA3 || type == SK_TYPE_JA4)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, type == SK_TYPE_JA3 ? "a JA3 is 32 hexadecimal digits" : "not the shape of a JA4");
	const char *stranger = known_stranger(work);
	if (stranger != NULL)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, stranger);
	enum sk_indicator_reason reason = reduce_url(work);
	if (reason != TAKEN)
		return reason;
	drop_port(work);
	if (as_prefix(work, value))
		return TAKEN; /* also in a column "host": an address is never a name */
	if (type == SK_TYPE_ADDRESS || type == SK_TYPE_ADDRESS_PORT)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "its type says address, but it is none");
	return as_name(work, value);
}

enum sk_indicator_reason sk_value_clean(const char *text, size_t length, enum sk_type type, struct sk_value *value, const char **detail)
{
	struct work work = {.type = type, .detail = ""};
	*detail = "";
	if (type == SK_TYPE_UNSUPPORTED)
		return SK_INDICATOR_UNSUPPORTED_TYPE;
	if (length > SK_INDICATOR_VALUE_MAX)
		return SK_INDICATOR_TOO_LONG;
	if (!sk_utf8_valid(text, length))
		return SK_INDICATOR_BAD_UTF8;
	if (length != 0 && memchr(text, '\0', length) != NULL)
		return SK_INDICATOR_NOT_AN_INDICATOR;
	work.text = work.bytes;
	work.length = length;
	if (length != 0)
		memcpy(work.bytes, text, length);
	trim(&work);
	if (work.length == 0)
		return SK_INDICATOR_EMPTY;
	refang(&work);
	lower(&work);
	enum sk_indicator_reason reason = classify(&work, value);
	value->changes = work.changes;
	*detail = work.detail;
	return reason;
}
