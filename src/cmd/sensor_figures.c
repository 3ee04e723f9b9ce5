/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensor says of itself: the snapshot of figures, and once a second the events that a person wants to read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd/sensor_priv.h"

enum { PPM = 1000000, PPM_A_THOUSANDTH = 1000, STATUS_BYTES = 4096, KIB = 1024, SHED_LEVELS = 4 };

/* ---- a link ---- */

static void put_cell(struct sk_metrics_cells *cells, const char *name, const struct sk_cell *more)
{
	size_t at = 0;
	while (at < cells->count && strncmp(cells->cells[at].name, name, sizeof cells->cells[at].name) != 0)
		at++;
	if (at == SK_CELLS_MAX)
		return;
	struct sk_cell *cell = &cells->cells[at];
	if (at == cells->count) {
		(void)snprintf(cell->name, sizeof cell->name, "%s", name);
		cells->count++;
	}
	cell->frames += more->frames;
	cell->bytes += more->bytes;
}

static void add(struct sk_cell *to, const struct sk_cell *more)
{
	to->frames += more->frames;
	to->bytes += more->bytes;
}

static uint64_t sum(const struct sk_metrics_cells *cells)
{
	uint64_t frames = 0;
	for (size_t i = 0; i < cells->count; i++)
		frames += cells->cells[i].frames;
	return frames;
}

static void put_fates(struct sk_metrics_link *out, const struct sk_cell *gate, const struct sk_cell *select, const struct sk_cell *classes)
{
	for (int reason = 1; reason < SK_GATE_REASON_COUNT; reason++)
		put_cell(&out->gate, sk_gate_reason_name((enum sk_gate_reason)reason), &gate[reason]);
	for (int reason = 0; reason < SK_SELECT_REASON_COUNT; reason++)
		put_cell(&out->select, sk_select_reason_name((enum sk_select_reason)reason), &select[reason]);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		put_cell(&out->classes, sk_class_name((enum sk_class)class_), &classes[class_]);
}

/* What was received and has no fate yet; figures of workers are a tenth of a second apart, so it may lie below nothing for a moment. */
static uint64_t pending_of(const struct sk_metrics_link *link)
{
	uint64_t over = sum(&link->gate) + sum(&link->select) + sum(&link->lost) + link->selected.frames;
	return link->received.frames > over ? link->received.frames - over : 0;
}

static void add_process(struct sk_metrics *out, const struct sk_crew_stats *stats)
{
	out->flows += stats->flows_live;
	out->flows_created += stats->flows_created;
	out->flows_evicted += stats->flows_evicted;
	out->flows_ended += stats->flows_created - stats->flows_evicted - stats->flows_live;
	out->observations += stats->observations;
	out->heads_shed += stats->heads_shed + stats->stream_heads_shed;
	out->facts_shed += stats->facts_shed + stats->facts_closed_early;
	out->spool_full += stats->spool_full;
	out->events_lost += stats->events_lost;
	out->shed_stage = stats->shed > out->shed_stage ? stats->shed : out->shed_stage;
	out->snapshot = stats->snapshot > out->snapshot ? stats->snapshot : out->snapshot;
}

static void fill_worker(const struct sensor *sensor, unsigned number, const struct sk_crew_stats *stats, struct sk_metrics *out)
{
	if (number >= SK_METRICS_WORKERS_MAX)
		return;
	uint64_t fullest = stats->backlog > stats->spool_fill ? stats->backlog : stats->spool_fill;
	fullest = stats->exchange_fill > fullest ? stats->exchange_fill : fullest;
	int64_t age_ns = out->monotonic_ns - stats->told_ns;
	out->workers[number] = (struct sk_metrics_worker){.turn_ns = age_ns > 0 ? age_ns : 0, .busy_ratio = sensor->workers[number].busy_ppm, .ring_ratio = fullest * PPM_A_THOUSANDTH,
							  .frames = stats->received.frames, .exchanged = stats->passed.frames, .flows_live = stats->flows_live};
	out->worker_count = number + 1 > out->worker_count ? number + 1 : out->worker_count;
}

static void fill_health(const struct sensor_link *link, struct sk_metrics_link *to)
{
	struct sk_pulse_state state;
	if (!sk_crew_health(link->crew, &state))
		return;
	to->health = sk_pulse_standing(&state);
	to->health_usual = (uint64_t)state.usual[SK_PULSE_ALL];
	to->health_seen = (uint64_t)state.seen[SK_PULSE_ALL];
	to->health_silent_ns = state.since_ns;
	to->health_networks = state.networks;
	to->health_named = state.named;
	to->health_countries = state.countries;
	to->health_downs = state.downs;
	to->health_degradations = state.degradations;
	to->health_shifts = state.shifts;
}

static void fill_link(const struct sensor *sensor, const struct sensor_link *link, struct sk_metrics *out)
{
	struct sk_metrics_link *to = &out->links[out->link_count++];
	const struct sk_live_facts *facts = &link->facts;
	(void)snprintf(to->name, sizeof to->name, "%s", link->conf->name);
	(void)snprintf(to->mode, sizeof to->mode, "%s", link->live == NULL ? "pipe" : !facts->xdp ? "packet_filter" : facts->native ? "xdp_native" : "xdp_generic");
	to->up = !link->gone && (link->live == NULL || sk_live_is_up(link->live));
	to->lost_ratio = link->lost_ppm;
	for (unsigned worker = 0; worker < link->workers; worker++) {
		struct sk_crew_stats stats;
		sk_crew_stats(link->crew, worker, &stats);
		add(&to->received, &stats.received);
		add(&to->selected, &stats.selected);
		put_fates(to, stats.gate, stats.select, stats.classes);
		for (size_t i = 0; i < stats.lost_count; i++)
			put_cell(&to->lost, stats.lost[i].name, &stats.lost[i]);
		to->kernel_erased += stats.source_erased.frames;
		to->upstream_lost += stats.upstream_lost;
		add_process(out, &stats);
		fill_worker(sensor, link->first_worker + worker, &stats, out);
	}
	to->pending_frames = pending_of(to);
	fill_health(link, to);
	out->flows_places += sensor->conf->flows_max * link->workers;
}

static void fill_export(struct sensor_export *export_, struct sk_metrics *out)
{
	struct sk_metrics_link *to = &out->links[out->link_count++];
	struct sk_engine_totals *totals = &export_->totals;
	struct sk_exports_result *result = &export_->result;
	sk_exports_result(export_->exports, totals, result);
	(void)snprintf(to->name, sizeof to->name, "%s", export_->conf->name);
	(void)snprintf(to->mode, sizeof to->mode, "export");
	to->up = 1;
	to->received = totals->received;
	to->selected = totals->selected;
	put_fates(to, totals->gate, totals->select, totals->classes);
	to->pending_frames = totals->pending_frames;
	to->upstream_lost = result->listener.kernel_dropped;
	to->export_records = result->totals.received;
	to->export_missing = result->totals.count[SK_EXPORT_LOST_RECORDS] + result->totals.count[SK_EXPORT_LOST_MESSAGES];
	to->export_unknown = result->totals.count[SK_EXPORT_NO_TEMPLATE];
	to->export_malformed = result->totals.count[SK_EXPORT_MALFORMED_MESSAGES];
	out->observations += result->totals.observations + totals->observations;
	out->flows += totals->flow.live;
	out->flows_created += totals->flow.created;
	out->flows_ended += totals->flow.ended;
	out->flows_evicted += totals->flow.evicted;
}

/* ---- the process ---- */

/* Pages held: the second number of /proc/self/statm. */
static uint64_t resident_bytes(const struct sensor *sensor)
{
	char text[128] = "";
	char *end;
	ssize_t got = sensor->memory_fd >= 0 ? pread(sensor->memory_fd, text, sizeof text - 1, 0) : 0;
	if (got <= 0)
		return 0;
	(void)strtoull(text, &end, 10);
	return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The line VmLck of /proc/self/status. */
static uint64_t locked_bytes(const struct sensor *sensor)
{
	char text[STATUS_BYTES] = "";
	ssize_t got = sensor->locked_fd >= 0 ? pread(sensor->locked_fd, text, sizeof text - 1, 0) : 0;
	const char *line = got > 0 ? strstr(text, "VmLck:") : NULL;
	return line != NULL ? strtoull(line + sizeof "VmLck:" - 1, NULL, 10) * KIB : 0;
}

static int64_t nanoseconds(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000000 + (int64_t)time->tv_usec * 1000;
}

static void fill_process(struct sensor *sensor, struct sk_metrics *out)
{
	const struct sk_basis *basis = sensor->law->snapshot.basis;
	struct rusage used;
	if (getrusage(RUSAGE_SELF, &used) == 0)
		out->cpu_ns = nanoseconds(&used.ru_utime) + nanoseconds(&used.ru_stime);
	(void)snprintf(out->version, sizeof out->version, "%s", SK_VERSION);
	(void)snprintf(out->profile, sizeof out->profile, "%s", sk_profile_name(sensor->workspace.profile));
	(void)snprintf(out->basis_kind, sizeof out->basis_kind, "%s", basis->kind);
	out->start_ns = sensor->started_unix_ns;
	out->collecting = sensor->collecting && sensor->suspended_ns == 0;
	out->basis_until_ns = basis->until_ns;
	out->resident_bytes = resident_bytes(sensor);
	out->locked_bytes = locked_bytes(sensor);
	out->disk_free_bytes = sensor->disk_free_bytes;
	out->intervals = sensor->intervals;
	out->interval_signed_ns = sensor->signed_ns;
	out->ledger_leaves = sensor->leaves;
	out->reloads = sensor->reloads;
	out->reloads_refused = sensor->reloads_refused;
	out->reload_refused_now = sensor->reload_refused;
	out->findings_muted = sensor->findings_muted;
	out->counts_running = sk_counting_running(sensor->counting);
}

static void fill_outputs(struct sensor *sensor, struct sk_metrics *out)
{
	struct sk_rolling_stats eve = {.lines = 0};
	int errnum = 0;
	if (sensor->emit != NULL)
		sk_emit_stats(sensor->emit, &eve);
	out->eve_lines = eve.lines;
	out->eve_lost = eve.lost;
	out->eve_rolled = eve.rolled;
	out->outputs_failing = eve.errnum != 0;
	if (sensor->syslog != NULL)
		out->syslog_lost = sk_syslog_lost(sensor->syslog);
	if (sensor->ipfix != NULL)
		sk_ipfix_stats(sensor->ipfix, &out->ipfix_records, &out->ipfix_lost, &errnum);
	out->outputs_failing += errnum != 0;
	out->log_lost = sk_journal_lost(sensor->journal);
}

void sensor_fill(void *context, struct sk_metrics *out)
{
	struct sensor *sensor = context;
	const struct sk_clock *clock = &sensor->cmd->clock;
	out->now_ns = clock->unix_ns(clock->context);
	out->monotonic_ns = clock->monotonic_ns(clock->context);
	for (size_t i = 0; i < sensor->link_count; i++)
		fill_link(sensor, &sensor->links[i], out);
	for (size_t i = 0; i < sensor->export_count; i++)
		fill_export(&sensor->exports[i], out);
	fill_process(sensor, out);
	fill_outputs(sensor, out);
	for (size_t i = 0; i < sensor->finding_count; i++) {
		struct sk_metrics_finding *to = &out->findings[out->finding_count++];
		memcpy(to->kind, sensor->findings[i].kind, sizeof to->kind);
		to->severity = sensor->findings[i].severity;
		to->count = sensor->findings[i].count;
		to->last_ns = sensor->findings[i].last_ns;
	}
}

/* ---- once a second: what is told ---- */

static void look_at_worker(struct sensor *sensor, unsigned number, const struct sk_crew_stats *stats, int64_t now_ns)
{
	static const char *const levels[SHED_LEVELS] = {"ok", "heads", "facts", "flows"};
	struct sensor_worker *worker = &sensor->workers[number];
	int64_t passed_ns = stats->told_ns - worker->told_ns, waited_ns = stats->waited_ns - worker->waited_ns, silent_ns = now_ns - stats->told_ns;
	if (passed_ns > 0)
		worker->busy_ppm = waited_ns < passed_ns ? (uint64_t)((double)(passed_ns - waited_ns) * PPM / (double)passed_ns) : 0;
	worker->told_ns = stats->told_ns;
	worker->waited_ns = stats->waited_ns;
	if (stats->shed > worker->shed)
		sk_journal_shedding(sensor->journal, number, sensor_name(sensor, levels[stats->shed < SHED_LEVELS ? stats->shed : SHED_LEVELS - 1]));
	else if (stats->shed == 0 && worker->shed != 0)
		sk_journal_shed_over(sensor->journal, number, now_ns - worker->shed_ns);
	if (stats->shed != 0 && worker->shed == 0)
		worker->shed_ns = now_ns;
	worker->shed = stats->shed;
	bool stalled = silent_ns > sensor->conf->health_stale_ns;
	if (stalled && !worker->stalled)
		sk_journal_stalled(sensor->journal, sensor->worker_names[number], silent_ns);
	worker->stalled = stalled;
}

/* Does every thread turn? This one does: it is here. */
static bool look_at_workers(struct sensor *sensor, int64_t now_ns)
{
	bool alive = true;
	for (size_t i = 0; i < sensor->link_count; i++)
		for (unsigned worker = 0; worker < sensor->links[i].workers; worker++) {
			struct sk_crew_stats stats;
			sk_crew_stats(sensor->links[i].crew, worker, &stats);
			look_at_worker(sensor, sensor->links[i].first_worker + worker, &stats, now_ns);
			alive = alive && now_ns - stats.told_ns <= sensor->conf->watchdog_ns;
		}
	return alive || sensor->conf->watchdog_ns == 0;
}

static void look_at_links(struct sensor *sensor, int64_t now_ns)
{
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sensor_link *link = &sensor->links[i];
		bool down = link->live != NULL && !link->gone && !sk_live_is_up(link->live);
		if (down && !link->down) {
			link->down_ns = now_ns;
			sk_journal_link_down(sensor->journal, link->name);
		} else if (!down && link->down && !link->gone) {
			sk_journal_link_up(sensor->journal, link->name, now_ns - link->down_ns);
		}
		link->down = down;
	}
	for (size_t i = 0; i < sensor->export_count; i++) {
		struct sensor_export *export_ = &sensor->exports[i];
		const struct sk_metrics_link *told = &sensor->judged->links[sensor->link_count + i];
		if (told->export_missing > export_->missing)
			sk_journal_export_gap(sensor->journal, export_->name, told->export_missing - export_->missing);
		if (told->export_unknown > export_->unknown)
			sk_journal_export_unknown(sensor->journal, export_->name, told->export_unknown - export_->unknown);
		export_->missing = told->export_missing;
		export_->unknown = told->export_unknown;
	}
}

static void look_at_disk(struct sensor *sensor)
{
	struct statvfs room;
	if (statvfs(sensor->conf->workspace, &room) != 0)
		return;
	sensor->disk_free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	bool low = sensor->disk_free_bytes < sensor->conf->spool_min_free_bytes;
	if (low && !sensor->disk_low)
		sk_journal_disk_low(sensor->journal, sensor->disk_free_bytes);
	else if (!low && sensor->disk_low)
		sk_journal_disk_well(sensor->journal, sensor->disk_free_bytes);
	sensor->disk_low = low;
}

static void tell_lost(struct sensor *sensor, struct sk_journal_name name, uint64_t lost, uint64_t *before)
{
	if (lost > *before)
		sk_journal_output_lost(sensor->journal, name, lost);
	*before = lost;
}

static void look_at_outputs(struct sensor *sensor)
{
	const struct sk_metrics *figures = sensor->judged;
	if (sensor->emit != NULL)
		sk_emit_tick(sensor->emit);
	if (figures->eve_rolled > sensor->eve_rolled)
		sk_journal_rotated(sensor->journal, sensor->eve_name, sensor->conf->eve_rotate_keep);
	sensor->eve_rolled = figures->eve_rolled;
	bool failing = figures->outputs_failing != 0;
	if (!failing && sensor->outputs_failed)
		sk_journal_output_well(sensor->journal, sensor->eve_name);
	sensor->outputs_failed = failing;
	tell_lost(sensor, sensor->eve_name, figures->eve_lost, &sensor->eve_lost);
	tell_lost(sensor, sensor->syslog_name, figures->syslog_lost, &sensor->syslog_lost);
	tell_lost(sensor, sensor->ipfix_name, figures->ipfix_lost, &sensor->ipfix_lost);
	sk_journal_tick(sensor->journal);
}

static void look_at_basis(struct sensor *sensor)
{
	int64_t left_ns = sensor->law->snapshot.basis->until_ns - sensor->judged->now_ns;
	if (left_ns >= sensor->conf->health_basis_ends_ns || sensor->basis_ends_told)
		return;
	sensor->basis_ends_told = true;
	sk_journal_basis_ends(sensor->journal, left_ns);
}

static void look_at_health(struct sensor *sensor)
{
	const struct sk_health_limits limits = sk_sensor_health_limits(sensor->conf);
	struct sk_health health;
	char status[256];
	size_t up = 0;
	sk_health_judge(sensor->judged, &limits, &health);
	for (size_t i = 0; i < sensor->judged->link_count; i++)
		up += sensor->judged->links[i].up != 0;
	if (health.state != sensor->health_state)
		sk_journal_health(sensor->journal, sensor_name(sensor, sk_health_state_name(health.state)), health.count);
	sensor->health_state = health.state;
	(void)snprintf(status, sizeof status, "%s; %zu of %zu links up; %llu intervals signed; %llu observations", sk_health_state_name(health.state), up, sensor->judged->link_count,
		       (unsigned long long)sensor->intervals, (unsigned long long)sensor->judged->observations);
	sk_notify_status(sensor->notify, status);
}

void sensor_look_at_itself(struct sensor *sensor, int64_t now_ns)
{
	int64_t every_ns = sk_notify_watchdog_ns(sensor->notify);
	bool alive = look_at_workers(sensor, now_ns);
	look_at_disk(sensor);
	memset(sensor->judged, 0, sizeof *sensor->judged);
	sensor_fill(sensor, sensor->judged);
	look_at_links(sensor, now_ns);
	look_at_outputs(sensor);
	look_at_basis(sensor);
	look_at_health(sensor);
	if (alive && every_ns != 0 && now_ns - sensor->alive_ns >= every_ns - (int64_t)1000000000) {
		sk_notify_alive(sensor->notify);
		sensor->alive_ns = now_ns;
	}
}
