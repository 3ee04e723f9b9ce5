/* SPDX-License-Identifier: Apache-2.0 */
/* law: the law as data that people edit: one versioned YAML file a policy, rows with dates and an evidence tag (law.def, docs/policy.md).
   Promises: strict (a key that is not known, stands twice, an alias or a tag is refused as FILE:LINE:COLUMN); one canonical form, whose SHA-256 is the policy's
   name in every act; a file can narrow what policy and the table of measures compiled in, and is refused with file, line, value and bound when it would widen it.
   Never: reads a clock, opens a file. Thread rule: reentrant; a law is read only once parsed. */
#ifndef SK_LAW_H
#define SK_LAW_H

#include "policy/policy.h"
#include "seal/seal.h"

enum { SK_LAW_WORD_MAX = 32, SK_LAW_WORDS_MAX = 16, SK_LAW_TEXT_MAX = 256, SK_LAW_FILE_MAX = 1 << 18 };

/* Months of the calendar, or nanoseconds; both 0: none. */
struct sk_law_span {
	uint32_t months;
	int64_t ns;
};
struct sk_law_words {
	uint32_t count; /* ascending, each once */
	char items[SK_LAW_WORDS_MAX][SK_LAW_WORD_MAX];
};

/* ---- rows, by section: struct sk_law_basis {kind, article, ...}, ... each with its line in the file and what every row has ---- */
#define SK_LAW_TYPE_WORD(member) char member[SK_LAW_WORD_MAX]
#define SK_LAW_TYPE_WORDS(member) struct sk_law_words member
#define SK_LAW_TYPE_TEXT(member) char member[SK_LAW_TEXT_MAX]
#define SK_LAW_TYPE_SPAN(member) struct sk_law_span member
#define SK_LAW_TYPE_DATE(member) int64_t member
#define SK_LAW_TYPE_COUNT(member) uint64_t member
#define SK_LAW_TYPE_BOOL(member) bool member
#define SK_LAW_MEMBER(member, type, need, prose) SK_LAW_TYPE_##type(member);
struct sk_law_basis {
	uint32_t line;
#define SK_LAW_BASIS SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};
struct sk_law_matrix {
	uint32_t line;
#define SK_LAW_MATRIX SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};
struct sk_law_quorum {
	uint32_t line;
#define SK_LAW_QUORUM SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};
struct sk_law_retention {
	uint32_t line;
#define SK_LAW_RETENTION SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};
struct sk_law_deadline {
	uint32_t line;
#define SK_LAW_DEADLINE SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};
struct sk_law_sector {
	uint32_t line;
#define SK_LAW_SECTOR SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};
struct sk_law_cap {
	uint32_t line;
#define SK_LAW_CAP SK_LAW_MEMBER
#define SK_LAW_EVERY SK_LAW_MEMBER
#include "law/law.def"
};

#define SK_LAW_ROWS_BASIS struct sk_law_basis
#define SK_LAW_ROWS_MATRIX struct sk_law_matrix
#define SK_LAW_ROWS_QUORUM struct sk_law_quorum
#define SK_LAW_ROWS_RETENTION struct sk_law_retention
#define SK_LAW_ROWS_DEADLINE struct sk_law_deadline
#define SK_LAW_ROWS_SECTOR struct sk_law_sector
#define SK_LAW_ROWS_CAP struct sk_law_cap
/* One version of a policy. Rows ascend by their keys, then by effective_from. */
struct sk_law {
	char name[SK_LAW_WORD_MAX];      /* `policy:` */
	char version[SK_LAW_WORD_MAX];
	enum sk_profile profile;
	uint8_t digest[SK_HASH_BYTES];   /* SHA-256 of the canonical form */
#define SK_LAW_SECTION(symbol, member, key, places, need, prose) \
	struct { \
		uint32_t count; \
		SK_LAW_ROWS_##symbol rows[places]; \
	} member;
#include "law/law.def"
};

/* What is compiled in beyond policy, handed in by whoever knows (centre/decide, out of measure.def and stage.h). Borrowed; names NULL: nothing is bounded. */
struct sk_law_bounds {
	size_t measure_count, level_count;
	const struct sk_law_bound {
		const char *name;
		uint64_t bound;              /* measures: longest life, seconds; levels of orders: fewest approvers */
	} *measures, *levels;
	unsigned oversight_present;          /* fewest members of oversight */
};

/* Parse and check a file of length bytes, called name in messages. *out is the caller's. SK_EINPUT (form; FILE:LINE:COLUMN), SK_EWIDE (it would widen), SK_ENOMEM. */
SK_MUST enum sk_err sk_law_parse(const char *name, const void *yaml, size_t length, const struct sk_law_bounds *bounds, struct sk_law **out, struct sk_fault *fault);
/* Free (NULL is fine). */
void sk_law_free(struct sk_law *law);
/* Append the canonical form: YAML that parses to the same law and is written the same again. */
void sk_law_write(const struct sk_law *law, struct sk_buf *out);

/* A row that differs: the section, its keys ("ff", "basis oversight"), how ('+' new, '-' gone, '~' changed), and whether a change there needs oversight. */
typedef void (*sk_law_change)(void *context, const char *section, const char *keys, char how, bool needs_ack);
/* Tell each row in which two versions differ. before NULL: every row is new. change NULL: just count. Returns how many need oversight's acknowledgement. */
size_t sk_law_compare(const struct sk_law *before, const struct sk_law *after, sk_law_change change, void *context);

/* The policy with that digest. Borrowed, owned by whoever answers. SK_ENOENT. */
typedef enum sk_err (*sk_law_of)(void *context, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault);

/* ---- asking. simulate (profile lab): what is to come counts as if it were in force ---- */

/* The row of a kind of basis in force at that time. SK_ENOENT: the policy has none; SK_ELAW: not in force, with the date. rule: LAW-1 */
SK_MUST enum sk_err sk_law_basis(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate, const struct sk_law_basis **out, struct sk_fault *fault);
/* The classes that a kind of basis may keep, as SK_CLASS_BITs; 0: none in force. */
uint32_t sk_law_classes(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate);
/* The quorum of a matter at a level. NULL: none in force. */
const struct sk_law_quorum *sk_law_quorum(const struct sk_law *law, const char *matter, const char *level, int64_t at_ns, bool simulate);
/* How long what a kind of basis selected may be kept. NULL: none in force, and policy's own number stands. */
const struct sk_law_retention *sk_law_retention(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate);
/* How long a measure may live. NULL: none in force, and the table of measures stands. */
const struct sk_law_cap *sk_law_cap(const struct sk_law *law, const char *measure, int64_t at_ns, bool simulate);
/* When a report is due. NULL: none in force. */
const struct sk_law_deadline *sk_law_deadline(const struct sk_law *law, const char *regime, const char *step, int64_t at_ns, bool simulate);
/* at_ns plus the span; months as the calendar has them (31 January and a month is the end of February). INT64_MAX beyond what a time can hold. */
int64_t sk_law_span_after(int64_t at_ns, const struct sk_law_span *span);
/* Is it none? */
bool sk_law_span_none(const struct sk_law_span *span);
/* "6mo", "90d", "24h", "none". */
const char *sk_law_span_format(const struct sk_law_span *span, char text[SK_LAW_WORD_MAX]);

#endif
