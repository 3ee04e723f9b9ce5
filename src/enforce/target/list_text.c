/* SPDX-License-Identifier: Apache-2.0 */
/* A block list's text: plain values, one a line, each below a comment that says until when, by which order, and whose it is. Every firewall that takes a list of lines
   takes this one; one that reads the comments forgets a line in time even when it gets no new list. */
#include "target/list_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "text/lines.h"
#include "text/text.h"

static const char *const names[SK_LIST_KINDS] = {"prefixes.txt", "domains.txt"};
static const char *const kinds[SK_LIST_KINDS] = {"prefixes", "domains"};

const char *sk_list_name(enum sk_list_kind kind)
{
	return names[kind];
}

void sk_list_fini(struct sk_list *list)
{
	free(list->entries);
	*list = (struct sk_list){.entries = NULL};
}

/* Where the value stands, or would. */
static size_t place_of(const struct sk_list *list, const char *value)
{
	size_t low = 0, high = list->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(list->entries[middle].value, value) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct sk_list_entry *sk_list_find(const struct sk_list *list, const char *value)
{
	size_t at = place_of(list, value);
	return at < list->count && strcmp(list->entries[at].value, value) == 0 ? &list->entries[at] : NULL;
}

enum sk_err sk_list_put(struct sk_list *list, const struct sk_list_entry *entry)
{
	size_t at = place_of(list, entry->value);
	if (at < list->count && strcmp(list->entries[at].value, entry->value) == 0) {
		list->entries[at] = *entry;
		return SK_OK;
	}
	if (list->count == SK_LIST_ENTRIES_MAX)
		return SK_ETOOBIG;
	if (list->count == list->places) {
		size_t places = list->places == 0 ? 64 : list->places * 2;
		struct sk_list_entry *more = realloc(list->entries, places * sizeof *more);
		if (more == NULL)
			return SK_ENOMEM;
		list->entries = more;
		list->places = places;
	}
	memmove(list->entries + at + 1, list->entries + at, (list->count - at) * sizeof *list->entries);
	list->entries[at] = *entry;
	list->count++;
	return SK_OK;
}

void sk_list_remove(struct sk_list *list, size_t i)
{
	SK_INVARIANT(i < list->count);
	memmove(list->entries + i, list->entries + i + 1, (list->count - i - 1) * sizeof *list->entries);
	list->count--;
}

void sk_list_write(const struct sk_list *list, enum sk_list_kind kind, const char *by, int64_t made_ns, struct sk_buf *out)
{
	char time[SK_TIME_TEXT_MAX];
	sk_buf_addf(out, "# sekisho-list/1 %s\n# by %s, made %s, %zu lines\n# Each line is in force until the time above it and not a second longer.\n", kinds[kind], by,
		    sk_time_format(made_ns, 0, time), list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct sk_list_entry *entry = &list->entries[i];
		sk_buf_addf(out, "# until %s order %s tag %s\n%s\n", sk_time_format(entry->until_ns, 0, time), entry->order, entry->tag, entry->value);
	}
}

enum sk_err sk_list_replace(const char *path, const struct sk_buf *bytes, struct sk_fault *fault)
{
	SK_TRY(sk_file_replace(path, bytes->bytes, bytes->length, 0644, fault));
	return chmod(path, 0644) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s", path);
}

/* ---- reading ---- */

static bool is_tag(const char *text)
{
	return strlen(text) == SK_TAG_MAX - 1 && strspn(text, "0123456789abcdef") == SK_TAG_MAX - 1;
}

/* "# until TIME order ID tag HEX" into the entry that follows. Any other comment is nobody's. */
static void read_comment(char *line, struct sk_list_entry *next)
{
	char *word[7];
	*next = (struct sk_list_entry){.until_ns = 0};
	if (sk_lines_split(line, ' ', word, SK_COUNT(word)) != SK_COUNT(word) || strcmp(word[1], "until") != 0 || strcmp(word[3], "order") != 0 || strcmp(word[5], "tag") != 0)
		return;
	if (sk_time_parse(word[2], &next->until_ns) != SK_OK || strlen(word[4]) >= sizeof next->order || !is_tag(word[6])) {
		next->until_ns = 0;
		return;
	}
	memcpy(next->order, word[4], strlen(word[4]));
	memcpy(next->tag, word[6], sizeof next->tag);
}

static enum sk_err read_value(struct sk_lines *lines, struct sk_list *list, struct sk_list_entry *next, struct sk_fault *fault)
{
	size_t length = strlen(lines->text);
	if (length >= sizeof next->value)
		return sk_lines_fault(lines, fault, "a value of %zu bytes", length);
	memcpy(next->value, lines->text, length + 1);
	bool in_order = list->count == 0 || strcmp(list->entries[list->count - 1].value, next->value) < 0;
	if (!in_order) {
		next->tag[0] = '\0';
		next->order[0] = '\0';
	}
	enum sk_err err = sk_list_put(list, next);
	*next = (struct sk_list_entry){.until_ns = 0};
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "%s: more lines than can be held", lines->label);
}

enum sk_err sk_list_parse(const char *name, const void *text, size_t length, struct sk_list *list, struct sk_fault *fault)
{
	struct sk_lines lines;
	struct sk_list_entry next = {.until_ns = 0};
	enum sk_err err;
	sk_lines_begin(&lines, name, text, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (lines.text[0] == '#')
			read_comment(lines.text, &next);
		else if (lines.text[0] != '\0')
			SK_TRY(read_value(&lines, list, &next, fault));
	}
	return err == SK_ENOENT ? SK_OK : err;
}
