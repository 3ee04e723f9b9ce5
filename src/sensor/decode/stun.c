/* SPDX-License-Identifier: Apache-2.0 */
/* STUN and TURN (RFC 8489, RFC 8656).

    0 0 M M M M M  C  M M M  C  M M M M     then  length of attributes (2), magic cookie (4), transaction (12)
        11-7       1  6 5 4  0  3 2 1 0     attribute: type (2), length (2), value, padding to 4

   Read: the type and ERROR-CODE. User names, realms, software names and addresses are stepped over. RFC 3489 (no cookie) is not recognised. */
#include "decode/command_priv.h"

enum { COOKIE = 0x2112a442, TRANSACTION_BYTES = 12, CLASS_MASK = 0x0110, CLASS_SUCCESS = 0x0100, CLASS_ERROR = 0x0110, ATTRIBUTE_ERROR_CODE = 9,
       HEADER_BYTES = 20, MESSAGE_MAX = 4096 };

/* RFC 8489 section 14.8: 21 zero bits, class (3), number (8), reason phrase. */
static uint16_t error_code(struct sk_cur value)
{
	uint32_t word = sk_be32(&value);
	unsigned hundreds = word >> 8 & 7, number = word & 0xff;
	return (uint16_t)(hundreds * 100 + number);
}

static enum sk_err read_attributes(struct sk_cur attributes, struct sk_command *out)
{
	while (sk_more(&attributes)) {
		uint16_t type = sk_be16(&attributes), length = sk_be16(&attributes);
		struct sk_cur value = sk_carve(&attributes, length);
		sk_skip(&attributes, -length & 3);
		if (sk_alive(&attributes) == SK_OK && type == ATTRIBUTE_ERROR_CODE && out->error)
			out->status = error_code(value);
	}
	return sk_alive(&attributes) == SK_OK ? SK_OK : SK_EMALFORMED;
}

enum sk_err sk_stun_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.version = 1};
	struct sk_cur c = bytes;
	if (sk_peek_u8(&c, 0) >= 0x40 || (sk_left(&c) > 3 && (sk_peek_u8(&c, 3) & 3) != 0))
		return sk_command_settle(SK_EUNSUPPORTED, out);
	uint16_t type = sk_be16(&c), length = sk_be16(&c);
	if (sk_left(&c) >= 4 && sk_be32(&c) != COOKIE)
		return sk_command_settle(SK_EUNSUPPORTED, out);
	if (sk_left(&bytes) < HEADER_BYTES)
		return sk_command_settle(context.hinted ? sk_command_short(context) : SK_EUNSUPPORTED, out);
	sk_skip(&c, TRANSACTION_BYTES);
	if (length > MESSAGE_MAX)
		return sk_command_settle(SK_EMALFORMED, out);
	if (sk_left(&c) < length)
		return sk_command_settle(sk_command_short(context), out);
	out->code = type;
	out->detail = (uint16_t)((type & 0x3e00) >> 2 | (type & 0x00e0) >> 1 | (type & 0x000f));
	out->response = (type & CLASS_SUCCESS) != 0;
	out->error = (type & CLASS_MASK) == CLASS_ERROR;
	return sk_command_settle(read_attributes(sk_carve(&c, length), out), out);
}
