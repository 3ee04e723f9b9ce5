/* SPDX-License-Identifier: Apache-2.0 */
/* What a model told of a link made of chance (link_model.h), and a link that has been learned. Included behind cmocka.h. */
#ifndef PULSE_TOLD_H
#define PULSE_TOLD_H

#include <string.h>

#include "link_model.h"

enum { EVENTS_MAX = 64 };

struct told {
	size_t count;
	struct sk_pulse_event events[EVENTS_MAX];
	int64_t at_ns[EVENTS_MAX];
};

static inline void run(struct sk_pulse *pulse, struct link *link, unsigned seconds, struct told *told)
{
	static struct sk_pulse_beat beat;
	struct sk_pulse_event events[SK_PULSE_EVENTS_MAX];
	for (unsigned i = 0; i < seconds; i++) {
		link_beat(link, &beat);
		size_t count = sk_pulse_take(pulse, &beat, events);
		for (size_t e = 0; e < count && told->count < EVENTS_MAX; e++) {
			told->at_ns[told->count] = beat.to_ns;
			told->events[told->count++] = events[e];
		}
	}
}

static inline struct sk_pulse *make(void)
{
	struct sk_pulse *pulse = NULL;
	assert_int_equal(sk_pulse_new(SK_PULSE_LEARN_S * SECOND, &pulse), SK_OK);
	return pulse;
}

/* A link that has been learned; nothing was told. */
static inline struct sk_pulse *learned(struct link *link, struct told *told)
{
	struct sk_pulse *pulse = make();
	struct sk_pulse_state state;
	memset(told, 0, sizeof *told);
	run(pulse, link, 2 * SK_PULSE_LEARN_S, told);
	sk_pulse_state(pulse, &state);
	assert_int_equal(told->count, 0);
	assert_false(state.learning);
	return pulse;
}

#endif
