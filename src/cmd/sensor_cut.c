/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts: the accounts of all links together, into store and ledger; what is told of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/sensor_priv.h"
#include "text/text.h"

enum { PPM = 1000000 };

void sensor_take_finding(void *context, const struct sk_finding *finding, bool muted)
{
	struct sensor *sensor = context;
	struct sensor_finding *at = NULL;
	sensor->findings_muted += muted;
	for (size_t i = 0; i < sensor->finding_count && at == NULL; i++)
		if (sensor->findings[i].severity == finding->severity && strcmp(sensor->findings[i].kind, finding->kind) == 0)
			at = &sensor->findings[i];
	if (at == NULL && sensor->finding_count < SK_METRICS_FINDINGS_MAX) {
		at = &sensor->findings[sensor->finding_count++];
		at->severity = finding->severity;
		memcpy(at->kind, finding->kind, sizeof at->kind);
	}
	if (at == NULL)
		return;
	at->count++;
	at->last_ns = finding->last_ns > at->last_ns ? finding->last_ns : at->last_ns;
}

/* ---- what is said of an account ---- */

static uint64_t lost_frames(const struct sk_account *account)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < account->lost_count; i++)
		lost += account->lost[i].frames;
	return lost;
}

static uint64_t share_ppm(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (uint64_t)((double)part * PPM / (double)whole) : 0;
}

static void tell_link(struct sensor *sensor, const struct sk_account *account, struct sk_journal_name name, uint64_t *lost_ppm)
{
	uint64_t lost = lost_frames(account);
	sk_journal_interval(sensor->journal, name, account->number, account->received.frames, lost);
	for (size_t i = 0; i < account->lost_count; i++)
		if (account->lost[i].frames != 0)
			sk_journal_loss(sensor->journal, name, account->lost[i].frames, (uint32_t)share_ppm(account->lost[i].frames, account->received.frames),
					sensor_name(sensor, account->lost[i].name));
	*lost_ppm = share_ppm(lost, account->received.frames);
}

static void tell_accounts(struct sensor *sensor)
{
	uint64_t ignored;
	for (size_t i = 0; i < sensor->account_count; i++) {
		const struct sk_account *account = &sensor->accounts[i];
		for (size_t j = 0; j < sensor->link_count; j++)
			if (strcmp(sensor->links[j].conf->name, account->link) == 0)
				tell_link(sensor, account, sensor->links[j].name, &sensor->links[j].lost_ppm);
		for (size_t j = 0; j < sensor->export_count; j++)
			if (strcmp(sensor->exports[j].conf->name, account->link) == 0)
				tell_link(sensor, account, sensor->exports[j].name, &ignored);
	}
}

/* ---- a cut ---- */

static void take(struct sensor *sensor, const struct sk_account *account)
{
	SK_INVARIANT(sensor->account_count < sensor->link_count + sensor->export_count);
	memcpy(&sensor->accounts[sensor->account_count++], account, sizeof *account);
}

static enum sk_err sync_outputs(struct sensor *sensor)
{
	struct sk_fault fault;
	/* A disk that is full is told by the output's own counts; what was found is in the store. */
	return sensor->emit != NULL ? sk_emit_sync(sensor->emit, &fault) : SK_OK;
}

enum sk_err sensor_cut(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_clock *clock = &sensor->cmd->clock;
	const struct sk_snapshot *next = sensor->next_law != NULL ? &sensor->next_law->snapshot : NULL;
	for (size_t i = 0; i < sensor->export_count; i++) {
		struct sk_exports *exports = sensor->exports[i].exports;
		SK_TRY(sensor->finishing ? sk_exports_finish(exports, sensor->end, fault) : sk_exports_cut(exports, next, fault));
	}
	SK_TRY(sk_collector_cut(sensor->collector, sensor->accounts, sensor->account_count, fault));
	(void)sync_outputs(sensor);
	if (!sensor->finishing)
		sk_counting_tell(sensor->counting, false);
	tell_accounts(sensor);
	sensor->account_count = 0;
	sk_collector_progress(sensor->collector, &sensor->intervals, &sensor->leaves);
	sensor->signed_ns = clock->unix_ns(clock->context);
	sensor->cut_ns = clock->monotonic_ns(clock->context);
	return next != NULL && !sensor->finishing ? sensor_change_law(sensor, fault) : SK_OK;
}

enum sk_err sensor_take_interval(void *context, struct sk_account *account, const struct sk_snapshot *snapshot, struct sk_fault *fault)
{
	struct sensor *sensor = ((struct sensor_link *)context)->sensor;
	(void)snapshot;
	take(sensor, account);
	return sensor->account_count == sensor->link_count ? sensor_cut(sensor, fault) : SK_OK;
}

/* Called by the cut. */
enum sk_err sensor_take_exports_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	struct sensor_export *export_ = context;
	(void)fault;
	sk_exports_account(export_->exports, account);
	take(export_->sensor, account);
	return SK_OK;
}
