/* SPDX-License-Identifier: Apache-2.0 */
/* Warrants for tests of the enforcer, as a centre would mint them.
     mint keys DIR                                              centre.key, proposer.key, three members, quorum.txt, centre.vkey
     mint warrants DIR OUT ID MEASURE ACTION LIFE FROM TO RATE  one for each line of standard input (its targets, ascending); prints id and digest
     mint end DIR OUT ID DIGEST                                 and away with it                                                              */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "ledger/act.h"
#include "seal/seal.h"
#include "text/text.h"
#include "warrant/warrant.h"

enum { MEMBERS = 3, LINE_MAX_ = 1 << 17 };
static struct sk_fault fault;

static void must(enum sk_err err)
{
	if (err == SK_OK)
		return;
	(void)fprintf(stderr, "mint: %s: %s\n", sk_err_text(err), fault.line);
	exit(1);
}

static struct sk_sign_key *load(const char *folder, const char *name)
{
	char path[SK_PATH_MAX];
	struct sk_sign_key *key = NULL;
	must(sk_file_join(path, sizeof path, folder, name));
	must(sk_sign_key_load(path, &key, &fault));
	return key;
}

static void make_keys(const char *folder)
{
	static const char *const names[] = {"centre", "proposer", "org0/m0", "org1/m1", "org2/m2"};
	static const char *const files[] = {"centre.key", "proposer.key", "m0.key", "m1.key", "m2.key"};
	char path[SK_PATH_MAX], text[SK_VKEY_TEXT_MAX];
	struct sk_buf quorum;
	sk_buf_init(&quorum, 65536);
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		struct sk_sign_key *key = NULL;
		must(sk_sign_key_new(names[i], &key));
		must(sk_file_join(path, sizeof path, folder, files[i]));
		must(sk_sign_key_save(key, path, &fault));
		(void)sk_verify_key_format(sk_sign_key_public(key), text);
		if (i >= 2)
			sk_buf_addf(&quorum, "witness m%zu %s\n", i - 2, text);
		must(sk_file_join(path, sizeof path, folder, "centre.vkey"));
		if (i == 0)
			must(sk_file_replace(path, text, strlen(text), 0644, &fault));
		sk_sign_key_free(key);
	}
	sk_buf_add_text(&quorum, "group g 3 m0 m1 m2\nquorum g\n");
	must(sk_file_join(path, sizeof path, folder, "quorum.txt"));
	must(sk_file_replace(path, quorum.bytes, quorum.length, 0644, &fault));
	sk_buf_fini(&quorum);
}

struct hands {
	struct sk_sign_key *centre, *proposer, *members[MEMBERS];
	struct sk_buf quorum;
};

static void take_hands(struct hands *hands, const char *folder)
{
	static const char *const files[] = {"m0.key", "m1.key", "m2.key"};
	char path[SK_PATH_MAX];
	hands->centre = load(folder, "centre.key");
	hands->proposer = load(folder, "proposer.key");
	for (size_t i = 0; i < MEMBERS; i++)
		hands->members[i] = load(folder, files[i]);
	sk_buf_init(&hands->quorum, 65536);
	must(sk_file_join(path, sizeof path, folder, "quorum.txt"));
	must(sk_file_read(path, &hands->quorum, &fault));
}

static void mint_one(const struct hands *hands, struct sk_order *order, const char *out)
{
	struct sk_buf line, body, notes[MEMBERS], note;
	struct sk_approvals approvals = {0};
	char path[SK_PATH_MAX], beside[SK_PATH_MAX];
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	sk_buf_init(&body, 4096);
	sk_buf_init(&note, SK_WARRANT_TEXT_MAX);
	must(sk_order_encode(order, &line, &fault));
	sk_order_approval_body(order->digest, &body);
	for (size_t i = 0; i < MEMBERS; i++) {
		struct sk_act act = {.matter = "order", .event = "approve", .time_ns = order->not_before_ns, .body = sk_buf_text(&body), .body_length = body.length};
		struct sk_buf text;
		(void)snprintf(act.id, sizeof act.id, "%s", order->id);
		sk_buf_init(&text, 65536);
		sk_buf_init(&notes[i], 65536);
		sk_act_write(&act, &text);
		sk_note_sign(&notes[i], sk_buf_text(&text), text.length, hands->members[i]);
		sk_buf_fini(&text);
		approvals.notes[approvals.count++] = sk_buf_text(&notes[i]);
	}
	must(sk_warrant_encode(order, sk_buf_text(&hands->quorum), &approvals, hands->centre, &note, &fault));
	(void)snprintf(path, sizeof path, "%s/%s.warrant", out, order->id);
	(void)snprintf(beside, sizeof beside, "%s/.%s", out, order->id);
	FILE *file = fopen(beside, "we");
	if (file == NULL || fwrite(note.bytes, 1, note.length, file) != note.length || fclose(file) != 0 || rename(beside, path) != 0)
		must(sk_fault_set(&fault, SK_EIO, "%s: cannot be written", path));
	struct sk_note parsed;
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	must(sk_note_parse(sk_buf_text(&note), note.length, &parsed, &fault));
	sk_sha256(parsed.body, parsed.body_length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
	(void)printf("%s %s\n", order->id, hex);
	for (size_t i = 0; i < MEMBERS; i++)
		sk_buf_fini(&notes[i]);
	sk_buf_fini(&line);
	sk_buf_fini(&body);
	sk_buf_fini(&note);
}

static enum sk_action action_of(const char *measure, const char *action)
{
	for (unsigned i = 0; i < SK_ACTION_COUNT; i++)
		if (strcmp(sk_action_name((enum sk_action)i), action) == 0 && strcmp(sk_measure_name(sk_action_measure((enum sk_action)i)), measure) == 0)
			return (enum sk_action)i;
	must(sk_fault_set(&fault, SK_EUSAGE, "no such action"));
	return SK_ACTION_COUNT;
}

static void mint_warrants(char **argv)
{
	static struct sk_order order; /* 64 KiB */
	struct hands hands;
	char *line = malloc(LINE_MAX_);
	take_hands(&hands, argv[2]);
	for (size_t number = 0; line != NULL && fgets(line, LINE_MAX_, stdin) != NULL; number++) {
		char *rest = line, *word;
		memset(&order, 0, sizeof order);
		order.action = action_of(argv[5], argv[6]);
		order.life_s = strtoull(argv[7], NULL, 10);
		order.not_before_ns = strtoll(argv[8], NULL, 10) * 1000000000;
		order.not_after_ns = strtoll(argv[9], NULL, 10) * 1000000000;
		order.rate_bytes_per_s = strtoull(argv[10], NULL, 10);
		order.proposer = *sk_sign_key_public(hands.proposer);
		(void)snprintf(order.id, sizeof order.id, number == 0 ? "%s" : "%s-%zu", argv[4], number);
		memset(order.document, 0xd0, sizeof order.document);
		if (getenv("MINT_DOCUMENT") != NULL)
			must(sk_hex_decode(getenv("MINT_DOCUMENT"), order.document, sizeof order.document));
		sk_sha256(hands.quorum.bytes, hands.quorum.length, order.quorum);
		while ((word = strsep(&rest, " \n")) != NULL && order.target_count < SK_ORDER_TARGETS_MAX)
			if (*word != '\0')
				(void)snprintf(order.targets[order.target_count++], SK_ORDER_TARGET_MAX, "%s", word);
		mint_one(&hands, &order, argv[3]);
	}
	free(line);
}

static void mint_end(char **argv)
{
	struct sk_end end = {0};
	struct sk_clock clock = sk_clock_system();
	struct sk_buf note;
	char path[SK_PATH_MAX];
	(void)snprintf(end.id, sizeof end.id, "%s", argv[4]);
	must(sk_hex_decode(argv[5], end.warrant, sizeof end.warrant));
	end.time_ns = clock.unix_ns(clock.context);
	sk_buf_init(&note, 65536);
	sk_end_encode(&end, load(argv[2], "centre.key"), &note);
	(void)snprintf(path, sizeof path, "%s/%s.end", argv[3], argv[4]);
	must(sk_file_replace(path, note.bytes, note.length, 0644, &fault));
	sk_buf_fini(&note);
}

int main(int argc, char **argv)
{
	must(sk_seal_start());
	if (argc == 3 && strcmp(argv[1], "keys") == 0)
		make_keys(argv[2]);
	else if (argc == 11 && strcmp(argv[1], "warrants") == 0)
		mint_warrants(argv);
	else if (argc == 6 && strcmp(argv[1], "end") == 0)
		mint_end(argv);
	else
		return 2;
	return 0;
}
