/* SPDX-License-Identifier: Apache-2.0 */
#include "sketch/sketch.h"

#include <math.h>

/* ---- bitmaps ---- */

unsigned sk_bits_count(const uint64_t *bits, unsigned words)
{
	unsigned count = 0;
	for (unsigned i = 0; i < words; i++)
		count += sk_ones(bits[i]);
	return count;
}

double sk_bits_estimate(unsigned count, unsigned size)
{
	if (count >= size)
		count = size - 1;
	return -(double)size * log1p(-(double)count / size);
}

/* ---- HyperLogLog ---- */

static double bias_of(unsigned registers)
{
	return registers == 16 ? 0.673 : registers == 32 ? 0.697 : registers == 64 ? 0.709 : 0.7213 / (1 + 1.079 / registers);
}

/* 2^-exponent of 0 to 64, as its bits: a call of ldexp for each register would be most of the work. */
static inline double half_to_the(unsigned exponent)
{
	uint64_t bits = (uint64_t)(1023 - exponent) << 52;
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

double sk_hll_estimate(const uint8_t *registers, unsigned bits)
{
	unsigned count = 1u << bits, empty = 0;
	double sum = 0;
	for (unsigned i = 0; i < count; i++) {
		sum += half_to_the(registers[i]);
		empty += registers[i] == 0;
	}
	double raw = bias_of(count) * count * count / sum;
	/* Hashes have 64 bits: the correction for large numbers that 32-bit hashes need is not. */
	return raw <= 2.5 * count && empty != 0 ? sk_bits_estimate(count - empty, count) : raw;
}

/* ---- count-min ---- */

/* Rows by two hashes (Kirsch, Mitzenmacher 2008). */
static uint32_t *cell_of(const struct sk_count_min *sketch, uint64_t hash, unsigned row)
{
	uint32_t at = (uint32_t)hash + row * ((uint32_t)(hash >> 32) | 1);
	return &sketch->cells[(size_t)row * sketch->width + (at & (sketch->width - 1))];
}

uint32_t sk_count_min_add(struct sk_count_min *sketch, uint64_t hash, uint32_t add)
{
	uint32_t least = UINT32_MAX;
	for (unsigned row = 0; row < sketch->depth; row++) {
		uint32_t *cell = cell_of(sketch, hash, row);
		if (__builtin_add_overflow(*cell, add, cell))
			*cell = UINT32_MAX;
		least = *cell < least ? *cell : least;
	}
	return least;
}

uint32_t sk_count_min_of(const struct sk_count_min *sketch, uint64_t hash)
{
	uint32_t least = UINT32_MAX;
	for (unsigned row = 0; row < sketch->depth; row++) {
		uint32_t value = *cell_of(sketch, hash, row);
		least = value < least ? value : least;
	}
	return least;
}

/* ---- space-saving ---- */

void sk_top_add(struct sk_top *top, uint64_t hash, uint64_t add, const void *tag)
{
	struct sk_top_entry *least = NULL;
	for (uint32_t i = 0; i < top->used; i++) {
		struct sk_top_entry *entry = &top->entries[i];
		if (entry->hash == hash) {
			entry->count += add;
			return;
		}
		if (least == NULL || entry->count < least->count)
			least = entry;
	}
	struct sk_top_entry fresh = {.hash = hash, .count = add};
	if (top->used < top->places)
		least = &top->entries[top->used++];
	else if (least == NULL)
		return;
	else
		fresh.error = least->count;
	fresh.count += fresh.error;
	if (tag != NULL)
		memcpy(fresh.tag, tag, sizeof fresh.tag);
	*least = fresh;
}

const struct sk_top_entry *sk_top_first(const struct sk_top *top)
{
	const struct sk_top_entry *first = NULL;
	for (uint32_t i = 0; i < top->used; i++) {
		const struct sk_top_entry *entry = &top->entries[i];
		if (first == NULL || entry->count > first->count || (entry->count == first->count && entry->hash < first->hash))
			first = entry;
	}
	return first;
}

/* ---- sample ---- */

void sk_sample_add(struct sk_sample *sample, uint64_t hash, uint64_t value)
{
	uint32_t greatest = 0;
	for (uint32_t i = 0; i < sample->used; i++) {
		if (sample->kept[i].hash == hash)
			return;
		if (sample->kept[i].hash > sample->kept[greatest].hash)
			greatest = i;
	}
	if (sample->used < sample->places)
		greatest = sample->used++;
	else if (sample->places == 0 || sample->kept[greatest].hash < hash)
		return;
	sample->kept[greatest].hash = hash;
	sample->kept[greatest].value = value;
}

/* ---- a mean that forgets ---- */

void sk_ewma_add(struct sk_ewma *ewma, double value, double at_s, double half_s)
{
	double passed = at_s - ewma->at_s;
	double left = ewma->weight > 0 && passed > 0 ? exp2(-passed / half_s) : 1;
	ewma->sum = ewma->sum * left + value;
	ewma->weight = ewma->weight * left + 1;
	if (passed > 0 || ewma->weight <= 1)
		ewma->at_s = at_s;
}
