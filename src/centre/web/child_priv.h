/* SPDX-License-Identifier: Apache-2.0 */
/* One command of ours as a child process. */
#ifndef SK_WEB_CHILD_PRIV_H
#define SK_WEB_CHILD_PRIV_H

#include "web/web_priv.h"

enum { SK_WEB_EXTRA_MAX = 8 };

struct sk_web_extra {
	const char *option, *value;
	size_t file_length;      /* not 0: value travels as a file of that length */
};

struct sk_web_child {
	const char *program;     /* our own binary */
	const char *token;       /* of the session that it runs for; NULL none */
	const char *me, *by, *rp_id, *page; /* the caller's account and a key of it ("" none), whom security keys are for; {me} {by} {rp} {page} in a row's words */
	unsigned seconds;        /* how long it may take */
	size_t extra_count;      /* options behind the row's own */
	struct sk_web_extra extra[SK_WEB_EXTRA_MAX];
};

/* Run the call's row; what it printed is appended to out. Other than SK_OK: call->fault has the command's own line, by its exit code or its own name for it. */
SK_MUST enum sk_err sk_web_child_run(const struct sk_web_child *child, struct sk_web_call *call, struct sk_buf *out);

#endif
