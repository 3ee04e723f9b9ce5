/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a block list: entries are in order, each once; a list of our own lines alone is written and read as the same list. Signatures over it verify, and over nothing else. */
#include "target/list_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void write_again(const struct sk_list *list)
{
	struct sk_list again = {.count = 0};
	struct sk_buf text;
	struct sk_fault fault;
	sk_buf_init(&text, 1 << 24);
	sk_list_write(list, SK_LIST_DOMAINS, "e", 0, &text);
	SK_INVARIANT(sk_list_parse("again", text.bytes, text.length, &again, &fault) == SK_OK && again.count == list->count);
	for (size_t i = 0; i < again.count; i++)
		SK_INVARIANT(strcmp(again.entries[i].value, list->entries[i].value) == 0 && strcmp(again.entries[i].tag, list->entries[i].tag) == 0 &&
			     strcmp(again.entries[i].order, list->entries[i].order) == 0);
	sk_list_fini(&again);
	sk_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_list list = {.count = 0};
	struct sk_fault fault;
	bool all_ours = true;
	if (sk_list_parse("fuzz", bytes, length, &list, &fault) == SK_OK) {
		for (size_t i = 0; i < list.count; i++) {
			SK_INVARIANT(i == 0 || strcmp(list.entries[i - 1].value, list.entries[i].value) < 0);
			SK_INVARIANT(sk_list_find(&list, list.entries[i].value) == &list.entries[i]);
			all_ours = all_ours && list.entries[i].tag[0] != '\0';
		}
		if (all_ours)
			write_again(&list);
	}
	sk_list_fini(&list);
	return 0;
}
