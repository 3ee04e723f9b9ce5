/* SPDX-License-Identifier: Apache-2.0 */
/* The process: folder, time, one turn after another. */
#include "enforcer/enforcer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enforcer/enforcer_priv.h"
#include "text/text.h"

static const int64_t ns_per_second = 1000000000, tick_every_ns = INT64_C(30000000000), jump_ns = INT64_C(5000000000);
static const char key_name[] = "sekisho-enforcer";
enum { ANEW_BYTES = 64 << 20 };

__attribute__((weak)) void sk_enforcer_point(const char *name)
{
	(void)name;
}

void enforcer_tell(struct sk_enforcer *e, const char *format, ...)
{
	char line[SK_FAULT_LINE_MAX];
	va_list args;
	if (e->tell == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof line, format, args);
	va_end(args);
	e->tell(e->tell_context, line);
}

/* ---- time ---- */

int64_t enforcer_mono(const struct sk_enforcer *e)
{
	return e->clock.monotonic_ns(e->clock.context);
}

/* The wall clock, but never before what was seen and what has gone by since: a clock that is set back lengthens nothing. One that is set forward ends things early. rule: ENFORCE-3 */
int64_t enforcer_now(struct sk_enforcer *e)
{
	int64_t wall_ns = e->clock.unix_ns(e->clock.context), mono_ns = enforcer_mono(e), least_ns = e->latest_ns + (mono_ns - e->anchor_mono_ns);
	if (wall_ns + jump_ns < least_ns && !e->clock_told) {
		e->clock_told = true;
		enforcer_tell(e, "the clock was set back; what runs out is judged as if it had not been");
	}
	if (wall_ns > least_ns + jump_ns && e->latest_ns != 0)
		enforcer_tell(e, "the clock was set forward; what runs out by it ends now");
	e->latest_ns = wall_ns > least_ns ? wall_ns : least_ns;
	e->anchor_mono_ns = mono_ns;
	return e->latest_ns;
}

static int64_t clock_unix(void *context)
{
	return enforcer_now(context);
}

static int64_t clock_mono(void *context)
{
	return enforcer_mono(context);
}

static int64_t clock_cpu(void *context)
{
	const struct sk_enforcer *e = context;
	return e->clock.cpu_ns(e->clock.context);
}

/* ---- the folder ---- */

static enum sk_err lock_folder(struct sk_enforcer *e, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct stat info;
	SK_TRY(sk_file_make_folder(e->conf->folder, 0700, fault));
	if (stat(e->conf->folder, &info) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be read", e->conf->folder);
	if ((info.st_mode & 022) != 0)
		return sk_fault_set(fault, SK_EPERMS, "%s: others may write there; chmod go-w", e->conf->folder);
	SK_TRY(sk_file_join(path, sizeof path, e->conf->folder, "lock"));
	e->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (e->lock_fd < 0)
		return sk_fault_errno(fault, errno, "%s: cannot be opened", path);
	if (flock(e->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return sk_fault_set(fault, SK_ELOCKED, "%s: another enforcer holds it", e->conf->folder);
	SK_TRY(sk_file_join(e->out, sizeof e->out, e->conf->folder, "out"));
	return sk_file_make_folder(e->out, 0750, fault);
}

/* No secret has a default: the first start makes it. */
static enum sk_err load_key(struct sk_enforcer *e, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], public_path[SK_PATH_MAX], text[SK_VKEY_TEXT_MAX + 1];
	SK_TRY(sk_file_join(path, sizeof path, e->conf->folder, "enforcer.key"));
	SK_TRY(sk_file_join(public_path, sizeof public_path, e->out, "enforcer.vkey"));
	if (!sk_file_exists(path)) {
		SK_TRY(sk_sign_key_new(key_name, &e->key));
		SK_TRY(sk_sign_key_save(e->key, path, fault));
	} else {
		SK_TRY(sk_sign_key_load(path, &e->key, fault));
	}
	if (sk_file_exists(public_path))
		return SK_OK;
	(void)sk_verify_key_format(sk_sign_key_public(e->key), text);
	size_t length = strlen(text);
	text[length] = '\n';
	return sk_file_replace(public_path, text, length + 1, 0644, fault);
}

/* ---- targets ---- */

static bool is_named(void *context, const struct sk_addr *addr)
{
	const struct target *t = context;
	const struct sk_enforcer *e = t->enforcer;
	struct sk_prefix prefix;
	for (size_t i = 0; i < e->measure_count; i++)
		for (size_t k = 0; k < e->measures[i]->count; k++)
			if (sk_prefix_parse(e->measures[i]->names[k], &prefix) == SK_OK && sk_prefix_holds(&prefix, addr))
				return true;
	return false;
}

static enum sk_err open_target(struct target *t, const struct sk_enforcer_target *conf, const char *folder, struct sk_clock clock, const struct sk_sign_key *key, struct sk_fault *fault)
{
	t->conf = conf;
	t->backend = conf->backend;
	(void)snprintf(t->folder, sizeof t->folder, "%s", folder);
	const struct sk_backend_place place = {.name = conf->name, .folder = t->folder, .settings = &conf->settings, .clock = clock, .key = key, .named = is_named, .named_context = t};
	return t->backend->open(&place, &t->self, fault);
}

static enum sk_err open_targets(struct sk_enforcer *e, struct sk_fault *fault)
{
	const struct sk_clock clock = {.unix_ns = clock_unix, .monotonic_ns = clock_mono, .cpu_ns = clock_cpu, .context = e};
	char folder[SK_PATH_MAX];
	e->targets = calloc(e->conf->target_count, sizeof *e->targets);
	if (e->targets == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (size_t i = 0; i < e->conf->target_count; i++) {
		int n = snprintf(folder, sizeof folder, "%.3900s/targets/%s", e->conf->folder, e->conf->targets[i].name);
		SK_INVARIANT(n > 0 && n < SK_PATH_MAX);
		SK_TRY(sk_file_make_folder(folder, 0700, fault));
		e->targets[i].enforcer = e;
		SK_TRY(open_target(&e->targets[i], &e->conf->targets[i], folder, clock, e->key, fault));
		e->target_count++;
	}
	return sk_settings_all_known(e->conf->file, fault);
}

enum sk_err sk_enforcer_conf_check(const struct sk_enforcer_conf *conf, struct sk_clock clock, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	for (size_t i = 0; err == SK_OK && i < conf->target_count; i++) {
		struct target *t = calloc(1, sizeof *t);
		if (t == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "out of memory");
		err = open_target(t, &conf->targets[i], conf->folder, clock, NULL, fault);
		if (err == SK_OK)
			t->backend->close(t->self);
		free(t);
	}
	return err == SK_OK ? sk_settings_all_known(conf->file, fault) : err;
}

/* ---- after a start ---- */

/* Was each measure that is going on warranted, by what the configuration trusts today, and is nothing of it protected today? */
static enum sk_err check_again(struct sk_enforcer *e, struct sk_fault *fault)
{
	struct sk_warrant_trust trust = {.centre = &e->conf->centre};
	struct sk_warrant *warrant = malloc(sizeof *warrant);
	enum sk_err err = warrant == NULL ? sk_fault_set(fault, SK_ENOMEM, "out of memory") : SK_OK;
	memcpy(trust.quorum, e->conf->quorum, sizeof trust.quorum);
	for (size_t i = 0; err == SK_OK && i < e->measure_count; i++) {
		struct measure *m = e->measures[i];
		struct sk_fault why;
		char line[SK_RECEIPT_DETAIL_MAX];
		if (m->stage >= STAGE_ENDING)
			continue;
		bool good = sk_warrant_decode(m->note, strlen(m->note), &trust, m->accepted_ns, warrant, &why) == SK_OK &&
			    memcmp(warrant->digest, m->digest, SK_HASH_BYTES) == 0 && warrant->order.target_count == m->count && warrant->order.action == m->action &&
			    sk_warrant_until(warrant, m->accepted_ns) == m->until_ns;
		for (size_t k = 0; good && k < m->count; k++)
			good = strcmp(warrant->order.targets[k], m->names[k]) == 0 && sk_guard_check(e->conf->guard, sk_action_measure(m->action), m->names[k], &why) == SK_OK;
		if (good)
			continue;
		(void)snprintf(line, sizeof line, "protected or not warranted any more: %.440s", why.line);
		err = measure_end(e, m, line, fault);
	}
	free(warrant);
	return err;
}

/* What each target holds by the journal; after the machine's own restart nothing that forgets. */
static void take_up(struct sk_enforcer *e)
{
	for (size_t i = 0; i < e->measure_count; i++) {
		struct measure *m = e->measures[i];
		for (size_t p = 0; p < m->place_count; p++) {
			struct place *place = &m->places[p];
			bool held = place->state >= PLACE_INTENDED && place->state < PLACE_GONE;
			bool lost = held && e->rebooted && place->target->backend->forgets && m->stage < STAGE_ENDING;
			place->since_ns = enforcer_mono(e); /* what waits for an effect, or for the canary's time, waits anew */
			/* The journal has no dry runs; who has come to the canary has passed them all. */
			if (place->state == PLACE_NEW && (m->stage == STAGE_CANARY || m->stage == STAGE_ROLLING))
				place->state = PLACE_CHECKED;
			if (lost) {
				place->state = PLACE_INTENDED;
				if (m->stage == STAGE_ACTIVE)
					m->stage = STAGE_ROLLING;
			}
			for (size_t k = 0; held && k < m->count; k++) {
				struct element *element = place->elements[k];
				if (m->until_ns > element->item.until_ns)
					element->item.until_ns = m->until_ns;
				element->set = element->set || (!lost && place->state >= PLACE_SET);
			}
		}
	}
}

static enum sk_err start(struct sk_enforcer *e, struct sk_fault *fault)
{
	SK_TRY(lock_folder(e, fault));
	SK_TRY(load_key(e, fault));
	SK_TRY(open_targets(e, fault));
	SK_TRY(journal_open(e, fault));
	for (size_t i = 0; i < e->measure_count; i++)
		if (e->measures[i]->lost[0] != '\0')
			return sk_fault_set(fault, SK_EINPUT, "the target '%s' holds something of order %s by the journal and is not in the configuration any more; keep it until nothing is left there",
					    e->measures[i]->lost, e->measures[i]->id);
	take_up(e);
	SK_TRY(receipts_adopt(e, fault));
	SK_TRY(journal_compact(e, fault));
	SK_TRY(check_again(e, fault));
	return receipts_flush(e, fault);
}

enum sk_err sk_enforcer_open(const struct sk_enforcer_conf *conf, struct sk_clock clock, sk_enforcer_tell tell, void *context, struct sk_enforcer **out, struct sk_fault *fault)
{
	struct sk_enforcer *e = calloc(1, sizeof *e);
	if (e == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	e->conf = conf;
	e->clock = clock;
	e->tell = tell;
	e->tell_context = context;
	e->lock_fd = e->journal.fd = -1;
	e->anchor_mono_ns = enforcer_mono(e);
	sk_random(e->sip, sizeof e->sip);
	enum sk_err err = sk_file_join(e->journal.path, sizeof e->journal.path, conf->folder, "journal");
	if (err == SK_OK)
		err = start(e, fault);
	if (err != SK_OK) {
		sk_enforcer_close(e);
		return err;
	}
	*out = e;
	return SK_OK;
}

void sk_enforcer_close(struct sk_enforcer *e)
{
	if (e == NULL)
		return;
	measures_free(e);
	for (size_t i = 0; i < e->target_count; i++)
		e->targets[i].backend->close(e->targets[i].self);
	free(e->targets);
	journal_close(e);
	sk_sign_key_free(e->key);
	if (e->lock_fd >= 0)
		(void)close(e->lock_fd);
	free(e->files);
	free(e->receipts);
	free(e);
}

const struct sk_verify_key *sk_enforcer_key(const struct sk_enforcer *e)
{
	return sk_sign_key_public(e->key);
}

/* ---- a turn ---- */

static enum sk_err close_measure(struct sk_enforcer *e, struct measure *m, struct sk_fault *fault)
{
	struct sk_warrant_receipt receipt;
	m->stage = STAGE_CLOSED;
	receipt_begin(e, m, NULL, SK_STEP_CLOSED, &receipt);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", m->why);
	if (!m->closed_told)
		SK_TRY(receipt_add(e, m, &receipt, fault));
	journal_measure(e, "closed", m, m->why);
	if (over_add(e, m->digest, m->not_after_ns) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	return SK_OK;
}

static bool all_places(const struct measure *m, enum place_state state)
{
	for (size_t p = 0; p < m->place_count; p++)
		if (m->places[p].state != state)
			return false;
	return true;
}

/* Has a measure come as far as its next stage? */
static enum sk_err advance(struct sk_enforcer *e, struct measure *m, struct sk_fault *fault)
{
	if (m->stage < STAGE_ENDING && enforcer_now(e) >= m->until_ns)
		SK_TRY(measure_end(e, m, "expired", fault));
	if (m->stage == STAGE_NEW && all_places(m, PLACE_CHECKED)) {
		m->stage = STAGE_CANARY;
		journal_measure(e, "canary", m, "");
	}
	if (m->stage == STAGE_CANARY && m->places[0].state == PLACE_CANARY && enforcer_mono(e) - m->places[0].since_ns >= e->conf->canary_ns) {
		m->stage = STAGE_ROLLING;
		journal_measure(e, "rolling", m, "");
	}
	if (m->stage == STAGE_ROLLING && all_places(m, PLACE_ACTIVE)) {
		m->stage = STAGE_ACTIVE;
		journal_measure(e, "active", m, "");
		enforcer_tell(e, "%s: in force", m->id);
	}
	if (m->stage == STAGE_ENDING && all_places(m, PLACE_GONE))
		SK_TRY(close_measure(e, m, fault));
	return SK_OK;
}

static enum sk_err advance_all(struct sk_enforcer *e, struct sk_fault *fault)
{
	for (size_t i = 0; i < e->measure_count; i++)
		SK_TRY(advance(e, e->measures[i], fault));
	SK_TRY(receipts_flush(e, fault));
	for (size_t i = e->measure_count; i-- > 0;)
		if (e->measures[i]->stage == STAGE_CLOSED)
			measure_remove(e, e->measures[i]);
	return SK_OK;
}

static void count(struct sk_enforcer *e, struct sk_enforcer_load *load)
{
	int64_t mono_ns = enforcer_mono(e);
	*load = (struct sk_enforcer_load){.measures = e->measure_count, .moving = e->scan_ns == 0}; /* 0: there may be more in the inbox */
	for (size_t i = 0; i < e->measure_count; i++) {
		const struct measure *m = e->measures[i];
		bool waits = false;
		if (m->stage == STAGE_ACTIVE) {
			load->active++;
			continue;
		}
		for (size_t p = 0; p < m->place_count; p++)
			waits = waits || m->places[p].not_before_ns > mono_ns;
		waits = waits || (m->stage == STAGE_CANARY && m->places[0].state == PLACE_CANARY);
		if (waits)
			load->waiting++;
		else
			load->moving++;
	}
}

static void turn_backends(struct sk_enforcer *e)
{
	int64_t mono_ns = enforcer_mono(e);
	for (size_t i = 0; i < e->target_count; i++) {
		struct target *t = &e->targets[i];
		struct sk_fault why;
		if (t->backend->turn == NULL || t->turn_ns > mono_ns)
			continue;
		t->turn_ns = mono_ns + ns_per_second;
		bool failed = t->backend->turn(t->self, &why) != SK_OK;
		if (failed && !t->turn_failed)
			enforcer_tell(e, "%s", why.line);
		t->turn_failed = failed;
	}
}

//= rule: ENFORCE-1
enum sk_err sk_enforcer_turn(struct sk_enforcer *e, struct sk_enforcer_load *load, struct sk_fault *fault)
{
	int64_t mono_ns = enforcer_mono(e);
	if (mono_ns >= e->tick_ns) {
		e->tick_ns = mono_ns + tick_every_ns;
		journal_tick(e);
		SK_TRY(e->journal.written > ANEW_BYTES ? journal_compact(e, fault) : journal_sync(e, fault));
	}
	turn_backends(e);
	/* What has run out goes first, before anything new is even read. */
	SK_TRY(advance_all(e, fault));
	for (size_t i = 0; i < e->target_count; i++)
		SK_TRY(step_clear(e, &e->targets[i], fault));
	if (mono_ns >= e->scan_ns) {
		e->scan_ns = mono_ns + e->conf->poll_ns;
		SK_TRY(inbox_scan(e, fault));
	}
	for (size_t i = 0; i < e->target_count; i++)
		SK_TRY(step_check(e, &e->targets[i], fault));
	SK_TRY(advance_all(e, fault));
	for (size_t i = 0; i < e->target_count; i++)
		SK_TRY(step_set(e, &e->targets[i], fault));
	for (size_t i = 0; i < e->target_count; i++)
		SK_TRY(step_effect(e, &e->targets[i], SK_REACH_CANARY, fault));
	for (size_t i = 0; i < e->target_count; i++)
		SK_TRY(step_effect(e, &e->targets[i], SK_REACH_ALL, fault));
	for (size_t i = 0; i < e->target_count; i++)
		SK_TRY(step_watch(e, &e->targets[i], fault));
	SK_TRY(advance_all(e, fault));
	count(e, load);
	return SK_OK;
}

enum sk_err sk_enforcer_trust_clock(struct sk_enforcer *e, struct sk_fault *fault)
{
	if (e->measure_count > 0)
		return sk_fault_set(fault, SK_EUSAGE, "%zu measures are there; a clock that ran ahead is set right when none is", e->measure_count);
	e->latest_ns = e->clock.unix_ns(e->clock.context);
	e->anchor_mono_ns = enforcer_mono(e);
	return journal_compact(e, fault);
}

enum sk_err sk_enforcer_list(const char *folder, struct sk_clock clock, void (*told)(void *context, const struct sk_enforcer_row *row), void *context, struct sk_fault *fault)
{
	static const char *const stages[] = {"new", "canary", "rolling", "active", "ending", "closed"};
	struct sk_enforcer *e = calloc(1, sizeof *e);
	if (e == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	e->lock_fd = e->journal.fd = -1;
	e->clock = clock;
	sk_buf_init(&e->journal.lines, 0);
	enum sk_err err = sk_file_join(e->journal.path, sizeof e->journal.path, folder, "journal");
	if (err == SK_OK && !sk_file_exists(e->journal.path))
		err = sk_fault_set(fault, SK_ENOENT, "%s: there is no enforcer's journal", folder);
	if (err == SK_OK)
		err = journal_read(e, fault);
	for (size_t i = 0; err == SK_OK && i < e->measure_count; i++) {
		const struct measure *m = e->measures[i];
		const struct sk_enforcer_row row = {.order = m->id, .stage = stages[m->stage], .why = m->why, .action = m->action, .target_count = m->count,
						    .targets = (const char *const *)m->names, .accepted_ns = m->accepted_ns, .until_ns = m->until_ns};
		struct sk_enforcer_row copy = row;
		memcpy(copy.warrant, m->digest, SK_HASH_BYTES);
		told(context, &copy);
	}
	sk_enforcer_close(e);
	return err;
}
