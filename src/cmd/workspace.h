/* SPDX-License-Identifier: Apache-2.0 */
/* A workspace: the folder in which one sensor keeps its keys, basis, table, set, store, ledger and openings.
     DIR/workspace.json      profile, role, origin, basis id, approver's public key, own prefixes (canonical JSON)
     DIR/keys/ledger.key     signs checkpoints            DIR/keys/approver.key   signs a self-approved basis
     DIR/keys/basis/ID/      blind key and day keys, unless `keys` names another folder   DIR/basis.note   the basis in force
     DIR/retention/          which keys were destroyed, and the certificates (docs/custody.md)
     DIR/border.skb, .note   border table and its approval DIR/selectors.set       compiled selectors (absent: none)
     DIR/store/              observations and findings    DIR/ledger/             checkpoint and tile/
     DIR/sealed/             openings of commitments, carried counts              DIR/lock  held by a run */
#ifndef SK_CMD_WORKSPACE_H
#define SK_CMD_WORKSPACE_H

#include "base/addr.h"
#include "base/file.h"
#include "basis/basis.h"
#include "policy/policy.h"
#include "store/store.h"

enum { SK_OWN_PREFIXES_MAX = 64, SK_DETECTOR_WORDS_MAX = 64 };

struct sk_workspace {
	char folder[SK_PATH_MAX];
	enum sk_profile profile;
	enum sk_role role;
	char origin[SK_KEY_NAME_MAX];       /* of the ledger, e.g. "sekisho.example/border-1" */
	char basis_id[SK_BASIS_ID_MAX];
	struct sk_verify_key approver;
	size_t own_count;
	struct sk_prefix own[SK_OWN_PREFIXES_MAX]; /* prefixes of our own: never selectors */
	/* custody of keys (docs/custody.md) */
	char keys_folder[SK_PATH_MAX];      /* "": DIR/keys/basis */
	bool has_oversight, tokens;
	struct sk_verify_key oversight;     /* holds a share of each day's key */
	struct sk_custodians custodians;    /* count 0: tokens are for good */
	unsigned retention_days;            /* 0: as policy says */
	int lock_fd;                        /* -1 when not held */
};

/* How a workspace's store is opened: the options, and the paths that they point to. */
struct sk_workspace_store {
	struct sk_store_options options;
	char folder[SK_PATH_MAX], keys[SK_PATH_MAX], erased[SK_PATH_MAX];
};

struct sk_workspace_new {
	enum sk_profile profile;
	enum sk_role role;
	const char *border_path;            /* copied */
	const char *origin;                 /* NULL: made from random bytes */
	int64_t now_ns, from_ns, until_ns;
	uint32_t classes;                   /* 0: all that policy allows */
	struct sk_basis_rule rule;          /* kinds 0: all that policy allows */
	bool names;
	size_t detector_words;              /* what --detectors said; 0: cmd/detectors.h says which then */
	const char *detectors[SK_DETECTOR_WORDS_MAX];
	const struct sk_sign_key *centre;   /* the workspace of a centre: it trusts that key and has none of its own to approve with; no basis is made. Borrowed */
	const char *basis_id;               /* with centre: the one basis that it is for */
	size_t own_count;
	struct sk_prefix own[SK_OWN_PREFIXES_MAX];
	/* custody */
	const char *keys_folder;            /* NULL: in the workspace */
	const struct sk_verify_key *oversight; /* NULL: keys lie whole */
	bool tokens;
	struct sk_custodians custodians;
	unsigned retention_days;
};

/* Make a workspace: folder 0700, keys, a self-approved basis, the table's copy. SK_EEXIST when one is there; nothing is left half-made
   (the folder is built under a temporary name and renamed). SK_EBORDER when the table is not acceptable under the profile. */
SK_MUST enum sk_err sk_workspace_create(const char *folder, const struct sk_workspace_new *options, struct sk_fault *fault);
/* Open one. lock: take DIR/lock for a run (SK_ELOCKED with the holder's pid). SK_ENOENT, SK_EMALFORMED. */
SK_MUST enum sk_err sk_workspace_open(const char *folder, bool lock, struct sk_workspace *out, struct sk_fault *fault);
/* Give the lock back. */
void sk_workspace_close(struct sk_workspace *workspace);
/* Absolute-or-relative path of a file in it into path; always fits or is a bug. Returns path. */
const char *sk_workspace_path(const struct sk_workspace *workspace, const char *name, char path[SK_PATH_MAX]);
/* The options for opening its store, under the custody that it has; they point into *out and into the workspace. Returns &out->options. */
const struct sk_store_options *sk_workspace_store(const struct sk_workspace *workspace, int64_t now_ns, bool read_only, struct sk_workspace_store *out);
/* Must this workspace's keys be split, or its hosts be tokens, and are they? SK_EPERMIT says what is missing. rule: CUSTODY-1 CUSTODY-4 */
SK_MUST enum sk_err sk_workspace_custody(const struct sk_workspace *workspace, const struct sk_basis *basis, struct sk_fault *fault);
/* Write workspace.json anew out of what is open: 0600, whole or not at all. SK_EIO. */
SK_MUST enum sk_err sk_workspace_rewrite(const struct sk_workspace *workspace, struct sk_fault *fault);
/* Read and verify the basis: form, signature, profile and role as in workspace.json, policy's matrix (SK_ECLASS), profile in force (SK_EPROFILE),
   dates (SK_EFUTURE, SK_EEXPIRED), custody (SK_EPERMIT). SK_ENOBASIS when absent, SK_EBASISBAD when it does not verify. now_ns 0 skips dates and custody. */
SK_MUST enum sk_err sk_workspace_basis(const struct sk_workspace *workspace, int64_t now_ns, struct sk_basis *out, struct sk_fault *fault);
/* The same of another file. */
SK_MUST enum sk_err sk_workspace_basis_at(const struct sk_workspace *workspace, const char *path, int64_t now_ns, struct sk_basis *out, struct sk_fault *fault);
/* Fill *basis with what this workspace's profile can approve for itself, from options (from, until, classes, rule, names, detectors). SK_EUSAGE, SK_EPERMIT: a word
   of detectors. */
SK_MUST enum sk_err sk_workspace_self_approve(const struct sk_workspace *workspace, const struct sk_workspace_new *options, struct sk_basis *basis, struct sk_fault *fault);
/* May this basis exist in this workspace, dates apart? Policy's tables decide: SK_EBASISBAD, SK_ECLASS, SK_ESETRULE. rule: BASIS-1 */
SK_MUST enum sk_err sk_workspace_lawful(const struct sk_workspace *workspace, const struct sk_basis *basis, struct sk_fault *fault);
/* Put a border table into the workspace and sign its digest with the approver key (border.note). SK_EBORDER when it is not acceptable. */
SK_MUST enum sk_err sk_workspace_set_border(const struct sk_workspace *workspace, const char *path, struct sk_fault *fault);
/* Is the table with this digest the one that was approved? SK_OK, SK_EBORDER. rule: BORDER-5 */
SK_MUST enum sk_err sk_workspace_check_border(const struct sk_workspace *workspace, const uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);
/* Write a new basis signed by the workspace's own approver key (self-approved), replacing the old one.
   Does not ask whether it is lawful: sk_workspace_basis does, each time. */
SK_MUST enum sk_err sk_workspace_renew_basis(struct sk_workspace *workspace, struct sk_basis *basis, struct sk_fault *fault);

#endif
