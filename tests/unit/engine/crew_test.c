/* SPDX-License-Identifier: Apache-2.0 */
#include "crew_test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- worlds ---- */

static bool temporary(char *path)
{
	int fd = mkstemp(path);
	return fd >= 0 && close(fd) == 0;
}

static void note_nothing(void *context, const char *file, uint64_t line, const char *value, enum sk_indicator_reason reason, const char *detail)
{
	(void)context, (void)file, (void)line, (void)value, (void)reason, (void)detail;
}

struct sk_indicator_set *world_set(const char *selectors, bool flow_all)
{
	const struct sk_indicator_options options = {.max_entries = 1000, .min_prefix_v4 = 8, .min_prefix_v6 = 19, .special_ranges_allowed = true};
	char path[] = "/tmp/sk-crew-set-XXXXXX";
	struct sk_indicator_builder *builder = NULL;
	struct sk_indicator_set *set = NULL;
	struct sk_indicator_counts counts;
	struct sk_fault fault;
	bool good = temporary(path);
	FILE *file = good ? fopen(path, "wb") : NULL;
	good = file != NULL && fputs(selectors, file) >= 0 && fclose(file) == 0;
	good = good && sk_indicator_builder_new(&options, note_nothing, NULL, &builder) == SK_OK;
	good = good && (selectors[0] == '\0' || sk_indicator_import(builder, path, &counts, &fault) == SK_OK);
	if (good && flow_all)
		sk_indicator_add_flow_all(builder);
	good = good && sk_indicator_compile(builder, path, &fault) == SK_OK && sk_indicator_open(path, &set, &fault) == SK_OK;
	sk_indicator_builder_free(builder);
	(void)unlink(path);
	return good ? set : NULL;
}

static bool make_border(struct world *world, const char *const *domestic, const char *const *foreign)
{
	char path[] = "/tmp/sk-crew-border-XXXXXX";
	struct sk_border_build *build = NULL;
	struct sk_fault fault;
	bool good = temporary(path) && sk_seal_start() == SK_OK && sk_border_build_new(NULL, &build, &fault) == SK_OK;
	for (; good && *domestic != NULL; domestic++)
		good = sk_border_build_literal(build, SK_SIDE_DOMESTIC, *domestic, &fault) == SK_OK;
	for (char letter = 'A'; good && *foreign != NULL; foreign++, letter++) {
		char country[64];
		(void)snprintf(country, sizeof country, "X%c=%s", letter, *foreign);
		good = sk_border_build_literal(build, SK_SIDE_FOREIGN, *foreign, &fault) == SK_OK && sk_border_build_country(build, country, true, &fault) == SK_OK;
	}
	sk_border_build_rest(build, SK_SIDE_UNKNOWN);
	good = good && sk_border_build_write(build, path, &fault) == SK_OK && sk_border_open(path, &world->border, &fault) == SK_OK;
	sk_border_build_free(build);
	(void)unlink(path);
	return good;
}

static bool start_world(struct world *world, const char *selectors, bool flow_all, const char *const *domestic, const char *const *foreign)
{
	*world = (struct world){.border = NULL};
	world->basis = (struct sk_basis){.id = "test", .kind = "lab", .profile = "lab", .role = "none", .until_ns = INT64_MAX, .simulated = true, .self_approved = true,
					 .names = true, .classes = SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF),
					 .rule = {.kinds = SK_SELECTOR_KINDS_ALL, .max_entries = 1000}};
	if (!make_border(world, domestic, foreign))
		return false;
	world->set = world_set(selectors, flow_all);
	return world->set != NULL;
}

bool world_small(struct world *world, const char *selectors, bool flow_all)
{
	static const char *const domestic[] = {"192.0.2.0/24", "2001:db8:1::/48", NULL}, *const foreign[] = {"198.51.100.0/24", "203.0.113.0/24", "2001:db8:2::/48", NULL};
	return start_world(world, selectors, flow_all, domestic, foreign);
}

bool world_foreign(struct world *world, const char *selectors, bool flow_all)
{
	static const char *const domestic[] = {NULL}, *const foreign[] = {"0.0.0.0/0", "::/0", NULL};
	return start_world(world, selectors, flow_all, domestic, foreign);
}

void world_watch(struct world *world, bool eager)
{
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t row = 0; row < rows; row++) {
		struct sk_basis_detector *detector = &world->basis.detectors[world->basis.detector_count];
		size_t count = 0;
		const struct sk_threshold *thresholds = sk_kit_thresholds(table[row].name, &count);
		if (table[row].side != SK_DETECTOR_SENSOR)
			continue;
		world->basis.detector_count++;
		(void)snprintf(detector->name, sizeof detector->name, "%s", table[row].name);
		for (size_t i = 0; eager && i < count; i++) {
			(void)snprintf(detector->thresholds[i].key, sizeof detector->thresholds[i].key, "%s", thresholds[i].key);
			detector->thresholds[i].value = thresholds[i].least;
			detector->threshold_count++;
		}
	}
}

void world_stop(struct world *world)
{
	sk_indicator_close(world->set);
	sk_border_close(world->border);
}

struct sk_snapshot world_snapshot(const struct world *world, uint64_t number)
{
	return sk_snapshot_of(number, world->border, &world->basis, world->set);
}

/* ---- the clock ---- */

static _Atomic int64_t unix_now;
static atomic_bool dawdling;

void clock_set(int64_t unix_ns, bool dawdle)
{
	atomic_store(&unix_now, unix_ns);
	atomic_store(&dawdling, dawdle);
}

static _Atomic int64_t monotonic_now;
static atomic_bool held;
static _Thread_local bool receiver, collector;

void clock_monotonic(int64_t monotonic_ns)
{
	atomic_store(&monotonic_now, monotonic_ns);
}

void clock_hold(bool hold)
{
	atomic_store(&held, hold);
}

void clock_collector(void)
{
	collector = true;
}

/* Every worker reads it each round: there it may stand still. */
static int64_t read_unix(void *context)
{
	static _Thread_local uint32_t seed;
	(void)context;
	seed = seed != 0 ? seed : (uint32_t)(uintptr_t)&seed | 1;
	while (atomic_load(&held) && !receiver && !collector)
		(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	if (atomic_load(&dawdling) && next_random(&seed) % 16 == 0)
		(void)nanosleep(&(struct timespec){.tv_nsec = (long)(next_random(&seed) % 300000)}, NULL);
	return atomic_load(&unix_now);
}

static int64_t read_monotonic(void *context)
{
	struct timespec now;
	(void)context;
	int64_t given = atomic_load(&monotonic_now);
	if (given != 0)
		return given;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

struct sk_clock test_clock(void)
{
	return (struct sk_clock){.unix_ns = read_unix, .monotonic_ns = read_monotonic, .cpu_ns = read_monotonic};
}

/* ---- sources ---- */

static enum sk_err next_frames(void *context, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault)
{
	struct test_source *source = context;
	size_t most = source->batch != 0 ? source->batch : SK_BATCH_MAX;
	receiver = true;
	if (source->holds && source->given == 0)
		clock_hold(true);
	for (*count = 0; *count < most && source->given < source->give; source->given++, source->at += source->step) {
		if (source->at >= source->frame_count)
			source->at = source->first;
		struct sk_frame *frame = &frames[*count];
		*frame = source->frames[source->at];
		memcpy(source->memory[*count], frame->bytes, frame->captured_bytes);
		frame->bytes = source->memory[(*count)++];
	}
	if (source->holds && source->given == source->give)
		clock_hold(false);
	if (*count > 0)
		return source->given == source->give && source->fails != SK_OK ? sk_fault_set(fault, source->fails, "the test's source fails") : SK_OK;
	if (source->ends)
		return SK_OK;
	if (source->descriptor < 0)
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	return SK_EMORE;
}

static void count_test_source(void *context, struct sk_source_counts *out)
{
	struct test_source *source = context;
	*out = (struct sk_source_counts){.lost_count = 1, .lost[0] = {.name = "kernel_ring", .frames = atomic_load(&source->lost)}, .erased_count = 1,
					 .erased[0] = {.name = "domestic", .frames = atomic_load(&source->erased), .bytes = 100 * atomic_load(&source->erased)}};
	out->classes[SK_CLASS_DD] = (struct sk_cell){.frames = out->erased[0].frames, .bytes = out->erased[0].bytes};
}

static unsigned backlog_of(void *context)
{
	return atomic_load(&((struct test_source *)context)->backlog);
}

struct sk_source source_of_test(struct test_source *source)
{
	return (struct sk_source){.context = source, .next = next_frames, .counts = count_test_source, .backlog = backlog_of, .descriptor = source->descriptor};
}

size_t test_source_read(const char *path, struct sk_frame **frames)
{
	struct sk_capture *capture = NULL;
	struct sk_frame batch[SK_BATCH_MAX];
	struct sk_fault fault;
	size_t total = 0, count = 1;
	SK_INVARIANT(sk_capture_open(path, &capture, &fault) == SK_OK);
	*frames = NULL;
	while (sk_capture_next(capture, batch, &count, &fault) == SK_OK && count > 0) {
		*frames = realloc(*frames, (total + count) * sizeof **frames);
		SK_INVARIANT(*frames != NULL);
		for (size_t i = 0; i < count; i++) {
			struct sk_frame *frame = &(*frames)[total++];
			*frame = batch[i];
			frame->bytes = malloc(frame->captured_bytes + 1);
			memcpy(frame->bytes, batch[i].bytes, frame->captured_bytes);
		}
	}
	sk_capture_close(capture);
	return total;
}

void test_source_free(struct sk_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(frames[i].bytes);
	free(frames);
}

/* ---- outcomes ---- */

static void add_digest(uint64_t sum[2], const void *bytes, size_t length)
{
	uint8_t digest[SK_HASH_BYTES];
	uint64_t words[2];
	sk_sha256(bytes, length, digest);
	memcpy(words, digest, sizeof words);
	sum[0] += words[0];
	sum[1] += words[1];
}

static bool take_observation(void *context, const struct sk_observation *observation)
{
	struct outcome *outcome = context;
	uint8_t form[SK_OBSERVATION_MAX_BYTES];
	add_digest(outcome->observation_sum, form, sk_observation_encode_to(observation, form));
	outcome->observations++;
	return true;
}

static void take_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct outcome *outcome = context;
	uint8_t form[SK_FINDING_MAX_BYTES + SK_OBSERVATION_MAX_BYTES];
	size_t length = sk_finding_encode_to(finding, form);
	if (evidence == NULL) {
		if (outcome->own_findings++ == 0)
			outcome->first_own = *finding;
		outcome->last_own = *finding;
		add_digest(outcome->own_sum, form, length);
		return;
	}
	/* With its evidence: a finding that came behind another's observation shows. */
	length += sk_observation_encode_to(evidence, form + length);
	add_digest(outcome->finding_sum, form, length);
	outcome->findings++;
}

static uint64_t digest_cells(const struct sk_cell *cells, size_t count)
{
	uint64_t hash = 1469598103934665603u;
	for (size_t i = 0; i < count; i++) {
		const uint64_t words[2] = {cells[i].frames, cells[i].bytes};
		const uint8_t *parts[2] = {(const uint8_t *)cells[i].name, (const uint8_t *)words};
		const size_t lengths[2] = {strlen(cells[i].name), sizeof words};
		for (unsigned p = 0; p < 2; p++)
			for (size_t b = 0; b < lengths[p]; b++)
				hash = (hash ^ parts[p][b]) * 1099511628211u;
	}
	return hash;
}

/* Codes, frames, bytes, hosts; and what they have in all. */
static uint64_t digest_countries(const struct sk_account *account, uint64_t *frames)
{
	struct sk_cell cells[2 * SK_COUNTRIES_MAX];
	const struct sk_countries_account *countries = account->countries;
	SK_INVARIANT(countries != NULL && countries->count <= SK_COUNTRIES_MAX);
	memset(cells, 0, sizeof cells);
	for (size_t i = 0; i < countries->count; i++) {
		const struct sk_country_cell *cell = &countries->cell[i];
		SK_INVARIANT(cell->frames != 0 && cell->hosts != 0 && cell->hosts <= cell->frames);
		memcpy(cells[2 * i].name, cell->code, sizeof cell->code);
		cells[2 * i].frames = cell->frames;
		cells[2 * i].bytes = cell->bytes;
		cells[2 * i + 1].frames = cell->hosts;
		*frames += cell->frames;
	}
	return digest_cells(cells, 2 * countries->count);
}

static enum sk_err take_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	struct outcome *outcome = context;
	if (outcome->intervals == OUTCOME_INTERVALS_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "the test counts so many intervals only");
	SK_INVARIANT(account->passed.frames == 0 && account->taken.frames == 0);
	struct outcome_interval *interval = &outcome->interval[outcome->intervals++];
	*interval = (struct outcome_interval){.received = account->received, .selected = account->selected, .pending_before = account->pending_before,
					      .pending_after = account->pending_after, .gate = digest_cells(account->gate, account->gate_count),
					      .select = digest_cells(account->select, account->select_count), .classes = digest_cells(account->classes, SK_CLASS_COUNT),
					      .segments = account->segments, .observations = account->observations, .findings = account->findings,
					      .upstream_lost = account->upstream_lost, .snapshot = snapshot->number, .from_ns = account->from_ns, .to_ns = account->to_ns};
	for (size_t i = 0; i < account->lost_count; i++)
		interval->lost += account->lost[i].frames;
	uint64_t settled = account->selected.frames;
	for (size_t i = 0; i < account->select_count; i++)
		settled += account->select[i].frames;
	interval->countries = digest_countries(account, &interval->in_countries);
	SK_INVARIANT(interval->in_countries <= settled);
	outcome->in_countries += interval->in_countries;
	outcome->last = *account;
	return SK_OK;
}

static void take_passed(void *context, const struct sk_snapshot *snapshot)
{
	(void)snapshot;
	((struct outcome *)context)->passed_snapshots++;
}

static void take_damage(void *context, unsigned source, const struct sk_fault *fault)
{
	(void)source, (void)fault;
	((struct outcome *)context)->damages++;
}

struct sk_crew_config crew_config(const struct variant *variant, struct sk_observe_sink *sink, struct outcome *outcome)
{
	*sink = (struct sk_observe_sink){.context = outcome, .observation = take_observation, .finding = take_finding};
	struct sk_crew_config config = {.workers = variant->workers, .sources = 1, .threads = variant->threads, .flow = sk_flow_default_limits(),
					.decoder = sk_decoder_default_limits(), .exchange_bytes = variant->exchange_bytes, .spool_bytes = variant->spool_bytes,
					.frame_bytes = variant->frame_bytes, .link = "test", .clock = test_clock(), .sink = sink, .context = outcome, .interval = take_interval,
					.passed = take_passed, .damaged = take_damage, .no_own_findings = true};
	config.flow.flows = 1 << 14;
	config.flow.facts = 1 << 12;
	config.flow.streams = 256;
	config.decoder.datagrams = 64;
	config.decoder.pool_bytes = 1 << 19;
	return config;
}

static enum sk_err run_one(struct sk_crew *crew, const char *path, unsigned *interfaces, size_t *residue, struct sk_fault *fault)
{
	struct sk_capture_source capture = {.interface_base = *interfaces};
	struct sk_capture_stats stats;
	if (sk_capture_open(path, &capture.capture, fault) != SK_OK)
		return SK_OK;
	enum sk_err err = sk_crew_end_input(crew, fault);
	struct sk_source source = sk_source_of_capture(&capture);
	if (err == SK_OK)
		err = sk_crew_run(crew, &source, fault);
	sk_capture_stats(capture.capture, &stats);
	*interfaces += stats.interfaces;
	*residue += sk_capture_residue(capture.capture);
	sk_capture_close(capture.capture);
	return err;
}

void run_captures(const struct world *world, const struct variant *variant, const char *const *paths, size_t count, uint64_t interval_frames, struct outcome *outcome)
{
	struct sk_snapshot snapshot = world_snapshot(world, 1);
	struct sk_observe_sink sink;
	struct sk_crew *crew = NULL;
	unsigned interfaces = 0;
	memset(outcome, 0, sizeof *outcome);
	struct sk_crew_config config = crew_config(variant, &sink, outcome);
	config.interval_frames = interval_frames;
	config.health_learn_ns = SK_PULSE_LEARN_MIN_S * INT64_C(1000000000);
	clock_set(1000, variant->dawdle);
	enum sk_err err = sk_crew_new(&config, &snapshot, &crew, &outcome->fault);
	for (size_t i = 0; i < count && err == SK_OK; i++)
		err = run_one(crew, paths[i], &interfaces, &outcome->residue, &outcome->fault);
	if (err == SK_OK)
		err = sk_crew_finish(crew, SK_FLOW_END_STOP, &outcome->fault);
	if (err == SK_OK) {
		sk_crew_totals(crew, &outcome->totals);
		outcome->residue += sk_crew_residue(crew);
	}
	sk_crew_free(crew);
	clock_set(1000, false);
	outcome->err = err;
	if (err != SK_OK)
		(void)fprintf(stderr, "%s: %s\n", variant->name, outcome->fault.line);
}

/* ---- comparing ---- */

/* 1 or 0: put together by &, so that every difference is told. */
static unsigned same_number(uint64_t a, uint64_t b, const char *what, const char *name)
{
	if (a != b)
		(void)fprintf(stderr, "%s: %s: %lu and %lu\n", what, name, a, b);
	return a == b;
}

static unsigned same_bytes(const void *a, const void *b, size_t length, const char *what, const char *name)
{
	bool same = memcmp(a, b, length) == 0;
	if (!same)
		(void)fprintf(stderr, "%s: %s differ\n", what, name);
	return same;
}

static bool same_interval(const struct outcome_interval *a, const struct outcome_interval *b, const char *what, size_t i)
{
	char name[64];
	(void)snprintf(name, sizeof name, "interval %zu", i);
	bool same = same_bytes(a, b, sizeof *a, what, name);
	if (!same)
		(void)fprintf(stderr, "  received %lu %lu, selected %lu %lu, pending %lu %lu, segments %lu %lu, observations %lu %lu\n", a->received.frames, b->received.frames,
			      a->selected.frames, b->selected.frames, a->pending_after.frames, b->pending_after.frames, a->segments, b->segments, a->observations, b->observations);
	return same;
}

static unsigned same_totals(const struct sk_engine_totals *a, const struct sk_engine_totals *b, const char *what)
{
	unsigned same = same_bytes(&a->received, &b->received, sizeof a->received, what, "received") & same_bytes(&a->selected, &b->selected, sizeof a->selected, what, "selected") &
		    same_bytes(a->gate, b->gate, sizeof a->gate, what, "gate") & same_bytes(a->select, b->select, sizeof a->select, what, "select") &
		    same_bytes(a->classes, b->classes, sizeof a->classes, what, "classes") & same_bytes(&a->flow, &b->flow, sizeof a->flow, what, "flow counters") &
		    same_bytes(a->interface_classes, b->interface_classes, sizeof a->interface_classes, what, "classes by interface") &
		    same_bytes(a->interface_erased, b->interface_erased, sizeof a->interface_erased, what, "reasons by interface") &
		    same_bytes(a->protocols, b->protocols, sizeof a->protocols, what, "protocols") & same_bytes(a->apps, b->apps, sizeof a->apps, what, "applications");
	return same & same_number(a->segments, b->segments, what, "segments") & same_number(a->intervals, b->intervals, what, "intervals") &
	       same_number(a->pending_frames, b->pending_frames, what, "pending") & same_number(a->observations, b->observations, what, "observations") &
	       same_number(a->findings, b->findings, what, "findings") & same_number((uint64_t)a->first_ns, (uint64_t)b->first_ns, what, "first time") &
	       same_number((uint64_t)a->last_ns, (uint64_t)b->last_ns, what, "last time") & same_number(a->capture_lost.frames, b->capture_lost.frames, what, "lost");
}

bool same_outcome(const struct outcome *a, const struct outcome *b, const char *what)
{
	unsigned same = same_number((uint64_t)a->err, (uint64_t)b->err, what, "error") & same_number(a->observations, b->observations, what, "observations") &
		    same_number(a->findings, b->findings, what, "findings") & same_bytes(a->observation_sum, b->observation_sum, sizeof a->observation_sum, what, "observations") &
		    same_bytes(a->finding_sum, b->finding_sum, sizeof a->finding_sum, what, "findings") &
		    same_number(a->own_findings, b->own_findings, what, "own findings") & same_bytes(a->own_sum, b->own_sum, sizeof a->own_sum, what, "own findings") & same_number(a->intervals, b->intervals, what, "intervals") &
		    same_number(a->damages, b->damages, what, "damages") & same_totals(&a->totals, &b->totals, what);
	for (size_t i = 0; i < a->intervals && i < b->intervals && same; i++)
		same = same_interval(&a->interval[i], &b->interval[i], what, i);
	return same != 0;
}

/* ---- traffic ---- */

uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* A packet is built from the inside out: bytes are put in front. */
struct packet {
	uint8_t room[4096];
	size_t start;
};

static void put(struct packet *p, const void *bytes, size_t length)
{
	p->start -= length;
	memcpy(p->room + p->start, bytes, length);
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t length_of(const struct packet *p)
{
	return sizeof p->room - p->start;
}

struct talk {
	bool v6;
	uint8_t from[16], to[16];
};

/* Few hosts on few networks of every side. */
static void random_end(uint32_t *seed, bool v6, uint8_t end[16])
{
	static const uint8_t nets[5][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}, {198, 51, 100}, {10, 1, 1}};
	memset(end, 0, 16);
	if (!v6) {
		memcpy(end, nets[next_random(seed) % 5], 3);
		end[3] = (uint8_t)(next_random(seed) % 12);
		return;
	}
	const uint8_t head[6] = {0x20, 1, 0x0d, 0xb8, 0, (uint8_t)(1 + next_random(seed) % 2)};
	memcpy(end, head, sizeof head);
	end[15] = (uint8_t)(next_random(seed) % 12);
}

static struct talk random_talk(uint32_t *seed)
{
	struct talk talk = {.v6 = next_random(seed) % 4 == 0};
	random_end(seed, talk.v6, talk.from);
	random_end(seed, talk.v6, talk.to);
	return talk;
}

/* fragment: IPv4's flags and offset field; IPv6 gets a fragment header when it is not 0. */
static void put_ip(struct packet *p, const struct talk *talk, uint8_t proto, unsigned fragment, unsigned identification)
{
	if (talk->v6) {
		if (fragment != 0) {
			uint8_t head[8] = {proto};
			put16(head + 2, (fragment & 0x1fff) << 3 | (fragment >> 13 & 1));
			put16(head + 6, identification);
			put(p, head, sizeof head);
			proto = 44;
		}
		uint8_t head[40] = {0x60};
		put16(head + 4, (unsigned)length_of(p));
		head[6] = proto;
		head[7] = 64;
		memcpy(head + 8, talk->from, 16);
		memcpy(head + 24, talk->to, 16);
		put(p, head, sizeof head);
		return;
	}
	uint8_t head[20] = {0x45};
	put16(head + 2, (unsigned)length_of(p) + 20);
	put16(head + 4, identification);
	put16(head + 6, fragment);
	head[8] = 64;
	head[9] = proto;
	memcpy(head + 12, talk->from, 4);
	memcpy(head + 16, talk->to, 4);
	put(p, head, sizeof head);
}

static void put_udp(struct packet *p, unsigned from, unsigned to)
{
	uint8_t head[8] = {0};
	put16(head, from);
	put16(head + 2, to);
	put16(head + 4, (unsigned)length_of(p) + 8);
	put(p, head, sizeof head);
}

static void put_question(struct packet *p, uint32_t *seed)
{
	static const char *const names[] = {"\3www\7example\3com", "\4evil\7example", "\1a\1b\1c\7example\3net"};
	const char *name = names[next_random(seed) % 3];
	uint8_t message[64] = {(uint8_t)next_random(seed), 1, 1, 0, 0, 1};
	size_t length = 12 + strlen(name) + 1;
	memcpy(message + 12, name, strlen(name) + 1);
	put16(message + length, 1);
	put16(message + length + 2, 1);
	put(p, message, length + 4);
}

static void put_transport(struct packet *p, uint32_t *seed, uint8_t *proto)
{
	static const uint8_t flags[] = {2, 0x12, 0x10, 0x18, 0x18, 0x11, 4};
	static const char request[] = "GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
	unsigned client = 40000 + next_random(seed) % 3, what = next_random(seed) % 8;
	if (what < 2) {
		put_question(p, seed);
		put_udp(p, client, 53);
		*proto = 17;
	} else if (what < 6) {
		uint8_t head[20] = {0}, flag = flags[next_random(seed) % sizeof flags];
		if ((flag & 8) != 0)
			put(p, request, sizeof request - 1);
		put16(head, what == 2 ? 80 : client);
		put16(head + 2, what == 2 ? client : 80);
		put16(head + 6, next_random(seed) % 100);
		head[12] = 0x50;
		head[13] = flag;
		put(p, head, sizeof head);
		*proto = 6;
	} else {
		uint8_t bytes[32];
		memset(bytes, (int)(next_random(seed) % 256), sizeof bytes);
		put(p, bytes, 8 + next_random(seed) % 24);
		put_udp(p, client, 4000 + next_random(seed) % 2);
		*proto = 17;
	}
}

/* A packet of a talk, perhaps an error that quotes another talk's. */
static void put_packet(struct packet *p, uint32_t *seed, const struct talk *talk)
{
	uint8_t proto = 17;
	put_transport(p, seed, &proto);
	if (next_random(seed) % 12 == 0) {
		struct talk quoted = random_talk(seed);
		uint8_t head[8] = {3, 1};
		quoted.v6 = talk->v6;
		put_ip(p, &quoted, proto, 0, 0);
		head[0] = talk->v6 ? 1 : 3;
		put(p, head, sizeof head);
		proto = talk->v6 ? 58 : 1;
	}
	put_ip(p, talk, proto, 0, 0);
}

static void put_tunnel(struct packet *p, uint32_t *seed, const struct talk *outer, bool inner_v6)
{
	uint8_t head[12] = {0};
	switch (next_random(seed) % 3) {
	case 0:
		put_ip(p, outer, inner_v6 ? 41 : 4, 0, 0);
		return;
	case 1:
		put16(head + 2, inner_v6 ? 0x86dd : 0x0800);
		put(p, head, 4);
		put_ip(p, outer, 47, 0, 0);
		return;
	default:
		head[0] = 0x30; /* GTP-U */
		head[1] = 255;
		put16(head + 2, (unsigned)length_of(p));
		put(p, head, 8);
		put_udp(p, 2152, 2152);
		put_ip(p, outer, 17, 0, 0);
		return;
	}
}

struct writer {
	FILE *file;
	uint32_t seed;
	unsigned written, left;
	int64_t now_us;
	bool wild;
	/* pieces of datagrams that have not been written yet, to be mixed with other frames */
	struct packet later[8];
	unsigned later_count;
};

/* Wild times: any, for a while; then thousands in a row that are far behind, so that the clock goes back. */
static int64_t time_of(struct writer *w)
{
	if (w->wild && w->written % 8000 == 3000)
		w->now_us = 100000000;
	w->now_us += next_random(&w->seed) % 20000;
	if (next_random(&w->seed) % 300 == 0)
		w->now_us += (int64_t)(next_random(&w->seed) % 200) * 1000000;
	if (!w->wild || w->written % 8000 >= 3000)
		return w->now_us;
	if (next_random(&w->seed) % 2000 == 0)
		w->now_us = (int64_t)(next_random(&w->seed) % 2000000) * 1000;
	return next_random(&w->seed) % 6 == 0 ? (int64_t)(next_random(&w->seed) % 4000) * 1000000 : w->now_us;
}

static void write_frame(struct writer *w, struct packet *p)
{
	uint8_t link[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00};
	if ((p->room[p->start] >> 4) == 6)
		link[12] = 0x86, link[13] = 0xdd;
	put(p, link, sizeof link);
	size_t length = length_of(p), captured = length;
	if (next_random(&w->seed) % 200 == 0)
		p->room[p->start + next_random(&w->seed) % length] ^= (uint8_t)next_random(&w->seed);
	if (next_random(&w->seed) % 100 == 0)
		captured -= next_random(&w->seed) % 20;
	int64_t now = time_of(w);
	const uint32_t head[4] = {(uint32_t)(now / 1000000), (uint32_t)(now % 1000000), (uint32_t)captured, (uint32_t)length};
	(void)fwrite(head, sizeof head, 1, w->file);
	(void)fwrite(p->room + p->start, captured, 1, w->file);
	w->written++;
}

/* Cut what an IP packet of the talk carries into pieces, kept for later in any order. */
static void keep_fragments(struct writer *w, const struct packet *payload, const struct talk *talk, uint8_t proto, bool in_tunnel, const struct talk *outer)
{
	unsigned identification = next_random(&w->seed) & 0xffff;
	size_t length = length_of(payload), step = (8 + next_random(&w->seed) % 3 * 8) & ~7u, pieces = (length + step - 1) / step;
	step = pieces > 4 ? ((length + 3) / 4 + 7) & ~(size_t)7 : step;
	for (size_t at = 0; at < length && w->later_count < 8; at += step) {
		struct packet *p = &w->later[w->later_count];
		size_t part = length - at < step ? length - at : step;
		if (next_random(&w->seed) % 20 == 0)
			continue; /* this one never comes */
		p->start = sizeof p->room;
		put(p, payload->room + payload->start + at, part);
		put_ip(p, talk, proto, (unsigned)(at / 8) | (at + part < length ? 0x2000u : 0), identification);
		if (in_tunnel)
			put_tunnel(p, &w->seed, outer, talk->v6);
		w->later_count++;
	}
}

static void write_later(struct writer *w)
{
	unsigned at = next_random(&w->seed) % w->later_count;
	struct packet p = w->later[at];
	w->later[at] = w->later[--w->later_count];
	write_frame(w, &p);
}

static void write_one(struct writer *w)
{
	struct talk talk = random_talk(&w->seed), outer = random_talk(&w->seed);
	struct packet p;
	uint8_t proto = 17;
	unsigned what = next_random(&w->seed) % 16;
	p.start = sizeof p.room;
	if (w->later_count > 0 && (what < 6 || w->later_count > 4)) {
		write_later(w);
		return;
	}
	if (what < 8) { /* fragments: of a plain packet, of a tunnel, in a tunnel */
		if (what == 7) {
			put_packet(&p, &w->seed, &talk);
			put_ip(&p, &outer, talk.v6 ? 41 : 4, 0, 0);
			p.start += outer.v6 ? 40 : 20;
			keep_fragments(w, &p, &outer, talk.v6 ? 41 : 4, false, NULL);
			return;
		}
		put_transport(&p, &w->seed, &proto);
		keep_fragments(w, &p, &talk, proto, what == 6, &outer);
		return;
	}
	put_packet(&p, &w->seed, &talk);
	for (unsigned depth = what < 11 ? 1 + next_random(&w->seed) % 2 : 0; depth > 0; depth--) {
		put_tunnel(&p, &w->seed, &outer, (p.room[p.start] >> 4) == 6);
		outer = random_talk(&w->seed);
	}
	write_frame(w, &p);
}

unsigned write_traffic(const char *path, uint32_t seed, unsigned count, bool wild)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
	static struct writer w;
	memset(&w, 0, sizeof w);
	w.file = fopen(path, "wb");
	w.seed = seed;
	w.wild = wild;
	w.now_us = INT64_C(1000000000);
	SK_INVARIANT(w.file != NULL);
	(void)fwrite(head, sizeof head, 1, w.file);
	while (w.written < count)
		write_one(&w);
	SK_INVARIANT(fclose(w.file) == 0);
	return w.written;
}
