/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho order` and `sekisho approve` share: options, the centre with its registers, one act from the command line to the docket, and what the
   centre owes afterwards. */
#ifndef SK_CMD_ORDER_H
#define SK_CMD_ORDER_H

#include "cmd/office.h"
#include "cmd/workspace.h"
#include "decide/blast.h"
#include "decide/orders.h"
#include "text/json.h"

enum { SK_ORDER_MANY = 256 };

struct sk_order_args {
	struct sk_cmd *cmd;
	const char *command;          /* "order" or "approve" */
	const char *folder, *workspace;
	struct sk_actor actor;
	const char *measure, *action, *target_act, *plan, *other, *narrower, *refused, *commander, *extends, *home, *foreign, *at_home, *urgent, *rate;
	const char *why, *by_order, *told, *due, *text, *from_folder, *enforcer, *counters, *organisations, *allow, *output, *state, *purpose, *count, *title[2], *text_file[2];
	size_t target_count, protect_count, important_count, org_count, addressee_count, finding_count, file_count, popular_count, about_count;
	const char *targets[SK_ORDER_MANY], *protects[SK_ORDER_MANY], *importants[SK_ORDER_MANY], *orgs[SK_ORDER_MANY], *addressees[SK_ORDER_MANY], *findings[SK_ORDER_MANY],
		*files[SK_ORDER_MANY], *populars[SK_ORDER_MANY], *abouts[SK_ORDER_MANY];
	int64_t from_ns, for_ns, life_ns, since_ns;
	uint64_t check_hours, hits, false_hits;
	bool json, refuse, confirm, recommend, not_needed, unknown, all, only_urgent;
	char *const *words;           /* behind the verb */
	int word_count;
};

/* The centre with its registers. */
struct sk_order_desk {
	const struct sk_order_args *args;
	struct sk_centre centre;
	struct sk_access *access;
	struct sk_orders *orders;
	struct sk_laws laws;
	const struct sk_law *law;     /* the policy in force; NULL: none but what is compiled in */
	int64_t now_ns;
};

/* Open; write as for sk_centre_open. The desk must not move while it is open. */
SK_MUST enum sk_err sk_order_desk_open(const struct sk_order_args *args, bool write, struct sk_order_desk *out, struct sk_fault *fault);
/* Close. */
void sk_order_desk_close(struct sk_order_desk *desk);
/* The order with that id: SK_ENOENT. */
SK_MUST enum sk_err sk_order_desk_find(const struct sk_order_desk *desk, const char *id, const struct sk_order_matter **out, struct sk_fault *fault);
/* One act of a person. *written: the statement was written out to be signed. leaf gets the leaf. */
SK_MUST enum sk_err sk_order_desk_act(struct sk_order_desk *desk, const char *id, const char *event, const char *body, bool *written, uint64_t *leaf, struct sk_fault *fault);
/* One act of the centre itself. */
SK_MUST enum sk_err sk_order_desk_own(struct sk_order_desk *desk, const char *id, enum sk_order_event event, const char *body, struct sk_fault *fault);
/* What the centre owes: orders listed, lapsed, expired; warrants of what stands into out/warrants/, ends of what does not. Each is said on cmd->err. May be called at any
   time and again after a crash: it looks at what is there. */
SK_MUST enum sk_err sk_order_desk_settle(struct sk_order_desk *desk, struct sk_fault *fault);
/* The order whose warrant has that digest, of those that stand; NULL: none. */
const struct sk_order_matter *sk_order_desk_by_warrant(struct sk_order_desk *desk, const uint8_t digest[SK_HASH_BYTES]);
/* Whose key acts, as the command line says it: --key or --by. */
SK_MUST enum sk_err sk_order_actor_key(const struct sk_order_args *args, struct sk_verify_key *out, struct sk_fault *fault);
/* A wrong call. */
SK_PRINTF(2, 3) int sk_order_usage(const struct sk_order_args *args, const char *format, ...);

/* The body of propose or edit out of the options. Caller ends the buffer. */
SK_MUST enum sk_err sk_order_desk_text(struct sk_order_desk *desk, const char *id, struct sk_buf *body, struct sk_fault *fault);
/* Its estimate of reach and its lists. */
SK_MUST enum sk_err sk_order_desk_blast(struct sk_order_desk *desk, const struct sk_order *order, struct sk_order_blast *out, struct sk_fault *fault);
/* The number of a count of --workspace (--count ID) as the band of hosts, with what it is made of; unknown where none was told. SK_EUSAGE: of other targets than the order's. */
SK_MUST enum sk_err sk_order_counted(const struct sk_order_args *args, const struct sk_order *order, struct sk_order_blast *out, struct sk_fault *fault);
/* The store of --workspace, for counting and for finding a finding's id: nothing of its content is shown, and the act that is made of it is the record of the question.
   *store NULL: nothing was watched there yet. Both are the caller's to close. */
SK_MUST enum sk_err sk_order_store_open(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_store **store, struct sk_fault *fault);
/* A finding of a workspace as evidence, with the leaf that its record's interval has in the workspace's ledger. */
SK_MUST enum sk_err sk_order_evidence(const struct sk_order_args *args, const char *finding, struct sk_order_proof *out, struct sk_fault *fault);

/* Verbs that only look; each returns an exit code. */
int sk_order_list(const struct sk_order_args *args);
/* Everything about one order, in plain words. */
int sk_order_show(const struct sk_order_args *args);
/* The quorum's text of a level, and its digest. */
int sk_order_quorum_cmd(const struct sk_order_args *args);
/* Counts of a workspace's sensor: request, list, show, end. */
int sk_order_count(const struct sk_order_args *args);
/* Takes the enforcer's receipts, and does what is due. */
int sk_order_receipts(const struct sk_order_args *args);

#endif
