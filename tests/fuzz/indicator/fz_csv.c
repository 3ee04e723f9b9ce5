/* SPDX-License-Identifier: Apache-2.0 */
/* Rows under a header that uses every kind of column. */
#include "fz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	return fuzz_import("comment,value,type,to_ids\n", bytes, length);
}
