/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse/probe.h"

#include <stdlib.h>

#include "decode/decode.h"
#include "seal/siphash.h"

#define SECOND_NS INT64_C(1000000000)

enum {
	BLIND_NS = 2000000000,          /* a second without frames that lasted longer than this: nobody looked */
	ANSWER_NS = 2147483647,         /* an answer that comes later than some 2 s belongs to a question that was asked again */
	PROTO_TCP = 6,
	IP4_BYTES = 20, IP4_TTL = 8, IP4_PROTO = 9, IP4_SOURCE = 12,
	IP6_BYTES = 40, IP6_PROTO = 6, IP6_LIMIT = 7, IP6_SOURCE = 8,
	TCP_BYTES = 14, TCP_FLAGS = 13, PORTS_BYTES = 4,
	NETWORK4_BYTES = 3, NETWORK6_BYTES = 6 /* a network is a /24, or a /48 */
};

/* A question (SYN) that waits for its answer. */
struct handshake {
	uint64_t tag;                   /* keyed hash of addresses and ports; 0: free */
	int64_t asked_ns;
	bool repeated;
};

struct sk_pulse_probe {
	uint64_t key[2];
	int64_t began_ns;               /* of this second */
	bool started;
	uint32_t seen;                  /* packets whose header was looked at */
	const struct sk_border *border; /* NULL: it names no country, or is not known */
	uint32_t every, left;           /* one in so many tells its country; until the next one */
	struct sk_pulse_beat beat;
	struct handshake handshakes[SK_PROBE_HANDSHAKES];
};

/* What is read of a packet: fixed fields of its IP and TCP headers. */
struct header {
	struct sk_view view;
	uint8_t proto, ttl, flags;
	uint8_t source, address_bytes, network_bytes; /* where addresses begin, how long one is, and its network */
	uint8_t ports;                  /* where they begin */
};

enum sk_err sk_pulse_probe_new(const uint8_t key[SK_SIP_KEY_BYTES], struct sk_pulse_probe **out)
{
	struct sk_pulse_probe *probe = malloc(sizeof *probe);
	if (probe == NULL)
		return SK_ENOMEM;
	memset(probe, 0, sizeof *probe);
	memcpy(probe->key, key, sizeof probe->key);
	probe->every = probe->left = 1;
	*out = probe;
	return SK_OK;
}

void sk_pulse_probe_free(struct sk_pulse_probe *probe)
{
	if (probe == NULL)
		return;
	sk_wipe(probe, sizeof *probe);
	free(probe);
}

void sk_pulse_probe_border(struct sk_pulse_probe *probe, const struct sk_border *border)
{
	struct sk_border_info info = {.source_count = 0};
	if (border != NULL)
		sk_border_info(border, &info);
	probe->border = info.country_ranges[0] + info.country_ranges[1] != 0 ? border : NULL;
	probe->beat.named = probe->border != NULL;
}

/* ---- headers ---- */

/* The gate calls a packet plain when these headers are whole and without options, so every offset is fixed. */
static bool read_header(const struct sk_admitted *admitted, struct header *out)
{
	uint32_t wire_bytes;
	struct sk_cur packet = sk_admitted_bytes(admitted, &wire_bytes);
	bool four = sk_admitted_info(admitted)->plain == 4;
	unsigned ip = four ? IP4_BYTES : IP6_BYTES;
	out->view = sk_view_of(&packet, ip + TCP_BYTES);
	if (!sk_view_is(out->view))
		return false;
	out->proto = sk_view_u8(out->view, four ? IP4_PROTO : IP6_PROTO);
	out->ttl = sk_view_u8(out->view, four ? IP4_TTL : IP6_LIMIT);
	out->flags = out->proto == PROTO_TCP ? sk_view_u8(out->view, ip + TCP_FLAGS) : 0;
	out->source = four ? IP4_SOURCE : IP6_SOURCE;
	out->address_bytes = four ? 4 : 16;
	out->network_bytes = four ? NETWORK4_BYTES : NETWORK6_BYTES;
	out->ports = (uint8_t)ip;
	return true;
}

static uint64_t hash(const struct sk_pulse_probe *probe, const uint8_t *bytes, size_t length)
{
	return sk_siphash13((const uint8_t *)probe->key, bytes, length);
}

/* The cell of the sender's network. That several share one is wanted: a cell is nobody's. rule: PULSE-1 */
static uint16_t cell_of(const struct sk_pulse_probe *probe, const struct header *header)
{
	uint8_t network[1 + NETWORK6_BYTES] = {header->address_bytes};
	memcpy(network + 1, sk_view_at(header->view, header->source), header->network_bytes);
	return (uint16_t)(hash(probe, network, 1u + header->network_bytes) % SK_PULSE_CELLS);
}

/* The same number for both directions of a connection: who asks stands first. */
static uint64_t tag_of(const struct sk_pulse_probe *probe, const struct header *header, bool from_server)
{
	uint8_t pair[2 * 16 + PORTS_BYTES] = {0};
	size_t n = header->address_bytes;
	const uint8_t *source = sk_view_at(header->view, header->source), *ports = sk_view_at(header->view, header->ports);
	memcpy(pair + (from_server ? n : 0), source, n);
	memcpy(pair + (from_server ? 0 : n), source + n, n);
	memcpy(pair + 2 * n + (from_server ? 2 : 0), ports, 2);
	memcpy(pair + 2 * n + (from_server ? 0 : 2), ports + 2, 2);
	uint64_t tag = hash(probe, pair, 2 * n + PORTS_BYTES);
	return tag != 0 ? tag : 1;
}

/* Senders begin with 32, 64, 128 or 255 (RFC 1122 asks for a default, systems chose these); what is missing was taken by routers on the way. */
static uint8_t hops_of(uint8_t ttl)
{
	unsigned from = ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
	return (uint8_t)(from - ttl);
}

/* ---- samples ---- */

static void put_sample(struct sk_pulse_probe *probe, const struct sk_pulse_sample *sample)
{
	if (probe->beat.sample_count < SK_PULSE_SAMPLES_MAX)
		probe->beat.samples[probe->beat.sample_count++] = *sample;
}

static void ask(struct sk_pulse_probe *probe, const struct header *header, int64_t time_ns)
{
	uint64_t tag = tag_of(probe, header, false);
	struct handshake *place = &probe->handshakes[tag % SK_PROBE_HANDSHAKES];
	if (place->tag == tag)
		place->repeated = true;
	else
		*place = (struct handshake){.tag = tag, .asked_ns = time_ns};
}

/* Only what was answered counts: a scan of closed doors is no sick link. Of a question that was asked twice nobody knows which one is answered (Karn's rule). */
static void answer(struct sk_pulse_probe *probe, const struct header *header, int64_t time_ns, struct sk_pulse_sample *sample)
{
	uint64_t tag = tag_of(probe, header, true);
	struct handshake *place = &probe->handshakes[tag % SK_PROBE_HANDSHAKES];
	if (place->tag != tag)
		return;
	int64_t took_ns = time_ns - place->asked_ns;
	sample->bits |= SK_PULSE_ANSWERED;
	if (place->repeated)
		sample->bits |= SK_PULSE_REPEATED;
	else if (took_ns > 0 && took_ns < ANSWER_NS)
		sample->latency_us = (uint32_t)(took_ns / 1000);
	*place = (struct handshake){.tag = 0};
}

/* Where the end abroad is. Beyond us both are; then that of who sends. The mark of a host is no name either: many share it, and it goes with its window. rule: PULSE-1 */
static void put_end(struct sk_pulse_probe *probe, const struct header *header, enum sk_class class_)
{
	const bool leaves = class_ == SK_CLASS_DF;
	uint8_t host[1 + 16] = {(uint8_t)(header->address_bytes | 1)};
	const uint8_t *address = sk_view_at(header->view, header->source + (leaves ? header->address_bytes : 0u));
	probe->left = probe->every;
	if (probe->beat.end_count == SK_PULSE_ENDS_MAX)
		return;
	memcpy(host + 1, address, header->address_bytes);
	probe->beat.ends[probe->beat.end_count++] =
		(struct sk_pulse_end){.country = sk_border_country(probe->border, address, header->address_bytes == 4 ? 4 : 6),
				      .host = (uint16_t)(hash(probe, host, 1u + header->address_bytes) % SK_PULSE_HOSTS), .leaves = leaves};
}

/* A handshake always tells; of other packets one in SK_PROBE_EVERY. The way is that of the foreign end: what leaves tells nothing of it. */
static void look(struct sk_pulse_probe *probe, const struct sk_admitted *admitted, const struct sk_frame *frame)
{
	const struct sk_admitted_info *info = sk_admitted_info(admitted);
	struct header header;
	if (info->plain == 0 || !read_header(admitted, &header))
		return;
	probe->beat.looked++;
	if (probe->border != NULL && --probe->left == 0)
		put_end(probe, &header, (enum sk_class)info->class_);
	unsigned opening = header.flags & (SK_TCP_SYN | SK_TCP_ACK | SK_TCP_RST | SK_TCP_FIN);
	bool asks = opening == SK_TCP_SYN, answers = opening == (SK_TCP_SYN | SK_TCP_ACK);
	if (asks && info->class_ != SK_CLASS_FD && !frame->no_time)
		ask(probe, &header, frame->time_ns);
	if (info->class_ == SK_CLASS_DF || (!asks && !answers && ++probe->seen % SK_PROBE_EVERY != 0))
		return;
	struct sk_pulse_sample sample = {.cell = cell_of(probe, &header), .hops = hops_of(header.ttl), .bits = SK_PULSE_HOPS};
	if (answers && !frame->no_time)
		answer(probe, &header, frame->time_ns, &sample);
	put_sample(probe, &sample);
}

/* ---- seconds ---- */

static void start(struct sk_pulse_probe *probe, int64_t now_ns)
{
	if (probe->started)
		return;
	probe->started = true;
	probe->began_ns = now_ns;
}

bool sk_pulse_probe_due(const struct sk_pulse_probe *probe, int64_t now_ns)
{
	return !probe->started || now_ns - probe->began_ns >= SECOND_NS || now_ns < probe->began_ns;
}

void sk_pulse_probe_frame(struct sk_pulse_probe *probe, int64_t now_ns, const struct sk_frame *frame, const struct sk_verdict *verdict)
{
	struct sk_pulse_beat *beat = &probe->beat;
	start(probe, now_ns);
	if (beat->frames == 0)
		beat->from_ns = now_ns;
	beat->to_ns = now_ns;
	sk_pulse_probe_count(probe, (enum sk_class)verdict->class_, 1, frame->wire_bytes);
	if (verdict->admitted != NULL)
		look(probe, verdict->admitted, frame);
}

void sk_pulse_probe_count(struct sk_pulse_probe *probe, enum sk_class class_, uint64_t frames, uint64_t bytes)
{
	probe->beat.frames += frames;
	probe->beat.bytes += bytes;
	probe->beat.classes[class_] += frames;
}

const struct sk_pulse_beat *sk_pulse_probe_beat(struct sk_pulse_probe *probe, int64_t now_ns, uint8_t carrier)
{
	struct sk_pulse_beat *beat = &probe->beat;
	start(probe, now_ns);
	/* Frames that were only counted have come at some time in this second. */
	if (beat->from_ns == 0 || beat->frames == 0) {
		beat->from_ns = probe->began_ns;
		beat->to_ns = now_ns;
	}
	beat->blind = beat->frames == 0 && now_ns - probe->began_ns > BLIND_NS;
	beat->carrier = carrier;
	return beat;
}

void sk_pulse_probe_next(struct sk_pulse_probe *probe, int64_t now_ns)
{
	uint32_t every = probe->beat.looked / SK_PROBE_ENDS;
	probe->every = every > 1 ? every : 1;
	probe->left = probe->left < probe->every ? probe->left : probe->every;
	sk_wipe_small(&probe->beat, sizeof probe->beat);
	probe->beat.named = probe->border != NULL;
	probe->started = true;
	probe->began_ns = now_ns;
}

size_t sk_pulse_probe_residue(const struct sk_pulse_probe *probe)
{
	return sk_count_nonzero(probe->handshakes, sizeof probe->handshakes) + sk_count_nonzero(&probe->beat, sizeof probe->beat) - probe->beat.named;
}
