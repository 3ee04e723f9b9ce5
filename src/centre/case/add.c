/* SPDX-License-Identifier: Apache-2.0 */
/* What a person asks for, as one entry or, for a merge and a split, as two. */
#include <stdio.h>
#include <stdlib.h>

#include "case/add_priv.h"

struct asked {
	struct sk_cases *cases;
	const struct sk_case_author *author;
	const struct sk_case_change *change;
	int64_t now_ns;
	struct sk_case_done *done;
	struct sk_fault *fault;
};

static enum sk_err new_id(struct sk_cases *cases, char id[SK_MATTER_ID_MAX], struct sk_fault *fault)
{
	uint64_t acts = 1;
	/* Cases are never taken away, so the count is the last number; the loop is for a number that an older program gave. */
	for (uint64_t number = cases->meta.cases + 1; acts != 0; number++) {
		(void)snprintf(id, SK_MATTER_ID_MAX, "c-%04llu", (unsigned long long)number);
		SK_TRY(sk_docket_count(cases->docket, "case", id, &acts, fault));
	}
	return SK_OK;
}

static void tell(const struct asked *a, const struct sk_case *c, uint64_t leaf)
{
	memcpy(a->done->id, c->head.id, sizeof a->done->id);
	a->done->state = c->head.state;
	a->done->entry = (uint32_t)c->entry_count;
	a->done->leaf = leaf;
}

static enum sk_err plain_change(const struct asked *a, struct sk_case *c, const char *id, enum sk_case_event event)
{
	struct sk_buf data;
	uint64_t leaf = 0;
	sk_buf_init(&data, SK_CASE_ENTRY_MAX);
	sk_case_data_write(event, a->change, &data);
	struct sk_case_step step = {.author = a->author, .id = id, .event = event, .data = &data, .now_ns = a->now_ns};
	if (event == SK_CASE_EVENT_EVIDENCE) {
		step.evidence = a->change->length != 0 ? a->change->bytes : "";
		step.evidence_length = a->change->length;
	}
	enum sk_err err = event == SK_CASE_EVENT_EVIDENCE && a->change->length > SK_CASE_EVIDENCE_MAX
				  ? sk_fault_set(a->fault, SK_ETOOBIG, "evidence of %zu bytes; at most %d are kept here", a->change->length, SK_CASE_EVIDENCE_MAX)
				  : sk_cases_enter(a->cases, c, &step, &leaf, a->fault);
	if (err == SK_OK)
		tell(a, c, leaf);
	sk_buf_fini(&data);
	return err;
}

//= rule: CASE-5
static enum sk_err merge(const struct asked *a, struct sk_case *from, struct sk_case *into)
{
	bool *duplicate = calloc(from->item_count + 1, sizeof *duplicate);
	struct sk_buf gives, takes;
	uint64_t leaf = 0, other = 0;
	if (duplicate == NULL)
		return sk_fault_set(a->fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; i < from->item_count; i++) {
		duplicate[i] = !from->items[i].gone && sk_case_holds(into, &from->items[i]);
		a->done->duplicates += duplicate[i];
		a->done->moved += !from->items[i].gone && !duplicate[i];
	}
	sk_buf_init(&gives, SK_CASE_ENTRY_MAX);
	sk_buf_init(&takes, SK_CASE_ENTRY_MAX);
	sk_case_merge_write(from, into->head.id, duplicate, a->change->text, &gives);
	sk_case_absorb_write(from, duplicate, a->change->text, &takes);
	struct sk_case_step give = {.author = a->author, .id = from->head.id, .event = SK_CASE_EVENT_MERGE, .data = &gives, .now_ns = a->now_ns, .owed = {into->head.id, SK_CASE_EVENT_ABSORB, &takes}};
	struct sk_case_step take = {.author = a->author, .id = into->head.id, .event = SK_CASE_EVENT_ABSORB, .data = &takes, .now_ns = a->now_ns};
	enum sk_err err = takes.failed != SK_OK ? sk_fault_set(a->fault, SK_ETOOBIG, "case %s holds too much to be merged at once; split it first", from->head.id)
						: sk_cases_enter(a->cases, from, &give, &leaf, a->fault);
	if (err == SK_OK) {
		tell(a, from, leaf);
		memcpy(a->done->other, into->head.id, sizeof a->done->other);
		err = sk_cases_enter(a->cases, into, &take, &other, a->fault);
	}
	sk_buf_fini(&takes);
	sk_buf_fini(&gives);
	free(duplicate);
	return err;
}

static enum sk_err merge_cases(const struct asked *a, struct sk_case *from)
{
	struct sk_case into;
	if (a->change->ref == NULL || strcmp(a->change->ref, from->head.id) == 0)
		return sk_fault_set(a->fault, SK_EUSAGE, "case %s: it cannot go into itself", from->head.id);
	SK_TRY(sk_cases_load(a->cases, a->change->ref, &into, a->fault));
	enum sk_err err = sk_case_step(into.head.state, SK_CASE_EVENT_ABSORB) != SK_CASE_STATE_COUNT
				  ? merge(a, from, &into)
				  : sk_fault_set(a->fault, SK_ESTAGE, "case %s is %s and takes nothing in; reopen it first", into.head.id, sk_case_state_name(into.head.state));
	sk_case_fini(&into);
	return err;
}

static enum sk_err check_split(const struct asked *a, const struct sk_case *c)
{
	for (size_t i = 0; i < a->change->item_count; i++) {
		const struct sk_case_item *item = sk_case_item(c, a->change->items[i]);
		if (item == NULL || item->gone)
			return sk_fault_set(a->fault, SK_ENOENT, "case %s: there is no item %u that could go", c->head.id, a->change->items[i]);
		for (size_t j = 0; j < i; j++)
			if (a->change->items[j] == a->change->items[i])
				return sk_fault_set(a->fault, SK_EUSAGE, "case %s: item %u is named twice", c->head.id, a->change->items[i]);
	}
	size_t title = a->change->title != NULL ? strlen(a->change->title) : 0;
	if (a->change->item_count == 0 || title == 0 || title >= SK_CASE_TITLE_MAX || strcspn(a->change->title, "\n\r\t") != title)
		return sk_fault_set(a->fault, SK_EUSAGE, "case %s: to split it takes a title of one line for the new case and the items that go there", c->head.id);
	return SK_OK;
}

static enum sk_err split(const struct asked *a, struct sk_case *c)
{
	char id[SK_MATTER_ID_MAX];
	struct sk_buf gives, takes;
	struct sk_case fresh = {0};
	uint64_t leaf = 0, other = 0;
	SK_TRY(check_split(a, c));
	SK_TRY(new_id(a->cases, id, a->fault));
	sk_buf_init(&gives, SK_CASE_ENTRY_MAX);
	sk_buf_init(&takes, SK_CASE_ENTRY_MAX);
	sk_case_split_write(id, a->change->items, a->change->item_count, a->change->text, &gives);
	sk_case_split_open_write(c, a->change->items, a->change->item_count, a->change->title, &takes);
	struct sk_case_step give = {.author = a->author, .id = c->head.id, .event = SK_CASE_EVENT_SPLIT, .data = &gives, .now_ns = a->now_ns, .owed = {id, SK_CASE_EVENT_OPEN, &takes}};
	struct sk_case_step take = {.author = a->author, .id = id, .event = SK_CASE_EVENT_OPEN, .data = &takes, .now_ns = a->now_ns};
	enum sk_err err = takes.failed != SK_OK ? sk_fault_set(a->fault, SK_ETOOBIG, "case %s: too much goes at once", c->head.id) : sk_cases_enter(a->cases, c, &give, &leaf, a->fault);
	if (err == SK_OK) {
		tell(a, c, leaf);
		memcpy(a->done->other, id, sizeof id);
		a->done->moved = (uint32_t)a->change->item_count;
		err = sk_cases_enter(a->cases, &fresh, &take, &other, a->fault);
	}
	sk_case_fini(&fresh);
	sk_buf_fini(&takes);
	sk_buf_fini(&gives);
	return err;
}

enum sk_err sk_cases_add(struct sk_cases *cases, const struct sk_case_author *author, const char *id, enum sk_case_event event, const struct sk_case_change *change, int64_t now_ns,
			 struct sk_case_done *done, struct sk_fault *fault)
{
	struct asked a = {.cases = cases, .author = author, .change = change, .now_ns = now_ns, .done = done, .fault = fault};
	struct sk_case c = {0};
	char fresh[SK_MATTER_ID_MAX];
	*done = (struct sk_case_done){.state = SK_CASE_NONE};
	if (cases->key == NULL || cases->failed)
		return sk_fault_set(fault, SK_ELEDGER, "%s: open for reading alone, or an entry failed; nothing is entered", cases->path);
	if (event == SK_CASE_EVENT_OPEN) {
		SK_TRY(new_id(cases, fresh, fault));
		id = fresh;
	} else {
		SK_TRY(sk_cases_load(cases, id, &c, fault));
	}
	enum sk_err err = !sk_case_event_asked(event) ? sk_fault_set(fault, SK_EUSAGE, "'%s' is no step that somebody asks for", sk_case_event_name(event))
			  : event == SK_CASE_EVENT_MERGE ? merge_cases(&a, &c)
			  : event == SK_CASE_EVENT_SPLIT ? split(&a, &c)
							 : plain_change(&a, &c, id, event);
	/* The other side of what was entered is owed, and follows at once; a row that is written down for it and done is taken away. */
	if (err == SK_OK && done->other[0] != '\0')
		err = sk_cases_owed_settle(cases, fault);
	sk_case_fini(&c);
	return err;
}
