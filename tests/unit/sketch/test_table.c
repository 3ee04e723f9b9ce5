/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded table against an exact one, and who goes when it is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "seal/seal.h"
#include "sketch/table.h"

struct entry {
	uint64_t hash, count;
};

enum { ENTRIES = 1 << 12, KEYS = 1 << 13 };

static const uint8_t sip_key[SK_SIP_KEY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static uint64_t hash_of(uint64_t key)
{
	return sk_siphash13(sip_key, &key, sizeof key);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

static void make(struct sk_table *table, uint32_t entries, void **memory)
{
	size_t bytes = sk_table_bytes(entries, sizeof(struct entry));
	*memory = aligned_alloc(SK_TABLE_LINE_BYTES, bytes);
	assert_non_null(*memory);
	memset(*memory, 0, bytes);
	sk_table_init(table, *memory, entries, sizeof(struct entry));
}

/* Counting in the table against counting in an array; an entry that was evicted begins anew in both. */
static void test_model(void **state)
{
	(void)state;
	struct sk_table table;
	void *memory;
	static struct { uint64_t count; uint32_t until; } model[KEYS];
	uint32_t now = 1000;
	make(&table, ENTRIES, &memory);
	memset(model, 0, sizeof model);
	for (unsigned step = 0; step < 400000; step++) {
		uint64_t key = next_random() % KEYS, hash = hash_of(key);
		now += next_random() % 4096 == 0;
		const struct entry *found = sk_table_find(&table, hash, now);
		if (found != NULL) {
			assert_true(found->hash == hash && found->count == model[key].count && model[key].until > now);
		} else if (model[key].until > now) {
			model[key].count = 0; /* somebody else needed its place */
		}
		if (model[key].until <= now)
			model[key].count = 0;
		uint32_t until = now + 1 + (uint32_t)(next_random() % 50);
		bool fresh;
		struct entry *entry = sk_table_take(&table, hash, now, until, &fresh);
		assert_int_equal(fresh, found == NULL);
		if (fresh)
			assert_true(entry->hash == 0 && entry->count == 0);
		entry->hash = hash;
		entry->count++;
		model[key].count++;
		model[key].until = fresh || until > model[key].until ? until : model[key].until;
		assert_ptr_equal(sk_table_at(&table, sk_table_place(&table, entry), now), entry);
		if (next_random() % 1000 == 0) {
			sk_table_drop(&table, entry);
			assert_null(sk_table_find(&table, hash, now));
			model[key].count = 0;
			model[key].until = 0;
		}
	}
	assert_true(table.live <= ENTRIES && table.evicted > 0 && table.expired > 0);
	uint64_t live = 0;
	for (uint32_t place = 0; place < sk_table_places(&table); place++)
		live += table.lines[place / SK_TABLE_WAYS].tag[place % SK_TABLE_WAYS] != 0;
	assert_int_equal(live, table.live);
	sk_table_clear(&table);
	assert_int_equal(sk_count_nonzero(memory, sk_table_bytes(ENTRIES, sizeof(struct entry))), 0);
	free(memory);
}

/* What is wanted long outlives a flood a hundred times as large as the table, and nothing is evicted before the table is well filled. */
static void test_flood(void **state)
{
	(void)state;
	struct sk_table table;
	void *memory;
	bool fresh;
	make(&table, ENTRIES, &memory);
	uint32_t filled = 0;
	while (table.evicted == 0)
		(void)sk_table_take(&table, hash_of(1000000 + filled++), 1, 100, &fresh);
	assert_true(filled > ENTRIES * 70 / 100);
	sk_table_clear(&table);
	for (uint64_t key = 0; key < ENTRIES / 4; key++)
		((struct entry *)sk_table_take(&table, hash_of(key), 10, 5000, &fresh))->hash = hash_of(key);
	for (uint64_t key = 0; key < 100 * ENTRIES; key++)
		(void)sk_table_take(&table, hash_of(UINT64_C(1) << 32 | key), 20, 80, &fresh);
	unsigned lost = 0;
	for (uint64_t key = 0; key < ENTRIES / 4; key++)
		lost += sk_table_find(&table, hash_of(key), 21) == NULL;
	assert_int_equal(lost, 0);
	/* Sabotage: a flood that is wanted longer drives them out, so the test above can fail. */
	for (uint64_t key = 0; key < 100 * ENTRIES; key++)
		(void)sk_table_take(&table, hash_of(UINT64_C(2) << 32 | key), 22, 9000, &fresh);
	for (uint64_t key = 0; key < ENTRIES / 4; key++)
		lost += sk_table_find(&table, hash_of(key), 23) == NULL;
	assert_true(lost > ENTRIES / 5);
	free(memory);
}

/* An entry is over at the second that was said, and its place is as new. */
static void test_over(void **state)
{
	(void)state;
	struct sk_table table;
	void *memory;
	bool fresh;
	make(&table, 64, &memory);
	struct entry *entry = sk_table_take(&table, 42, 100, 110, &fresh);
	entry->count = 7;
	assert_ptr_equal(sk_table_find(&table, 42, 109), entry);
	assert_null(sk_table_find(&table, 42, 110));
	sk_table_want(&table, entry, 200);
	assert_ptr_equal(sk_table_find(&table, 42, 199), entry);
	entry = sk_table_take(&table, 42, 200, 300, &fresh);
	assert_true(fresh && entry->count == 0 && table.live == 1);
	/* A hash whose upper half is zero is a key like any other. */
	assert_non_null(sk_table_take(&table, 5, 200, 300, &fresh));
	assert_true(fresh);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_flood), cmocka_unit_test(test_over)};
	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
