/* SPDX-License-Identifier: Apache-2.0 */
/* What fingerprints are made of: the lists of a ClientHello without GREASE, in the order of the message. */
#ifndef SK_DECODE_HELLO_PRIV_H
#define SK_DECODE_HELLO_PRIV_H

#include "decode/tls.h"

struct sk_hello_list {
	uint16_t values[SK_TLS_LISTS_MAX];
	unsigned count;
};

struct sk_hello_lists {
	struct sk_hello_list ciphers, extensions, curves, formats, signatures;
	bool overflow;  /* one was longer than SK_TLS_LISTS_MAX: there is no fingerprint then */
	char alpn[2];   /* as JA4 prints it; "00" for none */
};

/* JA3 and JA4 into *out, whose other fields are set; "" where there is none. */
void sk_hello_fingerprint(const struct sk_hello_lists *lists, struct sk_client_hello *out);

#endif
