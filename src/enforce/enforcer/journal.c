/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer's journal: what was taken, what is about to be changed, what was changed. A line is the first 16 hexadecimal digits of the SHA-256 of a canonical JSON object, a space, the object.
   It is synced before a change is made, read at each start, and then written anew with what still counts. A torn last line is what a crash leaves; anything else that does not fit is damage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "enforcer/enforcer_priv.h"
#include "text/text.h"

enum { SUM_DIGITS = 16, LINES_MAX = 256 << 20, FILE_MAX = 1 << 30 };

static const int64_t ns_per_second = 1000000000;
/* What is over is remembered for so long after its window: a clock that had run ahead by less and was set right lets nothing in twice. */
static const int64_t keep_over_ns = INT64_C(100) * 86400 * 1000000000;
static const char *const place_words[] = {"new", "checked", "intended", "set", "canary", "active", "gone"};

/* ---- writing ---- */

static void begin(struct sk_json_writer *w, struct sk_buf *line)
{
	sk_buf_init(line, LINES_MAX);
	sk_json_begin(w, line, true);
	sk_json_object(w, NULL);
}

static void end(struct sk_enforcer *e, struct sk_json_writer *w, struct sk_buf *line)
{
	uint8_t digest[SK_HASH_BYTES];
	char sum[DIGEST_TEXT];
	sk_json_end(w);
	if (line->failed == SK_OK) {
		sk_sha256(line->bytes, line->length, digest);
		sk_hex_encode(digest, SUM_DIGITS / 2, sum);
		sk_buf_addf(&e->journal.lines, "%s %s\n", sum, sk_buf_text(line));
	} else {
		e->journal.lines.failed = line->failed;
	}
	sk_buf_fini(line);
}

/* Which run of the machine, and how long it has run: so that the next start knows how much time has gone by at least. */
static void write_clock(const struct sk_enforcer *e, struct sk_json_writer *w)
{
	sk_json_text(w, "boot", e->boot);
	sk_json_i64(w, "up", enforcer_mono(e));
}

void journal_accept(struct sk_enforcer *e, const struct measure *m)
{
	struct sk_json_writer w;
	struct sk_buf line;
	begin(&w, &line);
	sk_json_text(&w, "action", sk_action_name(m->action));
	sk_json_i64(&w, "at", m->accepted_ns);
	sk_json_hex(&w, "document", m->document, sizeof m->document);
	sk_json_text(&w, "measure", sk_measure_name(sk_action_measure(m->action)));
	sk_json_i64(&w, "not_after", m->not_after_ns);
	sk_json_text(&w, "note", m->note);
	sk_json_text(&w, "order", m->id);
	sk_json_u64(&w, "rate", m->rate_bytes_per_s);
	sk_json_array(&w, "targets");
	for (size_t i = 0; i < m->count; i++)
		sk_json_text(&w, NULL, m->names[i]);
	sk_json_end(&w);
	sk_json_i64(&w, "until", m->until_ns);
	sk_json_hex(&w, "warrant", m->digest, sizeof m->digest);
	sk_json_text(&w, "what", "accept");
	end(e, &w, &line);
}

void journal_place(struct sk_enforcer *e, const char *what, const struct place *place)
{
	struct sk_json_writer w;
	struct sk_buf line;
	begin(&w, &line);
	sk_json_hex(&w, "after", place->after, sizeof place->after);
	sk_json_i64(&w, "at", enforcer_now(e));
	sk_json_hex(&w, "before", place->before, sizeof place->before);
	write_clock(e, &w);
	sk_json_hex(&w, "warrant", place->measure->digest, SK_HASH_BYTES);
	sk_json_text(&w, "what", what);
	sk_json_text(&w, "where", place->target->conf->name);
	end(e, &w, &line);
}

void journal_measure(struct sk_enforcer *e, const char *what, const struct measure *m, const char *why)
{
	struct sk_json_writer w;
	struct sk_buf line;
	begin(&w, &line);
	sk_json_i64(&w, "at", enforcer_now(e));
	sk_json_hex(&w, "previous", m->previous, sizeof m->previous);
	sk_json_u64(&w, "receipts", m->receipts);
	sk_json_hex(&w, "warrant", m->digest, sizeof m->digest);
	sk_json_text(&w, "what", what);
	sk_json_text(&w, "why", why);
	end(e, &w, &line);
}

void journal_over(struct sk_enforcer *e, const uint8_t digest[SK_HASH_BYTES], int64_t until_ns)
{
	struct sk_json_writer w;
	struct sk_buf line;
	begin(&w, &line);
	sk_json_i64(&w, "at", enforcer_now(e));
	sk_json_i64(&w, "until", until_ns);
	sk_json_hex(&w, "warrant", digest, SK_HASH_BYTES);
	sk_json_text(&w, "what", "over");
	end(e, &w, &line);
}

void journal_tick(struct sk_enforcer *e)
{
	struct sk_json_writer w;
	struct sk_buf line;
	begin(&w, &line);
	sk_json_i64(&w, "at", enforcer_now(e));
	write_clock(e, &w);
	sk_json_text(&w, "what", "tick");
	end(e, &w, &line);
}

enum sk_err journal_sync(struct sk_enforcer *e, struct sk_fault *fault)
{
	struct journal *journal = &e->journal;
	if (journal->lines.failed != SK_OK)
		return sk_fault_set(fault, journal->lines.failed, "%s: out of memory", journal->path);
	if (journal->lines.length == 0)
		return SK_OK;
	sk_enforcer_point("before journal");
	for (size_t at = 0; at < journal->lines.length;) {
		ssize_t n = write(journal->fd, journal->lines.bytes + at, journal->lines.length - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sk_fault_errno(fault, errno, "%s: cannot be written; nothing is changed without it", journal->path);
		at += (size_t)n;
	}
	if (fdatasync(journal->fd) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be synced; nothing is changed without it", journal->path);
	journal->written += journal->lines.length;
	sk_buf_reset(&journal->lines);
	sk_enforcer_point("journal");
	return SK_OK;
}

/* ---- reading ---- */

static enum sk_err damaged(const struct sk_enforcer *e, size_t line, const char *what, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_EDAMAGED, "%s:%zu: %s; compare the targets by hand, then move the file away", e->journal.path, line, what);
}

static bool read_action(const struct sk_json_value *line, enum sk_action *out)
{
	const char *measure = sk_json_get_text(line, "measure"), *action = sk_json_get_text(line, "action");
	for (unsigned i = 0; measure != NULL && action != NULL && i < SK_ACTION_COUNT; i++) {
		if (strcmp(sk_action_name((enum sk_action)i), action) == 0 && strcmp(sk_measure_name(sk_action_measure((enum sk_action)i)), measure) == 0) {
			*out = (enum sk_action)i;
			return true;
		}
	}
	return false;
}

static enum sk_err read_accept(struct sk_enforcer *e, const struct sk_json_value *line, const uint8_t digest[SK_HASH_BYTES])
{
	struct measure fields = {0}, *m;
	const char *targets[SK_ORDER_TARGETS_MAX], *order = sk_json_get_text(line, "order"), *note = sk_json_get_text(line, "note");
	const struct sk_json_value *array = sk_json_get(line, "targets");
	if (order == NULL || note == NULL || strlen(order) >= sizeof fields.id || !read_action(line, &fields.action) || array == NULL || array->kind != SK_JSON_ARRAY ||
	    array->length == 0 || array->length > SK_ORDER_TARGETS_MAX || sk_json_get_i64(line, "at", &fields.accepted_ns) != SK_OK ||
	    sk_json_get_i64(line, "until", &fields.until_ns) != SK_OK || sk_json_get_i64(line, "not_after", &fields.not_after_ns) != SK_OK ||
	    sk_json_get_u64(line, "rate", &fields.rate_bytes_per_s) != SK_OK || sk_json_get_hex(line, "document", fields.document, sizeof fields.document) != SK_OK)
		return SK_EMALFORMED;
	for (const struct sk_json_value *value = array->child; value != NULL; value = value->next) {
		if (value->kind != SK_JSON_TEXT)
			return SK_EMALFORMED;
		targets[fields.count++] = value->text;
	}
	memcpy(fields.digest, digest, SK_HASH_BYTES);
	memcpy(fields.id, order, strlen(order) + 1);
	SK_TRY(measure_add(e, &fields, targets, note, &m));
	if (e->target_count == 0)
		return SK_OK;
	/* A target that the configuration had and has not any more: what it holds is not ours to reach. */
	return measure_place_out(e, m, NULL) == SK_ENOMEM ? SK_ENOMEM : SK_OK;
}

static enum sk_err read_place(struct sk_enforcer *e, struct measure *m, const char *what, const char *where, const struct sk_json_value *line)
{
	for (size_t p = 0; p < m->place_count; p++) {
		struct place *place = &m->places[p];
		if (strcmp(place->target->conf->name, where) != 0)
			continue;
		for (unsigned i = 0; i < SK_COUNT(place_words); i++) {
			if (strcmp(place_words[i], what) != 0)
				continue;
			bool held = place->state >= PLACE_INTENDED && place->state < PLACE_GONE;
			bool holds = i >= PLACE_INTENDED && i < PLACE_GONE;
			place->state = (enum place_state)i;
			place->recovered = true;
			if (holds && !held)
				place_hold(place);
			else if (held && !holds)
				place_release(place);
		}
		if (sk_json_get_hex(line, "before", place->before, sizeof place->before) != SK_OK || sk_json_get_hex(line, "after", place->after, sizeof place->after) != SK_OK)
			return SK_EMALFORMED;
		return SK_OK;
	}
	if (e->target_count > 0 && strcmp(what, "gone") != 0)
		(void)snprintf(e->lost, sizeof e->lost, "%s", where);
	return SK_OK;
}

static enum sk_err read_measure(struct sk_enforcer *e, struct measure *m, const char *what, const struct sk_json_value *line)
{
	const char *where = sk_json_get_text(line, "where"), *why = sk_json_get_text(line, "why");
	if (where != NULL)
		return read_place(e, m, what, where, line);
	if (why == NULL || strlen(why) >= sizeof m->why || sk_json_get_u64(line, "receipts", &m->receipts) != SK_OK ||
	    sk_json_get_hex(line, "previous", m->previous, sizeof m->previous) != SK_OK)
		return SK_EMALFORMED;
	static const struct {
		const char *what;
		enum stage stage;
	} stages[] = {{"canary", STAGE_CANARY}, {"rolling", STAGE_ROLLING}, {"active", STAGE_ACTIVE}, {"ending", STAGE_ENDING}};
	for (size_t i = 0; i < SK_COUNT(stages); i++)
		if (strcmp(stages[i].what, what) == 0)
			m->stage = stages[i].stage;
	if (m->stage == STAGE_ENDING && why[0] != '\0')
		memcpy(m->why, why, strlen(why) + 1);
	if (strcmp(what, "closed") == 0) {
		SK_TRY(over_add(e, m->digest, m->not_after_ns));
		measure_remove(e, m);
	}
	return SK_OK;
}

/* At least as late as the journal's last line, and as much later as the machine has run since. */
static void read_time(struct sk_enforcer *e, const struct sk_json_value *line)
{
	int64_t at_ns, up_ns;
	const char *boot = sk_json_get_text(line, "boot");
	if (sk_json_get_i64(line, "at", &at_ns) != SK_OK)
		return;
	if (at_ns > e->latest_ns)
		e->latest_ns = at_ns;
	if (boot == NULL || sk_json_get_i64(line, "up", &up_ns) != SK_OK)
		return;
	e->rebooted = strcmp(boot, e->boot) != 0;
	if (!e->rebooted && enforcer_mono(e) > up_ns && at_ns + enforcer_mono(e) - up_ns > e->latest_ns)
		e->latest_ns = at_ns + enforcer_mono(e) - up_ns;
}

static enum sk_err read_line(struct sk_enforcer *e, const char *text, size_t length, struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	uint8_t digest[SK_HASH_BYTES];
	int64_t until_ns;
	SK_TRY(sk_json_parse(text, length, &doc, fault));
	const struct sk_json_value *line = sk_json_top(doc);
	const char *what = sk_json_get_text(line, "what");
	enum sk_err err = what == NULL ? SK_EMALFORMED : SK_OK;
	if (err == SK_OK)
		read_time(e, line);
	if (err == SK_OK && strcmp(what, "tick") != 0) {
		err = sk_json_get_hex(line, "warrant", digest, sizeof digest) == SK_OK ? SK_OK : SK_EMALFORMED;
		struct measure *m = err == SK_OK ? measure_find(e, digest) : NULL;
		if (err != SK_OK)
			;
		else if (strcmp(what, "accept") == 0)
			err = m == NULL ? read_accept(e, line, digest) : SK_EMALFORMED;
		else if (strcmp(what, "over") == 0)
			err = sk_json_get_i64(line, "until", &until_ns) == SK_OK ? over_add(e, digest, until_ns) : SK_EMALFORMED;
		else if (m != NULL)
			err = read_measure(e, m, what, line);
		else
			err = SK_EMALFORMED;
	}
	sk_json_free(doc);
	return err;
}

static bool sum_fits(const char *line, size_t length)
{
	uint8_t digest[SK_HASH_BYTES];
	char sum[DIGEST_TEXT];
	if (length < SUM_DIGITS + 2 || line[SUM_DIGITS] != ' ')
		return false;
	sk_sha256(line + SUM_DIGITS + 1, length - SUM_DIGITS - 1, digest);
	sk_hex_encode(digest, SUM_DIGITS / 2, sum);
	return memcmp(sum, line, SUM_DIGITS) == 0;
}

static enum sk_err read_lines(struct sk_enforcer *e, const struct sk_buf *file, struct sk_fault *fault)
{
	const char *at = sk_buf_text(file), *end_of_file = at + file->length;
	for (size_t number = 1; at < end_of_file; number++) {
		const char *line_end = memchr(at, '\n', (size_t)(end_of_file - at));
		size_t length = (size_t)((line_end == NULL ? end_of_file : line_end) - at);
		bool last = line_end == NULL || line_end + 1 == end_of_file;
		if (line_end == NULL || !sum_fits(at, length))
			return last ? SK_OK : damaged(e, number, "the line does not fit its sum", fault); /* torn by a crash: what it said was not done yet */
		enum sk_err err = read_line(e, at + SUM_DIGITS + 1, length - SUM_DIGITS - 1, fault);
		if (err == SK_ENOMEM || err == SK_ETOOBIG)
			return sk_fault_set(fault, err, "%s: out of memory", e->journal.path);
		if (err != SK_OK)
			return damaged(e, number, "the line says nothing that is known here", fault);
		at = line_end + 1;
	}
	return SK_OK;
}

static void read_boot(struct sk_enforcer *e)
{
	struct sk_buf text;
	sk_buf_init(&text, sizeof e->boot - 1);
	/* A machine that does not tell has rebooted, as far as we know. */
	if (sk_file_read("/proc/sys/kernel/random/boot_id", &text, NULL) == SK_OK)
		(void)snprintf(e->boot, sizeof e->boot, "%.*s", (int)strcspn(sk_buf_text(&text), "\n"), sk_buf_text(&text));
	sk_buf_fini(&text);
}

enum sk_err journal_read(struct sk_enforcer *e, struct sk_fault *fault)
{
	struct sk_buf file;
	read_boot(e);
	sk_buf_init(&file, FILE_MAX);
	enum sk_err err = sk_file_exists(e->journal.path) ? sk_file_read(e->journal.path, &file, fault) : SK_OK;
	if (err == SK_OK)
		err = read_lines(e, &file, fault);
	sk_buf_fini(&file);
	return err;
}

/* ---- anew ---- */

static void write_anew(struct sk_enforcer *e)
{
	static const char *const stages[] = {"new", "canary", "rolling", "active", "ending", "closed"};
	int64_t now_ns = enforcer_now(e);
	journal_tick(e);
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct over *over = e->overs[i]; over != NULL; over = over->next)
			if (over->until_ns + keep_over_ns > now_ns)
				journal_over(e, over->digest, over->until_ns);
	for (size_t i = 0; i < e->measure_count; i++) {
		const struct measure *m = e->measures[i];
		journal_accept(e, m);
		journal_measure(e, stages[m->stage], m, m->why);
		for (size_t p = 0; p < m->place_count; p++)
			if (m->places[p].state != PLACE_NEW && m->places[p].state != PLACE_CHECKED)
				journal_place(e, place_words[m->places[p].state], &m->places[p]);
	}
}

enum sk_err journal_compact(struct sk_enforcer *e, struct sk_fault *fault)
{
	struct journal *journal = &e->journal;
	if (journal->lines.length > 0)
		SK_TRY(journal_sync(e, fault));
	write_anew(e);
	if (journal->lines.failed != SK_OK)
		return sk_fault_set(fault, journal->lines.failed, "%s: out of memory", journal->path);
	SK_TRY(sk_file_replace(journal->path, journal->lines.bytes, journal->lines.length, 0600, fault));
	sk_buf_reset(&journal->lines);
	journal->written = 0;
	if (journal->fd >= 0)
		(void)close(journal->fd);
	journal->fd = open(journal->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	return journal->fd < 0 ? sk_fault_errno(fault, errno, "%s: cannot be opened", journal->path) : SK_OK;
}

enum sk_err journal_open(struct sk_enforcer *e, struct sk_fault *fault)
{
	sk_buf_init(&e->journal.lines, LINES_MAX);
	SK_TRY(journal_read(e, fault));
	int64_t wall_ns = e->clock.unix_ns(e->clock.context);
	if (wall_ns + ns_per_second < e->latest_ns)
		enforcer_tell(e, "the clock stands before the last time that was seen; what runs out is judged by the later one");
	e->anchor_mono_ns = enforcer_mono(e);
	if (wall_ns > e->latest_ns)
		e->latest_ns = wall_ns;
	return SK_OK;
}

void journal_close(struct sk_enforcer *e)
{
	if (e->journal.fd >= 0)
		(void)close(e->journal.fd);
	sk_buf_fini(&e->journal.lines);
}
