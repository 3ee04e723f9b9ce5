/* SPDX-License-Identifier: Apache-2.0 */
/* The gate proper: judge a batch, mint what is admitted, overwrite what is not. */
#include "gate/peel_priv.h"

#include <stdlib.h>

#include "seal/siphash.h"

enum { PREFETCH_FRAMES = 8, PREFETCH_HEAD_BYTES = 53 }; /* a frame is judged in some 20 ns, and lies where read(2) has just put it */

/* Defined here and nowhere else: no other file can make one. rule: GATE-4 */
struct sk_admitted {
	struct sk_admitted_info info;
	const uint8_t *packet;
	uint32_t packet_bytes, packet_wire_bytes; /* captured, and on the wire */
};

struct sk_gate {
	const struct sk_border *table;
	unsigned covered; /* SK_CLASS_BITs */
	uint32_t workers;
	uint64_t steer_key[2];
	struct sk_admitted admitted[SK_BATCH_MAX];
	struct sk_admitted datagram;
};

/* What judging one frame or datagram came to. */
struct judged {
	enum sk_gate_reason reason;
	enum sk_class outer;
	enum sk_class inner;
	uint16_t worker;
};

enum sk_err sk_gate_new(const struct sk_border *table, unsigned covered_classes, struct sk_gate **out)
{
	struct sk_gate *gate = malloc(sizeof *gate);
	if (gate == NULL)
		return SK_ENOMEM;
	memset(gate, 0, sizeof *gate);
	gate->workers = 1;
	sk_gate_switch(gate, table, covered_classes);
	*out = gate;
	return SK_OK;
}

void sk_gate_switch(struct sk_gate *gate, const struct sk_border *table, unsigned covered_classes)
{
	gate->table = table;
	/* No basis can cover what is domestic or unknown, whatever it says. */
	gate->covered = covered_classes & (SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF));
}

void sk_gate_steer(struct sk_gate *gate, unsigned workers, const uint8_t key[SK_SIP_KEY_BYTES])
{
	SK_INVARIANT(workers >= 1 && workers <= SK_GATE_WORKERS_MAX);
	struct sk_cur cur = sk_cur_of(key, SK_SIP_KEY_BYTES);
	gate->steer_key[0] = sk_le64(&cur);
	gate->steer_key[1] = sk_le64(&cur);
	gate->workers = workers;
}

/* The lower address first, so that both directions of a talk name one worker. Words of memory: any fixed order of them will do. //= rule: WORKER-1 */
static uint16_t worker_of(const struct sk_gate *gate, unsigned family, const uint8_t *source, const uint8_t *destination)
{
	struct sk_sip s = sk_sip_start(gate->steer_key[0], gate->steer_key[1]);
	uint64_t hash;
	if (SK_LIKELY(family == 4)) {
		uint32_t ends[2];
		memcpy(&ends[0], source, sizeof ends[0]);
		memcpy(&ends[1], destination, sizeof ends[1]);
		bool swap = ends[0] > ends[1];
		sk_sip_word(&s, ends[swap] | (uint64_t)ends[!swap] << 32);
		hash = sk_sip_finish(&s, 0, 8);
	} else {
		uint64_t ends[2][2];
		memcpy(ends[0], source, sizeof ends[0]);
		memcpy(ends[1], destination, sizeof ends[1]);
		bool swap = ends[0][0] != ends[1][0] ? ends[0][0] > ends[1][0] : ends[0][1] > ends[1][1];
		sk_sip_word(&s, ends[swap][0]);
		sk_sip_word(&s, ends[swap][1]);
		sk_sip_word(&s, ends[!swap][0]);
		sk_sip_word(&s, ends[!swap][1]);
		hash = sk_sip_finish(&s, 0, 32);
	}
	return (uint16_t)((hash & UINT32_MAX) * gate->workers >> 32);
}

void sk_gate_free(struct sk_gate *gate)
{
	if (gate == NULL)
		return;
	sk_wipe(gate, sizeof *gate);
	free(gate);
}

static enum sk_class class_of_pair(const struct sk_border *table, const struct sk_peel *peel)
{
	if (peel->family == 4)
		return sk_class_of(sk_border_side4(table, peel->source), sk_border_side4(table, peel->destination));
	return sk_class_of(sk_border_side6(table, peel->source), sk_border_side6(table, peel->destination));
}

static enum sk_gate_reason refusal(enum sk_class class_, bool inner)
{
	switch (class_) {
	case SK_CLASS_DD:
		return inner ? SK_GATE_INNER_DOMESTIC : SK_GATE_DOMESTIC;
	case SK_CLASS_UNKNOWN:
		return inner ? SK_GATE_INNER_UNKNOWN : SK_GATE_UNKNOWN;
	default:
		return inner ? SK_GATE_INNER_NOT_COVERED : SK_GATE_NOT_COVERED;
	}
}

/* Nothing of it is left for anyone. //= rule: GATE-1 */
static inline void erase(struct sk_frame *frame)
{
	sk_wipe(frame->bytes, frame->captured_bytes);
	frame->erased = true;
}

/* Judge pair after pair, outermost first; stop at the first that is not covered, so that nothing behind it is read.
   //= rule: GATE-2
   //= rule: GATE-3 */
static struct judged judge(const struct sk_gate *gate, struct sk_peel *peel, enum sk_peeled found)
{
	static const uint8_t reason_of_end[SK_PEELED_COUNT] = {
		[SK_PEELED_DONE] = SK_GATE_ADMITTED, [SK_PEELED_NON_IP] = SK_GATE_NON_IP, [SK_PEELED_MALFORMED] = SK_GATE_MALFORMED_ADDRESS,
		[SK_PEELED_UNKNOWN] = SK_GATE_UNKNOWN, [SK_PEELED_INNER_UNKNOWN] = SK_GATE_INNER_UNKNOWN,
		[SK_PEELED_TUNNEL_FRAGMENT] = SK_GATE_FRAGMENT_OF_TUNNEL
	};
	struct judged judged = {.outer = SK_CLASS_UNKNOWN, .inner = SK_CLASS_UNKNOWN};
	bool first = true;
	for (; found == SK_PEELED_PAIR; found = sk_peel_next(peel)) {
		enum sk_class class_ = class_of_pair(gate->table, peel);
		if (first)
			judged.outer = class_;
		first = false;
		if ((gate->covered & SK_CLASS_BIT(class_)) == 0) {
			judged.reason = refusal(class_, peel->inner);
			return judged;
		}
		/* A quoted pair is judged, but the packet that decode gets is the one that quotes it. */
		if (peel->quoted)
			continue;
		judged.inner = class_;
		if (SK_UNLIKELY(gate->workers > 1))
			judged.worker = worker_of(gate, peel->family, peel->source, peel->destination);
	}
	judged.reason = reason_of_end[found];
	return judged;
}

/* Mint what was peeled: what that found out, on top of what was known before. //= rule: GATE-4 */
static void admit(struct sk_admitted *admitted, const struct sk_admitted_info *before, const struct sk_peel *peel, const struct judged *judged)
{
	admitted->info = *before;
	admitted->info.inner_class = (uint8_t)judged->inner;
	admitted->info.worker = judged->worker;
	admitted->info.tunnels = peel->tunnels;
	admitted->info.layers = peel->layers;
	admitted->packet = peel->packet.at;
	admitted->packet_bytes = (uint32_t)sk_left(&peel->packet);
	admitted->packet_wire_bytes = peel->packet_wire_bytes;
}

/* ---- the plain case ---- */

enum {
	ETHERNET_BYTES = 14, TYPE_AT = 12, VLAN_BYTES = 4, IPV4_BYTES = 20, IPV6_BYTES = 40, TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, PROTO_TCP = 6, PROTO_UDP = 17,
	IPV4_NO_OPTIONS = 0x45, IPV4_FRAGMENT_BITS = 0x3fff, UDP_PORTS_BYTES = 4
};

/* Nearly every frame is an Ethernet frame, with one VLAN tag or none, around one whole, unfragmented TCP or UDP packet. What peel.c would find out of it in a dozen steps is told from
   its fixed fields at once; anything else about a frame (a second tag, an option, a slice, an odd length) makes it not plain, and peel.c judges it.
   Reads no byte behind the addresses. The model test judges plain frames by a third way. */
struct plain {
	struct sk_view header;  /* of the IP packet */
	uint32_t header_bytes;
	uint32_t bytes;         /* of the IP packet; all of them were captured */
	uint8_t proto;
};

/* An IP packet at this offset of a frame. v4 is a constant where this is called, so that there is one straight way for each family. */
__attribute__((always_inline)) static inline bool plain_of(const struct sk_frame *frame, size_t at, bool v4, struct plain *out)
{
	const size_t captured = frame->captured_bytes, header_bytes = v4 ? IPV4_BYTES : IPV6_BYTES;
	struct sk_view head = sk_view_over(frame->bytes, captured, at, header_bytes);
	if (SK_UNLIKELY(!sk_view_is(head)))
		return false;
	if (v4 && (sk_view_u8(head, 0) != IPV4_NO_OPTIONS || (sk_view_be16(head, 6) & IPV4_FRAGMENT_BITS) != 0))
		return false;
	if (!v4 && (sk_view_u8(head, 0) >> 4 != 6 || sk_view_be16(head, 4) == 0))
		return false;
	const size_t length = v4 ? sk_view_be16(head, 2) : IPV6_BYTES + (size_t)sk_view_be16(head, 4);
	out->header = head;
	out->header_bytes = (uint32_t)header_bytes;
	out->bytes = (uint32_t)length;
	out->proto = sk_view_u8(head, v4 ? 9 : 6);
	/* TCP or UDP: which of both cannot be guessed from the frame before, so no branch depends on it. */
	const bool other = (out->proto != PROTO_TCP) & (out->proto != PROTO_UDP);
	return SK_LIKELY(length >= header_bytes) && SK_LIKELY(length <= captured - at) && SK_LIKELY(!other);
}

/* A covered pair's UDP packet may still be a tunnel: by its destination port alone. So may one that is too short to have one: it is not plain. */
static inline bool plain_may_be_tunnel(const struct plain *plain)
{
	if (plain->proto != PROTO_UDP)
		return false;
	struct sk_view ports = sk_view_over(sk_view_at(plain->header, 0), plain->bytes, plain->header_bytes, UDP_PORTS_BYTES);
	return !sk_view_is(ports) || sk_peel_is_tunnel_port(sk_view_be16(ports, 2));
}

/* The class of a plain packet's addresses. True: judged. False: it is not plain, peel it. */
__attribute__((always_inline)) static inline bool judge_packet(const struct sk_gate *gate, struct sk_admitted *admitted, struct sk_frame *frame, size_t at, bool v4,
							       struct sk_verdict *verdict)
{
	struct plain plain;
	if (!plain_of(frame, at, v4, &plain))
		return false;
	const uint8_t *source = sk_view_at(plain.header, v4 ? 12 : 8), *destination = sk_view_at(plain.header, v4 ? 16 : 24);
	enum sk_class class_ = v4 ? sk_class_of(sk_border_side4(gate->table, source), sk_border_side4(gate->table, destination))
				  : sk_class_of(sk_border_side6(gate->table, source), sk_border_side6(gate->table, destination));
	verdict->class_ = (uint8_t)class_;
	if (SK_UNLIKELY((gate->covered & SK_CLASS_BIT(class_)) == 0)) {
		verdict->reason = (uint8_t)refusal(class_, false);
		verdict->admitted = NULL;
		erase(frame);
		return true;
	}
	if (plain_may_be_tunnel(&plain))
		return false;
	/* Minted, member by member: as a whole it would be zeroed first. rule: GATE-4 */
	admitted->info.time_ns = frame->time_ns;
	admitted->info.wire_bytes = frame->wire_bytes;
	admitted->info.frames = 1;
	admitted->info.interface = frame->interface;
	admitted->info.tunnels = at != ETHERNET_BYTES ? SK_TUNNEL_VLAN : 0;
	admitted->info.class_ = admitted->info.inner_class = (uint8_t)class_;
	admitted->info.layers = 1;
	admitted->info.reassembled = 0;
	admitted->info.worker = 0;
	if (SK_UNLIKELY(gate->workers > 1))
		admitted->info.worker = worker_of(gate, v4 ? 4 : 6, source, destination);
	admitted->info.plain = v4 ? 4 : 6;
	admitted->packet = sk_view_at(plain.header, 0);
	admitted->packet_bytes = admitted->packet_wire_bytes = plain.bytes;
	verdict->reason = SK_GATE_ADMITTED;
	verdict->admitted = admitted;
	return true;
}

/* Behind a tag, or IPv6. */
__attribute__((noinline)) static bool judge_plain_rest(const struct sk_gate *gate, struct sk_admitted *admitted, struct sk_frame *frame, struct sk_verdict *verdict)
{
	struct sk_view types = sk_view_over(frame->bytes, frame->captured_bytes, TYPE_AT, 2 + VLAN_BYTES);
	SK_INVARIANT(sk_view_is(types));
	unsigned type = sk_view_be16(types, 0);
	size_t at = ETHERNET_BYTES;
	if (type == TYPE_VLAN) {
		type = sk_view_be16(types, VLAN_BYTES);
		at += VLAN_BYTES;
	}
	if (type == TYPE_IPV4)
		return judge_packet(gate, admitted, frame, at, true, verdict);
	return type == TYPE_IPV6 && judge_packet(gate, admitted, frame, at, false, verdict);
}

/* True: judged. False: it is no plain frame, peel it. */
static inline bool judge_plain(const struct sk_gate *gate, struct sk_admitted *admitted, struct sk_frame *frame, struct sk_verdict *verdict)
{
	struct sk_view type = sk_view_over(frame->bytes, frame->captured_bytes, TYPE_AT, 2 + IPV4_BYTES);
	if (SK_UNLIKELY(!sk_view_is(type)) || SK_UNLIKELY(frame->link != SK_LINK_ETHERNET))
		return false;
	if (SK_LIKELY(sk_view_be16(type, 0) == TYPE_IPV4))
		return judge_packet(gate, admitted, frame, ETHERNET_BYTES, true, verdict);
	return judge_plain_rest(gate, admitted, frame, verdict);
}

/* ---- frames and datagrams ---- */

__attribute__((noinline)) static void judge_any(const struct sk_gate *gate, struct sk_admitted *admitted, struct sk_frame *frame, struct sk_verdict *verdict)
{
	struct sk_peel peel;
	sk_peel_frame(&peel, frame);
	struct judged judged = judge(gate, &peel, sk_peel_next(&peel));
	*verdict = (struct sk_verdict){.class_ = (uint8_t)judged.outer, .reason = (uint8_t)judged.reason};
	if (judged.reason != SK_GATE_ADMITTED) {
		erase(frame);
		return;
	}
	const struct sk_admitted_info info = {
		.time_ns = frame->time_ns, .wire_bytes = frame->wire_bytes, .frames = 1, .interface = frame->interface, .class_ = (uint8_t)judged.outer
	};
	admit(admitted, &info, &peel, &judged);
	verdict->admitted = admitted;
}

void sk_gate_judge_batch(struct sk_gate *gate, struct sk_frame *frames, size_t count, struct sk_verdict *verdicts)
{
	SK_INVARIANT(count <= SK_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		if (i + PREFETCH_FRAMES < count) {
			const uint8_t *ahead = frames[i + PREFETCH_FRAMES].bytes;
			__builtin_prefetch(ahead);
			__builtin_prefetch(ahead + PREFETCH_HEAD_BYTES); /* frames begin anywhere in a line: where the transport header ends */
		}
		if (!judge_plain(gate, &gate->admitted[i], &frames[i], &verdicts[i]))
			judge_any(gate, &gate->admitted[i], &frames[i], &verdicts[i]);
	}
}

struct sk_verdict sk_gate_judge_datagram(struct sk_gate *gate, const struct sk_admitted_info *seen, uint8_t *bytes, size_t length)
{
	struct sk_peel peel;
	sk_peel_datagram(&peel, seen, bytes, length);
	struct judged judged = judge(gate, &peel, sk_peel_next(&peel));
	struct sk_verdict verdict = {.class_ = seen->class_, .reason = (uint8_t)judged.reason};
	if (judged.reason != SK_GATE_ADMITTED) {
		sk_wipe(bytes, length);
		return verdict;
	}
	struct sk_admitted_info info = *seen;
	info.reassembled = 1;
	info.plain = 0;
	admit(&gate->datagram, &info, &peel, &judged);
	verdict.admitted = &gate->datagram;
	return verdict;
}

const struct sk_admitted_info *sk_admitted_info(const struct sk_admitted *admitted)
{
	return &admitted->info;
}

struct sk_cur sk_admitted_bytes(const struct sk_admitted *admitted, uint32_t *wire_length)
{
	*wire_length = admitted->packet_wire_bytes;
	return sk_cur_of(admitted->packet, admitted->packet_bytes);
}

static const struct {
	const char *name;
	const char *prose;
} reasons[] = {
#define SK_GATE_REASON(name, text, prose) [SK_GATE_##name] = {text, prose},
#include "gate/reason.def"
#undef SK_GATE_REASON
};

const char *sk_gate_reason_name(enum sk_gate_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_GATE_REASON_COUNT);
	return reasons[reason].name;
}

const char *sk_gate_reason_prose(enum sk_gate_reason reason)
{
	SK_INVARIANT((unsigned)reason < SK_GATE_REASON_COUNT);
	return reasons[reason].prose;
}
