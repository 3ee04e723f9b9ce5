/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the two corpora of the bench, the same bytes for the same arguments.
     corpus mix PACKETS OUT CAPTURE...   real captures, many copies interleaved: addresses rewritten per copy, checksums patched, starts spread
     corpus small PACKETS OUT            made: SYN scans, DNS queries and replies, short segments on long TCP flows
     corpus flows PACKETS FLOWS OUT      made: short TCP segments on exactly FLOWS flows, all of them alive to the end, each with as many packets
   mix takes Ethernet captures that are not sliced; captures of large packets get more copies until the mean is about that of a carrier's link. */
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "wire/wire.h"

enum {
	CAPTURES_MAX = 4096, CAPTURE_PACKETS_MAX = 5000, FRAME_MAX = 16384, COPIES_MAX = 65536,
	LARGE_MEAN_BYTES = 500, LARGE_PACKETS_MIN = 50, LARGE_SHARE_MAX = 256, MEAN_AIM_BYTES = 650,
	SPAN_S = 120, LONGEST_S = 30, SMALL_SPAN_S = 60
};
static const int64_t start_ns = INT64_C(1700000000) * 1000000000;

static _Noreturn void die(const char *what, const char *where)
{
	(void)fprintf(stderr, "corpus: %s: %s\n", where, what);
	exit(1);
}

static void *get_memory(size_t length)
{
	void *memory = calloc(1, length);
	if (memory == NULL)
		die("out of memory", "corpus");
	return memory;
}

/* splitmix64: the same sequence everywhere */
static uint64_t random_state = 0x5ec15005ec150;

static uint64_t mix64(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t random_u64(void)
{
	return mix64(random_state += 0x9e3779b97f4a7c15);
}

static uint32_t random_below(uint32_t limit)
{
	return (uint32_t)((random_u64() >> 32) * limit >> 32);
}

/* ---- output: pcap, microseconds, little endian, Ethernet ---- */

struct output {
	FILE *file;
	const char *name;
	uint64_t packets, bytes;
};

static struct output output_open(const char *name)
{
	struct output o = {.file = fopen(name, "wb"), .name = name};
	if (o.file == NULL)
		die("cannot write", name);
	uint8_t head[24];
	struct sk_out w = sk_out_of(head, sizeof head);
	sk_put_le32(&w, 0xa1b2c3d4);
	sk_put_le16(&w, 2);
	sk_put_le16(&w, 4);
	sk_put_le64(&w, 0);
	sk_put_le32(&w, 262144);
	sk_put_le32(&w, 1);
	if (fwrite(head, sizeof head, 1, o.file) != 1)
		die("cannot write", name);
	return o;
}

static void output_frame(struct output *o, int64_t time_ns, const uint8_t *bytes, size_t length)
{
	uint8_t head[16];
	struct sk_out w = sk_out_of(head, sizeof head);
	sk_put_le32(&w, (uint32_t)(time_ns / 1000000000));
	sk_put_le32(&w, (uint32_t)(time_ns % 1000000000 / 1000));
	sk_put_le32(&w, (uint32_t)length);
	sk_put_le32(&w, (uint32_t)length);
	if (fwrite(head, sizeof head, 1, o->file) != 1 || fwrite(bytes, length, 1, o->file) != 1)
		die("cannot write", o->name);
	o->packets++;
	o->bytes += length;
}

static void output_close(struct output *o)
{
	if (fclose(o->file) != 0)
		die("cannot write", o->name);
	(void)printf("{\"packets\": %llu, \"bytes\": %llu", (unsigned long long)o->packets, (unsigned long long)o->bytes);
}

/* ---- addresses and checksums ---- */

/* RFC 1624: the checksum after a 16-bit word changed. */
static uint16_t checksum_change(uint16_t checksum, uint16_t old, uint16_t new)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~old + new;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint16_t load16(const uint8_t *at)
{
	struct sk_cur c = sk_cur_of(at, 2);
	return sk_be16(&c);
}

static void store16(uint8_t *at, uint16_t value)
{
	struct sk_out o = sk_out_of(at, 2);
	sk_put_be16(&o, value);
}

/* XOR a word of an address and carry the change into up to two checksums (NULL: there is none). */
static void change_word(uint8_t *word, uint16_t mask, uint8_t *first, uint8_t *second)
{
	uint16_t old = load16(word), new = old ^ mask;
	store16(word, new);
	if (first != NULL)
		store16(first, checksum_change(load16(first), old, new));
	if (second != NULL)
		store16(second, checksum_change(load16(second), old, new));
}

/* Where the checksum over the pseudo-header lies, or NULL: none, not captured, or UDP without one. */
static uint8_t *transport_checksum(uint8_t *transport, size_t length, uint8_t protocol)
{
	size_t at = protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 58 ? 2 : length;
	if (at + 2 > length || (protocol == 17 && load16(transport + at) == 0))
		return NULL;
	return transport + at;
}

static void rewrite_ipv4(uint8_t *ip, size_t length, uint32_t mask)
{
	struct sk_cur c = sk_cur_of(ip, length);
	size_t head = (size_t)(sk_u8(&c) & 15) * 4;
	sk_skip(&c, 5);
	bool first = (sk_be16(&c) & 0x1fff) == 0;
	sk_skip(&c, 1);
	uint8_t protocol = sk_u8(&c);
	if (head < 20 || head > length)
		return;
	uint8_t *checksum = first ? transport_checksum(ip + head, length - head, protocol == 58 ? 0 : protocol) : NULL;
	for (size_t address = 12; address < 20; address += 4) {
		uint32_t value = (uint32_t)load16(ip + address) << 16 | load16(ip + address + 2);
		if (value == UINT32_MAX || value == 0)
			continue;
		change_word(ip + address, (uint16_t)(mask >> 16 & 0xff), ip + 10, checksum);
		change_word(ip + address + 2, (uint16_t)mask, ip + 10, checksum);
	}
}

static void rewrite_ipv6(uint8_t *ip, size_t length, uint32_t mask)
{
	struct sk_cur c = sk_cur_of(ip, length);
	sk_skip(&c, 6);
	uint8_t protocol = sk_u8(&c);
	if (length < 40)
		return;
	uint8_t *checksum = transport_checksum(ip + 40, length - 40, protocol);
	for (size_t address = 8; address < 40; address += 16) {
		change_word(ip + address + 12, (uint16_t)(mask >> 16), checksum, NULL);
		change_word(ip + address + 14, (uint16_t)mask, checksum, NULL);
	}
}

static void rewrite_frame(uint8_t *frame, size_t length, uint32_t mask)
{
	struct sk_cur c = sk_cur_of(frame, length);
	sk_skip(&c, 12);
	uint16_t type = sk_be16(&c);
	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
		sk_skip(&c, 2);
		type = sk_be16(&c);
	}
	if (mask == 0 || sk_alive(&c) != SK_OK)
		return;
	uint8_t *ip = frame + sk_offset(&c);
	if (type == 0x0800 && sk_left(&c) >= 20)
		rewrite_ipv4(ip, sk_left(&c), mask);
	if (type == 0x86dd)
		rewrite_ipv6(ip, sk_left(&c), mask);
}

/* ---- mix ---- */

struct packet {
	uint8_t *bytes;
	uint32_t length;
	int64_t time_ns; /* from the first of its capture */
};

struct base {
	struct packet *packets;
	size_t count;
	uint64_t bytes;
	bool large;
};

/* One packet of one copy, to be sorted by time. */
struct event {
	int64_t time_ns;
	uint32_t order; /* keeps equal times in the order of their capture */
	uint16_t base, copy;
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->base != y->base)
		return x->base < y->base ? -1 : 1;
	if (x->copy != y->copy)
		return x->copy < y->copy ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Reads one capture; false when it is not one for this corpus. Times are squeezed into LONGEST_S so that copies interleave. */
static bool read_base(const char *path, struct base *base)
{
	struct sk_capture *capture;
	struct sk_fault fault;
	if (sk_capture_open(path, &capture, &fault) != SK_OK)
		return false;
	*base = (struct base){.packets = get_memory(CAPTURE_PACKETS_MAX * sizeof *base->packets)};
	struct sk_frame frames[SK_BATCH_MAX];
	struct sk_capture_stats stats;
	size_t count = 1;
	bool usable = true;
	int64_t first = 0, last = 0;
	while (usable && base->count < CAPTURE_PACKETS_MAX && sk_capture_next(capture, frames, &count, &fault) == SK_OK && count != 0)
		for (size_t i = 0; i < count && base->count < CAPTURE_PACKETS_MAX; i++) {
			usable = usable && frames[i].link == SK_LINK_ETHERNET && frames[i].captured_bytes <= FRAME_MAX && frames[i].captured_bytes >= 14;
			if (!usable)
				break;
			struct packet *p = &base->packets[base->count++];
			*p = (struct packet){.bytes = get_memory(frames[i].captured_bytes), .length = frames[i].captured_bytes, .time_ns = frames[i].time_ns};
			memcpy(p->bytes, frames[i].bytes, p->length);
			first = base->count == 1 ? p->time_ns : first;
			p->time_ns = p->time_ns > first ? p->time_ns - first : 0;
			last = p->time_ns > last ? p->time_ns : last;
			base->bytes += p->length;
		}
	sk_capture_stats(capture, &stats);
	sk_capture_close(capture);
	if (!usable || base->count == 0 || stats.sliced * 10 > stats.frames)
		return false;
	const int64_t longest = LONGEST_S * INT64_C(1000000000);
	for (size_t i = 0; i < base->count && last > longest; i++)
		base->packets[i].time_ns = (int64_t)((double)base->packets[i].time_ns * ((double)longest / (double)last));
	base->large = base->bytes / base->count > LARGE_MEAN_BYTES && base->count > LARGE_PACKETS_MIN;
	return true;
}

/* How many copies of a large capture for one of any other, so that the mean length comes near to the aim. */
static unsigned large_share(const struct base *bases, size_t count)
{
	double packets[2] = {0}, bytes[2] = {0};
	for (size_t i = 0; i < count; i++) {
		packets[bases[i].large] += (double)bases[i].count;
		bytes[bases[i].large] += (double)bases[i].bytes;
	}
	unsigned share = 1;
	while (share < LARGE_SHARE_MAX && (bytes[0] + share * bytes[1]) / (packets[0] + share * packets[1]) < MEAN_AIM_BYTES)
		share++;
	return share;
}

static void make_mix(size_t wanted, const char *out, char **paths, int path_count)
{
	struct base *bases = get_memory(CAPTURES_MAX * sizeof *bases);
	size_t count = 0;
	for (int i = 0; i < path_count && count < CAPTURES_MAX; i++)
		count += read_base(paths[i], &bases[count]);
	if (count == 0)
		die("no Ethernet capture that is not sliced among the files given", "mix");
	unsigned share = large_share(bases, count);
	struct event *events = get_memory(wanted * sizeof *events);
	size_t events_count = 0, copies = 0;
	while (events_count < wanted && copies * share < COPIES_MAX) {
		for (size_t b = 0; b < count; b++)
			for (unsigned again = 0; again < (bases[b].large ? share : 1); again++) {
				uint16_t copy = (uint16_t)(copies * (bases[b].large ? share : 1) + again);
				int64_t start = (int64_t)(mix64((uint64_t)b << 32 | copy) % ((SPAN_S - LONGEST_S) * UINT64_C(1000000000)));
				for (size_t p = 0; p < bases[b].count && events_count < wanted; p++)
					events[events_count++] = (struct event){.time_ns = start + bases[b].packets[p].time_ns, .order = (uint32_t)p, .base = (uint16_t)b,
										.copy = copy};
			}
		copies++;
	}
	qsort(events, events_count, sizeof *events, by_time);
	struct output o = output_open(out);
	uint8_t *frame = get_memory(FRAME_MAX);
	for (size_t i = 0; i < events_count; i++) {
		const struct packet *p = &bases[events[i].base].packets[events[i].order];
		memcpy(frame, p->bytes, p->length);
		rewrite_frame(frame, p->length, events[i].copy == 0 ? 0 : (uint32_t)mix64(events[i].copy));
		output_frame(&o, start_ns + events[i].time_ns, frame, p->length);
	}
	output_close(&o);
	(void)printf(", \"captures\": %zu, \"copies\": %zu, \"copies_of_large\": %zu}\n", count, copies, copies * share);
}

/* ---- small ---- */

enum { SCANNERS = 2000, NAMES = 200000, LONG_FLOWS = 20000, CLIENTS = 60000, RESOLVERS = 64, ETHERNET = 14, IPV4 = 20, TCP = 20, UDP = 8, PAYLOAD_MAX = 256 };

static uint16_t sum_words(uint32_t sum, const uint8_t *bytes, size_t length)
{
	struct sk_cur c = sk_cur_of(bytes, length);
	while (sk_left(&c) > 1)
		sum += sk_be16(&c);
	sum += (uint32_t)sk_u8(&c) << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

struct talk {
	uint32_t source, destination;
	uint16_t source_port, destination_port;
};

/* Ethernet and IPv4 in front of a transport part of which the checksum (at an offset) is still zero. */
static void put_packet(struct output *o, int64_t time_ns, struct talk t, uint8_t protocol, const uint8_t *transport, size_t length, size_t checksum_at)
{
	uint8_t frame[ETHERNET + IPV4 + TCP + PAYLOAD_MAX] = {0};
	struct sk_out w = sk_out_of(frame, sizeof frame);
	sk_put_bytes(&w, "\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0", ETHERNET);
	uint8_t *ip = w.at;
	sk_put_be16(&w, 0x4500);
	sk_put_be16(&w, (uint16_t)(IPV4 + length));
	sk_put_be16(&w, (uint16_t)o->packets);
	sk_put_be16(&w, 0x4000);
	sk_put_u8(&w, 60);
	sk_put_u8(&w, protocol);
	sk_put_be16(&w, 0);
	sk_put_be32(&w, t.source);
	sk_put_be32(&w, t.destination);
	store16(ip + 10, (uint16_t)~sum_words(0, ip, IPV4));
	uint8_t *body = w.at;
	sk_put_bytes(&w, transport, length);
	uint16_t checksum = (uint16_t)~sum_words((uint32_t)protocol + (uint32_t)length + sum_words(0, ip + 12, 8), body, length);
	store16(body + checksum_at, protocol == 17 && checksum == 0 ? 0xffff : checksum);
	if (sk_out_done(&w) != SK_OK)
		die("packet too large", "small");
	/* Ethernet pads to 60 bytes. */
	size_t whole = sk_out_length(&w);
	output_frame(o, time_ns, frame, whole < 60 ? 60 : whole);
}

static void put_tcp(struct output *o, int64_t time_ns, struct talk t, uint32_t sequence, uint8_t flags, size_t payload)
{
	uint8_t bytes[TCP + PAYLOAD_MAX] = {0};
	struct sk_out w = sk_out_of(bytes, sizeof bytes);
	sk_put_be16(&w, t.source_port);
	sk_put_be16(&w, t.destination_port);
	sk_put_be32(&w, sequence);
	sk_put_be32(&w, (flags & 0x10) != 0 ? sequence ^ 0x55555555 : 0);
	sk_put_u8(&w, 0x50);
	sk_put_u8(&w, flags);
	sk_put_be16(&w, 64240);
	sk_put_be32(&w, 0);
	put_packet(o, time_ns, t, 6, bytes, TCP + payload, 16);
}

/* A question, or its answer with one address. */
static void put_dns(struct output *o, int64_t time_ns, struct talk t, uint16_t id, uint32_t name, bool answer)
{
	uint8_t bytes[UDP + PAYLOAD_MAX];
	struct sk_out w = sk_out_of(bytes, sizeof bytes);
	sk_put_be16(&w, t.source_port);
	sk_put_be16(&w, t.destination_port);
	sk_put_be32(&w, 0);
	sk_put_be16(&w, id);
	sk_put_be16(&w, answer ? 0x8180 : 0x0100);
	sk_put_be16(&w, 1);
	sk_put_be16(&w, answer);
	sk_put_be32(&w, 0);
	char host[16], zone[16];
	(void)snprintf(host, sizeof host, "h%u", name % 37);
	(void)snprintf(zone, sizeof zone, "zone%u", name);
	const char *const labels[] = {host, zone, "example"};
	for (size_t i = 0; i < SK_COUNT(labels); i++) {
		sk_put_u8(&w, (uint8_t)strlen(labels[i]));
		sk_put_bytes(&w, labels[i], strlen(labels[i]));
	}
	sk_put_u8(&w, 0);
	sk_put_be32(&w, 0x00010001);
	if (answer) {
		sk_put_be16(&w, 0xc00c);
		sk_put_be32(&w, 0x00010001);
		sk_put_be32(&w, 300);
		sk_put_be16(&w, 4);
		sk_put_be32(&w, (uint32_t)mix64(name));
	}
	store16(bytes + 4, (uint16_t)sk_out_length(&w));
	put_packet(o, time_ns, t, 17, bytes, sk_out_length(&w), 6);
}

/* Draws: 43 % one SYN of a scan, 25 % a DNS question and its answer, 32 % a segment of a long flow (PEERS.md 1, small). */
static void make_small(size_t wanted, const char *out)
{
	struct output o = output_open(out);
	uint32_t *sequences = get_memory(LONG_FLOWS * sizeof *sequences);
	while (o.packets < wanted) {
		int64_t time_ns = start_ns + (int64_t)((double)o.packets / (double)wanted * SMALL_SPAN_S * 1e9);
		uint32_t draw = random_below(100);
		if (draw < 43) {
			struct talk t = {.source = 0xcb000000 | (uint32_t)mix64(random_below(SCANNERS)) >> 8, .destination = 0x0a000000 | random_below(1 << 24),
					 .source_port = (uint16_t)(1024 + random_below(64512)), .destination_port = (uint16_t)(1 + random_below(1024))};
			put_tcp(&o, time_ns, t, (uint32_t)random_u64(), 0x02, 0);
		} else if (draw < 68) {
			struct talk ask = {.source = 0x0b000000 | random_below(CLIENTS), .destination = 0xc6000000 | random_below(RESOLVERS),
					   .source_port = (uint16_t)(1024 + random_below(64512)), .destination_port = 53};
			struct talk reply = {.source = ask.destination, .destination = ask.source, .source_port = 53, .destination_port = ask.source_port};
			uint16_t id = (uint16_t)random_u64();
			uint32_t name = random_below(NAMES);
			put_dns(&o, time_ns, ask, id, name, false);
			put_dns(&o, time_ns + 1000, reply, id, name, true);
		} else {
			uint32_t flow = random_below(LONG_FLOWS);
			struct talk t = {.source = 0x0c000000 | flow, .destination = 0xc7000000 | (flow * 7919 & 0xffffff), .source_port = (uint16_t)(10000 + flow),
					 .destination_port = 443};
			size_t payload = random_below(40);
			put_tcp(&o, time_ns, t, sequences[flow] + 1, 0x18, payload);
			sequences[flow] += (uint32_t)payload;
		}
	}
	output_close(&o);
	(void)printf("}\n");
	free(sequences);
}

/* ---- flows ---- */

enum { FLOWS_SPAN_S = 20, HOSTS_BITS = 20 };

/* The smallest number from about 0.618 n on that has no divisor in common with n: steps of it visit every flow once a round, neighbours far apart. */
static size_t stride_of(size_t n)
{
	for (size_t stride = (size_t)((double)n * 0.618) + 1;; stride++) {
		size_t a = n, b = stride;
		while (b != 0) {
			size_t rest = a % b;
			a = b;
			b = rest;
		}
		if (a == 1)
			return stride;
	}
}

static void make_flows(size_t wanted, size_t flows, const char *out)
{
	struct output o = output_open(out);
	size_t stride = stride_of(flows), flow = 0;
	uint32_t round = 0;
	while (o.packets < wanted) {
		int64_t time_ns = start_ns + (int64_t)((double)o.packets / (double)wanted * FLOWS_SPAN_S * 1e9);
		uint32_t host = (uint32_t)flow & ((1 << HOSTS_BITS) - 1);
		struct talk t = {.source = 0x0c000000 | host, .destination = 0xc7000000 | (host * 7919 & 0xffffff), .source_port = (uint16_t)(10000 + (flow >> HOSTS_BITS)),
				 .destination_port = 8443};
		put_tcp(&o, time_ns, t, 1 + round * 20, 0x18, 20);
		flow = (flow + stride) % flows;
		round += flow == 0;
	}
	output_close(&o);
	(void)printf(", \"flows\": %zu}\n", wanted < flows ? wanted : flows);
}

/* ---- made against detectors ---- */

enum { HOSTILE_SPAN_S = 60, PROBES = 60 };
static const struct talk prober = {.source = 0x0b0b0b0b, .source_port = 40000, .destination_port = 23};

/* An ordinary scanner among all of it: one probe a second, each to another address. It must not be lost in the crowd. */
static void put_probe(struct output *o, size_t i, size_t wanted, int64_t time_ns)
{
	size_t each = wanted / PROBES;
	if (each == 0 || i % each != 0)
		return;
	struct talk t = prober;
	t.destination = 0xc6330000 + (uint32_t)(i / each);
	put_tcp(o, time_ns, t, (uint32_t)i, 0x02, 0);
}

static void put_question(struct output *o, int64_t time_ns, struct talk t, uint32_t number)
{
	char first[24];
	(void)snprintf(first, sizeof first, "x%08x%08x", (uint32_t)mix64(number), number);
	const char *const labels[] = {first, "t", "example"};
	uint8_t bytes[UDP + PAYLOAD_MAX];
	struct sk_out w = sk_out_of(bytes, sizeof bytes);
	sk_put_be16(&w, t.source_port);
	sk_put_be16(&w, t.destination_port);
	sk_put_be32(&w, 0);
	sk_put_be32(&w, number << 16 | 0x0100);
	sk_put_be32(&w, 0x00010000);
	sk_put_be32(&w, 0);
	for (size_t i = 0; i < SK_COUNT(labels); i++) {
		sk_put_u8(&w, (uint8_t)strlen(labels[i]));
		sk_put_bytes(&w, labels[i], strlen(labels[i]));
	}
	sk_put_u8(&w, 0);
	sk_put_be32(&w, 0x00100001);
	store16(bytes + 4, (uint16_t)sk_out_length(&w));
	put_packet(o, time_ns, t, 17, bytes, sk_out_length(&w), 6);
}

/* scan: one source tries as many pairs of address and port. spoofed: as many sources, all invented, open connections to one port. subdomains: as many names under one
   domain are asked for, by a thousand clients. strides: talks whose addresses and ports differ in few bits, at the places that a weak hash would drop. */
static void make_hostile(const char *shape, size_t wanted, const char *out)
{
	struct output o = output_open(out);
	for (size_t i = 0; i < wanted; i++) {
		int64_t time_ns = start_ns + (int64_t)((double)i / (double)wanted * HOSTILE_SPAN_S * 1e9);
		uint32_t n = (uint32_t)i;
		put_probe(&o, i, wanted, time_ns);
		if (strcmp(shape, "scan") == 0)
			put_tcp(&o, time_ns, (struct talk){.source = 0x0c010203, .destination = 0xc7000000 | n >> 4, .source_port = 50000, .destination_port = (uint16_t)(20 + n % 16)}, n, 0x02, 0);
		else if (strcmp(shape, "spoofed") == 0)
			put_tcp(&o, time_ns, (struct talk){.source = (uint32_t)mix64(n), .destination = 0xc7010203, .source_port = (uint16_t)(1024 + n % 60000), .destination_port = 443}, n, 0x02, 0);
		else if (strcmp(shape, "subdomains") == 0)
			put_question(&o, time_ns, (struct talk){.source = 0x0c000000 | n % 1000, .destination = 0xc6000001, .source_port = (uint16_t)(1024 + n % 60000), .destination_port = 53}, n);
		else
			put_tcp(&o, time_ns, (struct talk){.source = 0x0c000000 | n << 16, .destination = 0xc7000000 | (n >> 8) << 16, .source_port = 1024, .destination_port = 4096}, n, 0x02, 0);
	}
	output_close(&o);
	(void)printf("}\n");
}

static bool is_hostile(const char *shape)
{
	static const char *const shapes[] = {"scan", "spoofed", "subdomains", "strides"};
	for (size_t i = 0; i < SK_COUNT(shapes); i++)
		if (strcmp(shape, shapes[i]) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	size_t wanted = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
	if (wanted > 0 && argc > 4 && strcmp(argv[1], "mix") == 0)
		make_mix(wanted, argv[3], argv + 4, argc - 4);
	else if (wanted > 0 && argc == 4 && strcmp(argv[1], "small") == 0)
		make_small(wanted, argv[3]);
	else if (wanted > 0 && argc == 5 && strcmp(argv[1], "flows") == 0 && strtoull(argv[3], NULL, 10) > 0)
		make_flows(wanted, strtoull(argv[3], NULL, 10), argv[4]);
	else if (wanted > 0 && argc == 4 && is_hostile(argv[1]))
		make_hostile(argv[1], wanted, argv[3]);
	else
		die("usage: corpus mix PACKETS OUT CAPTURE... | corpus small|scan|spoofed|subdomains|strides PACKETS OUT | corpus flows PACKETS FLOWS OUT", "corpus");
	return 0;
}
