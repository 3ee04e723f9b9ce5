/* SPDX-License-Identifier: Apache-2.0 */
/* Every name of a corpus against a reference that asks the list of brands itself; where names are looked for; what is not told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../play.h"

#include "name/name.h"

static const char list[] = "rakuten 楽天 rakuten.co.jp rakuten.com\nsmbc smbc.co.jp\nnintendo nintendo.*\npaypal paypal.com\n";

static const char *const corpus[] = {
	"www.rakuten.co.jp", "rakutem.co.jp", "rakuten-login.shop", "rakuten.top", "www.rakuten.co.jp.check.info", "xn--rkuten-3nf.com", "smbc-direct.cn", "www.smbc.co.jp", "nintendo.fr",
	"mail.nintendo-shop.top", "paypa1.com", "example.com", "www.example.co.jp", "localhost", "192.0.2.1", "a.b.c.paypal.com", "paypal.com.evil.net", "rakuten.local", "co.jp", "xn--rssv39a.com"};

enum where { QUESTION, ANSWER, MISSING, EMPTY, HELLO, REQUEST, WHERES };

static struct sk_suffixes *suffixes;
static struct sk_brands *brands;

static void go(struct play *play, double at_s, enum where where, const char *name, struct sk_addr client, uint8_t class_)
{
	struct sk_head head = {.kind = where == HELLO ? SK_HEAD_CLIENT_HELLO : SK_HEAD_HTTP, .app = where == HELLO ? SK_APP_TLS : SK_APP_HTTP, .from_initiator = true};
	struct sk_event flow = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = class_, .initiator = client, .initiator_port = 40000, .responder = play_addr("203.0.113.80", 0),
				.responder_port = where == HELLO ? 443 : 80};
	struct play_dns dns = {.at_s = at_s, .class_ = class_, .client = client, .server = play_addr("203.0.113.53", 0), .name = name, .rcode = where == MISSING ? 3 : 0, .answers = where == ANSWER,
			       .no_answer = where == QUESTION};
	if (where < HELLO) {
		play_dns(play, &dns);
		return;
	}
	(void)snprintf(where == HELLO ? head.as.client_hello.sni : head.as.http.host, 256, "%s", name);
	play_head(play, at_s, &flow, &head, 400);
}

static void test_model(void **state)
{
	(void)state;
	static const char *const detectors[] = {"lookalike"};
	static const bool seen[2][WHERES] = {{[ANSWER] = true, [HELLO] = true, [REQUEST] = true}, {[QUESTION] = true, [ANSWER] = true, [MISSING] = true, [EMPTY] = true, [HELLO] = true, [REQUEST] = true}};
	unsigned told = 0, silent = 0;
	/* Full view; questions alone. */
	for (unsigned half = 0; half < 2; half++)
		for (unsigned where = 0; where < WHERES; where++)
			for (unsigned n = 0; n < SK_COUNT(corpus); n++) {
				struct play play;
				struct sk_name name;
				struct sk_detection last = {0};
				struct sk_addr client = play_addr("192.0.2.1", n);
				size_t brand;
				enum sk_likeness likeness = sk_name_split(suffixes, corpus[n], &name) && !sk_name_is_inner(&name) ? sk_brands_match(brands, &name, &brand) : SK_LIKE_NONE;
				play_start(&play, 1, half ? SK_CLASS_BIT(SK_CLASS_DF) : 0, NULL, detectors, 1);
				for (unsigned i = 0; i < 3; i++)
					go(&play, 3 * i, (enum where)where, corpus[n], client, SK_CLASS_DF);
				play_run(&play, false);
				bool said = play_count(&play, "lookalike", &client, &last) != 0, expected = likeness != SK_LIKE_NONE && seen[half][where];
				if (said != expected)
					fail_msg("%s: said %d, expected %d", corpus[n], said, expected);
				if (said) {
					assert_string_equal(last.text, name.text + name.registered_at);
					assert_string_equal(last.about, sk_brands_text(brands, brand));
					assert_int_equal(last.value, likeness);
					assert_int_equal(last.contacts, 3);
				}
				told += said;
				silent += !said;
				play_end(&play);
			}
	assert_true(told > 50 && silent > 50);
}

/* Each kind that can be switched off is; clients abroad and transit are nobody's to warn. */
static void test_asked(void **state)
{
	(void)state;
	static const struct { const char *detector, *name; uint8_t class_; size_t said; } cases[] = {
		{"lookalike", "rakutem.co.jp", SK_CLASS_DF, 1}, {"lookalike:edit=0", "rakutem.co.jp", SK_CLASS_DF, 0}, {"lookalike:inside=0", "smbc-direct.cn", SK_CLASS_DF, 0},
		{"lookalike:suffix=0", "rakuten.top", SK_CLASS_DF, 0}, {"lookalike:suffix=0", "paypa1.com", SK_CLASS_DF, 1}, {"lookalike", "paypa1.com", SK_CLASS_FD, 0},
		{"lookalike", "paypa1.com", SK_CLASS_FF, 0}, {"lookalike:contacts=2", "paypa1.com", SK_CLASS_DF, 0}};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct play play;
		play_start(&play, 1, 0, NULL, &cases[i].detector, 1);
		go(&play, 1, HELLO, cases[i].name, play_addr("192.0.2.1", 0), cases[i].class_);
		go(&play, 5, ANSWER, "example.com", play_addr("192.0.2.1", 0), SK_CLASS_DF);
		play_run(&play, false);
		assert_int_equal(play.said_count, cases[i].said);
		play_end(&play);
	}
}

static void half(struct play *play, unsigned part)
{
	for (unsigned i = 0; i < 3; i++)
		go(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, HELLO, "paypa1.com", play_addr("192.0.2.1", 0), SK_CLASS_DF);
}

static struct sk_event other(unsigned i)
{
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 6, .class_ = SK_CLASS_DF, .detector = play_row("lookalike"), .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("203.0.113.80", 0), .responder_port = 443};
	event.head.hash = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
	event.head.numbers[0] = SK_LIKE_EDIT;
	return event;
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr client = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("lookalike", half, &client, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_asked), cmocka_unit_test(test_crowd)};
	struct sk_fault fault;
	play_brands(list);
	if (sk_suffixes_open(&suffixes) != SK_OK || sk_brands_read(suffixes, list, sizeof list - 1, "list", &brands, &fault) != SK_OK)
		return 1;
	int failed = cmocka_run_group_tests_name("lookalike", tests, NULL, NULL);
	sk_brands_free(brands);
	sk_suffixes_close(suffixes);
	return failed;
}
