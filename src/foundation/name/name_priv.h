/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SK_NAME_PRIV_H
#define SK_NAME_PRIV_H

#include "name/name.h"

/* Looks: code points to the ASCII, or the other character, that they look like. out holds 2 * SK_LABEL_MAX. Returns how many. */
size_t sk_label_skeleton(const uint32_t *code, size_t count, uint32_t *out);
/* Kana to Latin letters (Hepburn; a long vowel once). Returns the length, 0 when there is anything else than kana. */
size_t sk_label_romaji(const uint32_t *code, size_t count, char out[2 * SK_LABEL_MAX]);

#endif
