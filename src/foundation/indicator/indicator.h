/* SPDX-License-Identifier: Apache-2.0 */
/* indicator: lists of selectors in, one compiled set out. Reads plain lists, CSV (abuse.ch's too), MISP events and feeds, STIX bundles, Suricata's iprep
   and datasets; warning lists (MISP) keep popular and special values out. Every line is taken, cleaned (and said so) or refused with its reason. All or a
   loud error with counts. A compiled set is a file (docs/formats/selectors.md), mmap'd, immutable. Promises: look-ups never allocate; a hit compares the
   real value; no byte of a set, however made, takes a look-up outside the file. Never: opens a connection. Thread rule: an open set may be shared. */
#ifndef SK_INDICATOR_H
#define SK_INDICATOR_H

#include "border/border.h"
#include "seal/seal.h"

/* Bits, equal to enum sk_selector_kind of the basis contract (a static assertion in select ties them). */
enum sk_indicator_kind {
	SK_INDICATOR_ADDRESS = 1 << 0,
	SK_INDICATOR_PREFIX = 1 << 1,
	SK_INDICATOR_DOMAIN = 1 << 2,
	SK_INDICATOR_JA3 = 1 << 3,
	SK_INDICATOR_JA4 = 1 << 4,
	SK_INDICATOR_FLOW_ALL = 1 << 5,
	SK_INDICATOR_URL = 1 << 6,          /* host and path, as text/url.h hashes them */
	SK_INDICATOR_HASSH = 1 << 7,        /* of an SSH client */
	SK_INDICATOR_HASSH_SERVER = 1 << 8,
	SK_INDICATOR_JA3S = 1 << 9,
	SK_INDICATOR_CERT_SHA1 = 1 << 10,   /* of a server's leaf certificate */
	SK_INDICATOR_CERT_SHA256 = 1 << 11
};
enum { SK_INDICATOR_KIND_COUNT = 12 };

/* Why a line was passed over, refused or changed; indicator/reason.def has name and prose. COMMENT, EMPTY and HEADER are passed over; from BOM
   on it says what was cleaned; all between refuses. */
enum sk_indicator_reason {
#define SK_INDICATOR_REASON(name, text, prose) SK_INDICATOR_##name,
#include "indicator/reason.def"
#undef SK_INDICATOR_REASON
	SK_INDICATOR_REASON_COUNT
};

/* A list may name relays rather than culprits: addresses behind which others hide. It says so itself in a comment, "# relay: tor", or whoever imports it does. */
enum sk_relay { SK_RELAY_NONE, SK_RELAY_TOR, SK_RELAY_PROXY, SK_RELAY_VPN, SK_RELAY_COUNT };

/* Called for each line refused or cleaned: file, line (or attribute number), the value made printable, the reason, a detail ("in list X"). */
typedef void (*sk_indicator_note)(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason,
				  const char *detail);

/* lines (values, where one attribute or row holds several) = taken + refused + by_reason of COMMENT, EMPTY and HEADER. cleaned: of those taken,
   how many were changed. BOM and CRLF count lines of the file and are noted once. */
struct sk_indicator_counts {
	uint64_t lines, taken, cleaned, refused, by_reason[SK_INDICATOR_REASON_COUNT];
};

struct sk_indicator_builder; /* opaque; allocates freely, within max_entries */

struct sk_indicator_options {
	uint64_t max_entries;               /* hard limit of distinct entries, default 20,000,000 */
	uint8_t min_prefix_v4, min_prefix_v6; /* shorter prefixes are refused (whole_internet for /0) */
	const struct sk_border *own;        /* when not NULL: what this table calls domestic is refused as own_prefix too */
	const struct sk_prefix *own_prefixes; size_t own_prefix_count; /* values inside these are refused as own_prefix */
	bool special_ranges_allowed;        /* lab: private and documentation addresses may be selectors */
	bool to_ids_ignored;                /* take what its author did not mean for detection (to_ids false) */
	uint32_t kinds;                     /* enum sk_indicator_kind bits that the basis' rule names; 0: all */
	enum sk_relay relay;                /* what lists name that do not say it themselves */
	uint32_t min_score;                 /* iprep and datarep: what scores less is refused; 0: all are taken */
	int64_t now_ns;                     /* for the validity that a feed states (STIX); 0: dates are not looked at */
	/* Called now and then during an import with the lines read so far; may be NULL. */
	void (*progress)(void *context, const char *path, uint64_t lines);
};

/* Start. SK_ENOMEM. Caller frees. */
SK_MUST enum sk_err sk_indicator_builder_new(const struct sk_indicator_options *options, sk_indicator_note note, void *context,
					     struct sk_indicator_builder **out);
/* Free (NULL is fine). */
void sk_indicator_builder_free(struct sk_indicator_builder *builder);
/* Load a MISP warning list (JSON: type cidr, hostname, string, substring, regex is refused with a line). Before any import. */
SK_MUST enum sk_err sk_indicator_add_warning_list(struct sk_indicator_builder *builder, const char *path, struct sk_fault *fault);
/* The name of a warning list that speaks of a value (an address, a name, a fingerprint), or NULL; also for what is no such value. No warning list is loaded after it. */
const char *sk_indicator_warned(struct sk_indicator_builder *builder, const char *text);
/* Import one file of any supported format, found by its content, or a folder with a MISP feed (its manifest.json names the events). All or nothing: on
   error the builder is as before. SK_EINPUT (nothing usable, broken JSON or CSV: says where), SK_ENOENT, SK_EIO, SK_ETOOBIG. */
SK_MUST enum sk_err sk_indicator_import(struct sk_indicator_builder *builder, const char *path, struct sk_indicator_counts *counts,
					struct sk_fault *fault);
/* Add flow.all. */
void sk_indicator_add_flow_all(struct sk_indicator_builder *builder);
struct sk_indicator_set;
/* Take over every entry of a compiled set (an import adds to what is there). SK_ETOOBIG, SK_ENOMEM: the builder may then hold a part of it. */
SK_MUST enum sk_err sk_indicator_merge(struct sk_indicator_builder *builder, const struct sk_indicator_set *set, struct sk_fault *fault);
/* Compile into a file, atomically replaced. SK_EIO, SK_ENOSPC, SK_ENOMEM: path is as it was. */
SK_MUST enum sk_err sk_indicator_compile(const struct sk_indicator_builder *builder, const char *path, struct sk_fault *fault);

/* The same without a file, in memory. The caller closes it. SK_ENOMEM. */
SK_MUST enum sk_err sk_indicator_build(const struct sk_indicator_builder *builder, struct sk_indicator_set **out, struct sk_fault *fault);

/* ---- the compiled set ---- */

struct sk_indicator_facts {
	uint8_t digest[SK_HASH_BYTES];  /* over the canonical list of entries, independent of import order */
	uint32_t kinds;
	uint64_t entries, entries_by_kind[SK_INDICATOR_KIND_COUNT];
	uint8_t shortest_v4, shortest_v6; /* 32 and 128 when no prefix */
};

struct sk_indicator_hit {
	uint32_t id;          /* stable within the set: index of the entry in canonical order */
	uint32_t kind;        /* enum sk_indicator_kind */
};

/* Map the file and check its header, the places of its sections and its checksum: damage is found here. SK_ENOENT, SK_EMALFORMED (another version of the
   format too). */
SK_MUST enum sk_err sk_indicator_open(const char *path, struct sk_indicator_set **out, struct sk_fault *fault);
/* Check what a forger could have written under a right checksum: order of entries, every structure that look-ups use, the digest. About 60 ms a million
   entries. SK_EMALFORMED, SK_ENOMEM. */
SK_MUST enum sk_err sk_indicator_verify(const struct sk_indicator_set *set, const char *path, struct sk_fault *fault);
/* Unmap (NULL is fine). */
void sk_indicator_close(struct sk_indicator_set *set);
/* Facts of the set. */
void sk_indicator_facts(const struct sk_indicator_set *set, struct sk_indicator_facts *out);
/* Does it hold flow.all? *hit gets its id. */
bool sk_indicator_flow_all(const struct sk_indicator_set *set, struct sk_indicator_hit *hit);
/* Exact address, then the longest prefix that holds it. True and *hit on a match. */
bool sk_indicator_match_addr(const struct sk_indicator_set *set, const struct sk_addr *addr, struct sk_indicator_hit *hit);
/* Fetch what sk_indicator_match_addr will read first. Some packets ahead of it. */
void sk_indicator_prefetch_addr(const struct sk_indicator_set *set, const struct sk_addr *addr);
/* A name (lower case, no last dot) or any parent: "a.b.example" matches selector "b.example". The longest match. */
bool sk_indicator_match_domain(const struct sk_indicator_set *set, const char *name, size_t length, struct sk_indicator_hit *hit);
/* JA3: 32 hex digits. */
bool sk_indicator_match_ja3(const struct sk_indicator_set *set, const char *ja3, struct sk_indicator_hit *hit);
/* JA4 text. */
bool sk_indicator_match_ja4(const struct sk_indicator_set *set, const char *ja4, struct sk_indicator_hit *hit);
/* One of the kinds that are hashes, as bytes: JA3, JA3S, HASSH, HASSH_SERVER (16), CERT_SHA1 (20), CERT_SHA256, URL (32). Another kind, or another length
   than the kind has, matches nothing. */
bool sk_indicator_match_hash(const struct sk_indicator_set *set, enum sk_indicator_kind kind, const void *bytes, size_t length,
			     struct sk_indicator_hit *hit);
/* The same as hexadecimal digits. */
bool sk_indicator_match_hex(const struct sk_indicator_set *set, enum sk_indicator_kind kind, const char *hex, struct sk_indicator_hit *hit);
/* The entry's own value as text into text[size], as a list would name it: "ja3s:HEX" for hashes other than JA3 and JA4. */
const char *sk_indicator_value(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size);
/* Where the entry came from: file's base name and line, for explanations ("list.txt:12"), "" when not known. */
const char *sk_indicator_origin(const struct sk_indicator_set *set, uint32_t id, char *text, size_t size);
/* Of what kind of relays the list was that named the entry. A value that a list of culprits names too is no mere relay: SK_RELAY_NONE. */
enum sk_relay sk_indicator_relay(const struct sk_indicator_set *set, uint32_t id);
/* "tor", "proxy", "vpn"; "" of none. Static storage. */
const char *sk_relay_name(enum sk_relay relay);
/* The reverse. SK_EMALFORMED. */
SK_MUST enum sk_err sk_relay_parse(const char *text, size_t length, enum sk_relay *relay);
/* JSON name of a reason, e.g. "warning_list"; prose for people. Static storage. */
const char *sk_indicator_reason_name(enum sk_indicator_reason reason);
/* The sentence. */
const char *sk_indicator_reason_prose(enum sk_indicator_reason reason);

#endif
