/* SPDX-License-Identifier: Apache-2.0 */
/* ledger/record_read.h: the read side of record.h: one record as a struct. For verifiers, recovery and oversight.
   A record has exactly one byte form (canonical JSON, every field present, fixed keys), so the reader accepts exactly what the writer writes.
   Promises: no allocation, never reads past the bytes. Never: judges whether the numbers make sense (that is the verifier's). Thread rule: reentrant. */
#ifndef SK_LEDGER_RECORD_READ_H
#define SK_LEDGER_RECORD_READ_H

#include "ledger/record.h"

enum {
	SK_LINK_TEXT_MAX = 64, SK_RECORD_WORD_MAX = 64, SK_SMALL_CELL_MAX = 1000000,
	SK_RECORD_VERSION = 1, SK_RECORD_VERSION_NAMED = 2 /* of interval and carry: losses have names; sections of countries and exports, and events_lost, may be there */
};

enum sk_record_kind {
	SK_RECORD_OPEN,
	SK_RECORD_POLICY,
	SK_RECORD_BORDER,
	SK_RECORD_BASIS,
	SK_RECORD_SELECTORS,
	SK_RECORD_RUN_START,
	SK_RECORD_INTERVAL,
	SK_RECORD_RUN_STOP,
	SK_RECORD_RECOVERY,
	SK_RECORD_MUTES,
	SK_RECORD_COUNTS,
	SK_RECORD_DETECTORS,
	SK_RECORD_KERNEL_GATE,
	SK_RECORD_ACT,
	/* Never a leaf: a verifier refuses them there. */
	SK_RECORD_CARRY, /* the file in sealed/ */
	SK_RECORD_DRILL  /* the body of a drill's signed note */
};
enum { SK_RECORD_KIND_COUNT = SK_RECORD_DRILL + 1 };

/* Frames and bytes together. */
struct sk_tally {
	uint64_t frames, bytes;
};

/* Named cells, names ascending, each frames >= 1. */
struct sk_cells {
	size_t count;
	struct sk_cell cell[SK_CELLS_MAX];
};

/* What was lost, by where. Version 1 had one tally: it reads as one cell without a name (none when it was zero). */
struct sk_losses {
	uint64_t version; /* of the whole record */
	struct sk_cells cells;
};

struct sk_open_record {
	int64_t created_ns;
	uint64_t k;
	char key[SK_VKEY_TEXT_MAX];
	char origin[SK_KEY_NAME_MAX];
	char profile[SK_RECORD_WORD_MAX], role[SK_RECORD_WORD_MAX];
	bool simulated;
};

struct sk_policy_record {
	uint8_t digest[SK_HASH_BYTES];
	char version[SK_RECORD_WORD_MAX];
};

struct sk_border_record {
	int64_t built_ns;
	uint8_t digest[SK_HASH_BYTES];
	char home[SK_RECORD_WORD_MAX]; /* "" when the table knows no home country */
	bool overrides_special;
};

struct sk_basis_record {
	char basis_kind[SK_RECORD_WORD_MAX];
	uint32_t classes;              /* SK_CLASS_BITs */
	uint8_t digest[SK_HASH_BYTES];
	struct { bool present; uint8_t commitment[SK_HASH_BYTES]; } exact_set;
	int64_t from_ns, until_ns;
	uint8_t id_commitment[SK_HASH_BYTES];
	bool names, self_approved, simulated;
	char profile[SK_RECORD_WORD_MAX], role[SK_RECORD_WORD_MAX];
	uint32_t rule_kinds;           /* enum sk_selector_kind bits */
	uint64_t rule_max_entries, rule_min_prefix_v4, rule_min_prefix_v6;
};

struct sk_selectors_record {
	uint64_t basis;
	uint8_t commitment[SK_HASH_BYTES];
	uint64_t entries;
	bool exact_set_met;
	uint32_t kinds;
	uint64_t shortest_v4, shortest_v6;
};

struct sk_run_start_record {
	uint64_t basis, border, policy, selectors;
	char program[SK_RECORD_WORD_MAX];
	bool replayed;                 /* input from files: capture times are not the time of the run */
	uint8_t run[16];
	int64_t started_ns;
};

/* Countries, codes ascending, each frames >= 1. */
struct sk_countries {
	size_t count;
	struct sk_country_cell cell[SK_COUNTRIES_MAX];
};

/* Counterpart countries of the frames whose fate was settled. rule: COUNTRY-1 */
struct sk_countries_record {
	struct sk_tally settled, few, unnamed, carried_before, carried_after; /* few: of countries of fewer than k hosts each; unnamed: of no country */
	struct sk_countries cells;
};

/* Records of flow exports; frames counts them, bytes is 0. */
struct sk_exports_record {
	struct sk_tally received, selected, malformed, carried_before, carried_after, classes_carried_before, classes_carried_after;
	struct sk_cells gate_erased, select_erased;
	struct sk_tally classes[SK_CLASS_COUNT];
	uint64_t messages, lost_messages, lost_records, no_template, samples;
};

struct sk_interval_record {
	uint64_t basis, border, policy, run, selectors;
	char link[SK_LINK_TEXT_MAX];
	uint64_t number;
	int64_t from_ns, to_ns;
	struct sk_tally received, selected, pending_before, pending_after, carried_before, carried_after, classes_carried_before,
	    classes_carried_after;
	struct sk_losses capture_lost;
	struct sk_cells gate_erased, select_erased;
	struct sk_tally classes[SK_CLASS_COUNT];
	uint64_t segments, observations, findings, upstream_lost, lost_in_crash;
	uint64_t events_lost;          /* 0: the record does not have it; in version 2 alone */
	uint8_t store[SK_HASH_BYTES];
	bool has_exports, has_countries; /* in version 2 alone */
	struct sk_exports_record exports;
	struct sk_countries_record countries;
};

struct sk_run_stop_record {
	uint64_t intervals, run;
	char reason[SK_RECORD_WORD_MAX];
	int64_t stopped_ns;
};

struct sk_recovery_record {
	uint64_t bytes_lost, frames_lost, rows_rolled_back, run;
	int64_t recovered_ns;
};

/* Findings that are counted and not shown: how many rules there are, and a commitment to them. */
struct sk_mutes_record {
	uint64_t active;
	uint8_t commitment[SK_HASH_BYTES];
	int64_t stated_ns;
};

/* Counts that run for somebody who plans a measure: how many, and a commitment to which. */
struct sk_counts_record {
	uint64_t active;
	uint8_t commitment[SK_HASH_BYTES];
	int64_t stated_ns;
};

/* Names ascending, each once. */
enum { SK_NAMES_MAX = 64, SK_NAME_TEXT_MAX = 32 };
struct sk_names {
	size_t count;
	char name[SK_NAMES_MAX][SK_NAME_TEXT_MAX];
};

/* The detectors that a basis names: those that forget within the hour, and those that remember longer. */
struct sk_detectors_record {
	uint64_t basis;
	uint8_t digest[SK_HASH_BYTES];
	struct sk_names long_memory, short_memory;
};

/* The gate in the kernel that stands before a live link. */
struct sk_kernel_gate_record {
	char copying[SK_RECORD_WORD_MAX], link[SK_LINK_TEXT_MAX], mode[SK_RECORD_WORD_MAX];
	uint8_t program[SK_HASH_BYTES], table[SK_HASH_BYTES];
	uint64_t run;
	int64_t stated_ns;
};

/* One step of one matter at the centre (act.h). */
struct sk_act_record {
	char matter[SK_RECORD_WORD_MAX], event[SK_RECORD_WORD_MAX], from[SK_RECORD_WORD_MAX], to[SK_RECORD_WORD_MAX];
	uint8_t subject[SK_HASH_BYTES], document[SK_HASH_BYTES], policy[SK_HASH_BYTES];
	uint64_t previous;             /* leaf index plus one; 0: the first of its matter */
	int64_t time_ns;
	struct sk_cells counts;        /* bytes are 0 */
	struct sk_names words;
};

/* What is held back on one link because it is below k. */
struct sk_carry_record {
	char link[SK_LINK_TEXT_MAX];
	uint64_t next_number;
	struct sk_tally selected;
	struct sk_losses capture_lost;
	struct sk_cells gate_erased, select_erased;
	struct sk_tally classes[SK_CLASS_COUNT];
	uint64_t segments, observations, findings;
	bool has_exports, has_countries; /* in version 2 alone */
	struct { struct sk_tally few, unnamed; } countries;
	struct {
		struct sk_tally selected, malformed;
		struct sk_cells gate_erased, select_erased;
		struct sk_tally classes[SK_CLASS_COUNT];
	} exports;
};

/* What an oversight drill did and saw (docs/drill.md). Counts are of frames and bytes on the wire; sums over the intervals from first to last of one link. */
struct sk_drill_record {
	char key[SK_VKEY_TEXT_MAX];    /* that signs the note */
	char origin[SK_KEY_NAME_MAX], link[SK_LINK_TEXT_MAX];
	uint8_t seed[SK_HASH_BYTES];   /* from which every mark can be made again */
	int64_t from_ns, to_ns;        /* of the first and the last frame that was sent */
	uint64_t before_size, after_size; /* of the ledger, when it began and when it was judged */
	uint8_t before_root[SK_HASH_BYTES], after_root[SK_HASH_BYTES];
	uint64_t first, last;          /* numbers of the intervals */
	struct sk_tally classes_sent[SK_CLASS_COUNT], classes_moved[SK_CLASS_COUNT], classes_before[SK_CLASS_COUNT], classes_after[SK_CLASS_COUNT];
	struct sk_cells gate_sent, gate_moved, gate_before, gate_after; /* gate_erased by reason: expected, seen; held back before and after */
	uint64_t files, file_bytes, memory_bytes, memory_unread, rows; /* what was searched */
	uint64_t found_files, found_memory, found_rows;                /* marks that were found */
	bool exact, passed;            /* nothing else moved what was expected; nothing is missing and nothing was found */
};

struct sk_record {
	enum sk_record_kind kind;
	union {
		struct sk_open_record open;
		struct sk_policy_record policy;
		struct sk_border_record border;
		struct sk_basis_record basis;
		struct sk_selectors_record selectors;
		struct sk_run_start_record run_start;
		struct sk_interval_record interval;
		struct sk_run_stop_record run_stop;
		struct sk_recovery_record recovery;
		struct sk_mutes_record mutes;
		struct sk_counts_record counts;
		struct sk_detectors_record detectors;
		struct sk_kernel_gate_record kernel_gate;
		struct sk_act_record act;
		struct sk_carry_record carry;
		struct sk_drill_record drill;
	};
};

/* Parse one leaf. SK_EMALFORMED: the fault names the byte, the field, what was expected and what was found. */
SK_MUST enum sk_err sk_record_parse(const void *bytes, size_t length, struct sk_record *out, struct sk_fault *fault);
/* Append the byte form. A value that the form does not allow fails the buffer with SK_EUSAGE. The exact inverse of sk_record_parse. */
void sk_record_write(struct sk_buf *out, const struct sk_record *record);
/* "open", "interval" ... Static storage. */
const char *sk_record_kind_name(enum sk_record_kind kind);

/* The carry of one link as a file in sealed/: canonical JSON, one object. Append it; a value out of form fails the buffer. */
void sk_carry_write(struct sk_buf *out, const struct sk_carry *carry);
/* Parse it. SK_EMALFORMED. */
SK_MUST enum sk_err sk_carry_read(const void *bytes, size_t length, struct sk_carry *out, struct sk_fault *fault);

#endif
