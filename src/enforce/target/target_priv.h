/* SPDX-License-Identifier: Apache-2.0 */
/* The backends of backend.def. */
#ifndef SK_TARGET_PRIV_H
#define SK_TARGET_PRIV_H

#include "target/target.h"

#define SK_BACKEND(symbol) extern const struct sk_backend symbol;
#include "target/backend.def"
#undef SK_BACKEND

/* sk_child_run in this very process. */
enum sk_err sk_child_run_here(const struct sk_child *child, struct sk_buf *out, struct sk_buf *err_text, int *status, struct sk_fault *fault);
/* Has this process hands (hands.h), and let them run it. */
bool sk_hands_there(void);
enum sk_err sk_hands_ask(const struct sk_child *child, struct sk_buf *out, struct sk_buf *said, int *status, struct sk_fault *fault);

#endif
