/* SPDX-License-Identifier: Apache-2.0 */
/* S7 communication and S7comm-plus (Siemens; as Wireshark and the published analyses describe them) over RFC 1006 and ISO 8073 class 0.

   TPKT: 3   0   length (2)      COTP data: 2   0xf0   EOT number(7)      COTP connection request, confirm: length   0xe0 or 0xd0   ...
   S7:   0x32   kind (1)   0 (2)   reference (2)   parameter bytes (2)   data bytes (2)   [answer: error class, error code]   parameters
   plus: 0x72   version (1)   length (2)   [version 3: digest length, digest]   opcode (1)   0 (2)   function (2)

   Read: kind, function, of user data group and sub-function, error. Variables, blocks, names of services, session numbers are not. A connection
   request and its confirmation say nothing of S7: they are stepped over and the first data message decides (other protocols live on RFC 1006, too).
   */
#include "decode/command_priv.h"

enum {
	TPKT_VERSION = 3, TPKT_BYTES = 4, TPKT_MIN = 7, COTP_CONNECT = 0xe0, COTP_CONFIRM = 0xd0, COTP_DATA = 0xf0, COTP_DATA_LENGTH = 2,
	STEPS_MAX = 4 /* connection messages and keep-alives in front of the first command */
};

enum { S7_ID = 0x32, S7_HEADER_BYTES = 10, S7_FACT_BYTES = 12 /* of error and parameters */ };
enum { USER_DATA_CODE = 0x0700, USER_DATA_HEAD = 0x000112, USER_REQUEST = 4, USER_RESPONSE = 8 };
enum kind { KIND_JOB = 1, KIND_ACK = 2, KIND_ACK_DATA = 3, KIND_USER_DATA = 7 };
enum function { WRITE_VARIABLE = 0x05, REQUEST_DOWNLOAD = 0x1a, DOWNLOAD_BLOCK = 0x1b, DOWNLOAD_ENDED = 0x1c, PROGRAM_SERVICE = 0x28, STOP = 0x29 };
enum group { GROUP_PROGRAMMER = 1, GROUP_TIME = 7 };
enum sub_function { PROGRAMMER_ERASE = 0x0c, PROGRAMMER_FORCE = 0x10, TIME_SET = 2, TIME_SET_FOLLOWING = 4 };

enum { PLUS_ID = 0x72, PLUS_VERSION_DIGEST = 3, PLUS_REQUEST = 0x31, PLUS_RESPONSE = 0x32 };
enum { PLUS_HEAD_BYTES = 4, PLUS_OPCODE_BYTES = 5, PLUS_DIGEST_BYTES = 32 };
enum plus_function { PLUS_SET_VARIABLE = 0x04f2, PLUS_SET_MULTI_VARIABLES = 0x0542, PLUS_SET_VARIABLE_STREAMED = 0x057c };

static bool is_write(unsigned function)
{
	return function == WRITE_VARIABLE || function == REQUEST_DOWNLOAD || function == DOWNLOAD_BLOCK || function == DOWNLOAD_ENDED ||
	       function == PROGRAM_SERVICE || function == STOP;
}

static bool is_user_write(unsigned group, unsigned sub_function)
{
	return (group == GROUP_PROGRAMMER && (sub_function == PROGRAMMER_ERASE || sub_function == PROGRAMMER_FORCE)) ||
	       (group == GROUP_TIME && (sub_function == TIME_SET || sub_function == TIME_SET_FOLLOWING));
}

static bool is_plus_write(unsigned function)
{
	return function == PLUS_SET_VARIABLE || function == PLUS_SET_MULTI_VARIABLES || function == PLUS_SET_VARIABLE_STREAMED;
}

/* Parameters of user data: 00 01 12, length, method, kind and group, sub-function, sequence, [answer: reference, last part, error (2)]. */
static void read_user_data(struct sk_cur parameters, bool to_server, struct sk_command *out)
{
	uint32_t head = sk_be24(&parameters);
	sk_skip(&parameters, 2);
	uint8_t kind_group = sk_u8(&parameters), sub_function = sk_u8(&parameters);
	if (head != USER_DATA_HEAD || sk_alive(&parameters) != SK_OK)
		return;
	unsigned kind = kind_group >> 4, group = kind_group & 15;
	out->code = (uint16_t)(USER_DATA_CODE | group);
	out->detail = sub_function;
	out->response = kind == USER_RESPONSE || (kind != USER_REQUEST && !to_server);
	out->write = kind == USER_REQUEST && is_user_write(group, sub_function);
	sk_skip(&parameters, 3);
	out->status = sk_be16(&parameters);
	out->error = out->status != 0;
}

static enum sk_err read_s7(struct sk_cur c, bool to_server, struct sk_command *out)
{
	sk_skip(&c, 1);
	uint8_t kind = sk_u8(&c);
	uint16_t redundancy = sk_be16(&c);
	sk_skip(&c, 2);
	uint16_t parameter_bytes = sk_be16(&c);
	sk_skip(&c, 2);
	bool answer = kind == KIND_ACK || kind == KIND_ACK_DATA;
	if (sk_alive(&c) != SK_OK || redundancy != 0 || (!answer && kind != KIND_JOB && kind != KIND_USER_DATA))
		return SK_EUNSUPPORTED;
	out->version = kind;
	out->response = answer;
	if (answer) {
		out->status = sk_be16(&c);
		out->error = out->status != 0;
	}
	struct sk_cur parameters = sk_carve_at_most(&c, parameter_bytes);
	if (kind == KIND_USER_DATA) {
		read_user_data(parameters, to_server, out);
	} else if (sk_more(&parameters)) {
		out->code = sk_u8(&parameters);
		out->write = kind == KIND_JOB && is_write(out->code);
	}
	return SK_OK;
}

static enum sk_err read_plus(struct sk_cur c, bool to_server, struct sk_command *out)
{
	sk_skip(&c, 1);
	uint8_t version = sk_u8(&c);
	sk_skip(&c, 2);
	out->version = (uint16_t)(PLUS_ID << 8 | version);
	out->response = !to_server;
	if (version == PLUS_VERSION_DIGEST) {
		uint8_t digest = sk_u8(&c);
		if (digest > PLUS_DIGEST_BYTES)
			return SK_OK;
		sk_skip(&c, digest);
	}
	uint8_t opcode = sk_u8(&c);
	uint16_t reserved = sk_be16(&c), function = sk_be16(&c);
	if (sk_alive(&c) != SK_OK || reserved != 0 || (opcode != PLUS_REQUEST && opcode != PLUS_RESPONSE))
		return SK_OK;
	out->code = function;
	out->response = opcode == PLUS_RESPONSE;
	out->write = opcode == PLUS_REQUEST && is_plus_write(function);
	return SK_OK;
}

/* What one TPKT holds. */
enum step { STEP_COMMAND, STEP_OVER, STEP_MORE, STEP_OTHER };

/* One TPKT: *data is what COTP carries, as far as it is there; what is too short for a header is stepped over. *length is the whole. */
static enum step take_packet(struct sk_cur *c, struct sk_cur *data, size_t *length)
{
	struct sk_cur packet = *c;
	if ((sk_left(c) >= 1 && sk_peek_u8(c, 0) != TPKT_VERSION) || (sk_left(c) >= 2 && sk_peek_u8(c, 1) != 0))
		return STEP_OTHER;
	if (sk_left(c) < TPKT_MIN)
		return STEP_MORE;
	sk_skip(&packet, 2);
	*length = sk_be16(&packet);
	if (*length < TPKT_MIN)
		return STEP_OTHER;
	packet = sk_carve_at_most(&packet, *length - TPKT_BYTES);
	uint8_t cotp_length = sk_u8(&packet), cotp = sk_u8(&packet);
	if (cotp == COTP_DATA && cotp_length == COTP_DATA_LENGTH) {
		sk_skip(&packet, 1);
		*data = packet;
		return *length >= TPKT_MIN + S7_HEADER_BYTES ? STEP_COMMAND : STEP_OVER;
	}
	bool connection = (cotp == COTP_CONNECT || cotp == COTP_CONFIRM) && cotp_length + 1u + TPKT_BYTES == *length;
	return connection ? STEP_OVER : STEP_OTHER;
}

/* Enough bytes for every fact of the message, or all of it. */
static bool is_enough(struct sk_cur data, size_t length)
{
	size_t needed = sk_peek_u8(&data, 0) == S7_ID ? S7_HEADER_BYTES + S7_FACT_BYTES : PLUS_HEAD_BYTES + 1 + PLUS_DIGEST_BYTES + PLUS_OPCODE_BYTES;
	size_t whole = length - TPKT_MIN;
	return sk_left(&data) >= (needed < whole ? needed : whole);
}

static enum sk_err read_stream(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	struct sk_cur data = {.dead = true};
	size_t length = 0;
	out->code = SK_COMMAND_NO_CODE;
	out->response = !context.to_server;
	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		enum step step = take_packet(&c, &data, &length);
		if (step == STEP_OTHER)
			return SK_EUNSUPPORTED;
		if (step == STEP_MORE)
			return sk_command_short(context);
		out->bytes += (uint32_t)length;
		if (step == STEP_OVER && context.known)
			return SK_OK;
		if (step == STEP_COMMAND) {
			if (!sk_more(&data) || !is_enough(data, length))
				return sk_command_short(context);
			uint8_t id = sk_peek_u8(&data, 0);
			return id == S7_ID ? read_s7(data, context.to_server, out) : id == PLUS_ID ? read_plus(data, context.to_server, out) :
			       context.known ? SK_OK : SK_EUNSUPPORTED;
		}
		if (sk_left(&c) < length)
			return sk_command_short(context);
		sk_skip(&c, length);
	}
	return SK_EUNSUPPORTED;
}

enum sk_err sk_s7_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(read_stream(bytes, context, out), out);
}
