/* SPDX-License-Identifier: Apache-2.0 */
/* A drill's note: what it says of the ledger is recomputed from the ledger; what it says of searches nobody can check afterwards, and the verdict says so. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "verify.h"

enum { NOTE_MAX = 1 << 20, KEY_MAX = 4096 };

struct judging {
	const struct sk_verify_options *options;
	const struct sk_verify_result *result;
	const struct sk_drill_record *drill;
	struct sk_fault *fault;
	struct sk_tally classes[SK_CLASS_COUNT];
	struct sk_cells gate;
	uint64_t intervals;
};

static enum sk_err refuse(struct judging *j, const char *field, const char *expected)
{
	return sk_fault_set(j->fault, SK_EMALFORMED, "%s: %s: %s", j->options->drill, field, expected);
}

/* ---- the note ---- */

static enum sk_err read_key(const struct sk_verify_options *options, struct sk_verify_key *key, struct sk_fault *fault)
{
	if (sk_verify_key_parse(options->drill_key, key) == SK_OK)
		return SK_OK;
	struct sk_buf text;
	sk_buf_init(&text, KEY_MAX);
	enum sk_err err = sk_file_read(options->drill_key, &text, fault);
	if (err == SK_OK) {
		char line[SK_VKEY_TEXT_MAX] = "";
		size_t length = strcspn(sk_buf_text(&text), "\r\n");
		if (length < sizeof line)
			memcpy(line, sk_buf_text(&text), length);
		if (sk_verify_key_parse(line, key) != SK_OK)
			err = sk_fault_set(fault, SK_EUSAGE, "--drill-key: expected a verifier key name+id+base64 or a file that holds one");
	}
	sk_buf_fini(&text);
	return err;
}

static enum sk_err check_signature(const struct sk_verify_options *options, const struct sk_note *note, const struct sk_drill_record *drill, struct sk_fault *fault)
{
	struct sk_verify_key key, pinned;
	if (sk_verify_key_parse(drill->key, &key) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "%s: key: expected a verifier key", options->drill);
	if (options->drill_key != NULL) {
		SK_TRY(read_key(options, &pinned, fault));
		if (strcmp(pinned.name, key.name) != 0 || pinned.type != key.type || memcmp(pinned.public_key, key.public_key, sizeof key.public_key) != 0)
			return sk_fault_set(fault, SK_ESIGNATURE, "%s: key: expected the pinned key %s, found %s", options->drill, pinned.name, key.name);
	}
	return sk_note_verify(note, &key) == SK_OK ? SK_OK : sk_fault_set(fault, SK_ESIGNATURE, "%s: signature: not by the key %s that it names", options->drill, key.name);
}

static enum sk_err read_note(const struct sk_verify_options *options, struct sk_drill_record *out, struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_fault inner = {.line = ""};
	struct sk_note *note = malloc(sizeof *note);
	struct sk_record *record = malloc(sizeof *record);
	sk_buf_init(&text, NOTE_MAX);
	enum sk_err err = note != NULL && record != NULL ? sk_file_read(options->drill, &text, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK && (sk_note_parse(sk_buf_text(&text), text.length, note, &inner) != SK_OK || note->body_length < 1 ||
			     sk_record_parse(note->body, note->body_length - 1, record, &inner) != SK_OK))
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: %.400s", options->drill, inner.line);
	if (err == SK_OK && record->kind != SK_RECORD_DRILL)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: kind: expected drill, found %s", options->drill, sk_record_kind_name(record->kind));
	if (err == SK_OK)
		err = check_signature(options, note, &record->drill, fault);
	if (err == SK_OK)
		*out = record->drill;
	sk_buf_fini(&text);
	free(record);
	free(note);
	return err;
}

/* ---- the ledger ---- */

static enum sk_err check_root(struct judging *j, uint64_t size, const uint8_t expected[SK_HASH_BYTES], const char *field)
{
	uint8_t root[SK_HASH_BYTES];
	if (size == 0 || size > j->result->checkpoint.size)
		return refuse(j, field, "not a size that this ledger ever had");
	SK_TRY(sk_ledger_root_at(j->options->folder, j->result->checkpoint.size, size, root, j->fault));
	return memcmp(root, expected, sizeof root) == 0 ? SK_OK : refuse(j, field, "the first entries of this ledger have another root");
}

static void add(struct sk_tally *to, uint64_t frames, uint64_t bytes)
{
	to->frames += frames;
	to->bytes += bytes;
}

static bool add_cell(struct sk_cells *cells, const struct sk_cell *more)
{
	size_t at = 0;
	while (at < cells->count && strcmp(cells->cell[at].name, more->name) != 0)
		at++;
	if (at == SK_CELLS_MAX)
		return false;
	if (at == cells->count)
		cells->cell[cells->count++] = (struct sk_cell){.frames = 0};
	memcpy(cells->cell[at].name, more->name, sizeof more->name);
	cells->cell[at].frames += more->frames;
	cells->cell[at].bytes += more->bytes;
	return true;
}

static enum sk_err take_interval(struct judging *j, const struct sk_interval_record *interval)
{
	if (strcmp(interval->link, j->drill->link) != 0)
		return SK_OK;
	if (interval->number != j->drill->first + j->intervals++)
		return refuse(j, "first", "not the first interval of this link between the two sizes");
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		add(&j->classes[class_], interval->classes[class_].frames, interval->classes[class_].bytes);
	for (size_t i = 0; i < interval->gate_erased.count; i++)
		if (!add_cell(&j->gate, &interval->gate_erased.cell[i]))
			return refuse(j, "gate_moved", "too many reasons");
	return SK_OK;
}

static enum sk_err add_intervals(struct judging *j)
{
	struct sk_buf bytes;
	struct sk_record *record = malloc(sizeof *record);
	enum sk_err err = record != NULL ? SK_OK : sk_fault_set(j->fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&bytes, SK_RECORD_MAX_BYTES);
	for (uint64_t index = j->drill->before_size; err == SK_OK && index < j->drill->after_size; index++) {
		sk_buf_reset(&bytes);
		err = sk_ledger_read(j->options->folder, j->result->checkpoint.size, index, &bytes, j->fault);
		if (err == SK_OK)
			err = sk_record_parse(bytes.bytes, bytes.length, record, j->fault);
		if (err == SK_OK && record->kind == SK_RECORD_INTERVAL)
			err = take_interval(j, &record->interval);
	}
	sk_buf_fini(&bytes);
	free(record);
	if (err == SK_OK && (j->intervals == 0 || j->drill->first + j->intervals - 1 != j->drill->last))
		err = refuse(j, "last", "not the last interval of this link between the two sizes");
	return err;
}

/* ---- what it claims ---- */

static struct sk_tally of_name(const struct sk_cells *cells, const char *name)
{
	for (size_t i = 0; i < cells->count; i++)
		if (strcmp(cells->cell[i].name, name) == 0)
			return (struct sk_tally){.frames = cells->cell[i].frames, .bytes = cells->cell[i].bytes};
	return (struct sk_tally){.frames = 0};
}

/* a + b = c + d, and neither sum wraps: else frames that nobody counted could hide behind 2^64. */
static bool same_sums(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t left, right;
	return !__builtin_add_overflow(a, b, &left) && !__builtin_add_overflow(c, d, &right) && left == right;
}

/* moved + before = published + after, and what is held back is less than k. */
static bool follows(const struct judging *j, struct sk_tally moved, struct sk_tally before, struct sk_tally published, struct sk_tally after)
{
	uint64_t k = j->result->summary.open.k;
	return before.frames < k && after.frames < k && same_sums(moved.frames, before.frames, published.frames, after.frames) && same_sums(moved.bytes, before.bytes, published.bytes, after.bytes);
}

static enum sk_err check_sums(struct judging *j)
{
	const struct sk_drill_record *d = j->drill;
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if (!follows(j, d->classes_moved[class_], d->classes_before[class_], j->classes[class_], d->classes_after[class_]))
			return refuse(j, "classes_moved", "not what the intervals of this ledger published, with what was held back");
	const struct sk_cells *const all[] = {&d->gate_moved, &d->gate_before, &d->gate_after, &j->gate};
	for (size_t a = 0; a < SK_COUNT(all); a++)
		for (size_t i = 0; i < all[a]->count; i++) {
			const char *name = all[a]->cell[i].name;
			if (!follows(j, of_name(&d->gate_moved, name), of_name(&d->gate_before, name), of_name(&j->gate, name), of_name(&d->gate_after, name)))
				return refuse(j, "gate_moved", "not what the intervals of this ledger published, with what was held back");
		}
	return SK_OK;
}

static void compare(struct sk_tally sent, struct sk_tally moved, uint64_t *frames, bool *exact, bool *enough)
{
	if (__builtin_add_overflow(*frames, sent.frames, frames))
		*frames = UINT64_MAX;
	*exact = *exact && (sent.frames == 0 || (moved.frames == sent.frames && moved.bytes == sent.bytes));
	*enough = *enough && moved.frames >= sent.frames && moved.bytes >= sent.bytes;
}

static enum sk_err check_claims(struct judging *j)
{
	const struct sk_drill_record *d = j->drill;
	bool exact = true, enough = true;
	uint64_t sent = 0, erased = 0;
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		compare(d->classes_sent[class_], d->classes_moved[class_], &sent, &exact, &enough);
	for (size_t i = 0; i < d->gate_sent.count; i++)
		compare((struct sk_tally){.frames = d->gate_sent.cell[i].frames, .bytes = d->gate_sent.cell[i].bytes}, of_name(&d->gate_moved, d->gate_sent.cell[i].name), &erased, &exact, &enough);
	if (sent == 0 || erased > sent)
		return refuse(j, "classes_sent", "no frame, or fewer than were to be erased");
	if (d->exact != exact)
		return refuse(j, "exact", "does not follow from what was sent and what moved");
	if (d->passed && (!enough || (d->found_files | d->found_memory | d->found_rows) != 0 || d->files == 0 || d->memory_bytes == 0))
		return refuse(j, "passed", "does not follow: frames are missing, marks were found, or nothing was searched");
	return SK_OK;
}

enum sk_err sk_verify_drill(const struct sk_verify_options *options, struct sk_verify_result *result, struct sk_fault *fault)
{
	struct judging *j = calloc(1, sizeof *j);
	if (j == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*j = (struct judging){.options = options, .result = result, .drill = &result->drill, .fault = fault};
	enum sk_err err = read_note(options, &result->drill, fault);
	if (err == SK_ENOENT)
		err = fault->err = SK_EIO; /* what cannot be read is no verdict */
	if (err == SK_OK && strcmp(result->drill.origin, result->checkpoint.origin) != 0)
		err = refuse(j, "origin", "of another ledger");
	if (err == SK_OK && result->drill.before_size > result->drill.after_size)
		err = refuse(j, "after_size", "before it began");
	if (err == SK_OK)
		err = check_root(j, result->drill.before_size, result->drill.before_root, "before_root");
	if (err == SK_OK)
		err = check_root(j, result->drill.after_size, result->drill.after_root, "after_root");
	if (err == SK_OK)
		err = add_intervals(j);
	if (err == SK_OK)
		err = check_sums(j);
	if (err == SK_OK)
		err = check_claims(j);
	result->any_drill = err == SK_OK;
	free(j);
	return err;
}
