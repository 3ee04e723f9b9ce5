/* SPDX-License-Identifier: Apache-2.0 */
/* policy/polled.h: services whose ordinary use looks like something else: polled by their nature (polled.def), or called on by lists of peers. Pure look-ups. */
#ifndef SK_POLICY_POLLED_H
#define SK_POLICY_POLLED_H

#include "base/app.h"

/* Do clients of this service come regularly by themselves? By its port and what was spoken there (SK_APP_NONE: not known), or by what was spoken on any port. */
bool sk_policy_polled(uint8_t ip_proto, uint16_t port, unsigned app);
/* Do programs that share files or coins call here on lists of peers, most of whom are gone? From inside, that is all that goes to such a port. */
bool sk_policy_shared(uint16_t port);

#endif
