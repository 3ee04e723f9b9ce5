/* SPDX-License-Identifier: Apache-2.0 */
/* One shape for the protocols of which only the machine's command can be kept: what kind of message, which function, which answer.
   decode/command.def says for each protocol what version, code, detail and status are. There is no member for a user, a realm, a community, a topic, a
   file, a number that was dialled, a register's content or any other value. */
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
};

#endif
