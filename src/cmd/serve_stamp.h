/* SPDX-License-Identifier: Apache-2.0 */
/* Did somebody write to these files since? What a server keeps open of a database is opened anew only then, and not at each act of the ledger: looks alone make one each second. */
#ifndef SK_CMD_SERVE_STAMP_H
#define SK_CMD_SERVE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { SK_STAMP_FILES = 4 };

struct sk_stamp {
	struct stat files[SK_STAMP_FILES]; /* zeros: it is not there, or empty */
	bool settled;                      /* the newest was written long enough before: a write after it has another time */
};

/* Look at up to SK_STAMP_FILES files, at the host's clock's now. */
void sk_stamp_take(const char *const *paths, size_t count, int64_t now_ns, struct sk_stamp *out);
/* Are these the same files, unchanged since the earlier stamp was taken? An unsettled one is the same as none. */
bool sk_stamp_same(const struct sk_stamp *earlier, const struct sk_stamp *now);

#endif
