/* SPDX-License-Identifier: Apache-2.0 */
/* Long header (RFC 9000 17.2):  1 fixed type (2) xxxx (4), version (4), destination connection ID <1>, source connection ID <1>, then
   Initial:             token <i>, length (i), packet number (1 to 4), sealed frames
   0-RTT, Handshake:    length (i), sealed
   Retry:               token, tag (16)                     Version Negotiation (version 0): version (4) …
   (i) = a number of 1, 2, 4 or 8 bytes, <i> = a vector behind one, <1> = behind a byte.
   The low bits of the first byte and the packet number are masked (RFC 9001 5.4); the length lets several packets share a datagram. */
#include "decode/quic_priv.h"

#include <stdlib.h>

enum {
	LONG_FORM = 0x80, TYPE_SHIFT = 4, TYPE_BITS = 3, TYPE_INITIAL = 0, TYPE_RETRY = 3,
	MASKED_BITS = 0x0f, RESERVED_BITS = 0x0c, NUMBER_LENGTH_BITS = 3,
	FIRST_ID_MIN = 8, /* RFC 9000 7.2: the client's first Destination Connection ID */
	PACKETS_MAX = 8,  /* of one datagram */
	TRUST_MAX = 1024, TRUST_EARNED = 16, TRUST_SAMPLE = 16,
	GOOGLE_VERSION = 0x01, GOOGLE_ID = 0x08, GOOGLE_FLAGS = 0xcb, GOOGLE_ID_BYTES = 8,
	FRAME_PADDING = 0, FRAME_PING = 1, FRAME_ACK = 2, FRAME_ACK_ECN = 3, FRAME_CRYPTO = 6, FRAME_CRYPTO_GOOGLE = 8
};

struct sk_quic {
	struct sk_quic_crypto *crypto;
	uint32_t trust;                        /* first packets that may be none before only samples are tried */
	uint32_t passed_over;                  /* since the last sample */
	uint64_t shed;
	size_t used;
	uint8_t plain[SK_QUIC_PLAIN_MAX];
};

struct packet {
	const struct sk_quic_version *version; /* NULL: Version Negotiation */
	uint32_t version_number;
	uint8_t type;                          /* as version 1 numbers them */
	struct sk_cur destination, source;     /* connection IDs */
	struct sk_cur header;                  /* from the first byte to the packet number */
	struct sk_cur sealed;                  /* packet number and frames; Retry: token and tag */
};

enum sk_err sk_quic_new(struct sk_quic **out)
{
	struct sk_quic *quic = calloc(1, sizeof *quic);
	if (quic == NULL)
		return SK_ENOMEM;
	quic->trust = TRUST_MAX;
	enum sk_err err = sk_quic_crypto_new(&quic->crypto);
	if (err != SK_OK) {
		free(quic);
		return err;
	}
	*out = quic;
	return SK_OK;
}

void sk_quic_free(struct sk_quic *quic)
{
	if (quic == NULL)
		return;
	sk_quic_wipe(quic);
	sk_quic_crypto_free(quic->crypto);
	free(quic);
}

void sk_quic_wipe(struct sk_quic *quic)
{
	sk_wipe(quic->plain, quic->used);
	quic->used = 0;
}

uint64_t sk_quic_shed(const struct sk_quic *quic)
{
	return quic->shed;
}

size_t sk_quic_residue(const struct sk_quic *quic)
{
	return sk_count_nonzero(quic->plain, sizeof quic->plain);
}

/* ---- packets ---- */

/* RFC 9000 16: the two high bits say how long it is. */
static uint64_t number(struct sk_cur *c)
{
	switch (sk_peek_u8(c, 0) >> 6) {
	case 0:
		return sk_u8(c);
	case 1:
		return sk_be16(c) & 0x3fffu;
	case 2:
		return sk_be32(c) & 0x3fffffffu;
	default:
		return sk_be64(c) & UINT64_C(0x3fffffffffffffff);
	}
}

static struct sk_cur connection_id(struct sk_cur *c)
{
	uint8_t length = sk_u8(c);
	if (length > SK_QUIC_CONNECTION_ID_MAX)
		sk_kill(c);
	return sk_carve(c, length);
}

/* The next packet of a datagram. False: none, or one that says nothing here. */
static bool next_packet(struct sk_cur *c, struct packet *out)
{
	struct sk_cur start = *c;
	uint8_t first = sk_u8(c);
	out->version_number = sk_be32(c);
	out->version = sk_quic_version_of(out->version_number);
	if ((first & LONG_FORM) == 0 || (out->version == NULL && out->version_number != 0))
		return false;
	out->destination = connection_id(c);
	out->source = connection_id(c);
	if (out->version == NULL)
		return sk_alive(c) == SK_OK;
	/* RFC 9369 3.2: Retry, Initial, 0-RTT, Handshake */
	out->type = (uint8_t)((first >> TYPE_SHIFT) + (out->version->types_turned ? TYPE_BITS : 0)) & TYPE_BITS;
	if (out->type == TYPE_RETRY) {
		out->header = sk_carve(&start, sk_offset(c) - sk_offset(&start));
		out->sealed = sk_rest(c);
		return sk_alive(c) == SK_OK;
	}
	if (out->type == TYPE_INITIAL)
		sk_skip(c, number(c)); /* token */
	uint64_t length = number(c);
	out->header = sk_carve(&start, sk_offset(c) - sk_offset(&start));
	out->sealed = sk_carve(c, length);
	return sk_alive(c) == SK_OK;
}

/* Unmask and open an Initial packet into the reader's memory; *frames is what it holds. */
static bool open_initial(struct sk_quic *quic, const struct packet *packet, const struct sk_quic_secret *secret, struct sk_cur *frames)
{
	struct sk_cur header = packet->header, sealed = packet->sealed, sample = sealed;
	if (sk_left(&sealed) < SK_QUIC_NUMBER_BYTES_MAX + SK_QUIC_SAMPLE_BYTES || sk_left(&sealed) > sizeof quic->plain - quic->used)
		return false;
	uint8_t key[SK_QUIC_KEY_BYTES], nonce[SK_QUIC_NONCE_BYTES], mask[SK_QUIC_MASK_BYTES], number_bytes[SK_QUIC_NUMBER_BYTES_MAX];
	sk_quic_header_key(secret, key);
	sk_skip(&sample, SK_QUIC_NUMBER_BYTES_MAX);
	if (!sk_quic_header_mask(quic->crypto, key, sample, mask))
		return false;
	uint8_t first = sk_u8(&header) ^ (mask[0] & MASKED_BITS);
	/* RFC 9000 17.2: these are zero in every packet that is one. Three of four that are not are known here, before the costly part. */
	if ((first & RESERVED_BITS) != 0)
		return false;
	sk_quic_packet_key(secret, key, nonce);
	size_t number_length = (first & NUMBER_LENGTH_BITS) + 1u;
	/* Initial packets are few: their numbers are not cut, so what is sent is the number (RFC 9000 17.1). */
	for (size_t i = 0; i < number_length; i++) {
		number_bytes[i] = sk_u8(&sealed) ^ mask[1 + i];
		nonce[sizeof nonce - number_length + i] ^= number_bytes[i];
	}
	size_t length = sk_left(&sealed) - SK_QUIC_TAG_BYTES;
	struct sk_quic_sealed aead = {.key = key, .nonce = nonce};
	aead.associated[0] = sk_cur_of(&first, 1);
	aead.associated[1] = header;
	aead.associated[2] = sk_cur_of(number_bytes, number_length);
	aead.text = sk_carve(&sealed, length);
	aead.tag = sealed;
	uint8_t *plain = quic->plain + quic->used;
	if (!sk_quic_open(quic->crypto, &aead, plain)) {
		sk_wipe(plain, length);
		return false;
	}
	quic->used += length;
	*frames = sk_cur_of(plain, length);
	return true;
}

/* ---- frames ---- */

static void skip_padding(struct sk_cur *c)
{
	for (struct sk_cur ahead = *c; sk_left(&ahead) >= 8 && sk_be64(&ahead) == 0;)
		*c = ahead;
	while (sk_more(c) && sk_peek_u8(c, 0) == FRAME_PADDING)
		sk_skip(c, 1);
}

static void skip_ack(struct sk_cur *c, bool ecn)
{
	(void)number(c); /* largest */
	(void)number(c); /* delay */
	uint64_t ranges = number(c);
	(void)number(c); /* first range */
	for (uint64_t numbers = ranges * 2 + (ecn ? 3 : 0); numbers > 0 && sk_alive(c) == SK_OK; numbers--)
		(void)number(c);
}

/* Clients send the pieces of a hello in any order on purpose; sorted, they need fewer gaps when they are put together. */
static void add_piece(struct sk_quic_datagram *out, uint64_t offset, struct sk_cur bytes)
{
	if (!sk_more(&bytes))
		return;
	if (offset > SK_QUIC_CRYPTO_MAX || sk_left(&bytes) > SK_QUIC_CRYPTO_MAX - offset || out->piece_count == SK_QUIC_PIECES_MAX) {
		out->pieces_left_out++;
		return;
	}
	unsigned at = out->piece_count++;
	for (; at > 0 && out->pieces[at - 1].offset > offset; at--)
		out->pieces[at] = out->pieces[at - 1];
	out->pieces[at] = (struct sk_quic_piece){.offset = (uint32_t)offset, .bytes = bytes};
}

static void read_crypto(struct sk_cur *c, struct sk_quic_datagram *out)
{
	uint64_t offset = number(c);
	struct sk_cur bytes = sk_carve(c, number(c));
	if (sk_alive(c) == SK_OK)
		add_piece(out, offset, bytes);
}

/* RFC 9000 12.4: which frames an Initial may hold. CONNECTION_CLOSE is the last, and any other ends the reading. */
static void read_frames(struct sk_cur c, struct sk_quic_datagram *out)
{
	while (sk_more(&c)) {
		uint8_t type = sk_u8(&c);
		switch (type) {
		case FRAME_PADDING:
			skip_padding(&c);
			break;
		case FRAME_PING:
			break;
		case FRAME_ACK:
		case FRAME_ACK_ECN:
			skip_ack(&c, type == FRAME_ACK_ECN);
			break;
		case FRAME_CRYPTO:
			read_crypto(&c, out);
			break;
		default:
			return;
		}
	}
}

/* A client's hello is all that is looked for in these versions, which are gone but for old captures. */
static void read_google_frames(struct sk_cur c, struct sk_quic_datagram *out)
{
	while (sk_more(&c)) {
		uint8_t type = sk_u8(&c);
		if (type == FRAME_PADDING)
			skip_padding(&c);
		else if (type == FRAME_CRYPTO_GOOGLE)
			read_crypto(&c, out);
		else
			return;
	}
}

/* ---- datagrams ---- */

static bool same_id(const struct sk_quic_flow *flow, struct sk_cur id)
{
	return sk_left(&id) == flow->key_id_length && memcmp(sk_take(&id, flow->key_id_length), flow->key_id, flow->key_id_length) == 0;
}

static void remember_id(struct sk_quic_flow *flow, struct sk_cur id)
{
	*flow = (struct sk_quic_flow){.version = flow->version, .client_direction = flow->client_direction, .key_id_length = (uint8_t)sk_left(&id)};
	sk_copy(&id, flow->key_id, flow->key_id_length);
}

static bool open_with(struct sk_quic *quic, const struct sk_quic_flow *flow, unsigned direction, const struct packet *packet, struct sk_cur *frames)
{
	struct sk_quic_secret secret;
	sk_quic_secret_of(quic->crypto, packet->version, sk_cur_of(flow->key_id, flow->key_id_length), direction == flow->client_direction, &secret);
	return open_initial(quic, packet, &secret, frames);
}

/* Is a first packet worth its keys? */
static bool worth_trying(struct sk_quic *quic)
{
	if (quic->trust > 0 || ++quic->passed_over >= TRUST_SAMPLE) {
		quic->passed_over = 0;
		return true;
	}
	quic->shed++;
	return false;
}

static void learn(struct sk_quic *quic, bool right)
{
	if (right)
		quic->trust = quic->trust < TRUST_MAX - TRUST_EARNED ? quic->trust + TRUST_EARNED : TRUST_MAX;
	else if (quic->trust > 0)
		quic->trust--;
}

/* An Initial packet: with the keys of the flow, else as the first of a new connection in it. */
static bool read_initial(struct sk_quic *quic, struct sk_quic_flow *flow, unsigned direction, const struct packet *packet, size_t datagram_bytes,
			 struct sk_quic_datagram *out)
{
	struct sk_cur frames;
	bool known = flow->version != 0;
	if (!known || !open_with(quic, flow, direction, packet, &frames)) {
		struct sk_quic_flow fresh = {.client_direction = (uint8_t)direction};
		if (datagram_bytes < SK_QUIC_FIRST_DATAGRAM_MIN || sk_left(&packet->destination) < FIRST_ID_MIN ||
		    (known && same_id(flow, packet->destination)) || !worth_trying(quic))
			return false;
		remember_id(&fresh, packet->destination);
		bool right = open_with(quic, &fresh, direction, packet, &frames);
		learn(quic, right);
		if (!right)
			return false;
		if (known) {
			out->restarted = true;
			out->piece_count = 0;
		}
		*flow = fresh;
	}
	flow->version = packet->version_number;
	if (packet->version->google_frames)
		read_google_frames(frames, out);
	else
		read_frames(frames, out);
	return true;
}

/* RFC 9001 5.8: the tag covers the connection ID that the client sent to, and so only the server can have made it. */
static bool read_retry(struct sk_quic *quic, struct sk_quic_flow *flow, const struct packet *packet)
{
	struct sk_cur token = packet->sealed;
	if (!packet->version->has_retry || sk_left(&token) <= SK_QUIC_TAG_BYTES)
		return false;
	uint8_t original[1 + SK_QUIC_CONNECTION_ID_MAX];
	struct sk_out o = sk_out_of(original, sizeof original);
	sk_put_u8(&o, flow->key_id_length);
	sk_put_bytes(&o, flow->key_id, flow->key_id_length);
	struct sk_quic_sealed aead = {.key = packet->version->retry_key, .nonce = packet->version->retry_nonce, .text = sk_cur_of(NULL, 0)};
	aead.associated[0] = sk_cur_of(original, sk_out_length(&o));
	aead.associated[1] = packet->header;
	aead.associated[2] = sk_carve(&token, sk_left(&token) - SK_QUIC_TAG_BYTES);
	aead.tag = token;
	if (!sk_quic_open(quic->crypto, &aead, quic->plain))
		return false;
	remember_id(flow, packet->source);
	return true;
}

bool sk_quic_maybe(struct sk_cur datagram)
{
	uint8_t first = sk_u8(&datagram);
	uint32_t version = sk_be32(&datagram);
	return sk_alive(&datagram) == SK_OK && (first & LONG_FORM) != 0 && (version == 0 || sk_quic_version_of(version) != NULL);
}

/* "Q046" and the like. */
static bool is_google_version(struct sk_cur c)
{
	uint32_t version = sk_be32(&c);
	uint8_t tens = version >> 8 & 0xff, ones = version & 0xff;
	return version >> 16 == ('Q' << 8 | '0') && tens >= '0' && tens <= '9' && ones >= '0' && ones <= '9';
}

bool sk_quic_by_form(struct sk_cur datagram)
{
	uint8_t first = sk_u8(&datagram);
	if ((first & LONG_FORM) == 0) {
		/* Google's versions to 43: flags (here: a version, a connection ID of 8 bytes, neither reset nor multipath), ID, version. */
		sk_skip(&datagram, GOOGLE_ID_BYTES);
		return (first & GOOGLE_FLAGS) == (GOOGLE_VERSION | GOOGLE_ID) && is_google_version(datagram);
	}
	if (is_google_version(datagram))
		return true;
	/* A Version Negotiation that offers one that we know. */
	if (sk_be32(&datagram) != 0)
		return false;
	(void)connection_id(&datagram);
	(void)connection_id(&datagram);
	bool known = false, whole = sk_more(&datagram) && sk_left(&datagram) % 4 == 0;
	while (whole && sk_more(&datagram))
		known |= sk_quic_version_of(sk_be32(&datagram)) != NULL;
	return known;
}

enum sk_err sk_quic_read(struct sk_quic *quic, struct sk_quic_flow *flow, unsigned direction, struct sk_cur datagram, struct sk_quic_datagram *out)
{
	sk_quic_wipe(quic);
	out->version = 0;
	out->from_client = out->retry = out->negotiation = out->restarted = false;
	out->pieces_left_out = out->piece_count = 0;
	size_t datagram_bytes = sk_left(&datagram);
	bool opened = false;
	struct packet packet;
	for (unsigned i = 0; i < PACKETS_MAX && next_packet(&datagram, &packet); i++) {
		bool from_server = flow->version != 0 && direction != flow->client_direction;
		if (packet.version == NULL) {
			/* RFC 9000 17.2.1: it returns the ID that the client sent to. */
			out->negotiation = from_server && i == 0 && same_id(flow, packet.source);
			break;
		}
		if (packet.type == TYPE_RETRY) {
			out->retry = from_server && read_retry(quic, flow, &packet);
			break;
		}
		if (packet.type != TYPE_INITIAL)
			continue;
		if (!read_initial(quic, flow, direction, &packet, datagram_bytes, out))
			break;
		opened = true;
	}
	if (!opened && !out->retry && !out->negotiation)
		return SK_EUNSUPPORTED;
	out->version = flow->version;
	out->from_client = direction == flow->client_direction;
	return SK_OK;
}
