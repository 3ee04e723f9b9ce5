/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/live_input.h"

#include <ctype.h>
#include <string.h>

#include "cmd/guard.h"
#include "policy/policy.h"
#include "text/text.h"

enum { COUNT_EVERY_NS = 100000000, PROGRESS_EVERY_NS = 500000000 };
static const int64_t interval_ns = INT64_C(60) * 1000000000;

static const struct {
	const char *text;
	enum sk_live_mode mode;
} modes[] = {{"auto", SK_LIVE_AUTO}, {"xdp", SK_LIVE_XDP}, {"xdp-native", SK_LIVE_XDP_NATIVE}, {"xdp-generic", SK_LIVE_XDP_GENERIC}, {"packet", SK_LIVE_PACKET}};

enum sk_err sk_live_mode_parse(const char *text, enum sk_live_mode *out)
{
	for (size_t i = 0; i < SK_COUNT(modes); i++)
		if (strcmp(text, modes[i].text) == 0) {
			*out = modes[i].mode;
			return SK_OK;
		}
	return SK_EMALFORMED;
}

/* A link's name in the ledger: letters, digits and a few signs. */
static void name_link(const char *interface, char link[64])
{
	size_t i = 0;
	for (; interface[i] != '\0' && i < 63; i++)
		link[i] = isalnum((unsigned char)interface[i]) || strchr("._:-", interface[i]) != NULL ? interface[i] : '_';
	link[i] = '\0';
}

enum sk_err sk_live_input_open(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_live_args *args, unsigned readers, const struct sk_border *border,
			       unsigned classes, struct sk_live **out, struct sk_live_result *result, struct sk_fault *fault)
{
	const struct sk_live_options options = {.interface = args->interface, .mode = args->mode, .zero_copy = args->zero_copy, .ports = readers, .border = border, .covered_classes = classes,
						.clock = cmd->clock};
	if (args->zero_copy && workspace->profile == SK_PROFILE_JP_2025)
		return sk_fault_set(fault, SK_EPERMIT, "%s: zero-copy is refused under profile jp-2025: the card would write frames into memory of this process before the gate has judged them",
				    args->interface);
	SK_TRY(sk_live_open(&options, out, fault));
	result->used = true;
	sk_live_facts(*out, &result->facts);
	name_link(args->interface, result->link);
	return SK_OK;
}

enum sk_err sk_live_input_start(struct sk_cmd *cmd, struct sk_live *live, struct sk_collector *collector, struct sk_live_result *result, struct sk_fault *fault)
{
	const struct sk_live_facts *facts = &result->facts;
	struct sk_kernel_gate_facts record = {.link = result->link, .mode = !facts->xdp ? "packet_filter" : facts->native ? "xdp_native" : "xdp_generic",
					      .copying = !facts->xdp ? "ring" : facts->zero_copy ? "zero_copy" : "copy"};
	memcpy(record.program, facts->program_digest, sizeof record.program);
	memcpy(record.table, facts->table_digest, sizeof record.table);
	SK_TRY(sk_collector_kernel_gate(collector, &record, fault));
	SK_TRY(sk_live_start(live, fault));
	sk_live_facts(live, &result->facts);
	if (memcmp(record.table, facts->table_digest, sizeof record.table) != 0 || memcmp(record.program, facts->program_digest, sizeof record.program) != 0)
		return sk_fault_set(fault, SK_EKERNELGATE, "%s: the gate that opened is not the one that the ledger names", facts->interface);
	if (facts->why[0] != '\0')
		(void)fprintf(cmd->err, "sekisho: %s: AF_PACKET instead of XDP: %s\n", facts->interface, facts->why);
	return SK_OK;
}

/* ---- the loop ---- */

struct loop {
	struct sk_cmd *cmd;
	struct sk_live *live;
	const struct sk_live_user *user;
	struct sk_source source;
	int64_t end_ns, count_ns, interval_at_ns, progress_ns;
	enum sk_err ended;   /* why the gate was shut */
	bool shut, link_failed;
};

static void show_progress(struct loop *loop, int64_t now_ns)
{
	struct sk_live_counters now;
	char in[SK_UNIT_TEXT_MAX], passed[SK_UNIT_TEXT_MAX];
	if (!loop->cmd->terminal || now_ns - loop->progress_ns < PROGRESS_EVERY_NS || sk_live_counters(loop->live, &now, NULL) != SK_OK)
		return;
	loop->progress_ns = now_ns;
	(void)fprintf(loop->cmd->err, "\r\033[K%s frames, %s passed the gate, %llu lost", sk_number_format(now.in.frames, in), sk_number_format(now.passed.frames, passed),
		      (unsigned long long)(now.ring_lost + now.no_socket.frames));
	(void)fflush(loop->cmd->err);
}

static void take_counts(struct loop *loop, int64_t now_ns)
{
	loop->count_ns = now_ns;
	loop->user->count(loop->user->context, &loop->source, loop->cmd->clock.unix_ns(loop->cmd->clock.context));
	show_progress(loop, now_ns);
}

/* Shut the gate, for this reason. Where nobody may or can look any more, the rest is overwritten unread. */
static enum sk_err shut(struct loop *loop, enum sk_err ended, struct sk_fault *fault)
{
	if (loop->shut)
		return SK_OK;
	loop->shut = true;
	loop->ended = ended;
	return ended == SK_OK || ended == SK_EINTR ? sk_live_shut(loop->live, fault) : sk_live_discard(loop->live, fault);
}

/* One turn; true: go on. A fault that ends the loop is kept while the rings are emptied. */
static enum sk_err turn(struct loop *loop, bool *more, struct sk_fault *fault)
{
	struct sk_frame frames[SK_BATCH_MAX];
	size_t count = 0;
	struct sk_fault passing = {.line = ""};
	int64_t now_ns = loop->cmd->clock.monotonic_ns(loop->cmd->clock.context);
	if (sk_guard_interrupted() && !loop->shut)
		SK_TRY(shut(loop, sk_fault_set(fault, SK_EINTR, "interrupted; the last interval is signed"), &passing));
	if (loop->end_ns != 0 && now_ns >= loop->end_ns)
		SK_TRY(shut(loop, SK_OK, fault));
	enum sk_err err = loop->source.next(loop->source.context, frames, &count, &passing);
	*more = err == SK_EMORE || count != 0;
	if (err != SK_OK && err != SK_EMORE) {
		*fault = passing;
		loop->link_failed = true;
		return err;
	}
	bool due = now_ns - loop->count_ns >= COUNT_EVERY_NS;
	if (count != 0 || (due && !loop->shut)) {
		err = loop->user->feed(loop->user->context, frames, count, &passing);
		if (err != SK_OK && !loop->shut) {
			*fault = passing;
			SK_TRY(shut(loop, err, &passing));
		}
	}
	if (due)
		take_counts(loop, now_ns);
	if (now_ns >= loop->interval_at_ns && !loop->shut) {
		loop->interval_at_ns += interval_ns;
		return loop->user->interval(loop->user->context, fault);
	}
	return SK_OK;
}

enum sk_err sk_live_input_run(struct sk_cmd *cmd, struct sk_live *live, const struct sk_live_args *args, const struct sk_live_user *user, struct sk_live_result *result,
			      struct sk_fault *fault)
{
	int64_t now_ns = cmd->clock.monotonic_ns(cmd->clock.context);
	struct loop loop = {.cmd = cmd, .live = live, .user = user, .source = sk_live_source(live, 0), .end_ns = args->for_ns != 0 ? now_ns + args->for_ns : 0, .count_ns = now_ns,
			    .interval_at_ns = now_ns + interval_ns};
	enum sk_err err = SK_OK;
	struct sk_fault ignored;
	for (bool more = true; more && err == SK_OK;)
		err = turn(&loop, &more, fault);
	/* A link that failed in the middle: what is in the rings is not looked at. */
	if (err != SK_OK && !loop.shut && sk_live_discard(live, &ignored) == SK_OK)
		for (size_t count = 0, tries = 0; tries < 100; tries++) {
			struct sk_frame frames[SK_BATCH_MAX];
			if (loop.source.next(loop.source.context, frames, &count, &ignored) != SK_EMORE)
				break;
		}
	result->link_failed = loop.link_failed;
	take_counts(&loop, cmd->clock.monotonic_ns(cmd->clock.context));
	if (cmd->terminal)
		(void)fprintf(cmd->err, "\r\033[K");
	if (sk_live_counters(live, &result->counters, &ignored) != SK_OK && !loop.link_failed)
		(void)fprintf(cmd->err, "sekisho: %s: its last counters cannot be read\n", result->facts.interface);
	return err != SK_OK ? err : loop.ended;
}

/* ---- what it says ---- */

static const char *promise(const struct sk_live_facts *facts)
{
	if (!facts->xdp)
		return "what the kernel's gate erased is not in the ring that this process reads; the host's own traffic goes on undisturbed";
	if (facts->zero_copy)
		return "ZERO-COPY: the card wrote every frame, erased ones too, into memory that this process can read; the promise of copying is not given";
	return "what the kernel's gate erased never reached memory of this process";
}

static uint64_t erased_frames(const struct sk_live_counters *counters)
{
	uint64_t sum = 0;
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		for (unsigned reason = 0; reason < SK_GATE_REASON_COUNT; reason++)
			sum += counters->erased[class_][reason].frames;
	return sum;
}

void sk_live_print(FILE *out, const struct sk_live_result *result)
{
	const struct sk_live_facts *facts = &result->facts;
	const struct sk_live_counters *counters = &result->counters;
	char number[4][SK_UNIT_TEXT_MAX], digest[2][2 * SK_HASH_BYTES + 1];
	sk_hex_encode(facts->program_digest, SK_HASH_BYTES, digest[0]);
	sk_hex_encode(facts->table_digest, SK_HASH_BYTES, digest[1]);
	(void)fprintf(out, "\nLink       %s%s%s%s: %s\n           %s\n", facts->interface, facts->driver[0] != '\0' ? " (" : "", facts->driver, facts->driver[0] != '\0' ? ")" : "",
		      !facts->xdp ? "AF_PACKET with the gate as its filter" : facts->native ? "XDP in the driver" : "XDP, generic", promise(facts));
	(void)fprintf(out, "           in the kernel: %s frames, %s erased, %s passed on%s", sk_number_format(counters->in.frames, number[0]), sk_number_format(erased_frames(counters), number[1]),
		      sk_number_format(counters->passed.frames, number[2]), counters->unfinished.frames == 0 ? "\n" : "");
	if (counters->unfinished.frames != 0)
		(void)fprintf(out, ", of them %s judged in this process alone\n", sk_number_format(counters->unfinished.frames, number[3]));
	(void)fprintf(out, "           lost: %s in the ring, %s without a socket; in front of the gate: %s\n", sk_number_format(counters->ring_lost, number[0]),
		      sk_number_format(counters->no_socket.frames, number[1]), facts->before_known ? sk_number_format(counters->before_lost, number[2]) : "not known for this driver");
	(void)fprintf(out, "           tried on %u frames before it opened; program %.16s..., table %.16s...\n", facts->vectors, digest[0], digest[1]);
}

void sk_live_json(struct sk_json_writer *json, const struct sk_live_result *result)
{
	const struct sk_live_facts *facts = &result->facts;
	const struct sk_live_counters *counters = &result->counters;
	sk_json_object(json, "live");
	sk_json_text(json, "interface", facts->interface);
	sk_json_text(json, "driver", facts->driver);
	sk_json_text(json, "mode", !facts->xdp ? "packet_filter" : facts->native ? "xdp_native" : "xdp_generic");
	sk_json_text(json, "copying", !facts->xdp ? "ring" : facts->zero_copy ? "zero_copy" : "copy");
	sk_json_bool(json, "never_in_this_process", facts->xdp && !facts->zero_copy);
	if (facts->why[0] != '\0')
		sk_json_text(json, "why_not_xdp", facts->why);
	sk_json_u64(json, "queues", facts->queues);
	sk_json_u64(json, "tried", facts->vectors);
	sk_json_hex(json, "program", facts->program_digest, SK_HASH_BYTES);
	sk_json_hex(json, "table", facts->table_digest, SK_HASH_BYTES);
	sk_json_object(json, "kernel");
	sk_json_u64(json, "in", counters->in.frames);
	sk_json_u64(json, "erased", erased_frames(counters));
	sk_json_u64(json, "passed", counters->passed.frames);
	sk_json_u64(json, "unfinished", counters->unfinished.frames);
	sk_json_u64(json, "no_socket", counters->no_socket.frames);
	sk_json_u64(json, "delivered", counters->delivered.frames);
	sk_json_u64(json, "ring_lost", counters->ring_lost);
	sk_json_u64(json, "pending", counters->pending);
	sk_json_end(json);
	if (facts->before_known)
		sk_json_u64(json, "lost_before", counters->before_lost);
	else
		sk_json_null(json, "lost_before");
	sk_json_end(json);
}
