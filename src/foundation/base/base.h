/* SPDX-License-Identifier: Apache-2.0 */
/* base: what every room stands on: result codes, the one-line fault, small macros.
   Promises: nothing here does I/O except file.h, and nothing reads a clock except clock.h.
   Never: global state. Thread rule: everything is reentrant. */
#ifndef SK_BASE_H
#define SK_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SK_MUST __attribute__((warn_unused_result))
#define SK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SK_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SK_LIKELY(x) __builtin_expect(!!(x), 1)
#define SK_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Kinds of failure, never mixed. peer: bad bytes from outside, count and drop. host: the machine failed us, return it upwards.
   law: a rule refuses; say which. user: a wrong call or file, say what was expected. bug: ours; SK_INVARIANT stops the process. */
enum sk_err_kind { SK_KIND_OK, SK_KIND_PEER, SK_KIND_HOST, SK_KIND_LAW, SK_KIND_USER, SK_KIND_BUG };

enum sk_err {
#define SK_ERR(code, value, kind, exit_code, text) code = (value),
#include "base/err.def"
#undef SK_ERR
};

/* The short text of a code, e.g. "truncated". Static storage. */
const char *sk_err_text(enum sk_err err);
/* The name of a code, "SK_ENOENT". Static storage. */
const char *sk_err_name(enum sk_err err);
/* The code of a name; SK_EBUG: none of ours. */
enum sk_err sk_err_find(const char *name);
/* The kind of a code. */
enum sk_err_kind sk_err_kind(enum sk_err err);
/* The process exit code that manual pages name for this code. */
int sk_err_exit(enum sk_err err);

enum { SK_FAULT_LINE_MAX = 512 };

/* One clear line for a person: what, where, what was expected, what to do. Filled by the room that knows; printed only by cmd. */
struct sk_fault {
	enum sk_err err;
	char line[SK_FAULT_LINE_MAX];
};

/* Set *fault (when not NULL) from a printf format and return err, so that a caller can `return sk_fault_set(...)`.
   Control bytes in the result are replaced by '?', so hostile names cannot drive a terminal. A longer line is cut. Never allocates. */
SK_PRINTF(3, 4) enum sk_err sk_fault_set(struct sk_fault *fault, enum sk_err err, const char *format, ...);
/* As sk_fault_set, with ": " and the text of the given errno added; the code is SK_ENOSPC for ENOSPC and EDQUOT, else SK_EIO. */
SK_PRINTF(3, 4) enum sk_err sk_fault_errno(struct sk_fault *fault, int errnum, const char *format, ...);

/* A broken invariant: always compiled in. Prints file, line and condition to stderr and aborts; never prints data. */
_Noreturn void sk_bug(const char *file, int line, const char *condition);
#define SK_INVARIANT(condition) ((condition) ? (void)0 : sk_bug(__FILE__, __LINE__, #condition))

/* Leave the function with the error, if there is one. The only macro that hides control flow. */
#define SK_TRY(call) \
	do { \
		enum sk_err sk_try_err = (call); \
		if (sk_try_err != SK_OK) \
			return sk_try_err; \
	} while (0)

/* Bytes that are not zero: what a test of erasure counts. By words where there is nothing, as the buffers are large and nearly always empty. */
size_t sk_count_nonzero(const void *memory, size_t length);

/* Overwrite memory in a way that the compiler cannot drop. */
void sk_wipe(void *bytes, size_t length);
/* The same for an object of a few lines whose size the compiler knows, in line: a call would cost more than the stores. */
static inline void sk_wipe_small(void *object, size_t size)
{
	memset(object, 0, size);
	__asm__ volatile("" : : "r"(object) : "memory");
}

#endif
