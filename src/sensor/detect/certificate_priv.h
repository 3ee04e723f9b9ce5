/* SPDX-License-Identifier: Apache-2.0 */
/* What the detectors of certificates share: one entry for each server and port, whatever certificates it shows there. */
#ifndef SK_DETECT_CERTIFICATE_PRIV_H
#define SK_DETECT_CERTIFICATE_PRIV_H

#include "detect/detector.h"

struct sk_certificate_entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint64_t contacts, clients;  /* clients: a bitmap */
	uint32_t days;               /* the most that was seen */
	bool early;                  /* before its time, rather than behind it */
	struct sk_episode episode;
};

/* The key of an event's server and port; what: tells the entries of detectors apart. */
uint64_t sk_certificate_key(const struct sk_event *event, unsigned what);
/* Count an event; numbers[0] are days, numbers[1] says early. */
void sk_certificate_see(struct sk_run *run, const struct sk_event *event, uint64_t hash, uint32_t quiet_s);
/* Tell it when contacts reach `least`, then as episodes go. fill completes a detection that has ends, contacts, peers and "tcp/443" already. */
bool sk_certificate_settle(struct sk_run *run, struct sk_certificate_entry *entry, uint64_t least, uint32_t quiet_s,
			   void (*fill)(const struct sk_run *run, const struct sk_certificate_entry *entry, struct sk_detection *detection));
/* Append "The server 203.0.113.5 (abroad) at TCP port 443 (HTTPS) showed 192.0.2.7 (inside)". */
void sk_certificate_tell(const struct sk_detection *detection, struct sk_words *words);

#endif
