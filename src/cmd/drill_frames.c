/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmd/drill.h"

enum { ETHER_BYTES = 14, IP_BYTES = 20, UDP_BYTES = 8, GRE_BYTES = 4, DISCARD = 9, PROTO_UDP = 17, PROTO_GRE = 47, TTL = 64, COPIES = 4, CHECK_BYTES = 4 };

static const struct {
	const char *name;
	enum sk_side source, destination;
	bool tunnel;
} kinds[SK_DRILL_KINDS] = {
#define SK_DRILL_KIND(id, name, source, destination, tunnel, prose) {name, source, destination, tunnel},
#include "cmd/drill.def"
};

const char *sk_drill_kind_name(int kind)
{
	return kind >= 0 && kind < SK_DRILL_KINDS ? kinds[kind].name : "part of a mark";
}

/* ---- marks ---- */

void sk_drill_marks(struct sk_drill_marks *marks)
{
	sk_random(marks->seed, sizeof marks->seed);
	sk_keyed_hash(marks->seed, "tag", 3, marks->seed, sizeof marks->seed); /* what is published is no output of the generator */
	uint8_t hash[SK_HASH_BYTES];
	sk_keyed_hash(marks->seed, "mark", 4, hash, sizeof hash);
	memcpy(marks->tag, hash, sizeof marks->tag);
}

void sk_drill_mark(const struct sk_drill_marks *marks, uint32_t number, enum sk_drill_kind kind, uint8_t mark[SK_DRILL_MARK_BYTES])
{
	const uint8_t what[4] = {(uint8_t)kind, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
	uint8_t hash[SK_HASH_BYTES];
	sk_keyed_hash(marks->seed, what, sizeof what, hash, sizeof hash);
	memcpy(mark, marks->tag, SK_DRILL_TAG_BYTES);
	memcpy(mark + SK_DRILL_TAG_BYTES, what, sizeof what);
	memcpy(mark + SK_DRILL_TAG_BYTES + sizeof what, hash, CHECK_BYTES);
}

int sk_drill_mark_kind(const struct sk_drill_marks *marks, const uint8_t *bytes, size_t left)
{
	uint8_t mark[SK_DRILL_MARK_BYTES], what[4];
	if (left < SK_DRILL_MARK_BYTES)
		return -1;
	memcpy(what, bytes + SK_DRILL_TAG_BYTES, sizeof what);
	if (what[0] >= SK_DRILL_KINDS)
		return -1;
	sk_drill_mark(marks, (uint32_t)what[1] << 16 | (uint32_t)what[2] << 8 | what[3], (enum sk_drill_kind)what[0], mark);
	return memcmp(mark, bytes, sizeof mark) == 0 ? what[0] : -1;
}

/* ---- addresses ---- */

/* Address number n of a prefix of IPv4, counted from its end, where nobody begins to number hosts. */
static struct sk_addr address_of(const struct sk_prefix *prefix, unsigned n)
{
	struct sk_addr addr = prefix->addr;
	uint32_t size = prefix->bits >= 32 ? 1 : UINT32_C(1) << (32 - prefix->bits), value = 0;
	for (unsigned i = 0; i < 4; i++)
		value = value << 8 | addr.bytes[i];
	value += size > n + 1 ? size - 2 - n : 0;
	for (unsigned i = 0; i < 4; i++)
		addr.bytes[i] = (uint8_t)(value >> (24 - 8 * i));
	return addr;
}

static bool choose_of(const struct sk_prefix *prefix, const struct sk_border *border, enum sk_side side, struct sk_drill_addresses *out)
{
	struct sk_addr first = address_of(prefix, 0), second = address_of(prefix, 1);
	if (prefix->addr.family != 4 || sk_border_side(border, &first) != side || sk_border_side(border, &second) != side)
		return false;
	out->of[side] = first;
	out->second[side] = second;
	return true;
}

/* RFC 5737's documentation prefixes and RFC 2544's benchmark networks: nobody's. */
static bool choose_harmless(const struct sk_border *border, enum sk_side side, struct sk_drill_addresses *out)
{
	static const char *const harmless[] = {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15"};
	for (size_t i = 0; i < SK_COUNT(harmless); i++) {
		struct sk_prefix prefix;
		enum sk_err err = sk_prefix_parse(harmless[i], &prefix);
		SK_INVARIANT(err == SK_OK);
		if (choose_of(&prefix, border, side, out))
			return true;
	}
	return false;
}

enum sk_err sk_drill_addresses(const struct sk_drill_options *options, const struct sk_border *border, struct sk_drill_addresses *out, struct sk_fault *fault)
{
	const bool named[3] = {[SK_SIDE_DOMESTIC] = options->has_home, [SK_SIDE_FOREIGN] = options->has_abroad};
	const struct sk_prefix *prefixes[3] = {[SK_SIDE_DOMESTIC] = &options->home, [SK_SIDE_FOREIGN] = &options->abroad};
	static const char *const names[3] = {[SK_SIDE_DOMESTIC] = "--home", [SK_SIDE_FOREIGN] = "--abroad"};
	memset(out, 0, sizeof *out);
	for (unsigned kind = 0; kind < SK_DRILL_KINDS; kind++) {
		if ((options->kinds >> kind & 1) == 0)
			continue;
		const enum sk_side sides[3] = {kinds[kind].source, kinds[kind].destination, kinds[kind].tunnel ? SK_SIDE_FOREIGN : kinds[kind].source};
		for (unsigned i = 0; i < 3; i++) {
			enum sk_side side = sides[i];
			bool good = out->of[side].family != 0 || (named[side] ? choose_of(prefixes[side], border, side, out) : choose_harmless(border, side, out));
			if (!good && named[side])
				return sk_fault_set(fault, SK_EUSAGE, "%s: the border table does not call this prefix %s", names[side], sk_side_name(side));
			if (!good)
				return sk_fault_set(fault, SK_EUSAGE, "kind %s needs a %s address, and no documentation prefix is one under this table: %s", kinds[kind].name, sk_side_name(side),
						    names[side] != NULL ? names[side][2] == 'h' ? "name an unused prefix of your own with --home" : "name a prefix with --abroad" : "leave this kind out");
		}
	}
	return SK_OK;
}

/* ---- frames ---- */

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_ip(uint8_t *at, unsigned proto, const struct sk_addr *source, const struct sk_addr *destination, size_t payload_bytes)
{
	uint32_t sum = 0;
	memset(at, 0, IP_BYTES);
	at[0] = 0x45;
	put16(at + 2, (unsigned)(IP_BYTES + payload_bytes));
	at[8] = TTL;
	at[9] = (uint8_t)proto;
	memcpy(at + 12, source->bytes, 4);
	memcpy(at + 16, destination->bytes, 4);
	for (unsigned i = 0; i < IP_BYTES; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(at + 10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
}

static void pair_of(const struct sk_drill_addresses *addresses, enum sk_drill_kind kind, const struct sk_addr **source, const struct sk_addr **destination)
{
	*source = &addresses->of[kinds[kind].source];
	*destination = kinds[kind].source == kinds[kind].destination ? &addresses->second[kinds[kind].destination] : &addresses->of[kinds[kind].destination];
}

size_t sk_drill_frame(const struct sk_drill_addresses *addresses, const struct sk_drill_marks *marks, uint32_t number, enum sk_drill_kind kind, uint8_t frame[SK_DRILL_FRAME_BYTES])
{
	static const uint8_t ether[ETHER_BYTES] = {2, 0, 0, 0, 0xdd, 1, 2, 0, 0, 0, 0xdd, 2, 8, 0};
	const struct sk_addr *source, *destination;
	size_t udp_bytes = UDP_BYTES + COPIES * SK_DRILL_MARK_BYTES, at = ETHER_BYTES;
	memset(frame, 0, SK_DRILL_FRAME_BYTES);
	memcpy(frame, ether, sizeof ether);
	if (kinds[kind].tunnel) {
		/* RFC 2784: no flags, protocol IPv4. */
		put_ip(frame + at, PROTO_GRE, &addresses->second[SK_SIDE_FOREIGN], &addresses->second[SK_SIDE_DOMESTIC], GRE_BYTES + IP_BYTES + udp_bytes);
		at += IP_BYTES;
		put16(frame + at + 2, 0x0800);
		at += GRE_BYTES;
	}
	pair_of(addresses, kind, &source, &destination);
	put_ip(frame + at, PROTO_UDP, source, destination, udp_bytes);
	at += IP_BYTES;
	put16(frame + at, DISCARD);
	put16(frame + at + 2, DISCARD);
	put16(frame + at + 4, (unsigned)udp_bytes);
	at += UDP_BYTES;
	for (unsigned i = 0; i < COPIES; i++, at += SK_DRILL_MARK_BYTES)
		sk_drill_mark(marks, number, kind, frame + at);
	return at;
}

enum sk_gate_reason sk_drill_fate(const struct sk_drill_addresses *addresses, const struct sk_border *border, unsigned covered, enum sk_drill_kind kind, enum sk_class *class_)
{
	const struct sk_addr *source, *destination;
	if (kinds[kind].tunnel) {
		enum sk_gate_reason outer = sk_gate_judge_pair(border, covered, &addresses->second[SK_SIDE_FOREIGN], &addresses->second[SK_SIDE_DOMESTIC], class_);
		return outer == SK_GATE_ADMITTED ? SK_GATE_INNER_DOMESTIC : outer;
	}
	pair_of(addresses, kind, &source, &destination);
	return sk_gate_judge_pair(border, covered, source, destination, class_);
}
