/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that other programs make, as signature lines of a note: SSHSIG (ssh-keygen -Y sign; files, agents, security keys) and WebAuthn assertions.
   sk_note_verify checks them as it checks our own; this header is for whoever puts one under a note. docs/formats/keys.md rule: SIGN-1
   Promises: a signature counts for exactly this text, this namespace or relying party, and with the person's touch where the key can ask for one.
   Never: runs a program, opens a device. Thread rule: reentrant. */
#ifndef SK_SEAL_FOREIGN_H
#define SK_SEAL_FOREIGN_H

#include "seal/seal.h"

enum { SK_SSH_TEXT_MAX = 512, SK_SSHSIG_ARMOUR_MAX = 4096 };
/* What is signed with ssh-keygen -Y sign -n: nothing that was signed for another purpose is an act. */
#define SK_SSHSIG_NAMESPACE "sekisho-act"

/* Parse one line "ssh-ed25519 BASE64 [comment]" or "sk-ssh-ed25519@openssh.com BASE64 [comment]". The key's name is its SSH fingerprint (SHA256:..., with
   the URL alphabet of base64, for a key name has no plus), so it does not hang on a comment. SK_EMALFORMED, SK_EUNSUPPORTED (another kind of SSH key). */
SK_MUST enum sk_err sk_ssh_key_parse(const char *line, size_t length, struct sk_verify_key *out);
/* The line "ssh-ed25519 BASE64" of an SSH kind, without comment and LF, as authorized_keys and allowed_signers have it; "" for another kind. */
const char *sk_ssh_key_format(const struct sk_verify_key *key, char text[SK_SSH_TEXT_MAX]);

/* Take the armour off what ssh-keygen -Y sign wrote and append the SSHSIG blob. SK_EMALFORMED, SK_ETOOBIG. */
SK_MUST enum sk_err sk_sshsig_unarmour(const char *text, size_t length, struct sk_buf *blob);
/* Which key a blob says that it is by; nothing is verified. SK_EMALFORMED, SK_EUNSUPPORTED (another kind of key). */
SK_MUST enum sk_err sk_sshsig_key(const void *blob, size_t length, struct sk_verify_key *out);
/* Append the armoured form, as ssh-keygen -Y verify reads it. */
void sk_sshsig_armour(const void *blob, size_t length, struct sk_buf *out);

/* Append a WebAuthn assertion in the form that a note carries: length (2 bytes) and authenticatorData, length and clientDataJSON, signature. The buffer
   fails with SK_ETOOBIG when it is longer than a note keeps. */
void sk_webauthn_pack(const void *authenticator, size_t authenticator_length, const void *client, size_t client_length, const void *signature,
		      size_t signature_length, struct sk_buf *out);

/* The verify key of a WebAuthn credential: Ed25519 (32 bytes) or a compressed point of P-256 (33 bytes), of that relying party. SK_EUSAGE: a name or a relying party that is
   none, or another length. */
SK_MUST enum sk_err sk_webauthn_key(const char *name, const void *public_key, size_t length, const char *party, struct sk_verify_key *out);

/* Append a signature line by that key over whatever body stands in front: an SSHSIG blob or a packed assertion. Verifies nothing. Fails with SK_ETOOBIG. */
void sk_note_add_foreign(struct sk_buf *out, const struct sk_verify_key *key, const void *signature, size_t length);

#endif
