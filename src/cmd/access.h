/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `sekisho access` share: its options, and one act of the register from the command line to the docket. */
#ifndef SK_CMD_ACCESS_H
#define SK_CMD_ACCESS_H

#include "access/access.h"
#include "access/factor.h"
#include "cmd/centre_act.h"
#include "text/json.h"

enum { SK_ACCESS_MANY = 64, SK_JOINT_ID_MAX = 17 };

struct sk_access_args {
	struct sk_cmd *cmd;
	const char *folder;
	struct sk_actor actor;
	size_t cosign_count, signature_count, by_count; /* further hands: keys, or signatures with the key that each is by (the first of these is actor's) */
	const char *cosign[SK_ACCESS_MANY], *signatures[SK_ACCESS_MANY], *by[SK_ACCESS_MANY];
	size_t role_count, key_count;
	const char *roles[SK_ACCESS_MANY], *keys[SK_ACCESS_MANY];
	const char *org, *kind, *title, *admin, *admin_key, *why, *activity, *scope, *purpose, *id, *account, *what, *name;
	const char *password_file, *old_password_file, *breached, *code, *rp_id, *origin, *response, *digest, *out, *factor, *token_file;
	int64_t for_ns, since_ns, until_ns;
	uint64_t limit;
	bool member, json, hold; /* hold: what lacks others' signatures waits for them */
	char *const *words; /* behind the verb */
	int word_count;
};

/* The centre, its register, and the time that new acts are judged by. */
struct sk_register {
	struct sk_centre centre;
	struct sk_access *access;
	int64_t now_ns;
	bool hold;                   /* what lacks others' signatures waits for them (access_joint.h) */
	char waits[SK_JOINT_ID_MAX]; /* the id under which it does; "" it does not */
	struct sk_fault missing;     /* and what the judge said */
};

/* Open both; write as for sk_centre_open. The time is the clock's or the latest that is known (the docket's, access.db's where it is there). */
SK_MUST enum sk_err sk_register_open(const struct sk_access_args *args, bool write, struct sk_register *out, struct sk_fault *fault);
/* Close both. */
void sk_register_close(struct sk_register *reg);
/* The note of an act with every signature that the command line has. *written: the statement was written out to be signed, and note is empty. */
SK_MUST enum sk_err sk_register_statement(struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event, const char *body,
					  struct sk_buf *note, struct sk_act *act, bool *written, struct sk_fault *fault);
/* Judge a note and enter it; leaf gets the leaf. *written: with reg->hold, that it waits for others instead. Signatures that wait already are put under it. */
SK_MUST enum sk_err sk_register_enter(struct sk_register *reg, const struct sk_access_args *args, struct sk_buf *note, bool *written, uint64_t *leaf, struct sk_fault *fault);
/* Say on cmd->out what became of an act, and bring sign-in in line with the register where it was entered. */
SK_MUST enum sk_err sk_register_told(struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event, bool written, uint64_t leaf,
				     const char *done, struct sk_fault *fault);
/* One act: statement, signatures, judgement, docket. body is canonical JSON. *written: the statement was written out to be signed, or it waits. leaf gets the leaf. */
SK_MUST enum sk_err sk_register_act(struct sk_register *reg, const struct sk_access_args *args, const char *matter, const char *id, const char *event, const char *body,
				    bool *written, uint64_t *leaf, struct sk_fault *fault);
/* The same, and what was done said on cmd->out. Returns the exit code. */
int sk_access_run_act(const struct sk_access_args *args, const char *matter, const char *id, const char *event, const struct sk_buf *body, const char *done);
/* A key as the command line names it: verifier key text, a line of an SSH public key, or a file with one of these or a key of ours. */
SK_MUST enum sk_err sk_access_key_of(const char *text, struct sk_verify_key *out, struct sk_fault *fault);
/* A wrong call of `sekisho access`. */
SK_PRINTF(2, 3) int sk_access_usage(const struct sk_access_args *args, const char *format, ...);
/* Print a JSON text and end it. */
int sk_access_print(const struct sk_access_args *args, struct sk_buf *out);

/* Register and access.db together, for what proves who somebody is. */
struct sk_factor_job {
	const struct sk_access_args *args;
	struct sk_register reg;
	struct sk_factors *factors;
	struct sk_fault fault;
};
/* Open both; false: job->fault says why. */
bool sk_factor_job_open(struct sk_factor_job *job, const struct sk_access_args *args, bool write);
/* Close both and give the exit code of err, told. */
int sk_factor_job_close(struct sk_factor_job *job, enum sk_err err);
/* The first line of a file that nobody else may read, or of standard input ("-"). out is begun here; end it in any case. SK_EUSAGE (no path), SK_EPERMS, SK_ENOENT. */
SK_MUST enum sk_err sk_factor_secret(const char *path, struct sk_buf *out, struct sk_fault *fault);

/* The verbs; each returns an exit code. */

/* init: the first organisation, administrator and panel. */
int sk_access_init(const struct sk_access_args *args);
/* panel: oversight's first keys, later than at init. */
int sk_access_panel_cmd(const struct sk_access_args *args);
/* org add|list. */
int sk_access_org_cmd(const struct sk_access_args *args);
/* account add|close|list. */
int sk_access_account_cmd(const struct sk_access_args *args);
/* role grant|revoke. */
int sk_access_role_cmd(const struct sk_access_args *args);
/* key new|add|revoke|list. */
int sk_access_key_cmd(const struct sk_access_args *args);
/* lease request|grant|refuse|use|revoke|expire|list. */
int sk_access_lease_cmd(const struct sk_access_args *args);
/* may ACCOUNT ACTIVITY: the verdict and its line. */
int sk_access_may_cmd(const struct sk_access_args *args);
/* activities: LAW.md 3 as it is obeyed. */
int sk_access_table_cmd(const struct sk_access_args *args);
/* Listing of organisations. */
int sk_access_list_orgs(const struct sk_access_args *args);
/* Listing of accounts. */
int sk_access_list_accounts(const struct sk_access_args *args);
/* Listing of keys. */
int sk_access_list_keys(const struct sk_access_args *args);
/* Listing of leases. */
int sk_access_list_leases(const struct sk_access_args *args);
/* factor ...: passwords, codes, WebAuthn. */
int sk_access_factor_cmd(const struct sk_access_args *args);
/* session begin|check|step-up|approve|end. */
int sk_access_session_cmd(const struct sk_access_args *args);
/* credential new|rotate|list|revoke: what services sign in with. */
int sk_access_credential_cmd(const struct sk_access_args *args);
/* log: the access log, for oversight. */
int sk_access_log_cmd(const struct sk_access_args *args);

#endif
