/* SPDX-License-Identifier: Apache-2.0 */
/* A port as a source of frames for whoever works with those. */
#include "live/live_priv.h"

#include <stdio.h>

enum { WAIT_MS = 50, COUNT_EVERY_NS = 50000000, END_TRIES = 40 };

/* Read the counters anew, now and then; for the first port alone. An interface that is gone is noticed here. */
static void refresh(struct live_port *port, bool now)
{
	struct sk_live_counters counters;
	int64_t now_ns = port->clock.monotonic_ns(port->clock.context);
	if (port->number != 0 || port->gone || (!now && port->counted_ns != 0 && now_ns - port->counted_ns < COUNT_EVERY_NS))
		return;
	port->counted_ns = now_ns;
	if (sk_live_counters(port->live, &counters, &port->fault) != SK_OK) {
		port->gone = true;
		return;
	}
	struct sk_live_cell discarded;
	sk_live_tell(&counters, &port->told, &port->counts);
	live_discarded(port->live, &discarded);
	port->counts.lost[port->counts.lost_count++] = (struct sk_cell){.name = "stopped", .frames = discarded.frames, .bytes = discarded.bytes};
}

/* Nobody may look any more: the next call of sk_live_next overwrites them. */
static void discard(struct live_port *port, const struct sk_frame *frames, size_t *count)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < *count; i++)
		bytes += frames[i].wire_bytes;
	__atomic_store_n(&port->discarded.frames, port->discarded.frames + *count, __ATOMIC_RELAXED);
	__atomic_store_n(&port->discarded.bytes, port->discarded.bytes + bytes, __ATOMIC_RELAXED);
	*count = 0;
}

/* After the gate was shut a port ends when nothing has come for a while; the first one waits for the others, whose last frames are in its counts. */
static enum sk_err next(void *context, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault)
{
	struct live_port *port = context;
	bool shut = live_is_shut(port->live);
	SK_TRY(sk_live_next(port->live, port->number, frames, count, WAIT_MS, fault));
	if (*count != 0 && live_discards(port->live)) {
		do {
			discard(port, frames, count);
			SK_TRY(sk_live_next(port->live, port->number, frames, count, 0, fault));
		} while (*count != 0);
		return SK_EMORE;
	}
	if (*count != 0)
		return SK_OK;
	refresh(port, false);
	if (port->gone && !shut) {
		*fault = port->fault;
		return port->fault.err;
	}
	if (!shut)
		return SK_EMORE;
	__atomic_store_n(&port->empty, true, __ATOMIC_RELEASE);
	return port->number != 0 || live_all_empty(port->live) || ++port->tries > END_TRIES ? SK_OK : SK_EMORE;
}

static void counts(void *context, struct sk_source_counts *out)
{
	struct live_port *port = context;
	refresh(port, __atomic_load_n(&port->empty, __ATOMIC_RELAXED));
	*out = port->counts;
}

/* The basis ended: the first port that learns of it shuts the gate in the kernel for all. */
static void stop(void *context)
{
	struct live_port *port = context;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_fault ignored;
	live_discard_once(port->live);
	for (unsigned tries = 0; tries < END_TRIES; tries++) {
		size_t count = 0;
		enum sk_err err = next(port, frames, &count, &ignored);
		if (err != SK_EMORE && count == 0)
			break;
	}
}

static unsigned backlog(void *context)
{
	const struct live_port *port = context;
	return live_backlog(port->live, port->number);
}

struct sk_source sk_live_source(struct sk_live *live, unsigned number)
{
	struct live_port *port = live_port(live, number);
	return (struct sk_source){.context = port, .next = next, .counts = number == 0 ? counts : NULL, .stop = stop, .backlog = backlog, .descriptor = -1};
}
