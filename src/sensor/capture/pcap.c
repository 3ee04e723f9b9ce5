/* SPDX-License-Identifier: Apache-2.0 */
/* pcap (draft-ietf-opsawg-pcap). Head: magic 4, major 2, minor 2, reserved 8, snap length 4, FCS and link type 4.
   Record: seconds 4, fraction 4, captured 4, wire 4, then the captured bytes. All in the byte order that the magic shows. */
#include "capture/capture_priv.h"

#include <stdio.h>

static inline uint32_t u32(struct sk_cur *c, bool big)
{
	return big ? sk_be32(c) : sk_le32(c);
}

static inline uint32_t at32(struct sk_view head, size_t at, bool big)
{
	return big ? sk_view_be32(head, at) : sk_view_le32(head, at);
}

enum { LINK_TYPE_MASK = 0x0000ffff, LINK_RESERVED_MASK = 0x03ff0000 }; /* above: 1 bit "FCS length given", 1 bit reserved, 4 bits of FCS length */

enum sk_err pcap_open(struct sk_capture *c, struct sk_fault *fault)
{
	struct sk_cur cur = sk_cur_of(c->ring.bytes + c->start, c->fill - c->start);
	bool big = c->big_endian;
	sk_skip(&cur, 4);
	uint16_t major = big ? sk_be16(&cur) : sk_le16(&cur);
	uint16_t minor = big ? sk_be16(&cur) : sk_le16(&cur);
	sk_skip(&cur, 12); /* time zone and accuracy, never used; snap length, which many writers get wrong */
	uint32_t link = u32(&cur, big);
	SK_INVARIANT(sk_alive(&cur) == SK_OK);
	if (major != 2)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: pcap version %u.%u is not read; expected 2.4; convert it: editcap -F pcap IN OUT", c->name, major, minor);
	/* Up to 2.2 the two lengths of a record stood the other way round; in 2.3 it depends on who wrote it (libpcap, sf-pcap.c). */
	c->lengths = minor < 3 ? LENGTHS_SWAPPED : minor == 3 ? LENGTHS_UNSURE : LENGTHS_RIGHT;
	if ((link & LINK_RESERVED_MASK) != 0)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: reserved bits of the link type are set (0x%08x at offset 20); the head is damaged or of another format",
				    c->name, link);
	/* A trailing FCS stays part of the frame: the gate ends a packet where its IP length ends. */
	SK_TRY(capture_link_of(c, link & LINK_TYPE_MASK, &c->interfaces[0].link, fault));
	(void)snprintf(c->interfaces[0].name, sizeof c->interfaces[0].name, "if0");
	c->stats.interfaces = 1;
	c->stats.nanoseconds = c->fraction_ns == 1;
	c->start += PCAP_HEAD_BYTES;
	return SK_OK;
}

static inline __attribute__((always_inline)) enum sk_err walk(struct sk_capture *c, struct sk_frame *frames, size_t *count, size_t *need, bool big,
							      struct sk_fault *fault)
{
	/* In registers, not in c, which frames might be a part of for all that the compiler knows. */
	const uint8_t link = c->interfaces[0].link;
	const uint32_t fraction_ns = c->fraction_ns;
	const enum lengths lengths = c->lengths;
	uint8_t *const bytes = c->ring.bytes + c->start;
	struct sk_cur cur = sk_cur_of(bytes, c->fill - c->start);
	struct capture_counts counts = capture_counts_of(c);
	enum sk_err err = SK_OK;
	size_t n = 0;
	while (n < SK_BATCH_MAX) {
		struct sk_view head = sk_view_of(&cur, PCAP_RECORD_HEAD_BYTES);
		if (SK_UNLIKELY(!sk_view_is(head))) {
			err = SK_EMORE;
			*need = PCAP_RECORD_HEAD_BYTES;
			break;
		}
		uint32_t seconds = at32(head, 0, big), fraction = at32(head, 4, big), captured = at32(head, 8, big), wire = at32(head, 12, big);
		if (SK_UNLIKELY(lengths != LENGTHS_RIGHT) && (lengths == LENGTHS_SWAPPED || captured > wire)) {
			uint32_t swap = captured;
			captured = wire;
			wire = swap;
		}
		if (SK_UNLIKELY(captured > SK_FRAME_MAX_BYTES)) {
			err = capture_damaged(c, c->ring_offset + c->start + sk_offset(&cur), fault, "a record states %u captured bytes, at most %d were expected", captured,
					      SK_FRAME_MAX_BYTES);
			break;
		}
		const size_t record_bytes = PCAP_RECORD_HEAD_BYTES + (size_t)captured;
		if (SK_UNLIKELY(sk_left(&cur) < record_bytes)) {
			err = SK_EMORE;
			*need = record_bytes;
			break;
		}
		struct sk_frame *frame = &frames[n++];
		*frame = (struct sk_frame){.bytes = bytes + sk_offset(&cur) + PCAP_RECORD_HEAD_BYTES, .captured_bytes = captured,
					   .wire_bytes = capture_wire_bytes(&counts, captured, wire),
					   .time_ns = (int64_t)seconds * 1000000000 + (int64_t)fraction * fraction_ns, .link = link};
		capture_count_frame(&counts, frame);
		sk_skip(&cur, record_bytes);
	}
	capture_add_counts(c, &counts, n);
	c->start += sk_offset(&cur);
	*count = n;
	return err;
}

enum sk_err pcap_walk_little(struct sk_capture *c, struct sk_frame *frames, size_t *count, size_t *need, struct sk_fault *fault)
{
	return walk(c, frames, count, need, false, fault);
}

enum sk_err pcap_walk_big(struct sk_capture *c, struct sk_frame *frames, size_t *count, size_t *need, struct sk_fault *fault)
{
	return walk(c, frames, count, need, true, fault);
}
