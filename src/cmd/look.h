/* SPDX-License-Identifier: Apache-2.0 */
/* A look at selected information (G1): purpose and person, and the act that says so before anything is read. A workspace that belongs to no centre is looked
   into as ever. rule: ACCESS-10 */
#ifndef SK_CMD_LOOK_H
#define SK_CMD_LOOK_H

#include "cmd/cmd.h"
#include "cmd/workspace.h"

/* If this command shows selected information: take --purpose P and --key FILE out of its arguments into cmd->look, and note what was asked. */
void sk_look_take(struct sk_cmd *cmd, int *argc, char **argv);
/* Does this workspace belong to no centre, so that what it keeps may be shown in passing? */
bool sk_look_free(const struct sk_workspace *workspace);
/* May this workspace be looked into now? Where it belongs to a centre (DIR/centre is there) an act of matter "access" is entered first. SK_EPURPOSE (no purpose,
   or one that is not allowed; or it is a centre's and the centre is not here), SK_EUSAGE (no key), and what the register says: SK_EPERMIT, SK_ENOENT, ... */
SK_MUST enum sk_err sk_look(struct sk_cmd *cmd, const struct sk_workspace *workspace, struct sk_fault *fault);
/* Make the workspace's link to the centre whose it is (DIR/centre), unless something is there already. SK_EIO. */
SK_MUST enum sk_err sk_look_tie(const char *workspace, const char *centre, struct sk_fault *fault);

#endif
