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

void sk_stream_clear(struct sk_flow_table *table, struct stream *stream)
{
	sk_wipe(bytes_of(table, stream), sk_assembly_used(&stream->pieces));
	stream->pieces.count = 0;
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

bool sk_stream_put(struct sk_flow_table *table, struct stream *stream, uint32_t offset, struct sk_cur bytes)
{
	return sk_assembly_put(&stream->pieces, bytes_of(table, stream), SK_CLIENT_HELLO_MAX_BYTES, offset, bytes);
}

struct sk_cur sk_stream_prefix(const struct sk_flow_table *table, const struct stream *stream)
{
	return sk_cur_of(bytes_of(table, stream), sk_assembly_prefix(&stream->pieces));
}

void sk_stream_consume(struct sk_flow_table *table, struct stream *stream, uint32_t n)
{
	sk_assembly_consume(&stream->pieces, bytes_of(table, stream), n);
	sk_stream_forget(stream);
}

void sk_streams_syn(struct sk_flow_table *table, struct sk_flow *flow, const struct sk_packet *packet, unsigned direction)
{
	if (flow->stream != 0)
		return;
	sk_flow_next_sequence(table, flow)[direction] = packet->sequence + 1;
	flow->sequence_known = (flow->sequence_known | 1u << direction) & 3u;
}
