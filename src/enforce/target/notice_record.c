/* SPDX-License-Identifier: Apache-2.0 */
/* What was sent or published, one file each; and what the two backends of notices share. */
#include "target/notice_priv.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "target/sort_priv.h"
#include "text/lines.h"
#include "text/text.h"

enum { RECORD_BYTES_MAX = 8192, RECORDS_MAX = 1 << 16 };
static const char ending[] = ".notice", head[] = "sekisho-notice/1";

/* ---- records ---- */

void sk_notice_line(const char *measure, const char *party, const char *order, const char *tag, struct sk_buf *out)
{
	sk_buf_addf(out, "%s %s order %s tag %s\n", measure, party, order, tag);
}

/* Party and order are words that a file's name may not hold, so it is a digest of both. */
static enum sk_err record_path(const struct sk_backend_place *place, const struct sk_item *item, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1], what[SK_ORDER_TARGET_MAX + SK_ORDER_ID_MAX + 64];
	int length = snprintf(what, sizeof what, "%s %s %s", sk_measure_name(sk_action_measure(item->action)), item->target, item->order);
	SK_INVARIANT(length > 0 && length < (int)sizeof what);
	sk_sha256(what, (size_t)length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
	if (snprintf(path, SK_PATH_MAX, "%s/%.32s%s", place->folder, hex, ending) < SK_PATH_MAX)
		return SK_OK;
	return sk_fault_set(fault, SK_ETARGET, "%s: %s: too long a path", place->name, place->folder);
}

static bool keep(char *out, size_t size, const char *value)
{
	size_t length = strlen(value);
	if (length >= size)
		return false;
	memcpy(out, value, length + 1);
	return true;
}

static bool take_line(struct sk_notice_record *out, char *line)
{
	char *value = strchr(line, ' ');
	if (value == NULL)
		return strcmp(line, "ended") == 0 ? (out->ended = true) : false;
	*value++ = '\0';
	if (strcmp(line, "measure") == 0)
		return keep(out->measure, sizeof out->measure, value);
	if (strcmp(line, "party") == 0)
		return keep(out->party, sizeof out->party, value);
	if (strcmp(line, "order") == 0)
		return keep(out->order, sizeof out->order, value);
	if (strcmp(line, "tag") == 0)
		return keep(out->tag, sizeof out->tag, value);
	if (strcmp(line, "message") == 0)
		return keep(out->message, sizeof out->message, value);
	if (strcmp(line, "reply") == 0)
		return keep(out->reply, sizeof out->reply, value);
	if (strcmp(line, "sent") == 0)
		return sk_time_parse(value, &out->sent_ns) == SK_OK;
	return strcmp(line, "until") == 0 && sk_time_parse(value, &out->until_ns) == SK_OK;
}

enum sk_err sk_notice_record_parse(const void *text, size_t length, struct sk_notice_record *out)
{
	struct sk_lines lines;
	enum sk_err err;
	*out = (struct sk_notice_record){.ended = false};
	sk_lines_begin(&lines, "record", text, length);
	if (sk_lines_next(&lines, NULL) != SK_OK || strcmp(lines.text, head) != 0)
		return SK_EMALFORMED;
	while ((err = sk_lines_next(&lines, NULL)) == SK_OK)
		if (!take_line(out, lines.text))
			return SK_EMALFORMED;
	return err == SK_ENOENT && out->measure[0] != '\0' && out->party[0] != '\0' && out->order[0] != '\0' && out->tag[0] != '\0' ? SK_OK : SK_EMALFORMED;
}

static enum sk_err read_record(const struct sk_backend_place *place, const char *path, struct sk_notice_record *out, struct sk_fault *fault)
{
	struct sk_buf text;
	sk_buf_init(&text, RECORD_BYTES_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_notice_record_parse(text.bytes, text.length, out) == SK_OK ? SK_OK
			: sk_fault_set(fault, SK_ETARGET, "%s: %s is no record of a notice; look at it, then move it away", place->name, path);
	else if (err != SK_ENOENT && err != SK_ENOMEM)
		err = SK_ETARGET;
	sk_buf_fini(&text);
	return err;
}

enum sk_err sk_notice_record_read(const struct sk_backend_place *place, const struct sk_item *item, struct sk_notice_record *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(record_path(place, item, path, fault));
	return read_record(place, path, out, fault);
}

enum sk_err sk_notice_record_write(const struct sk_backend_place *place, const struct sk_item *item, const struct sk_notice_record *record, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], sent[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX];
	struct sk_buf text;
	SK_TRY(record_path(place, item, path, fault));
	sk_buf_init(&text, RECORD_BYTES_MAX);
	sk_buf_addf(&text, "%s\nmeasure %s\nparty %s\norder %s\ntag %s\nmessage %s\nreply %s\nsent %s\nuntil %s\n%s", head, record->measure, record->party, record->order, record->tag,
		    record->message, record->reply, sk_time_format(record->sent_ns, 9, sent), sk_time_format(record->until_ns, 9, until), record->ended ? "ended\n" : "");
	enum sk_err err = text.failed != SK_OK ? text.failed : sk_file_replace(path, text.bytes, text.length, 0600, fault);
	sk_buf_fini(&text);
	return err == SK_OK || err == SK_ENOMEM ? err : SK_ETARGET;
}

static bool is_record(const char *name)
{
	size_t length = strlen(name);
	return length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0;
}

enum sk_err sk_notice_records(const struct sk_backend_place *place, struct sk_buf *out, struct sk_fault *fault)
{
	size_t from = out->length;
	enum sk_err err = SK_OK;
	DIR *folder = opendir(place->folder);
	if (folder == NULL)
		return sk_fault_set(fault, SK_ETARGET, "%s: %s cannot be read", place->name, place->folder);
	for (const struct dirent *entry; err == SK_OK && (entry = readdir(folder)) != NULL;) {
		char path[SK_PATH_MAX];
		struct sk_notice_record record;
		if (!is_record(entry->d_name) || sk_file_join(path, sizeof path, place->folder, entry->d_name) != SK_OK)
			continue;
		err = read_record(place, path, &record, fault);
		if (err == SK_OK && !record.ended)
			sk_notice_line(record.measure, record.party, record.order, record.tag, out);
	}
	(void)closedir(folder);
	return err != SK_OK ? err : sk_sort_lines(out, from);
}

/* ---- kit ---- */

static enum sk_err read_template(const struct sk_settings *settings, const char *folder, enum sk_measure measure, enum sk_notice_turn turn, enum sk_notice_language language,
				 struct sk_template *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	if (snprintf(path, sizeof path, "%s/%s%s.%s.txt", folder, sk_measure_name(measure), turn == SK_NOTICE_CORRECTION ? ".correction" : "", sk_notice_language_name(language)) >=
	    (int)sizeof path)
		return sk_settings_fault(settings, "templates", fault, "too long a path");
	sk_buf_init(&text, SK_TEMPLATE_BYTES_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_template_parse(path, text.bytes, text.length, out, fault);
	sk_buf_fini(&text);
	return err == SK_OK || err == SK_ENOMEM ? err : SK_EINPUT;
}

static enum sk_err take_text(const struct sk_settings *settings, const char *key, char *out, size_t size, struct sk_fault *fault)
{
	const char *value = NULL;
	SK_TRY(sk_settings_need(settings, key, &value, fault));
	if (strlen(value) >= size || !sk_utf8_valid(value, strlen(value)))
		return sk_settings_fault(settings, key, fault, "expected a text of at most %zu bytes in UTF-8", size - 1);
	memcpy(out, value, strlen(value) + 1);
	return SK_OK;
}

enum sk_err sk_notice_kit_open(struct sk_notice_kit *kit, const struct sk_backend_place *place, uint32_t measures, struct sk_fault *fault)
{
	const struct sk_settings *settings = place->settings;
	*kit = (struct sk_notice_kit){.place = place};
	const char *templates = sk_settings_text(settings, "templates", "/usr/share/sekisho/notices");
	SK_TRY(take_text(settings, "documents", kit->documents, sizeof kit->documents, fault));
	SK_TRY(take_text(settings, "contact", kit->contact, sizeof kit->contact, fault));
	SK_TRY(take_text(settings, "sender", kit->sender, sizeof kit->sender, fault));
	if (kit->documents[0] != '/' || templates[0] != '/')
		return sk_settings_fault(settings, kit->documents[0] != '/' ? "documents" : "templates", fault, "expected the absolute path of a folder");
	for (unsigned measure = 0; measure < SK_MEASURE_COUNT; measure++)
		for (unsigned turn = 0; turn < SK_NOTICE_TURNS && (measures & 1u << measure) != 0; turn++)
			for (unsigned language = 0; language < SK_NOTICE_LANGUAGES; language++)
				SK_TRY(read_template(settings, templates, (enum sk_measure)measure, (enum sk_notice_turn)turn, (enum sk_notice_language)language,
						     &kit->templates[measure][turn][language], fault));
	return SK_OK;
}

void sk_notice_kit_fini(struct sk_notice_kit *kit)
{
	for (unsigned measure = 0; measure < SK_MEASURE_COUNT; measure++)
		for (unsigned turn = 0; turn < SK_NOTICE_TURNS; turn++)
			for (unsigned language = 0; language < SK_NOTICE_LANGUAGES; language++)
				sk_template_fini(&kit->templates[measure][turn][language]);
}

/* The file is looked up by the digest that the approvers signed, and must have it. */
enum sk_err sk_notice_kit_notice(const struct sk_notice_kit *kit, const struct sk_item *item, struct sk_notice *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf text;
	sk_hex_encode(item->document, sizeof item->document, hex);
	if (snprintf(path, sizeof path, "%s/%s.json", kit->documents, hex) >= (int)sizeof path)
		return sk_fault_set(fault, SK_ETARGET, "%s: %s: too long a path", kit->place->name, kit->documents);
	sk_buf_init(&text, SK_NOTICE_DOCUMENT_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK) {
		sk_sha256(text.bytes, text.length, digest);
		err = memcmp(digest, item->document, sizeof digest) == 0 ? sk_notice_parse(text.bytes, text.length, out, fault)
									 : sk_fault_set(fault, SK_EUSAGE, "%s: %s is not the document that was approved", kit->place->name, path);
	} else if (err != SK_ENOMEM) {
		err = sk_fault_set(fault, SK_ETARGET, "%s: the document of order %s is not there: %s", kit->place->name, item->order, path);
	}
	sk_buf_fini(&text);
	return err;
}

enum sk_err sk_notice_kit_write(const struct sk_notice_kit *kit, const struct sk_item *item, const struct sk_notice *notice, enum sk_notice_turn turn,
				enum sk_notice_language language, struct sk_buf *subject, struct sk_buf *body)
{
	const struct sk_template *template = &kit->templates[sk_action_measure(item->action)][turn][language];
	char hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf about;
	sk_hex_encode(item->document, sizeof item->document, hex);
	sk_buf_init(&about, SK_NOTICE_TEXT_MAX * 2);
	for (size_t i = 0; i < notice->about_count; i++)
		sk_buf_addf(&about, "%s  %s", i == 0 ? "" : "\n", notice->about[i]);
	const char *const values[SK_NOTICE_FIELD_COUNT] = {
		[SK_NOTICE_ABOUT] = sk_buf_text(&about), [SK_NOTICE_CONTACT] = kit->contact, [SK_NOTICE_DOCUMENT] = hex, [SK_NOTICE_ORDER] = item->order, [SK_NOTICE_PARTY] = item->target,
		[SK_NOTICE_SENDER] = kit->sender, [SK_NOTICE_TEXT] = notice->text[language], [SK_NOTICE_TITLE] = notice->title[language],
	};
	if (subject != NULL)
		sk_template_fill(template->subject, values, subject);
	sk_template_fill(template->body, values, body);
	enum sk_err err = about.failed != SK_OK ? about.failed : subject != NULL && subject->failed != SK_OK ? subject->failed : body->failed;
	sk_buf_fini(&about);
	return err;
}
