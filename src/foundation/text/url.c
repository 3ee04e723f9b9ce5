/* SPDX-License-Identifier: Apache-2.0 */
/* Web addresses (RFC 3986 section 3), as far as a selector needs them. libsodium's SHA-256, for its state lies on the stack: this runs on the
   packet path. */
#include <sodium.h>
#include <string.h>

#include "text/url.h"

enum { PORT_MAX = 65535 };

/* First of the given bytes in text, or its end. */
static size_t find_any(const char *text, size_t length, const char *wanted)
{
	for (; *wanted != '\0'; wanted++) {
		const char *found = length != 0 ? memchr(text, *wanted, length) : NULL;
		if (found != NULL)
			length = (size_t)(found - text);
	}
	return length;
}

/* "" or ":" or ":80". */
static bool is_port(const char *text, size_t length)
{
	if (length == 0)
		return true;
	unsigned port = 0;
	for (size_t i = 1; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
		if (port > PORT_MAX)
			return false;
	}
	return text[0] == ':';
}

static bool is_host(const char *text, size_t length)
{
	if (length == 0 || length >= SK_URL_HOST_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		if (byte <= 0x20 || byte == 0x7f || strchr("/?#@\\[]", byte) != NULL)
			return false;
	}
	return true;
}

enum sk_err sk_url_authority(const char *text, size_t length, const char **host, size_t *host_length)
{
	for (size_t i = length; i != 0; i--) /* the last '@': a password may hold others */
		if (text[i - 1] == '@') {
			text += i;
			length -= i;
			break;
		}
	size_t end;
	if (length != 0 && text[0] == '[') {
		text++;
		length--;
		end = find_any(text, length, "]");
		if (end == length || !is_port(text + end + 1, length - end - 1))
			return SK_EMALFORMED;
	} else {
		end = find_any(text, length, ":");
		if (!is_port(text + end, length - end))
			return SK_EMALFORMED;
		if (end > 1 && text[end - 1] == '.')
			end--;
	}
	if (!is_host(text, end))
		return SK_EMALFORMED;
	*host = text;
	*host_length = end;
	return SK_OK;
}

/* Bytes of "scheme://" in front, 0 when there is none (RFC 3986 section 3.1). */
static size_t scheme_bytes(const char *text, size_t length)
{
	size_t at = 0;
	while (at < length && at < SK_URL_SCHEME_MAX &&
	       ((text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z') ||
		(at != 0 && ((text[at] >= '0' && text[at] <= '9') || text[at] == '+' || text[at] == '-' || text[at] == '.'))))
		at++;
	return at != 0 && length - at >= 3 && memcmp(text + at, "://", 3) == 0 ? at + 3 : 0;
}

enum sk_err sk_url_parts(const char *text, size_t length, struct sk_url *out)
{
	*out = (struct sk_url){.path = "/", .path_length = 1};
	size_t scheme = scheme_bytes(text, length);
	out->has_scheme = scheme != 0;
	text += scheme;
	length -= scheme;
	size_t authority = find_any(text, length, "/?#");
	SK_TRY(sk_url_authority(text, authority, &out->host, &out->host_length));
	text += authority;
	length -= authority;
	size_t path = find_any(text, length, "?#");
	if (path != 0) {
		out->path = text;
		out->path_length = path;
	}
	out->has_query = path < length && text[path] == '?';
	return SK_OK;
}

/* What stands in front of the path. At most SK_URL_HOST_MAX + 1 bytes. */
static size_t join_front(const char *host, size_t host_length, const char *path, size_t path_length, char front[SK_URL_HOST_MAX + 1])
{
	if (host_length > 1 && host[host_length - 1] == '.')
		host_length--;
	SK_INVARIANT(host_length <= SK_URL_HOST_MAX);
	for (size_t i = 0; i < host_length; i++)
		front[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] - 'A' + 'a' : host[i]);
	if (path_length == 0 || path[0] != '/')
		front[host_length++] = '/';
	return host_length;
}

size_t sk_url_join(const char *host, size_t host_length, const char *path, size_t path_length, char *text, size_t size)
{
	char front[SK_URL_HOST_MAX + 1];
	path_length = find_any(path, path_length, "?#");
	size_t front_length = join_front(host, host_length, path, path_length, front);
	bool fits = front_length <= size && path_length <= size - front_length;
	if (fits) {
		memcpy(text, front, front_length);
		memcpy(text + front_length, path, path_length);
	}
	sk_wipe(front, sizeof front);
	return fits ? front_length + path_length : 0;
}

void sk_url_hash(const char *host, size_t host_length, const char *path, size_t path_length, uint8_t out[SK_URL_HASH_BYTES])
{
	char front[SK_URL_HOST_MAX + 1];
	path_length = find_any(path, path_length, "?#");
	size_t front_length = join_front(host, host_length, path, path_length, front);
	crypto_hash_sha256_state state;
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, (const unsigned char *)front, front_length);
	(void)crypto_hash_sha256_update(&state, (const unsigned char *)path, path_length);
	(void)crypto_hash_sha256_final(&state, out);
	sk_wipe(front, sizeof front);
	sk_wipe(&state, sizeof state);
}
