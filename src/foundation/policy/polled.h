/* SPDX-License-Identifier: Apache-2.0 */
/* policy/polled.h: services that are polled by their nature (polled.def), for whoever looks for beacons. Pure look-ups. */
#ifndef SK_POLICY_POLLED_H
#define SK_POLICY_POLLED_H

#include "base/app.h"

/* Do clients of this service come regularly by themselves? By its port and what was spoken there (SK_APP_NONE: not known), or by what was spoken on any port. */
bool sk_policy_polled(uint8_t ip_proto, uint16_t port, unsigned app);

#endif
