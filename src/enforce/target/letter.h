/* SPDX-License-Identifier: Apache-2.0 */
/* target/letter.h: a plain letter by the mail server of our own side, to somebody whom the register of parties names: the mail of notices (docs/notices.md), for others than orders.
   Promises: no value breaks out of its header or its body; addressees come from the register alone (rule: NOTICE-1); the socket is peer's. Thread rule: one thread. */
#ifndef SK_TARGET_LETTER_H
#define SK_TARGET_LETTER_H

#include "base/clock.h"
#include "peer/peer.h"
#include "target/target.h"

enum { SK_LETTER_ADDRESS_MAX = 255, SK_LETTER_ANSWER_MAX = 256, SK_LETTER_MAX = 1 << 20 };

struct sk_letter {
	const char *from, *from_name;       /* address; what stands before it, UTF-8, "" nothing */
	const char *to;
	const char *subject, *text;         /* UTF-8; one line; lines with LF */
	const char *message_id;             /* "<...>": the same letter again has the same, so that who gets it twice has it once */
	bool japanese;
	int64_t date_ns;
};

/* Whom the register FILE (lines of NAME ADDRESS ja|en) names so. SK_ENOENT: nobody; SK_EINPUT: FILE:LINE; what reading says. */
SK_MUST enum sk_err sk_letter_party(const char *path, const char *name, char address[SK_LETTER_ADDRESS_MAX], bool *japanese, struct sk_fault *fault);
/* May it stand in a command and in a header? */
bool sk_letter_address(const char *text);
/* Is it a host's name, for the greeting and behind the @ of a message id? */
bool sk_letter_host(const char *text);
/* The whole message, appended. SK_EUSAGE: a value that no message holds. */
SK_MUST enum sk_err sk_letter_write(const struct sk_letter *letter, struct sk_buf *out, struct sk_fault *fault);
/* Hand it over; answer is the server's last word about it, its queue id in it. SK_ETARGET: not now; SK_EUSAGE: refused for good; SK_EPERMIT (peer). */
SK_MUST enum sk_err sk_letter_send(const struct sk_peer *server, const char *helo, struct sk_clock clock, const struct sk_letter *letter, const struct sk_buf *message, char answer[SK_LETTER_ANSWER_MAX], struct sk_fault *fault);

#endif
