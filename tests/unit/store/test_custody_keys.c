/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in custody: 10,000 records over 3 days and 2 bases; the right day goes and no other; split keys, oversight's share for a while; keys out of a backup; originals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/share.h"
#include "store/original.h"
#include "store/store.h"
#include "text/text.h"

enum { DAYS = 3, BASES = 2, RECORDS = 10000 };
static const int64_t noon_ns = 1795348800000000000; /* 2026-11-22T12:00:00Z */
static const int64_t day_ns = 86400000000000, hour_ns = 3600000000000;
static const char *const day_names[DAYS] = {"2026-11-22", "2026-11-23", "2026-11-24"};
static const char *const bases[BASES] = {"basis-1", "basis-2"};
static const struct sk_store_filter all = {.class_ = -1};

struct place {
	char folder[64], store[128], keys[128], erased[128];
	const struct sk_verify_key *oversight;
	const struct sk_custodians *custodians;
	int64_t now_ns;
	uint64_t interval;
	struct sk_store *at;
};

static void assert_ok(enum sk_err err, const struct sk_fault *fault)
{
	if (err != SK_OK)
		fail_msg("%d: %s", err, fault->line);
}

static void open_store(struct place *p, const char *basis)
{
	struct sk_fault fault = {0};
	sk_store_close(p->at);
	struct sk_store_options options = {.folder = p->store, .keys_folder = p->keys, .erased_folder = p->erased, .basis_id = basis, .oversight = p->oversight,
					   .custodians = p->custodians, .now_ns = p->now_ns};
	assert_ok(sk_store_open(&options, &p->at, &fault), &fault);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	strcpy(p->folder, "/tmp/sk-custody-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->store, sizeof p->store, "%s/store", p->folder);
	(void)snprintf(p->keys, sizeof p->keys, "%s/keys", p->folder);
	(void)snprintf(p->erased, sizeof p->erased, "%s/erased", p->folder);
	assert_int_equal(mkdir(p->erased, 0700), 0);
	*state = p;
	return 0;
}

/* A command in the place's folder. */
static void shell(const struct place *p, const char *words)
{
	char command[1024];
	(void)snprintf(command, sizeof command, "cd '%s' && %s", p->folder, words);
	assert_int_equal(system(command), 0);
}

static int tear_down(void **state)
{
	struct place *p = *state;
	sk_store_close(p->at);
	shell(p, "rm -rf \"$PWD\"");
	free(p);
	return 0;
}

static struct sk_observation record_at(int64_t first_ns, unsigned number, uint8_t kind)
{
	struct sk_observation o;
	char text[32];
	memset(&o, 0, sizeof o);
	o.kind = kind;
	o.class_ = SK_CLASS_DF;
	o.ip_proto = 6;
	o.layers = 1;
	(void)snprintf(text, sizeof text, "10.%u.%u.7", number / 256, number % 256);
	assert_int_equal(sk_addr_parse(text, &o.initiator), SK_OK);
	assert_int_equal(sk_addr_parse("198.51.100.77", &o.responder), SK_OK);
	o.first_ns = first_ns;
	o.last_ns = first_ns + 1000;
	o.packets[0] = o.frames = 1;
	if (kind == SK_OBSERVATION_HIT) {
		o.sections = SK_SECTION_HITS;
		o.hit_count = 1;
		o.hit_kinds[0] = 2;
		strcpy(o.matched, "bad.example");
	}
	return o;
}

static void fill(struct place *p, const char *basis, unsigned records)
{
	static const uint8_t run_id[16] = "run one";
	struct sk_fault fault = {0};
	uint8_t digest[SK_HASH_BYTES];
	open_store(p, basis);
	assert_ok(sk_store_begin(p->at, p->interval++, run_id, &fault), &fault);
	for (unsigned i = 0; i < records; i++) {
		struct sk_observation o = record_at(noon_ns + i % DAYS * day_ns, i, i % 2 == 0 ? SK_OBSERVATION_HIT : SK_OBSERVATION_FLOW);
		assert_ok(sk_store_put(p->at, &o, NULL, &fault), &fault);
	}
	assert_ok(sk_store_commit(p->at, digest, &fault), &fault);
}

struct seen {
	uint64_t count, by_day[DAYS];
};

static enum sk_err see(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct seen *seen = context;
	(void)id, (void)interval;
	seen->count++;
	seen->by_day[(o->first_ns - noon_ns) / day_ns]++;
	return SK_OK;
}

/* Hits and flows together, with what is left out. */
static struct seen look(struct place *p, struct sk_store_unread *unread)
{
	struct seen seen = {0};
	struct sk_fault fault = {0};
	struct sk_store_unread ignored;
	sk_store_unread(p->at, &ignored);
	assert_ok(sk_store_observations(p->at, &all, see, &seen, NULL, &fault), &fault);
	assert_ok(sk_store_flows(p->at, &all, see, &seen, NULL, &fault), &fault);
	sk_store_unread(p->at, unread);
	return seen;
}

static bool mark_gone(const struct place *p, const char *basis, const char *day)
{
	uint8_t(*ids)[SK_KEY_ID_BYTES];
	size_t count;
	struct sk_fault fault = {0};
	if (sk_store_day_keys(p->at, basis, day, &ids, &count, &fault) != SK_OK)
		return false;
	for (size_t i = 0; i < count; i++) {
		char hex[2 * SK_KEY_ID_BYTES + 1], path[256];
		sk_hex_encode(ids[i], SK_KEY_ID_BYTES, hex);
		(void)snprintf(path, sizeof path, "%s/%s.gone", p->erased, hex);
		assert_ok(sk_file_replace(path, "x\n", 2, 0600, &fault), &fault);
	}
	free(ids);
	return true;
}

/* ---- which day ---- */

static enum sk_err count_days(void *context, const struct sk_store_day *day)
{
	struct sk_store_day *days = context;
	while (days->basis[0] != '\0')
		days++;
	*days = *day;
	return SK_OK;
}

static void the_right_day_goes_and_no_other(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_store_unread unread;
	struct sk_store_day days[DAYS * BASES + 1] = {0};
	uint64_t files;
	uint8_t before[SK_HASH_BYTES], after[SK_HASH_BYTES];
	for (unsigned b = 0; b < BASES; b++)
		fill(p, bases[b], RECORDS / BASES);
	assert_ok(sk_store_digest(p->at, 0, before, &fault), &fault);
	assert_ok(sk_store_days(p->at, count_days, days, &fault), &fault);
	uint64_t sum = 0, target = 0;
	for (unsigned i = 0; i < DAYS * BASES; i++) {
		assert_string_equal(days[i].day, day_names[i / BASES]);
		assert_string_equal(days[i].basis, bases[i % BASES]);
		assert_int_equal(days[i].whole, 1);
		assert_int_equal(days[i].keys, 1);
		assert_int_equal(days[i].intervals, 1);
		sum += days[i].observations + days[i].flows;
		if (i == 2)
			target = days[i].observations + days[i].flows;
	}
	assert_int_equal(sum, RECORDS);
	assert_string_equal(days[DAYS * BASES].basis, "");
	struct seen whole = look(p, &unread);
	assert_int_equal(whole.count, RECORDS);
	assert_int_equal(unread.erased, 0);
	/* The second day of the first basis; nothing goes that is not on record. */
	assert_ok(sk_store_destroy_day(p->at, "basis-1", day_names[1], &files, &fault), &fault);
	assert_int_equal(files, 0);
	assert_int_equal(look(p, &unread).count, RECORDS);
	assert_true(mark_gone(p, "basis-1", day_names[1]));
	assert_ok(sk_store_destroy_day(p->at, "basis-1", day_names[1], &files, &fault), &fault);
	assert_int_equal(files, 1);
	struct seen left = look(p, &unread);
	assert_int_equal(left.count, RECORDS - target);
	assert_int_equal(left.by_day[0], whole.by_day[0]);
	assert_int_equal(left.by_day[1], whole.by_day[1] - target);
	assert_int_equal(left.by_day[2], whole.by_day[2]);
	assert_int_equal(unread.erased, target);
	/* An erasure is no tampering: the ledger's digest still holds. */
	assert_ok(sk_store_digest(p->at, 0, after, &fault), &fault);
	assert_memory_equal(before, after, sizeof before);
}

/* ---- split keys ---- */

/* rule: CUSTODY-1 */
static void oversights_share_is_needed_and_open_for_a_while(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_store_unread unread;
	struct sk_sign_key *oversight, *other;
	uint64_t closed;
	unsigned opened;
	assert_int_equal(sk_sign_key_new("oversight", &oversight), SK_OK);
	assert_int_equal(sk_sign_key_new("someone", &other), SK_OK);
	p->oversight = sk_sign_key_public(oversight);
	p->now_ns = noon_ns;
	fill(p, "basis-1", 300);
	/* The process that makes a key may read what it wrote; the next one may not. */
	assert_int_equal(look(p, &unread).count, 300);
	open_store(p, "basis-1");
	assert_int_equal(look(p, &unread).count, 0);
	assert_int_equal(unread.locked, 300);
	assert_int_equal(unread.erased, 0);
	/* No key lies whole, anywhere. */
	shell(p, "test -z \"$(find keys/basis-1 -name '2026*.key')\" && test \"$(ls keys/basis-1 | grep -c 'split$')\" = 3");
	/* Another's key opens nothing. */
	assert_int_equal(sk_store_open_shares(p->at, "basis-1", day_names[0], other, noon_ns, noon_ns + hour_ns, &opened, &fault), SK_ESIGNATURE);
	assert_ok(sk_store_open_shares(p->at, "basis-1", day_names[0], oversight, noon_ns, noon_ns + hour_ns, &opened, &fault), &fault);
	assert_int_equal(opened, 1);
	struct seen seen = look(p, &unread);
	assert_int_equal(seen.count, 100);
	assert_int_equal(seen.by_day[0], 100);
	assert_int_equal(unread.locked, 200);
	/* Before and behind its hour it is shut; a clock turned back opens nothing. */
	static const int64_t when_ns[] = {-1, 3600000000000, 86400000000000};
	for (size_t i = 0; i < SK_COUNT(when_ns); i++) {
		p->now_ns = noon_ns + when_ns[i];
		open_store(p, "basis-1");
		assert_int_equal(look(p, &unread).count, 0);
		assert_int_equal(unread.locked, 300);
	}
	p->now_ns = noon_ns + 1;
	open_store(p, "basis-1");
	assert_int_equal(look(p, &unread).count, 100);
	assert_ok(sk_store_close_shares(p->at, "basis-1", day_names[0], &closed, &fault), &fault);
	assert_int_equal(closed, 1);
	assert_int_equal(look(p, &unread).count, 0);
	/* Sabotage: a share that was exchanged for the other's of another day gives no key. */
	assert_ok(sk_store_open_shares(p->at, "basis-1", day_names[0], oversight, noon_ns, noon_ns + hour_ns, &opened, &fault), &fault);
	assert_ok(sk_store_open_shares(p->at, "basis-1", day_names[1], oversight, noon_ns, noon_ns + hour_ns, &opened, &fault), &fault);
	shell(p, "cd keys/basis-1 && cp 2026-11-22.*.opened saved && cp 2026-11-23.*.opened \"$(ls 2026-11-22.*.opened)\" && rm saved");
	struct seen none = {0};
	assert_int_equal(sk_store_observations(p->at, &all, see, &none, NULL, &fault), SK_EMALFORMED);
	/* A split day is erased with all its shares. */
	assert_true(mark_gone(p, "basis-1", day_names[0]));
	assert_ok(sk_store_destroy_day(p->at, "basis-1", day_names[0], &closed, &fault), &fault);
	assert_int_equal(closed, 2);
	assert_int_equal(look(p, &unread).count, 100);
	assert_int_equal(unread.erased, 100);
	assert_int_equal(unread.locked, 100);
	sk_sign_key_free(oversight);
	sk_sign_key_free(other);
}

/* ---- backups ---- */

static void a_restored_backup_brings_nothing_back(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_store_unread unread;
	uint64_t files;
	fill(p, "basis-1", 300);
	sk_store_close(p->at);
	p->at = NULL;
	shell(p, "cp -a store store.backup && cp -a keys keys.backup");
	open_store(p, "basis-1");
	assert_true(mark_gone(p, "basis-1", day_names[1]));
	assert_ok(sk_store_destroy_day(p->at, "basis-1", day_names[1], &files, &fault), &fault);
	/* The database folder comes back: the key does not. */
	sk_store_close(p->at);
	p->at = NULL;
	shell(p, "rm -rf store && cp -a store.backup store");
	open_store(p, "basis-1");
	assert_int_equal(look(p, &unread).by_day[1], 0);
	assert_int_equal(unread.erased, 100);
	assert_int_equal(unread.refused_keys, 0);
	/* The folder of keys comes back too: the key is there, and refused. */
	sk_store_close(p->at);
	p->at = NULL;
	shell(p, "rm -rf keys && cp -a keys.backup keys");
	open_store(p, "basis-1");
	struct seen seen = look(p, &unread);
	assert_int_equal(seen.count, 200);
	assert_int_equal(seen.by_day[1], 0);
	assert_int_equal(unread.erased, 100);
	assert_true(unread.refused_keys != 0);
	struct sk_store_day days[DAYS + 1] = {0};
	assert_ok(sk_store_days(p->at, count_days, days, &fault), &fault);
	assert_int_equal(days[1].returned, 1);
	assert_int_equal(days[1].whole, 0);
	/* Nothing is sealed under it again: the day gets another key, and what was erased stays so. */
	fill(p, "basis-1", 3);
	seen = look(p, &unread);
	assert_int_equal(seen.count, 203);
	assert_int_equal(seen.by_day[1], 1);
	assert_int_equal(unread.erased, 100);
	/* Sabotage: without the record of the destruction the restored key reads again. */
	sk_store_close(p->at);
	p->at = NULL;
	shell(p, "rm -rf keys && cp -a keys.backup keys && rm erased/*.gone");
	open_store(p, "basis-1");
	assert_int_equal(look(p, &unread).by_day[1], 100);
}

static void a_key_that_is_in_use_when_its_day_is_erased_is_dropped(void **state)
{
	struct place *p = *state;
	static const uint8_t run_id[16] = "run one";
	struct sk_fault fault = {0};
	struct sk_store_unread unread;
	uint8_t digest[SK_HASH_BYTES];
	struct sk_observation o = record_at(noon_ns, 1, SK_OBSERVATION_HIT);
	fill(p, "basis-1", 30);
	/* As another process does it, while this store holds the key. */
	assert_true(mark_gone(p, "basis-1", day_names[0]));
	shell(p, "rm keys/basis-1/2026-11-22.key");
	assert_ok(sk_store_begin(p->at, p->interval++, run_id, &fault), &fault);
	assert_ok(sk_store_put(p->at, &o, NULL, &fault), &fault);
	assert_ok(sk_store_commit(p->at, digest, &fault), &fault);
	struct seen seen = look(p, &unread);
	assert_int_equal(seen.by_day[0], 1);
	assert_int_equal(unread.erased, 10);
}

/* No sequence of operations makes an erased blob readable. */
static void nothing_brings_an_erased_record_back(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_store_unread unread;
	uint64_t files, gone[DAYS] = {0};
	unsigned seed = 20261130, erased = 0;
	srandom(seed);
	fill(p, "basis-1", 30);
	sk_store_close(p->at);
	p->at = NULL;
	shell(p, "mkdir -p backups && cp -a keys backups/keys.0");
	unsigned backups = 1;
	uint64_t total = 30;
	for (unsigned step = 0; step < 150; step++) {
		open_store(p, "basis-1");
		unsigned day = (unsigned)random() % DAYS;
		char command[512];
		switch (random() % 5) {
		case 0:
			fill(p, "basis-1", 3);
			total += 3;
			break;
		case 1: {
			struct sk_store_day days[DAYS + 1] = {0};
			assert_ok(sk_store_days(p->at, count_days, days, &fault), &fault);
			if (!mark_gone(p, "basis-1", day_names[day]))
				break;
			assert_ok(sk_store_destroy_day(p->at, "basis-1", day_names[day], &files, &fault), &fault);
			gone[day] = days[day].observations + days[day].flows;
			erased++;
			break;
		}
		case 2:
			(void)snprintf(command, sizeof command, "cp -a '%s/keys' '%s/backups/keys.%u'", p->folder, p->folder, backups++);
			assert_int_equal(system(command), 0);
			break;
		case 3:
			/* A backup of the keys is laid over what is there. */
			(void)snprintf(command, sizeof command, "cp -a '%s/backups/keys.%u/.' '%s/keys/'", p->folder, (unsigned)random() % backups, p->folder);
			sk_store_close(p->at);
			p->at = NULL;
			assert_int_equal(system(command), 0);
			break;
		default: break;
		}
		open_store(p, "basis-1");
		struct seen seen = look(p, &unread);
		for (unsigned i = 0; i < DAYS; i++)
			assert_true(seen.by_day[i] <= total / DAYS - gone[i]);
		assert_int_equal(seen.count + unread.erased, total);
	}
	assert_true(erased > 5);
}

/* ---- originals ---- */

struct envelope {
	unsigned count;
	uint8_t bytes[SK_ENVELOPE_MAX];
	size_t length;
};

static enum sk_err take_envelope(void *context, const uint8_t tag[SK_TAG_BYTES], const uint8_t *bytes, size_t length)
{
	struct envelope *envelope = context;
	(void)tag;
	envelope->count++;
	memcpy(envelope->bytes, bytes, length);
	envelope->length = length;
	return SK_OK;
}

/* rule: CUSTODY-5 */
static void originals_open_for_m_of_n_with_a_privacy_officer(void **state)
{
	enum { PEOPLE = 4 };
	struct place *p = *state;
	static const uint8_t run_id[16] = "run one";
	struct sk_sign_key *people[PEOPLE], *stranger;
	struct sk_custodians custodians = {.count = PEOPLE, .needed = 2, .privacy = {false, true, false, false}};
	struct sk_original original = {.token = "240.1.2.3", .value = "10.0.0.77", .tag = {1}, .time_ns = noon_ns}, twin = {.token = "240.1.2.3", .value = "10.0.0.99", .tag = {2}, .time_ns = noon_ns};
	struct sk_original_part parts[PEOPLE], one;
	struct sk_fault fault = {0};
	uint8_t digest[SK_HASH_BYTES], again[SK_HASH_BYTES];
	char value[SK_ORIGINAL_MAX];
	uint64_t files;
	for (unsigned i = 0; i < PEOPLE; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "officer-%u", i);
		assert_int_equal(sk_sign_key_new(name, &people[i]), SK_OK);
		custodians.keys[i] = *sk_sign_key_public(people[i]);
	}
	assert_int_equal(sk_sign_key_new("stranger", &stranger), SK_OK);
	assert_ok(sk_custodians_check(&custodians, 2, &fault), &fault);
	p->custodians = &custodians;
	open_store(p, "basis-1");
	assert_ok(sk_store_begin(p->at, 0, run_id, &fault), &fault);
	for (unsigned i = 0; i < 3; i++)
		assert_ok(sk_store_put_original(p->at, &original, &fault), &fault);
	assert_ok(sk_store_commit(p->at, digest, &fault), &fault);
	assert_ok(sk_store_digest(p->at, 0, again, &fault), &fault);
	assert_memory_equal(digest, again, sizeof digest);
	struct envelope envelope = {0};
	assert_ok(sk_store_originals(p->at, noon_ns, "240.1.2.3", take_envelope, &envelope, &fault), &fault);
	assert_int_equal(envelope.count, 1);
	assert_int_equal(sk_store_originals(p->at, noon_ns, "240.1.2.4", take_envelope, &envelope, &fault), SK_ENOENT);
	for (unsigned i = 0; i < PEOPLE; i++)
		assert_ok(sk_original_part(envelope.bytes, envelope.length, people[i], &parts[i], &fault), &fault);
	assert_int_equal(sk_original_part(envelope.bytes, envelope.length, stranger, &one, &fault), SK_ENOENT);
	/* Every subset: two or more, with the privacy officer, and no other. */
	for (unsigned subset = 0; subset < 1u << PEOPLE; subset++) {
		struct sk_original_part some[PEOPLE];
		unsigned count = 0;
		for (unsigned i = 0; i < PEOPLE; i++)
			if ((subset >> i & 1) != 0)
				some[count++] = parts[i];
		bool may = count >= 2 && (subset & 2) != 0;
		enum sk_err err = sk_original_open(envelope.bytes, envelope.length, some, count, value, &fault);
		assert_int_equal(err, may ? SK_OK : SK_EREIDENT);
		if (may)
			assert_string_equal(value, "10.0.0.77");
	}
	/* One part twice is one person. */
	struct sk_original_part twice[2] = {parts[1], parts[1]};
	assert_int_equal(sk_original_open(envelope.bytes, envelope.length, twice, 2, value, &fault), SK_EREIDENT);
	/* Two hosts that met in one token: both are told, rather than one of them wrongly. */
	assert_ok(sk_store_begin(p->at, 1, run_id, &fault), &fault);
	assert_ok(sk_store_put_original(p->at, &twin, &fault), &fault);
	assert_ok(sk_store_commit(p->at, digest, &fault), &fault);
	envelope.count = 0;
	assert_ok(sk_store_originals(p->at, noon_ns, "240.1.2.3", take_envelope, &envelope, &fault), &fault);
	assert_int_equal(envelope.count, 2);
	/* No file has it in clear; and it goes with its day. */
	shell(p, "! grep -rqa '10\\.0\\.0\\.77' .");
	assert_true(mark_gone(p, "basis-1", day_names[0]));
	assert_ok(sk_store_destroy_day(p->at, "basis-1", day_names[0], &files, &fault), &fault);
	assert_int_equal(sk_store_originals(p->at, noon_ns, "240.1.2.3", take_envelope, &envelope, &fault), SK_EERASED);
	for (unsigned i = 0; i < PEOPLE; i++)
		sk_sign_key_free(people[i]);
	sk_sign_key_free(stranger);
}

static void custodians_must_be_several_people(void **state)
{
	struct sk_custodians custodians = {.count = 2, .needed = 2, .privacy = {true}};
	struct sk_sign_key *a, *b;
	struct sk_fault fault;
	(void)state;
	assert_int_equal(sk_sign_key_new("a", &a), SK_OK);
	assert_int_equal(sk_sign_key_new("b", &b), SK_OK);
	custodians.keys[0] = *sk_sign_key_public(a);
	custodians.keys[1] = *sk_sign_key_public(b);
	assert_int_equal(sk_custodians_check(&custodians, 2, &fault), SK_OK);
	struct sk_custodians bad = custodians;
	bad.needed = 1;
	assert_int_equal(sk_custodians_check(&bad, 2, &fault), SK_EUSAGE);
	bad.needed = 3;
	assert_int_equal(sk_custodians_check(&bad, 2, &fault), SK_EUSAGE);
	bad = custodians;
	bad.privacy[0] = false;
	assert_int_equal(sk_custodians_check(&bad, 2, &fault), SK_EUSAGE);
	bad = custodians;
	bad.keys[1] = custodians.keys[0]; /* one person with two names would do as well */
	strcpy(bad.keys[1].name, "b");
	assert_int_equal(sk_custodians_check(&bad, 2, &fault), SK_EUSAGE);
	sk_verify_key_as_witness(sk_sign_key_public(b), &bad.keys[1]);
	assert_int_equal(sk_custodians_check(&bad, 2, &fault), SK_EUSAGE);
	sk_sign_key_free(a);
	sk_sign_key_free(b);
}

#define CUSTODY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CUSTODY_TEST(the_right_day_goes_and_no_other), CUSTODY_TEST(oversights_share_is_needed_and_open_for_a_while), CUSTODY_TEST(a_restored_backup_brings_nothing_back),
		CUSTODY_TEST(a_key_that_is_in_use_when_its_day_is_erased_is_dropped), CUSTODY_TEST(nothing_brings_an_erased_record_back),
		CUSTODY_TEST(originals_open_for_m_of_n_with_a_privacy_officer), cmocka_unit_test(custodians_must_be_several_people)};
	return sk_seal_start() == SK_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
