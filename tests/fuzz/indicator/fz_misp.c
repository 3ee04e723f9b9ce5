/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a MISP event's attribute list. */
#include "fz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	return fuzz_import("{\"Event\":{\"Attribute\":[", bytes, length);
}
