/* SPDX-License-Identifier: Apache-2.0 */
/* The collector's side of the rings: observations and findings to the sink, parts into one account. */
#include "engine/crew_priv.h"

#include <string.h>

/* ---- one account out of parts ---- */

static void add(struct sk_cell *to, const struct sk_cell *more)
{
	sk_engine_count(to, more->frames, more->bytes);
}

/* Gate's and select's reasons stand in the same order in every part; what was lost is by name. */
static void add_cells(struct sk_cell *to, size_t *to_count, const struct sk_cell *more, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;
		while (at < *to_count && strncmp(to[at].name, more[i].name, sizeof to[at].name) != 0)
			at++;
		SK_INVARIANT(at < SK_CELLS_MAX);
		if (at == *to_count) {
			to[(*to_count)++] = more[i];
			continue;
		}
		add(&to[at], &more[i]);
	}
}

static void add_part(struct sk_account *sum, const struct sk_account *part)
{
	bool first = sum->received.frames == 0, any = part->received.frames != 0;
	if (any && (first || part->from_ns < sum->from_ns))
		sum->from_ns = part->from_ns;
	if (any && (first || part->to_ns > sum->to_ns))
		sum->to_ns = part->to_ns;
	add(&sum->received, &part->received);
	add(&sum->pending_before, &part->pending_before);
	add(&sum->pending_after, &part->pending_after);
	add(&sum->selected, &part->selected);
	add(&sum->passed, &part->passed);
	add(&sum->taken, &part->taken);
	add_cells(sum->lost, &sum->lost_count, part->lost, part->lost_count);
	add_cells(sum->gate, &sum->gate_count, part->gate, part->gate_count);
	add_cells(sum->select, &sum->select_count, part->select, part->select_count);
	for (int class_ = 0; class_ < SK_CLASS_COUNT; class_++) {
		if (sum->classes[class_].name[0] == '\0')
			memcpy(sum->classes[class_].name, part->classes[class_].name, sizeof sum->classes[class_].name);
		add(&sum->classes[class_], &part->classes[class_]);
	}
	sum->segments += part->segments;
	sum->upstream_lost += part->upstream_lost;
	sum->observations += part->observations;
	sum->findings += part->findings;
	sum->events_lost += part->events_lost;
}

/* What was handed on was taken, to the frame: the cut went through no ring. rule: EPOCH-1 */
static enum sk_err settle_exchange(struct sk_account *sum, struct sk_fault *fault)
{
	if (sum->passed.frames != sum->taken.frames || sum->passed.bytes != sum->taken.bytes)
		return sk_fault_set(fault, SK_EINCONSISTENT, "between workers %llu frames, %llu bytes were handed on, and %llu frames, %llu bytes were taken",
				    (unsigned long long)sum->passed.frames, (unsigned long long)sum->passed.bytes, (unsigned long long)sum->taken.frames,
				    (unsigned long long)sum->taken.bytes);
	sum->passed = sum->taken = (struct sk_cell){.frames = 0};
	return SK_OK;
}

/* ---- about ourselves ---- */

static uint64_t frames_of(const struct sk_cell *cells, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(cells[i].name, name) == 0)
			return cells[i].frames;
	return 0;
}

static bool is_much(const struct sk_crew *crew, uint64_t frames, uint64_t of)
{
	return frames != 0 && (double)frames * 1e6 > (double)crew->snapshot->loss_ppm * (double)of;
}

static void tell(struct sk_crew *crew, struct sk_account *account)
{
	crew->config.sink->finding(crew->config.sink->context, &crew->finding, NULL);
	account->findings++;
	crew->totals.findings++;
}

/* What was lost or left out is a fact that whoever reads findings must know of. */
static void tell_of_ourselves(struct sk_crew *crew, struct sk_account *account)
{
	struct sk_own_facts facts = {.link = account->link, .simulated = crew->snapshot->basis->simulated, .from_ns = account->from_ns, .to_ns = account->to_ns,
				     .received = account->received.frames, .evicted = frames_of(account->select, account->select_count, sk_select_reason_name(SK_SELECT_EVICTED)),
				     .shed = frames_of(account->select, account->select_count, sk_select_reason_name(SK_SELECT_SHED)),
				     .lost = account->lost, .lost_count = account->lost_count, .events_lost = account->events_lost};
	uint64_t lost = 0;
	for (size_t i = 0; i < account->lost_count; i++)
		lost += account->lost[i].frames;
	for (unsigned w = 0; w < crew->config.workers; w++) {
		facts.heads_shed += crew->parts[w].part.heads_shed;
		facts.facts_shed += crew->parts[w].part.facts_shed;
		facts.events += crew->parts[w].part.events;
	}
	if (is_much(crew, lost, account->received.frames)) {
		sk_select_own_loss(&facts, &crew->finding);
		tell(crew, account);
	}
	if (is_much(crew, facts.evicted + facts.shed + facts.heads_shed, account->received.frames)) {
		sk_select_own_shedding(&facts, &crew->finding);
		tell(crew, account);
	}
	if (is_much(crew, facts.events_lost, facts.events)) {
		sk_select_own_blindness(&facts, &crew->finding);
		tell(crew, account);
	}
}

/* ---- about the link ---- */

void sk_collect_beat(struct sk_crew *crew, const struct sk_pulse_beat *beat)
{
	struct sk_pulse_event events[SK_PULSE_EVENTS_MAX];
	size_t count = sk_pulse_take(crew->pulse, beat, events);
	for (size_t i = 0; i < count; i++) {
		sk_pulse_finding(&events[i], crew->config.link, crew->snapshot->basis->simulated, &crew->finding);
		crew->config.sink->finding(crew->config.sink->context, &crew->finding, NULL);
		crew->health_findings++;
	}
}

static void take_beat(struct sk_crew *crew, const struct sk_ring_record *record)
{
	struct sk_pulse_beat beat = {.frames = 0};
	SK_INVARIANT(record->length <= sizeof beat);
	memcpy(&beat, record->bytes, record->length);
	sk_collect_beat(crew, &beat);
}

/* What was told since the last interval was stored in this one. */
static void count_health(struct sk_crew *crew, struct sk_account *account)
{
	account->findings += crew->health_findings;
	crew->totals.findings += crew->health_findings;
	crew->health_findings = 0;
}

/* ---- an interval ---- */

static int64_t within(int64_t time_ns, int64_t from_ns, int64_t to_ns)
{
	return time_ns < from_ns ? from_ns : time_ns > to_ns ? to_ns : time_ns;
}

/* Live, an interval is told though nothing came: that the sensor looked is a fact too. Frames' own times may be wrong, those of the interval may not. */
static void set_times(struct sk_crew *crew, struct sk_account *account)
{
	const struct sk_clock *clock = &crew->config.clock;
	crew->cut_monotonic_ns = clock->monotonic_ns(clock->context);
	if (!crew->config.live) {
		if (account->received.frames == 0)
			account->from_ns = account->to_ns = crew->totals.last_ns;
		return;
	}
	int64_t now_ns = clock->unix_ns(clock->context);
	now_ns = now_ns > crew->cut_unix_ns ? now_ns : crew->cut_unix_ns;
	bool any = account->from_ns != 0 || account->to_ns != 0;
	account->from_ns = any ? within(account->from_ns, crew->cut_unix_ns, now_ns) : crew->cut_unix_ns;
	account->to_ns = any ? within(account->to_ns, account->from_ns, now_ns) : now_ns;
	crew->cut_unix_ns = now_ns;
}

/* Nothing came and no segment ended: what was pending still is. */
static bool is_nothing(const struct sk_account *account)
{
	return account->received.frames == 0 && account->segments == 0 && account->observations == 0 && account->pending_before.frames == account->pending_after.frames;
}

static void add_to_totals(struct sk_crew *crew, const struct sk_account *account)
{
	struct sk_engine_totals *totals = &crew->totals;
	if (totals->intervals == 0 || account->from_ns < totals->first_ns)
		totals->first_ns = account->from_ns;
	if (totals->intervals == 0 || account->to_ns > totals->last_ns)
		totals->last_ns = account->to_ns;
	totals->pending_frames = account->pending_after.frames;
	totals->pending_bytes = account->pending_after.bytes;
	totals->intervals++;
}

static enum sk_err tell_interval(struct sk_crew *crew, struct sk_fault *fault)
{
	struct sk_account *account = &crew->account;
	memset(account, 0, sizeof *account);
	memcpy(account->link, crew->parts[0].part.account.link, sizeof account->link);
	for (unsigned w = 0; w < crew->config.workers; w++)
		add_part(account, &crew->parts[w].part.account);
	sk_watch_account(crew, account);
	SK_TRY(settle_exchange(account, fault));
	SK_TRY(sk_account_check(account, fault));
	/* Without threads no record brings them. */
	sk_abroad_take(crew->config.threads ? crew->abroad : crew->workers[0].engine->abroad, &crew->countries);
	account->countries = crew->abroad->border != NULL ? &crew->countries : NULL;
	/* From a file, an interval in which nothing happened is not written. */
	if (!crew->config.live && is_nothing(account) && crew->health_findings == 0)
		return SK_OK;
	set_times(crew, account);
	if (!crew->config.no_own_findings)
		tell_of_ourselves(crew, account);
	count_health(crew, account);
	SK_TRY(crew->config.interval(crew->config.context, account, crew->snapshot, fault));
	add_to_totals(crew, account);
	return SK_OK;
}

enum sk_err sk_collect_part(struct sk_crew *crew, unsigned worker, const struct sk_spool_part *part, struct sk_fault *fault)
{
	SK_INVARIANT(!crew->parted[worker]);
	memcpy(&crew->parts[worker], part, sizeof *part);
	crew->parted[worker] = true;
	if (++crew->part_count < crew->config.workers)
		return SK_OK;
	const struct sk_plan plan = crew->parts[0].plan;
	for (unsigned w = 1; w < crew->config.workers; w++)
		SK_INVARIANT(crew->parts[w].plan.next == plan.next && crew->parts[w].plan.kit == plan.kit && crew->parts[w].plan.order == plan.order && crew->parts[w].plan.last == plan.last);
	crew->part_count = 0;
	memset(crew->parted, 0, sizeof crew->parted);
	sk_watch_change(crew, &plan);
	SK_TRY(tell_interval(crew, fault));
	const struct sk_snapshot *before = crew->snapshot;
	crew->snapshot = plan.next;
	sk_abroad_border(crew->abroad, plan.next->border);
	crew->done = plan.order;
	crew->finished = plan.last;
	if (before != plan.next && crew->config.passed != NULL)
		crew->config.passed(crew->config.context, before);
	return SK_OK;
}

/* ---- rings ---- */

static void take_observation(struct sk_crew *crew, const struct sk_ring_record *record)
{
	enum sk_err err = sk_observation_decode(record->bytes, record->length, &crew->observation);
	SK_INVARIANT(err == SK_OK); /* our own form */
	(void)crew->config.sink->observation(crew->config.sink->context, &crew->observation);
}

static void take_finding(struct sk_crew *crew, const struct sk_ring_record *record)
{
	enum sk_err err = sk_finding_decode(record->bytes, record->length, &crew->finding);
	SK_INVARIANT(err == SK_OK);
	crew->config.sink->finding(crew->config.sink->context, &crew->finding, &crew->observation);
}

static void take_original(struct sk_crew *crew, const struct sk_ring_record *record)
{
	struct sk_original original;
	SK_INVARIANT(record->length == sizeof original);
	memcpy(&original, record->bytes, sizeof original);
	(void)crew->config.sink->original(crew->config.sink->context, &original);
	sk_wipe(&original, sizeof original);
}

static void take_abroad(struct sk_crew *crew, const struct sk_ring_record *record)
{
	struct sk_spool_abroad country;
	SK_INVARIANT(record->length == sizeof country);
	memcpy(&country, record->bytes, sizeof country);
	sk_abroad_add(crew->abroad, (unsigned)country.index, &country.country);
}

static void take_second(struct sk_crew *crew, unsigned worker, const struct sk_ring_record *record)
{
	int64_t clock_ns;
	memcpy(&clock_ns, record->bytes, sizeof clock_ns);
	if (crew->config.live) {
		if (clock_ns > crew->second_ns)
			sk_watch_second(crew, clock_ns);
		return;
	}
	SK_INVARIANT(crew->second_count == 0 || crew->second_ns == clock_ns);
	crew->second_ns = clock_ns;
	crew->seconded[worker] = true;
	if (++crew->second_count < crew->config.workers)
		return;
	crew->second_count = 0;
	memset(crew->seconded, 0, sizeof crew->seconded);
	sk_watch_second(crew, clock_ns);
}

static void take_end(struct sk_crew *crew, unsigned worker, const struct sk_ring_record *record)
{
	struct sk_fault fault;
	memcpy(&fault, record->bytes, sizeof fault);
	crew->sources_left--;
	if (fault.err != SK_OK && crew->config.damaged != NULL)
		crew->config.damaged(crew->config.context, worker, &fault);
}

static enum sk_err take(struct sk_crew *crew, unsigned worker, const struct sk_ring_record *record, struct sk_fault *fault)
{
	switch ((enum sk_spool_kind)record->kind) {
	case SK_SPOOL_OBSERVATION:
		take_observation(crew, record);
		return SK_OK;
	case SK_SPOOL_FINDING:
		take_finding(crew, record);
		return SK_OK;
	case SK_SPOOL_ORIGINAL:
		take_original(crew, record);
		return SK_OK;
	case SK_SPOOL_ABROAD:
		take_abroad(crew, record);
		return SK_OK;
	case SK_SPOOL_PART:
		SK_INVARIANT(record->length == sizeof(struct sk_spool_part));
		return sk_collect_part(crew, worker, (const struct sk_spool_part *)(const void *)record->bytes, fault);
	case SK_SPOOL_BEAT:
		take_beat(crew, record);
		return SK_OK;
	case SK_SPOOL_EVENT:
		sk_kit_receive(crew->kit, record->bytes, record->length);
		return SK_OK;
	case SK_SPOOL_SECOND:
		take_second(crew, worker, record);
		return SK_OK;
	case SK_SPOOL_SOURCE_ENDED:
		take_end(crew, worker, record);
		return SK_OK;
	case SK_SPOOL_STOPPED:
		if (crew->stopped.err == SK_OK)
			memcpy(&crew->stopped, record->bytes, sizeof crew->stopped);
		return SK_OK;
	}
	return SK_EBUG;
}

bool sk_collect_waits(const struct sk_crew *crew, unsigned worker)
{
	return crew->parted[worker] || crew->seconded[worker];
}

/* Findings follow their observation: between the two no other ring is read. */
static enum sk_err collect_from(struct sk_crew *crew, unsigned worker, bool *any, struct sk_fault *fault)
{
	struct sk_ring *ring = &crew->workers[worker].spool;
	struct sk_ring_record record;
	enum sk_err err = SK_OK;
	for (unsigned i = 0; err == SK_OK && !sk_collect_waits(crew, worker) && sk_ring_take(ring, &record); i++) {
		if (i >= SK_COLLECT_MAX && record.kind != SK_SPOOL_FINDING) {
			sk_ring_untake(ring, &record);
			break;
		}
		*any = true;
		err = take(crew, worker, &record, fault);
		/* With the last part of a cut, or the last worker in a second, all rings are open again, and this one goes on in its turn. */
		if (record.kind == SK_SPOOL_PART || record.kind == SK_SPOOL_SECOND)
			break;
	}
	sk_ring_release(ring);
	return err;
}

enum sk_err sk_collect(struct sk_crew *crew, bool *any, struct sk_fault *fault)
{
	*any = false;
	for (unsigned worker = 0; worker < crew->config.workers; worker++)
		if (!sk_collect_waits(crew, worker))
			SK_TRY(collect_from(crew, worker, any, fault));
	return SK_OK;
}
