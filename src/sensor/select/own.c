/* SPDX-License-Identifier: Apache-2.0 */
#include "select/own.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/text.h"

enum { PPM = 1000000, MEDIUM_PPM = 10000, HIGH_PPM = 100000, PARTS_MAX = 320 };

SK_PRINTF(3, 4) static void say(char *text, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, size, format, args);
	va_end(args);
}

/* A hundredth of all weighs medium, a tenth high. */
static uint8_t severity_of(uint64_t part, uint64_t of)
{
	double ppm = of != 0 ? (double)part * PPM / (double)of : PPM;
	return ppm >= HIGH_PPM ? 3 : ppm >= MEDIUM_PPM ? 2 : 1;
}

static void begin(const struct sk_own_facts *facts, const char *kind, uint64_t part, uint64_t of, struct sk_finding *out)
{
	sk_finding_of_ourselves(kind, facts->link, facts->from_ns, facts->to_ns, out);
	out->severity = severity_of(part, of);
}

static const char *percent(uint64_t part, uint64_t of, char text[16])
{
	say(text, 16, "%.2f %%", of != 0 ? 100.0 * (double)part / (double)of : 100.0);
	return text;
}

static const char *when(const struct sk_own_facts *facts, char text[96])
{
	char from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX];
	say(text, 96, "From %s to %s", sk_time_format(facts->from_ns, 0, from), sk_time_format(facts->to_ns, 0, to));
	return text;
}

void sk_select_own_loss(const struct sk_own_facts *facts, struct sk_finding *out)
{
	char time[96], number[2][SK_UNIT_TEXT_MAX], share[16], places[PARTS_MAX] = "";
	uint64_t lost = 0;
	for (size_t i = 0; i < facts->lost_count; i++) {
		size_t used = strlen(places);
		lost += facts->lost[i].frames;
		if (facts->lost[i].frames != 0)
			say(places + used, sizeof places - used, "%s%s %s", used != 0 ? ", " : "", facts->lost[i].name, sk_number_format(facts->lost[i].frames, number[0]));
	}
	begin(facts, "sensor_loss", lost, facts->received, out);
	say(out->sentence, sizeof out->sentence, "%s this sensor lost %s of %s frames on link %.63s, %s (%s).", when(facts, time), sk_number_format(lost, number[0]),
	    sk_number_format(facts->received, number[1]), facts->link, percent(lost, facts->received, share), places);
	say(out->why, sizeof out->why, "The kernel's and the sensor's own counters say so; they are in the interval's account, which closes with them.%s",
	    facts->simulated ? " Simulated: made under a lab basis." : "");
	say(out->doubt, sizeof out->doubt,
	    "What was in these frames is not known: something may have passed unseen, and counts of flows and bytes are too low. More workers, larger rings, or a kernel gate that drops "
	    "more before the copy would help; a burst that is over needs nothing.");
}

void sk_select_own_shedding(const struct sk_own_facts *facts, struct sk_finding *out)
{
	char time[96], number[5][SK_UNIT_TEXT_MAX];
	begin(facts, "sensor_shedding", facts->evicted + facts->shed + facts->heads_shed, facts->received, out);
	say(out->sentence, sizeof out->sentence,
	    "%s this sensor was overloaded on link %.63s: the payloads of %s packets were not looked at, %s segments were not compared with the selectors, %s frames of flows were "
	    "given up, and %s lost their place in a full table, of %s frames.",
	    when(facts, time), facts->link, sk_number_format(facts->heads_shed, number[0]), sk_number_format(facts->facts_shed, number[1]), sk_number_format(facts->shed, number[2]),
	    sk_number_format(facts->evicted, number[3]), sk_number_format(facts->received, number[4]));
	say(out->why, sizeof out->why, "Queues were long or the flow table full; heads are given up first, then selectors of new flows, then new flows.%s",
	    facts->simulated ? " Simulated: made under a lab basis." : "");
	say(out->doubt, sizeof out->doubt,
	    "Something may have passed unseen. A flood from one side looks the same as too small a machine: look at what classes and ports grew. A larger flow table or more workers would help.");
}

void sk_select_own_blindness(const struct sk_own_facts *facts, struct sk_finding *out)
{
	char time[96], number[2][SK_UNIT_TEXT_MAX], share[16];
	begin(facts, "detectors_blind", facts->events_lost, facts->events, out);
	say(out->sentence, sizeof out->sentence, "%s the detectors of this sensor missed %s of %s events on link %.63s (%s): they came faster than they could be counted.", when(facts, time),
	    sk_number_format(facts->events_lost, number[0]), sk_number_format(facts->events, number[1]), facts->link, percent(facts->events_lost, facts->events, share));
	say(out->why, sizeof out->why, "The rings to the thread in which detectors count were full; each event that found no room is counted, and the interval's record has the number.%s",
	    facts->simulated ? " Simulated: made under a lab basis." : "");
	say(out->doubt, sizeof out->doubt,
	    "Scans, beacons and floods may have gone untold, and what was told may be more. No frame was lost by it, and selectors were compared. A flood of new flows does this: look at "
	    "its findings first; longer rings (spool.records) or fewer detectors in the basis would help.");
}
