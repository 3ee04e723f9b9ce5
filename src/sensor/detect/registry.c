/* SPDX-License-Identifier: Apache-2.0 */
/* Which detectors there are, out of policy/detectors.def; and what a basis asks of them. */
#include "detect/kit_priv.h"

#define ROW_SENSOR(symbol) extern const struct sk_detector sk_detector_##symbol;
#define ROW_CAMPAIGN(symbol)
#define SK_DETECTOR(symbol, name, side, memory, information, given, technique, sentence) ROW_##side(symbol)
#include "policy/detectors.def"
#undef SK_DETECTOR
#undef ROW_SENSOR
#undef ROW_CAMPAIGN

#define ROW_SENSOR(symbol) &sk_detector_##symbol,
#define ROW_CAMPAIGN(symbol) NULL,
static const struct sk_detector *const detectors[] = {
#define SK_DETECTOR(symbol, name, side, memory, information, given, technique, sentence) ROW_##side(symbol)
#include "policy/detectors.def"
#undef SK_DETECTOR
};

const struct sk_detector *sk_registry_detector(size_t row)
{
	return row < SK_COUNT(detectors) ? detectors[row] : NULL;
}

const struct sk_detector *sk_registry_find(const char *name)
{
	for (size_t i = 0; i < SK_COUNT(detectors); i++)
		if (detectors[i] != NULL && strcmp(detectors[i]->name, name) == 0)
			return detectors[i];
	return NULL;
}

const struct sk_threshold *sk_kit_thresholds(const char *name, size_t *count)
{
	const struct sk_detector *ops = sk_registry_find(name);
	*count = ops != NULL ? ops->threshold_count : 0;
	return ops != NULL ? ops->thresholds : NULL;
}

enum sk_err sk_registry_thresholds(const struct sk_basis_detector *asked, const struct sk_detector *ops, uint64_t *out, struct sk_fault *fault)
{
	SK_INVARIANT(ops->threshold_count <= SK_BASIS_THRESHOLDS_MAX);
	for (size_t i = 0; i < ops->threshold_count; i++)
		out[i] = ops->thresholds[i].fallback;
	for (size_t j = 0; j < asked->threshold_count; j++) {
		const struct sk_basis_threshold *wanted = &asked->thresholds[j];
		size_t i = 0;
		while (i < ops->threshold_count && strcmp(ops->thresholds[i].key, wanted->key) != 0)
			i++;
		if (i == ops->threshold_count)
			return sk_fault_set(fault, SK_EBASISBAD, "the basis: detector %s has no threshold '%s'; sekisho detectors explain %s lists them", ops->name,
					    wanted->key, ops->name);
		const struct sk_threshold *threshold = &ops->thresholds[i];
		if (wanted->value < threshold->least || wanted->value > threshold->most)
			return sk_fault_set(fault, SK_EBASISBAD, "the basis: detector %s: %s is %llu, expected %llu to %llu%s%s", ops->name, threshold->key,
					    (unsigned long long)wanted->value, (unsigned long long)threshold->least, (unsigned long long)threshold->most,
					    threshold->unit[0] != '\0' ? " " : "", threshold->unit);
		out[i] = wanted->value;
	}
	return SK_OK;
}

enum sk_err sk_kit_check(const struct sk_basis *basis, struct sk_fault *fault)
{
	uint64_t values[SK_BASIS_THRESHOLDS_MAX];
	for (size_t i = 0; i < basis->detector_count; i++) {
		const struct sk_basis_detector *asked = &basis->detectors[i];
		const struct sk_detector *ops = sk_registry_find(asked->name);
		if (sk_policy_detector(asked->name) == NULL)
			return sk_fault_set(fault, SK_EBASISBAD, "the basis names a detector '%s' that this program does not know; sekisho detectors list shows those that it has",
					    asked->name);
		if (ops != NULL)
			SK_TRY(sk_registry_thresholds(asked, ops, values, fault));
	}
	return SK_OK;
}
