/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/certificate_priv.h"

#include "text/text.h"

uint64_t sk_certificate_key(const struct sk_event *event, unsigned what)
{
	return sk_mix(event->to, (uint64_t)event->ip_proto << 24 | (uint64_t)event->responder_port << 8 | what);
}

void sk_certificate_see(struct sk_run *run, const struct sk_event *event, uint64_t hash, uint32_t quiet_s)
{
	bool fresh;
	struct sk_certificate_entry *entry = sk_run_take(run, hash, quiet_s / 4, &fresh);
	sk_contact_see(&entry->last, event);
	if (++entry->contacts >= 2)
		sk_run_want(run, entry, quiet_s);
	(void)sk_bits_add(&entry->clients, 1, event->from);
	if (event->head.numbers[0] > entry->days)
		entry->days = event->head.numbers[0];
	entry->early = event->head.numbers[1] != 0;
	sk_run_touch(run, entry);
}

static struct sk_detection detection_of(const struct sk_certificate_entry *entry)
{
	struct sk_detection detection = sk_contact_detection(&entry->last);
	detection.of_responder = true;
	detection.half_view = false; /* a certificate is one direction's own */
	detection.contacts = detection.answered = entry->contacts;
	detection.peers = (uint64_t)(sk_bits_estimate(sk_bits_count(&entry->clients, 1), 64) + 0.5);
	detection.ports = 1;
	detection.severity = 1;
	sk_tell_matched(&detection, detection.ip_proto, detection.responder_port);
	return detection;
}

bool sk_certificate_settle(struct sk_run *run, struct sk_certificate_entry *entry, uint64_t least, uint32_t quiet_s,
			   void (*fill)(const struct sk_run *run, const struct sk_certificate_entry *entry, struct sk_detection *detection))
{
	bool over = sk_contact_rests(&entry->last, run, quiet_s);
	if (!entry->episode.open && entry->contacts < least)
		return false;
	sk_run_want(run, entry, quiet_s * 2);
	if (sk_episode_due(&entry->episode, entry->contacts, run) || (over && entry->contacts > entry->episode.told)) {
		struct sk_episode before = entry->episode;
		struct sk_detection detection = detection_of(entry);
		fill(run, entry, &detection);
		detection.added = sk_episode_told(&entry->episode, entry->contacts, run);
		if (!sk_run_say(run, &detection)) {
			entry->episode = before;
			return true;
		}
	}
	if (over)
		sk_table_drop(&run->table, entry);
	return !over;
}

void sk_certificate_tell(const struct sk_detection *d, struct sk_words *words)
{
	if (d->peers > 1)
		sk_say(words, SK_SAY(CERTIFICATE_MANY), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_arg_service(d->ip_proto, d->responder_port), sk_arg_int(d->peers), sk_arg_addr(&d->initiator), sk_tell_place(d, false));
	else
		sk_say(words, SK_SAY(CERTIFICATE_ONE), sk_arg_addr(&d->responder), sk_tell_place(d, true), sk_arg_service(d->ip_proto, d->responder_port), sk_arg_addr(&d->initiator), sk_tell_place(d, false));
}
