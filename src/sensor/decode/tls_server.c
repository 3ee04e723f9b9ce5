/* SPDX-License-Identifier: Apache-2.0 */
/* The server's flight (RFC 8446 section 4.1.3, RFC 5246 sections 7.4.1.3 and 7.4.2), over TLS records, DTLS records or alone (QUIC).

   hello:        version (2), random (32), session id <1>, cipher suite (2), compression (1), [extensions <2>]
   certificate:  list <3> of certificate <3>, the server's own first                      <n> = a vector behind a length of n bytes */
#include "decode/tls_server.h"
#include "decode/hello_priv.h"
#include "decode/tls_record_priv.h"
#include "decode/x509.h"

enum {
	RANDOM_BYTES = 32, SESSION_ID_MAX = 32, EXTENSION_ALPN = 16, EXTENSION_VERSIONS = 43, VERSION_TLS13 = 0x0304, VERSION_DTLS13 = 0xfefc,
	VERSION_TLS13_DRAFTS = 0x7f, CHAIN_SHOWN_MAX = 255,
	COST_CERTIFICATE = 300, COST_BYTES = 9 /* eighths: of SHA-1 and SHA-256 over a byte */
};

/* RFC 8446 4.1.3: the random of a HelloRetryRequest, which is SHA-256 of that word. */
static const uint8_t retry_random[RANDOM_BYTES] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* ---- ServerHello ---- */

static void read_extension(struct sk_server_hello *out, uint16_t type, struct sk_cur data)
{
	if (type == EXTENSION_VERSIONS && sk_left(&data) == 2) {
		out->version = sk_be16(&data);
	} else if (type == EXTENSION_ALPN) {
		struct sk_cur list = sk_carve(&data, sk_be16(&data));
		struct sk_cur value = sk_carve(&list, sk_u8(&list));
		sk_hello_alpn(value, out->alpn, sizeof out->alpn);
	}
}

static enum sk_err read_body(struct sk_cur c, struct sk_credit *credit, struct sk_server_hello *out)
{
	struct sk_hello_list extensions;
	extensions.count = 0;
	bool overflow = false;
	uint8_t random[RANDOM_BYTES];
	out->legacy_version = out->version = sk_be16(&c);
	sk_copy(&c, random, sizeof random);
	out->hello_retry = memcmp(random, retry_random, sizeof random) == 0;
	bool draft = out->legacy_version >> 8 == VERSION_TLS13_DRAFTS; /* to draft 21: neither session id nor compression */
	uint8_t session_id_bytes = draft ? 0 : sk_u8(&c);
	sk_skip(&c, session_id_bytes);
	out->cipher = sk_be16(&c);
	sk_skip(&c, draft ? 0 : 1); /* compression */
	if (sk_alive(&c) != SK_OK || session_id_bytes > SESSION_ID_MAX)
		return SK_EMALFORMED;
	if (sk_more(&c)) {
		struct sk_cur list = sk_carve(&c, sk_be16(&c));
		while (sk_more(&list)) {
			uint16_t type = sk_be16(&list);
			struct sk_cur data = sk_carve(&list, sk_be16(&list));
			if (sk_alive(&list) != SK_OK)
				return SK_EMALFORMED;
			read_extension(out, type, data);
			if (sk_is_grease(type))
				continue;
			if (extensions.count < SK_TLS_LISTS_MAX)
				extensions.values[extensions.count++] = type;
			else
				overflow = true;
		}
		if (sk_done(&c) != SK_OK)
			return SK_EMALFORMED;
	}
	out->extension_count = (uint16_t)extensions.count;
	if (!overflow)
		sk_server_hello_ja3s(&extensions, credit, out);
	return SK_OK;
}

static enum sk_err settle_hello(enum sk_err err, struct sk_server_hello *out)
{
	if (err != SK_OK)
		sk_wipe(out, sizeof *out);
	return err;
}

/* A message whose header is there. *why: what stopped it when it is not whole. */
static enum sk_err read_hello(const struct sk_tls_message *message, enum sk_err why, struct sk_credit *credit, struct sk_server_hello *out)
{
	if (message->length > SK_SERVER_FLIGHT_MAX_BYTES - SK_HANDSHAKE_HEADER_BYTES)
		return SK_EMALFORMED;
	return message->whole ? read_body(message->body, credit, out) : why;
}

enum sk_err sk_tls_server_hello_message(struct sk_cur bytes, bool quic, struct sk_credit *credit, struct sk_server_hello *out)
{
	*out = (struct sk_server_hello){.quic = quic};
	struct sk_tls_message message;
	enum sk_err err = sk_tls_bare_message(&bytes, SK_HANDSHAKE_SERVER_HELLO, &message);
	return settle_hello(err == SK_OK ? read_hello(&message, SK_EMORE, credit, out) : err, out);
}

/* A hello that spans records is put together here and the copy overwritten. */
static enum sk_err read_joined_hello(struct sk_cur stream, struct sk_credit *credit, struct sk_server_hello *out)
{
	uint8_t bytes[SK_HANDSHAKE_MAX_BYTES];
	struct sk_out joined = sk_out_of(bytes, sizeof bytes);
	struct sk_tls_records records = sk_tls_records_of(stream);
	struct sk_tls_message message;
	enum sk_err why, err = sk_tls_next_message(&records, SK_HANDSHAKE_SERVER_HELLO, &joined, &message, &why);
	if (err == SK_OK)
		err = read_hello(&message, why, credit, out);
	sk_wipe(bytes, sk_out_length(&joined));
	return err;
}

enum sk_err sk_tls_server_hello(struct sk_cur stream, struct sk_credit *credit, struct sk_server_hello *out)
{
	*out = (struct sk_server_hello){.quic = false};
	struct sk_tls_records records = sk_tls_records_of(stream);
	struct sk_tls_message message;
	enum sk_err why, err = sk_tls_next_message(&records, SK_HANDSHAKE_SERVER_HELLO, NULL, &message, &why);
	out->record_version = records.version;
	if (err == SK_OK)
		err = read_hello(&message, why, credit, out);
	else if (err == SK_ETOOBIG)
		err = read_joined_hello(stream, credit, out);
	return settle_hello(err, out);
}

enum sk_err sk_tls_server_hello_datagram(struct sk_cur datagram, struct sk_credit *credit, struct sk_server_hello *out)
{
	*out = (struct sk_server_hello){.dtls = true};
	struct sk_dtls_records records = sk_dtls_records_of(datagram);
	struct sk_dtls_message message;
	if (!sk_dtls_next_message(&records, &message) || message.type != SK_HANDSHAKE_SERVER_HELLO)
		return settle_hello(SK_EUNSUPPORTED, out);
	out->record_version = message.record_version;
	if (message.cut)
		return settle_hello(SK_EMALFORMED, out);
	if (sk_left(&message.part) != message.length)
		return settle_hello(SK_EMORE, out); /* cut into DTLS fragments: not put together */
	return settle_hello(read_body(message.part, credit, out), out);
}

bool sk_server_hello_has_certificate(const struct sk_server_hello *hello)
{
	/* DTLS versions count down; the drafts of TLS 1.3 wrote 0x7fNN. */
	bool new = hello->dtls ? hello->version <= VERSION_DTLS13 && hello->version >> 8 == VERSION_DTLS13 >> 8
			       : hello->version >= VERSION_TLS13 && hello->version >> 8 != 0xfe;
	return !new && !hello->quic && !hello->hello_retry;
}

/* ---- Certificate ---- */

/* The rest of the chain, counted. */
static uint8_t count_chain(struct sk_cur *list)
{
	unsigned count = 1;
	while (sk_more(list)) {
		sk_skip(list, sk_be24(list));
		count++;
	}
	return (uint8_t)(count < CHAIN_SHOWN_MAX ? count : CHAIN_SHOWN_MAX);
}

/* The body of a Certificate message of `length` bytes, as far as it is there. SK_EMORE: the leaf is not whole. */
static enum sk_err read_leaf(struct sk_cur body, uint32_t length, struct sk_credit *credit, struct sk_certificate *out)
{
	bool whole = sk_left(&body) == length;
	uint32_t list_bytes = sk_be24(&body), leaf_bytes = sk_be24(&body);
	if (sk_alive(&body) != SK_OK)
		return whole ? SK_EUNSUPPORTED : SK_EMORE; /* a server without a certificate: an empty list */
	if (list_bytes != length - 3 || leaf_bytes == 0 || leaf_bytes > list_bytes - 3)
		return SK_EMALFORMED;
	if (sk_left(&body) < leaf_bytes)
		return SK_EMORE;
	struct sk_cur leaf = sk_carve(&body, leaf_bytes);
	if (!sk_credit_spend(credit, COST_CERTIFICATE + (int64_t)leaf_bytes * COST_BYTES / 8))
		return SK_OK;
	sk_x509_read(leaf, out);
	out->chain_length = whole ? count_chain(&body) : 0;
	return sk_alive(&body) == SK_OK ? SK_OK : SK_EMALFORMED;
}

/* Behind the ServerHello. */
static enum sk_err read_certificate(struct sk_tls_records *records, struct sk_out *joined, bool last, struct sk_credit *credit,
					struct sk_certificate *out)
{
	struct sk_tls_message message;
	enum sk_err why, err = sk_tls_next_message(records, SK_HANDSHAKE_SERVER_HELLO, joined, &message, &why);
	if (err != SK_OK || !message.whole)
		return err != SK_OK ? err : why;
	SK_TRY(sk_tls_next_message(records, SK_HANDSHAKE_CERTIFICATE, joined, &message, &why));
	if (!message.whole && (why != SK_EMORE || !last))
		return why;
	err = read_leaf(message.body, message.length, credit, out);
	return err == SK_EMORE ? SK_OK : err; /* the last that will be seen of a leaf that is not whole */
}

static enum sk_err settle_certificate(enum sk_err err, struct sk_certificate *out)
{
	if (err != SK_OK)
		*out = (struct sk_certificate){0};
	return err;
}

static enum sk_err read_joined_certificate(struct sk_cur stream, bool last, struct sk_credit *credit, struct sk_certificate *out)
{
	uint8_t bytes[SK_HANDSHAKE_MAX_BYTES];
	struct sk_out joined = sk_out_of(bytes, sizeof bytes);
	struct sk_tls_records records = sk_tls_records_of(stream);
	enum sk_err err = read_certificate(&records, &joined, last, credit, out);
	sk_wipe(bytes, sk_out_length(&joined));
	return err;
}

enum sk_err sk_tls_certificate(struct sk_cur stream, bool last, struct sk_credit *credit, struct sk_certificate *out)
{
	*out = (struct sk_certificate){0};
	struct sk_tls_records records = sk_tls_records_of(stream);
	enum sk_err err = read_certificate(&records, NULL, last, credit, out);
	return settle_certificate(err == SK_ETOOBIG ? read_joined_certificate(stream, last, credit, out) : err, out);
}

enum sk_err sk_tls_certificate_datagram(struct sk_cur datagram, struct sk_credit *credit, struct sk_certificate *out)
{
	*out = (struct sk_certificate){0};
	struct sk_dtls_records records = sk_dtls_records_of(datagram);
	struct sk_dtls_message message;
	while (sk_dtls_next_message(&records, &message)) {
		if (message.type != SK_HANDSHAKE_CERTIFICATE || message.offset != 0)
			continue;
		enum sk_err err = read_leaf(message.part, message.length, credit, out);
		return settle_certificate(err == SK_EMORE ? SK_OK : err, out);
	}
	return SK_EUNSUPPORTED;
}
