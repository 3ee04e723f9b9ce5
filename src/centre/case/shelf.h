/* SPDX-License-Identifier: Apache-2.0 */
/* case/shelf.h: how the page's read handlers come by the cases: whoever runs the server opens them, for reading, keeps them open between calls, and opens them anew when the ledger has grown. */
#ifndef SK_CASE_SHELF_H
#define SK_CASE_SHELF_H

#include "case/case.h"

struct sk_case_shelf {
	void *context;
	char folder[4096];               /* of bundles that were made here: DIGEST.tar */
	/* Borrow cases and register until `give`; one thread at a time. Errors of opening them. */
	enum sk_err (*take)(void *context, struct sk_cases **cases, struct sk_access **access, struct sk_fault *fault);
	void (*give)(void *context);
};

#endif
