/* SPDX-License-Identifier: Apache-2.0 */
/* A host inside comes back to one service abroad regularly over days and weeks: also once an hour, or once a day. Over stored records, with the test of the sensor's
   own detector (sketch/period.h): here gaps are those of sorted times, and nothing is forgotten. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "campaign/contacts.h"
#include "sketch/period.h"
#include "text/text.h"

enum { EXPONENT, VISITS, LASTING, COVERS, CROWD };
enum { UDP = 17, IDLE_S = 300 /* a flow of the same ports that goes on within this is no new contact */ };

static const struct sk_threshold thresholds[] = {
	[EXPONENT] = {"exponent", "", 3, 15, 7, "a false alarm once in 10^this pairs, if contacts came by themselves"},
	[VISITS] = {"visits", "contacts", 6, 1000, 12, "so many contacts at least (contacts that come in groups: so many groups)"},
	[LASTING] = {"lasting", "s", 3600, 31536000, 43200, "from the first to the last of them at least"},
	[COVERS] = {"covers", "%", 0, 90, 10, "of that time lies so much between contacts one period apart: it comes throughout, and not in one sitting a day"},
	[CROWD] = {"crowd", "hosts", 2, 48, 8, "what more hosts inside talk to is a service, and no beacon's end"},
};

/* A segment that continues another is no contact: the same ports, and it begins where the other ended. */
static bool goes_on(const struct sk_pair_contact *before, const struct sk_pair_contact *now)
{
	return before->port == now->port && now->first_s <= before->last_s + IDLE_S;
}

static uint32_t count_gaps(const struct sk_pair *pair, const struct sk_contacts *all, uint8_t gaps[SK_GAP_BINS])
{
	const struct sk_pair_contact *contacts = &all->contacts[pair->begin];
	uint32_t last_s = contacts[0].first_s, count = 1;
	memset(gaps, 0, SK_GAP_BINS);
	for (uint32_t i = 1; i < pair->contacts; i++) {
		if (pair->ip_proto == UDP && goes_on(&contacts[i - 1], &contacts[i]))
			continue;
		count++;
		sk_gaps_add(gaps, contacts[i].first_s - last_s);
		last_s = contacts[i].first_s;
	}
	return count;
}

/* The mean of the gaps around it: a bin is 5 % wide. */
static double period_of(const struct sk_pair *pair, const struct sk_contacts *all, const struct sk_period *period)
{
	const struct sk_pair_contact *contacts = &all->contacts[pair->begin];
	double sum = 0, reach = period->jitter + 0.05;
	uint32_t count = 0;
	for (uint32_t i = 1; i < pair->contacts && period->each == 1; i++) {
		double gap = contacts[i].first_s - contacts[i - 1].first_s;
		if (fabs(gap / period->period_s - 1) > reach)
			continue;
		sum += gap;
		count++;
	}
	return count != 0 ? sum / count : period->period_s;
}

/* ---- words ---- */

static struct sk_arg place_of(const struct sk_pair *pair, bool responder)
{
	return sk_arg_word(pair->class_ == SK_CLASS_FF || responder ? SK_WORD_ABROAD : SK_WORD_INSIDE);
}

static void write_words(const struct sk_pair *pair, const struct sk_period *period, uint32_t contacts, const uint64_t *threshold, struct sk_finding *out)
{
	char name[SK_OBSERVATION_DOMAIN_MAX + 2] = "";
	if (pair->name[0] != '\0')
		(void)snprintf(name, sizeof name, ", %s", pair->name);
	sk_say(&out->sentence, SK_SAY(STORED_BEACON), sk_arg_addr(&pair->initiator), place_of(pair, false), sk_arg_addr(&pair->responder), place_of(pair, true), sk_arg_text(name, sizeof name),
	       sk_arg_text(pair->ip_proto == UDP ? "UDP" : "TCP", sizeof "UDP"), sk_arg_int(pair->responder_port), sk_arg_duration((int64_t)(period->period_s * 1e9)),
	       sk_arg_real(0, period->jitter * 100), sk_arg_number(contacts), sk_arg_duration(pair->last_ns - pair->first_ns), sk_arg_time(pair->first_ns), sk_arg_bytes(pair->bytes[0]),
	       sk_arg_bytes(pair->bytes[1]));
	sk_say(&out->why, SK_SAY(STORED_BEACON_WHY), sk_arg_real(1, period->score), sk_arg_real(1, (double)threshold[EXPONENT] * 2.302585), sk_arg_int(threshold[EXPONENT]),
	       sk_arg_real(0, period->missed * 100), sk_arg_int(pair->crowd), sk_arg_int(threshold[CROWD]));
	sk_say(&out->doubt, SK_SAY(STORED_BEACON_DOUBT));
}

static enum sk_err say(struct sk_stored_run *run, const struct sk_pair *pair, const struct sk_period *period, uint32_t contacts)
{
	struct sk_finding out = {.kind = "beacon.stored", .severity = 2, .class_ = pair->class_, .subject = pair->initiator, .counterpart = pair->responder, .first_ns = pair->first_ns,
				 .last_ns = pair->last_ns, .count = contacts};
	char whom[SK_ADDR_TEXT_MAX];
	double bound = (double)run->threshold[EXPONENT] * 2.302585;
	out.confidence_percent = (uint8_t)fmin(70 + fmin(period->score - bound, 20) + (pair->crowd <= 1 ? 5 : 0), 95);
	(void)snprintf(out.matched, sizeof out.matched, "%s/%u@%s", pair->ip_proto == UDP ? "udp" : "tcp", pair->responder_port, sk_addr_format(&pair->responder, whom));
	(void)snprintf(out.origin, sizeof out.origin, "detector beacon.stored");
	memcpy(out.evidence, pair->evidence, sizeof out.evidence);
	write_words(pair, period, contacts, run->threshold, &out);
	sk_finding_set_id(&out);
	return run->say(run->context, &out);
}

static enum sk_err weigh(struct sk_stored_run *run, const struct sk_contacts *all, const struct sk_pair *pair, const struct sk_period_tables *tables)
{
	uint8_t gaps[SK_GAP_BINS];
	struct sk_period period;
	if (pair->contacts < run->threshold[VISITS] || pair->crowd > run->threshold[CROWD] || pair->last_ns - pair->first_ns < (int64_t)run->threshold[LASTING] * 1000000000)
		return SK_OK;
	uint32_t contacts = count_gaps(pair, all, gaps);
	if (!sk_period_find(tables, gaps, &period) || period.visits < run->threshold[VISITS] || period.score < (double)run->threshold[EXPONENT] * 2.302585)
		return SK_OK;
	double visits = contacts / (double)(period.each != 0 ? period.each : 1), span_s = (double)(pair->last_ns - pair->first_ns) / 1e9;
	if (visits * period.period_s * 100 < (double)run->threshold[COVERS] * span_s)
		return SK_OK;
	period.period_s = period_of(pair, all, &period);
	return say(run, pair, &period, contacts);
}

static enum sk_err find(struct sk_stored_run *run, struct sk_fault *fault)
{
	struct sk_contacts all;
	struct sk_period_tables *tables = malloc(sizeof *tables);
	if (tables == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "beacon.stored: out of memory");
	sk_period_tables_make(tables);
	enum sk_err err = sk_contacts_gather(run, run->threshold[VISITS], &all, fault);
	for (uint32_t i = 0; i < all.pair_count && err == SK_OK; i++)
		err = weigh(run, &all, &all.pairs[i], tables);
	sk_contacts_free(&all);
	free(tables);
	return err;
}

const struct sk_stored_detector sk_detector_beacon_stored = {.name = "beacon.stored", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .run = find};
