/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: canonical JSON in signed notes, read back by writing them again. */
#include "warrant/receipt.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/text.h"

static const char receipt_format[] = "sekisho-receipt/1";

static const char *const steps[] = {
#define SK_STEP(symbol, word, means) word,
#include "warrant/step.def"
#undef SK_STEP
};

const char *sk_step_name(enum sk_step step)
{
	SK_INVARIANT((size_t)step < SK_STEP_COUNT);
	return steps[step];
}

/* One line without control characters. */
static bool is_line(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return false;
	return length < size && sk_utf8_valid(text, length);
}

static void write_time(struct sk_json_writer *w, const char *key, int64_t unix_ns)
{
	char text[SK_TIME_TEXT_MAX];
	sk_json_text(w, key, sk_time_format(unix_ns, 9, text));
}

/* ---- receipts ---- */

static enum sk_err check(const struct sk_warrant_receipt *r, enum sk_err err, struct sk_fault *fault)
{
	const char *field = NULL;
	if ((size_t)r->step >= SK_STEP_COUNT)
		field = "step";
	else if (!is_line(r->order, sizeof r->order))
		field = "order";
	else if (!is_line(r->target, sizeof r->target))
		field = "target";
	else if (!is_line(r->detail, sizeof r->detail))
		field = "detail";
	else if (r->effect_count > SK_RECEIPT_EFFECTS_MAX)
		field = "effects";
	else if (r->at_ns < 0 || r->until_ns < 0)
		field = "at";
	else if (r->text == NULL || strlen(r->text) > SK_RECEIPT_TEXT_MAX || !sk_utf8_valid(r->text, strlen(r->text)))
		field = "text";
	for (size_t i = 0; field == NULL && i < r->effect_count; i++)
		if (!is_line(r->effects[i].place, sizeof r->effects[i].place) || !is_line(r->effects[i].seen, sizeof r->effects[i].seen))
			field = "effects";
	return field == NULL ? SK_OK : sk_fault_set(fault, err, "receipt: field '%s' is out of its range", field);
}

static void write_effects(const struct sk_warrant_receipt *r, struct sk_json_writer *w)
{
	sk_json_array(w, "effects");
	for (size_t i = 0; i < r->effect_count; i++) {
		sk_json_object(w, NULL);
		sk_json_bool(w, "good", r->effects[i].good);
		sk_json_u64(w, "items", r->effects[i].items);
		sk_json_text(w, "place", r->effects[i].place);
		sk_json_text(w, "seen", r->effects[i].seen);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static enum sk_err write_body(struct sk_warrant_receipt *r, struct sk_buf *out)
{
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_hex(&w, "after", r->after, sizeof r->after);
	write_time(&w, "at", r->at_ns);
	sk_json_hex(&w, "before", r->before, sizeof r->before);
	sk_json_text(&w, "detail", r->detail);
	write_effects(r, &w);
	sk_json_text(&w, "format", receipt_format);
	sk_json_u64(&w, "items", r->items);
	sk_json_u64(&w, "number", r->number);
	sk_json_text(&w, "order", r->order);
	sk_json_hex(&w, "previous", r->previous, sizeof r->previous);
	sk_json_text(&w, "step", steps[r->step]);
	sk_json_text(&w, "target", r->target);
	sk_json_text(&w, "text", r->text);
	write_time(&w, "until", r->until_ns);
	sk_json_hex(&w, "warrant", r->warrant, sizeof r->warrant);
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
	if (out->failed == SK_OK)
		sk_sha256(out->bytes, out->length, r->digest);
	return out->failed;
}

enum sk_err sk_receipt_encode(struct sk_warrant_receipt *r, const struct sk_sign_key *enforcer, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_buf body;
	SK_TRY(check(r, SK_EUSAGE, fault));
	sk_buf_init(&body, SK_RECEIPT_NOTE_MAX);
	enum sk_err err = write_body(r, &body);
	if (err == SK_OK) {
		sk_note_sign(out, sk_buf_text(&body), body.length, enforcer);
		err = out->failed;
	}
	sk_buf_fini(&body);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "receipt: cannot write it: %s", sk_err_text(err));
}

static enum sk_err refuse(struct sk_fault *fault, const char *field)
{
	return sk_fault_set(fault, SK_EMALFORMED, "receipt: field '%s' is missing or out of its range", field);
}

static bool take_text(const struct sk_json_value *object, const char *key, char *out, size_t size)
{
	const char *text = sk_json_get_text(object, key);
	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool take_time(const struct sk_json_value *object, const char *key, int64_t *out)
{
	const char *text = sk_json_get_text(object, key);
	return text != NULL && sk_time_parse(text, out) == SK_OK;
}

static bool take_effects(const struct sk_json_value *top, struct sk_warrant_receipt *r)
{
	const struct sk_json_value *array = sk_json_get(top, "effects");
	if (array == NULL || array->kind != SK_JSON_ARRAY || array->length > SK_RECEIPT_EFFECTS_MAX)
		return false;
	for (const struct sk_json_value *value = array->child; value != NULL; value = value->next) {
		struct sk_receipt_effect *effect = &r->effects[r->effect_count++];
		const struct sk_json_value *good = sk_json_get(value, "good");
		if (good == NULL || good->kind != SK_JSON_BOOL || sk_json_get_u64(value, "items", &effect->items) != SK_OK ||
		    !take_text(value, "place", effect->place, sizeof effect->place) || !take_text(value, "seen", effect->seen, sizeof effect->seen))
			return false;
		effect->good = good->integer != 0;
	}
	return true;
}

static bool take_step(const struct sk_json_value *top, enum sk_step *out)
{
	const char *step = sk_json_get_text(top, "step");
	for (unsigned i = 0; step != NULL && i < SK_STEP_COUNT; i++) {
		if (strcmp(steps[i], step) == 0) {
			*out = (enum sk_step)i;
			return true;
		}
	}
	return false;
}

static const char *read_fields(const struct sk_json_value *top, struct sk_warrant_receipt *r)
{
	const char *format = sk_json_get_text(top, "format"), *text = sk_json_get_text(top, "text");
	if (format == NULL || strcmp(format, receipt_format) != 0)
		return "format";
	if (sk_json_get_hex(top, "warrant", r->warrant, sizeof r->warrant) != SK_OK)
		return "warrant";
	if (sk_json_get_hex(top, "previous", r->previous, sizeof r->previous) != SK_OK)
		return "previous";
	if (sk_json_get_hex(top, "before", r->before, sizeof r->before) != SK_OK || sk_json_get_hex(top, "after", r->after, sizeof r->after) != SK_OK)
		return "before";
	if (sk_json_get_u64(top, "number", &r->number) != SK_OK || sk_json_get_u64(top, "items", &r->items) != SK_OK)
		return "number";
	if (!take_time(top, "at", &r->at_ns) || !take_time(top, "until", &r->until_ns))
		return "at";
	if (!take_text(top, "order", r->order, sizeof r->order) || !take_text(top, "target", r->target, sizeof r->target) ||
	    !take_text(top, "detail", r->detail, sizeof r->detail))
		return "order";
	if (!take_effects(top, r))
		return "effects";
	if (!take_step(top, &r->step))
		return "step";
	if (text == NULL || (r->owned = strdup(text)) == NULL)
		return "text";
	r->text = r->owned;
	return NULL;
}

/* The note's body as JSON, after its signature. */
static enum sk_err open_note(const char *text, size_t length, const struct sk_verify_key *key, struct sk_note *note, struct sk_json_doc **doc,
			     struct sk_fault *fault)
{
	if (length > SK_RECEIPT_NOTE_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "receipt: %zu bytes, expected at most %d", length, SK_RECEIPT_NOTE_MAX);
	SK_TRY(sk_note_parse(text, length, note, fault));
	if (sk_note_verify(note, key) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "receipt: no good signature by the key %s (id %08x)", key->name, key->id);
	enum sk_err err = sk_json_parse(note->body, note->body_length - 1, doc, fault); /* all but the last LF */
	return err == SK_OK || err == SK_ENOMEM ? err : SK_EMALFORMED;
}

static bool same(const struct sk_buf *again, const struct sk_note *note)
{
	return again->failed == SK_OK && again->length == note->body_length && memcmp(again->bytes, note->body, again->length) == 0;
}

enum sk_err sk_receipt_decode(const char *text, size_t length, const struct sk_verify_key *enforcer, struct sk_warrant_receipt *out, struct sk_fault *fault)
{
	struct sk_note note;
	struct sk_json_doc *doc = NULL;
	struct sk_buf again;
	*out = (struct sk_warrant_receipt){0};
	SK_TRY(open_note(text, length, enforcer, &note, &doc, fault));
	const char *field = read_fields(sk_json_top(doc), out);
	sk_json_free(doc);
	enum sk_err err = field == NULL ? check(out, SK_EMALFORMED, fault) : refuse(fault, field);
	sk_buf_init(&again, SK_RECEIPT_NOTE_MAX);
	if (err == SK_OK && (write_body(out, &again) != SK_OK || !same(&again, &note)))
		err = sk_fault_set(fault, SK_EMALFORMED, "receipt: not the canonical form of what it says, or a field that is not known here");
	sk_buf_fini(&again);
	if (err != SK_OK)
		sk_receipt_fini(out);
	return err;
}

void sk_receipt_fini(struct sk_warrant_receipt *receipt)
{
	free(receipt->owned);
	*receipt = (struct sk_warrant_receipt){0};
}

enum sk_err sk_receipts_check(const struct sk_warrant_receipt *receipts, size_t count, struct sk_fault *fault)
{
	static const uint8_t none[SK_HASH_BYTES];
	bool ended = false, accepted = false;
	for (size_t i = 0; i < count; i++) {
		const struct sk_warrant_receipt *r = &receipts[i], *before = i == 0 ? NULL : &receipts[i - 1];
		const char *wrong = NULL;
		if (r->number != i)
			wrong = "has another number than its place: one is missing";
		else if (memcmp(r->previous, before == NULL ? none : before->digest, SK_HASH_BYTES) != 0)
			wrong = "does not name the one before it";
		else if (before != NULL && memcmp(r->warrant, before->warrant, SK_HASH_BYTES) != 0)
			wrong = "is about another warrant";
		else if (before != NULL && r->at_ns < before->at_ns)
			wrong = "is older than the one before it";
		else if (ended)
			wrong = "comes after the end";
		else if (!accepted && r->step != SK_STEP_ACCEPTED && r->step != SK_STEP_REFUSED)
			wrong = "comes before the warrant was accepted";
		else if ((r->step == SK_STEP_CANARY || r->step == SK_STEP_ACTIVE) && (r->until_ns == 0 || r->at_ns >= r->until_ns))
			wrong = "sets a measure after its time";
		if (wrong != NULL)
			return sk_fault_set(fault, SK_EINCONSISTENT, "receipt %zu of order %s (%s) %s", i, r->order, sk_step_name(r->step), wrong);
		accepted = accepted || r->step == SK_STEP_ACCEPTED;
		ended = r->step == SK_STEP_CLOSED || (r->step == SK_STEP_REFUSED && i == 0);
	}
	return SK_OK;
}
