/* SPDX-License-Identifier: Apache-2.0 */
/* Remarks, inspections, self-reports: one judge over one table of steps. */
#include "oversight/matters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"

static const struct {
	const char *matter, *event, *from, *to, *duty;
	bool oversight;
} steps[] = {
#define SK_OVERSIGHT_STEP(matter, event, from, to, duty, oversight) {matter, event, from, to, duty, oversight},
#include "oversight/step.def"
#undef SK_OVERSIGHT_STEP
};

static const struct {
	enum sk_oversight_set set;
	const char *word, *japanese, *english;
} words[] = {
#define SK_OVERSIGHT_WORD(set, word, japanese, english) {SK_WORDS_##set, word, japanese, english},
#include "oversight/words.def"
#undef SK_OVERSIGHT_WORD
};

bool sk_oversight_word(enum sk_oversight_set set, const char *word)
{
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (words[i].set == set && strcmp(words[i].word, word) == 0)
			return true;
	return false;
}

const char *sk_oversight_word_at(enum sk_oversight_set set, size_t i, const char **japanese, const char **english)
{
	for (size_t w = 0; w < SK_COUNT(words); w++) {
		if (words[w].set != set || i-- != 0)
			continue;
		*japanese = words[w].japanese;
		*english = words[w].english;
		return words[w].word;
	}
	return NULL;
}

/* Row of a step, or SK_COUNT(steps). */
static size_t find_step(const char *matter, const char *event, const char *from)
{
	size_t i = 0;
	while (i < SK_COUNT(steps) && (strcmp(steps[i].matter, matter) != 0 || strcmp(steps[i].event, event) != 0 || strcmp(steps[i].from, from) != 0))
		i++;
	return i;
}

//= rule: REMARK-1
enum sk_err sk_oversight_step(const char *matter, const char *event, const char *from, const char **to, struct sk_fault *fault)
{
	size_t row = find_step(matter, event, from);
	if (row != SK_COUNT(steps)) {
		*to = steps[row].to;
		return SK_OK;
	}
	char allowed[160] = "";
	for (size_t i = 0; i < SK_COUNT(steps); i++)
		if (strcmp(steps[i].matter, matter) == 0 && strcmp(steps[i].from, from) == 0 && strlen(allowed) + strlen(steps[i].event) + 2 < sizeof allowed)
			(void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), " %s", steps[i].event);
	return sk_fault_set(fault, SK_EREMARK, "%.31s: it is %s; there is no step '%.31s' from there, expected%s", matter, from[0] == '\0' ? "not there yet" : from, event, allowed[0] == '\0' ? " nothing any more" : allowed);
}

bool sk_oversight_overdue(const struct sk_oversight_matter *matter, int64_t now_ns)
{
	return strcmp(matter->matter, "remark") == 0 && strcmp(matter->state, "issued") == 0 && now_ns >= matter->due_ns;
}

/* ---- bodies ---- */

static void begin(struct sk_json_writer *w, struct sk_buf *out)
{
	sk_json_begin(w, out, true);
	sk_json_object(w, NULL);
}

void sk_remark_issue_body(const char *kind, const char *about, const char *to, const char *suspends, int64_t due_ns, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	char due[SK_TIME_TEXT_MAX];
	begin(&w, out);
	sk_json_text(&w, "about", about);
	sk_json_text(&w, "due", sk_time_format(due_ns, 9, due));
	sk_json_text(&w, "kind", kind);
	sk_json_text(&w, "suspends", suspends);
	sk_json_text(&w, "text", text);
	sk_json_text(&w, "to", to);
	sk_json_end(&w);
}

void sk_oversight_text_body(const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_text(&w, "text", text);
	sk_json_end(&w);
}

void sk_remark_insist_body(int64_t due_ns, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	char due[SK_TIME_TEXT_MAX];
	begin(&w, out);
	sk_json_text(&w, "due", sk_time_format(due_ns, 9, due));
	sk_json_text(&w, "text", text);
	sk_json_end(&w);
}

void sk_selfreport_body(const char *about, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_text(&w, "about", about);
	sk_json_text(&w, "text", text);
	sk_json_end(&w);
}

void sk_inspection_body(const char *word, const char *text, uint64_t answers, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_u64(&w, "answers", answers);
	sk_json_text(&w, "text", text);
	sk_json_text(&w, "word", word);
	sk_json_end(&w);
}

/* ---- judging ---- */

struct trial {
	const struct sk_act *act;
	const struct sk_json_value *body;
	struct sk_person who;
	struct sk_oversight_matter *next;    /* a copy that takes the place of the matter when all is well */
	struct sk_act_facts *facts;
	struct sk_fault *fault;
	unsigned k;
};

static enum sk_err malformed(const struct trial *t, const char *member, const char *expected)
{
	return sk_fault_set(t->fault, SK_EMALFORMED, "%s %s, %s: body: '%s': expected %s", t->act->matter, t->act->id, t->act->event, member, expected);
}

/* Exactly these members, in this order. */
static enum sk_err members_are(const struct trial *t, const char *const *members)
{
	const struct sk_json_value *member = t->body->kind == SK_JSON_OBJECT ? t->body->child : NULL;
	for (; *members != NULL; members++, member = member->next)
		if (member == NULL || strcmp(member->key, *members) != 0)
			return malformed(t, *members, "this member, in the order of docs/oversight.md");
	return member == NULL ? SK_OK : malformed(t, member->key, "no such member");
}

static enum sk_err text_of(const struct trial *t, const char *member, bool needed, char *out, size_t size)
{
	const char *text = sk_json_get_text(t->body, member);
	if (text == NULL || strlen(text) >= size || (needed && text[0] == '\0'))
		return malformed(t, member, "a text within its limit");
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

static enum sk_err word_of(const struct trial *t, const char *member, enum sk_oversight_set set, const char *prefix, char out[SK_ACT_WORD_MAX])
{
	char *word = t->facts->words[t->facts->word_count];
	SK_TRY(text_of(t, member, true, out, SK_ACT_WORD_MAX));
	if (!sk_oversight_word(set, out))
		return malformed(t, member, "a word of oversight's tables (sekisho remark words)");
	if (snprintf(word, SK_ACT_WORD_MAX, "%s%s", prefix, out) >= SK_ACT_WORD_MAX)
		return malformed(t, member, "a shorter word");
	t->facts->word_count++;
	return SK_OK;
}

static enum sk_err due_of(const struct trial *t)
{
	const char *due = sk_json_get_text(t->body, "due");
	char again[SK_TIME_TEXT_MAX];
	if (due == NULL || sk_time_parse(due, &t->next->due_ns) != SK_OK || strcmp(sk_time_format(t->next->due_ns, 9, again), due) != 0)
		return malformed(t, "due", "the time until which it is answered, RFC 3339 with nine digits");
	if (t->next->due_ns <= t->act->time_ns)
		return sk_fault_set(t->fault, SK_EREMARK, "remark %s: the day until which it is to be answered is over", t->act->id);
	return SK_OK;
}

static enum sk_err remark_issue(struct trial *t)
{
	static const char *const members[] = {"about", "due", "kind", "suspends", "text", "to", NULL};
	SK_TRY(members_are(t, members));
	SK_TRY(word_of(t, "about", SK_WORDS_ABOUT, "about.", t->next->about));
	SK_TRY(word_of(t, "kind", SK_WORDS_KIND, "kind.", t->next->kind));
	SK_TRY(text_of(t, "suspends", false, t->next->suspends, sizeof t->next->suspends));
	SK_TRY(text_of(t, "text", true, t->next->text, sizeof t->next->text));
	SK_TRY(text_of(t, "to", true, t->next->to, sizeof t->next->to));
	SK_TRY(due_of(t));
	if (t->next->suspends[0] == '\0')
		return SK_OK;
	if (strcmp(t->next->kind, "demand") != 0)
		return sk_fault_set(t->fault, SK_EREMARK, "remark %s: only a demand suspends a basis", t->act->id);
	(void)snprintf(t->facts->words[t->facts->word_count++], SK_ACT_WORD_MAX, "suspends");
	return SK_OK;
}

static enum sk_err plain_text(struct trial *t)
{
	static const char *const members[] = {"text", NULL};
	SK_TRY(members_are(t, members));
	return text_of(t, "text", true, t->next->answer, sizeof t->next->answer);
}

/* Whom a remark is for answers it. rule: REMARK-2 */
static enum sk_err remark_answer(struct trial *t)
{
	if (strcmp(t->who.org, t->next->to) != 0)
		return sk_fault_set(t->fault, SK_EPERMIT, "remark %s: it is for %s to answer, not for %s", t->act->id, t->next->to, t->who.org);
	if (t->act->time_ns >= t->next->due_ns)
		(void)snprintf(t->facts->words[t->facts->word_count++], SK_ACT_WORD_MAX, "late");
	return plain_text(t);
}

static enum sk_err remark_insist(struct trial *t)
{
	static const char *const members[] = {"due", "text", NULL};
	SK_TRY(members_are(t, members));
	SK_TRY(due_of(t));
	return text_of(t, "text", true, t->next->answer, sizeof t->next->answer);
}

static enum sk_err selfreport_file(struct trial *t)
{
	static const char *const members[] = {"about", "text", NULL};
	SK_TRY(members_are(t, members));
	SK_TRY(word_of(t, "about", SK_WORDS_ABOUT, "about.", t->next->about));
	return text_of(t, "text", true, t->next->text, sizeof t->next->text);
}

/* Who reported adds to it. */
static enum sk_err selfreport_amend(struct trial *t)
{
	if (strcmp(t->who.org, t->next->by) != 0)
		return sk_fault_set(t->fault, SK_EPERMIT, "selfreport %s: it is %s's own", t->act->id, t->next->by);
	return plain_text(t);
}

static enum sk_err inspection_word(struct trial *t, enum sk_oversight_set set, const char *prefix, const char *count)
{
	static const char *const members[] = {"answers", "text", "word", NULL};
	char word[SK_ACT_WORD_MAX];
	uint64_t answers;
	SK_TRY(members_are(t, members));
	if (sk_json_get_u64(t->body, "answers", &answers) != SK_OK)
		return malformed(t, "answers", "a number");
	SK_TRY(word_of(t, "word", set, prefix, word));
	char *text = set == SK_WORDS_OCCASION ? t->next->text : t->next->answer;
	SK_TRY(text_of(t, "text", false, text, SK_REMARK_TEXT_MAX));
	if (set == SK_WORDS_OCCASION || set == SK_WORDS_RESULT)
		memcpy(set == SK_WORDS_OCCASION ? t->next->kind : t->next->about, word, sizeof word);
	/* rule: LEDGER-2: a count of a few could point at somebody */
	if (answers >= t->k && count != NULL) {
		t->facts->counts[t->facts->count_count] = (struct sk_cell){.frames = answers};
		(void)snprintf(t->facts->counts[t->facts->count_count++].name, SK_CELL_NAME_MAX, "%s", count);
	}
	return SK_OK;
}

static enum sk_err inspection_begin(struct trial *t)
{
	return inspection_word(t, SK_WORDS_OCCASION, "occasion.", NULL);
}

static enum sk_err inspection_look(struct trial *t)
{
	return inspection_word(t, SK_WORDS_LOOK, "look.", NULL);
}

static enum sk_err inspection_query(struct trial *t)
{
	return inspection_word(t, SK_WORDS_QUERY, "query.", "answers");
}

static enum sk_err inspection_conclude(struct trial *t)
{
	return inspection_word(t, SK_WORDS_RESULT, "result.", NULL);
}

static const struct {
	const char *matter, *event;
	enum sk_err (*check)(struct trial *t);
} checks[] = {
    {"remark", "issue", remark_issue},       {"remark", "answer", remark_answer},       {"remark", "insist", remark_insist},       {"remark", "close", plain_text},
    {"remark", "withdraw", plain_text},      {"selfreport", "file", selfreport_file},   {"selfreport", "amend", selfreport_amend}, {"selfreport", "assess", plain_text},
    {"selfreport", "close", plain_text},     {"inspection", "begin", inspection_begin}, {"inspection", "look", inspection_look},   {"inspection", "query", inspection_query},
    {"inspection", "conclude", inspection_conclude},
};

static enum sk_err check_body(struct trial *t)
{
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(t->act->body, t->act->body_length, &doc, t->fault));
	t->body = sk_json_top(doc);
	enum sk_err err = sk_fault_set(t->fault, SK_EREMARK, "%s: no such step", t->act->event);
	for (size_t i = 0; i < SK_COUNT(checks); i++)
		if (strcmp(checks[i].matter, t->act->matter) == 0 && strcmp(checks[i].event, t->act->event) == 0)
			err = checks[i].check(t);
	sk_json_free(doc);
	return err;
}

/* A closed report and its remark are about somebody's work: who reports cannot close. */
static enum sk_err may(struct sk_access *access, const struct trial *t, size_t row)
{
	if (steps[row].oversight && !t->who.oversight)
		return sk_fault_set(t->fault, SK_EPERMIT, "%s %s, %s: this is oversight's to do, and %s is not of it", t->act->matter, t->act->id, t->act->event, t->who.account);
	return sk_access_may(access, &t->who, steps[row].duty, t->act->time_ns, t->fault);
}

enum sk_err sk_oversight_judge(struct sk_access *access, const char *note, size_t length, const struct sk_act *act, unsigned k, struct sk_oversight_matter *matter, struct sk_act_facts *facts,
			       struct sk_fault *fault)
{
	const char *to = "";
	struct sk_oversight_matter *next = malloc(sizeof *next);
	if (next == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*next = *matter;
	memset(facts, 0, sizeof *facts);
	struct trial t = {.act = act, .next = next, .facts = facts, .fault = fault, .k = k};
	enum sk_err err = sk_oversight_step(act->matter, act->event, matter->state, &to, fault);
	if (err == SK_OK)
		err = sk_access_who(access, note, length, act->time_ns, &t.who, fault);
	if (err == SK_OK)
		err = may(access, &t, find_step(act->matter, act->event, matter->state));
	if (err == SK_OK && matter->acts != 0 && act->time_ns < matter->last_ns)
		err = sk_fault_set(fault, SK_EREMARK, "%s %s: this act says a time before the last one of the matter", act->matter, act->id);
	if (err == SK_OK)
		err = check_body(&t);
	if (err == SK_OK) {
		if (next->acts++ == 0) {
			memcpy(next->matter, act->matter, sizeof next->matter);
			memcpy(next->id, act->id, sizeof next->id);
			memcpy(next->by, t.who.org, sizeof next->by);
			next->opened_ns = act->time_ns;
		}
		next->last_ns = act->time_ns;
		(void)snprintf(facts->from, sizeof facts->from, "%s", matter->state);
		(void)snprintf(facts->to, sizeof facts->to, "%s", to);
		(void)snprintf(next->state, sizeof next->state, "%s", to);
		*matter = *next;
	}
	free(next);
	return err;
}

/* ---- the fold ---- */

struct fold {
	struct sk_access *access;
	unsigned k;
	size_t count, room;
	struct sk_oversight_matter **matters; /* owned, each too */
	uint64_t without_effect;
};

static enum sk_err take(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct fold *fold = context;
	struct sk_act_facts facts;
	struct sk_fault why;
	size_t i = 0;
	while (i < fold->count && strcmp(fold->matters[i]->id, entry->act.id) != 0)
		i++;
	struct sk_oversight_matter fresh = {.first_leaf = entry->leaf}, *matter = i < fold->count ? fold->matters[i] : &fresh;
	enum sk_err err = sk_oversight_judge(fold->access, entry->note, entry->note_length, &entry->act, fold->k, matter, &facts, &why);
	if (err != SK_OK) {
		fold->without_effect++;
		return err == SK_ENOMEM ? sk_fault_set(fault, SK_ENOMEM, "out of memory") : SK_OK;
	}
	if (i < fold->count)
		return SK_OK;
	if (fold->count == fold->room) {
		size_t room = fold->room == 0 ? 16 : 2 * fold->room;
		void *larger = room > SK_OVERSIGHT_MATTERS_MAX ? NULL : reallocarray(fold->matters, room, sizeof *fold->matters);
		if (larger == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory, or more than %d matters", SK_OVERSIGHT_MATTERS_MAX);
		fold->matters = larger;
		fold->room = room;
	}
	struct sk_oversight_matter *kept = malloc(sizeof *kept);
	if (kept == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*kept = fresh;
	fold->matters[fold->count++] = kept;
	return SK_OK;
}

enum sk_err sk_oversight_each(struct sk_docket *docket, struct sk_access *access, unsigned k, const char *matter, const char *id, sk_oversight_visit visit, void *context, uint64_t *without_effect,
			      struct sk_fault *fault)
{
	struct fold fold = {.access = access, .k = k};
	enum sk_err err = sk_docket_walk(docket, matter, id, 0, take, &fold, fault);
	for (size_t i = 0; err == SK_OK && i < fold.count; i++)
		err = visit(context, fold.matters[i], fault);
	for (size_t i = 0; i < fold.count; i++)
		free(fold.matters[i]);
	free(fold.matters);
	*without_effect = fold.without_effect;
	return err;
}
