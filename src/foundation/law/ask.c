/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a law, each for a time. Rows with the same keys never overlap, so at most one is in force. */
#include "law/law_priv.h"
#include "text/text.h"


static bool is_at(int64_t from, int64_t to, int64_t at_ns)
{
	return at_ns >= from && (to == 0 || at_ns < to);
}

/* The number of the row with these keys that is in force; when simulating and none is, the next one to come. count: there is none. */
static uint32_t find(const struct sk_law *law, enum sk_law_section_id id, const char *first, const char *second, int64_t at_ns, bool simulate, uint32_t *next)
{
	const struct sk_law_section *section = sk_law_section(id);
	uint32_t count, found;
	const uint8_t *rows = sk_law_rows(law, section, &count);
	found = *next = count;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *row = rows + (size_t)i * section->row_size;
		const char *words[2] = {first, second};
		int64_t from = 0, to = 0;
		unsigned key = 0;
		bool same = true;
		for (size_t f = 0; f < section->field_count; f++) {
			const struct sk_law_field *field = &section->fields[f];
			if (field->need == SK_LAW_KEY && key < 2)
				same = same && strcmp(words[key++], (const char *)row + field->at) == 0;
			if (strcmp(field->key, "effective_from") == 0)
				memcpy(&from, row + field->at, sizeof from);
			if (strcmp(field->key, "effective_to") == 0)
				memcpy(&to, row + field->at, sizeof to);
		}
		if (!same)
			continue;
		if (is_at(from, to, at_ns))
			found = i;
		else if (from > at_ns && *next == count)
			*next = i;
	}
	if (found == count && simulate)
		found = *next;
	return found;
}

//= rule: LAW-1
enum sk_err sk_law_basis(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate, const struct sk_law_basis **out, struct sk_fault *fault)
{
	uint32_t next, i = find(law, SK_LAW_S_BASIS, kind, NULL, at_ns, simulate, &next);
	char when[SK_TIME_TEXT_MAX], now[SK_TIME_TEXT_MAX];
	*out = NULL;
	if (i < law->bases.count) {
		*out = &law->bases.rows[i];
		return SK_OK;
	}
	if (next < law->bases.count) {
		const struct sk_law_basis *row = &law->bases.rows[next];
		return sk_fault_set(fault, SK_ELAW, "a basis of kind %s: %s is not in force before %.10s, now it is %.10s (policy %s, evidence %s); a centre of profile lab may simulate it", kind,
				    row->article, sk_time_format(row->effective_from, 0, when), sk_time_format(at_ns, 0, now), law->name, row->evidence);
	}
	for (uint32_t j = law->bases.count; j-- > 0;)
		if (strcmp(law->bases.rows[j].kind, kind) == 0)
			return sk_fault_set(fault, SK_ELAW, "a basis of kind %s: %s is no longer in force since %.10s (policy %s)", kind, law->bases.rows[j].article,
					    sk_time_format(law->bases.rows[j].effective_to, 0, when), law->name);
	return sk_fault_set(fault, SK_ENOENT, "policy %s has no basis of kind '%s'; sekisho policy show lists them", law->name, kind);
}

uint32_t sk_law_classes(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate)
{
	uint32_t next, bits = 0, i = find(law, SK_LAW_S_MATRIX, kind, NULL, at_ns, simulate, &next);
	for (int class_ = 0; i < law->matrix.count && class_ < SK_CLASS_COUNT; class_++)
		for (uint32_t j = 0; j < law->matrix.rows[i].classes.count; j++)
			if (strcmp(law->matrix.rows[i].classes.items[j], sk_class_name((enum sk_class)class_)) == 0)
				bits |= SK_CLASS_BIT(class_);
	return bits;
}

const struct sk_law_quorum *sk_law_quorum(const struct sk_law *law, const char *matter, const char *level, int64_t at_ns, bool simulate)
{
	uint32_t next, i = find(law, SK_LAW_S_QUORUM, matter, level, at_ns, simulate, &next);
	return i < law->quorums.count ? &law->quorums.rows[i] : NULL;
}

const struct sk_law_retention *sk_law_retention(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate)
{
	uint32_t next, i = find(law, SK_LAW_S_RETENTION, kind, NULL, at_ns, simulate, &next);
	return i < law->retention.count ? &law->retention.rows[i] : NULL;
}

const struct sk_law_cap *sk_law_cap(const struct sk_law *law, const char *measure, int64_t at_ns, bool simulate)
{
	uint32_t next, i = find(law, SK_LAW_S_CAP, measure, NULL, at_ns, simulate, &next);
	return i < law->caps.count ? &law->caps.rows[i] : NULL;
}

const struct sk_law_deadline *sk_law_deadline(const struct sk_law *law, const char *regime, const char *step, int64_t at_ns, bool simulate)
{
	uint32_t next, i = find(law, SK_LAW_S_DEADLINE, regime, step, at_ns, simulate, &next);
	return i < law->deadlines.count ? &law->deadlines.rows[i] : NULL;
}
