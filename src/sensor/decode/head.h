/* SPDX-License-Identifier: Apache-2.0 */
/* One protocol head: what a parser made of one message or of the start of a stream. The union of all heads; flow hands it on, detect looks at it. */
#ifndef SK_DECODE_HEAD_H
#define SK_DECODE_HEAD_H

#include "base/app.h"
#include "decode/command.h"
#include "decode/dns.h"
#include "decode/http.h"
#include "decode/ssh.h"
#include "decode/tls.h"
#include "decode/tls_server.h"

enum sk_head_kind {
	SK_HEAD_NONE, SK_HEAD_DNS, SK_HEAD_CLIENT_HELLO, SK_HEAD_SERVER_HELLO, SK_HEAD_CERTIFICATE, SK_HEAD_HTTP, SK_HEAD_SSH, SK_HEAD_COMMAND,
	SK_HEAD_KIND_COUNT
};

/* Lives in the flow table's scratch memory until the next call; overwritten then. */
struct sk_head {
	uint8_t kind;        /* enum sk_head_kind */
	uint8_t app;         /* enum sk_app */
	bool from_initiator;
	uint32_t quic_version; /* hellos that came in QUIC */
	union {
		struct sk_dns dns;
		struct sk_client_hello client_hello;  /* of TLS, DTLS or QUIC */
		struct sk_server_hello server_hello;
		struct sk_certificate certificate;
		struct sk_http http;
		struct sk_ssh ssh;
		struct sk_command command;
	} as;
};

#endif
