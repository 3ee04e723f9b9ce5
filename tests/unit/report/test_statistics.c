/* SPDX-License-Identifier: Apache-2.0 */
/* Small numbers: whoever sees the table tries every table of whole numbers that fits what is shown, and must not learn a hidden small number. rule: FORM-8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/statistics.h"

enum { MOST = 24 };

/* A generator of its own, the same in each run. */
static uint32_t seed = 12345;
static uint32_t roll(uint32_t sides)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % sides;
}

static void fill(struct sk_report_table *table, size_t rows, size_t columns)
{
	char row[32], column[32];
	memset(table, 0, sizeof *table);
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < columns; c++) {
			uint32_t times = roll(3) == 0 ? 0 : roll(2) == 0 ? 1 + roll(4) : 5 + roll(8);
			(void)snprintf(row, sizeof row, "r%zu", r);
			(void)snprintf(column, sizeof column, "c%zu", c);
			if (times == 0 && r < 1)
				times = 1; /* each row and column is there */
			if (times == 0 && c < 1)
				times = 6;
			for (uint32_t i = 0; i < times; i++)
				assert_int_equal(sk_report_count(table, row, column), SK_OK);
		}
}

/* What an attacker can still believe of each cell: all tables of 2 x 2 that fit, tried one by one. */
struct belief {
	uint64_t least[3][3], most[3][3];
};

static bool fits(const struct sk_report_table *t, size_t r, size_t c, uint64_t value)
{
	return t->hidden[r][c] ? value >= 1 : value == t->cell[r][c];
}

static void try_all(const struct sk_report_table *t, struct belief *b)
{
	for (size_t r = 0; r < 3; r++)
		for (size_t c = 0; c < 3; c++) {
			b->least[r][c] = UINT64_MAX;
			b->most[r][c] = 0;
		}
	for (uint64_t w = 0; w <= MOST; w++)
		for (uint64_t x = 0; x <= MOST; x++)
			for (uint64_t y = 0; y <= MOST; y++)
				for (uint64_t z = 0; z <= MOST; z++) {
					const uint64_t all[3][3] = {{w, x, w + x}, {y, z, y + z}, {w + y, x + z, w + x + y + z}};
					bool good = true;
					for (size_t r = 0; good && r < 3; r++)
						for (size_t c = 0; good && c < 3; c++)
							good = fits(t, r, c, all[r][c]);
					for (size_t r = 0; good && r < 3; r++)
						for (size_t c = 0; c < 3; c++) {
							b->least[r][c] = all[r][c] < b->least[r][c] ? all[r][c] : b->least[r][c];
							b->most[r][c] = all[r][c] > b->most[r][c] ? all[r][c] : b->most[r][c];
						}
				}
}

/* How many small numbers can be told to within fewer than k values. lie: complementary hiding is undone first. */
static unsigned given_away(unsigned k, unsigned rounds, bool lie)
{
	unsigned count = 0;
	struct sk_report_table t;
	for (unsigned i = 0; i < rounds; i++) {
		struct belief b;
		fill(&t, 2, 2);
		sk_report_suppress(&t, k);
		for (size_t r = 0; lie && r < 3; r++)
			for (size_t c = 0; c < 3; c++)
				t.hidden[r][c] = t.cell[r][c] != 0 && t.cell[r][c] < k;
		try_all(&t, &b);
		for (size_t r = 0; r < 3; r++)
			for (size_t c = 0; c < 3; c++) {
				uint64_t least, most;
				bool small = t.cell[r][c] != 0 && t.cell[r][c] < k;
				assert_true(!small || t.hidden[r][c]);
				if (!small)
					continue;
				/* The bounds that suppress works with are never wider than what trying tells, as far as trying goes. */
				sk_report_bounds(&t, r, c, &least, &most);
				assert_true(least <= b.least[r][c] && most >= b.most[r][c]);
				count += b.most[r][c] - b.least[r][c] + 1 < k;
			}
	}
	return count;
}

static void test_attacker(void **state)
{
	(void)state;
	assert_int_equal(given_away(5, 60, false), 0);
	/* The sabotage twin: with the small numbers hidden and nothing else, totals give some away. */
	assert_true(given_away(5, 60, true) > 0);
}

static void test_wide(void **state)
{
	(void)state;
	struct sk_report_table t;
	for (unsigned i = 0; i < 200; i++) {
		fill(&t, 2 + roll(8), 1 + roll(3));
		sk_report_suppress(&t, 5);
		for (size_t r = 0; r <= t.rows; r++)
			for (size_t c = 0; c <= t.columns; c++) {
				uint64_t least, most;
				sk_report_bounds(&t, r, c, &least, &most);
				assert_true(least <= t.cell[r][c] && t.cell[r][c] <= most); /* the bounds are true */
				assert_true(t.cell[r][c] != 0 || !t.hidden[r][c]);
				if (t.cell[r][c] != 0 && t.cell[r][c] < 5)
					assert_true(t.hidden[r][c] && most - least + 1 >= 5);
			}
	}
}

static void test_plain(void **state)
{
	(void)state;
	struct sk_report_table t = {.rows = 0};
	for (int i = 0; i < 9; i++)
		assert_int_equal(sk_report_count(&t, "power", "ddos"), SK_OK);
	sk_report_suppress(&t, 5);
	assert_false(t.hidden[0][0]);
	assert_int_equal(t.cell[t.rows][t.columns], 9);
	memset(&t, 0, sizeof t);
	assert_int_equal(sk_report_count(&t, "power", "ddos"), SK_OK);
	sk_report_suppress(&t, 5); /* one report in all: nothing at all is told */
	assert_true(t.hidden[0][0] && t.hidden[1][0] && t.hidden[0][1] && t.hidden[1][1]);
	memset(&t, 0, sizeof t);
	char name[16];
	for (int i = 0; i < SK_REPORT_ROWS_MAX; i++) {
		(void)snprintf(name, sizeof name, "s%d", i);
		assert_int_equal(sk_report_count(&t, name, "x"), SK_OK);
	}
	assert_int_equal(sk_report_count(&t, "one more", "x"), SK_ETOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain), cmocka_unit_test(test_attacker), cmocka_unit_test(test_wide)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
