/* SPDX-License-Identifier: Apache-2.0 */
/* What the page's handlers ask of workspaces (web/looks.h): stores that stay open, mutes, campaigns computed in the background, the border out of ledgers and the sensor's socket;
   and what changed, for event streams. */
#ifndef SK_CMD_SERVE_LOOKS_H
#define SK_CMD_SERVE_LOOKS_H

#include "cmd/cmd.h"
#include "web/api.h"
#include "web/looks.h"

struct sk_serve_looks; /* opaque */

/* Begin, for the workspaces of the house, which must be known by now. SK_ENOMEM. */
SK_MUST enum sk_err sk_serve_looks_open(struct sk_cmd *cmd, const struct sk_web_house *house, struct sk_serve_looks **out, struct sk_fault *fault);
/* End; waits for a computation that runs (NULL is fine). No handler may run any more. */
void sk_serve_looks_close(struct sk_serve_looks *looks);
/* What handlers get. */
const struct sk_web_looks *sk_serve_looks_face(const struct sk_serve_looks *looks);
/* Look whether a ledger or a store grew, by their heads alone, and tell (a type of web/events.def and its JSON). Call about once a second. */
void sk_serve_looks_turn(struct sk_serve_looks *looks, void (*tell)(void *context, const char *type, const char *json), void *context);

#endif
