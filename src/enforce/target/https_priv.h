/* SPDX-License-Identifier: Apache-2.0 */
/* One GET over TLS from one configured peer: how an effect is read back from the web server that serves our files. HTTP/1.0, so that nothing but a length or the
   connection's end says where the body ends. */
#ifndef SK_HTTPS_PRIV_H
#define SK_HTTPS_PRIV_H

#include "peer/peer.h"
#include "target/target.h"

enum { SK_HTTP_HEAD_MAX = 16384, SK_HTTPS_TIMEOUT_MS = 5000, SK_URL_PATH_MAX = 512, SK_URL_HOST_NAME_MAX = 254 };

/* Where a folder is served. */
struct sk_web {
	bool configured;
	struct sk_peer server;
	char host[SK_URL_HOST_NAME_MAX];  /* the name in the certificate */
	char path[SK_URL_PATH_MAX]; /* ends with '/' */
	char authority[SK_PATH_MAX]; /* certificates that are trusted; "" the system's */
};

/* Read url, server and ca of a target's settings; all absent is fine. SK_EINPUT. */
SK_MUST enum sk_err sk_web_open(const struct sk_settings *settings, struct sk_web *out, struct sk_fault *fault);
/* Get one file of it; the body is appended to out. SK_ETARGET (not reached, certificate, not 200, cut short, too long), SK_EPERMIT, SK_ENOMEM. */
SK_MUST enum sk_err sk_web_get(const struct sk_web *web, const struct sk_backend_place *place, const char *name, struct sk_buf *out, struct sk_fault *fault);
/* Take an answer apart: status, and where the body is. SK_ETRUNC: shorter than it says. SK_EMALFORMED. SK_EUNSUPPORTED: a transfer coding. */
SK_MUST enum sk_err sk_http_answer(const void *bytes, size_t length, unsigned *status, const void **body, size_t *body_length);

#endif
