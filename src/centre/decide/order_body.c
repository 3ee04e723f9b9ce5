/* SPDX-License-Identifier: Apache-2.0 */
/* What each act of an order says, written; and its warrant. */
#include "decide/orders.h"

#include <stdlib.h>

#include "text/json.h"
#include "text/text.h"

static void begin(struct sk_json_writer *w, struct sk_buf *out)
{
	sk_json_begin(w, out, true);
	sk_json_object(w, NULL);
}

void sk_order_why_body(const uint8_t order[SK_HASH_BYTES], const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_order_consult_body(const uint8_t order[SK_HASH_BYTES], bool acknowledged, const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_text(&w, "answer", acknowledged ? "acknowledged" : "refused");
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_order_receipt_body(const uint8_t order[SK_HASH_BYTES], uint64_t number, const char *receipt, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_u64(&w, "number", number);
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_text(&w, "receipt", receipt);
	sk_json_end(&w);
}

void sk_order_check_body(const uint8_t order[SK_HASH_BYTES], uint64_t hits, uint64_t false_hits, bool needed, const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_u64(&w, "false_hits", false_hits);
	sk_json_u64(&w, "hits", hits);
	sk_json_bool(&w, "needed", needed);
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_order_extend_body(const uint8_t order[SK_HASH_BYTES], const char *by, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_text(&w, "by", by);
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_end(&w);
}

void sk_order_notify_body(const uint8_t order[SK_HASH_BYTES], const char *told, const char *why, struct sk_buf *out)
{
	struct sk_json_writer w;
	begin(&w, out);
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_text(&w, "told", told != NULL ? told : "");
	sk_json_text(&w, "why", why);
	sk_json_end(&w);
}

void sk_order_review_body(const uint8_t order[SK_HASH_BYTES], int64_t due_ns, const char *text, struct sk_buf *out)
{
	struct sk_json_writer w;
	char due[SK_TIME_TEXT_MAX];
	begin(&w, out);
	sk_json_text(&w, "due", due_ns != 0 ? sk_time_format(due_ns, 9, due) : "");
	sk_json_hex(&w, "order", order, SK_HASH_BYTES);
	sk_json_text(&w, "text", text);
	sk_json_text(&w, "verdict", due_ns != 0 ? "recommend" : "confirm");
	sk_json_end(&w);
}

enum sk_err sk_order_mint(const struct sk_order_matter *m, const struct sk_sign_key *centre, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_approvals approvals = {0};
	if (m->text.document == NULL || m->staged_ns + m->urgent_ns == 0)
		return sk_fault_set(fault, SK_EORDER, "order %s: it is %s; a warrant is minted of what was approved and staged", m->id, sk_order_state_name(m->state));
	enum sk_order_event event = m->text.document->order.urgent ? SK_ORDER_EVENT_URGENT : SK_ORDER_EVENT_APPROVE;
	for (size_t i = 0; i < m->voice_count; i++)
		if (m->voices[i].event == event)
			approvals.notes[approvals.count++] = m->voices[i].note;
	struct sk_order *order = malloc(sizeof *order);
	if (order == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*order = m->text.document->order;
	enum sk_err err = sk_warrant_encode(order, m->text.quorum, &approvals, centre, out, fault);
	free(order);
	return err;
}
