/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 heads (RFC 9112): of a request the method, the host, how deep the path is and its hash, the order of header names as a hash; of a response
   the status. Never a member: the query, a cookie, an authorization, any other header's value, a body. */
#ifndef SK_DECODE_HTTP_H
#define SK_DECODE_HTTP_H

#include "wire/wire.h"

enum { SK_HTTP_HOST_MAX = 256, SK_HTTP_HASH_BYTES = 16, SK_HTTP_HEAD_MAX_BYTES = 16384, SK_HTTP_METHOD_MAX = 20 };

struct sk_http {
	bool response;
	uint8_t version;            /* 10 = 1.0, 11 = 1.1, 9 = 0.9 */
	uint16_t status;            /* response */
	char method[SK_HTTP_METHOD_MAX]; /* request: upper case, "other" when http_method.def does not list it */
	uint16_t host_length;
	char host[SK_HTTP_HOST_MAX];/* request: from the absolute target or Host, lower case, without port; lives in flow memory only */
	uint8_t path_depth;         /* segments that are not empty, at most 255 */
	uint16_t path_length;       /* bytes before '?' or '#', at most 65535 */
	bool has_query;             /* there was one; nothing else is known of it */
	uint8_t path_hash[SK_HTTP_HASH_BYTES]; /* SHA-256 of the path as sent, without query, cut */
	uint8_t url_hash[32];       /* SHA-256 of host "/" path (text/url.h), zero without either; for URL selectors; lives in flow memory only */
	uint8_t header_count;       /* at most 255: behind those the head is cut */
	uint8_t header_order_hash[SK_HTTP_HASH_BYTES]; /* SHA-256 of the lower-case header names joined by ",", cut */
	bool cut;                   /* the head went on beyond what was captured or is read: counts and order are of what was seen */
};

/* From the start of a stream in one direction. SK_OK: a head, *used = its bytes up to and with the empty line (of a cut one, what was there: no more
   than SK_HTTP_HEAD_MAX_BYTES are looked at); SK_EMORE; SK_EUNSUPPORTED: not HTTP/1 (said within the first bytes); SK_EMALFORMED. Whatever else than
   SK_OK, *out is zero and *used 0. */
SK_MUST enum sk_err sk_http_head(struct sk_cur stream, struct sk_http *out, size_t *used);
/* The same when nothing more will come (a sliced capture, the end of a flow): a head that stops early is SK_OK and cut as soon as its first line is
   whole. */
SK_MUST enum sk_err sk_http_head_last(struct sk_cur stream, struct sk_http *out, size_t *used);
/* Of a stream of whose first `seen` bytes sk_http_head said SK_EMORE: may it say something else of all that is there now? Looks at what is new, so that a
   head which comes in many pieces is read once. That there are more headers than are counted is no news: that is told at the end, or by
   sk_http_head_last. */
bool sk_http_is_news(struct sk_cur stream, size_t seen);
/* Does the stream start with HTTP/2's connection preface (RFC 9113 section 3.4)? SK_OK, SK_EMORE or SK_EUNSUPPORTED. */
SK_MUST enum sk_err sk_http2_preface(struct sk_cur stream);

#endif
