/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT (OASIS 3.1.1 and 5.0; IBM 3.1).

   type (4) flags (4), remaining length (1 to 4 bytes of 7 bits, low ones first)
   CONNECT: protocol name (2 + 4 "MQTT" or 2 + 6 "MQIsdp"), level (1), flags (1), keep alive (2), client, user, password ...
   CONNACK: flags (1), code (1) ...

   Behind the level and the connect flags of a CONNECT nothing is read; of other packets only the type and its flags, never a topic. */
#include "decode/command_priv.h"

enum type {
	CONNECT = 1, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH
};

enum {
	LENGTH_BYTES_MAX = 4, LENGTH_MORE = 0x80, FLAGS_OF_REQUESTS = 2, QOS_MASK = 6, LEVEL_31 = 3, LEVEL_5 = 5, CONNECT_FLAG_RESERVED = 1,
	BRIDGE_LEVEL = 0x80, ACKNOWLEDGE_MAX = 4, CONNACK_MAX = 1024, CONNACK_SESSION = 1
};

/* Flags and length that the type allows (3.1.1 table 2.2). */
static bool is_header(unsigned type, unsigned flags, uint32_t length)
{
	switch (type) {
	case PUBLISH:
		return (flags & QOS_MASK) != QOS_MASK && length >= 2;
	case PUBREL:
		return flags == FLAGS_OF_REQUESTS && length >= 2 && length <= ACKNOWLEDGE_MAX;
	case SUBSCRIBE:
	case UNSUBSCRIBE:
		return flags == FLAGS_OF_REQUESTS && length >= 5;
	case CONNECT:
		return flags == 0 && length >= 10;
	case CONNACK:
		return flags == 0 && length >= 2 && length <= CONNACK_MAX;
	case PUBACK:
	case PUBREC:
	case PUBCOMP:
		return flags == 0 && length >= 2 && length <= ACKNOWLEDGE_MAX;
	case SUBACK:
	case UNSUBACK:
		return flags == 0 && length >= 2;
	case PINGREQ:
	case PINGRESP:
		return flags == 0 && length == 0;
	case DISCONNECT:
	case AUTH:
		return flags == 0;
	default:
		return false;
	}
}

static enum sk_err read_connect(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	static const uint8_t names[] = "\0\4MQTT\0\6MQIsdp";
	size_t left = sk_left(&c), bytes = sk_peek_u8(&c, 1) == 6 ? 8 : 6, compared = left < bytes ? left : bytes;
	if (memcmp(sk_take(&c, compared), bytes == 8 ? names + 6 : names, compared) != 0)
		return SK_EUNSUPPORTED;
	uint8_t level = sk_u8(&c), flags = sk_u8(&c);
	if (sk_alive(&c) != SK_OK)
		return compared > 2 || context.hinted ? sk_command_short(context) : SK_EUNSUPPORTED;
	out->version = level & (uint8_t)~BRIDGE_LEVEL;
	out->detail = flags;
	return out->version >= LEVEL_31 && out->version <= LEVEL_5 && (flags & CONNECT_FLAG_RESERVED) == 0 ? SK_OK : SK_EMALFORMED;
}

static enum sk_err read_connack(struct sk_cur c, struct sk_command *out)
{
	uint8_t flags = sk_u8(&c);
	out->status = sk_u8(&c);
	out->error = out->status != 0;
	if (sk_alive(&c) != SK_OK)
		return SK_EMORE;
	return flags <= CONNACK_SESSION ? SK_OK : SK_EUNSUPPORTED;
}

static bool is_answer(unsigned type)
{
	return type == CONNACK || type == PUBACK || type == PUBREC || type == PUBCOMP || type == SUBACK || type == UNSUBACK || type == PINGRESP;
}

enum sk_err sk_mqtt_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	uint8_t first = sk_u8(&bytes), byte = LENGTH_MORE;
	unsigned type = first >> 4, flags = first & 15;
	if (!context.hinted && type != CONNECT)
		return SK_EUNSUPPORTED;
	uint32_t length = 0;
	for (unsigned i = 0; i < LENGTH_BYTES_MAX && (byte & LENGTH_MORE) != 0; i++) {
		byte = sk_u8(&bytes);
		length |= (uint32_t)(byte & 0x7f) << 7 * i;
	}
	if (sk_alive(&bytes) != SK_OK)
		return context.hinted ? SK_EMORE : SK_EUNSUPPORTED;
	if ((byte & LENGTH_MORE) != 0 || !is_header(type, flags, length))
		return SK_EUNSUPPORTED;
	out->code = (uint16_t)type;
	out->response = is_answer(type);
	if (type == CONNECT)
		return sk_command_settle(read_connect(bytes, context, out), out);
	if (type == CONNACK)
		return sk_command_settle(read_connack(bytes, out), out);
	out->detail = (uint16_t)flags;
	return SK_OK;
}
