/* SPDX-License-Identifier: Apache-2.0 */
/* web/looks.h: what handlers that show findings, campaigns and the border ask of whoever made the server (cmd): where stores lie, which findings are muted, what the sensors'
   ledgers say. Every call may come from any thread; whoever answers locks for itself. */
#ifndef SK_WEB_LOOKS_H
#define SK_WEB_LOOKS_H

#include "store/page.h"
#include "text/json.h"

struct sk_web_looks {
	void *context;
	/* A store of workspace i, open for reading; give it back. SK_ENOENT: nothing was watched yet; and what opening says. */
	enum sk_err (*take)(void *context, size_t i, int64_t now_ns, struct sk_store **out, struct sk_fault *fault);
	void (*give_back)(void *context, size_t i, struct sk_store *store);
	/* Is it muted in workspace i? */
	bool (*muted)(void *context, size_t i, const struct sk_finding *finding, int64_t now_ns);
	/* Members of the object that is open: what was measured at the border lately, and over a time; campaigns as they were last computed. */
	enum sk_err (*border)(void *context, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault);
	enum sk_err (*series)(void *context, int64_t since_ns, int64_t until_ns, size_t points, struct sk_json_writer *w, struct sk_fault *fault);
	enum sk_err (*campaigns)(void *context, size_t i, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault);
};

#endif
