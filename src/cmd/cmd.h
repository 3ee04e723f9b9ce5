/* SPDX-License-Identifier: Apache-2.0 */
/* cmd: the command line. One file a command, one line in commands.def. Only cmd prints, opens logs, and makes the system clock. */
#ifndef SK_CMD_H
#define SK_CMD_H

#include <stdio.h>

#include "base/base.h"
#include "base/clock.h"

/* Of a command that shows selected information: who looks, and for what (cmd/look.h). */
struct sk_look_asked {
	const char *command, *purpose, *key;
	char what[1024];
	bool entered; /* the look is on record, or nobody is shown anything: whoever runs this command inside the process saw to it */
};

struct sk_cmd {
	struct sk_clock clock;
	FILE *out, *err;
	bool terminal;   /* err is a terminal: progress may be drawn */
	struct sk_look_asked look;
};

/* A command: argv[0] is its name. Returns the process exit code. */
typedef int (*sk_command_run)(struct sk_cmd *cmd, int argc, char **argv);

#define SK_COMMAND(name, function, usage, summary) int function(struct sk_cmd *cmd, int argc, char **argv);
#include "cmd/commands.def"
#undef SK_COMMAND

/* Print "sekisho: <line>" to cmd->err and return the exit code of fault->err. */
int sk_cmd_fail(struct sk_cmd *cmd, const struct sk_fault *fault);
/* Print a command's usage line to cmd->out; returns 0. */
int sk_cmd_help(struct sk_cmd *cmd, const char *command);
/* Print a usage error with the command's usage line; returns 2. */
SK_PRINTF(3, 4) int sk_cmd_usage(struct sk_cmd *cmd, const char *command, const char *format, ...);

#endif
