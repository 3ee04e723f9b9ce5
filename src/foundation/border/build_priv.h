/* SPDX-License-Identifier: Apache-2.0 */
/* border, the builder's inside. Everything a source says becomes prefixes; the longest prefix wins; what remains is spans: ranges in order that do not
   overlap. Tables are made by merging spans. */
#ifndef SK_BORDER_BUILD_PRIV_H
#define SK_BORDER_BUILD_PRIV_H

#include "border/border_build.h"
#include "border/border_priv.h"
#include "text/lines.h"

/* One prefix of a source. */
struct sk_entry {
	sk_u128 first;
	uint32_t line;
	uint8_t bits;
	uint8_t says; /* enum sk_border_says; 0 = silent, which hides a shorter prefix of the same source */
	uint16_t source;
	uint16_t country; /* SK_COUNTRY, 0 = none named */
};

struct sk_entries {
	struct sk_entry *item;
	size_t count, capacity;
};

/* What an entry of a source says. */
struct sk_saying {
	uint8_t says; /* enum sk_border_says */
	uint16_t country;
};

/* A range in which one thing is said. */
struct sk_span {
	sk_u128 first, last;
	uint32_t line;
	uint8_t bits;
	uint8_t says; /* enum sk_border_says, in the builder also SK_SPAN_COUNTRY */
};
enum { SK_SPAN_COUNTRY = 16 };

struct sk_spans {
	struct sk_span *item;
	size_t count, capacity;
	bool failed; /* out of memory or past the limit; sticky */
};

struct sk_build_source {
	char path[256]; /* as given, for messages */
	struct sk_border_source facts;
	uint16_t country; /* of a list of countries: that of the entries that are being read */
	struct sk_entries entries[2]; /* IPv4, IPv6 */
	struct sk_spans spans[2];
};

struct sk_border_build {
	char home[64];
	unsigned home_count;
	bool home_seen[SK_BORDER_HOMES_MAX];
	enum sk_side rest;
	bool rest_set;
	int64_t date_unix_ns, source_date_unix_ns;
	unsigned source_count;
	struct sk_build_source source[SK_BORDER_SOURCES_MAX];
	int literal[3]; /* source that holds the command line's prefixes, by side; -1 = none yet */
	int literal_country; /* ... and those with a country */
	/* made by finish */
	struct sk_spans table[2];
	struct sk_spans exceptions;
	struct sk_spans countries[2]; /* line: SK_COUNTRY */
	bool overrides_special;
	uint64_t spoken[2], disputed[2];  /* addresses, IPv6 in /64s */
	uint64_t total[2][3];             /* by side: addresses, IPv6 in /48s */
};

/* ---- spans.c ---- */

/* Append a span; an equal neighbour is made longer instead. */
void sk_spans_add(struct sk_spans *spans, sk_u128 first, sk_u128 last, uint8_t says, uint32_t line, uint8_t bits);
/* Free. */
void sk_spans_fini(struct sk_spans *spans);
/* Sort entries: by address, shorter prefix first, then source and line. */
void sk_entries_sort(struct sk_entries *entries);
/* The longest prefix wins: sorted entries to spans. Equal prefixes: what they say is united, the first line stays. */
void sk_entries_flatten(const struct sk_entries *entries, unsigned family, struct sk_spans *out);
/* Walk two span lists over the whole family in the largest steps in which neither changes; says is 0 where a list has nothing. */
typedef void (*sk_spans_step)(void *context, sk_u128 first, sk_u128 last, uint8_t a, uint8_t b);
void sk_spans_walk(const struct sk_spans *a, const struct sk_spans *b, unsigned family, sk_spans_step step, void *context);

/* ---- conflict.c ---- */

/* Equal prefixes in two classes, among the sorted entries of all lists: SK_EINPUT naming both lines. rule: BORDER-1 */
SK_MUST enum sk_err sk_border_conflict(const struct sk_border_build *build, const struct sk_entries *sorted, unsigned family, struct sk_fault *fault);

/* ---- border_build.c, border_write.c ---- */

/* Is there a source that speaks of countries? */
bool sk_build_has_country(const struct sk_border_build *build);
/* Append the table that the rules have made. SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_build_write_table(const struct sk_border_build *build, struct sk_buf *out, struct sk_fault *fault);

/* ---- countries.c ---- */

/* Which country is named where: explicit lists, longest prefix first; in special ranges nothing else; then the country sources, in their order. special: its spans.
   SK_EINPUT: one prefix, two countries. SK_ETOOBIG, SK_ENOMEM. */
SK_MUST enum sk_err sk_build_countries(struct sk_border_build *build, unsigned family, const struct sk_spans *special, struct sk_fault *fault);

/* ---- trie.c ---- */

/* Append the nodes of spans that cover the whole family. SK_ETOOBIG past SK_BORDER_NODES_MAX, SK_ENOMEM. */
SK_MUST enum sk_err sk_trie_write(const struct sk_spans *spans, unsigned family, struct sk_buf *out, struct sk_fault *fault);
/* enum sk_side of what is said. */
enum sk_side sk_says_side(uint8_t says);

/* ---- source.c: what every reader uses ---- */

/* A new source; label is shortened to its base name. SK_ETOOBIG past SK_BORDER_SOURCES_MAX. */
SK_MUST enum sk_err sk_source_new(struct sk_border_build *build, enum sk_border_kind kind, enum sk_side side, const char *label, unsigned *source,
				  struct sk_fault *fault);
/* Add a range, cut into prefixes. */
SK_MUST enum sk_err sk_source_range(struct sk_border_build *build, unsigned source, unsigned family, sk_u128 first, sk_u128 last, struct sk_saying saying,
				    uint32_t line, struct sk_fault *fault);
/* Add a prefix; host bits must be zero. */
SK_MUST enum sk_err sk_source_prefix(struct sk_border_build *build, unsigned source, unsigned family, sk_u128 first, unsigned bits, struct sk_saying saying,
				     uint32_t line, struct sk_fault *fault);
/* What a country code says with this home. A code that names no country ("", "??", "ZZ", "A1", ...) says nothing; SK_EMALFORMED when it is no code. */
SK_MUST enum sk_err sk_source_country(struct sk_border_build *build, const char *code, struct sk_saying *out);
/* Midnight UTC of a date, years 1 to 2200, in ns since 1970. */
int64_t sk_date_ns(int year, unsigned month, unsigned day);
/* Read a file, plain or gzip with any number of members, into text; digest is that of the file as it lies there. */
SK_MUST enum sk_err sk_source_load(const char *path, struct sk_buf *text, uint8_t digest[32], struct sk_fault *fault);

/* ---- one file a format; each parses text that is in memory, so that a fuzzer can hand it some ---- */

SK_MUST enum sk_err sk_source_list_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
					 struct sk_fault *fault);
SK_MUST enum sk_err sk_source_geoipdb_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
					    struct sk_fault *fault);
SK_MUST enum sk_err sk_source_rir_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
					struct sk_fault *fault);
SK_MUST enum sk_err sk_source_csv_parse(struct sk_border_build *build, unsigned source, const char *label, const void *bytes, size_t length,
					struct sk_fault *fault);
/* A first,last,code line of three fields, for geoipdb and csv: adds it. Numbers stand for IPv4 addresses. */
SK_MUST enum sk_err sk_source_country_line(struct sk_border_build *build, unsigned source, struct sk_lines *lines, struct sk_fault *fault);

#endif
