/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "observe/observe.h"

enum { FORM_MAX = 8192 };

static struct sk_addr addr(const char *text)
{
	struct sk_addr out;
	assert_int_equal(sk_addr_parse(text, &out), SK_OK);
	return out;
}

static struct sk_observation bare(void)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	o.kind = SK_OBSERVATION_FLOW;
	o.class_ = SK_CLASS_FD;
	o.ip_proto = 17;
	o.initiator = addr("192.0.2.1");
	o.responder = addr("198.51.100.2");
	return o;
}

static struct sk_observation full(void)
{
	struct sk_observation o = bare();
	o.kind = SK_OBSERVATION_HIT;
	o.class_ = SK_CLASS_DF;
	o.ip_proto = 6;
	o.initiator_sure = 1;
	o.tcp_flags[0] = 0x1b;
	o.tcp_flags[1] = 0x12;
	o.end = 5;
	o.state = 6;
	o.icmp_type = 8;
	o.icmp_code = 1;
	o.app = 2;
	o.layers = 2;
	o.tunnels = 0x102;
	o.interface = 3;
	o.initiator_port = 40000;
	o.responder_port = 443;
	o.initiator = addr("2001:db8::1");
	o.responder = addr("2001:db8:ffff::2");
	o.first_ns = -1;
	o.last_ns = INT64_MAX;
	o.packets[0] = 1, o.packets[1] = 2, o.ip_bytes[0] = 3, o.ip_bytes[1] = UINT64_MAX, o.frames = 5, o.frame_bytes = 6;
	o.hit_count = 3;
	for (unsigned i = 0; i < 3; i++) {
		o.hit_ids[i] = i * 1000003;
		o.hit_kinds[i] = (uint8_t)i;
	}
	memset(o.matched, 'm', SK_OBSERVATION_DOMAIN_MAX - 1);
	o.dns_type = 28, o.dns_flags = 0x8180, o.dns_rcode = 3, o.dns_labels = 4, o.dns_name_length = 200, o.dns_entropy_x16 = 70;
	o.dns_queries = 1, o.dns_responses = 2, o.dns_nxdomain = 3;
	strcpy(o.dns_domain, "bad.example");
	o.tls_version = 0x304;
	strcpy(o.sni_domain, "bad.example");
	strcpy(o.alpn, "h2");
	strcpy(o.ja3, "0123456789abcdef0123456789abcdef");
	strcpy(o.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	return o;
}

static struct sk_finding finding(void)
{
	struct sk_finding f;
	memset(&f, 0, sizeof f);
	memset(f.id, 7, sizeof f.id);
	strcpy(f.kind, "indicator.domain");
	f.severity = 3;
	f.confidence_percent = 90;
	f.class_ = SK_CLASS_DF;
	strcpy(f.matched, "bad.example");
	strcpy(f.origin, "list.txt:12");
	strcpy(f.sentence, "192.0.2.1 asked for bad.example");
	strcpy(f.why, "on the list");
	strcpy(f.doubt, "a crawler");
	f.subject = addr("192.0.2.1");
	f.first_ns = 5;
	f.last_ns = 6;
	f.count = 7;
	return f;
}

/* Decode from an exact-size copy, so that the sanitizer sees a read past the end. */
static enum sk_err decode(const uint8_t *bytes, size_t length, struct sk_observation *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_observation_decode(exact, length, out);
	free(exact);
	return err;
}

static void assert_round_trip(const struct sk_observation *o)
{
	struct sk_buf form;
	struct sk_observation back;
	sk_buf_init(&form, SK_OBSERVATION_MAX_BYTES);
	sk_observation_encode(o, &form);
	assert_int_equal(decode(form.bytes, form.length, &back), SK_OK);
	assert_memory_equal(&back, o, sizeof back);
	sk_buf_fini(&form);
}

static void observations_round_trip(void **state)
{
	(void)state;
	struct sk_observation o = bare();
	assert_round_trip(&o);
	o = full();
	assert_round_trip(&o);
	o.hit_count = 1000000;
	o.hit_ids[7] = 9;
	assert_round_trip(&o);
	/* Each section alone, made present by its smallest field. */
	o = bare(), o.hit_count = 1;
	assert_round_trip(&o);
	o = bare(), o.matched[0] = 'x';
	assert_round_trip(&o);
	o = bare(), o.dns_nxdomain = 1;
	assert_round_trip(&o);
	o = bare(), o.dns_flags = 0x8000;
	assert_round_trip(&o);
	o = bare(), o.alpn[0] = (char)0xff;
	assert_round_trip(&o);
}

/* What stands after a text's NUL is dropped: memory that was there before cannot travel. */
static void bytes_after_the_nul_do_not_travel(void **state)
{
	(void)state;
	struct sk_observation o = full(), back;
	struct sk_buf form;
	strcpy(o.dns_domain + 100, "CANARY");
	sk_buf_init(&form, SK_OBSERVATION_MAX_BYTES);
	sk_observation_encode(&o, &form);
	assert_null(memmem(form.bytes, form.length, "CANARY", 6));
	assert_int_equal(decode(form.bytes, form.length, &back), SK_OK);
	memset(o.dns_domain + 100, 0, 6);
	assert_memory_equal(&back, &o, sizeof back);
	sk_buf_fini(&form);
}

static void flows_are_small(void **state)
{
	(void)state;
	struct sk_observation o = bare();
	struct sk_buf form;
	sk_buf_init(&form, SK_OBSERVATION_MAX_BYTES);
	sk_observation_encode(&o, &form);
	assert_int_equal(form.length, 95);
	sk_buf_fini(&form);
}

static void every_prefix_is_truncated_and_more_is_trailing(void **state)
{
	(void)state;
	struct sk_observation o = full(), back;
	struct sk_buf form;
	sk_buf_init(&form, FORM_MAX);
	sk_observation_encode(&o, &form);
	for (size_t length = 0; length < form.length; length++)
		assert_int_equal(decode(form.bytes, length, &back), SK_ETRUNC);
	sk_buf_add_u8(&form, 0);
	assert_int_equal(decode(form.bytes, form.length, &back), SK_ETRAIL);
	sk_buf_fini(&form);
}

/* Every value of every byte: refused, or the one form of what it decodes to. */
static void every_mutation_is_refused_or_exact(void **state)
{
	(void)state;
	struct sk_observation o = full(), back;
	struct sk_buf form, again;
	size_t refused = 0;
	sk_buf_init(&form, FORM_MAX);
	sk_buf_init(&again, FORM_MAX);
	o.matched[3] = '\0';
	memset(o.matched + 3, 0, sizeof o.matched - 3);
	sk_observation_encode(&o, &form);
	for (size_t at = 0; at < form.length; at++) {
		uint8_t was = form.bytes[at];
		for (unsigned value = 0; value < 256; value++) {
			form.bytes[at] = (uint8_t)value;
			if (decode(form.bytes, form.length, &back) != SK_OK) {
				refused++;
				continue;
			}
			sk_buf_reset(&again);
			sk_observation_encode(&back, &again);
			assert_int_equal(again.length, form.length);
			assert_memory_equal(again.bytes, form.bytes, form.length);
		}
		form.bytes[at] = was;
	}
	assert_true(refused > 2000);
	sk_buf_fini(&form);
	sk_buf_fini(&again);
}

static void wrong_values_are_malformed(void **state)
{
	(void)state;
	struct sk_observation o = bare(), back;
	struct sk_buf form;
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 2}, {1, 0}, {1, 3}, {2, SK_CLASS_DD}, {2, SK_CLASS_UNKNOWN}, {3, 8}, {4, 0}, {4, 5}, {6, 2}, {9, 6}, {10, 7}, {13, 3}};
	sk_buf_init(&form, FORM_MAX);
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		sk_buf_reset(&form);
		sk_observation_encode(&o, &form);
		/* Room for a family of 16 bytes or a section, so that truncation does not hide the reason. */
		form.bytes[wrong[i].at] = wrong[i].value;
		enum sk_err err = decode(form.bytes, form.length, &back);
		assert_true(err == SK_EMALFORMED || (wrong[i].at == 4 && err != SK_OK));
	}
	/* A section that is there and says nothing. */
	sk_buf_reset(&form);
	sk_observation_encode(&o, &form);
	form.bytes[3] = 4;
	sk_buf_add(&form, "\0\0\0\0\0\0\0\0\0\0", 10);
	assert_int_equal(decode(form.bytes, form.length, &back), SK_EMALFORMED);
	sk_buf_fini(&form);
}

static bool dies(void (*act)(void))
{
	(void)fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)close(STDERR_FILENO);
		act();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static uint8_t class_to_write;

static void write_class(void)
{
	struct sk_observation o = bare();
	struct sk_buf form;
	sk_buf_init(&form, FORM_MAX);
	o.class_ = class_to_write;
	sk_observation_encode(&o, &form);
	sk_buf_fini(&form);
}

/* rule: OBSERVE-1 */
static void domestic_and_unknown_have_no_written_form(void **state)
{
	(void)state;
	for (class_to_write = 0; class_to_write < SK_CLASS_COUNT; class_to_write++)
		assert_int_equal(dies(write_class), class_to_write == SK_CLASS_DD || class_to_write == SK_CLASS_UNKNOWN);
}

static void ids_depend_on_content_and_run(void **state)
{
	(void)state;
	struct sk_observation o = full();
	uint8_t a[16], b[16], run[16] = {1};
	sk_observation_id(&o, run, a);
	sk_observation_id(&o, run, b);
	assert_memory_equal(a, b, 16);
	run[0] = 2;
	sk_observation_id(&o, run, b);
	assert_memory_not_equal(a, b, 16);
	run[0] = 1;
	o.frames++;
	sk_observation_id(&o, run, b);
	assert_memory_not_equal(a, b, 16);
}

static void findings_round_trip(void **state)
{
	(void)state;
	struct sk_finding f = finding(), back;
	struct sk_buf form, again;
	sk_buf_init(&form, FORM_MAX);
	sk_buf_init(&again, FORM_MAX);
	for (unsigned round = 0; round < 2; round++) {
		sk_buf_reset(&form);
		sk_finding_encode(&f, &form);
		assert_int_equal(sk_finding_decode(form.bytes, form.length, &back), SK_OK);
		assert_memory_equal(&back, &f, sizeof f);
		/* Again with every field at its longest. */
		memset(f.kind, 'k', sizeof f.kind - 1);
		memset(f.matched, 'm', sizeof f.matched - 1);
		memset(f.origin, 'o', sizeof f.origin - 1);
		memset(f.sentence, 's', sizeof f.sentence - 1);
		memset(f.why, 'w', sizeof f.why - 1);
		memset(f.doubt, 'd', sizeof f.doubt - 1);
		f.counterpart = addr("2001:db8::2");
	}
	for (size_t length = 0; length < form.length; length++)
		assert_int_equal(sk_finding_decode(form.bytes, length, &back), SK_ETRUNC);
	for (size_t at = 0; at < form.length; at++)
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			form.bytes[at] ^= (uint8_t)flip;
			if (sk_finding_decode(form.bytes, form.length, &back) == SK_OK) {
				sk_buf_reset(&again);
				sk_finding_encode(&back, &again);
				assert_int_equal(again.length, form.length);
				assert_memory_equal(again.bytes, form.bytes, form.length);
			}
			form.bytes[at] ^= (uint8_t)flip;
		}
	sk_buf_add_u8(&form, 0);
	assert_int_equal(sk_finding_decode(form.bytes, form.length, &back), SK_ETRAIL);
	sk_buf_fini(&form);
	sk_buf_fini(&again);
}

/* Values published with the Community ID specification, each from both ends. */
static void community_ids(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		uint8_t proto;
		uint16_t from_port, to_port;
		bool one_way;
		const char *id;
	} cases[] = {
		{"128.232.110.120", "66.35.250.204", 6, 34855, 80, false, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"192.168.1.52", "8.8.8.8", 17, 54585, 53, false, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"192.168.170.8", "192.168.170.56", 132, 7, 80, false, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
		{"192.168.0.89", "192.168.0.1", 1, 8, 0, false, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"192.168.0.89", "192.168.0.1", 1, 20, 0, true, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
		{"fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 135, 136, false, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{"3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 58, 3, 0, true, "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="},
		{"10.1.24.4", "10.1.12.1", 46, 0, 0, false, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_observation o = bare();
		char text[SK_OBSERVATION_COMMUNITY_ID_MAX];
		o.initiator = addr(cases[i].from), o.responder = addr(cases[i].to);
		o.ip_proto = cases[i].proto;
		o.initiator_port = cases[i].from_port, o.responder_port = cases[i].to_port;
		assert_string_equal(sk_observation_community_id(&o, text), cases[i].id);
		if (cases[i].one_way)
			continue;
		o.initiator = addr(cases[i].to), o.responder = addr(cases[i].from);
		o.initiator_port = cases[i].to_port, o.responder_port = cases[i].from_port;
		assert_string_equal(sk_observation_community_id(&o, text), cases[i].id);
	}
}

/* The seeds are written from the format document by another program: what it draws is what the code reads. */
static void forms_written_from_the_document_decode(void **state)
{
	(void)state;
	static const char *const seeds[] = {"fz_observation/flow_v4", "fz_observation/hit_v6", "fz_observation/hit_dns", "fz_observation/all",
					    "fz_finding/plain"};
	for (size_t i = 0; i < SK_COUNT(seeds); i++) {
		char path[SK_PATH_MAX];
		struct sk_buf form;
		struct sk_observation o;
		struct sk_finding f;
		sk_buf_init(&form, FORM_MAX);
		assert_int_equal(sk_file_join(path, sizeof path, SK_SOURCE_ROOT "/tests/fuzz/observe/seeds", seeds[i]), SK_OK);
		assert_int_equal(sk_file_read(path, &form, NULL), SK_OK);
		if (strncmp(seeds[i], "fz_finding", 10) == 0) {
			assert_int_equal(sk_finding_decode(form.bytes, form.length, &f), SK_OK);
			assert_string_equal(f.doubt, "doubt");
		} else {
			assert_int_equal(sk_observation_decode(form.bytes, form.length, &o), SK_OK);
			assert_int_equal(o.frame_bytes, 13308);
			assert_int_equal(o.responder_port, 443);
			assert_string_equal(o.ja4, strstr(seeds[i], "all") != NULL ? "t13d1516h2_8daaf6152771_e5627efa2ab1" : "");
		}
		sk_buf_fini(&form);
	}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(sk_observation_end_name(0), "idle");
	assert_string_equal(sk_observation_end_name(5), "stop");
	assert_string_equal(sk_observation_end_name(6), "unknown");
	assert_string_equal(sk_observation_state_name(3), "established");
	assert_string_equal(sk_observation_state_name(7), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observations_round_trip),
		cmocka_unit_test(bytes_after_the_nul_do_not_travel),
		cmocka_unit_test(flows_are_small),
		cmocka_unit_test(every_prefix_is_truncated_and_more_is_trailing),
		cmocka_unit_test(every_mutation_is_refused_or_exact),
		cmocka_unit_test(wrong_values_are_malformed),
		cmocka_unit_test(domestic_and_unknown_have_no_written_form),
		cmocka_unit_test(ids_depend_on_content_and_run),
		cmocka_unit_test(findings_round_trip),
		cmocka_unit_test(community_ids),
		cmocka_unit_test(forms_written_from_the_document_decode),
		cmocka_unit_test(names),
	};
	if (sk_seal_start() != SK_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
