/* SPDX-License-Identifier: Apache-2.0 */
/* Links: interfaces, pipes and listeners, the crews behind them, the gates in front of them. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sensor_priv.h"

enum { PATIENCE_MS = 100, SAMPLE_FLOWS_MAX = 1 << 16, SAMPLE_FACTS_MAX = 4096, SAMPLE_STREAMS_MAX = 64, PPM_A_THOUSANDTH = 1000 };

/* ---- workers ---- */

static unsigned processors(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* Shared out evenly, the first links get what is over, and none is without one. */
void sensor_share_workers(struct sensor *sensor)
{
	const struct sk_conf *conf = sensor->conf;
	unsigned links = conf->links.count, wanted = (unsigned)conf->workers, next = 0;
	if (wanted == 0)
		wanted = processors() > 1 ? processors() - 1 : 1;
	sensor->link_count = links;
	sensor->export_count = conf->exports.count;
	for (unsigned i = 0; i < links; i++) {
		struct sensor_link *link = &sensor->links[i];
		unsigned share = wanted / links + (i < wanted % links ? 1 : 0), most = SK_CREW_WORKERS_MAX;
		link->workers = share < 1 ? 1 : share > most ? most : share;
		link->first_worker = next;
		next += link->workers;
	}
	sensor->worker_count = next;
}

/* ---- interfaces and pipes ---- */

static enum sk_live_mode mode_of(const struct sk_conf_link *conf)
{
	switch (conf->mode) {
	case SK_CONF_MODE_XDP: return SK_LIVE_XDP;
	case SK_CONF_MODE_XDP_NATIVE: return SK_LIVE_XDP_NATIVE;
	case SK_CONF_MODE_XDP_GENERIC: return SK_LIVE_XDP_GENERIC;
	case SK_CONF_MODE_PACKET: return SK_LIVE_PACKET;
	default: return SK_LIVE_AUTO;
	}
}

static const char *mode_name(const struct sk_live_facts *facts)
{
	return !facts->xdp ? "packet_filter" : facts->native ? "xdp_native" : "xdp_generic";
}

static enum sk_err open_interface(struct sensor *sensor, struct sensor_link *link, struct sk_fault *fault)
{
	const struct sk_conf_link *conf = link->conf;
	const struct sk_snapshot *law = &sensor->law->snapshot;
	const struct sk_live_options options = {.interface = conf->interface, .mode = mode_of(conf), .zero_copy = conf->zero_copy, .ports = link->workers, .border = law->border,
						.covered_classes = law->basis->classes, .ring_frames = (uint32_t)conf->ring_frames, .not_promiscuous = !conf->promiscuous, .kept = true,
						.clock = sensor->cmd->clock};
	if (conf->zero_copy && sensor->workspace.profile == SK_PROFILE_JP_2025)
		return sk_fault_set(fault, SK_EPERMIT, "links[].zero_copy: refused under profile jp-2025: the card would write frames into memory of this process before the gate has judged them");
	enum sk_err err = sk_live_open(&options, &link->live, fault);
	/* An interface that is not there, is down, or is another's may be well a moment later: that is the host's matter, and a service manager tries again. */
	if (err == SK_EUSAGE)
		err = fault->err = SK_EIO;
	SK_TRY(err);
	sk_live_facts(link->live, &link->facts);
	for (unsigned port = 0; port < link->workers; port++)
		link->sources[port] = sk_live_source(link->live, port);
	sk_journal_link_mode(sensor->journal, link->name, sensor_name(sensor, mode_name(&link->facts)), link->facts.queues);
	return SK_OK;
}

static enum sk_err open_pipe(struct sensor *sensor, struct sensor_link *link, struct sk_fault *fault)
{
	SK_TRY(sk_capture_open(link->conf->pipe, &link->capture, fault));
	sk_capture_patience(link->capture, PATIENCE_MS);
	link->from = (struct sk_capture_source){.capture = link->capture};
	link->sources[0] = sk_source_of_capture(&link->from);
	sk_journal_link_mode(sensor->journal, link->name, sensor_name(sensor, "pipe"), 1);
	return SK_OK;
}

enum sk_err sensor_open_links(struct sensor *sensor, struct sk_fault *fault)
{
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sensor_link *link = &sensor->links[i];
		link->sensor = sensor;
		link->conf = &sensor->conf->links.items[i];
		link->name = sk_journal_name(sensor->journal, link->conf->name);
		SK_TRY(link->conf->pipe[0] != '\0' ? open_pipe(sensor, link, fault) : open_interface(sensor, link, fault));
	}
	for (size_t i = 0; i < sensor->export_count; i++) {
		sensor->exports[i].sensor = sensor;
		sensor->exports[i].conf = &sensor->conf->exports.items[i];
		sensor->exports[i].name = sk_journal_name(sensor->journal, sensor->exports[i].conf->name);
	}
	return SK_OK;
}

void sensor_close_links(struct sensor *sensor)
{
	/* Threads first: they hold what follows. */
	for (size_t i = 0; i < sensor->link_count; i++)
		sk_crew_free(sensor->links[i].crew);
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sensor_link *link = &sensor->links[i];
		sk_live_close(link->live);
		sk_capture_close(link->capture);
		for (unsigned worker = 0; worker < link->workers; worker++)
			sk_wall_calls_free(link->calls[worker]);
	}
	for (size_t i = 0; i < sensor->export_count; i++)
		sk_exports_free(sensor->exports[i].exports);
}

/* ---- crews ---- */

/* In the worker's thread, before all else: its processor, then its filter. */
static enum sk_err enter(void *context, unsigned worker, struct sk_fault *fault)
{
	const struct sensor_link *link = context;
	const struct sk_conf *conf = link->sensor->conf;
	unsigned at = link->first_worker + worker;
	cpu_set_t set;
	if (at < conf->worker_cpus.count) {
		CPU_ZERO(&set);
		CPU_SET(conf->worker_cpus.items[at], &set);
		if (sched_setaffinity(0, sizeof set, &set) != 0)
			return sk_fault_set(fault, SK_EUSAGE, "cpu.workers: this process may not run on processor %llu", (unsigned long long)conf->worker_cpus.items[at]);
	}
	return link->calls[worker] != NULL ? sk_wall_calls_enter(link->calls[worker], NULL, fault) : SK_OK;
}

/* A source has failed: the link is over, the others go on. */
static void damaged(void *context, unsigned source, const struct sk_fault *fault)
{
	struct sensor_link *link = context;
	struct sensor *sensor = link->sensor;
	struct sk_fault ignored;
	(void)source;
	sk_journal_failed(sensor->journal, fault);
	if (link->gone)
		return;
	link->gone = true;
	sk_journal_link_lost(sensor->journal, link->name);
	if (link->live != NULL && sk_live_shut(link->live, &ignored) != SK_OK)
		sk_journal_failed(sensor->journal, &ignored);
}

static void stopping(void *context, enum sk_err why)
{
	const struct sensor_link *link = context;
	sensor_shut_gates(link->sensor, why != SK_EINTR);
}

static enum sk_err make_crew(struct sensor *sensor, struct sensor_link *link, struct sk_fault *fault)
{
	const struct sk_conf *conf = sensor->conf;
	bool pipe = link->capture != NULL;
	const struct sk_crew_config config = {.workers = link->workers,
					      .sources = pipe ? 1 : link->workers,
					      .threads = true,
					      .live = true,
					      .waits = pipe,
					      .flow_of_each = true,
					      .flow = sk_sensor_flow_limits(conf),
					      .decoder = sk_sensor_decoder_limits(conf),
					      .interval_ns = conf->interval_ns,
					      .health_learn_ns = conf->link_health ? conf->link_health_learn_ns : 0,
					      .exchange_bytes = conf->exchange_frames * SENSOR_PLACE_BYTES,
					      .spool_bytes = conf->spool_records * SENSOR_OBSERVATION_BYTES,
					      .link = link->conf->name,
					      .rules = sensor->rules,
					      .rules_trusted = sensor->rules_trusted,
					      .brands = sensor->brands,
					      .clock = sensor->cmd->clock,
					      .sink = &sensor->sink,
					      .context = link,
					      .enter = enter,
					      .interval = sensor_take_interval,
					      .passed = sensor_passed,
					      .damaged = damaged,
					      .tick = sensor_turn,
					      .stopping = stopping};
	return sk_crew_new(&config, &sensor->law->snapshot, &link->crew, fault);
}

void sensor_export_options(const struct sk_conf_export *conf, struct sk_exports_options *out)
{
	static const uint8_t meters[][2] = {{SK_CONF_FORMAT_NETFLOW5, SK_METER_NETFLOW5}, {SK_CONF_FORMAT_NETFLOW9, SK_METER_NETFLOW9}, {SK_CONF_FORMAT_IPFIX, SK_METER_IPFIX},
					    {SK_CONF_FORMAT_SFLOW, SK_METER_SFLOW}};
	memset(out, 0, sizeof *out);
	out->listen_count = 1;
	out->listen[0] = (struct sk_peer){.addr = conf->listen.addr, .port = conf->listen.port, .transport = conf->transport == SK_CONF_TRANSPORT_TCP ? SK_PEER_TCP : SK_PEER_UDP};
	for (uint32_t i = 0; i < conf->formats.count; i++)
		for (size_t j = 0; j < SK_COUNT(meters); j++)
			out->forms |= conf->formats.items[i] == meters[j][0] ? 1u << meters[j][1] : 0;
	out->exporter_count = conf->allow.count;
	memcpy(out->exporters, conf->allow.items, conf->allow.count * sizeof conf->allow.items[0]);
	out->receive_bytes = (uint32_t)conf->receive_buffer_bytes;
	out->domains = (uint32_t)conf->exporters_max;
	out->templates = (uint32_t)conf->templates_max;
	out->template_life_ns = conf->template_lifetime_ns;
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

/* The flow table of a listener holds sampled packets alone: it is as large as sekisho collect's, unless the configuration says less. */
static enum sk_err make_listener(struct sensor *sensor, struct sensor_export *export_, struct sk_fault *fault)
{
	const struct sk_snapshot *law = &sensor->law->snapshot;
	struct sk_flow_limits flow = sk_sensor_flow_limits(sensor->conf);
	flow.flows = at_most(flow.flows, SAMPLE_FLOWS_MAX);
	flow.facts = at_most(flow.facts, SAMPLE_FACTS_MAX);
	flow.streams = at_most(flow.streams, SAMPLE_STREAMS_MAX);
	struct sk_decoder_limits decoder = sk_sensor_decoder_limits(sensor->conf);
	const struct sk_engine_config config = {.border = law->border, .basis = law->basis, .set = law->set, .sink = &sensor->sink, .flow = flow, .decoder = decoder, .interval_frames = UINT64_MAX,
						.clock = sensor->cmd->clock, .link = export_->conf->name};
	const struct sk_exports_calls calls = {.context = export_, .interval = sensor_take_exports_interval};
	struct sk_exports_options *options = calloc(1, sizeof *options);
	if (options == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sensor_export_options(export_->conf, options);
	enum sk_err err = sk_exports_new(options, &config, &calls, &export_->exports, fault);
	free(options);
	return err;
}

enum sk_err sensor_make_crews(struct sensor *sensor, struct sk_fault *fault)
{
	for (size_t i = 0; i < sensor->link_count; i++) {
		SK_TRY(make_crew(sensor, &sensor->links[i], fault));
		sensor->crews[i] = sensor->links[i].crew;
		sensor->crew_sources[i] = sensor->links[i].sources;
	}
	for (size_t i = 0; i < sensor->export_count; i++)
		SK_TRY(make_listener(sensor, &sensor->exports[i], fault));
	for (unsigned i = 0; i < sensor->worker_count; i++) {
		char text[32];
		(void)snprintf(text, sizeof text, "worker %u", i);
		sensor->worker_names[i] = sk_journal_name(sensor->journal, text);
	}
	sensor->law->users = (unsigned)sensor->link_count;
	return SK_OK;
}

enum sk_err sensor_make_filters(struct sensor *sensor, struct sk_fault *fault)
{
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sensor_link *link = &sensor->links[i];
		for (unsigned worker = 0; worker < link->workers; worker++) {
			struct sk_crew_bells bells;
			sk_crew_bells(link->crew, worker, &bells);
			struct sk_wall_descriptors may = {.hears = bells.hears, .rings = bells.rings, .ring_count = bells.ring_count};
			/* The first worker reads the pipe, or takes the counters of the gate. */
			if (worker == 0 && link->capture != NULL)
				may.reads_pipe = true, may.pipe = sk_capture_descriptor(link->capture);
			if (worker == 0 && link->live != NULL)
				may.counts = true, may.asks = sk_live_asks(link->live);
			SK_TRY(sk_wall_calls_new(SK_WALL_WORKER, &may, &link->calls[worker], fault));
		}
	}
	return SK_OK;
}

/* ---- gates ---- */

enum sk_err sensor_tell_gate(struct sensor *sensor, const struct sensor_link *link, struct sk_fault *fault)
{
	struct sk_live_facts facts;
	sk_live_facts(link->live, &facts);
	struct sk_kernel_gate_facts record = {.link = link->conf->name, .mode = mode_name(&facts), .copying = !facts.xdp ? "ring" : facts.zero_copy ? "zero_copy" : "copy"};
	memcpy(record.program, facts.program_digest, sizeof record.program);
	memcpy(record.table, facts.table_digest, sizeof record.table);
	return sk_collector_kernel_gate(sensor->collector, &record, fault);
}

enum sk_err sensor_open_gates(struct sensor *sensor, struct sk_fault *fault)
{
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sensor_link *link = &sensor->links[i];
		struct sk_live_facts before, after;
		if (link->live == NULL)
			continue;
		sk_live_facts(link->live, &before);
		SK_TRY(sensor_tell_gate(sensor, link, fault));
		SK_TRY(sk_live_start(link->live, fault));
		sk_live_facts(link->live, &after);
		if (memcmp(before.table_digest, after.table_digest, sizeof before.table_digest) != 0 || memcmp(before.program_digest, after.program_digest, sizeof before.program_digest) != 0)
			return sk_fault_set(fault, SK_EKERNELGATE, "link %s: the gate that opened is not the one that the ledger names", link->conf->name);
	}
	return SK_OK;
}

void sensor_shut_gates(struct sensor *sensor, bool discard)
{
	struct sk_fault fault;
	for (size_t i = 0; i < sensor->link_count; i++) {
		struct sk_live *live = sensor->links[i].live;
		if (live != NULL && (discard ? sk_live_discard(live, &fault) : sk_live_shut(live, &fault)) != SK_OK)
			sk_journal_failed(sensor->journal, &fault);
	}
}
