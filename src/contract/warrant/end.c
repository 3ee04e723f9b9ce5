/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a warrant before its time: one line of canonical JSON, signed by the centre. */
#include "warrant/warrant_priv.h"

#include "text/text.h"

enum { END_TEXT_MAX = 4096 };
static const char format_name[] = "sekisho-end/1";

static void write_line(const struct sk_end *end, struct sk_buf *out)
{
	char time[SK_TIME_TEXT_MAX];
	struct sk_json_writer w;
	sk_json_begin(&w, out, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "format", format_name);
	sk_json_text(&w, "order", end->id);
	sk_json_text(&w, "time", sk_time_format(end->time_ns, 9, time));
	sk_json_hex(&w, "warrant", end->warrant, SK_HASH_BYTES);
	sk_json_end(&w);
	sk_buf_add_u8(out, '\n');
}

void sk_end_encode(const struct sk_end *end, const struct sk_sign_key *centre, struct sk_buf *out)
{
	struct sk_buf line;
	sk_buf_init(&line, END_TEXT_MAX);
	write_line(end, &line);
	if (line.failed == SK_OK)
		sk_note_sign(out, sk_buf_text(&line), line.length, centre);
	else if (out->failed == SK_OK)
		out->failed = line.failed;
	sk_buf_fini(&line);
}

static enum sk_err read_line(const struct sk_json_value *top, struct sk_end *end, struct sk_fault *fault)
{
	const char *format = sk_json_get_text(top, "format"), *order = sk_json_get_text(top, "order"), *time = sk_json_get_text(top, "time");
	if (format == NULL || strcmp(format, format_name) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "end: field 'format': expected %s; this note is something else", format_name);
	if (order == NULL || strlen(order) >= sizeof end->id)
		return sk_fault_set(fault, SK_EMALFORMED, "end: field 'order': expected the order's id");
	memcpy(end->id, order, strlen(order) + 1);
	if (time == NULL || sk_time_parse(time, &end->time_ns) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "end: field 'time': expected a time like 2026-11-22T00:00:00.000000000Z");
	if (sk_json_get_hex(top, "warrant", end->warrant, SK_HASH_BYTES) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "end: field 'warrant': expected 64 hexadecimal digits");
	return SK_OK;
}

//= rule: WARRANT-1
enum sk_err sk_end_decode(const char *text, size_t length, const struct sk_verify_key *centre, struct sk_end *out, struct sk_fault *fault)
{
	struct sk_note note;
	struct sk_json_doc *doc = NULL;
	struct sk_end end = {0};
	if (length > END_TEXT_MAX)
		return sk_fault_set(fault, SK_EMALFORMED, "end: %zu bytes, expected at most %d", length, END_TEXT_MAX);
	SK_TRY(sk_note_parse(text, length, &note, fault));
	if (sk_note_verify(&note, centre) != SK_OK)
		return sk_fault_set(fault, SK_ESIGNATURE, "end: no good signature by the centre's key %s (id %08x)", centre->name, centre->id);
	enum sk_err err = sk_json_parse(note.body, note.body_length - 1, &doc, fault);
	if (err != SK_OK)
		return err == SK_ENOMEM ? err : SK_EMALFORMED;
	err = read_line(sk_json_top(doc), &end, fault);
	sk_json_free(doc);
	struct sk_buf again;
	sk_buf_init(&again, END_TEXT_MAX);
	if (err == SK_OK)
		write_line(&end, &again);
	if (err == SK_OK && (again.failed != SK_OK || again.length != note.body_length || memcmp(again.bytes, note.body, again.length) != 0))
		err = sk_fault_set(fault, SK_EMALFORMED, "end: not the canonical form of what it says, or a field that is not known here");
	sk_buf_fini(&again);
	if (err == SK_OK)
		*out = end;
	return err;
}
