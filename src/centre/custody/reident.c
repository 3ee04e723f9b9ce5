/* SPDX-License-Identifier: Apache-2.0 */
#include "custody/custody_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "text/json.h"
#include "text/text.h"

static const int64_t hour_ns = 3600000000000, minute_ns = 60000000000;
enum { ACT_OLD_HOURS = 24, ACT_AHEAD_MINUTES = 5 };

/* ---- tokens ---- */

/* select makes them: IPv4 in 240.0.0.0/4, IPv6 in 100::/64, both of ranges that no admitted frame has (border/special.def), and names below "t-0123456789ab". */
bool sk_reident_is_token(const struct sk_addr *addr)
{
	static const uint8_t discard[8] = {0x01};
	return (addr->family == 4 && (addr->bytes[0] & 0xf0) == 0xf0) || (addr->family == 6 && memcmp(addr->bytes, discard, sizeof discard) == 0);
}

bool sk_reident_is_token_name(const char *name)
{
	enum { MARK = 2, DIGITS = 12 };
	return strncmp(name, "t-", MARK) == 0 && strspn(name + MARK, "0123456789abcdef") == DIGITS && (name[MARK + DIGITS] == '.' || name[MARK + DIGITS] == '\0');
}

static bool is_asked(const char *name, const char *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i], name) == 0)
			return true;
	return count == 0;
}

static void add_token(struct sk_reident *out, const char *field, const char *token)
{
	struct sk_reident_token *to = &out->tokens[out->token_count++];
	(void)snprintf(to->field, sizeof to->field, "%s", field);
	(void)snprintf(to->token, sizeof to->token, "%s", token);
}

enum sk_err sk_reident_tokens(const struct sk_observation *o, const uint8_t id[16], const char *const *fields, size_t field_count, struct sk_reident *out, struct sk_fault *fault)
{
	const struct {
		const char *field, *name;
	} names[] = {{"dns_domain", o->dns_domain}, {"sni_domain", o->sni_domain}, {"http_host_domain", o->http_host_domain}};
	const struct {
		const char *field;
		const struct sk_addr *addr;
	} addresses[] = {{"initiator", &o->initiator}, {"responder", &o->responder}};
	char text[SK_ADDR_TEXT_MAX];
	memcpy(out->observation, id, sizeof out->observation);
	out->observed_ns = o->first_ns;
	for (size_t i = 0; i < SK_COUNT(addresses); i++)
		if (is_asked(addresses[i].field, fields, field_count) && sk_reident_is_token(addresses[i].addr))
			add_token(out, addresses[i].field, sk_addr_format(addresses[i].addr, text));
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (is_asked(names[i].field, fields, field_count) && sk_reident_is_token_name(names[i].name))
			add_token(out, names[i].field, names[i].name);
	if (out->token_count != 0 && (field_count == 0 || out->token_count == field_count))
		return SK_OK;
	return sk_fault_set(fault, SK_ENOENT, "of the fields that were asked for, not each holds a token in this observation; fields that may: initiator, responder, dns_domain, sni_domain, http_host_domain");
}

/* ---- the request's body ---- */

void sk_reident_write(const struct sk_reident *request, struct sk_buf *out)
{
	struct sk_json_writer w;
	char when[SK_TIME_TEXT_MAX];
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "expires", sk_time_format(request->expires_ns, 9, when));
	sk_json_u64(&w, "needed", request->needed);
	sk_json_hex(&w, "observation", request->observation, sizeof request->observation);
	sk_json_text(&w, "observed", sk_time_format(request->observed_ns, 9, when));
	sk_json_text(&w, "target", request->target);
	sk_json_array(&w, "tokens");
	for (size_t i = 0; i < request->token_count; i++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "field", request->tokens[i].field);
		sk_json_text(&w, "token", request->tokens[i].token);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_text(&w, "why", request->why);
	sk_json_end(&w);
}

static bool copy_text(const struct sk_json_value *top, const char *key, char *out, size_t size)
{
	const char *text = sk_json_get_text(top, key);
	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool copy_time(const struct sk_json_value *top, const char *key, int64_t *out)
{
	const char *text = sk_json_get_text(top, key);
	return text != NULL && sk_time_parse(text, out) == SK_OK;
}

static bool take_request(const struct sk_json_value *top, struct sk_reident *out)
{
	const struct sk_json_value *tokens = sk_json_get(top, "tokens");
	uint64_t needed = 0;
	bool good = copy_time(top, "expires", &out->expires_ns) && copy_time(top, "observed", &out->observed_ns) && sk_json_get_u64(top, "needed", &needed) == SK_OK &&
		    needed <= SK_REIDENT_OFFICERS_MAX && sk_json_get_hex(top, "observation", out->observation, sizeof out->observation) == SK_OK &&
		    copy_text(top, "target", out->target, sizeof out->target) && copy_text(top, "why", out->why, sizeof out->why) && tokens != NULL && tokens->kind == SK_JSON_ARRAY &&
		    tokens->length >= 1 && tokens->length <= SK_REIDENT_TOKENS_MAX;
	out->needed = (unsigned)needed;
	for (const struct sk_json_value *one = good ? tokens->child : NULL; one != NULL; one = one->next) {
		struct sk_reident_token *token = &out->tokens[out->token_count++];
		good = good && copy_text(one, "field", token->field, sizeof token->field) && copy_text(one, "token", token->token, sizeof token->token);
	}
	return good;
}

/* One form each: what reads the same is written the same. */
static bool is_its_form(const struct sk_reident *request, const char *body, size_t length)
{
	struct sk_buf again;
	sk_buf_init(&again, SK_ACT_BODY_MAX);
	sk_reident_write(request, &again);
	bool same = again.failed == SK_OK && again.length == length && memcmp(again.bytes, body, length) == 0;
	sk_buf_fini(&again);
	return same;
}

static enum sk_err malformed(const struct sk_act *act, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EMALFORMED, "reident %s, %s: a field of its body is missing or wrong", act->id, act->event);
}

/* ---- folding ---- */

struct fold {
	struct sk_access *access;
	struct sk_reident *request;
	bool found;
};

static enum sk_err fold_request(const struct sk_act *act, const struct sk_person *person, struct sk_reident *request, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(act->body, act->body_length, &doc, fault));
	bool good = take_request(sk_json_top(doc), request) && is_its_form(request, act->body, act->body_length);
	sk_json_free(doc);
	memcpy(request->requester, person->account, sizeof request->requester);
	request->requester_key = person->key;
	request->asked_ns = act->time_ns;
	return good ? SK_OK : malformed(act, fault);
}

static enum sk_err fold_approval(const struct sk_act *act, const struct sk_person *person, struct sk_reident *request, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	if (request->approval_count == SK_REIDENT_OFFICERS_MAX)
		return malformed(act, fault);
	struct sk_reident_approval *approval = &request->approvals[request->approval_count];
	SK_TRY(sk_json_parse(act->body, act->body_length, &doc, fault));
	bool good = sk_json_get_hex(sk_json_top(doc), "parts", approval->parts, sizeof approval->parts) == SK_OK;
	sk_json_free(doc);
	memcpy(approval->account, person->account, sizeof approval->account);
	approval->roles = person->roles;
	approval->oversight = person->oversight;
	approval->privacy = (person->roles & UINT64_C(1) << SK_PERSON_PRIVACY_OFFICER) != 0;
	request->approval_count++;
	return good ? SK_OK : malformed(act, fault);
}

enum sk_err sk_reident_fold(struct sk_access *access, const struct sk_entry *entry, struct sk_reident *request, struct sk_fault *fault)
{
	struct sk_person person = {.account = ""};
	const struct sk_act *act = &entry->act;
	(void)snprintf(request->state, sizeof request->state, "%s", entry->to);
	if (strcmp(act->event, "request") == 0 || strcmp(act->event, "approve") == 0)
		SK_TRY(sk_access_who(access, entry->note, entry->note_length, act->time_ns, &person, fault));
	if (strcmp(act->event, "request") == 0)
		return fold_request(act, &person, request, fault);
	if (strcmp(act->event, "approve") == 0)
		return fold_approval(act, &person, request, fault);
	request->looks += strcmp(act->event, "show") == 0;
	return SK_OK;
}

static enum sk_err fold_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct fold *fold = context;
	fold->found = true;
	return sk_reident_fold(fold->access, entry, fold->request, fault);
}

enum sk_err sk_reident_load(struct sk_docket *docket, struct sk_access *access, const char *id, struct sk_reident *out, struct sk_fault *fault)
{
	struct fold fold = {.access = access, .request = out};
	memset(out, 0, sizeof *out);
	(void)snprintf(out->id, sizeof out->id, "%s", id);
	SK_TRY(sk_docket_walk(docket, "reident", id, 0, fold_act, &fold, fault));
	return fold.found ? SK_OK : sk_fault_set(fault, SK_ENOENT, "%s: there is no such re-identification (sekisho reident list)", id);
}

/* ---- judging ---- */

static void count_one(struct sk_act_facts *facts, const char *name, uint64_t count)
{
	struct sk_cell *cell = &facts->counts[facts->count_count++];
	*cell = (struct sk_cell){.frames = count};
	(void)snprintf(cell->name, sizeof cell->name, "%s", name);
}

void sk_reident_rule_of(const struct sk_law *law, int64_t at_ns, bool simulate, struct sk_reident_rule *out)
{
	const struct sk_law_quorum *row = law != NULL ? sk_law_quorum(law, "reident", "grant", at_ns, simulate) : NULL;
	*out = (struct sk_reident_rule){.officers = sk_policy_reident_officers()};
	if (row == NULL)
		return;
	out->must = row->must;
	out->officers = row->present > out->officers ? (unsigned)row->present : out->officers;
}

static enum sk_err judge_request(const struct sk_reident_rule *rule, const struct sk_act *act, const struct sk_person *person, int64_t now_ns, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_reident *request = calloc(1, sizeof *request);
	if (request == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = fold_request(act, person, request, fault);
	if (err == SK_OK && (request->why[0] == '\0' || request->target[0] == '\0'))
		err = sk_fault_set(fault, SK_EMALFORMED, "a re-identification needs a reason (--why) and says whom it is about (--target)");
	if (err == SK_OK && (request->expires_ns <= now_ns || request->expires_ns > now_ns + (int64_t)sk_policy_reident_hours() * hour_ns))
		err = sk_fault_set(fault, SK_EMALFORMED, "it is open for at most %u hours, by policy (--for)", sk_policy_reident_hours());
	if (err == SK_OK && request->needed < rule->officers)
		err = sk_fault_set(fault, SK_EMALFORMED, "at least %u officers must approve, by policy", rule->officers);
	if (err == SK_OK)
		count_one(facts, "tokens", request->token_count);
	free(request);
	return err;
}

static bool has_role(const char *word, uint64_t roles, bool oversight)
{
	enum sk_person_role role = SK_PERSON_READER;
	return strcmp(word, "oversight") == 0 ? oversight : sk_person_role_parse(word, &role) == SK_OK && (roles & UINT64_C(1) << role) != 0;
}

/* Is everybody among them who must be: a privacy officer always, and whom the policy names? */
static bool all_there(const struct sk_reident *request, const struct sk_reident_rule *rule, const struct sk_person *person)
{
	uint64_t roles = person->roles;
	bool oversight = person->oversight;
	for (size_t i = 0; i < request->approval_count; i++) {
		roles |= request->approvals[i].roles;
		oversight = oversight || request->approvals[i].oversight;
	}
	bool there = (roles & UINT64_C(1) << SK_PERSON_PRIVACY_OFFICER) != 0;
	for (uint32_t i = 0; i < rule->must.count; i++)
		there = there && has_role(rule->must.items[i], roles, oversight);
	return there;
}

/* The proposer never counts; nobody counts twice; when enough have approved, and everybody who must be is among them, it is granted. rule: CUSTODY-7 */
static enum sk_err judge_approval(const struct sk_reident *request, const struct sk_reident_rule *rule, const struct sk_person *person, bool *granted, struct sk_fault *fault)
{
	if (strcmp(person->account, request->requester) == 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s asked for it: whoever proposes never approves", person->account);
	for (size_t i = 0; i < request->approval_count; i++)
		if (strcmp(person->account, request->approvals[i].account) == 0)
			return sk_fault_set(fault, SK_EEXIST, "%s approved it before: an approval counts once", person->account);
	size_t needed = request->needed > rule->officers ? request->needed : rule->officers;
	*granted = request->approval_count + 1 >= needed && all_there(request, rule, person);
	return SK_OK;
}

static enum sk_err judge_open(const struct sk_reident_rule *rule, const struct sk_act *act, const struct sk_reident *request, const struct sk_person *person, int64_t now_ns, bool *further, struct sk_act_facts *facts,
			      struct sk_fault *fault)
{
	if (strcmp(act->event, "refuse") != 0 && strcmp(act->event, "close") != 0 && now_ns >= request->expires_ns)
		return sk_fault_set(fault, SK_EREIDENT, "%s: its time is over", request->id);
	if (strcmp(act->event, "approve") == 0) {
		count_one(facts, "approvals", 1);
		return judge_approval(request, rule, person, further, fault);
	}
	if (strcmp(act->event, "show") == 0) {
		count_one(facts, "looks", 1);
		if (strcmp(person->account, request->requester) != 0)
			return sk_fault_set(fault, SK_EREIDENT, "%s: it was granted to %s, and nobody else looks", request->id, request->requester);
	}
	return SK_OK;
}

static enum sk_err near_the_clock(const struct sk_act *act, int64_t now_ns, struct sk_fault *fault)
{
	bool near = act->time_ns <= now_ns + ACT_AHEAD_MINUTES * minute_ns && act->time_ns >= now_ns - ACT_OLD_HOURS * hour_ns;
	return near ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "the statement was made at another time than now (more than %d hours ago, or ahead): make it anew", ACT_OLD_HOURS);
}

enum sk_err sk_reident_weigh(struct sk_access *access, const struct sk_reident_rule *rule, const char *state, const struct sk_reident *request, const char *note, size_t length, const struct sk_act *act,
			     int64_t now_ns, struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	bool further = false;
	memset(facts, 0, sizeof *facts);
	SK_TRY(sk_custody_find_step("reident", act->event, state, false, &step, fault));
	if (strcmp(step->who, "centre") == 0)
		return sk_fault_set(fault, SK_ESTAGE, "reident: '%s' is the centre's own step", act->event);
	SK_TRY(sk_custody_author(access, note, length, act, step->who, now_ns, person, fault));
	if (state[0] == '\0') {
		SK_TRY(judge_request(rule, act, person, now_ns, facts, fault));
	} else {
		SK_TRY(judge_open(rule, act, request, person, now_ns, &further, facts, fault));
		SK_TRY(sk_custody_find_step("reident", act->event, state, further, &step, fault));
	}
	(void)snprintf(facts->from, sizeof facts->from, "%s", step->from);
	(void)snprintf(facts->to, sizeof facts->to, "%s", step->to);
	return SK_OK;
}

//= rule: CUSTODY-7
enum sk_err sk_reident_judge(struct sk_docket *docket, struct sk_access *access, const struct sk_reident_rule *rule, const char *note, size_t length, const struct sk_act *act, int64_t now_ns,
			     struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault)
{
	uint8_t previous[SK_HASH_BYTES];
	char state[SK_ACT_WORD_MAX] = "";
	bool found = false;
	struct sk_reident *request = calloc(1, sizeof *request);
	if (request == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memset(facts, 0, sizeof *facts);
	enum sk_err err = near_the_clock(act, now_ns, fault);
	if (err == SK_OK)
		err = sk_docket_last(docket, "reident", act->id, previous, state, &found, fault);
	if (err == SK_OK && found)
		err = sk_reident_load(docket, access, act->id, request, fault);
	if (err == SK_OK)
		err = sk_reident_weigh(access, rule, found ? state : "", request, note, length, act, now_ns, person, facts, fault);
	free(request);
	return err;
}

enum sk_err sk_reident_expire(const struct sk_reident *request, int64_t now_ns, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	memset(facts, 0, sizeof *facts);
	SK_TRY(sk_custody_find_step("reident", "expire", request->state, false, &step, fault));
	if (now_ns < request->expires_ns)
		return sk_fault_set(fault, SK_ESTAGE, "%s: its time is not over", request->id);
	(void)snprintf(facts->from, sizeof facts->from, "%s", step->from);
	(void)snprintf(facts->to, sizeof facts->to, "%s", step->to);
	return SK_OK;
}
