/* SPDX-License-Identifier: Apache-2.0 */
/* The connection request of RDP and its answer (MS-RDPBCGR 2.2.1.1, 2.2.1.2; X.224 section 13.3; RFC 1006).

   TPKT: 3, 0, length (2)     X.224: length indicator (1), E0 request or D0 confirm (1), references (2 + 2), class (1)
   request:  [cookie or routing token, ending in CR LF] [1, flags (1), length 8 (2, little-endian), protocols (4, little-endian)]
   confirm:  [2, flags, length 8, selected protocol (4)] or [3, flags, length 8, failure code (4)]

   The cookie holds a user's name (mstshash): only the last two bytes in front of the negotiation are looked at.

   Over UDP the first datagram each way (MS-RDPEUDP 2.2.2.1, 3.1.5.1.1): acknowledged (4), window (2), flags (2) with SYN; sequence (4), two MTUs of
   1132 to 1232 (2 + 2), padding up to the MTU. The client's acknowledges FF FF FF FF. */
#include "decode/command_priv.h"

enum {
	TPKT_VERSION = 3, TPKT_BYTES = 4, X224_BYTES = 7, LENGTH_MAX = 512, CODE_REQUEST = 0xe0, CODE_CONFIRM = 0xd0, NEGOTIATION_BYTES = 8,
	NEGOTIATION_REQUEST = 1, NEGOTIATION_RESPONSE = 2, NEGOTIATION_FAILURE = 3, PROTOCOLS_MAX = 0x1f, FAILURE_MAX = 6, CORRELATION = 8,
	CORRELATION_BYTES = 36, CRLF = 0x0d0a, UDP_SYN = 1, UDP_ACK = 4, UDP_MTU_MIN = 1132, UDP_MTU_MAX = 1232, CODE_UDP = 0x100
};

/* The negotiation, in front of an optional correlation identifier. False: these eight bytes are none. */
static bool read_negotiation(struct sk_cur c, struct sk_command *out)
{
	uint8_t type = sk_u8(&c), flags = sk_u8(&c);
	uint16_t length = sk_le16(&c);
	uint32_t value = sk_le32(&c);
	if (length != NEGOTIATION_BYTES || sk_alive(&c) != SK_OK)
		return false;
	if (out->code == CODE_REQUEST) {
		if (type != NEGOTIATION_REQUEST || value > PROTOCOLS_MAX || sk_left(&c) != ((flags & CORRELATION) != 0 ? CORRELATION_BYTES : 0))
			return false;
		out->detail = (uint16_t)value;
		return true;
	}
	out->error = type == NEGOTIATION_FAILURE;
	if (out->error ? value == 0 || value > FAILURE_MAX : type != NEGOTIATION_RESPONSE || value > PROTOCOLS_MAX)
		return false;
	*(out->error ? &out->status : &out->detail) = (uint16_t)value;
	return !sk_more(&c);
}

static bool is_line(struct sk_cur c)
{
	size_t left = sk_left(&c);
	sk_skip(&c, left < 2 ? 0 : left - 2);
	return sk_be16(&c) == CRLF;
}

/* What stands behind the class: nothing, a line, a negotiation, or a line and a negotiation. */
static enum sk_err read_data(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	static const size_t tails[] = {NEGOTIATION_BYTES, NEGOTIATION_BYTES + CORRELATION_BYTES};
	size_t left = sk_left(&c);
	for (size_t i = 0; i < SK_COUNT(tails); i++) {
		if (left < tails[i])
			continue;
		struct sk_cur tail = c, line = sk_carve(&tail, left - tails[i]);
		if (read_negotiation(tail, out))
			return !sk_more(&line) || (out->code == CODE_REQUEST && is_line(line)) ? SK_OK : SK_EUNSUPPORTED;
	}
	out->error = false;
	return context.hinted && (left == 0 || (out->code == CODE_REQUEST && is_line(c))) ? SK_OK : SK_EUNSUPPORTED;
}

static bool is_mtu(uint16_t mtu)
{
	return mtu >= UDP_MTU_MIN && mtu <= UDP_MTU_MAX;
}

static enum sk_err read_datagram(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	size_t length = sk_left(&c);
	uint32_t acknowledged = sk_be32(&c);
	sk_skip(&c, 2);
	uint16_t flags = sk_be16(&c);
	sk_skip(&c, 4);
	uint16_t up = sk_be16(&c), down = sk_be16(&c);
	bool first = acknowledged == UINT32_MAX && (flags & UDP_ACK) == 0;
	if (length < UDP_MTU_MIN || length > UDP_MTU_MAX || (flags & UDP_SYN) == 0 || !is_mtu(up) || !is_mtu(down) || (!first && !context.hinted))
		return SK_EUNSUPPORTED;
	out->code = CODE_UDP | (flags & (UDP_SYN | UDP_ACK));
	out->response = (flags & UDP_ACK) != 0;
	return first || out->response ? SK_OK : SK_EUNSUPPORTED;
}

static enum sk_err read_stream(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	struct sk_cur c = bytes;
	uint8_t version = sk_u8(&c), reserved = sk_u8(&c);
	uint16_t length = sk_be16(&c);
	uint8_t indicator = sk_u8(&c), code = sk_u8(&c);
	if (sk_alive(&c) != SK_OK)
		return context.hinted && sk_peek_u8(&bytes, 0) == TPKT_VERSION && sk_peek_u8(&bytes, 1) == 0 ? SK_EMORE : SK_EUNSUPPORTED;
	if (version != TPKT_VERSION || reserved != 0 || length < TPKT_BYTES + X224_BYTES || length > LENGTH_MAX ||
	    indicator != length - TPKT_BYTES - 1 || (code != CODE_REQUEST && code != CODE_CONFIRM))
		return SK_EUNSUPPORTED;
	if (sk_left(&bytes) < length)
		return SK_EMORE;
	sk_skip(&c, X224_BYTES - 2);
	out->code = code;
	out->response = code == CODE_CONFIRM;
	return read_data(sk_carve(&c, length - TPKT_BYTES - X224_BYTES), context, out);
}

enum sk_err sk_rdp_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(context.ip_proto == SK_COMMAND_TCP ? read_stream(bytes, context, out) : read_datagram(bytes, context, out), out);
}
