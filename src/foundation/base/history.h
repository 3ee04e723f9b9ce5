/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of every flow segment, whatever else is known of it: flow reads it out of its table, select hands it on as it stands, and the store packs it.
   One list of members, so that it is copied whole; no names, no content. */
#ifndef SK_BASE_HISTORY_H
#define SK_BASE_HISTORY_H

#include "base/addr.h"

#define SK_HISTORY_MEMBERS { \
	struct sk_addr initiator, responder; \
	uint16_t initiator_port, responder_port; /* ICMP: type and code mapped as Community ID 1 does */ \
	uint8_t ip_proto; \
	uint8_t tcp_flags[2]; \
	uint8_t class_;            /* enum sk_class: outermost class of the initiator's direction */ \
	uint8_t initiator_sure; \
	uint8_t end, state;        /* enum sk_flow_end, enum sk_flow_state */ \
	/* from here to icmp_code: of most segments all the same */ \
	uint8_t app;               /* enum sk_app, by content */ \
	uint8_t metered_by;        /* enum sk_meter; not HERE: told in a flow export, and packets, bytes and times are that router's word */ \
	uint8_t layers; \
	uint32_t sampling;         /* of an export: one packet in so many was counted, the counts are as told; 0: not known */ \
	uint16_t tunnels; \
	uint16_t interface; \
	uint8_t icmp_type, icmp_code; \
	int64_t first_ns, last_ns; \
	uint64_t packets[2], ip_bytes[2]; \
	uint64_t frames, frame_bytes; /* wire frames of this segment */ \
}

struct sk_history SK_HISTORY_MEMBERS;

/* The members stand in a struct as its own, and as one under the name history. */
#define SK_HISTORY union { struct sk_history history; struct SK_HISTORY_MEMBERS; }

#endif
