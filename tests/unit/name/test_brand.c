/* SPDX-License-Identifier: Apache-2.0 */
/* Brands by example, one edit against a slow distance, punycode against libidn2. Names of companies stand for what people imitate; no page of theirs was looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name/name.h"
#include "name/name_priv.h"

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

static struct sk_brands *read_list(const char *text)
{
	struct sk_brands *brands = NULL;
	struct sk_fault fault = {.line = ""};
	if (sk_brands_read(suffixes, text, strlen(text), "brands.txt", &brands, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	return brands;
}

/* As DNS has it: an internationalized name in its ASCII form. */
static enum sk_likeness like(const struct sk_brands *brands, const char *utf8, const char **brand)
{
	char *ascii = NULL;
	struct sk_name name;
	size_t which;
	assert_int_equal(idn2_to_ascii_8z(utf8, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL), IDN2_OK);
	assert_true(sk_name_split(suffixes, ascii, &name));
	enum sk_likeness likeness = sk_brands_match(brands, &name, &which);
	*brand = sk_brands_text(brands, which);
	idn2_free(ascii);
	return likeness;
}

static const char list[] = "# whom we protect\n"
			   "rakuten  rakuten.co.jp rakuten.com, rakuten.ne.jp\n"
			   "smbc.co.jp\r\n"
			   "ゆうちょ jp-bank.japanpost.jp   # kana\n"
			   "メルカリ mercari mercari.com\n"
			   "三井住友\n"
			   "とうきょう\n"
			   "paypal paypal.com\n"
			   "amazon amazon.co.jp amazon.com\n"
			   "docomo docomo.ne.jp\n"
			   "カシオ\n"
			   "corner corner.example.org\n"
			   "nintendo nintendo.* nintendo-europe.com\n"
			   "ゆうびん mail-post.example.net japanpost.jp\n";

static void test_examples(void **state)
{
	(void)state;
	static const struct { const char *name; enum sk_likeness likeness; const char *brand; } cases[] = {
		{"rakuten.co.jp", SK_LIKE_NONE, ""}, {"travel.rakuten.co.jp", SK_LIKE_NONE, ""}, {"mail.rakuten.com", SK_LIKE_NONE, ""}, {"example.com", SK_LIKE_NONE, ""},
		{"rakuten.shop", SK_LIKE_SUFFIX, "rakuten"}, {"www.rakuten.top", SK_LIKE_SUFFIX, "rakuten"}, {"smbc.xyz", SK_LIKE_SUFFIX, "smbc"},
		{"rakutem.com", SK_LIKE_EDIT, "rakuten"}, {"rakutenn.com", SK_LIKE_EDIT, "rakuten"}, {"rakten.com", SK_LIKE_EDIT, "rakuten"}, {"rakuetn.com", SK_LIKE_EDIT, "rakuten"},
		{"rakmten.org", SK_LIKE_EDIT, "rakuten"}, {"rkauetn.com", SK_LIKE_NONE, ""}, {"smbb.com", SK_LIKE_NONE, ""},
		{"rakuten-card-login.com", SK_LIKE_INSIDE, "rakuten"}, {"myrakutenpoints.net", SK_LIKE_INSIDE, "rakuten"}, {"smbc-card.top", SK_LIKE_INSIDE, "smbc"},
		{"smbcdefgh.com", SK_LIKE_NONE, ""}, {"rakuten.co.jp.account-check.info", SK_LIKE_BEFORE, "rakuten"}, {"www.rakuten.com.evil.example.net", SK_LIKE_BEFORE, "rakuten"},
		{"raкuten.com", SK_LIKE_HOMOGRAPH, "rakuten"} /* Cyrillic k */, {"rаkutеn.com", SK_LIKE_HOMOGRAPH, "rakuten"}, {"rakutén.com", SK_LIKE_HOMOGRAPH, "rakuten"},
		{"paypa1.com", SK_LIKE_HOMOGRAPH, "paypal"}, {"pаypal-secure.com", SK_LIKE_INSIDE, "paypal"}, {"arnazon.co.jp", SK_LIKE_HOMOGRAPH, "amazon"}, {"docorno.com", SK_LIKE_HOMOGRAPH, "docomo"},
		{"d0c0m0.jp", SK_LIKE_HOMOGRAPH, "docomo"}, {"mercari-jp.shop", SK_LIKE_INSIDE, "メルカリ"}, {"merukari.net", SK_LIKE_SUFFIX, "メルカリ"}, {"merukari-shop.net", SK_LIKE_INSIDE, "メルカリ"},
		{"メルカリ.com", SK_LIKE_SUFFIX, "メルカリ"}, {"メル力リ.com", SK_LIKE_HOMOGRAPH, "メルカリ"} /* the Chinese character for power */, {"力シオ.jp", SK_LIKE_HOMOGRAPH, "カシオ"},
		{"三井住友カード.com", SK_LIKE_INSIDE, "三井住友"}, {"ゆうちょ銀行.net", SK_LIKE_INSIDE, "ゆうちょ"}, {"yuucho-bank.top", SK_LIKE_INSIDE, "ゆうちょ"}, {"yucho-direct.com", SK_LIKE_INSIDE, "ゆうちょ"},
		{"tokyo-login.com", SK_LIKE_INSIDE, "とうきょう"}, {"toukyou.shop", SK_LIKE_SUFFIX, "とうきょう"}, {"comer.com", SK_LIKE_HOMOGRAPH, "corner"}, {"smbc.github.io", SK_LIKE_SUFFIX, "smbc"},
		{"nintendo.co.kr", SK_LIKE_NONE, ""}, {"www.nintendo.example", SK_LIKE_NONE, ""}, {"nintemdo.com", SK_LIKE_EDIT, "nintendo"}, {"nintendo-gift.com", SK_LIKE_INSIDE, "nintendo"},
		{"ninteпdo.co.kr", SK_LIKE_HOMOGRAPH, "nintendo"}, {"nintendo-europe.com", SK_LIKE_NONE, ""}, {"japanpost.jp.delivery-fee.info", SK_LIKE_BEFORE, "ゆうびん"},
	};
	struct sk_brands *brands = read_list(list);
	unsigned wrong = 0;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		const char *brand;
		enum sk_likeness likeness = like(brands, cases[i].name, &brand);
		if (likeness != cases[i].likeness || (likeness != SK_LIKE_NONE && strcmp(brand, cases[i].brand) != 0)) {
			print_error("%s: %s %s\n", cases[i].name, sk_likeness_name(likeness), brand);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	sk_brands_free(brands);
}

/* The program's own list can be read, knows its own domains, and finds what people send. */
static void test_default(void **state)
{
	(void)state;
	static const struct { const char *name; enum sk_likeness likeness; const char *brand; } cases[] = {
		{"www.amazon.co.jp", SK_LIKE_NONE, ""}, {"s3.amazonaws.com", SK_LIKE_NONE, ""}, {"fonts.googleapis.com", SK_LIKE_NONE, ""}, {"www.google.co.jp", SK_LIKE_NONE, ""},
		{"login.microsoftonline.com", SK_LIKE_NONE, ""}, {"direct.smbc.co.jp", SK_LIKE_NONE, ""}, {"www.eki-net.com", SK_LIKE_NONE, ""}, {"online.example.com", SK_LIKE_NONE, ""},
		{"amazon-co-jp.top", SK_LIKE_INSIDE, "amazon"}, {"аmazon.co.jp", SK_LIKE_HOMOGRAPH, "amazon"}, {"amazom.co.jp", SK_LIKE_EDIT, "amazon"},
		{"smbc-direct.shop", SK_LIKE_INSIDE, "smbc"}, {"eki-net.shop", SK_LIKE_SUFFIX, "eki-net"}, {"ekinet-login.com", SK_LIKE_INSIDE, "eki-net"}, {"三井住友銀行.com", SK_LIKE_INSIDE, "smbc"},
		{"えきねっと.net", SK_LIKE_SUFFIX, "eki-net"}, {"etc-meisai.jp.user-check.cn", SK_LIKE_BEFORE, "etc-meisai"}, {"rnufg.jp", SK_LIKE_HOMOGRAPH, "mufg"},
		{"www-amazon-co-jp.akamaized.net", SK_LIKE_NONE, ""}, {"linkedin.com.cdn.cloudflare.net", SK_LIKE_NONE, ""}, {"googlehome.googleapis.com", SK_LIKE_NONE, ""}, {"amazon-login.web.app", SK_LIKE_INSIDE, "amazon"},
	};
	struct sk_brands *brands = NULL;
	struct sk_fault fault = {.line = ""};
	if (sk_brands_default(suffixes, &brands, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	unsigned wrong = 0;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		const char *brand;
		enum sk_likeness likeness = like(brands, cases[i].name, &brand);
		if (likeness != cases[i].likeness || (likeness != SK_LIKE_NONE && strcmp(brand, cases[i].brand) != 0)) {
			print_error("%s: %s %s\n", cases[i].name, sk_likeness_name(likeness), brand);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	sk_brands_free(brands);
}

static void test_bad_lists(void **state)
{
	(void)state;
	static const struct { const char *text, *says; } cases[] = {{"", "no brands"}, {"# only words\n", "no brands"}, {"ab\n", "brands.txt:1"}, {"rakuten co.jp\n", "is no domain"},
								      {"ok-brand\n\xff\xfe\xfd\xfc\n", "brands.txt:2"}, {"rakuten 192.0.2.1\n", "is no domain"}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_brands *brands = NULL;
		struct sk_fault fault = {.line = ""};
		assert_int_equal(sk_brands_read(suffixes, cases[i].text, strlen(cases[i].text), "brands.txt", &brands, &fault), SK_EMALFORMED);
		assert_null(brands);
		assert_non_null(strstr(fault.line, cases[i].says));
	}
}

/* Optimal string alignment: the slow distance. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[32][32];
	size_t n = strlen(a), m = strlen(b);
	for (size_t i = 0; i <= n; i++)
		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
			best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[n][m];
}

static void test_edits(void **state)
{
	(void)state;
	static const char brand[] = "hatsuka"; /* no pair of letters that looks like one */
	struct sk_brands *brands = read_list("hatsuka hatsuka.jp\n");
	uint32_t chance = 1;
	unsigned near = 0, far = 0;
	for (unsigned round = 0; round < 20000; round++) {
		char label[16], text[32];
		struct sk_name name;
		size_t which, length = strlen(brand);
		memcpy(label, brand, sizeof brand);
		for (unsigned edits = (chance = chance * 1664525 + 1013904223) >> 30; edits > 0; edits--) {
			chance = chance * 1664525 + 1013904223;
			size_t at = (chance >> 8) % length;
			char letter = "hatsukpgz"[(chance >> 16) % 9];
			if (chance >> 30 == 0) {
				label[at] = letter;
			} else if (chance >> 30 == 1 && length > 5) {
				memmove(label + at, label + at + 1, length-- - at);
			} else if (chance >> 30 == 2 && length < 12) {
				memmove(label + at + 1, label + at, ++length - at);
				label[at] = letter;
			} else if (at + 1 < length) {
				char swap = label[at];
				label[at] = label[at + 1];
				label[at + 1] = swap;
			}
		}
		(void)snprintf(text, sizeof text, "%s.com", label);
		assert_true(sk_name_split(suffixes, text, &name));
		enum sk_likeness likeness = sk_brands_match(brands, &name, &which);
		unsigned off = distance(brand, label);
		bool inside = strstr(label, brand) != NULL;
		assert_int_equal(likeness, off == 0 ? SK_LIKE_SUFFIX : off == 1 ? SK_LIKE_EDIT : inside ? SK_LIKE_INSIDE : SK_LIKE_NONE);
		near += off == 1;
		far += off > 1;
	}
	assert_true(near > 3000 && far > 3000);
	sk_brands_free(brands);
}

static void test_punycode(void **state)
{
	(void)state;
	static const char *const names[] = {"bücher", "日本語", "пример", "ไทย", "ü", "münchen-ost", "日本レジストリサービス", "a-ß-b", "中a文b字c", "𐍈𐌰", "ハローワーク東京都"};
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		char *ascii = NULL;
		uint32_t *expected = NULL, got[SK_LABEL_MAX];
		assert_int_equal(idn2_to_ascii_8z(names[i], &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL), IDN2_OK);
		assert_int_equal(idn2_to_unicode_8z4z(ascii, &expected, 0), IDN2_OK);
		size_t count = sk_label_decode(ascii, strlen(ascii), got);
		assert_true(count != 0);
		assert_memory_equal(got, expected, count * sizeof got[0]);
		assert_int_equal(expected[count], 0);
		/* Each cut of it is another label or none, and nothing is read behind it. */
		for (size_t cut = 0; cut < strlen(ascii); cut++) {
			char *alone = malloc(cut + 1);
			memcpy(alone, ascii, cut);
			assert_true(sk_label_decode(alone, cut, got) <= SK_LABEL_MAX);
			free(alone);
		}
		idn2_free(ascii);
		idn2_free(expected);
	}
	uint32_t out[SK_LABEL_MAX];
	assert_int_equal(sk_label_decode("xn--99999999999999999999999999999999999999", 42, out), 0);
	assert_int_equal(sk_label_decode("xn--a_b", 7, out), 0);
}

static void test_kana(void **state)
{
	(void)state;
	static const struct { const char *kana, *latin; } cases[] = {{"しんかんせん", "shinkansen"}, {"きょうと", "kyouto"}, {"マッチャ", "matcha"}, {"がっこう", "gakkou"}, {"ジャパン", "japan"},
								       {"フェリー", "feri"}, {"チェック", "chekku"}, {"ファン", "fan"}, {"ショッピング", "shoppingu"}, {"ヴァン", "van"}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		uint32_t code[SK_LABEL_MAX];
		char latin[2 * SK_LABEL_MAX];
		size_t count = 0;
		for (const char *at = cases[i].kana; *at != '\0'; at += 3)
			code[count++] = (uint32_t)(at[0] & 0xf) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (uint32_t)(at[2] & 0x3f);
		size_t length = sk_label_romaji(code, count, latin);
		assert_int_equal(length, strlen(cases[i].latin));
		assert_memory_equal(latin, cases[i].latin, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples), cmocka_unit_test(test_default), cmocka_unit_test(test_bad_lists), cmocka_unit_test(test_edits), cmocka_unit_test(test_punycode), cmocka_unit_test(test_kana)};
	return cmocka_run_group_tests_name("brand", tests, open_list, close_list);
}
