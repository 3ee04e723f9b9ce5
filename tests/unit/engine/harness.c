/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool take_observation(void *context, const struct sk_observation *observation)
{
	struct harness *h = context;
	struct sk_buf bytes;
	sk_buf_init(&bytes, SK_OBSERVATION_MAX_BYTES + SK_HASH_BYTES);
	sk_buf_add(&bytes, h->transcript, sizeof h->transcript);
	sk_observation_encode(observation, &bytes);
	sk_sha256(bytes.bytes, bytes.length, h->transcript);
	sk_buf_fini(&bytes);
	h->observations++;
	return true;
}

static void take_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct harness *h = context;
	(void)finding;
	(void)evidence;
	h->findings++;
}

static enum sk_err take_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	struct harness *h = context;
	h->intervals++;
	h->frames += account->received.frames;
	h->selected += account->selected.frames;
	h->pending = account->pending_after.frames;
	for (size_t i = 0; i < account->gate_count; i++)
		h->gate += account->gate[i].frames;
	for (size_t i = 0; i < account->select_count; i++)
		h->select += account->select[i].frames;
	return h->interval_answer == SK_OK ? SK_OK : sk_fault_set(fault, h->interval_answer, "the test's ledger refuses");
}

bool harness_start(struct harness *h)
{
	static const char *const domestic[] = {"192.0.2.0/24", "2001:db8:1::/48"}, *const foreign[] = {"198.51.100.0/24", "203.0.113.0/24", "2001:db8:2::/48"};
	char path[] = "/tmp/sk-engine-XXXXXX";
	struct sk_border_build *build = NULL;
	struct sk_fault fault;
	memset(h, 0, sizeof *h);
	int fd = mkstemp(path);
	if (fd < 0 || sk_seal_start() != SK_OK || sk_border_build_new(NULL, &build, &fault) != SK_OK)
		return false;
	(void)close(fd);
	bool good = true;
	for (size_t i = 0; i < SK_COUNT(domestic); i++)
		good = good && sk_border_build_literal(build, SK_SIDE_DOMESTIC, domestic[i], &fault) == SK_OK;
	for (size_t i = 0; i < SK_COUNT(foreign); i++)
		good = good && sk_border_build_literal(build, SK_SIDE_FOREIGN, foreign[i], &fault) == SK_OK;
	sk_border_build_rest(build, SK_SIDE_UNKNOWN);
	good = good && sk_border_build_write(build, path, &fault) == SK_OK && sk_border_open(path, &h->border, &fault) == SK_OK;
	sk_border_build_free(build);
	(void)unlink(path);
	h->time = (struct sk_clock_fake){.now_unix_ns = 1000};
	h->basis = (struct sk_basis){.id = "test", .kind = "lab", .profile = "lab", .role = "none", .until_ns = 2000, .simulated = true, .self_approved = true,
				     .classes = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF),
				     .rule = {.kinds = 0x3f, .max_entries = 1000}};
	h->sink = (struct sk_observe_sink){.context = h, .observation = take_observation, .finding = take_finding};
	return good;
}

void harness_stop(struct harness *h)
{
	sk_border_close(h->border);
}

struct sk_engine *harness_engine(struct harness *h, const struct sk_indicator_set *set, uint64_t interval_frames)
{
	struct sk_engine *engine = NULL;
	struct sk_engine_config config = {.border = h->border, .basis = &h->basis, .set = set, .sink = &h->sink, .flow = sk_flow_default_limits(),
					  .decoder = sk_decoder_default_limits(), .interval_frames = interval_frames, .clock = sk_clock_of_fake(&h->time), .link = "test"};
	config.flow.flows = 4096;
	config.flow.facts = 256;
	config.flow.streams = 16;
	config.decoder.datagrams = 16;
	config.decoder.pool_bytes = 1 << 18;
	return sk_engine_new(&config, take_interval, h, &engine) == SK_OK ? engine : NULL;
}

enum sk_err harness_run(struct harness *h, struct sk_engine *engine, const char *path)
{
	struct sk_capture *capture = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_fault fault;
	(void)h;
	if (sk_capture_open(path, &capture, &fault) != SK_OK)
		return SK_OK;
	enum sk_err err = SK_OK;
	size_t count;
	do {
		count = 0;
		enum sk_err read = sk_capture_next(capture, frames, &count, &fault);
		if (count > 0)
			err = sk_engine_feed(engine, frames, count, 0, &fault);
		if (read != SK_OK)
			count = 0;
	} while (count > 0 && err == SK_OK);
	sk_capture_close(capture);
	if (err == SK_OK || err == SK_EEXPIRED) {
		enum sk_err finished = sk_engine_finish(engine, err == SK_OK ? SK_FLOW_END_STOP : SK_FLOW_END_BASIS, &fault);
		err = finished != SK_OK ? finished : err;
	}
	if (err == SK_EINCONSISTENT)
		(void)fprintf(stderr, "%s\n", fault.line);
	return err;
}
