/* SPDX-License-Identifier: Apache-2.0 */
/* report/rules.h: the rules about reports as tables: which step follows which (step.def), what makes a report due (trigger.def), who sees one (viewer.def). rule: FORM-3 FORM-4 FORM-5
   Never: reads a clock. Thread rule: reentrant. */
#ifndef SK_REPORT_RULES_H
#define SK_REPORT_RULES_H

#include "access/access.h"
#include "law/law.h"
#include "report/facts.h"

/* The state that an event leads to ("" before the first). SK_ESTAGE names the events that there are from there. Static storage. */
SK_MUST enum sk_err sk_report_step(const char *event, const char *from, const char **to, struct sk_fault *fault);

/* ---- what makes a report due ---- */

struct sk_report_event {
	const char *class_, *trigger;    /* words of ASSET and TRIGGER */
	int64_t at_ns;                   /* when it happened */
	int64_t designated_ns;           /* of the operator; 0: long ago */
	int64_t specified_ns;            /* a change of rules made the computer a specified one; 0: long ago, or none did */
	bool attempted_only;             /* harm amounts to attempted obstruction of business and no other wrongful act */
};
struct sk_report_duty {
	bool due;
	char why[320];                   /* one sentence, with where it stands */
};
/* Is a report due? row: the deadline whose `except` is in force (NULL: all exclusions of the act are). SK_EUSAGE: no such class or trigger. rule: FORM-4 */
SK_MUST enum sk_err sk_report_duty(const struct sk_report_event *event, const struct sk_law_deadline *row, struct sk_report_duty *out, struct sk_fault *fault);
/* One cell of the table: trigger i, class j; *trigger and *class_ get their words. False past the end. */
bool sk_report_trigger_cell(size_t i, size_t j, const char **trigger, const char **class_, bool *duty);

/* ---- who sees it ---- */

enum sk_report_seen { SK_REPORT_NOTHING, SK_REPORT_GIST, SK_REPORT_FULL };
struct sk_report_viewer {
	enum sk_org_kind kind;
	const char *org;                 /* id */
};
/* What somebody of that organisation sees of a report whose newest version tells these facts. law (NULL: none) names recipients and ministries; at_ns: now; simulate as in law.h. rule: FORM-5 */
enum sk_report_seen sk_report_seen(const struct sk_law *law, const struct sk_report_facts *facts, const struct sk_report_viewer *viewer, int64_t at_ns, bool simulate);
/* The ministry of a sector (of list `act`) in that policy; "" none is named. Owned by law. */
const char *sk_report_ministry(const struct sk_law *law, const char *sector, int64_t at_ns);

#endif
