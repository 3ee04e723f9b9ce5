/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a name; behind a zero byte any bytes as a list of brands. Places lie inside the name, numbers are numbers, and what is found is in the list. */
#include <math.h>
#include <stdlib.h>

#include "name/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void look(const struct sk_brands *brands, const struct sk_name *name)
{
	size_t brand;
	enum sk_likeness likeness = sk_brands_match(brands, name, &brand);
	SK_INVARIANT(likeness < SK_LIKE_COUNT && (likeness != SK_LIKE_NONE || brand == SIZE_MAX));
	SK_INVARIANT(likeness == SK_LIKE_NONE || brand < sk_brands_count(brands));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_suffixes *suffixes;
	static struct sk_brands *fixed;
	static const char list[] = "rakuten rakuten.co.jp\nメルカリ mercari.com\nsmbc.co.jp\n三井住友\n";
	struct sk_fault fault;
	struct sk_name name;
	if (suffixes == NULL && (sk_suffixes_open(&suffixes) != SK_OK || sk_brands_read(suffixes, list, sizeof list - 1, "list", &fixed, &fault) != SK_OK))
		abort();
	char *text = calloc(1, length + 1);
	if (text == NULL)
		return 0;
	memcpy(text, bytes, length);
	size_t first = strlen(text);
	if (sk_name_split(suffixes, text, &name)) {
		double features[SK_FEATURE_COUNT];
		SK_INVARIANT(name.length == first && name.registered_at <= name.length && name.suffix_at < name.length && name.label_at + name.label_length <= name.length);
		SK_INVARIANT(name.registered_at < name.suffix_at || name.registered_at == name.length);
		if (sk_name_features(&name, features))
			for (unsigned i = 0; i < SK_FEATURE_COUNT; i++)
				SK_INVARIANT(isfinite(features[i]) && fabs(features[i]) < 1000);
		(void)sk_name_score(&name);
		look(fixed, &name);
	}
	struct sk_brands *brands = NULL;
	if (first < length && sk_brands_read(suffixes, (const char *)bytes + first + 1, length - first - 1, "list", &brands, &fault) == SK_OK && name.text != NULL)
		look(brands, &name);
	sk_brands_free(brands);
	free(text);
	return 0;
}
