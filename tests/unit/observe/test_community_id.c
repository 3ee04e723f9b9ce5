/* SPDX-License-Identifier: Apache-2.0 */
/* Community ID 1 against the specification's own vectors and against the sessions that Arkime published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "observe/observe.h"

enum { PROTO_ESP = 50, PROTO_AH = 51 };

static struct sk_observation record_of(const char *initiator, uint16_t initiator_port, const char *responder, uint16_t responder_port, uint8_t proto)
{
	struct sk_observation record = {.initiator_port = initiator_port, .responder_port = responder_port, .ip_proto = proto};
	assert_int_equal(sk_addr_parse(initiator, &record.initiator), SK_OK);
	assert_int_equal(sk_addr_parse(responder, &record.responder), SK_OK);
	return record;
}

static void expect(struct sk_observation record, const char *id)
{
	char text[SK_OBSERVATION_COMMUNITY_ID_MAX];
	assert_string_equal(sk_observation_community_id(&record, text), id);
}

/* Published with the specification (corelight/community-id-spec, baseline of seed 0). */
static void test_vectors(void **state)
{
	(void)state;
	expect(record_of("128.232.110.120", 34855, "66.35.250.204", 80, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	expect(record_of("66.35.250.204", 80, "128.232.110.120", 34855, 6), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	expect(record_of("192.168.1.52", 54585, "8.8.8.8", 53, 17), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
	expect(record_of("192.168.170.8", 7, "192.168.170.56", 80, 132), "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=");
	expect(record_of("192.168.0.89", 8, "192.168.0.1", 0, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
	expect(record_of("192.168.0.1", 0, "192.168.0.89", 8, 1), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

static const char *text_of(struct json_object *line, const char *name)
{
	struct json_object *value = NULL;
	return json_object_object_get_ex(line, name, &value) ? json_object_get_string(value) : NULL;
}

static int number_of(struct json_object *line, const char *name)
{
	struct json_object *value = NULL;
	return json_object_object_get_ex(line, name, &value) ? json_object_get_int(value) : -1;
}

/* The list does not say the type and code of ICMP sessions; test_fingerprints and the scenarios see those in the packets. */
static void test_arkime(void **state)
{
	(void)state;
	FILE *file = fopen(SK_SHARED_DATA "/net/arkime/expected.jsonl", "r");
	if (file == NULL) {
		print_message("skipped: no " SK_SHARED_DATA "/net/arkime\n");
		skip();
	}
	static char line[1 << 20];
	unsigned agree = 0, disagree = 0, portless = 0, icmp = 0, without = 0;
	while (fgets(line, sizeof line, file) != NULL) {
		struct json_object *session = json_tokener_parse(line);
		assert_non_null(session);
		const char *id = text_of(session, "community_id");
		int proto = number_of(session, "ip_proto");
		if (id == NULL)
			without++;
		else if (proto == 1 || proto == 58)
			icmp++;
		else {
			char text[SK_OBSERVATION_COMMUNITY_ID_MAX];
			struct sk_observation record = record_of(text_of(session, "src"), (uint16_t)number_of(session, "sport"), 
								 text_of(session, "dst"),
								 (uint16_t)number_of(session, "dport"), (uint8_t)proto);
			if (strcmp(sk_observation_community_id(&record, text), id) == 0)
				agree++;
			else if (proto == PROTO_ESP || proto == PROTO_AH)
				portless++;
			else {
				disagree++;
				print_message("%s: %s, here %s\n", line, id, text);
			}
		}
		json_object_put(session);
	}
	(void)fclose(file);
	print_message("%u of %u agree, %u differ because Arkime hashes two zero ports for ESP and AH, which the specification leaves out, %u "
		      "for no known reason; not compared: %u ICMP (no type in the list), %u without an ID\n", agree, agree + portless + disagree, portless,
				disagree, icmp, without);
	assert_int_equal(disagree, 0);
	assert_true(agree > 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_arkime)};
	return cmocka_run_group_tests_name("community id", tests, NULL, NULL);
}
