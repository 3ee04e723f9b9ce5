/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/abroad_priv.h"

#include <stdlib.h>

#include "sketch/sketch.h"
#include "wire/wire.h"

enum sk_err sk_abroad_new(struct sk_abroad **out)
{
	struct sk_abroad *abroad = malloc(sizeof *abroad);
	if (abroad == NULL)
		return SK_ENOMEM;
	memset(abroad, 0, sizeof *abroad);
	*out = abroad;
	return SK_OK;
}

void sk_abroad_free(struct sk_abroad *abroad)
{
	if (abroad == NULL)
		return;
	sk_wipe(abroad, sizeof *abroad);
	free(abroad);
}

void sk_abroad_border(struct sk_abroad *abroad, const struct sk_border *border)
{
	struct sk_border_info info;
	sk_border_info(border, &info);
	abroad->border = info.country_ranges[0] + info.country_ranges[1] != 0 ? border : NULL;
}

/* The class is that of the initiator's direction, so the end abroad is whom it asks (DF) or itself. Of what only passes by both ends are abroad: it counts for who began. */
static const struct sk_addr *end_abroad(const struct sk_flow_record *record)
{
	return record->class_ == SK_CLASS_DF ? &record->responder : &record->initiator;
}

static void count_in(struct sk_abroad_country *country, uint64_t frames, uint64_t bytes)
{
	country->frames += frames;
	country->bytes += bytes;
}

static uint64_t hash_of(const struct sk_abroad *abroad, const struct sk_addr *host)
{
	struct sk_cur c = sk_cur_of(host->bytes, sizeof host->bytes);
	struct sk_sip s = sk_sip_start(abroad->key[0], abroad->key[1]);
	if (SK_LIKELY(host->family == 4))
		return sk_sip_finish(&s, sk_le32(&c), 4);
	sk_sip_word(&s, sk_le64(&c));
	sk_sip_word(&s, sk_le64(&c));
	return sk_sip_finish(&s, 0, 16);
}

void sk_abroad_count(struct sk_abroad *abroad, const struct sk_flow_record *record)
{
	const struct sk_addr *host = end_abroad(record);
	if (abroad->border == NULL)
		return;
	const uint16_t code = sk_border_country(abroad->border, host->bytes, host->family);
	if (code == 0)
		return; /* what is settled and in no country is told as such: it is what the others leave */
	struct sk_abroad_country *country = &abroad->countries[(code >> 8) * SK_ABROAD_LETTERS + (code & 255) - ('A' * SK_ABROAD_LETTERS + 'A')];
	count_in(country, record->frames, record->frame_bytes);
	sk_hll_add(country->hosts, SK_ABROAD_BITS, hash_of(abroad, host));
}

void sk_abroad_add(struct sk_abroad *abroad, unsigned index, const struct sk_abroad_country *more)
{
	struct sk_abroad_country *country = &abroad->countries[index % SK_ABROAD_CODES];
	count_in(country, more->frames, more->bytes);
	for (unsigned i = 0; i < SK_ABROAD_REGISTERS; i++)
		if (more->hosts[i] > country->hosts[i])
			country->hosts[i] = more->hosts[i];
}

/* A host has a frame at least; so the estimate is corrected where it is seen to be too high. */
static uint64_t hosts_of(const struct sk_abroad_country *country)
{
	double estimate = sk_hll_estimate(country->hosts, SK_ABROAD_BITS);
	return estimate < (double)country->frames ? (uint64_t)estimate : country->frames;
}

/* Only user-made codes can be more than there is room for: of those with the fewest frames there is a sum. */
static void put(struct sk_countries_account *out, unsigned index, const struct sk_abroad_country *country)
{
	size_t at = out->count;
	if (out->count == SK_COUNTRIES_MAX) {
		for (size_t i = at = 0; i < out->count; i++)
			at = out->cell[i].frames < out->cell[at].frames ? i : at;
		const struct sk_country_cell least = out->cell[at];
		if (country->frames <= least.frames) {
			out->few_frames += country->frames;
			out->few_bytes += country->bytes;
			return;
		}
		out->few_frames += least.frames;
		out->few_bytes += least.bytes;
		memmove(&out->cell[at], &out->cell[at + 1], (out->count - at - 1) * sizeof least);
		at = --out->count;
	}
	out->cell[at] = (struct sk_country_cell){.code = {(char)('A' + index / SK_ABROAD_LETTERS), (char)('A' + index % SK_ABROAD_LETTERS)}, .frames = country->frames,
						 .bytes = country->bytes, .hosts = hosts_of(country)};
	out->count++;
}

void sk_abroad_take(struct sk_abroad *abroad, struct sk_countries_account *out)
{
	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < SK_ABROAD_CODES; i++) {
		struct sk_abroad_country *country = &abroad->countries[i];
		if (country->frames == 0)
			continue;
		put(out, i, country);
		sk_wipe(country, sizeof *country);
	}
}
