/* SPDX-License-Identifier: Apache-2.0 */
/* rule: EXPORT-5. Out of frames: whose they are, every link, slices and fragments; TCP in any order; files of payloads. */
#include <sys/stat.h>
#include <unistd.h>

#include "export_test.h"

#include "export/carrier.h"
#include "export/payload.h"

enum { FRAME_ROOM = 70000, TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

static void carrier_start(struct world *w, unsigned classes, struct sk_carrier_config *config, struct sk_carrier **carrier)
{
	config->export_ = w->export_;
	config->border = (const struct sk_border *)(const void *)&w->clock;
	config->classes = classes;
	assert_int_equal(sk_carrier_new(config, carrier), SK_OK);
}

struct packet {
	uint32_t source, destination;
	unsigned proto, source_port, destination_port;
	uint32_t sequence;
	unsigned flags, fragment;
	bool v6;
	unsigned tags;
	enum sk_link link;
};

static const struct packet plain_udp = {.source = DOMESTIC4, .destination = DOMESTIC4_B, .proto = 17, .source_port = 40000, .destination_port = 2055, .link = SK_LINK_ETHERNET};

static void put_ip(struct msg *m, const struct packet *p, size_t length)
{
	if (p->v6) {
		put32(m, 6u << 28), put16(m, (unsigned)length), put8(m, p->proto), put8(m, 64);
		for (unsigned end = 0; end < 2; end++)
			put32(m, 0x20010db8), put32(m, 0), put32(m, 0), put32(m, end == 0 ? p->source : p->destination);
		return;
	}
	put16(m, 0x4500), put16(m, 20 + (unsigned)length), put16(m, 1), put16(m, p->fragment), put8(m, 64), put8(m, p->proto), put16(m, 0), put32(m, p->source), put32(m, p->destination);
}

static void frame_of(struct msg *m, const struct packet *p, const uint8_t *payload, size_t length)
{
	unsigned type = p->v6 ? 0x86dd : 0x0800;
	msg_start(m);
	switch (p->link) {
	case SK_LINK_ETHERNET:
		put64(m, 0x0200000000010200), put32(m, 2);
		for (unsigned i = 0; i < p->tags; i++)
			put16(m, i == 0 && p->tags == 2 ? 0x88a8 : 0x8100), put16(m, 7);
		put16(m, type);
		break;
	case SK_LINK_SLL: put64(m, 0x0000000100060200), put32(m, 0), put16(m, 0), put16(m, type); break;
	case SK_LINK_SLL2: put16(m, type), put64(m, 0), put64(m, 0), put16(m, 0); break;
	case SK_LINK_NULL:
	case SK_LINK_LOOP: put32(m, 2); break;
	case SK_LINK_RAW_IP: break;
	}
	if (p->proto == 17) {
		put_ip(m, p, 8 + length);
		put16(m, p->source_port), put16(m, p->destination_port), put16(m, 8 + (unsigned)length), put16(m, 0);
	} else {
		put_ip(m, p, 20 + length);
		put16(m, p->source_port), put16(m, p->destination_port), put32(m, p->sequence), put32(m, 0), put8(m, 5 << 4), put8(m, p->flags), put16(m, 1000), put32(m, 0);
	}
	sk_put_bytes(&m->out, payload, length);
}

/* Hand over the frame, as long as it was captured; its bytes are as they were. */
static void show(struct world *w, struct sk_carrier *carrier, const struct msg *m, enum sk_link link, size_t captured)
{
	static uint8_t before[FRAME_ROOM];
	struct sk_fault fault;
	uint8_t *exact = malloc(captured != 0 ? captured : 1);
	assert_non_null(exact);
	memcpy(exact, m->bytes, captured);
	memcpy(before, m->bytes, captured);
	struct sk_frame frame = {.bytes = exact, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)msg_length(m), .time_ns = w->source.time_ns, .link = (uint8_t)link};
	assert_int_equal(sk_carrier_frame(carrier, &frame, &fault), SK_OK);
	assert_memory_equal(exact, before, captured);
	free(exact);
}

/* An IPFIX message with template and so many records. */
static size_t message_of(uint8_t *out, uint32_t sequence, unsigned records)
{
	static struct msg m;
	ipfix_start(&m, sequence, 1);
	set_start(&m, 2);
	TEMPLATE(&m, 256, PLAIN_FIELDS);
	set_end(&m);
	set_start(&m, 256);
	for (unsigned i = 0; i < records; i++)
		put_plain(&m, DOMESTIC4, FOREIGN4);
	set_end(&m);
	ipfix_end(&m);
	memcpy(out, m.bytes, msg_length(&m));
	return msg_length(&m);
}

static void links_and_ports(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	static uint8_t message[MESSAGE_ROOM];
	struct sk_carrier_config config = {.port_count = 0};
	struct sk_carrier *carrier;
	size_t expected = 0;
	world_start(&w, true);
	carrier_start(&w, SK_CLASS_BIT(SK_CLASS_DF), &config, &carrier);
	for (unsigned link = SK_LINK_ETHERNET; link <= SK_LINK_LOOP; link++) {
		for (unsigned v6 = 0; v6 < 2; v6++) {
			for (unsigned tags = 0; tags <= (link == SK_LINK_ETHERNET ? 2 : 0); tags++) {
				struct packet p = plain_udp;
				p.link = (enum sk_link)link, p.v6 = v6 != 0, p.tags = tags;
				frame_of(&m, &p, message, message_of(message, (uint32_t)expected, 1));
				show(&w, carrier, &m, p.link, msg_length(&m));
				assert_int_equal(w.observations, ++expected);
			}
		}
	}
	static const unsigned ports[] = {2055, 4739, 6343, 9995, 9996, 2054, 53, 4740};
	for (size_t i = 0; i < SK_COUNT(ports); i++) {
		struct packet p = plain_udp;
		p.destination_port = ports[i];
		frame_of(&m, &p, message, message_of(message, (uint32_t)expected, 1));
		show(&w, carrier, &m, p.link, msg_length(&m));
		expected += i < 5;
		assert_int_equal(w.observations, expected);
	}
	assert_int_equal(sk_carrier_residue(carrier), 0);
	sk_carrier_free(carrier);
	/* Ports of one's own. */
	config.port_count = 1;
	config.ports[0] = 555;
	carrier_start(&w, 0, &config, &carrier);
	for (unsigned i = 0; i < 2; i++) {
		struct packet p = plain_udp;
		p.destination_port = i == 0 ? 555 : 2055;
		frame_of(&m, &p, message, message_of(message, (uint32_t)expected, 1));
		show(&w, carrier, &m, p.link, msg_length(&m));
	}
	assert_int_equal(w.observations, expected + 1);
	sk_carrier_free(carrier);
	world_end(&w);
}

/* Somebody else's telemetry on its way through is not read. */
static void whose(void **state)
{
	(void)state;
	static const struct {
		uint32_t source, destination;
		bool domestic, covered_fd;
	} cases[] = {{DOMESTIC4, DOMESTIC4_B, true, true}, {FOREIGN4, DOMESTIC4, false, true}, {DOMESTIC4, FOREIGN4, false, false}, {FOREIGN4, FOREIGN4_B, false, false},
		     {UNKNOWN4, DOMESTIC4, false, false}};
	for (unsigned how = 0; how < 3; how++) {
		static struct world w;
		static struct msg m;
		static uint8_t message[MESSAGE_ROOM];
		struct sk_carrier_config config = {.exporter_count = how == 2};
		struct sk_carrier *carrier;
		assert_int_equal(sk_prefix_parse("198.51.100.2/32", &config.exporters[0]), SK_OK);
		world_start(&w, true);
		carrier_start(&w, how == 1 ? SK_CLASS_BIT(SK_CLASS_FD) : 0, &config, &carrier);
		for (size_t i = 0; i < SK_COUNT(cases); i++) {
			struct sk_export_totals before = totals(&w), after;
			struct packet p = plain_udp;
			p.source = cases[i].source, p.destination = cases[i].destination;
			bool read = how == 0 ? cases[i].domestic : how == 1 ? cases[i].covered_fd : cases[i].source == FOREIGN4;
			frame_of(&m, &p, message, message_of(message, (uint32_t)i, 1));
			show(&w, carrier, &m, p.link, msg_length(&m));
			after = totals(&w);
			assert_int_equal(after.count[SK_EXPORT_CARRIERS] - before.count[SK_EXPORT_CARRIERS], read);
			assert_int_equal(after.count[SK_EXPORT_CARRIERS_REFUSED] - before.count[SK_EXPORT_CARRIERS_REFUSED], !read);
			assert_int_equal(after.received - before.received, read);
		}
		sk_carrier_free(carrier);
		world_end(&w);
	}
}

/* Cut off anywhere, in fragments, with lengths that lie: not read, never past the end. */
static void cut_and_lying(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	static uint8_t message[MESSAGE_ROOM];
	struct sk_carrier_config config = {.port_count = 0};
	struct sk_carrier *carrier;
	world_start(&w, true);
	carrier_start(&w, 0, &config, &carrier);
	for (unsigned kind = 0; kind < 4; kind++) {
		struct packet p = plain_udp;
		p.v6 = kind % 2 != 0;
		p.proto = kind < 2 ? 17 : 6;
		frame_of(&m, &p, message, message_of(message, 0, 2));
		for (size_t captured = 0; captured < msg_length(&m); captured++)
			show(&w, carrier, &m, p.link, captured);
		for (size_t at = 12; at < 80; at++) {
			for (unsigned value = 0; value < 256; value += 15) {
				uint8_t kept = m.bytes[at];
				m.bytes[at] = (uint8_t)value;
				show(&w, carrier, &m, p.link, msg_length(&m));
				m.bytes[at] = kept;
			}
		}
	}
	struct sk_export_totals before = totals(&w);
	struct packet p = plain_udp;
	p.fragment = 0x2000;
	frame_of(&m, &p, message, message_of(message, 0, 2));
	show(&w, carrier, &m, p.link, msg_length(&m));
	assert_int_equal(totals(&w).count[SK_EXPORT_CARRIERS_UNREAD], before.count[SK_EXPORT_CARRIERS_UNREAD] + 1);
	assert_int_equal(totals(&w).received, before.received);
	sk_carrier_end(carrier);
	assert_int_equal(sk_carrier_residue(carrier), 0);
	sk_carrier_free(carrier);
	world_end(&w);
}

/* ---- TCP ---- */

struct talk {
	uint8_t bytes[3 * 60000];
	size_t length;
	unsigned records;
};

/* Messages of odd sizes one after the other. */
static void talk_of(struct talk *talk, unsigned messages, unsigned records)
{
	talk->length = talk->records = 0;
	for (unsigned i = 0; i < messages; i++) {
		unsigned count = records + i % 3;
		talk->length += message_of(talk->bytes + talk->length, talk->records, count);
		talk->records += count;
	}
}

static void segment(struct world *w, struct sk_carrier *carrier, const struct talk *talk, uint32_t base, size_t from, size_t length, unsigned flags)
{
	static struct msg m;
	struct packet p = plain_udp;
	p.proto = 6, p.destination_port = 4739, p.sequence = base + 1 + (uint32_t)from, p.flags = flags;
	frame_of(&m, &p, talk->bytes + from, length);
	show(w, carrier, &m, p.link, msg_length(&m));
}

static void syn(struct world *w, struct sk_carrier *carrier, uint32_t base)
{
	static struct msg m;
	struct packet p = plain_udp;
	p.proto = 6, p.destination_port = 4739, p.sequence = base, p.flags = TCP_SYN;
	frame_of(&m, &p, NULL, 0);
	show(w, carrier, &m, p.link, msg_length(&m));
}

/* In order, shuffled, twice, overlapping, in any cut, around the end of the numbers. */
static void tcp_in_any_order(void **state)
{
	(void)state;
	static struct talk talk;
	talk_of(&talk, 12, 4);
	srand(20261129);
	for (unsigned round = 0; round < 300; round++) {
		static struct world w;
		struct sk_carrier_config config = {.port_count = 0};
		struct sk_carrier *carrier;
		size_t starts[4096], count = 0, piece = 1 + (size_t)rand() % 700;
		uint32_t base = round % 3 == 0 ? UINT32_MAX - 500 : (uint32_t)rand();
		if (piece < talk.length / SK_CARRIER_RANGES && round % 4 != 0)
			piece = talk.length / SK_CARRIER_RANGES + 1;
		world_start(&w, true);
		carrier_start(&w, 0, &config, &carrier);
		for (size_t at = 0; at < talk.length; at += piece)
			starts[count++] = at;
		syn(&w, carrier, base);
		if (round % 4 != 0)
			for (size_t i = count - 1; i > 0; i--) {
				size_t j = (size_t)rand() % (i + 1), kept = starts[i];
				starts[i] = starts[j];
				starts[j] = kept;
			}
		for (size_t i = 0; i < count; i++) {
			size_t length = talk.length - starts[i] < piece ? talk.length - starts[i] : piece;
			size_t more = round % 5 == 0 && starts[i] + length + 20 <= talk.length ? 20 : 0; /* overlaps the next */
			segment(&w, carrier, &talk, base, starts[i], length + more, TCP_ACK);
			if (round % 7 == 0)
				segment(&w, carrier, &talk, base, starts[i], length, TCP_ACK); /* again */
		}
		segment(&w, carrier, &talk, base, talk.length, 0, TCP_FIN | TCP_ACK);
		if (w.observations != talk.records)
			fail_msg("round %u: %zu records of %u, pieces of %zu bytes", round, w.observations, talk.records, piece);
		assert_int_equal(totals(&w).count[SK_EXPORT_STREAMS_GAPPED], 0);
		assert_int_equal(totals(&w).count[SK_EXPORT_LOST_RECORDS], 0);
		assert_int_equal(totals(&w).domains, 0); /* they went with the stream */
		assert_int_equal(sk_carrier_residue(carrier), 0);
		sk_carrier_free(carrier);
		world_end(&w);
	}
}

/* A piece that never comes: the stream is given up when its buffer is full, and goes on at the next message that begins a segment. */
static void tcp_with_a_gap(void **state)
{
	(void)state;
	static struct world w;
	static struct talk talk;
	struct sk_carrier_config config = {.port_count = 0};
	struct sk_carrier *carrier;
	world_start(&w, true);
	carrier_start(&w, 0, &config, &carrier);
	talk_of(&talk, 1, 1000);
	syn(&w, carrier, 99);
	segment(&w, carrier, &talk, 99, 0, 1000, TCP_ACK);
	assert_int_equal(w.observations, 0);
	for (unsigned i = 1; i < 4; i++)
		segment(&w, carrier, &talk, 99 + i * 40000, 0, 40000, TCP_ACK);
	assert_int_equal(totals(&w).count[SK_EXPORT_STREAMS_GAPPED], 1);
	talk_of(&talk, 2, 5);
	segment(&w, carrier, &talk, 5000000, 0, talk.length, TCP_ACK);
	assert_int_equal(w.observations, talk.records);
	/* What is no IPFIX is given up at once, and a reset ends a stream. */
	static struct talk noise;
	memset(noise.bytes, 0x55, sizeof noise.bytes);
	segment(&w, carrier, &noise, 5000000 + (uint32_t)talk.length, 0, 100, TCP_ACK);
	assert_int_equal(totals(&w).count[SK_EXPORT_STREAMS_GAPPED], 2);
	segment(&w, carrier, &noise, 6000000, 0, 100, TCP_ACK);
	syn(&w, carrier, 7);
	segment(&w, carrier, &talk, 7, 0, 100, TCP_ACK);
	segment(&w, carrier, &talk, 7, 100, 0, TCP_RST);
	segment(&w, carrier, &talk, 7, 100, talk.length - 100, TCP_ACK);
	assert_int_equal(w.observations, talk.records);
	assert_int_equal(sk_carrier_residue(carrier), 0);
	sk_carrier_free(carrier);
	world_end(&w);
}

/* More streams than there are places: the one that was silent longest gives way. */
static void tcp_streams_are_bounded(void **state)
{
	(void)state;
	static struct world w;
	static struct msg m;
	struct sk_carrier_config config = {.port_count = 0};
	struct sk_carrier *carrier;
	world_start(&w, true);
	carrier_start(&w, 0, &config, &carrier);
	for (unsigned i = 0; i < 1000; i++) {
		struct packet p = plain_udp;
		p.proto = 6, p.source_port = 10000 + i, p.destination_port = 4739, p.flags = TCP_SYN;
		w.source.time_ns += S;
		frame_of(&m, &p, NULL, 0);
		show(&w, carrier, &m, p.link, msg_length(&m));
	}
	assert_int_equal(totals(&w).count[SK_EXPORT_STREAMS_REFUSED], 1000 - SK_CARRIER_STREAMS);
	sk_carrier_free(carrier);
	world_end(&w);
}

/* ---- files ---- */

static enum sk_err read_file(struct world *w, const void *bytes, size_t length, bool *is, struct sk_fault *fault)
{
	char path[] = "/tmp/sk-payload-XXXXXX";
	const uint8_t *head;
	size_t seen;
	struct sk_stream *stream;
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
	(void)close(fd);
	enum sk_err err = sk_stream_open(path, NULL, &stream, fault);
	(void)remove(path);
	if (err != SK_OK)
		return err;
	assert_int_equal(sk_stream_peek(stream, 4, &head, &seen, fault), SK_OK);
	*is = sk_payload_is(head, seen);
	err = *is ? sk_payload_read(w->export_, stream, "a file", fault) : SK_OK;
	sk_stream_close(stream);
	return err;
}

static void files(void **state)
{
	(void)state;
	static struct world w;
	static struct talk talk;
	static uint8_t large[70000];
	struct sk_fault fault;
	bool is;
	world_start(&w, true);
	talk_of(&talk, 7, 3);
	assert_int_equal(read_file(&w, talk.bytes, talk.length, &is, &fault), SK_OK);
	assert_true(is && w.observations == talk.records);
	/* Cut off: what came before was read, and the byte is named. */
	assert_int_equal(read_file(&w, talk.bytes, talk.length - 1, &is, &fault), SK_EDAMAGED);
	assert_non_null(strstr(fault.line, "cut off"));
	assert_int_equal(w.observations, talk.records + talk.records - 3);
	talk.bytes[talk.length] = 1;
	assert_int_equal(read_file(&w, talk.bytes, talk.length + 1, &is, &fault), SK_EDAMAGED);
	/* No capture begins like a message, and a message is no capture. */
	static const uint8_t heads[][4] = {{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, {0x0a, 0x0d, 0x0d, 0x0a}, {0x1f, 0x8b, 8, 0}, {0, 10, 0, 15}, {0, 0, 0, 4}, {0, 8, 0, 1}};
	for (size_t i = 0; i < SK_COUNT(heads); i++)
		assert_false(sk_payload_is(heads[i], 4));
	static const uint8_t messages[][4] = {{0, 5, 0, 1}, {0, 9, 0, 1}, {0, 10, 0, 16}, {0, 0, 0, 5}};
	for (size_t i = 0; i < SK_COUNT(messages); i++)
		assert_true(sk_payload_is(messages[i], 4) && !sk_payload_is(messages[i], 3));
	large[1] = 9;
	assert_int_equal(read_file(&w, large, sizeof large, &is, &fault), SK_ETOOBIG);
	assert_non_null(strstr(fault.line, "longer than a datagram"));
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(links_and_ports), cmocka_unit_test(whose), cmocka_unit_test(cut_and_lying), cmocka_unit_test(tcp_in_any_order),
					   cmocka_unit_test(tcp_with_a_gap), cmocka_unit_test(tcp_streams_are_bounded), cmocka_unit_test(files)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
