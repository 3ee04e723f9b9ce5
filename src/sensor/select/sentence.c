/* SPDX-License-Identifier: Apache-2.0 */
#include "select/sentence_priv.h"

#include <stdarg.h>
#include <stdio.h>

#include "basis/basis.h"
#include "text/text.h"

/* How sure a hit of each kind is, and what else it could be. The figures are the project's own judgement, not measured: an address is shared and changes
   hands, a fingerprint belongs to a program that the innocent use too. */
static const struct weight {
	uint32_t kind;
	uint8_t severity, confidence_percent;
	const char *doubt;
} weights[] = {
	{SK_SELECTOR_ADDRESS, 3, 70,
	 "The address may be shared hosting, a relay, or in other hands by now; the list may be stale. Look at when it was named."},
	{SK_SELECTOR_PREFIX, 2, 50, "The whole network was named, not this address: neighbours of the culprit are in it too."},
	{SK_SELECTOR_DOMAIN, 3, 85,
	 "The name may have been taken over by a sinkhole, or looked up by a mail filter or a researcher rather than by an infected host."},
	{SK_SELECTOR_JA3, 1, 30, "The fingerprint is that of a TLS library; harmless programs built with it look the same."},
	{SK_SELECTOR_JA4, 1, 40, "The fingerprint is that of a TLS client and its settings; harmless programs with the same settings look the same."},
	{SK_SELECTOR_JA3S, 1, 30, "The fingerprint is that of a TLS server's answer to one kind of client; harmless servers with the same settings answer alike."},
	{SK_SELECTOR_HASSH, 1, 40, "The fingerprint is that of an SSH program and its settings; harmless programs built alike look the same."},
	{SK_SELECTOR_HASSH_SERVER, 1, 40, "The fingerprint is that of an SSH server and its settings; harmless servers built alike look the same."},
	{SK_SELECTOR_URL, 3, 90,
	 "The page may have been cleaned since it was named, or been fetched by a mail filter or a researcher rather than by an infected host."},
	{SK_SELECTOR_CERT_SHA1, 3, 85, "The server may have changed hands, or a scanner or a researcher may have looked at it; the list may be stale."},
	{SK_SELECTOR_CERT_SHA256, 3, 85, "The server may have changed hands, or a scanner or a researcher may have looked at it; the list may be stale."},
	{SK_SELECTOR_COMMAND, 2, 60,
	 "A rule of byte patterns fits what it was written for, and at times something harmless that looks alike; how often, its author knows best."},
};

static const struct weight *weight_of(uint32_t kind)
{
	for (size_t i = 0; i < SK_COUNT(weights); i++)
		if (weights[i].kind == kind)
			return &weights[i];
	return &weights[0];
}

static const char *protocol(const struct sk_observation *o, char text[32])
{
	switch (o->ip_proto) {
	case 6: (void)snprintf(text, 32, "TCP port %u", o->responder_port); break;
	case 17: (void)snprintf(text, 32, "UDP port %u", o->responder_port); break;
	case 132: (void)snprintf(text, 32, "SCTP port %u", o->responder_port); break;
	case 1:
	case 58: (void)snprintf(text, 32, "ICMP"); break;
	default: (void)snprintf(text, 32, "IP protocol %u", o->ip_proto); break;
	}
	return text;
}

/* "from the 22nd": one date when both lie on one day, else two. */
static const char *when(const struct sk_observation *o, char text[96])
{
	char first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX];
	(void)sk_time_format(o->first_ns, 0, first);
	(void)sk_time_format(o->last_ns, 0, last);
	if (strcmp(first, last) == 0)
		(void)snprintf(text, 96, "at %.19s UTC", first);
	else if (strncmp(first, last, 10) == 0 && strlen(last) > 19)
		(void)snprintf(text, 96, "from %.19s to %.8s UTC", first, last + 11);
	else
		(void)snprintf(text, 96, "from %.19s to %.19s UTC", first, last);
	for (char *at = text; *at != '\0'; at++)
		if (*at == 'T' && at > text && at[-1] >= '0' && at[-1] <= '9')
			*at = ' ';
	return text;
}

/* Bytes each way, seen from the inside where there is one; and plainly when only one direction was there. */
static const char *volume(const struct sk_observation *o, char text[128])
{
	char a[SK_UNIT_TEXT_MAX], b[SK_UNIT_TEXT_MAX];
	unsigned out = o->class_ == SK_CLASS_FD ? 1 : 0;
	const char *there = o->class_ == SK_CLASS_FF ? "forth" : "out", *back = o->class_ == SK_CLASS_FF ? "back" : "in";
	if (o->metered_by != SK_METER_HERE && o->sampling > 1)
		(void)snprintf(text, 128, "%s as a flow export counted it, of one packet in %u", sk_bytes_format(o->ip_bytes[0] + o->ip_bytes[1], a), o->sampling);
	else if (o->metered_by != SK_METER_HERE)
		(void)snprintf(text, 128, "%s as a flow export counted it", sk_bytes_format(o->ip_bytes[0] + o->ip_bytes[1], a));
	else if (o->packets[0] == 0 || o->packets[1] == 0)
		(void)snprintf(text, 128, "%s, only one direction was seen", sk_bytes_format(o->ip_bytes[0] + o->ip_bytes[1], a));
	else
		(void)snprintf(text, 128, "%s %s, %s %s", sk_bytes_format(o->ip_bytes[out], a), there, sk_bytes_format(o->ip_bytes[1 - out], b),
			       back);
	return text;
}

/* "3 queries, 2 answers, 1 of them that there is no such name". */
static const char *answers(const struct sk_observation *o, char text[128])
{
	int used = snprintf(text, 128, "%u quer%s, %u answer%s", o->dns_queries, o->dns_queries == 1 ? "y" : "ies", o->dns_responses,
			    o->dns_responses == 1 ? "" : "s");
	if (o->dns_nxdomain != 0)
		(void)snprintf(text + used, 128 - (size_t)used, ", %u of them that there is no such name", o->dns_nxdomain);
	else if (o->packets[0] == 0 || o->packets[1] == 0)
		(void)snprintf(text + used, 128 - (size_t)used, ", only one direction was seen");
	return text;
}

static const char *place(const struct sk_observation *o, bool initiator)
{
	if (o->class_ == SK_CLASS_FF)
		return "abroad";
	return (o->class_ == SK_CLASS_DF) == initiator ? "inside" : "abroad";
}

/* A sentence is cut rather than refused: it never fails a run. */
SK_PRINTF(2, 3) static void say(char text[SK_FINDING_TEXT_MAX], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, SK_FINDING_TEXT_MAX, format, args);
	va_end(args);
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
	char from[SK_ADDR_TEXT_MAX], to[SK_ADDR_TEXT_MAX], proto[32], time[96], bytes[128], named[192];
	(void)sk_addr_format(&o->initiator, from);
	(void)sk_addr_format(&o->responder, to);
	(void)protocol(o, proto);
	(void)when(o, time);
	(void)volume(o, bytes);
	if (out->origin[0] != '\0')
		(void)snprintf(named, sizeof named, "which %s names", out->origin);
	else
		(void)snprintf(named, sizeof named, "which a selector names");
	const char *inside = place(o, true), *outside = place(o, false);
	switch (kind) {
	case SK_SELECTOR_DOMAIN:
		if (o->dns_queries + o->dns_responses != 0)
			say(out->sentence, "%s (%s) asked %s (%s) for a name under %.120s, %s, %s (%s).", from, inside, to, outside, out->matched,
			    named, time, answers(o, bytes));
		else if ((o->sections & SK_SECTION_HTTP) != 0 && o->sni_domain[0] == '\0')
			say(out->sentence, "%s (%s) asked %s (%s) over HTTP for a host under %.120s, %s, %s (%s, %s).", from, inside, to, outside,
			    out->matched, named, time, proto, bytes);
		else
			say(out->sentence, "%s (%s) opened TLS to %s (%s) for a server name under %.120s, %s, %s (%s, %s).", from, inside, to,
			    outside, out->matched, named, time, proto, bytes);
		break;
	case SK_SELECTOR_JA3:
	case SK_SELECTOR_JA4:
		say(out->sentence, "%s (%s) opened TLS to %s (%s) as a client with fingerprint %.64s, %s, %s (%s, %s).", from, inside, to, outside,
			       out->matched, named, time, proto, bytes);
		break;
	case SK_SELECTOR_JA3S:
	case SK_SELECTOR_HASSH_SERVER:
		say(out->sentence, "%s (%s) opened %s to %s (%s), a server with fingerprint %.80s, %s, %s (%s, %s).", from, inside,
		    kind == SK_SELECTOR_JA3S ? "TLS" : "SSH", to, outside, out->matched, named, time, proto, bytes);
		break;
	case SK_SELECTOR_HASSH:
		say(out->sentence, "%s (%s) opened SSH to %s (%s) as a client with fingerprint %.80s, %s, %s (%s, %s).", from, inside, to, outside,
		    out->matched, named, time, proto, bytes);
		break;
	case SK_SELECTOR_CERT_SHA1:
	case SK_SELECTOR_CERT_SHA256:
		say(out->sentence, "%s (%s) opened TLS to %s (%s), which showed the certificate %.80s, %s, %s (%s, %s).", from, inside, to, outside,
		    out->matched, named, time, proto, bytes);
		break;
	case SK_SELECTOR_URL:
		say(out->sentence, "%s (%s) asked %s (%s) for the URL with hash %.80s, %s, %s (%s, %s).", from, inside, to, outside, out->matched,
		    named, time, proto, bytes);
		break;
	default:
		say(out->sentence, "%s (%s) contacted %s (%s) %s (%s, %s); %.64s is an address %s.", from, inside, to, outside, time, proto, bytes,
			       out->matched, named);
		if (kind == SK_SELECTOR_PREFIX)
			say(out->sentence, "%s (%s) contacted %s (%s) %s (%s, %s); one of them lies in the network %.64s, %s.", from, inside, to,
			    outside, time, proto, bytes, out->matched, named);
		break;
	}
}

/* One finding for one kind, value and own side: its id is theirs, so that a repetition folds into it. */
static void set_id(struct sk_finding *out)
{
	struct {
		char kind[32], matched[SK_OBSERVATION_DOMAIN_MAX];
		struct sk_addr subject;
	} what;
	uint8_t digest[SK_HASH_BYTES];
	memset(&what, 0, sizeof what);
	memcpy(what.kind, out->kind, sizeof what.kind);
	memcpy(what.matched, out->matched, strlen(out->matched));
	what.subject = out->subject;
	sk_sha256(&what, sizeof what, digest);
	memcpy(out->id, digest, sizeof out->id);
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
static void tell_rule(const struct sk_rule *rule, const struct sk_observation *o, uint64_t hash, bool simulated, struct sk_finding *out)
{
	enum { PRIORITY_HIGH = 1, PRIORITY_MEDIUM = 2, SEVERITY_HIGH = 3 };
	char from[SK_ADDR_TEXT_MAX], to[SK_ADDR_TEXT_MAX], proto[32], time[96], bytes[128];
	if (!is_knock(o))
		out->severity = rule->priority == PRIORITY_HIGH ? SEVERITY_HIGH : rule->priority == PRIORITY_MEDIUM ? 2 : 1;
	(void)snprintf(out->origin, sizeof out->origin, "%.80s%s%s", rule->origin, rule->technique[0] != '\0' ? ", ATT&CK " : "", rule->technique);
	say(out->sentence, "%s (%s) and %s (%s) spoke %s (%s, %s); what was sent fits rule %s, \"%.200s\".", sk_addr_format(&o->initiator, from), place(o, true),
	    sk_addr_format(&o->responder, to), place(o, false), when(o, time), protocol(o, proto), volume(o, bytes), out->matched, rule->message);
	say(out->why, "Rule %s revision %u%s%.64s is in the approved set, from %.80s, and what was sent at the border (%s) fits all that it asks; of that a keyed hash is kept, %016llx.%s",
	    out->matched, rule->rev, rule->category[0] != '\0' ? ", " : "", rule->category, rule->origin, sk_class_name((enum sk_class)o->class_), (unsigned long long)hash,
	    simulated ? " Simulated: made under a lab basis." : "");
}

/* What relays of a kind are, and what else a talk with them may be. A finding of its own kind, one for each kind of relay and subject: which relay a program picks
   says little. */
static const struct {
	const char *name, *doubt;
} relays[SK_RELAY_COUNT] = {
	[SK_RELAY_TOR] = {"a relay of Tor", "Tor serves people who protect their privacy as well as those who hide; an address that was a relay may be something else by now, or serve pages too."},
	[SK_RELAY_PROXY] = {"an open or paid proxy", "Proxies are used for tests, for prices of other countries and for privacy; the address may be shared, or in other hands by now."},
	[SK_RELAY_VPN] = {"an exit of a VPN service", "VPN services are used by travellers and for privacy; a company's own service may be among them, and the address may be shared."},
};

static void tell_relay(const struct sk_observation *observation, enum sk_relay relay, struct sk_finding *out)
{
	size_t used = strlen(out->sentence);
	bool comes = observation->class_ == SK_CLASS_FD;
	(void)snprintf(out->kind, sizeof out->kind, "indicator.relay");
	(void)snprintf(out->sentence + used, sizeof out->sentence - used, " It is listed as %s: %s.", relays[relay].name,
		       comes ? "who comes from there hides where they are" : "what is said through it goes on to somewhere else");
	/* To go there and to be visited from there are two findings of one host. */
	(void)snprintf(out->matched, sizeof out->matched, "%s%s", comes ? "from " : "", sk_relay_name(relay));
	out->severity = comes ? 1 : 2;
	if (out->confidence_percent > 70)
		out->confidence_percent = 70;
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
	say(out->doubt, "%s%s%s", relay != SK_RELAY_NONE ? relays[relay].doubt : weight->doubt,
	    veiled ? " The client hello was encrypted (ECH): the name seen is the front's, not the one inside." : "",
	    observation->initiator_sure != 0 ? "" : " Which side began was not seen.");
	if (rule != NULL) {
		tell_rule(rule, observation, facts->hit_hashes[i], simulated, out);
	} else {
		(void)sk_indicator_origin(set, facts->hit_ids[i], out->origin, sizeof out->origin);
		write_sentence(observation, kind, out);
		say(out->why, "The selector %s %.255s is in the approved set%s%.120s, and it equals what was seen at the border (%s).%s",
		    sk_selector_kind_name((enum sk_selector_kind)kind), out->matched, out->origin[0] != '\0' ? ", from " : "", out->origin,
		    sk_class_name((enum sk_class)observation->class_), simulated ? " Simulated: made under a lab basis." : "");
		if (relay != SK_RELAY_NONE)
			tell_relay(observation, relay, out);
	}
	set_id(out);
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
	say(out->sentence, "%s", telling.sentence);
	say(out->why, "%s%s", telling.why, simulated ? " Simulated: made under a lab basis." : "");
	say(out->doubt, "%s", telling.doubt);
	set_id(out);
}
