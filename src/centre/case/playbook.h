/* SPDX-License-Identifier: Apache-2.0 */
/* case/playbook.h: checklists as data: one YAML file each (policy/playbooks/), with a name and a version; attached to a case they become its tasks, and the act names the file's digest.
   Promises: strict: a key that is not known, stands twice, an anchor, an alias or a tag is refused with its line. Never: opens a file, runs anything. Thread rule: reentrant. rule: CASE-7 */
#ifndef SK_CASE_PLAYBOOK_H
#define SK_CASE_PLAYBOOK_H

#include "case/case.h"

enum { SK_PLAYBOOK_WORD_MAX = 24, SK_PLAYBOOK_TEXT_MAX = 512, SK_PLAYBOOK_FILE_MAX = 1 << 16 };

struct sk_playbook_task {
	char phase[SK_PLAYBOOK_WORD_MAX]; /* triage, contain, remove, recover, learn */
	char ja[SK_PLAYBOOK_TEXT_MAX], en[SK_PLAYBOOK_TEXT_MAX];
	int64_t within_ns;               /* of the attaching; 0: no day */
};
struct sk_playbook {
	char name[SK_PLAYBOOK_WORD_MAX], version[SK_PLAYBOOK_WORD_MAX], ja[SK_PLAYBOOK_TEXT_MAX], en[SK_PLAYBOOK_TEXT_MAX];
	enum sk_case_kind kind;
	uint8_t digest[SK_HASH_BYTES];   /* SHA-256 of the file */
	size_t task_count;
	struct sk_playbook_task tasks[SK_CASE_TASKS_MAX];
};

/* Parse a file of length bytes, called name in messages. *out is the caller's to free (free). SK_EINPUT with FILE:LINE, SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_playbook_parse(const char *name, const void *yaml, size_t length, struct sk_playbook **out, struct sk_fault *fault);

#endif
