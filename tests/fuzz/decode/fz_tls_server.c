/* SPDX-License-Identifier: Apache-2.0 */
/* The server's flight as a stream, a message and a datagram. A prefix never says anything else than "more"; what has been said stays. */
#include <stdlib.h>

#include "decode/tls.h"
#include "decode/tls_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_hello(enum sk_err err, const struct sk_server_hello *hello)
{
	static const struct sk_server_hello nothing;
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	if (err != SK_OK) {
		SK_INVARIANT(memcmp(hello, &nothing, sizeof nothing) == 0);
		return;
	}
	size_t ja3s = strlen(hello->ja3s);
	SK_INVARIANT((ja3s == 32 || ja3s == 0) && strlen(hello->alpn) < sizeof hello->alpn && hello->extension_count <= SK_TLS_LISTS_MAX);
	SK_INVARIANT(!sk_server_hello_has_certificate(hello) || (!hello->quic && !hello->hello_retry));
}

static void check_leaf(enum sk_err err, const struct sk_certificate *leaf)
{
	static const struct sk_certificate nothing;
	SK_INVARIANT(err == SK_OK || err == SK_EMORE || err == SK_EUNSUPPORTED || err == SK_EMALFORMED);
	if (err != SK_OK || !leaf->whole)
		SK_INVARIANT(memcmp(leaf, &nothing, sizeof nothing) == 0);
	SK_INVARIANT(!leaf->parsed || (leaf->whole && leaf->version >= 1 && leaf->version <= 3));
	SK_INVARIANT(!leaf->self_signed || leaf->parsed);
}

static void check_prefix(struct sk_cur stream, size_t cut, enum sk_err hello_err, const struct sk_server_hello *hello, enum sk_err leaf_err,
			 const struct sk_certificate *leaf)
{
	static struct sk_server_hello early_hello;
	static struct sk_certificate early;
	uint8_t *exact = malloc(cut != 0 ? cut : 1);
	if (exact == NULL)
		return;
	sk_copy(&stream, exact, cut);
	enum sk_err err = sk_tls_server_hello(sk_cur_of(exact, cut), NULL, &early_hello);
	if (err == SK_OK)
		SK_INVARIANT(hello_err == SK_OK && memcmp(hello, &early_hello, sizeof early_hello) == 0);
	else if (hello_err == SK_OK || hello_err == SK_EMORE)
		SK_INVARIANT(err == SK_EMORE);
	err = sk_tls_certificate(sk_cur_of(exact, cut), false, NULL, &early);
	if (err == SK_OK)
		SK_INVARIANT(leaf_err == SK_OK && memcmp(leaf, &early, sizeof early) == 0);
	else if (leaf_err == SK_OK || leaf_err == SK_EMORE)
		SK_INVARIANT(err == SK_EMORE);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_server_hello hello, other;
	static struct sk_certificate leaf, last;
	struct sk_cur stream = sk_cur_of(bytes, length);
	enum sk_err hello_err = sk_tls_server_hello(stream, NULL, &hello), leaf_err = sk_tls_certificate(stream, false, NULL, &leaf);
	check_hello(hello_err, &hello);
	check_leaf(leaf_err, &leaf);
	SK_INVARIANT(leaf_err != SK_OK || hello_err == SK_OK || hello_err == SK_EMALFORMED);
	SK_INVARIANT(hello_err != SK_OK || sk_tls_message_bytes(stream) != 0);
	enum sk_err last_err = sk_tls_certificate(stream, true, NULL, &last);
	check_leaf(last_err, &last);
	SK_INVARIANT(leaf_err != SK_OK || (last_err == SK_OK && memcmp(&leaf, &last, sizeof leaf) == 0));
	if (length > 0)
		check_prefix(stream, (size_t)(bytes[length - 1] | bytes[0] << 8) % length, hello_err, &hello, leaf_err, &leaf);
	check_hello(sk_tls_server_hello_message(stream, true, NULL, &other), &other);
	check_hello(sk_tls_server_hello_datagram(stream, NULL, &other), &other);
	check_leaf(sk_tls_certificate_datagram(stream, NULL, &leaf), &leaf);
	return 0;
}
