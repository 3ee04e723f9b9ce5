/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rules.h"

#include <stdio.h>
#include <string.h>

#include "text/text.h"

/* ---- steps ---- */

static const struct {
	const char *event, *from, *to;
} steps[] = {
#define SK_REPORT_STEP(event, from, to) {event, from, to},
#include "report/step.def"
#undef SK_REPORT_STEP
};

//= rule: FORM-3
enum sk_err sk_report_step(const char *event, const char *from, const char **to, struct sk_fault *fault)
{
	char allowed[160] = "";
	for (size_t i = 0; i < SK_COUNT(steps); i++) {
		if (strcmp(steps[i].from, from) != 0)
			continue;
		if (strcmp(steps[i].event, event) == 0) {
			*to = steps[i].to;
			return SK_OK;
		}
		if (strlen(allowed) + strlen(steps[i].event) + 2 < sizeof allowed)
			(void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), " %s", steps[i].event);
	}
	return sk_fault_set(fault, SK_ESTAGE, "report: it is %s; there is no '%.31s' from there, expected one of:%s", from[0] == '\0' ? "new" : from, event, allowed);
}

/* ---- triggers ---- */

enum { CLASSES = 9 };
static const struct {
	const char *trigger;
	bool duty[CLASSES];
} triggers[] = {
#define SK_REPORT_TRIGGER(trigger, ...) {trigger, {__VA_ARGS__}},
#include "report/trigger.def"
#undef SK_REPORT_TRIGGER
};

bool sk_report_trigger_cell(size_t i, size_t j, const char **trigger, const char **class_, bool *duty)
{
	if (i >= SK_COUNT(triggers) || j >= CLASSES)
		return false;
	*trigger = triggers[i].trigger;
	*class_ = sk_report_word_at(SK_REPORT_S_ASSET, j, NULL, NULL);
	*duty = triggers[i].duty[j];
	return *class_ != NULL;
}

static bool excepted(const struct sk_law_deadline *row, const char *word)
{
	if (row == NULL)
		return true;
	for (uint32_t i = 0; i < row->except.count; i++)
		if (strcmp(row->except.items[i], word) == 0)
			return true;
	return false;
}

/* Order 4 art 4(2): for the first six months the reports of a new operator, or of a computer that a change of rules made a specified one, are not due. */
static bool within_six_months(int64_t since_ns, int64_t at_ns)
{
	struct sk_law_span six_months = {.months = 6};
	return since_ns != 0 && at_ns >= since_ns && at_ns < sk_law_span_after(since_ns, &six_months);
}

//= rule: FORM-4
enum sk_err sk_report_duty(const struct sk_report_event *event, const struct sk_law_deadline *row, struct sk_report_duty *out, struct sk_fault *fault)
{
	const char *trigger, *class_ = NULL;
	bool duty = false, found = false, first_three;
	size_t column = 0;
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < SK_COUNT(triggers) && !found; i++)
		for (size_t j = 0; j < CLASSES && !found; j++)
			if (sk_report_trigger_cell(i, j, &trigger, &class_, &duty) && strcmp(trigger, event->trigger) == 0 && strcmp(class_, event->class_) == 0) {
				found = true;
				column = j;
			}
	if (!found)
		return sk_fault_set(fault, SK_EUSAGE, "'%.40s' on '%.40s': expected a class of computer and a trigger; sekisho report trigger --table lists them", event->trigger, event->class_);
	first_three = column < 3;
	out->due = duty;
	(void)snprintf(out->why, sizeof out->why, "%s, on a computer of class %s: %s (Order 4 art 4(1))", sk_report_label(SK_REPORT_S_TRIGGER, event->trigger, false), event->class_,
		       duty ? "this makes a report due" : "for this class only the compromise itself and traces of an actual one do");
	if (duty && excepted(row, "six_months_after_designation") && within_six_months(event->designated_ns, event->at_ns)) {
		*out = (struct sk_report_duty){.due = false};
		(void)snprintf(out->why, sizeof out->why, "within six months after the operator was designated no report is due (Order 4 art 4(2)); a voluntary one is welcome");
	} else if (duty && excepted(row, "six_months_after_designation") && within_six_months(event->specified_ns, event->at_ns)) {
		*out = (struct sk_report_duty){.due = false};
		(void)snprintf(out->why, sizeof out->why, "within six months after a change of rules made this computer a specified one no report is due (Order 4 art 4(2)); a voluntary one is welcome");
	} else if (duty && !first_three && excepted(row, "attempted_obstruction") && event->attempted_only) {
		*out = (struct sk_report_duty){.due = false};
		(void)snprintf(out->why, sizeof out->why, "class %s: harm that is only attempted obstruction of business, and no other wrongful act, makes no report due (Order 4 art 4(2))", event->class_);
	}
	return SK_OK;
}

/* ---- who sees it ---- */

enum relation { OWN, STATUTORY, SECTOR, NAMED, CONSENT_NCO, CONSENT_NPA, ANY };
enum tlp { CLEAR, GREEN, AMBER, AMBER_STRICT, RED };
#define FULL SK_REPORT_FULL
#define GIST SK_REPORT_GIST
static const struct {
	enum sk_org_kind kind;
	enum relation relation;
	enum tlp most;
	enum sk_report_seen seen;
} viewers[] = {
#define SK_REPORT_VIEWER(kind, relation, most, seen) {SK_ORG_##kind, relation, most, seen},
#include "report/viewer.def"
#undef SK_REPORT_VIEWER
};

static enum tlp tlp_of(const char *word)
{
	for (size_t i = 0; i <= RED; i++)
		if (strcmp(sk_report_word_at(SK_REPORT_S_TLP, i, NULL, NULL), word) == 0)
			return (enum tlp)i;
	return AMBER; /* left out, or unknown */
}

const char *sk_report_ministry(const struct sk_law *law, const char *sector, int64_t at_ns)
{
	for (uint32_t i = 0; law != NULL && i < law->sectors.count; i++) {
		const struct sk_law_sector *row = &law->sectors.rows[i];
		if (strcmp(row->list, "act") == 0 && strcmp(row->code, sector) == 0 && row->effective_from <= at_ns && (row->effective_to == 0 || at_ns < row->effective_to))
			return row->ministry;
	}
	return "";
}

/* Does a deadline of one of the report's rules name that recipient? */
static bool addressed(const struct sk_law *law, const struct sk_report_facts *facts, const char *word, int64_t at_ns, bool simulate)
{
	for (uint32_t i = 0; law != NULL && i < law->deadlines.count; i++) {
		const struct sk_law_deadline *row = &law->deadlines.rows[i];
		bool ours = false;
		for (size_t r = 0; r < facts->regime_count; r++)
			ours = ours || strcmp(facts->regimes[r], row->regime) == 0;
		if (!ours || sk_law_deadline(law, row->regime, row->step, at_ns, simulate) != row)
			continue;
		for (uint32_t w = 0; w < row->to.count; w++)
			if (strcmp(row->to.items[w], word) == 0)
				return true;
	}
	return false;
}

static bool named(const struct sk_report_facts *facts, const char *org)
{
	for (size_t i = 0; i < facts->recipient_count; i++)
		if (strcmp(facts->recipients[i], org) == 0)
			return true;
	return false;
}

static bool related(enum relation relation, const struct sk_law *law, const struct sk_report_facts *facts, const struct sk_report_viewer *viewer, int64_t at_ns, bool simulate)
{
	bool open = strcmp(facts->restricted, "recipients_only") != 0;
	switch (relation) {
	case OWN: return strcmp(facts->org, viewer->org) == 0;
	case STATUTORY:
		return addressed(law, facts, viewer->org, at_ns, simulate) || (viewer->kind == SK_ORG_NCO && addressed(law, facts, "prime_minister", at_ns, simulate));
	case SECTOR:
		return facts->sector[0] != '\0' && strcmp(sk_report_ministry(law, facts->sector, at_ns), viewer->org) == 0 && addressed(law, facts, "sector_minister", at_ns, simulate);
	case NAMED: return named(facts, viewer->org);
	case CONSENT_NCO: return open && facts->share_nco;
	case CONSENT_NPA: return open && facts->share_npa;
	case ANY: return open;
	}
	return false;
}

//= rule: FORM-5
enum sk_report_seen sk_report_seen(const struct sk_law *law, const struct sk_report_facts *facts, const struct sk_report_viewer *viewer, int64_t at_ns, bool simulate)
{
	for (size_t i = 0; i < SK_COUNT(viewers); i++)
		if (viewers[i].kind == viewer->kind && tlp_of(facts->tlp) <= viewers[i].most && related(viewers[i].relation, law, facts, viewer, at_ns, simulate))
			return viewers[i].seen;
	return SK_REPORT_NOTHING;
}
