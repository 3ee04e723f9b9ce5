/* SPDX-License-Identifier: Apache-2.0 */
/* What detectors of names share: who asks whom, and detections that wait for a name. */
#ifndef SK_DETECT_DNS_PRIV_H
#define SK_DETECT_DNS_PRIV_H

#include "detect/detector.h"

enum { SK_DNS_PORT = 53, SK_DNS_NXDOMAIN = 3 };
enum { SK_DNS_TYPE_A = 1, SK_DNS_TYPE_NS = 2, SK_DNS_TYPE_SOA = 6, SK_DNS_TYPE_PTR = 12, SK_DNS_TYPE_SRV = 33, SK_DNS_TYPE_AAAA = 28, SK_DNS_TYPE_DS = 43, SK_DNS_TYPE_DNSKEY = 48,
       SK_DNS_TYPE_SVCB = 64, SK_DNS_TYPE_HTTPS = 65, SK_DNS_TYPE_ANY = 255 };

/* Is the responder the one who asks? Where answers alone are covered, the server is seen first. */
static inline bool sk_dns_turned(const struct sk_event *event)
{
	return event->initiator_port == SK_DNS_PORT && event->responder_port != SK_DNS_PORT;
}
/* Keyed hash of who asks. */
static inline uint64_t sk_dns_client(const struct sk_event *event)
{
	return sk_dns_turned(event) ? event->to : event->from;
}
/* A detection about who asks, whichever end that is. */
static inline struct sk_detection sk_dns_detection(const struct sk_contact *contact)
{
	struct sk_detection detection = sk_contact_detection(contact);
	detection.of_responder = contact->initiator_port == SK_DNS_PORT && contact->responder_port != SK_DNS_PORT;
	return detection;
}
/* Words: who asks, and who is asked. */
static inline const struct sk_addr *sk_dns_asker(const struct sk_detection *d)
{
	return d->of_responder ? &d->responder : &d->initiator;
}
/* As sk_dns_asker. */
static inline const struct sk_addr *sk_dns_asked(const struct sk_detection *d)
{
	return d->of_responder ? &d->initiator : &d->responder;
}

/* The registered domain as an event's text: its right end where it is longer than there is room. */
void sk_dns_text(const struct sk_name *name, char text[SK_EVENT_TEXT_MAX]);

/* ---- detections that wait for a name ----
   No entry holds a name. What settle finds is put aside without one, and is said with the name that the subject's next event brings; when none comes
   within SK_LATE_S, or nothing more will come, it is said without. */

enum { SK_LATE_SLOTS = 32, SK_LATE_S = 120 };
struct sk_late {
	struct { bool used; uint32_t since_s; struct sk_detection detection; } slots[SK_LATE_SLOTS]; /* a detector's extra memory */
};
/* Put one aside; *slot is the entry's. When there is no room it is said at once. False: not even that, try again. */
SK_MUST bool sk_late_put(struct sk_run *run, uint8_t *slot, const struct sk_detection *detection);
/* In event: a name has come. */
void sk_late_name(struct sk_run *run, uint8_t *slot, const char *text);
/* In settle: true while it still waits. */
bool sk_late_waits(struct sk_run *run, uint8_t *slot);

#endif
