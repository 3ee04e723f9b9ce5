/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a compiled set whose places were checked. */
#ifndef SK_INDICATOR_VIEW_PRIV_H
#define SK_INDICATOR_VIEW_PRIV_H

#include "indicator/indicator_priv.h"

static inline const uint8_t *sk_view_item(const struct sk_indicator_set *set, enum sk_section section, uint64_t index)
{
	return set->section[section].bytes + index * sk_section_width[section];
}

static inline const uint8_t *sk_view_domain_at(const struct sk_indicator_set *set, uint32_t index, size_t *length)
{
	uint32_t start = sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, index));
	*length = sk_load_le32(sk_view_item(set, SK_SECTION_DOMAIN, index + 1)) - start;
	return set->section[SK_SECTION_DOMAIN_BYTES].bytes + start;
}

static inline uint32_t sk_view_domain_count(const struct sk_indicator_set *set)
{
	return set->section[SK_SECTION_DOMAIN].count != 0 ? (uint32_t)set->section[SK_SECTION_DOMAIN].count - 1 : 0;
}

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

static inline bool sk_view_filter_has(const struct sk_indicator_set *set, enum sk_section section, uint64_t hash)
{
	uint64_t bits = sk_filter_bits(hash);
	return (sk_load_le64(sk_view_item(set, section, sk_filter_word(hash, set->section[section].count))) & bits) == bits;
}

#endif
