/* SPDX-License-Identifier: Apache-2.0 */
/* store: where observations and findings are kept: SQLite (WAL, STRICT, migrations) with clear columns, sealed blobs and blind indexes
   (DESIGN.md 6), and append-only segment files of sealed blocks for flow segments under flow.all. Erasing is destroying a basis-day key.
   Promises: everything written in an interval is committed with that interval's number, or not at all; search is by equality on blind indexes.
   Never: writes an address, a name or a fingerprint in clear. Thread rule: one store per thread. */
#ifndef SK_STORE_H
#define SK_STORE_H

#include "observe/observe.h"

struct sk_store; /* opaque */

struct sk_store_options {
	const char *folder;       /* DIR/store: sekisho.db and flows/ */
	const char *keys_folder;  /* DIR/keys/basis: one folder a basis, one key file a day, outside the database folder */
	const char *basis_id;
	bool read_only;
};

/* Open, migrate when needed. SK_EIO, SK_ENOSPC, SK_EMALFORMED (not our database; newer schema), SK_ELOCKED. Caller closes. */
SK_MUST enum sk_err sk_store_open(const struct sk_store_options *options, struct sk_store **out, struct sk_fault *fault);
/* Close; an open interval is rolled back (NULL is fine). */
void sk_store_close(struct sk_store *store);

/* After a crash: drop rows and segment blocks newer than the interval that the ledger's last leaf names (sk_store_find); *rows gets how many. */
SK_MUST enum sk_err sk_store_roll_back(struct sk_store *store, uint64_t last_committed_interval, bool none_committed, uint64_t *rows,
				       struct sk_fault *fault);
/* Start an interval: a transaction. SK_EEXIST when that number is committed already. */
SK_MUST enum sk_err sk_store_begin(struct sk_store *store, uint64_t interval, const uint8_t run_id[16], struct sk_fault *fault);
/* Put one observation (HIT -> a row, FLOW -> the open segment block). id[16] gets its id; NULL: not wanted. SK_EIO, SK_ENOSPC; sticky until commit, which
   then fails. */
SK_MUST enum sk_err sk_store_put(struct sk_store *store, const struct sk_observation *observation, uint8_t *id, struct sk_fault *fault);
/* Put or fold a finding (same kind, matched value, subject -> count grows). */
SK_MUST enum sk_err sk_store_put_finding(struct sk_store *store, const struct sk_finding *finding, struct sk_fault *fault);
/* Commit the interval; *digest covers every row and block of it, for the ledger leaf. */
SK_MUST enum sk_err sk_store_commit(struct sk_store *store, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);
/* The committed interval that was stored with this digest, the latest if there are several; *found false: none. */
SK_MUST enum sk_err sk_store_find(struct sk_store *store, const uint8_t digest[SK_HASH_BYTES], uint64_t *interval, bool *found, struct sk_fault *fault);
/* The digest that a committed interval was stored with. SK_ENOENT, SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_store_digest_of(struct sk_store *store, uint64_t interval, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);
/* The number that follows the last committed one; 0 in an empty store. */
SK_MUST enum sk_err sk_store_next(struct sk_store *store, uint64_t *interval, struct sk_fault *fault);
/* Recompute the digest of a committed interval. SK_ENOENT when the store has none; SK_EINCONSISTENT when rows do not match what was stored. */
SK_MUST enum sk_err sk_store_digest(struct sk_store *store, uint64_t interval, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);
/* What is asked of the input whose frames follow: a digest over its identity, the table, the basis' classes and the set. Called at the start of an
   interval, which then belongs to it (NULL: an input without identity, such as a pipe). Watched again, it counts once: the latest complete run over
   it is shown, and of runs that a crash cut short the latest. */
void sk_store_set_input(struct sk_store *store, const uint8_t asked[SK_HASH_BYTES]);
/* Did a complete run ask just this? */
SK_MUST enum sk_err sk_store_seen(struct sk_store *store, const uint8_t asked[SK_HASH_BYTES], bool *seen, struct sk_fault *fault);
/* The run ended in order: its inputs are complete, and count digests more that its caller wants to find again by sk_store_seen. An open interval is
   rolled back first. */
SK_MUST enum sk_err sk_store_run_done(struct sk_store *store, const uint8_t run_id[16], const uint8_t (*digests)[SK_HASH_BYTES], size_t count,
				      struct sk_fault *fault);

/* ---- reading ---- */

struct sk_store_filter {
	int64_t since_ns, until_ns;   /* 0 = open */
	int class_;                   /* -1 = any */
	const char *kind;             /* NULL = any */
	const char *value;            /* NULL = any; an address, prefix /24 or /48, domain or fingerprint: matched on the blind index */
	uint64_t limit;               /* 0 = no limit */
	uint64_t after;               /* row cursor: rows after this rowid */
};
typedef enum sk_err (*sk_store_observation_visit)(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation);
typedef enum sk_err (*sk_store_finding_visit)(void *context, const struct sk_finding *finding);
/* Walk HIT observations in time order. A row whose key is destroyed is counted in *erased, not shown. */
SK_MUST enum sk_err sk_store_observations(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit,
					  void *context, uint64_t *erased, struct sk_fault *fault);
/* Walk flow segments of the segment files (flow.all). */
SK_MUST enum sk_err sk_store_flows(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit, void *context,
				   uint64_t *erased, struct sk_fault *fault);
/* Walk findings, newest last. */
SK_MUST enum sk_err sk_store_findings(struct sk_store *store, const struct sk_store_filter *filter, sk_store_finding_visit visit, void *context,
				      struct sk_fault *fault);

struct sk_store_totals {
	uint64_t observations, flows, findings, intervals, bytes_on_disk;
};
/* Counts for summaries. */
SK_MUST enum sk_err sk_store_totals(struct sk_store *store, struct sk_store_totals *out, struct sk_fault *fault);
/* Destroy a basis-day key: every blob under it is unreadable from now on. day is "YYYY-MM-DD". SK_ENOENT. */
SK_MUST enum sk_err sk_store_erase_day(struct sk_store *store, const char *day, struct sk_fault *fault);

#endif
