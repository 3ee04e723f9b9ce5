/* SPDX-License-Identifier: Apache-2.0 */
/* What `sekisho retention` and `sekisho reident` share: a workspace with its store, the centre when there is one, and one act from the command line to its record. */
#ifndef SK_CMD_CUSTODY_H
#define SK_CMD_CUSTODY_H

#include "cmd/office.h"
#include "cmd/workspace.h"
#include "custody/reident.h"

enum { SK_CUSTODY_FIELDS_MAX = 8 };

struct sk_custody_args {
	struct sk_cmd *cmd;
	const char *command;
	const char *workspace, *folder;     /* folder: of the centre; NULL: none */
	struct sk_actor actor;
	const char *basis, *day, *org, *why, *target, *observation, *old_key; /* old_key: of a custodian, for what was kept before it was changed */
	size_t field_count;
	const char *fields[SK_CUSTODY_FIELDS_MAX];
	int64_t for_ns;
	bool json, due, returned, help;
	const char *verb, *id;              /* words */
};

struct sk_custody_run {
	const struct sk_custody_args *args;
	struct sk_workspace workspace;
	struct sk_workspace_store at;
	struct sk_store *store;
	char records[SK_PATH_MAX];          /* DIR/retention */
	char parts[SK_PATH_MAX];            /* DIR/centre/reident */
	bool has_centre;
	struct sk_office office;            /* open while has_centre */
	int64_t now_ns;                     /* the clock's, or the latest that is known */
	unsigned keep_days;                 /* policy's, or fewer: the workspace's, or those of the law that the centre loaded */
};

/* Read options and words. False: *exit_code is the answer. */
bool sk_custody_parse(struct sk_custody_args *args, struct sk_cmd *cmd, int argc, char **argv, int *exit_code);
/* Open what the arguments name: the workspace with its store when there is one, the centre to write when there is one. What the docket knows of erasures is put on record in the workspace. */
SK_MUST enum sk_err sk_custody_open(const struct sk_custody_args *args, struct sk_custody_run *run, struct sk_fault *fault);
/* Close all. */
void sk_custody_close(struct sk_custody_run *run);

/* One act, made into a note. by_program: signed by the centre's key, or by the workspace's ledger key; else by the person that the command line names (in a workspace of its own without a centre:
   the approver's key when it names nobody). *written: the statement was written out, and there is no note. Caller finishes note. */
SK_MUST enum sk_err sk_custody_act(struct sk_custody_run *run, const char *matter, const char *id, const char *event, const char *body, bool by_program, struct sk_buf *note, struct sk_act *act,
				   bool *written, struct sk_fault *fault);
/* Put a judged act into the docket. */
SK_MUST enum sk_err sk_custody_enter(struct sk_custody_run *run, const struct sk_buf *note, struct sk_act_facts *facts, struct sk_fault *fault);

#endif
