/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms of an act: what its author signs, and what is published of it. */
#include "ledger/act.h"

#include <string.h>

#include "ledger/record_read.h"
#include "text/json.h"
#include "text/text.h"

static const char format_text[] = "sekisho-act/1";
/* What stands between the body and the value of the next member: the body is the first member, so its bytes end where this begins. */
static const char after_body[] = ",\"event\":";
static const char *const members[] = {"body", "event", "format", "id", "matter", "policy", "previous", "time"};

/* A name of a table: a-z 0-9 _ and dots. */
static bool is_name(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	if (length == 0 || length == size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_' || text[i] == '.'))
			return false;
	return true;
}

/* One word of printable ASCII that JSON writes as it is. */
static bool is_id(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	if (length == 0 || length == size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	return true;
}

static bool is_object(const char *text, size_t length)
{
	struct sk_json_doc *doc = NULL;
	struct sk_fault ignored;
	bool good = length <= SK_ACT_BODY_MAX && sk_json_parse(text, length, &doc, &ignored) == SK_OK && sk_json_top(doc)->kind == SK_JSON_OBJECT;
	sk_json_free(doc);
	return good;
}

void sk_act_write(struct sk_act *act, struct sk_buf *out)
{
	char time[SK_TIME_TEXT_MAX];
	size_t begin = out->length;
	if (!is_name(act->matter, sizeof act->matter) || !is_name(act->event, sizeof act->event) || !is_id(act->id, sizeof act->id) || act->time_ns < 0 ||
	    !is_object(act->body, act->body_length)) {
		if (out->failed == SK_OK)
			out->failed = SK_EUSAGE;
		return;
	}
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_raw(&w, "body", act->body, act->body_length);
	sk_json_text(&w, "event", act->event);
	sk_json_text(&w, "format", format_text);
	sk_json_text(&w, "id", act->id);
	sk_json_text(&w, "matter", act->matter);
	sk_json_hex(&w, "policy", act->policy, SK_HASH_BYTES);
	sk_json_hex(&w, "previous", act->previous, SK_HASH_BYTES);
	sk_json_text(&w, "time", sk_time_format(act->time_ns, 9, time));
	sk_json_end(&w);
	sk_buf_add_text(out, "\n");
	if (out->failed == SK_OK)
		sk_sha256(out->bytes + begin, out->length - begin, act->digest);
}

static enum sk_err read_word(const struct sk_json_value *top, const char *key, bool name, char *out, size_t size, struct sk_fault *fault)
{
	const char *text = sk_json_get_text(top, key);
	if (text == NULL || strlen(text) >= size || !(name ? is_name(text, size) : is_id(text, size)))
		return sk_fault_set(fault, SK_EMALFORMED, "act: %s: expected %s of 1 to %zu characters", key, name ? "a name (a-z 0-9 _ .)" : "one word", size - 1);
	memcpy(out, text, strlen(text) + 1);
	return SK_OK;
}

static enum sk_err read_hash(const struct sk_json_value *top, const char *key, uint8_t out[SK_HASH_BYTES], struct sk_fault *fault)
{
	if (sk_json_get_hex(top, key, out, SK_HASH_BYTES) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "act: %s: expected 64 hexadecimal digits", key);
	return SK_OK;
}

static enum sk_err read_members(const struct sk_json_value *top, const char *text, struct sk_act *out, struct sk_fault *fault)
{
	const struct sk_json_value *member = top->kind == SK_JSON_OBJECT ? top->child : NULL;
	for (size_t i = 0; i < SK_COUNT(members); i++, member = member->next)
		if (member == NULL || strcmp(member->key, members[i]) != 0)
			return sk_fault_set(fault, SK_EMALFORMED, "act: expected the member %s, found %s", members[i], member != NULL ? member->key : "the end");
	if (member != NULL)
		return sk_fault_set(fault, SK_EMALFORMED, "act: unknown member %s", member->key);
	const struct sk_json_value *body = sk_json_get(top, "body");
	const char *format = sk_json_get_text(top, "format"), *time = sk_json_get_text(top, "time");
	char again[SK_TIME_TEXT_MAX];
	if (body->kind != SK_JSON_OBJECT)
		return sk_fault_set(fault, SK_EMALFORMED, "act: body: expected an object");
	out->body = text + body->offset;
	out->body_length = body->next->offset - strlen(after_body) - body->offset;
	if (out->body_length > SK_ACT_BODY_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "act: body: %zu bytes, at most %d are allowed", out->body_length, SK_ACT_BODY_MAX);
	if (format == NULL || strcmp(format, format_text) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "act: format: expected %s", format_text);
	SK_TRY(read_word(top, "event", true, out->event, sizeof out->event, fault));
	SK_TRY(read_word(top, "id", false, out->id, sizeof out->id, fault));
	SK_TRY(read_word(top, "matter", true, out->matter, sizeof out->matter, fault));
	SK_TRY(read_hash(top, "policy", out->policy, fault));
	SK_TRY(read_hash(top, "previous", out->previous, fault));
	if (time == NULL || sk_time_parse(time, &out->time_ns) != SK_OK || out->time_ns < 0 || strcmp(sk_time_format(out->time_ns, 9, again), time) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "act: time: expected RFC 3339 in UTC with nine fraction digits");
	return SK_OK;
}

enum sk_err sk_act_read(const char *text, size_t length, struct sk_act *out, struct sk_fault *fault)
{
	memset(out, 0, sizeof *out);
	if (length < 2 || length > SK_ACT_TEXT_MAX || text[length - 1] != '\n')
		return sk_fault_set(fault, SK_EMALFORMED, "act: expected one line of at most %d bytes with a line feed at its end, found %zu bytes", SK_ACT_TEXT_MAX, length);
	struct sk_json_doc *doc = NULL;
	SK_TRY(sk_json_parse(text, length - 1, &doc, fault));
	enum sk_err err = read_members(sk_json_top(doc), text, out, fault);
	sk_json_free(doc);
	if (err != SK_OK) {
		memset(out, 0, sizeof *out);
		return err;
	}
	sk_sha256(text, length, out->digest);
	return SK_OK;
}

/* ---- what is published ---- */

static bool facts_good(const struct sk_act_facts *facts)
{
	if (!is_name(facts->matter, sizeof facts->matter) || !is_name(facts->event, sizeof facts->event) || facts->count_count > SK_CELLS_MAX ||
	    facts->word_count > SK_ACT_WORDS_MAX)
		return false;
	if ((facts->from[0] != '\0' && !is_name(facts->from, sizeof facts->from)) || (facts->to[0] != '\0' && !is_name(facts->to, sizeof facts->to)))
		return false;
	for (size_t i = 0; i < facts->count_count; i++)
		if (facts->counts[i].bytes != 0)
			return false;
	return true;
}

void sk_record_act(struct sk_buf *out, const struct sk_act_facts *facts)
{
	struct sk_record record = {.kind = SK_RECORD_ACT};
	struct sk_act_record *act = &record.act;
	if (!facts_good(facts)) {
		if (out->failed == SK_OK)
			out->failed = SK_EUSAGE;
		return;
	}
	memcpy(act->matter, facts->matter, sizeof facts->matter);
	memcpy(act->event, facts->event, sizeof facts->event);
	memcpy(act->from, facts->from, sizeof facts->from);
	memcpy(act->to, facts->to, sizeof facts->to);
	memcpy(act->subject, facts->subject, SK_HASH_BYTES);
	memcpy(act->document, facts->document, SK_HASH_BYTES);
	memcpy(act->policy, facts->policy, SK_HASH_BYTES);
	act->previous = facts->previous;
	act->time_ns = facts->time_ns;
	for (size_t i = 0; i < facts->count_count; i++)
		if (facts->counts[i].frames != 0)
			act->counts.cell[act->counts.count++] = facts->counts[i];
	act->words.count = facts->word_count;
	for (size_t i = 0; i < facts->word_count; i++)
		memcpy(act->words.name[i], facts->words[i], SK_NAME_TEXT_MAX);
	sk_record_write(out, &record);
}
