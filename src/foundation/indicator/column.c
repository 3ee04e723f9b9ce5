/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct values of one kind, compact: a million IPv4 addresses take 16 MB with their hash set. A hostile list cannot slow the set down:
   its hash is keyed with random bytes. */
#include <stdlib.h>

#include "indicator/indicator_priv.h"

enum { SLOTS_FIRST = 1024, INDEX_BITS = 25, INDEX_MASK = (1 << INDEX_BITS) - 1 };

void sk_column_init(struct sk_column *column, size_t width, const uint8_t key[SK_SIP_KEY_BYTES])
{
	*column = (struct sk_column){.width = width};
	memcpy(column->key, key, sizeof column->key);
}

void sk_column_fini(struct sk_column *column)
{
	free(column->bytes);
	free(column->offsets);
	free(column->tags);
	free(column->slots);
	*column = (struct sk_column){.width = column->width};
}

const uint8_t *sk_column_value(const struct sk_column *column, uint32_t index, size_t *length)
{
	if (column->width != 0) {
		*length = column->width;
		return column->bytes + (size_t)index * column->width;
	}
	const uint8_t *name = column->bytes + column->offsets[index];
	*length = name[-1];
	return name;
}

static uint32_t slot_of(uint64_t hash, uint32_t index)
{
	return (uint32_t)(hash >> 57) << INDEX_BITS | (index + 1);
}

/* Where the value is, or the free slot where it would go. */
static uint32_t find_slot(const struct sk_column *column, uint64_t hash, const void *value, size_t length)
{
	uint32_t mask = column->slot_count - 1, tag = (uint32_t)(hash >> 57);
	for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
		uint32_t slot = column->slots[at];
		if (slot == 0)
			return at;
		if (slot >> INDEX_BITS != tag)
			continue;
		size_t there_length;
		const uint8_t *there = sk_column_value(column, (slot & INDEX_MASK) - 1, &there_length);
		if (there_length == length && memcmp(there, value, length) == 0)
			return at;
	}
}

static void fill_slots(struct sk_column *column)
{
	memset(column->slots, 0, (size_t)column->slot_count * sizeof *column->slots);
	uint32_t mask = column->slot_count - 1;
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		const uint8_t *value = sk_column_value(column, i, &length);
		uint64_t hash = sk_siphash13(column->key, value, length);
		uint32_t at = (uint32_t)hash & mask;
		while (column->slots[at] != 0)
			at = (at + 1) & mask;
		column->slots[at] = slot_of(hash, i);
	}
}

static bool grow(void *pointer, size_t *room, size_t wanted, size_t width)
{
	if (wanted <= *room)
		return true;
	size_t more = *room != 0 ? *room : 1024;
	while (more < wanted)
		more *= 2;
	void **memory = pointer;
	void *grown = realloc(*memory, more * width);
	if (grown == NULL)
		return false;
	*memory = grown;
	*room = more;
	return true;
}

/* Room for one more value of so many bytes, and a hash set at most half full. */
static enum sk_err make_room(struct sk_column *column, size_t bytes)
{
	if (column->count >= SK_INDICATOR_ENTRIES_MAX || column->used + bytes > UINT32_MAX)
		return SK_ETOOBIG;
	size_t tags = column->count_room, offsets = column->count_room;
	if (!grow(&column->bytes, &column->room, column->used + bytes, 1) ||
	    !grow(&column->tags, &tags, (size_t)column->count + 1, sizeof *column->tags))
		return SK_ENOMEM;
	if (column->width == 0 && !grow(&column->offsets, &offsets, (size_t)column->count + 1, sizeof *column->offsets))
		return SK_ENOMEM;
	column->count_room = (uint32_t)tags;
	if (column->count * 2 < column->slot_count)
		return SK_OK;
	uint32_t slot_count = column->slot_count != 0 ? column->slot_count * 2 : SLOTS_FIRST;
	uint32_t *slots = malloc((size_t)slot_count * sizeof *slots);
	if (slots == NULL)
		return SK_ENOMEM;
	free(column->slots);
	column->slots = slots;
	column->slot_count = slot_count;
	fill_slots(column);
	return SK_OK;
}

enum sk_err sk_column_add(struct sk_column *column, const void *value, size_t length, uint32_t tag)
{
	SK_INVARIANT(column->width != 0 ? length == column->width : length >= 1 && length <= UINT8_MAX);
	size_t bytes = column->width != 0 ? length : length + 1;
	SK_TRY(make_room(column, bytes));
	uint64_t hash = sk_siphash13(column->key, value, length);
	uint32_t at = find_slot(column, hash, value, length);
	if (column->slots[at] != 0)
		return SK_EEXIST;
	uint8_t *place = column->bytes + column->used;
	if (column->width == 0) {
		*place++ = (uint8_t)length;
		column->offsets[column->count] = (uint32_t)column->used + 1;
	}
	memcpy(place, value, length);
	column->tags[column->count] = tag;
	column->slots[at] = slot_of(hash, column->count);
	column->used += bytes;
	column->count++;
	return SK_OK;
}

bool sk_column_find(const struct sk_column *column, const void *value, size_t length, uint32_t *index)
{
	if (column->count == 0)
		return false;
	uint32_t slot = column->slots[find_slot(column, sk_siphash13(column->key, value, length), value, length)];
	*index = (slot & INDEX_MASK) - 1;
	return slot != 0;
}

void sk_column_truncate(struct sk_column *column, uint32_t count)
{
	if (count >= column->count)
		return;
	column->used = column->width != 0 ? (size_t)count * column->width : column->offsets[count] - 1;
	column->count = count;
	fill_slots(column);
}

/* ---- order ---- */

/* The first eight bytes as a number, so that most comparisons never touch the value. */
struct sort_item {
	uint64_t head;
	uint32_t index;
};

static uint64_t head_of(const uint8_t *value, size_t length)
{
	uint8_t first[8] = {0};
	memcpy(first, value, length < sizeof first ? length : sizeof first);
	struct sk_cur c = sk_cur_of(first, sizeof first);
	return sk_be64(&c);
}

static int compare_items(const void *a, const void *b, void *context)
{
	const struct sk_column *column = context;
	size_t a_length, b_length;
	const uint8_t *a_value = sk_column_value(column, ((const struct sort_item *)a)->index, &a_length);
	const uint8_t *b_value = sk_column_value(column, ((const struct sort_item *)b)->index, &b_length);
	int order = memcmp(a_value, b_value, a_length < b_length ? a_length : b_length);
	return order != 0 ? order : a_length < b_length ? -1 : a_length > b_length;
}

/* One stable counting pass by one byte of the head. Returns false when all heads share that byte: nothing to move. */
static bool sort_pass(const struct sort_item *from, struct sort_item *to, uint32_t count, unsigned shift)
{
	uint32_t start[256] = {0}, sum = 0;
	for (uint32_t i = 0; i < count; i++)
		start[from[i].head >> shift & 0xff]++;
	if (start[from[0].head >> shift & 0xff] == count)
		return false;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t here = start[byte];
		start[byte] = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < count; i++)
		to[start[from[i].head >> shift & 0xff]++] = from[i];
	return true;
}

/* Radix sort by the head, then each run of equal heads by the whole value. */
static struct sort_item *sort_items(const struct sk_column *column, struct sort_item *items, struct sort_item *spare)
{
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if (!sort_pass(items, spare, column->count, shift))
			continue;
		struct sort_item *swap = items;
		items = spare;
		spare = swap;
	}
	for (uint32_t run = 0, end; run < column->count; run = end) {
		for (end = run + 1; end < column->count && items[end].head == items[run].head;)
			end++;
		if (end - run > 1)
			qsort_r(items + run, end - run, sizeof *items, compare_items, (void *)(uintptr_t)column);
	}
	return items;
}

enum sk_err sk_column_order(const struct sk_column *column, uint32_t **order)
{
	*order = NULL;
	if (column->count == 0)
		return SK_OK;
	struct sort_item *items = malloc((size_t)column->count * 2 * sizeof *items);
	uint32_t *made = malloc((size_t)column->count * sizeof *made);
	if (items == NULL || made == NULL) {
		free(items);
		free(made);
		return SK_ENOMEM;
	}
	for (uint32_t i = 0; i < column->count; i++) {
		size_t length;
		const uint8_t *value = sk_column_value(column, i, &length);
		items[i] = (struct sort_item){.head = head_of(value, length), .index = i};
	}
	const struct sort_item *sorted = sort_items(column, items, items + column->count);
	for (uint32_t i = 0; i < column->count; i++)
		made[i] = sorted[i].index;
	free(items);
	*order = made;
	return SK_OK;
}
