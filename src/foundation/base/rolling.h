/* SPDX-License-Identifier: Apache-2.0 */
/* base/rolling.h: a file of lines that grows for months: appended in whole lines, put aside by size and age, opened anew when somebody else moved it.
   Promises: no half line stays in the file, whatever the disk does; nothing is allocated after the open; a failed write is kept for the next try, and what finds no place
   any more is counted. What was put aside was synced before it got its name. Thread rule: one per thread. */
#ifndef SK_BASE_ROLLING_H
#define SK_BASE_ROLLING_H

#include "base/base.h"

enum { SK_ROLLING_BUFFER_BYTES = 1 << 17, SK_ROLLING_KEEP_MAX = 999 };

struct sk_rolling_limits {
	uint64_t size_bytes; /* put aside when it would grow past this; 0: never */
	int64_t age_ns;      /* put aside when it was begun so long ago; 0: never */
	unsigned keep;       /* files put aside that stay: path.1 (the newest) .. path.keep; 0: removed at once */
	int64_t flush_ns;    /* the longest time that a line waits in memory; 0: none waits */
};

struct sk_rolling_stats {
	uint64_t lines, bytes; /* written */
	uint64_t lost;         /* lines that found no place while nothing could be written */
	uint64_t rolled;       /* times put aside */
	int errnum;            /* of the last failure; 0 when the last write was well */
};

struct sk_rolling; /* opaque */

/* Open path for appending, made with mode when it is not there. A file that ends in half a line (a machine that lost power) is put aside first. What is no regular
   file is written and never put aside. SK_EIO, SK_ENOSPC, SK_ETOOBIG (path), SK_ENOMEM. Caller closes. */
SK_MUST enum sk_err sk_rolling_open(const char *path, unsigned mode, const struct sk_rolling_limits *limits, int64_t now_unix_ns, struct sk_rolling **out, struct sk_fault *fault);
/* Other limits from now on. */
void sk_rolling_set(struct sk_rolling *rolling, const struct sk_rolling_limits *limits);
/* Append one line, which ends in a newline and is at most half of the buffer. It may wait in memory. */
void sk_rolling_add(struct sk_rolling *rolling, const void *line, size_t length, int64_t now_unix_ns);
/* To be called about every second: writes what waited long enough, puts aside what is old enough. */
void sk_rolling_tick(struct sk_rolling *rolling, int64_t now_unix_ns);
/* Write all that waits and sync it. SK_ENOSPC, SK_EIO: the rest waits on. */
SK_MUST enum sk_err sk_rolling_sync(struct sk_rolling *rolling, struct sk_fault *fault);
/* Open path anew, after logrotate(8) or a person moved the file: what waits goes into the old one. SK_EIO and others: the old one stays in use. */
SK_MUST enum sk_err sk_rolling_reopen(struct sk_rolling *rolling, int64_t now_unix_ns, struct sk_fault *fault);
/* What became of it so far. */
void sk_rolling_stats(const struct sk_rolling *rolling, struct sk_rolling_stats *out);
/* Sync and close; SK_ENOSPC, SK_EIO when a line was lost, with their number. */
SK_MUST enum sk_err sk_rolling_close(struct sk_rolling *rolling, struct sk_fault *fault);

#endif
