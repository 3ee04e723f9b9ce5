/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/store.h"
#include "text/text.h"

enum { FILE_MAX = 256 << 20, IDS_MAX = 64 };
static const int64_t noon_ns = 1795348800000000000; /* 2026-11-22T12:00:00Z */
static const int64_t day_ns = 86400000000000;
static const uint8_t run_id[16] = "run one";

struct place {
	char folder[64], store[128], keys[128], db[160];
	struct sk_store *at;
};

static void assert_ok(enum sk_err err, const struct sk_fault *fault)
{
	if (err != SK_OK)
		fail_msg("%d: %s", err, fault->line);
}

static void open_store(struct place *p, bool read_only)
{
	struct sk_fault fault = {0};
	struct sk_store_options options = {.folder = p->store, .keys_folder = p->keys, .basis_id = "basis-1", .read_only = read_only};
	assert_ok(sk_store_open(&options, &p->at, &fault), &fault);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	strcpy(p->folder, "/tmp/sk-store-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->store, sizeof p->store, "%s/store", p->folder);
	(void)snprintf(p->keys, sizeof p->keys, "%s/keys", p->folder);
	(void)snprintf(p->db, sizeof p->db, "%s/sekisho.db", p->store);
	open_store(p, false);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];
	sk_store_close(p->at);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
	int failed = system(command);
	free(p);
	return failed;
}

static struct sk_addr addr(const char *text)
{
	struct sk_addr out;
	assert_int_equal(sk_addr_parse(text, &out), SK_OK);
	return out;
}

static struct sk_observation flow_at(int64_t first_ns, uint16_t port)
{
	struct sk_observation o;
	memset(&o, 0, sizeof o);
	o.kind = SK_OBSERVATION_FLOW;
	o.class_ = SK_CLASS_FD;
	o.ip_proto = 17;
	o.initiator = addr("192.0.2.1");
	o.responder = addr("198.51.100.77");
	o.initiator_port = port;
	o.responder_port = 53;
	o.layers = 1;
	o.first_ns = first_ns;
	o.last_ns = first_ns + 1000;
	o.packets[0] = o.frames = 1;
	return o;
}

static struct sk_observation hit_at(int64_t first_ns, const char *domain)
{
	struct sk_observation o = flow_at(first_ns, 4000);
	o.kind = SK_OBSERVATION_HIT;
	o.sections = SK_SECTION_HITS | SK_SECTION_DNS | SK_SECTION_TLS | SK_SECTION_CERTIFICATE | SK_SECTION_HTTP | SK_SECTION_SSH;
	o.class_ = SK_CLASS_DF;
	o.app = 1;
	o.hit_count = 1;
	o.hit_ids[0] = 42;
	o.hit_kinds[0] = 2;
	o.dns_queries = 1;
	strcpy(o.matched, "bad.example");
	strcpy(o.dns_domain, domain);
	strcpy(o.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	memset(o.cert_sha1, 0xab, sizeof o.cert_sha1);
	memset(o.cert_sha256, 0xcd, sizeof o.cert_sha256);
	strcpy(o.hassh_server, "00112233445566778899aabbccddeeff");
	strcpy(o.http_host_domain, "host.example");
	return o;
}

static struct sk_finding finding_at(int64_t first_ns, const char *matched, const char *subject)
{
	struct sk_finding f;
	memset(&f, 0, sizeof f);
	f.id[0] = (uint8_t)(first_ns / 1000000000);
	strcpy(f.kind, "indicator.domain");
	f.severity = 2;
	f.confidence_percent = 80;
	f.class_ = SK_CLASS_DF;
	strcpy(f.matched, matched);
	sk_words_set(&f.sentence, "the first words");
	f.subject = addr(subject);
	f.counterpart = addr("203.0.113.9");
	f.first_ns = first_ns;
	f.last_ns = first_ns + 10;
	f.count = 1;
	return f;
}

static void begin(struct place *p, uint64_t interval)
{
	struct sk_fault fault = {0};
	assert_ok(sk_store_begin(p->at, interval, run_id, &fault), &fault);
}

static void put(struct place *p, const struct sk_observation *o)
{
	struct sk_fault fault = {0};
	uint8_t id[16], expected[16];
	assert_ok(sk_store_put(p->at, o, id, &fault), &fault);
	sk_observation_id(o, run_id, expected);
	assert_memory_equal(id, expected, 16);
}

static void put_finding(struct place *p, const struct sk_finding *f)
{
	struct sk_fault fault = {0};
	assert_ok(sk_store_put_finding(p->at, f, &fault), &fault);
}

static void commit(struct place *p, uint8_t digest[SK_HASH_BYTES])
{
	struct sk_fault fault = {0};
	uint8_t unused[SK_HASH_BYTES];
	assert_ok(sk_store_commit(p->at, digest != NULL ? digest : unused, &fault), &fault);
}

/* ---- what a walk saw ---- */

struct seen {
	size_t count;
	struct sk_observation last;
	uint8_t ids[IDS_MAX][16];
	struct sk_finding finding;
	uint64_t interval, erased;
};

static enum sk_err see(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct seen *seen = context;
	if (seen->count < IDS_MAX)
		memcpy(seen->ids[seen->count], id, 16);
	seen->count++;
	seen->interval = interval;
	seen->last = *o;
	return SK_OK;
}

static enum sk_err see_finding(void *context, const struct sk_finding *f)
{
	struct seen *seen = context;
	seen->count++;
	seen->finding = *f;
	return SK_OK;
}

static struct seen observations(struct place *p, struct sk_store_filter filter)
{
	struct seen seen = {0};
	struct sk_fault fault = {0};
	assert_ok(sk_store_observations(p->at, &filter, see, &seen, &seen.erased, &fault), &fault);
	return seen;
}

static struct seen flows(struct place *p, struct sk_store_filter filter)
{
	struct seen seen = {0};
	struct sk_fault fault = {0};
	assert_ok(sk_store_flows(p->at, &filter, see, &seen, &seen.erased, &fault), &fault);
	return seen;
}

static struct seen findings(struct place *p, struct sk_store_filter filter)
{
	struct seen seen = {0};
	struct sk_fault fault = {0};
	assert_ok(sk_store_findings(p->at, &filter, see_finding, &seen, &fault), &fault);
	return seen;
}

static const struct sk_store_filter all = {.class_ = -1};

static struct sk_store_filter by_value(const char *value)
{
	return (struct sk_store_filter){.class_ = -1, .value = value};
}

/* ---- tests ---- */

static void what_goes_in_comes_out(void **state)
{
	struct place *p = *state;
	struct sk_observation hit = hit_at(noon_ns, "www.bad.example"), flow = flow_at(noon_ns, 1000);
	struct sk_finding finding = finding_at(noon_ns, "bad.example", "192.0.2.1");
	begin(p, 0);
	put(p, &hit);
	put(p, &flow);
	put_finding(p, &finding);
	commit(p, NULL);
	for (int round = 0; round < 2; round++) {
		struct seen seen = observations(p, all);
		assert_int_equal(seen.count, 1);
		assert_memory_equal(&seen.last, &hit, sizeof hit);
		seen = flows(p, all);
		assert_int_equal(seen.count, 1);
		assert_memory_equal(&seen.last, &flow, sizeof flow);
		seen = findings(p, all);
		assert_int_equal(seen.count, 1);
		assert_memory_equal(&seen.finding, &finding, sizeof finding);
		/* Again, opened anew and only for reading. */
		sk_store_close(p->at);
		open_store(p, true);
	}
	struct sk_store_totals totals;
	assert_int_equal(sk_store_totals(p->at, &totals, NULL), SK_OK);
	assert_int_equal(totals.observations, 1);
	assert_int_equal(totals.flows, 1);
	assert_int_equal(totals.findings, 1);
	assert_int_equal(totals.intervals, 1);
	assert_true(totals.bytes_on_disk > 4096);
}

static void values_are_found_by_equality(void **state)
{
	struct place *p = *state;
	static const struct {
		const char *value;
		size_t hits, flows, findings;
	} cases[] = {
		{"192.0.2.1", 1, 1, 1},
		{"198.51.100.77", 1, 1, 0},
		{"198.51.100.0/24", 1, 1, 0},
		{"198.51.100.77/32", 1, 1, 0},
		{"198.51.100.78", 0, 0, 0},
		{"203.0.113.9", 0, 0, 1},
		{"bad.example", 1, 0, 1},
		{"BAD.Example.", 1, 0, 1},
		{"www.bad.example", 1, 0, 0},
		{"a.www.bad.example", 0, 0, 0},
		{"ad.example", 0, 0, 0},
		{"example", 0, 0, 0},
		{"t13d1516h2_8daaf6152771_e5627efa2ab1", 1, 0, 0},
		{"abababababababababababababababababababab", 1, 0, 0},
		{"AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB", 1, 0, 0},
		{"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", 1, 0, 0},
		{"00112233445566778899aabbccddeeff", 1, 0, 0},
		{"host.example", 1, 0, 0},
		{"198.51.0.0/16", 0, 0, 0},
		{"2001:db8::/48", 0, 0, 0},
	};
	struct sk_observation hit = hit_at(noon_ns, "www.bad.example"), flow = flow_at(noon_ns, 1000);
	struct sk_finding finding = finding_at(noon_ns, "bad.example", "192.0.2.1");
	begin(p, 7);
	put(p, &hit);
	put(p, &flow);
	put_finding(p, &finding);
	commit(p, NULL);
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct seen hits = observations(p, by_value(cases[i].value)), all_flows = flows(p, by_value(cases[i].value)),
			    found = findings(p, by_value(cases[i].value));
		if (hits.count != cases[i].hits || all_flows.count != cases[i].flows || found.count != cases[i].findings)
			fail_msg("%s: %zu %zu %zu", cases[i].value, hits.count, all_flows.count, found.count);
	}
	struct sk_fault fault;
	struct sk_store_filter empty = by_value("");
	assert_int_equal(sk_store_observations(p->at, &empty, see, NULL, NULL, &fault), SK_EUSAGE);
}

/* A plain flow that began before 1970, as only a broken clock tells: it is in the block of the first day, and does not spoil it for others. */
static void before_1970_comes_back(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	const int64_t firsts_ns[] = {1000, -5, 2000};
	begin(p, 0);
	for (size_t i = 0; i < SK_COUNT(firsts_ns); i++) {
		struct sk_observation o = flow_at(firsts_ns[i], 4000);
		o.last_ns = o.first_ns;
		assert_ok(sk_store_put_flow(p->at, &o.history, &fault), &fault);
	}
	commit(p, NULL);
	assert_int_equal(flows(p, all).count, 3);
}

static void filters_narrow(void **state)
{
	struct place *p = *state;
	begin(p, 0);
	for (int i = 0; i < 10; i++) {
		struct sk_observation hit = hit_at(noon_ns + (9 - i) * (day_ns / 4), "bad.example"), flow = flow_at(noon_ns + i * (day_ns / 4), 1);
		put(p, &hit);
		put(p, &flow);
	}
	commit(p, NULL);
	assert_int_equal(observations(p, all).count, 10);
	struct sk_store_filter filter = all;
	filter.since_ns = noon_ns + day_ns;
	assert_int_equal(observations(p, filter).count, 6);
	assert_int_equal(flows(p, filter).count, 6);
	filter.until_ns = noon_ns + day_ns + 1;
	assert_int_equal(observations(p, filter).count, 1);
	assert_int_equal(flows(p, filter).count, 1);
	filter = all;
	filter.limit = 3;
	struct seen first = observations(p, filter);
	assert_int_equal(first.count, 3);
	/* In the order of time, not of arrival. */
	assert_true(first.last.first_ns == noon_ns + 2 * (day_ns / 4));
	filter = all;
	filter.class_ = SK_CLASS_DF;
	assert_int_equal(observations(p, filter).count, 10);
	assert_int_equal(flows(p, filter).count, 0);
	filter = all;
	filter.kind = "domain";
	assert_int_equal(observations(p, filter).count, 10);
	assert_int_equal(flows(p, filter).count, 0);
	filter.kind = "udp";
	assert_int_equal(flows(p, filter).count, 10);
	filter.kind = "tls";
	assert_int_equal(observations(p, filter).count, 0);
	filter = all;
	filter.after = 8;
	assert_int_equal(observations(p, filter).count, 2);
}

enum { PAGED = 200 };
struct paged {
	struct place *p;
	size_t count;
	uint8_t ids[PAGED + 50][16];
	struct sk_store_place last;
};

static enum sk_err see_paged(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	struct paged *paged = context;
	(void)interval, (void)o;
	assert_true(paged->count < SK_COUNT(paged->ids));
	memcpy(paged->ids[paged->count++], id, 16);
	sk_store_place(paged->p->at, &paged->last);
	return SK_OK;
}

static void page_through(struct place *p, struct sk_store_filter filter, uint64_t page, struct paged *out)
{
	struct sk_fault fault = {0};
	struct sk_store_place behind;
	memset(out, 0, sizeof *out);
	out->p = p;
	filter.limit = page;
	for (size_t before = 1; out->count != before;) {
		before = out->count;
		assert_ok(sk_store_observations(p->at, &filter, see_paged, out, NULL, &fault), &fault);
		behind = out->last;
		filter.behind = &behind;
		assert_true(page == 0 || out->count <= before + page);
		if (page == 0)
			break;
	}
}

/* Pages of any size, put together, are the whole, in its order: over hours, days and keys, in the order of time and not of arrival, whatever is asked for. */
static void pages_are_the_whole(void **state)
{
	struct place *p = *state;
	uint64_t seed = 5;
	struct sk_store_filter filters[] = {all, all, all, by_value("bad.example")};
	filters[1].since_ns = noon_ns + day_ns;
	filters[1].until_ns = noon_ns + 2 * day_ns;
	filters[2].kind = "domain";
	for (uint64_t interval = 0; interval < 4; interval++) {
		begin(p, interval);
		for (int i = 0; i < PAGED / 4; i++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			struct sk_observation hit = hit_at(noon_ns + (int64_t)(seed >> 2) % (4 * day_ns), seed >> 61 & 1 ? "bad.example" : "worse.example");
			put(p, &hit);
		}
		commit(p, NULL);
	}
	static struct paged whole, pages;
	for (size_t f = 0; f < SK_COUNT(filters); f++) {
		page_through(p, filters[f], 0, &whole);
		assert_true(whole.count > 20 && (f != 0 || whole.count == PAGED));
		static const uint64_t sizes[] = {1, 2, 7, 50, PAGED - 1, PAGED, PAGED + 1};
		for (size_t s = 0; s < SK_COUNT(sizes); s++) {
			page_through(p, filters[f], sizes[s], &pages);
			assert_int_equal(pages.count, whole.count);
			assert_memory_equal(pages.ids, whole.ids, sizeof whole.ids);
		}
	}
	/* What comes meanwhile into an hour that was shown is not shown again, and shifts nothing. */
	struct sk_store_filter first = all;
	struct sk_fault fault = {0};
	memset(&pages, 0, sizeof pages);
	pages.p = p;
	first.limit = PAGED / 2;
	assert_ok(sk_store_observations(p->at, &first, see_paged, &pages, NULL, &fault), &fault);
	const struct sk_store_place behind = pages.last;
	begin(p, 4);
	struct sk_observation early = hit_at(noon_ns, "bad.example");
	put(p, &early);
	commit(p, NULL);
	page_through(p, all, 0, &whole);
	assert_int_equal(whole.count, PAGED + 1);
	first.limit = 0;
	first.behind = &behind;
	assert_ok(sk_store_observations(p->at, &first, see_paged, &pages, NULL, &fault), &fault);
	assert_int_equal(pages.count, PAGED);
	/* A key that is not there any more: the days behind its own. */
	const struct sk_store_place nowhere = {.key = 999999, .hour = (noon_ns + day_ns) / INT64_C(3600000000000), .row = 1};
	first.behind = &nowhere;
	struct seen after = observations(p, first);
	assert_true(after.count > 20 && after.count < PAGED / 2 + 40);
}

static void findings_fold_within_and_across_intervals(void **state)
{
	struct place *p = *state;
	uint8_t before[SK_HASH_BYTES], again[SK_HASH_BYTES];
	for (uint64_t interval = 0; interval < 3; interval++) {
		begin(p, interval);
		for (int i = 0; i < 5; i++) {
			struct sk_finding f = finding_at(noon_ns + (int64_t)interval * day_ns + i * INT64_C(1000000000), "bad.example", "192.0.2.1");
			put_finding(p, &f);
			f = finding_at(noon_ns + (int64_t)interval * day_ns + i * INT64_C(1000000000), "bad.example", "192.0.2.2");
			put_finding(p, &f);
		}
		commit(p, interval == 0 ? before : NULL);
	}
	struct seen seen = findings(p, all);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.finding.count, 15);
	assert_true(seen.finding.first_ns == noon_ns && seen.finding.last_ns == noon_ns + 2 * day_ns + 4000000010);
	/* A later fold left the committed interval as it was. */
	assert_int_equal(sk_store_digest(p->at, 0, again, NULL), SK_OK);
	assert_memory_equal(before, again, SK_HASH_BYTES);
	struct sk_store_filter filter = all;
	filter.limit = 1;
	assert_int_equal(findings(p, filter).count, 1);
	struct sk_store_totals totals;
	assert_int_equal(sk_store_totals(p->at, &totals, NULL), SK_OK);
	assert_int_equal(totals.findings, 6);
}

static void many_findings_overflow_the_fold(void **state)
{
	struct place *p = *state;
	begin(p, 0);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1500; i++) {
			char name[32];
			(void)snprintf(name, sizeof name, "n%d.example", i);
			struct sk_finding f = finding_at(noon_ns, name, "192.0.2.1");
			put_finding(p, &f);
		}
	commit(p, NULL);
	struct seen seen = findings(p, all);
	assert_int_equal(seen.count, 1500);
	assert_int_equal(seen.finding.count, 2);
}

static void flows_fill_many_blocks_and_days(void **state)
{
	struct place *p = *state;
	enum { FLOWS = 12345 };
	begin(p, 3);
	for (int i = 0; i < FLOWS; i++) {
		/* Two days at once, as around midnight, and one address that is in one flow alone. */
		struct sk_observation flow = flow_at(noon_ns + (i % 2) * day_ns + i, (uint16_t)i);
		if (i == 7777)
			flow.responder = addr("203.0.113.200");
		put(p, &flow);
	}
	commit(p, NULL);
	assert_int_equal(flows(p, all).count, FLOWS);
	assert_int_equal(flows(p, by_value("192.0.2.1")).count, FLOWS);
	struct seen one = flows(p, by_value("203.0.113.200"));
	assert_int_equal(one.count, 1);
	assert_int_equal(one.last.initiator_port, 7777);
	assert_int_equal(one.interval, 3);
	uint8_t digest[SK_HASH_BYTES];
	assert_int_equal(sk_store_digest(p->at, 3, digest, NULL), SK_OK);
}

static void strange_times_have_a_place(void **state)
{
	struct place *p = *state;
	static const int64_t times[] = {INT64_MIN, -1, 0, 4294967295000000000, INT64_MAX - 2000};
	begin(p, 0);
	for (size_t i = 0; i < SK_COUNT(times); i++) {
		struct sk_observation hit = hit_at(times[i], "bad.example"), flow = flow_at(times[i], 1);
		put(p, &hit);
		put(p, &flow);
	}
	commit(p, NULL);
	assert_int_equal(observations(p, all).count, 5);
	assert_int_equal(flows(p, all).count, 5);
	assert_int_equal(observations(p, by_value("bad.example")).count, 5);
}

static void an_interval_is_whole_or_absent(void **state)
{
	struct place *p = *state;
	struct sk_fault fault;
	struct sk_observation hit = hit_at(noon_ns, "bad.example"), flow = flow_at(noon_ns, 1);
	begin(p, 0);
	put(p, &hit);
	commit(p, NULL);
	/* Closed while open: as after a crash. */
	begin(p, 1);
	for (int i = 0; i < 2500; i++)
		put(p, &flow);
	put(p, &hit);
	sk_store_close(p->at);
	open_store(p, false);
	assert_int_equal(observations(p, all).count, 1);
	assert_int_equal(flows(p, all).count, 0);
	assert_int_equal(sk_store_begin(p->at, 0, run_id, &fault), SK_EEXIST);
	/* Committed in the store, but the ledger never got the leaf. */
	uint8_t digest[SK_HASH_BYTES];
	begin(p, 1);
	put(p, &hit);
	put(p, &flow);
	commit(p, NULL);
	uint64_t rows = 99;
	assert_int_equal(sk_store_roll_back(p->at, 0, false, &rows, &fault), SK_OK);
	assert_int_equal(rows, 2);
	assert_int_equal(observations(p, all).count, 1);
	assert_int_equal(flows(p, all).count, 0);
	assert_int_equal(observations(p, by_value("bad.example")).count, 1);
	assert_int_equal(sk_store_digest(p->at, 1, digest, &fault), SK_ENOENT);
	begin(p, 1);
	put(p, &flow);
	commit(p, NULL);
	assert_int_equal(flows(p, all).count, 1);
	assert_int_equal(sk_store_roll_back(p->at, 0, true, &rows, &fault), SK_OK);
	assert_int_equal(rows, 2);
	assert_int_equal(observations(p, all).count, 0);
	/* Also the index is empty: nothing of it stayed behind. */
	sqlite3 *db;
	sqlite3_stmt *count;
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM blind", -1, &count, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(count), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(count, 0), 0);
	(void)sqlite3_finalize(count);
	(void)sqlite3_close(db);
}

/* One interval with one hit and two flows of an input, by a run. */
static void watch_once(struct place *p, uint64_t interval, const uint8_t run[16], const uint8_t *asked)
{
	struct sk_observation hit = hit_at(noon_ns, "bad.example"), flow = flow_at(noon_ns, 1);
	struct sk_fault fault;
	assert_int_equal(sk_store_begin(p->at, interval, run, &fault), SK_OK);
	sk_store_set_input(p->at, asked);
	uint8_t id[16];
	assert_int_equal(sk_store_put(p->at, &hit, id, &fault), SK_OK);
	assert_int_equal(sk_store_put(p->at, &flow, id, &fault), SK_OK);
	assert_int_equal(sk_store_put(p->at, &flow, id, &fault), SK_OK);
	commit(p, NULL);
}

static enum sk_err add_one(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *observation)
{
	(void)id;
	(void)interval;
	(void)observation;
	(*(int *)context)++;
	return SK_OK;
}

/* Observations, or flows, that are shown. */
static int shown(struct place *p, bool of_flows)
{
	struct sk_store_filter filter = {.class_ = -1};
	struct sk_fault fault;
	int count = 0;
	assert_int_equal((of_flows ? sk_store_flows : sk_store_observations)(p->at, &filter, add_one, &count, NULL, &fault), SK_OK);
	return count;
}

/* An input counts once: a complete run stands, of incomplete ones the latest; without identity each counts. */
static void an_input_counts_once(void **state)
{
	struct place *p = *state;
	static const uint8_t asked[SK_HASH_BYTES] = {7}, other[SK_HASH_BYTES] = {8}, extra[1][SK_HASH_BYTES] = {{9}},
			     runs[5][16] = {{1}, {2}, {3}, {4}, {5}};
	struct sk_fault fault;
	bool seen;
	watch_once(p, 0, runs[0], asked); /* cut short */
	assert_int_equal(shown(p, false), 1);
	watch_once(p, 1, runs[1], asked); /* cut short too: the later one stands */
	assert_int_equal(shown(p, false), 1);
	assert_int_equal(shown(p, true), 2);
	assert_int_equal(sk_store_seen(p->at, asked, &seen, &fault), SK_OK);
	assert_false(seen);
	watch_once(p, 2, runs[2], asked);
	watch_once(p, 3, runs[2], asked); /* a run has as many intervals as it likes */
	assert_int_equal(sk_store_run_done(p->at, runs[2], extra, 1, &fault), SK_OK);
	assert_int_equal(shown(p, false), 2);
	assert_int_equal(sk_store_seen(p->at, asked, &seen, &fault), SK_OK);
	assert_true(seen);
	assert_int_equal(sk_store_seen(p->at, extra[0], &seen, &fault), SK_OK);
	assert_true(seen);
	watch_once(p, 4, runs[3], asked); /* again, and cut short: the complete one stands */
	assert_int_equal(shown(p, false), 2);
	assert_int_equal(sk_store_run_done(p->at, runs[3], NULL, 0, &fault), SK_OK);
	assert_int_equal(shown(p, false), 1);
	assert_int_equal(shown(p, true), 2);
	watch_once(p, 5, runs[4], other);
	watch_once(p, 6, runs[0], NULL);
	watch_once(p, 7, runs[1], NULL);
	assert_int_equal(shown(p, false), 4);
}

/* Each lie about a committed interval is seen by its digest. The first "lie" changes nothing: the check can also pass. */
static void tampering_is_seen(void **state)
{
	struct place *p = *state;
	static const char *const lies[] = {
		"SELECT 1",
		"UPDATE observation SET class = 0 WHERE id = 2",
		"UPDATE observation SET hour = hour + 1 WHERE id = 2",
		"UPDATE observation SET selector = 7 WHERE id = 2",
		"UPDATE observation SET kind = 1 WHERE id = 2",
		"UPDATE observation SET sealed = zeroblob(length(sealed)) WHERE id = 2",
		"UPDATE observation SET sealed = (SELECT sealed FROM observation WHERE id = 1) WHERE id = 2",
		"UPDATE observation SET interval = 9 WHERE id = 2",
		"DELETE FROM observation WHERE id = 2",
		"INSERT INTO observation SELECT 99, interval, key, class, hour, sealed, kind, selector FROM observation WHERE id = 1",
		"UPDATE finding SET severity = 1",
		"UPDATE finding SET count = count - 1",
		"UPDATE finding SET kind = 'indicator.address'",
		"DELETE FROM finding",
		"DELETE FROM blind WHERE hash = (SELECT hash FROM blind ORDER BY hash LIMIT 1)",
		"DELETE FROM blind WHERE hash = (SELECT hash FROM blind ORDER BY hash DESC LIMIT 1)",
		"DELETE FROM blind WHERE target = 2 AND hash = (SELECT max(hash) FROM blind WHERE target = 2)",
		"DELETE FROM blind WHERE target = 2 AND hash = (SELECT min(hash) FROM blind WHERE target = 2)",
		"DELETE FROM block",
		"UPDATE block SET flows = flows - 1",
		"UPDATE block SET offset = offset + 1",
		"UPDATE interval SET digest = zeroblob(32)",
		"UPDATE interval SET run = zeroblob(16)",
		"UPDATE sealing_key SET day = day - 1",
	};
	for (size_t i = 0; i < SK_COUNT(lies); i++) {
		uint8_t digest[SK_HASH_BYTES], again[SK_HASH_BYTES];
		struct sk_observation hit = hit_at(noon_ns, "bad.example"), flow = flow_at(noon_ns, 1);
		struct sk_finding finding = finding_at(noon_ns, "bad.example", "192.0.2.1");
		struct sk_fault fault = {0};
		uint64_t rows;
		begin(p, 0);
		put(p, &hit);
		put(p, &hit);
		put(p, &flow);
		put_finding(p, &finding);
		put_finding(p, &finding);
		commit(p, digest);
		sqlite3 *db;
		assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
		if (sqlite3_exec(db, lies[i], NULL, NULL, NULL) != SQLITE_OK)
			fail_msg("%s: %s", lies[i], sqlite3_errmsg(db));
		(void)sqlite3_close(db);
		enum sk_err err = sk_store_digest(p->at, 0, again, &fault);
		if ((err == SK_OK) != (i == 0) || (i != 0 && err != SK_EINCONSISTENT))
			fail_msg("'%s' gave %d %s", lies[i], err, fault.line);
		if (i == 0)
			assert_memory_equal(digest, again, sizeof digest);
		sk_store_close(p->at);
		(void)unlink(p->db);
		open_store(p, false);
		assert_int_equal(sk_store_roll_back(p->at, 0, true, &rows, &fault), SK_OK);
	}
}

static void a_changed_block_file_is_seen(void **state)
{
	struct place *p = *state;
	char path[256];
	uint8_t digest[SK_HASH_BYTES];
	struct sk_observation flow = flow_at(noon_ns, 1);
	begin(p, 5);
	for (int i = 0; i < 1001; i++)
		put(p, &flow);
	commit(p, NULL);
	(void)snprintf(path, sizeof path, "%s/flows/5.sfs", p->store);
	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	int fd = open(path, O_RDWR);
	for (off_t at = 16; at < info.st_size; at += 4099) {
		uint8_t was, now;
		assert_int_equal(pread(fd, &was, 1, at), 1);
		now = was ^ 1;
		assert_int_equal(pwrite(fd, &now, 1, at), 1);
		assert_int_equal(sk_store_digest(p->at, 5, digest, NULL), SK_EINCONSISTENT);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_int_equal(sk_store_digest(p->at, 5, digest, NULL), SK_OK);
	assert_int_equal(pwrite(fd, "x", 1, info.st_size), 1);
	assert_int_equal(sk_store_digest(p->at, 5, digest, NULL), SK_EINCONSISTENT);
	assert_int_equal(ftruncate(fd, info.st_size - 1), 0);
	assert_int_equal(sk_store_digest(p->at, 5, digest, NULL), SK_EINCONSISTENT);
	(void)close(fd);
	(void)unlink(path);
	assert_int_equal(sk_store_digest(p->at, 5, digest, NULL), SK_EINCONSISTENT);
}

static void an_erased_day_is_unreadable_and_counted(void **state)
{
	struct place *p = *state;
	uint8_t digest[SK_HASH_BYTES], again[SK_HASH_BYTES];
	struct sk_fault fault;
	begin(p, 0);
	for (int day = 0; day < 3; day++) {
		struct sk_observation hit = hit_at(noon_ns + day * day_ns, "bad.example"), flow = flow_at(noon_ns + day * day_ns, 1);
		struct sk_finding finding = finding_at(noon_ns + day * day_ns, "bad.example", "192.0.2.1");
		put(p, &hit);
		put(p, &flow);
		put_finding(p, &finding);
	}
	commit(p, digest);
	uint64_t files;
	assert_int_equal(sk_store_destroy_day(p->at, "basis-1", "2026-11-23", &files, &fault), SK_OK);
	assert_int_equal(files, 1);
	assert_int_equal(sk_store_destroy_day(p->at, "basis-1", "2026-11-23", &files, &fault), SK_OK);
	assert_int_equal(files, 0);
	assert_int_equal(sk_store_destroy_day(p->at, "basis-1", "../../x", &files, &fault), SK_EMALFORMED);
	assert_int_equal(sk_store_destroy_day(p->at, "../x", "2026-11-23", &files, &fault), SK_EMALFORMED);
	struct sk_store_unread unread;
	sk_store_unread(p->at, &unread);
	for (int round = 0; round < 2; round++) {
		struct seen seen = observations(p, all);
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.erased, 1);
		seen = flows(p, all);
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.erased, 1);
		seen = findings(p, all);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.finding.count, 2);
		sk_store_unread(p->at, &unread);
		assert_int_equal(unread.erased, 3); /* an observation, a flow and a finding */
		assert_int_equal(unread.locked + unread.refused_keys, 0);
		/* The day's index died with its key: the value is not found there, and the reader is told how much cannot be asked. */
		seen = observations(p, by_value("bad.example"));
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.erased, 1);
		/* An erasure is no tampering. */
		assert_int_equal(sk_store_digest(p->at, 0, again, &fault), SK_OK);
		assert_memory_equal(digest, again, sizeof digest);
		sk_store_close(p->at);
		open_store(p, false);
	}
	/* The day begins anew under another key; the old rows stay erased. */
	struct sk_observation hit = hit_at(noon_ns + day_ns, "bad.example");
	begin(p, 1);
	put(p, &hit);
	commit(p, NULL);
	struct seen seen = observations(p, all);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.erased, 1);
}

/* ---- no address, name or fingerprint in clear, anywhere in the folder ---- */

static bool file_holds(const char *path, const void *needle, size_t length)
{
	struct sk_buf bytes;
	sk_buf_init(&bytes, FILE_MAX);
	assert_int_equal(sk_file_read(path, &bytes, NULL), SK_OK);
	bool found = bytes.length >= length && memmem(bytes.bytes, bytes.length, needle, length) != NULL;
	sk_buf_fini(&bytes);
	return found;
}

static size_t folder_holds(const char *folder, const void *needle, size_t length)
{
	size_t found = 0;
	DIR *at = opendir(folder);
	assert_non_null(at);
	for (struct dirent *entry; (entry = readdir(at)) != NULL;) {
		char path[SK_PATH_MAX];
		struct stat info;
		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(sk_file_join(path, sizeof path, folder, entry->d_name), SK_OK);
		assert_int_equal(stat(path, &info), 0);
		found += S_ISDIR(info.st_mode) ? folder_holds(path, needle, length) : file_holds(path, needle, length);
	}
	(void)closedir(at);
	return found;
}

static void nothing_stands_in_clear(void **state)
{
	struct place *p = *state;
	static const uint8_t v4[] = {192, 0, 2, 1}, v4_b[] = {198, 51, 100, 77};
	struct sk_addr v6 = addr("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
	begin(p, 0);
	for (int i = 0; i < 3000; i++) {
		struct sk_observation hit = hit_at(noon_ns, "www.bad.example"), flow = flow_at(noon_ns, (uint16_t)i);
		struct sk_finding finding = finding_at(noon_ns, "bad.example", "192.0.2.1");
		sk_words_set(&finding.sentence, "192.0.2.1 asked for bad.example");
		hit.initiator = hit.responder = v6;
		put(p, &hit);
		put(p, &flow);
		put_finding(p, &finding);
	}
	commit(p, NULL);
	const struct {
		const void *needle;
		size_t length;
	} needles[] = {{v4, 4},		{v4_b, 4},	     {v6.bytes, 8},  {v6.bytes, 16}, {"192.0.2.1", 9}, {"198.51.100", 10},
		       {"2001:db8", 8}, {"bad.example", 11}, {"t13d1516", 8}};
	/* Four bytes may meet by chance in a file of random blobs: about 2 MiB / 2^32, once in 2,000 runs; three bytes more of context make it
	 * certain. */
	for (size_t i = 0; i < SK_COUNT(needles); i++)
		assert_int_equal(folder_holds(p->store, needles[i].needle, needles[i].length), 0);
	/* Sabotage: a plain column, and this search goes red. */
	sqlite3 *db;
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "ALTER TABLE observation ADD COLUMN plain TEXT; UPDATE observation SET plain = '192.0.2.1' WHERE id = 5",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_true(folder_holds(p->store, "192.0.2.1", 9) > 0);
	(void)sqlite3_close(db);
}

static void files_are_private_and_keys_lie_apart(void **state)
{
	struct place *p = *state;
	struct sk_observation hit = hit_at(noon_ns, "bad.example");
	char path[256];
	struct stat info;
	begin(p, 0);
	put(p, &hit);
	commit(p, NULL);
	static const char *const names[] = {"store/sekisho.db", "store/sekisho.db-wal", "keys/basis-1/2026-11-22.key", "keys/basis-1/blind.key"};
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
	}
	assert_int_equal(info.st_size, 32);
	/* A key that others can read is refused. */
	(void)snprintf(path, sizeof path, "%s/keys/basis-1/2026-11-22.key", p->folder);
	assert_int_equal(chmod(path, 0640), 0);
	sk_store_close(p->at);
	open_store(p, false);
	struct sk_fault fault;
	struct seen seen = {0};
	assert_int_equal(sk_store_observations(p->at, &all, see, &seen, NULL, &fault), SK_EPERMS);
}

static void a_full_disk_rolls_the_interval_back(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_observation hit = hit_at(noon_ns, "bad.example"), flow = flow_at(noon_ns, 1);
	uint8_t id[16], digest[SK_HASH_BYTES];
	begin(p, 0);
	put(p, &hit);
	put(p, &flow);
	commit(p, NULL);
	/* No file may grow past the limit: write(2) fails as on a full disk does, with another number. */
	struct rlimit was, tight = {.rlim_cur = 1 << 20};
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight.rlim_max = was.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	begin(p, 1);
	enum sk_err err = SK_OK;
	for (int i = 0; i < 100000 && err == SK_OK; i++)
		err = sk_store_put(p->at, &flow, id, &fault);
	assert_int_equal(err, SK_EIO);
	/* Sticky: the same answer for whatever comes after, and at the commit. */
	assert_int_equal(sk_store_put(p->at, &hit, id, &fault), SK_EIO);
	assert_true(strlen(fault.line) > 10);
	assert_int_equal(sk_store_commit(p->at, digest, &fault), SK_EIO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(flows(p, all).count, 1);
	assert_int_equal(observations(p, all).count, 1);
	begin(p, 1);
	put(p, &hit);
	commit(p, NULL);
	assert_int_equal(observations(p, all).count, 2);
	assert_int_equal(sk_store_digest(p->at, 1, digest, &fault), SK_OK);
}

static void two_writers_meet_a_message(void **state)
{
	struct place *p = *state;
	struct place other = *p;
	struct sk_fault fault = {0};
	begin(p, 0);
	open_store(&other, false);
	assert_int_equal(sk_store_begin(other.at, 0, run_id, &fault), SK_ELOCKED);
	assert_non_null(strstr(fault.line, "another process"));
	/* Readers are not held up. */
	assert_int_equal(observations(&other, all).count, 0);
	sk_store_close(other.at);
}

static void strange_databases_are_refused(void **state)
{
	struct place *p = *state;
	struct sk_fault fault = {0};
	struct sk_store_options options = {.folder = p->store, .keys_folder = p->keys, .basis_id = "basis-1"};
	struct sk_store *store;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sk_store_open(&options, &store, &fault), SK_EMALFORMED);
	assert_non_null(strstr(fault.line, "newer"));
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1; PRAGMA application_id = 5", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	assert_int_equal(sk_store_open(&options, &store, &fault), SK_EMALFORMED);
	options.basis_id = "../up";
	assert_int_equal(sk_store_open(&options, &store, &fault), SK_EMALFORMED);
	options.basis_id = "basis-1";
	char other[160];
	(void)snprintf(other, sizeof other, "%s/other", p->folder);
	options.folder = other;
	options.read_only = true;
	assert_int_equal(sk_store_open(&options, &store, &fault), SK_ENOENT);
	options.read_only = false;
	assert_int_equal(mkdir(other, 0700), 0);
	(void)snprintf(other, sizeof other, "%s/other/sekisho.db", p->folder);
	assert_int_equal(sk_file_replace(other, "not a database, only text that is long enough to look like one", 62, 0600, NULL), SK_OK);
	(void)snprintf(other, sizeof other, "%s/other", p->folder);
	assert_int_equal(sk_store_open(&options, &store, &fault), SK_EMALFORMED);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(what_goes_in_comes_out),
		STORE_TEST(values_are_found_by_equality),
		STORE_TEST(before_1970_comes_back),
		STORE_TEST(filters_narrow),
		STORE_TEST(pages_are_the_whole),
		STORE_TEST(findings_fold_within_and_across_intervals),
		STORE_TEST(many_findings_overflow_the_fold),
		STORE_TEST(flows_fill_many_blocks_and_days),
		STORE_TEST(strange_times_have_a_place),
		STORE_TEST(an_interval_is_whole_or_absent),
		STORE_TEST(an_input_counts_once),
		STORE_TEST(tampering_is_seen),
		STORE_TEST(a_changed_block_file_is_seen),
		STORE_TEST(an_erased_day_is_unreadable_and_counted),
		STORE_TEST(nothing_stands_in_clear),
		STORE_TEST(files_are_private_and_keys_lie_apart),
		STORE_TEST(a_full_disk_rolls_the_interval_back),
		STORE_TEST(two_writers_meet_a_message),
		STORE_TEST(strange_databases_are_refused),
	};
	if (sk_seal_start() != SK_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
