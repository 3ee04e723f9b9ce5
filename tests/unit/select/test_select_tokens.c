/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: no kind of basis that demands them lets a domestic host or a full name out, in any field of any record; one host, one token a day. */
#include "segments.h"

#include "text/text.h"

enum { ORIGINALS = 16 };

struct world {
	struct lists lists;
	struct sk_indicator_set *set;
	struct sk_basis basis;
	struct sink sink;
	unsigned original_count;
	bool original_full;
	struct sk_original originals[ORIGINALS];
	struct sk_select *select;
};

static bool take_original(void *context, const struct sk_original *original)
{
	struct world *world = (struct world *)((char *)context - offsetof(struct world, sink));
	if (world->original_full || world->original_count == ORIGINALS)
		return false;
	world->originals[world->original_count++] = *original;
	return true;
}

static void start(struct world *world, const char *kind, const char *role, bool names, const uint8_t *key)
{
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	memset(world, 0, sizeof *world);
	lists_start(&world->lists, &options);
	assert_int_equal(lists_import(&world->lists, "bad.txt", segment_selectors), SK_OK);
	world->set = lists_compile(&world->lists);
	world->basis = segment_basis(kind, role, names);
	sink_start(&world->sink);
	world->sink.as.original = take_original;
	world->sink.as.token_key = key;
	assert_int_equal(sk_select_new(&world->basis, world->set, &world->sink.as, &world->select), SK_OK);
}

static void end(struct world *world)
{
	sk_select_free(world->select);
	sk_indicator_close(world->set);
	lists_end(&world->lists);
}

/* A domestic host, 193.0.0.10, and what it asked for. */
static void one_segment(struct world *world, enum sk_class class_, int64_t later_ns, const char *host)
{
	struct sk_flow_record record = segment_record(class_);
	struct sk_flow_facts facts = {.hit_count = 0};
	segment_hit(&facts, world->set, "45.33.32.156");
	segment_tls(&facts, "mail.private.example.net");
	/* A segment speaks one protocol besides TLS. */
	if (host == NULL) {
		segment_dns(&facts, "mail.private.example.net");
	} else {
		(void)snprintf(facts.http.host, sizeof facts.http.host, "%s", host);
		facts.http.host_length = (uint8_t)strlen(host);
		facts.has_http = facts.http.has_request = true;
	}
	record.facts = &facts;
	record.first_ns += later_ns;
	record.last_ns += later_ns;
	if (class_ == SK_CLASS_FD) {
		struct sk_addr swap = record.initiator;
		record.initiator = record.responder;
		record.responder = swap;
	}
	sk_select_segment(world->select, &record);
}

/* Does a record hold the host or its name, in bytes or in words? */
static bool holds(const void *bytes, size_t length)
{
	static const uint8_t raw[] = {193, 0, 0, 10};
	return memmem(bytes, length, raw, sizeof raw) != NULL || memmem(bytes, length, "193.0.0.10", 10) != NULL || memmem(bytes, length, "mail.private", 12) != NULL;
}

static bool leaks(const struct world *world)
{
	return holds(&world->sink.observation, sizeof world->sink.observation) || holds(&world->sink.finding, sizeof world->sink.finding);
}

/* rule: CUSTODY-4 */
static void no_basis_that_demands_tokens_lets_a_host_out(void **state)
{
	static const char *const kinds[] = {"agreement", "fd", "df", "ff", "strange"};
	static const enum sk_class classes[] = {SK_CLASS_FD, SK_CLASS_DF};
	uint8_t key[SK_KEY_BYTES];
	(void)state;
	sk_random(key, sizeof key);
	for (size_t k = 0; k < SK_COUNT(kinds); k++)
		for (size_t c = 0; c < SK_COUNT(classes); c++)
			for (int with_key = 0; with_key < 2; with_key++) {
				struct world world;
				start(&world, kinds[k], "none", true, with_key != 0 ? key : NULL);
				for (unsigned head = 0; head < 3; head++) {
					static const char *const hosts[] = {NULL, "193.0.0.10", "mail.private.example.net"};
					one_segment(&world, classes[c], 0, hosts[head]);
					assert_int_equal(world.sink.observations, 1 + head);
					assert_int_equal(world.sink.findings, 1 + head);
					assert_false(leaks(&world));
				}
				/* Who is abroad is told. */
				struct sk_addr abroad;
				assert_int_equal(sk_addr_parse("45.33.32.156", &abroad), SK_OK);
				const struct sk_addr *there = classes[c] == SK_CLASS_DF ? &world.sink.observation.responder : &world.sink.observation.initiator;
				assert_true(sk_addr_equal(there, &abroad));
				end(&world);
			}
	/* Sabotage: a basis that demands none, and the search goes red. */
	struct world world;
	start(&world, "lab", "none", true, NULL);
	one_segment(&world, SK_CLASS_DF, 0, "x.example");
	assert_true(leaks(&world));
	assert_int_equal(world.original_count, 0);
	end(&world);
}

static void one_host_has_one_token_a_day(void **state)
{
	uint8_t key[SK_KEY_BYTES];
	struct world world;
	(void)state;
	sk_random(key, sizeof key);
	start(&world, "own_network", "party", true, key);
	one_segment(&world, SK_CLASS_DF, 0, NULL);
	struct sk_observation first = world.sink.observation;
	assert_int_equal(first.initiator.bytes[0] & 0xf0, 0xf0);
	/* All the same name: one token, in front of what is kept without the permit; and its originals once. */
	assert_int_equal(strncmp(first.dns_domain, "t-", 2), 0);
	assert_string_equal(first.dns_domain + 14, ".example.net");
	assert_string_equal(first.dns_domain, first.sni_domain);
	assert_int_equal(world.original_count, 2);
	one_segment(&world, SK_CLASS_DF, INT64_C(3600000000000), "mail.private.example.net");
	assert_string_equal(world.sink.observation.http_host_domain, first.sni_domain);
	assert_true(sk_addr_equal(&world.sink.observation.initiator, &first.initiator));
	assert_string_equal(world.sink.observation.sni_domain, first.sni_domain);
	assert_int_equal(world.original_count, 2);
	one_segment(&world, SK_CLASS_DF, INT64_C(86400000000000), "mail.private.example.net");
	assert_false(sk_addr_equal(&world.sink.observation.initiator, &first.initiator));
	assert_string_not_equal(world.sink.observation.sni_domain, first.sni_domain);
	assert_int_equal(world.original_count, 4);
	bool address = false, name = false;
	for (unsigned i = 0; i < 2; i++) {
		address = address || strcmp(world.originals[i].value, "193.0.0.10") == 0;
		name = name || strcmp(world.originals[i].value, "mail.private.example.net") == 0;
	}
	assert_true(address && name);
	end(&world);
	/* Another process has another key: the same host is somebody else. */
	key[0] ^= 1;
	start(&world, "own_network", "party", true, key);
	one_segment(&world, SK_CLASS_DF, 0, "x");
	assert_false(sk_addr_equal(&world.sink.observation.initiator, &first.initiator));
	end(&world);
}

static void without_the_permit_of_names_nothing_of_them_is_turned_back(void **state)
{
	uint8_t key[SK_KEY_BYTES] = {1};
	struct world world;
	(void)state;
	start(&world, "own_network", "party", false, key);
	one_segment(&world, SK_CLASS_DF, 0, "193.0.0.10");
	assert_string_equal(world.sink.observation.sni_domain, "example.net");
	assert_string_equal(world.sink.observation.http_host_domain, "");
	assert_int_equal(world.original_count, 1);
	end(&world);
}

/* What had no room is told with the next record, and nothing of what was shed. */
static void an_original_waits_for_room(void **state)
{
	uint8_t key[SK_KEY_BYTES] = {1};
	struct world world;
	(void)state;
	start(&world, "own_network", "party", false, key);
	world.sink.full = true;
	one_segment(&world, SK_CLASS_DF, 0, "x");
	assert_int_equal(world.original_count, 0);
	world.sink.full = false;
	world.original_full = true;
	one_segment(&world, SK_CLASS_DF, 0, "x");
	world.original_full = false;
	one_segment(&world, SK_CLASS_DF, 0, "x");
	one_segment(&world, SK_CLASS_DF, 0, "x");
	assert_int_equal(world.original_count, 1);
	end(&world);
}

static void tokens_of_ipv6_are_nobodys(void **state)
{
	uint8_t key[SK_KEY_BYTES] = {1};
	struct world world;
	struct sk_flow_facts facts = {.hit_count = 0};
	char text[SK_ADDR_TEXT_MAX];
	(void)state;
	start(&world, "own_network", "party", false, key);
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	assert_int_equal(sk_addr_parse("2a00:1450::77", &record.initiator), SK_OK);
	assert_int_equal(sk_addr_parse("2a00:1::1", &record.responder), SK_OK);
	segment_hit(&facts, world.set, "evil.example");
	record.facts = &facts;
	sk_select_segment(world.select, &record);
	assert_int_equal(strncmp(sk_addr_format(&world.sink.observation.initiator, text), "100::", 5), 0);
	assert_string_equal(world.originals[0].value, "2a00:1450::77");
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_basis_that_demands_tokens_lets_a_host_out), cmocka_unit_test(one_host_has_one_token_a_day),
					   cmocka_unit_test(without_the_permit_of_names_nothing_of_them_is_turned_back), cmocka_unit_test(an_original_waits_for_room),
					   cmocka_unit_test(tokens_of_ipv6_are_nobodys)};
	return sk_seal_start() == SK_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
