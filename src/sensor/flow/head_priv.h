/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that look for heads share. */
#ifndef SK_FLOW_HEAD_PRIV_H
#define SK_FLOW_HEAD_PRIV_H

#include "flow/flow_priv.h"

enum { SK_HEAD_TCP = 6, SK_HEAD_UDP = 17, SK_HEAD_PORT_DNS = 53 };

/* What may stand at the place of a head: a set, so that bytes which may be the beginning of several are kept for all of them. */
enum sk_reader {
	SK_READ_CLIENT_HELLO = 1, SK_READ_SERVER_HELLO = 2, SK_READ_CERTIFICATE = 4, SK_READ_HTTP = 8, SK_READ_HTTP2 = 16, SK_READ_SSH = 32,
	SK_READ_COMMAND = 64, SK_READ_DNS = 128,
	/* at a place where nothing is known yet: the first byte decides */
	SK_READ_ANY = SK_READ_CLIENT_HELLO | SK_READ_SERVER_HELLO | SK_READ_HTTP | SK_READ_HTTP2 | SK_READ_SSH | SK_READ_COMMAND
};

/* What the bytes at the place of a head are. */
enum sk_found {
	SK_FOUND_HEAD,   /* a head, in table->head */
	SK_FOUND_OTHER,  /* a message that is no head, but the next one may be (DNS framing goes on) */
	SK_FOUND_MORE,   /* the beginning of one */
	SK_FOUND_NOTHING /* something else */
};

/* One look at some bytes. */
struct sk_look {
	const struct sk_packet *packet;
	unsigned direction;
	unsigned readers;    /* in: what it may be; out: what it may still be when there is more */
	bool last;           /* there will be no more bytes */
	bool told;           /* an SSH identification without key exchange is no news */
	/* out */
	enum sk_head_kind kind;
	enum sk_app app;
	uint32_t used;       /* bytes of the head or message; may be more than there are */
	bool partial;        /* SSH: the key exchange has yet to come */
};

/* Read bytes as what look->readers say. The cursor is not moved: by value it would be copied at each call on the way, out of stores that are still under way. */
enum sk_found sk_look_at(struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_cur *bytes, struct sk_look *look);
/* Is there more at the front of a buffer than at the last look, and enough that its readers may say something else? Each byte is so read a few times,
   however many segments it comes in. To be asked once a look: what it tells is remembered. */
bool sk_look_is_news(struct stream *stream, struct sk_cur prefix);
/* Is it a protocol whose messages are counted all along the flow? */
bool sk_head_is_industrial(unsigned app);
/* Is it a protocol that is told by its commands? */
bool sk_head_is_command(unsigned app);
/* Ready table->head for its taker; the flow's protocol is the first one that was seen. */
const struct sk_head *sk_head_hand_out(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_look *look);
/* A parser is about to fill table->head. */
static inline struct sk_head *sk_head_use(struct sk_flow_table *table)
{
	table->head_used = sizeof table->head;
	return &table->head;
}
/* It said no. */
void sk_head_drop(struct sk_flow_table *table);
/* A DNS message into table->head. It is one when it parses, or when it is cut off behind its question. */
SK_MUST enum sk_err sk_head_dns(struct sk_flow_table *table, struct sk_cur message);
/* A command of a UDP datagram or at the front of a TCP payload, by the flow's protocol when it has one. */
SK_MUST enum sk_err sk_head_command(const struct sk_flow *flow, const struct sk_packet *packet, unsigned direction, const struct sk_cur *bytes,
				    struct sk_command *out);

/* ---- tcp.c ---- */

/* The first head of a segment's payload; then the next ones. */
const struct sk_head *sk_head_tcp(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction);
const struct sk_head *sk_head_tcp_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction);

/* ---- udp.c ---- */

/* The first head of a datagram; then the next ones. */
const struct sk_head *sk_head_udp(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction);
const struct sk_head *sk_head_udp_next(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction);

#endif
