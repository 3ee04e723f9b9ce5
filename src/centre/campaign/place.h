/* SPDX-License-Identifier: Apache-2.0 */
/* campaign/place.h: a table of the operator's that gives addresses a word: which AS announces them, which sector an own network belongs to. Promises: the narrowest
   range that holds the address decides; look-ups do not allocate. Thread rule: a table that was read is immutable. */
#ifndef SK_CAMPAIGN_PLACE_H
#define SK_CAMPAIGN_PLACE_H

#include "base/addr.h"
#include "base/buf.h"

struct sk_places; /* opaque */
enum { SK_PLACES_MAX = 4000000, SK_PLACE_WORDS_MAX = 1 << 20, SK_PLACE_WORD_MAX = 32, SK_PLACES_BYTES_MAX = 512 << 20, SK_SECTORS_MAX = 64 };
/* What its words are: AS numbers; sectors (at most SK_SECTORS_MAX different ones); organisations. */
enum sk_places_kind { SK_PLACES_AS, SK_PLACES_SECTORS, SK_PLACES_ORGANISATIONS };

/* Read "PREFIX WORD" or "FROM TO WORD ..." lines, separated by blanks, tabs or commas (quotes are taken off); empty lines and those that begin with # are passed
   over. An AS is a number, with or without AS in front, and becomes "AS64500"; 0 means none. Another word is 1 to 31 of a-z 0-9 - _.
   label is the file's name for messages. SK_EINPUT names the line, SK_ETOOBIG, SK_ENOMEM. The caller frees *out. */
SK_MUST enum sk_err sk_places_read(const char *label, const void *bytes, size_t length, enum sk_places_kind kind, struct sk_places **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_places_free(struct sk_places *places);
/* The number of the word of an address, or UINT32_MAX. Words are numbered in their own order (bytes). */
uint32_t sk_places_find(const struct sk_places *places, const struct sk_addr *addr);
/* A word by its number; NULL beyond the last. */
const char *sk_places_word(const struct sk_places *places, uint32_t number);

#endif
