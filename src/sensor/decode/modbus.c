/* SPDX-License-Identifier: Apache-2.0 */
/* Modbus/TCP (Modbus Messaging on TCP/IP 1.0b; Modbus Application Protocol 1.1b3).

   transaction (2)   protocol = 0 (2)   length (2)   unit (1)   function (1)   data (length - 2)
                                                                function | 0x80, exception (1)

   Read: unit, function, the sub-function of diagnostics and of encapsulated transport, the exception. Register addresses and contents are not; a
   byte count is looked at where no port tells, since a message that is not bound to a port has to have the length of its function. */
#include "decode/command_priv.h"

enum {
	LENGTH_MIN = 2, LENGTH_MAX = 254, HEAD_BYTES = 6, DETAIL_BYTES = 2, EXCEPTION = 0x80, MEI_CANOPEN = 13, MEI_DEVICE_IDENTIFICATION = 14
};

enum function {
	READ_COILS = 1, READ_DISCRETE_INPUTS = 2, READ_HOLDING_REGISTERS = 3, READ_INPUT_REGISTERS = 4, WRITE_SINGLE_COIL = 5,
	WRITE_SINGLE_REGISTER = 6, READ_EXCEPTION_STATUS = 7, DIAGNOSTICS = 8, GET_COMM_EVENT_COUNTER = 11, GET_COMM_EVENT_LOG = 12,
	WRITE_MULTIPLE_COILS = 15, WRITE_MULTIPLE_REGISTERS = 16, REPORT_SERVER_ID = 17, READ_FILE_RECORD = 20, WRITE_FILE_RECORD = 21, MASK_WRITE_REGISTER = 22,
	READ_WRITE_MULTIPLE_REGISTERS = 23, READ_FIFO_QUEUE = 24, ENCAPSULATED_TRANSPORT = 43
};

enum diagnostic {
	RESTART_COMMUNICATIONS = 1, CHANGE_ASCII_DELIMITER = 3, FORCE_LISTEN_ONLY = 4, CLEAR_COUNTERS = 10, CLEAR_OVERRUN = 20
};

static bool is_write(unsigned function, unsigned detail)
{
	switch (function) {
	case WRITE_SINGLE_COIL:
	case WRITE_SINGLE_REGISTER:
	case WRITE_MULTIPLE_COILS:
	case WRITE_MULTIPLE_REGISTERS:
	case WRITE_FILE_RECORD:
	case MASK_WRITE_REGISTER:
	case READ_WRITE_MULTIPLE_REGISTERS:
		return true;
	case DIAGNOSTICS:
		return detail == RESTART_COMMUNICATIONS || detail == CHANGE_ASCII_DELIMITER || detail == FORCE_LISTEN_ONLY ||
		       detail == CLEAR_COUNTERS || detail == CLEAR_OVERRUN;
	default:
		return false;
	}
}

enum shape { SHAPE_NONE = 0, SHAPE_REQUEST = 1, SHAPE_RESPONSE = 2, SHAPE_BOTH = 3 };

static enum shape shape_if(bool request, bool response)
{
	return (request ? SHAPE_REQUEST : SHAPE_NONE) | (response ? SHAPE_RESPONSE : SHAPE_NONE);
}

/* What the data of a whole message can be, by its length and the byte counts in it. */
static enum shape shape_of(unsigned function, struct sk_cur data)
{
	size_t length = sk_left(&data);
	bool counted = length >= 2 && length == 1u + sk_peek_u8(&data, 0);
	switch (function) {
	case READ_COILS:
	case READ_DISCRETE_INPUTS:
	case READ_HOLDING_REGISTERS:
	case READ_INPUT_REGISTERS:
		return shape_if(length == 4, counted);
	case WRITE_SINGLE_COIL:
	case WRITE_SINGLE_REGISTER:
		return shape_if(length == 4, length == 4);
	case READ_EXCEPTION_STATUS:
		return shape_if(length == 0, length == 1);
	case DIAGNOSTICS:
		return shape_if(length >= 4 && length % 2 == 0, length >= 4 && length % 2 == 0);
	case GET_COMM_EVENT_COUNTER:
		return shape_if(length == 0, length == 4);
	case GET_COMM_EVENT_LOG:
	case REPORT_SERVER_ID:
		return shape_if(length == 0, counted);
	case WRITE_MULTIPLE_COILS:
	case WRITE_MULTIPLE_REGISTERS:
		return shape_if(length > 5 && length == 5u + sk_peek_u8(&data, 4), length == 4);
	case READ_FILE_RECORD:
	case WRITE_FILE_RECORD:
		return shape_if(counted, counted);
	case MASK_WRITE_REGISTER:
		return shape_if(length == 6, length == 6);
	case READ_WRITE_MULTIPLE_REGISTERS:
		return shape_if(length > 9 && length == 9u + sk_peek_u8(&data, 8), counted);
	case READ_FIFO_QUEUE:
		return shape_if(length == 2, length >= 4 && length == 2u + sk_be16(&data));
	case ENCAPSULATED_TRANSPORT: {
		uint8_t type = sk_peek_u8(&data, 0);
		bool named = length >= 2 && (type == MEI_CANOPEN || type == MEI_DEVICE_IDENTIFICATION);
		return shape_if(named, named);
	}
	default:
		return SHAPE_NONE;
	}
}

static void read_function(struct sk_cur data, unsigned function, bool response, struct sk_command *out)
{
	out->code = (uint16_t)(function & ~(unsigned)EXCEPTION);
	out->response = response;
	if (function & EXCEPTION) {
		out->response = out->error = true;
		out->status = sk_u8(&data);
		return;
	}
	if (function == DIAGNOSTICS)
		out->detail = sk_be16(&data);
	else if (function == ENCAPSULATED_TRANSPORT)
		out->detail = sk_u8(&data);
	out->write = !response && is_write(out->code, out->detail);
}

/* At a foreign port: one whole message that fills the bytes and has a shape of its function. An exception is too short to be believed there; it
   answers a request that was not. */
static enum sk_err read_stranger(struct sk_cur data, unsigned function, unsigned length, bool to_server, struct sk_command *out)
{
	if (length < LENGTH_MIN || length > LENGTH_MAX || sk_left(&data) != length - LENGTH_MIN || function & EXCEPTION)
		return SK_EUNSUPPORTED;
	enum shape shape = shape_of(function, data);
	if (shape == SHAPE_NONE)
		return SK_EUNSUPPORTED;
	read_function(data, function, shape == SHAPE_RESPONSE || (shape == SHAPE_BOTH && !to_server), out);
	return SK_OK;
}

static enum sk_err read_message(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	bool trusted = context.hinted || context.known;
	sk_skip(&c, 2);
	uint16_t protocol = sk_be16(&c), length = sk_be16(&c);
	uint8_t unit = sk_u8(&c), function = sk_u8(&c);
	if (protocol != 0)
		return SK_EUNSUPPORTED;
	if (sk_alive(&c) != SK_OK)
		return trusted ? sk_command_short(context) : SK_EUNSUPPORTED;
	out->version = unit;
	out->bytes = HEAD_BYTES + (uint32_t)length;
	if (!trusted)
		return read_stranger(c, function, length, context.to_server, out);
	if (length < LENGTH_MIN || length > LENGTH_MAX)
		return SK_EMALFORMED;
	size_t data_bytes = (size_t)length - LENGTH_MIN;
	size_t needed = data_bytes < DETAIL_BYTES ? data_bytes : DETAIL_BYTES;
	if (sk_left(&c) < needed)
		return sk_command_short(context);
	/* A function that lacks its data is told all the same: the length still leads to the next message. */
	read_function(sk_carve(&c, needed), function, !context.to_server, out);
	return SK_OK;
}

enum sk_err sk_modbus_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(read_message(bytes, context, out), out);
}
