/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds: a file can only narrow what is compiled in. Each refusal names file, line, value and bound. */
#include <stdarg.h>
#include <stdio.h>

#include "law/law_priv.h"
#include "text/text.h"

/* The urgent path's own bound (LAW.md 2.3, I3). */
enum { URGENT_MOST_S = 86400 };

struct check {
	const char *name;
	const struct sk_law *law;
	const struct sk_law_section *section;
	const struct sk_law_marks *marks;
	struct sk_fault *fault;
};

/* The number of the field with that key. */
static size_t field_of(const struct check *check, const char *key)
{
	size_t i = 0;
	while (i < check->section->field_count && strcmp(check->section->fields[i].key, key) != 0)
		i++;
	SK_INVARIANT(i < check->section->field_count);
	return i;
}

SK_PRINTF(4, 5) static enum sk_err refuse(const struct check *check, enum sk_err err, const char *key, const char *format, ...)
{
	char words[SK_FAULT_LINE_MAX];
	struct sk_law_mark mark = check->marks->field[field_of(check, key)];
	va_list args;
	if (mark.line == 0)
		mark = check->marks->begin;
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	return sk_fault_set(check->fault, err, "%s:%u:%u: %s: %s", check->name, mark.line, mark.column, key, words);
}

/* Seconds that a span can last at most: a month has 31 days. */
static uint64_t most_seconds(const struct sk_law_span *span)
{
	return span->months != 0 ? (uint64_t)span->months * 31 * 86400 : (uint64_t)(span->ns / 1000000000);
}

static enum sk_err check_kind(const struct check *check, const char *key, const char *word, enum sk_basis_kind *kind)
{
	if (sk_basis_kind_parse(word, kind) != SK_OK)
		return refuse(check, SK_EWIDE, key, "found '%s'; the program knows agreement, ff, fd, df, own_network and lab, and a file cannot add to them", word);
	if (!sk_policy_profile_allows(check->law->profile, *kind))
		return refuse(check, SK_EWIDE, key, "found '%s'; profile %s may not use a basis of that kind, and a file can only narrow", word,
			      sk_profile_name(check->law->profile));
	return SK_OK;
}

/* No row of a profile is in force before the profile itself. */
static enum sk_err check_dates(const struct check *check, int64_t from, int64_t to)
{
	char a[SK_TIME_TEXT_MAX], b[SK_TIME_TEXT_MAX];
	if (to != 0 && to <= from)
		return refuse(check, SK_EINPUT, "effective_to", "%.10s is not after effective_from %.10s", sk_time_format(to, 0, a), sk_time_format(from, 0, b));
	return SK_OK;
}

static enum sk_err check_evidence(const struct check *check, const char *tag)
{
	static const char *const tags[] = {"P", "X", "S", "B", "own"};
	for (size_t i = 0; i < SK_COUNT(tags); i++)
		if (strcmp(tags[i], tag) == 0)
			return SK_OK;
	return refuse(check, SK_EINPUT, "evidence", "found '%s'; expected P, X, S, B or own: no statement of law stands without its tag", tag);
}

static enum sk_err check_basis(const struct check *check, const struct sk_law_basis *row)
{
	enum sk_basis_kind kind;
	char a[SK_TIME_TEXT_MAX], b[SK_TIME_TEXT_MAX];
	SK_TRY(check_kind(check, "kind", row->kind, &kind));
	int64_t profile_from = sk_policy_profile_from_ns(check->law->profile);
	if (row->effective_from < profile_from)
		return refuse(check, SK_EWIDE, "effective_from", "found %.10s; profile %s is not in force before %.10s, and a file can only narrow",
			      sk_time_format(row->effective_from, 0, a), sk_profile_name(check->law->profile), sk_time_format(profile_from, 0, b));
	bool statutory = kind == SK_BASIS_FF || kind == SK_BASIS_FD || kind == SK_BASIS_DF;
	const char *wanted = statutory ? "oversight" : kind == SK_BASIS_AGREEMENT ? "partner" : NULL;
	if (wanted != NULL && strcmp(row->approves, wanted) != 0)
		return refuse(check, SK_EWIDE, "approves", "found '%s'; a basis of kind %s is approved by %s alone (LAW.md 1.3)", row->approves, row->kind, wanted);
	if (strcmp(row->approves, "oversight") != 0 && strcmp(row->approves, "own") != 0 && strcmp(row->approves, "partner") != 0)
		return refuse(check, SK_EINPUT, "approves", "found '%s'; expected oversight, own or partner", row->approves);
	if (row->asks.count == 0)
		return refuse(check, SK_EINPUT, "asks", "an empty list; expected who may ask for it");
	if (sk_law_span_none(&row->longest))
		return refuse(check, SK_EINPUT, "longest", "found none; a basis ends");
	if (row->max_entries == 0)
		return refuse(check, SK_EINPUT, "max_entries", "found 0; nothing could be selected");
	if (row->min_prefix_v4 < 1 || row->min_prefix_v4 > 32)
		return refuse(check, SK_EWIDE, "min_prefix_v4", "found %llu; expected 1 to 32: 0.0.0.0/0 is no selector", (unsigned long long)row->min_prefix_v4);
	if (row->min_prefix_v6 < 1 || row->min_prefix_v6 > 128)
		return refuse(check, SK_EWIDE, "min_prefix_v6", "found %llu; expected 1 to 128: ::/0 is no selector", (unsigned long long)row->min_prefix_v6);
	return SK_OK;
}

static enum sk_err check_matrix(const struct check *check, const struct sk_law_matrix *row)
{
	enum sk_basis_kind kind;
	SK_TRY(check_kind(check, "basis", row->basis, &kind));
	for (uint32_t i = 0; i < row->classes.count; i++) {
		int class_ = 0;
		while (class_ < SK_CLASS_COUNT && strcmp(sk_class_name((enum sk_class)class_), row->classes.items[i]) != 0)
			class_++;
		if (class_ == SK_CLASS_COUNT)
			return refuse(check, SK_EINPUT, "classes", "found '%s'; expected FF, FD, DF", row->classes.items[i]);
		if (!sk_policy_eligible(kind, (enum sk_class)class_))
			return refuse(check, SK_EWIDE, "classes", "found '%s'; the program's matrix never lets a basis of kind %s keep it, and a file can only narrow", row->classes.items[i], row->basis);
	}
	return SK_OK;
}

static enum sk_err check_quorum(const struct check *check, const struct sk_law_quorum *row, const struct sk_law_bounds *bounds)
{
	bool majority = strcmp(row->rule, "majority") == 0;
	if (!majority && strcmp(row->rule, "count") != 0)
		return refuse(check, SK_EINPUT, "rule", "found '%s'; expected majority or count", row->rule);
	if (row->tie[0] != '\0' && strcmp(row->tie, "chair") != 0 && strcmp(row->tie, "refuse") != 0)
		return refuse(check, SK_EINPUT, "tie", "found '%s'; expected chair or refuse", row->tie);
	if (row->present < 1 || row->present > 32)
		return refuse(check, SK_EWIDE, "present", "found %llu; expected 1 to 32", (unsigned long long)row->present);
	if (strcmp(row->matter, "basis") == 0 && strcmp(row->level, "oversight") == 0 && bounds != NULL) {
		if (!majority)
			return refuse(check, SK_EWIDE, "rule", "found '%s'; oversight decides by majority (LAW.md 1.5, art 55)", row->rule);
		if (row->present < bounds->oversight_present)
			return refuse(check, SK_EWIDE, "present", "found %llu; oversight decides with %u present at least (LAW.md 1.5, art 55)", (unsigned long long)row->present,
				      bounds->oversight_present);
		if (!row->chair)
			return refuse(check, SK_EWIDE, "chair", "found false; the chair or the deputy must be present (LAW.md 1.5, art 55)");
		if (!row->outside)
			return refuse(check, SK_EWIDE, "outside", "found false; who asks is not who approves");
	}
	if (strcmp(row->matter, "order") != 0 || bounds == NULL || bounds->levels == NULL)
		return SK_OK;
	size_t i = 0;
	while (i < bounds->level_count && strcmp(bounds->levels[i].name, row->level) != 0)
		i++;
	if (i == bounds->level_count)
		return refuse(check, SK_EINPUT, "level", "found '%s'; orders are of level low, medium or high", row->level);
	if (row->present < bounds->levels[i].bound)
		return refuse(check, SK_EWIDE, "present", "found %llu; an order of level %s needs %llu approvers at least", (unsigned long long)row->present, row->level,
			      (unsigned long long)bounds->levels[i].bound);
	return SK_OK;
}

static enum sk_err check_retention(const struct check *check, const struct sk_law_retention *row)
{
	enum sk_basis_kind kind;
	char span[SK_LAW_WORD_MAX];
	SK_TRY(check_kind(check, "basis", row->basis, &kind));
	uint64_t most = (uint64_t)sk_policy_retention_days() * 86400;
	if (sk_law_span_none(&row->keep) || most_seconds(&row->keep) > most)
		return refuse(check, SK_EWIDE, "keep", "found %s; the program keeps nothing longer than %u days, and a file can only narrow",
			      sk_law_span_format(&row->keep, span), sk_policy_retention_days());
	if (sk_policy_split(kind) && !row->split)
		return refuse(check, SK_EWIDE, "split", "found false; oversight holds a share of the keys of a basis of kind %s, and a file can only narrow", row->basis);
	return SK_OK;
}

static enum sk_err check_cap(const struct check *check, const struct sk_law_cap *row, const struct sk_law_bounds *bounds)
{
	char span[SK_LAW_WORD_MAX];
	size_t i = 0;
	if (sk_law_span_none(&row->longest))
		return refuse(check, SK_EINPUT, "longest", "found none; a measure ends");
	if (most_seconds(&row->urgent) > URGENT_MOST_S || most_seconds(&row->urgent) > most_seconds(&row->longest))
		return refuse(check, SK_EWIDE, "urgent", "found %s; the urgent path lasts 24h at most, and no longer than the measure", sk_law_span_format(&row->urgent, span));
	if (bounds == NULL || bounds->measures == NULL)
		return SK_OK;
	while (i < bounds->measure_count && strcmp(bounds->measures[i].name, row->measure) != 0)
		i++;
	if (i == bounds->measure_count)
		return refuse(check, SK_EWIDE, "measure", "found '%s'; there is no such measure, and a file cannot add one", row->measure);
	if (most_seconds(&row->longest) > bounds->measures[i].bound)
		return refuse(check, SK_EWIDE, "longest", "found %s; %s lives %llu seconds at most, and a file can only narrow", sk_law_span_format(&row->longest, span), row->measure,
			      (unsigned long long)bounds->measures[i].bound);
	return SK_OK;
}

/* A word that nobody can tell would stop a clock without a word. The words are those of centre/report/clock.def; its test compares. */
static enum sk_err check_deadline(const struct check *check, const struct sk_law_deadline *row)
{
	static const char *const known[] = {"malicious", "not_malicious", "significant", "not_significant", "personal_data"};
	for (uint32_t i = 0; i < row->when.count; i++) {
		size_t k = 0;
		while (k < SK_COUNT(known) && strcmp(known[k], row->when.items[i]) != 0)
			k++;
		if (k == SK_COUNT(known))
			return refuse(check, SK_EINPUT, "when", "found '%s'; expected malicious, not_malicious, significant, not_significant or personal_data", row->when.items[i]);
	}
	return SK_OK;
}

#define CHECK_EVERY(row) \
	SK_TRY(check_dates(&check, (row)->effective_from, (row)->effective_to)); \
	SK_TRY(check_evidence(&check, (row)->evidence))

//= rule: LAW-2
enum sk_err sk_law_check_row(const char *name, const struct sk_law *law, enum sk_law_section_id section, const void *row, const struct sk_law_marks *marks,
			     const struct sk_law_bounds *bounds, struct sk_fault *fault)
{
	struct check check = {name, law, sk_law_section(section), marks, fault};
	const struct sk_law_basis *basis = row;
	const struct sk_law_matrix *matrix = row;
	const struct sk_law_quorum *quorum = row;
	const struct sk_law_retention *retention = row;
	const struct sk_law_deadline *deadline = row;
	const struct sk_law_sector *sector = row;
	const struct sk_law_cap *cap = row;
	switch (section) {
	case SK_LAW_S_BASIS: CHECK_EVERY(basis); return check_basis(&check, basis);
	case SK_LAW_S_MATRIX: CHECK_EVERY(matrix); return check_matrix(&check, matrix);
	case SK_LAW_S_QUORUM: CHECK_EVERY(quorum); return check_quorum(&check, quorum, bounds);
	case SK_LAW_S_RETENTION: CHECK_EVERY(retention); return check_retention(&check, retention);
	case SK_LAW_S_DEADLINE: CHECK_EVERY(deadline); return check_deadline(&check, deadline);
	case SK_LAW_S_SECTOR: CHECK_EVERY(sector); return SK_OK;
	case SK_LAW_S_CAP: CHECK_EVERY(cap); return check_cap(&check, cap, bounds);
	case SK_LAW_SECTIONS: break;
	}
	sk_bug(__FILE__, __LINE__, "a section of law.def");
}

/* ---- rows beside each other ---- */

static int64_t date_of(const struct sk_law_section *section, const uint8_t *row, const char *key)
{
	int64_t date = 0;
	for (size_t i = 0; i < section->field_count; i++)
		if (strcmp(section->fields[i].key, key) == 0)
			memcpy(&date, row + section->fields[i].at, sizeof date);
	return date;
}

static uint32_t line_of(const uint8_t *row)
{
	uint32_t line;
	memcpy(&line, row, sizeof line);
	return line;
}

static enum sk_err check_overlap(const char *name, const struct sk_law *law, const struct sk_law_section *section, struct sk_fault *fault)
{
	uint32_t count;
	const uint8_t *rows = sk_law_rows(law, section, &count);
	char keys[SK_LAW_KEYS_TEXT_MAX];
	for (uint32_t i = 1; i < count; i++) {
		const uint8_t *before = rows + (size_t)(i - 1) * section->row_size, *row = before + section->row_size;
		int64_t to = date_of(section, before, "effective_to");
		if (sk_law_order(section, before, row, false) == 0 && (to == 0 || date_of(section, row, "effective_from") < to))
			return sk_fault_set(fault, SK_EINPUT, "%s:%u: %s %s: in force at the same time as the row of line %u; end one where the other begins", name, line_of(row),
					    section->key, sk_law_keys(section, row, keys), line_of(before));
	}
	return SK_OK;
}

enum sk_err sk_law_check_all(const char *name, const struct sk_law *law, struct sk_fault *fault)
{
	bool acknowledged = law->profile != SK_PROFILE_JP_2025;
	for (int id = 0; id < SK_LAW_SECTIONS; id++)
		SK_TRY(check_overlap(name, law, sk_law_section((enum sk_law_section_id)id), fault));
	for (uint32_t i = 0; i < law->quorums.count; i++)
		acknowledged = acknowledged || (strcmp(law->quorums.rows[i].matter, "policy") == 0 && strcmp(law->quorums.rows[i].level, "acknowledge") == 0);
	if (!acknowledged)
		return sk_fault_set(fault, SK_EWIDE, "%s:1: profile %s without a row of quorums with matter policy, level acknowledge; oversight is consulted about its policy (LAW.md 1.5, art 76)",
				    name, sk_profile_name(law->profile));
	/* A basis that nobody could approve, or under which nothing could be kept, is a slip. */
	for (uint32_t i = 0; i < law->bases.count; i++) {
		const struct sk_law_basis *basis = &law->bases.rows[i];
		bool quorum = strcmp(basis->approves, "partner") == 0, matrix = false;
		for (uint32_t j = 0; j < law->quorums.count && !quorum; j++)
			quorum = strcmp(law->quorums.rows[j].matter, "basis") == 0 && strcmp(law->quorums.rows[j].level, basis->approves) == 0;
		for (uint32_t j = 0; j < law->matrix.count && !matrix; j++)
			matrix = strcmp(law->matrix.rows[j].basis, basis->kind) == 0;
		if (!quorum)
			return sk_fault_set(fault, SK_EINPUT, "%s:%u: bases %s: approved by %s, and quorums has no row of matter basis, level %s", name, basis->line, basis->kind,
					    basis->approves, basis->approves);
		if (!matrix)
			return sk_fault_set(fault, SK_EINPUT, "%s:%u: bases %s: matrix has no row for it; nothing could be kept", name, basis->line, basis->kind);
	}
	return SK_OK;
}
