/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho findings: what was found, in plain sentences, newest last. */
#include <stdlib.h>
#include <string.h>

#include "cmd/finding_rows.h"
#include "cmd/mute.h"
#include "text/text.h"

static const struct sk_column table_columns[] = {{"LAST SEEN", false}, {"SEVERITY", false}, {"SURE", true},
						 {"CLASS", false},     {"TIMES", true},	    {"FINDING", false}};
static const struct sk_column csv_columns[] = {{"id", false},	    {"kind", false},   {"severity", false}, {"confidence_percent", false},
					       {"class", false},    {"count", false},  {"first", false},    {"last", false},
					       {"matched", false},  {"origin", false}, {"subject", false},  {"counterpart", false},
					       {"sentence", false}, {"why", false},    {"doubt", false}};

static const char *severity_name(uint8_t severity)
{
	static const char *const names[] = {"none", "low", "medium", "high"};
	return severity < SK_COUNT(names) ? names[severity] : "unknown";
}

static void print_json(struct sk_rows *rows, const struct sk_finding *f, bool muted)
{
	char time[SK_TIME_TEXT_MAX], addr[SK_ADDR_TEXT_MAX];
	struct sk_json_writer *w = sk_rows_record(rows);
	sk_json_hex(w, "id", f->id, sizeof f->id);
	sk_json_text(w, "kind", f->kind);
	sk_json_text(w, "severity", severity_name(f->severity));
	sk_json_u64(w, "confidence_percent", f->confidence_percent);
	sk_json_text(w, "class", sk_finding_class_name(f));
	sk_json_u64(w, "count", f->count);
	sk_json_text(w, "first", sk_time_format(f->first_ns, 6, time));
	sk_json_text(w, "last", sk_time_format(f->last_ns, 6, time));
	sk_json_text(w, "matched", f->matched);
	sk_json_text(w, "origin", f->origin);
	if (f->subject.family != 0)
		sk_json_text(w, "subject", sk_addr_format(&f->subject, addr));
	if (f->counterpart.family != 0)
		sk_json_text(w, "counterpart", sk_addr_format(&f->counterpart, addr));
	sk_words_json(w, "sentence", &f->sentence, rows->query->lang);
	sk_words_json(w, "why", &f->why, rows->query->lang);
	sk_words_json(w, "doubt", &f->doubt, rows->query->lang);
	sk_json_hex(w, "evidence", f->evidence, sizeof f->evidence);
	if (muted)
		sk_json_bool(w, "muted", true);
	sk_rows_end_record(rows);
}

static void print_csv(struct sk_rows *rows, const struct sk_finding *f)
{
	char text[SK_TIME_TEXT_MAX + SK_ADDR_TEXT_MAX], words[SK_WORDS_TEXT_MAX];
	sk_hex_encode(f->id, sizeof f->id, text);
	sk_rows_cell(rows, text);
	sk_rows_cell(rows, f->kind);
	sk_rows_cell(rows, severity_name(f->severity));
	(void)snprintf(text, sizeof text, "%u", (unsigned)f->confidence_percent);
	sk_rows_cell(rows, text);
	sk_rows_cell(rows, sk_finding_class_name(f));
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)f->count);
	sk_rows_cell(rows, text);
	sk_rows_cell(rows, sk_time_format(f->first_ns, 6, text));
	sk_rows_cell(rows, sk_time_format(f->last_ns, 6, text));
	sk_rows_cell(rows, f->matched);
	sk_rows_cell(rows, f->origin);
	sk_rows_cell(rows, f->subject.family != 0 ? sk_addr_format(&f->subject, text) : "");
	sk_rows_cell(rows, f->counterpart.family != 0 ? sk_addr_format(&f->counterpart, text) : "");
	sk_rows_cell(rows, sk_words_text(&f->sentence, rows->query->lang, words));
	sk_rows_cell(rows, sk_words_text(&f->why, rows->query->lang, words));
	sk_rows_cell(rows, sk_words_text(&f->doubt, rows->query->lang, words));
}

static void print_table(struct sk_rows *rows, const struct sk_finding *f)
{
	char text[SK_TIME_TEXT_MAX], words[SK_WORDS_TEXT_MAX];
	sk_rows_cell(rows, sk_time_format(f->last_ns, 0, text));
	sk_rows_cell(rows, severity_name(f->severity));
	(void)snprintf(text, sizeof text, "%u %%", (unsigned)f->confidence_percent);
	sk_rows_cell(rows, text);
	sk_rows_cell(rows, sk_finding_class_name(f));
	sk_rows_cell(rows, sk_number_format(f->count, text));
	sk_rows_cell(rows, sk_words_text(&f->sentence, rows->query->lang, words));
}

void sk_finding_rows_begin(struct sk_rows *rows, const struct sk_query *query)
{
	bool csv = query->form == SK_QUERY_CSV;
	sk_rows_begin(rows, query, csv ? csv_columns : table_columns, csv ? SK_COUNT(csv_columns) : SK_COUNT(table_columns));
}

void sk_finding_row(struct sk_rows *rows, const struct sk_finding *finding, bool muted)
{
	switch (rows->query->form) {
	case SK_QUERY_JSON:
		print_json(rows, finding, muted);
		break;
	case SK_QUERY_CSV:
		print_csv(rows, finding);
		break;
	default:
		print_table(rows, finding);
	}
}

/* The rows, and what they leave out. */
struct listing {
	struct sk_rows rows;
	struct sk_mutes *mutes;
	int64_t now_ns;
	uint64_t muted;
};

static enum sk_err print_finding(void *context, const struct sk_finding *finding)
{
	struct listing *listing = context;
	struct sk_rows *rows = &listing->rows;
	bool muted = sk_mutes_find(listing->mutes, finding, listing->now_ns) != NULL;
	listing->muted += muted;
	if (muted && !rows->query->muted)
		return SK_OK;
	sk_finding_row(rows, finding, muted);
	return SK_OK;
}

static enum sk_err list_findings(struct sk_cmd *cmd, struct sk_query *query, struct sk_fault *fault)
{
	struct listing listing = {.now_ns = cmd->clock.unix_ns(cmd->clock.context)};
	struct sk_fault untrusted;
	enum sk_err err = SK_OK;
	if (sk_mutes_load(&query->workspace, &listing.mutes, &untrusted) != SK_OK)
		(void)sk_cmd_fail(cmd, &untrusted); /* nothing is muted then */
	sk_finding_rows_begin(&listing.rows, query);
	if (query->store != NULL)
		err = sk_store_findings(query->store, &query->filter, print_finding, &listing, fault);
	bool all_muted = listing.muted != 0 && listing.rows.count == 0;
	sk_rows_end(&listing.rows, all_muted ? "No findings that are not muted." : "No findings: no selector in use matched what crossed, or the options leave none.");
	if (listing.muted != 0 && !query->muted)
		(void)fprintf(cmd->err, "sekisho: %llu finding%s muted and not shown (--muted shows them, sekisho mute list says why)\n", (unsigned long long)listing.muted,
			      listing.muted == 1 ? " is" : "s are");
	struct sk_store_unread unread = {.erased = 0};
	if (query->store != NULL)
		sk_store_unread(query->store, &unread);
	sk_query_note_unread(query, &unread, "findings");
	free(listing.mutes);
	return err;
}

int sk_cmd_findings(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_query query;
	struct sk_fault fault = {.err = SK_OK};
	int exit_code;
	if (!sk_query_parse(&query, cmd, argc, argv, &exit_code))
		return exit_code;
	if (query.first_argument != argc)
		return sk_cmd_usage(cmd, argv[0], "'%s' is one argument too many; a value to look for goes after --value",
				    argv[query.first_argument]);
	enum sk_err err = sk_query_open(&query, &fault);
	if (err == SK_OK)
		err = list_findings(cmd, &query, &fault);
	sk_query_close(&query);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
