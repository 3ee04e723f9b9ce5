/* SPDX-License-Identifier: Apache-2.0 */
/* A stream, a handshake message and a datagram of the same bytes. Fingerprints have their form; a prefix never says anything else than "more". */
#include <stdlib.h>

#include "decode/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check(enum sk_err err, const struct sk_client_hello *hello, char first)
{
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	if (err != SK_OK) {
		SK_INVARIANT(hello->sni_length == 0 && hello->ja3[0] == '\0' && hello->ja4[0] == '\0');
		return;
	}
	SK_INVARIANT(strlen(hello->sni) == hello->sni_length && (hello->has_sni || hello->sni_length == 0));
	SK_INVARIANT(strlen(hello->alpn_first) < sizeof hello->alpn_first);
	size_t ja3 = strlen(hello->ja3), ja4 = strlen(hello->ja4);
	SK_INVARIANT((ja3 == 32 && ja4 == 36) || (ja3 == 0 && ja4 == 0));
	SK_INVARIANT(ja4 == 0 || (hello->ja4[0] == first && hello->ja4[10] == '_' && hello->ja4[23] == '_'));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_client_hello hello, again;
	enum sk_err err = sk_tls_client_hello(sk_cur_of(bytes, length), NULL, &hello);
	check(err, &hello, 't');
	SK_INVARIANT(sk_tls_client_hello(sk_cur_of(bytes, length), NULL, &again) == err && memcmp(&hello, &again, sizeof hello) == 0);
	if (length > 0) {
		size_t cut = bytes[length - 1] % length;
		uint8_t *exact = malloc(cut != 0 ? cut : 1);
		if (exact == NULL)
			return 0;
		memcpy(exact, bytes, cut);
		enum sk_err prefix = sk_tls_client_hello(sk_cur_of(exact, cut), NULL, &again);
		if (prefix == SK_OK)
			SK_INVARIANT(err == SK_OK && memcmp(&hello, &again, sizeof hello) == 0);
		else if (err == SK_OK || err == SK_EMORE)
			SK_INVARIANT(prefix == SK_EMORE);
		free(exact);
	}
	/* Records are told from their beginning: what stands behind them can only unmake them, and a datagram has an end. */
	bool stream = sk_tls_by_form(sk_cur_of(bytes, length)), datagram = sk_dtls_by_form(sk_cur_of(bytes, length));
	SK_INVARIANT(!stream || length >= 5);
	SK_INVARIANT(!datagram || (length >= 13 && !stream));
	check(sk_tls_client_hello_message(sk_cur_of(bytes, length), true, NULL, &hello), &hello, 'q');
	check(sk_tls_client_hello_datagram(sk_cur_of(bytes, length), NULL, &hello), &hello, 'd');
	return 0;
}
