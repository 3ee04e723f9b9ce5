/* SPDX-License-Identifier: Apache-2.0 */
/* A case is what its entries make it: one function an event. The same code judges a new entry and folds an old one. */
#include <stdio.h>
#include <stdlib.h>

#include "case/case_priv.h"

struct turn {
	struct sk_case *c;
	const struct sk_json_value *data;
	struct sk_case_entry *entry;
	struct sk_fault *fault;
};

static enum sk_err malformed(const struct turn *t, const char *member, const char *expected)
{
	return sk_fault_set(t->fault, SK_EMALFORMED, "case, %s: '%s': expected %s", sk_case_event_name(t->entry->event), member, expected);
}

static enum sk_err no_memory(struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_ENOMEM, "out of memory");
}

/* ---- members of data ---- */

static enum sk_err text_of(const struct turn *t, const char *member, bool needed, size_t size, const char **out)
{
	*out = sk_json_get_text(t->data, member);
	if (*out == NULL || strlen(*out) >= size)
		return malformed(t, member, "a text within its limit");
	return !needed || (*out)[0] != '\0' ? SK_OK : malformed(t, member, "a text; why is asked for");
}

static enum sk_err copy_text(const struct turn *t, const char *member, bool needed, char *out, size_t size)
{
	const char *text;
	SK_TRY(text_of(t, member, needed, size, &text));
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

/* One word as accounts, organisations and cases have. */
static enum sk_err copy_word(const struct turn *t, const char *member, bool needed, char out[SK_MATTER_ID_MAX])
{
	SK_TRY(copy_text(t, member, needed, out, SK_MATTER_ID_MAX));
	for (const char *at = out; *at != '\0'; at++)
		if (*at <= ' ' || *at >= 0x7f || *at == '"' || *at == '\\')
			return malformed(t, member, "one word of printable ASCII");
	return SK_OK;
}

static enum sk_err time_at(const struct turn *t, const struct sk_json_value *object, const char *member, int64_t *out)
{
	char again[SK_TIME_TEXT_MAX];
	const char *text = sk_json_get_text(object, member);
	*out = 0;
	if (text != NULL && text[0] == '\0')
		return SK_OK;
	if (text == NULL || sk_time_parse(text, out) != SK_OK || *out <= 0 || strcmp(sk_time_format(*out, 9, again), text) != 0)
		return malformed(t, member, "a time like 2026-11-22T00:00:00.000000000Z, or nothing");
	return SK_OK;
}

static enum sk_err severity_of(const struct turn *t, unsigned *out)
{
	uint64_t value = 0;
	if (sk_json_get_u64(t->data, "severity", &value) != SK_OK || value < SK_SEVERITY_LOW || value > SK_SEVERITY_HIGH)
		return malformed(t, "severity", "1 (low), 2 (medium) or 3 (high)");
	*out = (unsigned)value;
	return SK_OK;
}

static enum sk_err kind_of(const struct turn *t, enum sk_case_kind *out)
{
	const char *word = sk_json_get_text(t->data, "kind");
	*out = word != NULL ? sk_case_kind_find(word) : SK_CASE_KIND_COUNT;
	return *out != SK_CASE_KIND_COUNT ? SK_OK : malformed(t, "kind", "a kind of case (sekisho case words)");
}

/* Words of an array, each once, joined by blanks. */
static enum sk_err words_of(const struct turn *t, const char *member, bool (*known)(const char *), char out[SK_CASE_WORDS_TEXT_MAX])
{
	const struct sk_json_value *array = sk_json_get(t->data, member);
	size_t used = 0;
	out[0] = '\0';
	if (array == NULL || array->kind != SK_JSON_ARRAY)
		return malformed(t, member, "an array of words");
	for (const struct sk_json_value *at = array->child; at != NULL; at = at->next) {
		size_t length = at->kind == SK_JSON_TEXT ? at->length : 0;
		bool good = length != 0 && used + length + 2 < SK_CASE_WORDS_TEXT_MAX && strspn(at->text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
		if (!good || (known != NULL && !known(at->text)) || sk_case_has_word(out, at->text))
			return malformed(t, member, known != NULL ? "words of the table, each once (sekisho case words)" : "words of a-z 0-9 _ -, each once");
		if (used != 0)
			out[used++] = ' ';
		memcpy(out + used, at->text, length + 1);
		used += length;
	}
	return SK_OK;
}

static enum sk_err item_of(const struct turn *t, const char *member, struct sk_case_item **out)
{
	uint64_t number = 0;
	if (sk_json_get_u64(t->data, member, &number) != SK_OK)
		return malformed(t, member, "the number of an item");
	*out = number <= UINT32_MAX ? sk_case_item(t->c, (uint32_t)number) : NULL;
	return *out != NULL ? SK_OK : sk_fault_set(t->fault, SK_ENOENT, "case %s: there is no item %llu; sekisho case show lists them", t->c->head.id, (unsigned long long)number);
}

/* ---- what a case holds ---- */

struct sk_case_item *sk_case_item(const struct sk_case *c, uint32_t number)
{
	return number >= 1 && number <= c->item_count ? &c->items[number - 1] : NULL;
}

bool sk_case_has_word(const char *list, const char *word)
{
	size_t length = strlen(word);
	if (length == 0)
		return false;
	for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static void fini_item(struct sk_case_item *item)
{
	free(item->text);
	free(item->ref);
}

void sk_case_fini(struct sk_case *c)
{
	for (size_t i = 0; i < c->item_count; i++)
		fini_item(&c->items[i]);
	for (size_t i = 0; i < c->entry_count; i++)
		free(c->entries[i].plain);
	free(c->items);
	free(c->entries);
	free(c->summary);
	memset(c, 0, sizeof *c);
}

static enum sk_err grow(void *array_pointer, size_t count, size_t *room, size_t element, size_t most, struct sk_fault *fault)
{
	void **array = array_pointer;
	if (count < *room)
		return SK_OK;
	if (count >= most)
		return sk_fault_set(fault, SK_ETOOBIG, "the case holds %zu already, and no more; open another and link them", most);
	size_t more = *room == 0 ? 16 : 2 * *room;
	void *larger = reallocarray(*array, more, element);
	if (larger == NULL)
		return no_memory(fault);
	*array = larger;
	*room = more;
	return SK_OK;
}

/* A new item; text and ref are copied. */
static enum sk_err add_item(const struct turn *t, const struct sk_case_item *like, const char *text, const char *ref)
{
	struct sk_case *c = t->c;
	SK_TRY(grow(&c->items, c->item_count, &c->item_room, sizeof *c->items, SK_CASE_ITEMS_MAX, t->fault));
	struct sk_case_item *item = &c->items[c->item_count];
	*item = *like;
	item->number = (uint32_t)c->item_count + 1;
	item->entry = t->entry->n;
	item->text = strdup(text);
	item->ref = strdup(ref);
	if (item->text == NULL || item->ref == NULL) {
		fini_item(item);
		return no_memory(t->fault);
	}
	c->item_count++;
	return SK_OK;
}

static struct sk_case_item new_item(const struct turn *t, enum sk_case_item_kind kind)
{
	struct sk_case_item item = {.kind = kind, .grade = t->entry->grade, .time_ns = t->entry->time_ns, .link = SK_CASE_LINK_COUNT};
	memcpy(item.by, t->entry->by, sizeof item.by);
	return item;
}

/* The live item that says the same of the same thing. */
static const struct sk_case_item *twin(const struct sk_case *c, const struct sk_case_item *item, const char *ref)
{
	if (item->kind != SK_CASE_ITEM_LINK && item->kind != SK_CASE_ITEM_EVIDENCE)
		return NULL;
	for (size_t i = 0; i < c->item_count; i++)
		if (!c->items[i].gone && c->items[i].kind == item->kind && c->items[i].link == item->link && strcmp(c->items[i].ref, ref) == 0)
			return &c->items[i];
	return NULL;
}

bool sk_case_holds(const struct sk_case *c, const struct sk_case_item *item)
{
	return twin(c, item, item->ref) != NULL;
}

/* ---- items that come from another case ---- */

static enum sk_err read_item(const struct turn *t, const struct sk_json_value *v, struct sk_case_item *out, const char **text, const char **ref)
{
	static const char *const kinds[] = {"note", "task", "link", "evidence"};
	const char *by = sk_json_get_text(v, "by"), *done_by = sk_json_get_text(v, "done_by"), *from = sk_json_get_text(v, "from"), *grade = sk_json_get_text(v, "grade"),
		   *kind = sk_json_get_text(v, "kind"), *link = sk_json_get_text(v, "link"), *playbook = sk_json_get_text(v, "playbook");
	uint64_t number = 0;
	size_t k = 0;
	*out = (struct sk_case_item){.link = SK_CASE_LINK_COUNT};
	*text = sk_json_get_text(v, "text");
	*ref = sk_json_get_text(v, "ref");
	if (by == NULL || strlen(by) >= sizeof out->by || done_by == NULL || strlen(done_by) >= sizeof out->done_by || from == NULL || strlen(from) >= sizeof out->from || playbook == NULL ||
	    strlen(playbook) >= sizeof out->playbook || kind == NULL || link == NULL || grade == NULL || *text == NULL || *ref == NULL)
		return malformed(t, "items", "whole items");
	while (k < SK_COUNT(kinds) && strcmp(kinds[k], kind) != 0)
		k++;
	out->kind = (enum sk_case_item_kind)k;
	out->grade = sk_case_grade_find(grade);
	if (k == SK_COUNT(kinds) || out->grade == SK_CASE_GRADE_COUNT || sk_json_get_u64(v, "from_number", &number) != SK_OK || number == 0 || number > SK_CASE_ITEMS_MAX ||
	    sk_json_get_u64(v, "bytes", &out->bytes) != SK_OK)
		return malformed(t, "items", "whole items");
	if (out->kind == SK_CASE_ITEM_LINK && (out->link = sk_case_link_find(link)) == SK_CASE_LINK_COUNT)
		return malformed(t, "items", "a kind of link");
	out->from_number = (uint32_t)number;
	memcpy(out->by, by, strlen(by) + 1);
	memcpy(out->done_by, done_by, strlen(done_by) + 1);
	memcpy(out->from, from, strlen(from) + 1);
	memcpy(out->playbook, playbook, strlen(playbook) + 1);
	SK_TRY(time_at(t, v, "due", &out->due_ns));
	SK_TRY(time_at(t, v, "done_at", &out->done_ns));
	SK_TRY(time_at(t, v, "time", &out->time_ns));
	out->done = out->done_ns != 0;
	return SK_OK;
}

//= rule: CASE-5
static enum sk_err take_items(const struct turn *t)
{
	const struct sk_json_value *array = sk_json_get(t->data, "items");
	if (array == NULL || array->kind != SK_JSON_ARRAY)
		return malformed(t, "items", "an array");
	for (const struct sk_json_value *at = array->child; at != NULL; at = at->next) {
		struct sk_case_item item;
		const char *text, *ref;
		SK_TRY(read_item(t, at, &item, &text, &ref));
		if (twin(t->c, &item, ref) != NULL)
			return sk_fault_set(t->fault, SK_EEXIST, "case %s holds %s already; nothing is counted twice", t->c->head.id, ref);
		SK_TRY(add_item(t, &item, text, ref));
	}
	return SK_OK;
}

/* Items of this case that go to another: each is here and live. */
static enum sk_err give_items(const struct turn *t, const char *member, const char *to, size_t *count)
{
	const struct sk_json_value *array = sk_json_get(t->data, member);
	if (array == NULL || array->kind != SK_JSON_ARRAY)
		return malformed(t, member, "an array of numbers");
	for (const struct sk_json_value *at = array->child; at != NULL; at = at->next) {
		struct sk_case_item *item = at->kind == SK_JSON_INT && at->integer > 0 && at->integer <= UINT32_MAX ? sk_case_item(t->c, (uint32_t)at->integer) : NULL;
		if (item == NULL || item->gone)
			return sk_fault_set(t->fault, SK_ENOENT, "case %s: an item that is to go is not there (any more), or is named twice", t->c->head.id);
		item->gone = true;
		memcpy(item->to, to, strlen(to) + 1);
		++*count;
	}
	return SK_OK;
}

/* ---- events ---- */

static enum sk_err set_summary(const struct turn *t)
{
	const char *text;
	SK_TRY(text_of(t, "summary", false, SK_CASE_TEXT_MAX, &text));
	char *copy = strdup(text);
	if (copy == NULL)
		return no_memory(t->fault);
	free(t->c->summary);
	t->c->summary = copy;
	return SK_OK;
}

static enum sk_err set_facts(const struct turn *t)
{
	struct sk_case_head *head = &t->c->head;
	SK_TRY(copy_text(t, "title", true, head->title, sizeof head->title));
	for (const char *at = head->title; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return malformed(t, "title", "one line");
	SK_TRY(kind_of(t, &head->kind));
	SK_TRY(severity_of(t, &head->severity));
	SK_TRY(time_at(t, t->data, "due", &head->due_ns));
	SK_TRY(words_of(t, "norms", sk_case_norm_known, head->norms));
	SK_TRY(words_of(t, "sectors", NULL, head->sectors));
	return set_summary(t);
}

static enum sk_err on_open(const struct turn *t)
{
	struct sk_case_head *head = &t->c->head;
	char ignored[SK_MATTER_ID_MAX];
	head->opened_ns = t->entry->time_ns;
	SK_TRY(copy_word(t, "org", true, head->org));
	SK_TRY(copy_word(t, "from", false, ignored));
	SK_TRY(set_facts(t));
	return take_items(t);
}

static enum sk_err on_triage(const struct turn *t)
{
	const char *ignored;
	SK_TRY(kind_of(t, &t->c->head.kind));
	SK_TRY(severity_of(t, &t->c->head.severity));
	return text_of(t, "text", false, SK_CASE_TEXT_MAX, &ignored);
}

static enum sk_err on_text(const struct turn *t)
{
	const char *text;
	enum sk_case_event event = t->entry->event;
	bool why = event == SK_CASE_EVENT_DISMISS || event == SK_CASE_EVENT_REOPEN;
	SK_TRY(text_of(t, "text", why || event == SK_CASE_EVENT_NOTE || event == SK_CASE_EVENT_LOWER, SK_CASE_TEXT_MAX, &text));
	if (event == SK_CASE_EVENT_CLOSE && t->c->head.tasks_open != 0)
		return sk_fault_set(t->fault, SK_ESTAGE, "case %s: %u tasks are open; do them or unlink them first", t->c->head.id, t->c->head.tasks_open);
	if (event == SK_CASE_EVENT_LOWER) {
		if (t->entry->grade > SK_CASE_GRADE_G2)
			return malformed(t, "grade", "G2 or G3, for it is a lowering");
		t->c->lowering = (struct sk_case_lowering){.grade = t->entry->grade, .entry = t->entry->n};
		memcpy(t->c->lowering.by, t->entry->by, sizeof t->entry->by);
	}
	if (event != SK_CASE_EVENT_NOTE)
		return SK_OK;
	struct sk_case_item item = new_item(t, SK_CASE_ITEM_NOTE);
	return add_item(t, &item, text, "");
}

static enum sk_err on_task(const struct turn *t)
{
	const char *text;
	struct sk_case_item item = new_item(t, SK_CASE_ITEM_TASK);
	SK_TRY(text_of(t, "text", true, SK_CASE_TEXT_MAX, &text));
	SK_TRY(time_at(t, t->data, "due", &item.due_ns));
	return add_item(t, &item, text, "");
}

static enum sk_err on_done(const struct turn *t)
{
	struct sk_case_item *item;
	const char *ignored;
	SK_TRY(item_of(t, "item", &item));
	SK_TRY(text_of(t, "text", false, SK_CASE_TEXT_MAX, &ignored));
	if (item->kind != SK_CASE_ITEM_TASK || item->gone || item->done)
		return sk_fault_set(t->fault, SK_ESTAGE, "case %s: item %u is no open task", t->c->head.id, item->number);
	item->done = true;
	item->done_ns = t->entry->time_ns;
	memcpy(item->done_by, t->entry->by, sizeof item->done_by);
	return SK_OK;
}

static enum sk_err on_link(const struct turn *t)
{
	const char *word = sk_json_get_text(t->data, "kind"), *ref, *text;
	struct sk_case_item item = new_item(t, SK_CASE_ITEM_LINK);
	item.link = word != NULL ? sk_case_link_find(word) : SK_CASE_LINK_COUNT;
	if (item.link == SK_CASE_LINK_COUNT)
		return malformed(t, "kind", "a kind of link (sekisho case words)");
	SK_TRY(text_of(t, "ref", true, SK_CASE_REF_MAX, &ref));
	SK_TRY(text_of(t, "text", false, SK_CASE_TEXT_MAX, &text));
	if (item.link == SK_CASE_LINK_CASE && strcmp(ref, t->c->head.id) == 0)
		return sk_fault_set(t->fault, SK_EUSAGE, "case %s cannot be linked to itself", ref);
	if (twin(t->c, &item, ref) != NULL)
		return sk_fault_set(t->fault, SK_EEXIST, "case %s: %s %s is linked already", t->c->head.id, word, ref);
	return add_item(t, &item, text, ref);
}

static enum sk_err on_unlink(const struct turn *t)
{
	struct sk_case_item *item;
	const char *ignored;
	SK_TRY(item_of(t, "item", &item));
	SK_TRY(text_of(t, "text", true, SK_CASE_TEXT_MAX, &ignored));
	if (item->gone)
		return sk_fault_set(t->fault, SK_ESTAGE, "case %s: item %u is gone already", t->c->head.id, item->number);
	item->gone = true;
	return SK_OK;
}

static enum sk_err add_watcher(const struct turn *t, const char *who)
{
	char *list = t->c->head.watchers;
	size_t used = strlen(list), length = strlen(who);
	if (sk_case_has_word(list, who))
		return SK_OK;
	if (used + length + 2 > SK_CASE_WATCHERS_TEXT_MAX)
		return sk_fault_set(t->fault, SK_ETOOBIG, "case %s: no more watchers fit", t->c->head.id);
	if (used != 0)
		list[used++] = ' ';
	memcpy(list + used, who, length + 1);
	return SK_OK;
}

static enum sk_err on_watch(const struct turn *t)
{
	char who[SK_MATTER_ID_MAX], *list = t->c->head.watchers;
	SK_TRY(copy_word(t, "who", true, who));
	if (t->entry->event == SK_CASE_EVENT_WATCH)
		return sk_case_has_word(list, who) ? sk_fault_set(t->fault, SK_EEXIST, "case %s: %s watches it already", t->c->head.id, who) : add_watcher(t, who);
	if (!sk_case_has_word(list, who))
		return sk_fault_set(t->fault, SK_ENOENT, "case %s: %s does not watch it", t->c->head.id, who);
	char rest[SK_CASE_WATCHERS_TEXT_MAX] = "";
	size_t used = 0;
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, " ");
		if (length != strlen(who) || strncmp(at, who, length) != 0) {
			if (used != 0)
				rest[used++] = ' ';
			memcpy(rest + used, at, length);
			used += length;
			rest[used] = '\0';
		}
		at += length + (at[length] == ' ');
	}
	memcpy(list, rest, sizeof rest);
	return SK_OK;
}

static enum sk_err on_assign(const struct turn *t)
{
	const char *ignored;
	SK_TRY(copy_word(t, "to", false, t->c->head.assignee));
	return text_of(t, "text", false, SK_CASE_TEXT_MAX, &ignored);
}

static enum sk_err on_evidence(const struct turn *t)
{
	const char *hash, *name, *text;
	uint8_t ignored[SK_HASH_BYTES];
	struct sk_case_item item = new_item(t, SK_CASE_ITEM_EVIDENCE);
	struct sk_buf said;
	SK_TRY(text_of(t, "name", true, SK_MATTER_ID_MAX, &name));
	SK_TRY(text_of(t, "text", false, SK_CASE_TEXT_MAX, &text));
	SK_TRY(text_of(t, "sha256", true, 2 * SK_HASH_BYTES + 1, &hash));
	if (sk_json_get_hex(t->data, "sha256", ignored, sizeof ignored) != SK_OK || sk_json_get_u64(t->data, "bytes", &item.bytes) != SK_OK || item.bytes > SK_CASE_EVIDENCE_MAX)
		return malformed(t, "sha256", "64 hexadecimal digits, and the number of bytes");
	if (twin(t->c, &item, hash) != NULL)
		return sk_fault_set(t->fault, SK_EEXIST, "case %s: this very file is there already", t->c->head.id);
	sk_buf_init(&said, SK_CASE_TEXT_MAX + SK_MATTER_ID_MAX + 4);
	sk_buf_addf(&said, "%s%s%s", name, text[0] != '\0' ? ": " : "", text);
	enum sk_err err = said.failed != SK_OK ? said.failed : add_item(t, &item, sk_buf_text(&said), hash);
	sk_buf_fini(&said);
	return err;
}

static enum sk_err on_playbook(const struct turn *t)
{
	const struct sk_json_value *tasks = sk_json_get(t->data, "tasks");
	const char *name, *version;
	uint8_t ignored[SK_HASH_BYTES];
	size_t count = 0;
	SK_TRY(text_of(t, "name", true, 32, &name));
	SK_TRY(text_of(t, "version", true, 24, &version));
	if (sk_json_get_hex(t->data, "digest", ignored, sizeof ignored) != SK_OK || tasks == NULL || tasks->kind != SK_JSON_ARRAY || tasks->length == 0 || tasks->length > SK_CASE_TASKS_MAX)
		return malformed(t, "tasks", "a digest, and 1 to 64 tasks");
	for (const struct sk_json_value *at = tasks->child; at != NULL; at = at->next, count++) {
		struct sk_case_item item = new_item(t, SK_CASE_ITEM_TASK);
		const char *text = sk_json_get_text(at, "text");
		if (text == NULL || text[0] == '\0' || strlen(text) >= SK_CASE_TEXT_MAX)
			return malformed(t, "tasks", "a text each");
		SK_TRY(time_at(t, at, "due", &item.due_ns));
		(void)snprintf(item.playbook, sizeof item.playbook, "%s@%s", name, version);
		SK_TRY(add_item(t, &item, text, ""));
	}
	return SK_OK;
}

/* Who lowers does not review, and what was added since is not covered. rule: CASE-3 */
static enum sk_err on_review(const struct turn *t)
{
	struct sk_case_lowering *l = &t->c->lowering;
	uint64_t entry = 0;
	if (sk_json_get_u64(t->data, "entry", &entry) != SK_OK || l->entry == 0 || entry != l->entry)
		return sk_fault_set(t->fault, SK_ENOENT, "case %s: entry %llu is not its last lowering", t->c->head.id, (unsigned long long)entry);
	if (l->reviewed != 0)
		return sk_fault_set(t->fault, SK_ESTAGE, "case %s: that lowering was reviewed already", t->c->head.id);
	if (strcmp(l->by, t->entry->by) == 0)
		return sk_fault_set(t->fault, SK_EPERMIT, "case %s: %s lowered it, and somebody else reviews", t->c->head.id, l->by);
	l->reviewed = t->entry->n;
	memcpy(l->reviewer, t->entry->by, sizeof l->reviewer);
	return SK_OK;
}

static enum sk_err on_bundle(const struct turn *t)
{
	uint8_t ignored[SK_HASH_BYTES];
	const char *word = sk_json_get_text(t->data, "for"), *text;
	if (sk_json_get_hex(t->data, "digest", ignored, sizeof ignored) != SK_OK)
		return malformed(t, "digest", "64 hexadecimal digits: the bundle's");
	if (t->entry->event == SK_CASE_EVENT_BUNDLE)
		return word != NULL && sk_case_audience_find(word) != SK_CASE_AUDIENCE_COUNT ? SK_OK : malformed(t, "for", "oversight, court or partner");
	SK_TRY(text_of(t, "to", true, SK_CASE_TITLE_MAX, &text));
	return text_of(t, "text", false, SK_CASE_TEXT_MAX, &text);
}

static enum sk_err on_merge(const struct turn *t)
{
	char into[SK_MATTER_ID_MAX];
	const char *ignored;
	size_t count = 0;
	SK_TRY(copy_word(t, "into", true, into));
	SK_TRY(text_of(t, "text", false, SK_CASE_TEXT_MAX, &ignored));
	if (strcmp(into, t->c->head.id) == 0)
		return sk_fault_set(t->fault, SK_EUSAGE, "case %s: it cannot go into itself", into);
	SK_TRY(give_items(t, "items", into, &count));
	if (t->entry->event == SK_CASE_EVENT_SPLIT)
		return count != 0 ? SK_OK : malformed(t, "items", "at least one");
	SK_TRY(give_items(t, "duplicates", into, &count));
	for (size_t i = 0; i < t->c->item_count; i++)
		if (!t->c->items[i].gone)
			return sk_fault_set(t->fault, SK_EMALFORMED, "case %s: item %u stays behind; a case is merged with all that is in it", t->c->head.id, t->c->items[i].number);
	return SK_OK;
}

static enum sk_err on_absorb(const struct turn *t)
{
	char from[SK_MATTER_ID_MAX], who[SK_MATTER_ID_MAX];
	const char *list;
	SK_TRY(copy_word(t, "from", true, from));
	SK_TRY(text_of(t, "watchers", false, SK_CASE_WATCHERS_TEXT_MAX, &list));
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, " ");
		if (length >= sizeof who)
			return malformed(t, "watchers", "accounts");
		memcpy(who, at, length);
		who[length] = '\0';
		SK_TRY(add_watcher(t, who));
		at += length + (at[length] == ' ');
	}
	return take_items(t);
}

static enum sk_err carry_out(const struct turn *t)
{
	switch (t->entry->event) {
	case SK_CASE_EVENT_OPEN: return on_open(t);
	case SK_CASE_EVENT_EDIT: return set_facts(t);
	case SK_CASE_EVENT_TRIAGE: return on_triage(t);
	case SK_CASE_EVENT_TASK: return on_task(t);
	case SK_CASE_EVENT_DONE: return on_done(t);
	case SK_CASE_EVENT_LINK: return on_link(t);
	case SK_CASE_EVENT_UNLINK: return on_unlink(t);
	case SK_CASE_EVENT_ASSIGN: return on_assign(t);
	case SK_CASE_EVENT_WATCH:
	case SK_CASE_EVENT_UNWATCH: return on_watch(t);
	case SK_CASE_EVENT_EVIDENCE: return on_evidence(t);
	case SK_CASE_EVENT_PLAYBOOK: return on_playbook(t);
	case SK_CASE_EVENT_REVIEW: return on_review(t);
	case SK_CASE_EVENT_BUNDLE:
	case SK_CASE_EVENT_HANDOVER: return on_bundle(t);
	case SK_CASE_EVENT_MERGE:
	case SK_CASE_EVENT_SPLIT: return on_merge(t);
	case SK_CASE_EVENT_ABSORB: return on_absorb(t);
	default: return on_text(t);
	}
}

/* ---- grades ---- */

//= rule: CASE-3
enum sk_err sk_case_data_grade(enum sk_case_event event, const struct sk_json_value *data, enum sk_case_grade *out, struct sk_fault *fault)
{
	const char *said = sk_json_get_text(data, "grade"), *link = event == SK_CASE_EVENT_LINK ? sk_json_get_text(data, "kind") : NULL;
	enum sk_case_link kind = link != NULL ? sk_case_link_find(link) : SK_CASE_LINK_COUNT;
	const struct sk_json_value *items = sk_json_get(data, "items");
	*out = said != NULL ? sk_case_grade_find(said) : SK_CASE_GRADE_G3;
	if (*out == SK_CASE_GRADE_COUNT)
		return sk_fault_set(fault, SK_EMALFORMED, "case, %s: 'grade': expected G3, G2, A or G1", sk_case_event_name(event));
	if (kind != SK_CASE_LINK_COUNT && sk_case_link_grade(kind) > *out)
		*out = sk_case_link_grade(kind);
	for (const struct sk_json_value *at = items != NULL && items->kind == SK_JSON_ARRAY ? items->child : NULL; at != NULL; at = at->next) {
		const char *word = sk_json_get_text(at, "grade");
		enum sk_case_grade grade = word != NULL ? sk_case_grade_find(word) : SK_CASE_GRADE_COUNT;
		if (grade != SK_CASE_GRADE_COUNT && grade > *out)
			*out = grade;
	}
	return SK_OK;
}

/* Everything of the head that follows from the rest. */
static void count(struct sk_case *c)
{
	struct sk_case_head *head = &c->head;
	enum sk_case_grade grade = SK_CASE_GRADE_G3;
	head->findings = head->reports = head->tasks = head->tasks_open = head->notes = 0;
	head->entries = (uint32_t)c->entry_count;
	for (size_t i = 0; i < c->entry_count; i++)
		if (c->entries[i].grade > grade)
			grade = c->entries[i].grade;
	for (size_t i = 0; i < c->item_count; i++) {
		const struct sk_case_item *item = &c->items[i];
		if (item->gone)
			continue;
		head->notes += item->kind == SK_CASE_ITEM_NOTE;
		head->tasks += item->kind == SK_CASE_ITEM_TASK;
		head->tasks_open += item->kind == SK_CASE_ITEM_TASK && !item->done;
		head->findings += item->kind == SK_CASE_ITEM_LINK && item->link == SK_CASE_LINK_FINDING;
		head->reports += item->kind == SK_CASE_ITEM_LINK && item->link == SK_CASE_LINK_REPORT;
	}
	/* What was in a case once was read by whoever read it: a grade does not fall by taking something out. */
	head->grade = grade;
}

static void note_times(struct sk_case_head *head, int64_t now_ns)
{
	head->last_ns = now_ns;
	if (head->state == SK_CASE_TRIAGED && head->triaged_ns == 0)
		head->triaged_ns = now_ns;
	if ((head->state == SK_CASE_CONTAINED || head->state == SK_CASE_RESOLVED) && head->contained_ns == 0)
		head->contained_ns = now_ns;
	if (sk_case_state_over(head->state) && head->closed_ns == 0)
		head->closed_ns = now_ns;
	if (head->state == SK_CASE_REOPENED)
		head->closed_ns = 0;
}

static enum sk_err allowed_next(const struct sk_case *c, enum sk_case_event event, struct sk_fault *fault)
{
	char allowed[256] = "";
	for (unsigned e = 0; e < SK_CASE_EVENT_COUNT; e++)
		if (sk_case_event_asked((enum sk_case_event)e) && sk_case_step(c->head.state, (enum sk_case_event)e) != SK_CASE_STATE_COUNT && strlen(allowed) + 16 < sizeof allowed)
			(void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), " %s", sk_case_event_name((enum sk_case_event)e));
	return sk_fault_set(fault, SK_ESTAGE, "case %s is %s; there is no step '%s' from there, expected%s", c->head.id, c->head.state == SK_CASE_NONE ? "not there" : sk_case_state_name(c->head.state),
			    sk_case_event_name(event), allowed);
}

/* ---- one entry ---- */

static enum sk_err read_envelope(const struct sk_case *c, const struct sk_json_value *top, struct sk_case_entry *e, struct sk_fault *fault)
{
	const char *by = sk_json_get_text(top, "by"), *id = sk_json_get_text(top, "case"), *event = sk_json_get_text(top, "event"), *format = sk_json_get_text(top, "format"),
		   *grade = sk_json_get_text(top, "grade"), *time = sk_json_get_text(top, "time");
	uint64_t n = 0;
	enum sk_case_grade of_data;
	if (top->kind != SK_JSON_OBJECT || top->length != 8 || format == NULL || strcmp(format, "sekisho-case/1") != 0 || by == NULL || strlen(by) >= sizeof e->by || id == NULL ||
	    (c->head.id[0] != '\0' && strcmp(id, c->head.id) != 0) || strlen(id) >= SK_MATTER_ID_MAX || event == NULL || grade == NULL || time == NULL || sk_time_parse(time, &e->time_ns) != SK_OK ||
	    sk_json_get_u64(top, "n", &n) != SK_OK || n != c->entry_count + 1 || n > SK_CASE_ENTRIES_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "case %.63s: entry %zu is not one (sekisho-case/1)", c->head.id, c->entry_count + 1);
	e->n = (uint32_t)n;
	e->event = sk_case_event_find(event);
	e->grade = sk_case_grade_find(grade);
	if (e->event == SK_CASE_EVENT_COUNT || e->grade == SK_CASE_GRADE_COUNT || e->time_ns < c->head.last_ns)
		return sk_fault_set(fault, SK_EMALFORMED, "case %.63s: entry %u: an event, a grade, or a time that cannot be", c->head.id, e->n);
	SK_TRY(sk_case_data_grade(e->event, sk_json_get(top, "data"), &of_data, fault));
	if (of_data != e->grade)
		return sk_fault_set(fault, SK_EMALFORMED, "case %.63s: entry %u says grade %s, what is in it is %s", c->head.id, e->n, grade, sk_case_grade_word(of_data));
	memcpy(e->by, by, strlen(by) + 1);
	return SK_OK;
}

enum sk_err sk_case_apply(struct sk_case *c, const char *plain, size_t length, struct sk_case_entry *entry, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	if (length > SK_CASE_ENTRY_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "case: an entry of %zu bytes; at most %d are allowed", length, SK_CASE_ENTRY_MAX);
	SK_TRY(sk_json_parse(plain, length, &doc, fault));
	enum sk_err err = read_envelope(c, sk_json_top(doc), entry, fault);
	enum sk_case_state next = err == SK_OK ? sk_case_step(c->head.state, entry->event) : SK_CASE_STATE_COUNT;
	if (err == SK_OK && next == SK_CASE_STATE_COUNT)
		err = allowed_next(c, entry->event, fault);
	if (err == SK_OK)
		err = grow(&c->entries, c->entry_count, &c->entry_room, sizeof *c->entries, SK_CASE_ENTRIES_MAX, fault);
	if (err == SK_OK) {
		const char *id = sk_json_get_text(sk_json_top(doc), "case");
		struct turn t = {.c = c, .data = sk_json_get(sk_json_top(doc), "data"), .entry = entry, .fault = fault};
		memcpy(c->head.id, id, strlen(id) + 1);
		if (entry->event == SK_CASE_EVENT_OPEN)
			c->lowering.grade = SK_CASE_GRADE_COUNT;
		entry->from = c->head.state;
		entry->to = next;
		err = carry_out(&t);
	}
	sk_json_free(doc);
	if (err != SK_OK)
		return err;
	entry->plain = malloc(length + 1);
	if (entry->plain == NULL)
		return no_memory(fault);
	memcpy(entry->plain, plain, length);
	entry->plain[length] = '\0';
	entry->plain_length = length;
	c->head.state = next;
	c->entries[c->entry_count++] = *entry;
	note_times(&c->head, entry->time_ns);
	count(c);
	return SK_OK;
}
