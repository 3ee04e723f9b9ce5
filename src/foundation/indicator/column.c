/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct values of one kind, compact: a million IPv4 addresses take 16 MB with their hash set. A hostile list cannot slow the set down:
   its hash is keyed with random bytes. */
#include <stdlib.h>
#include <sys/mman.h>

#include "indicator/indicator_priv.h"

enum { SLOTS_FIRST = 1024, INDEX_BITS = 25, INDEX_MASK = (1 << INDEX_BITS) - 1 };

void sk_large_pages(void *memory, size_t bytes)
{
	enum { PAGE = 4096, LARGE = 2 << 20 };
	uintptr_t start = ((uintptr_t)memory + PAGE - 1) & ~(uintptr_t)(PAGE - 1), end = ((uintptr_t)memory + bytes) & ~(uintptr_t)(PAGE - 1);
	if (bytes >= 2 * LARGE)
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
}

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
	sk_large_pages(grown, more * width);
	*memory = grown;
	*room = more;
	return true;
}

static enum sk_err set_slots(struct sk_column *column, uint32_t slot_count)
{
	uint32_t *slots = malloc((size_t)slot_count * sizeof *slots);
	if (slots == NULL)
		return SK_ENOMEM;
	sk_large_pages(slots, (size_t)slot_count * sizeof *slots);
	free(column->slots);
	column->slots = slots;
	column->slot_count = slot_count;
	fill_slots(column);
	return SK_OK;
}

/* Memory for so many values and bytes; the hash set is apart. */
static enum sk_err make_arrays(struct sk_column *column, size_t count, size_t bytes)
{
	size_t tags = column->count_room, offsets = column->count_room;
	if (!grow(&column->bytes, &column->room, bytes, 1) || !grow(&column->tags, &tags, count, sizeof *column->tags))
		return SK_ENOMEM;
	if (column->width == 0 && !grow(&column->offsets, &offsets, count, sizeof *column->offsets))
		return SK_ENOMEM;
	column->count_room = (uint32_t)tags;
	return SK_OK;
}

enum sk_err sk_column_expect(struct sk_column *column, uint64_t count)
{
	uint32_t slot_count = SLOTS_FIRST;
	while (slot_count / 2 <= count && slot_count / 2 < SK_INDICATOR_ENTRIES_MAX)
		slot_count *= 2;
	count = count < SK_INDICATOR_ENTRIES_MAX ? count : SK_INDICATOR_ENTRIES_MAX;
	if (column->count != 0 && count > column->count)
		SK_TRY(make_arrays(column, count, (size_t)((double)column->used / column->count * (double)count)));
	return slot_count > column->slot_count ? set_slots(column, slot_count) : SK_OK;
}

/* Room for one more value of so many bytes, and a hash set at most half full. */
static enum sk_err make_room(struct sk_column *column, size_t bytes)
{
	if (column->count >= SK_INDICATOR_ENTRIES_MAX || column->used + bytes > UINT32_MAX)
		return SK_ETOOBIG;
	if (column->count == column->count_room || column->used + bytes > column->room)
		SK_TRY(make_arrays(column, (size_t)column->count + 1, column->used + bytes));
	if (column->count * 2 < column->slot_count)
		return SK_OK;
	return set_slots(column, column->slot_count != 0 ? column->slot_count * 2 : SLOTS_FIRST);
}

uint64_t sk_column_hash(const struct sk_column *column, const void *value, size_t length)
{
	uint64_t hash = sk_siphash13(column->key, value, length);
	if (column->slot_count != 0)
		__builtin_prefetch(&column->slots[(uint32_t)hash & (column->slot_count - 1)]);
	return hash;
}

enum sk_err sk_column_add(struct sk_column *column, const void *value, size_t length, uint32_t tag)
{
	return sk_column_add_hashed(column, value, length, sk_siphash13(column->key, value, length), tag);
}

enum sk_err sk_column_add_hashed(struct sk_column *column, const void *value, size_t length, uint64_t hash, uint32_t tag)
{
	SK_INVARIANT(column->width != 0 ? length == column->width : length >= 1 && length <= UINT8_MAX);
	size_t bytes = column->width != 0 ? length : length + 1;
	SK_TRY(make_room(column, bytes));
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

/* Items from start on whose first depth bytes are equal. */
struct sort_run {
	uint32_t start, count, depth;
};

struct sort {
	const struct sk_column *column;
	struct sk_order *items, *spare;
	struct sort_run *runs; /* a stack: at most one for every SMALL_RUN + 1 items */
	uint32_t run_count;
};

enum { SMALL_RUN = 24, HEAD_BYTES = 8, SORT_AHEAD = 12 };

static struct sk_cur value_of(const struct sk_column *column, const struct sk_order *item)
{
	const uint8_t *value = column->bytes + item->place;
	return sk_cur_of(value, column->width != 0 ? column->width : value[-1]);
}

static void take_head(const struct sk_column *column, struct sk_order *item, uint32_t depth)
{
	struct sk_cur c = value_of(column, item);
	sk_skip(&c, depth);
	if (SK_LIKELY(sk_left(&c) >= HEAD_BYTES)) {
		item->head = sk_be64(&c);
		return;
	}
	uint8_t last[HEAD_BYTES] = {0};
	sk_copy(&c, last, sk_left(&c));
	c = sk_cur_of(last, sizeof last);
	item->head = sk_be64(&c);
}

/* Values are distinct and names hold no zero byte: items whose heads are equal go on behind them. */
static bool stands_before(const struct sk_column *column, const struct sk_order *a, const struct sk_order *b)
{
	if (a->head != b->head)
		return a->head < b->head;
	struct sk_cur first = value_of(column, a), second = value_of(column, b);
	size_t shorter = sk_left(&first) < sk_left(&second) ? sk_left(&first) : sk_left(&second);
	int order = memcmp(first.at, second.at, shorter);
	return order != 0 ? order < 0 : sk_left(&first) < sk_left(&second);
}

static void sort_small(const struct sk_column *column, struct sk_order *items, uint32_t count, uint32_t depth)
{
	for (uint32_t i = 0; i < count; i++)
		take_head(column, &items[i], depth);
	for (uint32_t i = 1; i < count; i++) {
		struct sk_order item = items[i];
		uint32_t at = i;
		for (; at > 0 && stands_before(column, &item, &items[at - 1]); at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* Stable counting passes from the last byte of the head to the first; a byte that all share moves nothing. */
static void sort_by_head(struct sk_order *items, struct sk_order *spare, uint32_t count)
{
	uint32_t counts[HEAD_BYTES][256] = {{0}};
	struct sk_order *from = items, *to = spare;
	for (uint32_t i = 0; i < count; i++)
		for (unsigned byte = 0; byte < HEAD_BYTES; byte++)
			counts[byte][items[i].head >> 8 * byte & 0xff]++;
	for (unsigned byte = 0; byte < HEAD_BYTES; byte++) {
		uint32_t *start = counts[byte], sum = 0;
		if (start[from->head >> 8 * byte & 0xff] == count)
			continue;
		for (unsigned value = 0; value < 256; value++) {
			uint32_t here = start[value];
			start[value] = sum;
			sum += here;
		}
		for (uint32_t i = 0; i < count; i++)
			to[start[from[i].head >> 8 * byte & 0xff]++] = from[i];
		struct sk_order *swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, (size_t)count * sizeof *items);
}

/* Sort one run by its next eight bytes; what is equal in them and too many for sort_small becomes a run of its own. */
static void sort_run(struct sort *sort, struct sort_run run)
{
	struct sk_order *items = sort->items + run.start;
	for (uint32_t i = 0; i < run.count; i++)
		take_head(sort->column, &items[i], run.depth);
	sort_by_head(items, sort->spare, run.count);
	for (uint32_t start = 0, end; start < run.count; start = end) {
		for (end = start + 1; end < run.count && items[end].head == items[start].head;)
			end++;
		/* What will be looked at again lies anywhere. */
		for (uint32_t ahead = start + SORT_AHEAD; ahead < end + SORT_AHEAD && ahead + 1 < run.count; ahead++)
			if (items[ahead].head == items[ahead + 1].head || items[ahead].head == items[ahead - 1].head)
				__builtin_prefetch(sort->column->bytes + items[ahead].place);
		if (end - start > SMALL_RUN)
			sort->runs[sort->run_count++] = (struct sort_run){run.start + start, end - start, run.depth + HEAD_BYTES};
		else if (end - start > 1)
			sort_small(sort->column, items + start, end - start, run.depth + HEAD_BYTES);
	}
}

enum sk_err sk_column_order(const struct sk_column *column, struct sk_order **order)
{
	*order = NULL;
	if (column->count == 0)
		return SK_OK;
	size_t bytes = (size_t)column->count * sizeof(struct sk_order);
	struct sort sort = {.column = column, .items = malloc(bytes), .spare = malloc(bytes), .runs = malloc(((size_t)column->count / SMALL_RUN + 2) * sizeof *sort.runs)};
	bool enough = sort.items != NULL && sort.spare != NULL && sort.runs != NULL;
	if (enough) {
		sk_large_pages(sort.items, bytes);
		sk_large_pages(sort.spare, bytes);
		for (uint32_t i = 0; i < column->count; i++)
			sort.items[i] = (struct sk_order){.place = column->width != 0 ? (uint32_t)(i * column->width) : column->offsets[i], .index = i};
		sort.runs[sort.run_count++] = (struct sort_run){0, column->count, 0};
		while (sort.run_count > 0)
			sort_run(&sort, sort.runs[--sort.run_count]);
		*order = sort.items;
	} else {
		free(sort.items);
	}
	free(sort.spare);
	free(sort.runs);
	return enough ? SK_OK : SK_ENOMEM;
}
