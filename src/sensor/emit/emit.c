/* SPDX-License-Identifier: Apache-2.0 */
/* EVE lines as Suricata 7 writes them, so that what reads those reads these. What EVE has no place for stands in the object "sekisho". */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit/emit_priv.h"
#include "text/text.h"

enum { LINE_MAX_BYTES = 32768, FILE_BUFFER_BYTES = 1 << 16, FLOW_ID_BYTES = 6 /* below 2^53 */, ROLLING_MODE = 0640 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132, GID_DETECTORS = 2 };

static struct sk_emit *make(const char *path, const char *sensor, struct sk_fault *fault)
{
	struct sk_emit *emit = calloc(1, sizeof *emit);
	if (emit == NULL) {
		(void)sk_fault_set(fault, SK_ENOMEM, "EVE: out of memory");
		return NULL;
	}
	(void)snprintf(emit->path, sizeof emit->path, "%s", path);
	(void)snprintf(emit->sensor, sizeof emit->sensor, "%s", sensor);
	sk_buf_init(&emit->line, LINE_MAX_BYTES);
	return emit;
}

enum sk_err sk_emit_open(const char *path, const char *sensor, struct sk_emit **out, struct sk_fault *fault)
{
	struct sk_emit *emit = make(path, sensor, fault);
	if (emit == NULL)
		return SK_ENOMEM;
	emit->standard_output = strcmp(path, "-") == 0;
	if (emit->standard_output) {
		emit->file = stdout;
	} else {
		/* Addresses stand in it: for its owner alone. */
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		emit->file = fd >= 0 ? fdopen(fd, "w") : NULL;
		if (emit->file == NULL) {
			int errnum = errno;
			if (fd >= 0)
				(void)close(fd);
			free(emit);
			return sk_fault_errno(fault, errnum, "%s: cannot write EVE lines", path);
		}
		(void)setvbuf(emit->file, NULL, _IOFBF, FILE_BUFFER_BYTES);
	}
	*out = emit;
	return SK_OK;
}

static int64_t now_of(const struct sk_emit *emit)
{
	return emit->clock.unix_ns(emit->clock.context);
}

enum sk_err sk_emit_open_rolling(const char *path, const char *sensor, const struct sk_rolling_limits *limits, struct sk_clock clock, struct sk_emit **out, struct sk_fault *fault)
{
	struct sk_emit *emit = make(path, sensor, fault);
	if (emit == NULL)
		return SK_ENOMEM;
	emit->clock = clock;
	enum sk_err err = sk_rolling_open(path, ROLLING_MODE, limits, now_of(emit), &emit->rolling, fault);
	if (err != SK_OK) {
		free(emit);
		return err;
	}
	*out = emit;
	return SK_OK;
}

void sk_emit_tick(struct sk_emit *emit)
{
	if (emit->rolling != NULL)
		sk_rolling_tick(emit->rolling, now_of(emit));
}

enum sk_err sk_emit_sync(struct sk_emit *emit, struct sk_fault *fault)
{
	return emit->rolling != NULL ? sk_rolling_sync(emit->rolling, fault) : SK_OK;
}

enum sk_err sk_emit_reopen(struct sk_emit *emit, const struct sk_rolling_limits *limits, struct sk_fault *fault)
{
	if (emit->rolling == NULL)
		return SK_OK;
	if (limits != NULL)
		sk_rolling_set(emit->rolling, limits);
	return sk_rolling_reopen(emit->rolling, now_of(emit), fault);
}

void sk_emit_stats(const struct sk_emit *emit, struct sk_rolling_stats *out)
{
	*out = (struct sk_rolling_stats){0};
	if (emit->rolling != NULL)
		sk_rolling_stats(emit->rolling, out);
}

void sk_emit_mark(struct sk_emit *emit, const char *basis_id, bool self_approved, bool simulated)
{
	emit->marked = true;
	(void)snprintf(emit->basis, sizeof emit->basis, "%s", basis_id);
	emit->self_approved = self_approved;
	emit->simulated = simulated;
}

static enum sk_err close_rolling(struct sk_emit *emit, struct sk_fault *fault)
{
	enum sk_err err = sk_rolling_close(emit->rolling, fault);
	if (err == SK_OK && emit->lost_lines != 0)
		err = sk_fault_set(fault, SK_ETOOBIG, "%s: %" PRIu64 " EVE lines were too long and are lost", emit->path, emit->lost_lines);
	sk_buf_fini(&emit->line);
	free(emit);
	return err;
}

enum sk_err sk_emit_close(struct sk_emit *emit, struct sk_fault *fault)
{
	if (emit->rolling != NULL)
		return close_rolling(emit, fault);
	if (fflush(emit->file) != 0 && emit->errnum == 0)
		emit->errnum = errno;
	if (!emit->standard_output && fclose(emit->file) != 0 && emit->errnum == 0)
		emit->errnum = errno;
	enum sk_err err = SK_OK;
	if (emit->errnum != 0)
		err = sk_fault_errno(fault, emit->errnum, "%s: EVE lines could not be written (at least %" PRIu64 " lost)",
				     emit->standard_output ? "standard output" : emit->path, emit->lost_lines);
	sk_buf_fini(&emit->line);
	free(emit);
	return err;
}

/* ---- lines ---- */

static void add_time(struct sk_json_writer *w, const char *key, int64_t unix_ns)
{
	char text[SK_TIME_TEXT_MAX + 8];
	sk_time_format(unix_ns, 6, text);
	/* EVE writes the zone as +0000. */
	size_t length = strlen(text);
	memcpy(text + length - 1, "+0000", sizeof "+0000");
	sk_json_text(w, key, text);
}

static void add_addr(struct sk_json_writer *w, const char *key, const struct sk_addr *addr)
{
	char text[SK_ADDR_TEXT_MAX];
	sk_json_text(w, key, sk_addr_format(addr, text));
}

static void add_proto(struct sk_json_writer *w, uint8_t proto)
{
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {{PROTO_ICMP, "ICMP"}, {2, "IGMP"}, {PROTO_TCP, "TCP"}, {PROTO_UDP, "UDP"}, {41, "IPv6"}, {47, "GRE"}, {50, "ESP"}, {51, "AH"},
		     {PROTO_ICMPV6, "IPv6-ICMP"}, {PROTO_SCTP, "SCTP"}};
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (names[i].proto == proto) {
			sk_json_text(w, "proto", names[i].name);
			return;
		}
	char number[4];
	(void)snprintf(number, sizeof number, "%03u", (unsigned)proto);
	sk_json_text(w, "proto", number);
}

/* Suricata's names where it has one. */
const char *sk_emit_app(uint8_t app)
{
	return app == SK_APP_KERBEROS ? "krb5" : sk_app_name(app);
}

/* The same for all lines of a segment, and for the same segment in another run. */
static uint64_t flow_id(const struct sk_observation *observation)
{
	static const uint8_t any_run[16];
	uint8_t id[16];
	uint64_t value = 0;
	sk_observation_id(observation, any_run, id);
	for (size_t i = 0; i < FLOW_ID_BYTES; i++)
		value = value << 8 | id[i];
	return value;
}

/* o NULL: it is about no flow. */
static void begin_plain_line(struct sk_emit *emit, struct sk_json_writer *w, const char *event, int64_t unix_ns, const struct sk_observation *o)
{
	sk_buf_reset(&emit->line);
	sk_json_begin(w, &emit->line, false);
	sk_json_object(w, NULL);
	add_time(w, "timestamp", unix_ns);
	if (o != NULL)
		sk_json_u64(w, "flow_id", flow_id(o));
	sk_json_text(w, "host", emit->sensor);
	sk_json_text(w, "event_type", event);
}

void sk_emit_begin_line(struct sk_emit *emit, struct sk_json_writer *w, const char *event, int64_t unix_ns, const struct sk_observation *o)
{
	begin_plain_line(emit, w, event, unix_ns, o);
	char id[SK_OBSERVATION_COMMUNITY_ID_MAX];
	bool icmp = o->ip_proto == PROTO_ICMP || o->ip_proto == PROTO_ICMPV6;
	bool ports = o->ip_proto == PROTO_TCP || o->ip_proto == PROTO_UDP || o->ip_proto == PROTO_SCTP;
	add_addr(w, "src_ip", &o->initiator);
	if (ports)
		sk_json_u64(w, "src_port", o->initiator_port);
	add_addr(w, "dest_ip", &o->responder);
	if (ports)
		sk_json_u64(w, "dest_port", o->responder_port);
	add_proto(w, o->ip_proto);
	if (icmp) {
		sk_json_u64(w, "icmp_type", o->icmp_type);
		sk_json_u64(w, "icmp_code", o->icmp_code);
	}
	if (o->app != SK_APP_NONE)
		sk_json_text(w, "app_proto", sk_emit_app(o->app));
	sk_json_text(w, "community_id", sk_observation_community_id(o, id));
}

void sk_emit_begin_marks(const struct sk_emit *emit, struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "sekisho");
	if (o != NULL)
		sk_json_text(w, "class", sk_class_name((enum sk_class)o->class_));
	if (!emit->marked)
		return;
	sk_json_text(w, "basis", emit->basis);
	if (emit->self_approved)
		sk_json_bool(w, "self_approved", true);
	if (emit->simulated)
		sk_json_bool(w, "simulated", true);
}

void sk_emit_end_line(struct sk_emit *emit, struct sk_json_writer *w)
{
	sk_json_end(w);
	sk_buf_add_u8(&emit->line, '\n');
	if (emit->rolling != NULL && emit->line.failed == SK_OK) {
		sk_rolling_add(emit->rolling, emit->line.bytes, emit->line.length, now_of(emit));
		return;
	}
	if (emit->rolling != NULL) {
		emit->lost_lines++;
		return;
	}
	errno = 0;
	bool written = emit->line.failed == SK_OK && fwrite(emit->line.bytes, 1, emit->line.length, emit->file) == emit->line.length;
	if (written)
		return;
	emit->lost_lines++;
	if (emit->errnum == 0)
		emit->errnum = errno != 0 ? errno : EIO;
}

static void add_flags(struct sk_json_writer *w, const char *key, unsigned flags)
{
	char text[3];
	(void)snprintf(text, sizeof text, "%02x", flags & 0xff);
	sk_json_text(w, key, text);
}

static void emit_flow(struct sk_emit *emit, const struct sk_observation *o, const uint8_t id[16])
{
	/* Suricata's words; ours, which tell more apart, stand under "sekisho". */
	static const char *const states[] = {"new", "new", "new", "established", "closed", "closed", "closed"};
	static const char *const reasons[] = {"timeout", "timeout", "timeout", "forced", "forced", "shutdown"};
	static const uint8_t no_id[16];
	struct sk_json_writer w;
	sk_emit_begin_line(emit, &w, "flow", o->last_ns, o);
	sk_json_object(&w, "flow");
	sk_json_u64(&w, "pkts_toserver", o->packets[0]);
	sk_json_u64(&w, "pkts_toclient", o->packets[1]);
	sk_json_u64(&w, "bytes_toserver", o->ip_bytes[0]);
	sk_json_u64(&w, "bytes_toclient", o->ip_bytes[1]);
	add_time(&w, "start", o->first_ns);
	add_time(&w, "end", o->last_ns);
	sk_json_i64(&w, "age", o->last_ns / 1000000000 - o->first_ns / 1000000000);
	sk_json_text(&w, "state", o->state < SK_COUNT(states) ? states[o->state] : "new");
	sk_json_text(&w, "reason", o->end < SK_COUNT(reasons) ? reasons[o->end] : "forced");
	sk_json_bool(&w, "alerted", o->kind == SK_OBSERVATION_HIT);
	sk_json_end(&w);
	if (o->ip_proto == PROTO_TCP) {
		sk_json_object(&w, "tcp");
		add_flags(&w, "tcp_flags", o->tcp_flags[0] | o->tcp_flags[1]);
		add_flags(&w, "tcp_flags_ts", o->tcp_flags[0]);
		add_flags(&w, "tcp_flags_tc", o->tcp_flags[1]);
		sk_json_end(&w);
	}
	sk_emit_begin_marks(emit, &w, o);
	if (memcmp(id, no_id, sizeof no_id) != 0)
		sk_json_hex(&w, "id", id, 16);
	sk_json_text(&w, "state", sk_observation_state_name(o->state));
	sk_json_text(&w, "end", sk_observation_end_name(o->end));
	sk_json_bool(&w, "initiator_sure", o->initiator_sure != 0);
	sk_json_u64(&w, "layers", o->layers);
	if (o->metered_by != SK_METER_HERE) {
		sk_json_text(&w, "metered_by", sk_meter_name(o->metered_by));
		sk_json_u64(&w, "sampling", o->sampling);
	}
	if (o->matched[0] != '\0')
		sk_json_text(&w, "matched", o->matched);
	sk_json_end(&w);
	sk_emit_end_line(emit, &w);
}

void sk_emit_observation(struct sk_emit *emit, const struct sk_observation *observation, const uint8_t id[16])
{
	const struct sk_observation *o = observation;
	/* What a detector counted is no flow: its alert tells it. */
	if (o->kind == SK_OBSERVATION_EVENT)
		return;
	emit_flow(emit, o, id);
	sk_emit_heads(emit, o);
}

/* A detector's number among signatures: always the same for its name (FNV-1a, 31 bits). */
static uint32_t number_of(const char *name)
{
	uint32_t hash = 2166136261u;
	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash & 0x7fffffff;
}

static void add_event(struct sk_json_writer *w, const struct sk_observation *o)
{
	sk_json_object(w, "detector");
	sk_json_u64(w, "contacts", o->detector_contacts);
	sk_json_u64(w, "answered", o->detector_answered);
	sk_json_u64(w, "peers", o->detector_peers);
	sk_json_u64(w, "ports", o->detector_ports);
	sk_json_u64(w, "value", o->detector_value);
	sk_json_u64(w, "threshold", o->detector_limit);
	if (o->detector_period_ms != 0) {
		sk_json_u64(w, "period_ms", o->detector_period_ms);
		sk_json_u64(w, "spread_permille", o->detector_spread_permille);
	}
	if ((o->detector_bits & SK_DETECTOR_BIT_HALF) != 0)
		sk_json_bool(w, "half_view", true);
	sk_json_end(w);
}

void sk_emit_rules(struct sk_emit *emit, const struct sk_rules *rules)
{
	emit->rules = rules;
}

/* "gid:sid" of a command selector. */
static const struct sk_rule *rule_of(const struct sk_emit *emit, const struct sk_finding *finding)
{
	char *end = NULL;
	if (emit->rules == NULL || strcmp(finding->kind, "indicator.command") != 0)
		return NULL;
	unsigned long gid = strtoul(finding->matched, &end, 10);
	return *end == ':' ? sk_rules_find(emit->rules, (uint32_t)gid, (uint32_t)strtoul(end + 1, NULL, 10)) : NULL;
}

static void add_rule(struct sk_json_writer *w, const struct sk_rule *rule)
{
	sk_json_u64(w, "gid", rule->gid);
	sk_json_u64(w, "signature_id", rule->sid);
	sk_json_u64(w, "rev", rule->rev);
	sk_json_text(w, "signature", rule->message);
	sk_json_text(w, "category", rule->category);
	sk_json_u64(w, "severity", rule->priority);
}

static void add_signature(struct sk_json_writer *w, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	enum { HIGHEST_SEVERITY = 3 };
	char signature[SK_OBSERVATION_DOMAIN_MAX + 64];
	bool event = evidence->kind == SK_OBSERVATION_EVENT;
	(void)snprintf(signature, sizeof signature, "SEKISHO %s %s", finding->kind, finding->matched);
	sk_json_u64(w, "gid", event ? GID_DETECTORS : 1);
	sk_json_u64(w, "signature_id", event ? number_of(finding->kind) : evidence->hit_ids[0]);
	sk_json_u64(w, "rev", 1);
	sk_json_text(w, "signature", signature);
	sk_json_text(w, "category", finding->kind);
	/* EVE counts the other way round: 1 is the highest. */
	sk_json_u64(w, "severity",
		    finding->severity >= 1 && finding->severity <= HIGHEST_SEVERITY ? HIGHEST_SEVERITY + 1u - finding->severity : HIGHEST_SEVERITY);
}

/* What we say of ourselves is no alert: an alert has a flow. */
static void begin_own(struct sk_emit *emit, struct sk_json_writer *w, const struct sk_finding *finding)
{
	begin_plain_line(emit, w, "engine", finding->first_ns, NULL);
	sk_json_object(w, "engine");
	sk_json_text(w, "message", finding->kind);
	sk_json_end(w);
}

static void begin_alert(struct sk_emit *emit, struct sk_json_writer *w, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	const struct sk_rule *rule = rule_of(emit, finding);
	sk_emit_begin_line(emit, w, "alert", finding->first_ns, evidence);
	sk_json_object(w, "alert");
	sk_json_text(w, "action", "allowed");
	if (rule != NULL)
		add_rule(w, rule);
	else
		add_signature(w, finding, evidence);
	sk_json_end(w);
}

void sk_emit_finding(struct sk_emit *emit, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct sk_json_writer w;
	if (evidence == NULL)
		begin_own(emit, &w, finding);
	else
		begin_alert(emit, &w, finding, evidence);
	sk_emit_begin_marks(emit, &w, evidence);
	sk_json_hex(&w, "finding", finding->id, sizeof finding->id);
	sk_json_u64(&w, "confidence_percent", finding->confidence_percent);
	sk_json_text(&w, "matched", finding->matched);
	sk_json_text(&w, "origin", finding->origin);
	sk_words_json(&w, "sentence", &finding->sentence, SK_LANG_EN);
	sk_words_json(&w, "why", &finding->why, SK_LANG_EN);
	sk_words_json(&w, "doubt", &finding->doubt, SK_LANG_EN);
	if (evidence != NULL && evidence->kind == SK_OBSERVATION_EVENT)
		add_event(&w, evidence);
	sk_json_end(&w);
	sk_emit_end_line(emit, &w);
	/* A link that is down brings no further line that would push this one out. */
	if (evidence == NULL && emit->file != NULL && fflush(emit->file) != 0 && emit->errnum == 0)
		emit->errnum = errno;
}
