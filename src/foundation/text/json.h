/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical JSON (RFC 8785 restricted): objects with ASCII keys in ascending byte order, each once; strings; integers with |n| < 2^53;
   true, false, null; arrays. No fractions, no exponents, no white space. Larger integers travel as decimal strings.
   The writer writes nothing else; the reader refuses anything else. Room for ledger records, bases, warrants, our own files. */
#ifndef SK_TEXT_JSON_H
#define SK_TEXT_JSON_H

#include "base/buf.h"

/* ---- writing ---- */

enum { SK_JSON_DEPTH_MAX = 32, SK_JSON_KEY_MAX = 64 };

/* A streaming writer into a borrowed buffer. In canonical mode a key out of order is a bug (SK_INVARIANT). In free mode (CLI output
   for machines) keys keep the order that the caller gives and doubles are allowed. */
struct sk_json_writer {
	struct sk_buf *out;
	bool canonical;
	unsigned depth;
	struct {
		bool object, any;
		char last_key[SK_JSON_KEY_MAX];
	} level[SK_JSON_DEPTH_MAX];
};

/* Start a writer that appends to out (borrowed). */
void sk_json_begin(struct sk_json_writer *w, struct sk_buf *out, bool canonical);
/* Open an object; key is NULL inside arrays and at the top. Likewise for every call below. */
void sk_json_object(struct sk_json_writer *w, const char *key);
/* Open an array. */
void sk_json_array(struct sk_json_writer *w, const char *key);
/* Close the innermost object or array. */
void sk_json_end(struct sk_json_writer *w);
/* A string; invalid UTF-8 is written as U+FFFD, control characters escaped as RFC 8785 says. */
void sk_json_text(struct sk_json_writer *w, const char *key, const char *value);
/* A string of known length. */
void sk_json_text_n(struct sk_json_writer *w, const char *key, const char *value, size_t length);
/* Bytes as lower-case hexadecimal. */
void sk_json_hex(struct sk_json_writer *w, const char *key, const void *bytes, size_t length);
/* Unsigned: a number below 2^53, else a decimal string. */
void sk_json_u64(struct sk_json_writer *w, const char *key, uint64_t value);
/* Signed: as sk_json_u64. */
void sk_json_i64(struct sk_json_writer *w, const char *key, int64_t value);
/* true or false. */
void sk_json_bool(struct sk_json_writer *w, const char *key, bool value);
/* null. */
void sk_json_null(struct sk_json_writer *w, const char *key);
/* A double with six significant digits after the point at most; free mode only. */
void sk_json_double(struct sk_json_writer *w, const char *key, double value);
/* Splice text that is JSON already (made by another writer of the same mode). */
void sk_json_raw(struct sk_json_writer *w, const char *key, const char *json, size_t length);

/* ---- reading ---- */

enum sk_json_kind { SK_JSON_NULL, SK_JSON_BOOL, SK_JSON_INT, SK_JSON_TEXT, SK_JSON_ARRAY, SK_JSON_OBJECT };

/* One value. Memory belongs to the document. */
struct sk_json_value {
	enum sk_json_kind kind;
	int64_t integer;                /* INT; BOOL as 0 or 1 */
	const char *text;               /* TEXT: decoded, NUL-terminated (a string with U+0000 is refused) */
	size_t length;                  /* TEXT: bytes; ARRAY and OBJECT: number of children */
	const char *key;                /* in an object: this member's key */
	const struct sk_json_value *child; /* first child */
	const struct sk_json_value *next;  /* next sibling */
	size_t offset;                  /* where it begins in the input, bytes */
};

struct sk_json_doc; /* opaque; owns all values */

/* Parse canonical JSON of exactly `length` bytes. SK_EMALFORMED (the fault names the byte offset and what was expected) for any other
   form; SK_ETOOBIG past limits (depth 32, 1,000,000 values); SK_ENOMEM. On success *out is owned by the caller. */
SK_MUST enum sk_err sk_json_parse(const char *text, size_t length, struct sk_json_doc **out, struct sk_fault *fault);
/* Free a document (NULL is fine). */
void sk_json_free(struct sk_json_doc *doc);
/* The top value. */
const struct sk_json_value *sk_json_top(const struct sk_json_doc *doc);
/* A member of an object, or NULL (also when object is NULL or no object). */
const struct sk_json_value *sk_json_get(const struct sk_json_value *object, const char *key);
/* A member that must be text; NULL when absent or of another kind. */
const char *sk_json_get_text(const struct sk_json_value *object, const char *key);
/* A member that must be an integer (number, or decimal string when >= 2^53). SK_ENOENT when absent, SK_EMALFORMED when of another kind or < 0. */
SK_MUST enum sk_err sk_json_get_u64(const struct sk_json_value *object, const char *key, uint64_t *out);
/* As sk_json_get_u64, signed. */
SK_MUST enum sk_err sk_json_get_i64(const struct sk_json_value *object, const char *key, int64_t *out);
/* A member that must be 2*length hexadecimal digits in lower case. SK_ENOENT, SK_EMALFORMED. */
SK_MUST enum sk_err sk_json_get_hex(const struct sk_json_value *object, const char *key, void *bytes, size_t length);

#endif
