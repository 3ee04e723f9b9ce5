/* SPDX-License-Identifier: Apache-2.0 */
/* ledger FOLDER RECORDS [EVERY]: writes a lawful ledger of so many records (intervals of one live run) and prints the rate of the writer.
   Then time `sekisho-verify FOLDER`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/record_read.h"
#include "scene.h"

static double seconds_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		(void)fprintf(stderr, "usage: ledger FOLDER RECORDS [EVERY]\n");
		return 2;
	}
	size_t records = strtoul(argv[2], NULL, 10), every = argc > 3 ? strtoul(argv[3], NULL, 10) : 256;
	struct scene scene;
	scene_long(&scene, &scene_lab, 6);
	struct sk_sign_key *key = scene_key(argv[1], SCENE_KEY_OWN);
	struct sk_ledger *ledger = NULL;
	struct sk_receipt receipt;
	struct sk_buf record;
	uint64_t dropped, random = 1, bytes = 0;
	SCENE_MUST(sk_ledger_open(argv[1], SCENE_ORIGIN, key, &ledger, &dropped, NULL) == SK_OK);
	struct sk_account account = {.link = "east"};
	struct sk_carry carry = {.link = ""};
	struct sk_record_refs refs = {.policy = scene.policy, .border = scene.border, .basis = scene.basis, .selectors = scene.selectors, .run = scene.run};
	uint8_t store[SK_HASH_BYTES] = {7};
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	double start = seconds_now();
	for (size_t i = 0; i < records; i++) {
		const char *text = NULL;
		size_t length = 0;
		if (i <= scene.run) {
			text = scene.leaf[i];
			length = strlen(text);
		} else {
			sk_buf_reset(&record);
			scene_account(&account, &random, 2000, true, scene_lab.classes);
			sk_record_interval(&record, &account, &carry, 10, store, &refs);
			account.number++;
			account.pending_before = account.pending_after;
			text = sk_buf_text(&record);
			length = record.length;
		}
		bytes += length;
		SCENE_MUST(sk_ledger_append(ledger, text, length, &receipt) == SK_OK);
		if ((i + 1) % every == 0)
			SCENE_MUST(sk_ledger_commit(ledger, NULL) == SK_OK);
	}
	SCENE_MUST(sk_ledger_commit(ledger, NULL) == SK_OK);
	double took = seconds_now() - start;
	(void)printf("%zu records, %.0f bytes each, a commit each %zu: %.2f s, %.0f records/s\n", records, (double)bytes / (double)records, every,
		     took, (double)records / took);
	sk_ledger_close(ledger);
	sk_sign_key_free(key);
	sk_buf_fini(&record);
	scene_fini(&scene);
	return 0;
}
