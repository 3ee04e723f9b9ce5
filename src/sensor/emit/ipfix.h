/* SPDX-License-Identifier: Apache-2.0 */
/* ipfix: what was selected, as IPFIX (RFC 7011) to a collector that the operator configured, or to a file (RFC 5655): one record a direction, its pair, ports,
   protocol, flags, counts and times. Takes only observations, and of them no name, no fingerprint and no hit.
   Promises: connects through peer alone, never to an address that a selector names; a collector that is slow or gone holds nobody up for longer than a
   second in five; what it did not get is counted. Thread rule: one exporter a peer. */
#ifndef SK_EMIT_IPFIX_H
#define SK_EMIT_IPFIX_H

#include "base/clock.h"
#include "observe/observe.h"
#include "peer/peer.h"

enum {
	SK_IPFIX_DOMAIN = 1,               /* observation domain */
	SK_IPFIX_DATAGRAM_BYTES = 1400,    /* fits an Ethernet frame whatever carries it */
	SK_IPFIX_TEMPLATE_MESSAGES = 256,  /* over UDP the templates come again after so many messages ... */
	SK_IPFIX_TEMPLATE_S = 60           /* ... or seconds */
};

struct sk_ipfix; /* opaque */

/* Open: "udp:ADDRESS:PORT", "tcp:ADDRESS:PORT", or a file, which is replaced. named: as for sk_peer_connect, asked again whenever it connects anew. SK_EPERMIT, SK_EIO,
   SK_EUSAGE (looks like a peer and is none), SK_ENOMEM. Caller closes. */
SK_MUST enum sk_err sk_ipfix_open(const char *where, sk_peer_named named, void *context, const struct sk_clock *clock, struct sk_ipfix **out, struct sk_fault *fault);
/* Before the first observation: another observation domain. At any time: send the templates again so often, over UDP (0: SK_IPFIX_TEMPLATE_S). */
void sk_ipfix_tune(struct sk_ipfix *ipfix, uint32_t domain, int64_t template_ns);
/* Where it goes: SK_OK, or SK_EUSAGE for a file. */
SK_MUST enum sk_err sk_ipfix_peer(const struct sk_ipfix *ipfix, struct sk_peer *out);
/* Records sent, records lost, and errno of the last try (0: it went well). */
void sk_ipfix_stats(const struct sk_ipfix *ipfix, uint64_t *sent, uint64_t *lost, int *errnum);
/* Of a simulation an options record (observationDomainName) says so and names the basis, as often as the templates are sent. */
void sk_ipfix_mark(struct sk_ipfix *ipfix, const char *basis_id, bool simulated);
/* One observation: a record for each direction in which something went. */
void sk_ipfix_observation(struct sk_ipfix *ipfix, const struct sk_observation *observation);
/* Send what waits. */
void sk_ipfix_flush(struct sk_ipfix *ipfix);
/* Flush and close; SK_EIO or SK_ENOSPC when records were lost: how many, and why the first. */
SK_MUST enum sk_err sk_ipfix_close(struct sk_ipfix *ipfix, struct sk_fault *fault);

#endif
