/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "wire/wire.h"

enum { NOTE_FILE_MAX = 1 << 20, KEY_FILE_MAX = 4096, OPENINGS_MAX = 1 << 30 };

struct verification {
	const struct sk_verify_options *options;
	struct sk_verify_result *result;
	struct sk_fault *fault;
	struct sk_buf note_text;
	struct sk_note note;
	struct sk_check *check;
	struct sk_opened *opened; /* NULL: not asked */
	struct sk_record record;
};

/* A file beside the ledger or in it; whatever keeps us from reading it is exit 3. */
static enum sk_err read_file(struct verification *v, const char *path, struct sk_buf *buf)
{
	struct stat info;
	enum sk_err err;
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
		err = sk_fault_set(v->fault, SK_EIO, "%s: expected a regular file", path);
	else
		err = sk_file_read(path, buf, v->fault);
	if (err != SK_OK)
		v->result->exit_code = SK_VERIFY_UNREADABLE;
	return err;
}

static enum sk_err read_checkpoint(struct verification *v)
{
	char path[SK_PATH_MAX];
	struct sk_buf again;
	if (sk_file_join(path, sizeof path, v->options->folder, "checkpoint") != SK_OK) {
		v->result->exit_code = SK_VERIFY_UNREADABLE;
		return sk_fault_set(v->fault, SK_ETOOBIG, "%s: path too long", v->options->folder);
	}
	SK_TRY(read_file(v, path, &v->note_text));
	struct sk_fault inner;
	if (sk_note_parse(sk_buf_text(&v->note_text), v->note_text.length, &v->note, &inner) != SK_OK)
		return sk_fault_set(v->fault, SK_EMALFORMED, "checkpoint: %.400s", inner.line);
	SK_TRY(sk_checkpoint_parse(v->note.body, v->note.body_length, &v->result->checkpoint, v->fault));
	/* Ours has three lines and no extension; writing it again must give the same bytes. */
	sk_buf_init(&again, NOTE_FILE_MAX);
	sk_checkpoint_format(&again, &v->result->checkpoint);
	bool same = again.length == v->note.body_length && memcmp(again.bytes, v->note.body, again.length) == 0;
	sk_buf_fini(&again);
	if (!same)
		return sk_fault_set(v->fault, SK_EMALFORMED, "checkpoint: line 4: expected the three lines origin, size, root and nothing else");
	if (v->result->checkpoint.size == 0)
		return sk_fault_set(v->fault, SK_EMALFORMED, "checkpoint: line 2: the log is empty (size 0); there is nothing that it proves");
	return SK_OK;
}

/* The key that leaf 0 names. Not trusted for being there: the signature, the tree and (if given) the pinned key decide. */
static enum sk_err read_own_key(struct verification *v, struct sk_verify_key *key)
{
	struct sk_buf leaf;
	struct sk_record *record = malloc(sizeof *record);
	struct sk_fault inner = {.line = ""};
	if (record == NULL)
		return sk_fault_set(v->fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&leaf, SK_RECORD_MAX_BYTES);
	enum sk_err err = sk_ledger_read(v->options->folder, v->result->checkpoint.size, 0, &leaf, v->fault);
	if (err == SK_OK && sk_record_parse(leaf.bytes, leaf.length, record, &inner) != SK_OK)
		err = sk_fault_set(v->fault, SK_EMALFORMED, "leaf 0: %.400s", inner.line);
	if (err == SK_OK && record->kind != SK_RECORD_OPEN)
		err = sk_fault_set(v->fault, SK_EMALFORMED, "leaf 0 (%s): kind: expected open as leaf 0", sk_record_kind_name(record->kind));
	if (err == SK_OK && sk_verify_key_parse(record->open.key, key) != SK_OK)
		err = sk_fault_set(v->fault, SK_EMALFORMED, "leaf 0 (open): key: expected a verifier key name+id+base64");
	if (err == SK_OK && strcmp(record->open.origin, v->result->checkpoint.origin) != 0)
		err = sk_fault_set(v->fault, SK_EMALFORMED, "checkpoint: line 1: expected the origin %s of leaf 0, found %s", record->open.origin,
				   v->result->checkpoint.origin);
	sk_buf_fini(&leaf);
	free(record);
	return err;
}

/* An option that is the key itself, or a file whose first line is one. */
static enum sk_err read_key_of(struct verification *v, const char *option, const char *given, struct sk_verify_key *key)
{
	if (sk_verify_key_parse(given, key) == SK_OK)
		return SK_OK;
	struct sk_buf text;
	sk_buf_init(&text, KEY_FILE_MAX);
	enum sk_err err = read_file(v, given, &text);
	if (err == SK_OK) {
		char line[SK_VKEY_TEXT_MAX] = "";
		size_t length = strcspn(sk_buf_text(&text), "\r\n");
		if (length < sizeof line)
			memcpy(line, sk_buf_text(&text), length);
		if (sk_verify_key_parse(line, key) != SK_OK) {
			v->result->exit_code = SK_VERIFY_USAGE;
			err = sk_fault_set(v->fault, SK_EUSAGE, "%s: expected a verifier key name+id+base64 or a file that holds one", option);
		}
	}
	sk_buf_fini(&text);
	return err;
}

static enum sk_err check_signature(struct verification *v)
{
	struct sk_verify_key pinned, *key = &v->result->key;
	SK_TRY(read_own_key(v, key));
	if (v->options->key != NULL) {
		SK_TRY(read_key_of(v, "--key", v->options->key, &pinned));
		if (strcmp(pinned.name, key->name) != 0 || pinned.type != key->type || memcmp(pinned.public_key, key->public_key, sizeof pinned.public_key) != 0)
			return sk_fault_set(v->fault, SK_ESIGNATURE,
					    "leaf 0 (open): key: expected the pinned key %s+%08" PRIx32 ", found %s+%08" PRIx32, pinned.name,
					    pinned.id, key->name, key->id);
	}
	switch (sk_note_verify(&v->note, key)) {
	case SK_OK:
		return SK_OK;
	case SK_ENOENT:
		return sk_fault_set(v->fault, SK_ESIGNATURE,
				    "checkpoint: signature: expected one by %s+%08" PRIx32 " (the key of leaf 0), found none", key->name, key->id);
	default:
		return sk_fault_set(v->fault, SK_ESIGNATURE, "checkpoint: signature: the one by %s+%08" PRIx32 " does not verify over these bytes",
				    key->name, key->id);
	}
}

static enum sk_err visit_leaf(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	struct verification *v = context;
	SK_TRY(sk_check_leaf(v->check, entry, length, fault));
	if (v->opened == NULL)
		return SK_OK;
	SK_TRY(sk_record_parse(entry, length, &v->record, fault));
	return v->record.kind == SK_RECORD_ACT ? sk_opened_leaf(v->opened, index, &v->record.act, fault) : SK_OK;
}

/* --openings: line after line, each judged before the next is read. */
static enum sk_err check_openings(struct verification *v)
{
	struct sk_buf text;
	struct sk_verify_key enforcer;
	if (v->options->enforcer != NULL) {
		SK_TRY(read_key_of(v, "--enforcer", v->options->enforcer, &enforcer));
		sk_opened_enforcer(v->opened, &enforcer);
	}
	sk_buf_init(&text, OPENINGS_MAX);
	enum sk_err err = read_file(v, v->options->openings, &text);
	struct sk_cur cur = sk_cur_of(text.bytes, text.length);
	while (err == SK_OK && sk_more(&cur)) {
		const uint8_t *at = sk_take(&cur, 0), *feed = memchr(at, '\n', sk_left(&cur));
		if (feed == NULL)
			err = sk_fault_set(v->fault, SK_EMALFORMED, "openings: the last line does not end: the file was cut off");
		else
			err = sk_opened_line(v->opened, (const char *)at, (size_t)(feed - at), v->fault);
		sk_skip(&cur, feed == NULL ? 0 : (size_t)(feed - at) + 1);
	}
	if (err == SK_OK)
		err = sk_opened_done(v->opened, v->fault);
	sk_opened_summary(v->opened, &v->result->opened);
	v->result->any_openings = true;
	sk_buf_fini(&text);
	return err;
}

static enum sk_err check_tree(struct verification *v)
{
	v->check = sk_check_new();
	if (v->options->openings != NULL)
		v->opened = sk_opened_new(&v->result->key);
	bool room = v->check != NULL && (v->options->openings == NULL || v->opened != NULL);
	enum sk_err err = room ? sk_ledger_walk(v->options->folder, &v->result->checkpoint, visit_leaf, v, v->fault) : sk_fault_set(v->fault, SK_ENOMEM, "out of memory");
	if (v->check != NULL)
		sk_check_summary(v->check, &v->result->summary);
	if (err == SK_OK && v->opened != NULL)
		err = check_openings(v);
	sk_opened_free(v->opened);
	sk_check_free(v->check);
	return err;
}

/* --old: what somebody kept must be a prefix of what is here now. */
static enum sk_err check_old(struct verification *v)
{
	struct sk_buf text;
	struct sk_checkpoint old;
	struct sk_fault inner;
	struct sk_note *note = malloc(sizeof *note);
	if (note == NULL)
		return sk_fault_set(v->fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&text, NOTE_FILE_MAX);
	enum sk_err err = read_file(v, v->options->old, &text);
	if (err == SK_OK && (sk_note_parse(sk_buf_text(&text), text.length, note, &inner) != SK_OK ||
			     sk_checkpoint_parse(note->body, note->body_length, &old, &inner) != SK_OK))
		err = sk_fault_set(v->fault, SK_EMALFORMED, "%s: %.400s", v->options->old, inner.line);
	if (err == SK_OK && sk_note_verify(note, &v->result->key) != SK_OK)
		err = sk_fault_set(v->fault, SK_ESIGNATURE, "%s: signature: not by this ledger's key", v->options->old);
	if (err == SK_OK && strcmp(old.origin, v->result->checkpoint.origin) != 0)
		err = sk_fault_set(v->fault, SK_EMALFORMED, "%s: line 1: expected the origin %s, found %s", v->options->old,
				   v->result->checkpoint.origin, old.origin);
	if (err == SK_OK && old.size > v->result->checkpoint.size)
		err = sk_fault_set(v->fault, SK_EMALFORMED, "the log was rolled back: an older checkpoint has %" PRIu64 " entries, this one %" PRIu64, old.size,
				   v->result->checkpoint.size);
	uint8_t root[SK_HASH_BYTES];
	if (err == SK_OK)
		err = sk_ledger_root_at(v->options->folder, v->result->checkpoint.size, old.size, root, v->fault);
	if (err == SK_OK && memcmp(root, old.root, sizeof root) != 0)
		err = sk_fault_set(v->fault, SK_EMALFORMED,
				   "the log was forked: its first %" PRIu64
				   " entries are not those of the older checkpoint (root %02x%02x%02x%02x..., expected %02x%02x%02x%02x...)",
				   old.size, root[0], root[1], root[2], root[3], old.root[0], old.root[1], old.root[2], old.root[3]);
	v->result->old_size = err == SK_OK ? old.size : 0;
	sk_buf_fini(&text);
	free(note);
	return err;
}

static enum sk_err check_witnesses(struct verification *v)
{
	struct sk_buf text;
	struct sk_quorum *quorum = NULL;
	bool present[SK_QUORUM_NODES_MAX] = {false};
	struct sk_fault inner;
	sk_buf_init(&text, NOTE_FILE_MAX);
	enum sk_err err = read_file(v, v->options->policy, &text);
	if (err == SK_OK && sk_quorum_parse(sk_buf_text(&text), text.length, &quorum, &inner) != SK_OK) {
		v->result->exit_code = SK_VERIFY_USAGE;
		err = sk_fault_set(v->fault, SK_EUSAGE, "%s: %.400s", v->options->policy, inner.line);
	}
	for (size_t i = 0; err == SK_OK && i < sk_quorum_members(quorum); i++) {
		const char *name;
		uint64_t seconds;
		const struct sk_verify_key *key = sk_quorum_member(quorum, i, &name);
		enum sk_err signature = sk_note_verify_cosignature(&v->note, key, &seconds);
		present[i] = signature == SK_OK;
		v->result->witnesses_signed += present[i];
		if (signature == SK_ESIGNATURE)
			err = sk_fault_set(v->fault, SK_ESIGNATURE, "checkpoint: the cosignature of witness %s does not verify", name);
	}
	if (err == SK_OK && !sk_quorum_met(quorum, present))
		err = sk_fault_set(v->fault, SK_ESIGNATURE, "checkpoint: the witness policy is not met: %zu of %zu witnesses have signed",
				   v->result->witnesses_signed, sk_quorum_members(quorum));
	sk_quorum_free(quorum);
	sk_buf_fini(&text);
	return err;
}

static enum sk_err verify_all(struct verification *v)
{
	SK_TRY(sk_seal_start());
	SK_TRY(read_checkpoint(v));
	SK_TRY(check_signature(v));
	SK_TRY(check_tree(v));
	if (v->options->old != NULL)
		SK_TRY(check_old(v));
	if (v->options->policy != NULL)
		SK_TRY(check_witnesses(v));
	if (v->options->drill != NULL)
		SK_TRY(sk_verify_drill(v->options, v->result, v->fault));
	return SK_OK;
}

int sk_verify_ledger(const struct sk_verify_options *options, struct sk_verify_result *result)
{
	*result = (struct sk_verify_result){.exit_code = SK_VERIFY_REFUSED};
	struct verification *v = calloc(1, sizeof *v);
	if (v == NULL) {
		(void)sk_fault_set(&result->fault, SK_ENOMEM, "out of memory");
		return result->exit_code = SK_VERIFY_UNREADABLE;
	}
	v->options = options;
	v->result = result;
	v->fault = &result->fault;
	sk_buf_init(&v->note_text, NOTE_FILE_MAX);
	enum sk_err err = verify_all(v);
	if (err == SK_OK)
		result->exit_code = SK_VERIFY_OK;
	else if (err == SK_EIO || err == SK_ENOMEM)
		result->exit_code = SK_VERIFY_UNREADABLE;
	sk_buf_fini(&v->note_text);
	free(v);
	return result->exit_code;
}
