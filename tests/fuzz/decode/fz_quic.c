/* SPDX-License-Identifier: Apache-2.0 */
/* QUIC. A fuzzer cannot make a tag that is right, so the input comes in two ways: as a datagram as it is, and, when its first byte says so, as the
   frames of Initial packets that are sealed here. First byte: bit 0 = seal, bit 1 = from the server (the client's hello goes first), bits 2 to 4 = the version.
   Pieces never overlap the limits, are sorted, and nothing plain is left after a wipe. */
#include "decode/tls.h"
#include "decode/tls_server.h"
#include "../../unit/decode/quic_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { ROOM = 4096, FRAMES_MAX = 2000 };

/* A reader that saw a thousand forged packets only samples: what it sheds proves nothing. */
static bool shed_since(const struct sk_quic *quic, uint64_t before)
{
	return sk_quic_shed(quic) != before;
}

static const uint32_t versions[] = {1, 0x6b3343cf, 0xff00001d, 0xff000022, 0xff00001b, 0xff000016, 0xfaceb002, 0x54303531};
static const uint8_t client_id[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static void check(struct sk_quic *quic, struct sk_quic_flow *flow, unsigned direction, struct sk_cur datagram)
{
	static struct sk_quic_datagram out;
	static struct sk_client_hello client;
	static struct sk_server_hello server;
	struct sk_quic_flow before = *flow;
	size_t length = sk_left(&datagram);
	bool maybe = sk_quic_maybe(datagram);
	SK_INVARIANT(!sk_quic_by_form(datagram) || length >= 5);
	enum sk_err err = sk_quic_read(quic, flow, direction, datagram, &out);
	SK_INVARIANT(err == SK_OK || err == SK_EUNSUPPORTED);
	SK_INVARIANT(err != SK_OK || maybe);
	if (err != SK_OK)
		SK_INVARIANT(memcmp(&before, flow, sizeof before) == 0 && out.piece_count == 0);
	SK_INVARIANT(out.piece_count <= SK_QUIC_PIECES_MAX && flow->key_id_length <= SK_QUIC_CONNECTION_ID_MAX);
	size_t total = 0;
	for (unsigned i = 0; i < out.piece_count; i++) {
		size_t n = sk_left(&out.pieces[i].bytes);
		total += n;
		SK_INVARIANT(n != 0 && out.pieces[i].offset + n <= SK_QUIC_CRYPTO_MAX && (i == 0 || out.pieces[i].offset >= out.pieces[i - 1].offset));
		enum sk_err ignored = sk_tls_client_hello_message(out.pieces[i].bytes, true, NULL, &client);
		ignored = sk_tls_server_hello_message(out.pieces[i].bytes, true, NULL, &server);
		(void)ignored;
	}
	SK_INVARIANT(total <= length);
	sk_quic_wipe(quic);
	SK_INVARIANT(sk_quic_residue(quic) == 0);
}

static void check_sealed(struct sk_quic *quic, struct sk_quic_flow *flow, uint32_t version, bool server, struct sk_cur input)
{
	static uint8_t frames[FRAMES_MAX + 1200], datagram[ROOM];
	struct quic_recipe r = {.version = version, .from_client = true, .key_id = sk_cur_of(client_id, 8), .destination = sk_cur_of(client_id, 8),
				.source = sk_cur_of("source", 6), .number_length = 1};
	uint64_t shed = sk_quic_shed(quic);
	memset(frames, 0, sizeof frames);
	if (server) {
		size_t first = quic_initial(datagram, sizeof datagram, &r, sk_cur_of(frames, 1200));
		check(quic, flow, 0, sk_cur_of(datagram, first));
		SK_INVARIANT(flow->version == version || shed_since(quic, shed));
		r.from_client = false;
		r.destination = sk_cur_of("", 0);
	}
	size_t length = sk_left(&input) < FRAMES_MAX ? sk_left(&input) : FRAMES_MAX;
	sk_copy(&input, frames, length);
	size_t sealed = quic_initial(datagram, sizeof datagram, &r, sk_cur_of(frames, length < 1180 ? 1180 : length));
	check(quic, flow, server ? 1 : 0, sk_cur_of(datagram, sealed));
	SK_INVARIANT(flow->version == version || shed_since(quic, shed)); /* it was opened, whatever the frames are */
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct sk_quic *quic;
	if (quic == NULL)
		SK_INVARIANT(sk_quic_new(&quic) == SK_OK);
	struct sk_cur c = sk_cur_of(bytes, length);
	uint8_t how = sk_u8(&c);
	struct sk_quic_flow flow = {0};
	if (how & 1) {
		check_sealed(quic, &flow, versions[how >> 2 & 7], how & 2, c);
		return 0;
	}
	check(quic, &flow, 0, c);
	flow = (struct sk_quic_flow){.version = versions[how >> 2 & 7], .client_direction = how >> 1 & 1, .key_id_length = 8};
	memcpy(flow.key_id, client_id, sizeof client_id);
	check(quic, &flow, 0, c);
	return 0;
}
