/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/custody.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/signer.h"
#include "text/text.h"

enum { OPT_WORKSPACE = 256, OPT_DIR, OPT_KEY, OPT_TO_SIGN, OPT_STATEMENT, OPT_SIGNATURE, OPT_BY, OPT_BASIS, OPT_DAY, OPT_ORG, OPT_WHY, OPT_TARGET, OPT_OBSERVATION, OPT_FIELD, OPT_FOR, OPT_JSON,
       OPT_DUE, OPT_RETURNED, OPT_OLD_KEY, OPT_HELP, NOTE_MAX = SK_NOTE_MAX };

static const struct option options[] = {
	{"workspace", required_argument, NULL, OPT_WORKSPACE}, {"dir", required_argument, NULL, OPT_DIR}, {"key", required_argument, NULL, OPT_KEY}, {"to-sign", required_argument, NULL, OPT_TO_SIGN},
	{"statement", required_argument, NULL, OPT_STATEMENT}, {"signature", required_argument, NULL, OPT_SIGNATURE}, {"by", required_argument, NULL, OPT_BY},
	{"basis", required_argument, NULL, OPT_BASIS}, {"day", required_argument, NULL, OPT_DAY}, {"to", required_argument, NULL, OPT_ORG}, {"org", required_argument, NULL, OPT_ORG},
	{"why", required_argument, NULL, OPT_WHY}, {"target", required_argument, NULL, OPT_TARGET}, {"observation", required_argument, NULL, OPT_OBSERVATION},
	{"field", required_argument, NULL, OPT_FIELD}, {"for", required_argument, NULL, OPT_FOR}, {"json", no_argument, NULL, OPT_JSON}, {"due", no_argument, NULL, OPT_DUE},
	{"returned", no_argument, NULL, OPT_RETURNED}, {"old-key", required_argument, NULL, OPT_OLD_KEY}, {"help", no_argument, NULL, OPT_HELP}, {0}};

/* Options of one text each. NULL: it is another one. */
static const char **text_option(struct sk_custody_args *args, int option)
{
	switch (option) {
	case OPT_WORKSPACE: return &args->workspace;
	case OPT_DIR: return &args->folder;
	case OPT_KEY: return &args->actor.key;
	case OPT_TO_SIGN: return &args->actor.to_sign;
	case OPT_STATEMENT: return &args->actor.statement;
	case OPT_SIGNATURE: return &args->actor.signature;
	case OPT_BY: return &args->actor.by;
	case OPT_BASIS: return &args->basis;
	case OPT_DAY: return &args->day;
	case OPT_ORG: return &args->org;
	case OPT_WHY: return &args->why;
	case OPT_TARGET: return &args->target;
	case OPT_OBSERVATION: return &args->observation;
	case OPT_OLD_KEY: return &args->old_key;
	default: return NULL;
	}
}

static bool take_option(struct sk_custody_args *args, int option)
{
	const char **text = text_option(args, option);
	if (text != NULL) {
		*text = optarg;
		return optarg[0] != '\0';
	}
	switch (option) {
	case OPT_FIELD:
		if (args->field_count == SK_CUSTODY_FIELDS_MAX)
			return false;
		args->fields[args->field_count++] = optarg;
		return true;
	case OPT_FOR: return sk_duration_parse(optarg, &args->for_ns) == SK_OK && args->for_ns > 0;
	case OPT_JSON: args->json = true; return true;
	case OPT_DUE: args->due = true; return true;
	case OPT_RETURNED: args->returned = true; return true;
	case OPT_HELP: args->help = true; return true;
	default: return false;
	}
}

bool sk_custody_parse(struct sk_custody_args *args, struct sk_cmd *cmd, int argc, char **argv, int *exit_code)
{
	*args = (struct sk_custody_args){.cmd = cmd, .command = argv[0], .folder = getenv("SEKISHO_DIR"), .workspace = getenv("SEKISHO_WORKSPACE")};
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
		if (!take_option(args, option)) {
			*exit_code = sk_cmd_usage(cmd, argv[0], "unknown option, or '%s' is not a value that it takes", optarg != NULL ? optarg : argv[optind - 1]);
			return false;
		}
	if (args->help) {
		*exit_code = sk_cmd_help(cmd, argv[0]);
		return false;
	}
	args->verb = optind < argc ? argv[optind++] : "";
	args->id = optind < argc ? argv[optind++] : NULL;
	if (optind == argc)
		return true;
	*exit_code = sk_cmd_usage(cmd, argv[0], "'%s' is one word too many", argv[optind]);
	return false;
}

/* ---- opening ---- */

/* What the docket says is gone is gone here too, also when this workspace came out of a backup. rule: CUSTODY-3 */
static enum sk_err tell_again(void *context, const char *id, const char *state, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_custody_run *run = context;
	struct sk_erasure erasure;
	(void)state;
	SK_TRY(sk_erasure_read(entry->act.body, entry->act.body_length, &erasure, fault));
	enum sk_err err = sk_retention_mark(run->records, id, &erasure, fault);
	sk_erasure_fini(&erasure);
	return err;
}

/* Time never goes back behind an act: a clock that was turned back revives nothing. rule: CUSTODY-7 */
static enum sk_err take_time(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	int64_t *latest_ns = context;
	(void)fault;
	*latest_ns = entry->act.time_ns > *latest_ns ? entry->act.time_ns : *latest_ns;
	return SK_OK;
}

/* The law that the centre loaded can only narrow what is compiled in. */
static enum sk_err obey_law(struct sk_custody_run *run, struct sk_fault *fault)
{
	const struct sk_law *law;
	struct sk_basis *basis = calloc(1, sizeof *basis);
	struct sk_fault none;
	if (basis == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_office_law_in_force(&run->office, &law, fault);
	if (err == SK_OK && law != NULL && sk_workspace_basis(&run->workspace, 0, basis, &none) == SK_OK) {
		const struct sk_law_retention *row = sk_law_retention(law, basis->kind, run->now_ns, run->office.centre.simulated);
		unsigned days = sk_custody_keep_days(law, basis->kind, run->now_ns, run->office.centre.simulated);
		run->keep_days = days < run->keep_days ? days : run->keep_days;
		if (row != NULL && row->split && !run->workspace.has_oversight)
			(void)fprintf(run->args->cmd->err, "sekisho: the policy in force wants oversight to hold a share of the keys of a basis of kind '%s', and here they lie whole\n", basis->kind);
	}
	free(basis);
	return err;
}

static enum sk_err open_centre(struct sk_custody_run *run, const char *folder, struct sk_fault *fault)
{
	SK_TRY(sk_office_open(run->args->cmd, folder, true, &run->office, fault));
	run->has_centre = true;
	(void)sk_centre_path(&run->office.centre, "reident", run->parts);
	SK_TRY(sk_docket_walk(run->office.centre.docket, NULL, NULL, 0, take_time, &run->now_ns, fault));
	run->now_ns = sk_access_now(run->office.access, run->now_ns);
	if (run->args->workspace == NULL)
		return SK_OK;
	SK_TRY(obey_law(run, fault));
	return sk_docket_erasures(run->office.centre.docket, tell_again, run, fault);
}

static enum sk_err open_workspace(struct sk_custody_run *run, struct sk_fault *fault)
{
	SK_TRY(sk_workspace_open(run->args->workspace, false, &run->workspace, fault));
	(void)sk_workspace_path(&run->workspace, "retention", run->records);
	run->keep_days = run->workspace.retention_days != 0 ? run->workspace.retention_days : sk_policy_retention_days();
	return SK_OK;
}

enum sk_err sk_custody_open(const struct sk_custody_args *args, struct sk_custody_run *run, struct sk_fault *fault)
{
	*run = (struct sk_custody_run){.args = args, .workspace = {.lock_fd = -1}, .now_ns = args->cmd->clock.unix_ns(args->cmd->clock.context), .keep_days = sk_policy_retention_days()};
	if (sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "the cryptographic libraries do not start");
	enum sk_err err = args->workspace != NULL ? open_workspace(run, fault) : SK_OK;
	/* A workspace that belongs to a centre has it inside: nothing is done there behind the centre's back. */
	char inside[SK_PATH_MAX];
	const char *folder = args->folder != NULL ? args->folder : args->workspace != NULL && sk_file_exists(sk_workspace_path(&run->workspace, "centre", inside)) ? args->workspace : NULL;
	if (err == SK_OK && folder != NULL)
		err = open_centre(run, folder, fault);
	if (err == SK_OK && args->workspace != NULL)
		err = sk_store_open(sk_workspace_store(&run->workspace, run->now_ns, true, &run->at), &run->store, fault);
	if (err != SK_OK)
		sk_custody_close(run);
	return err;
}

void sk_custody_close(struct sk_custody_run *run)
{
	sk_store_close(run->store);
	run->store = NULL;
	sk_office_close(&run->office);
	run->has_centre = false;
	sk_workspace_close(&run->workspace);
}

/* ---- acts ---- */

static enum sk_err write_statement(struct sk_custody_run *run, const char *matter, const char *id, const char *event, const char *body, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_act act = {.time_ns = run->now_ns, .body = body, .body_length = strlen(body)};
	char state[SK_ACT_WORD_MAX];
	bool found;
	(void)snprintf(act.matter, sizeof act.matter, "%s", matter);
	(void)snprintf(act.id, sizeof act.id, "%s", id);
	(void)snprintf(act.event, sizeof act.event, "%s", event);
	if (run->has_centre) {
		memcpy(act.policy, run->office.centre.policy, sizeof act.policy);
		SK_TRY(sk_docket_last(run->office.centre.docket, matter, id, act.previous, state, &found, fault));
	} else {
		SK_TRY(sk_retention_last(run->records, id, act.previous, fault));
	}
	sk_act_write(&act, out);
	return out->failed == SK_OK ? SK_OK : sk_fault_set(fault, out->failed, "%s %s, %s: the statement cannot be written", matter, id, event);
}

static enum sk_err sign_by_program(struct sk_custody_run *run, const struct sk_buf *statement, struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	if (!run->has_centre)
		return sk_signer_sign(sk_workspace_path(&run->workspace, "keys/ledger.key", path), sk_buf_text(statement), statement->length, note, fault);
	sk_note_sign(note, sk_buf_text(statement), statement->length, run->office.centre.key);
	return note->failed == SK_OK ? SK_OK : sk_fault_set(fault, note->failed, "the signed note does not fit");
}

static enum sk_err sign_locally(struct sk_custody_run *run, const struct sk_buf *statement, struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	const char *key = run->args->actor.key != NULL ? run->args->actor.key : getenv("SEKISHO_KEY");
	return sk_signer_sign(key != NULL ? key : sk_workspace_path(&run->workspace, "keys/approver.key", path), sk_buf_text(statement), statement->length, note, fault);
}

static enum sk_err parse_note(const struct sk_buf *note, struct sk_act *act, struct sk_fault *fault)
{
	struct sk_note parsed;
	SK_TRY(sk_note_parse(sk_buf_text(note), note->length, &parsed, fault));
	return sk_act_read(parsed.body, parsed.body_length, act, fault);
}

enum sk_err sk_custody_act(struct sk_custody_run *run, const char *matter, const char *id, const char *event, const char *body, bool by_program, struct sk_buf *note, struct sk_act *act,
			   bool *written, struct sk_fault *fault)
{
	struct sk_buf statement;
	*written = false;
	if (run->has_centre && !by_program)
		return sk_centre_statement(&run->office.centre, &run->args->actor, matter, id, event, body, run->now_ns, note, act, written, fault);
	sk_buf_init(note, NOTE_MAX);
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	enum sk_err err = write_statement(run, matter, id, event, body, &statement, fault);
	if (err == SK_OK)
		err = by_program ? sign_by_program(run, &statement, note, fault) : sign_locally(run, &statement, note, fault);
	if (err == SK_OK)
		err = parse_note(note, act, fault);
	sk_buf_fini(&statement);
	if (err != SK_OK)
		sk_buf_fini(note);
	return err;
}

enum sk_err sk_custody_enter(struct sk_custody_run *run, const struct sk_buf *note, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_receipt receipt;
	return sk_docket_add(run->office.centre.docket, sk_buf_text(note), note->length, facts, &receipt, fault);
}
