/* SPDX-License-Identifier: Apache-2.0 */
/* Bases and policies over the real docket and the real register: what somebody writes down who may not has no effect and is found; policies rolled forth and back, and every
   decision still agrees with the policy of its day. The saboteur judges everything under one version. */
#include "../access/world.h"

#include "base/file.h"
#include "decide/policies.h"
#include "text/text.h"

enum { VERSIONS = 3 };
static const int64_t day_ns = INT64_C(86400000000000);

static struct sk_law *versions[VERSIONS];

static enum sk_err law_of(void *context, const uint8_t digest[SK_HASH_BYTES], const struct sk_law **out, struct sk_fault *fault)
{
	(void)context;
	for (size_t i = 0; i < VERSIONS; i++)
		if (memcmp(versions[i]->digest, digest, SK_HASH_BYTES) == 0) {
			*out = versions[i];
			return SK_OK;
		}
	return sk_fault_set(fault, SK_ENOENT, "no such policy");
}

static struct sk_bases_options options_of(struct world *world)
{
	return (struct sk_bases_options){.docket = world->docket, .access = world->access, .centre = sk_sign_key_public(world->keys[CENTRE]), .profile = SK_PROFILE_JP_2025, .law = law_of};
}

/* The shipped file with some texts exchanged. */
static struct sk_law *bent(const char *version, const char *const (*texts)[2], size_t count)
{
	char path[SK_PATH_MAX];
	struct sk_buf file, text;
	struct sk_law *law = NULL;
	struct sk_fault fault;
	(void)snprintf(path, sizeof path, "%s/policy/jp-2025.yaml", SK_SOURCE_ROOT);
	sk_buf_init(&file, SK_LAW_FILE_MAX);
	sk_buf_init(&text, SK_LAW_FILE_MAX);
	assert_int_equal(sk_file_read(path, &file, &fault), SK_OK);
	for (const char *at = sk_buf_text(&file); *at != '\0';) {
		size_t i = 0;
		while (i < count && strncmp(at, texts[i][0], strlen(texts[i][0])) != 0)
			i++;
		if (i < count) {
			sk_buf_add_text(&text, texts[i][1]);
			at += strlen(texts[i][0]);
		} else {
			sk_buf_add_u8(&text, (uint8_t)*at++);
		}
	}
	if (sk_law_parse(version, text.bytes, text.length, sk_decide_bounds(), &law, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_buf_fini(&text);
	sk_buf_fini(&file);
	return law;
}

static void in_force(struct world *world, struct sk_policy_state *state)
{
	const struct sk_bases_options options = options_of(world);
	assert_int_equal(sk_policy_fold(&options, state, &world->fault), SK_OK);
}

/* The note of one act under that policy (NULL: the one in force). */
static void note_under(struct world *world, const struct sk_law *law, const char *matter, const char *id, const char *event, const char *body, enum who by, struct sk_buf *note, struct sk_act *act)
{
	struct sk_policy_state policy;
	struct sk_buf statement;
	struct sk_note parsed;
	char state[SK_ACT_WORD_MAX];
	bool found;
	struct sk_act made = {.time_ns = world->now, .body = body, .body_length = strlen(body)};
	in_force(world, &policy);
	(void)snprintf(made.matter, sizeof made.matter, "%s", matter);
	(void)snprintf(made.id, sizeof made.id, "%s", id);
	(void)snprintf(made.event, sizeof made.event, "%s", event);
	memcpy(made.policy, law != NULL ? law->digest : policy.current, SK_HASH_BYTES);
	assert_int_equal(sk_docket_last(world->docket, matter, id, made.previous, state, &found, &world->fault), SK_OK);
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	sk_buf_init(note, SK_NOTE_MAX);
	sk_act_write(&made, &statement);
	sk_note_sign(note, sk_buf_text(&statement), statement.length, world->keys[by]);
	sk_buf_fini(&statement);
	assert_int_equal(sk_note_parse(sk_buf_text(note), note->length, &parsed, &world->fault), SK_OK);
	assert_int_equal(sk_act_read(parsed.body, parsed.body_length, act, &world->fault), SK_OK);
}

static enum sk_err basis_act(struct world *world, const char *id, const char *event, const char *body, enum who by)
{
	const struct sk_bases_options options = options_of(world);
	struct sk_bases *bases;
	struct sk_buf note;
	struct sk_act act;
	struct sk_receipt receipt;
	struct sk_policy_state policy;
	in_force(world, &policy);
	note_under(world, NULL, "basis", id, event, body, by, &note, &act);
	assert_int_equal(sk_bases_open(&options, &bases, &world->fault), SK_OK);
	enum sk_err err = sk_bases_add(bases, sk_buf_text(&note), note.length, &act, policy.current, world->now, &world->facts, &receipt, &world->fault);
	sk_bases_close(bases);
	sk_buf_fini(&note);
	world->now += second_ns;
	return err;
}

/* Written down by somebody who has the ledger's key and another program: not judged at all. */
static void smuggle_into(struct world *world, const struct sk_law *law, const char *matter, const char *id, const char *event, const char *body, enum who by, const char *to)
{
	struct sk_buf note;
	struct sk_act act;
	uint8_t last[SK_HASH_BYTES];
	bool found;
	struct sk_receipt receipt;
	struct sk_act_facts facts = {.event = ""};
	note_under(world, law, matter, id, event, body, by, &note, &act);
	assert_int_equal(sk_docket_last(world->docket, matter, id, last, facts.from, &found, &world->fault), SK_OK);
	(void)snprintf(facts.to, sizeof facts.to, "%s", to);
	assert_int_equal(sk_docket_add(world->docket, sk_buf_text(&note), note.length, &facts, &receipt, &world->fault), SK_OK);
	sk_buf_fini(&note);
	world->now += second_ns;
}

static void smuggle(struct world *world, const struct sk_law *law, const char *id, const char *event, const char *body, enum who by, const char *to)
{
	smuggle_into(world, law, "basis", id, event, body, by, to);
}

static enum sk_err ask_register(void *context, const struct sk_person *person, const char *activity, int64_t now_ns, struct sk_fault *fault)
{
	return sk_access_may(context, person, activity, now_ns, fault);
}

static enum sk_err policy_act(struct world *world, const char *event, const struct sk_law *law, enum who by)
{
	const struct sk_bases_options options = options_of(world);
	struct sk_policy_state state;
	struct sk_buf body, note;
	struct sk_act act;
	struct sk_receipt receipt;
	struct sk_person who;
	const struct sk_law *before = NULL;
	bool load = strcmp(event, "load") == 0;
	in_force(world, &state);
	sk_buf_init(&body, 4096);
	sk_policy_body(law->digest, load ? law->name : "", load ? law->version : "", &body);
	note_under(world, NULL, SK_POLICY_MATTER, SK_POLICY_MATTER_ID, event, sk_buf_text(&body), by, &note, &act);
	if (state.in_force)
		assert_int_equal(law_of(NULL, state.current, &before, &world->fault), SK_OK);
	assert_int_equal(sk_access_who(world->access, sk_buf_text(&note), note.length, world->now, &who, &world->fault), SK_OK);
	const struct sk_basis_court court = {.profile = options.profile, .may = ask_register, .context = world->access};
	enum sk_err err = sk_policy_judge(&state, &act, &who, before, law, &court, &world->facts, &world->fault);
	if (err == SK_OK)
		err = sk_docket_add(world->docket, sk_buf_text(&note), note.length, &world->facts, &receipt, &world->fault);
	sk_buf_fini(&note);
	sk_buf_fini(&body);
	world->now += second_ns;
	return err;
}

static const char *request_body(struct world *world, const char *id, int64_t days)
{
	struct sk_basis basis = {.kind = "ff", .profile = "jp-2025", .role = "none", .classes = SK_CLASS_BIT(SK_CLASS_FF), .from_ns = world->now, .until_ns = world->now + days * day_ns, .link_count = 1, .links = {"*"},
				 .act_count = 1, .target_acts = {"intrusion"}, .rule = {.kinds = SK_SELECTOR_ADDRESS, .max_entries = 100, .min_prefix_v4 = 32, .min_prefix_v6 = 128}};
	struct sk_buf body;
	(void)snprintf(basis.id, sizeof basis.id, "%s", id);
	sk_buf_init(&body, SK_ACT_BODY_MAX);
	assert_int_equal(sk_basis_request_body(&basis, "find who controls it", "none", "", &body, &world->fault), SK_OK);
	const char *text = format_body("%s", sk_buf_text(&body));
	sk_buf_fini(&body);
	return text;
}

static struct sk_basis_matter matter_of(struct world *world, const char *id)
{
	const struct sk_bases_options options = options_of(world);
	struct sk_bases *bases;
	assert_int_equal(sk_bases_open(&options, &bases, &world->fault), SK_OK);
	const struct sk_basis_matter *matter = sk_bases_find(bases, id);
	assert_non_null(matter);
	struct sk_basis_matter copy = *matter;
	sk_bases_close(bases);
	return copy;
}

static uint64_t void_acts(struct world *world)
{
	const struct sk_bases_options options = options_of(world);
	struct sk_bases *bases;
	const char *why;
	assert_int_equal(sk_bases_open(&options, &bases, &world->fault), SK_OK);
	uint64_t count = sk_bases_void(bases, &why);
	sk_bases_close(bases);
	return count;
}

static enum sk_err vote(struct world *world, const char *id, enum who by)
{
	char hex[2 * SK_HASH_BYTES + 1];
	struct sk_basis_matter matter = matter_of(world, id);
	sk_hex_encode(matter.text, SK_HASH_BYTES, hex);
	return basis_act(world, id, "approve", format_body("{\"text\":\"%s\",\"why\":\"\"}", hex), by);
}

static const char *activation(struct world *world, const char *id)
{
	char hex[2 * SK_HASH_BYTES + 1];
	struct sk_basis_matter matter = matter_of(world, id);
	sk_hex_encode(matter.basis.digest, SK_HASH_BYTES, hex);
	return format_body("{\"basis\":\"%s\"}", hex);
}

static void good(struct world *world, enum sk_err err)
{
	if (err != SK_OK)
		fail_msg("%s", world->fault.line);
}

static void refused(struct world *world, enum sk_err err, enum sk_err expected, const char *words)
{
	if (err != expected || strstr(world->fault.line, words) == NULL)
		fail_msg("error %d, '%s'; expected %d, '%s'", (int)err, world->fault.line, (int)expected, words);
}

/* The office, its people and the panel, on the first of December 2027. */
static void people(struct world *world)
{
	assert_int_equal(sk_time_parse("2027-12-01T12:00:00Z", &world->now), SK_OK);
	found(world, "nco", true);
	good(world, open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN));
	good(world, open_account(world, "lena", "host", "\"legal\"", LENA, ADMIN));
	good(world, open_account(world, "paul", "host", "\"operator\"", PAUL, ADMIN));
}

static void approve(struct world *world, const char *id, int64_t days)
{
	good(world, basis_act(world, id, "request", request_body(world, id, days), ANNA));
	good(world, basis_act(world, id, "review", "{\"why\":\"lawful\"}", LENA));
	good(world, vote(world, id, MEMBER_1));
	good(world, vote(world, id, CHAIR));
	good(world, vote(world, id, MEMBER_2));
}

struct replayed {
	uint64_t differ, first_leaf;
	char why[SK_FAULT_LINE_MAX];
};

static void note_replayed(void *context, const struct sk_replayed *replayed)
{
	struct replayed *seen = context;
	if (replayed->judged && !replayed->agrees && seen->differ++ == 0) {
		seen->first_leaf = replayed->entry->leaf;
		(void)snprintf(seen->why, sizeof seen->why, "%s", replayed->why);
	}
}

static struct replayed replay(struct world *world, const struct sk_law *under)
{
	const struct sk_bases_options options = options_of(world);
	struct replayed seen = {.why = ""};
	uint64_t judged, differ;
	assert_int_equal(sk_policy_replay(&options, under, NULL, note_replayed, &seen, &judged, &differ, &world->fault), SK_OK);
	assert_int_equal(differ, seen.differ);
	assert_true(judged > 0);
	return seen;
}

//= rule: POLICY-1
static void test_policy_in_force(void **state)
{
	struct world *world = *state;
	struct sk_policy_state policy;
	people(world);
	refused(world, basis_act(world, "B-1", "request", request_body(world, "B-1", 60), ANNA), SK_ENOENT, "no policy is in force");
	refused(world, policy_act(world, "load", versions[0], ANNA), SK_EPERMIT, "");
	good(world, policy_act(world, "load", versions[0], LENA));
	in_force(world, &policy);
	assert_false(policy.in_force); /* oversight has not acknowledged it */
	assert_true(policy.waiting);
	refused(world, basis_act(world, "B-1", "request", request_body(world, "B-1", 60), ANNA), SK_ENOENT, "no policy is in force");
	refused(world, policy_act(world, "ack", versions[0], LENA), SK_EPERMIT, "");
	refused(world, policy_act(world, "ack", versions[1], CHAIR), SK_ESTAGE, "no policy with that digest waits");
	good(world, policy_act(world, "ack", versions[0], CHAIR));
	in_force(world, &policy);
	assert_true(policy.in_force && !policy.waiting);
	refused(world, policy_act(world, "load", versions[0], LENA), SK_ESEEN, "in force already");
	/* Sectors and deadlines are nobody's safeguard: a change of them alone is in force at once. */
	good(world, policy_act(world, "load", versions[2], LENA));
	in_force(world, &policy);
	assert_memory_equal(policy.current, versions[2]->digest, SK_HASH_BYTES);
	/* What waits can be withdrawn, and the old one stands. */
	good(world, policy_act(world, "load", versions[1], LENA));
	good(world, policy_act(world, "withdraw", versions[1], CHAIR));
	in_force(world, &policy);
	assert_false(policy.waiting);
	assert_memory_equal(policy.current, versions[2]->digest, SK_HASH_BYTES);
	assert_int_equal(replay(world, NULL).differ, 0);
}

//= rule: POLICY-2
static void test_back_and_forth(void **state)
{
	struct world *world = *state;
	people(world);
	good(world, policy_act(world, "load", versions[0], LENA));
	good(world, policy_act(world, "ack", versions[0], CHAIR));
	approve(world, "B-1", 150);
	good(world, basis_act(world, "B-1", "activate", activation(world, "B-1"), PAUL));
	/* A stricter one: a month, and four present. */
	good(world, policy_act(world, "load", versions[1], LENA));
	good(world, policy_act(world, "ack", versions[1], MEMBER_1));
	refused(world, basis_act(world, "B-2", "request", request_body(world, "B-2", 60), ANNA), SK_ELAW, "lasts 1mo at most");
	approve(world, "B-2", 20);
	assert_int_equal(matter_of(world, "B-2").stage, SK_STAGE_REVIEW); /* three are not enough now */
	assert_int_equal(matter_of(world, "B-1").stage, SK_STAGE_ACTIVE); /* and what was decided stays decided */
	/* Back again. */
	good(world, policy_act(world, "load", versions[0], LENA));
	good(world, policy_act(world, "ack", versions[0], CHAIR));
	approve(world, "B-3", 150);
	good(world, basis_act(world, "B-3", "activate", activation(world, "B-3"), PAUL));
	assert_int_equal(replay(world, NULL).differ, 0);
	assert_int_equal(void_acts(world), 0);
	/* The saboteur knows one version only. */
	struct replayed strict = replay(world, versions[1]);
	assert_true(strict.differ > 0);
	assert_non_null(strstr(strict.why, "lasts 1mo at most"));
	assert_true(replay(world, versions[0]).differ > 0); /* B-2 would have been approved by three */
}

static void test_smuggled(void **state)
{
	struct world *world = *state;
	people(world);
	good(world, policy_act(world, "load", versions[0], LENA));
	good(world, policy_act(world, "ack", versions[0], CHAIR));
	good(world, basis_act(world, "B-1", "request", request_body(world, "B-1", 60), ANNA));
	good(world, basis_act(world, "B-1", "review", "{\"why\":\"\"}", LENA));
	good(world, vote(world, "B-1", CHAIR));
	assert_int_equal(replay(world, NULL).differ, 0);
	/* An activation without the quorum: the docket has it, nobody obeys it, and replay says so. */
	smuggle(world, NULL, "B-1", "activate", activation(world, "B-1"), PAUL, "active");
	assert_int_equal(matter_of(world, "B-1").stage, SK_STAGE_REVIEW);
	assert_int_equal(void_acts(world), 1);
	assert_non_null(strstr(replay(world, NULL).why, "there is no 'activate' from there"));
	/* A vote by an account that may not, and by nobody's key. */
	char hex[2 * SK_HASH_BYTES + 1];
	struct sk_basis_matter matter = matter_of(world, "B-1");
	sk_hex_encode(matter.text, SK_HASH_BYTES, hex);
	smuggle(world, NULL, "B-1", "approve", format_body("{\"text\":\"%s\",\"why\":\"\"}", hex), PAUL, "review");
	smuggle(world, NULL, "B-1", "approve", format_body("{\"text\":\"%s\",\"why\":\"\"}", hex), STRANGER, "approved");
	assert_int_equal(void_acts(world), 3);
	assert_int_equal(matter_of(world, "B-1").vote_count, 1);
	/* An act under another policy than the one in force. */
	smuggle(world, versions[1], "B-2", "request", request_body(world, "B-2", 20), ANNA, "draft");
	assert_int_equal(replay(world, NULL).differ, 4);
	assert_int_equal(void_acts(world), 4);
	/* A step that says that it led somewhere else. */
	smuggle(world, NULL, "B-3", "request", request_body(world, "B-3", 20), ANNA, "approved");
	struct replayed seen = replay(world, NULL);
	assert_int_equal(seen.differ, 5);
	/* The register's acts are judged again too, as it stood at their place: an account that somebody opened who may not, and what that account then does. */
	smuggle_into(world, NULL, "account", "mine", "open", format_body("{\"keys\":[\"%s\"],\"org\":\"host\",\"roles\":[\"approver\"],\"title\":\"i\"}", vkey(world, STRANGER)), PAUL, "open");
	assert_int_equal(replay(world, NULL).differ, 6);
	smuggle_into(world, NULL, "access", "look-1", "search", "{\"what\":\"everything\"}", PAUL, "done");
	assert_int_equal(replay(world, NULL).differ, 7);
	/* And one that was in order, under another policy than the one in force. */
	smuggle_into(world, versions[1], "account", "petra", "open", format_body("{\"keys\":[\"%s\"],\"org\":\"host\",\"roles\":[\"operator\"],\"title\":\"p\"}", vkey(world, SPARE)), ADMIN, "open");
	assert_int_equal(replay(world, NULL).differ, 8);
}

static int group_up(void **state)
{
	static const char *const strict[][2] = {{"version: 2026-11-30.1", "version: strict"}, {"longest: 6mo", "longest: 1mo"}, {"present: 3\n    chair", "present: 4\n    chair"}};
	static const char *const sectors[][2] = {{"version: 2026-11-30.1", "version: sectors"}, {"\"electric power\"", "\"electricity\""}};
	(void)state;
	if (sk_seal_start() != SK_OK)
		return 1;
	versions[0] = bent("first", NULL, 0);
	versions[1] = bent("strict", strict, SK_COUNT(strict));
	versions[2] = bent("sectors", sectors, SK_COUNT(sectors));
	return 0;
}

static int group_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERSIONS; i++)
		sk_law_free(versions[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_policy_in_force, world_up, world_down), cmocka_unit_test_setup_teardown(test_back_and_forth, world_up, world_down),
		cmocka_unit_test_setup_teardown(test_smuggled, world_up, world_down),
	};
	return cmocka_run_group_tests(tests, group_up, group_down);
}
