/* SPDX-License-Identifier: Apache-2.0 */
/* A whole capture through the gate into a capture: no crash, every interval's account closes, and what was handed on is a whole capture whose frames the gate
   admits again: nothing domestic can be among them. rule: FORWARD-2 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "forward/forward.h"

#include "../../unit/engine/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static enum sk_err take_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	(void)fault;
	*(uint64_t *)context += account->selected.frames;
	return SK_OK;
}

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* Read what was handed on: every frame of it is admitted by a gate of its own. */
static uint64_t judge_again(const struct harness *h, const char *path)
{
	struct sk_capture *capture = NULL;
	struct sk_gate *gate = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	uint64_t total = 0;
	require(sk_capture_open(path, &capture, NULL) == SK_OK && sk_gate_new(h->border, h->basis.classes, &gate) == SK_OK);
	for (size_t count = 1; count != 0; total += count) {
		require(sk_capture_next(capture, frames, &count, NULL) == SK_OK);
		sk_gate_judge_batch(gate, frames, count, verdicts);
		for (size_t i = 0; i < count; i++)
			require(verdicts[i].admitted != NULL);
	}
	sk_gate_free(gate);
	sk_capture_close(capture);
	return total;
}

static uint64_t hand_on(struct harness *h, const char *in, const char *out, uint64_t interval_frames, struct sk_forward_totals *totals)
{
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_capture *capture = NULL;
	struct sk_writer *writer = NULL;
	struct sk_forward *forward = NULL;
	struct sk_fault fault;
	uint64_t accounted = 0;
	if (sk_capture_open(in, &capture, &fault) != SK_OK)
		return UINT64_MAX;
	require(sk_writer_open(out, SK_WRITER_PCAPNG, &writer, &fault) == SK_OK);
	const struct sk_forward_config config = {.border = h->border, .basis = &h->basis, .writer = writer, .interval_frames = interval_frames, .link = "fuzz",
						 .limits = {.datagrams = 8, .frames = 16, .bytes = 4096, .timeout_ns = 30000000000},
						 .clock = sk_clock_of_fake(&h->time)};
	require(sk_forward_new(&config, take_interval, &accounted, &forward) == SK_OK);
	for (size_t count = 1; count != 0;) {
		if (sk_capture_next(capture, frames, &count, &fault) != SK_OK && count == 0)
			break;
		require(sk_forward_feed(forward, frames, count, 0, &fault) == SK_OK);
	}
	require(sk_forward_finish(forward, SK_FORWARD_FRAGMENT_TIMEOUT, &fault) == SK_OK && sk_forward_residue(forward) == 0);
	sk_forward_totals(forward, totals);
	sk_forward_free(forward);
	sk_capture_close(capture);
	require(sk_writer_close(writer, &fault) == SK_OK);
	return accounted;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct harness h;
	static bool started;
	char in[64], out[64];
	struct sk_forward_totals totals;
	if (!started)
		require(harness_start(&h));
	started = true;
	int fd = memfd_create("capture", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
	(void)snprintf(in, sizeof in, "/proc/self/fd/%d", fd);
	(void)snprintf(out, sizeof out, "/dev/shm/sekisho-fuzz-%d.pcapng", (int)getpid());
	uint64_t accounted = hand_on(&h, in, out, length % 2 == 0 ? 3 : 0, &totals);
	if (accounted != UINT64_MAX) {
		uint64_t fates = totals.written.frames;
		for (int i = 1; i < SK_GATE_REASON_COUNT; i++)
			fates += totals.gate[i].frames;
		for (int i = 0; i < SK_FORWARD_REASON_COUNT; i++)
			fates += totals.erased[i].frames;
		require(fates == totals.received.frames && totals.pending_frames == 0 && accounted == totals.written.frames && judge_again(&h, out) == accounted);
	}
	(void)unlink(out);
	(void)close(fd);
	return 0;
}
