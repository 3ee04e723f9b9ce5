/* SPDX-License-Identifier: Apache-2.0 */
/* Table files: the same inputs give the same bytes, damage of every kind is refused, a failed build leaves the old table. */
#include "border_test.h"

static struct sk_border_build *sample(void)
{
	struct sk_border_build *build = build_new("JP");
	add_csv(build, "c.csv", "1.0.0.0,1.0.3.255,JP\n1.0.4.0,1.0.4.6,US\n2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n2400::1,2400::9,KR\n");
	add_list(build, SK_SIDE_UNKNOWN, "u.txt", "1.0.2.128/25\n2002:101:101::/48\n");
	sk_border_build_date(build, INT64_C(1750000000000000000));
	return build;
}

static void sample_bytes(struct sk_buf *out)
{
	struct sk_fault fault = {0};
	struct sk_border_build *build = sample();
	sk_buf_init(out, SK_BORDER_FILE_MAX);
	if (sk_border_build_finish(build, out, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_border_build_free(build);
}

static enum sk_err open_bytes(const void *bytes, size_t length, struct sk_fault *fault)
{
	struct sk_border *table = NULL;
	enum sk_err err = sk_border_of_bytes("t.skb", bytes, length, &table, fault);
	sk_border_close(table);
	return err;
}

static void seal_again(uint8_t *bytes, size_t length)
{
	sk_sha256(bytes, length - SK_HASH_BYTES, bytes + length - SK_HASH_BYTES);
}

static void test_same_inputs_same_bytes(void **state)
{
	(void)state;
	struct sk_buf a, b;
	sample_bytes(&a);
	sample_bytes(&b);
	assert_int_equal(a.length, b.length);
	assert_memory_equal(a.bytes, b.bytes, a.length);
	assert_int_equal(a.length % SK_BORDER_ALIGN_BYTES, SK_HASH_BYTES);
	sk_buf_fini(&a);
	sk_buf_fini(&b);
}

static void test_every_cut_and_sample_bits_are_refused(void **state)
{
	(void)state;
	struct sk_buf table;
	struct sk_fault fault = {0};
	sample_bytes(&table);
	assert_int_equal(open_bytes(table.bytes, table.length, &fault), SK_OK);
	for (size_t length = 0; length < table.length; length += length < 1024 || length + 600 > table.length ? 1 : 97)
		assert_int_equal(open_bytes(table.bytes, length, &fault), SK_EMALFORMED);
	for (size_t i = 0; i < table.length; i += i < 1024 || i + 3000 > table.length ? 1 : 61) {
		table.bytes[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(open_bytes(table.bytes, table.length, &fault), SK_EMALFORMED);
		table.bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(open_bytes(table.bytes, table.length, &fault), SK_OK);
	sk_buf_fini(&table);
}

/* Someone who can compute a SHA-256 changes the trie: a slot more or less that goes deeper, and the numbers do not come out. */
static void test_a_lying_trie_with_a_right_digest_is_refused(void **state)
{
	(void)state;
	struct sk_buf table;
	struct sk_fault fault = {0};
	unsigned refused = 0, tried = 0;
	sample_bytes(&table);
	struct sk_cur head = sk_cur_of(table.bytes, table.length);
	sk_skip(&head, 176);
	uint64_t nodes = sk_le64(&head) + sk_le64(&head);
	for (uint64_t node = 0; node < nodes; node += node < 520 && node > 20 ? 37 : 1) {
		for (unsigned byte = 0; byte < SK_BORDER_NODE_BYTES; byte += 7) {
			uint8_t *at = table.bytes + SK_BORDER_HEADER_BYTES + node * SK_BORDER_NODE_BYTES + byte, old = *at;
			*at = (old & 3) == SK_BORDER_DEEPER ? old & 0xfc : old | 3;
			seal_again(table.bytes, table.length);
			tried++;
			refused += open_bytes(table.bytes, table.length, &fault) == SK_EMALFORMED;
			*at = old;
		}
	}
	assert_int_equal(refused, tried);
	assert_non_null(strstr(fault.line, "trie"));
	sk_buf_fini(&table);
}

/* Fields of the header, set to what they may not be, under a right digest. */
static void test_a_lying_header_with_a_right_digest_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t offset;
		uint8_t value;
	} lies[] = {{0, 'X'}, {8, 1}, {8, 3}, {12, 0x80}, {16, 1}, {176, 1}, {181, 1}, {184, 1}, {190, 1}, {192, 9}, {200, 0}, {200, 63}, {208, 1}, {216, 1}, {223, 0xff}};
	struct sk_buf table;
	struct sk_fault fault = {0};
	sample_bytes(&table);
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		uint8_t old = table.bytes[lies[i].offset];
		table.bytes[lies[i].offset] = lies[i].value;
		seal_again(table.bytes, table.length);
		if (open_bytes(table.bytes, table.length, &fault) != SK_EMALFORMED)
			fail_msg("byte %zu set to %u was accepted", lies[i].offset, lies[i].value);
		table.bytes[lies[i].offset] = old;
	}
	sk_buf_fini(&table);
}

/* What is hashed is what judges: the file may be cut or rewritten under an open table. */
static void test_an_open_table_does_not_follow_its_file(void **state)
{
	(void)state;
	char path[] = "/tmp/test_border_XXXXXX";
	struct sk_fault fault;
	struct sk_border *table;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	struct sk_border_build *build = sample();
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_OK);
	sk_border_build_free(build);
	assert_int_equal(sk_border_open(path, &table, &fault), SK_OK);
	assert_int_equal(truncate(path, 0), 0);
	expect_side(table, "1.0.0.1", SK_SIDE_DOMESTIC);
	expect_side(table, "1.0.2.200", SK_SIDE_UNKNOWN);
	expect_side(table, "2400::9", SK_SIDE_FOREIGN);
	expect_side(table, "2400::a", SK_SIDE_UNKNOWN);
	sk_border_close(table);
	assert_int_equal(sk_border_open(path, &table, &fault), SK_EMALFORMED);
	assert_int_equal(sk_border_open("/nowhere/border.skb", &table, &fault), SK_ENOENT);
	assert_int_equal(sk_border_open("/tmp", &table, &fault), SK_EMALFORMED);
	(void)close(fd);
	(void)unlink(path);
}

static void test_a_failed_build_leaves_the_old_table(void **state)
{
	(void)state;
	char path[] = "/tmp/test_border_XXXXXX";
	struct sk_fault fault;
	struct sk_border *table;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	struct sk_border_build *build = sample();
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_OK);
	sk_border_build_free(build);
	build = sample();
	add_list(build, SK_SIDE_DOMESTIC, "d.txt", "1.0.2.128/25\n");
	assert_int_equal(sk_border_build_write(build, path, &fault), SK_EINPUT);
	sk_border_build_free(build);
	assert_int_equal(sk_border_open(path, &table, &fault), SK_OK);
	sk_border_close(table);
	(void)close(fd);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_inputs_same_bytes),
		cmocka_unit_test(test_every_cut_and_sample_bits_are_refused),
		cmocka_unit_test(test_a_lying_trie_with_a_right_digest_is_refused),
		cmocka_unit_test(test_a_lying_header_with_a_right_digest_is_refused),
		cmocka_unit_test(test_an_open_table_does_not_follow_its_file),
		cmocka_unit_test(test_a_failed_build_leaves_the_old_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
