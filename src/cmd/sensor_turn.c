/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector does beside taking what the workers say: signals, the law, files, clients, once a second a look at ourselves. */
#include <string.h>

#include "cmd/sensor_priv.h"

static const int64_t second_ns = 1000000000;
/* Gates that were shut leave their rings empty within a tenth of a second; an interface that hangs is not waited for longer. */
static const int64_t drain_ns = INT64_C(3000000000);

static bool links_are_drained(const struct sensor *sensor)
{
	for (size_t i = 0; i < sensor->link_count; i++)
		if (sensor->links[i].live != NULL && sk_crew_sources_left(sensor->crews[i]) != 0)
			return false;
	return true;
}

/* Asked to stop: the gates are shut, and what has passed them is still taken. A pipe is left where it is. */
static enum sk_err look_at_signals(struct sensor *sensor, int64_t now_ns, struct sk_fault *fault)
{
	if (sk_guard_hung_up()) {
		sk_notify_reloading(sensor->notify, now_ns);
		sensor_read_again(sensor);
		sensor_look_at_files(sensor);
		SK_TRY(sk_counting_look(sensor->counting, sensor->law->snapshot.basis, fault));
		sk_notify_ready(sensor->notify, NULL);
	}
	if (!sk_guard_interrupted())
		return SK_OK;
	if (!sensor->stopping) {
		sensor->stopping = true;
		sensor->stopping_ns = now_ns;
		sensor_shut_gates(sensor, false);
	}
	if (!links_are_drained(sensor) && now_ns - sensor->stopping_ns < drain_ns)
		return SK_OK;
	return sk_fault_set(fault, SK_EINTR, "interrupted; the last interval is signed");
}

/* Workers ask for themselves before each batch; listeners are asked for here. rule: BASIS-2 */
static enum sk_err look_at_law(struct sensor *sensor, int64_t now_ns, struct sk_fault *fault)
{
	const struct sk_clock *clock = &sensor->cmd->clock;
	const struct sk_basis *basis = sensor->law->snapshot.basis;
	if (sk_guard_suspended(&sensor->suspension, now_ns)) {
		if (sensor->suspended_ns == 0)
			sensor->suspended_ns = now_ns;
		for (size_t i = 0; i < sensor->link_count; i++)
			sk_crew_suspend(sensor->crews[i]);
		if (sensor->link_count == 0)
			return sk_fault_set(fault, SK_ESUSPENDED, "basis %s: suspended; nothing may be collected until the suspension is lifted", basis->id);
	}
	return sk_basis_in_force(basis, clock->unix_ns(clock->context), fault);
}

static enum sk_err look_at_files(struct sensor *sensor, int64_t now_ns, struct sk_fault *fault)
{
	int64_t every_ns = sensor->conf->reload_check_ns;
	bool due = every_ns != 0 && now_ns - sensor->checked_ns >= every_ns;
	if (!due && !sensor->reload_wanted)
		return SK_OK;
	if (due)
		sensor->checked_ns = now_ns;
	sensor_look_at_files(sensor);
	return sk_counting_look(sensor->counting, sensor->law->snapshot.basis, fault);
}

enum sk_err sensor_turn_all(struct sensor *sensor, struct sk_fault *fault)
{
	int64_t now_ns = sensor->cmd->clock.monotonic_ns(sensor->cmd->clock.context);
	SK_TRY(look_at_law(sensor, now_ns, fault));
	SK_TRY(look_at_signals(sensor, now_ns, fault));
	for (size_t i = 0; i < sensor->export_count; i++)
		SK_TRY(sk_exports_turn(sensor->exports[i].exports, fault));
	SK_TRY(look_at_files(sensor, now_ns, fault));
	SK_TRY(sk_counting_turn(sensor->counting, fault));
	if (sensor->serve != NULL)
		sk_serve_turn(sensor->serve);
	if (now_ns - sensor->second_ns >= second_ns) {
		sensor_look_at_itself(sensor, now_ns);
		sensor->second_ns = now_ns;
	}
	return SK_OK;
}

enum sk_err sensor_turn(void *link, struct sk_fault *fault)
{
	return sensor_turn_all(((struct sensor_link *)link)->sensor, fault);
}
