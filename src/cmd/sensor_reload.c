/* SPDX-License-Identifier: Apache-2.0 */
/* Reloads: the configuration on a signal; basis, table and set on a signal and by themselves. What is new is checked completely, and is in force from the next cut on. rule: RELOAD-1 */
#include <stdlib.h>
#include <string.h>

#include "cmd/conf_lawful.h"
#include "cmd/sensor_priv.h"

enum { THOUSANDTH_PPM = 1000 };

/* ---- laws ---- */

void sensor_paths(struct sensor *sensor)
{
	const struct sk_conf *conf = sensor->conf;
	sensor->paths = (struct sk_force_paths){.basis = conf->basis_path, .border = conf->border_path, .selectors = conf->selectors_path};
}

static void set_limits(const struct sensor *sensor, struct sk_snapshot *snapshot)
{
	const struct sk_conf *conf = sensor->conf;
	snapshot->times = sk_sensor_flow_limits(conf);
	snapshot->shed = (struct sk_shed_limits){.heads = (uint16_t)(conf->shed_heads_ppm / THOUSANDTH_PPM), .facts = (uint16_t)(conf->shed_facts_ppm / THOUSANDTH_PPM),
						 .flows = (uint16_t)(conf->shed_flows_ppm / THOUSANDTH_PPM), .recover = (uint16_t)(conf->shed_recover_ppm / THOUSANDTH_PPM)};
	snapshot->loss_ppm = conf->loss_finding_ppm;
}

struct sensor_law *sensor_law_new(struct sensor *sensor, struct sk_force *force)
{
	struct sensor_law *law = calloc(1, sizeof *law);
	if (law == NULL) {
		sk_force_free(force);
		return NULL;
	}
	law->force = force;
	law->snapshot = force->snapshot;
	law->snapshot.number = ++sensor->snapshots;
	set_limits(sensor, &law->snapshot);
	return law;
}

void sensor_law_free(struct sensor_law *law)
{
	if (law == NULL)
		return;
	sk_force_free(law->force);
	free(law);
}

/* No worker of this crew looks at it any more. The first crews pass a law while it is still called the present one; with the last one it is over. */
void sensor_passed(void *context, const struct sk_snapshot *snapshot)
{
	struct sensor *sensor = ((struct sensor_link *)context)->sensor;
	bool old = sensor->old_law != NULL && &sensor->old_law->snapshot == snapshot;
	struct sensor_law *law = old ? sensor->old_law : sensor->law;
	SK_INVARIANT(&law->snapshot == snapshot && law->users > 0);
	if (--law->users != 0)
		return;
	SK_INVARIANT(old);
	sensor->old_law = NULL;
	sensor_law_free(law);
}

/* ---- refusals ---- */

static void refuse(struct sensor *sensor, const struct sk_fault *fault)
{
	sensor->reload_refused = true;
	sensor->reloads_refused++;
	sk_journal_reload_refused(sensor->journal, fault);
}

/* ---- files ---- */

/* The kernel's gates first: workers judge by the law that they have, so until the cut a frame must pass both. All of them, or none. */
static enum sk_err swap_gates(struct sensor *sensor, const struct sk_snapshot *next, struct sk_fault *fault)
{
	struct sk_fault ignored;
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sk_live *live = sensor->links[i].live;
		enum sk_err err = live != NULL && !sensor->links[i].gone ? sk_live_swap(live, next->border, next->basis->classes, fault) : SK_OK;
		if (err == SK_OK)
			continue;
		const struct sk_snapshot *before = &sensor->law->snapshot;
		while (i-- > 0)
			if (sensor->links[i].live != NULL && sk_live_swap(sensor->links[i].live, before->border, before->basis->classes, &ignored) != SK_OK)
				sensor_shut_gates(sensor, true); /* never judge by a table that nobody vouches for */
		return err;
	}
	return SK_OK;
}

static bool same_gate(const struct sk_force *a, const struct sk_force *b)
{
	return a->basis.classes == b->basis.classes && memcmp(a->border_info.digest, b->border_info.digest, sizeof a->border_info.digest) == 0;
}

/* May what was loaded follow what is in force? */
static enum sk_err check_force(const struct sensor *sensor, const struct sk_force *force, struct sk_fault *fault)
{
	struct sk_peer peer;
	struct sk_indicator_hit hit;
	if (strcmp(force->basis.id, sensor->law->force->basis.id) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "another basis (%s): what it keeps is sealed under keys of its own; restart", force->basis.id);
	if (!sk_force_has_rules(force, sensor->rules))
		return sk_fault_set(fault, SK_EPERMIT, "other rules of byte patterns: workers compile them at their start; restart");
	if (sensor->ipfix != NULL && force->set != NULL && sk_ipfix_peer(sensor->ipfix, &peer) == SK_OK && sk_indicator_match_addr(force->set, &peer.addr, &hit))
		return sk_fault_set(fault, SK_EPERMIT, "the new selectors name the address of ipfix.collector, and nothing is ever sent to one that they name");
	return SK_OK;
}

/* Hand it to all crews, or keep what is in force. */
static enum sk_err ask_for(struct sensor *sensor, struct sk_force *force, struct sk_fault *fault)
{
	bool gates = !same_gate(force, sensor->law->force);
	struct sensor_law *law = sensor_law_new(sensor, force);
	if (law == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	enum sk_err err = gates ? swap_gates(sensor, &law->snapshot, fault) : SK_OK;
	if (err != SK_OK) {
		sensor_law_free(law);
		return err;
	}
	law->users = (unsigned)sensor->link_count;
	sensor->next_law = law;
	sensor->gates_changed = gates;
	for (size_t i = 0; i < sensor->link_count; i++) {
		bool taken = sk_crew_reload(sensor->crews[i], &law->snapshot);
		SK_INVARIANT(taken); /* cuts are common: either all can, or none */
	}
	return SK_OK;
}

static bool same_refused(struct sensor *sensor)
{
	struct sk_force_file now[SK_FORCE_FILES];
	sk_force_files(&sensor->workspace, &sensor->paths, now);
	bool same = sensor->has_refused && memcmp(now, sensor->refused, sizeof now) == 0;
	memcpy(sensor->refused, now, sizeof now);
	return same;
}

static void load(struct sensor *sensor)
{
	const struct sk_clock *clock = &sensor->cmd->clock;
	struct sk_force *force = NULL;
	struct sk_fault fault = {.line = ""};
	sensor->reload_started_ns = clock->monotonic_ns(clock->context);
	enum sk_err err = sk_force_load(&sensor->workspace, &sensor->paths, clock->unix_ns(clock->context), &force, &fault);
	if (err == SK_OK && sk_force_same(force, sensor->law->force) && !sensor->limits_changed) {
		/* The same under a new name: remember the names. */
		memcpy(sensor->law->force->files, force->files, sizeof force->files);
		sk_force_free(force);
		sensor->has_refused = false;
		return;
	}
	if (err == SK_OK) {
		err = check_force(sensor, force, &fault);
		if (err != SK_OK)
			sk_force_free(force);
		else
			err = ask_for(sensor, force, &fault);
	}
	/* What was refused stays refused until it changes: it is told once. */
	if (err != SK_OK) {
		(void)same_refused(sensor);
		sensor->has_refused = true;
		refuse(sensor, &fault);
		return;
	}
	sensor->has_refused = false;
	sensor->limits_changed = false;
}

static bool crews_can(const struct sensor *sensor)
{
	bool can = sensor->next_law == NULL && sensor->old_law == NULL;
	for (size_t i = 0; i < sensor->link_count; i++)
		can = can && sk_crew_can_reload(sensor->crews[i]);
	return can;
}

void sensor_look_at_files(struct sensor *sensor)
{
	if (!crews_can(sensor))
		return;
	if (!sensor->reload_wanted) {
		if (!sk_force_is_old(sensor->law->force, &sensor->workspace, &sensor->paths) || (sensor->has_refused && same_refused(sensor)))
			return;
		sk_journal_reloading(sensor->journal, sensor_name(sensor, "new_files"));
	}
	sensor->reload_wanted = false;
	load(sensor);
}

enum sk_err sensor_change_law(struct sensor *sensor, struct sk_fault *fault)
{
	const struct sk_clock *clock = &sensor->cmd->clock;
	struct sensor_law *law = sensor->next_law;
	const struct sk_basis *basis = law->snapshot.basis;
	struct sk_collector_start now = {.link = NULL};
	sk_force_tell(law->force, &now);
	SK_TRY(sk_collector_change(sensor->collector, &now, fault));
	for (size_t i = 0; sensor->gates_changed && i < sensor->link_count; i++)
		if (sensor->links[i].live != NULL && !sensor->links[i].gone)
			SK_TRY(sensor_tell_gate(sensor, &sensor->links[i], fault));
	sensor->old_law = sensor->law;
	sensor->law = law;
	sensor->next_law = NULL;
	if (sensor->link_count == 0) {
		struct sensor_law *old = sensor->old_law;
		sensor->old_law = NULL;
		sensor_law_free(old);
	}
	if (sensor->emit != NULL)
		sk_emit_mark(sensor->emit, basis->id, basis->self_approved, basis->simulated);
	sensor->reloads++;
	sensor->reload_refused = false;
	sensor->basis_ends_told = false;
	sk_journal_reloaded(sensor->journal, law->snapshot.number, clock->monotonic_ns(clock->context) - sensor->reload_started_ns);
	return SK_OK;
}

/* ---- the configuration ---- */

static void note_key(void *context, const char *key, bool reloadable)
{
	struct sensor *sensor = context;
	if (!reloadable)
		sk_journal_needs_restart(sensor->journal, sensor_name(sensor, key));
}

static bool read_conf(struct sensor *sensor)
{
	struct sk_fault fault = {.line = ""};
	enum sk_err err = sk_conf_read(sensor->config_path, sensor->fresh, sensor->report);
	for (size_t i = 0; err != SK_OK && i < sensor->report->count; i++)
		refuse(sensor, &sensor->report->faults[i]);
	if (err == SK_OK && sk_conf_lawful(sensor->fresh, sensor->workspace.profile, &fault) != SK_OK) {
		refuse(sensor, &fault);
		return false;
	}
	return err == SK_OK;
}

static void tune_outputs(struct sensor *sensor)
{
	const struct sk_conf *conf = sensor->conf;
	const struct sk_rolling_limits eve = sk_sensor_eve_limits(conf);
	const struct sk_journal_options log = sk_sensor_journal_options(conf, sensor->cmd->clock, NULL, -1);
	const struct sk_health_limits health = sk_sensor_health_limits(conf);
	struct sk_fault fault;
	sk_journal_tune(sensor->journal, &log);
	if (sk_journal_reopen(sensor->journal, &fault) != SK_OK)
		sk_journal_failed(sensor->journal, &fault);
	if (sensor->emit != NULL) {
		if (sk_emit_reopen(sensor->emit, &eve, &fault) != SK_OK)
			sk_journal_failed(sensor->journal, &fault);
		else
			sk_journal_reopened(sensor->journal, sensor->eve_name);
	}
	if (sensor->ipfix != NULL)
		sk_ipfix_tune(sensor->ipfix, (uint32_t)conf->ipfix_domain, conf->ipfix_template_refresh_ns);
	if (sensor->serve != NULL)
		sk_serve_limits(sensor->serve, &health);
}

static void tune_listeners(struct sensor *sensor)
{
	struct sk_exports_options *options = calloc(1, sizeof *options);
	for (size_t i = 0; options != NULL && i < sensor->export_count; i++) {
		sensor_export_options(sensor->exports[i].conf, options);
		sk_exports_tune(sensor->exports[i].exports, options);
	}
	free(options);
}

static void take_suspension_path(struct sensor *sensor)
{
	struct sk_fault ignored;
	struct sk_suspension fresh;
	const struct sk_conf *conf = sensor->conf;
	enum sk_err err = sk_guard_suspension(&sensor->workspace, conf->suspension_path[0] != '\0' ? conf->suspension_path : NULL, &fresh, &ignored);
	if (err == SK_OK || err == SK_ESUSPENDED)
		memcpy(sensor->suspension.path, fresh.path, sizeof fresh.path);
}

void sensor_read_again(struct sensor *sensor)
{
	struct sk_shed_limits shed = sensor->law->snapshot.shed;
	struct sk_snapshot now = sensor->law->snapshot;
	sk_journal_reloading(sensor->journal, sensor_name(sensor, "signal"));
	sensor->reload_wanted = true;
	if (!read_conf(sensor)) {
		/* Logs are opened anew all the same: logrotate(8) must not depend on what stands in a file. */
		tune_outputs(sensor);
		return;
	}
	sensor->reload_refused = false;
	sk_conf_compare(sensor->conf, sensor->fresh, note_key, sensor);
	sk_conf_take(sensor->conf, sensor->fresh);
	sensor_paths(sensor);
	take_suspension_path(sensor);
	tune_outputs(sensor);
	tune_listeners(sensor);
	set_limits(sensor, &now);
	sensor->limits_changed = memcmp(&now.shed, &shed, sizeof shed) != 0 || now.loss_ppm != sensor->law->snapshot.loss_ppm;
}
