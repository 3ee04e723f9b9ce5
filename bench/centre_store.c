/* SPDX-License-Identifier: Apache-2.0 */
/* A store with many findings, and how long its pages take.
   bench-centre-store STORE KEYS BASIS FINDINGS DAYS   (the store is made, or taken as it is when it has findings)
   Findings of 24 kinds over DAYS days that end at the last full hour, an interval an hour; one in eight comes again each day, so that folding over days is paid for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/page.h"
#include "text/text.h"

enum { KINDS = 24, CALLS = 200, DAILY = 8, DAY_HOURS = 24 };
static const int64_t hour_ns = 3600000000000;

static void die(const struct sk_fault *fault)
{
	(void)fprintf(stderr, "%s\n", fault->line);
	exit(1);
}

static uint64_t mixed(uint64_t n)
{
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
	return n ^ (n >> 31);
}

static const char *const kinds[KINDS] = {"indicator.address", "indicator.domain", "indicator.ja4", "indicator.ja3", "indicator.url", "indicator.prefix", "indicator.hassh",
					 "indicator.command", "detect.beacon", "detect.scan", "detect.tunnel", "detect.dga", "detect.spread", "detect.flood", "detect.exfil",
					 "detect.fanout", "detect.longtalk", "detect.fastflux", "detect.relay", "detect.tor", "detect.miner", "detect.brute", "detect.dnsrare", "pulse.silent"};

static struct sk_finding finding(uint64_t n, int64_t at_ns)
{
	struct sk_finding f;
	uint64_t m = mixed(n);
	uint8_t digest[SK_HASH_BYTES];
	memset(&f, 0, sizeof f);
	(void)snprintf(f.kind, sizeof f.kind, "%s", kinds[m % 100 < 60 ? m % 4 : m % KINDS]);
	f.severity = (uint8_t)(1 + (m >> 8) % 3);
	f.confidence_percent = (uint8_t)(50 + (m >> 16) % 50);
	f.class_ = (uint8_t)((m >> 24) % 3);
	(void)snprintf(f.matched, sizeof f.matched, "c%" PRIu64 ".bad-%" PRIu64 ".example", (m >> 32) % 5000, (m >> 32) % 97);
	f.subject.family = f.counterpart.family = 4;
	f.subject.bytes[0] = 198;
	f.subject.bytes[1] = 18;
	memcpy(f.subject.bytes + 2, &n, 2);
	f.counterpart.bytes[0] = 203;
	memcpy(f.counterpart.bytes + 1, &m, 3);
	(void)snprintf(f.origin, sizeof f.origin, "list.txt:%" PRIu64, m % 5000);
	f.first_ns = at_ns;
	f.last_ns = at_ns + 20000000000;
	f.count = 1 + m % 7;
	sk_say(&f.sentence, SK_SAY(HIT_ADDRESS), sk_arg_addr(&f.subject), sk_arg_word(SK_WORD_INSIDE), sk_arg_addr(&f.counterpart), sk_arg_word(SK_WORD_ABROAD), sk_arg_span(f.first_ns, f.last_ns),
	       sk_arg_port(6, 443), sk_arg_volume((struct sk_words_volume){.out = 4096, .in = 65536}), sk_arg_text(f.matched, sizeof f.matched), sk_arg_text("list.txt", 120));
	sk_say(&f.why, SK_SAY(HIT_WHY_FROM), sk_arg_text("domain", 64), sk_arg_text(f.matched, sizeof f.matched), sk_arg_text("list.txt", 120), sk_arg_text("DF", 64));
	sk_say(&f.doubt, SK_SAY(DOUBT_DOMAIN));
	struct {
		char kind[32], matched[SK_OBSERVATION_DOMAIN_MAX];
		struct sk_addr subject;
	} what = {.kind = ""};
	memcpy(what.kind, f.kind, sizeof what.kind);
	memcpy(what.matched, f.matched, sizeof what.matched);
	what.subject = f.subject;
	sk_sha256(&what, sizeof what, digest);
	memcpy(f.id, digest, sizeof f.id);
	return f;
}

static void fill(struct sk_store *store, uint64_t count, unsigned days, int64_t end_ns)
{
	static const uint8_t run[16] = "bench";
	struct sk_fault fault;
	uint8_t digest[SK_HASH_BYTES];
	uint64_t hours = (uint64_t)days * DAY_HOURS, n = 0, interval;
	if (sk_store_next(store, &interval, &fault) != SK_OK)
		die(&fault);
	for (uint64_t hour = 0; hour < hours; hour++) {
		uint64_t until = count * (hour + 1) / hours;
		if (sk_store_begin(store, interval++, run, &fault) != SK_OK)
			die(&fault);
		for (; n < until; n++) {
			/* One in eight is one of a hundred that come each day. */
			uint64_t which = n % DAILY == 0 ? mixed(n) % 100 : 1000 + n;
			struct sk_finding f = finding(which, end_ns - (int64_t)(hours - hour) * hour_ns + (int64_t)(mixed(n) % 3500) * 1000000000);
			if (sk_store_put_finding(store, &f, &fault) != SK_OK)
				die(&fault);
		}
		if (sk_store_commit(store, digest, &fault) != SK_OK)
			die(&fault);
	}
}

static enum sk_err keep(void *context, const struct sk_finding *finding, bool *taken)
{
	*(struct sk_finding *)context = *finding;
	*taken = true;
	return SK_OK;
}

static enum sk_err count_hour(void *context, int64_t hour, const char *kind, uint64_t heads)
{
	(void)hour;
	(void)kind;
	*(uint64_t *)context += heads;
	return SK_OK;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void report(const char *what, int64_t *times, int64_t cpu_ns)
{
	qsort(times, CALLS, sizeof *times, by_time);
	(void)printf("%-46s p50 %7.2f ms   p99 %7.2f ms   CPU %6.2f ms each\n", what, (double)times[CALLS / 2] / 1e6, (double)times[CALLS * 99 / 100] / 1e6, (double)cpu_ns / 1e6 / CALLS);
}

static void measure(struct sk_store *store, const struct sk_clock *clock, const char *what, struct sk_store_page_filter filter, bool turn, bool hours)
{
	int64_t times[CALLS], cpu = clock->cpu_ns(clock->context);
	struct sk_store_page page = {.next = ""};
	struct sk_finding last;
	struct sk_fault fault;
	uint64_t sum = 0;
	char cursor[SK_CURSOR_TEXT_MAX] = "", value[SK_OBSERVATION_DOMAIN_MAX];
	filter.limit = filter.limit != 0 ? filter.limit : 50;
	bool by_value = filter.value != NULL;
	for (unsigned i = 0; i < CALLS; i++) {
		struct sk_finding some = finding(1000 + mixed(i) % 900000, 0);
		(void)snprintf(value, sizeof value, "%s", some.matched);
		if (by_value)
			filter.value = value;
		filter.cursor = turn && cursor[0] != '\0' ? cursor : NULL;
		int64_t from = clock->monotonic_ns(clock->context);
		enum sk_err err = hours ? sk_store_findings_hours(store, &filter, count_hour, &sum, &fault) : sk_store_findings_page(store, &filter, keep, &last, &page, &fault);
		times[i] = clock->monotonic_ns(clock->context) - from;
		if (err != SK_OK)
			die(&fault);
		memcpy(cursor, page.next, sizeof cursor);
	}
	report(what, times, clock->cpu_ns(clock->context) - cpu);
}

static void measure_ids(struct sk_store *store, const struct sk_clock *clock, uint64_t count)
{
	int64_t times[CALLS], cpu = clock->cpu_ns(clock->context);
	struct sk_fault fault;
	for (unsigned i = 0; i < CALLS; i++) {
		struct sk_finding some = finding(1000 + (mixed(i) % (count / 2) / DAILY) * DAILY + 1, 0), found;
		int64_t from = clock->monotonic_ns(clock->context);
		if (sk_store_finding(store, some.id, &found, &fault) != SK_OK)
			die(&fault);
		times[i] = clock->monotonic_ns(clock->context) - from;
	}
	report("one finding by its id", times, clock->cpu_ns(clock->context) - cpu);
}

int main(int argc, char **argv)
{
	struct sk_clock clock = sk_clock_system();
	struct sk_fault fault;
	struct sk_store *store;
	struct sk_store_totals totals;
	struct sk_store_page_filter all = {.class_ = -1, .severity = -1}, f;
	if (argc != 6 || sk_seal_start() != SK_OK) {
		(void)fprintf(stderr, "usage: bench-centre-store STORE KEYS BASIS FINDINGS DAYS\n");
		return 2;
	}
	struct sk_store_options options = {.folder = argv[1], .keys_folder = argv[2], .basis_id = argv[3]};
	if (sk_store_open(&options, &store, &fault) != SK_OK || sk_store_totals(store, &totals, &fault) != SK_OK)
		die(&fault);
	int64_t now = clock.unix_ns(clock.context), end_ns = now - now % hour_ns;
	if (totals.findings == 0) {
		int64_t from = clock.monotonic_ns(clock.context), cpu = clock.cpu_ns(clock.context);
		fill(store, strtoull(argv[4], NULL, 10), (unsigned)strtoul(argv[5], NULL, 10), end_ns);
		if (sk_store_totals(store, &totals, &fault) != SK_OK)
			die(&fault);
		(void)printf("%" PRIu64 " rows of findings put in %.1f s, %.1f us CPU each\n", totals.findings, (double)(clock.monotonic_ns(clock.context) - from) / 1e9,
			     (double)(clock.cpu_ns(clock.context) - cpu) / 1e3 / (double)(totals.findings != 0 ? totals.findings : 1));
	}
	/* As a page's server reads: from a store that somebody else writes. */
	sk_store_close(store);
	options.read_only = true;
	if (sk_store_open(&options, &store, &fault) != SK_OK)
		die(&fault);
	measure(store, &clock, "first page, newest first", all, false, false);
	measure(store, &clock, "page after page, newest first", all, true, false);
	f = all, f.limit = SK_PAGE_LIMIT_MAX;
	measure(store, &clock, "page after page, 200 each", f, true, false);
	f = all, f.sort = SK_SORT_FIRST;
	measure(store, &clock, "page after page, by first", f, true, false);
	f = all, f.sort = SK_SORT_SEVERITY;
	measure(store, &clock, "page after page, by severity", f, true, false);
	f = all, f.sort = SK_SORT_COUNT;
	measure(store, &clock, "page after page, by count", f, true, false);
	f = all, f.kind = "pulse.silent", f.class_ = 1, f.severity = 3;
	measure(store, &clock, "page after page, a rare kind, class, severity", f, true, false);
	f = all, f.since_ns = end_ns - 36 * hour_ns + 1234567, f.until_ns = end_ns - 5 * hour_ns + 1234567;
	measure(store, &clock, "page after page, of a day and a half", f, true, false);
	f = all, f.value = "";
	measure(store, &clock, "one name", f, false, false);
	measure(store, &clock, "hours and kinds, everything", all, false, true);
	measure_ids(store, &clock, strtoull(argv[4], NULL, 10));
	sk_store_close(store);
	return 0;
}
