/* SPDX-License-Identifier: Apache-2.0 */
/* Against a slow reference that keeps every domain that does not exist and walks over the different ones by how they look; half views; what does not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../play.h"

#include "name/name.h"

enum { CLIENTS = 30, MOST = 50, EACH_S = 6, NXDOMAIN = 3 };

static struct sk_suffixes *suffixes;

static const char *make_name(bool made, unsigned number, char text[SK_DNS_NAME_MAX])
{
	static const char *const words[] = {"garden", "river", "station", "market", "school", "yellow", "summer", "winter", "music", "coffee", "forest", "harbour", "kitchen", "travel", "bridge", "window"};
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
	if (!made) {
		(void)snprintf(text, SK_DNS_NAME_MAX, "www.%s%s.com", words[number & 15], words[number >> 4 & 15]);
		return text;
	}
	size_t length = 8 + play_random(&seed, 12);
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + play_random(&seed, 26));
	(void)snprintf(text + length, SK_DNS_NAME_MAX - length, "%s", number % 3 == 0 ? ".com" : number % 3 == 1 ? ".info" : ".ru");
	return text;
}

/* In hundredths; docs/detectors/dns.dga.md. *looks_made: does the name count among those? */
static int weight_of(const char *text, bool half, bool *looks_made)
{
	struct sk_name name;
	assert_true(sk_name_split(suffixes, text, &name));
	int32_t score = sk_name_score(&name);
	*looks_made = score > sk_name_score_1_in_100();
	if (score > sk_name_score_1_in_1000())
		return half ? 200 : 330;
	return *looks_made ? (half ? 100 : 230) : score > 0 ? (half ? 0 : 30) : -100;
}

static void ask(struct play *play, double at_s, unsigned client, const char *name, uint8_t rcode, unsigned mode)
{
	struct play_dns dns = {.at_s = at_s, .client = play_addr("192.0.2.1", client), .server = play_addr("203.0.113.53", 0), .name = name, .rcode = rcode, .answers = rcode == 0,
			       .no_answer = mode == 1, .no_question = mode == 2, .turned = mode == 2};
	play_dns(play, &dns);
}

struct walk {
	int now, most;      /* in hundredths */
	unsigned made;
	bool passed;
};

static void step(struct walk *walk, int weight, bool made)
{
	walk->now += weight;
	walk->now = walk->now < 0 ? 0 : walk->now;
	walk->made += made;
	walk->passed |= walk->made >= 8 && walk->now >= 2070;
}

/* mode 0: questions and answers; 1: the basis covers questions alone; 2: answers alone. */
static void model(unsigned mode)
{
	static const char *const detectors[] = {"dns.dga"};
	uint32_t classes = mode == 1 ? SK_CLASS_BIT(SK_CLASS_DF) : mode == 2 ? SK_CLASS_BIT(SK_CLASS_FD) : 0;
	unsigned told = 0, silent = 0;
	for (uint64_t seed = 91 + mode; seed < 9000; seed += 877) {
		uint64_t random = seed;
		struct play play;
		bool over[CLIENTS], under[CLIENTS];
		play_start(&play, 1, classes, NULL, detectors, 1);
		for (unsigned client = 0; client < CLIENTS; client++) {
			unsigned numbers[MOST], count = 1 + play_random(&random, MOST), making = play_random(&random, 101), repeats = 1 + play_random(&random, 60);
			struct walk all = {0}, fewer = {0};
			for (unsigned i = 0; i < count; i++) {
				char text[SK_DNS_NAME_MAX];
				bool made = play_random(&random, 100) < making, missing = mode == 1 || i % 3 != 0, known = false, looks_made;
				numbers[i] = 2 * play_random(&random, repeats) + made;
				for (unsigned j = 0; j < i; j++)
					known |= numbers[j] == numbers[i];
				/* A domain exists or not, whenever it is asked for. */
				missing = mode == 1 || numbers[i] % 5 != 0;
				ask(&play, i * EACH_S + 0.5, client, make_name(made, numbers[i], text), missing ? NXDOMAIN : 0, mode);
				if (known || !missing)
					continue;
				int weight = weight_of(text, mode == 1, &looks_made);
				step(&all, weight, looks_made);
				step(&fewer, weight > 0 ? weight * 85 / 100 : weight, looks_made && all.made > 2);
			}
			over[client] = all.passed;
			under[client] = fewer.passed;
		}
		play_run(&play, false);
		for (unsigned client = 0; client < CLIENTS; client++) {
			struct sk_addr addr = play_addr("192.0.2.1", client);
			struct sk_detection last;
			bool said = play_count(&play, "dns.dga", &addr, &last) != 0;
			assert_true(over[client] || !said);
			assert_true(said || !under[client]);
			if (said)
				assert_true(last.half_view == (mode != 0) && last.text[0] != '\0');
			told += said;
			silent += !said;
		}
		play_end(&play);
	}
	assert_true(told > 20 && silent > 50);
}

static void test_model(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 3; mode++)
		model(mode);
}

/* One domain that does not exist under ever new names, names without a top domain, a resolver that fails: nothing of it is a search. */
static void test_harmless(void **state)
{
	(void)state;
	static const char *const detectors[] = {"dns.dga"};
	struct play play;
	play_start(&play, 1, 0, NULL, detectors, 1);
	for (unsigned i = 0; i < 300; i++) {
		char made[SK_DNS_NAME_MAX], text[SK_DNS_NAME_MAX + 32];
		(void)make_name(true, i, made);
		(void)snprintf(text, sizeof text, "%s.example.com", made);
		ask(&play, i, 0, text, NXDOMAIN, 0);
		(void)snprintf(text, sizeof text, "%.*s", (int)strcspn(made, "."), made);
		ask(&play, i, 1, text, NXDOMAIN, 0);
		(void)snprintf(text, sizeof text, "%.*s.lan", (int)strcspn(made, "."), made);
		ask(&play, i, 2, text, NXDOMAIN, 0);
		ask(&play, i, 3, made, 2, 0);
		ask(&play, i, 4, made, 0, 0);
	}
	play_run(&play, false);
	assert_int_equal(play.said_count, 0);
	play_end(&play);
}

/* Names of words are found by their number, when most of what the host asks for does not exist. */
static void test_number(void **state)
{
	(void)state;
	static const struct { unsigned missing, found; bool said; } cases[] = {{70, 0, false}, {95, 0, true}, {95, 50, true}, {95, 80, false}, {200, 400, false}};
	static const char *const detectors[] = {"dns.dga"};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct play play;
		char text[SK_DNS_NAME_MAX];
		struct sk_detection last;
		struct sk_addr client = play_addr("192.0.2.1", 0);
		play_start(&play, 1, 0, NULL, detectors, 1);
		for (unsigned n = 0; n < cases[i].missing; n++)
			ask(&play, n * 5, 0, make_name(false, n, text), NXDOMAIN, 0);
		for (unsigned n = 0; n < cases[i].found; n++)
			ask(&play, n * 0.5 + 1, 0, make_name(false, 1000 + n, text), 0, 0);
		play_run(&play, false);
		assert_int_equal(play_count(&play, "dns.dga", &client, &last) != 0, cases[i].said);
		if (cases[i].said)
			assert_int_equal(last.percent, 60);
		play_end(&play);
	}
}

static void half(struct play *play, unsigned part)
{
	char text[SK_DNS_NAME_MAX];
	for (unsigned i = 0; i < 6; i++) {
		uint64_t seed = 1 + 10 * part + i;
		for (unsigned c = 0; c < 18; c++)
			text[c] = (char)('a' + play_random(&seed, 26));
		(void)snprintf(text + 18, 8, ".ru");
		ask(play, part * (PLAY_CROWD_AT_S + PLAY_CROWD_S) + i, 0, text, NXDOMAIN, 0);
	}
}

static struct sk_event other(unsigned i)
{
	enum { AT_KIND = 2, MISSING_ANSWER = 0x300 };
	struct sk_event event = {.kind = SK_EVENT_HEAD, .ip_proto = 17, .class_ = SK_CLASS_DF, .detector = play_row("dns.dga"), .initiator = play_addr("100.64.0.0", i),
				 .responder = play_addr("203.0.113.53", 0), .responder_port = 53};
	event.head.hash = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
	event.head.numbers[AT_KIND] = MISSING_ANSWER;
	return event;
}

static void test_crowd(void **state)
{
	(void)state;
	struct sk_addr client = play_addr("192.0.2.1", 0);
	assert_true(play_in_a_crowd("dns.dga", half, &client, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_harmless), cmocka_unit_test(test_number), cmocka_unit_test(test_crowd)};
	if (sk_suffixes_open(&suffixes) != SK_OK)
		return 1;
	int failed = cmocka_run_group_tests_name("dns.dga", tests, NULL, NULL);
	sk_suffixes_close(suffixes);
	return failed;
}
