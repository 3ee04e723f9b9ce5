/* SPDX-License-Identifier: Apache-2.0 */
/* A centre for the tests of the register: the real docket over a ledger in memory, keys of some people, and one call for each act. */
#ifndef ACCESS_WORLD_H
#define ACCESS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"
#include "access/list.h"
#include "ledger/ledger.h"

enum { LEAVES_MAX = 512, LEAF_MAX = 4096, PEOPLE = 16 };

static const int64_t second_ns = 1000000000, day_one = INT64_C(1780000000) * 1000000000;

enum who { CENTRE, ADMIN, ANNA, PAUL, LENA, CHAIR, MEMBER_1, MEMBER_2, STRANGER, SPARE, SPARE_2, POLICE, ALLY, WHO_COUNT };
static const char *const names[] = {"centre", "admin", "anna", "paul", "lena", "chair", "m1", "m2", "stranger", "spare", "spare2", "police", "ally"};

struct world {
	char path[64];
	struct {
		char text[LEAVES_MAX][LEAF_MAX];
		size_t count, committed;
	} log;
	struct sk_sign_key *keys[WHO_COUNT];
	struct sk_docket *docket;
	struct sk_access *access;
	int64_t now;
	struct sk_fault fault;
	struct sk_act_facts facts;
};

static inline enum sk_err log_append(void *context, const char *record, size_t length, struct sk_receipt *receipt, struct sk_fault *fault)
{
	struct world *world = context;
	(void)fault;
	assert_true(world->log.count < LEAVES_MAX && length < LEAF_MAX);
	memcpy(world->log.text[world->log.count], record, length);
	world->log.text[world->log.count][length] = '\0';
	receipt->index = world->log.count++;
	return SK_OK;
}

static inline enum sk_err log_commit(void *context, struct sk_fault *fault)
{
	struct world *world = context;
	(void)fault;
	world->log.committed = world->log.count;
	return SK_OK;
}

static inline uint64_t log_size(void *context)
{
	return ((struct world *)context)->log.committed;
}

static inline enum sk_err log_leaf(void *context, uint64_t index, struct sk_buf *out, struct sk_fault *fault)
{
	struct world *world = context;
	if (index >= world->log.committed)
		return sk_fault_set(fault, SK_ENOENT, "no leaf");
	sk_buf_add_text(out, world->log.text[index]);
	return out->failed;
}

/* What a restart does: the register is made anew out of the docket, and time goes on from world->now. */
static inline void restart(struct world *world)
{
	sk_access_close(world->access);
	world->access = NULL;
	assert_int_equal(sk_access_open(world->docket, &world->access, &world->fault), SK_OK);
}

static inline const char *vkey(struct world *world, enum who who)
{
	static char text[16][SK_VKEY_TEXT_MAX];
	static unsigned turn;
	return sk_verify_key_format(sk_sign_key_public(world->keys[who]), text[turn++ % 16]);
}

/* The note of one act by these keys (WHO_COUNT at the end). */
static inline void note_by(struct world *world, const char *matter, const char *id, const char *event, const char *body, const enum who *by, struct sk_buf *note)
{
	struct sk_act act = {.time_ns = world->now, .body = body, .body_length = strlen(body)};
	struct sk_buf statement;
	char state[SK_ACT_WORD_MAX];
	bool found;
	(void)snprintf(act.matter, sizeof act.matter, "%s", matter);
	(void)snprintf(act.id, sizeof act.id, "%s", id);
	(void)snprintf(act.event, sizeof act.event, "%s", event);
	assert_int_equal(sk_docket_last(world->docket, matter, id, act.previous, state, &found, &world->fault), SK_OK);
	sk_buf_init(&statement, SK_ACT_TEXT_MAX);
	sk_buf_init(note, SK_NOTE_MAX);
	sk_act_write(&act, &statement);
	assert_int_equal(statement.failed, SK_OK);
	sk_note_sign(note, sk_buf_text(&statement), statement.length, world->keys[by[0]]);
	for (size_t i = 1; by[i] != WHO_COUNT; i++)
		sk_note_add_signature(note, sk_buf_text(&statement), statement.length, world->keys[by[i]]);
	sk_buf_fini(&statement);
}

static inline enum sk_err judge(struct world *world, const struct sk_buf *note)
{
	struct sk_note parsed;
	struct sk_act act;
	memset(&world->facts, 0, sizeof world->facts);
	world->fault.line[0] = '\0';
	SK_TRY(sk_note_parse(sk_buf_text(note), note->length, &parsed, &world->fault));
	SK_TRY(sk_act_read(parsed.body, parsed.body_length, &act, &world->fault));
	return sk_access_judge(world->access, sk_buf_text(note), note->length, &act, &world->facts, &world->fault);
}

/* Put it into the docket, whether or not it was allowed: what somebody with the ledger's key and another program could do. */
static inline void write_down(struct world *world, const struct sk_buf *note)
{
	struct sk_receipt receipt;
	assert_int_equal(sk_docket_add(world->docket, sk_buf_text(note), note->length, &world->facts, &receipt, &world->fault), SK_OK);
	restart(world);
}

/* One act, judged, and written down when it was allowed. */
static inline enum sk_err act_of(struct world *world, const char *matter, const char *id, const char *event, const char *body, const enum who *by)
{
	struct sk_buf note;
	note_by(world, matter, id, event, body, by, &note);
	enum sk_err err = judge(world, &note);
	if (err == SK_OK)
		write_down(world, &note);
	sk_buf_fini(&note);
	world->now += second_ns;
	return err;
}
#define ACT(world, matter, id, event, body, ...) act_of(world, matter, id, event, body, (const enum who[]){__VA_ARGS__, WHO_COUNT})

SK_PRINTF(1, 2) static inline const char *format_body(const char *format, ...)
{
	static char text[16][4096];
	static unsigned turn;
	va_list args;
	char *out = text[turn++ % 16];
	va_start(args, format);
	(void)vsnprintf(out, sizeof text[0], format, args);
	va_end(args);
	return out;
}

static inline enum sk_err open_account(struct world *world, const char *id, const char *org, const char *roles, enum who key, enum who by)
{
	return ACT(world, "account", id, "open", format_body("{\"keys\":[\"%s\"],\"org\":\"%s\",\"roles\":[%s],\"title\":\"%s\"}", vkey(world, key), org, roles, id), by);
}

static inline enum sk_err person_of(struct world *world, enum who who, int64_t at, struct sk_person *out)
{
	struct sk_buf note;
	const enum who by[] = {who, WHO_COUNT};
	note_by(world, "order", "o-1", "propose", "{}", by, &note);
	enum sk_err err = sk_access_who(world->access, sk_buf_text(&note), note.length, at, out, &world->fault);
	sk_buf_fini(&note);
	return err;
}

static inline enum sk_err may(struct world *world, enum who who, const char *activity)
{
	struct sk_person person;
	SK_TRY(person_of(world, who, world->now, &person));
	return sk_access_may(world->access, &person, activity, sk_access_now(world->access, world->now), &world->fault);
}

/* host: a founding organisation of that kind with its administrator; three of oversight when told so. */
static inline void found(struct world *world, const char *kind, bool panel)
{
	assert_int_equal(ACT(world, "org", "host", "found", format_body("{\"account\":\"admin\",\"founder\":\"%s\",\"key\":\"%s\",\"kind\":\"%s\",\"title\":\"Host\"}",
					     vkey(world, CENTRE), vkey(world, ADMIN), kind), CENTRE), SK_OK);
	if (panel)
		assert_int_equal(ACT(world, "org", "oversight", "panel", format_body("{\"keys\":[\"%s\",\"%s\",\"%s\"],\"title\":\"Commission\"}", vkey(world, CHAIR),
						     vkey(world, MEMBER_1), vkey(world, MEMBER_2)), ADMIN), SK_OK);
}

static inline int world_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	struct sk_docket_log log = {.context = world, .append = log_append, .commit = log_commit, .size = log_size, .leaf = log_leaf};
	uint64_t rolled_back;
	assert_non_null(world);
	assert_int_equal(sk_seal_start(), SK_OK);
	(void)snprintf(world->path, sizeof world->path, "/tmp/access-%d-XXXXXX", (int)getpid());
	int fd = mkstemp(world->path);
	assert_true(fd >= 0);
	(void)close(fd);
	for (size_t i = 0; i < WHO_COUNT; i++)
		assert_int_equal(sk_sign_key_new(names[i], &world->keys[i]), SK_OK);
	world->log.count = world->log.committed = 1;
	world->now = day_one;
	assert_int_equal(sk_docket_open(world->path, &log, &world->docket, &rolled_back, &world->fault), SK_OK);
	restart(world);
	*state = world;
	return 0;
}

static inline void tell_org(void *context, const struct sk_org_view *org)
{
	sk_buf_addf(context, "org %s %s %d %d %d %lld\n", org->id, org->title, org->kind, org->member, org->host, (long long)org->from_ns);
}

static inline void tell_account(void *context, const struct sk_account_view *account)
{
	sk_buf_addf(context, "account %s %s %s %llx %lld %lld", account->id, account->title, account->org, (unsigned long long)account->roles, (long long)account->from_ns, (long long)account->until_ns);
	for (size_t i = 0; i < account->key_count; i++)
		sk_buf_addf(context, " %08x %lld %lld", account->keys[i].key->id, (long long)account->keys[i].from_ns, (long long)account->keys[i].until_ns);
	sk_buf_add_text(context, "\n");
}

static inline void tell_lease(void *context, const struct sk_lease_view *lease)
{
	sk_buf_addf(context, "lease %s %s %s %s %s %s %lld %lld %llu\n", lease->id, lease->account, lease->activity, lease->scope, lease->granter, lease->state, (long long)lease->granted_ns,
		    (long long)lease->until_ns, (unsigned long long)lease->uses);
}

/* All that a register says. */
static inline void tell(struct sk_access *access, struct sk_buf *out)
{
	const char *why;
	sk_buf_init(out, 1 << 20);
	sk_access_each_org(access, tell_org, out);
	sk_access_each_account(access, INT64_MAX - 1, tell_account, out);
	sk_access_each_account(access, sk_access_now(access, 0), tell_account, out);
	sk_access_each_lease(access, sk_access_now(access, 0), tell_lease, out);
	sk_buf_addf(out, "%llu void, now %lld\n", (unsigned long long)sk_access_void(access, &why), (long long)sk_access_now(access, 0));
	assert_int_equal(out->failed, SK_OK);
}

/* Whatever a test did: followed act by act, and copied at each, the register says what it says when it is read as a whole; and a copy does not change with its original. */
static inline void followed(struct world *world)
{
	struct sk_access *access, *copy = NULL, *whole;
	struct sk_buf before, after, all;
	size_t size = world->log.committed;
	assert_int_equal(sk_access_begin(&access, &world->fault), SK_OK);
	for (size_t leaf = 1; leaf < size; leaf++) {
		world->log.committed = leaf + 1;
		assert_int_equal(sk_access_copy(access, &copy, &world->fault), SK_OK);
		tell(copy, &before);
		assert_int_equal(sk_access_follow(access, world->docket, leaf, &world->fault), SK_OK);
		tell(copy, &after);
		assert_string_equal(sk_buf_text(&before), sk_buf_text(&after));
		sk_buf_fini(&before);
		sk_buf_fini(&after);
		sk_access_close(copy);
	}
	assert_int_equal(sk_access_open(world->docket, &whole, &world->fault), SK_OK);
	assert_int_equal(sk_access_copy(access, &copy, &world->fault), SK_OK);
	tell(whole, &all);
	tell(copy, &after);
	assert_string_equal(sk_buf_text(&all), sk_buf_text(&after));
	sk_buf_fini(&all);
	sk_buf_fini(&after);
	sk_access_close(whole);
	sk_access_close(copy);
	sk_access_close(access);
}

static inline int world_down(void **state)
{
	struct world *world = *state;
	followed(world);
	char path[80];
	sk_access_close(world->access);
	sk_docket_close(world->docket);
	for (size_t i = 0; i < WHO_COUNT; i++)
		sk_sign_key_free(world->keys[i]);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s%s", world->path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
		(void)unlink(path);
	}
	free(world);
	return 0;
}

#endif
