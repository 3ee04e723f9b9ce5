/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a bundle: refused with a line, or believed under the key that it names itself; what is believed for a court holds no grade above G2. */
#include <string.h>

#include "case/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_bundle_facts facts;
	struct sk_fault fault = {.line = ""};
	if (sk_seal_start() != SK_OK)
		return 0;
	if (sk_bundle_check(bytes, length, NULL, &facts, &fault) != SK_OK) {
		SK_INVARIANT(fault.line[0] != '\0');
		return 0;
	}
	SK_INVARIANT(facts.revealed <= facts.entries && facts.entries >= 1);
	SK_INVARIANT(strcmp(facts.audience, "oversight") == 0 || strcmp(facts.grade, "G2") == 0 || strcmp(facts.grade, "G3") == 0);
	return 0;
}
