/* SPDX-License-Identifier: Apache-2.0 */
/* Making a bundle: which entries may go, and everything that lets a stranger recompute that they stood in the ledger. */
#include "case/bundle.h"

#include <stdio.h>
#include <stdlib.h>

#include "case/tar_priv.h"
#include "text/json.h"
#include "text/text.h"

enum { NAME_MAX_BYTES = SK_BUNDLE_NAME_MAX, TEXT_MAX = 1 << 22 };

//= rule: CASE-4
enum sk_err sk_case_outward(const struct sk_case_entry *entry, enum sk_case_audience audience, enum sk_case_grade most, bool wanted, struct sk_outward *out, struct sk_fault *fault)
{
	bool overseer = audience == SK_CASE_FOR_OVERSIGHT;
	*out = (struct sk_outward){.audience = audience};
	/* Two walls: the audience's own limit, and that selected information goes to oversight alone, whatever a table says. */
	if (!overseer && entry->grade >= SK_CASE_GRADE_A) {
		if (wanted && entry->grade == SK_CASE_GRADE_G1)
			return sk_fault_set(fault, SK_EFORBIDDEN, "entry %u is selected information (G1): it is no evidence for anybody but oversight, and no lowering changes that", entry->n);
		if (wanted)
			return sk_fault_set(fault, SK_EPERMIT, "entry %u has grade %s and may hold selected information; say what it tells in a lowering (sekisho case lower)", entry->n,
					    sk_case_grade_word(entry->grade));
		return SK_OK;
	}
	if (entry->grade <= most && entry->grade <= sk_case_audience_grade(audience))
		out->entry = entry;
	else if (wanted)
		return sk_fault_set(fault, SK_EPERMIT, "entry %u has grade %s, this bundle at most %s", entry->n, sk_case_grade_word(entry->grade), sk_case_grade_word(most));
	return SK_OK;
}

//= rule: CASE-3
enum sk_err sk_case_may_bundle(const struct sk_case *c, enum sk_case_audience audience, enum sk_case_grade most, struct sk_fault *fault)
{
	if (most > sk_case_audience_grade(audience))
		return sk_fault_set(fault, most == SK_CASE_GRADE_G1 ? SK_EFORBIDDEN : SK_EPERMIT, "%s gets at most %s", sk_case_audience_word(audience), sk_case_grade_word(sk_case_audience_grade(audience)));
	if (audience == SK_CASE_FOR_OVERSIGHT || c->head.grade <= most)
		return SK_OK;
	if (c->lowering.reviewed == 0 || c->lowering.grade > most)
		return sk_fault_set(fault, SK_EPERMIT, "case %s has grade %s: it leaves only by a lowering to %s that a second person reviewed (sekisho case lower, sekisho case review)", c->head.id,
				    sk_case_grade_word(c->head.grade), sk_case_grade_word(most));
	return SK_OK;
}

/* ---- one bundle in the making ---- */

struct making {
	struct sk_cases *cases;
	const struct sk_case *c;
	const struct sk_bundle_log *log;
	const struct sk_bundle_order *order;
	struct sk_tar tar;
	struct sk_json_writer w;         /* of the manifest's array of entries */
	size_t seen;
};

static enum sk_err add_text(struct making *m, const char *name, const struct sk_buf *text, struct sk_fault *fault)
{
	return text->failed == SK_OK ? sk_tar_add(&m->tar, name, text->bytes, text->length, fault) : sk_fault_set(fault, text->failed, "bundle: %s does not fit", name);
}

/* c2sp.org/tlog-proof */
static enum sk_err add_proof(struct making *m, uint64_t leaf, struct sk_fault *fault)
{
	uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES];
	char line[SK_BASE64_32_MAX], name[NAME_MAX_BYTES];
	struct sk_buf text, record;
	size_t count = 0;
	sk_buf_init(&text, TEXT_MAX);
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	enum sk_err err = sk_ledger_prove(m->log->ledger_folder, m->log->size, leaf, proof, &count, fault);
	if (err == SK_OK) {
		sk_buf_addf(&text, "c2sp.org/tlog-proof@v1\nindex %llu\n", (unsigned long long)leaf);
		for (size_t i = 0; i < count; i++) {
			sk_base64_encode(proof[i], SK_HASH_BYTES, line);
			sk_buf_addf(&text, "%s\n", line);
		}
		sk_buf_add_u8(&text, '\n');
		sk_buf_add(&text, m->log->head_text, m->log->head_length);
		(void)snprintf(name, sizeof name, "proofs/%llu.tlog-proof", (unsigned long long)leaf);
		err = add_text(m, name, &text, fault);
	}
	if (err == SK_OK)
		err = sk_ledger_read(m->log->ledger_folder, m->log->size, leaf, &record, fault);
	if (err == SK_OK) {
		(void)snprintf(name, sizeof name, "leaves/%llu.json", (unsigned long long)leaf);
		err = add_text(m, name, &record, fault);
	}
	sk_buf_fini(&record);
	sk_buf_fini(&text);
	return err;
}

static bool is_wanted(const struct making *m, uint32_t n)
{
	for (size_t i = 0; i < m->order->wanted_count; i++)
		if (m->order->wanted[i] == n)
			return true;
	return false;
}

/* Only what is outward can be shown: the parameter's type is the wall. */
static enum sk_err reveal(struct making *m, const struct sk_outward *outward, const struct sk_entry *act, struct sk_fault *fault)
{
	char name[NAME_MAX_BYTES];
	const struct sk_case_entry *entry = outward->entry;
	(void)snprintf(name, sizeof name, "entries/%u.json", entry->n);
	SK_TRY(sk_tar_add(&m->tar, name, entry->plain, entry->plain_length, fault));
	(void)snprintf(name, sizeof name, "acts/%u.note", entry->n);
	SK_TRY(sk_tar_add(&m->tar, name, act->note, act->note_length, fault));
	sk_json_hex(&m->w, "note_salt", act->note_salt, SK_HASH_BYTES);
	sk_json_bool(&m->w, "revealed", true);
	sk_json_hex(&m->w, "said_salt", entry->salt, SK_HASH_BYTES);
	for (size_t i = 0; i < m->c->item_count; i++) {
		const struct sk_case_item *item = &m->c->items[i];
		if (item->entry != entry->n || item->kind != SK_CASE_ITEM_EVIDENCE)
			continue;
		struct sk_buf bytes;
		sk_buf_init(&bytes, SK_CASE_EVIDENCE_MAX);
		enum sk_err err = sk_cases_evidence(m->cases, item->ref, &bytes, fault);
		(void)snprintf(name, sizeof name, "evidence/%s", item->ref);
		if (err == SK_OK && sk_tar_find(&m->tar, name) == NULL)
			err = sk_tar_add(&m->tar, name, bytes.bytes, bytes.length, fault);
		sk_buf_fini(&bytes);
		SK_TRY(err);
	}
	return SK_OK;
}

static enum sk_err add_entry(void *context, const struct sk_entry *act, struct sk_fault *fault)
{
	struct making *m = context;
	struct sk_outward outward;
	if (m->seen == m->c->entry_count || m->c->entries[m->seen].leaf != act->leaf)
		return sk_fault_set(fault, SK_EINCONSISTENT, "case %s: the acts are not those that were read before", m->c->head.id);
	const struct sk_case_entry *entry = &m->c->entries[m->seen++];
	SK_TRY(sk_case_outward(entry, m->order->audience, m->order->most, is_wanted(m, entry->n), &outward, fault));
	sk_json_object(&m->w, NULL);
	sk_json_text(&m->w, "event", sk_case_event_name(entry->event));
	sk_json_text(&m->w, "grade", sk_case_grade_word(entry->grade));
	sk_json_u64(&m->w, "leaf", entry->leaf);
	if (m->seen == 1)
		sk_json_hex(&m->w, "matter_salt", act->matter_salt, SK_HASH_BYTES);
	sk_json_u64(&m->w, "n", entry->n);
	if (outward.entry != NULL)
		SK_TRY(reveal(m, &outward, act, fault));
	else
		sk_json_bool(&m->w, "revealed", false);
	sk_json_end(&m->w);
	return add_proof(m, entry->leaf, fault);
}

/* Who took what in, and whom it went to: the timeline's lines of custody, as far as they may be told. */
static void put_chain(struct making *m, struct sk_json_writer *w)
{
	sk_json_array(w, "chain");
	for (size_t i = 0; i < m->c->entry_count; i++) {
		const struct sk_case_entry *e = &m->c->entries[i];
		char time[SK_TIME_TEXT_MAX];
		if (e->event != SK_CASE_EVENT_EVIDENCE && e->event != SK_CASE_EVENT_BUNDLE && e->event != SK_CASE_EVENT_HANDOVER && e->event != SK_CASE_EVENT_LOWER && e->event != SK_CASE_EVENT_REVIEW)
			continue;
		sk_json_object(w, NULL);
		sk_json_text(w, "by", e->by);
		sk_json_u64(w, "entry", e->n);
		sk_json_text(w, "event", sk_case_event_name(e->event));
		sk_json_text(w, "time", sk_time_format(e->time_ns, 9, time));
		sk_json_end(w);
	}
	sk_json_end(w);
}

static void put_files(const struct sk_tar *tar, struct sk_json_writer *w)
{
	sk_json_array(w, "files");
	for (size_t i = 0; i < tar->count; i++) {
		uint8_t hash[SK_HASH_BYTES];
		sk_sha256(tar->files[i].bytes, tar->files[i].length, hash);
		sk_json_object(w, NULL);
		sk_json_u64(w, "bytes", tar->files[i].length);
		sk_json_text(w, "name", tar->files[i].name);
		sk_json_hex(w, "sha256", hash, sizeof hash);
		sk_json_end(w);
	}
	sk_json_end(w);
}

static enum sk_err manifest(struct making *m, const struct sk_buf *entries, struct sk_buf *note, struct sk_fault *fault)
{
	struct sk_buf line;
	struct sk_json_writer w;
	char time[SK_TIME_TEXT_MAX], key[SK_VKEY_TEXT_MAX];
	sk_buf_init(&line, SK_BUNDLE_MANIFEST_MAX);
	sk_json_begin(&w, &line, true);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "audience", sk_case_audience_word(m->order->audience));
	sk_json_text(&w, "case", m->c->head.id);
	put_chain(m, &w);
	sk_json_raw(&w, "entries", sk_buf_text(entries), entries->length);
	put_files(&m->tar, &w);
	sk_json_text(&w, "format", "sekisho-bundle/1");
	sk_json_text(&w, "grade", sk_case_grade_word(m->order->most));
	sk_json_text(&w, "key", sk_verify_key_format(sk_sign_key_public(m->log->key), key));
	sk_json_text(&w, "made", sk_time_format(m->order->now_ns, 9, time));
	sk_json_text(&w, "made_by", m->order->by);
	sk_json_text(&w, "origin", m->log->origin);
	sk_json_bool(&w, "simulated", m->log->simulated);
	sk_json_u64(&w, "size", m->log->size);
	sk_json_end(&w);
	sk_buf_add_u8(&line, '\n');
	if (line.failed == SK_OK)
		sk_note_sign(note, sk_buf_text(&line), line.length, m->log->key);
	enum sk_err err = line.failed != SK_OK ? line.failed : note->failed;
	sk_buf_fini(&line);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "bundle: its manifest does not fit");
}

enum sk_err sk_bundle_make(struct sk_cases *cases, struct sk_docket *docket, const struct sk_case *c, const struct sk_bundle_log *log, const struct sk_bundle_order *order, struct sk_buf *out,
			   uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct making m = {.cases = cases, .c = c, .log = log, .order = order};
	struct sk_buf entries, note;
	SK_TRY(sk_case_may_bundle(c, order->audience, order->most, fault));
	for (size_t i = 0; i < order->wanted_count; i++)
		if (order->wanted[i] == 0 || order->wanted[i] > c->entry_count)
			return sk_fault_set(fault, SK_ENOENT, "case %s: there is no entry %u", c->head.id, order->wanted[i]);
	sk_buf_init(&entries, SK_BUNDLE_MANIFEST_MAX);
	sk_buf_init(&note, SK_BUNDLE_MANIFEST_MAX + 4096);
	sk_json_begin(&m.w, &entries, true);
	sk_json_array(&m.w, NULL);
	enum sk_err err = sk_docket_walk(docket, "case", c->head.id, 0, add_entry, &m, fault);
	sk_json_end(&m.w);
	if (err == SK_OK)
		err = manifest(&m, &entries, &note, fault);
	if (err == SK_OK) {
		sk_sha256(note.bytes, note.length, digest);
		err = add_text(&m, "manifest.note", &note, fault);
	}
	if (err == SK_OK)
		err = sk_tar_write(&m.tar, out, fault);
	sk_tar_fini(&m.tar);
	sk_buf_fini(&note);
	sk_buf_fini(&entries);
	return err;
}
