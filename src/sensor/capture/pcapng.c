/* SPDX-License-Identifier: Apache-2.0 */
/* pcapng (draft-ietf-opsawg-pcapng). A block: type 4, total length 4, body, total length again 4; a section header starts a section with its
   own byte order and its own interfaces. Blocks that hold frames: enhanced (6), simple (3), packet (2, obsolete). Kept of the others:
   link type, snap length, name and time of an interface (1), and the drops of its statistics (5). Names, decryption secrets and everything
   unknown are streamed over and overwritten. */
#include "capture/capture_priv.h"

#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide;

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6
};
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, BLOCK_HEAD_BYTES = 8, BLOCK_TAIL_BYTES = 4, BLOCK_MIN_BYTES = 12, ORDER_BYTES = 12 };
enum option {
	OPTION_END = 0,
	OPTION_IF_NAME = 2,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_TSOFFSET = 14,
	OPTION_ISB_IFDROP = 5,
	OPTION_ISB_OSDROP = 7
};
enum { NS_PER_SECOND = 1000000000, SNAP_UNLIMITED = 0 };

static inline uint16_t u16(struct sk_cur *cur, bool big)
{
	return big ? sk_be16(cur) : sk_le16(cur);
}

static inline uint32_t u32(struct sk_cur *cur, bool big)
{
	return big ? sk_be32(cur) : sk_le32(cur);
}

static inline uint64_t u64(struct sk_cur *cur, bool big)
{
	return big ? sk_be64(cur) : sk_le64(cur);
}

static inline size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

/* One option of a list: false at its end. A list may end without an end option. A value that runs past the block leaves the list dead. */
static bool next_option(struct sk_cur *list, bool big, uint16_t *code, struct sk_cur *value)
{
	if (!sk_more(list))
		return false;
	*code = u16(list, big);
	uint16_t length = u16(list, big);
	if (sk_alive(list) != SK_OK || *code == OPTION_END)
		return false;
	*value = sk_carve(list, length);
	sk_skip(list, padded(length) - length);
	return sk_alive(list) == SK_OK;
}

static struct ticks ticks_of_resolution(uint8_t resolution)
{
	struct ticks ticks = {.multiply = NS_PER_SECOND, .divide = 1};
	if ((resolution & 0x80) != 0) {
		ticks.shift = resolution & 0x7f;
		return ticks;
	}
	for (unsigned digit = 0; digit < resolution; digit++) {
		if (ticks.multiply > 1)
			ticks.multiply /= 10;
		else if (ticks.divide < UINT64_MAX / 10)
			ticks.divide *= 10;
		else
			ticks.multiply = 0; /* below 10^-28 s: 2^64 ticks are less than a nanosecond */
	}
	return ticks;
}

static inline int64_t ns_of_ticks(const struct ticks *ticks, uint64_t count)
{
	wide ns = (wide)count * ticks->multiply;
	if (SK_UNLIKELY(ticks->divide != 1))
		ns /= ticks->divide;
	ns = (ns >> ticks->shift) + (wide)ticks->offset_seconds * NS_PER_SECOND;
	return ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

/* Names come from outside and go to screens and records: printable ASCII only. */
static void copy_name(char name[INTERFACE_NAME_MAX], struct sk_cur value)
{
	size_t length = 0;
	while (sk_more(&value) && length + 1 < INTERFACE_NAME_MAX && sk_peek_u8(&value, 0) != '\0') {
		uint8_t byte = sk_u8(&value);
		name[length++] = byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
	}
	name[length] = '\0';
}

/* The index of an interface of this name and link type that this section has not described yet, so that a file of a thousand sections does
   not have thousands of interfaces; else a new one. SK_INTERFACES_MAX when there is no room. */
static unsigned index_of_interface(struct sk_capture *c, const char *name, uint8_t link)
{
	unsigned i = 0;
	for (; i < c->stats.interfaces; i++)
		if (c->interfaces[i].section != c->sections && c->interfaces[i].link == link && strcmp(c->interfaces[i].name, name) == 0)
			break;
	if (i == SK_INTERFACES_MAX)
		return i;
	if (i == c->stats.interfaces) {
		(void)snprintf(c->interfaces[i].name, INTERFACE_NAME_MAX, "%s", name);
		c->interfaces[i].link = link;
		c->stats.interfaces++;
	}
	c->interfaces[i].section = c->sections;
	return i;
}

/* Interface description: link type 2, reserved 2, snap length 4, options. */
static enum sk_err read_interface(struct sk_capture *c, struct sk_cur body, uint64_t offset, struct sk_fault *fault)
{
	bool big = c->big_endian;
	struct section_interface description = {.ticks = ticks_of_resolution(6)};
	char name[INTERFACE_NAME_MAX];
	(void)snprintf(name, sizeof name, "if%u", c->section_count);
	uint16_t linktype = u16(&body, big), code = 0;
	sk_skip(&body, 2);
	description.snap_bytes = u32(&body, big);
	struct sk_cur value;
	while (next_option(&body, big, &code, &value)) {
		if (code == OPTION_IF_NAME && sk_more(&value) && sk_peek_u8(&value, 0) != '\0')
			copy_name(name, value);
		if (code == OPTION_IF_TSRESOL) {
			int64_t offset_seconds = description.ticks.offset_seconds;
			description.ticks = ticks_of_resolution(sk_u8(&value));
			description.ticks.offset_seconds = offset_seconds;
		}
		if (code == OPTION_IF_TSOFFSET)
			description.ticks.offset_seconds = (int64_t)u64(&value, big);
		if ((code == OPTION_IF_TSRESOL || code == OPTION_IF_TSOFFSET) && sk_done(&value) != SK_OK)
			sk_kill(&body);
	}
	if (sk_alive(&body) != SK_OK)
		return capture_damaged(c, offset, fault, "an interface description is cut short, or an option in it is");
	uint8_t link = 0;
	SK_TRY(capture_link_of(c, linktype, &link, fault));
	unsigned index = c->section_count < SK_INTERFACES_MAX ? index_of_interface(c, name, link) : SK_INTERFACES_MAX;
	if (index == SK_INTERFACES_MAX)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: more than %d interfaces at offset %llu; split the capture: editcap -F pcapng", c->name, SK_INTERFACES_MAX,
				    (unsigned long long)offset);
	/* Whole microseconds are ticks of 10^-6 s or coarser. */
	const struct ticks *ticks = &description.ticks;
	c->stats.nanoseconds |= ticks->shift != 0 || ticks->multiply % 1000 != 0 || ticks->divide != 1;
	description.index = (uint16_t)index;
	c->section[c->section_count++] = description;
	return SK_OK;
}

/* The counters are cumulative for their section; only what came on top is added. */
static void add_lost(struct sk_capture *c, uint64_t *last, uint64_t now)
{
	uint64_t more = now > *last ? now - *last : 0;
	*last = now;
	c->stats.upstream_lost = more > UINT64_MAX - c->stats.upstream_lost ? UINT64_MAX : c->stats.upstream_lost + more;
}

/* Interface statistics: interface 4, time 8, options. */
static enum sk_err read_statistics(struct sk_capture *c, struct sk_cur body, uint64_t offset, struct sk_fault *fault)
{
	bool big = c->big_endian;
	uint32_t id = u32(&body, big);
	sk_skip(&body, 8);
	if (sk_alive(&body) == SK_OK && id >= c->section_count)
		return capture_damaged(c, offset, fault, "statistics name interface %u, only %u were described", id, c->section_count);
	uint16_t code = 0;
	struct sk_cur value;
	while (sk_alive(&body) == SK_OK && next_option(&body, big, &code, &value)) {
		if (code != OPTION_ISB_IFDROP && code != OPTION_ISB_OSDROP)
			continue;
		uint64_t lost = u64(&value, big);
		if (sk_done(&value) != SK_OK)
			sk_kill(&body);
		else
			add_lost(c, code == OPTION_ISB_IFDROP ? &c->section[id].lost_interface : &c->section[id].lost_system, lost);
	}
	if (sk_alive(&body) != SK_OK)
		return capture_damaged(c, offset, fault, "a statistics block is cut short, or an option in it is");
	return SK_OK;
}

/* Section header: byte order magic 4, major 2, minor 2, section length 8 (not relied on), options (not read). */
static enum sk_err read_section(struct sk_capture *c, struct sk_cur body, struct sk_fault *fault)
{
	sk_skip(&body, 4);
	uint16_t major = u16(&body, c->big_endian), minor = u16(&body, c->big_endian);
	if (major != 1)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: pcapng version %u.%u is not read; expected 1.0", c->name, major, minor);
	c->sections++;
	c->section_count = 0;
	return SK_OK;
}

/* A block that holds a frame. Enhanced: interface 4, time high 4, low 4, captured 4, wire 4, bytes, options. Packet: interface 2, drops 2, then
   the same. Simple: wire 4, bytes; of interface 0, no time, cut at its snap length. */
static enum sk_err read_frame(struct sk_capture *c, uint32_t type, struct sk_cur body, size_t body_at, uint64_t offset, struct sk_frame *frame,
			      struct sk_fault *fault)
{
	bool big = c->big_endian;
	uint32_t id = 0, captured = 0, wire = 0;
	uint64_t ticks = 0;
	if (type == BLOCK_SIMPLE) {
		wire = captured = u32(&body, big);
	} else {
		if (type == BLOCK_ENHANCED) {
			id = u32(&body, big);
		} else {
			id = u16(&body, big);
			sk_skip(&body, 2);
		}
		ticks = (uint64_t)u32(&body, big) << 32;
		ticks |= u32(&body, big);
		captured = u32(&body, big);
		wire = u32(&body, big);
	}
	if (sk_alive(&body) != SK_OK)
		return capture_damaged(c, offset, fault, "a packet block is too short for its fixed part");
	if (id >= c->section_count)
		return capture_damaged(c, offset, fault, "a packet names interface %u, only %u were described", id, c->section_count);
	const struct section_interface *description = &c->section[id];
	if (type == BLOCK_SIMPLE && description->snap_bytes != SNAP_UNLIMITED && captured > description->snap_bytes)
		captured = description->snap_bytes;
	if (captured > SK_FRAME_MAX_BYTES)
		return capture_damaged(c, offset, fault, "a packet states %u captured bytes, at most %d were expected", captured, SK_FRAME_MAX_BYTES);
	size_t bytes_at = body_at + sk_offset(&body);
	sk_skip(&body, captured);
	if (sk_alive(&body) != SK_OK)
		return capture_damaged(c, offset, fault, "a packet states %u captured bytes, its block holds fewer", captured);
	bool no_time = type == BLOCK_SIMPLE;
	struct capture_counts counts = capture_counts_of(c);
	*frame = (struct sk_frame){.bytes = c->ring.bytes + bytes_at, .captured_bytes = captured, .wire_bytes = capture_wire_bytes(&counts, captured, wire),
				   .time_ns = no_time ? c->last_ns : ns_of_ticks(&description->ticks, ticks), .interface = description->index,
				   .link = c->interfaces[description->index].link, .no_time = no_time};
	capture_count_frame(&counts, frame);
	capture_add_counts(c, &counts, 1);
	return SK_OK;
}

/* Stream over a block of any length. */
static enum sk_err skip_block(struct sk_capture *c, size_t *need, struct sk_fault *fault)
{
	size_t left = c->fill - c->start;
	size_t step = c->skip_bytes < left ? (size_t)c->skip_bytes : left;
	c->start += step;
	c->skip_bytes -= step;
	struct sk_cur cur = sk_cur_of(c->ring.bytes + c->start, c->fill - c->start);
	uint32_t total = u32(&cur, c->big_endian);
	if (c->skip_bytes != 0 || sk_alive(&cur) != SK_OK) {
		*need = BLOCK_TAIL_BYTES;
		return SK_EMORE;
	}
	if (total != c->skip_total)
		return capture_damaged(c, c->block_offset, fault, "a block states %u bytes at its head and %u at its end", c->skip_total, total);
	c->start += BLOCK_TAIL_BYTES;
	c->skip_total = 0;
	return SK_OK;
}

/* The head of the block at start. For a section header also its byte order, which counts from here on. SK_EMORE with *need, SK_EDAMAGED. */
static enum sk_err read_block_head(struct sk_capture *c, struct sk_cur *cur, uint32_t *type, uint32_t *total, size_t *need, struct sk_fault *fault)
{
	uint64_t offset = c->ring_offset + c->start;
	*need = BLOCK_HEAD_BYTES;
	*type = u32(cur, c->big_endian);
	*total = u32(cur, c->big_endian);
	if (sk_alive(cur) != SK_OK)
		return SK_EMORE;
	if (*type == BLOCK_SECTION) {
		struct sk_cur again = sk_seek(cur, 4), order = sk_seek(cur, BLOCK_HEAD_BYTES);
		uint32_t magic = sk_be32(&order);
		*need = ORDER_BYTES;
		if (sk_alive(&order) != SK_OK)
			return SK_EMORE;
		if (magic != BYTE_ORDER_MAGIC && __builtin_bswap32(magic) != BYTE_ORDER_MAGIC)
			return capture_damaged(c, offset, fault, "a section header with byte order %08x, expected 1a2b3c4d either way round", magic);
		c->big_endian = magic == BYTE_ORDER_MAGIC;
		*total = u32(&again, c->big_endian);
	}
	uint32_t least = *type == BLOCK_SECTION ? PCAPNG_SECTION_MIN_BYTES : BLOCK_MIN_BYTES;
	if (*total < least || *total % 4 != 0)
		return capture_damaged(c, offset, fault, "a block of type 0x%08x states %u bytes, expected a multiple of 4 from %u on", *type, *total, least);
	return SK_OK;
}

static bool holds_frame(uint32_t type)
{
	return type == BLOCK_ENHANCED || type == BLOCK_SIMPLE || type == BLOCK_PACKET;
}

/* One block. frame is NULL while the head of the file is read; then a block with a frame stays where it is. */
static enum sk_err walk_block(struct sk_capture *c, struct sk_frame *frame, bool *framed, size_t *need, struct sk_fault *fault)
{
	uint64_t offset = c->ring_offset + c->start;
	struct sk_cur cur = sk_cur_of(c->ring.bytes + c->start, c->fill - c->start);
	uint32_t type, total;
	SK_TRY(read_block_head(c, &cur, &type, &total, need, fault));
	bool packet = holds_frame(type);
	*framed = packet;
	if (packet && frame == NULL)
		return SK_OK;
	if (!packet && type != BLOCK_SECTION && type != BLOCK_INTERFACE && type != BLOCK_STATISTICS) {
		c->block_offset = offset;
		c->skip_total = total;
		c->skip_bytes = total - BLOCK_MIN_BYTES;
		c->start += BLOCK_HEAD_BYTES;
		return skip_block(c, need, fault);
	}
	if (total > PCAPNG_BLOCK_MAX_BYTES)
		return capture_damaged(c, offset, fault, "a block of type 0x%08x states %u bytes, at most %d were expected", type, total, PCAPNG_BLOCK_MAX_BYTES);
	struct sk_cur body = sk_carve(&cur, total - BLOCK_MIN_BYTES);
	uint32_t again = u32(&cur, c->big_endian);
	*need = total;
	if (sk_alive(&cur) != SK_OK)
		return SK_EMORE;
	if (again != total)
		return capture_damaged(c, offset, fault, "a block states %u bytes at its head and %u at its end", total, again);
	enum sk_err err = packet                   ? read_frame(c, type, body, c->start + BLOCK_HEAD_BYTES, offset, frame, fault)
			  : type == BLOCK_SECTION   ? read_section(c, body, fault)
			  : type == BLOCK_INTERFACE ? read_interface(c, body, offset, fault)
						    : read_statistics(c, body, offset, fault);
	if (err == SK_OK)
		c->start += total;
	return err;
}

enum sk_err pcapng_walk(struct sk_capture *c, struct sk_frame *frames, size_t *count, size_t *need, struct sk_fault *fault)
{
	size_t n = 0;
	enum sk_err err = SK_OK;
	while (err == SK_OK && n < SK_BATCH_MAX) {
		bool framed = false;
		if (SK_UNLIKELY(c->skip_total != 0))
			err = skip_block(c, need, fault);
		else
			err = walk_block(c, frames != NULL ? &frames[n] : NULL, &framed, need, fault);
		if (frames == NULL && err == SK_OK && (framed || c->stats.interfaces != 0))
			break;
		n += err == SK_OK && framed;
	}
	*count = n;
	return err;
}
