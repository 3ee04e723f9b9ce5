/* SPDX-License-Identifier: Apache-2.0 */
/* The centre's folder, as every command that decides something opens it.
     DIR/centre/centre.json     origin, profile, simulated (canonical JSON)      DIR/centre/keys/centre.key  signs checkpoints and warrants
     DIR/centre/acts.db         the docket                                       DIR/centre/ledger/          checkpoint and tile/
     DIR/centre/policy/         policy files that were loaded, by their digest   DIR/centre/access.db        what proves who somebody is (never in the ledger)
     DIR/centre/out/            warrants for the enforcer, bases for sensors     DIR/centre/in/              the enforcer's receipts */
/* What is read of the ledger is recomputed to the signed root each time the folder is opened: a thousand acts take a millisecond or two. Who keeps it open follows instead. */
#ifndef SK_CMD_CENTRE_H
#define SK_CMD_CENTRE_H

#include "base/file.h"
#include "docket/docket.h"
#include "ledger/ledger.h"
#include "policy/policy.h"
#include "seal/seal.h"

struct sk_centre_leaves; /* opaque */

struct sk_centre {
	char folder[SK_PATH_MAX];        /* DIR/centre */
	char origin[SK_KEY_NAME_MAX];
	enum sk_profile profile;
	bool simulated;                  /* profile lab: everything is marked */
	uint8_t policy[SK_HASH_BYTES];   /* digest of the policy file in force (policy/current); zeros: only what is compiled in */
	struct sk_verify_key public_key; /* of the centre */
	struct sk_sign_key *key;         /* NULL when opened for reading */
	struct sk_ledger *ledger;        /* NULL when opened for reading */
	struct sk_ledger_reader *reader; /* what was read of the ledger, up to the head */
	struct sk_checkpoint head;
	struct sk_centre_leaves *leaves; /* every leaf under the head, recomputed to its root when the centre was opened */
	struct sk_docket *docket;
	uint64_t rolled_back;            /* acts that a crash left without a leaf */
};

/* Make DIR/centre: key, ledger with its opening leaf, docket; no secret has a default. SK_EEXIST. Nothing is left half-made. */
SK_MUST enum sk_err sk_centre_create(const char *folder, enum sk_profile profile, const char *origin, int64_t now_ns, struct sk_fault *fault);
/* Open DIR/centre. write: takes the ledger's lock, waiting up to five seconds for another command (SK_ELOCKED). SK_ENOENT, SK_EPERMS, SK_ESIGNATURE, SK_EINCONSISTENT. */
SK_MUST enum sk_err sk_centre_open(const char *folder, bool write, struct sk_centre *out, struct sk_fault *fault);
/* A centre that was opened for reading, at the ledger's head as it is now: what came since is read, and proved to go on from what was read before. *from gets the first leaf
   that is new (the docket's size when nothing is). Older rows are not counted again. SK_EINCONSISTENT, SK_EMALFORMED: the ledger does not go on from what was read, or rows and
   new leaves do not agree; SK_ESIGNATURE. After an error: close it. */
SK_MUST enum sk_err sk_centre_follow(struct sk_centre *centre, uint64_t *from, struct sk_fault *fault);
/* Close; wipes the key. */
void sk_centre_close(struct sk_centre *centre);
/* Path of a file in DIR/centre into path. Returns path. */
const char *sk_centre_path(const struct sk_centre *centre, const char *name, char path[SK_PATH_MAX]);

#endif
