/* SPDX-License-Identifier: Apache-2.0 */
/* Parts against libpsl's own answer; features against a reference that takes its time; the score on names that nobody argues about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libpsl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "name/name.h"

static struct sk_suffixes *suffixes;

static int open_list(void **state)
{
	(void)state;
	return sk_suffixes_open(&suffixes) == SK_OK ? 0 : -1;
}

static int close_list(void **state)
{
	(void)state;
	sk_suffixes_close(suffixes);
	return 0;
}

/* The sieve never answers what libpsl would not: every rule of the list, what stands beside it, above it and below it, and names that are no rule. */
static void test_suffixes(void **state)
{
	(void)state;
	psl_ctx_t *list = psl_latest(NULL);
	FILE *file = fopen(psl_dist_filename() != NULL ? "/usr/share/publicsuffix/public_suffix_list.dat" : "", "re");
	char line[256], name[300];
	size_t rules = 0;
	assert_non_null(list);
	if (file == NULL)
		skip();
	while (fgets(line, sizeof line, file) != NULL) {
		const char *rule = line + (line[0] == '!') + 2 * (strncmp(line, "*.", 2) == 0);
		line[strcspn(line, " \t\r\n")] = '\0';
		if (rule[0] == '\0' || strncmp(line, "//", 2) == 0)
			continue;
		const char *parent = strchr(rule, '.');
		static const char *const fronts[] = {"", "x.", "a.b.", "x"};
		for (size_t i = 0; i < SK_COUNT(fronts); i++) {
			(void)snprintf(name, sizeof name, "%s%s", fronts[i], rule);
			assert_int_equal(sk_suffixes_hold(suffixes, name), psl_is_public_suffix2(list, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0);
			const char *ours = sk_suffixes_registered(suffixes, name), *theirs = psl_registrable_domain(list, name);
			assert_int_equal(ours == NULL, theirs == NULL);
			assert_true(ours == NULL || strcmp(ours, theirs) == 0);
		}
		if (parent != NULL)
			assert_int_equal(sk_suffixes_hold(suffixes, parent + 1), psl_is_public_suffix2(list, parent + 1, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0);
		rules++;
	}
	(void)fclose(file);
	psl_free(list);
	assert_true(rules > 5000);
	assert_false(sk_suffixes_hold(suffixes, "unknowntld"));
}

static void test_parts(void **state)
{
	(void)state;
	static const struct { const char *text, *registered, *suffix, *label; bool rented, dynamic; } cases[] = {
		{"www.example.co.jp", "example.co.jp", "co.jp", "example", false, false},
		{"example.com", "example.com", "com", "example", false, false},
		{"a.b.c.example.kobe.jp", "c.example.kobe.jp", "example.kobe.jp", "c", false, false}, /* *.kobe.jp */
		{"city.kobe.jp", "city.kobe.jp", "kobe.jp", "city", false, false},                    /* !city.kobe.jp */
		{"someone.github.io", "someone.github.io", "github.io", "github", true, false},
		{"abcdef.ddns.net", "abcdef.ddns.net", "ddns.net", "abcdef", true, true},
		{"x.y.unknowntld", "y.unknowntld", "unknowntld", "y", false, false},
		{"xn--wgv71a119e.jp", "xn--wgv71a119e.jp", "jp", "xn--wgv71a119e", false, false},
		{"co.jp", "", "co.jp", "", false, false},
		{"localhost", "", "localhost", "", false, false},
		{"\\200\\201.example.org", "example.org", "org", "example", false, false}, {"a b.com", "", "com", "", false, false}, {"A.com", "", "com", "", false, false},
		{"_dmarc.example.org", "example.org", "org", "example", false, false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_name name;
		assert_true(sk_name_split(suffixes, cases[i].text, &name));
		assert_string_equal(name.text + name.registered_at, cases[i].registered);
		assert_string_equal(name.text + name.suffix_at, cases[i].suffix);
		assert_int_equal(name.label_length, strlen(cases[i].label));
		assert_memory_equal(name.text + name.label_at, cases[i].label, name.label_length);
		assert_int_equal(name.rented, cases[i].rented);
		assert_int_equal(name.dynamic, cases[i].dynamic);
	}
	static const char *const none[] = {"", ".", "a..b", ".a", "a.", "192.0.2.1", "a.b c", "a.C",
					   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com"};
	for (size_t i = 0; i < SK_COUNT(none); i++) {
		struct sk_name name;
		assert_false(sk_name_split(suffixes, none[i], &name));
		assert_null(name.text);
	}
}

/* Whatever the list says: the same registered domain as the library's, over names made of the list's own labels. */
static void test_like_the_library(void **state)
{
	(void)state;
	static const char *const labels[] = {"com", "co", "jp", "uk", "kobe", "city", "github", "io", "s3", "amazonaws", "ck", "www", "tokyo", "chiyoda", "blogspot", "a", "xn--p1ai", "kawasaki"};
	psl_ctx_t *list = psl_latest(NULL);
	unsigned compared = 0;
	for (unsigned long pick = 0; pick < 18ul * 18 * 18 * 18; pick += 7) {
		char text[128];
		unsigned long rest = pick;
		size_t used = 0;
		for (unsigned n = 0; n < 4; n++, rest /= 18)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", n > 0 ? "." : "", labels[rest % 18]);
		struct sk_name name;
		const char *expected = psl_registrable_domain(list, text);
		assert_true(sk_name_split(suffixes, text, &name));
		assert_string_equal(text + name.registered_at, expected != NULL ? expected : "");
		compared++;
	}
	assert_true(compared > 10000);
	psl_free(list);
}

/* ---- features ---- */

static const char trigrams[38 * 38][39] = {
#include "name/trigram.def"
};

static double reference_surprise(const char *label)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-", digits[] = "#$%&()*+,-./0123456789:;<=>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcde";
	size_t a = 0, b = 0, length = strlen(label);
	double bits = 0;
	for (size_t i = 0; i <= length; i++) {
		size_t c = i < length ? (size_t)(strchr(alphabet, label[i]) - alphabet) + 1 : 0;
		bits += (double)(strchr(digits, trigrams[a * 38 + b][c]) - digits) / 4;
		a = b;
		b = c;
	}
	return bits / (double)(length + 1);
}

static void test_features(void **state)
{
	(void)state;
	static const struct { const char *text; double length, turns, hyphens, words, pair, below, dynamic; } cases[] = {
		{"withboat.net", 8, 0, 0, 1, 1, 0, 0}, {"www.purple-mountain42.com", 17, 1, 1, 14 / 17.0, 0, 1, 0}, {"xqzkv.org", 5, 0, 0, 0, 0, 0, 0},
		{"a1b2c3d4.ddns.net", 8, 6, 0, 0, 0, 0, 1}, {"anybody.github.io", 6, 0, 0, 0, 0, 1, 0}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_name name;
		double f[SK_FEATURE_COUNT];
		char label[64];
		assert_true(sk_name_split(suffixes, cases[i].text, &name) && sk_name_features(&name, f));
		(void)snprintf(label, sizeof label, "%.*s", name.label_length, name.text + name.label_at);
		assert_true(fabs(f[SK_FEATURE_SURPRISE] - reference_surprise(label)) < 1e-9);
		assert_true(fabs(f[SK_FEATURE_LENGTH] - cases[i].length) < 1e-9 && fabs(f[SK_FEATURE_TURNS] - cases[i].turns) < 1e-9);
		assert_true(fabs(f[SK_FEATURE_HYPHENS] - cases[i].hyphens) < 1e-9 && fabs(f[SK_FEATURE_WORDS] - cases[i].words) < 1e-9);
		assert_true(fabs(f[SK_FEATURE_PAIR] - cases[i].pair) < 1e-9 && fabs(f[SK_FEATURE_BELOW] - cases[i].below) < 1e-9);
		assert_true(fabs(f[SK_FEATURE_DYNAMIC] - cases[i].dynamic) < 1e-9);
		assert_int_equal(lround(100 * sk_name_weigh(f, sk_name_weights())), sk_name_score(&name));
	}
}

static int32_t score(const char *text)
{
	struct sk_name name;
	assert_true(sk_name_split(suffixes, text, &name));
	return sk_name_score(&name);
}

/* None of these stands in a list that the weights were trained on. */
static void test_scores(void **state)
{
	(void)state;
	static const char *const plain[] = {"sekisho.example.jp", "kumamoto-shinkansen.jp", "wetterbericht.de", "boulangerie-du-port.fr", "municipality.go.jp", "hokkaido-onsen.com", "fishmarket.co.uk",
					    "shanghaidianqi.cn", "novosti-sporta.ru", "d111111abcdef8.cloudfront.net"};
	static const char *const made[] = {"xkqvjzwpmrtbnlh.com", "4f9a1c07be33d2085e6b.net", "qj3z8x0vk2mwp7t1.info", "bdfkwqzmvxtrplnh.biz", "zxq81kd93mvb7wp.ddns.net"};
	for (size_t i = 0; i < SK_COUNT(plain); i++)
		assert_true(score(plain[i]) < sk_name_score_1_in_100());
	for (size_t i = 0; i < SK_COUNT(made); i++)
		assert_true(score(made[i]) > sk_name_score_1_in_1000());
	assert_true(sk_name_score_1_in_100() < sk_name_score_1_in_1000());
	assert_int_equal(score("xn--wgv71a119e.jp"), INT32_MIN);
	assert_int_equal(score("printer.local"), INT32_MIN);
	assert_int_equal(score("xkqvjzwpmrtbnlh.lan"), INT32_MIN);
	assert_int_equal(score("abc.com"), INT32_MIN);
}

static void test_tables(void **state)
{
	(void)state;
	static const struct { const char *text; bool lookup, pool, inner; } cases[] = {
		{"2.0.0.127.zen.spamhaus.org", true, false, false}, {"spamhaus.org", true, false, false}, {"notspamhaus.org", false, false, false}, {"0.pool.ntp.org", false, true, false},
		{"pool.ntp.org", false, true, false}, {"ntp.org", false, false, false}, {"1.2.0.192.in-addr.arpa", true, false, true}, {"printer.local", false, false, true}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_name name;
		assert_true(sk_name_split(suffixes, cases[i].text, &name));
		assert_int_equal(sk_name_is_lookup(&name), cases[i].lookup);
		assert_int_equal(sk_name_is_pool(&name), cases[i].pool);
		assert_int_equal(sk_name_is_inner(&name), cases[i].inner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_suffixes), cmocka_unit_test(test_parts), cmocka_unit_test(test_like_the_library), cmocka_unit_test(test_features), cmocka_unit_test(test_scores),
					   cmocka_unit_test(test_tables)};
	return cmocka_run_group_tests_name("name", tests, open_list, close_list);
}
