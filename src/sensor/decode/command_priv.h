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

/* The end of the bytes inside a message: in a stream more may come, a datagram is broken. */
SK_MUST static inline enum sk_err sk_command_short(struct sk_command_context context)
{
	return context.ip_proto == SK_COMMAND_TCP ? SK_EMORE : SK_EMALFORMED;
}

#endif
