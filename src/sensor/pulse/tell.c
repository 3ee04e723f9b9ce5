/* SPDX-License-Identifier: Apache-2.0 */
/* Events in plain words. */
#include "pulse/pulse_priv.h"

#include <stdarg.h>
#include <stdio.h>

#include "text/text.h"

enum { TIMES_MAX = 96, NUMBER_MAX = 24, COUNTRIES_MAX = 64 };

SK_PRINTF(3, 4) static void say(char *text, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, size, format, args);
	va_end(args);
}

static const char *times(const struct sk_pulse_event *event, char text[TIMES_MAX])
{
	char from[SK_TIME_TEXT_MAX], to[SK_TIME_TEXT_MAX];
	say(text, TIMES_MAX, "%s to %s", sk_time_format(event->from_ns, 0, from), sk_time_format(event->to_ns, 0, to));
	return text;
}

static const char *rate(double frames, char text[NUMBER_MAX])
{
	say(text, NUMBER_MAX, frames < 10 ? "%.1f" : "%.0f", frames);
	return text;
}

static const char *series_name(unsigned series)
{
	static const char *const names[] = {[SK_PULSE_ALL] = "all", [SK_PULSE_FD] = "from abroad to home", [SK_PULSE_DF] = "from home to abroad", [SK_PULSE_FF] = "from abroad to abroad"};
	return names[series];
}

/* ---- link_down ---- */

static void tell_down(const struct sk_pulse_event *event, const char *link, struct sk_finding *out)
{
	char text[TIMES_MAX], number[NUMBER_MAX], from[SK_TIME_TEXT_MAX];
	double seconds = (double)(event->to_ns - event->from_ns) / (double)SK_SECOND_NS;
	(void)sk_time_format(event->from_ns, 0, from);
	if (event->over)
		say(out->sentence, sizeof out->sentence, "Link %.63s carries frames again: it had carried none for %.0f s, %s.", link, seconds, times(event, text));
	else if (event->cause == SK_PULSE_BY_CARRIER)
		say(out->sentence, sizeof out->sentence, "Link %.63s is down since %s: the interface has no carrier.", link, from);
	else
		say(out->sentence, sizeof out->sentence, "Link %.63s carries nothing since %s: no frame for %.0f s, where at least %s frames a second are usual.", link, from, seconds,
		    rate(event->usual, number));
	say(out->why, sizeof out->why, "%s", event->cause == SK_PULSE_BY_CARRIER ? "The kernel says that the interface has no carrier, or was switched off."
									    : "The silence is four times longer than any of the last hours, and at least thirty frames are missing.");
	say(out->doubt, sizeof out->doubt,
	    "The copy that this sensor is shown may have stopped, and not the link: look at mirror port, tap and switch first. Work on the link that was announced looks the same.");
}

/* ---- link_degraded ---- */

static void tell_degraded(const struct sk_pulse_event *event, const char *link, struct sk_finding *out)
{
	char text[TIMES_MAX], from[SK_TIME_TEXT_MAX], usual[NUMBER_MAX], seen[NUMBER_MAX];
	const char *end = event->adopted ? "That has lasted, and is what is usual from now on" : "It is over";
	(void)sk_time_format(event->from_ns, 0, from);
	if (event->cause == SK_PULSE_BY_RATE && event->over)
		say(out->sentence, sizeof out->sentence, "Link %.63s carried too few frames (%s), %s. %s.", link, series_name(event->series), times(event, text), end);
	else if (event->cause == SK_PULSE_BY_RATE)
		say(out->sentence, sizeof out->sentence, "Since %s link %.63s carries %s frames a second (%s), where at least %s are usual.", from, link, rate(event->seen, seen),
		    series_name(event->series), rate(event->usual, usual));
	else if (event->over)
		say(out->sentence, sizeof out->sentence, "On link %.63s handshakes had to be repeated, %s. %s.", link, times(event, text), end);
	else
		say(out->sentence, sizeof out->sentence, "Since %s %.0f %% of the handshakes that were answered on link %.63s had to be repeated, where %.0f %% are usual: frames are lost.", from,
		    100 * event->seen, link, 100 * event->usual);
	say(out->why, sizeof out->why, "%s",
	    event->cause == SK_PULSE_BY_RATE ? "Three windows in a row carried less than half of what nearly every window does."
					     : "Only connections that came about are counted, to several networks: unanswered ones, such as scans, are not.");
	say(out->doubt, sizeof out->doubt, "%s",
	    event->cause == SK_PULSE_BY_RATE ? "A large sender may have ended, or traffic may have moved to another link. Losses of this sensor itself would be told as sensor_loss."
					     : "The frames may be lost behind the link, at home or abroad, or in the mirror.");
}

/* ---- path_shift ---- */

/* "XA", "XA and XB", "XA, XB, XC, XD and 3 more countries". */
static const char *countries(const struct sk_pulse_event *event, char text[COUNTRIES_MAX])
{
	unsigned named = event->country_count < SK_PULSE_NAMED_MAX ? event->country_count : SK_PULSE_NAMED_MAX, more = event->country_count - named;
	size_t used = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < named; i++, used = strlen(text))
		say(text + used, COUNTRIES_MAX - used, "%s%c%c", i == 0 ? "" : i + 1 == named && more == 0 ? " and " : ", ", event->countries[i] >> 8, event->countries[i] & 255);
	if (more != 0)
		say(text + used, COUNTRIES_MAX - used, " and %u more", more);
	return text;
}

static void tell_country(const struct sk_pulse_event *event, const char *link, struct sk_finding *out)
{
	char text[TIMES_MAX], names[COUNTRIES_MAX];
	const bool less = event->cause == SK_PULSE_BY_COUNTRY_LESS;
	const char *way = event->series == SK_PULSE_DF ? "to" : "from";
	const double seconds = (double)(event->to_ns - event->from_ns) / (double)SK_SECOND_NS;
	(void)countries(event, names);
	if (event->over && event->adopted)
		say(out->sentence, sizeof out->sentence, "Traffic %s %s %s link %.63s for %.0f s, %s. That has lasted, and is what is usual from now on.", way, names,
		    less ? "has been gone from" : "has come over", link, seconds, times(event, text));
	else if (event->over)
		say(out->sentence, sizeof out->sentence, "Traffic %s %s is as usual again on link %.63s: it %s for %.0f s, %s.", way, names, link,
		    less ? "had been gone" : "had been far more", seconds, times(event, text));
	else if (less)
		say(out->sentence, sizeof out->sentence, "From %s traffic %s %s is gone from link %.63s: %.0f of %u hosts abroad in a sample, where at least %.0f are usual. Other traffic goes on.",
		    times(event, text), way, names, link, event->seen, event->networks, event->usual);
	else
		say(out->sentence, sizeof out->sentence, "From %s far more traffic %s %s than ever is on link %.63s: %.0f of %u hosts abroad in a sample, where at most %.0f are usual.",
		    times(event, text), way, names, link, event->seen, event->networks, event->usual);
	say(out->why, sizeof out->why, "Of some frames a second the border table is asked which country their end abroad is in; hosts are counted by that, and what is usual is learned. %s",
	    less ? "The others did not go." : "The others did not grow.");
	say(out->doubt, sizeof out->doubt, "A route that swung to another link, a cut, and an outage over there look the same: see whether the country %s. %s", less ? "comes over another link now" : "is gone from another link",
	    less ? "A filter that was set here does too." : "A campaign or an attack out of that country does too: look for findings of floods and scans.");
}

static void tell_shift(const struct sk_pulse_event *event, const char *link, struct sk_finding *out)
{
	char text[TIMES_MAX];
	if (event->cause == SK_PULSE_BY_COUNTRY_LESS || event->cause == SK_PULSE_BY_COUNTRY_MORE) {
		tell_country(event, link, out);
		return;
	}
	if (event->cause == SK_PULSE_BY_HOPS)
		say(out->sentence, sizeof out->sentence, "From %s the way to %u of %u networks behind link %.63s changed: %+d hops, the median of them.", times(event, text), event->moved,
		    event->networks, link, event->hops);
	else
		say(out->sentence, sizeof out->sentence, "From %s the way to %u of %u networks behind link %.63s changed: answers take %.1f ms, where %.1f ms were usual (medians).",
		    times(event, text), event->moved, event->networks, link, event->latency_us / 1e3, event->latency_was_us / 1e3);
	say(out->why, sizeof out->why, "What is left of the TTL, and how long handshakes wait for their answer, was steady for each of these networks, and is steady at another value now.");
	say(out->doubt, sizeof out->doubt, "Routes change all the time; that many change at once is a cut, a new transit, or a hijack. %s",
	    event->cause == SK_PULSE_BY_HOPS ? "A box that rewrites the TTL looks the same." : "A full queue makes answers late too, and then they come back by themselves.");
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
	switch ((enum sk_pulse_kind)event->kind) {
	case SK_PULSE_DOWN: tell_down(event, link, out); break;
	case SK_PULSE_DEGRADED: tell_degraded(event, link, out); break;
	case SK_PULSE_SHIFT: tell_shift(event, link, out); break;
	}
	size_t used = strlen(out->why);
	if (simulated)
		say(out->why + used, sizeof out->why - used, " Simulated: made under a lab basis.");
}
