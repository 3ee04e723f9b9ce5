/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/detectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/stored.h"
#include "detect/kit.h"

const struct sk_threshold *sk_detectors_thresholds(const char *name, size_t *count)
{
	const struct sk_threshold *thresholds = sk_kit_thresholds(name, count);
	return thresholds != NULL ? thresholds : sk_stored_thresholds(name, count);
}

/* ---- into a basis ---- */

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct sk_basis_threshold *)a)->key, ((const struct sk_basis_threshold *)b)->key);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sk_basis_detector *)a)->name, ((const struct sk_basis_detector *)b)->name);
}

/* The detector in the basis, added with all its thresholds at their defaults when it is not there. */
static struct sk_basis_detector *add(struct sk_basis *basis, const char *name)
{
	size_t count;
	for (size_t i = 0; i < basis->detector_count; i++)
		if (strcmp(basis->detectors[i].name, name) == 0)
			return &basis->detectors[i];
	if (basis->detector_count == SK_BASIS_DETECTORS_MAX)
		return NULL;
	struct sk_basis_detector *detector = &basis->detectors[basis->detector_count++];
	const struct sk_threshold *thresholds = sk_detectors_thresholds(name, &count);
	*detector = (struct sk_basis_detector){.threshold_count = count};
	(void)snprintf(detector->name, sizeof detector->name, "%s", name);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(detector->thresholds[i].key, sizeof detector->thresholds[i].key, "%s", thresholds[i].key);
		detector->thresholds[i].value = thresholds[i].fallback;
	}
	return detector;
}

static void add_many(struct sk_basis *basis, enum sk_basis_kind kind, enum sk_role role, bool all)
{
	size_t count;
	const struct sk_detector_row *rows = sk_policy_detectors(&count);
	for (size_t i = 0; i < count; i++)
		if ((all || rows[i].given == SK_GIVEN_DEFAULT) && sk_policy_detector_allowed(kind, role, &rows[i]))
			(void)add(basis, rows[i].name);
}

/* "KEY=VALUE,...": behind the colon. */
static enum sk_err set_thresholds(struct sk_basis_detector *detector, const char *text, struct sk_fault *fault)
{
	while (*text != '\0') {
		char key[SK_BASIS_DETECTOR_NAME_MAX], *end = NULL;
		size_t length = strcspn(text, "=,"), i = 0;
		if (text[length] != '=' || length >= sizeof key || text[length + 1] < '0' || text[length + 1] > '9')
			return sk_fault_set(fault, SK_EUSAGE, "--detectors %s: expected KEY=NUMBER after the colon, several with commas; sekisho detectors explain %s lists the keys",
					    detector->name, detector->name);
		(void)snprintf(key, sizeof key, "%.*s", (int)length, text);
		while (i < detector->threshold_count && strcmp(detector->thresholds[i].key, key) != 0)
			i++;
		if (i == detector->threshold_count)
			return sk_fault_set(fault, SK_EUSAGE, "--detectors %s: it has no threshold '%s'; sekisho detectors explain %s lists them", detector->name, key, detector->name);
		detector->thresholds[i].value = strtoull(text + length + 1, &end, 10);
		text = *end == ',' ? end + 1 : end;
		if (*end != '\0' && *end != ',')
			return sk_fault_set(fault, SK_EUSAGE, "--detectors %s: %s: expected a whole number", detector->name, key);
	}
	return SK_OK;
}

static enum sk_err take_word(struct sk_basis *basis, const char *word, enum sk_basis_kind kind, enum sk_role role, struct sk_fault *fault)
{
	char name[SK_BASIS_DETECTOR_NAME_MAX];
	size_t length = strcspn(word, ":");
	if (strcmp(word, "default") == 0 || strcmp(word, "all") == 0) {
		add_many(basis, kind, role, word[0] == 'a');
		return SK_OK;
	}
	if (strcmp(word, "none") == 0) {
		basis->detector_count = 0;
		return SK_OK;
	}
	(void)snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : 0), word);
	const struct sk_detector_row *row = sk_policy_detector(name);
	if (row == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--detectors '%s': expected default, all, none or NAME[:KEY=NUMBER,...]; sekisho detectors list shows the names", word);
	if (!sk_policy_detector_allowed(kind, role, row))
		return sk_fault_set(fault, SK_EPERMIT, "--detectors %s: it remembers for longer than an hour, which a carrier may not; only a party, the lab and the statutory bases may", name);
	struct sk_basis_detector *detector = add(basis, name);
	if (detector == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--detectors: more than %d", SK_BASIS_DETECTORS_MAX);
	return word[length] == ':' ? set_thresholds(detector, word + length + 1, fault) : SK_OK;
}

enum sk_err sk_detectors_choose(const char *const *words, size_t count, enum sk_basis_kind kind, enum sk_role role, struct sk_basis *basis, struct sk_fault *fault)
{
	basis->detector_count = 0;
	if (count == 0 && (kind == SK_BASIS_LAB || kind == SK_BASIS_OWN_NETWORK))
		add_many(basis, kind, role, false);
	for (size_t i = 0; i < count; i++)
		SK_TRY(take_word(basis, words[i], kind, role, fault));
	qsort(basis->detectors, basis->detector_count, sizeof basis->detectors[0], by_name);
	for (size_t i = 0; i < basis->detector_count; i++)
		qsort(basis->detectors[i].thresholds, basis->detectors[i].threshold_count, sizeof basis->detectors[i].thresholds[0], by_key);
	return sk_detectors_lawful(basis, kind, role, fault);
}

/* The kit checks those of the sensor. */
static enum sk_err check_stored(const struct sk_basis_detector *asked, struct sk_fault *fault)
{
	size_t count;
	const struct sk_threshold *known = sk_stored_thresholds(asked->name, &count);
	for (size_t j = 0; known != NULL && j < asked->threshold_count; j++) {
		const struct sk_basis_threshold *wanted = &asked->thresholds[j];
		size_t i = 0;
		while (i < count && strcmp(known[i].key, wanted->key) != 0)
			i++;
		if (i == count)
			return sk_fault_set(fault, SK_EBASISBAD, "the basis: detector %s has no threshold '%s'; sekisho detectors explain %s lists them", asked->name, wanted->key,
					    asked->name);
		if (wanted->value < known[i].least || wanted->value > known[i].most)
			return sk_fault_set(fault, SK_EBASISBAD, "the basis: detector %s: %s is %llu, expected %llu to %llu %s", asked->name, wanted->key,
					    (unsigned long long)wanted->value, (unsigned long long)known[i].least, (unsigned long long)known[i].most, known[i].unit);
	}
	return SK_OK;
}

//= rule: DETECTOR-1
enum sk_err sk_detectors_lawful(const struct sk_basis *basis, enum sk_basis_kind kind, enum sk_role role, struct sk_fault *fault)
{
	SK_TRY(sk_kit_check(basis, fault));
	for (size_t i = 0; i < basis->detector_count; i++)
		SK_TRY(check_stored(&basis->detectors[i], fault));
	for (size_t i = 0; i < basis->detector_count; i++)
		if (!sk_policy_detector_allowed(kind, role, sk_policy_detector(basis->detectors[i].name)))
			return sk_fault_set(fault, SK_EPERMIT, "the basis names detector %s, which remembers for longer than an hour; a carrier may not, only a party, the lab and the statutory bases",
					    basis->detectors[i].name);
	return SK_OK;
}

size_t sk_detectors_effective(const struct sk_basis *basis, struct sk_basis_detector out[SK_BASIS_DETECTORS_MAX])
{
	struct sk_basis filled = {.detector_count = 0};
	for (size_t i = 0; i < basis->detector_count; i++) {
		const struct sk_basis_detector *named = &basis->detectors[i];
		struct sk_basis_detector *detector = add(&filled, named->name);
		SK_INVARIANT(detector != NULL);
		for (size_t j = 0; j < named->threshold_count; j++)
			for (size_t k = 0; k < detector->threshold_count; k++)
				if (strcmp(detector->thresholds[k].key, named->thresholds[j].key) == 0)
					detector->thresholds[k].value = named->thresholds[j].value;
		qsort(detector->thresholds, detector->threshold_count, sizeof detector->thresholds[0], by_key);
	}
	memcpy(out, filled.detectors, filled.detector_count * sizeof out[0]);
	return filled.detector_count;
}
