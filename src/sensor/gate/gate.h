/* SPDX-License-Identifier: Apache-2.0 */
/* gate: decides, from fixed header bytes alone, whether a frame may be looked at. Peels VLAN, QinQ, MPLS, PPPoE, GRE, IP-in-IP, 6in4, VXLAN,
   Geneve and GTP-U; every layer's pair must be in a class that the basis covers. The only minter of struct sk_admitted.
   Promises: an erased frame's bytes are overwritten before judge returns; every frame gets one class and one verdict.
   Never: reads past the innermost transport header; allocates after sk_gate_new; logs. Thread rule: one gate per worker; not shared. */
#ifndef SK_GATE_H
#define SK_GATE_H

#include "basis/basis.h"
#include "border/border.h"
#include "capture/capture.h"
#include "wire/wire.h"

/* Why a frame was erased at the gate (DESIGN.md 3, 6). ADMITTED is 0. */
enum sk_gate_reason {
#define SK_GATE_REASON(name, text, prose) SK_GATE_##name,
#include "gate/reason.def"
#undef SK_GATE_REASON
	SK_GATE_REASON_COUNT
};

enum {
	SK_GATE_LAYERS_MAX = 8,     /* IP layers; a deeper nesting is erased as inner_unknown */
	/* IPv6 extension headers of a layer; a longer chain is erased as inner_unknown. RFC 8200 4.1 names four that are walked, one of them twice,
	   and one of mobility, HIP or shim6 may follow; RFC 8883 lets any node on the way refuse longer ones. A packet holds 180, at 10 ns each. */
	SK_GATE_EXTENSIONS_MAX = 8,
	SK_GATE_WORKERS_MAX = 64
};

/* Encapsulations seen on the way in, as bits. */
enum sk_tunnel {
	SK_TUNNEL_VLAN = 1 << 0, SK_TUNNEL_QINQ = 1 << 1, SK_TUNNEL_MPLS = 1 << 2, SK_TUNNEL_PPPOE = 1 << 3, SK_TUNNEL_GRE = 1 << 4,
	SK_TUNNEL_IPIP = 1 << 5, SK_TUNNEL_6IN4 = 1 << 6, SK_TUNNEL_VXLAN = 1 << 7, SK_TUNNEL_GENEVE = 1 << 8, SK_TUNNEL_GTPU = 1 << 9
};

/* What anyone may know of an admitted frame without its bytes. */
struct sk_admitted_info {
	int64_t time_ns;
	uint32_t wire_bytes;   /* of the frame; of all its frames when reassembled */
	uint32_t frames;       /* 1, or the number of fragments that made this datagram */
	uint16_t interface;
	uint16_t tunnels;      /* enum sk_tunnel bits */
	uint8_t class_;        /* of the outermost pair */
	uint8_t inner_class;   /* of the innermost pair; equals class_ without a tunnel */
	uint8_t layers;        /* IP layers, 1 = no tunnel */
	uint8_t reassembled;   /* it came back from decode */
	uint16_t worker;       /* whose it is, when gates of several workers share a source (sk_gate_steer); else 0 */
	uint8_t plain;         /* 4 or 6: an unfragmented TCP or UDP packet behind an IP header without options or extensions, captured whole, perhaps behind a VLAN tag; else 0 */
};

struct sk_gate;
struct sk_admitted; /* only gate.c can make one */

struct sk_verdict {
	uint8_t class_;                 /* enum sk_class by the outermost pair */
	uint8_t reason;                 /* enum sk_gate_reason; SK_GATE_ADMITTED = 0 */
	const struct sk_admitted *admitted; /* NULL when erased; valid until the next judge_batch */
};

/* Make a gate for a table and the classes (SK_CLASS_BITs) that the basis covers. Borrows table, which must outlive it. SK_ENOMEM.
   Touches all its memory now. */
SK_MUST enum sk_err sk_gate_new(const struct sk_border *table, unsigned covered_classes, struct sk_gate **out);
/* Wipe and free (NULL is fine). */
void sk_gate_free(struct sk_gate *gate);
/* Share what is admitted between so many workers, 1 to SK_GATE_WORKERS_MAX (1, as after sk_gate_new: nothing is worked out). A frame belongs to the worker that a
   keyed hash of its innermost address pair names, addresses alone and the same in both directions: so a talk stays together whatever its ports, fragments and
   tunnels. The key is the crew's: secret, and the same in every gate of it. rule: WORKER-1 */
void sk_gate_steer(struct sk_gate *gate, unsigned workers, const uint8_t key[SK_SIP_KEY_BYTES]);
/* Judge by another table and coverage from now on. Borrows table. Between two batches. */
void sk_gate_switch(struct sk_gate *gate, const struct sk_border *table, unsigned covered_classes);
/* Judge count <= SK_BATCH_MAX frames. Borrows the frames; erased ones are overwritten on return. verdicts[count]. rule: GATE-1 GATE-2 GATE-3 GATE-4 */
void sk_gate_judge_batch(struct sk_gate *gate, struct sk_frame *frames, size_t count, struct sk_verdict *verdicts);
/* Judge a datagram that decode reassembled (bytes begin at its IP header), seen by `seen` before: its pair again, and every layer inside it.
   Erased: bytes are overwritten. The admitted frame is valid until the next call of either judge. rule: GATE-5 */
struct sk_verdict sk_gate_judge_datagram(struct sk_gate *gate, const struct sk_admitted_info *seen, uint8_t *bytes, size_t length);

/* Judge the address pair of a record whose frames are gone (a line of a log, a flow of an export): ADMITTED when the class of the pair, given by *class_,
   is covered. Ask it before anything else of the record is read. rule: GATE-3 */
enum sk_gate_reason sk_gate_judge_pair(const struct sk_border *table, unsigned covered_classes, const struct sk_addr *source, const struct sk_addr *destination,
				       enum sk_class *class_);

/* Is it a UDP destination port that makes a tunnel where the rest fits (VXLAN, Geneve, GTP-U)? For whoever must wait with a fragment. */
bool sk_gate_is_tunnel_port(uint16_t destination_port);

/* What is known of an admitted frame. */
const struct sk_admitted_info *sk_admitted_info(const struct sk_admitted *admitted);
/* The only way to the bytes: a cursor that begins at the innermost IP header and ends at the captured end of that packet (not of the frame:
   Ethernet padding is cut off by the IP length). *wire_length gets the packet's length on the wire. */
struct sk_cur sk_admitted_bytes(const struct sk_admitted *admitted, uint32_t *wire_length);

/* Name of a reason in JSON, the ledger and metrics, e.g. "domestic"; and one sentence for people. Static storage. */
const char *sk_gate_reason_name(enum sk_gate_reason reason);
/* The sentence. Static storage. */
const char *sk_gate_reason_prose(enum sk_gate_reason reason);

#endif
