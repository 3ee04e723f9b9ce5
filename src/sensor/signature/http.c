/* SPDX-License-Identifier: Apache-2.0 */
/* A message of HTTP/1 (RFC 9112), as rules see it: Suricata's buffers, made of bytes in passing and overwritten when they were asked. flow reads the same heads for what may be
   kept; this is for what is compared and never kept. */
#include "signature/signature_priv.h"
#include "wire/find.h"

enum { PROTOCOL_BYTES = 8, STATUS_BYTES = 3, LENGTH_DIGITS_MAX = 10, SWITCHING = 101, NO_CONTENT = 204, NOT_MODIFIED = 304, COLON_SPACE_LINE = 4 };

struct message {
	struct sk_cur line, headers;  /* headers: with the empty line */
	uint32_t head_bytes;
	bool request, connect;
	uint32_t status;
	bool chunked, has_length;
	uint32_t length;
};

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static struct sk_cur trim(struct sk_cur c)
{
	while (sk_more(&c) && is_space(sk_peek_u8(&c, 0)))
		sk_skip(&c, 1);
	while (sk_more(&c) && (is_space(sk_peek_u8(&c, sk_left(&c) - 1)) || sk_peek_u8(&c, sk_left(&c) - 1) == '\r'))
		c = sk_carve(&c, sk_left(&c) - 1);
	return c;
}

/* Up to a line feed, which is stepped over with what stands before it; false: there is none. */
static bool next_line(struct sk_cur *rest, struct sk_cur *line)
{
	size_t at;
	if (!sk_find(rest, 0, sk_left(rest), "\n", 1, false, &at))
		return false;
	*line = sk_carve(rest, at);
	sk_skip(rest, 1);
	if (sk_more(line) && sk_peek_u8(line, sk_left(line) - 1) == '\r')
		*line = sk_carve(line, sk_left(line) - 1);
	return true;
}

static struct sk_cur until(struct sk_cur *rest, const char *byte)
{
	size_t at = sk_left(rest);
	bool found = sk_find(rest, 0, sk_left(rest), byte, 1, false, &at);
	struct sk_cur word = sk_carve(rest, found ? at : sk_left(rest));
	if (found)
		sk_skip(rest, 1);
	return word;
}

static bool is_word(struct sk_cur word, const char *text)
{
	size_t length = strlen(text), at;
	return sk_left(&word) == length && sk_find(&word, 0, length, text, length, true, &at);
}

static bool begins(struct sk_cur c, const char *text)
{
	size_t at;
	return sk_find(&c, 0, strlen(text), text, strlen(text), false, &at);
}

static uint32_t number_of(struct sk_cur word, unsigned base)
{
	uint64_t value = 0;
	size_t digits = 0;
	for (; sk_more(&word) && digits < LENGTH_DIGITS_MAX; digits++) {
		uint8_t byte = sk_u8(&word), low = sk_find_lower(byte);
		unsigned digit = byte >= '0' && byte <= '9' ? byte - 48u : low >= 'a' && low <= 'f' ? low - 87u : 99;
		if (digit >= base)
			return SK_HTTP_NONE;
		value = value * base + digit;
	}
	return digits == 0 || sk_more(&word) || value >= SK_HTTP_NONE ? SK_HTTP_NONE : (uint32_t)value;
}

/* ---- the target ---- */

static int nibble(uint8_t byte)
{
	uint8_t low = sk_find_lower(byte);
	return byte >= '0' && byte <= '9' ? byte - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static uint8_t decoded_byte(struct sk_cur *path)
{
	uint8_t byte = sk_u8(path);
	int high = byte == '%' ? nibble(sk_peek_u8(path, 0)) : -1, low = high >= 0 ? nibble(sk_peek_u8(path, 1)) : -1;
	if (low >= 0) {
		byte = (uint8_t)(high << 4 | low);
		sk_skip(path, 2);
	}
	return byte == '\\' ? '/' : byte;
}

/* The segment that was just ended with a slash, or by the end: "." goes, ".." takes the one before along (RFC 3986 5.2.4). */
static size_t fold_segment(const uint8_t *bytes, size_t used, bool slash)
{
	size_t end = used - slash, start = end;
	while (start > 0 && bytes[start - 1] != '/')
		start--;
	size_t length = end - start;
	bool one = length == 1 && bytes[start] == '.', two = length == 2 && bytes[start] == '.' && bytes[start + 1] == '.';
	if (!one && !two)
		return used;
	if (two && start > 1)
		for (start--; start > 0 && bytes[start - 1] != '/';)
			start--;
	return start;
}

static void put_uri(struct sk_signature *s, struct scene *scene, struct sk_cur target)
{
	size_t room = sk_left(&target) + 1, used = 0, mark;
	uint8_t *bytes = sk_scene_scratch(s, scene, room);
	if (bytes == NULL)
		return;
	mark = sk_find(&target, 0, sk_left(&target), "?", 1, false, &mark) ? mark : sk_left(&target);
	struct sk_cur path = sk_carve(&target, mark);
	while (sk_more(&path)) {
		uint8_t byte = decoded_byte(&path);
		if (byte == '/' && used > 0 && bytes[used - 1] == '/')
			continue;
		bytes[used++] = byte;
		if (byte == '/')
			used = fold_segment(bytes, used, true);
	}
	used = fold_segment(bytes, used, false);
	size_t rest = sk_left(&target);
	sk_copy(&target, bytes + used, rest);
	sk_scene_put(scene, SK_BUFFER_HTTP_URI, sk_cur_of(bytes, used + rest));
}

/* "http://HOST/PATH" -> /PATH, and the host. */
static bool split_absolute(struct sk_cur *target, struct sk_cur *host)
{
	size_t at;
	if (begins(*target, "/") || !sk_find(target, 0, sk_left(target) < 12 ? sk_left(target) : 12, "://", 3, false, &at))
		return false;
	sk_skip(target, at + 3);
	at = sk_find(target, 0, sk_left(target), "/", 1, false, &at) ? at : sk_left(target);
	*host = sk_carve(target, at);
	return true;
}

static void put_host(struct sk_signature *s, struct scene *scene, struct sk_cur host)
{
	uint8_t *bytes = sk_scene_scratch(s, scene, sk_left(&host) + 1);
	size_t used = 0;
	bool bracket = sk_peek_u8(&host, 0) == '[';
	if (bytes == NULL)
		return;
	while (sk_more(&host)) {
		uint8_t byte = sk_u8(&host);
		if (byte == ':' && !bracket)
			break;
		bracket &= byte != ']';
		bytes[used++] = sk_find_lower(byte);
	}
	sk_scene_put(scene, SK_BUFFER_HTTP_HOST, sk_cur_of(bytes, used));
}

/* ---- lines ---- */

static bool put_request_line(struct sk_signature *s, struct scene *scene, struct message *m)
{
	struct sk_cur line = m->line, host;
	struct sk_cur method = until(&line, " ");
	size_t left = sk_left(&line);
	bool has_protocol = false;
	if (left > PROTOCOL_BYTES) {
		struct sk_cur end = line;
		sk_skip(&end, left - PROTOCOL_BYTES);
		has_protocol = begins(end, "HTTP/");
		if (has_protocol) {
			sk_scene_put(scene, SK_BUFFER_HTTP_PROTOCOL, end);
			line = sk_carve(&line, left - PROTOCOL_BYTES);
		}
	}
	line = trim(line);
	if (!sk_more(&method) || !has_protocol)
		return false;
	m->connect = is_word(method, "connect");
	sk_scene_put(scene, SK_BUFFER_HTTP_METHOD, method);
	sk_scene_put(scene, SK_BUFFER_HTTP_REQUEST_LINE, m->line);
	sk_scene_put(scene, SK_BUFFER_HTTP_URI_RAW, line);
	if (split_absolute(&line, &host))
		put_host(s, scene, host);
	put_uri(s, scene, line);
	return true;
}

static bool put_response_line(struct scene *scene, struct message *m)
{
	struct sk_cur line = m->line;
	struct sk_cur protocol = until(&line, " "), code = until(&line, " ");
	if (!begins(protocol, "HTTP/") || sk_left(&code) != STATUS_BYTES || (m->status = number_of(code, 10)) == SK_HTTP_NONE)
		return false;
	sk_scene_put(scene, SK_BUFFER_HTTP_PROTOCOL, protocol);
	sk_scene_put(scene, SK_BUFFER_HTTP_RESPONSE_LINE, m->line);
	sk_scene_put(scene, SK_BUFFER_HTTP_STAT_CODE, code);
	sk_scene_put(scene, SK_BUFFER_HTTP_STAT_MSG, line);
	return true;
}

static const struct {
	const char *name;
	uint8_t buffer;
	bool request, response;
} named[] = {
	{"user-agent", SK_BUFFER_HTTP_USER_AGENT, true, false}, {"referer", SK_BUFFER_HTTP_REFERER, true, false}, {"accept", SK_BUFFER_HTTP_ACCEPT, true, false},
	{"accept-language", SK_BUFFER_HTTP_ACCEPT_LANG, true, false}, {"accept-encoding", SK_BUFFER_HTTP_ACCEPT_ENC, true, false}, {"cookie", SK_BUFFER_HTTP_COOKIE, true, false},
	{"set-cookie", SK_BUFFER_HTTP_COOKIE, false, true}, {"content-type", SK_BUFFER_HTTP_CONTENT_TYPE, true, true}, {"content-length", SK_BUFFER_HTTP_CONTENT_LEN, true, true},
	{"connection", SK_BUFFER_HTTP_CONNECTION, true, true}, {"server", SK_BUFFER_HTTP_SERVER, false, true}, {"location", SK_BUFFER_HTTP_LOCATION, false, true},
	{"host", SK_BUFFER_HTTP_HOST_RAW, true, false},
};

static void put_named(struct sk_signature *s, struct scene *scene, struct message *m, struct sk_cur name, struct sk_cur value)
{
	if (is_word(name, "content-length")) {
		m->length = number_of(value, 10);
		m->has_length = m->length != SK_HTTP_NONE;
	}
	if (is_word(name, "transfer-encoding"))
		m->chunked = is_word(value, "chunked");
	for (size_t i = 0; i < SK_COUNT(named); i++) {
		if (!(m->request ? named[i].request : named[i].response) || !is_word(name, named[i].name))
			continue;
		if ((scene->present >> named[i].buffer & 1) == 0)
			sk_scene_put(scene, (enum sk_buffer)named[i].buffer, value);
		if (named[i].buffer == SK_BUFFER_HTTP_HOST_RAW && (scene->present >> SK_BUFFER_HTTP_HOST & 1) == 0)
			put_host(s, scene, value);
		return;
	}
}

static void put_line(struct sk_out *out, struct sk_cur name, struct sk_cur value)
{
	size_t name_length = sk_left(&name), value_length = sk_left(&value);
	sk_put_bytes(out, sk_take(&name, name_length), name_length);
	sk_put_bytes(out, ": ", 2);
	sk_put_bytes(out, sk_take(&value, value_length), value_length);
	sk_put_bytes(out, "\r\n", 2);
}

/* Cookies stand in a buffer of their own and not among the headers. */
static void put_headers(struct sk_signature *s, struct scene *scene, struct message *m)
{
	size_t size = 2 * sk_left(&m->headers) + 2 * (size_t)COLON_SPACE_LINE;
	uint8_t *header_bytes = sk_scene_scratch(s, scene, size), *name_bytes = header_bytes != NULL ? sk_scene_scratch(s, scene, size) : NULL;
	struct sk_cur rest = m->headers, line;
	if (name_bytes == NULL)
		return;
	struct sk_out headers = sk_out_of(header_bytes, size), names = sk_out_of(name_bytes, size);
	sk_put_bytes(&names, "\r\n", 2);
	while (next_line(&rest, &line) && sk_more(&line)) {
		struct sk_cur value = line, name = trim(until(&value, ":"));
		value = trim(value);
		put_named(s, scene, m, name, value);
		if (!is_word(name, m->request ? "cookie" : "set-cookie"))
			put_line(&headers, name, value);
		size_t length = sk_left(&name);
		sk_put_bytes(&names, sk_take(&name, length), length);
		sk_put_bytes(&names, "\r\n", 2);
	}
	sk_put_bytes(&names, "\r\n", 2);
	if (!headers.dead && !names.dead) {
		sk_scene_put(scene, SK_BUFFER_HTTP_HEADER, sk_cur_of(header_bytes, sk_out_length(&headers)));
		sk_scene_put(scene, SK_BUFFER_HTTP_HEADER_NAMES, sk_cur_of(name_bytes, sk_out_length(&names)));
	}
	sk_scene_put(scene, SK_BUFFER_HTTP_HEADER_RAW, m->headers);
}

/* ---- the body ---- */

/* Chunks joined (RFC 9112 7.1). Returns the bytes that they and their end take; SK_HTTP_NONE: the last chunk has not come. */
static uint32_t join_chunks(struct sk_cur body, struct sk_out *out)
{
	struct sk_cur rest = body, line;
	while (next_line(&rest, &line)) {
		struct sk_cur word = until(&line, ";");
		uint32_t length = number_of(trim(word), 16);
		if (length == SK_HTTP_NONE)
			return SK_HTTP_NONE;
		if (length == 0) {
			while (next_line(&rest, &line))
				if (!sk_more(&line))
					return (uint32_t)(sk_left(&body) - sk_left(&rest));
			return SK_HTTP_NONE;
		}
		size_t there = sk_left(&rest) < length ? sk_left(&rest) : length;
		sk_put_bytes(out, sk_take(&rest, there), there);
		if (there < length || !next_line(&rest, &line))
			return SK_HTTP_NONE;
	}
	return SK_HTTP_NONE;
}

static bool has_no_body(const struct message *m, struct sk_cur body)
{
	if (m->request)
		return m->connect || (!m->chunked && !m->has_length);
	/* An answer to HEAD tells a length and has no body: the next answer follows. */
	return m->status / 100 == 1 || m->status == NO_CONTENT || m->status == NOT_MODIFIED || begins(body, "HTTP/1.");
}

static enum http_end put_body(struct sk_signature *s, struct scene *scene, const struct message *m, struct sk_cur body, bool last, uint32_t *length)
{
	size_t left = sk_left(&body);
	uint32_t used = m->has_length ? m->length : SK_HTTP_NONE;
	if (has_no_body(m, body)) {
		*length = m->status == SWITCHING ? SK_HTTP_NONE : m->head_bytes; /* what goes through a proxy may be HTTP again */
		return HTTP_WHOLE;
	}
	if (m->chunked) {
		uint8_t *bytes = sk_scene_scratch(s, scene, left + 1);
		struct sk_out out = sk_out_of(bytes, bytes != NULL ? left + 1 : 0);
		used = bytes != NULL ? join_chunks(body, &out) : SK_HTTP_NONE;
		body = sk_cur_of(bytes, bytes != NULL ? sk_out_length(&out) : 0);
	} else if (used <= left) {
		body = sk_carve(&body, used);
	}
	bool whole = used <= left;
	if (!whole && !last)
		return HTTP_HEAD;
	*length = whole ? m->head_bytes + used : SK_HTTP_NONE;
	sk_scene_put(scene, m->request ? SK_BUFFER_HTTP_REQUEST_BODY : SK_BUFFER_HTTP_RESPONSE_BODY, body);
	if (!m->request)
		sk_scene_put(scene, SK_BUFFER_FILE_DATA, body);
	return HTTP_WHOLE;
}

/* Line and headers, when the empty line has come. */
static enum http_end find_head(struct sk_cur bytes, struct message *m, struct sk_cur *body)
{
	struct sk_cur rest = bytes, line;
	if (!next_line(&rest, &m->line))
		return HTTP_MORE;
	struct sk_cur headers = rest;
	do {
		if (!next_line(&rest, &line))
			return HTTP_MORE;
	} while (sk_more(&line));
	m->headers = sk_carve_at_most(&headers, sk_left(&headers) - sk_left(&rest));
	m->head_bytes = (uint32_t)(sk_left(&bytes) - sk_left(&rest));
	*body = rest;
	return HTTP_HEAD;
}

enum http_end sk_http_scene(struct sk_signature *s, struct scene *scene, struct sk_cur bytes, bool request, bool last, uint32_t *length)
{
	struct message m = {.request = request};
	struct sk_cur body, start;
	size_t whole = sk_left(&bytes);
	/* Empty lines before a message are passed over (RFC 9112 2.2). */
	while (sk_peek_u8(&bytes, 0) == '\r' || sk_peek_u8(&bytes, 0) == '\n')
		sk_skip(&bytes, 1);
	start = bytes;
	scene->source = request ? SK_SOURCE_HTTP_REQUEST : SK_SOURCE_HTTP_RESPONSE;
	enum http_end end = find_head(bytes, &m, &body);
	if (end != HTTP_HEAD)
		return end;
	if (!(request ? put_request_line(s, scene, &m) : put_response_line(scene, &m)))
		return HTTP_OTHER;
	put_headers(s, scene, &m);
	sk_scene_put(scene, SK_BUFFER_HTTP_START, sk_carve(&start, m.head_bytes));
	m.head_bytes += (uint32_t)(whole - sk_left(&bytes));
	return put_body(s, scene, &m, body, last, length);
}
