/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reassembly of IPv4 (RFC 791) and IPv6 (RFC 8200, RFC 5722) fragments.

   A keyed hash table of datagrams, each with a list of pieces sorted by offset; a piece is one block of a fixed pool. All memory exists and is
   touched before the first packet. When a slot or a block is short, the datagram that has waited longest is given up (evicted). A fragment that
   overlaps another makes its datagram bad: what is held is dropped, and the empty slot swallows the rest of it until the time-out, as RFC 5722
   asks. A fragment that repeats held bytes exactly is a retransmission. Every block is overwritten when it is given back. */
#include <stdlib.h>

#include "decode/decode_priv.h"
#include "seal/seal.h"

enum { NONE = -1, KEY_BYTES = SK_FRAGMENT_KEY_BYTES, DATAGRAM_WIRE_MAX = 65535 };

struct block {
	int32_t next;
	uint32_t offset;             /* in the datagram's payload, bytes */
	uint32_t wire_bytes;         /* that this piece covers */
	uint32_t captured_bytes;     /* of them, from the start, in bytes[] */
	uint8_t bytes[SK_FRAGMENT_BLOCK_BYTES];
};

struct datagram {
	uint8_t key[KEY_BYTES];
	int32_t next_in_bucket, older, newer;
	bool bad;                    /* a swallower: nothing is held */
	bool has_first, has_last;
	uint8_t proto;               /* of the fragment with offset 0, which alone counts (RFC 8200 4.5) */
	uint8_t header[SK_IPV4_HEADER_MAX]; /* of the fragment with offset 0 */
	uint32_t header_bytes;
	int32_t pieces;              /* first block, in order of offset */
	uint32_t have_bytes;         /* payload held, wire lengths */
	uint32_t total_bytes;        /* payload of the whole datagram; known with has_last */
	uint32_t frames;
	uint32_t wire_bytes;         /* SK_FRAGMENTS_MAX frames of at most SK_FRAME_MAX_BYTES fit */
	int64_t first_ns;
};

struct sk_fragments {
	uint8_t key[SK_SIP_KEY_BYTES];
	struct sk_decoder_limits limits;
	struct datagram *slots;
	struct block *blocks;
	uint8_t *out[SK_DATAGRAMS_OUT];
	bool out_taken[SK_DATAGRAMS_OUT];
	int32_t *buckets;
	uint32_t bucket_mask;
	uint32_t slot_count, block_count;
	int32_t free_slot, free_block; /* chained by next_in_bucket and by next */
	int32_t oldest, newest;
	struct sk_fragment_loss loss;  /* since the last expire */
};

static size_t out_bytes(const struct sk_fragments *f)
{
	return (size_t)f->limits.datagram_bytes + SK_IPV4_HEADER_MAX;
}

static void *touched(size_t count, size_t size)
{
	void *memory = malloc(count * size);
	if (memory != NULL)
		sk_wipe(memory, count * size);
	return memory;
}

enum sk_err sk_fragments_new(const struct sk_decoder_limits *limits, const uint8_t key[16], struct sk_fragments **out)
{
	struct sk_fragments *f = calloc(1, sizeof *f);
	if (f == NULL)
		return SK_ENOMEM;
	memcpy(f->key, key, sizeof f->key);
	f->limits = *limits;
	if (f->limits.datagram_bytes > DATAGRAM_WIRE_MAX)
		f->limits.datagram_bytes = DATAGRAM_WIRE_MAX;
	f->slot_count = limits->datagrams != 0 ? limits->datagrams : 1;
	f->block_count = limits->pool_bytes / SK_FRAGMENT_BLOCK_BYTES + 1;
	uint32_t buckets = 1;
	while (buckets < f->slot_count && buckets < 1u << 30)
		buckets *= 2;
	f->bucket_mask = buckets - 1;
	f->slots = touched(f->slot_count, sizeof *f->slots);
	f->blocks = touched(f->block_count, sizeof *f->blocks);
	f->buckets = touched(buckets, sizeof *f->buckets);
	bool short_of = f->slots == NULL || f->blocks == NULL || f->buckets == NULL;
	for (unsigned i = 0; i < SK_DATAGRAMS_OUT; i++) {
		f->out[i] = touched(1, out_bytes(f));
		short_of = short_of || f->out[i] == NULL;
	}
	if (short_of) {
		sk_fragments_free(f);
		return SK_ENOMEM;
	}
	for (uint32_t i = 0; i < buckets; i++)
		f->buckets[i] = NONE;
	for (uint32_t i = 0; i < f->slot_count; i++)
		f->slots[i].next_in_bucket = i + 1 < f->slot_count ? (int32_t)i + 1 : NONE;
	for (uint32_t i = 0; i < f->block_count; i++)
		f->blocks[i].next = i + 1 < f->block_count ? (int32_t)i + 1 : NONE;
	f->free_slot = f->free_block = 0;
	f->oldest = f->newest = NONE;
	*out = f;
	return SK_OK;
}

void sk_fragments_free(struct sk_fragments *f)
{
	if (f == NULL)
		return;
	if (f->slots != NULL)
		sk_wipe(f->slots, f->slot_count * sizeof *f->slots);
	if (f->blocks != NULL)
		sk_wipe(f->blocks, f->block_count * sizeof *f->blocks);
	for (unsigned i = 0; i < SK_DATAGRAMS_OUT; i++) {
		if (f->out[i] != NULL)
			sk_wipe(f->out[i], out_bytes(f));
		free(f->out[i]);
	}
	free(f->slots);
	free(f->blocks);
	free(f->buckets);
	sk_wipe(f, sizeof *f);
	free(f);
}

/* ---- slots ---- */

/* Fragments join within one address pair, identification and protocol (IPv6 has no protocol in the rule), and only when they came the same way:
   same outermost class, same depth. So a datagram never mixes what the gate judged apart. */
static void make_key(const struct sk_admitted_info *info, const struct sk_ip *ip, uint8_t key[KEY_BYTES])
{
	struct sk_out o = sk_out_of(key, KEY_BYTES);
	sk_put_bytes(&o, ip->source.bytes, 16);
	sk_put_bytes(&o, ip->destination.bytes, 16);
	sk_put_be32(&o, ip->fragment_id);
	sk_put_u8(&o, ip->source.family == 4 ? ip->proto : 0);
	sk_put_u8(&o, ip->source.family);
	sk_put_u8(&o, info->class_);
	sk_put_u8(&o, info->layers);
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
}

bool sk_decode_fragment(const struct sk_admitted *admitted, struct sk_fragment *out)
{
	const struct sk_admitted_info *info = sk_admitted_info(admitted);
	uint32_t wire_length = 0;
	struct sk_cur bytes = sk_admitted_bytes(admitted, &wire_length);
	struct sk_ip ip;
	if (!sk_ip_parse(bytes, wire_length, &ip) || !ip.fragment)
		return false;
	*out = (struct sk_fragment){.family = ip.source.family, .proto = ip.proto, .more = ip.more, .offset = ip.fragment_offset, .payload_bytes = ip.payload_wire_bytes};
	uint8_t key[KEY_BYTES];
	make_key(info, &ip, key);
	memcpy(out->key, key, sizeof out->key);
	if (ip.fragment_offset == 0 && ip.proto == SK_PROTO_UDP) {
		sk_skip(&ip.payload, 2);
		out->destination_port = sk_be16(&ip.payload);
		out->has_port = sk_alive(&ip.payload) == SK_OK;
	}
	return true;
}

static int32_t *bucket_of(struct sk_fragments *f, const uint8_t key[KEY_BYTES])
{
	return &f->buckets[sk_siphash13(f->key, key, KEY_BYTES) & f->bucket_mask];
}

static struct datagram *find(struct sk_fragments *f, const uint8_t key[KEY_BYTES])
{
	for (int32_t i = *bucket_of(f, key); i != NONE; i = f->slots[i].next_in_bucket)
		if (memcmp(f->slots[i].key, key, KEY_BYTES) == 0)
			return &f->slots[i];
	return NULL;
}

static void drop_pieces(struct sk_fragments *f, struct datagram *d)
{
	while (d->pieces != NONE) {
		struct block *block = &f->blocks[d->pieces];
		int32_t next = block->next;
		sk_wipe(block, sizeof *block);
		block->next = f->free_block;
		f->free_block = d->pieces;
		d->pieces = next;
	}
	sk_wipe(d->header, sizeof d->header);
	d->header_bytes = 0;
	d->frames = d->wire_bytes = d->have_bytes = 0;
}

static void drop(struct sk_fragments *f, struct datagram *d)
{
	int32_t index = (int32_t)(d - f->slots);
	drop_pieces(f, d);
	int32_t *link = bucket_of(f, d->key);
	while (*link != index)
		link = &f->slots[*link].next_in_bucket;
	*link = d->next_in_bucket;
	*(d->older != NONE ? &f->slots[d->older].newer : &f->oldest) = d->newer;
	*(d->newer != NONE ? &f->slots[d->newer].older : &f->newest) = d->older;
	sk_wipe(d, sizeof *d);
	d->next_in_bucket = f->free_slot;
	f->free_slot = index;
}

static void evict(struct sk_fragments *f, struct datagram *d)
{
	f->loss.evicted_frames += d->frames;
	f->loss.evicted_bytes += d->wire_bytes;
	drop(f, d);
}

static struct datagram *open_slot(struct sk_fragments *f, const uint8_t key[KEY_BYTES], int64_t time_ns)
{
	if (f->free_slot == NONE)
		evict(f, &f->slots[f->oldest]);
	int32_t index = f->free_slot;
	struct datagram *d = &f->slots[index];
	f->free_slot = d->next_in_bucket;
	int32_t *bucket = bucket_of(f, key);
	*d = (struct datagram){.next_in_bucket = *bucket, .older = f->newest, .newer = NONE, .pieces = NONE, .first_ns = time_ns};
	memcpy(d->key, key, KEY_BYTES);
	*bucket = index;
	*(f->newest != NONE ? &f->slots[f->newest].newer : &f->oldest) = index;
	f->newest = index;
	return d;
}

/* Times may run backwards and jump: a datagram is stale when now is a time-out away from its first fragment, in either direction. */
static bool stale(const struct sk_fragments *f, const struct datagram *d, int64_t now_ns)
{
	int64_t age = 0;
	if (__builtin_sub_overflow(now_ns, d->first_ns, &age))
		return true;
	return age >= f->limits.timeout_ns || age <= -f->limits.timeout_ns;
}

static void time_out(struct sk_fragments *f, struct datagram *d)
{
	f->loss.timeout_frames += d->frames;
	f->loss.timeout_bytes += d->wire_bytes;
	drop(f, d);
}

/* RFC 5722: nothing of a datagram with overlapping fragments is used, what still comes included. */
static enum sk_decoded make_bad(struct sk_fragments *f, struct datagram *d)
{
	f->loss.bad_frames += d->frames;
	f->loss.bad_bytes += d->wire_bytes;
	drop_pieces(f, d);
	d->bad = true;
	return SK_DECODE_BAD;
}

/* ---- pieces ---- */

/* A free block; the datagram that has waited longest pays for it. NONE when only `keep` is left to pay. */
static int32_t take_block(struct sk_fragments *f, const struct datagram *keep)
{
	while (f->free_block == NONE) {
		struct datagram *victim = &f->slots[f->oldest];
		if (victim == keep)
			victim = victim->newer != NONE ? &f->slots[victim->newer] : NULL;
		if (victim == NULL)
			return NONE;
		evict(f, victim);
	}
	int32_t index = f->free_block;
	f->free_block = f->blocks[index].next;
	return index;
}

/* Are the ip payload's bytes already held, every one and unchanged? */
static bool is_repeat(const struct sk_fragments *f, const struct datagram *d, const struct sk_ip *ip)
{
	struct sk_cur c = ip->payload;
	uint32_t at = ip->fragment_offset, end = at + ip->payload_wire_bytes;
	for (int32_t i = d->pieces; i != NONE && at < end; i = f->blocks[i].next) {
		const struct block *block = &f->blocks[i];
		if (block->offset + block->wire_bytes <= at)
			continue;
		if (block->offset != at || at + block->wire_bytes > end || sk_left(&c) < block->captured_bytes)
			return false;
		const uint8_t *bytes = sk_take(&c, block->captured_bytes);
		if (block->captured_bytes != 0 && memcmp(bytes, block->bytes, block->captured_bytes) != 0)
			return false;
		if (block->captured_bytes < block->wire_bytes && sk_more(&c))
			return false;
		at += block->wire_bytes;
	}
	return at == end;
}

/* The link behind which a fragment belongs; NULL when it overlaps one that is there. */
static int32_t *find_gap(struct sk_fragments *f, struct datagram *d, uint32_t offset, uint32_t end)
{
	int32_t *link = &d->pieces;
	while (*link != NONE && f->blocks[*link].offset + f->blocks[*link].wire_bytes <= offset)
		link = &f->blocks[*link].next;
	return *link != NONE && f->blocks[*link].offset < end ? NULL : link;
}

/* Copy a fragment into blocks behind *link. Sliced captures: what was not captured is held as length only. */
static bool store(struct sk_fragments *f, struct datagram *d, const struct sk_ip *ip, int32_t *link)
{
	struct sk_cur c = ip->payload;
	uint32_t offset = ip->fragment_offset, left = ip->payload_wire_bytes;
	while (left > 0) {
		int32_t index = take_block(f, d);
		if (index == NONE)
			return false;
		struct block *block = &f->blocks[index];
		uint32_t want = left < SK_FRAGMENT_BLOCK_BYTES ? left : SK_FRAGMENT_BLOCK_BYTES;
		struct sk_cur part = sk_carve_at_most(&c, want);
		block->captured_bytes = (uint32_t)sk_left(&part);
		/* Once the capture has ended, this block stands for all the rest. */
		block->wire_bytes = block->captured_bytes == want ? want : left;
		block->offset = offset;
		sk_copy(&part, block->bytes, block->captured_bytes);
		block->next = *link;
		*link = index;
		link = &block->next;
		offset += block->wire_bytes;
		left -= block->wire_bytes;
		d->have_bytes += block->wire_bytes;
	}
	return true;
}

/* What can be wrong with a fragment by itself or against the end that is known. */
static bool possible(const struct sk_fragments *f, const struct datagram *d, const struct sk_ip *ip)
{
	uint32_t end = ip->fragment_offset + ip->payload_wire_bytes;
	uint32_t header_bytes = ip->source.family == 4 ? ip->header_bytes : 0; /* IPv6's payload length does not count its header */
	if (ip->payload_wire_bytes == 0 || end + header_bytes > f->limits.datagram_bytes)
		return false;
	if (ip->more && ip->payload_wire_bytes % 8 != 0)
		return false;
	if (d->has_last)
		return ip->more ? end <= d->total_bytes : end == d->total_bytes;
	return true;
}

/* With the last fragment known, nothing may lie behind its end. */
static bool beyond_end(const struct sk_fragments *f, const struct datagram *d)
{
	for (int32_t i = d->pieces; i != NONE; i = f->blocks[i].next)
		if (f->blocks[i].offset + f->blocks[i].wire_bytes > d->total_bytes)
			return true;
	return false;
}

/* ---- whole datagrams ---- */

/* The header as if the datagram had never been cut: IPv4 keeps its options, IPv6 the fixed header alone (hop-by-hop and routing headers in front
   of the fragment header were judged with each fragment). The IPv4 checksum is left 0: nothing reads it. */
static void write_header(struct sk_out *o, const struct datagram *d, const struct sk_ip *ip)
{
	struct sk_cur c = sk_cur_of(d->header, d->header_bytes);
	if (ip->source.family == 4) {
		sk_put_bytes(o, sk_take(&c, 2), 2);
		sk_put_be16(o, (uint16_t)(d->header_bytes + d->total_bytes));
		sk_skip(&c, 2);
		sk_put_bytes(o, sk_take(&c, 2), 2);
		sk_put_be16(o, 0); /* no flag, offset 0 */
		sk_skip(&c, 2);
		sk_put_bytes(o, sk_take(&c, 2), 2);
		sk_put_be16(o, 0);
		sk_skip(&c, 2);
	} else {
		sk_put_bytes(o, sk_take(&c, 4), 4);
		sk_put_be16(o, (uint16_t)d->total_bytes);
		sk_skip(&c, 2);
		sk_put_u8(o, d->proto);
		sk_skip(&c, 1);
	}
	size_t rest = sk_left(&c);
	sk_put_bytes(o, sk_take(&c, rest), rest);
}

/* Hand the datagram out up to the first byte that was not captured: a sliced datagram has a true length and a short body. */
static enum sk_decoded complete(struct sk_fragments *f, struct datagram *d, const struct sk_admitted_info *info, const struct sk_ip *ip,
				struct sk_datagram *datagram)
{
	unsigned place = 0;
	while (place < SK_DATAGRAMS_OUT && f->out_taken[place])
		place++;
	if (place == SK_DATAGRAMS_OUT)
		return make_bad(f, d);
	struct sk_out o = sk_out_of(f->out[place], out_bytes(f));
	write_header(&o, d, ip);
	for (int32_t i = d->pieces; i != NONE; i = f->blocks[i].next) {
		sk_put_bytes(&o, f->blocks[i].bytes, f->blocks[i].captured_bytes);
		if (f->blocks[i].captured_bytes < f->blocks[i].wire_bytes)
			break;
	}
	SK_INVARIANT(sk_out_done(&o) == SK_OK);
	f->out_taken[place] = true;
	*datagram = (struct sk_datagram){.bytes = f->out[place], .length = sk_out_length(&o), .seen = *info};
	datagram->seen.frames = d->frames + info->frames;
	datagram->seen.wire_bytes = d->wire_bytes + info->wire_bytes;
	datagram->seen.reassembled = 1;
	drop(f, d);
	return SK_DECODE_DATAGRAM;
}

enum sk_decoded sk_fragments_put(struct sk_fragments *f, const struct sk_admitted_info *info, const struct sk_ip *ip, struct sk_datagram *datagram)
{
	uint8_t key[KEY_BYTES];
	make_key(info, ip, key);
	struct datagram *d = find(f, key);
	if (d != NULL && stale(f, d, info->time_ns)) {
		time_out(f, d);
		d = NULL;
	}
	if (d == NULL)
		d = open_slot(f, key, info->time_ns);
	if (d->bad)
		return SK_DECODE_BAD;
	if (!possible(f, d, ip) || d->frames + info->frames > SK_FRAGMENTS_MAX)
		return make_bad(f, d);
	int32_t *gap = find_gap(f, d, ip->fragment_offset, ip->fragment_offset + ip->payload_wire_bytes);
	if (gap == NULL ? !is_repeat(f, d, ip) : !store(f, d, ip, gap))
		return make_bad(f, d);
	if (ip->fragment_offset == 0 && !d->has_first) {
		struct sk_cur header = ip->header;
		d->has_first = true;
		d->proto = ip->proto;
		d->header_bytes = ip->header_bytes;
		sk_copy(&header, d->header, d->header_bytes);
	}
	if (!ip->more && !d->has_last) {
		d->has_last = true;
		d->total_bytes = ip->fragment_offset + ip->payload_wire_bytes;
		if (beyond_end(f, d))
			return make_bad(f, d);
	}
	if (d->has_first && d->has_last && d->have_bytes == d->total_bytes)
		return complete(f, d, info, ip, datagram);
	d->frames += info->frames;
	d->wire_bytes += info->wire_bytes;
	return SK_DECODE_HELD;
}

void sk_fragments_release(struct sk_fragments *f, struct sk_datagram *datagram)
{
	for (unsigned i = 0; i < SK_DATAGRAMS_OUT; i++)
		if (f->out_taken[i] && f->out[i] == datagram->bytes) {
			sk_wipe(f->out[i], datagram->length);
			f->out_taken[i] = false;
		}
	*datagram = (struct sk_datagram){.bytes = NULL};
}

void sk_fragments_expire(struct sk_fragments *f, int64_t now_ns, struct sk_fragment_loss *loss)
{
	for (int32_t i = f->oldest; i != NONE;) {
		struct datagram *d = &f->slots[i];
		i = d->newer;
		if (now_ns == INT64_MAX || stale(f, d, now_ns))
			time_out(f, d);
	}
	loss->timeout_frames += f->loss.timeout_frames;
	loss->timeout_bytes += f->loss.timeout_bytes;
	loss->evicted_frames += f->loss.evicted_frames;
	loss->evicted_bytes += f->loss.evicted_bytes;
	loss->bad_frames += f->loss.bad_frames;
	loss->bad_bytes += f->loss.bad_bytes;
	f->loss = (struct sk_fragment_loss){.timeout_frames = 0};
}

void sk_fragments_held(const struct sk_fragments *f, uint64_t *frames, uint64_t *bytes)
{
	*frames = *bytes = 0;
	for (int32_t i = f->oldest; i != NONE; i = f->slots[i].newer) {
		*frames += f->slots[i].frames;
		*bytes += f->slots[i].wire_bytes;
	}
}

size_t sk_fragments_residue(const struct sk_fragments *f)
{
	size_t count = 0;
	for (uint32_t i = 0; i < f->block_count; i++)
		count += sk_count_nonzero(f->blocks[i].bytes, sizeof f->blocks[i].bytes);
	for (uint32_t i = 0; i < f->slot_count; i++)
		count += sk_count_nonzero(f->slots[i].header, sizeof f->slots[i].header);
	for (unsigned i = 0; i < SK_DATAGRAMS_OUT; i++)
		count += sk_count_nonzero(f->out[i], out_bytes(f));
	return count;
}
