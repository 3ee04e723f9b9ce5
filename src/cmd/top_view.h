/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of sekisho top: two snapshots in, lines out, no terminal. */
#ifndef SK_CMD_TOP_VIEW_H
#define SK_CMD_TOP_VIEW_H

#include "emit/metrics.h"

enum sk_top_colour { SK_TOP_PLAIN, SK_TOP_DIM, SK_TOP_GOOD, SK_TOP_WARN, SK_TOP_BAD };
enum { SK_TOP_LINES_MAX = 128, SK_TOP_COLUMNS_MAX = 200 };

struct sk_top_line {
	char text[SK_TOP_COLUMNS_MAX + 1]; /* printable ASCII, no longer than the columns that were asked for */
	enum sk_top_colour colour;
};
struct sk_top_view {
	unsigned columns, rows;            /* of the terminal; rows 0: as many as there are */
	size_t count;
	struct sk_top_line lines[SK_TOP_LINES_MAX];
};

/* Draw what happened between two snapshots of one sensor (before NULL, or of an earlier start: rates are not known). What does not fit into the rows is left out from the end, with a
   line that says so. */
void sk_top_draw(struct sk_top_view *view, const struct sk_metrics *before, const struct sk_metrics *now, const struct sk_health *health);
/* Append the same as one JSON object, without an end of line. */
void sk_top_json(const struct sk_metrics *before, const struct sk_metrics *now, const struct sk_health *health, struct sk_buf *out);

#endif
