/* SPDX-License-Identifier: Apache-2.0 */
/* ledger/record.h: the records of a ledger, written as if published: kinds, intervals, counts, digests of public things, salted commitments.
   docs/formats/ledger.md has every field. Rooms build records here and append them to a sink; only cmd opens a log (ledger.h).
   Never: an address, a name, a selector value or free text in a leaf. */
#ifndef SK_LEDGER_RECORD_H
#define SK_LEDGER_RECORD_H

#include "base/addr.h"
#include "base/buf.h"
#include "seal/seal.h"

enum { SK_RECORD_MAX_BYTES = 65535, SK_CELLS_MAX = 32, SK_CELL_NAME_MAX = 32, SK_COUNTRIES_MAX = 256 };

/* Where an appended leaf went. */
struct sk_receipt {
	uint64_t index;
	uint8_t leaf_hash[SK_HASH_BYTES];
};

/* Handed in by cmd. append adds one leaf (canonical JSON bytes); the checkpoint follows when cmd commits. SK_ELEDGER, SK_ENOSPC, SK_ETOOBIG. */
struct sk_ledger_sink {
	void *context;
	enum sk_err (*append)(void *context, const char *record, size_t length, struct sk_receipt *receipt);
};

/* A count of frames and bytes under a stable name; names are from .def tables, never from input. */
struct sk_cell {
	char name[SK_CELL_NAME_MAX];
	uint64_t frames, bytes;
};

/* Flow exports that an interval read, in records, each one direction of one flow; beside the equation of frames, with one of their own. In these cells
   `frames` counts records, and bytes is 0. rule: EXPORT-4 */
struct sk_exports_account {
	bool read;                       /* the run reads exports, if only none came: the record has the section */
	struct sk_cell received, selected;
	struct sk_cell malformed;        /* counted by their message, or begun, and not readable */
	size_t gate_count;   struct sk_cell gate[SK_CELLS_MAX];   /* gate_erased by reason */
	size_t select_count; struct sk_cell select[SK_CELLS_MAX]; /* select_erased by reason */
	struct sk_cell classes[SK_CLASS_COUNT];                   /* partition of received; what nobody could read is UNKNOWN */
	uint64_t messages;               /* datagrams, or messages of a stream */
	uint64_t lost_messages, lost_records; /* missing by the exporters' own sequence numbers */
	uint64_t no_template;            /* sets of records whose template is not known: how many records, nobody knows */
	uint64_t samples;                /* sampled frames that entered at the gate: a part of the interval's received frames */
};

/* What the segments that ended carried from or to one country, and how many hosts abroad they had: an estimate (sketch/sketch.h, 256 registers: standard error 6.5 %),
   never more than frames. */
struct sk_country_cell {
	char code[3];                    /* two letters A to Z */
	uint64_t frames, bytes, hosts;
};

/* Counterpart countries of an interval, beside the equation: of each frame whose fate was settled in it, the country of its segment's end abroad. rule: COUNTRY-1 */
struct sk_countries_account {
	size_t count;                    /* of those that had a frame; SK_COUNTRIES_MAX at most, of more those with the most frames */
	struct sk_country_cell cell[SK_COUNTRIES_MAX]; /* codes ascending */
	uint64_t few_frames, few_bytes;  /* of further countries, if there were more */
};

/* One interval on one link, as measured (true values). DESIGN.md 6. Fates are cells (gate_erased.domestic ...); terms are their sums. */
struct sk_account {
	uint64_t number;                 /* interval number within the log and link, from 0, without a gap */
	char link[64];                   /* a label: letters, digits and . _ : - only; never a file name that says something */
	int64_t from_ns, to_ns;          /* time of the first and last frame (capture time) */
	struct sk_cell received;
	struct sk_cell pending_before, pending_after;
	struct sk_cell selected;
	size_t lost_count;   struct sk_cell lost[SK_CELLS_MAX];   /* capture_lost by where it happened; bytes are 0 where nobody tells them */
	size_t gate_count;   struct sk_cell gate[SK_CELLS_MAX];   /* gate_erased by reason */
	size_t select_count; struct sk_cell select[SK_CELLS_MAX]; /* select_erased by reason */
	struct sk_cell classes[SK_CLASS_COUNT];                   /* by class, partition of received */
	uint64_t segments;               /* beside the equation */
	uint64_t upstream_lost;
	uint64_t events_lost;            /* of detectors, that found no room on their way to be counted. rule: DETECTOR-4 */
	uint64_t observations, findings; /* minted in it */
	uint64_t lost_in_crash;          /* frames pending when an earlier run died, stated by the recovery */
	/* Of one worker's part alone: frames that it handed to other workers and got from them. In the sum of all parts they are equal; they are never published. */
	struct sk_cell passed, taken;
	struct sk_exports_account exports;
	const struct sk_countries_account *countries; /* borrowed until the next interval; NULL: the border table names none, and the record has no such section */
};

/* Counts held back because they were below k (DESIGN.md 6): kept between intervals and runs in sealed/carry, an explicit term of the equation. */
struct sk_carry {
	char link[64];
	uint64_t next_number;
	struct sk_cell selected;
	size_t lost_count;   struct sk_cell lost[SK_CELLS_MAX];
	size_t gate_count;   struct sk_cell gate[SK_CELLS_MAX];
	size_t select_count; struct sk_cell select[SK_CELLS_MAX];
	struct sk_cell classes[SK_CLASS_COUNT];
	uint64_t segments, observations, findings; /* held back likewise, beside the equation */
	struct {
		struct sk_cell selected, malformed;
		size_t gate_count;   struct sk_cell gate[SK_CELLS_MAX];
		size_t select_count; struct sk_cell select[SK_CELLS_MAX];
		struct sk_cell classes[SK_CLASS_COUNT];
	} exports;                       /* records held back */
	struct { struct sk_cell few, unnamed; } countries; /* of countries of too few hosts, and of none */
};

/* Does the account close: pending_before + received + taken = gate + select + selected + capture_lost + passed + pending_after, in frames and in bytes, and do
   the classes sum to received (a frame that was lost before it was judged counts as UNKNOWN)? The same of exports: received = gate + select + selected + malformed, and
   their classes. SK_OK or SK_EINCONSISTENT with both sides in the fault. */
SK_MUST enum sk_err sk_account_check(const struct sk_account *account, struct sk_fault *fault);

/* Leaf indexes of the records in force. */
struct sk_record_refs {
	uint64_t basis, border, selectors, policy, run; /* leaf indexes */
};
/* Build an interval record: adds the carry to the account, publishes every cell that is 0 or >= k, keeps the rest in *carry (in/out).
   Equation as published: pending_before + carried_before + received = gate_erased + select_erased + selected + capture_lost + pending_after + carried_after.
   store_digest: the store's digest for this interval. refs.run: leaf index of the run's start.
   The carry's link must be "" (new) or the account's, its next_number the account's number; selected and the like are published as 0 or >= k.
   Fails the buffer and leaves the carry: SK_EINCONSISTENT (the account does not close or is a part, carry of another interval), SK_EUSAGE (link or names out of form),
   SK_ETOOBIG. Save the new carry before the leaf is committed and keep the old one until then (docs/formats/ledger.md). */
void sk_record_interval(struct sk_buf *out, const struct sk_account *account, struct sk_carry *carry, unsigned k,
			const uint8_t store_digest[SK_HASH_BYTES], const struct sk_record_refs *refs);

/* First leaf of every log: origin, key, format version, k, profile. */
void sk_record_open(struct sk_buf *out, const char *origin, const struct sk_verify_key *key, unsigned k, const char *profile, const char *role,
		    bool simulated, int64_t now_ns);
/* What is published of a basis. */
struct sk_basis_facts {
	uint8_t digest[SK_HASH_BYTES];
	const char *id_commitment_hex; /* 64 hex digits */
	const char *kind, *profile, *role;
	uint32_t classes, rule_kinds;
	uint64_t rule_max_entries;
	uint8_t rule_min_prefix_v4, rule_min_prefix_v6;
	bool has_exact_set; uint8_t exact_set[SK_HASH_BYTES]; /* a salted commitment (sk_commit) to the set's digest, never the digest: it is over values */
	int64_t from_ns, until_ns;
	bool self_approved, simulated, names;
};
/* A basis came into use: digest of its body, kind, classes, rule, dates, self_approved; its id is committed to with a salt. */
void sk_record_basis(struct sk_buf *out, const struct sk_basis_facts *facts);
/* The detectors that the basis of the leaf right before names: SHA-256 over them and all their thresholds as canonical JSON (basis.h), and their names, ascending:
   those that remember a subject for an hour at most, and all others. At most 64 each. */
struct sk_detectors_facts {
	uint64_t basis;
	uint8_t digest[SK_HASH_BYTES];
	size_t short_count, long_count;
	const char *short_names[64], *long_names[64];
};
/* Build the record; fails the buffer with SK_EUSAGE when a name is out of form or order. */
void sk_record_detectors(struct sk_buf *out, const struct sk_detectors_facts *facts);
/* A border table: digest, home, build date, source digests are inside the table's own digest. */
void sk_record_border(struct sk_buf *out, const uint8_t digest[SK_HASH_BYTES], const char *home, bool overrides_special, int64_t built_ns);
/* A compiled selector set and the basis (leaf index) whose rule it satisfies. A set's digest is over values: published salted. */
void sk_record_selectors(struct sk_buf *out, const uint8_t commitment[SK_HASH_BYTES], uint32_t kinds, uint64_t entries, unsigned shortest_v4,
			 unsigned shortest_v6, bool exact_set_met, uint64_t basis_index);
/* The policy tables in force. */
void sk_record_policy(struct sk_buf *out, const char *version, const uint8_t digest[SK_HASH_BYTES]);
/* A run starts: run id, program version and build digest, references. */
void sk_record_run_start(struct sk_buf *out, const uint8_t run_id[16], const char *version, const struct sk_record_refs *refs, int64_t now_ns,
			 bool replayed_input);
/* A run stops: "finished", "interrupted", "damaged_input", "basis_expired", "basis_suspended", "ledger_outage", "host_error", "refused". */
void sk_record_run_stop(struct sk_buf *out, uint64_t run_index, const char *reason, uint64_t intervals, int64_t now_ns);
/* After a crash: rows rolled back in the store, frames lost per link are in the next interval's lost_in_crash. */
void sk_record_recovery(struct sk_buf *out, uint64_t rows_rolled_back, uint64_t frames_lost, uint64_t bytes_lost, uint64_t run_index, int64_t now_ns);

/* The mutes of findings in force after a change: how many, and a commitment to their list. Collection and the equation know nothing of them. */
void sk_record_mutes(struct sk_buf *out, uint64_t active, const uint8_t commitment[SK_HASH_BYTES], int64_t now_ns);

/* The counts (basis/count.h) that run after a change: how many, and a commitment to which. They mint nothing, and the equation knows nothing of them. */
void sk_record_counts(struct sk_buf *out, uint64_t active, const uint8_t commitment[SK_HASH_BYTES], int64_t now_ns);

/* What is published of the gate in the kernel in front of a live link. */
struct sk_kernel_gate_facts {
	const char *link;
	const char *mode;              /* "xdp_native", "xdp_generic" or "packet_filter" */
	const char *copying;           /* "copy" or "zero_copy" (AF_XDP, as the kernel says), "ring" (AF_PACKET) */
	uint8_t program[SK_HASH_BYTES]; /* of the program as the kernel translated it */
	uint8_t table[SK_HASH_BYTES];   /* of border table and covered classes, read back from the kernel */
};
/* Such a gate came into force: at the start of a run, and with each change of its table or classes. */
void sk_record_kernel_gate(struct sk_buf *out, const struct sk_kernel_gate_facts *facts, uint64_t run_index, int64_t now_ns);

/* SHA-256(0x02 || salt32 || bytes): a salted commitment; the salt lies with the opening in sealed/. */
void sk_commit(const uint8_t salt[32], const void *bytes, size_t length, uint8_t out[SK_HASH_BYTES]);

#endif
