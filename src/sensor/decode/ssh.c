/* SPDX-License-Identifier: Apache-2.0 */
/* The start of an SSH stream (RFC 4253 sections 4.2, 6, 7.1; RFC 4251 section 5).

   identification:  SSH-protoversion-softwareversion SP comments CR LF      a server may send other lines before it
   packet:          length (4), padding length (1), payload, padding        (no encryption and no MAC yet)
   KEXINIT:         20, cookie (16), ten name-lists: length (4), names joined by commas

   HASSH (Salesforce, BSD-3): MD5 of "key exchange;encryption;MAC;compression", the lists of client to server; hasshServer: of server to client. */
#include "decode/digest_priv.h"
#include "decode/ssh.h"
#include "text/text.h"

enum {
	LINES_BEFORE_MAX = 64, LINE_MAX_BYTES = 1024, IDENTIFICATION_MAX_BYTES = 255, PACKET_MIN = 12, PADDING_MIN = 4, MESSAGE_KEXINIT = 20,
	COOKIE_BYTES = 16, MD5_BYTES = 16, VERSION_2 = 2, BOTH_VERSIONS = 99
};

/* The name-lists in the order of the message. */
enum list {
	KEX, HOST_KEY, CIPHER_TO_SERVER, CIPHER_TO_CLIENT, MAC_TO_SERVER, MAC_TO_CLIENT, COMPRESSION_TO_SERVER, COMPRESSION_TO_CLIENT,
	LANGUAGE_TO_SERVER, LANGUAGE_TO_CLIENT, LIST_COUNT
};

static const char magic[] = "SSH-";

/* Take one line; its LF and a CR before it are left out. SK_EMORE: not whole. */
static enum sk_err take_line(struct sk_cur *c, struct sk_cur *line)
{
	size_t left = sk_left(c);
	const uint8_t *found = left != 0 ? memchr(c->at, '\n', left) : NULL;
	if (found == NULL)
		return left < LINE_MAX_BYTES ? SK_EMORE : SK_EMALFORMED;
	*line = sk_carve(c, (size_t)(found - c->at));
	sk_skip(c, 1);
	size_t length = sk_left(line);
	if (length > LINE_MAX_BYTES)
		return SK_EMALFORMED;
	if (length != 0 && sk_peek_u8(line, length - 1) == '\r')
		*line = sk_carve(line, length - 1);
	return SK_OK;
}

static bool is_text(struct sk_cur line)
{
	while (sk_more(&line)) {
		uint8_t byte = sk_u8(&line);
		if (byte < 0x20 && byte != '\t')
			return false;
	}
	return true;
}

/* Up to three digits, then `end`. */
static bool take_number(struct sk_cur *c, uint8_t end, uint8_t *out)
{
	unsigned value = 0, digits = 0;
	for (; sk_peek_u8(c, 0) >= '0' && sk_peek_u8(c, 0) <= '9' && digits < 3; digits++)
		value = value * 10 + (unsigned)(sk_u8(c) - '0');
	*out = (uint8_t)value;
	return digits != 0 && value <= UINT8_MAX && sk_u8(c) == end;
}

/* The line behind "SSH-". The comment, from the first space on, is left out. */
static enum sk_err read_identification(struct sk_cur c, struct sk_ssh *out)
{
	if (!take_number(&c, '.', &out->major) || !take_number(&c, '-', &out->minor) || !sk_more(&c) || sk_peek_u8(&c, 0) == ' ')
		return SK_EMALFORMED;
	struct sk_out o = sk_out_of(out->software, sizeof out->software - 1);
	for (uint8_t byte = sk_u8(&c); byte > 0x20; byte = sk_u8(&c))
		sk_put_u8(&o, byte < 0x7f ? byte : '?');
	out->has_banner = true;
	return SK_OK;
}

/* Find and read the identification; *c ends behind it. */
static enum sk_err find_identification(struct sk_cur *c, bool server, struct sk_ssh *out)
{
	for (unsigned lines = 0; lines < (server ? LINES_BEFORE_MAX : 1); lines++) {
		size_t left = sk_left(c), compared = left < sizeof magic - 1 ? left : sizeof magic - 1;
		struct sk_cur start = *c, line;
		bool ours = memcmp(sk_take(&start, compared), magic, compared) == 0;
		if (!ours && !server)
			return SK_EUNSUPPORTED;
		enum sk_err err = take_line(c, &line);
		if (err != SK_OK)
			return err == SK_EMORE || ours ? err : SK_EUNSUPPORTED;
		if (ours) {
			sk_skip(&line, sizeof magic - 1);
			return sk_left(&line) <= IDENTIFICATION_MAX_BYTES ? read_identification(line, out) : SK_EMALFORMED;
		}
		if (!is_text(line))
			return SK_EUNSUPPORTED;
	}
	return SK_EUNSUPPORTED;
}

static enum sk_err read_kexinit(struct sk_cur c, bool server, struct sk_ssh *out)
{
	struct sk_cur lists[LIST_COUNT];
	sk_skip(&c, COOKIE_BYTES);
	for (unsigned i = 0; i < LIST_COUNT; i++)
		lists[i] = sk_carve(&c, sk_be32(&c));
	if (sk_alive(&c) != SK_OK)
		return SK_EMALFORMED;
	const enum list chosen[] = {KEX, server ? CIPHER_TO_CLIENT : CIPHER_TO_SERVER, server ? MAC_TO_CLIENT : MAC_TO_SERVER,
				    server ? COMPRESSION_TO_CLIENT : COMPRESSION_TO_SERVER};
	uint8_t text[SK_SSH_MAX_BYTES], digest[SK_DIGEST_MAX_BYTES];
	struct sk_out o = sk_out_of(text, sizeof text);
	for (unsigned i = 0; i < SK_COUNT(chosen); i++) {
		size_t length = sk_left(&lists[chosen[i]]);
		if (i != 0)
			sk_put_u8(&o, ';');
		sk_put_bytes(&o, sk_take(&lists[chosen[i]], length), length);
	}
	if (sk_out_done(&o) == SK_OK && sk_digest(SK_DIGEST_MD5, text, sk_out_length(&o), digest))
		sk_hex_encode(digest, MD5_BYTES, out->hassh);
	out->has_kexinit = true;
	return SK_OK;
}

/* The first binary packet. */
static enum sk_err read_packet(struct sk_cur c, bool server, struct sk_ssh *out)
{
	if (sk_left(&c) < 6)
		return SK_EMORE;
	uint32_t length = sk_be32(&c);
	if (length < PACKET_MIN || length > SK_SSH_MAX_BYTES)
		return SK_EMALFORMED;
	if (sk_left(&c) < length)
		return sk_peek_u8(&c, 1) == MESSAGE_KEXINIT ? SK_EMORE : SK_EMALFORMED;
	struct sk_cur packet = sk_carve(&c, length);
	uint8_t padding = sk_u8(&packet);
	if (padding < PADDING_MIN || padding + 2u > length || sk_u8(&packet) != MESSAGE_KEXINIT)
		return SK_EMALFORMED;
	return read_kexinit(sk_carve(&packet, length - padding - 2), server, out);
}

enum sk_err sk_ssh_head(struct sk_cur stream, bool server, struct sk_ssh *out)
{
	sk_wipe(out, sizeof *out);
	if (!server && sk_more(&stream) && sk_peek_u8(&stream, 0) != (uint8_t)magic[0])
		return SK_EUNSUPPORTED;
	struct sk_cur c = sk_carve_at_most(&stream, SK_SSH_MAX_BYTES);
	bool full = sk_more(&stream);
	if (!sk_more(&c))
		return SK_EMORE;
	enum sk_err err = find_identification(&c, server, out);
	if (err == SK_OK && (out->major >= VERSION_2 || out->minor == BOTH_VERSIONS))
		err = read_packet(c, server, out);
	return err == SK_EMORE && full ? SK_EMALFORMED : err;
}
