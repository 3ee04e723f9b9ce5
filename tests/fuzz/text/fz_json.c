/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the canonical reader takes, the canonical writer makes again byte for byte. */
#include <string.h>

#include "../../unit/text/json_copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_json_doc *doc;
	struct sk_fault fault;
	struct sk_buf out;
	if (sk_json_parse((const char *)bytes, length, &doc, &fault) != SK_OK)
		return 0;
	sk_buf_init(&out, length);
	json_copy(doc, &out);
	SK_INVARIANT(out.failed == SK_OK && out.length == length && memcmp(out.bytes, bytes, length) == 0);
	sk_buf_fini(&out);
	sk_json_free(doc);
	return 0;
}
