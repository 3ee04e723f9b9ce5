/* SPDX-License-Identifier: Apache-2.0 */
/* IPFIX over TCP (RFC 7011 10.4) in a capture: segments in order, then one message after the other by the length in its head. A stream that has a gap longer than its
   buffer, or that is not IPFIX, is given up; it may begin anew with a segment that starts with a message. */
#include "export/carrier_priv.h"

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4, VERSION_IPFIX = 10, MESSAGE_HEAD = 16 };

void carrier_stream_end(struct sk_carrier *carrier, struct assembly *stream)
{
	uint8_t *bytes = stream->bytes;
	sk_wipe(bytes, stream->highest);
	sk_export_session_end(carrier->config.export_, stream->session);
	*stream = (struct assembly){.bytes = bytes};
}

static void give_up(struct sk_carrier *carrier, struct assembly *stream)
{
	sk_export_count(carrier->config.export_, SK_EXPORT_STREAMS_GAPPED, 1);
	carrier_stream_end(carrier, stream);
}

static struct assembly *find(struct sk_carrier *carrier, const struct segment *segment)
{
	for (size_t i = 0; i < SK_CARRIER_STREAMS; i++) {
		struct assembly *stream = &carrier->streams[i];
		if (stream->used && stream->source_port == segment->source_port && stream->destination_port == segment->destination_port &&
		    sk_addr_equal(&stream->source, &segment->source) && sk_addr_equal(&stream->destination, &segment->destination))
			return stream;
	}
	return NULL;
}

/* The one that was silent longest gives way: in a capture nobody can be asked to come again. */
static struct assembly *begin(struct sk_carrier *carrier, const struct segment *segment, uint32_t base)
{
	struct assembly *stream = &carrier->streams[0];
	for (size_t i = 0; i < SK_CARRIER_STREAMS && stream->used; i++)
		if (!carrier->streams[i].used || carrier->streams[i].seen_ns < stream->seen_ns)
			stream = &carrier->streams[i];
	if (stream->used) {
		sk_export_count(carrier->config.export_, SK_EXPORT_STREAMS_REFUSED, 1);
		carrier_stream_end(carrier, stream);
	}
	uint8_t *bytes = stream->bytes;
	*stream = (struct assembly){.used = true, .source = segment->source, .destination = segment->destination, .source_port = segment->source_port,
				    .destination_port = segment->destination_port, .session = ++carrier->sessions, .base = base, .bytes = bytes};
	return stream;
}

/* Does it look like the head of a message? */
static bool is_head(struct sk_cur bytes)
{
	uint16_t version = sk_be16(&bytes), length = sk_be16(&bytes);
	return !bytes.dead && version == VERSION_IPFIX && length >= MESSAGE_HEAD;
}

/* A piece [start, end) is there now: join it with those that touch it. False: too many pieces. */
static bool add_range(struct assembly *stream, uint32_t start, uint32_t end)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < stream->range_count; i++) {
		uint32_t other_start = stream->ranges[i].start, other_end = stream->ranges[i].end;
		if (other_end < start || other_start > end) {
			stream->ranges[kept++] = stream->ranges[i];
			continue;
		}
		start = other_start < start ? other_start : start;
		end = other_end > end ? other_end : end;
	}
	stream->range_count = kept;
	if (start <= stream->filled) {
		stream->filled = end > stream->filled ? end : stream->filled;
		return true;
	}
	if (kept == SK_CARRIER_RANGES)
		return false;
	stream->ranges[stream->range_count].start = start;
	stream->ranges[stream->range_count++].end = end;
	return true;
}

/* Pieces may touch what is filled now. */
static void settle(struct assembly *stream)
{
	for (unsigned i = 0; i < stream->range_count;) {
		if (stream->ranges[i].start > stream->filled) {
			i++;
			continue;
		}
		stream->filled = stream->ranges[i].end > stream->filled ? stream->ranges[i].end : stream->filled;
		stream->ranges[i] = stream->ranges[--stream->range_count];
		i = 0;
	}
}

/* Put the payload where it belongs; bytes that were handed on already are cut off. False: it cannot be. */
static bool put(struct assembly *stream, struct segment *segment)
{
	uint32_t start = segment->sequence - stream->base;
	if ((int32_t)start < 0) {
		size_t old = (size_t)(uint32_t)-start;
		if (old >= sk_left(&segment->payload))
			return true;
		sk_skip(&segment->payload, old);
		start = 0;
	}
	size_t length = sk_left(&segment->payload);
	if (length == 0)
		return true;
	if (start > SK_CARRIER_STREAM_BYTES || length > SK_CARRIER_STREAM_BYTES - start)
		return false;
	sk_copy(&segment->payload, stream->bytes + start, length);
	uint32_t end = start + (uint32_t)length;
	stream->highest = end > stream->highest ? end : stream->highest;
	if (!add_range(stream, start, end))
		return false;
	settle(stream);
	return true;
}

/* The first `length` bytes have been used and overwritten. */
static void move_on(struct assembly *stream, uint32_t length)
{
	memmove(stream->bytes, stream->bytes + length, stream->highest - length);
	sk_wipe(stream->bytes + stream->highest - length, length);
	stream->base += length;
	stream->filled -= length;
	stream->highest -= length;
	for (unsigned i = 0; i < stream->range_count; i++) {
		stream->ranges[i].start -= length;
		stream->ranges[i].end -= length;
	}
}

static enum sk_err messages(struct sk_carrier *carrier, struct assembly *stream, int64_t time_ns, struct sk_fault *fault)
{
	while (stream->used && stream->filled >= MESSAGE_HEAD) {
		struct sk_cur head = sk_cur_of(stream->bytes, stream->filled);
		if (!is_head(head)) {
			give_up(carrier, stream);
			return SK_OK;
		}
		sk_skip(&head, 2);
		uint16_t length = sk_be16(&head);
		if (length > stream->filled)
			return SK_OK;
		const struct sk_export_source source = {.exporter = stream->source, .session = stream->session, .time_ns = time_ns};
		SK_TRY(sk_export_message(carrier->config.export_, &source, stream->bytes, length, fault));
		move_on(stream, length);
	}
	return SK_OK;
}

enum sk_err carrier_segment(struct sk_carrier *carrier, struct segment *segment, struct sk_fault *fault)
{
	struct assembly *stream = find(carrier, segment);
	if (stream != NULL && (segment->flags & (FLAG_SYN | FLAG_RST)) != 0) {
		carrier_stream_end(carrier, stream);
		stream = NULL;
	}
	if ((segment->flags & FLAG_RST) != 0)
		return SK_OK;
	if (stream == NULL && (segment->flags & FLAG_SYN) != 0)
		stream = begin(carrier, segment, segment->sequence + 1);
	else if (stream == NULL && is_head(segment->payload)) /* the capture began later, or a gap is over */
		stream = begin(carrier, segment, segment->sequence);
	if (stream == NULL)
		return SK_OK;
	stream->seen_ns = segment->time_ns;
	if ((segment->flags & FLAG_SYN) != 0)
		segment->sequence++;
	if (!put(stream, segment)) {
		give_up(carrier, stream);
		return SK_OK;
	}
	SK_TRY(messages(carrier, stream, segment->time_ns, fault));
	if (stream->used && (segment->flags & FLAG_FIN) != 0 && stream->range_count == 0)
		carrier_stream_end(carrier, stream);
	return SK_OK;
}
