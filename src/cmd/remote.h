/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho --server URL WORDS...: the API's table as a command line. Acts are prepared there, signed here. */
#ifndef SK_CMD_REMOTE_H
#define SK_CMD_REMOTE_H

#include "cmd/cmd.h"

/* All of it; argv[1] begins with --server. Returns the exit code that the command would have had there. */
int sk_remote(struct sk_cmd *cmd, int argc, char **argv);

#endif
