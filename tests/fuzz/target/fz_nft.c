/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what nft lists of our table. */
#include <stdlib.h>

#include "target/nft_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct nft nft = {.name = "gateway", .table = "sekisho"};
	struct nft_held held;
	if (nft_held_read(&nft, (const char *)bytes, length, &held, NULL) != SK_OK)
		return 0;
	for (size_t i = 0; i < held.count; i++)
		if (nft_held_find(&held, &held.elements[i].place) == NULL)
			abort();
	nft_held_free(&held);
	return 0;
}
