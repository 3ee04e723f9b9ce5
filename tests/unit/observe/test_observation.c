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
#include "../english.h"

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
	o.layers = 1;
	return o;
}

static struct sk_observation full(void)
{
	struct sk_observation o = bare();
	o.kind = SK_OBSERVATION_HIT;
	o.sections = 255;
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
	o.metered_by = SK_METER_SFLOW, o.sampling = UINT32_MAX;
	o.hit_count = 3;
	for (unsigned i = 0; i < 3; i++) {
		o.hit_ids[i] = i * 1000003;
		o.hit_kinds[i] = (uint8_t)i;
	}
	o.hit_kinds[1] = SK_OBSERVATION_COMMAND_BIT;
	o.rule_gid[1] = 1, o.rule_sid[1] = UINT32_MAX, o.rule_rev[1] = 7, o.rule_hash[1] = UINT64_MAX - 1;
	memset(o.matched, 'm', SK_OBSERVATION_DOMAIN_MAX - 1);
	o.dns_type = 28, o.dns_flags = 0x8180, o.dns_rcode = 3, o.dns_labels = 4, o.dns_name_length = 200, o.dns_entropy_x16 = 70;
	o.dns_queries = 1, o.dns_responses = 2, o.dns_nxdomain = 3;
	strcpy(o.dns_domain, "bad.example");
	o.tls_version = 0x304;
	strcpy(o.sni_domain, "bad.example");
	strcpy(o.alpn, "h2");
	strcpy(o.ja3, "0123456789abcdef0123456789abcdef");
	strcpy(o.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	strcpy(o.ja4_second, "t13d1517h2_8daaf6152771_b1ff8ab2d16f");
	o.tls_bits = SK_TLS_BIT_SNI | SK_TLS_BIT_QUIC;
	o.quic_version = 1;
	o.server_version = 0x303, o.server_cipher = 0xc02f, o.server_bits = SK_TLS_BIT_RETRY;
	strcpy(o.server_alpn, "h2");
	strcpy(o.ja3s, "fedcba9876543210fedcba9876543210");
	memset(o.cert_sha1, 1, sizeof o.cert_sha1), memset(o.cert_sha256, 2, sizeof o.cert_sha256);
	memset(o.cert_issuer, 3, sizeof o.cert_issuer), memset(o.cert_subject, 4, sizeof o.cert_subject);
	o.cert_not_before_s = -5, o.cert_not_after_s = INT64_MAX;
	o.cert_version = 3, o.cert_chain = 2, o.cert_bits = SK_CERT_BIT_PARSED | SK_CERT_BIT_WHOLE;
	strcpy(o.http_method, "PROPFIND");
	memset(o.http_host_domain, 'h', SK_OBSERVATION_DOMAIN_MAX - 1);
	o.http_status = 404, o.http_path_length = 1000, o.http_version = 11, o.http_path_depth = 3;
	o.http_bits = SK_HTTP_BIT_REQUEST | SK_HTTP_BIT_RESPONSE;
	o.http_header_count = 9, o.http_response_header_count = 255;
	memset(o.http_path_hash, 5, 16), memset(o.http_order_hash, 6, 16), memset(o.http_response_order_hash, 7, 16);
	o.http_requests = 2, o.http_responses = 1;
	o.ssh_client_version = 0x200, o.ssh_server_version = 0x163;
	strcpy(o.ssh_client_software, "OpenSSH_9.2p1");
	memset(o.ssh_server_software, 's', SK_OBSERVATION_SOFTWARE_MAX - 1);
	strcpy(o.hassh, "00112233445566778899aabbccddeeff");
	strcpy(o.hassh_server, "ffeeddccbbaa99887766554433221100");
	o.command_requests = 5, o.command_responses = 4, o.command_writes = 1, o.command_errors = UINT32_MAX;
	o.command_version = 1, o.command_detail = 2, o.command_status = 3;
	o.command_code_count = SK_OBSERVATION_CODES_MAX;
	for (unsigned i = 0; i < SK_OBSERVATION_CODES_MAX; i++)
		o.command_codes[i] = (uint16_t)(i * 1001);
	return o;
}

static struct sk_observation event(void)
{
	struct sk_observation o = bare();
	o.kind = SK_OBSERVATION_EVENT;
	o.sections = SK_SECTION_HITS | SK_SECTION_DETECTOR;
	strcpy(o.matched, "tcp/23");
	strcpy(o.detector, "scan.horizontal");
	o.packets[0] = 40, o.frames = 40, o.ip_bytes[0] = 2400;
	o.detector_bits = SK_DETECTOR_BIT_RESPONDER | SK_DETECTOR_BIT_HALF;
	o.detector_percent = 100;
	o.detector_contacts = UINT64_MAX, o.detector_answered = 1, o.detector_peers = 2, o.detector_ports = 3;
	o.detector_value = 4, o.detector_limit = 5, o.detector_period_ms = 600000, o.detector_spread_permille = UINT32_MAX;
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
	sk_words_set(&f.sentence, "192.0.2.1 asked for bad.example");
	sk_words_set(&f.why, "on the list");
	sk_words_set(&f.doubt, "a crawler");
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
	o = event();
	assert_round_trip(&o);
	o = full();
	assert_round_trip(&o);
	o.hit_count = 1000000;
	o.hit_ids[7] = 9;
	assert_round_trip(&o);
	/* Each section alone; and one that is announced and says nothing is another record than one without it. */
	for (unsigned bit = 1; bit < 256; bit <<= 1) {
		o = bare(), o.sections = (uint8_t)bit;
		assert_round_trip(&o);
	}
	/* What is rare, alone and together. */
	for (unsigned rare = 0; rare < 16; rare++) {
		o = bare();
		o.packets[0] = 3, o.frames = 3;
		if ((rare & 1) != 0)
			o.icmp_code = 9;
		if ((rare & 2) != 0)
			o.layers = 3, o.tunnels = 0x3ff;
		if ((rare & 4) != 0)
			o.interface = 0xffff;
		if ((rare & 8) != 0)
			o.frames = 4;
		assert_round_trip(&o);
	}
}

/* Every width of the numbers, at its edges; sums and differences that wrap. */
static void numbers_round_trip(void **state)
{
	(void)state;
	static const uint64_t edges[] = {0, 1, UINT16_MAX, UINT16_MAX + UINT64_C(1), UINT32_MAX, UINT32_MAX + UINT64_C(1), INT64_MAX, UINT64_MAX};
	for (size_t i = 0; i < SK_COUNT(edges); i++)
		for (size_t j = 0; j < SK_COUNT(edges); j++)
			for (unsigned member = 0; member < 5; member++) {
				struct sk_observation o = bare();
				o.first_ns = j % 2 == 0 ? -7 : INT64_MIN;
				o.last_ns = (int64_t)((uint64_t)o.first_ns + edges[j]);
				uint64_t *members[] = {&o.packets[0], &o.packets[1], &o.ip_bytes[0], &o.ip_bytes[1], &o.frame_bytes};
				*members[member] = edges[i];
				o.frames = o.packets[0] + o.packets[1];
				assert_round_trip(&o);
			}
}

/* Of an absent section nothing is written, whatever its members hold. */
static void what_is_not_announced_is_not_written(void **state)
{
	(void)state;
	for (unsigned bit = 1; bit < 256; bit <<= 1) {
		struct sk_observation o = full(), back;
		struct sk_buf form;
		o.sections = (uint8_t)~bit;
		sk_buf_init(&form, SK_OBSERVATION_MAX_BYTES);
		sk_observation_encode(&o, &form);
		assert_int_equal(decode(form.bytes, form.length, &back), SK_OK);
		assert_memory_not_equal(&back, &o, sizeof back);
		assert_round_trip(&back);
		sk_buf_fini(&form);
	}
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
	assert_int_equal(form.length, 28 + 5 * 2); /* one packet */
	o.last_ns = 1;
	o.packets[0] = o.packets[1] = 10, o.ip_bytes[0] = 70000, o.frames = 20;
	sk_buf_reset(&form);
	sk_observation_encode(&o, &form);
	assert_int_equal(form.length, 28 + 4 + 5 * 4);
	o.last_ns = INT64_C(5000000000);
	sk_buf_reset(&form);
	sk_observation_encode(&o, &form);
	assert_int_equal(form.length, 56);
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
static size_t mutate(struct sk_observation o)
{
	struct sk_observation back;
	struct sk_buf form, again;
	size_t refused = 0;
	sk_buf_init(&form, FORM_MAX);
	sk_buf_init(&again, FORM_MAX);
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
	sk_buf_fini(&form);
	sk_buf_fini(&again);
	return refused;
}

static void every_mutation_is_refused_or_exact(void **state)
{
	(void)state;
	assert_true(mutate(full()) > 2000);
	assert_true(mutate(event()) > 1000);
}

static enum sk_err decode_changed(const struct sk_observation *o, size_t at, unsigned or_bits, const void *more, size_t more_length)
{
	struct sk_observation back;
	struct sk_buf form;
	sk_buf_init(&form, FORM_MAX);
	sk_observation_encode(o, &form);
	form.bytes[at] |= (uint8_t)or_bits;
	sk_buf_add(&form, more, more_length);
	enum sk_err err = decode(form.bytes, form.length, &back);
	sk_buf_fini(&form);
	return err;
}

static void wrong_values_are_malformed(void **state)
{
	(void)state;
	static const uint8_t zeros[64];
	struct sk_observation o = bare();
	o.class_ = 0;
	assert_int_equal(decode_changed(&o, 0, 4, "", 0), SK_EMALFORMED);                       /* version */
	assert_int_equal(decode_changed(&o, 1, 3u << 5, "", 0), SK_EMALFORMED);                 /* class 3 */
	assert_int_equal(decode_changed(&o, 1, 3, "", 0), SK_EMALFORMED);                       /* end 6 */
	assert_int_equal(decode_changed(&o, 2, 7u << 4, "", 0), SK_EMALFORMED);                 /* state 7 */
	assert_int_equal(decode_changed(&o, 2, 3u << 2, "", 0), SK_EMALFORMED);                 /* width of counters */
	assert_int_equal(decode_changed(&o, 2, 3, "", 0), SK_EMALFORMED);                       /* width of the time */
	assert_int_equal(decode_changed(&o, 4, SK_APP_COUNT | 0x80, "", 0), SK_EMALFORMED);     /* application */
	/* A second form of the same record: wider than needed, rare and common. */
	assert_int_equal(decode_changed(&o, 2, 1, zeros, 4), SK_EMALFORMED);
	assert_int_equal(decode_changed(&o, 2, 1u << 2, zeros, 10), SK_EMALFORMED);
	assert_int_equal(decode_changed(&o, 1, 1u << 2, zeros, 1), SK_EMALFORMED);
	assert_int_equal(decode_changed(&o, 1, 1u << 2, "\1\0\0", 3), SK_EMALFORMED);
	/* A fingerprint has one shape. */
	o.sections = SK_SECTION_TLS;
	strcpy(o.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	struct sk_buf form;
	sk_buf_init(&form, FORM_MAX);
	sk_observation_encode(&o, &form);
	form.bytes[form.length - 22] = 0;
	struct sk_observation back;
	assert_int_equal(decode(form.bytes, form.length, &back), SK_EMALFORMED);
	sk_buf_fini(&form);
	strcpy(o.ja4_second, o.ja4);
	sk_buf_init(&form, FORM_MAX);
	sk_observation_encode(&o, &form);
	assert_int_equal(decode(form.bytes, form.length, &back), SK_OK);
	form.bytes[form.length - 22] = 0;
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
	char longest[SK_WORDS_LINE_MAX + 1] = "";
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
		sk_words_set(&f.sentence, memset(longest, 's', SK_WORDS_LINE_MAX));
		sk_words_set(&f.why, memset(longest, 'w', SK_WORDS_LINE_MAX));
		sk_words_set(&f.doubt, memset(longest, 'd', SK_WORDS_LINE_MAX));
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

static size_t read_seed(const char *name, struct sk_buf *form)
{
	char path[SK_PATH_MAX];
	sk_buf_init(form, FORM_MAX);
	assert_int_equal(sk_file_join(path, sizeof path, SK_SOURCE_ROOT "/tests/fuzz/observe/seeds", name), SK_OK);
	assert_int_equal(sk_file_read(path, form, NULL), SK_OK);
	return form->length;
}

/* The seeds are written from the format document by another program: what it draws is what the code reads and writes. */
static void forms_written_from_the_document_decode(void **state)
{
	(void)state;
	static const char *const seeds[] = {"v1_flow_v4", "v1_hit_v6", "v1_hit_dns", "v1_all", "flow_v4", "flow_one_packet", "flow_long", "icmp_rare", "hit_v6",
					    "all"};
	for (size_t i = 0; i < SK_COUNT(seeds); i++) {
		char name[64];
		struct sk_buf form, again;
		struct sk_observation o;
		(void)snprintf(name, sizeof name, "fz_observation/%s", seeds[i]);
		(void)read_seed(name, &form);
		assert_int_equal(sk_observation_decode(form.bytes, form.length, &o), SK_OK);
		assert_int_equal(o.frame_bytes, strstr(seeds[i], "long") != NULL ? INT64_C(5000000000) : strstr(seeds[i], "one") != NULL ? 60 : 133080);
		assert_int_equal(o.responder_port, 443);
		assert_string_equal(o.ja4, strstr(seeds[i], "all") != NULL ? "t13d1516h2_8daaf6152771_e5627efa2ab1" : "");
		assert_string_equal(o.hassh, strcmp(seeds[i], "all") == 0 ? "00112233445566778899aabbccddeeff" : "");
		assert_round_trip(&o);
		sk_buf_init(&again, FORM_MAX);
		sk_observation_encode(&o, &again);
		bool same = again.length == form.length && memcmp(again.bytes, form.bytes, form.length) == 0;
		assert_int_equal(same, strncmp(seeds[i], "v1_", 3) != 0);
		sk_buf_fini(&form);
		sk_buf_fini(&again);
	}
	struct sk_buf form;
	struct sk_finding f;
	(void)read_seed("fz_finding/plain", &form);
	assert_int_equal(sk_finding_decode(form.bytes, form.length, &f), SK_OK);
	assert_string_equal(english(&f.doubt), "doubt");
	sk_buf_fini(&form);
	(void)read_seed("fz_finding/phrases", &form);
	assert_int_equal(sk_finding_decode(form.bytes, form.length, &f), SK_OK);
	assert_string_equal(english(&f.why), " Simulated: made under a lab basis. Half view: one direction alone is covered by the basis.");
	assert_string_equal(english(&f.doubt), "as it is");
	sk_buf_fini(&form);
	(void)read_seed("fz_finding/values", &form);
	assert_int_equal(sk_finding_decode(form.bytes, form.length, &f), SK_OK);
	assert_string_equal(english(&f.sentence), "192.0.2.1 (inside) asked 192.0.2.1 (abroad) for a name under bad.example, which list.txt:1 names, at 1970-01-01 00:00:00 UTC (3 queries, 2 answers, 1 of "
						  "them that there is no such name).");
	sk_buf_fini(&form);
}

/* A stored form of version 1 keeps the id that it had. */
static void old_forms_keep_their_id(void **state)
{
	(void)state;
	struct sk_buf form;
	uint8_t run[16] = {1}, id[16], digest[SK_HASH_BYTES];
	(void)read_seed("fz_observation/v1_all", &form);
	sk_observation_form_id(form.bytes, form.length, run, id);
	sk_buf_add(&form, run, sizeof run);
	sk_sha256(form.bytes, form.length, digest);
	assert_memory_equal(id, digest, sizeof id);
	sk_buf_fini(&form);
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
		cmocka_unit_test(numbers_round_trip),
		cmocka_unit_test(what_is_not_announced_is_not_written),
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
		cmocka_unit_test(old_forms_keep_their_id),
		cmocka_unit_test(names),
	};
	if (sk_seal_start() != SK_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
