/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS server shows a certificate outside its time: expired, or not yet valid. Of the certificate two dates are looked at. */
#include <stdio.h>

#include "detect/certificate_priv.h"
#include "text/text.h"

#define EARLY " early"

enum { DAY_S = 86400 };
enum { DAYS, CONTACTS, QUIET };

static const struct sk_threshold thresholds[] = {
	[DAYS] = {"days", "d", 0, 3650, 1, "more than so many whole days past its end, or before its beginning: clocks differ"},
	[CONTACTS] = {"contacts", "connections", 1, 10000, 1, "so many connections to one port of one server"},
	[QUIET] = {"quiet", "s", 60, 3600, 1800, "what rests for so long is over"},
};

/* numbers[0]: whole days outside; numbers[1]: 1 before its time, 0 behind it. */
static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	const struct sk_certificate *certificate = &head->as.certificate;
	int64_t now_s = packet->time_ns / 1000000000;
	if (!certificate->parsed || head->from_initiator || certificate->not_before_s > certificate->not_after_s)
		return false;
	int64_t late_s = now_s - certificate->not_after_s, early_s = certificate->not_before_s - now_s, outside_s = late_s > 0 ? late_s : early_s;
	if (outside_s <= 0 || (uint64_t)outside_s / DAY_S <= run->threshold[DAYS])
		return false;
	event->head.numbers[0] = outside_s / DAY_S < UINT32_MAX ? (uint32_t)(outside_s / DAY_S) : UINT32_MAX;
	event->head.numbers[1] = late_s <= 0;
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return sk_certificate_key(event, event->head.numbers[1] != 0 ? 20 : 19);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	sk_certificate_see(run, event, hash, (uint32_t)run->threshold[QUIET]);
}

static void fill(const struct sk_run *run, const struct sk_certificate_entry *entry, struct sk_detection *detection)
{
	detection->value = entry->days;
	detection->limit = run->threshold[DAYS];
	if (entry->early)
		(void)snprintf(detection->matched + strlen(detection->matched), sizeof detection->matched - strlen(detection->matched), "%s", EARLY);
	detection->percent = entry->days > 7 ? 90 : 70;
}

static bool settle(struct sk_run *run, void *at)
{
	return sk_certificate_settle(run, at, run->threshold[CONTACTS], (uint32_t)run->threshold[QUIET], fill);
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	(void)threshold;
	sk_certificate_tell(d, &out->sentence);
	if (strstr(d->matched, EARLY) != NULL)
		sk_say(&out->sentence, SK_SAY(EARLY), sk_arg_number(d->value), sk_arg_int(d->contacts), sk_tell_when(d));
	else
		sk_say(&out->sentence, SK_SAY(EXPIRED), sk_arg_number(d->value), sk_arg_int(d->contacts), sk_tell_when(d));
	sk_say(&out->why, SK_SAY(EXPIRED_WHY), sk_arg_int(d->value), sk_arg_int(d->limit));
	sk_say(&out->doubt, SK_SAY(EXPIRED_DOUBT));
}

const struct sk_detector sk_detector_tls_expired = {
	.name = "tls.expired", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_CERTIFICATE,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_certificate_entry),
	.key = key, .event = event, .settle = settle, .head = head, .tell = tell,
};
