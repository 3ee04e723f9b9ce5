/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own: one request, one connection, and what all of them share. */
#ifndef SK_WEB_SERVER_PRIV_H
#define SK_WEB_SERVER_PRIV_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "web/child_priv.h"
#include "web/session_priv.h"
#include "web/web.h"

enum {
	SK_WEB_TOKEN_MAX = 128, SK_WEB_ADDRESS_MAX = 64,
	SK_WEB_REQUEST_S = 300,    /* a request in all, but streams */
	SK_WEB_CLIENT_BYTES = 32768, /* memory of a connection: heads that do not fit are refused */
	SK_WEB_STREAM_BYTES = 8192,  /* what waits for a stream's client */
	SK_WEB_QUEUE_MAX = 256,      /* requests that wait for a worker */
	SK_WEB_STOP_S = 10
};

enum request_stage { REQUEST_NEW, REQUEST_BODY, REQUEST_WAITING, REQUEST_DONE, REQUEST_ANSWERED };

struct connection {
	struct connection *next, *before;
	int fd;
	int64_t since_ns;          /* monotonic: when it began to wait for a head, or the request began */
	bool in_request, stream;
};

struct request {
	struct sk_web *web;
	struct MHD_Connection *connection;
	struct connection *client;
	char *uri;                 /* owned, as it was sent */
	char *query;               /* into uri, behind '?'; NULL none */
	const char *method;        /* borrowed from the connection */
	char address[SK_WEB_ADDRESS_MAX], token[SK_WEB_TOKEN_MAX];
	bool cookie;               /* the token came as a cookie */
	enum request_stage stage;
	bool body_too_big, file; /* file: no row; the page or a ledger */
	struct sk_buf body;
	struct sk_web_caller caller;
	struct sk_web_call call;
	enum sk_err verdict;       /* of the row */
	unsigned status;           /* 0: by the verdict */
	char set_cookie[256];      /* header of the answer; "" none */
	struct request *queued;    /* next in the workers' queue */
};

struct sk_web {
	struct sk_web_options options;
	struct sk_web_house *house;
	struct MHD_Daemon *daemon;
	struct sk_web_sessions *sessions;
	struct sk_web_rate *rate;
	struct sk_web_hub *hub;
	struct sk_web_workers *workers;
	char scratch[64];          /* folder for statements, 0700; ours alone */
	pthread_mutex_t lock;      /* over the list of connections */
	struct connection *connections;
	atomic_uint_fast64_t requests, refused, running, working; /* working: requests that workers have */
	atomic_bool stopping;
	int64_t streams_checked_ns;
};

/* ---- request.c: what is asked, by whom; may he? ---- */

/* The head is there: route, caller, rights, rate. SK_OK: the body may come. */
SK_MUST enum sk_err sk_web_admit(struct request *request);
/* The body is there: parameters. */
SK_MUST enum sk_err sk_web_accept(struct request *request);
/* Carry the row out, in this thread. Fills the call's answer or fault. */
void sk_web_carry_out(struct request *request);
/* A command for this request's caller; by gets a key of his, "" none. */
struct sk_web_child sk_web_child_of(struct request *request, char by[SK_VKEY_TEXT_MAX]);
/* What a command printed as the call's answer: JSON as it is, a listing as the API's lists, anything else as text. */
SK_MUST enum sk_err sk_web_say(struct sk_web_call *call, const struct sk_buf *out);

/* ---- answer.c ---- */

/* Queue the call's answer, or its fault. */
enum MHD_Result sk_web_answer(struct request *request);
/* Headers of every answer. */
void sk_web_common_headers(const struct sk_web *web, struct MHD_Response *response);
/* One line in the log, without secrets: method, path, who, what. */
void sk_web_log_refusal(struct request *request, unsigned status, const char *line);

/* ---- files.c: the page and ledgers ---- */

/* A path outside /api/. */
enum MHD_Result sk_web_file(struct request *request);
/* Its folder. */
enum sk_err sk_web_ledger_folder(const struct sk_web_house *house, size_t i, char path[4096]);

/* Seconds since its last checkpoint; false: there is none (reads.c). */
bool sk_web_ledger_age(const struct sk_web_house *house, size_t i, int64_t now_ns, int64_t *age_s);

/* ---- events.c ---- */

SK_MUST enum sk_err sk_web_hub_open(struct sk_web *web, struct sk_web_hub **out, struct sk_fault *fault);
void sk_web_hub_close(struct sk_web_hub *hub);
/* Answer with a stream. */
enum MHD_Result sk_web_stream(struct request *request);
void sk_web_hub_publish(struct sk_web_hub *hub, const char *type, const char *json);
/* Keep-alives, and the end of streams whose session is over; token NULL: of all sessions that are over, else of that one. */
void sk_web_hub_turn(struct sk_web_hub *hub, const char *ended);
/* End every stream, so that the server can stop. */
void sk_web_hub_end(struct sk_web_hub *hub);
uint64_t sk_web_hub_count(struct sk_web_hub *hub);

/* ---- work.c ---- */

SK_MUST enum sk_err sk_web_workers_start(struct sk_web *web, struct sk_web_workers **out, struct sk_fault *fault);
/* Hand a request over; its connection is suspended already. False: too many wait. */
bool sk_web_workers_give(struct sk_web_workers *workers, struct request *request);
/* Finish what waits, and stop. */
void sk_web_workers_stop(struct sk_web_workers *workers);

/* The request of a call, for handlers of this room. */
struct request *sk_web_request_of(struct sk_web_call *call);

#endif
