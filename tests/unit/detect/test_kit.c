/* SPDX-License-Identifier: Apache-2.0 */
/* The kit: nothing runs that a basis does not name, thresholds are held, results do not depend on batches or workers, memory never grows and is empty afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/kit_priv.h"
#include "play.h"

/* All that run in the sensor. */
static const char *all[SK_BASIS_DETECTORS_MAX];
static size_t all_count;

static int name_all(void **state)
{
	(void)state;
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t row = 0; row < rows; row++)
		if (table[row].side == SK_DETECTOR_SENSOR)
			all[all_count++] = table[row].name;
	return 0;
}

static uint64_t random_state = 88172645463325252u;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/* Guessing at doors, with a session at the end of it now and then. */
static void add_guessing(struct play *play, unsigned flows)
{
	for (unsigned i = 0; i < flows; i++) {
		bool session = next_random(20) == 0;
		struct play_flow flow = {.at_s = next_random(6000) / 10.0, .last_s = 1 + next_random(4), .ip_proto = 6, .class_ = SK_CLASS_FD, .answer = PLAY_ACCEPT, .to_port = 22,
					 .from = play_addr("203.0.113.1", next_random(6)), .to = play_addr("192.0.2.1", next_random(2)), .packets = {14, 14},
					 .bytes = {session ? 30000 : 2600, session ? 90000 : 3200}};
		play_flow(play, &flow);
	}
}

/* A few seconds of everything at two addresses. */
static void add_floods(struct play *play)
{
	static const struct { uint8_t ip_proto, flags; uint16_t from_port; } kinds[] = {{6, SK_TCP_SYN, 7}, {6, SK_TCP_ACK, 7}, {17, 0, 7}, {17, 0, 161}, {1, 0, 0}};
	for (unsigned i = 0; i < 12000; i++)
		for (unsigned kind = 0; kind < SK_COUNT(kinds); kind++) {
			struct sk_event event = {.kind = SK_EVENT_OPEN, .ip_proto = kinds[kind].ip_proto, .tcp_flags = {kinds[kind].flags}, .icmp_type = 8, .class_ = SK_CLASS_FD,
						 .initiator = play_addr("100.64.0.0", next_random(3000)), .initiator_port = kinds[kind].from_port,
						 .responder = play_addr("198.18.9.0", i % 3 == 0 ? i % 200 : i % 2), .responder_port = kinds[kind].from_port == 161 ? 9999 : 443};
			play_event(play, 200 + i * 0.0005, &event);
			if (i % 64 == 0) {
				event.kind = SK_EVENT_SAMPLE;
				event.sample.packets = 64;
				event.sample.bytes = 64 * (next_random(1000) + 40);
				play_event(play, 200 + i * 0.0005, &event);
			}
		}
}

/* Names that carry data, that do not exist, whose addresses change, that imitate; and such as everybody asks for. */
static void add_names(struct play *play, unsigned questions)
{
	static const char *const imitations[] = {"www.rakutem.com", "rakuten.top", "smbc-direct.shop", "www.example.com"};
	for (unsigned i = 0; i < questions; i++) {
		char text[SK_DNS_NAME_MAX], label[41] = "";
		unsigned kind = next_random(5);
		for (unsigned c = 0; c < 40; c++)
			label[c] = "bcdfghjklmnpqrst0123456789"[next_random(26)];
		struct play_dns dns = {.at_s = next_random(6000) / 10.0, .client = play_addr("192.0.2.20", next_random(6)), .server = play_addr("203.0.113.53", 0), .name = text, .ttl_s = 60};
		if (kind == 0)
			(void)snprintf(text, sizeof text, "%s.carrier%u.com", label, next_random(3));
		else if (kind == 1)
			(void)snprintf(text, sizeof text, "%.14s.com", label);
		else if (kind == 2)
			(void)snprintf(text, sizeof text, "www.flux%u.com", next_random(2));
		else
			(void)snprintf(text, sizeof text, "%s", imitations[next_random(4)]);
		dns.type = kind == 0 ? 16 : 1;
		dns.rcode = kind == 1 ? 3 : 0;
		dns.answers = kind != 1;
		if (kind == 2)
			dns.addresses[dns.address_count++] = play_addr("20.0.0.1", next_random(400) << 16);
		play_dns(play, &dns);
	}
}

/* Talk of a few hundred hosts, with scanners among them. */
static void add_traffic(struct play *play, unsigned flows)
{
	for (unsigned i = 0; i < flows; i++) {
		struct play_flow flow = {.at_s = next_random(3000) / 10.0, .last_s = next_random(60), .ip_proto = next_random(4) == 0 ? 17 : 6, .class_ = (uint8_t)next_random(3),
					 .answer = next_random(3) == 0 ? PLAY_SILENT : PLAY_ACCEPT, .to_port = (uint16_t)(next_random(4) * 111 + 22),
					 .from_port = (uint16_t)(1024 + next_random(60000)), .packets = {10, 12}, .bytes = {400 + next_random(4000), 500 + next_random(9000)}};
		flow.from = play_addr("10.1.0.0", next_random(40));
		flow.to = play_addr("198.18.0.0", next_random(300));
		switch (next_random(6)) {
		case 0: case 1:
			flow.from = play_addr("10.2.0.0", next_random(3));
			flow.to_port = 23;
			flow.answer = next_random(10) == 0 ? PLAY_REFUSE : PLAY_SILENT;
			break;
		case 2:
			flow = (struct play_flow){.at_s = flow.at_s, .ip_proto = 1, .icmp_type = 8, .class_ = SK_CLASS_FD, .from = play_addr("10.3.0.0", next_random(4)), .to = flow.to};
			break;
		case 3:
			flow.from = play_addr("10.4.0.0", next_random(2));
			flow.to = play_addr("198.18.5.0", next_random(3) + (flow.from.bytes[3] != 0 ? 7 : 0));
			flow.to_port = (uint16_t)next_random(300);
			flow.first_flags = next_random(10) == 0 ? 41 : next_random(10) == 0 ? 3 : 0;
			flow.answer = PLAY_REFUSE;
			break;
		default:
			break;
		}
		play_flow(play, &flow);
	}
	add_guessing(play, flows / 10);
	add_floods(play);
	add_names(play, flows / 4);
}

static int by_what(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sk_detection));
}

/* The last that is said of each subject and value: what a person is left with. */
static size_t last_words(const struct play *play, struct sk_detection *out, size_t room)
{
	size_t count = 0;
	for (size_t i = 0; i < play->said_count; i++) {
		const struct sk_detection *d = &play->said[i];
		size_t at = 0;
		while (at < count && (out[at].detector != d->detector || strcmp(out[at].matched, d->matched) != 0 || !sk_addr_equal(&out[at].initiator, &d->initiator)))
			at++;
		assert_true(at < room);
		uint64_t added = at < count ? out[at].added : 0;
		out[at] = *d;
		out[at].added = added + d->added;
		count += at == count;
	}
	qsort(out, count, sizeof out[0], by_what);
	return count;
}

/* rule: DETECTOR-3 */
static void test_workers(void **state)
{
	(void)state;
	static struct sk_detection words[3][512];
	size_t counts[3];
	static const unsigned workers[3] = {1, 2, 7};
	for (unsigned round = 0; round < 3; round++) {
		struct play play;
		random_state = 4711;
		play_start(&play, workers[round], 0, NULL, all, all_count);
		add_traffic(&play, 4000);
		play_run(&play, false);
		counts[round] = last_words(&play, words[round], SK_COUNT(words[round]));
		play_end(&play);
	}
	size_t kinds = 0;
	for (size_t i = 0, last = SIZE_MAX; i < counts[0]; i++) {
		kinds += words[0][i].detector != last;
		last = words[0][i].detector;
	}
	assert_true(kinds >= 17);
	assert_int_equal(counts[1], counts[0]);
	assert_int_equal(counts[2], counts[0]);
	assert_memory_equal(words[1], words[0], counts[0] * sizeof words[0][0]);
	assert_memory_equal(words[2], words[0], counts[0] * sizeof words[0][0]);
	/* Sabotage: another talk gives other words, so the comparison above can fail. */
	struct play play;
	random_state = 4712;
	play_start(&play, 1, 0, NULL, all, all_count);
	add_traffic(&play, 4000);
	play_run(&play, false);
	assert_true(last_words(&play, words[1], SK_COUNT(words[1])) != counts[0] || memcmp(words[1], words[0], counts[0] * sizeof words[0][0]) != 0);
	play_end(&play);
}

/* rule: DETECTOR-2 */
static void test_wipe(void **state)
{
	(void)state;
	struct play play;
	struct sk_kit_counts before, after;
	play_start(&play, 1, 0, NULL, all, all_count);
	sk_kit_counts(play.kit, &before);
	assert_int_equal(sk_kit_residue(play.kit), 0);
	add_traffic(&play, 20000);
	play_run(&play, true);
	sk_kit_counts(play.kit, &after);
	assert_true(sk_kit_residue(play.kit) > 0 && after.entries > 0);
	assert_int_equal(after.bytes, before.bytes);
	sk_kit_wipe(play.kit);
	assert_int_equal(sk_kit_residue(play.kit), 0);
	sk_kit_counts(play.kit, &after);
	assert_int_equal(after.entries, 0);
	assert_false(sk_kit_finish(play.kit));
	play_end(&play);
}

/* rule: DETECTOR-1 */
static void test_only_what_is_named(void **state)
{
	(void)state;
	struct sk_basis basis = {.classes = 7};
	struct sk_kit_config config = {.basis = &basis, .limits = sk_kit_default_limits()};
	struct sk_kit *kit = (struct sk_kit *)&basis;
	struct sk_fault fault;
	assert_int_equal(sk_kit_new(&config, &kit, &fault), SK_OK);
	assert_null(kit);
	basis.detector_count = 1;
	(void)snprintf(basis.detectors[0].name, sizeof basis.detectors[0].name, "no.such");
	assert_int_equal(sk_kit_new(&config, &kit, &fault), SK_EBASISBAD);
	assert_non_null(strstr(fault.line, "'no.such'"));
	(void)snprintf(basis.detectors[0].name, sizeof basis.detectors[0].name, "scan.horizontal");
	basis.detectors[0].threshold_count = 1;
	basis.detectors[0].thresholds[0] = (struct sk_basis_threshold){.key = "targets", .value = 3};
	assert_int_equal(sk_kit_new(&config, &kit, &fault), SK_EBASISBAD);
	assert_non_null(strstr(fault.line, "targets is 3, expected 4 to 150 addresses"));
	basis.detectors[0].thresholds[0] = (struct sk_basis_threshold){.key = "nothing", .value = 3};
	assert_int_equal(sk_kit_new(&config, &kit, &fault), SK_EBASISBAD);
	assert_non_null(strstr(fault.line, "no threshold 'nothing'"));
	basis.detectors[0].threshold_count = 0;
	assert_int_equal(sk_kit_new(&config, &kit, &fault), SK_OK);
	sk_kit_free(kit);
}

/* Every row has an order of thresholds that a basis can hold, and defaults within its own bounds. */
static void test_tables(void **state)
{
	(void)state;
	size_t rows, count;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t row = 0; row < rows; row++) {
		const struct sk_threshold *thresholds = sk_kit_thresholds(table[row].name, &count);
		/* What is only asked has none. */
		assert_true(table[row].side == SK_DETECTOR_CAMPAIGN || (thresholds != NULL) == (strcmp(table[row].name, "count.only") != 0));
		assert_true(count <= SK_BASIS_THRESHOLDS_MAX);
		for (size_t i = 0; i < count; i++) {
			assert_true(thresholds[i].least <= thresholds[i].fallback && thresholds[i].fallback <= thresholds[i].most && thresholds[i].prose[0] != '\0');
			/* What is said to be forgotten within the hour cannot be told to remember longer. */
			if (strcmp(thresholds[i].key, "memory") == 0)
				assert_true(thresholds[i].most <= (table[row].memory == SK_MEMORY_SHORT ? SK_MEMORY_SHORT_S : SK_MEMORY_DAY_S));
		}
	}
}

/* One packet from 2106 does not make everything old; an older input begins anew. */
static void test_clock(void **state)
{
	(void)state;
	struct play play;
	struct sk_addr scanner = play_addr("203.0.113.9", 0);
	play_start(&play, 1, 0, NULL, all, all_count);
	for (unsigned i = 0; i < 40; i++)
		play_flow(&play, &(struct play_flow){.at_s = 100 + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = scanner, .to = play_addr("192.0.2.1", i), .to_port = 23});
	play_run(&play, true);
	struct sk_event future = {.kind = SK_EVENT_OPEN, .ip_proto = 6, .tcp_flags = {SK_TCP_SYN}, .time_ns = INT64_C(4291747200) * 1000000000,
				  .initiator = play_addr("10.0.0.1", 0), .responder = play_addr("10.0.0.2", 0)};
	sk_kit_event(play.kit, &future);
	for (unsigned i = 40; i < 80; i++)
		play_flow(&play, &(struct play_flow){.at_s = 100 + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = scanner, .to = play_addr("192.0.2.1", i), .to_port = 23});
	play_run(&play, false);
	struct sk_detection last;
	assert_true(play_count(&play, "scan.horizontal", &scanner, &last) >= 1);
	assert_int_equal(last.contacts, 80);
	/* Two hours before: the same subject is a new one. */
	play.said_count = 0;
	for (unsigned i = 0; i < 100; i++)
		play_flow(&play, &(struct play_flow){.at_s = -7200.0 + i, .ip_proto = 6, .class_ = SK_CLASS_FD, .from = scanner, .to = play_addr("192.0.2.1", i), .to_port = 23});
	play_run(&play, false);
	assert_true(play_count(&play, "scan.horizontal", &scanner, &last) >= 1);
	assert_true(last.contacts < 100 && last.last_ns < PLAY_ZERO_NS);
	play_end(&play);
}

/* The ends of a batch are hashed together: each gets what it would get alone, however many there are and of whichever family. */
static void test_hashes(void **state)
{
	(void)state;
	static const char *const detector = "scan.horizontal";
	for (size_t count = 1; count <= SK_KIT_BATCH; count++) {
		struct play play;
		play_start(&play, 1, 0, NULL, &detector, 1);
		for (uint32_t i = 0; i < count; i++) {
			struct sk_event event = {.kind = SK_EVENT_OPEN, .time_ns = PLAY_ZERO_NS, .ip_proto = 6, .class_ = SK_CLASS_FD, .tcp_flags = {SK_TCP_SYN}, .responder_port = 23,
						 .initiator = play_addr(i % 3 == 1 ? "2001:db8::" : "203.0.113.0", i), .responder = play_addr(i % 3 == 1 ? "2001:db8:1::" : "192.0.2.0", i)};
			sk_kit_event(play.kit, &event);
		}
		sk_kit_run(play.kit);
		for (size_t i = 0; i < count; i++) {
			const struct sk_event *event = &play.kit->batch[i];
			assert_true(event->from == sk_kit_hash_addr(play.kit, &event->initiator) && event->to == sk_kit_hash_addr(play.kit, &event->responder));
			assert_true(event->from != event->to);
		}
		play_end(&play);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_workers), cmocka_unit_test(test_wipe), cmocka_unit_test(test_only_what_is_named),
					   cmocka_unit_test(test_tables), cmocka_unit_test(test_clock), cmocka_unit_test(test_hashes)};
	return cmocka_run_group_tests_name("kit", tests, name_all, NULL);
}
