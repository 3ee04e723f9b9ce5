/* SPDX-License-Identifier: Apache-2.0 */
/* As a basis, a request has exactly one text: decoding ends by writing it again and comparing. */
#include "basis/count.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/text.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };
static const char format_name[] = "sekisho-count/1";
static const int64_t second_ns = 1000000000;

/* ---- ranges ---- */

static bool is_small(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_id(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	if (length == 0 || length == size || *text == '.')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_small(text[i]) && text[i] != '.')
			return false;
	return true;
}

/* Lower case, two labels or more: nobody counts a whole top-level domain, as nobody blocks one. */
static bool is_name(const char *text)
{
	size_t labels = 0, label = 0;
	if (strlen(text) > NAME_MAX_BYTES)
		return false;
	for (const char *at = text;; at++) {
		if ((is_small(*at) || *at == '_') && label < LABEL_MAX_BYTES) {
			label++;
		} else if (label != 0 && (*at == '.' || *at == '\0')) {
			label = 0;
			labels++;
			if (*at == '\0')
				return labels >= 2;
		} else {
			return false;
		}
	}
}

static bool read_target(const char *text, struct sk_count_target *out)
{
	memset(out, 0, sizeof *out);
	if (sk_prefix_parse(text, &out->prefix) == SK_OK) {
		(void)sk_prefix_format(&out->prefix, out->text);
		return out->prefix.bits >= (out->prefix.addr.family == 4 ? SK_COUNT_V4_MIN : SK_COUNT_V6_MIN);
	}
	out->prefix = (struct sk_prefix){.bits = 0};
	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	(void)snprintf(out->text, sizeof out->text, "%.*s", NAME_MAX_BYTES + 1, text);
	return is_name(out->text);
}

enum sk_err sk_count_request_add(struct sk_count_request *request, const char *target, struct sk_fault *fault)
{
	struct sk_count_target taken;
	size_t at = 0;
	if (!read_target(target, &taken))
		return sk_fault_set(fault, SK_EUSAGE, "'%.80s': expected a name in lower case, of two labels or more, or a prefix of at least /%d (IPv4) or /%d (IPv6)", target,
				    SK_COUNT_V4_MIN, SK_COUNT_V6_MIN);
	while (at < request->target_count && strcmp(request->targets[at].text, taken.text) < 0)
		at++;
	if (at < request->target_count && strcmp(request->targets[at].text, taken.text) == 0)
		return SK_OK;
	if (request->target_count == SK_COUNT_TARGETS_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "more than %d targets; expected at most that many in one count", SK_COUNT_TARGETS_MAX);
	memmove(&request->targets[at + 1], &request->targets[at], (request->target_count - at) * sizeof request->targets[0]);
	request->targets[at] = taken;
	request->target_count++;
	return SK_OK;
}

static enum sk_err check_words(const struct sk_count_request *r, enum sk_err err, struct sk_fault *fault)
{
	if (!is_id(r->id, sizeof r->id))
		return sk_fault_set(fault, err, "count: field 'id': expected 1 to %d of a-z 0-9 - . and no point in front", SK_COUNT_ID_MAX - 1);
	if (r->basis[0] == '\0' || strnlen(r->basis, sizeof r->basis) == sizeof r->basis || !sk_utf8_valid(r->basis, strlen(r->basis)))
		return sk_fault_set(fault, err, "count: field 'basis': expected the id of a basis");
	if (r->purpose[0] == '\0' || strnlen(r->purpose, sizeof r->purpose) == sizeof r->purpose || !sk_utf8_valid(r->purpose, strlen(r->purpose)))
		return sk_fault_set(fault, err, "count: field 'purpose': expected a word");
	if (r->why[0] == '\0' || strnlen(r->why, sizeof r->why) == sizeof r->why || !sk_utf8_valid(r->why, strlen(r->why)))
		return sk_fault_set(fault, err, "count: field 'why': expected 1 to %d bytes of text", SK_COUNT_WHY_MAX - 1);
	return SK_OK;
}

static enum sk_err check(const struct sk_count_request *r, enum sk_err err, struct sk_fault *fault)
{
	SK_TRY(check_words(r, err, fault));
	if (r->from_ns < 0 || r->from_ns % second_ns != 0 || r->until_ns % second_ns != 0 || r->until_ns <= r->from_ns || r->until_ns - r->from_ns > SK_COUNT_LIFE_MAX_S * second_ns)
		return sk_fault_set(fault, err, "count: fields 'from' and 'until': expected whole seconds, one behind the other, 24 h apart at most");
	if (r->target_count == 0 || r->target_count > SK_COUNT_TARGETS_MAX)
		return sk_fault_set(fault, err, "count: field 'targets': expected 1 to %d", SK_COUNT_TARGETS_MAX);
	for (size_t i = 0; i < r->target_count; i++) {
		struct sk_count_target again;
		if (strnlen(r->targets[i].text, SK_COUNT_TARGET_MAX) == SK_COUNT_TARGET_MAX || !read_target(r->targets[i].text, &again) || strcmp(again.text, r->targets[i].text) != 0)
			return sk_fault_set(fault, err, "count: field 'targets': number %zu is no name, or no prefix within the limits", i + 1);
		if (i > 0 && strcmp(r->targets[i - 1].text, r->targets[i].text) >= 0)
			return sk_fault_set(fault, err, "count: field 'targets': expected ascending order, each once; number %zu is out of place", i + 1);
	}
	return SK_OK;
}

/* ---- the note ---- */

static void write_body(const struct sk_count_request *r, struct sk_buf *out)
{
	char time[SK_TIME_TEXT_MAX];
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "basis", r->basis);
	sk_json_text(&w, "format", format_name);
	sk_json_text(&w, "from", sk_time_format(r->from_ns, 0, time));
	sk_json_text(&w, "id", r->id);
	sk_json_text(&w, "purpose", r->purpose);
	sk_json_array(&w, "targets");
	for (size_t i = 0; i < r->target_count; i++)
		sk_json_text(&w, NULL, r->targets[i].text);
	sk_json_end(&w);
	sk_json_text(&w, "until", sk_time_format(r->until_ns, 0, time));
	sk_json_text(&w, "why", r->why);
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
}

enum sk_err sk_count_request_encode(struct sk_count_request *request, const struct sk_sign_key *key, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_buf body;
	SK_TRY(check(request, SK_EUSAGE, fault));
	sk_buf_init(&body, SK_COUNT_TEXT_MAX);
	write_body(request, &body);
	if (body.failed == SK_OK) {
		sk_sha256(body.bytes, body.length, request->digest);
		sk_note_sign(out, sk_buf_text(&body), body.length, key);
	}
	enum sk_err err = body.failed != SK_OK ? body.failed : out->failed;
	sk_buf_fini(&body);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "count: the note cannot be written: %s", sk_err_text(err));
}

static bool take(const struct sk_json_value *top, const char *key, char *out, size_t size)
{
	const char *text = sk_json_get_text(top, key);
	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static enum sk_err missing(const char *field, const char *expected, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EMALFORMED, "count: field '%s': expected %s", field, expected);
}

static enum sk_err read_targets(const struct sk_json_value *top, struct sk_count_request *r, struct sk_fault *fault)
{
	const struct sk_json_value *list = sk_json_get(top, "targets");
	if (list == NULL || list->kind != SK_JSON_ARRAY || list->length > SK_COUNT_TARGETS_MAX)
		return missing("targets", "a list of at most 16 texts", fault);
	for (const struct sk_json_value *v = list->child; v != NULL; v = v->next) {
		if (v->kind != SK_JSON_TEXT || !read_target(v->text, &r->targets[r->target_count++]))
			return missing("targets", "names, or prefixes within the limits", fault);
	}
	return SK_OK;
}

static enum sk_err read_body(const struct sk_json_value *top, struct sk_count_request *r, struct sk_fault *fault)
{
	const char *format = sk_json_get_text(top, "format"), *from = sk_json_get_text(top, "from"), *until = sk_json_get_text(top, "until");
	if (format == NULL || strcmp(format, format_name) != 0)
		return missing("format", "sekisho-count/1; this note is something else", fault);
	if (!take(top, "basis", r->basis, sizeof r->basis))
		return missing("basis", "the id of a basis", fault);
	if (!take(top, "id", r->id, sizeof r->id))
		return missing("id", "one word", fault);
	if (!take(top, "purpose", r->purpose, sizeof r->purpose))
		return missing("purpose", "a word", fault);
	if (!take(top, "why", r->why, sizeof r->why))
		return missing("why", "a text", fault);
	if (from == NULL || sk_time_parse(from, &r->from_ns) != SK_OK)
		return missing("from", "a time like 2026-11-22T00:00:00Z", fault);
	if (until == NULL || sk_time_parse(until, &r->until_ns) != SK_OK)
		return missing("until", "a time like 2026-11-22T00:00:00Z", fault);
	SK_TRY(read_targets(top, r, fault));
	return check(r, SK_EMALFORMED, fault);
}

static enum sk_err read_note(const struct sk_note *note, struct sk_count_request *r, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	struct sk_buf again;
	enum sk_err err = sk_json_parse(note->body, note->body_length - 1, &doc, fault);
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = read_body(sk_json_top(doc), r, fault);
	sk_json_free(doc);
	sk_buf_init(&again, SK_COUNT_TEXT_MAX);
	if (err == SK_OK)
		write_body(r, &again);
	if (err == SK_OK && (again.failed != SK_OK || again.length != note->body_length || memcmp(again.bytes, note->body, again.length) != 0))
		err = sk_fault_set(fault, SK_EMALFORMED, "count: not the canonical form of what it says, or a field that is not known here");
	sk_buf_fini(&again);
	sk_sha256(note->body, note->body_length, r->digest);
	return err;
}

//= rule: COUNT-1
enum sk_err sk_count_request_decode(const char *text, size_t length, const struct sk_verify_key *key, struct sk_count_request *out, struct sk_fault *fault)
{
	struct sk_note *note;
	if (length > SK_COUNT_TEXT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "count: %zu bytes, expected at most %d", length, SK_COUNT_TEXT_MAX);
	note = malloc(sizeof *note);
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memset(out, 0, sizeof *out);
	enum sk_err err = sk_note_parse(text, length, note, fault);
	if (err == SK_OK && sk_note_verify(note, key) != SK_OK)
		err = sk_fault_set(fault, SK_ESIGNATURE, "count: no good signature by the key %s (id %08x), which approves this sensor's basis", key->name, key->id);
	if (err == SK_OK)
		err = read_note(note, out, fault);
	free(note);
	if (err != SK_OK)
		memset(out, 0, sizeof *out);
	return err;
}

//= rule: COUNT-1
enum sk_err sk_count_request_runs(const struct sk_count_request *request, const struct sk_basis *basis, int64_t now_ns, struct sk_fault *fault)
{
	char when[SK_TIME_TEXT_MAX];
	bool named = false;
	if (strcmp(request->basis, basis->id) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "count %s: it is for basis %s, and this is %s", request->id, request->basis, basis->id);
	for (size_t i = 0; i < basis->detector_count; i++)
		named |= strcmp(basis->detectors[i].name, SK_COUNT_DETECTOR) == 0;
	if (!named)
		return sk_fault_set(fault, SK_EPERMIT, "count %s: basis %s does not name the detector %s, so nothing may be counted under it", request->id, basis->id, SK_COUNT_DETECTOR);
	if ((basis->classes & (SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF))) == 0)
		return sk_fault_set(fault, SK_EPERMIT, "count %s: basis %s covers transit alone, in which no host is our own", request->id, basis->id);
	if (now_ns < request->from_ns)
		return sk_fault_set(fault, SK_EFUTURE, "count %s: it begins at %s", request->id, sk_time_format(request->from_ns, 0, when));
	if (now_ns >= request->until_ns)
		return sk_fault_set(fault, SK_EEXPIRED, "count %s: it ended at %s", request->id, sk_time_format(request->until_ns, 0, when));
	return SK_OK;
}
