/* SPDX-License-Identifier: Apache-2.0 */
/* How long and how much memory to tie many findings: campaign_many COUNT ordinary|shared|chain. ordinary: scanners, many actors of some dozen findings, a few popular
   things that all come across; shared: every value is shared by a hundred findings at random, what light links are worst at; chain: each finding shares an address with
   the next. One line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "campaign/campaign.h"

static const int64_t start_ns = 1795348800000000000, minute_ns = 60000000000;
static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static struct sk_addr addr_of(uint64_t number)
{
	return (struct sk_addr){.bytes = {(uint8_t)(1 + (number >> 24) % 200), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}, .family = 4};
}

/* What finding number i is about. */
static void make(uint64_t i, uint64_t count, const char *what, struct sk_finding *f, struct sk_observation *o)
{
	uint64_t actor = what[0] == 's' ? draw(count / 100 + 1) : what[0] == 'c' ? i / 2 : draw(5) == 0 ? draw(count / 60 + 1) : count + i;
	bool scan = what[0] == 'o' && draw(2) == 0;
	memset(f, 0, sizeof *f);
	memset(o, 0, sizeof *o);
	f->subject = addr_of(0x0a000000u + draw(what[0] == 'o' ? 20000 : 1 << 24));
	f->counterpart = addr_of(actor * 7919);
	f->severity = (uint8_t)(1 + draw(3));
	f->confidence_percent = 70;
	f->class_ = SK_CLASS_DF;
	f->first_ns = start_ns + (int64_t)draw(60 * 24 * 60) * minute_ns;
	f->last_ns = f->first_ns + (int64_t)draw(3000) * minute_ns;
	f->count = 1;
	(void)snprintf(f->kind, sizeof f->kind, "%s", scan ? "scan.horizontal" : "indicator.domain");
	(void)snprintf(f->matched, sizeof f->matched, scan ? "tcp/%llu" : "n%llu.example", (unsigned long long)(scan ? draw(1000) : actor * 4 + draw(4)));
	memcpy(f->id, &i, sizeof i);
	o->kind = SK_OBSERVATION_HIT;
	o->class_ = f->class_;
	o->ip_proto = 6;
	o->responder_port = 443;
	o->initiator = f->subject;
	o->responder = f->counterpart;
	o->first_ns = f->first_ns;
	o->last_ns = f->last_ns;
	memcpy(o->matched, f->matched, sizeof o->matched);
	memcpy(o->sni_domain, f->matched, sizeof o->sni_domain);
	(void)snprintf(o->ja3, sizeof o->ja3, "%032llu", (unsigned long long)(what[0] == 's' ? draw(count / 100 + 1) : draw(50)));
	(void)snprintf(o->ja4, sizeof o->ja4, "t13d%llu", (unsigned long long)(what[0] == 's' ? draw(count / 100 + 1) : draw(40)));
	(void)snprintf(o->ja3s, sizeof o->ja3s, "%032llu", (unsigned long long)(what[0] == 's' ? draw(count / 100 + 1) : draw(300)));
	if (draw(3) == 0)
		memcpy(o->cert_sha256, &actor, sizeof actor);
	if (what[0] == 'c')
		o->responder = addr_of((i / 2 + i % 2) * 7919);
}

static double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, alone;
	const char *what = argc > 2 ? argv[2] : "ordinary";
	struct sk_campaign_options options = {.day_ns = start_ns + 60 * 24 * 60 * minute_ns};
	struct sk_campaigns *campaigns;
	struct sk_finding finding;
	struct sk_observation observation;
	struct sk_fault fault;
	struct rusage usage;
	if (sk_campaigns_new(&options, &campaigns, &fault) != SK_OK)
		return 1;
	double began = seconds();
	for (uint64_t i = 0; i < count; i++) {
		make(i, count, what, &finding, &observation);
		if (sk_campaigns_add_finding(campaigns, &finding, &fault) != SK_OK || sk_campaigns_add_observation(campaigns, &observation, &fault) != SK_OK) {
			(void)fprintf(stderr, "%s\n", fault.line);
			return 1;
		}
	}
	double added = seconds();
	if (sk_campaigns_build(campaigns, &fault) != SK_OK) {
		(void)fprintf(stderr, "%s\n", fault.line);
		return 1;
	}
	(void)getrusage(RUSAGE_SELF, &usage);
	size_t made = sk_campaigns_count(campaigns, &alone), largest = 0;
	for (size_t i = 0; i < made; i++)
		largest = sk_campaigns_at(campaigns, i)->findings > largest ? sk_campaigns_at(campaigns, i)->findings : largest;
	(void)printf("{\"findings\":%llu,\"what\":\"%s\",\"add_s\":%.2f,\"build_s\":%.2f,\"peak_mib\":%ld,\"campaigns\":%zu,\"largest\":%zu,\"alone\":%llu}\n",
		     (unsigned long long)count, what, added - began, seconds() - added, usage.ru_maxrss / 1024, made, largest, (unsigned long long)alone);
	sk_campaigns_free(campaigns);
	return 0;
}
