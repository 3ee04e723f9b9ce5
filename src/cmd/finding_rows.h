/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as rows: the same columns and members wherever findings are listed. */
#ifndef SK_CMD_FINDING_ROWS_H
#define SK_CMD_FINDING_ROWS_H

#include "cmd/query.h"

/* Start a table, CSV or JSON of findings, as the query asks. */
void sk_finding_rows_begin(struct sk_rows *rows, const struct sk_query *query);
/* The next one; muted is told in JSON. */
void sk_finding_row(struct sk_rows *rows, const struct sk_finding *finding, bool muted);

#endif
