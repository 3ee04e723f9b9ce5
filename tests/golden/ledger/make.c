/* SPDX-License-Identifier: Apache-2.0 */
/* make OUT: writes the good ledgers, the lies of lies.def and cases.tsv: name, expected exit code, what each verifier must say, arguments. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "drills.h"
#include "ledger/record_read.h"
#include "ledger/act.h"
#include "scene.h"

enum { TEXT_MAX = 32 << 20, LONG_LEAVES = 300, LONG_EVERY = 70, TWO_EVERY = 4, HUGE_LEAVES = 70000, HUGE_EVERY = 4000, DOTS = 128 };

static FILE *cases;
static const char *out_folder;
static struct sk_sign_key *own_key;

/* ---- altering records ---- */

static void set_number(struct scene *s, size_t leaf, const char *key, const char *value)
{
	char pattern[64], found[128];
	(void)snprintf(pattern, sizeof pattern, "\"%s\":", key);
	const char *at = strstr(s->leaf[leaf], pattern);
	SCENE_MUST(at != NULL);
	size_t length = strlen(pattern) + strcspn(at + strlen(pattern), ",}");
	SCENE_MUST(length < sizeof found);
	memcpy(found, at, length);
	found[length] = '\0';
	char with[128];
	(void)snprintf(with, sizeof with, "\"%s\":%s", key, value);
	scene_replace(s, leaf, found, with);
}

static void set_index(struct scene *s, size_t leaf, const char *key, size_t index)
{
	char value[32];
	(void)snprintf(value, sizeof value, "%zu", index);
	set_number(s, leaf, key, value);
}

/* "received":{"bytes":..,"frames":..}: the largest number that the form allows, twice. */
static void huge(struct scene *s, size_t leaf)
{
	char *at = strstr(s->leaf[leaf], "\"received\":{");
	SCENE_MUST(at != NULL);
	char found[128];
	size_t length = strcspn(at, "}") + 1;
	SCENE_MUST(length < sizeof found);
	memcpy(found, at, length);
	found[length] = '\0';
	scene_replace(s, leaf, found, "\"received\":{\"bytes\":\"18446744073709551615\",\"frames\":\"18446744073709551615\"}");
	/* The same on the other side, so that only the width of the sum is wrong. */
	scene_replace(s, leaf, "\"gate_erased\":{", "\"gate_erased\":{\"a\":{\"bytes\":\"18446744073709551615\",\"frames\":\"18446744073709551615\"},");
}

/* A record of a drill, in its right form, where a leaf stands. */
static void drilled(struct scene *s)
{
	static struct sk_record record = {.kind = SK_RECORD_DRILL, .drill = {.key = "k", .origin = SCENE_ORIGIN, .link = "file"}};
	struct sk_buf text;
	sk_buf_init(&text, SK_RECORD_MAX_BYTES);
	sk_record_write(&text, &record);
	SCENE_MUST(text.failed == SK_OK);
	scene_insert(s, s->stop, sk_buf_text(&text));
	sk_buf_fini(&text);
}

/* Publish three frames in a cell, taken from another cell of the same interval: every sum still closes. */
static void small_gate(struct scene *s)
{
	scene_replace(s, s->first, "\"gate_erased\":{", "\"gate_erased\":{\"a_small_one\":{\"bytes\":300,\"frames\":3},");
	scene_bump(s, s->first, "domestic", "frames", -3);
	scene_bump(s, s->first, "domestic", "bytes", -300);
}

static void small_selected(struct scene *s)
{
	struct sk_record record;
	size_t leaf = s->first;
	SCENE_MUST(sk_record_parse(s->leaf[leaf], strlen(s->leaf[leaf]), &record, NULL) == SK_OK);
	int64_t frames = (int64_t)record.interval.selected.frames, bytes = (int64_t)record.interval.selected.bytes;
	SCENE_MUST(frames > 5);
	scene_bump(s, leaf, "selected", "frames", 5 - frames);
	scene_bump(s, leaf, "selected", "bytes", 1000 - bytes);
	scene_bump(s, leaf, "no_hit", "frames", frames - 5);
	scene_bump(s, leaf, "no_hit", "bytes", bytes - 1000);
}

/* Three frames of class FF, taken from DD. */
static void small_class(struct scene *s)
{
	char found[128], with[256], *at = strstr(s->leaf[s->first], "\"FD\":{");
	SCENE_MUST(at != NULL);
	size_t length = strcspn(at, "}") + 1;
	SCENE_MUST(length < sizeof found);
	memcpy(found, at, length);
	found[length] = '\0';
	(void)snprintf(with, sizeof with, "%s,\"FF\":{\"bytes\":300,\"frames\":3}", found);
	scene_replace(s, s->first, found, with);
	scene_bump(s, s->first, "DD", "frames", -3);
	scene_bump(s, s->first, "DD", "bytes", -300);
}

/* Three malformed records are published, taken from those without a hit. */
static void small_exports(struct scene *s)
{
	struct sk_record record;
	size_t leaf = s->first;
	SCENE_MUST(sk_record_parse(s->leaf[leaf], strlen(s->leaf[leaf]), &record, NULL) == SK_OK && record.interval.has_exports);
	int64_t malformed = (int64_t)record.interval.exports.malformed.frames;
	scene_bump(s, leaf, "exports", "malformed", 3 - malformed);
	scene_bump(s, leaf, "exports", "domestic", malformed - 3);
}

/* Domestic records are selected; every sum closes, and their classes say what they were. */
static void domestic_exports(struct scene *s)
{
	scene_bump(s, s->first, "exports", "domestic", -900);
	scene_bump(s, s->first, "exports", "selected", 900);
}

/* A section is taken out of the second interval. */
static void hide_section(struct scene *s, const char *lead, const char *next)
{
	char *at = strstr(s->leaf[s->second], lead), found[2048];
	SCENE_MUST(at != NULL);
	size_t length = (size_t)(strstr(at, next) + 1 - at);
	SCENE_MUST(length < sizeof found);
	memcpy(found, at, length);
	found[length] = '\0';
	scene_replace(s, s->second, found, "");
}

/* Countries are said to have held back twenty frames more from the interval before; the section closes. */
static void hold_back(struct scene *s, size_t leaf)
{
	char *at = strstr(s->leaf[leaf], "\"countries\":{");
	SCENE_MUST(at != NULL && (at = strstr(at, "\"carried_before\":{\"bytes\":")) != NULL);
	unsigned long long bytes = 0, frames = 0;
	char found[128], with[128];
	SCENE_MUST(sscanf(at, "\"carried_before\":{\"bytes\":%llu,\"frames\":%llu}", &bytes, &frames) == 2);
	size_t length = strcspn(at, "}") + strlen("},\"cells\"");
	SCENE_MUST(length < sizeof found);
	memcpy(found, at, length);
	found[length] = '\0';
	(void)snprintf(with, sizeof with, "\"carried_before\":{\"bytes\":%llu,\"frames\":%llu},\"cells\"", bytes + 2000, frames + 20);
	scene_replace(s, leaf, found, with);
	scene_bump(s, leaf, "DE", "frames", 20);
	scene_bump(s, leaf, "DE", "bytes", 2000);
}

/* More frames are settled than the equation has, and a country is said to have had them: all sums of the section close. */
static void settled_invented(struct scene *s, int64_t by)
{
	scene_bump(s, s->first, "settled", "frames", by);
	scene_bump(s, s->first, "settled", "bytes", 100 * by);
	scene_bump(s, s->first, "DE", "frames", by);
	scene_bump(s, s->first, "DE", "bytes", 100 * by);
}

/* The section goes, and with it what it held back: the chain of the next one must miss it. */
static void exports_hidden(struct scene *s)
{
	hide_section(s, "\"exports\":{", ",\"findings\"");
}

static void insert_copy(struct scene *s, size_t at, size_t leaf)
{
	char *copy = strdup(s->leaf[leaf]);
	SCENE_MUST(copy != NULL);
	scene_insert(s, at + 1, copy);
	free(copy);
}

static void swap(struct scene *s, size_t a, size_t b)
{
	char *kept = s->leaf[a];
	s->leaf[a] = s->leaf[b];
	s->leaf[b] = kept;
}

/* Intervals refer to earlier leaves only, so dropping or doubling one leaves those before it alone; later references are moved to fit. */
static void drop_interval(struct scene *s)
{
	scene_drop(s, s->second);
	set_index(s, s->stop - 1, "intervals", 4);
}

static void twice(struct scene *s)
{
	insert_copy(s, s->first, s->first);
}

/* The stop record gives its place to a harmless one, so that all references still fit. */
static void swap_away(struct scene *s, size_t leaf)
{
	scene_put(s, leaf, s->leaf[s->policy]);
}

static void after_stop(struct scene *s)
{
	insert_copy(s, s->stop, s->stop - 1);
}

static void stop_pending(struct scene *s)
{
	size_t last = s->stop3 - 1;
	scene_bump(s, last, "pending_after", "frames", 15);
	scene_bump(s, last, "no_hit", "frames", -15);
}

static void carrier(struct scene *s, const char *find, const char *with)
{
	scene_replace(s, 0, "\"role\":\"party\"", "\"role\":\"carrier\"");
	scene_replace(s, s->basis, "\"role\":\"party\"", "\"role\":\"carrier\"");
	scene_replace(s, s->basis, find, with);
}

/* The same log of a carrier: nothing in it is for a party alone. */
static void all_carrier(struct scene *s)
{
	scene_replace(s, 0, "\"role\":\"party\"", "\"role\":\"carrier\"");
	for (size_t leaf = 1; leaf < s->count; leaf++)
		if (strstr(s->leaf[leaf], "\"kind\":\"basis\"") != NULL)
			scene_replace(s, leaf, "\"role\":\"party\"", "\"role\":\"carrier\"");
}

/* At the end: the basis once more, and behind it what is said of its detectors. AT stands for the index of that basis. */
static void add_detectors(struct scene *s, const char *at, const char *lists)
{
	char text[512], index[24];
	insert_copy(s, s->count - 1, s->basis);
	(void)snprintf(index, sizeof index, "%zu", s->count - 1);
	(void)snprintf(text, sizeof text, "{\"basis\":%s,\"digest\":\"%064d\",\"kind\":\"detectors\",%s,\"v\":1}", at != NULL ? at : index, 7, lists);
	scene_insert(s, s->count, text);
}

/* A gate in the kernel, stated in the last run; what stands in the text may be altered by the row. */
static void kernel_gate(struct scene *s, const char *mode, const char *copying)
{
	struct sk_kernel_gate_facts facts = {.link = "east", .mode = mode, .copying = copying};
	struct sk_buf record;
	memset(facts.program, 0xab, sizeof facts.program);
	memset(facts.table, 0xcd, sizeof facts.table);
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	sk_record_kernel_gate(&record, &facts, s->run3, INT64_C(1900000000000000000));
	SCENE_MUST(record.failed == SK_OK);
	scene_insert(s, s->stop3, sk_buf_text(&record));
	sk_buf_fini(&record);
}

/* Three acts behind everything: two of one matter, one of another. */
static void acts(struct scene *s)
{
	size_t first = s->count;
	struct sk_act_facts facts = {.matter = "order", .event = "draft", .to = "draft", .time_ns = INT64_C(1900000000000000000), .count_count = 1,
				     .counts = {{.name = "targets", .frames = 3}}, .word_count = 2, .words = {"level.high", "urgent"}};
	for (size_t i = 0; i < 3; i++) {
		struct sk_buf record;
		memset(facts.subject, i == 2 ? 0xbb : 0xaa, sizeof facts.subject);
		facts.previous = i == 1 ? first + 1 : 0;
		memcpy(facts.from, i == 1 ? "draft" : "", i == 1 ? 6 : 1);
		sk_buf_init(&record, SK_RECORD_MAX_BYTES);
		sk_record_act(&record, &facts);
		SCENE_MUST(record.failed == SK_OK);
		scene_insert(s, s->count, sk_buf_text(&record));
		sk_buf_fini(&record);
	}
}

static void replace_value(struct scene *s, size_t leaf, const char *key, const char *with)
{
	char pattern[64], found[256];
	(void)snprintf(pattern, sizeof pattern, "\"%s\":", key);
	const char *at = strstr(s->leaf[leaf], pattern);
	SCENE_MUST(at != NULL);
	size_t length = strcspn(at, ",}") + 1;
	SCENE_MUST(length < sizeof found);
	memcpy(found, at, length);
	found[length] = '\0';
	scene_replace(s, leaf, found, with);
}

static void drop_field(struct scene *s, size_t leaf, const char *key)
{
	replace_value(s, leaf, key, "");
}

static void null_field(struct scene *s, size_t leaf, const char *key)
{
	char with[64];
	(void)snprintf(with, sizeof with, "\"%s\":null,", key);
	replace_value(s, leaf, key, with);
}

static void digest_number(struct scene *s, size_t leaf)
{
	replace_value(s, leaf, "digest", "\"digest\":7,");
}

/* ---- altering files ---- */

static void read_file(const char *folder, const char *name, struct sk_buf *buf, char path[SK_PATH_MAX])
{
	sk_buf_init(buf, TEXT_MAX);
	SCENE_MUST(sk_file_join(path, SK_PATH_MAX, folder, name) == SK_OK && sk_file_read(path, buf, NULL) == SK_OK);
}

static void write_file(const char *path, struct sk_buf *buf)
{
	SCENE_MUST(sk_file_replace(path, buf->bytes, buf->length, 0644, NULL) == SK_OK);
	sk_buf_fini(buf);
}

static void flip(const char *f, const char *name, size_t offset)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf;
	read_file(f, name, &buf, path);
	SCENE_MUST(offset < buf.length);
	buf.bytes[offset] ^= 1;
	write_file(path, &buf);
}

/* A character in the middle of the last line becomes another one of the alphabet. */
static void flip_base64(const char *f, const char *name)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf;
	read_file(f, name, &buf, path);
	uint8_t *at = &buf.bytes[buf.length - 40];
	*at = *at == 'A' ? 'B' : 'A';
	write_file(path, &buf);
}

/* Keep `length` bytes, or all but -length. */
static void cut(const char *f, const char *name, int length)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf;
	read_file(f, name, &buf, path);
	buf.length = length >= 0 ? (size_t)length : buf.length - (size_t)-length;
	write_file(path, &buf);
}

static void extra(const char *f, const char *name)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf;
	read_file(f, name, &buf, path);
	sk_buf_add_u8(&buf, 0);
	write_file(path, &buf);
}

static void gone(const char *f, const char *name)
{
	char path[SK_PATH_MAX];
	SCENE_MUST(sk_file_join(path, sizeof path, f, name) == SK_OK && unlink(path) == 0);
}

static void folder_instead(const char *f, const char *name)
{
	char path[SK_PATH_MAX];
	gone(f, name);
	SCENE_MUST(sk_file_join(path, sizeof path, f, name) == SK_OK && mkdir(path, 0755) == 0);
}

static void checkpoint_replace(const char *f, const char *find, const char *with)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf, changed;
	read_file(f, "checkpoint", &buf, path);
	const char *at = strstr(sk_buf_text(&buf), find);
	SCENE_MUST(at != NULL);
	sk_buf_init(&changed, TEXT_MAX);
	sk_buf_add(&changed, buf.bytes, (size_t)(at - sk_buf_text(&buf)));
	sk_buf_add_text(&changed, with);
	sk_buf_add_text(&changed, at + strlen(find));
	sk_buf_fini(&buf);
	write_file(path, &changed);
}

/* A checkpoint that says something else, under a valid signature. */
static void sign_again(const char *f, enum scene_key which, const char *origin, uint64_t size, bool wrong_root, const char *extension)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf, body, signed_note;
	struct sk_note note;
	struct sk_checkpoint checkpoint;
	read_file(f, "checkpoint", &buf, path);
	SCENE_MUST(sk_note_parse(sk_buf_text(&buf), buf.length, &note, NULL) == SK_OK);
	SCENE_MUST(sk_checkpoint_parse(note.body, note.body_length, &checkpoint, NULL) == SK_OK);
	(void)snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", origin);
	checkpoint.size = size;
	checkpoint.root[5] ^= wrong_root ? 0x40 : 0;
	sk_buf_init(&body, TEXT_MAX);
	sk_checkpoint_format(&body, &checkpoint);
	sk_buf_add_text(&body, extension);
	struct sk_sign_key *key = scene_key(f, which);
	sk_buf_init(&signed_note, TEXT_MAX);
	sk_note_sign(&signed_note, sk_buf_text(&body), body.length, key);
	sk_sign_key_free(key);
	sk_buf_fini(&body);
	sk_buf_fini(&buf);
	write_file(path, &signed_note);
}

static void swap_first_entries(const char *f)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf;
	read_file(f, "tile/entries/000", &buf, path);
	size_t first = 2 + ((size_t)buf.bytes[0] << 8 | buf.bytes[1]);
	/* Leaf 0 is needed for the key: swap the two after it. */
	size_t a = first, a_length = 2 + ((size_t)buf.bytes[a] << 8 | buf.bytes[a + 1]);
	size_t b = a + a_length, b_length = 2 + ((size_t)buf.bytes[b] << 8 | buf.bytes[b + 1]);
	uint8_t *kept = malloc(a_length);
	SCENE_MUST(kept != NULL);
	memcpy(kept, buf.bytes + a, a_length);
	memmove(buf.bytes + a, buf.bytes + b, b_length);
	memcpy(buf.bytes + a + b_length, kept, a_length);
	free(kept);
	write_file(path, &buf);
}

/* The length of the last entry of a bundle. */
static void flip_last_length(const char *f, const char *name, unsigned width)
{
	char path[SK_PATH_MAX];
	struct sk_buf buf;
	size_t at = 0;
	read_file(f, name, &buf, path);
	for (unsigned i = 0; i + 1 < width; i++)
		at += 2 + ((size_t)buf.bytes[at] << 8 | buf.bytes[at + 1]);
	SCENE_MUST(at + 2 < buf.length);
	buf.bytes[at + 1] ^= 1;
	write_file(path, &buf);
}

/* ---- cases ---- */

static void folder_of(const char *name, char path[SK_PATH_MAX])
{
	SCENE_MUST(sk_file_join(path, SK_PATH_MAX, out_folder, name) == SK_OK);
}

static void add_case(const char *name, int exit_code, const char *expect, const char *expect_go, const char *arguments)
{
	(void)fprintf(cases, "%s\t%d\t%s\t%s\t%s\n", name, exit_code, expect, expect_go, arguments);
}

struct lie {
	const char *name, *expect, *expect_go;
	const struct scene_setting *setting;
	void (*edit)(struct scene *s);
	void (*damage)(const char *f);
};

#define LIE(name, setting, base, expect, expect_go, ...) \
	static void edit_##name(struct scene *s) \
	{ \
		__VA_ARGS__; \
	}
#define DAMAGE(name, expect, expect_go, ...) \
	static void damage_##name(const char *f) \
	{ \
		__VA_ARGS__; \
	}
#include "lies.def"
#undef LIE
#undef DAMAGE

static const struct lie lies[] = {
#define LIE(name, setting, base, expect, expect_go, ...) {#name, expect, expect_go, &scene_##setting, edit_##name, NULL},
#define DAMAGE(name, expect, expect_go, ...) {#name, expect, expect_go, &scene_party, NULL, damage_##name},
#include "lies.def"
#undef LIE
#undef DAMAGE
};

static void write_lies(void)
{
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		char folder[SK_PATH_MAX], name[DOTS];
		struct scene scene;
		(void)snprintf(name, sizeof name, "lie-%s", lies[i].name);
		folder_of(name, folder);
		if (lies[i].edit != NULL) {
			scene_two(&scene, lies[i].setting);
			lies[i].edit(&scene);
			scene_write(&scene, folder, own_key, TWO_EVERY);
		} else {
			scene_long(&scene, lies[i].setting, LONG_LEAVES);
			scene_write(&scene, folder, own_key, LONG_EVERY);
			lies[i].damage(folder);
		}
		scene_fini(&scene);
		add_case(name, 1, lies[i].expect, lies[i].expect_go, "");
	}
}

static void write_good(void)
{
	static const size_t sizes[] = {1, 2, 7, 255, 256, 257, 300};
	const struct {
		const char *name;
		const struct scene_setting *setting;
	} twos[] = {{"good-detectors", &scene_party}, {"good-two-party", &scene_party}, {"good-two-lab", &scene_lab}, {"good-two-law", &scene_law},
		    {"good-two-live", &scene_live}, {"good-two-events", &scene_events}, {"good-two-exports", &scene_exports}, {"good-two-countries", &scene_countries}};
	char folder[SK_PATH_MAX], name[DOTS];
	struct scene scene;
	for (size_t i = 0; i < SK_COUNT(sizes); i++) {
		(void)snprintf(name, sizeof name, "good-%zu", sizes[i]);
		folder_of(name, folder);
		scene_long(&scene, &scene_party, sizes[i]);
		scene_write(&scene, folder, own_key, LONG_EVERY);
		scene_fini(&scene);
		add_case(name, 0, "VERIFIED", "VERIFIED", "");
	}
	for (size_t i = 0; i < SK_COUNT(twos); i++) {
		folder_of(twos[i].name, folder);
		scene_two(&scene, twos[i].setting);
		if (i == 0)
			add_detectors(&scene, NULL, "\"long\":[\"beacon\",\"theft\"],\"short\":[\"scan.horizontal\"]");
		if (twos[i].setting->losses)
			scene_replace(&scene, scene.stop3, "\"interrupted\"", "\"basis_suspended\"");
		scene_write(&scene, folder, own_key, TWO_EVERY);
		scene_fini(&scene);
		add_case(twos[i].name, 0, "VERIFIED", "VERIFIED", "");
		if (i == 0 || twos[i].setting->losses || twos[i].setting->events || twos[i].setting->exports || twos[i].setting->countries)
			continue;
		/* The same as it was written before losses had names. */
		(void)snprintf(name, sizeof name, "%s-old", twos[i].name);
		folder_of(name, folder);
		scene_two(&scene, twos[i].setting);
		scene_old(&scene);
		scene_write(&scene, folder, own_key, TWO_EVERY);
		scene_fini(&scene);
		add_case(name, 0, "VERIFIED", "VERIFIED", "");
	}
	const struct {
		const char *name, *mode, *copying;
		const struct scene_setting *setting;
	} gates[] = {{"good-kernel-gate-native", "xdp_native", "copy", &scene_law}, {"good-kernel-gate-generic", "xdp_generic", "copy", &scene_party},
		     {"good-kernel-gate-zero-copy", "xdp_native", "zero_copy", &scene_party}, {"good-kernel-gate-packet", "packet_filter", "ring", &scene_law}};
	for (size_t i = 0; i < SK_COUNT(gates); i++) {
		folder_of(gates[i].name, folder);
		scene_two(&scene, gates[i].setting);
		kernel_gate(&scene, gates[i].mode, gates[i].copying);
		scene_write(&scene, folder, own_key, TWO_EVERY);
		scene_fini(&scene);
		add_case(gates[i].name, 0, "VERIFIED", "VERIFIED", "");
	}
	folder_of("good-acts", folder);
	scene_two(&scene, &scene_party);
	acts(&scene);
	scene_write(&scene, folder, own_key, TWO_EVERY);
	scene_fini(&scene);
	add_case("good-acts", 0, "VERIFIED", "VERIFIED", "");
	add_case("good-300", 0, "that you gave", "that you gave", "--key own.vkey");
	add_case("good-300", 0, "is a prefix", "VERIFIED", "--old good-257/checkpoint.as-prefix");
}

/* Keep copies of checkpoints of earlier sizes and of other histories. */
static void copy_file(const char *from_folder, const char *from, const char *to_folder, const char *to)
{
	char path[SK_PATH_MAX], source[SK_PATH_MAX], target[SK_PATH_MAX];
	struct sk_buf buf;
	folder_of(from_folder, source);
	folder_of(to_folder, target);
	read_file(source, from, &buf, path);
	SCENE_MUST(sk_file_join(path, sizeof path, target, to) == SK_OK);
	write_file(path, &buf);
}

static void write_histories(void)
{
	char folder[SK_PATH_MAX];
	struct scene scene;
	/* A prefix of the 300: its first 200 records. */
	folder_of("history", folder);
	scene_long(&scene, &scene_party, LONG_LEAVES);
	while (scene.count > 200)
		scene_drop(&scene, scene.count - 1);
	scene_write(&scene, folder, own_key, LONG_EVERY);
	copy_file("history", "checkpoint", "good-257", "checkpoint.as-prefix");
	/* Another history of the same length: one number in it differs (and no sum). */
	folder_of("history-forked", folder);
	scene_bump(&scene, 100, NULL, "upstream_lost", 1);
	scene_write(&scene, folder, own_key, LONG_EVERY);
	scene_fini(&scene);
	add_case("good-300", 1, "forked", "forked", "--old history-forked/checkpoint");
	add_case("history", 1, "rolled back", "rolled back", "--old good-300/checkpoint");
	add_case("good-300", 1, "signature", "signature", "--old lie-foreign_signature_same_name/checkpoint");
	add_case("good-300", 1, "pinned key", "pinned key", "--key foreign.vkey");
	/* Everything by another key, leaf 0 too: right in itself, so only a pinned key tells. */
	folder_of("all-foreign", folder);
	scene_two(&scene, &scene_party);
	scene_replace(&scene, 0, "ddb98453+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c", "12bf4615+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU");
	struct sk_sign_key *foreign = scene_key(folder, SCENE_KEY_FOREIGN);
	scene_write(&scene, folder, foreign, TWO_EVERY);
	sk_sign_key_free(foreign);
	scene_fini(&scene);
	add_case("all-foreign", 0, "first use", "first use", "");
	add_case("all-foreign", 1, "pinned key", "pinned key", "--key own.vkey");
	add_case("all-foreign", 0, "VERIFIED", "VERIFIED", "--key foreign.vkey");
	/* What cannot be read is no verdict. */
	SCENE_MUST(sk_file_make_folder((folder_of("empty-folder", folder), folder), 0755, NULL) == SK_OK);
	add_case("empty-folder", 3, "no such file", "no such file", "");
	add_case("not-there", 3, "no such file", "no such file", "");
	add_case("good-300", 3, "no such file", "no such file", "--old not-there");
	add_case("good-300", 2, "--key", "--key", "--key good-2/checkpoint");
}

static void write_drills(void)
{
	struct sk_sign_key *foreign = scene_key(out_folder, SCENE_KEY_FOREIGN);
	drills_write(out_folder, own_key, foreign, add_case);
	sk_sign_key_free(foreign);
}

/* 70,000 small records: three levels of tiles, one of level 1 full. */
static void write_huge(const char *name, bool good, void (*damage)(const char *f), const char *expect)
{
	char folder[SK_PATH_MAX];
	struct scene scene;
	struct sk_ledger *ledger = NULL;
	struct sk_receipt receipt;
	uint64_t dropped;
	folder_of(name, folder);
	scene_long(&scene, &scene_party, 2);
	SCENE_MUST(sk_ledger_open(folder, SCENE_ORIGIN, own_key, &ledger, &dropped, NULL) == SK_OK);
	SCENE_MUST(sk_ledger_append(ledger, scene.leaf[0], strlen(scene.leaf[0]), &receipt) == SK_OK);
	for (size_t i = 1; i < HUGE_LEAVES; i++) {
		SCENE_MUST(sk_ledger_append(ledger, scene.leaf[1], strlen(scene.leaf[1]), &receipt) == SK_OK);
		if (i % HUGE_EVERY == 0)
			SCENE_MUST(sk_ledger_commit(ledger, NULL) == SK_OK);
	}
	SCENE_MUST(sk_ledger_commit(ledger, NULL) == SK_OK);
	sk_ledger_close(ledger);
	scene_fini(&scene);
	if (damage != NULL)
		damage(folder);
	add_case(name, good ? 0 : 1, expect, expect, "");
}

static void damage_level1(const char *f)
{
	flip(f, "tile/1/000", 5000);
}

static void damage_level2(const char *f)
{
	flip(f, "tile/2/000.p/1", 0);
}

static void write_keys(void)
{
	static const struct { const char *name, *key; } keys[] = {
		{"own.vkey", "example.org/sekisho+ddb98453+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\n"},
		{"foreign.vkey", "example.org/sekisho+12bf4615+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU\n"},
	};
	for (size_t i = 0; i < SK_COUNT(keys); i++) {
		char path[SK_PATH_MAX];
		folder_of(keys[i].name, path);
		SCENE_MUST(sk_file_replace(path, keys[i].key, strlen(keys[i].key), 0644, NULL) == SK_OK);
	}
}

int main(int argc, char **argv)
{
	char path[SK_PATH_MAX];
	if (argc != 2) {
		(void)fprintf(stderr, "usage: make OUTFOLDER (empty or absent)\n");
		return 2;
	}
	out_folder = argv[1];
	SCENE_MUST(sk_file_make_folder(out_folder, 0755, NULL) == SK_OK);
	own_key = scene_key(out_folder, SCENE_KEY_OWN);
	folder_of("cases.tsv", path);
	cases = fopen(path, "w");
	SCENE_MUST(cases != NULL);
	write_keys();
	write_good();
	write_lies();
	write_histories();
	write_drills();
	write_huge("good-70000", true, NULL, "VERIFIED");
	write_huge("lie-level1_full_bit", false, damage_level1, "tile/1/000: offset 5000");
	write_huge("lie-level2_partial_bit", false, damage_level2, "tile/2/000.p/1: offset 0");
	sk_sign_key_free(own_key);
	return fclose(cases) == 0 ? 0 : 1;
}
