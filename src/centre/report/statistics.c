/* SPDX-License-Identifier: Apache-2.0 */
/* Totals are cells like others: each row and each column is one equation, sum of its cells = its total. Whoever reads the table knows these, and that a hidden number is not zero. */
#include "report/statistics.h"

#include <string.h>

#define R (SK_REPORT_ROWS_MAX + 1)
#define C (SK_REPORT_COLUMNS_MAX + 1)
static const uint64_t unbounded = UINT64_C(1) << 40;

struct bounds {
	uint64_t least[R][C], most[R][C];
};

static size_t place(char (*names)[SK_REPORT_HEAD_MAX], size_t *count, size_t max, const char *name)
{
	size_t i = 0;
	while (i < *count && strcmp(names[i], name) != 0)
		i++;
	if (i == *count && i < max && strlen(name) < SK_REPORT_HEAD_MAX) {
		memcpy(names[i], name, strlen(name) + 1);
		++*count;
	}
	return i < *count ? i : SIZE_MAX;
}

enum sk_err sk_report_count(struct sk_report_table *table, const char *row, const char *column)
{
	size_t r = place(table->row, &table->rows, SK_REPORT_ROWS_MAX, row), c = place(table->column, &table->columns, SK_REPORT_COLUMNS_MAX, column);
	if (r == SIZE_MAX || c == SIZE_MAX)
		return SK_ETOOBIG;
	table->cell[r][c]++;
	return SK_OK;
}

static void add_up(struct sk_report_table *table)
{
	size_t rows = table->rows, columns = table->columns;
	for (size_t r = 0; r <= rows; r++)
		table->cell[r][columns] = 0;
	for (size_t c = 0; c <= columns; c++)
		table->cell[rows][c] = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < columns; c++) {
			table->cell[r][columns] += table->cell[r][c];
			table->cell[rows][c] += table->cell[r][c];
			table->cell[rows][columns] += table->cell[r][c];
		}
}

/* One equation: cells (r + i*dr, c + i*dc) for i < count, the next one is their sum. True: a bound moved. */
static bool narrow(struct bounds *b, size_t r, size_t c, size_t dr, size_t dc, size_t count)
{
	uint64_t least = 0, most = 0;
	bool moved = false;
	size_t tr = r + count * dr, tc = c + count * dc;
	for (size_t i = 0; i < count; i++) {
		least += b->least[r + i * dr][c + i * dc];
		most += b->most[r + i * dr][c + i * dc];
	}
	if (least > b->least[tr][tc]) {
		b->least[tr][tc] = least;
		moved = true;
	}
	if (most < b->most[tr][tc]) {
		b->most[tr][tc] = most;
		moved = true;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t *low = &b->least[r + i * dr][c + i * dc], *high = &b->most[r + i * dr][c + i * dc];
		uint64_t others_least = least - *low, others_most = most - *high;
		uint64_t up = b->most[tr][tc] > others_least ? b->most[tr][tc] - others_least : 0, down = b->least[tr][tc] > others_most ? b->least[tr][tc] - others_most : 0;
		if (up < *high) {
			most -= *high - up;
			*high = up;
			moved = true;
		}
		if (down > *low) {
			least += down - *low;
			*low = down;
			moved = true;
		}
	}
	return moved;
}

/* Everything that the equations tell, cell by cell, until nothing moves any more. */
static void tell(const struct sk_report_table *table, struct bounds *b)
{
	size_t rows = table->rows, columns = table->columns;
	for (size_t r = 0; r <= rows; r++)
		for (size_t c = 0; c <= columns; c++) {
			b->least[r][c] = table->hidden[r][c] ? 1 : table->cell[r][c];
			b->most[r][c] = table->hidden[r][c] ? unbounded : table->cell[r][c];
		}
	for (bool moved = true; moved;) {
		moved = false;
		for (size_t r = 0; r <= rows; r++)
			moved = narrow(b, r, 0, 0, 1, columns) || moved;
		for (size_t c = 0; c <= columns; c++)
			moved = narrow(b, 0, c, 1, 0, rows) || moved;
	}
}

void sk_report_bounds(const struct sk_report_table *table, size_t row, size_t column, uint64_t *least, uint64_t *most)
{
	struct bounds b;
	tell(table, &b);
	*least = b.least[row][column];
	*most = b.most[row][column] >= unbounded / 2 ? UINT64_MAX : b.most[row][column];
}

static bool smaller(const struct sk_report_table *table, size_t r, size_t c, bool *found, size_t *at_r, size_t *at_c)
{
	if (table->hidden[r][c] || table->cell[r][c] == 0 || (*found && table->cell[r][c] >= table->cell[*at_r][*at_c]))
		return false;
	*found = true;
	*at_r = r;
	*at_c = c;
	return true;
}

/* How many of a row (dc 1) or of a column are hidden, its total left aside. */
static size_t hidden_in(const struct sk_report_table *table, size_t r, size_t c, size_t dr, size_t dc, size_t count)
{
	size_t hidden = 0;
	for (size_t i = 0; i < count; i++)
		hidden += table->hidden[r + i * dr][c + i * dc];
	return hidden;
}

/* A hidden number that is alone in its row or column is given away by the total: the smallest shown one of such a line. */
static void beside_a_lonely_one(const struct sk_report_table *table, bool *found, size_t *r, size_t *c)
{
	for (size_t i = 0; i < table->rows; i++)
		for (size_t j = 0; j < table->columns; j++)
			if (hidden_in(table, i, 0, 0, 1, table->columns) == 1 || hidden_in(table, 0, j, 1, 0, table->rows) == 1)
				(void)smaller(table, i, j, found, r, c);
}

/* One more is hidden, so that (row, column) can be told less: the smallest shown one of its row, of its column, beside a lonely one, then a total of theirs, then any. */
static bool hide_one(struct sk_report_table *table, size_t row, size_t column)
{
	size_t rows = table->rows, columns = table->columns, r = 0, c = 0;
	bool found = false;
	for (size_t i = 0; i < columns; i++)
		(void)smaller(table, row, i, &found, &r, &c);
	for (size_t i = 0; !found && i < rows; i++)
		(void)smaller(table, i, column, &found, &r, &c);
	if (!found)
		beside_a_lonely_one(table, &found, &r, &c);
	if (!found && !smaller(table, row, columns, &found, &r, &c) && !smaller(table, rows, column, &found, &r, &c))
		(void)smaller(table, rows, columns, &found, &r, &c);
	for (size_t i = 0; !found && i <= rows; i++)
		for (size_t j = 0; j <= columns; j++)
			(void)smaller(table, i, j, &found, &r, &c);
	if (found)
		table->hidden[r][c] = true;
	return found;
}

//= rule: FORM-8
void sk_report_suppress(struct sk_report_table *table, unsigned k)
{
	add_up(table);
	memset(table->hidden, 0, sizeof table->hidden);
	for (size_t r = 0; r <= table->rows; r++)
		for (size_t c = 0; c <= table->columns; c++)
			table->hidden[r][c] = table->cell[r][c] != 0 && table->cell[r][c] < k;
	for (bool good = false; !good;) {
		struct bounds b;
		good = true;
		tell(table, &b);
		for (size_t r = 0; good && r <= table->rows; r++)
			for (size_t c = 0; good && c <= table->columns; c++)
				if (table->cell[r][c] != 0 && table->cell[r][c] < k && b.most[r][c] - b.least[r][c] + 1 < k)
					good = !hide_one(table, r, c);
	}
}
