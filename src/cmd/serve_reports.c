/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor is the number of a report, counted from the first: what comes in between two pages shifts nothing. */
#include "cmd/serve_reports.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/report.h"
#include "cmd/serve_stamp.h"

enum { LIMIT = 50, LIMIT_MAX = 200 };
static const int64_t LAW_NS = INT64_C(60) * 1000000000;

struct serve_reports {
	struct sk_web_reports web;       /* first: it is what the server holds */
	pthread_mutex_t lock;
	struct sk_report_args args;
	struct sk_report_desk desk;
	bool open;
	int64_t folded_ns;
	struct sk_stamp head, files;     /* of the checkpoint that was folded; of what reports and the law are read from */
};

static bool stamp_of(const struct serve_reports *r, const char *const *names, size_t count, int64_t now_ns, struct sk_stamp *out)
{
	char paths[SK_STAMP_FILES][SK_PATH_MAX];
	const char *pointers[SK_STAMP_FILES];
	for (size_t i = 0; i < count; i++) {
		if (sk_file_join(paths[i], sizeof paths[i], r->args.office.folder, names[i]) != SK_OK)
			return false;
		pointers[i] = paths[i];
	}
	sk_stamp_take(pointers, count, now_ns, out);
	return true;
}

/* Fold anew when the ledger has another head, and somebody wrote to the reports or another law is in force. policy/current follows the ledger at the next command that writes, so
   that alone is not waited for longer than a minute. */
static enum sk_err refresh(struct serve_reports *r, int64_t now_ns, struct sk_fault *fault)
{
	static const char *const head_name[] = {"centre/ledger/checkpoint"}, *const names[] = {"centre/reports.db", "centre/reports.db-wal", "centre/policy/current", "centre/policy"};
	struct sk_stamp head, files;
	if (!stamp_of(r, head_name, SK_COUNT(head_name), now_ns, &head) || !stamp_of(r, names, SK_COUNT(names), now_ns, &files) || head.files[0].st_ino == 0)
		return sk_fault_set(fault, SK_ENOENT, "%s: there is no centre", r->args.office.folder);
	if (r->open && (sk_stamp_same(&r->head, &head) || (now_ns - r->folded_ns < LAW_NS && sk_stamp_same(&r->files, &files))))
		return SK_OK;
	if (r->open)
		sk_report_desk_close(&r->desk);
	r->open = false;
	SK_TRY(sk_report_desk_fold(&r->args, false, &r->desk, fault));
	sk_reports_shut(r->desk.reports);
	r->open = true;
	r->folded_ns = now_ns;
	r->head = head;
	r->files = files;
	return SK_OK;
}

static bool cursor_of(const char *text, size_t count, size_t *from)
{
	char *end;
	*from = count;
	if (text == NULL)
		return true;
	*from = strtoul(text + (text[0] != '\0'), &end, 10);
	return text[0] == 'r' && *end == '\0' && *from <= count;
}

static void write_list(struct serve_reports *r, struct sk_web_call *call, const struct sk_report_args *args, size_t from)
{
	struct sk_json_writer *w = &call->json;
	uint64_t asked = sk_web_number(call, "limit", LIMIT), shown = 0;
	int64_t since = sk_web_time(call, "since", 0), newest = 0;
	char cursor[32];
	size_t at = from;
	bool more = false;
	asked = asked < LIMIT_MAX ? asked : LIMIT_MAX;
	sk_json_object(w, NULL);
	sk_json_array(w, "items");
	while (at > 0) {
		const struct sk_report *report = sk_reports_at(r->desk.reports, at - 1);
		enum sk_report_seen seen = sk_report_desk_seen(&r->desk, report);
		if (seen != SK_REPORT_NOTHING && sk_report_wanted(args, report, seen, since)) {
			const struct sk_report_entry *entry = sk_report_newest(report);
			more = shown == asked;
			if (more)
				break;
			shown++;
			newest = entry->time_ns > newest ? entry->time_ns : newest;
			sk_json_object(w, NULL);
			sk_report_add_item(&r->desk, w, report, entry, seen);
			sk_json_end(w);
		}
		at--;
	}
	sk_json_end(w);
	(void)snprintf(cursor, sizeof cursor, "r%zu", at);
	if (more)
		sk_json_text(w, "next", cursor);
	else
		sk_json_null(w, "next");
	sk_json_null(w, "total");
	if (newest != 0 && newest <= call->now_ns)
		sk_json_i64(w, "age_s", (call->now_ns - newest) / INT64_C(1000000000));
	else
		sk_json_null(w, "age_s");
	sk_json_end(w);
}

static enum sk_err list(struct sk_web_reports *web, struct sk_web_call *call)
{
	struct serve_reports *r = (struct serve_reports *)web;
	const struct sk_report_args args = {.state = sk_web_text(call, "state"), .stage = sk_web_text(call, "stage"), .form = sk_web_text(call, "form"), .regime = sk_web_text(call, "regime"),
					    .org = sk_web_text(call, "org"), .case_id = sk_web_text(call, "case"), .query = sk_web_text(call, "q")};
	size_t from = 0;
	(void)pthread_mutex_lock(&r->lock);
	enum sk_err err = refresh(r, call->now_ns, &call->fault);
	if (err == SK_OK && !cursor_of(sk_web_text(call, "cursor"), sk_reports_count(r->desk.reports), &from))
		err = sk_web_refuse(call, SK_EMALFORMED, "cursor: expected the one that the answer before gave");
	if (err == SK_OK) {
		r->desk.person = *call->person;
		r->desk.known = true;
		r->desk.office.now_ns = sk_access_now(r->desk.office.access, call->now_ns);
		write_list(r, call, &args, from);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return err;
}

void sk_serve_reports_warm(struct sk_web_reports *web, int64_t now_ns)
{
	struct serve_reports *r = (struct serve_reports *)web;
	struct sk_fault unused;
	(void)pthread_mutex_lock(&r->lock);
	(void)!refresh(r, now_ns, &unused);
	(void)pthread_mutex_unlock(&r->lock);
}

enum sk_err sk_serve_reports_new(struct sk_cmd *cmd, const char *folder, struct sk_web_reports **out, struct sk_fault *fault)
{
	struct serve_reports *r = calloc(1, sizeof *r);
	*out = NULL;
	if (r == NULL || pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	r->web.list = list;
	r->args = (struct sk_report_args){.cmd = cmd, .office = {.folder = folder}};
	*out = &r->web;
	return SK_OK;
}

void sk_serve_reports_free(struct sk_web_reports *web)
{
	struct serve_reports *r = (struct serve_reports *)web;
	if (r == NULL)
		return;
	if (r->open)
		sk_report_desk_close(&r->desk);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}
