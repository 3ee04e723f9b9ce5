/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's program over the installed library, as libsekisho-ledger(3) shows it: writes three entries, reads them back, proves one. Not about Sekisho's
   records at all: any bytes may be entries. */
#include <stdio.h>
#include <string.h>

#include <ledger/ledger.h>

static enum sk_err show(void *context, uint64_t index, const uint8_t *entry, size_t length, struct sk_fault *fault)
{
	(void)context;
	(void)fault;
	printf("%llu: %.*s\n", (unsigned long long)index, (int)length, (const char *)entry);
	return SK_OK;
}

int main(int argc, char **argv)
{
	static const char *const entries[] = {"first", "second", "third"};
	struct sk_fault fault = {.line = ""};
	struct sk_sign_key *key = NULL;
	struct sk_ledger *log = NULL;
	struct sk_receipt receipt = {0};
	struct sk_checkpoint head = {.origin = "example.org/log"};
	uint64_t dropped;
	uint8_t proof[SK_PROOF_MAX][SK_HASH_BYTES];
	size_t count;
	if (argc != 2 || sk_seal_start() != SK_OK || sk_sign_key_new("example.org/log", &key) != SK_OK)
		return 2;
	enum sk_err err = sk_ledger_open(argv[1], "example.org/log", key, &log, &dropped, &fault);
	for (size_t i = 0; err == SK_OK && i < 3; i++)
		err = sk_ledger_append(log, entries[i], strlen(entries[i]), &receipt);
	if (err == SK_OK)
		err = sk_ledger_commit(log, &fault); /* durable and signed from here on */
	if (err == SK_OK) {
		sk_ledger_head(log, &head.size, head.root);
		err = sk_ledger_walk(argv[1], &head, show, NULL, &fault); /* trusts nothing but what it recomputes */
	}
	if (err == SK_OK)
		err = sk_ledger_prove(argv[1], head.size, receipt.index, proof, &count, &fault);
	if (err == SK_OK)
		err = sk_proof_check(head.size, receipt.index, receipt.leaf_hash, (const uint8_t(*)[SK_HASH_BYTES])proof, count, head.root);
	if (err != SK_OK)
		fprintf(stderr, "%s: %s\n", sk_err_text(err), fault.line);
	sk_ledger_close(log);
	sk_sign_key_free(key);
	return err == SK_OK ? 0 : 1;
}
