/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "reader.h"
#include "writer.h"

static const int64_t second = 1000000000;

static void sections_of_either_byte_order(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		struct writer w = writer_new(false);
		put_section(&w, variant & 1);
		put_interface(&w, 1, 0, "eth0", 0, 0);
		put_interface(&w, 101, 96, "tun0", 9, 0);
		put_enhanced(&w, 0, 1700000000 * UINT64_C(1000000), 60, 60, 1);
		put_enhanced(&w, 1, 1700000001 * UINT64_C(1000000000) + 7, 96, 1400, 2);
		put_section(&w, variant & 2);
		put_interface(&w, 276, 0, "any", 0, 0);
		put_enhanced(&w, 0, 1700000002 * UINT64_C(1000000), 33, 33, 3);
		struct drained d = drain(w.bytes, w.length, 0);
		assert_int_equal(d.end, SK_OK);
		assert_int_equal(d.count, 3);
		assert_int_equal(d.wrong, 0);
		assert_int_equal(d.residue, 0);
		assert_int_equal(d.stats.interfaces, 3);
		assert_true(d.frames[0].time_ns == 1700000000 * second);
		assert_true(d.frames[1].time_ns == 1700000001 * second + 7);
		assert_true(d.frames[2].time_ns == 1700000002 * second);
		assert_int_equal(d.frames[1].interface, 1);
		assert_int_equal(d.frames[1].link, SK_LINK_RAW_IP);
		assert_int_equal(d.frames[1].wire_bytes, 1400);
		assert_int_equal(d.frames[2].interface, 2);
		assert_int_equal(d.frames[2].link, SK_LINK_SLL2);
		assert_int_equal(d.stats.sliced, 1);
		drained_free(&d);
		writer_free(&w);
	}
}

static int64_t time_of(uint8_t resolution, int64_t offset, uint64_t ticks)
{
	struct writer w = writer_new(true);
	put_section(&w, true);
	put_interface(&w, 1, 0, NULL, resolution, offset);
	put_enhanced(&w, 0, ticks, 1, 1, 1);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.count, 1);
	assert_true(d.stats.pcapng);
	assert_int_equal(d.stats.nanoseconds, resolution > 6 && resolution != 0x80);
	int64_t time_ns = d.frames[0].time_ns;
	drained_free(&d);
	writer_free(&w);
	return time_ns;
}

static void time_resolutions_and_offsets(void **state)
{
	(void)state;
	assert_true(time_of(0, 0, 1500000) == 1500000000);   /* no option: microseconds */
	assert_true(time_of(3, 0, 1500) == 1500000000);
	assert_true(time_of(9, 0, 1500000001) == 1500000001);
	assert_true(time_of(12, 0, 1500000001999) == 1500000001);
	assert_true(time_of(19, 0, UINT64_MAX) == 1844674407);
	assert_true(time_of(28, 0, UINT64_MAX) == 1);
	assert_true(time_of(29, 0, UINT64_MAX) == 0);
	assert_true(time_of(127, 0, UINT64_MAX) == 0);
	assert_true(time_of(0x80 | 1, 0, 3) == 1500000000);
	assert_true(time_of(0x80 | 20, 0, 3 << 19) == 1500000000);
	assert_true(time_of(0x80 | 63, 0, UINT64_C(1) << 63) == second);
	assert_true(time_of(0x80 | 127, 0, UINT64_MAX) == 0);
	assert_true(time_of(0x80, 0, 2) == 2 * second);
	assert_true(time_of(6, 100, 1000000) == 101 * second);
	assert_true(time_of(6, -100, 1000000) == -99 * second);
	assert_true(time_of(9, 1700000000, 5) == 1700000000 * second + 5);
	assert_true(time_of(6, 0, 0) == 0);
	assert_true(time_of(6, 0, 4294967296000000) == 4294967296 * second); /* beyond 2106 */
	/* Beyond what nanoseconds since 1970 can say, time stands still at the end. */
	assert_true(time_of(6, 0, UINT64_MAX) == INT64_MAX);
	assert_true(time_of(6, INT64_MAX, UINT64_MAX) == INT64_MAX);
	assert_true(time_of(6, INT64_MIN, 0) == INT64_MIN);
}

static void simple_and_obsolete_packet_blocks(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_section(&w, false);
	put_interface(&w, 1, 64, NULL, 0, 0);
	put_interface(&w, 1, 0, NULL, 0, 0);
	put_simple(&w, 50, 50, 1);   /* before any time is known */
	put_packet(&w, 1, 5000000, 70, 900, 2);
	put_simple(&w, 1400, 64, 3); /* cut at the snap length */
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.end, SK_OK);
	assert_int_equal(d.count, 3);
	assert_int_equal(d.wrong, 0);
	assert_true(d.frames[0].time_ns == 0);
	assert_int_equal(d.frames[0].no_time, 1);
	assert_true(d.frames[1].time_ns == 5 * second);
	assert_int_equal(d.frames[1].no_time, 0);
	assert_int_equal(d.frames[1].interface, 1);
	assert_int_equal(d.frames[1].wire_bytes, 900);
	assert_true(d.frames[2].time_ns == 5 * second);
	assert_int_equal(d.frames[2].captured_bytes, 64);
	assert_int_equal(d.frames[2].wire_bytes, 1400);
	assert_int_equal(d.stats.time_backwards, 0);
	drained_free(&d);
	writer_free(&w);
}

static void reported_drops_are_counted_once(void **state)
{
	(void)state;
	struct writer w = writer_new(true);
	put_section(&w, true);
	put_interface(&w, 1, 0, NULL, 0, 0);
	put_interface(&w, 1, 0, NULL, 0, 0);
	put_statistics(&w, 0, 10, 0);
	put_statistics(&w, 0, 25, 3); /* cumulative: 15 more, and 3 of the system */
	put_statistics(&w, 1, 100, 0);
	put_section(&w, false);
	put_interface(&w, 1, 0, NULL, 0, 0);
	put_statistics(&w, 0, 5, 0); /* a new section counts from zero */
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.end, SK_OK);
	assert_int_equal(d.stats.upstream_lost, 133);
	drained_free(&d);
	put_statistics(&w, 0, UINT64_MAX, UINT64_MAX);
	d = drain(w.bytes, w.length, 0);
	assert_true(d.stats.upstream_lost == UINT64_MAX);
	drained_free(&d);
	writer_free(&w);
}

/* Names, secrets, custom and unknown blocks, small and larger than the ring, at every place; nothing of them stays. */
static void other_blocks_are_streamed_over(void **state)
{
	(void)state;
	static const uint32_t types[] = {4, 10, 0xbad, 0x40000bad, 0x12345678};
	static const size_t sizes[] = {0, 4, 1000, (1 << 20) + 12345};
	for (size_t chunk = 0; chunk <= 4099; chunk += 4099) {
		struct writer w = writer_new(false);
		block_begin(&w, 0);
		w.length = 0;
		put_section(&w, chunk == 0);
		for (size_t i = 0; i < SK_COUNT(sizes); i++) {
			block_begin(&w, types[i]);
			put_fill(&w, 0xc5, sizes[i]);
			block_end(&w);
			if (i == 0)
				put_interface(&w, 1, 0, NULL, 0, 0);
			block_begin(&w, types[4]);
			put_fill(&w, 0xc5, 77);
			block_end(&w);
			put_enhanced(&w, 0, 1, 100, 100, 0xc5);
		}
		struct drained d = drain(w.bytes, w.length, chunk);
		assert_int_equal(d.end, SK_OK);
		assert_int_equal(d.count, SK_COUNT(sizes));
		assert_int_equal(d.wrong, 0);
		assert_int_equal(d.residue, 0);
		drained_free(&d);
		writer_free(&w);
	}
}

static void names_are_printable(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_section(&w, false);
	put_interface(&w, 1, 0, "eth0\x1b[31m\xc3\xa9\n", 0, 0);
	put_interface(&w, 1, 0, NULL, 0, 0);
	put_interface(&w, 1, 0, "0123456789012345678901234567890123456789012345678901234567890123456789", 0, 0);
	put_enhanced(&w, 2, 1, 1, 1, 1);
	struct memory memory = {.bytes = w.bytes, .length = w.length};
	struct sk_capture *capture;
	struct sk_fault fault;
	assert_int_equal(memory_open(&memory, &capture, &fault), SK_OK);
	struct sk_frame frames[SK_BATCH_MAX];
	size_t count;
	assert_int_equal(sk_capture_next(capture, frames, &count, &fault), SK_OK);
	assert_string_equal(sk_capture_interface_name(capture, 0), "eth0?[31m???");
	assert_string_equal(sk_capture_interface_name(capture, 1), "if1");
	assert_int_equal(strlen(sk_capture_interface_name(capture, 2)), 63);
	assert_string_equal(sk_capture_interface_name(capture, 3), "");
	sk_capture_close(capture);
	writer_free(&w);
}

/* A capture that is rotated into one file a thousand times does not have a thousand links; two links of one name in a section stay two. */
static void sections_share_interfaces(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	for (int i = 0; i < 1000; i++) {
		put_section(&w, i & 1);
		put_interface(&w, 1, 0, "eth0", 0, 0);
		put_interface(&w, 1, 0, "eth0", 0, 0);
		put_interface(&w, 101, 0, "eth0", 0, 0);
		put_enhanced(&w, 1, 1, 10, 10, 1);
	}
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.end, SK_OK);
	assert_int_equal(d.count, 1000);
	assert_int_equal(d.stats.interfaces, 3);
	assert_int_equal(d.frames[999].interface, 1);
	drained_free(&d);
	writer_free(&w);
}

static void too_many_interfaces(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_section(&w, false);
	for (int i = 0; i < SK_INTERFACES_MAX; i++)
		put_interface(&w, 1, 0, NULL, 0, 0);
	put_enhanced(&w, SK_INTERFACES_MAX - 1, 1, 10, 10, 1);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.end, SK_OK);
	assert_int_equal(d.frames[0].interface, SK_INTERFACES_MAX - 1);
	drained_free(&d);
	put_interface(&w, 1, 0, NULL, 0, 0);
	d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.end, SK_EUNSUPPORTED);
	assert_non_null(strstr(d.fault.line, "more than 256 interfaces"));
	drained_free(&d);
	writer_free(&w);
}

static void link_type_that_appears_later(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_section(&w, false);
	put_interface(&w, 1, 0, NULL, 0, 0);
	put_enhanced(&w, 0, 1, 10, 10, 1);
	put_interface(&w, 220, 0, NULL, 0, 0);
	put_enhanced(&w, 0, 1, 10, 10, 1);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.open, SK_OK);
	assert_int_equal(d.end, SK_EUNSUPPORTED);
	assert_int_equal(d.count, 1);
	assert_non_null(strstr(d.fault.line, "link type 220 (USB, Linux, padded)"));
	drained_free(&d);
	w.length = 0;
	put_section(&w, false);
	put_interface(&w, 220, 0, NULL, 0, 0);
	d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.open, SK_EUNSUPPORTED);
	drained_free(&d);
	writer_free(&w);
}

/* A capture with one block of each kind; starts of its blocks for the cut test. */
static size_t put_one_of_each(struct writer *w, size_t starts[16], size_t frames_before[16])
{
	size_t n = 0, frames = 0;
#define NEXT(adds) (starts[n] = w->length, frames_before[n++] = frames, frames += (adds))
	NEXT(0), put_section(w, false);
	NEXT(0), put_interface(w, 1, 0, "eth0", 9, 0);
	NEXT(1), put_enhanced(w, 0, 1, 21, 21, 1);
	NEXT(0), block_begin(w, 4), put_fill(w, 0xc5, 40), block_end(w);
	NEXT(1), put_simple(w, 9, 9, 2);
	NEXT(0), put_section(w, true);
	NEXT(0), put_interface(w, 101, 0, NULL, 0, 0);
	NEXT(1), put_packet(w, 0, 1, 13, 13, 3);
	NEXT(0), put_statistics(w, 0, 1, 0);
	NEXT(0);
#undef NEXT
	return n - 1;
}

static void cut_at_every_byte(void **state)
{
	(void)state;
	static const size_t chunks[] = {0, 1, 7};
	struct writer w = writer_new(false);
	size_t starts[16], frames_before[16], count = put_one_of_each(&w, starts, frames_before);
	for (size_t length = 0; length <= w.length; length++)
		for (size_t i = 0; i < SK_COUNT(chunks); i++) {
			struct drained d = drain(w.bytes, length, chunks[i]);
			if (length < starts[1]) {
				assert_int_equal(d.open, SK_ENOTCAPTURE);
				drained_free(&d);
				continue;
			}
			size_t whole = 0;
			while (whole < count && starts[whole + 1] <= length)
				whole++;
			assert_int_equal(d.open, SK_OK);
			assert_int_equal(d.count, frames_before[whole]);
			assert_int_equal(d.wrong, 0);
			assert_int_equal(d.residue, 0);
			assert_int_equal(d.end, starts[whole] == length ? SK_OK : SK_EDAMAGED);
			char text[96];
			(void)snprintf(text, sizeof text, "damaged at offset %zu: the file ends at %zu ", starts[whole], length);
			if (d.end != SK_OK)
				assert_non_null(strstr(d.fault.line, text));
			drained_free(&d);
		}
	writer_free(&w);
}

/* Two frames, then one lie: both frames come, then the damage at the lying block. */
static void expect_damage(struct writer *w, size_t at, const char *text)
{
	struct drained d = drain(w->bytes, w->length, 0);
	char offset[48];
	(void)snprintf(offset, sizeof offset, "damaged at offset %zu:", at);
	assert_int_equal(d.end, SK_EDAMAGED);
	assert_int_equal(d.count, 2);
	assert_int_equal(d.residue, 0);
	if (strstr(d.fault.line, offset) == NULL || strstr(d.fault.line, text) == NULL)
		fail_msg("expected '%s' and '%s' in: %s", offset, text, d.fault.line);
	drained_free(&d);
}

static size_t two_frames(struct writer *w)
{
	w->length = 0;
	put_section(w, false);
	put_interface(w, 1, 0, NULL, 0, 0);
	put_enhanced(w, 0, 1, 10, 10, 1);
	put_enhanced(w, 0, 1, 10, 10, 1);
	return w->length;
}

static void every_lie_is_named(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	size_t at = two_frames(&w);
	put_enhanced(&w, 1, 1, 10, 10, 1);
	expect_damage(&w, at, "names interface 1, only 1");
	at = two_frames(&w);
	put_enhanced(&w, 0, 1, 10, 10, 1);
	set_number(&w, at + 20, 13, 4); /* the padding of 10 makes 12 */
	expect_damage(&w, at, "its block holds fewer");
	set_number(&w, at + 20, SK_FRAME_MAX_BYTES + 1, 4);
	expect_damage(&w, at, "states 262145 captured bytes");
	at = two_frames(&w);
	put_enhanced(&w, 0, 1, 10, 10, 1);
	set_number(&w, w.length - 4, 40, 4);
	expect_damage(&w, at, "at its head and 40 at its end");
	at = two_frames(&w);
	block_begin(&w, 77), put_fill(&w, 1, 8), block_end(&w);
	set_number(&w, w.length - 4, 24, 4);
	expect_damage(&w, at, "20 bytes at its head and 24 at its end");
	at = two_frames(&w);
	put_fill(&w, 0, 64);
	expect_damage(&w, at, "type 0x00000000 states 0 bytes");
	at = two_frames(&w);
	put_enhanced(&w, 0, 1, 10, 10, 1);
	set_number(&w, at + 4, 43, 4);
	expect_damage(&w, at, "states 43 bytes, expected a multiple of 4");
	set_number(&w, at + 4, PCAPNG_BLOCK_MAX_BYTES + 4, 4);
	expect_damage(&w, at, "at most 524288");
	at = two_frames(&w);
	block_begin(&w, 6), put_fill(&w, 0, 16), block_end(&w);
	expect_damage(&w, at, "too short for its fixed part");
	at = two_frames(&w);
	put_section(&w, false);
	set_number(&w, at + 8, 0x11223344, 4);
	expect_damage(&w, at, "byte order 44332211");
	at = two_frames(&w);
	put_statistics(&w, 7, 1, 1);
	expect_damage(&w, at, "name interface 7");
	at = two_frames(&w);
	put_statistics(&w, 0, 1, 1);
	set_number(&w, at + 8 + 12 + 2, 4, 2); /* if_drop of four bytes */
	expect_damage(&w, at, "statistics block is cut short");
	at = two_frames(&w);
	put_interface(&w, 1, 0, "eth1", 0, 0);
	set_number(&w, at + 18, 600, 2); /* the name runs past its block */
	expect_damage(&w, at, "interface description is cut short");
	at = two_frames(&w);
	block_begin(&w, 1), put_fill(&w, 1, 4), block_end(&w);
	expect_damage(&w, at, "interface description is cut short");
	writer_free(&w);
}

static void head_that_lies(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_section(&w, false);
	set_number(&w, 12, 2, 2);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.open, SK_EUNSUPPORTED);
	assert_non_null(strstr(d.fault.line, "pcapng version 2.0"));
	drained_free(&d);
	set_number(&w, 8, 0, 4);
	d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.open, SK_EDAMAGED);
	assert_non_null(strstr(d.fault.line, "byte order 00000000"));
	drained_free(&d);
	writer_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_of_either_byte_order),
		cmocka_unit_test(time_resolutions_and_offsets),
		cmocka_unit_test(simple_and_obsolete_packet_blocks),
		cmocka_unit_test(reported_drops_are_counted_once),
		cmocka_unit_test(other_blocks_are_streamed_over),
		cmocka_unit_test(names_are_printable),
		cmocka_unit_test(sections_share_interfaces),
		cmocka_unit_test(too_many_interfaces),
		cmocka_unit_test(link_type_that_appears_later),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(every_lie_is_named),
		cmocka_unit_test(head_that_lies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
