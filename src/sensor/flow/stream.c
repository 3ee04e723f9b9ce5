/* SPDX-License-Identifier: Apache-2.0 */
/* Stream buffers: a fixed pool, one buffer a direction of a flow that has begun a head and not ended it, TCP's bytes or QUIC's
   CRYPTO stream. Offsets count from the place where the head begins. Bytes that came first win, as most hosts do it for the common cases; a later copy that differs is not looked at. */
#include "flow/flow_priv.h"

static uint8_t *bytes_of(const struct sk_flow_table *table, const struct stream *stream)
{
	return table->stream_bytes + (size_t)(stream - table->streams) * SK_CLIENT_HELLO_MAX_BYTES;
}

struct stream *sk_stream_of(const struct sk_flow_table *table, const struct sk_flow *flow, unsigned direction)
{
	for (uint16_t i = flow->stream; i != 0; i = table->streams[i].next)
		if (table->streams[i].direction == direction)
			return &table->streams[i];
	return NULL;
}

static uint32_t used_bytes(const struct stream *stream)
{
	return stream->range_count != 0 ? stream->range_end[stream->range_count - 1] : 0;
}

void sk_stream_clear(struct sk_flow_table *table, struct stream *stream)
{
	sk_wipe(bytes_of(table, stream), used_bytes(stream));
	stream->range_count = 0;
	stream->packets = 0;
	sk_stream_forget(stream);
}

void sk_stream_release(struct sk_flow_table *table, struct sk_flow *flow, struct stream *stream)
{
	uint16_t index = (uint16_t)(stream - table->streams);
	uint16_t first = flow->stream;
	if (first == index) {
		flow->stream = stream->next & (unsigned)SK_STREAMS_MAX;
	} else {
		uint16_t before = first;
		while (table->streams[before].next != index)
			before = table->streams[before].next;
		table->streams[before].next = stream->next;
	}
	sk_stream_clear(table, stream);
	sk_wipe(stream, sizeof *stream);
	stream->next = table->stream_free;
	table->stream_free = index;
}

/* A flood of beginnings so pushes out itself: a handshake takes a buffer for some round trips, no longer. */
static void push_out(struct sk_flow_table *table)
{
	do
		table->stream_hand = (uint16_t)(table->stream_hand % table->limits.streams + 1);
	while (table->streams[table->stream_hand].owner == NULL);
	struct stream *oldest = &table->streams[table->stream_hand];
	struct sk_flow *owner = oldest->owner;
	sk_flow_set_attempts(owner, oldest->direction, SK_HEAD_PACKETS_MAX);
	sk_stream_release(table, owner, oldest);
}

struct stream *sk_stream_take(struct sk_flow_table *table, struct sk_flow *flow, unsigned direction)
{
	if (table->stream_free == 0) {
		table->counters.heads_shed++;
		if (table->limits.streams == 0)
			return NULL;
		push_out(table);
	}
	uint16_t index = table->stream_free;
	struct stream *stream = &table->streams[index];
	table->stream_free = stream->next;
	*stream = (struct stream){.next = flow->stream, .direction = (uint8_t)direction, .owner = flow};
	flow->stream = index & (unsigned)SK_STREAMS_MAX;
	return stream;
}

void sk_streams_release(struct sk_flow_table *table, struct sk_flow *flow)
{
	while (flow->stream != 0)
		sk_stream_release(table, flow, &table->streams[flow->stream]);
}

/* Copy what is new of [start, end). */
static void copy_gaps(uint8_t *buffer, const struct stream *stream, uint32_t start, uint32_t end, struct sk_cur bytes)
{
	uint32_t at = start;
	for (unsigned i = 0; i <= stream->range_count && at < end; i++) {
		uint32_t gap_end = i < stream->range_count && stream->range_start[i] < end ? stream->range_start[i] : end;
		if (at < gap_end) {
			sk_copy(&bytes, buffer + at, gap_end - at);
			at = gap_end;
		}
		if (i < stream->range_count && stream->range_end[i] > at) {
			sk_skip(&bytes, (stream->range_end[i] < end ? stream->range_end[i] : end) - at);
			at = stream->range_end[i];
		}
	}
}

/* Add [start, end) to the ranges, joining what touches. */
static bool add_range(struct stream *stream, uint32_t start, uint32_t end)
{
	unsigned first = 0;
	while (first < stream->range_count && stream->range_end[first] < start)
		first++;
	unsigned last = first;
	while (last < stream->range_count && stream->range_start[last] <= end) {
		start = stream->range_start[last] < start ? stream->range_start[last] : start;
		end = stream->range_end[last] > end ? stream->range_end[last] : end;
		last++;
	}
	unsigned after = stream->range_count - last;
	if (first + 1 + after > SK_STREAM_RANGES_MAX)
		return false;
	memmove(&stream->range_start[first + 1], &stream->range_start[last], after * sizeof stream->range_start[0]);
	memmove(&stream->range_end[first + 1], &stream->range_end[last], after * sizeof stream->range_end[0]);
	stream->range_start[first] = (uint16_t)start;
	stream->range_end[first] = (uint16_t)end;
	stream->range_count = (uint8_t)(first + 1 + after);
	return true;
}

bool sk_stream_put(struct sk_flow_table *table, struct stream *stream, uint32_t offset, struct sk_cur bytes)
{
	size_t room = offset < SK_CLIENT_HELLO_MAX_BYTES ? SK_CLIENT_HELLO_MAX_BYTES - offset : 0;
	struct sk_cur fitting = sk_carve_at_most(&bytes, room);
	uint32_t end = offset + (uint32_t)sk_left(&fitting);
	if (end == offset)
		return true;
	/* Ranges first: what they do not name would not be overwritten on release. */
	struct stream before = *stream;
	if (!add_range(stream, offset, end))
		return false;
	copy_gaps(bytes_of(table, stream), &before, offset, end, fitting);
	return true;
}

static uint32_t prefix_bytes(const struct stream *stream)
{
	return stream->range_count != 0 && stream->range_start[0] == 0 ? stream->range_end[0] : 0;
}

struct sk_cur sk_stream_prefix(const struct sk_flow_table *table, const struct stream *stream)
{
	return sk_cur_of(bytes_of(table, stream), prefix_bytes(stream));
}

void sk_stream_consume(struct sk_flow_table *table, struct stream *stream, uint32_t n)
{
	SK_INVARIANT(n <= prefix_bytes(stream));
	uint8_t *buffer = bytes_of(table, stream);
	uint32_t used = used_bytes(stream);
	memmove(buffer, buffer + n, used - n);
	sk_wipe(buffer + used - n, n);
	unsigned kept = 0;
	for (unsigned i = 0; i < stream->range_count; i++) {
		if (stream->range_end[i] <= n)
			continue;
		stream->range_start[kept] = (uint16_t)(stream->range_start[i] > n ? stream->range_start[i] - n : 0);
		stream->range_end[kept++] = (uint16_t)(stream->range_end[i] - n);
	}
	stream->range_count = (uint8_t)kept;
	sk_stream_forget(stream);
}

void sk_streams_syn(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (flow->stream != 0)
		return;
	sk_flow_next_sequence(table, flow)[direction] = packet->sequence + 1;
	flow->sequence_known = (flow->sequence_known | 1u << direction) & 3u;
}
