/* SPDX-License-Identifier: Apache-2.0 */
/* target/hands.h: the enforcer's hands: a process that does nothing but run the few programs that backends need, so that the one that reads warrants, documents, mail and web answers can give up
   the right to run anything, and all rights with it.
   Promises: nothing is run but what stands in program.def; when either process ends, so does the other's work. Never: reads a warrant, a key or a configuration. Thread rule: one thread. rule: WALL-2 */
#ifndef SK_TARGET_HANDS_H
#define SK_TARGET_HANDS_H

#include "target/target.h"

enum { SK_HANDS_MESSAGE_MAX = 64 << 20 };

/* Make the process. In it `prepare` raises its walls, and then it waits for what sk_child_run asks of it, until the calling process is gone. Before threads, keys and files: it inherits what is open. The caller ignores SIGPIPE.
   SK_EIO; and what prepare says. From now on sk_child_run of this process runs nothing itself. */
SK_MUST enum sk_err sk_hands_start(enum sk_err (*prepare)(void *context, struct sk_fault *fault), void *context, struct sk_fault *fault);
/* Did they come to an end by themselves? Then nothing can be done any more, and the process should end too. */
bool sk_hands_lost(void);
/* Let them end, and wait until they did. Nothing when there are none. */
void sk_hands_stop(void);

/* ---- what goes between the two; both ends are ours, and neither trusts the other ---- */

/* A request, parsed in place: words points into text, which holds them NUL-terminated. */
struct sk_hands_request {
	struct sk_child child;
	const char *words[SK_CHILD_WORDS_MAX];
	struct sk_buf text;          /* finish it, whatever came out */
	uint32_t out_limit, err_limit;
};
/* SK_EMALFORMED; SK_EPERMIT: a program that is not of program.def; SK_ENOMEM. */
SK_MUST enum sk_err sk_hands_take(const void *bytes, size_t length, struct sk_hands_request *out, struct sk_fault *fault);
/* Append the request for a program. */
void sk_hands_write(const struct sk_child *child, uint32_t out_limit, uint32_t err_limit, struct sk_buf *out);

#endif
