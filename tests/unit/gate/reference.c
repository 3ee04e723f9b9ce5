/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <setjmp.h>

enum mode { CERTAIN, GUESSED, BY_PORT };

struct reference {
	const uint8_t *b;
	size_t captured;
	unsigned covered;
	enum reference_lie lie;
	unsigned tunnels;          /* on the way */
	bool seen_pair;
	bool exact;
	struct reference_verdict verdict;
	jmp_buf finish;
};

static void at_ip(struct reference *r, size_t at, size_t end, enum mode mode);
static void at_type(struct reference *r, unsigned type, size_t at, size_t end, enum mode mode, bool tagged);

static _Noreturn void finish(struct reference *r, enum sk_gate_reason reason)
{
	r->verdict.reason = reason;
	longjmp(r->finish, 1);
}

/* The bytes contradict what they were taken for. */
static _Noreturn void wrong(struct reference *r, enum mode mode)
{
	if (r->verdict.layers == 0)
		finish(r, mode == GUESSED ? SK_GATE_UNKNOWN : SK_GATE_MALFORMED_ADDRESS);
	finish(r, mode == BY_PORT ? SK_GATE_ADMITTED : SK_GATE_INNER_UNKNOWN);
}

static _Noreturn void no_ip(struct reference *r, enum mode mode, enum sk_gate_reason outermost)
{
	if (r->verdict.layers == 0)
		finish(r, outermost);
	finish(r, mode == BY_PORT && !r->exact ? SK_GATE_ADMITTED : SK_GATE_INNER_UNKNOWN);
}

/* bytes at..at+n must be on the wire (before end) and captured. */
static void need(struct reference *r, size_t at, size_t n, size_t end, enum mode mode)
{
	if (at + n > end)
		wrong(r, mode);
	if (at + n > r->captured) {
		if (r->lie == REFERENCE_SLICE_IS_PLAIN && r->verdict.layers != 0)
			finish(r, SK_GATE_ADMITTED);
		finish(r, r->verdict.layers == 0 ? SK_GATE_MALFORMED_ADDRESS : SK_GATE_INNER_UNKNOWN);
	}
}

/* Bytes behind the end of what carries a header do not belong to it, even where its own length reaches there: they count as not captured. */
static void clip(struct reference *r, size_t end)
{
	if (end < r->captured)
		r->captured = end;
}

static unsigned get(struct reference *r, size_t at, unsigned n)
{
	unsigned value = 0;
	while (n-- > 0)
		value = value << 8 | r->b[at++];
	return value;
}

static void judge_pair(struct reference *r, unsigned source_last, unsigned destination_last, bool quoted)
{
	static const char names[3] = {'U', 'D', 'F'};
	char s = names[source_last % 3], d = names[destination_last % 3];
	enum sk_class class_ = s == 'U' || d == 'U' ? SK_CLASS_UNKNOWN : s == 'D' && d == 'D' ? SK_CLASS_DD : s == 'D' ? SK_CLASS_DF :
		d == 'D' ? SK_CLASS_FD : SK_CLASS_FF;
	bool inner = r->seen_pair;
	if (!inner)
		r->verdict.class_ = class_;
	r->seen_pair = true;
	if (class_ == SK_CLASS_DD)
		finish(r, inner ? SK_GATE_INNER_DOMESTIC : SK_GATE_DOMESTIC);
	if (class_ == SK_CLASS_UNKNOWN)
		finish(r, inner ? SK_GATE_INNER_UNKNOWN : SK_GATE_UNKNOWN);
	if ((r->covered >> class_ & 1) == 0)
		finish(r, inner ? SK_GATE_INNER_NOT_COVERED : SK_GATE_NOT_COVERED);
	if (!quoted)
		r->verdict.inner_class = class_;
}

static void at_ethernet(struct reference *r, size_t at, size_t end, enum mode mode)
{
	need(r, at, 14, end, mode);
	at_type(r, get(r, at + 12, 2), at + 14, end, mode, false);
}

static void at_llc(struct reference *r, size_t at, size_t end, enum mode mode)
{
	need(r, at, 3, end, mode);
	if (get(r, at, 3) == 0x060603) {
		at_ip(r, at + 3, end, mode);
		return;
	}
	if (get(r, at, 3) != 0xaaaa03)
		no_ip(r, mode, SK_GATE_NON_IP);
	need(r, at + 3, 5, end, mode);
	if (get(r, at + 3, 3) != 0 && get(r, at + 3, 3) != 0xf8)
		no_ip(r, mode, SK_GATE_NON_IP);
	/* In SNAP a small type is no length. */
	if (get(r, at + 6, 2) <= 1500)
		no_ip(r, mode, SK_GATE_NON_IP);
	at_type(r, get(r, at + 6, 2), at + 8, end, mode, false);
}

static void at_mpls(struct reference *r, size_t at, size_t end, enum mode mode)
{
	for (bool bottom = false; !bottom; at += 4) {
		need(r, at, 4, end, mode);
		r->tunnels |= SK_TUNNEL_MPLS;
		bottom = (r->b[at + 2] & 1) != 0;
	}
	if (mode == CERTAIN)
		mode = GUESSED;
	need(r, at, 1, end, mode);
	unsigned version = r->b[at] >> 4;
	if (version != 4 && version != 6) {
		if (mode == GUESSED)
			no_ip(r, mode, SK_GATE_UNKNOWN);
		wrong(r, mode);
	}
	at_ip(r, at, end, mode);
}

static void at_ppp(struct reference *r, size_t at, size_t end, enum mode mode)
{
	need(r, at, 2, end, mode);
	if (get(r, at, 2) == 0xff03)
		at += 2;
	need(r, at, 2, end, mode);
	unsigned protocol = r->b[at] & 1 ? r->b[at] : get(r, at, 2);
	at += r->b[at] & 1 ? 1 : 2;
	if (protocol == 0x281 || protocol == 0x283) {
		at_mpls(r, at, end, mode);
		return;
	}
	if (protocol != 0x21 && protocol != 0x57)
		no_ip(r, mode, SK_GATE_NON_IP);
	at_type(r, protocol == 0x21 ? 0x800 : 0x86dd, at, end, mode, false);
}

/* The IP version must be the one that was announced. */
static void at_version(struct reference *r, unsigned version, size_t at, size_t end, enum mode mode)
{
	need(r, at, version == 4 ? 20 : 40, end, mode);
	if (r->b[at] >> 4 != version)
		wrong(r, mode);
	at_ip(r, at, end, mode);
}

static void at_type(struct reference *r, unsigned type, size_t at, size_t end, enum mode mode, bool tagged)
{
	if (type <= 1500) {
		at_llc(r, at, at + type < end ? at + type : end, mode);
	} else if (type == 0x0800 || type == 0x86dd) {
		at_version(r, type == 0x0800 ? 4 : 6, at, end, mode);
	} else if (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
		need(r, at, 2, end, mode);
		r->tunnels |= type == 0x8100 && !tagged ? SK_TUNNEL_VLAN : SK_TUNNEL_QINQ;
		need(r, at + 2, 2, end, mode);
		at_type(r, get(r, at + 2, 2), at + 4, end, mode, true);
	} else if (type == 0x8847 || type == 0x8848) {
		at_mpls(r, at, end, mode);
	} else if (type == 0x8864) {
		need(r, at, 6, end, mode);
		if (get(r, at, 2) != 0x1100)
			no_ip(r, mode, SK_GATE_NON_IP);
		r->tunnels |= SK_TUNNEL_PPPOE;
		size_t stop = at + 6 + get(r, at + 4, 2);
		at_ppp(r, at + 6, stop < end ? stop : end, mode);
	} else if (type == 0x880b) {
		at_ppp(r, at, end, mode);
	} else if (type == 0x6558) {
		at_ethernet(r, at, end, mode);
	} else {
		no_ip(r, mode, SK_GATE_NON_IP);
	}
}

static void at_gre(struct reference *r, size_t at, size_t end)
{
	need(r, at, 4, end, CERTAIN);
	unsigned flags = get(r, at, 2), type = get(r, at + 2, 2);
	bool sequence = (flags & 0x1000) != 0;
	r->tunnels |= SK_TUNNEL_GRE;
	if ((flags & 7) == 1 && type == 0x880b) {
		if ((flags & 0x2000) == 0)
			finish(r, SK_GATE_INNER_UNKNOWN);
		size_t head = 8 + (sequence ? 4 : 0) + (flags & 0x80 ? 4 : 0);
		need(r, at + 4, head - 4, end, CERTAIN);
		unsigned length = get(r, at + 4, 2);
		if (length == 0) {
			r->verdict.tunnels = r->tunnels;
			finish(r, SK_GATE_ADMITTED);
		}
		clip(r, end);
		at_ppp(r, at + head, at + head + length, CERTAIN);
		return;
	}
	if ((flags & 7) != 0 || (flags & 0x4000) != 0)
		finish(r, SK_GATE_INNER_UNKNOWN);
	size_t head = 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (sequence ? 4 : 0);
	need(r, at + 4, head - 4, end, CERTAIN);
	at += head;
	if (type <= 1500)
		finish(r, SK_GATE_INNER_UNKNOWN);
	if (type == 0x88be && sequence) {
		need(r, at, 8, end, CERTAIN);
		if (r->b[at] >> 4 != 1)
			finish(r, SK_GATE_INNER_UNKNOWN);
		at_ethernet(r, at + 8, end, CERTAIN);
	} else if (type == 0x88be) {
		at_ethernet(r, at, end, CERTAIN);
	} else if (type == 0x22eb) {
		need(r, at, 12, end, CERTAIN);
		unsigned last = get(r, at + 10, 2);
		size_t more = last & 1 ? 8 : 0;
		need(r, at + 12, more, end, CERTAIN);
		if (r->b[at] >> 4 != 2 || ((last >> 10 & 31) != 0 && (last >> 10 & 31) != 2))
			finish(r, SK_GATE_INNER_UNKNOWN);
		if ((last >> 10 & 31) == 0) {
			at_ethernet(r, at + 12 + more, end, CERTAIN);
			return;
		}
		need(r, at + 12 + more, 1, end, CERTAIN);
		at_ip(r, at + 12 + more, end, CERTAIN);
	} else if (type == 0x883e) {
		need(r, at, 5, end, CERTAIN);
		at += r->b[at] >> 4 == 4 || r->b[at] >> 4 == 6 ? 0 : 4;
		at_ip(r, at, end, CERTAIN);
	} else {
		at_type(r, type, at, end, CERTAIN, false);
	}
}

static void at_udp(struct reference *r, size_t at, size_t end)
{
	need(r, at, 4, end, BY_PORT);
	unsigned port = get(r, at + 2, 2);
	if (port != 4789 && port != 6081 && port != 2152)
		return;
	need(r, at + 4, 4, end, BY_PORT);
	size_t length = get(r, at + 4, 2);
	if (length == 0)
		length = end - at;
	if (length < 8 || at + length > end)
		return;
	end = at + length;
	at += 8;
	need(r, at, 8, end, BY_PORT);
	if (port == 4789) {
		if ((r->b[at] & 8) == 0)
			return;
		r->exact = get(r, at, 4) == 0x08000000 && r->b[at + 7] == 0;
		r->tunnels |= SK_TUNNEL_VXLAN;
		at_ethernet(r, at + 8, end, BY_PORT);
	} else if (port == 6081) {
		if (r->b[at] >> 6 != 0)
			return;
		size_t options = r->lie == REFERENCE_NO_GENEVE_OPTIONS ? 0 : (r->b[at] & 63u) * 4;
		need(r, at + 8, options, end, BY_PORT);
		r->exact = (r->b[at + 1] & 63) == 0 && r->b[at + 7] == 0;
		r->tunnels |= SK_TUNNEL_GENEVE;
		unsigned type = get(r, at + 2, 2);
		if (type <= 1500)
			no_ip(r, BY_PORT, SK_GATE_NON_IP);
		at_type(r, type, at + 8 + options, end, BY_PORT, false);
	} else {
		size_t stop = at + 8 + get(r, at + 2, 2);
		if (r->b[at] >> 5 != 1 || (r->b[at] & 0x10) == 0 || r->b[at + 1] != 255 || stop > end)
			return;
		unsigned flags = r->b[at] & 7;
		at += 8;
		if (flags != 0) {
			need(r, at, 4, stop, BY_PORT);
			unsigned next = flags & 4 ? r->b[at + 3] : 0;
			for (at += 4; next != 0;) {
				need(r, at, 1, stop, BY_PORT);
				if (r->b[at] == 0)
					return;
				need(r, at, r->b[at] * 4u, stop, BY_PORT);
				at += r->b[at] * 4u;
				next = r->b[at - 1];
			}
		}
		r->tunnels |= SK_TUNNEL_GTPU;
		need(r, at, 1, stop, BY_PORT);
		at_ip(r, at, stop, BY_PORT);
	}
}

static void at_icmp(struct reference *r, unsigned version, size_t at, size_t end)
{
	need(r, at, 1, end, BY_PORT);
	unsigned type = r->b[at];
	if (version == 4 ? !(type >= 3 && type <= 5) && type != 11 && type != 12 : type >= 128)
		return;
	if (r->lie == REFERENCE_NO_QUOTE)
		return;
	need(r, at + 1, 7, end, CERTAIN);
	at += 8;
	need(r, at, 1, end, CERTAIN);
	if (r->b[at] >> 4 == 4) {
		need(r, at, 20, end, CERTAIN);
		judge_pair(r, r->b[at + 15], r->b[at + 19], true);
	} else if (r->b[at] >> 4 == 6) {
		need(r, at, 40, end, CERTAIN);
		judge_pair(r, r->b[at + 23], r->b[at + 39], true);
	} else {
		finish(r, SK_GATE_INNER_UNKNOWN);
	}
}

static bool is_six_extension(unsigned proto)
{
	return proto == 0 || proto == 43 || proto == 44 || proto == 60 || proto == 135 || proto == 139 || proto == 140;
}

static void at_upper(struct reference *r, unsigned version, unsigned proto, size_t at, size_t skip, size_t end, bool later)
{
	bool tunnel = proto == 4 || proto == 41 || proto == 137 || (proto == 47 && r->lie != REFERENCE_NO_GRE);
	for (unsigned walked = 0;; walked++) {
		bool extension = version == 6 && is_six_extension(proto);
		tunnel = proto == 4 || proto == 41 || proto == 137 || (proto == 47 && r->lie != REFERENCE_NO_GRE);
		if (later) {
			if ((tunnel || extension) && r->lie != REFERENCE_FRAGMENTS_PASS)
				finish(r, SK_GATE_FRAGMENT_OF_TUNNEL);
			return;
		}
		if (!extension)
			break;
		if (walked == 8 && r->lie != REFERENCE_LONG_CHAINS_PASS)
			finish(r, SK_GATE_INNER_UNKNOWN);
		need(r, at, 8, end, BY_PORT);
		size_t length = proto == 44 ? 8 : 8 + 8u * r->b[at + 1];
		need(r, at, length, end, BY_PORT);
		if (proto == 44)
			later = get(r, at + 2, 2) >> 3 != 0;
		proto = r->b[at];
		at += length;
	}
	bool icmp = proto == (version == 4 ? 1 : 58);
	if (!tunnel && !icmp && proto != 17)
		return;
	need(r, at, skip, end, BY_PORT);
	at += skip;
	if (proto == 17) {
		at_udp(r, at, end);
	} else if (icmp) {
		at_icmp(r, version, at, end);
	} else if (proto == 47) {
		at_gre(r, at, end);
	} else if (proto == 137) {
		at_mpls(r, at, end, CERTAIN);
	} else {
		r->tunnels |= proto == 41 && version == 4 ? SK_TUNNEL_6IN4 : SK_TUNNEL_IPIP;
		at_version(r, proto == 4 ? 4 : 6, at, end, CERTAIN);
	}
}

static void at_ip(struct reference *r, size_t at, size_t end, enum mode mode)
{
	need(r, at, 1, end, mode);
	unsigned version = r->b[at] >> 4;
	if (version != 4 && version != 6)
		wrong(r, mode);
	size_t fixed = version == 4 ? 20 : 40;
	need(r, at, fixed, end, mode);
	size_t header = version == 4 ? (r->b[at] & 15u) * 4 : 40;
	size_t stated = version == 4 ? get(r, at + 2, 2) : get(r, at + 4, 2) == 0 ? end - at : 40 + get(r, at + 4, 2);
	if (header < fixed || (stated != 0 && stated < header))
		wrong(r, mode);
	if (mode != CERTAIN && (stated == 0 || at + stated > end))
		wrong(r, mode);
	if (stated == 0)
		stated = end - at;
	clip(r, end);
	if (r->verdict.layers == 8)
		finish(r, SK_GATE_INNER_UNKNOWN);
	end = at + stated;
	r->verdict.layers++;
	r->verdict.tunnels = r->tunnels;
	r->verdict.packet_at = at;
	r->verdict.packet_wire = stated;
	r->verdict.packet_captured = end < r->captured ? stated : r->captured - at;
	r->exact = false;
	judge_pair(r, r->b[at + fixed - 1 - (version == 4 ? 4 : 16)], r->b[at + fixed - 1], false);
	bool later = version == 4 && (get(r, at + 6, 2) & 0x1fff) != 0;
	at_upper(r, version, r->b[at + (version == 4 ? 9 : 6)], at + fixed, header - fixed, end, later);
}

static void at_link(struct reference *r, const struct sk_frame *frame, size_t end)
{
	switch (frame->link) {
	case SK_LINK_ETHERNET:
		at_ethernet(r, 0, end, CERTAIN);
		break;
	case SK_LINK_RAW_IP:
		at_ip(r, 0, end, CERTAIN);
		break;
	case SK_LINK_SLL:
	case SK_LINK_SLL2: {
		size_t head = frame->link == SK_LINK_SLL ? 16 : 20;
		need(r, 0, head, end, CERTAIN);
		unsigned type = get(r, frame->link == SK_LINK_SLL ? 14 : 0, 2);
		if (type == 4)
			at_llc(r, head, end, CERTAIN);
		else if (type <= 1500)
			no_ip(r, CERTAIN, SK_GATE_NON_IP);
		else
			at_type(r, type, head, end, CERTAIN, false);
		break;
	}
	default: {
		need(r, 0, 4, end, CERTAIN);
		unsigned family = get(r, 0, 2) == 0 ? get(r, 2, 2) : get(r, 2, 2) == 0 ? (unsigned)(r->b[1] << 8 | r->b[0]) : 0;
		if (family != 2 && family != 10 && family != 24 && family != 28 && family != 30)
			no_ip(r, CERTAIN, SK_GATE_NON_IP);
		at_version(r, family == 2 ? 4 : 6, 4, end, CERTAIN);
	}
	}
}

struct reference_verdict reference_judge(const struct sk_frame *frame, unsigned covered, enum reference_lie lie)
{
	struct reference r = {.b = frame->bytes, .captured = frame->captured_bytes, .covered = covered, .lie = lie};
	r.verdict.class_ = SK_CLASS_UNKNOWN;
	r.verdict.inner_class = SK_CLASS_UNKNOWN;
	size_t end = frame->wire_bytes > frame->captured_bytes ? frame->wire_bytes : frame->captured_bytes;
	if (setjmp(r.finish) == 0) {
		at_link(&r, frame, end);
		r.verdict.reason = SK_GATE_ADMITTED;
	}
	return r.verdict;
}
