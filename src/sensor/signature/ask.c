/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that may fit, asked whole: header, flow, packet, head, lists, flowbits, bytes, counting; from what is cheap to what is dear. What fits is noted with the segment. */
#include "signature/signature_priv.h"

enum answer { ANSWER_LATER, ANSWER_YES, ANSWER_NEVER };
enum { TCP = 6, ICMP4 = 1, ICMP6 = 58, TLS_SECONDS_NS = 1000000000, COMMAND_BIT = __builtin_ctz(SK_SELECTOR_COMMAND) };

/* ---- which rules ---- */

void sk_ask_begin(struct sk_signature *s)
{
	s->found_count = 0;
	if (++s->stamp != 0)
		return;
	memset(s->stamps, 0, sk_rules_count(s->rules) * sizeof s->stamps[0]);
	s->stamp = 1;
}

void sk_ask_add(struct sk_signature *s, uint32_t id)
{
	if (s->stamps[id] == s->stamp)
		return;
	if (s->found_count == SK_SIGNATURE_FOUND_MAX) {
		s->counts.limited++;
		return;
	}
	s->stamps[id] = s->stamp;
	s->found[s->found_count++] = id;
}

void sk_ask_list(struct sk_signature *s, const uint32_t *ids, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		sk_ask_add(s, ids[i]);
}

/* ---- the header ---- */

static bool fits_ends(const struct sk_rule *rule, const struct sk_packet *packet, bool turned)
{
	const struct sk_addr *from = turned ? &packet->destination : &packet->source, *to = turned ? &packet->source : &packet->destination;
	uint16_t from_port = turned ? packet->destination_port : packet->source_port, to_port = turned ? packet->source_port : packet->destination_port;
	return sk_rule_ports_hold(rule->to_ports, to_port) && sk_rule_ports_hold(rule->from_ports, from_port) && sk_rule_addresses_hold(rule->to, to) &&
	       sk_rule_addresses_hold(rule->from, from);
}

static bool fits_header(const struct sk_rule *rule, const struct sk_packet *packet)
{
	bool icmp = rule->proto == SK_RULE_PROTO_ICMP && (packet->ip_proto == ICMP4 || packet->ip_proto == ICMP6);
	if (rule->proto != SK_RULE_PROTO_ANY && rule->proto != packet->ip_proto && !icmp)
		return false;
	if (rule->family != 0 && rule->family != packet->source.family)
		return false;
	return fits_ends(rule, packet, false) || ((rule->flags & SK_RULE_BOTH_WAYS) != 0 && fits_ends(rule, packet, true));
}

/* ---- the flow ---- */

/* Where answers are not admitted the handshake is never seen whole: then a packet behind it says so. rule: GATE-1 */
static bool is_established(const struct sk_signature *s, const struct scene *scene)
{
	const struct sk_packet *packet = scene->packet;
	bool half = (s->half & SK_CLASS_BIT(packet->class_)) != 0;
	if (packet->ip_proto != TCP)
		return scene->glance.two_sided || half;
	if (scene->glance.state >= SK_FLOW_ESTABLISHED && scene->glance.state != SK_FLOW_RESET)
		return true;
	if (scene->glance.state == SK_FLOW_RESET)
		return scene->stream || scene->glance.two_sided;
	return half && (packet->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK)) == SK_TCP_ACK;
}

static bool fits_way(const struct sk_rule *rule, const struct scene *scene)
{
	return (rule->flags & (scene->glance.to_server ? SK_RULE_TO_CLIENT : SK_RULE_TO_SERVER)) == 0;
}

static enum answer fits_flow(const struct sk_signature *s, const struct sk_rule *rule, const struct scene *scene)
{
	if (!fits_way(rule, scene))
		return ANSWER_NEVER;
	if ((rule->flags & (SK_RULE_ESTABLISHED | SK_RULE_NOT_ESTABLISHED)) != 0 && is_established(s, scene) != ((rule->flags & SK_RULE_ESTABLISHED) != 0))
		return ANSWER_LATER;
	if (rule->app == SK_APP_NONE || rule->app == scene->app)
		return ANSWER_YES;
	return scene->app == SK_APP_NONE ? ANSWER_LATER : ANSWER_NEVER;
}

/* ---- the packet ---- */

/* Of the flags those behind the comma are not looked at. */
static bool fits_tcp(const struct sk_rule *rule, const struct sk_packet *packet)
{
	uint8_t wanted = rule->tcp_flags, flags = packet->tcp_flags & (uint8_t)~rule->tcp_ignored;
	if (packet->ip_proto != TCP)
		return false;
	switch (rule->tcp_how) {
	case '+': return (flags & wanted) == wanted;
	case '*': return (flags & wanted) != 0;
	case '!': return (flags & wanted) != wanted;
	default: return flags == wanted;
	}
}

static bool fits_packet(const struct sk_rule *rule, const struct sk_packet *packet)
{
	bool icmp = packet->ip_proto == ICMP4 || packet->ip_proto == ICMP6;
	if ((rule->tcp_asked && !fits_tcp(rule, packet)) || (rule->sequence_asked && (packet->ip_proto != TCP || packet->sequence != rule->sequence)))
		return false;
	if ((rule->icmp_type.asked || rule->icmp_code.asked) && !icmp)
		return false;
	if ((rule->flags & SK_RULE_SAME_ADDRESS) != 0 && !sk_addr_equal(&packet->source, &packet->destination))
		return false;
	return sk_rule_number_fits(&rule->ttl, packet->ttl) && sk_rule_number_fits(&rule->dsize, packet->payload_wire_bytes) &&
	       sk_rule_number_fits(&rule->icmp_type, packet->icmp_type) && sk_rule_number_fits(&rule->icmp_code, packet->icmp_code) &&
	       sk_rule_number_fits(&rule->ip_proto, packet->ip_proto);
}

/* ---- the head ---- */

static bool fits_certificate(const struct sk_rule *rule, const struct sk_certificate *certificate, int64_t now_ns)
{
	int64_t now_s = now_ns / TLS_SECONDS_NS;
	bool times = rule->not_before.asked || rule->not_after.asked || (rule->flags & (SK_RULE_TLS_EXPIRED | SK_RULE_TLS_VALID)) != 0;
	if (times && (!certificate->parsed || certificate->not_before_s < 0 || certificate->not_after_s < 0))
		return false;
	if ((rule->flags & SK_RULE_TLS_EXPIRED) != 0 && certificate->not_after_s >= now_s)
		return false;
	if ((rule->flags & SK_RULE_TLS_VALID) != 0 && (certificate->not_after_s < now_s || certificate->not_before_s > now_s))
		return false;
	return sk_rule_number_fits(&rule->not_before, (uint64_t)certificate->not_before_s) && sk_rule_number_fits(&rule->not_after, (uint64_t)certificate->not_after_s) &&
	       sk_rule_number_fits(&rule->chain, certificate->chain_length);
}

static bool fits_head(const struct sk_rule *rule, const struct scene *scene)
{
	enum { OPCODE_SHIFT = 11, OPCODE_MASK = 15, RESPONSE = 0x8000 };
	bool http = scene->source == SK_SOURCE_HTTP_REQUEST || scene->source == SK_SOURCE_HTTP_RESPONSE;
	if (rule->source != scene->source && !(rule->source == SK_SOURCE_HTTP_EITHER && http))
		return false;
	if (scene->source == SK_SOURCE_DNS) {
		const struct sk_dns *dns = &scene->head->as.dns;
		return sk_rule_number_fits(&rule->dns_opcode, dns->flags >> OPCODE_SHIFT & OPCODE_MASK) && (!rule->dns_rcode.asked || dns->response) &&
		       sk_rule_number_fits(&rule->dns_rcode, dns->rcode) && sk_rule_number_fits(&rule->dns_type, dns->query_type);
	}
	if (scene->source == SK_SOURCE_SERVER_HELLO)
		return sk_rule_number_fits(&rule->tls_version, scene->head->as.server_hello.version);
	return scene->source != SK_SOURCE_CERTIFICATE || fits_certificate(rule, &scene->head->as.certificate, scene->packet->time_ns);
}

/* ---- lists and flowbits ---- */

static bool is_listed(const struct sk_rule_listed *listed, const struct sk_packet *packet)
{
	bool source = sk_rule_addresses_hold(&listed->list->addresses, &packet->source), destination = sk_rule_addresses_hold(&listed->list->addresses, &packet->destination);
	switch (listed->end) {
	case SK_END_SOURCE: return source;
	case SK_END_DESTINATION: return destination;
	case SK_END_BOTH: return source && destination;
	default: return source || destination;
	}
}

static bool fits_lists(const struct sk_rule *rule, const struct sk_packet *packet)
{
	for (uint8_t i = 0; i < rule->listed_count; i++)
		if (is_listed(&rule->listed[i], packet) == rule->listed[i].negated)
			return false;
	return true;
}

static bool has_bit(const struct watch *watch, uint16_t id)
{
	for (uint8_t i = 0; watch != NULL && i < watch->bit_count; i++)
		if (watch->bits[i] == id)
			return true;
	return false;
}

static bool fits_bits(struct sk_signature *s, const struct sk_rule *rule, struct scene *scene)
{
	const struct watch *watch = sk_watch_of(s, scene, false);
	for (uint8_t i = 0; i < rule->bit_count; i++) {
		const struct sk_rule_flowbit *bit = &rule->bits[i];
		bool any = false;
		if (bit->act < SK_BIT_ISSET)
			continue;
		for (uint8_t j = 0; j < bit->count; j++)
			any |= has_bit(watch, bit->ids[j]);
		if (any != (bit->act == SK_BIT_ISSET))
			return false;
	}
	return true;
}

static bool change_bit(struct sk_signature *s, struct scene *scene, uint16_t id, bool set)
{
	struct watch *watch = sk_watch_of(s, scene, set);
	if (has_bit(watch, id) == set)
		return false;
	if (watch == NULL || (set && watch->bit_count == SK_SIGNATURE_BITS_MAX)) {
		s->counts.bits_shed++;
		return false;
	}
	if (set) {
		watch->bits[watch->bit_count++] = id;
		return true;
	}
	for (uint8_t i = 0; i < watch->bit_count; i++)
		if (watch->bits[i] == id)
			watch->bits[i] = watch->bits[--watch->bit_count];
	return true;
}

static bool change_bits(struct sk_signature *s, const struct sk_rule *rule, struct scene *scene)
{
	bool changed = false;
	for (uint8_t i = 0; i < rule->bit_count; i++) {
		const struct sk_rule_flowbit *bit = &rule->bits[i];
		if (bit->act < SK_BIT_ISSET)
			changed |= change_bit(s, scene, bit->ids[0], bit->act == SK_BIT_SET || (bit->act == SK_BIT_TOGGLE && !has_bit(sk_watch_of(s, scene, false), bit->ids[0])));
	}
	return changed;
}

/* ---- one rule ---- */

/* In which way is the payload of this scene asked? */
static bool fits_mode(const struct sk_rule *rule, const struct scene *scene)
{
	if (scene->source != SK_SOURCE_PAYLOAD || (rule->flags & (SK_RULE_STREAM | SK_RULE_PACKET)) == 0)
		return true;
	return (rule->flags & (scene->stream ? SK_RULE_STREAM : SK_RULE_PACKET)) != 0 || (!scene->stream && !scene->assembled);
}

static bool asks_body(const struct sk_rule *rule)
{
	for (uint8_t i = 0; i < rule->part_count; i++)
		if (rule->parts[i].buffer == SK_BUFFER_HTTP_REQUEST_BODY || rule->parts[i].buffer == SK_BUFFER_HTTP_RESPONSE_BODY || rule->parts[i].buffer == SK_BUFFER_FILE_DATA)
			return true;
	return false;
}

/* Was it noted with the segment, and asking again changes nothing? */
static bool is_settled(const struct sk_signature *s, const struct sk_rule *rule, uint32_t id, const struct scene *scene)
{
	const struct sk_flow_facts *facts = sk_flow_facts_of(s->table, scene->flow);
	if (facts == NULL || rule->bit_count != 0 || rule->limit.kind != SK_COUNT_NONE || rule->filter.kind != SK_COUNT_NONE)
		return false;
	for (uint32_t i = 0; i < facts->hit_count && i < SK_FLOW_HITS_MAX; i++)
		if (facts->hit_ids[i] == id && facts->hit_kinds[i] == COMMAND_BIT)
			return true;
	return false;
}

static void note(struct sk_signature *s, struct scene *scene, uint32_t id, uint64_t hash)
{
	struct sk_flow_facts *facts = sk_flow_facts(s->table, scene->flow);
	if (facts != NULL && sk_detect_note(facts, id, COMMAND_BIT, hash))
		s->counts.hits++;
}

static enum answer ask(struct sk_signature *s, struct scene *scene, uint32_t id, bool *changed)
{
	const struct sk_rule *rule = sk_rules_at(s->rules, id);
	uint64_t hash;
	if (!fits_mode(rule, scene) || (scene->bodies && !asks_body(rule)) || !fits_header(rule, scene->packet) || is_settled(s, rule, id, scene))
		return ANSWER_NEVER;
	enum answer flow = fits_flow(s, rule, scene);
	if (flow != ANSWER_YES)
		return flow;
	if (!fits_packet(rule, scene->packet) || !fits_head(rule, scene) || !fits_lists(rule, scene->packet) || !fits_bits(s, rule, scene))
		return ANSWER_LATER;
	s->counts.asked++;
	if (!sk_match_parts(s, rule, scene, &hash))
		return ANSWER_LATER;
	s->counts.fitted++;
	/* detection_filter and threshold keep from telling; flowbits are set as the rule fitted. */
	*changed |= change_bits(s, rule, scene);
	if (!sk_count_fits(s, rule, scene)) {
		s->counts.counted++;
		return ANSWER_YES;
	}
	if (rule->action == SK_ACTION_PASS) {
		s->marks[scene->glance.place] |= MARK_PASSED;
	} else if ((rule->flags & SK_RULE_NO_ALERT) == 0) {
		note(s, scene, id, hash);
	}
	return ANSWER_YES;
}

/* ---- all that were found ---- */

/* Those without a pattern are asked each time anyway. */
static void wait_with(struct sk_signature *s, struct side *side, uint32_t id)
{
	if (sk_rules_at(s->rules, id)->fast_item == SK_RULE_FLOW_BITS_NONE)
		return;
	if (side->waiting_count == SK_SIGNATURE_WAITING_MAX)
		s->counts.waiting_shed++;
	else
		side->waiting[side->waiting_count++] = id;
}

void sk_ask_found(struct sk_signature *s, struct scene *scene, struct side *waiting)
{
	uint8_t answers[SK_SIGNATURE_FOUND_MAX];
	bool changed = true;
	memset(answers, ANSWER_LATER, s->found_count);
	s->busy = true;
	for (unsigned pass = 0; pass < SK_SIGNATURE_PASSES_MAX && changed; pass++) {
		changed = false;
		for (int action = s->any_pass ? SK_ACTION_PASS : SK_ACTION_ALERT; action >= SK_ACTION_ALERT; action--)
			for (uint32_t i = 0; i < s->found_count && (s->marks[scene->glance.place] & MARK_PASSED) == 0; i++)
				if (answers[i] == ANSWER_LATER && sk_rules_at(s->rules, s->found[i])->action == action)
					answers[i] = (uint8_t)ask(s, scene, s->found[i], &changed);
	}
	s->busy = false;
	for (uint32_t i = 0; waiting != NULL && i < s->found_count; i++)
		if (answers[i] == ANSWER_LATER)
			wait_with(s, waiting, s->found[i]);
}
