/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants of LAW.md 2.3 one by one, with real keys and signatures, each with what breaks it. */
#include "order_world.h"

enum { AYU, BEN, CHIKA, DAN, ERI, FUMI, GORO, HARU, IKU, JUN, KEI, LEO, MIO, CENTRE };

struct scene {
	struct sk_order_matter matter, second;
	struct sk_order_court court;
	struct sk_act_facts facts;
	int64_t now_ns;
	char *last_note;               /* of the last act that was allowed */
};

static const struct sk_order_matter *scene_other(void *context, const char *id, size_t i)
{
	struct scene *s = context;
	const struct sk_order_matter *both[] = {&s->matter, &s->second};
	for (size_t j = 0; j < 2; j++)
		if (both[j]->state != SK_ORDER_NONE && (id != NULL ? strcmp(both[j]->id, id) == 0 : i-- == 0))
			return both[j];
	return NULL;
}

static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->now_ns = start_ns;
	s->court = (struct sk_order_court){.profile = SK_PROFILE_JP_2025, .centre = sk_sign_key_public(centre_key), .context = s, .may = world_may, .quorum = world_quorum,
					   .agreed = sk_order_agreed, .other = scene_other};
	(void)snprintf(s->matter.id, sizeof s->matter.id, "order-7");
	(void)snprintf(s->second.id, sizeof s->second.id, "order-8");
	return s;
}

static void scene_free(struct scene *s)
{
	sk_order_matter_fini(&s->matter);
	sk_order_matter_fini(&s->second);
	free(s->last_note);
	free(s);
}

/* The signed note of an act with that body. Caller frees. */
static char *note_of(struct scene *s, const char *id, const char *event, const char *body, size_t who, struct sk_act *act)
{
	struct sk_buf line, note;
	*act = (struct sk_act){.time_ns = s->now_ns, .body = body, .body_length = strlen(body)};
	(void)snprintf(act->matter, sizeof act->matter, "order");
	(void)snprintf(act->id, sizeof act->id, "%s", id);
	(void)snprintf(act->event, sizeof act->event, "%s", event);
	sk_buf_init(&line, SK_ACT_TEXT_MAX);
	sk_buf_init(&note, SK_NOTE_MAX);
	sk_act_write(act, &line);
	assert_int_equal(line.failed, SK_OK);
	sk_note_sign(&note, sk_buf_text(&line), line.length, who == CENTRE ? centre_key : keys[who]);
	char *text = strdup(sk_buf_text(&note));
	assert_non_null(text);
	sk_buf_fini(&line);
	sk_buf_fini(&note);
	return text;
}

static enum sk_err act_on(struct scene *s, struct sk_order_matter *m, const char *event, const char *body, size_t who)
{
	struct sk_act act;
	struct sk_person person = who == CENTRE ? (struct sk_person){0} : person_at(who);
	char *note = note_of(s, m->id, event, body, who, &act);
	fault.line[0] = '\0';
	bool asked = who != CENTRE && is_a_step(m, sk_order_event_find(event));
	bool mine = asked && sk_order_is_for(m, sk_order_event_find(event), &person, s->court.profile, s->now_ns);
	enum sk_err err = sk_order_judge(m, &act, note, strlen(note), who == CENTRE ? NULL : &person, &s->court, &s->facts, &fault);
	if (asked)
		offered_rightly(sk_order_event_find(event), mine, &person, &s->court, s->now_ns, err);
	if (err == SK_OK) {
		free(s->last_note);
		s->last_note = note;
	} else {
		free(note);
	}
	return err;
}

typedef void (*change)(struct sk_order_document *d);

static enum sk_err propose_as(struct scene *s, struct sk_order_matter *m, const char *event, enum sk_action action, const char *target, bool urgent, change make, size_t who)
{
	struct sk_order_document *d = document_for(m->id, action, target, s->now_ns, 3600, urgent);
	struct sk_buf body;
	if (make != NULL)
		make(d);
	body_for(d, who, &body);
	enum sk_err err = act_on(s, m, event, sk_buf_text(&body), who);
	sk_buf_fini(&body);
	free(d);
	return err;
}

/* A body of {"order":...,"why":...} about the text that stands. */
static enum sk_err why(struct scene *s, struct sk_order_matter *m, const char *event, size_t who)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_why_body(m->text.document->order.digest, "because", &body);
	enum sk_err err = act_on(s, m, event, sk_buf_text(&body), who);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err says_yes(struct scene *s, struct sk_order_matter *m, const char *event, size_t who)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_approval_body(m->text.document->order.digest, &body);
	enum sk_err err = act_on(s, m, event, sk_buf_text(&body), who);
	sk_buf_fini(&body);
	return err;
}

static enum sk_err receipt(struct scene *s, struct sk_order_matter *m, const char *event, size_t who)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_receipt_body(m->text.document->order.digest, m->receipts, "the enforcer's note", &body);
	enum sk_err err = act_on(s, m, event, sk_buf_text(&body), who);
	sk_buf_fini(&body);
	return err;
}

static void expect(enum sk_err got, enum sk_err wanted, const char *says, int line)
{
	if (got != wanted || strstr(fault.line, says) == NULL)
		fail_msg("line %d: %d \"%s\", expected %d \"%s\"", line, got, fault.line, wanted, says);
}
#define EXPECT(call, wanted, says) expect(call, wanted, says, __LINE__)

static void to_voting(struct scene *s, enum sk_action action, const char *target)
{
	EXPECT(propose_as(s, &s->matter, "propose", action, target, false, NULL, AYU), SK_OK, "");
	EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->matter, "legal", FUMI), SK_OK, "");
	EXPECT(why(s, &s->matter, "submit", AYU), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
}

static void to_active(struct scene *s)
{
	to_voting(s, SK_ACTION_RPZ_NXDOMAIN, "bad.example");
	EXPECT(says_yes(s, &s->matter, "approve", FUMI), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", DAN), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_APPROVED);
	EXPECT(why(s, &s->matter, "stage", LEO), SK_OK, "");
	EXPECT(receipt(s, &s->matter, "set", CENTRE), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_ACTIVE);
}

/* The whole way, and the warrant that the enforcer accepts. */
//= rule: ORDER-8
static void test_the_way(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	struct sk_buf text, body;
	struct sk_warrant *warrant = calloc(1, sizeof *warrant);
	struct sk_warrant_trust trust = {.centre = sk_sign_key_public(centre_key)};
	sk_sha256(quorums[SK_LEVEL_MEDIUM], strlen(quorums[SK_LEVEL_MEDIUM]), trust.quorum[SK_LEVEL_MEDIUM]);
	to_active(s);
	assert_string_equal(s->facts.from, "staged");
	assert_string_equal(s->facts.to, "active");
	assert_string_equal(s->facts.words[0], "level.medium");
	assert_string_equal(s->facts.words[1], "measure.rpz");
	sk_buf_init(&text, SK_WARRANT_TEXT_MAX);
	EXPECT(sk_order_mint(&s->matter, centre_key, &text, &fault), SK_OK, "");
	EXPECT(sk_warrant_decode(sk_buf_text(&text), text.length, &trust, s->now_ns, warrant, &fault), SK_OK, "");
	assert_int_equal(warrant->approvals, 2);
	assert_memory_equal(warrant->order.digest, s->matter.text.document->order.digest, SK_HASH_BYTES);
	sk_buf_fini(&text);
	free(warrant);
	assert_int_equal(sk_order_due(&s->matter, s->now_ns), SK_ORDER_EVENT_COUNT);
	EXPECT(receipt(s, &s->matter, "expire", CENTRE), SK_EORDER, "not over");
	s->now_ns = sk_order_until(&s->matter);
	assert_int_equal(sk_order_due(&s->matter, s->now_ns), SK_ORDER_EVENT_EXPIRE);
	EXPECT(receipt(s, &s->matter, "set", CENTRE), SK_EEXPIRED, "after its end");
	EXPECT(receipt(s, &s->matter, "expire", CENTRE), SK_OK, "");
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_notify_body(s->matter.text.document->order.digest, NULL, "", &body);
	EXPECT(act_on(s, &s->matter, "notify", sk_buf_text(&body), LEO), SK_EMALFORMED, "why"); /* I7: told, or a reason */
	sk_buf_reset(&body);
	sk_order_notify_body(s->matter.text.document->order.digest, NULL, "its owner is not known", &body);
	EXPECT(act_on(s, &s->matter, "notify", sk_buf_text(&body), LEO), SK_OK, "");
	sk_buf_reset(&body);
	sk_order_review_body(s->matter.text.document->order.digest, s->now_ns + DAY_S * second_ns, "tell sooner", &body);
	EXPECT(act_on(s, &s->matter, "review", sk_buf_text(&body), CHIKA), SK_EPERMIT, "oversight"); /* I10 */
	EXPECT(act_on(s, &s->matter, "review", sk_buf_text(&body), HARU), SK_OK, "");
	EXPECT(why(s, &s->matter, "close", LEO), SK_EORDER, "not answered");
	EXPECT(why(s, &s->matter, "answer", LEO), SK_OK, "");
	EXPECT(why(s, &s->matter, "close", LEO), SK_EORDER, "nothing of it is left");
	EXPECT(receipt(s, &s->matter, "undone", CENTRE), SK_OK, "");
	EXPECT(why(s, &s->matter, "close", LEO), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_CLOSED);
	sk_buf_fini(&body);
	scene_free(s);
}

/* I1: an edit voids whatever was said of the old text. */
//= rule: ORDER-2
static void test_edit_voids(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	uint8_t old[SK_HASH_BYTES];
	struct sk_buf body;
	to_voting(s, SK_ACTION_RPZ_NXDOMAIN, "bad.example");
	EXPECT(says_yes(s, &s->matter, "approve", FUMI), SK_OK, "");
	memcpy(old, s->matter.text.document->order.digest, sizeof old);
	assert_int_equal(s->matter.seats, 1);
	EXPECT(propose_as(s, &s->matter, "edit", SK_ACTION_RPZ_NXDOMAIN, "worse.example", false, NULL, BEN), SK_EPERMIT, "who proposed it edits it");
	EXPECT(propose_as(s, &s->matter, "edit", SK_ACTION_RPZ_NXDOMAIN, "worse.example", false, NULL, AYU), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_DRAFT);
	assert_int_equal(s->matter.voice_count, 0);
	assert_int_equal(s->matter.seats, 0);
	EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->matter, "legal", FUMI), SK_OK, "");
	EXPECT(why(s, &s->matter, "submit", AYU), SK_OK, "");
	/* the old approval again, word for word, and the one of another text */
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_approval_body(old, &body);
	EXPECT(act_on(s, &s->matter, "approve", sk_buf_text(&body), FUMI), SK_EORDER, "another text");
	EXPECT(says_yes(s, &s->matter, "approve", DAN), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
	EXPECT(says_yes(s, &s->matter, "approve", FUMI), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_APPROVED);
	/* approved, and edited again: nothing is left of it */
	EXPECT(propose_as(s, &s->matter, "edit", SK_ACTION_RPZ_NXDOMAIN, "third.example", false, NULL, AYU), SK_OK, "");
	EXPECT(why(s, &s->matter, "stage", LEO), SK_EORDER, "no step 'stage'");
	sk_buf_reset(&body);
	EXPECT(sk_order_mint(&s->matter, centre_key, &body, &fault), SK_EORDER, "approved and staged");
	sk_buf_fini(&body);
	scene_free(s);
}

/* I2: who counts. */
//= rule: ORDER-2
static void test_quorum(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	to_voting(s, SK_ACTION_RPZ_NXDOMAIN, "bad.example");
	EXPECT(says_yes(s, &s->matter, "approve", AYU), SK_EPERMIT, "may not"); /* an analyst */
	EXPECT(says_yes(s, &s->matter, "approve", CENTRE), SK_EPERMIT, "a person does this");
	EXPECT(says_yes(s, &s->matter, "approve", CHIKA), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", CHIKA), SK_EORDER, "counts once");
	EXPECT(says_yes(s, &s->matter, "approve", FUMI), SK_OK, ""); /* legal, but of chika's organisation */
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
	assert_int_equal(s->matter.seats, 1);
	assert_non_null(strstr(s->matter.missing, "level medium needs 2"));
	EXPECT(says_yes(s, &s->matter, "approve", ERI), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_APPROVED);
	scene_free(s);

	s = scene_new(); /* two organisations, and nobody of law */
	to_voting(s, SK_ACTION_RPZ_NXDOMAIN, "bad.example");
	EXPECT(says_yes(s, &s->matter, "approve", CHIKA), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", DAN), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
	assert_non_null(strstr(s->matter.missing, "quorum is not met"));
	EXPECT(says_yes(s, &s->matter, "approve", GORO), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_APPROVED);
	scene_free(s);

	s = scene_new(); /* high: three organisations with oversight among them */
	to_voting(s, SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.0/24");
	EXPECT(says_yes(s, &s->matter, "approve", CHIKA), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", DAN), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", ERI), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
	EXPECT(says_yes(s, &s->matter, "approve", IKU), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_APPROVED);
	scene_free(s);

	s = scene_new(); /* votes against: rejected as soon as it cannot be met, and not before */
	to_voting(s, SK_ACTION_RPZ_NXDOMAIN, "bad.example");
	EXPECT(why(s, &s->matter, "reject", FUMI), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
	EXPECT(why(s, &s->matter, "reject", GORO), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_REJECTED);
	EXPECT(says_yes(s, &s->matter, "approve", CHIKA), SK_EORDER, "no step 'approve'");
	scene_free(s);

	s = scene_new(); /* the proposer is one of those who approve, by another key or not: never counts */
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", false, NULL, LEO), SK_OK, "");
	EXPECT(why(s, &s->matter, "evidence", LEO), SK_EPERMIT, "somebody else");
	EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->matter, "submit", LEO), SK_EORDER, "no step 'submit'"); /* not before the law was looked at */
	scene_free(s);
}

/* Signatures that are forged, foreign, exchanged or another act's. */
//= rule: ORDER-2
static void test_signatures(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	struct sk_act act;
	struct sk_buf body;
	to_voting(s, SK_ACTION_RPZ_NXDOMAIN, "bad.example");
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_approval_body(s->matter.text.document->order.digest, &body);
	struct sk_person fumi = person_at(FUMI), dan = person_at(DAN);
	char *note = note_of(s, s->matter.id, "approve", sk_buf_text(&body), FUMI, &act);
	/* dan's register entry under fumi's signature: the note is not dan's, and the count sees a signature that is not his. Judged as fumi it is good. */
	note[strlen(note) - 10] = note[strlen(note) - 10] == 'A' ? 'B' : 'A';
	assert_int_not_equal(sk_order_judge(&s->matter, &act, note, strlen(note), &fumi, &s->court, &s->facts, &fault), SK_OK);
	free(note);
	/* stripped: a statement without its signature */
	note = note_of(s, s->matter.id, "approve", sk_buf_text(&body), FUMI, &act);
	char *blank = strstr(note, "\n\n");
	assert_int_not_equal(sk_order_judge(&s->matter, &act, note, (size_t)(blank + 1 - note), &fumi, &s->court, &s->facts, &fault), SK_OK);
	/* one approval with two signatures */
	char *twice = NULL;
	assert_true(asprintf(&twice, "%s%s", note, blank + 2) >= 0);
	assert_int_equal(sk_order_judge(&s->matter, &act, twice, strlen(twice), &fumi, &s->court, &s->facts, &fault), SK_ESIGNATURE);
	free(twice);
	/* replayed under another's name */
	assert_int_equal(sk_order_judge(&s->matter, &act, note, strlen(note), &fumi, &s->court, &s->facts, &fault), SK_OK);
	assert_int_equal(sk_order_judge(&s->matter, &act, note, strlen(note), &dan, &s->court, &s->facts, &fault), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "twice"));
	free(note);
	/* the approval of another order with the same text but for its id */
	note = note_of(s, "order-9", "approve", sk_buf_text(&body), DAN, &act);
	(void)snprintf(act.id, sizeof act.id, "order-7");
	assert_int_equal(sk_order_judge(&s->matter, &act, note, strlen(note), &dan, &s->court, &s->facts, &fault), SK_ESIGNATURE);
	free(note);
	/* a member of another level's quorum alone */
	EXPECT(says_yes(s, &s->matter, "approve", HARU), SK_ESIGNATURE, "not a member's");
	assert_int_equal(s->matter.voice_count, 1);
	assert_int_equal(s->matter.state, SK_ORDER_VOTING);
	sk_buf_fini(&body);
	scene_free(s);
}

/* I3 */
//= rule: ORDER-7
static void test_urgent(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	struct sk_buf text;
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", true, NULL, LEO), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "urgent", LEO), SK_EPERMIT, "never counts"); /* one person is not two */
	EXPECT(says_yes(s, &s->matter, "urgent", FUMI), SK_EPERMIT, "may not");
	EXPECT(says_yes(s, &s->matter, "urgent", DAN), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_URGENT_ACTIVE);
	assert_int_equal(sk_order_due(&s->matter, s->now_ns), SK_ORDER_EVENT_LISTED);
	EXPECT(receipt(s, &s->matter, "listed", CENTRE), SK_OK, "");
	EXPECT(receipt(s, &s->matter, "listed", CENTRE), SK_EORDER, "already");
	assert_true(s->matter.listed_ns - s->matter.urgent_ns <= SK_LISTED_WITHIN_S * second_ns);
	sk_buf_init(&text, SK_WARRANT_TEXT_MAX);
	EXPECT(sk_order_mint(&s->matter, centre_key, &text, &fault), SK_OK, "");
	EXPECT(receipt(s, &s->matter, "set", CENTRE), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_URGENT_ACTIVE); /* I1: standing is not active */
	EXPECT(says_yes(s, &s->matter, "ratify", FUMI), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_URGENT_ACTIVE);
	EXPECT(says_yes(s, &s->matter, "ratify", DAN), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_ACTIVE);
	sk_buf_fini(&text);
	scene_free(s);

	s = scene_new(); /* not ratified: undone by itself, and too late is too late */
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", true, NULL, LEO), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "urgent", DAN), SK_OK, "");
	EXPECT(receipt(s, &s->matter, "listed", CENTRE), SK_OK, "");
	EXPECT(receipt(s, &s->matter, "lapse", CENTRE), SK_EORDER, "there is time");
	s->now_ns = sk_order_until(&s->matter);
	assert_true(s->now_ns - start_ns <= DAY_S * second_ns);
	assert_int_equal(sk_order_due(&s->matter, s->now_ns), SK_ORDER_EVENT_LAPSE);
	EXPECT(says_yes(s, &s->matter, "ratify", FUMI), SK_EEXPIRED, "time to ratify is over");
	EXPECT(receipt(s, &s->matter, "lapse", CENTRE), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_ROLLED_BACK);
	scene_free(s);

	s = scene_new(); /* an ordinary order is not urgent, an urgent one not ordinary */
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", false, NULL, LEO), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "urgent", DAN), SK_EORDER, "does not say that it is urgent");
	EXPECT(propose_as(s, &s->matter, "edit", SK_ACTION_RPZ_NXDOMAIN, "bad.example", true, NULL, LEO), SK_OK, "");
	EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->matter, "legal", FUMI), SK_OK, "");
	EXPECT(why(s, &s->matter, "submit", LEO), SK_EORDER, "not the quorum's");
	scene_free(s);
}

static void refuse_document(change make, const char *says)
{
	struct sk_order_document *d = document_for("order-7", SK_ACTION_RPZ_NXDOMAIN, "bad.example", start_ns, 3600, false);
	struct sk_buf body;
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	make(d);
	fault.line[0] = '\0';
	enum sk_err err = sk_order_text_make(d, sk_sign_key_public(keys[AYU]), quorums[SK_LEVEL_MEDIUM], "", &body, &fault);
	if (err == SK_OK || strstr(fault.line, says) == NULL)
		fail_msg("%d \"%s\" does not say %s", err, fault.line, says);
	assert_int_equal(body.length, 0);
	sk_buf_fini(&body);
	free(d);
}

#define WITHOUT(name, statement) static void name(struct sk_order_document *d) { statement; }
WITHOUT(no_act, d->target_act[0] = '\0')
WITHOUT(no_plan, d->plan[0] = '\0')
WITHOUT(no_assets, d->asset_count = 0)
WITHOUT(no_orgs, d->org_count = 0)
WITHOUT(no_commander, d->commander[0] = '\0')
WITHOUT(no_narrower, d->narrower[0] = '\0')
WITHOUT(no_reason, d->refused_because[0] = '\0')
WITHOUT(no_proof, d->proof_count = 0)
WITHOUT(no_blast, d->blast.hosts[0] = '\0')
WITHOUT(no_check, d->check_hours = 0)
WITHOUT(no_foreign_why, d->foreign_effect = true)
WITHOUT(no_targets, d->order.target_count = 0)
WITHOUT(no_period, d->order.not_after_ns = d->order.not_before_ns)
WITHOUT(too_long, d->order.life_s = 8 * DAY_S)
WITHOUT(urgent_for_nothing, d->order.urgent = true)
WITHOUT(urgent_trifle, d->order.urgent = true; d->assets[0].important = false; (void)snprintf(d->urgent_why, 9, "tonight"))

/* I5, I9: what must stand there. */
//= rule: ORDER-4
static void test_document(void **state)
{
	(void)state;
	static const struct {
		change make;
		const char *says;
	} cases[] = {
		{no_act, "target_act"}, {no_plan, "plan"}, {no_assets, "protected"}, {no_orgs, "orgs"}, {no_commander, "commander"}, {no_narrower, "alternative"},
		{no_reason, "alternative"}, {no_proof, "evidence"}, {no_blast, "blast"}, {no_check, "check_hours"}, {no_foreign_why, "foreign.why"}, {no_targets, "'targets'"},
		{no_period, "'not_after'"}, {too_long, "'life_s'"}, {urgent_for_nothing, "urgent"}, {urgent_trifle, "urgent"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		refuse_document(cases[i].make, cases[i].says);
	/* a notice says something in both languages, and other measures say nothing */
	struct sk_order_document *notice = document_for("order-7", SK_ACTION_OPERATOR_ADVISORY_SEND, "operator-3", start_ns, 3600, false);
	struct sk_order_text read;
	struct sk_buf written, alone;
	body_for(notice, AYU, &written);
	assert_int_equal(sk_order_text_read(sk_buf_text(&written), written.length, &read, &fault), SK_OK);
	assert_memory_equal(read.document, notice, sizeof *notice);
	uint8_t digest[SK_HASH_BYTES];
	sk_buf_init(&alone, SK_ACT_BODY_MAX);
	sk_order_document_write(&read, &alone);
	sk_sha256(alone.bytes, alone.length, digest);
	assert_memory_equal(digest, read.document->order.document, sizeof digest);
	sk_buf_fini(&alone);
	sk_buf_fini(&written);
	sk_order_text_fini(&read);
	notice->notice.text[1][0] = '\0';
	assert_int_equal(sk_order_document_check(notice, &fault), SK_EMALFORMED);
	assert_non_null(strstr(fault.line, "notice.ja"));
	notice->notice.about_count = 0;
	assert_int_equal(sk_order_document_check(notice, &fault), SK_EMALFORMED);
	free(notice);
	/* what was written is read back, and nothing but that */
	struct sk_order_document *d = document_for("order-7", SK_ACTION_RPZ_NXDOMAIN, "bad.example", start_ns, 3600, false);
	struct sk_order_text text;
	struct sk_buf body;
	body_for(d, AYU, &body);
	assert_int_equal(sk_order_text_read(sk_buf_text(&body), body.length, &text, &fault), SK_OK);
	assert_memory_equal(text.document, d, sizeof *d);
	sk_order_text_fini(&text);
	for (size_t i = 0; i < body.length; i++) {
		body.bytes[i] ^= 1;
		if (sk_order_text_read((const char *)body.bytes, body.length, &text, &fault) == SK_OK) {
			/* another id is another order, which the judge compares with the act's */
			if (strcmp(text.document->order.id, "order-7") == 0)
				fail_msg("byte %zu: '%.40s'", i, (const char *)body.bytes + i);
			sk_order_text_fini(&text);
		}
		body.bytes[i] ^= 1;
	}
	for (size_t cut = 0; cut < body.length; cut += 3)
		assert_int_not_equal(sk_order_text_read(sk_buf_text(&body), cut, &text, &fault), SK_OK);
	sk_buf_fini(&body);
	free(d);
}

WITHOUT(abroad, d->foreign_effect = true; (void)snprintf(d->foreign_why, 20, "its users are there"))
WITHOUT(addressed_abroad, d->addressee_count = 1; (void)snprintf(d->addressees[0].name, 10, "registrar"); (void)snprintf(d->addressees[0].jurisdiction, 3, "US"))
WITHOUT(addressed_at_home, d->addressee_count = 1; (void)snprintf(d->addressees[0].name, 10, "registrar"); (void)snprintf(d->addressees[0].jurisdiction, 3, "JP"))

/* I4 */
//= rule: ORDER-6
static void test_foreign(void **state)
{
	(void)state;
	static const change far[] = {abroad, addressed_abroad};
	for (size_t i = 0; i < 2; i++) {
		struct scene *s = scene_new();
		struct sk_buf body;
		EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", false, far[i], AYU), SK_OK, "");
		assert_string_equal(s->facts.words[0], "foreign");
		EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
		EXPECT(why(s, &s->matter, "legal", FUMI), SK_OK, "");
		EXPECT(why(s, &s->matter, "submit", AYU), SK_EORDER, "foreign affairs");
		sk_buf_init(&body, SK_ACT_BODY_MAX);
		sk_order_consult_body(s->matter.text.document->order.digest, i == 0, "asked the embassy", &body);
		EXPECT(act_on(s, &s->matter, "consult", sk_buf_text(&body), FUMI), SK_EPERMIT, "may not");
		EXPECT(act_on(s, &s->matter, "consult", sk_buf_text(&body), JUN), SK_OK, "");
		assert_true(s->matter.consult_refused == (i == 1)); /* a refusal is on record, and those who approve see it */
		EXPECT(why(s, &s->matter, "submit", AYU), SK_OK, "");
		sk_buf_fini(&body);
		scene_free(s);
	}
	struct scene *s = scene_new();
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", false, addressed_at_home, AYU), SK_OK, "");
	assert_false(sk_order_is_foreign(s->matter.text.document));
	scene_free(s);
}

WITHOUT(extends_seven, (void)snprintf(d->extends, 9, "order-7"))
WITHOUT(joint, d->org_count = 2; (void)snprintf(d->orgs[1], 4, "npa"); (void)snprintf(d->commander, 4, "npa"))

static enum sk_err approve_second(struct scene *s, change make, const char *target)
{
	EXPECT(propose_as(s, &s->second, "propose", SK_ACTION_RPZ_NODATA, target, false, make, AYU), SK_OK, "");
	EXPECT(why(s, &s->second, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->second, "legal", FUMI), SK_OK, "");
	EXPECT(why(s, &s->second, "submit", AYU), SK_OK, "");
	EXPECT(says_yes(s, &s->second, "approve", FUMI), SK_OK, "");
	EXPECT(says_yes(s, &s->second, "approve", DAN), SK_OK, "");
	return why(s, &s->second, "stage", LEO);
}

static const struct sk_order_matter *sees_nobody(void *context, const char *id, size_t i)
{
	(void)context;
	(void)id;
	(void)i;
	return NULL;
}

/* I8 */
//= rule: ORDER-5
static void test_deconfliction(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	to_active(s);
	EXPECT(approve_second(s, NULL, "bad.example"), SK_EDECONFLICT, "order-7 stands on bad.example");
	/* the sabotage twin: with the other orders out of sight nothing holds it back */
	s->court.other = sees_nobody;
	EXPECT(why(s, &s->second, "stage", LEO), SK_OK, "");
	scene_free(s);

	s = scene_new();
	to_active(s);
	EXPECT(approve_second(s, NULL, "*.bad.example"), SK_OK, ""); /* below it is not it */
	scene_free(s);

	s = scene_new(); /* the one that extends it may, and the old one says so */
	struct sk_buf body;
	to_active(s);
	EXPECT(approve_second(s, extends_seven, "bad.example"), SK_OK, "");
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_extend_body(s->matter.text.document->order.digest, "order-9", &body);
	EXPECT(act_on(s, &s->matter, "extend", sk_buf_text(&body), CHIKA), SK_EORDER, "does not exist");
	sk_buf_reset(&body);
	sk_order_extend_body(s->matter.text.document->order.digest, "order-8", &body);
	EXPECT(act_on(s, &s->matter, "extend", sk_buf_text(&body), CHIKA), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_EXTENDED);
	sk_buf_fini(&body);
	scene_free(s);

	s = scene_new(); /* several organisations: one commands */
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", false, joint, AYU), SK_OK, "");
	EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->matter, "legal", FUMI), SK_OK, "");
	EXPECT(why(s, &s->matter, "submit", AYU), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", FUMI), SK_OK, "");
	EXPECT(says_yes(s, &s->matter, "approve", DAN), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_VOTING); /* across organisations the level is high (I2) */
	assert_string_equal(s->facts.words[0], "level.high");
	EXPECT(says_yes(s, &s->matter, "approve", IKU), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_APPROVED);
	EXPECT(why(s, &s->matter, "stage", LEO), SK_EPERMIT, "another one commands");
	EXPECT(why(s, &s->matter, "stage", KEI), SK_OK, "");
	scene_free(s);
}

static enum sk_err check_again(struct scene *s, uint64_t hits, uint64_t false_hits, bool needed, struct sk_buf *body)
{
	sk_buf_reset(body);
	sk_order_check_body(s->matter.text.document->order.digest, hits, false_hits, needed, "", body);
	s->now_ns += 10 * second_ns;
	return act_on(s, &s->matter, "check", sk_buf_text(body), LEO);
}

/* Each reason for an early end, and none where all is well. rule: ORDER-10 */
static void test_end_is_proposed(struct scene *s, struct sk_buf *body)
{
	char why[SK_FAULT_LINE_MAX];
	int64_t period_ns = (int64_t)s->matter.text.document->check_hours * 3600 * second_ns;
	assert_false(sk_order_end_proposed(&s->matter, s->now_ns, why));
	assert_false(sk_order_end_proposed(&s->matter, s->now_ns + period_ns - 1, why));
	assert_true(sk_order_end_proposed(&s->matter, s->now_ns + period_ns, why));
	assert_non_null(strstr(why, "nobody has looked"));
	EXPECT(check_again(s, 12, 7, true, body), SK_OK, "");
	assert_true(sk_order_end_proposed(&s->matter, s->now_ns, why));
	assert_string_equal(why, "7 of its 12 hits were false");
	EXPECT(check_again(s, 0, 0, true, body), SK_OK, "");
	assert_true(sk_order_end_proposed(&s->matter, s->now_ns, why));
	assert_non_null(strstr(why, "has hit nothing"));
	EXPECT(check_again(s, 5, 0, false, body), SK_OK, "");
	assert_true(sk_order_end_proposed(&s->matter, s->now_ns, why));
	assert_non_null(strstr(why, "needed no longer"));
	EXPECT(check_again(s, 12, 1, true, body), SK_OK, "");
	assert_false(sk_order_end_proposed(&s->matter, s->now_ns, why));
}

/* I6, and what only the centre or oversight does. */
static void test_standing(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	struct sk_buf body;
	to_active(s);
	EXPECT(receipt(s, &s->matter, "fail", LEO), SK_EPERMIT, "the centre itself");
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	sk_order_check_body(s->matter.text.document->order.digest, 12, 1, true, "", &body);
	s->now_ns += 600 * second_ns;
	EXPECT(act_on(s, &s->matter, "check", sk_buf_text(&body), LEO), SK_OK, "");
	assert_int_equal(s->matter.check_ns, s->now_ns);
	assert_int_equal(s->matter.hits, 12);
	test_end_is_proposed(s, &body);
	EXPECT(why(s, &s->matter, "halt", CHIKA), SK_EPERMIT, "oversight");
	EXPECT(why(s, &s->matter, "halt", HARU), SK_OK, "");
	assert_int_equal(s->matter.state, SK_ORDER_ROLLED_BACK);
	/* a receipt that is taken twice, or one that is left out */
	sk_buf_reset(&body);
	sk_order_receipt_body(s->matter.text.document->order.digest, 0, "the first one again", &body);
	EXPECT(act_on(s, &s->matter, "receipt", sk_buf_text(&body), CENTRE), SK_EORDER, "not the next one");
	/* an act that is dated before the one before it */
	s->now_ns -= second_ns;
	EXPECT(receipt(s, &s->matter, "undone", CENTRE), SK_EORDER, "before that of the act before it");
	sk_buf_fini(&body);
	scene_free(s);
}

/* The register changed while the text lay there: who approves is not who was asked. */
//= rule: ORDER-3
static void test_register_moves(void **state)
{
	(void)state;
	struct scene *s = scene_new();
	char before[sizeof quorums[0]];
	EXPECT(propose_as(s, &s->matter, "propose", SK_ACTION_RPZ_NXDOMAIN, "bad.example", false, NULL, AYU), SK_OK, "");
	EXPECT(why(s, &s->matter, "evidence", BEN), SK_OK, "");
	EXPECT(why(s, &s->matter, "legal", FUMI), SK_OK, "");
	memcpy(before, quorums[SK_LEVEL_MEDIUM], sizeof before);
	(void)snprintf(quorums[SK_LEVEL_MEDIUM] + strlen(before), sizeof before - strlen(before), "# somebody came\n");
	EXPECT(why(s, &s->matter, "submit", AYU), SK_EORDER, "not the register's");
	memcpy(quorums[SK_LEVEL_MEDIUM], before, sizeof before);
	EXPECT(why(s, &s->matter, "submit", AYU), SK_OK, "");
	scene_free(s);
}

static void test_bands(void **state)
{
	(void)state;
	static const struct {
		uint64_t number;
		const char *band;
	} cases[] = {{0, "< 10"}, {9, "< 10"}, {10, "10-99"}, {99, "10-99"}, {100, "100-999"}, {9999, "1,000-9,999"}, {999999, "100,000-999,999"}, {1000000, "1,000,000 or more"},
		     {UINT64_MAX, "1,000,000 or more"}};
	char text[SK_BAND_MAX];
	for (size_t i = 0; i < SK_COUNT(cases); i++)
		assert_string_equal(sk_band_of(cases[i].number, text), cases[i].band);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_way), cmocka_unit_test(test_edit_voids), cmocka_unit_test(test_quorum), cmocka_unit_test(test_signatures), cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_document), cmocka_unit_test(test_foreign), cmocka_unit_test(test_deconfliction), cmocka_unit_test(test_standing),
		cmocka_unit_test(test_register_moves), cmocka_unit_test(test_bands),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
