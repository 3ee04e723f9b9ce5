/* SPDX-License-Identifier: Apache-2.0 */
/* From packets, segments and heads to events. */
#include "detect/kit_priv.h"
#include "seal/siphash.h"

enum { TCP = 6, ICMP = 1, ICMPV6 = 58 };

static bool wants(const struct sk_kit *kit, enum sk_event_kind kind, unsigned flow)
{
	return (atomic_load_explicit(&kit->wanted, memory_order_relaxed) >> sk_kit_sort(kind, flow) & 1) != 0;
}

/* Of a head, of which names and hashes are made at once; the kit does it for all others. */
static void hash_ends(const struct sk_kit *kit, struct sk_event *event)
{
	event->from = sk_kit_hash_addr(kit, &event->initiator);
	event->to = sk_kit_hash_addr(kit, &event->responder);
}

/* Who stands at the other end of a class. */
static uint8_t turned(uint8_t class_)
{
	return class_ == SK_CLASS_FD ? SK_CLASS_DF : class_ == SK_CLASS_DF ? SK_CLASS_FD : class_;
}

static uint8_t half_bit(const struct sk_kit *kit, uint8_t class_)
{
	return (kit->half & SK_CLASS_BIT(class_)) != 0 ? SK_EVENT_HALF : 0;
}

/* The event of a packet that brought news; its direction is known. */
static void fill_packet(const struct sk_kit *kit, const struct sk_packet *packet, bool back, struct sk_event *event)
{
	event->time_ns = packet->time_ns;
	event->ip_proto = packet->ip_proto;
	event->class_ = back ? turned(packet->class_) : packet->class_;
	event->tcp_flags[0] = packet->tcp_flags;
	event->icmp_type = packet->icmp_type;
	event->initiator_port = back ? packet->destination_port : packet->source_port;
	event->responder_port = back ? packet->source_port : packet->destination_port;
	event->initiator = back ? packet->destination : packet->source;
	event->responder = back ? packet->source : packet->destination;
	event->bits = (uint8_t)((back ? SK_EVENT_BACK : 0) | half_bit(kit, event->class_) | (packet->layers > 1 || packet->tunnels != 0 ? SK_EVENT_TUNNELLED : 0));
}

static void fill_record(const struct sk_kit *kit, const struct sk_flow_record *record, struct sk_event *event)
{
	event->ip_proto = record->ip_proto;
	event->class_ = record->class_;
	event->app = record->app;
	event->tcp_flags[0] = record->tcp_flags[0];
	event->tcp_flags[1] = record->tcp_flags[1];
	event->icmp_type = record->icmp_type;
	event->state = record->state;
	event->end = record->end;
	event->initiator_port = record->initiator_port;
	event->responder_port = record->responder_port;
	event->initiator = record->initiator;
	event->responder = record->responder;
	event->bits = (uint8_t)((record->initiator_sure ? SK_EVENT_SURE : 0) | half_bit(kit, record->class_) | (record->continued ? SK_EVENT_CONTINUED : 0) |
				(record->layers > 1 || record->tunnels != 0 ? SK_EVENT_TUNNELLED : 0));
}

static void put(const struct sk_kit_front *front, const struct sk_event *event)
{
	front->send(front->context, event);
}

static void put_end(const struct sk_kit_front *front, const struct sk_flow_record *record)
{
	/* So much of an event is sent. */
	struct sk_event event;
	memset(&event, 0, SK_EVENT_FLOW_BYTES);
	event.kind = SK_EVENT_END;
	event.time_ns = record->last_ns;
	fill_record(front->kit, record, &event);
	for (unsigned side = 0; side < 2; side++) {
		event.flow.packets[side] = record->packets[side];
		event.flow.bytes[side] = record->ip_bytes[side];
	}
	event.flow.first_ns = record->first_ns;
	put(front, &event);
}

void sk_kit_packet(const struct sk_kit_front *front, const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet, unsigned news)
{
	_Static_assert(SK_FLOW_NEWS_OPEN == 1 << SK_EVENT_OPEN && SK_FLOW_NEWS_ANSWER == 1 << SK_EVENT_ANSWER && SK_FLOW_NEWS_CONFIRM == 1 << SK_EVENT_CONFIRM, "in one order");
	const struct sk_kit *kit = front->kit;
	bool back = (news & SK_FLOW_NEWS_BACK) != 0, filled = false;
	unsigned what = sk_kit_flow(packet->ip_proto, false, false);
	struct sk_event event;
	for (unsigned left = news & (SK_FLOW_NEWS_OPEN | SK_FLOW_NEWS_ANSWER | SK_FLOW_NEWS_CONFIRM); left != 0; left &= left - 1) {
		enum sk_event_kind kind = (enum sk_event_kind)__builtin_ctz(left);
		bool odd = kind == SK_EVENT_OPEN && sk_kit_is_odd(packet->tcp_flags, back);
		if (!wants(kit, kind, odd ? sk_kit_flow(packet->ip_proto, false, true) : what))
			continue;
		if (!filled) {
			memset(&event, 0, SK_EVENT_FLOW_BYTES);
			fill_packet(kit, packet, back, &event);
		}
		filled = true;
		event.kind = (uint8_t)kind;
		put(front, &event);
	}
	if ((news & SK_FLOW_NEWS_CLOSE) != 0 && (wants(kit, SK_EVENT_END, what) || wants(kit, SK_EVENT_END, sk_kit_flow(packet->ip_proto, true, false)))) {
		struct sk_flow_record record;
		sk_flow_read(table, flow, &record);
		record.end = SK_FLOW_END_CLOSED;
		put_end(front, &record);
	}
}

void sk_kit_ended(const struct sk_kit_front *front, const struct sk_flow_record *record)
{
	/* A connection that was closed has been told of when it was. */
	bool silent = record->packets[1] == 0 && (front->kit->half & SK_CLASS_BIT(record->class_)) == 0;
	if (wants(front->kit, SK_EVENT_END, sk_kit_flow(record->ip_proto, silent, false)) && (record->ip_proto != TCP || record->state < SK_FLOW_CLOSED))
		put_end(front, record);
}

bool sk_kit_samples(const struct sk_kit *kit)
{
	return (atomic_load_explicit(&kit->wanted, memory_order_relaxed) & sk_kit_sorts_of_kind(SK_EVENT_SAMPLE)) != 0;
}

/* By what the packet is, and not by how many came before it: so the same packets are chosen however they are spread over workers. */
static bool is_sample(const struct sk_kit *kit, const struct sk_packet *packet)
{
	uint32_t ends[2];
	memcpy(&ends[0], packet->source.bytes, sizeof ends[0]);
	memcpy(&ends[1], packet->destination.bytes, sizeof ends[1]);
	uint64_t what = (uint64_t)packet->time_ns ^ ((uint64_t)packet->sequence << 20) ^ ((uint64_t)packet->source_port << 40) ^ ((uint64_t)ends[0] << 32) ^ ends[1];
	_Static_assert(SK_EVENT_SAMPLING == 64, "six bits");
	return sk_mix(kit->low, what) >> 58 == 0;
}

void sk_kit_sample(const struct sk_kit_front *front, const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet)
{
	if (SK_LIKELY(!is_sample(front->kit, packet)))
		return;
	if (!wants(front->kit, SK_EVENT_SAMPLE, sk_kit_flow(packet->ip_proto, false, false)))
		return;
	struct sk_flow_record record;
	sk_flow_read(table, flow, &record);
	bool back = !sk_addr_equal(&packet->source, &record.initiator) || packet->source_port != (packet->has_ports ? record.initiator_port : packet->source_port);
	struct sk_event event = {.kind = SK_EVENT_SAMPLE};
	fill_packet(front->kit, packet, back, &event);
	event.app = record.app;
	event.state = record.state;
	event.sample.packets = SK_EVENT_SAMPLING * packet->frames;
	event.sample.bytes = SK_EVENT_SAMPLING * packet->ip_bytes;
	put(front, &event);
}

bool sk_kit_wants_head(const struct sk_kit *kit, enum sk_head_kind kind)
{
	return (atomic_load_explicit(&kit->heads, memory_order_relaxed) >> kind & 1) != 0;
}

/* The name that a head holds, as its detectors look at it. */
static const char *name_in(const struct sk_head *head)
{
	switch (head->kind) {
	case SK_HEAD_DNS: return head->as.dns.name;
	case SK_HEAD_CLIENT_HELLO: return head->as.client_hello.sni;
	case SK_HEAD_HTTP: return head->as.http.host;
	default: return "";
	}
}

/* Whose detector wants such a head of such a flow? Bits of places. Most heads are nobody's, and of those no more is made than this asks. */
static uint64_t who_asks(const struct sk_kit *kit, const struct sk_event *flow, const struct sk_head *head)
{
	uint64_t asking = 0;
	_Static_assert(SK_KIT_DETECTORS_MAX <= 64, "a bit for each place");
	for (uint64_t places = kit->head_places[head->kind]; places != 0; places &= places - 1) {
		const struct sk_kit_place *at = &kit->places[__builtin_ctzll(places)];
		if (at->ops->on_request && (atomic_load_explicit(&at->heads, memory_order_relaxed) >> head->kind & 1) == 0)
			continue;
		if (at->ops->asks == NULL || at->ops->asks(&at->run, head, flow))
			asking |= places & -places;
	}
	if ((asking & kit->named_places) != 0 && sk_name_text_is_inner(name_in(head)))
		asking &= ~kit->named_places;
	return asking;
}

/* What the packet adds to the flow of a head. */
static void fill_head(const struct sk_kit *kit, const struct sk_packet *packet, const struct sk_head *head, struct sk_event *event)
{
	event->kind = SK_EVENT_HEAD;
	event->time_ns = packet->time_ns;
	event->app = head->app;
	event->bits |= half_bit(kit, event->class_) | (head->from_initiator ? 0 : SK_EVENT_BACK);
}

/* An event for each that asks. */
static void offer(const struct sk_kit_front *front, struct sk_event *common, const struct sk_packet *packet, const struct sk_head *head, uint64_t asking)
{
	const struct sk_kit *kit = front->kit;
	/* Its parts are found once for all detectors that ask for them. */
	struct sk_name name = {.text = NULL};
	bool found = false, made = false;
	struct sk_event event;
	for (; asking != 0; asking &= asking - 1) {
		const struct sk_kit_place *at = &kit->places[__builtin_ctzll(asking)];
		if (at->ops->named != NULL && !found) {
			found = true;
			(void)sk_name_split(kit->suffixes, name_in(head), &name);
		}
		if (at->ops->named != NULL && name.text == NULL)
			continue;
		if (!made)
			hash_ends(kit, common);
		made = true;
		memcpy(&event, common, offsetof(struct sk_event, head));
		event.detector = at->run.index;
		memset(&event.head, 0, sizeof event.head);
		bool wanted = at->ops->named == NULL ? at->ops->head(&at->run, head, packet, &event) : at->ops->named(&at->run, &name, head, packet, &event);
		if (wanted)
			put(front, &event);
	}
	if (made)
		sk_wipe_small(&event, sizeof event);
}

void sk_kit_head_of(const struct sk_kit_front *front, const struct sk_event *flow, const struct sk_packet *packet, const struct sk_head *head)
{
	struct sk_event common = *flow;
	fill_head(front->kit, packet, head, &common);
	offer(front, &common, packet, head, who_asks(front->kit, &common, head));
}

void sk_kit_head(const struct sk_kit_front *front, const struct sk_flow_table *table, const struct sk_flow *flow, const struct sk_packet *packet,
		 const struct sk_head *head)
{
	struct sk_flow_record record;
	struct sk_event event;
	uint64_t asking = 0;
	/* Without a tunnel the packet tells of its flow all that is asked about it, and costs less than a copy of the flow. */
	bool plain = packet->layers <= 1 && packet->tunnels == 0;
	memset(&event, 0, offsetof(struct sk_event, head));
	if (SK_LIKELY(plain)) {
		fill_packet(front->kit, packet, !head->from_initiator, &event);
		fill_head(front->kit, packet, head, &event);
		asking = who_asks(front->kit, &event, head);
		if (SK_LIKELY(asking == 0))
			return;
	}
	sk_flow_read(table, flow, &record);
	fill_record(front->kit, &record, &event);
	fill_head(front->kit, packet, head, &event);
	offer(front, &event, packet, head, plain ? asking : who_asks(front->kit, &event, head));
}

void sk_kit_complete(const struct sk_kit_front *front, struct sk_event *event)
{
	event->bits |= half_bit(front->kit, event->class_);
	if (event->kind == SK_EVENT_HEAD || wants(front->kit, (enum sk_event_kind)event->kind, sk_event_flow(event)))
		put(front, event);
}

void sk_kit_event(struct sk_kit *kit, struct sk_event *event)
{
	const struct sk_kit_front front = sk_kit_front(kit);
	if (event->kind != SK_EVENT_END)
		sk_kit_clock(kit, event->time_ns);
	sk_kit_complete(&front, event);
}
