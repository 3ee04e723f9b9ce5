/* SPDX-License-Identifier: Apache-2.0 */
/* Kerberos V5 (RFC 4120 section 5; DER). Over TCP a length (4) stands in front (section 7.2.2).

   AS-REQ, TGS-REQ   [APPLICATION 10, 12] SEQUENCE { [1] pvno 5, [2] msg-type, [3] padata, [4] req-body SEQUENCE { ... [8] SEQUENCE OF etype ... } }
   AS-REP, TGS-REP   [APPLICATION 11, 13] SEQUENCE { [0] pvno 5, [1] msg-type, ... [6] enc-part SEQUENCE { [0] etype ... } }
   KRB-ERROR         [APPLICATION 30]     SEQUENCE { [0] pvno 5, [1] msg-type, ... [6] error-code ... }

   Read: the type, the first encryption type, the error. Realms, principals, tickets and times are stepped over. */
#include "decode/ber_priv.h"
#include "decode/command_priv.h"

enum {
	TAG_APPLICATION = 0x60, TAG_NUMBER = 0x1f, VERSION = 5, TCP_LENGTH_BYTES = 4, MESSAGE_MAX = 1 << 16, HEAD_BYTES = 4,
	AS_REQ = 10, AS_REP = 11, TGS_REQ = 12, TGS_REP = 13, AP_REQ = 14, AP_REP = 15, KRB_ERROR = 30,
	MEMBERS_MAX = 12, BODY = 4, BODY_ETYPE = 8, REPLY_ENC_PART = 6, ERROR_CODE = 6
};

static bool is_message_type(unsigned type)
{
	return (type >= AS_REQ && type <= AP_REP) || type == KRB_ERROR;
}

/* Step over members up to the one with this number and carve it; dead when it is not there. Numbers ascend, so there are few to step over: more is a
   message that wants to be read for long, and often. */
static struct sk_cur find_member(struct sk_cur *c, uint8_t number, bool *cut)
{
	for (unsigned i = 0; sk_more(c) && (sk_peek_u8(c, 0) & TAG_NUMBER) != number; i++) {
		if (i == MEMBERS_MAX)
			sk_kill(c);
		sk_ber_skip(c);
	}
	return sk_ber_take_cut(c, (uint8_t)(SK_BER_CONTEXT | number), cut);
}

static int32_t explicit_integer(struct sk_cur *c, uint8_t number)
{
	struct sk_cur member = sk_ber_take(c, (uint8_t)(SK_BER_CONTEXT | number));
	int32_t value = sk_ber_integer(&member);
	if (sk_done(&member) != SK_OK)
		sk_kill(c);
	return value;
}

/* What is only in some messages. *cut: bytes are missing somewhere. False: it is not as it should be. */
static bool read_rest(struct sk_cur c, struct sk_command *out, bool *cut)
{
	struct sk_cur member, inner;
	switch (out->code) {
	case AS_REQ:
	case TGS_REQ:
		member = find_member(&c, BODY, cut);
		inner = sk_ber_take_cut(&member, SK_BER_SEQUENCE, cut);
		member = find_member(&inner, BODY_ETYPE, cut);
		inner = sk_ber_take_cut(&member, SK_BER_SEQUENCE, cut);
		out->detail = (uint16_t)sk_ber_integer(&inner);
		return sk_alive(&inner) == SK_OK;
	case AS_REP:
	case TGS_REP:
		member = find_member(&c, REPLY_ENC_PART, cut);
		inner = sk_ber_take_cut(&member, SK_BER_SEQUENCE, cut);
		member = sk_ber_take(&inner, SK_BER_CONTEXT);
		out->detail = (uint16_t)sk_ber_integer(&member);
		return sk_alive(&member) == SK_OK;
	case KRB_ERROR:
		member = find_member(&c, ERROR_CODE, cut);
		out->status = (uint16_t)sk_ber_integer(&member);
		out->error = true;
		return sk_alive(&member) == SK_OK;
	default:
		return true;
	}
}

/* The message: as long as the datagram or the length in front of it. */
static enum sk_err read_message(struct sk_cur c, struct sk_command_context context, uint32_t framed_length, struct sk_command *out)
{
	uint8_t tag;
	uint32_t header_bytes = (uint32_t)sk_left(&c);
	uint32_t length = sk_ber_header(&c, &tag);
	header_bytes -= (uint32_t)sk_left(&c);
	if (sk_alive(&c) != SK_OK || length + header_bytes != framed_length)
		return SK_EUNSUPPORTED;
	bool cut = sk_left(&c) < length;
	struct sk_cur sequence = sk_ber_take_cut(&c, SK_BER_SEQUENCE, &cut);
	uint8_t first = (sk_peek_u8(&sequence, 0) & TAG_NUMBER) == 1 ? 1 : 0; /* requests count from 1 */
	int32_t version = explicit_integer(&sequence, first), type = explicit_integer(&sequence, (uint8_t)(first + 1));
	if (sk_alive(&sequence) != SK_OK && cut)
		return sk_command_short(context);
	if (sk_alive(&sequence) != SK_OK || version != VERSION || type != (tag & TAG_NUMBER))
		return SK_EUNSUPPORTED;
	out->version = VERSION;
	out->code = (uint16_t)type;
	out->response = type == AS_REP || type == TGS_REP || type == AP_REP || type == KRB_ERROR;
	if (read_rest(sequence, out, &cut))
		return SK_OK;
	return cut ? sk_command_short(context) : SK_EMALFORMED;
}

enum sk_err sk_kerberos_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	uint32_t length = (uint32_t)sk_left(&bytes);
	if (context.ip_proto == SK_COMMAND_TCP) {
		if (length < TCP_LENGTH_BYTES + HEAD_BYTES)
			return context.hinted && sk_peek_u8(&bytes, 0) == 0 ? SK_EMORE : SK_EUNSUPPORTED;
		length = sk_be32(&bytes);
	}
	uint8_t tag = sk_peek_u8(&bytes, 0);
	if ((tag & ~TAG_NUMBER) != TAG_APPLICATION || !is_message_type(tag & TAG_NUMBER) || length < HEAD_BYTES || length > MESSAGE_MAX)
		return SK_EUNSUPPORTED;
	return sk_command_settle(read_message(bytes, context, length, out), out);
}
