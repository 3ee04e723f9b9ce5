/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for tests of orders: thirteen people of five organisations with keys of their own, a register that is written down here a second time, documents. */
#ifndef SK_TEST_ORDER_WORLD_H
#define SK_TEST_ORDER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/orders.h"
#include "text/text.h"

enum { PEOPLE = 13, LEVELS = SK_LEVEL_COUNT, SLOTS = 8, DAY_S = 86400 };
enum job { ANALYST = 1, APPROVER = 2, LEGAL = 4, OVERSIGHT = 8, FOREIGN = 16, COMMANDER = 32 };

static const struct {
	const char *account, *org;
	unsigned jobs;
} people[PEOPLE] = {
	{"ayu", "nco", ANALYST}, {"ben", "npa", ANALYST}, {"chika", "nco", APPROVER}, {"dan", "npa", APPROVER}, {"eri", "mod", APPROVER}, {"fumi", "nco", LEGAL},
	{"goro", "npa", LEGAL}, {"haru", "ccioc", OVERSIGHT}, {"iku", "ccioc", OVERSIGHT}, {"jun", "mofa", FOREIGN}, {"kei", "npa", COMMANDER}, {"leo", "nco", COMMANDER},
	{"mio", "npa", APPROVER},
};
static struct sk_sign_key *keys[PEOPLE], *centre_key;
static char quorums[LEVELS][8192];
static int64_t start_ns;
static const int64_t second_ns = 1000000000;
static struct sk_fault fault;

/* Which jobs a duty takes: the test's own writing. */
static inline unsigned jobs_for(const char *duty)
{
	static const struct {
		const char *duty;
		unsigned jobs;
	} table[] = {
		{"order.propose", ANALYST | COMMANDER}, {"order.evidence", ANALYST | COMMANDER}, {"order.submit", ANALYST | COMMANDER}, {"order.withdraw", ANALYST | COMMANDER},
		{"order.legal", LEGAL}, {"order.consult", FOREIGN}, {"order.approve", APPROVER | LEGAL | OVERSIGHT}, {"order.reject", APPROVER | LEGAL | OVERSIGHT},
		{"order.urgent", APPROVER | COMMANDER}, {"order.ratify", APPROVER | LEGAL | OVERSIGHT}, {"order.stage", COMMANDER}, {"order.extend", APPROVER | OVERSIGHT},
		{"order.end", COMMANDER | APPROVER | LEGAL | OVERSIGHT}, {"order.notify", COMMANDER | ANALYST}, {"order.review", OVERSIGHT | APPROVER},
		{"order.close", COMMANDER | APPROVER | OVERSIGHT}, {"remark.answer", COMMANDER | LEGAL},
	};
	for (size_t i = 0; i < SK_COUNT(table); i++)
		if (strcmp(table[i].duty, duty) == 0)
			return table[i].jobs;
	fail_msg("the test knows no duty %s", duty);
	return 0;
}

/* Is it a step that could be offered to anybody? */
static inline bool is_a_step(const struct sk_order_matter *m, enum sk_order_event event)
{
	return m->text.document != NULL && event != SK_ORDER_EVENT_COUNT && sk_order_allows(m->state, event) && sk_order_event_duty(event)[0] != '\0';
}

/* What is offered to a person (sk_order_is_for, asked before), beside his duty, is what is taken from him. */
static inline void offered_rightly(enum sk_order_event event, bool mine, const struct sk_person *who, const struct sk_order_court *court, int64_t now_ns, enum sk_err judged)
{
	struct sk_fault unused;
	if (judged == SK_OK && !mine)
		fail_msg("%s by %s is taken, and was not offered", sk_order_event_name(event), who->account);
	if (judged == SK_EPERMIT && mine && event != SK_ORDER_EVENT_EDIT && court->may(court->context, who, sk_order_event_duty(event), now_ns, &unused) == SK_OK)
		fail_msg("%s by %s was offered, and is refused: %s", sk_order_event_name(event), who->account, fault.line);
}

static inline size_t person_of(const char *account)
{
	for (size_t i = 0; i < PEOPLE; i++)
		if (strcmp(people[i].account, account) == 0)
			return i;
	return PEOPLE;
}

static inline enum sk_err world_may(void *context, const struct sk_person *person, const char *activity, int64_t at_ns, struct sk_fault *out)
{
	(void)context;
	(void)at_ns;
	if ((people[person_of(person->account)].jobs & jobs_for(activity)) != 0)
		return SK_OK;
	return sk_fault_set(out, SK_EPERMIT, "%s may not %s", person->account, activity);
}

static inline enum sk_err world_quorum(void *context, enum sk_level level, int64_t at_ns, struct sk_buf *out, struct sk_fault *out_fault)
{
	(void)context;
	(void)at_ns;
	(void)out_fault;
	sk_buf_add_text(out, quorums[level]);
	return SK_OK;
}

static inline struct sk_person person_at(size_t i)
{
	struct sk_person person = {.oversight = people[i].jobs == OVERSIGHT, .key = *sk_sign_key_public(keys[i])};
	(void)snprintf(person.account, sizeof person.account, "%s", people[i].account);
	(void)snprintf(person.org, sizeof person.org, "%s", people[i].org);
	return person;
}

static inline void world_member(char *text, size_t i)
{
	char key[SK_VKEY_TEXT_MAX];
	(void)snprintf(text + strlen(text), 8192 - strlen(text), "witness %s/%s %s\n", people[i].org, people[i].account, sk_verify_key_format(sk_sign_key_public(keys[i]), key));
}

static inline void world_group(char *text, const char *head, unsigned jobs)
{
	(void)snprintf(text + strlen(text), 8192 - strlen(text), "group %s", head);
	for (size_t i = 0; i < PEOPLE; i++)
		if ((people[i].jobs & jobs) != 0)
			(void)snprintf(text + strlen(text), 8192 - strlen(text), " %s/%s", people[i].org, people[i].account);
	(void)snprintf(text + strlen(text), 8192 - strlen(text), "\n");
}

static inline void world_start(void)
{
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_time_parse("2026-11-30T00:00:00Z", &start_ns), SK_OK);
	assert_int_equal(sk_sign_key_new("centre", &centre_key), SK_OK);
	for (size_t i = 0; i < PEOPLE; i++)
		assert_int_equal(sk_sign_key_new(people[i].account, &keys[i]), SK_OK);
	for (unsigned level = 0; level < LEVELS; level++) {
		char *text = quorums[level];
		unsigned jobs = level == SK_LEVEL_URGENT ? APPROVER | COMMANDER : level == SK_LEVEL_HIGH ? APPROVER | LEGAL | OVERSIGHT : APPROVER | LEGAL;
		for (size_t i = 0; i < PEOPLE; i++)
			if ((people[i].jobs & jobs) != 0)
				world_member(text, i);
		if (level == SK_LEVEL_MEDIUM) {
			world_group(text, "legal any", LEGAL);
			world_group(text, "others any", APPROVER);
			(void)snprintf(text + strlen(text), 8192 - strlen(text), "group root all legal others\nquorum root\n");
		} else if (level == SK_LEVEL_HIGH) {
			world_group(text, "oversight any", OVERSIGHT);
			world_group(text, "others 2", APPROVER | LEGAL);
			(void)snprintf(text + strlen(text), 8192 - strlen(text), "group root all oversight others\nquorum root\n");
		} else {
			world_group(text, "root any", jobs);
			(void)snprintf(text + strlen(text), 8192 - strlen(text), "quorum root\n");
		}
	}
}

static inline void world_end(void)
{
	sk_sign_key_free(centre_key);
	for (size_t i = 0; i < PEOPLE; i++)
		sk_sign_key_free(keys[i]);
}

/* A document that says everything it must. Caller frees. */
static inline struct sk_order_document *document_for(const char *id, enum sk_action action, const char *target, int64_t from_ns, uint64_t life_s, bool urgent)
{
	struct sk_order_document *d = calloc(1, sizeof *d);
	assert_non_null(d);
	(void)snprintf(d->order.id, sizeof d->order.id, "%s", id);
	d->order.action = action;
	d->order.target_count = 1;
	(void)snprintf(d->order.targets[0], sizeof d->order.targets[0], "%s", target);
	d->order.rate_bytes_per_s = action == SK_ACTION_FLOWSPEC_RATE_LIMIT ? 125000 : 0;
	d->order.life_s = life_s;
	d->order.not_before_ns = from_ns;
	d->order.not_after_ns = from_ns + (int64_t)life_s * second_ns;
	d->order.urgent = urgent;
	(void)snprintf(d->target_act, sizeof d->target_act, "beaconing to a command server");
	(void)snprintf(d->plan, sizeof d->plan, "nco tells npa by telephone");
	(void)snprintf(d->narrower, sizeof d->narrower, "block at one resolver");
	(void)snprintf(d->refused_because, sizeof d->refused_because, "two networks are hit");
	(void)snprintf(d->commander, sizeof d->commander, "nco");
	(void)snprintf(d->home, sizeof d->home, "JP");
	(void)snprintf(d->urgent_why, sizeof d->urgent_why, "%s", urgent ? "the pump would stop tonight" : "");
	d->check_hours = 24;
	if (!sk_measure_reversible(sk_action_measure(action))) {
		d->notice.about_count = 1;
		(void)snprintf(d->notice.about[0], sizeof d->notice.about[0], "bad.example");
		for (size_t i = 0; i < 2; i++) {
			(void)snprintf(d->notice.title[i], sizeof d->notice.title[i], "a title");
			(void)snprintf(d->notice.text[i], sizeof d->notice.text[i], "a text");
		}
	}
	d->org_count = 1;
	(void)snprintf(d->orgs[0], sizeof d->orgs[0], "nco");
	d->asset_count = 1;
	(void)snprintf(d->assets[0].name, sizeof d->assets[0].name, "waterworks");
	d->assets[0].important = true;
	d->proof_count = 1;
	(void)snprintf(d->proofs[0].finding, sizeof d->proofs[0].finding, "00112233445566778899aabbccddeeff");
	(void)snprintf(d->blast.hosts, SK_BAND_MAX, "10-99");
	(void)snprintf(d->blast.flows, SK_BAND_MAX, "100-999");
	(void)snprintf(d->blast.organisations, SK_BAND_MAX, SK_BAND_UNKNOWN);
	(void)snprintf(d->blast.counters, SK_BAND_MAX, SK_BAND_UNKNOWN);
	return d;
}

/* The body of propose or edit by that person. Caller ends the buffer. */
static inline void body_for(struct sk_order_document *d, size_t who, struct sk_buf *out)
{
	sk_buf_init(out, SK_ACT_BODY_MAX);
	d->order.joint = d->org_count > 1;
	enum sk_level level = sk_order_level(&d->order);
	if (sk_order_text_make(d, sk_sign_key_public(keys[who]), quorums[level], d->order.urgent ? quorums[sk_order_base_level(&d->order)] : "", out, &fault) != SK_OK)
		fail_msg("%s", fault.line);
}

#endif
