/* SPDX-License-Identifier: Apache-2.0 */
/* Acts of custody once more: each matter is followed as its acts come, and judged by the code that judged it first. */
#include "custody/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "custody/custody_priv.h"
#include "text/json.h"

enum { MATTERS_MAX = 1 << 20 };

struct followed {
	char matter[SK_ACT_WORD_MAX], id[SK_MATTER_ID_MAX], state[SK_ACT_WORD_MAX];
	uint8_t erasing[SK_HASH_BYTES]; /* retention: digest of the body that asked for the erasure */
	struct sk_reident *request;     /* owned; reident alone */
};

struct sk_custody_replay {
	size_t count, room;
	struct followed *matters;
};

enum sk_err sk_custody_replay_new(struct sk_custody_replay **out, struct sk_fault *fault)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "out of memory");
}

void sk_custody_replay_free(struct sk_custody_replay *replay)
{
	if (replay == NULL)
		return;
	for (size_t i = 0; i < replay->count; i++)
		free(replay->matters[i].request);
	free(replay->matters);
	free(replay);
}

void sk_custody_basis_of(const struct sk_act *act, char basis[64])
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault unused;
	basis[0] = '\0';
	if (sk_json_parse(act->body, act->body_length, &doc, &unused) != SK_OK)
		return;
	const char *text = sk_json_get_text(sk_json_top(doc), "basis");
	if (text != NULL && strlen(text) < 64)
		memcpy(basis, text, strlen(text) + 1);
	sk_json_free(doc);
}

/* The matter of an act; acts of one come close together, so the last is looked at first. */
static struct followed *find(struct sk_custody_replay *replay, const struct sk_act *act)
{
	for (size_t i = replay->count; i-- != 0;)
		if (strcmp(replay->matters[i].id, act->id) == 0 && strcmp(replay->matters[i].matter, act->matter) == 0)
			return &replay->matters[i];
	if (replay->count == replay->room) {
		size_t room = replay->room != 0 ? 2 * replay->room : 64;
		struct followed *grown = room <= MATTERS_MAX ? reallocarray(replay->matters, room, sizeof *grown) : NULL;
		if (grown == NULL)
			return NULL;
		replay->matters = grown;
		replay->room = room;
	}
	struct followed *new = &replay->matters[replay->count];
	*new = (struct followed){.state = ""};
	if (strcmp(act->matter, "reident") == 0 && (new->request = calloc(1, sizeof *new->request)) == NULL)
		return NULL;
	memcpy(new->matter, act->matter, sizeof new->matter);
	memcpy(new->id, act->id, sizeof new->id);
	if (new->request != NULL)
		memcpy(new->request->id, act->id, sizeof act->id);
	replay->count++;
	return new;
}

/* A certificate says what was to be erased, and nothing else. */
static enum sk_err judge_certificate(const struct followed *at, const struct sk_act *act, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	struct sk_erasure erasure;
	uint8_t digest[SK_HASH_BYTES];
	SK_TRY(sk_custody_find_step("retention", act->event, at->state, false, &step, fault));
	SK_TRY(sk_erasure_read(act->body, act->body_length, &erasure, fault));
	sk_erasure_fini(&erasure);
	sk_sha256(act->body, act->body_length, digest);
	if (memcmp(digest, at->erasing, sizeof digest) != 0)
		return sk_fault_set(fault, SK_EINCONSISTENT, "it certifies something else than what was to be erased");
	(void)snprintf(facts->to, sizeof facts->to, "%s", step->to);
	return SK_OK;
}

static enum sk_err judge_by_centre(const struct followed *at, const struct sk_custody_court *court, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_note note;
	SK_TRY(sk_note_parse(entry->note, entry->note_length, &note, fault));
	if (note.signature_count != 1 || sk_note_verify(&note, court->centre) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "expected the centre's own signature");
	if (strcmp(entry->act.matter, "retention") == 0)
		return judge_certificate(at, &entry->act, facts, fault);
	return sk_reident_expire(at->request, entry->act.time_ns, facts, fault);
}

static bool is_centres(const struct sk_act *act)
{
	bool is = false;
	const struct sk_custody_step *step;
	for (size_t i = 0; (step = sk_custody_step(i)) != NULL; i++)
		is = is || (strcmp(step->matter, act->matter) == 0 && strcmp(step->event, act->event) == 0 && strcmp(step->who, "centre") == 0);
	return is;
}

/* A key in the place of another: the old one's holder signs, once. */
static enum sk_err judge_rekey(const struct followed *at, const struct sk_custody_court *court, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_custody_step *step;
	struct sk_person person;
	SK_TRY(sk_custody_find_step("rekey", entry->act.event, at->state, false, &step, fault));
	SK_TRY(sk_custody_author(court->access, entry->note, entry->note_length, &entry->act, step->who, entry->act.time_ns, &person, fault));
	(void)snprintf(facts->to, sizeof facts->to, "%s", step->to);
	return SK_OK;
}

static enum sk_err judge(const struct followed *at, const struct sk_custody_court *court, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault)
{
	const struct sk_act *act = &entry->act;
	struct sk_provision provision = court->provision;
	struct sk_reident_rule rule;
	struct sk_person person;
	if (strcmp(act->matter, "rekey") == 0)
		return judge_rekey(at, court, entry, facts, fault);
	if (is_centres(act))
		return judge_by_centre(at, court, entry, facts, fault);
	provision.keep_days = sk_custody_keep_days(court->law, court->kind, act->time_ns, court->simulate);
	if (strcmp(act->matter, "retention") == 0)
		return sk_retention_weigh(court->access, &provision, at->state, entry->note, entry->note_length, act, act->time_ns, &person, facts, fault);
	sk_reident_rule_of(court->law, act->time_ns, court->simulate, &rule);
	return sk_reident_weigh(court->access, &rule, at->state, at->request, entry->note, entry->note_length, act, act->time_ns, &person, facts, fault);
}

//= rule: POLICY-2
enum sk_err sk_custody_judge_again(struct sk_custody_replay *replay, const struct sk_custody_court *court, const struct sk_entry *entry, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct followed *at = find(replay, &entry->act);
	struct sk_fault unused;
	memset(facts, 0, sizeof *facts);
	if (at == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory, or more than %d matters of custody", MATTERS_MAX);
	enum sk_err err = judge(at, court, entry, facts, fault);
	/* What cannot be folded was told by the judgement above. */
	if (at->request != NULL && sk_reident_fold(court->access, entry, at->request, &unused) == SK_ENOMEM)
		err = sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (strcmp(entry->act.event, "erase") == 0)
		sk_sha256(entry->act.body, entry->act.body_length, at->erasing);
	memcpy(at->state, entry->to, sizeof at->state);
	return err;
}
