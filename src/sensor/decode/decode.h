/* SPDX-License-Identifier: Apache-2.0 */
/* decode: from an admitted packet to facts: IP, TCP, UDP, ICMP, SCTP, IPv6 extension headers, IP fragments; and protocol heads (dns.h, tls.h).
   Takes nothing but struct sk_admitted. What names a person or opens a door is not a member of any struct here.
   Promises: bounded time a byte, no recursion, no allocation after sk_decoder_new; held fragments are overwritten when given up.
   Thread rule: one decoder per worker. */
#ifndef SK_DECODE_H
#define SK_DECODE_H

#include "gate/gate.h"

enum sk_tcp_flag { SK_TCP_FIN = 1, SK_TCP_SYN = 2, SK_TCP_RST = 4, SK_TCP_PSH = 8, SK_TCP_ACK = 16, SK_TCP_URG = 32, SK_TCP_ECE = 64, SK_TCP_CWR = 128 };

/* Facts of one packet (or of one reassembled datagram). */
struct sk_packet {
	struct sk_addr source, destination;
	uint16_t source_port, destination_port; /* ICMP: type and code as Community ID maps them are derived in flow; here 0 */
	uint8_t ip_proto;      /* the upper protocol after extension headers */
	uint8_t tcp_flags;     /* enum sk_tcp_flag */
	uint8_t icmp_type, icmp_code;
	uint8_t ttl;
	uint8_t class_;        /* outermost class */
	uint8_t inner_class;   /* class of source, destination above */
	uint8_t layers;
	uint16_t interface;
	uint16_t tunnels;
	uint32_t sequence;     /* TCP */
	uint32_t frames;       /* frames that made this packet: 1, or the fragments */
	uint32_t wire_bytes;   /* their bytes on the wire, for the equation */
	uint32_t ip_bytes;     /* bytes from the IP header on, for flow records */
	uint32_t payload_wire_bytes; /* transport payload on the wire */
	int64_t time_ns;
	int64_t clock_ns;      /* what the clock of flows showed when it came (flow/clock.h); set by whoever follows it, not by decode */
	struct sk_cur payload; /* what was captured of it; valid as long as the admitted packet */
	bool has_ports;
	bool quoted;           /* an ICMP error; its quoted pair was judged by the gate, nothing beyond is decoded */
};

enum sk_decoded {
	SK_DECODED,            /* *packet is filled */
	SK_DECODE_HELD,        /* a fragment, kept until its datagram is whole: pending */
	SK_DECODE_DATAGRAM,    /* a datagram is whole: hand *datagram to sk_gate_judge_datagram, then decode what that admits */
	SK_DECODE_BAD          /* undecodable: the frame's fate is select_erased/undecodable */
};

/* A reassembled datagram, in the decoder's memory until sk_decode_release_datagram. */
struct sk_datagram {
	uint8_t *bytes;
	size_t length;
	struct sk_admitted_info seen; /* time of the last fragment, frames and wire_bytes summed */
};

/* What a fragment says of its datagram: for whoever must treat all frames of a datagram alike. */
enum { SK_FRAGMENT_KEY_BYTES = 40 };
struct sk_fragment {
	uint8_t key[SK_FRAGMENT_KEY_BYTES]; /* equal for the fragments of one datagram that came the same way (outermost class, depth) */
	uint8_t family;          /* 4 or 6 */
	uint8_t proto;           /* what follows; in IPv6 only the first fragment's counts (RFC 8200 4.5) */
	bool more;
	bool has_port;           /* the first fragment of UDP, and the port was captured */
	uint16_t destination_port;
	uint32_t offset;         /* of its payload in the datagram's, bytes */
	uint32_t payload_bytes;  /* on the wire */
};
/* Is the innermost packet a fragment (atomic ones are none, RFC 6946)? False also when its headers are cut off or impossible. */
bool sk_decode_fragment(const struct sk_admitted *admitted, struct sk_fragment *out);

struct sk_decoder; /* opaque */

struct sk_decoder_limits {
	uint32_t datagrams;           /* datagrams in reassembly at once, default 1024 */
	uint32_t datagram_bytes;      /* largest datagram kept, default 65535 */
	uint32_t pool_bytes;          /* memory for fragments, default 8 MiB */
	int64_t timeout_ns;           /* default 30 s of packet time */
};
/* The defaults above. */
struct sk_decoder_limits sk_decoder_default_limits(void);

/* Fragments given up: frames and bytes whose fate is select_erased/fragment_timeout (or evicted when the pool was full). */
struct sk_fragment_loss {
	uint64_t timeout_frames, timeout_bytes;
	uint64_t evicted_frames, evicted_bytes;
	uint64_t bad_frames, bad_bytes;  /* overlapping or beyond limits: undecodable */
};

/* Allocates and touches everything now; key keys the fragment table's hash. SK_ENOMEM. */
SK_MUST enum sk_err sk_decoder_new(const struct sk_decoder_limits *limits, const uint8_t key[16], struct sk_decoder **out);
/* Wipe and free (NULL is fine). */
void sk_decoder_free(struct sk_decoder *decoder);
/* Decode one admitted packet. */
SK_MUST enum sk_decoded sk_decode(struct sk_decoder *decoder, const struct sk_admitted *admitted, struct sk_packet *packet, struct sk_datagram *datagram);
/* Overwrite and give back a datagram that sk_decode handed out. At most one is out at a time. */
void sk_decode_release_datagram(struct sk_decoder *decoder, struct sk_datagram *datagram);
/* Give up fragments older than the time-out at packet time now_ns (INT64_MAX: all of them); adds to *loss. Call at least each interval. */
void sk_decode_expire(struct sk_decoder *decoder, int64_t now_ns, struct sk_fragment_loss *loss);
/* Frames and bytes held now, counted by walking the table: they are pending. */
void sk_decode_held(const struct sk_decoder *decoder, uint64_t *frames, uint64_t *bytes);
/* Bytes of all the decoder's buffers that are not zero: a test's canary count. */
size_t sk_decode_residue(const struct sk_decoder *decoder);

#endif
