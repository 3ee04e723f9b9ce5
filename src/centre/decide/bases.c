/* SPDX-License-Identifier: Apache-2.0 */
/* All bases, folded from the docket: each act is judged again under the policy that it names, by who its author was at its time. */
#include "decide/decide_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"

/* A statement that is signed elsewhere may lie for a day; one from the future is a wrong clock. */
static const int64_t old_ns = INT64_C(86400000000000), ahead_ns = INT64_C(300000000000);

struct sk_bases {
	struct sk_bases_options options;
	struct sk_basis_matter **matters; /* each on the heap: whoever borrowed one keeps it while others are added */
	size_t count, capacity;
	uint64_t void_acts;
	char void_why[SK_FAULT_LINE_MAX];
	bool no_law;                      /* a policy cannot be had: nobody can judge */
};

static enum sk_err may(void *context, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	return sk_access_may(context, person, activity, now_ns, fault);
}

static struct sk_basis_matter *find(const struct sk_bases *bases, const char *id)
{
	for (size_t i = 0; i < bases->count; i++)
		if (strcmp(bases->matters[i]->id, id) == 0)
			return bases->matters[i];
	return NULL;
}

/* A place for a basis that is asked for. */
static struct sk_basis_matter *add_place(struct sk_bases *bases)
{
	if (bases->count == bases->capacity) {
		size_t capacity = bases->capacity != 0 ? 2 * bases->capacity : 16;
		struct sk_basis_matter **matters = realloc(bases->matters, capacity * sizeof *matters);
		if (matters == NULL)
			return NULL;
		bases->matters = matters;
		bases->capacity = capacity;
	}
	bases->matters[bases->count] = calloc(1, sizeof *bases->matters[0]);
	return bases->matters[bases->count];
}

/* Whose act is it: somebody's of the register, or (*who_out NULL) the centre's own. */
static enum sk_err author(const struct sk_bases *bases, const char *note_text, size_t length, int64_t now_ns, struct sk_person *who, const struct sk_person **who_out, struct sk_fault *fault)
{
	struct sk_note note;
	SK_TRY(sk_note_parse(note_text, length, &note, fault));
	*who_out = NULL;
	if (note.signature_count == 1 && sk_note_verify(&note, bases->options.centre) == SK_OK)
		return SK_OK;
	*who_out = who;
	return sk_access_who(bases->options.access, note_text, length, now_ns, who, fault);
}

/* Judge one act and carry it out on its matter, which is made when it is the first. */
static enum sk_err take(struct sk_bases *bases, const char *note, size_t length, const struct sk_act *act, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_person person = {.account = ""};
	const struct sk_person *who = NULL;
	struct sk_basis_court court = {.profile = bases->options.profile, .may = may, .context = bases->options.access};
	static const uint8_t none[SK_HASH_BYTES];
	SK_TRY(author(bases, note, length, act->time_ns, &person, &who, fault));
	if (memcmp(act->policy, none, sizeof none) != 0) {
		enum sk_err law = bases->options.law(bases->options.context, act->policy, &court.law, fault);
		bases->no_law = law != SK_OK;
		SK_TRY(law);
	}
	struct sk_basis_matter *matter = find(bases, act->id);
	bool first = matter == NULL;
	if (first) {
		if (bases->count == SK_BASES_MAX)
			return sk_fault_set(fault, SK_ETOOBIG, "more than %d bases", SK_BASES_MAX);
		matter = add_place(bases);
		if (matter == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	enum sk_err err = sk_basis_judge(matter, act, who, &court, facts, fault);
	if (first && err == SK_OK)
		bases->count++;
	else if (first)
		free(matter);
	return err;
}

/* Errors of the machine, and a policy that is gone, end the fold; an act that was not allowed has no effect, and is counted. */
static bool is_judgement(const struct sk_bases *bases, enum sk_err err)
{
	return !bases->no_law && sk_err_kind(err) != SK_KIND_HOST;
}

struct folding {
	struct sk_bases *bases;
	struct sk_policy_state policy; /* in force at the act that is visited */
};

static void count_void(struct sk_bases *bases, const struct sk_fault *why)
{
	if (bases->void_acts++ == 0)
		memcpy(bases->void_why, why->line, sizeof bases->void_why);
}

static enum sk_err fold_basis(struct folding *folding, const struct sk_entry *entry, struct sk_fault *fault)
{
	static const uint8_t none[SK_HASH_BYTES];
	struct sk_bases *bases = folding->bases;
	struct sk_act_facts facts;
	struct sk_fault why = {.line = ""};
	/* Whoever could choose a policy for himself would choose the one of another day. */
	if (memcmp(entry->act.policy, folding->policy.in_force ? folding->policy.current : none, SK_HASH_BYTES) != 0) {
		(void)sk_fault_set(&why, SK_EINCONSISTENT, "basis %s: leaf %llu names another policy than the one that was in force", entry->act.id, (unsigned long long)entry->leaf);
		count_void(bases, &why);
		return SK_OK;
	}
	enum sk_err err = take(bases, entry->note, entry->note_length, &entry->act, &facts, &why);
	if (err == SK_OK && strcmp(facts.to, entry->to) != 0)
		err = sk_fault_set(&why, SK_EINCONSISTENT, "basis %s: leaf %llu says that '%s' led to %s; it leads to %s", entry->act.id, (unsigned long long)entry->leaf, entry->act.event, entry->to,
				   facts.to);
	else if (err != SK_OK && !is_judgement(bases, err)) {
		*fault = why;
		return err;
	}
	if (err != SK_OK)
		count_void(bases, &why);
	return SK_OK;
}

static enum sk_err fold(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct folding *folding = context;
	struct sk_act_facts facts;
	struct sk_fault why = {.line = ""};
	bool judged;
	if (strcmp(entry->act.matter, "basis") == 0)
		return fold_basis(folding, entry, fault);
	if (strcmp(entry->act.matter, SK_POLICY_MATTER) != 0)
		return SK_OK;
	enum sk_err err = sk_policy_take(&folding->bases->options, entry, &folding->policy, &facts, &judged, &why);
	if (err == SK_OK || (judged && sk_err_kind(err) != SK_KIND_HOST))
		return SK_OK;
	*fault = why;
	return err;
}

enum sk_err sk_bases_judge_begin(const struct sk_bases_options *options, struct sk_bases **out, struct sk_fault *fault)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(*out)->options = *options;
	return SK_OK;
}

enum sk_err sk_bases_judge_again(struct sk_bases *bases, const struct sk_entry *entry, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault)
{
	enum sk_err err = take(bases, entry->note, entry->note_length, &entry->act, facts, fault);
	*judged = err == SK_OK || is_judgement(bases, err);
	return err;
}

enum sk_err sk_bases_open(const struct sk_bases_options *options, struct sk_bases **out, struct sk_fault *fault)
{
	struct sk_bases *bases;
	SK_TRY(sk_bases_judge_begin(options, &bases, fault));
	struct folding folding = {.bases = bases};
	*out = NULL;
	enum sk_err err = sk_docket_walk(options->docket, NULL, NULL, 0, fold, &folding, fault);
	if (err == SK_OK)
		*out = bases;
	else
		sk_bases_close(bases);
	return err;
}

void sk_bases_close(struct sk_bases *bases)
{
	if (bases == NULL)
		return;
	for (size_t i = 0; i < bases->count; i++)
		free(bases->matters[i]);
	free(bases->matters);
	free(bases);
}

const struct sk_basis_matter *sk_bases_find(const struct sk_bases *bases, const char *id)
{
	return find(bases, id);
}

const struct sk_basis_matter *sk_bases_at(const struct sk_bases *bases, size_t i)
{
	return i < bases->count ? bases->matters[i] : NULL;
}

uint64_t sk_bases_void(const struct sk_bases *bases, const char **why)
{
	*why = bases->void_why;
	return bases->void_acts;
}

//= rule: BASIS-6
enum sk_err sk_bases_add(struct sk_bases *bases, const char *note, size_t length, const struct sk_act *act, const uint8_t policy[SK_HASH_BYTES], int64_t now_ns, struct sk_act_facts *facts,
			 struct sk_receipt *receipt, struct sk_fault *fault)
{
	char said[SK_TIME_TEXT_MAX], now[SK_TIME_TEXT_MAX];
	struct sk_person person;
	const struct sk_person *who;
	int64_t latest_ns = sk_access_now(bases->options.access, now_ns);
	if (strcmp(act->matter, "basis") != 0)
		return sk_fault_set(fault, SK_EUSAGE, "an act of matter '%s' is no act of a basis", act->matter);
	if (act->time_ns < latest_ns - old_ns || act->time_ns > latest_ns + ahead_ns)
		return sk_fault_set(fault, SK_EUSAGE, "basis %s: the act says %s, now it is %s; a statement is good for a day, and none is of the future", act->id, sk_time_format(act->time_ns, 0, said),
				    sk_time_format(latest_ns, 0, now));
	if (memcmp(act->policy, policy, SK_HASH_BYTES) != 0)
		return sk_fault_set(fault, SK_EUSAGE, "basis %s: made under another policy than the one in force; make it again", act->id);
	/* In force when it was said, and still now. */
	SK_TRY(author(bases, note, length, latest_ns, &person, &who, fault));
	SK_TRY(take(bases, note, length, act, facts, fault));
	return sk_docket_add(bases->options.docket, note, length, facts, receipt, fault);
}
