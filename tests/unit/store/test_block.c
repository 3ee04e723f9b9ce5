/* SPDX-License-Identifier: Apache-2.0 */
/* A block's filter and what its seal binds, against the format document read anew: what was added is found, by the bits that the document names and by no others; few
   strangers are; blocks of earlier kinds are still searched and opened by their own rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "seal/siphash.h"
#include "store/store_priv.h"

enum { FLOWS = 1000, STRANGERS = 100000 };
static const uint8_t key[SK_SIP_KEY_BYTES] = "a key of a day..";
static const char text[] = "example.org";

static struct sk_addr host(uint32_t number, bool v6)
{
	struct sk_addr addr = {.family = v6 ? 6 : 4};
	if (v6)
		addr.bytes[0] = 0x20, addr.bytes[1] = 0x01;
	for (unsigned i = 0; i < 3; i++)
		addr.bytes[(v6 ? 3u : 0u) + i] = (uint8_t)(number >> (16 - 8 * i));
	addr.bytes[v6 ? 15 : 3] = 7; /* no part of its network */
	return addr;
}

static struct sk_value value_of(const struct sk_addr *addr)
{
	return (struct sk_value){.kind = SK_VALUE_ADDRESS, .length = sizeof *addr, .bytes = (const uint8_t *)addr};
}

static const struct sk_value name = {.kind = SK_VALUE_TEXT, .length = sizeof text - 1, .bytes = (const uint8_t *)text};

/* As the document says it: kind, family, the network's bytes; of a text kind and text; of the first kind of a network kind, 16 bytes, family. */
static uint64_t document_hash(const struct sk_value *value, bool first)
{
	uint8_t bytes[64] = {value->kind};
	if (value->kind == SK_VALUE_TEXT) {
		memcpy(bytes + 1, value->bytes, value->length);
		return sk_siphash13(key, bytes, 1u + value->length);
	}
	const struct sk_addr *addr = (const struct sk_addr *)(const void *)value->bytes;
	size_t network = addr->family == 4 ? 3 : 6;
	bytes[0] = SK_VALUE_NET;
	if (!first)
		bytes[1] = addr->family;
	memcpy(bytes + (first ? 1 : 2), addr->bytes, network);
	bytes[17] = first ? addr->family : bytes[17];
	return sk_siphash13(key, bytes, first ? 18 : 2 + network);
}

static void document_bits(const struct sk_value *value, enum sk_block_kind kind, uint8_t bits[SK_BLOOM_BYTES])
{
	uint64_t h = document_hash(value, kind == SK_BLOCK_FIRST);
	for (unsigned i = 0; kind >= SK_BLOCK_WORDS && i < 4; i++) {
		uint64_t bit = h % 512 * 64 + (h >> (9 + 6 * i)) % 64;
		bits[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
	for (uint32_t i = 0; kind < SK_BLOCK_WORDS && i < (kind == SK_BLOCK_FIRST ? 7 : 4); i++) {
		uint32_t bit = ((uint32_t)h + i * ((uint32_t)(h >> 32) | 1)) % 32768;
		bits[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
}

/* A thousand flows of IPv4 and IPv6, and a name. */
static void fill(struct sk_filter *filter, uint8_t expected[SK_BLOOM_BYTES])
{
	sk_filter_start(filter, key);
	for (uint32_t i = 0; i < FLOWS; i++) {
		bool v6 = i % 10 == 9;
		struct sk_addr initiator = host(2 * i, v6), responder = host(2 * i + 1, v6);
		struct sk_value values[2] = {value_of(&initiator), value_of(&responder)};
		sk_filter_add_ends(filter, &initiator, &responder);
		document_bits(&values[0], SK_BLOCK_ALONE, expected);
		document_bits(&values[1], SK_BLOCK_ALONE, expected);
	}
	sk_filter_add(filter, &name);
	document_bits(&name, SK_BLOCK_ALONE, expected);
	sk_filter_finish(filter);
}

static void bits_are_as_documented(void **unused)
{
	(void)unused;
	static struct sk_filter filter;
	uint8_t expected[SK_BLOOM_BYTES] = {0};
	fill(&filter, expected);
	assert_memory_equal(filter.words, expected, sizeof expected);
	assert_int_equal(filter.waiting, 0);
}

/* Of 2,001 values: about one false answer in 210. */
static void strangers_are_few(void **unused)
{
	(void)unused;
	static struct sk_filter filter;
	uint8_t expected[SK_BLOOM_BYTES] = {0};
	unsigned found = 0;
	fill(&filter, expected);
	for (uint32_t i = 0; i < 2 * FLOWS; i++) {
		struct sk_addr addr = host(i, i / 2 % 10 == 9);
		struct sk_value value = value_of(&addr);
		assert_true(sk_filter_may_hold(key, &value, expected, SK_BLOCK_ALONE));
	}
	assert_true(sk_filter_may_hold(key, &name, expected, SK_BLOCK_ALONE));
	for (uint32_t i = 0; i < STRANGERS; i++) {
		struct sk_addr addr = host(1000000 + i, false);
		struct sk_value value = value_of(&addr);
		found += sk_filter_may_hold(key, &value, expected, SK_BLOCK_ALONE);
	}
	print_message("%u of %u strangers\n", found, (unsigned)STRANGERS);
	assert_in_range(found, STRANGERS / 1000, STRANGERS / 200);
}

/* Blocks of SKFC and SKFD share one, and those of SKFE and SKFF. */
static int rule_of(int kind)
{
	return kind == SK_BLOCK_FIRST ? 0 : kind >= SK_BLOCK_WORDS ? 2 : 1;
}

/* Each value alone in a filter: it is found by its kind's rule, and not when one of its bits is missing, nor by the rule of another kind. */
static void each_kind_has_its_rule(void **unused)
{
	(void)unused;
	struct sk_addr four = host(77, false), six = host(78, true);
	const struct sk_value values[] = {value_of(&four), value_of(&six), name};
	for (int kind = SK_BLOCK_FIRST; kind < SK_BLOCK_KIND_COUNT; kind++)
		for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
			uint8_t bits[SK_BLOOM_BYTES] = {0};
			document_bits(&values[v], (enum sk_block_kind)kind, bits);
			for (int other = SK_BLOCK_FIRST; other < SK_BLOCK_KIND_COUNT; other++) {
				bool some = kind == SK_BLOCK_FIRST && values[v].kind == SK_VALUE_TEXT && rule_of(other) == 1; /* four of its seven bits */
				assert_int_equal(sk_filter_may_hold(key, &values[v], bits, (enum sk_block_kind)other), some || rule_of(other) == rule_of(kind));
			}
			for (unsigned bit = 0; bit < 8 * SK_BLOOM_BYTES; bit++) {
				if ((bits[bit / 8] & 1u << bit % 8) == 0)
					continue;
				bits[bit / 8] ^= (uint8_t)(1u << bit % 8);
				assert_false(sk_filter_may_hold(key, &values[v], bits, (enum sk_block_kind)kind));
				bits[bit / 8] ^= (uint8_t)(1u << bit % 8);
			}
		}
}

/* A block as the document draws it, written without the room's own writer. */
static size_t document_block(const struct sk_day_key *day_key, const struct sk_block *block, uint8_t *out)
{
	static const char magic[SK_BLOCK_KIND_COUNT][5] = {"SKFB", "SKFC", "SKFD", "SKFE", "SKFF"}, label[] = "sekisho store block 1", basis[] = "self-test", plain[] = "flows";
	enum { BEFORE_FILTER = 44 };
	uint8_t aad[sizeof label + 8 + SK_HASH_BYTES + sizeof basis], *end = aad;
	memset(out, 0, BEFORE_FILTER);
	memcpy(out, magic[block->kind], 4);
	out[7] = (uint8_t)block->number;
	memset(out + BEFORE_FILTER, 0xa5, SK_BLOOM_BYTES);
	memcpy(end, label, sizeof label), end += sizeof label;
	memset(end, 0, 8), end[7] = (uint8_t)block->interval, end += 8;
	sk_sha256(out, BEFORE_FILTER + (block->kind >= SK_BLOCK_WORDS ? 0 : SK_BLOOM_BYTES), end), end += SK_HASH_BYTES;
	memcpy(end, basis, sizeof basis - 1), end += sizeof basis - 1;
	sk_seal(day_key->key, aad, (size_t)(end - aad), (const uint8_t *)plain, sizeof plain, out + BEFORE_FILTER + SK_BLOOM_BYTES);
	return BEFORE_FILTER + SK_BLOOM_BYTES + sizeof plain + SK_SEAL_OVERHEAD_BYTES;
}

/* Of each kind: it opens; as another block or interval it does not; a changed filter keeps it shut where the seal binds it, and only there. */
static void each_kind_is_opened(void **unused)
{
	(void)unused;
	static uint8_t bytes[SK_BLOOM_BYTES + 512];
	struct sk_day_key day_key = {.key = {1}};
	struct sk_fault fault;
	struct sk_buf whole, plain;
	sk_buf_init(&whole, sizeof bytes);
	sk_buf_init(&plain, sizeof bytes);
	for (int kind = SK_BLOCK_FIRST; kind < SK_BLOCK_KIND_COUNT; kind++) {
		struct sk_block block = {.kind = (uint8_t)kind, .number = 3, .interval = 9, .basis = "self-test"}, other = block;
		size_t length = document_block(&day_key, &block, bytes);
		sk_buf_reset(&whole);
		sk_buf_add(&whole, bytes, length);
		assert_int_equal(sk_block_unseal(&day_key, &block, &whole, &plain, &fault), SK_OK);
		assert_string_equal((const char *)plain.bytes, "flows");
		other.interval++;
		assert_int_equal(sk_block_unseal(&day_key, &other, &whole, &plain, &fault), SK_EINCONSISTENT);
		whole.bytes[7] ^= 1;
		assert_int_equal(sk_block_unseal(&day_key, &block, &whole, &plain, &fault), SK_EINCONSISTENT);
		whole.bytes[7] ^= 1;
		whole.bytes[100] ^= 1;
		assert_int_equal(sk_block_unseal(&day_key, &block, &whole, &plain, &fault), kind >= SK_BLOCK_WORDS ? SK_OK : SK_EINCONSISTENT);
	}
	sk_buf_fini(&whole);
	sk_buf_fini(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_are_as_documented),
		cmocka_unit_test(strangers_are_few),
		cmocka_unit_test(each_kind_has_its_rule),
		cmocka_unit_test(each_kind_is_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
