/* SPDX-License-Identifier: Apache-2.0 */
/* A million random acts by random people at random times. Beside the room stands a second book, which knows nothing of stages: who signed what about which text, and when. By
   that book alone: nobody collects without a decision that carried over exactly this text, nobody collects past the end or while it is suspended, no vote of who asked counts.
   Each twin breaks one thing in what the room is told or keeps, and the book must find it. */
#include "basis_world.h"

enum { STEPS = 1000000, TWIN_STEPS = 60000, ROUND = 60, PEOPLE_AND_CENTRE = PEOPLE + 1 };
enum sabotage { NOTHING, VOTES_OUTLIVE_EDITS, ONE_PERSON_VOTES_TWICE, ANYBODY_IS_OF_OVERSIGHT, SUSPENSION_IS_FORGOTTEN, ENDS_ARE_FORGOTTEN, ASKERS_VOTE };

static struct sk_law *law;
static uint64_t random_state;

static uint64_t any(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

/* The second book: of one basis. */
struct book {
	int asker, partner_signed; /* who; whether somebody of the partner's signed this text */
	bool agreement, decided;   /* decided: this text was carried once */
	uint8_t text[SK_HASH_BYTES];
	int ayes[PEOPLE], nays[PEOPLE];
	unsigned suspended;
	int64_t until_ns, asked_until_ns;
	bool over;
};

static void new_text(struct book *book, const struct sk_act *act)
{
	memset(book->ayes, 0, sizeof book->ayes);
	memset(book->nays, 0, sizeof book->nays);
	memcpy(book->text, act->digest, SK_HASH_BYTES);
}

/* Article 55 by heads. */
static bool carried(const struct book *book)
{
	int ayes = 0, nays = 0, head = -1;
	for (int i = 0; i < PEOPLE; i++) {
		bool seated = i == CHAIR || i == DEPUTY || i == MEMBER_1 || i == MEMBER_2 || i == MEMBER_3;
		if (!seated || (book->ayes[i] == 0 && book->nays[i] == 0))
			continue;
		ayes += book->ayes[i] != 0;
		nays += book->nays[i] != 0;
		if (i == CHAIR || (i == DEPUTY && head < 0))
			head = book->ayes[i] != 0;
	}
	return ayes + nays >= 3 && head >= 0 && (ayes > nays || (ayes == nays && head == 1));
}

/* Write down what was accepted. Returns false when it should not have been. */
static bool write_down(struct book *book, const struct sk_act *act, int who, const struct sk_basis_matter *matter, int64_t extend_until_ns)
{
	const char *event = act->event;
	if (strcmp(event, "request") == 0 || strcmp(event, "edit") == 0) {
		if (strcmp(event, "request") == 0)
			book->asker = who;
		book->agreement = strcmp(matter->basis.kind, "agreement") == 0;
		book->decided = false;
		book->until_ns = matter->basis.until_ns;
		new_text(book, act);
	} else if (strcmp(event, "extend") == 0) {
		book->asked_until_ns = extend_until_ns;
		new_text(book, act);
	} else if (strcmp(event, "approve") == 0 || strcmp(event, "refuse") == 0) {
		int *side = strcmp(event, "approve") == 0 ? book->ayes : book->nays;
		if (book->ayes[who] != 0 || book->nays[who] != 0 || strcmp(people[who].org, people[book->asker].org) == 0)
			return false;
		side[who] = 1;
		if (carried(book)) {
			if (book->decided)
				book->until_ns = book->asked_until_ns;
			book->decided = true;
		}
	} else if (strcmp(event, "consent") == 0 && strstr(act->body, "provision") == NULL) {
		if (book->decided)
			book->until_ns = book->asked_until_ns;
		book->decided = book->agreement;
	} else if (strcmp(event, "suspend") == 0 || strcmp(event, "resume") == 0) {
		for (unsigned i = 0; i < SK_SUSPENDER_COUNT; i++)
			if (strstr(act->body, sk_suspender_name((enum sk_suspender)(1u << i))) != NULL)
				book->suspended = strcmp(event, "suspend") == 0 ? book->suspended | 1u << i : book->suspended & ~(1u << i);
	} else if (strcmp(event, "terminate") == 0 || strcmp(event, "expire") == 0) {
		book->over = true;
	}
	return true;
}

/* Does the book allow that anybody collects now? */
static bool agrees(const struct book *book, const struct sk_basis_matter *matter, int64_t now_ns)
{
	bool collects = sk_stage_collects(matter->stage) && now_ns >= matter->basis.from_ns && now_ns < matter->basis.until_ns;
	return !collects || (book->decided && book->suspended == 0 && !book->over && now_ns < book->until_ns && matter->basis.until_ns == book->until_ns);
}

struct round {
	struct sk_basis_matter matter, kept;
	struct book book;
	int64_t now;
	uint64_t accepted, collected, decided, ended;
};

static void write_body(struct round *round, enum sk_basis_event event, struct sk_buf *body, int64_t *extend_until_ns)
{
	struct sk_basis basis = any(4) == 0 ? a_basis("B-1", "agreement", SK_CLASS_FD, round->now, round->now + (int64_t)(1 + any(200)) * day_ns)
					    : a_basis("B-1", "ff", SK_CLASS_FF, round->now, round->now + (int64_t)(1 + any(200)) * day_ns);
	static const char *const consents[] = {"agreement", "extension", "provision", "no_provision"};
	struct sk_fault fault;
	uint8_t text[SK_HASH_BYTES];
	memcpy(text, any(8) == 0 ? round->kept.text : round->matter.text, sizeof text);
	switch (event) {
	case SK_BASIS_EVENT_REQUEST:
	case SK_BASIS_EVENT_EDIT:
		assert_int_equal(sk_basis_request_body(&basis, "p", any(8) == 0 ? "" : "o", basis.kind[0] == 'a' ? "power-1" : "", body, &fault), SK_OK);
		break;
	case SK_BASIS_EVENT_APPROVE:
	case SK_BASIS_EVENT_REFUSE: sk_basis_vote_body(text, "w", body); break;
	case SK_BASIS_EVENT_CONSENT: sk_basis_consent_body(text, consents[any(4)], body); break;
	case SK_BASIS_EVENT_ACTIVATE: sk_basis_activate_body(round->matter.basis.digest, body); break;
	case SK_BASIS_EVENT_SELECTORS: sk_basis_selectors_body(&(struct sk_set_facts){.kinds = SK_SELECTOR_ADDRESS, .entries = any(150), .shortest_v4 = 32, .shortest_v6 = 128}, body); break;
	case SK_BASIS_EVENT_EXTEND:
		*extend_until_ns = round->matter.basis.until_ns + (int64_t)any(200) * day_ns;
		sk_basis_extend_body(*extend_until_ns, "w", body);
		break;
	case SK_BASIS_EVENT_SUSPEND:
	case SK_BASIS_EVENT_RESUME: sk_basis_suspend_body((enum sk_suspender)(1u << any(3)), "w", body); break;
	case SK_BASIS_EVENT_EXPIRE: sk_buf_add_text(body, "{}"); break;
	case SK_BASIS_EVENT_REVIEW:
	case SK_BASIS_EVENT_TERMINATE:
	case SK_BASIS_EVENT_COUNT: sk_basis_why_body("w", body); break;
	}
}

/* What the saboteur tells or keeps. */
static void sabotage_before(enum sabotage sabotage, struct round *round, struct sk_person *who, enum sk_basis_event event)
{
	bool vote = event == SK_BASIS_EVENT_APPROVE || event == SK_BASIS_EVENT_REFUSE;
	if (sabotage == ANYBODY_IS_OF_OVERSIGHT && vote) {
		who->oversight = true;
		who->roles = ROLE(OVERSIGHT_CHAIR);
	}
	if (sabotage == ASKERS_VOTE && vote && strcmp(who->org, "nco") == 0) {
		who->oversight = true;
		who->roles = ROLE(OVERSIGHT_CHAIR);
		(void)snprintf(who->org, sizeof who->org, "elsewhere");
	}
	if (sabotage == ONE_PERSON_VOTES_TWICE && vote)
		for (size_t i = 0; i < round->matter.vote_count; i++)
			round->matter.votes[i].account[0] ^= 0x20;
	if (sabotage == ENDS_ARE_FORGOTTEN && event == SK_BASIS_EVENT_ACTIVATE)
		round->matter.basis.until_ns = round->now + 400 * day_ns;
}

static void sabotage_after(enum sabotage sabotage, struct round *round, enum sk_basis_event event)
{
	if (sabotage == VOTES_OUTLIVE_EDITS && event == SK_BASIS_EVENT_EDIT) {
		memcpy(round->matter.votes, round->kept.votes, sizeof round->matter.votes);
		round->matter.vote_count = round->kept.vote_count;
	}
	if (sabotage == SUSPENSION_IS_FORGOTTEN && event == SK_BASIS_EVENT_SUSPEND)
		round->matter.stage = round->kept.stage;
}

/* One act. False: the book does not agree. */
static bool step(struct round *round, enum sabotage sabotage)
{
	const struct sk_basis_court court = {.law = law, .profile = SK_PROFILE_JP_2025, .may = may};
	/* Mostly what is possible, so that lives get somewhere. */
	enum sk_basis_event event = (enum sk_basis_event)any(SK_BASIS_EVENT_COUNT);
	for (int i = 0; i < 4 && (!sk_stage_allows(round->matter.stage, event) || ((event == SK_BASIS_EVENT_TERMINATE || event == SK_BASIS_EVENT_EXPIRE) && any(16) != 0)); i++)
		event = (enum sk_basis_event)any(SK_BASIS_EVENT_COUNT);
	if (round->matter.stage == SK_STAGE_APPROVED && any(3) == 0)
		event = SK_BASIS_EVENT_ACTIVATE;
	int who = (int)any(PEOPLE_AND_CENTRE);
	if ((round->matter.stage == SK_STAGE_REVIEW || round->matter.stage == SK_STAGE_EXTENDING) && any(2) != 0) {
		event = any(5) != 0 ? SK_BASIS_EVENT_APPROVE : SK_BASIS_EVENT_REFUSE;
		who = CHAIR + (int)any(5);
	}
	struct sk_person person = people[who < PEOPLE ? who : 0];
	struct sk_act_facts facts;
	struct sk_fault fault;
	struct sk_buf body;
	int64_t extend_until_ns = 0;
	round->now += (int64_t)any(any(10) == 0 ? 60 : 2) * day_ns / 2;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	write_body(round, event, &body, &extend_until_ns);
	struct sk_act act = an_act("B-1", sk_basis_event_name(event), sk_buf_text(&body), round->now, law);
	sabotage_before(sabotage, round, &person, event);
	memcpy(&round->kept, &round->matter, sizeof round->kept);
	bool good = true;
	if (sk_basis_judge(&round->matter, &act, who < PEOPLE ? &person : NULL, &court, &facts, &fault) == SK_OK) {
		sabotage_after(sabotage, round, event);
		good = write_down(&round->book, &act, who, &round->matter, extend_until_ns);
		round->accepted++;
		round->decided += facts.word_count > 1 && strcmp(facts.words[facts.word_count - 1], "outcome.carried") == 0;
		round->ended += sk_stage_over(round->matter.stage);
	}
	round->collected += sk_stage_collects(round->matter.stage);
	sk_buf_fini(&body);
	return good && agrees(&round->book, &round->matter, round->now);
}

/* Steps until the book disagrees; steps when it never does. */
static uint64_t walk(uint64_t seed, uint64_t steps, enum sabotage sabotage, struct round *sum)
{
	static struct round round;
	memset(sum, 0, sizeof *sum);
	random_state = seed;
	for (uint64_t i = 0; i < steps; i++) {
		if (i % ROUND == 0 || sk_stage_over(round.matter.stage)) {
			memset(&round, 0, sizeof round);
			round.now = sk_law_span_after(INT64_C(1826841600) * 1000000000, &(struct sk_law_span){.months = 1 + (uint32_t)any(12)});
		}
		struct round *r = &round;
		uint64_t accepted = r->accepted, collected = r->collected, decided = r->decided, ended = r->ended;
		if (!step(r, sabotage))
			return i;
		sum->accepted += r->accepted - accepted;
		sum->collected += r->collected - collected;
		sum->decided += r->decided - decided;
		sum->ended += r->ended - ended;
	}
	return steps;
}

static void test_a_million_steps(void **state)
{
	(void)state;
	static struct round sum;
	assert_int_equal(walk(0x5eed5eed5eed, STEPS, NOTHING, &sum), STEPS);
	print_message("%llu accepted, %llu decisions carried, %llu steps in which somebody collects, %llu ends\n", (unsigned long long)sum.accepted, (unsigned long long)sum.decided,
		      (unsigned long long)sum.collected, (unsigned long long)sum.ended);
	/* The walk has been everywhere that matters. */
	assert_true(sum.accepted > STEPS / 10 && sum.decided > 1000 && sum.collected > 10000 && sum.ended > 1000);
}

static void test_twins(void **state)
{
	(void)state;
	static struct round sum;
	for (enum sabotage sabotage = VOTES_OUTLIVE_EDITS; sabotage <= ASKERS_VOTE; sabotage++)
		if (walk(0x5eed5eed5eed, TWIN_STEPS, sabotage, &sum) == TWIN_STEPS)
			fail_msg("sabotage %d was not found in %d steps", (int)sabotage, TWIN_STEPS);
}

static int start(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK)
		return 1;
	law = law_of_file("jp-2025");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sk_law_free(law);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_million_steps), cmocka_unit_test(test_twins)};
	return cmocka_run_group_tests(tests, start, stop);
}
