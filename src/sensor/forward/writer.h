/* SPDX-License-Identifier: Apache-2.0 */
/* forward/writer.h: frames into a pcap or pcapng capture: a file that appears whole or not at all, or a stream (FIFO, standard output).
   Promises: only whole records leave the buffer; bytes, lengths and times are those of the frame; the buffer is overwritten once it is written out.
   Never: leaves a half-written file under its name. The caller ignores SIGPIPE. Thread rule: one writer per thread. */
#ifndef SK_FORWARD_WRITER_H
#define SK_FORWARD_WRITER_H

#include "capture/capture.h"

/* PCAP counts microseconds and rounds down; PCAP_NS and PCAPNG nanoseconds. A pcap file holds one link type, and times from 1970 to 2106. */
enum sk_writer_format { SK_WRITER_PCAP, SK_WRITER_PCAP_NS, SK_WRITER_PCAPNG };
enum { SK_WRITER_BUFFER_BYTES = 1 << 20 };

struct sk_writer_counts {
	uint64_t frames, captured_bytes, wire_bytes; /* of whole records given to the operating system or still in the buffer */
};

struct sk_writer; /* opaque */

/* "-" = standard output. A FIFO, a character device or a socket's name is written to as it is; anything else becomes a new file of mode 0600 beside
   path, which takes path's name at close. SK_EIO, SK_ENOSPC, SK_EUSAGE (standard output is a terminal; path is a folder), SK_ENOMEM. Allocates
   everything. Opening a FIFO waits for its reader: SK_EINTR when a signal ends that. */
SK_MUST enum sk_err sk_writer_open(const char *path, enum sk_writer_format format, struct sk_writer **out, struct sk_fault *fault);
/* Does it go into a pipe or to standard output rather than into a file? */
bool sk_writer_is_stream(const struct sk_writer *writer);
/* The name that pcapng gives to an interface when its first frame is put. Copied. */
void sk_writer_name_interface(struct sk_writer *writer, unsigned interface, const char *name);
/* Write the head for this link type if none is written yet: a reader of a stream waits for it. Implied by put and close (Ethernet). */
void sk_writer_start(struct sk_writer *writer, uint8_t link);
/* Add one frame. SK_EUNSUPPORTED: pcap, and the frame's link type is not the file's; SK_ENOSPC, SK_EIO (also when the reader closed the pipe). After
   an error nothing more is taken. */
SK_MUST enum sk_err sk_writer_put(struct sk_writer *writer, const struct sk_frame *frame, struct sk_fault *fault);
/* Hand whole records to the operating system now; a record is never cut. Errors as put. */
SK_MUST enum sk_err sk_writer_flush(struct sk_writer *writer, struct sk_fault *fault);
/* Flush, sync, give the file its name, free. On error the file is gone and what stood under the name before is untouched. */
SK_MUST enum sk_err sk_writer_close(struct sk_writer *writer, struct sk_fault *fault);
/* Remove what was begun and free (NULL is fine). What a stream took is gone. */
void sk_writer_abort(struct sk_writer *writer);
/* Counts so far. */
void sk_writer_counts(const struct sk_writer *writer, struct sk_writer_counts *out);
/* Bytes of the buffer that are not zero: a test's canary count. */
size_t sk_writer_residue(const struct sk_writer *writer);

#endif
