/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a playbook: what is taken has a name, tasks with a text in both languages, and nothing that is no line. */
#include <stdlib.h>
#include <string.h>

#include "case/playbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_playbook *book = NULL;
	struct sk_fault fault = {.line = ""};
	if (sk_seal_start() != SK_OK)
		return 0;
	if (sk_playbook_parse("p.yaml", bytes, length, &book, &fault) != SK_OK) {
		SK_INVARIANT(book == NULL && fault.line[0] != '\0');
		return 0;
	}
	SK_INVARIANT(book->name[0] != '\0' && strchr(book->name, '/') == NULL && book->task_count >= 1 && book->task_count <= SK_CASE_TASKS_MAX && book->kind < SK_CASE_KIND_COUNT);
	for (size_t i = 0; i < book->task_count; i++)
		SK_INVARIANT(book->tasks[i].ja[0] != '\0' && book->tasks[i].en[0] != '\0' && strchr(book->tasks[i].en, '\n') == NULL && book->tasks[i].within_ns >= 0);
	free(book);
	return 0;
}
