/* SPDX-License-Identifier: Apache-2.0 */
/* The ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), over TLS records, DTLS records (RFC 6347) or alone (QUIC).

   hello:      version (2), random (32), session id <1>, [DTLS: cookie <1>,] cipher suites <2>, compression <1>, extensions <2>
   extension:  type (2), data <2>                                  <n> = a vector behind a length of n bytes */
#include "decode/hello_priv.h"
#include "decode/tls_record_priv.h"

enum {
	RANDOM_BYTES = 32, SESSION_ID_MAX = 32, EXTENSION_SNI = 0, EXTENSION_CURVES = 10, EXTENSION_FORMATS = 11, EXTENSION_SIGNATURES = 13,
	EXTENSION_ALPN = 16, EXTENSION_VERSIONS = 43, EXTENSION_ECH = 0xfe0d, EXTENSION_ESNI = 0xffce, SNI_HOST_NAME = 0, ECH_INNER = 1
};

struct hello {
	struct sk_client_hello *out;
	struct sk_hello_lists lists;
};

static void add(struct hello *hello, struct sk_hello_list *list, uint16_t value)
{
	if (sk_is_grease(value))
		hello->out->has_grease = true;
	else if (list->count < SK_TLS_LISTS_MAX)
		list->values[list->count++] = value;
	else
		hello->lists.overflow = true;
}

static void add_all(struct hello *hello, struct sk_hello_list *list, struct sk_cur values)
{
	while (sk_more(&values))
		add(hello, list, sk_be16(&values));
}

/* A name for matching and for people: lower case, what is not printable as '?', no last dot. */
static void read_sni(struct sk_cur data, struct sk_client_hello *out)
{
	out->has_sni = true;
	struct sk_cur list = sk_carve(&data, sk_be16(&data));
	uint8_t type = sk_u8(&list);
	struct sk_cur name = sk_carve(&list, sk_be16(&list));
	if (sk_alive(&list) != SK_OK || type != SNI_HOST_NAME || out->sni_length != 0 || sk_left(&name) >= sizeof out->sni)
		return;
	struct sk_out o = sk_out_of(out->sni, sizeof out->sni - 1);
	while (sk_more(&name)) {
		uint8_t byte = sk_u8(&name);
		if (byte >= 'A' && byte <= 'Z')
			byte = (uint8_t)(byte - 'A' + 'a');
		if (byte == '.' && !sk_more(&name))
			break;
		sk_put_u8(&o, byte > 0x20 && byte < 0x7f ? byte : '?');
	}
	out->sni_length = (uint16_t)sk_out_length(&o);
}

static bool is_alphanumeric(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

void sk_hello_alpn(struct sk_cur value, char *text, size_t capacity)
{
	struct sk_out o = sk_out_of(text, capacity - 1);
	while (sk_more(&value)) {
		uint8_t byte = sk_u8(&value);
		sk_put_u8(&o, byte > 0x20 && byte < 0x7f ? byte : '?');
	}
	text[sk_out_length(&o)] = '\0';
}

/* The first value that is not GREASE: its first and last character, or those of its hex form when either is not alphanumeric. */
static void read_alpn(struct sk_cur data, struct hello *hello)
{
	static const char hex[] = "0123456789abcdef";
	struct sk_cur list = sk_carve(&data, sk_be16(&data));
	while (sk_more(&list)) {
		struct sk_cur value = sk_carve(&list, sk_u8(&list));
		size_t length = sk_left(&value);
		struct sk_cur peek = value;
		if (length == 2 && sk_is_grease(sk_be16(&peek)))
			continue;
		if (length == 0)
			return;
		uint8_t first = sk_peek_u8(&value, 0), last = sk_peek_u8(&value, length - 1);
		bool plain = is_alphanumeric(first) && is_alphanumeric(last);
		hello->lists.alpn[0] = plain ? (char)first : hex[first >> 4];
		hello->lists.alpn[1] = plain ? (char)last : hex[last & 15];
		sk_hello_alpn(value, hello->out->alpn_first, sizeof hello->out->alpn_first);
		return;
	}
}

/* DTLS versions are ones' complements: the newest is the smallest. */
static void read_versions(struct sk_cur data, struct hello *hello)
{
	struct sk_client_hello *out = hello->out;
	struct sk_cur list = sk_carve(&data, sk_u8(&data));
	bool found = false;
	while (sk_more(&list)) {
		uint16_t version = sk_be16(&list);
		if (sk_is_grease(version)) {
			out->has_grease = true;
			continue;
		}
		if (!found || (out->dtls ? version < out->highest_version : version > out->highest_version))
			out->highest_version = version;
		found = true;
	}
}

static void read_extension(struct hello *hello, uint16_t type, struct sk_cur data)
{
	add(hello, &hello->lists.extensions, type);
	switch (type) {
	case EXTENSION_SNI:
		read_sni(data, hello->out);
		break;
	case EXTENSION_CURVES:
		add_all(hello, &hello->lists.curves, sk_carve(&data, sk_be16(&data)));
		break;
	case EXTENSION_FORMATS: {
		struct sk_cur formats = sk_carve(&data, sk_u8(&data));
		while (sk_more(&formats))
			add(hello, &hello->lists.formats, sk_u8(&formats));
		break;
	}
	case EXTENSION_SIGNATURES:
		add_all(hello, &hello->lists.signatures, sk_carve(&data, sk_be16(&data)));
		break;
	case EXTENSION_ALPN:
		read_alpn(data, hello);
		break;
	case EXTENSION_VERSIONS:
		read_versions(data, hello);
		break;
	case EXTENSION_ECH:
		hello->out->has_ech = true;
		hello->out->ech_inner = sk_u8(&data) == ECH_INNER;
		break;
	case EXTENSION_ESNI:
		hello->out->has_esni = true;
		break;
	default:
		break;
	}
}

/* The body of a ClientHello. A damaged extension does not spoil the hello: its lists stay short, as they do for the server. */
static enum sk_err read_body(struct sk_cur c, struct sk_credit *credit, struct sk_client_hello *out)
{
	struct hello hello;
	hello.out = out;
	sk_hello_lists_clear(&hello.lists);
	out->legacy_version = out->highest_version = sk_be16(&c);
	sk_skip(&c, RANDOM_BYTES);
	uint8_t session_id_bytes = sk_u8(&c);
	sk_skip(&c, session_id_bytes);
	if (out->dtls)
		sk_skip(&c, sk_u8(&c)); /* cookie */
	struct sk_cur ciphers = sk_carve(&c, sk_be16(&c));
	if (sk_left(&ciphers) % 2 != 0 || session_id_bytes > SESSION_ID_MAX)
		return SK_EMALFORMED;
	add_all(&hello, &hello.lists.ciphers, ciphers);
	sk_skip(&c, sk_u8(&c)); /* compression methods */
	if (sk_alive(&c) != SK_OK)
		return SK_EMALFORMED;
	if (sk_more(&c)) {
		struct sk_cur extensions = sk_carve(&c, sk_be16(&c));
		while (sk_more(&extensions)) {
			uint16_t type = sk_be16(&extensions);
			struct sk_cur data = sk_carve(&extensions, sk_be16(&extensions));
			if (sk_alive(&extensions) == SK_OK)
				read_extension(&hello, type, data);
		}
		if (sk_done(&c) != SK_OK || sk_alive(&extensions) != SK_OK)
			return SK_EMALFORMED;
	}
	sk_hello_fingerprint(&hello.lists, credit, out);
	return SK_OK;
}

static enum sk_err settle(enum sk_err err, struct sk_client_hello *out)
{
	if (err != SK_OK)
		sk_wipe(out, sizeof *out);
	return err;
}

/* A message whose header is there. *why: what stopped it when it is not whole. */
static enum sk_err read_message(const struct sk_tls_message *message, enum sk_err why, struct sk_credit *credit, struct sk_client_hello *out)
{
	if (message->length > SK_CLIENT_HELLO_MAX_BYTES - SK_HANDSHAKE_HEADER_BYTES)
		return SK_EMALFORMED;
	return message->whole ? read_body(message->body, credit, out) : why;
}

enum sk_err sk_tls_client_hello_message(struct sk_cur bytes, bool quic, struct sk_credit *credit, struct sk_client_hello *out)
{
	*out = (struct sk_client_hello){.quic = quic};
	struct sk_tls_message message;
	enum sk_err err = sk_tls_bare_message(&bytes, SK_HANDSHAKE_CLIENT_HELLO, &message);
	return settle(err == SK_OK ? read_message(&message, SK_EMORE, credit, out) : err, out);
}

/* A hello that spans records is put together here and the copy overwritten. */
static enum sk_err read_joined(struct sk_cur stream, struct sk_credit *credit, struct sk_client_hello *out)
{
	uint8_t bytes[SK_HANDSHAKE_MAX_BYTES];
	struct sk_out joined = sk_out_of(bytes, sizeof bytes);
	struct sk_tls_records records = sk_tls_records_of(stream);
	struct sk_tls_message message;
	enum sk_err why, err = sk_tls_next_message(&records, SK_HANDSHAKE_CLIENT_HELLO, &joined, &message, &why);
	if (err == SK_OK)
		err = read_message(&message, why, credit, out);
	sk_wipe(bytes, sk_out_length(&joined));
	return err;
}

enum sk_err sk_tls_client_hello(struct sk_cur stream, struct sk_credit *credit, struct sk_client_hello *out)
{
	*out = (struct sk_client_hello){.quic = false};
	struct sk_tls_records records = sk_tls_records_of(stream);
	struct sk_tls_message message;
	enum sk_err why, err = sk_tls_next_message(&records, SK_HANDSHAKE_CLIENT_HELLO, NULL, &message, &why);
	out->record_version = records.version;
	if (err == SK_OK)
		err = read_message(&message, why, credit, out);
	else if (err == SK_ETOOBIG)
		err = read_joined(stream, credit, out);
	return settle(err, out);
}

size_t sk_tls_message_bytes(struct sk_cur stream)
{
	uint8_t bytes[SK_HANDSHAKE_MAX_BYTES];
	struct sk_out joined = sk_out_of(bytes, sizeof bytes);
	static const uint8_t kinds[] = {SK_HANDSHAKE_CLIENT_HELLO, SK_HANDSHAKE_SERVER_HELLO};
	size_t length = 0;
	for (size_t i = 0; i < SK_COUNT(kinds) && length == 0; i++) {
		struct sk_tls_records records = sk_tls_records_of(stream);
		struct sk_tls_message message;
		enum sk_err why;
		if (sk_tls_next_message(&records, kinds[i], &joined, &message, &why) == SK_OK && message.whole)
			length = sk_offset(&records.stream) - sk_offset(&stream) + records.missing_bytes;
	}
	sk_wipe(bytes, sk_out_length(&joined));
	return length;
}

enum sk_err sk_tls_client_hello_datagram(struct sk_cur datagram, struct sk_credit *credit, struct sk_client_hello *out)
{
	*out = (struct sk_client_hello){.dtls = true};
	struct sk_dtls_records records = sk_dtls_records_of(datagram);
	struct sk_dtls_message message;
	if (!sk_dtls_next_message(&records, &message) || message.type != SK_HANDSHAKE_CLIENT_HELLO)
		return settle(SK_EUNSUPPORTED, out);
	out->record_version = message.record_version;
	if (message.cut)
		return settle(SK_EMALFORMED, out);
	if (sk_left(&message.part) != message.length)
		return settle(SK_EMORE, out); /* cut into DTLS fragments: not put together */
	return settle(read_body(message.part, credit, out), out);
}
