/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer writes, read back by the capture room: bytes, lengths, times, link types, names; and what is left when it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forward/writer.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/sekisho-writer-XXXXXX");
	(void)snprintf(path, sizeof path, "%s/out", mkdtemp(folder));
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder); /* fails when a test left something else behind */
}

static unsigned files_in_folder(void)
{
	unsigned count = 0;
	DIR *open_folder = opendir(folder);
	assert_non_null(open_folder);
	for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;)
		count += entry->d_name[0] != '.';
	(void)closedir(open_folder);
	return count;
}

static struct sk_frame frame_of(uint8_t *bytes, uint32_t captured, uint32_t wire, int64_t time_ns, uint16_t interface, uint8_t link)
{
	return (struct sk_frame){.bytes = bytes, .captured_bytes = captured, .wire_bytes = wire, .time_ns = time_ns, .interface = interface, .link = link};
}

enum { FRAMES = 3000 };

/* Frames of every length class, deterministic from their number. */
static struct sk_frame frame_number(unsigned i, uint8_t *bytes, bool one_link)
{
	uint32_t length = i % 97 == 0 ? SK_FRAME_MAX_BYTES : i % 7 == 0 ? 0 : i % 1600;
	for (uint32_t at = 0; at < length; at++)
		bytes[at] = (uint8_t)(i + at);
	return frame_of(bytes, length, length + i % 3, INT64_C(1700000000123456789) + (int64_t)i * 1001, one_link ? 0 : (uint16_t)(i % 5),
			one_link ? SK_LINK_ETHERNET : (uint8_t)(i % 5));
}

static void write_frames(enum sk_writer_format format, bool one_link)
{
	struct sk_writer *writer = NULL;
	struct sk_fault fault;
	struct sk_writer_counts counts;
	uint8_t *bytes = malloc(SK_FRAME_MAX_BYTES);
	assert_non_null(bytes);
	(void)unlink(path);
	assert_int_equal(sk_writer_open(path, format, &writer, &fault), SK_OK);
	assert_false(sk_writer_is_stream(writer));
	for (unsigned i = 0; i < 5; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "port%u", i * 111);
		sk_writer_name_interface(writer, i, name);
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		struct sk_frame frame = frame_number(i, bytes, one_link);
		assert_int_equal(sk_writer_put(writer, &frame, &fault), SK_OK);
	}
	assert_int_equal(access(path, F_OK), -1); /* no name before it is whole */
	sk_writer_counts(writer, &counts);
	assert_int_equal(counts.frames, FRAMES);
	assert_int_equal(sk_writer_flush(writer, &fault), SK_OK);
	assert_int_equal(sk_writer_residue(writer), 0);
	assert_int_equal(sk_writer_close(writer, &fault), SK_OK);
	free(bytes);
	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(files_in_folder(), 1);
}

/* Frames that differ from those that were written: all of them, when `shift` plants a difference. */
static unsigned differing_frames(enum sk_writer_format format, bool one_link, unsigned shift)
{
	struct sk_capture *capture = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	uint8_t *bytes = malloc(SK_FRAME_MAX_BYTES);
	unsigned i = 0, differ = 0;
	assert_non_null(bytes);
	assert_int_equal(sk_capture_open(path, &capture, NULL), SK_OK);
	for (size_t count = 1; count != 0;) {
		assert_int_equal(sk_capture_next(capture, frames, &count, NULL), SK_OK);
		for (size_t at = 0; at < count; at++, i++) {
			struct sk_frame want = frame_number(i + shift, bytes, one_link);
			int64_t time_ns = format == SK_WRITER_PCAP ? want.time_ns / 1000 * 1000 : want.time_ns;
			differ += frames[at].captured_bytes != want.captured_bytes || frames[at].wire_bytes != want.wire_bytes || frames[at].time_ns != time_ns ||
				  frames[at].link != want.link || memcmp(frames[at].bytes, want.bytes, want.captured_bytes) != 0;
		}
	}
	struct sk_capture_stats stats;
	sk_capture_stats(capture, &stats);
	assert_int_equal(i, FRAMES);
	assert_int_equal(stats.interfaces, one_link ? 1 : 5);
	assert_int_equal(stats.nanoseconds, format != SK_WRITER_PCAP);
	if (!one_link)
		assert_string_equal(sk_capture_interface_name(capture, 4), "port444");
	sk_capture_close(capture);
	free(bytes);
	return differ;
}

/* rule: FORWARD-2 */
static void test_read_back(void **state)
{
	(void)state;
	static const enum sk_writer_format formats[] = {SK_WRITER_PCAP, SK_WRITER_PCAP_NS, SK_WRITER_PCAPNG};
	for (size_t i = 0; i < SK_COUNT(formats); i++) {
		write_frames(formats[i], true);
		assert_int_equal(differing_frames(formats[i], true, 0), 0);
		assert_int_equal(differing_frames(formats[i], true, 1), FRAMES); /* the comparison is not blind */
	}
	write_frames(SK_WRITER_PCAPNG, false);
	assert_int_equal(differing_frames(SK_WRITER_PCAPNG, false, 0), 0);
}

static void test_one_link_type(void **state)
{
	(void)state;
	struct sk_writer *writer = NULL;
	struct sk_fault fault;
	uint8_t bytes[4] = {1};
	struct sk_frame first = frame_of(bytes, 4, 4, 0, 0, SK_LINK_RAW_IP), second = frame_of(bytes, 4, 4, 0, 0, SK_LINK_SLL);
	assert_int_equal(sk_writer_open(path, SK_WRITER_PCAP, &writer, &fault), SK_OK);
	assert_int_equal(sk_writer_put(writer, &first, &fault), SK_OK);
	assert_int_equal(sk_writer_put(writer, &second, &fault), SK_EUNSUPPORTED);
	assert_non_null(strstr(fault.line, "--format pcapng"));
	assert_int_equal(sk_writer_put(writer, &first, &fault), SK_EUNSUPPORTED); /* sticky */
	assert_int_equal(sk_writer_close(writer, &fault), SK_EUNSUPPORTED);
	assert_int_equal(files_in_folder(), 0);
	/* In pcapng an interface that changes its link type is described anew. */
	assert_int_equal(sk_writer_open(path, SK_WRITER_PCAPNG, &writer, &fault), SK_OK);
	assert_int_equal(sk_writer_put(writer, &first, &fault), SK_OK);
	assert_int_equal(sk_writer_put(writer, &second, &fault), SK_OK);
	assert_int_equal(sk_writer_close(writer, &fault), SK_OK);
	struct sk_capture *capture = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	size_t count = 0;
	assert_int_equal(sk_capture_open(path, &capture, NULL), SK_OK);
	assert_int_equal(sk_capture_next(capture, frames, &count, NULL), SK_OK);
	assert_true(count == 2 && frames[0].link == SK_LINK_RAW_IP && frames[1].link == SK_LINK_SLL);
	sk_capture_close(capture);
}

/* Times that a format cannot hold stand still at its ends. */
static void test_times_at_the_ends(void **state)
{
	(void)state;
	static const int64_t times[] = {-1, INT64_MIN, INT64_MAX, 0};
	struct sk_writer *writer = NULL;
	struct sk_fault fault;
	struct sk_capture *capture = NULL;
	struct sk_frame frames[SK_BATCH_MAX];
	size_t count = 0;
	uint8_t byte = 7;
	for (unsigned ng = 0; ng < 2; ng++) {
		assert_int_equal(sk_writer_open(path, ng ? SK_WRITER_PCAPNG : SK_WRITER_PCAP_NS, &writer, &fault), SK_OK);
		for (size_t i = 0; i < SK_COUNT(times); i++) {
			struct sk_frame frame = frame_of(&byte, 1, 1, times[i], 0, SK_LINK_ETHERNET);
			assert_int_equal(sk_writer_put(writer, &frame, &fault), SK_OK);
		}
		assert_int_equal(sk_writer_close(writer, &fault), SK_OK);
		assert_int_equal(sk_capture_open(path, &capture, NULL), SK_OK);
		assert_int_equal(sk_capture_next(capture, frames, &count, NULL), SK_OK);
		assert_int_equal(count, 4);
		assert_true(frames[0].time_ns == 0 && frames[1].time_ns == 0 && frames[3].time_ns == 0);
		assert_true(ng ? frames[2].time_ns == INT64_MAX : frames[2].time_ns / 1000000000 == UINT32_MAX);
		sk_capture_close(capture);
	}
}

static void test_old_file_survives(void **state)
{
	(void)state;
	struct sk_writer *writer = NULL;
	struct sk_fault fault;
	FILE *old = fopen(path, "w");
	assert_true(old != NULL && fputs("old", old) >= 0 && fclose(old) == 0);
	assert_int_equal(sk_writer_open(path, SK_WRITER_PCAP, &writer, &fault), SK_OK);
	sk_writer_abort(writer);
	struct stat info;
	assert_true(stat(path, &info) == 0 && info.st_size == 3);
	assert_int_equal(files_in_folder(), 1);
	assert_int_equal(sk_writer_open(path, SK_WRITER_PCAP, &writer, &fault), SK_OK);
	assert_int_equal(sk_writer_close(writer, &fault), SK_OK); /* no frame at all is a capture too */
	assert_true(stat(path, &info) == 0 && info.st_size == 24);
	assert_int_equal(sk_writer_open(folder, SK_WRITER_PCAP, &writer, &fault), SK_EUSAGE);
	assert_int_equal(sk_writer_open("/dev/full", SK_WRITER_PCAP, &writer, &fault), SK_OK);
	sk_writer_start(writer, SK_LINK_ETHERNET);
	assert_int_equal(sk_writer_flush(writer, &fault), SK_ENOSPC);
	assert_int_equal(sk_writer_close(writer, &fault), SK_ENOSPC);
}

static void test_pipe(void **state)
{
	(void)state;
	struct sk_writer *writer = NULL;
	struct sk_fault fault;
	uint8_t bytes[60] = {0}, head[200];
	struct sk_frame frame = frame_of(bytes, 60, 60, 0, 0, SK_LINK_ETHERNET);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(sk_writer_open(path, SK_WRITER_PCAP, &writer, &fault), SK_OK);
	assert_true(sk_writer_is_stream(writer));
	assert_int_equal(sk_writer_put(writer, &frame, &fault), SK_OK);
	assert_int_equal(sk_writer_flush(writer, &fault), SK_OK);
	assert_int_equal(read(reader, head, sizeof head), 24 + 16 + 60);
	(void)close(reader);
	assert_int_equal(sk_writer_put(writer, &frame, &fault), SK_OK);
	assert_int_equal(sk_writer_flush(writer, &fault), SK_EIO);
	assert_non_null(strstr(fault.line, "closed the pipe"));
	assert_int_equal(sk_writer_residue(writer), 0);
	assert_int_equal(sk_writer_close(writer, &fault), SK_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read_back, make_folder, remove_folder), cmocka_unit_test_setup_teardown(test_one_link_type, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_times_at_the_ends, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_old_file_survives, make_folder, remove_folder), cmocka_unit_test_setup_teardown(test_pipe, make_folder, remove_folder),
	};
	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
