/* SPDX-License-Identifier: Apache-2.0 */
/* Block lists for firewalls: a folder that a web server serves. Each list is replaced in one step, then its signatures; what we wrote last is remembered by its digest in our own
   folder, so that nothing that somebody else wrote into a list is ever signed. docs/blocklists.md. */
#include "target/https_priv.h"
#include "target/list_priv.h"
#include "target/target_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "text/text.h"

enum { NAME_MAX_BYTES = 64, DIGESTS = 2 };
static const char *const endings[] = {".note", ".minisig", ".sig"}, *const key_files[] = {"enforcer.vkey", "enforcer.pub", "enforcer.allowed_signers"};

struct list {
	struct sk_backend_place copy;
	const struct sk_backend_place *place;
	char folder[SK_PATH_MAX / 2];
	struct sk_web web;
};

/* ---- files ---- */

static enum sk_err path_of(const struct list *self, const char *folder, const char *name, const char *ending, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	if (snprintf(path, SK_PATH_MAX, "%s/%s%s", folder, name, ending) < SK_PATH_MAX)
		return SK_OK;
	return sk_fault_set(fault, SK_ETARGET, "%s: %s/%s: too long a path", self->place->name, folder, name);
}

/* A folder that is gone or full is a target that cannot be reached. */
static enum sk_err as_target(enum sk_err err)
{
	return err == SK_OK || err == SK_ENOMEM ? err : SK_ETARGET;
}

static enum sk_err read_file(const char *path, struct sk_buf *out, struct sk_fault *fault)
{
	enum sk_err err = sk_file_read(path, out, fault);
	return err == SK_ENOENT ? SK_OK : as_target(err);
}

static void digest_line(const struct sk_buf *bytes, char hex[2 * SK_HASH_BYTES + 1])
{
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(bytes->length != 0 ? (const void *)bytes->bytes : "", bytes->length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
}

/* Is what stands there what we wrote last, or were about to write when we ended? A list that is not there is nobody's. rule: LIST-1 */
static enum sk_err is_ours(const struct list *self, enum sk_list_kind kind, const struct sk_buf *text, bool *ours, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf digests;
	*ours = text->length == 0;
	if (*ours)
		return SK_OK;
	SK_TRY(path_of(self, self->place->folder, sk_list_name(kind), ".digests", path, fault));
	sk_buf_init(&digests, 4096);
	enum sk_err err = read_file(path, &digests, fault);
	digest_line(text, hex);
	*ours = err == SK_OK && strstr(sk_buf_text(&digests), hex) != NULL;
	sk_buf_fini(&digests);
	return err;
}

static enum sk_err remember(const struct list *self, enum sk_list_kind kind, const struct sk_buf *const texts[DIGESTS], struct sk_fault *fault)
{
	char path[SK_PATH_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf digests;
	SK_TRY(path_of(self, self->place->folder, sk_list_name(kind), ".digests", path, fault));
	sk_buf_init(&digests, 4096);
	for (size_t i = 0; i < DIGESTS; i++)
		if (texts[i] != NULL) {
			digest_line(texts[i], hex);
			sk_buf_addf(&digests, "%s\n", hex);
		}
	enum sk_err err = sk_file_replace(path, digests.bytes, digests.length, 0600, fault);
	sk_buf_fini(&digests);
	return as_target(err);
}

/* ---- a list ---- */

struct opened {
	struct sk_list list;
	struct sk_buf text; /* as it stands there */
	bool ours;
};

static void close_list(struct opened *opened)
{
	sk_list_fini(&opened->list);
	sk_buf_fini(&opened->text);
}

/* What is not ours may have any form: then it has no lines for us, but is not ours. */
static enum sk_err open_list(const struct list *self, enum sk_list_kind kind, struct opened *out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	*out = (struct opened){.ours = false};
	sk_buf_init(&out->text, SK_LIST_BYTES_MAX);
	SK_TRY(path_of(self, self->folder, sk_list_name(kind), "", path, fault));
	enum sk_err err = read_file(path, &out->text, fault);
	if (err == SK_OK)
		err = is_ours(self, kind, &out->text, &out->ours, fault);
	if (err == SK_OK) {
		err = sk_list_parse(path, out->text.bytes, out->text.length, &out->list, fault);
		if (err != SK_OK && err != SK_ENOMEM && !out->ours) {
			sk_list_fini(&out->list);
			err = SK_OK;
		}
	}
	if (err != SK_OK)
		close_list(out);
	return as_target(err);
}

static enum sk_err write_signatures(const struct list *self, const char *name, const struct sk_buf *text, int64_t now_ns, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < SK_COUNT(endings); i++) {
		char path[SK_PATH_MAX];
		struct sk_buf signature;
		sk_buf_init(&signature, SK_LIST_SIGNATURE_MAX);
		if (i == 0)
			sk_list_sign_note(self->place->key, name, text->bytes, text->length, &signature);
		else if (i == 1)
			sk_list_sign_minisign(self->place->key, name, text->bytes, text->length, now_ns, &signature);
		else
			sk_list_sign_ssh(self->place->key, text->bytes, text->length, &signature);
		err = path_of(self, self->folder, name, endings[i], path, fault);
		if (err == SK_OK)
			err = signature.failed != SK_OK ? signature.failed : sk_list_replace(path, &signature, fault);
		sk_buf_fini(&signature);
	}
	return as_target(err);
}

/* The public key beside them, for convenience: whoever verifies with it must have compared it once by another way. */
static enum sk_err write_keys(const struct list *self, struct sk_fault *fault)
{
	const struct sk_verify_key *key = sk_sign_key_public(self->place->key);
	char vkey[SK_VKEY_TEXT_MAX], path[SK_PATH_MAX];
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < SK_COUNT(key_files); i++) {
		struct sk_buf text;
		sk_buf_init(&text, SK_LIST_SIGNATURE_MAX);
		if (i == 0)
			sk_buf_addf(&text, "%s\n", sk_verify_key_format(key, vkey));
		else if (i == 1)
			sk_list_key_minisign(key, &text);
		else
			sk_list_key_ssh(key, &text);
		err = path_of(self, self->folder, key_files[i], "", path, fault);
		if (err == SK_OK && !sk_file_exists(path))
			err = sk_list_replace(path, &text, fault);
		sk_buf_fini(&text);
	}
	return as_target(err);
}

static enum sk_err not_ours(const struct list *self, enum sk_list_kind kind, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_ETARGET, "%s: %s/%s was changed by somebody else, so it is neither changed nor signed; look who did, then move it away and it is written anew",
			    self->place->name, self->folder, sk_list_name(kind));
}

/* Replace it. A crash at any point leaves a list that is still known as ours: before it is written its digest is. */
static enum sk_err store_list(const struct list *self, enum sk_list_kind kind, const struct opened *opened, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	int64_t now = self->place->clock.unix_ns(self->place->clock.context);
	if (!opened->ours)
		return not_ours(self, kind, fault);
	SK_TRY(path_of(self, self->folder, sk_list_name(kind), "", path, fault));
	sk_buf_init(&text, SK_LIST_BYTES_MAX);
	sk_list_write(&opened->list, kind, sk_sign_key_public(self->place->key)->name, now, &text);
	enum sk_err err = as_target(text.failed);
	if (err == SK_OK)
		err = remember(self, kind, (const struct sk_buf *const[DIGESTS]){&text, opened->text.length != 0 ? &opened->text : NULL}, fault);
	if (err == SK_OK)
		err = as_target(sk_list_replace(path, &text, fault));
	if (err == SK_OK)
		err = write_signatures(self, sk_list_name(kind), &text, now, fault);
	if (err == SK_OK)
		err = write_keys(self, fault);
	if (err == SK_OK)
		err = remember(self, kind, (const struct sk_buf *const[DIGESTS]){&text, NULL}, fault);
	sk_buf_fini(&text);
	return err;
}

/* ---- the backend ---- */

static enum sk_err open_backend(const struct sk_backend_place *place, void **out, struct sk_fault *fault)
{
	struct list *self = calloc(1, sizeof *self);
	const char *folder = NULL;
	if (self == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	self->copy = *place;
	self->place = &self->copy;
	enum sk_err err = sk_settings_need(place->settings, "folder", &folder, fault);
	if (err == SK_OK && (folder[0] != '/' || snprintf(self->folder, sizeof self->folder, "%s", folder) >= (int)sizeof self->folder))
		err = sk_settings_fault(place->settings, "folder", fault, "expected the absolute path of the folder that the web server serves");
	if (err == SK_OK)
		err = sk_web_open(place->settings, &self->web, fault);
	if (err == SK_OK)
		*out = self;
	else
		free(self);
	return err;
}

static enum sk_err kind_of(const struct list *self, const struct sk_item *item, enum sk_list_kind *kind, struct sk_fault *fault)
{
	switch (sk_action_measure(item->action)) {
	case SK_MEASURE_NFTABLES:
		*kind = SK_LIST_PREFIXES;
		return SK_OK;
	case SK_MEASURE_RPZ:
		*kind = SK_LIST_DOMAINS;
		return SK_OK;
	default:
		return sk_fault_set(fault, SK_EUSAGE, "%s: a block list does not carry %s", self->place->name, sk_action_name(item->action));
	}
}

static enum sk_err check_items(const struct list *self, const struct sk_item *items, size_t count, bool touched[SK_LIST_KINDS], struct sk_fault *fault)
{
	touched[SK_LIST_PREFIXES] = touched[SK_LIST_DOMAINS] = false;
	for (size_t i = 0; i < count; i++) {
		enum sk_list_kind kind = SK_LIST_PREFIXES;
		SK_TRY(kind_of(self, &items[i], &kind, fault));
		touched[kind] = true;
	}
	return SK_OK;
}

static void line_of(const char *value, const char *tag, struct sk_buf *out)
{
	if (tag[0] != '\0')
		sk_buf_addf(out, "%s tag %s\n", value, tag);
	else
		sk_buf_addf(out, "%s of somebody else\n", value);
}

static enum sk_err text(void *context, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	const struct list *self = context;
	enum sk_list_kind kind = SK_LIST_PREFIXES;
	SK_TRY(kind_of(self, item, &kind, fault));
	line_of(item->target, item->tag, out);
	return out->failed;
}

static enum sk_err check(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	const struct list *self = context;
	bool touched[SK_LIST_KINDS];
	SK_TRY(check_items(self, items, count, touched, fault));
	if (!sk_file_exists(self->folder))
		return sk_fault_set(fault, SK_ETARGET, "%s: %s is not there; make the folder that the web server serves", self->place->name, self->folder);
	for (unsigned kind = 0; kind < SK_LIST_KINDS; kind++) {
		struct opened opened;
		if (!touched[kind])
			continue;
		SK_TRY(open_list(self, (enum sk_list_kind)kind, &opened, fault));
		enum sk_err err = !opened.ours ? not_ours(self, (enum sk_list_kind)kind, fault)
				  : opened.list.count + count > SK_LIST_ENTRIES_MAX ? sk_fault_set(fault, SK_ETARGET, "%s: a list holds %d lines at most", self->place->name, SK_LIST_ENTRIES_MAX)
										    : SK_OK;
		close_list(&opened);
		SK_TRY(err);
	}
	return SK_OK;
}

/* Do something with each item's list; changed says whether it must be stored. */
typedef enum sk_err (*each)(void *context, size_t i, const struct sk_item *item, struct sk_list *list, bool *changed);

static enum sk_err for_each(const struct list *self, const struct sk_item *items, size_t count, each do_it, void *context, struct sk_fault *fault)
{
	bool touched[SK_LIST_KINDS];
	SK_TRY(check_items(self, items, count, touched, fault));
	for (unsigned kind = 0; kind < SK_LIST_KINDS; kind++) {
		struct opened opened;
		bool changed = false;
		if (!touched[kind])
			continue;
		SK_TRY(open_list(self, (enum sk_list_kind)kind, &opened, fault));
		enum sk_err err = SK_OK;
		for (size_t i = 0; err == SK_OK && i < count; i++) {
			enum sk_list_kind its = SK_LIST_PREFIXES;
			err = kind_of(self, &items[i], &its, fault);
			if (err == SK_OK && its == kind)
				err = do_it(context, i, &items[i], &opened.list, &changed);
		}
		if (err == SK_OK && changed)
			err = store_list(self, (enum sk_list_kind)kind, &opened, fault);
		close_list(&opened);
		SK_TRY(as_target(err));
	}
	return SK_OK;
}

static enum sk_err read_one(void *context, size_t i, const struct sk_item *item, struct sk_list *list, bool *changed)
{
	struct sk_buf *texts = context;
	const struct sk_list_entry *entry = sk_list_find(list, item->target);
	(void)changed;
	if (entry != NULL)
		line_of(entry->value, entry->tag, &texts[i]);
	return texts[i].failed;
}

static enum sk_err read_items(void *context, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	return for_each(context, items, count, read_one, texts, fault);
}

/* A set that changes nothing leaves the file, so that its ETag stays and nobody takes it again for nothing. */
static enum sk_err set_one(void *context, size_t i, const struct sk_item *item, struct sk_list *list, bool *changed)
{
	const struct sk_list_entry *old = sk_list_find(list, item->target);
	struct sk_list_entry entry = {.until_ns = item->until_ns / 1000000000 * 1000000000};
	(void)context;
	(void)i;
	(void)snprintf(entry.value, sizeof entry.value, "%s", item->target);
	memcpy(entry.order, item->order, sizeof entry.order);
	memcpy(entry.tag, item->tag, sizeof entry.tag);
	if (old != NULL && strcmp(old->tag, entry.tag) == 0 && strcmp(old->order, entry.order) == 0 && old->until_ns == entry.until_ns)
		return SK_OK;
	*changed = true;
	return sk_list_put(list, &entry);
}

static enum sk_err set(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return for_each(context, items, count, set_one, NULL, fault);
}

static enum sk_err clear_one(void *context, size_t i, const struct sk_item *item, struct sk_list *list, bool *changed)
{
	const struct sk_list_entry *entry = sk_list_find(list, item->target);
	(void)context;
	(void)i;
	if (entry == NULL || strcmp(entry->tag, item->tag) != 0)
		return SK_OK;
	sk_list_remove(list, (size_t)(entry - list->entries));
	*changed = true;
	return SK_OK;
}

static enum sk_err clear(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return for_each(context, items, count, clear_one, NULL, fault);
}

/* ---- effect: what a firewall gets ---- */

static enum sk_err fetch(const struct list *self, enum sk_list_kind kind, struct sk_list *list, bool *signed_by_us, struct sk_fault *fault)
{
	char note_name[NAME_MAX_BYTES];
	struct sk_buf bytes, note;
	sk_buf_init(&bytes, SK_LIST_BYTES_MAX);
	sk_buf_init(&note, SK_LIST_SIGNATURE_MAX);
	(void)snprintf(note_name, sizeof note_name, "%s.note", sk_list_name(kind));
	enum sk_err err = sk_web_get(&self->web, self->place, sk_list_name(kind), &bytes, fault);
	if (err == SK_OK)
		err = sk_web_get(&self->web, self->place, note_name, &note, fault);
	if (err == SK_OK) {
		*signed_by_us = sk_list_verify_note(sk_sign_key_public(self->place->key), sk_list_name(kind), bytes.bytes, bytes.length, sk_buf_text(&note), note.length) == SK_OK;
		err = as_target(sk_list_parse(sk_list_name(kind), bytes.bytes, bytes.length, list, fault));
	}
	sk_buf_fini(&note);
	sk_buf_fini(&bytes);
	return err;
}

static void tell_one(const struct sk_list *list, bool signed_by_us, const struct sk_item *item, size_t i, const char *where, sk_effect_tell tell, void *context)
{
	const struct sk_list_entry *entry = sk_list_find(list, item->target);
	bool ours = entry != NULL && strcmp(entry->tag, item->tag) == 0;
	if (!signed_by_us)
		tell(context, i, where, "a list that our key did not sign", false);
	else
		tell(context, i, where, ours ? "in the list, signed" : entry != NULL ? "in the list, of another measure" : "not in the list", ours);
}

static enum sk_err effect(void *context, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *tell_context, struct sk_fault *fault)
{
	const struct list *self = context;
	bool touched[SK_LIST_KINDS];
	(void)reach; /* one place */
	SK_TRY(check_items(self, items, count, touched, fault));
	for (unsigned kind = 0; kind < SK_LIST_KINDS; kind++) {
		struct opened opened = {.ours = true};
		char where[SK_WHERE_MAX];
		bool good = true;
		if (!touched[kind])
			continue;
		if (self->web.configured)
			SK_TRY(fetch(self, (enum sk_list_kind)kind, &opened.list, &good, fault));
		else
			SK_TRY(open_list(self, (enum sk_list_kind)kind, &opened, fault));
		(void)snprintf(where, sizeof where, "%s %.60s, %s", self->web.configured ? "web server" : "file of", self->web.configured ? self->web.host : self->place->name,
			       sk_list_name((enum sk_list_kind)kind));
		for (size_t i = 0; i < count; i++) {
			enum sk_list_kind its = SK_LIST_PREFIXES;
			if (kind_of(self, &items[i], &its, NULL) == SK_OK && its == kind)
				tell_one(&opened.list, good && opened.ours, &items[i], i, where, tell, tell_context);
		}
		close_list(&opened);
	}
	return SK_OK;
}

/* ---- state, and time ---- */

static enum sk_err state(void *context, struct sk_buf *out, struct sk_fault *fault)
{
	const struct list *self = context;
	for (unsigned kind = 0; kind < SK_LIST_KINDS; kind++) {
		struct opened opened;
		SK_TRY(open_list(self, (enum sk_list_kind)kind, &opened, fault));
		for (size_t i = 0; i < opened.list.count; i++)
			line_of(opened.list.entries[i].value, opened.list.entries[i].tag, out);
		close_list(&opened);
	}
	return out->failed;
}

/* Expiry takes lines out, whether or not anybody asks. A list that somebody else changed is told by all else. rule: LIST-2 */
static enum sk_err turn(void *context, struct sk_fault *fault)
{
	const struct list *self = context;
	int64_t now = self->place->clock.unix_ns(self->place->clock.context);
	for (unsigned kind = 0; kind < SK_LIST_KINDS; kind++) {
		struct opened opened;
		size_t kept = 0;
		SK_TRY(open_list(self, (enum sk_list_kind)kind, &opened, fault));
		for (size_t i = 0; i < opened.list.count; i++)
			if (opened.list.entries[i].until_ns > now)
				opened.list.entries[kept++] = opened.list.entries[i];
		bool changed = kept != opened.list.count;
		opened.list.count = kept;
		enum sk_err err = changed ? store_list(self, (enum sk_list_kind)kind, &opened, fault) : SK_OK;
		close_list(&opened);
		SK_TRY(err);
	}
	return SK_OK;
}

const struct sk_backend sk_backend_list = {
	.name = "list",
	.measures = 1u << SK_MEASURE_NFTABLES | 1u << SK_MEASURE_RPZ,
	.forgets = false,
	.tagged = true,
	.sentence = "signed block lists in a folder that a web server serves to firewalls",
	.open = open_backend,
	.close = free,
	.text = text,
	.check = check,
	.read = read_items,
	.set = set,
	.clear = clear,
	.effect = effect,
	.state = state,
	.turn = turn,
};
