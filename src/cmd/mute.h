/* SPDX-License-Identifier: Apache-2.0 */
/* Mutes: findings that are known to be false positives are counted and not shown, for a reason and until a day. They stand in DIR/mutes.note, signed by the
   approver's key; the ledger holds their number and a commitment. A mute never touches collection, the store or the equation. */
#ifndef SK_CMD_MUTE_H
#define SK_CMD_MUTE_H

#include "cmd/workspace.h"
#include "observe/observe.h"

enum { SK_MUTES_MAX = 1024, SK_MUTE_ID_BYTES = 8, SK_MUTE_WHY_MAX = 512, SK_MUTE_DAYS_MAX = 365 };

struct sk_mute {
	uint8_t id[SK_MUTE_ID_BYTES];
	bool one_finding;                       /* mutes the finding with this id; else every finding that matched value */
	uint8_t finding[16];
	char value[SK_OBSERVATION_DOMAIN_MAX];  /* of one finding: what it matched, for people */
	char why[SK_MUTE_WHY_MAX];
	int64_t from_ns, until_ns;              /* in force: from <= now < until */
};

struct sk_mutes {
	size_t count;
	struct sk_mute entries[SK_MUTES_MAX];
};

/* Read and verify. A workspace without the file has none. SK_EINCONSISTENT when the file is not what the approver signed: then nothing is muted. Caller
   frees *out with free(). */
SK_MUST enum sk_err sk_mutes_load(const struct sk_workspace *workspace, struct sk_mutes **out, struct sk_fault *fault);
/* Sign, write, and put number and commitment into the ledger (made when there is none yet). The workspace is locked. */
SK_MUST enum sk_err sk_mutes_save(const struct sk_workspace *workspace, const struct sk_mutes *mutes, int64_t now_ns, struct sk_fault *fault);
/* The mute in force that a finding falls under, or NULL. mutes may be NULL. An expired one mutes nothing. */
const struct sk_mute *sk_mutes_find(const struct sk_mutes *mutes, const struct sk_finding *finding, int64_t now_ns);
/* How many are in force. */
size_t sk_mutes_active(const struct sk_mutes *mutes, int64_t now_ns);

#endif
