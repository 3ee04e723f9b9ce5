/* SPDX-License-Identifier: Apache-2.0 */
/* pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), little endian.
   pcap: magic 4, version 2 + 2, zone 4, accuracy 4, snap length 4, link type 4; a record: seconds 4, fraction 4, captured 4, wire 4, bytes.
   pcapng: section header; an interface description before the first frame of each interface; enhanced packet blocks. */
#include "forward/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "wire/wire.h"

enum {
	MAGIC_US = (int)0xa1b2c3d4, MAGIC_NS = (int)0xa1b23c4d, NAME_MAX_BYTES = 64, HEADS_MAX_BYTES = 256 /* all heads in front of one frame */,
	BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_ENHANCED = 6, BYTE_ORDER_MAGIC = 0x1a2b3c4d, OPTION_END = 0, OPTION_NAME = 2, OPTION_RESOLUTION = 9
};
static const int64_t ns_per_second = 1000000000;
static const int64_t pcap_seconds_max = UINT32_MAX;

struct sk_writer {
	enum sk_writer_format format;
	int fd;
	bool standard_output, stream, started;
	uint8_t link;                       /* pcap: of the file */
	char path[SK_PATH_MAX], temporary[SK_PATH_MAX + 16];
	uint8_t *buffer;
	size_t used;
	struct sk_fault failed;             /* first error; sticky */
	struct {
		uint32_t number;            /* in the file, plus 1; 0 = no frame of it yet */
		uint8_t link;
	} described[SK_INTERFACES_MAX];     /* pcapng */
	uint32_t described_count;
	char names[SK_INTERFACES_MAX][NAME_MAX_BYTES];
	struct sk_writer_counts counts;
};

static uint32_t linktype_of(uint8_t link)
{
	static const uint32_t numbers[] = {[SK_LINK_ETHERNET] = 1, [SK_LINK_RAW_IP] = 101, [SK_LINK_SLL] = 113, [SK_LINK_SLL2] = 276, [SK_LINK_NULL] = 0, [SK_LINK_LOOP] = 108};
	SK_INVARIANT(link < SK_COUNT(numbers));
	return numbers[link];
}

static const char *link_name(uint8_t link)
{
	static const char *const names[] = {[SK_LINK_ETHERNET] = "Ethernet", [SK_LINK_RAW_IP] = "raw IP", [SK_LINK_SLL] = "Linux cooked", [SK_LINK_SLL2] = "Linux cooked v2",
					    [SK_LINK_NULL] = "BSD loopback", [SK_LINK_LOOP] = "OpenBSD loopback"};
	SK_INVARIANT(link < SK_COUNT(names));
	return names[link];
}

/* ---- opening ---- */

static enum sk_err open_file(struct sk_writer *writer, struct sk_fault *fault)
{
	(void)snprintf(writer->temporary, sizeof writer->temporary, "%s.XXXXXX", writer->path);
	/* Frames hold content: for their owner alone. */
	writer->fd = mkostemp(writer->temporary, O_CLOEXEC);
	if (writer->fd >= 0)
		return SK_OK;
	int failed = errno;
	writer->temporary[0] = '\0';
	return sk_fault_errno(fault, failed, "%s: cannot be written", writer->path);
}

static enum sk_err open_output(struct sk_writer *writer, struct sk_fault *fault)
{
	struct stat info;
	if (writer->standard_output) {
		writer->stream = true;
		writer->fd = STDOUT_FILENO;
		return isatty(STDOUT_FILENO) == 1 ? sk_fault_set(fault, SK_EUSAGE, "standard output is a terminal; a capture goes into a file or a pipe: -o FILE, or | TOOL") : SK_OK;
	}
	if (stat(writer->path, &info) != 0 || S_ISREG(info.st_mode))
		return open_file(writer, fault);
	if (S_ISDIR(info.st_mode))
		return sk_fault_set(fault, SK_EUSAGE, "%s: is a folder; the name of a capture file was expected", writer->path);
	writer->stream = true;
	writer->fd = open(writer->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (writer->fd >= 0)
		return SK_OK;
	return errno == EINTR ? sk_fault_set(fault, SK_EINTR, "%s: interrupted while waiting for a reader", writer->path)
			      : sk_fault_errno(fault, errno, "%s: cannot be written", writer->path);
}

enum sk_err sk_writer_open(const char *path, enum sk_writer_format format, struct sk_writer **out, struct sk_fault *fault)
{
	struct sk_writer *writer = calloc(1, sizeof *writer);
	if (writer == NULL || (writer->buffer = calloc(1, SK_WRITER_BUFFER_BYTES)) == NULL) {
		free(writer);
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", path);
	}
	writer->format = format;
	writer->fd = -1;
	writer->standard_output = strcmp(path, "-") == 0;
	int length = snprintf(writer->path, sizeof writer->path, "%s", writer->standard_output ? "standard output" : path);
	enum sk_err err = (size_t)length >= sizeof writer->path ? sk_fault_set(fault, SK_ETOOBIG, "the output's path is too long") : open_output(writer, fault);
	if (err != SK_OK) {
		sk_writer_abort(writer);
		return err;
	}
	*out = writer;
	return SK_OK;
}

bool sk_writer_is_stream(const struct sk_writer *writer)
{
	return writer->stream;
}

void sk_writer_name_interface(struct sk_writer *writer, unsigned interface, const char *name)
{
	if (interface < SK_INTERFACES_MAX)
		(void)snprintf(writer->names[interface], sizeof writer->names[interface], "%s", name);
}

/* ---- writing out ---- */

/* A signal does not cut a record: what is in the buffer goes out whole, or the output is broken. */
enum sk_err sk_writer_flush(struct sk_writer *writer, struct sk_fault *fault)
{
	size_t at = 0;
	while (at < writer->used && writer->failed.err == SK_OK) {
		ssize_t put = write(writer->fd, writer->buffer + at, writer->used - at);
		if (put > 0)
			at += (size_t)put;
		else if (put < 0 && errno == EPIPE)
			(void)sk_fault_set(&writer->failed, SK_EIO, "%s: the reader closed the pipe; nothing more is handed on", writer->path);
		else if (put < 0 && errno != EINTR)
			(void)sk_fault_errno(&writer->failed, errno, "%s: cannot be written%s", writer->path, writer->stream ? "" : "; nothing of it is left");
	}
	sk_wipe(writer->buffer, writer->used);
	writer->used = 0;
	if (writer->failed.err == SK_OK)
		return SK_OK;
	*fault = writer->failed;
	return fault->err;
}

/* The buffer has room: put makes it, for the largest record and all heads. */
static void append(struct sk_writer *writer, const void *bytes, size_t length)
{
	SK_INVARIANT(length <= SK_WRITER_BUFFER_BYTES - writer->used);
	memcpy(writer->buffer + writer->used, bytes, length);
	writer->used += length;
}

static void append_head(struct sk_writer *writer, const uint8_t *head, const struct sk_out *out)
{
	SK_INVARIANT(sk_out_done(out) == SK_OK);
	append(writer, head, sk_out_length(out));
}

static void append_padding(struct sk_writer *writer, size_t length)
{
	static const uint8_t zeros[3];
	append(writer, zeros, (4 - length % 4) % 4);
}

static void put_pcap_head(struct sk_writer *writer, uint8_t link)
{
	uint8_t head[24];
	struct sk_out o = sk_out_of(head, sizeof head);
	sk_put_le32(&o, (uint32_t)(writer->format == SK_WRITER_PCAP_NS ? MAGIC_NS : MAGIC_US));
	sk_put_le16(&o, 2);
	sk_put_le16(&o, 4);
	sk_put_le64(&o, 0); /* zone and accuracy: never used */
	sk_put_le32(&o, SK_FRAME_MAX_BYTES);
	sk_put_le32(&o, linktype_of(link));
	append_head(writer, head, &o);
	writer->link = link;
}

static void put_section(struct sk_writer *writer)
{
	uint8_t head[28];
	struct sk_out o = sk_out_of(head, sizeof head);
	sk_put_le32(&o, BLOCK_SECTION);
	sk_put_le32(&o, sizeof head);
	sk_put_le32(&o, BYTE_ORDER_MAGIC);
	sk_put_le16(&o, 1);
	sk_put_le16(&o, 0);
	sk_put_le64(&o, UINT64_MAX); /* the section's length is not said */
	sk_put_le32(&o, sizeof head);
	append_head(writer, head, &o);
}

/* The interface in nanoseconds and with its name, numbered in the order of first frames. */
static void put_interface(struct sk_writer *writer, unsigned interface, uint8_t link)
{
	uint8_t head[HEADS_MAX_BYTES], name[NAME_MAX_BYTES] = {0};
	size_t name_bytes = strlen(writer->names[interface]), padded = (name_bytes + 3) / 4 * 4;
	uint32_t total = (uint32_t)(32 + (name_bytes != 0 ? 4 + padded : 0));
	struct sk_out o = sk_out_of(head, sizeof head);
	memcpy(name, writer->names[interface], name_bytes);
	sk_put_le32(&o, BLOCK_INTERFACE);
	sk_put_le32(&o, total);
	sk_put_le16(&o, (uint16_t)linktype_of(link));
	sk_put_le16(&o, 0);
	sk_put_le32(&o, SK_FRAME_MAX_BYTES);
	if (name_bytes != 0) {
		sk_put_le16(&o, OPTION_NAME);
		sk_put_le16(&o, (uint16_t)name_bytes);
		sk_put_bytes(&o, name, padded);
	}
	sk_put_le16(&o, OPTION_RESOLUTION);
	sk_put_le16(&o, 1);
	sk_put_le32(&o, 9);
	sk_put_le32(&o, OPTION_END);
	sk_put_le32(&o, total);
	append_head(writer, head, &o);
	writer->described[interface].number = ++writer->described_count;
	writer->described[interface].link = link;
}

void sk_writer_start(struct sk_writer *writer, uint8_t link)
{
	if (writer->started)
		return;
	writer->started = true;
	if (writer->format == SK_WRITER_PCAPNG)
		put_section(writer);
	else
		put_pcap_head(writer, link);
}

static void put_pcap_record(struct sk_writer *writer, const struct sk_frame *frame)
{
	int64_t time_ns = frame->time_ns < 0 ? 0 : frame->time_ns;
	int64_t seconds = time_ns / ns_per_second, fraction = time_ns % ns_per_second;
	uint8_t head[16];
	struct sk_out o = sk_out_of(head, sizeof head);
	sk_put_le32(&o, (uint32_t)(seconds > pcap_seconds_max ? pcap_seconds_max : seconds));
	sk_put_le32(&o, (uint32_t)(writer->format == SK_WRITER_PCAP_NS ? fraction : fraction / 1000));
	sk_put_le32(&o, frame->captured_bytes);
	sk_put_le32(&o, frame->wire_bytes);
	append_head(writer, head, &o);
	append(writer, frame->bytes, frame->captured_bytes);
}

static void put_enhanced(struct sk_writer *writer, const struct sk_frame *frame)
{
	uint64_t time_ns = frame->time_ns < 0 ? 0 : (uint64_t)frame->time_ns;
	uint32_t total = 32 + (frame->captured_bytes + 3) / 4 * 4;
	uint8_t head[28], tail[4];
	struct sk_out o = sk_out_of(head, sizeof head);
	sk_put_le32(&o, BLOCK_ENHANCED);
	sk_put_le32(&o, total);
	sk_put_le32(&o, writer->described[frame->interface].number - 1u);
	sk_put_le32(&o, (uint32_t)(time_ns >> 32));
	sk_put_le32(&o, (uint32_t)time_ns);
	sk_put_le32(&o, frame->captured_bytes);
	sk_put_le32(&o, frame->wire_bytes);
	append_head(writer, head, &o);
	append(writer, frame->bytes, frame->captured_bytes);
	append_padding(writer, frame->captured_bytes);
	o = sk_out_of(tail, sizeof tail);
	sk_put_le32(&o, total);
	append_head(writer, tail, &o);
}

_Static_assert(SK_FRAME_MAX_BYTES + 64 + HEADS_MAX_BYTES <= SK_WRITER_BUFFER_BYTES, "the largest record with all heads in front of it fits the buffer");

enum sk_err sk_writer_put(struct sk_writer *writer, const struct sk_frame *frame, struct sk_fault *fault)
{
	SK_INVARIANT(frame->captured_bytes <= SK_FRAME_MAX_BYTES && frame->interface < SK_INTERFACES_MAX);
	if (writer->failed.err != SK_OK || (size_t)frame->captured_bytes + 64 + HEADS_MAX_BYTES > SK_WRITER_BUFFER_BYTES - writer->used)
		SK_TRY(sk_writer_flush(writer, fault));
	sk_writer_start(writer, frame->link);
	if (writer->format == SK_WRITER_PCAPNG) {
		if (writer->described[frame->interface].number == 0 || writer->described[frame->interface].link != frame->link)
			put_interface(writer, frame->interface, frame->link);
		put_enhanced(writer, frame);
	} else if (frame->link != writer->link) {
		(void)sk_fault_set(&writer->failed, SK_EUNSUPPORTED, "%s: a frame of link type %s cannot go into a pcap file, which holds one link type (here %s); use --format pcapng",
				   writer->path, link_name(frame->link), link_name(writer->link));
		*fault = writer->failed;
		return fault->err;
	} else {
		put_pcap_record(writer, frame);
	}
	writer->counts.frames++;
	writer->counts.captured_bytes += frame->captured_bytes;
	writer->counts.wire_bytes += frame->wire_bytes;
	return SK_OK;
}

/* ---- the end ---- */

/* The name appears only over a file that is whole and on the disk. */
static enum sk_err name_file(struct sk_writer *writer, struct sk_fault *fault)
{
	if (fsync(writer->fd) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be written; nothing of it is left", writer->path);
	int fd = writer->fd;
	writer->fd = -1;
	if (close(fd) != 0 || rename(writer->temporary, writer->path) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be written; nothing of it is left", writer->path);
	writer->temporary[0] = '\0';
	char *slash = strrchr(writer->path, '/');
	if (slash == NULL)
		return sk_file_sync_folder(".", fault);
	*(slash == writer->path ? slash + 1 : slash) = '\0';
	return sk_file_sync_folder(writer->path, fault);
}

enum sk_err sk_writer_close(struct sk_writer *writer, struct sk_fault *fault)
{
	sk_writer_start(writer, SK_LINK_ETHERNET);
	enum sk_err err = sk_writer_flush(writer, fault);
	if (err == SK_OK && !writer->stream)
		err = name_file(writer, fault);
	if (err == SK_OK && writer->stream && !writer->standard_output) {
		int fd = writer->fd;
		writer->fd = -1;
		if (close(fd) != 0)
			err = sk_fault_errno(fault, errno, "%s: cannot be written", writer->path);
	}
	sk_writer_abort(writer);
	return err;
}

void sk_writer_abort(struct sk_writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->fd >= 0 && !writer->standard_output)
		(void)close(writer->fd);
	if (writer->temporary[0] != '\0')
		(void)unlink(writer->temporary);
	sk_wipe(writer->buffer, SK_WRITER_BUFFER_BYTES);
	free(writer->buffer);
	free(writer);
}

void sk_writer_counts(const struct sk_writer *writer, struct sk_writer_counts *out)
{
	*out = writer->counts;
}

size_t sk_writer_residue(const struct sk_writer *writer)
{
	return sk_count_nonzero(writer->buffer, SK_WRITER_BUFFER_BYTES);
}
