/* SPDX-License-Identifier: Apache-2.0 */
/* All orders, folded from the docket. Each act is judged again as of its own time: what was not allowed then has no effect now, whoever put it there. */
#include "decide/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A statement that is signed elsewhere may lie for a day; one from the future is a wrong clock. */
static const int64_t old_ns = INT64_C(86400) * 1000000000, ahead_ns = INT64_C(300) * 1000000000;

struct sk_orders {
	struct sk_orders_options options;
	struct sk_order_court court;
	size_t count, room;
	struct sk_order_matter **matters;  /* owned; their places do not move */
	uint64_t void_count;
	char void_why[SK_FAULT_LINE_MAX];
	bool no_law;                       /* a policy cannot be had: nobody can judge */
};

static enum sk_err may(void *context, const struct sk_person *person, const char *activity, int64_t at_ns, struct sk_fault *fault)
{
	struct sk_orders *orders = context;
	return sk_access_may(orders->options.access, person, activity, at_ns, fault);
}

static enum sk_err quorum(void *context, enum sk_level level, int64_t at_ns, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_orders *orders = context;
	return sk_order_quorum(orders->options.access, orders->options.profile, orders->court.law, level, at_ns, out, fault);
}

static const struct sk_order_matter *other(void *context, const char *id, size_t i)
{
	const struct sk_orders *orders = context;
	return id != NULL ? sk_orders_find(orders, id) : sk_orders_at(orders, i);
}

const struct sk_order_matter *sk_orders_at(const struct sk_orders *orders, size_t i)
{
	return i < orders->count ? orders->matters[i] : NULL;
}

static struct sk_order_matter *find(const struct sk_orders *orders, const char *id)
{
	for (size_t i = 0; i < orders->count; i++)
		if (strcmp(orders->matters[i]->id, id) == 0)
			return orders->matters[i];
	return NULL;
}

const struct sk_order_matter *sk_orders_find(const struct sk_orders *orders, const char *id)
{
	return find(orders, id);
}

uint64_t sk_orders_void(const struct sk_orders *orders, const char **why)
{
	if (why != NULL)
		*why = orders->void_why;
	return orders->void_count;
}

/* A new matter, not yet among the others. */
static enum sk_err fresh(struct sk_orders *orders, const char *id, struct sk_order_matter **out, struct sk_fault *fault)
{
	if (orders->count == SK_ORDERS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "more than %d orders", SK_ORDERS_MAX);
	if (orders->count == orders->room) {
		size_t room = orders->room != 0 ? orders->room * 2 : 64;
		struct sk_order_matter **grown = realloc(orders->matters, room * sizeof(*grown));
		if (grown == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		orders->matters = grown;
		orders->room = room;
	}
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(void)snprintf((*out)->id, sizeof (*out)->id, "%s", id);
	return SK_OK;
}

/* Who signed: a person of the register at that time, or the centre itself (*person NULL). */
static enum sk_err author(struct sk_orders *orders, const char *note, size_t length, int64_t at_ns, struct sk_person *memory, const struct sk_person **person,
			  struct sk_fault *fault)
{
	struct sk_note *parsed = malloc(sizeof *parsed);
	if (parsed == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_note_parse(note, length, parsed, fault);
	bool centre = err == SK_OK && parsed->signature_count == 1 && sk_note_verify(parsed, orders->options.centre) == SK_OK;
	free(parsed);
	if (err != SK_OK)
		return err;
	*person = centre ? NULL : memory;
	return centre ? SK_OK : sk_access_who(orders->options.access, note, length, at_ns, memory, fault);
}

/* Judge it. A matter that it makes stands among the others afterwards only when it was allowed. */
static enum sk_err judge(struct sk_orders *orders, const char *note, size_t length, const struct sk_act *act, struct sk_act_facts *facts, struct sk_fault *fault)
{
	struct sk_person memory;
	const struct sk_person *person = NULL;
	struct sk_order_matter *matter = find(orders, act->id), *made = NULL;
	static const uint8_t none[SK_HASH_BYTES];
	orders->court.law = NULL;
	if (orders->options.law != NULL && memcmp(act->policy, none, sizeof none) != 0) {
		enum sk_err law = orders->options.law(orders->options.context, act->policy, &orders->court.law, fault);
		orders->no_law = law != SK_OK;
		SK_TRY(law);
	}
	SK_TRY(author(orders, note, length, act->time_ns, &memory, &person, fault));
	if (matter == NULL) {
		SK_TRY(fresh(orders, act->id, &made, fault));
		matter = made;
	}
	enum sk_err err = sk_order_judge(matter, act, note, length, person, &orders->court, facts, fault);
	if (made != NULL && err == SK_OK) {
		orders->matters[orders->count++] = made;
	} else if (made != NULL) {
		sk_order_matter_fini(made);
		free(made);
	}
	return err;
}

static enum sk_err fold(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct sk_orders *orders = context;
	struct sk_act_facts facts;
	struct sk_fault why;
	enum sk_err err = judge(orders, entry->note, entry->note_length, &entry->act, &facts, &why);
	if (err == SK_ENOMEM || err == SK_ETOOBIG || orders->no_law) {
		*fault = why;
		return err;
	}
	bool agrees = err == SK_OK && strcmp(facts.from, entry->from) == 0 && strcmp(facts.to, entry->to) == 0;
	if (agrees)
		return SK_OK;
	if (orders->void_count++ == 0)
		(void)snprintf(orders->void_why, sizeof orders->void_why, "leaf %llu: %.400s", (unsigned long long)entry->leaf,
			       err != SK_OK ? why.line : "the step that it made is not the one that was published");
	return SK_OK;
}

enum sk_err sk_orders_judge_again(struct sk_orders *orders, const struct sk_entry *entry, struct sk_act_facts *facts, bool *judged, struct sk_fault *fault)
{
	enum sk_err err = judge(orders, entry->note, entry->note_length, &entry->act, facts, fault);
	*judged = !orders->no_law && err != SK_ENOMEM;
	return err;
}

enum sk_err sk_orders_begin(const struct sk_orders_options *options, struct sk_orders **out, struct sk_fault *fault)
{
	struct sk_orders *orders = calloc(1, sizeof *orders);
	*out = orders;
	if (orders == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	orders->options = *options;
	orders->court = (struct sk_order_court){.profile = options->profile, .centre = options->centre, .context = orders, .may = may, .quorum = quorum, .agreed = sk_order_agreed,
						.other = other};
	return SK_OK;
}

enum sk_err sk_orders_open(const struct sk_orders_options *options, struct sk_orders **out, struct sk_fault *fault)
{
	struct sk_orders *orders;
	SK_TRY(sk_orders_begin(options, &orders, fault));
	enum sk_err err = sk_docket_walk(options->docket, "order", NULL, 0, fold, orders, fault);
	if (err != SK_OK) {
		sk_orders_close(orders);
		return err;
	}
	*out = orders;
	return SK_OK;
}

void sk_orders_close(struct sk_orders *orders)
{
	if (orders == NULL)
		return;
	for (size_t i = 0; i < orders->count; i++) {
		sk_order_matter_fini(orders->matters[i]);
		free(orders->matters[i]);
	}
	free(orders->matters);
	free(orders);
}

static enum sk_err near_clock(const struct sk_act *act, int64_t now_ns, struct sk_fault *fault)
{
	if (act->time_ns > now_ns + ahead_ns)
		return sk_fault_set(fault, SK_EFUTURE, "order %s: the statement is dated more than five minutes from now; is a clock wrong?", act->id);
	if (act->time_ns < now_ns - old_ns)
		return sk_fault_set(fault, SK_EEXPIRED, "order %s: the statement is more than a day old; make it anew", act->id);
	return SK_OK;
}

enum sk_err sk_orders_add(struct sk_orders *orders, const char *note, size_t length, const struct sk_act *act, int64_t now_ns, struct sk_act_facts *facts,
			  struct sk_receipt *receipt, struct sk_fault *fault)
{
	struct sk_person memory;
	const struct sk_person *person = NULL;
	uint8_t last[SK_HASH_BYTES];
	char state[SK_ACT_WORD_MAX];
	bool found;
	SK_TRY(near_clock(act, now_ns, fault));
	/* a person must be in force by the clock too, however the statement is dated */
	SK_TRY(author(orders, note, length, sk_access_now(orders->options.access, now_ns), &memory, &person, fault));
	/* told before it is judged: afterwards the register would be ahead of the docket */
	SK_TRY(sk_docket_last(orders->options.docket, act->matter, act->id, last, state, &found, fault));
	if (memcmp(last, act->previous, sizeof last) != 0)
		return sk_fault_set(fault, SK_EUSAGE, "order %s: somebody was faster: its last act is another one than this statement names; make it anew", act->id);
	SK_TRY(judge(orders, note, length, act, facts, fault));
	return sk_docket_add(orders->options.docket, note, length, facts, receipt, fault);
}
