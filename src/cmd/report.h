/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho report submit|list|show|...` share: the desk (centre, register, policy, reports, who asks), and the verbs. */
#ifndef SK_CMD_REPORT_H
#define SK_CMD_REPORT_H

#include "cmd/office.h"
#include "report/clock.h"
#include "report/report.h"
#include "report/rules.h"
#include "text/json.h"

enum { SK_REPORT_OUT_MAX = 1 << 26 };

struct sk_report_args {
	struct sk_cmd *cmd;
	struct sk_office_args office;
	const char *form, *stage, *id, *state, *regime, *org, *case_id, *query, *as, *output, *name, *since, *until, *at, *designated, *specified, *class_, *trigger, *lang, *server, *from, *parties, *helo;
	uint64_t version, year, limit;
	bool table, attempted_only, remind, apart, late, done;
	int count;
	char **words;                    /* after the verb */
};

struct sk_report_desk {
	const struct sk_report_args *args;
	struct sk_office office;
	struct sk_reports *reports;
	const struct sk_law *law;        /* in force; NULL: none was loaded */
	bool simulate;
	bool known;                      /* somebody asks */
	struct sk_person person;
};

/* Open the centre, the reports, and find out who asks: --key FILE proves it with a signature that is thrown away, else the session, else SEKISHO_KEY. anybody: whoever has the files may go on unknown. */
SK_MUST enum sk_err sk_report_desk_open(const struct sk_report_args *args, bool write, bool anybody, struct sk_report_desk *out, struct sk_fault *fault);
/* Close it; fine after a failed opening. */
void sk_report_desk_close(struct sk_report_desk *desk);
/* What whoever asks sees of it. */
enum sk_report_seen sk_report_desk_seen(const struct sk_report_desk *desk, const struct sk_report *report);
/* The report with that id, if whoever asks sees it at all (SK_ENOENT: neither tells the other). full: SK_EPERMIT when only the gist is seen. */
SK_MUST enum sk_err sk_report_desk_find(struct sk_report_desk *desk, const char *id, bool full, const struct sk_report **out, enum sk_report_seen *seen, struct sk_fault *fault);
/* One version's document. The caller ends it. */
SK_MUST enum sk_err sk_report_desk_read(struct sk_report_desk *desk, const struct sk_report *report, const struct sk_report_entry *entry, struct sk_report_document *out, struct sk_fault *fault);
/* All clocks of a report. */
size_t sk_report_desk_clocks(const struct sk_report_desk *desk, const struct sk_report *report, struct sk_report_clock out[SK_REPORT_CLOCKS_MAX]);
/* Enter one step under the centre's key. *id gets the report's id. */
SK_MUST enum sk_err sk_report_desk_enter(struct sk_report_desk *desk, const char *report, struct sk_report_facts *facts, const void *body, size_t length, char id[SK_MATTER_ID_MAX], uint64_t *leaf,
					 struct sk_fault *fault);
/* Members "clocks" and "receipt" (leaf, origin, checkpoint) of the object that is open. */
void sk_report_add_clocks(struct sk_json_writer *w, const struct sk_report_clock *clocks, size_t count);
/* See there. SK_EIO and what reading the checkpoint says. */
SK_MUST enum sk_err sk_report_add_receipt(const struct sk_report_desk *desk, struct sk_json_writer *w, const char *key, uint64_t leaf, struct sk_fault *fault);
/* Print what was written, or the fault. Ends the buffer. Returns the exit code. */
int sk_report_end(const struct sk_report_args *args, struct sk_buf *out, enum sk_err err, const struct sk_fault *fault);
/* Is it asked for by the options of list? seen is what whoever asks sees of it. */
bool sk_report_wanted(const struct sk_report_args *args, const struct sk_report *report, enum sk_report_seen seen, int64_t since_ns);
/* Members of a list's item, as far as whoever asks sees it. */
void sk_report_add_item(const struct sk_report_desk *desk, struct sk_json_writer *w, const struct sk_report *report, const struct sk_report_entry *entry, enum sk_report_seen seen);
/* Open without asking who it is: the caller knows, and sets person and known for each question. */
SK_MUST enum sk_err sk_report_desk_fold(const struct sk_report_args *args, bool write, struct sk_report_desk *out, struct sk_fault *fault);
/* One clock as a line for people. */
void sk_report_clock_line(const struct sk_report_clock *clock, struct sk_buf *out);

/* Verbs. Each returns the exit code. */
#define SK_REPORT_VERB(name, function, words) int function(const struct sk_report_args *args);
#include "cmd/report_verb.def"
#undef SK_REPORT_VERB
/* Is it one of them? Runs it and sets *code. */
bool sk_report_verb(struct sk_cmd *cmd, int argc, char **argv, int *code);

#endif
