/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/frame_source.h"

/* A signal or the end of patience took nothing: there will be more. */
static enum sk_err next(void *context, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault)
{
	const struct sk_capture_source *source = context;
	enum sk_err err = sk_capture_next(source->capture, frames, count, fault);
	for (size_t i = 0; source->interface_base != 0 && i < *count; i++)
		frames[i].interface = (uint16_t)((frames[i].interface + source->interface_base) % SK_INTERFACES_MAX);
	return err == SK_EINTR ? SK_EMORE : err;
}

static void counts(void *context, struct sk_source_counts *out)
{
	const struct sk_capture_source *source = context;
	struct sk_capture_stats stats;
	sk_capture_stats(source->capture, &stats);
	*out = (struct sk_source_counts){.upstream_lost = stats.upstream_lost, .read_bytes = stats.read_bytes, .source_bytes = stats.source_bytes};
}

struct sk_source sk_source_of_capture(struct sk_capture_source *capture)
{
	return (struct sk_source){.context = capture, .next = next, .counts = counts, .descriptor = -1};
}
