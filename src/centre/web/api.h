/* SPDX-License-Identifier: Apache-2.0 */
/* web/api.h: the table of the API (api.def) as data, one call of a row, and what a read handler does with it.
   Promises: a handler sees parameters that were checked against its row, a caller who may, and a purpose where the row shows selected information. */
#ifndef SK_WEB_API_H
#define SK_WEB_API_H

#include "access/access.h"
#include "base/clock.h"
#include "text/json.h"

enum { SK_WEB_ROWS_MAX = 512, SK_WEB_PARAMS_MAX = 48, SK_WEB_VALUES_MAX = 512, SK_WEB_PATH_MAX = 256, SK_WEB_ANSWER_MAX = 64 << 20, SK_WEB_WORKSPACES_MAX = 16 };

enum sk_web_method { SK_WEB_GET, SK_WEB_POST, SK_WEB_DELETE, SK_WEB_ACT /* no path of its own: prepared and submitted under /api/v1/acts */ };
enum sk_web_where { SK_WEB_IN_PATH, SK_WEB_IN_QUERY, SK_WEB_IN_BODY };
enum sk_web_grade { SK_WEB_OPEN, SK_WEB_G3, SK_WEB_G2, SK_WEB_G1 };
enum sk_web_how { SK_WEB_READ, SK_WEB_WORK, SK_WEB_RUN, SK_WEB_LIST, SK_WEB_OWN };

/* Forms of parameters: symbol, name, schema for OpenAPI. What each takes: web/params.c. */
enum sk_web_type {
#define SK_WEB_TYPE(symbol, schema) SK_WEB_##symbol,
#include "web/types.def"
#undef SK_WEB_TYPE
	SK_WEB_TYPE_COUNT
};

struct sk_web_call;
/* A read handler: writes one JSON value with call->json, or sets call->next for a large answer. Other than SK_OK: call->fault says why (sk_web_refuse). */
typedef enum sk_err (*sk_web_read)(struct sk_web_call *call);

struct sk_web_param {
	const char *name, *as, *words; /* as: the option that it becomes ("--state"); "" where it stands in the row's words as {name}, or a handler takes it */
	const char *choices;           /* of ONE_OF: "a|b|c" */
	enum sk_web_type type;
	enum sk_web_where where;
	bool needed, many;
};

struct sk_web_row {
	const char *id, *path, *duty, *words, *summary; /* duty: a word of duties.def; "" whoever asks; "session" whoever is signed in */
	enum sk_web_method method;
	enum sk_web_grade grade;
	enum sk_web_how how;
	sk_web_read read;
	const struct sk_web_param *params;
	size_t param_count;
};

/* The table, in order; *count gets how many rows. Built once a process, static. */
const struct sk_web_row *sk_web_rows(size_t *count);
/* The row with that id; NULL: none. */
const struct sk_web_row *sk_web_row_find(const char *id);
/* "GET", "POST", "DELETE", "ACT". Static. */
const char *sk_web_method_name(enum sk_web_method method);

/* What the server stands in. Made by cmd, lives as long as the server. */
struct sk_web_house {
	const char *folder;                              /* DIR; the centre is DIR/centre */
	const char *workspaces[SK_WEB_WORKSPACES_MAX];   /* of sensors beside it */
	size_t workspace_count;
	const char *origin, *profile;                    /* of the centre */
	bool simulated;
	const char *version;
	struct sk_clock clock;
	void *context;
	/* Fold the register anew. Called when the ledger's checkpoint changed. The server closes what it gets. */
	enum sk_err (*open_register)(void *context, struct sk_access **out, struct sk_fault *fault);
	/* A look at selected information is about to happen: it is on record when this returns SK_OK. NULL: G1 is refused. Any thread. */
	enum sk_err (*look)(void *context, const struct sk_person *who, const char *purpose, const char *row, const char *what, int64_t now_ns, struct sk_fault *fault);
	void *book, *looks, *cases, *reports;            /* what the rooms' handlers keep between calls; each is its room's alone */
};

/* The name under which ledger i is served: 0 the centre's, then the workspaces'; NULL past the end. */
const char *sk_web_ledger_name(const struct sk_web_house *house, size_t i, char name[64]);
/* The workspace of that name; workspace_count: there is none. */
size_t sk_web_workspace_find(const struct sk_web_house *house, const char *name);

/* One call of a row. */
struct sk_web_call {
	const struct sk_web_row *row;
	struct sk_web_house *house;
	const struct sk_person *person;  /* who asks; NULL where the row asks for nobody */
	const char *purpose;             /* "damage_prevention", or NULL */
	int64_t now_ns;
	size_t value_count;
	struct {
		const struct sk_web_param *param;
		char *text;              /* owned; NUL-terminated */
		size_t length;
	} values[SK_WEB_VALUES_MAX];
	/* The answer. */
	struct sk_buf out;
	struct sk_json_writer json;      /* into out */
	const char *type;                /* NULL: application/json */
	const char *file_name;           /* NULL, or it is offered as a file of that name */
	struct sk_fault fault;
	/* A large answer in pieces, after the handler returned SK_OK with `out` as the first: append the next (about 64 KiB); SK_ENOENT: that was all. */
	enum sk_err (*next)(void *stream, struct sk_buf *out, struct sk_fault *fault);
	void (*end)(void *stream);       /* called once, also when the client went away */
	void *stream;
	void *request;                   /* the server's own */
};

/* The parameter's value, as it was given and checked; NULL: it was not given. Borrowed from the call. An unknown name is a bug. */
const char *sk_web_text(const struct sk_web_call *call, const char *name);
/* Value i of a parameter that may stand several times; NULL past the end. */
const char *sk_web_text_at(const struct sk_web_call *call, const char *name, size_t i);
/* A number, `otherwise` where it was not given. */
uint64_t sk_web_number(const struct sk_web_call *call, const char *name, uint64_t otherwise);
/* A time in ns since 1970, also from "24h" ago; `otherwise` where it was not given. */
int64_t sk_web_time(const struct sk_web_call *call, const char *name, int64_t otherwise);
/* Was a flag given, and true? */
bool sk_web_flag(const struct sk_web_call *call, const char *name);
/* Set the call's fault; for `return sk_web_refuse(call, SK_ENOENT, "...")`. */
SK_PRINTF(3, 4) enum sk_err sk_web_refuse(struct sk_web_call *call, enum sk_err err, const char *format, ...);

/* Handlers, by the table. */
#define SK_WEB_DECLARE_READ(function) enum sk_err function(struct sk_web_call *call);
#define SK_WEB_DECLARE_WORK(function) enum sk_err function(struct sk_web_call *call);
#define SK_WEB_DECLARE_RUN(words)
#define SK_WEB_DECLARE_LIST(words)
#define SK_WEB_DECLARE_OWN
#define SK_API(id, method, path, duty, grade, how, summary) SK_WEB_DECLARE_##how
#define SK_API_PARAM(name, where, type, need, as, words)
#include "web/api.def"
#undef SK_API
#undef SK_API_PARAM

#endif
