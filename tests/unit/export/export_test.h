/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of export share: a lab under a border of arithmetic (fake_border.c), a sink that keeps what is minted, and a writer of messages. */
#ifndef SK_TEST_EXPORT_H
#define SK_TEST_EXPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "export/export.h"
#include "message.h"

enum { KEPT_MAX = 2048 }; /* a world stands on the stack of each test */
#define S INT64_C(1000000000)

struct world {
	struct sk_clock_fake clock;
	struct sk_basis basis;
	struct sk_indicator_set *set;
	struct sk_observe_sink sink;
	struct sk_export *export_;
	struct sk_export_source source;
	size_t observations, findings, frames, frame_bytes;
	enum sk_err frames_answer;
	struct sk_observation kept[KEPT_MAX];
	uint8_t frame[MESSAGE_ROOM];      /* bytes of the last sampled frame */
	struct sk_frame last_frame;
};

static inline bool world_observation(void *context, const struct sk_observation *observation)
{
	struct world *w = context;
	w->kept[w->observations++ % KEPT_MAX] = *observation;
	return true;
}

static inline void world_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct world *w = context;
	(void)finding;
	(void)evidence;
	w->findings++;
}

static inline enum sk_err world_frames(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault)
{
	struct world *w = context;
	for (size_t i = 0; i < count; i++) {
		assert_true(frames[i].captured_bytes > 0 && frames[i].captured_bytes <= frames[i].wire_bytes);
		w->frames++;
		w->frame_bytes += frames[i].captured_bytes;
		memcpy(w->frame, frames[i].bytes, frames[i].captured_bytes);
		w->last_frame = frames[i];
	}
	return w->frames_answer == SK_OK ? SK_OK : sk_fault_set(fault, w->frames_answer, "the test's engine refuses");
}

/* flow_all: every admitted record is kept; else those with 198.51.100.2. forms: as the config's. */
static inline void world_start_forms(struct world *w, bool flow_all, const struct sk_export_limits *limits, unsigned forms)
{
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19, .special_ranges_allowed = true};
	struct sk_indicator_builder *builder;
	memset(w, 0, sizeof *w);
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_indicator_builder_new(&options, NULL, NULL, &builder), SK_OK);
	if (flow_all) {
		sk_indicator_add_flow_all(builder);
	} else {
		char path[] = "/tmp/sk-export-XXXXXX";
		struct sk_indicator_counts counts;
		struct sk_fault fault;
		int fd = mkstemp(path);
		FILE *file = fdopen(fd, "w");
		assert_non_null(file);
		(void)fputs("198.51.100.2\n", file);
		(void)fclose(file);
		assert_int_equal(sk_indicator_import(builder, path, &counts, &fault), SK_OK);
		(void)remove(path);
	}
	assert_int_equal(sk_indicator_build(builder, &w->set, NULL), SK_OK);
	sk_indicator_builder_free(builder);
	w->clock = (struct sk_clock_fake){.now_unix_ns = T0 * S};
	w->basis = (struct sk_basis){.id = "test", .kind = "lab", .profile = "lab", .role = "none", .from_ns = 0, .until_ns = INT64_MAX, .simulated = true,
				     .classes = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF)};
	w->sink = (struct sk_observe_sink){.context = w, .observation = world_observation, .finding = world_finding};
	w->source = (struct sk_export_source){.exporter = {.family = 4, .bytes = {192, 0, 2, 254}}, .time_ns = T0 * S};
	struct sk_export_config config = {.border = (const struct sk_border *)(const void *)&w->clock, .basis = &w->basis, .set = w->set, .sink = &w->sink,
					  .limits = limits != NULL ? *limits : sk_export_default_limits(), .forms = forms, .clock = sk_clock_of_fake(&w->clock), .frames = world_frames,
					  .context = w};
	assert_int_equal(sk_export_new(&config, &w->export_), SK_OK);
}

static inline void world_start_limited(struct world *w, bool flow_all, const struct sk_export_limits *limits)
{
	world_start_forms(w, flow_all, limits, 0);
}

static inline void world_start(struct world *w, bool flow_all)
{
	world_start_limited(w, flow_all, NULL);
}

static inline struct sk_export_totals totals(const struct world *w)
{
	struct sk_export_totals t;
	sk_export_totals(w->export_, &t);
	return t;
}

/* rule: EXPORT-4. Every record has one fate and one class. */
static inline void assert_closes(const struct world *w)
{
	struct sk_export_totals t = totals(w);
	uint64_t fates = t.selected + t.malformed, classes = 0;
	for (unsigned i = 1; i < SK_EXPORT_GATE_REASONS; i++)
		fates += t.gate[i];
	for (unsigned i = 0; i < SK_EXPORT_SELECT_REASONS; i++)
		fates += t.select[i];
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		classes += t.classes[i];
	assert_int_equal(fates, t.received);
	assert_int_equal(classes, t.received);
	assert_int_equal(t.selected, w->observations);
}

static inline void world_end(struct world *w)
{
	assert_closes(w);
	sk_export_free(w->export_);
	sk_indicator_close(w->set);
}

static inline void send_bytes(struct world *w, const uint8_t *bytes, size_t length)
{
	struct sk_fault fault;
	uint8_t *exact = malloc(length != 0 ? length : 1); /* so that the sanitizers see a read past the end */
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	assert_int_equal(sk_export_message(w->export_, &w->source, exact, length, &fault), SK_OK);
	assert_int_equal(sk_count_nonzero(exact, length), 0); /* overwritten, whatever it was */
	free(exact);
}

static inline void send_msg(struct world *w, struct msg *m)
{
	assert_int_equal(sk_out_done(&m->out), SK_OK);
	send_bytes(w, m->bytes, msg_length(m));
}

/* An IPFIX message with the plain template, as number 256. */
static inline void teach(struct world *w, uint32_t domain)
{
	struct msg m;
	ipfix_start(&m, 0, domain);
	set_start(&m, 2);
	TEMPLATE(&m, 256, PLAIN_FIELDS);
	set_end(&m);
	ipfix_end(&m);
	send_msg(w, &m);
}

static inline void send_plain(struct world *w, uint32_t sequence, uint32_t domain, unsigned count, uint32_t source, uint32_t destination)
{
	struct msg m;
	ipfix_start(&m, sequence, domain);
	set_start(&m, 256);
	for (unsigned i = 0; i < count; i++)
		put_plain(&m, source, destination);
	set_end(&m);
	ipfix_end(&m);
	send_msg(w, &m);
}

#endif
