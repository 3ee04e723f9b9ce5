/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho collect: flow exports off the network, in the foreground, until it is interrupted. It listens and connects nowhere. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/run.h"
#include "cmd/summary.h"

enum { OPT_WORKSPACE = 256, OPT_LISTEN, OPT_EXPORTER, OPT_INTERVAL, OPT_FLOWS, OPT_JSON, OPT_EVE, OPT_SYSLOG, OPT_IPFIX, OPT_MUTED, OPT_HELP, INTERVAL_MAX_S = 3600, FLOWS_DEFAULT = 1 << 16 };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"listen", required_argument, NULL, OPT_LISTEN}, {"exporter", required_argument, NULL, OPT_EXPORTER},
	{"interval", required_argument, NULL, OPT_INTERVAL}, {"flows", required_argument, NULL, OPT_FLOWS}, {"json", no_argument, NULL, OPT_JSON}, {"eve", required_argument, NULL, OPT_EVE},
	{"syslog", required_argument, NULL, OPT_SYSLOG}, {"ipfix", required_argument, NULL, OPT_IPFIX}, {"muted", no_argument, NULL, OPT_MUTED}, {"help", no_argument, NULL, OPT_HELP}, {0}};

struct collect_args {
	const char *workspace;
	bool json, help;
	struct sk_run_options run;
};

static int take_number(struct sk_cmd *cmd, const char *option, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end = NULL;
	*out = strtoul(optarg, &end, 10);
	return optarg[0] >= '0' && optarg[0] <= '9' && *end == '\0' && *out >= least && *out <= most
		? 0 : sk_cmd_usage(cmd, "collect", "%s '%s': expected a number from %lu to %lu", option, optarg, least, most);
}

static int take_option(struct sk_cmd *cmd, int option, struct collect_args *args)
{
	struct sk_fault fault;
	unsigned long number = 0;
	int code = 0;
	switch (option) {
	case OPT_WORKSPACE: args->workspace = optarg; return 0;
	case OPT_JSON: args->json = true; return 0;
	case OPT_EVE: args->run.eve_path = optarg; return 0;
	case OPT_SYSLOG: args->run.syslog_path = optarg; return 0;
	case OPT_IPFIX: args->run.ipfix_where = optarg; return 0;
	case OPT_MUTED: args->run.show_muted = true; return 0;
	case OPT_HELP: args->help = true; return 0;
	case OPT_LISTEN: return sk_exports_option_listen(&args->run.exports, optarg, &fault) == SK_OK ? 0 : sk_cmd_usage(cmd, "collect", "--listen %s", fault.line);
	case OPT_EXPORTER: return sk_exports_option_exporter(&args->run.exports, optarg, &fault) == SK_OK ? 0 : sk_cmd_usage(cmd, "collect", "%s", fault.line);
	case OPT_INTERVAL:
		code = take_number(cmd, "--interval", 1, INTERVAL_MAX_S, &number);
		args->run.exports.interval_s = (unsigned)number;
		return code;
	case OPT_FLOWS:
		code = take_number(cmd, "--flows", SK_RUN_FLOWS_MIN, SK_RUN_FLOWS_MAX, &number);
		args->run.flows = (uint32_t)number;
		return code;
	default: return sk_cmd_usage(cmd, "collect", "unknown or incomplete option");
	}
}

static int parse_args(struct sk_cmd *cmd, int argc, char **argv, struct collect_args *args)
{
	*args = (struct collect_args){.run.flows = FLOWS_DEFAULT};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		int code = take_option(cmd, option, args);
		if (code != 0)
			return code;
	}
	if (args->help)
		return 0;
	if (optind != argc)
		return sk_cmd_usage(cmd, "collect", "'%s': it reads no files; sekisho watch --exports does", argv[optind]);
	if (args->workspace == NULL)
		return sk_cmd_usage(cmd, "collect", "--workspace DIR is missing: what comes in is kept under its basis");
	if (args->run.exports.listen_count == 0)
		return sk_cmd_usage(cmd, "collect", "--listen is missing, e.g. --listen udp:192.0.2.1:2055");
	return 0;
}

int sk_cmd_collect(struct sk_cmd *cmd, int argc, char **argv)
{
	struct collect_args args;
	struct sk_workspace workspace;
	struct sk_fault fault = {.line = ""};
	int code = parse_args(cmd, argc, argv, &args);
	if (code != 0 || args.help)
		return code != 0 ? code : sk_cmd_help(cmd, argv[0]);
	if (args.run.eve_path != NULL && strcmp(args.run.eve_path, "-") == 0)
		cmd->out = cmd->err;
	struct sk_run_result *result = calloc(1, sizeof *result);
	if (result == NULL || sk_seal_start() != SK_OK) {
		free(result);
		(void)sk_fault_set(&fault, SK_EIO, "out of memory, or the cryptographic libraries do not start");
		return sk_cmd_fail(cmd, &fault);
	}
	enum sk_err err = sk_workspace_open(args.workspace, true, &workspace, &fault);
	if (err == SK_OK) {
		err = sk_run(cmd, &workspace, &args.run, result, &fault);
		if (err == SK_OK && args.json)
			sk_summary_json(cmd, &workspace, result);
		else if (err == SK_OK)
			sk_summary_print(cmd, &workspace, &args.run, result);
		sk_workspace_close(&workspace);
	}
	code = err == SK_OK ? result->exit_code : sk_cmd_fail(cmd, &fault);
	free(result);
	return code;
}
