/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho gate: admitted frames on to a file or a pipe, for a tool that then never sees domestic traffic. With --workspace under that workspace's basis;
   without, in a private temporary lab workspace, as watch does. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/forward_run.h"
#include "cmd/quick.h"
#include "cmd/summary.h"
#include "text/json.h"
#include "text/text.h"

enum { OPT_WORKSPACE = 256, OPT_JSON, OPT_HOME, OPT_OWN, OPT_BORDER, OPT_FORMAT, OPT_INTERVAL, OPT_INTERFACE, OPT_PASS_TO, OPT_MODE, OPT_FOR, OPT_ZERO_COPY, OPT_HELP,
       JSON_MAX_BYTES = 1 << 20 };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, OPT_JSON},
	{"home", required_argument, NULL, OPT_HOME}, {"own", required_argument, NULL, OPT_OWN}, {"border", required_argument, NULL, OPT_BORDER},
	{"interface", required_argument, NULL, OPT_INTERFACE}, {"pass-to", required_argument, NULL, OPT_PASS_TO}, {"mode", required_argument, NULL, OPT_MODE},
	{"for", required_argument, NULL, OPT_FOR}, {"zero-copy", no_argument, NULL, OPT_ZERO_COPY}, {"format", required_argument, NULL, OPT_FORMAT}, {"interval-frames", required_argument, NULL, OPT_INTERVAL}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct gate_args {
	const char *workspace;
	bool json, help;
	struct sk_forward_options run;
	struct sk_quick quick;
};

static int take_option(struct sk_cmd *cmd, int option, struct gate_args *args)
{
	struct sk_quick *quick = &args->quick;
	char *end = NULL;
	switch (option) {
	case OPT_WORKSPACE: args->workspace = optarg; return 0;
	case 'o': args->run.output = optarg; return 0;
	case OPT_JSON: args->json = true; return 0;
	case OPT_HOME: quick->home = optarg; return 0;
	case OPT_BORDER: quick->border_path = optarg; return 0;
	case OPT_INTERFACE: args->run.live.interface = optarg; return 0;
	case OPT_PASS_TO: args->run.pass_to = optarg; return 0;
	case OPT_ZERO_COPY: args->run.live.zero_copy = true; return 0;
	case OPT_MODE:
		return sk_live_mode_parse(optarg, &args->run.live.mode) == SK_OK ? 0 : sk_cmd_usage(cmd, "gate", "--mode '%s': expected auto, xdp, xdp-native, xdp-generic or packet", optarg);
	case OPT_FOR:
		return sk_duration_parse(optarg, &args->run.live.for_ns) == SK_OK && args->run.live.for_ns > 0 ? 0
														       : sk_cmd_usage(cmd, "gate", "--for '%s': expected a duration such as 10s or 15m", optarg);
	case OPT_HELP: args->help = true; return 0;
	case OPT_OWN:
		if (quick->own_count < SK_OWN_PREFIXES_MAX && sk_prefix_parse(optarg, &quick->own[quick->own_count]) == SK_OK) {
			quick->own_count++;
			return 0;
		}
		return sk_cmd_usage(cmd, "gate", "--own '%s': expected a prefix such as 192.0.2.0/24 (host bits zero), at most %d of them", optarg, SK_OWN_PREFIXES_MAX);
	case OPT_FORMAT:
		args->run.pcap = strcmp(optarg, "pcap") == 0;
		args->run.pcapng = strcmp(optarg, "pcapng") == 0;
		return args->run.pcap || args->run.pcapng ? 0 : sk_cmd_usage(cmd, "gate", "--format '%s': expected pcap or pcapng", optarg);
	case OPT_INTERVAL:
		args->run.interval_frames = strtoull(optarg, &end, 10);
		if (optarg[0] != '-' && *end == '\0' && args->run.interval_frames >= 1 && args->run.interval_frames <= SK_FORWARD_INTERVAL_FRAMES)
			return 0;
		return sk_cmd_usage(cmd, "gate", "--interval-frames '%s': expected a number from 1 to %d", optarg, SK_FORWARD_INTERVAL_FRAMES);
	default: return sk_cmd_usage(cmd, "gate", "unknown or incomplete option");
	}
}

static int check_args(struct sk_cmd *cmd, int argc, const struct gate_args *args)
{
	const struct sk_forward_options *run = &args->run;
	bool quick = args->quick.home != NULL || args->quick.own_count > 0 || args->quick.border_path != NULL, live = run->live.interface != NULL;
	if (live && optind != argc)
		return sk_cmd_usage(cmd, "gate", "--interface and captures: one or the other");
	if (!live && (run->live.mode != SK_LIVE_AUTO || run->live.for_ns != 0 || run->live.zero_copy || run->pass_to != NULL))
		return sk_cmd_usage(cmd, "gate", "--pass-to, --mode, --for and --zero-copy belong to --interface");
	if (!live && optind == argc)
		return sk_cmd_usage(cmd, "gate", "no capture named ('-' reads standard input), and no --interface");
	if (run->output == NULL && run->pass_to == NULL)
		return sk_cmd_usage(cmd, "gate", "-o OUT is missing: a file, a FIFO, or '-' for standard output%s", live ? "; or --pass-to INTERFACE" : "");
	if (run->output != NULL && run->pass_to != NULL)
		return sk_cmd_usage(cmd, "gate", "-o and --pass-to: one or the other");
	if (live && run->pass_to != NULL && strcmp(run->pass_to, run->live.interface) == 0)
		return sk_cmd_usage(cmd, "gate", "--pass-to %s: frames would come back to where they were read", run->pass_to);
	if (args->workspace != NULL && quick)
		return sk_cmd_usage(cmd, "gate", "--home, --own and --border belong to a run without a workspace; with --workspace the approved table is used");
	if (args->workspace == NULL && !quick)
		return sk_cmd_usage(cmd, "gate", "say where the border is: --home CC, --own PREFIX..., --border TABLE, or --workspace DIR");
	return 0;
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct gate_args *args)
{
	*args = (struct gate_args){0};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
		int code = take_option(cmd, option, args);
		if (code != 0)
			return code;
	}
	if (args->help)
		return 0;
	int code = check_args(cmd, argc, args);
	if (code != 0)
		return code;
	args->run.captures = (const char *const *)argv + optind;
	args->run.capture_count = (size_t)(argc - optind);
	return 0;
}

/* ---- what it says ---- */

static struct sk_cell sum(const struct sk_cell *cells, size_t first, size_t count)
{
	struct sk_cell all = {.frames = 0};
	for (size_t i = first; i < count; i++) {
		all.frames += cells[i].frames;
		all.bytes += cells[i].bytes;
	}
	return all;
}

static const char *format_name(enum sk_writer_format format)
{
	static const char *const names[] = {[SK_WRITER_PCAP] = "pcap", [SK_WRITER_PCAP_NS] = "pcap, nanoseconds", [SK_WRITER_PCAPNG] = "pcapng"};
	return names[format];
}

static void json_terms(struct sk_json_writer *json, const char *key, const struct sk_forward_totals *totals, bool bytes)
{
	struct sk_cell gate = sum(totals->gate, 1, SK_GATE_REASON_COUNT), erased = sum(totals->erased, 0, SK_FORWARD_REASON_COUNT);
	sk_json_object(json, key);
	sk_json_u64(json, "received", bytes ? totals->received.bytes : totals->received.frames);
	sk_json_u64(json, "gate_erased", bytes ? gate.bytes : gate.frames);
	sk_json_u64(json, "select_erased", bytes ? erased.bytes : erased.frames);
	sk_json_u64(json, "selected", bytes ? totals->written.bytes : totals->written.frames);
	sk_json_u64(json, "capture_lost", bytes ? totals->lost.bytes : totals->lost.frames);
	sk_json_u64(json, "pending", bytes ? totals->pending_bytes : totals->pending_frames);
	sk_json_end(json);
}

static void json_counts(struct sk_json_writer *json, const struct sk_forward_totals *totals)
{
	json_terms(json, "account", totals, false);
	json_terms(json, "account_bytes", totals, true);
	sk_json_object(json, "classes");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		sk_json_object(json, sk_class_name((enum sk_class)class_));
		sk_json_u64(json, "packets", totals->classes[class_].frames);
		sk_json_u64(json, "bytes", totals->classes[class_].bytes);
		sk_json_end(json);
	}
	sk_json_end(json);
	sk_json_object(json, "erased");
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		sk_json_u64(json, sk_gate_reason_name((enum sk_gate_reason)reason), totals->gate[reason].frames);
	for (int reason = 0; reason < SK_FORWARD_REASON_COUNT; reason++)
		sk_json_u64(json, sk_forward_reason_name((enum sk_forward_reason)reason), totals->erased[reason].frames);
	sk_json_end(json);
}

static void print_json(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_forward_options *run, const struct sk_forward_result *result)
{
	struct sk_buf out;
	struct sk_json_writer json;
	sk_buf_init(&out, JSON_MAX_BYTES);
	sk_json_begin(&json, &out, false);
	sk_json_object(&json, NULL);
	sk_json_text(&json, "workspace", workspace->folder);
	sk_json_text(&json, "basis", result->basis.id);
	sk_json_bool(&json, "simulated", result->basis.simulated);
	sk_json_object(&json, "output");
	sk_json_text(&json, "path", run->output != NULL ? run->output : run->pass_to);
	sk_json_text(&json, "format", run->output == NULL ? "interface" : result->format == SK_WRITER_PCAPNG ? "pcapng" : "pcap");
	sk_json_bool(&json, "nanoseconds", result->format != SK_WRITER_PCAP);
	sk_json_bool(&json, "whole", result->written);
	sk_json_u64(&json, "frames", result->totals.written.frames);
	sk_json_u64(&json, "bytes", result->totals.written.bytes);
	sk_json_end(&json);
	json_counts(&json, &result->totals);
	if (result->live.used)
		sk_live_json(&json, &result->live);
	sk_json_u64(&json, "held_frames", result->totals.held_frames);
	sk_json_u64(&json, "sliced", result->sliced);
	sk_json_u64(&json, "upstream_lost", result->upstream_lost);
	sk_json_object(&json, "ledger");
	sk_json_u64(&json, "size", result->ledger_size);
	sk_json_hex(&json, "root", result->ledger_root, sizeof result->ledger_root);
	sk_json_text(&json, "origin", result->origin);
	sk_json_u64(&json, "intervals", result->totals.intervals);
	sk_json_end(&json);
	sk_json_double(&json, "seconds", (double)result->wall_ns / 1e9);
	sk_json_double(&json, "cpu_seconds", (double)result->cpu_ns / 1e9);
	sk_json_array(&json, "errors");
	for (size_t i = 0; i < result->error_count; i++)
		sk_json_text(&json, NULL, result->errors[i].line);
	sk_json_end(&json);
	sk_json_end(&json);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static void print_cell(FILE *out, const char *name, const struct sk_cell *cell, const char *words)
{
	char frames[SK_UNIT_TEXT_MAX], bytes[SK_UNIT_TEXT_MAX];
	if (cell->frames != 0)
		(void)fprintf(out, "  %-20s %14s frames %12s   %s\n", name, sk_number_format(cell->frames, frames), sk_bytes_format(cell->bytes, bytes), words);
}

static void print_erased(FILE *out, const struct sk_forward_totals *totals)
{
	if (sum(totals->gate, 1, SK_GATE_REASON_COUNT).frames != 0)
		(void)fprintf(out, "\nErased at the gate, unread\n");
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		print_cell(out, sk_gate_reason_name((enum sk_gate_reason)reason), &totals->gate[reason], sk_gate_reason_prose((enum sk_gate_reason)reason));
	if (sum(totals->erased, 0, SK_FORWARD_REASON_COUNT).frames != 0)
		(void)fprintf(out, "\nAdmitted and yet not handed on\n");
	for (int reason = 0; reason < SK_FORWARD_REASON_COUNT; reason++)
		print_cell(out, sk_forward_reason_name((enum sk_forward_reason)reason), &totals->erased[reason], sk_forward_reason_prose((enum sk_forward_reason)reason));
}

static void print_equation(FILE *out, const struct sk_forward_totals *totals)
{
	char number[4][SK_UNIT_TEXT_MAX];
	uint64_t gate = sum(totals->gate, 1, SK_GATE_REASON_COUNT).frames, erased = sum(totals->erased, 0, SK_FORWARD_REASON_COUNT).frames;
	bool closes = totals->received.frames == gate + erased + totals->written.frames + totals->lost.frames + totals->pending_frames;
	char lost[SK_UNIT_TEXT_MAX + 16] = "";
	if (totals->lost.frames != 0)
		(void)snprintf(lost, sizeof lost, " + lost %" PRIu64, totals->lost.frames);
	(void)fprintf(out, "\nThe equation %s\n  received %s = gate erased %s + not handed on %s + handed on %s%s + pending %" PRIu64 "   (%" PRIu64 " interval%s)\n",
		      closes ? "closes" : "DOES NOT CLOSE", sk_number_format(totals->received.frames, number[0]), sk_number_format(gate, number[1]),
		      sk_number_format(erased, number[2]), sk_number_format(totals->written.frames, number[3]), lost, totals->pending_frames, totals->intervals,
		      totals->intervals == 1 ? "" : "s");
}

static void print_summary(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_forward_options *run, const struct sk_forward_result *result)
{
	FILE *out = cmd->out;
	const struct sk_forward_totals *totals = &result->totals;
	char frames[SK_UNIT_TEXT_MAX], of[SK_UNIT_TEXT_MAX], size[SK_UNIT_TEXT_MAX], root[2 * SK_HASH_BYTES + 1];
	const char *to = run->output == NULL ? run->pass_to : strcmp(run->output, "-") == 0 ? "standard output" : run->output;
	(void)fprintf(out, "Sekisho handed on %s of %s frames to %s (%s)%s\nunder basis %s (%s%s%s)\n", sk_number_format(totals->written.frames, frames),
		      sk_number_format(totals->received.frames, of), to, run->output != NULL ? format_name(result->format) : "interface", result->written ? "" : ", which is NOT whole", result->basis.id,
		      result->basis.kind, result->basis.self_approved ? ", self-approved" : "", result->basis.simulated ? ", simulated: nothing here is evidence" : "");
	(void)fprintf(out, "\nWhat crossed (by the outermost address pair of each frame)\n");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		print_cell(out, sk_class_name((enum sk_class)class_), &totals->classes[class_], sk_summary_class_words((enum sk_class)class_));
	print_erased(out, totals);
	print_equation(out, totals);
	if (totals->held_frames != 0)
		(void)fprintf(out, "Beside it: %s fragment%s waited until it was known whether %s belonged to a tunnel.\n", sk_number_format(totals->held_frames, frames),
			      totals->held_frames == 1 ? "" : "s", totals->held_frames == 1 ? "it" : "they");
	if (result->upstream_lost != 0)
		(void)fprintf(out, "Beside it: %s reports %s frames lost before %s.\n", result->live.used ? "the interface" : "the capture itself",
			      sk_number_format(result->upstream_lost, frames), result->live.used ? "they came to the gate" : "it was written");
	if (result->live.used)
		sk_live_print(out, &result->live);
	sk_hex_encode(result->ledger_root, sizeof result->ledger_root, root);
	(void)fprintf(out, "\nLedger     %s records, root %.16s..., origin %s\n           check it: sekisho-verify %s/ledger\n", sk_number_format(result->ledger_size, size), root,
		      result->origin, workspace->folder);
	double seconds = (double)result->wall_ns / 1e9;
	if (seconds > 0)
		(void)fprintf(out, "Time       %s, %s\n", sk_duration_format(result->wall_ns, of), sk_rate_format((double)totals->received.frames / seconds, "frames/s", frames));
}

static int run_gate(struct sk_cmd *cmd, const struct gate_args *args, struct sk_workspace *workspace)
{
	struct sk_fault fault = {.line = ""};
	struct sk_forward_result *result = calloc(1, sizeof *result);
	if (result == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "out of memory");
		return sk_cmd_fail(cmd, &fault);
	}
	int code = 0;
	if (sk_forward_run(cmd, workspace, &args->run, result, &fault) != SK_OK) {
		code = result->exit_code != 0 && fault.err == SK_OK ? result->exit_code : sk_cmd_fail(cmd, &fault);
	} else {
		(args->json ? print_json : print_summary)(cmd, workspace, &args->run, result);
		code = result->exit_code;
	}
	free(result);
	return code;
}

int sk_cmd_gate(struct sk_cmd *cmd, int argc, char **argv)
{
	struct gate_args args;
	struct sk_workspace workspace;
	struct sk_fault fault = {.line = ""};
	char quick_folder[SK_PATH_MAX];
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	/* Nothing but frames goes to standard output when the capture does. */
	if (args.run.output != NULL && strcmp(args.run.output, "-") == 0)
		cmd->out = cmd->err;
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	if (args.workspace == NULL) {
		if (sk_quick_make(cmd, &args.quick, quick_folder, &fault) != SK_OK)
			return sk_cmd_fail(cmd, &fault);
		args.workspace = quick_folder;
	}
	if (sk_workspace_open(args.workspace, true, &workspace, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	code = run_gate(cmd, &args, &workspace);
	sk_workspace_close(&workspace);
	return code;
}
