/* SPDX-License-Identifier: Apache-2.0 */
/* The register: who is known, by whose act, until when. Everything that was refused is refused again when somebody writes it down all the same. */
#include "world.h"

static void founding(void **state)
{
	struct world *world = *state;
	struct sk_person person;
	/* Nobody is known: nothing but a founding is taken, and that by the key which it names. */
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_EPERMIT);
	const char *body = format_body("{\"account\":\"admin\",\"founder\":\"%s\",\"key\":\"%s\",\"kind\":\"own_network\",\"title\":\"Host\"}", vkey(world, CENTRE),
				       vkey(world, ADMIN));
	assert_int_equal(ACT(world, "org", "host", "found", body, STRANGER), SK_ESIGNATURE);
	found(world, "own_network", true);
	assert_int_equal(ACT(world, "org", "host2", "found", body, CENTRE), SK_ENOENT); /* the centre's key is nobody's */
	assert_int_equal(ACT(world, "org", "host2", "found", body, ADMIN), SK_EEXIST);
	assert_int_equal(person_of(world, ADMIN, world->now, &person), SK_OK);
	assert_string_equal(person.account, "admin");
	assert_string_equal(person.org, "host");
	assert_true(person.roles == UINT64_C(1) << SK_PERSON_ADMINISTRATOR && !person.oversight);
	assert_int_equal(person_of(world, CHAIR, world->now, &person), SK_OK);
	assert_true(person.oversight && person.roles == UINT64_C(1) << SK_PERSON_OVERSIGHT_CHAIR);
	assert_int_equal(person_of(world, STRANGER, world->now, &person), SK_ENOENT);
	assert_int_equal(person_of(world, CENTRE, world->now, &person), SK_ENOENT);
}

static void accounts(void **state)
{
	struct world *world = *state;
	struct sk_person person;
	found(world, "own_network", true);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "anna", "host", "", SPARE, ADMIN), SK_EEXIST);
	assert_int_equal(open_account(world, "anna2", "host", "", ANNA, ADMIN), SK_EEXIST);      /* one key, one account. rule: ACCESS-7 */
	assert_int_equal(open_account(world, "paul", "elsewhere", "", PAUL, ADMIN), SK_ENOENT);
	assert_int_equal(open_account(world, "paul", "host", "\"queen\"", PAUL, ADMIN), SK_EMALFORMED);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ANNA), SK_EPERMIT);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, STRANGER), SK_ENOENT);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\",\"legal\"", PAUL, ADMIN), SK_OK);
	int64_t before = world->now;
	assert_int_equal(ACT(world, "account", "paul", "role.revoke", "{\"role\":\"legal\"}", ADMIN), SK_OK);
	assert_int_equal(ACT(world, "account", "paul", "role.revoke", "{\"role\":\"legal\"}", ADMIN), SK_ENOENT);
	assert_int_equal(person_of(world, PAUL, world->now, &person), SK_OK);
	assert_true(person.roles == UINT64_C(1) << SK_PERSON_APPROVER);
	assert_int_equal(person_of(world, PAUL, before - 1, &person), SK_OK); /* what he was then */
	assert_true(person.roles == (UINT64_C(1) << SK_PERSON_APPROVER | UINT64_C(1) << SK_PERSON_LEGAL));
	before = world->now;
	assert_int_equal(ACT(world, "account", "paul", "close", "{\"why\":\"left\"}", ADMIN), SK_OK);
	assert_int_equal(person_of(world, PAUL, world->now, &person), SK_ENOENT);
	assert_int_equal(person_of(world, PAUL, before - 1, &person), SK_OK);
	assert_int_equal(ACT(world, "account", "paul", "role.grant", "{\"role\":\"legal\"}", ADMIN), SK_EPERMIT);
	assert_int_equal(open_account(world, "paul", "host", "", SPARE, ADMIN), SK_EEXIST);
	assert_int_equal(open_account(world, "paul.2", "host", "", PAUL, ADMIN), SK_EEXIST); /* a key does not come back */
}

/* rule: ACCESS-2 */
static void exclusive(void **state)
{
	struct world *world = *state;
	static const char *const bad[] = {"\"analyst\",\"approver\"", "\"administrator\",\"analyst\"", "\"administrator\",\"legal\"", "\"analyst\",\"privacy_officer\"",
					  "\"oversight_inspector\"", "\"oversight_member\",\"reader\"", "\"administrator\",\"oversight_chair\""};
	found(world, "nco", true);
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(open_account(world, "x", "host", bad[i], SPARE, ADMIN), SK_EPERMIT);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\",\"operator\",\"reader\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(ACT(world, "account", "anna", "role.grant", "{\"role\":\"approver\"}", ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "account", "anna", "role.grant", "{\"role\":\"administrator\"}", ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "account", "anna", "role.grant", "{\"role\":\"oversight_member\"}", ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "account", "anna", "role.grant", "{\"role\":\"commander\"}", ADMIN), SK_OK);
	/* One after the other is fine: it is at one time that they exclude each other. */
	assert_int_equal(ACT(world, "account", "anna", "role.revoke", "{\"role\":\"analyst\"}", ADMIN), SK_OK);
	assert_int_equal(ACT(world, "account", "anna", "role.grant", "{\"role\":\"approver\"}", ADMIN), SK_OK);
	assert_int_equal(ACT(world, "account", "admin", "role.grant", "{\"role\":\"operator\"}", ADMIN), SK_EPERMIT); /* to himself */
}

/* rule: ACCESS-9 */
static void keys(void **state)
{
	struct world *world = *state;
	struct sk_person person;
	found(world, "own_network", false);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ADMIN), SK_OK);
	const char *add = format_body("{\"key\":\"%s\"}", vkey(world, SPARE));
	assert_int_equal(ACT(world, "account", "paul", "key.add", add, ADMIN), SK_EPERMIT);       /* an administrator could then sign as paul */
	assert_int_equal(ACT(world, "account", "paul", "key.add", add, PAUL), SK_EPERMIT);        /* whoever stole his key could stay */
	assert_int_equal(ACT(world, "account", "paul", "key.add", add, ADMIN, SPARE), SK_ENOENT); /* the new key says nothing yet */
	assert_int_equal(ACT(world, "account", "paul", "key.add", add, ADMIN, PAUL), SK_OK);
	assert_int_equal(person_of(world, SPARE, world->now, &person), SK_OK);
	assert_string_equal(person.account, "paul");
	const char *revoke = format_body("{\"key\":\"%s\"}", vkey(world, PAUL));
	assert_int_equal(ACT(world, "account", "paul", "key.revoke", revoke, STRANGER), SK_ENOENT);
	assert_int_equal(ACT(world, "account", "paul", "key.revoke", revoke, SPARE), SK_OK); /* the holder himself */
	assert_int_equal(person_of(world, PAUL, world->now, &person), SK_ENOENT);
	assert_int_equal(ACT(world, "account", "paul", "key.add", revoke, ADMIN, SPARE), SK_EEXIST);
	assert_int_equal(ACT(world, "account", "paul", "key.revoke", format_body("{\"key\":\"%s\"}", vkey(world, SPARE)), ADMIN), SK_OK);
}

/* Two approvals by one person with two keys count as one person; two lines under an act of one person are refused. rule: ACCESS-7 */
static void one_person(void **state)
{
	struct world *world = *state;
	struct sk_person people[4];
	struct sk_buf note;
	size_t count;
	found(world, "own_network", false);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "lena", "host", "\"approver\"", LENA, ADMIN), SK_OK);
	assert_int_equal(ACT(world, "account", "paul", "key.add", format_body("{\"key\":\"%s\"}", vkey(world, SPARE)), ADMIN, PAUL), SK_OK);
	note_by(world, "order", "o", "approve", "{}", (const enum who[]){PAUL, SPARE, WHO_COUNT}, &note);
	assert_int_equal(sk_access_signers(world->access, sk_buf_text(&note), note.length, world->now, people, 4, &count, &world->fault), SK_OK);
	assert_int_equal(count, 1);
	assert_int_equal(sk_access_who(world->access, sk_buf_text(&note), note.length, world->now, people, &world->fault), SK_ESIGNATURE);
	sk_buf_fini(&note);
	note_by(world, "order", "o", "approve", "{}", (const enum who[]){PAUL, LENA, WHO_COUNT}, &note);
	assert_int_equal(sk_access_signers(world->access, sk_buf_text(&note), note.length, world->now, people, 4, &count, &world->fault), SK_OK);
	assert_int_equal(count, 2);
	/* Not one byte of the statement may differ from what was signed. */
	note.bytes[10] ^= 1;
	assert_int_equal(sk_access_signers(world->access, sk_buf_text(&note), note.length, world->now, people, 4, &count, &world->fault), SK_ESIGNATURE);
	sk_buf_fini(&note);
	note_by(world, "order", "o", "approve", "{}", (const enum who[]){PAUL, STRANGER, WHO_COUNT}, &note);
	assert_int_equal(sk_access_signers(world->access, sk_buf_text(&note), note.length, world->now, people, 4, &count, &world->fault), SK_ENOENT);
	sk_buf_fini(&note);
}

/* Whatever an administrator signs about oversight has no effect; its own quorum's does. rule: ACCESS-8 */
static void oversight_apart(void **state)
{
	struct world *world = *state;
	struct sk_person person;
	const char *inspector = format_body("{\"keys\":[\"%s\"],\"org\":\"oversight\",\"roles\":[\"oversight_inspector\"],\"title\":\"i\"}", vkey(world, SPARE));
	const char *close = "{\"why\":\"unwanted\"}", *grant = "{\"role\":\"oversight_inspector\"}";
	found(world, "nco", true);
	assert_int_equal(ACT(world, "org", "oversight2", "panel", format_body("{\"keys\":[\"%s\"],\"title\":\"mine\"}", vkey(world, SPARE)), ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "org", "oversight2", "panel", format_body("{\"keys\":[\"%s\"],\"title\":\"mine\"}", vkey(world, SPARE)), CENTRE), SK_EPERMIT);
	assert_int_equal(ACT(world, "org", "oversight2", "add", "{\"kind\":\"oversight\",\"member\":false,\"title\":\"mine\"}", ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "account", "i", "open", inspector, ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "oversight.chair", "close", close, ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "oversight.chair", "role.revoke", "{\"role\":\"oversight_chair\"}", ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "oversight.member-1", "role.grant", grant, ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "oversight.chair", "key.revoke", format_body("{\"key\":\"%s\"}", vkey(world, CHAIR)), ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "oversight.chair", "key.add", format_body("{\"key\":\"%s\"}", vkey(world, SPARE)), ADMIN, CHAIR), SK_EPANEL);
	/* The quorum: three of three here, the chair among them. */
	assert_int_equal(ACT(world, "account", "i", "open", inspector, CHAIR), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "i", "open", inspector, CHAIR, MEMBER_1), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "i", "open", inspector, CHAIR, MEMBER_1, ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "i", "open", inspector, CHAIR, MEMBER_1, MEMBER_1), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "i", "open", inspector, CHAIR, MEMBER_1, MEMBER_2), SK_OK);
	assert_int_equal(person_of(world, SPARE, world->now, &person), SK_OK);
	assert_true(person.oversight);
	assert_int_equal(may(world, SPARE, "access.log"), SK_OK);
	assert_int_equal(may(world, ADMIN, "access.log"), SK_EPERMIT);
	/* With a fourth and fifth member three are enough, but not without the chair. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(ACT(world, "account", i == 0 ? "m4" : "m5", "open", format_body("{\"keys\":[\"%s\"],\"org\":\"oversight\",\"roles\":[\"oversight_member\"],"
				     "\"title\":\"m\"}", vkey(world, i == 0 ? PAUL : LENA)), CHAIR, MEMBER_1, MEMBER_2), SK_OK);
	assert_int_equal(ACT(world, "account", "i", "close", close, MEMBER_1, MEMBER_2, PAUL, LENA), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "i", "close", close, MEMBER_1, CHAIR), SK_EPANEL);
	assert_int_equal(ACT(world, "account", "i", "close", close, MEMBER_1, CHAIR, LENA), SK_OK);
	/* And oversight does not administer the others. */
	assert_int_equal(open_account(world, "y", "host", "\"analyst\"", ANNA, CHAIR), SK_EPERMIT);
}

/* Somebody who has the centre's own key and a program of his own writes it down all the same: leaf and row are there, and no effect. rule: ACCESS-4 */
static void written_down_all_the_same(void **state)
{
	struct world *world = *state;
	struct sk_person person;
	struct sk_buf note;
	const char *why;
	found(world, "nco", true);
	assert_int_equal(sk_access_void(world->access, &why), 0);
	note_by(world, "account", "mine", "open", format_body("{\"keys\":[\"%s\"],\"org\":\"oversight\",\"roles\":[\"oversight_chair\"],\"title\":\"i\"}", vkey(world, SPARE)),
		(const enum who[]){ADMIN, WHO_COUNT}, &note);
	assert_int_equal(judge(world, &note), SK_EPANEL);
	write_down(world, &note);
	sk_buf_fini(&note);
	assert_int_equal(sk_access_void(world->access, &why), 1);
	assert_non_null(strstr(why, "leaf 3"));
	assert_int_equal(person_of(world, SPARE, world->now, &person), SK_ENOENT);
	note_by(world, "account", "oversight.chair", "close", "{\"why\":\"x\"}", (const enum who[]){ADMIN, WHO_COUNT}, &note);
	assert_int_equal(judge(world, &note), SK_EPANEL);
	write_down(world, &note);
	sk_buf_fini(&note);
	assert_int_equal(sk_access_void(world->access, &why), 2);
	assert_int_equal(person_of(world, CHAIR, world->now, &person), SK_OK);
}

/* Whoever makes the centre names the panel at once, with the centre's key, before there is anybody else. */
static void panel_by_founder(void **state)
{
	struct world *world = *state;
	struct sk_person person;
	found(world, "own_network", false);
	const char *body = format_body("{\"keys\":[\"%s\"],\"title\":\"Commission\"}", vkey(world, CHAIR));
	assert_int_equal(ACT(world, "org", "oversight", "panel", body, STRANGER), SK_ENOENT);
	assert_int_equal(ACT(world, "org", "oversight", "panel", body, CENTRE), SK_OK);
	assert_int_equal(person_of(world, CHAIR, world->now, &person), SK_OK);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, CENTRE), SK_ENOENT); /* for nothing else */
}

static void tenants(void **state)
{
	struct world *world = *state;
	found(world, "nco", false);
	assert_int_equal(ACT(world, "org", "police", "add", "{\"kind\":\"npa\",\"member\":false,\"title\":\"Police\"}", ADMIN), SK_OK);
	assert_int_equal(ACT(world, "org", "police", "add", "{\"kind\":\"npa\",\"member\":false,\"title\":\"Police\"}", ADMIN), SK_EEXIST);
	assert_int_equal(ACT(world, "org", "x", "add", "{\"kind\":\"pirates\",\"member\":false,\"title\":\"x\"}", ADMIN), SK_EMALFORMED);
	assert_int_equal(open_account(world, "pol.admin", "police", "\"administrator\"", POLICE, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "pol.1", "police", "\"approver\"", PAUL, POLICE), SK_OK);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, POLICE), SK_EPERMIT);
	assert_int_equal(ACT(world, "org", "y", "add", "{\"kind\":\"npa\",\"member\":false,\"title\":\"y\"}", POLICE), SK_EPERMIT);
}

/* rule: ACCESS-5 ACCESS-6 */
static void leases(void **state)
{
	struct world *world = *state;
	static const char *const request = "{\"activity\":\"g1.read\",\"purpose\":\"damage_prevention\",\"scope\":\"basis b-1\",\"seconds\":3600,\"why\":\"case 7\"}";
	found(world, "nco", true);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ADMIN), SK_OK);
	assert_int_equal(may(world, ANNA, "g1.read"), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", PAUL), SK_ENOENT);
	assert_int_equal(ACT(world, "lease", "l-1", "request", "{\"activity\":\"order.approve\",\"purpose\":\"damage_prevention\",\"scope\":\"x\",\"seconds\":1,\"why\":\"y\"}",
			     ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "request", "{\"activity\":\"g1.read\",\"purpose\":\"curiosity\",\"scope\":\"x\",\"seconds\":1,\"why\":\"y\"}", ANNA),
			 SK_EPURPOSE);
	assert_int_equal(ACT(world, "lease", "l-1", "request", "{\"activity\":\"g1.read\",\"purpose\":\"damage_prevention\",\"scope\":\"x\",\"seconds\":28801,\"why\":\"y\"}",
			     ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "request", request, ANNA), SK_OK);
	assert_int_equal(may(world, ANNA, "g1.read"), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "use", "{\"what\":\"early\"}", ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", CHAIR), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", PAUL), SK_OK);
	int64_t granted = world->now - second_ns;
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", PAUL), SK_EPERMIT); /* once */
	assert_int_equal(may(world, ANNA, "g1.read"), SK_OK);
	assert_int_equal(may(world, PAUL, "g1.read"), SK_EPERMIT); /* anna's, nobody else's */
	assert_int_equal(ACT(world, "lease", "l-1", "use", "{\"what\":\"findings\"}", PAUL), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "use", "{\"what\":\"findings\"}", ANNA), SK_OK);
	assert_int_equal(ACT(world, "lease", "l-1", "expire", "{}", ANNA), SK_EPERMIT);
	/* Its last second, and the one after it, over a restart. */
	world->now = granted + 3600 * second_ns - 1;
	restart(world);
	assert_int_equal(may(world, ANNA, "g1.read"), SK_OK);
	world->now++;
	restart(world);
	assert_int_equal(may(world, ANNA, "g1.read"), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "use", "{\"what\":\"late\"}", ANNA), SK_EEXPIRED);
	/* Some act, whosever, has a later time; then the clock is turned back into the hour of the lease. */
	world->now = granted + 7200 * second_ns;
	assert_int_equal(open_account(world, "lena", "host", "\"approver\"", LENA, ADMIN), SK_OK);
	world->now = granted + 60 * second_ns;
	restart(world);
	assert_int_equal(may(world, ANNA, "g1.read"), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "use", "{\"what\":\"again\"}", ANNA), SK_EEXPIRED);
	assert_int_equal(ACT(world, "lease", "l-1", "expire", "{}", PAUL), SK_OK);
	/* What was done under it then is still what it was. */
	struct sk_person person;
	assert_int_equal(person_of(world, ANNA, granted + 60 * second_ns, &person), SK_OK);
	assert_string_equal(person.lease, "l-1");
	assert_int_equal(sk_access_may(world->access, &person, "g1.read", granted + 60 * second_ns, &world->fault), SK_OK);
}

/* Every state with every step: what lease.def has not does not happen, and leaves the lease as it was. */
static void lease_pairs(void **state)
{
	struct world *world = *state;
	static const char *const events[] = {"request", "grant", "refuse", "use", "expire", "revoke"};
	/* By hand: none, requested, granted, refused, expired, revoked; a mark where the step is there. */
	static const char *const allowed[] = {"x.....", ".xx..x", "...x.x", "......", "......", "......"};
	static const char *const request = "{\"activity\":\"g1.read\",\"purpose\":\"damage_prevention\",\"scope\":\"b\",\"seconds\":1,\"why\":\"case\"}";
	static const char *const long_request = "{\"activity\":\"g1.read\",\"purpose\":\"damage_prevention\",\"scope\":\"b\",\"seconds\":28800,\"why\":\"case\"}";
	found(world, "nco", false);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ADMIN), SK_OK);
	for (size_t s = 0; s < SK_COUNT(allowed); s++)
		for (size_t e = 0; e < SK_COUNT(events); e++) {
			char id[16];
			(void)snprintf(id, sizeof id, "l-%zu-%zu", s, e);
			if (s >= 1)
				assert_int_equal(ACT(world, "lease", id, "request", s == 4 ? request : long_request, ANNA), SK_OK);
			if (s == 2 || s == 4)
				assert_int_equal(ACT(world, "lease", id, "grant", "{}", PAUL), SK_OK);
			if (s == 3)
				assert_int_equal(ACT(world, "lease", id, "refuse", "{\"why\":\"no\"}", PAUL), SK_OK);
			if (s == 4)
				assert_int_equal(ACT(world, "lease", id, "expire", "{}", PAUL), SK_OK);
			if (s == 5)
				assert_int_equal(ACT(world, "lease", id, "revoke", "{\"why\":\"no\"}", ANNA), SK_OK);
			const char *body = e == 0 ? request : e == 3 ? "{\"what\":\"w\"}" : e == 2 || e == 5 ? "{\"why\":\"w\"}" : "{}";
			enum sk_err err = ACT(world, "lease", id, events[e], body, e == 1 || e == 2 ? PAUL : ANNA);
			if ((err == SK_OK) != (allowed[s][e] == 'x'))
				print_error("%s: %s\n", id, world->fault.line);
			assert_int_equal(err == SK_OK, allowed[s][e] == 'x');
		}
}

static void lease_ended(void **state)
{
	struct world *world = *state;
	static const char *const request = "{\"activity\":\"g1.read\",\"purpose\":\"purpose_damage_prevention\",\"scope\":\"b\",\"seconds\":3600,\"why\":\"case\"}";
	static const enum who enders[] = {ANNA, PAUL, CHAIR, LENA};
	found(world, "nco", true);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "lena", "host", "\"analyst\"", LENA, ADMIN), SK_OK);
	for (size_t i = 0; i < SK_COUNT(enders); i++) {
		char id[8];
		(void)snprintf(id, sizeof id, "l-%zu", i);
		assert_int_equal(ACT(world, "lease", id, "request", request, ANNA), SK_OK);
		assert_int_equal(ACT(world, "lease", id, "grant", "{}", PAUL), SK_OK);
		assert_int_equal(may(world, ANNA, "g1.read"), SK_OK);
		bool ends = enders[i] != LENA;
		assert_int_equal(ACT(world, "lease", id, "revoke", "{\"why\":\"done\"}", enders[i]), ends ? SK_OK : SK_EPERMIT);
		assert_int_equal(may(world, ANNA, "g1.read"), ends ? SK_EPERMIT : SK_OK);
	}
	assert_int_equal(ACT(world, "lease", "r", "request", request, ANNA), SK_OK);
	assert_int_equal(ACT(world, "lease", "r", "refuse", "{\"why\":\"no need\"}", PAUL), SK_OK);
	assert_int_equal(ACT(world, "lease", "r", "grant", "{}", PAUL), SK_EPERMIT);
}

/* A question to a sensor: whoever may propose an order, for the one purpose, a day at most. rule: COUNT-3 */
static void counts(void **state)
{
	struct world *world = *state;
#define COUNT_OF(duration, purpose, targets) "{\"duration_s\":" duration ",\"purpose\":\"" purpose "\",\"request\":\"" ZEROS "\",\"scope\":\"b-1\",\"targets\":" targets ",\"why\":\"x\"}"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
	static const char *const good = COUNT_OF("3600", "damage_prevention", "[\"bad.example\"]"), *const done = "{\"request\":\"" ZEROS "\",\"scope\":\"b-1\"}";
	static const char *const bad[] = {COUNT_OF("0", "damage_prevention", "[\"bad.example\"]"), COUNT_OF("86401", "damage_prevention", "[\"bad.example\"]"), COUNT_OF("60", "damage_prevention", "[]"),
					  COUNT_OF("60", "damage_prevention", "\"bad.example\""), "{}"};
	found(world, "nco", true);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "paul", "host", "\"legal\"", PAUL, ADMIN), SK_OK);
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(ACT(world, "access", "c-1", "count", bad[i], ANNA), SK_EMALFORMED);
	assert_int_equal(ACT(world, "access", "c-1", "count", COUNT_OF("60", "curiosity", "[\"bad.example\"]"), ANNA), SK_EPURPOSE);
	assert_int_equal(ACT(world, "access", "c-1", "count", good, PAUL), SK_EPERMIT);
	assert_int_equal(ACT(world, "access", "c-1", "count", good, CHAIR), SK_EPERMIT);
	assert_int_equal(ACT(world, "access", "c-1", "count", good, STRANGER), SK_ENOENT);
	assert_int_equal(ACT(world, "access", "c-1", "count", good, ANNA, PAUL), SK_ESIGNATURE);
	assert_int_equal(ACT(world, "access", "c-1", "count", good, ANNA), SK_OK);
	assert_string_equal(world->facts.words[0], "purpose.damage_prevention");
	assert_int_equal(world->facts.word_count, 1);
	assert_int_equal(ACT(world, "access", "c-1", "count_end", "{}", ANNA), SK_EMALFORMED);
	assert_int_equal(ACT(world, "access", "c-1", "count_end", done, PAUL), SK_EPERMIT);
	assert_int_equal(ACT(world, "access", "c-1", "count_end", done, ANNA), SK_OK);
}

/* What is entered and changes nothing here: looks, searches, factors, credentials. rule: ACCESS-10 */
static void looks(void **state)
{
	struct world *world = *state;
	static const char *const request = "{\"activity\":\"g1.read\",\"purpose\":\"damage_prevention\",\"scope\":\"b-1\",\"seconds\":3600,\"why\":\"case\"}";
	static const char *const look = "{\"command\":\"findings\",\"purpose\":\"damage_prevention\",\"scope\":\"b-1\",\"what\":\"findings\"}";
	static const char *const other = "{\"command\":\"findings\",\"purpose\":\"damage_prevention\",\"scope\":\"b-2\",\"what\":\"findings\"}";
	static const char *const curious = "{\"command\":\"findings\",\"purpose\":\"curiosity\",\"scope\":\"b-1\",\"what\":\"findings\"}";
	found(world, "nco", true);
	assert_int_equal(open_account(world, "anna", "host", "\"analyst\"", ANNA, ADMIN), SK_OK);
	assert_int_equal(open_account(world, "paul", "host", "\"approver\"", PAUL, ADMIN), SK_OK);
	assert_int_equal(ACT(world, "access", "r-1", "read", look, ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "lease", "l-1", "request", request, ANNA), SK_OK);
	assert_int_equal(ACT(world, "lease", "l-1", "grant", "{}", PAUL), SK_OK);
	assert_int_equal(ACT(world, "access", "r-1", "read", other, ANNA), SK_EPERMIT); /* leased for another place */
	assert_int_equal(ACT(world, "access", "r-1", "read", curious, ANNA), SK_EPURPOSE);
	assert_int_equal(ACT(world, "access", "r-1", "read", look, PAUL), SK_EPERMIT);
	assert_int_equal(ACT(world, "access", "r-1", "read", look, ANNA, PAUL), SK_ESIGNATURE);
	assert_int_equal(ACT(world, "access", "r-1", "read", look, STRANGER), SK_ENOENT);
	assert_int_equal(ACT(world, "access", "r-1", "read", look, ANNA), SK_OK);
	assert_string_equal(world->facts.words[0], "look.findings");
	assert_string_equal(world->facts.words[1], "purpose.damage_prevention");
	assert_int_equal(ACT(world, "access", "r-2", "read", look, CHAIR), SK_OK); /* inspects, without a lease */
	assert_int_equal(ACT(world, "access", "s-1", "search", "{\"what\":\"log\"}", ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "access", "s-1", "search", "{\"what\":\"log\"}", MEMBER_1), SK_OK);
	assert_int_equal(ACT(world, "access", "s-2", "erase", "{}", MEMBER_1), SK_EUSAGE);
	/* Factors: the holder sets, the holder or who administers him takes away. */
	assert_int_equal(ACT(world, "factor", "anna", "set", "{\"factor\":\"totp\"}", ADMIN), SK_EPERMIT);
	assert_int_equal(ACT(world, "factor", "anna", "set", "{\"factor\":\"totp\"}", ANNA), SK_OK);
	assert_int_equal(ACT(world, "factor", "anna", "remove", "{\"factor\":\"totp\"}", PAUL), SK_EPERMIT);
	assert_int_equal(ACT(world, "factor", "anna", "remove", "{\"factor\":\"totp\"}", ADMIN), SK_OK);
	assert_int_equal(ACT(world, "factor", "oversight.chair", "remove", "{\"factor\":\"totp\"}", ADMIN), SK_EPANEL);
	assert_int_equal(ACT(world, "credential", "enforcer", "new", "{}", ANNA), SK_EPERMIT);
	assert_int_equal(ACT(world, "credential", "enforcer", "new", "{}", ADMIN), SK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(founding, world_up, world_down),
		cmocka_unit_test_setup_teardown(accounts, world_up, world_down),
		cmocka_unit_test_setup_teardown(exclusive, world_up, world_down),
		cmocka_unit_test_setup_teardown(keys, world_up, world_down),
		cmocka_unit_test_setup_teardown(one_person, world_up, world_down),
		cmocka_unit_test_setup_teardown(oversight_apart, world_up, world_down),
		cmocka_unit_test_setup_teardown(written_down_all_the_same, world_up, world_down),
		cmocka_unit_test_setup_teardown(panel_by_founder, world_up, world_down),
		cmocka_unit_test_setup_teardown(tenants, world_up, world_down),
		cmocka_unit_test_setup_teardown(leases, world_up, world_down),
		cmocka_unit_test_setup_teardown(counts, world_up, world_down), cmocka_unit_test_setup_teardown(looks, world_up, world_down),
		cmocka_unit_test_setup_teardown(lease_pairs, world_up, world_down),
		cmocka_unit_test_setup_teardown(lease_ended, world_up, world_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
