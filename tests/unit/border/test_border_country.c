/* SPDX-License-Identifier: Apache-2.0 */
/* Countries: who is asked first, that no side depends on them, that a table without them is what it was, and lies about them. rule: BORDER-6 */
#include "border_test.h"

static void expect_country(const struct sk_border *table, const char *text, const char *code)
{
	struct sk_addr addr = addr_of(text);
	uint16_t is = sk_border_country(table, addr.bytes, addr.family), want = *code == '\0' ? 0 : SK_COUNTRY(code[0], code[1]);
	if (is != want)
		fail_msg("%s is in %c%c, expected '%s'", text, is >> 8, is & 255, code);
}

static void add_country(struct sk_border_build *build, const char *text)
{
	struct sk_fault fault = {0};
	if (sk_border_build_country(build, text, true, &fault) != SK_OK)
		fail_msg("%s", fault.line);
}

static struct sk_border_build *sample(bool lists)
{
	struct sk_border_build *build = build_new("JP");
	add_csv(build, "first.csv", "1.0.0.0,1.0.3.255,JP\n1.0.4.0,1.0.7.255,US\n1.0.5.0,1.0.5.255,??\n5.0.0.0,5.0.0.255,EU\n6.0.0.0,6.0.0.9,A1\n192.0.2.0,192.0.2.255,FR\n"
					"2400::,2400:ffff:ffff:ffff:ffff:ffff:ffff:ffff,KR\n");
	add_csv(build, "second.csv", "1.0.4.0,1.0.4.255,DE\n1.0.5.0,1.0.5.127,DE\n7.0.0.0,7.0.0.255,fr\n");
	if (lists) {
		add_country(build, "XA=192.0.2.0/24");
		add_country(build, "xb=192.0.2.128/25");
		add_country(build, "XC=1.0.6.0 - 1.0.6.9");
		add_country(build, "XD=2001:db8:1::/48");
	}
	sk_border_build_date(build, INT64_C(1750000000000000000));
	return build;
}

static void test_who_is_asked_first(void **state)
{
	(void)state;
	struct sk_border *table = table_of(sample(true));
	expect_country(table, "1.0.0.0", "JP");
	expect_country(table, "0.255.255.255", "");
	expect_country(table, "1.0.3.255", "JP");
	expect_country(table, "1.0.4.9", "US");   /* both speak: the first one */
	expect_country(table, "1.0.5.9", "DE");   /* the first says that it does not know: the second one */
	expect_country(table, "1.0.5.200", "");
	expect_country(table, "1.0.6.9", "XC");   /* a list before every source */
	expect_country(table, "1.0.6.10", "US");
	expect_country(table, "5.0.0.0", "EU");   /* a region is a name too */
	expect_country(table, "6.0.0.1", "");     /* an anonymous proxy is none */
	expect_country(table, "7.0.0.255", "FR");
	expect_country(table, "7.0.1.0", "");
	expect_country(table, "192.0.2.1", "XA"); /* in special ranges lists alone are asked, the longest prefix first */
	expect_country(table, "192.0.2.129", "XB");
	expect_country(table, "2400::1", "KR");
	expect_country(table, "23ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "");
	expect_country(table, "2001:db8:1::1", "XD");
	expect_country(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "");
	sk_border_close(table);
	table = table_of(sample(false));
	expect_country(table, "192.0.2.1", "");
	sk_border_close(table);
}

static void finish(struct sk_border_build *build, struct sk_buf *out)
{
	struct sk_fault fault = {0};
	sk_buf_init(out, SK_BORDER_FILE_MAX);
	if (sk_border_build_finish(build, out, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_border_build_free(build);
}

static enum sk_err open_bytes(const void *bytes, size_t length, struct sk_border **table, struct sk_fault *fault)
{
	*table = NULL;
	return sk_border_of_bytes("t.skb", bytes, length, table, fault);
}

/* Where the sections of countries begin: behind six others, whose sizes the counts give. */
static size_t countries_at(const struct sk_buf *table)
{
	struct sk_cur head = sk_cur_of(table->bytes, table->length);
	size_t at = SK_BORDER_HEADER_BYTES;
	sk_skip(&head, 176);
	for (unsigned i = 0; i < SK_SECTION_COUNTRIES4; i++)
		at = (at + (size_t)sk_le64(&head) * sk_border_record_bytes((enum sk_border_section)i) + SK_BORDER_ALIGN_BYTES - 1) / SK_BORDER_ALIGN_BYTES * SK_BORDER_ALIGN_BYTES;
	return at;
}

static void seal_again(uint8_t *bytes, size_t length)
{
	sk_sha256(bytes, length - SK_HASH_BYTES, bytes + length - SK_HASH_BYTES);
}

/* What a judgement reads does not change by a bit when countries are named; and a table that a program of before has made, without any, is still read. */
static void test_sides_do_not_know_of_countries(void **state)
{
	(void)state;
	struct sk_buf with, without;
	struct sk_border *table;
	struct sk_fault fault = {0};
	struct sk_border_build *build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "own", "198.51.100.0/24\n1.0.0.0/9\n2400::/20\n");
	finish(build, &without);
	assert_int_equal(without.bytes[8], SK_BORDER_VERSION_PLAIN);
	build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "own", "198.51.100.0/24\n1.0.0.0/9\n2400::/20\n");
	add_country(build, "XA=203.0.113.0/24");
	add_country(build, "XB=1.0.0.0/8");
	finish(build, &with);
	assert_int_equal(with.bytes[8], SK_BORDER_VERSION);
	struct sk_cur head = sk_cur_of(with.bytes, with.length);
	sk_skip(&head, 176);
	size_t nodes = (size_t)(sk_le64(&head) + sk_le64(&head)) * SK_BORDER_NODE_BYTES;
	assert_memory_equal(with.bytes + 96, without.bytes + 96, 80); /* totals */
	assert_memory_equal(with.bytes + SK_BORDER_HEADER_BYTES, without.bytes + SK_BORDER_HEADER_BYTES, nodes);
	/* version 1 of a table with country sources: the same bytes without the two sections */
	sk_buf_fini(&with);
	finish(sample(true), &with);
	size_t cut = countries_at(&with) + SK_HASH_BYTES;
	with.bytes[8] = SK_BORDER_VERSION_PLAIN;
	struct sk_out length = sk_out_of(with.bytes + 16, 8);
	sk_put_le64(&length, cut);
	memset(with.bytes + 224, 0, 16);
	seal_again(with.bytes, cut);
	assert_int_equal(open_bytes(with.bytes, cut, &table, &fault), SK_OK);
	struct sk_border_info info;
	sk_border_info(table, &info);
	assert_int_equal(info.country_ranges[0] + info.country_ranges[1], 0);
	expect_country(table, "1.0.0.0", "");
	expect_side(table, "1.0.0.0", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.6.1", SK_SIDE_FOREIGN);
	sk_border_close(table);
	sk_buf_fini(&with);
	sk_buf_fini(&without);
}

static void expect_refused(struct sk_buf *table, size_t at, uint8_t value)
{
	struct sk_border *opened;
	struct sk_fault fault = {0};
	uint8_t old = table->bytes[at];
	table->bytes[at] = value;
	seal_again(table->bytes, table->length);
	if (open_bytes(table->bytes, table->length, &opened, &fault) != SK_EMALFORMED)
		fail_msg("byte %zu set to %u was accepted", at, value);
	table->bytes[at] = old;
}

static void test_lies_under_a_right_digest_are_refused(void **state)
{
	(void)state;
	struct sk_buf table;
	struct sk_border *opened;
	struct sk_fault fault = {0};
	finish(sample(true), &table);
	size_t at = countries_at(&table);
	expect_refused(&table, at + 4, 0);        /* ends before it begins */
	expect_refused(&table, at + 6, 0xff);     /* into the next one */
	expect_refused(&table, at + 8, 'a');
	expect_refused(&table, at + 9, '9');
	expect_refused(&table, at + 10, 1);
	expect_refused(&table, at + 12, 0);       /* the second begins before the first */
	expect_refused(&table, 224, (uint8_t)(table.bytes[224] + 9));
	expect_refused(&table, 231, 1);
	expect_refused(&table, 239, 0x80);
	seal_again(table.bytes, table.length);
	assert_int_equal(open_bytes(table.bytes, table.length, &opened, &fault), SK_OK);
	sk_border_close(opened);
	sk_buf_fini(&table);
}

static void expect_fault(enum sk_err err, enum sk_err want, const struct sk_fault *fault, const char *words)
{
	if (err != want || strstr(fault->line, words) == NULL)
		fail_msg("%s", fault->line);
}

static void test_wrong_lists_of_countries(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "X", "XA", "XA:192.0.2.0/24", "X1=192.0.2.0/24", "XAA=192.0.2.0/24", "XA="};
	struct sk_fault fault = {0};
	struct sk_border_build *build = build_new(NULL);
	for (size_t i = 0; i < SK_COUNT(wrong); i++)
		expect_fault(sk_border_build_country(build, wrong[i], true, &fault), SK_EUSAGE, &fault, "two letters, '='");
	expect_fault(sk_border_build_country(build, "XA=192.0.2.1/24", true, &fault), SK_EINPUT, &fault, "write 192.0.2.0/24");
	expect_fault(sk_border_build_country(build, "XA=/nowhere/at/all", false, &fault), SK_ENOENT, &fault, "/nowhere");
	add_country(build, "XA=192.0.2.0/24");
	expect_fault(finish_error(build, &fault), SK_EUSAGE, &fault, "no source");
	build = build_new(NULL);
	add_list(build, SK_SIDE_DOMESTIC, "own", "1.2.3.0/24\n");
	add_country(build, "XA=192.0.2.0/24");
	add_country(build, "XB=192.0.2.0/24");
	expect_fault(finish_error(build, &fault), SK_EINPUT, &fault, "192.0.2.0/24 is in XA at --country:1 and in XB at --country:2");
}

/* Nested and adjacent prefixes of two sources and a list, each address against a reference that looks at all of them. */
enum { PREFIXES = 40, SOURCES = 3, BITS = 12, ADDRESSES = 1 << BITS };
struct prefix {
	uint32_t first, length;
	uint16_t country; /* 0: says that it does not know */
};

static uint16_t reference(struct prefix all[SOURCES][PREFIXES], uint32_t address)
{
	for (unsigned s = 0; s < SOURCES; s++) {
		const struct prefix *best = NULL;
		for (unsigned i = 0; i < PREFIXES; i++) {
			const struct prefix *p = &all[s][i];
			if (p->length != 0 && address >= p->first && address < p->first + p->length && (best == NULL || p->length < best->length))
				best = p;
		}
		if (best != NULL && best->country != 0)
			return best->country;
	}
	return 0;
}

static void test_against_a_reference(void **state)
{
	(void)state;
	uint64_t seed = 7;
	for (unsigned round = 0; round < 60; round++) {
		struct prefix all[SOURCES][PREFIXES] = {{{0}}};
		struct sk_border_build *build = build_new("JP");
		for (unsigned s = 0; s < SOURCES; s++) {
			char text[PREFIXES * 40 + 40] = "", line[2 * SK_ADDR_TEXT_MAX + 8];
			size_t used = 0;
			if (s == 1)
				used = (size_t)snprintf(text, sizeof text, "9.0.0.0,9.0.0.0,JP\n");
			for (unsigned i = 0; i < PREFIXES; i++) {
				struct prefix p = {.length = UINT32_C(1) << random_next(&seed) % 9};
				p.first = (uint32_t)(random_next(&seed) % ADDRESSES) / p.length * p.length;
				p.country = s != 0 && random_next(&seed) % 5 == 0 ? 0 : SK_COUNTRY('A' + random_next(&seed) % 3, 'B');
				bool twice = false; /* the same prefix again is an error of lists, and up to the order of lines in sources */
				for (unsigned k = 0; k < i; k++)
					twice |= all[s][k].first == p.first && all[s][k].length == p.length;
				if (twice)
					continue;
				all[s][i] = p;
				struct sk_addr from = sk_u128_addr(UINT32_C(0x08000000) + p.first, 4), to = sk_u128_addr(UINT32_C(0x08000000) + p.first + p.length - 1, 4);
				char a[SK_ADDR_TEXT_MAX], b[SK_ADDR_TEXT_MAX];
				(void)sk_addr_format(&from, a);
				(void)sk_addr_format(&to, b);
				if (s == 0) {
					(void)snprintf(line, sizeof line, "%c%c=%s - %s", p.country >> 8, p.country & 255, a, b);
					add_country(build, line);
				} else {
					used += (size_t)snprintf(text + used, sizeof text - used, "%s,%s,%s\n", a, b,
								 p.country == 0 ? "??" : (char[3]){(char)(p.country >> 8), (char)(p.country & 255), '\0'});
				}
			}
			if (s != 0)
				add_csv(build, s == 1 ? "one" : "two", text);
		}
		struct sk_border *table = table_of(build);
		for (uint32_t address = 0; address < ADDRESSES + 600; address++) {
			struct sk_addr addr = sk_u128_addr(UINT32_C(0x08000000) + address, 4);
			assert_int_equal(sk_border_country(table, addr.bytes, 4), reference(all, address));
		}
		sk_border_close(table);
	}
}

/* Ranges from one address to half of all of them, against a walk over all: the index over first bits must leave none out, at its own edges least of all. */
enum { RANGES = 300, PROBES = 4000 };
struct span {
	sk_u128 first, last;
	uint16_t country;
};

static sk_u128 any_value(uint64_t *seed, unsigned family)
{
	sk_u128 value = 0;
	for (unsigned i = 0; i < 4; i++)
		value = value << 32 | (uint32_t)random_next(seed);
	if (family == 4)
		return random_next(seed) % 3 == 0 ? (uint32_t)value & 0xffff0000u : (uint32_t)value;
	/* Mostly global addresses; often the edge of a bucket. */
	if (random_next(seed) % 8 != 0)
		value = (value >> 3) | (sk_u128)1 << 125;
	return random_next(seed) % 3 == 0 ? value >> 109 << 109 : value;
}

static size_t make_spans(struct sk_border_build *build, unsigned family, uint64_t *seed, struct span spans[RANGES])
{
	size_t count = 0;
	for (unsigned i = 0; i < RANGES; i++) {
		struct span span = {.first = any_value(seed, family), .country = SK_COUNTRY('A' + random_next(seed) % 26, 'A' + random_next(seed) % 26)};
		span.last = span.first + (random_next(seed) % 2 == 0 ? random_next(seed) % 3 : (sk_u128)random_next(seed) << (family == 4 ? random_next(seed) % 4 : random_next(seed) % 96));
		bool free_ = span.last >= span.first && (family == 6 || span.last <= UINT32_MAX);
		for (size_t k = 0; k < count && free_; k++)
			free_ = span.last < spans[k].first || span.first > spans[k].last;
		if (!free_)
			continue;
		struct sk_addr from = sk_u128_addr(span.first, family), to = sk_u128_addr(span.last, family);
		char line[2 * SK_ADDR_TEXT_MAX + 8], a[SK_ADDR_TEXT_MAX], b[SK_ADDR_TEXT_MAX];
		(void)sk_addr_format(&from, a);
		(void)sk_addr_format(&to, b);
		(void)snprintf(line, sizeof line, "%c%c=%s - %s", span.country >> 8, span.country & 255, a, b);
		add_country(build, line);
		spans[count++] = span;
	}
	return count;
}

static void probe(const struct sk_border *table, unsigned family, sk_u128 value, const struct span *spans, size_t count)
{
	struct sk_addr addr = sk_u128_addr(value, family);
	uint16_t want = 0;
	for (size_t i = 0; i < count; i++)
		if (value >= spans[i].first && value <= spans[i].last)
			want = spans[i].country;
	uint16_t is = sk_border_country(table, addr.bytes, family);
	char text[SK_ADDR_TEXT_MAX];
	if (is != want)
		fail_msg("%s is in %c%c, expected %c%c", sk_addr_format(&addr, text), is >> 8, is & 255, want >> 8, want & 255);
}

static void test_index_leaves_none_out(void **state)
{
	(void)state;
	uint64_t seed = 11;
	for (unsigned round = 0; round < 6; round++) {
		static struct span spans[2][RANGES];
		struct sk_border_build *build = build_new(NULL);
		size_t count[2];
		add_list(build, SK_SIDE_DOMESTIC, "own", "192.0.2.0/24\n");
		for (unsigned f = 0; f < 2; f++)
			count[f] = make_spans(build, f == 0 ? 4 : 6, &seed, spans[f]);
		struct sk_border *table = table_of(build);
		for (unsigned f = 0; f < 2; f++) {
			const unsigned family = f == 0 ? 4 : 6;
			const sk_u128 most = family == 4 ? (sk_u128)UINT32_MAX : ~(sk_u128)0;
			assert_true(count[f] > 100);
			for (size_t i = 0; i < count[f]; i++) {
				probe(table, family, spans[f][i].first, spans[f], count[f]);
				probe(table, family, spans[f][i].last, spans[f], count[f]);
				probe(table, family, spans[f][i].first == 0 ? 0 : spans[f][i].first - 1, spans[f], count[f]);
				probe(table, family, spans[f][i].last == most ? most : spans[f][i].last + 1, spans[f], count[f]);
			}
			for (unsigned i = 0; i < PROBES; i++)
				probe(table, family, any_value(&seed, family), spans[f], count[f]);
			probe(table, family, 0, spans[f], count[f]);
			probe(table, family, most, spans[f], count[f]);
		}
		sk_border_close(table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_asked_first),
		cmocka_unit_test(test_sides_do_not_know_of_countries),
		cmocka_unit_test(test_lies_under_a_right_digest_are_refused),
		cmocka_unit_test(test_wrong_lists_of_countries),
		cmocka_unit_test(test_against_a_reference), cmocka_unit_test(test_index_leaves_none_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
