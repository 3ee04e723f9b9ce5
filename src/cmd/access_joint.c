/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that several people sign together: what one has signed waits, as the signed note that it is, in DIR/centre/joint until the others have signed the same statement.
   What waits counts for nothing: it is judged whole, each time somebody signs. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/access_joint.h"
#include "cmd/session.h"
#include "cmd/signer.h"
#include "text/text.h"

enum { WAITING_MAX = 64, OUT_MAX = 8 << 20 };

/* As long as a statement may lie that is signed elsewhere. */
static const int64_t life_ns = INT64_C(86400000000000);

/* ---- the folder ---- */

static const char *name_of(const char *statement, size_t length, char id[SK_JOINT_ID_MAX])
{
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(statement, length, digest);
	sk_hex_encode(digest, (SK_JOINT_ID_MAX - 1) / 2, id);
	return id;
}

static const char *path_of(const struct sk_register *reg, const char *id, char path[SK_PATH_MAX])
{
	char name[64];
	(void)snprintf(name, sizeof name, "joint/%.32s.note", id);
	return sk_centre_path(&reg->centre, name, path);
}

struct waiting {
	char id[SK_JOINT_ID_MAX];
	struct sk_buf text;   /* owned: the note */
	struct sk_note note;  /* borrowed from text */
	struct sk_act act;    /* borrowed from text */
};

static void waiting_free(struct waiting *waiting)
{
	if (waiting != NULL)
		sk_buf_fini(&waiting->text);
	free(waiting);
}

/* SK_ENOENT: nothing waits under that id. */
static enum sk_err waiting_read(const struct sk_register *reg, const char *id, struct waiting **out, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], found[SK_JOINT_ID_MAX];
	*out = NULL;
	if (strlen(id) != SK_JOINT_ID_MAX - 1 || strspn(id, "0123456789abcdef") != SK_JOINT_ID_MAX - 1 || !sk_file_exists(path_of(reg, id, path)))
		return sk_fault_set(fault, SK_ENOENT, "%.40s: nothing of that id waits for signatures; sekisho access waiting lists what does", id);
	struct waiting *waiting = calloc(1, sizeof *waiting);
	if (waiting == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memcpy(waiting->id, id, sizeof waiting->id);
	sk_buf_init(&waiting->text, SK_NOTE_MAX);
	enum sk_err err = sk_file_read(path, &waiting->text, fault);
	if (err == SK_OK)
		err = sk_note_parse(sk_buf_text(&waiting->text), waiting->text.length, &waiting->note, fault);
	if (err == SK_OK)
		err = sk_act_read(waiting->note.body, waiting->note.body_length, &waiting->act, fault);
	if (err == SK_OK && strcmp(name_of(waiting->note.body, waiting->note.body_length, found), id) != 0)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: somebody changed what waits there", path);
	if (err == SK_OK)
		*out = waiting;
	else
		waiting_free(waiting);
	return err;
}

static bool is_old(const struct sk_register *reg, const struct sk_act *act)
{
	return reg->now_ns - act->time_ns >= life_ns;
}

/* Ids of all that waits, newest statements or not; at most capacity. */
static size_t list_ids(const struct sk_register *reg, char ids[][SK_JOINT_ID_MAX], size_t capacity)
{
	char path[SK_PATH_MAX];
	size_t count = 0;
	DIR *folder = opendir(sk_centre_path(&reg->centre, "joint", path));
	for (struct dirent *entry; folder != NULL && count < capacity && (entry = readdir(folder)) != NULL;) {
		size_t length = strlen(entry->d_name);
		if (length != SK_JOINT_ID_MAX - 1 + strlen(".note") || strcmp(entry->d_name + SK_JOINT_ID_MAX - 1, ".note") != 0)
			continue;
		memcpy(ids[count], entry->d_name, SK_JOINT_ID_MAX - 1);
		ids[count++][SK_JOINT_ID_MAX - 1] = '\0';
	}
	if (folder != NULL)
		(void)closedir(folder);
	return count;
}

/* What is too old to be entered goes. SK_ETOOBIG: as much waits as may. */
static enum sk_err make_room(const struct sk_register *reg, struct sk_fault *fault)
{
	char ids[2 * WAITING_MAX][SK_JOINT_ID_MAX], path[SK_PATH_MAX];
	size_t count = list_ids(reg, ids, SK_COUNT(ids)), left = count;
	for (size_t i = 0; i < count; i++) {
		struct waiting *waiting = NULL;
		struct sk_fault ignored;
		if (waiting_read(reg, ids[i], &waiting, &ignored) == SK_OK && is_old(reg, &waiting->act) && unlink(path_of(reg, ids[i], path)) == 0)
			left--;
		waiting_free(waiting);
	}
	return left < WAITING_MAX ? SK_OK : sk_fault_set(fault, SK_ETOOBIG, "%d acts wait for signatures already; sekisho access drop ID takes one away", WAITING_MAX);
}

/* ---- one more hand ---- */

/* The lines of those who signed earlier, but for keys that signed again. */
static void add_earlier(struct sk_buf *note, const struct sk_note *parsed, const struct waiting *waiting)
{
	const char *line = sk_buf_text(&waiting->text) + waiting->note.body_length + 1;
	for (size_t i = 0; i < waiting->note.signature_count; i++) {
		size_t length = strcspn(line, "\n") + 1;
		bool again = false;
		for (size_t k = 0; k < parsed->signature_count; k++)
			again = again || (parsed->signatures[k].id == waiting->note.signatures[i].id && strcmp(parsed->signatures[k].name, waiting->note.signatures[i].name) == 0);
		if (!again)
			sk_buf_add(note, line, length);
		line += length;
	}
}

enum sk_err sk_joint_merge(const struct sk_register *reg, struct sk_buf *note, struct sk_fault *fault)
{
	char id[SK_JOINT_ID_MAX], path[SK_PATH_MAX];
	struct waiting *waiting = NULL;
	struct sk_note *parsed = malloc(sizeof *parsed);
	enum sk_err err = parsed != NULL ? sk_note_parse(sk_buf_text(note), note->length, parsed, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK && sk_file_exists(path_of(reg, name_of(parsed->body, parsed->body_length, id), path))) {
		err = waiting_read(reg, id, &waiting, fault);
		if (err == SK_OK)
			add_earlier(note, parsed, waiting);
		if (err == SK_OK && note->failed != SK_OK)
			err = sk_fault_set(fault, note->failed, "too many signatures for one note");
	}
	waiting_free(waiting);
	free(parsed);
	return err;
}

/* ---- may more hands help? ---- */

struct target {
	const char *account;
	bool oversight;
};

static void find_target(void *context, const struct sk_account_view *account)
{
	struct target *target = context;
	if (strcmp(account->id, target->account) == 0)
		target->oversight = account->kind == SK_ORG_OVERSIGHT;
}

/* Oversight's panel wants more of its own; a further key wants its holder, or whoever administers. Whoever has no part in it makes nothing wait. */
bool sk_joint_could(struct sk_register *reg, const struct sk_buf *note, const struct sk_act *act, enum sk_err verdict)
{
	struct sk_fault ignored;
	size_t count = 0;
	bool part = false, panel = verdict == SK_EPANEL, key = verdict == SK_EPERMIT && strcmp(act->event, "key.add") == 0;
	struct sk_person *people = calloc(SK_NOTE_SIGNATURES_MAX, sizeof *people);
	struct target target = {.account = act->id};
	if (people == NULL || strcmp(act->matter, "account") != 0 || (!panel && !key) ||
	    sk_access_signers(reg->access, sk_buf_text(note), note->length, reg->now_ns, people, SK_NOTE_SIGNATURES_MAX, &count, &ignored) != SK_OK) {
		free(people);
		return false;
	}
	sk_access_each_account(reg->access, reg->now_ns, find_target, &target);
	for (size_t i = 0; i < count && !part; i++)
		part = people[i].oversight ? panel || target.oversight
					   : key && (strcmp(people[i].account, act->id) == 0 || sk_access_may(reg->access, &people[i], "access.grant", reg->now_ns, &ignored) == SK_OK);
	free(people);
	return part;
}

enum sk_err sk_joint_keep(struct sk_register *reg, const struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_note *parsed = malloc(sizeof *parsed);
	enum sk_err err = parsed != NULL ? sk_note_parse(sk_buf_text(note), note->length, parsed, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK)
		(void)name_of(parsed->body, parsed->body_length, reg->waits);
	free(parsed);
	if (err == SK_OK && !sk_file_exists(path_of(reg, reg->waits, path)))
		err = make_room(reg, fault);
	if (err == SK_OK)
		err = sk_file_make_folder(sk_centre_path(&reg->centre, "joint", path), 0700, fault);
	if (err == SK_OK)
		err = sk_file_replace(path_of(reg, reg->waits, path), note->bytes, note->length, 0600, fault);
	return err;
}

void sk_joint_done(const struct sk_register *reg, const struct sk_buf *note)
{
	char id[SK_JOINT_ID_MAX], path[SK_PATH_MAX];
	struct sk_note *parsed = malloc(sizeof *parsed);
	struct sk_fault ignored;
	if (parsed != NULL && sk_note_parse(sk_buf_text(note), note->length, parsed, &ignored) == SK_OK)
		(void)unlink(path_of(reg, name_of(parsed->body, parsed->body_length, id), path));
	free(parsed);
}

/* ---- whose is it? ---- */

/* Under a session, what concerns one: what one signed, what is about one's own account, and what one administers or, of oversight, sits on. */
static bool concerns(struct sk_register *reg, const struct waiting *waiting, const struct sk_person *person)
{
	struct sk_fault ignored;
	struct target target = {.account = waiting->act.id};
	struct sk_json_doc *body = NULL;
	size_t count = 0;
	if (person == NULL || strcmp(person->account, waiting->act.id) == 0)
		return true;
	sk_access_each_account(reg->access, reg->now_ns, find_target, &target);
	/* An account that is not there yet says in its act where it is to be opened. */
	if (strcmp(waiting->act.event, "open") == 0 && sk_json_parse(waiting->act.body, waiting->act.body_length, &body, &ignored) == SK_OK) {
		const char *org = sk_json_get_text(sk_json_top(body), "org");
		target.oversight = org != NULL && person->oversight && strcmp(org, person->org) == 0;
	}
	sk_json_free(body);
	if (target.oversight)
		return person->oversight;
	struct sk_person *people = calloc(SK_NOTE_SIGNATURES_MAX, sizeof *people);
	bool mine = sk_access_may(reg->access, person, "access.grant", reg->now_ns, &ignored) == SK_OK;
	if (people != NULL && !mine && sk_access_signers(reg->access, sk_buf_text(&waiting->text), waiting->text.length, reg->now_ns, people, SK_NOTE_SIGNATURES_MAX, &count, &ignored) == SK_OK)
		for (size_t i = 0; i < count; i++)
			mine = mine || strcmp(people[i].account, person->account) == 0;
	free(people);
	return mine;
}

/* NULL in *person: no session, and who runs this can read the folder anyway. */
static enum sk_err whoever_asks(struct sk_register *reg, struct sk_person *room, const struct sk_person **person, struct sk_fault *fault)
{
	*person = NULL;
	if (!sk_cmd_session())
		return SK_OK;
	SK_TRY(sk_cmd_session_person(&reg->centre, reg->access, reg->now_ns, room, fault));
	*person = room;
	return SK_OK;
}

static enum sk_err find_mine(struct sk_register *reg, const char *id, struct waiting **out, struct sk_fault *fault)
{
	struct sk_person room;
	const struct sk_person *person;
	SK_TRY(whoever_asks(reg, &room, &person, fault));
	SK_TRY(waiting_read(reg, id, out, fault));
	if (concerns(reg, *out, person))
		return SK_OK;
	waiting_free(*out);
	*out = NULL;
	return sk_fault_set(fault, SK_ENOENT, "%s: nothing of that id waits for signatures; sekisho access waiting lists what does", id);
}

/* ---- waiting ---- */

/* What the judge says to it as it stands: what is missing, or that it is too late. */
static void put_missing(struct sk_register *reg, const struct waiting *waiting, struct sk_json_writer *w)
{
	struct sk_act_facts facts = {0};
	struct sk_fault why = {0};
	uint8_t last[SK_HASH_BYTES] = {0};
	char state[SK_ACT_WORD_MAX];
	bool found = false;
	bool stale = is_old(reg, &waiting->act) ||
		     sk_docket_last(reg->centre.docket, waiting->act.matter, waiting->act.id, last, state, &found, &why) != SK_OK || memcmp(last, waiting->act.previous, sizeof last) != 0;
	enum sk_err err = sk_access_judge(reg->access, sk_buf_text(&waiting->text), waiting->text.length, &waiting->act, &facts, &why);
	sk_json_bool(w, "stale", stale);
	sk_json_text(w, "missing", err != SK_OK ? why.line : "");
}

static void put_signers(struct sk_register *reg, const struct waiting *waiting, struct sk_json_writer *w)
{
	struct sk_fault ignored;
	size_t count = 0;
	struct sk_person *people = calloc(SK_NOTE_SIGNATURES_MAX, sizeof *people);
	sk_json_array(w, "signed");
	if (people != NULL && sk_access_signers(reg->access, sk_buf_text(&waiting->text), waiting->text.length, reg->now_ns, people, SK_NOTE_SIGNATURES_MAX, &count, &ignored) == SK_OK)
		for (size_t i = 0; i < count; i++)
			sk_json_text(w, NULL, people[i].account);
	sk_json_end(w);
	free(people);
}

static void put_waiting(struct sk_register *reg, const struct waiting *waiting, struct sk_json_writer *w)
{
	uint8_t digest[SK_HASH_BYTES];
	char when[SK_TIME_TEXT_MAX];
	sk_sha256(waiting->note.body, waiting->note.body_length, digest);
	sk_json_object(w, NULL);
	sk_json_text(w, "id", waiting->id);
	sk_json_hex(w, "digest", digest, sizeof digest);
	sk_json_text(w, "matter", waiting->act.matter);
	sk_json_text(w, "of", waiting->act.id);
	sk_json_text(w, "event", waiting->act.event);
	sk_json_raw(w, "body", waiting->act.body, waiting->act.body_length);
	sk_json_text(w, "time", sk_time_format(waiting->act.time_ns, 0, when));
	sk_json_text(w, "until", sk_time_format(waiting->act.time_ns + life_ns, 0, when));
	put_signers(reg, waiting, w);
	put_missing(reg, waiting, w);
	sk_json_end(w);
}

static void say_waiting(struct sk_register *reg, const struct waiting *waiting, struct sk_buf *out)
{
	struct sk_act_facts facts = {0};
	struct sk_fault why = {0};
	char when[SK_TIME_TEXT_MAX];
	enum sk_err err = sk_access_judge(reg->access, sk_buf_text(&waiting->text), waiting->text.length, &waiting->act, &facts, &why);
	sk_buf_addf(out, "%s%s  %s %s %s, until %s: %s", out->length != 0 ? "\n" : "", waiting->id, waiting->act.matter, waiting->act.id, waiting->act.event,
		    sk_time_format(waiting->act.time_ns + life_ns, 0, when), err != SK_OK ? why.line : "complete; sign again to enter it");
}

int sk_access_waiting_cmd(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	struct sk_buf out;
	struct sk_json_writer w;
	struct sk_person room;
	const struct sk_person *person = NULL;
	char ids[2 * WAITING_MAX][SK_JOINT_ID_MAX];
	if (args->word_count != 0)
		return sk_access_usage(args, "waiting: takes no words");
	enum sk_err err = sk_register_open(args, false, &reg, &fault);
	if (err == SK_OK && (err = whoever_asks(&reg, &room, &person, &fault)) != SK_OK)
		sk_register_close(&reg);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_buf_init(&out, OUT_MAX);
	sk_json_begin(&w, &out, false);
	if (args->json)
		sk_json_array(&w, NULL);
	size_t count = list_ids(&reg, ids, SK_COUNT(ids));
	for (size_t i = 0; i < count; i++) {
		struct waiting *waiting = NULL;
		if (waiting_read(&reg, ids[i], &waiting, &fault) != SK_OK)
			(void)fprintf(args->cmd->err, "sekisho: %s\n", fault.line);
		else if (!is_old(&reg, &waiting->act) && concerns(&reg, waiting, person) && args->json)
			put_waiting(&reg, waiting, &w);
		else if (!is_old(&reg, &waiting->act) && concerns(&reg, waiting, person))
			say_waiting(&reg, waiting, &out);
		waiting_free(waiting);
	}
	if (args->json)
		sk_json_end(&w);
	sk_register_close(&reg);
	if (out.length == 0)
		sk_buf_add_text(&out, "nothing waits for signatures");
	return sk_access_print(args, &out);
}

/* ---- sign, drop ---- */

/* The note over the very statement that waits: by a key here, or by what was signed elsewhere. */
static enum sk_err sign_waiting(struct sk_register *reg, const struct sk_access_args *args, const struct waiting *waiting, struct sk_buf *note, bool *written, struct sk_fault *fault)
{
	const char *key = args->actor.key != NULL ? args->actor.key : getenv("SEKISHO_KEY");
	const struct sk_act *act = &waiting->act;
	struct sk_act signed_act;
	sk_buf_init(note, SK_NOTE_MAX);
	*written = args->actor.signature == NULL && args->actor.to_sign != NULL;
	if (*written)
		return sk_file_replace(args->actor.to_sign, waiting->note.body, waiting->note.body_length, 0600, fault);
	if (args->actor.signature == NULL && key == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "who acts? --key FILE (or SEKISHO_KEY) names the key; --to-sign FILE writes out what is to be signed");
	if (args->actor.signature == NULL)
		return sk_signer_sign(key, waiting->note.body, waiting->note.body_length, note, fault);
	sk_buf_fini(note);
	SK_TRY(sk_register_statement(reg, args, act->matter, act->id, act->event, "{}", note, &signed_act, written, fault));
	if (note->length > waiting->note.body_length && memcmp(note->bytes, waiting->note.body, waiting->note.body_length) == 0 && note->bytes[waiting->note.body_length] == '\n')
		return SK_OK;
	return sk_fault_set(fault, SK_ESIGNATURE, "--statement: not the one that waits as %s", waiting->id);
}

int sk_access_sign_cmd(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	struct waiting *waiting = NULL;
	struct sk_buf note;
	bool written = false;
	uint64_t leaf = 0;
	if (args->word_count != 1)
		return sk_access_usage(args, "sign: expected the ID of what waits; sekisho access waiting lists it");
	enum sk_err err = sk_register_open(args, true, &reg, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	reg.hold = true;
	sk_buf_init(&note, SK_NOTE_MAX);
	err = find_mine(&reg, args->words[0], &waiting, &fault);
	if (err == SK_OK)
		err = sign_waiting(&reg, args, waiting, &note, &written, &fault);
	if (err == SK_OK && !written)
		err = sk_register_enter(&reg, args, &note, &written, &leaf, &fault);
	if (err == SK_OK)
		err = sk_register_told(&reg, args, waiting->act.matter, waiting->act.id, waiting->act.event, written, leaf, "signed by all who must, and entered", &fault);
	sk_buf_fini(&note);
	waiting_free(waiting);
	sk_register_close(&reg);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}

int sk_access_drop_cmd(const struct sk_access_args *args)
{
	struct sk_register reg;
	struct sk_fault fault = {0};
	struct waiting *waiting = NULL;
	char path[SK_PATH_MAX];
	if (args->word_count != 1)
		return sk_access_usage(args, "drop: expected the ID of what waits; sekisho access waiting lists it");
	enum sk_err err = sk_register_open(args, true, &reg, &fault);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	err = find_mine(&reg, args->words[0], &waiting, &fault);
	if (err == SK_OK && unlink(path_of(&reg, waiting->id, path)) != 0)
		err = sk_fault_set(&fault, SK_EIO, "%s: cannot be taken away", path);
	waiting_free(waiting);
	sk_register_close(&reg);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	if (args->json)
		(void)fprintf(args->cmd->out, "{\"id\":\"%s\"}\n", args->words[0]);
	else
		(void)fprintf(args->cmd->out, "%s: waits no longer; nothing came of it\n", args->words[0]);
	return 0;
}
