/* SPDX-License-Identifier: Apache-2.0 */
/* The collector of one run: takes what select mints into the store and EVE, and each interval's account into the ledger, in the order that survives a
   crash (DESIGN.md 5): store commit tagged with the interval, then the leaf with the store's digest, then the checkpoint. */
#ifndef SK_CMD_COLLECTOR_H
#define SK_CMD_COLLECTOR_H

#include "base/clock.h"
#include "cmd/mute.h"
#include "cmd/workspace.h"
#include "emit/emit.h"
#include "emit/ipfix.h"
#include "emit/syslog.h"
#include "ledger/ledger.h"
#include "store/store.h"

struct sk_collector;

enum { SK_COLLECTOR_LINKS_MAX = 48 };

/* What is in force for this run and goes into the ledger before it. Copied by open, but for basis, which must outlive the collector. */
struct sk_collector_start {
	const struct sk_basis *basis;
	uint8_t border_digest[SK_HASH_BYTES];
	char border_home[64];
	bool border_overrides;
	int64_t border_built_ns;
	const struct sk_set_facts *set;   /* NULL: no selectors */
	const char *link;                 /* the one whose accounts come ... */
	const char *const *links;         /* ... or several */
	size_t link_count;                /* 0: the one */
	int64_t now_ns;
	struct sk_clock clock;
	bool replayed_input;
	bool no_heads;                    /* part of what is asked of an input */
	bool exports;                     /* flow exports are read out of it too: the same */
	bool no_detectors;                /* the run is none that detectors look at (sekisho gate, flow exports) */
	const char *program;              /* as run_start names it; NULL: SK_VERSION */
	struct sk_syslog *syslog;         /* borrowed; NULL: none */
	struct sk_ipfix *ipfix;           /* borrowed; NULL: none */
	const struct sk_mutes *mutes;     /* borrowed; NULL: none. A muted finding is stored, and nobody is alerted */
	/* Told of every finding, for the summary; may be NULL. */
	void (*finding)(void *context, const struct sk_finding *finding, bool muted);
	void *finding_context;
};

struct sk_collector_recovery {
	bool recovered;
	uint64_t rows_rolled_back, frames_lost, bytes_lost;
};

/* Open ledger and store, repair what a crash left, write the records of what is in force and run_start. SK_ELEDGER and the host's errors. */
SK_MUST enum sk_err sk_collector_open(const struct sk_workspace *workspace, const struct sk_collector_start *start, struct sk_emit *emit,
				      struct sk_collector **out, struct sk_collector_recovery *recovery, struct sk_fault *fault);
/* The input whose frames follow, by its identity (NULL: none, a pipe). *seen: a complete run watched it under the same basis, table and set (never with
   `again`). Watched once more it takes the place of what earlier runs kept of it. The interval must be fresh (sk_engine_end_input). */
SK_MUST enum sk_err sk_collector_input(struct sk_collector *collector, const uint8_t *identity, bool again, bool *seen, struct sk_fault *fault);
/* The sink that select writes to. Errors are kept and come out at the next interval. */
struct sk_observe_sink sk_collector_sink(struct sk_collector *collector);
/* An interval's account (the engine's callback) of the one link: numbers it, commits store, leaf, checkpoint. */
SK_MUST enum sk_err sk_collector_interval(void *collector, struct sk_account *account, struct sk_fault *fault);
/* The same for all links of a cut (accounts in any order, a link at most once): what was kept since the last cut is one interval of the store, and its digest stands in each of their leaves. */
SK_MUST enum sk_err sk_collector_cut(struct sk_collector *collector, struct sk_account *accounts, size_t count, struct sk_fault *fault);
/* Say what gate stands in the kernel before the link; committed at once: no frame passes it before. */
SK_MUST enum sk_err sk_collector_kernel_gate(struct sk_collector *collector, const struct sk_kernel_gate_facts *facts, struct sk_fault *fault);
/* Which counts run from now on (content: what is committed to, and opened to oversight); committed at once: nothing is counted that the ledger does not tell of. SK_ELEDGER. rule: COUNT-3 */
SK_MUST enum sk_err sk_collector_counts(struct sk_collector *collector, uint64_t active, const struct sk_buf *content, struct sk_fault *fault);
/* From now on other things are in force: basis, table and set of *now (whose other fields are not looked at) go into the ledger, as far as they differ, and every later
   interval refers to them. Between two intervals. SK_EPERMIT (another basis: what it keeps is sealed under other keys, and that takes a new run), SK_ELEDGER. rule: RELOAD-1 */
SK_MUST enum sk_err sk_collector_change(struct sk_collector *collector, const struct sk_collector_start *now, struct sk_fault *fault);
/* Intervals of this run so far, and leaves of the ledger. */
void sk_collector_progress(const struct sk_collector *collector, uint64_t *intervals, uint64_t *leaves);
/* Write run_stop and close everything. The reason is one of record.h's words. Size and root of the ledger after it. */
SK_MUST enum sk_err sk_collector_stop(struct sk_collector *collector, const char *reason, uint64_t *size, uint8_t root[SK_HASH_BYTES], struct sk_fault *fault);
/* Free without a stop record, as a crash would (after an error that ended the ledger). */
void sk_collector_free(struct sk_collector *collector);

#endif
