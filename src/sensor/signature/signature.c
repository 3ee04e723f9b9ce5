/* SPDX-License-Identifier: Apache-2.0 */
/* The room's functions: which rules are asked when, and the way of a packet. */
#include <stdlib.h>

#include "signature/signature_priv.h"

enum { TCP = 6, BYTES_MIN = 2048, COUNTERS_MIN = 64, FLOW_HALF = 2 };

struct sk_signature_limits sk_signature_default_limits(void)
{
	return (struct sk_signature_limits){.bytes = 16384, .streams = 2048, .counters = 32768};
}

/* ---- which rules are asked when ---- */

static enum sk_err add_id(uint32_t **list, uint32_t *count, uint32_t id)
{
	if ((*count & (*count - 1)) == 0) {
		uint32_t *grown = realloc(*list, (*count != 0 ? 2u * *count : 1u) * sizeof **list);
		if (grown == NULL)
			return SK_ENOMEM;
		*list = grown;
	}
	(*list)[(*count)++] = id;
	return SK_OK;
}

static void mark_ports(struct sk_signature *s, const struct sk_rule_ports *ports, uint8_t bits)
{
	for (uint32_t i = 0; i < ports->count; i++)
		for (uint32_t port = ports->ranges[i].from; port <= ports->ranges[i].to; port++)
			s->ports[port] |= bits;
}

/* A packet concerns a rule when both its ports do: each is marked by itself, which lets some through that fit no rule and holds back none that does. */
static void mark_rule(struct sk_signature *s, const struct sk_rule *rule, bool stream)
{
	uint8_t to = stream ? PORT_STREAM_TO : PORT_PACKET_TO, from = stream ? PORT_STREAM_FROM : PORT_PACKET_FROM;
	bool both = (rule->flags & SK_RULE_BOTH_WAYS) != 0;
	mark_ports(s, rule->to_ports, both ? (uint8_t)(to | from) : to);
	mark_ports(s, rule->from_ports, both ? (uint8_t)(to | from) : from);
}

static enum sk_err sort_rule(struct sk_signature *s, const struct sk_rule *rule, uint32_t id)
{
	uint8_t source = rule->source;
	s->any_pass |= rule->action == SK_ACTION_PASS;
	if (source != SK_SOURCE_PAYLOAD) {
		bool http = source >= SK_SOURCE_HTTP_REQUEST && source <= SK_SOURCE_HTTP_EITHER;
		s->any_http |= http;
		s->head_sources |= UINT64_C(1) << source;
		/* These are asked of a connection that was put together. */
		if (http || source == SK_SOURCE_CERTIFICATE)
			mark_rule(s, rule, true);
		return rule->fast_item == SK_RULE_FLOW_BITS_NONE ? add_id(&s->source_rules[source], &s->source_count[source], id) : SK_OK;
	}
	if ((rule->flags & SK_RULE_ONCE) != 0)
		return add_id(&s->once, &s->once_count, id);
	if ((rule->flags & (SK_RULE_STREAM | SK_RULE_PACKET)) == 0)
		return add_id(&s->apps, &s->app_count, id);
	if ((rule->flags & SK_RULE_STREAM) != 0)
		mark_rule(s, rule, true);
	if ((rule->flags & SK_RULE_PACKET) != 0)
		mark_rule(s, rule, false);
	return SK_OK;
}

static enum sk_err sort_rules(struct sk_signature *s)
{
	size_t count = sk_rules_count(s->rules);
	s->ports = calloc(PORTS, 1);
	s->stamps = calloc(count + 1, sizeof s->stamps[0]);
	if (s->ports == NULL || s->stamps == NULL)
		return SK_ENOMEM;
	for (uint32_t id = 0; id < count; id++)
		SK_TRY(sort_rule(s, sk_rules_at(s->rules, id), id));
	return SK_OK;
}

/* The class of the packets that answer: are they admitted? */
static uint32_t half_classes(const struct sk_basis *basis)
{
	static const uint8_t answer[SK_CLASS_COUNT] = {[SK_CLASS_FF] = SK_CLASS_FF, [SK_CLASS_FD] = SK_CLASS_DF, [SK_CLASS_DF] = SK_CLASS_FD, [SK_CLASS_DD] = SK_CLASS_DD,
						       [SK_CLASS_UNKNOWN] = SK_CLASS_UNKNOWN};
	uint32_t half = 0;
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		if ((basis->classes & SK_CLASS_BIT(answer[class_])) == 0)
			half |= SK_CLASS_BIT(class_);
	return half;
}

/* ---- making one ---- */

static struct sk_signature_limits bounded(const struct sk_signature_limits *limits)
{
	struct sk_signature_limits out = *limits;
	out.bytes = out.bytes < BYTES_MIN ? BYTES_MIN : out.bytes > SK_ASSEMBLY_BYTES_MAX ? SK_ASSEMBLY_BYTES_MAX : out.bytes;
	out.streams = out.streams < FLOW_HALF ? FLOW_HALF : out.streams > SK_SIGNATURE_STREAMS_MAX ? SK_SIGNATURE_STREAMS_MAX : out.streams;
	out.counters = out.counters < COUNTERS_MIN ? COUNTERS_MIN : out.counters;
	return out;
}

static enum sk_err make_memory(struct sk_signature *s)
{
	s->text_bytes = (size_t)SK_SIGNATURE_SCRATCH_PARTS * s->limits.bytes;
	s->texts = calloc(1, s->text_bytes);
	s->counter_bytes = sk_table_bytes(s->limits.counters, SK_COUNTER_BYTES);
	s->counter_memory = aligned_alloc(SK_TABLE_LINE_BYTES, s->counter_bytes);
	if (s->texts == NULL || s->counter_memory == NULL)
		return SK_ENOMEM;
	memset(s->counter_memory, 0, s->counter_bytes);
	sk_table_init(&s->counters, s->counter_memory, s->limits.counters, SK_COUNTER_BYTES);
	SK_TRY(sk_pcre_new(&s->pcre));
	return sk_watch_new(s);
}

enum sk_err sk_signature_compile(const struct sk_rules *rules, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_signature *s = calloc(1, sizeof *s);
	if (s == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
	s->rules = rules;
	enum sk_err err = sk_filters_make(s, NULL, 0, fault);
	if (err == SK_OK)
		err = sk_filters_save(s, out, fault);
	sk_filters_free(s);
	free(s);
	return err;
}

enum sk_err sk_signature_new(const struct sk_rules *rules, const struct sk_basis *basis, const struct sk_signature_limits *limits, const uint8_t key[SK_SIP_KEY_BYTES], bool trusted,
			     struct sk_signature **out, struct sk_fault *fault)
{
	size_t cached_length = 0;
	const void *cached = trusted ? sk_rules_cached(rules, &cached_length) : NULL;
	*out = NULL;
	if (sk_rules_count(rules) == 0)
		return SK_OK;
	struct sk_signature *s = calloc(1, sizeof *s);
	if (s == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
	s->rules = rules;
	s->limits = bounded(limits);
	s->half = half_classes(basis);
	memcpy(s->key, key, sizeof s->key);
	enum sk_err err = sk_filters_make(s, cached, cached_length, fault);
	if (err == SK_OK && (err = sort_rules(s)) == SK_OK)
		err = make_memory(s);
	if (err != SK_OK) {
		if (err == SK_ENOMEM)
			(void)sk_fault_set(fault, SK_ENOMEM, "rules: out of memory");
		sk_signature_free(s);
		return err;
	}
	*out = s;
	return SK_OK;
}

void sk_signature_free(struct sk_signature *s)
{
	if (s == NULL)
		return;
	if (s->table != NULL)
		sk_flow_on_ending(s->table, NULL, NULL);
	sk_watch_free(s);
	sk_filters_free(s);
	sk_pcre_free(s->pcre);
	for (unsigned i = 0; i < SK_SOURCE_COUNT; i++)
		free(s->source_rules[i]);
	free(s->once);
	free(s->apps);
	free(s->ports);
	free(s->stamps);
	if (s->texts != NULL)
		sk_wipe(s->texts, s->text_bytes);
	free(s->texts);
	if (s->counter_memory != NULL)
		sk_wipe(s->counter_memory, s->counter_bytes);
	free(s->counter_memory);
	sk_wipe(s, sizeof *s);
	free(s);
}

enum sk_err sk_signature_attach(struct sk_signature *s, struct sk_flow_table *table)
{
	s->places = sk_flow_places(table);
	s->watch_of = calloc(s->places, sizeof s->watch_of[0]);
	s->marks = calloc(s->places, 1);
	s->starts = calloc(s->places, sizeof s->starts[0]);
	if (s->watch_of == NULL || s->marks == NULL || s->starts == NULL)
		return SK_ENOMEM;
	s->table = table;
	sk_flow_on_ending(table, sk_watch_ending, s);
	return SK_OK;
}

/* ---- the way of a packet ---- */

void sk_scene_begin(struct scene *scene, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	scene->table = table;
	scene->flow = flow;
	scene->packet = packet;
	sk_flow_glance(table, flow, sk_flow_direction(table), &scene->glance);
	scene->head = NULL;
	scene->source = SK_SOURCE_PAYLOAD;
	scene->stream = scene->assembled = scene->bodies = scene->ending = false;
	scene->app = scene->glance.app;
	scene->present = 0;
	scene->scratch_used = 0;
}

void sk_scene_ask(struct sk_signature *s, struct scene *scene)
{
	sk_ask_begin(s);
	for (uint64_t left = scene->present; left != 0; left &= left - 1) {
		unsigned buffer = (unsigned)__builtin_ctzll(left);
		sk_filter_block(s, &s->heads[buffer], scene->buffers[buffer]);
	}
	sk_ask_list(s, s->source_rules[scene->source], s->source_count[scene->source]);
	if (scene->source == SK_SOURCE_HTTP_REQUEST || scene->source == SK_SOURCE_HTTP_RESPONSE)
		sk_ask_list(s, s->source_rules[SK_SOURCE_HTTP_EITHER], s->source_count[SK_SOURCE_HTTP_EITHER]);
	if (s->found_count != 0)
		sk_ask_found(s, scene, NULL);
}

static unsigned relevant_of(const struct sk_signature *s, const struct sk_packet *packet)
{
	unsigned to = s->ports[packet->destination_port], from = s->ports[packet->source_port];
	unsigned stream = (to & PORT_STREAM_TO) != 0 && (from & PORT_STREAM_FROM) != 0 ? PORT_STREAM_TO : 0;
	return stream | ((to & PORT_PACKET_TO) != 0 && (from & PORT_PACKET_FROM) != 0 ? PORT_PACKET_TO : 0);
}

void sk_signature_begin(struct sk_signature *s, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	unsigned direction = sk_flow_direction(table);
	uint32_t place = sk_flow_place(table, flow);
	if (packet->ip_proto == TCP && (packet->tcp_flags & SK_TCP_SYN) != 0) {
		s->starts[place][direction] = packet->sequence + 1;
		s->marks[place] |= (uint8_t)(MARK_STARTED << direction);
	}
	unsigned marks = s->marks[place];
	s->begun = false;
	if ((marks & (unsigned)MARK_DONE << direction) != 0 || (marks & MARK_PASSED) != 0)
		return;
	s->begun = true;
	sk_scene_begin(&s->scene, table, flow, packet);
	s->relevant = relevant_of(s, packet);
	/* Before the heads are read: a head may be asked together with the payload that it came in. */
	if (packet->ip_proto == TCP && (s->relevant & PORT_STREAM_TO) != 0)
		s->scene.assembled = sk_watch_put(s, &s->scene);
}

void sk_signature_head(struct sk_signature *s, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, const struct sk_head *head)
{
	struct scene *scene = &s->scene;
	if ((s->marks[sk_flow_place(table, flow)] & MARK_PASSED) != 0 || head->kind == SK_HEAD_HTTP)
		return;
	bool assembled = s->begun && scene->assembled;
	sk_scene_begin(scene, table, flow, packet);
	scene->assembled = assembled;
	sk_scene_head(s, scene, head);
	if (scene->source != SK_SOURCE_PAYLOAD && (s->head_sources >> scene->source & 1) != 0) {
		struct side *side = assembled ? sk_watch_side(s, scene) : NULL;
		sk_scene_put(scene, SK_BUFFER_PAYLOAD, side != NULL ? sk_watch_prefix(s, side) : packet->payload);
		if (side != NULL && scene->source == SK_SOURCE_CERTIFICATE)
			sk_cert_scene(s, scene, sk_watch_prefix(s, side));
		sk_scene_ask(s, scene);
	}
	sk_scene_end(s, scene);
}

/* Rules on the packet by itself. */
static void ask_packet(struct sk_signature *s, struct scene *scene)
{
	const struct sk_packet *packet = scene->packet;
	bool first = scene->glance.ip_bytes == packet->ip_bytes;
	unsigned relevant = scene->assembled ? PORT_PACKET_TO : PORT_PACKET_TO | PORT_STREAM_TO;
	sk_ask_begin(s);
	if (first)
		sk_ask_list(s, s->once, s->once_count);
	if (scene->app != SK_APP_NONE)
		sk_ask_list(s, s->apps, s->app_count);
	if ((s->relevant & relevant) != 0) {
		sk_filter_block(s, &s->packet, packet->payload);
		sk_ask_list(s, s->packet.unfiltered, s->packet.unfiltered_count);
	}
	if (s->found_count == 0)
		return;
	sk_scene_put(scene, SK_BUFFER_PAYLOAD, packet->payload);
	sk_ask_found(s, scene, NULL);
	sk_scene_end(s, scene);
}

void sk_signature_packet(struct sk_signature *s, struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet)
{
	struct scene *scene = &s->scene;
	if (!s->begun)
		return;
	bool assembled = scene->assembled;
	sk_scene_begin(scene, table, flow, packet);
	scene->assembled = assembled;
	ask_packet(s, scene);
	struct side *side = assembled && (s->marks[scene->glance.place] & MARK_PASSED) == 0 ? sk_watch_side(s, scene) : NULL;
	if (side != NULL)
		sk_watch_ask(s, scene, side);
	else if (scene->glance.ip_bytes >= s->limits.bytes || (s->relevant == 0 && s->app_count == 0 && packet->ip_proto == TCP))
		sk_watch_done(s, scene);
}

/* ---- what it is worth ---- */

void sk_signature_counts(const struct sk_signature *s, struct sk_signature_counts *out)
{
	*out = s->counts;
	out->search_bytes = sk_filters_bytes(s);
	if (s->streams != NULL && s->stream.database != NULL) {
		size_t one = 0;
		if (hs_stream_size(s->stream.database, &one) == HS_SUCCESS)
			out->search_bytes += one * s->limits.streams;
	}
	out->bytes = out->search_bytes + s->text_bytes + s->counter_bytes + ((size_t)s->limits.streams + 1) * (s->limits.bytes + sizeof(struct side) + sizeof(struct watch)) +
		     s->places * (sizeof s->watch_of[0] + 1 + sizeof s->starts[0]) + PORTS;
}

static size_t count_nonzero(const uint8_t *bytes, size_t length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += bytes[i] != 0;
	return count;
}

size_t sk_signature_residue(const struct sk_signature *s)
{
	return count_nonzero(s->texts, s->text_bytes) + count_nonzero(s->side_bytes, ((size_t)s->limits.streams + 1) * s->limits.bytes);
}
