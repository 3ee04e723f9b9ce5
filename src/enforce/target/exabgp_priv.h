/* SPDX-License-Identifier: Apache-2.0 */
/* ExaBGP's words: its commands, and what it shows. */
#ifndef SK_EXABGP_PRIV_H
#define SK_EXABGP_PRIV_H

#include "target/bgp_priv.h"

enum sk_exabgp_end { SK_EXABGP_OPEN, SK_EXABGP_DONE, SK_EXABGP_ERROR };

/* Has the answer come to its end? Its last line, "done" or "error", is taken off then. */
enum sk_exabgp_end sk_exabgp_ended(struct sk_buf *answer);
/* Append the command that announces or withdraws a path, with LF. */
void sk_exabgp_command(const struct sk_bgp_path *path, bool announce, struct sk_buf *out);
/* Read "show adj-rib out extensive". SK_EMALFORMED: a line that is too long. A line that is not understood is no rule of ours. */
SK_MUST enum sk_err sk_exabgp_rib(const void *text, size_t length, sk_bgp_take take, void *context, struct sk_fault *fault);

#endif
