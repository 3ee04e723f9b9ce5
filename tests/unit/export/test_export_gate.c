/* SPDX-License-Identifier: Apache-2.0 */
/* rule: EXPORT-2 EXPORT-3. The pair first, nothing of what is not covered, and nothing that is not on the list. */
#include "export_test.h"

/* The same message under a basis that covers these classes. */
static void cover(struct world *w, unsigned classes)
{
	sk_export_free(w->export_);
	w->basis.classes = classes;
	w->observations = 0;
	struct sk_export_config config = {.border = (const struct sk_border *)(const void *)&w->clock, .basis = &w->basis, .set = w->set, .sink = &w->sink,
					  .limits = sk_export_default_limits(), .clock = sk_clock_of_fake(&w->clock), .frames = world_frames, .context = w};
	assert_int_equal(sk_export_new(&config, &w->export_), SK_OK);
}

/* Every class under every coverage: kept exactly where the gate says so, counted by its reason where not. */
static void classes_by_coverage(void **state)
{
	(void)state;
	static const struct {
		uint32_t source, destination;
		enum sk_class class_;
		enum sk_gate_reason refused;
	} pairs[] = {{FOREIGN4, FOREIGN4_B, SK_CLASS_FF, SK_GATE_NOT_COVERED}, {FOREIGN4, DOMESTIC4, SK_CLASS_FD, SK_GATE_NOT_COVERED}, {DOMESTIC4, FOREIGN4, SK_CLASS_DF, SK_GATE_NOT_COVERED},
		     {DOMESTIC4, DOMESTIC4_B, SK_CLASS_DD, SK_GATE_DOMESTIC}, {DOMESTIC4, UNKNOWN4, SK_CLASS_UNKNOWN, SK_GATE_UNKNOWN}, {UNKNOWN4, FOREIGN4, SK_CLASS_UNKNOWN, SK_GATE_UNKNOWN}};
	static struct world w;
	world_start(&w, true);
	for (unsigned covered = 0; covered < 1u << SK_CLASS_COUNT; covered++) {
		cover(&w, covered);
		teach(&w, 1);
		for (size_t i = 0; i < SK_COUNT(pairs); i++) {
			struct sk_export_totals before = totals(&w), after;
			send_plain(&w, (uint32_t)i, 1, 1, pairs[i].source, pairs[i].destination);
			after = totals(&w);
			/* What is domestic or unknown is nobody's to keep, whatever a basis says. */
			bool kept = (covered & SK_CLASS_BIT(pairs[i].class_)) != 0 && pairs[i].class_ <= SK_CLASS_DF;
			assert_int_equal(after.selected - before.selected, kept);
			assert_int_equal(after.gate[pairs[i].refused] - before.gate[pairs[i].refused], !kept);
			assert_int_equal(after.classes[pairs[i].class_] - before.classes[pairs[i].class_], 1);
			assert_closes(&w);
		}
	}
	world_end(&w);
}

static void put6(struct msg *m, uint8_t last)
{
	put32(m, 0x20010db8), put32(m, 0), put32(m, 0), put32(m, last);
}

/* Both families in one template; the pair that is all zero is not there. Of two, ipVersion says which the record is about, and the other is judged too. */
static void two_families(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	static const struct {
		uint32_t source4, destination4;
		uint8_t source6, destination6, version, family; /* family of the observation; 0: none */
		unsigned reason;
	} cases[] = {
		{DOMESTIC4, FOREIGN4, 0, 0, 0, 4, 0}, {0, 0, 1, 2, 0, 6, 0}, {DOMESTIC4, FOREIGN4, 1, 2, 4, 4, 0}, {DOMESTIC4, FOREIGN4, 1, 2, 6, 6, 0},
		{DOMESTIC4, FOREIGN4, 1, 1, 4, 0, SK_GATE_INNER_DOMESTIC}, {DOMESTIC4, DOMESTIC4_B, 1, 2, 6, 0, SK_GATE_INNER_DOMESTIC},
		{DOMESTIC4, FOREIGN4, 1, 3, 4, 0, SK_GATE_INNER_UNKNOWN}, {0, 0, 0, 0, 0, 0, SK_GATE_UNKNOWN},
	};
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {8, 4}, {27, 16}, {12, 4}, {28, 16}, {60, 1}, {1, 4}, {2, 4});
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_export_totals before = totals(&w), after;
		static const uint8_t zero[16];
		ipfix_start(&m, (uint32_t)i, 1);
		set_start(&m, 256);
		put32(&m, cases[i].source4);
		cases[i].source6 != 0 ? put6(&m, cases[i].source6) : sk_put_bytes(&m.out, zero, 16);
		put32(&m, cases[i].destination4);
		cases[i].destination6 != 0 ? put6(&m, cases[i].destination6) : sk_put_bytes(&m.out, zero, 16);
		put8(&m, cases[i].version), put32(&m, 100), put32(&m, 1);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		after = totals(&w);
		assert_int_equal(after.received - before.received, 1);
		assert_int_equal(after.selected - before.selected, cases[i].family != 0);
		if (cases[i].family != 0)
			assert_int_equal(w.kept[w.observations - 1].initiator.family, cases[i].family);
		else
			assert_int_equal(after.gate[cases[i].reason] - before.gate[cases[i].reason], 1);
	}
	world_end(&w);
}

/* A translator's record names four addresses. Each pair is judged, the strictest wins, and of the translated ones nothing is kept. */
static void translation(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	static const struct {
		uint32_t source, destination, post_source, post_destination;
		bool kept;
		unsigned reason;
	} cases[] = {
		{DOMESTIC4, FOREIGN4, DOMESTIC4_B, FOREIGN4, true, 0},                        /* an ordinary NAT of ours */
		{DOMESTIC4, FOREIGN4, 0, 0, true, 0},                                         /* not translated */
		{DOMESTIC4, FOREIGN4, DOMESTIC4_B, 0, true, 0},
		{DOMESTIC4, FOREIGN4, DOMESTIC4_B, DOMESTIC4, false, SK_GATE_INNER_DOMESTIC}, /* it stays inside after all */
		{DOMESTIC4, FOREIGN4, 0, DOMESTIC4_B, false, SK_GATE_INNER_DOMESTIC},
		{DOMESTIC4, FOREIGN4, UNKNOWN4, FOREIGN4, false, SK_GATE_INNER_UNKNOWN},
		{DOMESTIC4, DOMESTIC4_B, FOREIGN4, DOMESTIC4, false, SK_GATE_DOMESTIC},
	};
	for (unsigned asa = 0; asa < 2; asa++) {
		world_start(&w, true);
		v9_start(&m, 0, 1);
		set_start(&m, 0);
		if (asa)
			TEMPLATE(&m, 256, {8, 4}, {12, 4}, {40001, 4}, {40002, 4}, {1, 4}, {2, 4});
		else
			TEMPLATE(&m, 256, {8, 4}, {12, 4}, {225, 4}, {226, 4}, {1, 4}, {2, 4});
		set_end(&m);
		send_msg(&w, &m);
		for (size_t i = 0; i < SK_COUNT(cases); i++) {
			struct sk_export_totals before = totals(&w), after;
			v9_start(&m, (uint32_t)i + 1, 1);
			set_start(&m, 256);
			put32(&m, cases[i].source), put32(&m, cases[i].destination), put32(&m, cases[i].post_source), put32(&m, cases[i].post_destination), put32(&m, 100), put32(&m, 1);
			set_end(&m);
			send_msg(&w, &m);
			after = totals(&w);
			assert_int_equal(after.selected - before.selected, cases[i].kept);
			if (!cases[i].kept)
				assert_int_equal(after.gate[cases[i].reason] - before.gate[cases[i].reason], 1);
		}
		world_end(&w);
	}
	/* Between the families (NAT64): an address of the other family is judged like any. */
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {27, 16}, {28, 16}, {225, 4}, {226, 4}, {1, 4}, {2, 4});
	set_end(&m);
	set_start(&m, 256);
	put6(&m, 1), put6(&m, 2), put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 1), put32(&m, 1);
	put6(&m, 1), put6(&m, 2), put32(&m, DOMESTIC4), put32(&m, DOMESTIC4_B), put32(&m, 1), put32(&m, 1);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_true(w.observations == 1 && w.kept[0].initiator.family == 6 && totals(&w).gate[SK_GATE_INNER_DOMESTIC] == 1);
	world_end(&w);
}

/* What names no two addresses: hardware addresses, networks, one address alone, addresses of a wrong length. */
static void no_pair(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {56, 6}, {80, 6}, {1, 4});
	TEMPLATE(&m, 257, {44, 4}, {45, 4}, {1, 4});
	TEMPLATE(&m, 258, {8, 4}, {1, 4});
	TEMPLATE(&m, 259, {8, 2}, {12, 4}, {1, 4});
	TEMPLATE(&m, 260, {8, 4}, {28, 16}, {1, 4});
	set_end(&m);
	static const unsigned lengths[] = {16, 12, 8, 10, 24};
	for (unsigned i = 0; i < SK_COUNT(lengths); i++) {
		set_start(&m, 256 + i);
		for (unsigned byte = 0; byte < lengths[i]; byte++)
			put8(&m, 1);
		set_end(&m);
	}
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(totals(&w).gate[SK_EXPORT_NO_PAIR], SK_COUNT(lengths));
	assert_int_equal(totals(&w).classes[SK_CLASS_UNKNOWN], SK_COUNT(lengths));
	world_end(&w);
}

/* ---- erased at once ---- */

static size_t seen_nonzero;
static const uint8_t *seen_start;

/* Called while the message is being read: what stands in front of the sample was judged before it. */
static enum sk_err look_back(void *context, struct sk_frame *frames, size_t count, struct sk_fault *fault)
{
	(void)context;
	(void)fault;
	assert_int_equal(count, 1);
	seen_start = frames[0].bytes;
	seen_nonzero = sk_count_nonzero(frames[0].bytes - 4 - 5 - 3 * PLAIN_BYTES, 3 * PLAIN_BYTES);
	return SK_OK;
}

/* A record that is not covered is zeros before the next set is looked at, not only when the message is done. Twin: covered ones are still there. */
static void erased_at_once(void **state)
{
	(void)state;
	static struct world w;
	for (unsigned covered = 0; covered < 2; covered++) {
		struct msg m;
		world_start(&w, true);
		sk_export_free(w.export_);
		struct sk_export_config config = {.border = (const struct sk_border *)(const void *)&w.clock, .basis = &w.basis, .set = w.set, .sink = &w.sink,
						  .limits = sk_export_default_limits(), .clock = sk_clock_of_fake(&w.clock), .frames = look_back};
		assert_int_equal(sk_export_new(&config, &w.export_), SK_OK);
		teach(&w, 1);
		ipfix_start(&m, 0, 1);
		set_start(&m, 2);
		TEMPLATE(&m, 300, {312, 4}, {315, 65535});
		set_end(&m);
		set_start(&m, 256);
		for (unsigned i = 0; i < 3; i++)
			put_plain(&m, DOMESTIC4, covered ? FOREIGN4 : DOMESTIC4_B);
		set_end(&m);
		set_start(&m, 300);
		put32(&m, 64), put8(&m, 20);
		for (unsigned i = 0; i < 20; i++)
			put8(&m, 0xaa);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_non_null(seen_start);
		if (covered)
			assert_true(seen_nonzero > PLAIN_BYTES);
		else
			assert_int_equal(seen_nonzero, 0);
		world_end(&w);
	}
}

/* ---- what is not on the list ---- */

enum { CANARY = 0xc5, CANARY_RUN = 3 };

static unsigned canaries_in(const void *memory, size_t length)
{
	const uint8_t *bytes = memory;
	unsigned found = 0, run = 0;
	for (size_t i = 0; i < length; i++) {
		run = bytes[i] == CANARY ? run + 1 : 0;
		found += run == CANARY_RUN;
	}
	return found;
}

/* Payload, URLs, users, SSIDs, hardware addresses, next hops, AS numbers, vendors' own: each filled with the canary, under flow.all. Of none a trace in what is
   minted. Twin: the same bytes in elements of the list are found. */
static void nothing_unlisted_is_kept(void **state)
{
	(void)state;
	static const unsigned unlisted[] = {5, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 23, 24, 36, 37, 40, 41, 42, 44, 45, 46, 47, 51, 52, 56, 57, 58, 61, 62, 70, 80, 81, 82, 83, 94, 95, 96,
					    104, 130, 131, 147, 148, 210, 227, 228, 229, 230, 233, 234, 235, 236, 243, 291, 292, 293, 300, 314, 316, 345, 346, 365, 366, 367, 371, 372, 373,
					    374, 375, 376, 377, 378, 379, 380, 420, 459, 460, 461, 462, 463, 464, 468, 500, 5000, 32767};
	static struct world w;
	static struct msg m;
	world_start(&w, true);
	for (unsigned vendor = 0; vendor < 3; vendor++) {
		static const uint64_t vendors[] = {0, 5951, 29305}; /* those of NetScaler; reverse of what is no count */
		ipfix_start(&m, vendor, 1);
		set_start(&m, 2);
		put16(&m, 256 + vendor), put16(&m, 4 + SK_COUNT(unlisted));
		put16(&m, 8), put16(&m, 4), put16(&m, 12), put16(&m, 4), put16(&m, 1), put16(&m, 4), put16(&m, 2), put16(&m, 4);
		for (size_t i = 0; i < SK_COUNT(unlisted); i++) {
			put16(&m, unlisted[i] | (vendors[vendor] != 0 ? 0x8000 : 0)), put16(&m, 8);
			if (vendors[vendor] != 0)
				put32(&m, vendors[vendor]);
		}
		set_end(&m);
		set_start(&m, 256 + vendor);
		put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 100), put32(&m, 1);
		for (size_t i = 0; i < 8 * SK_COUNT(unlisted); i++)
			put8(&m, CANARY);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_int_equal(totals(&w).count[SK_EXPORT_ELEMENTS_DROPPED], (vendor + 1) * SK_COUNT(unlisted));
	}
	assert_int_equal(w.observations, 3);
	for (size_t i = 0; i < w.observations; i++)
		assert_int_equal(canaries_in(&w.kept[i], sizeof w.kept[i]), 0);
	/* Twin. */
	ipfix_start(&m, 3, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 300, {8, 4}, {12, 4}, {1, 4}, {2, 4});
	set_end(&m);
	set_start(&m, 300);
	put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 0xc5c5c5c5), put32(&m, 1);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_true(canaries_in(&w.kept[3], sizeof w.kept[3]) > 0);
	world_end(&w);
}

/* Only what a selector names is kept where nothing allows more; the rest is no_hit. */
static void selectors(void **state)
{
	(void)state;
	static struct world w;
	world_start(&w, false);
	teach(&w, 1);
	send_plain(&w, 0, 1, 2, DOMESTIC4, FOREIGN4);   /* 198.51.100.2 is named */
	send_plain(&w, 2, 1, 3, DOMESTIC4, FOREIGN4_B);
	struct sk_export_totals t = totals(&w);
	assert_true(t.selected == 2 && t.select[SK_EXPORT_NO_HIT] == 3 && w.findings == 2 && t.observations == 2 && t.findings == 2);
	assert_true(w.kept[0].kind == SK_OBSERVATION_HIT && w.kept[0].hit_count == 1 && strcmp(w.kept[0].matched, "198.51.100.2") == 0);
	world_end(&w);
}

/* rule: BASIS-2. The basis ends: nothing of the message is read, and it is overwritten all the same. */
static void basis_ends(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	struct sk_fault fault;
	world_start(&w, true);
	teach(&w, 1);
	w.basis.until_ns = T0 * S + 1;
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	w.clock.now_unix_ns++;
	ipfix_start(&m, 1, 1);
	set_start(&m, 256);
	put_plain(&m, DOMESTIC4, FOREIGN4);
	set_end(&m);
	ipfix_end(&m);
	assert_int_equal(sk_export_message(w.export_, &w.source, m.bytes, msg_length(&m), &fault), SK_EEXPIRED);
	assert_int_equal(sk_count_nonzero(m.bytes, msg_length(&m)), 0);
	assert_int_equal(totals(&w).received, 1);
	world_end(&w);
}

/* rule: EXPORT-4. What the account takes adds up to the totals, interval by interval, and is consistent by itself. */
static void accounts(void **state)
{
	(void)state;
	static struct world w;
	struct sk_fault fault;
	uint64_t received = 0, selected = 0, observations = 0;
	world_start(&w, true);
	teach(&w, 1);
	for (unsigned i = 0; i < 20; i++) {
		struct sk_account account = {.link = "test", .observations = 5};
		send_plain(&w, received > 0 ? (uint32_t)received : 0, 1, i, DOMESTIC4, i % 3 == 0 ? FOREIGN4 : DOMESTIC4_B);
		assert_int_equal(sk_export_interval_records(w.export_), i);
		sk_export_take_account(w.export_, &account);
		assert_int_equal(sk_account_check(&account, &fault), SK_OK);
		assert_int_equal(account.exports.received.frames, i);
		assert_int_equal(sk_export_interval_records(w.export_), 0);
		received += account.exports.received.frames;
		selected += account.exports.selected.frames;
		observations += account.observations - 5;
		assert_true(account.from_ns == T0 * S && account.to_ns == T0 * S);
	}
	assert_true(received == totals(&w).received && selected == totals(&w).selected && observations == w.observations);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(classes_by_coverage), cmocka_unit_test(two_families), cmocka_unit_test(translation), cmocka_unit_test(no_pair),
					   cmocka_unit_test(erased_at_once), cmocka_unit_test(nothing_unlisted_is_kept), cmocka_unit_test(selectors), cmocka_unit_test(basis_ends),
					   cmocka_unit_test(accounts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
