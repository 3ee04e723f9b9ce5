/* SPDX-License-Identifier: Apache-2.0 */
/* What detectors of names share: who asks whom, and the names of what is said. */
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

/* Does somebody inside ask? */
static inline bool sk_dns_inside(const struct sk_event *event)
{
	return event->class_ == (sk_dns_turned(event) ? SK_CLASS_FD : SK_CLASS_DF);
}
/* Can only questions be seen, and no answers? */
static inline bool sk_dns_half(const struct sk_event *event)
{
	return !sk_dns_turned(event) && (event->bits & SK_EVENT_HALF) != 0;
}
/* A registered domain that exists somewhere in the world. */
static inline bool sk_dns_is_public(const struct sk_name *name)
{
	return name->registered_at < name->length;
}

/* What a score, a log-likelihood in hundredths, must come to for one false alarm in 10^exponent. */
static inline int32_t sk_dns_bound(uint64_t exponent)
{
	return (int32_t)(exponent * 230); /* ln 10 */
}

/* ---- names of what is said ----
   No entry holds a name. What is about to be said may stand here, out of an event of this second; what was said, and so is selected, until its episode is over. */

enum { SK_NAMED_SLOTS = 256, SK_NAMED_WAYS = 8, SK_NAMED_WAIT_S = 30 };
struct sk_named { /* a detector's extra memory */
	uint64_t keys[SK_NAMED_SLOTS]; /* 0 free */
	uint32_t at_s[SK_NAMED_SLOTS];
	char texts[SK_NAMED_SLOTS][SK_EVENT_TEXT_MAX];
};
/* In event: the name of what this key is about. The first stays; of one second the one that sorts first, so that their order does not show. Without room it is not kept. */
void sk_named_keep(struct sk_named *named, uint64_t key, const struct sk_event *event);
/* The name of a key, or "". */
const char *sk_named_text(const struct sk_named *named, uint64_t key);
/* It is not needed any more. */
void sk_named_drop(struct sk_named *named, uint64_t key);
/* In settle: shall what could be said wait for a name? Not for longer than SK_NAMED_WAIT_S after it first could; *since_s is the entry's, 0 at its start. */
bool sk_named_waits(const struct sk_run *run, const struct sk_named *named, uint64_t key, uint32_t *since_s);

#endif
