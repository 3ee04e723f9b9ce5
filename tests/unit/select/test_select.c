/* SPDX-License-Identifier: Apache-2.0 */
/* One fate a segment, names shortened, findings in plain words; nothing of an unselected segment goes out. */
#include "segments.h"

#include "detect/detect.h"
#include "../english.h"

#define CANARY "canary4711"

struct world {
	struct lists lists;
	struct sk_indicator_set *set;
	struct sk_basis basis;
	struct sink sink;
	struct sk_select *select;
};

static void start_with(struct world *world, const char *list, const char *kind, const char *role, bool names, bool flow_all)
{
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	memset(world, 0, sizeof *world);
	lists_start(&world->lists, &options);
	assert_int_equal(lists_import(&world->lists, "bad.txt", list), SK_OK);
	if (flow_all)
		sk_indicator_add_flow_all(world->lists.builder);
	world->set = lists_compile(&world->lists);
	world->basis = segment_basis(kind, role, names);
	sink_start(&world->sink);
	assert_int_equal(sk_select_new(&world->basis, world->set, &world->sink.as, &world->select), SK_OK);
}

static void start(struct world *world, const char *list, const char *kind, const char *role, bool names)
{
	start_with(world, list, kind, role, names, false);
}

static void end(struct world *world)
{
	sk_select_free(world->select);
	sk_indicator_close(world->set);
	lists_end(&world->lists);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *seed >> 33;
}

/* ---- fates ---- */

struct sums {
	uint64_t frames, bytes;
};

static struct sums sums_of(const struct sk_select_counts *counts)
{
	struct sums sums = {counts->selected_frames, counts->selected_bytes};
	for (size_t i = 0; i < SK_SELECT_REASON_COUNT; i++) {
		sums.frames += counts->erased_frames[i];
		sums.bytes += counts->erased_bytes[i];
	}
	return sums;
}

/* Does exactly one count grow, by the segment's frames and bytes? */
static bool one_fate(const struct sk_select_counts *before, const struct sk_select_counts *after, uint64_t frames, uint64_t bytes)
{
	unsigned moved = 0;
	for (size_t i = 0; i < SK_SELECT_REASON_COUNT; i++)
		moved += after->erased_frames[i] != before->erased_frames[i];
	moved += after->selected_frames != before->selected_frames;
	struct sums a = sums_of(before), b = sums_of(after);
	return moved == 1 && b.frames - a.frames == frames && b.bytes - a.bytes == bytes;
}

/* rule: SELECT-1 */
static void test_one_fate(void **state)
{
	(void)state;
	static const enum sk_select_reason reasons[] = {[SK_FLOW_END_IDLE] = SK_SELECT_NO_HIT, [SK_FLOW_END_ACTIVE] = SK_SELECT_NO_HIT,
							[SK_FLOW_END_CLOSED] = SK_SELECT_NO_HIT, [SK_FLOW_END_EVICTED] = SK_SELECT_EVICTED,
							[SK_FLOW_END_BASIS] = SK_SELECT_STOPPED, [SK_FLOW_END_STOP] = SK_SELECT_NO_HIT};
	struct world world;
	uint64_t seed = 7;
	start(&world, segment_selectors, "lab", "none", false);
	for (unsigned i = 0; i < 5000; i++) {
		struct sk_select_counts before = *sk_select_counts(world.select);
		struct sk_flow_record record = segment_record(next(&seed) % 2 == 0 ? SK_CLASS_DF : SK_CLASS_FD);
		struct sk_flow_facts facts = {.hit_count = 0};
		record.frames = 1 + next(&seed) % 1000;
		record.frame_bytes = record.frames * 60 + next(&seed) % 90000;
		record.end = (uint8_t)(next(&seed) % SK_COUNT(reasons));
		unsigned kind = (unsigned)(next(&seed) % 4);
		if (kind == 2 || kind == 3)
			segment_hit(&facts, world.set, kind == 2 ? "45.33.32.156" : "evil.example");
		world.sink.full = next(&seed) % 8 == 0;
		record.shed = next(&seed) % 4 == 0;
		bool selected = facts.hit_count != 0 && !world.sink.full;
		uint64_t spool_full = sk_select_counts(world.select)->spool_full;
		record.facts = kind < 2 && next(&seed) % 2 == 0 ? NULL : &facts;
		unsigned observations = world.sink.observations;
		sk_select_segment(world.select, &record);
		const struct sk_select_counts *after = sk_select_counts(world.select);
		assert_true(one_fate(&before, after, record.frames, record.frame_bytes));
		assert_int_equal(after->selected_frames != before.selected_frames, selected);
		assert_int_equal(world.sink.observations - observations, selected);
		assert_int_equal(after->observations - before.observations, selected);
		/* What had no room is shed, and so is what was not asked, unless its end says more. */
		bool no_room = facts.hit_count != 0 && world.sink.full;
		assert_int_equal(after->spool_full - spool_full, no_room);
		enum sk_select_reason reason = no_room || (record.shed && reasons[record.end] == SK_SELECT_NO_HIT) ? SK_SELECT_SHED : reasons[record.end];
		if (!selected)
			assert_int_equal(after->erased_frames[reason] - before.erased_frames[reason], record.frames);
	}
	assert_int_equal(world.sink.findings, sk_select_counts(world.select)->findings);
	assert_true(sk_select_counts(world.select)->spool_full > 100);
	world.sink.full = false;
	/* Sabotage: a segment that is counted twice is seen. */
	struct sk_select_counts before = *sk_select_counts(world.select);
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	sk_select_segment(world.select, &record);
	sk_select_erase(world.select, SK_SELECT_EVICTED, record.frames, record.frame_bytes);
	assert_false(one_fate(&before, sk_select_counts(world.select), record.frames, record.frame_bytes));
	end(&world);
}

static void test_kinds(void **state)
{
	(void)state;
	struct world world;
	struct sk_flow_facts facts = {.hit_count = 0};
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	start_with(&world, segment_selectors, "lab", "none", false, true);
	/* Under flow.all every segment is kept, with facts or without. */
	sk_select_segment(world.select, &record);
	assert_int_equal(world.sink.observations, 1);
	record.facts = &facts;
	sk_select_segment(world.select, &record);
	assert_int_equal(world.sink.observation.kind, SK_OBSERVATION_FLOW);
	assert_int_equal(world.sink.findings, 0);
	assert_string_equal(world.sink.observation.matched, "");
	segment_hit(&facts, world.set, "45.33.32.156");
	segment_hit(&facts, world.set, "e7d705a3286e19ea42f587b344ee6865");
	sk_select_segment(world.select, &record);
	assert_int_equal(world.sink.observation.kind, SK_OBSERVATION_HIT);
	assert_int_equal(world.sink.findings, 2); /* one for each selector that hit */
	assert_int_equal(world.sink.observation.frames, record.frames);
	assert_int_equal(world.sink.observation.hit_count, 2);
	assert_string_equal(world.sink.observation.matched, "45.33.32.156");
	end(&world);
}

/* A segment that nothing selected but flow.all, to a sink that takes histories: as a history, or as an observation? Either way with one fate, and counted as one record. */
static void expect_history(struct world *world, const struct sk_flow_record *record, bool history)
{
	struct sk_select_counts before = *sk_select_counts(world->select);
	unsigned histories = world->sink.histories, observations = world->sink.observations;
	sk_select_segment(world->select, record);
	assert_true(one_fate(&before, sk_select_counts(world->select), record->frames, record->frame_bytes));
	assert_int_equal(sk_select_counts(world->select)->observations - before.observations, !world->sink.full);
	assert_int_equal(sk_select_counts(world->select)->erased_frames[SK_SELECT_SHED] - before.erased_frames[SK_SELECT_SHED], world->sink.full ? record->frames : 0);
	assert_int_equal(world->sink.histories - histories, history && !world->sink.full);
	assert_int_equal(world->sink.observations - observations, !history && !world->sink.full);
}

static void start_taking_histories(struct world *world, const char *kind, bool flow_all)
{
	start_with(world, segment_selectors, kind, "none", false, flow_all);
	world->sink.as.flow = sink_history;
	sk_select_switch(world->select, &world->basis, world->set);
}

static void test_histories(void **state)
{
	(void)state;
	struct world world;
	struct sk_flow_facts facts = {.hit_count = 0};
	start_taking_histories(&world, "lab", true);
	struct sk_flow_record record = segment_record(SK_CLASS_DF), other;
	expect_history(&world, &record, true);
	assert_memory_equal(&world.sink.history, &record.history, sizeof record.history);
	for (unsigned i = 0; i < 8; i++) {
		other = record;
		switch (i) {
		case 0: other.app = SK_APP_TLS; break;
		case 1: other.layers = 2, other.tunnels = 1; break;
		case 2: other.interface = 1; break;
		case 3: other.ip_proto = 1, other.icmp_type = 8; break;
		case 4: other.ip_proto = 17, other.tcp_flags[1] = 2; break;
		case 5: other.frames++; break;
		case 6: other.facts = &facts; break;
		default: other.metered_by = SK_METER_IPFIX; break;
		}
		expect_history(&world, &other, false);
	}
	world.sink.full = true;
	expect_history(&world, &record, true);
	world.sink.full = false;
	segment_hit(&facts, world.set, "45.33.32.156");
	record.facts = &facts;
	expect_history(&world, &record, false);
	end(&world);

	/* A domestic host stands under a token: no history as it is goes out. */
	record = segment_record(SK_CLASS_DF);
	start_taking_histories(&world, "foreign_foreign", true);
	expect_history(&world, &record, false);
	end(&world);

	/* Without flow.all nothing goes out at all. */
	start_taking_histories(&world, "lab", false);
	sk_select_segment(world.select, &record);
	assert_int_equal(world.sink.histories + world.sink.observations, 0);
	end(&world);
}

/* ---- names ---- */

static void check_names(const char *kind, const char *role, bool asked, const char *hit, const char *name, const char *kept)
{
	struct world world;
	struct sk_flow_facts facts = {.hit_count = 0};
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	start(&world, segment_selectors, kind, role, asked);
	segment_hit(&facts, world.set, hit);
	segment_dns(&facts, name);
	segment_tls(&facts, name);
	record.facts = &facts;
	sk_select_segment(world.select, &record);
	assert_string_equal(world.sink.observation.dns_domain, kept);
	assert_string_equal(world.sink.observation.sni_domain, kept);
	assert_int_equal(world.sink.observation.dns_name_length, strlen(name));
	end(&world);
}

/* rule: SELECT-2 */
static void test_names(void **state)
{
	(void)state;
	check_names("lab", "none", false, "evil.example", "very.private.evil.example", "evil.example"); /* what matched */
	check_names("lab", "none", false, "evil.example", "evil.example", "evil.example");
	check_names("lab", "none", false, "45.33.32.156", "very.private.good.co.jp", "good.co.jp"); /* the registered domain */
	check_names("lab", "none", false, "evil.example", "www.other.org", "other.org"); /* a hit by one name says nothing of another */
	check_names("lab", "none", false, "45.33.32.156", "co.jp", ""); /* a public suffix is nobody's */
	check_names("lab", "none", false, "45.33.32.156", "localhost", "");
	check_names("lab", "none", false, "evil.example", "www.notevil.example", "notevil.example");
	/* Switched on by the basis, and only where policy lets it. */
	check_names("lab", "none", true, "45.33.32.156", "very.private.good.co.jp", "very.private.good.co.jp");
	check_names("own_network", "party", true, "45.33.32.156", "very.private.good.co.jp", "very.private.good.co.jp");
	check_names("own_network", "carrier", true, "45.33.32.156", "very.private.good.co.jp", "good.co.jp");
	check_names("fd", "none", true, "45.33.32.156", "very.private.good.co.jp", "good.co.jp");
}

/* A web server's name is a name; where an address stands instead, only the one that the record tells anyway. rule: SELECT-2 */
static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *host, *kept;
	} cases[] = {{"very.private.good.co.jp", "good.co.jp"}, {"www.evil.example", "evil.example"}, {"45.33.32.156", "45.33.32.156"}, {"45.33.32.157", ""},
		     {"2001:db8::1", ""}, {"localhost", ""}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct world world;
		struct sk_flow_facts facts = {.has_http = true, .http = {.has_request = true, .method = "GET"}};
		struct sk_flow_record record = segment_record(SK_CLASS_DF);
		start(&world, segment_selectors, "lab", "none", false);
		segment_hit(&facts, world.set, "evil.example");
		(void)snprintf(facts.http.host, sizeof facts.http.host, "%s", cases[i].host);
		facts.http.host_length = (uint16_t)strlen(cases[i].host);
		record.facts = &facts;
		sk_select_segment(world.select, &record);
		assert_string_equal(world.sink.observation.http_host_domain, cases[i].kept);
		assert_non_null(strstr(english(&world.sink.finding.sentence), "over HTTP for a host under evil.example"));
		/* What one segment said does not stay for the next. */
		facts = (struct sk_flow_facts){.hit_count = 0};
		segment_hit(&facts, world.set, "45.33.32.156");
		sk_select_segment(world.select, &record);
		assert_int_equal(world.sink.observation.sections, SK_SECTION_HITS);
		assert_string_equal(world.sink.observation.http_host_domain, "");
		assert_string_equal(world.sink.observation.http_method, "");
		end(&world);
	}
}

static void test_entropy(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned x16;
	} cases[] = {{"aaaaaaaa", 0}, {"abababab", 16}, {"abcdabcd", 32}, {"abcdefgh", 48}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct world world;
		struct sk_flow_facts facts = {.hit_count = 0};
		struct sk_flow_record record = segment_record(SK_CLASS_DF);
		start(&world, segment_selectors, "lab", "none", false);
		segment_hit(&facts, world.set, "45.33.32.156");
		segment_dns(&facts, cases[i].name);
		record.facts = &facts;
		sk_select_segment(world.select, &record);
		assert_int_equal(world.sink.observation.dns_entropy_x16, cases[i].x16);
		end(&world);
	}
}

/* ---- the canary ---- */

static void closed(void *context, const struct sk_flow_record *record)
{
	sk_select_segment(context, record);
}

/* One DNS flow for a canary's name through detect, flow and select. How often does the canary stand in what went out? */
static unsigned canary_run(const char *list, bool names)
{
	static const uint8_t key[16] = {2};
	struct world world;
	struct sk_detect detect;
	struct sk_flow_table *table;
	struct sk_flow_limits limits = sk_flow_default_limits();
	struct sk_packet packet = {.source_port = 40000, .destination_port = 53, .ip_proto = 17, .class_ = SK_CLASS_DF, .inner_class = SK_CLASS_DF, .layers = 1,
				   .frames = 1, .wire_bytes = 100, .ip_bytes = 86, .time_ns = SEGMENT_FIRST_NS, .has_ports = true};
	struct sk_head head = {.kind = SK_HEAD_DNS, .from_initiator = true};
	bool is_new;
	limits.flows = 1024;
	limits.facts = 16;
	limits.streams = 16;
	start(&world, list, "lab", "none", names);
	sk_detect_init(&detect, world.set, names);
	assert_int_equal(sk_flow_table_new(&limits, key, closed, world.select, &table), SK_OK);
	assert_int_equal(sk_addr_parse("193.0.0.10", &packet.source), SK_OK);
	assert_int_equal(sk_addr_parse("193.0.0.11", &packet.destination), SK_OK);
	head.as.dns.name_length = (uint8_t)snprintf(head.as.dns.name, sizeof head.as.dns.name, CANARY ".private.example");
	struct sk_flow *flow = sk_flow_apply(table, &packet, &is_new);
	(void)sk_detect_open(&detect, table, flow, &packet);
	(void)sk_detect_head(&detect, table, flow, &head);
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	unsigned found = memmem(&world.sink.observation, sizeof world.sink.observation, CANARY, strlen(CANARY)) != NULL;
	found += memmem(&world.sink.finding, sizeof world.sink.finding, CANARY, strlen(CANARY)) != NULL;
	assert_int_equal(sums_of(sk_select_counts(world.select)).frames, 1);
	sk_flow_table_free(table);
	end(&world);
	return found;
}

static void test_canary(void **state)
{
	(void)state;
	assert_int_equal(canary_run("evil.example\n", true), 0);      /* not selected: nowhere, even with names switched on */
	assert_int_equal(canary_run("private.example\n", false), 0);  /* selected: the domain goes out, the name does not */
	assert_true(canary_run("private.example\n", true) > 0);       /* sabotage: selected and names on, so the search can see it */
}

/* ---- findings ---- */

static void find(struct world *world, const struct sk_flow_facts *facts, struct sk_flow_record record)
{
	record.facts = facts;
	sk_select_segment(world->select, &record);
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		print_error("'%s' lacks '%s'\n", text, part);
	assert_non_null(strstr(text, part));
}

static void test_findings(void **state)
{
	(void)state;
	struct world world;
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	start(&world, segment_selectors, "lab", "none", false);
	const struct sk_finding *finding = &world.sink.finding;
	struct sk_flow_facts facts = {.hit_count = 0};
	segment_hit(&facts, world.set, "45.33.32.156");
	find(&world, &facts, record);
	assert_string_equal(finding->kind, "indicator.address");
	assert_string_equal(finding->origin, "bad.txt:1");
	assert_string_equal(english(&finding->sentence), "193.0.0.10 (inside) contacted 45.33.32.156 (abroad) from 2026-11-22 06:30:00 to 06:52:00 UTC (TCP port 443, 12.4 KiB out, "
					       "80.1 KiB in); 45.33.32.156 is an address which bad.txt:1 names.");
	has(english(&finding->why), "Simulated");
	has(english(&finding->doubt), "shared hosting");
	assert_true(sk_addr_equal(&finding->subject, &record.initiator));
	assert_int_equal(finding->severity, 3);
	uint8_t id[16];
	memcpy(id, finding->id, sizeof id);
	record.initiator_port++;
	record.first_ns += 1000;
	find(&world, &facts, record);
	assert_memory_equal(id, finding->id, sizeof id); /* it folds into the first */
	record.initiator.bytes[3]++;
	find(&world, &facts, record);
	assert_memory_not_equal(id, finding->id, sizeof id);
	/* From outside: the own side is the subject. */
	record = segment_record(SK_CLASS_FD);
	record.tcp_flags[0] = SK_TCP_SYN | SK_TCP_PSH;
	find(&world, &facts, record);
	assert_true(sk_addr_equal(&finding->subject, &record.responder));
	assert_int_equal(finding->severity, 3);
	/* Unanswered it is a knock: noise, and told of the one who knocks, so that a scan of many doors is one finding. */
	record = segment_record(SK_CLASS_FD);
	record.packets[1] = 0;
	record.initiator_sure = 0;
	find(&world, &facts, record);
	assert_true(sk_addr_equal(&finding->subject, &record.initiator));
	assert_int_equal(finding->severity, 1);
	memcpy(id, finding->id, sizeof id);
	record.responder.bytes[3]++;
	find(&world, &facts, record);
	assert_memory_equal(id, finding->id, sizeof id);
	has(english(&finding->sentence), "only one direction was seen");
	has(english(&finding->doubt), "Which side began was not seen");
	end(&world);
}

/* Relays are a kind of their own, one finding for all of a kind; the sabotage is the same list without its comment. */
static void test_relays(void **state)
{
	(void)state;
	for (unsigned marked = 0; marked < 2; marked++) {
		struct world world;
		struct sk_flow_record record = segment_record(SK_CLASS_DF);
		start(&world, marked ? "# relay: tor\n45.33.32.156\n45.33.32.157\n" : "# exits\n45.33.32.156\n45.33.32.157\n", "lab", "none", false);
		const struct sk_finding *finding = &world.sink.finding;
		struct sk_flow_facts facts = {.hit_count = 0}, others = {.hit_count = 0};
		segment_hit(&facts, world.set, "45.33.32.156");
		find(&world, &facts, record);
		assert_string_equal(finding->kind, marked ? "indicator.relay" : "indicator.address");
		assert_string_equal(finding->matched, marked ? "tor" : "45.33.32.156");
		assert_int_equal(strstr(english(&finding->sentence), "a relay of Tor: what is said through it goes on") != NULL, marked);
		assert_int_equal(strstr(english(&finding->doubt), "privacy") != NULL, marked);
		assert_int_equal(finding->severity, marked ? 2 : 3);
		has(english(&finding->why), "45.33.32.156");
		assert_string_equal(finding->origin, "bad.txt:2");
		uint8_t id[16];
		memcpy(id, finding->id, sizeof id);
		segment_hit(&others, world.set, "45.33.32.157");
		record.responder.bytes[3]++;
		find(&world, &others, record);
		assert_int_equal(memcmp(id, finding->id, sizeof id) == 0, marked);
		record = segment_record(SK_CLASS_FD);
		record.tcp_flags[0] = SK_TCP_SYN | SK_TCP_PSH;
		find(&world, &facts, record);
		assert_int_equal(finding->severity, marked ? 1 : 3);
		assert_int_equal(strstr(english(&finding->sentence), "hides where they are") != NULL, marked);
		end(&world);
	}
}

static void test_more_findings(void **state)
{
	(void)state;
	struct world world;
	struct sk_flow_record record = segment_record(SK_CLASS_DF);
	start(&world, segment_selectors, "own_network", "party", false);
	const struct sk_finding *finding = &world.sink.finding;
	struct sk_flow_facts facts = {.hit_count = 0};
	segment_hit(&facts, world.set, "evil.example");
	segment_tls(&facts, "very.private.evil.example");
	facts.tls.has_ech = true;
	find(&world, &facts, record);
	assert_string_equal(finding->kind, "indicator.domain");
	has(english(&finding->sentence), "opened TLS");
	has(english(&finding->sentence), "under evil.example");
	has(english(&finding->doubt), "ECH");
	assert_null(strstr(english(&finding->sentence), "private"));
	assert_null(strstr(english(&finding->why), "Simulated"));
	segment_dns(&facts, "very.private.evil.example");
	find(&world, &facts, record);
	has(english(&finding->sentence), "asked");
	has(english(&finding->sentence), "(1 query, 0 answers).");
	facts.dns_responses = facts.dns_nxdomain = 2;
	find(&world, &facts, record);
	has(english(&finding->sentence), "(1 query, 2 answers, 2 of them that there is no such name).");
	facts.dns_responses = facts.dns_nxdomain = 0;
	record.packets[1] = 0;
	find(&world, &facts, record);
	has(english(&finding->sentence), "only one direction was seen");
	facts = (struct sk_flow_facts){.hit_count = 0};
	segment_hit(&facts, world.set, "5.6.7.0/24");
	find(&world, &facts, record);
	assert_string_equal(finding->kind, "indicator.prefix");
	has(english(&finding->sentence), "network 5.6.7.0/24");
	facts = (struct sk_flow_facts){.hit_count = 0};
	segment_hit(&facts, world.set, "e7d705a3286e19ea42f587b344ee6865");
	segment_tls(&facts, "harmless.example");
	find(&world, &facts, record);
	assert_string_equal(finding->kind, "indicator.ja3");
	assert_int_equal(finding->severity, 1);
	end(&world);
}

/* The longest names and origins: cut, never torn off the end of a field. */
static void test_long(void **state)
{
	(void)state;
	struct world world;
	struct sk_buf list;
	char name[254];
	memset(name, 'x', sizeof name);
	for (size_t i = 60; i < 253; i += 61)
		name[i] = '.';
	name[253] = '\0';
	sk_buf_init(&list, 4096);
	sk_buf_addf(&list, "%s\n", name);
	start(&world, sk_buf_text(&list), "lab", "none", false);
	struct sk_flow_facts facts = {.hit_count = 0};
	segment_hit(&facts, world.set, name);
	segment_tls(&facts, name);
	find(&world, &facts, segment_record(SK_CLASS_FF));
	assert_string_equal(world.sink.finding.matched, name);
	assert_string_equal(world.sink.observation.sni_domain, name);
	assert_true(strlen(english(&world.sink.finding.sentence)) < SK_WORDS_TEXT_MAX / 4);
	assert_true(strlen(english(&world.sink.finding.why)) < SK_WORDS_TEXT_MAX / 4);
	sk_buf_fini(&list);
	end(&world);
}

static void test_reason_names(void **state)
{
	(void)state;
	assert_string_equal(sk_select_reason_name(SK_SELECT_NO_HIT), "no_hit");
	assert_string_equal(sk_select_reason_name(SK_SELECT_STOPPED), "stopped");
}

/* A segment that another meter counted is minted like any other, says who counted, and moves no count of frames. //= rule: SELECT-1 */
static void test_metered(void **state)
{
	(void)state;
	static const struct sk_indicator_options options = {.min_prefix_v4 = 8, .min_prefix_v6 = 19};
	static const struct sk_select_counts none;
	struct lists lists;
	struct sink sink;
	struct sk_select *select;
	struct sk_basis basis = segment_basis("lab", "none", false);
	lists_start(&lists, &options);
	assert_int_equal(lists_import(&lists, "bad.txt", segment_selectors), SK_OK);
	struct sk_indicator_set *set = lists_compile(&lists);
	sink_start(&sink);
	assert_int_equal(sk_select_new(&basis, set, &sink.as, &select), SK_OK);
	struct sk_flow_record record = segment_record(SK_CLASS_FD);
	struct sk_flow_facts facts = {.hit_count = 0};
	record.metered_by = SK_METER_NETFLOW9;
	record.sampling = 512;
	record.packets[1] = record.ip_bytes[1] = 0;
	record.tcp_flags[0] = SK_TCP_ACK;
	assert_false(sk_select_metered(select, &record));
	assert_memory_equal(sk_select_counts(select), &none, sizeof none);
	segment_hit(&facts, set, "45.33.32.156");
	record.facts = &facts;
	assert_true(sk_select_metered(select, &record));
	assert_int_equal(sink.observations, 1);
	assert_int_equal(sink.observation.metered_by, SK_METER_NETFLOW9);
	assert_int_equal(sink.observation.sampling, 512);
	assert_non_null(strstr(english(&sink.finding.sentence), "as a flow export counted it, of one packet in 512"));
	assert_int_equal(sink.finding.severity, 3); /* one direction alone is no knock where exports have no other */
	assert_int_equal(sk_select_counts(select)->observations, 1);
	assert_int_equal(sk_select_counts(select)->findings, 1);
	assert_int_equal(sk_select_counts(select)->selected_frames, 0);
	record.tcp_flags[0] = SK_TCP_SYN;
	assert_true(sk_select_metered(select, &record));
	assert_int_equal(sink.finding.severity, 1);
	sk_select_free(select);
	sk_indicator_close(set);
	lists_end(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_metered), cmocka_unit_test(test_one_fate), cmocka_unit_test(test_kinds), cmocka_unit_test(test_histories), cmocka_unit_test(test_names), cmocka_unit_test(test_hosts), cmocka_unit_test(test_entropy),
					   cmocka_unit_test(test_canary), cmocka_unit_test(test_findings), cmocka_unit_test(test_relays), cmocka_unit_test(test_more_findings), cmocka_unit_test(test_long),
					   cmocka_unit_test(test_reason_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
