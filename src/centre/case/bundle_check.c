/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a bundle with nothing but the log's key: every file against the signed manifest, every leaf against a signed head, every note against its leaf, every text against its note. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "case/bundle.h"
#include "case/tar_priv.h"
#include "ledger/act.h"
#include "ledger/record_read.h"
#include "text/json.h"
#include "text/text.h"

enum { PROOF_LINE_MAX = 128 };

struct check {
	const struct sk_tar *tar;
	const struct sk_verify_key *key;
	struct sk_bundle_facts *facts;
	struct sk_fault *fault;
	uint8_t subject_salt[SK_HASH_BYTES], previous_digest[SK_HASH_BYTES];
	bool previous_known;
	uint64_t previous_leaf;
	enum sk_case_grade most;
	bool overseer;
};

SK_PRINTF(2, 3) static enum sk_err wrong(const struct check *k, const char *format, ...);

static enum sk_err wrong(const struct check *k, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return sk_fault_set(k->fault, SK_EINCONSISTENT, "bundle: %s", text);
}

/* ---- files ---- */

static enum sk_err check_files(const struct check *k, const struct sk_json_value *top)
{
	const struct sk_json_value *files = sk_json_get(top, "files");
	if (files == NULL || files->kind != SK_JSON_ARRAY || files->length + 1 != k->tar->count)
		return wrong(k, "the manifest names %zu files, %zu are there beside it", files != NULL ? files->length : 0, k->tar->count - 1);
	for (const struct sk_json_value *at = files->child; at != NULL; at = at->next) {
		const char *name = sk_json_get_text(at, "name");
		const struct sk_tar_file *file = name != NULL ? sk_tar_find(k->tar, name) : NULL;
		uint8_t expected[SK_HASH_BYTES], hash[SK_HASH_BYTES];
		uint64_t bytes;
		if (file == NULL || sk_json_get_hex(at, "sha256", expected, sizeof expected) != SK_OK || sk_json_get_u64(at, "bytes", &bytes) != SK_OK)
			return wrong(k, "the file %.80s is not there", name != NULL ? name : "?");
		sk_sha256(file->bytes, file->length, hash);
		if (bytes != file->length || memcmp(hash, expected, sizeof hash) != 0)
			return wrong(k, "the file %.80s is not the one that the manifest names", name);
	}
	k->facts->files = files->length;
	return SK_OK;
}

/* ---- one leaf ---- */

static bool line_of(const struct sk_tar_file *file, size_t *at, char line[PROOF_LINE_MAX])
{
	const char *begin = (const char *)file->bytes + *at, *end = *at < file->length ? memchr(begin, '\n', file->length - *at) : NULL;
	if (end == NULL || end - begin >= PROOF_LINE_MAX)
		return false;
	memcpy(line, begin, (size_t)(end - begin));
	line[end - begin] = '\0';
	*at += (size_t)(end - begin) + 1;
	return true;
}

/* The head below the proof: signed by the key, of the size that the manifest says. */
static enum sk_err check_head(const struct check *k, const char *text, size_t length, struct sk_checkpoint *head)
{
	struct sk_note note;
	SK_TRY(sk_note_parse(text, length, &note, k->fault));
	if (sk_note_verify(&note, k->key) != SK_OK)
		return sk_fault_set(k->fault, SK_ESIGNATURE, "bundle: the ledger's head is not signed by %s", k->key->name);
	SK_TRY(sk_checkpoint_parse(note.body, note.body_length, head, k->fault));
	return strcmp(head->origin, k->facts->origin) == 0 && head->size == k->facts->size ? SK_OK : wrong(k, "a proof leads to the head of another log, or of another size");
}

static enum sk_err check_proof(const struct check *k, uint64_t leaf, const struct sk_tar_file *record)
{
	char name[SK_BUNDLE_NAME_MAX], line[PROOF_LINE_MAX], expected[64];
	uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES], hash[SK_HASH_BYTES];
	struct sk_checkpoint head;
	size_t at = 0, count = 0, length;
	(void)snprintf(name, sizeof name, "proofs/%llu.tlog-proof", (unsigned long long)leaf);
	const struct sk_tar_file *file = sk_tar_find(k->tar, name);
	(void)snprintf(expected, sizeof expected, "index %llu", (unsigned long long)leaf);
	if (file == NULL || !line_of(file, &at, line) || strcmp(line, "c2sp.org/tlog-proof@v1") != 0 || !line_of(file, &at, line) || strcmp(line, expected) != 0)
		return wrong(k, "%s is no proof of leaf %llu", name, (unsigned long long)leaf);
	for (;;) {
		if (!line_of(file, &at, line))
			return wrong(k, "%s is cut off", name);
		if (line[0] == '\0')
			break;
		if (count == SK_PROOF_MAX || sk_base64_decode(line, strlen(line), proof[count], SK_HASH_BYTES, &length) != SK_OK || length != SK_HASH_BYTES)
			return wrong(k, "%s: a line is no hash", name);
		count++;
	}
	SK_TRY(check_head(k, (const char *)file->bytes + at, file->length - at, &head));
	sk_leaf_hash(record->bytes, record->length, hash);
	return sk_proof_check(head.size, leaf, hash, (const uint8_t(*)[SK_HASH_BYTES])proof, count, head.root) == SK_OK ? SK_OK : wrong(k, "leaf %llu does not stand in the ledger", (unsigned long long)leaf);
}

static enum sk_err check_leaf(struct check *k, const struct sk_json_value *entry, uint64_t n, uint64_t leaf, struct sk_act_record *out)
{
	char name[SK_BUNDLE_NAME_MAX], subject[SK_ACT_WORD_MAX + SK_MATTER_ID_MAX + 1];
	uint8_t expected[SK_HASH_BYTES];
	struct sk_record *record;
	const char *event = sk_json_get_text(entry, "event");
	(void)snprintf(name, sizeof name, "leaves/%llu.json", (unsigned long long)leaf);
	const struct sk_tar_file *file = sk_tar_find(k->tar, name);
	if (file == NULL)
		return wrong(k, "%s is not there", name);
	SK_TRY(check_proof(k, leaf, file));
	record = malloc(sizeof *record);
	if (record == NULL)
		return sk_fault_set(k->fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_record_parse(file->bytes, file->length, record, k->fault);
	if (err == SK_OK && record->kind != SK_RECORD_ACT)
		err = wrong(k, "%s is no act", name);
	if (err == SK_OK)
		*out = record->act;
	free(record);
	SK_TRY(err);
	(void)snprintf(subject, sizeof subject, "case %s", k->facts->id);
	sk_commit(k->subject_salt, subject, strlen(subject), expected);
	if (strcmp(out->matter, "case") != 0 || event == NULL || strcmp(out->event, event) != 0 || memcmp(expected, out->subject, SK_HASH_BYTES) != 0)
		return wrong(k, "leaf %llu is not entry %llu of case %s", (unsigned long long)leaf, (unsigned long long)n, k->facts->id);
	/* One chain without a gap: each act names the leaf before it. */
	if (out->previous != (n == 1 ? 0 : k->previous_leaf + 1))
		return wrong(k, "entry %llu does not go on from the one before it: one was left out, or put in", (unsigned long long)n);
	k->previous_leaf = leaf;
	return SK_OK;
}

/* ---- one entry that is shown ---- */

static enum sk_err check_note(struct check *k, const struct sk_json_value *entry, uint64_t n, const struct sk_act_record *leaf, uint8_t said[SK_HASH_BYTES], struct sk_act *act)
{
	char name[SK_BUNDLE_NAME_MAX];
	uint8_t salt[SK_HASH_BYTES], expected[SK_HASH_BYTES];
	struct sk_note note;
	struct sk_json_doc *doc = NULL;
	(void)snprintf(name, sizeof name, "acts/%llu.note", (unsigned long long)n);
	const struct sk_tar_file *file = sk_tar_find(k->tar, name);
	if (file == NULL || sk_json_get_hex(entry, "note_salt", salt, sizeof salt) != SK_OK)
		return wrong(k, "%s is not there", name);
	sk_commit(salt, file->bytes, file->length, expected);
	if (memcmp(expected, leaf->document, SK_HASH_BYTES) != 0)
		return wrong(k, "%s is not what leaf %llu commits to", name, (unsigned long long)k->previous_leaf);
	SK_TRY(sk_note_parse((const char *)file->bytes, file->length, &note, k->fault));
	if (sk_note_verify(&note, k->key) != SK_OK)
		return sk_fault_set(k->fault, SK_ESIGNATURE, "bundle: %s is not signed by %s", name, k->key->name);
	SK_TRY(sk_act_read(note.body, note.body_length, act, k->fault));
	if (k->previous_known && memcmp(act->previous, k->previous_digest, SK_HASH_BYTES) != 0)
		return wrong(k, "%s does not go on from the act before it", name);
	SK_TRY(sk_json_parse(act->body, act->body_length, &doc, k->fault));
	enum sk_err err = strcmp(act->id, k->facts->id) == 0 && sk_json_get_hex(sk_json_top(doc), "said", said, SK_HASH_BYTES) == SK_OK ? SK_OK : wrong(k, "%s is of another case, or commits to nothing", name);
	sk_json_free(doc);
	return err;
}

/* The evidence that an entry took in lies beside it. */
static enum sk_err check_evidence(const struct check *k, const struct sk_json_value *data)
{
	char name[SK_BUNDLE_NAME_MAX], hex[2 * SK_HASH_BYTES + 1];
	uint8_t hash[SK_HASH_BYTES], expected[SK_HASH_BYTES];
	if (sk_json_get_hex(data, "sha256", expected, sizeof expected) != SK_OK)
		return wrong(k, "an entry takes evidence in and does not say which");
	sk_hex_encode(expected, sizeof expected, hex);
	(void)snprintf(name, sizeof name, "evidence/%s", hex);
	const struct sk_tar_file *file = sk_tar_find(k->tar, name);
	if (file == NULL)
		return wrong(k, "%.24s... is not there", name);
	sk_sha256(file->bytes, file->length, hash);
	return memcmp(hash, expected, sizeof hash) == 0 ? SK_OK : wrong(k, "%.24s... is another file", name);
}

static enum sk_err check_shown(struct check *k, const struct sk_json_value *entry, uint64_t n, const struct sk_act_record *leaf)
{
	char name[SK_BUNDLE_NAME_MAX];
	uint8_t salt[SK_HASH_BYTES], said[SK_HASH_BYTES], expected[SK_HASH_BYTES];
	struct sk_act act;
	struct sk_json_doc *doc = NULL;
	uint64_t number = 0;
	SK_TRY(check_note(k, entry, n, leaf, said, &act));
	(void)snprintf(name, sizeof name, "entries/%llu.json", (unsigned long long)n);
	const struct sk_tar_file *file = sk_tar_find(k->tar, name);
	if (file == NULL || sk_json_get_hex(entry, "said_salt", salt, sizeof salt) != SK_OK)
		return wrong(k, "%s is not there", name);
	sk_commit(salt, file->bytes, file->length, expected);
	if (memcmp(expected, said, SK_HASH_BYTES) != 0)
		return wrong(k, "%s is not what its act commits to", name);
	SK_TRY(sk_json_parse((const char *)file->bytes, file->length, &doc, k->fault));
	const struct sk_json_value *top = sk_json_top(doc);
	const char *id = sk_json_get_text(top, "case"), *event = sk_json_get_text(top, "event"), *word = sk_json_get_text(top, "grade"), *told = sk_json_get_text(entry, "grade");
	enum sk_case_grade grade = word != NULL ? sk_case_grade_find(word) : SK_CASE_GRADE_COUNT;
	enum sk_err err = SK_OK;
	if (id == NULL || strcmp(id, k->facts->id) != 0 || event == NULL || strcmp(event, act.event) != 0 || sk_json_get_u64(top, "n", &number) != SK_OK || number != n || grade == SK_CASE_GRADE_COUNT ||
	    told == NULL || strcmp(told, word) != 0)
		err = wrong(k, "%s is not entry %llu of case %s", name, (unsigned long long)n, k->facts->id);
	else if (!k->overseer && (grade >= SK_CASE_GRADE_A || grade > k->most))
		err = sk_fault_set(k->fault, SK_EFORBIDDEN, "bundle: entry %llu has grade %s and may not be in a bundle for %s", (unsigned long long)n, word, k->facts->audience);
	else if (strcmp(event, "evidence") == 0)
		err = check_evidence(k, sk_json_get(top, "data"));
	sk_json_free(doc);
	if (err == SK_OK)
		memcpy(k->previous_digest, act.digest, SK_HASH_BYTES);
	k->facts->revealed += err == SK_OK;
	return err;
}

static enum sk_err check_entries(struct check *k, const struct sk_json_value *top)
{
	const struct sk_json_value *entries = sk_json_get(top, "entries");
	if (entries == NULL || entries->kind != SK_JSON_ARRAY || entries->length == 0 || entries->length > SK_CASE_ENTRIES_MAX)
		return wrong(k, "the manifest has no entries");
	if (sk_json_get_hex(entries->child, "matter_salt", k->subject_salt, SK_HASH_BYTES) != SK_OK)
		return wrong(k, "the first entry does not open which case it is");
	for (const struct sk_json_value *at = entries->child; at != NULL; at = at->next) {
		const struct sk_json_value *revealed = sk_json_get(at, "revealed");
		struct sk_act_record leaf;
		uint64_t n = 0, index = 0;
		if (sk_json_get_u64(at, "n", &n) != SK_OK || n != ++k->facts->entries || sk_json_get_u64(at, "leaf", &index) != SK_OK || revealed == NULL || revealed->kind != SK_JSON_BOOL)
			return wrong(k, "entry %llu of the manifest is out of form or order", (unsigned long long)k->facts->entries);
		SK_TRY(check_leaf(k, at, n, index, &leaf));
		if (revealed->integer != 0)
			SK_TRY(check_shown(k, at, n, &leaf));
		k->previous_known = revealed->integer != 0;
	}
	return SK_OK;
}

/* ---- manifest ---- */

static enum sk_err read_facts(struct check *k, const struct sk_json_value *top)
{
	struct sk_bundle_facts *f = k->facts;
	const struct sk_json_value *simulated = sk_json_get(top, "simulated");
	static const char *const members[] = {"case", "audience", "grade", "made_by", "origin", "key"};
	char *const out[] = {f->id, f->audience, f->grade, f->made_by, f->origin, f->key};
	const size_t sizes[] = {sizeof f->id, sizeof f->audience, sizeof f->grade, sizeof f->made_by, sizeof f->origin, sizeof f->key};
	const char *format = sk_json_get_text(top, "format"), *made = sk_json_get_text(top, "made");
	if (format == NULL || strcmp(format, "sekisho-bundle/1") != 0)
		return sk_fault_set(k->fault, SK_EMALFORMED, "bundle: expected sekisho-bundle/1");
	for (size_t i = 0; i < SK_COUNT(members); i++) {
		const char *text = sk_json_get_text(top, members[i]);
		if (text == NULL || strlen(text) >= sizes[i])
			return sk_fault_set(k->fault, SK_EMALFORMED, "bundle: manifest: '%s' is missing or too long", members[i]);
		memcpy(out[i], text, strlen(text) + 1);
	}
	enum sk_case_audience audience = sk_case_audience_find(f->audience);
	k->most = sk_case_grade_find(f->grade);
	if (audience == SK_CASE_AUDIENCE_COUNT || k->most == SK_CASE_GRADE_COUNT || made == NULL || sk_time_parse(made, &f->made_ns) != SK_OK || sk_json_get_u64(top, "size", &f->size) != SK_OK ||
	    simulated == NULL || simulated->kind != SK_JSON_BOOL)
		return sk_fault_set(k->fault, SK_EMALFORMED, "bundle: manifest: audience, grade, made, size or simulated is out of form");
	f->simulated = simulated->integer != 0;
	k->overseer = audience == SK_CASE_FOR_OVERSIGHT;
	return k->most <= sk_case_audience_grade(audience) ? SK_OK : sk_fault_set(k->fault, SK_EFORBIDDEN, "bundle: grade %s is not for %s", f->grade, f->audience);
}

static enum sk_err check_signed(struct check *k, const struct sk_note *note, const struct sk_verify_key *trusted)
{
	struct sk_json_doc *doc = NULL;
	struct sk_verify_key named;
	if (note->body_length < 2 || note->body_length > SK_BUNDLE_MANIFEST_MAX)
		return sk_fault_set(k->fault, SK_EMALFORMED, "bundle: the manifest is empty or too large");
	SK_TRY(sk_json_parse(note->body, note->body_length - 1, &doc, k->fault));
	enum sk_err err = read_facts(k, sk_json_top(doc));
	if (err == SK_OK && sk_verify_key_parse(k->facts->key, &named) != SK_OK)
		err = sk_fault_set(k->fault, SK_EMALFORMED, "bundle: the manifest names no key");
	k->key = trusted != NULL ? trusted : &named;
	if (err == SK_OK && sk_note_verify(note, k->key) != SK_OK)
		err = sk_fault_set(k->fault, SK_ESIGNATURE, "bundle: the manifest is not signed by %s", k->key->name);
	if (err == SK_OK)
		err = check_files(k, sk_json_top(doc));
	if (err == SK_OK)
		err = check_entries(k, sk_json_top(doc));
	sk_json_free(doc);
	return err;
}

//= rule: CASE-4
enum sk_err sk_bundle_check(const void *bytes, size_t length, const struct sk_verify_key *trusted, struct sk_bundle_facts *out, struct sk_fault *fault)
{
	struct sk_tar tar;
	struct sk_note *note = malloc(sizeof *note);
	memset(out, 0, sizeof *out);
	struct check k = {.tar = &tar, .facts = out, .fault = fault};
	if (note == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = sk_tar_read(bytes, length, &tar, fault);
	if (err == SK_OK) {
		const struct sk_tar_file *file = sk_tar_find(&tar, "manifest.note");
		err = file != NULL ? sk_note_parse((const char *)file->bytes, file->length, note, fault) : sk_fault_set(fault, SK_EMALFORMED, "bundle: no manifest.note is in it");
		if (err == SK_OK) {
			sk_sha256(file->bytes, file->length, out->digest);
			err = check_signed(&k, note, trusted);
		}
		sk_tar_fini(&tar);
	}
	free(note);
	return err;
}
