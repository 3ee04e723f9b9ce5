/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a compiled set whose places were checked. What an entry says of other places (offsets, indices) is checked here, where it is used. */
#ifndef SK_INDICATOR_VIEW_PRIV_H
#define SK_INDICATOR_VIEW_PRIV_H

#include "indicator/indicator_priv.h"

static inline const uint8_t *sk_view_item(const struct sk_indicator_set *set, enum sk_section section, uint64_t index)
{
	return set->section[section].bytes + index * sk_section_width[section];
}

/* A name with offsets that lie outside its section, or are no name's, is the empty name. */
static inline const uint8_t *sk_view_domain_at(const struct sk_indicator_set *set, uint32_t index, size_t *length)
{
	const uint8_t *item = sk_view_item(set, SK_SECTION_DOMAIN, index);
	uint32_t start = sk_load_le32(item), end = sk_load_le32(item + 4);
	bool good = start < end && end <= set->section[SK_SECTION_DOMAIN_BYTES].count && end - start <= SK_INDICATOR_NAME_MAX;
	*length = good ? end - start : 0;
	return set->section[SK_SECTION_DOMAIN_BYTES].bytes + (good ? start : 0);
}

static inline uint32_t sk_view_domain_count(const struct sk_indicator_set *set)
{
	return set->section[SK_SECTION_DOMAIN].count != 0 ? (uint32_t)set->section[SK_SECTION_DOMAIN].count - 1 : 0;
}

/* Family and bits as they stand: check.c knows which are possible. */
static inline void sk_view_prefix_at(const struct sk_indicator_set *set, uint32_t index, struct sk_prefix *prefix)
{
	struct sk_cur c = sk_cur_of(sk_view_item(set, SK_SECTION_PREFIX, index), sk_section_width[SK_SECTION_PREFIX]);
	*prefix = (struct sk_prefix){.bits = 0};
	sk_copy(&c, prefix->addr.bytes, sizeof prefix->addr.bytes);
	prefix->addr.family = sk_u8(&c);
	prefix->bits = sk_u8(&c);
}

static inline int sk_view_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order != 0 ? order : a_length < b_length ? -1 : a_length > b_length;
}

static inline bool sk_filter_has(const struct sk_filter *filter, uint64_t hash)
{
	uint64_t bits = sk_filter_bits(hash);
	return (sk_load_le64(filter->words + (hash & filter->mask) * 8) & bits) == bits;
}

#endif
