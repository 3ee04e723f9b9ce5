/* SPDX-License-Identifier: Apache-2.0 */
/* The SSH identification and KEXINIT (RFC 4253 4.2, 7.1): software version and HASSH (client) or hasshServer. The identification's comment is left
   out: people write host names there. */
#ifndef SK_DECODE_SSH_H
#define SK_DECODE_SSH_H

#include "wire/wire.h"

enum { SK_SSH_SOFTWARE_MAX = 64, SK_HASSH_TEXT_MAX = 33, SK_SSH_MAX_BYTES = 16384 };

struct sk_ssh {
	bool has_banner, has_kexinit;
	uint8_t major, minor;                 /* protocol version: 2.0, 1.99, 1.5 */
	char software[SK_SSH_SOFTWARE_MAX];   /* e.g. OpenSSH_9.2p1, printable, without comment */
	char hassh[SK_HASSH_TEXT_MAX];        /* MD5 in hex; which of the two it is follows from the direction */
};

/* From the start of a stream in one direction: identification, then KEXINIT. `server` picks the lists that hasshServer is made of. SK_OK: both read;
   SK_EMORE (out->has_banner may be set); SK_EUNSUPPORTED: not SSH, *out is zero; SK_EMALFORMED (what was read before stands). A server may send other
   lines first (RFC 4253 4.2): of a server any lines of text are SK_EMORE, up to 63 of them, so ask where SSH is likely. */
SK_MUST enum sk_err sk_ssh_head(struct sk_cur stream, bool server, struct sk_ssh *out);

#endif
