/* SPDX-License-Identifier: Apache-2.0 */
/* The DNS head (RFC 1035, EDNS RFC 6891): header, first question, what kinds of answers, and some of their addresses, which live no longer than the head. */
#ifndef SK_DECODE_DNS_H
#define SK_DECODE_DNS_H

#include "wire/wire.h"

enum { SK_DNS_NAME_MAX = 256, SK_DNS_ADDRESSES_MAX = 5 };

struct sk_dns {
	uint16_t id, flags;
	uint16_t questions, answers, authorities, additionals;
	uint16_t query_type, query_class;
	uint8_t rcode;             /* with the EDNS upper bits cut to 8 */
	bool response, truncated, has_edns;
	uint16_t edns_udp_size;
	uint8_t label_count;       /* labels of the question */
	uint8_t name_length;       /* bytes of name */
	uint32_t answer_min_ttl_s; /* over the answer section; 0 when none */
	uint16_t answer_address_count; /* A and AAAA records of the answer section */
	uint16_t answer_types;     /* bit 0 A, 1 AAAA, 2 CNAME, 3 MX, 4 TXT, 5 NS, 6 PTR, 7 SRV, 8 HTTPS/SVCB, 9 NULL, 15 other */
	char name[SK_DNS_NAME_MAX]; /* question in lower case without the last dot; "." for the root; bytes outside [a-z0-9_-] as \DDD; lives in flow memory only */
	/* Those that answer_address_count tells of, as far as there is room; of IPv6 the network, 64 bits. For detectors' keyed hashes alone: behind what is kept. */
	struct { uint8_t family, bytes[8]; } address[SK_DNS_ADDRESSES_MAX];
};

/* Bytes of it in use, without addresses: most names are short. What lies behind is nobody's: it is neither copied nor overwritten. */
static inline size_t sk_dns_used(const struct sk_dns *dns)
{
	return offsetof(struct sk_dns, name) + dns->name_length + 1u;
}

/* Parse one message. SK_OK; SK_ETRUNC when the capture or the message ends early (fields so far are set when the question was whole: then
   name_length > 0); SK_EMALFORMED for what the RFC forbids: a compression pointer that does not point back, a label type 01 or 10, a name
   over 255 bytes, counts that cannot fit. Whatever the verdict, sk_dns_used bytes of *out are set; of the message nothing but addresses is behind them. */
SK_MUST enum sk_err sk_dns_parse(struct sk_cur message, struct sk_dns *out);

/* Is this one whole question of a client, so strictly that it may be believed at a port which says nothing? Header, a name without pointers, type and class, at
   most an OPT record or a signature behind it: about 90 bits that another protocol would have to have right. */
bool sk_dns_is_question(struct sk_cur message);

#endif
