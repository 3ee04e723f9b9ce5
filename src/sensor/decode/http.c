/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 heads (RFC 9112 sections 2 to 5).

   request-line:  method SP target SP HTTP/1.1      target:  /path?query   http://user@host:80/path?query   host:443 (CONNECT)   *
   status-line:   HTTP/1.1 SP 200 SP reason         then     Name: value   lines, a line that begins with white space continues the one before
   A line ends in LF, usually CR LF; the head ends with an empty line. HTTP/0.9 is "GET /path" and nothing else.

   Of the bytes, the host is copied out, the path and the names of headers go into hashes; a query, a user and any other value are stepped over. */
#include <strings.h>

#include "decode/digest_priv.h"
#include "decode/http.h"
#include "text/url.h"

enum {
	METHOD_TOKEN_MIN = 2, METHOD_TOKEN_MAX = 32, BLANKS_BEFORE_MAX = 4, PATH_DEPTH_MAX = 255, HEADERS_MAX = 255, EMPTY_LINE_CR_MAX = 4,
	START_MAX_BYTES = METHOD_TOKEN_MAX + 2, /* by then it is known whether it can be a head */
	URL_TEXT_MAX = SK_URL_HOST_MAX + 1 + SK_HTTP_HEAD_MAX_BYTES
};

static const struct {
	const char *name;
	size_t length;
} methods[] = {
#define SK_HTTP_METHOD(text) {text, sizeof text - 1},
#include "decode/http_method.def"
#undef SK_HTTP_METHOD
};

/* Lower-case names joined by commas. No name is longer than its line, so they fit. */
struct names {
	size_t length;
	char text[SK_HTTP_HEAD_MAX_BYTES];
};

/* What is said of the path once the whole head is known. */
struct target {
	struct sk_cur path;
	bool is_path;
};

/* ---- text in a cursor ---- */

/* Bytes in front of the first `byte`; all that is left when there is none. */
static size_t length_before(const struct sk_cur *c, char byte)
{
	size_t left = sk_left(c);
	const uint8_t *found = left != 0 ? memchr(c->at, byte, left) : NULL;
	return found != NULL ? (size_t)(found - c->at) : left;
}

static bool is_text(struct sk_cur c, const char *text, size_t length)
{
	return sk_left(&c) == length && memcmp(sk_take(&c, length), text, length) == 0;
}

static bool starts_with(struct sk_cur c, const char *text, size_t length)
{
	return is_text(sk_carve_at_most(&c, length), text, length);
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The line that ends a head: nothing before its LF, or what breaks CR LF makes of it. */
static bool is_empty(struct sk_cur line)
{
	if (sk_left(&line) > EMPTY_LINE_CR_MAX)
		return false;
	while (sk_more(&line))
		if (sk_u8(&line) != '\r')
			return false;
	return true;
}

static struct sk_cur trim(struct sk_cur c)
{
	while (sk_more(&c) && is_blank(sk_peek_u8(&c, 0)))
		sk_skip(&c, 1);
	size_t length = sk_left(&c);
	while (length != 0 && is_blank(sk_peek_u8(&c, length - 1)))
		length--;
	return sk_carve(&c, length);
}

/* The next line without its LF. False: it is not whole; then *line has the rest. */
static bool take_line(struct sk_cur *c, struct sk_cur *line)
{
	*line = sk_carve(c, length_before(c, '\n'));
	bool whole = sk_more(c);
	if (whole)
		sk_skip(c, 1);
	return whole;
}

static void lower(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
}

/* ---- the host ---- */

static void keep_host(const char *host, size_t length, struct sk_http *out)
{
	_Static_assert((int)SK_URL_HOST_MAX <= (int)SK_HTTP_HOST_MAX, "a host fits with its NUL");
	memcpy(out->host, host, length);
	lower(out->host, length);
	for (size_t i = 0; i < length; i++)
		if (out->host[i] <= 0x20 || out->host[i] >= 0x7f)
			out->host[i] = '?';
	out->host_length = (uint16_t)length;
}

/* The host of "user@host:80", or none. */
static void read_authority(struct sk_cur text, struct sk_http *out)
{
	const char *host;
	size_t length = sk_left(&text);
	if (length != 0 && sk_url_authority((const char *)sk_take(&text, length), length, &host, &length) == SK_OK)
		keep_host(host, length, out);
}

/* ---- the first line ---- */

static bool is_method_byte(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_';
}

static const char *registered(struct sk_cur token)
{
	for (size_t i = 0; i < SK_COUNT(methods); i++)
		if (is_text(token, methods[i].name, methods[i].length))
			return methods[i].name;
	return NULL;
}

/* Can these be the first bytes of a head? SK_OK: yes, as far as they go. */
static enum sk_err look_at_start(struct sk_cur c, bool *response)
{
	static const char version[] = "HTTP/1.";
	size_t left = sk_left(&c), token = 0;
	if (left == 0)
		return SK_EMORE;
	if (starts_with(c, version, left < sizeof version - 1 ? left : sizeof version - 1)) {
		*response = left >= sizeof version - 1;
		return *response ? SK_OK : SK_EMORE;
	}
	while (token < left && token <= METHOD_TOKEN_MAX && is_method_byte(sk_peek_u8(&c, token)))
		token++;
	if (token > METHOD_TOKEN_MAX)
		return SK_EUNSUPPORTED;
	if (token == left)
		return SK_EMORE;
	if (token < METHOD_TOKEN_MIN || sk_peek_u8(&c, token) != ' ')
		return SK_EUNSUPPORTED;
	if (registered(sk_carve(&c, token)) != NULL)
		return SK_OK;
	/* A word that is no method says HTTP only with what stands behind it. */
	if (left == token + 1)
		return SK_EMORE;
	uint8_t target = sk_peek_u8(&c, 1);
	return target == '/' || target == '*' || target == 'h' || target == 'H' ? SK_OK : SK_EUNSUPPORTED;
}

/* "HTTP/1.1" and nothing behind it. */
static enum sk_err read_version(struct sk_cur c, uint8_t *version)
{
	if (!starts_with(c, "HTTP/", 5))
		return SK_EUNSUPPORTED;
	sk_skip(&c, 5);
	uint8_t major = sk_u8(&c), point = sk_u8(&c), minor = sk_u8(&c);
	if (major >= '2' && major <= '9')
		return SK_EUNSUPPORTED;
	if (sk_done(&c) != SK_OK || major < '0' || point != '.' || minor < '0' || minor > '9')
		return SK_EMALFORMED;
	*version = (uint8_t)((major - '0') * 10 + (minor - '0'));
	return *version >= 9 ? SK_OK : SK_EMALFORMED;
}

static enum sk_err read_status_line(struct sk_cur line, struct sk_http *out)
{
	SK_TRY(read_version(sk_carve(&line, length_before(&line, ' ')), &out->version));
	line = trim(line);
	uint8_t hundreds = sk_u8(&line), tens = sk_u8(&line), ones = sk_u8(&line);
	if (hundreds < '1' || hundreds > '9' || tens < '0' || tens > '9' || ones < '0' || ones > '9' ||
	    (sk_more(&line) && sk_peek_u8(&line, 0) != ' '))
		return SK_EMALFORMED;
	out->status = (uint16_t)((hundreds - '0') * 100 + (tens - '0') * 10 + (ones - '0'));
	return SK_OK;
}

/* A path, an absolute address, an authority, or "*". */
static void read_target(struct sk_cur text, struct sk_http *out, struct target *target)
{
	struct sk_url url;
	if (strcmp(out->method, "CONNECT") == 0) {
		read_authority(text, out);
		return;
	}
	if (is_text(text, "*", 1))
		return;
	target->is_path = true;
	size_t length = sk_left(&text);
	struct sk_cur peek = text;
	if (sk_peek_u8(&text, 0) != '/' && sk_url_parts((const char *)sk_take(&peek, length), length, &url) == SK_OK && url.has_scheme) {
		keep_host(url.host, url.host_length, out);
		target->path = sk_cur_of(url.path, url.path_length);
		out->has_query = url.has_query;
		return;
	}
	size_t query = length_before(&text, '?'), fragment = length_before(&text, '#');
	out->has_query = query < fragment;
	target->path = sk_carve(&text, query < fragment ? query : fragment);
}

static enum sk_err read_request_line(struct sk_cur line, struct sk_http *out, struct target *target)
{
	struct sk_cur token = sk_carve(&line, length_before(&line, ' '));
	const char *method = registered(token);
	line = trim(line);
	/* The version is the last word: a target that holds spaces is wrong, and common. */
	struct sk_cur rest = line, version = line;
	while (sk_more(&rest)) {
		version = sk_carve(&rest, length_before(&rest, ' '));
		sk_skip(&rest, sk_more(&rest) ? 1 : 0);
	}
	size_t target_bytes = sk_left(&line) - sk_left(&version);
	if (target_bytes == 0) {
		if (method == NULL || strcmp(method, "GET") != 0 || sk_peek_u8(&line, 0) != '/')
			return SK_EUNSUPPORTED;
		out->version = 9;
		target_bytes = sk_left(&line);
	} else
		SK_TRY(read_version(version, &out->version));
	if (method == NULL)
		method = "other";
	memcpy(out->method, method, strlen(method));
	read_target(trim(sk_carve(&line, target_bytes)), out, target);
	return SK_OK;
}

/* ---- headers ---- */

static void add_name(struct names *names, struct sk_cur name, struct sk_http *out)
{
	size_t length = sk_left(&name);
	struct sk_out o = sk_out_of(names->text + names->length, sizeof names->text - names->length);
	if (out->header_count != 0)
		sk_put_u8(&o, ',');
	sk_put_bytes(&o, sk_take(&name, length), length);
	lower(names->text + names->length, sk_out_length(&o));
	names->length += sk_out_length(&o);
	out->header_count++;
}

/* A value that goes on in the next line (RFC 9112 section 5.2). A host that began before is none then. */
static void fold_host(struct sk_cur value, bool *want_host, struct sk_http *out)
{
	memset(out->host, 0, sizeof out->host);
	out->host_length = 0;
	if (*want_host)
		read_authority(value, out);
	*want_host = false;
}

enum ended {
	ENDED_WHOLE, /* at the empty line */
	ENDED_SHORT, /* there are no more lines yet */
	ENDED_FULL   /* there are more headers than are counted: a head that only wants to be read on and on */
};

/* All lines up to the empty one. */
static enum ended read_headers(struct sk_cur *c, struct sk_http *out, struct names *names)
{
	bool want_host = !out->response && out->host_length == 0, in_host = false;
	struct sk_cur line;
	while (take_line(c, &line)) {
		if (is_empty(line))
			return ENDED_WHOLE;
		if (is_blank(sk_peek_u8(&line, 0))) {
			struct sk_cur value = trim(line);
			if (in_host && sk_more(&value))
				fold_host(value, &want_host, out);
			continue;
		}
		struct sk_cur name = trim(sk_carve(&line, length_before(&line, ':')));
		in_host = false;
		if (!sk_more(&line) || !sk_more(&name))
			continue; /* no colon or no name: no header */
		if (out->header_count == HEADERS_MAX)
			return ENDED_FULL;
		sk_skip(&line, 1);
		add_name(names, name, out);
		if (!want_host || sk_left(&name) != 4 || strncasecmp((const char *)sk_take(&name, 4), "host", 4) != 0)
			continue;
		in_host = true;
		struct sk_cur value = trim(line);
		if (sk_more(&value)) {
			read_authority(value, out);
			want_host = false;
		}
	}
	return ENDED_SHORT;
}

/* ---- hashes ---- */

static void hash_cut(const void *bytes, size_t length, uint8_t out[SK_HTTP_HASH_BYTES])
{
	uint8_t digest[SK_DIGEST_MAX_BYTES];
	if (sk_digest(SK_DIGEST_SHA256, bytes, length, digest))
		memcpy(out, digest, SK_HTTP_HASH_BYTES);
}

static void hash_url(const struct sk_http *head, const uint8_t *path, size_t path_length, uint8_t out[SK_URL_HASH_BYTES])
{
	char text[URL_TEXT_MAX];
	size_t length = sk_url_join(head->host, head->host_length, (const char *)path, path_length, text, sizeof text);
	if (length == 0 || !sk_digest(SK_DIGEST_SHA256, text, length, out))
		memset(out, 0, SK_URL_HASH_BYTES);
	sk_wipe(text, length);
}

static void describe_path(struct sk_cur path, struct sk_http *out)
{
	size_t length = sk_left(&path);
	struct sk_cur segments = path;
	while (sk_more(&segments)) {
		struct sk_cur segment = sk_carve(&segments, length_before(&segments, '/'));
		if (sk_more(&segment) && out->path_depth < PATH_DEPTH_MAX)
			out->path_depth++;
		sk_skip(&segments, sk_more(&segments) ? 1 : 0);
	}
	out->path_length = (uint16_t)length;
	const uint8_t *bytes = sk_take(&path, length);
	hash_cut(bytes, length, out->path_hash);
	if (out->host_length != 0)
		hash_url(out, bytes, length, out->url_hash);
}

/* ---- the head ---- */

/* RFC 9112 section 2.2: a server passes over an empty line in front of a request. */
static void skip_blank_lines(struct sk_cur *c)
{
	for (unsigned i = 0; i < BLANKS_BEFORE_MAX && (sk_peek_u8(c, 0) == '\r' || sk_peek_u8(c, 0) == '\n'); i++)
		sk_skip(c, 1);
}

static enum sk_err read_head(struct sk_cur *c, bool may_grow, struct sk_http *out, struct names *names)
{
	struct sk_cur line;
	struct target target = {.is_path = false};
	if (!take_line(c, &line))
		return may_grow ? SK_EMORE : SK_EMALFORMED;
	line = trim(line);
	SK_TRY(out->response ? read_status_line(line, out) : read_request_line(line, out, &target));
	enum ended ended = out->version != 9 ? read_headers(c, out, names) : ENDED_WHOLE;
	if (ended == ENDED_SHORT && may_grow)
		return SK_EMORE;
	out->cut = ended != ENDED_WHOLE;
	if (target.is_path)
		describe_path(target.path, out);
	hash_cut(names->text, names->length, out->header_order_hash);
	return SK_OK;
}

static enum sk_err read_stream(struct sk_cur stream, bool last, struct sk_http *out, size_t *used)
{
	struct names names;
	names.length = 0;
	struct sk_cur c = sk_carve_at_most(&stream, SK_HTTP_HEAD_MAX_BYTES);
	skip_blank_lines(&c);
	enum sk_err err = read_head(&c, !last && !sk_more(&stream), out, &names);
	sk_wipe(names.text, names.length);
	if (err != SK_OK)
		sk_wipe(out, sizeof *out);
	else
		*used = sk_offset(&c);
	return err;
}

/* What is not HTTP is told from its first byte, or its first bytes, before anything is set up. */
static enum sk_err start(struct sk_cur stream, bool last, struct sk_http *out, size_t *used)
{
	sk_wipe(out, sizeof *out);
	*used = 0;
	uint8_t first = sk_peek_u8(&stream, 0);
	if (!is_method_byte(first) && first != '\r' && first != '\n')
		return sk_more(&stream) ? SK_EUNSUPPORTED : SK_EMORE;
	struct sk_cur c = stream;
	skip_blank_lines(&c);
	SK_TRY(look_at_start(c, &out->response));
	return read_stream(stream, last, out, used);
}

enum sk_err sk_http_head(struct sk_cur stream, struct sk_http *out, size_t *used)
{
	return start(stream, false, out, used);
}

enum sk_err sk_http_head_last(struct sk_cur stream, struct sk_http *out, size_t *used)
{
	return start(stream, true, out, used);
}

bool sk_http_is_news(struct sk_cur stream, size_t seen)
{
	struct sk_cur c = sk_rest(&stream);
	skip_blank_lines(&c);
	if (seen < sk_offset(&c) + START_MAX_BYTES)
		return true;
	size_t old = seen - sk_offset(&c);
	size_t first_line = length_before(&c, '\n');
	if (first_line >= old)
		return first_line < sk_left(&c);
	sk_skip(&c, old - EMPTY_LINE_CR_MAX - 1);
	unsigned carriage_returns = EMPTY_LINE_CR_MAX + 1; /* in front of the byte, since the last LF; too many: anything else stood there */
	while (sk_more(&c)) {
		uint8_t byte = sk_u8(&c);
		if (byte == '\n' && carriage_returns <= EMPTY_LINE_CR_MAX)
			return true;
		carriage_returns = byte == '\n' ? 0 : byte == '\r' ? carriage_returns + 1 : EMPTY_LINE_CR_MAX + 1;
	}
	return false;
}

enum sk_err sk_http2_preface(struct sk_cur stream)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	size_t left = sk_left(&stream), length = sizeof preface - 1;
	if (left == 0)
		return SK_EMORE;
	if (!starts_with(stream, preface, left < length ? left : length))
		return SK_EUNSUPPORTED;
	return left < length ? SK_EMORE : SK_OK;
}
