/* SPDX-License-Identifier: Apache-2.0 */
/* The table as data: fields, words, groups. */
#include "report/schema.h"

#include <string.h>

static const struct {
	const char *name, *english, *japanese;
} groups[] = {
#define SK_REPORT_GROUP(symbol, name, english, japanese) {name, english, japanese},
#include "report/fields.def"
};
enum group {
#define SK_REPORT_GROUP(symbol, name, english, japanese) GROUP_##symbol,
#include "report/fields.def"
};

#define D SK_REPORT_FORM_D
#define R SK_REPORT_FORM_R
#define O SK_REPORT_FORM_O
#define SK_REPORT_WORD SK_REPORT_WORD_
static const struct sk_report_field fields[] = {
#define SK_REPORT_FIELD(path, type, set, forms, group, item, need, source, label_en, label_ja, help_en, help_ja) \
	{path, SK_REPORT_##type, SK_REPORT_S_##set, forms, GROUP_##group, item, SK_REPORT_##need, source, label_en, label_ja, help_en, help_ja},
#include "report/fields.def"
};
#undef SK_REPORT_WORD
#undef D
#undef R
#undef O

static const struct {
	enum sk_report_set set;
	const char *word, *english, *japanese;
} words[] = {
#define SK_REPORT_WORD(set, word, english, japanese) {SK_REPORT_S_##set, word, english, japanese},
#include "report/words.def"
#undef SK_REPORT_WORD
};

static const char *const types[SK_REPORT_TYPE_COUNT] = {
    "line", "text", "id", "word", "enum", "tri", "flag", "count", "range", "amount", "currency", "time", "hash", "lines", "words", "enums", "counts", "hashes", "cves", "attacks", "struct", "structs",
};

const struct sk_report_field *sk_report_field_at(size_t i)
{
	return i < SK_COUNT(fields) ? &fields[i] : NULL;
}

const char *sk_report_field_name(const struct sk_report_field *field)
{
	const char *dot = strrchr(field->path, '.');
	return dot != NULL ? dot + 1 : field->path;
}

bool sk_report_field_below(const struct sk_report_field *field, const char *parent)
{
	const char *name = sk_report_field_name(field);
	size_t length = name == field->path ? 0 : (size_t)(name - field->path) - 1;
	return strlen(parent) == length && memcmp(field->path, parent, length) == 0;
}

const struct sk_report_field *sk_report_field_of(const char *parent, const char *name)
{
	for (size_t i = 0; i < SK_COUNT(fields); i++)
		if (sk_report_field_below(&fields[i], parent) && strcmp(sk_report_field_name(&fields[i]), name) == 0)
			return &fields[i];
	return NULL;
}

bool sk_report_field_final(const struct sk_report_field *field)
{
	return field->need == SK_REPORT_KNOWN || (field->item != 0 && field->need != SK_REPORT_FREE && field->need != SK_REPORT_CENTRE);
}

bool sk_report_is_word(enum sk_report_set set, const char *word)
{
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (words[i].set == set && strcmp(words[i].word, word) == 0)
			return true;
	return false;
}

const char *sk_report_word_at(enum sk_report_set set, size_t i, const char **english, const char **japanese)
{
	for (size_t w = 0; w < SK_COUNT(words); w++) {
		if (words[w].set != set || i-- != 0)
			continue;
		if (english != NULL)
			*english = words[w].english;
		if (japanese != NULL)
			*japanese = words[w].japanese;
		return words[w].word;
	}
	return NULL;
}

const char *sk_report_label(enum sk_report_set set, const char *word, bool japanese)
{
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (words[i].set == set && strcmp(words[i].word, word) == 0)
			return japanese ? words[i].japanese : words[i].english;
	return word;
}

unsigned sk_report_form(const char *name)
{
	return strcmp(name, "ddos") == 0 ? SK_REPORT_FORM_D : strcmp(name, "ransomware") == 0 ? SK_REPORT_FORM_R : strcmp(name, "other") == 0 ? SK_REPORT_FORM_O : 0;
}

const char *sk_report_type_name(enum sk_report_type type)
{
	return types[type];
}

const char *sk_report_group_at(size_t i, const char **english, const char **japanese)
{
	if (i >= SK_COUNT(groups))
		return NULL;
	*english = groups[i].english;
	*japanese = groups[i].japanese;
	return groups[i].name;
}
