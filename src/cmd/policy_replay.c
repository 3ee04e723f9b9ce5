/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho policy replay: every act judged again under the policy of its day, by the room that judged it. */
#include "cmd/policy_replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "custody/replay.h"
#include "oversight/matters.h"
#include "text/json.h"
#include "text/text.h"

enum { KINDS_MAX = 32, OUT_BYTES = 1 << 16 };

struct kind {
	char matter[SK_ACT_WORD_MAX];
	bool judged;
	uint64_t acts, differ;
};

struct telling {
	struct sk_cmd *cmd;
	bool json;
	size_t count;
	struct kind kinds[KINDS_MAX];
};

/* Matters of oversight, as their acts so far tell. */
struct remarks {
	size_t count, room;
	struct sk_oversight_matter **matters; /* owned, each too */
};

struct judges {
	struct sk_office *office;
	struct sk_custody_replay *custody;
	struct remarks remarks;
};

/* ---- the judges of other rooms ---- */

static enum sk_err judge_custody(struct judges *judges, const struct sk_entry *entry, const struct sk_bases *bases, const struct sk_law *law, struct sk_act_facts *facts, struct sk_fault *fault)
{
	char id[64];
	struct sk_custody_court court = {.access = judges->office->access, .centre = &judges->office->centre.public_key, .law = law, .simulate = judges->office->centre.simulated, .kind = ""};
	sk_custody_basis_of(&entry->act, id);
	const struct sk_basis_matter *basis = sk_bases_find(bases, id);
	if (basis != NULL) {
		court.kind = basis->basis.kind;
		court.provision = (struct sk_provision){.agreement = strcmp(basis->basis.kind, "agreement") == 0, .consented = basis->may_provide};
		memcpy(court.provision.partner, basis->partner, sizeof court.provision.partner);
	}
	return sk_custody_judge_again(judges->custody, &court, entry, facts, fault);
}

static struct sk_oversight_matter *remark_of(struct remarks *remarks, const struct sk_act *act)
{
	for (size_t i = remarks->count; i-- != 0;)
		if (strcmp(remarks->matters[i]->id, act->id) == 0 && strcmp(remarks->matters[i]->matter, act->matter) == 0)
			return remarks->matters[i];
	if (remarks->count == remarks->room) {
		size_t room = remarks->room != 0 ? 2 * remarks->room : 64;
		struct sk_oversight_matter **grown = room <= SK_OVERSIGHT_MATTERS_MAX ? reallocarray(remarks->matters, room, sizeof(struct sk_oversight_matter *)) : NULL;
		if (grown == NULL)
			return NULL;
		remarks->matters = grown;
		remarks->room = room;
	}
	struct sk_oversight_matter *new = calloc(1, sizeof *new);
	if (new == NULL)
		return NULL;
	memcpy(new->matter, act->matter, sizeof new->matter);
	memcpy(new->id, act->id, sizeof new->id);
	remarks->matters[remarks->count++] = new;
	return new;
}

static enum sk_err judge_more(void *context, const struct sk_entry *entry, const struct sk_bases *bases, const struct sk_law *law, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault)
{
	struct judges *judges = context;
	const char *matter = entry->act.matter;
	*judged = true;
	if (strcmp(matter, "retention") == 0 || strcmp(matter, "reident") == 0 || strcmp(matter, "rekey") == 0)
		return judge_custody(judges, entry, bases, law, facts, fault);
	*judged = strcmp(matter, "remark") == 0 || strcmp(matter, "selfreport") == 0 || strcmp(matter, "inspection") == 0;
	if (!*judged)
		return SK_OK;
	struct sk_oversight_matter *remark = remark_of(&judges->remarks, &entry->act);
	if (remark == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory, or more than %d matters of oversight", SK_OVERSIGHT_MATTERS_MAX);
	return sk_oversight_judge(judges->office->access, entry->note, entry->note_length, &entry->act, sk_policy_small_cell(), remark, facts, fault);
}

/* ---- telling ---- */

static struct kind *kind_of(struct telling *telling, const char *matter)
{
	size_t i = 0;
	while (i < telling->count && strcmp(telling->kinds[i].matter, matter) != 0)
		i++;
	if (i == KINDS_MAX)
		return NULL;
	if (i == telling->count)
		(void)snprintf(telling->kinds[telling->count++].matter, sizeof telling->kinds[i].matter, "%s", matter);
	return &telling->kinds[i];
}

static void tell(void *context, const struct sk_replayed *replayed)
{
	struct telling *telling = context;
	const struct sk_entry *entry = replayed->entry;
	struct kind *kind = kind_of(telling, entry->act.matter);
	char hex[2 * SK_HASH_BYTES + 1];
	if (kind != NULL) {
		kind->judged = replayed->judged;
		kind->acts++;
		kind->differ += !replayed->agrees;
	}
	if (replayed->agrees || telling->json)
		return;
	sk_hex_encode(entry->act.policy, SK_HASH_BYTES, hex);
	(void)fprintf(telling->cmd->out, "leaf %" PRIu64 ": %s %s, %s, under %.12s: %s\n", entry->leaf, entry->act.matter, entry->act.id, entry->act.event, hex, replayed->why);
}

static void print_kinds(const struct telling *telling)
{
	for (size_t i = 0; i < telling->count; i++)
		(void)fprintf(telling->cmd->out, "  %-12s %8" PRIu64 " acts  %s\n", telling->kinds[i].matter, telling->kinds[i].acts,
			      telling->kinds[i].judged ? "judged again" : "not judged: the centre's own, which commit to sealed rows and decide nothing");
}

static void print_json(const struct telling *telling, uint64_t judged, uint64_t differ)
{
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, OUT_BYTES);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "acts", judged);
	sk_json_u64(&w, "differ", differ);
	sk_json_bool(&w, "agree", differ == 0);
	sk_json_array(&w, "kinds");
	for (size_t i = 0; i < telling->count; i++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "matter", telling->kinds[i].matter);
		sk_json_u64(&w, "acts", telling->kinds[i].acts);
		sk_json_bool(&w, "judged", telling->kinds[i].judged);
		sk_json_u64(&w, "differ", telling->kinds[i].differ);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
	(void)fprintf(telling->cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

//= rule: POLICY-2
enum sk_err sk_cmd_policy_replay(struct sk_cmd *cmd, struct sk_office *office, const struct sk_law *under, bool json, struct sk_fault *fault)
{
	struct judges judges = {.office = office};
	struct telling telling = {.cmd = cmd, .json = json};
	const struct sk_replay_more more = {.judge = judge_more, .context = &judges};
	uint64_t judged = 0, differ = 0;
	enum sk_err err = sk_custody_replay_new(&judges.custody, fault);
	if (err == SK_OK)
		err = sk_policy_replay(&office->options, under, &more, tell, &telling, &judged, &differ, fault);
	if (err == SK_OK && json)
		print_json(&telling, judged, differ);
	else if (err == SK_OK)
		print_kinds(&telling);
	if (err == SK_OK && differ == 0 && !json)
		(void)fprintf(cmd->out, "%" PRIu64 " acts judged again, each under %s: all agree.\n", judged, under != NULL ? "that policy" : "the policy of its day");
	if (err == SK_OK && differ != 0)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%" PRIu64 " of %" PRIu64 " acts do not agree with %s", differ, judged, under != NULL ? "that policy" : "the policy of their day");
	sk_custody_replay_free(judges.custody);
	for (size_t i = 0; i < judges.remarks.count; i++)
		free(judges.remarks.matters[i]);
	free(judges.remarks.matters);
	return err;
}
