/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force: basis, border table, selector set and rules, each checked, and what of them the ledger and the workers are told. One is never changed; a reload makes another. */
#ifndef SK_CMD_FORCE_H
#define SK_CMD_FORCE_H

#include <sys/stat.h>

#include "cmd/collector.h"
#include "cmd/rules.h"
#include "engine/snapshot.h"

/* The files; NULL or "": the workspace's own. */
struct sk_force_paths {
	const char *basis, *border, *selectors;
};

enum { SK_FORCE_FILES = 4 };
/* Who a file was when it was read: another one under its name is a new version. */
struct sk_force_file {
	dev_t device;
	ino_t number;
	off_t size;
	struct timespec modified;
};

struct sk_force {
	struct sk_basis basis;
	struct sk_border *border;
	struct sk_border_info border_info;
	struct sk_indicator_set *set;        /* NULL: no selectors */
	struct sk_indicator_facts set_info;
	struct sk_rules *rules;              /* of byte patterns; NULL: none */
	bool rules_trusted;                  /* what was cached beside them may be used */
	bool has_sets;                       /* either of the two */
	struct sk_set_facts set_facts;       /* of both */
	struct sk_snapshot snapshot;         /* for the workers; number and limits are the caller's to set */
	struct sk_force_file files[SK_FORCE_FILES];
};

/* Read and check everything, at that time. SK_ENOBASIS, SK_EBASISBAD, SK_EPROFILE, SK_EFUTURE, SK_EEXPIRED, SK_ECLASS, SK_EBORDER, SK_ESETRULE, damage, the host's errors.
   Caller frees. */
SK_MUST enum sk_err sk_force_load(const struct sk_workspace *workspace, const struct sk_force_paths *paths, int64_t now_ns, struct sk_force **out, struct sk_fault *fault);
/* The set of a workspace, selectors and rules together, as its sensor would load it, whatever its basis. SK_ENOENT: it has none; damage, the host's errors. */
SK_MUST enum sk_err sk_force_set_facts(const struct sk_workspace *workspace, struct sk_set_facts *out, struct sk_fault *fault);
/* NULL is fine. */
void sk_force_free(struct sk_force *force);
/* Does another file stand under one of the names now? */
bool sk_force_is_old(const struct sk_force *force, const struct sk_workspace *workspace, const struct sk_force_paths *paths);
/* Who stands under the names now. */
void sk_force_files(const struct sk_workspace *workspace, const struct sk_force_paths *paths, struct sk_force_file files[SK_FORCE_FILES]);
/* Is it the same law: basis, table and set by their digests? */
bool sk_force_same(const struct sk_force *a, const struct sk_force *b);
/* Are these (or none, NULL) its rules? */
bool sk_force_has_rules(const struct sk_force *force, const struct sk_rules *rules);
/* What the ledger is told of it; borrows from force. */
void sk_force_tell(const struct sk_force *force, struct sk_collector_start *start);

#endif
