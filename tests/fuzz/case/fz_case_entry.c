/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as the entries of a case, one after the other: each is refused, or the case has one entry more and its counts are those of its items. */
#include <string.h>

#include "case/case_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(const struct sk_case *c)
{
	uint32_t findings = 0, open = 0, notes = 0;
	for (size_t i = 0; i < c->item_count; i++) {
		const struct sk_case_item *item = &c->items[i];
		SK_INVARIANT(item->number == i + 1 && item->entry >= 1 && item->entry <= c->entry_count && item->text != NULL && item->ref != NULL);
		findings += !item->gone && item->kind == SK_CASE_ITEM_LINK && item->link == SK_CASE_LINK_FINDING;
		open += !item->gone && item->kind == SK_CASE_ITEM_TASK && !item->done;
		notes += !item->gone && item->kind == SK_CASE_ITEM_NOTE;
		SK_INVARIANT(item->gone || item->grade <= c->head.grade);
	}
	SK_INVARIANT(findings == c->head.findings && open == c->head.tasks_open && notes == c->head.notes && c->head.entries == c->entry_count);
	SK_INVARIANT(c->head.state != SK_CASE_MERGED || (findings == 0 && open == 0 && notes == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_case c = {0};
	const char *at = (const char *)bytes, *end = at + length;
	bool whole = sk_seal_start() == SK_OK;
	while (whole && at < end && c.entry_count < 64) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line = stop != NULL ? (size_t)(stop - at) : (size_t)(end - at);
		struct sk_case_entry entry = {0};
		struct sk_fault fault = {.line = ""};
		size_t before = c.entry_count;
		/* A refused entry leaves the case as it may be: it is not used any more, as its callers do. */
		whole = sk_case_apply(&c, at, line, &entry, &fault) == SK_OK;
		if (whole) {
			SK_INVARIANT(c.entry_count == before + 1);
			check(&c);
		} else {
			SK_INVARIANT(fault.line[0] != '\0');
		}
		at += line + 1;
	}
	sk_case_fini(&c);
	return 0;
}
