/* SPDX-License-Identifier: Apache-2.0 */
/* Which detectors of the centre there are, out of policy/detectors.def. */
#include "campaign/stored.h"

#define ROW_SENSOR(symbol)
#define ROW_CAMPAIGN(symbol) extern const struct sk_stored_detector sk_detector_##symbol;
#define SK_DETECTOR(symbol, name, side, memory, information, given, technique, sentence) ROW_##side(symbol)
#include "policy/detectors.def"
#undef SK_DETECTOR
#undef ROW_CAMPAIGN

#define ROW_CAMPAIGN(symbol) &sk_detector_##symbol,
static const struct sk_stored_detector *const detectors[] = {
#define SK_DETECTOR(symbol, name, side, memory, information, given, technique, sentence) ROW_##side(symbol)
#include "policy/detectors.def"
#undef SK_DETECTOR
};

const struct sk_stored_detector *sk_stored_detector(const char *name)
{
	for (size_t i = 0; i < SK_COUNT(detectors); i++)
		if (strcmp(detectors[i]->name, name) == 0)
			return detectors[i];
	return NULL;
}

const struct sk_threshold *sk_stored_thresholds(const char *name, size_t *count)
{
	const struct sk_stored_detector *detector = sk_stored_detector(name);
	*count = detector != NULL ? detector->threshold_count : 0;
	return detector != NULL ? detector->thresholds : NULL;
}

enum sk_err sk_stored_run(const struct sk_stored_detector *detector, struct sk_stored_run *run, struct sk_fault *fault)
{
	run->counts = (struct sk_stored_counts){0};
	return detector->run(run, fault);
}
