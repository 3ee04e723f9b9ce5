/* SPDX-License-Identifier: Apache-2.0 */
/* A frame builder for the gate's tests: headers are put in front of what is there, innermost first. Sides are those of fake_border.h. */
#ifndef GATE_FRAMES_H
#define GATE_FRAMES_H

#include "gate/gate.h"

enum { BUILD_MAX_BYTES = 2048 };

struct build {
	uint8_t room[BUILD_MAX_BYTES];
	size_t start; /* the frame is room + start to the end */
};

/* A way to carry one IP packet in another: puts everything between the two IP headers in front; sets what the outer IP header must say. */
struct encapsulation {
	const char *name;
	uint8_t (*put)(struct build *b, unsigned inner_family); /* returns the IP protocol number */
	uint16_t tunnels;                                         /* for an IPv4 outer and inner family: see encapsulation_tunnels */
};

/* A link layer: puts its headers in front of an IP packet. */
struct link_layer {
	const char *name;
	uint8_t link; /* enum sk_link */
	void (*put)(struct build *b, unsigned family);
	uint16_t tunnels;
};

extern const struct encapsulation encapsulations[];
extern const size_t encapsulation_count;
extern const struct link_layer link_layers[];
extern const size_t link_layer_count;

/* Start with a payload of so many bytes (a canary pattern). */
void build_start(struct build *b, size_t payload_bytes);
/* Put raw bytes, or a big-endian number, in front. */
void build_put(struct build *b, const void *bytes, size_t length);
void build_put16(struct build *b, unsigned value);
void build_put32(struct build *b, uint32_t value);
/* Put an IP header of that family in front, whose pair is of that class. proto is the next header. */
void build_put_ip(struct build *b, unsigned family, unsigned proto, enum sk_class class_);
/* Variants: IPv4 with 8 bytes of options; IPv6 with hop-by-hop, routing, destination options and an atomic fragment header; a fragment with an
   offset in units of 8 bytes and the more flag. */
void build_put_ip4_options(struct build *b, unsigned proto, enum sk_class class_);
void build_put_ip6_extensions(struct build *b, unsigned proto, enum sk_class class_);
/* IPv6 with so many destination options headers, one behind the other. */
void build_put_ip6_chain(struct build *b, unsigned proto, enum sk_class class_, unsigned count);
void build_put_fragment(struct build *b, unsigned family, unsigned proto, enum sk_class class_, unsigned offset, bool more);
void build_put_tcp(struct build *b);
void build_put_udp(struct build *b, unsigned port);
/* An ICMP error (or with error = false an echo request) of the family in front of what is there. */
void build_put_icmp(struct build *b, unsigned family, bool error);
uint8_t *build_bytes(struct build *b);
size_t build_length(const struct build *b);
/* The bits that the gate must report for one use of an encapsulation. */
uint16_t encapsulation_tunnels(const struct encapsulation *e, unsigned outer_family, unsigned inner_family);
/* A frame over a copy of the built bytes; the caller frees frame.bytes. captured <= length. */
struct sk_frame build_frame(struct build *b, uint8_t link, size_t captured);

#endif
