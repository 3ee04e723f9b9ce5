/* SPDX-License-Identifier: Apache-2.0 */
/* What the end of a ledger says to whoever continues it: did the last run stop, what was pending when it did not, where does each link stand. */
#ifndef SK_CMD_LEDGER_TAIL_H
#define SK_CMD_LEDGER_TAIL_H

#include "seal/seal.h"

enum { SK_TAIL_LINKS_MAX = 64 };

struct sk_tail_link {
	const char *name;            /* set by the caller */
	bool sought;                 /* set by the caller: it has an interval somewhere, look until it is found */
	bool any;
	uint64_t last_number;
	uint64_t pending_frames;     /* after its last interval. Whoever begins a run begins with none: after a crash so many were lost, after a stop it is 0 */
};

struct sk_tail {
	bool any_interval;
	uint8_t store[SK_HASH_BYTES];           /* of the last interval of any link: the store's digest that it names */
	bool run_open;                          /* the last run has no stop record */
	uint64_t run_index;
	int64_t run_started_ns;                 /* of an open run */
	uint64_t pending_frames, pending_bytes; /* of an open run: the sums over the last intervals of its links */
};

/* Read the log's leaves from the last one back, as far as they matter. The log is ours and its checkpoint was verified: a leaf that is no record is damage, SK_EINCONSISTENT. SK_ENOMEM, SK_EIO. */
SK_MUST enum sk_err sk_tail_read(const char *folder, uint64_t size, struct sk_tail_link *links, size_t count, struct sk_tail *out, struct sk_fault *fault);

#endif
