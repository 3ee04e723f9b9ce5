/* SPDX-License-Identifier: Apache-2.0 */
#include "drills.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ledger/record_read.h"

enum { LEAVES = 100, FROM = 40, TO = 80, FRAMES = 20, BYTES = 106, FOUND_BYTES = 1 << 20, NAME_BYTES = 96 };

/* What a note says, as it should be: of the intervals from leaf FROM to TO everything moved, and of it 20 frames each were the drill's. */
static struct sk_drill_record honest(const struct scene *scene, const char *ledger, const struct sk_sign_key *key)
{
	static struct sk_record leaf;
	struct sk_drill_record d = {.from_ns = 1, .to_ns = 2, .before_size = FROM, .after_size = TO, .files = 9, .file_bytes = 900, .memory_bytes = FOUND_BYTES, .rows = 3, .passed = true};
	bool any = false;
	for (size_t i = FROM; i < TO; i++) {
		SCENE_MUST(sk_record_parse(scene->leaf[i], strlen(scene->leaf[i]), &leaf, NULL) == SK_OK);
		if (leaf.kind != SK_RECORD_INTERVAL)
			continue;
		if (!any)
			d.first = leaf.interval.number;
		any = true;
		d.last = leaf.interval.number;
		(void)snprintf(d.link, sizeof d.link, "%s", leaf.interval.link);
		for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
			d.classes_moved[class_].frames += leaf.interval.classes[class_].frames;
			d.classes_moved[class_].bytes += leaf.interval.classes[class_].bytes;
		}
		for (size_t c = 0; c < leaf.interval.gate_erased.count; c++) {
			const struct sk_cell *cell = &leaf.interval.gate_erased.cell[c];
			SCENE_MUST(d.gate_moved.count < SK_CELLS_MAX - 1);
			size_t at = 0;
			while (at < d.gate_moved.count && strcmp(d.gate_moved.cell[at].name, cell->name) < 0)
				at++;
			if (at == d.gate_moved.count || strcmp(d.gate_moved.cell[at].name, cell->name) != 0) {
				memmove(&d.gate_moved.cell[at + 1], &d.gate_moved.cell[at], (d.gate_moved.count++ - at) * sizeof *cell);
				d.gate_moved.cell[at] = (struct sk_cell){.frames = 0};
				memcpy(d.gate_moved.cell[at].name, cell->name, sizeof cell->name);
			}
			d.gate_moved.cell[at].frames += cell->frames;
			d.gate_moved.cell[at].bytes += cell->bytes;
		}
	}
	SCENE_MUST(any);
	d.classes_sent[SK_CLASS_DD] = (struct sk_tally){FRAMES, FRAMES * BYTES};
	d.classes_sent[SK_CLASS_FD] = (struct sk_tally){FRAMES, FRAMES * BYTES};
	d.gate_sent.count = 1;
	d.gate_sent.cell[0] = (struct sk_cell){.name = "domestic", .frames = FRAMES, .bytes = FRAMES * BYTES};
	(void)snprintf(d.origin, sizeof d.origin, "%s", SCENE_ORIGIN);
	(void)sk_verify_key_format(sk_sign_key_public(key), d.key);
	SCENE_MUST(sk_ledger_root_at(ledger, LEAVES, FROM, d.before_root, NULL) == SK_OK && sk_ledger_root_at(ledger, LEAVES, TO, d.after_root, NULL) == SK_OK);
	return d;
}

static void sign_text(const char *path, const char *body, const struct sk_sign_key *key)
{
	struct sk_buf note;
	sk_buf_init(&note, SK_NOTE_MAX);
	sk_note_sign(&note, body, strlen(body), key);
	SCENE_MUST(note.failed == SK_OK && sk_file_replace(path, note.bytes, note.length, 0644, NULL) == SK_OK);
	sk_buf_fini(&note);
}

static void sign(const char *path, const struct sk_drill_record *drill, const struct sk_sign_key *key)
{
	static struct sk_record record;
	struct sk_buf body;
	record.kind = SK_RECORD_DRILL;
	record.drill = *drill;
	sk_buf_init(&body, SK_RECORD_MAX_BYTES);
	sk_record_write(&body, &record);
	sk_buf_add_u8(&body, '\n');
	SCENE_MUST(body.failed == SK_OK);
	sign_text(path, sk_buf_text(&body), key);
	sk_buf_fini(&body);
}

/* ---- lies: the note is altered and signed by the key that it names ---- */

static void leave_as_it_is(struct sk_drill_record *d) { (void)d; }
static void exactly(struct sk_drill_record *d)
{
	memcpy(d->classes_sent, d->classes_moved, sizeof d->classes_sent);
	d->gate_sent = d->gate_moved;
	d->exact = true;
}
static void held_back(struct sk_drill_record *d)
{
	d->classes_after[SK_CLASS_FF] = (struct sk_tally){9, 900};
	d->classes_moved[SK_CLASS_FF].frames += 9;
	d->classes_moved[SK_CLASS_FF].bytes += 900;
}
static void failed_and_says_so(struct sk_drill_record *d) { d->found_memory = 3, d->passed = false; }
static void hides_a_mark(struct sk_drill_record *d) { d->found_rows = 1; }
static void hides_marks_beyond_64_bits(struct sk_drill_record *d) { d->found_files = d->found_memory = UINT64_C(1) << 63; }
static void hides_missing_frames(struct sk_drill_record *d) { d->classes_sent[SK_CLASS_DD].frames = d->classes_moved[SK_CLASS_DD].frames + 1; }
static void hides_missing_bytes(struct sk_drill_record *d) { d->gate_sent.cell[0].bytes = UINT64_C(1) << 50; }
static void searched_nothing(struct sk_drill_record *d) { d->memory_bytes = 0; }
static void claims_exact(struct sk_drill_record *d) { d->exact = true; }
static void denies_exact(struct sk_drill_record *d) { exactly(d), d->exact = false; }
static void moves_classes(struct sk_drill_record *d) { d->classes_moved[SK_CLASS_DD].frames++; }
static void moves_bytes(struct sk_drill_record *d) { d->classes_moved[SK_CLASS_DD].bytes--; }
static void moves_gate(struct sk_drill_record *d) { d->gate_moved.cell[0].frames++; }
static void invents_a_reason(struct sk_drill_record *d)
{
	memmove(&d->gate_moved.cell[1], &d->gate_moved.cell[0], d->gate_moved.count++ * sizeof d->gate_moved.cell[0]);
	d->gate_moved.cell[0] = (struct sk_cell){.name = "a_reason", .frames = 20, .bytes = 20};
}
static void holds_back_many(struct sk_drill_record *d)
{
	held_back(d);
	d->classes_after[SK_CLASS_FF].frames++;
	d->classes_moved[SK_CLASS_FF].frames++;
}
static void wraps_around(struct sk_drill_record *d)
{
	d->gate_moved.cell[0].frames = UINT64_MAX;
	d->gate_moved.cell[0].bytes = UINT64_MAX;
}
/* Frames that were never counted: 2^64 - 5 + 9 held back before is 4 held back after, where a sum may wrap. */
static void counts_through_the_top(struct sk_drill_record *d)
{
	d->classes_sent[SK_CLASS_FF] = (struct sk_tally){FRAMES, FRAMES * BYTES};
	d->classes_moved[SK_CLASS_FF] = (struct sk_tally){UINT64_MAX - 4, UINT64_MAX - 4};
	d->classes_before[SK_CLASS_FF] = (struct sk_tally){9, 9};
	d->classes_after[SK_CLASS_FF] = (struct sk_tally){4, 4};
}
static void other_root(struct sk_drill_record *d) { d->before_root[31] ^= 1; }
static void later_root(struct sk_drill_record *d) { memcpy(d->after_root, d->before_root, sizeof d->after_root); }
static void beyond_the_end(struct sk_drill_record *d) { d->after_size = LEAVES + 1; }
static void backwards(struct sk_drill_record *d) { d->before_size = TO + 1; }
static void other_first(struct sk_drill_record *d) { d->first++; }
static void other_last(struct sk_drill_record *d) { d->last++; }
static void other_link(struct sk_drill_record *d) { (void)snprintf(d->link, sizeof d->link, "nowhere"); }
static void other_origin(struct sk_drill_record *d) { (void)snprintf(d->origin, sizeof d->origin, "example.org/other"); }
static void sends_nothing(struct sk_drill_record *d)
{
	memset(d->classes_sent, 0, sizeof d->classes_sent);
	d->gate_sent.count = 0;
}
static void erases_more_than_it_sends(struct sk_drill_record *d) { d->gate_sent.cell[0].frames = 3 * FRAMES; }

static const struct {
	const char *name, *expect; /* both verifiers say it */
	void (*edit)(struct sk_drill_record *d);
	int exit_code;
} notes[] = {
	{"good", ": PASSED", leave_as_it_is, 0}, {"good-exact", "exactly", exactly, 0}, {"good-held-back", ": PASSED", held_back, 0}, {"good-failed", ": NOT PASSED", failed_and_says_so, 0},
	{"hides-a-mark", ": passed:", hides_a_mark, 1}, {"hides-marks-beyond-64-bits", ": passed:", hides_marks_beyond_64_bits, 1}, {"hides-missing-frames", ": passed:", hides_missing_frames, 1}, {"hides-missing-bytes", ": passed:", hides_missing_bytes, 1},
	{"searched-nothing", ": passed:", searched_nothing, 1}, {"claims-exact", ": exact:", claims_exact, 1}, {"denies-exact", ": exact:", denies_exact, 1},
	{"moves-classes", ": classes_moved:", moves_classes, 1}, {"moves-bytes", ": classes_moved:", moves_bytes, 1}, {"moves-gate", ": gate_moved:", moves_gate, 1},
	{"invents-a-reason", ": gate_moved:", invents_a_reason, 1}, {"holds-back-many", ": classes_moved:", holds_back_many, 1}, {"wraps-around", ": gate_moved:", wraps_around, 1},
	{"counts-through-the-top", ": classes_moved:", counts_through_the_top, 1},
	{"other-root", ": before_root:", other_root, 1}, {"later-root", ": after_root:", later_root, 1}, {"beyond-the-end", ": after_root:", beyond_the_end, 1}, {"backwards", ": after_size:", backwards, 1},
	{"other-first", ": first:", other_first, 1}, {"other-last", ": last:", other_last, 1}, {"other-link", ": last:", other_link, 1}, {"other-origin", ": origin:", other_origin, 1},
	{"sends-nothing", ": classes_sent:", sends_nothing, 1}, {"erases-more-than-it-sends", ": classes_sent:", erases_more_than_it_sends, 1},
};

static void path_of(const char *folder, const char *name, char path[SK_PATH_MAX])
{
	char file[NAME_BYTES];
	(void)snprintf(file, sizeof file, "drill-%s", name);
	SCENE_MUST(sk_file_join(path, SK_PATH_MAX, folder, file) == SK_OK);
}

static void add(drills_case add_case, int exit_code, const char *expect, const char *name, const char *more)
{
	char arguments[2 * NAME_BYTES];
	(void)snprintf(arguments, sizeof arguments, "--drill drill-%s%s", name, more);
	add_case("good-drilled", exit_code, expect, expect, arguments);
}

void drills_write(const char *folder, const struct sk_sign_key *own, const struct sk_sign_key *foreign, drills_case add_case)
{
	char ledger[SK_PATH_MAX], path[SK_PATH_MAX];
	struct scene scene;
	SCENE_MUST(sk_file_join(ledger, sizeof ledger, folder, "good-drilled") == SK_OK);
	scene_long(&scene, &scene_party, LEAVES);
	scene_write(&scene, ledger, own, LEAVES);
	const struct sk_drill_record good = honest(&scene, ledger, foreign);
	for (size_t i = 0; i < SK_COUNT(notes); i++) {
		struct sk_drill_record drill = good;
		notes[i].edit(&drill);
		path_of(folder, notes[i].name, path);
		sign(path, &drill, foreign);
		add(add_case, notes[i].exit_code, notes[i].expect, notes[i].name, "");
	}
	add(add_case, 0, ": PASSED", "good", " --drill-key foreign.vkey");
	add(add_case, 1, "pinned key", "good", " --drill-key own.vkey");
	/* Signed by another key than the one that it names. */
	path_of(folder, "foreign", path);
	sign(path, &good, own);
	add(add_case, 1, "signature", "foreign", "");
	/* A record of another kind; and no record at all. */
	char body[SK_RECORD_MAX_BYTES];
	(void)snprintf(body, sizeof body, "%s\n", scene.leaf[1]);
	path_of(folder, "policy", path);
	sign_text(path, body, foreign);
	add(add_case, 1, "expected drill, found policy", "policy", "");
	path_of(folder, "text", path);
	sign_text(path, "passed\n", foreign);
	add(add_case, 1, "drill-text", "text", "");
	add(add_case, 3, "no such file", "absent", "");
	scene_fini(&scene);
}
