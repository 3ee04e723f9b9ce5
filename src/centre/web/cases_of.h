/* SPDX-License-Identifier: Apache-2.0 */
/* Which cases findings are in, for lists of findings. Inside web only. */
#ifndef SK_WEB_CASES_OF_H
#define SK_WEB_CASES_OF_H

#include "web/api.h"

/* For each of count findings: `finding` gives its id in hexadecimal, and where the id of the live case goes that holds it and that the caller may read (SK_MATTER_ID_MAX bytes, "" at
   first). False: the cases cannot be read just now, and what stands there is not all. */
bool sk_web_cases_of_findings(struct sk_web_call *call, size_t count, const char *(*finding)(void *context, size_t i, char **into), void *context);

#endif
