/* SPDX-License-Identifier: Apache-2.0 */
/* JA3 and JA4 of whole captures, through capture, gate, decode and flow, against what FoxIO and Arkime published. Every address counts as foreign
   here, since those captures live in private ranges. Prints the share that agrees and each disagreement with its reason; one without a known
   reason fails the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "flow/flow.h"

/* ---- a border table on which everything is foreign ---- */

enum sk_side sk_border_side(const struct sk_border *table, const struct sk_addr *addr)
{
	(void)table;
	(void)addr;
	return SK_SIDE_FOREIGN;
}

enum sk_side sk_border_side4(const struct sk_border *table, const uint8_t bytes[4])
{
	(void)table;
	(void)bytes;
	return SK_SIDE_FOREIGN;
}

enum sk_side sk_border_side6(const struct sk_border *table, const uint8_t bytes[16])
{
	(void)table;
	(void)bytes;
	return SK_SIDE_FOREIGN;
}

void sk_border_prefetch(const struct sk_border *table, const uint8_t *bytes, unsigned family)
{
	(void)table;
	(void)bytes;
	(void)family;
}

/* ---- the hellos of one capture ---- */

enum { HELLOS_MAX = 512 };

struct seen {
	struct sk_flow_record record;
	struct sk_client_hello hello;
};

static struct {
	char name[256];
	struct seen seen[HELLOS_MAX];
	size_t count;
	uint64_t segments, heads;
} capture;

static void closed(void *context, const struct sk_flow_record *record)
{
	(void)context;
	(void)record;
	capture.segments++;
}

static void follow(struct sk_flow_table *table, const struct sk_packet *packet)
{
	bool is_new;
	struct sk_flow *flow = sk_flow_apply(table, packet, &is_new);
	const struct sk_head *head = sk_flow_head(table, flow, packet);
	for (; head != NULL; head = sk_flow_head_next(table, flow, packet)) {
		capture.heads++;
		if (head->kind != SK_HEAD_CLIENT_HELLO || capture.count == HELLOS_MAX)
			continue;
		struct seen *seen = &capture.seen[capture.count++];
		sk_flow_read(table, flow, &seen->record);
		seen->hello = head->as.client_hello;
	}
}

static void decode(struct sk_gate *gate, struct sk_decoder *decoder, struct sk_flow_table *table, const struct sk_admitted *admitted)
{
	struct sk_packet packet;
	struct sk_datagram datagram;
	enum sk_decoded verdict = sk_decode(decoder, admitted, &packet, &datagram);
	if (verdict == SK_DECODED)
		follow(table, &packet);
	if (verdict != SK_DECODE_DATAGRAM)
		return;
	struct sk_datagram inner;
	struct sk_verdict again = sk_gate_judge_datagram(gate, &datagram.seen, datagram.bytes, datagram.length);
	if (again.admitted != NULL && sk_decode(decoder, again.admitted, &packet, &inner) == SK_DECODED)
		follow(table, &packet);
	sk_decode_release_datagram(decoder, &datagram);
}

static void read_capture(const char *folder, const char *name)
{
	static const uint8_t key[16] = "fingerprint test";
	static int no_table;
	char path[1024];
	if (strcmp(capture.name, name) == 0)
		return;
	(void)snprintf(capture.name, sizeof capture.name, "%s", name);
	(void)snprintf(path, sizeof path, SK_SHARED_DATA "/net/%s/%s", folder, name);
	capture.count = 0;
	struct sk_fault fault;
	struct sk_capture *source = NULL;
	struct sk_gate *gate = NULL;
	struct sk_decoder *decoder = NULL;
	struct sk_flow_table *table = NULL;
	struct sk_decoder_limits decoder_limits = sk_decoder_default_limits();
	struct sk_flow_limits limits = sk_flow_default_limits();
	limits.flows = 1 << 14;
	limits.facts = 1;
	limits.streams = 256;
	if (sk_capture_open(path, &source, &fault) != SK_OK) {
		print_message("%s\n", fault.line);
		return;
	}
	assert_int_equal(sk_gate_new((const struct sk_border *)(const void *)&no_table, SK_CLASS_BIT(SK_CLASS_FF), &gate), SK_OK);
	assert_int_equal(sk_decoder_new(&decoder_limits, key, &decoder), SK_OK);
	assert_int_equal(sk_flow_table_new(&limits, key, closed, NULL, &table), SK_OK);
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	size_t count = 1;
	while (count != 0) {
		if (sk_capture_next(source, frames, &count, &fault) != SK_OK)
			print_message("%s\n", fault.line);
		sk_gate_judge_batch(gate, frames, count, verdicts);
		for (size_t i = 0; i < count; i++)
			if (verdicts[i].admitted != NULL)
				decode(gate, decoder, table, verdicts[i].admitted);
	}
	sk_flow_close_all(table, SK_FLOW_END_STOP);
	assert_int_equal(sk_flow_residue(table), 0);
	struct sk_fragment_loss loss = {0};
	sk_decode_expire(decoder, INT64_MAX, &loss);
	assert_int_equal(sk_decode_residue(decoder), 0);
	sk_flow_table_free(table);
	sk_decoder_free(decoder);
	sk_gate_free(gate);
	sk_capture_close(source);
}

/* ---- the published lists ---- */

static const char *text_of(struct json_object *line, const char *name)
{
	struct json_object *value = NULL;
	if (!json_object_object_get_ex(line, name, &value))
		return NULL;
	if (json_object_get_type(value) == json_type_array)
		value = json_object_array_length(value) > 0 ? json_object_array_get_idx(value, 0) : NULL;
	return json_object_get_string(value);
}

/* Does a hello of this conversation carry the fingerprint? *other gets one that it carries instead. */
static bool find(struct json_object *line, const char *source_port, const char *destination_port, bool ja3, const char *wanted, const char **other)
{
	struct sk_addr source, destination;
	*other = "no hello";
	if (sk_addr_parse(text_of(line, "src"), &source) != SK_OK || sk_addr_parse(text_of(line, "dst"), &destination) != SK_OK)
		return false;
	for (size_t i = 0; i < capture.count; i++) {
		const struct sk_flow_record *r = &capture.seen[i].record;
		if (!sk_addr_equal(&r->initiator, &source) || !sk_addr_equal(&r->responder, &destination) ||
				r->initiator_port != atoi(text_of(line, source_port)) ||
		    r->responder_port != atoi(text_of(line, destination_port)))
			continue;
		*other = ja3 ? capture.seen[i].hello.ja3 : capture.seen[i].hello.ja4;
		if (strcmp(*other, wanted) == 0)
			return true;
	}
	return false;
}

static const struct { const char *list, *kind, *capture, *wanted, *reason; } known[] = {
	{"", "", "", "", ""},
#include "fingerprint_reasons.def"
};

static const char *reason_for(const char *folder, const char *kind, const char *name, const char *wanted)
{
	if (strcmp(kind, "JA4.2") == 0)
		return "the second hello of a connection (after HelloRetryRequest): one hello a flow is read";
	if (wanted[0] == 'q' && strncmp(kind, "JA3", 3) != 0)
		return "QUIC is not decoded in this version";
	for (size_t i = 1; i < SK_COUNT(known); i++)
		if (strcmp(known[i].list, folder) == 0 && strcmp(known[i].kind, kind) == 0 && strcmp(known[i].capture, name) == 0 &&
		    (known[i].wanted[0] == '\0' || strcmp(known[i].wanted, wanted) == 0))
			return known[i].reason;
	return NULL;
}

struct score {
	unsigned agree, explained, wrong;
};

static void check(const char *folder, struct json_object *line, const char *source_port, const char *destination_port, const char *kind,
		const char *wanted,
		  struct score *score)
{
	if (wanted == NULL)
		return;
	const char *other, *name = text_of(line, "pcap");
	read_capture(folder, name);
	if (find(line, source_port, destination_port, strcmp(kind, "JA3") == 0, wanted, &other)) {
		score->agree++;
		return;
	}
	const char *reason = reason_for(folder, kind, name, wanted);
	if (reason != NULL)
		score->explained++;
	else
		score->wrong++;
	print_message("%s/%s port %s: %s %s, here %s: %s\n", folder, name, text_of(line, source_port), kind, wanted, other, reason != NULL
			? reason : "NO KNOWN REASON");
}

static void against(const char *folder)
{
	char path[1024];
	(void)snprintf(path, sizeof path, SK_SHARED_DATA "/net/%s/expected.jsonl", folder);
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		print_message("skipped: no %s\n", path);
		skip();
	}
	static char text[1 << 20];
	struct score ja3 = {0}, ja4 = {0};
	bool foxio = strcmp(folder, "ja4") == 0;
	while (fgets(text, sizeof text, file) != NULL) {
		struct json_object *line = json_tokener_parse(text);
		assert_non_null(line);
		if (foxio) {
			check(folder, line, "srcport", "dstport", "JA4.1", text_of(line, "JA4.1"), &ja4);
			check(folder, line, "srcport", "dstport", "JA4.2", text_of(line, "JA4.2"), &ja4);
		} else {
			check(folder, line, "sport", "dport", "JA3", text_of(line, "ja3"), &ja3);
			check(folder, line, "sport", "dport", "JA4", text_of(line, "ja4"), &ja4);
		}
		json_object_put(line);
	}
	(void)fclose(file);
	if (!foxio)
		print_message("%s: JA3 %u of %u agree, %u explained, %u not\n", folder, ja3.agree, ja3.agree + ja3.explained + ja3.wrong,
				ja3.explained, ja3.wrong);
	print_message("%s: JA4 %u of %u agree, %u explained, %u not\n", folder, ja4.agree, ja4.agree + ja4.explained + ja4.wrong, ja4.explained,
			ja4.wrong);
	assert_int_equal(ja3.wrong + ja4.wrong, 0);
	assert_true(ja4.agree > 0);
}

static void test_foxio(void **state)
{
	(void)state;
	against("ja4");
}

static void test_arkime(void **state)
{
	(void)state;
	against("arkime");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_foxio), cmocka_unit_test(test_arkime)};
	return cmocka_run_group_tests_name("fingerprints", tests, NULL, NULL);
}
