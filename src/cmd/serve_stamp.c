/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve_stamp.h"

#include <string.h>

/* Times of files grow in steps of some milliseconds: two writes in one step look alike. */
static const int64_t settles_ns = 1000000000;

void sk_stamp_take(const char *const *paths, size_t count, int64_t now_ns, struct sk_stamp *out)
{
	memset(out, 0, sizeof *out);
	out->settled = true;
	for (size_t i = 0; i < count && i < SK_STAMP_FILES; i++) {
		struct stat *file = &out->files[i];
		/* An empty log of a database holds no write. Whoever opens the database makes one, and takes it away when he is the last to leave. */
		if (stat(paths[i], file) != 0 || file->st_size == 0) {
			memset(file, 0, sizeof *file);
			continue;
		}
		int64_t written_ns = (int64_t)file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec;
		out->settled = out->settled && written_ns + settles_ns < now_ns;
	}
}

bool sk_stamp_same(const struct sk_stamp *earlier, const struct sk_stamp *now)
{
	bool same = earlier->settled;
	for (size_t i = 0; i < SK_STAMP_FILES; i++) {
		const struct stat *a = &earlier->files[i], *b = &now->files[i];
		same = same && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
	}
	return same;
}
