/* SPDX-License-Identifier: Apache-2.0 */
#include "report/export.h"

#include <stdio.h>
#include <string.h>

#include "report/export_priv.h"
#include "text/text.h"

static const char *const names[SK_REPORT_AS_COUNT] = {"jp-csv", "jp-json", "nis2", "circia", "stix"};
static const struct {
	enum sk_report_form_as as;
	const char *name, *path;
} rows[] = {
#define SK_REPORT_EXPORT(as, name, path) {SK_REPORT_##as, name, path},
#include "report/export.def"
#undef SK_REPORT_EXPORT
};

enum sk_err sk_report_as(const char *name, enum sk_report_form_as *out, struct sk_fault *fault)
{
	for (int i = 0; i < SK_REPORT_AS_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum sk_report_form_as)i;
			return SK_OK;
		}
	return sk_fault_set(fault, SK_EUSAGE, "--as %.20s: expected jp-csv, jp-json, nis2, circia or stix", name);
}

void sk_report_value(struct sk_json_writer *w, const char *key, const struct sk_json_value *value)
{
	switch (value->kind) {
	case SK_JSON_NULL: sk_json_null(w, key); break;
	case SK_JSON_BOOL: sk_json_bool(w, key, value->integer != 0); break;
	case SK_JSON_INT: sk_json_i64(w, key, value->integer); break;
	case SK_JSON_TEXT: sk_json_text_n(w, key, value->text, value->length); break;
	case SK_JSON_ARRAY:
	case SK_JSON_OBJECT:
		if (value->kind == SK_JSON_OBJECT)
			sk_json_object(w, key);
		else
			sk_json_array(w, key);
		for (const struct sk_json_value *member = value->child; member != NULL; member = member->next)
			sk_report_value(w, member->key, member);
		sk_json_end(w);
		break;
	}
}

/* ---- values as text ---- */

/* In Japan a form has Japan's time. */
static void time_text(const char *text, bool japanese, struct sk_buf *out)
{
	static const int64_t nine_hours_ns = INT64_C(9) * 3600 * 1000000000;
	char local[SK_TIME_TEXT_MAX];
	int64_t at;
	if (!japanese || sk_time_parse(text, &at) != SK_OK) {
		sk_buf_add_text(out, text);
		return;
	}
	(void)sk_time_format(at + nine_hours_ns, 0, local);
	sk_buf_addf(out, "%.19s+09:00", local);
}

static void pair_text(const struct sk_json_value *value, const char *first, const char *second, bool japanese, bool time, struct sk_buf *out)
{
	const struct sk_json_value *a = sk_json_get(value, first), *b = sk_json_get(value, second);
	if (a == NULL || b == NULL) {
		const struct sk_json_value *one = a != NULL ? a : b;
		if (one != NULL && !time)
			sk_buf_addf(out, japanese ? "%s%lld%s" : "%s %lld%s", japanese ? "" : a != NULL ? "at least" : "at most", (long long)one->integer, !japanese ? "" : a != NULL ? "以上" : "以下");
		return;
	}
	if (time) {
		time_text(a->kind == SK_JSON_TEXT ? a->text : "", japanese, out);
		sk_buf_add_text(out, japanese ? "～" : " to ");
		time_text(b->kind == SK_JSON_TEXT ? b->text : "", japanese, out);
	} else if (a->integer == b->integer) {
		sk_buf_addf(out, "%lld", (long long)a->integer);
	} else {
		sk_buf_addf(out, "%lld%s%lld", (long long)a->integer, japanese ? "～" : " to ", (long long)b->integer);
	}
}

static void single_text(const struct sk_report_field *field, const struct sk_json_value *value, bool japanese, struct sk_buf *out)
{
	if (value->kind == SK_JSON_OBJECT)
		pair_text(value, field->type == SK_REPORT_TIME ? "earliest" : "min", field->type == SK_REPORT_TIME ? "latest" : "max", japanese, field->type == SK_REPORT_TIME, out);
	else if (value->kind == SK_JSON_BOOL)
		sk_buf_add_text(out, value->integer != 0 ? (japanese ? "はい" : "yes") : (japanese ? "いいえ" : "no"));
	else if (value->kind == SK_JSON_INT)
		sk_buf_addf(out, "%lld", (long long)value->integer);
	else if (value->kind == SK_JSON_TEXT && strcmp(value->text, "unknown") == 0)
		sk_buf_add_text(out, japanese ? "不明" : "unknown");
	else if (value->kind == SK_JSON_TEXT && field->type == SK_REPORT_TIME)
		time_text(value->text, japanese, out);
	else if (value->kind == SK_JSON_TEXT && field->type == SK_REPORT_TRI)
		sk_buf_add_text(out, !japanese ? value->text : strcmp(value->text, "yes") == 0 ? "はい" : "いいえ");
	else if (value->kind == SK_JSON_TEXT)
		sk_buf_add_text(out, sk_report_label(field->set, value->text, japanese));
}

static void value_text(const struct sk_report_field *field, const struct sk_json_value *value, bool japanese, struct sk_buf *out)
{
	if (value->kind != SK_JSON_ARRAY) {
		single_text(field, value, japanese, out);
		return;
	}
	for (const struct sk_json_value *item = value->child; item != NULL; item = item->next) {
		if (item != value->child)
			sk_buf_add_text(out, japanese ? "、" : ", ");
		single_text(field, item, japanese, out);
	}
}

/* ---- field after field ---- */

struct walk {
	const struct sk_report_copy *copy;
	bool japanese;
	struct sk_buf value, label;
	struct sk_buf *out;
	struct sk_json_writer *w;        /* jp-json */
	void (*line)(struct walk *walk, const struct sk_report_field *field);
};

static void walk_members(struct walk *walk, const char *parent, const struct sk_json_value *object, const char *above);

static void walk_field(struct walk *walk, const struct sk_report_field *field, const struct sk_json_value *value, const char *above)
{
	const char *label = walk->japanese ? field->label_ja : field->label_en;
	char below[256];
	bool object = field->type == SK_REPORT_STRUCT && value->kind == SK_JSON_OBJECT, list = field->type == SK_REPORT_STRUCTS && value->kind == SK_JSON_ARRAY;
	size_t number = 1;
	if (object) {
		(void)snprintf(below, sizeof below, "%s%s - ", above, label);
		walk_members(walk, field->path, value, below);
		return;
	}
	if (list) {
		for (const struct sk_json_value *item = value->child; item != NULL; item = item->next, number++) {
			(void)snprintf(below, sizeof below, "%s%s %zu - ", above, label, number);
			walk_members(walk, field->path, item, below);
		}
		return;
	}
	sk_buf_reset(&walk->label);
	sk_buf_reset(&walk->value);
	sk_buf_addf(&walk->label, "%s%s", above, label);
	value_text(field, value, walk->japanese, &walk->value);
	walk->line(walk, field);
}

/* In the form's order. As deep as the table is. */
static void walk_members(struct walk *walk, const char *parent, const struct sk_json_value *object, const char *above)
{
	const struct sk_report_field *field;
	for (size_t i = 0; (field = sk_report_field_at(i)) != NULL; i++) {
		const struct sk_json_value *value = sk_report_field_below(field, parent) ? sk_json_get(object, sk_report_field_name(field)) : NULL;
		if (value != NULL)
			walk_field(walk, field, value, above);
	}
}

static void walk_all(struct walk *walk)
{
	sk_buf_init(&walk->value, SK_REPORT_FILE_MAX);
	sk_buf_init(&walk->label, 1024);
	walk_members(walk, "", walk->copy->top, "");
	sk_buf_fini(&walk->value);
	sk_buf_fini(&walk->label);
}

static void csv_line(struct walk *walk, const struct sk_report_field *field)
{
	const char *english, *japanese, *group = sk_report_group_at(field->group, &english, &japanese);
	(void)group;
	if (field->item != 0)
		sk_buf_addf(walk->out, "%u", field->item);
	sk_buf_add_u8(walk->out, ',');
	sk_escape_csv(walk->out, japanese, strlen(japanese));
	sk_buf_add_u8(walk->out, ',');
	sk_escape_csv(walk->out, sk_buf_text(&walk->label), walk->label.length);
	sk_buf_add_u8(walk->out, ',');
	sk_escape_csv(walk->out, sk_buf_text(&walk->value), walk->value.length);
	sk_buf_add_text(walk->out, "\r\n");
}

static void csv_extra(struct sk_buf *out, const char *label, const char *value)
{
	sk_buf_addf(out, ",報告,%s,", label);
	sk_escape_csv(out, value, strlen(value));
	sk_buf_add_text(out, "\r\n");
}

static void jp_csv(const struct sk_report_copy *copy, struct sk_buf *out)
{
	struct walk walk = {.copy = copy, .japanese = true, .out = out, .line = csv_line};
	char number[32], time[SK_TIME_TEXT_MAX];
	sk_buf_add_text(out, "項番,区分,項目,内容\r\n");
	csv_extra(out, "報告番号", copy->id);
	csv_extra(out, "事案番号", copy->case_id);
	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)copy->version);
	csv_extra(out, "版", number);
	csv_extra(out, "提出日時", sk_time_format(copy->at_ns, 0, time));
	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)copy->leaf);
	csv_extra(out, "受領証（台帳の葉番号）", number);
	walk_all(&walk);
}

static void json_line(struct walk *walk, const struct sk_report_field *field)
{
	const char *english, *japanese;
	(void)sk_report_group_at(field->group, &english, &japanese);
	sk_json_object(walk->w, NULL);
	if (field->item != 0)
		sk_json_u64(walk->w, "項番", field->item);
	sk_json_text(walk->w, "区分", japanese);
	sk_json_text(walk->w, "項目", sk_buf_text(&walk->label));
	sk_json_text(walk->w, "内容", sk_buf_text(&walk->value));
	sk_json_text(walk->w, "field", field->path);
	sk_json_end(walk->w);
}

/* What every copy carries. */
static void begin_copy(struct sk_json_writer *w, const struct sk_report_copy *copy, const char *format)
{
	char time[SK_TIME_TEXT_MAX];
	const struct sk_json_value *opinion = sk_report_at(copy->top, "handling_opinion", true);
	sk_json_object(w, NULL);
	sk_json_text(w, "format", format);
	sk_json_text(w, "report_id", copy->id);
	sk_json_text(w, "case_id", copy->case_id);
	sk_json_u64(w, "version", copy->version);
	sk_json_text(w, "submitted_at", sk_time_format(copy->at_ns, 0, time));
	sk_json_text(w, "tlp", copy->facts->tlp[0] != '\0' ? copy->facts->tlp : "amber");
	if (opinion != NULL)
		sk_report_value(w, "handling_opinion", opinion);
	sk_json_object(w, "ledger_receipt");
	sk_json_text(w, "origin", copy->origin);
	sk_json_u64(w, "leaf", copy->leaf);
	sk_json_end(w);
}

static void jp_json(const struct sk_report_copy *copy, struct sk_buf *out)
{
	struct sk_json_writer w;
	struct walk walk = {.copy = copy, .japanese = true, .out = out, .w = &w, .line = json_line};
	sk_json_begin(&w, out, false);
	begin_copy(&w, copy, "sekisho-report-jp/1");
	sk_json_text(&w, "様式", sk_report_label(SK_REPORT_S_FORM, copy->facts->form, true));
	sk_json_text(&w, "段階", sk_report_label(SK_REPORT_S_STAGE, copy->facts->event, true));
	sk_json_array(&w, "記載事項");
	walk_all(&walk);
	sk_json_end(&w);
	sk_json_end(&w);
}

static const char *stage_name(enum sk_report_form_as as, const char *stage)
{
	static const struct { const char *ours, *nis2, *circia; } stages[] = {
	    {"early_warning", "early_warning", "initial"},          {"initial", "incident_notification", "initial"},    {"follow_up", "incident_notification", "supplemental"},
	    {"interim", "intermediate_report", "supplemental"},     {"supplemental", "progress_report", "supplemental"}, {"final", "final_report", "final"},
	};
	for (size_t i = 0; i < SK_COUNT(stages); i++)
		if (strcmp(stages[i].ours, stage) == 0)
			return as == SK_REPORT_NIS2 ? stages[i].nis2 : stages[i].circia;
	return stage;
}

static void mapped(enum sk_report_form_as as, const struct sk_report_copy *copy, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, false);
	begin_copy(&w, copy, as == SK_REPORT_NIS2 ? "sekisho-report-nis2/1" : "sekisho-report-circia/1");
	sk_json_text(&w, "stage", stage_name(as, copy->facts->event));
	if (as == SK_REPORT_CIRCIA)
		sk_json_text(&w, "report_type", copy->facts->paid_ns != 0 ? "joint_incident_and_ransom_payment" : "covered_cyber_incident");
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		const struct sk_json_value *value = rows[i].as == as ? sk_report_at(copy->top, rows[i].path, true) : NULL;
		if (value != NULL)
			sk_report_value(&w, rows[i].name, value);
	}
	sk_json_end(&w);
}

//= rule: FORM-10
void sk_report_export(enum sk_report_form_as as, const struct sk_report_copy *copy, struct sk_buf *out)
{
	switch (as) {
	case SK_REPORT_JP_CSV: jp_csv(copy, out); return;
	case SK_REPORT_JP_JSON: jp_json(copy, out); break;
	case SK_REPORT_STIX: sk_report_stix(copy, out); break;
	case SK_REPORT_NIS2:
	case SK_REPORT_CIRCIA:
	case SK_REPORT_AS_COUNT: mapped(as, copy, out); break;
	}
	sk_buf_add_u8(out, '\n');
}

static void print_line(struct walk *walk, const struct sk_report_field *field)
{
	(void)field;
	sk_buf_add_text(walk->out, "  ");
	sk_buf_add_text(walk->out, sk_buf_text(&walk->label));
	for (size_t columns = sk_text_columns(sk_buf_text(&walk->label)); columns < 36; columns++)
		sk_buf_add_u8(walk->out, ' ');
	sk_buf_add_text(walk->out, "  ");
	sk_escape_line(walk->out, sk_buf_text(&walk->value), walk->value.length);
	sk_buf_add_u8(walk->out, '\n');
}

void sk_report_print(const struct sk_report_copy *copy, bool japanese, struct sk_buf *out)
{
	struct walk walk = {.copy = copy, .japanese = japanese, .out = out, .line = print_line};
	walk_all(&walk);
}
