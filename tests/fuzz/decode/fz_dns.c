/* SPDX-License-Identifier: Apache-2.0 */
/* One DNS message: the text is what the header says, twice the same; a cut message tells no other name. */
#include <stdlib.h>

#include "decode/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_dns dns, again;
	enum sk_err err = sk_dns_parse(sk_cur_of(bytes, length), &dns);
	SK_INVARIANT(err == SK_OK || err == SK_ETRUNC || err == SK_EMALFORMED);
	SK_INVARIANT(sk_dns_parse(sk_cur_of(bytes, length), &again) == err && memcmp(&dns, &again, sk_dns_used(&dns)) == 0);
	SK_INVARIANT(strlen(dns.name) == dns.name_length && dns.label_count <= 127);
	SK_INVARIANT(err != SK_OK || dns.questions == 0 || dns.name_length > 0);
	for (size_t i = 0; i < dns.name_length; i++) {
		char b = dns.name[i];
		SK_INVARIANT((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '_' || b == '.' || b == '\\');
	}
	bool question = sk_dns_is_question(sk_cur_of(bytes, length));
	SK_INVARIANT(!question || (err == SK_OK && !dns.response && dns.questions == 1 && dns.name_length > 0));
	if (length == 0)
		return 0;
	size_t cut = bytes[length - 1] % length;
	uint8_t *exact = malloc(cut != 0 ? cut : 1);
	if (exact == NULL)
		return 0;
	memcpy(exact, bytes, cut);
	enum sk_err short_err = sk_dns_parse(sk_cur_of(exact, cut), &again);
	SK_INVARIANT(!question || !sk_dns_is_question(sk_cur_of(exact, cut)));
	SK_INVARIANT(short_err != SK_OK || err == SK_OK);
	SK_INVARIANT(again.name_length == 0 || strcmp(again.name, dns.name) == 0);
	free(exact);
	return 0;
}
