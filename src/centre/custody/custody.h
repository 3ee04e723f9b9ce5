/* SPDX-License-Identifier: Apache-2.0 */
/* custody: how long a day's records are kept, in whose hands they are, and that they are gone. An erasure is two acts, "erase" (a person, with a reason) and "erased" (the certificate),
   and between them the destruction of every key of the day. Both lie beside the workspace's ledger, in DIR/retention, and in the centre's docket where there is one.
   Promises: a certificate exists only when the keys are gone; from the first act on, a key of that day is refused, wherever it comes from.
   Never: signs, opens a log, reads a clock (cmd does). Thread rule: one thread. */
#ifndef SK_CUSTODY_H
#define SK_CUSTODY_H

#include "docket/docket.h"
#include "law/law.h"
#include "store/store.h"

enum { SK_ERASURE_KEYS_MAX = 4096, SK_HOLDERS_MAX = 64, SK_REASON_MAX = 512 };

/* ---- steps (step.def) ---- */

struct sk_custody_step {
	const char *matter, *event, *from, *to, *who;
};
/* Row i, NULL past the end. Static. */
const struct sk_custody_step *sk_custody_step(size_t i);
/* The row for an event in a state ("" none yet); further: of two rows the one that leads on. SK_ESTAGE names what is allowed. rule: CUSTODY-6 */
SK_MUST enum sk_err sk_custody_find_step(const char *matter, const char *event, const char *from, bool further, const struct sk_custody_step **out, struct sk_fault *fault);

/* ---- an erasure ---- */

struct sk_erasure {
	struct sk_store_day day;        /* basis, day, counts, digest over its intervals */
	bool scheduled;                 /* its time had come; else somebody asked */
	unsigned keep_days;             /* of policy, as it was obeyed */
	char policy[32];                /* version of the compiled policy */
	char why[SK_REASON_MAX];
	size_t key_count;
	uint8_t (*keys)[SK_KEY_ID_BYTES]; /* owned: sk_erasure_fini */
	size_t holder_count;
	char holders[SK_HOLDERS_MAX][SK_MATTER_ID_MAX]; /* organisations that had it provided, and owe a confirmation */
};
/* What is to be erased of a day: fills keys; counts are in *day. SK_ENOENT: nothing is there, or it was erased before. */
SK_MUST enum sk_err sk_erasure_of(struct sk_store *store, const struct sk_store_day *day, struct sk_erasure *out, struct sk_fault *fault);
/* Free what it owns. */
void sk_erasure_fini(struct sk_erasure *erasure);
/* The id of the matter: the day, and a hash of the basis' id. */
void sk_retention_id(const char *basis, const char *day, char id[SK_MATTER_ID_MAX]);
/* Write the body of both acts. */
void sk_erasure_write(const struct sk_erasure *erasure, struct sk_buf *out);
/* Parse it. SK_EMALFORMED. Caller finishes *out. */
SK_MUST enum sk_err sk_erasure_read(const char *body, size_t length, struct sk_erasure *out, struct sk_fault *fault);
/* The counts that its leaf publishes: observations, findings, flows, originals, keys. */
void sk_erasure_cells(const struct sk_erasure *erasure, struct sk_act_facts *facts);
/* The moment from which a day of that name is due: its end and keep_days more. SK_EMALFORMED. */
SK_MUST enum sk_err sk_retention_due(const char *day, unsigned keep_days, int64_t *due_ns, struct sk_fault *fault);

/* ---- in the docket: matter "retention", one a day of a basis ---- */

struct sk_access;
struct sk_person;
/* What acts "open" (oversight's share, until when), "provide" (to whom; until: when it must be erased there too) and "confirm" (by whom) say. */
struct sk_handing {
	char basis[64], day[11];
	char org[SK_MATTER_ID_MAX];     /* provide, confirm; "" for open */
	char why[SK_REASON_MAX];
	int64_t until_ns;
};
/* Write the body of such an act. */
void sk_handing_write(const struct sk_handing *handing, struct sk_buf *out);
/* Parse it. SK_EMALFORMED. */
SK_MUST enum sk_err sk_handing_read(const char *body, size_t length, struct sk_handing *out, struct sk_fault *fault);
/* What the basis of a day says about handing it on (LAW.md 1.3, 38(3)); all zero of one that is no agreement. */
struct sk_provision {
	bool agreement, consented;      /* consented: its partner agreed to provision */
	char partner[SK_MATTER_ID_MAX]; /* the organisation whose agreement it is */
	unsigned keep_days;             /* most days that the policy under which an act is judged lets it be kept (sk_custody_keep_days); 0: the program's own number */
};
/* Most days that a policy (NULL: none) lets what a kind of basis selected be kept at that moment: its row, or the program's own number, which is never less. simulate: as sk_law_retention. */
unsigned sk_custody_keep_days(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate);
/* Judge a person's new act at now_ns: *person gets who signed, facts what is to be published; provision is of the basis that the act is about. SK_ESTAGE, SK_EPERMIT (not allowed; a confirmation
   for somebody else; a recipient that may not have it), SK_EMALFORMED (no reason; beyond policy's hours or days), and what signatures say. rule: CUSTODY-8 */
SK_MUST enum sk_err sk_retention_judge(struct sk_docket *docket, struct sk_access *access, const struct sk_provision *provision, const char *note, size_t length, const struct sk_act *act,
				       int64_t now_ns, struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault);
/* Facts of the centre's own act "erased". SK_ESTAGE unless the matter is at "erasing". */
SK_MUST enum sk_err sk_retention_erased(struct sk_docket *docket, const char *id, const struct sk_erasure *erasure, struct sk_act_facts *facts, struct sk_fault *fault);
/* One holder of one day. */
struct sk_holder {
	struct sk_handing handing;      /* as it was provided */
	bool erased, confirmed;         /* here; there */
};
typedef enum sk_err (*sk_holder_visit)(void *context, const struct sk_holder *holder);
/* Who holds what, out of the docket: of one matter (NULL: all). */
SK_MUST enum sk_err sk_holders(struct sk_docket *docket, const char *id, sk_holder_visit visit, void *context, struct sk_fault *fault);
/* Put the holders that have not confirmed into the erasure. */
SK_MUST enum sk_err sk_erasure_holders(struct sk_docket *docket, const char *id, struct sk_erasure *erasure, struct sk_fault *fault);
typedef enum sk_err (*sk_erasure_visit)(void *context, const char *id, const char *state, const struct sk_entry *entry, struct sk_fault *fault);
/* Every act "erase" and "erased" of the docket, in order, with the state that its matter is in now: what a workspace that was restored must be told again. */
SK_MUST enum sk_err sk_docket_erasures(struct sk_docket *docket, sk_erasure_visit visit, void *context, struct sk_fault *fault);

/* ---- records beside the ledger: DIR/retention/{ID.begun, ID.N.request, ID.N.certificate, ID.TIME.open, KEY.gone} ---- */

/* Put the first act (a whole note) on record, and each key as gone; both are on disk when this returns. Nothing is destroyed yet. SK_EEXIST: one is under way. */
SK_MUST enum sk_err sk_retention_begin(const char *folder, const char *id, const char *note, size_t length, const struct sk_erasure *erasure, struct sk_fault *fault);
/* Only put the keys on record as gone: for what the docket knows of and this workspace does not (any more). */
SK_MUST enum sk_err sk_retention_mark(const char *folder, const char *id, const struct sk_erasure *erasure, struct sk_fault *fault);
/* Put an opening of oversight's share on record, where there is no docket. */
SK_MUST enum sk_err sk_retention_opened(const char *folder, const char *id, int64_t time_ns, const char *note, size_t length, struct sk_fault *fault);
/* Put the second act on record: the certificate. The keys must be gone: SK_EINCONSISTENT when one of the day is still there. */
SK_MUST enum sk_err sk_retention_end(const char *folder, struct sk_store *store, const struct sk_erasure *erasure, const char *id, const char *note, size_t length, struct sk_fault *fault);
enum sk_retention_kind { SK_RETENTION_BEGUN, SK_RETENTION_REQUEST, SK_RETENTION_CERTIFICATE, SK_RETENTION_OPENED };
typedef enum sk_err (*sk_retention_visit)(void *context, enum sk_retention_kind kind, const char *name, const char *note, size_t length, struct sk_fault *fault);
/* Visit records of these kinds (bits of 1 << kind), by name. A folder that is not there has none. */
SK_MUST enum sk_err sk_retention_records(const char *folder, unsigned kinds, sk_retention_visit visit, void *context, struct sk_fault *fault);
/* The digest of the last act of a matter among the records; zeros when there is none. */
SK_MUST enum sk_err sk_retention_last(const char *folder, const char *id, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault);
/* Is each key of the erasure on record as gone? SK_EINCONSISTENT names the first that is not. */
SK_MUST enum sk_err sk_retention_covers(const char *folder, const struct sk_erasure *erasure, struct sk_fault *fault);

#endif
