/* SPDX-License-Identifier: Apache-2.0 */
/* A person's signature at the command line: with a key file of ours, or with an SSH key (file, agent or security key) through ssh-keygen -Y sign. */
#ifndef SK_CMD_SIGNER_H
#define SK_CMD_SIGNER_H

#include "seal/seal.h"

/* Sign a statement (its text ends in LF) with the key at that path and append the whole note. The path is a key file of ours, an SSH private key, or an SSH
   public key whose private half an agent or a security key holds. SK_ENOENT, SK_EPERMS, SK_EMALFORMED, SK_EUNSUPPORTED (a kind of key that is not Ed25519). */
SK_MUST enum sk_err sk_signer_sign(const char *key_path, const char *statement, size_t length, struct sk_buf *note, struct sk_fault *fault);
/* The public half of what is at that path, as quorums and accounts name it. */
SK_MUST enum sk_err sk_signer_public(const char *key_path, struct sk_verify_key *out, struct sk_fault *fault);
/* Make the note out of a statement and a signature that was made elsewhere: the output of ssh-keygen -Y sign (armoured), a note's signature
   lines, or the JSON of a WebAuthn assertion whose challenge is SHA-256 of the statement. */
SK_MUST enum sk_err sk_signer_take(const char *statement, size_t length, const char *signature, size_t signature_length, const struct sk_verify_key *by,
				   struct sk_buf *note, struct sk_fault *fault);

#endif
