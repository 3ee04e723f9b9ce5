/* SPDX-License-Identifier: Apache-2.0 */
/* web/looks.h: what handlers that show findings, campaigns and the border ask of whoever made the server (cmd): where stores lie, which findings are muted, what the sensors'
   ledgers say. Every call may come from any thread; whoever answers locks for itself. */
#ifndef SK_WEB_LOOKS_H
#define SK_WEB_LOOKS_H

#include "store/page.h"
#include "text/json.h"

enum { SK_WEB_CAMPAIGN_ID_MAX = 16 };

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
	enum sk_err (*countries)(void *context, int64_t since_ns, int64_t until_ns, struct sk_json_writer *w, struct sk_fault *fault);
	enum sk_err (*campaigns)(void *context, size_t from, size_t count, int64_t now_ns, struct sk_json_writer *w, struct sk_fault *fault); /* of that many workspaces from one on */
	/* The campaign that a finding of workspace i was in when they were last computed. False: in none, or they never were. */
	bool (*campaign_of)(void *context, size_t i, const uint8_t finding[16], char id[SK_WEB_CAMPAIGN_ID_MAX]);
	/* The workspace that has a campaign of that id; 0 where none does. */
	size_t (*campaign_place)(void *context, const char *id);
	/* They are about to be asked for: compute what is old. *age_s: of what there is; false: nothing is. */
	bool (*campaigns_age)(void *context, size_t i, int64_t now_ns, int64_t *age_s);
};

struct sk_web_call;
/* The workspace that holds the finding of that id (32 hexadecimal digits); 0 where none does. */
size_t sk_web_workspace_of_finding(const struct sk_web_call *call, const char *id);

#endif
