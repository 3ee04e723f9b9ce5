/* SPDX-License-Identifier: Apache-2.0 */
/* The warrant: who had to agree, who did, and the centre's signature around it. Minting and reading run the same checks. */
#include "warrant/warrant_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"

static const char format_name[] = "sekisho-warrant/1";
static const int64_t ns_per_second = 1000000000;

/* LAW.md I2: 1+1, 2 of 3, 3 of 5; the proposer never counts. A quorum text may ask for more, never for less. */
static const size_t approvers_needed[SK_LEVEL_COUNT] = {
#define SK_LEVEL(symbol, name, approvers) [SK_LEVEL_##symbol] = approvers,
#include "warrant/measure.def"
#undef SK_LEVEL
};

struct approvals {
	const struct sk_order *order;
	const struct sk_verify_key *centre;
	const struct sk_quorum *quorum;
	const struct sk_note *note;
	bool present[SK_QUORUM_NODES_MAX];
	size_t counted;
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

/* Every line is a member's, stands once and verifies. A warrant carries nothing that is not needed, so a foreign line is refused, not skipped. */
static enum sk_err count_approvals(struct approvals *a, struct sk_fault *fault)
{
	bool seen[SK_QUORUM_NODES_MAX] = {false};
	for (size_t i = 0; i < a->note->signature_count; i++) {
		size_t member = member_of(a->quorum, &a->note->signatures[i]);
		if (member == sk_quorum_members(a->quorum))
			return sk_fault_set(fault, SK_ESIGNATURE, "warrant: approval %zu by '%s' is not a member's of the quorum; expected members' alone", i + 1,
					    a->note->signatures[i].name);
		const struct sk_verify_key *key = sk_quorum_member(a->quorum, member, NULL);
		if (seen[member])
			return sk_fault_set(fault, SK_ESIGNATURE, "warrant: '%s' approved twice; expected each approval once", key->name);
		seen[member] = true;
		if (sk_note_verify(a->note, key) != SK_OK)
			return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the approval by '%s' does not verify; was the order changed after it was signed?", key->name);
		/* One who asks does not decide, whatever name the key carries here; nor does the centre, which only carries. */
		a->present[member] = !same_hand(key, &a->order->proposer) && !same_hand(key, a->centre);
		a->counted += a->present[member];
	}
	return SK_OK;
}

//= rule: WARRANT-2
static enum sk_err check_quorum(struct approvals *a, struct sk_fault *fault)
{
	SK_TRY(count_approvals(a, fault));
	enum sk_level level = sk_action_level(a->order->action);
	if (a->counted < approvers_needed[level])
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: %zu approvals count, level %s needs %zu besides the proposer", a->counted, sk_level_name(level),
				    approvers_needed[level]);
	if (!sk_quorum_met(a->quorum, a->present))
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the quorum is not met by the %zu approvals that count", a->counted);
	return SK_OK;
}

/* The approvals are a note over exactly this order's approval text. */
static enum sk_err check_approval_text(const struct sk_order *order, const struct sk_note *note, struct sk_fault *fault)
{
	struct sk_buf text;
	sk_buf_init(&text, SK_WARRANT_TEXT_MAX);
	sk_order_approval_text(order->digest, &text);
	bool same = text.failed == SK_OK && note->body_length == text.length && memcmp(note->body, sk_buf_text(&text), text.length) == 0;
	sk_buf_fini(&text);
	if (!same)
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the approvals are for another order; any edit of an order voids them");
	return SK_OK;
}

/* All that does not need the enforcer's own configuration. Sets *counted. */
static enum sk_err check_agreed(const struct sk_order *order, const char *quorum_text, const char *approvals, const struct sk_verify_key *centre, size_t *counted,
				struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	struct sk_note note;
	struct sk_quorum *quorum = NULL;
	sk_sha256(quorum_text, strlen(quorum_text), digest);
	if (memcmp(digest, order->quorum, sizeof digest) != 0)
		return sk_fault_set(fault, SK_ESIGNATURE, "warrant: the quorum's text is not the one that the order names by digest");
	if (!sk_utf8_valid(quorum_text, strlen(quorum_text)))
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'quorum': expected UTF-8; another text cannot be carried as it is");
	SK_TRY(sk_note_parse(approvals, strlen(approvals), &note, fault));
	SK_TRY(check_approval_text(order, &note, fault));
	SK_TRY(sk_quorum_parse(quorum_text, strlen(quorum_text), &quorum, fault));
	struct approvals a = {.order = order, .centre = centre, .quorum = quorum, .note = &note};
	enum sk_err err = check_quorum(&a, fault);
	*counted = a.counted;
	sk_quorum_free(quorum);
	return err;
}

/* The one line, LF included. `line` is the order's own line. */
static void write_body(const struct sk_buf *line, const char *quorum, const char *approvals, struct sk_buf *body)
{
	struct sk_json_writer w;
	sk_json_begin(&w, body, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "approvals", approvals);
	sk_json_text(&w, "format", format_name);
	sk_json_raw(&w, "order", sk_buf_text(line), line->length - 1);
	sk_json_text(&w, "quorum", quorum);
	sk_json_end(&w);
	sk_buf_add_u8(body, '\n');
}

/* The body for an order that was checked; sets the order's digest. The buffer is started here and the caller's to end. */
static enum sk_err make_body(struct sk_order *order, const char *quorum, const char *approvals, struct sk_buf *body)
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

enum sk_err sk_warrant_encode(struct sk_order *order, const char *quorum, const char *approvals, const struct sk_sign_key *centre, struct sk_buf *out,
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
static enum sk_err read_body(const struct sk_json_value *top, struct sk_warrant *warrant, const char **quorum, const char **approvals, struct sk_fault *fault)
{
	const char *format = sk_json_get_text(top, "format");
	*quorum = sk_json_get_text(top, "quorum");
	*approvals = sk_json_get_text(top, "approvals");
	if (format == NULL || strcmp(format, format_name) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: field 'format': expected %s; this note is something else", format_name);
	if (*quorum == NULL || *approvals == NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "warrant: fields 'quorum' and 'approvals': expected texts");
	return sk_order_read(sk_json_get(top, "order"), &warrant->order, fault);
}

/* Would this warrant have been written with these very bytes? Sets the order's digest. */
static enum sk_err check_canonical(struct sk_warrant *warrant, const char *quorum, const char *approvals, const struct sk_note *note, struct sk_fault *fault)
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
	const char *quorum, *approvals;
	enum sk_err err = sk_json_parse(note->body, note->body_length - 1, &doc, fault); /* all but the last LF */
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = read_body(sk_json_top(doc), warrant, &quorum, &approvals, fault);
	if (err == SK_OK)
		err = check_canonical(warrant, quorum, approvals, note, fault);
	enum sk_level level = SK_LEVEL_HIGH;
	if (err == SK_OK)
		level = sk_action_level(warrant->order.action);
	/* The centre cannot choose who decides: the quorum is the one that the enforcer was given for this level. */
	if (err == SK_OK && memcmp(warrant->order.quorum, trust->quorum[level], SK_HASH_BYTES) != 0)
		err = sk_fault_set(fault, SK_ESIGNATURE, "warrant: its quorum is not the one configured for level %s", sk_level_name(level));
	if (err == SK_OK)
		err = check_agreed(&warrant->order, quorum, approvals, trust->centre, &warrant->approvals, fault);
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
