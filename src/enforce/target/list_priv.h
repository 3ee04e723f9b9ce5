/* SPDX-License-Identifier: Apache-2.0 */
/* Block lists as files (docs/blocklists.md): their text, and the three forms of their signature. */
#ifndef SK_LIST_PRIV_H
#define SK_LIST_PRIV_H

#include "target/target.h"

enum { SK_LIST_ENTRIES_MAX = 1 << 17, SK_LIST_BYTES_MAX = 64 << 20, SK_LIST_SIGNATURE_MAX = 4096 };

enum sk_list_kind { SK_LIST_PREFIXES, SK_LIST_DOMAINS, SK_LIST_KINDS };

struct sk_list_entry {
	char value[SK_ORDER_TARGET_MAX];
	char order[SK_ORDER_ID_MAX];
	char tag[SK_TAG_MAX]; /* "": a line that is not ours */
	int64_t until_ns;
};
/* Entries in ascending order of value, each value once. */
struct sk_list {
	struct sk_list_entry *entries; /* owned */
	size_t count, places;
};

/* "prefixes.txt", "domains.txt". Static storage. */
const char *sk_list_name(enum sk_list_kind kind);
/* Free the entries. */
void sk_list_fini(struct sk_list *list);
/* The entry of a value, or NULL. */
const struct sk_list_entry *sk_list_find(const struct sk_list *list, const char *value);
/* Put an entry in its place; one of the same value is replaced. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_list_put(struct sk_list *list, const struct sk_list_entry *entry);
/* Take entry i out. */
void sk_list_remove(struct sk_list *list, size_t i);
/* Append the list's text, made at that time by the key of that name. */
void sk_list_write(const struct sk_list *list, enum sk_list_kind kind, const char *by, int64_t made_ns, struct sk_buf *out);
/* Read a list's text into an empty list; name is for messages. A value that stands twice, out of order or without its time is kept as a line that is not ours.
   SK_EINPUT, SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_list_parse(const char *name, const void *text, size_t length, struct sk_list *list, struct sk_fault *fault);

/* Replace a file that is served: in one step, and for all to read whatever the enforcer's umask. SK_EIO, SK_ENOSPC. */
SK_MUST enum sk_err sk_list_replace(const char *path, const struct sk_buf *bytes, struct sk_fault *fault);

/* ---- signatures over a file's bytes, each in a file beside it ---- */

/* A C2SP note over "sekisho-file/1", the file's name, its SHA-256. */
void sk_list_sign_note(const struct sk_sign_key *key, const char *name, const void *bytes, size_t length, struct sk_buf *out);
/* Is the note's statement about these bytes under that name, and signed by the key? SK_ESIGNATURE, SK_EMALFORMED. */
SK_MUST enum sk_err sk_list_verify_note(const struct sk_verify_key *key, const char *name, const void *bytes, size_t length, const char *note, size_t note_length);
/* As `minisign -V` reads it (pre-hashed, "ED"); time stands in the trusted comment. */
void sk_list_sign_minisign(const struct sk_sign_key *key, const char *name, const void *bytes, size_t length, int64_t time_ns, struct sk_buf *out);
/* As `ssh-keygen -Y verify -n sekisho-file` reads it. */
void sk_list_sign_ssh(const struct sk_sign_key *key, const void *bytes, size_t length, struct sk_buf *out);
/* The public key in minisign's form, in the form of allowed_signers, and as a C2SP verifier key. */
void sk_list_key_minisign(const struct sk_verify_key *key, struct sk_buf *out);
/* See there. */
void sk_list_key_ssh(const struct sk_verify_key *key, struct sk_buf *out);

#endif
