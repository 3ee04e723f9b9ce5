/* SPDX-License-Identifier: Apache-2.0 */
/* One message of NetFlow v5. */
#include "fz_export.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	return fz_form(bytes, length, 5);
}
