/* SPDX-License-Identifier: Apache-2.0 */
/* Templates, parties, and the part of an order's document that may be told. */
#include "target/notice_priv.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "text/lines.h"
#include "text/text.h"

enum { JSON_DEPTH = 16, FIELD_MAX = 32 };
static const char *const languages[SK_NOTICE_LANGUAGES] = {"ja", "en"};
static const char *const fields[SK_NOTICE_FIELD_COUNT] = {
#define X(symbol, name) name,
	SK_NOTICE_FIELDS(X)
#undef X
};

const char *sk_notice_language_name(enum sk_notice_language language)
{
	return languages[language];
}

/* ---- templates ---- */

/* The field at "{{", or SK_NOTICE_FIELD_COUNT; *length of the whole "{{name}}". */
static enum sk_notice_field field_at(const char *at, size_t *length)
{
	const char *end = strstr(at, "}}");
	for (unsigned i = 0; end != NULL && i < SK_NOTICE_FIELD_COUNT; i++)
		if (strlen(fields[i]) == (size_t)(end - at - 2) && memcmp(at + 2, fields[i], (size_t)(end - at - 2)) == 0) {
			*length = (size_t)(end + 2 - at);
			return (enum sk_notice_field)i;
		}
	return SK_NOTICE_FIELD_COUNT;
}

static bool fields_known(const char *text)
{
	size_t length = 0;
	for (const char *at = text; (at = strstr(at, "{{")) != NULL; at += length)
		if (field_at(at, &length) == SK_NOTICE_FIELD_COUNT)
			return false;
	return true;
}

void sk_template_fini(struct sk_template *template)
{
	free(template->subject);
	free(template->body);
	*template = (struct sk_template){.subject = NULL};
}

enum sk_err sk_template_parse(const char *name, const void *text, size_t length, struct sk_template *out, struct sk_fault *fault)
{
	struct sk_lines lines;
	struct sk_buf body;
	*out = (struct sk_template){.subject = NULL};
	sk_buf_init(&body, SK_TEMPLATE_BYTES_MAX);
	sk_lines_begin(&lines, name, text, length);
	enum sk_err err = sk_lines_next(&lines, fault);
	if (err == SK_OK && (strncmp(lines.text, "Subject: ", 9) != 0 || !fields_known(lines.text)))
		err = sk_lines_fault(&lines, fault, "a template begins with 'Subject: ', with known fields alone");
	if (err == SK_OK && (out->subject = strdup(lines.text + 9)) == NULL)
		err = SK_ENOMEM;
	if (err == SK_OK)
		err = sk_lines_next(&lines, fault);
	if (err == SK_OK && lines.text[0] != '\0')
		err = sk_lines_fault(&lines, fault, "an empty line was expected below the subject");
	while (err == SK_OK && (err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (!fields_known(lines.text))
			err = sk_lines_fault(&lines, fault, "an unknown field; there are about, contact, document, order, party, sender, text, title");
		sk_buf_add_text(&body, lines.text);
		sk_buf_add_u8(&body, '\n');
	}
	if (err == SK_ENOENT && (body.length == 0 || !sk_utf8_valid(sk_buf_text(&body), body.length) || out->subject == NULL || !sk_utf8_valid(out->subject, strlen(out->subject))))
		err = sk_fault_set(fault, SK_EINPUT, "%s: a template is a subject, an empty line and a text, in UTF-8", name);
	if (err == SK_ENOENT)
		err = body.failed != SK_OK || (out->body = strdup(sk_buf_text(&body))) == NULL ? SK_ENOMEM : SK_OK;
	sk_buf_fini(&body);
	if (err != SK_OK)
		sk_template_fini(out);
	return err;
}

void sk_template_fill(const char *text, const char *const values[SK_NOTICE_FIELD_COUNT], struct sk_buf *out)
{
	for (;;) {
		const char *at = strstr(text, "{{");
		size_t length = 0;
		if (at == NULL) {
			sk_buf_add_text(out, text);
			return;
		}
		sk_buf_add(out, text, (size_t)(at - text));
		enum sk_notice_field field = field_at(at, &length);
		SK_INVARIANT(field != SK_NOTICE_FIELD_COUNT);
		sk_buf_add_text(out, values[field]);
		text = at + length;
	}
}

/* ---- parties ---- */

void sk_parties_fini(struct sk_parties *parties)
{
	free(parties->parties);
	*parties = (struct sk_parties){.parties = NULL};
}

const struct sk_party *sk_parties_find(const struct sk_parties *parties, const char *name)
{
	for (size_t i = 0; i < parties->count; i++)
		if (strcmp(parties->parties[i].name, name) == 0)
			return &parties->parties[i];
	return NULL;
}

static bool language_of(const char *text, enum sk_notice_language *out)
{
	for (unsigned i = 0; i < SK_NOTICE_LANGUAGES; i++)
		if (strcmp(text, languages[i]) == 0) {
			*out = (enum sk_notice_language)i;
			return true;
		}
	return false;
}

static enum sk_err take_party(struct sk_lines *lines, struct sk_parties *out, struct sk_fault *fault)
{
	struct sk_party *party = &out->parties[out->count];
	char *word[4], *at = lines->text;
	unsigned count = 0;
	for (; *at != '\0' && count < SK_COUNT(word); count++) {
		word[count] = at;
		at += strcspn(at, " \t");
		while (*at == ' ' || *at == '\t')
			*at++ = '\0';
	}
	*party = (struct sk_party){.name = ""};
	if (count != 3 || *at != '\0' || strlen(word[0]) >= sizeof party->name || !sk_mail_address_valid(word[1]) || !language_of(word[2], &party->language))
		return sk_lines_fault(lines, fault, "expected NAME ADDRESS LANGUAGE, the language being ja or en");
	memcpy(party->name, word[0], strlen(word[0]));
	memcpy(party->address, word[1], strlen(word[1]));
	if (sk_parties_find(out, party->name) != NULL)
		return sk_lines_fault(lines, fault, "%s stands twice", party->name);
	out->count++;
	return SK_OK;
}

enum sk_err sk_parties_parse(const char *name, const void *text, size_t length, struct sk_parties *out, struct sk_fault *fault)
{
	struct sk_lines lines;
	enum sk_err err = SK_OK;
	*out = (struct sk_parties){.parties = calloc(SK_PARTIES_MAX + 1, sizeof *out->parties)};
	if (out->parties == NULL)
		return SK_ENOMEM;
	sk_lines_begin(&lines, name, text, length);
	while (err == SK_OK && (err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (lines.text[0] == '\0' || lines.text[0] == '#')
			continue;
		err = out->count == SK_PARTIES_MAX ? sk_lines_fault(&lines, fault, "more than %d parties", SK_PARTIES_MAX) : take_party(&lines, out, fault);
	}
	if (err == SK_ENOENT)
		return SK_OK;
	sk_parties_fini(out);
	return err;
}

/* ---- the document's notice ---- */

void sk_notice_fini(struct sk_notice *notice)
{
	for (size_t i = 0; i < notice->about_count; i++)
		free(notice->about[i]);
	for (unsigned i = 0; i < SK_NOTICE_LANGUAGES; i++) {
		free(notice->title[i]);
		free(notice->text[i]);
	}
	*notice = (struct sk_notice){.about_count = 0};
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, key, &value))
		return NULL;
	return value;
}

/* A string without control bytes but, where lines are allowed, LF. */
static const char *string_of(struct json_object *value, size_t most, bool lines)
{
	if (!json_object_is_type(value, json_type_string))
		return NULL;
	const char *text = json_object_get_string(value);
	size_t length = (size_t)json_object_get_string_len(value);
	if (length == 0 || length > most || strlen(text) != length || !sk_utf8_valid(text, length))
		return NULL;
	for (const char *at = text; *at != '\0'; at++)
		if (((unsigned char)*at < ' ' && !(lines && *at == '\n')) || *at == 0x7f)
			return NULL;
	return text;
}

static bool is_word(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static enum sk_err take_about(struct json_object *about, struct sk_notice *out, struct sk_fault *fault)
{
	size_t count = json_object_is_type(about, json_type_array) ? json_object_array_length(about) : 0;
	if (count == 0 || count > SK_NOTICE_ABOUT_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "notice: 'about' lists 1 to %d domains, addresses or URLs", SK_NOTICE_ABOUT_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *text = string_of(json_object_array_get_idx(about, i), 512, false);
		if (text == NULL || !is_word(text))
			return sk_fault_set(fault, SK_EUSAGE, "notice: 'about' number %zu is no word of printable ASCII", i + 1);
		if ((out->about[out->about_count] = strdup(text)) == NULL)
			return SK_ENOMEM;
		out->about_count++;
	}
	return SK_OK;
}

static enum sk_err take_language(struct json_object *notice, enum sk_notice_language language, struct sk_notice *out, struct sk_fault *fault)
{
	struct json_object *words = member(notice, languages[language]);
	const char *title = string_of(member(words, "title"), SK_NOTICE_TITLE_MAX, false), *text = string_of(member(words, "text"), SK_NOTICE_TEXT_MAX, true);
	if (title == NULL || text == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "notice: '%s' needs a title of one line and a text of at most %d bytes", languages[language], SK_NOTICE_TEXT_MAX);
	out->title[language] = strdup(title);
	out->text[language] = strdup(text);
	return out->title[language] != NULL && out->text[language] != NULL ? SK_OK : SK_ENOMEM;
}

/* NULL: no JSON, or no memory. */
static struct json_object *parse_document(const void *json, size_t length)
{
	struct json_tokener *tokener = length <= SK_NOTICE_DOCUMENT_MAX ? json_tokener_new_ex(JSON_DEPTH) : NULL;
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *top = json_tokener_parse_ex(tokener, json, (int)length);
	json_tokener_free(tokener);
	return top;
}

enum sk_err sk_notice_parse(const void *json, size_t length, struct sk_notice *out, struct sk_fault *fault)
{
	*out = (struct sk_notice){.about_count = 0};
	if (length > SK_NOTICE_DOCUMENT_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "notice: a document of %zu bytes", length);
	struct json_object *top = parse_document(json, length), *notice = member(top, "notice");
	const char *grade = string_of(member(notice, "grade"), 8, false);
	enum sk_err err = SK_OK;
	if (notice == NULL)
		err = sk_fault_set(fault, SK_EUSAGE, "the order's document has no member 'notice', so there is nothing to tell");
	else if (grade == NULL || strcmp(grade, "G3") != 0)
		err = sk_fault_set(fault, SK_EUSAGE, "notice: its grade is %s; only G3 goes out (rule NOTICE-2)", grade != NULL ? grade : "not stated");
	if (err == SK_OK)
		err = take_about(member(notice, "about"), out, fault);
	for (unsigned i = 0; err == SK_OK && i < SK_NOTICE_LANGUAGES; i++)
		err = take_language(notice, (enum sk_notice_language)i, out, fault);
	(void)json_object_put(top);
	if (err != SK_OK)
		sk_notice_fini(out);
	return err;
}
