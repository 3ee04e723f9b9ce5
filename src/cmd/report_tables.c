/* SPDX-License-Identifier: Apache-2.0 */
/* Schema, a report to fill in, whether a report is due, statistics: what needs no report of anybody's to be read, or tells none. */
#include "cmd/report.h"

#include <inttypes.h>
#include <string.h>

#include "report/statistics.h"
#include "text/text.h"

static bool forms_of(const struct sk_report_args *args, unsigned *forms)
{
	*forms = args->form == NULL ? SK_REPORT_FORM_ALL : sk_report_form(args->form);
	return *forms != 0;
}

int sk_report_schema(const struct sk_report_args *args)
{
	struct sk_buf out;
	unsigned forms;
	if (!forms_of(args, &forms))
		return sk_cmd_usage(args->cmd, "report", "--form: expected ddos, ransomware or other");
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	if (args->office.json) {
		sk_report_schema_json(forms, &out);
		sk_buf_add_u8(&out, '\n');
	} else {
		sk_report_schema_text(forms, &out);
	}
	return sk_report_end(args, &out, SK_OK, NULL);
}

int sk_report_make_template(const struct sk_report_args *args)
{
	struct sk_buf out;
	unsigned forms;
	const char *stage = args->stage != NULL ? args->stage : "initial";
	if (args->form == NULL || !forms_of(args, &forms) || !sk_report_is_word(SK_REPORT_S_STAGE, stage))
		return sk_cmd_usage(args->cmd, "report", "template needs --form ddos|ransomware|other, and --stage is one of early_warning, initial, follow_up, interim, supplemental, final");
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	sk_report_template(forms, stage, &out);
	return sk_report_end(args, &out, SK_OK, NULL);
}

/* ---- triggers ---- */

static void trigger_table(bool json, struct sk_buf *out)
{
	const char *trigger, *class_;
	struct sk_json_writer w;
	bool duty;
	if (json) {
		sk_json_begin(&w, out, false);
		sk_json_array(&w, NULL);
	}
	for (size_t i = 0; sk_report_trigger_cell(i, 0, &trigger, &class_, &duty); i++)
		for (size_t j = 0; sk_report_trigger_cell(i, j, &trigger, &class_, &duty); j++) {
			if (!json) {
				sk_buf_addf(out, "%-20s %-34s %s\n", trigger, class_, duty ? "report" : "-");
				continue;
			}
			sk_json_object(&w, NULL);
			sk_json_text(&w, "trigger", trigger);
			sk_json_text(&w, "class", class_);
			sk_json_bool(&w, "duty", duty);
			sk_json_end(&w);
		}
	if (json) {
		sk_json_end(&w);
		sk_buf_add_u8(out, '\n');
	}
}

static bool time_of(const char *text, int64_t otherwise, int64_t *out)
{
	*out = otherwise;
	return text == NULL || sk_time_parse(text, out) == SK_OK;
}

/* Which exclusions are in force is the policy's to say, where there is a centre with one; else those of the act. */
static enum sk_err judge(const struct sk_report_args *args, const struct sk_report_event *event, struct sk_report_duty *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_office office;
	const struct sk_law *law = NULL;
	if (sk_file_join(path, sizeof path, args->office.folder, "centre/centre.json") != SK_OK || !sk_file_exists(path))
		return sk_report_duty(event, NULL, out, fault);
	SK_TRY(sk_office_open(args->cmd, args->office.folder, false, &office, fault));
	enum sk_err err = sk_office_law_in_force(&office, &law, fault);
	if (err == SK_OK)
		err = sk_report_duty(event, law != NULL ? sk_law_deadline(law, "jp_act_art5", "final", event->at_ns, office.centre.simulated) : NULL, out, fault);
	sk_office_close(&office);
	return err;
}

int sk_report_trigger(const struct sk_report_args *args)
{
	struct sk_report_event event = {.class_ = args->class_, .trigger = args->trigger, .attempted_only = args->attempted_only};
	struct sk_report_duty duty;
	struct sk_fault fault;
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	if (args->table) {
		trigger_table(args->office.json, &out);
		return sk_report_end(args, &out, SK_OK, NULL);
	}
	if (args->class_ == NULL || args->trigger == NULL)
		return sk_cmd_usage(args->cmd, "report", "trigger needs --class and --trigger, or --table");
	if (!time_of(args->at, args->cmd->clock.unix_ns(args->cmd->clock.context), &event.at_ns) || !time_of(args->designated, 0, &event.designated_ns) || !time_of(args->specified, 0, &event.specified_ns))
		return sk_cmd_usage(args->cmd, "report", "--at, --designated, --specified: expected a time (RFC 3339) or a day");
	if (judge(args, &event, &duty, &fault) != SK_OK)
		return sk_report_end(args, &out, fault.err, &fault);
	if (args->office.json) {
		sk_json_begin(&w, &out, false);
		sk_json_object(&w, NULL);
		sk_json_bool(&w, "duty", duty.due);
		sk_json_text(&w, "why", duty.why);
		sk_json_end(&w);
		sk_buf_add_u8(&out, '\n');
	} else {
		sk_buf_addf(&out, "%s: %s\n", duty.due ? "report" : "no duty", duty.why);
	}
	return sk_report_end(args, &out, SK_OK, NULL);
}

/* ---- statistics ---- */

static int64_t year_begins(uint64_t year)
{
	return sk_days_of_date((int64_t)year, 1, 1) * INT64_C(86400000000000);
}

static enum sk_err count(struct sk_report_desk *desk, uint64_t year, struct sk_report_table *table, struct sk_fault *fault)
{
	for (size_t i = 0; i < sk_reports_count(desk->reports); i++) {
		const struct sk_report *report = sk_reports_at(desk->reports, i);
		const struct sk_report_facts *facts = &sk_report_newest(report)->facts;
		int64_t first = report->entries[0].time_ns;
		/* Reports of one case are one event: the first of them counts. */
		bool joined = false;
		for (size_t k = 0; k < i && report->case_id[0] != '\0' && !joined; k++)
			joined = strcmp(sk_reports_at(desk->reports, k)->case_id, report->case_id) == 0;
		if (joined || first < year_begins(year) || first >= year_begins(year + 1) || sk_report_desk_seen(desk, report) == SK_REPORT_NOTHING ||
		    strcmp(facts->restricted, "no_statistics") == 0 || strcmp(facts->restricted, "recipients_only") == 0)
			continue;
		if (sk_report_count(table, facts->sector[0] != '\0' ? facts->sector : "unknown", facts->form) != SK_OK)
			return sk_fault_set(fault, SK_ETOOBIG, "more sectors than a table has rows (%d)", SK_REPORT_ROWS_MAX);
	}
	return SK_OK;
}

static void table_json(const struct sk_report_table *table, uint64_t year, unsigned k, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "year", year);
	sk_json_u64(&w, "k", k);
	sk_json_array(&w, "columns");
	for (size_t c = 0; c < table->columns; c++)
		sk_json_text(&w, NULL, table->column[c]);
	sk_json_text(&w, NULL, "total");
	sk_json_end(&w);
	sk_json_array(&w, "rows");
	for (size_t r = 0; r <= table->rows; r++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "sector", r < table->rows ? table->row[r] : "total");
		sk_json_array(&w, "counts");
		for (size_t c = 0; c <= table->columns; c++) {
			if (table->hidden[r][c])
				sk_json_null(&w, NULL);
			else
				sk_json_u64(&w, NULL, table->cell[r][c]);
		}
		sk_json_end(&w);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
}

static void table_text(const struct sk_report_table *table, uint64_t year, unsigned k, struct sk_buf *out)
{
	sk_buf_addf(out, "reports received in %" PRIu64 ", by sector and form; * is hidden: a number below %u, or what would give one away\n%-24s", year, k, "");
	for (size_t c = 0; c < table->columns; c++)
		sk_buf_addf(out, " %12s", table->column[c]);
	sk_buf_addf(out, " %12s\n", "total");
	for (size_t r = 0; r <= table->rows; r++) {
		sk_buf_addf(out, "%-24s", r < table->rows ? table->row[r] : "total");
		for (size_t c = 0; c <= table->columns; c++) {
			if (table->hidden[r][c])
				sk_buf_addf(out, " %12s", "*");
			else
				sk_buf_addf(out, " %12" PRIu64, table->cell[r][c]);
		}
		sk_buf_add_u8(out, '\n');
	}
}

int sk_report_statistics(const struct sk_report_args *args)
{
	struct sk_report_desk desk;
	struct sk_report_table table = {.rows = 0};
	struct sk_fault fault;
	struct sk_buf out;
	int64_t year = (int64_t)args->year;
	unsigned month, day, k = sk_policy_small_cell();
	sk_buf_init(&out, SK_REPORT_OUT_MAX);
	enum sk_err err = sk_report_desk_open(args, false, false, &desk, &fault);
	if (err == SK_OK && year == 0)
		sk_date_of_days(desk.office.now_ns / INT64_C(86400000000000), &year, &month, &day);
	if (err == SK_OK && (year < 1970 || year > 2200))
		err = sk_fault_set(&fault, SK_EUSAGE, "--year: expected a year");
	if (err == SK_OK)
		err = count(&desk, (uint64_t)year, &table, &fault);
	if (err == SK_OK) {
		sk_report_suppress(&table, k);
		(args->office.json ? table_json : table_text)(&table, (uint64_t)year, k, &out);
	}
	sk_report_desk_close(&desk);
	return sk_report_end(args, &out, err, &fault);
}
