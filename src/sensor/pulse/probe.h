/* SPDX-License-Identifier: Apache-2.0 */
/* probe: the receiver's side of pulse. It counts what comes and, of admitted packets, reads what is left of the TTL and when handshakes are answered: header fields alone.
   Whom a sample is about is a cell: a number under a random key, shared by many networks and told to nobody. Of a handshake under way a keyed tag and a time are kept.
   Of a few frames a second, how many ever come, the border table is asked which country their end abroad is in.
   Promises: no allocation after sk_pulse_probe_new; bounded time a frame. Thread rule: one probe per receiving worker. */
#ifndef SK_PULSE_PROBE_H
#define SK_PULSE_PROBE_H

#include "border/border.h"
#include "gate/gate.h"
#include "pulse/pulse.h"

enum {
	SK_PROBE_HANDSHAKES = 4096,     /* under way at once; the older gives way */
	SK_PROBE_EVERY = 32,            /* of packets that are no handshake, one in so many tells its hops */
	SK_PROBE_ENDS = 256             /* so many a second are looked at for their country, if it goes on as in the second before */
};

struct sk_pulse_probe; /* opaque */

/* Make one. key: the crew's, random, the same for all probes of a link. SK_ENOMEM. */
SK_MUST enum sk_err sk_pulse_probe_new(const uint8_t key[SK_SIP_KEY_BYTES], struct sk_pulse_probe **out);
/* Wipe and free (NULL is fine). */
void sk_pulse_probe_free(struct sk_pulse_probe *probe);
/* From now on the countries are this table's (borrowed; NULL: none are told). */
void sk_pulse_probe_border(struct sk_pulse_probe *probe, const struct sk_border *border);
/* Is the second over at this time, or none begun? Then sk_pulse_probe_beat, before what follows is counted. */
SK_MUST bool sk_pulse_probe_due(const struct sk_pulse_probe *probe, int64_t now_ns);
/* Count a frame that came at now_ns of the link's clock; look at its header when it was admitted (else NULL). */
void sk_pulse_probe_frame(struct sk_pulse_probe *probe, int64_t now_ns, const struct sk_frame *frame, const struct sk_verdict *verdict);
/* Count frames of which no more is known: erased in the kernel (their class), or lost (UNKNOWN). */
void sk_pulse_probe_count(struct sk_pulse_probe *probe, enum sk_class class_, uint64_t frames, uint64_t bytes);
/* The second so far. Without frames it is one of silence until now_ns. */
const struct sk_pulse_beat *sk_pulse_probe_beat(struct sk_pulse_probe *probe, int64_t now_ns, uint8_t carrier);
/* It was told: begin the next. */
void sk_pulse_probe_next(struct sk_pulse_probe *probe, int64_t now_ns);
/* Bytes of handshakes and samples that are not zero. */
size_t sk_pulse_probe_residue(const struct sk_pulse_probe *probe);

#endif
