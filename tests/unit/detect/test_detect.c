/* SPDX-License-Identifier: Apache-2.0 */
/* The detector over a real flow table: hits, how often they count, and what is kept of a head. */
#include "../indicator/lists.h"

#include "detect/detect.h"
#include "text/text.h"
#include "text/url.h"

#define CANARY "canary4711"

struct world {
	struct lists lists;
	struct sk_indicator_set *set;
	struct sk_detect detect;
	struct sk_flow_table *table;
	unsigned closed;
	bool had_facts;
	struct sk_flow_facts facts; /* of the last segment that closed */
};

static void closed(void *context, const struct sk_flow_record *record)
{
	struct world *world = context;
	world->closed++;
	world->had_facts = record->facts != NULL;
	if (record->facts != NULL)
		world->facts = *record->facts;
}

static const char selectors[] = "45.33.32.156\n45.33.32.0/24\n2600:3c01::/32\nevil.example\ne7d705a3286e19ea42f587b344ee6865\n"
				"t13d1516h2_8daaf6152771_e5627efa2ab1\n";

static void start(struct world *world, const char *list, bool flow_all)
{
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	static const uint8_t key[16] = {1};
	*world = (struct world){.closed = 0};
	lists_start(&world->lists, &options);
	if (list != NULL)
		assert_int_equal(lists_import(&world->lists, "list.txt", list), SK_OK);
	if (flow_all)
		sk_indicator_add_flow_all(world->lists.builder);
	world->set = list != NULL || flow_all ? lists_compile(&world->lists) : NULL;
	sk_detect_init(&world->detect, world->set, false);
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = 1024;
	limits.facts = 64;
	limits.streams = 16;
	assert_int_equal(sk_flow_table_new(&limits, key, closed, world, &world->table), SK_OK);
}

static void end(struct world *world)
{
	sk_flow_table_free(world->table);
	sk_indicator_close(world->set);
	lists_end(&world->lists);
}

static struct sk_flow *open_flow(struct world *world, const char *source, const char *destination, unsigned *hits)
{
	struct sk_packet packet = {.source_port = 40000, .destination_port = 53, .ip_proto = 17, .class_ = SK_CLASS_DF, .inner_class = SK_CLASS_DF, .layers = 1,
				   .frames = 1, .wire_bytes = 100, .ip_bytes = 86, .time_ns = 1000000000, .has_ports = true};
	bool is_new = false;
	assert_int_equal(sk_addr_parse(source, &packet.source), SK_OK);
	assert_int_equal(sk_addr_parse(destination, &packet.destination), SK_OK);
	struct sk_flow *flow = sk_flow_apply(world->table, &packet, &is_new);
	assert_non_null(flow);
	assert_true(is_new);
	*hits = sk_detect_open(&world->detect, world->table, flow, &packet);
	return flow;
}

static struct sk_head dns(const char *name, bool response, uint8_t rcode)
{
	struct sk_head head = {.kind = SK_HEAD_DNS, .from_initiator = !response};
	head.as.dns.response = response;
	head.as.dns.rcode = rcode;
	head.as.dns.name_length = (uint8_t)strlen(name);
	(void)snprintf(head.as.dns.name, sizeof head.as.dns.name, "%s", name);
	return head;
}

static struct sk_head tls(const char *sni, const char *ja3, const char *ja4)
{
	struct sk_head head = {.kind = SK_HEAD_CLIENT_HELLO, .app = SK_APP_TLS, .from_initiator = true};
	head.as.client_hello.has_sni = sni[0] != '\0';
	head.as.client_hello.sni_length = (uint16_t)strlen(sni);
	(void)snprintf(head.as.client_hello.sni, sizeof head.as.client_hello.sni, "%s", sni);
	(void)snprintf(head.as.client_hello.ja3, sizeof head.as.client_hello.ja3, "%s", ja3);
	(void)snprintf(head.as.client_hello.ja4, sizeof head.as.client_hello.ja4, "%s", ja4);
	return head;
}

/* The value of the selector that hit as number i. */
static const char *value_of(const struct world *world, unsigned i)
{
	static char text[256];
	return sk_indicator_value(world->set, world->facts.hit_ids[i], text, sizeof text);
}

static unsigned see(struct world *world, struct sk_flow *flow, struct sk_head head)
{
	return sk_detect_head(&world->detect, world->table, flow, &head);
}

static void test_addresses(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	start(&world, selectors, false);
	(void)open_flow(&world, "193.0.0.1", "45.33.32.156", &hits);
	assert_int_equal(hits, 1); /* the exact address, not its prefix as well */
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_string_equal(value_of(&world, 0), "45.33.32.156");
	assert_int_equal(1u << world.facts.hit_kinds[0], SK_SELECTOR_ADDRESS);
	(void)open_flow(&world, "45.33.32.9", "2600:3c01::1", &hits); /* (families never mix on the wire; both ends are asked) */
	assert_int_equal(hits, 2);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_string_equal(value_of(&world, 0), "45.33.32.0/24");
	assert_string_equal(value_of(&world, 1), "2600:3c01::/32");
	(void)open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(hits, 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_int_equal(world.closed, 3);
	assert_false(world.had_facts);
	end(&world);
}

static void test_dns(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	start(&world, selectors, false);
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, dns("a.b.evil.example", false, 0)), 1);
	assert_int_equal(see(&world, flow, dns("a.b.evil.example", true, 3)), 0); /* the answer to it is no second hit */
	assert_int_equal(see(&world, flow, dns("harmless.example", false, 0)), 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_true(world.had_facts);
	assert_int_equal(world.facts.hit_count, 1);
	assert_string_equal(value_of(&world, 0), "evil.example"); /* the selector's value, not the name that was asked for */
	assert_int_equal(world.facts.dns_queries, 2);
	assert_int_equal(world.facts.dns_responses, 1);
	assert_int_equal(world.facts.dns_nxdomain, 1);
	/* A response alone (half a view) hits too. */
	flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, dns("evil.example", true, 0)), 1);
	/* The root has no labels to match. */
	assert_int_equal(see(&world, flow, dns(".", false, 0)), 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	end(&world);
}

static void test_tls(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	start(&world, selectors, false);
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, tls("www.evil.example", "e7d705a3286e19ea42f587b344ee6865", "t13d1516h2_8daaf6152771_e5627efa2ab1")), 3);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_int_equal(world.facts.hit_count, 3);
	assert_true(world.facts.has_tls);
	assert_string_equal(world.facts.tls.sni, "www.evil.example");
	assert_string_equal(world.facts.ja4_second, "");
	/* The hello behind a HelloRetryRequest: the first names the client, another JA4 stands beside it, and selectors are asked for both. */
	flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, tls("www.evil.example", "", "t13d1516h2_000000000000_000000000000")), 1);
	assert_int_equal(see(&world, flow, tls("www.evil.example", "", "t13d1516h2_000000000000_000000000000")), 0);
	assert_int_equal(see(&world, flow, tls("www.evil.example", "", "t13d1516h2_8daaf6152771_e5627efa2ab1")), 1);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_string_equal(world.facts.tls.ja4, "t13d1516h2_000000000000_000000000000");
	assert_string_equal(world.facts.ja4_second, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, tls("", "", "")), 0); /* no SNI, lists too long for a fingerprint */
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_false(world.had_facts);
	end(&world);
}

/* Bytes of memory that hold the canary, anywhere. */
static bool holds_canary(const void *bytes, size_t length)
{
	return memmem(bytes, length, CANARY, strlen(CANARY)) != NULL;
}

/* A name of a segment that nothing selects is in no facts; and where something else selects the segment, it is: so the search can see it. rule: DETECT-1 */
static void test_nothing_kept(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	start(&world, selectors, false);
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, dns(CANARY ".example", false, 0)), 0);
	assert_int_equal(see(&world, flow, tls(CANARY ".example", "", "")), 0);
	assert_null(sk_flow_facts_of(world.table, flow));
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_false(world.had_facts);
	assert_false(holds_canary(&world.facts, sizeof world.facts));
	/* A later hit does not bring the earlier head back. */
	flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, dns(CANARY ".example", false, 0)), 0);
	assert_int_equal(see(&world, flow, dns("evil.example", false, 0)), 1);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_true(world.had_facts);
	assert_false(holds_canary(&world.facts, sizeof world.facts));
	/* Sabotage: facts attached without a hit. The search must find what was kept. */
	flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_non_null(sk_flow_facts(world.table, flow));
	(void)see(&world, flow, dns(CANARY ".example", false, 0));
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_true(holds_canary(&world.facts, sizeof world.facts));
	end(&world);
}

static void test_flow_all(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	start(&world, NULL, true);
	(void)open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(hits, 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_false(world.had_facts); /* nothing to remember: select keeps every segment */
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	assert_int_equal(see(&world, flow, dns("some.example", false, 0)), 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_true(world.had_facts && world.facts.has_dns);
	assert_int_equal(world.facts.hit_count, 0);
	end(&world);
}

/* Of responses the first final one is kept; 101 is final for HTTP, what comes before is not. */
static void test_responses(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	static const uint16_t statuses[][3] = {{100, 103, 200}, {100, 101, 0}, {200, 404, 0}, {199, 0, 0}};
	static const uint16_t kept[] = {200, 101, 200, 0};
	start(&world, NULL, true);
	for (size_t i = 0; i < SK_COUNT(statuses); i++) {
		struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
		for (size_t k = 0; k < 3 && statuses[i][k] != 0; k++) {
			struct sk_head head = {.kind = SK_HEAD_HTTP, .as.http = {.response = true, .status = statuses[i][k]}};
			(void)see(&world, flow, head);
		}
		sk_flow_close_all(world.table, SK_FLOW_END_STOP);
		assert_int_equal(world.facts.http.status, kept[i]);
		assert_int_equal(world.facts.http.responses, i == 2 ? 2 : kept[i] != 0);
	}
	end(&world);
}

static void test_many_hits(void **state)
{
	(void)state;
	struct world world;
	struct sk_buf text;
	unsigned hits;
	char name[64];
	sk_buf_init(&text, 4096);
	for (unsigned i = 0; i < 12; i++)
		sk_buf_addf(&text, "n%u.example\n", i);
	start(&world, sk_buf_text(&text), false);
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(name, sizeof name, "n%u.example", i);
		assert_int_equal(see(&world, flow, dns(name, false, 0)), 1);
	}
	assert_int_equal(see(&world, flow, dns("n0.example", false, 0)), 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_int_equal(world.facts.hit_count, 12);
	assert_string_equal(value_of(&world, SK_FLOW_HITS_MAX - 1), "n7.example");
	sk_buf_fini(&text);
	end(&world);
}

static void test_no_set(void **state)
{
	(void)state;
	struct world world;
	unsigned hits;
	start(&world, NULL, false);
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "45.33.32.156", &hits);
	assert_int_equal(hits, 0);
	assert_int_equal(see(&world, flow, dns("evil.example", false, 0)), 0);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_false(world.had_facts);
	end(&world);
}

/* The other heads: each hits by what it is, and not by what only looks so. */
static void test_other_heads(void **state)
{
	(void)state;
	static const char list[] = "http://evil.example/a\nhost.example\nhassh:e7d705a3286e19ea42f587b344ee6866\nhassh_server:e7d705a3286e19ea42f587b344ee6867\n"
				   "ja3s:e7d705a3286e19ea42f587b344ee6868\ncert_sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709\n";
	struct world world;
	unsigned hits;
	start(&world, list, false);
	struct sk_flow *flow = open_flow(&world, "193.0.0.1", "193.0.0.2", &hits);
	sk_detect_prefetch(&world.detect, &(struct sk_packet){.source = {.family = 4}, .destination = {.family = 6}});
	struct sk_head head = {.kind = SK_HEAD_HTTP, .from_initiator = true};
	(void)snprintf(head.as.http.host, sizeof head.as.http.host, "evil.example");
	head.as.http.host_length = 12;
	sk_url_hash("evil.example", 12, "/b", 2, head.as.http.url_hash);
	assert_int_equal(see(&world, flow, head), 0);
	sk_url_hash("evil.example", 12, "/a", 2, head.as.http.url_hash);
	head.as.http.response = true; /* a response has no URL, whatever stands in its memory */
	assert_int_equal(see(&world, flow, head), 0);
	head.as.http.response = false;
	assert_int_equal(see(&world, flow, head), 1);
	(void)snprintf(head.as.http.host, sizeof head.as.http.host, "a.host.example");
	head.as.http.host_length = 14;
	sk_url_hash("a.host.example", 14, "/a", 2, head.as.http.url_hash);
	assert_int_equal(see(&world, flow, head), 1);
	head = (struct sk_head){.kind = SK_HEAD_SSH, .from_initiator = true};
	(void)snprintf(head.as.ssh.hassh, sizeof head.as.ssh.hassh, "e7d705a3286e19ea42f587b344ee6867");
	assert_int_equal(see(&world, flow, head), 0); /* a server's, sent by a client */
	head.from_initiator = false;
	assert_int_equal(see(&world, flow, head), 1);
	(void)snprintf(head.as.ssh.hassh, sizeof head.as.ssh.hassh, "e7d705a3286e19ea42f587b344ee6866");
	assert_int_equal(see(&world, flow, head), 0);
	head.from_initiator = true;
	assert_int_equal(see(&world, flow, head), 1);
	head = (struct sk_head){.kind = SK_HEAD_SERVER_HELLO};
	assert_int_equal(see(&world, flow, head), 0);
	(void)snprintf(head.as.server_hello.ja3s, sizeof head.as.server_hello.ja3s, "e7d705a3286e19ea42f587b344ee6868");
	assert_int_equal(see(&world, flow, head), 1);
	head = (struct sk_head){.kind = SK_HEAD_CERTIFICATE};
	assert_int_equal(sk_hex_decode("da39a3ee5e6b4b0d3255bfef95601890afd80709", head.as.certificate.sha1, SK_CERT_SHA1_BYTES), SK_OK);
	assert_int_equal(see(&world, flow, head), 0); /* a part of one */
	head.as.certificate.whole = true;
	assert_int_equal(see(&world, flow, head), 1);
	sk_flow_close_all(world.table, SK_FLOW_END_STOP);
	assert_int_equal(world.facts.hit_count, 6);
	assert_int_equal(1u << world.facts.hit_kinds[0], SK_SELECTOR_URL);
	assert_string_equal(value_of(&world, 1), "host.example");
	assert_int_equal(1u << world.facts.hit_kinds[5], SK_SELECTOR_CERT_SHA1);
	end(&world);
}

/* A segment without a table: the same hits, and of the facts nothing else is touched. */
static void a_pair_alone(void **state)
{
	(void)state;
	struct world world;
	struct sk_flow_facts facts = {.hit_count = 77}, zero = {.hit_count = 0};
	struct sk_addr ours, bad;
	start(&world, selectors, false);
	assert_int_equal(sk_addr_parse("193.0.0.10", &ours), SK_OK);
	assert_int_equal(sk_addr_parse("45.33.32.156", &bad), SK_OK);
	assert_int_equal(sk_detect_pair(&world.detect, &ours, &ours, &facts), 0);
	assert_memory_equal(&facts, &zero, sizeof facts);
	assert_int_equal(sk_detect_pair(&world.detect, &ours, &bad, &facts), 1);
	assert_int_equal(facts.hit_count, 1);
	assert_int_equal(1u << facts.hit_kinds[0], SK_INDICATOR_ADDRESS);
	assert_int_equal(sk_detect_pair(&world.detect, &bad, &bad, &facts), 1); /* the same selector counts once */
	end(&world);
	start(&world, NULL, true);
	assert_int_equal(sk_detect_pair(&world.detect, &ours, &bad, &facts), 0);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_pair_alone), cmocka_unit_test(test_addresses), cmocka_unit_test(test_dns), cmocka_unit_test(test_tls), cmocka_unit_test(test_nothing_kept),
					   cmocka_unit_test(test_flow_all), cmocka_unit_test(test_responses), cmocka_unit_test(test_many_hits), cmocka_unit_test(test_no_set), cmocka_unit_test(test_other_heads)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
