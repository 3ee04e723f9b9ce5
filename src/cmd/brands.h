/* SPDX-License-Identifier: Apache-2.0 */
/* The list of protected brands: the operator's, or the program's own. */
#ifndef SK_CMD_BRANDS_H
#define SK_CMD_BRANDS_H

#include "cmd/workspace.h"
#include "name/name.h"

enum { SK_BRANDS_FILE_MAX = 1 << 20 };

/* Read a list of brands, or with a path of NULL take the program's. SK_ENOENT, SK_EIO, SK_ETOOBIG; SK_EINPUT with line and reason. */
SK_MUST enum sk_err sk_brands_load(const char *path, struct sk_brands **out, struct sk_fault *fault);
/* The list of a run: path when there is one, else brands.txt of the workspace, else the program's. *out is NULL when the basis names no detector that needs one. As sk_brands_load. */
SK_MUST enum sk_err sk_brands_of_run(const struct sk_workspace *workspace, const struct sk_basis *basis, const char *path, struct sk_brands **out, struct sk_fault *fault);

#endif
