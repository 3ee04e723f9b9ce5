/* SPDX-License-Identifier: Apache-2.0 */
/* Days in the docket: judging the steps of matter "retention", and who holds what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/list.h"
#include "custody/custody_priv.h"
#include "policy/policy.h"
#include "text/json.h"
#include "text/text.h"

static const int64_t hour_ns = 3600000000000, minute_ns = 60000000000;
enum { ACT_OLD_HOURS = 24, ACT_AHEAD_MINUTES = 5, HANDINGS_MAX = 1 << 20 };

/* ---- bodies ---- */

void sk_handing_write(const struct sk_handing *handing, struct sk_buf *out)
{
	struct sk_json_writer w;
	char when[SK_TIME_TEXT_MAX];
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "basis", handing->basis);
	sk_json_text(&w, "day", handing->day);
	sk_json_text(&w, "org", handing->org);
	sk_json_text(&w, "until", sk_time_format(handing->until_ns, 9, when));
	sk_json_text(&w, "why", handing->why);
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

/* One form each, as of an erasure. */
static bool is_its_form(const struct sk_handing *handing, const char *body, size_t length)
{
	struct sk_buf again;
	sk_buf_init(&again, SK_ACT_BODY_MAX);
	sk_handing_write(handing, &again);
	bool same = again.failed == SK_OK && again.length == length && memcmp(again.bytes, body, length) == 0;
	sk_buf_fini(&again);
	return same;
}

enum sk_err sk_handing_read(const char *body, size_t length, struct sk_handing *out, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	memset(out, 0, sizeof *out);
	SK_TRY(sk_json_parse(body, length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc);
	const char *until = sk_json_get_text(top, "until");
	bool good = copy_text(top, "basis", out->basis, sizeof out->basis) && copy_text(top, "day", out->day, sizeof out->day) && copy_text(top, "org", out->org, sizeof out->org) &&
		    copy_text(top, "why", out->why, sizeof out->why) && until != NULL && sk_time_parse(until, &out->until_ns) == SK_OK;
	sk_json_free(doc);
	good = good && is_its_form(out, body, length);
	return good ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "the body of an act of retention: basis, day, org, until or why is missing or wrong");
}

/* ---- judging ---- */

static enum sk_err is_of(const struct sk_act *act, const char *basis, const char *day, struct sk_fault *fault)
{
	char id[SK_MATTER_ID_MAX];
	sk_retention_id(basis, day, id);
	return strcmp(id, act->id) == 0 ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "retention %s: its body is about %s of basis %s, whose id is %s", act->id, day, basis, id);
}

unsigned sk_custody_keep_days(const struct sk_law *law, const char *kind, int64_t at_ns, bool simulate)
{
	unsigned own = sk_policy_retention_days();
	const struct sk_law_retention *row = law != NULL ? sk_law_retention(law, kind, at_ns, simulate) : NULL;
	int64_t days = row != NULL ? (sk_law_span_after(at_ns, &row->keep) - at_ns) / (24 * hour_ns) : own;
	return days >= 0 && days < (int64_t)own ? (unsigned)days : own;
}

static unsigned keep_days(const struct sk_provision *provision)
{
	return provision->keep_days != 0 ? provision->keep_days : sk_policy_retention_days();
}

static enum sk_err judge_erase(const struct sk_provision *provision, const struct sk_act *act, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_erasure erasure;
	SK_TRY(sk_erasure_read(act->body, act->body_length, &erasure, fault));
	enum sk_err err = is_of(act, erasure.day.basis, erasure.day.day, fault);
	if (err == SK_OK && erasure.why[0] == '\0')
		err = sk_fault_set(fault, SK_EMALFORMED, "an erasure needs a reason (--why)");
	if (err == SK_OK && erasure.keep_days > keep_days(provision))
		err = sk_fault_set(fault, SK_EMALFORMED, "%s of basis %s: kept for %u days, and the policy in force allows %u", erasure.day.day, erasure.day.basis, erasure.keep_days, keep_days(provision));
	if (err == SK_OK)
		sk_erasure_cells(&erasure, facts);
	sk_erasure_fini(&erasure);
	return err;
}

struct org_search {
	const char *id;
	bool found;
	enum sk_org_kind kind;
};

static void look_at_org(void *context, const struct sk_org_view *org)
{
	struct org_search *search = context;
	if (strcmp(org->id, search->id) == 0) {
		search->found = true;
		search->kind = org->kind;
	}
}

/* LAW.md 3, row "read G1 selected": an operator has the results of its own agreement, a carrier a bundle under 38(4) and no day, oversight inspects where the day lies;
   and nobody has what a partner did not consent to hand on (LAW.md 1.4, C11), but the partner. */
static enum sk_err may_hold(const struct sk_access *access, const struct sk_provision *provision, const char *id, struct sk_fault *fault)
{
	struct org_search search = {.id = id};
	sk_access_each_org(access, look_at_org, &search);
	if (!search.found)
		return sk_fault_set(fault, SK_ENOENT, "%s: there is no such organisation (sekisho access list)", id);
	if (!sk_org_kind_g1(search.kind))
		return sk_fault_set(fault, SK_EPERMIT, "%s: an organisation of its kind never holds selected information (LAW.md 3)", id);
	bool partner = provision->agreement && strcmp(provision->partner, id) == 0;
	if (search.kind == SK_ORG_OPERATOR && !partner)
		return sk_fault_set(fault, SK_EPERMIT, "%s: an operator has the results of its own agreement and no other day (LAW.md 3)", id);
	if (search.kind == SK_ORG_CARRIER)
		return sk_fault_set(fault, SK_EPERMIT, "%s: a carrier has what article 38(4) lets it have, and never a whole day (LAW.md 3)", id);
	if (search.kind == SK_ORG_OVERSIGHT)
		return sk_fault_set(fault, SK_EPERMIT, "%s: oversight inspects what is held (sekisho inspect), and holds nothing", id);
	if (provision->agreement && !provision->consented && !partner)
		return sk_fault_set(fault, SK_EPERMIT, "%s: %s, whose agreement the basis is, has not consented to provision (sekisho basis consent ID --to provision)", id, provision->partner);
	return SK_OK;
}

/* A recipient must be one that may have it, and inherits the day's own date. rule: CUSTODY-8 */
static enum sk_err judge_handing(const struct sk_access *access, const struct sk_provision *provision, const struct sk_act *act, const struct sk_person *person, int64_t now_ns,
				 struct sk_fault *fault)
{
	struct sk_handing handing;
	int64_t due_ns = 0;
	SK_TRY(sk_handing_read(act->body, act->body_length, &handing, fault));
	SK_TRY(is_of(act, handing.basis, handing.day, fault));
	if (strcmp(act->event, "confirm") == 0)
		return strcmp(handing.org, person->org) == 0 ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "%s confirms for %s and for nobody else", person->account, person->org);
	if (handing.why[0] == '\0')
		return sk_fault_set(fault, SK_EMALFORMED, "a reason is needed (--why)");
	if (strcmp(act->event, "open") == 0)
		return handing.until_ns > now_ns && handing.until_ns <= now_ns + (int64_t)sk_policy_share_hours() * hour_ns
			       ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "a share is open for at most %u hours, by policy (--for)", sk_policy_share_hours());
	SK_TRY(sk_retention_due(handing.day, keep_days(provision), &due_ns, fault));
	if (handing.org[0] == '\0' || handing.until_ns > due_ns)
		return sk_fault_set(fault, SK_EMALFORMED, "whoever is provided with a day inherits its date of erasure, and no later one");
	return may_hold(access, provision, handing.org, fault);
}

enum sk_err sk_custody_author(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, const char *duty, int64_t now_ns, struct sk_person *person, struct sk_fault *fault)
{
	struct sk_person then;
	SK_TRY(sk_access_who(access, note, length, act->time_ns, &then, fault));
	SK_TRY(sk_access_may(access, &then, duty, act->time_ns, fault));
	SK_TRY(sk_access_who(access, note, length, now_ns, person, fault));
	return sk_access_may(access, person, duty, now_ns, fault);
}

//= rule: CUSTODY-6
enum sk_err sk_retention_weigh(struct sk_access *access, const struct sk_provision *provision, const char *state, const char *note, size_t length, const struct sk_act *act, int64_t now_ns,
			       struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	memset(facts, 0, sizeof *facts);
	SK_TRY(sk_custody_find_step("retention", act->event, state, false, &step, fault));
	if (strcmp(step->who, "centre") == 0)
		return sk_fault_set(fault, SK_ESTAGE, "retention: '%s' is the centre's own step", act->event);
	SK_TRY(sk_custody_author(access, note, length, act, step->who, now_ns, person, fault));
	SK_TRY(strcmp(act->event, "erase") == 0 ? judge_erase(provision, act, facts, fault) : judge_handing(access, provision, act, person, now_ns, fault));
	(void)snprintf(facts->from, sizeof facts->from, "%s", step->from);
	(void)snprintf(facts->to, sizeof facts->to, "%s", step->to);
	return SK_OK;
}

enum sk_err sk_retention_judge(struct sk_docket *docket, struct sk_access *access, const struct sk_provision *provision, const char *note, size_t length, const struct sk_act *act,
			       int64_t now_ns, struct sk_person *person, struct sk_act_facts *facts, struct sk_fault *fault)
{
	uint8_t previous[SK_HASH_BYTES];
	char state[SK_ACT_WORD_MAX] = "";
	bool found;
	memset(facts, 0, sizeof *facts);
	if (act->time_ns > now_ns + ACT_AHEAD_MINUTES * minute_ns || act->time_ns < now_ns - ACT_OLD_HOURS * hour_ns)
		return sk_fault_set(fault, SK_EUSAGE, "the statement was made at another time than now (more than %d hours ago, or ahead): make it anew", ACT_OLD_HOURS);
	SK_TRY(sk_docket_last(docket, "retention", act->id, previous, state, &found, fault));
	return sk_retention_weigh(access, provision, found ? state : "", note, length, act, now_ns, person, facts, fault);
}

enum sk_err sk_retention_erased(struct sk_docket *docket, const char *id, const struct sk_erasure *erasure, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	uint8_t previous[SK_HASH_BYTES];
	char state[SK_ACT_WORD_MAX] = "";
	bool found;
	memset(facts, 0, sizeof *facts);
	SK_TRY(sk_docket_last(docket, "retention", id, previous, state, &found, fault));
	SK_TRY(sk_custody_find_step("retention", "erased", found ? state : "", false, &step, fault));
	sk_erasure_cells(erasure, facts);
	(void)snprintf(facts->from, sizeof facts->from, "%s", step->from);
	(void)snprintf(facts->to, sizeof facts->to, "%s", step->to);
	return SK_OK;
}

/* ---- who holds what ---- */

struct holders {
	size_t count, capacity;
	struct sk_holder *list;
};

static enum sk_err add_holder(struct holders *holders, const struct sk_handing *handing, struct sk_fault *fault)
{
	if (holders->count == holders->capacity) {
		size_t capacity = holders->capacity != 0 ? 2 * holders->capacity : 32;
		struct sk_holder *grown = capacity <= HANDINGS_MAX ? realloc(holders->list, capacity * sizeof *grown) : NULL;
		if (grown == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		holders->list = grown;
		holders->capacity = capacity;
	}
	holders->list[holders->count++] = (struct sk_holder){.handing = *handing};
	return SK_OK;
}

static bool same_day(const struct sk_holder *holder, const char *id)
{
	char own[SK_MATTER_ID_MAX];
	sk_retention_id(holder->handing.basis, holder->handing.day, own);
	return strcmp(own, id) == 0;
}

static enum sk_err take_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct holders *holders = context;
	struct sk_handing handing;
	bool provide = strcmp(entry->act.event, "provide") == 0, confirm = strcmp(entry->act.event, "confirm") == 0;
	if (provide || confirm)
		SK_TRY(sk_handing_read(entry->act.body, entry->act.body_length, &handing, fault));
	for (size_t i = 0; i < holders->count; i++) {
		struct sk_holder *holder = &holders->list[i];
		if (!same_day(holder, entry->act.id))
			continue;
		holder->erased = holder->erased || strcmp(entry->act.event, "erased") == 0;
		holder->confirmed = holder->confirmed || (confirm && strcmp(handing.org, holder->handing.org) == 0);
		if (provide && strcmp(handing.org, holder->handing.org) == 0 && !holder->erased)
			return SK_OK; /* provided again: one holder */
	}
	return provide ? add_holder(holders, &handing, fault) : SK_OK;
}

enum sk_err sk_holders(struct sk_docket *docket, const char *id, sk_holder_visit visit, void *context, struct sk_fault *fault)
{
	struct holders holders = {.count = 0};
	enum sk_err err = sk_docket_walk(docket, "retention", id, 0, take_act, &holders, fault);
	for (size_t i = 0; i < holders.count && err == SK_OK; i++)
		err = visit(context, &holders.list[i]);
	free(holders.list);
	return err;
}

static enum sk_err put_holder(void *context, const struct sk_holder *holder)
{
	struct sk_erasure *erasure = context;
	if (!holder->confirmed && !holder->erased && erasure->holder_count < SK_HOLDERS_MAX)
		memcpy(erasure->holders[erasure->holder_count++], holder->handing.org, sizeof holder->handing.org);
	return SK_OK;
}

enum sk_err sk_erasure_holders(struct sk_docket *docket, const char *id, struct sk_erasure *erasure, struct sk_fault *fault)
{
	erasure->holder_count = 0;
	return sk_holders(docket, id, put_holder, erasure, fault);
}

/* ---- what a restored workspace must be told again ---- */

struct telling {
	struct sk_docket *docket;
	sk_erasure_visit visit;
	void *context;
};

static enum sk_err tell(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct telling *telling = context;
	uint8_t digest[SK_HASH_BYTES];
	char state[SK_ACT_WORD_MAX] = "";
	bool found;
	if (strcmp(entry->act.event, "erase") != 0 && strcmp(entry->act.event, "erased") != 0)
		return SK_OK;
	SK_TRY(sk_docket_last(telling->docket, "retention", entry->act.id, digest, state, &found, fault));
	return telling->visit(telling->context, entry->act.id, state, entry, fault);
}

enum sk_err sk_docket_erasures(struct sk_docket *docket, sk_erasure_visit visit, void *context, struct sk_fault *fault)
{
	struct telling telling = {.docket = docket, .visit = visit, .context = context};
	return sk_docket_walk(docket, "retention", NULL, 0, tell, &telling, fault);
}
