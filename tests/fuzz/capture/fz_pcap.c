/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: size of a read (0 = all at once). Then a capture. */
#include "fz_drain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length != 0)
		fz_drain(bytes + 1, length - 1, bytes[0]);
	return 0;
}
