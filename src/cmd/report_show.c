/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of reports: lists, one of them, copies for others, attachments, what is due. Each shows what viewer.def lets whoever asks see. rule: FORM-5 */
#include "cmd/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/export.h"
#include "text/text.h"

/* ---- list ---- */

static bool has_regime(const struct sk_report_facts *facts, const char *regime)
{
	for (size_t i = 0; i < facts->regime_count; i++)
		if (strcmp(facts->regimes[i], regime) == 0)
			return true;
	return false;
}

bool sk_report_wanted(const struct sk_report_args *args, const struct sk_report *report, enum sk_report_seen seen, int64_t since_ns)
{
	const struct sk_report_entry *newest = sk_report_newest(report);
	const struct sk_report_facts *facts = &newest->facts;
	bool full = seen == SK_REPORT_FULL;
	return (args->state == NULL || strcmp(args->state, report->state) == 0) && (args->stage == NULL || strcmp(args->stage, facts->event) == 0) &&
	       (args->form == NULL || strcmp(args->form, facts->form) == 0) && (args->regime == NULL || has_regime(facts, args->regime)) &&
	       (args->case_id == NULL || strcmp(args->case_id, report->case_id) == 0) && (args->org == NULL || (full && strcmp(args->org, facts->org) == 0)) &&
	       (args->query == NULL || strncmp(report->id, args->query, strlen(args->query)) == 0 || (full && strcasestr(facts->title, args->query) != NULL)) && newest->time_ns >= since_ns;
}

static void add_words(struct sk_json_writer *w, const char *key, const char (*list)[SK_REPORT_WORD_MAX_], size_t count)
{
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		sk_json_text(w, NULL, list[i]);
	sk_json_end(w);
}

static void add_time(struct sk_json_writer *w, const char *key, int64_t ns)
{
	char text[SK_TIME_TEXT_MAX];
	if (ns != 0)
		sk_json_text(w, key, sk_time_format(ns, 0, text));
	else
		sk_json_null(w, key);
}

/* Members of a list's item; also the head of a report that is shown. */
void sk_report_add_item(const struct sk_report_desk *desk, struct sk_json_writer *w, const struct sk_report *report, const struct sk_report_entry *entry, enum sk_report_seen seen)
{
	const struct sk_report_facts *facts = &entry->facts;
	struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
	bool full = seen == SK_REPORT_FULL;
	sk_json_text(w, "id", report->id);
	sk_json_u64(w, "version", entry->version);
	sk_json_text(w, "stage", facts->event);
	sk_json_text(w, "state", report->state);
	sk_json_text(w, "form", facts->form);
	add_words(w, "regimes", facts->regimes, facts->regime_count);
	sk_json_text(w, "sector", facts->sector);
	sk_json_text(w, "tlp", facts->tlp[0] != '\0' ? facts->tlp : "amber");
	sk_json_text(w, "handling", facts->restricted[0] != '\0' ? facts->restricted : "none");
	if (full) {
		sk_json_text(w, "org", facts->org);
		sk_json_text(w, "title", facts->title);
	} else {
		sk_json_null(w, "org");
		sk_json_text(w, "title", sk_report_label(SK_REPORT_S_FORM, facts->form, false));
	}
	add_time(w, "submitted", entry->time_ns);
	add_time(w, "aware", facts->aware_ns);
	sk_report_add_clocks(w, clocks, sk_report_desk_clocks(desk, report, clocks));
	if (report->case_id[0] != '\0')
		sk_json_text(w, "case", report->case_id);
	else
		sk_json_null(w, "case");
	sk_json_u64(w, "attachments_count", full ? report->attachments : 0);
	sk_json_text(w, "seen", full ? "full" : "gist");
}

static void list_line(const struct sk_report_desk *desk, const struct sk_report *report, enum sk_report_seen seen, struct sk_buf *out)
{
	const struct sk_report_entry *newest = sk_report_newest(report);
	struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
	char time[SK_TIME_TEXT_MAX];
	size_t count = sk_report_desk_clocks(desk, report, clocks), late = 0;
	const struct sk_report_clock *next = NULL;
	for (size_t i = 0; i < count; i++) {
		late += clocks[i].state == SK_REPORT_LATE;
		if (next == NULL && clocks[i].done_ns == 0)
			next = &clocks[i];
	}
	sk_buf_addf(out, "%.8s  v%-3" PRIu64 " %-13s %-10s %s  ", report->id, newest->version, newest->facts.event, newest->facts.form, sk_time_format(newest->time_ns, 0, time));
	sk_escape_line(out, seen == SK_REPORT_FULL ? newest->facts.title : "(gist alone)", seen == SK_REPORT_FULL ? strlen(newest->facts.title) : strlen("(gist alone)"));
	if (report->case_id[0] != '\0')
		sk_buf_addf(out, "  case %s", report->case_id);
	if (next != NULL)
		sk_buf_addf(out, "  next: %s %s %s%s", next->row->regime, next->row->step, next->promptly ? "promptly" : sk_time_format(next->due_ns, 0, time), late != 0 ? "  LATE" : "");
	sk_buf_add_u8(out, '\n');
}

static enum sk_err since_of(const struct sk_report_desk *desk, const char *text, int64_t otherwise, int64_t *out, struct sk_fault *fault)
{
	int64_t span;
	*out = otherwise;
	if (text == NULL || sk_time_parse(text, out) == SK_OK)
		return SK_OK;
	if (sk_duration_parse(text, &span) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "'%.40s': expected a time (RFC 3339), a day, or how long ago (24h)", text);
	*out = desk->office.now_ns - span;
	return SK_OK;
}

static enum sk_err list_all(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report_args *args = desk->args;
	struct sk_json_writer w;
	uint64_t shown = 0, limit = args->limit != 0 ? args->limit : UINT64_MAX;
	int64_t since;
	SK_TRY(since_of(desk, args->since, 0, &since, fault));
	if (args->office.json) {
		sk_json_begin(&w, out, false);
		sk_json_array(&w, NULL);
	}
	/* Newest first. */
	for (size_t i = sk_reports_count(desk->reports); i-- > 0 && shown < limit;) {
		const struct sk_report *report = sk_reports_at(desk->reports, i);
		enum sk_report_seen seen = sk_report_desk_seen(desk, report);
		if (seen == SK_REPORT_NOTHING || !sk_report_wanted(args, report, seen, since))
			continue;
		shown++;
		if (args->office.json) {
			sk_json_object(&w, NULL);
			sk_report_add_item(desk, &w, report, sk_report_newest(report), seen);
			sk_json_end(&w);
		} else {
			list_line(desk, report, seen, out);
		}
	}
	if (args->office.json)
		sk_json_end(&w);
	sk_buf_addf(out, args->office.json ? "\n" : "%" PRIu64 " reports\n", shown);
	return SK_OK;
}

static int with_desk(const struct sk_report_args *args, bool anybody, enum sk_err (*work)(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault))
{
	struct sk_report_desk desk;
	struct sk_fault fault;
	struct sk_buf out;
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = sk_report_desk_open(args, false, anybody, &desk, &fault);
	if (err == SK_OK)
		err = work(&desk, &out, &fault);
	sk_report_desk_close(&desk);
	return sk_report_end(args, &out, err, &fault);
}

int sk_report_list(const struct sk_report_args *args)
{
	return with_desk(args, false, list_all);
}

/* ---- one ---- */

/* What the gist shows: nothing that names anybody, nothing in anybody's own words. */
static void add_gist(struct sk_json_writer *w, const struct sk_json_value *top)
{
	static const char *const paths[] = {"form_kind", "report_stage", "regime", "aware_at", "occurred_at", "detected_at", "detection_source", "status", "impact", "service_level_deviation",
					    "started_at", "ended_at", "intrusion_vector", "malicious_suspected", "cross_border", "ttp", "tlp"};
	sk_json_object(w, "fields");
	for (size_t i = 0; i < SK_COUNT(paths); i++) {
		const struct sk_json_value *value = sk_report_at(top, paths[i], false);
		if (value != NULL)
			sk_report_value(w, paths[i], value);
	}
	sk_json_end(w);
}

static void add_steps(struct sk_json_writer *w, const struct sk_report *report)
{
	char hex[2 * SK_HASH_BYTES + 1];
	sk_json_array(w, "versions");
	for (size_t i = 0; i < report->count; i++) {
		const struct sk_report_entry *entry = &report->entries[i];
		if (entry->version == 0)
			continue;
		sk_json_object(w, NULL);
		sk_json_u64(w, "version", entry->version);
		if (entry->version > 1)
			sk_json_u64(w, "supersedes", entry->version - 1);
		sk_json_text(w, "stage", entry->facts.event);
		add_time(w, "submitted", entry->time_ns);
		sk_json_text(w, "by", entry->facts.by);
		sk_json_u64(w, "leaf", entry->leaf);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_array(w, "attachments");
	for (size_t i = 0; i < report->count; i++) {
		const struct sk_report_entry *entry = &report->entries[i];
		if (strcmp(entry->facts.event, "attach") != 0)
			continue;
		sk_json_object(w, NULL);
		sk_json_u64(w, "number", entry->number);
		sk_json_text(w, "name", entry->facts.name);
		sk_json_u64(w, "size", entry->facts.size);
		sk_hex_encode(entry->facts.hash, SK_HASH_BYTES, hex);
		sk_json_text(w, "sha256", hex);
		add_time(w, "attached", entry->time_ns);
		sk_json_u64(w, "leaf", entry->leaf);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static enum sk_err version_of(const struct sk_report *report, uint64_t version, const struct sk_report_entry **out, struct sk_fault *fault)
{
	*out = sk_report_version(report, version);
	return *out != NULL ? SK_OK : sk_fault_set(fault, SK_ENOENT, "report %s: there are versions 1 to %" PRIu64 ", and no %" PRIu64, report->id, report->versions, version);
}

static void copy_of(const struct sk_report_desk *desk, const struct sk_report *report, const struct sk_report_entry *entry, const struct sk_report_document *document, struct sk_report_copy *out)
{
	*out = (struct sk_report_copy){.id = report->id, .case_id = report->case_id, .origin = desk->office.centre.origin, .version = entry->version, .leaf = entry->leaf,
				       .first_ns = report->entries[0].time_ns, .at_ns = entry->time_ns, .facts = &entry->facts, .top = document->top};
}

static enum sk_err show_text(struct sk_report_desk *desk, const struct sk_report *report, const struct sk_report_entry *entry, const struct sk_report_document *document, enum sk_report_seen seen,
			     struct sk_buf *out)
{
	struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
	struct sk_report_copy copy;
	char time[SK_TIME_TEXT_MAX], hex[2 * SK_HASH_BYTES + 1];
	size_t count = sk_report_desk_clocks(desk, report, clocks);
	copy_of(desk, report, entry, document, &copy);
	sk_buf_addf(out, "report   %s%s%s\nversion  %" PRIu64 " of %" PRIu64 ", %s, %s\nreceipt  leaf %" PRIu64 " of %s\n", report->id, report->case_id[0] != '\0' ? ", case " : "", report->case_id, entry->version,
		    report->versions, sk_report_label(SK_REPORT_S_STAGE, entry->facts.event, false), sk_time_format(entry->time_ns, 0, time), entry->leaf, desk->office.centre.origin);
	for (size_t i = 0; i < count; i++) {
		sk_buf_add_text(out, i == 0 ? "clocks   " : "         ");
		sk_report_clock_line(&clocks[i], out);
	}
	if (seen != SK_REPORT_FULL) {
		sk_buf_addf(out, "%s sees its gist alone: --json\n", desk->person.org);
		return SK_OK;
	}
	sk_report_print(&copy, desk->args->lang != NULL && strcmp(desk->args->lang, "ja") == 0, out);
	for (size_t i = 0; i < report->count; i++) {
		const struct sk_report_entry *attached = &report->entries[i];
		if (strcmp(attached->facts.event, "attach") != 0)
			continue;
		sk_hex_encode(attached->facts.hash, SK_HASH_BYTES, hex);
		sk_buf_addf(out, "  attached %" PRIu64 "  %" PRIu64 " bytes  sha256 %s  ", attached->number, attached->facts.size, hex);
		sk_escape_line(out, attached->facts.name, strlen(attached->facts.name));
		sk_buf_add_u8(out, '\n');
	}
	return SK_OK;
}

static enum sk_err show_json(struct sk_report_desk *desk, const struct sk_report *report, const struct sk_report_entry *entry, const struct sk_report_document *document, enum sk_report_seen seen,
			     struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_report_add_item(desk, &w, report, entry, seen);
	SK_TRY(sk_report_add_receipt(desk, &w, "ledger_receipt", entry->leaf, fault));
	if (seen == SK_REPORT_FULL) {
		sk_report_value(&w, "fields", document->top);
		add_steps(&w, report);
	} else {
		add_gist(&w, document->top);
	}
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
	return SK_OK;
}

static enum sk_err show(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report *report;
	const struct sk_report_entry *entry;
	struct sk_report_document document;
	enum sk_report_seen seen;
	SK_TRY(sk_report_desk_find(desk, desk->args->words[0], false, &report, &seen, fault));
	SK_TRY(version_of(report, desk->args->version, &entry, fault));
	SK_TRY(sk_report_desk_read(desk, report, entry, &document, fault));
	enum sk_err err = desk->args->office.json ? show_json(desk, report, entry, &document, seen, out, fault) : show_text(desk, report, entry, &document, seen, out);
	sk_report_document_fini(&document);
	return err;
}

int sk_report_show(const struct sk_report_args *args)
{
	return with_desk(args, false, show);
}

/* ---- copies for others ---- */

static enum sk_err write_file(const struct sk_report_args *args, const struct sk_buf *bytes, struct sk_buf *out, struct sk_fault *fault)
{
	if (args->output == NULL) {
		sk_buf_add(out, bytes->bytes, bytes->length);
		return SK_OK;
	}
	SK_TRY(sk_file_replace(args->output, bytes->length != 0 ? bytes->bytes : (const uint8_t *)"", bytes->length, 0600, fault));
	sk_buf_addf(out, args->office.json ? "{\"bytes\":%zu}\n" : "%zu bytes written\n", bytes->length);
	return SK_OK;
}

/* STIX is what goes to partners: of a report that is another's own it needs the consent to share abroad. */
static enum sk_err may_export(const struct sk_report_desk *desk, const struct sk_report *report, enum sk_report_form_as as, struct sk_fault *fault)
{
	const struct sk_report_facts *newest = &sk_report_newest(report)->facts;
	if (as != SK_REPORT_STIX || strcmp(newest->org, desk->person.org) == 0)
		return SK_OK;
	if (!newest->share_ally || strcmp(newest->tlp, "red") == 0 || strcmp(newest->tlp, "amber_strict") == 0 || strcmp(newest->restricted, "recipients_only") == 0)
		return sk_fault_set(fault, SK_EPERMIT, "report %s: STIX is for partners, and %s (consent_share_ally, tlp, handling_opinion.restrict)", report->id,
				    newest->share_ally ? "its TLP or the opinion on its handling forbids that" : "the organisation has not consented");
	return SK_OK;
}

static enum sk_err export_one(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report *report;
	const struct sk_report_entry *entry;
	struct sk_report_document document;
	struct sk_report_copy copy;
	enum sk_report_form_as as;
	enum sk_report_seen seen;
	struct sk_buf bytes;
	SK_TRY(sk_report_as(desk->args->as != NULL ? desk->args->as : "", &as, fault));
	SK_TRY(sk_report_desk_find(desk, desk->args->words[0], true, &report, &seen, fault));
	SK_TRY(may_export(desk, report, as, fault));
	SK_TRY(version_of(report, desk->args->version, &entry, fault));
	SK_TRY(sk_report_desk_read(desk, report, entry, &document, fault));
	copy_of(desk, report, entry, &document, &copy);
	sk_buf_init(&bytes, SK_REPORT_OUT_MAX);
	sk_report_export(as, &copy, &bytes);
	enum sk_err err = bytes.failed != SK_OK ? sk_fault_set(fault, bytes.failed, "the copy is too long") : write_file(desk->args, &bytes, out, fault);
	sk_buf_fini(&bytes);
	sk_report_document_fini(&document);
	return err;
}

int sk_report_export_one(const struct sk_report_args *args)
{
	return with_desk(args, false, export_one);
}

/* An attachment by its number, its SHA-256, or the beginning of that. It is handed back as bytes, to a file. */
static enum sk_err attachment(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const char *which = desk->args->words[1];
	const struct sk_report *report;
	enum sk_report_seen seen;
	struct sk_buf bytes;
	char hex[2 * SK_HASH_BYTES + 1], *end;
	uint64_t number = strtoull(which, &end, 10);
	SK_TRY(sk_report_desk_find(desk, desk->args->words[0], true, &report, &seen, fault));
	for (size_t i = 0; i < report->count; i++) {
		const struct sk_report_entry *entry = &report->entries[i];
		sk_hex_encode(entry->facts.hash, SK_HASH_BYTES, hex);
		if (strcmp(entry->facts.event, "attach") != 0 || !((*end == '\0' && entry->number == number) || (strlen(which) >= 8 && strncmp(hex, which, strlen(which)) == 0)))
			continue;
		sk_buf_init(&bytes, SK_REPORT_ATTACHMENT_MAX);
		enum sk_err err = sk_report_body(desk->reports, report, entry, &bytes, fault);
		if (err == SK_OK)
			err = write_file(desk->args, &bytes, out, fault);
		sk_buf_fini(&bytes);
		return err;
	}
	return sk_fault_set(fault, SK_ENOENT, "report %s: no attachment %.64s; sekisho report show lists them", report->id, which);
}

int sk_report_attachment(const struct sk_report_args *args)
{
	return with_desk(args, false, attachment);
}

/* ---- what is due ---- */

static void due_json(struct sk_json_writer *w, const struct sk_report *report, const struct sk_report_clock *clock, bool full, const struct sk_report_reminder *reminder)
{
	char time[SK_TIME_TEXT_MAX];
	sk_json_object(w, NULL);
	sk_json_text(w, "id", report->id);
	if (full)
		sk_json_text(w, "title", sk_report_newest(report)->facts.title);
	sk_json_text(w, "regime", clock->row->regime);
	sk_json_text(w, "what", clock->row->step);
	sk_json_text(w, "due", sk_time_format(clock->due_ns, 0, time));
	sk_json_bool(w, "promptly", clock->promptly);
	sk_json_text(w, "state", clock->state == SK_REPORT_DONE ? "done" : clock->state == SK_REPORT_LATE ? "late" : "due");
	sk_json_array(w, "to");
	for (uint32_t k = 0; k < clock->row->to.count; k++)
		sk_json_text(w, NULL, clock->row->to.items[k]);
	sk_json_end(w);
	sk_json_text(w, "evidence", clock->row->evidence);
	if (reminder != NULL) {
		sk_json_text(w, "reminder", reminder->what);
		sk_json_text(w, "at", sk_time_format(reminder->at_ns, 0, time));
	}
	sk_json_end(w);
}

static void due_line(struct sk_buf *out, const struct sk_report *report, const struct sk_report_clock *clock, bool full, const struct sk_report_reminder *reminder)
{
	sk_buf_addf(out, "%.8s  ", report->id);
	if (reminder != NULL)
		sk_buf_addf(out, "%-7s  ", reminder->what);
	sk_report_clock_line(clock, out);
	if (full) {
		sk_buf_add_text(out, "          ");
		sk_escape_line(out, sk_report_newest(report)->facts.title, strlen(sk_report_newest(report)->facts.title));
		sk_buf_add_u8(out, '\n');
	}
}

struct row {
	const struct sk_report *report;
	struct sk_report_clock clock;
	bool full;
};

static int by_due(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->clock.due_ns != y->clock.due_ns)
		return x->clock.due_ns < y->clock.due_ns ? -1 : 1;
	return strcmp(x->report->id, y->report->id);
}

/* Whoever only has the files is told ids and times, and no title: a timer needs no more. */
static enum sk_err collect(struct sk_report_desk *desk, struct row **out, size_t *count, struct sk_fault *fault)
{
	const struct sk_report_args *args = desk->args;
	size_t room = 0;
	*out = NULL;
	*count = 0;
	for (size_t i = 0; i < sk_reports_count(desk->reports); i++) {
		const struct sk_report *report = sk_reports_at(desk->reports, i);
		struct sk_report_clock clocks[SK_REPORT_CLOCKS_MAX];
		enum sk_report_seen seen = sk_report_desk_seen(desk, report);
		if (desk->known && seen == SK_REPORT_NOTHING)
			continue;
		size_t found = sk_report_desk_clocks(desk, report, clocks);
		for (size_t k = 0; k < found; k++) {
			if ((clocks[k].state == SK_REPORT_DONE && !args->done) || (args->late && clocks[k].state != SK_REPORT_LATE) || (args->regime != NULL && strcmp(args->regime, clocks[k].row->regime) != 0))
				continue;
			if (*count == room) {
				room = room == 0 ? 64 : 2 * room;
				struct row *larger = reallocarray(*out, room, sizeof *larger);
				if (larger == NULL)
					return sk_fault_set(fault, SK_ENOMEM, "out of memory");
				*out = larger;
			}
			(*out)[(*count)++] = (struct row){.report = report, .clock = clocks[k], .full = desk->known && seen == SK_REPORT_FULL};
		}
	}
	qsort(*out, *count, sizeof **out, by_due);
	return SK_OK;
}

static enum sk_err due(struct sk_report_desk *desk, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_report_args *args = desk->args;
	struct sk_json_writer w;
	struct row *rows = NULL;
	size_t count = 0, told = 0;
	int64_t since;
	if (args->at != NULL && sk_time_parse(args->at, &desk->office.now_ns) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--at: expected a time (RFC 3339) or a day");
	if (args->remind && args->since == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--remind needs --since T: when was asked the last time, so that each reminder comes once");
	SK_TRY(since_of(desk, args->since, 0, &since, fault));
	enum sk_err err = collect(desk, &rows, &count, fault);
	if (err == SK_OK && args->office.json) {
		sk_json_begin(&w, out, false);
		sk_json_array(&w, NULL);
	}
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		struct sk_report_reminder reminders[3];
		size_t times = args->remind ? sk_report_reminders(&rows[i].clock, since, desk->office.now_ns, reminders) : 1;
		for (size_t k = 0; k < times; k++, told++) {
			const struct sk_report_reminder *reminder = args->remind ? &reminders[k] : NULL;
			if (args->office.json)
				due_json(&w, rows[i].report, &rows[i].clock, rows[i].full, reminder);
			else
				due_line(out, rows[i].report, &rows[i].clock, rows[i].full, reminder);
		}
	}
	if (err == SK_OK && args->office.json)
		sk_json_end(&w);
	sk_buf_addf(out, args->office.json ? "\n" : args->remind ? "%zu reminders\n" : "%zu clocks\n", told);
	free(rows);
	return err;
}

int sk_report_due(const struct sk_report_args *args)
{
	return with_desk(args, true, due);
}
