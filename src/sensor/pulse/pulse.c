/* SPDX-License-Identifier: Apache-2.0 */
/* Beats into windows; silence, which is looked at beat by beat. */
#include "pulse/pulse_priv.h"

#include <stdlib.h>

enum sk_err sk_pulse_new(int64_t learn_ns, struct sk_pulse **out)
{
	SK_INVARIANT(learn_ns >= SK_PULSE_LEARN_MIN_S * SK_SECOND_NS && learn_ns <= SK_PULSE_LEARN_MAX_S * SK_SECOND_NS);
	struct sk_pulse *pulse = malloc(sizeof *pulse);
	if (pulse == NULL)
		return SK_ENOMEM;
	memset(pulse, 0, sizeof *pulse);
	int64_t window_s = learn_ns / SK_SECOND_NS / SK_WINDOWS_A_LEARNING;
	window_s = window_s < SK_WINDOW_MIN_S ? SK_WINDOW_MIN_S : window_s > SK_WINDOW_MAX_S ? SK_WINDOW_MAX_S : window_s;
	pulse->learn_ns = learn_ns;
	pulse->window_ns = window_s * SK_SECOND_NS;
	pulse->learn_windows = (uint32_t)(learn_ns / pulse->window_ns);
	pulse->window = SK_SPAN_WINDOWS + 1; /* so that 0 lies before every span */
	*out = pulse;
	return SK_OK;
}

void sk_pulse_free(struct sk_pulse *pulse)
{
	if (pulse == NULL)
		return;
	sk_wipe(pulse, sizeof *pulse);
	free(pulse);
}

struct sk_pulse_event *sk_pulse_event(struct sk_pulse_events *events)
{
	size_t at = events->count < SK_PULSE_EVENTS_MAX ? events->count++ : SK_PULSE_EVENTS_MAX - 1;
	events->events[at] = (struct sk_pulse_event){.kind = 0};
	return &events->events[at];
}

void sk_pulse_relearn(struct sk_pulse *pulse)
{
	memset(pulse->series, 0, sizeof pulse->series);
	memset(pulse->span, 0, sizeof pulse->span);
	pulse->learned = 0;
	pulse->nonempty = 0;
	pulse->empty = 0;
	pulse->repeats_usual = pulse->repeats = 0;
	pulse->repeats_high = 0;
}

/* Everything but what was counted for figures. */
static void forget(struct sk_pulse *pulse)
{
	sk_pulse_relearn(pulse);
	memset(pulse->cells, 0, sizeof pulse->cells);
	memset(pulse->directions, 0, sizeof pulse->directions);
	pulse->countries_learned = 0;
	memset(pulse->longest_ns, 0, sizeof pulse->longest_ns);
	pulse->down = pulse->degraded = pulse->started = false;
	pulse->grace = 0;
}

/* ---- silence ---- */

/* So long a silence is no chance; 0: of this link it cannot be told. A link that is silent for whole windows by itself is not judged. */
static int64_t limit_ns(const struct sk_pulse *pulse)
{
	const double seconds_a_window = (double)pulse->window_ns / (double)SK_SECOND_NS;
	double a_second = pulse->series[SK_PULSE_ALL].usual / seconds_a_window;
	uint32_t known = pulse->learned < 60 ? pulse->learned : 60;
	uint64_t wanted = known >= 64 ? UINT64_MAX : (UINT64_C(1) << known) - 1;
	if (!sk_pulse_has_learned(pulse) || (pulse->nonempty & wanted) != wanted || a_second * SK_SILENCE_MAX_S < SK_SILENCE_FRAMES)
		return 0;
	int64_t limit = SK_SILENCE_MIN_S * SK_SECOND_NS, longest = pulse->longest_ns[0] > pulse->longest_ns[1] ? pulse->longest_ns[0] : pulse->longest_ns[1];
	int64_t missing = (int64_t)(SK_SILENCE_FRAMES / a_second * (double)SK_SECOND_NS);
	limit = longest * SK_SILENCE_TIMES > limit ? longest * SK_SILENCE_TIMES : limit;
	limit = missing > limit ? missing : limit;
	return limit <= SK_SILENCE_MAX_S * SK_SECOND_NS ? limit : 0;
}

static void learn_silence(struct sk_pulse *pulse, int64_t silence_ns, int64_t now_ns)
{
	if (now_ns - pulse->hour_at_ns >= SK_HOUR_S * SK_SECOND_NS) {
		pulse->longest_ns[1] = now_ns - pulse->hour_at_ns < 2 * SK_HOUR_S * SK_SECOND_NS ? pulse->longest_ns[0] : 0;
		pulse->longest_ns[0] = 0;
		pulse->hour_at_ns = now_ns;
	}
	if (silence_ns > pulse->longest_ns[0])
		pulse->longest_ns[0] = silence_ns;
}

static void go_down(struct sk_pulse *pulse, enum sk_pulse_cause cause, int64_t from_ns, int64_t to_ns, struct sk_pulse_events *events)
{
	struct sk_pulse_event *event = sk_pulse_event(events);
	*event = (struct sk_pulse_event){.kind = SK_PULSE_DOWN, .cause = (uint8_t)cause, .from_ns = from_ns, .to_ns = to_ns,
					 .usual = pulse->series[SK_PULSE_ALL].usual * (double)SK_SECOND_NS / (double)pulse->window_ns};
	pulse->down = true;
	pulse->down_ns = from_ns;
	pulse->downs++;
}

static void come_back(struct sk_pulse *pulse, int64_t at_ns, struct sk_pulse_events *events)
{
	struct sk_pulse_event *event = sk_pulse_event(events);
	*event = (struct sk_pulse_event){.kind = SK_PULSE_DOWN, .cause = SK_PULSE_BY_SILENCE, .over = true, .from_ns = pulse->down_ns, .to_ns = at_ns};
	pulse->down = false;
	pulse->grace = SK_GRACE_WINDOWS;
	for (int s = 0; s < SK_PULSE_SERIES; s++)
		pulse->series[s].low = 0;
}

/* ---- windows ---- */

/* Those that are over by then. */
static void roll(struct sk_pulse *pulse, int64_t now_ns, bool lost, struct sk_pulse_events *events)
{
	int64_t passed = (now_ns - pulse->window_at_ns) / pulse->window_ns;
	/* Across a long gap there is nothing to learn. */
	if (passed > SK_JUMP_WINDOWS) {
		sk_rate_close_window(pulse, true, events);
		sk_country_close_window(pulse, true, events);
		pulse->window += (uint32_t)passed;
		pulse->window_at_ns += passed * pulse->window_ns;
		return;
	}
	for (; passed > 0; passed--) {
		bool any = pulse->series[SK_PULSE_ALL].count != 0; /* else no way can have changed */
		bool unusual = lost || pulse->down || pulse->grace != 0; /* after an outage talks begin anew */
		sk_rate_close_window(pulse, lost || pulse->down, events);
		sk_country_close_window(pulse, unusual, events);
		if (any)
			sk_way_close_window(pulse, events);
		pulse->window_at_ns += pulse->window_ns;
		pulse->window++;
	}
}

static void start(struct sk_pulse *pulse, const struct sk_pulse_beat *beat)
{
	pulse->started = true;
	pulse->broken = false;
	pulse->now_ns = pulse->frame_ns = pulse->window_at_ns = pulse->hour_at_ns = beat->from_ns;
}

/* Nobody looked until this time: it is neither silence nor a window. */
static void skip(struct sk_pulse *pulse, int64_t now_ns, struct sk_pulse_events *events)
{
	roll(pulse, now_ns, true, events);
	pulse->frame_ns = pulse->now_ns = now_ns;
}

static void take_frames(struct sk_pulse *pulse, const struct sk_pulse_beat *beat, struct sk_pulse_events *events)
{
	int64_t silence_ns = beat->from_ns - pulse->frame_ns, limit = limit_ns(pulse);
	/* Of a file the silence is told when it is over. */
	if (!pulse->down && limit != 0 && silence_ns >= limit)
		go_down(pulse, SK_PULSE_BY_SILENCE, pulse->frame_ns, beat->from_ns, events);
	else if (!pulse->down)
		learn_silence(pulse, silence_ns, beat->from_ns);
	roll(pulse, beat->from_ns, false, events);
	if (!pulse->down)
		pulse->nonempty = pulse->empty < 64 ? pulse->nonempty << pulse->empty : 0;
	pulse->empty = 0;
	if (pulse->down && beat->carrier != SK_SOURCE_CARRIER_DOWN)
		come_back(pulse, beat->from_ns, events);
	struct sk_series *series = pulse->series;
	series[SK_PULSE_ALL].count += beat->frames;
	series[SK_PULSE_FD].count += beat->classes[SK_CLASS_FD];
	series[SK_PULSE_DF].count += beat->classes[SK_CLASS_DF];
	series[SK_PULSE_FF].count += beat->classes[SK_CLASS_FF];
	for (unsigned i = 0; i < beat->sample_count; i++)
		sk_way_sample(pulse, &pulse->cells[beat->samples[i].cell % SK_PULSE_CELLS], &beat->samples[i]);
	sk_country_take(pulse, beat);
	pulse->frame_ns = beat->to_ns > pulse->frame_ns ? beat->to_ns : pulse->frame_ns;
}

static void take_silence(struct sk_pulse *pulse, const struct sk_pulse_beat *beat, struct sk_pulse_events *events)
{
	int64_t limit = limit_ns(pulse);
	if (beat->blind) {
		skip(pulse, beat->to_ns, events);
		return;
	}
	if (!pulse->down && limit != 0 && beat->to_ns - pulse->frame_ns >= limit)
		go_down(pulse, SK_PULSE_BY_SILENCE, pulse->frame_ns, beat->to_ns, events);
	roll(pulse, beat->to_ns, false, events);
}

/* What the interface says needs no learning. */
static void take_carrier(struct sk_pulse *pulse, const struct sk_pulse_beat *beat, struct sk_pulse_events *events)
{
	bool fell = beat->carrier == SK_SOURCE_CARRIER_DOWN && pulse->carrier != SK_SOURCE_CARRIER_DOWN;
	if (beat->carrier != SK_SOURCE_CARRIER_UNKNOWN)
		pulse->carrier = beat->carrier;
	if (fell && !pulse->down)
		go_down(pulse, SK_PULSE_BY_CARRIER, beat->to_ns, beat->to_ns, events);
}

size_t sk_pulse_take(struct sk_pulse *pulse, const struct sk_pulse_beat *beat, struct sk_pulse_event out[SK_PULSE_EVENTS_MAX])
{
	struct sk_pulse_events events = {.events = out};
	if (pulse->started && beat->to_ns < pulse->now_ns - SK_BACK_S * SK_SECOND_NS)
		forget(pulse);
	if (!pulse->started)
		start(pulse, beat);
	if (pulse->broken) {
		skip(pulse, beat->from_ns > pulse->now_ns ? beat->from_ns : pulse->now_ns, &events);
		pulse->broken = false;
	}
	take_carrier(pulse, beat, &events);
	if (beat->frames != 0)
		take_frames(pulse, beat, &events);
	else
		take_silence(pulse, beat, &events);
	pulse->now_ns = beat->to_ns > pulse->now_ns ? beat->to_ns : pulse->now_ns;
	return events.count;
}

void sk_pulse_break(struct sk_pulse *pulse)
{
	pulse->broken = pulse->started;
}

void sk_pulse_state(const struct sk_pulse *pulse, struct sk_pulse_state *out)
{
	const double windows_a_second = (double)SK_SECOND_NS / (double)pulse->window_ns;
	*out = (struct sk_pulse_state){.learning = !sk_pulse_has_learned(pulse), .down = pulse->down, .degraded = pulse->degraded,
				       .carrier_known = pulse->carrier != SK_SOURCE_CARRIER_UNKNOWN, .carrier = pulse->carrier == SK_SOURCE_CARRIER_UP, .repeats_usual = pulse->repeats_usual,
				       .repeats = pulse->repeats, .networks = pulse->networks, .downs = pulse->downs, .degradations = pulse->degradations, .shifts = pulse->shifts,
				       .silence_ns = limit_ns(pulse), .since_ns = pulse->started ? pulse->now_ns - pulse->frame_ns : 0, .named = pulse->named, .countries = sk_country_known(pulse)};
	for (int s = 0; s < SK_PULSE_SERIES; s++) {
		out->usual[s] = out->learning ? 0 : pulse->series[s].usual * windows_a_second;
		out->seen[s] = (double)pulse->series[s].last * windows_a_second;
	}
}

enum sk_pulse_standing sk_pulse_standing(const struct sk_pulse_state *state)
{
	return state->down ? SK_PULSE_IS_DOWN : state->degraded ? SK_PULSE_LIMPS : state->learning ? SK_PULSE_LEARNING : SK_PULSE_USUAL;
}
