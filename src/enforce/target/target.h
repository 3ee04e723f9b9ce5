/* SPDX-License-Identifier: Apache-2.0 */
/* target: the backends, each against a real thing of our own side: kernel, name server, router, list, mail. One file a backend, one row of backend.def.
   Promises: a program is run by its words, without a shell, with an empty environment, a bound on what it says and on its time; sockets come from peer alone.
   Never: decides. Thread rule: one thread. */
#ifndef SK_TARGET_H
#define SK_TARGET_H

#include "base/file.h"
#include "measure/measure.h"

/* Row i of backend.def; NULL behind the last. Static storage. */
const struct sk_backend *sk_backend_at(size_t i);
/* By name; NULL when there is none. */
const struct sk_backend *sk_backend_find(const char *name);

enum { SK_CHILD_WORDS_MAX = 64, SK_CHILD_TIMEOUT_MS = 10000 };

struct sk_child {
	const char *const *words;  /* the program (absolute, or found in /usr/sbin:/usr/bin:/sbin:/bin) and its words; NULL behind the last */
	const void *input;         /* its standard input; NULL: empty */
	size_t input_length;
	int timeout_ms;            /* 0: SK_CHILD_TIMEOUT_MS; then it is killed */
};
/* Run a program to its end; what it writes is appended to out and err, within their limits (a program that writes more is killed). *status: its exit code, 128 + n
   when a signal ended it. SK_ETARGET: not there, or out of time; the fault says which program. SK_ENOMEM. rule: MEASURE-3 */
SK_MUST enum sk_err sk_child_run(const struct sk_child *child, struct sk_buf *out, struct sk_buf *err, int *status, struct sk_fault *fault);

#endif
