/* SPDX-License-Identifier: Apache-2.0 */
/* web/reports.h: what the list of damage reports is read from; house->reports is one (or NULL). cmd makes it, for it folds the register, the policy and the docket. */
#ifndef SK_WEB_REPORTS_H
#define SK_WEB_REPORTS_H

#include "web/api.h"

struct sk_web_reports {
	/* Write the list that the call asks for. Any thread; it locks for itself. */
	enum sk_err (*list)(struct sk_web_reports *reports, struct sk_web_call *call);
};

#endif
