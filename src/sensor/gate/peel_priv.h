/* SPDX-License-Identifier: Apache-2.0 */
/* Peeling: an iterator over the IP layers of one frame, outermost first. Inside the gate only.
   It reads one layer per call, so that the gate can stop at the first pair that is not covered and never look deeper. */
#ifndef SK_GATE_PEEL_PRIV_H
#define SK_GATE_PEEL_PRIV_H

#include "gate/gate.h"

/* What one call found. Everything but PAIR ends the frame. */
enum sk_peeled {
	SK_PEELED_GO,             /* internal: the next header follows */
	SK_PEELED_PAIR,           /* an address pair: peel->family, source, destination */
	SK_PEELED_DONE,           /* no further layer: what is left is the innermost transport */
	SK_PEELED_NON_IP,
	SK_PEELED_MALFORMED,
	SK_PEELED_UNKNOWN,        /* IP may be inside, but it cannot be told (MPLS pseudowire) */
	SK_PEELED_INNER_UNKNOWN,
	SK_PEELED_TUNNEL_FRAGMENT,
	SK_PEELED_COUNT
};

/* How sure it is that the header at the cursor is what it is taken for, and so what a contradiction in it means. */
enum sk_peel_doubt {
	SK_PEEL_SURE,  /* announced by a type or protocol number: a contradiction is a malformed frame or an unknown inner layer */
	SK_PEEL_GUESS, /* told by the version nibble below MPLS: a contradiction is something else than IP */
	SK_PEEL_MAYBE  /* told by a UDP port: a contradiction is plain UDP */
};

struct sk_peel {
	struct sk_cur cur;          /* at the next header, cut to every length seen so far */
	uint32_t uncaptured;        /* bytes that stood on the wire behind cur.end */
	uint8_t step;               /* enum step in peel.c */
	uint8_t doubt;              /* enum sk_peel_doubt */
	bool exact;                 /* all fixed and reserved bits of the UDP tunnel header are as written by the standard */
	bool later_fragment;        /* of the current IP layer */
	uint8_t proto;              /* next header of the current IP layer */
	uint8_t optional_bytes;     /* IPv4 options or optional GRE fields that still stand at the cursor */
	uint8_t extensions;         /* IPv6 extension headers of the current IP layer */
	uint8_t tags;               /* VLAN tags since the last Ethernet header */
	uint8_t layers;             /* IP layers seen; a quoted pair is none */
	uint16_t tunnels;           /* enum sk_tunnel bits on the way to the cursor */
	uint16_t tunnels_sure;      /* the bits when the innermost IP header was accepted */
	uint8_t family;             /* of the pair: 4 or 6 */
	bool inner;                 /* the pair is not the outermost one */
	bool quoted;                /* the pair is the one that an ICMP error quotes */
	const uint8_t *source;      /* the pair's bytes; borrowed from the frame */
	const uint8_t *destination;
	struct sk_cur packet;       /* the innermost IP packet, captured part */
	uint32_t packet_wire_bytes; /* its length on the wire, as its IP header says */
};

/* UDP destination ports that can make a tunnel. */
enum { SK_PORT_GTPU = 2152, SK_PORT_VXLAN = 4789, SK_PORT_GENEVE = 6081 };
static inline bool sk_peel_is_tunnel_port(unsigned port)
{
	return port == SK_PORT_VXLAN || port == SK_PORT_GENEVE || port == SK_PORT_GTPU;
}

/* Begin at the link header of a frame. Reads nothing. */
void sk_peel_frame(struct sk_peel *peel, const struct sk_frame *frame);
/* Begin at the IP header of a reassembled datagram that stood below seen->layers - 1 other IP layers. Reads nothing. */
void sk_peel_datagram(struct sk_peel *peel, const struct sk_admitted_info *seen, const uint8_t *bytes, size_t length);
/* The next address pair, or why there is none. Reads no byte behind the pair that it returns. rule: GATE-3 */
SK_MUST enum sk_peeled sk_peel_next(struct sk_peel *peel);

#endif
