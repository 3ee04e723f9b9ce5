/* SPDX-License-Identifier: Apache-2.0 */
/* Events in plain words. */
#include "pulse/pulse_priv.h"

enum { LINK_MAX = 63 };

static double seconds_of(const struct sk_pulse_event *event)
{
	return (double)(event->to_ns - event->from_ns) / (double)SK_SECOND_NS;
}

static struct sk_arg rate(double frames)
{
	return sk_arg_real(frames < 10 ? 1 : 0, frames);
}

static struct sk_arg series_name(unsigned series)
{
	static const enum sk_word names[] = {[SK_PULSE_ALL] = SK_WORD_SERIES_ALL, [SK_PULSE_FD] = SK_WORD_SERIES_FD, [SK_PULSE_DF] = SK_WORD_SERIES_DF, [SK_PULSE_FF] = SK_WORD_SERIES_FF};
	return sk_arg_word(names[series]);
}

/* ---- link_down ---- */

static void tell_down(const struct sk_pulse_event *event, struct sk_arg link, struct sk_finding *out)
{
	const struct sk_arg from = sk_arg_time(event->from_ns), to = sk_arg_time(event->to_ns), seconds = sk_arg_real(0, seconds_of(event));
	if (event->over)
		sk_say(&out->sentence, SK_SAY(LINK_BACK), link, seconds, from, to);
	else if (event->cause == SK_PULSE_BY_CARRIER)
		sk_say(&out->sentence, SK_SAY(LINK_NO_CARRIER), link, from);
	else
		sk_say(&out->sentence, SK_SAY(LINK_SILENT), link, from, seconds, rate(event->usual));
	if (event->cause == SK_PULSE_BY_CARRIER)
		sk_say(&out->why, SK_SAY(LINK_CARRIER_WHY));
	else
		sk_say(&out->why, SK_SAY(LINK_SILENT_WHY));
	sk_say(&out->doubt, SK_SAY(LINK_DOWN_DOUBT));
}

/* ---- link_degraded ---- */

static void tell_rate(const struct sk_pulse_event *event, struct sk_arg link, struct sk_finding *out)
{
	const struct sk_arg from = sk_arg_time(event->from_ns), to = sk_arg_time(event->to_ns), series = series_name(event->series);
	if (event->over && event->adopted)
		sk_say(&out->sentence, SK_SAY(RATE_ADOPTED), link, series, from, to);
	else if (event->over)
		sk_say(&out->sentence, SK_SAY(RATE_OVER), link, series, from, to);
	else
		sk_say(&out->sentence, SK_SAY(RATE_LOW), from, link, rate(event->seen), series, rate(event->usual));
	sk_say(&out->why, SK_SAY(RATE_WHY));
	sk_say(&out->doubt, SK_SAY(RATE_DOUBT));
}

static void tell_repeats(const struct sk_pulse_event *event, struct sk_arg link, struct sk_finding *out)
{
	const struct sk_arg from = sk_arg_time(event->from_ns), to = sk_arg_time(event->to_ns);
	if (event->over && event->adopted)
		sk_say(&out->sentence, SK_SAY(REPEATS_ADOPTED), link, from, to);
	else if (event->over)
		sk_say(&out->sentence, SK_SAY(REPEATS_OVER), link, from, to);
	else
		sk_say(&out->sentence, SK_SAY(REPEATS), from, sk_arg_real(0, 100 * event->seen), link, sk_arg_real(0, 100 * event->usual));
	sk_say(&out->why, SK_SAY(REPEATS_WHY));
	sk_say(&out->doubt, SK_SAY(REPEATS_DOUBT));
}

/* ---- path_shift ---- */

static struct sk_arg countries(const struct sk_pulse_event *event)
{
	struct sk_words_countries names = {.named = (uint8_t)(event->country_count < SK_PULSE_NAMED_MAX ? event->country_count : SK_PULSE_NAMED_MAX)};
	_Static_assert((int)SK_PULSE_NAMED_MAX <= (int)SK_WORDS_COUNTRIES_MAX, "all of them can be named");
	uint32_t more = event->country_count - names.named;
	names.more = (uint8_t)(more < UINT8_MAX ? more : UINT8_MAX);
	memcpy(names.codes, event->countries, names.named * sizeof names.codes[0]);
	return sk_arg_countries(names);
}

static void tell_country(const struct sk_pulse_event *event, struct sk_arg link, struct sk_finding *out)
{
	const bool less = event->cause == SK_PULSE_BY_COUNTRY_LESS;
	const struct sk_arg from = sk_arg_time(event->from_ns), to = sk_arg_time(event->to_ns), seconds = sk_arg_real(0, seconds_of(event)), names = countries(event),
			    way = sk_arg_word(event->series == SK_PULSE_DF ? SK_WORD_TO : SK_WORD_FROM), seen = sk_arg_real(0, event->seen), usual = sk_arg_real(0, event->usual),
			    of = sk_arg_int(event->networks);
	if (event->over && event->adopted && less)
		sk_say(&out->sentence, SK_SAY(COUNTRY_GONE_ADOPTED), way, names, link, seconds, from, to);
	else if (event->over && event->adopted)
		sk_say(&out->sentence, SK_SAY(COUNTRY_CAME_ADOPTED), way, names, link, seconds, from, to);
	else if (event->over && less)
		sk_say(&out->sentence, SK_SAY(COUNTRY_GONE_OVER), way, names, link, seconds, from, to);
	else if (event->over)
		sk_say(&out->sentence, SK_SAY(COUNTRY_MORE_OVER), way, names, link, seconds, from, to);
	else if (less)
		sk_say(&out->sentence, SK_SAY(COUNTRY_GONE), from, to, way, names, link, seen, of, usual);
	else
		sk_say(&out->sentence, SK_SAY(COUNTRY_MORE), from, to, way, names, link, seen, of, usual);
	if (less) {
		sk_say(&out->why, SK_SAY(COUNTRY_GONE_WHY));
		sk_say(&out->doubt, SK_SAY(COUNTRY_GONE_DOUBT));
	} else {
		sk_say(&out->why, SK_SAY(COUNTRY_MORE_WHY));
		sk_say(&out->doubt, SK_SAY(COUNTRY_MORE_DOUBT));
	}
}

static void tell_way(const struct sk_pulse_event *event, struct sk_arg link, struct sk_finding *out)
{
	const struct sk_arg from = sk_arg_time(event->from_ns), to = sk_arg_time(event->to_ns), moved = sk_arg_int(event->moved), of = sk_arg_int(event->networks);
	sk_say(&out->why, SK_SAY(SHIFT_WHY));
	if (event->cause == SK_PULSE_BY_HOPS) {
		sk_say(&out->sentence, SK_SAY(HOPS), from, to, moved, of, link, sk_arg_signed(event->hops));
		sk_say(&out->doubt, SK_SAY(HOPS_DOUBT));
	} else {
		sk_say(&out->sentence, SK_SAY(LATENCY), from, to, moved, of, link, sk_arg_real(1, event->latency_us / 1e3), sk_arg_real(1, event->latency_was_us / 1e3));
		sk_say(&out->doubt, SK_SAY(LATENCY_DOUBT));
	}
}

void sk_pulse_finding(const struct sk_pulse_event *event, const char *link, bool simulated, struct sk_finding *out)
{
	static const char *const kinds[] = {[SK_PULSE_DOWN] = "link_down", [SK_PULSE_DEGRADED] = "link_degraded", [SK_PULSE_SHIFT] = "path_shift"};
	static const uint8_t severities[] = {[SK_PULSE_DOWN] = 3, [SK_PULSE_DEGRADED] = 2, [SK_PULSE_SHIFT] = 2};
	static const uint8_t sure_percent[] = {[SK_PULSE_BY_CARRIER] = 100, [SK_PULSE_BY_SILENCE] = 95, [SK_PULSE_BY_RATE] = 80, [SK_PULSE_BY_REPEATS] = 85, [SK_PULSE_BY_HOPS] = 85,
					       [SK_PULSE_BY_LATENCY] = 70, [SK_PULSE_BY_COUNTRY_LESS] = 80, [SK_PULSE_BY_COUNTRY_MORE] = 60};
	sk_finding_of_ourselves(kinds[event->kind], link, event->from_ns, event->to_ns, out);
	out->severity = severities[event->kind];
	out->confidence_percent = sure_percent[event->cause];
	out->count = event->over ? 0 : 1;
	const struct sk_arg name = sk_arg_text(link, LINK_MAX);
	switch ((enum sk_pulse_kind)event->kind) {
	case SK_PULSE_DOWN: tell_down(event, name, out); break;
	case SK_PULSE_DEGRADED: (event->cause == SK_PULSE_BY_RATE ? tell_rate : tell_repeats)(event, name, out); break;
	case SK_PULSE_SHIFT: (event->cause == SK_PULSE_BY_COUNTRY_LESS || event->cause == SK_PULSE_BY_COUNTRY_MORE ? tell_country : tell_way)(event, name, out); break;
	}
	if (simulated)
		sk_say(&out->why, SK_SAY(SIMULATED));
}
