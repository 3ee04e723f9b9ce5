/* SPDX-License-Identifier: Apache-2.0 */
/* A run without set-up: a private temporary lab workspace from --home or --own, and the commands that make it permanent. */
#ifndef SK_CMD_QUICK_H
#define SK_CMD_QUICK_H

#include "cmd/cmd.h"
#include "cmd/workspace.h"

enum { SK_QUICK_LISTS_MAX = 16 };

struct sk_quick {
	const char *home;          /* country code, or NULL */
	const char *border_path;   /* a table file, or NULL */
	size_t own_count;
	struct sk_prefix own[SK_OWN_PREFIXES_MAX];
	size_t list_count;
	const char *lists[SK_QUICK_LISTS_MAX];
	size_t rule_count;
	const char *rules[SK_QUICK_LISTS_MAX];
	size_t detector_words;     /* 0: the default set */
	const char *detectors[SK_DETECTOR_WORDS_MAX];
};

/* Make it below $TMPDIR (or /tmp), mode 0700; without lists every flow is selected (flow.all). folder gets the path. */
SK_MUST enum sk_err sk_quick_make(struct sk_cmd *cmd, const struct sk_quick *quick, char folder[SK_PATH_MAX], struct sk_fault *fault);
/* The three commands that make this permanent. */
void sk_quick_print_permanent(struct sk_cmd *cmd, const struct sk_quick *quick, const char *folder);

#endif
