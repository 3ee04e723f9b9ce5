/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "test_receipt.h"
#include "text/text.h"

enum { MOST = 512 };
static struct sk_fault fault;

static int by_number(const void *a, const void *b)
{
	const struct sk_warrant_receipt *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

void receipts_line(const char *out, const struct sk_verify_key *key, const uint8_t digest[SK_HASH_BYTES], char *line, size_t size)
{
	struct sk_warrant_receipt *receipts = calloc(MOST, sizeof *receipts);
	size_t count = 0;
	DIR *folder = opendir(out);
	assert_non_null(receipts);
	assert_non_null(folder);
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char path[1024], hex[2 * SK_HASH_BYTES + 1];
		struct sk_buf note;
		sk_hex_encode(digest, SK_HASH_BYTES, hex);
		if (strncmp(entry->d_name, hex, strlen(hex)) != 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", out, entry->d_name);
		sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
		assert_int_equal(sk_file_read(path, &note, &fault), SK_OK);
		assert_true(count < MOST);
		assert_int_equal(sk_receipt_decode(sk_buf_text(&note), note.length, key, &receipts[count++], &fault), SK_OK);
		sk_buf_fini(&note);
	}
	(void)closedir(folder);
	qsort(receipts, count, sizeof *receipts, by_number);
	if (sk_receipts_check(receipts, count, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	line[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(line);
		if (receipts[i].step != SK_STEP_WATCHED) /* how many there are is a matter of time */
			(void)snprintf(line + used, size - used, "%s%s", i == 0 ? "" : " ", sk_step_name(receipts[i].step));
		sk_receipt_fini(&receipts[i]);
	}
	free(receipts);
}

/* What was written is read; a changed byte, another key, a missing or a strange one in the chain is not. */
void test_receipts(void **state)
{
	(void)state;
	struct sk_sign_key *key, *other;
	struct sk_warrant_receipt chain[4] = {0}, back;
	static const enum sk_step steps[] = {SK_STEP_ACCEPTED, SK_STEP_DRY_RUN, SK_STEP_ACTIVE, SK_STEP_CLOSED};
	assert_int_equal(sk_sign_key_new("e", &key), SK_OK);
	assert_int_equal(sk_sign_key_new("e", &other), SK_OK);
	for (size_t i = 0; i < 4; i++) {
		struct sk_buf note;
		chain[i] = (struct sk_warrant_receipt){.step = steps[i], .number = i, .at_ns = 100 + (int64_t)i, .until_ns = 200, .order = "o", .target = "t", .items = 3, .detail = "said \"so\"",
						       .effect_count = 1, .effects = {{.place = "here", .seen = "NXDOMAIN", .items = 3, .good = true}}, .text = i == 1 ? "a\nb\n" : ""};
		if (i > 0)
			memcpy(chain[i].previous, chain[i - 1].digest, SK_HASH_BYTES);
		sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
		assert_int_equal(sk_receipt_encode(&chain[i], key, &note, &fault), SK_OK);
		assert_int_equal(sk_receipt_decode(sk_buf_text(&note), note.length, sk_sign_key_public(key), &back, &fault), SK_OK);
		assert_memory_equal(back.digest, chain[i].digest, SK_HASH_BYTES);
		assert_string_equal(back.text, chain[i].text);
		assert_int_equal(back.effects[0].items, 3);
		sk_receipt_fini(&back);
		assert_int_equal(sk_receipt_decode(sk_buf_text(&note), note.length, sk_sign_key_public(other), &back, &fault), SK_ESIGNATURE);
		for (size_t bit = 0; bit < 8 * note.length; bit += 7) {
			note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(sk_receipt_decode(sk_buf_text(&note), note.length, sk_sign_key_public(key), &back, &fault), SK_OK);
			note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		sk_buf_fini(&note);
	}
	assert_int_equal(sk_receipts_check(chain, 4, &fault), SK_OK);
	assert_int_equal(sk_receipts_check(chain + 1, 3, &fault), SK_EINCONSISTENT); /* the first is missing */
	struct sk_warrant_receipt broken[4];
	memcpy(broken, chain, sizeof broken);
	broken[2].at_ns = 300; /* set after its time */
	broken[3].at_ns = 301;
	assert_int_equal(sk_receipts_check(broken, 4, &fault), SK_EINCONSISTENT);
	memcpy(broken, chain, sizeof broken);
	broken[2].at_ns = 50;
	assert_int_equal(sk_receipts_check(broken, 4, &fault), SK_EINCONSISTENT);
	memcpy(broken, chain, sizeof broken);
	broken[1].step = SK_STEP_CLOSED;
	assert_int_equal(sk_receipts_check(broken, 4, &fault), SK_EINCONSISTENT);
	memcpy(broken, chain, sizeof broken);
	broken[2].previous[0] ^= 1;
	assert_int_equal(sk_receipts_check(broken, 4, &fault), SK_EINCONSISTENT);
	chain[0].detail[0] = '\n';
	struct sk_buf note;
	sk_buf_init(&note, SK_RECEIPT_NOTE_MAX);
	assert_int_equal(sk_receipt_encode(&chain[0], key, &note, &fault), SK_EUSAGE);
	sk_buf_fini(&note);
	sk_sign_key_free(key);
	sk_sign_key_free(other);
}
