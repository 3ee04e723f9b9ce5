/* SPDX-License-Identifier: Apache-2.0 */
/* STUN and TURN (RFC 8489, RFC 8656).

    0 0 M M M M M  C  M M M  C  M M M M     then  length of attributes (2), magic cookie (4), transaction (12)
        11-7       1  6 5 4  0  3 2 1 0     attribute: type (2), length (2), value, padding to 4

   Read: the type and ERROR-CODE. User names, realms, software names and addresses are stepped over. RFC 3489 had no cookie. */
#include "decode/command_priv.h"

enum {
	TRANSACTION_BYTES = 12, HEADER_BYTES = 20, MESSAGE_MAX = 4096, TYPE_END = 0x4000, FRAME_BYTES = 2, COOKIE_END = 8,
	BINDING = 1, ATTRIBUTE_ERROR_CODE = 9,
	CLASS_MASK = 0x0110, CLASS_SUCCESS = 0x0100, CLASS_ERROR = 0x0110
};

/* RFC 8489 section 14.8: 21 zero bits, class (3), number (8), reason phrase. */
static uint16_t error_code(struct sk_cur value)
{
	uint32_t word = sk_be32(&value);
	unsigned hundreds = word >> 8 & 7, number = word & 0xff;
	return (uint16_t)(hundreds * 100 + number);
}

/* The last attribute of some programs lacks its padding. */
static enum sk_err read_attributes(struct sk_cur attributes, struct sk_command *out)
{
	while (sk_more(&attributes)) {
		uint16_t type = sk_be16(&attributes), length = sk_be16(&attributes);
		struct sk_cur value = sk_carve(&attributes, length);
		(void)sk_carve_at_most(&attributes, -length & 3);
		if (sk_alive(&attributes) == SK_OK && type == ATTRIBUTE_ERROR_CODE && out->error)
			out->status = error_code(value);
	}
	return sk_alive(&attributes) == SK_OK ? SK_OK : SK_EMALFORMED;
}

/* Before the cookie there was only the binding (RFC 3489 section 11.1): believed at its port, when the datagram is as long as it says. */
static bool is_classic(uint16_t type, uint16_t length, size_t left, struct sk_command_context context)
{
	return context.hinted && context.ip_proto == SK_COMMAND_UDP && (type & ~CLASS_MASK) == BINDING && left == length;
}

static enum sk_err read_message(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	size_t left = sk_left(&bytes);
	struct sk_cur c = bytes;
	uint16_t type = sk_be16(&c), length = sk_be16(&c);
	uint32_t cookie = sk_be32(&c);
	if (left < HEADER_BYTES)
		return context.hinted && (left < COOKIE_END || cookie == SK_STUN_COOKIE) ? sk_command_short(context) : SK_EUNSUPPORTED;
	sk_skip(&c, TRANSACTION_BYTES);
	left -= HEADER_BYTES;
	if (type >= TYPE_END || length > MESSAGE_MAX || (cookie != SK_STUN_COOKIE && !is_classic(type, length, left, context)) ||
	    (!context.hinted && context.ip_proto == SK_COMMAND_UDP && left != length))
		return SK_EUNSUPPORTED;
	if (left < length)
		return sk_command_short(context);
	out->version = cookie == SK_STUN_COOKIE;
	out->code = type;
	out->detail = (uint16_t)((type & 0x3e00) >> 2 | (type & 0x00e0) >> 1 | (type & 0x000f));
	out->response = (type & CLASS_SUCCESS) != 0;
	out->error = (type & CLASS_MASK) == CLASS_ERROR;
	return read_attributes(sk_carve(&c, length), out);
}

/* ICE over TCP puts a length in front (RFC 4571): as long as the message says, with its header. */
static bool is_framed(struct sk_cur c)
{
	uint16_t frame = sk_be16(&c);
	sk_skip(&c, 2);
	uint16_t length = sk_be16(&c);
	return sk_be32(&c) == SK_STUN_COOKIE && frame == length + HEADER_BYTES;
}

enum sk_err sk_stun_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	if (sk_peek_u8(&bytes, 0) >= TYPE_END >> 8)
		return SK_EUNSUPPORTED;
	if (context.ip_proto == SK_COMMAND_TCP && is_framed(bytes))
		sk_skip(&bytes, FRAME_BYTES);
	else if (context.ip_proto == SK_COMMAND_TCP && context.hinted && sk_left(&bytes) < FRAME_BYTES + COOKIE_END)
		return SK_EMORE;
	return sk_command_settle(read_message(bytes, context, out), out);
}
