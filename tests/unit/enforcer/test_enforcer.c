/* SPDX-License-Identifier: Apache-2.0 */
/* The enforcer between two targets in memory, under a clock of its own: lives, failures, other hands, restarts; and a long random walk in which no measure outlives its warrant.
   rule: ENFORCE-1 ENFORCE-2 ENFORCE-3 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "enforcer/enforcer.h"
#include "ledger/act.h"
#include "memory_target.h"
#include "test_receipt.h"
#include "text/text.h"

enum { MEMBERS = 3 };
static const int64_t second = 1000000000;
static struct sk_fault fault;
static struct sk_sign_key *centre, *proposer, *members[MEMBERS];
static char quorum[4096], folder[256];
static struct sk_clock_fake now;
static struct sk_enforcer_conf conf;
static struct sk_enforcer *enforcer;
static char said[1 << 16];

/* ---- orders ---- */

static void mint(const char *id, enum sk_action action, const char *targets, uint64_t life_s, uint8_t digest[SK_HASH_BYTES])
{
	static struct sk_order order;
	struct sk_buf line, body, note, acts[MEMBERS];
	struct sk_approvals approvals = {0};
	char path[512], copy[4096], *rest = copy, *word;
	struct sk_note parsed;
	memset(&order, 0, sizeof order);
	(void)snprintf(order.id, sizeof order.id, "%s", id);
	(void)snprintf(copy, sizeof copy, "%s", targets);
	while ((word = strsep(&rest, " ")) != NULL)
		(void)snprintf(order.targets[order.target_count++], SK_ORDER_TARGET_MAX, "%s", word);
	order.action = action;
	order.life_s = life_s;
	order.not_before_ns = now.now_unix_ns - second;
	order.not_after_ns = order.not_before_ns + 3600 * second;
	order.proposer = *sk_sign_key_public(proposer);
	sk_sha256(quorum, strlen(quorum), order.quorum);
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	sk_buf_init(&body, 4096);
	sk_buf_init(&note, SK_WARRANT_TEXT_MAX);
	assert_int_equal(sk_order_encode(&order, &line, &fault), SK_OK);
	sk_order_approval_body(order.digest, &body);
	for (size_t i = 0; i < MEMBERS; i++) {
		struct sk_act act = {.matter = "order", .event = "approve", .time_ns = now.now_unix_ns, .body = sk_buf_text(&body), .body_length = body.length};
		struct sk_buf text;
		(void)snprintf(act.id, sizeof act.id, "%s", id);
		sk_buf_init(&text, 65536);
		sk_buf_init(&acts[i], 65536);
		sk_act_write(&act, &text);
		sk_note_sign(&acts[i], sk_buf_text(&text), text.length, members[i]);
		approvals.notes[approvals.count++] = sk_buf_text(&acts[i]);
		sk_buf_fini(&text);
	}
	assert_int_equal(sk_warrant_encode(&order, quorum, &approvals, centre, &note, &fault), SK_OK);
	(void)snprintf(path, sizeof path, "%s/inbox/%s", folder, id);
	assert_int_equal(sk_file_replace(path, note.bytes, note.length, 0600, &fault), SK_OK);
	assert_int_equal(sk_note_parse(sk_buf_text(&note), note.length, &parsed, &fault), SK_OK);
	sk_sha256(parsed.body, parsed.body_length, digest);
	for (size_t i = 0; i < MEMBERS; i++)
		sk_buf_fini(&acts[i]);
	sk_buf_fini(&line);
	sk_buf_fini(&body);
	sk_buf_fini(&note);
}

static void end_order(const char *id, const uint8_t digest[SK_HASH_BYTES])
{
	struct sk_end end = {.time_ns = now.now_unix_ns};
	struct sk_buf note;
	char path[512];
	(void)snprintf(end.id, sizeof end.id, "%s", id);
	memcpy(end.warrant, digest, SK_HASH_BYTES);
	sk_buf_init(&note, 65536);
	sk_end_encode(&end, centre, &note);
	(void)snprintf(path, sizeof path, "%s/inbox/%s.end", folder, id);
	assert_int_equal(sk_file_replace(path, note.bytes, note.length, 0600, &fault), SK_OK);
	sk_buf_fini(&note);
}

/* ---- the enforcer ---- */

static void remember(void *context, const char *line)
{
	(void)context;
	size_t used = strlen(said);
	(void)snprintf(said + used, sizeof said - used, "%s\n", line);
}

static void start(void)
{
	assert_int_equal(sk_enforcer_open(&conf, sk_clock_of_fake(&now), remember, NULL, &enforcer, &fault), SK_OK);
}

static void restart(void)
{
	sk_enforcer_close(enforcer);
	start();
}

static void pass(int64_t ns)
{
	now.now_unix_ns += ns;
	now.now_monotonic_ns += ns;
}

/* Turns until nothing moves; a fifth of a second each. */
static struct sk_enforcer_load turn(unsigned count)
{
	struct sk_enforcer_load load = {0};
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(sk_enforcer_turn(enforcer, &load, &fault), SK_OK);
		pass(second / 5);
	}
	return load;
}

static int set_up(void **state)
{
	char path[512], text[8192], vkey[SK_VKEY_TEXT_MAX];
	(void)state;
	memset(&memory_a, 0, sizeof memory_a);
	memset(&memory_b, 0, sizeof memory_b);
	said[0] = '\0';
	now = (struct sk_clock_fake){.now_unix_ns = INT64_C(1795305600) * second, .now_monotonic_ns = 1000 * second};
	(void)snprintf(folder, sizeof folder, "/tmp/sekisho-enforcer-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/inbox", folder);
	assert_int_equal(sk_file_make_folder(path, 0700, &fault), SK_OK);
	(void)snprintf(path, sizeof path, "%s/quorum", folder);
	assert_int_equal(sk_file_replace(path, quorum, strlen(quorum), 0600, &fault), SK_OK);
	(void)snprintf(text, sizeof text,
		       "folder: %s/state\ninbox: %s/inbox\ncentre: %s\nquorum: {medium: %s/quorum}\npoll: 100ms\nwatch: 1s\neffect: 5s\ngive_up: 20s\nown: [203.0.113.0/24]\n"
		       "allow: [good.example]\ntargets:\n  - {name: first, backend: fake_a}\n  - {name: second, backend: fake_b, measures: [rpz]}\n",
		       folder, folder, sk_verify_key_format(sk_sign_key_public(centre), vkey), folder);
	(void)snprintf(path, sizeof path, "%s/conf", folder);
	assert_int_equal(sk_file_replace(path, text, strlen(text), 0600, &fault), SK_OK);
	assert_int_equal(sk_enforcer_conf_read(path, memory_find, &conf, &fault), SK_OK);
	start();
	return 0;
}

static int tear_down(void **state)
{
	char command[512];
	(void)state;
	sk_enforcer_close(enforcer);
	sk_enforcer_conf_fini(&conf);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

/* The steps of a warrant in one line, after checking that its receipts are a whole chain. */
static const char *steps(const uint8_t digest[SK_HASH_BYTES])
{
	static char line[4096];
	char out[512];
	(void)snprintf(out, sizeof out, "%s/state/out", folder);
	receipts_line(out, sk_enforcer_key(enforcer), digest, line, sizeof line);
	return line;
}

/* ---- lives ---- */

static void test_life(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES], b[SK_HASH_BYTES];
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example bad2.example", 10, a);
	mint("b", SK_ACTION_NFTABLES_DROP, "198.51.100.7/32", 20, b);
	struct sk_enforcer_load load = turn(8);
	assert_int_equal(load.active, 2);
	assert_non_null(memory_get(&memory_a, "bad1.example"));
	assert_non_null(memory_get(&memory_b, "bad2.example"));
	assert_non_null(memory_get(&memory_a, "198.51.100.7/32"));
	assert_null(memory_get(&memory_b, "198.51.100.7/32")); /* measures: [rpz] */
	/* one transaction a target for the canary of both, one for the rest */
	assert_int_equal(memory_a.sets, 1);
	assert_int_equal(memory_b.sets, 1);
	assert_string_equal(steps(a), "accepted dry_run dry_run canary active active");
	pass(10 * second);
	turn(3);
	assert_null(memory_get(&memory_a, "bad1.example"));
	assert_int_equal(memory_b.count, 0);
	assert_non_null(memory_get(&memory_a, "198.51.100.7/32"));
	assert_string_equal(steps(a), "accepted dry_run dry_run canary active active ending undone undone closed");
	end_order("b", b);
	load = turn(4);
	assert_int_equal(load.measures, 0);
	assert_int_equal(memory_a.count, 0);
	/* over is over, whatever the file is called */
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad3.example", 10, a);
	load = turn(6);
	assert_int_equal(load.active, 1);
}

static void test_protected(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES];
	static const char *const targets[] = {"203.0.113.9/32", "127.0.0.1/32", "198.41.0.4/32"};
	for (size_t i = 0; i < SK_COUNT(targets); i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "p%zu", i);
		mint(id, SK_ACTION_NFTABLES_DROP, targets[i], 10, a);
		assert_int_equal(turn(3).measures, 0);
		assert_string_equal(steps(a), "refused");
	}
	mint("level", SK_ACTION_RPZ_NXDOMAIN, "www.good.example", 10, a);
	assert_int_equal(turn(3).measures, 0);
	assert_int_equal(memory_a.sets + memory_b.sets, 0);
	assert_non_null(strstr(said, "protected by good.example"));
}

/* The second target refuses: nothing is set on the first either. */
static void test_refused(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES], b[SK_HASH_BYTES];
	memory_b.refuses = "bad1.example";
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 600, a);
	mint("b", SK_ACTION_RPZ_NXDOMAIN, "bad2.example", 600, b);
	assert_int_equal(turn(8).active, 1); /* the other goes on */
	assert_null(memory_get(&memory_a, "bad1.example"));
	assert_non_null(memory_get(&memory_b, "bad2.example"));
	assert_non_null(strstr(steps(a), "refused"));
}

static void test_no_effect(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES];
	memory_b.no_effect = true;
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 600, a);
	turn(10);
	assert_non_null(memory_get(&memory_b, "bad1.example")); /* asked again for a while */
	turn(40);
	assert_int_equal(memory_a.count + memory_b.count, 0);
	assert_string_equal(steps(a), "accepted dry_run dry_run canary active ending undone undone closed");
	assert_non_null(strstr(said, "the effect was not seen"));
}

/* Restarted while it waits for an effect: the time for it begins anew. It once was counted from the machine's start, so that whoever came back late gave up at once. */
static void test_restart_while_waiting(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES];
	memory_b.no_effect = true;
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 600, a);
	turn(10);
	sk_enforcer_close(enforcer);
	pass(60 * second);
	start();
	turn(2);
	assert_non_null(memory_get(&memory_b, "bad1.example"));
	memory_b.no_effect = false;
	assert_int_equal(turn(10).active, 1);
	assert_null(strstr(said, "the effect was not seen"));
}

static void test_down(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES];
	memory_b.down = true;
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 600, a);
	turn(10);
	assert_int_equal(memory_a.count, 0); /* no target is touched before all have said yes */
	memory_b.down = false;
	turn(40);
	assert_non_null(memory_get(&memory_b, "bad1.example"));
	/* gone for long while on its way: not left half done */
	uint8_t b[SK_HASH_BYTES];
	memory_b.down_in = 4; /* the dry run's read and check, and the look before the set; then nothing */
	mint("b", SK_ACTION_RPZ_NXDOMAIN, "bad2.example", 600, b);
	turn(10);
	assert_non_null(memory_get(&memory_a, "bad2.example"));
	for (unsigned i = 0; i < 60; i++) {
		turn(1);
		pass(second);
	}
	assert_null(memory_get(&memory_a, "bad2.example"));
	memory_b.down = false;
	pass(60 * second);
	turn(3);
	assert_null(memory_get(&memory_b, "bad2.example"));
	assert_non_null(strstr(steps(b), "closed"));
	/* undoing is never given up */
	memory_a.down = true;
	end_order("a", a);
	for (unsigned i = 0; i < 100; i++) {
		turn(1);
		pass(10 * second);
	}
	assert_non_null(memory_get(&memory_a, "bad1.example"));
	memory_a.down = false;
	pass(60 * second);
	turn(3);
	assert_int_equal(memory_a.count, 0);
}

static void test_other_hands(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES], b[SK_HASH_BYTES];
	memory_put(&memory_a, "bad1.example", "the night shift's\n");
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example bad2.example", 600, a);
	assert_int_equal(turn(6).measures, 0);
	assert_string_equal(memory_get(&memory_a, "bad1.example"), "the night shift's\n");
	assert_null(memory_get(&memory_a, "bad2.example"));
	assert_string_equal(steps(a), "accepted conflict ending closed");
	mint("b", SK_ACTION_NFTABLES_DROP, "198.51.100.7/32 198.51.100.8/32 198.51.100.9/32", 600, b);
	assert_int_equal(turn(8).active, 1);
	memory_put(&memory_a, "198.51.100.7/32", "changed\n");
	memory_put(&memory_a, "198.51.100.8/32", NULL);
	turn(20);
	assert_string_equal(memory_get(&memory_a, "198.51.100.7/32"), "changed\n");
	assert_null(memory_get(&memory_a, "198.51.100.8/32"));
	end_order("b", b);
	turn(6);
	assert_string_equal(memory_get(&memory_a, "198.51.100.7/32"), "changed\n");
	assert_null(memory_get(&memory_a, "198.51.100.9/32"));
	assert_string_equal(steps(b), "accepted dry_run canary active conflict ending conflict undone closed");
}

static void test_shared(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES], b[SK_HASH_BYTES], c[SK_HASH_BYTES];
	mint("a", SK_ACTION_NFTABLES_DROP, "198.51.100.7/32", 600, a);
	turn(6);
	mint("b", SK_ACTION_NFTABLES_DROP, "198.51.100.7/32 198.51.100.8/32", 60, b);
	mint("c", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 60, c);
	assert_int_equal(turn(6).active, 3);
	int64_t longest_ns = memory_a.held[0].until_ns;
	end_order("a", a);
	turn(4);
	assert_non_null(memory_get(&memory_a, "198.51.100.7/32")); /* b holds it still, for a shorter time */
	assert_true(memory_a.held[0].until_ns < longest_ns);
	pass(60 * second);
	turn(4);
	assert_int_equal(memory_a.count, 0);
}

static void test_clock(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES];
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 30, a);
	assert_int_equal(turn(6).active, 1);
	now.now_unix_ns -= 3600 * second;
	pass(31 * second);
	turn(3);
	assert_int_equal(memory_a.count, 0);
	/* also when it was set back while the enforcer was down */
	now.now_unix_ns += 3600 * second;
	mint("b", SK_ACTION_RPZ_NXDOMAIN, "bad2.example", 30, a);
	assert_int_equal(turn(6).active, 1);
	now.now_unix_ns -= 7200 * second;
	restart();
	pass(31 * second);
	turn(3);
	assert_int_equal(memory_a.count, 0);
	/* set forward: at once */
	now.now_unix_ns += 7200 * second;
	mint("c", SK_ACTION_RPZ_NXDOMAIN, "bad3.example", 600, a);
	assert_int_equal(turn(6).active, 1);
	now.now_unix_ns += 601 * second;
	turn(2);
	assert_int_equal(memory_a.count, 0);
}

/* A journal that was cut anywhere in its last line is fine; one that was changed is not. */
static void test_journal(void **state)
{
	(void)state;
	uint8_t a[SK_HASH_BYTES];
	char path[512];
	struct sk_buf text;
	mint("a", SK_ACTION_RPZ_NXDOMAIN, "bad1.example", 600, a);
	assert_int_equal(turn(6).active, 1);
	sk_enforcer_close(enforcer);
	enforcer = NULL;
	(void)snprintf(path, sizeof path, "%s/state/journal", folder);
	sk_buf_init(&text, 1 << 20);
	assert_int_equal(sk_file_read(path, &text, &fault), SK_OK);
	/* a torn line behind the last */
	sk_buf_add_text(&text, "0123456789abcdef {\"at\":1");
	assert_int_equal(sk_file_replace(path, text.bytes, text.length, 0600, &fault), SK_OK);
	start();
	assert_int_equal(turn(2).active, 1);
	sk_enforcer_close(enforcer);
	enforcer = NULL;
	sk_buf_reset(&text);
	assert_int_equal(sk_file_read(path, &text, &fault), SK_OK);
	text.bytes[30] ^= 1;
	assert_int_equal(sk_file_replace(path, text.bytes, text.length, 0600, &fault), SK_OK);
	assert_int_equal(sk_enforcer_open(&conf, sk_clock_of_fake(&now), remember, NULL, &enforcer, &fault), SK_EDAMAGED);
	text.bytes[30] ^= 1;
	assert_int_equal(sk_file_replace(path, text.bytes, text.length, 0600, &fault), SK_OK);
	sk_buf_fini(&text);
	/* somebody else's centre is trusted now: what goes on is not warranted any more */
	conf.centre = *sk_sign_key_public(proposer);
	start();
	turn(4);
	assert_int_equal(memory_a.count + memory_b.count, 0);
	assert_non_null(strstr(said, "not warranted any more"));
}

/* ---- a long walk ---- */

static uint64_t seed;

static unsigned pick(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((seed >> 33) % below);
}

struct walk {
	uint8_t digests[64][SK_HASH_BYTES];
	int64_t until_ns[64];
	char name[64];
	unsigned count, broken;
};

/* Nothing of ours stands on a target that is up, when the last warrant that names it is over. The names say which warrants: w3-7 is the third name, the seventh order. */
static void look(struct walk *walk)
{
	const struct memory *memories[] = {&memory_a, &memory_b};
	for (size_t m = 0; m < 2; m++) {
		for (size_t i = 0; !memories[m]->down && i < memories[m]->count; i++) {
			int64_t last_ns = 0;
			unsigned number;
			if (strstr(memories[m]->held[i].text, " by ") == NULL || sscanf(memories[m]->held[i].target, "w%u.example", &number) != 1)
				continue;
			for (unsigned w = 0; w < walk->count; w++)
				if (w % 4 == number && walk->until_ns[w] > last_ns)
					last_ns = walk->until_ns[w];
			walk->broken += now.now_unix_ns > last_ns + second;
		}
	}
}

static void step(struct walk *walk)
{
	char id[16], target[32];
	switch (pick(12)) {
	case 0:
	case 1:
		if (walk->count == 64)
			break;
		(void)snprintf(id, sizeof id, "w%u", walk->count);
		(void)snprintf(target, sizeof target, "w%u.example", walk->count % 4);
		unsigned life_s = 2 + pick(40);
		mint(id, SK_ACTION_RPZ_NXDOMAIN, target, life_s, walk->digests[walk->count]);
		walk->until_ns[walk->count++] = INT64_MAX; /* set when it is taken: at the latest with the next turn */
		break;
	case 2:
		if (walk->count > 0) {
			unsigned w = pick(walk->count);
			(void)snprintf(id, sizeof id, "w%u", w);
			end_order(id, walk->digests[w]);
		}
		break;
	case 3: memory_a.down = !memory_a.down; break;
	case 4: memory_b.down = !memory_b.down; break;
	case 5: restart(); break;
	case 6: memory_put(&memory_a, "w1.example", pick(2) == 0 ? NULL : "somebody's\n"); break;
	case 7: memory_b.no_effect = !memory_b.no_effect; break;
	case 8: pass((1 + pick(30)) * second); break;
	default: break;
	}
}

static void find_until(void *context, const struct sk_enforcer_row *row)
{
	struct walk *walk = context;
	for (unsigned w = 0; w < walk->count; w++)
		if (memcmp(walk->digests[w], row->warrant, SK_HASH_BYTES) == 0)
			walk->until_ns[w] = row->until_ns;
}

static unsigned walk_on(unsigned steps_to_go)
{
	struct walk walk = {0};
	char state[512];
	(void)snprintf(state, sizeof state, "%s/state", folder);
	for (unsigned i = 0; i < steps_to_go; i++) {
		step(&walk);
		/* what was not taken at once (a target was down) is taken in this turn, so its end is known behind it */
		turn(1);
		assert_int_equal(sk_enforcer_list(state, sk_clock_of_fake(&now), find_until, &walk, &fault), SK_OK);
		/* a target that came up is looked at within a minute */
		if (pick(20) == 0) {
			memory_a.down = memory_b.down = false;
			pass(61 * second);
			turn(3);
			for (unsigned w = 0; w < walk.count; w++)
				if (walk.until_ns[w] == INT64_MAX)
					walk.until_ns[w] = 0;
			look(&walk);
		}
	}
	memory_a.down = memory_b.down = memory_b.no_effect = false;
	pass(3700 * second);
	turn(4);
	look(&walk);
	return walk.broken;
}

static void test_walk(void **state)
{
	(void)state;
	seed = 7;
	assert_int_equal(walk_on(700), 0);
	assert_null(memory_get(&memory_a, "w0.example"));
	assert_int_equal(memory_b.count, 0);
}

/* The twin: a target that does not take away what it is told to. */
static void test_walk_sabotaged(void **state)
{
	(void)state;
	seed = 7;
	memory_a.keeps = true;
	assert_true(walk_on(200) > 0);
}

int main(void)
{
	static const char *const names[] = {"centre", "proposer", "org0/m0", "org1/m1", "org2/m2"};
	struct sk_sign_key **keys[] = {&centre, &proposer, &members[0], &members[1], &members[2]};
	char vkey[SK_VKEY_TEXT_MAX];
	if (sk_seal_start() != SK_OK)
		return 1;
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		if (sk_sign_key_new(names[i], keys[i]) != SK_OK)
			return 1;
		size_t used = strlen(quorum);
		if (i >= 2)
			(void)snprintf(quorum + used, sizeof quorum - used, "witness m%zu %s\n", i - 2, sk_verify_key_format(sk_sign_key_public(*keys[i]), vkey));
	}
	size_t used = strlen(quorum);
	(void)snprintf(quorum + used, sizeof quorum - used, "group g 2 m0 m1 m2\nquorum g\n");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),       cmocka_unit_test_setup_teardown(test_protected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),    cmocka_unit_test_setup_teardown(test_no_effect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_down, set_up, tear_down),       cmocka_unit_test_setup_teardown(test_other_hands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared, set_up, tear_down),     cmocka_unit_test_setup_teardown(test_clock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_journal, set_up, tear_down),    cmocka_unit_test_setup_teardown(test_restart_while_waiting, set_up, tear_down),    cmocka_unit_test_setup_teardown(test_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walk_sabotaged, set_up, tear_down), cmocka_unit_test(test_receipts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
