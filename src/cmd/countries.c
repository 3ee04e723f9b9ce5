/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/countries.h"

#include <stdlib.h>
#include <string.h>

static void add_tally(struct sk_tally *into, uint64_t frames, uint64_t bytes)
{
	into->frames += frames;
	into->bytes += bytes;
}

static void join_cell(struct sk_countries_record *into, const struct sk_country_cell *more)
{
	struct sk_countries *cells = &into->cells;
	size_t at = 0;
	while (at < cells->count && strcmp(cells->cell[at].code, more->code) < 0)
		at++;
	if (at < cells->count && strcmp(cells->cell[at].code, more->code) == 0) {
		struct sk_country_cell *cell = &cells->cell[at];
		cell->frames += more->frames;
		cell->bytes += more->bytes;
		cell->hosts = more->hosts > cell->hosts ? more->hosts : cell->hosts;
		return;
	}
	if (cells->count == SK_COUNTRIES_MAX) {
		add_tally(&into->few, more->frames, more->bytes);
		return;
	}
	memmove(&cells->cell[at + 1], &cells->cell[at], (cells->count - at) * sizeof *more);
	cells->cell[at] = *more;
	cells->count++;
}

void sk_countries_join(struct sk_countries_record *into, const struct sk_countries_record *more)
{
	add_tally(&into->settled, more->settled.frames, more->settled.bytes);
	add_tally(&into->few, more->few.frames, more->few.bytes);
	add_tally(&into->unnamed, more->unnamed.frames, more->unnamed.bytes);
	for (size_t i = 0; i < more->cells.count; i++)
		join_cell(into, &more->cells.cell[i]);
}

void sk_countries_take(struct sk_countries_record *into, const struct sk_account *account, unsigned k)
{
	const struct sk_countries_account *countries = account->countries;
	struct sk_tally settled = {account->selected.frames, account->selected.bytes}, named = {countries->few_frames, countries->few_bytes};
	for (size_t i = 0; i < account->select_count; i++)
		add_tally(&settled, account->select[i].frames, account->select[i].bytes);
	add_tally(&into->few, named.frames, named.bytes);
	for (size_t i = 0; i < countries->count; i++) {
		const struct sk_country_cell *cell = &countries->cell[i];
		add_tally(&named, cell->frames, cell->bytes);
		if (cell->frames >= k && cell->hosts >= k)
			join_cell(into, cell);
		else
			add_tally(&into->few, cell->frames, cell->bytes);
	}
	add_tally(&into->settled, settled.frames, settled.bytes);
	add_tally(&into->unnamed, settled.frames - named.frames, settled.bytes - named.bytes);
}

static int most_frames_first(const void *a, const void *b)
{
	const struct sk_country_cell *one = a, *other = b;
	if (one->frames != other->frames)
		return one->frames < other->frames ? 1 : -1;
	return strcmp(one->code, other->code);
}

void sk_countries_sort(struct sk_countries *cells)
{
	qsort(cells->cell, cells->count, sizeof cells->cell[0], most_frames_first);
}

static void put_tally(struct sk_json_writer *w, const char *key, const struct sk_tally *tally)
{
	sk_json_object(w, key);
	sk_json_u64(w, "frames", tally->frames);
	sk_json_u64(w, "bytes", tally->bytes);
	sk_json_end(w);
}

void sk_countries_json(const struct sk_countries_record *countries, struct sk_json_writer *w)
{
	if (countries == NULL) {
		sk_json_null(w, "countries");
		return;
	}
	struct sk_countries cells = countries->cells;
	sk_countries_sort(&cells);
	sk_json_array(w, "countries");
	for (size_t i = 0; i < cells.count; i++) {
		sk_json_object(w, NULL);
		sk_json_text(w, "cc", cells.cell[i].code);
		sk_json_u64(w, "frames", cells.cell[i].frames);
		sk_json_u64(w, "bytes", cells.cell[i].bytes);
		sk_json_u64(w, "hosts", cells.cell[i].hosts);
		sk_json_end(w);
	}
	sk_json_end(w);
	sk_json_object(w, "countries_rest");
	put_tally(w, "settled", &countries->settled);
	put_tally(w, "few", &countries->few);
	put_tally(w, "unnamed", &countries->unnamed);
	sk_json_end(w);
	sk_json_double(w, "hosts_error", SK_HOSTS_ERROR);
}
