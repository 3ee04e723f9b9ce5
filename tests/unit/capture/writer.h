/* SPDX-License-Identifier: Apache-2.0 */
/* Writes captures into memory for tests: every byte order, also wrong ones on purpose. A test's mistake aborts. */
#ifndef SK_TEST_CAPTURE_WRITER_H
#define SK_TEST_CAPTURE_WRITER_H

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct writer {
	uint8_t *bytes;
	size_t length, capacity;
	bool big;
	size_t block; /* where the open pcapng block begins */
};

static inline struct writer writer_new(bool big)
{
	enum { CAPACITY = 8 << 20 };
	struct writer w = {.bytes = malloc(CAPACITY), .capacity = CAPACITY, .big = big};
	SK_INVARIANT(w.bytes != NULL);
	return w;
}

static inline void writer_free(struct writer *w)
{
	free(w->bytes);
	*w = (struct writer){0};
}

static inline void put_bytes(struct writer *w, const void *bytes, size_t length)
{
	SK_INVARIANT(length <= w->capacity - w->length);
	if (length != 0)
		memcpy(w->bytes + w->length, bytes, length);
	w->length += length;
}

static inline void put_fill(struct writer *w, uint8_t value, size_t length)
{
	SK_INVARIANT(length <= w->capacity - w->length);
	memset(w->bytes + w->length, value, length);
	w->length += length;
}

static inline void put_number(struct writer *w, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (w->big ? width - 1 - i : i));
		put_bytes(w, &byte, 1);
	}
}

static inline void set_number(struct writer *w, size_t at, uint64_t value, size_t width)
{
	size_t length = w->length;
	w->length = at;
	put_number(w, value, width);
	w->length = length;
}

/* ---- pcap ---- */

enum { TEST_MAGIC_US = 1, TEST_MAGIC_NS = 2 };

static inline void put_pcap_head_full(struct writer *w, uint32_t magic, unsigned major, unsigned minor, uint32_t link)
{
	put_number(w, magic, 4);
	put_number(w, major, 2);
	put_number(w, minor, 2);
	put_number(w, 0, 8);
	put_number(w, 65535, 4);
	put_number(w, link, 4);
}

static inline void put_pcap_head(struct writer *w, int resolution, uint32_t link)
{
	put_pcap_head_full(w, resolution == TEST_MAGIC_NS ? 0xa1b23c4d : 0xa1b2c3d4, 2, 4, link);
}

static inline void put_pcap_record(struct writer *w, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t wire, uint8_t fill)
{
	put_number(w, seconds, 4);
	put_number(w, fraction, 4);
	put_number(w, captured, 4);
	put_number(w, wire, 4);
	put_fill(w, fill, captured);
}

/* ---- pcapng ---- */

static inline void block_begin(struct writer *w, uint32_t type)
{
	w->block = w->length;
	put_number(w, type, 4);
	put_number(w, 0, 4);
}

static inline void put_padding(struct writer *w)
{
	while ((w->length - w->block) % 4 != 0)
		put_number(w, 0, 1);
}

static inline void block_end(struct writer *w)
{
	put_padding(w);
	put_number(w, w->length + 4 - w->block, 4);
	set_number(w, w->block + 4, w->length - w->block, 4);
}

static inline void put_option(struct writer *w, unsigned code, const void *value, size_t length)
{
	put_number(w, code, 2);
	put_number(w, length, 2);
	put_bytes(w, value, length);
	put_padding(w);
}

static inline void put_option_number(struct writer *w, unsigned code, uint64_t value, size_t width)
{
	put_number(w, code, 2);
	put_number(w, width, 2);
	put_number(w, value, width);
	put_padding(w);
}

static inline void put_option_end(struct writer *w)
{
	put_number(w, 0, 4);
}

static inline void put_section(struct writer *w, bool big)
{
	w->big = big;
	block_begin(w, 0x0a0d0d0a);
	put_number(w, 0x1a2b3c4d, 4);
	put_number(w, 1, 2);
	put_number(w, 0, 2);
	put_number(w, UINT64_MAX, 8);
	block_end(w);
}

/* name NULL: none; resolution 0: no option; offset 0: no option */
static inline void put_interface(struct writer *w, unsigned link, uint32_t snap, const char *name, uint8_t resolution, int64_t offset)
{
	block_begin(w, 1);
	put_number(w, link, 2);
	put_number(w, 0, 2);
	put_number(w, snap, 4);
	if (name != NULL)
		put_option(w, 2, name, strlen(name));
	if (resolution != 0)
		put_option_number(w, 9, resolution, 1);
	if (offset != 0)
		put_option_number(w, 14, (uint64_t)offset, 8);
	if (name != NULL || resolution != 0 || offset != 0)
		put_option_end(w);
	block_end(w);
}

static inline void put_enhanced(struct writer *w, uint32_t interface, uint64_t ticks, uint32_t captured, uint32_t wire, uint8_t fill)
{
	block_begin(w, 6);
	put_number(w, interface, 4);
	put_number(w, ticks >> 32, 4);
	put_number(w, ticks & 0xffffffff, 4);
	put_number(w, captured, 4);
	put_number(w, wire, 4);
	put_fill(w, fill, captured);
	block_end(w);
}

static inline void put_packet(struct writer *w, unsigned interface, uint64_t ticks, uint32_t captured, uint32_t wire, uint8_t fill)
{
	block_begin(w, 2);
	put_number(w, interface, 2);
	put_number(w, 0xffff, 2);
	put_number(w, ticks >> 32, 4);
	put_number(w, ticks & 0xffffffff, 4);
	put_number(w, captured, 4);
	put_number(w, wire, 4);
	put_fill(w, fill, captured);
	block_end(w);
}

/* held: bytes in the block, which a snap length may make fewer than wire */
static inline void put_simple(struct writer *w, uint32_t wire, uint32_t held, uint8_t fill)
{
	block_begin(w, 3);
	put_number(w, wire, 4);
	put_fill(w, fill, held);
	block_end(w);
}

static inline void put_statistics(struct writer *w, uint32_t interface, uint64_t interface_drops, uint64_t system_drops)
{
	block_begin(w, 5);
	put_number(w, interface, 4);
	put_number(w, 0, 8);
	put_option_number(w, 5, interface_drops, 8);
	put_option_number(w, 7, system_drops, 8);
	put_option_end(w);
	block_end(w);
}

#endif
