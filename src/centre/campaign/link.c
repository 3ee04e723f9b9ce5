/* SPDX-License-Identifier: Apache-2.0 */
/* What a record can be tied by. Only what is outside counts: an own server's name or certificate, or a resolver in the middle, ties nobody to anybody. */
#include <stdio.h>
#include <string.h>

#include "campaign/campaign_priv.h"
#include "text/text.h"

enum { DNS_PORT = 53, DOT_PORT = 853, UDP = 17, TCP = 6, V4_NET = 24, V6_NET = 48, JOIN_KIND = 255 };
static const int64_t moment_ns = 3600000000000, day_ns = 86400000000000;

static const struct row {
	const char *name;
	enum sk_link_group group;
	unsigned weight, crowd, hold_days;
	const char *sentence;
} rows[SK_LINK_KINDS] = {
#define SK_LINK(symbol, name, group, weight, crowd, hold, sentence) {name, SK_GROUP_##group, weight, crowd, hold, sentence},
#include "campaign/link.def"
};

const char *sk_link_name(enum sk_link_kind kind)
{
	SK_INVARIANT((size_t)kind < SK_LINK_KINDS);
	return rows[kind].name;
}

const char *sk_link_sentence(enum sk_link_kind kind)
{
	SK_INVARIANT((size_t)kind < SK_LINK_KINDS);
	return rows[kind].sentence;
}

enum sk_link_group sk_link_group_of(enum sk_link_kind kind)
{
	return rows[kind].group;
}

int64_t sk_link_hold_ns(enum sk_link_kind kind)
{
	return rows[kind].hold_days * day_ns;
}

unsigned sk_link_weight(enum sk_link_kind kind, uint64_t unrelated)
{
	SK_INVARIANT((size_t)kind < SK_LINK_KINDS);
	uint64_t beyond = unrelated > 1 ? unrelated - 1 : 0, crowd = (uint64_t)rows[kind].crowd * rows[kind].crowd;
	return (unsigned)(rows[kind].weight * crowd / (crowd + beyond * beyond));
}

uint64_t sk_link_hash(unsigned kind, const void *bytes, size_t length)
{
	uint8_t key[SK_SIP_KEY_BYTES] = {(uint8_t)kind, (uint8_t)(kind >> 8)};
	return sk_siphash13(key, bytes, length);
}

uint64_t sk_link_join(const char *matched, const struct sk_addr *addr)
{
	uint8_t bytes[SK_OBSERVATION_DOMAIN_MAX + sizeof addr->bytes + 1] = {0};
	size_t length = strnlen(matched, SK_OBSERVATION_DOMAIN_MAX - 1);
	memcpy(bytes, addr->bytes, sizeof addr->bytes);
	bytes[sizeof addr->bytes] = addr->family;
	memcpy(bytes + sizeof addr->bytes + 1, matched, length);
	return sk_link_hash(JOIN_KIND, bytes, sizeof addr->bytes + 1 + length);
}

/* ---- telling ---- */

struct teller {
	const struct sk_campaign_options *options;
	sk_link_visit visit;
	void *context;
};

static void say(const struct teller *to, enum sk_link_kind kind, const char *text)
{
	char lower[SK_LINK_TEXT_MAX];
	size_t length = strnlen(text, sizeof lower - 1);
	if (length == 0)
		return;
	for (size_t i = 0; i < length; i++)
		lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' && kind != SK_LINK_AS ? text[i] + 'a' - 'A' : text[i]);
	lower[length] = '\0';
	to->visit(to->context, kind, sk_link_hash(kind, lower, length), lower);
}

/* A name and not an address. */
static void say_name(const struct teller *to, const char *text)
{
	struct sk_addr addr;
	if (strchr(text, '.') != NULL && strchr(text, '/') == NULL && sk_addr_parse(text, &addr) != SK_OK)
		say(to, SK_LINK_DOMAIN, text);
}

static void say_place(const struct teller *to, const struct sk_addr *addr)
{
	char text[SK_PREFIX_TEXT_MAX];
	struct sk_prefix net = {.addr = *addr, .bits = addr->family == 4 ? V4_NET : V6_NET};
	say(to, SK_LINK_ADDRESS, sk_addr_format(addr, text));
	for (unsigned i = net.bits / 8; i < sizeof net.addr.bytes; i++)
		net.addr.bytes[i] = 0;
	say(to, SK_LINK_PREFIX, sk_prefix_format(&net, text));
	uint32_t word = to->options->as == NULL ? UINT32_MAX : sk_places_find(to->options->as, addr);
	if (word != UINT32_MAX)
		say(to, SK_LINK_AS, sk_places_word(to->options->as, word));
}

/* Two rows of hours, half an hour apart: two moments within half an hour share one at least. */
static void say_moment(const struct teller *to, const struct sk_addr *own, int64_t first_ns)
{
	char host[SK_ADDR_TEXT_MAX], time[SK_TIME_TEXT_MAX], text[SK_LINK_TEXT_MAX];
	for (int64_t shift = 0; shift <= moment_ns / 2; shift += moment_ns / 2) {
		int64_t at = first_ns + shift, of_hour = at % moment_ns;
		at -= (of_hour < 0 ? of_hour + moment_ns : of_hour) + shift;
		(void)snprintf(text, sizeof text, "%s in the hour from %.16sZ", sk_addr_format(own, host), sk_time_format(at, 0, time));
		to->visit(to->context, SK_LINK_TIME, sk_link_hash(SK_LINK_TIME, text, strlen(text)), text);
	}
}

static bool is_outside(const struct sk_campaign_options *options, const struct sk_addr *addr, bool by_class)
{
	return addr->family != 0 && (options->border != NULL ? sk_border_side(options->border, addr) == SK_SIDE_FOREIGN : by_class);
}

void sk_links_of_observation(const struct sk_campaign_options *options, const struct sk_observation *o, sk_link_visit visit, void *context)
{
	const struct teller to = {options, visit, context};
	static const uint8_t none[sizeof o->cert_sha256];
	bool outside_initiator = is_outside(options, &o->initiator, o->class_ != SK_CLASS_DF), outside_responder = is_outside(options, &o->responder, o->class_ != SK_CLASS_FD);
	bool dns = o->dns_queries + o->dns_responses != 0 || ((o->ip_proto == UDP || o->ip_proto == TCP) && (o->responder_port == DNS_PORT || o->responder_port == DOT_PORT));
	if (outside_initiator)
		say_place(&to, &o->initiator);
	say(&to, SK_LINK_JA3, o->ja3);
	say(&to, SK_LINK_JA4, o->ja4);
	say(&to, SK_LINK_HASSH, o->hassh);
	if (!outside_responder)
		return;
	/* A resolver or name server answers for everybody. */
	if (!dns)
		say_place(&to, &o->responder);
	say_name(&to, o->dns_domain);
	/* Behind ECH the name is the front's. */
	if ((o->tls_bits & SK_TLS_BIT_ECH) == 0)
		say_name(&to, o->sni_domain);
	say_name(&to, o->http_host_domain);
	say(&to, SK_LINK_JA3S, o->ja3s);
	say(&to, SK_LINK_HASSH_SERVER, o->hassh_server);
	if (memcmp(o->cert_sha256, none, sizeof none) != 0) {
		char hex[2 * sizeof o->cert_sha256 + 1];
		sk_hex_encode(o->cert_sha256, sizeof o->cert_sha256, hex);
		say(&to, SK_LINK_CERTIFICATE, hex);
	}
}

void sk_link_own(const struct sk_campaign_options *options, const struct sk_finding *f, struct sk_addr *own)
{
	*own = (struct sk_addr){.family = 0};
	if (options->border == NULL) {
		if (f->class_ != SK_CLASS_FF)
			*own = f->subject;
	} else if (f->subject.family != 0 && sk_border_side(options->border, &f->subject) == SK_SIDE_DOMESTIC) {
		*own = f->subject;
	} else if (f->counterpart.family != 0 && sk_border_side(options->border, &f->counterpart) == SK_SIDE_DOMESTIC) {
		*own = f->counterpart;
	}
}

/* The addresses of other findings come with their observations, which know whether a resolver stood between. */
void sk_links_of_finding(const struct sk_campaign_options *options, const struct sk_finding *f, sk_link_visit visit, void *context)
{
	static const struct { const char *kind; enum sk_link_kind link; } values[] = {
		{"indicator.ja3", SK_LINK_JA3}, {"indicator.ja4", SK_LINK_JA4}, {"indicator.ja3s", SK_LINK_JA3S}, {"indicator.hassh", SK_LINK_HASSH},
		{"indicator.hassh_server", SK_LINK_HASSH_SERVER}, {"indicator.cert_sha1", SK_LINK_CERTIFICATE}, {"indicator.cert_sha256", SK_LINK_CERTIFICATE}};
	const struct teller to = {options, visit, context};
	struct sk_addr own, addr;
	bool indicator = strncmp(f->kind, "indicator.", strlen("indicator.")) == 0;
	sk_link_own(options, f, &own);
	if (own.family != 0)
		say_moment(&to, &own, f->first_ns);
	if (strcmp(f->kind, "indicator.address") == 0 && sk_addr_parse(f->matched, &addr) == SK_OK && is_outside(options, &addr, true))
		say_place(&to, &addr);
	if (strcmp(f->kind, "indicator.domain") == 0 || !indicator)
		say_name(&to, f->matched);
	for (size_t i = 0; i < SK_COUNT(values); i++)
		if (strcmp(f->kind, values[i].kind) == 0)
			say(&to, values[i].link, f->matched);
}
