/* SPDX-License-Identifier: Apache-2.0 */
/* What no single key shows: keys that must agree with each other. Each rule names the key that a person would change. */
#include <inttypes.h>
#include <string.h>

#include "conf/conf_priv.h"

enum { ROTATE_LEAST_BYTES = 1 << 16 };
static const int64_t rotate_least_ns = 1000000000;

struct check {
	const struct sk_conf *conf;
	const struct sk_conf_marks *marks;
	struct sk_conf_tell *tell;
};

static size_t number_of(enum sk_conf_scope scope, const char *key)
{
	size_t count;
	const struct sk_conf_row *row = sk_conf_row(scope, key);
	SK_INVARIANT(row != NULL);
	return (size_t)(row - sk_conf_rows(&count));
}

/* Where a key of the file stands; the top when it does not. */
static struct sk_conf_mark at_key(const struct check *check, const char *key)
{
	return check->marks->key[number_of(SK_CONF_SCOPE_FILE, key)];
}

/* Where a key of an element stands; where the element begins when it does not. */
static struct sk_conf_mark at_element(const struct check *check, enum sk_conf_scope scope, size_t element, const char *key)
{
	struct sk_conf_mark mark = check->marks->in_element[element][number_of(scope, key)];
	return mark.line != 0 ? mark : check->marks->element[scope][element];
}

static bool is_power_of_two(uint64_t value)
{
	return (value & (value - 1)) == 0;
}

static void check_power(const struct check *check, struct sk_conf_mark mark, const char *key, uint64_t value)
{
	if (!is_power_of_two(value))
		sk_conf_error(check->tell, mark, "%s: found %" PRIu64 "; expected a power of two, such as %" PRIu64, key, value, UINT64_C(1) << (64 - __builtin_clzll(value)));
}

/* ---- links and exports ---- */

/* Does the key stand in the element, with whatever value? */
static bool stands(const struct check *check, enum sk_conf_scope scope, size_t element, const char *key)
{
	return check->marks->in_element[element][number_of(scope, key)].line != 0;
}

static void check_link(const struct check *check, size_t i)
{
	const struct sk_conf_link *link = &check->conf->links.items[i];
	bool interface = link->interface[0] != '\0' || stands(check, SK_CONF_SCOPE_LINK, i, "interface"), pipe = link->pipe[0] != '\0';
	if (!interface && !pipe)
		sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_LINK, i, "interface"), "links[].interface is missing; it must be given, or links[].pipe");
	if (link->interface[0] != '\0' && pipe)
		sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_LINK, i, "pipe"), "links[].pipe: stands beside an interface; a link has one of both");
	if (pipe && link->mode != SK_CONF_MODE_AUTO)
		sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_LINK, i, "mode"), "links[].mode: %s stands beside a pipe, from which frames come in one way alone; leave it out",
			      sk_conf_choice_word(link->mode));
	if (link->zero_copy && link->mode != SK_CONF_MODE_XDP && link->mode != SK_CONF_MODE_XDP_NATIVE)
		sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_LINK, i, "zero_copy"), "links[].zero_copy: found true; needs mode: xdp or xdp_native beside it");
	if (link->ring_frames != 0)
		check_power(check, at_element(check, SK_CONF_SCOPE_LINK, i, "ring_frames"), "links[].ring_frames", link->ring_frames);
	for (size_t j = 0; j < i; j++)
		if (link->interface[0] != '\0' && strcmp(link->interface, check->conf->links.items[j].interface) == 0)
			sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_LINK, i, "interface"),
				      "links[].interface: '%s' is read already by link '%s'; each frame would be counted twice", link->interface,
				      check->conf->links.items[j].name);
}

static void check_export(const struct check *check, size_t i)
{
	const struct sk_conf_export *export = &check->conf->exports.items[i];
	for (size_t j = 0; j < i; j++) {
		const struct sk_conf_export *other = &check->conf->exports.items[j];
		if (export->listen.port != 0 && export->transport == other->transport && memcmp(&export->listen, &other->listen, sizeof export->listen) == 0)
			sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_EXPORT, i, "listen"), "exports[].listen: '%s' listens there already", other->name);
	}
	if (export->transport == SK_CONF_TRANSPORT_TCP)
		for (size_t f = 0; f < export->formats.count; f++)
			if (export->formats.items[f] != SK_CONF_FORMAT_IPFIX)
				sk_conf_error(check->tell, at_element(check, SK_CONF_SCOPE_EXPORT, i, "formats"),
					      "exports[].formats: over tcp only ipfix comes; leave '%s' out, or give it a listener by udp",
					      sk_conf_choice_word(export->formats.items[f]));
}

/* Links and exports share their names. */
static const char *link_name(const struct sk_conf *conf, size_t i)
{
	return i < conf->links.count ? conf->links.items[i].name : conf->exports.items[i - conf->links.count].name;
}

static void check_names(const struct check *check)
{
	const struct sk_conf *conf = check->conf;
	for (size_t i = 0; i < conf->links.count + conf->exports.count; i++)
		for (size_t j = 0; j < i; j++) {
			if (link_name(conf, i)[0] == '\0' || strcmp(link_name(conf, i), link_name(conf, j)) != 0)
				continue;
			bool is_link = i < conf->links.count;
			enum sk_conf_scope scope = is_link ? SK_CONF_SCOPE_LINK : SK_CONF_SCOPE_EXPORT;
			sk_conf_error(check->tell, at_element(check, scope, is_link ? i : i - conf->links.count, "name"),
				      "%s[].name: '%s' stands twice; links and exports share their names, and each has an account of its own", is_link ? "links" : "exports",
				      link_name(conf, i));
			break;
		}
}

/* ---- the rest ---- */

static void check_cpus(const struct check *check)
{
	const struct sk_conf *conf = check->conf;
	uint32_t count = conf->worker_cpus.count;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (conf->worker_cpus.items[i] == conf->worker_cpus.items[j]) {
				sk_conf_error(check->tell, at_key(check, "cpu.workers"), "cpu.workers: %" PRIu64 " stands twice; each worker has a processor of its own",
					      conf->worker_cpus.items[i]);
				j = i;
			}
	if (conf->workers != 0 && count != 0 && count != conf->workers)
		sk_conf_error(check->tell, at_key(check, "cpu.workers"), "cpu.workers: found %u processors; expected %" PRIu64 ", one for each of workers", count, conf->workers);
}

/* key must not be below other. */
static void check_order(const struct check *check, const char *key, uint64_t value, const char *other, uint64_t least)
{
	struct sk_conf_mark mark = at_key(check, key);
	if (value < least)
		sk_conf_error(check->tell, mark.line != 0 ? mark : at_key(check, other), "%s: is below %s; raise the one or lower the other", key, other);
}

static void check_orders(const struct check *check)
{
	const struct sk_conf *conf = check->conf;
	check_order(check, "shed.facts", conf->shed_facts_ppm, "shed.heads", conf->shed_heads_ppm);
	check_order(check, "shed.flows", conf->shed_flows_ppm, "shed.facts", conf->shed_facts_ppm);
	if (conf->shed_recover_ppm >= conf->shed_heads_ppm)
		sk_conf_error(check->tell, at_key(check, "shed.recover"), "shed.recover: expected less than shed.heads, or the sensor would waver");
	check_order(check, "flows.active", (uint64_t)conf->flows_active_ns, "flows.idle", (uint64_t)conf->flows_idle_ns);
	check_order(check, "flows.idle", (uint64_t)conf->flows_idle_ns, "flows.idle_closed", (uint64_t)conf->flows_idle_closed_ns);
	check_order(check, "health.loss_failing", conf->health_loss_failing_ppm, "health.loss", conf->health_loss_ppm);
}

static void check_outputs(const struct check *check)
{
	const struct sk_conf *conf = check->conf;
	struct sk_conf_tell *tell = check->tell;
	if (conf->eve_rotate_bytes != 0 && conf->eve_rotate_bytes < ROTATE_LEAST_BYTES)
		sk_conf_error(tell, at_key(check, "eve.rotate.size"), "eve.rotate.size: expected 0, or at least 64KiB");
	if (conf->eve_rotate_age_ns != 0 && conf->eve_rotate_age_ns < rotate_least_ns)
		sk_conf_error(tell, at_key(check, "eve.rotate.age"), "eve.rotate.age: expected 0s, or at least 1s");
	if (conf->log_rotate_bytes != 0 && conf->log_rotate_bytes < ROTATE_LEAST_BYTES)
		sk_conf_error(tell, at_key(check, "log.rotate.size"), "log.rotate.size: expected 0, or at least 64KiB");
	if (conf->log_target == SK_CONF_TARGET_FILE && conf->log_path[0] == '\0')
		sk_conf_error(tell, at_key(check, "log.target"), "log.target: file needs log.path beside it");
	if (conf->log_target != SK_CONF_TARGET_FILE && conf->log_path[0] != '\0')
		sk_conf_error(tell, at_key(check, "log.path"), "log.path: is not written unless log.target is file");
	if (conf->eve_path[0] != '\0' && strcmp(conf->eve_path, conf->log_path) == 0)
		sk_conf_error(tell, at_key(check, "eve.path"), "eve.path: is also log.path; each needs a file of its own");
	const struct sk_addr *listen = &conf->metrics_listen.addr;
	static const uint8_t loopback[16] = {[15] = 1};
	if ((listen->family == 4 && listen->bytes[0] != 127) || (listen->family == 6 && memcmp(listen->bytes, loopback, sizeof loopback) != 0))
		sk_conf_error(tell, at_key(check, "metrics.listen"), "metrics.listen: expected a loopback address (127.0.0.1 or ::1); nothing asks for a password there");
}

void sk_conf_check(const struct sk_conf *conf, const struct sk_conf_marks *marks, struct sk_conf_tell *tell)
{
	const struct check check = {conf, marks, tell};
	if (conf->links.count + conf->exports.count == 0 && at_key(&check, "links").line == 0 && at_key(&check, "exports").line == 0)
		sk_conf_error(tell, (struct sk_conf_mark){0}, "links, exports: neither is there; expected at least one interface or listener to watch");
	for (size_t i = 0; i < conf->links.count; i++)
		check_link(&check, i);
	for (size_t i = 0; i < conf->exports.count; i++)
		check_export(&check, i);
	check_names(&check);
	check_cpus(&check);
	if (conf->exchange_frames != 0)
		check_power(&check, at_key(&check, "limits.exchange"), "limits.exchange", conf->exchange_frames);
	if (conf->spool_records != 0)
		check_power(&check, at_key(&check, "spool.records"), "spool.records", conf->spool_records);
	check_orders(&check);
	check_outputs(&check);
}
