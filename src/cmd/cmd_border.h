/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho border: what its subcommands share. */
#ifndef SK_CMD_BORDER_H
#define SK_CMD_BORDER_H

#include "base/buf.h"
#include "base/file.h"
#include "border/explain.h"
#include "cmd/cmd.h"

/* Make a table. Like all subcommands: argv[0] is the word itself; returns the process exit code. */
int sk_cmd_border_build(struct sk_cmd *cmd, int argc, char **argv);
/* Address to side. */
int sk_cmd_border_lookup(struct sk_cmd *cmd, int argc, char **argv);
/* Why. */
int sk_cmd_border_explain(struct sk_cmd *cmd, int argc, char **argv);
/* What a table holds. */
int sk_cmd_border_info(struct sk_cmd *cmd, int argc, char **argv);
/* What changed between two tables. */
int sk_cmd_border_diff(struct sk_cmd *cmd, int argc, char **argv);

/* Which table a subcommand is asked about, as options gave it; all NULL: the only one that was built at install. */
struct sk_border_choice {
	const char *table, *workspace, *home;
};
/* Getopt letters and long options of a choice: "t:w:H:". */
#define SK_BORDER_CHOICE_LETTERS "t:w:H:"
#define SK_BORDER_CHOICE_OPTIONS                                                                                                                     \
	{"table", required_argument, NULL, 't'}, {"workspace", required_argument, NULL, 'w'},                                                        \
	{                                                                                                                                            \
		"home", required_argument, NULL, 'H'                                                                                                 \
	}
/* Note an option of a choice; false when it is none. */
bool sk_border_choice_option(struct sk_border_choice *choice, int option, const char *value);
/* Open the chosen table; path gets where it was. SK_ENOENT says how to make one. */
SK_MUST enum sk_err sk_border_choice_open(const struct sk_border_choice *choice, struct sk_border **out, char path[SK_PATH_MAX],
					  struct sk_fault *fault);
/* Print what a table holds, and its warnings, as text or JSON. */
void sk_cmd_border_print(struct sk_cmd *cmd, const struct sk_border *table, const char *path, bool json);
/* Free buf after writing it to cmd->out. */
void sk_cmd_border_flush(struct sk_cmd *cmd, struct sk_buf *buf);

enum { SK_BORDER_OUTPUT_MAX = 64 << 20 };

#endif
