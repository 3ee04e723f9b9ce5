/* SPDX-License-Identifier: Apache-2.0 */
/* The backends of backend.def. */
#ifndef SK_TARGET_PRIV_H
#define SK_TARGET_PRIV_H

#include "target/target.h"

#define SK_BACKEND(symbol) extern const struct sk_backend symbol;
#include "target/backend.def"
#undef SK_BACKEND

#endif
