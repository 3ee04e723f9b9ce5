/* SPDX-License-Identifier: Apache-2.0 */
/* One value as people write it: defanged, in capitals, as a URL, with a port, as an internationalised name. What is cleaned is said; what would
   match more than its author asked for is refused. */
#include <idn2.h>
#include <stdlib.h>
#include <strings.h>

#include "indicator/indicator_priv.h"
#include "text/text.h"
#include "text/url.h"

#define TAKEN SK_INDICATOR_REASON_COUNT

/* A value being cleaned: a private, NUL-terminated copy. */
struct work {
	char bytes[SK_INDICATOR_VALUE_MAX + 1];
	char *text; /* inside bytes */
	size_t length;
	enum sk_type type;
	uint64_t changes;
	const char *detail;
};

static void change(struct work *work, enum sk_indicator_reason reason)
{
	work->changes |= UINT64_C(1) << reason;
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
		{"dest_ip", SK_TYPE_ADDRESS}, {"destination_ip", SK_TYPE_ADDRESS}, {"source_ip", SK_TYPE_ADDRESS}, {"remote_ip", SK_TYPE_ADDRESS},
		{"destination ip", SK_TYPE_ADDRESS}, {"source ip", SK_TYPE_ADDRESS}, {"ipv4 address", SK_TYPE_ADDRESS}, {"ipv6 address", SK_TYPE_ADDRESS},
		{"ipv4_address", SK_TYPE_ADDRESS}, {"ipv6_address", SK_TYPE_ADDRESS},
		{"ip_dst", SK_TYPE_ADDRESS}, {"ip_src", SK_TYPE_ADDRESS}, {"cidr", SK_TYPE_ADDRESS}, {"prefix", SK_TYPE_ADDRESS},
		{"network", SK_TYPE_ADDRESS}, {"ip-range", SK_TYPE_ADDRESS}, {"ipv4-cidr", SK_TYPE_ADDRESS}, {"ipv6-cidr", SK_TYPE_ADDRESS},
		{"ipv4-net", SK_TYPE_ADDRESS}, {"ipv6-net", SK_TYPE_ADDRESS}, {"netblock", SK_TYPE_ADDRESS}, {"subnet", SK_TYPE_ADDRESS},
		{"ip-dst|port", SK_TYPE_ADDRESS_PORT}, {"ip-src|port", SK_TYPE_ADDRESS_PORT}, {"ip:port", SK_TYPE_ADDRESS_PORT},
		{"ip_port", SK_TYPE_ADDRESS_PORT}, {"domain", SK_TYPE_DOMAIN}, {"hostname", SK_TYPE_DOMAIN}, {"host", SK_TYPE_DOMAIN},
		{"fqdn", SK_TYPE_DOMAIN}, {"domain-name", SK_TYPE_DOMAIN}, {"domain_name", SK_TYPE_DOMAIN}, {"domain name", SK_TYPE_DOMAIN},
		{"domainname", SK_TYPE_DOMAIN}, {"hostname|port", SK_TYPE_DOMAIN_PORT}, {"domain|ip", SK_TYPE_DOMAIN_ADDRESS}, {"ja3", SK_TYPE_JA3},
		{"ja3-fingerprint-md5", SK_TYPE_JA3}, {"ja3_md5", SK_TYPE_JA3}, {"ja3_hash", SK_TYPE_JA3}, {"ja3-hash", SK_TYPE_JA3},
		{"ja3_fingerprint", SK_TYPE_JA3}, {"ja3-fingerprint", SK_TYPE_JA3}, {"ja4", SK_TYPE_JA4}, {"ja4-fingerprint", SK_TYPE_JA4},
		{"ja4_fingerprint", SK_TYPE_JA4}, {"url", SK_TYPE_URL}, {"uri", SK_TYPE_URL}, {"hassh", SK_TYPE_HASSH}, {"hassh-md5", SK_TYPE_HASSH},
		{"hassh_server", SK_TYPE_HASSH_SERVER}, {"hasshserver", SK_TYPE_HASSH_SERVER}, {"hasshserver-md5", SK_TYPE_HASSH_SERVER},
		{"ja3s", SK_TYPE_JA3S}, {"ja3s_md5", SK_TYPE_JA3S}, {"ja3s-hash", SK_TYPE_JA3S}, {"ja3s-fingerprint", SK_TYPE_JA3S},
		{"ja3s-fingerprint-md5", SK_TYPE_JA3S}, {"cert_sha1", SK_TYPE_CERT_SHA1}, {"x509-fingerprint-sha1", SK_TYPE_CERT_SHA1},
		{"sslcert_sha1", SK_TYPE_CERT_SHA1}, {"ssl_cert_sha1", SK_TYPE_CERT_SHA1}, {"cert_sha256", SK_TYPE_CERT_SHA256},
		{"x509-fingerprint-sha256", SK_TYPE_CERT_SHA256}, {"ssl_cert_sha256", SK_TYPE_CERT_SHA256},
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
	bool scheme = work->length > 5 && (work->text[4] == ':' || (work->text[5] == ':' && (work->text[4] == 's' || work->text[4] == 'S')));
	if (scheme && (strncasecmp(work->text, "hxxp", 4) == 0 || strncasecmp(work->text, "h**p", 4) == 0)) {
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

/* Does the text name a page (a path, a query) and not just a host? "45.33.32.0/24" without a scheme is a prefix. */
static bool names_a_page(const struct work *work)
{
	const char *scheme = strstr(work->text, "://");
	const char *authority = scheme != NULL ? scheme + 3 : work->text, *rest = authority + strcspn(authority, "/?");
	if (*rest == '\0' || strcmp(rest, "/") == 0)
		return false;
	return scheme != NULL || work->type == SK_TYPE_URL || rest[0] != '/' || !all(rest + 1, strlen(rest + 1), is_digit);
}

/* "scheme://host[:port][/]" becomes host[:port]. */
static enum sk_indicator_reason reduce_url(struct work *work)
{
	char *scheme = strstr(work->text, "://");
	if (scheme != NULL) {
		work->length -= (size_t)(scheme + 3 - work->text);
		work->text = scheme + 3;
		change(work, SK_INDICATOR_URL_REDUCED);
	}
	if (strchr(work->text, '@') != NULL)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, "an e-mail address or a URL with a user name");
	char *slash = strchr(work->text, '/');
	if (slash != NULL && slash[1] == '\0') {
		cut(work, (size_t)(slash - work->text));
		change(work, SK_INDICATOR_URL_REDUCED);
	}
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
	if (length != SK_INDICATOR_PRINT_MAX || text[10] != '_' || text[23] != '_')
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
		const char *tail = dash + 1 + strspn(dash + 1, " ");
		if (sk_addr_parse(head, &addr) == SK_OK && (sk_addr_parse(tail, &addr) == SK_OK || all(tail, strlen(tail), is_digit)))
			return "a range of addresses; write it as prefixes";
	}
	return NULL;
}

/* ---- fingerprints ---- */

static const struct print {
	const char *name;
	enum sk_indicator_kind kind;
	enum sk_type type;
	size_t bytes;
} prints[SK_PRINT_COUNT] = {
#define SK_PRINT(symbol, text, width) {text, SK_INDICATOR_##symbol, SK_TYPE_##symbol, width},
#include "indicator/print.def"
#undef SK_PRINT
};

const char *sk_print_name(enum sk_indicator_kind kind)
{
	enum sk_column_name column = sk_print_column(kind);
	return column != SK_COLUMN_COUNT ? prints[column - SK_PRINT_FIRST].name : "";
}

enum sk_column_name sk_print_column(enum sk_indicator_kind kind)
{
	for (unsigned i = 0; i < SK_PRINT_COUNT; i++)
		if (prints[i].kind == kind)
			return (enum sk_column_name)(SK_PRINT_FIRST + i);
	return SK_COLUMN_COUNT;
}

enum sk_indicator_kind sk_type_print(enum sk_type type)
{
	for (size_t i = 0; i < SK_COUNT(prints); i++)
		if (prints[i].type == type)
			return prints[i].kind;
	return 0;
}

/* The text as a value of one kind of fingerprint. False: it has not its shape. */
static bool as_print(const struct print *print, const char *text, size_t length, struct sk_value *value)
{
	value->kind = print->kind;
	value->length = print->bytes;
	if (print->kind != SK_INDICATOR_JA4)
		return length == 2 * print->bytes && sk_hex_decode(text, value->print, print->bytes) == SK_OK;
	if (!is_ja4(text, length))
		return false;
	memcpy(value->print, text, length);
	return true;
}

/* "ja3s:HEX" and its like, as sk_indicator_value writes them: found by the colon. NULL when it is none. */
static const struct print *said_print(const struct work *work, const char **rest)
{
	const char *colon = strchr(work->text, ':');
	size_t name = colon != NULL ? (size_t)(colon - work->text) : 0;
	for (size_t i = 0; name != 0 && i < SK_COUNT(prints); i++) {
		if (strlen(prints[i].name) != name || memcmp(prints[i].name, work->text, name) != 0)
			continue;
		*rest = colon + 1;
		return &prints[i];
	}
	return NULL;
}

/* The kinds that a column or an attribute names, or that the text's shape leaves no doubt of. TAKEN, a refusal, or EMPTY: it is no fingerprint. */
static enum sk_indicator_reason classify_print(struct work *work, struct sk_value *value)
{
	const char *rest = work->text;
	const struct print *print = work->type == SK_TYPE_ANY ? said_print(work, &rest) : NULL;
	for (size_t i = 0; print == NULL && i < SK_COUNT(prints); i++)
		if (prints[i].type == work->type && work->type != SK_TYPE_URL)
			print = &prints[i];
	if (print != NULL && as_print(print, rest, strlen(rest), value))
		return TAKEN;
	if (print != NULL && print->kind == SK_INDICATOR_JA4)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "not the shape of a JA4");
	if (print != NULL && print->kind != SK_INDICATOR_URL)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "its type says that it is a hash, but it has not its hexadecimal digits");
	if (work->type == SK_TYPE_ANY && (as_print(&prints[0], work->text, work->length, value) || as_print(&prints[1], work->text, work->length, value)))
		return TAKEN;
	return SK_INDICATOR_EMPTY;
}

/* ---- URLs ---- */

/* A page: the host as any host is cleaned, the path as it is written (its case counts). Nothing wider than the page is matched. */
static enum sk_indicator_reason as_url(struct work *work, struct sk_value *value)
{
	struct sk_url url;
	const char *scheme = strstr(work->text, "://");
	if (scheme != NULL && strncasecmp(work->text, "http://", 7) != 0 && strncasecmp(work->text, "https://", 8) != 0)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, "a URL of another scheme than http or https");
	if (strcspn(work->text, "@") < work->length && strcspn(scheme != NULL ? scheme + 3 : work->text, "@") <
							       strcspn(scheme != NULL ? scheme + 3 : work->text, "/?#"))
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, "an e-mail address or a URL with a user name");
	if (sk_url_parts(work->text, work->length, &url) != SK_OK || url.host_length > SK_INDICATOR_NAME_MAX)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "a URL without a usable host");
	struct work host = {.type = SK_TYPE_ANY, .detail = "", .length = url.host_length};
	host.text = host.bytes;
	memcpy(host.bytes, url.host, url.host_length);
	if (url.host[url.host_length] == ':' || (url.host[url.host_length] != '\0' && url.host[url.host_length + 1] == ':'))
		change(&host, SK_INDICATOR_PORT_DROPPED);
	lower(&host);
	enum sk_indicator_reason reason = as_prefix(&host, value) ? TAKEN : as_name(&host, value);
	if (reason != TAKEN)
		return refuse(work, reason, host.detail);
	if (value->kind == SK_INDICATOR_ADDRESS) {
		(void)sk_addr_format(&value->prefix.addr, value->name);
		value->length = strlen(value->name);
	}
	sk_url_hash(value->name, value->length, url.path, url.path_length, value->print);
	value->kind = SK_INDICATOR_URL;
	value->length = SK_URL_HASH_BYTES;
	work->changes |= host.changes;
	if (url.has_query)
		change(work, SK_INDICATOR_QUERY_CUT);
	return TAKEN;
}

/* ---- the whole ---- */

static enum sk_indicator_reason classify(struct work *work, struct sk_value *value)
{
	enum sk_type type = work->type;
	bool address = type == SK_TYPE_ADDRESS || type == SK_TYPE_ADDRESS_PORT;
	if (!address && names_a_page(work))
		return as_url(work, value);
	lower(work);
	enum sk_indicator_reason reason = classify_print(work, value);
	if (reason != SK_INDICATOR_EMPTY)
		return reason;
	const char *stranger = known_stranger(work);
	if (stranger != NULL)
		return refuse(work, SK_INDICATOR_UNSUPPORTED_TYPE, stranger);
	reason = reduce_url(work);
	if (reason != TAKEN)
		return reason;
	drop_port(work);
	if (as_prefix(work, value))
		return TAKEN; /* also in a column "host": an address is never a name */
	if (address)
		return refuse(work, SK_INDICATOR_NOT_AN_INDICATOR, "its type says address, but it is none");
	return as_name(work, value);
}

enum sk_indicator_reason sk_value_clean(const char *text, size_t length, enum sk_type type, struct sk_value *value, const char **detail)
{
	bool short_way = type == SK_TYPE_ANY || type == SK_TYPE_DOMAIN || type == SK_TYPE_ADDRESS;
	if (short_way && sk_value_plain(text, length, value) && (type != SK_TYPE_ADDRESS || value->kind == SK_INDICATOR_ADDRESS)) {
		*detail = "";
		return TAKEN;
	}
	return sk_value_work(text, length, type, value, detail);
}

enum sk_indicator_reason sk_value_work(const char *text, size_t length, enum sk_type type, struct sk_value *value, const char **detail)
{
	struct work work;
	work.type = type;
	work.changes = 0;
	work.detail = "";
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
	value->prefix = (struct sk_prefix){.bits = 0};
	enum sk_indicator_reason reason = classify(&work, value);
	value->changes = work.changes;
	*detail = work.detail;
	return reason;
}
