/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP, SSH and commands in net/arkime and net/ndpi: the first bytes of every conversation against what Arkime and nDPI say of it. Every
   disagreement has its reason in capture_reasons.def. Every address counts as foreign here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "base/app.h"
#include "capture/capture.h"
#include "decode/command.h"
#include "decode/decode.h"
#include "decode/http.h"
#include "decode/ssh.h"

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

enum { TALKS_MAX = 4096, PREFIX_MAX = 20480, TCP = 6, UDP = 17 };

/* One direction of a conversation: the first bytes of its stream, or what its datagrams say one by one. */
struct talk {
	struct sk_addr source, destination;
	uint16_t source_port, destination_port;
	uint8_t ip_proto;
	bool opener;           /* sent a SYN, or was first */
	uint32_t next;         /* sequence number that comes next */
	bool has_next;
	size_t length;
	uint8_t *prefix;
	uint32_t apps;         /* bits of enum sk_app */
	struct sk_http http;
	struct sk_ssh ssh;
};

static struct talk talks[TALKS_MAX];
static size_t talk_count;

static bool is_talk(const struct talk *t, const struct sk_addr *source, uint16_t source_port, const struct sk_addr *destination,
		    uint16_t destination_port)
{
	return t->source_port == source_port && t->destination_port == destination_port && memcmp(&t->source, source, sizeof *source) == 0 &&
	       memcmp(&t->destination, destination, sizeof *destination) == 0;
}

static struct talk *find_talk(const struct sk_packet *p)
{
	bool answered = false;
	for (size_t i = 0; i < talk_count; i++) {
		struct talk *t = &talks[i];
		if (t->ip_proto != p->ip_proto)
			continue;
		if (is_talk(t, &p->source, p->source_port, &p->destination, p->destination_port))
			return t;
		answered |= is_talk(t, &p->destination, p->destination_port, &p->source, p->source_port);
	}
	if (talk_count == TALKS_MAX)
		return NULL;
	bool answers = (p->tcp_flags & (SK_TCP_SYN | SK_TCP_ACK)) == (SK_TCP_SYN | SK_TCP_ACK);
	struct talk *t = &talks[talk_count++];
	*t = (struct talk){.source = p->source, .destination = p->destination, .source_port = p->source_port, .destination_port = p->destination_port,
			   .ip_proto = p->ip_proto, .opener = !answered && !answers, .prefix = p->ip_proto == TCP ? malloc(PREFIX_MAX) : NULL};
	return t;
}

static void add_segment(struct talk *t, const struct sk_packet *p)
{
	struct sk_cur bytes = p->payload;
	if (!t->has_next)
		t->next = p->sequence + ((p->tcp_flags & SK_TCP_SYN) != 0);
	t->has_next = true;
	uint32_t ahead = t->next - p->sequence - ((p->tcp_flags & SK_TCP_SYN) != 0);
	if (!sk_more(&bytes) || ahead > sk_left(&bytes)) /* nothing new, or a gap: captures here are in order but for retransmissions */
		return;
	sk_skip(&bytes, ahead);
	size_t length = sk_left(&bytes), room = PREFIX_MAX - t->length;
	length = length < room ? length : room;
	if (length != 0)
		memcpy(t->prefix + t->length, sk_take(&bytes, length), length);
	t->length += length;
	t->next += (uint32_t)length;
}

static void read_bytes(struct talk *t, struct sk_cur bytes)
{
	struct sk_command command;
	if (sk_command_recognise(bytes, t->ip_proto, t->source_port, t->destination_port, t->opener, &command) == SK_OK)
		t->apps |= 1u << command.app;
}

static void add_packet(const struct sk_packet *p)
{
	struct talk *t = p->has_ports && (p->ip_proto == TCP || p->ip_proto == UDP) && !p->quoted ? find_talk(p) : NULL;
	if (t == NULL)
		return;
	if (p->ip_proto == TCP)
		add_segment(t, p);
	else
		read_bytes(t, p->payload);
}

static void finish_talk(struct talk *t)
{
	if (t->prefix == NULL)
		return;
	struct sk_cur bytes = sk_cur_of(t->prefix, t->length);
	size_t used;
	read_bytes(t, bytes);
	if (sk_http_head_last(bytes, &t->http, &used) == SK_OK)
		t->apps |= 1u << SK_APP_HTTP;
	enum sk_err err = sk_ssh_head(bytes, !t->opener, &t->ssh);
	if (err != SK_EUNSUPPORTED && t->ssh.has_banner)
		t->apps |= 1u << SK_APP_SSH;
	free(t->prefix);
	t->prefix = NULL;
}

static bool read_capture(const char *folder, const char *name)
{
	static const uint8_t key[16] = "heads test";
	static int no_table;
	char path[1024];
	(void)snprintf(path, sizeof path, SK_SHARED_DATA "/net/%s/%s", folder, name);
	talk_count = 0;
	struct sk_fault fault;
	struct sk_capture *source = NULL;
	struct sk_gate *gate = NULL;
	struct sk_decoder *decoder = NULL;
	struct sk_decoder_limits limits = sk_decoder_default_limits();
	if (sk_capture_open(path, &source, &fault) != SK_OK)
		return false;
	assert_int_equal(sk_gate_new((const struct sk_border *)(const void *)&no_table, SK_CLASS_BIT(SK_CLASS_FF), &gate), SK_OK);
	assert_int_equal(sk_decoder_new(&limits, key, &decoder), SK_OK);
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_verdict verdicts[SK_BATCH_MAX];
	size_t count = 1;
	while (count != 0) {
		enum sk_err ignored = sk_capture_next(source, frames, &count, &fault); /* damage ends the capture */
		(void)ignored;
		sk_gate_judge_batch(gate, frames, count, verdicts);
		for (size_t i = 0; i < count; i++) {
			struct sk_packet packet;
			struct sk_datagram datagram;
			if (verdicts[i].admitted == NULL)
				continue;
			enum sk_decoded decoded = sk_decode(decoder, verdicts[i].admitted, &packet, &datagram);
			if (decoded == SK_DECODED)
				add_packet(&packet);
			else if (decoded == SK_DECODE_DATAGRAM)
				sk_decode_release_datagram(decoder, &datagram);
		}
	}
	for (size_t i = 0; i < talk_count; i++)
		finish_talk(&talks[i]);
	sk_decoder_free(decoder);
	sk_gate_free(gate);
	sk_capture_close(source);
	return true;
}

/* ---- what they say ---- */

struct score {
	unsigned agree, reasoned, wrong;
};

static const struct {
	const char *what, *capture, *value, *why;
} reasons[] = {
#include "capture_reasons.def"
};

static void settle(struct score *score, bool agree, const char *what, const char *capture, const char *value)
{
	if (agree) {
		score->agree++;
		return;
	}
	for (size_t i = 0; i < SK_COUNT(reasons); i++)
		if (strcmp(reasons[i].what, what) == 0 && strcmp(reasons[i].capture, capture) == 0 &&
		    (reasons[i].value[0] == '\0' || strcmp(reasons[i].value, value) == 0)) {
			score->reasoned++;
			return;
		}
	print_message("%s: %s %s is not here\n", capture, what, value);
	score->wrong++;
}

/* The two directions between two ports, from the last capture read: sums of what all of them say. */
struct ours {
	uint32_t apps;
	size_t count;
	const struct talk *talks[TALKS_MAX];
};

static struct ours ours;

static void between(unsigned a, unsigned b, unsigned ip_proto)
{
	ours.apps = 0;
	ours.count = 0;
	for (size_t i = 0; i < talk_count; i++) {
		const struct talk *t = &talks[i];
		bool forth = t->source_port == a && t->destination_port == b, back = t->source_port == b && t->destination_port == a;
		if (t->ip_proto != ip_proto || (!forth && !back))
			continue;
		ours.apps |= t->apps;
		ours.talks[ours.count++] = t;
	}
}

typedef bool says(const struct talk *t, const char *value);

static bool says_software(const struct talk *t, const char *value)
{
	return t->ssh.software[0] != '\0' && strcasestr(value, t->ssh.software) != NULL;
}

static bool says_hassh(const struct talk *t, const char *value)
{
	return strcmp(t->ssh.hassh, value) == 0;
}

/* The method and the status of the first head each way stand in the lists of all heads. */
static bool says_method(const struct talk *t, const char *value)
{
	return strcmp(t->http.method, value) == 0;
}

static bool says_status(const struct talk *t, const char *value)
{
	return t->http.response && t->http.status == (unsigned)strtoul(value, NULL, 10);
}

/* Any of ours says any (all of) theirs. */
static void compare(struct json_object *line, const char *field, says *says_it, bool all, struct score *score, const char *capture)
{
	struct json_object *values = NULL;
	if (!json_object_object_get_ex(line, field, &values))
		return;
	bool list = json_object_get_type(values) == json_type_array, any = false;
	size_t count = list ? json_object_array_length(values) : 1;
	for (size_t i = 0; i < count; i++) {
		const char *value = json_object_get_string(list ? json_object_array_get_idx(values, i) : values);
		bool found = false;
		for (size_t k = 0; k < ours.count; k++)
			found |= says_it(ours.talks[k], value);
		any |= found;
		if (all)
			settle(score, found, field, capture, value);
	}
	if (!all)
		settle(score, any, field, capture, json_object_get_string(values));
}

enum { SOFTWARE, HASSH, HASSH_SERVER, METHOD, STATUS, PROTOCOL, SCORES };
static const char *const score_names[SCORES] = {"SSH software", "HASSH", "hasshServer", "HTTP method", "HTTP status", "protocol"};

static unsigned number_of(struct json_object *line, const char *name)
{
	struct json_object *value = NULL;
	return json_object_object_get_ex(line, name, &value) ? (unsigned)json_object_get_int(value) : 0;
}

static void compare_protocol(const char *theirs, const char *const names[][2], size_t count, struct score *score, const char *capture)
{
	for (size_t i = 0; i < count; i++) {
		enum sk_app app;
		if (strcmp(names[i][0], theirs) == 0 && sk_app_parse(names[i][1], &app))
			settle(score, (ours.apps & 1u << app) != 0, "protocol", capture, theirs);
	}
}

static void check_arkime(struct json_object *line, const char *capture, struct score scores[SCORES])
{
	static const char *const names[][2] = {{"krb5", "kerberos"}, {"smb", "smb"}, {"ntp", "ntp"}, {"snmp", "snmp"}, {"sip", "sip"},
					       {"mqtt", "mqtt"},
					       {"rdp", "rdp"}, {"stun", "stun"}, {"http", "http"}, {"ssh", "ssh"}};
	between(number_of(line, "sport"), number_of(line, "dport"), number_of(line, "ip_proto"));
	if (ours.count == 0)
		return;
	compare(line, "ssh_version", says_software, true, &scores[SOFTWARE], capture);
	compare(line, "hassh", says_hassh, true, &scores[HASSH], capture);
	compare(line, "hassh_server", says_hassh, true, &scores[HASSH_SERVER], capture);
	compare(line, "http_method", says_method, false, &scores[METHOD], capture);
	compare(line, "http_status", says_status, false, &scores[STATUS], capture);
	struct json_object *protocols = NULL;
	(void)json_object_object_get_ex(line, "protocols", &protocols);
	for (size_t i = 0; protocols != NULL && i < json_object_array_length(protocols); i++)
		compare_protocol(json_object_get_string(json_object_array_get_idx(protocols, i)), names, SK_COUNT(names), &scores[PROTOCOL], capture);
}

static unsigned port_of(struct json_object *flow, const char *end)
{
	struct json_object *value = NULL;
	const char *text = json_object_object_get_ex(flow, end, &value) ? strrchr(json_object_get_string(value), ':') : NULL;
	return text != NULL ? (unsigned)strtoul(text + 1, NULL, 10) : 0;
}

static void check_ndpi(struct json_object *line, const char *capture, struct score scores[SCORES])
{
	static const char *const names[][2] = {{"Kerberos", "kerberos"}, {"SMBv1", "smb"}, {"SMBv23", "smb"}, {"NTP", "ntp"}, {"SNMP", "snmp"},
					       {"SIP", "sip"},
					       {"MQTT", "mqtt"}, {"RDP", "rdp"}, {"STUN", "stun"}, {"HTTP", "http"}, {"SSH", "ssh"}};
	struct json_object *flows = NULL, *value = NULL;
	(void)json_object_object_get_ex(line, "flows", &flows);
	for (size_t i = 0; flows != NULL && i < json_object_array_length(flows); i++) {
		struct json_object *flow = json_object_array_get_idx(flows, i);
		char protocol[128] = "";
		if (json_object_object_get_ex(flow, "proto", &value))
			(void)snprintf(protocol, sizeof protocol, "%s", json_object_get_string(value));
		bool tcp = json_object_object_get_ex(flow, "l4", &value) && strcmp(json_object_get_string(value), "TCP") == 0;
		between(port_of(flow, "a"), port_of(flow, "b"), tcp ? TCP : UDP);
		if (ours.count == 0)
			continue;
		char *rest = protocol;
		for (char *word = strsep(&rest, "."); word != NULL; word = strsep(&rest, "."))
			compare_protocol(word, names, SK_COUNT(names), &scores[PROTOCOL], capture);
	}
}

typedef void judge(struct json_object *line, const char *capture, struct score scores[SCORES]);

static bool against(const char *folder, judge *judge_line, struct score scores[SCORES])
{
	char path[1024], current[256] = "", *text = NULL;
	size_t size = 0;
	(void)snprintf(path, sizeof path, SK_SHARED_DATA "/net/%s/expected.jsonl", folder);
	FILE *truth = fopen(path, "r");
	if (truth == NULL) {
		print_message("skipped: ../shared/data/net/%s/expected.jsonl is not there\n", folder);
		return false;
	}
	while (getline(&text, &size, truth) > 0) {
		struct json_object *line = json_tokener_parse(text), *value = NULL;
		assert_true(json_object_object_get_ex(line, "pcap", &value));
		if (strcmp(json_object_get_string(value), current) != 0) {
			(void)snprintf(current, sizeof current, "%s", json_object_get_string(value));
			if (!read_capture(folder, current))
				talk_count = 0;
		}
		judge_line(line, current, scores);
		json_object_put(line);
	}
	free(text);
	(void)fclose(truth);
	return true;
}

static void expect(const char *folder, judge *judge_line, const unsigned floors[SCORES])
{
	struct score scores[SCORES] = {{0}};
	if (!against(folder, judge_line, scores))
		return;
	for (unsigned i = 0; i < SCORES; i++) {
		print_message("%-6s %-12s %3u agree, %2u differ with a reason, %u without\n", folder, score_names[i], scores[i].agree,
			      scores[i].reasoned, scores[i].wrong);
		assert_int_equal(scores[i].wrong, 0);
		assert_true(scores[i].agree >= floors[i]);
	}
}

static void test_arkime(void **state)
{
	(void)state;
	expect("arkime", check_arkime, (const unsigned[SCORES]){[SOFTWARE] = 12, [HASSH] = 3, [HASSH_SERVER] = 2, [METHOD] = 56, [STATUS] = 41,
								[PROTOCOL] = 113});
}

static void test_ndpi(void **state)
{
	(void)state;
	expect("ndpi", check_ndpi, (const unsigned[SCORES]){[PROTOCOL] = 93});
}

static bool says_nothing(const struct talk *t, const char *value)
{
	(void)t;
	(void)value;
	return false;
}

static void check_nothing(struct json_object *line, const char *capture, struct score scores[SCORES])
{
	between(number_of(line, "sport"), number_of(line, "dport"), number_of(line, "ip_proto"));
	if (ours.count != 0)
		compare(line, "hassh", says_nothing, true, &scores[HASSH], capture);
}

/* Sabotage: heads that say nothing are seen. */
static void test_sees_sabotage(void **state)
{
	(void)state;
	struct score scores[SCORES] = {{0}};
	if (against("arkime", check_nothing, scores))
		assert_int_equal(scores[HASSH].wrong, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arkime),
		cmocka_unit_test(test_ndpi),
		cmocka_unit_test(test_sees_sabotage),
	};
	return cmocka_run_group_tests_name("head captures", tests, NULL, NULL);
}
