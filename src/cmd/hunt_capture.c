/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: the sensor itself (gate, decode, flow, detect, select), its observations taken as hits; nothing is stored and no ledger is written. */
#include <string.h>

#include "cmd/hunt.h"
#include "cmd/progress.h"
#include "engine/engine.h"

struct capture_hunt {
	struct sk_hunt *hunt;
	struct sk_engine *engine;
	struct sk_progress progress;
	size_t fed;           /* inputs up to this one gave frames */
	bool out_of_memory;
};

/* A segment may close long after its file ended: it belongs to the last one whose time it began in. */
static uint32_t input_of(const struct capture_hunt *to, int64_t first_ns)
{
	const struct sk_hunt *hunt = to->hunt;
	for (size_t i = to->fed; i > 0; i--) {
		const struct sk_hunt_input *input = &hunt->inputs[i - 1];
		if (input->looked && input->format == SK_LOG_CAPTURE && input->first_ns <= first_ns && first_ns <= input->last_ns)
			return (uint32_t)(i - 1);
	}
	return (uint32_t)(to->fed - 1);
}

static bool take_observation(void *context, const struct sk_observation *observation)
{
	struct capture_hunt *to = context;
	struct sk_hunt_hit hit = {.class_ = observation->class_, .field = SK_LOG_NOTHING, .count = 1, .has_time = true, .first_ns = observation->first_ns,
				  .last_ns = observation->last_ns, .example_count = 1};
	if (observation->kind != SK_OBSERVATION_HIT)
		return true;
	hit.examples[0] = (struct sk_hunt_place){.input = input_of(to, observation->first_ns)};
	sk_hunt_hit_sides(&hit, &observation->initiator, observation->initiator_port, &observation->responder, observation->responder_port);
	for (uint32_t i = 0; i < observation->hit_count && i < SK_OBSERVATION_HITS_MAX; i++) {
		hit.indicator = (struct sk_indicator_hit){.id = observation->hit_ids[i], .kind = 1u << observation->hit_kinds[i]};
		if (hit.indicator.kind != SK_INDICATOR_FLOW_ALL && !sk_hunt_hits_add(&to->hunt->hits, &hit))
			to->out_of_memory = true;
	}
	return true;
}

/* What a hit means is told by the hit; sentences are for findings that are kept. */
static void pass_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	(void)context;
	(void)finding;
	(void)evidence;
}

static enum sk_err pass_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	(void)context;
	(void)account;
	(void)fault;
	return SK_OK;
}

static void note_times(struct sk_hunt_input *input, const struct sk_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t at_ns = frames[i].time_ns;
		input->first_ns = at_ns < input->first_ns ? at_ns : input->first_ns;
		input->last_ns = at_ns > input->last_ns ? at_ns : input->last_ns;
	}
}

/* All frames of one capture. Damage ends the capture, not the hunt; SK_EINTR ends the hunt. */
static enum sk_err feed(struct capture_hunt *to, struct sk_hunt_input *input, struct sk_capture *capture, struct sk_fault *fault)
{
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_capture_stats stats;
	struct sk_fault damage;
	for (;;) {
		size_t count = 0;
		enum sk_err err = sk_hunt_interrupted() ? SK_EINTR : sk_capture_next(capture, frames, &count, &damage);
		sk_capture_stats(capture, &stats);
		input->read_bytes = stats.read_bytes;
		note_times(input, frames, count);
		if (count > 0)
			SK_TRY(sk_engine_feed(to->engine, frames, count, stats.upstream_lost, fault));
		if (err == SK_EINTR && sk_hunt_interrupted())
			return err;
		if (err != SK_OK && err != SK_EINTR)
			sk_hunt_input_failed(to->hunt, input, &damage);
		if (err != SK_EINTR && count == 0)
			return SK_OK;
		sk_progress_show(&to->progress, &stats);
	}
}

static enum sk_err hunt_capture(struct capture_hunt *to, struct sk_hunt_input *input, struct sk_fault *fault)
{
	struct sk_capture *capture = NULL;
	struct sk_fault damage;
	input->first_ns = INT64_MAX;
	input->last_ns = INT64_MIN;
	to->fed = (size_t)(input - to->hunt->inputs) + 1;
	sk_progress_file(&to->progress, input->path);
	enum sk_err err = input->file != NULL ? sk_stream_capture(sk_log_file_stream(input->file), &capture, &damage) : sk_capture_open(input->path, &capture, &damage);
	if (err != SK_OK)
		sk_hunt_input_failed(to->hunt, input, &damage);
	else
		err = feed(to, input, capture, fault);
	to->hunt->read_bytes += input->read_bytes;
	sk_capture_close(capture);
	sk_log_close(input->file);
	input->file = NULL;
	return capture != NULL ? err : SK_OK;
}

/* Frames have one fate each; what was still open is closed by now. Selected or erased as no_hit, admitted they were. */
static void count_frames(struct sk_hunt *hunt, const struct sk_engine_totals *totals)
{
	struct sk_hunt_counts *frames = &hunt->frames;
	frames->records = totals->received.frames;
	frames->admitted = totals->selected.frames;
	for (unsigned i = 0; i < SK_SELECT_REASON_COUNT; i++)
		frames->admitted += totals->select[i].frames;
	for (unsigned i = 1; i < SK_GATE_REASON_COUNT; i++)
		frames->erased[i] = totals->gate[i].frames;
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		frames->classes[i] = totals->classes[i].frames;
	hunt->segments = totals->segments;
}

static enum sk_err run(struct capture_hunt *to, struct sk_fault *fault)
{
	struct sk_hunt *hunt = to->hunt;
	enum sk_err err = SK_OK;
	sk_progress_start(&to->progress, hunt->cmd);
	for (size_t i = 0; i < hunt->input_count && err == SK_OK; i++)
		if (hunt->inputs[i].looked && hunt->inputs[i].format == SK_LOG_CAPTURE)
			err = hunt_capture(to, &hunt->inputs[i], fault);
	sk_progress_clear(&to->progress);
	if (err == SK_OK || err == SK_EINTR) {
		struct sk_engine_totals totals;
		err = sk_engine_finish(to->engine, SK_FLOW_END_STOP, fault);
		sk_engine_totals(to->engine, &totals);
		count_frames(hunt, &totals);
	}
	return err == SK_OK && to->out_of_memory ? sk_fault_set(fault, SK_ENOMEM, "hunt: out of memory for hits") : err;
}

enum sk_err sk_hunt_captures(struct sk_hunt *hunt, struct sk_fault *fault)
{
	struct capture_hunt to = {.hunt = hunt};
	struct sk_observe_sink sink = {.context = &to, .observation = take_observation, .finding = pass_finding};
	struct sk_engine_config config = {.border = hunt->table, .basis = hunt->basis, .set = hunt->set, .sink = &sink, .flow = sk_flow_default_limits(),
					  .decoder = sk_decoder_default_limits(), .clock = hunt->cmd->clock, .link = "file"};
	bool any = false;
	for (size_t i = 0; i < hunt->input_count; i++)
		any |= hunt->inputs[i].looked && hunt->inputs[i].format == SK_LOG_CAPTURE;
	if (!any)
		return SK_OK;
	enum sk_err err = sk_engine_new(&config, pass_interval, NULL, &to.engine);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "the sensor cannot start: %s", sk_err_text(err));
	err = run(&to, fault);
	sk_engine_free(to.engine);
	return err;
}
