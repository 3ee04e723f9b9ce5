/* SPDX-License-Identifier: Apache-2.0 */
/* What the enforcer says it did, against the warrant that follows from the acts: the warrant is composed again from the approvals, and each receipt must be about exactly it, one after the other.
   rule: OPENED-6 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "opened_priv.h"
#include "warrant/receipt.h"

static const char warrant_format[] = "sekisho-warrant/2";

/* docs/formats/warrant.md: the body of the warrant, whose digest every receipt names. */
enum sk_err opened_warrant(struct sk_opened *o, struct opened_order *r, const struct sk_order *order, enum sk_order_event event)
{
	struct sk_buf body;
	struct sk_json_writer w;
	sk_buf_init(&body, SK_WARRANT_TEXT_MAX);
	sk_json_begin(&w, &body, true);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "approvals");
	for (size_t i = 0; i < r->voice_count; i++)
		if (r->voices[i].event == event)
			sk_json_text(&w, NULL, r->voices[i].note);
	sk_json_end(&w);
	sk_json_text(&w, "format", warrant_format);
	sk_json_raw(&w, "order", r->line, strlen(r->line) - 1);
	sk_json_text(&w, "quorum", r->quorum);
	sk_json_end(&w);
	sk_buf_add_u8(&body, '\n');
	enum sk_err err = body.failed;
	if (err == SK_OK)
		sk_sha256(body.bytes, body.length, r->warrant);
	sk_buf_fini(&body);
	r->not_after_ns = order->not_after_ns;
	return err == SK_OK ? SK_OK : opened_refuse(o, "warrant", "it is too long to be one");
}

/* Which step of the enforcer an act may tell. */
static bool step_fits(enum sk_order_event event, enum sk_step step)
{
	switch (event) {
	case SK_ORDER_EVENT_SET: return step == SK_STEP_ACTIVE;
	case SK_ORDER_EVENT_UNDONE: return step == SK_STEP_CLOSED;
	case SK_ORDER_EVENT_FAIL: return step == SK_STEP_REFUSED || step == SK_STEP_ENDING;
	default: return true;
	}
}

static enum sk_err check_chain(struct sk_opened *o, struct opened_receipts *c, const struct sk_warrant_receipt *receipt)
{
	if (receipt->number != c->count)
		return opened_refuse(o, "receipt", "expected number %" PRIu64 ", found %" PRIu64 ": one is missing, or stands twice", c->count, receipt->number);
	if (memcmp(receipt->previous, c->last, SK_HASH_BYTES) != 0)
		return opened_refuse(o, "receipt", "it does not name the one before it");
	if (c->count != 0 && receipt->at_ns < c->at_ns)
		return opened_refuse(o, "receipt", "it is older than the one before it");
	if (c->ended)
		return opened_refuse(o, "receipt", "it comes after the end");
	if (!c->accepted && receipt->step != SK_STEP_ACCEPTED && receipt->step != SK_STEP_REFUSED)
		return opened_refuse(o, "receipt", "it comes before the warrant was accepted");
	return SK_OK;
}

static enum sk_err check_receipt(struct sk_opened *o, struct opened_order *r, enum sk_order_event event, const struct sk_warrant_receipt *receipt)
{
	bool sets = receipt->step == SK_STEP_CANARY || receipt->step == SK_STEP_ACTIVE;
	if (memcmp(receipt->warrant, r->warrant, SK_HASH_BYTES) != 0 || (receipt->order[0] != '\0' && strcmp(receipt->order, o->act.id) != 0))
		return opened_refuse(o, "receipt", "it is about another warrant than the one that follows from the approvals");
	if (!step_fits(event, receipt->step))
		return opened_refuse(o, "receipt", "the enforcer says '%s', which is no '%s'", sk_step_name(receipt->step), o->act.event);
	if (sets && (receipt->until_ns == 0 || receipt->until_ns > r->not_after_ns || receipt->at_ns >= receipt->until_ns))
		return opened_refuse(o, "receipt", "a measure was set that outlives its warrant");
	SK_TRY(check_chain(o, &r->receipts, receipt));
	memcpy(r->receipts.last, receipt->digest, SK_HASH_BYTES);
	r->receipts.count++;
	r->receipts.at_ns = receipt->at_ns;
	r->receipts.accepted = r->receipts.accepted || receipt->step == SK_STEP_ACCEPTED;
	r->receipts.ended = receipt->step == SK_STEP_CLOSED || (receipt->step == SK_STEP_REFUSED && receipt->number == 0);
	o->summary.receipts++;
	return SK_OK;
}

enum sk_err opened_receipt(struct sk_opened *o, struct opened_order *r, enum sk_order_event event)
{
	const char *text = sk_json_get_text(o->body, "receipt");
	struct sk_fault inner = {.line = ""};
	if (!o->has_enforcer) {
		o->summary.receipts_unread += text != NULL && text[0] != '\0';
		return SK_OK;
	}
	if (text == NULL || text[0] == '\0')
		return opened_refuse(o, "receipt", "expected the enforcer's, found none");
	struct sk_warrant_receipt *receipt = calloc(1, sizeof *receipt);
	if (receipt == NULL)
		return sk_fault_set(o->fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_receipt_decode(text, strlen(text), &o->enforcer, receipt, &inner);
	if (err != SK_OK) {
		free(receipt);
		return opened_refuse(o, "receipt", "%.250s", inner.line);
	}
	err = check_receipt(o, r, event, receipt);
	sk_receipt_fini(receipt);
	free(receipt);
	return err;
}
