/* SPDX-License-Identifier: Apache-2.0 */
/* SMB over TCP (MS-SMB 2.2.3, MS-SMB2 2.2.1) behind NetBIOS session framing (RFC 1002 section 4.3): type (1), length (3).

   SMB1: FF "SMB", command (1), status (4), flags (1), flags2 (2), ... 32 bytes          little-endian from here on
   SMB2: FE "SMB", size 64 (2), credit charge (2), status (4), command (2), credits (2), flags (4), ... 64 bytes
         NEGOTIATE request: size 36 (2), dialect count (2), 32 bytes, dialects (2 each)     response: size 65 (2), security mode (2), dialect (2)
   FD "SMB" encrypted, FC "SMB" compressed: nothing behind it is read. Names, paths, users and data lie behind what is read. */
#include "decode/command_priv.h"

enum {
	FRAME_MESSAGE = 0x00, FRAME_REQUEST = 0x81, FRAME_POSITIVE = 0x82, FRAME_NEGATIVE = 0x83, FRAME_KEEP_ALIVE = 0x85, FRAME_REQUEST_MIN = 68,
	FIRST_SMB1 = 0xff, FIRST_SMB2 = 0xfe, FIRST_ENCRYPTED = 0xfd, FIRST_COMPRESSED = 0xfc,
	SMB1_BYTES = 32, SMB1_NEGOTIATE = 0x72, SMB1_RESPONSE = 0x80, SMB1_NT_STATUS = 0x4000, SMB1_DIALECT = 2, SMB1_WORDS_MAX = 17,
	SMB2_BYTES = 64, SMB2_COMMANDS = 19, SMB2_NEGOTIATE = 0, SMB2_RESPONSE = 1, NEGOTIATE_REQUEST_SIZE = 36, NEGOTIATE_RESPONSE_SIZE = 65,
	NEGOTIATE_SKIPPED = 32, DIALECTS_MAX = 64, TRANSFORM_BYTES = 52, COMPRESSION_BYTES = 16,
	CODE_SMB2 = 0x0200, CODE_ENCRYPTED = 0x0300, CODE_COMPRESSED = 0x0400, CODE_FRAME = 0x8000
};

static const uint32_t SEVERITY_ERROR = 0xc0000000u, MORE_PROCESSING_REQUIRED = 0xc0000016u;

static void keep_status(uint32_t status, struct sk_command *out)
{
	out->status = (uint16_t)status;
	out->error = (status & SEVERITY_ERROR) == SEVERITY_ERROR && status != MORE_PROCESSING_REQUIRED;
}

/* What the dialect names of SMB1 amount to in SMB2's numbers. */
static uint16_t dialect_of(struct sk_cur name)
{
	static const struct {
		const char *text;
		uint16_t dialect;
	} known[] = {{"SMB 2.???", 0x02ff}, {"SMB 2.002", 0x0202}, {"NT LM 0.12", 0x0100}};
	size_t length = sk_left(&name);
	const uint8_t *bytes = sk_take(&name, length);
	for (size_t i = 0; i < SK_COUNT(known); i++)
		if (strlen(known[i].text) == length && memcmp(known[i].text, bytes, length) == 0)
			return known[i].dialect;
	return 0;
}

/* Word count 0, byte count (2), dialects: 2, text, NUL. The highest that we know. */
static enum sk_err read_negotiate_1(struct sk_cur c, struct sk_command *out)
{
	if (sk_u8(&c) != 0)
		return SK_EMALFORMED;
	struct sk_cur names = sk_carve(&c, sk_le16(&c));
	while (sk_more(&names)) {
		const uint8_t *end = NULL;
		if (sk_u8(&names) == SMB1_DIALECT && sk_more(&names))
			end = memchr(names.at, '\0', sk_left(&names));
		if (end == NULL)
			return SK_EMALFORMED;
		uint16_t dialect = dialect_of(sk_carve(&names, (size_t)(end - names.at)));
		sk_skip(&names, 1);
		if (dialect > out->detail)
			out->detail = dialect;
	}
	return sk_alive(&c);
}

static enum sk_err read_smb1(struct sk_cur c, struct sk_command *out)
{
	out->version = 1;
	out->code = sk_u8(&c);
	uint32_t status = sk_le32(&c);
	uint8_t flags = sk_u8(&c);
	uint16_t flags2 = sk_le16(&c);
	sk_skip(&c, SMB1_BYTES - 12);
	SK_TRY(sk_alive(&c));
	out->response = (flags & SMB1_RESPONSE) != 0;
	if (out->response && (flags2 & SMB1_NT_STATUS) != 0)
		keep_status(status, out);
	else if (out->response) { /* class (1), 0 (1), code (2) */
		out->status = (uint16_t)(status >> 16);
		out->error = (status & 0xff) != 0;
	}
	if (out->code != SMB1_NEGOTIATE)
		return SK_OK;
	if (!out->response)
		return read_negotiate_1(c, out);
	uint8_t words = sk_u8(&c);
	if (words != 0)
		out->detail = sk_le16(&c); /* which of those offered */
	return words > SMB1_WORDS_MAX ? SK_EMALFORMED : sk_alive(&c);
}

static enum sk_err read_negotiate_2(struct sk_cur c, struct sk_command *out)
{
	uint16_t size = sk_le16(&c), count = sk_le16(&c);
	SK_TRY(sk_alive(&c));
	if (out->response) {
		if (out->error)
			return SK_OK;
		out->detail = sk_le16(&c);
		SK_TRY(sk_alive(&c));
		return size == NEGOTIATE_RESPONSE_SIZE ? SK_OK : SK_EMALFORMED;
	}
	if (size != NEGOTIATE_REQUEST_SIZE || count == 0 || count > DIALECTS_MAX)
		return SK_EMALFORMED;
	sk_skip(&c, NEGOTIATE_SKIPPED);
	struct sk_cur dialects = sk_carve(&c, 2u * count);
	while (sk_more(&dialects)) {
		uint16_t dialect = sk_le16(&dialects);
		if (dialect > out->detail)
			out->detail = dialect;
	}
	return sk_alive(&c);
}

static enum sk_err read_smb2(struct sk_cur c, struct sk_command *out)
{
	out->version = 2;
	uint16_t size = sk_le16(&c);
	sk_skip(&c, 2);
	uint32_t status = sk_le32(&c);
	uint16_t command = sk_le16(&c);
	sk_skip(&c, 2);
	uint32_t flags = sk_le32(&c);
	sk_skip(&c, SMB2_BYTES - 20);
	SK_TRY(sk_alive(&c));
	if (size != SMB2_BYTES || command >= SMB2_COMMANDS)
		return SK_EMALFORMED;
	out->code = CODE_SMB2 | command;
	out->response = (flags & SMB2_RESPONSE) != 0;
	if (out->response) /* in a request the channel's sequence stands there */
		keep_status(status, out);
	return command == SMB2_NEGOTIATE ? read_negotiate_2(c, out) : SK_OK;
}

/* What cannot be read is told from the context's side: an answer goes away from the server. */
static enum sk_err read_closed(struct sk_command_context context, uint16_t version, uint16_t code, struct sk_command *out)
{
	out->version = version;
	out->code = code;
	out->response = !context.to_server;
	return SK_OK;
}

static enum sk_err read_message(struct sk_cur c, uint32_t length, struct sk_command_context context, struct sk_command *out)
{
	if (sk_left(&c) < 4)
		return context.hinted ? SK_ETRUNC : SK_EUNSUPPORTED;
	uint8_t first = sk_u8(&c);
	if (sk_be24(&c) != SK_SMB_MAGIC)
		return SK_EUNSUPPORTED;
	c = sk_carve_at_most(&c, length - 4);
	switch (first) {
	case FIRST_SMB1:
		return length < SMB1_BYTES ? SK_EMALFORMED : read_smb1(c, out);
	case FIRST_SMB2:
		return length < SMB2_BYTES ? SK_EMALFORMED : read_smb2(c, out);
	case FIRST_ENCRYPTED:
		return length < TRANSFORM_BYTES ? SK_EMALFORMED : read_closed(context, 3, CODE_ENCRYPTED, out);
	case FIRST_COMPRESSED:
		return length < COMPRESSION_BYTES ? SK_EMALFORMED : read_closed(context, 3, CODE_COMPRESSED, out);
	default:
		return SK_EUNSUPPORTED;
	}
}

/* The NetBIOS session service, port 139 alone: the names in a request are not looked at. */
static enum sk_err read_session(struct sk_cur c, uint8_t type, uint32_t length, struct sk_command *out)
{
	out->code = CODE_FRAME | type;
	out->response = type == FRAME_POSITIVE || type == FRAME_NEGATIVE;
	switch (type) {
	case FRAME_REQUEST:
		return length == FRAME_REQUEST_MIN ? SK_OK : SK_EUNSUPPORTED;
	case FRAME_POSITIVE:
	case FRAME_KEEP_ALIVE:
		return length == 0 ? SK_OK : SK_EUNSUPPORTED;
	case FRAME_NEGATIVE:
		out->error = true;
		out->status = sk_u8(&c);
		return length == 1 ? sk_alive(&c) : SK_EUNSUPPORTED;
	default:
		return SK_EUNSUPPORTED;
	}
}

enum sk_err sk_smb_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	if (sk_left(&bytes) < 4)
		return context.hinted && sk_peek_u8(&bytes, 0) == FRAME_MESSAGE ? SK_EMORE : SK_EUNSUPPORTED;
	struct sk_cur c = bytes;
	uint8_t type = sk_u8(&c);
	uint32_t length = sk_be24(&c);
	enum sk_err err = SK_EUNSUPPORTED;
	if (type == FRAME_MESSAGE && length >= 4)
		err = read_message(c, length, context, out);
	else if (type != FRAME_MESSAGE && context.hinted)
		err = read_session(c, type, length, out);
	if (err == SK_ETRUNC)
		err = sk_left(&c) < length ? SK_EMORE : SK_EMALFORMED;
	return sk_command_settle(err, out);
}
