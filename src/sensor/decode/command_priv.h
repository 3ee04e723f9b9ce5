/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of commands share. */
#ifndef SK_DECODE_COMMAND_PRIV_H
#define SK_DECODE_COMMAND_PRIV_H

#include "decode/command.h"

enum { SK_COMMAND_TCP = 6, SK_COMMAND_UDP = 17, SK_SMB_MAGIC = 0x534d42, SK_STUN_COOKIE = 0x2112a442 };

/* The verdict of a parser: whatever failed leaves nothing behind. */
SK_MUST static inline enum sk_err sk_command_settle(enum sk_err err, struct sk_command *out)
{
	if (err != SK_OK)
		*out = (struct sk_command){.app = SK_APP_NONE};
	return err;
}

/* ---- sieves of command.def ---- */

/* False only where the parser, with no port to go by, says SK_EUNSUPPORTED: many payloads begin with the same few bytes, and a call of each parser
   that may begin so costs more than all its sieves. */

/* May a whole Modbus message that no port tells of fill the bytes? Any first byte may be its own, so every payload is asked:
   protocol 0, and the length. */
static inline bool sk_modbus_maybe(struct sk_cur bytes)
{
	struct sk_view head = sk_view_of(&bytes, 6);
	return sk_view_is(head) && sk_view_be16(head, 2) == 0 && sk_view_be16(head, 4) + 6u == sk_left(&bytes);
}

/* Behind the frame's type and length: a first byte of several, "SMB". */
static inline bool sk_smb_maybe(struct sk_cur bytes)
{
	struct sk_view head = sk_view_of(&bytes, 8);
	return sk_view_is(head) && (sk_view_be32(head, 4) & 0xffffff) == SK_SMB_MAGIC;
}

/* Behind the length: the tag, whose class is application. */
static inline bool sk_kerberos_maybe(struct sk_cur bytes)
{
	struct sk_view head = sk_view_of(&bytes, 8);
	return sk_view_is(head) && (sk_view_u8(head, 4) & 0xe0) == 0x60;
}

/* The cookie, in its place or behind a frame's length. */
static inline bool sk_stun_maybe(struct sk_cur bytes)
{
	struct sk_view head = sk_view_of(&bytes, 20);
	return sk_view_is(head) && (sk_view_be32(head, 4) == SK_STUN_COOKIE || sk_view_be32(head, 6) == SK_STUN_COOKIE);
}

/* The end of the bytes inside a message: in a stream more may come, a datagram is broken. */
SK_MUST static inline enum sk_err sk_command_short(struct sk_command_context context)
{
	return context.ip_proto == SK_COMMAND_TCP ? SK_EMORE : SK_EMALFORMED;
}

#endif
