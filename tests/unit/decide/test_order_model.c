/* SPDX-License-Identifier: Apache-2.0 */
/* A million random steps of people, clocks and receipts over the orders' judge, watched by a model that was written apart from it: nothing comes to stand without the
   agreement that LAW.md 2.3 asks for, and nothing stands past its end. Each watch is then shown a sabotaged world, and must cry out. */
#include "order_world.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STEPS = 40000 };
#else
enum { STEPS = 1000000 };
#endif
enum { SABOTAGED_STEPS = 40000, TARGETS = 4, TEXTS = 8 };

/* What the model knows of an order, from the acts that were allowed alone. */
struct shadow {
	int text;                      /* which of the documents; -1: none */
	size_t proposer;
	bool approved[PEOPLE], urged[PEOPLE], ratified[PEOPLE];
	bool agreed;                   /* the quorum was complete by the model's own count */
	int64_t not_after_ns, life_s, set_ns, urgent_ns;
};

struct world {
	uint64_t random;
	int64_t now_ns;
	struct sk_order_matter matters[SLOTS];
	struct shadow shadows[SLOTS];
	unsigned generation[SLOTS];
	struct sk_order_court court;
	bool no_turns;                 /* sabotage: the centre forgets what is due */
	/* what the watch saw */
	uint64_t allowed, refused, actives, urgents, breaches_quorum, breaches_time, breaches_lock;
	uint64_t reached[SK_ORDER_STATE_COUNT];
};

static const struct {
	enum sk_action action;
	const char *target;
	uint64_t life_s;
	bool urgent, foreign;
} texts[TEXTS] = {
	{SK_ACTION_RPZ_NXDOMAIN, "bad.example", 7200, false, false}, {SK_ACTION_RPZ_NODATA, "*.bad.example", 7200, false, true},
	{SK_ACTION_RPZ_NXDOMAIN, "www.bad.example", 3600, true, false}, {SK_ACTION_NFTABLES_DROP, "198.51.100.7/32", 3600, true, false},
	{SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.0/24", 3600, false, false}, {SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.8/32", 1800, true, false},
	{SK_ACTION_OPERATOR_ADVISORY_SEND, "operator-3", 7200, false, false}, {SK_ACTION_NFTABLES_DROP, "198.51.100.0/24", 7200, false, false},
};

/* xorshift64*: the seed is printed by the test that fails. */
static uint64_t draw(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * UINT64_C(2685821657736338717);
}

static size_t pick(struct world *w, size_t below)
{
	return (size_t)(draw(w) >> 33) % below;
}

static const struct sk_order_matter *world_other(void *context, const char *id, size_t i)
{
	struct world *w = context;
	for (size_t slot = 0; slot < SLOTS; slot++) {
		if (w->matters[slot].state == SK_ORDER_NONE)
			continue;
		if (id != NULL ? strcmp(w->matters[slot].id, id) == 0 : i-- == 0)
			return &w->matters[slot];
	}
	return NULL;
}

/* ---- the model's own count of an agreement (LAW.md I2, I3), by people and not by keys ---- */

static bool agreed_by(const bool *said, size_t proposer, enum sk_level level)
{
	const char *orgs[PEOPLE];
	size_t org_count = 0;
	bool legal = false, oversight = false, approver = false;
	for (size_t i = 0; i < PEOPLE; i++) {
		if (!said[i] || i == proposer)
			continue;
		legal = legal || people[i].jobs == LEGAL;
		oversight = oversight || people[i].jobs == OVERSIGHT;
		approver = approver || people[i].jobs == APPROVER;
		bool known = false;
		for (size_t j = 0; j < org_count; j++)
			known = known || strcmp(orgs[j], people[i].org) == 0;
		if (!known)
			orgs[org_count++] = people[i].org;
	}
	switch (level) {
	case SK_LEVEL_LOW:
	case SK_LEVEL_URGENT: return org_count >= 1;
	case SK_LEVEL_MEDIUM: return org_count >= 2 && legal && approver;
	case SK_LEVEL_HIGH: return org_count >= 3 && oversight;
	case SK_LEVEL_COUNT: break;
	}
	return false;
}

/* The court's counter without cryptography: whoever a note says it is by ("NAME" in front of the act). Keys and signatures have their own tests. */
static enum sk_err count_names(const struct sk_order *order, const char *quorum, const uint8_t digest[SK_HASH_BYTES], enum sk_level level, const char *event,
			       const struct sk_approvals *approvals, const struct sk_verify_key *centre, size_t *counted, bool *met, struct sk_fault *out)
{
	bool said[PEOPLE] = {false};
	(void)quorum;
	(void)digest;
	(void)event;
	(void)centre;
	size_t proposer = PEOPLE;
	for (size_t i = 0; i < PEOPLE; i++)
		if (memcmp(sk_sign_key_public(keys[i])->public_key, order->proposer.public_key, SK_KEY_BYTES) == 0)
			proposer = i;
	for (size_t i = 0; i < approvals->count; i++) {
		size_t who = person_of(approvals->notes[i]);
		if (who == PEOPLE)
			return sk_fault_set(out, SK_ESIGNATURE, "nobody's");
		said[who] = true;
	}
	*counted = approvals->count;
	*met = agreed_by(said, proposer, level);
	(void)sk_fault_set(out, SK_ESIGNATURE, "more must sign");
	return SK_OK;
}

/* Sabotage: anything is an agreement. */
static enum sk_err count_nobody(const struct sk_order *order, const char *quorum, const uint8_t digest[SK_HASH_BYTES], enum sk_level level, const char *event,
				const struct sk_approvals *approvals, const struct sk_verify_key *centre, size_t *counted, bool *met, struct sk_fault *out)
{
	enum sk_err err = count_names(order, quorum, digest, level, event, approvals, centre, counted, met, out);
	*met = true;
	return err;
}

/* Sabotage: there are no other orders. */
static const struct sk_order_matter *nobody_else(void *context, const char *id, size_t i)
{
	return id != NULL ? world_other(context, id, i) : NULL;
}

/* ---- one step ---- */

static void make_body(struct world *w, size_t slot, enum sk_order_event event, size_t who, int text, struct sk_buf *out)
{
	const struct sk_order_matter *m = &w->matters[slot];
	static const uint8_t nothing[SK_HASH_BYTES];
	const uint8_t *digest = m->text.document != NULL && pick(w, 50) != 0 ? m->text.document->order.digest : nothing;
	if (event == SK_ORDER_EVENT_PROPOSE || event == SK_ORDER_EVENT_EDIT) {
		struct sk_order_document *d = document_for(m->id, texts[text].action, texts[text].target, w->now_ns, texts[text].life_s, texts[text].urgent);
		d->foreign_effect = texts[text].foreign;
		(void)snprintf(d->foreign_why, sizeof d->foreign_why, "%s", texts[text].foreign ? "its users are abroad" : "");
		if (pick(w, 3) == 0)
			(void)snprintf(d->extends, sizeof d->extends, "%s", w->matters[pick(w, SLOTS)].id);
		body_for(d, who, out);
		free(d);
		return;
	}
	sk_buf_init(out, SK_ACT_BODY_MAX);
	switch (event) {
	case SK_ORDER_EVENT_APPROVE:
	case SK_ORDER_EVENT_URGENT:
	case SK_ORDER_EVENT_RATIFY: sk_order_approval_body(digest, out); break;
	case SK_ORDER_EVENT_CONSULT: sk_order_consult_body(digest, pick(w, 2) == 0, "asked", out); break;
	case SK_ORDER_EVENT_CHECK: sk_order_check_body(digest, 3, 0, true, "", out); break;
	case SK_ORDER_EVENT_EXTEND: sk_order_extend_body(digest, w->matters[pick(w, SLOTS)].id, out); break;
	case SK_ORDER_EVENT_NOTIFY: sk_order_notify_body(digest, "its owner", "", out); break;
	case SK_ORDER_EVENT_REVIEW: sk_order_review_body(digest, pick(w, 4) == 0 ? w->now_ns + DAY_S * second_ns : 0, "seen", out); break;
	case SK_ORDER_EVENT_SET:
	case SK_ORDER_EVENT_FAIL:
	case SK_ORDER_EVENT_RECEIPT:
	case SK_ORDER_EVENT_UNDONE: sk_order_receipt_body(digest, m->receipts + (pick(w, 30) == 0), "a receipt", out); break;
	default: sk_order_why_body(digest, "because", out); break;
	}
}

/* What the model makes of an act that was allowed, and whether it may have been. */
static void watch(struct world *w, size_t slot, enum sk_order_event event, size_t who, int text, enum sk_order_state before)
{
	struct shadow *s = &w->shadows[slot];
	enum sk_order_state after = w->matters[slot].state;
	if (event == SK_ORDER_EVENT_PROPOSE || event == SK_ORDER_EVENT_EDIT) {
		size_t proposer = event == SK_ORDER_EVENT_PROPOSE ? who : s->proposer;
		w->breaches_quorum += who != proposer; /* nobody edits another's */
		*s = (struct shadow){.text = text, .proposer = proposer, .life_s = (int64_t)texts[text].life_s, .not_after_ns = w->now_ns + (int64_t)texts[text].life_s * second_ns};
	}
	if (event == SK_ORDER_EVENT_APPROVE)
		s->approved[who] = true;
	if (event == SK_ORDER_EVENT_URGENT)
		s->urged[who] = true;
	if (event == SK_ORDER_EVENT_RATIFY)
		s->ratified[who] = true;
	enum sk_level level = s->text >= 0 ? sk_action_level(texts[s->text].action) : SK_LEVEL_HIGH;
	if (after == SK_ORDER_APPROVED && before != after) {
		s->agreed = agreed_by(s->approved, s->proposer, level) && !texts[s->text].urgent;
		w->breaches_quorum += !s->agreed;
	}
	if (after == SK_ORDER_URGENT_ACTIVE && before != after) {
		s->urgent_ns = w->now_ns;
		w->urgents++;
		w->breaches_quorum += !agreed_by(s->urged, s->proposer, SK_LEVEL_URGENT) || !texts[s->text].urgent;
	}
	if (after == SK_ORDER_ACTIVE && before != after) {
		w->actives++;
		bool lawful = before == SK_ORDER_STAGED ? s->agreed : before == SK_ORDER_URGENT_ACTIVE && agreed_by(s->ratified, s->proposer, level);
		w->breaches_quorum += !lawful;
	}
	if (sk_order_state_stands(after) && !sk_order_state_stands(before))
		w->breaches_quorum += before != SK_ORDER_APPROVED && before != SK_ORDER_DRAFT;
	if (event == SK_ORDER_EVENT_SET && s->set_ns == 0)
		s->set_ns = w->now_ns;
	w->reached[after]++;
}

static bool try_step(struct world *w, size_t slot, enum sk_order_event event, size_t who, int text)
{
	struct sk_order_matter *m = &w->matters[slot];
	struct sk_act act = {.time_ns = w->now_ns};
	struct sk_act_facts facts;
	struct sk_buf body;
	enum sk_order_state before = m->state;
	struct sk_person person = who < PEOPLE ? person_at(who) : (struct sk_person){0};
	make_body(w, slot, event, who < PEOPLE ? who : 0, text, &body);
	(void)snprintf(act.matter, sizeof act.matter, "order");
	(void)snprintf(act.id, sizeof act.id, "%s", m->id);
	(void)snprintf(act.event, sizeof act.event, "%s", sk_order_event_name(event));
	act.body = sk_buf_text(&body);
	act.body_length = body.length;
	const char *note = who < PEOPLE ? people[who].account : "";
	bool asked = who < PEOPLE && is_a_step(m, sk_order_event_find(act.event)), mine = asked && sk_order_is_for(m, sk_order_event_find(act.event), &person, w->court.profile, act.time_ns);
	enum sk_err err = sk_order_judge(m, &act, note, strlen(note), who < PEOPLE ? &person : NULL, &w->court, &facts, &fault);
	bool allowed = err == SK_OK;
	if (asked)
		offered_rightly(sk_order_event_find(act.event), mine, &person, &w->court, act.time_ns, err);
	sk_buf_fini(&body);
	w->allowed += allowed;
	w->refused += !allowed;
	if (allowed)
		watch(w, slot, event, who, text, before);
	return allowed;
}

static void fresh_slot(struct world *w, size_t slot)
{
	sk_order_matter_fini(&w->matters[slot]);
	w->shadows[slot] = (struct shadow){.text = -1, .proposer = PEOPLE};
	(void)snprintf(w->matters[slot].id, sizeof w->matters[slot].id, "o%zu-%u", slot, w->generation[slot]++);
}

/* What the centre does by itself whenever it is asked anything. */
static void turn(struct world *w)
{
	for (size_t slot = 0; slot < SLOTS && !w->no_turns; slot++) {
		enum sk_order_event due;
		for (unsigned tries = 0; tries < 200 && w->matters[slot].text.document != NULL &&
		     (due = sk_order_due(&w->matters[slot], w->now_ns)) != SK_ORDER_EVENT_COUNT; tries++)
			(void)try_step(w, slot, due, PEOPLE, 0);
	}
}

static bool overlap(int a, int b)
{
	static const int group[TEXTS] = {0, 1, 1, 2, 3, 3, 4, 2}; /* written by hand: *.bad.example covers www.bad.example and not bad.example itself */
	return group[a] == group[b];
}

/* After the centre's turn: does something stand past its end, or two on one target? */
static void look_around(struct world *w)
{
	for (size_t i = 0; i < SLOTS; i++) {
		const struct shadow *s = &w->shadows[i];
		if (!sk_order_state_stands(w->matters[i].state))
			continue;
		int64_t end = s->not_after_ns;
		if (s->set_ns != 0 && s->set_ns + s->life_s * second_ns < end)
			end = s->set_ns + s->life_s * second_ns;
		if (w->matters[i].state == SK_ORDER_URGENT_ACTIVE && s->urgent_ns + DAY_S * second_ns < end)
			end = s->urgent_ns + DAY_S * second_ns;
		w->breaches_time += w->now_ns >= end;
		for (size_t j = 0; j < i; j++) {
			if (!sk_order_state_stands(w->matters[j].state))
				continue;
			bool extends = strcmp(w->matters[i].text.document->extends, w->matters[j].id) == 0 || strcmp(w->matters[j].text.document->extends, w->matters[i].id) == 0;
			w->breaches_lock += !extends && overlap(s->text, w->shadows[j].text);
		}
	}
}

/* People mostly try what the table knows from here, and now and then anything at all. */
static enum sk_order_event some_event(struct world *w, enum sk_order_state state)
{
	for (unsigned tries = 0; tries < 60; tries++) {
		enum sk_order_event event = (enum sk_order_event)pick(w, SK_ORDER_EVENT_COUNT);
		bool destroys = event == SK_ORDER_EVENT_EDIT || event == SK_ORDER_EVENT_WITHDRAW || event == SK_ORDER_EVENT_REJECT || event == SK_ORDER_EVENT_END ||
				event == SK_ORDER_EVENT_HALT || event == SK_ORDER_EVENT_FAIL;
		if (sk_order_allows(state, event) && (!destroys || pick(w, 10) == 0))
			return event;
	}
	return (enum sk_order_event)pick(w, SK_ORDER_EVENT_COUNT);
}

static void step(struct world *w)
{
	size_t slot = pick(w, SLOTS);
	struct sk_order_matter *m = &w->matters[slot];
	if (pick(w, 20) == 0) {
		w->now_ns += (int64_t)pick(w, 1200) * second_ns;
		turn(w);
		look_around(w);
		return;
	}
	if (sk_order_state_over(m->state))
		fresh_slot(w, slot);
	enum sk_order_event event = pick(w, 12) == 0 ? (enum sk_order_event)pick(w, SK_ORDER_EVENT_COUNT) : some_event(w, m->state);
	const char *duty = sk_order_event_duty(event);
	size_t who = duty[0] == '\0' ? PEOPLE : pick(w, PEOPLE);
	for (unsigned tries = 0; tries < 20 && who < PEOPLE && (people[who].jobs & jobs_for(duty)) == 0; tries++)
		who = pick(w, PEOPLE);
	if (pick(w, 40) == 0)
		who = pick(w, PEOPLE + 1);
	if ((event == SK_ORDER_EVENT_EDIT || event == SK_ORDER_EVENT_SUBMIT || event == SK_ORDER_EVENT_WITHDRAW) && pick(w, 8) != 0 && w->shadows[slot].proposer < PEOPLE)
		who = w->shadows[slot].proposer;
	if (who == PEOPLE && (event == SK_ORDER_EVENT_PROPOSE || event == SK_ORDER_EVENT_EDIT))
		who = 0;
	(void)try_step(w, slot, event, who, (int)pick(w, TEXTS));
	look_around(w);
}

static struct world *run(uint64_t seed, uint64_t steps, void (*sabotage)(struct world *w))
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	w->random = seed;
	w->now_ns = start_ns;
	w->court = (struct sk_order_court){.profile = SK_PROFILE_JP_2025, .centre = sk_sign_key_public(centre_key), .context = w, .may = world_may, .quorum = world_quorum,
					   .agreed = count_names, .other = world_other};
	if (sabotage != NULL)
		sabotage(w);
	for (size_t slot = 0; slot < SLOTS; slot++)
		fresh_slot(w, slot);
	for (uint64_t i = 0; i < steps; i++)
		step(w);
	return w;
}

static void stop(struct world *w)
{
	for (size_t slot = 0; slot < SLOTS; slot++)
		sk_order_matter_fini(&w->matters[slot]);
	free(w);
}

//= rule: ORDER-2
static void test_random_walk(void **state)
{
	(void)state;
	const char *given = getenv("SK_MODEL_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20261130;
	struct world *w = run(seed, STEPS, NULL);
	if (w->breaches_quorum != 0 || w->breaches_time != 0 || w->breaches_lock != 0)
		fail_msg("seed %llu: %llu without quorum, %llu past their end, %llu two on one target", (unsigned long long)seed, (unsigned long long)w->breaches_quorum,
			 (unsigned long long)w->breaches_time, (unsigned long long)w->breaches_lock);
	/* a walk that goes nowhere proves nothing */
	for (unsigned i = SK_ORDER_DRAFT; i < SK_ORDER_STATE_COUNT; i++)
		if (w->reached[i] == 0)
			fail_msg("seed %llu: state %s was never reached", (unsigned long long)seed, sk_order_state_name((enum sk_order_state)i));
	(void)printf("%llu allowed, %llu refused, %llu active, %llu urgent\n", (unsigned long long)w->allowed, (unsigned long long)w->refused, (unsigned long long)w->actives,
		     (unsigned long long)w->urgents);
	stop(w);
}

/* ---- the twins: the same walk in a broken world ---- */

static void lying_counter(struct world *w)
{
	w->court.agreed = count_nobody;
}

static void lonely_orders(struct world *w)
{
	w->court.other = nobody_else;
}

static void sleeping_centre(struct world *w)
{
	w->no_turns = true;
}

static void test_sabotage_is_seen(void **state)
{
	(void)state;
	struct world *w = run(7, SABOTAGED_STEPS, lying_counter);
	assert_int_not_equal(w->breaches_quorum, 0);
	stop(w);
	w = run(7, SABOTAGED_STEPS, lonely_orders);
	assert_int_not_equal(w->breaches_lock, 0);
	assert_int_equal(w->breaches_quorum, 0);
	stop(w);
	w = run(7, SABOTAGED_STEPS, sleeping_centre);
	assert_int_not_equal(w->breaches_time, 0);
	assert_int_equal(w->breaches_quorum, 0);
	stop(w);
}

static int start(void **state)
{
	(void)state;
	world_start();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	world_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_walk), cmocka_unit_test(test_sabotage_is_seen)};
	return cmocka_run_group_tests(tests, start, finish);
}
