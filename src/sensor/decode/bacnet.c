/* SPDX-License-Identifier: Apache-2.0 */
/* BACnet/IP (ASHRAE 135-2020: clauses 6, 20, 21, annex J): one message a datagram.

   BVLL:  0x81   function (1)   length of the datagram (2)   [forwarded: address, port (6)]
   NPDU:  1   control (1)   [destination: network (2) length (1) address]   [source: the same]   [hops (1)]   [network message: type (1)]
   APDU:  type(4) flags(4) ...   the place of the service differs by type:
          confirmed request 0   limits   invocation   [sequence, window]   service      unconfirmed request 1   service
          simple answer 2       invocation   service      complex answer 3   invocation   [sequence, window]   service
          error 5   invocation   service   0x91 class   0x91 code      reject 6, abort 7   invocation   reason

   Read: these numbers. Objects, properties, values, names and passwords are not. */
#include "decode/command_priv.h"

enum { BVLL_TYPE = 0x81, NPDU_VERSION = 1, FORWARDED_BYTES = 6, CONTROL_NETWORK_MESSAGE = 0x80, CONTROL_DESTINATION = 0x20, CONTROL_SOURCE = 0x08 };

enum bvll_function {
	BVLL_RESULT = 0x00, WRITE_TABLE = 0x01, READ_TABLE_ANSWER = 0x03, FORWARDED = 0x04, READ_FOREIGN_ANSWER = 0x07,
	DELETE_ENTRY = 0x08, DISTRIBUTE = 0x09, UNICAST = 0x0a, BROADCAST = 0x0b, BVLL_FUNCTION_LAST = 0x0c
};

/* Services of unconfirmed requests, BVLL functions and network messages have numbers of their own: they stand above those of confirmed requests. */
enum code_space { CODE_CONFIRMED = 0x0000, CODE_UNCONFIRMED = 0x0100, CODE_BVLL = 0x0200, CODE_NETWORK = 0x0300 };

enum apdu { CONFIRMED, UNCONFIRMED, SIMPLE_ANSWER, COMPLEX_ANSWER, SEGMENT_ANSWER, ERROR_ANSWER, REJECT, ABORT };
enum { APDU_SEGMENTED = 0x08, TAG_ENUMERATED_1 = 0x91 };

enum confirmed {
	ATOMIC_WRITE_FILE = 7, ADD_LIST_ELEMENT = 8, REMOVE_LIST_ELEMENT = 9, CREATE_OBJECT = 10, DELETE_OBJECT = 11, WRITE_PROPERTY = 15,
	WRITE_PROPERTY_MULTIPLE = 16, DEVICE_COMMUNICATION_CONTROL = 17, REINITIALIZE_DEVICE = 20, LIFE_SAFETY_OPERATION = 27
};
enum unconfirmed { TIME_SYNCHRONIZATION = 6, UTC_TIME_SYNCHRONIZATION = 9, WRITE_GROUP = 10 };
enum network_message { INITIALIZE_ROUTING_TABLE = 0x06 };

static bool is_write(unsigned code)
{
	switch (code) {
	case CODE_CONFIRMED | ATOMIC_WRITE_FILE:
	case CODE_CONFIRMED | ADD_LIST_ELEMENT:
	case CODE_CONFIRMED | REMOVE_LIST_ELEMENT:
	case CODE_CONFIRMED | CREATE_OBJECT:
	case CODE_CONFIRMED | DELETE_OBJECT:
	case CODE_CONFIRMED | WRITE_PROPERTY:
	case CODE_CONFIRMED | WRITE_PROPERTY_MULTIPLE:
	case CODE_CONFIRMED | DEVICE_COMMUNICATION_CONTROL:
	case CODE_CONFIRMED | REINITIALIZE_DEVICE:
	case CODE_CONFIRMED | LIFE_SAFETY_OPERATION:
	case CODE_UNCONFIRMED | TIME_SYNCHRONIZATION:
	case CODE_UNCONFIRMED | UTC_TIME_SYNCHRONIZATION:
	case CODE_UNCONFIRMED | WRITE_GROUP:
	case CODE_BVLL | WRITE_TABLE:
	case CODE_BVLL | DELETE_ENTRY:
	case CODE_NETWORK | INITIALIZE_ROUTING_TABLE:
		return true;
	default:
		return false;
	}
}

/* Number and value of an enumerated application tag of one byte; 0 for anything else. */
static uint8_t enumerated(struct sk_cur *c)
{
	bool one_byte = sk_u8(c) == TAG_ENUMERATED_1;
	uint8_t value = sk_u8(c);
	return one_byte ? value : 0;
}

static enum sk_err read_request(struct sk_cur c, uint8_t head, struct sk_command *out)
{
	sk_skip(&c, 2);
	uint8_t sequence = 0;
	if (head & APDU_SEGMENTED) {
		sequence = sk_u8(&c);
		sk_skip(&c, 1);
	}
	uint8_t service = sk_u8(&c);
	if (sequence != 0)
		return SK_OK; /* a later part */
	out->code = CODE_CONFIRMED | service;
	return sk_alive(&c) == SK_OK ? SK_OK : SK_EMALFORMED;
}

static enum sk_err read_answer(struct sk_cur c, unsigned type, uint8_t head, struct sk_command *out)
{
	out->response = true;
	sk_skip(&c, 1);
	if (type == COMPLEX_ANSWER && head & APDU_SEGMENTED)
		sk_skip(&c, 2);
	uint8_t service = sk_u8(&c); /* of a reject or abort: the reason */
	if (sk_alive(&c) != SK_OK)
		return SK_EMALFORMED;
	if (type == SEGMENT_ANSWER)
		return SK_OK;
	out->error = type >= ERROR_ANSWER;
	if (type >= REJECT) {
		out->status = service;
		return SK_OK;
	}
	out->code = CODE_CONFIRMED | service;
	if (type == ERROR_ANSWER) {
		(void)enumerated(&c);
		out->status = enumerated(&c);
	}
	return sk_alive(&c) == SK_OK ? SK_OK : SK_EMALFORMED;
}

static enum sk_err read_apdu(struct sk_cur c, struct sk_command *out)
{
	uint8_t head = sk_u8(&c);
	unsigned type = head >> 4;
	if (sk_alive(&c) != SK_OK || type > ABORT)
		return SK_EMALFORMED;
	out->detail = (uint16_t)type;
	if (type == CONFIRMED)
		return read_request(c, head, out);
	if (type != UNCONFIRMED)
		return read_answer(c, type, head, out);
	out->code = CODE_UNCONFIRMED | sk_u8(&c);
	return sk_alive(&c) == SK_OK ? SK_OK : SK_EMALFORMED;
}

/* Network (2), length (1), address. */
static void skip_address(struct sk_cur *c)
{
	sk_skip(c, 2);
	sk_skip(c, sk_u8(c));
}

static enum sk_err read_npdu(struct sk_cur c, struct sk_command *out)
{
	uint8_t version = sk_u8(&c), control = sk_u8(&c);
	if (version != NPDU_VERSION)
		return SK_EUNSUPPORTED;
	if (control & CONTROL_DESTINATION)
		skip_address(&c);
	if (control & CONTROL_SOURCE)
		skip_address(&c);
	if (control & CONTROL_DESTINATION)
		sk_skip(&c, 1);
	if (!(control & CONTROL_NETWORK_MESSAGE))
		return read_apdu(c, out);
	out->code = CODE_NETWORK | sk_u8(&c);
	return sk_alive(&c) == SK_OK ? SK_OK : SK_EMALFORMED;
}

static enum sk_err read_datagram(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	size_t captured = sk_left(&c);
	uint8_t type = sk_u8(&c), function = sk_u8(&c);
	uint16_t length = sk_be16(&c);
	if (sk_alive(&c) != SK_OK || type != BVLL_TYPE || function > BVLL_FUNCTION_LAST || length < captured)
		return SK_EUNSUPPORTED;
	/* A datagram that is longer than what was captured is taken at the protocol's port alone. */
	if (length > captured && !context.hinted)
		return SK_EUNSUPPORTED;
	out->version = function;
	out->code = SK_COMMAND_NO_CODE;
	if (function == FORWARDED)
		sk_skip(&c, FORWARDED_BYTES);
	if (function == FORWARDED || (function >= DISTRIBUTE && function <= BROADCAST)) {
		SK_TRY(read_npdu(c, out));
	} else {
		out->code = CODE_BVLL | function;
		out->response = function == BVLL_RESULT || function == READ_TABLE_ANSWER || function == READ_FOREIGN_ANSWER;
		out->status = function == BVLL_RESULT ? sk_be16(&c) : 0;
		out->error = out->status != 0;
		if (sk_alive(&c) != SK_OK)
			return SK_EMALFORMED;
	}
	out->write = !out->response && is_write(out->code);
	return SK_OK;
}

enum sk_err sk_bacnet_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(read_datagram(bytes, context, out), out);
}
