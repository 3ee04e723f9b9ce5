/* SPDX-License-Identifier: Apache-2.0 */
/* report/statistics.h: how many reports, by sector and form, so that no small number can be told: neither a cell nor what totals would give away. rule: FORM-8
   One table a calendar year, and no other cut: two tables over overlapping times would give their difference away. Thread rule: reentrant. */
#ifndef SK_REPORT_STATISTICS_H
#define SK_REPORT_STATISTICS_H

#include "base/base.h"

enum { SK_REPORT_ROWS_MAX = 64, SK_REPORT_COLUMNS_MAX = 8, SK_REPORT_HEAD_MAX = 24 };

/* Cells; the last row and the last column in use (index rows, columns) are the totals. */
struct sk_report_table {
	size_t rows, columns;
	char row[SK_REPORT_ROWS_MAX][SK_REPORT_HEAD_MAX], column[SK_REPORT_COLUMNS_MAX][SK_REPORT_HEAD_MAX];
	uint64_t cell[SK_REPORT_ROWS_MAX + 1][SK_REPORT_COLUMNS_MAX + 1];
	bool hidden[SK_REPORT_ROWS_MAX + 1][SK_REPORT_COLUMNS_MAX + 1];
};

/* Count one. SK_ETOOBIG: more rows or columns than a table has. */
SK_MUST enum sk_err sk_report_count(struct sk_report_table *table, const char *row, const char *column);
/* Sum the totals and hide: every number from 1 to k-1; and then as many others, smallest first, until from all that is shown each of these may still be k different numbers or more. */
void sk_report_suppress(struct sk_report_table *table, unsigned k);
/* What can be told of a hidden number from all that is shown: at least, at most (UINT64_MAX: no bound). For the test, and for suppress itself. */
void sk_report_bounds(const struct sk_report_table *table, size_t row, size_t column, uint64_t *least, uint64_t *most);

#endif
