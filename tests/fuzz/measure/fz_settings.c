/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the enforcer's configuration: read or refused; getters of what was read come to an end. */
#include <stdlib.h>

#include "measure/measure.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void take(void *context, const char *value)
{
	size_t *count = context;
	*count += strlen(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_settings_file *file = NULL;
	struct sk_settings top, below;
	struct sk_fault fault;
	size_t total = 0;
	uint64_t number;
	int64_t time_ns;
	if (sk_settings_parse("fuzz", (const char *)bytes, length, &file, &fault) != SK_OK)
		return 0;
	top = (struct sk_settings){.file = file};
	(void)(sk_settings_keys_allowed(file, &fault) == SK_OK);
	sk_settings_each(&top, "targets", take, &total);
	for (size_t i = 0; i < sk_settings_count(&top, "targets") && i < 8; i++)
		if (sk_settings_below(&top, "targets", (int)i, &below))
			total += strlen(sk_settings_text(&below, "name", ""));
	if (sk_settings_number(&top, "n", 0, UINT64_MAX / 32, 0, &number, &fault) == SK_OK && sk_settings_time(&top, "watch", 0, INT64_MAX, 0, &time_ns, &fault) == SK_OK)
		total++;
	if (total == SIZE_MAX || (sk_settings_all_known(file, &fault) != SK_OK && fault.line[0] == '\0'))
		abort();
	sk_settings_free(file);
	return 0;
}
