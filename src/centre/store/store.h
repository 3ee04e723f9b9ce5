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
	const char *keys_folder;  /* DIR/keys/basis or elsewhere: one folder a basis, key files by day, outside the database folder */
	const char *erased_folder; /* DIR/retention: whose destruction is on record (NULL: nothing is) */
	const char *basis_id;
	bool read_only;
	const struct sk_verify_key *oversight;  /* not NULL: each day's key is split with the owner of this key. Borrowed for the call. rule: CUSTODY-1 */
	const struct sk_custodians *custodians; /* not NULL: originals of tokens are kept, for these people. Borrowed for the call */
	int64_t now_ns;           /* for shares of oversight that are open for a while */
};

enum { SK_KEY_ID_BYTES = 8, SK_CUSTODIANS_MAX = 12, SK_TAG_BYTES = 8, SK_ORIGINAL_MAX = 256 };
/* Who together may turn a token back: any `needed` of them, one of whom holds a privacy officer's key. */
struct sk_custodians {
	unsigned count, needed;
	struct sk_verify_key keys[SK_CUSTODIANS_MAX];
	bool privacy[SK_CUSTODIANS_MAX];
};

/* Open, migrate when needed. SK_EIO, SK_ENOSPC, SK_EMALFORMED (not our database; newer schema), SK_ELOCKED. Caller closes. */
SK_MUST enum sk_err sk_store_open(const struct sk_store_options *options, struct sk_store **out, struct sk_fault *fault);
/* Close; an open interval is rolled back (NULL is fine). */
void sk_store_close(struct sk_store *store);

/* For whoever keeps a store open for long: shares of oversight are judged at now_ns from here on, and keys are read anew, so that one that was destroyed meanwhile is gone here too. */
void sk_store_refresh(struct sk_store *store, int64_t now_ns);

/* After a crash: drop rows and segment blocks newer than the interval that the ledger's last leaf names (sk_store_find); *rows gets how many. */
SK_MUST enum sk_err sk_store_roll_back(struct sk_store *store, uint64_t last_committed_interval, bool none_committed, uint64_t *rows,
				       struct sk_fault *fault);
/* Start an interval: a transaction. SK_EEXIST when that number is committed already. */
SK_MUST enum sk_err sk_store_begin(struct sk_store *store, uint64_t interval, const uint8_t run_id[16], struct sk_fault *fault);
/* Put one observation (HIT -> a row, FLOW -> the open segment block). id[16] gets its id; NULL: not wanted. SK_EIO, SK_ENOSPC; sticky until commit, which
   then fails. */
SK_MUST enum sk_err sk_store_put(struct sk_store *store, const struct sk_observation *observation, uint8_t *id, struct sk_fault *fault);
/* The same for a FLOW without sections whose history is plain (observe/plain.h); its id is not worked out. */
SK_MUST enum sk_err sk_store_put_flow(struct sk_store *store, const struct sk_history *history, struct sk_fault *fault);
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

/* Where an observation stands in the order of a walk: by day and key, by hour (finer times are sealed), by row. New ones of an hour stand behind the older ones of it. */
struct sk_store_place {
	int64_t key, hour, row;
};

struct sk_store_filter {
	int64_t since_ns, until_ns;   /* 0 = open */
	int class_;                   /* -1 = any */
	const char *kind;             /* NULL = any */
	const char *value;            /* NULL = any; an address, prefix /24 or /48, domain or fingerprint: matched on the blind index */
	uint64_t limit;               /* 0 = no limit */
	uint64_t after;               /* row cursor: rows after this rowid */
	const struct sk_store_place *behind; /* NULL = all; of observations those that stand behind this place */
};
typedef enum sk_err (*sk_store_observation_visit)(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation);
typedef enum sk_err (*sk_store_finding_visit)(void *context, const struct sk_finding *finding);
/* Walk HIT observations in time order. A row whose key is destroyed is counted in *erased, not shown. */
SK_MUST enum sk_err sk_store_observations(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit,
					  void *context, uint64_t *erased, struct sk_fault *fault);
/* Where the observation that was visited last stands. */
void sk_store_place(const struct sk_store *store, struct sk_store_place *out);
/* Walk flow segments of the segment files (flow.all). */
SK_MUST enum sk_err sk_store_flows(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit, void *context,
				   uint64_t *erased, struct sk_fault *fault);
/* Walk findings, newest last; the earlier ones of a day that cannot be read are told by sk_store_unread. */
SK_MUST enum sk_err sk_store_findings(struct sk_store *store, const struct sk_store_filter *filter, sk_store_finding_visit visit, void *context,
				      struct sk_fault *fault);

struct sk_store_totals {
	uint64_t observations, flows, findings, intervals, bytes_on_disk;
};
/* Counts for summaries. */
SK_MUST enum sk_err sk_store_totals(struct sk_store *store, struct sk_store_totals *out, struct sk_fault *fault);

/* What walks left out since this was last asked. */
struct sk_store_unread {
	uint64_t erased;       /* records whose keys were destroyed */
	uint64_t locked;       /* records whose keys need oversight's share, which is not open */
	uint64_t refused_keys; /* keys that were there although their destruction is on record: out of a backup. They were not used */
};
/* As above. */
void sk_store_unread(struct sk_store *store, struct sk_store_unread *out);

/* ---- custody (days.c) ---- */

/* One day of one basis. */
struct sk_store_day {
	char basis[64], day[11];
	uint64_t observations, findings, flows, originals, intervals;
	uint8_t digest[SK_HASH_BYTES];  /* over the numbers and digests of these intervals */
	unsigned whole, split, opened;  /* key files that are there, and not on record as destroyed */
	unsigned returned;              /* ... that are on record: they came back */
	unsigned keys;                  /* that sealed something */
};
typedef enum sk_err (*sk_store_day_visit)(void *context, const struct sk_store_day *day);
/* Every day that has records or key files, by day and basis. The visitor may call back into the store. */
SK_MUST enum sk_err sk_store_days(struct sk_store *store, sk_store_day_visit visit, void *context, struct sk_fault *fault);
/* The ids of a day's keys, each once: those that lie there, and those that sealed something and may lie in a backup. The caller frees *ids. SK_ENOENT: nothing was
   kept of that day, or all of it is on record as destroyed and no key has come back. */
SK_MUST enum sk_err sk_store_day_keys(struct sk_store *store, const char *basis, const char *day, uint8_t (**ids)[SK_KEY_ID_BYTES], size_t *count, struct sk_fault *fault);
/* Overwrite and remove the key files of a day whose destruction is on record (all of them when no folder of records was named): every blob under them is unreadable
   from now on, and nothing can be looked for in them. *files gets how many there were; none is no error. centre/custody keeps the record. SK_EMALFORMED (no such day or basis), SK_EIO. rule: CUSTODY-2 */
SK_MUST enum sk_err sk_store_destroy_day(struct sk_store *store, const char *basis, const char *day, uint64_t *files, struct sk_fault *fault);
/* Open oversight's shares of a day's keys for a while, with oversight's key; *opened gets how many. SK_ENOENT: the day has no split key; SK_ESIGNATURE. */
SK_MUST enum sk_err sk_store_open_shares(struct sk_store *store, const char *basis, const char *day, const struct sk_sign_key *oversight, int64_t from_ns, int64_t until_ns,
					 unsigned *opened, struct sk_fault *fault);
/* Seal all of oversight's shares that `from` opens anew, for `to`: oversight changes its key. *resealed gets how many; *others how many it does not open (sealed to `to` already, or to a third). */
SK_MUST enum sk_err sk_store_reseal_shares(struct sk_store *store, const struct sk_sign_key *from, const struct sk_verify_key *to, uint64_t *resealed, uint64_t *others, struct sk_fault *fault);
/* Destroy the open shares of a day again; *closed gets how many. */
SK_MUST enum sk_err sk_store_close_shares(struct sk_store *store, const char *basis, const char *day, uint64_t *closed, struct sk_fault *fault);

#endif
