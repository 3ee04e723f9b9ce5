/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho reident: request, M of N approvals, looks, the end. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/custody.h"
#include "cmd/signer.h"
#include "text/json.h"
#include "text/text.h"

enum { BODY_MAX = SK_ACT_BODY_MAX, LINE_BYTES = 65536 };

static const int64_t hour_ns = 3600000000000;

/* ---- one act ---- */

/* What the policy in force asks for. */
static enum sk_err rule_at(struct sk_custody_run *run, int64_t at_ns, struct sk_reident_rule *out, struct sk_fault *fault)
{
	const struct sk_law *law;
	SK_TRY(sk_office_law_in_force(&run->office, &law, fault));
	sk_reident_rule_of(law, at_ns, run->office.centre.simulated, out);
	return SK_OK;
}

/* Sign, judge, enter. *written: nothing was done but writing the statement. */
static enum sk_err take_step(struct sk_custody_run *run, const char *id, const char *event, const char *body, bool *written, struct sk_fault *fault)
{
	struct sk_buf note;
	struct sk_act act;
	struct sk_act_facts facts;
	struct sk_person person;
	struct sk_reident_rule rule;
	SK_TRY(sk_custody_act(run, "reident", id, event, body, false, &note, &act, written, fault));
	if (*written)
		return SK_OK;
	enum sk_err err = rule_at(run, act.time_ns, &rule, fault);
	if (err == SK_OK)
		err = sk_reident_judge(run->office.centre.docket, run->office.access, &rule, sk_buf_text(&note), note.length, &act, run->now_ns, &person, &facts, fault);
	if (err == SK_OK)
		err = sk_custody_enter(run, &note, &facts, fault);
	sk_buf_fini(&note);
	return err;
}

static void why_body(const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_buf_init(out, BODY_MAX);
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "why", why != NULL ? why : "");
	sk_json_end(&w);
}

/* ---- what is over is closed, by whichever command comes first ---- */

struct ids {
	size_t count, capacity;
	char (*ids)[SK_MATTER_ID_MAX];
};

static enum sk_err take_id(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct ids *ids = context;
	if (strcmp(entry->act.event, "request") != 0)
		return SK_OK;
	if (ids->count == ids->capacity) {
		char(*grown)[SK_MATTER_ID_MAX] = realloc(ids->ids, (ids->capacity + 64) * sizeof *grown);
		if (grown == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		ids->ids = grown;
		ids->capacity += 64;
	}
	memcpy(ids->ids[ids->count++], entry->act.id, SK_MATTER_ID_MAX);
	return SK_OK;
}

/* The parts go first: whatever happens behind them, nothing opens any more. rule: CUSTODY-7 */
static enum sk_err end_if_over(struct sk_custody_run *run, const struct sk_reident *request, struct sk_fault *fault)
{
	struct sk_act_facts facts;
	struct sk_buf note;
	struct sk_act act;
	bool written;
	bool closed = strcmp(request->state, "closed") == 0;
	if (!closed && run->now_ns < request->expires_ns)
		return SK_OK;
	SK_TRY(sk_parts_destroy(run->parts, request->id, fault));
	if (closed)
		return SK_OK;
	SK_TRY(sk_reident_expire(request, run->now_ns, &facts, fault));
	SK_TRY(sk_custody_act(run, "reident", request->id, "expire", "{}", true, &note, &act, &written, fault));
	enum sk_err err = sk_custody_enter(run, &note, &facts, fault);
	sk_buf_fini(&note);
	return err;
}

static enum sk_err each(struct sk_custody_run *run, enum sk_err (*visit)(struct sk_custody_run *, const struct sk_reident *, struct sk_fault *), struct sk_fault *fault)
{
	struct ids ids = {.count = 0};
	struct sk_reident *request = calloc(1, sizeof *request);
	enum sk_err err = request != NULL ? sk_docket_walk(run->office.centre.docket, "reident", NULL, 0, take_id, &ids, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; i < ids.count && err == SK_OK; i++) {
		err = sk_reident_load(run->office.centre.docket, run->office.access, ids.ids[i], request, fault);
		if (err == SK_OK)
			err = visit(run, request, fault);
	}
	free(ids.ids);
	free(request);
	return err;
}

/* ---- request ---- */

struct search {
	uint8_t wanted[16];
	bool found;
	struct sk_observation observation;
};

static enum sk_err look_at(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	struct search *search = context;
	(void)interval;
	if (memcmp(id, search->wanted, sizeof search->wanted) == 0) {
		search->found = true;
		search->observation = *observation;
	}
	return SK_OK;
}

static enum sk_err find_observation(struct sk_custody_run *run, struct search *search, struct sk_fault *fault)
{
	const struct sk_store_filter all = {.class_ = -1};
	struct sk_store_unread unread;
	const char *text = run->args->observation;
	if (strlen(text) != 2 * sizeof search->wanted || sk_hex_decode(text, search->wanted, sizeof search->wanted) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "--observation: expected the 32 hexadecimal digits that sekisho observations --json calls id");
	SK_TRY(sk_store_observations(run->store, &all, look_at, search, NULL, fault));
	if (!search->found)
		SK_TRY(sk_store_flows(run->store, &all, look_at, search, NULL, fault));
	sk_store_unread(run->store, &unread);
	if (search->found)
		return SK_OK;
	if (unread.locked != 0)
		return sk_fault_set(fault, SK_EKEYSPLIT, "%s: not found; %" PRIu64 " records need oversight's share, which is not open", text, unread.locked);
	return sk_fault_set(fault, unread.erased != 0 ? SK_EERASED : SK_ENOENT, "%s: there is no such observation%s", text, unread.erased != 0 ? ", or its day was erased" : "");
}

static enum sk_err fill_request(struct sk_custody_run *run, struct sk_reident *request, struct sk_fault *fault)
{
	const struct sk_custody_args *args = run->args;
	struct search search = {.found = false};
	struct sk_reident_rule rule;
	uint8_t random[6];
	char hex[13];
	if (args->observation == NULL || args->target == NULL || args->why == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "request: --observation ID, --target TEXT (whom it is about) and --why TEXT are needed");
	if (run->workspace.custodians.count == 0)
		return sk_fault_set(fault, SK_EREIDENT, "this workspace has no custodians: its tokens are for good (sekisho init --custodian, --privacy-officer)");
	SK_TRY(find_observation(run, &search, fault));
	SK_TRY(sk_reident_tokens(&search.observation, search.wanted, args->fields, args->field_count, request, fault));
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(request->id, sizeof request->id, "r-%s", hex);
	(void)snprintf(request->target, sizeof request->target, "%s", args->target);
	(void)snprintf(request->why, sizeof request->why, "%s", args->why);
	request->expires_ns = run->now_ns + (args->for_ns != 0 ? args->for_ns : 24 * hour_ns);
	/* The shares say how many can open it; the policy in force may want more people to agree. */
	request->needed = run->workspace.custodians.needed;
	SK_TRY(rule_at(run, run->now_ns, &rule, fault));
	request->needed = rule.officers > request->needed ? rule.officers : request->needed;
	return SK_OK;
}

static enum sk_err ask(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct sk_reident *request = calloc(1, sizeof *request);
	struct sk_buf body;
	struct sk_verify_key own;
	char when[SK_TIME_TEXT_MAX];
	bool written = false;
	if (request == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&body, BODY_MAX);
	enum sk_err err = run->args->actor.key != NULL ? sk_signer_public(run->args->actor.key, &own, fault)
						       : sk_fault_set(fault, SK_EUSAGE, "request: --key FILE is needed: what is granted is sealed to this key");
	if (err == SK_OK && (own.kind != SK_KEY_ASSIGNED || own.type != 1))
		err = sk_fault_set(fault, SK_EUSAGE, "%s: this kind of key signs and cannot open what is granted; a note key is needed", own.name);
	if (err == SK_OK)
		err = fill_request(run, request, fault);
	if (err == SK_OK) {
		sk_reident_write(request, &body);
		err = take_step(run, request->id, "request", sk_buf_text(&body), &written, fault);
	}
	sk_buf_fini(&body);
	if (err == SK_OK && !written)
		(void)fprintf(run->args->cmd->out, "asked   %s: %zu token%s; %u officers must approve, one of them a privacy officer, before %s\nnext    sekisho reident approve %s --workspace %s --key KEY\n",
			      request->id, request->token_count, request->token_count == 1 ? "" : "s", request->needed, sk_time_format(request->expires_ns, 0, when), request->id, run->args->workspace);
	free(request);
	return err;
}

/* ---- approve ---- */

static enum sk_err person_of(struct sk_custody_run *run, const struct sk_sign_key *key, struct sk_person *person, struct sk_fault *fault)
{
	static const char text[] = "who\n";
	struct sk_buf note;
	sk_buf_init(&note, SK_NOTE_MAX);
	sk_note_sign(&note, text, sizeof text - 1, key);
	enum sk_err err = note.failed != SK_OK ? note.failed : sk_access_who(run->office.access, sk_buf_text(&note), note.length, run->now_ns, person, fault);
	sk_buf_fini(&note);
	return err;
}

static enum sk_err give_parts(struct sk_custody_run *run, const struct sk_reident *request, const struct sk_sign_key *key, const char *account, struct sk_buf *body, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	struct sk_json_writer w;
	struct sk_sign_key *old = NULL;
	enum sk_err err = sk_parts_give(run->parts, request, run->store, key, account, digest, fault);
	if (err == SK_ENOENT && run->args->old_key != NULL) {
		/* Originals that were kept before this custodian changed his key are the old key's. rule: CUSTODY-9 */
		SK_TRY(sk_sign_key_load(run->args->old_key, &old, fault));
		err = sk_parts_give(run->parts, request, run->store, old, account, digest, fault);
		sk_sign_key_free(old);
	}
	SK_TRY(err);
	sk_json_begin(&w, body, true);
	sk_json_object(&w, NULL);
	sk_json_hex(&w, "parts", digest, sizeof digest);
	sk_json_end(&w);
	return SK_OK;
}

/* An approval that would not count must not leave parts behind: the person is judged before any are taken out. */
static enum sk_err approve_with(struct sk_custody_run *run, const struct sk_reident *request, const struct sk_sign_key *key, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	struct sk_buf body;
	struct sk_person person;
	bool written;
	SK_TRY(sk_custody_find_step("reident", "approve", request->state, false, &step, fault));
	SK_TRY(person_of(run, key, &person, fault));
	SK_TRY(sk_access_may(run->office.access, &person, step->who, run->now_ns, fault));
	if (strcmp(request->requester, person.account) == 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s asked for it: whoever proposes never approves", person.account);
	for (size_t i = 0; i < request->approval_count; i++)
		if (strcmp(request->approvals[i].account, person.account) == 0)
			return sk_fault_set(fault, SK_EEXIST, "%s approved it before: an approval counts once", person.account);
	sk_buf_init(&body, BODY_MAX);
	enum sk_err err = give_parts(run, request, key, person.account, &body, fault);
	if (err == SK_OK)
		err = take_step(run, request->id, "approve", sk_buf_text(&body), &written, fault);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err approve(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct sk_reident *request = calloc(1, sizeof *request);
	struct sk_sign_key *key = NULL;
	if (request == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = run->args->actor.key != NULL ? sk_sign_key_load(run->args->actor.key, &key, fault)
						       : sk_fault_set(fault, SK_EUSAGE, "approve: --key FILE is needed: it opens this officer's share as well as signing");
	if (err == SK_OK)
		err = sk_reident_load(run->office.centre.docket, run->office.access, run->args->id, request, fault);
	if (err == SK_OK)
		err = approve_with(run, request, key, fault);
	sk_sign_key_free(key);
	if (err == SK_OK)
		err = sk_reident_load(run->office.centre.docket, run->office.access, run->args->id, request, fault);
	if (err == SK_OK)
		(void)fprintf(run->args->cmd->out, "%s  %s: %zu of %u approvals\n", strcmp(request->state, "granted") == 0 ? "granted " : "approved", request->id, request->approval_count, request->needed);
	free(request);
	return err;
}

/* ---- show ---- */

static void tell(void *context, const struct sk_reident_token *token, const char *value, unsigned number, unsigned of)
{
	const struct sk_custody_run *run = context;
	if (run->args->json)
		(void)fprintf(run->args->cmd->out, "{\"field\":\"%s\",\"token\":\"%s\",\"value\":\"%s\",\"number\":%u,\"of\":%u}\n", token->field, token->token, value, number, of);
	else if (of == 1)
		(void)fprintf(run->args->cmd->out, "%-16s %s is %s\n", token->field, token->token, value);
	else
		(void)fprintf(run->args->cmd->out, "%-16s %s is %s, or another: this token stands for %u hosts of that day (%u of %u)\n", token->field, token->token, value, of, number, of);
}

/* The look is on record before anything is shown. */
static enum sk_err show(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct sk_reident *request = calloc(1, sizeof *request);
	struct sk_sign_key *key = NULL;
	bool written;
	if (request == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = run->args->actor.key != NULL ? sk_sign_key_load(run->args->actor.key, &key, fault) : sk_fault_set(fault, SK_EUSAGE, "show: --key FILE is needed: what was granted is sealed to it");
	if (err == SK_OK)
		err = sk_reident_load(run->office.centre.docket, run->office.access, run->args->id, request, fault);
	if (err == SK_OK && strcmp(request->state, "granted") != 0)
		err = sk_fault_set(fault, SK_EREIDENT, "%s: %s; %zu of %u approvals", request->id, strcmp(request->state, "closed") == 0 ? "it is over, and its parts are destroyed" : "it is not granted",
				   request->approval_count, request->needed);
	if (err == SK_OK)
		err = take_step(run, request->id, "show", "{}", &written, fault);
	if (err == SK_OK)
		err = sk_parts_open(run->parts, request, run->store, key, tell, run, fault);
	sk_sign_key_free(key);
	free(request);
	return err;
}

/* ---- refuse, close, list ---- */

static enum sk_err end(struct sk_custody_run *run, struct sk_fault *fault)
{
	struct sk_buf body;
	bool written;
	why_body(run->args->why, &body);
	enum sk_err err = take_step(run, run->args->id, run->args->verb, sk_buf_text(&body), &written, fault);
	sk_buf_fini(&body);
	if (err == SK_OK && !written)
		err = sk_parts_destroy(run->parts, run->args->id, fault);
	if (err == SK_OK && !written)
		(void)fprintf(run->args->cmd->out, "closed  %s: the officers' parts are destroyed\n", run->args->id);
	return err;
}

static void list_json(const struct sk_custody_run *run, const struct sk_reident *request)
{
	struct sk_buf out;
	struct sk_json_writer w;
	char when[SK_TIME_TEXT_MAX];
	sk_buf_init(&out, LINE_BYTES);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "id", request->id);
	sk_json_text(&w, "state", request->state);
	sk_json_text(&w, "requester", request->requester);
	sk_json_text(&w, "asked", sk_time_format(request->asked_ns, 0, when));
	sk_json_text(&w, "expires", sk_time_format(request->expires_ns, 0, when));
	sk_json_text(&w, "target", request->target);
	sk_json_text(&w, "why", request->why);
	sk_json_hex(&w, "observation", request->observation, sizeof request->observation);
	sk_json_u64(&w, "tokens", request->token_count);
	sk_json_u64(&w, "needed", request->needed);
	sk_json_array(&w, "approved_by");
	for (size_t i = 0; i < request->approval_count; i++)
		sk_json_text(&w, NULL, request->approvals[i].account);
	sk_json_end(&w);
	sk_json_u64(&w, "looks", request->looks);
	sk_json_end(&w);
	(void)fprintf(run->args->cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static enum sk_err list_one(struct sk_custody_run *run, const struct sk_reident *request, struct sk_fault *fault)
{
	char when[SK_TIME_TEXT_MAX];
	(void)fault;
	if (run->args->json)
		list_json(run, request);
	else
		(void)fprintf(run->args->cmd->out, "%-16s %-10s by %s, until %s: %zu of %u approvals, %" PRIu64 " look%s; %s\n", request->id, request->state, request->requester,
			      sk_time_format(request->expires_ns, 0, when), request->approval_count, request->needed, request->looks, request->looks == 1 ? "" : "s", request->why);
	return SK_OK;
}

static enum sk_err list(struct sk_custody_run *run, struct sk_fault *fault)
{
	return each(run, list_one, fault);
}

int sk_cmd_reident(struct sk_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum sk_err (*run)(struct sk_custody_run *run, struct sk_fault *fault);
		bool needs_id, needs_workspace;
	} verbs[] = {{"request", ask, false, true}, {"approve", approve, true, true}, {"refuse", end, true, false}, {"show", show, true, true}, {"close", end, true, false}, {"list", list, false, false}};
	struct sk_custody_args args;
	struct sk_custody_run run;
	struct sk_fault fault = {.err = SK_OK};
	int exit_code = 0;
	if (!sk_custody_parse(&args, cmd, argc, argv, &exit_code))
		return exit_code;
	args.folder = args.folder != NULL ? args.folder : args.workspace != NULL ? args.workspace : ".";
	for (size_t i = 0; i < SK_COUNT(verbs); i++) {
		if (strcmp(args.verb, verbs[i].name) != 0)
			continue;
		if ((args.id != NULL) != verbs[i].needs_id || (verbs[i].needs_workspace && args.workspace == NULL))
			return sk_cmd_usage(cmd, argv[0], verbs[i].needs_id ? "%s: its id and --workspace DIR are needed" : "%s: --workspace DIR is needed", args.verb);
		if (sk_custody_open(&args, &run, &fault) != SK_OK)
			return sk_cmd_fail(cmd, &fault);
		enum sk_err err = each(&run, end_if_over, &fault);
		if (err == SK_OK)
			err = verbs[i].run(&run, &fault);
		sk_custody_close(&run);
		return err == SK_OK ? 0 : sk_cmd_fail(cmd, &fault);
	}
	return sk_cmd_usage(cmd, argv[0], "expected request, approve, refuse, show, close or list");
}
