/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of an X.509 certificate (RFC 5280) without a name: see struct sk_certificate. Strict DER as far as it is read: definite lengths in
   their shortest form, the fields of TBSCertificate in order, each inside its parent. Reads nothing behind the subject. */
#ifndef SK_DECODE_X509_H
#define SK_DECODE_X509_H

#include "decode/tls_server.h"

/* Read a whole certificate. Sets all of *out but chain_length: hashes and whole = true always, and the rest when the DER is right (parsed). */
void sk_x509_read(struct sk_cur der, struct sk_certificate *out);

#endif
