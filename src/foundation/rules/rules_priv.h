/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of rules share: the set, one rule being read, and words. */
#ifndef SK_RULES_PRIV_H
#define SK_RULES_PRIV_H

#include "rules/rules.h"
#include "wire/wire.h"

enum {
	SK_RULES_VARIABLES_MAX = 1024, SK_RULES_VALUE_MAX = 1 << 20, SK_RULES_RANGES_MAX = 1 << 17, SK_RULES_DEPTH_MAX = 16, SK_RULES_CLASSES_MAX = 1024,
	SK_RULES_LISTS_MAX = 4096, SK_RULES_FLOWBITS_MAX = 16384, SK_RULES_PCRE_MAX = 4096, SK_RULES_PCRE_BYTES_MAX = 65536, SK_RULES_ARENA_MAX = 1 << 30,
	SK_RULES_CATEGORIES_MAX = 60, SK_RULES_DAY_S = 86400, SK_RULES_TEXT_BYTES_MAX = 256 << 20, SK_RULES_PARENS_MAX = 64
};

/* Memory that lives as long as the set. */
struct sk_rules_chunk {
	struct sk_rules_chunk *next;
	size_t used, size;
};

struct sk_rules_variable {
	char name[SK_RULES_NAME_MAX];
	const char *value;
	bool used;
};
/* A text that was read once already. */
struct sk_rules_known {
	uint64_t hash;
	const char *text;
	const void *made;
	bool ports;
};
struct sk_rules_class {
	const char *name, *category;
	uint8_t priority;
};
struct sk_rules_named_list {
	char name[SK_RULES_NAME_MAX];
	struct sk_rule_list list;
};
struct sk_rules_category {
	char name[SK_RULES_NAME_MAX];
	uint32_t number;
};
struct sk_rules_score {
	struct sk_prefix prefix;
	uint8_t category, score;
};

struct sk_rules {
	struct sk_rules_options options;
	struct sk_rules_chunk *chunks;
	size_t arena_bytes;
	bool out_of_memory;
	struct sk_rule *rules;
	size_t count, capacity;
	uint32_t *index;              /* by gid and sid: open addressing, id + 1; 0: free */
	size_t index_size;
	struct sk_rules_variable *variables;
	size_t variable_count;
	struct sk_rules_known *known;
	size_t known_count, known_capacity, known_used;
	struct sk_rules_class *classes;
	size_t class_count;
	struct sk_rules_named_list *lists;
	size_t list_count, value_count;
	const char **flowbits;
	size_t flowbit_count;
	struct sk_rules_category *categories;
	size_t category_count;
	struct sk_rules_score *scores;
	size_t score_count;
	void *cached;
	size_t cached_length;
};

/* One rule while it is read. */
struct sk_rules_reader {
	struct sk_rules *set;
	const char *folder;           /* of its file: where its lists lie; NULL: a set is opened, they are there */
	const char *file;
	struct sk_rule rule;
	struct sk_rule_item items[SK_RULE_ITEMS_MAX];
	uint8_t part_of[SK_RULE_ITEMS_MAX]; /* of each item */
	uint8_t sticky;               /* part that items go to */
	int last_content;             /* item; -1: none */
	bool fresh;                   /* a buffer was named, and nothing was asked of it yet */
	bool has_variable_names;
	uint8_t variable_count;
	char variables[SK_RULE_VARIABLES_MAX][32];
	bool stream_only, no_stream, packets_only, streams_only, has_sid, priority_said;
	uint8_t listed_app;           /* of buffers: enum sk_app that they need */
	bool uses_negation_of_app;
	struct sk_rule_verdict verdict;
};

/* ---- words (word.c) ---- */

/* Spaces at both ends are taken off. */
struct sk_cur sk_word_trim(struct sk_cur word);
/* Is it this text? */
bool sk_word_is(struct sk_cur word, const char *text);
/* Up to the first of these bytes, which is stepped over; *found: it was there. Escaped with a backslash it is none. */
struct sk_cur sk_word_until(struct sk_cur *rest, char end, bool *found);
/* Digits, or 0x and hexadecimal ones, between these. */
SK_MUST bool sk_word_number(struct sk_cur word, int64_t least, int64_t most, int64_t *out);
/* As a NUL-terminated text; what is not printable becomes '?'. False: it was cut. */
bool sk_word_text(struct sk_cur word, char *text, size_t size);
/* Take off one byte in front. */
bool sk_word_take(struct sk_cur *word, char byte);
/* "..." without its quotes; false: it has none. */
bool sk_word_unquote(struct sk_cur *word);
/* "5", "<5", ">5", "5-9" or "5<>9" (both ends apart when open), "!5". */
SK_MUST bool sk_word_range(struct sk_cur word, uint64_t most, bool open, struct sk_rule_number *out);

/* ---- memory and texts (rules.c) ---- */

/* NULL: out of memory, noted in the set. Zeroed. */
void *sk_rules_take(struct sk_rules *set, size_t bytes, size_t align);
/* A copy. */
const char *sk_rules_keep(struct sk_rules *set, const char *text);
/* Refuse the rule: returns false, so that a reader can return it. */
SK_PRINTF(3, 4) bool sk_rules_refuse(struct sk_rules_reader *reader, enum sk_rule_reason reason, const char *format, ...);
/* FNV-1a. */
uint64_t sk_rules_hash(const void *bytes, size_t length);
/* The rule goes on to be one of the set. */
SK_MUST enum sk_err sk_rules_add(struct sk_rules *set, const struct sk_rule *rule, const struct sk_rule_item *items);

/* ---- header (address.c) ---- */

/* NULL: refused. */
const struct sk_rule_addresses *sk_rules_addresses(struct sk_rules_reader *reader, struct sk_cur word);
/* NULL: refused. */
const struct sk_rule_ports *sk_rules_ports(struct sk_rules_reader *reader, struct sk_cur word);
/* Prefixes as ranges; used by lists too. False: out of memory. */
bool sk_rules_prefixes(struct sk_rules *set, struct sk_prefix *prefixes, size_t count, struct sk_rule_addresses *out);
/* The value of a variable; NULL: it has none. */
const char *sk_rules_value(struct sk_rules *set, struct sk_cur name);

/* ---- options ---- */

/* One option: refused options refuse the rule. keyword.c */
bool sk_rules_option(struct sk_rules_reader *reader, struct sk_cur keyword, struct sk_cur value, bool has_value);
/* What does a name of a protocol that rules use mean? SK_APP_NONE: none of ours. keyword.c */
enum sk_app sk_rules_app(struct sk_cur word);
/* Items go to this buffer from here on. content.c */
bool sk_rules_sticky(struct sk_rules_reader *reader, enum sk_buffer buffer);
/* The last content belongs to this buffer. content.c */
bool sk_rules_move(struct sk_rules_reader *reader, enum sk_buffer buffer);
/* A new item of the present part; NULL: refused. content.c */
struct sk_rule_item *sk_rules_item(struct sk_rules_reader *reader, enum sk_rule_op op);
/* Heads that are kept in lower case. content.c */
bool sk_rules_is_folded(enum sk_buffer buffer);
/* To whom a buffer is sent, and which protocol it needs. content.c */
enum sk_rule_side sk_rules_side(enum sk_buffer buffer);
enum sk_app sk_rules_buffer_app(enum sk_buffer buffer);
/* Is the rule whole, and how is it to be asked? check.c */
bool sk_rules_check(struct sk_rules_reader *reader);

/* functions of keyword.def */
#define SK_TAKEN(word, function, note) bool sk_take_##function(struct sk_rules_reader *reader, struct sk_cur value);
#define SK_INERT(word, note)
#define SK_REFUSED(word, reason, note)
#include "rules/keyword.def"
#undef SK_TAKEN
#undef SK_INERT
#undef SK_REFUSED

/* ---- lists (data.c) ---- */

/* The list of a dataset, loaded when it was not; NULL: refused. */
const struct sk_rule_list *sk_rules_list(struct sk_rules_reader *reader, const char *name, enum sk_rule_list_kind kind, const char *path);
/* Addresses of a category whose score fits; NULL: refused. */
const struct sk_rule_list *sk_rules_scored(struct sk_rules_reader *reader, struct sk_cur category, const struct sk_rule_number *score);
/* A list of a set file. */
SK_MUST enum sk_err sk_rules_put_list(struct sk_rules *set, const char *name, enum sk_rule_list_kind kind, const uint8_t (*digests)[32], size_t count, struct sk_prefix *prefixes);
/* Classes that everybody uses. */
SK_MUST enum sk_err sk_rules_default_classes(struct sk_rules *set);
/* The class, or NULL. */
const struct sk_rules_class *sk_rules_class_of(const struct sk_rules *set, const char *name);

/* ---- the set's file (file.c) ---- */

/* Its lines alone, as sk_rules_open takes them. SK_EMALFORMED, SK_ENOMEM. */
SK_MUST enum sk_err sk_rules_read_lines(struct sk_rules *set, const char *path, const void *text, size_t length, struct sk_fault *fault);

/* ---- lines (line.c) ---- */

/* Give back what a refused rule had compiled. check.c */
void sk_rules_free_items(struct sk_rules_reader *reader);

/* One rule out of its text, which is kept. */
void sk_rules_line(struct sk_rules *set, const char *file, const char *folder, uint64_t number, struct sk_cur line, struct sk_rules_counts *counts);

#endif
