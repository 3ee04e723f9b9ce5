/* SPDX-License-Identifier: Apache-2.0 */
/* The gate before everything: what is domestic or unknown is never matched, and of such a line no byte behind the pair is looked at. The twin: a gate that
   says yes to everything turns the very same checks red. rule: GATE-3 */
#include "logs_test.h"

enum { FD_DF = SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF) };

static bool says_yes;

enum sk_gate_reason __real_sk_gate_judge_pair(const struct sk_border *table, unsigned covered, const struct sk_addr *source, const struct sk_addr *destination, enum sk_class *class_);
enum sk_gate_reason __wrap_sk_gate_judge_pair(const struct sk_border *table, unsigned covered, const struct sk_addr *source, const struct sk_addr *destination, enum sk_class *class_);

enum sk_gate_reason __wrap_sk_gate_judge_pair(const struct sk_border *table, unsigned covered, const struct sk_addr *source, const struct sk_addr *destination, enum sk_class *class_)
{
	enum sk_gate_reason reason = __real_sk_gate_judge_pair(table, covered, source, destination, class_);
	return says_yes ? SK_GATE_ADMITTED : reason;
}

/* Lines that name an indicator and may not be read: domestic, an unknown side, a class that is not covered, an inner or outer pair that is domestic. */
static const char *const forbidden[] = {
	"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\",\"dns\":{\"rrname\":\"bad.example\"}}",
	"{\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"192.0.2.2\",\"dns\":{\"rrname\":\"bad.example\"}}",
	"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"233.252.0.1\",\"dns\":{\"rrname\":\"bad.example\"}}",
	"{\"src_ip\":\"198.51.100.1\",\"dest_ip\":\"198.51.100.2\",\"dns\":{\"rrname\":\"bad.example\"}}",
	"{\"src_ip\":\"198.51.100.1\",\"dest_ip\":\"203.0.113.66\"}",
	"{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"198.51.100.2\",\"dns\":{\"rrname\":\"bad.example\"},\"tunnel\":{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.9\"}}",
	"{\"id.orig_h\":\"192.0.2.1\",\"id.resp_h\":\"192.0.2.2\",\"query\":\"bad.example\"}",
	"src,dst,query\n192.0.2.1,192.0.2.2,bad.example\n",
	"query,src,dst\nbad.example,2001:db8:1::1,2001:db8:1::2\n",
	"#separator \\x09\n#fields\tid.orig_h\tid.resp_h\tquery\n192.0.2.1\t192.0.2.2\tbad.example\n",
};

static unsigned reported(const struct logs_test *test)
{
	unsigned count = 0;
	for (size_t i = 0; i < SK_COUNT(forbidden); i++)
		count += strchr(logs_test_read(test, logs_test_file(test, forbidden[i], strlen(forbidden[i])), FD_DF), '/') != NULL;
	return count;
}

static void test_what_may_not_be_read_is_not_reported(void **state)
{
	says_yes = false;
	for (size_t i = 0; i < SK_COUNT(forbidden); i++)
		assert_string_equal(logs_test_read(*state, logs_test_file(*state, forbidden[i], strlen(forbidden[i])), FD_DF), "E");
	assert_int_equal(reported(*state), 0);
}

static void test_sabotage_turns_it_red(void **state)
{
	says_yes = true;
	assert_int_equal(reported(*state), SK_COUNT(forbidden));
	says_yes = false;
}

/* Behind the pair of an erased line anything may stand, also what would be malformed: nobody looks. Of an admitted one everything is held to the form. */
static void test_nothing_behind_the_pair_is_read(void **state)
{
	static const char *const rests[] = {",\"dns\":{\"rrname\":", "\x01\x02", ",\"src_ip\":\"198.51.100.1\"}", ""};
	char line[256];
	for (size_t i = 0; i < SK_COUNT(rests); i++) {
		(void)snprintf(line, sizeof line, "{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"192.0.2.2\"%s", rests[i]);
		assert_string_equal(logs_test_text(*state, line), "E");
		(void)snprintf(line, sizeof line, "{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"198.51.100.2\"%s", rests[i]);
		assert_string_equal(logs_test_text(*state, line), "M");
	}
	assert_string_equal(logs_test_text(*state, "src,dst,query\n192.0.2.1,192.0.2.2\n192.0.2.1,198.51.100.2\n"), "EM");
}

/* A tunnel around an admitted pair: both are judged, the class is the outer one's. */
static void test_tunnel(void **state)
{
	static const char inner[] = "{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"203.0.113.66\",\"tunnel\":{\"src_ip\":\"%s\",\"dest_ip\":\"%s\",\"depth\":1}}";
	char line[256];
	(void)snprintf(line, sizeof line, inner, "198.51.100.1", "192.0.2.7");
	assert_string_equal(logs_test_read(*state, logs_test_file(*state, line, strlen(line)), FD_DF), "A 203.0.113.66/destination address:1");
	(void)snprintf(line, sizeof line, inner, "198.51.100.1", "198.51.100.2");
	assert_string_equal(logs_test_read(*state, logs_test_file(*state, line, strlen(line)), FD_DF), "E");
	(void)snprintf(line, sizeof line, inner, "198.51.100.1", "x");
	assert_string_equal(logs_test_read(*state, logs_test_file(*state, line, strlen(line)), FD_DF), "M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_may_not_be_read_is_not_reported), cmocka_unit_test(test_sabotage_turns_it_red),
					   cmocka_unit_test(test_nothing_behind_the_pair_is_read), cmocka_unit_test(test_tunnel)};
	return cmocka_run_group_tests(tests, logs_test_start, logs_test_end);
}
