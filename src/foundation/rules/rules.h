/* SPDX-License-Identifier: Apache-2.0 */
/* rules: rules of byte patterns in (a growing part of the Suricata rule language), with an exact account of each: taken, taken with a stated difference, or refused
   with the reason; never silently weaker. One compiled set out: a file (docs/formats/rules.md). What is in it is text that is read again and checked again at each
   opening, so that a forged set can do no more than a rule file can. Promises: bounded memory and time whatever a file says. Never: runs code that comes with a
   rule, opens a connection. Thread rule: an open set may be shared. */
#ifndef SK_RULES_H
#define SK_RULES_H

#include "base/buf.h"
#include "rules/rule.h"
#include "seal/seal.h"

enum {
	SK_RULES_FILE_MAX = 64 << 20, SK_RULES_LINE_MAX = 32768, SK_RULES_MAX = 200000, SK_RULES_NAME_MAX = 128, SK_RULES_DETAIL_MAX = 160,
	SK_RULES_LIST_VALUES_MAX = 2000000
};

enum sk_rule_reason {
#define SK_RULE_REASON(symbol, name, prose) SK_RULE_REASON_##symbol,
#include "rules/reason.def"
#undef SK_RULE_REASON
	SK_RULE_REASON_COUNT
};
enum sk_rule_difference {
#define SK_RULE_DIFFERENCE(symbol, name, way, prose) SK_RULE_DIFFERENCE_##symbol,
#include "rules/difference.def"
#undef SK_RULE_DIFFERENCE
	SK_RULE_DIFFERENCE_COUNT
};

/* What became of one rule. reason NONE: it was taken, with these differences. */
struct sk_rule_verdict {
	const char *file;            /* base name */
	uint64_t line;
	uint32_t gid, sid, rev;      /* 0: not known */
	enum sk_rule_reason reason;
	uint32_t differences;        /* bits */
	char detail[SK_RULES_DETAIL_MAX]; /* the keyword or value, printable */
};
/* Called for every rule of a file, in order. */
typedef void (*sk_rules_note)(void *context, const struct sk_rule_verdict *verdict);

/* lines that hold a rule = taken + refused; of those taken, differing have a difference. disabled: rules behind a #. */
struct sk_rules_counts {
	uint64_t rules, taken, differing, refused, disabled;
	uint64_t by_reason[SK_RULE_REASON_COUNT], by_difference[SK_RULE_DIFFERENCE_COUNT];
};

struct sk_rules_options {
	bool strict;                 /* a rule with a difference is refused */
	uint64_t max_rules;          /* 0: SK_RULES_MAX */
	sk_rules_note note;          /* may be NULL */
	void *context;
};

struct sk_rules; /* opaque: a set, being built or open */

/* Start an empty set. SK_ENOMEM. Caller frees. */
SK_MUST enum sk_err sk_rules_new(const struct sk_rules_options *options, struct sk_rules **out);
/* Wipe and free (NULL is fine). */
void sk_rules_free(struct sk_rules *rules);
/* Give a variable a value, e.g. "HOME_NET", "[192.0.2.0/24,!192.0.2.1]". Before the rules that name it. SK_EINPUT. */
SK_MUST enum sk_err sk_rules_variable(struct sk_rules *rules, const char *name, const char *value, struct sk_fault *fault);
/* Those that have a value everywhere (variable.def), and HOME_NET and EXTERNAL_NET: home is "any", or a list in brackets. Given values stand. SK_ENOMEM, SK_EINPUT. */
SK_MUST enum sk_err sk_rules_default_variables(struct sk_rules *rules, const char *home, struct sk_fault *fault);
/* A file of lines "NAME: VALUE" or "NAME = VALUE", also as they stand under vars: in suricata.yaml. SK_ENOENT, SK_EIO, SK_ETOOBIG, SK_EINPUT. */
SK_MUST enum sk_err sk_rules_variables(struct sk_rules *rules, const char *path, struct sk_fault *fault);
/* A classification.config. Errors as above. */
SK_MUST enum sk_err sk_rules_classification(struct sk_rules *rules, const char *path, struct sk_fault *fault);
/* Reputation: a file of categories ("1,BadHosts,text") and one of values ("192.0.2.1,1,120"). Errors as above. */
SK_MUST enum sk_err sk_rules_reputation(struct sk_rules *rules, const char *categories, const char *values, struct sk_fault *fault);
/* Take a file of rules. Every rule is taken or refused by itself; an error of the file leaves the set as it was: SK_ENOENT, SK_EIO, SK_ETOOBIG, SK_EINPUT (it
   holds no rule at all). */
SK_MUST enum sk_err sk_rules_import(struct sk_rules *rules, const char *path, struct sk_rules_counts *counts, struct sk_fault *fault);
/* The same of a text in memory; name is what findings call it, folder where its lists lie. */
SK_MUST enum sk_err sk_rules_text(struct sk_rules *rules, const char *name, const char *folder, const void *text, size_t length, struct sk_rules_counts *counts,
				  struct sk_fault *fault);
/* Take over every rule of another set. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_rules_merge(struct sk_rules *rules, const struct sk_rules *other, struct sk_fault *fault);
/* Write it, atomically replaced. cached: what sensor/signature made of its patterns, or empty. SK_EIO, SK_ENOSPC, SK_ENOMEM: path is as it was. */
SK_MUST enum sk_err sk_rules_write(const struct sk_rules *rules, const char *path, const void *cached, size_t cached_length, struct sk_fault *fault);
/* Read one. All or nothing: SK_ENOENT, SK_EIO, SK_EMALFORMED (damaged, another version, or a rule that is not taken as it was). */
SK_MUST enum sk_err sk_rules_open(const char *path, struct sk_rules **out, struct sk_fault *fault);

/* ---- the set ---- */

/* Rules, ascending by gid and sid once the set was opened (while building: in the order of taking). */
size_t sk_rules_count(const struct sk_rules *rules);
/* The rule with this number, 0 <= id < count. */
const struct sk_rule *sk_rules_at(const struct sk_rules *rules, uint32_t id);
/* By gid and sid, or NULL. */
const struct sk_rule *sk_rules_find(const struct sk_rules *rules, uint32_t gid, uint32_t sid);
/* Different names of flowbits. */
size_t sk_rules_flowbits(const struct sk_rules *rules);
/* SHA-256 over what is in it, independent of the order of import. */
void sk_rules_digest(const struct sk_rules *rules, uint8_t digest[SK_HASH_BYTES]);
/* What was cached beside the rules; length 0: nothing. Borrowed. */
const void *sk_rules_cached(const struct sk_rules *rules, size_t *length);
/* Every keyword of keyword.def, and the buffers, i from 0: its word; NULL: there is none further. *how: NONE, or the reason why a rule with it is refused. *note: "" or more of it. */
const char *sk_rules_keyword(size_t i, enum sk_rule_reason *how, const char **note);
/* "no_sid" and so on, and for people. Static storage. */
const char *sk_rule_reason_name(enum sk_rule_reason reason);
/* The sentence. */
const char *sk_rule_reason_prose(enum sk_rule_reason reason);
/* "case" and so on. Static storage. */
const char *sk_rule_difference_name(enum sk_rule_difference difference);
/* The sentence. */
const char *sk_rule_difference_prose(enum sk_rule_difference difference);

#endif
