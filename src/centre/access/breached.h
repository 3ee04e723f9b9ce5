/* SPDX-License-Identifier: Apache-2.0 */
/* access/breached.h: is a password in a list of breached ones? The list is local: a folder of range files (ABCDE or ABCDE.txt with lines SUFFIX:COUNT, as range
   services give them) or one file of lines SHA1:COUNT sorted by hash. The first five hexadecimal digits of the SHA-1 pick the range; nothing else of the password
   is used to find it, so the same call serves a list that somebody else holds. */
#ifndef SK_ACCESS_BREACHED_H
#define SK_ACCESS_BREACHED_H

#include "base/base.h"

enum { SK_BREACHED_PREFIX = 5, SK_BREACHED_HASH = 40 };

/* A line "HEX[:COUNT]" of a list whose lines have that many digits (35 in a range, 40 in a sorted file); blanks and CR at its end are fine. digits gets them in
   upper case with a NUL. False: no such line (padding lines of range services with count 0 are lines). */
bool sk_breached_line(const char *line, size_t length, size_t expected, char digits[SK_BREACHED_HASH + 1], uint64_t *count);
/* How often does this password occur in the list at path? 0: not in it. SK_ENOENT, SK_EIO, SK_EMALFORMED (the range that was looked up has no line of the form). */
SK_MUST enum sk_err sk_breached_count(const char *path, const char *password, size_t length, uint64_t *count, struct sk_fault *fault);

#endif
