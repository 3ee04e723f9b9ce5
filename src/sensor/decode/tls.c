/* SPDX-License-Identifier: Apache-2.0 */
/* The ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), over TLS records, DTLS records (RFC 6347) or alone (QUIC).

   record:     type 22, version (2), length (2), fragment          handshake:  type 1, length (3), then
   hello:      version (2), random (32), session id <1>, [DTLS: cookie <1>,] cipher suites <2>, compression <1>, extensions <2>
   extension:  type (2), data <2>                                  <n> = a vector behind a length of n bytes */
#include "decode/hello_priv.h"

enum {
	RECORD_HANDSHAKE = 22, RECORD_HEADER_BYTES = 5, RECORD_MAX = 16384, HANDSHAKE_HEADER_BYTES = 4, HANDSHAKE_CLIENT_HELLO = 1,
	VERSION_MAJOR = 3, VERSION_MINOR_MAX = 4, RANDOM_BYTES = 32, SESSION_ID_MAX = 32, VERSION_DTLS_OLD = 0x0100,
	EXTENSION_SNI = 0, EXTENSION_CURVES = 10, EXTENSION_FORMATS = 11, EXTENSION_SIGNATURES = 13, EXTENSION_ALPN = 16, EXTENSION_VERSIONS = 43,
	EXTENSION_ECH = 0xfe0d, SNI_HOST_NAME = 0
};

/* RFC 8701: 0x0a0a, 0x1a1a, … 0xfafa. */
static bool is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

struct hello {
	struct sk_client_hello *out;
	struct sk_hello_lists lists;
};

static void add(struct hello *hello, struct sk_hello_list *list, uint16_t value)
{
	if (is_grease(value))
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

/* The first value that is not GREASE: its first and last character, or those of its hex form when either is not alphanumeric. */
static void read_alpn(struct sk_cur data, struct hello *hello)
{
	static const char hex[] = "0123456789abcdef";
	struct sk_cur list = sk_carve(&data, sk_be16(&data));
	while (sk_more(&list)) {
		struct sk_cur value = sk_carve(&list, sk_u8(&list));
		size_t length = sk_left(&value);
		struct sk_cur peek = value;
		if (length == 2 && is_grease(sk_be16(&peek)))
			continue;
		if (length == 0)
			return;
		uint8_t first = sk_peek_u8(&value, 0), last = sk_peek_u8(&value, length - 1);
		bool plain = is_alphanumeric(first) && is_alphanumeric(last);
		hello->lists.alpn[0] = plain ? (char)first : hex[first >> 4];
		hello->lists.alpn[1] = plain ? (char)last : hex[last & 15];
		struct sk_out o = sk_out_of(hello->out->alpn_first, sizeof hello->out->alpn_first - 1);
		while (sk_more(&value)) {
			uint8_t byte = sk_u8(&value);
			sk_put_u8(&o, byte > 0x20 && byte < 0x7f ? byte : '?');
		}
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
		if (is_grease(version)) {
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
		break;
	default:
		break;
	}
}

/* The body of a ClientHello. A damaged extension does not spoil the hello: its lists stay short, as they do for the server. */
static enum sk_err read_body(struct sk_cur c, struct sk_client_hello *out)
{
	struct hello hello = {.out = out, .lists = {.alpn = {'0', '0'}}};
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
	sk_hello_fingerprint(&hello.lists, out);
	return SK_OK;
}

/* The handshake message; *out is zero but for record_version, quic and dtls. */
static enum sk_err read_message(struct sk_cur c, struct sk_client_hello *out)
{
	if (!sk_more(&c))
		return SK_EMORE;
	if (sk_u8(&c) != HANDSHAKE_CLIENT_HELLO)
		return SK_EUNSUPPORTED;
	if (sk_left(&c) < HANDSHAKE_HEADER_BYTES - 1)
		return SK_EMORE;
	uint32_t length = sk_be24(&c);
	if (length > SK_CLIENT_HELLO_MAX_BYTES - HANDSHAKE_HEADER_BYTES)
		return SK_EMALFORMED;
	if (sk_left(&c) < length)
		return SK_EMORE;
	return read_body(sk_carve(&c, length), out);
}

static enum sk_err settle(enum sk_err err, struct sk_client_hello *out)
{
	if (err != SK_OK)
		sk_wipe(out, sizeof *out);
	return err;
}

enum sk_err sk_tls_client_hello_message(struct sk_cur message, bool quic, struct sk_client_hello *out)
{
	*out = (struct sk_client_hello){.quic = quic};
	return settle(read_message(message, out), out);
}

/* Is this the start of a handshake record that begins with a ClientHello, as far as it goes? */
static bool looks_like_hello(const struct sk_cur *stream)
{
	size_t left = sk_left(stream);
	return sk_peek_u8(stream, 0) == RECORD_HANDSHAKE && (left < 2 || sk_peek_u8(stream, 1) == VERSION_MAJOR) &&
	       (left < 3 || sk_peek_u8(stream, 2) <= VERSION_MINOR_MAX) &&
	       (left <= RECORD_HEADER_BYTES || sk_peek_u8(stream, RECORD_HEADER_BYTES) == HANDSHAKE_CLIENT_HELLO);
}

/* The fragment of the next record: as much as is there. *whole says if that is all of it. */
static enum sk_err next_record(struct sk_cur *stream, struct sk_cur *fragment, uint16_t *version, bool *whole)
{
	if (sk_left(stream) < RECORD_HEADER_BYTES)
		return SK_EMORE;
	if (sk_u8(stream) != RECORD_HANDSHAKE)
		return SK_EMALFORMED; /* RFC 8446 5.1: nothing may stand between the records of one message */
	*version = sk_be16(stream);
	uint16_t length = sk_be16(stream);
	if (*version >> 8 != VERSION_MAJOR || length == 0 || length > RECORD_MAX)
		return SK_EMALFORMED;
	*fragment = sk_carve_at_most(stream, length);
	*whole = sk_left(fragment) == length;
	return SK_OK;
}

/* A hello that spans records is put together here and the copy overwritten. */
static enum sk_err read_split(struct sk_cur fragment, struct sk_cur stream, struct sk_client_hello *out)
{
	uint8_t joined[SK_CLIENT_HELLO_MAX_BYTES];
	struct sk_out o = sk_out_of(joined, sizeof joined);
	bool whole = true;
	enum sk_err err;
	for (;;) {
		size_t length = sk_left(&fragment);
		sk_put_bytes(&o, sk_take(&fragment, length), length);
		struct sk_client_hello fresh = {.record_version = out->record_version};
		*out = fresh;
		err = sk_out_done(&o) == SK_OK ? read_message(sk_cur_of(joined, sk_out_length(&o)), out) : SK_EMALFORMED;
		if (err != SK_EMORE || !whole)
			break;
		uint16_t version = 0;
		enum sk_err record = next_record(&stream, &fragment, &version, &whole);
		if (record != SK_OK) {
			err = record;
			break;
		}
	}
	sk_wipe(joined, sk_out_length(&o));
	return err;
}

enum sk_err sk_tls_client_hello(struct sk_cur stream, struct sk_client_hello *out)
{
	*out = (struct sk_client_hello){.quic = false};
	if (!sk_more(&stream))
		return SK_EMORE;
	if (!looks_like_hello(&stream))
		return SK_EUNSUPPORTED;
	struct sk_cur fragment;
	bool whole = false;
	enum sk_err err = next_record(&stream, &fragment, &out->record_version, &whole);
	if (err == SK_OK)
		err = read_message(fragment, out);
	if (err == SK_EMORE && whole)
		err = read_split(fragment, stream, out);
	return settle(err, out);
}

/* record: type 22, version (2), epoch (2), sequence (6), length (2).  handshake: type 1, length (3), sequence (2), offset (3), length (3) */
enum sk_err sk_tls_client_hello_datagram(struct sk_cur datagram, struct sk_client_hello *out)
{
	*out = (struct sk_client_hello){.dtls = true};
	uint8_t type = sk_u8(&datagram);
	out->record_version = sk_be16(&datagram);
	if (type != RECORD_HANDSHAKE || (out->record_version >> 8 != 0xfe && out->record_version != VERSION_DTLS_OLD))
		return settle(SK_EUNSUPPORTED, out);
	uint16_t epoch = sk_be16(&datagram);
	sk_skip(&datagram, 6);
	struct sk_cur record = sk_carve(&datagram, sk_be16(&datagram));
	uint8_t message = sk_u8(&record);
	uint32_t length = sk_be24(&record);
	sk_skip(&record, 2);
	uint32_t offset = sk_be24(&record), part = sk_be24(&record);
	if (epoch != 0 || (sk_alive(&record) == SK_OK && message != HANDSHAKE_CLIENT_HELLO))
		return settle(SK_EUNSUPPORTED, out);
	if (offset != 0 || part != length)
		return settle(SK_EMORE, out); /* cut into DTLS fragments: not put together */
	struct sk_cur body = sk_carve(&record, length);
	return settle(sk_alive(&record) != SK_OK ? SK_EMALFORMED : read_body(body, out), out);
}
