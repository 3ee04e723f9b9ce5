/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of an observation and of a finding: fixed fields first, then the sections that its bits announce (docs/formats/observation.md).
   One value has one form: a section that would hold only zeros is absent, and decode refuses one that is there all the same. */
#include <string.h>

#include "observe/observe.h"
#include "wire/wire.h"

enum { SECTION_HITS = 1, SECTION_DNS = 2, SECTION_TLS = 4, SECTION_ALL = 7 };
enum { FINDING_VERSION = 1, SEVERITY_MAX = 3, PERCENT_MAX = 100, APP_MAX = SK_APP_COUNT - 1 };

static const char *const end_names[] = {"idle", "active", "closed", "evicted", "basis", "stop"};
static const char *const state_names[] = {"new", "syn", "syn_ack", "established", "closing", "closed", "reset"};

const char *sk_observation_end_name(uint8_t end)
{
	return end < SK_COUNT(end_names) ? end_names[end] : "unknown";
}

const char *sk_observation_state_name(uint8_t state)
{
	return state < SK_COUNT(state_names) ? state_names[state] : "unknown";
}

/* ---- pieces ---- */

/* A value that may not be is remembered apart from the cursor, so that malformed and truncated stay two answers. */
struct reader {
	struct sk_cur c;
	bool wrong;
};

static enum sk_err verdict(const struct reader *r)
{
	return !r->c.dead && r->wrong ? SK_EMALFORMED : sk_done(&r->c);
}

/* A text of at most 65,535 bytes with its length in front. */
static void put_text(struct sk_out *o, const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	SK_INVARIANT(length < size);
	sk_put_be16(o, (uint16_t)length);
	sk_put_bytes(o, text, length);
}

/* Zero-fills the rest, so that equal observations are equal memory. A NUL inside would be a second form of a shorter text. */
static void take_text(struct reader *r, char *text, size_t size)
{
	size_t length = sk_be16(&r->c);
	memset(text, 0, size);
	if (length < size)
		sk_copy(&r->c, text, length);
	else
		sk_skip(&r->c, length);
	if (strnlen(text, size) != length)
		r->wrong = true;
}

static size_t addr_bytes(uint8_t family)
{
	return family == 4 ? 4 : family == 6 ? 16 : 0;
}

static void put_addr(struct sk_out *o, const struct sk_addr *addr)
{
	sk_put_bytes(o, addr->bytes, addr_bytes(addr->family));
}

static void take_addr(struct reader *r, uint8_t family, struct sk_addr *addr)
{
	*addr = (struct sk_addr){.family = family};
	sk_copy(&r->c, addr->bytes, addr_bytes(family));
}

/* A small number with a greatest value. */
static uint8_t take_up_to(struct reader *r, uint8_t greatest)
{
	uint8_t value = sk_u8(&r->c);
	if (value > greatest)
		r->wrong = true;
	return value;
}

/* ---- observation ---- */

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

static uint32_t kept_hits(uint32_t hit_count)
{
	return hit_count < SK_OBSERVATION_HITS_MAX ? hit_count : SK_OBSERVATION_HITS_MAX;
}

void sk_observation_encode(const struct sk_observation *observation, struct sk_buf *out)
{
	const struct sk_observation *ob = observation;
	uint8_t bytes[SK_OBSERVATION_MAX_BYTES];
	struct sk_out o = sk_out_of(bytes, sizeof bytes);
	unsigned sections = (has_hits(ob) ? SECTION_HITS : 0u) | (has_dns(ob) ? SECTION_DNS : 0u) | (has_tls(ob) ? SECTION_TLS : 0u);
	/* What our own code sets. What comes off the wire (ports, times, names) may be anything.
	   rule: OBSERVE-1: what is domestic or not known has no written form. */
	SK_INVARIANT(ob->kind == SK_OBSERVATION_FLOW || ob->kind == SK_OBSERVATION_HIT);
	SK_INVARIANT(ob->class_ <= SK_CLASS_DF);
	SK_INVARIANT(addr_bytes(ob->initiator.family) != 0 && ob->initiator.family == ob->responder.family);
	SK_INVARIANT(ob->initiator_sure <= 1 && ob->app <= APP_MAX && ob->end < SK_COUNT(end_names) && ob->state < SK_COUNT(state_names));
	sk_put_u8(&o, SK_OBSERVATION_VERSION);
	sk_put_u8(&o, ob->kind);
	sk_put_u8(&o, ob->class_);
	sk_put_u8(&o, (uint8_t)sections);
	sk_put_u8(&o, ob->initiator.family);
	sk_put_u8(&o, ob->ip_proto);
	sk_put_u8(&o, ob->initiator_sure);
	sk_put_bytes(&o, ob->tcp_flags, 2);
	sk_put_u8(&o, ob->end);
	sk_put_u8(&o, ob->state);
	sk_put_u8(&o, ob->icmp_type);
	sk_put_u8(&o, ob->icmp_code);
	sk_put_u8(&o, ob->app);
	sk_put_u8(&o, ob->layers);
	sk_put_be16(&o, ob->tunnels);
	sk_put_be16(&o, ob->interface);
	sk_put_be16(&o, ob->initiator_port);
	sk_put_be16(&o, ob->responder_port);
	put_addr(&o, &ob->initiator);
	put_addr(&o, &ob->responder);
	sk_put_be64(&o, (uint64_t)ob->first_ns);
	sk_put_be64(&o, (uint64_t)ob->last_ns);
	for (unsigned i = 0; i < 2; i++)
		sk_put_be64(&o, ob->packets[i]);
	for (unsigned i = 0; i < 2; i++)
		sk_put_be64(&o, ob->ip_bytes[i]);
	sk_put_be64(&o, ob->frames);
	sk_put_be64(&o, ob->frame_bytes);
	if ((sections & SECTION_HITS) != 0) {
		sk_put_be32(&o, ob->hit_count);
		for (uint32_t i = 0; i < kept_hits(ob->hit_count); i++) {
			sk_put_be32(&o, ob->hit_ids[i]);
			sk_put_u8(&o, ob->hit_kinds[i]);
		}
		put_text(&o, ob->matched, sizeof ob->matched);
	}
	if ((sections & SECTION_DNS) != 0) {
		sk_put_be16(&o, ob->dns_type);
		sk_put_be16(&o, ob->dns_flags);
		sk_put_u8(&o, ob->dns_rcode);
		sk_put_u8(&o, ob->dns_labels);
		sk_put_u8(&o, ob->dns_name_length);
		sk_put_u8(&o, ob->dns_entropy_x16);
		sk_put_be32(&o, ob->dns_queries);
		sk_put_be32(&o, ob->dns_responses);
		sk_put_be32(&o, ob->dns_nxdomain);
		put_text(&o, ob->dns_domain, sizeof ob->dns_domain);
	}
	if ((sections & SECTION_TLS) != 0) {
		sk_put_be16(&o, ob->tls_version);
		put_text(&o, ob->sni_domain, sizeof ob->sni_domain);
		put_text(&o, ob->alpn, sizeof ob->alpn);
		put_text(&o, ob->ja3, sizeof ob->ja3);
		put_text(&o, ob->ja4, sizeof ob->ja4);
	}
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_buf_add(out, bytes, sk_out_length(&o));
	sk_wipe(bytes, sk_out_length(&o));
}

static void take_hits(struct reader *r, struct sk_observation *out)
{
	out->hit_count = sk_be32(&r->c);
	for (uint32_t i = 0; i < kept_hits(out->hit_count); i++) {
		out->hit_ids[i] = sk_be32(&r->c);
		out->hit_kinds[i] = sk_u8(&r->c);
	}
	take_text(r, out->matched, sizeof out->matched);
	if (!has_hits(out))
		r->wrong = true;
}

static void take_dns(struct reader *r, struct sk_observation *out)
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

static void take_tls(struct reader *r, struct sk_observation *out)
{
	out->tls_version = sk_be16(&r->c);
	take_text(r, out->sni_domain, sizeof out->sni_domain);
	take_text(r, out->alpn, sizeof out->alpn);
	take_text(r, out->ja3, sizeof out->ja3);
	take_text(r, out->ja4, sizeof out->ja4);
	if (!has_tls(out))
		r->wrong = true;
}

enum sk_err sk_observation_decode(const void *bytes, size_t length, struct sk_observation *out)
{
	struct reader r = {.c = sk_cur_of(bytes, length)};
	memset(out, 0, sizeof *out);
	uint8_t version = sk_u8(&r.c);
	out->kind = sk_u8(&r.c);
	out->class_ = take_up_to(&r, SK_CLASS_DF);
	uint8_t sections = take_up_to(&r, SECTION_ALL), family = sk_u8(&r.c);
	if (version != SK_OBSERVATION_VERSION || (out->kind != SK_OBSERVATION_FLOW && out->kind != SK_OBSERVATION_HIT) || addr_bytes(family) == 0)
		r.wrong = true;
	out->ip_proto = sk_u8(&r.c);
	out->initiator_sure = take_up_to(&r, 1);
	sk_copy(&r.c, out->tcp_flags, 2);
	out->end = take_up_to(&r, SK_COUNT(end_names) - 1);
	out->state = take_up_to(&r, SK_COUNT(state_names) - 1);
	out->icmp_type = sk_u8(&r.c);
	out->icmp_code = sk_u8(&r.c);
	out->app = take_up_to(&r, APP_MAX);
	out->layers = sk_u8(&r.c);
	out->tunnels = sk_be16(&r.c);
	out->interface = sk_be16(&r.c);
	out->initiator_port = sk_be16(&r.c);
	out->responder_port = sk_be16(&r.c);
	take_addr(&r, family, &out->initiator);
	take_addr(&r, family, &out->responder);
	out->first_ns = (int64_t)sk_be64(&r.c);
	out->last_ns = (int64_t)sk_be64(&r.c);
	for (unsigned i = 0; i < 2; i++)
		out->packets[i] = sk_be64(&r.c);
	for (unsigned i = 0; i < 2; i++)
		out->ip_bytes[i] = sk_be64(&r.c);
	out->frames = sk_be64(&r.c);
	out->frame_bytes = sk_be64(&r.c);
	if ((sections & SECTION_HITS) != 0)
		take_hits(&r, out);
	if ((sections & SECTION_DNS) != 0)
		take_dns(&r, out);
	if ((sections & SECTION_TLS) != 0)
		take_tls(&r, out);
	return verdict(&r);
}

void sk_observation_id(const struct sk_observation *observation, const uint8_t run_id[16], uint8_t id[16])
{
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf form;
	sk_buf_init(&form, SK_OBSERVATION_MAX_BYTES + 16);
	sk_observation_encode(observation, &form);
	sk_buf_add(&form, run_id, 16);
	SK_INVARIANT(form.failed == SK_OK);
	sk_sha256(form.bytes, form.length, digest);
	sk_buf_fini(&form);
	memcpy(id, digest, 16);
}

/* ---- finding ---- */

void sk_finding_encode(const struct sk_finding *finding, struct sk_buf *out)
{
	uint8_t bytes[SK_FINDING_MAX_BYTES];
	struct sk_out o = sk_out_of(bytes, sizeof bytes);
	SK_INVARIANT(finding->class_ <= SK_CLASS_DF && finding->severity <= SEVERITY_MAX && finding->confidence_percent <= PERCENT_MAX);
	sk_put_u8(&o, FINDING_VERSION);
	sk_put_bytes(&o, finding->id, sizeof finding->id);
	sk_put_u8(&o, finding->severity);
	sk_put_u8(&o, finding->confidence_percent);
	sk_put_u8(&o, finding->class_);
	put_text(&o, finding->kind, sizeof finding->kind);
	put_text(&o, finding->matched, sizeof finding->matched);
	put_text(&o, finding->origin, sizeof finding->origin);
	put_text(&o, finding->sentence, sizeof finding->sentence);
	put_text(&o, finding->why, sizeof finding->why);
	put_text(&o, finding->doubt, sizeof finding->doubt);
	sk_put_u8(&o, finding->subject.family);
	put_addr(&o, &finding->subject);
	sk_put_u8(&o, finding->counterpart.family);
	put_addr(&o, &finding->counterpart);
	sk_put_be64(&o, (uint64_t)finding->first_ns);
	sk_put_be64(&o, (uint64_t)finding->last_ns);
	sk_put_be64(&o, finding->count);
	sk_put_bytes(&o, finding->evidence, sizeof finding->evidence);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	sk_buf_add(out, bytes, sk_out_length(&o));
	sk_wipe(bytes, sk_out_length(&o));
}

static void take_family_addr(struct reader *r, struct sk_addr *addr)
{
	uint8_t family = sk_u8(&r->c);
	if (family != 0 && addr_bytes(family) == 0)
		r->wrong = true;
	take_addr(r, family, addr);
}

enum sk_err sk_finding_decode(const void *bytes, size_t length, struct sk_finding *out)
{
	struct reader r = {.c = sk_cur_of(bytes, length)};
	memset(out, 0, sizeof *out);
	if (sk_u8(&r.c) != FINDING_VERSION)
		r.wrong = true;
	sk_copy(&r.c, out->id, sizeof out->id);
	out->severity = take_up_to(&r, SEVERITY_MAX);
	out->confidence_percent = take_up_to(&r, PERCENT_MAX);
	out->class_ = take_up_to(&r, SK_CLASS_DF);
	take_text(&r, out->kind, sizeof out->kind);
	take_text(&r, out->matched, sizeof out->matched);
	take_text(&r, out->origin, sizeof out->origin);
	take_text(&r, out->sentence, sizeof out->sentence);
	take_text(&r, out->why, sizeof out->why);
	take_text(&r, out->doubt, sizeof out->doubt);
	take_family_addr(&r, &out->subject);
	take_family_addr(&r, &out->counterpart);
	out->first_ns = (int64_t)sk_be64(&r.c);
	out->last_ns = (int64_t)sk_be64(&r.c);
	out->count = sk_be64(&r.c);
	sk_copy(&r.c, out->evidence, sizeof out->evidence);
	return verdict(&r);
}
