/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy is in force; every decision judged again under the policy of its day. */
#include "decide/policies.h"

#include <stdlib.h>

#include "decide/decide_priv.h"
#include "decide/orders.h"
#include "text/json.h"
#include "text/text.h"
#include "warrant/warrant.h"

/* ---- bounds: the tables of the contracts as law wants them ---- */

static const struct sk_law_bound measures[] = {
#define SK_MEASURE(symbol, name, target, life_s, v4, v6, targets) {name, life_s},
#include "warrant/measure.def"
#undef SK_MEASURE
};
static const struct sk_law_bound levels[] = {
#define SK_LEVEL(symbol, name, approvers) {name, approvers},
#include "warrant/measure.def"
#undef SK_LEVEL
};

const struct sk_law_bounds *sk_decide_bounds(void)
{
	static const struct sk_law_bounds bounds = {.measure_count = SK_COUNT(measures), .level_count = SK_COUNT(levels), .measures = measures, .levels = levels, .oversight_present = 3};
	SK_INVARIANT(bounds.oversight_present == sk_oversight_rule.present);
	return &bounds;
}

/* ---- bodies ---- */

void sk_policy_body(const uint8_t digest[SK_HASH_BYTES], const char *name, const char *version, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_hex(&w, "digest", digest, SK_HASH_BYTES);
	if (name[0] != '\0') {
		sk_json_text(&w, "name", name);
		sk_json_text(&w, "version", version);
	}
	sk_json_end(&w);
}

enum sk_err sk_policy_named(const struct sk_act *act, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(act->body, act->body_length, &doc, fault));
	enum sk_err err = sk_json_get_hex(sk_json_top(doc), "digest", digest, SK_HASH_BYTES);
	sk_json_free(doc);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "policy, %s: body field 'digest': expected 64 hexadecimal digits", act->event);
}

/* ---- judging ---- */

/* The quorum that a change from before to named needs; NULL: none. The policy in force says so; the first one says so itself. */
static const struct sk_law_quorum *needed(const struct sk_law *before, const struct sk_law *named, int64_t at_ns, bool simulate)
{
	const struct sk_law_quorum *quorum = sk_law_quorum(before != NULL ? before : named, "policy", "acknowledge", at_ns, simulate);
	/* A policy that asks for it cannot be had without it either. */
	if (quorum == NULL)
		quorum = sk_law_quorum(named, "policy", "acknowledge", at_ns, simulate);
	return quorum != NULL && sk_law_compare(before, named, NULL, NULL) != 0 ? quorum : NULL;
}

/* From what stands to waiting or settled. */
static void step(struct sk_policy_state *state, struct sk_act_facts *facts, bool waits)
{
	memset(facts, 0, sizeof *facts);
	if (state->begun)
		memcpy(facts->from, state->waiting ? "waiting" : "settled", 8);
	memcpy(facts->to, waits ? "waiting" : "settled", 8);
	state->begun = true;
	state->waiting = waits;
}

static enum sk_err check_body(const struct sk_act *act, const struct sk_law *named, struct sk_fault *fault)
{
	bool load = strcmp(act->event, "load") == 0;
	struct sk_buf again;
	sk_buf_init(&again, 4096);
	sk_policy_body(named->digest, load ? named->name : "", load ? named->version : "", &again);
	bool same = again.failed == SK_OK && again.length == act->body_length && memcmp(again.bytes, act->body, again.length) == 0;
	sk_buf_fini(&again);
	return same ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "policy, %s: the body is not the digest%s of one policy", act->event, load ? ", name and version" : "");
}

static enum sk_err judge_load(struct sk_policy_state *state, const struct sk_act *act, const struct sk_person *who, const struct sk_law *before, const struct sk_law *named,
			      const struct sk_basis_court *court, struct sk_act_facts *facts, struct sk_fault *fault)
{
	bool simulate = court->profile == SK_PROFILE_LAB;
	SK_TRY(court->may(court->context, who, "policy.load", act->time_ns, fault));
	if (named->profile != court->profile && !simulate)
		return sk_fault_set(fault, SK_EPROFILE, "policy %s is of profile %s, this centre of %s; a centre of profile lab simulates any", named->name, sk_profile_name(named->profile),
				    sk_profile_name(court->profile));
	if (state->in_force && !state->waiting && memcmp(state->current, named->digest, SK_HASH_BYTES) == 0)
		return sk_fault_set(fault, SK_ESEEN, "policy %s, version %s, is in force already", named->name, named->version);
	bool waits = needed(before, named, act->time_ns, simulate) != NULL;
	step(state, facts, waits);
	if (waits)
		sk_decide_word(facts, "needs.", "oversight");
	memcpy(waits ? state->next : state->current, named->digest, SK_HASH_BYTES);
	memcpy(state->loader, who->account, sizeof state->loader);
	state->in_force = state->in_force || !waits;
	state->ack_count = 0;
	return SK_OK;
}

static enum sk_err judge_ack(struct sk_policy_state *state, const struct sk_act *act, const struct sk_person *who, const struct sk_law *before, const struct sk_law *named,
			     const struct sk_basis_court *court, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_law_quorum *quorum = needed(before, named, act->time_ns, court->profile == SK_PROFILE_LAB);
	struct sk_basis_vote *vote = &state->acks[state->ack_count];
	enum sk_seat seat;
	SK_TRY(court->may(court->context, who, "policy.ack", act->time_ns, fault));
	if (!who->oversight)
		return sk_fault_set(fault, SK_EPERMIT, "policy: %s is not of oversight, whose acknowledgement it is", who->account);
	for (size_t i = 0; i < state->ack_count; i++)
		if (strcmp(state->acks[i].account, who->account) == 0)
			return sk_fault_set(fault, SK_ESEEN, "policy: %s has acknowledged it already; one person, one signature", who->account);
	if (state->ack_count == SK_POLICY_ACKS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "policy: %d acknowledgements already", SK_POLICY_ACKS_MAX);
	(void)sk_decide_seat(who, &seat);
	*vote = (struct sk_basis_vote){.roles = who->roles, .oversight = true, .vote = {.seat = seat, .aye = true}};
	memcpy(vote->account, who->account, sizeof vote->account);
	memcpy(vote->org, who->org, sizeof vote->org);
	state->ack_count++;
	bool settled = quorum == NULL || sk_decide_count_votes(quorum, state->acks, state->ack_count) == SK_OUTCOME_CARRIED;
	step(state, facts, !settled);
	sk_decide_count(facts, "acknowledgements", state->ack_count);
	if (settled) {
		memcpy(state->current, state->next, SK_HASH_BYTES);
		state->in_force = true;
	}
	return SK_OK;
}

//= rule: POLICY-1
enum sk_err sk_policy_judge(struct sk_policy_state *state, const struct sk_act *act, const struct sk_person *who, const struct sk_law *before, const struct sk_law *named,
			    const struct sk_basis_court *court, struct sk_act_facts *facts, struct sk_fault *fault)
{
	if (strcmp(act->id, SK_POLICY_MATTER_ID) != 0)
		return sk_fault_set(fault, SK_EUSAGE, "policy: the one matter of this kind is '%s', this act says '%s'", SK_POLICY_MATTER_ID, act->id);
	SK_TRY(check_body(act, named, fault));
	if (strcmp(act->event, "load") == 0)
		return judge_load(state, act, who, before, named, court, facts, fault);
	if (!state->waiting || memcmp(state->next, named->digest, SK_HASH_BYTES) != 0)
		return sk_fault_set(fault, SK_ESTAGE, "policy: no policy with that digest waits for an acknowledgement");
	if (strcmp(act->event, "ack") == 0)
		return judge_ack(state, act, who, before, named, court, facts, fault);
	if (strcmp(act->event, "withdraw") != 0)
		return sk_fault_set(fault, SK_EUSAGE, "policy: '%s' is no step of it; expected load, ack or withdraw", act->event);
	if (!who->oversight)
		SK_TRY(court->may(court->context, who, "policy.load", act->time_ns, fault));
	else
		SK_TRY(court->may(court->context, who, "policy.ack", act->time_ns, fault));
	step(state, facts, false);
	return SK_OK;
}

/* ---- folding ---- */

struct folding {
	const struct sk_bases_options *options;
	struct sk_policy_state state;
	uint64_t void_acts;
};

static enum sk_err may(void *context, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	return sk_access_may(context, person, activity, now_ns, fault);
}

enum sk_err sk_policy_take(const struct sk_bases_options *options, const struct sk_entry *entry, struct sk_policy_state *state, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault)
{
	struct sk_person who;
	uint8_t digest[SK_HASH_BYTES];
	const struct sk_law *before = NULL, *named = NULL;
	struct sk_basis_court court = {.profile = options->profile, .may = may, .context = options->access};
	*judged = true;
	SK_TRY(sk_access_who(options->access, entry->note, entry->note_length, entry->act.time_ns, &who, fault));
	SK_TRY(sk_policy_named(&entry->act, digest, fault));
	*judged = false; /* a version that is gone: nobody knows what is in force */
	SK_TRY(options->law(options->context, digest, &named, fault));
	if (state->in_force)
		SK_TRY(options->law(options->context, state->current, &before, fault));
	*judged = true;
	return sk_policy_judge(state, &entry->act, &who, before, named, &court, facts, fault);
}

static enum sk_err fold(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct folding *folding = context;
	struct sk_act_facts facts;
	struct sk_fault why = {.line = ""};
	bool judged;
	enum sk_err err = sk_policy_take(folding->options, entry, &folding->state, &facts, &judged, &why);
	if (err == SK_OK)
		return SK_OK;
	if (!judged || sk_err_kind(err) == SK_KIND_HOST) {
		*fault = why;
		return err;
	}
	folding->void_acts++;
	return SK_OK;
}

enum sk_err sk_policy_fold(const struct sk_bases_options *options, struct sk_policy_state *out, struct sk_fault *fault)
{
	struct folding folding = {.options = options};
	SK_TRY(sk_docket_walk(options->docket, SK_POLICY_MATTER, SK_POLICY_MATTER_ID, 0, fold, &folding, fault));
	*out = folding.state;
	return SK_OK;
}

/* ---- replay ---- */

struct replay {
	const struct sk_bases_options *options;
	struct sk_bases_options judge_options; /* law may be another one there */
	const struct sk_law *under;
	const struct sk_replay_more *more;
	struct sk_policy_state state;
	struct sk_access *people; /* as it stood at the place of the act at hand */
	struct sk_bases *judge;
	struct sk_orders *orders;
	sk_replay_visit visit;
	void *context;
	uint64_t judged, differ;
};

static enum sk_err law_under(void *context, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault)
{
	struct replay *replay = context;
	if (replay->under == NULL)
		return replay->options->law(replay->options->context, digest, out, fault);
	*out = replay->under;
	return SK_OK;
}

static bool is_of_access(const char *matter)
{
	static const char *const kinds[] = {"org", "account", "lease", "factor", "credential", "access"};
	for (size_t i = 0; i < SK_COUNT(kinds); i++)
		if (strcmp(kinds[i], matter) == 0)
			return true;
	return false;
}

/* Kinds of matter that decide does not know. */
static enum sk_err judge_more(struct replay *replay, const struct sk_entry *entry, struct sk_act_facts *facts, bool *known, bool *judged, struct sk_fault *fault)
{
	static const uint8_t none[SK_HASH_BYTES];
	const struct sk_law *law = NULL;
	*known = false;
	if (replay->more == NULL)
		return SK_OK;
	*judged = false; /* a version that is gone is no judgement */
	if (replay->under != NULL || memcmp(entry->act.policy, none, SK_HASH_BYTES) != 0)
		SK_TRY(law_under(replay, entry->act.policy, &law, fault));
	*judged = true;
	return replay->more->judge(replay->more->context, entry, replay->judge, law, facts, known, fault);
}

/* judged false: the error is no judgement. known false: nobody here judges such a matter. */
static enum sk_err judge_one(struct replay *replay, const struct sk_entry *entry, struct sk_act_facts *facts, bool *known, bool *judged, struct sk_fault *fault)
{
	const char *matter = entry->act.matter;
	*known = true;
	if (strcmp(matter, "order") == 0)
		return sk_orders_judge_again(replay->orders, entry, facts, judged, fault);
	if (strcmp(matter, "basis") == 0)
		return sk_bases_judge_again(replay->judge, entry, facts, judged, fault);
	if (strcmp(matter, SK_POLICY_MATTER) == 0)
		return sk_policy_take(replay->options, entry, &replay->state, facts, judged, fault);
	if (is_of_access(matter))
		return sk_access_judge_again(replay->people, entry, facts, fault);
	return judge_more(replay, entry, facts, known, judged, fault);
}

static enum sk_err replay_one(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	static const uint8_t none[SK_HASH_BYTES];
	struct replay *replay = context;
	struct sk_fault why = {.line = ""};
	struct sk_act_facts facts = {.to = ""};
	struct sk_replayed told = {.entry = entry, .agrees = true, .why = ""};
	bool judged = true;
	/* Was it made under the policy that was in force then? */
	bool of_its_day = memcmp(entry->act.policy, replay->state.in_force ? replay->state.current : none, SK_HASH_BYTES) == 0;
	/* Of what is decided here such an act has no effect, so nothing is carried out; the register obeys its acts whatever policy they name. */
	bool no_effect = !of_its_day && (strcmp(entry->act.matter, "basis") == 0 || strcmp(entry->act.matter, "order") == 0 || strcmp(entry->act.matter, SK_POLICY_MATTER) == 0);
	enum sk_err err = SK_OK;
	if (no_effect)
		told.judged = true;
	else
		err = judge_one(replay, entry, &facts, &told.judged, &judged, &why);
	if (err != SK_OK && (!judged || sk_err_kind(err) == SK_KIND_HOST)) {
		*fault = why;
		return err;
	}
	if (told.judged && !of_its_day)
		err = sk_fault_set(&why, SK_EINCONSISTENT, "it names another policy than the one that was in force");
	if (told.judged && err == SK_OK && strcmp(facts.to, entry->to) != 0)
		err = sk_fault_set(&why, SK_EINCONSISTENT, "it leads to '%s', and led to '%s'", facts.to, entry->to);
	told.agrees = err == SK_OK;
	told.why = why.line;
	replay->judged += told.judged;
	replay->differ += !told.agrees;
	if (replay->visit != NULL)
		replay->visit(replay->context, &told);
	return SK_OK;
}

//= rule: POLICY-2
enum sk_err sk_policy_replay(const struct sk_bases_options *options, const struct sk_law *under, const struct sk_replay_more *more, sk_replay_visit visit, void *context, uint64_t *judged,
			     uint64_t *differ, struct sk_fault *fault)
{
	struct replay *replay = calloc(1, sizeof *replay);
	if (replay == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	replay->options = options;
	replay->under = under;
	replay->more = more;
	replay->visit = visit;
	replay->context = context;
	replay->judge_options = *options;
	replay->judge_options.law = law_under;
	replay->judge_options.context = replay;
	enum sk_err err = sk_bases_judge_begin(&replay->judge_options, &replay->judge, fault);
	if (err == SK_OK)
		err = sk_access_begin(&replay->people, fault);
	const struct sk_orders_options orders = {.docket = options->docket, .access = options->access, .centre = options->centre, .profile = options->profile, .law = law_under, .context = replay};
	if (err == SK_OK)
		err = sk_orders_begin(&orders, &replay->orders, fault);
	if (err == SK_OK)
		err = sk_docket_walk(options->docket, NULL, NULL, 0, replay_one, replay, fault);
	*judged = replay->judged;
	*differ = replay->differ;
	sk_orders_close(replay->orders);
	sk_bases_close(replay->judge);
	sk_access_close(replay->people);
	free(replay);
	return err;
}
