/* SPDX-License-Identifier: Apache-2.0 */
/* Ways: how far networks are, in hops and in time. One that moves alone has moved itself; when many move at once, the way to them has. */
#include "pulse/pulse_priv.h"

/* ---- one network ---- */

static void has_moved(const struct sk_pulse *pulse, struct sk_cell_way *way, bool by_latency)
{
	way->moved_window = pulse->window;
	way->moved_latency = by_latency;
}

/* What is usual again; where another one came in between it is less sure. */
static void agree(uint8_t *sure, uint8_t *run)
{
	if (*run == 0 && *sure < SK_CELL_AGREE_MAX)
		(*sure)++;
	else if (*run != 0)
		*sure = (uint8_t)(*sure > SK_CELL_MISFIT ? *sure - SK_CELL_MISFIT : 1);
	*run = 0;
}

/* Where networks share a cell, or sit behind several ways, numbers do not agree: the cell never gets steady, and says nothing. */
static void take_hops(const struct sk_pulse *pulse, struct sk_cell_way *way, uint8_t hops)
{
	if (way->agree == 0) {
		way->hops = hops;
		way->agree = 1;
		way->run = 0;
		return;
	}
	if (hops == way->hops) {
		agree(&way->agree, &way->run);
		return;
	}
	way->run = (uint8_t)(way->run != 0 && hops == way->candidate ? way->run + 1 : 1);
	way->candidate = hops;
	if (way->run < SK_CELL_RUN)
		return;
	if (way->agree >= SK_CELL_STEADY) {
		way->moved_hops = (int8_t)((int)hops - (int)way->hops);
		has_moved(pulse, way, false);
	} else {
		way->agree = way->run;
	}
	way->hops = hops;
	way->run = 0;
}

static bool is_far_from(uint32_t latency_us, uint32_t usual_us, bool *up)
{
	*up = latency_us > usual_us;
	double low = *up ? usual_us : latency_us, high = *up ? latency_us : usual_us;
	return high > low * SK_LATENCY_FACTOR && high - low > SK_LATENCY_STEP_US;
}

static void take_latency(const struct sk_pulse *pulse, struct sk_cell_way *way, uint32_t latency_us)
{
	bool up = false;
	if (way->latency_agree == 0) {
		way->latency_us = latency_us;
		way->latency_agree = 1;
		return;
	}
	if (!is_far_from(latency_us, way->latency_us, &up)) {
		way->latency_us = (uint32_t)(way->latency_us + ((int64_t)latency_us - way->latency_us) / SK_LATENCY_WEIGHT);
		agree(&way->latency_agree, &way->latency_run);
		return;
	}
	way->latency_run = (uint8_t)(way->latency_run != 0 && up == way->latency_up ? way->latency_run + 1 : 1);
	way->latency_up = up;
	if (way->latency_run < SK_CELL_RUN)
		return;
	if (way->latency_agree >= SK_CELL_STEADY) {
		way->latency_was_us = way->latency_us;
		has_moved(pulse, way, true);
	} else {
		way->latency_agree = way->latency_run;
	}
	way->latency_us = latency_us;
	way->latency_run = 0;
}

void sk_way_sample(struct sk_pulse *pulse, struct sk_cell_way *way, const struct sk_pulse_sample *sample)
{
	if ((sample->bits & SK_PULSE_HOPS) != 0)
		take_hops(pulse, way, sample->hops);
	if ((sample->bits & SK_PULSE_ANSWERED) != 0)
		sk_rate_handshake(pulse, way, (sample->bits & SK_PULSE_REPEATED) != 0);
	if (sample->latency_us != 0)
		take_latency(pulse, way, sample->latency_us);
	way->seen_window = pulse->window;
}

/* ---- all of them ---- */

static bool is_in_span(const struct sk_pulse *pulse, uint32_t window)
{
	return window + SK_SPAN_WINDOWS > pulse->window;
}

static void insert(uint32_t *sorted, size_t *count, uint32_t value)
{
	if (*count == SK_MEDIAN_MAX)
		return;
	size_t at = (*count)++;
	for (; at > 0 && sorted[at - 1] > value; at--)
		sorted[at] = sorted[at - 1];
	sorted[at] = value;
}

/* Medians of what moved; and forget that it did, so that one swing is told once. */
static void describe(struct sk_pulse *pulse, struct sk_pulse_event *event)
{
	uint32_t was[SK_MEDIAN_MAX], is[SK_MEDIAN_MAX], hops[SK_MEDIAN_MAX];
	size_t by_latency = 0, ignored = 0, by_hops = 0;
	for (size_t i = 0; i < SK_PULSE_CELLS; i++) {
		struct sk_cell_way *way = &pulse->cells[i];
		if (way->moved_window == 0 || !is_in_span(pulse, way->moved_window))
			continue;
		if (way->moved_latency) {
			insert(was, &by_latency, way->latency_was_us);
			insert(is, &ignored, way->latency_us);
		} else {
			insert(hops, &by_hops, (uint32_t)(way->moved_hops + 128));
		}
		way->moved_window = 0;
	}
	event->cause = by_hops >= by_latency ? SK_PULSE_BY_HOPS : SK_PULSE_BY_LATENCY;
	event->hops = by_hops != 0 ? (int32_t)hops[by_hops / 2] - 128 : 0;
	event->latency_was_us = by_latency != 0 ? was[by_latency / 2] : 0;
	event->latency_us = by_latency != 0 ? is[by_latency / 2] : 0;
}

void sk_way_close_window(struct sk_pulse *pulse, struct sk_pulse_events *events)
{
	uint32_t networks = 0, moved = 0;
	for (size_t i = 0; i < SK_PULSE_CELLS; i++) {
		const struct sk_cell_way *way = &pulse->cells[i];
		bool steady = way->agree >= SK_CELL_STEADY || way->latency_agree >= SK_CELL_STEADY;
		networks += steady && is_in_span(pulse, way->seen_window);
		moved += way->moved_window != 0 && is_in_span(pulse, way->moved_window);
	}
	pulse->networks = networks;
	if (!sk_pulse_has_learned(pulse) || networks < SK_WAYS_MIN || moved < SK_WAYS_MOVED_MIN || (double)moved < networks * SK_WAYS_MOVED)
		return;
	struct sk_pulse_event *event = sk_pulse_event(events);
	int64_t to_ns = pulse->window_at_ns + pulse->window_ns;
	*event = (struct sk_pulse_event){.kind = SK_PULSE_SHIFT, .from_ns = to_ns - SK_SPAN_WINDOWS * pulse->window_ns, .to_ns = to_ns, .networks = networks, .moved = moved};
	describe(pulse, event);
	pulse->shifts++;
}
