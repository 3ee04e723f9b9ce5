/* SPDX-License-Identifier: Apache-2.0 */
/* SIP (RFC 3261 section 7).

   request:  METHOD SP sip:someone@somewhere SP SIP/2.0 CRLF        response:  SIP/2.0 SP 200 SP reason CRLF

   The first line alone: a method's number or a status. Whom it is for is stepped over, for numbers and names stand there. */
#include "decode/command_priv.h"

enum { LINE_MAX_BYTES = 2048, VERSION_2_0 = 20, CODE_RESPONSE = 0, FAILURE_MIN = 400, PREFIX_MIN = 4, SCHEMES_MAX = 5 };

static const char version_text[] = "SIP/2.0";

static const struct {
	const char *name;
	uint8_t length, number;
} methods[] = {
#define METHOD(name, number) {name " ", sizeof name, number}
	METHOD("INVITE", 1), METHOD("ACK", 2), METHOD("BYE", 3), METHOD("CANCEL", 4), METHOD("OPTIONS", 5), METHOD("REGISTER", 6), METHOD("PRACK", 7),
	METHOD("SUBSCRIBE", 8), METHOD("NOTIFY", 9), METHOD("PUBLISH", 10), METHOD("INFO", 11), METHOD("REFER", 12), METHOD("MESSAGE", 13),
	METHOD("UPDATE", 14),
#undef METHOD
};

static bool take_text(struct sk_cur *c, const char *text, size_t length)
{
	struct sk_cur peek = *c;
	const uint8_t *bytes = sk_take(&peek, length);
	if (bytes == NULL || memcmp(bytes, text, length) != 0)
		return false;
	*c = peek;
	return true;
}

static bool take_scheme(struct sk_cur *c)
{
	return take_text(c, "sip:", 4) || take_text(c, "sips:", 5) || take_text(c, "tel:", 4) || take_text(c, "urn:", 4) || take_text(c, "SIP:", 4);
}

/* Three digits. */
static bool take_status(struct sk_cur *c, uint16_t *status)
{
	unsigned value = 0;
	for (unsigned i = 0; i < 3; i++) {
		uint8_t byte = sk_u8(c);
		if (byte < '0' || byte > '9')
			return false;
		value = value * 10 + (unsigned)(byte - '0');
	}
	*status = (uint16_t)value;
	return value >= 100 && value < 700;
}

static enum sk_err read_response(struct sk_cur line, struct sk_command *out)
{
	if (!take_status(&line, &out->status))
		return SK_EMALFORMED;
	out->code = CODE_RESPONSE;
	out->response = true;
	out->error = out->status >= FAILURE_MIN;
	return SK_OK;
}

static enum sk_err read_request(struct sk_cur line, struct sk_command *out)
{
	for (size_t i = 0; i < SK_COUNT(methods); i++) {
		if (!take_text(&line, methods[i].name, methods[i].length))
			continue;
		out->code = methods[i].number;
		size_t end = sizeof version_text - 1;
		if (!take_scheme(&line) || sk_left(&line) < end)
			return SK_EUNSUPPORTED;
		sk_skip(&line, sk_left(&line) - end);
		return take_text(&line, version_text, end) ? SK_OK : SK_EUNSUPPORTED;
	}
	return SK_EUNSUPPORTED;
}

/* Could the first bytes of a stream become a first line? */
static bool may_be_prefix(struct sk_cur c)
{
	size_t left = sk_left(&c);
	const uint8_t *bytes = sk_take(&c, left);
	size_t text = left < sizeof version_text - 1 ? left : sizeof version_text - 1;
	if (memcmp(bytes, version_text, text) == 0)
		return true;
	for (size_t i = 0; i < SK_COUNT(methods); i++) {
		size_t compared = left < methods[i].length ? left : methods[i].length;
		if (memcmp(bytes, methods[i].name, compared) != 0)
			continue;
		struct sk_cur target = sk_cur_of(bytes + compared, left - compared);
		return sk_left(&target) < SCHEMES_MAX || take_scheme(&target);
	}
	return false;
}

enum sk_err sk_sip_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.version = VERSION_2_0};
	struct sk_cur c = sk_carve_at_most(&bytes, LINE_MAX_BYTES);
	size_t left = sk_left(&c);
	const uint8_t *end = left != 0 && may_be_prefix(c) ? memchr(c.at, '\n', left) : NULL;
	if (end == NULL) {
		bool waits = left >= PREFIX_MIN && left < LINE_MAX_BYTES && may_be_prefix(c);
		return sk_command_settle(waits ? sk_command_short(context) : SK_EUNSUPPORTED, out);
	}
	struct sk_cur line = sk_carve(&c, (size_t)(end - c.at));
	left = sk_left(&line);
	if (left != 0 && sk_peek_u8(&line, left - 1) == '\r')
		line = sk_carve(&line, left - 1);
	if (take_text(&line, "SIP/2.0 ", 8))
		return sk_command_settle(read_response(line, out), out);
	return sk_command_settle(read_request(line, out), out);
}
