/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/exports.h"

#include <stdlib.h>

#include "base/file.h"
#include "export/payload.h"

enum { WAIT_MS = 100, PEEK_BYTES = 4 };

struct sk_exports {
	struct sk_exports_options options;
	const struct sk_basis *basis;
	struct sk_clock clock;
	struct sk_exports_calls calls;
	struct sk_engine *engine;
	struct sk_export *export_;
	struct sk_carrier *carrier;
	struct sk_listener *listener;
	uint16_t interface;     /* of the capture, whose samples are read */
	uint64_t upstream_lost, kernel_dropped; /* of the capture; of our sockets, at the last account */
};

/* ---- options ---- */

static bool parse_ports(struct sk_exports_options *options, const char *text)
{
	options->port_count = 0;
	for (;;) {
		char *end = NULL;
		unsigned long port = strtoul(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || port == 0 || port > UINT16_MAX || options->port_count == SK_CARRIER_PORTS_MAX)
			return false;
		options->ports[options->port_count++] = (uint16_t)port;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
}

enum sk_err sk_exports_option(struct sk_exports_options *options, const char *value, const char *next, bool *took_next, struct sk_fault *fault)
{
	struct sk_exports_options tried = *options;
	*took_next = false;
	options->read = true;
	if (value != NULL)
		return parse_ports(options, value) ? SK_OK
						   : sk_fault_set(fault, SK_EUSAGE, "--exports '%s': expected ports from 1 to 65535 with commas between them, at most %d", value, SK_CARRIER_PORTS_MAX);
	if (next == NULL || !parse_ports(&tried, next) || sk_file_exists(next))
		return SK_OK;
	*took_next = true;
	return parse_ports(options, next) ? SK_OK : SK_EBUG;
}

enum sk_err sk_exports_option_exporter(struct sk_exports_options *options, const char *value, struct sk_fault *fault)
{
	if (options->exporter_count < SK_EXPORTERS_MAX && sk_prefix_parse(value, &options->exporters[options->exporter_count]) == SK_OK) {
		options->exporter_count++;
		return SK_OK;
	}
	return sk_fault_set(fault, SK_EUSAGE, "--exporter '%s': expected an address or a prefix (host bits zero), at most %d of them", value, SK_EXPORTERS_MAX);
}

enum sk_err sk_exports_option_listen(struct sk_exports_options *options, const char *value, struct sk_fault *fault)
{
	if (options->listen_count == SK_EXPORTS_LISTEN_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "--listen: at most %d places", SK_EXPORTS_LISTEN_MAX);
	SK_TRY(sk_peer_parse(value, &options->listen[options->listen_count], fault));
	options->listen_count++;
	return SK_OK;
}

enum sk_err sk_exports_allowed(const struct sk_exports_options *options, const struct sk_basis *basis, struct sk_fault *fault)
{
	enum sk_basis_kind kind;
	if (!options->read)
		return SK_OK;
	SK_TRY(sk_basis_kind_parse(basis->kind, &kind));
	return sk_policy_exports(kind) ? SK_OK
				       : sk_fault_set(fault, SK_EPERMIT,
						      "--exports: a basis of kind '%s' does not permit to read telemetry out of captures, only own_network and lab do (rule EXPORT-1); "
						      "let the routers send it to sekisho collect",
						      basis->kind);
}

/* ---- parts ---- */

/* Sampled packets go the way of all frames. */
static enum sk_err take_samples(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault)
{
	struct sk_exports *exports = context;
	for (size_t i = 0; i < count; i++)
		frames[i].interface = exports->interface;
	return sk_engine_feed(exports->engine, frames, count, exports->upstream_lost, fault);
}

static enum sk_err listen_everywhere(struct sk_exports *exports, struct sk_fault *fault)
{
	struct sk_listener_config config = {.export_ = exports->export_, .clock = exports->clock, .receive_bytes = exports->options.receive_bytes, .exporter_count = exports->options.exporter_count};
	memcpy(config.exporters, exports->options.exporters, sizeof config.exporters);
	if (sk_listener_new(&config, &exports->listener) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "exports: out of memory");
	for (size_t i = 0; i < exports->options.listen_count; i++)
		SK_TRY(sk_listener_add(exports->listener, &exports->options.listen[i], fault));
	return SK_OK;
}

static enum sk_err make_parts(struct sk_exports *exports, const struct sk_engine_config *config, struct sk_fault *fault)
{
	struct sk_export_config export_config = {.border = config->border, .basis = config->basis, .set = config->set, .sink = config->sink, .limits = sk_export_default_limits(),
						 .forms = exports->options.forms, .clock = config->clock, .frames = take_samples, .context = exports};
	const struct sk_exports_options *options = &exports->options;
	struct sk_export_limits *limits = &export_config.limits;
	limits->domains = options->domains != 0 ? options->domains : limits->domains;
	limits->templates = options->templates != 0 ? options->templates : limits->templates;
	limits->template_life_ns = options->template_life_ns != 0 ? options->template_life_ns : limits->template_life_ns;
	struct sk_carrier_config carrier = {.border = config->border, .classes = config->basis->classes, .port_count = exports->options.port_count,
					    .exporter_count = exports->options.exporter_count};
	if (sk_engine_new(config, exports->calls.interval, exports->calls.context, &exports->engine) != SK_OK || sk_export_new(&export_config, &exports->export_) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "exports: out of memory");
	if (exports->options.listen_count != 0)
		return listen_everywhere(exports, fault);
	carrier.export_ = exports->export_;
	memcpy(carrier.ports, exports->options.ports, sizeof carrier.ports);
	memcpy(carrier.exporters, exports->options.exporters, sizeof carrier.exporters);
	return sk_carrier_new(&carrier, &exports->carrier) == SK_OK ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "exports: out of memory");
}

enum sk_err sk_exports_new(const struct sk_exports_options *options, const struct sk_engine_config *config, const struct sk_exports_calls *calls, struct sk_exports **out,
			   struct sk_fault *fault)
{
	struct sk_exports *exports = calloc(1, sizeof *exports);
	if (exports == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "exports: out of memory");
	exports->options = *options;
	exports->basis = config->basis;
	exports->clock = config->clock;
	exports->calls = *calls;
	enum sk_err err = make_parts(exports, config, fault);
	if (err != SK_OK) {
		sk_exports_free(exports);
		return err;
	}
	*out = exports;
	return SK_OK;
}

void sk_exports_free(struct sk_exports *exports)
{
	if (exports == NULL)
		return;
	sk_listener_free(exports->listener);
	sk_carrier_free(exports->carrier);
	sk_export_free(exports->export_);
	sk_engine_free(exports->engine);
	free(exports);
}

/* ---- inputs ---- */

/* Many records and few frames: their number closes an interval too. */
static enum sk_err cut_when_full(struct sk_exports *exports, struct sk_fault *fault)
{
	return sk_export_interval_records(exports->export_) < SK_EXPORT_INTERVAL_RECORDS ? SK_OK : sk_engine_cut(exports->engine, INT64_MIN, fault);
}

static enum sk_err take_batch(struct sk_exports *exports, struct sk_frame *frames, size_t count, struct sk_fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		exports->interface = frames[i].interface;
		SK_TRY(sk_carrier_frame(exports->carrier, &frames[i], fault));
	}
	SK_TRY(cut_when_full(exports, fault));
	return sk_engine_feed(exports->engine, frames, count, exports->upstream_lost, fault);
}

enum sk_err sk_exports_capture(struct sk_exports *exports, struct sk_capture_source *from, uint64_t upstream, struct sk_fault *damage, struct sk_fault *fault)
{
	const struct sk_source source = sk_source_of_capture(from);
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_capture_stats stats;
	*damage = (struct sk_fault){.err = SK_OK};
	for (;;) {
		size_t count = 0;
		enum sk_err err = source.next(source.context, frames, &count, damage);
		sk_capture_stats(from->capture, &stats);
		exports->upstream_lost = upstream + stats.upstream_lost;
		/* An empty batch asks for the basis all the same: a pipe may be silent for long. */
		SK_TRY(take_batch(exports, frames, count, fault));
		SK_TRY(exports->calls.look(exports->calls.context, &stats, fault));
		if (err != SK_OK && err != SK_EMORE)
			return SK_OK;
		if (err == SK_OK && count == 0)
			return damage->err = SK_OK, SK_OK;
	}
}

enum sk_err sk_exports_payload(struct sk_exports *exports, struct sk_stream *stream, const char *name, bool *is, struct sk_fault *fault)
{
	const uint8_t *head = NULL;
	size_t length = 0;
	if (sk_stream_peek(stream, PEEK_BYTES, &head, &length, fault) != SK_OK)
		return SK_EDAMAGED;
	*is = sk_payload_is(head, length);
	return *is ? sk_payload_read(exports->export_, stream, name, fault) : SK_OK;
}

enum sk_err sk_exports_end_input(struct sk_exports *exports, struct sk_fault *fault)
{
	if (exports->carrier != NULL)
		sk_carrier_end(exports->carrier);
	SK_TRY(sk_engine_end_input(exports->engine, fault));
	return sk_export_interval_messages(exports->export_) != 0 ? sk_engine_cut(exports->engine, INT64_MIN, fault) : SK_OK;
}

enum sk_err sk_exports_listen(struct sk_exports *exports, struct sk_fault *fault)
{
	const struct sk_clock *clock = &exports->clock;
	int64_t length_ns = (int64_t)(exports->options.interval_s != 0 ? exports->options.interval_s : SK_EXPORTS_INTERVAL_S) * 1000000000;
	int64_t next_ns = clock->monotonic_ns(clock->context) + length_ns;
	for (;;) {
		SK_TRY(exports->calls.look(exports->calls.context, NULL, fault));
		enum sk_err err = sk_listener_poll(exports->listener, WAIT_MS, fault);
		if (err != SK_OK && err != SK_EINTR)
			return err;
		/* Asked also when nothing comes. rule: BASIS-2 */
		SK_TRY(sk_basis_in_force(exports->basis, clock->unix_ns(clock->context), fault));
		if (clock->monotonic_ns(clock->context) < next_ns && sk_export_interval_records(exports->export_) < SK_EXPORT_INTERVAL_RECORDS)
			continue;
		next_ns = clock->monotonic_ns(clock->context) + length_ns;
		SK_TRY(sk_engine_cut(exports->engine, clock->unix_ns(clock->context), fault));
	}
}

enum sk_err sk_exports_turn(struct sk_exports *exports, struct sk_fault *fault)
{
	enum sk_err err = sk_listener_poll(exports->listener, 0, fault);
	return err == SK_EINTR ? SK_OK : err;
}

enum sk_err sk_exports_cut(struct sk_exports *exports, const struct sk_snapshot *next, struct sk_fault *fault)
{
	int64_t now_ns = exports->clock.unix_ns(exports->clock.context);
	if (next == NULL)
		return sk_engine_cut(exports->engine, now_ns, fault);
	SK_TRY(sk_engine_reload(exports->engine, next, now_ns, fault));
	sk_export_switch(exports->export_, next->border, next->basis, next->set);
	exports->basis = next->basis;
	return SK_OK;
}

void sk_exports_tune(struct sk_exports *exports, const struct sk_exports_options *options)
{
	sk_listener_senders(exports->listener, options->exporters, options->exporter_count);
	if (options->template_life_ns != 0)
		sk_export_template_life(exports->export_, options->template_life_ns);
}

size_t sk_exports_descriptors(const struct sk_exports *exports, int fds[SK_LISTENER_PLACES])
{
	return sk_listener_descriptors(exports->listener, fds);
}

enum sk_err sk_exports_finish(struct sk_exports *exports, enum sk_flow_end end, struct sk_fault *fault)
{
	SK_TRY(sk_engine_finish(exports->engine, end, fault));
	/* What came of exports since the last interval, and no frame with it. */
	return sk_exports_end_input(exports, fault);
}

/* ---- the account ---- */

void sk_exports_account(struct sk_exports *exports, struct sk_account *account)
{
	sk_export_take_account(exports->export_, account);
	if (exports->listener == NULL)
		return;
	/* What found no room in our sockets is a loss that the input itself reports; the exporters' numbers will tell of it too. */
	struct sk_listener_totals totals;
	sk_listener_totals(exports->listener, &totals);
	account->upstream_lost += totals.kernel_dropped - exports->kernel_dropped;
	exports->kernel_dropped = totals.kernel_dropped;
}

void sk_exports_result(const struct sk_exports *exports, struct sk_engine_totals *totals, struct sk_exports_result *result)
{
	sk_engine_totals(exports->engine, totals);
	result->read = true;
	sk_export_totals(exports->export_, &result->totals);
	result->listened = exports->listener != NULL;
	if (result->listened)
		sk_listener_totals(exports->listener, &result->listener);
}
