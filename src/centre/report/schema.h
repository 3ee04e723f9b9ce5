/* SPDX-License-Identifier: Apache-2.0 */
/* report/schema.h: what a damage report consists of (fields.def, words.def): the one table that parser, template, page and exports are made of. rule: FORM-1
   Promises: every field of LAW.md 4.2 once, with its type and its words in both languages. Never: knows a report. Thread rule: reentrant, all static. */
#ifndef SK_REPORT_SCHEMA_H
#define SK_REPORT_SCHEMA_H

#include "base/buf.h"

/* LINE one line, TEXT several, WORD a-z 0-9 _, ID printable without spaces, TIME a time or {"earliest","latest"}, RANGE {"min","max"}, AMOUNT a decimal text, STRUCT members, STRUCTS a list of such. */
enum sk_report_type {
	SK_REPORT_LINE, SK_REPORT_TEXT, SK_REPORT_ID, SK_REPORT_WORD_, SK_REPORT_ENUM, SK_REPORT_TRI, SK_REPORT_FLAG, SK_REPORT_COUNT, SK_REPORT_RANGE, SK_REPORT_AMOUNT, SK_REPORT_CURRENCY,
	SK_REPORT_TIME, SK_REPORT_HASH, SK_REPORT_LINES, SK_REPORT_WORDS, SK_REPORT_ENUMS, SK_REPORT_COUNTS, SK_REPORT_HASHES, SK_REPORT_CVES, SK_REPORT_ATTACKS, SK_REPORT_STRUCT,
	SK_REPORT_STRUCTS, SK_REPORT_TYPE_COUNT
};
enum sk_report_set {
	SK_REPORT_S_NONE, SK_REPORT_S_STAGE, SK_REPORT_S_FORM, SK_REPORT_S_DESIGNATION, SK_REPORT_S_TLP, SK_REPORT_S_RESTRICT, SK_REPORT_S_SOURCE, SK_REPORT_S_STATUS, SK_REPORT_S_IMPACT,
	SK_REPORT_S_CONFIDENCE, SK_REPORT_S_VECTOR, SK_REPORT_S_EXTORTION, SK_REPORT_S_BACKUP, SK_REPORT_S_DDOS, SK_REPORT_S_MITIGATION, SK_REPORT_S_ASSET, SK_REPORT_S_TRIGGER, SK_REPORT_S_IOC
};
enum sk_report_need { SK_REPORT_FREE, SK_REPORT_FINAL, SK_REPORT_ALWAYS, SK_REPORT_KNOWN, SK_REPORT_CENTRE };
enum { SK_REPORT_FORM_D = 1, SK_REPORT_FORM_R = 2, SK_REPORT_FORM_O = 4, SK_REPORT_FORM_ALL = 7 };

struct sk_report_field {
	const char *path;                /* "ransom.payment.at" */
	enum sk_report_type type;
	enum sk_report_set set;
	unsigned forms;                  /* SK_REPORT_FORM_ bits */
	unsigned group;
	unsigned item;                   /* of the seven; 0: none */
	enum sk_report_need need;
	const char *source, *label_en, *label_ja, *help_en, *help_ja;
};

/* Field i in the form's order; NULL past the end. Static. */
const struct sk_report_field *sk_report_field_at(size_t i);
/* The member `name` of the structure at path parent ("" for the top); NULL. name need not end where length says. Static. */
const struct sk_report_field *sk_report_field_of(const char *parent, const char *name);
/* The last part of its path. */
const char *sk_report_field_name(const struct sk_report_field *field);
/* Is it a direct member of the structure at that path? */
bool sk_report_field_below(const struct sk_report_field *field, const char *parent);
/* Must the final know it? */
bool sk_report_field_final(const struct sk_report_field *field);
/* Is this a word of the set? */
bool sk_report_is_word(enum sk_report_set set, const char *word);
/* Word i of a set and its labels (each may be NULL); NULL past the end. Static. */
const char *sk_report_word_at(enum sk_report_set set, size_t i, const char **english, const char **japanese);
/* A word's label; the word itself where there is none. */
const char *sk_report_label(enum sk_report_set set, const char *word, bool japanese);
/* A form's bit by its name; 0: no such form. */
unsigned sk_report_form(const char *name);
/* Name of a type, as the schema says it. Static. */
const char *sk_report_type_name(enum sk_report_type type);
/* Name i of the groups and its labels; NULL past the end. Static. */
const char *sk_report_group_at(size_t i, const char **english, const char **japanese);

/* Append the schema of those forms as JSON (docs/reports.md). */
void sk_report_schema_json(unsigned forms, struct sk_buf *out);
/* The same for people. */
void sk_report_schema_text(unsigned forms, struct sk_buf *out);
/* Append a report of that form to fill in: each field once, with "unknown" where nothing is known yet. form: one bit; stage: a word. */
void sk_report_template(unsigned form, const char *stage, struct sk_buf *out);

#endif
