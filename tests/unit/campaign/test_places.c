/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the operator's: the narrowest range decides, as a slow reference says; each wrong line named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "campaign/place.h"

static struct sk_places *read_text(const char *text, bool as)
{
	struct sk_places *places;
	struct sk_fault fault = {0};
	if (sk_places_read("places", text, strlen(text), as ? SK_PLACES_AS : SK_PLACES_SECTORS, &places, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	return places;
}

static const char *find(const struct sk_places *places, const char *text)
{
	struct sk_addr addr;
	assert_int_equal(sk_addr_parse(text, &addr), SK_OK);
	const char *word = sk_places_word(places, sk_places_find(places, &addr));
	return word == NULL ? "" : word;
}

static void test_as(void **state)
{
	struct sk_places *places = read_text("# remark\n198.51.100.0/24 AS64500\n198.51.100.128/25\t64501 more words\n203.0.113.0,203.0.113.9,64502,XX\n2001:db8::/32 as64503\n"
					     "192.0.2.0/24 64504\n192.0.2.7 0\n", true);
	(void)state;
	assert_string_equal(find(places, "198.51.100.1"), "AS64500");
	assert_string_equal(find(places, "198.51.100.200"), "AS64501");
	assert_string_equal(find(places, "198.51.101.1"), "");
	assert_string_equal(find(places, "203.0.113.9"), "AS64502");
	assert_string_equal(find(places, "203.0.113.10"), "");
	assert_string_equal(find(places, "2001:db8:ffff::1"), "AS64503");
	assert_string_equal(find(places, "2001:db9::"), "");
	assert_string_equal(find(places, "192.0.2.8"), "AS64504");
	assert_string_equal(find(places, "192.0.2.7"), ""); /* 0: announced by nobody */
	sk_places_free(places);
	places = read_text("# nothing\n", true);
	assert_string_equal(find(places, "192.0.2.7"), "");
	sk_places_free(places);
}

static void test_wrong(void **state)
{
	static const struct { const char *line; bool as; } wrong[] = {{"198.51.100.0/24", true}, {"198.51.100.1/24 5", true}, {"x 5", true}, {"198.51.100.0/24 ASx", true},
								     {"198.51.100.9 198.51.100.1 5", true}, {"198.51.100.0/24 99999999999", true}, {"198.51.100.0/24 Energy", false},
								     {"198.51.100.0/24 a23456789012345678901234567890123", false}, {"198.51.100.9 2001:db8::1 5", true}};
	struct sk_places *places;
	struct sk_fault fault;
	char text[128];
	(void)state;
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		(void)snprintf(text, sizeof text, "\n%s\n", wrong[i].line);
		assert_int_equal(sk_places_read("places", text, strlen(text), wrong[i].as ? SK_PLACES_AS : SK_PLACES_SECTORS, &places, &fault), SK_EINPUT);
		assert_non_null(strstr(fault.line, "places:2: "));
		assert_null(places);
	}
}

static void test_sectors(void **state)
{
	char text[8192] = "", line[64];
	struct sk_places *places;
	struct sk_fault fault;
	(void)state;
	for (unsigned i = 0; i <= SK_SECTORS_MAX; i++) {
		(void)snprintf(line, sizeof line, "10.0.%u.0/24 sector-%u\n", i, i);
		memcpy(text + strlen(text), line, strlen(line) + 1);
		if (i + 1 == SK_SECTORS_MAX) {
			places = read_text(text, false);
			assert_string_equal(find(places, "10.0.7.1"), "sector-7");
			sk_places_free(places);
		}
	}
	assert_int_equal(sk_places_read("places", text, strlen(text), SK_PLACES_SECTORS, &places, &fault), SK_EINPUT);
	assert_int_equal(sk_places_read("places", text, strlen(text), SK_PLACES_ORGANISATIONS, &places, &fault), SK_OK);
	sk_places_free(places);
}

/* Random nested prefixes against all lines one by one: the longest decides, of two alike the later. */
static void test_reference(void **state)
{
	static char text[65536];
	struct { struct sk_prefix prefix; unsigned word; } lines[400];
	size_t used = 0, misses = 0;
	char name[SK_PREFIX_TEXT_MAX], word[16];
	(void)state;
	srand(6);
	for (size_t i = 0; i < SK_COUNT(lines); i++) {
		unsigned bits = 9 + (unsigned)rand() % 24;
		lines[i].prefix = (struct sk_prefix){.addr = {.bytes = {10, (uint8_t)(rand() % 3), (uint8_t)(rand() % 4), (uint8_t)rand()}, .family = 4}, .bits = (uint8_t)bits};
		for (unsigned bit = bits; bit < 32; bit++)
			lines[i].prefix.addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
		lines[i].word = 1 + (unsigned)rand() % 1000;
		used += (size_t)snprintf(text + used, sizeof text - used, "%s %u\n", sk_prefix_format(&lines[i].prefix, name), lines[i].word);
	}
	struct sk_places *places = read_text(text, true);
	for (unsigned round = 0; round < 20000; round++) {
		struct sk_addr addr = {.bytes = {10, (uint8_t)(rand() % 3), (uint8_t)(rand() % 4), (uint8_t)rand()}, .family = 4};
		int best = -1, first = -1;
		for (size_t i = 0; i < SK_COUNT(lines); i++)
			if (sk_prefix_holds(&lines[i].prefix, &addr)) {
				best = best < 0 || lines[i].prefix.bits >= lines[best].prefix.bits ? (int)i : best;
				first = first < 0 ? (int)i : first;
			}
		const char *got = sk_places_word(places, sk_places_find(places, &addr));
		(void)snprintf(word, sizeof word, "AS%u", best < 0 ? 0 : lines[best].word);
		assert_string_equal(got == NULL ? "AS0" : got, word);
		misses += best >= 0 && lines[first].word != lines[best].word;
	}
	assert_true(misses > 1000); /* the twin: taking the first that holds would have been wrong so often */
	sk_places_free(places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_as), cmocka_unit_test(test_wrong), cmocka_unit_test(test_sectors), cmocka_unit_test(test_reference)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
