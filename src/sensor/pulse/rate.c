/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: what is usual of each series, and of handshakes; when a link is degraded, and when it is well again. */
#include "pulse/pulse_priv.h"

/* ---- what is usual ---- */

/* A low quantile, by small steps: a burst hardly lifts it, the fall of an evening draws it along. */
static void learn_series(struct sk_series *series, bool first, bool learned)
{
	double count = (double)series->count;
	if (!learned)
		series->usual = first || count < series->usual ? count : series->usual;
	else if (count < series->usual)
		series->usual = series->usual * SK_RATE_DOWN > count ? series->usual * SK_RATE_DOWN : count;
	else
		series->usual = series->usual * SK_RATE_UP + count * SK_RATE_FLOOR < count ? series->usual * SK_RATE_UP + count * SK_RATE_FLOOR : count;
}

static bool is_judged(const struct sk_series *series)
{
	return series->usual >= SK_RATE_MIN_FRAMES;
}

static void learn(struct sk_pulse *pulse)
{
	bool learned = sk_pulse_has_learned(pulse);
	for (int s = 0; s < SK_PULSE_SERIES; s++)
		learn_series(&pulse->series[s], pulse->learned == 0, learned);
	if (!learned)
		pulse->learned++;
}

/* ---- handshakes ---- */

void sk_rate_handshake(struct sk_pulse *pulse, struct sk_cell_way *way, bool repeated)
{
	struct sk_handshakes *now = &pulse->span[pulse->window % SK_SPAN_WINDOWS];
	now->answered++;
	if (!repeated)
		return;
	now->repeated++;
	now->cells += way->repeat_window + SK_SPAN_WINDOWS <= pulse->window;
	way->repeat_window = pulse->window;
}

/* Sums of the span; false: too few to say anything. *many: repeated ones, in several networks, and not by chance. */
static bool look_at_handshakes(const struct sk_pulse *pulse, double *share, bool *many)
{
	struct sk_handshakes sum = {.answered = 0};
	for (unsigned i = 0; i < SK_SPAN_WINDOWS; i++) {
		sum.answered += pulse->span[i].answered;
		sum.repeated += pulse->span[i].repeated;
		sum.cells += pulse->span[i].cells;
	}
	*share = sum.answered != 0 ? (double)sum.repeated / sum.answered : 0;
	*many = sum.repeated >= SK_REPEATS_MIN && sum.cells >= SK_HANDSHAKE_CELLS_MIN;
	return sum.answered >= SK_HANDSHAKES_MIN;
}

/* ---- degraded ---- */

static void begin(struct sk_pulse *pulse, const struct sk_pulse_event *what, struct sk_pulse_events *events)
{
	pulse->degraded = true;
	pulse->degraded_windows = pulse->calm = 0;
	pulse->degradations++;
	pulse->degraded_by = *what;
	*sk_pulse_event(events) = *what;
}

static void end(struct sk_pulse *pulse, bool adopted, int64_t at_ns, struct sk_pulse_events *events)
{
	struct sk_pulse_event *event = sk_pulse_event(events);
	*event = pulse->degraded_by;
	event->over = true;
	event->adopted = adopted;
	event->to_ns = at_ns;
	pulse->degraded = false;
	if (adopted)
		sk_pulse_relearn(pulse);
}

/* The series that fell furthest, of those that were low for long enough. NULL: none. */
static const struct sk_series *worst(const struct sk_pulse *pulse)
{
	const struct sk_series *found = NULL;
	for (int s = 0; s < SK_PULSE_SERIES; s++) {
		const struct sk_series *series = &pulse->series[s];
		if (series->low >= SK_RATE_LOW_WINDOWS && (found == NULL || (double)series->count / series->usual < (double)found->count / found->usual))
			found = series;
	}
	return found;
}

static void look_for_less(struct sk_pulse *pulse, int64_t now_ns, struct sk_pulse_events *events)
{
	const struct sk_series *series = worst(pulse);
	const double windows_a_second = (double)SK_SECOND_NS / (double)pulse->window_ns;
	if (series == NULL)
		return;
	const struct sk_pulse_event event = {.kind = SK_PULSE_DEGRADED, .cause = SK_PULSE_BY_RATE, .series = (uint8_t)(series - pulse->series),
					     .from_ns = now_ns - series->low * pulse->window_ns, .to_ns = now_ns, .usual = series->usual * windows_a_second,
					     .seen = (double)series->count * windows_a_second};
	begin(pulse, &event, events);
}

static void look_for_repeats(struct sk_pulse *pulse, bool known, bool many, int64_t now_ns, struct sk_pulse_events *events)
{
	bool high = known && many && pulse->repeats >= pulse->repeats_usual + SK_REPEATS_MORE;
	pulse->repeats_high = high ? (uint16_t)(pulse->repeats_high + 1) : 0;
	if (known && !high)
		pulse->repeats_usual += (pulse->repeats - pulse->repeats_usual) * SK_REPEATS_WEIGHT;
	if (pulse->repeats_high < SK_REPEAT_WINDOWS || pulse->degraded)
		return;
	const struct sk_pulse_event event = {.kind = SK_PULSE_DEGRADED, .cause = SK_PULSE_BY_REPEATS, .from_ns = now_ns - pulse->repeats_high * pulse->window_ns, .to_ns = now_ns,
					     .usual = pulse->repeats_usual, .seen = pulse->repeats};
	begin(pulse, &event, events);
}

static bool is_calm(const struct sk_pulse *pulse, bool known)
{
	for (int s = 0; s < SK_PULSE_SERIES; s++)
		if (is_judged(&pulse->series[s]) && (double)pulse->series[s].count < pulse->series[s].usual * SK_RATE_CALM)
			return false;
	return !known || pulse->repeats < pulse->repeats_usual + SK_REPEATS_CALM;
}

/* While it is degraded nothing is learned; when that has lasted half an hour, it is what is usual. */
static void go_on(struct sk_pulse *pulse, bool known, int64_t now_ns, struct sk_pulse_events *events)
{
	pulse->calm = is_calm(pulse, known) ? pulse->calm + 1 : 0;
	pulse->degraded_windows++;
	if (pulse->calm >= SK_CALM_WINDOWS)
		end(pulse, false, now_ns, events);
	else if (pulse->degraded_windows >= SK_ADOPT_WINDOWS)
		end(pulse, true, now_ns, events);
}

static void judge(struct sk_pulse *pulse, int64_t now_ns, struct sk_pulse_events *events)
{
	bool many = false, known = look_at_handshakes(pulse, &pulse->repeats, &many), low = false;
	if (pulse->degraded) {
		go_on(pulse, known, now_ns, events);
		return;
	}
	for (int s = 0; s < SK_PULSE_SERIES; s++) {
		struct sk_series *series = &pulse->series[s];
		bool is_low = sk_pulse_has_learned(pulse) && is_judged(series) && (double)series->count < series->usual * SK_RATE_LOW && pulse->series[SK_PULSE_ALL].count != 0;
		series->low = is_low ? (uint16_t)(series->low + 1) : 0;
		low |= is_low;
	}
	/* A window in which nothing at all came is silence, and pulse.c's. */
	if (!low && (pulse->series[SK_PULSE_ALL].count != 0 || !sk_pulse_has_learned(pulse)))
		learn(pulse);
	look_for_less(pulse, now_ns, events);
	if (sk_pulse_has_learned(pulse))
		look_for_repeats(pulse, known, many, now_ns, events);
	else if (known)
		pulse->repeats_usual = pulse->repeats;
}

void sk_rate_close_window(struct sk_pulse *pulse, bool lost, struct sk_pulse_events *events)
{
	if (!lost && pulse->grace != 0)
		pulse->grace--;
	else if (!lost) {
		if (pulse->series[SK_PULSE_ALL].count != 0)
			pulse->nonempty = pulse->nonempty << 1 | 1;
		else
			pulse->empty++;
		judge(pulse, pulse->window_at_ns + pulse->window_ns, events);
	}
	for (int s = 0; s < SK_PULSE_SERIES; s++) {
		pulse->series[s].last = pulse->series[s].count;
		pulse->series[s].count = 0;
	}
	pulse->span[(pulse->window + 1) % SK_SPAN_WINDOWS] = (struct sk_handshakes){.answered = 0};
}
