/* SPDX-License-Identifier: Apache-2.0 */
/* The few words of SMTP (RFC 5321) that hand a message to a mail server of our own. Own lines rather than a library: the socket must come from peer, the server is
   local, and the reply to the message, with its queue id, is the receipt. No TLS, no log-in: a server further away is reached through the local one. */
#ifndef SK_SMTP_PRIV_H
#define SK_SMTP_PRIV_H

#include "peer/peer.h"
#include "target/target.h"

enum { SK_SMTP_LINE_MAX = 512, SK_SMTP_LINES_MAX = 64, SK_SMTP_TEXT_MAX = 256, SK_SMTP_TIMEOUT_MS = 5000, SK_MAIL_ADDRESS_MAX = 255, SK_MAIL_MESSAGE_MAX = 1 << 20 };

struct sk_smtp_reply {
	unsigned code;
	char text[SK_SMTP_TEXT_MAX]; /* of its last line, printable ASCII, cut */
};

/* Take one reply off the front of bytes; *used says how many it took. SK_EMORE: not whole yet. SK_EMALFORMED: not SMTP, or longer than is allowed. */
SK_MUST enum sk_err sk_smtp_reply_parse(const void *bytes, size_t length, size_t *used, struct sk_smtp_reply *out);
/* Is it an address that can stand in a command and a header: local@domain, letters, digits and ".!#$%&'*+/=?^_{|}~-", no quotes, at most 254 bytes? */
bool sk_mail_address_valid(const char *text);
/* Is it a host's name: letters, digits, '-', '.'? */
bool sk_mail_host_valid(const char *text);
/* Only CR LF as a line's end, no NUL, no line longer than 998 bytes, printable ASCII else? What is not is never sent. */
bool sk_mail_wire_valid(const void *bytes, size_t length);

struct sk_smtp; /* opaque: one session */
/* Connect and greet as helo. SK_ETARGET, SK_EPERMIT, SK_ENOMEM. End with sk_smtp_close. */
SK_MUST enum sk_err sk_smtp_open(const struct sk_backend_place *place, const struct sk_peer *server, const char *helo, struct sk_smtp **out, struct sk_fault *fault);
/* Hand over one message (sk_mail_wire_valid). *reply is the server's last word about it. SK_EUSAGE: refused for good (5xx). SK_ETARGET: not now, or the
   session broke. After either, unless it broke, the session goes on. */
SK_MUST enum sk_err sk_smtp_send(struct sk_smtp *smtp, const char *from, const char *to, const void *message, size_t length, struct sk_smtp_reply *reply, struct sk_fault *fault);
/* Say goodbye and close (NULL is fine). */
void sk_smtp_close(struct sk_smtp *smtp);

#endif
