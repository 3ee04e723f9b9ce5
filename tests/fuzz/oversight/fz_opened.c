/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a centre's openings, line after line. The ledger's leaves are made to fit each line's commitments and statement, so that what lies behind them is reached: matters, signatures, the
   register, and the judges of each kind. What is refused is refused with a line; what is accepted was counted. */
#include <string.h>

#include "opened.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { LINES_MAX = 64, WORD_MAX = SK_ACT_WORD_MAX };

static struct {
	uint64_t leaf;
	char subject[SK_ACT_WORD_MAX + SK_MATTER_ID_MAX + 2], to[WORD_MAX];
} before[LINES_MAX];

/* Where the step leads: whatever stands in front of the text, so that the fuzzer chooses. */
static void choose(const uint8_t *bytes, size_t length, size_t line, char to[WORD_MAX])
{
	static const char *const states[] = {"open", "closed", "requested", "granted", "draft", "review", "approved", "refused", "active", "extending", "extended", "suspended", "expired", "terminated",
					     "evidence_ok", "legal_ok", "voting", "staged", "issued", "answered", "filed", "assessed", "running", "concluded", "held", "provided", "erasing", "erased"};
	const char *state = states[(line < length ? bytes[line] : 0) % SK_COUNT(states)];
	memcpy(to, state, strlen(state) + 1);
}

static bool make_leaf(const struct sk_json_value *top, size_t line, uint64_t index, struct sk_act_record *leaf)
{
	uint8_t note_salt[32] = {0}, matter_salt[32] = {0};
	static struct sk_note note;
	static struct sk_act act;
	const struct sk_json_value *text = sk_json_get(top, "note");
	const char *id = sk_json_get_text(top, "id");
	char subject[SK_ACT_WORD_MAX + SK_MATTER_ID_MAX + 2];
	if (text == NULL || text->kind != SK_JSON_TEXT || id == NULL || strlen(id) >= SK_MATTER_ID_MAX || sk_json_get_hex(top, "note_salt", note_salt, 32) != SK_OK ||
	    sk_json_get_hex(top, "matter_salt", matter_salt, 32) != SK_OK || sk_note_parse(text->text, text->length, &note, NULL) != SK_OK ||
	    sk_act_read(note.body, note.body_length, &act, NULL) != SK_OK)
		return false;
	*leaf = (struct sk_act_record){.time_ns = act.time_ns};
	memcpy(leaf->matter, act.matter, sizeof act.matter);
	memcpy(leaf->event, act.event, sizeof act.event);
	memcpy(leaf->policy, act.policy, SK_HASH_BYTES);
	size_t written = strlen(act.matter);
	memcpy(subject, act.matter, written);
	subject[written++] = ' ';
	memcpy(subject + written, id, strlen(id) + 1);
	sk_commit(note_salt, text->text, text->length, leaf->document);
	sk_commit(matter_salt, subject, strlen(subject), leaf->subject);
	for (size_t i = 0; i < line; i++)
		if (strcmp(before[i].subject, subject) == 0) {
			leaf->previous = before[i].leaf + 1;
			memcpy(leaf->from, before[i].to, WORD_MAX);
		}
	before[line].leaf = index;
	memcpy(before[line].subject, subject, sizeof before[line].subject);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_sign_key *centre;
	struct sk_fault fault = {.line = ""};
	if (centre == NULL)
		SK_INVARIANT(sk_seal_start() == SK_OK && sk_sign_key_new("centre.example/acts", &centre) == SK_OK);
	struct sk_opened *opened = sk_opened_new(sk_sign_key_public(centre));
	const char *at = (const char *)bytes, *end = at + length;
	size_t lines = 0, head = length < LINES_MAX ? length : LINES_MAX;
	SK_INVARIANT(opened != NULL);
	at += head; /* the first bytes choose states */
	while (at < end && lines < LINES_MAX) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		size_t line_length = (size_t)((feed != NULL ? feed : end) - at);
		struct sk_json_doc *doc = NULL;
		static struct sk_act_record leaf;
		if (sk_json_parse(at, line_length, &doc, NULL) != SK_OK)
			break;
		bool fits = make_leaf(sk_json_top(doc), lines, lines + 1, &leaf);
		sk_json_free(doc);
		if (!fits)
			memset(&leaf, 0, sizeof leaf);
		choose(bytes, head, lines, before[lines].to);
		memcpy(leaf.to, before[lines].to, WORD_MAX);
		SK_INVARIANT(sk_opened_leaf(opened, lines + 1, &leaf, &fault) == SK_OK);
		if (sk_opened_line(opened, at, line_length, &fault) != SK_OK) {
			SK_INVARIANT(fault.line[0] != '\0');
			break;
		}
		lines++;
		at += line_length + (feed != NULL);
	}
	struct sk_opened_summary summary;
	sk_opened_summary(opened, &summary);
	SK_INVARIANT(summary.acts == lines);
	sk_opened_free(opened);
	return 0;
}
