/* SPDX-License-Identifier: Apache-2.0 */
/* The one purpose. */
#include "access/purpose.h"

static const char *const purposes[] = {
#define SK_PURPOSE(name, title) name,
#include "access/purpose.def"
#undef SK_PURPOSE
};

enum sk_err sk_purpose_check(const char *purpose, struct sk_fault *fault)
{
	static const char prefix[] = "purpose_";
	const char *name = strncmp(purpose, prefix, sizeof prefix - 1) == 0 ? purpose + sizeof prefix - 1 : purpose;
	for (size_t i = 0; i < SK_COUNT(purposes); i++)
		if (strcmp(purposes[i], name) == 0)
			return SK_OK;
	return sk_fault_set(fault, SK_EPURPOSE, "purpose: %s is not allowed; selected information is looked at for %s alone", purpose, purposes[0]);
}
