/* SPDX-License-Identifier: Apache-2.0 */
/* A witness is shown growing, forked, cut and forged ledgers: it signs one history. The reference keeps its own list of what was signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oversight/witness.h"
#include "text/text.h"

enum { NOW_S = 1790000000, LEAVES = 300 };
#define NOW_NS ((int64_t)NOW_S * 1000000000)

static char folder[64];
static struct sk_sign_key *log_key, *other_key, *witness_key;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/sk-witness-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(sk_sign_key_new("example.org/log", &log_key), SK_OK);
	assert_int_equal(sk_sign_key_new("example.org/log", &other_key), SK_OK);
	assert_int_equal(sk_sign_key_new("witness.example", &witness_key), SK_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sk_sign_key_free(log_key);
	sk_sign_key_free(other_key);
	sk_sign_key_free(witness_key);
	return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *within(const char *name)
{
	static char path[128];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static struct sk_witness *witness_open(void)
{
	struct sk_witness *witness;
	struct sk_fault fault;
	assert_int_equal(sk_witness_open(within("state"), witness_key, sk_sign_key_public(log_key), 1, &witness, &fault), SK_OK);
	return witness;
}

/* Two histories that are one up to `fork`: trees over made-up entries, written by the real writer. */
static void write_log(const char *name, unsigned fork, unsigned leaves)
{
	struct sk_ledger *ledger;
	struct sk_fault fault;
	uint64_t dropped;
	assert_int_equal(sk_ledger_open(within(name), "example.org/log", log_key, &ledger, &dropped, &fault), SK_OK);
	for (unsigned i = 0; i < leaves; i++) {
		char entry[64];
		struct sk_receipt receipt;
		(void)snprintf(entry, sizeof entry, "entry %u%s", i, i >= fork ? " of another history" : "");
		assert_int_equal(sk_ledger_append(ledger, entry, strlen(entry), &receipt), SK_OK);
	}
	assert_int_equal(sk_ledger_commit(ledger, &fault), SK_OK);
	sk_ledger_close(ledger);
}

struct shown {
	const char *log;
	uint64_t old, size, tiles;     /* the proof is made for these */
	uint64_t say_old;              /* what the request says */
	const struct sk_sign_key *key; /* NULL: the log's */
	size_t flip;                   /* one bit of this proof line, from 1; 0: none */
};

static unsigned show_to(struct sk_witness *witness, const struct shown *shown, struct sk_buf *said)
{
	static struct sk_witness_request request;
	uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES];
	struct sk_checkpoint head = {.origin = "example.org/log", .size = shown->size};
	struct sk_witness_answer answer;
	struct sk_buf body, note, text;
	struct sk_fault fault;
	sk_buf_init(&body, 4096);
	sk_buf_init(&note, 8192);
	sk_buf_init(&text, SK_WITNESS_REQUEST_MAX);
	request = (struct sk_witness_request){.old_size = shown->say_old};
	assert_int_equal(sk_ledger_root_at(within(shown->log), shown->tiles, shown->size, head.root, &fault), SK_OK);
	if (shown->size == shown->tiles)
		assert_int_equal(sk_ledger_prove_growth(within(shown->log), shown->old, shown->size, proof, &request.proof_count, &fault), SK_OK);
	memcpy(request.proof, proof, request.proof_count * SK_HASH_BYTES);
	if (shown->flip != 0 && shown->flip <= request.proof_count)
		request.proof[shown->flip - 1][3] ^= 8;
	sk_checkpoint_format(&body, &head);
	sk_note_sign(&note, sk_buf_text(&body), body.length, shown->key != NULL ? shown->key : log_key);
	request.checkpoint = sk_buf_text(&note);
	request.checkpoint_length = note.length;
	sk_witness_request_write(&text, &request);
	sk_witness_judge(witness, text.bytes, text.length, NOW_NS, &answer);
	if (answer.status == 200) {
		struct sk_buf whole;
		struct sk_verify_key as_witness;
		uint64_t seconds;
		static struct sk_note parsed;
		sk_verify_key_as_witness(sk_sign_key_public(witness_key), &as_witness);
		sk_buf_init(&whole, 16384);
		assert_int_equal(sk_witness_add_lines(&note, &answer.body, &as_witness, &whole, &fault), SK_OK);
		assert_int_equal(sk_note_parse(sk_buf_text(&whole), whole.length, &parsed, &fault), SK_OK);
		assert_int_equal(sk_note_verify_cosignature(&parsed, &as_witness, &seconds), SK_OK);
		assert_int_equal(sk_note_verify(&parsed, sk_sign_key_public(log_key)), SK_OK);
		assert_int_equal(seconds, NOW_S);
		sk_buf_fini(&whole);
	}
	if (said != NULL)
		sk_buf_add(said, answer.body.bytes, answer.body.length);
	unsigned status = answer.status;
	sk_buf_fini(&answer.body);
	sk_buf_fini(&text);
	sk_buf_fini(&note);
	sk_buf_fini(&body);
	return status;
}

#define SHOW(w, ...) show_to((w), &(struct shown){__VA_ARGS__}, NULL)

/* rule: WITNESS-1 */
static void test_one_history(void **state)
{
	(void)state;
	write_log("a5", LEAVES, 5);
	write_log("a", LEAVES, LEAVES);
	write_log("b", 7, LEAVES);
	write_log("b7", 4, 5);
	struct sk_witness *witness = witness_open();
	assert_int_equal(SHOW(witness, .log = "a5", .size = 5, .tiles = 5), 200);
	assert_int_equal(SHOW(witness, .log = "a5", .old = 5, .say_old = 5, .size = 5, .tiles = 5), 200); /* the same head again */
	assert_int_equal(SHOW(witness, .log = "a", .size = LEAVES, .tiles = LEAVES), 409);                /* as if from nothing */
	assert_int_equal(SHOW(witness, .log = "a", .old = 4, .say_old = 4, .size = LEAVES, .tiles = LEAVES), 409);
	assert_int_equal(SHOW(witness, .log = "b7", .old = 5, .say_old = 5, .size = 5, .tiles = 5), 409);  /* another root of this size */
	assert_int_equal(SHOW(witness, .log = "a", .old = 4, .say_old = 5, .size = LEAVES, .tiles = LEAVES), 422);
	assert_int_equal(SHOW(witness, .log = "a", .old = 5, .say_old = 5, .size = LEAVES, .tiles = LEAVES, .flip = 1), 422);
	assert_int_equal(SHOW(witness, .log = "a", .old = 5, .say_old = 5, .size = LEAVES, .tiles = LEAVES, .key = other_key), 403);
	assert_int_equal(SHOW(witness, .log = "a", .old = 5, .say_old = LEAVES + 1, .size = LEAVES, .tiles = LEAVES), 400);
	assert_int_equal(SHOW(witness, .log = "a", .old = 5, .say_old = 5, .size = LEAVES, .tiles = LEAVES), 200);
	/* The fork is as long, and each of its proofs is right in itself. */
	assert_int_equal(SHOW(witness, .log = "b", .old = 5, .say_old = 5, .size = LEAVES, .tiles = LEAVES), 409);
	assert_int_equal(SHOW(witness, .log = "b", .old = LEAVES, .say_old = LEAVES, .size = LEAVES, .tiles = LEAVES), 409);
	sk_witness_close(witness);
	/* What is remembered outlives the process. */
	witness = witness_open();
	assert_int_equal(SHOW(witness, .log = "b", .size = LEAVES, .tiles = LEAVES), 409);
	assert_int_equal(SHOW(witness, .log = "a5", .size = 5, .tiles = 5), 409);
	sk_witness_close(witness);
}

/* The sabotage twin: the same fork with the memory taken away is signed, so it is the memory that refuses. */
static void test_memory_is_what_refuses(void **state)
{
	(void)state;
	write_log("a", LEAVES, 20);
	write_log("b", 7, 20);
	struct sk_witness *witness = witness_open();
	assert_int_equal(SHOW(witness, .log = "a", .size = 20, .tiles = 20), 200);
	assert_int_equal(SHOW(witness, .log = "b", .size = 20, .tiles = 20), 409);
	sk_witness_close(witness);
	assert_int_equal(nftw(within("state"), remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
	witness = witness_open();
	assert_int_equal(SHOW(witness, .log = "b", .size = 20, .tiles = 20), 200);
	sk_witness_close(witness);
}

/* A state that somebody else wrote is no beginning. */
static void test_state_is_ours(void **state)
{
	(void)state;
	char command[512];
	struct sk_checkpoint known;
	struct sk_fault fault;
	write_log("a", LEAVES, 20);
	struct sk_witness *witness = witness_open();
	assert_int_equal(SHOW(witness, .log = "a", .size = 20, .tiles = 20), 200);
	assert_int_equal(sk_witness_known(witness, "example.org/log", &known, &fault), SK_OK);
	assert_int_equal(known.size, 20);
	assert_int_equal(sk_witness_known(witness, "example.org/other", &known, &fault), SK_ENOENT);
	(void)snprintf(command, sizeof command, "sed -i 's/^20$/7/' %s/state/*.checkpoint", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(sk_witness_known(witness, "example.org/log", &known, &fault), SK_ESIGNATURE);
	assert_int_equal(SHOW(witness, .log = "a", .old = 7, .say_old = 7, .size = 20, .tiles = 20), 500);
	sk_witness_close(witness);
}

/* Where nothing can be written down, nothing is signed. */
static void test_unwritable(void **state)
{
	(void)state;
	char command[512];
	write_log("a", LEAVES, 20);
	struct sk_witness *witness = witness_open();
	(void)snprintf(command, sizeof command, "rm -rf %s/state", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(SHOW(witness, .log = "a", .size = 20, .tiles = 20), 500);
	sk_witness_close(witness);
}

static void test_one_process(void **state)
{
	(void)state;
	struct sk_witness *second;
	struct sk_fault fault;
	struct sk_witness *witness = witness_open();
	assert_int_equal(sk_witness_open(within("state"), witness_key, sk_sign_key_public(log_key), 1, &second, &fault), SK_ELOCKED);
	struct sk_verify_key twice[2] = {*sk_sign_key_public(log_key), *sk_sign_key_public(log_key)};
	assert_int_equal(sk_witness_open(within("else"), witness_key, twice, 2, &second, &fault), SK_EUSAGE);
	assert_int_equal(sk_witness_open(within("else"), witness_key, twice, 0, &second, &fault), SK_EUSAGE);
	sk_witness_close(witness);
}

static void test_requests(void **state)
{
	(void)state;
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	static const struct {
		const char *text;
		enum sk_err err;
	} rows[] = {
	    {"old 0\n\nx", SK_OK},           {"old 7\n" HASH "\nx", SK_OK},     {"", SK_EMALFORMED},          {"old 0", SK_EMALFORMED},        {"old 0\n", SK_EMALFORMED},
	    {"old 0\n\n", SK_EMALFORMED},    {"old 00\n\nx", SK_EMALFORMED},    {"old 07\n\nx", SK_EMALFORMED}, {"old -1\n\nx", SK_EMALFORMED}, {"Old 0\n\nx", SK_EMALFORMED},
	    {"old 0\r\n\r\nx", SK_EMALFORMED}, {"old \n\nx", SK_EMALFORMED},    {"old 1\nAAAA\n\nx", SK_EMALFORMED}, {"old 1\n" HASH, SK_EMALFORMED},
	    {"old 18446744073709551616\n\nx", SK_EMALFORMED},                   {"old 18446744073709551615\n\nx", SK_OK},
	};
	static struct sk_witness_request request;
	struct sk_fault fault;
	struct sk_buf many;
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		assert_int_equal(sk_witness_request_read(rows[i].text, strlen(rows[i].text), &request, &fault), rows[i].err);
	sk_buf_init(&many, 8192);
	sk_buf_add_text(&many, "old 1\n");
	for (size_t i = 0; i < SK_WITNESS_PROOF_MAX; i++)
		sk_buf_add_text(&many, HASH);
	size_t length = many.length;
	sk_buf_add_text(&many, "\nx");
	assert_int_equal(sk_witness_request_read(many.bytes, many.length, &request, &fault), SK_OK);
	many.length = length;
	sk_buf_add_text(&many, HASH "\nx");
	assert_int_equal(sk_witness_request_read(many.bytes, many.length, &request, &fault), SK_EMALFORMED);
	sk_buf_fini(&many);
}

/* Every pair of sizes; and each proof stops proving when a hash, a size or a root is another. */
static void test_growth(void **state)
{
	(void)state;
	enum { SIZES = 70 };
	uint8_t roots[SIZES + 1][SK_HASH_BYTES], proof[SK_PROOF_MAX][SK_HASH_BYTES];
	const uint8_t(*given)[SK_HASH_BYTES] = (const uint8_t(*)[SK_HASH_BYTES])proof;
	struct sk_fault fault;
	size_t count;
	char name[16];
	for (unsigned size = 1; size <= SIZES; size++) {
		(void)snprintf(name, sizeof name, "g%u", size);
		write_log(name, LEAVES, size);
		assert_int_equal(sk_ledger_root_at(within(name), size, size, roots[size], &fault), SK_OK);
		for (unsigned old = 1; old <= size; old++) {
			assert_int_equal(sk_ledger_prove_growth(within(name), old, size, proof, &count, &fault), SK_OK);
			assert_int_equal(sk_growth_check(old, size, roots[old], roots[size], given, count), SK_OK);
			assert_int_equal(sk_growth_check(old, size, roots[old], roots[old], given, count), old == size ? SK_OK : SK_ESIGNATURE);
			if (old > 1)
				assert_int_equal(sk_growth_check(old - 1, size, roots[old], roots[size], given, count), SK_ESIGNATURE);
			if (count == 0)
				continue;
			assert_int_equal(sk_growth_check(old, size, roots[old], roots[size], given, count - 1), SK_ESIGNATURE);
			proof[count / 2][9] ^= 1;
			assert_int_equal(sk_growth_check(old, size, roots[old], roots[size], given, count), SK_ESIGNATURE);
			proof[count / 2][9] ^= 1;
			memset(proof[count], 0, SK_HASH_BYTES);
			assert_int_equal(sk_growth_check(old, size, roots[old], roots[size], given, count + 1), SK_ESIGNATURE);
		}
		assert_int_equal(sk_ledger_prove_growth(within(name), size + 1, size, proof, &count, &fault), SK_ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_history, set_up, tear_down), cmocka_unit_test_setup_teardown(test_memory_is_what_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state_is_ours, set_up, tear_down), cmocka_unit_test_setup_teardown(test_unwritable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_process, set_up, tear_down), cmocka_unit_test(test_requests),
		cmocka_unit_test_setup_teardown(test_growth, set_up, tear_down),
	};
	return sk_seal_start() != SK_OK ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
