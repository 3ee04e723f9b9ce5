/* SPDX-License-Identifier: Apache-2.0 */
/* stream: the bytes of a file that is no capture (or may be none), by the same path as captures take: a path, a FIFO, standard input or a pipe of our own,
   unpacked when it is gz or zst, through memory that is not dumped and is overwritten at the end. What it begins with can be looked at before anything is taken.
   Never: looks into the bytes, but for the magic of gz and zst. Thread rule: one stream per thread. */
#ifndef SK_CAPTURE_STREAM_H
#define SK_CAPTURE_STREAM_H

#include "capture/capture.h"

enum { SK_STREAM_HEAD_BYTES = 1 << 16 };

struct sk_stream; /* opaque */

/* Open path, or standard input for "-". name is what messages call it, NULL = the path. SK_ENOENT, SK_EIO, SK_ENOTCAPTURE (directory, terminal),
   SK_EDAMAGED (a cut gz or zst), SK_EINTR, SK_ENOMEM. Caller closes. */
SK_MUST enum sk_err sk_stream_open(const char *path, const char *name, struct sk_stream **out, struct sk_fault *fault);
/* Overwrite, close (NULL is fine). */
void sk_stream_close(struct sk_stream *stream);
/* See the first bytes without taking them: at least `wanted` (at most SK_STREAM_HEAD_BYTES), fewer at the end of the stream. *bytes is borrowed until the
   next call. Only before the first sk_stream_read. Errors as sk_stream_read. */
SK_MUST enum sk_err sk_stream_peek(struct sk_stream *stream, size_t wanted, const uint8_t **bytes, size_t *length, struct sk_fault *fault);
/* Take up to room bytes; *got 0 = end. SK_EDAMAGED (everything before the damage was given), SK_EUNSUPPORTED, SK_EIO, SK_EINTR (call again). */
SK_MUST enum sk_err sk_stream_read(struct sk_stream *stream, void *into, size_t room, size_t *got, struct sk_fault *fault);
/* Bytes of the source read so far (packed size), and its size when it is a regular file, else 0: progress. */
void sk_stream_progress(const struct sk_stream *stream, uint64_t *read_bytes, uint64_t *source_bytes);
/* What was looked at is a capture: open it as one, from its first byte. Only before the first sk_stream_read; the stream is then used up and must outlive the
   capture. The caller closes both. Errors as sk_capture_open. */
SK_MUST enum sk_err sk_stream_capture(struct sk_stream *stream, struct sk_capture **out, struct sk_fault *fault);

#endif
