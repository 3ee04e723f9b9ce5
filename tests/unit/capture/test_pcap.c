/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "reader.h"
#include "writer.h"

static void all_byte_orders_and_resolutions(void **state)
{
	(void)state;
	for (int variant = 0; variant < 4; variant++) {
		int resolution = variant & 1 ? TEST_MAGIC_NS : TEST_MAGIC_US;
		struct writer w = writer_new(variant & 2);
		put_pcap_head(&w, resolution, 1);
		put_pcap_record(&w, 1700000000, 123456, 60, 60, 0xaa);
		put_pcap_record(&w, 1700000001, 999999, 61, 1500, 0xbb);
		struct drained d = drain(w.bytes, w.length, 0);
		assert_int_equal(d.open, SK_OK);
		assert_int_equal(d.end, SK_OK);
		assert_int_equal(d.count, 2);
		assert_int_equal(d.wrong, 0);
		assert_int_equal(d.residue, 0);
		int64_t unit = resolution == TEST_MAGIC_NS ? 1 : 1000;
		assert_true(d.frames[0].time_ns == 1700000000 * INT64_C(1000000000) + 123456 * unit);
		assert_true(d.frames[1].time_ns == 1700000001 * INT64_C(1000000000) + 999999 * unit);
		assert_int_equal(d.frames[1].captured_bytes, 61);
		assert_int_equal(d.frames[1].wire_bytes, 1500);
		assert_int_equal(d.frames[0].link, SK_LINK_ETHERNET);
		assert_int_equal(d.stats.sliced, 1);
		assert_int_equal(d.stats.wire_bytes, 1560);
		assert_int_equal(d.stats.captured_bytes, 121);
		assert_int_equal(d.stats.read_bytes, w.length);
		assert_int_equal(d.stats.nanoseconds, resolution == TEST_MAGIC_NS);
		assert_false(d.stats.pcapng);
		drained_free(&d);
		writer_free(&w);
	}
}

static enum sk_err open_with_link(uint32_t linktype, uint8_t *link, struct sk_fault *fault)
{
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, linktype);
	put_pcap_record(&w, 1, 1, 20, 20, 1);
	struct drained d = drain(w.bytes, w.length, 0);
	*link = d.frames[0].link;
	*fault = d.fault;
	enum sk_err err = d.open;
	drained_free(&d);
	writer_free(&w);
	return err;
}

static void link_types(void **state)
{
	(void)state;
	static const struct {
		uint32_t number;
		uint8_t link;
	} read[] = {{0, SK_LINK_NULL}, {1, SK_LINK_ETHERNET}, {12, SK_LINK_RAW_IP}, {14, SK_LINK_RAW_IP}, {101, SK_LINK_RAW_IP}, {108, SK_LINK_LOOP},
		    {113, SK_LINK_SLL}, {228, SK_LINK_RAW_IP}, {229, SK_LINK_RAW_IP}, {276, SK_LINK_SLL2},
		    {0x24000001, SK_LINK_ETHERNET} /* FCS of 4 bytes stated */, {0xf0000065, SK_LINK_RAW_IP}};
	uint8_t link;
	struct sk_fault fault;
	for (size_t i = 0; i < SK_COUNT(read); i++) {
		assert_int_equal(open_with_link(read[i].number, &link, &fault), SK_OK);
		assert_int_equal(link, read[i].link);
	}
	assert_int_equal(open_with_link(105, &link, &fault), SK_EUNSUPPORTED);
	assert_non_null(strstr(fault.line, "105 (IEEE 802.11)"));
	assert_int_equal(open_with_link(12345, &link, &fault), SK_EUNSUPPORTED);
	assert_non_null(strstr(fault.line, "12345 (not known here)"));
	assert_int_equal(open_with_link(0x00010001, &link, &fault), SK_EUNSUPPORTED);
	assert_non_null(strstr(fault.line, "reserved bits"));
}

static void lengths(void **state)
{
	(void)state;
	struct writer w = writer_new(true);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	put_pcap_record(&w, 1, 0, 100, 40, 1);                                  /* captured more than there was */
	put_pcap_record(&w, 2, 0, 0, 1400, 0);                                  /* nothing captured */
	put_pcap_record(&w, 3, 0, SK_FRAME_MAX_BYTES, SK_FRAME_MAX_BYTES, 0x55);  /* the largest */
	put_pcap_record(&w, 4, 0, 10, UINT32_MAX, 2);
	size_t damage = w.length;
	put_pcap_record(&w, 5, 0, 0, 0, 0);
	set_number(&w, damage + 8, SK_FRAME_MAX_BYTES + 1, 4);
	put_fill(&w, 3, 300000);
	struct drained d = drain(w.bytes, w.length, 100000);
	assert_int_equal(d.count, 4);
	assert_int_equal(d.stats.odd_length, 1);
	assert_int_equal(d.stats.sliced, 2);
	assert_int_equal(d.frames[0].wire_bytes, 100);
	assert_int_equal(d.frames[1].wire_bytes, 1400);
	assert_int_equal(d.frames[2].captured_bytes, SK_FRAME_MAX_BYTES);
	assert_true(d.frames[3].wire_bytes == UINT32_MAX);
	assert_int_equal(d.end, SK_EDAMAGED);
	char offset[40];
	(void)snprintf(offset, sizeof offset, "damaged at offset %zu:", damage);
	assert_non_null(strstr(d.fault.line, offset));
	assert_non_null(strstr(d.fault.line, "states 262145 captured bytes"));
	assert_int_equal(d.wrong, 0);
	assert_int_equal(d.residue, 0);
	drained_free(&d);
	writer_free(&w);
}

static void times(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	put_pcap_record(&w, 0, 0, 1, 1, 1);
	put_pcap_record(&w, UINT32_MAX, 999999, 1, 1, 1); /* 2106-02-07 */
	put_pcap_record(&w, UINT32_MAX, UINT32_MAX, 1, 1, 1); /* a fraction beyond a second is not ours to judge */
	put_pcap_record(&w, 100, 0, 1, 1, 1);
	put_pcap_record(&w, 100, 0, 1, 1, 1);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.count, 5);
	assert_true(d.frames[0].time_ns == 0);
	assert_true(d.frames[1].time_ns == UINT32_MAX * INT64_C(1000000000) + 999999000);
	assert_true(d.frames[2].time_ns > d.frames[1].time_ns);
	assert_int_equal(d.stats.time_backwards, 1);
	drained_free(&d);
	writer_free(&w);
}

/* Before version 2.4 the two lengths stood the other way round, or perhaps. */
static void old_versions(void **state)
{
	(void)state;
	for (unsigned minor = 1; minor <= 3; minor++) {
		struct writer w = writer_new(false);
		put_pcap_head_full(&w, 0xa1b2c3d4, 2, minor, 1);
		for (int i = 0; i < 3; i++) {
			size_t at = w.length;
			put_pcap_record(&w, 1, 0, 30, 30, 7);
			set_number(&w, at + 8, 90, 4);
			set_number(&w, at + 12, 30, 4);
		}
		struct drained d = drain(w.bytes, w.length, 0);
		assert_int_equal(d.end, SK_OK);
		assert_int_equal(d.count, 3);
		assert_int_equal(d.frames[2].captured_bytes, 30);
		assert_int_equal(d.frames[2].wire_bytes, 90);
		drained_free(&d);
		writer_free(&w);
	}
	struct writer w = writer_new(false);
	put_pcap_head_full(&w, 0xa1b2c3d4, 3, 0, 1);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.open, SK_EUNSUPPORTED);
	assert_non_null(strstr(d.fault.line, "pcap version 3.0"));
	drained_free(&d);
	writer_free(&w);
}

/* Cut at every byte, read in every way: what lies before the cut is delivered, and the damage is the record that the cut hits. */
static void cut_at_every_byte(void **state)
{
	(void)state;
	static const size_t chunks[] = {0, 1, 7};
	struct writer w = writer_new(false);
	size_t starts[8], count = 0;
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (; count < 6; count++) {
		starts[count] = w.length;
		put_pcap_record(&w, (uint32_t)count, 0, 5 * (uint32_t)count, 60, (uint8_t)(count + 1));
	}
	starts[count] = w.length;
	for (size_t length = 0; length <= w.length; length++)
		for (size_t i = 0; i < SK_COUNT(chunks); i++) {
			struct drained d = drain(w.bytes, length, chunks[i]);
			if (length < 24) {
				assert_int_equal(d.open, SK_ENOTCAPTURE);
				drained_free(&d);
				continue;
			}
			size_t whole = 0;
			while (whole < count && starts[whole + 1] <= length)
				whole++;
			assert_int_equal(d.count, whole);
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

/* Megabytes of frames of all sizes through the ring, so that every way of straddling it happens; each frame keeps its bytes and its order. */
static void frames_straddle_the_ring(void **state)
{
	(void)state;
	static const size_t chunks[] = {0, 4099, 300000};
	struct writer w = writer_new(true);
	put_pcap_head(&w, TEST_MAGIC_NS, 1);
	uint32_t count = 0, sizes[3000], seed = 1;
	while (w.length < (7 << 20) && count < SK_COUNT(sizes)) {
		seed = seed * 1103515245 + 12345;
		uint32_t size = (seed >> 16) % 97 == 0 ? (seed >> 8) % (SK_FRAME_MAX_BYTES + 1) : (seed >> 8) % 2000;
		sizes[count] = size;
		put_pcap_record(&w, count, 0, size, size, (uint8_t)(count % 251 + 1));
		count++;
	}
	for (size_t i = 0; i < SK_COUNT(chunks); i++) {
		struct drained d = drain(w.bytes, w.length, chunks[i]);
		assert_int_equal(d.end, SK_OK);
		assert_int_equal(d.count, count);
		assert_int_equal(d.wrong, 0);
		assert_int_equal(d.residue, 0);
		for (uint32_t f = 0; f < count; f++) {
			assert_int_equal(d.frames[f].captured_bytes, sizes[f]);
			assert_true(d.frames[f].time_ns == f * INT64_C(1000000000));
		}
		drained_free(&d);
	}
	writer_free(&w);
}

/* All frames of a batch stay until the next call, and are gone after it. */
static void a_batch_lives_until_the_next_call(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < 200; i++)
		put_pcap_record(&w, i, 0, 100, 100, (uint8_t)(i + 1));
	struct memory memory = {.bytes = w.bytes, .length = w.length};
	struct sk_capture *capture;
	struct sk_fault fault;
	assert_int_equal(memory_open(&memory, &capture, &fault), SK_OK);
	struct sk_frame old[SK_BATCH_MAX] = {0}, new[SK_BATCH_MAX];
	size_t old_count = 0, count, seen = 0;
	do {
		assert_int_equal(sk_capture_next(capture, new, &count, &fault), SK_OK);
		for (size_t i = 0; i < old_count; i++)
			for (uint32_t b = 0; b < old[i].captured_bytes; b++)
				assert_int_equal(old[i].bytes[b], 0);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(new[i].bytes[99], seen + i + 1);
		seen += count;
		assert_true(count == SK_BATCH_MAX || seen == 200);
		memcpy(old, new, sizeof old);
		old_count = count;
	} while (count != 0);
	assert_int_equal(seen, 200);
	assert_int_equal(sk_capture_residue(capture), 0);
	sk_capture_close(capture);
	writer_free(&w);
}

/* Reads 500 frames and says of some that they are erased, after overwriting them when it is true. Returns the residue. */
static size_t read_marking(bool truly, bool other_array)
{
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < 500; i++)
		put_pcap_record(&w, i, 0, 40 + i % 300, 1400, (uint8_t)(i % 250 + 1));
	struct memory memory = {.bytes = w.bytes, .length = w.length};
	struct sk_capture *capture;
	struct sk_fault fault;
	assert_int_equal(memory_open(&memory, &capture, &fault), SK_OK);
	struct sk_frame arrays[2][SK_BATCH_MAX];
	size_t count, turn = 0, seen = 0;
	do {
		struct sk_frame *frames = arrays[other_array ? turn++ % 2 : 0];
		assert_int_equal(sk_capture_next(capture, frames, &count, &fault), SK_OK);
		for (size_t i = 0; i < count; i++, seen++) {
			assert_false(frames[i].erased);
			assert_int_equal(*frames[i].bytes, seen % 250 + 1);
			if (seen * 2654435761u % 5 >= 3)
				continue;
			if (truly)
				memset(frames[i].bytes, 0, frames[i].captured_bytes);
			frames[i].erased = true;
		}
	} while (count != 0);
	assert_int_equal(seen, 500);
	size_t residue = sk_capture_residue(capture);
	sk_capture_close(capture);
	writer_free(&w);
	return residue;
}

/* What was erased is not overwritten twice; its neighbours and the heads between are. Saying so without having done it leaves a residue (the twin); with
   another array than the last the word is not taken. */
static void erased_frames_are_left_alone(void **state)
{
	(void)state;
	assert_int_equal(read_marking(true, false), 0);
	assert_true(read_marking(false, false) > 1000);
	assert_int_equal(read_marking(false, true), 0);
}

/* The sabotage twin of every residue check above: without the erasure the canary is found. */
static void sabotage_leaves_a_residue(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < 200; i++)
		put_pcap_record(&w, i, 0, 100, 100, 0xc5);
	struct memory memory = {.bytes = w.bytes, .length = w.length};
	struct drained d = drain_full(&memory, true);
	assert_int_equal(d.count, 200);
	assert_true(d.residue >= 100 * 100);
	drained_free(&d);
	memory.at = 0;
	d = drain_full(&memory, false);
	assert_int_equal(d.residue, 0);
	drained_free(&d);
	writer_free(&w);
}

static void interrupted_reads_lose_nothing(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < 300; i++)
		put_pcap_record(&w, i, 0, 333, 333, (uint8_t)i);
	struct memory memory = {.bytes = w.bytes, .length = w.length, .chunk = 1000, .interrupted = true};
	memory.interrupt_next = true; /* the head is read without, the rest is interrupted at every second read */
	struct sk_capture *capture;
	struct sk_fault fault;
	assert_int_equal(memory_open(&memory, &capture, &fault), SK_OK);
	struct sk_frame frames[SK_BATCH_MAX];
	size_t seen = 0, interrupts = 0, count;
	enum sk_err err;
	do {
		err = sk_capture_next(capture, frames, &count, &fault);
		seen += count;
		interrupts += err == SK_EINTR;
		assert_true(err == SK_OK || err == SK_EINTR);
	} while (err == SK_EINTR || count != 0);
	assert_int_equal(seen, 300);
	assert_true(interrupts > 50);
	sk_capture_close(capture);
	writer_free(&w);
}

static void a_failing_disk_is_named(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < 10; i++)
		put_pcap_record(&w, i, 0, 100, 100, 9);
	struct memory memory = {.bytes = w.bytes, .length = w.length, .chunk = 300, .fails_at = 600};
	struct drained d = drain_full(&memory, false);
	assert_int_equal(d.end, SK_EIO);
	assert_int_equal(d.count, 4);
	assert_non_null(strstr(d.fault.line, "cannot read at offset 600"));
	assert_int_equal(d.residue, 0);
	drained_free(&d);
	writer_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_byte_orders_and_resolutions),
		cmocka_unit_test(link_types),
		cmocka_unit_test(lengths),
		cmocka_unit_test(times),
		cmocka_unit_test(old_versions),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(frames_straddle_the_ring),
		cmocka_unit_test(a_batch_lives_until_the_next_call),
		cmocka_unit_test(erased_frames_are_left_alone),
		cmocka_unit_test(sabotage_leaves_a_residue),
		cmocka_unit_test(interrupted_reads_lose_nothing),
		cmocka_unit_test(a_failing_disk_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
