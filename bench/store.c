/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the store takes what select mints: flow segments under flow.all, hits, findings.
   bench-store FOLDER [FLOWS [HITS]]   (FOLDER is made, and left for looking at) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "store/store.h"
#include "text/text.h"

enum { FLOWS_DEFAULT = 3000000, HITS_DEFAULT = 200000, AN_INTERVAL = 1000000, FINDINGS = 2000 };

static const int64_t start_ns = 1795329000000000000;

static void die(const struct sk_fault *fault)
{
	(void)fprintf(stderr, "%s\n", fault->line);
	exit(1);
}

static struct sk_observation observation(uint64_t n, uint8_t kind)
{
	struct sk_observation o;
	uint64_t mixed = n * 0x9e3779b97f4a7c15u;
	memset(&o, 0, sizeof o);
	o.kind = kind;
	o.class_ = SK_CLASS_DF;
	o.ip_proto = 6;
	o.initiator.family = o.responder.family = 4;
	memcpy(o.initiator.bytes, &mixed, 4);
	memcpy(o.responder.bytes, (uint8_t *)&mixed + 4, 4);
	o.initiator_port = (uint16_t)n;
	o.responder_port = 443;
	o.first_ns = start_ns + (int64_t)n * 20000;
	o.last_ns = o.first_ns + 1000000;
	if (kind == SK_OBSERVATION_HIT) {
		o.hit_count = 1;
		o.hit_ids[0] = (uint32_t)(n % 1000);
		(void)snprintf(o.matched, sizeof o.matched, "bad%" PRIu64 ".example", n % FINDINGS);
		(void)snprintf(o.sni_domain, sizeof o.sni_domain, "%s", o.matched);
		o.tls_version = 0x304;
		(void)snprintf(o.ja4, sizeof o.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	}
	return o;
}

static void report(const char *what, uint64_t count, int64_t wall_ns, int64_t cpu_ns)
{
	char rate[SK_UNIT_TEXT_MAX];
	(void)printf("%-28s %9" PRIu64 "  %7.2f s wall  %6.2f us CPU each  %s\n", what, count, (double)wall_ns / 1e9,
		     (double)cpu_ns / 1e3 / (double)count, sk_rate_format((double)count * 1e9 / (double)wall_ns, "/s", rate));
}

static enum sk_err count_one(void *context, const uint8_t id[16], uint64_t interval, const struct sk_observation *o)
{
	(void)id;
	(void)interval;
	(void)o;
	++*(uint64_t *)context;
	return SK_OK;
}

/* Put count observations in intervals; returns the next interval's number. */
static uint64_t fill(struct sk_store *store, uint64_t interval, uint64_t count, uint8_t kind)
{
	static const uint8_t run[16] = "bench";
	struct sk_fault fault;
	uint8_t id[16], digest[SK_HASH_BYTES];
	for (uint64_t n = 0; n < count;) {
		if (sk_store_begin(store, interval++, run, &fault) != SK_OK)
			die(&fault);
		for (uint64_t in = 0; in < AN_INTERVAL && n < count; in++, n++) {
			struct sk_observation o = observation(n, kind);
			if (sk_store_put(store, &o, id, &fault) != SK_OK)
				die(&fault);
			if (kind != SK_OBSERVATION_HIT)
				continue;
			struct sk_finding f = {.kind = "indicator.domain",
					       .class_ = SK_CLASS_DF,
					       .subject = o.initiator,
					       .first_ns = o.first_ns,
					       .last_ns = o.last_ns,
					       .count = 1};
			f.subject.bytes[0] = f.subject.bytes[1] = f.subject.bytes[2] = f.subject.bytes[3] = 9;
			memcpy(f.matched, o.matched, sizeof f.matched);
			if (sk_store_put_finding(store, &f, &fault) != SK_OK)
				die(&fault);
		}
		if (sk_store_commit(store, digest, &fault) != SK_OK)
			die(&fault);
	}
	return interval;
}

int main(int argc, char **argv)
{
	char folder[1024], keys[1024];
	struct sk_clock clock = sk_clock_system();
	struct sk_fault fault;
	struct sk_store *store;
	if (argc < 2 || sk_seal_start() != SK_OK)
		return 2;
	uint64_t flows = argc > 2 ? strtoull(argv[2], NULL, 10) : FLOWS_DEFAULT, hits = argc > 3 ? strtoull(argv[3], NULL, 10) : HITS_DEFAULT;
	(void)snprintf(folder, sizeof folder, "%s/store", argv[1]);
	(void)snprintf(keys, sizeof keys, "%s/keys", argv[1]);
	struct sk_store_options options = {.folder = folder, .keys_folder = keys, .basis_id = "bench"};
	if (sk_store_open(&options, &store, &fault) != SK_OK)
		die(&fault);
	uint64_t interval = 0;
	for (unsigned round = 0; round < 2; round++) {
		uint64_t count = round == 0 ? flows : hits;
		int64_t wall = clock.monotonic_ns(clock.context), cpu = clock.cpu_ns(clock.context);
		interval = fill(store, interval, count, round == 0 ? SK_OBSERVATION_FLOW : SK_OBSERVATION_HIT);
		report(round == 0 ? "flow segments" : "hits, each with a finding", count, clock.monotonic_ns(clock.context) - wall,
		       clock.cpu_ns(clock.context) - cpu);
	}
	struct sk_observation asked = observation(flows / 2, SK_OBSERVATION_FLOW);
	char value[SK_ADDR_TEXT_MAX];
	uint64_t found = 0, erased = 0;
	struct sk_store_filter filter = {.class_ = -1, .value = sk_addr_format(&asked.responder, value)};
	int64_t wall = clock.monotonic_ns(clock.context);
	if (sk_store_flows(store, &filter, count_one, &found, &erased, &fault) != SK_OK)
		die(&fault);
	(void)printf("one address among the flows    %" PRIu64 " found in %.2f s\n", found, (double)(clock.monotonic_ns(clock.context) - wall) / 1e9);
	wall = clock.monotonic_ns(clock.context);
	found = 0;
	filter.value = "bad7.example";
	if (sk_store_observations(store, &filter, count_one, &found, &erased, &fault) != SK_OK)
		die(&fault);
	(void)printf("one name among the hits        %" PRIu64 " found in %.4f s\n", found, (double)(clock.monotonic_ns(clock.context) - wall) / 1e9);
	struct sk_store_totals totals;
	if (sk_store_totals(store, &totals, &fault) != SK_OK)
		die(&fault);
	char size[SK_UNIT_TEXT_MAX];
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("on disk %s, peak memory %ld MiB\n", sk_bytes_format(totals.bytes_on_disk, size), usage.ru_maxrss / 1024);
	sk_store_close(store);
	return 0;
}
