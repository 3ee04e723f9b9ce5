/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a centre with cases and reports, for bench/centre: what a person would have entered one by one, through the rooms that enter it. usage: bench-centre-desk DIR CASES REPORTS
   Prints what it took. Each is on disk before the next, so a folder in memory (/dev/shm) is filled sooner. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "access/access.h"
#include "case/case.h"
#include "cmd/centre.h"
#include "report/report.h"

enum { LINKS = 2, TEXT_MAX = 4096 };

static const int64_t second_ns = 1000000000;

static int64_t now_ns(void)
{
	struct timespec at;
	(void)clock_gettime(CLOCK_REALTIME, &at);
	return (int64_t)at.tv_sec * second_ns + at.tv_nsec;
}

static void must(enum sk_err err, const struct sk_fault *fault)
{
	if (err == SK_OK)
		return;
	(void)fprintf(stderr, "bench-centre-desk: %s\n", fault->line);
	exit(1);
}

static void fill_cases(struct sk_centre *centre, unsigned count)
{
	const struct sk_case_author author = {.account = "anna", .org = "host"};
	char db[SK_PATH_MAX], key[SK_PATH_MAX], title[96], ref[64];
	struct sk_fault fault;
	struct sk_cases *cases;
	struct sk_case_done done, more;
	must(sk_cases_open(sk_centre_path(centre, "cases.db", db), sk_centre_path(centre, "keys/case.key", key), centre->docket, centre->key, centre->policy, &cases, &fault), &fault);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(title, sizeof title, "case %u: something at host-%u.example", i, i * 7919 % count);
		must(sk_cases_add(cases, &author, "", SK_CASE_EVENT_OPEN,
				  &(struct sk_case_change){.title = title, .summary = "", .org = "host", .kind = (enum sk_case_kind)(i % SK_CASE_KIND_COUNT), .severity = 1 + i % 3}, now_ns(), &done, &fault), &fault);
		for (unsigned k = 0; k < LINKS; k++) {
			(void)snprintf(ref, sizeof ref, "%08x%08x%016x", i, k, i ^ 0x5a5a5a5a);
			must(sk_cases_add(cases, &author, done.id, SK_CASE_EVENT_LINK, &(struct sk_case_change){.link = SK_CASE_LINK_FINDING, .ref = ref, .text = "seen again"}, now_ns(), &more, &fault), &fault);
		}
	}
	sk_cases_close(cases);
}

/* One report handed in, as `sekisho report submit` enters it. */
static void enter_report(struct sk_centre *centre, struct sk_reports *reports, unsigned i)
{
	struct sk_report_facts facts = {.event = "initial", .by = "anna", .org = "host", .form = "jp_critical", .tlp = "amber", .sector = "energy", .malicious = true};
	char body[TEXT_MAX], state[SK_ACT_WORD_MAX];
	struct sk_report_draft draft;
	struct sk_buf line, note;
	struct sk_receipt receipt;
	struct sk_fault fault;
	bool found;
	facts.aware_ns = facts.detected_ns = now_ns() - (int64_t)(i % 1000) * 60 * second_ns;
	(void)snprintf(facts.about, sizeof facts.about, "operator-%u", i % 500);
	(void)snprintf(facts.title, sizeof facts.title, "report %u: something at plant-%u.example", i, i * 7919 % 10007);
	int length = snprintf(body, sizeof body, "{\"title\":\"%s\"}", facts.title);
	sk_buf_init(&line, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, SK_ACT_TEXT_MAX + SK_NOTE_MAX);
	must(sk_report_draft(reports, "", &facts, body, (size_t)length, &draft, &fault), &fault);
	struct sk_act act = {.matter = "report", .time_ns = now_ns(), .body = sk_buf_text(&draft.act), .body_length = draft.act.length};
	memcpy(act.id, draft.id, sizeof act.id);
	memcpy(act.event, draft.event, sizeof act.event);
	memcpy(act.policy, centre->policy, SK_HASH_BYTES);
	must(sk_docket_last(centre->docket, "report", draft.id, act.previous, state, &found, &fault), &fault);
	sk_act_write(&act, &line);
	sk_note_sign(&note, sk_buf_text(&line), line.length, centre->key);
	must(sk_report_enter(reports, &draft, sk_buf_text(&note), note.length, &receipt, &fault), &fault);
	sk_report_draft_fini(&draft);
	sk_buf_fini(&line);
	sk_buf_fini(&note);
}

static void fill_reports(struct sk_centre *centre, unsigned count)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	struct sk_reports *reports;
	struct sk_fault fault;
	must(sk_reports_open(sk_centre_path(centre, "reports.db", db), sk_centre_path(centre, "keys/report.key", key), centre->docket, true, &reports, &fault), &fault);
	for (unsigned i = 0; i < count; i++)
		enter_report(centre, reports, i);
	sk_reports_close(reports);
}

/* What a server does each time that the ledger has grown by an act: as long as it keeps nothing, and by following. */
static void follow(struct sk_centre *writer, const char *folder)
{
	enum { ROUNDS = 20 };
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	struct sk_centre reader;
	struct sk_fault fault;
	struct sk_reports *reports;
	struct sk_access *access;
	uint64_t from;
	int64_t followed = 0, began = now_ns();
	must(sk_centre_open(folder, false, &reader, &fault), &fault);
	must(sk_access_open(reader.docket, &access, &fault), &fault);
	int64_t whole = now_ns() - began;
	must(sk_reports_open(sk_centre_path(writer, "reports.db", db), sk_centre_path(writer, "keys/report.key", key), writer->docket, true, &reports, &fault), &fault);
	for (unsigned i = 0; i < ROUNDS; i++) {
		enter_report(writer, reports, i);
		began = now_ns();
		must(sk_centre_follow(&reader, &from, &fault), &fault);
		must(sk_access_follow(access, reader.docket, from, &fault), &fault);
		followed += now_ns() - began;
	}
	(void)printf("reading the centre's %" PRIu64 " acts to the signed head and folding the register: %.1f ms as a whole, %.2f ms for an act that came since\n", reader.head.size - 1, (double)whole / 1e6,
		     (double)followed / 1e6 / ROUNDS);
	sk_reports_close(reports);
	sk_access_close(access);
	sk_centre_close(&reader);
}

int main(int argc, char **argv)
{
	struct sk_centre centre;
	struct sk_fault fault;
	if (argc != 4) {
		(void)fprintf(stderr, "usage: bench-centre-desk DIR CASES REPORTS\n");
		return 2;
	}
	int64_t began = now_ns();
	must(sk_centre_open(argv[1], true, &centre, &fault), &fault);
	fill_cases(&centre, (unsigned)strtoul(argv[2], NULL, 10));
	int64_t cases = now_ns();
	fill_reports(&centre, (unsigned)strtoul(argv[3], NULL, 10));
	(void)printf("%s cases with %d links each in %.1f s, %s reports in %.1f s\n", argv[2], LINKS, (double)(cases - began) / 1e9, argv[3], (double)(now_ns() - cases) / 1e9);
	follow(&centre, argv[1]);
	sk_centre_close(&centre);
	return 0;
}
