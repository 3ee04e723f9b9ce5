/* SPDX-License-Identifier: Apache-2.0 */
/* One shape for the protocols of which only the machine's command can be kept: what kind of message, which function, which answer.
   decode/command.def says for each protocol what version, code, detail and status are. There is no member for a user, a realm, a community, a
   topic, a file, a number that was dialled, a register's content or any other value. */
#ifndef SK_DECODE_COMMAND_H
#define SK_DECODE_COMMAND_H

#include "base/app.h"
#include "wire/wire.h"

struct sk_command {
	uint8_t app;        /* enum sk_app */
	bool response;
	bool write;         /* industrial: asks to change the state of a machine (write, operate, download, stop, restart) */
	bool error;         /* an exception, a reject, a status that says failure */
	uint16_t version;
	uint16_t code;      /* function, opcode, message type or method number */
	uint16_t detail;    /* sub-function, cause, dialect, requested protocols ... */
	uint16_t status;    /* exception or answer code; 0 when none */
	uint32_t bytes;     /* industrial, in a stream: of this message, so that the next one is found; may be more than there are yet. Else 0 */
};

/* code of a message that asks for nothing and answers nothing: an acknowledgement, a keep-alive, the later part of what was counted already. */
enum { SK_COMMAND_NO_CODE = 0xffff };

/* What a parser knows besides the bytes. */
struct sk_command_context {
	uint8_t ip_proto;   /* 6 TCP: bytes start a stream or a message in it; 17 UDP: bytes are one datagram */
	bool to_server;     /* towards the protocol's port; where neither port is the protocol's, or both are, away from the initiator */
	bool hinted;        /* one of the ports is the protocol's: a weak signature is enough */
	bool known;         /* the flow has shown a message of this protocol: what continues one is taken too */
};

/* sk_smb_head, sk_stun_head ...: one parser for each row of command.def, all alike. SK_OK: *out is filled but for app, and says one message;
   SK_EMORE: the start of a message (of a datagram: never); SK_EUNSUPPORTED: another protocol; SK_EMALFORMED: this one, broken. Whatever else than
   SK_OK, *out is zero. */
#define SK_COMMAND(symbol, function, bits, version, code, detail, status) \
	SK_MUST enum sk_err sk_##function##_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out);
#include "decode/command.def"

/* Which of them is it? The protocols of the ports first (an initiator's own port from 32768 on is none), then those whose signature is strong
   enough to be believed at any port. Results as above, app set; SK_EMORE and SK_EMALFORMED only when no protocol took the bytes. Costs some
   nanoseconds when the first byte is none of theirs. */
SK_MUST enum sk_err sk_command_recognise(struct sk_cur bytes, uint8_t ip_proto, uint16_t source_port, uint16_t destination_port, bool from_initiator,
					 struct sk_command *out);
/* A later message of a flow whose protocol is known. Results as above, app set; SK_EUNSUPPORTED also when app has no parser for this
   transport. */
SK_MUST enum sk_err sk_command_head(enum sk_app app, struct sk_cur bytes, struct sk_command_context context, struct sk_command *out);
/* Name of a code in JSON, e.g. "binding_request"; "" when it has none. Static storage. */
const char *sk_command_code_name(unsigned app, unsigned code);

#endif
