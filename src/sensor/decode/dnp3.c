/* SPDX-License-Identifier: Apache-2.0 */
/* DNP3 (IEEE 1815-2012), over TCP and UDP.

   0x05 0x64   length (1)   control (1)   destination (2)   source (2)   CRC (2)      then blocks of at most 16 bytes, a CRC (2) behind each
                            DIR PRM . . function(4)                       transport: FIN FIR sequence(6)
                                                                          application: control (1)  function (1)  [answer: internal indications (2)]

   length counts control to the end of the user data, without CRCs. Read: the header with its CRC, the transport octet, function and indications of
   the first fragment, whose block has to pass its CRC too. Addresses of stations, objects and points are not. */
#include "decode/command_priv.h"

enum {
	SYNC_0 = 0x05, SYNC_1 = 0x64, HEADER_BYTES = 10, CHECKED_BYTES = 8, CRC_BYTES = 2, BLOCK_BYTES = 16, LENGTH_MIN = 5,
	CONTROL_FROM_MASTER = 0x80, CONTROL_FUNCTION = 0x4f, TRANSPORT_FIRST = 0x40,
	REQUEST_MIN = 3, RESPONSE_MIN = 5,
	INDICATION_FAILURES = 0x37 /* IIN2: no function, no object, parameter, already executing, configuration corrupt */
};

enum function {
	WRITE = 2, SELECT = 3, OPERATE = 4, DIRECT_OPERATE = 5, DIRECT_OPERATE_NO_ACK = 6, IMMEDIATE_FREEZE = 7, IMMEDIATE_FREEZE_NO_ACK = 8,
	FREEZE_CLEAR = 9, FREEZE_CLEAR_NO_ACK = 10, FREEZE_AT_TIME = 11, FREEZE_AT_TIME_NO_ACK = 12, COLD_RESTART = 13, WARM_RESTART = 14,
	INITIALIZE_DATA = 15, INITIALIZE_APPLICATION = 16, START_APPLICATION = 17, STOP_APPLICATION = 18, SAVE_CONFIGURATION = 19,
	ENABLE_UNSOLICITED = 20, DISABLE_UNSOLICITED = 21, ASSIGN_CLASS = 22, DELETE_FILE = 27, ACTIVATE_CONFIGURATION = 31,
	RESPONSE = 129, UNSOLICITED_RESPONSE = 130, AUTHENTICATION_RESPONSE = 131
};

static bool is_write(unsigned function)
{
	switch (function) {
	case WRITE:
	case SELECT:
	case OPERATE:
	case DIRECT_OPERATE:
	case DIRECT_OPERATE_NO_ACK:
	case IMMEDIATE_FREEZE:
	case IMMEDIATE_FREEZE_NO_ACK:
	case FREEZE_CLEAR:
	case FREEZE_CLEAR_NO_ACK:
	case FREEZE_AT_TIME:
	case FREEZE_AT_TIME_NO_ACK:
	case COLD_RESTART:
	case WARM_RESTART:
	case INITIALIZE_DATA:
	case INITIALIZE_APPLICATION:
	case START_APPLICATION:
	case STOP_APPLICATION:
	case SAVE_CONFIGURATION:
	case ENABLE_UNSOLICITED:
	case DISABLE_UNSOLICITED:
	case ASSIGN_CLASS:
	case DELETE_FILE:
	case ACTIVATE_CONFIGURATION:
		return true;
	default:
		return false;
	}
}

/* CRC-16/DNP: x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1, bits reversed, four bits a step. */
static uint16_t crc_of(struct sk_cur block)
{
	static const uint16_t steps[16] = {0x0000, 0xb26b, 0x29af, 0x9bc4, 0x535e, 0xe135, 0x7af1, 0xc89a,
					   0xa6bc, 0x14d7, 0x8f13, 0x3d78, 0xf5e2, 0x4789, 0xdc4d, 0x6e26};
	uint16_t crc = 0;
	while (sk_more(&block)) {
		uint8_t byte = sk_u8(&block);
		crc = (uint16_t)(crc >> 4 ^ steps[(crc ^ byte) & 15]);
		crc = (uint16_t)(crc >> 4 ^ steps[(crc ^ byte >> 4) & 15]);
	}
	return (uint16_t)~crc;
}

/* The block and the CRC behind it. False: they do not agree, or are not all there. */
static bool take_checked(struct sk_cur *c, size_t length, struct sk_cur *block)
{
	*block = sk_carve(c, length);
	uint16_t crc = sk_le16(c);
	return sk_alive(c) == SK_OK && crc_of(*block) == crc;
}

/* The application head at the front of the first block; a later fragment has none. */
static void read_application(struct sk_cur block, size_t user_bytes, struct sk_command *out)
{
	uint8_t transport = sk_u8(&block);
	if (!(transport & TRANSPORT_FIRST) || user_bytes < REQUEST_MIN)
		return;
	sk_skip(&block, 1);
	uint8_t function = sk_u8(&block);
	bool response = function == RESPONSE || function == UNSOLICITED_RESPONSE || function == AUTHENTICATION_RESPONSE;
	if (response && user_bytes < RESPONSE_MIN)
		return;
	out->code = function;
	out->response = response;
	out->write = is_write(function);
	if (!response)
		return;
	uint8_t first = sk_u8(&block), second = sk_u8(&block);
	out->detail = (uint16_t)(first << 8 | second);
	out->status = second & INDICATION_FAILURES;
	out->error = out->status != 0;
}

static enum sk_err read_frame(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	if (sk_peek_u8(&c, 0) != SYNC_0 || (sk_left(&c) > 1 && sk_peek_u8(&c, 1) != SYNC_1))
		return SK_EUNSUPPORTED;
	if (sk_left(&c) < HEADER_BYTES)
		return sk_command_short(context);
	struct sk_cur header, block;
	if (!take_checked(&c, CHECKED_BYTES, &header))
		return SK_EUNSUPPORTED;
	sk_skip(&header, 2);
	uint8_t length = sk_u8(&header), control = sk_u8(&header);
	if (length < LENGTH_MIN)
		return SK_EMALFORMED;
	size_t user_bytes = length - LENGTH_MIN;
	size_t first_bytes = user_bytes < BLOCK_BYTES ? user_bytes : BLOCK_BYTES;
	size_t blocks = (user_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
	out->version = control & CONTROL_FUNCTION;
	out->code = SK_COMMAND_NO_CODE;
	out->response = !(control & CONTROL_FROM_MASTER);
	out->bytes = (uint32_t)(HEADER_BYTES + user_bytes + blocks * CRC_BYTES);
	if (user_bytes == 0)
		return SK_OK;
	if (sk_left(&c) < first_bytes + CRC_BYTES)
		return sk_command_short(context);
	/* A block that fails its CRC says nothing; the frame still ends where its header says. */
	if (take_checked(&c, first_bytes, &block))
		read_application(block, user_bytes, out);
	return SK_OK;
}

enum sk_err sk_dnp3_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(read_frame(bytes, context, out), out);
}
