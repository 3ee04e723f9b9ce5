/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of export share: a lab, one reader for all inputs (emptied between them), and what must hold after every message. */
#ifndef FZ_EXPORT_H
#define FZ_EXPORT_H

#include <stdlib.h>

#include "../../unit/engine/harness.h"

#include "export/carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define FZ_NS INT64_C(1790000000000000000)

static struct harness fz_world;
static struct sk_export *fz_export;
static uint64_t fz_frames;

static inline enum sk_err fz_take_frames(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault)
{
	(void)context;
	(void)fault;
	SK_INVARIANT(count > 0 && count <= SK_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		SK_INVARIANT(frames[i].captured_bytes > 0 && frames[i].captured_bytes <= frames[i].wire_bytes);
		fz_frames += sk_count_nonzero(frames[i].bytes, frames[i].captured_bytes) != 0; /* every byte of it may be read */
	}
	return SK_OK;
}

static inline void fz_start(void)
{
	if (fz_export != NULL) {
		for (uint32_t session = 0; session < 8; session++)
			sk_export_session_end(fz_export, session);
		struct sk_export_totals empty;
		sk_export_totals(fz_export, &empty);
		SK_INVARIANT(empty.domains == 0 && empty.templates == 0);
		return;
	}
	SK_INVARIANT(harness_start(&fz_world));
	struct sk_indicator_builder *builder;
	struct sk_indicator_set *set;
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	SK_INVARIANT(sk_indicator_builder_new(&options, NULL, NULL, &builder) == SK_OK);
	sk_indicator_add_flow_all(builder);
	SK_INVARIANT(sk_indicator_build(builder, &set, NULL) == SK_OK);
	sk_indicator_builder_free(builder);
	struct sk_export_config config = {.border = fz_world.border, .basis = &fz_world.basis, .set = set, .sink = &fz_world.sink, .limits = sk_export_default_limits(),
					  .clock = sk_clock_of_fake(&fz_world.time), .frames = fz_take_frames};
	config.limits.domains = 8;
	config.limits.domains_per_exporter = 4;
	config.limits.templates = 16;
	config.limits.templates_per_domain = 8;
	SK_INVARIANT(sk_export_new(&config, &fz_export) == SK_OK);
}

/* rule: EXPORT-4. Each record one fate, one class; what is selected was minted; memory within its limits. */
static inline void fz_check(void)
{
	struct sk_export_totals t;
	uint64_t fates, classes = 0;
	sk_export_totals(fz_export, &t);
	fates = t.selected + t.malformed;
	for (unsigned i = 1; i < SK_EXPORT_GATE_REASONS; i++)
		fates += t.gate[i];
	for (unsigned i = 0; i < SK_EXPORT_SELECT_REASONS; i++)
		fates += t.select[i];
	for (unsigned i = 0; i < SK_CLASS_COUNT; i++)
		classes += t.classes[i];
	SK_INVARIANT(fates == t.received && classes == t.received && t.selected == fz_world.observations);
	SK_INVARIANT(t.domains <= 8 && t.templates <= 16);
}

/* Give one message; it is zeros afterwards. */
static inline void fz_give(const struct sk_export_source *source, const uint8_t *bytes, size_t length)
{
	struct sk_fault fault;
	if (length > SK_EXPORT_MESSAGE_MAX)
		length = SK_EXPORT_MESSAGE_MAX;
	uint8_t *exact = malloc(length != 0 ? length : 1);
	SK_INVARIANT(exact != NULL);
	if (length != 0)
		memcpy(exact, bytes, length);
	SK_INVARIANT(sk_export_message(fz_export, source, exact, length, &fault) == SK_OK);
	SK_INVARIANT(sk_count_nonzero(exact, length) == 0);
	free(exact);
	fz_check();
}

/* One message of one form, whatever its first bytes were. */
static inline int fz_form(const uint8_t *bytes, size_t length, unsigned version)
{
	static uint8_t message[SK_EXPORT_MESSAGE_MAX];
	const struct sk_export_source source = {.exporter = {.family = 4, .bytes = {192, 0, 2, 254}}, .session = 1, .time_ns = SK_EXPORT_NO_TIME};
	fz_start();
	if (length > sizeof message)
		length = sizeof message;
	if (length != 0)
		memcpy(message, bytes, length);
	if (length >= 4) {
		message[0] = 0;
		message[1] = (uint8_t)version;
		if (version == 0) {
			message[2] = 0;
			message[3] = 5;
		}
	}
	fz_give(&source, message, length);
	return 0;
}

#endif
