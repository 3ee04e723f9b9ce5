/* SPDX-License-Identifier: Apache-2.0 */
/* A command that runs for somebody who signed in on the page: SEKISHO_SESSION in the environment holds the session's token, and each command looks it up itself in
   access.db. What needs a signature still needs one. */
#ifndef SK_CMD_SESSION_H
#define SK_CMD_SESSION_H

#include "access/access.h"
#include "cmd/centre.h"
#include "cmd/cmd.h"

/* Does this command run for a session? */
bool sk_cmd_session(void);
/* Its token; NULL: it does not. */
const char *sk_cmd_session_token(void);
/* Who it is: the session's account as the register has it at now_ns (its key is all zeros: nobody signed). SK_EUSAGE (no session in the environment), SK_EFACTOR (not
   known, or over), SK_ENOENT (the account was closed), and what opening access.db says. Works with a centre that was opened for reading. */
SK_MUST enum sk_err sk_cmd_session_person(const struct sk_centre *centre, struct sk_access *access, int64_t now_ns, struct sk_person *out, struct sk_fault *fault);

#endif
