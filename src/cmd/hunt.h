/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of sekisho hunt share: the hits of a hunt, its inputs, and the three ways to look: logs, captures, the store. */
#ifndef SK_CMD_HUNT_H
#define SK_CMD_HUNT_H

#include "basis/basis.h"
#include "cmd/cmd.h"
#include "cmd/workspace.h"
#include "gate/gate.h"
#include "indicator/indicator.h"
#include "logs/logs.h"
#include "policy/policy.h"

enum {
	SK_HUNT_EXAMPLES = 3,
	SK_HUNT_HITS_MAX = 1 << 20,  /* different hits that are listed; more are only counted */
	SK_HUNT_NOTES_MAX = 8,       /* malformed lines that are named */
	SK_HUNT_THREADS_MAX = 64
};

/* ---- hits: one for each indicator, own and outside address ---- */

struct sk_hunt_place {
	uint32_t input;              /* index of the input */
	uint64_t line;               /* 0: of a capture */
};

struct sk_hunt_hit {
	struct sk_indicator_hit indicator;
	uint8_t class_, field;       /* field: enum sk_log_field, of the first record; NOTHING for captures and the store */
	uint16_t outside_port;       /* of the first record */
	struct sk_addr own, outside; /* class FF has no own side: then the source stands as own */
	uint64_t count;              /* records, or flow segments of a capture */
	bool has_time;
	int64_t first_ns, last_ns;
	bool has_evidence;
	uint8_t evidence[16];        /* of the store: id of its first observation */
	unsigned example_count;
	struct sk_hunt_place examples[SK_HUNT_EXAMPLES]; /* the first ones in the order of inputs and lines */
};

struct sk_hunt_hits {
	struct sk_hunt_hit *hit;     /* owned */
	uint32_t *slots;             /* index + 1 into hit */
	size_t count, capacity, slot_count;
	uint64_t not_listed;         /* hits beyond SK_HUNT_HITS_MAX */
};

/* Start empty; nothing is allocated yet. */
void sk_hunt_hits_init(struct sk_hunt_hits *hits);
/* Free. */
void sk_hunt_hits_fini(struct sk_hunt_hits *hits);
/* Fold one in: counts add, times widen, the first examples stay. False: out of memory. */
SK_MUST bool sk_hunt_hits_add(struct sk_hunt_hits *hits, const struct sk_hunt_hit *hit);
/* Fold all of `from` in. False: out of memory. */
SK_MUST bool sk_hunt_hits_merge(struct sk_hunt_hits *hits, const struct sk_hunt_hits *from);
/* The most frequent first; equal ones by indicator and addresses: the order does not depend on how the work was shared out. */
void sk_hunt_hits_sort(struct sk_hunt_hits *hits);
/* Which address is the own one, by the class; sets own, outside and outside_port. */
void sk_hunt_hit_sides(struct sk_hunt_hit *hit, const struct sk_addr *source, uint16_t source_port, const struct sk_addr *destination, uint16_t destination_port);

/* ---- inputs ---- */

/* What became of records: lines of logs, or frames of captures. records = admitted + erased by reason + no_pair + malformed. */
struct sk_hunt_counts {
	uint64_t records, admitted, erased[SK_GATE_REASON_COUNT], no_pair, malformed, hit; /* hit: of the admitted, those that an indicator named (logs alone) */
	uint64_t classes[SK_CLASS_COUNT];
};
/* Add. */
void sk_hunt_counts_add(struct sk_hunt_counts *to, const struct sk_hunt_counts *from);

struct sk_hunt_note {
	uint32_t input;
	uint64_t line;
	const char *what;            /* static */
};

struct sk_hunt_input {
	const char *path;
	bool looked;                 /* format is known */
	enum sk_log_format format;
	struct sk_hunt_counts counts;
	struct sk_fault fault;       /* OK, or what ended it early */
	uint64_t read_bytes, source_bytes;
	struct sk_log_file *file;    /* open */
	unsigned chunks_out;         /* being worked on */
	bool drained;
	int child;                   /* nfdump's process, 0: none */
	int64_t first_ns, last_ns;   /* of a capture */
};

/* A look back through the store. */
struct sk_hunt_stored {
	const struct sk_workspace *workspace;
	int64_t since_ns, until_ns;  /* 0: open */
	uint64_t observations, flows; /* that the store keeps */
	uint64_t asked, read, erased; /* look-ups, records read, records whose keys are destroyed */
	bool by_selector;            /* the store was asked for each selector; else the set for each record */
};

struct sk_hunt {
	struct sk_cmd *cmd;
	const struct sk_border *table;
	const struct sk_basis *basis;
	const struct sk_indicator_set *set;
	unsigned threads;
	uint64_t limit;              /* rows of the table for people; 0: all */
	size_t input_count;
	struct sk_hunt_input *inputs;
	struct sk_hunt_hits hits;
	size_t note_count;
	struct sk_hunt_note notes[SK_HUNT_NOTES_MAX]; /* the first malformed lines */
	struct sk_hunt_counts lines, frames;
	uint64_t segments;           /* of captures */
	struct sk_hunt_stored *stored; /* NULL: inputs are read */
	uint64_t read_bytes;
	int64_t wall_ns;
	bool interrupted;
	int exit_code;               /* of the first input that failed, else 0 */
};

/* Remember that an input failed, and say so. */
void sk_hunt_input_failed(struct sk_hunt *hunt, struct sk_hunt_input *input, const struct sk_fault *fault);
/* Was Ctrl-C pressed? */
bool sk_hunt_interrupted(void);
/* Read all inputs that are logs; captures among them are left for sk_hunt_captures. Hits, counts and notes are filled. SK_ENOMEM. */
SK_MUST enum sk_err sk_hunt_logs(struct sk_hunt *hunt, struct sk_fault *fault);
/* Read all inputs that are captures, through the sensor. */
SK_MUST enum sk_err sk_hunt_captures(struct sk_hunt *hunt, struct sk_fault *fault);
/* Ask the store: for each selector, when they are few and blind indexes answer for every one of them; else the set for each stored record. Errors of the
   store. */
SK_MUST enum sk_err sk_hunt_look_back(struct sk_hunt *hunt, struct sk_fault *fault);
/* Start nfdump over a file; *fd is the read end of its output, *child its process. SK_ENOENT: it is not installed. */
SK_MUST enum sk_err sk_hunt_nfdump(const char *path, int *fd, int *child, struct sk_fault *fault);
/* Wait for it. SK_EINPUT when it failed. */
SK_MUST enum sk_err sk_hunt_nfdump_end(const char *path, int child, struct sk_fault *fault);

/* ---- answers ---- */

/* For people. */
void sk_hunt_print(struct sk_hunt *hunt);
/* One JSON object. */
void sk_hunt_json(struct sk_hunt *hunt);

#endif
