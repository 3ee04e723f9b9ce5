/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho flows: every flow segment that was kept: those of flow.all, then those that a selector hit, each in order of time. */
#include "cmd/query.h"
#include "text/text.h"

static const struct sk_column columns[] = {{"FIRST SEEN", false}, {"LASTED", true},	{"CLASS", false},      {"PROTO", false},
					   {"INITIATOR", false},  {"RESPONDER", false}, {"PACKETS OUT", true}, {"IN", true},
					   {"BYTES OUT", true},	  {"IN", true},		{"STATE", false},      {"APP", false},
					   {"NAME", false}};

static void row_flow(struct sk_rows *rows, const struct sk_observation *o)
{
	char text[SK_ADDR_TEXT_MAX + 64];
	sk_rows_cell(rows, sk_time_format(o->first_ns, 3, text));
	sk_rows_cell(rows, sk_duration_format(o->last_ns - o->first_ns, text));
	sk_rows_cell(rows, sk_class_name((enum sk_class)o->class_));
	sk_rows_cell(rows, sk_query_proto(o->ip_proto, text));
	sk_rows_cell(rows, sk_query_endpoint(o, false, text));
	sk_rows_cell(rows, sk_query_endpoint(o, true, text));
	for (unsigned i = 0; i < 2; i++)
		sk_rows_cell(rows, sk_number_format(o->packets[i], text));
	for (unsigned i = 0; i < 2; i++)
		sk_rows_cell(rows, sk_bytes_format(o->ip_bytes[i], text));
	sk_rows_cell(rows, sk_observation_state_name(o->state));
	sk_rows_cell(rows, sk_app_name(o->app));
	sk_rows_cell(rows, sk_query_name(o));
}

struct counted_visit {
	sk_store_observation_visit visit;
	void *context;
	uint64_t count;
};

static enum sk_err count_and_visit(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct counted_visit *to = context;
	to->count++;
	return to->visit(to->context, id, interval, observation);
}

/* What a detector counted over many flows is none. */
static enum sk_err visit_segment(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct counted_visit *to = context;
	return observation->kind != SK_OBSERVATION_EVENT ? to->visit(to->context, id, interval, observation) : SK_OK;
}

static enum sk_err walk_segments(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit, void *context,
				 uint64_t *erased, struct sk_fault *fault)
{
	struct counted_visit to = {.visit = visit, .context = context};
	struct sk_store_filter rest = *filter;
	uint64_t erased_hits = 0;
	SK_TRY(sk_store_flows(store, filter, count_and_visit, &to, erased, fault));
	if (filter->limit != 0 && to.count == filter->limit)
		return SK_OK;
	rest.limit -= filter->limit != 0 ? to.count : 0;
	SK_TRY(sk_store_observations(store, &rest, visit_segment, &to, &erased_hits, fault));
	*erased += erased_hits;
	return SK_OK;
}

int sk_cmd_flows(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct sk_listing listing = {.walk = walk_segments,
						  .cells = row_flow,
						  .columns = columns,
						  .column_count = SK_COUNT(columns),
						  .what = "flows",
						  .empty = "No flows: they are kept when a selector hits, or all of them while the set holds "
							   "flow.all (sekisho selectors import --all-flows); or the options leave none."};
	return sk_query_list(cmd, argc, argv, &listing);
}
