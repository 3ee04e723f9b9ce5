/* SPDX-License-Identifier: Apache-2.0 */
#include "report/clock.h"

#include <string.h>

enum stage { STAGE_EARLY_WARNING, STAGE_INITIAL, STAGE_FOLLOW_UP, STAGE_INTERIM, STAGE_SUPPLEMENTAL, STAGE_FINAL, STAGE_PAID /* whatever its stage: it tells of a payment */ };
#define STAGE(name) (1u << STAGE_##name)
static const struct {
	const char *step;
	unsigned stages;
} steps[] = {
#define SK_REPORT_CLOCK_STEP(step, stages) {step, stages},
#include "report/clock.def"
};
enum start { AWARE, DETECTED, PAID, SECOND };
static const struct {
	const char *word;
	enum start start;
} starts[] = {
#define SK_REPORT_CLOCK_START(word, start) {word, start},
#include "report/clock.def"
};

static unsigned stages_of(const struct sk_report_facts *facts)
{
	unsigned bits = facts->paid_ns != 0 ? STAGE(PAID) : 0;
	for (size_t i = 0; i <= STAGE_FINAL; i++)
		if (strcmp(sk_report_word_at(SK_REPORT_S_STAGE, i, NULL, NULL), facts->event) == 0)
			bits |= 1u << i;
	return bits;
}

/* When the first version that fulfils the step came in; 0: none did. */
static int64_t fulfilled(const char *step, const struct sk_report_handed *versions, size_t count)
{
	unsigned wanted = 0;
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].step, step) == 0)
			wanted = steps[i].stages;
	for (size_t i = 0; i < count; i++)
		if (stages_of(versions[i].facts) & wanted)
			return versions[i].at_ns;
	return 0;
}

static bool known_step(const char *step)
{
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].step, step) == 0)
			return true;
	return false;
}

/* Of the newest version: what is known now counts. A payment that was once told stays told. */
static int64_t start_of(const char *word, const struct sk_report_handed *versions, size_t count)
{
	const struct sk_report_facts *newest = versions[count - 1].facts;
	for (size_t i = 0; i < SK_COUNT(starts); i++) {
		if (strcmp(starts[i].word, word) != 0)
			continue;
		switch (starts[i].start) {
		case AWARE: return newest->aware_ns;
		case DETECTED: return newest->detected_ns != 0 ? newest->detected_ns : newest->aware_ns;
		case PAID: return newest->paid_ns;
		case SECOND: return fulfilled("second", versions, count);
		}
	}
	return 0;
}

static bool holds(const char *word, const struct sk_report_facts *facts)
{
#define SK_REPORT_CLOCK_WHEN(name, test, english) \
	if (strcmp(word, name) == 0) \
		return test;
#include "report/clock.def"
	return false;
}

bool sk_report_clock_when(const char *word)
{
#define SK_REPORT_CLOCK_WHEN(name, test, english) \
	if (strcmp(word, name) == 0) \
		return true;
#include "report/clock.def"
	return false;
}

bool sk_report_regime(const struct sk_law *law, const char *regime)
{
	for (uint32_t i = 0; law != NULL && i < law->deadlines.count; i++)
		if (strcmp(law->deadlines.rows[i].regime, regime) == 0 && known_step(law->deadlines.rows[i].step))
			return true;
	return false;
}

/* The clock of one row; false: it does not run for this report. */
static bool run(const struct sk_law *law, const struct sk_law_deadline *row, const struct sk_report_handed *versions, size_t count, int64_t now_ns, bool simulate, struct sk_report_clock *out)
{
	const struct sk_report_facts *newest = versions[count - 1].facts;
	int64_t start = start_of(row->clock, versions, count);
	if (start == 0 || !known_step(row->step) || sk_law_deadline(law, row->regime, row->step, start, simulate) != row)
		return false;
	for (uint32_t i = 0; i < row->when.count; i++)
		if (!holds(row->when.items[i], newest))
			return false;
	*out = (struct sk_report_clock){.row = row, .start_ns = start, .promptly = sk_law_span_none(&row->within), .done_ns = fulfilled(row->step, versions, count)};
	out->due_ns = out->promptly ? start : sk_law_span_after(start, &row->within);
	out->state = out->done_ns != 0 ? SK_REPORT_DONE : !out->promptly && now_ns > out->due_ns ? SK_REPORT_LATE : SK_REPORT_DUE;
	return true;
}

//= rule: FORM-6
size_t sk_report_clocks(const struct sk_law *law, const struct sk_report_handed *versions, size_t count, int64_t now_ns, bool simulate, struct sk_report_clock out[SK_REPORT_CLOCKS_MAX])
{
	size_t clocks = 0;
	const struct sk_report_facts *newest = versions[count - 1].facts;
	for (uint32_t i = 0; law != NULL && i < law->deadlines.count && clocks < SK_REPORT_CLOCKS_MAX; i++) {
		bool ours = false;
		struct sk_report_clock clock;
		for (size_t r = 0; r < newest->regime_count; r++)
			ours = ours || strcmp(newest->regimes[r], law->deadlines.rows[i].regime) == 0;
		if (!ours || !run(law, &law->deadlines.rows[i], versions, count, now_ns, simulate, &clock))
			continue;
		size_t at = clocks++;
		for (; at > 0 && out[at - 1].due_ns > clock.due_ns; at--)
			out[at] = out[at - 1];
		out[at] = clock;
	}
	return clocks;
}

size_t sk_report_reminders(const struct sk_report_clock *clock, int64_t since_ns, int64_t now_ns, struct sk_report_reminder out[3])
{
	static const int64_t day_ns = INT64_C(86400000000000);
	size_t count = 0;
	if (clock->done_ns != 0)
		return 0;
	int64_t lead = clock->promptly ? day_ns : (clock->due_ns - clock->start_ns) / 4;
	lead = lead > day_ns ? day_ns : lead;
	const struct sk_report_reminder all[] = {{clock->due_ns - lead, "before"}, {clock->due_ns, "due"}, {clock->due_ns + lead, "overdue"}};
	for (size_t i = clock->promptly ? 1 : 0; i < SK_COUNT(all); i++)
		if (all[i].at_ns > since_ns && all[i].at_ns <= now_ns)
			out[count++] = all[i];
	return count;
}
