/* SPDX-License-Identifier: Apache-2.0 */
/* One act of an order: may it be, and what comes of it. Each event has a function that checks what the table cannot know, and what it needs to remember. */
#include "decide/blast.h"
#include "decide/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"

static const int64_t ns_per_second = 1000000000;

/* What the functions below share while one act is judged. `next` is a copy of the matter that becomes it when all is well; of what is owned it borrows. */
struct trial {
	const struct sk_order_matter *matter;
	struct sk_order_matter next;
	const struct sk_act *act;
	const char *note;
	size_t note_length;
	const struct sk_person *who;         /* NULL: the centre */
	const struct sk_order_court *court;
	const struct sk_json_value *body;
	enum sk_order_event event;
	enum sk_order_outcome outcome;
	bool new_text;                       /* next.text is its own */
	bool new_voice;                      /* the last voice's note is its own */
	struct sk_fault *fault;
};

static enum sk_err no(const struct trial *t, const char *why)
{
	return sk_fault_set(t->fault, SK_EORDER, "order %s: %s: %s", t->matter->id, sk_order_event_name(t->event), why);
}

static enum sk_err not_you(const struct trial *t, const char *why)
{
	return sk_fault_set(t->fault, SK_EPERMIT, "order %s: %s by %s: %s", t->matter->id, sk_order_event_name(t->event), t->who != NULL ? t->who->account : "the centre", why);
}

static bool is_proposer(const struct trial *t)
{
	return t->who != NULL && strcmp(t->who->account, t->matter->proposer) == 0;
}

static const struct sk_order *order_of(const struct sk_order_matter *m)
{
	return &m->text.document->order;
}

/* ---- bodies ---- */

static enum sk_err body_text(const struct trial *t, const char *key, size_t most, bool may_be_empty, const char **out)
{
	const char *text = sk_json_get_text(t->body, key);
	if (text == NULL || strlen(text) > most || (!may_be_empty && text[0] == '\0'))
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: %s: %s: expected a text of %s%zu bytes", t->matter->id, sk_order_event_name(t->event), key,
				    may_be_empty ? "at most " : "1 to ", most);
	*out = text;
	return SK_OK;
}

/* Every act names the text that it is about: one that was said of another text says nothing of this one. */
static enum sk_err names_this_text(const struct trial *t)
{
	uint8_t digest[SK_HASH_BYTES];
	if (sk_json_get_hex(t->body, "order", digest, sizeof digest) != SK_OK)
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: %s: order: expected 64 hexadecimal digits", t->matter->id, sk_order_event_name(t->event));
	if (memcmp(digest, order_of(t->matter)->digest, sizeof digest) != 0)
		return no(t, "it is about another text; the order was edited since. Look at it again (sekisho order show)");
	return SK_OK;
}

/* ---- invariants that more than one event needs ---- */

/* I8: one order at a time on one target. The one that it goes on after is left in peace. */
//= rule: ORDER-5
static enum sk_err target_is_free(const struct trial *t)
{
	const struct sk_order *mine = order_of(t->matter);
	const struct sk_order_matter *other;
	for (size_t i = 0; (other = t->court->other(t->court->context, NULL, i)) != NULL; i++) {
		if (strcmp(other->id, t->matter->id) == 0 || !sk_order_state_stands(other->state) || other->text.document == NULL ||
		    strcmp(other->id, t->matter->text.document->extends) == 0)
			continue;
		const struct sk_order *theirs = order_of(other);
		if (sk_action_measure(theirs->action) != sk_action_measure(mine->action))
			continue;
		for (size_t a = 0; a < mine->target_count; a++)
			for (size_t b = 0; b < theirs->target_count; b++)
				if (sk_targets_touch(mine->targets[a], theirs->targets[b]))
					return sk_fault_set(t->fault, SK_EDECONFLICT, "order %s: %s: order %s stands on %s already; end it first, or propose one that extends it",
							    t->matter->id, sk_order_event_name(t->event), other->id, theirs->targets[b]);
	}
	return SK_OK;
}

static enum sk_err window_is_open(const struct trial *t)
{
	char after[SK_TIME_TEXT_MAX];
	if (t->act->time_ns < order_of(t->matter)->not_after_ns)
		return SK_OK;
	return sk_fault_set(t->fault, SK_EEXPIRED, "order %s: %s: its time ended at %s; propose a new one", t->matter->id, sk_order_event_name(t->event),
			    sk_time_format(order_of(t->matter)->not_after_ns, 0, after));
}

/* ---- text: propose, edit ---- */

static enum sk_err register_agrees(const struct trial *t, const char *text, enum sk_level level)
{
	struct sk_buf now;
	sk_buf_init(&now, SK_QUORUM_TEXT_MAX);
	enum sk_err err = t->court->quorum(t->court->context, level, t->act->time_ns, &now, t->fault);
	/* a team of two has nobody to ratify with: what they set urgently ends in time, and that is all */
	bool nobody = err == SK_EPERMIT && text[0] == '\0';
	if (nobody)
		err = SK_OK;
	else if (err == SK_OK && strcmp(sk_buf_text(&now), text) != 0)
		err = sk_fault_set(t->fault, SK_EORDER, "order %s: %s: its quorum for level %s is not the register's; edit the order anew", t->matter->id,
				   sk_order_event_name(t->event), sk_level_name(level));
	sk_buf_fini(&now);
	return err;
}

static enum sk_err check_quorums(const struct trial *t, const struct sk_order_text *text)
{
	const struct sk_order *order = &text->document->order;
	SK_TRY(register_agrees(t, text->quorum, sk_order_level(order)));
	return order->urgent ? register_agrees(t, text->ratify, sk_order_base_level(order)) : SK_OK;
}

/* The policy of the day may say less than the table of measures, never more. */
//= rule: POLICY-3
static enum sk_err within_policy(const struct trial *t, const struct sk_order *order)
{
	const char *measure = sk_measure_name(sk_action_measure(order->action));
	const struct sk_law *law = t->court->law;
	const struct sk_law_cap *cap = law != NULL ? sk_law_cap(law, measure, t->act->time_ns, t->court->profile == SK_PROFILE_LAB) : NULL;
	char span[SK_LAW_WORD_MAX];
	if (cap == NULL)
		return SK_OK;
	const struct sk_law_span *most = order->urgent ? &cap->urgent : &cap->longest;
	if (sk_law_span_none(most))
		return sk_fault_set(t->fault, SK_EORDER, "order %s: policy %s lets no %s be set urgently", t->matter->id, law->name, measure);
	if ((int64_t)order->life_s > (sk_law_span_after(t->act->time_ns, most) - t->act->time_ns) / 1000000000)
		return sk_fault_set(t->fault, SK_EORDER, "order %s: its measure would live %llu seconds; policy %s lets %s live %s at most%s", t->matter->id, (unsigned long long)order->life_s, law->name,
				    measure, sk_law_span_format(most, span), order->urgent ? " when it is urgent" : "");
	return SK_OK;
}

static enum sk_err new_text(struct trial *t)
{
	struct sk_order_text *text = &t->next.text;
	SK_TRY(sk_order_text_read(t->act->body, t->act->body_length, text, t->fault));
	t->new_text = true;
	const struct sk_order *order = &text->document->order;
	if (strcmp(order->id, t->matter->id) != 0)
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: its text is of order %s", t->matter->id, order->id);
	if (memcmp(order->proposer.public_key, t->who->key.public_key, sizeof order->proposer.public_key) != 0)
		return not_you(t, "the text names another key as the proposer's");
	if (order->not_after_ns <= t->act->time_ns)
		return sk_fault_set(t->fault, SK_EEXPIRED, "order %s: its time is over before it begins", t->matter->id);
	if (t->court->profile == SK_PROFILE_JP_2025 && strcmp(text->document->home, "JP") != 0)
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: foreign.home: expected JP under profile jp-2025", t->matter->id);
	SK_TRY(check_quorums(t, text));
	SK_TRY(within_policy(t, order));
	/* whatever was looked at and signed over the old text is void */
	t->next.voice_count = 0;
	t->next.seats = 0;
	t->next.evidence_by[0] = t->next.legal_by[0] = t->next.consult_by[0] = '\0';
	t->next.consult_refused = false;
	t->next.missing[0] = '\0';
	t->next.proposed_ns = t->act->time_ns;
	return SK_OK;
}

static enum sk_err on_propose(struct trial *t)
{
	(void)snprintf(t->next.proposer, sizeof t->next.proposer, "%s", t->who->account);
	(void)snprintf(t->next.proposer_org, sizeof t->next.proposer_org, "%s", t->who->org);
	t->next.proposer_kind = t->who->kind;
	return new_text(t);
}

static enum sk_err on_edit(struct trial *t)
{
	return is_proposer(t) ? new_text(t) : not_you(t, "who proposed it edits it; propose another one");
}

/* ---- reviews ---- */

static enum sk_err on_evidence(struct trial *t)
{
	const char *why;
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, false, &why));
	if (is_proposer(t))
		return not_you(t, "somebody else than the proposer looks at the evidence");
	(void)snprintf(t->next.evidence_by, sizeof t->next.evidence_by, "%s", t->who->account);
	return SK_OK;
}

static enum sk_err on_legal(struct trial *t)
{
	const char *why;
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, false, &why));
	if (is_proposer(t))
		return not_you(t, "somebody else than the proposer looks at the law");
	(void)snprintf(t->next.legal_by, sizeof t->next.legal_by, "%s", t->who->account);
	return SK_OK;
}

static enum sk_err on_consult(struct trial *t)
{
	const char *why, *answer;
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, false, &why));
	SK_TRY(body_text(t, "answer", SK_ACT_WORD_MAX, false, &answer));
	if (strcmp(answer, "acknowledged") != 0 && strcmp(answer, "refused") != 0)
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: consult: answer: expected acknowledged or refused", t->matter->id);
	if (is_proposer(t))
		return not_you(t, "somebody else than the proposer answers");
	t->next.consult_refused = strcmp(answer, "refused") == 0;
	(void)snprintf(t->next.consult_by, sizeof t->next.consult_by, "%s", t->who->account);
	return SK_OK;
}

static enum sk_err on_submit(struct trial *t)
{
	if (!is_proposer(t))
		return not_you(t, "who proposed it lays it before the quorum");
	SK_TRY(window_is_open(t));
	if (order_of(t->matter)->urgent)
		return no(t, "it says that it is urgent, and two persons' word is not the quorum's: edit it into an ordinary one, or set it urgently");
	//= rule: ORDER-6
	if (sk_order_is_foreign(t->matter->text.document) && t->matter->state != SK_ORDER_FOREIGN_CONSULT)
		return no(t, "it reaches abroad (an effect, or an addressee of another jurisdiction): foreign affairs answer first (sekisho order consult)");
	/* who may approve must not have changed since the text was made */
	return check_quorums(t, &t->matter->text);
}

static enum sk_err on_withdraw(struct trial *t)
{
	return is_proposer(t) ? SK_OK : not_you(t, "who proposed it withdraws it; others reject it");
}

/* ---- votes ---- */

static enum sk_err may_voice(const struct trial *t)
{
	const struct sk_order_matter *m = t->matter;
	for (size_t i = 0; i < m->voice_count; i++)
		if (strcmp(m->voices[i].account, t->who->account) == 0 && m->voices[i].event == t->event)
			return no(t, "this person did so already; each counts once");
	return is_proposer(t) ? not_you(t, "the proposer never counts") : SK_OK;
}

static enum sk_err add_voice(struct trial *t)
{
	struct sk_order_matter *n = &t->next;
	SK_TRY(may_voice(t));
	if (n->voice_count == SK_ORDER_VOICES_MAX)
		return sk_fault_set(t->fault, SK_ETOOBIG, "order %s: more than %d votes", n->id, SK_ORDER_VOICES_MAX);
	struct sk_order_voice *voice = &n->voices[n->voice_count];
	*voice = (struct sk_order_voice){.key = t->who->key, .event = t->event, .time_ns = t->act->time_ns};
	(void)snprintf(voice->account, sizeof voice->account, "%s", t->who->account);
	(void)snprintf(voice->org, sizeof voice->org, "%s", t->who->org);
	voice->note = strndup(t->note, t->note_length);
	if (voice->note == NULL)
		return sk_fault_set(t->fault, SK_ENOMEM, "out of memory");
	n->voice_count++;
	t->new_voice = true;
	return SK_OK;
}

/* Count the acts of this event, the new one among them. */
static enum sk_err count(struct trial *t, enum sk_level level, const char *quorum)
{
	struct sk_order_matter *n = &t->next;
	struct sk_approvals approvals = {0};
	uint8_t digest[SK_HASH_BYTES];
	bool met = false;
	for (size_t i = 0; i < n->voice_count; i++)
		if (n->voices[i].event == t->event)
			approvals.notes[approvals.count++] = n->voices[i].note;
	sk_sha256(quorum, strlen(quorum), digest);
	SK_TRY(t->court->agreed(order_of(t->matter), quorum, digest, level, sk_order_event_name(t->event), &approvals, t->court->centre, &n->seats, &met, t->fault));
	(void)snprintf(n->missing, sizeof n->missing, "%s", met ? "" : t->fault->line);
	t->outcome = met ? SK_ORDER_OUTCOME_MET : SK_ORDER_OUTCOME_OPEN;
	return SK_OK;
}

//= rule: ORDER-2
static enum sk_err on_approve(struct trial *t)
{
	SK_TRY(window_is_open(t));
	SK_TRY(add_voice(t));
	return count(t, sk_order_base_level(order_of(t->matter)), t->matter->text.quorum);
}

static enum sk_err on_reject(struct trial *t)
{
	const char *why;
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, false, &why));
	SK_TRY(add_voice(t));
	struct sk_order_matter *n = &t->next;
	struct sk_verify_key against[SK_ORDER_VOICES_MAX];
	size_t no_count = 0;
	for (size_t i = 0; i < n->voice_count; i++)
		if (n->voices[i].event == SK_ORDER_EVENT_REJECT)
			against[no_count++] = n->voices[i].key;
	bool possible = t->matter->state == SK_ORDER_VOTING &&
			sk_order_possible(order_of(t->matter), t->matter->text.quorum, sk_order_level(order_of(t->matter)), against, no_count, t->court->centre);
	t->outcome = possible ? SK_ORDER_OUTCOME_OPEN : SK_ORDER_OUTCOME_MET;
	return SK_OK;
}

/* I3: a second person of those who may; the text says urgent, and of what may be urgent measure.def and the document's check have the say. */
//= rule: ORDER-7
static enum sk_err on_urgent(struct trial *t)
{
	if (!order_of(t->matter)->urgent)
		return no(t, "the order does not say that it is urgent; edit it, or go the ordinary way");
	SK_TRY(window_is_open(t));
	SK_TRY(add_voice(t));
	SK_TRY(count(t, SK_LEVEL_URGENT, t->matter->text.quorum));
	if (t->outcome != SK_ORDER_OUTCOME_MET)
		return SK_OK;
	t->next.urgent_ns = t->act->time_ns;
	return target_is_free(t);
}

static int64_t ratify_until(const struct sk_order_matter *m)
{
	int64_t day = m->urgent_ns + SK_RATIFY_WITHIN_S * ns_per_second, end = order_of(m)->not_after_ns;
	return day < end ? day : end;
}

static enum sk_err on_ratify(struct trial *t)
{
	if (t->act->time_ns >= ratify_until(t->matter))
		return sk_fault_set(t->fault, SK_EEXPIRED, "order %s: ratify: the time to ratify is over; it is undone", t->matter->id);
	if (t->matter->text.ratify[0] == '\0')
		return no(t, "the register had too few people to ratify it when it was drafted; it ends by itself");
	SK_TRY(add_voice(t));
	return count(t, sk_order_base_level(order_of(t->matter)), t->matter->text.ratify);
}

/* ---- doing ---- */

/* What stands behind the letter of LAW.md 3 that lets this organisation execute. "own network" only they themselves can know. */
static enum sk_err executes_this(const struct trial *t)
{
	enum sk_measure measure = sk_action_measure(order_of(t->matter)->action);
	const char *condition = sk_access_condition(t->who, "order.stage");
	if (strcmp(condition, "takedown") == 0 && measure != SK_MEASURE_TAKEDOWN_NOTICE)
		return not_you(t, "such an organisation executes takedown notices alone (LAW.md 3)");
	if (strcmp(condition, "patch") == 0 && measure != SK_MEASURE_VENDOR_REQUEST)
		return not_you(t, "such an organisation executes vendor requests alone (LAW.md 3)");
	return SK_OK;
}

static enum sk_err commands_this(const struct trial *t)
{
	const struct sk_order_document *d = t->matter->text.document;
	if (d->org_count > 1 && strcmp(t->who->org, d->commander) != 0)
		return not_you(t, "several organisations execute it, and another one commands (coordination.commander)");
	return SK_OK;
}

static enum sk_err on_stage(struct trial *t)
{
	SK_TRY(executes_this(t));
	SK_TRY(window_is_open(t));
	SK_TRY(commands_this(t));
	t->next.staged_ns = t->act->time_ns;
	return target_is_free(t);
}

static enum sk_err on_listed(struct trial *t)
{
	if (t->matter->listed_ns != 0)
		return no(t, "oversight has it already");
	t->next.listed_ns = t->act->time_ns;
	return SK_OK;
}

/* The enforcer's receipts are taken one by one in their order. Whose they are was verified by whoever signed this act. */
static enum sk_err take_receipt(struct trial *t)
{
	const char *receipt;
	uint64_t number;
	SK_TRY(body_text(t, "receipt", SK_ACT_BODY_MAX, false, &receipt));
	if (sk_json_get_u64(t->body, "number", &number) != SK_OK || number != t->matter->receipts)
		return no(t, "its number is not the next one of this order's receipts");
	t->next.receipts++;
	return SK_OK;
}

static enum sk_err on_set(struct trial *t)
{
	SK_TRY(take_receipt(t));
	if (t->act->time_ns >= sk_order_until(t->matter))
		return sk_fault_set(t->fault, SK_EEXPIRED, "order %s: set: a receipt after its end", t->matter->id);
	if (t->next.set_ns == 0)
		t->next.set_ns = t->act->time_ns;
	return SK_OK;
}

static enum sk_err on_ended(struct trial *t)
{
	t->next.ended_ns = t->act->time_ns;
	return SK_OK;
}

static enum sk_err on_fail(struct trial *t)
{
	SK_TRY(take_receipt(t));
	return on_ended(t);
}

static enum sk_err on_expire(struct trial *t)
{
	if (t->act->time_ns < sk_order_until(t->matter))
		return no(t, "its time is not over");
	return on_ended(t);
}

static enum sk_err on_lapse(struct trial *t)
{
	/* Also when its own time is over before anybody ratified it. */
	if (t->act->time_ns < sk_order_until(t->matter))
		return no(t, "its time is not over, and there is time to ratify it");
	return on_ended(t);
}

static enum sk_err on_end(struct trial *t)
{
	const char *why;
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, false, &why));
	return on_ended(t);
}

static enum sk_err oversight_alone(const struct trial *t)
{
	if (t->court->profile == SK_PROFILE_JP_2025 && !t->who->oversight)
		return not_you(t, "oversight does this");
	return is_proposer(t) ? not_you(t, "somebody else than the proposer does this") : SK_OK;
}

static enum sk_err on_halt(struct trial *t)
{
	SK_TRY(oversight_alone(t));
	return on_end(t);
}

static enum sk_err on_undone(struct trial *t)
{
	SK_TRY(take_receipt(t));
	t->next.undone = true;
	return SK_OK;
}

static enum sk_err on_check(struct trial *t)
{
	const char *why;
	bool needed = false;
	const struct sk_json_value *value = sk_json_get(t->body, "needed");
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, true, &why));
	if (value == NULL || value->kind != SK_JSON_BOOL || sk_json_get_u64(t->body, "hits", &t->next.hits) != SK_OK ||
	    sk_json_get_u64(t->body, "false_hits", &t->next.false_hits) != SK_OK)
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: check: expected hits, false_hits and needed", t->matter->id);
	needed = value->integer != 0;
	t->next.needless = !needed;
	t->next.checks++;
	if (needed)
		t->next.check_ns = t->act->time_ns; /* a measure that is needed no longer stays due, until it is ended */
	return SK_OK;
}

static enum sk_err on_extend(struct trial *t)
{
	const char *by;
	SK_TRY(body_text(t, "by", SK_MATTER_ID_MAX - 1, false, &by));
	const struct sk_order_matter *other = t->court->other(t->court->context, by, 0);
	if (other == NULL || other->text.document == NULL || strcmp(other->text.document->extends, t->matter->id) != 0)
		return no(t, "the other order does not exist, or does not say that it extends this one");
	if (other->state != SK_ORDER_APPROVED && !sk_order_state_stands(other->state))
		return no(t, "the other order is not approved");
	(void)snprintf(t->next.successor, sizeof t->next.successor, "%s", by);
	return SK_OK;
}

/* ---- afterwards ---- */

//= rule: ORDER-8
static enum sk_err on_notify(struct trial *t)
{
	const char *told, *why;
	SK_TRY(body_text(t, "told", SK_DOCUMENT_TEXT_MAX, true, &told));
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, told[0] != '\0', &why));
	t->next.affected_known = told[0] != '\0';
	return SK_OK;
}

static enum sk_err on_review(struct trial *t)
{
	const char *text, *verdict, *due;
	SK_TRY(oversight_alone(t));
	SK_TRY(body_text(t, "text", SK_DOCUMENT_TEXT_MAX, false, &text));
	SK_TRY(body_text(t, "verdict", SK_ACT_WORD_MAX, false, &verdict));
	SK_TRY(body_text(t, "due", SK_TIME_TEXT_MAX, true, &due));
	bool recommends = strcmp(verdict, "recommend") == 0;
	if (!recommends && strcmp(verdict, "confirm") != 0)
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: review: verdict: expected confirm or recommend", t->matter->id);
	if (recommends != (due[0] != '\0') || (recommends && sk_time_parse(due, &t->next.answer_due_ns) != SK_OK))
		return sk_fault_set(t->fault, SK_EMALFORMED, "order %s: review: due: a recommendation, and nothing else, is to be answered by a day", t->matter->id);
	t->next.recommended = t->matter->recommended || recommends;
	t->next.answered = t->matter->answered && !recommends;
	return SK_OK;
}

static enum sk_err on_answer(struct trial *t)
{
	const char *why;
	SK_TRY(body_text(t, "why", SK_DOCUMENT_TEXT_MAX, false, &why));
	if (!t->matter->recommended)
		return no(t, "there is nothing to answer");
	t->next.answered = true;
	return SK_OK;
}

static enum sk_err may_close(const struct trial *t)
{
	if (t->matter->recommended && !t->matter->answered)
		return no(t, "oversight's recommendation is not answered (sekisho order answer)");
	if (t->matter->set_ns != 0 && !t->matter->undone)
		return no(t, "the enforcer has not said yet that nothing of it is left (sekisho order receipts)");
	return SK_OK;
}

static enum sk_err on_close(struct trial *t)
{
	return may_close(t);
}

/* ---- whom a step is for ---- */

bool sk_order_is_for(const struct sk_order_matter *matter, enum sk_order_event event, const struct sk_person *who, enum sk_profile profile, int64_t now_ns)
{
	const struct sk_act act = {.time_ns = now_ns};
	const struct sk_order_court court = {.profile = profile};
	struct sk_fault unused;
	const struct trial t = {.matter = matter, .act = &act, .who = who, .court = &court, .event = event, .fault = &unused};
	bool open = window_is_open(&t) == SK_OK;
	switch (event) {
	case SK_ORDER_EVENT_EDIT: case SK_ORDER_EVENT_SUBMIT: case SK_ORDER_EVENT_WITHDRAW: return is_proposer(&t);
	case SK_ORDER_EVENT_EVIDENCE: case SK_ORDER_EVENT_LEGAL: case SK_ORDER_EVENT_CONSULT: return !is_proposer(&t);
	case SK_ORDER_EVENT_APPROVE: return open && may_voice(&t) == SK_OK;
	case SK_ORDER_EVENT_URGENT: return open && order_of(matter)->urgent && may_voice(&t) == SK_OK;
	case SK_ORDER_EVENT_REJECT: return may_voice(&t) == SK_OK;
	case SK_ORDER_EVENT_RATIFY: return now_ns < ratify_until(matter) && matter->text.ratify[0] != '\0' && may_voice(&t) == SK_OK;
	case SK_ORDER_EVENT_STAGE: return open && executes_this(&t) == SK_OK && commands_this(&t) == SK_OK;
	case SK_ORDER_EVENT_HALT: case SK_ORDER_EVENT_REVIEW: return oversight_alone(&t) == SK_OK;
	case SK_ORDER_EVENT_ANSWER: return matter->recommended;
	case SK_ORDER_EVENT_CLOSE: return may_close(&t) == SK_OK;
	default: return true;
	}
}

/* ---- the frame around them ---- */

static enum sk_err (*const handlers[SK_ORDER_EVENT_COUNT])(struct trial *t) = {
	[SK_ORDER_EVENT_PROPOSE] = on_propose, [SK_ORDER_EVENT_EDIT] = on_edit, [SK_ORDER_EVENT_EVIDENCE] = on_evidence, [SK_ORDER_EVENT_LEGAL] = on_legal,
	[SK_ORDER_EVENT_CONSULT] = on_consult, [SK_ORDER_EVENT_SUBMIT] = on_submit, [SK_ORDER_EVENT_APPROVE] = on_approve, [SK_ORDER_EVENT_REJECT] = on_reject,
	[SK_ORDER_EVENT_WITHDRAW] = on_withdraw, [SK_ORDER_EVENT_URGENT] = on_urgent, [SK_ORDER_EVENT_LISTED] = on_listed, [SK_ORDER_EVENT_RATIFY] = on_ratify,
	[SK_ORDER_EVENT_STAGE] = on_stage, [SK_ORDER_EVENT_SET] = on_set, [SK_ORDER_EVENT_FAIL] = on_fail, [SK_ORDER_EVENT_RECEIPT] = take_receipt, [SK_ORDER_EVENT_CHECK] = on_check,
	[SK_ORDER_EVENT_EXTEND] = on_extend, [SK_ORDER_EVENT_EXPIRE] = on_expire, [SK_ORDER_EVENT_LAPSE] = on_lapse, [SK_ORDER_EVENT_END] = on_end,
	[SK_ORDER_EVENT_HALT] = on_halt, [SK_ORDER_EVENT_UNDONE] = on_undone, [SK_ORDER_EVENT_NOTIFY] = on_notify, [SK_ORDER_EVENT_REVIEW] = on_review,
	[SK_ORDER_EVENT_ANSWER] = on_answer, [SK_ORDER_EVENT_CLOSE] = on_close,
};

/* The author: the centre for its own acts and for no other; a person with the duty for the rest. */
static enum sk_err author_may(const struct trial *t)
{
	const char *duty = sk_order_event_duty(t->event);
	if (duty[0] == '\0')
		return t->who == NULL ? SK_OK : not_you(t, "the centre itself does this (sekisho order receipts)");
	if (t->who == NULL)
		return not_you(t, "a person does this, with a key of one's own");
	return t->court->may(t->court->context, t->who, duty, t->act->time_ns, t->fault);
}

static void publish(const struct trial *t, struct sk_act_facts *facts)
{
	const struct sk_order *order = order_of(&t->next);
	*facts = (struct sk_act_facts){.count_count = 1, .counts = {{.frames = order->target_count}}};
	(void)snprintf(facts->from, sizeof facts->from, "%s", sk_order_state_name(t->matter->state));
	(void)snprintf(facts->to, sizeof facts->to, "%s", sk_order_state_name(t->next.state));
	(void)snprintf(facts->counts[0].name, sizeof facts->counts[0].name, "targets");
	size_t n = 0;
	if (sk_order_is_foreign(t->next.text.document))
		(void)snprintf(facts->words[n++], SK_ACT_WORD_MAX, "foreign");
	(void)snprintf(facts->words[n++], SK_ACT_WORD_MAX, "level.%s", sk_level_name(sk_order_base_level(order)));
	(void)snprintf(facts->words[n++], SK_ACT_WORD_MAX, "measure.%s", sk_measure_name(sk_action_measure(order->action)));
	(void)snprintf(facts->words[n++], SK_ACT_WORD_MAX, "org.%s", sk_org_kind_name(t->next.proposer_kind));
	if (order->urgent)
		(void)snprintf(facts->words[n++], SK_ACT_WORD_MAX, "urgent");
	facts->word_count = n;
}

static enum sk_err decide(struct trial *t)
{
	const struct sk_order_matter *m = t->matter;
	if (!sk_order_allows(m->state, t->event))
		return sk_fault_set(t->fault, SK_EORDER, "order %s: it is %s (%s); there is no step '%s' from there", m->id, m->state == SK_ORDER_NONE ? "new" : sk_order_state_name(m->state),
				    sk_order_state_prose(m->state), sk_order_event_name(t->event));
	if (t->act->time_ns < m->last_ns)
		return no(t, "its time is before that of the act before it");
	SK_TRY(author_may(t));
	if (t->event != SK_ORDER_EVENT_PROPOSE && t->event != SK_ORDER_EVENT_EDIT)
		SK_TRY(names_this_text(t));
	SK_TRY(handlers[t->event](t));
	enum sk_order_state to = sk_order_step(m->state, t->event, t->outcome);
	if (to == SK_ORDER_STATE_COUNT)
		return no(t, "the table has no such step");
	t->next.state = to;
	t->next.last_ns = t->act->time_ns;
	t->next.acts++;
	return SK_OK;
}

static void forget_voices(struct sk_order_matter *m, size_t from)
{
	for (size_t i = from; i < m->voice_count; i++)
		free(m->voices[i].note);
	m->voice_count = from;
}

/* The copy takes over what it did not have of its own; or what was made for it goes. */
static void settle(struct trial *t, struct sk_order_matter *matter, bool allowed)
{
	if (!allowed) {
		if (t->new_voice)
			free(t->next.voices[t->next.voice_count - 1].note);
		if (t->new_text)
			sk_order_text_fini(&t->next.text);
		return;
	}
	if (t->new_text) {
		sk_order_text_fini(&matter->text);
		forget_voices(matter, 0);
	}
	*matter = t->next;
}

//= rule: ORDER-1
enum sk_err sk_order_judge(struct sk_order_matter *matter, const struct sk_act *act, const char *note, size_t note_length, const struct sk_person *who,
			   const struct sk_order_court *court, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	enum sk_order_event event = sk_order_event_find(act->event);
	if (event == SK_ORDER_EVENT_COUNT)
		return sk_fault_set(fault, SK_EORDER, "order %s: there is no step '%s'", matter->id, act->event);
	struct trial *t = malloc(sizeof *t);
	if (t == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*t = (struct trial){.matter = matter, .next = *matter, .act = act, .note = note, .note_length = note_length, .who = who, .court = court, .event = event, .fault = fault};
	enum sk_err err = sk_json_parse(act->body, act->body_length, &doc, fault);
	if (err == SK_OK) {
		t->body = sk_json_top(doc);
		err = decide(t);
	}
	if (err == SK_OK)
		publish(t, facts);
	settle(t, matter, err == SK_OK);
	sk_json_free(doc);
	free(t);
	return err;
}

void sk_order_matter_fini(struct sk_order_matter *matter)
{
	forget_voices(matter, 0);
	sk_order_text_fini(&matter->text);
	*matter = (struct sk_order_matter){0};
}

int64_t sk_order_until(const struct sk_order_matter *m)
{
	const struct sk_order *order = order_of(m);
	int64_t until = order->not_after_ns;
	if (m->set_ns != 0 && until - m->set_ns > (int64_t)order->life_s * ns_per_second)
		until = m->set_ns + (int64_t)order->life_s * ns_per_second;
	if (m->state == SK_ORDER_URGENT_ACTIVE && ratify_until(m) < until)
		until = ratify_until(m);
	return until;
}

enum sk_order_event sk_order_due(const struct sk_order_matter *m, int64_t now_ns)
{
	if (m->state == SK_ORDER_URGENT_ACTIVE && m->listed_ns == 0)
		return SK_ORDER_EVENT_LISTED;
	if (m->state == SK_ORDER_URGENT_ACTIVE && now_ns >= sk_order_until(m))
		return SK_ORDER_EVENT_LAPSE;
	if (sk_order_allows(m->state, SK_ORDER_EVENT_EXPIRE) && now_ns >= sk_order_until(m))
		return SK_ORDER_EVENT_EXPIRE;
	return SK_ORDER_EVENT_COUNT;
}

/* The rules are few and plain, so that whoever is told can check them by hand. */
//= rule: ORDER-10
bool sk_order_end_proposed(const struct sk_order_matter *m, int64_t now_ns, char why[SK_FAULT_LINE_MAX])
{
	why[0] = '\0';
	if (!sk_order_state_stands(m->state) || m->set_ns == 0 || m->text.document == NULL)
		return false;
	int64_t period_ns = (int64_t)m->text.document->check_hours * 3600 * ns_per_second, looked_ns = m->check_ns > m->set_ns ? m->check_ns : m->set_ns;
	if (m->needless)
		(void)snprintf(why, SK_FAULT_LINE_MAX, "its last check says that it is needed no longer");
	else if (now_ns >= looked_ns + period_ns)
		(void)snprintf(why, SK_FAULT_LINE_MAX, "nobody has looked whether it is needed for more than the %llu h that it says", (unsigned long long)m->text.document->check_hours);
	else if (m->checks > 0 && 2 * m->false_hits > m->hits)
		(void)snprintf(why, SK_FAULT_LINE_MAX, "%llu of its %llu hits were false", (unsigned long long)m->false_hits, (unsigned long long)m->hits);
	else if (m->checks > 1 && m->hits == 0)
		(void)snprintf(why, SK_FAULT_LINE_MAX, "%llu checks, and it has hit nothing", (unsigned long long)m->checks);
	return why[0] != '\0';
}
