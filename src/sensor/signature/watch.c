/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of flows: the beginning of each direction of a connection while it comes, and flowbits. A fixed number of places; who needs one when none is free takes the one that
   was taken longest ago. */
#include <stdlib.h>

#include "signature/signature_priv.h"

enum { TCP = 6, WIPE_BYTES = 256, SHARE = 8 };

static uint8_t *bytes_of(const struct sk_signature *s, const struct side *side)
{
	return s->side_bytes + (size_t)(side - s->sides) * s->limits.bytes;
}

/* ---- memory ---- */

enum sk_err sk_watch_new(struct sk_signature *s)
{
	uint32_t count = s->limits.streams + 1u; /* place 0 is none */
	s->sides = calloc(count, sizeof s->sides[0]);
	s->watches = calloc(count, sizeof s->watches[0]);
	s->streams = calloc(count, sizeof s->streams[0]);
	s->side_bytes = calloc(count, s->limits.bytes);
	if (s->sides == NULL || s->watches == NULL || s->streams == NULL || s->side_bytes == NULL)
		return SK_ENOMEM;
	/* Touched now: memory that is found missing under load is found too late. */
	memset(s->side_bytes, 0, (size_t)count * s->limits.bytes);
	for (uint32_t i = 1; i < count; i++) {
		s->sides[i].next_free = (uint16_t)(i + 1 < count ? i + 1 : 0);
		s->watches[i].next_free = s->sides[i].next_free;
		if (s->stream.database != NULL && hs_open_stream(s->stream.database, 0, &s->streams[i]) != HS_SUCCESS)
			return SK_ENOMEM;
	}
	s->side_free = s->watch_free = 1;
	s->side_hand = s->watch_hand = 1;
	return SK_OK;
}

void sk_watch_free(struct sk_signature *s)
{
	uint32_t count = s->limits.streams + 1u;
	for (uint32_t i = 1; s->streams != NULL && i < count; i++)
		if (s->streams[i] != NULL)
			(void)hs_close_stream(s->streams[i], NULL, NULL, NULL);
	if (s->side_bytes != NULL)
		sk_wipe(s->side_bytes, (size_t)count * s->limits.bytes);
	free(s->sides);
	free(s->watches);
	free(s->streams);
	free(s->side_bytes);
	free(s->watch_of);
	free(s->marks);
	free(s->starts);
}

/* ---- sides ---- */

/* A stream of Vectorscan keeps the last bytes that it saw, so that a pattern may lie across packets: zeros push them out. */
static void forget_stream(struct sk_signature *s, size_t side)
{
	static const char zeros[WIPE_BYTES];
	if (s->streams[side] == NULL)
		return;
	(void)hs_scan_stream(s->streams[side], zeros, sizeof zeros, 0, s->scratch, NULL, NULL);
	(void)hs_reset_stream(s->streams[side], 0, NULL, NULL, NULL);
}

static void release_side(struct sk_signature *s, struct watch *watch, unsigned direction)
{
	uint16_t place = watch->side[direction];
	struct side *side = &s->sides[place];
	if (place == 0)
		return;
	watch->side[direction] = 0;
	sk_wipe(bytes_of(s, side), sk_assembly_used(&side->pieces));
	if (side->scanned != 0)
		forget_stream(s, place);
	*side = (struct side){.next_free = s->side_free};
	s->side_free = place;
}

static void release_watch(struct sk_signature *s, struct watch *watch)
{
	release_side(s, watch, 0);
	release_side(s, watch, 1);
	s->watch_of[watch->place] = 0;
	s->marks[watch->place] &= (uint8_t)~MARK_WATCHED;
	*watch = (struct watch){.next_free = s->watch_free};
	s->watch_free = (uint16_t)(watch - s->watches);
}

/* Another place for the hand; the flow at hand keeps its own. */
static uint16_t push_out_side(struct sk_signature *s, const struct watch *keep)
{
	for (uint32_t tries = 0; tries < s->limits.streams; tries++) {
		uint16_t place = s->side_hand;
		struct side *side = &s->sides[place];
		s->side_hand = (uint16_t)(place < s->limits.streams ? place + 1 : 1);
		struct watch *watch = &s->watches[side->watch];
		if (!side->used || watch == keep)
			continue;
		uint8_t direction = side->direction;
		s->marks[watch->place] |= (uint8_t)(MARK_DONE << direction);
		release_side(s, watch, direction);
		s->counts.streams_shed++;
		break;
	}
	return s->side_free;
}

static uint16_t push_out_watch(struct sk_signature *s)
{
	for (uint32_t tries = 0; tries < s->limits.streams; tries++) {
		struct watch *watch = &s->watches[s->watch_hand];
		s->watch_hand = (uint16_t)(s->watch_hand < s->limits.streams ? s->watch_hand + 1 : 1);
		if (watch->flow == NULL)
			continue;
		for (unsigned direction = 0; direction < 2; direction++)
			if (watch->side[direction] != 0) {
				s->marks[watch->place] |= (uint8_t)(MARK_DONE << direction);
				s->counts.streams_shed++;
			}
		s->counts.bits_shed += watch->bit_count;
		release_watch(s, watch);
		break;
	}
	return s->watch_free;
}

/* ---- flows ---- */

struct watch *sk_watch_of(struct sk_signature *s, struct scene *scene, bool make)
{
	uint32_t place = scene->glance.place;
	if ((s->marks[scene->glance.place] & MARK_WATCHED) != 0 && s->watch_of[place] != 0)
		return &s->watches[s->watch_of[place]];
	if (!make || scene->ending)
		return NULL;
	uint16_t at = s->watch_free != 0 ? s->watch_free : push_out_watch(s);
	struct watch *watch = &s->watches[at];
	if (at == 0)
		return NULL;
	s->watch_free = watch->next_free;
	*watch = (struct watch){.flow = scene->flow, .place = place};
	s->watch_of[place] = at;
	s->marks[place] |= MARK_WATCHED;
	return watch;
}

struct side *sk_watch_side(struct sk_signature *s, struct scene *scene)
{
	const struct watch *watch = sk_watch_of(s, scene, false);
	return watch != NULL && watch->side[scene->glance.direction] != 0 ? &s->sides[watch->side[scene->glance.direction]] : NULL;
}

static struct side *new_side(struct sk_signature *s, struct scene *scene)
{
	struct watch *watch = sk_watch_of(s, scene, true);
	if (watch == NULL)
		return NULL;
	uint16_t at = s->side_free != 0 ? s->side_free : push_out_side(s, watch);
	struct side *side = &s->sides[at];
	if (at == 0)
		return NULL;
	s->side_free = side->next_free;
	*side = (struct side){.used = true, .direction = scene->glance.direction, .watch = (uint16_t)(watch - s->watches), .start = s->starts[scene->glance.place][scene->glance.direction]};
	watch->side[scene->glance.direction] = at;
	return side;
}

void sk_watch_done(struct sk_signature *s, struct scene *scene)
{
	struct watch *watch = sk_watch_of(s, scene, false);
	if (watch != NULL)
		release_side(s, watch, scene->glance.direction);
	s->marks[scene->glance.place] |= (uint8_t)(MARK_DONE << scene->glance.direction);
}

bool sk_watch_put(struct sk_signature *s, struct scene *scene)
{
	const struct sk_packet *packet = scene->packet;
	struct sk_cur bytes = packet->payload;
	struct side *side = sk_watch_side(s, scene);
	bool started = (s->marks[scene->glance.place] & (unsigned)MARK_STARTED << scene->glance.direction) != 0;
	if (side == NULL && (!started || !sk_more(&bytes) || (side = new_side(s, scene)) == NULL))
		return false;
	uint32_t offset = packet->sequence - side->start + ((packet->tcp_flags & SK_TCP_SYN) != 0);
	/* What lies before the beginning was seen, or is none of ours. */
	if (offset > INT32_MAX) {
		uint32_t before = 0u - offset;
		if (before >= sk_left(&bytes))
			return true;
		sk_skip(&bytes, before);
		offset = 0;
	}
	if (sk_assembly_put(&side->pieces, bytes_of(s, side), s->limits.bytes, offset, bytes))
		return true;
	s->counts.streams_shed++;
	sk_watch_done(s, scene);
	return false;
}

struct sk_cur sk_watch_prefix(const struct sk_signature *s, const struct side *side)
{
	return sk_cur_of(bytes_of(s, side), sk_assembly_prefix(&side->pieces));
}

/* ---- asking ---- */

static void take_waiting(struct sk_signature *s, struct side *side)
{
	uint16_t count = side->waiting_count;
	side->waiting_count = 0;
	sk_ask_list(s, side->waiting, count);
}

/* HTTP lies behind HTTP: as many messages as have come whole. */
static void ask_http(struct sk_signature *s, struct scene *scene, struct side *side, struct sk_cur prefix, bool last)
{
	bool request = scene->glance.to_server;
	while (side->http_at != SK_HTTP_NONE && side->http_at < sk_left(&prefix)) {
		uint32_t length = 0;
		struct sk_cur message = prefix;
		sk_skip(&message, side->http_at);
		sk_scene_end(s, scene);
		enum http_end end = sk_http_scene(s, scene, message, request, last, &length);
		if (end == HTTP_OTHER || side->messages == SK_SIGNATURE_MESSAGES_MAX)
			side->http_at = SK_HTTP_NONE;
		if (end == HTTP_HEAD || end == HTTP_WHOLE) {
			sk_scene_put(scene, SK_BUFFER_PAYLOAD, prefix);
			if (!side->http_told)
				sk_scene_ask(s, scene);
			scene->bodies = true;
			if (end == HTTP_WHOLE && side->http_told)
				sk_scene_ask(s, scene);
			scene->bodies = false;
			side->http_told = true;
		}
		sk_scene_end(s, scene);
		scene->source = SK_SOURCE_PAYLOAD;
		if (end != HTTP_WHOLE)
			return;
		side->messages++;
		side->http_told = false;
		side->http_at = length == SK_HTTP_NONE || length > sk_left(&message) ? SK_HTTP_NONE : side->http_at + length;
	}
}

static void ask_stream(struct sk_signature *s, struct scene *scene, struct side *side, struct sk_cur prefix, bool all)
{
	sk_ask_begin(s);
	if (sk_left(&prefix) > side->scanned) {
		struct sk_cur fresh = prefix;
		sk_skip(&fresh, side->scanned);
		side->scanned = (uint32_t)sk_left(&prefix);
		sk_filter_stream(s, s->streams[side - s->sides], fresh);
	}
	if (all) {
		take_waiting(s, side);
		sk_ask_list(s, s->stream.unfiltered, s->stream.unfiltered_count);
	}
	if (s->found_count == 0)
		return;
	scene->stream = true;
	sk_scene_put(scene, SK_BUFFER_PAYLOAD, prefix);
	sk_ask_found(s, scene, side);
	sk_scene_end(s, scene);
	scene->stream = false;
}

/* Rules that wait are asked again with every payload at first, then when an eighth more has come: what a sender splits into single bytes costs no more than that. */
static bool is_time(struct side *side, uint32_t prefix, bool last)
{
	if (prefix == side->asked)
		return last && side->http_at != SK_HTTP_NONE;
	if (!last && side->looks >= SK_SIGNATURE_LOOKS_MAX && prefix < side->asked + side->asked / SHARE)
		return false;
	if (side->looks < SK_SIGNATURE_LOOKS_MAX)
		side->looks++;
	side->asked = prefix;
	return true;
}

void sk_watch_ask(struct sk_signature *s, struct scene *scene, struct side *side)
{
	struct sk_cur prefix = sk_watch_prefix(s, side);
	uint32_t length = (uint32_t)sk_left(&prefix);
	bool last = scene->ending || length >= s->limits.bytes || (scene->packet->tcp_flags & (SK_TCP_FIN | SK_TCP_RST)) != 0;
	bool all = is_time(side, length, last);
	if ((s->relevant & PORT_STREAM_TO) != 0)
		ask_stream(s, scene, side, prefix, all);
	if (all && s->any_http && scene->app == SK_APP_HTTP)
		ask_http(s, scene, side, prefix, last);
	if (!scene->ending && length >= s->limits.bytes)
		sk_watch_done(s, scene);
}

/* ---- the end ---- */

/* The packet that stands for the end: this direction's ends, at the last time. */
static void fill_last(struct sk_packet *packet, const struct sk_flow_record *record, bool from_initiator)
{
	const struct sk_addr *ends[2] = {&record->initiator, &record->responder};
	uint16_t ports[2] = {record->initiator_port, record->responder_port};
	*packet = (struct sk_packet){.source = *ends[!from_initiator], .destination = *ends[from_initiator], .source_port = ports[!from_initiator],
				     .destination_port = ports[from_initiator], .has_ports = true, .ip_proto = record->ip_proto, .tcp_flags = SK_TCP_FIN | SK_TCP_ACK,
				     .class_ = record->class_, .time_ns = record->last_ns};
}

void sk_watch_ending(void *context, struct sk_flow *flow)
{
	struct sk_signature *s = context;
	uint32_t place = sk_flow_place(s->table, flow);
	bool passed = (s->marks[place] & MARK_PASSED) != 0;
	s->marks[place] &= MARK_WATCHED;
	if (SK_LIKELY(s->marks[place] == 0))
		return;
	struct watch *watch = &s->watches[s->watch_of[place]];
	struct sk_flow_record record;
	for (unsigned direction = 0; direction < 2 && !s->busy; direction++) {
		struct scene *scene = &s->ending_scene;
		if (watch->side[direction] == 0 || passed)
			continue;
		sk_flow_read(s->table, flow, &record);
		sk_flow_glance(s->table, flow, direction, &scene->glance);
		fill_last(&s->last, &record, scene->glance.to_server);
		scene->table = s->table;
		scene->flow = flow;
		scene->packet = &s->last;
		scene->app = record.app;
		scene->ending = scene->assembled = true;
		scene->stream = scene->bodies = false;
		scene->source = SK_SOURCE_PAYLOAD;
		s->relevant = PORT_STREAM_TO;
		sk_watch_ask(s, scene, &s->sides[watch->side[direction]]);
	}
	release_watch(s, watch);
}
