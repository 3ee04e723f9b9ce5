/* SPDX-License-Identifier: Apache-2.0 */
/* Where bytes come from: files and what is no capture, pipes, signals, gz and zst. */
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture/frame_source.h"
#include "reader.h"
#include "writer.h"

enum { FRAMES = 300, FRAME_BYTES = 200, RECORD_BYTES = 16 + FRAME_BYTES, PLAIN_BYTES = 24 + FRAMES * RECORD_BYTES };

static struct writer make_capture(uint8_t fill)
{
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < FRAMES; i++)
		put_pcap_record(&w, i, 0, FRAME_BYTES, FRAME_BYTES, fill != 0 ? fill : (uint8_t)(i * 31 + 1));
	return w;
}

static void pack_gz(struct writer *to, const void *bytes, size_t length)
{
	z_stream z = {0};
	SK_INVARIANT(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = bytes;
	z.avail_in = (unsigned)length;
	z.next_out = to->bytes + to->length;
	z.avail_out = (unsigned)(to->capacity - to->length);
	SK_INVARIANT(deflate(&z, Z_FINISH) == Z_STREAM_END);
	to->length += z.total_out;
	(void)deflateEnd(&z);
}

static void pack_zst(struct writer *to, const void *bytes, size_t length)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	SK_INVARIANT(z != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));
	size_t made = ZSTD_compress2(z, to->bytes + to->length, to->capacity - to->length, bytes, length);
	SK_INVARIANT(!ZSTD_isError(made));
	to->length += made;
	(void)ZSTD_freeCCtx(z);
}

typedef void pack_function(struct writer *to, const void *bytes, size_t length);
static pack_function *const packs[] = {pack_gz, pack_zst};

static void assert_whole(const struct drained *d)
{
	assert_int_equal(d->open, SK_OK);
	if (d->end != SK_OK)
		fail_msg("%s", d->fault.line);
	assert_int_equal(d->count, FRAMES);
	assert_int_equal(d->wrong, 0);
	assert_int_equal(d->residue, 0);
}

/* One piece, or many members and frames that begin in the middle of a record, whatever the size of a read. */
static void packed_captures(void **state)
{
	(void)state;
	static const size_t chunks[] = {0, 1, 1000}, pieces[] = {1, 2, 50};
	struct writer plain = make_capture(0);
	for (size_t p = 0; p < SK_COUNT(packs); p++)
		for (size_t n = 0; n < SK_COUNT(pieces); n++) {
			struct writer w = writer_new(false);
			for (size_t i = 0; i < pieces[n]; i++) {
				size_t from = plain.length * i / pieces[n], to = plain.length * (i + 1) / pieces[n];
				packs[p](&w, plain.bytes + from, to - from);
				if (packs[p] == pack_gz)
					put_fill(&w, 0, i % 3); /* padding */
				else
					put_bytes(&w, "\x50\x2a\x4d\x18\x03\0\0\0xyz", 11); /* a skippable frame */
			}
			for (size_t c = 0; c < SK_COUNT(chunks); c++) {
				struct drained d = drain(w.bytes, w.length, chunks[c]);
				assert_whole(&d);
				assert_int_equal(d.stats.read_bytes, w.length);
				drained_free(&d);
			}
			writer_free(&w);
		}
	writer_free(&plain);
}

/* How many whole frames lie in the first bytes of the plain capture. */
static size_t frames_in(uint64_t length)
{
	return length < 24 ? 0 : (size_t)((length - 24) / RECORD_BYTES);
}

static uint64_t number_after(const char *line, const char *words)
{
	const char *at = strstr(line, words);
	if (at == NULL)
		fail_msg("expected '%s' in: %s", words, line);
	return strtoull(at + strlen(words), NULL, 10);
}

/* Cut at every byte: all that unpacks is delivered, and the line names the place in the file and in what it unpacks to. */
static void packed_and_cut(void **state)
{
	(void)state;
	struct writer plain = make_capture(0);
	for (size_t p = 0; p < SK_COUNT(packs); p++) {
		struct writer w = writer_new(false);
		packs[p](&w, plain.bytes, plain.length / 2);
		size_t first = w.length;
		packs[p](&w, plain.bytes + plain.length / 2, plain.length - plain.length / 2);
		size_t before = 0;
		for (size_t length = 20; length < w.length; length += 1) {
			struct drained d = drain(w.bytes, length, 0);
			if (d.open != SK_OK) {
				assert_true(d.open == SK_EDAMAGED || d.open == SK_ENOTCAPTURE);
				assert_int_equal(before, 0);
				drained_free(&d);
				continue;
			}
			assert_int_equal(d.end, SK_EDAMAGED);
			assert_int_equal(d.wrong, 0);
			assert_int_equal(d.residue, 0);
			assert_true(d.count >= before && d.count <= FRAMES); /* all of them when only the checksum is cut */
			before = d.count;
			if (length == first) { /* between two pieces: the packing is whole, the record is not */
				assert_int_equal(number_after(d.fault.line, "damaged at offset "), 24 + (uint64_t)frames_in(plain.length / 2) * RECORD_BYTES);
			} else {
				assert_int_equal(number_after(d.fault.line, "damaged at offset "), length);
				assert_int_equal(frames_in(number_after(d.fault.line, "(offset ")), d.count);
			}
			drained_free(&d);
		}
		assert_true(before > FRAMES / 2);
		writer_free(&w);
	}
	writer_free(&plain);
}

/* One flipped bit: what was right before it is delivered, never a crash. (gz checks its sum at the end only: frames may come that never were.) */
static void packed_and_damaged(void **state)
{
	(void)state;
	struct writer plain = make_capture(0);
	for (size_t p = 0; p < SK_COUNT(packs); p++) {
		struct writer w = writer_new(false);
		for (size_t i = 0; i < 4; i++)
			packs[p](&w, plain.bytes + plain.length * i / 4, plain.length * (i + 1) / 4 - plain.length * i / 4);
		size_t quarter = w.length / 4;
		for (size_t at = 0; at < w.length; at++) {
			w.bytes[at] ^= 0x10;
			struct drained d = drain(w.bytes, w.length, 0);
			assert_int_equal(d.open == SK_OK ? d.residue : 0, 0);
			if (at > 3 * quarter + 100)
				assert_true(d.count >= FRAMES / 2);
			drained_free(&d);
			w.bytes[at] ^= 0x10;
		}
		writer_free(&w);
	}
	writer_free(&plain);
}

static void something_else_behind_a_gz_member(void **state)
{
	(void)state;
	struct writer plain = make_capture(0), w = writer_new(false);
	pack_gz(&w, plain.bytes, plain.length);
	size_t end = w.length;
	put_bytes(&w, "trailing text", 13);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.count, FRAMES);
	assert_int_equal(d.end, SK_EDAMAGED);
	uint64_t offset = number_after(d.fault.line, "damaged at offset ");
	assert_true(offset >= end && offset <= end + 4);
	drained_free(&d);
	writer_free(&plain);
	writer_free(&w);
}

/* 64 MiB of zeros in some dozens of KiB: it streams through the same ring, one record of nothing after the other; no memory grows. */
static void bombs_stream(void **state)
{
	(void)state;
	enum { BLOCK = 1 << 20, BLOCKS = 64 };
	struct writer head = writer_new(false);
	uint8_t *zeros = calloc(1, BLOCK);
	assert_non_null(zeros);
	put_pcap_head(&head, TEST_MAGIC_US, 1);
	for (size_t p = 0; p < SK_COUNT(packs); p++) {
		struct writer w = writer_new(false);
		packs[p](&w, head.bytes, head.length);
		for (int i = 0; i < BLOCKS; i++)
			packs[p](&w, zeros, BLOCK);
		struct drained d = drain(w.bytes, w.length, 0);
		assert_int_equal(d.end, SK_OK);
		assert_int_equal(d.count, (size_t)BLOCK / 16 * BLOCKS);
		assert_int_equal(d.stats.captured_bytes, 0);
		drained_free(&d);
		writer_free(&w);
	}
	free(zeros);
	writer_free(&head);
}

/* RFC 8878 3.1.1.1: frame header with a window descriptor of 10 + exponent bits and no content size; then one raw block. */
static struct writer zst_with_window(unsigned bits, const struct writer *plain)
{
	struct writer w = writer_new(false);
	put_number(&w, 0xfd2fb528, 4);
	put_number(&w, 0, 1);
	put_number(&w, (bits - 10) << 3, 1);
	put_number(&w, 1 | plain->length << 3, 3);
	put_bytes(&w, plain->bytes, plain->length);
	return w;
}

static void zst_windows(void **state)
{
	(void)state;
	struct writer plain = make_capture(0), w = zst_with_window(ZST_WINDOW_LOG_MAX, &plain);
	struct drained d = drain(w.bytes, w.length, 0);
	assert_whole(&d);
	drained_free(&d);
	writer_free(&w);
	w = zst_with_window(ZST_WINDOW_LOG_MAX + 1, &plain);
	d = drain(w.bytes, w.length, 0);
	assert_int_equal(d.open, SK_EUNSUPPORTED);
	assert_non_null(strstr(d.fault.line, "a window above 128 MiB"));
	drained_free(&d);
	writer_free(&w);
	writer_free(&plain);
}

/* The windows of the decompressors hold content too: they are overwritten at the end, and found when the erasure is sabotaged. */
static void windows_are_overwritten(void **state)
{
	(void)state;
	struct writer plain = make_capture(0);
	for (size_t p = 0; p < SK_COUNT(packs); p++) {
		struct writer w = writer_new(false);
		packs[p](&w, plain.bytes, plain.length);
		struct memory memory = {.bytes = w.bytes, .length = w.length};
		struct drained d = drain_full(&memory, true);
		assert_true(d.residue > 3 * 10000); /* ring, window, input */
		drained_free(&d);
		memory.at = 0;
		d = drain_full(&memory, false);
		assert_int_equal(d.residue, 0);
		drained_free(&d);
		writer_free(&w);
	}
	writer_free(&plain);
}

/* ---- what is no capture ---- */

static char folder[] = "/tmp/sk-capture-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static const char *write_file(const char *name, const void *bytes, size_t length)
{
	const char *path = in_folder(name);
	FILE *file = fopen(path, "wb");
	SK_INVARIANT(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
	return path;
}

static struct sk_fault refusal(const char *path, enum sk_err expected, int exit_code)
{
	struct sk_capture *capture;
	struct sk_fault fault = {0};
	enum sk_err err = sk_capture_open(path, &capture, &fault);
	if (err != expected)
		fail_msg("%s: %s (%s)", path, sk_err_text(err), fault.line);
	assert_null(capture);
	assert_int_equal(fault.err, err);
	assert_int_equal(sk_err_exit(err), exit_code);
	assert_non_null(strstr(fault.line, path));
	return fault;
}

static void expect_refusal(const char *path, enum sk_err expected, int exit_code, const char *words)
{
	struct sk_fault fault = refusal(path, expected, exit_code);
	if (strstr(fault.line, words) == NULL)
		fail_msg("expected '%s' in: %s", words, fault.line);
}

static void what_is_no_capture(void **state)
{
	(void)state;
	expect_refusal(in_folder("nothing"), SK_ENOENT, 4, "no such file");
	expect_refusal(folder, SK_ENOTCAPTURE, 4, "is a directory");
	expect_refusal(write_file("empty", "", 0), SK_ENOTCAPTURE, 4, "is empty (0 bytes)");
	expect_refusal(write_file("text", "Dear operator,\nplease find enclosed", 35), SK_ENOTCAPTURE, 4, "looks like text");
	expect_refusal(write_file("short", "abc", 3), SK_ENOTCAPTURE, 4, "is only 3 bytes long");
	expect_refusal(write_file("noise", "\x01\x02\x03\x04 and so on", 14), SK_ENOTCAPTURE, 4, "begins with 01020304");
	expect_refusal(write_file("kuznetzov", "\x34\xcd\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\1\0\1\0\0\0", 24), SK_ENOTCAPTURE, 4, "modified (Kuznetzov)");
	expect_refusal(write_file("kuznetzov", "\xa1\xb2\xcd\x34\0\2\0\4\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\1", 24), SK_ENOTCAPTURE, 4, "editcap -F pcap");
	expect_refusal(write_file("snoop", "snoop\0\0\0\0\0\0\2\0\0\0\4", 16), SK_ENOTCAPTURE, 4, "a snoop capture");
	expect_refusal(write_file("xz", "\xfd" "7zXZ\0\0\4", 8), SK_ENOTCAPTURE, 4, "xz -dc IN | sekisho watch -");
	expect_refusal("/dev/null", SK_ENOTCAPTURE, 4, "is empty");
	struct writer plain = make_capture(0), once = writer_new(false), twice = writer_new(false);
	for (size_t length = 4; length < 24; length++) {
		char words[64];
		(void)snprintf(words, sizeof words, "ends after %zu of the 24 bytes of its head", length);
		expect_refusal(write_file("cut", plain.bytes, length), SK_ENOTCAPTURE, 4, words);
	}
	pack_gz(&once, plain.bytes, plain.length);
	pack_gz(&twice, once.bytes, once.length);
	expect_refusal(write_file("twice.gz", twice.bytes, twice.length), SK_ENOTCAPTURE, 4, "unpacks to something that is gz data inside compressed data");
	once.length = 0;
	pack_zst(&once, "", 0);
	expect_refusal(write_file("empty.zst", once.bytes, once.length), SK_ENOTCAPTURE, 4, "unpacks to nothing");
	once.length = 0;
	pack_gz(&once, "plain words in a gz file, no frames", 35);
	expect_refusal(write_file("text.gz", once.bytes, once.length), SK_ENOTCAPTURE, 4, "unpacks to something that looks like text");
	expect_refusal(write_file("cut.gz", once.bytes, 12), SK_EDAMAGED, 3, "ends inside a gz member");
	expect_refusal(write_file("head.gz", "\x1f\x8b\x08\0", 4), SK_EDAMAGED, 3, "ends inside a gz member");
	if (geteuid() != 0) {
		const char *path = write_file("closed", plain.bytes, plain.length);
		assert_int_equal(chmod(path, 0), 0);
		expect_refusal(path, SK_EIO, 7, "cannot open");
	}
	writer_free(&plain);
	writer_free(&once);
	writer_free(&twice);
}

static size_t count_frames(struct sk_capture *capture, enum sk_err *err, struct sk_fault *fault)
{
	struct sk_frame frames[SK_BATCH_MAX];
	size_t sum = 0, count = 1;
	for (*err = SK_OK; *err == SK_OK && count != 0; sum += count)
		*err = sk_capture_next(capture, frames, &count, fault);
	return sum;
}

static void a_file_that_shrinks(void **state)
{
	(void)state;
	struct writer w = writer_new(false);
	put_pcap_head(&w, TEST_MAGIC_US, 1);
	for (uint32_t i = 0; i < 30000; i++)
		put_pcap_record(&w, i, 0, 184, 184, 5);
	const char *path = write_file("shrinks", w.bytes, w.length);
	/* To nothing, in the middle of a record, and exactly between two records. */
	static const off_t sizes[] = {0, 4000100, 24 + 200 * 20000};
	for (size_t i = 0; i < SK_COUNT(sizes); i++) {
		struct sk_capture *capture;
		struct sk_fault fault = {0};
		enum sk_err err;
		(void)write_file("shrinks", w.bytes, w.length);
		assert_int_equal(sk_capture_open(path, &capture, &fault), SK_OK);
		assert_int_equal(truncate(path, sizes[i]), 0);
		size_t count = count_frames(capture, &err, &fault);
		assert_int_equal(err, SK_EDAMAGED);
		assert_non_null(strstr(fault.line, "shrank"));
		assert_true(count > 1000 && count <= 20000);
		assert_int_equal(sk_capture_residue(capture), 0);
		sk_capture_close(capture);
	}
	writer_free(&w);
}

/* ---- pipes and signals ---- */

/* A child that writes the bytes in two halves with a pause between. */
static pid_t feed(const char *path, int fd, const struct writer *w)
{
	pid_t child = fork();
	SK_INVARIANT(child >= 0);
	if (child != 0)
		return child;
	if (path != NULL)
		fd = open(path, O_WRONLY);
	size_t half = w->length / 2 + 7;
	bool ok = fd >= 0 && write(fd, w->bytes, half) == (ssize_t)half;
	(void)usleep(20000);
	ok = ok && write(fd, w->bytes + half, w->length - half) == (ssize_t)(w->length - half);
	_exit(ok ? 0 : 1);
}

static void finish(pid_t child)
{
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void fifo_and_standard_input(void **state)
{
	(void)state;
	struct writer plain = make_capture(0), packed = writer_new(false);
	pack_gz(&packed, plain.bytes, plain.length);
	const struct writer *inputs[] = {&plain, &packed};
	for (size_t i = 0; i < SK_COUNT(inputs); i++) {
		struct sk_capture *capture;
		struct sk_fault fault = {0};
		enum sk_err err;
		const char *path = in_folder("fifo");
		(void)unlink(path);
		assert_int_equal(mkfifo(path, 0600), 0);
		pid_t child = feed(path, -1, inputs[i]);
		assert_int_equal(sk_capture_open(path, &capture, &fault), SK_OK);
		assert_int_equal(count_frames(capture, &err, &fault), FRAMES);
		assert_int_equal(err, SK_OK);
		struct sk_capture_stats stats;
		sk_capture_stats(capture, &stats);
		assert_int_equal(stats.source_bytes, 0);
		assert_int_equal(stats.read_bytes, inputs[i]->length);
		sk_capture_close(capture);
		finish(child);

		int ends[2], saved = dup(STDIN_FILENO);
		assert_int_equal(pipe(ends), 0);
		child = feed(NULL, ends[1], inputs[i]);
		assert_int_equal(close(ends[1]), 0);
		assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
		assert_int_equal(close(ends[0]), 0);
		assert_int_equal(sk_capture_open("-", &capture, &fault), SK_OK);
		assert_int_equal(count_frames(capture, &err, &fault), FRAMES);
		assert_int_equal(err, SK_OK);
		sk_capture_close(capture);
		assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
		assert_int_equal(close(saved), 0);
		finish(child);
	}
	writer_free(&plain);
	writer_free(&packed);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* A pipe that stays silent: a signal ends the wait, and nothing that came is lost. */
static void a_signal_ends_the_wait(void **state)
{
	(void)state;
	struct writer plain = make_capture(0);
	struct sigaction action = {.sa_handler = on_alarm}, old;
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	const char *path = in_folder("silent");
	assert_int_equal(mkfifo(path, 0600), 0);
	struct itimerval soon = {.it_value = {.tv_usec = 20000}, .it_interval = {.tv_usec = 20000}}, never = {0};
	struct sk_capture *capture;
	struct sk_fault fault = {0};
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(sk_capture_open(path, &capture, &fault), SK_EINTR); /* nobody writes */
	assert_non_null(strstr(fault.line, "interrupted"));
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);

	int both = open(path, O_RDWR), writer;
	assert_true(both >= 0);
	writer = open(path, O_WRONLY);
	assert_true(writer >= 0);
	assert_true(write(writer, plain.bytes, 1000) == 1000);
	assert_int_equal(sk_capture_open(path, &capture, &fault), SK_OK);
	assert_int_equal(close(both), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	enum sk_err err;
	assert_int_equal(count_frames(capture, &err, &fault), frames_in(1000));
	assert_int_equal(err, SK_EINTR);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_true(write(writer, plain.bytes + 1000, plain.length - 1000) == (ssize_t)(plain.length - 1000));
	assert_int_equal(close(writer), 0);
	assert_int_equal(count_frames(capture, &err, &fault), FRAMES - frames_in(1000));
	assert_int_equal(err, SK_OK);
	sk_capture_close(capture);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	writer_free(&plain);
}

/* The same pipe as a worker's source: it gives back in time though nothing comes, loses nothing, and renumbers interfaces. */
static void a_source_is_patient_for_so_long(void **state)
{
	(void)state;
	struct writer plain = make_capture(0);
	const char *path = in_folder("patient");
	assert_int_equal(mkfifo(path, 0600), 0);
	int both = open(path, O_RDWR), writer = open(path, O_WRONLY);
	assert_true(both >= 0 && writer >= 0);
	assert_true(write(writer, plain.bytes, 1000) == 1000);
	struct sk_capture_source capture = {.interface_base = 3};
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_fault fault = {0};
	assert_int_equal(sk_capture_open(path, &capture.capture, &fault), SK_OK);
	assert_int_equal(close(both), 0);
	sk_capture_patience(capture.capture, 10);
	struct sk_source source = sk_source_of_capture(&capture);
	assert_null(source.backlog);
	size_t count = 0, sum = 0;
	assert_int_equal(source.next(source.context, frames, &count, &fault), SK_OK);
	sum += count;
	assert_int_equal(frames[0].interface, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(source.next(source.context, frames, &count, &fault), SK_EMORE);
		assert_int_equal(count, 0);
	}
	assert_int_equal(sum, frames_in(1000));
	assert_true(write(writer, plain.bytes + 1000, plain.length - 1000) == (ssize_t)(plain.length - 1000));
	assert_int_equal(close(writer), 0);
	while (source.next(source.context, frames, &count, &fault) == SK_OK && count > 0)
		sum += count;
	assert_int_equal(sum, FRAMES);
	struct sk_source_counts counts;
	source.counts(source.context, &counts);
	assert_int_equal(counts.lost_count + counts.erased_count + counts.upstream_lost, 0);
	sk_capture_close(capture.capture);
	writer_free(&plain);
}

/* ---- no allocation after open ---- */

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define COUNTS_ALLOCATIONS 0
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef COUNTS_ALLOCATIONS
#define COUNTS_ALLOCATIONS 1
#endif

static unsigned long allocations;

#if COUNTS_ALLOCATIONS
void *__libc_malloc(size_t length);
void *__libc_calloc(size_t count, size_t length);

void *malloc(size_t length)
{
	allocations++;
	return __libc_malloc(length);
}

void *calloc(size_t count, size_t length)
{
	allocations++;
	return __libc_calloc(count, length);
}
#endif

static void no_allocation_after_open(void **state)
{
	(void)state;
	if (!COUNTS_ALLOCATIONS)
		skip();
	struct writer plain = make_capture(0), packed[2] = {writer_new(false), writer_new(false)};
	const struct writer *inputs[] = {&plain, &packed[0], &packed[1]};
	for (size_t p = 0; p < SK_COUNT(packs); p++)
		for (int i = 0; i < 2; i++)
			packs[p](&packed[p], plain.bytes + plain.length / 2 * i, plain.length / 2);
	for (size_t i = 0; i < SK_COUNT(inputs); i++) {
		struct memory memory = {.bytes = inputs[i]->bytes, .length = inputs[i]->length, .chunk = 700};
		struct sk_capture *capture;
		struct sk_fault fault = {0};
		enum sk_err err;
		unsigned long before = allocations;
		assert_int_equal(memory_open(&memory, &capture, &fault), SK_OK);
		assert_true(allocations > before); /* the count counts */
		before = allocations;
		assert_int_equal(count_frames(capture, &err, &fault), FRAMES);
		assert_true(allocations == before);
		sk_capture_close(capture);
	}
	writer_free(&plain);
	writer_free(&packed[0]);
	writer_free(&packed[1]);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	static const char *const names[] = {"empty", "text", "short", "noise", "kuznetzov", "snoop", "xz", "cut", "twice.gz", "empty.zst", "text.gz",
					    "cut.gz", "head.gz", "closed", "shrinks", "fifo", "silent", "patient"};
	for (size_t i = 0; i < SK_COUNT(names); i++)
		(void)unlink(in_folder(names[i]));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_captures),
		cmocka_unit_test(packed_and_cut),
		cmocka_unit_test(packed_and_damaged),
		cmocka_unit_test(something_else_behind_a_gz_member),
		cmocka_unit_test(bombs_stream),
		cmocka_unit_test(zst_windows),
		cmocka_unit_test(windows_are_overwritten),
		cmocka_unit_test(what_is_no_capture),
		cmocka_unit_test(a_file_that_shrinks),
		cmocka_unit_test(fifo_and_standard_input),
		cmocka_unit_test(a_signal_ends_the_wait),
		cmocka_unit_test(a_source_is_patient_for_so_long),
		cmocka_unit_test(no_allocation_after_open),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
