/* SPDX-License-Identifier: Apache-2.0 */
/* name: what a domain name by itself tells: which part of it somebody registered, whether a program made it up, whose brand it imitates.
   Promises: no allocation but in sk_suffixes_open and sk_brands_read; no I/O but there; keeps no name that it is asked about. Thread rule: all that was opened is
   read only. */
#ifndef SK_NAME_H
#define SK_NAME_H

#include "base/base.h"

enum { SK_NAME_MAX = 255, SK_LABEL_MAX = 63 };

/* ---- parts of a name (suffix.c) ---- */

struct sk_suffixes; /* the public suffix list; opaque */

/* Open the list of the system (libpsl). SK_ENOMEM; SK_EIO when there is none. */
SK_MUST enum sk_err sk_suffixes_open(struct sk_suffixes **out);
/* NULL is fine. */
void sk_suffixes_close(struct sk_suffixes *suffixes);
/* Is the name (lower case, no dot at the end) a public suffix by a rule of the list? A top domain that the list does not know is none. */
bool sk_suffixes_hold(const struct sk_suffixes *suffixes, const char *name);
/* Its registered domain, a place in name: the public suffix and one label; of an unknown top domain that and one label. NULL: it has none. */
const char *sk_suffixes_registered(const struct sk_suffixes *suffixes, const char *name);

/* Places in a text that is the caller's. */
struct sk_name {
	const char *text;        /* lower case, no dot at the end, NUL behind it; bytes beyond [a-z0-9_-] as \\DDD */
	uint8_t length, labels;
	uint8_t registered_at;   /* "example.co.jp" of "www.example.co.jp"; length when the name is a suffix itself or has one label */
	uint8_t suffix_at;       /* "co.jp" */
	bool listed;             /* the top domain is one that the list knows */
	bool rented;             /* the suffix is a provider's (github.io), and no registry's */
	bool dynamic;            /* ... where anybody gets a name at once (dynamic.def) */
	uint8_t label_at, label_length; /* the label that somebody chose: in front of the suffix; of a rented one that is not dynamic the provider's own; else 0 */
};
/* Find them. False: no name (an address, an empty label, one too long, a last label of other than letters, digits, '-' and '_'): *out is zero. Labels in front of the
   registered domain may hold anything, as tunnels' do. */
bool sk_name_split(const struct sk_suffixes *suffixes, const char *text, struct sk_name *out);
/* Is it one of the names that no registry has: below arpa, local, lan, home, internal, localdomain, corp, onion, test, example, invalid; or one label alone? */
bool sk_name_is_inner(const struct sk_name *name);
/* The same of a text that is no name yet, and may be none: so the many names inside need not be taken apart. */
bool sk_name_text_is_inner(const char *text);
/* A service that is asked about things by putting them into names (block lists, scanners of files, measurements; service.def)? By its registered domain. */
bool sk_name_is_lookup(const struct sk_name *name);
/* Does a content network stand behind the suffix, in front of which its customers' names are put (content.def)? */
bool sk_name_is_content(const struct sk_name *name);
/* A pool of many machines of many hands on purpose (pool.def: time servers, seeds of networks)? */
bool sk_name_is_pool(const struct sk_name *name);

/* ---- made by a program? (dga.c) ---- */

enum sk_name_feature {
#define SK_FEATURE(symbol, name, sign, fixed, prose) SK_FEATURE_##symbol,
#include "name/feature.def"
#undef SK_FEATURE
	SK_FEATURE_COUNT
};
/* What the score is made of, one number each; feature.def says what they are. False: the name is not weighed (an inner name, an internationalized one, a label of
   fewer than four characters). */
bool sk_name_features(const struct sk_name *name, double features[SK_FEATURE_COUNT]);
/* The score: a log-odds of the features under the weights of weight.def, in 1/100; more is more like a program's. INT32_MIN when it is not weighed. */
int32_t sk_name_score(const struct sk_name *name);
/* A weighing with other weights, of which the last stands alone: bench/dga. */
double sk_name_weigh(const double features[SK_FEATURE_COUNT], const double weights[SK_FEATURE_COUNT + 1]);
/* Those that sk_name_score weighs with. Static storage. */
const double *sk_name_weights(void);
/* "surprise", what it is, and which sign its weight may have (0 any). Static storage. */
const char *sk_name_feature_name(enum sk_name_feature feature);
/* As sk_name_feature_name. */
const char *sk_name_feature_prose(enum sk_name_feature feature);
/* As sk_name_feature_name. */
int sk_name_feature_sign(enum sk_name_feature feature);
/* The weight that is set and not trained; 0: none. */
double sk_name_feature_fixed(enum sk_name_feature feature);
/* Scores at which one benign name in 100 and one in 1,000 is taken for a program's (weight.def, made by bench/dga). */
int32_t sk_name_score_1_in_100(void);
/* As sk_name_score_1_in_100. */
int32_t sk_name_score_1_in_1000(void);

/* ---- whose brand? (brand.c) ---- */

enum { SK_BRANDS_MAX = 4096, SK_BRAND_MIN = 3, SK_BRAND_TEXT_MAX = 64 };
enum sk_likeness {
	SK_LIKE_NONE,
	SK_LIKE_HOMOGRAPH, /* looks the same, and is written otherwise */
	SK_LIKE_SUFFIX,    /* the brand itself under a suffix that is not its own */
	SK_LIKE_EDIT,      /* one letter more, less, other, or two exchanged */
	SK_LIKE_INSIDE,    /* the brand is a part of the registered label */
	SK_LIKE_BEFORE,    /* one of its own domains stands in front of somebody else's */
	SK_LIKE_COUNT
};
struct sk_brands; /* opaque */

/* A list of brands, a line each: the brand, then other ways to write it (words without a dot) and the domains that are its own or are known to be harmless ("rakuten 楽天
   rakuten.co.jp rakuten.com"); "rakuten.*": so are all that have its name and nothing else in front of the suffix. A domain in front stands for its label. # begins a comment. Brands may be
   in any script; kana stand for their Latin spelling too. SK_EMALFORMED with line and reason; SK_ETOOBIG; SK_ENOMEM. */
SK_MUST enum sk_err sk_brands_read(const struct sk_suffixes *suffixes, const char *text, size_t length, const char *file, struct sk_brands **out, struct sk_fault *fault);
/* NULL is fine. */
void sk_brands_free(struct sk_brands *brands);
/* How many there are. */
size_t sk_brands_count(const struct sk_brands *brands);
/* The brand as it is written in the list; valid as long as the list. */
const char *sk_brands_text(const struct sk_brands *brands, size_t brand);
/* The list that the program comes with (brand.def). As sk_brands_read. */
SK_MUST enum sk_err sk_brands_default(const struct sk_suffixes *suffixes, struct sk_brands **out, struct sk_fault *fault);
/* A line of it, NULL behind the last: what an operator's own list begins with. Static storage. */
const char *sk_brands_default_line(size_t line);
/* Whom is the name like? SK_LIKE_NONE also for the brands' own domains. *brand gets whose. */
enum sk_likeness sk_brands_match(const struct sk_brands *brands, const struct sk_name *name, size_t *brand);
/* "homograph", "suffix", "edit", "inside", "before". Static storage. */
const char *sk_likeness_name(enum sk_likeness likeness);

/* ---- internationalized labels (label.c) ---- */

/* An "xn--" label as code points (RFC 3492), or a plain one as it is. Returns how many, 0 when it is no such label. */
size_t sk_label_decode(const char *label, size_t length, uint32_t out[SK_LABEL_MAX]);

#endif
