/* SPDX-License-Identifier: Apache-2.0 */
/* url: the parts of a web address that a selector may name, and the one definition of a URL's hash. A selector and a request seen on the wire agree
   because both call sk_url_hash. */
#ifndef SK_URL_H
#define SK_URL_H

#include "base/base.h"

enum { SK_URL_HASH_BYTES = 32, SK_URL_HOST_MAX = 256, SK_URL_SCHEME_MAX = 32 };

/* Borrowed slices of the text that sk_url_parts was given; scheme, user, port, query and fragment have no member. */
struct sk_url {
	const char *host;       /* never with user, port or the brackets of an IPv6 address; case as it was */
	size_t host_length;
	const char *path;       /* begins with "/"; up to '?' or '#'; static "/" when there is none */
	size_t path_length;
	bool has_scheme, has_query;
};

/* Take an authority ("user@Host:80", "[2001:db8::1]:443", "host.") apart: the host alone, without user, port, brackets and last dot.
   SK_EMALFORMED: no host, a port that is no number below 65536, a bracket that is not closed, a host of SK_URL_HOST_MAX bytes or more, or with a byte
   that no host has (space, control, '/', '?', '#', '@', '\'). */
SK_MUST enum sk_err sk_url_authority(const char *text, size_t length, const char **host, size_t *host_length);
/* Take "scheme://authority/path?query#fragment" or "authority/path" apart. SK_EMALFORMED as above. */
SK_MUST enum sk_err sk_url_parts(const char *text, size_t length, struct sk_url *out);
/* SHA-256 over: the host in lower case without its last dot, then the path as it was sent, up to '?' or '#' ("/" when it is empty). No scheme, no
   port: http://Example.com:8080/a?b and example.com/a are one. Percent signs and case of the path are left as they are. Allocates nothing. A host
   of more than SK_URL_HOST_MAX bytes is a bug. */
void sk_url_hash(const char *host, size_t host_length, const char *path, size_t path_length, uint8_t out[SK_URL_HASH_BYTES]);
/* The bytes that sk_url_hash hashes, into text (no NUL), for a caller with a faster SHA-256 of its own. Their number; 0 when they do not fit. */
size_t sk_url_join(const char *host, size_t host_length, const char *path, size_t path_length, char *text, size_t size);

#endif
