/* SPDX-License-Identifier: Apache-2.0 */
/* web: the centre over HTTP. Makes the server out of the table (api.h) and runs it: libmicrohttpd with epoll, a few threads for answers, a few for commands.
   Promises: whatever is asked is checked against its row first (who, what for, parameters); a client can neither block another nor grow memory without bound; each
   refused or abnormal request is one log line without secrets.
   Never: holds a key of the centre; changes anything that counts (commands do, as children). Thread rule: calls below from one thread, but sk_web_publish from any. */
#ifndef SK_WEB_H
#define SK_WEB_H

#include "web/api.h"

struct sk_web; /* opaque */

struct sk_web_options {
	int listening;                 /* a socket that listens; the server closes it */
	const char *tls_cert, *tls_key; /* PEM texts; NULL: plain HTTP */
	bool behind_proxy;             /* X-Real-IP of a client on this machine says who it is, and the page is reached by HTTPS */
	const char *console;           /* folder of the page; NULL: none was built */
	const char *program;           /* our own binary, for commands */
	const char *rp_id, *page_origin; /* security keys: relying party ("localhost") and the page's origin ("http://localhost:8080") */
	bool password_alone;           /* a password signs in where the account has no one-time codes */
	unsigned threads, workers;     /* for answers, for commands */
	unsigned connections, streams; /* at most at once */
	uint64_t rate;                 /* requests a second of one address and of one account in the long run; 0: no limit. Sign-in has a limit of its own */
	unsigned command_s;            /* how long a command may take */
	unsigned patience_s;           /* how long a client may take for the head of a request, or to take up an answer that waits */
	void (*log)(void *context, const char *line); /* any thread */
	void *log_context;
};

/* Start. options is copied, what it points at and house are borrowed until stop. The socket is closed in any case. SK_EIO, SK_ENOMEM, SK_EUSAGE (certificate, key), and
   what access.db and the register say. */
SK_MUST enum sk_err sk_web_start(const struct sk_web_options *options, struct sk_web_house *house, struct sk_web **out, struct sk_fault *fault);
/* What is due: slow clients, streams, the register when the ledger grew. Call several times a second. */
void sk_web_turn(struct sk_web *web);
/* Tell every stream that something changed: a type of events.def and JSON of ids alone (no line feeds). Never blocks; a stream that does not keep up learns that it lost some. */
void sk_web_publish(struct sk_web *web, const char *type, const char *json);
/* Stop: no new connections, commands that run are finished, clients have ten seconds to take their answers, streams are closed. Frees. NULL is fine. */
void sk_web_stop(struct sk_web *web);

/* How much was asked since the start. */
struct sk_web_counts {
	uint64_t requests, refused, streams_now;
};
/* Read them; any thread. */
void sk_web_counts(const struct sk_web *web, struct sk_web_counts *out);

#endif
