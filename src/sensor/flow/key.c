/* SPDX-License-Identifier: Apache-2.0 */
/* Community ID 1's mapping of ICMP types. */
#include "flow/flow_priv.h"

/* Request and reply types (Community ID 1); a type without a counterpart speaks one way only, errors among them. */
bool sk_icmp_counterpart(uint8_t ip_proto, uint8_t type, uint8_t *counterpart)
{
	static const uint8_t v4[][2] = {{8, 0}, {10, 9}, {13, 14}, {15, 16}, {17, 18}};
	static const uint8_t v6[][2] = {{128, 129}, {130, 131}, {133, 134}, {135, 136}, {139, 140}, {144, 145}};
	const uint8_t (*pairs)[2] = ip_proto == 1 ? v4 : v6;
	size_t count = ip_proto == 1 ? SK_COUNT(v4) : SK_COUNT(v6);
	for (size_t i = 0; i < count; i++) {
		if (pairs[i][0] != type && pairs[i][1] != type)
			continue;
		*counterpart = pairs[i][0] == type ? pairs[i][1] : pairs[i][0];
		return true;
	}
	return false;
}
