/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/stream.h"

#include <stdlib.h>
#include <string.h>

#include "capture/capture_priv.h"

/* Enough for the first block of a packed file and what little it unpacks to: what a capture shows itself by. */
enum { RECORDED_MAX_BYTES = 2 * PACKED_BLOCK_BYTES, MAGIC_BYTES = 4 };

struct sk_stream {
	struct source source;
	read_function *read_source; /* the source's own */
	char *name;
	struct area recorded;       /* what the source gave before the first sk_stream_read: a capture begins there */
	size_t recorded_fill, replayed;
	bool taken, too_long;       /* too_long: more was looked at than is recorded */
	struct area head;           /* unpacked bytes that were looked at and not taken yet */
	size_t head_at, head_fill;
	bool head_ended;
	uint64_t unpacked;          /* bytes that came out of the source */
};

static ssize_t read_and_record(const struct source *source, void *into, size_t room)
{
	struct sk_stream *stream = source->context;
	ssize_t got = stream->read_source(source, into, room);
	if (got <= 0 || stream->taken)
		return got;
	stream->too_long |= (size_t)got > RECORDED_MAX_BYTES - stream->recorded_fill;
	if (!stream->too_long) {
		memcpy(stream->recorded.bytes + stream->recorded_fill, into, (size_t)got);
		stream->recorded_fill += (size_t)got;
	}
	return got;
}

/* The reader of a capture that is opened over a stream: what was recorded, then the rest. */
static ssize_t replay(const struct source *source, void *into, size_t room)
{
	struct sk_stream *stream = source->context;
	size_t left = stream->recorded_fill - stream->replayed, count = left < room ? left : room;
	if (count == 0)
		return stream->read_source(source, into, room);
	memcpy(into, stream->recorded.bytes + stream->replayed, count);
	stream->replayed += count;
	return (ssize_t)count;
}

/* Put more of the unpacked stream behind what is there. */
static enum sk_err fill_head(struct sk_stream *stream, size_t room, struct sk_fault *fault)
{
	size_t got = 0;
	SK_TRY(source_read(&stream->source, stream->head.bytes + stream->head_fill, room, stream->unpacked, &got, fault));
	stream->head_ended = got == 0;
	stream->head_fill += got;
	stream->unpacked += got;
	return SK_OK;
}

static enum sk_err start(struct sk_stream *stream, struct sk_fault *fault)
{
	if (area_init(&stream->head, SK_STREAM_HEAD_BYTES, true) != SK_OK || area_init(&stream->recorded, RECORDED_MAX_BYTES, true) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to open it", stream->name);
	stream->read_source = stream->source.read;
	stream->source.read = read_and_record;
	stream->source.context = stream;
	while (stream->head_fill < MAGIC_BYTES && !stream->head_ended)
		SK_TRY(fill_head(stream, SK_STREAM_HEAD_BYTES - stream->head_fill, fault));
	enum packing packing = source_packing(stream->head.bytes, stream->head_fill);
	if (packing == PACKING_NONE)
		return SK_OK;
	if (source_unpack(&stream->source, packing, stream->head.bytes, stream->head_fill) != SK_OK)
		return sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to unpack it", stream->name);
	sk_wipe(stream->head.bytes, stream->head_fill);
	stream->head_fill = 0;
	stream->unpacked = 0;
	stream->head_ended = false;
	return SK_OK;
}

enum sk_err sk_stream_open(const char *path, const char *name, struct sk_stream **out, struct sk_fault *fault)
{
	*out = NULL;
	struct sk_fault own;
	fault = fault != NULL ? fault : &own;
	struct sk_stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to open it", path);
	stream->source.fd = -1;
	enum sk_err err = source_open(&stream->source, path, fault);
	stream->name = strdup(name != NULL ? name : stream->source.name != NULL ? stream->source.name : path);
	if (err == SK_OK && stream->name == NULL)
		err = sk_fault_set(fault, SK_ENOMEM, "%s: not enough memory to open it", path);
	stream->source.name = stream->name;
	if (err == SK_OK)
		err = start(stream, fault);
	if (err != SK_OK) {
		sk_stream_close(stream);
		return err;
	}
	*out = stream;
	return SK_OK;
}

void sk_stream_close(struct sk_stream *stream)
{
	if (stream == NULL)
		return;
	source_fini(&stream->source);
	area_fini(&stream->recorded);
	area_fini(&stream->head);
	free(stream->name);
	free(stream);
}

enum sk_err sk_stream_peek(struct sk_stream *stream, size_t wanted, const uint8_t **bytes, size_t *length, struct sk_fault *fault)
{
	SK_INVARIANT(!stream->taken && wanted <= SK_STREAM_HEAD_BYTES);
	while (stream->head_fill < wanted && !stream->head_ended)
		SK_TRY(fill_head(stream, SK_STREAM_HEAD_BYTES - stream->head_fill, fault));
	*bytes = stream->head.bytes;
	*length = stream->head_fill;
	return SK_OK;
}

enum sk_err sk_stream_read(struct sk_stream *stream, void *into, size_t room, size_t *got, struct sk_fault *fault)
{
	if (!stream->taken) {
		stream->taken = true;
		area_fini(&stream->recorded);
	}
	size_t left = stream->head_fill - stream->head_at;
	if (left != 0) {
		*got = left < room ? left : room;
		memcpy(into, stream->head.bytes + stream->head_at, *got);
		sk_wipe(stream->head.bytes + stream->head_at, *got);
		stream->head_at += *got;
		return SK_OK;
	}
	SK_TRY(source_read(&stream->source, into, room, stream->unpacked, got, fault));
	stream->unpacked += *got;
	return SK_OK;
}

void sk_stream_progress(const struct sk_stream *stream, uint64_t *read_bytes, uint64_t *source_bytes)
{
	*read_bytes = stream->source.read_bytes;
	*source_bytes = stream->source.source_bytes;
}

enum sk_err sk_stream_capture(struct sk_stream *stream, struct sk_capture **out, struct sk_fault *fault)
{
	*out = NULL;
	SK_INVARIANT(!stream->taken && stream->source.fd >= 0);
	if (stream->too_long)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: its first frame lies behind more than %d KiB of packed data; unpack it first", stream->name, RECORDED_MAX_BYTES >> 10);
	stream->taken = true;
	struct source source = {.read = replay, .context = stream, .fd = stream->source.fd, .source_bytes = stream->source.source_bytes};
	stream->source.fd = -1;
	return capture_open_source(&source, stream->name, out, fault);
}
