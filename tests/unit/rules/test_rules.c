/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus and its account; the set's file, its damage and its lies; what a digest depends on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "rules/rules.h"
#include "wire/wire.h"

#define CORPUS SK_SOURCE_ROOT "/tests/golden/rules/corpus.rules"
#define ACCOUNT SK_SOURCE_ROOT "/tests/golden/rules/corpus.account"

static void note_line(void *context, const struct sk_rule_verdict *verdict)
{
	struct sk_buf *out = context;
	if (verdict->reason != SK_RULE_REASON_NONE) {
		sk_buf_addf(out, "%llu %u:%u refused %s: %s\n", (unsigned long long)verdict->line, verdict->gid, verdict->sid, sk_rule_reason_name(verdict->reason), verdict->detail);
		return;
	}
	sk_buf_addf(out, "%llu %u:%u taken", (unsigned long long)verdict->line, verdict->gid, verdict->sid);
	for (unsigned bit = 0; bit < SK_RULE_DIFFERENCE_COUNT; bit++)
		if ((verdict->differences >> bit & 1) != 0)
			sk_buf_addf(out, " %s", sk_rule_difference_name((enum sk_rule_difference)bit));
	sk_buf_add_u8(out, '\n');
}

static struct sk_rules *new_set(struct sk_buf *account, bool strict)
{
	struct sk_rules_options options = {.strict = strict, .note = account != NULL ? note_line : NULL, .context = account};
	struct sk_rules *rules = NULL;
	struct sk_fault fault;
	assert_int_equal(sk_rules_new(&options, &rules), SK_OK);
	assert_int_equal(sk_rules_default_variables(rules, "[192.0.2.0/24,2001:db8:1::/48]", &fault), SK_OK);
	return rules;
}

static void add_text(struct sk_rules *rules, const char *text, struct sk_rules_counts *counts)
{
	struct sk_fault fault;
	assert_int_equal(sk_rules_text(rules, "test.rules", NULL, text, strlen(text), counts, &fault), SK_OK);
}

static void digest_of(const char *const *texts, size_t count, uint8_t digest[SK_HASH_BYTES])
{
	struct sk_rules *rules = new_set(NULL, false);
	struct sk_rules_counts counts;
	for (size_t i = 0; i < count; i++)
		add_text(rules, texts[i], &counts);
	sk_rules_digest(rules, digest);
	sk_rules_free(rules);
}

static struct sk_rules *corpus(struct sk_buf *account, struct sk_rules_counts *counts)
{
	struct sk_rules *rules = new_set(account, false);
	struct sk_fault fault;
	if (sk_rules_import(rules, CORPUS, counts, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	return rules;
}

static void the_account_of_the_corpus(void **state)
{
	struct sk_buf account, golden;
	struct sk_rules_counts counts;
	struct sk_fault fault;
	(void)state;
	sk_buf_init(&account, 1 << 20);
	sk_buf_init(&golden, 1 << 20);
	struct sk_rules *rules = corpus(&account, &counts);
	assert_int_equal(counts.rules, counts.taken + counts.refused);
	assert_int_equal(counts.taken, sk_rules_count(rules) + 1); /* one took the place of an earlier revision */
	if (getenv("SK_UPDATE") != NULL)
		assert_int_equal(sk_file_replace(ACCOUNT, account.bytes, account.length, 0644, &fault), SK_OK);
	assert_int_equal(sk_file_read(ACCOUNT, &golden, &fault), SK_OK);
	assert_string_equal(sk_buf_text(&account), sk_buf_text(&golden));
	sk_rules_free(rules);
	sk_buf_fini(&account);
	sk_buf_fini(&golden);
}

static bool stands_in(const char *text, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		char before = at[-1], after = at[length];
		if ((before == ' ' || before == '(' || before == ';') && (after == ':' || after == ';'))
			return true;
	}
	return false;
}

static void every_keyword_stands_in_the_corpus(void **state)
{
	struct sk_buf text;
	struct sk_fault fault;
	enum sk_rule_reason how;
	const char *note, *word;
	(void)state;
	sk_buf_init(&text, 1 << 20);
	assert_int_equal(sk_file_read(CORPUS, &text, &fault), SK_OK);
	for (size_t i = 0; (word = sk_rules_keyword(i, &how, &note)) != NULL; i++)
		if (!stands_in(sk_buf_text(&text), word))
			fail_msg("%s: %s", word, "the corpus has no rule with it");
	sk_buf_fini(&text);
}

/* What is not understood in a rule refuses it: a word put into any taken rule, or a value spoiled, never leaves a rule that asks less. */
static void nothing_is_passed_over(void **state)
{
	static const char *const words[] = {"nosuchword;", "content;", "depth:x;", "flow:sideways;", "content:\"a\"; offset:-1;", "pcre:\"/(/\";", "byte_test:1,~,1,0;", "http.uri:1;",
					    "dns.query.nothing; content:\"a\";", "flowbits:maybe,x;", "threshold:type often;", "tls.sni;", "xbits:isset,a,track ip_src;", "bsize:9;", "fast_pattern;", "http.uri; content:\"a\"; to_md5; content:\"b\";"};
	(void)state;
	for (size_t i = 0; i < SK_COUNT(words); i++) {
		char line[256];
		struct sk_rules_counts counts;
		struct sk_rules *rules = new_set(NULL, false);
		(void)snprintf(line, sizeof line, "alert tcp any any -> any any (msg:\"m\"; %s sid:1;)\n", words[i]);
		add_text(rules, line, &counts);
		if (counts.taken != 0)
			fail_msg("taken: %s", line);
		sk_rules_free(rules);
	}
}

static void numbers_that_are_none(void **state)
{
	static const struct {
		const char *options;
		bool taken;
	} cases[] = {
		{"dsize:5;", true}, {"dsize:5<>9;", true}, {"dsize:9<>5;", false}, {"dsize:5<>6;", false}, {"dsize:70000;", false}, {"dsize:<0;", false}, {"ttl:1-5;", true}, {"itype:300;", false},
		{"content:\"ab\"; depth:1;", false}, {"content:\"ab\"; within:1;", false}, {"content:\"ab\"; offset:1; distance:1;", false}, {"content:\"ab\"; offset:70000;", false},
		{"content:\"|4|\";", false}, {"content:\"|41 4g|\";", false}, {"content:\"|41\";", false}, {"content:\"\";", false}, {"content:\"a\\;b\";", true}, {"content:ab;", false},
		{"content:\"a\"; content:\"b\"; distance:-1;", true}, {"content:\"a\"; threshold:type limit,track by_src,count 0,seconds 1;", false},
		{"content:\"a\"; threshold:type limit,track by_src,count 1,seconds 90000;", false}, {"flow:established,not_established;", false}, {"flow:to_server,to_client;", false},
		{"byte_test:9,=,1,0;", false}, {"byte_test:8,=,1,0;", true}, {"byte_test:1,=,nothing,0;", false}, {"byte_extract:1,0,v; byte_test:1,=,v,1;", true},
		{"sid:0;", false}, {"rev:x;", false}, {"flags:SQ;", false}, {"flags:SF+;", true},
	};
	(void)state;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		char line[256];
		struct sk_rules_counts counts;
		struct sk_rules *rules = new_set(NULL, false);
		(void)snprintf(line, sizeof line, "alert %s any any -> any any (msg:\"m\"; %s sid:1;)\n", strstr(cases[i].options, "itype") != NULL ? "icmp" : "tcp", cases[i].options);
		add_text(rules, line, &counts);
		if ((counts.taken == 1) != cases[i].taken)
			fail_msg("%s %s", counts.taken == 1 ? "taken" : "refused", line);
		sk_rules_free(rules);
	}
}

static bool header_taken(const char *header, struct sk_rules **out)
{
	char line[256];
	struct sk_rules_counts counts;
	*out = new_set(NULL, false);
	(void)snprintf(line, sizeof line, "alert %s (msg:\"m\"; content:\"x\"; sid:1;)\n", header);
	add_text(*out, line, &counts);
	return counts.taken == 1;
}

static void addresses_and_ports(void **state)
{
	static const struct {
		const char *header, *inside, *outside;
		uint16_t port, other;
	} cases[] = {
		{"tcp [192.0.2.0/24,!192.0.2.7] any -> any [1:9,!5]", "192.0.2.8", "192.0.2.7", 4, 5},
		{"tcp !$HOME_NET any -> any !80", "198.51.100.1", "192.0.2.1", 81, 80},
		{"tcp [192.0.2.1-192.0.2.9,2001:db8::/32] any -> any [100:,!200]", "2001:db8::1", "192.0.2.10", 65535, 200},
		{"tcp [![192.0.2.0/25,192.0.2.128/26]] any -> any :10", "192.0.2.200", "192.0.2.130", 0, 11},
		{"tcp 192.0.2.77/24 any -> any [$HTTP_PORTS,8080]", "192.0.2.1", "192.0.3.1", 80, 81},
	};
	static const char *const refused[] = {"tcp !any any -> any any", "tcp [192.0.2.0/24,!192.0.2.0/24] any -> any any", "tcp 192.0.2.0/33 any -> any any", "tcp any any -> any 70000",
					      "tcp any any -> any [1:9", "tcp $NOTHING any -> any any", "tcp any any any any", "tcp any any -> any", "tcp any any <- any any", "bogus any any -> any any",
					      "tcp [[[[[[[[[[[[[[[[[[192.0.2.1]]]]]]]]]]]]]]]]]] any -> any any", "tcp any 9:1 -> any any"};
	struct sk_rules *rules;
	struct sk_addr addr;
	(void)state;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		if (!header_taken(cases[i].header, &rules))
			fail_msg("refused: %s", cases[i].header);
		const struct sk_rule *rule = sk_rules_at(rules, 0);
		assert_int_equal(sk_addr_parse(cases[i].inside, &addr), SK_OK);
		assert_true(sk_rule_addresses_hold(rule->from, &addr));
		assert_int_equal(sk_addr_parse(cases[i].outside, &addr), SK_OK);
		assert_false(sk_rule_addresses_hold(rule->from, &addr));
		assert_true(sk_rule_ports_hold(rule->to_ports, cases[i].port));
		assert_false(sk_rule_ports_hold(rule->to_ports, cases[i].other));
		sk_rules_free(rules);
	}
	for (size_t i = 0; i < SK_COUNT(refused); i++) {
		if (header_taken(refused[i], &rules))
			fail_msg("taken: %s", refused[i]);
		sk_rules_free(rules);
	}
}

static void revisions_and_order(void **state)
{
	static const char *const a = "alert tcp any any -> any any (msg:\"a\"; content:\"a\"; sid:1; rev:2;)\n", *const b = "alert tcp any any -> any any (msg:\"b\"; content:\"b\"; sid:2;)\n",
				*const newer = "alert tcp any any -> any any (msg:\"c\"; content:\"c\"; sid:1; rev:3;)\n";
	const char *const ab[] = {a, b}, *const ba[] = {b, a}, *const later[] = {a, b, newer}, *const first[] = {newer, b, a};
	uint8_t one[SK_HASH_BYTES], two[SK_HASH_BYTES], three[SK_HASH_BYTES], four[SK_HASH_BYTES];
	(void)state;
	digest_of(ab, 2, one);
	digest_of(ba, 2, two);
	digest_of(later, 3, three);
	digest_of(first, 3, four);
	assert_memory_equal(one, two, SK_HASH_BYTES);
	assert_memory_equal(three, four, SK_HASH_BYTES);
	assert_memory_not_equal(one, three, SK_HASH_BYTES);
}

static void strict_takes_no_difference(void **state)
{
	struct sk_rules_counts counts;
	struct sk_rules *rules = new_set(NULL, true);
	(void)state;
	add_text(rules, "drop tcp any any -> any any (msg:\"a\"; content:\"a\"; sid:1;)\nalert tcp any any -> any any (msg:\"a\"; content:\"a\"; sid:2;)\n", &counts);
	assert_int_equal(counts.taken, 1);
	assert_int_equal(counts.by_reason[SK_RULE_REASON_STRICT], 1);
	sk_rules_free(rules);
}

/* ---- the file ---- */

static char folder[] = "/tmp/sekisho-rules-XXXXXX";
static char path[SK_PATH_MAX];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || sk_seal_start() != SK_OK)
		return -1;
	(void)snprintf(path, sizeof path, "%s/rules.set", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void a_set_comes_back_as_it_was(void **state)
{
	static const char cached[] = "what was made of it";
	uint8_t before[SK_HASH_BYTES], after[SK_HASH_BYTES];
	struct sk_rules_counts counts;
	struct sk_fault fault;
	struct sk_rules *rules = corpus(NULL, &counts), *back = NULL, *merged = new_set(NULL, false);
	size_t length = 0;
	(void)state;
	sk_rules_digest(rules, before);
	assert_int_equal(sk_rules_write(rules, path, cached, sizeof cached, &fault), SK_OK);
	if (sk_rules_open(path, &back, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_rules_digest(back, after);
	assert_memory_equal(before, after, SK_HASH_BYTES);
	assert_int_equal(sk_rules_count(back), sk_rules_count(rules));
	assert_memory_equal(sk_rules_cached(back, &length), cached, sizeof cached);
	for (uint32_t id = 0; id < sk_rules_count(back); id++) {
		const struct sk_rule *rule = sk_rules_at(back, id), *same = sk_rules_find(rules, rule->gid, rule->sid);
		assert_non_null(same);
		assert_string_equal(rule->text, same->text);
		assert_string_equal(rule->category, same->category);
		assert_int_equal(rule->item_count, same->item_count);
		assert_int_equal(rule->flags, same->flags);
		assert_int_equal(rule->differences, same->differences);
	}
	sk_rules_free(merged);
	struct sk_rules_options plain = {.strict = true};
	assert_int_equal(sk_rules_new(&plain, &merged), SK_OK);
	if (sk_rules_merge(merged, back, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_rules_digest(merged, after);
	assert_memory_equal(before, after, SK_HASH_BYTES);
	sk_rules_free(merged);
	sk_rules_free(back);
	sk_rules_free(rules);
}

static void damage_is_found(void **state)
{
	struct sk_rules_counts counts;
	struct sk_fault fault;
	struct sk_buf bytes;
	struct sk_rules *rules = new_set(NULL, false), *back = NULL;
	(void)state;
	add_text(rules, "alert tcp any any -> any any (msg:\"a\"; content:\"abc\"; sid:1;)\n", &counts);
	assert_int_equal(sk_rules_write(rules, path, NULL, 0, &fault), SK_OK);
	sk_buf_init(&bytes, 1 << 16);
	assert_int_equal(sk_file_read(path, &bytes, &fault), SK_OK);
	for (size_t i = 0; i < bytes.length; i++) {
		bytes.bytes[i] ^= 0x20;
		assert_int_equal(sk_file_replace(path, bytes.bytes, bytes.length, 0600, &fault), SK_OK);
		enum sk_err err = sk_rules_open(path, &back, &fault);
		/* Of the header what is not used yet is zero, and says so. */
		if (err == SK_OK)
			fail_msg("byte %zu may be another", i);
		bytes.bytes[i] ^= 0x20;
	}
	for (size_t length = 0; length < bytes.length; length += 7) {
		assert_int_equal(sk_file_replace(path, bytes.bytes, length, 0600, &fault), SK_OK);
		assert_int_not_equal(sk_rules_open(path, &back, &fault), SK_OK);
	}
	sk_buf_fini(&bytes);
	sk_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_account_of_the_corpus), cmocka_unit_test(every_keyword_stands_in_the_corpus), cmocka_unit_test(nothing_is_passed_over),
		cmocka_unit_test(numbers_that_are_none), cmocka_unit_test(addresses_and_ports), cmocka_unit_test(revisions_and_order), cmocka_unit_test(strict_takes_no_difference),
		cmocka_unit_test(a_set_comes_back_as_it_was), cmocka_unit_test(damage_is_found),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
