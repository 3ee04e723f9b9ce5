/* SPDX-License-Identifier: Apache-2.0 */
/* campaign's own: contacts of a host inside with a service abroad, out of stored records, in two passes. The first counts pairs in a sketch that never counts too few
   (count-min), and who talks to a service in bitmaps; the second keeps the times of those pairs alone that came often enough. */
#ifndef SK_CAMPAIGN_CONTACTS_H
#define SK_CAMPAIGN_CONTACTS_H

#include "campaign/stored.h"

struct sk_pair {
	uint64_t hash;
	struct sk_addr initiator, responder;
	uint16_t responder_port;
	uint8_t ip_proto, class_, app;
	uint8_t evidence[16];              /* id of the earliest */
	char name[64];                     /* by which the service was asked for, where it is kept; of the earliest that had one */
	int64_t first_ns, last_ns, named_ns;
	uint32_t contacts, crowd;          /* crowd: hosts inside that talk to the service's address, up to 64 */
	uint64_t packets[2], bytes[2];
	size_t begin;                      /* of its contacts */
};

struct sk_pair_contact {
	uint32_t pair, first_s, last_s;
	uint16_t port;                     /* the initiator's */
};

struct sk_contacts {
	struct sk_pair *pairs;
	uint32_t pair_count;
	struct sk_pair_contact *contacts;  /* by pair, then by time */
	size_t contact_count;
};

/* Gather them: pairs with `least` contacts at least, in the order of initiator, responder, port. What does not fit is counted in run->counts. SK_ENOMEM, and what
   the source returns; then *out is empty. */
SK_MUST enum sk_err sk_contacts_gather(struct sk_stored_run *run, uint64_t least, struct sk_contacts *out, struct sk_fault *fault);
/* Free them. */
void sk_contacts_free(struct sk_contacts *contacts);

#endif
