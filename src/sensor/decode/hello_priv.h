/* SPDX-License-Identifier: Apache-2.0 */
/* What fingerprints are made of: the lists of a ClientHello without GREASE, in the order of the message. */
#ifndef SK_DECODE_HELLO_PRIV_H
#define SK_DECODE_HELLO_PRIV_H

#include "decode/tls.h"
#include "decode/tls_server.h"

struct sk_hello_list {
	uint16_t values[SK_TLS_LISTS_MAX];
	unsigned count;
};

struct sk_hello_lists {
	struct sk_hello_list ciphers, extensions, curves, formats, signatures;
	bool overflow;  /* one was longer than SK_TLS_LISTS_MAX: there is no fingerprint then */
	char alpn[2];   /* as JA4 prints it; "00" for none */
};

/* Ready for a new hello: the counts alone, as the values are 2.5 KB. */
static inline void sk_hello_lists_clear(struct sk_hello_lists *lists)
{
	lists->ciphers.count = lists->extensions.count = lists->curves.count = lists->formats.count = lists->signatures.count = 0;
	lists->overflow = false;
	lists->alpn[0] = lists->alpn[1] = '0';
}

/* RFC 8701: 0x0a0a, 0x1a1a, … 0xfafa. */
static inline bool sk_is_grease(uint16_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* An ALPN value as people read it: what is not printable as '?', cut to the capacity, terminated. */
void sk_hello_alpn(struct sk_cur value, char *text, size_t capacity);

/* JA3 and JA4 into *out, whose other fields are set; "" where there is none, or no credit for it. */
void sk_hello_fingerprint(const struct sk_hello_lists *lists, struct sk_credit *credit, struct sk_client_hello *out);
/* JA3S into *out, whose legacy_version and cipher are set. */
void sk_server_hello_ja3s(const struct sk_hello_list *extensions, struct sk_credit *credit, struct sk_server_hello *out);

#endif
