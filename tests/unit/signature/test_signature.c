/* SPDX-License-Identifier: Apache-2.0 */
/* Rules asked against a model that tries every place; connections cut and shuffled in every way; bounds; half views; and nothing that stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "signature_test.h"

enum { ALL_CLASSES = (1 << SK_CLASS_COUNT) - 1, CONTENTS_MAX = 4, TEXT_MAX = 24 };

static uint64_t seed = 42;

static uint32_t dice(uint32_t sides)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % sides;
}

/* ---- the model ---- */

struct content {
	char bytes[4];
	int length, offset, depth, distance, within; /* -1: not said; distance: INT_MIN is not said */
	bool negated, relative;
};

static bool stands(const char *text, int at, const struct content *c)
{
	return memcmp(text + at, c->bytes, (size_t)c->length) == 0;
}

static void places(const struct content *c, int previous, int length, int slack, int *low, int *high)
{
	*low = 0;
	*high = length;
	if (c->relative) {
		*low = previous + (c->distance == INT32_MIN ? 0 : c->distance);
		if (c->within >= 0)
			*high = *low + c->within + slack;
	} else {
		*low = c->offset >= 0 ? c->offset : 0;
		if (c->depth >= 0)
			*high = *low + c->depth + slack;
	}
	*low = *low < 0 ? 0 : *low;
	*high = *high > length ? length : *high;
}

/* Is there any choice of places? slack breaks it. */
static bool model(const char *text, int length, const struct content *contents, int count, int previous, int slack)
{
	int low, high;
	if (count == 0)
		return true;
	places(contents, previous, length, slack, &low, &high);
	bool any = false;
	for (int at = low; at + contents->length <= high; at++) {
		if (!stands(text, at, contents))
			continue;
		any = true;
		if (!contents->negated && model(text, length, contents + 1, count - 1, at + contents->length, slack))
			return true;
	}
	return contents->negated && !any && model(text, length, contents + 1, count - 1, previous, slack);
}

static void roll(struct content *c, bool first)
{
	*c = (struct content){.length = 1 + (int)dice(3), .offset = -1, .depth = -1, .distance = INT32_MIN, .within = -1, .negated = !first && dice(4) == 0};
	for (int i = 0; i < c->length; i++)
		c->bytes[i] = (char)('a' + dice(2));
	c->relative = !first && dice(3) != 0;
	if (c->relative) {
		if (dice(3) != 0)
			c->distance = (int)dice(7) - 2;
		if (dice(2) == 0 || c->distance == INT32_MIN)
			c->within = c->length + (int)dice(6);
		return;
	}
	if (dice(3) == 0)
		c->offset = (int)dice(8);
	if (dice(3) == 0)
		c->depth = c->length + (int)dice(8);
}

static int write_content(char *out, size_t room, const struct content *c)
{
	int used = snprintf(out, room, "content:%s\"%.*s\"; ", c->negated ? "!" : "", c->length, c->bytes);
	if (c->offset >= 0)
		used += snprintf(out + used, room - (size_t)used, "offset:%d; ", c->offset);
	if (c->depth >= 0)
		used += snprintf(out + used, room - (size_t)used, "depth:%d; ", c->depth);
	if (c->distance != INT32_MIN)
		used += snprintf(out + used, room - (size_t)used, "distance:%d; ", c->distance);
	if (c->within >= 0)
		used += snprintf(out + used, room - (size_t)used, "within:%d; ", c->within);
	return used;
}

/* Returns how many of the answers differ from the model's. */
static unsigned compare(unsigned rounds, int slack)
{
	enum { RULES = 6, TEXTS = 12 };
	unsigned differ = 0;
	struct sk_signature_limits limits = sk_signature_default_limits();
	limits.streams = 4;
	for (unsigned round = 0; round < rounds; round++) {
		struct content contents[RULES][CONTENTS_MAX];
		int counts[RULES];
		char rules[4096];
		int used = 0;
		struct bench bench;
		for (int i = 0; i < RULES; i++) {
			counts[i] = 1 + (int)dice(CONTENTS_MAX);
			used += snprintf(rules + used, sizeof rules - (size_t)used, "alert udp any any -> any any (msg:\"m\"; ");
			for (int j = 0; j < counts[i]; j++) {
				roll(&contents[i][j], j == 0);
				used += write_content(rules + used, sizeof rules - (size_t)used, &contents[i][j]);
			}
			used += snprintf(rules + used, sizeof rules - (size_t)used, "sid:%d;)\n", i + 1);
		}
		if (!bench_start(&bench, rules, &limits, ALL_CLASSES))
			fail_msg("refused: %s", rules);
		for (int t = 0; t < TEXTS; t++) {
			char text[TEXT_MAX];
			int length = 1 + (int)dice(TEXT_MAX - 1);
			for (int i = 0; i < length; i++)
				text[i] = (char)('a' + dice(2) + (dice(5) == 0));
			struct sk_packet packet = packet_of(1, 5, 2, 9, UDP, 0, 0);
			with_payload(&packet, 0, text, (size_t)length);
			bench_packet(&bench, &packet);
			uint64_t sids = bench_end(&bench);
			for (int i = 0; i < RULES; i++) {
				bool fits = (sids >> (i + 1) & 1) != 0, expected = model(text, length, contents[i], counts[i], 0, slack);
				if (fits != expected && slack == 0)
					fail_msg("rule %d on %.*s: %d, expected %d\n%s", i + 1, length, text, fits, expected, rules);
				differ += fits != expected;
			}
		}
		bench_stop(&bench);
	}
	return differ;
}

static void contents_as_a_model_finds_them(void **state)
{
	(void)state;
	assert_int_equal(compare(120, 0), 0);
}

/* The twin: a model that is wrong by one byte is told from the right one. */
static void a_wrong_model_is_noticed(void **state)
{
	(void)state;
	assert_true(compare(20, 1) > 0);
}

/* ---- connections ---- */

static const char stream_rules[] = "alert tcp any any -> any any (msg:\"a\"; content:\"BEGIN\"; content:\"END\"; distance:3; sid:1;)\n"
				   "alert tcp any any -> any any (msg:\"b\"; content:\"1234567890123456789\"; sid:2;)\n"
				   "alert tcp any any -> any any (msg:\"c\"; pcre:\"/BEGIN.{3,30}END$/\"; sid:3;)\n"
				   "alert tcp any any -> any any (msg:\"d\"; content:\"GIN\"; content:\"BEG\"; offset:4; sid:4;)\n"
				   "alert tcp any any -> any any (msg:\"e\"; content:\"N-123\"; content:!\"BEGIN\"; sid:5;)\n";
static const char stream_text[] = "--BEGIN-1234567890123456789-END";

static uint64_t send_cut(struct bench *bench, const size_t *cuts, const unsigned *order)
{
	size_t length = strlen(stream_text);
	bench_handshake(bench, 100, 4000);
	for (unsigned i = 0; i < 3; i++) {
		size_t from = order[i] == 0 ? 0 : cuts[order[i] - 1], to = order[i] == 2 ? length : cuts[order[i]];
		bench_tcp(bench, 100, 4000, true, SK_TCP_ACK, (uint32_t)from, stream_text + from, to - from);
	}
	return bench_end(bench);
}

/* Of a rule that asks what is not there the answer depends on what has come: but for that one, cuts and order change nothing. */
static void cuts_and_order_change_nothing(void **state)
{
	static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct sk_signature_limits limits = sk_signature_default_limits();
	struct bench bench;
	(void)state;
	limits.streams = 8;
	assert_true(bench_start(&bench, stream_rules, &limits, ALL_CLASSES));
	for (size_t first = 1; first + 1 < strlen(stream_text); first++)
		for (size_t second = first + 1; second < strlen(stream_text); second++)
			for (size_t i = 0; i < SK_COUNT(orders); i++) {
				const size_t cuts[2] = {first, second};
				uint64_t sids = send_cut(&bench, cuts, orders[i]) & ~(UINT64_C(1) << 5);
				if (sids != (1 << 1 | 1 << 2 | 1 << 3))
					fail_msg("cut at %zu and %zu, order %zu: %llx", first, second, i, (unsigned long long)sids);
			}
	bench_stop(&bench);
}

static void copies_that_come_later_change_nothing(void **state)
{
	struct sk_signature_limits limits = sk_signature_default_limits();
	struct bench bench;
	(void)state;
	assert_true(bench_start(&bench, "alert tcp any any -> any any (msg:\"a\"; content:\"HONEST\"; sid:1;)\nalert tcp any any -> any any (msg:\"b\"; content:\"FORGED\"; flow:only_stream; sid:2;)\n",
				&limits, ALL_CLASSES));
	bench_handshake(&bench, 100, 4000);
	bench_tcp(&bench, 100, 4000, true, SK_TCP_ACK, 0, "HONEST", 6);
	bench_tcp(&bench, 100, 4000, true, SK_TCP_ACK, 0, "FORGED", 6);
	assert_int_equal(bench_end(&bench), 1 << 1);
	bench_stop(&bench);
}

/* Of each direction the first bytes are looked at, and no others. */
static void beyond_the_bound_nothing_is_looked_at(void **state)
{
	struct sk_signature_limits limits = {.bytes = 2048, .streams = 4, .counters = 64};
	struct sk_signature_counts before, after;
	struct bench bench;
	char filler[1000];
	(void)state;
	memset(filler, 'x', sizeof filler);
	assert_true(bench_start(&bench, "alert tcp any any -> any any (msg:\"a\"; content:\"LATE\"; sid:1;)\n", &limits, ALL_CLASSES));
	bench_handshake(&bench, 100, 4000);
	for (uint32_t i = 0; i < 3; i++)
		bench_tcp(&bench, 100, 4000, true, SK_TCP_ACK, i * 1000, filler, sizeof filler);
	sk_signature_counts(bench.signature, &before);
	bench_tcp(&bench, 100, 4000, true, SK_TCP_ACK, 3000, "LATE", 4);
	sk_signature_counts(bench.signature, &after);
	assert_int_equal(before.asked, after.asked);
	assert_int_equal(bench_end(&bench), 0);
	bench_stop(&bench);
}

static void places_are_pushed_out_and_counted(void **state)
{
	struct sk_signature_limits limits = {.bytes = 2048, .streams = 3, .counters = 64};
	struct sk_signature_counts counts;
	struct bench bench;
	(void)state;
	assert_true(bench_start(&bench, "alert tcp any any -> any any (msg:\"a\"; flow:established; content:\"BEGIN\"; content:\"END\"; sid:1;)\n", &limits, ALL_CLASSES));
	for (uint16_t port = 100; port < 120; port++) {
		bench_handshake(&bench, port, 4000);
		bench_tcp(&bench, port, 4000, true, SK_TCP_ACK, 0, "BEGIN", 5);
	}
	sk_signature_counts(bench.signature, &counts);
	assert_int_equal(counts.streams_shed, 17);
	for (uint16_t port = 100; port < 120; port++)
		bench_tcp(&bench, port, 4000, true, SK_TCP_ACK, 5, "END", 3);
	(void)bench_end(&bench);
	assert_int_equal(bench.hits, 3);
	bench_stop(&bench);
}

/* One direction alone is admitted: the handshake is never seen whole, and rules that ask for it are asked all the same. */
static void half_a_view(void **state)
{
	static const char rule[] = "alert tcp any any -> any any (msg:\"a\"; flow:established,to_server; content:\"BEGIN\"; sid:1;)\n";
	struct sk_signature_limits limits = sk_signature_default_limits();
	for (unsigned half = 0; half < 2; half++) {
		struct bench bench;
		assert_true(bench_start(&bench, rule, &limits, half != 0 ? SK_CLASS_BIT(SK_CLASS_FD) : (unsigned)ALL_CLASSES));
		bench_tcp(&bench, 100, 4000, true, SK_TCP_SYN, 0, "", 0);
		bench_tcp(&bench, 100, 4000, true, SK_TCP_ACK, 0, "BEGIN", 5);
		assert_int_equal(bench_end(&bench), half != 0 ? 1 << 1 : 0);
		bench_stop(&bench);
	}
	(void)state;
}

/* An expression that would take for ever is given up, and does not fit. */
static void steps_are_bounded(void **state)
{
	struct sk_signature_limits limits = sk_signature_default_limits();
	struct sk_signature_counts counts;
	struct bench bench;
	char text[1400];
	(void)state;
	memset(text, 'a', sizeof text);
	assert_true(bench_start(&bench, "alert udp any any -> any any (msg:\"a\"; content:\"aaaa\"; pcre:\"/(a|aa)+[bc]/\"; sid:1;)\n"
					"alert udp any any -> any any (msg:\"b\"; content:\"a\"; content:\"a\"; distance:0; content:\"a\"; distance:0; content:\"a\"; distance:0; content:\"b\"; distance:0; sid:2;)\n",
				&limits, ALL_CLASSES));
	struct sk_packet packet = packet_of(1, 5, 2, 9, UDP, 0, 0);
	with_payload(&packet, 0, text, sizeof text);
	bench_packet(&bench, &packet);
	sk_signature_counts(bench.signature, &counts);
	assert_int_equal(counts.limited, 2);
	assert_int_equal(bench_end(&bench), 0);
	bench_stop(&bench);
}

/* What is made of patterns at import is what is made of them at the start. */
static void the_cache_is_as_good(void **state)
{
	struct sk_buf cached;
	struct sk_fault fault;
	struct bench bench;
	struct sk_signature_limits limits = sk_signature_default_limits();
	char path[] = "/tmp/sekisho-signature-XXXXXX";
	int fd = mkstemp(path);
	struct sk_rules *rules = NULL;
	(void)state;
	assert_true(fd >= 0 && close(fd) == 0);
	assert_true(bench_start(&bench, stream_rules, &limits, ALL_CLASSES));
	sk_buf_init(&cached, 64 << 20);
	assert_int_equal(sk_signature_compile(bench.rules, &cached, &fault), SK_OK);
	assert_int_equal(sk_rules_write(bench.rules, path, cached.bytes, cached.length, &fault), SK_OK);
	assert_int_equal(sk_rules_open(path, &rules, &fault), SK_OK);
	for (unsigned trusted = 0; trusted < 2; trusted++) {
		const size_t cuts[2] = {5, 9};
		const unsigned order[3] = {0, 1, 2};
		struct bench other = {.rules = rules, .basis = {.classes = ALL_CLASSES}, .now_ns = 1000 * S};
		struct sk_flow_limits small = sk_flow_default_limits();
		small.flows = 256;
		assert_int_equal(sk_flow_table_new(&small, test_key, bench_closed, &other, &other.table), SK_OK);
		assert_int_equal(sk_signature_new(rules, &other.basis, &limits, test_key, trusted != 0, &other.signature, &fault), SK_OK);
		assert_int_equal(sk_signature_attach(other.signature, other.table), SK_OK);
		assert_int_equal(send_cut(&other, cuts, order) & ~(UINT64_C(1) << 5), 1 << 1 | 1 << 2 | 1 << 3);
		sk_signature_free(other.signature);
		sk_flow_table_free(other.table);
	}
	sk_rules_free(rules);
	sk_buf_fini(&cached);
	bench_stop(&bench);
	assert_int_equal(remove(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_as_a_model_finds_them), cmocka_unit_test(a_wrong_model_is_noticed), cmocka_unit_test(cuts_and_order_change_nothing),
		cmocka_unit_test(copies_that_come_later_change_nothing), cmocka_unit_test(beyond_the_bound_nothing_is_looked_at), cmocka_unit_test(places_are_pushed_out_and_counted),
		cmocka_unit_test(half_a_view), cmocka_unit_test(steps_are_bounded), cmocka_unit_test(the_cache_is_as_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
