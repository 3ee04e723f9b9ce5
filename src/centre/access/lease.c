/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: a right for a piece of work, with purpose, scope, another person's grant and an end. Every step is an act, so an end survives restarts; the register's
   time never goes back, so it survives a clock that does. rule: ACCESS-5 ACCESS-6 */
#include "access/access_priv.h"

#include "access/purpose.h"

#include <stdio.h>

static const char *const state_names[] = {
#define SK_LEASE_STATE(symbol, name) name,
#include "access/lease.def"
#undef SK_LEASE_STATE
};

static const struct {
	const char *event;
	enum sk_lease_state from, to;
} steps[] = {
#define SK_LEASE_STEP(event, from, to) {event, SK_LEASE_##from, SK_LEASE_##to},
#include "access/lease.def"
#undef SK_LEASE_STEP
};

/* Its state at a moment: what has run out is over, whether or not an act says so. */
static enum sk_lease_state state_at(const struct sk_lease *lease, int64_t at_ns)
{
	return lease->state == SK_LEASE_GRANTED && at_ns >= lease->until_ns ? SK_LEASE_EXPIRED : lease->state;
}

static enum sk_err weigh_request(const struct sk_change *change, struct sk_fault *fault)
{
	static const char *const members[] = {"activity", "purpose", "scope", "seconds", "why", NULL};
	char activity[SK_ACT_WORD_MAX], purpose[SK_ACT_WORD_MAX], scope[SK_ACCESS_SCOPE_MAX], why[SK_ACCESS_TITLE_MAX];
	uint64_t seconds = 0;
	SK_TRY(sk_access_body_is(change, members, fault));
	SK_TRY(sk_access_body_text(change, "activity", activity, sizeof activity, fault));
	SK_TRY(sk_access_body_text(change, "purpose", purpose, sizeof purpose, fault));
	SK_TRY(sk_access_body_text(change, "scope", scope, sizeof scope, fault));
	SK_TRY(sk_access_body_text(change, "why", why, sizeof why, fault));
	if (!sk_duty_leasable(activity))
		return sk_fault_set(fault, SK_EPERMIT, "%s: no activity that is leased", activity);
	SK_TRY(sk_purpose_check(purpose, fault));
	if (sk_json_get_u64(change->body, "seconds", &seconds) != SK_OK || seconds == 0 || seconds > SK_ACCESS_LEASE_S_MAX)
		return sk_fault_set(fault, SK_EPERMIT, "seconds: a lease is for 1 to %d seconds", SK_ACCESS_LEASE_S_MAX);
	if (change->signer_count != 1 || change->signers[0].roles == 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: a lease is asked for by one person with a role, for himself", change->act->id);
	sk_facts_word(change->facts, "activity.", activity);
	return SK_OK;
}

/* Another person, of the same organisation or of the one that provides (nco), who may grant. */
static enum sk_err need_granter(struct sk_access *access, const struct sk_change *change, const struct sk_lease *lease, struct sk_fault *fault)
{
	const struct sk_holder *asker = &access->accounts[lease->account];
	if (change->signer_count != 1)
		return sk_fault_set(fault, SK_EPERMIT, "%s: a lease is granted by one person", lease->id);
	const struct sk_person *granter = &change->signers[0];
	if (strcmp(granter->account, asker->id) == 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: nobody grants a lease to himself", lease->id);
	SK_TRY(sk_access_may(access, granter, "lease.grant", sk_access_moment(access, change), fault));
	bool provided = access->orgs[asker->org].kind == SK_ORG_NPA || access->orgs[asker->org].kind == SK_ORG_MOD || access->orgs[asker->org].kind == SK_ORG_OPERATOR;
	if (provided ? granter->kind != SK_ORG_NCO : strcmp(granter->org, access->orgs[asker->org].id) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "%s: %s may not grant it: for %s somebody of %s does", lease->id, granter->account, asker->id,
				    provided ? "the organisation that provides (nco)" : access->orgs[asker->org].id);
	return SK_OK;
}

/* The holder, the granter, an administrator's organisation is not asked: whoever may grant may also end. */
static enum sk_err need_ender(struct sk_access *access, const struct sk_change *change, const struct sk_lease *lease, struct sk_fault *fault)
{
	if (sk_access_signed_by(change, access->accounts[lease->account].id) != NULL)
		return SK_OK;
	for (size_t i = 0; i < change->signer_count; i++)
		if (change->signers[i].oversight && change->signers[i].roles != 0)
			return SK_OK;
	return need_granter(access, change, lease, fault);
}

static enum sk_err weigh_event(struct sk_access *access, const struct sk_change *change, const struct sk_lease *lease, struct sk_fault *fault)
{
	static const char *const nothing[] = {NULL}, *const use_members[] = {"what", NULL}, *const why_members[] = {"why", NULL};
	char text[SK_ACCESS_SCOPE_MAX];
	const char *event = change->act->event;
	sk_facts_word(change->facts, "activity.", lease->activity);
	if (strcmp(event, "grant") == 0) {
		SK_TRY(sk_access_body_is(change, nothing, fault));
		return need_granter(access, change, lease, fault);
	}
	if (strcmp(event, "use") == 0) {
		SK_TRY(sk_access_body_is(change, use_members, fault));
		SK_TRY(sk_access_body_text(change, "what", text, sizeof text, fault));
		return sk_access_signed_by(change, access->accounts[lease->account].id) != NULL && change->signer_count == 1
			       ? SK_OK
			       : sk_fault_set(fault, SK_EPERMIT, "%s: only its holder uses a lease", lease->id);
	}
	if (strcmp(event, "expire") == 0) {
		SK_TRY(sk_access_body_is(change, nothing, fault));
		return sk_access_moment(access, change) >= lease->until_ns ? SK_OK : sk_fault_set(fault, SK_EPERMIT, "%s: the lease still runs", lease->id);
	}
	SK_TRY(sk_access_body_is(change, why_members, fault));
	SK_TRY(sk_access_body_text(change, "why", text, sizeof text, fault));
	return strcmp(event, "refuse") == 0 ? need_granter(access, change, lease, fault) : need_ender(access, change, lease, fault);
}

enum sk_err sk_access_weigh_lease(struct sk_access *access, struct sk_change *change, struct sk_fault *fault)
{
	size_t index = sk_access_lease(access, change->act->id);
	const struct sk_lease *lease = index != SK_NOBODY ? &access->leases[index] : NULL;
	/* What has run out may still be said to have: every other step needs the state of the moment. */
	bool expiring = lease != NULL && strcmp(change->act->event, "expire") == 0;
	enum sk_lease_state state = lease == NULL ? SK_LEASE_NONE : expiring ? lease->state : state_at(lease, sk_access_moment(access, change));
	for (size_t i = 0; i < SK_COUNT(steps); i++) {
		if (strcmp(steps[i].event, change->act->event) != 0 || steps[i].from != state)
			continue;
		(void)snprintf(change->facts->from, sizeof change->facts->from, "%s", state_names[state]);
		(void)snprintf(change->facts->to, sizeof change->facts->to, "%s", state_names[steps[i].to]);
		return lease == NULL ? weigh_request(change, fault) : weigh_event(access, change, lease, fault);
	}
	if (state == SK_LEASE_EXPIRED)
		return sk_fault_set(fault, SK_EEXPIRED, "%s: the lease has run out", change->act->id);
	return sk_fault_set(fault, lease == NULL ? SK_ENOENT : SK_EPERMIT, "%s: no step %s for a lease that is %s", change->act->id, change->act->event,
			    lease == NULL ? "not there" : state_names[state]);
}

static enum sk_err add_lease(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	uint64_t seconds = 0;
	struct sk_lease *lease = sk_access_grow(&access->leases, &access->lease_count, &access->lease_room, sizeof *lease, SK_ACCESS_LEASES_MAX);
	if (lease == NULL)
		return sk_fault_set(fault, SK_ETOOBIG, "register: out of memory or more than %d leases", SK_ACCESS_LEASES_MAX);
	(void)snprintf(lease->id, sizeof lease->id, "%s", change->act->id);
	(void)snprintf(lease->activity, sizeof lease->activity, "%s", sk_json_get_text(change->body, "activity"));
	(void)snprintf(lease->scope, sizeof lease->scope, "%s", sk_json_get_text(change->body, "scope"));
	SK_TRY(sk_json_get_u64(change->body, "seconds", &seconds));
	lease->asked_s = (int64_t)seconds;
	lease->account = sk_access_account(access, change->signers[0].account);
	lease->granter = SK_NOBODY;
	lease->state = SK_LEASE_REQUESTED;
	return SK_OK;
}

enum sk_err sk_access_apply_lease(struct sk_access *access, const struct sk_change *change, struct sk_fault *fault)
{
	const int64_t second_ns = 1000000000;
	const char *event = change->act->event;
	int64_t at_ns = sk_access_moment(access, change);
	if (strcmp(event, "request") == 0)
		return add_lease(access, change, fault);
	struct sk_lease *lease = &access->leases[sk_access_lease(access, change->act->id)];
	if (strcmp(event, "use") == 0)
		lease->uses++;
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].event, event) == 0 && steps[i].from == lease->state) {
			lease->state = steps[i].to;
			break;
		}
	if (strcmp(event, "grant") == 0) {
		lease->granter = sk_access_account(access, change->signers[0].account);
		lease->granted_ns = at_ns;
		lease->until_ns = at_ns + lease->asked_s * second_ns;
	}
	if (strcmp(event, "revoke") == 0 && lease->granted_ns != 0 && at_ns < lease->until_ns)
		lease->until_ns = at_ns;
	return SK_OK;
}

void sk_access_each_lease(const struct sk_access *access, int64_t at_ns, void (*visit)(void *context, const struct sk_lease_view *lease), void *context)
{
	for (size_t i = 0; i < access->lease_count; i++) {
		const struct sk_lease *lease = &access->leases[i];
		struct sk_lease_view view = {lease->id, access->accounts[lease->account].id, lease->activity, lease->scope,
					     lease->granter != SK_NOBODY ? access->accounts[lease->granter].id : "", state_names[state_at(lease, at_ns)],
					     lease->asked_s, lease->granted_ns, lease->until_ns, lease->uses};
		visit(context, &view);
	}
}
