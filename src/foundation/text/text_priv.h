/* SPDX-License-Identifier: Apache-2.0 */
/* text's own: one strict UTF-8 step, used by the JSON reader and writer, the escapers and the column count. */
#ifndef SK_TEXT_PRIV_H
#define SK_TEXT_PRIV_H

#include "base/base.h"

/* Length in bytes (1..4) of the well-formed UTF-8 sequence at `at` (RFC 3629: shortest form, no surrogate, at most U+10FFFF) and its code
   point; 0 when there is none. Needs at < end. */
size_t sk_utf8_step(const char *at, const char *end, uint32_t *code);

#endif
