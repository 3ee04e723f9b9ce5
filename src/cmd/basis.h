/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho basis` give each other. */
#ifndef SK_CMD_BASIS_H
#define SK_CMD_BASIS_H

#include "cmd/office.h"

/* show | renew of a workspace that approves for itself (cmd_init.c). */
int sk_basis_of_workspace(struct sk_cmd *cmd, int argc, char **argv);
/* list of a centre (basis_show.c). */
int sk_basis_list(struct sk_cmd *cmd, const struct sk_office_args *args);
/* show ID of a centre. */
int sk_basis_show(struct sk_cmd *cmd, const struct sk_office_args *args, const char *id);

#endif
