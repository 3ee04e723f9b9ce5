/* SPDX-License-Identifier: Apache-2.0 */
/* A sensor that counts: requests out of the workspace into the detectors of all its links, and numbers back. Sketches and their keys are in memory alone; what is written is a number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/counts.h"
#include "text/json.h"
#include "text/text.h"

enum { SEEN_MAX = 1024, CONTENT_MAX = 65536 };
static const int64_t second_ns = 1000000000, turn_ns = 200000000;

struct running {
	struct sk_count_request request;
	ino_t file;
	struct timespec modified;
	bool found;                        /* in this look */
	uint8_t key[SK_COUNTER_KEY_BYTES];
	int64_t since_ns;
	uint64_t begun;                    /* before the kits that count now */
	bool over;                         /* in packet time: the number does not change any more */
};

/* A file that was looked at and is not running. */
struct seen {
	ino_t file;
	struct timespec modified;
	uint8_t basis[SK_HASH_BYTES];      /* under which it was refused: another may allow it */
};

struct sk_counting {
	struct sk_counting_options options;
	uint8_t basis[SK_HASH_BYTES];      /* digest of the one that was looked under last */
	size_t count, seen_count;
	struct running *requests[SK_COUNTER_MAX];
	struct seen seen[SEEN_MAX];
	int64_t turned_ns;                 /* monotonic */
	bool changed;                      /* the ledger has to be told */
};

static int64_t now_of(const struct sk_counting *c)
{
	return c->options.clock.unix_ns(c->options.clock.context);
}

static void refuse(struct sk_counting *c, const struct sk_fault *fault)
{
	if (c->options.refused != NULL)
		c->options.refused(c->options.context, fault);
}

/* ---- in the detectors ---- */

static size_t kits_of(const struct sk_counting *c, struct sk_kit *kits[SK_CREWS_MAX])
{
	for (size_t i = 0; i < c->options.crew_count; i++)
		kits[i] = sk_crew_kit(c->options.crews[i]);
	return c->options.crew_count;
}

/* In every kit that does not have it: all of them at first, those that a reload made later. Then the whole count begins anew, so that its time is one. */
static enum sk_err put_in(struct sk_counting *c, struct running *r, struct sk_fault *fault)
{
	struct sk_kit *kits[SK_CREWS_MAX];
	size_t count = kits_of(c, kits);
	bool missing = false;
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count; i++)
		missing |= !sk_counter_runs(kits[i], r->request.digest);
	if (!missing)
		return SK_OK;
	int64_t left_ns = r->request.until_ns - now_of(c);
	for (size_t i = 0; i < count; i++)
		sk_counter_end(kits[i], r->request.digest);
	sk_random(r->key, sizeof r->key);
	for (size_t i = 0; i < count && err == SK_OK; i++)
		err = sk_counter_begin(kits[i], &r->request, (uint32_t)((left_ns + second_ns - 1) / second_ns), r->key, fault);
	sk_wipe(r->key, sizeof r->key);
	r->since_ns = now_of(c);
	r->begun++;
	r->over = false;
	return err;
}

static void take_out(const struct sk_counting *c, const struct running *r)
{
	struct sk_kit *kits[SK_CREWS_MAX];
	size_t count = kits_of(c, kits);
	for (size_t i = 0; i < count; i++)
		sk_counter_end(kits[i], r->request.digest);
}

static void forget(struct sk_counting *c, size_t at)
{
	take_out(c, c->requests[at]);
	sk_wipe(c->requests[at], sizeof *c->requests[at]);
	free(c->requests[at]);
	c->requests[at] = c->requests[--c->count];
	c->changed = true;
}

/* ---- numbers ---- */

static void tell(struct sk_counting *c, struct running *r, const char *state)
{
	struct sk_kit *kits[SK_CREWS_MAX];
	struct sk_counter_answer answer;
	struct sk_fault fault;
	size_t count = kits_of(c, kits);
	if (!sk_counter_read(kits, count, r->request.digest, sk_policy_small_cell(), &answer))
		return;
	r->over |= answer.over;
	struct sk_count_told told = {.small = answer.small, .hosts = answer.hosts, .seconds = answer.seconds, .begun = r->begun + answer.begun - 1, .since_ns = r->since_ns, .told_ns = now_of(c)};
	memcpy(told.request, r->request.digest, sizeof told.request);
	(void)snprintf(told.state, sizeof told.state, "%s", r->over ? "counted" : state);
	if (sk_counts_tell(c->options.workspace, r->request.id, &told, &fault) != SK_OK)
		refuse(c, &fault);
}

void sk_counting_tell(struct sk_counting *counting, bool last)
{
	for (size_t i = 0; counting != NULL && i < counting->count; i++)
		tell(counting, counting->requests[i], last ? "stopped" : "counting");
}

/* ---- the ledger ---- */

//= rule: COUNT-3
static enum sk_err tell_ledger(struct sk_counting *c, struct sk_fault *fault)
{
	struct sk_buf content;
	struct sk_json_writer w;
	if (!c->changed)
		return SK_OK;
	sk_buf_init(&content, CONTENT_MAX);
	sk_json_begin(&w, &content, true);
	sk_json_object(&w, NULL);
	sk_json_array(&w, "counts");
	for (size_t i = 0; i < c->count; i++) {
		sk_json_object(&w, NULL);
		sk_json_text(&w, "id", c->requests[i]->request.id);
		sk_json_hex(&w, "request", c->requests[i]->request.digest, SK_HASH_BYTES);
		sk_json_end(&w);
	}
	sk_json_end(&w);
	sk_json_end(&w);
	enum sk_err err = content.failed != SK_OK ? sk_fault_set(fault, content.failed, "the counts cannot be written down: %s", sk_err_text(content.failed))
						  : sk_collector_counts(c->options.collector, c->count, &content, fault);
	sk_buf_fini(&content);
	if (err == SK_OK)
		c->changed = false;
	return err;
}

/* ---- the folder ---- */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool was_seen(const struct sk_counting *c, const struct stat *file)
{
	for (size_t i = 0; i < c->seen_count && i < SEEN_MAX; i++)
		if (c->seen[i].file == file->st_ino && same_time(&c->seen[i].modified, &file->st_mtim) && memcmp(c->seen[i].basis, c->basis, SK_HASH_BYTES) == 0)
			return true;
	return false;
}

static void note_seen(struct sk_counting *c, ino_t file, const struct timespec *modified)
{
	struct seen *at = &c->seen[c->seen_count++ % SEEN_MAX];
	*at = (struct seen){.file = file, .modified = *modified};
	memcpy(at->basis, c->basis, sizeof at->basis);
}

/* How often it began before this process did. */
static uint64_t begun_before(const struct sk_counting *c, const struct sk_count_request *request)
{
	struct sk_count_told told;
	struct sk_fault ignored;
	return sk_counts_told(c->options.workspace, request, &told, &ignored) == SK_OK ? told.begun : 0;
}

static enum sk_err take_up(struct sk_counting *c, const struct sk_basis *basis, const char *id, const struct stat *file, struct sk_fault *fault)
{
	struct running *r = calloc(1, sizeof *r);
	bool ended = false;
	if (r == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "count %s: out of memory", id);
	enum sk_err err = sk_counts_request(c->options.workspace, id, &r->request, &ended, fault);
	if (err == SK_OK && ended)
		err = sk_fault_set(fault, SK_EEXPIRED, "count %s: it was ended", id);
	if (err == SK_OK)
		err = sk_count_request_runs(&r->request, basis, now_of(c), fault);
	if (err == SK_OK && c->options.crew_count == 0)
		err = sk_fault_set(fault, SK_EPERMIT, "count %s: no link is watched here, and flow exports run no detectors", id);
	for (size_t i = 0; err == SK_OK && c->options.no_heads && i < r->request.target_count; i++)
		if (r->request.targets[i].prefix.addr.family == 0)
			err = sk_fault_set(fault, SK_EPERMIT, "count %s: it asks about a name, and protocol heads are not read here", id);
	if (err == SK_OK && c->count == SK_COUNTER_MAX)
		err = sk_fault_set(fault, SK_ETOOBIG, "count %s: %d counts run, and there is room for no more", id, SK_COUNTER_MAX);
	if (err != SK_OK) {
		free(r);
		return err;
	}
	r->file = file->st_ino;
	r->modified = file->st_mtim;
	r->found = true;
	r->begun = begun_before(c, &r->request);
	c->requests[c->count++] = r;
	c->changed = true;
	return SK_OK;
}

struct look {
	struct sk_counting *counting;
	const struct sk_basis *basis;
};

static enum sk_err look_at(void *context, const char *id, const struct stat *file, struct sk_fault *fault)
{
	const struct look *look = context;
	struct sk_counting *c = look->counting;
	struct sk_fault why;
	(void)fault;
	for (size_t i = 0; i < c->count; i++)
		if (c->requests[i]->file == file->st_ino && same_time(&c->requests[i]->modified, &file->st_mtim)) {
			c->requests[i]->found = true;
			return SK_OK;
		}
	if (was_seen(c, file))
		return SK_OK;
	enum sk_err err = take_up(c, look->basis, id, file, &why);
	/* What begins later is looked at again; what is over is no news. */
	if (err == SK_OK || err == SK_EFUTURE)
		return SK_OK;
	note_seen(c, file->st_ino, &file->st_mtim);
	if (err != SK_EEXPIRED)
		refuse(c, &why);
	return SK_OK;
}

/* The ledger first, then the detectors. */
static enum sk_err begin_all(struct sk_counting *c, struct sk_fault *fault)
{
	SK_TRY(tell_ledger(c, fault));
	for (size_t i = 0; i < c->count;) {
		struct sk_fault why;
		struct running *r = c->requests[i];
		if (put_in(c, r, &why) == SK_OK) {
			i++;
			continue;
		}
		refuse(c, &why);
		note_seen(c, r->file, &r->modified);
		forget(c, i);
	}
	return tell_ledger(c, fault);
}

enum sk_err sk_counting_look(struct sk_counting *counting, const struct sk_basis *basis, struct sk_fault *fault)
{
	struct sk_fault why;
	struct look look = {counting, basis};
	memcpy(counting->basis, basis->digest, sizeof counting->basis);
	for (size_t i = 0; i < counting->count; i++)
		counting->requests[i]->found = false;
	if (sk_counts_each(counting->options.workspace, "request", look_at, &look, &why) != SK_OK)
		refuse(counting, &why);
	for (size_t i = 0; i < counting->count;) {
		if (counting->requests[i]->found)
			i++;
		else
			forget(counting, i); /* ended by whoever asked */
	}
	return begin_all(counting, fault);
}

//= rule: COUNT-2
enum sk_err sk_counting_turn(struct sk_counting *counting, struct sk_fault *fault)
{
	if (counting->count == 0)
		return SK_OK;
	int64_t monotonic_ns = counting->options.clock.monotonic_ns(counting->options.clock.context), now_ns = now_of(counting);
	if (monotonic_ns - counting->turned_ns < turn_ns)
		return SK_OK;
	counting->turned_ns = monotonic_ns;
	for (size_t i = 0; i < counting->count;) {
		struct running *r = counting->requests[i];
		if (now_ns < r->request.until_ns) {
			i++;
			continue;
		}
		r->over = true;
		tell(counting, r, "counted");
		note_seen(counting, r->file, &r->modified);
		forget(counting, i);
	}
	return begin_all(counting, fault);
}

/* ---- life ---- */

enum sk_err sk_counting_new(const struct sk_counting_options *options, struct sk_counting **out, struct sk_fault *fault)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(*out)->options = *options;
	return SK_OK;
}

size_t sk_counting_running(const struct sk_counting *counting)
{
	return counting != NULL ? counting->count : 0;
}

void sk_counting_free(struct sk_counting *counting)
{
	for (size_t i = 0; counting != NULL && i < counting->count; i++) {
		sk_wipe(counting->requests[i], sizeof *counting->requests[i]);
		free(counting->requests[i]);
	}
	free(counting);
}
