/* SPDX-License-Identifier: Apache-2.0 */
/* A warning list, then values asked against it. A list that is refused leaves nothing behind. */
#include "indicator/indicator_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char *const asked[] = {"5.5.5.5", "5.5.0.0/16", "2600::1", "2600::/32", "www.evil.example", "e7d705a3286e19ea42f587b344ee6865",
					    "t13d1516h2_8daaf6152771_e5627efa2ab1"};
	struct sk_fault fault;
	SK_INVARIANT(sk_seal_start() == SK_OK);
	struct sk_warnings *warnings = sk_warnings_new();
	SK_INVARIANT(warnings != NULL);
	if (length > SK_INDICATOR_JSON_MAX_BYTES)
		return 0;
	enum sk_err err = sk_warnings_parse(warnings, "fuzz", (const char *)bytes, length, &fault);
	SK_INVARIANT(sk_warnings_ready(warnings) == SK_OK);
	for (size_t i = 0; i < SK_COUNT(asked); i++) {
		struct sk_value value;
		const char *detail;
		SK_INVARIANT(sk_value_clean(asked[i], strlen(asked[i]), SK_TYPE_ANY, &value, &detail) == SK_INDICATOR_REASON_COUNT);
		const char *list = sk_warnings_match(warnings, &value);
		SK_INVARIANT(err == SK_OK || list == NULL);
	}
	sk_warnings_free(warnings);
	return 0;
}
