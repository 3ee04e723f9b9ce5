/* SPDX-License-Identifier: Apache-2.0 */
/* The detectors, as far as the law speaks of them. */
#include "policy/policy.h"

static const struct sk_detector_row detectors[] = {
#define SK_DETECTOR(symbol, name, side, memory, information, given, technique, sentence) \
	{name, technique, sentence, SK_DETECTOR_##side, SK_MEMORY_##memory, SK_FIELD_##information, SK_GIVEN_##given},
#include "policy/detectors.def"
#undef SK_DETECTOR
};

const struct sk_detector_row *sk_policy_detectors(size_t *count)
{
	*count = SK_COUNT(detectors);
	return detectors;
}

const struct sk_detector_row *sk_policy_detector(const char *name)
{
	for (size_t i = 0; i < SK_COUNT(detectors); i++)
		if (strcmp(detectors[i].name, name) == 0)
			return &detectors[i];
	return NULL;
}

const char *sk_detector_memory_name(enum sk_detector_memory memory)
{
	static const char *const names[] = {[SK_MEMORY_SHORT] = "short", [SK_MEMORY_DAY] = "day", [SK_MEMORY_STORED] = "stored"};
	SK_INVARIANT((size_t)memory < SK_COUNT(names));
	return names[memory];
}

const char *sk_detector_side_name(enum sk_detector_side side)
{
	static const char *const names[] = {[SK_DETECTOR_SENSOR] = "sensor", [SK_DETECTOR_CAMPAIGN] = "campaign"};
	SK_INVARIANT((size_t)side < SK_COUNT(names));
	return names[side];
}
