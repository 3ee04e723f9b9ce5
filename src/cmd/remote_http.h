/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request to a centre, by libcurl, which is loaded when it is needed: no other command pays for it at its start. Sockets come from peer alone, so a server is
   an address: of a name the address is told, or it is this machine. rule: PEER-1 */
#ifndef SK_CMD_REMOTE_HTTP_H
#define SK_CMD_REMOTE_HTTP_H

#include <stdio.h>

#include "base/buf.h"

struct sk_http; /* opaque */

struct sk_http_server {
	const char *url;       /* http://127.0.0.1:8443, https://centre.example[:port], unix:PATH */
	const char *at;        /* the address of a name; NULL: the URL has an address, localhost, or a socket */
	const char *ca;        /* file of certificates that are trusted; NULL: the system's */
};

/* Load the library and get ready. SK_EUSAGE (URL, or a name without its address), SK_EUNSUPPORTED (no libcurl here). */
SK_MUST enum sk_err sk_http_open(const struct sk_http_server *server, struct sk_http **out, struct sk_fault *fault);
/* NULL is fine. */
void sk_http_close(struct sk_http *http);
/* Ask. path begins with '/', its query in percent encoding; token, purpose, body, type may be NULL. The answer's body goes into out, or (stream not NULL) there as it comes.
   *status gets the HTTP status. SK_EIO with the reason. */
SK_MUST enum sk_err sk_http_ask(struct sk_http *http, const char *method, const char *path, const char *token, const char *purpose, const struct sk_buf *body, const char *type,
				FILE *stream, unsigned *status, struct sk_buf *out, struct sk_fault *fault);
/* Append a value in percent encoding. */
void sk_http_escape(const char *value, struct sk_buf *out);

#endif
