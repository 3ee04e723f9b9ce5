/* SPDX-License-Identifier: Apache-2.0 */
/* rule: BGP-1, BGP-2. Items as routes, and what GoBGP 3.10 and ExaBGP 4.2 say, as they said it in the spike that the tests of tests/netns repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/bgp_priv.h"
#include "target/exabgp_priv.h"

enum { TEXT_MAX = 1 << 16 };

static struct sk_prefix prefix(const char *text)
{
	struct sk_prefix out;
	assert_int_equal(sk_prefix_parse(text, &out), SK_OK);
	return out;
}

static struct sk_bgp speaker(void)
{
	static const struct sk_backend_place place = {.name = "border-1"};
	struct sk_bgp bgp = {.place = &place, .own_count = 3, .as = 64512, .discard = true, .rtbh = true};
	bgp.own[0] = prefix("192.0.2.0/24");
	bgp.own[1] = prefix("198.51.100.0/24");
	bgp.own[2] = prefix("2001:db8:1::/48");
	assert_int_equal(sk_addr_parse("192.0.2.1", &bgp.next_hop[0]), SK_OK);
	assert_int_equal(sk_addr_parse("100::1", &bgp.next_hop[1]), SK_OK);
	return bgp;
}

static struct sk_item item(enum sk_action action, const char *target)
{
	return (struct sk_item){.target = target, .action = action, .tag = "0123456789abcdef", .rate_bytes_per_s = action == SK_ACTION_FLOWSPEC_RATE_LIMIT ? 16777217 : 0};
}

static void items_as_rules(void **state)
{
	(void)state;
	static const struct {
		enum sk_action action;
		const char *target, *text; /* NULL: never carried */
	} cases[] = {
		/* 16777217 has no float; it travels as its neighbour, and so it is told. */
		{SK_ACTION_FLOWSPEC_RATE_LIMIT, "203.0.113.7/32",
		 "flow to 192.0.2.0/24 from 203.0.113.7/32 rate 16777216 mark 64512:19088743:2309737967\n"
		 "flow to 198.51.100.0/24 from 203.0.113.7/32 rate 16777216 mark 64512:19088743:2309737967\n"},
		{SK_ACTION_FLOWSPEC_DISCARD, "198.51.100.64/26", "flow to 198.51.100.64/26 rate 0 mark 64512:19088743:2309737967\n"},
		{SK_ACTION_FLOWSPEC_DISCARD, "2001:db8:ffff::/48", "flow to 2001:db8:1::/48 from 2001:db8:ffff::/48 rate 0 mark 64512:19088743:2309737967\n"},
		{SK_ACTION_RTBH_BLACKHOLE, "192.0.2.9/32", "route to 192.0.2.9/32 via 192.0.2.1 community 65535:666 mark 64512:19088743:2309737967\n"},
		{SK_ACTION_RTBH_BLACKHOLE, "2001:db8:1::9/128", "route to 2001:db8:1::9/128 via 100::1 community 65535:666 mark 64512:19088743:2309737967\n"},
		{SK_ACTION_FLOWSPEC_DISCARD, "203.0.112.0/23", NULL}, {SK_ACTION_FLOWSPEC_DISCARD, "2001:db8::/47", NULL}, {SK_ACTION_FLOWSPEC_DISCARD, "0.0.0.0/0", NULL},
		{SK_ACTION_RTBH_BLACKHOLE, "203.0.113.7/32", NULL}, {SK_ACTION_RTBH_BLACKHOLE, "192.0.2.0/31", NULL}, {SK_ACTION_RTBH_BLACKHOLE, "2001:db8:2::9/128", NULL},
		{SK_ACTION_FLOWSPEC_DISCARD, "bad.example", NULL}, {SK_ACTION_NFTABLES_DROP, "203.0.113.7/32", NULL}, {SK_ACTION_RPZ_NXDOMAIN, "bad.example", NULL},
	};
	struct sk_bgp bgp = speaker();
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_item one = item(cases[i].action, cases[i].target);
		struct sk_fault fault;
		struct sk_buf text;
		sk_buf_init(&text, TEXT_MAX);
		assert_int_equal(sk_bgp_text(&bgp, &one, &text, &fault), cases[i].text != NULL ? SK_OK : SK_EUSAGE);
		if (cases[i].text != NULL)
			assert_string_equal(sk_buf_text(&text), cases[i].text);
		sk_buf_fini(&text);
	}
	/* An own prefix that is narrower than the target: neither ours nor another's. */
	bgp.own[0] = prefix("203.0.113.64/26");
	struct sk_item both = item(SK_ACTION_FLOWSPEC_DISCARD, "203.0.113.0/24");
	struct sk_fault fault;
	struct sk_buf text;
	sk_buf_init(&text, TEXT_MAX);
	assert_int_equal(sk_bgp_text(&bgp, &both, &text, &fault), SK_EUSAGE);
	/* No own prefix of that family. */
	bgp.own_count = 2;
	both = item(SK_ACTION_FLOWSPEC_DISCARD, "2001:db8:ffff::/48");
	assert_int_equal(sk_bgp_text(&bgp, &both, &text, &fault), SK_EUSAGE);
	sk_buf_fini(&text);
	bgp.discard = bgp.rtbh = false;
	both = item(SK_ACTION_FLOWSPEC_RATE_LIMIT, "203.0.112.0/24");
	assert_int_equal(sk_bgp_allowed(&bgp, &both, 1, &fault), SK_OK);
	both.action = SK_ACTION_FLOWSPEC_DISCARD;
	assert_int_equal(sk_bgp_allowed(&bgp, &both, 1, &fault), SK_EUSAGE);
	both.action = SK_ACTION_RTBH_BLACKHOLE;
	assert_int_equal(sk_bgp_allowed(&bgp, &both, 1, &fault), SK_EUSAGE);
}

static void communities(void **state)
{
	(void)state;
	uint32_t value = 0;
	assert_true(sk_bgp_community_parse("64512:1", &value) && value == (64512u << 16 | 1));
	assert_true(sk_bgp_community_parse("blackhole", &value) && value == SK_BGP_BLACKHOLE);
	assert_true(sk_bgp_community_parse("65535:666", &value) && value == SK_BGP_BLACKHOLE);
	assert_true(sk_bgp_community_parse("no-export", &value) && value == 0xffffff01);
	static const char *const bad[] = {"", ":", "1", "1:", ":1", "65536:1", "1:65536", "-1:1", "1:-1", "1:1:1", "1: 1", "0x1:1", "blackhole "};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_false(sk_bgp_community_parse(bad[i], &value));
}

static enum sk_err take(void *context, const struct sk_bgp_path *path)
{
	sk_bgp_line(path, context);
	return SK_OK;
}

static const char flow_table[] =
	"{\"[destination: 192.0.2.0/24][source: 203.0.113.7/32]\":[{\"nlri\":{\"value\":[{\"type\":1,\"value\":{\"prefix\":\"192.0.2.0/24\"}},{\"type\":2,\"value\":{\"prefix\":"
	"\"203.0.113.7/32\"}}]},\"age\":1796005038,\"best\":true,\"attrs\":[{\"type\":1,\"value\":2},{\"type\":8,\"communities\":[4294902426,4227858433]},{\"type\":16,\"value\":[{\"type\":128,"
	"\"subtype\":6,\"as\":0,\"rate\":123456790}]},{\"type\":32,\"value\":[{\"ASN\":64512,\"LocalData1\":19088743,\"LocalData2\":2309737967}]},{\"type\":14,\"nexthop\":\"0.0.0.0\",\"afi\":1,"
	"\"safi\":133,\"value\":[]}],\"stale\":false},{\"nlri\":{\"value\":[{\"type\":1,\"value\":{\"prefix\":\"192.0.2.0/24\"}},{\"type\":2,\"value\":{\"prefix\":\"203.0.113.7/32\"}}]},\"attrs\":"
	"[{\"type\":5,\"value\":100},{\"type\":16,\"value\":[{\"type\":128,\"subtype\":6,\"as\":0,\"rate\":77},{\"type\":128,\"subtype\":7}]}],\"neighbor-ip\":\"192.0.2.2\"}],"
	"\"[destination: 192.0.2.0/24][protocol: ==tcp ]\":[{\"nlri\":{\"value\":[{\"type\":1,\"value\":{\"prefix\":\"192.0.2.0/24\"}},{\"type\":3,\"value\":[{\"op\":129,\"value\":6}]}]},\"attrs\":[]}]}";

static void gobgp_tables(void **state)
{
	(void)state;
	struct sk_buf lines;
	struct sk_fault fault;
	sk_buf_init(&lines, TEXT_MAX);
	assert_int_equal(sk_gobgp_rib(SK_BGP_FLOW4, flow_table, strlen(flow_table), take, &lines, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&lines), "flow to 192.0.2.0/24 from 203.0.113.7/32 rate 123456792 community 64512:1 community 65535:666 mark 64512:19088743:2309737967\n"
						 "flow to 192.0.2.0/24 from 203.0.113.7/32 rate 77 and more learned from 192.0.2.2\n");
	/* The same bytes are no IPv6 table. */
	sk_buf_reset(&lines);
	assert_int_equal(sk_gobgp_rib(SK_BGP_FLOW6, flow_table, strlen(flow_table), take, &lines, &fault), SK_OK);
	assert_int_equal(lines.length, 0);
	/* Every cut is refused, and so is what is JSON of another kind. */
	for (size_t length = 0; length < strlen(flow_table); length++)
		assert_int_equal(sk_gobgp_rib(SK_BGP_FLOW4, flow_table, length, take, &lines, &fault), SK_EMALFORMED);
	assert_int_equal(sk_gobgp_rib(SK_BGP_FLOW4, "[]", 2, take, &lines, &fault), SK_EMALFORMED);
	assert_int_equal(sk_gobgp_rib(SK_BGP_FLOW4, "{\"a\":1}", 7, take, &lines, &fault), SK_EMALFORMED);
	assert_int_equal(sk_gobgp_rib(SK_BGP_FLOW4, "{}", 2, take, &lines, &fault), SK_OK);
	sk_buf_fini(&lines);
}

static void gobgp_neighbours(void **state)
{
	(void)state;
	static const char text[] = "[{\"conf\":{},\"state\":{\"neighbor_address\":\"192.0.2.2\",\"session_state\":6},\"graceful_restart\":{},\"afi_safis\":[{\"config\":{\"family\":{\"afi\":1,"
				   "\"safi\":133},\"enabled\":true}},{\"config\":{\"family\":{\"afi\":2,\"safi\":1},\"enabled\":false}}]},{\"state\":{\"neighbor_address\":\"2001:db8::2\","
				   "\"session_state\":3},\"graceful_restart\":{\"enabled\":true,\"restart_time\":20}}]";
	struct sk_gobgp_neighbor list[2];
	struct sk_fault fault;
	size_t count = 0;
	assert_int_equal(sk_gobgp_neighbors(text, strlen(text), list, 2, &count, &fault), SK_OK);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].address, "192.0.2.2");
	assert_true(list[0].established && !list[0].restarts && list[0].family[SK_BGP_FLOW4] && !list[0].family[SK_BGP_ROUTE6] && !list[0].family[SK_BGP_FLOW6]);
	assert_true(!list[1].established && list[1].restarts);
	assert_int_equal(sk_gobgp_neighbors(text, strlen(text), list, 1, &count, &fault), SK_ETOOBIG);
	assert_int_equal(sk_gobgp_neighbors("[{}]", 4, list, 2, &count, &fault), SK_EMALFORMED);
	assert_int_equal(sk_gobgp_neighbors("{}", 2, list, 2, &count, &fault), SK_EMALFORMED);
}

#define SAYS "neighbor 192.0.2.2 local-ip 192.0.2.1 local-as 64512 peer-as 64513 router-id 192.0.2.1 family-allowed in-open "

static void exabgp_words(void **state)
{
	(void)state;
	static const char shown[] = SAYS "ipv4 flow flow destination-ipv4 192.0.2.0/24 source-ipv4 203.0.113.7/32 community [ 64512:1 blackhole ] extended-community rate-limit:123456789 "
				    "large-community 64512:1:2\n" SAYS "ipv6 flow flow destination-ipv6 2001:db8:1::/48/0 source-ipv6 2001:db8:ffff::1/128/0 extended-community rate-limit:0\n" SAYS
				    "ipv6 unicast 2001:db8:1::5/128 next-hop 100::1 community blackhole large-community 64512:1:2\n" SAYS
				    "ipv4 unicast 192.0.2.5/32 next-hop 192.0.2.1 med 5 community 64512:x\n" SAYS "ipv4 flow flow destination-ipv4 192.0.2.0/24 protocol =tcp extended-community rate-limit:0\n" SAYS
				    "ipv6 flow flow destination-ipv6 2001:db8:1::/48/8 extended-community rate-limit:0\nneighbor 192.0.2.2 down\n";
	struct sk_buf lines;
	struct sk_fault fault;
	sk_buf_init(&lines, TEXT_MAX);
	assert_int_equal(sk_exabgp_rib(shown, strlen(shown), take, &lines, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&lines), "flow to 192.0.2.0/24 from 203.0.113.7/32 rate 123456792 community 64512:1 community 65535:666 mark 64512:1:2\n"
						 "flow to 2001:db8:1::/48 from 2001:db8:ffff::1/128 rate 0\n"
						 "route to 2001:db8:1::5/128 via 100::1 community 65535:666 mark 64512:1:2\n"
						 "route to 192.0.2.5/32 via 192.0.2.1 and more\n");
	/* What we announce is what we read. */
	struct sk_bgp bgp = speaker();
	bgp.communities[bgp.community_count++] = 64512u << 16 | 1;
	struct sk_item one = item(SK_ACTION_RTBH_BLACKHOLE, "192.0.2.9/32");
	struct sk_bgp_rule rules[SK_BGP_OWN_MAX];
	struct sk_bgp_path path;
	size_t count = 0;
	assert_int_equal(sk_bgp_rules(&bgp, &one, rules, &count, &fault), SK_OK);
	sk_bgp_path_of(&bgp, &one, &rules[0], &path);
	sk_buf_reset(&lines);
	sk_exabgp_command(&path, true, &lines);
	assert_string_equal(sk_buf_text(&lines), "announce route 192.0.2.9/32 next-hop 192.0.2.1 community [64512:1 65535:666] large-community [64512:19088743:2309737967] \n");
	one = item(SK_ACTION_FLOWSPEC_RATE_LIMIT, "203.0.113.7/32");
	assert_int_equal(sk_bgp_rules(&bgp, &one, rules, &count, &fault), SK_OK);
	sk_bgp_path_of(&bgp, &one, &rules[1], &path);
	sk_buf_reset(&lines);
	sk_exabgp_command(&path, false, &lines);
	assert_string_equal(sk_buf_text(&lines), "withdraw flow route { match { destination 198.51.100.0/24; source 203.0.113.7/32; } then { rate-limit 16777216; community [64512:1]; "
						 "large-community [64512:19088743:2309737967]; } }\n");
	sk_buf_fini(&lines);
}

static void exabgp_ends(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum sk_exabgp_end end;
		const char *left;
	} cases[] = {
		{"", SK_EXABGP_OPEN, ""}, {"done", SK_EXABGP_OPEN, "done"}, {"done\n", SK_EXABGP_DONE, ""}, {"a\ndone\n", SK_EXABGP_DONE, "a\n"}, {"error\n", SK_EXABGP_ERROR, ""},
		{"undone\n", SK_EXABGP_OPEN, "undone\n"}, {"done\nmore", SK_EXABGP_OPEN, "done\nmore"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_buf answer;
		sk_buf_init(&answer, TEXT_MAX);
		sk_buf_add_text(&answer, cases[i].text);
		assert_int_equal(sk_exabgp_ended(&answer), cases[i].end);
		assert_int_equal(answer.length, strlen(cases[i].left));
		sk_buf_fini(&answer);
	}
}

/* Same rule, same rate, another's mark: no effect of ours. */
static void effects(void **state)
{
	(void)state;
	struct sk_bgp bgp = speaker();
	struct sk_item one = item(SK_ACTION_FLOWSPEC_DISCARD, "203.0.113.7/32");
	struct sk_bgp_rule rules[SK_BGP_OWN_MAX];
	struct sk_bgp_path ours, seen;
	size_t count = 0;
	assert_int_equal(sk_bgp_rules(&bgp, &one, rules, &count, NULL), SK_OK);
	sk_bgp_path_of(&bgp, &one, &rules[0], &ours);
	seen = ours;
	assert_true(sk_bgp_effective(&ours, &seen) && sk_bgp_marked(&bgp, &seen));
	seen.more = true; /* a neighbour adds attributes of its own */
	assert_true(sk_bgp_effective(&ours, &seen));
	seen.rate = 1;
	assert_false(sk_bgp_effective(&ours, &seen));
	seen = ours;
	seen.larges[0].value[2]++;
	assert_true(!sk_bgp_effective(&ours, &seen) && sk_bgp_marked(&bgp, &seen));
	seen = ours;
	seen.rule.source.bits = 31;
	assert_false(sk_bgp_effective(&ours, &seen));
	one = item(SK_ACTION_RTBH_BLACKHOLE, "192.0.2.9/32");
	assert_int_equal(sk_bgp_rules(&bgp, &one, rules, &count, NULL), SK_OK);
	sk_bgp_path_of(&bgp, &one, &rules[0], &ours);
	seen = ours;
	assert_true(sk_bgp_effective(&ours, &seen));
	seen.community_count = 0; /* a neighbour that takes it for a usual route */
	assert_false(sk_bgp_effective(&ours, &seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_as_rules), cmocka_unit_test(communities), cmocka_unit_test(gobgp_tables), cmocka_unit_test(gobgp_neighbours),
		cmocka_unit_test(exabgp_words), cmocka_unit_test(exabgp_ends), cmocka_unit_test(effects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
