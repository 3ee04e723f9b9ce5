/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a canonical text in order. */
#ifndef SK_SORT_PRIV_H
#define SK_SORT_PRIV_H

#include "base/buf.h"

/* Sort the lines that were appended to out from byte `from` on, and drop repeats. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_sort_lines(struct sk_buf *out, size_t from);

#endif
