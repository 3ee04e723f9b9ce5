/* SPDX-License-Identifier: Apache-2.0 */
/* Matters whose steps are a small table: remarks, self-reports, inspections, retention, re-identification, damage reports, cases. The table is this program's own copy (docs/oversight.md, docs/custody.md,
   docs/reports.md, docs/cases.md), on purpose.
   rule: OPENED-4 OPENED-5 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opened_priv.h"

enum who { OVERSIGHT, OTHERS, ANYBODY, CENTRE };
static const struct {
	const char *matter, *event, *from, *to;
	enum who who;
} steps[] = {
    {"remark", "issue", "", "issued", OVERSIGHT},
    {"remark", "answer", "issued", "answered", OTHERS},
    {"remark", "answer", "answered", "answered", OTHERS},
    {"remark", "insist", "answered", "issued", OVERSIGHT},
    {"remark", "close", "answered", "closed", OVERSIGHT},
    {"remark", "withdraw", "issued", "withdrawn", OVERSIGHT},
    {"remark", "withdraw", "answered", "withdrawn", OVERSIGHT},
    {"selfreport", "file", "", "filed", ANYBODY},
    {"selfreport", "amend", "filed", "filed", ANYBODY},
    {"selfreport", "assess", "filed", "assessed", OVERSIGHT},
    {"selfreport", "close", "assessed", "closed", OVERSIGHT},
    {"inspection", "begin", "", "running", OVERSIGHT},
    {"inspection", "look", "running", "running", OVERSIGHT},
    {"inspection", "query", "running", "running", OVERSIGHT},
    {"inspection", "conclude", "running", "concluded", OVERSIGHT},
    {"retention", "open", "", "held", OVERSIGHT},
    {"retention", "open", "held", "held", OVERSIGHT},
    {"retention", "open", "provided", "provided", OVERSIGHT},
    {"retention", "provide", "", "provided", OTHERS},
    {"retention", "provide", "held", "provided", OTHERS},
    {"retention", "provide", "provided", "provided", OTHERS},
    {"retention", "erase", "", "erasing", OTHERS},
    {"retention", "erase", "held", "erasing", OTHERS},
    {"retention", "erase", "provided", "erasing", OTHERS},
    {"retention", "erase", "erased", "erasing", OTHERS},
    {"retention", "erased", "erasing", "erased", CENTRE},
    {"retention", "confirm", "erased", "erased", OTHERS},
    {"rekey", "oversight", "", "done", OVERSIGHT},
    {"rekey", "custodian", "", "done", ANYBODY},
    {"reident", "request", "", "requested", OTHERS},
    {"reident", "approve", "requested", "requested", ANYBODY},
    {"reident", "approve", "requested", "granted", ANYBODY},
    {"reident", "refuse", "requested", "closed", ANYBODY},
    {"reident", "show", "granted", "granted", OTHERS},
    {"reident", "close", "requested", "closed", ANYBODY},
    {"reident", "close", "granted", "closed", ANYBODY},
    {"reident", "expire", "requested", "closed", CENTRE},
    {"reident", "expire", "granted", "closed", CENTRE},
    {"access", "read", "", "", ANYBODY},
    {"access", "search", "", "", ANYBODY},
    {"access", "count", "", "", ANYBODY},
    {"access", "count_end", "", "", ANYBODY},
    {"access", "book", "", "", CENTRE},
    {"report", "early_warning", "", "warned", CENTRE},
    {"report", "early_warning", "warned", "warned", CENTRE},
    {"report", "initial", "", "reported", CENTRE},
    {"report", "initial", "warned", "reported", CENTRE},
    {"report", "initial", "reported", "reported", CENTRE},
    {"report", "follow_up", "warned", "followed", CENTRE},
    {"report", "follow_up", "reported", "followed", CENTRE},
    {"report", "follow_up", "followed", "followed", CENTRE},
    {"report", "interim", "warned", "followed", CENTRE},
    {"report", "interim", "reported", "followed", CENTRE},
    {"report", "interim", "followed", "followed", CENTRE},
    {"report", "supplemental", "reported", "followed", CENTRE},
    {"report", "supplemental", "followed", "followed", CENTRE},
    {"report", "supplemental", "complete", "complete", CENTRE},
    {"report", "final", "", "complete", CENTRE},
    {"report", "final", "warned", "complete", CENTRE},
    {"report", "final", "reported", "complete", CENTRE},
    {"report", "final", "followed", "complete", CENTRE},
    {"report", "final", "complete", "complete", CENTRE},
    {"report", "attach", "warned", "warned", CENTRE},
    {"report", "attach", "reported", "reported", CENTRE},
    {"report", "attach", "followed", "followed", CENTRE},
    {"report", "attach", "complete", "complete", CENTRE},
    {"report", "remind", "warned", "warned", CENTRE},
    {"report", "remind", "reported", "reported", CENTRE},
    {"report", "remind", "followed", "followed", CENTRE},
    {"report", "remind", "complete", "complete", CENTRE},
    {"report", "merge", "warned", "warned", CENTRE},
    {"report", "merge", "reported", "reported", CENTRE},
    {"report", "merge", "followed", "followed", CENTRE},
    {"report", "merge", "complete", "complete", CENTRE},
    {"case", "open", "", "new", CENTRE},
    {"case", "triage", "new", "triaged", CENTRE},
    {"case", "dismiss", "new", "false_alarm", CENTRE},
    {"case", "triage", "triaged", "triaged", CENTRE},
    {"case", "start", "triaged", "active", CENTRE},
    {"case", "contain", "triaged", "contained", CENTRE},
    {"case", "dismiss", "triaged", "false_alarm", CENTRE},
    {"case", "contain", "active", "contained", CENTRE},
    {"case", "resolve", "active", "resolved", CENTRE},
    {"case", "dismiss", "active", "false_alarm", CENTRE},
    {"case", "start", "contained", "active", CENTRE},
    {"case", "resolve", "contained", "resolved", CENTRE},
    {"case", "start", "resolved", "active", CENTRE},
    {"case", "close", "resolved", "closed", CENTRE},
    {"case", "triage", "reopened", "triaged", CENTRE},
    {"case", "start", "reopened", "active", CENTRE},
    {"case", "contain", "reopened", "contained", CENTRE},
    {"case", "dismiss", "reopened", "false_alarm", CENTRE},
    {"case", "reopen", "closed", "reopened", CENTRE},
    {"case", "reopen", "false_alarm", "reopened", CENTRE},
};
/* A case that is worked on takes these and stays as it is; the first ones also once it is over, the first four even once it went into another. */
static const char *const case_work[] = {"lower", "review", "bundle", "handover", "note", "watch", "unwatch", "edit", "task", "done", "link", "unlink", "assign", "evidence", "playbook", "absorb", "split"};
static const struct {
	const char *state;
	size_t work;
	bool merges;
} case_states[] = {{"new", 17, true}, {"triaged", 17, true}, {"active", 17, true}, {"contained", 17, true}, {"resolved", 17, true}, {"reopened", 17, true}, {"closed", 7, false}, {"false_alarm", 7, false}, {"merged", 4, false}};
/* Whatever a policy says: nobody is re-identified on the word of one officer. */
enum { OFFICERS_LEAST = 2 };

void opened_plain_free(struct opened_plain *plain)
{
	if (plain == NULL)
		return;
	free(plain->body);
	free(plain);
}

static enum sk_err check_who(struct sk_opened *o, size_t row, size_t *who)
{
	if (steps[row].who == CENTRE)
		return o->by_centre ? SK_OK : opened_refuse(o, "signature", "expected the centre's own, for nobody but the centre records this");
	SK_TRY(opened_one(o, who));
	bool oversight = opened_is_oversight(o, *who);
	const char *name = o->people.accounts[*who].id;
	if (steps[row].who == OVERSIGHT && !oversight)
		return opened_refuse(o, "signature", "%s is not of oversight, whose step it is", name);
	if (steps[row].who == OTHERS && oversight)
		return opened_refuse(o, "signature", "%s is of oversight, whose step it is not", name);
	return SK_OK;
}

static const char *org_of(const struct sk_opened *o, size_t account)
{
	return o->people.orgs[o->people.accounts[account].org].id;
}

static enum sk_err remark(struct sk_opened *o, struct opened_plain *p, size_t who)
{
	const char *to = sk_json_get_text(o->body, "to");
	if (strcmp(o->act.event, "issue") == 0) {
		if (to == NULL || strlen(to) >= sizeof p->org)
			return opened_refuse(o, "body", "expected whom it is for");
		memcpy(p->org, to, strlen(to) + 1);
	}
	if (strcmp(o->act.event, "answer") == 0 && strcmp(org_of(o, who), p->org) != 0)
		return opened_refuse(o, "signature", "it is for %s to answer, found one of %s", p->org, org_of(o, who));
	return SK_OK;
}

/* A certificate says what was to be erased, key by key, and comes after it was asked for. */
static enum sk_err retention(struct sk_opened *o, struct opened_plain *p, size_t who)
{
	const char *org = sk_json_get_text(o->body, "org");
	if (strcmp(o->act.event, "erase") == 0) {
		free(p->body);
		p->body_length = o->act.body_length;
		p->body = malloc(p->body_length + 1);
		if (p->body == NULL)
			return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
		memcpy(p->body, o->act.body, p->body_length);
	}
	if (strcmp(o->act.event, "erased") == 0) {
		if (p->body == NULL || p->body_length != o->act.body_length || memcmp(p->body, o->act.body, p->body_length) != 0)
			return opened_refuse(o, "certificate", "it certifies something else than what was to be erased");
		o->summary.certificates++;
	}
	if (strcmp(o->act.event, "confirm") == 0 && (org == NULL || strcmp(org, org_of(o, who)) != 0))
		return opened_refuse(o, "signature", "%s confirms for somebody else", org_of(o, who));
	return SK_OK;
}

/* The centre commits to the rows of its book of looks, one batch after the other, and leaves none out. */
static enum sk_err book(struct sk_opened *o, struct opened_plain *p)
{
	uint64_t count = 0, from = 0, to = 0;
	uint8_t digest[SK_HASH_BYTES];
	if (strcmp(o->act.event, "book") != 0)
		return SK_OK;
	if (strcmp(o->act.id, "book") != 0 || sk_json_get_u64(o->body, "count", &count) != SK_OK || sk_json_get_u64(o->body, "from", &from) != SK_OK || sk_json_get_u64(o->body, "to", &to) != SK_OK ||
	    sk_json_get_hex(o->body, "digest", digest, sizeof digest) != SK_OK || count == 0 || count != to - from + 1)
		return opened_refuse(o, "body", "expected count, digest, from and to, and as many rows as there are from one to the other");
	if (from != p->looks + 1)
		return opened_refuse(o, "from", "expected %" PRIu64 ", the row behind those that the act before it commits to, found %" PRIu64, p->looks + 1, from);
	p->looks = to;
	o->summary.looks += count;
	return SK_OK;
}

/* M of N, a privacy officer among them, never who asked; only who asked sees. */
static enum sk_err reident(struct sk_opened *o, struct opened_plain *p, size_t who)
{
	const char *event = o->act.event;
	if (strcmp(event, "request") == 0) {
		p->first = who;
		if (sk_json_get_u64(o->body, "needed", &p->needed) != SK_OK || p->needed < OFFICERS_LEAST)
			return opened_refuse(o, "needed", "expected at least %d officers", OFFICERS_LEAST);
	}
	if (strcmp(event, "show") == 0 && who != p->first)
		return opened_refuse(o, "signature", "it was granted to %s, and nobody else looks", o->people.accounts[p->first].id);
	if (strcmp(event, "approve") != 0)
		return SK_OK;
	if (who == p->first)
		return opened_refuse(o, "quorum", "%s asked for it, and approves it", o->people.accounts[who].id);
	for (size_t i = 0; i < p->approver_count; i++)
		if (p->approvers[i] == who)
			return opened_refuse(o, "quorum", "%s approves a second time", o->people.accounts[who].id);
	if (p->approver_count == SK_COUNT(p->approvers))
		return opened_refuse(o, "quorum", "more than %zu approvals", SK_COUNT(p->approvers));
	p->approvers[p->approver_count++] = who;
	p->officer = p->officer || opened_has_role(o, who, "privacy_officer");
	o->summary.quorums++;
	return opened_step_is(o, "requested", p->approver_count >= p->needed && p->officer ? "granted" : "requested");
}

/* An act of a report commits to one sealed entry, and they are counted from 1: none can be left out. */
static enum sk_err report(struct sk_opened *o, struct opened_plain *p)
{
	uint8_t hash[SK_HASH_BYTES];
	uint64_t number;
	if (sk_json_get_u64(o->body, "number", &number) != SK_OK || number != ++p->needed)
		return opened_refuse(o, "body", "expected entry number %" PRIu64 " of the report", p->needed);
	if (sk_json_get_hex(o->body, "head", hash, sizeof hash) != SK_OK || sk_json_get_hex(o->body, "body", hash, sizeof hash) != SK_OK)
		return opened_refuse(o, "body", "expected what the sealed entry is committed to by");
	return SK_OK;
}

/* The centre enters what somebody did with a case: who, and commitments to what stands sealed and to what it says. */
static enum sk_err case_act(struct sk_opened *o)
{
	uint8_t hash[SK_HASH_BYTES];
	const char *by = sk_json_get_text(o->body, "by");
	if (!o->by_centre)
		return opened_refuse(o, "signature", "expected the centre's own, for nobody but the centre records this");
	if (o->body->length != 3 || by == NULL || by[0] == '\0' || sk_json_get_hex(o->body, "entry", hash, sizeof hash) != SK_OK || sk_json_get_hex(o->body, "said", hash, sizeof hash) != SK_OK)
		return opened_refuse(o, "body", "expected by, entry and said");
	return SK_OK;
}

/* Is it one of the steps that leave a case as it is, or that end it in another? */
static bool case_stays(const struct sk_opened *o)
{
	for (size_t i = 0; strcmp(o->act.matter, "case") == 0 && i < SK_COUNT(case_states); i++) {
		if (strcmp(case_states[i].state, o->leaf->from) != 0)
			continue;
		for (size_t j = 0; j < case_states[i].work; j++)
			if (strcmp(case_work[j], o->act.event) == 0 && strcmp(o->leaf->from, o->leaf->to) == 0)
				return true;
		return case_states[i].merges && strcmp(o->act.event, "merge") == 0 && strcmp(o->leaf->to, "merged") == 0;
	}
	return false;
}

enum sk_err opened_plain_act(struct sk_opened *o)
{
	size_t row = 0, who = 0;
	bool known = false;
	if (case_stays(o))
		return case_act(o);
	for (; row < SK_COUNT(steps); row++) {
		bool step = strcmp(steps[row].matter, o->act.matter) == 0 && strcmp(steps[row].event, o->act.event) == 0 && strcmp(steps[row].from, o->leaf->from) == 0;
		known = known || step;
		if (step && strcmp(steps[row].to, o->leaf->to) == 0)
			break;
	}
	if (row == SK_COUNT(steps))
		return known ? opened_refuse(o, "to", "this step does not lead to '%s'", o->leaf->to) : opened_refuse(o, "event", "there is no such step from state '%s'", o->leaf->from);
	if (o->matter->plain == NULL)
		o->matter->plain = calloc(1, sizeof *o->matter->plain);
	if (o->matter->plain == NULL)
		return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
	SK_TRY(check_who(o, row, &who));
	if (strcmp(o->act.matter, "case") == 0)
		return case_act(o);
	if (strcmp(o->act.matter, "remark") == 0)
		return remark(o, o->matter->plain, who);
	if (strcmp(o->act.matter, "access") == 0)
		return book(o, o->matter->plain);
	if (strcmp(o->act.matter, "retention") == 0)
		return retention(o, o->matter->plain, who);
	if (strcmp(o->act.matter, "report") == 0)
		return report(o, o->matter->plain);
	return strcmp(o->act.matter, "reident") == 0 ? reident(o, o->matter->plain, who) : SK_OK;
}
