/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as lines of JSON. */
#include "fz_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct sk_log_schema schema = {.format = SK_LOG_JSON};
	return length <= FUZZ_LENGTH_MAX ? fuzz_lines(bytes, length, &schema) : 0;
}
