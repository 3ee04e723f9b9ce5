/* SPDX-License-Identifier: Apache-2.0 */
/* carrier: flow exports out of a capture of the wire between routers and their collector. A frame is looked at before the gate judges it, and is not altered: its
   own fate is the gate's, like any frame's. That looking is allowed is the operator's word (--exports) under a basis that permits it (rule: EXPORT-1); whose frames are
   looked at is this room's: rule: EXPORT-5.
   Promises: fixed memory; what was put together is overwritten. Never: looks at a frame to another port. Thread rule: as the export's. */
#ifndef SK_EXPORT_CARRIER_H
#define SK_EXPORT_CARRIER_H

#include "export/export.h"

enum {
	SK_CARRIER_PORTS_MAX = 16, SK_EXPORTERS_MAX = 64,
	SK_CARRIER_STREAMS = 32, SK_CARRIER_STREAM_BYTES = 2 * 65536, SK_CARRIER_RANGES = 16
};

struct sk_carrier_config {
	struct sk_export *export_;          /* borrowed, as all below */
	const struct sk_border *border;
	unsigned classes;                   /* SK_CLASS_BITs that the basis covers */
	size_t port_count;                  /* 0: 2055, 4739, 6343, 9995, 9996 */
	uint16_t ports[SK_CARRIER_PORTS_MAX];
	size_t exporter_count;              /* senders that the operator named, wherever they are; when some are named, no others are read */
	struct sk_prefix exporters[SK_EXPORTERS_MAX];
};

struct sk_carrier; /* opaque */

/* Make one; allocates and touches everything. SK_ENOMEM. */
SK_MUST enum sk_err sk_carrier_new(const struct sk_carrier_config *config, struct sk_carrier **out);
/* Wipe and free (NULL is fine). */
void sk_carrier_free(struct sk_carrier *carrier);
/* Look at one frame, before the gate does. UDP whole in one packet; TCP put together in order. Errors as sk_export_message. rule: EXPORT-5 */
SK_MUST enum sk_err sk_carrier_frame(struct sk_carrier *carrier, const struct sk_frame *frame, struct sk_fault *fault);
/* The input is over: streams that are still open end. */
void sk_carrier_end(struct sk_carrier *carrier);
/* Bytes of its buffers that are not zero: a test's canary count. 0 after sk_carrier_end. */
size_t sk_carrier_residue(const struct sk_carrier *carrier);

#endif
