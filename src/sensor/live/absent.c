/* SPDX-License-Identifier: Apache-2.0 */
/* The room in a build without live capture (meson -Dlive=false): it opens nothing and says why. */
#include "live/live.h"

static enum sk_err absent(const char *interface, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: this program was built without live capture (meson -Dlive=false)", interface);
}

enum sk_err sk_live_open(const struct sk_live_options *options, struct sk_live **out, struct sk_fault *fault)
{
	*out = NULL;
	return absent(options->interface, fault);
}

enum sk_err sk_live_pass_open(const char *interface, struct sk_live_pass **out, struct sk_fault *fault)
{
	*out = NULL;
	return absent(interface, fault);
}

/* None of the rest can be called: nobody has an open one. */

enum sk_err sk_live_start(struct sk_live *live, struct sk_fault *fault)
{
	(void)live;
	return absent("live", fault);
}

enum sk_err sk_live_next(struct sk_live *live, unsigned port, struct sk_frame frames[SK_BATCH_MAX], size_t *count, int wait_ms, struct sk_fault *fault)
{
	(void)live;
	(void)port;
	(void)frames;
	(void)wait_ms;
	*count = 0;
	return absent("live", fault);
}

enum sk_err sk_live_swap(struct sk_live *live, const struct sk_border *border, unsigned covered_classes, struct sk_fault *fault)
{
	(void)live;
	(void)border;
	(void)covered_classes;
	return absent("live", fault);
}

enum sk_err sk_live_shut(struct sk_live *live, struct sk_fault *fault)
{
	(void)live;
	return absent("live", fault);
}

enum sk_err sk_live_discard(struct sk_live *live, struct sk_fault *fault)
{
	(void)live;
	return absent("live", fault);
}

enum sk_err sk_live_counters(struct sk_live *live, struct sk_live_counters *out, struct sk_fault *fault)
{
	(void)live;
	*out = (struct sk_live_counters){0};
	return absent("live", fault);
}

struct sk_source sk_live_source(struct sk_live *live, unsigned port)
{
	(void)live;
	(void)port;
	return (struct sk_source){.descriptor = -1};
}

void sk_live_facts(const struct sk_live *live, struct sk_live_facts *out)
{
	(void)live;
	*out = (struct sk_live_facts){0};
}

void sk_live_close(struct sk_live *live)
{
	(void)live;
}

size_t sk_live_residue(const struct sk_live *live)
{
	(void)live;
	return 0;
}

enum sk_err sk_live_pass_put(struct sk_live_pass *pass, const struct sk_frame *frame, struct sk_fault *fault)
{
	(void)pass;
	(void)frame;
	return absent("live", fault);
}

void sk_live_pass_close(struct sk_live_pass *pass)
{
	(void)pass;
}
