/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of sekisho campaign. */
#ifndef SK_CMD_CAMPAIGN_H
#define SK_CMD_CAMPAIGN_H

#include "campaign/campaign.h"
#include "campaign/hours.h"
#include "campaign/place.h"
#include "cmd/mute.h"
#include "cmd/query.h"
#include "indicator/indicator.h"

/* sekisho campaign hours; argv[0] is "hours". Returns the exit code. */
int sk_campaign_hours_command(struct sk_cmd *cmd, int argc, char **argv);
/* sekisho campaign list and show; argv[0] says which. Returns the exit code. */
int sk_campaign_graph_command(struct sk_cmd *cmd, int argc, char **argv);

/* An estimate as members of the object that is open. */
void sk_campaign_hours_json(struct sk_json_writer *w, const struct sk_hours *hours);
/* The same for people. */
void sk_campaign_hours_print(FILE *out, const struct sk_hours *hours);

/* ---- campaign_view.c: a workspace's findings, tied together ---- */

enum { SK_CAMPAIGN_WARNINGS_MAX = 64 };
enum sk_campaign_graph { SK_GRAPH_NONE, SK_GRAPH_DOT, SK_GRAPH_JSON };

/* A value whose text is wanted; the second walk over the store fills it. */
struct sk_wanted {
	uint64_t value;
	char text[SK_LINK_TEXT_MAX];
};

struct sk_campaign_view {
	struct sk_query query;
	bool all, muted;
	enum sk_campaign_graph graph;
	const char *wanted_id, *as_path, *sectors_path, *warnings[SK_CAMPAIGN_WARNINGS_MAX];
	size_t warning_count;
	int64_t at_ns;
	struct sk_border *border;
	struct sk_places *as, *sectors;
	struct sk_indicator_builder *lists;
	struct sk_mutes *mutes;
	struct sk_campaign_options options;
	struct sk_campaigns *campaigns;
	uint64_t muted_count, erased;
};

/* Read the options; argv[0] is list or show. False: it was --help or a wrong call, and *exit_code is the answer. */
bool sk_campaign_view_parse(struct sk_campaign_view *view, struct sk_cmd *cmd, int argc, char **argv, int *exit_code);
/* Open the workspace and tie its findings together. *view was parsed; it is closed in any case by sk_campaign_view_close. */
SK_MUST enum sk_err sk_campaign_view_open(struct sk_campaign_view *view, struct sk_fault *fault);
/* Close and free what it holds. */
void sk_campaign_view_close(struct sk_campaign_view *view);
/* Walk the store again: texts of the values (sorted by value), each finding and observation that was tied. The visitors may be NULL. */
SK_MUST enum sk_err sk_campaign_view_again(struct sk_campaign_view *view, struct sk_wanted *wanted, size_t count, sk_store_finding_visit finding,
					   sk_store_observation_visit observation, void *context, struct sk_fault *fault);
/* Sort by value and throw out doubles; returns how many are left. */
size_t sk_wanted_sort(struct sk_wanted *wanted, size_t count);
/* The text of a value; "" when the walk did not meet it. */
const char *sk_wanted_text(const struct sk_wanted *wanted, size_t count, uint64_t value);
/* ATT&CK techniques of the kinds of findings, each once, joined by blanks; "-" when none is known. */
void sk_campaign_techniques(const struct sk_campaign_view *view, uint64_t kinds, struct sk_buf *out);
/* Sectors that were hit, joined by blanks; "-" when none is known. */
void sk_campaign_sectors(const struct sk_campaign_view *view, uint64_t sectors, struct sk_buf *out);
/* A campaign as members of the object that is open. */
void sk_campaign_json(const struct sk_campaign_view *view, struct sk_json_writer *w, const struct sk_campaign *campaign);

/* A campaign as an element of a list: its members, and the strongest link, whose value is `link`. */
void sk_campaign_json_item(const struct sk_campaign_view *view, struct sk_json_writer *w, const struct sk_campaign *campaign, const char *link);

/* ---- campaign_graph.c ---- */

/* Who takes what sk_campaign_compute found: how many first, then each one in order, then each finding that is in one, in order of ids. */
struct sk_campaign_taker {
	void *context;
	enum sk_err (*count)(void *context, size_t count);
	enum sk_err (*campaign)(void *context, const struct sk_campaign_view *view, const struct sk_campaign *campaign, const char *link);
	sk_campaign_member_visit member;
};
/* The campaigns that `sekisho campaign list` would print; argv as of that command, argv[0] is list. SK_EUSAGE, and what opening and walking say. */
SK_MUST enum sk_err sk_campaign_compute(struct sk_cmd *cmd, int argc, char **argv, const struct sk_campaign_taker *taker, struct sk_fault *fault);

/* ---- campaign_show.c ---- */

/* sekisho campaign show. */
SK_MUST enum sk_err sk_campaign_show(struct sk_campaign_view *view, struct sk_fault *fault);

#endif
