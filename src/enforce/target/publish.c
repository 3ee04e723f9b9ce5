/* SPDX-License-Identifier: Apache-2.0 */
/* Public notices: a text in both languages in a folder that a web server serves, signed. Taken back before its time it is replaced, at the same address, by a correction;
   when its time is over it stays, as what was said is said. docs/notices.md. */
#include "target/https_priv.h"
#include "target/list_priv.h"
#include "target/notice_priv.h"
#include "target/target_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "text/text.h"

enum { PAGE_MAX = 1 << 18, NAME_MAX_BYTES = 96 };
static const uint32_t carried = 1u << SK_MEASURE_PUBLIC_NOTICE;

struct publish {
	struct sk_backend_place place;
	struct sk_notice_kit kit;
	struct sk_web web;
	char folder[SK_PATH_MAX / 2];
	char party[SK_PARTY_NAME_MAX]; /* what the place is called in orders */
};

static void close_publish(void *context)
{
	struct publish *self = context;
	sk_notice_kit_fini(&self->kit);
	free(self);
}

static enum sk_err read_settings(struct publish *self, const struct sk_backend_place *place, struct sk_fault *fault)
{
	const char *folder = NULL, *party = sk_settings_text(place->settings, "party", "public");
	SK_TRY(sk_notice_kit_open(&self->kit, place, carried, fault));
	SK_TRY(sk_settings_need(place->settings, "folder", &folder, fault));
	if (folder[0] != '/' || snprintf(self->folder, sizeof self->folder, "%s", folder) >= (int)sizeof self->folder)
		return sk_settings_fault(place->settings, "folder", fault, "expected the absolute path of the folder that the web server serves");
	if (snprintf(self->party, sizeof self->party, "%s", party) >= (int)sizeof self->party)
		return sk_settings_fault(place->settings, "party", fault, "too long");
	return sk_web_open(place->settings, &self->web, fault);
}

static enum sk_err open_publish(const struct sk_backend_place *place, void **out, struct sk_fault *fault)
{
	struct publish *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	self->place = *place;
	enum sk_err err = read_settings(self, &self->place, fault);
	if (err == SK_OK)
		*out = self;
	else
		close_publish(self);
	return err;
}

/* ---- a page ---- */

static enum sk_err check_item(const struct publish *self, const struct sk_item *item, struct sk_fault *fault)
{
	if ((carried & 1u << sk_action_measure(item->action)) == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: a publication does not carry %s", self->kit.place->name, sk_action_name(item->action));
	if (strcmp(item->target, self->party) != 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: is called '%s', not '%s'", self->kit.place->name, self->party, item->target);
	return SK_OK;
}

/* The order's id where it can be a file's name everywhere, else a digest of it. */
static void page_name(const struct sk_item *item, char out[NAME_MAX_BYTES])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	sk_sha256(item->order, strlen(item->order), digest);
	sk_hex_encode(digest, sizeof digest, hex);
	bool is_plain = strspn(item->order, plain) == strlen(item->order);
	(void)snprintf(out, NAME_MAX_BYTES, "%.*s.txt", is_plain ? SK_ORDER_ID_MAX : 32, is_plain ? item->order : hex);
}

static enum sk_err write_page(const struct publish *self, const struct sk_item *item, enum sk_notice_turn turn, int64_t now_ns, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_notice notice;
	char date[SK_TIME_TEXT_MAX];
	SK_TRY(sk_notice_kit_notice(&self->kit, item, &notice, fault));
	sk_buf_addf(out, "%s\n", sk_time_format(now_ns, 0, date));
	enum sk_err err = SK_OK;
	for (unsigned language = 0; err == SK_OK && language < SK_NOTICE_LANGUAGES; language++) {
		struct sk_buf subject;
		sk_buf_init(&subject, SK_MAIL_SUBJECT_MAX);
		struct sk_buf body;
		sk_buf_init(&body, PAGE_MAX);
		err = sk_notice_kit_write(&self->kit, item, &notice, turn, (enum sk_notice_language)language, &subject, &body);
		sk_buf_addf(out, "\n%s\n\n%s", sk_buf_text(&subject), sk_buf_text(&body));
		sk_buf_fini(&subject);
		sk_buf_fini(&body);
	}
	sk_notice_fini(&notice);
	if (err == SK_OK)
		err = out->failed;
	return err == SK_OK ? err : sk_fault_set(fault, err == SK_ENOMEM ? err : SK_EUSAGE, "%s: the page cannot be written: %s", self->kit.place->name, sk_err_text(err));
}

static void digest_of(const struct sk_buf *bytes, char hex[2 * SK_HASH_BYTES + 1])
{
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(bytes->length != 0 ? (const void *)bytes->bytes : "", bytes->length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
}

static enum sk_err store(const struct publish *self, const char *name, const struct sk_buf *page, int64_t now_ns, struct sk_fault *fault)
{
	static const char *const endings[] = {"", ".note", ".minisig", ".sig"};
	const struct sk_sign_key *key = self->kit.place->key;
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < SK_COUNT(endings); i++) {
		char path[SK_PATH_MAX];
		struct sk_buf bytes;
		sk_buf_init(&bytes, PAGE_MAX + SK_LIST_SIGNATURE_MAX);
		if (i == 0)
			sk_buf_add(&bytes, page->bytes, page->length);
		else if (i == 1)
			sk_list_sign_note(key, name, page->bytes, page->length, &bytes);
		else if (i == 2)
			sk_list_sign_minisign(key, name, page->bytes, page->length, now_ns, &bytes);
		else
			sk_list_sign_ssh(key, page->bytes, page->length, &bytes);
		(void)snprintf(path, sizeof path, "%s/%s%s", self->folder, name, endings[i]);
		err = bytes.failed != SK_OK ? bytes.failed : sk_list_replace(path, &bytes, fault);
		sk_buf_fini(&bytes);
	}
	return err == SK_OK || err == SK_ENOMEM ? err : SK_ETARGET;
}

/* What stands at an item's place. */
struct standing {
	struct sk_notice_record record;
	bool recorded, there, as_written;
	char name[NAME_MAX_BYTES];
};

static enum sk_err look(const struct publish *self, const struct sk_item *item, struct standing *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf page;
	SK_TRY(check_item(self, item, fault));
	*out = (struct standing){.there = false};
	page_name(item, out->name);
	enum sk_err err = sk_notice_record_read(self->kit.place, item, &out->record, fault);
	out->recorded = err == SK_OK;
	if (err != SK_OK && err != SK_ENOENT)
		return err;
	(void)snprintf(path, sizeof path, "%s/%s", self->folder, out->name);
	sk_buf_init(&page, PAGE_MAX);
	err = sk_file_read(path, &page, fault);
	out->there = err == SK_OK || err == SK_ETOOBIG;
	digest_of(&page, hex);
	out->as_written = err == SK_OK && out->recorded && strstr(out->record.reply, hex) != NULL;
	sk_buf_fini(&page);
	return err == SK_OK || err == SK_ENOENT || err == SK_ETOOBIG ? SK_OK : err == SK_ENOMEM ? err : SK_ETARGET;
}

/* Note it first, beside what stands there: a page that is not noted would be somebody else's for ever. Once it stands, it alone is noted. */
static enum sk_err publish_page(const struct publish *self, const struct sk_item *item, const struct standing *at, enum sk_notice_turn turn, struct sk_fault *fault)
{
	char hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf page;
	int64_t now = self->kit.place->clock.unix_ns(self->kit.place->clock.context);
	struct sk_notice_record record = {.sent_ns = now, .until_ns = item->until_ns};
	sk_buf_init(&page, PAGE_MAX);
	enum sk_err err = write_page(self, item, turn, now, &page, fault);
	(void)snprintf(record.measure, sizeof record.measure, "%s", sk_measure_name(sk_action_measure(item->action)));
	(void)snprintf(record.party, sizeof record.party, "%s", item->target);
	memcpy(record.order, item->order, sizeof record.order);
	memcpy(record.tag, item->tag, sizeof record.tag);
	(void)snprintf(record.message, sizeof record.message, "%s", at->name);
	digest_of(&page, hex);
	(void)snprintf(record.reply, sizeof record.reply, "%s %.64s", hex, at->as_written ? at->record.reply : "");
	if (err == SK_OK)
		err = sk_notice_record_write(self->kit.place, item, &record, fault);
	if (err == SK_OK)
		err = store(self, at->name, &page, now, fault);
	memcpy(record.reply, hex, sizeof hex);
	record.ended = turn == SK_NOTICE_CORRECTION;
	if (err == SK_OK)
		err = sk_notice_record_write(self->kit.place, item, &record, fault);
	sk_buf_fini(&page);
	return err;
}

/* ---- the backend ---- */

static enum sk_err text(void *context, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	const struct publish *self = context;
	SK_TRY(check_item(self, item, fault));
	sk_notice_line(sk_measure_name(sk_action_measure(item->action)), item->target, item->order, item->tag, out);
	return out->failed;
}

static enum sk_err check(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct publish *self = context;
	if (!sk_file_exists(self->folder))
		return sk_fault_set(fault, SK_ETARGET, "%s: %s is not there; make the folder that the web server serves", self->kit.place->name, self->folder);
	for (size_t i = 0; i < count; i++) {
		struct sk_buf page;
		SK_TRY(check_item(self, &items[i], fault));
		sk_buf_init(&page, PAGE_MAX);
		enum sk_err err = write_page(self, &items[i], SK_NOTICE_FIRST, 0, &page, fault);
		sk_buf_fini(&page);
		SK_TRY(err);
	}
	return SK_OK;
}

static enum sk_err read_items(void *context, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	const struct publish *self = context;
	for (size_t i = 0; i < count; i++) {
		struct standing at;
		SK_TRY(look(self, &items[i], &at, fault));
		if (at.there && !at.as_written)
			sk_buf_addf(&texts[i], "%s of somebody else\n", at.name);
		else if (at.as_written && !at.record.ended)
			sk_notice_line(at.record.measure, at.record.party, at.record.order, at.record.tag, &texts[i]);
		SK_TRY(texts[i].failed);
	}
	return SK_OK;
}

static enum sk_err set(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct publish *self = context;
	for (size_t i = 0; i < count; i++) {
		struct standing at;
		SK_TRY(look(self, &items[i], &at, fault));
		if (at.there && !at.as_written)
			return sk_fault_set(fault, SK_ETARGET, "%s: %s/%s was written by somebody else; it is not overwritten", self->kit.place->name, self->folder, at.name);
		if (!at.as_written || at.record.ended || strcmp(at.record.tag, items[i].tag) != 0) {
			SK_TRY(publish_page(self, &items[i], &at, SK_NOTICE_FIRST, fault));
		} else if (at.record.until_ns != items[i].until_ns) {
			at.record.until_ns = items[i].until_ns;
			SK_TRY(sk_notice_record_write(self->kit.place, &items[i], &at.record, fault));
		}
	}
	return SK_OK;
}

static enum sk_err clear(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct publish *self = context;
	int64_t now = self->kit.place->clock.unix_ns(self->kit.place->clock.context);
	for (size_t i = 0; i < count; i++) {
		struct standing at;
		SK_TRY(look(self, &items[i], &at, fault));
		if (!at.as_written || at.record.ended || strcmp(at.record.tag, items[i].tag) != 0)
			continue;
		if (now < at.record.until_ns) {
			SK_TRY(publish_page(self, &items[i], &at, SK_NOTICE_CORRECTION, fault));
		} else {
			at.record.ended = true;
			SK_TRY(sk_notice_record_write(self->kit.place, &items[i], &at.record, fault));
		}
	}
	return SK_OK;
}

static enum sk_err effect(void *context, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *tell_context, struct sk_fault *fault)
{
	const struct publish *self = context;
	(void)reach; /* one place */
	for (size_t i = 0; i < count; i++) {
		struct standing at;
		char where[SK_WHERE_MAX], hex[2 * SK_HASH_BYTES + 1];
		SK_TRY(look(self, &items[i], &at, fault));
		bool good = at.as_written && !at.record.ended && strcmp(at.record.tag, items[i].tag) == 0;
		(void)snprintf(where, sizeof where, "%s %.60s", self->web.configured ? "web server" : "folder of", self->web.configured ? self->web.host : self->kit.place->name);
		if (good && self->web.configured) {
			struct sk_buf page;
			sk_buf_init(&page, PAGE_MAX);
			enum sk_err err = sk_web_get(&self->web, self->kit.place, at.name, &page, fault);
			digest_of(&page, hex);
			sk_buf_fini(&page);
			SK_TRY(err);
			good = strncmp(hex, at.record.reply, 2 * SK_HASH_BYTES) == 0;
		}
		tell(tell_context, i, where, good ? at.name : at.there ? "another text" : "nothing", good);
	}
	return SK_OK;
}

static enum sk_err state(void *context, struct sk_buf *out, struct sk_fault *fault)
{
	const struct publish *self = context;
	return sk_notice_records(self->kit.place, out, fault);
}

const struct sk_backend sk_backend_publish = {
	.name = "publish",
	.measures = 1u << SK_MEASURE_PUBLIC_NOTICE,
	.forgets = true, /* what was published needs nobody to hold it up */
	.tagged = true,
	.each_order = true,
	.sentence = "public notices in a folder that a web server serves, corrected when they are taken back",
	.open = open_publish,
	.close = close_publish,
	.text = text,
	.check = check,
	.read = read_items,
	.set = set,
	.clear = clear,
	.effect = effect,
	.state = state,
};
