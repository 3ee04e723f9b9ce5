/* SPDX-License-Identifier: Apache-2.0 */
/* The basis: exact inverse, every field's range, one text only, every kind of lie refused with its line, dates and rule coverage at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basis/basis.h"
#include "text/text.h"

static struct sk_sign_key *approver, *stranger;
static struct sk_fault fault;

static int64_t at(const char *text)
{
	int64_t unix_ns;
	assert_int_equal(sk_time_parse(text, &unix_ns), SK_OK);
	return unix_ns;
}

static struct sk_basis example(void)
{
	return (struct sk_basis){
		.id = "self-1", .kind = "own_network", .profile = "own-network", .role = "party", .classes = SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF),
		.from_ns = at("2026-11-22T00:00:00Z"), .until_ns = at("2027-05-22T00:00:00.000000001Z"), .link_count = 1, .links = {"*"}, .act_count = 1,
		.target_acts = {"attacks-on-own-hosts"}, .rule = {.kinds = 0x3f, .max_entries = 1000000, .min_prefix_v4 = 16, .min_prefix_v6 = 32},
		.self_approved = true,
	};
}

static void encode(struct sk_basis *basis, struct sk_buf *note)
{
	sk_buf_init(note, SK_BASIS_TEXT_MAX);
	assert_int_equal(sk_basis_encode(basis, approver, note, &fault), SK_OK);
}

static enum sk_err decode(const struct sk_buf *note, struct sk_basis *out)
{
	fault.line[0] = '\0';
	return sk_basis_decode((const char *)note->bytes, note->length, sk_sign_key_public(approver), out, &fault);
}

#define BODY \
	"{\"classes\":[\"FD\",\"DF\"],\"format\":\"sekisho-basis/1\",\"from\":\"2026-11-22T00:00:00.000000000Z\",\"id\":\"self-1\",\"kind\":\"own_network\"," \
	"\"links\":[\"*\"],\"names\":false,\"profile\":\"own-network\",\"role\":\"party\",\"rule\":{\"kinds\":[\"address\",\"prefix\",\"domain\",\"ja3\"," \
	"\"ja4\",\"flow.all\"],\"max_entries\":1000000,\"min_prefix_v4\":16,\"min_prefix_v6\":32},\"self_approved\":true,\"simulated\":false," \
	"\"target_acts\":[\"attacks-on-own-hosts\"],\"until\":\"2027-05-22T00:00:00.000000001Z\"}\n"

static void test_known_text(void **state)
{
	(void)state;
	struct sk_basis basis = example(), back;
	struct sk_buf note;
	encode(&basis, &note);
	assert_int_equal(strncmp(sk_buf_text(&note), BODY "\n\xe2\x80\x94 approver ", strlen(BODY) + 5 + 9), 0);
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(BODY, strlen(BODY), digest);
	assert_memory_equal(basis.digest, digest, sizeof digest);
	assert_int_equal(decode(&note, &back), SK_OK);
	assert_memory_equal(&back, &basis, sizeof back);
	sk_buf_fini(&note);
}

/* What names detectors says so between its classes and its format; what names none is as it was before there were any (test_known_text). */
static void test_detectors(void **state)
{
	(void)state;
	struct sk_basis basis = example(), back;
	struct sk_buf note, text;
	basis.detector_count = 2;
	basis.detectors[0] = (struct sk_basis_detector){.name = "beacon", .threshold_count = 2, .thresholds = {{"period_most", 86400}, {"visits", UINT64_MAX}}};
	basis.detectors[1] = (struct sk_basis_detector){.name = "scan.horizontal"};
	encode(&basis, &note);
	static const char inside[] = "\"detectors\":{\"beacon\":{\"period_most\":86400,\"visits\":\"18446744073709551615\"},\"scan.horizontal\":{}}";
	const char *found = strstr(sk_buf_text(&note), inside);
	assert_non_null(found);
	assert_int_equal(strncmp(found - 10, "FD\",\"DF\"],", 10), 0);
	assert_int_equal(decode(&note, &back), SK_OK);
	assert_memory_equal(&back, &basis, sizeof back);
	sk_buf_init(&text, SK_BASIS_TEXT_MAX);
	sk_basis_detectors_text(basis.detectors, 2, &text);
	assert_string_equal(sk_buf_text(&text), inside + sizeof "\"detectors\":" - 1);
	sk_basis_detectors_text((const struct sk_basis_detector[]){{.name = "b"}, {.name = "a"}}, 2, &text);
	assert_int_equal(text.failed, SK_EUSAGE);
	sk_buf_fini(&text);
	sk_buf_fini(&note);
	/* As many as there may be, each with as much as it may have, fit into a note. */
	basis.detector_count = SK_BASIS_DETECTORS_MAX;
	for (size_t i = 0; i < SK_BASIS_DETECTORS_MAX; i++) {
		struct sk_basis_detector *detector = &basis.detectors[i];
		memset(detector, 0, sizeof *detector);
		(void)snprintf(detector->name, sizeof detector->name, "%02zu.%028d", i, 0);
		detector->threshold_count = SK_BASIS_THRESHOLDS_MAX;
		for (size_t j = 0; j < SK_BASIS_THRESHOLDS_MAX; j++) {
			(void)snprintf(detector->thresholds[j].key, sizeof detector->thresholds[j].key, "%02zu_%028d", j, 0);
			detector->thresholds[j].value = UINT64_MAX - i;
		}
	}
	encode(&basis, &note);
	assert_int_equal(decode(&note, &back), SK_OK);
	assert_memory_equal(&back, &basis, sizeof back);
	sk_buf_fini(&note);
}

static void test_inverse(void **state)
{
	(void)state;
	struct sk_basis basis = example(), back;
	basis.link_count = SK_BASIS_LINKS_MAX;
	basis.act_count = SK_BASIS_ACTS_MAX;
	memset(basis.target_acts, 0, sizeof basis.target_acts);
	for (size_t i = 0; i < SK_BASIS_LINKS_MAX; i++) {
		(void)snprintf(basis.links[i], sizeof basis.links[i], "link%zu%055d", i, 0); /* 63 characters at most */
		(void)snprintf(basis.target_acts[i], sizeof basis.target_acts[i], "act/%zu", i);
	}
	basis.rule = (struct sk_basis_rule){.kinds = SK_SELECTOR_JA4, .max_entries = UINT64_MAX, .min_prefix_v4 = 32, .min_prefix_v6 = 128, .has_exact_set = true};
	memset(basis.rule.exact_set, 0xa5, sizeof basis.rule.exact_set);
	basis.from_ns = 0;
	basis.until_ns = INT64_MAX;
	basis.names = true;
	memset(basis.profile, 0, sizeof basis.profile); /* to the end: the whole struct is compared */
	memcpy(basis.profile, "lab", 3);
	basis.simulated = true;
	basis.self_approved = false;
	for (uint32_t classes = 1; classes < 32; classes++) {
		struct sk_buf note;
		basis.classes = classes;
		encode(&basis, &note);
		assert_int_equal(decode(&note, &back), SK_OK);
		assert_memory_equal(&back, &basis, sizeof back);
		sk_buf_fini(&note);
	}
}

struct range_case {
	const char *field;
	void (*spoil)(struct sk_basis *basis);
};

static void spoil_id_empty(struct sk_basis *b) { b->id[0] = '\0'; }
static void spoil_id_long(struct sk_basis *b) { memset(b->id, 'x', sizeof b->id); }
static void spoil_id_space(struct sk_basis *b) { b->id[0] = ' '; }
static void spoil_id_quote(struct sk_basis *b) { b->id[0] = '"'; }
static void spoil_id_utf8(struct sk_basis *b) { b->id[0] = '\xe9'; }
static void spoil_kind(struct sk_basis *b) { b->kind[0] = '\n'; }
static void spoil_profile(struct sk_basis *b) { b->profile[0] = '\0'; }
static void spoil_role(struct sk_basis *b) { b->role[0] = '\0'; }
static void spoil_classes_none(struct sk_basis *b) { b->classes = 0; }
static void spoil_classes_more(struct sk_basis *b) { b->classes |= 32; }
static void spoil_dates_early(struct sk_basis *b) { b->from_ns = -1; }
static void spoil_dates_equal(struct sk_basis *b) { b->until_ns = b->from_ns; }
static void spoil_links_none(struct sk_basis *b) { b->link_count = 0; }
static void spoil_links_many(struct sk_basis *b) { b->link_count = SK_BASIS_LINKS_MAX + 1; }
static void spoil_links_star(struct sk_basis *b) { b->link_count = 2; (void)snprintf(b->links[1], SK_BASIS_NAME_MAX, "eth0"); }
static void spoil_links_twice(struct sk_basis *b) { b->link_count = 2; memcpy(b->links[1], b->links[0], SK_BASIS_NAME_MAX); }
static void spoil_link_address(struct sk_basis *b) { (void)snprintf(b->links[0], SK_BASIS_NAME_MAX, "192.0.2.1"); }
static void spoil_link_prefix(struct sk_basis *b) { (void)snprintf(b->links[0], SK_BASIS_NAME_MAX, "2001:db8::/32"); }
static void spoil_acts_none(struct sk_basis *b) { b->act_count = 0; }
static void spoil_acts_empty(struct sk_basis *b) { b->target_acts[0][0] = '\0'; }
static void spoil_rule_kinds(struct sk_basis *b) { b->rule.kinds = 0; }
static void spoil_rule_more(struct sk_basis *b) { b->rule.kinds |= 1u << SK_SELECTOR_KIND_COUNT; }
static void spoil_rule_v4(struct sk_basis *b) { b->rule.min_prefix_v4 = 33; }
static void spoil_rule_v6(struct sk_basis *b) { b->rule.min_prefix_v6 = 129; }
static void name_detector(struct sk_basis *b, const char *name, const char *key)
{
	struct sk_basis_detector *detector = &b->detectors[b->detector_count++];
	(void)snprintf(detector->name, sizeof detector->name, "%s", name);
	if (key != NULL)
		(void)snprintf(detector->thresholds[detector->threshold_count++].key, sizeof detector->thresholds[0].key, "%s", key);
}
static void spoil_detector_empty(struct sk_basis *b) { name_detector(b, "", NULL); }
static void spoil_detector_name(struct sk_basis *b) { name_detector(b, "Scan", NULL); }
static void spoil_detector_order(struct sk_basis *b) { name_detector(b, "b", NULL); name_detector(b, "a", NULL); }
static void spoil_detector_twice(struct sk_basis *b) { name_detector(b, "a", NULL); name_detector(b, "a", NULL); }
static void spoil_detectors_many(struct sk_basis *b) { b->detector_count = SK_BASIS_DETECTORS_MAX + 1; }
static void spoil_threshold_key(struct sk_basis *b) { name_detector(b, "a", "x.y"); }
static void spoil_thresholds_many(struct sk_basis *b) { name_detector(b, "a", NULL); b->detectors[0].threshold_count = SK_BASIS_THRESHOLDS_MAX + 1; }
static void spoil_simulated(struct sk_basis *b) { b->simulated = true; }
static void spoil_lab(struct sk_basis *b) { (void)snprintf(b->profile, sizeof b->profile, "lab"); }

static void test_ranges(void **state)
{
	(void)state;
	static const struct range_case cases[] = {
		{"'id'", spoil_id_empty}, {"'id'", spoil_id_long}, {"'id'", spoil_id_space}, {"'id'", spoil_id_quote}, {"'id'", spoil_id_utf8},
		{"'kind'", spoil_kind}, {"'profile'", spoil_profile}, {"'role'", spoil_role}, {"'classes'", spoil_classes_none},
		{"'classes'", spoil_classes_more}, {"'from'", spoil_dates_early}, {"'until'", spoil_dates_equal}, {"'links'", spoil_links_none}, {"'links'", spoil_links_many},
		{"'links'", spoil_links_star}, {"'links'", spoil_links_twice}, {"'links'", spoil_link_address}, {"'links'", spoil_link_prefix},
		{"'target_acts'", spoil_acts_none}, {"'target_acts'", spoil_acts_empty}, {"'rule.kinds'", spoil_rule_kinds}, {"'rule.kinds'", spoil_rule_more},
		{"'rule.min_prefix_v4'", spoil_rule_v4}, {"'rule.min_prefix_v6'", spoil_rule_v6}, {"'detectors'", spoil_detector_empty}, {"'detectors'", spoil_detector_name},
		{"'detectors'", spoil_detector_order}, {"'detectors'", spoil_detector_twice}, {"'detectors'", spoil_detectors_many}, {"'a'", spoil_threshold_key},
		{"'a'", spoil_thresholds_many}, {"'simulated'", spoil_simulated}, {"'simulated'", spoil_lab},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_basis basis = example();
		struct sk_buf note;
		sk_buf_init(&note, SK_BASIS_TEXT_MAX);
		cases[i].spoil(&basis);
		fault.line[0] = '\0';
		assert_int_equal(sk_basis_encode(&basis, approver, &note, &fault), SK_EUSAGE);
		assert_int_equal(note.length, 0);
		if (strstr(fault.line, cases[i].field) == NULL)
			fail_msg("case %zu: \"%s\" does not name %s", i, fault.line, cases[i].field);
		sk_buf_fini(&note);
	}
}

/* Replace the first `from` in the known body by `to`, sign that with the right key, decode. */
static enum sk_err decode_with(const char *from, const char *to)
{
	struct sk_buf body, note;
	struct sk_basis back;
	sk_buf_init(&body, SK_BASIS_TEXT_MAX);
	sk_buf_init(&note, SK_BASIS_TEXT_MAX);
	const char *found = strstr(BODY, from);
	assert_non_null(found);
	sk_buf_add(&body, BODY, (size_t)(found - BODY));
	sk_buf_add_text(&body, to);
	sk_buf_add_text(&body, found + strlen(from));
	sk_note_sign(&note, sk_buf_text(&body), body.length, approver);
	enum sk_err err = decode(&note, &back);
	sk_buf_fini(&body);
	sk_buf_fini(&note);
	return err;
}

/* A note rightly signed, whose body is not what this room would have written, is refused: wrong values, and other texts for the same values. */
static void test_signed_but_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{"sekisho-basis/1", "sekisho-warrant/1", "'format'"},
		{"\"format\"", "\"detectors\":{},\"format\"", "'detectors'"},
		{"\"format\"", "\"detectors\":[],\"format\"", "'detectors'"},
		{"\"format\"", "\"detectors\":{\"a\":7},\"format\"", "'a'"},
		{"\"format\"", "\"detectors\":{\"a\":{\"k\":-7}},\"format\"", "'a'"},
		{"\"format\"", "\"detectors\":{\"a\":{\"k\":\"7\"}},\"format\"", "'a'"},
		{"\"format\"", "\"detectors\":{\"A\":{}},\"format\"", "'detectors'"},
		{"\"format\"", "\"detectors\":{\"abcdefghijklmnopqrstuvwxyzabcdef\":{}},\"format\"", "'detectors'"},
		{"\"format\":\"sekisho-basis/1\",", "", "'format'"},
		{"\"FD\",\"DF\"", "\"DF\",\"FD\"", "canonical form"},
		{"\"FD\",\"DF\"", "\"FD\",\"DF\",\"DF\"", "canonical form"},
		{"\"FD\",\"DF\"", "\"FD\",\"XX\"", "'classes'"},
		{"\"FD\",\"DF\"", "\"FD\",7", "'classes'"},
		{"\"FD\",\"DF\"", "", "'classes'"},
		{"2026-11-22T00:00:00.000000000Z", "2026-11-22T00:00:00Z", "canonical form"},
		{"2026-11-22T00:00:00.000000000Z", "2026-11-22T09:00:00.000000000+09:00", "canonical form"},
		{"2026-11-22T00:00:00.000000000Z", "yesterday", "'from'"},
		{"2027-05-22", "2025-05-22", "'until'"},
		{"\"self-1\"", "\"\"", "'id'"},
		{"\"self-1\"", "17", "'id'"},
		{"\"self-1\"", "\"self 1\"", "'id'"},
		{"\"*\"", "", "'links'"},
		{"\"*\"", "\"eth0\",\"eth0\"", "'links'"},
		{"\"*\"", "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"", "'links'"},
		{"\"*\"", "\"0123456789012345678901234567890123456789012345678901234567890123\"", "'links'"},
		{"[\"*\"]", "\"*\"", "'links'"},
		{"\"names\":false", "\"names\":0", "'names'"},
		{"\"own-network\"", "\"own-network-own-network\"", "'profile'"},
		{"\"rule\":{", "\"rule\":[{", "canonical JSON"},
		{"\"max_entries\":1000000", "\"max_entries\":-1", "'max_entries'"},
		{"\"max_entries\":1000000", "\"max_entries\":\"1000000\"", "field"},
		{"\"min_prefix_v4\":16", "\"min_prefix_v4\":33", "'min_prefix_v4'"},
		{"\"min_prefix_v6\":32", "\"min_prefix_v6\":129", "'min_prefix_v6'"},
		{"\"kinds\":[", "\"exact_set\":\"00\",\"kinds\":[", "'rule.exact_set'"},
		{"\"simulated\":false", "\"simulated\":true", "'simulated'"},
		{"\"until\":", "\"unknown\":1,\"until\":", "not known here"},
		{"\"kinds\":[", "\"ZZ\":1,\"kinds\":[", "not known here"},
		{"{\"classes\"", "{ \"classes\"", "canonical JSON"},
		{"Z\"}\n", "Z\"}\n\n", "canonical JSON"},
		{"Z\"}\n", "Z\"}{}\n", "canonical JSON"},
	};
	assert_int_equal(decode_with("self-1", "self-1"), SK_OK);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		enum sk_err err = decode_with(cases[i].from, cases[i].to);
		if (err != SK_EMALFORMED || strstr(fault.line, cases[i].says) == NULL)
			fail_msg("case %zu: %d \"%s\" does not say %s", i, err, fault.line, cases[i].says);
	}
}

/* Sabotage: no single changed bit of the note is accepted; nor a note cut anywhere, nor one by another key. */
static void test_forged(void **state)
{
	(void)state;
	struct sk_basis basis = example(), back;
	struct sk_buf note;
	encode(&basis, &note);
	for (size_t bit = 0; bit < 8 * note.length; bit++) {
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(decode(&note, &back), SK_OK);
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t length = 0; length < note.length; length++)
		assert_int_equal(sk_basis_decode(sk_buf_text(&note), length, sk_sign_key_public(approver), &back, &fault), SK_EMALFORMED);
	assert_int_equal(sk_basis_decode(sk_buf_text(&note), note.length, sk_sign_key_public(stranger), &back, &fault), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "stranger"));
	/* the stranger's signature beside it changes nothing: ours is there and good */
	sk_note_add_signature(&note, BODY, strlen(BODY), stranger);
	assert_int_equal(decode(&note, &back), SK_OK);
	sk_buf_reset(&note);
	for (int i = 0; i <= SK_BASIS_TEXT_MAX / 16 - 1; i++)
		sk_buf_add(&note, "0123456789abcde\n", 16);
	assert_int_equal(sk_basis_decode(sk_buf_text(&note), (size_t)SK_BASIS_TEXT_MAX + 1, sk_sign_key_public(approver), &back, &fault), SK_EMALFORMED);
	sk_buf_fini(&note);
}

//= rule: BASIS-2
static void test_in_force(void **state)
{
	(void)state;
	struct sk_basis basis = example();
	assert_int_equal(sk_basis_in_force(&basis, basis.from_ns, &fault), SK_OK);
	assert_int_equal(sk_basis_in_force(&basis, basis.until_ns - 1, &fault), SK_OK);
	assert_int_equal(sk_basis_in_force(&basis, basis.from_ns - 1, &fault), SK_EFUTURE);
	assert_non_null(strstr(fault.line, "basis self-1: in force from 2026-11-22T00:00:00Z to 2027-05-22T00:00:00Z, now it is 2026-11-21T23:59:59Z; wait"));
	assert_int_equal(sk_basis_in_force(&basis, basis.until_ns, &fault), SK_EEXPIRED);
	assert_non_null(strstr(fault.line, "nothing may be collected until it is renewed"));
	assert_int_equal(sk_basis_in_force(&basis, INT64_MAX, &fault), SK_EEXPIRED);
	assert_int_equal(sk_basis_in_force(&basis, INT64_MIN, &fault), SK_EFUTURE);
}

//= rule: BASIS-3
static void test_covers(void **state)
{
	(void)state;
	struct sk_basis basis = example();
	const struct sk_set_facts good = {.kinds = SK_SELECTOR_ADDRESS | SK_SELECTOR_PREFIX, .entries = 1000000, .shortest_v4 = 16, .shortest_v6 = 32};
	struct sk_set_facts set = good;
	basis.rule.kinds = SK_SELECTOR_ADDRESS | SK_SELECTOR_PREFIX | SK_SELECTOR_DOMAIN;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_OK);
	for (unsigned bit = 3; bit < 32; bit++) {
		set.kinds = good.kinds | 1u << bit;
		assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_ESETRULE);
	}
	set.kinds = good.kinds | SK_SELECTOR_FLOW_ALL;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_ESETRULE);
	assert_non_null(strstr(fault.line, "kind flow.all"));
	set = good;
	set.entries++;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_ESETRULE);
	assert_non_null(strstr(fault.line, "1000001 entries"));
	set = good;
	set.shortest_v4 = 15;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_ESETRULE);
	assert_non_null(strstr(fault.line, "IPv4 prefix of /15"));
	set = good;
	set.shortest_v6 = 31;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_ESETRULE);
	assert_non_null(strstr(fault.line, "IPv6 prefix of /31"));
	set = good;
	basis.rule.has_exact_set = true;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_OK);
	set.digest[31] = 1;
	assert_int_equal(sk_basis_covers(&basis, &set, &fault), SK_ESETRULE);
	assert_non_null(strstr(fault.line, "digest"));
	/* an empty set is covered: it selects nothing */
	basis = example();
	assert_int_equal(sk_basis_covers(&basis, &(struct sk_set_facts){.shortest_v4 = 32, .shortest_v6 = 128}, &fault), SK_OK);
}

static void test_kind_names(void **state)
{
	(void)state;
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_ADDRESS), "address");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_PREFIX), "prefix");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_DOMAIN), "domain");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_JA3), "ja3");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_JA4), "ja4");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_FLOW_ALL), "flow.all");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_URL), "url");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_HASSH), "hassh");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_HASSH_SERVER), "hassh_server");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_JA3S), "ja3s");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_CERT_SHA1), "cert_sha1");
	assert_string_equal(sk_selector_kind_name(SK_SELECTOR_CERT_SHA256), "cert_sha256");
}

static int start(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK || sk_sign_key_new("approver", &approver) != SK_OK)
		return -1;
	return sk_sign_key_new("stranger", &stranger) == SK_OK ? 0 : -1;
}

static int finish(void **state)
{
	(void)state;
	sk_sign_key_free(approver);
	sk_sign_key_free(stranger);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_text), cmocka_unit_test(test_detectors), cmocka_unit_test(test_inverse), cmocka_unit_test(test_ranges), cmocka_unit_test(test_signed_but_wrong),
		cmocka_unit_test(test_forged), cmocka_unit_test(test_in_force), cmocka_unit_test(test_covers), cmocka_unit_test(test_kind_names),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
