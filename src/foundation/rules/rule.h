/* SPDX-License-Identifier: Apache-2.0 */
/* rules/rule.h: a rule as it was understood: a header, questions about the packet, and for each buffer a list of questions in their order. Everything lives in its set
   (rules.h) and is immutable. Thread rule: may be shared. */
#ifndef SK_RULES_RULE_H
#define SK_RULES_RULE_H

#include "base/addr.h"
#include "base/app.h"

enum sk_buffer {
#define SK_BUFFER(symbol, name, legacy, side, source, app, note) SK_BUFFER_##symbol,
#include "rules/buffer.def"
#undef SK_BUFFER
	SK_BUFFER_COUNT
};
/* Where a buffer comes from: buffers of one source are there together. */
enum sk_rule_source {
	SK_SOURCE_PAYLOAD, SK_SOURCE_DNS, SK_SOURCE_CLIENT_HELLO, SK_SOURCE_SERVER_HELLO, SK_SOURCE_CERTIFICATE, SK_SOURCE_HTTP_REQUEST, SK_SOURCE_HTTP_RESPONSE,
	SK_SOURCE_HTTP_EITHER, SK_SOURCE_SSH, SK_SOURCE_COUNT
};
enum sk_rule_side { SK_RULE_EITHER, SK_RULE_SERVER, SK_RULE_CLIENT }; /* to whom */

enum {
	SK_RULE_ITEMS_MAX = 64, SK_RULE_PARTS_MAX = 12, SK_RULE_VARIABLES_MAX = 8, SK_RULE_TRANSFORMS_MAX = 4, SK_RULE_CONTENT_MAX = 255, SK_RULE_BITS_MAX = 8,
	SK_RULE_TEXT_MAX = 512, SK_RULE_FLOW_BITS_NONE = 0xffff, SK_RULE_VARIABLE_NONE = 0xff, SK_RULE_TECHNIQUE_MAX = 16, SK_RULE_REFERENCES_MAX = 8
};

/* from <= value <= to, or not. */
struct sk_rule_number {
	uint64_t from, to;
	bool negated, asked;
};

enum sk_rule_op { SK_OP_CONTENT, SK_OP_PCRE, SK_OP_ISDATAAT, SK_OP_BYTE_TEST, SK_OP_BYTE_JUMP, SK_OP_BYTE_EXTRACT, SK_OP_BYTE_MATH, SK_OP_SIZE, SK_OP_LIST };
enum sk_rule_bit {
	SK_ITEM_NEGATED = 1 << 0, SK_ITEM_NOCASE = 1 << 1, SK_ITEM_OFFSET = 1 << 2, SK_ITEM_DEPTH = 1 << 3, SK_ITEM_DISTANCE = 1 << 4, SK_ITEM_WITHIN = 1 << 5,
	SK_ITEM_STARTS = 1 << 6, SK_ITEM_ENDS = 1 << 7, SK_ITEM_RELATIVE = 1 << 8, /* of the others: from where the last one ended */
	SK_ITEM_FAST = 1 << 9,
	/* bytes as numbers */
	SK_ITEM_STRING = 1 << 10, SK_ITEM_LITTLE = 1 << 11, SK_ITEM_ALIGN = 1 << 12, SK_ITEM_FROM_BEGINNING = 1 << 13, SK_ITEM_FROM_END = 1 << 14
};
enum sk_rule_compare { SK_COMPARE_EQUAL, SK_COMPARE_LESS, SK_COMPARE_GREATER, SK_COMPARE_LESS_EQUAL, SK_COMPARE_GREATER_EQUAL, SK_COMPARE_AND, SK_COMPARE_XOR };
enum sk_rule_arithmetic { SK_MATH_ADD, SK_MATH_SUBTRACT, SK_MATH_MULTIPLY, SK_MATH_DIVIDE, SK_MATH_LEFT, SK_MATH_RIGHT };
/* Members of an item that a variable may stand for. */
enum sk_rule_place { SK_PLACE_OFFSET, SK_PLACE_DEPTH, SK_PLACE_DISTANCE, SK_PLACE_WITHIN, SK_PLACE_VALUE, SK_PLACE_COUNT };

struct sk_rule_list;
struct sk_rule_item {
	uint8_t op;                  /* enum sk_rule_op */
	uint8_t width, base;         /* bytes to read, and 8, 10 or 16 for digits */
	uint8_t compare;             /* enum sk_rule_compare, or sk_rule_arithmetic */
	uint16_t bits;               /* enum sk_rule_bit */
	uint8_t variable[SK_PLACE_COUNT]; /* SK_RULE_VARIABLE_NONE: the number itself */
	uint8_t result;              /* extract, math: which variable is set */
	int32_t offset, depth, distance, within, post_offset;
	uint32_t multiplier;
	uint64_t value, mask;
	uint16_t length;
	const uint8_t *bytes;        /* content; in lower case when nocase */
	void *pcre;                  /* pcre2_code */
	struct sk_rule_number size;
	const struct sk_rule_list *list;
};

enum sk_rule_transform {
	SK_TRANSFORM_DOTPREFIX, SK_TRANSFORM_LOWER, SK_TRANSFORM_UPPER, SK_TRANSFORM_STRIP, SK_TRANSFORM_COMPRESS, SK_TRANSFORM_URL, SK_TRANSFORM_MD5, SK_TRANSFORM_SHA1,
	SK_TRANSFORM_SHA256
};

/* The questions about one buffer. */
struct sk_rule_part {
	uint8_t buffer;
	uint8_t transform_count, transforms[SK_RULE_TRANSFORMS_MAX];
	uint16_t first, count;       /* items */
};

struct sk_rule_range4 { uint32_t from, to; };
struct sk_rule_range6 { uint8_t from[16], to[16]; };
/* Ascending and apart. */
struct sk_rule_addresses {
	bool any;
	uint32_t count4, count6;
	const struct sk_rule_range4 *v4;
	const struct sk_rule_range6 *v6;
};
struct sk_rule_range16 { uint16_t from, to; };
struct sk_rule_ports {
	bool any;
	uint32_t count;
	const struct sk_rule_range16 *ranges;
};

/* Values of a dataset, sorted; of reputation, addresses. */
enum sk_rule_list_kind { SK_LIST_STRING, SK_LIST_MD5, SK_LIST_SHA256, SK_LIST_IP };
struct sk_rule_list {
	uint8_t kind;
	uint32_t count;
	const uint8_t (*digests)[32]; /* of STRING: SHA-256 of the value; of MD5 the first 16 bytes count */
	struct sk_rule_addresses addresses; /* of IP */
};
enum sk_rule_end { SK_END_SOURCE, SK_END_DESTINATION, SK_END_ANY, SK_END_BOTH };
/* Is this end of the packet in the list? */
struct sk_rule_listed {
	const struct sk_rule_list *list;
	uint8_t end;                 /* enum sk_rule_end */
	bool negated;
};

enum sk_rule_bit_act { SK_BIT_SET, SK_BIT_UNSET, SK_BIT_TOGGLE, SK_BIT_ISSET, SK_BIT_ISNOTSET };
struct sk_rule_flowbit {
	uint8_t act, count;          /* one of several names, joined by | */
	uint16_t ids[4];
};

enum sk_rule_track { SK_TRACK_SOURCE, SK_TRACK_DESTINATION, SK_TRACK_BOTH, SK_TRACK_RULE, SK_TRACK_FLOW };
enum sk_rule_count_kind { SK_COUNT_NONE, SK_COUNT_LIMIT, SK_COUNT_THRESHOLD, SK_COUNT_BOTH, SK_COUNT_FILTER };
struct sk_rule_counting {
	uint8_t kind, track;
	uint32_t count, seconds;
};

enum sk_rule_action { SK_ACTION_ALERT, SK_ACTION_PASS };
enum sk_rule_flag {
	SK_RULE_BOTH_WAYS = 1 << 0, SK_RULE_TO_SERVER = 1 << 1, SK_RULE_TO_CLIENT = 1 << 2, SK_RULE_ESTABLISHED = 1 << 3, SK_RULE_NOT_ESTABLISHED = 1 << 4,
	SK_RULE_STREAM = 1 << 5,     /* asks the bytes of a connection put together */
	SK_RULE_PACKET = 1 << 6,     /* asks single packets (of a connection too) */
	SK_RULE_NO_ALERT = 1 << 7, SK_RULE_SAME_ADDRESS = 1 << 8, SK_RULE_TLS_EXPIRED = 1 << 9, SK_RULE_TLS_VALID = 1 << 10,
	SK_RULE_ONCE = 1 << 11       /* asks addresses alone: the first packet of each direction says all */
};
enum { SK_RULE_PROTO_ANY = 256, SK_RULE_PROTO_ICMP = 257 }; /* ICMP: of IPv4 and of IPv6 */

struct sk_rule {
	uint32_t gid, sid, rev;
	uint32_t line;
	uint16_t proto;              /* IP protocol, or SK_RULE_PROTO_ANY, _ICMP */
	uint8_t family;              /* 4 or 6; 0: any */
	uint8_t app;                 /* enum sk_app that the flow must speak; SK_APP_NONE: any */
	bool app_not;                /* it must speak another */
	uint8_t action, priority, source; /* source: enum sk_rule_source of its heads; PAYLOAD: it has none */
	uint8_t target;              /* enum sk_rule_end: whose finding it is; SK_END_ANY: not said */
	uint32_t flags;              /* enum sk_rule_flag */
	const struct sk_rule_addresses *from, *to;
	const struct sk_rule_ports *from_ports, *to_ports;
	/* the packet */
	uint8_t tcp_flags, tcp_ignored, tcp_how; /* tcp_how: 0 exactly, '+' at least, '*' any of, '!' none of; tcp_asked */
	bool tcp_asked, sequence_asked;
	uint32_t sequence;
	struct sk_rule_number ttl, dsize, icmp_type, icmp_code, ip_proto;
	/* heads, as numbers */
	struct sk_rule_number dns_opcode, dns_rcode, dns_type, tls_version, not_before, not_after, chain;
	uint8_t listed_count;
	struct sk_rule_listed listed[4];
	uint8_t bit_count;
	struct sk_rule_flowbit bits[SK_RULE_BITS_MAX];
	struct sk_rule_counting filter, limit;   /* detection_filter, threshold */
	uint8_t part_count;
	struct sk_rule_part parts[SK_RULE_PARTS_MAX];
	uint16_t item_count;
	const struct sk_rule_item *items;
	uint8_t fast_part;           /* whose item is searched for first ... */
	uint16_t fast_item;          /* ... SK_RULE_FLOW_BITS_NONE: none can be */
	uint32_t differences;        /* bits of enum sk_rule_difference */
	const char *message, *category, *classtype, *origin, *text;
	char technique[SK_RULE_TECHNIQUE_MAX]; /* of ATT&CK; "" */
	uint8_t reference_count;
	const char *references[SK_RULE_REFERENCES_MAX];
};

/* Does a list of addresses hold one? */
bool sk_rule_addresses_hold(const struct sk_rule_addresses *addresses, const struct sk_addr *addr);
/* Does a list of ports hold one? */
bool sk_rule_ports_hold(const struct sk_rule_ports *ports, uint16_t port);
/* Is the number in the range that is asked for? True when none is. */
static inline bool sk_rule_number_fits(const struct sk_rule_number *number, uint64_t value)
{
	return !number->asked || (value >= number->from && value <= number->to) != number->negated;
}
/* Its word, e.g. "http.uri". Static storage. */
const char *sk_buffer_name(enum sk_buffer buffer);
/* Where it comes from. */
enum sk_rule_source sk_buffer_source(enum sk_buffer buffer);

#endif
