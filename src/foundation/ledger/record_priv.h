/* SPDX-License-Identifier: Apache-2.0 */
/* What record.c (tables), record_write.c and record_parse.c share: the forms that a field can have, the table of each kind, the names and letters that are allowed.
   Writer and reader walk the same table, so the form is one thing only. */
#ifndef SK_RECORD_PRIV_H
#define SK_RECORD_PRIV_H

#include "ledger/record_read.h"

enum form {
	FIXED,         /* always this text */
	VERSION,       /* 1; of interval and carry also 2, since losses have names */
	U64, I64, BOOL,
	WORD,          /* 1.. printable ASCII without space, quote and backslash */
	WORD_OR_EMPTY,
	LINK,          /* letters, digits and . _ : -, and no address */
	HASH, RUN_ID,  /* 32 and 16 bytes in lower-case hexadecimal */
	HASH_OR_NULL,
	CLASS_BITS, KIND_BITS, /* arrays of names in order of bits */
	TALLY,         /* {"bytes":n,"frames":n} */
	CELLS,         /* {name:{"bytes":n,"frames":n},...}, only cells with frames */
	CLASS_TALLIES, /* the same, names are border classes */
	NAMES,         /* array of texts of a-z 0-9 _ . in ascending order */
	LOSSES,        /* in version 2 cells, in version 1 a tally */
	COUNT,         /* a tally of which only frames is there, as a number: records of exports have no bytes */
	COUNT_CELLS,   /* {name:n,...} */
	CLASS_COUNTS,  /* the same, names are border classes */
	COUNTRIES,     /* {code:{"bytes":n,"frames":n,"hosts":n},...}, codes of two letters, only those with frames */
	SECTION,       /* an object of its own table, which may be left out; in version 2 alone */
	MORE           /* a count that is left out when it is 0; in version 2 alone */
};

struct field {
	const char *key;
	const char *lead;  /* the key as it stands in the text, with quotes and colon */
	size_t lead_length;
	enum form form;
	size_t offset;
	uint64_t limit;    /* U64: largest value; WORD, LINK: size of the array; SECTION: how many fields */
	const char *fixed;
	const struct field *section; /* offset is that of the flag that says whether it is there */
};

/* A kind of record: its name and its fields, keys ascending. */
struct record_form {
	const char *name;
	const struct field *fields;
	size_t count;
};
extern const struct record_form sk_forms[SK_RECORD_KIND_COUNT];

enum { SELECTOR_KINDS = 13 };
extern const char *const sk_form_classes[SK_CLASS_COUNT];
/* Border classes in ascending order of their names. */
extern const uint8_t sk_form_class_order[SK_CLASS_COUNT];
/* By bit number, as contract/basis/basis.h numbers them (this room stands below the contracts). */
extern const char *const sk_form_selectors[SELECTOR_KINDS];

static inline bool is_word(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static inline bool is_link(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
}

/* A link is a label that its operator chose; an address would name somebody. */
static inline bool is_address(const char *text)
{
	struct sk_addr addr;
	return sk_addr_parse(text, &addr) == SK_OK;
}

static inline bool is_cell_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

#endif
