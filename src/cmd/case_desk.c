/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, the open centre, and a look that is on record before it happens. */
#include "cmd/case.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "access/purpose.h"
#include "cmd/access.h"
#include "cmd/look_book.h"
#include "cmd/session.h"
#include "text/text.h"

enum { NOTE_ID_BYTES = 8 };

/* A key proves itself by signing: a statement that is thrown away, of a matter that nothing else is of. */
static enum sk_err by_key(struct sk_case_desk *desk, struct sk_fault *fault)
{
	struct sk_buf note;
	struct sk_act act;
	bool written;
	uint8_t random[NOTE_ID_BYTES];
	char id[2 * NOTE_ID_BYTES + 1];
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, id);
	struct sk_actor actor = {.key = desk->args->actor.key};
	SK_TRY(sk_centre_statement(&desk->office.centre, &actor, "who", id, "ask", "{}", desk->office.now_ns, &note, &act, &written, fault));
	enum sk_err err = sk_access_who(desk->office.access, sk_buf_text(&note), note.length, desk->office.now_ns, &desk->person, fault);
	sk_buf_fini(&note);
	return err;
}

static bool by_session(const struct sk_case_args *args)
{
	return args->actor.key == NULL && sk_cmd_session();
}

static enum sk_err who(struct sk_case_desk *desk, struct sk_fault *fault)
{
	if (by_session(desk->args))
		return sk_cmd_session_person(&desk->office.centre, desk->office.access, desk->office.now_ns, &desk->person, fault);
	if (desk->args->actor.key == NULL && getenv("SEKISHO_KEY") == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "who asks? --key FILE (or SEKISHO_KEY) names the key, SEKISHO_SESSION a session");
	return by_key(desk, fault);
}

static enum sk_err open_cases(struct sk_case_desk *desk, bool write, struct sk_fault *fault)
{
	char db[SK_PATH_MAX], key[SK_PATH_MAX];
	const struct sk_centre *centre = &desk->office.centre;
	return sk_cases_open(sk_centre_path(centre, "cases.db", db), sk_centre_path(centre, "keys/case.key", key), centre->docket, write ? centre->key : NULL, centre->policy, &desk->cases, fault);
}

static enum sk_err open_once(struct sk_case_desk *desk, bool write, struct sk_fault *fault)
{
	SK_TRY(sk_office_open(desk->args->cmd, desk->args->folder, write, &desk->office, fault));
	enum sk_err err = open_cases(desk, write, fault);
	if (err != SK_OK)
		sk_office_close(&desk->office);
	return err;
}

enum sk_err sk_case_desk_open(const struct sk_case_args *args, bool write, struct sk_case_desk *out, struct sk_fault *fault)
{
	*out = (struct sk_case_desk){.args = args};
	enum sk_err err = open_once(out, write, fault);
	if (err == SK_ELOCKED && !write) {
		/* Somebody writes just now, or a crash left something: whoever writes settles it, then we read. */
		SK_TRY(open_once(out, true, fault));
		sk_case_desk_close(out);
		*out = (struct sk_case_desk){.args = args};
		err = open_once(out, false, fault);
	}
	if (err == SK_OK)
		err = who(out, fault);
	if (err != SK_OK)
		sk_case_desk_close(out);
	return err;
}

void sk_case_desk_close(struct sk_case_desk *desk)
{
	sk_cases_close(desk->cases);
	desk->cases = NULL;
	sk_office_close(&desk->office);
}

/* ---- looks ---- */

static enum sk_err check_purpose(const struct sk_case_args *args, const char *id, struct sk_fault *fault)
{
	if (args->purpose == NULL)
		return sk_fault_set(fault, SK_EPURPOSE, "case %.63s may hold selected information: each look has a purpose; add --purpose damage_prevention", id);
	return sk_purpose_check(args->purpose, fault);
}

/* Under a session the look is a row of the centre's book, as every look by page is: nobody signed. */
static enum sk_err enter_row(const struct sk_case_desk *desk, const char *id, struct sk_fault *fault)
{
	const struct sk_clock *clock = &desk->args->cmd->clock;
	struct sk_book *book = NULL;
	char what[SK_MATTER_ID_MAX + 16];
	SK_TRY(check_purpose(desk->args, id, fault));
	(void)snprintf(what, sizeof what, "case show %s", id);
	SK_TRY(sk_look_book_open(desk->office.centre.folder, &book, fault));
	enum sk_err err = sk_look_book_add(book, &desk->person, desk->args->purpose, "case", id, what, clock->unix_ns(clock->context), fault);
	sk_book_close(book);
	return err;
}

/* The act comes first: what may hold selected information is not handed out before the ledger has it. */
static enum sk_err enter_look(struct sk_case_desk *desk, const char *id, struct sk_fault *fault)
{
	const struct sk_case_args *args = desk->args;
	struct sk_access_args access = {.cmd = args->cmd, .folder = args->folder, .actor = {.key = args->actor.key}};
	struct sk_register reg;
	struct sk_buf body;
	struct sk_json_writer w;
	uint8_t random[NOTE_ID_BYTES];
	char hex[2 * NOTE_ID_BYTES + 1], look[SK_MATTER_ID_MAX], what[SK_MATTER_ID_MAX + 16];
	bool written;
	uint64_t leaf;
	SK_TRY(check_purpose(args, id, fault));
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(look, sizeof look, "look-%s", hex);
	(void)snprintf(what, sizeof what, "case show %s", id);
	sk_buf_init(&body, 4096);
	sk_json_begin(&w, &body, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "command", "case");
	sk_json_text(&w, "purpose", args->purpose);
	sk_json_text(&w, "scope", id);
	sk_json_text(&w, "what", what);
	sk_json_end(&w);
	enum sk_err err = body.failed != SK_OK ? body.failed : sk_register_open(&access, true, &reg, fault);
	if (err == SK_OK) {
		err = sk_register_act(&reg, &access, "access", look, "read", sk_buf_text(&body), &written, &leaf, fault);
		sk_register_close(&reg);
	}
	sk_buf_fini(&body);
	return err;
}

enum sk_err sk_case_desk_load(struct sk_case_desk *desk, const char *id, struct sk_case *out, struct sk_fault *fault)
{
	SK_TRY(sk_cases_load(desk->cases, id, out, fault));
	enum sk_err err = sk_case_may_read(desk->office.access, &desk->person, &out->head, desk->office.now_ns, fault);
	bool look = err == SK_OK && out->head.grade >= SK_CASE_GRADE_A;
	if (err == SK_OK && look && by_session(desk->args)) {
		err = enter_row(desk, id, fault);
	} else if (err == SK_OK && look) {
		const struct sk_case_args *args = desk->args;
		sk_case_fini(out);
		sk_case_desk_close(desk);
		SK_TRY(enter_look(&(struct sk_case_desk){.args = args}, id, fault));
		SK_TRY(sk_case_desk_open(args, false, desk, fault));
		SK_TRY(sk_cases_load(desk->cases, id, out, fault));
		err = sk_case_may_read(desk->office.access, &desk->person, &out->head, desk->office.now_ns, fault);
	}
	if (err != SK_OK)
		sk_case_fini(out);
	return err;
}

/* ---- words of the command line ---- */

enum sk_err sk_case_text(const struct sk_case_args *args, struct sk_buf *buf, const char **text, struct sk_fault *fault)
{
	sk_buf_init(buf, SK_CASE_TEXT_MAX - 1);
	*text = args->text != NULL ? args->text : "";
	if (args->text_file == NULL)
		return SK_OK;
	if (args->text != NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--text or --text-file, not both");
	SK_TRY(sk_file_read(args->text_file, buf, fault));
	*text = sk_buf_text(buf);
	return strlen(*text) == buf->length ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "%s: not a text", args->text_file);
}

enum sk_err sk_case_number(const char *word, uint32_t *out, struct sk_fault *fault)
{
	char *end = NULL;
	unsigned long long value = word[0] >= '0' && word[0] <= '9' ? strtoull(word, &end, 10) : 0;
	if (value == 0 || *end != '\0' || value > UINT32_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "'%.40s': expected a number, as sekisho case show has them", word);
	*out = (uint32_t)value;
	return SK_OK;
}

enum sk_err sk_case_grade_of(const struct sk_case_args *args, enum sk_case_grade otherwise, enum sk_case_grade *out, struct sk_fault *fault)
{
	*out = args->grade != NULL ? sk_case_grade_find(args->grade) : otherwise;
	return *out != SK_CASE_GRADE_COUNT ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "--grade: expected G3, G2, A or G1");
}

enum sk_err sk_case_when(const struct sk_case_args *args, const char *option, const char *word, bool ahead, int64_t *out, struct sk_fault *fault)
{
	int64_t span, now = args->cmd->clock.unix_ns(args->cmd->clock.context);
	if (word == NULL || sk_time_parse(word, out) == SK_OK)
		return SK_OK;
	if (sk_duration_parse(word, &span) != SK_OK)
		return sk_fault_set(fault, SK_EUSAGE, "%s: expected a time (2027-04-01) or a duration (24h)", option);
	*out = ahead ? now + span : now - span;
	return SK_OK;
}

int sk_case_print(const struct sk_case_args *args, struct sk_buf *out)
{
	struct sk_fault fault;
	if (out->failed != SK_OK) {
		(void)sk_fault_set(&fault, out->failed, "the answer does not fit");
		return sk_cmd_fail(args->cmd, &fault);
	}
	(void)fprintf(args->cmd->out, "%s\n", sk_buf_text(out));
	return 0;
}

int sk_case_say(const struct sk_case_args *args, enum sk_case_event event, const struct sk_case_done *done)
{
	struct sk_buf out;
	struct sk_json_writer w;
	if (!args->json) {
		(void)fprintf(args->cmd->out, "case %s: %s; it is %s (entry %" PRIu32 ", leaf %" PRIu64 ")\n", done->id, sk_case_event_name(event), sk_case_state_name(done->state), done->entry, done->leaf);
		if (done->other[0] != '\0')
			(void)fprintf(args->cmd->out, "%" PRIu32 " items went to case %s%s\n", done->moved, done->other, done->duplicates != 0 ? "; what it had already was not counted again" : "");
		return 0;
	}
	sk_buf_init(&out, 4096);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "id", done->id);
	sk_json_text(&w, "event", sk_case_event_name(event));
	sk_json_text(&w, "state", sk_case_state_name(done->state));
	sk_json_u64(&w, "entry", done->entry);
	sk_json_u64(&w, "leaf", done->leaf);
	if (done->other[0] != '\0') {
		sk_json_text(&w, "other", done->other);
		sk_json_u64(&w, "moved", done->moved);
		sk_json_u64(&w, "duplicates", done->duplicates);
	}
	sk_json_end(&w);
	int code = sk_case_print(args, &out);
	sk_buf_fini(&out);
	return code;
}
