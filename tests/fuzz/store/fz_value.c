/* SPDX-License-Identifier: Apache-2.0 */
/* The values of any observation stay within their bounds, and each of them, asked for, is held by it. As text, a value never does harm. */
#include <string.h>

#include "store/store_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void ask_for(const struct sk_values *held)
{
	for (size_t i = 0; i < held->count; i++)
		SK_INVARIANT(sk_values_hold(held, &held->values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_observation observation;
	struct sk_finding finding;
	struct sk_values values, wanted;
	char text[2 * SK_OBSERVATION_DOMAIN_MAX];
	if (sk_observation_decode(bytes, length, &observation) == SK_OK) {
		sk_values_of_observation(&observation, &values);
		ask_for(&values);
		/* What matched is found again by its own text. */
		if (observation.matched[0] != '\0' && sk_value_parse(observation.matched, &wanted))
			SK_INVARIANT(sk_values_hold(&values, &wanted.values[0]));
	}
	if (sk_finding_decode(bytes, length, &finding) == SK_OK) {
		sk_values_of_finding(&finding, &values);
		ask_for(&values);
	}
	if (length < sizeof text) {
		memcpy(text, bytes, length);
		text[length] = '\0';
		if (sk_value_parse(text, &wanted))
			SK_INVARIANT(wanted.count == 1);
	}
	return 0;
}
