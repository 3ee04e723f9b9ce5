/* SPDX-License-Identifier: Apache-2.0 */
/* The values of an admitted line, cleaned as the sensor cleans them on the wire, asked of the set. */
#include "logs/logs_priv.h"
#include "text/text.h"
#include "text/url.h"

enum { DOMAIN_MAX = 256, HEX_MAX = 2 * SK_HASH_BYTES, SHA1_BYTES = 20 };

struct asking {
	const struct sk_indicator_set *set;
	struct sk_log_hit *hits;
	size_t count;
};

static void add_hit(struct asking *asking, const struct sk_indicator_hit *hit, uint8_t field)
{
	for (const struct sk_log_hit *known = asking->hits; known < asking->hits + asking->count; known++)
		if (known->indicator.id == hit->id && known->indicator.kind == hit->kind)
			return;
	if (asking->count < SK_LOG_HITS_MAX)
		*(asking->hits + asking->count++) = (struct sk_log_hit){.indicator = *hit, .field = field};
}

static void ask_addr(struct asking *asking, const struct sk_addr *addr, uint8_t field)
{
	struct sk_indicator_hit hit;
	if (sk_indicator_match_addr(asking->set, addr, &hit))
		add_hit(asking, &hit, field);
}

/* A name in lower case without its last dot. */
static void ask_name(struct asking *asking, const char *name, size_t length, uint8_t field)
{
	struct sk_indicator_hit hit;
	char clean[DOMAIN_MAX];
	if (length > 0 && *(name + length - 1) == '.')
		length--;
	if (length == 0 || length >= sizeof clean)
		return;
	for (size_t i = 0; i < length; i++)
		*(clean + i) = (char)(*(name + i) >= 'A' && *(name + i) <= 'Z' ? *(name + i) - 'A' + 'a' : *(name + i));
	*(clean + length) = '\0';
	if (sk_indicator_match_domain(asking->set, clean, length, &hit))
		add_hit(asking, &hit, field);
}

/* Hexadecimal digits, colons between them allowed (as EVE writes certificates). */
static void ask_hash(struct asking *asking, enum sk_indicator_kind kind, const char *text, size_t length, uint8_t field)
{
	struct sk_indicator_hit hit;
	char digits[HEX_MAX + 1], *out = digits;
	uint8_t bytes[SK_HASH_BYTES];
	for (const char *at = text; at < text + length; at++) {
		if (*at == ':')
			continue;
		if (out == digits + HEX_MAX)
			return;
		*out++ = *at;
	}
	*out = '\0';
	size_t count = (size_t)(out - digits) / 2;
	if (kind == SK_INDICATOR_CERT_SHA256 && count == SHA1_BYTES)
		kind = SK_INDICATOR_CERT_SHA1;
	if (sk_hex_decode(digits, bytes, count) == SK_OK && sk_indicator_match_hash(asking->set, kind, bytes, count, &hit))
		add_hit(asking, &hit, field);
}

static void ask_ja4(struct asking *asking, const char *text, size_t length, uint8_t field)
{
	struct sk_indicator_hit hit;
	char value[DOMAIN_MAX];
	if (length >= sizeof value)
		return;
	memcpy(value, text, length);
	*(value + length) = '\0';
	if (sk_indicator_match_ja4(asking->set, value, &hit))
		add_hit(asking, &hit, field);
}

static void ask_url(struct asking *asking, const struct sk_url *url, uint8_t field)
{
	struct sk_indicator_hit hit;
	uint8_t hash[SK_URL_HASH_BYTES];
	if (url->host_length == 0 || url->host_length >= SK_URL_HOST_MAX)
		return;
	sk_url_hash(url->host, url->host_length, url->path, url->path_length, hash);
	if (sk_indicator_match_hash(asking->set, SK_INDICATOR_URL, hash, sizeof hash, &hit))
		add_hit(asking, &hit, field);
}

static void ask_value(struct asking *asking, uint8_t field, const char *text, size_t length)
{
	switch (field) {
	case SK_LOG_DNS_NAME:
	case SK_LOG_TLS_NAME:
	case SK_LOG_NAME: ask_name(asking, text, length, field); break;
	case SK_LOG_JA3: ask_hash(asking, SK_INDICATOR_JA3, text, length, field); break;
	case SK_LOG_JA3S: ask_hash(asking, SK_INDICATOR_JA3S, text, length, field); break;
	case SK_LOG_HASSH: ask_hash(asking, SK_INDICATOR_HASSH, text, length, field); break;
	case SK_LOG_HASSH_SERVER: ask_hash(asking, SK_INDICATOR_HASSH_SERVER, text, length, field); break;
	case SK_LOG_CERTIFICATE: ask_hash(asking, SK_INDICATOR_CERT_SHA256, text, length, field); break;
	case SK_LOG_JA4: ask_ja4(asking, text, length, field); break;
	default: break;
	}
}

/* A set of Zeek's: values with a separator between them. */
static void ask_values(struct asking *asking, const struct span *span, char separator, const char *text, size_t length)
{
	const char *end = text + length;
	if (!span->set) {
		ask_value(asking, span->field, text, length);
		return;
	}
	for (const char *at = text; at < end;) {
		const char *stop = memchr(at, separator, (size_t)(end - at));
		stop = stop != NULL ? stop : end;
		ask_value(asking, span->field, at, (size_t)(stop - at));
		at = stop + 1;
	}
}

/* The host as it was asked for, and with the path the address of what was asked for: a path, or all of it, as a proxy is told. */
static void ask_http(struct asking *asking, const struct found *found)
{
	const struct span *host_span = found_get(found, SK_LOG_HTTP_HOST), *path_span = found_get(found, SK_LOG_HTTP_PATH), *url_span = found_get(found, SK_LOG_URL);
	char host_memory[SK_LOG_VALUE_MAX], path_memory[SK_LOG_VALUE_MAX];
	struct sk_url url = {.host = NULL};
	size_t length = 0;
	const char *text = host_span != NULL ? value_text(host_span, host_memory, sizeof host_memory, &length) : NULL;
	bool has_host = text != NULL && sk_url_authority(text, length, &url.host, &url.host_length) == SK_OK;
	if (has_host)
		ask_name(asking, url.host, url.host_length, SK_LOG_HTTP_HOST);
	const struct span *span = url_span != NULL ? url_span : path_span;
	text = span != NULL ? value_text(span, path_memory, sizeof path_memory, &length) : NULL;
	if (text == NULL || length == 0)
		return;
	if (*text == '/' && has_host) {
		url.path = text;
		url.path_length = length;
		ask_url(asking, &url, span->field);
	} else if (*text != '/' && sk_url_parts(text, length, &url) == SK_OK && (url.has_scheme || span->field == SK_LOG_URL)) {
		ask_name(asking, url.host, url.host_length, span->field);
		ask_url(asking, &url, span->field);
	}
}

size_t sk_log_match(const struct sk_log_admitted *admitted, const struct sk_indicator_set *set, struct sk_log_hit hits[SK_LOG_HITS_MAX])
{
	struct asking asking = {.set = set, .hits = hits};
	bool http = false;
	ask_addr(&asking, &admitted->source, SK_LOG_SOURCE);
	ask_addr(&asking, &admitted->destination, SK_LOG_DESTINATION);
	for (const struct span *span = admitted->found.span; span < admitted->found.span + admitted->found.count; span++) {
		char memory[SK_LOG_VALUE_MAX];
		size_t length;
		http |= span->field >= SK_LOG_HTTP_HOST && span->field <= SK_LOG_URL;
		bool asked_here = span->field >= SK_LOG_DNS_NAME && (span->field < SK_LOG_HTTP_HOST || span->field > SK_LOG_URL);
		const char *text = asked_here ? value_text(span, memory, sizeof memory, &length) : NULL;
		if (text != NULL)
			ask_values(&asking, span, admitted->schema->set_separator, text, length);
	}
	if (http)
		ask_http(&asking, &admitted->found);
	return asking.count;
}
