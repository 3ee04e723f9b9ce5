/* SPDX-License-Identifier: Apache-2.0 */
/* signature: rules of byte patterns (foundation/rules) over payload in passing. Of each direction of a flow segment the first bytes are looked at, of a connection put
   together, and heads as flow reads them; a pattern of each rule is searched for by Vectorscan, all rules at once, and a rule whose pattern was found is asked whole,
   exactly. Promises: no allocation after sk_signature_new; memory is a hard cap, what is pushed out is counted; bytes are overwritten when they were looked at, and
   of a hit stay the rule's number, a keyed hash and the flow's history. Never: keeps, copies or prints a byte of payload. Thread rule: one a worker; the set may be shared. */
#ifndef SK_SIGNATURE_H
#define SK_SIGNATURE_H

#include "basis/basis.h"
#include "detect/detect.h"
#include "flow/flow.h"
#include "rules/rules.h"

struct sk_signature_limits {
	uint32_t bytes;        /* of each direction that are looked at, default 16384, at most 65535 */
	uint32_t streams;      /* directions that are put together at once, default 2048, at most 16383; a place takes `bytes`, and what the search needs */
	uint32_t counters;     /* entries of thresholds, default 32768 */
};
/* The defaults above. */
struct sk_signature_limits sk_signature_default_limits(void);

struct sk_signature_counts {
	uint64_t asked;        /* rules that were asked whole */
	uint64_t fitted;       /* ... and fitted, each time */
	uint64_t hits;         /* selectors that were noted with a segment */
	uint64_t counted;      /* fitted, and kept from an alert by threshold or detection_filter */
	uint64_t streams_shed; /* directions given up because places were short, or pieces too many */
	uint64_t bits_shed;    /* flowbits that had no place */
	uint64_t limited;      /* questions that were given up at a limit of steps (their rule then did not fit) */
	uint64_t waiting_shed; /* rules that would have waited for more bytes, and had no place to */
	uint64_t bytes;        /* memory, and of it what the search needs */
	uint64_t search_bytes;
};

struct sk_signature; /* opaque */

/* What Vectorscan makes of the patterns of a set, to be cached beside it (sk_rules_write): good for machines of the same kind and version, else it is made anew at the
   start. SK_ENOMEM, SK_ETOOBIG (patterns are more than Vectorscan takes). */
SK_MUST enum sk_err sk_signature_compile(const struct sk_rules *rules, struct sk_buf *out, struct sk_fault *fault);
/* Make one over a set; borrows it. basis: which directions can be seen. key: of the hashes. trusted: the cache beside the set may be used; else patterns are compiled
   anew, so that what is searched for is what the digest says. *out is NULL when the set is empty. SK_ENOMEM, SK_ETOOBIG. */
SK_MUST enum sk_err sk_signature_new(const struct sk_rules *rules, const struct sk_basis *basis, const struct sk_signature_limits *limits, const uint8_t key[SK_SIP_KEY_BYTES],
				     bool trusted, struct sk_signature **out, struct sk_fault *fault);
/* Wipe and free (NULL is fine). */
void sk_signature_free(struct sk_signature *signature);
/* Tell the table whom to call when a watched segment ends. The table outlives it. SK_ENOMEM. */
SK_MUST enum sk_err sk_signature_attach(struct sk_signature *signature, struct sk_flow_table *table);
/* Of a packet that was just applied, before its heads are read. */
void sk_signature_begin(struct sk_signature *signature, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet);
/* A head of that packet. */
void sk_signature_head(struct sk_signature *signature, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, const struct sk_head *head);
/* Behind its heads. */
void sk_signature_packet(struct sk_signature *signature, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet);
/* Counts so far. */
void sk_signature_counts(const struct sk_signature *signature, struct sk_signature_counts *out);
/* Bytes of its buffers that are not zero: a test's canary count. */
size_t sk_signature_residue(const struct sk_signature *signature);

#endif
