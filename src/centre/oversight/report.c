/* SPDX-License-Identifier: Apache-2.0 */
/* Counting leaves by the rows of report.def. */
#include "oversight/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "oversight/matters.h"
#include "text/text.h"

static const struct {
	unsigned number;
	const char *article, *japanese, *english;
} items[] = {
#define SK_REPORT_ITEM(number, article, japanese, english) {number, article, japanese, english},
#include "oversight/report.def"
#undef SK_REPORT_ITEM
};
_Static_assert(SK_COUNT(items) == SK_REPORT_ITEMS, "a row each");

static const struct row {
	unsigned item;
	const char *key, *matter, *event, *from, *to, *words, *needs, *count;
	bool persons;
	const char *japanese, *english;
} rows[] = {
#define SK_FIGURE(item, key, matter, event, from, to, words, needs, count, persons, japanese, english) {item, key, matter, event, from, to, words, needs, count, persons, japanese, english},
#include "oversight/report.def"
#undef SK_FIGURE
};

void sk_annual_item(unsigned item, const char **article, const char **japanese, const char **english)
{
	SK_INVARIANT(item >= 1 && item <= SK_COUNT(items));
	*article = items[item - 1].article;
	*japanese = items[item - 1].japanese;
	*english = items[item - 1].english;
}

void sk_annual_fini(struct sk_annual *report)
{
	for (size_t i = 0; i < report->figure_count; i++)
		free(report->figures[i].leaves);
	free(report->figures);
	free(report->gists);
	*report = (struct sk_annual){.acts = 0};
}

void sk_annual_year(int64_t year, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = sk_days_of_date(year, 1, 1) * 86400 * 1000000000;
	*to_ns = sk_days_of_date(year + 1, 1, 1) * 86400 * 1000000000;
}

/* ---- one leaf ---- */

static bool has_word(const struct sk_act_record *act, const char *word, size_t length)
{
	for (size_t i = 0; i < act->words.count; i++)
		if (strlen(act->words.name[i]) == length && memcmp(act->words.name[i], word, length) == 0)
			return true;
	return false;
}

static bool has_words(const struct sk_act_record *act, const char *words)
{
	while (*words != '\0') {
		size_t length = strcspn(words, " ");
		if (!has_word(act, words, length))
			return false;
		words += length + (words[length] == ' ');
	}
	return true;
}

static bool has_prefix(const struct sk_act_record *act, const char *prefix)
{
	for (size_t i = 0; i < act->words.count; i++)
		if (strncmp(act->words.name[i], prefix, strlen(prefix)) == 0)
			return true;
	return prefix[0] == '\0';
}

static bool fits(const char *wanted, const char *any, const char *found)
{
	return strcmp(wanted, any) == 0 || strcmp(wanted, found) == 0;
}

static bool add_leaf(struct sk_figure *figure, uint64_t index)
{
	if (figure->leaf_count == figure->leaf_room) {
		size_t room = figure->leaf_room == 0 ? 16 : 2 * figure->leaf_room;
		uint64_t *leaves = reallocarray(figure->leaves, room, sizeof *leaves);
		if (leaves == NULL)
			return false;
		figure->leaves = leaves;
		figure->leaf_room = room;
	}
	figure->leaves[figure->leaf_count++] = index;
	return true;
}

/* rule: REPORT-1 */
static bool count_leaf(struct sk_figure *figure, const struct row *row, uint64_t index, const struct sk_act_record *act)
{
	if (strcmp(row->matter, act->matter) != 0 || !fits(row->event, "", act->event) || !fits(row->from, "*", act->from) || !fits(row->to, "*", act->to))
		return true;
	if (!has_prefix(act, row->needs)) {
		figure->untold = true;
		return true;
	}
	if (!has_words(act, row->words))
		return true;
	uint64_t number = row->count[0] == '\0';
	for (size_t i = 0; i < act->counts.count && row->count[0] != '\0'; i++)
		if (strcmp(act->counts.cell[i].name, row->count) == 0)
			number = act->counts.cell[i].frames;
	if (number == 0)
		return true;
	return !__builtin_add_overflow(figure->count, number, &figure->count) && add_leaf(figure, index);
}

/* Kind and topic of a remark, by the words that it may have. */
static bool count_gist(struct sk_annual *report, const struct sk_act_record *act)
{
	const char *kj, *ke, *aj, *ae, *kind, *about;
	if (strcmp(act->matter, "remark") != 0 || strcmp(act->event, "issue") != 0)
		return true;
	for (size_t k = 0; (kind = sk_oversight_word_at(SK_WORDS_KIND, k, &kj, &ke)) != NULL; k++)
		for (size_t a = 0; (about = sk_oversight_word_at(SK_WORDS_ABOUT, a, &aj, &ae)) != NULL; a++) {
			char words[2 * SK_ACT_WORD_MAX + 16];
			(void)snprintf(words, sizeof words, "kind.%s about.%s", kind, about);
			if (!has_words(act, words))
				continue;
			for (size_t i = 0; i < report->gist_count; i++)
				if (report->gists[i].kind == kind && report->gists[i].about == about) {
					report->gists[i].count++;
					return true;
				}
			struct sk_gist *gists = reallocarray(report->gists, report->gist_count + 1, sizeof *gists);
			if (gists == NULL)
				return false;
			report->gists = gists;
			gists[report->gist_count++] = (struct sk_gist){kind, kj, ke, about, aj, ae, 1};
		}
	return true;
}

/* ---- the ledger ---- */

struct reading {
	const char *folder;
	struct sk_annual *report;
	struct sk_record *record;
	const struct sk_verify_key *key;
	int64_t first_ns, last_ns;
	bool count;
};

static enum sk_err take_opening(struct reading *r, struct sk_fault *fault)
{
	const struct sk_open_record *open = &r->record->open;
	if (r->record->kind != SK_RECORD_OPEN)
		return sk_fault_set(fault, SK_EMALFORMED, "leaf 0: expected the opening of a ledger");
	memcpy(r->report->profile, open->profile, sizeof r->report->profile);
	memcpy(r->report->origin, open->origin, sizeof r->report->origin);
	r->report->simulated = open->simulated;
	r->report->k = (unsigned)open->k;
	return SK_OK;
}

static enum sk_err visit(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	struct reading *r = context;
	struct sk_fault inner = {.line = ""};
	if (sk_record_parse(entry, length, r->record, &inner) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "leaf %llu: %.400s", (unsigned long long)index, inner.line);
	if (index == 0)
		return take_opening(r, fault);
	if (r->record->kind != SK_RECORD_ACT)
		return SK_OK;
	const struct sk_act_record *act = &r->record->act;
	r->first_ns = act->time_ns < r->first_ns ? act->time_ns : r->first_ns;
	r->last_ns = act->time_ns > r->last_ns ? act->time_ns : r->last_ns;
	if (!r->count || act->time_ns < r->report->from_ns || act->time_ns >= r->report->to_ns)
		return SK_OK;
	r->report->acts++;
	bool good = count_gist(r->report, act);
	for (size_t i = 0; good && i < SK_COUNT(rows); i++)
		good = count_leaf(&r->report->figures[i], &rows[i], index, act);
	return good ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "out of memory, or a sum beyond 64 bits");
}

/* The key that leaf 0 names must have signed the head, and be the one that was pinned. */
static enum sk_err check_head(struct reading *r, const struct sk_note *note, struct sk_fault *fault)
{
	struct sk_buf leaf;
	struct sk_verify_key own;
	struct sk_fault inner = {.line = ""};
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	enum sk_err err = sk_ledger_read(r->folder, r->report->head.size, 0, &leaf, fault);
	if (err == SK_OK && (sk_record_parse(leaf.bytes, leaf.length, r->record, &inner) != SK_OK || r->record->kind != SK_RECORD_OPEN || sk_verify_key_parse(r->record->open.key, &own) != SK_OK))
		err = sk_fault_set(fault, SK_EMALFORMED, "leaf 0: expected the opening of a ledger");
	sk_buf_fini(&leaf);
	if (err != SK_OK)
		return err;
	if (r->key != NULL && memcmp(r->key->public_key, own.public_key, sizeof own.public_key) != 0)
		return sk_fault_set(fault, SK_ESIGNATURE, "leaf 0: expected the key %s+%08x, found %s+%08x", r->key->name, (unsigned)r->key->id, own.name, (unsigned)own.id);
	(void)sk_verify_key_format(&own, r->report->key);
	return sk_note_verify(note, &own) == SK_OK ? SK_OK : sk_fault_set(fault, SK_ESIGNATURE, "%s/checkpoint: not signed by the ledger's key", r->folder);
}

static enum sk_err read_ledger(struct reading *r, struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_note *note = malloc(sizeof *note);
	r->record = malloc(sizeof *r->record);
	sk_buf_init(&text, SK_NOTE_MAX);
	enum sk_err err = note != NULL && r->record != NULL ? sk_checkpoint_read(r->folder, &text, note, &r->report->head, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK)
		err = check_head(r, note, fault);
	if (err == SK_OK)
		err = sk_ledger_walk(r->folder, &r->report->head, visit, r, fault);
	sk_buf_fini(&text);
	free(r->record);
	free(note);
	return err;
}

/* What may point at persons is told from k on, or not at all. rule: REPORT-2 */
static void settle(struct sk_annual *report)
{
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct sk_figure *figure = &report->figures[i];
		figure->held_back = rows[i].persons && figure->count != 0 && figure->count < report->k;
		if (!figure->held_back && !figure->untold)
			continue;
		figure->count = 0;
		figure->leaf_count = 0;
	}
}

enum sk_err sk_annual_make(const char *ledger, const struct sk_verify_key *key, int64_t from_ns, int64_t to_ns, struct sk_annual *out, struct sk_fault *fault)
{
	struct reading r = {.folder = ledger, .report = out, .key = key, .count = true, .first_ns = INT64_MAX, .last_ns = INT64_MIN};
	*out = (struct sk_annual){.from_ns = from_ns, .to_ns = to_ns};
	out->figures = calloc(SK_COUNT(rows), sizeof *out->figures);
	if (out->figures == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	out->figure_count = SK_COUNT(rows);
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		out->figures[i] = (struct sk_figure){.item = rows[i].item, .key = rows[i].key, .japanese = rows[i].japanese, .english = rows[i].english};
	enum sk_err err = read_ledger(&r, fault);
	if (err == SK_OK)
		settle(out);
	else
		sk_annual_fini(out);
	return err;
}

static int64_t year_of(int64_t ns)
{
	int64_t year;
	unsigned month, day;
	int64_t seconds = ns / 1000000000 - (ns % 1000000000 < 0);
	sk_date_of_days(seconds / 86400 - (seconds % 86400 < 0), &year, &month, &day);
	return year;
}

enum sk_err sk_annual_years(const char *ledger, int64_t *first, int64_t *last, struct sk_fault *fault)
{
	struct sk_annual report = {.acts = 0};
	struct reading r = {.folder = ledger, .report = &report, .first_ns = INT64_MAX, .last_ns = INT64_MIN};
	SK_TRY(read_ledger(&r, fault));
	*first = r.first_ns <= r.last_ns ? year_of(r.first_ns) : 1;
	*last = r.first_ns <= r.last_ns ? year_of(r.last_ns) : 0;
	return SK_OK;
}
