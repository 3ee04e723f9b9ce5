/* SPDX-License-Identifier: Apache-2.0 */
#include "differ.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../gate/random.h"
#include "base/file.h"
#include "border/border_build.h"
#include "border/explain.h"
#include "live/kernel_priv.h"

enum { FRAME_MAX = 4096, EDGES_MAX = 4096 };

void differ_init(struct differ *d, const struct sk_border *border, unsigned covered, bool (*judge)(void *, const uint8_t *, size_t, uint32_t *), void *context)
{
	*d = (struct differ){.border = border, .covered = covered, .judge = judge, .context = context};
	assert_int_equal(sk_gate_new(border, covered, &d->gate), SK_OK);
}

void differ_fini(struct differ *d)
{
	sk_gate_free(d->gate);
}

static void note(struct differ *d, const uint8_t *bytes, size_t length, uint32_t verdict, const struct sk_verdict *want)
{
	if (d->first_wrong[0] != '\0')
		return;
	int at = snprintf(d->first_wrong, sizeof d->first_wrong, "kernel %#x, gate class %u reason %u:", verdict, want->class_, want->reason);
	for (size_t i = 0; i < length && at > 0 && (size_t)at < sizeof d->first_wrong - 3; i++)
		at += snprintf(d->first_wrong + at, sizeof d->first_wrong - (size_t)at, "%02x", bytes[i]);
}

void differ_frame(struct differ *d, const uint8_t *bytes, size_t length)
{
	uint8_t copy[FRAME_MAX];
	uint32_t verdict = 0;
	struct sk_verdict want;
	if (length > sizeof copy || !d->judge(d->context, bytes, length, &verdict)) {
		d->not_tried++;
		return;
	}
	memcpy(copy, bytes, length);
	struct sk_frame frame = {.bytes = copy, .captured_bytes = (uint32_t)length, .wire_bytes = (uint32_t)length, .link = SK_LINK_ETHERNET};
	sk_gate_judge_batch(d->gate, &frame, 1, &want);
	bool admitted = want.reason == SK_GATE_ADMITTED;
	d->frames++;
	if ((verdict & LIVE_VERDICT_UNFINISHED) != 0) {
		d->unfinished++;
		d->unfinished_erased += !admitted;
	} else if ((verdict & 0xff) == LIVE_REASON_ADMITTED) {
		d->kept++;
		if (!admitted) {
			d->kept_wrongly++;
			note(d, bytes, length, verdict, &want);
		} else if ((verdict >> 8 & 0xff) != want.class_) {
			d->other_wrong++;
			note(d, bytes, length, verdict, &want);
		}
	} else {
		d->erased++;
		if ((verdict & 0xff) != want.reason || (verdict >> 8 & 0xff) != want.class_) {
			d->other_wrong++;
			note(d, bytes, length, verdict, &want);
		}
	}
}

void differ_random(struct differ *d, uint64_t seed, uint64_t frames)
{
	struct random_source r = {.state = seed};
	for (uint64_t i = 0; i < frames;) {
		struct build b;
		if (random_frame(&r, &b) != SK_LINK_ETHERNET)
			continue;
		size_t length = build_length(&b);
		/* Some end early, on the wire: nothing is sliced. */
		differ_frame(d, build_bytes(&b), random_below(&r, 8) == 0 ? random_below(&r, (unsigned)length + 1) : length);
		i++;
	}
}

/* ---- addresses ---- */

struct edges {
	struct sk_addr addr[EDGES_MAX];
	size_t count;
};

/* First and last addresses of ranges, chosen evenly over the table as far as they fit. */
static void find_edges(const struct sk_border *border, unsigned family, struct random_source *r, struct edges *edges)
{
	struct sk_addr addr = {.family = (uint8_t)family}, last;
	uint64_t seen = 0;
	bool more = true;
	edges->count = 0;
	while (more && seen < 4000000) {
		(void)sk_border_span(border, &addr, &last);
		const struct sk_addr *both[] = {&addr, &last};
		for (unsigned i = 0; i < 2; i++, seen++) {
			if (edges->count < EDGES_MAX)
				edges->addr[edges->count++] = *both[i];
			else if (random_u64(r) % (seen + 1) < EDGES_MAX)
				edges->addr[random_below(r, EDGES_MAX)] = *both[i];
		}
		addr = last;
		more = false;
		for (int i = family == 4 ? 3 : 15; i >= 0 && !more; i--)
			more = ++addr.bytes[i] != 0;
	}
}

static void random_address(struct random_source *r, const struct edges *edges, const struct edges *fours, uint8_t *out)
{
	bool six = edges != fours;
	unsigned width = six ? 16 : 4;
	for (unsigned i = 0; i < width; i++)
		out[i] = (uint8_t)random_u64(r);
	unsigned kind = random_below(r, six ? 6 : 2);
	const uint8_t *four = fours->addr[random_below(r, (unsigned)fours->count)].bytes;
	if (kind == 0)
		return;
	memcpy(out, edges->addr[random_below(r, (unsigned)edges->count)].bytes, width);
	if (kind == 2) {
		memset(out, 0, 10);
		memset(out + 10, 0xff, 2);
		memcpy(out + 12, four, 4);
	} else if (kind == 3) {
		memcpy(out, "\0\x64\xff\x9b\0\0\0\0\0\0\0", 12);
		memcpy(out + 12, four, 4);
	} else if (kind == 4) {
		memcpy(out, "\x20\x02", 2);
		memcpy(out + 2, four, 4);
	} else if (kind == 5) {
		memcpy(out, "\x20\x01\0", 4);
		memcpy(out + 4, four, 4);
		for (unsigned i = 0; i < 4; i++)
			out[12 + i] = (uint8_t)~(random_below(r, 3) ? four[i] : out[12 + i]);
	}
	/* Near it. */
	if (random_below(r, 4) == 0)
		out[random_below(r, width)] ^= (uint8_t)(1u << random_below(r, 8));
}

void differ_addresses(struct differ *d, uint64_t seed, uint64_t frames)
{
	struct random_source r = {.state = seed};
	struct edges *four = malloc(sizeof *four), *six = malloc(sizeof *six);
	assert_true(four != NULL && six != NULL);
	find_edges(d->border, 4, &r, four);
	find_edges(d->border, 6, &r, six);
	for (uint64_t i = 0; i < frames; i++) {
		uint8_t frame[14 + 40 + 20] = {0};
		size_t length;
		if (i % 3 == 0) {
			memcpy(frame + 12, "\x08\0\x45\0\0\x28\0\0\0\0\x40\x06", 12);
			random_address(&r, four, four, frame + 26);
			random_address(&r, four, four, frame + 30);
			length = 54;
		} else {
			memcpy(frame + 12, "\x86\xdd\x60\0\0\0\0\x14\x06\x40", 10);
			random_address(&r, six, four, frame + 22);
			random_address(&r, six, four, frame + 38);
			length = 74;
		}
		differ_frame(d, frame, length);
	}
	free(four);
	free(six);
}

/* ---- captures ---- */

/* Ethernet in front of what another link carried, by the version nibble. */
static size_t as_ethernet(const struct sk_frame *frame, uint8_t out[FRAME_MAX])
{
	static const uint8_t skip[] = {[SK_LINK_RAW_IP] = 0, [SK_LINK_SLL] = 16, [SK_LINK_SLL2] = 20, [SK_LINK_NULL] = 4, [SK_LINK_LOOP] = 4};
	size_t length = frame->captured_bytes, gone = frame->link == SK_LINK_ETHERNET ? 0 : skip[frame->link];
	if (frame->link == SK_LINK_ETHERNET) {
		length = length < FRAME_MAX ? length : FRAME_MAX;
		memcpy(out, frame->bytes, length);
		return length;
	}
	if (length < gone + 1)
		return 0;
	memset(out, 2, 12);
	out[12] = frame->bytes[gone] >> 4 == 6 ? 0x86 : 0x08;
	out[13] = frame->bytes[gone] >> 4 == 6 ? 0xdd : 0x00;
	length -= gone;
	length = length < FRAME_MAX - 14 ? length : FRAME_MAX - 14;
	memcpy(out + 14, frame->bytes + gone, length);
	return length + 14;
}

enum sk_err differ_capture(struct differ *d, const char *path, unsigned mutations, uint64_t most)
{
	struct sk_capture *capture;
	struct sk_frame frames[SK_BATCH_MAX];
	struct random_source r = {.state = 7};
	uint8_t bytes[FRAME_MAX], changed[FRAME_MAX];
	size_t count = 0;
	enum sk_err err = sk_capture_open(path, &capture, NULL);
	if (err != SK_OK)
		return err;
	uint64_t done = 0;
	do {
		err = sk_capture_next(capture, frames, &count, NULL);
		for (size_t i = 0; i < count && done < most; i++) {
			size_t length = as_ethernet(&frames[i], bytes);
			differ_frame(d, bytes, length);
			done++;
			for (unsigned m = 0; m < mutations && length != 0; m++) {
				memcpy(changed, bytes, length);
				for (unsigned changes = 1 + random_below(&r, 3); changes > 0; changes--)
					changed[random_below(&r, (unsigned)(length < 120 ? length : 120))] = (uint8_t)random_u64(&r);
				differ_frame(d, changed, random_below(&r, 6) ? length : random_below(&r, (unsigned)length + 1));
			}
		}
	} while (count > 0 && done < most);
	sk_capture_close(capture);
	return err;
}

void differ_print(const struct differ *d, const char *name)
{
	print_message("%-26s %9" PRIu64 " frames: kept %8" PRIu64 ", erased %8" PRIu64 ", left to user space %7" PRIu64 " (erased there %" PRIu64 "); wrongly kept %" PRIu64 ", other disagreements %" PRIu64
		      ", not tried %" PRIu64 "%s%s\n", name, d->frames, d->kept, d->erased, d->unfinished, d->unfinished_erased, d->kept_wrongly, d->other_wrong, d->not_tried,
		      d->first_wrong[0] != '\0' ? "\n  " : "", d->first_wrong);
}

/* ---- tables ---- */

static void add(struct sk_border_build *build, enum sk_side side, const char *text)
{
	char path[] = "/tmp/sekisho-live-list-XXXXXX";
	struct sk_fault fault;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	if (sk_border_build_list(build, side, path, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	(void)unlink(path);
}

/* The side is drawn from the prefix itself: the same prefix in two lists would be an error. */
static unsigned side_of(const struct sk_prefix *prefix)
{
	struct random_source r = {.state = prefix->bits};
	for (unsigned i = 0; i < 16; i++)
		r.state = r.state * 31 + prefix->addr.bytes[i];
	return random_below(&r, 3);
}

static void add_random(struct sk_border_build *build)
{
	static char text[3][1 << 17];
	struct random_source r = {.state = 99};
	size_t at[3] = {0};
	for (unsigned i = 0; i < 3000; i++) {
		struct sk_prefix prefix = {.addr = {.family = random_below(&r, 2) ? 4 : 6}};
		unsigned most = prefix.addr.family == 4 ? 32 : 128;
		char written[SK_PREFIX_TEXT_MAX];
		prefix.bits = (uint8_t)(12 + random_below(&r, most - 11));
		for (unsigned b = 0; b < most / 8; b++)
			prefix.addr.bytes[b] = (uint8_t)(random_below(&r, 3) ? random_below(&r, 3) * 0x55 : random_u64(&r));
		for (unsigned b = prefix.bits; b < most; b++)
			prefix.addr.bytes[b / 8] &= (uint8_t)~(0x80u >> b % 8);
		unsigned side = side_of(&prefix);
		at[side] += (size_t)snprintf(text[side] + at[side], sizeof text[side] - at[side], "%s\n", sk_prefix_format(&prefix, written));
	}
	for (unsigned side = 0; side < 3; side++)
		add(build, (enum sk_side)side, text[side]);
}

struct sk_border *differ_table(enum differ_table which)
{
	char path[] = "/tmp/sekisho-live-table-XXXXXX";
	struct sk_border_build *build;
	struct sk_border *table = NULL;
	struct sk_fault fault;
	assert_int_equal(sk_seal_start(), SK_OK);
	assert_int_equal(sk_border_build_new(NULL, &build, &fault), SK_OK);
	if (which == DIFFER_RANDOM)
		add_random(build);
	if (which == DIFFER_UNKNOWN_LISTS)
		add(build, SK_SIDE_UNKNOWN, "2002:c000:0300::/40\n64:ff9b::c633:6400/120\n");
	if (which == DIFFER_UNKNOWN_LISTS || which == DIFFER_EMBEDDED) {
		add(build, SK_SIDE_DOMESTIC, "2002:cb00:7104::/48\n::ffff:198.51.100.0/124\n64:ff9b::203.0.113.4\n2001:0:cb00:7104::/64\n2002:0a00::/24\n");
		add(build, SK_SIDE_FOREIGN, "2002:cb00:7105::/48\n2002:cb00:7104:1::/64\n::ffff:198.51.100.8\n2001:0:cb00:7105::/64\n");
	}
	if (which != DIFFER_RANDOM) {
		add(build, SK_SIDE_DOMESTIC, "203.0.113.4\n198.51.100.7\n2001:db8::4\n2001:db8::7\n192.0.2.0/25\n192.0.2.130/31\n");
		add(build, SK_SIDE_FOREIGN, "203.0.113.5\n198.51.100.8\n2001:db8::5\n2001:db8::8\n192.0.2.128/26\n");
	}
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	if (sk_border_build_write(build, path, &fault) != SK_OK || sk_border_open(path, &table, &fault) != SK_OK)
		fail_msg("%s", fault.line);
	sk_border_build_free(build);
	(void)unlink(path);
	return table;
}

const char *differ_table_name(enum differ_table which)
{
	static const char *const names[] = {"lists", "lists inside embedding", "unknown lists there", "random"};
	return names[which];
}
