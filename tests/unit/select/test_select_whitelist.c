/* SPDX-License-Identifier: Apache-2.0 */
/* The whitelist decides, field by field: a field that is taken off the list vanishes from the observation. The policy's functions that select uses
   stand here, so that the list can be shortened. */
#include "segments.h"

static const char *withheld; /* the field that the policy does not list */

const struct sk_field *sk_policy_field(const char *name)
{
	static const struct sk_field listed = {.name = "listed"};
	return withheld != NULL && strcmp(name, withheld) == 0 ? NULL : &listed;
}

bool sk_policy_names(enum sk_basis_kind kind, enum sk_role role)
{
	(void)kind;
	(void)role;
	return true; /* so that every text field is filled */
}

enum sk_err sk_basis_kind_parse(const char *name, enum sk_basis_kind *out)
{
	(void)name;
	*out = SK_BASIS_LAB;
	return SK_OK;
}

enum sk_err sk_role_parse(const char *name, enum sk_role *out)
{
	(void)name;
	*out = SK_ROLE_NONE;
	return SK_OK;
}

static struct sk_observation mint(const char *field)
{
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	struct lists lists;
	struct sink sink;
	struct sk_select *select;
	struct sk_basis basis = segment_basis("lab", "none", true);
	withheld = field;
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "bad.txt", segment_selectors), SK_OK);
	struct sk_indicator_set *set = lists_compile(&lists);
	sink_start(&sink);
	assert_int_equal(sk_select_new(&basis, set, &sink.as, &select), SK_OK);
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	struct sk_flow_facts facts = {.hit_count = 0};
	segment_hit(&facts, set, "e7d705a3286e19ea42f587b344ee6865");
	segment_dns(&facts, "www.good.example");
	segment_tls(&facts, "www.good.example");
	(void)snprintf(facts.tls.alpn_first, sizeof facts.tls.alpn_first, "h2");
	facts.dns_responses = facts.dns_nxdomain = 1;
	facts.dns.rcode = 3;
	facts.dns.flags = 0x8183;
	record.tcp_flags[0] = record.tcp_flags[1] = 0x1b;
	record.state = SK_FLOW_CLOSED;
	record.app = SK_APP_TLS;
	record.icmp_type = record.icmp_code = 1;
	record.tunnels = record.interface = 1;
	record.facts = &facts;
	sk_select_segment(select, &record);
	assert_int_equal(sink.observations, 1);
	sk_select_free(select);
	sk_indicator_close(set);
	lists_end(&lists);
	return sink.observation;
}

#define FIELD(name) {#name, offsetof(struct sk_observation, name), sizeof ((struct sk_observation *)0)->name}
static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD(kind), FIELD(class_), FIELD(ip_proto), FIELD(initiator_sure), FIELD(tcp_flags), FIELD(end), FIELD(state), FIELD(icmp_type), FIELD(icmp_code), FIELD(app),
	FIELD(layers), FIELD(tunnels), FIELD(interface), FIELD(initiator_port), FIELD(responder_port), FIELD(initiator), FIELD(responder), FIELD(first_ns),
	FIELD(last_ns), FIELD(packets), FIELD(ip_bytes), FIELD(frames), FIELD(frame_bytes), FIELD(hit_count), FIELD(hit_ids), FIELD(hit_kinds), FIELD(matched),
	FIELD(dns_type), FIELD(dns_flags), FIELD(dns_rcode), FIELD(dns_labels), FIELD(dns_name_length), FIELD(dns_entropy_x16), FIELD(dns_queries),
	FIELD(dns_responses), FIELD(dns_nxdomain), FIELD(dns_domain), FIELD(tls_version), FIELD(sni_domain), FIELD(alpn), FIELD(ja3), FIELD(ja4),
};

/* With the whole list every field is filled; without one, that one is empty and the others are as before. */
static void test_each_field(void **state)
{
	(void)state;
	static const uint8_t zero[1024];
	struct sk_observation whole = mint(NULL);
	for (size_t i = 0; i < SK_COUNT(fields); i++) {
		struct sk_observation less = mint(fields[i].name);
		if (memcmp((const uint8_t *)&whole + fields[i].offset, zero, fields[i].size) == 0)
			print_error("%s is empty\n", fields[i].name);
		assert_memory_not_equal((const uint8_t *)&whole + fields[i].offset, zero, fields[i].size);
		assert_memory_equal((const uint8_t *)&less + fields[i].offset, zero, fields[i].size);
		for (size_t j = 0; j < SK_COUNT(fields); j++)
			if (j != i)
				assert_memory_equal((const uint8_t *)&less + fields[j].offset, (const uint8_t *)&whole + fields[j].offset, fields[j].size);
	}
}

/* The list above is the struct: no member hides from it. Bytes outside the members are padding. */
static void test_all_members(void **state)
{
	(void)state;
	static const struct sk_observation none;
	size_t covered = 0;
	for (size_t i = 0; i < SK_COUNT(fields); i++)
		covered += fields[i].size;
	assert_in_range(sizeof none - covered, 0, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_field), cmocka_unit_test(test_all_members)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
