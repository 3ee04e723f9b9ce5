/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho observations: what was kept because a selector hit, in order of time. */
#include "cmd/query.h"
#include "text/text.h"

static const struct sk_column columns[] = {{"FIRST SEEN", false}, {"CLASS", false},	  {"PROTO", false},
					   {"INITIATOR", false},  {"RESPONDER", false},	  {"PACKETS", true},
					   {"BYTES", true},	  {"SELECTED BY", false}, {"VALUE", false}};

static void row_observation(struct sk_rows *rows, const struct sk_observation *o)
{
	char text[SK_ADDR_TEXT_MAX + 64];
	sk_rows_cell(rows, sk_time_format(o->first_ns, 3, text));
	sk_rows_cell(rows, sk_class_name((enum sk_class)o->class_));
	sk_rows_cell(rows, sk_query_proto(o->ip_proto, text));
	sk_rows_cell(rows, sk_query_endpoint(o, false, text));
	sk_rows_cell(rows, sk_query_endpoint(o, true, text));
	sk_rows_cell(rows, sk_number_format(o->packets[0] + o->packets[1], text));
	sk_rows_cell(rows, sk_bytes_format(o->ip_bytes[0] + o->ip_bytes[1], text));
	sk_rows_cell(rows, sk_query_hit_kinds(o, text));
	sk_rows_cell(rows, o->matched);
}

int sk_cmd_observations(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct sk_listing listing = {.walk = sk_store_observations,
						  .cells = row_observation,
						  .columns = columns,
						  .column_count = SK_COUNT(columns),
						  .what = "observations",
						  .pages = true,
						  .empty = "No observations: no selector in use matched what crossed, or the options leave none."};
	return sk_query_list(cmd, argc, argv, &listing);
}
