/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the first version of the observation's form, which stores still hold. It had three sections, and one that said nothing was absent. */
#include "observe/observe_priv.h"

static bool has_dns(const struct sk_observation *o)
{
	return (o->dns_type | o->dns_flags | o->dns_rcode | o->dns_labels | o->dns_name_length | o->dns_entropy_x16 | o->dns_domain[0]) != 0 ||
	       (o->dns_queries | o->dns_responses | o->dns_nxdomain) != 0;
}

static bool has_tls(const struct sk_observation *o)
{
	return (o->tls_version | o->sni_domain[0] | o->alpn[0] | o->ja3[0] | o->ja4[0]) != 0;
}

static bool has_hits(const struct sk_observation *o)
{
	return o->hit_count != 0 || o->matched[0] != '\0';
}

static void take_text(struct sk_observe_reader *r, char *text, size_t size)
{
	sk_observe_take_text(r, sk_be16(&r->c), text, size);
}

static void take_hits(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->hit_count = sk_be32(&r->c);
	for (uint32_t i = 0; i < out->hit_count && i < SK_OBSERVATION_HITS_MAX; i++) {
		out->hit_ids[i] = sk_be32(&r->c);
		out->hit_kinds[i] = sk_u8(&r->c);
	}
	take_text(r, out->matched, sizeof out->matched);
	if (!has_hits(out))
		r->wrong = true;
}

static void take_dns(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->dns_type = sk_be16(&r->c);
	out->dns_flags = sk_be16(&r->c);
	out->dns_rcode = sk_u8(&r->c);
	out->dns_labels = sk_u8(&r->c);
	out->dns_name_length = sk_u8(&r->c);
	out->dns_entropy_x16 = sk_u8(&r->c);
	out->dns_queries = sk_be32(&r->c);
	out->dns_responses = sk_be32(&r->c);
	out->dns_nxdomain = sk_be32(&r->c);
	take_text(r, out->dns_domain, sizeof out->dns_domain);
	if (!has_dns(out))
		r->wrong = true;
}

static void take_tls(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->tls_version = sk_be16(&r->c);
	take_text(r, out->sni_domain, sizeof out->sni_domain);
	take_text(r, out->alpn, sizeof out->alpn);
	take_text(r, out->ja3, sizeof out->ja3);
	take_text(r, out->ja4, sizeof out->ja4);
	/* What the sensor wrote always had this shape; nothing else has a form in version 2. */
	if (!has_tls(out) || !sk_observe_is_md5(out->ja3) || !sk_observe_is_ja4(out->ja4))
		r->wrong = true;
}

enum sk_err sk_observation_decode_v1(struct sk_observe_reader *r, struct sk_observation *out)
{
	out->kind = sk_u8(&r->c);
	out->class_ = sk_observe_take_up_to(r, SK_CLASS_DF);
	out->sections = sk_observe_take_up_to(r, SK_SECTION_HITS | SK_SECTION_DNS | SK_SECTION_TLS);
	uint8_t family = sk_u8(&r->c);
	if ((out->kind != SK_OBSERVATION_FLOW && out->kind != SK_OBSERVATION_HIT) || sk_observe_addr_bytes(family) == 0)
		r->wrong = true;
	out->ip_proto = sk_u8(&r->c);
	out->initiator_sure = sk_observe_take_up_to(r, 1);
	sk_copy(&r->c, out->tcp_flags, 2);
	out->end = sk_observe_take_up_to(r, SK_OBSERVATION_ENDS - 1);
	out->state = sk_observe_take_up_to(r, SK_OBSERVATION_STATES - 1);
	out->icmp_type = sk_u8(&r->c);
	out->icmp_code = sk_u8(&r->c);
	out->app = sk_observe_take_up_to(r, SK_APP_COUNT - 1);
	out->layers = sk_u8(&r->c);
	out->tunnels = sk_be16(&r->c);
	out->interface = sk_be16(&r->c);
	out->initiator_port = sk_be16(&r->c);
	out->responder_port = sk_be16(&r->c);
	sk_observe_take_addr(r, family, &out->initiator);
	sk_observe_take_addr(r, family, &out->responder);
	out->first_ns = (int64_t)sk_be64(&r->c);
	out->last_ns = (int64_t)sk_be64(&r->c);
	for (unsigned i = 0; i < 2; i++)
		out->packets[i] = sk_be64(&r->c);
	for (unsigned i = 0; i < 2; i++)
		out->ip_bytes[i] = sk_be64(&r->c);
	out->frames = sk_be64(&r->c);
	out->frame_bytes = sk_be64(&r->c);
	if ((out->sections & SK_SECTION_HITS) != 0)
		take_hits(r, out);
	if ((out->sections & SK_SECTION_DNS) != 0)
		take_dns(r, out);
	if ((out->sections & SK_SECTION_TLS) != 0)
		take_tls(r, out);
	return sk_observe_verdict(r);
}
