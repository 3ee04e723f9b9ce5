/* SPDX-License-Identifier: Apache-2.0 */
/* Where a basis of the centre is in use: workspaces that trust the centre's key. What the docket says of it is brought there: the note while it may be collected under, else a
   suspension, which a running sensor sees within a second. */
#ifndef SK_CMD_BASIS_PLACES_H
#define SK_CMD_BASIS_PLACES_H

#include "cmd/office.h"

/* Remember a workspace of this basis (DIR/centre/out/bases/ID.places). It must trust the centre and be made for this basis: SK_EPERMIT. */
SK_MUST enum sk_err sk_basis_place_add(struct sk_office *office, const struct sk_basis_matter *matter, const char *workspace, struct sk_fault *fault);
/* Bring one basis in line everywhere: DIR/centre/out/bases/ID.note, and each workspace. Idempotent. The first error is returned, after all places were tried; *places counts
   those that are in line. */
SK_MUST enum sk_err sk_basis_places_settle(struct sk_office *office, const struct sk_basis_matter *matter, int64_t now_ns, unsigned *places, struct sk_fault *fault);

#endif
