/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the server share. */
#ifndef SK_WEB_PRIV_H
#define SK_WEB_PRIV_H

#include <json-c/json.h>

#include "web/api.h"

enum { SK_WEB_BODY_MAX = 1 << 20, SK_WEB_BYTES_MAX = 16 << 20, SK_WEB_JSON_DEPTH = 24, SK_WEB_TEXT_MAX = 16384 };

/* ---- route.c ---- */

/* The row of a method and a path (as the client sent it, decoded by nobody): SK_OK; its parameters in the path are taken into the call. SK_ENOENT (no such path),
   SK_EUSAGE (the path has other methods, named in allow, "GET, POST"), SK_EMALFORMED (a parameter in the path). */
SK_MUST enum sk_err sk_web_route(struct sk_web_call *call, const char *method, const char *path, char allow[64]);

/* ---- params.c ---- */

/* Check one value and take it. SK_EMALFORMED names the parameter and what it takes; SK_ETOOBIG (too many values, or too long). */
SK_MUST enum sk_err sk_web_take(struct sk_web_call *call, const struct sk_web_param *param, const char *text, size_t length);
/* One pair of the query. SK_EUSAGE: the row has no such parameter. */
SK_MUST enum sk_err sk_web_take_query(struct sk_web_call *call, const char *name, const char *text, size_t length);
/* The whole query, behind '?' (uri.c). SK_EMALFORMED: not in percent encoding. */
SK_MUST enum sk_err sk_web_take_query_text(struct sk_web_call *call, const char *query);
/* The body: one JSON object whose members are parameters, or the bytes of the row's parameter of type BYTES. Errors as above. */
SK_MUST enum sk_err sk_web_take_body(struct sk_web_call *call, const char *body, size_t length);
/* The members of an object that was parsed (an act's args). where: only parameters that stand there. */
SK_MUST enum sk_err sk_web_take_object(struct sk_web_call *call, struct json_object *object);
/* Is everything there that is needed? SK_EUSAGE names what is missing. */
SK_MUST enum sk_err sk_web_complete(struct sk_web_call *call);
/* Free and wipe what the call holds. */
void sk_web_call_fini(struct sk_web_call *call);
/* Begin a call's answer. */
void sk_web_call_init(struct sk_web_call *call, struct sk_web_house *house, int64_t now_ns);
/* A parsed JSON value in canonical form (sorted keys, no white space). SK_EMALFORMED: a fraction, or a number of 2^53 or more. */
SK_MUST enum sk_err sk_web_canonical(struct json_object *value, struct sk_buf *out, struct sk_fault *fault);
/* Parse a JSON text from outside: one value, bounded in depth, valid UTF-8, nothing behind it. NULL: fault says why. Free with json_object_put. */
struct json_object *sk_web_json(const char *text, size_t length, struct sk_fault *fault);

/* ---- list.c ---- */

/* What a listing command printed, as an answer. */
SK_MUST enum sk_err sk_web_list(struct sk_web_call *call, const char *text, size_t length);

/* ---- status.c ---- */

/* The HTTP status of a code. */
unsigned sk_web_status(enum sk_err err);
/* A code that has this exit code. */
enum sk_err sk_web_err_of_exit(int code);
/* {"error":{"code","exit","line"}} */
void sk_web_error_json(const struct sk_fault *fault, struct sk_buf *out);

/* ---- rate.c ---- */

struct sk_web_rate; /* opaque; any thread */
/* NULL: out of memory. */
struct sk_web_rate *sk_web_rate_new(void);
void sk_web_rate_free(struct sk_web_rate *rate);
/* Take one token of who's bucket of that kind: burst at once, per_hour in the long run (0: no limit). False: none is left. */
bool sk_web_rate_take(struct sk_web_rate *rate, const char *kind, const char *who, uint64_t per_hour, uint64_t burst, int64_t monotonic_ns);

#endif
