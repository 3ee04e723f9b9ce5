/* SPDX-License-Identifier: Apache-2.0 */
/* EVE lines against tests/golden/emit/eve.json. SK_UPDATE_GOLDEN=1 writes the golden file anew; look at the difference before committing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "emit/emit.h"

static const char golden_path[] = SK_SOURCE_ROOT "/tests/golden/emit/eve.json";
enum { OUT_MAX = 1 << 20 };

static struct sk_addr addr(const char *text)
{
	struct sk_addr out;
	assert_int_equal(sk_addr_parse(text, &out), SK_OK);
	return out;
}

static struct sk_observation flow(void)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	o.kind = SK_OBSERVATION_FLOW;
	o.class_ = SK_CLASS_FD;
	o.ip_proto = 6;
	o.initiator_sure = 1;
	o.tcp_flags[0] = 0x1b, o.tcp_flags[1] = 0x12;
	o.end = 2, o.state = 5, o.layers = 1;
	o.initiator = addr("192.0.2.1"), o.responder = addr("198.51.100.2");
	o.initiator_port = 40000, o.responder_port = 443;
	o.first_ns = 1795329000000000000, o.last_ns = 1795329061500000000;
	o.packets[0] = 10, o.packets[1] = 12, o.ip_bytes[0] = 1000, o.ip_bytes[1] = 9000;
	return o;
}

static void write_other_heads(struct sk_emit *emit)
{
	static const uint8_t no_id[16];
	struct sk_observation o = flow();
	o.app = SK_APP_QUIC, o.ip_proto = 17;
	o.sections = SK_SECTION_TLS;
	o.tls_version = 0x304, o.quic_version = 0xff00001d, o.tls_bits = SK_TLS_BIT_QUIC | SK_TLS_BIT_ECH;
	sk_emit_observation(emit, &o, no_id);
	o = flow();
	o.app = SK_APP_HTTP, o.sections = SK_SECTION_HTTP;
	o.http_version = 11, o.http_status = 404, o.http_path_depth = 2, o.http_requests = o.http_responses = 1;
	o.http_bits = SK_HTTP_BIT_REQUEST | SK_HTTP_BIT_RESPONSE;
	strcpy(o.http_method, "GET");
	strcpy(o.http_host_domain, "bad.example");
	sk_emit_observation(emit, &o, no_id);
	o = flow();
	o.app = SK_APP_SSH, o.sections = SK_SECTION_SSH;
	o.ssh_client_version = 0x200, o.ssh_server_version = 0x163;
	strcpy(o.ssh_client_software, "OpenSSH_9.2p1");
	strcpy(o.ssh_server_software, "dropbear");
	strcpy(o.hassh, "00112233445566778899aabbccddeeff");
	sk_emit_observation(emit, &o, no_id);
	o = flow();
	o.app = SK_APP_MODBUS, o.sections = SK_SECTION_COMMAND;
	o.command_requests = 3, o.command_responses = 2, o.command_writes = 1, o.command_code_count = 2;
	o.command_codes[0] = 3, o.command_codes[1] = 16;
	sk_emit_observation(emit, &o, no_id);
}

static void write_all_kinds(struct sk_emit *emit)
{
	static const uint8_t id[16] = {1, 2, 3}, no_id[16];
	struct sk_observation o = flow();
	sk_emit_observation(emit, &o, id);
	o.kind = SK_OBSERVATION_HIT;
	o.app = 2;
	o.sections = SK_SECTION_HITS | SK_SECTION_TLS | SK_SECTION_SERVER | SK_SECTION_CERTIFICATE;
	o.tls_version = 0x304;
	o.server_version = 0x303, o.server_cipher = 0xc02f;
	strcpy(o.ja3s, "fedcba9876543210fedcba9876543210");
	memset(o.cert_sha1, 0xcc, sizeof o.cert_sha1), memset(o.cert_sha256, 0x11, sizeof o.cert_sha256);
	o.cert_not_before_s = 1490227200, o.cert_not_after_s = 1589371200;
	o.cert_bits = SK_CERT_BIT_PARSED | SK_CERT_BIT_WHOLE | SK_CERT_BIT_SELF_SIGNED;
	o.hit_count = 1, o.hit_ids[0] = 77;
	strcpy(o.matched, "bad.example");
	strcpy(o.sni_domain, "bad.example");
	strcpy(o.alpn, "h2\x01\"\xff");
	strcpy(o.ja3, "0123456789abcdef0123456789abcdef");
	strcpy(o.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	sk_emit_observation(emit, &o, id);
	struct sk_finding f;
	memset(&f, 0, sizeof f);
	strcpy(f.kind, "indicator.domain");
	f.severity = 3, f.confidence_percent = 90, f.class_ = SK_CLASS_FD;
	strcpy(f.matched, "bad.example");
	strcpy(f.origin, "list.txt:12");
	sk_words_set(&f.sentence, "192.0.2.1 asked for bad.example.");
	sk_words_set(&f.why, "list.txt line 12 names it.");
	sk_words_set(&f.doubt, "A crawler.");
	f.first_ns = o.first_ns;
	sk_emit_finding(emit, &f, &o);
	sk_emit_mark(emit, "lab-1", true, true);
	o = flow();
	o.ip_proto = 17, o.app = 1, o.state = 3, o.end = 5;
	o.initiator = addr("2001:db8::1"), o.responder = addr("2001:db8::2"), o.responder_port = 53;
	o.sections = SK_SECTION_DNS;
	o.dns_type = 28, o.dns_flags = 0x8180, o.dns_rcode = 3, o.dns_labels = 3, o.dns_name_length = 15, o.dns_entropy_x16 = 50;
	o.dns_queries = 1, o.dns_responses = 1, o.dns_nxdomain = 1;
	strcpy(o.dns_domain, "bad.example");
	sk_emit_observation(emit, &o, no_id);
	o = flow();
	o.ip_proto = 1, o.initiator_port = 8, o.responder_port = 0, o.icmp_type = 8, o.class_ = SK_CLASS_FF;
	sk_emit_observation(emit, &o, no_id);
	o.ip_proto = 99, o.initiator_port = 0, o.first_ns = -1;
	sk_emit_observation(emit, &o, no_id);
	write_other_heads(emit);
}

static void lines_are_golden(void **state)
{
	(void)state;
	char path[] = "/tmp/sk-emit-XXXXXX";
	struct sk_emit *emit;
	struct sk_fault fault;
	struct sk_buf got, golden;
	struct stat info;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(sk_emit_open(path, "sensor-1", &emit, &fault), SK_OK);
	write_all_kinds(emit);
	assert_int_equal(sk_emit_close(emit, &fault), SK_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 077, 0);
	sk_buf_init(&got, OUT_MAX);
	sk_buf_init(&golden, OUT_MAX);
	assert_int_equal(sk_file_read(path, &got, &fault), SK_OK);
	(void)unlink(path);
	if (getenv("SK_UPDATE_GOLDEN") != NULL)
		assert_int_equal(sk_file_replace(golden_path, got.bytes, got.length, 0644, &fault), SK_OK);
	assert_int_equal(sk_file_read(golden_path, &golden, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&got), sk_buf_text(&golden));
	/* Each line is one object for another JSON library too. */
	size_t lines = 0;
	for (char *line = (char *)got.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
		*end = '\0';
		struct json_object *object = json_tokener_parse(line);
		assert_non_null(object);
		assert_non_null(json_object_object_get(object, "sekisho"));
		(void)json_object_put(object);
	}
	assert_int_equal(lines, 16);
	sk_buf_fini(&got);
	sk_buf_fini(&golden);
}

static void a_full_disk_is_told_once(void **state)
{
	(void)state;
	struct sk_emit *emit;
	struct sk_fault fault;
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(sk_emit_open("/dev/full", "s", &emit, &fault), SK_OK);
	for (int i = 0; i < 100; i++)
		write_all_kinds(emit);
	assert_int_equal(sk_emit_close(emit, &fault), SK_ENOSPC);
	assert_non_null(strstr(fault.line, "/dev/full"));
	assert_int_equal(sk_emit_open("/nowhere/eve.json", "s", &emit, &fault), SK_EIO);
}

/* A service's file: the same lines, whole ones alone, over many small files; opened anew when somebody moved it. */
static void a_file_that_rolls(void **state)
{
	(void)state;
	char folder[] = "/tmp/sk-emit-XXXXXX", path[64], part[80];
	struct sk_clock_fake time = {.now_unix_ns = 1};
	struct sk_rolling_limits limits = {.size_bytes = 4000, .keep = 99, .flush_ns = 1000000000};
	struct sk_rolling_stats stats;
	struct sk_emit *emit;
	struct sk_fault fault;
	struct sk_buf all, golden;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/eve.json", folder);
	assert_int_equal(sk_emit_open_rolling(path, "sensor-1", &limits, sk_clock_of_fake(&time), &emit, &fault), SK_OK);
	write_all_kinds(emit);
	time.now_unix_ns += 1000000001;
	sk_emit_tick(emit);
	sk_emit_stats(emit, &stats);
	assert_int_equal(stats.lines, 16);
	assert_true(stats.rolled >= 2);
	sk_buf_init(&all, OUT_MAX);
	sk_buf_init(&golden, OUT_MAX);
	for (int64_t number = (int64_t)stats.rolled; number >= 0; number--) {
		(void)snprintf(part, sizeof part, number > 0 ? "%s.%d" : "%s", path, (int)number);
		assert_int_equal(sk_file_read(part, &all, &fault), SK_OK);
		assert_int_equal(all.bytes[all.length - 1], '\n');
		(void)unlink(part);
	}
	assert_int_equal(sk_file_read(golden_path, &golden, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&all), sk_buf_text(&golden));
	assert_int_equal(sk_emit_reopen(emit, &limits, &fault), SK_OK);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(sk_emit_sync(emit, &fault), SK_OK);
	assert_int_equal(sk_emit_close(emit, &fault), SK_OK);
	(void)unlink(path), (void)rmdir(folder);
	sk_buf_fini(&all);
	sk_buf_fini(&golden);
	assert_int_equal(sk_emit_open_rolling("/nowhere/eve.json", "s", &limits, sk_clock_of_fake(&time), &emit, &fault), SK_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines_are_golden), cmocka_unit_test(a_full_disk_is_told_once), cmocka_unit_test(a_file_that_rolls)};
	if (sk_seal_start() != SK_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
