/* SPDX-License-Identifier: Apache-2.0 */
/* The list of damage reports, in this process: it is asked for often, and a child would fold everything for each page. */
#include "web/reports.h"

enum sk_err sk_read_reports(struct sk_web_call *call)
{
	struct sk_web_reports *reports = call->house->reports;
	if (reports == NULL)
		return sk_web_refuse(call, SK_EUNSUPPORTED, "this server serves no reports");
	return reports->list(reports, call);
}
