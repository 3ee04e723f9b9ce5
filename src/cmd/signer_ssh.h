/* SPDX-License-Identifier: Apache-2.0 */
/* An SSH key as somebody's hand: what lies at a path, and ssh-keygen -Y sign as a child with fixed words. Its passphrase, its agent and its security key are its own
   concern; it asks on the terminal, never through us. */
#ifndef SK_CMD_SIGNER_SSH_H
#define SK_CMD_SIGNER_SSH_H

#include "seal/foreign.h"

/* Is what lies there an SSH key, public or private? *public_half: it is a public one. SK_ENOENT, SK_EIO. */
SK_MUST enum sk_err sk_signer_ssh_is(const char *path, bool *ssh, bool *public_half, struct sk_fault *fault);
/* Let ssh-keygen sign the bytes and append the SSHSIG blob. SK_ENOENT (no ssh-keygen), SK_ESIGNATURE (it refused; it said why itself), SK_EMALFORMED. */
SK_MUST enum sk_err sk_signer_ssh_blob(const char *path, const char *bytes, size_t length, struct sk_buf *blob, struct sk_fault *fault);
/* The public half: of the file itself, of PATH.pub beside it, or as ssh-keygen -y tells it. SK_EUNSUPPORTED (not Ed25519), SK_EMALFORMED. */
SK_MUST enum sk_err sk_signer_ssh_public(const char *path, bool public_half, struct sk_verify_key *out, struct sk_fault *fault);

#endif
