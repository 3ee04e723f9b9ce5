/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges in order, each with the narrowest one around it: a look-up finds the last that begins at or before the address and climbs until one holds it. */
#include "campaign/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "text/lines.h"

enum { FIELDS_MAX = 8, FIRST_ROOM = 1024 };
static const uint32_t none = UINT32_MAX;

struct range {
	struct sk_addr from, to;
	uint32_t word, around, line;
};

struct sk_places {
	struct range *ranges;
	size_t count, room;
	char (*words)[SK_PLACE_WORD_MAX];
	size_t word_count, word_room;
};

/* ---- a line ---- */

static enum sk_err take_word(const struct sk_lines *lines, char *text, bool as, char word[SK_PLACE_WORD_MAX], struct sk_fault *fault)
{
	uint64_t number;
	if (as) {
		if (sk_lines_number(strncasecmp(text, "AS", 2) == 0 ? text + 2 : text, UINT32_MAX, &number) != SK_OK)
			return sk_lines_fault(lines, fault, "'%.40s' is no number of an autonomous system", text);
		if (number != 0)
			(void)snprintf(word, SK_PLACE_WORD_MAX, "AS%u", (unsigned)number);
		return SK_OK;
	}
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	if (length == 0 || text[length] != '\0' || length >= SK_PLACE_WORD_MAX)
		return sk_lines_fault(lines, fault, "'%.40s' is no sector; 1 to %d of a-z, 0-9, - and _ were expected", text, SK_PLACE_WORD_MAX - 1);
	memcpy(word, text, length + 1);
	return SK_OK;
}

static void spread(const struct sk_prefix *prefix, struct range *range)
{
	range->from = range->to = prefix->addr;
	for (unsigned bit = prefix->bits; bit < (prefix->addr.family == 4 ? 32u : 128u); bit++)
		range->to.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* "PREFIX WORD" or "FROM TO WORD". */
static enum sk_err take_range(const struct sk_lines *lines, char **field, unsigned count, struct range *range, char **word, struct sk_fault *fault)
{
	struct sk_prefix prefix;
	bool two = count >= 3 && sk_addr_parse(field[0], &range->from) == SK_OK && sk_addr_parse(field[1], &range->to) == SK_OK;
	*word = field[two ? 2 : 1];
	if (two && (range->from.family != range->to.family || sk_addr_compare(&range->from, &range->to) > 0))
		return sk_lines_fault(lines, fault, "the range %.48s to %.48s ends before it begins", field[0], field[1]);
	if (two)
		return SK_OK;
	if (count < 2 || sk_prefix_parse(field[0], &prefix) != SK_OK)
		return sk_lines_fault(lines, fault, "'PREFIX WORD' or 'FROM TO WORD' was expected; host bits of a prefix are zero");
	spread(&prefix, range);
	return SK_OK;
}

static enum sk_err put(struct sk_places *places, const struct range *range, const char *word, const struct sk_lines *lines, struct sk_fault *fault)
{
	if (places->count == SK_PLACES_MAX)
		return sk_lines_fault(lines, fault, "more than %d ranges", SK_PLACES_MAX);
	if (places->count == places->room) {
		size_t room = places->room == 0 ? FIRST_ROOM : 2 * places->room;
		struct range *ranges = realloc(places->ranges, room * sizeof *ranges);
		if (ranges != NULL)
			places->ranges = ranges;
		char (*words)[SK_PLACE_WORD_MAX] = realloc(places->words, room * sizeof *words);
		if (words != NULL)
			places->words = words;
		if (ranges == NULL || words == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		places->room = room;
	}
	memcpy(places->words[places->count], word, SK_PLACE_WORD_MAX);
	places->ranges[places->count] = *range;
	places->ranges[places->count].word = (uint32_t)places->count;
	places->count++;
	return SK_OK;
}

static enum sk_err read_line(struct sk_places *places, struct sk_lines *lines, bool as, struct sk_fault *fault)
{
	char *field[FIELDS_MAX] = {NULL}, *text, word[SK_PLACE_WORD_MAX] = {0};
	struct range range = {.line = lines->number, .around = none};
	for (char *at = lines->text; *at != '\0'; at++)
		if (*at == '\t' || *at == ',' || *at == '"')
			*at = ' ';
	unsigned count = 0;
	char *rest = NULL;
	for (char *part = strtok_r(lines->text, " ", &rest); part != NULL && count < FIELDS_MAX; part = strtok_r(NULL, " ", &rest))
		field[count++] = part;
	SK_TRY(take_range(lines, field, count, &range, &text, fault));
	SK_TRY(take_word(lines, text, as, word, fault));
	return put(places, &range, word, lines, fault);
}

/* ---- in order ---- */

static int by_word(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Wide ones before the narrow ones that they hold; of two alike the earlier line, so that the later decides. */
static int by_range(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int order = sk_addr_compare(&x->from, &y->from);
	if (order == 0)
		order = -sk_addr_compare(&x->to, &y->to);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static bool holds(const struct range *range, const struct sk_addr *addr)
{
	return addr->family == range->from.family && sk_addr_compare(&range->from, addr) <= 0 && sk_addr_compare(addr, &range->to) <= 0;
}

static enum sk_err number_words(struct sk_places *places, struct sk_fault *fault)
{
	char (*sorted)[SK_PLACE_WORD_MAX] = malloc((places->count + 1) * sizeof *sorted);
	if (sorted == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (places->count != 0)
		memcpy(sorted, places->words, places->count * sizeof *sorted);
	qsort(sorted, places->count, sizeof *sorted, by_word);
	size_t different = 0;
	for (size_t i = 0; i < places->count; i++)
		if (different == 0 || strcmp(sorted[different - 1], sorted[i]) != 0)
			memmove(sorted[different++], sorted[i], sizeof sorted[0]);
	for (size_t i = 0; i < places->count; i++) {
		char (*found)[SK_PLACE_WORD_MAX] = bsearch(places->words[places->ranges[i].word], sorted, different, sizeof *sorted, by_word);
		places->ranges[i].word = (uint32_t)(found - sorted);
	}
	free(places->words);
	places->words = sorted;
	places->word_count = different;
	return SK_OK;
}

/* A range's parent is the last open one that holds its beginning; one that ended is closed. */
static void nest(struct sk_places *places)
{
	uint32_t open = none;
	for (size_t i = 0; i < places->count; i++) {
		while (open != none && !holds(&places->ranges[open], &places->ranges[i].from))
			open = places->ranges[open].around;
		places->ranges[i].around = open;
		open = (uint32_t)i;
	}
}

enum sk_err sk_places_read(const char *label, const void *bytes, size_t length, enum sk_places_kind kind, struct sk_places **out, struct sk_fault *fault)
{
	struct sk_lines lines;
	enum sk_err err;
	struct sk_places *places = *out = calloc(1, sizeof *places);
	if (places == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_lines_begin(&lines, label, bytes, length);
	while ((err = sk_lines_next(&lines, fault)) == SK_OK) {
		if (lines.text[0] != '\0' && lines.text[0] != '#')
			err = read_line(places, &lines, kind == SK_PLACES_AS, fault);
		if (err != SK_OK)
			break;
	}
	err = err == SK_ENOENT ? number_words(places, fault) : err;
	if (err == SK_OK && kind == SK_PLACES_SECTORS && places->word_count > SK_SECTORS_MAX)
		err = sk_fault_set(fault, SK_EINPUT, "%s: %zu different sectors; at most %d are told apart", label, places->word_count, SK_SECTORS_MAX);
	if (err == SK_OK && places->count != 0) {
		qsort(places->ranges, places->count, sizeof places->ranges[0], by_range);
		nest(places);
	}
	if (err == SK_OK)
		return SK_OK;
	sk_places_free(places);
	*out = NULL;
	return err;
}

void sk_places_free(struct sk_places *places)
{
	if (places == NULL)
		return;
	free(places->ranges);
	free(places->words);
	free(places);
}

uint32_t sk_places_find(const struct sk_places *places, const struct sk_addr *addr)
{
	size_t low = 0, high = places->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sk_addr_compare(&places->ranges[middle].from, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t at = low == 0 ? none : (uint32_t)low - 1; at != none; at = places->ranges[at].around)
		if (holds(&places->ranges[at], addr))
			return places->words[places->ranges[at].word][0] == '\0' ? none : places->ranges[at].word;
	return none;
}

const char *sk_places_word(const struct sk_places *places, uint32_t number)
{
	return places == NULL || number >= places->word_count ? NULL : places->words[number];
}
