/* SPDX-License-Identifier: Apache-2.0 */
/* Which parser may look at the bytes: every row of command.def is one bit of a mask. Ports and first bytes are compared without a branch or a table, so
   that bytes which are nobody's cost the same few nanoseconds whatever they are. */
#include "decode/command_priv.h"

enum transport { TCP = 1, UDP = 2 };

enum row {
#define SK_COMMAND(symbol, function, bits, version, code, detail, status) ROW_##symbol,
#include "decode/command.def"
	ROW_COUNT
};

static const struct {
	enum sk_app app;
	enum sk_err (*head)(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out);
} rows[ROW_COUNT] = {
#define SK_COMMAND(symbol, function, bits, version, code, detail, status) {SK_APP_##symbol, sk_##function##_head},
#include "decode/command.def"
};

_Static_assert(ROW_COUNT <= 32, "a mask of rows has 32 bits");

/* Rows of this transport that the port belongs to. */
static uint32_t rows_of_port(unsigned transport, uint16_t port)
{
	uint32_t mask = 0;
#define SK_COMMAND_PORT(symbol, of, number) mask |= (uint32_t)(port == (number) && transport == (of)) << ROW_##symbol;
#include "decode/command.def"
	return mask;
}

/* Rows of this transport that a message with this first byte may belong to at any port. */
static uint32_t rows_of_start(unsigned transport, uint8_t first)
{
	uint32_t mask = 0;
#define SK_COMMAND_START(symbol, of, low, high) \
	mask |= (uint32_t)((unsigned)(first - (low)) <= (high) - (low) && transport == (of)) << ROW_##symbol;
#include "decode/command.def"
	return mask;
}

/* Ask the rows of the mask in their order. SK_OK of the first that takes the bytes; else SK_EMORE before SK_EMALFORMED before SK_EUNSUPPORTED. */
static enum sk_err ask(uint32_t mask, struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	enum sk_err verdict = SK_EUNSUPPORTED;
	for (; mask != 0; mask &= mask - 1) {
		unsigned row = (unsigned)__builtin_ctz(mask);
		enum sk_err err = rows[row].head(bytes, context, out);
		if (err == SK_OK) {
			out->app = (uint8_t)rows[row].app;
			return SK_OK;
		}
		if (err == SK_EMORE || verdict == SK_EUNSUPPORTED)
			verdict = err;
	}
	return verdict;
}

enum sk_err sk_command_recognise(struct sk_cur bytes, uint8_t ip_proto, uint16_t source_port, uint16_t destination_port, bool from_initiator,
				 struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	unsigned transport = ip_proto == SK_COMMAND_TCP ? TCP : ip_proto == SK_COMMAND_UDP ? UDP : 0;
	if (transport == 0 || !sk_more(&bytes))
		return SK_EUNSUPPORTED;
	uint32_t to = rows_of_port(transport, destination_port), from = rows_of_port(transport, source_port);
	uint32_t start = rows_of_start(transport, sk_peek_u8(&bytes, 0)) & ~to & ~from;
	if (SK_LIKELY((to | from | start) == 0))
		return SK_EUNSUPPORTED;
	struct sk_command_context context = {.ip_proto = ip_proto, .to_server = from_initiator, .hinted = true};
	enum sk_err at_port = ask(to & from, bytes, context, out);
	if (at_port == SK_EUNSUPPORTED) {
		context.to_server = true;
		at_port = ask(to & ~from, bytes, context, out);
	}
	if (at_port == SK_EUNSUPPORTED) {
		context.to_server = false;
		at_port = ask(from & ~to, bytes, context, out);
	}
	if (at_port == SK_OK)
		return SK_OK;
	context = (struct sk_command_context){.ip_proto = ip_proto, .to_server = from_initiator};
	enum sk_err anywhere = ask(start, bytes, context, out);
	return anywhere == SK_OK || at_port == SK_EUNSUPPORTED ? anywhere : at_port;
}

enum sk_err sk_command_head(enum sk_app app, struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	for (unsigned row = 0; row < ROW_COUNT; row++)
		if (rows[row].app == app)
			return ask(1u << row, bytes, context, out);
	return SK_EUNSUPPORTED;
}

const char *sk_command_code_name(unsigned app, unsigned code)
{
	switch (app << 16 | (code & 0xffff)) {
#define SK_COMMAND_CODE(symbol, number, name) \
	case (unsigned)SK_APP_##symbol << 16 | (number): \
		return name;
#include "decode/command.def"
	default:
		return "";
	}
}
