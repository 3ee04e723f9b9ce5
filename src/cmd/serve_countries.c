/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_countries.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(SK_COUNTRIES_MAX <= UINT16_MAX, "count");

static void add_tally(struct sk_tally *into, const struct sk_tally *more)
{
	into->frames += more->frames;
	into->bytes += more->bytes;
}

size_t sk_kept_countries_drop(struct sk_kept_countries *kept)
{
	size_t count = kept->count;
	free(kept->countries);
	*kept = (struct sk_kept_countries){.told = false};
	return count;
}

size_t sk_kept_countries_take(struct sk_kept_countries *kept, const struct sk_interval_record *interval)
{
	const struct sk_countries *cells = &interval->countries.cells;
	(void)sk_kept_countries_drop(kept);
	if (!interval->has_countries)
		return 0;
	struct sk_kept_country *countries = cells->count != 0 ? calloc(cells->count, sizeof *countries) : NULL;
	if (countries == NULL && cells->count != 0)
		return 0;
	*kept = (struct sk_kept_countries){.told = true, .settled = interval->countries.settled, .few = interval->countries.few, .unnamed = interval->countries.unnamed,
					   .countries = countries, .count = (uint16_t)cells->count};
	for (size_t i = 0; i < cells->count; i++) {
		const struct sk_country_cell *cell = &cells->cell[i];
		countries[i] = (struct sk_kept_country){.frames = cell->frames, .bytes = cell->bytes, .hosts = cell->hosts < UINT32_MAX ? (uint32_t)cell->hosts : UINT32_MAX,
							.code = (uint16_t)((cell->code[0] - 'A') * 26 + cell->code[1] - 'A')};
	}
	return kept->count;
}

void sk_country_sums_add(struct sk_country_sums *sums, const struct sk_kept_countries *kept)
{
	if (!kept->told)
		return;
	sums->intervals++;
	add_tally(&sums->settled, &kept->settled);
	add_tally(&sums->few, &kept->few);
	add_tally(&sums->unnamed, &kept->unnamed);
	for (size_t i = 0; i < kept->count; i++) {
		const struct sk_kept_country *one = &kept->countries[i];
		SK_INVARIANT(one->code < SK_COUNTRY_CODES); /* the record's reader takes two capital letters and nothing else */
		struct sk_kept_country *sum = &sums->sum[one->code];
		sum->frames += one->frames;
		sum->bytes += one->bytes;
		sum->hosts = one->hosts > sum->hosts ? one->hosts : sum->hosts;
	}
}

void sk_country_sums_tell(const struct sk_country_sums *sums, struct sk_countries_record *out)
{
	memset(out, 0, sizeof *out);
	out->settled = sums->settled;
	out->few = sums->few;
	out->unnamed = sums->unnamed;
	for (unsigned i = 0; i < SK_COUNTRY_CODES; i++) {
		const struct sk_kept_country *sum = &sums->sum[i];
		if (sum->frames == 0)
			continue;
		if (out->cells.count == SK_COUNTRIES_MAX) {
			add_tally(&out->few, &(struct sk_tally){sum->frames, sum->bytes});
			continue;
		}
		struct sk_country_cell *cell = &out->cells.cell[out->cells.count++];
		*cell = (struct sk_country_cell){.frames = sum->frames, .bytes = sum->bytes, .hosts = sum->hosts};
		cell->code[0] = (char)('A' + i / 26);
		cell->code[1] = (char)('A' + i % 26);
	}
}
