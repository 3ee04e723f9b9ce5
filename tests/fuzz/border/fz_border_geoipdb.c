/* SPDX-License-Identifier: Apache-2.0 */
#include "fz_border_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	return fuzz_text(SK_BORDER_GEOIPDB, sk_source_geoipdb_parse, bytes, length);
}
