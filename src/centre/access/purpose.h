/* SPDX-License-Identifier: Apache-2.0 */
/* access/purpose.h: the purposes for which selected information may be looked at (purpose.def): one. */
#ifndef SK_ACCESS_PURPOSE_H
#define SK_ACCESS_PURPOSE_H

#include "base/base.h"

/* Is this a purpose that policy allows ("damage_prevention", also with "purpose_" in front)? SK_EPURPOSE names those that are. rule: ACCESS-10 */
SK_MUST enum sk_err sk_purpose_check(const char *purpose, struct sk_fault *fault);

#endif
