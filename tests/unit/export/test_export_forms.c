/* SPDX-License-Identifier: Apache-2.0 */
/* Each form by itself, field by field, and what is told of sampling, times and directions. */
#include "export_test.h"

static struct sk_addr addr4(uint32_t value)
{
	struct sk_addr addr = {.family = 4};
	struct sk_out o = sk_out_of(addr.bytes, 4);
	sk_put_be32(&o, value);
	return addr;
}

static void v5_start(struct msg *m, unsigned count, uint32_t sequence, unsigned sampling)
{
	msg_start(m);
	put16(m, 5), put16(m, count), put32(m, 1000000), put32(m, T0), put32(m, 500000000), put32(m, sequence), put8(m, 0), put8(m, 7), put16(m, sampling);
}

static void v5_record(struct msg *m, uint32_t source, uint32_t destination, unsigned proto, unsigned destination_port)
{
	put32(m, source), put32(m, destination), put32(m, 0x0a0a0a0a), put32(m, 0), put32(m, 9), put32(m, 900), put32(m, 990000), put32(m, 999000), put16(m, 1234);
	put16(m, destination_port), put8(m, 0), put8(m, 0x12), put8(m, proto), put8(m, 0), put32(m, 0), put16(m, 0), put16(m, 0);
}

static void netflow5(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	v5_start(&m, 3, 100, 0x4000 | 1000);
	v5_record(&m, DOMESTIC4, FOREIGN4, 6, 443);
	v5_record(&m, DOMESTIC4, DOMESTIC4_B, 6, 443);
	v5_record(&m, FOREIGN4, DOMESTIC4, 1, 0x0801);
	send_msg(&w, &m);
	struct sk_export_totals t = totals(&w);
	assert_int_equal(t.received, 3);
	assert_int_equal(t.gate[SK_GATE_DOMESTIC], 1);
	assert_int_equal(t.selected, 2);
	assert_true(t.sampling_least == 1000 && t.sampling_most == 1000 && t.messages_by[SK_METER_NETFLOW5] == 1);
	const struct sk_observation *o = &w.kept[0];
	struct sk_addr source = addr4(DOMESTIC4), destination = addr4(FOREIGN4);
	assert_true(sk_addr_equal(&o->initiator, &source) && sk_addr_equal(&o->responder, &destination));
	assert_true(o->class_ == SK_CLASS_DF && o->ip_proto == 6 && o->initiator_port == 1234 && o->responder_port == 443 && o->tcp_flags[0] == 0x12);
	assert_true(o->packets[0] == 9 && o->ip_bytes[0] == 900 && o->packets[1] == 0 && o->frames == 9 && o->frame_bytes == 900);
	assert_true(o->metered_by == SK_METER_NETFLOW5 && o->sampling == 1000 && !o->initiator_sure);
	assert_true(o->first_ns == T0 * S + S / 2 - 10 * S && o->last_ns == T0 * S + S / 2 - S);
	o = &w.kept[1];
	assert_true(o->class_ == SK_CLASS_FD && o->icmp_type == 8 && o->icmp_code == 0 && o->initiator_port == 8 && o->responder_port == 0);
	/* A count that the bytes do not bear out: nothing of it is read. */
	v5_start(&m, 4, 103, 0);
	v5_record(&m, DOMESTIC4, FOREIGN4, 6, 443);
	send_msg(&w, &m);
	t = totals(&w);
	assert_true(t.received == 3 && t.count[SK_EXPORT_MALFORMED_MESSAGES] == 1);
	/* The router's clock of 32 bits has wrapped since the flow began. */
	msg_start(&m);
	put16(&m, 5), put16(&m, 1), put32(&m, 1000), put32(&m, T0), put32(&m, 0), put32(&m, 103), put32(&m, 0);
	put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 0), put32(&m, 0), put32(&m, 1), put32(&m, 40), put32(&m, UINT32_MAX - 999), put32(&m, 500), put32(&m, 0);
	put32(&m, 0x00021100), put64(&m, 0);
	send_msg(&w, &m);
	assert_true(w.kept[2].first_ns == T0 * S - 2 * S && w.kept[2].last_ns == T0 * S - S / 2);
	assert_int_equal(totals(&w).count[SK_EXPORT_TIMES_WRONG], 0);
	world_end(&w);
}

static void netflow9_with_options(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	v9_start(&m, 1, 5);
	set_start(&m, 0);
	TEMPLATE(&m, 300, {8, 4}, {12, 4}, {22, 4}, {21, 4}, {1, 4}, {2, 4}, {48, 1}, {4, 1}, {7, 2}, {11, 2});
	put16(&m, 0); /* padding to four bytes */
	set_end(&m);
	set_start(&m, 1); /* scope: system (1), whose number means something else among elements */
	put16(&m, 301), put16(&m, 4), put16(&m, 8), put16(&m, 1), put16(&m, 4), put16(&m, 48), put16(&m, 1), put16(&m, 50), put16(&m, 4), put16(&m, 0);
	set_end(&m);
	set_start(&m, 301);
	put32(&m, 0), put8(&m, 3), put32(&m, 512), put8(&m, 0), put16(&m, 0);
	set_end(&m);
	set_start(&m, 300);
	for (unsigned sampler = 3; sampler < 5; sampler++)
		put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 990000), put32(&m, 999000), put32(&m, 900), put32(&m, 9), put8(&m, sampler), put8(&m, 17), put16(&m, 53),
			put16(&m, 5353);
	set_end(&m);
	send_msg(&w, &m);
	struct sk_export_totals t = totals(&w);
	assert_true(t.received == 2 && t.selected == 2 && t.count[SK_EXPORT_OPTIONS_RECORDS] == 1 && t.count[SK_EXPORT_TEMPLATES] == 2 && t.count[SK_EXPORT_MALFORMED_MESSAGES] == 0);
	assert_int_equal(w.kept[0].sampling, 512);
	assert_int_equal(w.kept[1].sampling, 0); /* a sampler of which nothing was told */
	assert_true(w.kept[0].first_ns == T0 * S - 10 * S && w.kept[0].last_ns == T0 * S - S && w.kept[0].metered_by == SK_METER_NETFLOW9);
	assert_true(w.kept[0].initiator_port == 53 && w.kept[0].responder_port == 5353 && w.kept[0].packets[0] == 9 && w.kept[0].ip_bytes[0] == 900);
	world_end(&w);
}

/* Rates that stand for all of an exporter, in each way that one can be told. */
static void sampling_in_every_way(void **state)
{
	(void)state;
	static const struct {
		uint64_t fields[3][2];
		uint32_t values[3], expected;
	} ways[] = {{{{34, 4}, {35, 1}, {210, 1}}, {100, 2, 0}, 100},   {{{305, 4}, {306, 4}, {210, 1}}, {1, 999, 0}, 1000}, {{{305, 4}, {306, 4}, {210, 1}}, {10, 90, 0}, 10},
		    {{{309, 4}, {310, 4}, {210, 1}}, {1, 64, 0}, 64}, {{{309, 4}, {310, 4}, {210, 1}}, {0, 64, 0}, 0},	    {{{50, 4}, {35, 1}, {210, 1}}, {7, 0, 0}, 7}};
	for (size_t i = 0; i < SK_COUNT(ways); i++) {
		struct world w;
		struct msg m;
		world_start(&w, true);
		teach(&w, 1);
		ipfix_start(&m, 0, 1);
		set_start(&m, 3);
		put16(&m, 400), put16(&m, 4), put16(&m, 1), put16(&m, 149), put16(&m, 4);
		for (unsigned f = 0; f < 3; f++)
			put16(&m, (unsigned)ways[i].fields[f][0]), put16(&m, (unsigned)ways[i].fields[f][1]);
		set_end(&m);
		set_start(&m, 400);
		put32(&m, 1);
		for (unsigned f = 0; f < 3; f++)
			ways[i].fields[f][1] == 4 ? put32(&m, ways[i].values[f]) : put8(&m, ways[i].values[f]);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		send_plain(&w, 1, 1, 1, DOMESTIC4, FOREIGN4);
		assert_int_equal(w.kept[0].sampling, ways[i].expected);
		/* Never scaled: the counts are as they were told. */
		assert_true(w.kept[0].packets[0] == 7 && w.kept[0].ip_bytes[0] == 7000);
		send_plain(&w, 0, 2, 1, DOMESTIC4, FOREIGN4); /* another domain: no template even */
		assert_int_equal(totals(&w).count[SK_EXPORT_NO_TEMPLATE], 1);
		world_end(&w);
	}
}

static void ipfix_plain(void **state)
{
	(void)state;
	struct world w;
	world_start(&w, true);
	teach(&w, 9);
	send_plain(&w, 0, 9, 3, FOREIGN4, DOMESTIC4);
	const struct sk_observation *o = &w.kept[2];
	assert_int_equal(w.observations, 3);
	assert_true(o->class_ == SK_CLASS_FD && o->packets[0] == 7 && o->ip_bytes[0] == 7000 && o->metered_by == SK_METER_IPFIX && o->state == SK_FLOW_CLOSING);
	assert_true(o->first_ns == T0 * S - 5 * S && o->last_ns == T0 * S - S);
	world_end(&w);
}

/* Fields of variable length, in front of the pair, between and behind; lengths of one and of three bytes. */
static void variable_length(void **state)
{
	(void)state;
	static const unsigned lengths[] = {0, 1, 254, 255, 300, 2000};
	struct world w;
	struct msg m;
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {E(5951, 128), 65535}, {8, 4}, {E(5951, 129), 65535}, {E(5951, 130), 65535}, {12, 4}, {82, 65535}, {4, 1}, {2, 4}, {1, 4}, {371, 65535}, {95, 3});
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(totals(&w).count[SK_EXPORT_ELEMENTS_DROPPED], 6);
	for (size_t i = 0; i < SK_COUNT(lengths); i++) {
		ipfix_start(&m, (uint32_t)i, 1);
		set_start(&m, 256);
		for (unsigned field = 0; field < 10; field++) {
			bool variable = field == 0 || field == 2 || field == 3 || field == 5 || field == 9;
			if (variable && lengths[i] < 255)
				put8(&m, lengths[i]);
			else if (variable)
				put8(&m, 255), put16(&m, lengths[i]);
			for (unsigned byte = 0; variable && byte < lengths[i]; byte++)
				put8(&m, 0xee);
			if (field == 1)
				put32(&m, DOMESTIC4);
			else if (field == 4)
				put32(&m, FOREIGN4);
			else if (field == 6)
				put8(&m, 17);
			else if (field == 7 || field == 8)
				put32(&m, 10 * field);
		}
		put8(&m, 0), put16(&m, 0);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_int_equal(w.observations, i + 1);
		assert_true(w.kept[i].ip_proto == 17 && w.kept[i].packets[0] == 70 && w.kept[i].ip_bytes[0] == 80);
	}
	/* One that says that it is longer than its set. */
	ipfix_start(&m, 6, 1);
	set_start(&m, 256);
	put8(&m, 200), put64(&m, 0), put64(&m, 0), put64(&m, 0), put64(&m, 0);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(totals(&w).malformed, 1);
	world_end(&w);
}

/* RFC 5103: one record, two directions, each judged; a direction in which nothing went is no flow. */
static void biflows(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {2, 4}, {E(29305, 1), 4}, {E(29305, 2), 4}, {6, 1}, {E(29305, 6), 1}, {239, 1});
	set_end(&m);
	set_start(&m, 256);
	static const uint32_t pairs[][4] = {{DOMESTIC4, FOREIGN4, 11, 1}, {DOMESTIC4, FOREIGN4, 0, 1}, {DOMESTIC4, DOMESTIC4_B, 11, 1}, {FOREIGN4, DOMESTIC4, 11, 2}};
	for (size_t i = 0; i < SK_COUNT(pairs); i++)
		put32(&m, pairs[i][0]), put32(&m, pairs[i][1]), put16(&m, 40000), put16(&m, 25), put8(&m, 6), put32(&m, 500), put32(&m, 5), put32(&m, 100 * pairs[i][2]),
			put32(&m, pairs[i][2]), put8(&m, 0x02), put8(&m, 0x12), put8(&m, pairs[i][3]);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	struct sk_export_totals t = totals(&w);
	assert_int_equal(t.received, 8);
	assert_int_equal(t.count[SK_EXPORT_DATA_RECORDS], 4);
	assert_int_equal(t.count[SK_EXPORT_BIFLOWS], 4);
	assert_int_equal(t.select[SK_EXPORT_EMPTY], 1);
	assert_int_equal(t.gate[SK_GATE_DOMESTIC], 2);
	assert_int_equal(w.observations, 5);
	const struct sk_observation *out = &w.kept[0], *back = &w.kept[1];
	assert_true(out->class_ == SK_CLASS_DF && back->class_ == SK_CLASS_FD && sk_addr_equal(&out->initiator, &back->responder));
	assert_true(out->initiator_port == 40000 && out->responder_port == 25 && back->initiator_port == 25 && back->responder_port == 40000);
	assert_true(out->packets[0] == 5 && back->packets[0] == 11 && back->ip_bytes[0] == 1100 && out->packets[1] == 0 && back->packets[1] == 0);
	assert_true(out->tcp_flags[0] == 0x02 && back->tcp_flags[0] == 0x12 && out->initiator_sure && !back->initiator_sure);
	assert_true(!w.kept[3].initiator_sure && w.kept[4].initiator_sure); /* biflowDirection 2: the reverse direction began */
	world_end(&w);
}

/* 231, 232, 298, 299: what firewalls send instead. */
static void firewall_biflows(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {8, 4}, {12, 4}, {4, 1}, {231, 4}, {232, 4}, {323, 8}, {152, 8});
	set_end(&m);
	set_start(&m, 256);
	put32(&m, FOREIGN4), put32(&m, DOMESTIC4), put8(&m, 17), put32(&m, 69), put32(&m, 14178), put64(&m, (uint64_t)T0 * 1000 - 1000), put64(&m, (uint64_t)T0 * 1000 - 9000);
	put32(&m, FOREIGN4), put32(&m, DOMESTIC4), put8(&m, 17), put32(&m, 0), put32(&m, 0), put64(&m, (uint64_t)T0 * 1000), put64(&m, (uint64_t)T0 * 1000);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(w.observations, 3);
	assert_true(w.kept[0].ip_bytes[0] == 69 && w.kept[0].packets[0] == 1 && w.kept[1].ip_bytes[0] == 14178 && w.kept[1].class_ == SK_CLASS_DF);
	assert_true(w.kept[0].first_ns == T0 * S - 9 * S && w.kept[0].last_ns == T0 * S - S);
	assert_true(w.kept[2].packets[0] == 0 && w.kept[2].ip_bytes[0] == 0); /* an event of a connection: nothing was counted, and nothing is made up */
	assert_int_equal(totals(&w).count[SK_EXPORT_ZERO_PACKETS], 3);
	world_end(&w);
}

/* ---- times ---- */

static void send_times(struct world *w, uint64_t start_element, uint64_t start, uint64_t end_element, uint64_t end)
{
	struct msg m;
	const uint64_t fields[][2] = {{8, 4}, {12, 4}, {1, 4}, {2, 4}, {start_element, 8}, {end_element, 8}};
	ipfix_start(&m, 0, 77);
	set_start(&m, 2);
	put_template(&m, 256, SK_COUNT(fields), fields);
	set_end(&m);
	set_start(&m, 256);
	put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 100), put32(&m, 1), put64(&m, start), put64(&m, end);
	set_end(&m);
	ipfix_end(&m);
	send_msg(w, &m);
}

static void times(void **state)
{
	(void)state;
	const uint64_t ntp = ((uint64_t)T0 + 2208988800u) << 32;
	static struct world w;
	world_start(&w, true);
	const struct sk_observation *o = w.kept;
	struct {
		uint64_t start_element, start, end_element, end;
		int64_t first_ns, last_ns;
		bool wrong;
	} cases[] = {
		{150, T0 - 9, 151, T0 - 8, T0 * S - 9 * S, T0 * S - 8 * S, false},
		{152, (uint64_t)T0 * 1000 - 9, 153, (uint64_t)T0 * 1000, T0 * S - 9000000, T0 * S, false},
		{154, ntp - (1ull << 31), 155, ntp, T0 * S - S / 2, T0 * S, false},
		{156, ntp - (1ull << 30), 157, ntp, T0 * S - S / 4, T0 * S, false},
		{158, 2000000, 159, 1000000, T0 * S - 2 * S, T0 * S - S, false},
		{152, (uint64_t)T0 * 1000 - 5000, 161, 3000, T0 * S - 5 * S, T0 * S - 2 * S, false},
		{152, (uint64_t)T0 * 1000 - 5000, 162, 3000, T0 * S - 5 * S, T0 * S - 5 * S + 3000000, false},
		{322, T0 - 3, 210, 0, T0 * S - 3 * S, T0 * S - 3 * S, false},
		/* ends before it begins */
		{150, T0 - 8, 151, T0 - 9, T0 * S - 9 * S, T0 * S - 9 * S, true},
		/* 1970, the year 2600, the end of 64 bits: into the week before the export */
		{150, 0, 151, 1, T0 * S - 7 * 86400 * S, T0 * S - 7 * 86400 * S, true},
		{150, T0, 151, 20000000000ull, T0 * S, T0 * S + 300 * S, true},
		{152, UINT64_MAX, 153, UINT64_MAX, T0 * S + 300 * S, T0 * S + 300 * S, true},
		{154, UINT64_MAX, 155, 0, T0 * S - 7 * 86400 * S, T0 * S - 7 * 86400 * S, true},
		{158, UINT64_MAX, 159, 1ull << 62, T0 * S - 7 * 86400 * S, T0 * S - 7 * 86400 * S, true},
		{162, UINT64_MAX, 161, UINT64_MAX, T0 * S, T0 * S, false},
	};
	uint64_t wrong = 0;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		send_times(&w, cases[i].start_element, cases[i].start, cases[i].end_element, cases[i].end);
		assert_int_equal(w.observations, i + 1);
		if (o[i].first_ns != cases[i].first_ns || o[i].last_ns != cases[i].last_ns)
			fail_msg("case %zu: %lld %lld, expected %lld %lld", i, (long long)o[i].first_ns, (long long)o[i].last_ns, (long long)cases[i].first_ns, (long long)cases[i].last_ns);
		wrong += cases[i].wrong;
		assert_int_equal(totals(&w).count[SK_EXPORT_TIMES_WRONG], wrong);
	}
	assert_int_equal(totals(&w).count[SK_EXPORT_TIMES_MISSING], 1);
	world_end(&w);
}

/* An exporter whose clock is in another year: ours stands in, and what it tells of times is clamped to ours. */
static void clocks(void **state)
{
	(void)state;
	struct world w;
	world_start(&w, true);
	teach(&w, 1);
	w.source.time_ns = (T0 + 30 * 86400) * S;
	teach(&w, 1);
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(totals(&w).count[SK_EXPORT_CLOCKS_WRONG], 2);
	assert_int_equal(w.kept[0].first_ns, w.source.time_ns - 7 * 86400 * S);
	/* Any time of receipt, however odd, is survived. */
	static const int64_t odd[] = {INT64_MIN + 1, -1, 0, INT64_MAX};
	for (size_t i = 0; i < SK_COUNT(odd); i++) {
		w.source.time_ns = odd[i];
		teach(&w, 1);
		send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
		assert_true(w.kept[w.observations - 1].first_ns <= w.kept[w.observations - 1].last_ns);
	}
	world_end(&w);
}

/* The router's uptime in IPFIX: against the start that it told. */
static void uptime_of_ipfix(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {8, 4}, {12, 4}, {22, 4}, {21, 4});
	set_end(&m);
	set_start(&m, 3);
	put16(&m, 257), put16(&m, 2), put16(&m, 1), put16(&m, 144), put16(&m, 4), put16(&m, 160), put16(&m, 8);
	set_end(&m);
	for (unsigned i = 0; i < 2; i++) {
		set_start(&m, 256);
		put32(&m, DOMESTIC4), put32(&m, FOREIGN4), put32(&m, 4000), put32(&m, 5000);
		set_end(&m);
		set_start(&m, 257);
		put32(&m, 0), put64(&m, (uint64_t)T0 * 1000 - 10000);
		set_end(&m);
	}
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_true(w.kept[0].first_ns == T0 * S && w.kept[0].last_ns == T0 * S); /* nobody knows yet */
	assert_true(w.kept[1].first_ns == T0 * S - 6 * S && w.kept[1].last_ns == T0 * S - 5 * S);
	world_end(&w);
}

/* ---- sampled packets ---- */

static void put_frame(struct msg *m)
{
	put32(m, 0x02000000), put32(m, 0x00010200), put32(m, 0x00000002), put16(m, 0x0800);
	put32(m, 0x4500001c), put32(m, 0), put32(m, 0x40110000), put32(m, DOMESTIC4), put32(m, FOREIGN4), put32(m, 0x04d20035), put32(m, 0x00080000);
}
enum { FRAME_BYTES = 42 };

static void psamp(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, {312, 2}, {315, 65535}, {323, 8});
	TEMPLATE(&m, 257, {313, 28}, {224, 8}, {8, 4}, {12, 4});
	TEMPLATE(&m, 258, {315, 65535}, {408, 2});
	set_end(&m);
	set_start(&m, 256);
	put16(&m, 1500), put8(&m, FRAME_BYTES), put_frame(&m), put64(&m, (uint64_t)T0 * 1000 - 2000);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(w.frames, 1);
	assert_true(w.last_frame.link == SK_LINK_ETHERNET && w.last_frame.captured_bytes == FRAME_BYTES && w.last_frame.wire_bytes == 1500 && w.last_frame.time_ns == T0 * S - 2 * S);
	assert_true(w.frame[0] == 0x02 && w.frame[12] == 0x08 && w.frame[29] == 1);
	ipfix_start(&m, 1, 1);
	set_start(&m, 257);
	size_t at = msg_length(&m);
	put_frame(&m);
	memmove(m.bytes + at, m.bytes + at + 14, 28);
	m.out.at -= 14;
	put64(&m, 700), put32(&m, DOMESTIC4), put32(&m, DOMESTIC4_B);
	set_end(&m);
	set_start(&m, 258); /* 802.11 (IANA dataLinkFrameType 2): the gate does not read it */
	put8(&m, FRAME_BYTES), put_frame(&m), put16(&m, 2);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(w.frames, 2);
	assert_true(w.last_frame.link == SK_LINK_RAW_IP && w.last_frame.captured_bytes == 28 && w.last_frame.wire_bytes == 700 && w.frame[0] == 0x45);
	struct sk_export_totals t = totals(&w);
	assert_true(t.count[SK_EXPORT_SAMPLES] == 2 && t.count[SK_EXPORT_SAMPLES_UNREAD] == 1 && t.received == 0);
	world_end(&w);
}

static void sflow_start(struct msg *m, uint32_t sequence, unsigned samples)
{
	msg_start(m);
	put32(m, 5), put32(m, 1), put32(m, 0xc00002fd), put32(m, 3), put32(m, sequence), put32(m, 12345), put32(m, samples);
}

static void sflow_flow_head(struct msg *m, bool expanded, unsigned records)
{
	put32(m, expanded ? 3 : 1), put32(m, 0), put32(m, 17);
	m->set = msg_length(m) - 8;
	if (expanded)
		put32(m, 0), put32(m, 2), put32(m, 400), put32(m, 1), put32(m, 0), put32(m, 0), put32(m, 4), put32(m, 0), put32(m, 5);
	else
		put32(m, 2), put32(m, 400), put32(m, 1), put32(m, 0), put32(m, 4), put32(m, 5);
	put32(m, records);
}

static void sflow_sample_end(struct msg *m)
{
	patch16(m, m->set + 2, msg_length(m) - m->set - 4);
}

static void put_sampled_header(struct msg *m, unsigned protocol)
{
	put32(m, 1), put32(m, 16 + 44), put32(m, protocol), put32(m, 1518), put32(m, 4), put32(m, FRAME_BYTES), put_frame(m), put16(m, 0);
}

static void sflow(void **state)
{
	(void)state;
	struct world w;
	struct msg m;
	world_start(&w, true);
	sflow_start(&m, 1, 5);
	sflow_flow_head(&m, false, 3);
	put32(&m, 1004), put32(&m, 8), put64(&m, 0x6e616d6520696e20); /* extended user: passed over */
	put_sampled_header(&m, 1);
	put32(&m, 1001), put32(&m, 16), put64(&m, 0), put64(&m, 0);
	sflow_sample_end(&m);
	put32(&m, 2), put32(&m, 8), put64(&m, 1); /* counters */
	sflow_flow_head(&m, true, 1);
	put_sampled_header(&m, 1);
	sflow_sample_end(&m);
	sflow_flow_head(&m, false, 1); /* what the agent read of a packet that it does not send */
	put32(&m, 3), put32(&m, 32), put32(&m, 60), put32(&m, 6), put32(&m, FOREIGN4), put32(&m, DOMESTIC4), put32(&m, 443), put32(&m, 50000), put32(&m, 0x10), put32(&m, 0);
	sflow_sample_end(&m);
	sflow_flow_head(&m, false, 1);
	put_sampled_header(&m, 5); /* frame relay */
	sflow_sample_end(&m);
	send_msg(&w, &m);
	struct sk_export_totals t = totals(&w);
	assert_int_equal(w.frames, 2);
	assert_true(w.last_frame.wire_bytes == 1514 && w.last_frame.captured_bytes == FRAME_BYTES && w.last_frame.time_ns == T0 * S);
	assert_true(t.count[SK_EXPORT_COUNTER_SAMPLES] == 1 && t.count[SK_EXPORT_SAMPLES] == 2 && t.count[SK_EXPORT_SAMPLES_UNREAD] == 1 && t.count[SK_EXPORT_MALFORMED_MESSAGES] == 0);
	assert_true(t.received == 1 && t.sampling_most == 400 && w.kept[0].sampling == 400 && w.kept[0].metered_by == SK_METER_SFLOW && w.kept[0].class_ == SK_CLASS_FD);
	assert_true(w.kept[0].packets[0] == 1 && w.kept[0].ip_bytes[0] == 60 && w.kept[0].initiator_port == 443 && w.kept[0].responder_port == 50000);
	world_end(&w);
}

/* More samples in one datagram than a batch holds, and an engine that says no. */
static void many_samples(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	struct sk_fault fault;
	world_start(&w, true);
	sflow_start(&m, 1, 200);
	for (unsigned i = 0; i < 200; i++) {
		sflow_flow_head(&m, false, 1);
		put_sampled_header(&m, 1);
		sflow_sample_end(&m);
	}
	send_msg(&w, &m);
	assert_int_equal(w.frames, 200);
	w.frames_answer = SK_ELEDGER;
	assert_int_equal(sk_export_message(w.export_, &w.source, m.bytes, msg_length(&m), &fault), SK_ELEDGER);
	assert_int_equal(sk_count_nonzero(m.bytes, msg_length(&m)), 0);
	world_end(&w);
}

/* A form that the operator does not take is not read at all. */
static void forms_that_are_taken(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	world_start_forms(&w, true, NULL, 1u << SK_METER_IPFIX | 1u << SK_METER_SFLOW);
	v5_start(&m, 1, 100, 0);
	v5_record(&m, DOMESTIC4, FOREIGN4, 6, 443);
	send_msg(&w, &m);
	struct sk_export_totals t = totals(&w);
	assert_true(t.received == 0 && t.count[SK_EXPORT_MALFORMED_MESSAGES] == 1 && t.domains == 0);
	sflow_start(&m, 1, 1);
	sflow_flow_head(&m, false, 1);
	put_sampled_header(&m, 1);
	sflow_sample_end(&m);
	send_msg(&w, &m);
	t = totals(&w);
	assert_true(w.frames == 1 && t.count[SK_EXPORT_MALFORMED_MESSAGES] == 1 && t.messages_by[SK_METER_SFLOW] == 1);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(netflow5), cmocka_unit_test(netflow9_with_options), cmocka_unit_test(sampling_in_every_way), cmocka_unit_test(ipfix_plain),
					   cmocka_unit_test(variable_length), cmocka_unit_test(biflows), cmocka_unit_test(firewall_biflows), cmocka_unit_test(times),
					   cmocka_unit_test(clocks), cmocka_unit_test(uptime_of_ipfix), cmocka_unit_test(psamp), cmocka_unit_test(sflow), cmocka_unit_test(many_samples),
					   cmocka_unit_test(forms_that_are_taken)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
