/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of exporters: templates, their life, sequences; and that nobody can make it grow or slow. */
#include <time.h>

#include "export_test.h"

/* ---- templates ---- */

static void send_template(struct world *w, unsigned id, const uint64_t (*fields)[2], unsigned count)
{
	static struct msg m;
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	put_template(&m, id, count, fields);
	set_end(&m);
	ipfix_end(&m);
	send_msg(w, &m);
}

static void refresh_change_withdraw(void **state)
{
	(void)state;
	static struct world w;
	static const uint64_t other[][2] = {{12, 4}, {8, 4}, {1, 4}, {2, 4}};
	struct msg m;
	for (uint32_t session = 0; session < 2; session++) {
		world_start(&w, true);
		w.source.session = session;
		teach(&w, 1);
		teach(&w, 1); /* the same again is a refresh */
		assert_int_equal(totals(&w).count[SK_EXPORT_TEMPLATES], 1);
		send_template(&w, 256, other, 4);
		assert_int_equal(totals(&w).count[SK_EXPORT_TEMPLATES], 2);
		ipfix_start(&m, 0, 1);
		set_start(&m, 256);
		put32(&m, FOREIGN4), put32(&m, DOMESTIC4), put32(&m, 5), put32(&m, 1);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_true(w.observations == 1 && w.kept[0].class_ == SK_CLASS_DF); /* read by the new form */
		/* Withdrawn: by streams alone. */
		ipfix_start(&m, 1, 1);
		set_start(&m, 2);
		put16(&m, 256), put16(&m, 0);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_int_equal(totals(&w).count[SK_EXPORT_TEMPLATES_WITHDRAWN], session);
		assert_int_equal(totals(&w).templates, 1 - session);
		world_end(&w);
	}
	/* All of a kind at once. */
	world_start(&w, true);
	w.source.session = 7;
	teach(&w, 1);
	send_template(&w, 300, other, 4);
	ipfix_start(&m, 0, 1);
	set_start(&m, 3);
	put16(&m, 400), put16(&m, 2), put16(&m, 1), put16(&m, 149), put16(&m, 4), put16(&m, 34), put16(&m, 4);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	assert_int_equal(totals(&w).templates, 3);
	for (unsigned kind = 2; kind < 4; kind++) {
		ipfix_start(&m, 0, 1);
		set_start(&m, kind);
		put16(&m, kind), put16(&m, 0);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_int_equal(totals(&w).templates, 3 - kind);
	}
	/* The stream ends, and all that came by it. */
	teach(&w, 1);
	sk_export_session_end(w.export_, 7);
	assert_true(totals(&w).templates == 0 && totals(&w).domains == 0);
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(totals(&w).count[SK_EXPORT_NO_TEMPLATE], 1);
	world_end(&w);
}

static void send_aged(struct world *w, int64_t age_s)
{
	struct msg m;
	ipfix_start(&m, 0, 1);
	patch16(&m, 4, (size_t)(T0 + age_s) >> 16);
	patch16(&m, 6, (size_t)(T0 + age_s) & 0xffff);
	set_start(&m, 256);
	put_plain(&m, DOMESTIC4, FOREIGN4);
	set_end(&m);
	ipfix_end(&m);
	w->source.time_ns = (T0 + age_s) * S;
	send_msg(w, &m);
}

/* Templates of datagrams live two hours, those of streams as long as the stream. */
static void life(void **state)
{
	(void)state;
	static struct world w;
	for (uint32_t session = 0; session < 2; session++) {
		world_start(&w, true);
		w.source.session = session;
		teach(&w, 1);
		send_aged(&w, 7200);
		assert_int_equal(w.observations, 1);
		send_aged(&w, 7201);
		assert_int_equal(w.observations, 1 + session);
		assert_int_equal(totals(&w).count[SK_EXPORT_TEMPLATES_EXPIRED], 1 - session);
		assert_int_equal(totals(&w).count[SK_EXPORT_NO_TEMPLATE], 1 - session);
		world_end(&w);
	}
}

/* A template is its exporter's and its domain's, and of its form. */
static void templates_are_apart(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	world_start(&w, true);
	teach(&w, 1);
	send_plain(&w, 0, 2, 1, DOMESTIC4, FOREIGN4);
	w.source.exporter.bytes[3]++;
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	w.source.exporter.bytes[3]--;
	v9_start(&m, 0, 1);
	set_start(&m, 256);
	put_plain(&m, DOMESTIC4, FOREIGN4);
	set_end(&m);
	send_msg(&w, &m);
	assert_int_equal(totals(&w).count[SK_EXPORT_NO_TEMPLATE], 3);
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(w.observations, 1);
	world_end(&w);
}

/* ---- sequences ---- */

static void records_in_sequence(void **state)
{
	(void)state;
	static struct world w;
	world_start(&w, true);
	teach(&w, 1);
	send_plain(&w, 0, 1, 10, DOMESTIC4, FOREIGN4);
	send_plain(&w, 10, 1, 5, DOMESTIC4, FOREIGN4);
	assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], 0);
	send_plain(&w, 30, 1, 5, DOMESTIC4, FOREIGN4); /* 15 are missing */
	assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], 15);
	send_plain(&w, 15, 1, 6, DOMESTIC4, FOREIGN4); /* six of them come late */
	assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], 9);
	send_plain(&w, 35, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], 9);
	/* A set that nobody can count: the number that follows is taken as it is. */
	struct msg m;
	ipfix_start(&m, 36, 1);
	set_start(&m, 999);
	put32(&m, 0);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	send_plain(&w, 136, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], 9);
	/* The exporter starts anew. */
	send_plain(&w, 5000000, 1, 1, DOMESTIC4, FOREIGN4);
	uint64_t lost = totals(&w).count[SK_EXPORT_LOST_RECORDS];
	assert_int_equal(lost, 9 + 5000000 - 137);
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	assert_true(totals(&w).count[SK_EXPORT_LOST_RECORDS] == lost && totals(&w).count[SK_EXPORT_SEQUENCE_RESTARTS] == 1);
	/* 32 bits wrap. */
	ipfix_start(&m, UINT32_MAX - 1, 2);
	set_start(&m, 2);
	TEMPLATE(&m, 256, PLAIN_FIELDS);
	set_end(&m);
	set_start(&m, 256);
	for (unsigned i = 0; i < 3; i++)
		put_plain(&m, DOMESTIC4, FOREIGN4);
	set_end(&m);
	ipfix_end(&m);
	send_msg(&w, &m);
	send_plain(&w, 1, 2, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], lost);
	world_end(&w);
}

static void messages_in_sequence(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	static const struct {
		uint32_t sequence;
		uint64_t lost;
	} steps[] = {{7, 0}, {8, 0}, {12, 3}, {9, 2}, {13, 2}, {13, 1}, {14, 1}};
	world_start(&w, true);
	for (size_t i = 0; i < SK_COUNT(steps); i++) {
		v9_start(&m, steps[i].sequence, 1);
		send_msg(&w, &m);
		assert_int_equal(totals(&w).count[SK_EXPORT_LOST_MESSAGES], steps[i].lost);
		v9_start(&m, (uint32_t)i, 2); /* another source: its own numbers */
		send_msg(&w, &m);
	}
	world_end(&w);
}

/* ---- hostile exporters ---- */

static double seconds_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Templates without end: a domain gets its share, the others keep theirs. */
static void template_flood(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	world_start(&w, true);
	teach(&w, 1); /* an honest one */
	w.source.exporter.bytes[3] = 9;
	double before = seconds_now();
	for (uint32_t domain = 0; domain < 100; domain++) {
		for (unsigned round = 0; round < 16; round++) {
			ipfix_start(&m, 0, domain);
			set_start(&m, 2);
			for (unsigned i = 0; i < 4000; i++)
				TEMPLATE(&m, (uint16_t)(256 + (round * 4000 + i) % 65000), {8, 4}, {12, 4}, {1, 4});
			set_end(&m);
			ipfix_end(&m);
			send_msg(&w, &m);
		}
	}
	struct sk_export_totals t = totals(&w);
	assert_int_equal(t.domains, 1 + 64);
	assert_true(t.templates <= 1 + 64 * 128 && t.templates <= 8192);
	assert_int_equal(t.count[SK_EXPORT_EXPORTERS_REFUSED], 36 * 16);
	print_message("%.1f ns a byte of templates\n", (seconds_now() - before) * 1e9 / (100.0 * 16 * 64000));
	w.source.exporter.bytes[3] = 254;
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(w.observations, 1);
	world_end(&w);
}

/* Forged senders without end: the table is full, who is in it stays, and a newcomer comes in when somebody has been silent for half an hour. */
static void sender_flood(void **state)
{
	(void)state;
	static struct world w;
	world_start(&w, true);
	teach(&w, 1);
	for (uint32_t i = 0; i < 100000; i++) {
		w.source.exporter = (struct sk_addr){.family = 4, .bytes = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
		send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	}
	assert_int_equal(totals(&w).domains, 2048);
	assert_int_equal(totals(&w).count[SK_EXPORT_EXPORTERS_REFUSED], 100000 - 2047);
	w.source.exporter = (struct sk_addr){.family = 4, .bytes = {192, 0, 2, 254}};
	send_plain(&w, 0, 1, 1, DOMESTIC4, FOREIGN4);
	assert_int_equal(w.observations, 1);
	/* Later: the honest one speaks on, the forged ones do not. */
	send_aged(&w, 1700);
	w.source.exporter.bytes[3] = 77;
	w.source.time_ns = (T0 + 1900) * S;
	for (unsigned tries = 0; totals(&w).templates < 2 && tries < 1000; tries++) {
		struct msg m;
		ipfix_start(&m, 0, 1);
		patch16(&m, 4, (size_t)(T0 + 1900) >> 16), patch16(&m, 6, (size_t)(T0 + 1900) & 0xffff);
		set_start(&m, 2);
		TEMPLATE(&m, 256, PLAIN_FIELDS);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
	}
	assert_int_equal(totals(&w).templates, 2);
	assert_int_equal(totals(&w).domains, 2048);
	w.source.exporter.bytes[3] = 254;
	send_aged(&w, 1900);
	assert_int_equal(w.observations, 3);
	world_end(&w);
}

/* Records of no length, fields of no length, 16,000 fields, a length beyond what a record can have, padding that looks like records. */
static void bombs(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	static const uint64_t nothing[][2] = {{8, 0}, {12, 0}, {1, 0}}, huge[][2] = {{8, 4}, {12, 4}, {95, 60000}, {96, 60000}};
	world_start(&w, true);
	send_template(&w, 256, nothing, 3);
	send_template(&w, 257, huge, 4);
	assert_int_equal(totals(&w).count[SK_EXPORT_TEMPLATES_REFUSED], 2);
	ipfix_start(&m, 0, 1);
	set_start(&m, 2);
	put16(&m, 258), put16(&m, 16000);
	for (unsigned i = 0; i < 16000; i++)
		put16(&m, 95), put16(&m, 65535);
	set_end(&m);
	ipfix_end(&m);
	double before = seconds_now();
	for (unsigned i = 0; i < 100; i++) {
		static struct msg copy;
		copy = m;
		copy.out = (struct sk_out){.at = copy.bytes + msg_length(&m), .end = copy.bytes + sizeof copy.bytes, .start = copy.bytes};
		send_msg(&w, &copy);
	}
	print_message("%.1f ns a byte of fields\n", (seconds_now() - before) * 1e9 / (100.0 * 64000));
	assert_int_equal(totals(&w).count[SK_EXPORT_TEMPLATES_REFUSED], 102);
	for (unsigned id = 256; id < 259; id++) {
		ipfix_start(&m, 0, 1);
		set_start(&m, id);
		for (unsigned i = 0; i < 60000; i++)
			put8(&m, 0);
		set_end(&m);
		ipfix_end(&m);
		send_msg(&w, &m);
	}
	assert_int_equal(totals(&w).count[SK_EXPORT_NO_TEMPLATE], 3);
	/* A record of one byte: as many as there are, none of them with a pair. */
	static const uint64_t tiny[][2] = {{4, 1}};
	send_template(&w, 300, tiny, 1);
	ipfix_start(&m, 0, 1);
	set_start(&m, 300);
	for (unsigned i = 0; i < 60000; i++)
		put8(&m, 6);
	set_end(&m);
	ipfix_end(&m);
	before = seconds_now();
	send_msg(&w, &m);
	print_message("%.1f ns a record of one byte\n", (seconds_now() - before) * 1e9 / 60000);
	assert_int_equal(totals(&w).gate[SK_EXPORT_NO_PAIR], 60000);
	world_end(&w);
}

/* Sets and records that contradict themselves: counted, and what came before them is kept. */
static void contradictions(void **state)
{
	(void)state;
	static struct world w;
	struct msg m;
	world_start(&w, true);
	teach(&w, 1);
	for (unsigned length = 0; length < 4; length++) {
		ipfix_start(&m, 0, 1);
		set_start(&m, 256);
		put_plain(&m, DOMESTIC4, FOREIGN4);
		set_end(&m);
		put16(&m, 256), put16(&m, length);
		ipfix_end(&m);
		send_msg(&w, &m);
		assert_int_equal(w.observations, length + 1);
		assert_int_equal(totals(&w).count[SK_EXPORT_MALFORMED_MESSAGES], length + 1);
	}
	/* Not any form, nothing at all, a message longer than its datagram. */
	static const uint8_t other[] = {0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, longer[16] = {0, 10, 0, 200};
	send_bytes(&w, other, sizeof other);
	send_bytes(&w, other, 0);
	send_bytes(&w, other, 1);
	send_bytes(&w, longer, sizeof longer);
	assert_int_equal(totals(&w).count[SK_EXPORT_MALFORMED_MESSAGES], 8);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(refresh_change_withdraw), cmocka_unit_test(life), cmocka_unit_test(templates_are_apart), cmocka_unit_test(records_in_sequence),
					   cmocka_unit_test(messages_in_sequence), cmocka_unit_test(template_flood), cmocka_unit_test(sender_flood), cmocka_unit_test(bombs),
					   cmocka_unit_test(contradictions)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
