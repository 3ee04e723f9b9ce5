/* SPDX-License-Identifier: Apache-2.0 */
/* basis: why a sensor may look. A signed note whose body is one line of canonical JSON (docs/formats/basis.md). The contract centre -> sensor.
   Promises: decode accepts only the canonical form with a valid signature; nothing in it names a person or an address.
   Never: decides whether a basis is lawful (that is policy's table and cmd's order of checks). */
#ifndef SK_BASIS_H
#define SK_BASIS_H

#include "base/addr.h"
#include "seal/seal.h"

enum { SK_BASIS_ID_MAX = 64, SK_BASIS_LINKS_MAX = 16, SK_BASIS_NAME_MAX = 64, SK_BASIS_ACTS_MAX = 16, SK_BASIS_TEXT_MAX = 65536 };

/* Selector kinds as bits, as they stand in rules and sets. */
enum sk_selector_kind {
	SK_SELECTOR_ADDRESS = 1 << 0, SK_SELECTOR_PREFIX = 1 << 1, SK_SELECTOR_DOMAIN = 1 << 2, SK_SELECTOR_JA3 = 1 << 3, SK_SELECTOR_JA4 = 1 << 4,
	SK_SELECTOR_FLOW_ALL = 1 << 5, SK_SELECTOR_URL = 1 << 6, SK_SELECTOR_HASSH = 1 << 7, SK_SELECTOR_HASSH_SERVER = 1 << 8,
	SK_SELECTOR_JA3S = 1 << 9, SK_SELECTOR_CERT_SHA1 = 1 << 10, SK_SELECTOR_CERT_SHA256 = 1 << 11,
	SK_SELECTOR_COMMAND = 1 << 12 /* a rule of byte patterns (foundation/rules): what is sent, not who sends it */
};
/* Bit numbers are stored with observations: new kinds go to the end. */
enum { SK_SELECTOR_KIND_COUNT = 13, SK_SELECTOR_KINDS_ALL = (1 << SK_SELECTOR_KIND_COUNT) - 1 };

/* The rule that a compiled selector set must satisfy. */
struct sk_basis_rule {
	uint32_t kinds;                /* enum sk_selector_kind bits */
	uint64_t max_entries;
	uint8_t min_prefix_v4;         /* shortest prefix that a selector may have, bits */
	uint8_t min_prefix_v6;
	bool has_exact_set;            /* then only the set with this digest is covered */
	uint8_t exact_set[SK_HASH_BYTES];
};

/* A detector that may run, and with which thresholds. Which there are, and what a threshold may be, is not this room's to know. */
enum { SK_BASIS_DETECTORS_MAX = 64, SK_BASIS_DETECTOR_NAME_MAX = 32, SK_BASIS_THRESHOLDS_MAX = 12 };
struct sk_basis_threshold {
	char key[SK_BASIS_DETECTOR_NAME_MAX];  /* a-z 0-9 _ */
	uint64_t value;
};
struct sk_basis_detector {
	char name[SK_BASIS_DETECTOR_NAME_MAX]; /* a-z 0-9 _ . */
	size_t threshold_count;
	struct sk_basis_threshold thresholds[SK_BASIS_THRESHOLDS_MAX]; /* keys ascending, each once */
};

struct sk_basis {
	char id[SK_BASIS_ID_MAX];
	char kind[16];                 /* policy's basis kind name: agreement ff fd df own_network lab */
	char profile[16];              /* own-network, lab, jp-2025 */
	char role[16];                 /* none, party, carrier */
	uint32_t classes;              /* SK_CLASS_BITs */
	int64_t from_ns, until_ns;     /* in force: from <= now < until */
	size_t link_count;
	char links[SK_BASIS_LINKS_MAX][SK_BASIS_NAME_MAX]; /* "*" = every link of the workspace */
	size_t act_count;
	char target_acts[SK_BASIS_ACTS_MAX][SK_BASIS_NAME_MAX];
	struct sk_basis_rule rule;
	size_t detector_count;
	struct sk_basis_detector detectors[SK_BASIS_DETECTORS_MAX]; /* names ascending, each once; none: no detector runs */
	bool self_approved;            /* said everywhere */
	bool simulated;                /* profile lab: everything it makes is marked */
	bool names;                    /* full names switched on (own_network/party and lab) */
	uint8_t digest[SK_HASH_BYTES]; /* SHA-256 of the note's body; set by decode and encode */
};

/* Write the signed note. Sets basis->digest. SK_EUSAGE when a field is out of its range (fault names it). */
SK_MUST enum sk_err sk_basis_encode(struct sk_basis *basis, const struct sk_sign_key *key, struct sk_buf *out, struct sk_fault *fault);
/* Parse and verify under key. SK_ESIGNATURE, SK_EMALFORMED (field named). */
SK_MUST enum sk_err sk_basis_decode(const char *text, size_t length, const struct sk_verify_key *key, struct sk_basis *out, struct sk_fault *fault);
/* The body of the note alone, a line of canonical JSON with its LF: what is asked for and voted on before anybody signs the note. Appended to out; sets
   basis->digest, which is the note's. SK_EUSAGE as sk_basis_encode. */
SK_MUST enum sk_err sk_basis_body_write(struct sk_basis *basis, struct sk_buf *out, struct sk_fault *fault);
/* Parse such a body, LF included. SK_EMALFORMED (field named; any form but the canonical one). */
SK_MUST enum sk_err sk_basis_body_read(const char *body, size_t length, struct sk_basis *out, struct sk_fault *fault);
/* The detectors as canonical JSON, the text whose digest the ledger holds: {"NAME":{"KEY":N,...},...}. Appended to out; a name or a key that is out of form or
   order fails the buffer with SK_EUSAGE. */
void sk_basis_detectors_text(const struct sk_basis_detector *detectors, size_t count, struct sk_buf *out);
/* Is it in force at that time? SK_OK, SK_EFUTURE or SK_EEXPIRED; the fault gives the dates. */
SK_MUST enum sk_err sk_basis_in_force(const struct sk_basis *basis, int64_t now_ns, struct sk_fault *fault);

/* A compiled selector set, as far as a rule and a ledger record speak of it. */
struct sk_set_facts {
	uint8_t digest[SK_HASH_BYTES];
	uint32_t kinds;
	uint64_t entries;
	uint8_t shortest_v4, shortest_v6; /* shortest prefix in it; 32 and 128 when none */
	uint64_t entries_by_kind[SK_SELECTOR_KIND_COUNT]; /* by bit number of enum sk_selector_kind */
};
/* Does the rule cover the set? SK_OK or SK_ESETRULE; the fault says which part fails. */
SK_MUST enum sk_err sk_basis_covers(const struct sk_basis *basis, const struct sk_set_facts *set, struct sk_fault *fault);
/* Name of one kind bit: "address" "prefix" "domain" "ja3" "ja4" "flow.all" "url" "hassh" "hassh_server" "ja3s" "cert_sha1" "cert_sha256" "command". Static storage. */
const char *sk_selector_kind_name(enum sk_selector_kind kind);

#endif
