/* SPDX-License-Identifier: Apache-2.0 */
/* JA3 (salesforce/ja3) and JA4 client (FoxIO technical_details/JA4.md, BSD-3).

   JA3 = MD5 of "version,ciphers,extensions,curves,point formats", decimal, joined by '-'.  JA3S = MD5 of "version,cipher,extensions".
   JA4 = t13d1516h2_8daaf6152771_e5627efa2ab1
         | | || |  |  SHA-256, 12 hex: ciphers sorted;  and extensions sorted without SNI and ALPN, '_', signature algorithms as sent
         | | || |  first and last character of the first ALPN value
         | | |2 digits ciphers, 2 digits extensions, at most 99
         | | d with SNI, i without
         | version;  t TLS, q QUIC, d DTLS */
#include "decode/digest_priv.h"
#include "decode/hello_priv.h"

/* What a fingerprint costs, for credit: an entry's five digits and a comma are written and hashed, once in decimal for JA3 and once sorted for JA4. */
enum { COST_HELLO = 500, COST_ENTRY = 25, COST_CURVE = 12, COST_SIGNATURE = 8 };
enum { EXTENSION_SNI = 0, EXTENSION_ALPN = 16, COUNT_SHOWN_MAX = 99, JA4_HASH_BYTES = 6, TEXT_MAX = 8192 };

static const char hex[] = "0123456789abcdef";

static void put_text(struct sk_out *o, const char *text)
{
	sk_put_bytes(o, text, strlen(text));
}

static void put_hex(struct sk_out *o, const uint8_t *bytes, size_t length)
{
	uint8_t *digits = sk_put(o, 2 * length);
	for (size_t i = 0; digits != NULL && i < length; i++) {
		digits[2 * i] = (uint8_t)hex[bytes[i] >> 4];
		digits[2 * i + 1] = (uint8_t)hex[bytes[i] & 15];
	}
}

/* Four hexadecimal digits at once: a nibble a byte, 39 more where it is above 9. */
static void put_hex16(struct sk_out *o, uint16_t value)
{
	uint32_t nibbles = (value & 0xf000u) << 12 | (value & 0x0f00u) << 8 | (value & 0x00f0u) << 4 | (value & 0x000fu);
	uint32_t letters = (nibbles + 0x06060606) >> 4 & 0x01010101;
	sk_put_be32(o, nibbles + 0x30303030 + letters * ('a' - '9' - 1));
}

static void put_decimal(struct sk_out *o, unsigned value)
{
	size_t length = value >= 10000 ? 5 : value >= 1000 ? 4 : value >= 100 ? 3 : value >= 10 ? 2 : 1;
	uint8_t *digits = sk_put(o, length);
	for (; digits != NULL && length > 0; value /= 10)
		digits[--length] = (uint8_t)('0' + value % 10);
}

/* ---- JA3 ---- */

static void put_ja3_list(struct sk_out *o, const struct sk_hello_list *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		if (i != 0)
			sk_put_u8(o, '-');
		put_decimal(o, list->values[i]);
	}
}

static void make_ja3(const struct sk_hello_lists *lists, struct sk_client_hello *out)
{
	uint8_t text[TEXT_MAX], digest[SK_DIGEST_MAX_BYTES];
	struct sk_out o = sk_out_of(text, sizeof text);
	const struct sk_hello_list *const order[] = {&lists->ciphers, &lists->extensions, &lists->curves, &lists->formats};
	put_decimal(&o, out->legacy_version);
	for (size_t i = 0; i < SK_COUNT(order); i++) {
		sk_put_u8(&o, ',');
		put_ja3_list(&o, order[i]);
	}
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	if (!sk_digest(SK_DIGEST_MD5, text, sk_out_length(&o), digest))
		return;
	struct sk_out ja3 = sk_out_of(out->ja3, sizeof out->ja3 - 1);
	put_hex(&ja3, digest, 16);
}

void sk_server_hello_ja3s(const struct sk_hello_list *extensions, struct sk_credit *credit, struct sk_server_hello *out)
{
	if (!sk_credit_spend(credit, COST_HELLO / 2 + (int64_t)extensions->count * COST_CURVE))
		return;
	uint8_t text[TEXT_MAX], digest[SK_DIGEST_MAX_BYTES];
	struct sk_out o = sk_out_of(text, sizeof text);
	put_decimal(&o, out->legacy_version);
	sk_put_u8(&o, ',');
	put_decimal(&o, out->cipher);
	sk_put_u8(&o, ',');
	put_ja3_list(&o, extensions);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	if (!sk_digest(SK_DIGEST_MD5, text, sk_out_length(&o), digest))
		return;
	struct sk_out ja3s = sk_out_of(out->ja3s, sizeof out->ja3s - 1);
	put_hex(&ja3s, digest, 16);
}

/* ---- JA4 ---- */

static const char *ja4_version(uint16_t version)
{
	switch (version) {
	case 0x0304: return "13";
	case 0x0303: return "12";
	case 0x0302: return "11";
	case 0x0301: return "10";
	case 0x0300: return "s3";
	case 0x0002: return "s2";
	case 0xfeff: return "d1";
	case 0xfefd: return "d2";
	case 0xfefc: return "d3";
	default: return "00";
	}
}

static void put_count(struct sk_out *o, unsigned count)
{
	unsigned shown = count > COUNT_SHOWN_MAX ? COUNT_SHOWN_MAX : count;
	sk_put_u8(o, (uint8_t)('0' + shown / 10));
	sk_put_u8(o, (uint8_t)('0' + shown % 10));
}

static void insert_sorted(struct sk_hello_list *list)
{
	for (unsigned i = 1; i < list->count; i++) {
		uint16_t value = list->values[i];
		unsigned at = i;
		for (; at > 0 && list->values[at - 1] > value; at--)
			list->values[at] = list->values[at - 1];
		list->values[at] = value;
	}
}

/* The usual list has some twenty entries, which insertion sorts at once; a list of hundreds, in the worst order, would take it as long as forty packets. */
static void sort(struct sk_hello_list *list)
{
	enum { INSERTED_MAX = 32, BYTE_VALUES = 256 };
	struct sk_hello_list other;
	struct sk_hello_list *from = list, *to = &other;
	if (list->count <= INSERTED_MAX) {
		insert_sorted(list);
		return;
	}
	for (unsigned shift = 0; shift < 16; shift += 8) {
		uint16_t places[BYTE_VALUES + 1] = {0};
		for (unsigned i = 0; i < from->count; i++)
			places[(from->values[i] >> shift & 0xff) + 1]++;
		for (unsigned i = 1; i < BYTE_VALUES; i++)
			places[i] = (uint16_t)(places[i] + places[i - 1]);
		for (unsigned i = 0; i < from->count; i++)
			to->values[places[from->values[i] >> shift & 0xff]++] = from->values[i];
		to->count = from->count;
		struct sk_hello_list *swap = from;
		from = to;
		to = swap;
	}
}

static void put_ja4_list(struct sk_out *o, const struct sk_hello_list *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		if (i != 0)
			sk_put_u8(o, ',');
		put_hex16(o, list->values[i]);
	}
}

/* Twelve zeros stand for an empty list. */
static bool put_ja4_hash(struct sk_out *o, const uint8_t *text, size_t length)
{
	uint8_t digest[SK_DIGEST_MAX_BYTES] = {0};
	bool done = length == 0 || sk_digest(SK_DIGEST_SHA256, text, length, digest);
	put_hex(o, digest, JA4_HASH_BYTES);
	return done;
}

static void make_ja4(const struct sk_hello_lists *lists, struct sk_client_hello *out)
{
	uint8_t text[TEXT_MAX];
	struct sk_out ja4 = sk_out_of(out->ja4, sizeof out->ja4 - 1);
	sk_put_u8(&ja4, out->quic ? 'q' : out->dtls ? 'd' : 't');
	put_text(&ja4, ja4_version(out->highest_version));
	sk_put_u8(&ja4, out->has_sni ? 'd' : 'i');
	put_count(&ja4, lists->ciphers.count);
	put_count(&ja4, lists->extensions.count);
	sk_put_bytes(&ja4, lists->alpn, sizeof lists->alpn);

	struct sk_hello_list sorted;
	sorted.count = lists->ciphers.count;
	memcpy(sorted.values, lists->ciphers.values, sorted.count * sizeof sorted.values[0]);
	sort(&sorted);
	struct sk_out o = sk_out_of(text, sizeof text);
	put_ja4_list(&o, &sorted);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_put_u8(&ja4, '_');
	bool done = put_ja4_hash(&ja4, text, sk_out_length(&o));

	sorted.count = 0;
	for (unsigned i = 0; i < lists->extensions.count; i++)
		if (lists->extensions.values[i] != EXTENSION_SNI && lists->extensions.values[i] != EXTENSION_ALPN)
			sorted.values[sorted.count++] = lists->extensions.values[i];
	sort(&sorted);
	o = sk_out_of(text, sizeof text);
	put_ja4_list(&o, &sorted);
	if (lists->signatures.count != 0) {
		sk_put_u8(&o, '_');
		put_ja4_list(&o, &lists->signatures);
	}
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_put_u8(&ja4, '_');
	done = put_ja4_hash(&ja4, text, sk_out_length(&o)) && done;
	if (!done)
		sk_wipe(out->ja4, sizeof out->ja4);
}

void sk_hello_fingerprint(const struct sk_hello_lists *lists, struct sk_credit *credit, struct sk_client_hello *out)
{
	int64_t cost = COST_HELLO + (int64_t)(lists->ciphers.count + lists->extensions.count) * COST_ENTRY + (int64_t)lists->curves.count * COST_CURVE +
		       (int64_t)lists->signatures.count * COST_SIGNATURE;
	out->cipher_count = (uint16_t)lists->ciphers.count;
	out->extension_count = (uint16_t)lists->extensions.count;
	if (lists->overflow || !sk_credit_spend(credit, cost))
		return;
	make_ja3(lists, out);
	make_ja4(lists, out);
}
