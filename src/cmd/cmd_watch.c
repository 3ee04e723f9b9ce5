/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho watch: the main job. With --workspace it runs under that workspace's basis; without, it makes a private temporary lab workspace. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/quick.h"
#include "cmd/run.h"
#include "cmd/summary.h"
#include "text/text.h"

#define SECOND_NS INT64_C(1000000000)

enum { OPT_WORKSPACE = 256, OPT_JSON, OPT_EVE, OPT_HOME, OPT_OWN, OPT_BORDER, OPT_SELECTORS, OPT_RULES, OPT_DETECTORS, OPT_AGAIN, OPT_INTERVAL, OPT_HEADS, OPT_FLOWS, OPT_SYSLOG, OPT_IPFIX, OPT_MUTED, OPT_EXPORTS, OPT_EXPORTER,
       OPT_WORKERS, OPT_INTERFACE, OPT_MODE, OPT_FOR, OPT_ZERO_COPY, OPT_BRANDS, OPT_HEALTH, OPT_HELP };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"json", no_argument, NULL, OPT_JSON}, {"eve", required_argument, NULL, OPT_EVE},
	{"home", required_argument, NULL, OPT_HOME}, {"own", required_argument, NULL, OPT_OWN}, {"border", required_argument, NULL, OPT_BORDER},
	{"selectors", required_argument, NULL, OPT_SELECTORS}, {"rules", required_argument, NULL, OPT_RULES}, {"detectors", required_argument, NULL, OPT_DETECTORS}, {"again", no_argument, NULL, OPT_AGAIN}, {"interval-frames", required_argument, NULL, OPT_INTERVAL},
	{"heads", required_argument, NULL, OPT_HEADS}, {"flows", required_argument, NULL, OPT_FLOWS}, {"syslog", required_argument, NULL, OPT_SYSLOG}, {"ipfix", required_argument, NULL, OPT_IPFIX},
	{"muted", no_argument, NULL, OPT_MUTED}, {"exports", optional_argument, NULL, OPT_EXPORTS}, {"exporter", required_argument, NULL, OPT_EXPORTER},
	{"interface", required_argument, NULL, OPT_INTERFACE}, {"mode", required_argument, NULL, OPT_MODE}, {"for", required_argument, NULL, OPT_FOR},
	{"workers", required_argument, NULL, OPT_WORKERS}, {"zero-copy", no_argument, NULL, OPT_ZERO_COPY}, {"brands", required_argument, NULL, OPT_BRANDS}, {"link-health", required_argument, NULL, OPT_HEALTH}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct watch_args {
	const char *workspace;
	bool json, help, health_said;
	struct sk_run_options run;
	struct sk_quick quick;
};

/* The ports may stand in the same word or in the next one. */
static int take_exports(struct sk_cmd *cmd, char *const *next, struct watch_args *args)
{
	struct sk_fault fault;
	bool took_next = false;
	if (sk_exports_option(&args->run.exports, optarg, *next, &took_next, &fault) != SK_OK)
		return sk_cmd_usage(cmd, "watch", "%s", fault.line);
	optind += took_next;
	return 0;
}

/* on, off, or how long to learn. */
static int take_health(struct sk_cmd *cmd, const char *text, struct watch_args *args)
{
	int64_t *learn_ns = &args->run.health_learn_ns;
	args->health_said = true;
	*learn_ns = strcmp(text, "on") == 0 ? SK_PULSE_LEARN_S * SECOND_NS : 0;
	if (*learn_ns != 0 || strcmp(text, "off") == 0)
		return 0;
	if (sk_duration_parse(text, learn_ns) == SK_OK && *learn_ns >= SK_PULSE_LEARN_MIN_S * SECOND_NS && *learn_ns <= SK_PULSE_LEARN_MAX_S * SECOND_NS)
		return 0;
	return sk_cmd_usage(cmd, "watch", "--link-health '%s': expected on, off, or how long to learn what is usual, from %ds to 1d", text, SK_PULSE_LEARN_MIN_S);
}

static int take_option(struct sk_cmd *cmd, int option, char *const *next, struct watch_args *args)
{
	struct sk_fault fault;
	struct sk_quick *quick = &args->quick;
	char *end = NULL;
	switch (option) {
	case OPT_WORKSPACE: args->workspace = optarg; return 0;
	case OPT_JSON: args->json = true; return 0;
	case OPT_EVE: args->run.eve_path = optarg; return 0;
	case OPT_SYSLOG: args->run.syslog_path = optarg; return 0;
	case OPT_IPFIX: args->run.ipfix_where = optarg; return 0;
	case OPT_BRANDS: args->run.brands_path = optarg; return 0;
	case OPT_MUTED: args->run.show_muted = true; return 0;
	case OPT_HOME: quick->home = optarg; return 0;
	case OPT_BORDER: quick->border_path = optarg; return 0;
	case OPT_AGAIN: args->run.again = true; return 0;
	case OPT_INTERFACE: args->run.live.interface = optarg; return 0;
	case OPT_ZERO_COPY: args->run.live.zero_copy = true; return 0;
	case OPT_MODE:
		return sk_live_mode_parse(optarg, &args->run.live.mode) == SK_OK ? 0 : sk_cmd_usage(cmd, "watch", "--mode '%s': expected auto, xdp, xdp-native, xdp-generic or packet", optarg);
	case OPT_FOR:
		return sk_duration_parse(optarg, &args->run.live.for_ns) == SK_OK && args->run.live.for_ns > 0 ? 0
														       : sk_cmd_usage(cmd, "watch", "--for '%s': expected a duration such as 10s or 15m", optarg);
	case OPT_HEALTH: return take_health(cmd, optarg, args);
	case OPT_HELP: args->help = true; return 0;
	case OPT_EXPORTS: return take_exports(cmd, next, args);
	case OPT_EXPORTER: return sk_exports_option_exporter(&args->run.exports, optarg, &fault) == SK_OK ? 0 : sk_cmd_usage(cmd, "watch", "%s", fault.line);
	case OPT_OWN:
		if (quick->own_count < SK_OWN_PREFIXES_MAX && sk_prefix_parse(optarg, &quick->own[quick->own_count]) == SK_OK) {
			quick->own_count++;
			return 0;
		}
		return sk_cmd_usage(cmd, "watch", "--own '%s': expected a prefix such as 192.0.2.0/24 (host bits zero), at most %d of them", optarg, SK_OWN_PREFIXES_MAX);
	case OPT_SELECTORS:
		if (quick->list_count < SK_QUICK_LISTS_MAX) {
			quick->lists[quick->list_count++] = optarg;
			return 0;
		}
		return sk_cmd_usage(cmd, "watch", "--selectors: at most %d lists", SK_QUICK_LISTS_MAX);
	case OPT_DETECTORS:
		if (quick->detector_words < SK_DETECTOR_WORDS_MAX) {
			quick->detectors[quick->detector_words++] = optarg;
			return 0;
		}
		return sk_cmd_usage(cmd, "watch", "--detectors: at most %d", SK_DETECTOR_WORDS_MAX);
	case OPT_RULES:
		if (quick->rule_count < SK_QUICK_LISTS_MAX) {
			quick->rules[quick->rule_count++] = optarg;
			return 0;
		}
		return sk_cmd_usage(cmd, "watch", "--rules: at most %d files", SK_QUICK_LISTS_MAX);
	case OPT_INTERVAL:
		args->run.interval_frames = strtoull(optarg, &end, 10);
		if (optarg[0] != '-' && *end == '\0' && args->run.interval_frames >= 1 && args->run.interval_frames <= SK_ENGINE_INTERVAL_FRAMES)
			return 0;
		return sk_cmd_usage(cmd, "watch", "--interval-frames '%s': expected a number from 1 to %d", optarg, SK_ENGINE_INTERVAL_FRAMES);
	case OPT_HEADS:
		args->run.no_heads = strcmp(optarg, "off") == 0;
		if (args->run.no_heads || strcmp(optarg, "on") == 0)
			return 0;
		return sk_cmd_usage(cmd, "watch", "--heads '%s': expected on (the default) or off", optarg);
	case OPT_WORKERS: {
		unsigned long long workers = strtoull(optarg, &end, 10);
		args->run.workers = (unsigned)workers;
		if (optarg[0] != '-' && *end == '\0' && workers >= 1 && workers <= SK_CREW_WORKERS_MAX)
			return 0;
		return sk_cmd_usage(cmd, "watch", "--workers '%s': expected a number from 1 to %d", optarg, SK_CREW_WORKERS_MAX);
	}
	case OPT_FLOWS: {
		unsigned long long flows = strtoull(optarg, &end, 10);
		args->run.flows = (uint32_t)flows;
		if (optarg[0] != '-' && *end == '\0' && flows >= SK_RUN_FLOWS_MIN && flows <= SK_RUN_FLOWS_MAX)
			return 0;
		return sk_cmd_usage(cmd, "watch", "--flows '%s': expected a number from %d to %d", optarg, SK_RUN_FLOWS_MIN, SK_RUN_FLOWS_MAX);
	}
	default: return sk_cmd_usage(cmd, "watch", "unknown or incomplete option");
	}
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct watch_args *args)
{
	*args = (struct watch_args){0};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		int code = take_option(cmd, option, argv + optind, args);
		if (code != 0)
			return code;
	}
	if (args->help)
		return 0;
	bool quick = args->quick.home != NULL || args->quick.own_count > 0 || args->quick.border_path != NULL;
	bool live = args->run.live.interface != NULL;
	if (live && optind != argc)
		return sk_cmd_usage(cmd, "watch", "--interface and captures: one or the other");
	if (live && args->run.exports.read)
		return sk_cmd_usage(cmd, "watch", "--exports are read out of captures, or off the network (sekisho collect): not out of --interface");
	if (!live && (args->run.live.mode != SK_LIVE_AUTO || args->run.live.for_ns != 0 || args->run.live.zero_copy))
		return sk_cmd_usage(cmd, "watch", "--mode, --for and --zero-copy belong to --interface");
	if (!live && optind == argc)
		return sk_cmd_usage(cmd, "watch", "no capture named ('-' reads standard input), and no --interface");
	if (args->workspace != NULL && (quick || args->quick.list_count > 0 || args->quick.detector_words > 0))
		return sk_cmd_usage(cmd, "watch", "--home, --own, --border, --selectors and --detectors belong to a workspace-less run; with --workspace use sekisho init, sekisho basis renew and sekisho selectors import");
	if (args->workspace == NULL && !quick)
		return sk_cmd_usage(cmd, "watch", "say where the border is: --home CC, --own PREFIX..., --border TABLE, or --workspace DIR");
	if (args->run.exports.read && args->run.workers > 1)
		return sk_cmd_usage(cmd, "watch", "--exports are read by one worker: leave --workers out, or watch the capture twice");
	if (args->run.exports.exporter_count != 0 && !args->run.exports.read)
		return sk_cmd_usage(cmd, "watch", "--exporter says whose flow exports are read: it needs --exports");
	if (args->run.exports.read && args->run.health_learn_ns != 0)
		return sk_cmd_usage(cmd, "watch", "--link-health is about a link whose frames are seen: not with --exports");
	/* A capture is of a host more often than of a link: there it must be asked for. */
	if (live && !args->health_said)
		args->run.health_learn_ns = SK_PULSE_LEARN_S * SECOND_NS;
	args->run.captures = (const char *const *)argv + optind;
	args->run.capture_count = (size_t)(argc - optind);
	return 0;
}

/* An EVE stream on standard output would be mixed with the summary: the summary then goes to standard error. */
static void keep_outputs_apart(struct sk_cmd *cmd, const struct watch_args *args)
{
	if (args->run.eve_path != NULL && strcmp(args->run.eve_path, "-") == 0)
		cmd->out = cmd->err;
}

int sk_cmd_watch(struct sk_cmd *cmd, int argc, char **argv)
{
	struct watch_args args;
	struct sk_workspace workspace;
	struct sk_fault fault = {.line = ""};
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	keep_outputs_apart(cmd, &args);
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	char quick_folder[SK_PATH_MAX];
	if (args.workspace == NULL) {
		if (sk_quick_make(cmd, &args.quick, quick_folder, &fault) != SK_OK)
			return sk_cmd_fail(cmd, &fault);
		args.workspace = quick_folder;
	}
	if (sk_workspace_open(args.workspace, true, &workspace, &fault) != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	struct sk_run_result *result = calloc(1, sizeof *result);
	if (result == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "out of memory");
		sk_workspace_close(&workspace);
		return sk_cmd_fail(cmd, &fault);
	}
	enum sk_err err = sk_run(cmd, &workspace, &args.run, result, &fault);
	if (err != SK_OK) {
		code = sk_cmd_fail(cmd, &fault);
	} else {
		if (args.json)
			sk_summary_json(cmd, &workspace, result);
		else
			sk_summary_print(cmd, &workspace, &args.run, result);
		if (args.workspace == quick_folder && !args.json)
			sk_quick_print_permanent(cmd, &args.quick, quick_folder);
		code = result->exit_code;
	}
	free(result);
	sk_workspace_close(&workspace);
	return code;
}
