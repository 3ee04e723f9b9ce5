/* SPDX-License-Identifier: Apache-2.0 */
#include "select/sentence_priv.h"

#include <stdio.h>

#include "basis/basis.h"

/* How sure a hit of each kind is, and what else it could be. The figures are the project's own judgement, not measured: an address is shared and changes
   hands, a fingerprint belongs to a program that the innocent use too. */
static const struct weight {
	uint32_t kind;
	uint8_t severity, confidence_percent;
	enum sk_phrase doubt;
} weights[] = {
	{SK_SELECTOR_ADDRESS, 3, 70, SK_PHRASE_DOUBT_ADDRESS},
	{SK_SELECTOR_PREFIX, 2, 50, SK_PHRASE_DOUBT_PREFIX},
	{SK_SELECTOR_DOMAIN, 3, 85, SK_PHRASE_DOUBT_DOMAIN},
	{SK_SELECTOR_JA3, 1, 30, SK_PHRASE_DOUBT_JA3},
	{SK_SELECTOR_JA4, 1, 40, SK_PHRASE_DOUBT_JA4},
	{SK_SELECTOR_JA3S, 1, 30, SK_PHRASE_DOUBT_JA3S},
	{SK_SELECTOR_HASSH, 1, 40, SK_PHRASE_DOUBT_HASSH},
	{SK_SELECTOR_HASSH_SERVER, 1, 40, SK_PHRASE_DOUBT_HASSH_SERVER},
	{SK_SELECTOR_URL, 3, 90, SK_PHRASE_DOUBT_URL},
	{SK_SELECTOR_CERT_SHA1, 3, 85, SK_PHRASE_DOUBT_CERTIFICATE},
	{SK_SELECTOR_CERT_SHA256, 3, 85, SK_PHRASE_DOUBT_CERTIFICATE},
	{SK_SELECTOR_COMMAND, 2, 60, SK_PHRASE_DOUBT_RULE},
};

static const struct weight *weight_of(uint32_t kind)
{
	for (size_t i = 0; i < SK_COUNT(weights); i++)
		if (weights[i].kind == kind)
			return &weights[i];
	return &weights[0];
}

static struct sk_arg when(const struct sk_observation *o)
{
	return sk_arg_span(o->first_ns, o->last_ns);
}

/* Bytes each way, seen from the inside where there is one; and plainly when only one direction was there. */
static struct sk_arg volume(const struct sk_observation *o)
{
	unsigned out = o->class_ == SK_CLASS_FD ? 1 : 0;
	return sk_arg_volume((struct sk_words_volume){.metered = o->metered_by != SK_METER_HERE, .one_way = o->packets[0] == 0 || o->packets[1] == 0, .transit = o->class_ == SK_CLASS_FF,
						      .sampling = o->sampling, .out = o->ip_bytes[out], .in = o->ip_bytes[1 - out]});
}

static struct sk_arg answers(const struct sk_observation *o)
{
	return sk_arg_answers((struct sk_words_answers){.queries = o->dns_queries, .responses = o->dns_responses, .nxdomain = o->dns_nxdomain,
							.one_way = o->packets[0] == 0 || o->packets[1] == 0});
}

static struct sk_arg place(const struct sk_observation *o, bool initiator)
{
	return sk_arg_word(o->class_ != SK_CLASS_FF && (o->class_ == SK_CLASS_DF) == initiator ? SK_WORD_INSIDE : SK_WORD_ABROAD);
}

/* Knocking from outside on which nothing was said: no answer, or a TCP connection in which nobody sent a byte. Noise at every border, and often on a
   thousand doors at once. */
static bool is_knock(const struct sk_observation *o)
{
	bool said = ((o->tcp_flags[0] | o->tcp_flags[1]) & SK_TCP_PSH) != 0;
	/* An export tells of one direction, so that the other is missing says nothing: it knocked if it sent SYN and never ACK. */
	if (o->metered_by != SK_METER_HERE)
		return o->class_ == SK_CLASS_FD && o->ip_proto == 6 && (o->tcp_flags[0] & (SK_TCP_SYN | SK_TCP_ACK)) == SK_TCP_SYN;
	return o->class_ == SK_CLASS_FD && (o->packets[1] == 0 || (o->ip_proto == 6 && !said));
}

/* Own side first where there is one. Knocks are told of the one who knocks, so that a scan is one finding and not one for each door. */
static void take_ends(const struct sk_observation *o, struct sk_finding *out)
{
	bool responder_inside = o->class_ == SK_CLASS_FD && !is_knock(o);
	out->subject = responder_inside ? o->responder : o->initiator;
	out->counterpart = responder_inside ? o->initiator : o->responder;
}

static void write_sentence(const struct sk_observation *o, uint32_t kind, struct sk_finding *out)
{
	enum { NAME = 120, PRINT = 80, SHORT = 64 };
	struct sk_words *said = &out->sentence;
	const struct sk_arg from = sk_arg_addr(&o->initiator), to = sk_arg_addr(&o->responder), inside = place(o, true), outside = place(o, false), time = when(o), bytes = volume(o),
			    port = sk_arg_port(o->ip_proto, o->responder_port), named = sk_arg_text_or(out->origin, sizeof out->origin, SK_WORD_A_SELECTOR);
	switch (kind) {
	case SK_SELECTOR_DOMAIN:
		if (o->dns_queries + o->dns_responses != 0)
			sk_say(said, SK_SAY(HIT_DNS), from, inside, to, outside, sk_arg_text(out->matched, NAME), named, time, answers(o));
		else if ((o->sections & SK_SECTION_HTTP) != 0 && o->sni_domain[0] == '\0')
			sk_say(said, SK_SAY(HIT_HTTP), from, inside, to, outside, sk_arg_text(out->matched, NAME), named, time, port, bytes);
		else
			sk_say(said, SK_SAY(HIT_SNI), from, inside, to, outside, sk_arg_text(out->matched, NAME), named, time, port, bytes);
		break;
	case SK_SELECTOR_JA3:
	case SK_SELECTOR_JA4: sk_say(said, SK_SAY(HIT_TLS_CLIENT), from, inside, to, outside, sk_arg_text(out->matched, SHORT), named, time, port, bytes); break;
	case SK_SELECTOR_JA3S:
	case SK_SELECTOR_HASSH_SERVER:
		sk_say(said, SK_SAY(HIT_SERVER), from, inside, sk_arg_text(kind == SK_SELECTOR_JA3S ? "TLS" : "SSH", PRINT), to, outside, sk_arg_text(out->matched, PRINT), named, time, port,
		       bytes);
		break;
	case SK_SELECTOR_HASSH: sk_say(said, SK_SAY(HIT_SSH_CLIENT), from, inside, to, outside, sk_arg_text(out->matched, PRINT), named, time, port, bytes); break;
	case SK_SELECTOR_CERT_SHA1:
	case SK_SELECTOR_CERT_SHA256: sk_say(said, SK_SAY(HIT_CERTIFICATE), from, inside, to, outside, sk_arg_text(out->matched, PRINT), named, time, port, bytes); break;
	case SK_SELECTOR_URL: sk_say(said, SK_SAY(HIT_URL), from, inside, to, outside, sk_arg_text(out->matched, PRINT), named, time, port, bytes); break;
	case SK_SELECTOR_PREFIX: sk_say(said, SK_SAY(HIT_PREFIX), from, inside, to, outside, time, port, bytes, sk_arg_text(out->matched, SHORT), named); break;
	default: sk_say(said, SK_SAY(HIT_ADDRESS), from, inside, to, outside, time, port, bytes, sk_arg_text(out->matched, SHORT), named); break;
	}
}

static const struct sk_rule *rule_of(const struct sk_rules *rules, const struct sk_flow_facts *facts, uint32_t i)
{
	return (1u << facts->hit_kinds[i]) == SK_SELECTOR_COMMAND && rules != NULL ? sk_rules_at(rules, facts->hit_ids[i]) : NULL;
}

const char *sk_sentence_value(const struct sk_indicator_set *set, const struct sk_rules *rules, const struct sk_flow_facts *facts, uint32_t i, char out[SK_OBSERVATION_DOMAIN_MAX])
{
	const struct sk_rule *rule = rule_of(rules, facts, i);
	if (rule == NULL)
		return sk_indicator_value(set, facts->hit_ids[i], out, SK_OBSERVATION_DOMAIN_MAX);
	(void)snprintf(out, SK_OBSERVATION_DOMAIN_MAX, "%u:%u", rule->gid, rule->sid);
	return out;
}

/* A rule says itself what it means, how bad it is and which technique. */
static void tell_rule(const struct sk_rule *rule, const struct sk_observation *o, uint64_t hash, struct sk_finding *out)
{
	enum { PRIORITY_HIGH = 1, PRIORITY_MEDIUM = 2, SEVERITY_HIGH = 3, MESSAGE = 200, ORIGIN = 80, CATEGORY = 64 };
	char category[CATEGORY + 3] = "";
	if (!is_knock(o))
		out->severity = rule->priority == PRIORITY_HIGH ? SEVERITY_HIGH : rule->priority == PRIORITY_MEDIUM ? 2 : 1;
	(void)snprintf(out->origin, sizeof out->origin, "%.80s%s%s", rule->origin, rule->technique[0] != '\0' ? ", ATT&CK " : "", rule->technique);
	if (rule->category[0] != '\0')
		(void)snprintf(category, sizeof category, ", %.64s", rule->category);
	sk_say(&out->sentence, SK_SAY(HIT_RULE), sk_arg_addr(&o->initiator), place(o, true), sk_arg_addr(&o->responder), place(o, false), when(o), sk_arg_port(o->ip_proto, o->responder_port),
	       volume(o), sk_arg_text(out->matched, sizeof out->matched), sk_arg_text(rule->message, MESSAGE));
	sk_say(&out->why, SK_SAY(HIT_RULE_WHY), sk_arg_text(out->matched, sizeof out->matched), sk_arg_int(rule->rev), sk_arg_text(category, sizeof category), sk_arg_text(rule->origin, ORIGIN),
	       sk_arg_text(sk_class_name((enum sk_class)o->class_), CATEGORY), sk_arg_hex(hash));
}

/* What relays of a kind are, and what else a talk with them may be. A finding of its own kind, one for each kind of relay and subject: which relay a program picks
   says little. */
static const struct {
	enum sk_word name;
	enum sk_phrase doubt;
} relays[SK_RELAY_COUNT] = {
	[SK_RELAY_TOR] = {SK_WORD_RELAY_TOR, SK_PHRASE_DOUBT_TOR}, [SK_RELAY_PROXY] = {SK_WORD_RELAY_PROXY, SK_PHRASE_DOUBT_PROXY}, [SK_RELAY_VPN] = {SK_WORD_RELAY_VPN, SK_PHRASE_DOUBT_VPN},
};

static void tell_relay(const struct sk_observation *observation, enum sk_relay relay, struct sk_finding *out)
{
	bool comes = observation->class_ == SK_CLASS_FD;
	(void)snprintf(out->kind, sizeof out->kind, "indicator.relay");
	if (comes)
		sk_say(&out->sentence, SK_SAY(HIT_RELAY_COMES), sk_arg_word(relays[relay].name));
	else
		sk_say(&out->sentence, SK_SAY(HIT_RELAY_GOES), sk_arg_word(relays[relay].name));
	/* To go there and to be visited from there are two findings of one host. */
	(void)snprintf(out->matched, sizeof out->matched, "%s%s", comes ? "from " : "", sk_relay_name(relay));
	out->severity = comes ? 1 : 2;
	if (out->confidence_percent > 70)
		out->confidence_percent = 70;
}

/* Why a value was told. */
static void tell_why(const struct sk_observation *observation, uint32_t kind, struct sk_finding *out)
{
	enum { VALUE = 255, ORIGIN = 120, NAME = 64 };
	const struct sk_arg name = sk_arg_text(sk_selector_kind_name((enum sk_selector_kind)kind), NAME), value = sk_arg_text(out->matched, VALUE),
			    class_ = sk_arg_text(sk_class_name((enum sk_class)observation->class_), NAME);
	if (out->origin[0] != '\0')
		sk_say(&out->why, SK_SAY(HIT_WHY_FROM), name, value, sk_arg_text(out->origin, ORIGIN), class_);
	else
		sk_say(&out->why, SK_SAY(HIT_WHY), name, value, class_);
}

static struct sk_arg phrase(enum sk_phrase phrase)
{
	return (struct sk_arg){.type = SK_ARG_PHRASE, .phrase = phrase};
}

void sk_sentence_finding(const struct sk_indicator_set *set, const struct sk_rules *rules, const struct sk_flow_facts *facts, uint32_t i, const struct sk_observation *observation,
			 bool simulated, struct sk_finding *out)
{
	uint32_t kind = 1u << facts->hit_kinds[i];
	const struct weight *weight = weight_of(kind);
	const struct sk_rule *rule = rule_of(rules, facts, i);
	*out = (struct sk_finding){.severity = weight->severity, .confidence_percent = weight->confidence_percent, .class_ = observation->class_,
				   .first_ns = observation->first_ns, .last_ns = observation->last_ns, .count = 1};
	(void)snprintf(out->kind, sizeof out->kind, "indicator.%s", sk_selector_kind_name((enum sk_selector_kind)kind));
	(void)sk_sentence_value(set, rules, facts, i, out->matched);
	take_ends(observation, out);
	if (is_knock(observation))
		out->severity = 1;
	bool veiled = kind == SK_SELECTOR_DOMAIN && facts->has_tls && facts->tls.has_ech;
	enum sk_relay relay = rule == NULL ? sk_indicator_relay(set, facts->hit_ids[i]) : SK_RELAY_NONE;
	sk_say(&out->doubt, phrase(relay != SK_RELAY_NONE ? relays[relay].doubt : weight->doubt));
	if (veiled)
		sk_say(&out->doubt, SK_SAY(HIT_VEILED));
	if (observation->initiator_sure == 0)
		sk_say(&out->doubt, SK_SAY(HIT_UNSURE));
	if (rule != NULL) {
		tell_rule(rule, observation, facts->hit_hashes[i], out);
	} else {
		(void)sk_indicator_origin(set, facts->hit_ids[i], out->origin, sizeof out->origin);
		write_sentence(observation, kind, out);
		tell_why(observation, kind, out);
		if (relay != SK_RELAY_NONE)
			tell_relay(observation, relay, out);
	}
	if (simulated)
		sk_say(&out->why, SK_SAY(SIMULATED));
	sk_finding_set_id(out);
}

void sk_sentence_event(const struct sk_kit *kit, const struct sk_detection *detection, const struct sk_observation *observation, bool simulated, struct sk_finding *out)
{
	size_t rows;
	const struct sk_detector_row *row = &sk_policy_detectors(&rows)[detection->detector];
	struct sk_telling telling;
	*out = (struct sk_finding){.severity = detection->severity, .confidence_percent = detection->percent, .class_ = observation->class_,
				   .subject = detection->of_responder ? observation->responder : observation->initiator,
				   .counterpart = detection->of_responder ? detection->initiator : detection->responder,
				   .first_ns = observation->first_ns, .last_ns = observation->last_ns, .count = detection->added != 0 ? detection->added : 1};
	(void)snprintf(out->kind, sizeof out->kind, "%s", row->name);
	(void)snprintf(out->matched, sizeof out->matched, "%s", observation->matched);
	(void)snprintf(out->origin, sizeof out->origin, "detector %s, ATT&CK %s", row->name, row->technique);
	sk_kit_tell(kit, detection, &telling);
	out->sentence = telling.sentence;
	out->why = telling.why;
	out->doubt = telling.doubt;
	if (simulated)
		sk_say(&out->why, SK_SAY(SIMULATED));
	sk_finding_set_id(out);
}
