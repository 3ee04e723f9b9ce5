/* SPDX-License-Identifier: Apache-2.0 */
/* Tags and lengths of BER (X.690 section 8.1), definite lengths and one-byte tags alone: all that Kerberos and SNMP use. */
#ifndef SK_DECODE_BER_PRIV_H
#define SK_DECODE_BER_PRIV_H

#include "wire/wire.h"

enum { SK_BER_INTEGER = 0x02, SK_BER_OCTETS = 0x04, SK_BER_SEQUENCE = 0x30, SK_BER_CONTEXT = 0xa0 };

/* Read a tag and a length; the value is not carved. The cursor is dead after an indefinite length, one of more than four bytes, or a cut. */
uint32_t sk_ber_header(struct sk_cur *c, uint8_t *tag);
/* Carve the next value, which must have this tag; else both are dead. */
struct sk_cur sk_ber_take(struct sk_cur *c, uint8_t tag);
/* As sk_ber_take, but as much of the value as there is: *cut says that some is missing. */
struct sk_cur sk_ber_take_cut(struct sk_cur *c, uint8_t tag, bool *cut);
/* Step over the next value, whatever it is. */
void sk_ber_skip(struct sk_cur *c);
/* The next value as an INTEGER of at most four bytes; dead otherwise. */
int32_t sk_ber_integer(struct sk_cur *c);

#endif
