/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of commands share. */
#ifndef SK_DECODE_COMMAND_PRIV_H
#define SK_DECODE_COMMAND_PRIV_H

#include "decode/command.h"

enum { SK_COMMAND_TCP = 6, SK_COMMAND_UDP = 17 };

/* The verdict of a parser: whatever failed leaves nothing behind. */
SK_MUST static inline enum sk_err sk_command_settle(enum sk_err err, struct sk_command *out)
{
	if (err != SK_OK)
		*out = (struct sk_command){.app = SK_APP_NONE};
	return err;
}

/* May a whole Modbus message that no port tells of fill the bytes? Any first byte may be its own, so every payload is asked:
   protocol 0, and the length. */
static inline bool sk_modbus_maybe(struct sk_cur bytes)
{
	struct sk_view head = sk_view_of(&bytes, 6);
	return sk_view_is(head) && sk_view_be16(head, 2) == 0 && sk_view_be16(head, 4) + 6u == sk_left(&bytes);
}

/* The end of the bytes inside a message: in a stream more may come, a datagram is broken. */
SK_MUST static inline enum sk_err sk_command_short(struct sk_command_context context)
{
	return context.ip_proto == SK_COMMAND_TCP ? SK_EMORE : SK_EMALFORMED;
}

#endif
