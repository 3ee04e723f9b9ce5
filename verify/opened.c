/* SPDX-License-Identifier: Apache-2.0 */
/* One opening after the other: is it what the leaf commits to, does it go on from the act before it, who signed it; then whoever knows this kind of matter judges the step. */
#include "opened.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opened_priv.h"
#include "text/text.h"

enum { SALT_BYTES = 32, SUBJECT_MAX = SK_ACT_WORD_MAX + SK_MATTER_ID_MAX + 1, SLOTS_FIRST = 256 };

enum sk_err opened_refuse(struct sk_opened *o, const char *what, const char *format, ...)
{
	char text[320];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return sk_fault_set(o->fault, SK_EMALFORMED, "leaf %" PRIu64 " (%s %s): %s: %s", o->leaf->index, o->leaf->matter, o->leaf->event, what, text);
}

static enum sk_err no_memory(struct sk_opened *o)
{
	return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
}

void *opened_grow(void *array_pointer, size_t *count, size_t *room, size_t element)
{
	void **array = array_pointer;
	if (*count == *room) {
		size_t more = *room == 0 ? 16 : 2 * *room;
		void *larger = reallocarray(*array, more, element);
		if (larger == NULL)
			return NULL;
		*array = larger;
		*room = more;
	}
	void *last = (char *)*array + *count * element;
	memset(last, 0, element);
	++*count;
	return last;
}

struct sk_opened *sk_opened_new(const struct sk_verify_key *centre)
{
	struct sk_opened *o = calloc(1, sizeof *o);
	if (o == NULL)
		return NULL;
	o->centre = *centre;
	o->latest_ns = INT64_MIN;
	sk_random(o->slot_key, sizeof o->slot_key);
	return o;
}

void sk_opened_free(struct sk_opened *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->matter_count; i++) {
		opened_basis_free(o->matters[i].basis);
		opened_order_free(o->matters[i].order);
		free(o->matters[i].lease);
		opened_plain_free(o->matters[i].plain);
	}
	opened_register_fini(&o->people);
	free(o->leaves);
	free(o->matters);
	free(o->slots);
	free(o);
}

void sk_opened_enforcer(struct sk_opened *o, const struct sk_verify_key *enforcer)
{
	o->enforcer = *enforcer;
	o->has_enforcer = true;
}

void sk_opened_summary(const struct sk_opened *o, struct sk_opened_summary *out)
{
	*out = o->summary;
	out->matters = o->matter_count;
	out->accounts = o->people.account_count;
	out->organisations = o->people.org_count;
}

static void copy_word(char out[SK_ACT_WORD_MAX], const char *word)
{
	(void)snprintf(out, SK_ACT_WORD_MAX, "%.*s", SK_ACT_WORD_MAX - 1, word);
}

enum sk_err sk_opened_leaf(struct sk_opened *o, uint64_t index, const struct sk_act_record *act, struct sk_fault *fault)
{
	struct opened_leaf *leaf = opened_grow(&o->leaves, &o->leaf_count, &o->leaf_room, sizeof *leaf);
	if (leaf == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*leaf = (struct opened_leaf){.index = index, .previous = act->previous, .time_ns = act->time_ns};
	copy_word(leaf->matter, act->matter);
	copy_word(leaf->event, act->event);
	copy_word(leaf->from, act->from);
	copy_word(leaf->to, act->to);
	memcpy(leaf->subject, act->subject, SK_HASH_BYTES);
	memcpy(leaf->document, act->document, SK_HASH_BYTES);
	memcpy(leaf->policy, act->policy, SK_HASH_BYTES);
	for (size_t i = 0; i < act->counts.count; i++) {
		if (strcmp(act->counts.cell[i].name, "ayes") == 0)
			leaf->ayes = act->counts.cell[i].frames;
		if (strcmp(act->counts.cell[i].name, "nays") == 0)
			leaf->nays = act->counts.cell[i].frames;
	}
	return SK_OK;
}

/* ---- which matter ---- */

static size_t *slot_of(struct sk_opened *o, const char *kind, const char *id)
{
	char text[SUBJECT_MAX + 1];
	int length = snprintf(text, sizeof text, "%s %s", kind, id);
	size_t at = (size_t)sk_siphash13(o->slot_key, text, (size_t)length) & (o->slot_count - 1);
	while (o->slots[at] != 0 && (strcmp(o->matters[o->slots[at] - 1].kind, kind) != 0 || strcmp(o->matters[o->slots[at] - 1].id, id) != 0))
		at = (at + 1) & (o->slot_count - 1);
	return &o->slots[at];
}

static bool make_room(struct sk_opened *o)
{
	if (2 * (o->matter_count + 1) <= o->slot_count)
		return true;
	size_t *old = o->slots, more = o->slot_count == 0 ? SLOTS_FIRST : 2 * o->slot_count;
	size_t *slots = calloc(more, sizeof *slots);
	if (slots == NULL)
		return false;
	o->slots = slots;
	o->slot_count = more;
	for (size_t i = 0; i < o->matter_count; i++)
		*slot_of(o, o->matters[i].kind, o->matters[i].id) = i + 1;
	free(old);
	return true;
}

static enum sk_err first_of_matter(struct sk_opened *o, size_t *index)
{
	static const uint8_t nothing[SK_HASH_BYTES];
	if (!make_room(o))
		return no_memory(o);
	size_t *slot = slot_of(o, o->act.matter, o->act.id);
	if (*slot != 0)
		return opened_refuse(o, "previous", "this matter has begun already (its last act is leaf %" PRIu64 "), expected this act to go on from there", o->matters[*slot - 1].last_leaf);
	if (memcmp(o->act.previous, nothing, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "previous", "the leaf says that it is the first of its matter, the statement names an act before it");
	struct opened_matter *matter = opened_grow(&o->matters, &o->matter_count, &o->matter_room, sizeof *matter);
	if (matter == NULL)
		return no_memory(o);
	*index = o->matter_count - 1;
	*slot = *index + 1;
	memcpy(matter->kind, o->act.matter, sizeof matter->kind);
	memcpy(matter->id, o->act.id, sizeof matter->id);
	matter->last_ns = INT64_MIN;
	return SK_OK;
}

static int compare_leaf(const void *key, const void *element)
{
	uint64_t index = *(const uint64_t *)key;
	const struct opened_leaf *leaf = element;
	return index < leaf->index ? -1 : index > leaf->index;
}

/* One chain a matter, by the digest of what was signed. rule: OPENED-2 */
static enum sk_err find_matter(struct sk_opened *o, size_t *index)
{
	if (o->leaf->previous == 0)
		return first_of_matter(o, index);
	uint64_t before = o->leaf->previous - 1;
	const struct opened_leaf *leaf = bsearch(&before, o->leaves, o->opened, sizeof *o->leaves, compare_leaf);
	if (leaf == NULL)
		return opened_refuse(o, "previous", "expected an earlier act, found leaf %" PRIu64, before);
	*index = leaf->matter_index;
	const struct opened_matter *matter = &o->matters[*index];
	if (strcmp(matter->kind, o->act.matter) != 0 || strcmp(matter->id, o->act.id) != 0)
		return opened_refuse(o, "id", "leaf %" PRIu64 ", which it goes on from, is of another matter", before);
	if (matter->last_leaf != before)
		return opened_refuse(o, "previous", "expected to go on from leaf %" PRIu64 ", the last act of the matter, found leaf %" PRIu64, matter->last_leaf, before);
	if (memcmp(matter->digest, o->act.previous, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "previous", "expected the digest of the statement of leaf %" PRIu64 ", found another: it was signed over something else", before);
	if (o->act.time_ns < matter->last_ns)
		return opened_refuse(o, "time", "expected no earlier than the act before it");
	return SK_OK;
}

/* ---- what the leaf commits to ---- */

struct opening {
	const char *id, *note;
	size_t note_length;
	uint64_t leaf;
	uint8_t matter_salt[SALT_BYTES], note_salt[SALT_BYTES];
};

static enum sk_err read_line(struct sk_opened *o, const struct sk_json_value *top, struct opening *out)
{
	static const char *const members[] = {"id", "leaf", "matter_salt", "note", "note_salt"};
	const struct sk_json_value *member = top->kind == SK_JSON_OBJECT ? top->child : NULL;
	for (size_t i = 0; i < SK_COUNT(members); i++, member = member->next)
		if (member == NULL || strcmp(member->key, members[i]) != 0)
			return sk_fault_set(o->fault, SK_EMALFORMED, "openings, line %zu: expected the member %s", o->opened + 1, members[i]);
	const struct sk_json_value *note = sk_json_get(top, "note");
	out->id = sk_json_get_text(top, "id");
	if (member != NULL || out->id == NULL || note->kind != SK_JSON_TEXT || sk_json_get_u64(top, "leaf", &out->leaf) != SK_OK ||
	    sk_json_get_hex(top, "matter_salt", out->matter_salt, SALT_BYTES) != SK_OK || sk_json_get_hex(top, "note_salt", out->note_salt, SALT_BYTES) != SK_OK)
		return sk_fault_set(o->fault, SK_EMALFORMED, "openings, line %zu: expected id, leaf, matter_salt, note and note_salt, and nothing else", o->opened + 1);
	out->note = note->text;
	out->note_length = note->length;
	return SK_OK;
}

/* rule: OPENED-1 */
static enum sk_err check_commitments(struct sk_opened *o, const struct opening *opening)
{
	uint8_t commitment[SK_HASH_BYTES];
	char subject[SUBJECT_MAX + 1];
	sk_commit(opening->note_salt, opening->note, opening->note_length, commitment);
	if (memcmp(commitment, o->leaf->document, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "document", "the note is not the one that the ledger commits to");
	int length = snprintf(subject, sizeof subject, "%s %s", o->leaf->matter, opening->id);
	if (length < 0 || (size_t)length >= sizeof subject)
		return opened_refuse(o, "id", "expected at most %d characters", SK_MATTER_ID_MAX - 1);
	sk_commit(opening->matter_salt, subject, (size_t)length, commitment);
	if (memcmp(commitment, o->leaf->subject, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "subject", "the matter is not the one that the ledger commits to");
	return SK_OK;
}

static enum sk_err check_statement(struct sk_opened *o, const struct opening *opening)
{
	struct sk_fault inner = {.line = ""};
	if (sk_note_parse(opening->note, opening->note_length, &o->note, &inner) != SK_OK || sk_act_read(o->note.body, o->note.body_length, &o->act, &inner) != SK_OK)
		return opened_refuse(o, "statement", "%.250s", inner.line);
	if (strcmp(o->act.matter, o->leaf->matter) != 0 || strcmp(o->act.id, opening->id) != 0)
		return opened_refuse(o, "statement", "expected matter %s, %s, found %s, %s", o->leaf->matter, opening->id, o->act.matter, o->act.id);
	if (strcmp(o->act.event, o->leaf->event) != 0)
		return opened_refuse(o, "event", "expected %s, found %s in what was signed", o->leaf->event, o->act.event);
	if (o->act.time_ns != o->leaf->time_ns)
		return opened_refuse(o, "time_ns", "expected %" PRId64 " as in the leaf, found %" PRId64 " in what was signed", o->leaf->time_ns, o->act.time_ns);
	if (memcmp(o->act.policy, o->leaf->policy, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "policy", "the leaf names another policy than what was signed");
	return SK_OK;
}

/* ---- the step ---- */

enum sk_err opened_step_is(struct sk_opened *o, const char *from, const char *to)
{
	if (strcmp(o->leaf->from, from) != 0)
		return opened_refuse(o, "from", "expected '%s', recomputed from the acts before it, found '%s'", from, o->leaf->from);
	if (strcmp(o->leaf->to, to) != 0)
		return opened_refuse(o, "to", "expected '%s', recomputed, found '%s'", to, o->leaf->to);
	return SK_OK;
}

static const struct {
	const char *kind;
	enum sk_err (*judge)(struct sk_opened *o);
} courts[] = {
    {"org", opened_register_act}, {"account", opened_register_act}, {"lease", opened_register_act}, {"basis", opened_basis_act}, {"order", opened_order_act},
    {"remark", opened_plain_act}, {"selfreport", opened_plain_act}, {"inspection", opened_plain_act}, {"retention", opened_plain_act}, {"reident", opened_plain_act}, {"rekey", opened_plain_act},
    {"access", opened_plain_act},
    {"report", opened_plain_act}, {"case", opened_plain_act},
};

static struct sk_opened_kind *kind_of(struct sk_opened *o)
{
	struct sk_opened_summary *s = &o->summary;
	for (size_t i = 0; i < s->kind_count; i++)
		if (strcmp(s->kinds[i].name, o->act.matter) == 0)
			return &s->kinds[i];
	if (s->kind_count == SK_OPENED_KINDS_MAX)
		return &s->kinds[SK_OPENED_KINDS_MAX - 1];
	copy_word(s->kinds[s->kind_count].name, o->act.matter);
	return &s->kinds[s->kind_count++];
}

static enum sk_err judge(struct sk_opened *o)
{
	struct sk_opened_kind *kind = kind_of(o);
	kind->acts++;
	kind->matters += o->leaf->previous == 0;
	for (size_t i = 0; i < SK_COUNT(courts); i++) {
		if (strcmp(courts[i].kind, o->act.matter) != 0)
			continue;
		kind->judged = true;
		return courts[i].judge(o);
	}
	return SK_OK;
}

static enum sk_err judge_line(struct sk_opened *o, const struct opening *opening)
{
	struct sk_json_doc *body = NULL;
	size_t index = 0;
	SK_TRY(check_commitments(o, opening));
	SK_TRY(check_statement(o, opening));
	SK_TRY(find_matter(o, &index));
	o->matter = &o->matters[index];
	o->note_text = opening->note;
	o->note_length = opening->note_length;
	struct sk_fault inner = {.line = ""};
	if (sk_json_parse(o->act.body, o->act.body_length, &body, &inner) != SK_OK)
		return opened_refuse(o, "body", "%.250s", inner.line);
	o->body = sk_json_top(body);
	enum sk_err err = opened_signers(o);
	if (err == SK_OK)
		err = judge(o);
	sk_json_free(body);
	o->body = NULL;
	if (err != SK_OK)
		return err;
	memcpy(o->matter->digest, o->act.digest, SK_HASH_BYTES);
	o->matter->last_leaf = o->leaf->index;
	o->matter->last_ns = o->act.time_ns;
	o->leaves[o->opened].matter_index = index;
	if (o->act.time_ns > o->latest_ns)
		o->latest_ns = o->act.time_ns;
	o->summary.acts++;
	return SK_OK;
}

enum sk_err sk_opened_line(struct sk_opened *o, const char *text, size_t length, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	struct opening opening;
	struct sk_fault inner = {.line = ""};
	o->fault = fault;
	if (o->opened == o->leaf_count)
		return sk_fault_set(fault, SK_EMALFORMED, "openings, line %zu: the ledger has no more acts", o->opened + 1);
	if (sk_json_parse(text, length, &doc, &inner) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "openings, line %zu: %.400s", o->opened + 1, inner.line);
	o->leaf = &o->leaves[o->opened];
	enum sk_err err = read_line(o, sk_json_top(doc), &opening);
	if (err == SK_OK && opening.leaf != o->leaf->index)
		err = sk_fault_set(fault, SK_EMALFORMED, "openings, line %zu: expected leaf %" PRIu64 ", the next act of the ledger, found %" PRIu64, o->opened + 1, o->leaf->index, opening.leaf);
	if (err == SK_OK)
		err = judge_line(o, &opening);
	sk_json_free(doc);
	if (err == SK_OK)
		o->opened++;
	return err;
}

enum sk_err sk_opened_done(struct sk_opened *o, struct sk_fault *fault)
{
	if (o->opened == o->leaf_count)
		return SK_OK;
	return sk_fault_set(fault, SK_EMALFORMED, "leaf %" PRIu64 " (%s %s): opening: expected one, found the end of the openings", o->leaves[o->opened].index, o->leaves[o->opened].matter,
			    o->leaves[o->opened].event);
}
