/* SPDX-License-Identifier: Apache-2.0 */
/* peer: every network socket of the program comes from here: one function connects, to a peer that the operator configured, and one listens where the
   operator said. rule: PEER-1
   Promises: a peer is an address and a port, never a name: nothing is resolved; an address that an active selector or measure names is refused before
   a socket exists. Never: sends or receives. Thread rule: reentrant. */
#ifndef SK_PEER_H
#define SK_PEER_H

#include "base/addr.h"

enum sk_peer_transport { SK_PEER_UDP, SK_PEER_TCP };
enum { SK_PEER_TEXT_MAX = 64, SK_PEER_BACKLOG = 512 };

struct sk_peer {
	struct sk_addr addr;
	uint16_t port;
	uint8_t transport; /* enum sk_peer_transport */
};

/* "udp:192.0.2.1:2055", "tcp:[2001:db8::1]:4739": transport, address, port from 1 to 65535. SK_EUSAGE; the fault says what was expected. */
SK_MUST enum sk_err sk_peer_parse(const char *text, struct sk_peer *out, struct sk_fault *fault);
/* Write that form and return text. */
const char *sk_peer_format(const struct sk_peer *peer, char text[SK_PEER_TEXT_MAX]);

/* Does an active selector or measure name this address? */
typedef bool (*sk_peer_named)(void *context, const struct sk_addr *addr);

/* Connect to a peer that was configured. named (may be NULL where nothing can be active) is asked for the address and, of an IPv4-mapped one, for what it
   holds. TCP waits timeout_ms at most; sends then wait as long. *fd is close-on-exec, the caller's to close. SK_EPERMIT: named, nothing was sent.
   SK_EUSAGE: no address to connect to. SK_EIO: the host's reason. rule: PEER-1 */
SK_MUST enum sk_err sk_peer_connect(const struct sk_peer *peer, sk_peer_named named, void *context, int timeout_ms, int *fd, struct sk_fault *fault);
/* Bind (TCP: and listen) at a place of this machine; the unspecified address means all of one family. *fd does not block, is close-on-exec, the
   caller's to close. SK_EIO: the host's reason (taken, not ours, no right to the port). */
SK_MUST enum sk_err sk_peer_listen(const struct sk_peer *where, int *fd, struct sk_fault *fault);
/* Listen at a UNIX socket of that mode (0600: ourselves alone). What an earlier run left is replaced, what somebody listens on is not. *fd as above; the file is the
   caller's to remove. SK_EUSAGE: the path is too long, somebody listens there, or no socket stands there. SK_EIO. */
SK_MUST enum sk_err sk_peer_listen_local(const char *path, unsigned mode, int *fd, struct sk_fault *fault);
/* Where a listening TCP socket is, when its port was the host's to choose. SK_EIO. */
SK_MUST enum sk_err sk_peer_port(int fd, uint16_t *port, struct sk_fault *fault);

#endif
