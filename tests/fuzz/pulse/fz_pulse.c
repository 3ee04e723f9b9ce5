/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as frames through gate and probe, and any numbers as beats: no sample names more than it may, and the model takes everything. Byte 0 even: frames, each a length
   (one byte), a class mask (one byte), then so many bytes. Odd: beats of 16 bytes. */
#include <stdlib.h>

#include "../../unit/gate/fake_border.h"
#include "pulse/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { BEAT_BYTES = 16, FRAME_MAX = 255, COVERS = 8 };

static struct sk_pulse *fresh_model(void)
{
	struct sk_pulse *pulse = NULL;
	SK_INVARIANT(sk_pulse_new(SK_PULSE_LEARN_MIN_S * INT64_C(1000000000), &pulse) == SK_OK);
	return pulse;
}

static void take(struct sk_pulse *pulse, const struct sk_pulse_beat *beat)
{
	struct sk_pulse_event events[SK_PULSE_EVENTS_MAX];
	struct sk_finding finding;
	uint8_t form[SK_FINDING_MAX_BYTES];
	size_t count = sk_pulse_take(pulse, beat, events);
	SK_INVARIANT(count <= SK_PULSE_EVENTS_MAX);
	for (size_t i = 0; i < count; i++) {
		sk_pulse_finding(&events[i], "fuzz", false, &finding);
		SK_INVARIANT(sk_finding_encode_to(&finding, form) != 0);
	}
}

static void frames(struct sk_cur *c, struct sk_pulse *pulse)
{
	static const uint8_t key[SK_SIP_KEY_BYTES] = {1, 2, 3};
	static struct sk_gate *gates[COVERS];
	struct sk_pulse_probe *probe = NULL;
	uint8_t copy[FRAME_MAX];
	int64_t now_ns = INT64_C(1700000000) * 1000000000;
	SK_INVARIANT(sk_pulse_probe_new(key, &probe) == SK_OK);
	sk_pulse_probe_border(probe, fake_border());
	while (sk_left(c) > 2) {
		unsigned size = sk_u8(c), covered = sk_u8(c) % COVERS;
		size = size < sk_left(c) ? size : (unsigned)sk_left(c);
		if (gates[covered] == NULL)
			SK_INVARIANT(sk_gate_new(fake_border(), covered, &gates[covered]) == SK_OK);
		sk_copy(c, copy, size);
		struct sk_frame frame = {.bytes = copy, .captured_bytes = size, .wire_bytes = size, .time_ns = now_ns, .link = SK_LINK_ETHERNET};
		struct sk_verdict verdict;
		sk_gate_judge_batch(gates[covered], &frame, 1, &verdict);
		sk_pulse_probe_frame(probe, now_ns, &frame, &verdict);
		now_ns += size * INT64_C(10000000);
		if (!sk_pulse_probe_due(probe, now_ns))
			continue;
		const struct sk_pulse_beat *beat = sk_pulse_probe_beat(probe, now_ns, 0);
		SK_INVARIANT(beat->frames > 0 && beat->sample_count <= SK_PULSE_SAMPLES_MAX);
		for (unsigned i = 0; i < beat->sample_count; i++)
			SK_INVARIANT(beat->samples[i].cell < SK_PULSE_CELLS && beat->samples[i].hops < 128);
		SK_INVARIANT(beat->end_count <= SK_PULSE_ENDS_MAX && beat->end_count <= beat->looked && beat->looked <= beat->frames);
		for (unsigned i = 0; i < beat->end_count; i++)
			SK_INVARIANT(beat->ends[i].host < SK_PULSE_HOSTS);
		take(pulse, beat);
		sk_pulse_probe_next(probe, now_ns);
	}
	sk_pulse_probe_free(probe);
}

static void beats(struct sk_cur *c, struct sk_pulse *pulse)
{
	int64_t now_ns = 0;
	while (sk_left(c) >= BEAT_BYTES) {
		struct sk_pulse_beat beat = {.sample_count = 1};
		int64_t step_ns = (int64_t)(int32_t)sk_be32(c) * 1000000;
		beat.from_ns = now_ns + step_ns;
		beat.to_ns = beat.from_ns + sk_be16(c) * INT64_C(1000000);
		beat.classes[SK_CLASS_FD] = beat.frames = sk_be16(c);
		beat.carrier = sk_u8(c) % 3;
		beat.blind = beat.frames == 0 && (sk_u8(c) & 1) != 0;
		sk_skip(c, beat.frames == 0 ? 0 : 1);
		beat.samples[0] = (struct sk_pulse_sample){.cell = sk_u8(c), .hops = sk_u8(c), .bits = sk_u8(c) & 7, .latency_us = sk_be24(c)};
		beat.named = true;
		beat.looked = (uint32_t)beat.frames;
		/* as many hosts as frames, up to the bound, of a country that a sample's numbers name */
		for (; beat.end_count < SK_PULSE_ENDS_MAX && beat.end_count < beat.looked; beat.end_count++)
			beat.ends[beat.end_count] = (struct sk_pulse_end){.country = (uint16_t)(beat.samples[0].cell << 8 | beat.samples[0].hops), .host = beat.end_count, .leaves = beat.samples[0].bits & 1};
		take(pulse, &beat);
		now_ns = beat.to_ns;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	if (length < 2)
		return 0;
	struct sk_pulse *pulse = fresh_model();
	if (sk_u8(&c) % 2 == 0)
		frames(&c, pulse);
	else
		beats(&c, pulse);
	struct sk_pulse_state state;
	sk_pulse_state(pulse, &state);
	sk_pulse_free(pulse);
	return 0;
}
