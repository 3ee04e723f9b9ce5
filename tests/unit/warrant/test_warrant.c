/* SPDX-License-Identifier: Apache-2.0 */
/* The warrant: what five hands agreed on is accepted; every way to act without them, or beyond the limits, is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/act.h"
#include "text/text.h"
#include "warrant/warrant.h"

enum { MEMBERS = 5, DAY_S = 86400 };
static const int64_t second_ns = 1000000000;
static struct sk_sign_key *centre, *proposer, *members[MEMBERS], *stranger;
static char three_of_five[4096], two_of_three[4096];
static struct sk_fault fault;
static int64_t start_ns;

static struct sk_sign_key *key_named(const char *name)
{
	struct sk_sign_key *key = NULL;
	assert_int_equal(sk_sign_key_new(name, &key), SK_OK);
	return key;
}

static struct sk_order order_for(enum sk_action action, const char *quorum)
{
	struct sk_order order = {.id = "order-7", .action = action, .target_count = 1, .targets = {"bad.example"}, .life_s = 3600, .not_before_ns = start_ns,
				 .not_after_ns = start_ns + 4 * 3600 * second_ns, .proposer = *sk_sign_key_public(proposer)};
	memset(order.document, 0xd0, sizeof order.document);
	sk_sha256(quorum, strlen(quorum), order.quorum);
	return order;
}

/* The order of most tests: medium level, two of three. */
static struct sk_order rpz(void)
{
	return order_for(SK_ACTION_RPZ_NXDOMAIN, two_of_three);
}

static struct sk_warrant_trust trust_all(void)
{
	struct sk_warrant_trust trust = {.centre = sk_sign_key_public(centre)};
	sk_sha256(two_of_three, strlen(two_of_three), trust.quorum[SK_LEVEL_LOW]);
	sk_sha256(two_of_three, strlen(two_of_three), trust.quorum[SK_LEVEL_MEDIUM]);
	sk_sha256(three_of_five, strlen(three_of_five), trust.quorum[SK_LEVEL_HIGH]);
	return trust;
}

/* The approving acts of the keys given, NULL at the end. */
struct given {
	struct sk_approvals approvals;
	struct sk_buf notes[SK_APPROVALS_MAX];
};

static void act_note(const char *matter, const char *id, const char *event, const char *body, struct sk_sign_key *key, struct sk_buf *note)
{
	struct sk_act act = {.time_ns = start_ns, .body = body, .body_length = strlen(body)};
	struct sk_buf line;
	(void)snprintf(act.matter, sizeof act.matter, "%s", matter);
	(void)snprintf(act.id, sizeof act.id, "%s", id);
	(void)snprintf(act.event, sizeof act.event, "%s", event);
	sk_buf_init(&line, 65536);
	sk_buf_init(note, 65536);
	sk_act_write(&act, &line);
	assert_int_equal(line.failed, SK_OK);
	sk_note_sign(note, sk_buf_text(&line), line.length, key);
	sk_buf_fini(&line);
}

static void approve(struct sk_order *order, struct given *given, struct sk_sign_key *const *keys)
{
	struct sk_buf line, body;
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	sk_buf_init(&body, 4096);
	*given = (struct given){0};
	assert_int_equal(sk_order_encode(order, &line, &fault), SK_OK);
	sk_order_approval_body(order->digest, &body);
	for (size_t i = 0; keys[i] != NULL; i++) {
		act_note("order", order->id, order->urgent ? "urgent" : "approve", sk_buf_text(&body), keys[i], &given->notes[i]);
		given->approvals.notes[given->approvals.count++] = sk_buf_text(&given->notes[i]);
	}
	sk_buf_fini(&line);
	sk_buf_fini(&body);
}

static void forget(struct given *given)
{
	for (size_t i = 0; i < given->approvals.count; i++)
		sk_buf_fini(&given->notes[i]);
}

static enum sk_err mint(struct sk_order *order, const char *quorum, struct sk_sign_key *const *keys, struct sk_buf *out)
{
	struct given given;
	approve(order, &given, keys);
	sk_buf_init(out, SK_WARRANT_TEXT_MAX);
	fault.line[0] = '\0';
	enum sk_err err = sk_warrant_encode(order, quorum, &given.approvals, centre, out, &fault);
	forget(&given);
	return err;
}

static enum sk_err decode(const struct sk_buf *note, int64_t now_ns, struct sk_warrant *out)
{
	struct sk_warrant_trust trust = trust_all();
	fault.line[0] = '\0';
	return sk_warrant_decode((const char *)note->bytes, note->length, &trust, now_ns, out, &fault);
}

/* A warrant minted by somebody who has the centre's key and no scruples: whatever body, signed. */
static enum sk_err decode_forged(const char *body, struct sk_warrant *out)
{
	struct sk_buf note;
	sk_buf_init(&note, SK_NOTE_MAX);
	sk_note_sign(&note, body, strlen(body), centre);
	enum sk_err err = decode(&note, start_ns, out);
	sk_buf_fini(&note);
	return err;
}

/* The body of a good warrant, as text of our own. */
static char *good_body(struct sk_sign_key *const *keys)
{
	struct sk_order order = rpz();
	struct sk_buf note;
	assert_int_equal(mint(&order, two_of_three, keys, &note), SK_OK);
	char *end = strstr(sk_buf_text(&note), "}\n\n");
	assert_non_null(end);
	char *body = strndup(sk_buf_text(&note), (size_t)(end + 2 - sk_buf_text(&note)));
	assert_non_null(body);
	sk_buf_fini(&note);
	return body;
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *found = strstr(text, from);
	assert_non_null(found);
	char *result = NULL;
	assert_true(asprintf(&result, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from)) >= 0);
	return result;
}

static void test_agreed(void **state)
{
	(void)state;
	struct sk_order order = rpz();
	struct sk_warrant warrant;
	struct sk_buf note;
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[2], NULL}, &note), SK_OK);
	assert_int_equal(decode(&note, start_ns, &warrant), SK_OK);
	assert_memory_equal(&warrant.order, &order, sizeof order);
	assert_int_equal(warrant.approvals, 2);
	char *end = strstr(sk_buf_text(&note), "}\n\n");
	uint8_t digest[SK_HASH_BYTES];
	sk_sha256(note.bytes, (size_t)(end + 2 - sk_buf_text(&note)), digest);
	assert_memory_equal(warrant.digest, digest, sizeof digest);
	sk_buf_fini(&note);

	order = order_for(SK_ACTION_FLOWSPEC_DISCARD, three_of_five);
	(void)snprintf(order.targets[0], sizeof order.targets[0], "192.0.2.0/24");
	assert_int_equal(mint(&order, three_of_five, (struct sk_sign_key *[]){members[1], members[2], members[4], NULL}, &note), SK_OK);
	assert_int_equal(decode(&note, start_ns, &warrant), SK_OK);
	assert_int_equal(warrant.approvals, 3);
	sk_buf_fini(&note);
}

/* Who signed, and whether that is enough: each case by what the minting and the reading side say. */
//= rule: WARRANT-2
static void test_quorum(void **state)
{
	(void)state;
	struct {
		struct sk_sign_key *keys[5];
		const char *says;
	} cases[] = {
		{{members[0]}, "level medium needs 2"},                              /* stripped */
		{{members[0], members[0]}, "approved twice"},                        /* one hand twice */
		{{members[0], stranger}, "not a member's"},                          /* foreign */
		{{members[0], members[3]}, "not a member's"},                        /* a member, but of another quorum */
		{{members[0], members[1], stranger}, "not a member's"},              /* enough, and one too many */
		{{stranger}, "not a member's"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_order order = rpz();
		struct sk_buf note;
		assert_int_equal(mint(&order, two_of_three, cases[i].keys, &note), SK_ESIGNATURE);
		if (strstr(fault.line, cases[i].says) == NULL)
			fail_msg("case %zu: \"%s\" does not say %s", i, fault.line, cases[i].says);
		assert_int_equal(note.length, 0);
		sk_buf_fini(&note);
	}
	/* the proposer is a member and signs, also under another name for the same key: never counts */
	struct sk_order order = rpz();
	struct sk_buf note;
	order.proposer = *sk_sign_key_public(members[0]);
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "1 approvals count"));
	sk_buf_fini(&note);
	sk_verify_key_as_witness(sk_sign_key_public(members[0]), &order.proposer);
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_ESIGNATURE);
	sk_buf_fini(&note);
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], members[2], NULL}, &note), SK_OK);
	sk_buf_fini(&note);
}

/* The level's own minimum stands under any quorum text: a lax text does not lower it. */
static void test_lax_quorum(void **state)
{
	(void)state;
	char text[4096], key[SK_VKEY_TEXT_MAX];
	(void)snprintf(text, sizeof text, "witness m0 %s\nquorum none\n", sk_verify_key_format(sk_sign_key_public(members[0]), key));
	struct sk_order order = order_for(SK_ACTION_RPZ_NODATA, text);
	struct sk_buf note;
	assert_int_equal(mint(&order, text, (struct sk_sign_key *[]){members[0], NULL}, &note), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "level medium needs 2"));
	sk_buf_fini(&note);
	/* a quorum of groups: enough hands, but of the wrong organisation */
	char keys[3][SK_VKEY_TEXT_MAX];
	for (size_t i = 0; i < 3; i++)
		(void)sk_verify_key_format(sk_sign_key_public(members[i]), keys[i]);
	(void)snprintf(text, sizeof text, "witness a %s\nwitness b %s\nwitness legal %s\ngroup ops any a b\ngroup both all ops legal\nquorum both\n", keys[0], keys[1], keys[2]);
	order = order_for(SK_ACTION_RPZ_NODATA, text);
	assert_int_equal(mint(&order, text, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "quorum is not met"));
	sk_buf_fini(&note);
	assert_int_equal(mint(&order, text, (struct sk_sign_key *[]){members[0], members[2], NULL}, &note), SK_OK);
	/* minted, but it is not the quorum that the enforcer was configured with: the centre cannot choose who decides */
	struct sk_warrant warrant;
	assert_int_equal(decode(&note, start_ns, &warrant), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "not the one configured"));
	sk_buf_fini(&note);
	/* nor may a weaker level's quorum stand in for a stronger one's */
	order = order_for(SK_ACTION_FLOWSPEC_DISCARD, two_of_three);
	(void)snprintf(order.targets[0], sizeof order.targets[0], "192.0.2.0/24");
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], members[2], NULL}, &note), SK_OK);
	assert_int_equal(decode(&note, start_ns, &warrant), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "level high"));
	sk_buf_fini(&note);
	/* a quorum text that is not UTF-8 cannot be carried */
	(void)snprintf(text, sizeof text, "witness \xff %s\nwitness b %s\ngroup g all \xff b\nquorum g\n", keys[0], keys[1]);
	order = order_for(SK_ACTION_RPZ_NODATA, text);
	assert_int_equal(mint(&order, text, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_EMALFORMED);
	sk_buf_fini(&note);
}

/* Sabotage by the centre itself: the order edited after it was approved, the quorum exchanged, fields smuggled in. Its own signature is always good. */
//= rule: WARRANT-1
static void test_forged_by_centre(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{"bad.example", "good.example", "another order"},
		{"\"life_s\":3600", "\"life_s\":3601", "another order"},
		{"nxdomain", "nodata", "another order"},
		{"order-7", "order-8", "another order"},
		{"d0d0", "d0d1", "another order"},
		{"\"bad.example\"", "\"bad.example\",\"worse.example\"", "another order"},
		{"T04:", "T03:", "another order"},
		{"\"proposer\":\"proposer+", "\"proposer\":\"Proposer+", "'proposer'"},
		{"quorum g\\n", "quorum m0\\n", "not the one that the order names"},
		{"\"measure\":\"rpz\"", "\"measure\":\"exploit\"", "does not exist"},
		{"\"action\":\"nxdomain\"", "\"action\":\"discard\"", "does not exist"},
		{"\"life_s\":3600", "\"life_s\":604801", "'life_s'"},
		{"\"life_s\":3600", "\"life_s\":-1", "'life_s'"},
		{"\"rate_bytes_per_s\":0", "\"rate_bytes_per_s\":1", "'rate_bytes_per_s'"},
		{"\"targets\":[\"bad.example\"]", "\"targets\":[]", "'targets'"},
		{"sekisho-order/2", "sekisho-order/1", "'format'"},
		{"sekisho-warrant/2", "sekisho-warrant/1", "'format'"},
		{"\"urgent\":false", "\"urgent\":true", "not the one configured"},
		{"\"quorum\":\"witness", "\"pad\":\"\",\"quorum\":\"witness", "canonical form"},
		{"\"targets\":[", "\"target\":0,\"targets\":[", "canonical form"},
		{"\"not_before\":\"2026-11-22T00:00:00.000000000Z", "\"not_before\":\"2026-11-22T00:00:00Z", "canonical form"},
		{"{\"approvals\"", "{ \"approvals\"", "canonical JSON"},
		{"sekisho-act/1", "sekisho-act/2", "format"},
		{"\"approvals\":[\"", "\"approvals\":[\"x", "JSON"},
		{"\\\"matter\\\":\\\"order", "\\\"matter\\\":\\\"basis", "another order"},
		{"\\\"event\\\":\\\"approve", "\\\"event\\\":\\\"reject", "another order"},
		{"\\\"previous\\\":\\\"00", "\\\"previous\\\":\\\"01", "does not verify"},
	};
	char *body = good_body((struct sk_sign_key *[]){members[0], members[1], NULL});
	struct sk_warrant warrant;
	assert_int_equal(decode_forged(body, &warrant), SK_OK);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		char *forged = replaced(body, cases[i].from, cases[i].to);
		enum sk_err err = decode_forged(forged, &warrant);
		if (err == SK_OK || strstr(fault.line, cases[i].says) == NULL)
			fail_msg("case %zu: %d \"%s\" does not say %s", i, err, fault.line, cases[i].says);
		assert_int_equal(warrant.order.target_count, 0); /* nothing is left to act on */
		free(forged);
	}
	/* one approval taken away, one doubled, one with a second line, and the signatures of two members exchanged */
	const char *comma = strstr(body, "\",\"{") + 1, *end = strstr(comma, "],\"format\"");
	char *forged = NULL;
	assert_true(asprintf(&forged, "%.*s%s", (int)(comma - body), body, end) >= 0);
	assert_int_equal(decode_forged(forged, &warrant), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "1 approvals count"));
	free(forged);
	assert_true(asprintf(&forged, "%.*s%.*s%s", (int)(end - body), body, (int)(end - comma), comma, end) >= 0);
	assert_int_equal(decode_forged(forged, &warrant), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "twice"));
	free(forged);
	const char *line = strstr(body, "\xe2\x80\x94 "), *line_end = strstr(line, "\"");
	assert_true(asprintf(&forged, "%.*s%.*s%s", (int)(line_end - body), body, (int)(line_end - line), line, line_end) >= 0);
	assert_int_equal(decode_forged(forged, &warrant), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "2 signatures"));
	free(forged);
	forged = replaced(body, "\xe2\x80\x94 m1 ", "\xe2\x80\x94 m2 ");
	assert_int_equal(decode_forged(forged, &warrant), SK_ESIGNATURE); /* m1's id under m2's name: nobody's */
	free(forged);
	free(body);
}

/* Seats: an organisation counts once, and a person with two keys is one; the proposer's other keys do not count either. */
//= rule: WARRANT-2
static void test_seats(void **state)
{
	(void)state;
	char text[8192] = "", key[SK_VKEY_TEXT_MAX];
	static const char *const names[] = {"nco/alice", "nco/bob", "npa/chika#1", "npa/chika#2", "mod/dan"};
	for (size_t i = 0; i < SK_COUNT(names); i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "witness %s %s\n", names[i], sk_verify_key_format(sk_sign_key_public(members[i]), key));
	(void)snprintf(text + strlen(text), sizeof text - strlen(text),
		       "group nco any nco/alice nco/bob\ngroup npa any npa/chika#1 npa/chika#2\ngroup all 1 nco npa mod/dan\nquorum all\n");
	struct {
		struct sk_sign_key *keys[4];
		int proposer; /* a member's number, or -1 */
		const char *says;
	} cases[] = {
		{{members[0], members[1]}, -1, "1 approvals count"},             /* one organisation, two people */
		{{members[2], members[3]}, -1, "approved twice"},                /* one person, two keys */
		{{members[0], members[2]}, -1, ""},
		{{members[0], members[1], members[4]}, -1, ""},
		{{members[3], members[4]}, 2, "1 approvals count"},              /* the proposer's other key */
		{{members[1], members[4]}, 0, ""},                               /* the proposer's colleague is somebody else */
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_order order = order_for(SK_ACTION_RPZ_NXDOMAIN, text);
		struct sk_buf note;
		if (cases[i].proposer >= 0)
			order.proposer = *sk_sign_key_public(members[cases[i].proposer]);
		enum sk_err err = mint(&order, text, cases[i].keys, &note);
		if ((err == SK_OK) != (cases[i].says[0] == '\0') || strstr(fault.line, cases[i].says) == NULL)
			fail_msg("case %zu: %d \"%s\" does not say %s", i, err, fault.line, cases[i].says);
		sk_buf_fini(&note);
	}
}

/* LAW.md I3: two persons and a day for what can be taken away; anything else is not urgent. */
//= rule: WARRANT-3
static void test_urgent(void **state)
{
	(void)state;
	struct sk_order order = rpz();
	struct sk_warrant warrant;
	struct sk_buf note;
	order.urgent = true;
	/* a text may ask for more than the level: here for two of three */
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], NULL}, &note), SK_ESIGNATURE);
	sk_buf_fini(&note);
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_OK);
	assert_int_equal(decode(&note, start_ns, &warrant), SK_ESIGNATURE); /* this enforcer was given no quorum for urgent orders */
	assert_non_null(strstr(fault.line, "level urgent"));
	struct sk_warrant_trust trust = trust_all();
	sk_sha256(two_of_three, strlen(two_of_three), trust.quorum[SK_LEVEL_URGENT]);
	assert_int_equal(sk_warrant_decode(sk_buf_text(&note), note.length, &trust, start_ns, &warrant, &fault), SK_OK);
	sk_buf_fini(&note);
}

/* LAW.md I2: several organisations execute it, so the level is high; the centre cannot say otherwise. */
//= rule: WARRANT-2
static void test_joint(void **state)
{
	(void)state;
	struct sk_order order = rpz();
	struct sk_warrant warrant;
	struct sk_buf note;
	order.joint = true;
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_ESIGNATURE);
	assert_non_null(strstr(fault.line, "level high needs 3"));
	sk_buf_fini(&note);
	sk_sha256(three_of_five, strlen(three_of_five), order.quorum);
	assert_int_equal(mint(&order, three_of_five, (struct sk_sign_key *[]){members[0], members[1], members[3], NULL}, &note), SK_OK);
	assert_int_equal(decode(&note, start_ns, &warrant), SK_OK);
	assert_true(warrant.order.joint);
	sk_buf_fini(&note);
	char *body = good_body((struct sk_sign_key *[]){members[0], members[1], NULL}), *forged = replaced(body, "\"life_s\"", "\"joint\":false,\"life_s\"");
	assert_int_not_equal(decode_forged(forged, &warrant), SK_OK); /* there is one form of not being joint */
	free(forged);
	free(body);
}

static void test_urgent_limits(void **state)
{
	(void)state;
	char text[4096], key[SK_VKEY_TEXT_MAX];
	(void)snprintf(text, sizeof text, "witness m0 %s\nquorum m0\n", sk_verify_key_format(sk_sign_key_public(members[0]), key));
	struct sk_order order = order_for(SK_ACTION_RPZ_NXDOMAIN, text);
	struct sk_warrant warrant;
	struct sk_warrant_trust trust = trust_all();
	struct sk_buf note;
	sk_sha256(text, strlen(text), trust.quorum[SK_LEVEL_URGENT]);
	order.urgent = true;
	order.life_s = DAY_S;
	order.not_after_ns = order.not_before_ns + DAY_S * second_ns;
	assert_int_equal(mint(&order, text, (struct sk_sign_key *[]){members[0], NULL}, &note), SK_OK);
	assert_int_equal(sk_warrant_decode(sk_buf_text(&note), note.length, &trust, start_ns, &warrant, &fault), SK_OK);
	assert_true(warrant.order.urgent);
	assert_int_equal(sk_order_level(&warrant.order), SK_LEVEL_URGENT);
	sk_buf_fini(&note);
	order.proposer = *sk_sign_key_public(members[0]); /* one person alone */
	assert_int_equal(mint(&order, text, (struct sk_sign_key *[]){members[0], NULL}, &note), SK_ESIGNATURE);
	sk_buf_fini(&note);
	struct sk_buf line;
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	order.life_s++;
	assert_int_equal(sk_order_encode(&order, &line, &fault), SK_EUSAGE);
	assert_non_null(strstr(fault.line, "urgent rpz may live 1 to 86400 seconds"));
	order.life_s--;
	order.not_after_ns++;
	assert_int_equal(sk_order_encode(&order, &line, &fault), SK_EUSAGE);
	order = order_for(SK_ACTION_TAKEDOWN_NOTICE_SEND, text);
	(void)snprintf(order.targets[0], sizeof order.targets[0], "registrar");
	assert_int_equal(sk_order_encode(&order, &line, &fault), SK_OK);
	order.urgent = true;
	assert_int_equal(sk_order_encode(&order, &line, &fault), SK_EUSAGE);
	assert_non_null(strstr(fault.line, "'urgent'"));
	sk_buf_fini(&line);
}

static void test_end(void **state)
{
	(void)state;
	struct sk_end end = {.id = "order-7", .time_ns = start_ns + 1}, out;
	struct sk_buf note;
	memset(end.warrant, 0xe7, sizeof end.warrant);
	sk_buf_init(&note, 65536);
	sk_end_encode(&end, centre, &note);
	assert_int_equal(sk_end_decode(sk_buf_text(&note), note.length, sk_sign_key_public(centre), &out, &fault), SK_OK);
	assert_memory_equal(&out, &end, sizeof end);
	assert_int_equal(sk_end_decode(sk_buf_text(&note), note.length, sk_sign_key_public(stranger), &out, &fault), SK_ESIGNATURE);
	for (size_t bit = 0; bit < 8 * note.length; bit++) {
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(sk_end_decode((const char *)note.bytes, note.length, sk_sign_key_public(centre), &out, &fault), SK_OK);
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	sk_buf_fini(&note);
}

static void test_forged_by_others(void **state)
{
	(void)state;
	struct sk_order order = rpz();
	struct sk_warrant warrant;
	struct sk_buf note;
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_OK);
	for (size_t bit = 0; bit < 8 * note.length; bit += 5) { /* 5 has no factor in common with 8: every byte and every bit position is met */
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(decode(&note, start_ns, &warrant), SK_OK);
		note.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	struct sk_warrant_trust trust = trust_all();
	trust.centre = sk_sign_key_public(stranger);
	assert_int_equal(sk_warrant_decode(sk_buf_text(&note), note.length, &trust, start_ns, &warrant, &fault), SK_ESIGNATURE);
	trust = trust_all();
	trust.quorum[SK_LEVEL_MEDIUM][0] ^= 1;
	assert_int_equal(sk_warrant_decode(sk_buf_text(&note), note.length, &trust, start_ns, &warrant, &fault), SK_ESIGNATURE);
	for (size_t length = 0; length < note.length; length += 7)
		assert_int_not_equal(sk_warrant_decode(sk_buf_text(&note), length, &trust, start_ns, &warrant, &fault), SK_OK);
	sk_buf_fini(&note);
}

static void test_in_force(void **state)
{
	(void)state;
	struct sk_order order = rpz();
	struct sk_warrant warrant;
	struct sk_buf note;
	assert_int_equal(mint(&order, two_of_three, (struct sk_sign_key *[]){members[0], members[1], NULL}, &note), SK_OK);
	assert_int_equal(decode(&note, order.not_before_ns - 1, &warrant), SK_EFUTURE);
	assert_non_null(strstr(fault.line, "wait"));
	assert_int_equal(decode(&note, order.not_after_ns, &warrant), SK_EEXPIRED);
	assert_int_equal(warrant.order.target_count, 0);
	assert_int_equal(decode(&note, order.not_after_ns - 1, &warrant), SK_OK);
	assert_int_equal(sk_warrant_in_force(&warrant, order.not_after_ns, &fault), SK_EEXPIRED);
	/* a life never reaches past the end */
	assert_int_equal(sk_warrant_until(&warrant, order.not_before_ns), order.not_before_ns + 3600 * second_ns);
	assert_int_equal(sk_warrant_until(&warrant, order.not_after_ns - 3600 * second_ns), order.not_after_ns);
	assert_int_equal(sk_warrant_until(&warrant, order.not_after_ns - 1), order.not_after_ns);
	sk_buf_fini(&note);
}

static void expect_order(struct sk_order *order, enum sk_err expected, const char *says)
{
	struct sk_buf line;
	sk_buf_init(&line, SK_WARRANT_TEXT_MAX);
	fault.line[0] = '\0';
	enum sk_err err = sk_order_encode(order, &line, &fault);
	if (err != expected || strstr(fault.line, says) == NULL)
		fail_msg("%s \"%s\": %d \"%s\", expected %d \"%s\"", sk_action_name(order->action), order->targets[0], err, fault.line, expected, says);
	sk_buf_fini(&line);
}

/* The longest life of each measure, written down a second time by hand (LAW.md 2.2). */
//= rule: WARRANT-3
static void test_lives(void **state)
{
	(void)state;
	static const struct {
		enum sk_action action;
		enum sk_level level;
		uint64_t life_s;
		const char *target;
	} cases[] = {
		{SK_ACTION_RPZ_NXDOMAIN, SK_LEVEL_MEDIUM, 7 * DAY_S, "bad.example"}, {SK_ACTION_RPZ_NODATA, SK_LEVEL_MEDIUM, 7 * DAY_S, "*.bad.example"},
		{SK_ACTION_FLOWSPEC_RATE_LIMIT, SK_LEVEL_MEDIUM, 4 * 3600, "192.0.2.0/24"}, {SK_ACTION_FLOWSPEC_DISCARD, SK_LEVEL_HIGH, 4 * 3600, "2001:db8::/48"},
		{SK_ACTION_NFTABLES_DROP, SK_LEVEL_MEDIUM, DAY_S, "198.51.100.7/32"}, {SK_ACTION_SINKHOLE_REDIRECT, SK_LEVEL_MEDIUM, 30 * DAY_S, "bad.example"},
		{SK_ACTION_TAKEDOWN_NOTICE_SEND, SK_LEVEL_MEDIUM, 14 * DAY_S, "registrar.example"},
		{SK_ACTION_OPERATOR_ADVISORY_SEND, SK_LEVEL_LOW, 90 * DAY_S, "power/operator-3"},
		{SK_ACTION_VENDOR_REQUEST_SEND, SK_LEVEL_LOW, 90 * DAY_S, "vendor-9"}, {SK_ACTION_PUBLIC_NOTICE_PUBLISH, SK_LEVEL_MEDIUM, 90 * DAY_S, "public"},
		{SK_ACTION_RTBH_BLACKHOLE, SK_LEVEL_HIGH, 4 * 3600, "192.0.2.7/32"},
	};
	assert_int_equal(SK_COUNT(cases), SK_ACTION_COUNT);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_order order = order_for(cases[i].action, two_of_three);
		assert_int_equal(sk_action_level(cases[i].action), cases[i].level);
		(void)snprintf(order.targets[0], sizeof order.targets[0], "%s", cases[i].target);
		order.rate_bytes_per_s = cases[i].action == SK_ACTION_FLOWSPEC_RATE_LIMIT ? 125000 : 0;
		order.life_s = cases[i].life_s;
		order.not_after_ns = order.not_before_ns + (int64_t)cases[i].life_s * second_ns;
		expect_order(&order, SK_OK, "");
		order.life_s++;
		expect_order(&order, SK_EUSAGE, "'life_s'");
		order.life_s = 0;
		expect_order(&order, SK_EUSAGE, "'life_s'");
		order.life_s = 1;
		order.not_after_ns++; /* a window longer than the longest life would let the approval be used again */
		expect_order(&order, SK_EUSAGE, "'not_after'");
	}
}

static void test_targets(void **state)
{
	(void)state;
	static const struct {
		enum sk_action action;
		const char *target;
		bool good;
	} cases[] = {
		{SK_ACTION_RPZ_NXDOMAIN, "a.b", true}, {SK_ACTION_RPZ_NXDOMAIN, "_dmarc.xn--fiq.example", true}, {SK_ACTION_RPZ_NXDOMAIN, "*.a.b", true},
		{SK_ACTION_RPZ_NXDOMAIN, "jp", false}, {SK_ACTION_RPZ_NXDOMAIN, "*.jp", false}, {SK_ACTION_RPZ_NXDOMAIN, "*", false},
		{SK_ACTION_RPZ_NXDOMAIN, "", false}, {SK_ACTION_RPZ_NXDOMAIN, ".", false}, {SK_ACTION_RPZ_NXDOMAIN, "a.b.", false},
		{SK_ACTION_RPZ_NXDOMAIN, ".a.b", false}, {SK_ACTION_RPZ_NXDOMAIN, "a..b", false}, {SK_ACTION_RPZ_NXDOMAIN, "A.b", false},
		{SK_ACTION_RPZ_NXDOMAIN, "a b.c", false}, {SK_ACTION_RPZ_NXDOMAIN, "a.*.b", false}, {SK_ACTION_RPZ_NXDOMAIN, "192.0.2.1", false},
		{SK_ACTION_RPZ_NXDOMAIN, "\xe6\x97\xa5.example", false},
		{SK_ACTION_RPZ_NXDOMAIN, "0123456789012345678901234567890123456789012345678901234567890123.example", false},
		{SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.0/24", true}, {SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.0/23", false},
		{SK_ACTION_FLOWSPEC_DISCARD, "0.0.0.0/0", false}, {SK_ACTION_FLOWSPEC_DISCARD, "2001:db8::/48", true},
		{SK_ACTION_FLOWSPEC_DISCARD, "2001:db8::/47", false}, {SK_ACTION_FLOWSPEC_DISCARD, "::/0", false},
		{SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.1", false} /* /32 is written */, {SK_ACTION_FLOWSPEC_DISCARD, "192.0.2.1/24", false},
		{SK_ACTION_FLOWSPEC_DISCARD, "2001:0db8::/48", false} /* not the usual form */, {SK_ACTION_FLOWSPEC_DISCARD, "bad.example", false},
		{SK_ACTION_NFTABLES_DROP, "192.0.2.1/32", true}, {SK_ACTION_NFTABLES_DROP, "10.0.0.0/8", false},
		{SK_ACTION_RTBH_BLACKHOLE, "192.0.2.1/32", true}, {SK_ACTION_RTBH_BLACKHOLE, "192.0.2.0/31", false},
		{SK_ACTION_RTBH_BLACKHOLE, "2001:db8::1/128", true}, {SK_ACTION_RTBH_BLACKHOLE, "2001:db8::/127", false},
		{SK_ACTION_TAKEDOWN_NOTICE_SEND, "jpcert", true}, {SK_ACTION_TAKEDOWN_NOTICE_SEND, "192.0.2.1", false},
		{SK_ACTION_TAKEDOWN_NOTICE_SEND, "two words", false}, {SK_ACTION_TAKEDOWN_NOTICE_SEND, "", false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_order order = order_for(cases[i].action, two_of_three);
		(void)snprintf(order.targets[0], sizeof order.targets[0], "%s", cases[i].target);
		expect_order(&order, cases[i].good ? SK_OK : SK_EUSAGE, cases[i].good ? "" : "'targets'");
	}
	struct sk_order order = rpz();
	order.target_count = 2;
	(void)snprintf(order.targets[1], sizeof order.targets[1], "bad.example");
	expect_order(&order, SK_EUSAGE, "ascending");
	(void)snprintf(order.targets[1], sizeof order.targets[1], "aaa.example");
	expect_order(&order, SK_EUSAGE, "ascending");
	(void)snprintf(order.targets[1], sizeof order.targets[1], "c.example");
	expect_order(&order, SK_OK, "");
	order.target_count = 0;
	expect_order(&order, SK_EUSAGE, "'targets'");
	for (size_t i = 0; i < SK_ORDER_TARGETS_MAX; i++)
		(void)snprintf(order.targets[i], sizeof order.targets[i], "d%03zu.example", i);
	order.target_count = SK_ORDER_TARGETS_MAX;
	expect_order(&order, SK_OK, "");
	order.target_count++;
	expect_order(&order, SK_EUSAGE, "'targets'");
	order = order_for(SK_ACTION_FLOWSPEC_DISCARD, two_of_three);
	for (size_t i = 0; i < 17; i++)
		(void)snprintf(order.targets[i], sizeof order.targets[i], "192.0.2.1%02zu/32", i);
	order.target_count = 16;
	expect_order(&order, SK_OK, "");
	order.target_count = 17;
	expect_order(&order, SK_EUSAGE, "16");
}

static void test_other_fields(void **state)
{
	(void)state;
	struct sk_order order = rpz();
	order.id[0] = '\0';
	expect_order(&order, SK_EUSAGE, "'id'");
	order = rpz();
	memset(order.id, 'x', sizeof order.id);
	expect_order(&order, SK_EUSAGE, "'id'");
	order = rpz();
	order.proposer.type = 0x06;
	expect_order(&order, SK_EUSAGE, "'proposer'");
	order = rpz();
	order.rate_bytes_per_s = 1;
	expect_order(&order, SK_EUSAGE, "'rate_bytes_per_s'");
	order = order_for(SK_ACTION_FLOWSPEC_RATE_LIMIT, two_of_three);
	(void)snprintf(order.targets[0], sizeof order.targets[0], "192.0.2.0/24");
	expect_order(&order, SK_EUSAGE, "'rate_bytes_per_s'");
	order = rpz();
	order.not_after_ns = order.not_before_ns;
	expect_order(&order, SK_EUSAGE, "'not_after'");
	order = rpz();
	order.not_before_ns = -1;
	expect_order(&order, SK_EUSAGE, "'not_after'");
}

/* What is forbidden has no word: own-side measures are all there is (LAW.md 2.2, last line). */
static void test_forbidden_kinds_do_not_exist(void **state)
{
	(void)state;
	static const char *const allowed[] = {"rpz", "flowspec", "nftables", "sinkhole", "takedown_notice", "operator_advisory", "vendor_request", "public_notice", "rtbh"};
	assert_int_equal(SK_COUNT(allowed), SK_MEASURE_COUNT);
	for (unsigned i = 0; i < SK_MEASURE_COUNT; i++)
		assert_string_equal(sk_measure_name((enum sk_measure)i), allowed[i]);
	static const char *const forbidden[] = {"exploit", "credential", "command", "flood", "wipe", "access", "neutralise"};
	for (unsigned i = 0; i < SK_ACTION_COUNT; i++)
		for (size_t j = 0; j < SK_COUNT(forbidden); j++)
			assert_null(strstr(sk_action_name((enum sk_action)i), forbidden[j]));
}

static int start(void **state)
{
	(void)state;
	if (sk_seal_start() != SK_OK || sk_time_parse("2026-11-22T00:00:00Z", &start_ns) != SK_OK)
		return -1;
	centre = key_named("centre");
	proposer = key_named("proposer");
	stranger = key_named("stranger");
	struct sk_buf text;
	sk_buf_init(&text, 4096);
	for (int i = 0; i < MEMBERS; i++) {
		char name[16], key[SK_VKEY_TEXT_MAX];
		(void)snprintf(name, sizeof name, "m%d", i);
		members[i] = key_named(name);
		sk_buf_addf(&text, "witness m%d %s\n", i, sk_verify_key_format(sk_sign_key_public(members[i]), key));
		if (i == 2)
			(void)snprintf(two_of_three, sizeof two_of_three, "%sgroup g 2 m0 m1 m2\nquorum g\n", sk_buf_text(&text));
	}
	(void)snprintf(three_of_five, sizeof three_of_five, "%sgroup g 3 m0 m1 m2 m3 m4\nquorum g\n", sk_buf_text(&text));
	sk_buf_fini(&text);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	sk_sign_key_free(centre);
	sk_sign_key_free(proposer);
	sk_sign_key_free(stranger);
	for (int i = 0; i < MEMBERS; i++)
		sk_sign_key_free(members[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreed), cmocka_unit_test(test_quorum), cmocka_unit_test(test_lax_quorum), cmocka_unit_test(test_seats), cmocka_unit_test(test_urgent), cmocka_unit_test(test_joint), cmocka_unit_test(test_urgent_limits), cmocka_unit_test(test_end), cmocka_unit_test(test_forged_by_centre),
		cmocka_unit_test(test_forged_by_others), cmocka_unit_test(test_in_force), cmocka_unit_test(test_lives), cmocka_unit_test(test_targets),
		cmocka_unit_test(test_other_fields), cmocka_unit_test(test_forbidden_kinds_do_not_exist),
	};
	return cmocka_run_group_tests(tests, start, finish);
}
