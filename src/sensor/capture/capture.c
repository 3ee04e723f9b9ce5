/* SPDX-License-Identifier: Apache-2.0 */
/* The ring: fill it from the source, let a walker cut it into frames, overwrite what was handed out. */
#include "capture/capture_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LOOK_BYTES = 24 };

struct linktype {
	uint32_t number;
	const char *name;
	int link;
};

enum { NOT_READ = -1 };
static const struct linktype linktypes[] = {
#define SK_LINKTYPE(number, name, link) {number, name, link},
#include "capture/linktype.def"
#undef SK_LINKTYPE
};

struct magic {
	size_t length;
	const char *bytes, *name, *advice;
};

static const struct magic magics[] = {
#define SK_MAGIC(length, bytes, name, advice) {length, bytes, name, advice},
#include "capture/magic.def"
#undef SK_MAGIC
};

static const char expected[] = "expected a pcap or pcapng capture, plain, gz or zst";

enum sk_err capture_damaged(const struct sk_capture *c, uint64_t offset, struct sk_fault *fault, const char *format, ...)
{
	char found[SK_FAULT_LINE_MAX / 2], where[96] = "";
	va_list args;
	va_start(args, format);
	(void)vsnprintf(found, sizeof found, format, args);
	va_end(args);
	if (c->source.packing != PACKING_NONE)
		(void)snprintf(where, sizeof where, " of what the %s data unpacks to (near offset %llu of the file)", source_packing_name(&c->source),
			       (unsigned long long)source_packed_offset(&c->source));
	return sk_fault_set(fault, SK_EDAMAGED, "%s: damaged at offset %llu%s: %s; everything before it was processed", c->name, (unsigned long long)offset, where,
			    found);
}

enum sk_err capture_link_of(const struct sk_capture *c, uint32_t linktype, uint8_t *link, struct sk_fault *fault)
{
	const char *name = "not known here";
	for (size_t i = 0; i < SK_COUNT(linktypes); i++) {
		if (linktypes[i].number != linktype)
			continue;
		if (linktypes[i].link != NOT_READ) {
			*link = (uint8_t)linktypes[i].link;
			return SK_OK;
		}
		name = linktypes[i].name;
	}
	return sk_fault_set(fault, SK_EUNSUPPORTED,
			    "%s: link type %u (%s) is not read; expected Ethernet (1), raw IP (101, 228, 229, 12, 14), Linux cooked (113, 276) or loopback (0, 108)",
			    c->name, linktype, name);
}

/* Overwrite the batch that the caller gives back. */
static void erase_batch(struct sk_capture *c)
{
	if (SK_LIKELY(!c->keep_bytes) && c->start != c->batch)
		sk_wipe(c->ring.bytes + c->batch, c->start - c->batch);
	c->batch = c->start;
}

/* The same, but for the frames that the gate has overwritten, a second time would be most of what an erased frame costs: before such a one lies little more than a
   record's head. */
static void erase_handed(struct sk_capture *c, const struct sk_frame *frames)
{
	const uint8_t *const end = c->ring.bytes + c->start;
	uint8_t *at = c->ring.bytes + c->batch;
	size_t count = frames == c->handed && !c->keep_bytes ? c->handed_count : 0;
	for (size_t i = 0; i < count; i++) {
		const struct sk_frame *frame = &frames[i];
		/* What does not lie where it was handed out is overwritten with the rest. */
		if (!frame->erased || frame->bytes < at || frame->bytes > end || frame->captured_bytes > (size_t)(end - frame->bytes))
			continue;
		size_t gap = (size_t)(frame->bytes - at);
		if (SK_LIKELY(gap == PCAP_RECORD_HEAD_BYTES))
			sk_wipe_small(at, PCAP_RECORD_HEAD_BYTES);
		else if (gap != 0)
			sk_wipe(at, gap);
		at = frame->bytes + frame->captured_bytes;
	}
	c->batch = (size_t)(at - c->ring.bytes);
	c->handed_count = 0;
	erase_batch(c);
}

/* Nothing more will be read: leave no byte behind. */
static void end_input(struct sk_capture *c)
{
	c->ended = true;
	if (c->keep_bytes)
		return;
	sk_wipe(c->ring.bytes + c->start, c->fill - c->start);
	c->fill = c->start;
	source_wipe(&c->source);
}

/* Move what is not read yet to the front, overwrite its old place, and read once behind it. *got 0 = end of input. */
static enum sk_err fill_ring(struct sk_capture *c, size_t *got, struct sk_fault *fault)
{
	size_t left = c->fill - c->start;
	if (c->start != 0) {
		memmove(c->ring.bytes, c->ring.bytes + c->start, left);
		size_t stale = c->start > left ? c->start : left;
		if (!c->keep_bytes)
			sk_wipe(c->ring.bytes + stale, c->fill - stale);
		c->ring_offset += c->start;
		c->batch = c->start = 0;
		c->fill = left;
	}
	size_t room = c->ring.length - c->fill;
	SK_INVARIANT(room != 0);
	SK_TRY(source_read(&c->source, c->ring.bytes + c->fill, room < READ_BLOCK_BYTES ? room : READ_BLOCK_BYTES, c->ring_offset + c->fill, got, fault));
	c->fill += *got;
	return SK_OK;
}

/* Read until wanted bytes are there or the input ends. */
static enum sk_err fill_to(struct sk_capture *c, size_t wanted, struct sk_fault *fault)
{
	for (size_t got = 1; got != 0 && c->fill - c->start < wanted;)
		SK_TRY(fill_ring(c, &got, fault));
	return SK_OK;
}

static struct sk_cur unread(const struct sk_capture *c)
{
	return sk_cur_of(c->ring.bytes + c->start, c->fill - c->start);
}

static bool looks_like_text(const uint8_t *bytes, size_t length)
{
	struct sk_cur cur = sk_cur_of(bytes, length < TEXT_LOOK_BYTES ? length : TEXT_LOOK_BYTES);
	while (sk_more(&cur)) {
		uint8_t byte = sk_u8(&cur);
		if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
			return false;
	}
	return true;
}

/* No capture: say what it is instead, as far as the first bytes tell. */
static enum sk_err refuse(const struct sk_capture *c, struct sk_fault *fault)
{
	struct sk_cur head = unread(c);
	size_t length = sk_left(&head);
	const char *unpacked = c->source.packing != PACKING_NONE ? "unpacks to something that " : "";
	if (length == 0 && c->source.packing != PACKING_NONE)
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: unpacks to nothing (0 bytes); %s", c->name, expected);
	if (length == 0)
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: is empty (0 bytes); %s", c->name, expected);
	for (size_t i = 0; i < SK_COUNT(magics); i++)
		if (length >= magics[i].length && memcmp(head.at, magics[i].bytes, magics[i].length) == 0)
			return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: %sis %s; %s; %s", c->name, unpacked, magics[i].name, expected, magics[i].advice);
	if (length < sizeof(uint32_t))
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: %sis only %zu bytes long; %s", c->name, unpacked, length, expected);
	if (looks_like_text(head.at, length))
		return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: %slooks like text; %s", c->name, unpacked, expected);
	return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: %sbegins with %08x, which no capture does; %s", c->name, unpacked, sk_be32(&head), expected);
}

/* The head says pcap but does not reach to its end. */
static enum sk_err refuse_short(const struct sk_capture *c, const char *format, size_t wanted, struct sk_fault *fault)
{
	return sk_fault_set(fault, SK_ENOTCAPTURE, "%s: begins like a %s file but ends after %zu of the %zu bytes of its head; %s", c->name, format, c->fill - c->start,
			    wanted, expected);
}

/* Known magics: pcap in microseconds and nanoseconds, either byte order; pcapng's section header reads the same both ways. */
static const uint32_t magic_pcap_us = 0xa1b2c3d4, magic_pcap_ns = 0xa1b23c4d, magic_pcapng = 0x0a0d0d0a;

/* Of a pcapng head only what lies before the first frame is read, and no further than the first interface: a pipe may stay silent for hours. */
static enum sk_err open_pcapng(struct sk_capture *c, struct sk_fault *fault)
{
	c->walk = pcapng_walk;
	c->stats.pcapng = true;
	while (c->stats.interfaces == 0) {
		size_t none = 0, need = 0;
		enum sk_err err = pcapng_walk(c, NULL, &none, &need, fault);
		erase_batch(c);
		if (err != SK_EMORE)
			return err;
		SK_TRY(fill_to(c, need, fault));
		if (c->fill - c->start < need)
			return c->sections == 0 ? refuse_short(c, "pcapng", need, fault) : SK_OK;
	}
	return SK_OK;
}

static enum sk_err open_head(struct sk_capture *c, struct sk_fault *fault)
{
	SK_TRY(fill_to(c, sizeof(uint32_t), fault));
	enum packing packing = source_packing(c->ring.bytes, c->fill);
	if (packing != PACKING_NONE) {
		SK_TRY(source_unpack(&c->source, packing, c->ring.bytes, c->fill));
		sk_wipe(c->ring.bytes, c->fill);
		c->fill = 0;
		SK_TRY(fill_to(c, MAGIC_MAX_BYTES, fault));
	}
	struct sk_cur head = unread(c);
	uint32_t magic = sk_be32(&head);
	if (magic == magic_pcapng)
		return open_pcapng(c, fault);
	bool big = magic == magic_pcap_us || magic == magic_pcap_ns;
	magic = big ? magic : __builtin_bswap32(magic);
	if (magic != magic_pcap_us && magic != magic_pcap_ns) {
		SK_TRY(fill_to(c, TEXT_LOOK_BYTES, fault));
		return refuse(c, fault);
	}
	SK_TRY(fill_to(c, PCAP_HEAD_BYTES, fault));
	if (c->fill - c->start < PCAP_HEAD_BYTES)
		return refuse_short(c, "pcap", PCAP_HEAD_BYTES, fault);
	c->big_endian = big;
	c->fraction_ns = magic == magic_pcap_ns ? 1 : 1000;
	c->walk = big ? pcap_walk_big : pcap_walk_little;
	SK_TRY(pcap_open(c, fault));
	erase_batch(c);
	return SK_OK;
}

enum sk_err capture_open_source(struct source *source, const char *name, struct sk_capture **out, struct sk_fault *fault)
{
	*out = NULL;
	struct sk_fault own;
	fault = fault != NULL ? fault : &own;
	struct sk_capture *c = calloc(1, sizeof *c);
	if (c == NULL || (c->name = strdup(name)) == NULL || area_init(&c->ring, SK_CAPTURE_RING_BYTES, true) != SK_OK) {
		if (c != NULL)
			free(c->name);
		free(c);
		source_fini(source);
		return sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to open a capture", name);
	}
	c->source = *source;
	c->source.name = c->name;
	enum sk_err err = open_head(c, fault);
	if (err == SK_ENOMEM)
		err = sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to unpack it", c->name);
	if (err != SK_OK) {
		sk_capture_close(c);
		return err;
	}
	*out = c;
	return SK_OK;
}

enum sk_err sk_capture_open(const char *path, struct sk_capture **out, struct sk_fault *fault)
{
	*out = NULL;
	struct source source;
	enum sk_err err = source_open(&source, path, fault);
	if (err != SK_OK) {
		source_fini(&source);
		return err;
	}
	return capture_open_source(&source, source.name, out, fault);
}

void sk_capture_close(struct sk_capture *c)
{
	if (c == NULL)
		return;
	area_fini(&c->ring);
	source_fini(&c->source);
	free(c->name);
	free(c);
}

/* The input ended with wanted bytes still owed to a record that begins at start: a cut file, unless it ended between two records. */
static enum sk_err end_of_input(struct sk_capture *c, size_t wanted, struct sk_fault *fault)
{
	uint64_t end = c->ring_offset + c->fill, offset = c->skip_total != 0 ? c->block_offset : c->ring_offset + c->start;
	uint64_t missing = wanted - (c->fill - c->start) + c->skip_bytes;
	if (end == offset)
		return SK_OK;
	return capture_damaged(c, offset, fault, "the file ends at %llu inside the record that begins here, %llu more bytes were expected", (unsigned long long)end,
			       (unsigned long long)missing);
}

enum sk_err sk_capture_next(struct sk_capture *c, struct sk_frame frames[SK_BATCH_MAX], size_t *count, struct sk_fault *fault)
{
	struct sk_fault own;
	fault = fault != NULL ? fault : &own;
	*count = 0;
	erase_handed(c, frames);
	while (!c->ended) {
		size_t need = 0, got = 0;
		enum sk_err err = c->walk(c, frames, count, &need, fault);
		c->handed = frames;
		c->handed_count = *count;
		if (err == SK_OK || (err == SK_EMORE && *count != 0))
			return SK_OK;
		if (err == SK_EMORE) {
			erase_batch(c);
			err = fill_ring(c, &got, fault);
			if (err == SK_OK && got != 0)
				continue;
			if (err == SK_OK)
				err = end_of_input(c, need, fault);
		}
		if (err != SK_EINTR)
			end_input(c);
		return err;
	}
	return SK_OK;
}

void sk_capture_patience(struct sk_capture *c, int patience_ms)
{
	c->source.patience_ms = patience_ms;
}

int sk_capture_descriptor(const struct sk_capture *capture)
{
	return capture->source.fd;
}

void sk_capture_stats(const struct sk_capture *c, struct sk_capture_stats *out)
{
	*out = c->stats;
	out->read_bytes = c->source.read_bytes;
	out->source_bytes = c->source.source_bytes;
}

const char *sk_capture_interface_name(const struct sk_capture *c, unsigned interface)
{
	return interface < c->stats.interfaces ? c->interfaces[interface].name : "";
}

size_t sk_capture_residue(const struct sk_capture *c)
{
	size_t sum = area_residue(&c->ring);
	if (c->source.packed.bytes != NULL)
		sum += area_residue(&c->source.packed) + area_residue(&c->source.state);
	return sum;
}
