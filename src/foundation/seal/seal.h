/* SPDX-License-Identifier: Apache-2.0 */
/* seal: hashes, signatures, sealed blobs, keys in files, signed notes, and the one k-of-n quorum grammar.
   SHA-256 by OpenSSL EVP (fetched once), the rest by libsodium. Promises: keys are wiped when freed, key files are 0600 or refused.
   Never: prints or logs key bytes. Thread rule: sk_seal_start once per process, then every call is reentrant. */
#ifndef SK_SEAL_H
#define SK_SEAL_H

#include "base/buf.h"

enum { SK_HASH_BYTES = 32, SK_KEY_BYTES = 32, SK_SIGN_BYTES = 64, SK_SEAL_OVERHEAD_BYTES = 24 + 16, SK_SIP_KEY_BYTES = 16 };
enum { SK_KEY_NAME_MAX = 128, SK_PUBLIC_KEY_MAX = 33, SK_KEY_SCOPE_MAX = 128, SK_VKEY_TEXT_MAX = SK_KEY_NAME_MAX + 272 };

/* Fetch digests, start libsodium. SK_ENOMEM or SK_EIO when the libraries fail. Idempotent. */
SK_MUST enum sk_err sk_seal_start(void);
/* Fill with random bytes from the kernel. */
void sk_random(void *bytes, size_t length);

/* SHA-256 of one piece. */
void sk_sha256(const void *bytes, size_t length, uint8_t out[SK_HASH_BYTES]);
/* Streaming SHA-256; opaque, heap. */
struct sk_sha256;
/* NULL when out of memory. */
struct sk_sha256 *sk_sha256_new(void);
/* Start over. */
void sk_sha256_reset(struct sk_sha256 *hash);
/* Add bytes. */
void sk_sha256_add(struct sk_sha256 *hash, const void *bytes, size_t length);
/* The digest of all added since the last reset; then resets. */
void sk_sha256_take(struct sk_sha256 *hash, uint8_t out[SK_HASH_BYTES]);
/* Free (NULL is fine). */
void sk_sha256_free(struct sk_sha256 *hash);

/* Keyed BLAKE2b; length of out 16..64 bytes. For blind indexes, commitments' inner keys, pseudonyms. */
void sk_keyed_hash(const uint8_t key[SK_KEY_BYTES], const void *bytes, size_t length, void *out, size_t out_length);
/* SipHash-1-3: the keyed hash of tables that strangers fill. */
uint64_t sk_siphash13(const uint8_t key[SK_SIP_KEY_BYTES], const void *bytes, size_t length);

/* Seal (XChaCha20-Poly1305, random nonce in front) plain into out, which has room for length + SK_SEAL_OVERHEAD_BYTES.
   aad is bound and not stored. */
void sk_seal(const uint8_t key[SK_KEY_BYTES], const void *aad, size_t aad_length, const void *plain, size_t length, uint8_t *out);
/* Open what sk_seal made; out has room for length - SK_SEAL_OVERHEAD_BYTES. SK_ESIGNATURE when altered or under another key or aad. */
SK_MUST enum sk_err sk_unseal(const uint8_t key[SK_KEY_BYTES], const void *aad, size_t aad_length, const void *sealed, size_t length, uint8_t *out);

/* ---- key files beside a database ---- */

/* Make a file of SK_KEY_BYTES random bytes (0600) unless one is there: whole or not at all, and of two that make it at once the second takes the first one's. What the files say. */
SK_MUST enum sk_err sk_secret_make(const char *path, struct sk_fault *fault);
/* Read it into locked memory, which the caller frees. SK_ENOENT, SK_EPERMS (others may read it), SK_EMALFORMED (another length), SK_ENOMEM. */
SK_MUST enum sk_err sk_secret_load(const char *path, uint8_t **out, struct sk_fault *fault);
/* Wipe and free (NULL is fine). */
void sk_secret_free(uint8_t *secret);

/* ---- signing keys (Ed25519) ---- */

/* Kinds of keys that C2SP does not number: their type byte is 0xff and a long name follows (kind.def). */
enum sk_key_kind {
	SK_KEY_ASSIGNED, /* the type byte says it all */
#define SK_KEY_KIND(symbol, name, bytes, scoped) SK_KEY_##symbol,
#include "seal/kind.def"
#undef SK_KEY_KIND
	SK_KEY_KIND_COUNT
};

/* A public key with its name: what "name+id+base64" text holds. type 0x01 = note signature, 0x04 = witness cosignature, 0xff = see kind. */
struct sk_verify_key {
	char name[SK_KEY_NAME_MAX];
	uint8_t type;
	uint8_t public_key[SK_PUBLIC_KEY_MAX]; /* shorter ones: zeros behind */
	uint32_t id;                           /* first 4 bytes of SHA-256(name LF type key), big-endian */
	enum sk_key_kind kind;
	char scope[SK_KEY_SCOPE_MAX];          /* what the key signs for, by kind: application or relying party; else "" */
};

struct sk_sign_key; /* opaque; the secret half lives in locked memory */

/* Make a new key. Name: 1..127 bytes, no space, no '+', no control character: SK_EUSAGE otherwise. Caller frees. */
SK_MUST enum sk_err sk_sign_key_new(const char *name, struct sk_sign_key **out);
/* Write it to a file of mode 0600 that must not exist yet: SK_EEXIST. */
SK_MUST enum sk_err sk_sign_key_save(const struct sk_sign_key *key, const char *path, struct sk_fault *fault);
/* Read it; SK_EPERMS when others may read the file, SK_EMALFORMED, SK_ENOENT. Caller frees. */
SK_MUST enum sk_err sk_sign_key_load(const char *path, struct sk_sign_key **out, struct sk_fault *fault);
/* Wipe and free (NULL is fine). */
void sk_sign_key_free(struct sk_sign_key *key);
/* The public half, borrowed. */
const struct sk_verify_key *sk_sign_key_public(const struct sk_sign_key *key);
/* Sign bytes. */
void sk_sign(const struct sk_sign_key *key, const void *bytes, size_t length, uint8_t signature[SK_SIGN_BYTES]);
/* A bare Ed25519 signature: SK_OK or SK_ESIGNATURE. What a kind of key wraps around it is for sk_note_verify. */
SK_MUST enum sk_err sk_verify(const struct sk_verify_key *key, const void *bytes, size_t length, const uint8_t signature[SK_SIGN_BYTES]);
/* Parse "name+hex8+base64(type||key)"; the id must match. SK_EMALFORMED. */
SK_MUST enum sk_err sk_verify_key_parse(const char *text, struct sk_verify_key *out);
/* The text form. */
const char *sk_verify_key_format(const struct sk_verify_key *key, char text[SK_VKEY_TEXT_MAX]);
/* The same key as a witness has it: type 0x04 and the id that goes with it. */
void sk_verify_key_as_witness(const struct sk_verify_key *key, struct sk_verify_key *out);

/* ---- signed notes (C2SP signed-note): body ending in LF, blank line, signature lines ---- */

enum { SK_NOTE_SIGNATURES_MAX = 64, SK_NOTE_SIGNATURE_MAX = 764, SK_NOTE_MAX = 1 << 20 };

struct sk_note_signature {
	char name[SK_KEY_NAME_MAX];
	uint32_t id;
	size_t length;         /* bytes after the id; 64 for Ed25519, 72 for a cosignature */
	uint8_t bytes[SK_NOTE_SIGNATURE_MAX]; /* longer signatures (ML-DSA) are kept as unknown with length 0 */
};

struct sk_note {
	const char *body;      /* borrowed from the parsed text; ends with LF */
	size_t body_length;
	size_t signature_count;
	struct sk_note_signature signatures[SK_NOTE_SIGNATURES_MAX];
};

/* Split a note. SK_EMALFORMED: no blank line, control characters, bad UTF-8, bad signature line, no signature at all. */
SK_MUST enum sk_err sk_note_parse(const char *text, size_t length, struct sk_note *out, struct sk_fault *fault);
/* Does a signature by this key (type 0x01 or 0xff) stand under the note and verify? SK_ENOENT when there is none by that name and id, SK_ESIGNATURE
   when it is there and wrong. */
SK_MUST enum sk_err sk_note_verify(const struct sk_note *note, const struct sk_verify_key *key);
/* As sk_note_verify for a witness cosignature (type 0x04); *unix_seconds gets its time. */
SK_MUST enum sk_err sk_note_verify_cosignature(const struct sk_note *note, const struct sk_verify_key *key, uint64_t *unix_seconds);
/* Append body (must end in LF), a blank line and one signature line by key to out. Further signatures: sk_note_add_signature. */
void sk_note_sign(struct sk_buf *out, const char *body, size_t body_length, const struct sk_sign_key *key);
/* Append one more signature line over the same body. */
void sk_note_add_signature(struct sk_buf *out, const char *body, size_t body_length, const struct sk_sign_key *key);
/* Append a witness cosignature line (type 0x04) over the same body, made at that time. */
void sk_note_add_cosignature(struct sk_buf *out, const char *body, size_t body_length, const struct sk_sign_key *key, uint64_t unix_seconds);

/* ---- quorum: the C2SP tlog-policy grammar, used for witnesses, oversight and orders alike ---- */

enum { SK_QUORUM_NODES_MAX = 128, SK_QUORUM_TEXT_MAX = 65536 };
struct sk_quorum; /* opaque */

/* Parse lines "log VKEY", "witness NAME VKEY", "group NAME k|any|all MEMBER…", "quorum NAME|none". Back references only, each member used once.
   SK_EMALFORMED names the line. Caller frees. */
SK_MUST enum sk_err sk_quorum_parse(const char *text, size_t length, struct sk_quorum **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_quorum_free(struct sk_quorum *quorum);
/* How many witness keys it names. */
size_t sk_quorum_members(const struct sk_quorum *quorum);
/* Member i: its name and key, borrowed. */
const struct sk_verify_key *sk_quorum_member(const struct sk_quorum *quorum, size_t i, const char **name);
/* Is the quorum met when present[i] says that member i signed? */
bool sk_quorum_met(const struct sk_quorum *quorum, const bool *present);

#endif
