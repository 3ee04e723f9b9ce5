/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as one record: accepted only in the one form (writing gives the same bytes, and the general reader of canonical JSON agrees). */
#include <string.h>

#include "ledger/record_read.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_record record;
	struct sk_fault fault;
	struct sk_buf out;
	struct sk_json_doc *doc = NULL;
	if (sk_record_parse(bytes, length, &record, &fault) != SK_OK) {
		SK_INVARIANT(fault.line[0] != '\0');
		return 0;
	}
	sk_buf_init(&out, SK_RECORD_MAX_BYTES);
	sk_record_write(&out, &record);
	SK_INVARIANT(out.failed == SK_OK && out.length == length && memcmp(out.bytes, bytes, length) == 0);
	SK_INVARIANT(sk_json_parse((const char *)bytes, length, &doc, &fault) == SK_OK);
	sk_json_free(doc);
	sk_buf_fini(&out);
	return 0;
}
