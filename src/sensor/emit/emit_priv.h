/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of emit share: a line, its beginning and its end. */
#ifndef SK_EMIT_PRIV_H
#define SK_EMIT_PRIV_H

#include <stdio.h>

#include "emit/emit.h"
#include "text/json.h"

enum { SK_EMIT_SENSOR_MAX = 128 };

struct sk_emit {
	const struct sk_rules *rules;  /* NULL: none */
	FILE *file;                  /* NULL when it rolls */
	struct sk_rolling *rolling;
	struct sk_clock clock;       /* when it rolls */
	bool standard_output;
	char path[SK_FAULT_LINE_MAX / 2], sensor[SK_EMIT_SENSOR_MAX];
	char basis[SK_EMIT_SENSOR_MAX];
	bool marked, self_approved, simulated;
	struct sk_buf line;
	uint64_t lost_lines;
	int errnum; /* of the first failed write */
};

/* What every line begins with. */
void sk_emit_begin_line(struct sk_emit *emit, struct sk_json_writer *w, const char *event, int64_t unix_ns, const struct sk_observation *observation);
/* Opens "sekisho"; the caller closes it. */
void sk_emit_begin_marks(const struct sk_emit *emit, struct sk_json_writer *w, const struct sk_observation *observation);
/* Closes the line and writes it. */
void sk_emit_end_line(struct sk_emit *emit, struct sk_json_writer *w);
/* Name of a protocol as EVE has it. */
const char *sk_emit_app(uint8_t app);
/* A line for each protocol of which the observation keeps something. */
void sk_emit_heads(struct sk_emit *emit, const struct sk_observation *observation);

#endif
