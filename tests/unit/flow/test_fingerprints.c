/* SPDX-License-Identifier: Apache-2.0 */
/* JA3, JA3S, JA4 and server names of whole captures (TLS, DTLS, QUIC), through capture, gate, decode and flow, against what FoxIO, Arkime and nDPI
   published. Every address counts as foreign here, since those captures live in private ranges. Prints the share that agrees and each disagreement
   with its reason; one without a known reason fails the test. */
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
	bool server;
	struct sk_client_hello hello;
	struct sk_server_hello answer;
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
		if ((head->kind != SK_HEAD_CLIENT_HELLO && head->kind != SK_HEAD_SERVER_HELLO) || capture.count == HELLOS_MAX)
			continue;
		struct seen *seen = &capture.seen[capture.count++];
		sk_flow_read(table, flow, &seen->record);
		seen->server = head->kind == SK_HEAD_SERVER_HELLO;
		if (seen->server)
			seen->answer = head->as.server_hello;
		else
			seen->hello = head->as.client_hello;
	}
}

static struct sk_flow_clock flow_clock;

static void follow_now(struct sk_flow_table *table, struct sk_packet *packet)
{
	if (sk_flow_clock_tick(&flow_clock, packet->time_ns))
		sk_flow_clock_back(table, flow_clock.was_ns, flow_clock.now_ns);
	packet->clock_ns = flow_clock.now_ns;
	follow(table, packet);
}

static void decode(struct sk_gate *gate, struct sk_decoder *decoder, struct sk_flow_table *table, const struct sk_admitted *admitted)
{
	struct sk_packet packet;
	struct sk_datagram datagram;
	enum sk_decoded verdict = sk_decode(decoder, admitted, &packet, &datagram);
	if (verdict == SK_DECODED)
		follow_now(table, &packet);
	if (verdict != SK_DECODE_DATAGRAM)
		return;
	struct sk_datagram inner;
	struct sk_verdict again = sk_gate_judge_datagram(gate, &datagram.seen, datagram.bytes, datagram.length);
	if (again.admitted != NULL && sk_decode(decoder, again.admitted, &packet, &inner) == SK_DECODED)
		follow_now(table, &packet);
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
	flow_clock = (struct sk_flow_clock){.now_ns = 0};
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
		enum sk_err err = sk_capture_next(source, frames, &count, &fault);
		if (err != SK_OK)
			print_message("%s\n", fault.line);
		if (err != SK_OK && err != SK_EDAMAGED)
			break;
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

struct conversation {
	struct sk_addr ends[2];
	uint16_t ports[2];
	bool directed;                /* the first end is the initiator */
};

enum what { JA3, JA3S, JA4, SNI };
static const char *const what_names[] = {"JA3", "JA3S", "JA4", "SNI"};

static bool belongs(const struct sk_flow_record *r, const struct conversation *c)
{
	for (unsigned turned = 0; turned < (c->directed ? 1 : 2); turned++)
		if (sk_addr_equal(&r->initiator, &c->ends[turned]) && sk_addr_equal(&r->responder, &c->ends[turned ^ 1]) &&
		    r->initiator_port == c->ports[turned] && r->responder_port == c->ports[turned ^ 1])
			return true;
	return false;
}

static const char *value_of(const struct seen *seen, enum what what)
{
	return what == JA3S ? seen->answer.ja3s : what == JA3 ? seen->hello.ja3 : what == JA4 ? seen->hello.ja4 : seen->hello.sni;
}

/* Does a hello of this conversation carry the value? *other gets one that it carries instead. */
static bool find(const struct conversation *c, enum what what, const char *wanted, const char **other)
{
	*other = "no hello";
	for (size_t i = 0; i < capture.count; i++) {
		const struct seen *seen = &capture.seen[i];
		if (seen->server != (what == JA3S) || !belongs(&seen->record, c))
			continue;
		*other = value_of(seen, what);
		if (strcmp(*other, wanted) == 0)
			return true;
	}
	return false;
}

static const struct { const char *list, *kind, *capture, *wanted, *reason; } known[] = {
	{"", "", "", "", ""},
#include "fingerprint_reasons.def"
};

static const char *reason_for(const char *folder, enum what what, const char *name, const char *wanted)
{
	for (size_t i = 1; i < SK_COUNT(known); i++)
		if (strcmp(known[i].list, folder) == 0 && strcmp(known[i].kind, what_names[what]) == 0 && strcmp(known[i].capture, name) == 0 &&
		    (known[i].wanted[0] == '\0' || strcmp(known[i].wanted, wanted) == 0))
			return known[i].reason;
	return NULL;
}

struct score {
	unsigned agree, explained, wrong;
};

/* nDPI writes JA4 in an older form (d also without SNI, the first two characters of the ALPN, the hash of nothing instead of zeros, 00 where the version
   is a draft): what it agrees on is compared, the lists behind the hashes. */
static const char *ndpi_reason(enum what what, const char *wanted, const char *other)
{
	static const char old_form[] = "nDPI's older form of JA4";
	static const char nothing[] = "e3b0c44298fc", zeros[] = "000000000000";
	if (what != JA4 || strlen(wanted) != 36 || strlen(other) != 36 || wanted[0] != other[0] || memcmp(wanted + 4, other + 4, 4) != 0 ||
	    memcmp(wanted + 10, other + 10, 14) != 0)
		return NULL;
	bool same = strcmp(wanted + 24, other + 24) == 0 || (strcmp(wanted + 24, nothing) == 0 && strcmp(other + 24, zeros) == 0);
	return same ? old_form : NULL;
}

static void check(const char *folder, const char *name, const struct conversation *c, enum what what, const char *wanted, struct score scores[])
{
	if (wanted == NULL)
		return;
	const char *other;
	read_capture(folder, name);
	if (find(c, what, wanted, &other)) {
		scores[what].agree++;
		return;
	}
	const char *reason = reason_for(folder, what, name, wanted);
	if (reason == NULL && strcmp(folder, "ndpi") == 0)
		reason = ndpi_reason(what, wanted, other);
	if (reason != NULL)
		scores[what].explained++;
	else
		scores[what].wrong++;
	print_message("%s/%s port %u: %s %s, here %s: %s\n", folder, name, c->ports[0], what_names[what], wanted, other,
		      reason != NULL ? reason : "NO KNOWN REASON");
}

static bool directed_ends(struct json_object *line, const char *source_port, const char *destination_port, struct conversation *c)
{
	const char *from = text_of(line, source_port), *to = text_of(line, destination_port);
	if (from == NULL || to == NULL || sk_addr_parse(text_of(line, "src"), &c->ends[0]) != SK_OK ||
	    sk_addr_parse(text_of(line, "dst"), &c->ends[1]) != SK_OK)
		return false;
	*c = (struct conversation){.ends = {c->ends[0], c->ends[1]}, .ports = {(uint16_t)strtoul(from, NULL, 10), (uint16_t)strtoul(to, NULL, 10)},
				   .directed = true};
	return true;
}

/* "192.0.2.1:443" or "[2001:db8::1]:443" */
static bool ndpi_end(const char *text, struct sk_addr *addr, uint16_t *port)
{
	char room[80];
	const char *colon = text != NULL ? strrchr(text, ':') : NULL;
	if (colon == NULL || (size_t)(colon - text) >= sizeof room)
		return false;
	size_t length = (size_t)(colon - text), bracket = *text == '[' ? 1 : 0;
	memcpy(room, text + bracket, length - 2 * bracket);
	room[length - 2 * bracket] = '\0';
	*port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return sk_addr_parse(room, addr) == SK_OK;
}

static void check_foxio(struct json_object *line, struct score scores[])
{
	struct conversation c;
	if (!directed_ends(line, "srcport", "dstport", &c))
		return;
	check("ja4", text_of(line, "pcap"), &c, JA4, text_of(line, "JA4.1"), scores);
	check("ja4", text_of(line, "pcap"), &c, JA4, text_of(line, "JA4.2"), scores);
	check("ja4", text_of(line, "pcap"), &c, SNI, text_of(line, "domain"), scores);
}

static void check_arkime(struct json_object *line, struct score scores[])
{
	struct conversation c;
	if (!directed_ends(line, "sport", "dport", &c))
		return;
	check("arkime", text_of(line, "pcap"), &c, JA3, text_of(line, "ja3"), scores);
	check("arkime", text_of(line, "pcap"), &c, JA3S, text_of(line, "ja3s"), scores);
	check("arkime", text_of(line, "pcap"), &c, JA4, text_of(line, "ja4"), scores);
}

static void check_ndpi(struct json_object *line, struct score scores[])
{
	struct json_object *flows = NULL;
	(void)json_object_object_get_ex(line, "flows", &flows);
	for (size_t i = 0; flows != NULL && i < json_object_array_length(flows); i++) {
		struct json_object *flow = json_object_array_get_idx(flows, i);
		struct conversation c = {.directed = false};
		if (text_of(flow, "ja4") == NULL || !ndpi_end(text_of(flow, "a"), &c.ends[0], &c.ports[0]) ||
		    !ndpi_end(text_of(flow, "b"), &c.ends[1], &c.ports[1]))
			continue;
		check("ndpi", text_of(line, "pcap"), &c, JA3, text_of(flow, "ja3"), scores);
		check("ndpi", text_of(line, "pcap"), &c, JA4, text_of(flow, "ja4"), scores);
		check("ndpi", text_of(line, "pcap"), &c, SNI, text_of(flow, "sni"), scores);
	}
}

static void against(const char *folder, void (*judge)(struct json_object *line, struct score scores[]))
{
	char path[1024];
	(void)snprintf(path, sizeof path, SK_SHARED_DATA "/net/%s/expected.jsonl", folder);
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		print_message("skipped: no %s\n", path);
		skip();
	}
	static char text[1 << 20];
	struct score scores[SK_COUNT(what_names)] = {{0}};
	while (fgets(text, sizeof text, file) != NULL) {
		struct json_object *line = json_tokener_parse(text);
		assert_non_null(line);
		judge(line, scores);
		json_object_put(line);
	}
	(void)fclose(file);
	unsigned wrong = 0;
	for (unsigned what = 0; what < SK_COUNT(what_names); what++) {
		const struct score *score = &scores[what];
		unsigned all = score->agree + score->explained + score->wrong;
		wrong += score->wrong;
		if (all != 0)
			print_message("%s: %s %u of %u agree, %u explained, %u not\n", folder, what_names[what], score->agree, all, score->explained, score->wrong);
	}
	assert_int_equal(wrong, 0);
	assert_true(scores[JA4].agree > 0);
}

static void test_foxio(void **state)
{
	(void)state;
	against("ja4", check_foxio);
}

static void test_arkime(void **state)
{
	(void)state;
	against("arkime", check_arkime);
}

static void test_ndpi(void **state)
{
	(void)state;
	against("ndpi", check_ndpi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_foxio), cmocka_unit_test(test_arkime), cmocka_unit_test(test_ndpi)};
	return cmocka_run_group_tests_name("fingerprints", tests, NULL, NULL);
}
