/* SPDX-License-Identifier: Apache-2.0 */
/* Any file at all: plain lists, tables, gzip, JSON. */
#include "fz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	return fuzz_import("", bytes, length);
}
