/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho report remind: a letter to whoever owes a report, by our own mail server; each is an entry of its report with an act of the centre, and none is sent twice. rule: FORM-11 */
#include "cmd/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target/letter.h"
#include "text/text.h"

enum { TEXT_MAX = 16384, ID_BYTES = 16, HOST_MAX = 128 };

struct round {
	struct sk_report_desk *desk;
	struct sk_peer server;
	char helo[HOST_MAX];
	struct sk_buf *out;
	struct sk_json_writer *w;          /* NULL: for people */
	size_t sent, failed;
	struct sk_fault first;             /* why the first of those that failed did */
};

/* One that is to be sent: of which report, which clock, which moment. */
struct reminder {
	const struct sk_report *report;
	const struct sk_report_clock *clock;
	const char *what;
	char name[SK_REPORT_NAME_MAX];
	char org[SK_MATTER_ID_MAX];        /* who owes it: the one that handed in the first stage; a copy, for entries move when one is added */
};

/* ---- the letter ---- */

static void add_recipients(const struct reminder *r, struct sk_buf *out)
{
	for (uint32_t i = 0; i < r->clock->row->to.count; i++)
		sk_buf_addf(out, "%s%s", i == 0 ? "" : ", ", r->clock->row->to.items[i]);
}

/* Ids, a rule and times: a letter is no place for what a report says. */
static void write_text(const struct reminder *r, bool japanese, struct sk_buf *subject, struct sk_buf *text)
{
	const struct sk_law_deadline *row = r->clock->row;
	char due[SK_TIME_TEXT_MAX];
	bool late = strcmp(r->what, "before") != 0;
	(void)sk_time_format(r->clock->due_ns, 0, due);
	if (japanese) {
		sk_buf_addf(subject, "被害報告 %.8s：%s %s の期限%s %s", r->report->id, row->regime, row->step, late ? "経過" : "", due);
		sk_buf_addf(text, "被害報告の期限についてお知らせします。\n\n報告番号  %s\n規則      %s、%s\n期限      %s%s\n提出先    ", r->report->id, row->regime, row->step, due, r->clock->promptly ? "（速やかに）" : "");
		add_recipients(r, text);
		sk_buf_addf(text, "\n状態      %s\n\n提出方法  sekisho report submit FILE --id %s --stage %s、又は画面の「報告」\n\nこの通知に報告の内容は含まれません。\n", late ? "期限を過ぎています" : "期限前です", r->report->id, row->step);
		return;
	}
	sk_buf_addf(subject, "Damage report %.8s: %s %s %s %s", r->report->id, row->regime, row->step, late ? "was due" : "is due", due);
	sk_buf_addf(text, "A reminder about a damage report that your organisation owes.\n\nReport   %s\nRule     %s, %s\nDue      %s%s\nTo       ", r->report->id, row->regime, row->step, due, r->clock->promptly ? " (promptly)" : "");
	add_recipients(r, text);
	sk_buf_addf(text, "\nState    %s\n\nHand it in: sekisho report submit FILE --id %s --stage %s, or on the page, Reports.\n\nNothing of what the report says stands in this letter.\n", late ? "its time is over" : "its time is not over yet", r->report->id,
		    row->step);
}

/* The same reminder again, after a crash between the mail server and the ledger, is the same message to whoever gets it. */
static void message_id(const struct reminder *r, const char *host, char out[2 * SK_HASH_BYTES + HOST_MAX + 4])
{
	struct sk_buf text;
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * ID_BYTES + 1];
	sk_buf_init(&text, TEXT_MAX);
	sk_buf_addf(&text, "%s\n%s\n", r->report->id, r->name);
	sk_sha256(text.bytes, text.length, digest);
	sk_hex_encode(digest, ID_BYTES, hex);
	(void)snprintf(out, 2 * SK_HASH_BYTES + HOST_MAX + 4, "<%s@%s>", hex, host);
	sk_buf_fini(&text);
}

/* ---- one ---- */

static void body_of(const struct sk_letter *letter, const struct sk_buf *message, const char *answer, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "answer", answer);
	sk_json_text(&w, "message", sk_buf_text(message));
	sk_json_text(&w, "to", letter->to);
	sk_json_end(&w);
}

static void tell(struct round *round, const struct reminder *r, const char *answer, uint64_t leaf)
{
	if (round->w == NULL) {
		sk_buf_addf(round->out, "sent     %.8s  %s %s, %s, to %s: %s (leaf %" PRIu64 ")\n", r->report->id, r->clock->row->regime, r->clock->row->step, r->what, r->org, answer, leaf);
		return;
	}
	sk_json_object(round->w, NULL);
	sk_json_text(round->w, "id", r->report->id);
	sk_json_text(round->w, "regime", r->clock->row->regime);
	sk_json_text(round->w, "what", r->clock->row->step);
	sk_json_text(round->w, "reminder", r->what);
	sk_json_text(round->w, "to", r->org);
	sk_json_text(round->w, "answer", answer);
	sk_json_u64(round->w, "leaf", leaf);
	sk_json_end(round->w);
}

/* Sent, then entered: what is on record was taken by the server. */
static enum sk_err send_written(struct round *round, const struct reminder *r, const struct sk_letter *letter, const struct sk_buf *message, struct sk_fault *fault)
{
	struct sk_report_facts facts = {.event = "remind", .size = message->length};
	struct sk_buf body;
	char answer[SK_LETTER_ANSWER_MAX], id[SK_MATTER_ID_MAX];
	uint64_t leaf = 0;
	SK_TRY(sk_letter_send(&round->server, round->helo, round->desk->args->cmd->clock, letter, message, answer, fault));
	memcpy(facts.name, r->name, sizeof facts.name);
	sk_sha256(message->bytes, message->length, facts.hash);
	sk_buf_init(&body, SK_LETTER_MAX);
	body_of(letter, message, answer, &body);
	enum sk_err err = body.failed != SK_OK ? sk_fault_set(fault, body.failed, "the reminder's record does not fit") : sk_report_desk_enter(round->desk, r->report->id, &facts, body.bytes, body.length, id, &leaf, fault);
	sk_buf_fini(&body);
	if (err == SK_OK)
		tell(round, r, answer, leaf);
	return err;
}

static enum sk_err send_one(struct round *round, const struct reminder *r, struct sk_fault *fault)
{
	const struct sk_report_args *args = round->desk->args;
	char address[SK_LETTER_ADDRESS_MAX], id[2 * SK_HASH_BYTES + HOST_MAX + 4];
	struct sk_buf subject, text, message;
	bool japanese = false;
	SK_TRY(sk_letter_party(args->parties, r->org, address, &japanese, fault));
	sk_buf_init(&subject, TEXT_MAX);
	sk_buf_init(&text, TEXT_MAX);
	sk_buf_init(&message, SK_LETTER_MAX);
	write_text(r, japanese, &subject, &text);
	message_id(r, round->helo, id);
	const struct sk_letter letter = {.from = args->from, .from_name = "", .to = address, .subject = sk_buf_text(&subject), .text = sk_buf_text(&text), .message_id = id, .japanese = japanese,
					 .date_ns = round->desk->office.now_ns};
	enum sk_err err = subject.failed != SK_OK || text.failed != SK_OK ? sk_fault_set(fault, SK_ETOOBIG, "the reminder does not fit") : sk_letter_write(&letter, &message, fault);
	if (err == SK_OK)
		err = send_written(round, r, &letter, &message, fault);
	sk_buf_fini(&subject);
	sk_buf_fini(&text);
	sk_buf_fini(&message);
	return err;
}

/* ---- all ---- */

/* Of the moments of a clock that have come, the last: whoever was not reminded for a week needs one letter and not three. False: none, or it was sent. */
static bool is_due(const struct sk_report_desk *desk, const struct sk_report *report, const struct sk_report_clock *clock, struct reminder *out)
{
	struct sk_report_reminder moments[3];
	size_t count = clock->state == SK_REPORT_DONE ? 0 : sk_report_reminders(clock, 0, desk->office.now_ns, moments);
	if (count == 0)
		return false;
	*out = (struct reminder){.report = report, .clock = clock, .what = moments[count - 1].what};
	memcpy(out->org, report->entries[0].facts.org, sizeof out->org);
	(void)snprintf(out->name, sizeof out->name, "%s %s %s", out->what, clock->row->regime, clock->row->step);
	return !sk_report_reminded(report, out->name);
}

/* An organisation that nobody registered keeps no other from its letter; a server that does not answer would keep all. */
static enum sk_err remind_all(struct round *round, struct sk_fault *fault)
{
	struct sk_report_desk *desk = round->desk;
	for (size_t i = 0; i < sk_reports_count(desk->reports); i++) {
		struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
		const struct sk_report *report = sk_reports_at(desk->reports, i);
		size_t count = sk_report_desk_clocks(desk, report, clocks);
		for (size_t k = 0; k < count; k++) {
			struct reminder reminder;
			struct sk_fault why = {.line = ""};
			if (!is_due(desk, report, &clocks[k], &reminder))
				continue;
			enum sk_err err = send_one(round, &reminder, &why);
			if (err == SK_ENOENT || err == SK_EUSAGE) {
				(void)fprintf(desk->args->cmd->err, "sekisho: report %.8s, %s: %s\n", report->id, reminder.name, why.line);
				if (round->failed++ == 0)
					round->first = why;
				continue;
			}
			if (err != SK_OK) {
				*fault = why;
				return err;
			}
			round->sent++;
		}
	}
	if (round->failed != 0)
		return sk_fault_set(fault, SK_ENOENT, "%zu of %zu reminders were not sent; the first: %.300s", round->failed, round->failed + round->sent, round->first.line);
	return SK_OK;
}

static enum sk_err ready(const struct sk_report_args *args, struct round *round, struct sk_fault *fault)
{
	if (args->server == NULL || args->from == NULL || args->parties == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "remind: expected --server tcp:ADDRESS:PORT (the own mail server), --from ADDRESS and --parties FILE (lines of ORGANISATION ADDRESS ja|en)");
	SK_TRY(sk_peer_parse(args->server, &round->server, fault));
	if (round->server.transport != SK_PEER_TCP)
		return sk_fault_set(fault, SK_EUSAGE, "--server: expected tcp:ADDRESS:PORT, the mail server of the own side");
	if (!sk_letter_address(args->from))
		return sk_fault_set(fault, SK_EUSAGE, "--from: expected a plain mail address");
	const char *host = args->helo != NULL ? args->helo : strchr(args->from, '@') + 1;
	if (!sk_letter_host(host) || (size_t)snprintf(round->helo, sizeof round->helo, "%s", host) >= sizeof round->helo)
		return sk_fault_set(fault, SK_EUSAGE, "--helo: expected a host's name of at most %d characters", HOST_MAX - 1);
	return SK_OK;
}

int sk_report_remind(const struct sk_report_args *args)
{
	struct sk_report_desk desk;
	struct sk_fault fault = {.line = ""};
	struct sk_buf out;
	struct sk_json_writer w;
	struct round round = {.desk = &desk, .out = &out, .w = args->office.json ? &w : NULL};
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = ready(args, &round, &fault);
	if (err != SK_OK) {
		sk_buf_fini(&out);
		return sk_cmd_fail(args->cmd, &fault);
	}
	if (round.w != NULL) {
		sk_json_begin(&w, &out, false);
		sk_json_array(&w, NULL);
	}
	err = sk_report_desk_open(args, true, true, &desk, &fault);
	if (err == SK_OK)
		err = remind_all(&round, &fault);
	sk_report_desk_close(&desk);
	if (round.w != NULL)
		sk_json_end(&w);
	sk_buf_addf(&out, round.w != NULL ? "\n" : "%zu sent\n", round.sent);
	/* What was sent is told, whatever came after it. */
	(void)fwrite(sk_buf_text(&out), 1, out.length, args->cmd->out);
	sk_buf_fini(&out);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}
