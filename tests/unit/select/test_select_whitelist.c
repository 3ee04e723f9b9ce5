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

bool sk_policy_tokens(enum sk_basis_kind kind)
{
	(void)kind;
	return false;
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

/* A segment speaks one protocol besides TLS. */
enum spoken { SPOKEN_DNS, SPOKEN_HTTP, SPOKEN_SSH, SPOKEN_COMMAND, SPOKEN_EVENT /* of a detector: no segment */, SPOKEN_COUNT };

static void speak(struct sk_flow_facts *facts, enum spoken spoken)
{
	struct sk_flow_http http = {.requests = 1, .responses = 1, .has_request = true, .version = 11, .path_depth = 1, .header_count = 2,
				    .response_header_count = 3, .status = 200, .path_length = 9, .host_length = 16, .method = "GET",
				    .host = "www.good.example", .path_hash = {1}, .order_hash = {2}, .response_order_hash = {3}};
	struct sk_ssh ssh = {.has_banner = true, .major = 2, .software = "OpenSSH_9.2p1", .hassh = "00112233445566778899aabbccddeeff"};
	switch (spoken) {
	case SPOKEN_DNS:
		segment_dns(facts, "www.good.example");
		facts->dns_responses = facts->dns_nxdomain = 1;
		facts->dns.rcode = 3;
		facts->dns.flags = 0x8183;
		break;
	case SPOKEN_HTTP:
		facts->has_http = true;
		facts->http = http;
		break;
	case SPOKEN_SSH:
		facts->has_ssh = true;
		facts->ssh.side[0] = facts->ssh.side[1] = ssh;
		break;
	default:
		facts->has_command = true;
		facts->command = (struct sk_flow_command){.requests = 4, .responses = 3, .writes = 2, .errors = 1, .version = 1, .detail = 2, .status = 3,
							  .code_count = 1, .codes = {16}};
	}
}

static void shake_hands(struct sk_flow_facts *facts)
{
	segment_tls(facts, "www.good.example");
	(void)snprintf(facts->tls.alpn_first, sizeof facts->tls.alpn_first, "h2");
	(void)snprintf(facts->ja4_second, sizeof facts->ja4_second, "t13d1517h2_8daaf6152771_b1ff8ab2d16f");
	facts->quic_version = 1;
	facts->has_server = facts->has_certificate = true;
	facts->server = (struct sk_server_hello){.version = 0x303, .cipher = 0xc02f, .dtls = true, .alpn = "h2", .ja3s = "0123456789abcdef0123456789abcdef"};
	facts->certificate = (struct sk_certificate){.sha1 = {1}, .sha256 = {2}, .issuer_hash = {3}, .subject_hash = {4}, .not_before_s = 5, .not_after_s = 6,
						     .version = 3, .chain_length = 2, .parsed = true, .whole = true};
}

static void mint_event(struct sk_select *select)
{
	struct sk_basis basis = segment_basis("lab", "none", true);
	struct sk_kit_config config = {.basis = &basis};
	struct sk_kit *kit = NULL;
	basis.detector_count = 1;
	(void)snprintf(basis.detectors[0].name, sizeof basis.detectors[0].name, "scan.horizontal");
	assert_int_equal(sk_kit_new(&config, &kit, NULL), SK_OK);
	struct sk_detection detection = {.class_ = SK_CLASS_DF, .ip_proto = 6, .of_responder = true, .severity = 2, .percent = 90, .contacts = 4, .answered = 1,
					 .peers = 3, .ports = 1, .value = 7, .limit = 6, .period_ms = 60000, .spread_permille = 100, .matched = "tcp/5900"};
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	detection.initiator = record.initiator;
	detection.responder = record.responder;
	sk_select_event(select, kit, &detection);
	sk_kit_free(kit);
}

static struct sk_rules *one_rule(void)
{
	static const char text[] = "alert tcp any any -> any any (msg:\"m\"; content:\"x\"; sid:7; rev:3;)\n";
	struct sk_rules_options options = {.strict = false};
	struct sk_rules_counts counts;
	struct sk_rules *rules = NULL;
	struct sk_fault fault;
	assert_int_equal(sk_rules_new(&options, &rules), SK_OK);
	assert_int_equal(sk_rules_text(rules, "test", NULL, text, strlen(text), &counts, &fault), SK_OK);
	return rules;
}

static struct sk_observation mint(const char *field, enum spoken spoken)
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
	struct sk_rules *rules = one_rule();
	sk_select_rules(select, rules);
	assert_true(sk_detect_note(&facts, 0, SK_OBSERVATION_COMMAND_BIT, 77));
	shake_hands(&facts);
	speak(&facts, spoken);
	record.tcp_flags[0] = record.tcp_flags[1] = 0x1b;
	record.state = SK_FLOW_CLOSED;
	record.app = SK_APP_TLS;
	record.icmp_type = record.icmp_code = 1;
	record.tunnels = record.interface = 1;
	record.metered_by = SK_METER_IPFIX;
	record.sampling = 1000;
	record.facts = &facts;
	if (spoken == SPOKEN_EVENT)
		mint_event(select);
	else
		sk_select_segment(select, &record);
	assert_int_equal(sink.observations, 1);
	sk_select_free(select);
	sk_rules_free(rules);
	sk_indicator_close(set);
	lists_end(&lists);
	return sink.observation;
}

#define FIELD(name) {#name, offsetof(struct sk_observation, name), sizeof ((struct sk_observation *)0)->name}
static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD(kind), FIELD(sections), FIELD(class_), FIELD(ip_proto), FIELD(initiator_sure), FIELD(tcp_flags), FIELD(end), FIELD(state),
	FIELD(icmp_type), FIELD(icmp_code), FIELD(app), FIELD(layers), FIELD(tunnels), FIELD(interface), FIELD(initiator_port),
	FIELD(responder_port), FIELD(initiator), FIELD(responder), FIELD(first_ns), FIELD(last_ns), FIELD(packets), FIELD(ip_bytes),
	FIELD(frames), FIELD(frame_bytes), FIELD(metered_by), FIELD(sampling), FIELD(hit_count), FIELD(hit_ids), FIELD(hit_kinds), FIELD(matched), FIELD(rule_gid), FIELD(rule_sid), FIELD(rule_rev), FIELD(rule_hash), FIELD(dns_type), FIELD(dns_flags),
	FIELD(dns_rcode), FIELD(dns_labels), FIELD(dns_name_length), FIELD(dns_entropy_x16), FIELD(dns_queries), FIELD(dns_responses),
	FIELD(dns_nxdomain), FIELD(dns_domain), FIELD(tls_version), FIELD(tls_bits), FIELD(quic_version), FIELD(sni_domain), FIELD(alpn),
	FIELD(ja3), FIELD(ja4), FIELD(ja4_second), FIELD(server_version), FIELD(server_cipher), FIELD(server_bits), FIELD(server_alpn), FIELD(ja3s),
	FIELD(cert_sha1), FIELD(cert_sha256), FIELD(cert_issuer), FIELD(cert_subject), FIELD(cert_not_before_s), FIELD(cert_not_after_s),
	FIELD(cert_version), FIELD(cert_chain), FIELD(cert_bits), FIELD(http_method), FIELD(http_host_domain), FIELD(http_status),
	FIELD(http_path_length), FIELD(http_version), FIELD(http_path_depth), FIELD(http_bits), FIELD(http_header_count),
	FIELD(http_response_header_count), FIELD(http_path_hash), FIELD(http_order_hash), FIELD(http_response_order_hash), FIELD(http_requests),
	FIELD(http_responses), FIELD(ssh_client_version), FIELD(ssh_server_version), FIELD(ssh_client_software), FIELD(ssh_server_software),
	FIELD(hassh), FIELD(hassh_server), FIELD(command_requests), FIELD(command_responses), FIELD(command_writes), FIELD(command_errors),
	FIELD(command_version), FIELD(command_detail), FIELD(command_status), FIELD(command_code_count), FIELD(command_codes),
	FIELD(detector), FIELD(detector_bits), FIELD(detector_percent), FIELD(detector_contacts), FIELD(detector_answered), FIELD(detector_peers),
	FIELD(detector_ports), FIELD(detector_value), FIELD(detector_limit), FIELD(detector_period_ms), FIELD(detector_spread_permille),
};

static enum spoken spoken_of(const char *field)
{
	return strncmp(field, "http_", 5) == 0 ? SPOKEN_HTTP : strncmp(field, "ssh_", 4) == 0 || strncmp(field, "hassh", 5) == 0 ? SPOKEN_SSH :
	       strncmp(field, "command_", 8) == 0 ? SPOKEN_COMMAND : strncmp(field, "detector", 8) == 0 ? SPOKEN_EVENT : SPOKEN_DNS;
}

/* With the whole list every field is filled; without one, that one is empty and the others are as before. */
static void test_each_field(void **state)
{
	(void)state;
	static const uint8_t zero[1024];
	struct sk_observation wholes[SPOKEN_COUNT];
	for (unsigned spoken = 0; spoken < SPOKEN_COUNT; spoken++)
		wholes[spoken] = mint(NULL, (enum spoken)spoken);
	for (size_t i = 0; i < SK_COUNT(fields); i++) {
		enum spoken spoken = spoken_of(fields[i].name);
		const uint8_t *whole = (const uint8_t *)&wholes[spoken];
		struct sk_observation less = mint(fields[i].name, spoken);
		if (memcmp(whole + fields[i].offset, zero, fields[i].size) == 0)
			print_error("%s is empty\n", fields[i].name);
		assert_memory_not_equal(whole + fields[i].offset, zero, fields[i].size);
		assert_memory_equal((const uint8_t *)&less + fields[i].offset, zero, fields[i].size);
		for (size_t j = 0; j < SK_COUNT(fields); j++)
			if (j != i)
				assert_memory_equal((const uint8_t *)&less + fields[j].offset, whole + fields[j].offset, fields[j].size);
	}
}

/* A plain segment under flow.all, to a sink that takes histories as they are: of a list that leaves something out none goes there. */
static void test_histories_are_whole(void **state)
{
	(void)state;
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	static const char *const lists_of[] = {NULL, "frame_bytes"};
	for (size_t i = 0; i < SK_COUNT(lists_of); i++) {
		struct lists lists;
		struct sink sink;
		struct sk_select *select;
		struct sk_basis basis = segment_basis("lab", "none", true);
		struct sk_flow_record record = segment_record(SK_CLASS_DF);
		withheld = lists_of[i];
		lists_start(&lists, &options);
		sk_indicator_add_flow_all(lists.builder);
		struct sk_indicator_set *set = lists_compile(&lists);
		sink_start(&sink);
		sink.as.flow = sink_history;
		assert_int_equal(sk_select_new(&basis, set, &sink.as, &select), SK_OK);
		sk_select_segment(select, &record);
		assert_int_equal(sink.histories, withheld == NULL);
		assert_int_equal(sink.observations, withheld != NULL);
		assert_true(withheld == NULL || (sink.observation.frame_bytes == 0 && sink.observation.frames == record.frames));
		sk_select_free(select);
		sk_indicator_close(set);
		lists_end(&lists);
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_field), cmocka_unit_test(test_histories_are_whole), cmocka_unit_test(test_all_members)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
