/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho campaign list, and the way to show. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/campaign.h"
#include "text/text.h"

enum { CELL_MAX = 8192 };

static const struct sk_column columns[] = {{"CAMPAIGN", false}, {"STATE", false}, {"HEAT", true},     {"FINDINGS", true}, {"OWN HOSTS", true}, {"OUTSIDE", true},
					   {"FIRST", false},    {"LAST", false},  {"ATT&CK", false},  {"SECTORS", false}, {"STRONGEST LINK", false}};

static void number_cell(struct sk_rows *rows, uint64_t value)
{
	char text[SK_UNIT_TEXT_MAX];
	sk_rows_cell(rows, sk_number_format(value, text));
}

static void print_row(const struct sk_campaign_view *view, struct sk_rows *rows, const struct sk_campaign *c, const char *link)
{
	char text[SK_LINK_TEXT_MAX + 32], time[SK_TIME_TEXT_MAX];
	struct sk_buf cell;
	sk_buf_init(&cell, CELL_MAX);
	sk_rows_cell(rows, c->id);
	sk_rows_cell(rows, sk_campaign_state_name(c->state));
	(void)snprintf(text, sizeof text, "%.1f", c->heat);
	sk_rows_cell(rows, text);
	number_cell(rows, c->findings);
	number_cell(rows, c->own_hosts);
	number_cell(rows, c->links[SK_LINK_ADDRESS]);
	(void)snprintf(text, sizeof text, "%.10s", sk_time_format(c->first_ns, 0, time));
	sk_rows_cell(rows, text);
	(void)snprintf(text, sizeof text, "%.10s", sk_time_format(c->last_ns, 0, time));
	sk_rows_cell(rows, text);
	sk_campaign_techniques(view, c->kinds, &cell);
	sk_rows_cell(rows, sk_buf_text(&cell));
	sk_buf_reset(&cell);
	sk_campaign_sectors(view, c->sectors, &cell);
	sk_rows_cell(rows, sk_buf_text(&cell));
	(void)snprintf(text, sizeof text, "%s %s", sk_link_name(c->best_kind), link);
	sk_rows_cell(rows, text);
	sk_buf_fini(&cell);
}

static void note_the_rest(const struct sk_campaign_view *view, uint64_t expired, uint64_t beyond)
{
	FILE *err = view->query.cmd->err;
	char number[SK_UNIT_TEXT_MAX];
	uint64_t alone;
	(void)sk_campaigns_count(view->campaigns, &alone);
	if (beyond != 0)
		(void)fprintf(err, "sekisho: %s more campaigns are not shown (--limit)\n", sk_number_format(beyond, number));
	if (expired != 0)
		(void)fprintf(err, "sekisho: %s campaigns silent for more than %d days have expired and are not shown (--all)\n", sk_number_format(expired, number), SK_CAMPAIGN_EXPIRES_DAYS);
	if (alone != 0)
		(void)fprintf(err, "sekisho: %s findings are tied to no other\n", sk_number_format(alone, number));
	if (view->muted_count != 0)
		(void)fprintf(err, "sekisho: %s muted findings are left out (--muted takes them in)\n", sk_number_format(view->muted_count, number));
	sk_query_note_erased(&view->query, view->erased, "observations");
}

void sk_campaign_json_item(const struct sk_campaign_view *view, struct sk_json_writer *w, const struct sk_campaign *campaign, const char *link)
{
	sk_campaign_json(view, w, campaign);
	sk_json_object(w, "strongest");
	sk_json_text(w, "kind", sk_link_name(campaign->best_kind));
	sk_json_text(w, "value", link);
	sk_json_end(w);
}

static void print_list(struct sk_campaign_view *view, const struct sk_wanted *wanted, size_t count)
{
	struct sk_rows rows;
	uint64_t alone, expired = 0, beyond = 0;
	sk_rows_begin(&rows, &view->query, columns, SK_COUNT(columns));
	for (size_t i = 0, all = sk_campaigns_count(view->campaigns, &alone); i < all; i++) {
		const struct sk_campaign *c = sk_campaigns_at(view->campaigns, i);
		if (c->state == SK_CAMPAIGN_EXPIRED && !view->all) {
			expired++;
			continue;
		}
		if (view->query.filter.limit != 0 && rows.count >= view->query.filter.limit) {
			beyond++;
			continue;
		}
		const char *link = sk_wanted_text(wanted, count, c->best_link);
		if (view->query.form != SK_QUERY_JSON) {
			print_row(view, &rows, c, link);
			continue;
		}
		struct sk_json_writer *w = sk_rows_record(&rows);
		sk_campaign_json_item(view, w, c, link);
		sk_rows_end_record(&rows);
	}
	sk_rows_end(&rows, "No campaigns: no two findings share enough.");
	note_the_rest(view, expired, beyond);
}

/* The texts of the strongest links of what is listed; the caller frees them. */
static enum sk_err find_links(struct sk_campaign_view *view, struct sk_wanted **out, size_t *out_count, struct sk_fault *fault)
{
	uint64_t alone;
	size_t all = sk_campaigns_count(view->campaigns, &alone), count = 0;
	struct sk_wanted *wanted = *out = calloc(all + 1, sizeof *wanted);
	if (wanted == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory for %zu campaigns", all);
	for (size_t i = 0; i < all; i++) {
		const struct sk_campaign *c = sk_campaigns_at(view->campaigns, i);
		if (c->state != SK_CAMPAIGN_EXPIRED || view->all)
			wanted[count++].value = c->best_link;
	}
	*out_count = count = sk_wanted_sort(wanted, count);
	return count == 0 ? SK_OK : sk_campaign_view_again(view, wanted, count, NULL, NULL, NULL, fault);
}

static enum sk_err list(struct sk_campaign_view *view, struct sk_fault *fault)
{
	struct sk_wanted *wanted;
	size_t count;
	enum sk_err err = find_links(view, &wanted, &count, fault);
	if (err == SK_OK)
		print_list(view, wanted, count);
	free(wanted);
	return err;
}

static enum sk_err hand_out(struct sk_campaign_view *view, const struct sk_campaign_taker *taker, struct sk_fault *fault)
{
	uint64_t alone;
	struct sk_wanted *wanted;
	size_t count, all = sk_campaigns_count(view->campaigns, &alone);
	enum sk_err err = find_links(view, &wanted, &count, fault), taken = err == SK_OK ? taker->count(taker->context, all) : SK_OK;
	for (size_t i = 0; i < all && err == SK_OK && taken == SK_OK; i++) {
		const struct sk_campaign *c = sk_campaigns_at(view->campaigns, i);
		taken = taker->campaign(taker->context, view, c, sk_wanted_text(wanted, count, c->best_link));
	}
	if (err == SK_OK && taken == SK_OK)
		sk_campaigns_members(view->campaigns, taker->member, taker->context);
	free(wanted);
	return taken != SK_OK ? sk_fault_set(fault, taken, "out of memory for %zu campaigns", all) : err;
}

enum sk_err sk_campaign_compute(struct sk_cmd *cmd, int argc, char **argv, const struct sk_campaign_taker *taker, struct sk_fault *fault)
{
	struct sk_campaign_view view;
	int exit_code;
	if (!sk_campaign_view_parse(&view, cmd, argc, argv, &exit_code))
		return sk_fault_set(fault, SK_EUSAGE, "campaign list: a wrong call");
	enum sk_err err = sk_campaign_view_open(&view, fault);
	if (err == SK_OK)
		err = hand_out(&view, taker, fault);
	sk_campaign_view_close(&view);
	return err;
}

int sk_campaign_graph_command(struct sk_cmd *cmd, int argc, char **argv)
{
	struct sk_campaign_view view;
	struct sk_fault fault = {.err = SK_OK};
	int exit_code;
	if (!sk_campaign_view_parse(&view, cmd, argc, argv, &exit_code))
		return exit_code;
	enum sk_err err = sk_campaign_view_open(&view, &fault);
	if (err == SK_OK)
		err = view.wanted_id != NULL ? sk_campaign_show(&view, &fault) : list(&view, &fault);
	sk_campaign_view_close(&view);
	return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
}
