/* SPDX-License-Identifier: Apache-2.0 */
/* Plain tar (ustar) in memory by libarchive: regular files alone, with names of our own form. Private to bundles. */
#ifndef SK_CASE_TAR_PRIV_H
#define SK_CASE_TAR_PRIV_H

#include "case/bundle.h"

struct sk_tar_file {
	char name[SK_BUNDLE_NAME_MAX];
	uint8_t *bytes;                  /* owned */
	size_t length;
};
struct sk_tar {
	struct sk_tar_file *files;       /* owned */
	size_t count, room;
	uint64_t total;
};
/* Free all. */
void sk_tar_fini(struct sk_tar *tar);
/* Add a file; bytes are copied. SK_ETOOBIG, SK_ENOMEM, SK_EUSAGE (a name that no bundle has). */
SK_MUST enum sk_err sk_tar_add(struct sk_tar *tar, const char *name, const void *bytes, size_t length, struct sk_fault *fault);
/* The file of that name; NULL. */
const struct sk_tar_file *sk_tar_find(const struct sk_tar *tar, const char *name);
/* Append it, the same bytes for the same files: owner, mode and time of each are fixed. */
SK_MUST enum sk_err sk_tar_write(const struct sk_tar *tar, struct sk_buf *out, struct sk_fault *fault);
/* Read one: nothing but regular files, each once, no links, no paths that lead out, no compression. SK_EMALFORMED, SK_ETOOBIG. */
SK_MUST enum sk_err sk_tar_read(const void *bytes, size_t length, struct sk_tar *out, struct sk_fault *fault);

#endif
