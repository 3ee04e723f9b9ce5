/* SPDX-License-Identifier: Apache-2.0 */
/* The warrant: who had to agree, who did, and the centre's signature around it. Minting and reading run the same checks. */
#include "warrant/warrant_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "ledger/act.h"
#include "text/text.h"

static const char format_name[] = "sekisho-warrant/2";
static const int64_t ns_per_second = 1000000000;

struct approvals {
	const struct sk_order *order;
	const char *event;
	enum sk_level level;
	const struct sk_verify_key *centre;
	const struct sk_quorum *quorum;
	bool seen[SK_QUORUM_NODES_MAX];    /* signed */
	bool present[SK_QUORUM_NODES_MAX]; /* signed and counts */
	size_t counted;                    /* seats: organisations, or persons without one */
};

/* Whose line is it? The number of members when nobody's. */
static size_t member_of(const struct sk_quorum *quorum, const struct sk_note_signature *signature)
{
	size_t members = sk_quorum_members(quorum), i = 0;
	for (; i < members; i++) {
		const struct sk_verify_key *key = sk_quorum_member(quorum, i, NULL);
		if (key->id == signature->id && strcmp(key->name, signature->name) == 0)
			break;
	}
	return i;
}

static bool same_hand(const struct sk_verify_key *a, const struct sk_verify_key *b)
{
	return memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0;
}

/* Members are named ORGANISATION/PERSON#KEY: who the person is ends at '#', the organisation at '/'. Both may be left out. */
static size_t part_of(const char *name, char mark)
{
	const char *at = strchr(name, mark);
	return at != NULL ? (size_t)(at - name) : strlen(name);
}

static bool same_part(const struct sk_quorum *quorum, size_t a, size_t b, char mark)
{
	const char *first, *second;
	(void)sk_quorum_member(quorum, a, &first);
	(void)sk_quorum_member(quorum, b, &second);
	/* without an organisation a person is a seat of its own */
	if (mark == '/' && (strchr(first, '/') == NULL || strchr(second, '/') == NULL))
		mark = '#';
	size_t length = part_of(first, mark);
	return length == part_of(second, mark) && memcmp(first, second, length) == 0;
}

/* One who asks does not decide, with whichever of his keys; nor does the centre, which only carries. */
static bool may_count(const struct approvals *a, size_t member)
{
	for (size_t i = 0; i < sk_quorum_members(a->quorum); i++) {
		const struct sk_verify_key *key = sk_quorum_member(a->quorum, i, NULL);
		if ((same_hand(key, &a->order->proposer) || same_hand(key, a->centre)) && same_part(a->quorum, i, member, '#'))
			return false;
	}
	return true;
}

/* Is the act the approval of exactly this order? */
static bool is_approval(const struct sk_act *act, const struct sk_order *order, const char *event)
{
	struct sk_buf body;
	sk_buf_init(&body, SK_WARRANT_TEXT_MAX);
	sk_order_approval_body(order->digest, &body);
	bool same = body.failed == SK_OK && act->body_length == body.length && memcmp(act->body, body.bytes, body.length) == 0;
	sk_buf_fini(&body);
	return same && strcmp(act->matter, "order") == 0 && strcmp(act->id, order->id) == 0 && strcmp(act->event, event) == 0;
}

/* One approval: an act about this order, signed by one member, once. A warrant carries nothing that is not needed, so a foreign line is refused, not skipped. */
static enum sk_err count_approval(struct approvals *a, const char *text, struct sk_fault *fault)
{
	struct sk_note note;
	struct sk_act act;
	SK_TRY(sk_note_parse(text, strlen(text), &note, fault));
	SK_TRY(sk_act_read(note.body, note.body_length, &act, fault));
	if (!is_approval(&act, a->order, a->event))
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: an approval is for another order; any edit of an order voids them");
	if (note.signature_count != 1)
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: an approval has %zu signatures; expected one, each approves for oneself", note.signature_count);
	size_t member = member_of(a->quorum, &note.signatures[0]);
	if (member == sk_quorum_members(a->quorum))
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the approval by '%s' is not a member's of the quorum; expected members' alone", note.signatures[0].name);
	const char *name;
	const struct sk_verify_key *key = sk_quorum_member(a->quorum, member, &name);
	bool taken = false;
	for (size_t i = 0; i < sk_quorum_members(a->quorum); i++) {
		if (a->seen[i] && same_part(a->quorum, i, member, '#'))
			return sk_fault_set(fault, SK_ESIGNATURE, "warrant: '%s' approved twice; expected each approval once, and of each person one", name);
		taken = taken || (a->present[i] && same_part(a->quorum, i, member, '/'));
	}
	if (sk_note_verify(&note, key) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the approval by '%s' does not verify; was the order changed after it was signed?", name);
	a->seen[member] = true;
	a->present[member] = may_count(a, member);
	a->counted += a->present[member] && !taken;
	return SK_OK;
}

/* Are there enough seats, and those that the grammar wants? */
static bool is_met(const struct approvals *a, struct sk_fault *fault)
{
	if (a->counted < sk_level_approvers(a->level))
		(void)sk_fault_set(fault, SK_ESIGNATURE, "warrant: %zu approvals count, level %s needs %zu besides the proposer", a->counted, sk_level_name(a->level),
				   sk_level_approvers(a->level));
	else if (!sk_quorum_met(a->quorum, a->present))
		(void)sk_fault_set(fault, SK_ESIGNATURE, "warrant: the quorum is not met by the %zu approvals that count", a->counted);
	else
		return true;
	return false;
}

static enum sk_err open_quorum(const char *text, const uint8_t expected[SK_HASH_BYTES], struct sk_quorum **out, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(text, strlen(text), digest);
	if (memcmp(digest, expected, sizeof digest) != 0)
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the quorum's text is not the one that the order names by digest");
	if (!sk_utf8_valid(text, strlen(text)))
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'quorum': expected UTF-8; another text cannot be carried as it is");
	return sk_quorum_parse(text, strlen(text), out, fault);
}

//= rule: WARRANT-2
enum sk_err sk_order_agreed(const struct sk_order *order, const char *quorum_text, const uint8_t quorum_digest[SK_HASH_BYTES], enum sk_level level, const char *event,
			    const struct sk_approvals *approvals, const struct sk_verify_key *centre, size_t *counted, bool *met, struct sk_fault *fault)
{
	struct sk_quorum *quorum = NULL;
	*counted = 0;
	*met = false;
	if (approvals->count > SK_APPROVALS_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: %zu approvals, at most %d are carried", approvals->count, SK_APPROVALS_MAX);
	SK_TRY(open_quorum(quorum_text, quorum_digest, &quorum, fault));
	struct approvals a = {.order = order, .event = event, .level = level, .centre = centre, .quorum = quorum};
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < approvals->count && err == SK_OK; i++)
		err = count_approval(&a, approvals->notes[i], fault);
	*counted = a.counted;
	*met = err == SK_OK && is_met(&a, fault);
	sk_quorum_free(quorum);
	return err;
}

bool sk_order_possible(const struct sk_order *order, const char *quorum_text, enum sk_level level, const struct sk_verify_key *against, size_t count,
		       const struct sk_verify_key *centre)
{
	struct sk_quorum *quorum = NULL;
	struct sk_fault ignored;
	if (sk_quorum_parse(quorum_text, strlen(quorum_text), &quorum, &ignored) != SK_OK)
		return false;
	struct approvals a = {.order = order, .level = level, .centre = centre, .quorum = quorum};
	size_t members = sk_quorum_members(quorum);
	for (size_t member = 0; member < members; member++) {
		bool will = may_count(&a, member), taken = false;
		for (size_t i = 0; i < members && will; i++)
			for (size_t j = 0; j < count; j++)
				will = will && !(same_hand(sk_quorum_member(quorum, i, NULL), &against[j]) && same_part(quorum, i, member, '#'));
		for (size_t i = 0; i < member; i++)
			taken = taken || (a.present[i] && same_part(quorum, i, member, '/'));
		a.present[member] = will;
		a.counted += will && !taken;
	}
	bool possible = is_met(&a, &ignored);
	sk_quorum_free(quorum);
	return possible;
}

/* All that does not need the enforcer's own configuration, of an order whose digest is set. */
static enum sk_err check_agreed(const struct sk_order *order, const char *quorum, const struct sk_approvals *approvals, const struct sk_verify_key *centre, size_t *counted,
				struct sk_fault *fault)
{
	bool met;
	SK_TRY(sk_order_agreed(order, quorum, order->quorum, sk_order_level(order), order->urgent ? "urgent" : "approve", approvals, centre, counted, &met, fault));
	return met ? SK_OK : SK_ESIGNATURE;
}

/* The one line, LF included. `line` is the order's own line. */
static void write_body(const struct sk_buf *line, const char *quorum, const struct sk_approvals *approvals, struct sk_buf *body)
{
	struct sk_json_writer w;
	sk_json_begin(&w, body, true);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "approvals");
	for (size_t i = 0; i < approvals->count; i++)
		sk_json_text(&w, NULL, approvals->notes[i]);
	sk_json_end(&w);
	sk_json_text(&w, "format", format_name);
	sk_json_raw(&w, "order", sk_buf_text(line), line->length - 1);
	sk_json_text(&w, "quorum", quorum);
	sk_json_end(&w);
	sk_buf_add_u8(body, '\n');
}

/* The body for an order that was checked; sets the order's digest. The buffer is started here and the caller's to end. */
static enum sk_err make_body(struct sk_order *order, const char *quorum, const struct sk_approvals *approvals, struct sk_buf *body)
{
	struct sk_buf line;
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	sk_buf_init(body, SK_WARRANT_TEXT_MAX);
	enum sk_err err = sk_order_write(order, &line);
	if (err == SK_OK) {
		write_body(&line, quorum, approvals, body);
		err = body->failed;
	}
	sk_buf_fini(&line);
	return err;
}

enum sk_err sk_warrant_encode(struct sk_order *order, const char *quorum, const struct sk_approvals *approvals, const struct sk_sign_key *centre, struct sk_buf *out,
			      struct sk_fault *fault)
{
	size_t counted;
	struct sk_buf body;
	SK_TRY(sk_order_check(order, SK_EUSAGE, fault));
	enum sk_err err = make_body(order, quorum, approvals, &body);
	if (err != SK_OK)
		(void)sk_fault_set(fault, err, "warrant: cannot write it: %s", sk_err_text(err));
	else
		err = check_agreed(order, quorum, approvals, sk_sign_key_public(centre), &counted, fault);
	if (err == SK_OK) {
		sk_note_sign(out, sk_buf_text(&body), body.length, centre);
		if (out->failed != SK_OK)
			err = sk_fault_set(fault, out->failed, "warrant: cannot write it: %s", sk_err_text(out->failed));
	}
	sk_buf_fini(&body);
	return err;
}

/* Fill the warrant from its parsed body. The texts are the document's. */
static enum sk_err read_body(const struct sk_json_value *top, struct sk_warrant *warrant, const char **quorum, struct sk_approvals *approvals, struct sk_fault *fault)
{
	const char *format = sk_json_get_text(top, "format");
	*quorum = sk_json_get_text(top, "quorum");
	const struct sk_json_value *list = sk_json_get(top, "approvals");
	if (format == NULL || strcmp(format, format_name) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'format': expected %s; this note is something else", format_name);
	if (*quorum == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'quorum': expected a text");
	if (list == NULL || list->kind != SK_JSON_ARRAY || list->length > SK_APPROVALS_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'approvals': expected a list of at most %d notes", SK_APPROVALS_MAX);
	for (const struct sk_json_value *value = list->child; value != NULL; value = value->next) {
		if (value->kind != SK_JSON_TEXT)
			return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'approvals': expected texts");
		approvals->notes[approvals->count++] = value->text;
	}
	return sk_order_read(sk_json_get(top, "order"), &warrant->order, fault);
}

/* Would this warrant have been written with these very bytes? Sets the order's digest. */
static enum sk_err check_canonical(struct sk_warrant *warrant, const char *quorum, const struct sk_approvals *approvals, const struct sk_note *note, struct sk_fault *fault)
{
	struct sk_buf again;
	enum sk_err err = make_body(&warrant->order, quorum, approvals, &again);
	bool same = err == SK_OK && again.length == note->body_length && memcmp(again.bytes, note->body, again.length) == 0;
	sk_buf_fini(&again);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "warrant: %s", sk_err_text(err));
	if (!same)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: not the canonical form of what it says, or a field that is not known here");
	return SK_OK;
}

static enum sk_err decode_body(const struct sk_note *note, const struct sk_warrant_trust *trust, struct sk_warrant *warrant, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	const char *quorum;
	struct sk_approvals approvals = {0};
	enum sk_err err = sk_json_parse(note->body, note->body_length - 1, &doc, fault); /* all but the last LF */
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = read_body(sk_json_top(doc), warrant, &quorum, &approvals, fault);
	if (err == SK_OK)
		err = check_canonical(warrant, quorum, &approvals, note, fault);
	enum sk_level level = SK_LEVEL_HIGH;
	if (err == SK_OK)
		level = sk_order_level(&warrant->order);
	/* The centre cannot choose who decides: the quorum is the one that the enforcer was given for this level. */
	if (err == SK_OK && memcmp(warrant->order.quorum, trust->quorum[level], SK_HASH_BYTES) != 0)
		err = sk_fault_set(fault, SK_ESIGNATURE, "warrant: its quorum is not the one configured for level %s", sk_level_name(level));
	if (err == SK_OK)
		err = check_agreed(&warrant->order, quorum, &approvals, trust->centre, &warrant->approvals, fault);
	sk_json_free(doc);
	return err;
}

//= rule: WARRANT-1
enum sk_err sk_warrant_decode(const char *text, size_t length, const struct sk_warrant_trust *trust, int64_t now_ns, struct sk_warrant *out, struct sk_fault *fault)
{
	if (length > SK_WARRANT_TEXT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: %zu bytes, expected at most %d", length, SK_WARRANT_TEXT_MAX);
	struct sk_note note;
	SK_TRY(sk_note_parse(text, length, &note, fault));
	if (sk_note_verify(&note, trust->centre) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: no good signature by the centre's key %s (id %08x)", trust->centre->name, trust->centre->id);
	*out = (struct sk_warrant){0};
	enum sk_err err = decode_body(&note, trust, out, fault);
	if (err == SK_OK)
		err = sk_warrant_in_force(out, now_ns, fault);
	if (err != SK_OK)
		*out = (struct sk_warrant){0}; /* nothing of a refused warrant is left to act on */
	else
		sk_sha256(note.body, note.body_length, out->digest);
	return err;
}

enum sk_err sk_warrant_in_force(const struct sk_warrant *warrant, int64_t now_ns, struct sk_fault *fault)
{
	const struct sk_order *order = &warrant->order;
	char before[SK_TIME_TEXT_MAX], after[SK_TIME_TEXT_MAX], now[SK_TIME_TEXT_MAX];
	if (now_ns >= order->not_before_ns && now_ns < order->not_after_ns)
		return SK_OK;
	enum sk_err err = now_ns < order->not_before_ns ? SK_EFUTURE : SK_EEXPIRED;
	return sk_fault_set(fault, err, "warrant %s: in force from %s to %s, now it is %s; %s", order->id, sk_time_format(order->not_before_ns, 0, before),
			    sk_time_format(order->not_after_ns, 0, after), sk_time_format(now_ns, 0, now),
			    err == SK_EFUTURE ? "wait" : "a new order must be decided");
}

int64_t sk_warrant_until(const struct sk_warrant *warrant, int64_t now_ns)
{
	const struct sk_order *order = &warrant->order;
	int64_t life_ns = (int64_t)order->life_s * ns_per_second;
	return order->not_after_ns - now_ns < life_ns ? order->not_after_ns : now_ns + life_ns;
}
