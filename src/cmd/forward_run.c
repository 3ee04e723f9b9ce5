/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/forward_run.h"

#include <stdio.h>
#include <sys/stat.h>

#include "cmd/collector.h"
#include "cmd/guard.h"
#include "cmd/progress.h"

struct run {
	struct sk_cmd *cmd;
	struct sk_workspace *workspace;
	const struct sk_forward_options *options;
	struct sk_forward_result *result;
	struct sk_border *border;
	struct sk_border_info border_info;
	struct sk_set_facts set;
	struct sk_collector *collector;
	struct sk_writer *writer;     /* NULL: pass */
	struct sk_live_pass *pass;
	struct sk_live *live;
	struct sk_forward *forward;   /* made with the first input that can be opened */
	struct sk_progress progress;
	unsigned interface_base;
	uint64_t upstream_base;
};

static void note_error(struct run *run, const struct sk_fault *fault)
{
	struct sk_forward_result *result = run->result;
	if (result->exit_code == 0)
		result->exit_code = sk_err_exit(fault->err);
	if (result->error_count < SK_FORWARD_ERRORS_MAX)
		result->errors[result->error_count++] = *fault;
	sk_progress_clear(&run->progress);
	(void)fprintf(run->cmd->err, "sekisho: %s\n", fault->line);
}

/* ---- before: may this be ---- */

/* Policy is asked before the dates: who may never hand frames on should not be told to come back in a year. */
static enum sk_err check_permit(struct run *run, struct sk_fault *fault)
{
	enum sk_basis_kind kind;
	struct sk_basis *basis = &run->result->basis;
	SK_TRY(sk_workspace_basis(run->workspace, 0, basis, fault));
	SK_TRY(sk_basis_kind_parse(basis->kind, &kind));
	if (!sk_policy_frames(kind, run->workspace->role))
		return sk_fault_set(fault, SK_EPERMIT,
				    "%s: profile %s, role %s may not hand frames on, only own-network with role party and lab may: frames hold content (rule FORWARD-1); "
				    "sekisho watch keeps mechanical facts alone",
				    run->workspace->folder, sk_profile_name(run->workspace->profile), sk_role_name(run->workspace->role));
	return sk_workspace_basis(run->workspace, run->cmd->clock.unix_ns(run->cmd->clock.context), basis, fault);
}

/* Handing on is selecting everything: the ledger says flow.all, and only a basis whose rule allows that covers it. */
static enum sk_err check_rule(struct run *run, struct sk_fault *fault)
{
	static const char set[] = "sekisho gate: every admitted frame";
	run->set = (struct sk_set_facts){.kinds = SK_SELECTOR_FLOW_ALL, .entries = 1, .shortest_v4 = 32, .shortest_v6 = 128};
	sk_sha256(set, sizeof set - 1, run->set.digest);
	return sk_basis_covers(&run->result->basis, &run->set, fault);
}

/* ---- the output ---- */

/* As the inputs are: pcapng when one of them is, else pcap; nanoseconds when one of them counts them. Only a regular file can be looked at ahead of its turn. */
static enum sk_writer_format choose_format(const struct run *run, const struct sk_capture_stats *first, size_t first_index)
{
	bool pcapng = first->pcapng, nanoseconds = first->nanoseconds;
	for (size_t i = first_index + 1; i < run->options->capture_count; i++) {
		struct stat info;
		struct sk_capture *capture = NULL;
		struct sk_capture_stats stats;
		if (stat(run->options->captures[i], &info) != 0 || !S_ISREG(info.st_mode) || sk_capture_open(run->options->captures[i], &capture, NULL) != SK_OK)
			continue; /* told in its turn */
		sk_capture_stats(capture, &stats);
		sk_capture_close(capture);
		pcapng |= stats.pcapng;
		nanoseconds |= stats.nanoseconds;
	}
	if (run->options->pcapng || (pcapng && !run->options->pcap))
		return SK_WRITER_PCAPNG;
	return nanoseconds ? SK_WRITER_PCAP_NS : SK_WRITER_PCAP;
}

static enum sk_err put_on_link(void *context, const struct sk_frame *frame, struct sk_fault *fault)
{
	return sk_live_pass_put(context, frame, fault);
}

/* The ledger's run and the loop; the output is open. */
static enum sk_err start_forward(struct run *run, struct sk_fault *fault)
{
	struct sk_forward_result *result = run->result;
	const char *link = result->live.used ? result->live.link : "file";
	int64_t now_ns = run->cmd->clock.unix_ns(run->cmd->clock.context);
	struct sk_collector_start start = {.basis = &result->basis, .border_overrides = run->border_info.overrides_special,
					   .border_built_ns = run->border_info.built_unix_ns, .set = &run->set, .link = link, .clock = run->cmd->clock,
					   .now_ns = now_ns, .replayed_input = !result->live.used, .program = SK_VERSION "+gate", .no_detectors = true};
	memcpy(start.border_digest, run->border_info.digest, sizeof start.border_digest);
	(void)snprintf(start.border_home, sizeof start.border_home, "%s", run->border_info.home);
	struct sk_collector_recovery recovery;
	SK_TRY(sk_collector_open(run->workspace, &start, NULL, &run->collector, &recovery, fault));
	if (recovery.recovered)
		(void)fprintf(run->cmd->err, "sekisho: an earlier run died; %llu frames that were pending then are stated as lost in the ledger\n",
			      (unsigned long long)recovery.frames_lost);
	struct sk_forward_config config = {.border = run->border, .basis = &result->basis, .writer = run->writer, .limits = sk_forward_default_limits(),
					   .interval_frames = run->options->interval_frames, .clock = run->cmd->clock, .link = link,
					   .output = {.context = run->pass, .put = put_on_link}};
	enum sk_err err = sk_forward_new(&config, sk_collector_interval, run->collector, &run->forward);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "the gate cannot start: %s", sk_err_text(err));
}

static enum sk_err start(struct run *run, const struct sk_capture_stats *first, size_t first_index, struct sk_fault *fault)
{
	run->result->format = choose_format(run, first, first_index);
	SK_TRY(sk_writer_open(run->options->output, run->result->format, &run->writer, fault));
	return start_forward(run, fault);
}

/* ---- a live link ---- */

static enum sk_err feed_live(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault)
{
	struct run *run = context;
	return sk_forward_feed(run->forward, frames, count, 0, fault);
}

static void count_live(void *context, const struct sk_source *source, int64_t now_ns)
{
	struct run *run = context;
	struct sk_source_counts counts;
	source->counts(source->context, &counts);
	run->result->upstream_lost = counts.upstream_lost;
	sk_forward_count_source(run->forward, &counts, now_ns);
}

static enum sk_err close_interval(void *context, struct sk_fault *fault)
{
	struct run *run = context;
	return sk_forward_end_input(run->forward, fault);
}

static enum sk_err gate_link(struct run *run, struct sk_fault *fault)
{
	const struct sk_forward_options *options = run->options;
	struct sk_forward_result *result = run->result;
	const struct sk_live_user user = {.context = run, .feed = feed_live, .count = count_live, .interval = close_interval};
	bool seen = false;
	result->format = options->pcapng ? SK_WRITER_PCAPNG : SK_WRITER_PCAP_NS;
	if (options->output != NULL)
		SK_TRY(sk_writer_open(options->output, result->format, &run->writer, fault));
	else
		SK_TRY(sk_live_pass_open(options->pass_to, &run->pass, fault));
	SK_TRY(sk_live_input_open(run->cmd, run->workspace, &options->live, 1, run->border, result->basis.classes, &run->live, &result->live, fault));
	SK_TRY(start_forward(run, fault));
	if (run->writer != NULL)
		sk_writer_name_interface(run->writer, 0, result->live.facts.interface);
	SK_TRY(sk_collector_input(run->collector, NULL, true, &seen, fault));
	SK_TRY(sk_live_input_start(run->cmd, run->live, run->collector, &result->live, fault));
	enum sk_err err = sk_live_input_run(run->cmd, run->live, &options->live, &user, &result->live, fault);
	/* A link that goes away is an input that ended badly: what came until then is finished in order. */
	if (err != SK_OK && result->live.link_failed) {
		note_error(run, fault);
		return SK_OK;
	}
	return err;
}

/* ---- one capture ---- */

static void name_interfaces(struct run *run, const struct sk_capture *capture, const struct sk_capture_stats *stats, unsigned *named)
{
	for (; *named < stats->interfaces; (*named)++)
		sk_writer_name_interface(run->writer, (run->interface_base + *named) % SK_INTERFACES_MAX, sk_capture_interface_name(capture, *named));
}

/* Errors of the input are noted and the run goes on with the next one; errors of output and ledger end the run. */
static enum sk_err feed_all(struct run *run, struct sk_capture *capture, struct sk_fault *fault)
{
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_capture_stats stats;
	unsigned named = 0;
	for (;;) {
		size_t count = 0;
		struct sk_fault damage;
		enum sk_err err = sk_guard_interrupted() ? SK_EINTR : sk_capture_next(capture, frames, &count, &damage);
		for (size_t i = 0; i < count; i++)
			frames[i].interface = (uint16_t)((frames[i].interface + run->interface_base) % SK_INTERFACES_MAX);
		sk_capture_stats(capture, &stats);
		name_interfaces(run, capture, &stats, &named);
		if (count > 0)
			SK_TRY(sk_forward_feed(run->forward, frames, count, run->upstream_base + stats.upstream_lost, fault));
		if (err == SK_EINTR)
			return sk_fault_set(fault, SK_EINTR, "interrupted; what was handed on until now is whole, and the last interval is signed");
		if (err != SK_OK) {
			note_error(run, &damage);
			if (count == 0)
				return SK_OK;
		} else if (count == 0) {
			return SK_OK;
		}
		sk_progress_show(&run->progress, &stats);
	}
}

static enum sk_err gate_capture(struct run *run, size_t index, struct sk_fault *fault)
{
	const char *path = run->options->captures[index];
	struct sk_capture *capture = NULL;
	struct sk_capture_stats stats;
	struct sk_fault damage;
	bool seen = false;
	sk_progress_file(&run->progress, path);
	enum sk_err err = sk_capture_open(path, &capture, &damage);
	if (err == SK_EINTR && sk_guard_interrupted())
		return sk_fault_set(fault, SK_EINTR, "interrupted");
	if (err != SK_OK) {
		note_error(run, &damage);
		return SK_OK;
	}
	sk_capture_stats(capture, &stats);
	if (run->forward == NULL)
		err = start(run, &stats, index, fault);
	else
		err = sk_forward_end_input(run->forward, fault);
	/* Handing the same capture on twice is two acts and counts twice: the input has no identity. */
	if (err == SK_OK)
		err = sk_collector_input(run->collector, NULL, true, &seen, fault);
	if (err == SK_OK) {
		err = feed_all(run, capture, fault);
		sk_capture_stats(capture, &stats);
		run->interface_base += stats.interfaces;
		run->upstream_base += stats.upstream_lost;
		run->result->sliced += stats.sliced;
		run->result->upstream_lost += stats.upstream_lost;
	}
	sk_capture_close(capture);
	return err;
}

/* ---- the end ---- */

static const char *stop_reason(const struct run *run, enum sk_err ended)
{
	switch (ended) {
	case SK_OK: return run->result->error_count > 0 ? "damaged_input" : "finished";
	case SK_EINTR: return "interrupted";
	case SK_EEXPIRED: return "basis_expired";
	default: return "host_error";
	}
}

/* The ledger first: an output whose handing on no ledger tells of does not get its name. Then the output, whole or not at all. */
static enum sk_err finish(struct run *run, enum sk_err ended, struct sk_fault *fault)
{
	struct sk_forward_result *result = run->result;
	struct sk_fault last = {.line = ""};
	bool output_failed = ended == SK_EIO || ended == SK_ENOSPC || ended == SK_EUNSUPPORTED;
	bool orderly = ended == SK_OK || ended == SK_EINTR || ended == SK_EEXPIRED || output_failed;
	enum sk_err err = orderly ? sk_forward_finish(run->forward, ended == SK_OK ? SK_FORWARD_FRAGMENT_TIMEOUT : SK_FORWARD_STOPPED, &last) : SK_OK;
	sk_forward_totals(run->forward, &result->totals);
	if (orderly && err == SK_OK)
		err = sk_collector_stop(run->collector, stop_reason(run, ended), &result->ledger_size, result->ledger_root, &last);
	else
		sk_collector_free(run->collector);
	run->collector = NULL;
	if (orderly && err == SK_OK && !output_failed && run->writer == NULL) {
		result->written = true;
	} else if (orderly && err == SK_OK && !output_failed) {
		struct sk_writer *writer = run->writer;
		run->writer = NULL;
		err = sk_writer_close(writer, &last);
		result->written = err == SK_OK;
	}
	if (err == SK_OK)
		return ended;
	if (ended != SK_OK)
		note_error(run, fault);
	*fault = last;
	return err;
}

static void close_all(struct run *run)
{
	sk_collector_free(run->collector);
	sk_forward_free(run->forward);
	sk_writer_abort(run->writer);
	sk_live_pass_close(run->pass);
	sk_live_close(run->live);
	sk_border_close(run->border);
}

enum sk_err sk_forward_run(struct sk_cmd *cmd, struct sk_workspace *workspace, const struct sk_forward_options *options, struct sk_forward_result *result,
			   struct sk_fault *fault)
{
	struct run run = {.cmd = cmd, .workspace = workspace, .options = options, .result = result};
	int64_t wall_ns = cmd->clock.monotonic_ns(cmd->clock.context), cpu_ns = cmd->clock.cpu_ns(cmd->clock.context);
	sk_guard_no_core();
	(void)snprintf(result->origin, sizeof result->origin, "%s", workspace->origin);
	enum sk_err err = options->output != NULL ? sk_guard_output("-o", options->output, options->captures, options->capture_count, fault) : SK_OK;
	if (err == SK_OK)
		err = check_permit(&run, fault);
	if (err == SK_OK)
		err = check_rule(&run, fault);
	if (err == SK_OK)
		err = sk_guard_border(workspace, NULL, &result->basis, &run.border, &run.border_info, fault);
	if (err == SK_OK) {
		sk_guard_signals(true);
		sk_progress_start(&run.progress, cmd);
		if (options->live.interface != NULL)
			err = gate_link(&run, fault);
		for (size_t i = 0; i < options->capture_count && err == SK_OK; i++)
			err = gate_capture(&run, i, fault);
		sk_progress_clear(&run.progress);
	}
	bool began = run.forward != NULL;
	if (began)
		err = finish(&run, err, fault);
	close_all(&run);
	result->wall_ns = cmd->clock.monotonic_ns(cmd->clock.context) - wall_ns;
	result->cpu_ns = cmd->clock.cpu_ns(cmd->clock.context) - cpu_ns;
	/* What began and was ended in order has a summary; what never began is only a fault. */
	if (err != SK_OK && began && sk_err_kind(err) != SK_KIND_BUG) {
		note_error(&run, fault);
		return SK_OK;
	}
	return err;
}
