/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence leaves: a bundle for oversight, a court or a partner; its check, anywhere; and one file out of custody. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "case/bundle.h"
#include "cmd/access.h"
#include "cmd/case.h"
#include "text/text.h"

/* ---- check ---- */

static int say_facts(const struct sk_case_args *args, const struct sk_bundle_facts *f)
{
	char made[SK_TIME_TEXT_MAX], digest[2 * SK_HASH_BYTES + 1];
	struct sk_buf out;
	struct sk_json_writer w;
	sk_hex_encode(f->digest, sizeof f->digest, digest);
	(void)sk_time_format(f->made_ns, 0, made);
	if (!args->json) {
		(void)fprintf(args->cmd->out, "bundle %s\n  case %s for %s, at most %s, made %s by %s%s\n  %" PRIu64 " entries, %" PRIu64 " shown, %" PRIu64 " held back; %" PRIu64 " files; ledger of %" PRIu64 " leaves\n"
			      "  everything in it is what %s signed and what its ledger commits to\n  key %s\n",
			      digest, f->id, f->audience, f->grade, made, f->made_by, f->simulated ? " (SIMULATED)" : "", f->entries, f->revealed, f->entries - f->revealed, f->files, f->size, f->origin, f->key);
		return 0;
	}
	sk_buf_init(&out, 8192);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "digest", digest);
	sk_json_text(&w, "case", f->id);
	sk_json_text(&w, "audience", f->audience);
	sk_json_text(&w, "grade", f->grade);
	sk_json_text(&w, "made", made);
	sk_json_text(&w, "made_by", f->made_by);
	sk_json_text(&w, "origin", f->origin);
	sk_json_text(&w, "key", f->key);
	sk_json_u64(&w, "entries", f->entries);
	sk_json_u64(&w, "revealed", f->revealed);
	sk_json_u64(&w, "files", f->files);
	sk_json_u64(&w, "size", f->size);
	sk_json_bool(&w, "simulated", f->simulated);
	sk_json_end(&w);
	int code = sk_case_print(args, &out);
	sk_buf_fini(&out);
	return code;
}

static int check(const struct sk_case_args *args, const char *path)
{
	struct sk_verify_key trusted;
	struct sk_bundle_facts *facts = malloc(sizeof *facts);
	struct sk_fault fault;
	struct sk_buf tar;
	enum sk_err err = facts != NULL && sk_seal_start() == SK_OK ? SK_OK : sk_fault_set(&fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK && args->origin_key != NULL)
		err = sk_access_key_of(args->origin_key, &trusted, &fault);
	sk_buf_init(&tar, SK_BUNDLE_MAX);
	if (err == SK_OK)
		err = sk_file_read(path, &tar, &fault);
	if (err == SK_OK)
		err = sk_bundle_check(tar.bytes, tar.length, args->origin_key != NULL ? &trusted : NULL, facts, &fault);
	sk_buf_fini(&tar);
	int code = err == SK_OK ? say_facts(args, facts) : sk_cmd_fail(args->cmd, &fault);
	if (err == SK_OK && args->origin_key == NULL)
		(void)fprintf(args->cmd->err, "note: the key is the one that the bundle names; compare it with the centre's, or give it with --centre KEY\n");
	free(facts);
	return code;
}

/* ---- make ---- */

struct making {
	const struct sk_case_args *args;
	enum sk_case_audience audience;
	enum sk_case_grade most;
	uint32_t wanted[SK_CASE_MANY];
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf tar;
	char path[SK_PATH_MAX];
};

static enum sk_err words_of(struct making *m, struct sk_fault *fault)
{
	const struct sk_case_args *args = m->args;
	m->audience = args->audience != NULL ? sk_case_audience_find(args->audience) : SK_CASE_AUDIENCE_COUNT;
	if (m->audience == SK_CASE_AUDIENCE_COUNT)
		return sk_fault_set(fault, SK_EUSAGE, "--for: expected oversight, court or partner");
	for (size_t i = 0; i < args->item_count; i++)
		SK_TRY(sk_case_number(args->items[i], &m->wanted[i], fault));
	return sk_case_grade_of(args, sk_case_audience_grade(m->audience), &m->most, fault);
}

static enum sk_err make(struct making *m, struct sk_case_desk *desk, const struct sk_case *c, struct sk_fault *fault)
{
	const struct sk_centre *centre = &desk->office.centre;
	char folder[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_note *note = malloc(sizeof *note);
	struct sk_checkpoint head;
	struct sk_bundle_order order = {.audience = m->audience, .most = m->most, .wanted = m->wanted, .wanted_count = m->args->item_count, .by = desk->person.account, .now_ns = desk->office.now_ns};
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&text, SK_NOTE_MAX);
	(void)sk_centre_path(centre, "ledger", folder);
	enum sk_err err = sk_checkpoint_read(folder, &text, note, &head, fault);
	struct sk_bundle_log log = {.ledger_folder = folder, .head = note, .head_text = sk_buf_text(&text), .head_length = text.length, .size = head.size, .key = centre->key, .origin = centre->origin,
				    .simulated = centre->simulated};
	if (err == SK_OK)
		err = sk_bundle_make(desk->cases, centre->docket, c, &log, &order, &m->tar, m->digest, fault);
	sk_buf_fini(&text);
	free(note);
	return err;
}

/* Selected information leaves for oversight, for a purpose, and the look is on record. */
static enum sk_err looked(struct making *m, const char *id, struct sk_fault *fault)
{
	struct sk_case_desk desk;
	struct sk_case c;
	SK_TRY(sk_case_desk_open(m->args, false, &desk, fault));
	enum sk_err err = sk_case_desk_load(&desk, id, &c, fault);
	if (err == SK_OK)
		sk_case_fini(&c);
	sk_case_desk_close(&desk);
	return err;
}

/* Where it was asked for, or with the centre, from where the page fetches it by its digest. */
static enum sk_err write_out(struct making *m, const char *digest, struct sk_fault *fault)
{
	char folder[SK_PATH_MAX];
	(void)snprintf(m->path, sizeof m->path, "%s", m->args->out != NULL ? m->args->out : "");
	if (m->args->out == NULL) {
		SK_TRY(sk_file_join(folder, sizeof folder, m->args->folder, "centre/out/bundles"));
		SK_TRY(sk_file_make_folder(folder, 0700, fault));
		(void)snprintf(m->path, sizeof m->path, "%.3900s/%s.tar", folder, digest);
	}
	return sk_file_replace(m->path, m->tar.bytes, m->tar.length, 0600, fault);
}

static enum sk_err bundle(struct making *m, const char *id, struct sk_case_done *done, struct sk_fault *fault)
{
	struct sk_case_desk desk;
	struct sk_case c;
	struct sk_case_author author = {0};
	char hex[2 * SK_HASH_BYTES + 1];
	SK_TRY(words_of(m, fault));
	if (m->audience == SK_CASE_FOR_OVERSIGHT)
		SK_TRY(looked(m, id, fault));
	SK_TRY(sk_case_desk_open(m->args, true, &desk, fault));
	enum sk_err err = sk_access_may(desk.office.access, &desk.person, desk.person.oversight ? "inspect.query" : "case.write", desk.office.now_ns, fault);
	if (err == SK_OK && desk.person.oversight && m->audience != SK_CASE_FOR_OVERSIGHT)
		err = sk_fault_set(fault, SK_EPERMIT, "oversight takes bundles for itself, and hands none to others");
	if (err == SK_OK)
		err = sk_cases_load(desk.cases, id, &c, fault);
	if (err == SK_OK) {
		err = sk_case_may_read(desk.office.access, &desk.person, &c.head, desk.office.now_ns, fault);
		if (err == SK_OK)
			err = make(m, &desk, &c, fault);
		sk_case_fini(&c);
	}
	if (err == SK_OK) {
		/* The act before the file: what left is on record, even when the disk then is full. */
		sk_hex_encode(m->digest, sizeof m->digest, hex);
		struct sk_case_change change = {.digest = hex, .audience = m->audience, .grade = SK_CASE_GRADE_G3};
		memcpy(author.account, desk.person.account, sizeof author.account);
		err = sk_cases_add(desk.cases, &author, id, SK_CASE_EVENT_BUNDLE, &change, desk.office.now_ns, done, fault);
	}
	sk_case_desk_close(&desk);
	return err == SK_OK ? write_out(m, hex, fault) : err;
}

int sk_case_bundle_cmd(const struct sk_case_args *args)
{
	struct making m = {.args = args};
	struct sk_case_done done;
	struct sk_fault fault;
	char hex[2 * SK_HASH_BYTES + 1];
	if (args->word_count == 2 && strcmp(args->words[0], "check") == 0)
		return check(args, args->words[1]);
	if (args->word_count != 1)
		return sk_cmd_usage(args->cmd, "case", "bundle: expected the case's id, or check and a file");
	sk_buf_init(&m.tar, SK_BUNDLE_MAX);
	enum sk_err err = bundle(&m, args->words[0], &done, &fault);
	sk_buf_fini(&m.tar);
	if (err != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	sk_hex_encode(m.digest, sizeof m.digest, hex);
	if (!args->json) {
		(void)fprintf(args->cmd->out, "written  %s\nbundle   %s\n", m.path, hex);
		return sk_case_say(args, SK_CASE_EVENT_BUNDLE, &done);
	}
	struct sk_buf out;
	struct sk_json_writer w;
	sk_buf_init(&out, 2 * SK_PATH_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "id", done.id);
	sk_json_text(&w, "event", "bundle");
	sk_json_text(&w, "state", sk_case_state_name(done.state));
	sk_json_u64(&w, "entry", done.entry);
	sk_json_u64(&w, "leaf", done.leaf);
	sk_json_text(&w, "digest", hex);
	sk_json_end(&w);
	int code = sk_case_print(args, &out);
	sk_buf_fini(&out);
	return code;
}

/* ---- one file ---- */

static enum sk_err get(const struct sk_case_args *args, uint32_t number, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_case_desk desk;
	struct sk_case c;
	SK_TRY(sk_case_desk_open(args, false, &desk, fault));
	enum sk_err err = sk_case_desk_load(&desk, args->words[0], &c, fault);
	if (err == SK_OK) {
		const struct sk_case_item *item = sk_case_item(&c, number);
		if (item == NULL || item->kind != SK_CASE_ITEM_EVIDENCE)
			err = sk_fault_set(fault, SK_ENOENT, "case %s: item %u is no evidence", c.head.id, number);
		/* Selected information itself: what reads findings reads it. */
		if (err == SK_OK && item->grade == SK_CASE_GRADE_G1)
			err = sk_access_may(desk.office.access, &desk.person, "g1.read", desk.office.now_ns, fault);
		if (err == SK_OK)
			err = sk_cases_evidence(desk.cases, item->ref, out, fault);
		sk_case_fini(&c);
	}
	sk_case_desk_close(&desk);
	return err;
}

int sk_case_get_cmd(const struct sk_case_args *args)
{
	struct sk_fault fault;
	struct sk_buf out;
	uint32_t number = 0;
	sk_buf_init(&out, SK_CASE_EVIDENCE_MAX);
	enum sk_err err = args->out != NULL ? sk_case_number(args->words[1], &number, &fault) : sk_fault_set(&fault, SK_EUSAGE, "-o FILE: where to?");
	if (err == SK_OK)
		err = get(args, number, &out, &fault);
	if (err == SK_OK)
		err = sk_file_replace(args->out, out.bytes, out.length, 0600, &fault);
	sk_buf_fini(&out);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}
