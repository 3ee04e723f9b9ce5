/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a list of breached passwords, in both forms: what is taken for one has its digits, in upper case, and reads again as itself. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "access/breached.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const size_t forms[] = {SK_BREACHED_HASH - SK_BREACHED_PREFIX, SK_BREACHED_HASH};
	char digits[SK_BREACHED_HASH + 1], again[SK_BREACHED_HASH + 1], line[128];
	uint64_t count, second;
	for (size_t i = 0; i < SK_COUNT(forms); i++) {
		if (!sk_breached_line((const char *)bytes, length, forms[i], digits, &count))
			continue;
		SK_INVARIANT(strlen(digits) == forms[i]);
		for (size_t at = 0; at < forms[i]; at++)
			SK_INVARIANT(isdigit((unsigned char)digits[at]) || (digits[at] >= 'A' && digits[at] <= 'F'));
		int size = snprintf(line, sizeof line, "%s:%llu", digits, (unsigned long long)count);
		SK_INVARIANT(sk_breached_line(line, (size_t)size, forms[i], again, &second) && strcmp(again, digits) == 0 && second == count);
	}
	return 0;
}
