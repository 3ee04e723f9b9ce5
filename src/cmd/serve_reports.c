/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor is the number of a report, counted from the first: what comes in between two pages shifts nothing. */
#include "cmd/serve_reports.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cmd/report.h"

enum { LIMIT = 50, LIMIT_MAX = 200 };

struct serve_reports {
	struct sk_web_reports web;       /* first: it is what the server holds */
	pthread_mutex_t lock;
	struct sk_report_args args;
	struct sk_report_desk desk;
	bool open;
	struct timespec head;            /* when the checkpoint that was folded was written */
	ino_t inode;
};

/* Fold anew when the ledger has a newer head than the one that was folded. */
static enum sk_err refresh(struct serve_reports *r, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct stat info;
	if (sk_file_join(path, sizeof path, r->args.office.folder, "centre/ledger/checkpoint") != SK_OK || stat(path, &info) != 0)
		return sk_fault_set(fault, SK_ENOENT, "%s: there is no centre", r->args.office.folder);
	if (r->open && info.st_ino == r->inode && info.st_mtim.tv_sec == r->head.tv_sec && info.st_mtim.tv_nsec == r->head.tv_nsec)
		return SK_OK;
	if (r->open)
		sk_report_desk_close(&r->desk);
	r->open = false;
	SK_TRY(sk_report_desk_fold(&r->args, false, &r->desk, fault));
	sk_reports_shut(r->desk.reports);
	r->open = true;
	r->head = info.st_mtim;
	r->inode = info.st_ino;
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
	enum sk_err err = refresh(r, &call->fault);
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
