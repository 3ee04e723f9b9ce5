/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that read the store share: their options, opening the store, tables, and how an observation is shown. */
#ifndef SK_CMD_QUERY_H
#define SK_CMD_QUERY_H

#include "cmd/cmd.h"
#include "cmd/workspace.h"
#include "store/store.h"
#include "base/app.h"
#include "text/json.h"

enum sk_query_form { SK_QUERY_TABLE, SK_QUERY_JSON, SK_QUERY_CSV };

struct sk_query {
	struct sk_cmd *cmd;
	const char *command;
	const char *folder;
	enum sk_query_form form;
	struct sk_store_filter filter;
	struct sk_store_place behind;  /* of the filter */
	bool muted;                    /* findings: show the muted ones too */
	enum sk_lang lang;             /* of what findings say */
	int first_argument;            /* index of the first argument that is no option */
	struct sk_workspace workspace;
	struct sk_store *store;        /* NULL: nothing was watched into this workspace yet */
};

/* A time, or how long ago. False when it is neither. */
bool sk_query_when(const struct sk_query *query, const char *text, int64_t *ns);
/* Read the options. False: it was --help or a wrong call, and *exit_code is the answer. */
bool sk_query_parse(struct sk_query *query, struct sk_cmd *cmd, int argc, char **argv, int *exit_code);
/* Open the workspace and its store for reading. A workspace without a store is an empty one. */
SK_MUST enum sk_err sk_query_open(struct sk_query *query, struct sk_fault *fault);
/* Close both. */
void sk_query_close(struct sk_query *query);
/* Say on cmd->err how much the answer leaves out because days were erased, or because oversight's share is not open. */
void sk_query_note_erased(const struct sk_query *query, uint64_t erased, const char *what);

/* The same of what the caller took from the store itself. */
void sk_query_note_unread(const struct sk_query *query, const struct sk_store_unread *unread, const char *what);

/* ---- rows: the same calls make a table, CSV or a JSON array ---- */

enum { SK_COLUMNS_MAX = 24, SK_TABLE_ROWS = 512 };

struct sk_column {
	const char *title;
	bool right;                    /* numbers stand at the right */
};

struct sk_rows {
	const struct sk_query *query;
	const struct sk_column *columns;
	size_t column_count;
	uint64_t count;                /* rows so far */
	struct sk_buf out;             /* JSON: the record being written */
	struct sk_json_writer json;
	struct sk_buf cells;           /* tables: rows held back until their widths are known, each cell with a NUL */
	size_t held_cells;
	size_t widths[SK_COLUMNS_MAX];
	bool titled;
};

/* Start; columns are borrowed. */
void sk_rows_begin(struct sk_rows *rows, const struct sk_query *query, const struct sk_column *columns, size_t column_count);
/* JSON form only: a writer inside the next record's object. */
struct sk_json_writer *sk_rows_record(struct sk_rows *rows);
/* Close that object and print it. */
void sk_rows_end_record(struct sk_rows *rows);
/* Table and CSV forms: the next cell of the row; a row is complete after column_count cells. */
void sk_rows_cell(struct sk_rows *rows, const char *text);
/* Print what is left; when there was no row, tables say `empty`. */
void sk_rows_end(struct sk_rows *rows, const char *empty);

/* ---- observations ---- */

/* "192.0.2.1:443", "[2001:db8::1]:443", or the address alone when the protocol has no ports. */
const char *sk_query_endpoint(const struct sk_observation *observation, bool responder, char text[SK_ADDR_TEXT_MAX + 16]);
/* "TCP", "UDP" ... or the number. */
const char *sk_query_proto(uint8_t ip_proto, char text[8]);
/* What it keeps of protocol heads, as members of the object that is open. */
void sk_query_heads(struct sk_json_writer *w, const struct sk_observation *observation);
/* The name that a person knows the talk by: server name, HTTP host or DNS question, as far as they are kept; "" for none. */
const char *sk_query_name(const struct sk_observation *observation);
/* A command that lists observations of one sort. */
struct sk_listing {
	enum sk_err (*walk)(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit, void *context,
			    uint64_t *erased, struct sk_fault *fault);
	void (*cells)(struct sk_rows *rows, const struct sk_observation *observation); /* a row of the table; JSON and CSV hold every field */
	const struct sk_column *columns;
	size_t column_count;
	const char *what, *empty;
	bool pages;                    /* rows have a place that one can go on behind (--after) */
};
/* Run it: options, store, rows. Returns the exit code. */
int sk_query_list(struct sk_cmd *cmd, int argc, char **argv, const struct sk_listing *listing);
/* Names of the kinds of selectors that hit, joined by '+'. */
const char *sk_query_hit_kinds(const struct sk_observation *observation, char text[64]);

#endif
