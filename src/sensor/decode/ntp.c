/* SPDX-License-Identifier: Apache-2.0 */
/* NTP (RFC 5905 section 7.3; control messages RFC 9327; private messages as ntpd's ntp_request.h has them).

   LI (2) VN (3) mode (3)  then  1..5: stratum (1) ... 48 bytes
   6: R E M opcode (5), sequence (2), status (2), association (2), offset (2), count (2)
   7: the first byte is R M VN mode, then sequence (1), implementation (1), request code (1), error (4 bits) count (12) ... 8 bytes

   Believed at its port alone, and there only as far as lengths and small numbers fit: text begins with a byte that could be a mode and a version. */
#include "decode/command_priv.h"

enum {
	TIME_BYTES = 48, CONTROL_BYTES = 12, PRIVATE_BYTES = 8, VERSION_MAX = 4, MODE_ACTIVE = 1, MODE_SERVER = 4, MODE_BROADCAST = 5,
	MODE_CONTROL = 6,
	MODE_PRIVATE = 7, CONTROL_RESPONSE = 0x80, CONTROL_ERROR = 0x40, CONTROL_OPCODE = 0x1f, PRIVATE_RESPONSE = 0x80, STRATUM_MAX = 16,
	CONTROL_TAIL_MAX = 31, PRIVATE_VERSION_MIN = 2, PRIVATE_VERSION_MAX = 3, IMPLEMENTATION_MAX = 3
};

static enum sk_err read_time(struct sk_cur c, struct sk_command *out)
{
	out->detail = sk_u8(&c);
	if (sk_left(&c) < TIME_BYTES - 2 || sk_left(&c) % 4 != 2 || out->detail > STRATUM_MAX)
		return SK_EUNSUPPORTED;
	out->response = out->code == MODE_SERVER;
	out->error = out->response && out->detail == 0; /* a kiss of death */
	return SK_OK;
}

static enum sk_err read_control(struct sk_cur c, struct sk_command *out)
{
	if (sk_left(&c) < CONTROL_BYTES - 1)
		return SK_EUNSUPPORTED;
	uint8_t byte = sk_u8(&c);
	sk_skip(&c, 2);
	uint16_t status = sk_be16(&c);
	sk_skip(&c, 4);
	uint16_t count = sk_be16(&c);
	if (sk_left(&c) < count || sk_left(&c) > count + (size_t)CONTROL_TAIL_MAX) /* padding and a MAC may follow */
		return SK_EUNSUPPORTED;
	out->response = (byte & CONTROL_RESPONSE) != 0;
	out->error = out->response && (byte & CONTROL_ERROR) != 0;
	out->detail = byte & CONTROL_OPCODE;
	out->status = out->error ? status >> 8 : 0;
	return SK_OK;
}

static enum sk_err read_private(struct sk_cur c, uint8_t first, struct sk_command *out)
{
	if (sk_left(&c) < PRIVATE_BYTES - 1)
		return SK_EUNSUPPORTED;
	sk_skip(&c, 1);
	uint8_t implementation = sk_u8(&c);
	out->detail = sk_u8(&c);
	uint8_t error = sk_u8(&c) >> 4;
	out->response = (first & PRIVATE_RESPONSE) != 0;
	bool is_private = out->version >= PRIVATE_VERSION_MIN && out->version <= PRIVATE_VERSION_MAX && implementation <= IMPLEMENTATION_MAX;
	if (!is_private || (error != 0 && !out->response))
		return SK_EUNSUPPORTED;
	out->status = error;
	out->error = out->status != 0;
	return SK_OK;
}

enum sk_err sk_ntp_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	uint8_t first = sk_u8(&bytes);
	out->version = first >> 3 & 7;
	out->code = first & 7;
	if (!context.hinted || out->version == 0 || out->version > VERSION_MAX || out->code < MODE_ACTIVE)
		return sk_command_settle(SK_EUNSUPPORTED, out);
	if (out->code <= MODE_BROADCAST)
		return sk_command_settle(read_time(bytes, out), out);
	return sk_command_settle(out->code == MODE_CONTROL ? read_control(bytes, out) : read_private(bytes, first, out), out);
}
