/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { RECORD_MAX = 65535, K = 10 };
#define SECOND INT64_C(1000000000)

enum { FF = SK_CLASS_BIT(SK_CLASS_FF), FD = SK_CLASS_BIT(SK_CLASS_FD), DF = SK_CLASS_BIT(SK_CLASS_DF) };
const struct scene_setting scene_party = {"own-network", "party", "own_network", FD | DF, 1 | 2 | 4,
					  false,	 true,	  false,	 false,	  INT64_C(1795000000) * SECOND};
const struct scene_setting scene_lab = {"lab", "none", "lab", FF | FD | DF, 63, true, true, true, false, INT64_C(1795000000) * SECOND};
const struct scene_setting scene_live = {"own-network", "party", "own_network", FD | DF, 1 | 2 | 4, false, true, false, false, INT64_C(1795000000) * SECOND, .losses = true};
const struct scene_setting scene_events = {"own-network", "party", "own_network", FD | DF, 1 | 2 | 4, false, true, false, false, INT64_C(1795000000) * SECOND, .events = true};
const struct scene_setting scene_law = {"jp-2025", "none", "agreement", FD, 1 | 2, false, false, false, true, INT64_C(1850000000) * SECOND};

const struct scene_setting scene_exports = {"own-network", "party", "own_network", FD | DF, 1 | 2 | 4, false, true, false, false, INT64_C(1795000000) * SECOND, .exports = true};
const struct scene_setting scene_countries = {"own-network", "party", "own_network", FD | DF, 1 | 2 | 4, false, true, false, false, INT64_C(1795000000) * SECOND, .countries = true};

_Noreturn void scene_die(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: the test itself is wrong: %s\n", file, line, what);
	abort();
}

/* ---- texts ---- */

static char *copy_text(const char *text)
{
	char *copy = strdup(text);
	SCENE_MUST(copy != NULL);
	return copy;
}

void scene_put(struct scene *scene, size_t leaf, const char *text)
{
	char *copy = copy_text(text);
	SCENE_MUST(leaf < scene->count);
	free(scene->leaf[leaf]);
	scene->leaf[leaf] = copy;
}

void scene_insert(struct scene *scene, size_t leaf, const char *text)
{
	char *copy = copy_text(text);
	SCENE_MUST(leaf <= scene->count && scene->count < SCENE_LEAVES_MAX);
	memmove(&scene->leaf[leaf + 1], &scene->leaf[leaf], (scene->count - leaf) * sizeof scene->leaf[0]);
	scene->leaf[leaf] = copy;
	scene->count++;
}

void scene_drop(struct scene *scene, size_t leaf)
{
	SCENE_MUST(leaf < scene->count);
	free(scene->leaf[leaf]);
	memmove(&scene->leaf[leaf], &scene->leaf[leaf + 1], (--scene->count - leaf) * sizeof scene->leaf[0]);
}

void scene_fini(struct scene *scene)
{
	while (scene->count > 0)
		free(scene->leaf[--scene->count]);
}

/* Replace length bytes at `at` of a leaf. */
static void splice(struct scene *scene, size_t leaf, const char *at, size_t length, const char *with)
{
	struct sk_buf text;
	const char *old = scene->leaf[leaf];
	sk_buf_init(&text, RECORD_MAX);
	sk_buf_add(&text, old, (size_t)(at - old));
	sk_buf_add_text(&text, with);
	sk_buf_add_text(&text, at + length);
	SCENE_MUST(text.failed == SK_OK);
	scene_put(scene, leaf, sk_buf_text(&text));
	sk_buf_fini(&text);
}

void scene_replace(struct scene *scene, size_t leaf, const char *find, const char *with)
{
	SCENE_MUST(leaf < scene->count);
	const char *at = strstr(scene->leaf[leaf], find);
	SCENE_MUST(at != NULL && strstr(at + 1, find) == NULL);
	splice(scene, leaf, at, strlen(find), with);
}

void scene_bump(struct scene *scene, size_t leaf, const char *outer, const char *key, int64_t by)
{
	char pattern[SK_CELL_NAME_MAX + 8], number[32];
	const char *at = scene->leaf[leaf];
	SCENE_MUST(leaf < scene->count);
	if (outer != NULL) {
		(void)snprintf(pattern, sizeof pattern, "\"%s\":", outer);
		at = strstr(at, pattern);
		SCENE_MUST(at != NULL);
	}
	(void)snprintf(pattern, sizeof pattern, "\"%s\":", key);
	at = strstr(at, pattern);
	SCENE_MUST(at != NULL);
	at += strlen(pattern);
	bool quoted = *at == '"';
	char *end = NULL;
	int64_t value = strtoll(at + quoted, &end, 10) + by;
	(void)snprintf(number, sizeof number, quoted ? "\"%" PRId64 "\"" : "%" PRId64, value);
	splice(scene, leaf, at, (size_t)(end - at) + quoted, number);
}

/* ---- accounts ---- */

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static struct sk_cell cell(const char *name, uint64_t frames, uint64_t bytes)
{
	struct sk_cell made = {.frames = frames, .bytes = frames != 0 ? bytes : 0};
	(void)snprintf(made.name, sizeof made.name, "%s", name);
	return made;
}

void scene_account(struct sk_account *account, uint64_t *state, uint64_t scale, bool leave_pending, uint32_t classes)
{
	uint64_t domestic = scale + next_random(state) % scale, unknown = next_random(state) % 15, eligible = scale / 2 + next_random(state) % scale;
	uint64_t half = (classes & DF) != 0 ? eligible / 2 : 0, inner = next_random(state) % 4;
	struct sk_cell before = account->pending_before;
	account->received = cell("received", domestic + unknown + eligible, 100 * domestic + 60 * unknown + 200 * eligible);
	account->classes[SK_CLASS_FF] = cell("FF", 0, 0);
	account->classes[SK_CLASS_DD] = cell("DD", domestic, 100 * domestic);
	account->classes[SK_CLASS_UNKNOWN] = cell("UNKNOWN", unknown, 60 * unknown);
	account->classes[SK_CLASS_FD] = cell("FD", eligible - half, 200 * (eligible - half));
	account->classes[SK_CLASS_DF] = cell("DF", half, 200 * half);
	account->gate_count = 3;
	account->gate[0] = cell("unknown", unknown, 60 * unknown);
	account->gate[1] = cell("domestic", domestic, 100 * domestic);
	account->gate[2] = cell("inner_domestic", inner, 200 * inner);
	/* What was admitted, with what was pending: a few selected, a few evicted, the rest without a hit. */
	uint64_t admitted = eligible - inner + before.frames;
	uint64_t pending = leave_pending ? admitted / 8 + 1 : 0, selected = next_random(state) % 40, evicted = next_random(state) % 12;
	SCENE_MUST(admitted > pending + selected + evicted);
	account->pending_after = cell("pending", pending, 200 * pending);
	account->selected = cell("selected", selected, 200 * selected);
	account->select_count = 2;
	account->select[0] = cell("evicted", evicted, 200 * evicted);
	account->select[1] = cell("no_hit", admitted - pending - selected - evicted, 200 * (admitted - pending - selected - evicted));
	account->lost_count = 0;
	account->segments = eligible / 7;
	account->observations = selected / 5;
	account->findings = selected / 9;
}

/* Records of flow exports around `scale`, beside the frames. Some are too few to publish. */
static void exports_account(struct sk_account *account, uint64_t *state, uint64_t scale, uint32_t classes)
{
	uint64_t domestic = scale + next_random(state) % scale, no_pair = next_random(state) % 14, eligible = scale / 2 + next_random(state) % scale;
	uint64_t malformed = next_random(state) % 12, half = (classes & DF) != 0 ? eligible / 2 : 0, selected = next_random(state) % 40;
	struct sk_exports_account *e = &account->exports;
	*e = (struct sk_exports_account){.read = true, .messages = scale / 20, .lost_messages = 2, .lost_records = 33, .no_template = 1, .samples = 5};
	e->received = cell("received", domestic + no_pair + eligible + malformed, 0);
	e->classes[SK_CLASS_DD] = cell("DD", domestic, 0);
	e->classes[SK_CLASS_UNKNOWN] = cell("UNKNOWN", no_pair + malformed, 0);
	e->classes[SK_CLASS_FD] = cell("FD", eligible - half, 0);
	e->classes[SK_CLASS_DF] = cell("DF", half, 0);
	e->gate_count = 2;
	e->gate[0] = cell("domestic", domestic, 0);
	e->gate[1] = cell("no_pair", no_pair, 0);
	e->select_count = 1;
	e->select[0] = cell("no_hit", eligible - selected, 0);
	e->selected = cell("selected", selected, 0);
	e->malformed = cell("malformed", malformed, 0);
}

/* What was settled, by country: two that are named, one of too few hosts, and some of none. */
static void countries_account(struct sk_account *account, uint64_t *state, struct sk_countries_account *countries)
{
	uint64_t settled = account->selected.frames, bytes = account->selected.bytes, odd = next_random(state) % 9;
	for (size_t i = 0; i < account->select_count; i++) {
		settled += account->select[i].frames;
		bytes += account->select[i].bytes;
	}
	SCENE_MUST(settled > 400 && bytes > 100 * settled);
	*countries = (struct sk_countries_account){.count = 3, .cell = {{.code = "AQ", .frames = odd, .bytes = 60 * odd, .hosts = odd}, {.code = "BR", .frames = 200, .bytes = 20000, .hosts = 31}}};
	countries->cell[2] = (struct sk_country_cell){.code = "DE", .frames = settled - 200 - 2 * odd, .bytes = bytes - 20000 - 120 * odd, .hosts = 47};
	if (odd == 0) {
		countries->count = 2;
		memmove(&countries->cell[0], &countries->cell[1], 2 * sizeof countries->cell[0]);
	}
	account->countries = countries;
}

/* ---- records in a row ---- */

struct maker {
	struct scene *scene;
	const struct scene_setting *setting;
	struct sk_record_refs refs;
	struct sk_carry carry[2];
	struct sk_account account[2];
	uint64_t random;
	int64_t now_ns;
	uint64_t intervals;
	bool exports, countries;     /* the run at hand has them, on the first link */
	struct sk_countries_account abroad;
	uint8_t salt;
};

static const char *const link_names[] = {"east", "west"};

static size_t take(struct maker *m, struct sk_buf *record)
{
	SCENE_MUST(record->failed == SK_OK);
	scene_insert(m->scene, m->scene->count, sk_buf_text(record));
	sk_buf_fini(record);
	return m->scene->count - 1;
}

static void fill(struct maker *m, uint8_t *bytes, size_t length)
{
	memset(bytes, ++m->salt, length);
}

static size_t make_basis(struct maker *m)
{
	struct sk_buf record;
	const struct scene_setting *s = m->setting;
	sk_buf_init(&record, RECORD_MAX);
	struct sk_basis_facts facts = {.id_commitment_hex = "1111111111111111111111111111111111111111111111111111111111111111",
				       .kind = s->kind,
				       .profile = s->profile,
				       .role = s->role,
				       .classes = s->classes,
				       .rule_kinds = s->rule_kinds,
				       .rule_max_entries = 1000,
				       .rule_min_prefix_v4 = 16,
				       .rule_min_prefix_v6 = 32,
				       .has_exact_set = s->exact_set,
				       .from_ns = s->at_ns - 3600 * SECOND,
				       .until_ns = s->at_ns + 86400 * SECOND,
				       .self_approved = s->self_approved,
				       .simulated = s->simulated};
	fill(m, facts.digest, sizeof facts.digest);
	fill(m, facts.exact_set, sizeof facts.exact_set);
	sk_record_basis(&record, &facts);
	return m->refs.basis = take(m, &record);
}

static size_t make_selectors(struct maker *m)
{
	struct sk_buf record;
	uint8_t commitment[SK_HASH_BYTES];
	sk_buf_init(&record, RECORD_MAX);
	fill(m, commitment, sizeof commitment);
	sk_record_selectors(&record, commitment, m->setting->rule_kinds & 3, 250, 24, 48, m->setting->exact_set, m->refs.basis);
	return m->refs.selectors = take(m, &record);
}

static void make_head(struct maker *m, const char *folder_key)
{
	struct sk_buf record;
	struct sk_verify_key key;
	uint8_t digest[SK_HASH_BYTES];
	SCENE_MUST(sk_verify_key_parse(folder_key, &key) == SK_OK);
	sk_buf_init(&record, RECORD_MAX);
	sk_record_open(&record, SCENE_ORIGIN, &key, K, m->setting->profile, m->setting->role, m->setting->simulated, m->now_ns);
	(void)take(m, &record);
	sk_buf_init(&record, RECORD_MAX);
	fill(m, digest, sizeof digest);
	sk_record_policy(&record, "2026-11-22.1", digest);
	m->scene->policy = m->refs.policy = take(m, &record);
	sk_buf_init(&record, RECORD_MAX);
	fill(m, digest, sizeof digest);
	sk_record_border(&record, digest, "JP", false, m->now_ns - 86400 * SECOND);
	m->scene->border = m->refs.border = take(m, &record);
}

static size_t make_run(struct maker *m)
{
	struct sk_buf record;
	uint8_t run[16];
	sk_buf_init(&record, RECORD_MAX);
	fill(m, run, sizeof run);
	sk_record_run_start(&record, run, "0.1.0", &m->refs, m->now_ns, m->setting->replayed);
	m->intervals = 0;
	return m->refs.run = take(m, &record);
}

/* Frames that nobody judged (their bytes are not known), and frames that had no room between two workers. */
static void lose(struct sk_account *account)
{
	uint64_t unjudged = account->number * 13 % 60, judged = account->number * 7 % 23;
	account->lost_count = 2;
	account->lost[0] = cell("kernel_ring", unjudged, 0);
	account->lost[1] = cell("exchange_full", judged, 200 * judged);
	account->classes[SK_CLASS_UNKNOWN].frames += unjudged;
	account->classes[SK_CLASS_FD].frames += judged;
	account->classes[SK_CLASS_FD].bytes += 200 * judged;
	account->received.frames += unjudged + judged;
	account->received.bytes += 200 * judged;
}

static size_t make_interval(struct maker *m, size_t link, bool leave_pending)
{
	struct sk_buf record;
	struct sk_account *account = &m->account[link];
	uint8_t store[SK_HASH_BYTES];
	sk_buf_init(&record, RECORD_MAX);
	(void)snprintf(account->link, sizeof account->link, "%s", link_names[link]);
	scene_account(account, &m->random, 2000, leave_pending, m->setting->classes);
	if (m->setting->losses)
		lose(account);
	account->events_lost = m->setting->events && account->number != 1 ? 3 : 0;
	account->exports = (struct sk_exports_account){.read = false};
	if (m->exports && link == 0)
		exports_account(account, &m->random, 1000, m->setting->classes);
	account->countries = NULL;
	if (m->countries && link == 0)
		countries_account(account, &m->random, &m->abroad);
	account->from_ns = m->setting->replayed ? (int64_t)m->intervals * 60 * SECOND : m->now_ns;
	account->to_ns = account->from_ns + 59 * SECOND;
	m->now_ns += 60 * SECOND;
	fill(m, store, sizeof store);
	sk_record_interval(&record, account, &m->carry[link], K, store, &m->refs);
	account->number++;
	account->pending_before = account->pending_after;
	account->lost_in_crash = 0;
	m->intervals++;
	return take(m, &record);
}

static size_t make_stop(struct maker *m, const char *reason)
{
	struct sk_buf record;
	sk_buf_init(&record, RECORD_MAX);
	sk_record_run_stop(&record, m->refs.run, reason, m->intervals, m->now_ns);
	return take(m, &record);
}

static const char *const sign_keys[] = {"PRIVATE+KEY+example.org/sekisho+ddb98453+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n",
					"PRIVATE+KEY+example.org/sekisho+12bf4615+AQICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC\n",
					"PRIVATE+KEY+example.org/witness+10d1ce7c+AQMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD\n"};
static const char own_key[] = "example.org/sekisho+ddb98453+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";

static struct maker *maker_new(struct scene *scene, const struct scene_setting *setting)
{
	struct maker *m = calloc(1, sizeof *m);
	SCENE_MUST(m != NULL && sk_seal_start() == SK_OK);
	*scene = (struct scene){.count = 0};
	m->scene = scene;
	m->setting = setting;
	m->now_ns = setting->at_ns;
	m->random = 20261122;
	m->exports = setting->exports;
	m->countries = setting->countries;
	return m;
}

void scene_two(struct scene *scene, const struct scene_setting *setting)
{
	struct maker *m = maker_new(scene, setting);
	struct sk_buf record;
	make_head(m, own_key);
	scene->basis = make_basis(m);
	scene->selectors = make_selectors(m);
	scene->run = make_run(m);
	scene->first = make_interval(m, 0, true);
	(void)make_interval(m, 1, true);
	scene->second = make_interval(m, 0, true);
	(void)make_interval(m, 1, false);
	(void)make_interval(m, 0, false);
	scene->stop = make_stop(m, "finished");
	m->exports = m->countries = false;
	scene->basis2 = make_basis(m);
	scene->selectors2 = make_selectors(m);
	scene->run2 = make_run(m);
	(void)make_interval(m, 1, true);
	scene->crashed = make_interval(m, 0, true);
	uint64_t frames = m->account[0].pending_after.frames + m->account[1].pending_after.frames;
	uint64_t bytes = m->account[0].pending_after.bytes + m->account[1].pending_after.bytes;
	sk_buf_init(&record, RECORD_MAX);
	sk_record_recovery(&record, 17, frames, bytes, m->refs.run, m->now_ns);
	scene->recovery = take(m, &record);
	for (size_t link = 0; link < 2; link++) {
		m->account[link].lost_in_crash = m->account[link].pending_before.frames;
		m->account[link].pending_before = cell("pending", 0, 0);
	}
	m->exports = setting->exports;
	m->countries = setting->countries;
	scene->run3 = make_run(m);
	scene->after = make_interval(m, 0, true);
	(void)make_interval(m, 1, false);
	(void)make_interval(m, 0, false);
	scene->stop3 = make_stop(m, "interrupted");
	free(m);
}

void scene_long(struct scene *scene, const struct scene_setting *setting, size_t leaves)
{
	struct maker *m = maker_new(scene, setting);
	make_head(m, own_key);
	scene->basis = make_basis(m);
	scene->selectors = make_selectors(m);
	scene->run = make_run(m);
	while (scene->count + 1 < leaves)
		(void)make_interval(m, 0, scene->count + 2 < leaves);
	scene->stop = make_stop(m, "finished");
	while (scene->count > leaves)
		scene_drop(scene, scene->count - 1);
	free(m);
}

void scene_old(struct scene *scene)
{
	for (size_t i = 0; i < scene->count; i++) {
		if (strstr(scene->leaf[i], "\"kind\":\"interval\"") == NULL)
			continue;
		scene_replace(scene, i, "\"capture_lost\":{}", "\"capture_lost\":{\"bytes\":0,\"frames\":0}");
		scene_replace(scene, i, "\"v\":2}", "\"v\":1}");
	}
}

/* ---- writing ---- */

struct sk_sign_key *scene_key(const char *folder, enum scene_key which)
{
	char path[SK_PATH_MAX];
	struct sk_sign_key *key = NULL;
	SCENE_MUST(sk_seal_start() == SK_OK && sk_file_make_folder(folder, 0755, NULL) == SK_OK);
	SCENE_MUST(sk_file_join(path, sizeof path, folder, ".key") == SK_OK);
	SCENE_MUST(sk_file_replace(path, sign_keys[which], strlen(sign_keys[which]), 0600, NULL) == SK_OK);
	SCENE_MUST(sk_sign_key_load(path, &key, NULL) == SK_OK);
	SCENE_MUST(unlink(path) == 0);
	return key;
}

void scene_write(const struct scene *scene, const char *folder, const struct sk_sign_key *key, size_t every)
{
	struct sk_ledger *ledger = NULL;
	struct sk_receipt receipt;
	struct sk_fault fault = {.line = ""};
	uint64_t dropped;
	SCENE_MUST(sk_ledger_open(folder, SCENE_ORIGIN, key, &ledger, &dropped, &fault) == SK_OK);
	for (size_t i = 0; i < scene->count; i++) {
		SCENE_MUST(sk_ledger_append(ledger, scene->leaf[i], strlen(scene->leaf[i]), &receipt) == SK_OK);
		if ((i + 1) % every == 0)
			SCENE_MUST(sk_ledger_commit(ledger, &fault) == SK_OK);
	}
	SCENE_MUST(sk_ledger_commit(ledger, &fault) == SK_OK);
	sk_ledger_close(ledger);
}
