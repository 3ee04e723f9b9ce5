/* SPDX-License-Identifier: Apache-2.0 */
/* json-c reads what people and programs write, the table says what may stand there, and what is kept is canonical. As deep as the table is, and no deeper. rule: FORM-1 FORM-2 */
#include "report/document.h"

#include <json-c/json.h>
#include <json-c/json_object_iterator.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"

enum { DEPTH_MAX = 12, PATH_MAX_BYTES = 160, CHILDREN_MAX = 128, NUMBER_MAX_LOG = 53, CANONICAL_MAX = 2 * SK_REPORT_FILE_MAX };

struct reader {
	const char *name;
	struct sk_fault *fault;
	struct sk_json_writer w;
	unsigned form;
	bool final;
	uint64_t members;                /* that were looked at: a key that stands twice is one fewer */
	char path[PATH_MAX_BYTES];
};

SK_PRINTF(3, 4) static enum sk_err refuse(const struct reader *r, const char *member, const char *format, ...)
{
	char text[320];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(text, sizeof text, format, list);
	va_end(list);
	return sk_fault_set(r->fault, SK_EINPUT, "%s: %s%s%s: %s", r->name, r->path, r->path[0] != '\0' && member[0] != '\0' ? "." : "", member, text);
}

static const char *kind_of(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null: return "null";
	case json_type_boolean: return "true or false";
	case json_type_double: return "a fraction";
	case json_type_int: return "a number";
	case json_type_object: return "an object";
	case json_type_array: return "a list";
	case json_type_string: break;
	}
	return json_object_get_string(value);
}

/* A text, NULL when it is none or has a zero in it. */
static const char *text_of(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return NULL;
	const char *text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

static bool is_unknown(struct json_object *value)
{
	const char *text = text_of(value);
	return text != NULL && strcmp(text, "unknown") == 0;
}

/* ---- single values ---- */

static bool spans(const char *text, const char *characters, size_t least, size_t most)
{
	size_t length = strlen(text);
	return length >= least && length <= most && strspn(text, characters) == length;
}

static bool is_line(const char *text, size_t most, bool many)
{
	size_t length = strlen(text);
	if (length == 0 || length > most)
		return false;
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
		if ((*at < 0x20 && !(many && (*at == '\n' || *at == '\t'))) || *at == 0x7f)
			return false;
	return true;
}

static bool is_cve(const char *text)
{
	return strncmp(text, "CVE-", 4) == 0 && strlen(text) >= 13 && strlen(text) <= 20 && strspn(text + 4, "0123456789") == 4 && text[8] == '-' && spans(text + 9, "0123456789", 4, 11);
}

static bool is_attack(const char *text)
{
	size_t digits = text[0] == 'T' ? strspn(text + 1, "0123456789") : 0;
	return digits == 4 && (text[5] == '\0' || (text[5] == '.' && spans(text + 6, "0123456789", 3, 3)));
}

static bool is_amount(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	return whole >= 1 && whole <= 18 && (text[whole] == '\0' || (text[whole] == '.' && spans(text + whole + 1, "0123456789", 1, 8)));
}

/* One element of a list of texts, or a single text. */
static bool text_fits(enum sk_report_type type, enum sk_report_set set, const char *text)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyz0123456789_", ids[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	switch (type) {
	case SK_REPORT_LINE:
	case SK_REPORT_LINES: return is_line(text, SK_REPORT_LINE_MAX, false);
	case SK_REPORT_TEXT: return is_line(text, SK_REPORT_TEXT_MAX, true);
	case SK_REPORT_ID: return spans(text, ids, 1, SK_REPORT_ID_MAX_ - 1);
	case SK_REPORT_WORD_:
	case SK_REPORT_WORDS: return spans(text, names, 1, SK_REPORT_WORD_MAX_ - 1);
	case SK_REPORT_ENUM:
	case SK_REPORT_ENUMS: return sk_report_is_word(set, text);
	case SK_REPORT_TRI: return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
	case SK_REPORT_AMOUNT: return is_amount(text);
	case SK_REPORT_CURRENCY: return spans(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3, 3);
	case SK_REPORT_HASH:
	case SK_REPORT_HASHES: return spans(text, "0123456789abcdef", 64, 64);
	case SK_REPORT_CVES: return is_cve(text);
	case SK_REPORT_ATTACKS: return is_attack(text);
	default: return false;
	}
}

static const char *wanted(enum sk_report_type type)
{
	switch (type) {
	case SK_REPORT_LINE:
	case SK_REPORT_LINES: return "one line of 1 to 512 bytes";
	case SK_REPORT_TEXT: return "a text of 1 to 32768 bytes";
	case SK_REPORT_ID: return "letters, digits, . _ - (at most 63)";
	case SK_REPORT_WORD_:
	case SK_REPORT_WORDS: return "a word of a-z 0-9 _ (at most 23)";
	case SK_REPORT_TRI: return "\"yes\", \"no\" or \"unknown\"";
	case SK_REPORT_FLAG: return "true or false";
	case SK_REPORT_COUNT:
	case SK_REPORT_COUNTS: return "a whole number from 0";
	case SK_REPORT_RANGE: return "a whole number, or {\"min\": N, \"max\": N} or one of them";
	case SK_REPORT_AMOUNT: return "a whole number, or a decimal as text (\"1.25\")";
	case SK_REPORT_CURRENCY: return "three capital letters";
	case SK_REPORT_TIME: return "a time (RFC 3339), a day, or {\"earliest\": T, \"latest\": T}";
	case SK_REPORT_HASH:
	case SK_REPORT_HASHES: return "a SHA-256 as 64 hexadecimal digits in lower case";
	case SK_REPORT_CVES: return "CVE-YYYY-NNNN";
	case SK_REPORT_ATTACKS: return "an ATT&CK technique (T1486, T1498.001)";
	case SK_REPORT_STRUCT: return "an object";
	case SK_REPORT_STRUCTS: return "a list of objects";
	default: return "a word of its list";
	}
}

static enum sk_err refuse_value(const struct reader *r, const struct sk_report_field *field, const char *member, struct json_object *value)
{
	char words[200] = "";
	const char *word;
	for (size_t i = 0; field->set != SK_REPORT_S_NONE && (word = sk_report_word_at(field->set, i, NULL, NULL)) != NULL; i++)
		if (strlen(words) + strlen(word) + 3 < sizeof words)
			(void)snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", i == 0 ? "" : ", ", word);
	return refuse(r, member, "expected %s%s, found %.60s%s", words[0] != '\0' ? "one of " : "", words[0] != '\0' ? words : wanted(field->type), kind_of(value),
		      field->type == SK_REPORT_FLAG || field->type == SK_REPORT_ID ? "" : "; where it is not known yet, write \"unknown\"");
}

static bool whole_number(struct json_object *value, uint64_t *out)
{
	if (!json_object_is_type(value, json_type_int))
		return false;
	int64_t number = json_object_get_int64(value);
	*out = number >= 0 ? (uint64_t)number : 0;
	return number >= 0 && (uint64_t)number < UINT64_C(1) << NUMBER_MAX_LOG;
}

static bool time_text(const char *text, int64_t *earliest, int64_t *latest)
{
	char whole[SK_TIME_TEXT_MAX];
	if (text == NULL)
		return false;
	/* To the minute, as people write it. */
	if (strlen(text) == 17 && text[10] == 'T' && text[16] == 'Z') {
		(void)snprintf(whole, sizeof whole, "%.16s:00Z", text);
		text = whole;
	}
	if (sk_time_parse(text, earliest) != SK_OK || *earliest < 0)
		return false;
	/* A day alone is not known to the minute. */
	bool day = strlen(text) == 10 && text[0] != '@';
	if (day && *earliest > INT64_MAX - INT64_C(86400000000000))
		return false;
	*latest = day ? *earliest + INT64_C(86399000000000) : *earliest;
	return true;
}

/* Two members and no other. */
static bool pair_of(struct json_object *value, const char *first, const char *second, struct json_object **a, struct json_object **b)
{
	return json_object_is_type(value, json_type_object) && json_object_object_length(value) == 2 && json_object_object_get_ex(value, first, a) && json_object_object_get_ex(value, second, b);
}

static void write_time(struct sk_json_writer *w, const char *key, int64_t earliest, int64_t latest)
{
	char text[SK_TIME_TEXT_MAX];
	if (earliest == latest) {
		sk_json_text(w, key, sk_time_format(earliest, 0, text));
		return;
	}
	sk_json_object(w, key);
	sk_json_text(w, "earliest", sk_time_format(earliest, 0, text));
	sk_json_text(w, "latest", sk_time_format(latest, 0, text));
	sk_json_end(w);
}

static bool write_time_value(struct reader *r, const char *key, struct json_object *value)
{
	struct json_object *a, *b;
	int64_t earliest, latest, ignored;
	if (pair_of(value, "earliest", "latest", &a, &b)) {
		if (!time_text(text_of(a), &earliest, &ignored) || !time_text(text_of(b), &ignored, &latest) || earliest > latest)
			return false;
		r->members += 2;
	} else if (!time_text(text_of(value), &earliest, &latest)) {
		return false;
	}
	write_time(&r->w, key, earliest, latest);
	return true;
}

/* A number, both bounds, or one of them. */
static bool write_range(struct reader *r, const char *key, struct json_object *value)
{
	struct json_object *a = NULL, *b = NULL;
	uint64_t least = 0, most = 0;
	if (json_object_is_type(value, json_type_object)) {
		bool from = json_object_object_get_ex(value, "min", &a), to = json_object_object_get_ex(value, "max", &b);
		if ((!from && !to) || json_object_object_length(value) != from + to || (from && !whole_number(a, &least)) || (to && !whole_number(b, &most)) || (from && to && least > most))
			return false;
		r->members += (uint64_t)from + to;
	} else {
		if (!whole_number(value, &least))
			return false;
		most = least;
	}
	bool alone = a == NULL && b == NULL;
	sk_json_object(&r->w, key);
	if (alone || b != NULL)
		sk_json_u64(&r->w, "max", most);
	if (alone || a != NULL)
		sk_json_u64(&r->w, "min", least);
	sk_json_end(&r->w);
	return true;
}

/* A value that is no list and no structure. */
static bool write_single(struct reader *r, const struct sk_report_field *field, const char *key, struct json_object *value)
{
	const char *text = text_of(value);
	char digits[24];
	uint64_t number;
	switch (field->type) {
	case SK_REPORT_FLAG:
		if (!json_object_is_type(value, json_type_boolean))
			return false;
		sk_json_bool(&r->w, key, json_object_get_boolean(value));
		return true;
	case SK_REPORT_COUNT:
	case SK_REPORT_COUNTS:
		if (!whole_number(value, &number))
			return false;
		sk_json_u64(&r->w, key, number);
		return true;
	case SK_REPORT_RANGE: return write_range(r, key, value);
	case SK_REPORT_TIME: return write_time_value(r, key, value);
	case SK_REPORT_AMOUNT:
		if (whole_number(value, &number)) {
			(void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
			sk_json_text(&r->w, key, digits);
			return true;
		}
		break;
	default: break;
	}
	if (text == NULL || !text_fits(field->type, field->set, text))
		return false;
	sk_json_text(&r->w, key, text);
	return true;
}

/* ---- members, lists ---- */

static enum sk_err read_members(struct reader *r, const char *parent, struct json_object *object);

static bool is_list(enum sk_report_type type)
{
	switch (type) {
	case SK_REPORT_LINES:
	case SK_REPORT_WORDS:
	case SK_REPORT_ENUMS:
	case SK_REPORT_COUNTS:
	case SK_REPORT_HASHES:
	case SK_REPORT_CVES:
	case SK_REPORT_ATTACKS:
	case SK_REPORT_STRUCTS: return true;
	default: return false;
	}
}

/* One step down in the path that messages name. */
static size_t path_add(struct reader *r, const char *member, size_t index, bool indexed)
{
	size_t length = strlen(r->path);
	if (indexed)
		(void)snprintf(r->path + length, sizeof r->path - length, "%s%s[%zu]", length != 0 ? "." : "", member, index);
	else
		(void)snprintf(r->path + length, sizeof r->path - length, "%s%s", length != 0 ? "." : "", member);
	return length;
}

static enum sk_err read_list(struct reader *r, const struct sk_report_field *field, const char *key, struct json_object *value)
{
	size_t count = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
	if (!json_object_is_type(value, json_type_array))
		return refuse(r, key, "expected a list, found %.60s; where it is not known yet, write \"unknown\"", kind_of(value));
	if (count > SK_REPORT_LIST_MAX)
		return refuse(r, key, "%zu entries, at most %d are taken; put the rest into an attachment", count, SK_REPORT_LIST_MAX);
	sk_json_array(&r->w, key);
	for (size_t i = 0; i < count; i++) {
		struct json_object *element = json_object_array_get_idx(value, i);
		size_t length = path_add(r, key, i, true);
		if (field->type != SK_REPORT_STRUCTS) {
			if (!write_single(r, field, NULL, element))
				return refuse_value(r, field, "", element);
		} else if (!json_object_is_type(element, json_type_object)) {
			return refuse(r, "", "expected an object, found %.60s", kind_of(element));
		} else {
			sk_json_object(&r->w, NULL);
			SK_TRY(read_members(r, field->path, element));
			sk_json_end(&r->w);
		}
		r->path[length] = '\0';
	}
	sk_json_end(&r->w);
	return SK_OK;
}

static bool is_empty(struct json_object *value)
{
	return is_unknown(value) || (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0);
}

static enum sk_err read_value(struct reader *r, const struct sk_report_field *field, const char *key, struct json_object *value)
{
	if (is_empty(value) && (field->need == SK_REPORT_KNOWN || (r->final && sk_report_field_final(field))))
		return field->need == SK_REPORT_KNOWN ? refuse(r, key, "it must be known in every report")
						       : refuse(r, key, "a final report knows it (item %u); until then hand in a follow_up", field->item);
	if (is_unknown(value) && field->type != SK_REPORT_FLAG && field->type != SK_REPORT_ID) {
		sk_json_text(&r->w, key, "unknown");
		return SK_OK;
	}
	if (is_list(field->type))
		return read_list(r, field, key, value);
	if (field->type != SK_REPORT_STRUCT)
		return write_single(r, field, key, value) ? SK_OK : refuse_value(r, field, key, value);
	if (!json_object_is_type(value, json_type_object))
		return refuse_value(r, field, key, value);
	size_t length = path_add(r, key, 0, false);
	sk_json_object(&r->w, key);
	SK_TRY(read_members(r, field->path, value));
	sk_json_end(&r->w);
	r->path[length] = '\0';
	return SK_OK;
}

static const char *form_name(unsigned form)
{
	return form == SK_REPORT_FORM_D ? "ddos" : form == SK_REPORT_FORM_R ? "ransomware" : "other";
}

/* Is everything there in the table, and may the reporter give it under this form? */
static enum sk_err check_keys(struct reader *r, const char *parent, struct json_object *object)
{
	struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		const struct sk_report_field *field = sk_report_field_of(parent, key);
		r->members++;
		if (field == NULL)
			return refuse(r, "", "there is no field '%.60s' here; sekisho report schema lists them", key);
		if (field->need == SK_REPORT_CENTRE)
			return refuse(r, key, "the centre gives it; leave it out");
		if ((field->forms & r->form) == 0)
			return refuse(r, key, "it is not part of the form %s; leave it out", form_name(r->form));
	}
	return SK_OK;
}

/* The members of a structure, ascending: what is kept is canonical. */
static size_t children(const char *parent, const struct sk_report_field *out[CHILDREN_MAX])
{
	const struct sk_report_field *field;
	size_t count = 0;
	for (size_t i = 0; (field = sk_report_field_at(i)) != NULL; i++) {
		if (!sk_report_field_below(field, parent))
			continue;
		SK_INVARIANT(count < CHILDREN_MAX);
		size_t at = count++;
		for (; at > 0 && strcmp(sk_report_field_name(out[at - 1]), sk_report_field_name(field)) > 0; at--)
			out[at] = out[at - 1];
		out[at] = field;
	}
	return count;
}

//= rule: FORM-1
static enum sk_err read_members(struct reader *r, const char *parent, struct json_object *object)
{
	const struct sk_report_field *fields[CHILDREN_MAX];
	struct json_object *value;
	size_t count = children(parent, fields);
	SK_TRY(check_keys(r, parent, object));
	for (size_t i = 0; i < count; i++) {
		const struct sk_report_field *field = fields[i];
		const char *key = sk_report_field_name(field);
		if (json_object_object_get_ex(object, key, &value)) {
			SK_TRY(read_value(r, field, key, value));
			continue;
		}
		bool missing = field->need == SK_REPORT_ALWAYS || field->need == SK_REPORT_KNOWN || (r->final && field->need == SK_REPORT_FINAL);
		if (missing && (field->forms & r->form) != 0)
			return refuse(r, key, "it is missing: %s%s", field->need == SK_REPORT_FINAL ? "a final report knows it; until then hand in a follow_up" : "every report has it",
				      field->need == SK_REPORT_ALWAYS ? ", if only as \"unknown\"" : "");
	}
	return SK_OK;
}

/* ---- the whole ---- */

/* Members as they stand in the text: in JSON that was parsed, colons outside of texts. */
static uint64_t count_members(const char *text, size_t length)
{
	uint64_t count = 0;
	bool within = false;
	for (size_t i = 0; i < length; i++) {
		if (within && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			within = !within;
		else
			count += !within && text[i] == ':';
	}
	return count;
}

/* The API's {"id", "stage", "fields"}: as if they stood in the fields. */
static enum sk_err unwrap(struct reader *r, struct json_object *top, struct json_object **fields)
{
	static const struct { const char *outer, *inner; } names[] = {{"id", "report_id"}, {"stage", "report_stage"}};
	struct json_object *value, *inner;
	*fields = top;
	if (!json_object_object_get_ex(top, "fields", &inner))
		return SK_OK;
	int known = 1;
	r->members++;
	if (!json_object_is_type(inner, json_type_object))
		return refuse(r, "fields", "expected an object, found %.60s", kind_of(inner));
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		struct json_object *there;
		if (!json_object_object_get_ex(top, names[i].outer, &value))
			continue;
		known++;
		if (json_object_object_get_ex(inner, names[i].inner, &there)) {
			r->members++;
			if (!json_object_equal(there, value))
				return refuse(r, names[i].outer, "it differs from fields.%s; give one of them", names[i].inner);
		}
		if (json_object_object_add(inner, names[i].inner, json_object_get(value)) != 0)
			return sk_fault_set(r->fault, SK_ENOMEM, "out of memory");
	}
	if (json_object_object_length(top) != known)
		return refuse(r, "", "beside fields, id and stage nothing may stand");
	*fields = inner;
	return SK_OK;
}

static const char *named_text(struct json_object *object, const char *key)
{
	struct json_object *value;
	const char *text = json_object_object_get_ex(object, key, &value) ? text_of(value) : NULL;
	return text != NULL ? text : "";
}

//= rule: FORM-2
static enum sk_err read_top(struct reader *r, struct json_object *top, uint64_t members)
{
	struct json_object *fields;
	if (!json_object_is_type(top, json_type_object))
		return refuse(r, "", "expected one object, found %.60s; sekisho report template makes one to fill in", kind_of(top));
	SK_TRY(unwrap(r, top, &fields));
	r->form = sk_report_form(named_text(fields, "form_kind"));
	if (r->form == 0)
		return refuse(r, "form_kind", "expected one of ddos, ransomware, other; it says which fields there are");
	const char *stage = named_text(fields, "report_stage");
	if (!sk_report_is_word(SK_REPORT_S_STAGE, stage))
		return refuse(r, "report_stage", "expected one of early_warning, initial, follow_up, interim, supplemental, final");
	r->final = strcmp(stage, "final") == 0;
	sk_json_object(&r->w, NULL);
	SK_TRY(read_members(r, "", fields));
	sk_json_end(&r->w);
	return r->members == members ? SK_OK : refuse(r, "", "a key stands twice in one object; each field stands once");
}

enum sk_err sk_report_read(const char *name, const void *bytes, size_t length, struct sk_report_document *out, struct sk_fault *fault)
{
	struct reader r = {.name = name, .fault = fault};
	memset(out, 0, sizeof *out);
	if (length > SK_REPORT_FILE_MAX)
		return sk_fault_set(fault, SK_EINPUT, "%s: %zu bytes, a report has at most %d; put the rest into an attachment", name, length, SK_REPORT_FILE_MAX);
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	if (tokener == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *top = length == 0 ? NULL : json_tokener_parse_ex(tokener, bytes, (int)length);
	enum json_tokener_error error = length == 0 ? json_tokener_error_parse_eof : json_tokener_get_error(tokener);
	size_t end = json_tokener_get_parse_end(tokener);
	enum sk_err err = SK_OK;
	if (error != json_tokener_success || end > length)
		err = sk_fault_set(fault, SK_EINPUT, "%s: byte %zu: no JSON: %s; sekisho report template makes a report to fill in", name, end, error == json_tokener_continue ? "it ends too early" : json_tokener_error_desc(error));
	sk_buf_init(&out->text, CANONICAL_MAX);
	sk_json_begin(&r.w, &out->text, true);
	if (err == SK_OK)
		err = read_top(&r, top, count_members(bytes, length));
	if (err == SK_OK && out->text.failed != SK_OK)
		err = sk_fault_set(fault, out->text.failed == SK_ENOMEM ? SK_ENOMEM : SK_EINPUT, "%s: too long", name);
	(void)json_object_put(top);
	json_tokener_free(tokener);
	if (err == SK_OK)
		err = sk_json_parse(sk_buf_text(&out->text), out->text.length, &out->doc, fault);
	if (err != SK_OK) {
		sk_report_document_fini(out);
		return err;
	}
	out->top = sk_json_top(out->doc);
	return SK_OK;
}

enum sk_err sk_report_take(const void *bytes, size_t length, struct sk_report_document *out, struct sk_fault *fault)
{
	memset(out, 0, sizeof *out);
	sk_buf_init(&out->text, CANONICAL_MAX);
	sk_buf_add(&out->text, bytes, length);
	enum sk_err err = out->text.failed != SK_OK ? sk_fault_set(fault, out->text.failed, "report: too long") : sk_json_parse(sk_buf_text(&out->text), length, &out->doc, fault);
	if (err != SK_OK) {
		sk_report_document_fini(out);
		return err;
	}
	out->top = sk_json_top(out->doc);
	return SK_OK;
}

void sk_report_document_fini(struct sk_report_document *document)
{
	sk_json_free(document->doc);
	sk_buf_fini(&document->text);
	memset(document, 0, sizeof *document);
}

/* ---- asking ---- */

const struct sk_json_value *sk_report_at(const struct sk_json_value *top, const char *path, bool known)
{
	const struct sk_json_value *value = top;
	char name[SK_JSON_KEY_MAX];
	while (value != NULL && *path != '\0') {
		size_t length = strcspn(path, ".");
		if (length >= sizeof name || value->kind != SK_JSON_OBJECT)
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		value = sk_json_get(value, name);
		path += length + (path[length] == '.');
	}
	return value != NULL && known && value->kind == SK_JSON_TEXT && strcmp(value->text, "unknown") == 0 ? NULL : value;
}

const char *sk_report_text(const struct sk_json_value *top, const char *path)
{
	const struct sk_json_value *value = sk_report_at(top, path, true);
	return value != NULL && value->kind == SK_JSON_TEXT ? value->text : "";
}

bool sk_report_times(const struct sk_json_value *value, int64_t *earliest_ns, int64_t *latest_ns)
{
	const char *first, *last;
	if (value == NULL)
		return false;
	first = value->kind == SK_JSON_TEXT ? value->text : sk_json_get_text(value, "earliest");
	last = value->kind == SK_JSON_TEXT ? value->text : sk_json_get_text(value, "latest");
	return first != NULL && last != NULL && sk_time_parse(first, earliest_ns) == SK_OK && sk_time_parse(last, latest_ns) == SK_OK;
}

bool sk_report_flag(const struct sk_json_value *top, const char *path)
{
	const struct sk_json_value *value = sk_report_at(top, path, true);
	return value != NULL && value->kind == SK_JSON_BOOL && value->integer != 0;
}
