/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/look.h"
#include "cmd/remote.h"
#include "text/json.h"

struct command {
	const char *name;
	sk_command_run run;
	const char *usage, *summary;
};

static const struct command commands[] = {
#define SK_COMMAND(name, function, usage, summary) {name, function, usage, summary},
#include "cmd/commands.def"
#undef SK_COMMAND
};

/* SEKISHO_FAULT=json: whoever runs us wants the code by its name, several have one exit code. */
static void fail_for_machines(struct sk_cmd *cmd, const struct sk_fault *fault)
{
	struct sk_buf line;
	struct sk_json_writer w;
	sk_buf_init(&line, 8192);
	sk_json_begin(&w, &line, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "code", sk_err_name(fault->err));
	sk_json_i64(&w, "exit", sk_err_exit(fault->err));
	sk_json_text(&w, "line", fault->line);
	sk_json_end(&w);
	(void)fprintf(cmd->err, "%s\n", sk_buf_text(&line));
	sk_buf_fini(&line);
}

int sk_cmd_fail(struct sk_cmd *cmd, const struct sk_fault *fault)
{
	const char *form = getenv("SEKISHO_FAULT");
	if (form != NULL && strcmp(form, "json") == 0)
		fail_for_machines(cmd, fault);
	else
		(void)fprintf(cmd->err, "sekisho: %s\n", fault->line);
	return sk_err_exit(fault->err);
}

int sk_cmd_usage(struct sk_cmd *cmd, const char *command, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)fprintf(cmd->err, "sekisho %s: ", command);
	(void)vfprintf(cmd->err, format, args);
	va_end(args);
	for (size_t i = 0; i < SK_COUNT(commands); i++)
		if (strcmp(commands[i].name, command) == 0)
			(void)fprintf(cmd->err, "\nusage: sekisho %s %s\n", command, commands[i].usage);
	return sk_err_exit(SK_EUSAGE);
}

int sk_cmd_help(struct sk_cmd *cmd, const char *command)
{
	for (size_t i = 0; i < SK_COUNT(commands); i++)
		if (strcmp(commands[i].name, command) == 0)
			(void)fprintf(cmd->out, "%s\nusage: sekisho %s %s\nThe manual page is sekisho-%s(1).\n", commands[i].summary, command, commands[i].usage, command);
	return 0;
}

static void print_help(FILE *out)
{
	(void)fprintf(out, "Sekisho %s: watches a border, keeps its hands off everyone else's mail, and proves it.\n\nusage: sekisho COMMAND ...\n       sekisho --server URL COMMAND ...   the same at a centre elsewhere (sekisho-remote(1))\n\n", SK_VERSION);
	for (size_t i = 0; i < SK_COUNT(commands); i++)
		(void)fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].summary);
	(void)fprintf(out, "\nA first look, without any set-up:  sekisho watch capture.pcap --home JP\nEach command answers --help; the manual is sekisho(1).\n");
}

int main(int argc, char **argv)
{
	struct sk_cmd cmd = {.clock = sk_clock_system(), .out = stdout, .err = stderr, .terminal = isatty(STDERR_FILENO) == 1};
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? sk_err_exit(SK_EUSAGE) : 0;
	}
	if (strcmp(argv[1], "--server") == 0 || strncmp(argv[1], "--server=", 9) == 0)
		return sk_remote(&cmd, argc, argv);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		(void)printf("sekisho %s\n", SK_VERSION);
		return 0;
	}
	for (size_t i = 0; i < SK_COUNT(commands); i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		int count = argc - 1;
		sk_look_take(&cmd, &count, argv + 1);
		int code = commands[i].run(&cmd, count, argv + 1);
		/* A full disk or a closed pipe under standard output must not look like success. */
		if (fflush(stdout) != 0 && code == 0 && errno != EPIPE) {
			(void)fprintf(stderr, "sekisho: cannot write standard output: %s\n", strerror(errno));
			code = sk_err_exit(SK_EIO);
		}
		return code;
	}
	(void)fprintf(stderr, "sekisho: unknown command '%s'; sekisho --help lists them\n", argv[1]);
	return sk_err_exit(SK_EUSAGE);
}
