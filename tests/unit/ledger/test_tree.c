/* SPDX-License-Identifier: Apache-2.0 */
/* The tree: published vectors, every size up to 300 against a reference written as RFC 6962 2.1 reads, paths, checkpoints, proofs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger_priv.h"
#include "text/text.h"

enum { SIZE_MAX_TRIED = 300 };

static uint8_t leaves[SIZE_MAX_TRIED][SK_HASH_BYTES];

/* RFC 6962 2.1, word by word. */
static void reference_root(size_t begin, size_t count, uint8_t out[SK_HASH_BYTES])
{
	uint8_t left[SK_HASH_BYTES], right[SK_HASH_BYTES];
	size_t k = 1;
	if (count == 0) {
		sk_sha256("", 0, out);
		return;
	}
	if (count == 1) {
		memcpy(out, leaves[begin], SK_HASH_BYTES);
		return;
	}
	while (k * 2 < count)
		k *= 2;
	reference_root(begin, k, left);
	reference_root(begin + k, count - k, right);
	sk_node_hash(left, right, out);
}

static void make_leaves(void)
{
	for (size_t i = 0; i < SIZE_MAX_TRIED; i++) {
		char entry[32];
		int length = snprintf(entry, sizeof entry, "entry %zu", i);
		sk_leaf_hash(entry, (size_t)length, leaves[i]);
	}
}

/* The eight entries and roots of the certificate-transparency reference. */
static void test_published_vectors(void **state)
{
	(void)state;
	static const char *const entries[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
	static const char *const roots[] = {
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct sk_frontier *frontier = calloc(1, sizeof *frontier);
	uint8_t root[SK_HASH_BYTES], leaf[SK_HASH_BYTES], bytes[16];
	char text[2 * SK_HASH_BYTES + 1];
	assert_non_null(frontier);
	sk_frontier_root(frontier, root);
	sk_hex_encode(root, sizeof root, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < SK_COUNT(entries); i++) {
		size_t length = strlen(entries[i]) / 2;
		assert_int_equal(sk_hex_decode(entries[i], bytes, length), SK_OK);
		sk_leaf_hash(bytes, length, leaf);
		assert_int_equal(sk_frontier_add(frontier, leaf, NULL, NULL), SK_OK);
		sk_frontier_root(frontier, root);
		sk_hex_encode(root, sizeof root, text);
		assert_string_equal(text, roots[i]);
	}
	free(frontier);
}

static void test_every_small_size(void **state)
{
	(void)state;
	struct sk_frontier *frontier = calloc(1, sizeof *frontier);
	uint8_t root[SK_HASH_BYTES], expected[SK_HASH_BYTES];
	assert_non_null(frontier);
	make_leaves();
	for (size_t size = 0; size <= SIZE_MAX_TRIED; size++) {
		sk_frontier_root(frontier, root);
		reference_root(0, size, expected);
		assert_memory_equal(root, expected, sizeof root);
		if (size > 0 && size <= SK_TILE_WIDTH + 1) {
			sk_hashes_root(leaves[0], size, root);
			assert_memory_equal(root, expected, sizeof root);
		}
		if (size < SIZE_MAX_TRIED)
			assert_int_equal(sk_frontier_add(frontier, leaves[size], NULL, NULL), SK_OK);
	}
	free(frontier);
}

/* Across the boundary of level 1 and 2: 65,536 leaves and one more, against a reference over the roots of level 1. */
struct seen {
	size_t tiles[3];
	uint64_t last[3];
};

static enum sk_err count_tile(void *context, unsigned level, uint64_t index, const uint8_t *tile)
{
	struct seen *seen = context;
	(void)tile;
	assert_true(level < 3);
	assert_int_equal(index, seen->tiles[level]);
	seen->tiles[level]++;
	return SK_OK;
}

static void test_level_boundaries(void **state)
{
	(void)state;
	struct sk_frontier *frontier = calloc(1, sizeof *frontier);
	struct seen seen = {{0}, {0}};
	uint8_t leaf[SK_HASH_BYTES] = {1}, row[SK_HASH_BYTES], next[SK_HASH_BYTES], root[SK_HASH_BYTES];
	assert_non_null(frontier);
	for (size_t i = 0; i < 65536; i++)
		assert_int_equal(sk_frontier_add(frontier, leaf, count_tile, &seen), SK_OK);
	assert_int_equal(seen.tiles[0], 256);
	assert_int_equal(seen.tiles[1], 1);
	/* All leaves alike: sixteen times the hash of two alike. */
	memcpy(row, leaf, sizeof row);
	for (int i = 0; i < 16; i++) {
		sk_node_hash(row, row, next);
		memcpy(row, next, sizeof row);
	}
	sk_frontier_root(frontier, root);
	assert_memory_equal(root, row, sizeof row);
	assert_int_equal(sk_frontier_add(frontier, leaf, count_tile, &seen), SK_OK);
	sk_node_hash(row, leaf, next);
	sk_frontier_root(frontier, root);
	assert_memory_equal(root, next, sizeof root);
	free(frontier);
}

static void test_paths(void **state)
{
	(void)state;
	static const struct { int level; uint64_t index; unsigned width; const char *path;
	} rows[] = {
	    {0, 0, 256, "tile/0/000"},
	    {0, 273, 112, "tile/0/273.p/112"},
	    {1, 1, 17, "tile/1/001.p/17"},
	    {2, 0, 1, "tile/2/000.p/1"},
	    {1, 1234, 7, "tile/1/x001/234.p/7"},
	    {0, 1234067, 256, "tile/0/x001/x234/067"},
	    {-1, 999, 256, "tile/entries/999"},
	    {-1, 1000, 255, "tile/entries/x001/000.p/255"},
	    {63, 1000000, 1, "tile/63/x001/x000/000.p/1"},
	    {0, UINT64_MAX, 256, "tile/0/x018/x446/x744/x073/x709/x551/615"},
	};
	char path[SK_TILE_PATH_MAX];
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		assert_int_equal(sk_tile_path(path, sizeof path, rows[i].level, rows[i].index, rows[i].width), SK_OK);
		assert_string_equal(path, rows[i].path);
		for (size_t size = 0; size <= strlen(rows[i].path); size++)
			assert_int_equal(sk_tile_path(path, size, rows[i].level, rows[i].index, rows[i].width), SK_ETOOBIG);
	}
	/* 70,000 leaves: 273 full and 112, one full and 17, one (COMPONENTS.md 3.4). */
	assert_int_equal(sk_partial_index(70000, 0), 273);
	assert_int_equal(sk_partial_width(70000, 0), 112);
	assert_int_equal(sk_partial_index(70000, 1), 1);
	assert_int_equal(sk_partial_width(70000, 1), 17);
	assert_int_equal(sk_partial_width(70000, 2), 1);
	assert_int_equal(sk_partial_width(70000, 3), 0);
}

static void test_checkpoint(void **state)
{
	(void)state;
	static const char good[] = "example.org/log\n15368405\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	static const struct { const char *body; enum sk_err err;
	} bad[] = {
	    {"", SK_EMALFORMED},
	    {"\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_EMALFORMED},
	    {"o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_EMALFORMED},
	    {"o\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_EMALFORMED},
	    {"o\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_EMALFORMED},
	    {"o\n18446744073709551616\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_EMALFORMED},
	    {"o\n1\nAAAA\n", SK_EMALFORMED},
	    {"o\n1\n", SK_EMALFORMED},
	    {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", SK_EMALFORMED},
	    {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SK_EMALFORMED},
	    {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", SK_EMALFORMED},
	    {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", SK_EMALFORMED},
	    {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\next", SK_EMALFORMED},
	    {"o\x01\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_EMALFORMED},
	    {"o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\next\n", SK_OK},
	    {"o\n18446744073709551615\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", SK_OK},
	};
	struct sk_checkpoint checkpoint;
	struct sk_fault fault;
	struct sk_buf out;
	assert_int_equal(sk_checkpoint_parse(good, strlen(good), &checkpoint, &fault), SK_OK);
	assert_string_equal(checkpoint.origin, "example.org/log");
	assert_int_equal(checkpoint.size, 15368405);
	sk_buf_init(&out, 1024);
	sk_checkpoint_format(&out, &checkpoint);
	assert_string_equal(sk_buf_text(&out), good);
	sk_buf_fini(&out);
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_checkpoint_parse(bad[i].body, strlen(bad[i].body), &checkpoint, &fault), bad[i].err);
	for (size_t length = 0; length < strlen(good); length++)
		assert_int_equal(sk_checkpoint_parse(good, length, &checkpoint, &fault), SK_EMALFORMED);
}

/* RFC 6962 2.1.1, word by word; returns the length. */
static size_t reference_path(size_t index, size_t begin, size_t count, uint8_t (*path)[SK_HASH_BYTES])
{
	size_t k = 1, used;
	if (count <= 1)
		return 0;
	while (k * 2 < count)
		k *= 2;
	if (index < k) {
		used = reference_path(index, begin, k, path);
		reference_root(begin + k, count - k, path[used]);
	} else {
		used = reference_path(index - k, begin + k, count - k, path);
		reference_root(begin, k, path[used]);
	}
	return used + 1;
}

static void test_proof_check(void **state)
{
	(void)state;
	uint8_t path[SK_PROOF_MAX][SK_HASH_BYTES], root[SK_HASH_BYTES];
	const uint8_t(*given)[SK_HASH_BYTES] = (const uint8_t(*)[SK_HASH_BYTES])path;
	make_leaves();
	for (size_t size = 1; size <= 70; size++) {
		reference_root(0, size, root);
		for (size_t index = 0; index < size; index++) {
			size_t count = reference_path(index, 0, size, path);
			assert_int_equal(sk_proof_check(size, index, leaves[index], given, count, root), SK_OK);
			assert_int_equal(sk_proof_check(size, size, leaves[index], given, count, root), SK_ESIGNATURE);
			assert_int_equal(sk_proof_check(size, index, leaves[(index + 1) % SIZE_MAX_TRIED], given, count, root), SK_ESIGNATURE);
			if (index + 1 < size)
				assert_int_equal(sk_proof_check(size, index + 1, leaves[index], given, count, root), SK_ESIGNATURE);
			if (count > 0) {
				assert_int_equal(sk_proof_check(size, index, leaves[index], given, count - 1, root), SK_ESIGNATURE);
				path[count / 2][7] ^= 4;
				assert_int_equal(sk_proof_check(size, index, leaves[index], given, count, root), SK_ESIGNATURE);
				path[count / 2][7] ^= 4;
			}
			memset(path[count], 0, SK_HASH_BYTES);
			assert_int_equal(sk_proof_check(size, index, leaves[index], given, count + 1, root), SK_ESIGNATURE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors), cmocka_unit_test(test_every_small_size), cmocka_unit_test(test_level_boundaries),
		cmocka_unit_test(test_paths),             cmocka_unit_test(test_checkpoint),       cmocka_unit_test(test_proof_check),
	};
	return sk_seal_start() != SK_OK ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
