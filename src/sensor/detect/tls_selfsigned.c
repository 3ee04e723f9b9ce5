/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS server shows a certificate that names itself as its issuer: nobody vouches for it. Where this is the rule (remote desktops, mail servers) it is left alone. */
#include "detect/certificate_priv.h"
#include "text/text.h"

enum { CONTACTS, QUIET };

static const struct sk_threshold thresholds[] = {
	[CONTACTS] = {"contacts", "connections", 1, 10000, 1, "so many connections to one port of one server"},
	[QUIET] = {"quiet", "s", 60, 3600, 1800, "what rests for so long is over"},
};

static bool is_custom(uint16_t port)
{
	return port == 25 || port == 3389 || port == 5349 || port == 5986;
}

static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	(void)run;
	(void)packet;
	/* Peers of calls make a certificate for each of them (RFC 8827): DTLS says nothing here. */
	return head->as.certificate.parsed && head->as.certificate.self_signed && head->app == SK_APP_TLS && !head->from_initiator && !is_custom(event->responder_port);
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return sk_certificate_key(event, 21);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	sk_certificate_see(run, event, hash, (uint32_t)run->threshold[QUIET]);
}

static void fill(const struct sk_run *run, const struct sk_certificate_entry *entry, struct sk_detection *detection)
{
	detection->value = entry->contacts;
	detection->limit = run->threshold[CONTACTS];
	detection->percent = 50;
}

static bool settle(struct sk_run *run, void *at)
{
	return sk_certificate_settle(run, at, run->threshold[CONTACTS], (uint32_t)run->threshold[QUIET], fill);
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	(void)threshold;
	sk_certificate_tell(d, &out->sentence);
	sk_say(&out->sentence, SK_SAY(SELFSIGNED), sk_arg_int(d->contacts), sk_tell_when(d));
	sk_say(&out->why, SK_SAY(SELFSIGNED_WHY), sk_arg_int(d->value), sk_arg_int(d->limit));
	sk_say(&out->doubt, SK_SAY(SELFSIGNED_DOUBT));
}

const struct sk_detector sk_detector_tls_selfsigned = {
	.name = "tls.selfsigned", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_CERTIFICATE,
	.subject = SK_SUBJECT_RESPONDER, .scale = SK_SCALE_HOSTS, .share = 3, .entry_bytes = SK_ENTRY_BYTES(struct sk_certificate_entry),
	.key = key, .event = event, .settle = settle, .head = head, .tell = tell,
};
