/* SPDX-License-Identifier: Apache-2.0 */
#include "select/own.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/text.h"

enum { PPM = 1000000, MEDIUM_PPM = 10000, HIGH_PPM = 100000, PARTS_MAX = 320, LINK_MAX = 63 };

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

static double percent(uint64_t part, uint64_t of)
{
	return of != 0 ? 100.0 * (double)part / (double)of : 100.0;
}

static struct sk_arg link_of(const struct sk_own_facts *facts)
{
	return sk_arg_text(facts->link, LINK_MAX);
}

static void mark(const struct sk_own_facts *facts, struct sk_finding *out)
{
	if (facts->simulated)
		sk_say(&out->why, SK_SAY(SIMULATED));
}

void sk_select_own_loss(const struct sk_own_facts *facts, struct sk_finding *out)
{
	char number[SK_UNIT_TEXT_MAX], places[PARTS_MAX] = "";
	uint64_t lost = 0;
	for (size_t i = 0; i < facts->lost_count; i++) {
		size_t used = strlen(places);
		lost += facts->lost[i].frames;
		if (facts->lost[i].frames != 0)
			say(places + used, sizeof places - used, "%s%s %s", used != 0 ? ", " : "", facts->lost[i].name, sk_number_format(facts->lost[i].frames, number));
	}
	begin(facts, "sensor_loss", lost, facts->received, out);
	sk_say(&out->sentence, SK_SAY(LOSS), sk_arg_time(facts->from_ns), sk_arg_time(facts->to_ns), sk_arg_number(lost), sk_arg_number(facts->received), link_of(facts),
	       sk_arg_real(2, percent(lost, facts->received)), sk_arg_text(places, sizeof places));
	sk_say(&out->why, SK_SAY(LOSS_WHY));
	sk_say(&out->doubt, SK_SAY(LOSS_DOUBT));
	mark(facts, out);
}

void sk_select_own_shedding(const struct sk_own_facts *facts, struct sk_finding *out)
{
	begin(facts, "sensor_shedding", facts->evicted + facts->shed + facts->heads_shed, facts->received, out);
	sk_say(&out->sentence, SK_SAY(SHEDDING), sk_arg_time(facts->from_ns), sk_arg_time(facts->to_ns), link_of(facts), sk_arg_number(facts->heads_shed), sk_arg_number(facts->facts_shed),
	       sk_arg_number(facts->shed), sk_arg_number(facts->evicted), sk_arg_number(facts->received));
	sk_say(&out->why, SK_SAY(SHEDDING_WHY));
	sk_say(&out->doubt, SK_SAY(SHEDDING_DOUBT));
	mark(facts, out);
}

void sk_select_own_blindness(const struct sk_own_facts *facts, struct sk_finding *out)
{
	begin(facts, "detectors_blind", facts->events_lost, facts->events, out);
	sk_say(&out->sentence, SK_SAY(BLIND), sk_arg_time(facts->from_ns), sk_arg_time(facts->to_ns), sk_arg_number(facts->events_lost), sk_arg_number(facts->events), link_of(facts),
	       sk_arg_real(2, percent(facts->events_lost, facts->events)));
	sk_say(&out->why, SK_SAY(BLIND_WHY));
	sk_say(&out->doubt, SK_SAY(BLIND_DOUBT));
	mark(facts, out);
}
