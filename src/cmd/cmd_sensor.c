/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho sensor: the service. From its configuration alone; it ends by a signal, by the end of its links, or by the law. */
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sensor_priv.h"
#include "seal/seal.h"

enum { OPT_CONFIG = 256, OPT_HELP, REST_MS = 50 };

static const struct option options[] = {{"config", required_argument, NULL, OPT_CONFIG}, {"help", no_argument, NULL, OPT_HELP}, {0}};

/* ---- the run ---- */

/* Listeners alone: this thread is all that there is. */
static enum sk_err listen_alone(struct sensor *sensor, struct sk_fault *fault)
{
	struct pollfd wait[SENSOR_EXPORTS_MAX];
	const struct sk_clock *clock = &sensor->cmd->clock;
	size_t count = 0;
	for (size_t i = 0; i < sensor->export_count; i++) {
		int fds[SK_LISTENER_PLACES];
		size_t places = sk_exports_descriptors(sensor->exports[i].exports, fds);
		for (size_t j = 0; j < places && count < SK_COUNT(wait); j++)
			wait[count++] = (struct pollfd){.fd = fds[j], .events = POLLIN};
	}
	for (;;) {
		SK_TRY(sensor_turn_all(sensor, fault));
		if (sensor->next_law != NULL || clock->monotonic_ns(clock->context) - sensor->cut_ns >= sensor->conf->interval_ns)
			SK_TRY(sensor_cut(sensor, fault));
		(void)poll(wait, (nfds_t)count, REST_MS);
	}
}

static bool is_orderly(enum sk_err ended)
{
	return ended == SK_OK || ended == SK_EINTR || ended == SK_EEXPIRED || ended == SK_ESUSPENDED;
}

/* A word of record.h. */
static const char *reason_of(enum sk_err ended, const struct sensor *sensor)
{
	switch (ended) {
	case SK_EINTR: return "interrupted";
	case SK_EEXPIRED: return "basis_expired";
	case SK_ESUSPENDED: return "basis_suspended";
	case SK_OK:
		for (size_t i = 0; i < sensor->link_count; i++)
			if (sensor->links[i].gone)
				return "host_error";
		return sensor->stopping ? "interrupted" : "finished";
	default: return ended == SK_ELEDGER ? "ledger_outage" : "host_error";
	}
}

/* The segments close, the last interval is signed. */
static enum sk_err finish(struct sensor *sensor, enum sk_err ended, struct sk_fault *fault)
{
	uint64_t size;
	uint8_t root[SK_HASH_BYTES];
	sk_counting_tell(sensor->counting, true);
	sensor->finishing = true;
	sensor->end = ended == SK_OK && !sensor->stopping ? SK_FLOW_END_STOP : SK_FLOW_END_BASIS;
	if (sensor->link_count != 0)
		SK_TRY(sk_crews_finish(sensor->crews, sensor->link_count, sensor->end, fault));
	else
		SK_TRY(sensor_cut(sensor, fault));
	struct sk_collector *collector = sensor->collector;
	sensor->collector = NULL;
	return sk_collector_stop(collector, reason_of(ended, sensor), &size, root, fault);
}

static void tell_end(struct sensor *sensor, enum sk_err ended, const struct sk_fault *fault)
{
	struct sk_journal *journal = sensor->journal;
	int64_t now_ns = sensor->cmd->clock.monotonic_ns(sensor->cmd->clock.context);
	if (ended == SK_ESUSPENDED)
		sk_journal_suspended(journal, sensor->suspended_ns != 0 ? now_ns - sensor->suspended_ns : 0);
	else if (ended == SK_EEXPIRED)
		sk_journal_basis_ended(journal, sensor_name(sensor, "basis_expired"));
	else if (!is_orderly(ended))
		sk_journal_failed(journal, fault);
}

static enum sk_err collect(struct sensor *sensor, struct sk_fault *fault)
{
	struct sk_fault last = {.line = ""};
	sensor->collecting = true;
	enum sk_err ended = sensor->link_count != 0 ? sk_crews_run(sensor->crews, sensor->crew_sources, sensor->link_count, fault) : listen_alone(sensor, fault);
	sensor->collecting = false;
	sensor_shut_gates(sensor, ended != SK_OK && ended != SK_EINTR);
	sk_notify_stopping(sensor->notify);
	tell_end(sensor, ended, fault);
	if (!is_orderly(ended))
		return ended;
	enum sk_err err = finish(sensor, ended, &last);
	if (err != SK_OK) {
		*fault = last;
		sk_journal_failed(sensor->journal, fault);
		return err;
	}
	sk_journal_stopping(sensor->journal, sensor_name(sensor, reason_of(ended, sensor)), sensor->intervals);
	/* Asked to stop, and stopped. A link that went away is a reason to be started again. */
	if (ended == SK_EINTR || sensor->stopping)
		return SK_OK;
	if (ended == SK_OK && strcmp(reason_of(ended, sensor), "host_error") == 0)
		return sk_fault_set(fault, SK_EIO, "no link is left");
	return ended;
}

/* A start that failed behind the collector's: no frame was taken, so the run ends in order. */
static void stop_unused(struct sensor *sensor)
{
	struct sk_fault ignored;
	uint64_t size;
	uint8_t root[SK_HASH_BYTES];
	struct sk_collector *collector = sensor->collector;
	sensor->collector = NULL;
	if (collector != NULL && sk_collector_stop(collector, "host_error", &size, root, &ignored) != SK_OK)
		sk_journal_failed(sensor->journal, &ignored);
}

static enum sk_err run(struct sensor *sensor, struct sk_fault *fault)
{
	sensor->conf = calloc(1, sizeof *sensor->conf);
	sensor->fresh = calloc(1, sizeof *sensor->fresh);
	sensor->report = calloc(1, sizeof *sensor->report);
	sensor->judged = calloc(1, sizeof *sensor->judged);
	if (sensor->conf == NULL || sensor->fresh == NULL || sensor->report == NULL || sensor->judged == NULL || sk_seal_start() != SK_OK)
		return sk_fault_set(fault, SK_EIO, "out of memory, or the cryptographic libraries do not start");
	enum sk_err err = sk_conf_read(sensor->config_path, sensor->conf, sensor->report);
	if (err != SK_OK) {
		for (size_t i = 0; i + 1 < sensor->report->count; i++)
			(void)fprintf(sensor->cmd->err, "sekisho: %s\n", sensor->report->faults[i].line);
		if (sensor->report->count != 0)
			*fault = sensor->report->faults[sensor->report->count - 1];
		return err;
	}
	/* An orderly end from here on, whoever asks for it. */
	sk_guard_signals(false);
	sk_guard_hangups();
	err = sensor_set_up(sensor, fault);
	if (err == SK_OK)
		return collect(sensor, fault);
	stop_unused(sensor);
	if (sk_guard_interrupted()) /* while it waited for whoever writes a pipe */
		return SK_OK;
	if (sensor->journal != NULL)
		sk_journal_failed(sensor->journal, fault);
	return err;
}

int sk_cmd_sensor(struct sk_cmd *cmd, int argc, char **argv)
{
	const char *config = NULL;
	bool help = false;
	optind = 0;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case OPT_CONFIG: config = optarg; break;
		case OPT_HELP: help = true; break;
		default: return sk_cmd_usage(cmd, argv[0], "unknown or incomplete option");
		}
	}
	if (help)
		return sk_cmd_help(cmd, argv[0]);
	if (optind != argc)
		return sk_cmd_usage(cmd, argv[0], "'%s': no argument was expected", argv[optind]);
	if (config == NULL)
		return sk_cmd_usage(cmd, argv[0], "--config FILE is missing, e.g. --config /etc/sekisho/sekisho.yaml");
	struct sensor *sensor = calloc(1, sizeof *sensor);
	struct sk_fault fault = {.line = ""};
	if (sensor == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "out of memory");
		return sk_cmd_fail(cmd, &fault);
	}
	*sensor = (struct sensor){.cmd = cmd, .config_path = config, .memory_fd = -1, .locked_fd = -1, .started_ns = cmd->clock.monotonic_ns(cmd->clock.context),
				  .started_unix_ns = cmd->clock.unix_ns(cmd->clock.context)};
	enum sk_err err = run(sensor, &fault);
	/* The log has it, where there is one; a start that failed is told to whoever started it. */
	int code = err == SK_OK ? 0 : sk_err_exit(err);
	if (err != SK_OK && sensor->journal == NULL)
		code = sk_cmd_fail(cmd, &fault);
	sensor_tear_down(sensor);
	free(sensor);
	return code;
}
