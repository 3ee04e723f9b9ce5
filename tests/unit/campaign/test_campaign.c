/* SPDX-License-Identifier: Apache-2.0 */
/* Campaigns: against a slow reference that compares every pair, whatever the order; what must tie, what must not; time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign/campaign_priv.h"

static const int64_t hour_ns = 3600000000000, day_ns = 86400000000000, noon_ns = 1795348800000000000; /* 2026-11-22T12:00:00Z */

/* ---- facts ---- */

enum { FACTS_MAX = 400 };

struct world {
	size_t finding_count, observation_count;
	struct sk_finding findings[FACTS_MAX];
	struct sk_observation observations[FACTS_MAX];
	struct sk_campaign_options options;
};

static uint64_t random_state = 1;
static uint32_t draw(uint32_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

static struct sk_addr addr(const char *text)
{
	struct sk_addr out;
	assert_int_equal(sk_addr_parse(text, &out), SK_OK);
	return out;
}

static struct sk_addr addr_of(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct sk_addr){.bytes = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}, .family = 4};
}

/* One of our hosts talks to the outside: finding and observation, as select makes them. */
static struct sk_observation *add(struct world *w, const char *kind, const char *matched, struct sk_addr own, struct sk_addr outside, int64_t first_ns)
{
	assert_true(w->finding_count < FACTS_MAX);
	struct sk_finding *f = &w->findings[w->finding_count++];
	struct sk_observation *o = &w->observations[w->observation_count++];
	memset(f, 0, sizeof *f);
	memset(o, 0, sizeof *o);
	(void)snprintf(f->kind, sizeof f->kind, "%s", kind);
	(void)snprintf(f->matched, sizeof f->matched, "%s", matched);
	f->subject = own;
	f->counterpart = outside;
	f->class_ = SK_CLASS_DF;
	f->severity = 3;
	f->confidence_percent = 50;
	f->first_ns = first_ns;
	f->last_ns = first_ns + 60000000000;
	f->count = 1;
	uint64_t id[2] = {sk_link_hash(7, matched, strlen(matched)), sk_link_hash(8, &own, sizeof own) ^ sk_link_hash(9, kind, strlen(kind))};
	memcpy(f->id, id, sizeof f->id);
	o->kind = SK_OBSERVATION_HIT;
	o->class_ = SK_CLASS_DF;
	o->ip_proto = 6;
	o->responder_port = 443;
	o->initiator = own;
	o->responder = outside;
	o->first_ns = first_ns;
	o->last_ns = f->last_ns;
	(void)snprintf(o->matched, sizeof o->matched, "%s", matched);
	return o;
}

static struct sk_campaigns *tie(const struct world *w)
{
	struct sk_campaigns *c;
	struct sk_fault fault = {0};
	assert_int_equal(sk_campaigns_new(&w->options, &c, &fault), SK_OK);
	for (size_t i = 0; i < w->finding_count; i++)
		assert_int_equal(sk_campaigns_add_finding(c, &w->findings[i], &fault), SK_OK);
	for (size_t i = 0; i < w->observation_count; i++)
		assert_int_equal(sk_campaigns_add_observation(c, &w->observations[i], &fault), SK_OK);
	assert_int_equal(sk_campaigns_build(c, &fault), SK_OK);
	return c;
}

static size_t count_of(const struct world *w)
{
	uint64_t alone;
	struct sk_campaigns *c = tie(w);
	size_t count = sk_campaigns_count(c, &alone);
	sk_campaigns_free(c);
	return count;
}

static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	w->options.day_ns = noon_ns + day_ns;
	return w;
}

/* ---- the reference: every value, every pair ---- */

struct trait {
	enum sk_link_kind kind;
	uint64_t value;
	size_t finding;
};
static struct trait traits[200000];
static size_t trait_count, trait_finding;

static void take_trait(void *context, enum sk_link_kind kind, uint64_t value, const char *text)
{
	(void)context, (void)text;
	assert_true(trait_count < SK_COUNT(traits));
	for (size_t i = 0; i < trait_count; i++)
		if (traits[i].kind == kind && traits[i].value == value && traits[i].finding == trait_finding)
			return;
	traits[trait_count++] = (struct trait){kind, value, trait_finding};
}

static void collect_traits(const struct world *w)
{
	trait_count = 0;
	for (size_t i = 0; i < w->finding_count; i++) {
		const struct sk_finding *f = &w->findings[i];
		/* A finding is also told of what others with its value and host saw. */
		for (size_t k = 0; k < w->finding_count; k++)
			if (strcmp(w->findings[k].matched, f->matched) == 0 && sk_addr_equal(&w->findings[k].subject, &f->subject)) {
				trait_finding = i;
				sk_links_of_finding(&w->options, &w->findings[k], take_trait, NULL);
			}
		for (size_t k = 0; k < w->observation_count; k++) {
			const struct sk_observation *o = &w->observations[k];
			trait_finding = i;
			if (strcmp(o->matched, f->matched) == 0 && (sk_addr_equal(&o->initiator, &f->subject) || sk_addr_equal(&o->responder, &f->subject)))
				sk_links_of_observation(&w->options, o, take_trait, NULL);
		}
	}
}

static uint64_t net_of(size_t finding)
{
	uint64_t net = 0;
	for (size_t i = 0; i < trait_count; i++)
		if (traits[i].finding == finding && traits[i].kind == SK_LINK_PREFIX && (net == 0 || traits[i].value < net))
			net = traits[i].value;
	return net;
}

/* Different answers of a question among the findings that have a value. */
static uint64_t different(const struct world *w, const struct trait *of, int question)
{
	static char seen[FACTS_MAX][400];
	uint64_t count = 0;
	for (size_t i = 0; i < trait_count; i++) {
		char answer[400];
		const struct sk_finding *f = &w->findings[traits[i].finding];
		bool named = strncmp(f->kind, "indicator.", 10) == 0, known = false;
		if (traits[i].kind != of->kind || traits[i].value != of->value)
			continue;
		if (question == 'n') {
			uint64_t net = net_of(traits[i].finding);
			if (net == 0)
				continue;
			(void)snprintf(answer, sizeof answer, "%llx", (unsigned long long)net);
		} else {
			if (question == 'r' && !named)
				continue;
			(void)snprintf(answer, sizeof answer, "%s %s", f->kind, f->matched);
		}
		for (uint64_t k = 0; k < count; k++)
			known |= strcmp(seen[k], answer) == 0;
		if (!known)
			strcpy(seen[count++], answer);
	}
	return count;
}

static unsigned weight_of(const struct world *w, const struct trait *t)
{
	return sk_link_weight(t->kind, different(w, t, t->kind == SK_LINK_ADDRESS ? 'r' : t->kind == SK_LINK_TIME ? 'n' : 'w'));
}

static size_t root(size_t *roots, size_t i)
{
	while (roots[i] != i)
		i = roots[i];
	return i;
}

/* Heaviest shared value of each group; the three heaviest groups together. */
static bool belong(const struct sk_link *weights, size_t a, size_t b)
{
	unsigned groups[8] = {0}, sum = 0;
	for (size_t i = 0; i < trait_count; i++)
		for (size_t k = 0; traits[i].finding == a && k < trait_count; k++)
			if (traits[k].finding == b && traits[k].kind == traits[i].kind && traits[k].value == traits[i].value) {
				unsigned group = sk_link_group_of(traits[i].kind), weight = weights[i].weight;
				groups[group] = weight > groups[group] ? weight : groups[group];
			}
	for (int turn = 0; turn < 3; turn++) {
		unsigned best = 0;
		for (unsigned g = 1; g < 8; g++)
			best = groups[g] > groups[best] ? g : best;
		sum += groups[best];
		groups[best] = 0;
	}
	return sum >= SK_LINK_JOINS;
}

/* Does the room tie as the reference does? lie: the reference forgets one pair that belongs together. */
static bool agrees(const struct world *w, bool lie)
{
	size_t roots[FACTS_MAX];
	bool same = true, lied = false;
	struct sk_campaigns *c = tie(w);
	collect_traits(w);
	struct sk_link *weights = calloc(trait_count + 1, sizeof *weights);
	for (size_t i = 0; i < trait_count; i++)
		weights[i].weight = (uint16_t)weight_of(w, &traits[i]);
	for (size_t i = 0; i < w->finding_count; i++)
		roots[i] = i;
	for (size_t a = 0; a < w->finding_count; a++)
		for (size_t b = a + 1; b < w->finding_count; b++) {
			if (!belong(weights, a, b))
				continue;
			if (lie && !lied && root(roots, a) != root(roots, b))
				lied = true;
			else
				roots[root(roots, a)] = root(roots, b);
		}
	for (size_t a = 0; a < w->finding_count; a++)
		for (size_t b = a + 1; b < w->finding_count; b++) {
			size_t x = sk_campaigns_of_finding(c, w->findings[a].id), y = sk_campaigns_of_finding(c, w->findings[b].id);
			same &= (root(roots, a) == root(roots, b)) == (x != SIZE_MAX && x == y);
		}
	free(weights);
	sk_campaigns_free(c);
	return same;
}

/* A small world in which much is shared by chance. All within a day: no value falls silent. */
static void make_random(struct world *w, size_t count)
{
	w->finding_count = w->observation_count = 0;
	for (size_t i = 0; i < count; i++) {
		char matched[64];
		bool named = draw(3) != 0;
		(void)snprintf(matched, sizeof matched, named ? "bad%u.example" : "tcp/%u", draw(12));
		struct sk_addr own = addr_of(192, 0, 2, draw(30));
		bool known = false;
		for (size_t k = 0; k < w->finding_count; k++)
			known |= strcmp(w->findings[k].matched, matched) == 0 && sk_addr_equal(&w->findings[k].subject, &own);
		if (known)
			continue;
		struct sk_observation *o = add(w, named ? "indicator.domain" : "scan.horizontal", matched, own, addr_of(198, 51, 100 + draw(20), draw(6)),
					       noon_ns + (int64_t)draw(600) * 60000000000);
		if (draw(2) != 0)
			(void)snprintf(o->ja4, sizeof o->ja4, "t13d1516h2_%u", draw(12));
		if (draw(2) != 0)
			(void)snprintf(o->hassh_server, sizeof o->hassh_server, "%032u", draw(15));
		if (draw(3) == 0)
			(void)snprintf(o->ja3s, sizeof o->ja3s, "%032u", draw(10));
		if (draw(4) == 0)
			(void)snprintf(o->sni_domain, sizeof o->sni_domain, "c%u.example", draw(20));
		if (draw(6) == 0)
			o->cert_sha256[0] = (uint8_t)(1 + draw(9));
		if (draw(5) == 0)
			o->responder_port = 53;
	}
}

static void test_reference(void **state)
{
	struct world *w = new_world();
	size_t caught = 0;
	(void)state;
	for (int round = 0; round < 40; round++) {
		make_random(w, 20 + draw(50));
		assert_true(agrees(w, false));
		caught += !agrees(w, true);
	}
	/* The twin: a reference that forgets one pair is noticed wherever the pair is tied by nothing else. */
	assert_true(caught >= 20);
	free(w);
}

/* ---- order ---- */

static void shuffle(struct world *w)
{
	for (size_t i = w->finding_count; i > 1; i--) {
		size_t k = draw((uint32_t)i);
		struct sk_finding f = w->findings[i - 1];
		w->findings[i - 1] = w->findings[k];
		w->findings[k] = f;
	}
	for (size_t i = w->observation_count; i > 1; i--) {
		size_t k = draw((uint32_t)i);
		struct sk_observation o = w->observations[i - 1];
		w->observations[i - 1] = w->observations[k];
		w->observations[k] = o;
	}
}

static enum sk_err print_link(void *context, const struct sk_campaign_link *link)
{
	FILE *out = context;
	(void)fprintf(out, "%s %llx %u %llu", sk_link_name(link->kind), (unsigned long long)link->value, link->weight, (unsigned long long)link->unrelated);
	for (size_t i = 0; i < link->count; i++)
		(void)fprintf(out, " %02x%02x%02x%02x", link->findings[i][0], link->findings[i][1], link->findings[i][2], link->findings[i][3]);
	(void)fputc('\n', out);
	return SK_OK;
}

/* Everything that is told, as text. */
static char *told(const struct world *w)
{
	char *text = NULL;
	size_t length;
	uint64_t alone;
	struct sk_fault fault;
	struct sk_campaigns *c = tie(w);
	FILE *out = open_memstream(&text, &length);
	for (size_t i = 0, count = sk_campaigns_count(c, &alone); i < count; i++) {
		const struct sk_campaign *at = sk_campaigns_at(c, i);
		(void)fprintf(out, "%s %s %.9f %lld %lld %zu %llu %u %zu %u %llx %llx\n", at->id, sk_campaign_state_name(at->state), at->heat, (long long)at->first_ns,
			      (long long)at->last_ns, at->findings, (unsigned long long)at->segments, (unsigned)at->severity, at->own_hosts, at->held, (unsigned long long)at->kinds,
			      (unsigned long long)at->best_link);
		assert_int_equal(sk_campaigns_links(c, i, print_link, out, &fault), SK_OK);
	}
	(void)fprintf(out, "%llu", (unsigned long long)alone);
	(void)fclose(out);
	sk_campaigns_free(c);
	return text;
}

static void test_order(void **state)
{
	struct world *w = new_world();
	(void)state;
	for (int round = 0; round < 20; round++) {
		make_random(w, 80);
		char *first = told(w);
		for (int again = 0; again < 4; again++) {
			shuffle(w);
			char *second = told(w);
			assert_string_equal(first, second);
			free(second);
		}
		/* The twin: everything seen a second longer is another answer. */
		for (size_t i = 0; i < w->finding_count; i++)
			w->findings[i].last_ns += 1000000000;
		char *other = told(w);
		assert_true(strcmp(first, other) != 0 || strstr(first, "c-") == NULL);
		free(other);
		free(first);
	}
	free(w);
}

static void test_folded(void **state)
{
	struct world *w = new_world();
	uint64_t alone;
	(void)state;
	add(w, "indicator.domain", "bad.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns);
	add(w, "indicator.domain", "bad.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns + hour_ns);
	struct sk_campaigns *c = tie(w);
	assert_int_equal(sk_campaigns_count(c, &alone), 0);
	assert_int_equal(alone, 1);
	sk_campaigns_free(c);
	add(w, "indicator.domain", "bad.example", addr("192.0.2.2"), addr("198.51.100.8"), noon_ns);
	c = tie(w);
	assert_int_equal(sk_campaigns_count(c, &alone), 1);
	assert_int_equal(sk_campaigns_at(c, 0)->findings, 2);
	assert_int_equal(sk_campaigns_at(c, 0)->segments, 3);
	assert_int_equal(sk_campaigns_at(c, 0)->own_hosts, 2);
	assert_int_equal(sk_campaigns_at(c, 0)->links[SK_LINK_ADDRESS], 2);
	assert_int_equal(sk_campaigns_at(c, 0)->links[SK_LINK_DOMAIN], 1);
	assert_int_equal(sk_campaigns_at(c, 0)->best_kind, SK_LINK_DOMAIN);
	sk_campaigns_free(c);
	free(w);
}

/* ---- what must not glue ---- */

static void test_content_network(void **state)
{
	struct world *w = new_world();
	(void)state;
	/* Two bad names at one address are one actor; sixty are a content network's. */
	for (unsigned i = 0; i < 60; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "bad%u.example", i);
		add(w, "indicator.domain", name, addr_of(192, 0, 2, i), addr("198.51.100.7"), noon_ns + i * hour_ns);
		if (i == 1)
			assert_int_equal(count_of(w), 1);
	}
	assert_int_equal(count_of(w), 0);
	free(w);
}

static void test_resolver(void **state)
{
	struct world *w = new_world();
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "bad%u.example", i);
		struct sk_observation *o = add(w, "indicator.domain", name, addr_of(192, 0, 2, i), addr("198.51.100.53"), noon_ns + i * hour_ns);
		o->responder_port = 53;
		o->dns_queries = 1;
	}
	assert_int_equal(count_of(w), 0);
	w->observations[0].responder_port = w->observations[1].responder_port = 443; /* the twin: were it no resolver ... */
	w->observations[0].dns_queries = w->observations[1].dns_queries = 0;
	assert_int_equal(count_of(w), 1);
	free(w);
}

static void test_common_fingerprint(void **state)
{
	struct world *w = new_world();
	(void)state;
	/* A browser's fingerprint and nothing else; then neighbours in a /24 with a rare one. */
	for (unsigned i = 0; i < 40; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "bad%u.example", i);
		strcpy(add(w, "indicator.domain", name, addr_of(192, 0, 2, i), addr_of(198, 51, i, 1), noon_ns + i * hour_ns)->ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	}
	assert_int_equal(count_of(w), 0);
	/* Neighbours alone are not enough. */
	add(w, "indicator.address", "203.0.113.20", addr("192.0.2.110"), addr("203.0.113.20"), noon_ns);
	add(w, "indicator.address", "203.0.113.21", addr("192.0.2.111"), addr("203.0.113.21"), noon_ns + 2 * hour_ns);
	assert_int_equal(count_of(w), 0);
	strcpy(add(w, "indicator.address", "203.0.113.5", addr("192.0.2.100"), addr("203.0.113.5"), noon_ns)->hassh_server, "11111111111111111111111111111111");
	strcpy(add(w, "indicator.address", "203.0.113.9", addr("192.0.2.101"), addr("203.0.113.9"), noon_ns + 2 * hour_ns)->hassh_server, "11111111111111111111111111111111");
	assert_int_equal(count_of(w), 1);
	free(w);
}

static void test_own_server(void **state)
{
	struct world *w = new_world();
	(void)state;
	/* Strangers visit our server: its certificate and name are ours. */
	for (unsigned i = 0; i < 2; i++) {
		char value[32];
		(void)snprintf(value, sizeof value, "198.51.10%u.1", i);
		struct sk_observation *o = add(w, "indicator.address", value, addr("192.0.2.1"), addr_of(198, 51, 100 + i, 1), noon_ns + i * 5 * hour_ns);
		o->initiator = w->findings[i].counterpart;
		o->responder = w->findings[i].subject;
		o->class_ = w->findings[i].class_ = SK_CLASS_FD;
		o->cert_sha256[3] = 1;
		strcpy(o->sni_domain, "www.ours.example");
	}
	assert_int_equal(count_of(w), 0);
	/* The twin: the same certificate on two servers outside is somebody's. */
	for (unsigned i = 0; i < 2; i++) {
		struct sk_observation *o = &w->observations[i];
		struct sk_addr turn = o->initiator;
		o->initiator = o->responder;
		o->responder = turn;
		o->class_ = w->findings[i].class_ = SK_CLASS_DF;
	}
	assert_int_equal(count_of(w), 1);
	free(w);
}

static bool lists_shared(void *context, enum sk_link_kind kind, const char *text)
{
	(void)kind;
	return strcmp(text, context) == 0;
}

static void test_warning_list(void **state)
{
	struct world *w = new_world();
	char shared[] = "198.51.100.7";
	(void)state;
	add(w, "indicator.domain", "bad0.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns);
	add(w, "indicator.domain", "bad1.example", addr("192.0.2.2"), addr("198.51.100.7"), noon_ns + 5 * hour_ns);
	assert_int_equal(count_of(w), 1);
	w->options.popular = lists_shared;
	w->options.popular_context = shared;
	assert_int_equal(count_of(w), 0);
	free(w);
}

/* ---- time ---- */

static void test_hold(void **state)
{
	struct world *w = new_world();
	(void)state;
	w->options.day_ns = noon_ns + 200 * day_ns;
	add(w, "indicator.domain", "bad0.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns);
	add(w, "indicator.domain", "bad1.example", addr("192.0.2.2"), addr("198.51.100.7"), noon_ns + 29 * day_ns);
	assert_int_equal(count_of(w), 1);
	/* The address was silent for longer than it means anything; then somebody in between. */
	w->findings[1].first_ns = noon_ns + 40 * day_ns;
	w->findings[1].last_ns = w->findings[1].first_ns + 1;
	assert_int_equal(count_of(w), 0);
	add(w, "indicator.domain", "bad2.example", addr("192.0.2.3"), addr("198.51.100.7"), noon_ns + 20 * day_ns);
	assert_int_equal(count_of(w), 1);
	free(w);
}

static void test_decay(void **state)
{
	static const struct { int days; enum sk_campaign_state state; } cases[] = {{0, SK_CAMPAIGN_ACTIVE}, {14, SK_CAMPAIGN_ACTIVE}, {15, SK_CAMPAIGN_FADING}, {90, SK_CAMPAIGN_FADING},
										  {91, SK_CAMPAIGN_EXPIRED}};
	struct world *w = new_world();
	uint64_t alone;
	double last = 1e9;
	(void)state;
	add(w, "indicator.domain", "bad.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns);
	add(w, "indicator.domain", "bad.example", addr("192.0.2.2"), addr("198.51.100.7"), noon_ns);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		w->options.day_ns = noon_ns + hour_ns + cases[i].days * day_ns;
		struct sk_campaigns *c = tie(w);
		assert_int_equal(sk_campaigns_count(c, &alone), 1);
		assert_int_equal(sk_campaigns_at(c, 0)->state, cases[i].state);
		assert_true(sk_campaigns_at(c, 0)->heat < last);
		last = sk_campaigns_at(c, 0)->heat;
		if (cases[i].days == 14)
			assert_true(last > 1.499 && last < 1.501); /* 2 x 3 x 50 %, halved */
		sk_campaigns_free(c);
	}
	free(w);
}

static void test_grows(void **state)
{
	struct world *w = new_world();
	uint64_t alone;
	char id[SK_CAMPAIGN_ID_MAX];
	(void)state;
	add(w, "indicator.domain", "bad.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns);
	add(w, "indicator.domain", "bad.example", addr("192.0.2.2"), addr("198.51.100.7"), noon_ns + hour_ns);
	struct sk_campaigns *c = tie(w);
	strcpy(id, sk_campaigns_at(c, 0)->id);
	sk_campaigns_free(c);
	for (unsigned i = 3; i < 20; i++)
		add(w, "indicator.domain", "bad.example", addr_of(192, 0, 2, i), addr("198.51.100.7"), noon_ns + i * hour_ns);
	c = tie(w);
	assert_int_equal(sk_campaigns_count(c, &alone), 1);
	assert_string_equal(sk_campaigns_at(c, 0)->id, id);
	assert_int_equal(sk_campaigns_at(c, 0)->held, 150);
	sk_campaigns_free(c);
	free(w);
}

/* Neighbours in a /24 that come to one host within half an hour of each other, whatever the hour: two light links that tie together. */
static void test_moment(void **state)
{
	(void)state;
	for (unsigned minute = 0; minute < 120; minute += 7) {
		struct world *w = new_world();
		int64_t first_ns = noon_ns + minute * 60000000000;
		add(w, "scan.horizontal", "tcp/22", addr("192.0.2.1"), addr("198.51.100.7"), first_ns);
		add(w, "guess.ssh", "tcp/2222", addr("192.0.2.1"), addr("198.51.100.9"), first_ns + 29 * 60000000000);
		assert_int_equal(count_of(w), 1);
		w->observations[1].responder = addr("198.51.101.9"); /* no neighbour */
		assert_int_equal(count_of(w), 0);
		w->observations[1].responder = addr("198.51.100.9");
		w->findings[1].first_ns += 2 * hour_ns; /* later */
		w->findings[1].last_ns += 2 * hour_ns;
		assert_int_equal(count_of(w), 0);
		free(w);
	}
}

static void test_empty(void **state)
{
	struct world *w = new_world();
	(void)state;
	assert_int_equal(count_of(w), 0);
	w->observation_count = 0;
	add(w, "indicator.domain", "bad.example", addr("192.0.2.1"), addr("198.51.100.7"), noon_ns);
	w->finding_count = 0;
	assert_int_equal(count_of(w), 0);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_content_network),
		cmocka_unit_test(test_resolver),
		cmocka_unit_test(test_common_fingerprint),
		cmocka_unit_test(test_own_server),
		cmocka_unit_test(test_warning_list),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_decay),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_moment),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
