/* SPDX-License-Identifier: Apache-2.0 */
/* Subject, issuer and serial number of a server's certificate as texts (X.509 in DER, RFC 5280), for rules that compare them: out of the connection's first bytes, in passing. What may be
   kept of a certificate is decode's to read; these texts are not. An e-mail address names a person and is left out. */
#include "signature/signature_priv.h"

enum {
	RECORD_HANDSHAKE = 22, MESSAGE_HELLO = 2, MESSAGE_CERTIFICATE = 11, RECORD_HEADER_BYTES = 5, DER_SEQUENCE = 0x30, DER_SET = 0x31, DER_INTEGER = 2, DER_OID = 6, DER_VERSION = 0xa0, SERIAL_BYTES_MAX = 64,
	NAME_BYTES_MAX = 2048
};

/* Handshake messages in records (RFC 5246 6.2.1), joined. */
static struct sk_cur join_records(struct sk_cur stream, uint8_t *bytes, size_t size)
{
	struct sk_out out = sk_out_of(bytes, size);
	while (sk_left(&stream) > RECORD_HEADER_BYTES && sk_u8(&stream) == RECORD_HANDSHAKE) {
		sk_skip(&stream, 2);
		size_t length = sk_be16(&stream);
		struct sk_cur record = sk_carve_at_most(&stream, length);
		length = sk_left(&record);
		sk_put_bytes(&out, sk_take(&record, length), length);
	}
	return sk_cur_of(bytes, sk_out_length(&out));
}

/* Before TLS a server may have said something else (STARTTLS): from its hello on. */
static struct sk_cur find_hello(struct sk_cur stream)
{
	while (sk_left(&stream) > RECORD_HEADER_BYTES && !(sk_peek_u8(&stream, 0) == RECORD_HANDSHAKE && sk_peek_u8(&stream, 1) == 3 && sk_peek_u8(&stream, RECORD_HEADER_BYTES) == MESSAGE_HELLO))
		sk_skip(&stream, 1);
	return stream;
}

/* The first certificate of the message; dead: there is none. */
static struct sk_cur find_certificate(struct sk_cur messages)
{
	while (sk_more(&messages)) {
		uint8_t type = sk_u8(&messages);
		struct sk_cur message = sk_carve_at_most(&messages, sk_be24(&messages));
		if (type != MESSAGE_CERTIFICATE)
			continue;
		sk_skip(&message, 3);
		return sk_carve(&message, sk_be24(&message));
	}
	return sk_carve(&messages, 1);
}

/* One value; dead: it is no such, or cut. */
static struct sk_cur der(struct sk_cur *c, uint8_t tag)
{
	if (sk_u8(c) != tag)
		sk_kill(c);
	size_t length = sk_u8(c);
	if (length > 0x80) {
		unsigned bytes = length & 0x7f;
		length = bytes == 1 ? sk_u8(c) : bytes == 2 ? sk_be16(c) : bytes == 3 ? sk_be24(c) : SIZE_MAX;
	}
	return sk_carve(c, length);
}

/* Attributes of 2.5.4 by their last number; NULL: left out. */
static const char *attribute(struct sk_cur oid)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {{3, "CN"}, {4, "SN"}, {5, "serialNumber"}, {6, "C"}, {7, "L"}, {8, "ST"}, {9, "STREET"}, {10, "O"}, {11, "OU"}};
	bool known = sk_left(&oid) == 3 && sk_peek_u8(&oid, 0) == 0x55 && sk_peek_u8(&oid, 1) == 4;
	for (size_t i = 0; known && i < SK_COUNT(names); i++)
		if (names[i].number == sk_peek_u8(&oid, 2))
			return names[i].name;
	return NULL;
}

/* "C=JP, O=Example, CN=www.example", in the certificate's order. */
static void put_name(struct sk_signature *s, struct scene *scene, enum sk_buffer buffer, struct sk_cur name)
{
	size_t size = sk_left(&name) * 4 < NAME_BYTES_MAX ? sk_left(&name) * 4 : NAME_BYTES_MAX;
	uint8_t *bytes = sk_scene_scratch(s, scene, size);
	struct sk_out out = sk_out_of(bytes, bytes != NULL ? size : 0);
	while (sk_more(&name)) {
		struct sk_cur set = der(&name, DER_SET);
		for (bool first = true; sk_more(&set); first = false) {
			struct sk_cur pair = der(&set, DER_SEQUENCE), oid = der(&pair, DER_OID), value = pair;
			const char *known = attribute(oid);
			value = der(&pair, sk_peek_u8(&pair, 0));
			if (known == NULL)
				continue;
			if (sk_out_length(&out) != 0)
				sk_put_bytes(&out, first ? ", " : " + ", first ? 2 : 3);
			size_t length = sk_left(&value);
			sk_put_bytes(&out, known, strlen(known));
			sk_put_u8(&out, '=');
			sk_put_bytes(&out, sk_take(&value, length), length);
		}
	}
	if (bytes != NULL && !out.dead)
		sk_scene_put(scene, buffer, sk_cur_of(bytes, sk_out_length(&out)));
}

static void put_serial(struct sk_signature *s, struct scene *scene, struct sk_cur serial)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t size = 3 * (size_t)SERIAL_BYTES_MAX;
	uint8_t *bytes = sk_scene_scratch(s, scene, size);
	struct sk_out out = sk_out_of(bytes, bytes != NULL ? size : 0);
	while (sk_more(&serial)) {
		uint8_t byte = sk_u8(&serial);
		if (sk_out_length(&out) != 0)
			sk_put_u8(&out, ':');
		sk_put_u8(&out, (uint8_t)digits[byte >> 4]);
		sk_put_u8(&out, (uint8_t)digits[byte & 15]);
	}
	if (bytes != NULL && !out.dead)
		sk_scene_put(scene, SK_BUFFER_CERT_SERIAL, sk_cur_of(bytes, sk_out_length(&out)));
}

void sk_cert_scene(struct sk_signature *s, struct scene *scene, struct sk_cur stream)
{
	size_t size = sk_left(&stream) + 1;
	uint8_t *bytes = sk_scene_scratch(s, scene, size);
	if (bytes == NULL)
		return;
	struct sk_cur certificate = find_certificate(join_records(find_hello(stream), bytes, size)), whole = der(&certificate, DER_SEQUENCE), body = der(&whole, DER_SEQUENCE);
	if (sk_peek_u8(&body, 0) == DER_VERSION)
		(void)der(&body, DER_VERSION);
	struct sk_cur serial = der(&body, DER_INTEGER);
	(void)der(&body, DER_SEQUENCE);
	struct sk_cur issuer = der(&body, DER_SEQUENCE);
	(void)der(&body, DER_SEQUENCE);
	struct sk_cur subject = der(&body, DER_SEQUENCE);
	if (sk_alive(&body) != SK_OK)
		return;
	put_serial(s, scene, serial);
	put_name(s, scene, SK_BUFFER_CERT_ISSUER, issuer);
	put_name(s, scene, SK_BUFFER_CERT_SUBJECT, subject);
}
