/* SPDX-License-Identifier: Apache-2.0 */
/* The schema and a report to fill in, as text. */
#include <string.h>

#include "report/schema.h"
#include "text/json.h"
#include "text/text.h"

static const char *const form_names[] = {"ddos", "ransomware", "other"};
static const char *const needs[] = {"free", "final", "always", "known", "centre"};

static void add_labels(struct sk_json_writer *w, const char *key, const char *english, const char *japanese)
{
	sk_json_object(w, key);
	sk_json_text(w, "en", english);
	sk_json_text(w, "ja", japanese);
	sk_json_end(w);
}

static void add_words(struct sk_json_writer *w, enum sk_report_set set)
{
	const char *word, *english, *japanese;
	sk_json_array(w, "enum");
	for (size_t i = 0; (word = sk_report_word_at(set, i, NULL, NULL)) != NULL; i++)
		sk_json_text(w, NULL, word);
	sk_json_end(w);
	sk_json_object(w, "words");
	for (size_t i = 0; (word = sk_report_word_at(set, i, &english, &japanese)) != NULL; i++)
		add_labels(w, word, english, japanese);
	sk_json_end(w);
}

static void add_field(struct sk_json_writer *w, const struct sk_report_field *field)
{
	const char *name = sk_report_field_name(field), *english, *japanese;
	sk_json_object(w, NULL);
	sk_json_text(w, "name", field->path);
	sk_json_text_n(w, "of", field->path, name == field->path ? 0 : (size_t)(name - field->path) - 1);
	sk_json_text(w, "type", sk_report_type_name(field->type));
	if (field->set != SK_REPORT_S_NONE)
		add_words(w, field->set);
	add_labels(w, "label", field->label_en, field->label_ja);
	add_labels(w, "help", field->help_en, field->help_ja);
	sk_json_text(w, "group", sk_report_group_at(field->group, &english, &japanese));
	sk_json_array(w, "forms");
	for (unsigned f = 0; f < SK_COUNT(form_names); f++)
		if (field->forms & 1u << f)
			sk_json_text(w, NULL, form_names[f]);
	sk_json_end(w);
	sk_json_u64(w, "item", field->item);
	sk_json_text(w, "need", needs[field->need]);
	sk_json_bool(w, "final", sk_report_field_final(field));
	sk_json_text(w, "source", field->source);
	sk_json_end(w);
}

static void add_set(struct sk_json_writer *w, const char *key, enum sk_report_set set)
{
	const char *word, *english, *japanese;
	sk_json_array(w, key);
	for (size_t i = 0; (word = sk_report_word_at(set, i, &english, &japanese)) != NULL; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "name", word);
		add_labels(w, "label", english, japanese);
		sk_json_end(w);
	}
	sk_json_end(w);
}

void sk_report_schema_json(unsigned forms, struct sk_buf *out)
{
	const struct sk_report_field *field;
	const char *name, *english, *japanese;
	struct sk_json_writer w;
	sk_json_begin(&w, out, false);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "fields");
	for (size_t i = 0; (field = sk_report_field_at(i)) != NULL; i++)
		if (field->forms & forms)
			add_field(&w, field);
	sk_json_end(&w);
	sk_json_array(&w, "groups");
	for (size_t i = 0; (name = sk_report_group_at(i, &english, &japanese)) != NULL; i++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "name", name);
		add_labels(&w, "label", english, japanese);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	add_set(&w, "forms", SK_REPORT_S_FORM);
	add_set(&w, "stages", SK_REPORT_S_STAGE);
	sk_json_end(&w);
}

void sk_report_schema_text(unsigned forms, struct sk_buf *out)
{
	const struct sk_report_field *field;
	unsigned group = UINT32_MAX;
	for (size_t i = 0; (field = sk_report_field_at(i)) != NULL; i++) {
		const char *english, *japanese, *word;
		if ((field->forms & forms) == 0)
			continue;
		if (field->group != group) {
			(void)sk_report_group_at(field->group, &english, &japanese);
			sk_buf_addf(out, "%s%s / %s\n", group == UINT32_MAX ? "" : "\n", english, japanese);
		}
		group = field->group;
		sk_buf_addf(out, "  %-32s %-8s %-8s %s / %s: %s", field->path, sk_report_type_name(field->type), sk_report_field_final(field) ? "final" : needs[field->need], field->label_en, field->label_ja,
			    field->help_en);
		for (size_t k = 0; field->set != SK_REPORT_S_NONE && (word = sk_report_word_at(field->set, k, NULL, NULL)) != NULL; k++)
			sk_buf_addf(out, "%s%s", k == 0 ? " One of " : ", ", word);
		sk_buf_add_u8(out, '\n');
	}
}

/* ---- the template ---- */

static void template_members(struct sk_buf *out, unsigned form, const char *stage, const char *parent, unsigned depth);

static void indent(struct sk_buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		sk_buf_add_text(out, "  ");
}

static void template_value(struct sk_buf *out, const struct sk_report_field *field, unsigned form, const char *stage, unsigned depth)
{
	bool list = field->type == SK_REPORT_STRUCTS;
	if (strcmp(field->path, "form_kind") == 0)
		sk_buf_addf(out, "\"%s\"", form_names[form == SK_REPORT_FORM_D ? 0 : form == SK_REPORT_FORM_R ? 1 : 2]);
	else if (strcmp(field->path, "report_stage") == 0)
		sk_buf_addf(out, "\"%s\"", stage);
	else if (field->type == SK_REPORT_STRUCT || list) {
		sk_buf_add_text(out, list ? "[{\n" : "{\n");
		template_members(out, form, stage, field->path, depth + 1);
		indent(out, depth);
		sk_buf_add_text(out, list ? "}]" : "}");
	} else if (field->type == SK_REPORT_FLAG)
		sk_buf_add_text(out, "false");
	else
		sk_buf_add_text(out, "\"unknown\"");
}

/* As deep as the table is. */
static void template_members(struct sk_buf *out, unsigned form, const char *stage, const char *parent, unsigned depth)
{
	const struct sk_report_field *field;
	bool any = false;
	for (size_t i = 0; (field = sk_report_field_at(i)) != NULL; i++) {
		if ((field->forms & form) == 0 || field->need == SK_REPORT_CENTRE || strcmp(field->path, "report_id") == 0 || !sk_report_field_below(field, parent))
			continue;
		if (any)
			sk_buf_add_text(out, ",\n");
		any = true;
		indent(out, depth);
		sk_buf_addf(out, "\"%s\": ", sk_report_field_name(field));
		template_value(out, field, form, stage, depth);
	}
	sk_buf_add_u8(out, '\n');
}

void sk_report_template(unsigned form, const char *stage, struct sk_buf *out)
{
	sk_buf_add_text(out, "{\n");
	template_members(out, form, stage, "", 1);
	sk_buf_add_text(out, "}\n");
}
