/* SPDX-License-Identifier: Apache-2.0 */
/* IEC 60870-5-104:2006 over TCP.

   0x68   length (1)   control (4)                                  ASDU of an I frame: type (1)  SQ number (1)  T P/N cause(6)  originator (1)
                       I  ....... 0  .......  ....... 0  .......                        common address (2)  objects
                       S  0000000 1  0        ....... 0  .......
                       U  one of six bits, 1 1   0   0   0

   Read: the frame's kind, the function of a U frame, type and cause of an I frame. Addresses and values are not. An I frame alone has too few fixed
   bits to be believed at a foreign port; the STARTDT, TESTFR or S frame of the same connection has enough. */
#include "decode/command_priv.h"

enum {
	START = 0x68, HEAD_BYTES = 2, CONTROL_BYTES = 4, LENGTH_MAX = 253, UNNUMBERED_CODE = 0x100 /* code of a U frame: this and its first octet */,
	U_CONFIRMATIONS = 0xa8,
	ASDU_MIN = 9, /* type, qualifier, cause (2), common address (2), one object address (3) */
	ASDU_HEAD_BYTES = 3,
	CAUSE_MASK = 0x3f, CAUSE_NEGATIVE = 0x40
};

enum format { FORMAT_I = 0, FORMAT_S = 1, FORMAT_U = 3 };

enum cause {
	ACTIVATION = 6, ACTIVATION_CONFIRMATION = 7, DEACTIVATION = 8, DEACTIVATION_CONFIRMATION = 9, TERMINATION = 10,
	UNKNOWN_TYPE = 44, UNKNOWN_OBJECT = 47
};

/* Tables 8 to 11 of part 101 and 104: process commands 45 to 69 and the parameters 110 to 113 change something, and so do the clock and the reset;
   the other system commands (interrogations, read, test, delay) do not. */
enum type {
	MONITOR_LAST = 41, END_OF_INITIALISATION = 70, COMMAND_FIRST = 45, COMMAND_LAST = 69, CLOCK_SYNCHRONISATION = 103, RESET_PROCESS = 105,
	PARAMETER_FIRST = 110, PARAMETER_LAST = 113
};

static bool is_write(unsigned type, unsigned cause)
{
	bool changing = (type >= COMMAND_FIRST && type <= COMMAND_LAST) || type == CLOCK_SYNCHRONISATION || type == RESET_PROCESS ||
			(type >= PARAMETER_FIRST && type <= PARAMETER_LAST);
	return changing && (cause == ACTIVATION || cause == DEACTIVATION);
}

static bool is_answer(unsigned type, unsigned cause)
{
	return type <= MONITOR_LAST || type == END_OF_INITIALISATION || cause == ACTIVATION_CONFIRMATION || cause == DEACTIVATION_CONFIRMATION ||
	       cause == TERMINATION || (cause >= UNKNOWN_TYPE && cause <= UNKNOWN_OBJECT);
}

static enum sk_err read_asdu(struct sk_cur c, struct sk_command *out)
{
	uint8_t type = sk_u8(&c);
	sk_skip(&c, 1);
	uint8_t cause = sk_u8(&c);
	if (type == 0 || (cause & CAUSE_MASK) == 0)
		return SK_EMALFORMED;
	out->code = type;
	out->detail = cause & CAUSE_MASK;
	out->response = is_answer(type, out->detail);
	out->write = is_write(type, out->detail);
	out->error = (cause & CAUSE_NEGATIVE) != 0 || (out->detail >= UNKNOWN_TYPE && out->detail <= UNKNOWN_OBJECT);
	out->status = out->error ? out->detail : 0;
	return SK_OK;
}

/* Part 104, 5.1: exactly one of the six bits, the rest of the control field is 0. */
static enum sk_err read_unnumbered(uint8_t control, struct sk_cur rest, unsigned length, struct sk_command *out)
{
	unsigned function = control & ~(unsigned)FORMAT_U;
	uint32_t zero = sk_be24(&rest);
	if (length != CONTROL_BYTES || zero != 0 || function == 0 || (function & (function - 1)) != 0)
		return SK_EUNSUPPORTED;
	out->code = (uint16_t)(UNNUMBERED_CODE | control);
	out->response = (function & U_CONFIRMATIONS) != 0;
	return SK_OK;
}

static enum sk_err read_frame(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	if (sk_peek_u8(&c, 0) != START)
		return SK_EUNSUPPORTED;
	sk_skip(&c, 1);
	uint8_t length = sk_u8(&c);
	if (sk_alive(&c) == SK_OK && (length < CONTROL_BYTES || length > LENGTH_MAX))
		return SK_EUNSUPPORTED;
	if (sk_left(&c) < CONTROL_BYTES)
		return sk_command_short(context);
	out->bytes = HEAD_BYTES + (uint32_t)length;
	struct sk_cur control = sk_carve(&c, CONTROL_BYTES);
	uint8_t first = sk_u8(&control);
	if ((first & FORMAT_U) == FORMAT_U) {
		out->version = FORMAT_U;
		return read_unnumbered(first, control, length, out);
	}
	bool supervisory = (first & FORMAT_U) == FORMAT_S;
	uint8_t second = sk_u8(&control), third = sk_u8(&control);
	if (third & 1 || (supervisory && (first != FORMAT_S || second != 0 || length != CONTROL_BYTES)))
		return SK_EUNSUPPORTED;
	out->response = !context.to_server;
	if (supervisory) {
		out->version = FORMAT_S;
		out->code = SK_COMMAND_NO_CODE;
		return SK_OK;
	}
	if (!context.hinted && !context.known)
		return SK_EUNSUPPORTED;
	if (length < CONTROL_BYTES + ASDU_MIN)
		return SK_EMALFORMED;
	if (sk_left(&c) < ASDU_HEAD_BYTES)
		return sk_command_short(context);
	return read_asdu(c, out);
}

enum sk_err sk_iec104_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(read_frame(bytes, context, out), out);
}
