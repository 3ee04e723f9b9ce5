/* SPDX-License-Identifier: Apache-2.0 */
/* The part of workspace.json that says who holds the keys. */
#ifndef SK_CMD_WORKSPACE_CUSTODY_H
#define SK_CMD_WORKSPACE_CUSTODY_H

#include "cmd/workspace.h"
#include "text/json.h"

/* Write member "custody", when there is anything to say. */
void sk_workspace_custody_encode(const struct sk_workspace *workspace, struct sk_json_writer *json);
/* Read it; absent is fine. SK_EMALFORMED names the field. */
SK_MUST enum sk_err sk_workspace_custody_decode(const char *path, const struct sk_json_value *top, struct sk_workspace *out, struct sk_fault *fault);
/* Take what `init` was told, checking it. Makes the folder of keys. SK_EUSAGE, SK_EIO. */
SK_MUST enum sk_err sk_workspace_custody_take(const struct sk_workspace_new *options, struct sk_workspace *workspace, struct sk_fault *fault);

#endif
