/* SPDX-License-Identifier: Apache-2.0 */
/* Campaigns of the workspaces that a server shows: computed by a thread of their own when a store has grown, for whoever asks next. rule: BOOK-1 (each asking is a row; computing shows
   nobody anything). */
#ifndef SK_CMD_SERVE_CAMPAIGNS_H
#define SK_CMD_SERVE_CAMPAIGNS_H

#include "campaign/campaign.h"
#include "cmd/cmd.h"
#include "store/page.h"
#include "text/json.h"

struct sk_serve_campaigns; /* opaque; any thread */

/* Start; folders of workspaces and their names are borrowed for the whole life. SK_ENOMEM. */
SK_MUST enum sk_err sk_serve_campaigns_open(struct sk_cmd *cmd, const char *const *folders, const char *const *names, size_t count, struct sk_serve_campaigns **out, struct sk_fault *fault);
/* Wait for what is being computed, and free (NULL is fine). */
void sk_serve_campaigns_close(struct sk_serve_campaigns *campaigns);
/* The store of workspace i stands so: compute anew if it grew, and not more often than a tenth of a processor allows. wait: for a moment, where nothing was ever computed. */
void sk_serve_campaigns_want(struct sk_serve_campaigns *campaigns, size_t i, const struct sk_store_state *state, int64_t now_ns, bool wait);
/* Elements of the array that is open: the campaigns of workspace i as they were last computed, each with the workspace's name. */
void sk_serve_campaigns_write(struct sk_serve_campaigns *campaigns, size_t i, struct sk_json_writer *w);
/* How old what was computed of i is: false, it never was. computing, failed ("": it did not): how it stands. */
bool sk_serve_campaigns_age(struct sk_serve_campaigns *campaigns, size_t i, int64_t now_ns, int64_t *age_s, bool *computing, char failed[SK_FAULT_LINE_MAX]);
/* The campaign that a finding of workspace i was in when they were last computed: false, in none, or they never were. */
bool sk_serve_campaigns_of(struct sk_serve_campaigns *campaigns, size_t i, const uint8_t finding[16], char id[SK_CAMPAIGN_ID_MAX]);

/* The workspace that has a campaign of that id; 0 where none does. */
size_t sk_serve_campaigns_place(struct sk_serve_campaigns *campaigns, const char *id);

#endif
