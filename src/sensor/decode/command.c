/* SPDX-License-Identifier: Apache-2.0 */
/* Which parser may look at the bytes: every row of command.def is one bit of a mask. What is nobody's costs a look at two ports and one byte. */
#include "decode/command_priv.h"

enum transport { TCP = 1 << 16, UDP = 2 << 16, NEITHER = 0 };
enum { EPHEMERAL_MIN = 32768 };

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

/* The row of a port; no two have the same. */
static uint32_t row_of_port(enum transport transport, uint16_t port)
{
	switch ((unsigned)transport | port) {
#define SK_COMMAND_PORT(symbol, of, number) \
	case (unsigned)(of) | (number): \
		return 1u << ROW_##symbol;
#include "decode/command.def"
	default:
		return 0;
	}
}

/* A high port of the one who began was picked by a machine (Linux: from 32768): it says nothing. */
static bool is_hint(uint16_t port, uint16_t other_port, bool of_initiator)
{
	return port < EPHEMERAL_MIN || !of_initiator || port == other_port;
}

/* Rows that have a port of this transport. */
static uint32_t rows_of_transport(enum transport transport)
{
	uint32_t mask = 0;
#define SK_COMMAND_PORT(symbol, of, number) mask |= (uint32_t)(transport == (of)) << ROW_##symbol;
#include "decode/command.def"
	return mask;
}

static enum transport transport_of(uint8_t ip_proto)
{
	return ip_proto == SK_COMMAND_TCP ? TCP : ip_proto == SK_COMMAND_UDP ? UDP : NEITHER;
}

/* Rows of this transport that a message which begins so may belong to at any port. In line, so that only one transport's rows are compared. */
static inline __attribute__((always_inline)) uint32_t rows_of_start(enum transport transport, struct sk_cur bytes)
{
	uint32_t mask = 0;
	uint8_t first = sk_peek_u8(&bytes, 0);
#define SK_COMMAND_START(symbol, of, low, high) \
	if (transport == (of)) \
		mask |= (uint32_t)((unsigned)(first - (low)) <= (high) - (low)) << ROW_##symbol;
#define SK_COMMAND_SIEVE(symbol, of, low, high, function) \
	if (transport == (of)) \
		mask |= (uint32_t)((unsigned)(first - (low)) <= (high) - (low) && sk_##function##_maybe(bytes)) << ROW_##symbol;
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

/* The protocols of the ports, which say who is the server; where both ports are one protocol's, the initiator is the client. */
static enum sk_err ask_ports(uint32_t to, uint32_t from, struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	context.hinted = true;
	enum sk_err err = ask(to & from, bytes, context, out);
	if (err == SK_EUNSUPPORTED) {
		context.to_server = true;
		err = ask(to & ~from, bytes, context, out);
	}
	if (err == SK_EUNSUPPORTED) {
		context.to_server = false;
		err = ask(from & ~to, bytes, context, out);
	}
	return err;
}

enum sk_err sk_command_recognise(struct sk_cur bytes, uint8_t ip_proto, uint16_t source_port, uint16_t destination_port, bool from_initiator,
				 struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	enum transport transport = transport_of(ip_proto);
	if (transport == NEITHER || !sk_more(&bytes))
		return SK_EUNSUPPORTED;
	uint32_t to = is_hint(destination_port, source_port, !from_initiator) ? row_of_port(transport, destination_port) : 0;
	uint32_t from = is_hint(source_port, destination_port, from_initiator) ? row_of_port(transport, source_port) : 0;
	uint32_t start = (transport == TCP ? rows_of_start(TCP, bytes) : rows_of_start(UDP, bytes)) & ~to & ~from;
	struct sk_command_context context = {.ip_proto = ip_proto, .to_server = from_initiator};
	enum sk_err at_port = SK_EUNSUPPORTED;
	if (SK_UNLIKELY((to | from) != 0))
		at_port = ask_ports(to, from, bytes, context, out);
	if (at_port == SK_OK || start == 0)
		return at_port;
	enum sk_err anywhere = ask(start, bytes, context, out);
	return anywhere == SK_OK || at_port == SK_EUNSUPPORTED ? anywhere : at_port;
}

enum sk_err sk_command_head(enum sk_app app, struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	for (unsigned row = 0; row < ROW_COUNT; row++)
		if (rows[row].app == app)
			return ask(1u << row & rows_of_transport(transport_of(context.ip_proto)), bytes, context, out);
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
