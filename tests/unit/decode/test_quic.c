/* SPDX-License-Identifier: Apache-2.0 */
/* QUIC's Initial packets against the examples of RFC 9001 and RFC 9369 (appendix A of each), and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/tls.h"
#include "decode/tls_server.h"
#include "hello.h"
#include "quic_writer.h"

enum { CLIENT = 0, SERVER = 1, DATAGRAM_MAX = 4096 };

/* ---- RFC 9001 A.1 to A.4, RFC 9369 A.1 to A.4 ---- */

static const char client_id[] = "8394c8f03e515708", server_id[] = "f067a5502a4262b5";
static const char client_frame[] =
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
	"616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
	"baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100"
	"3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";

static const struct vectors {
	uint32_t version;
	const char *keys[2];         /* key, iv, hp of client and server */
	const char *client_start;    /* the sealed packet's first bytes; its tag proves the rest */
	const char *server_packet, *retry;
} vectors[] = {
	{0x00000001,
	 {"1f369613dd76d5467730efcbe3b1a22d" "fa044b2f42a3fd3b46fb255c" "9f50449e04a0e810283a1e9933adedd2",
	  "cf3a5331653c364c88f0f379b6067e37" "0ac1493ca1905853b0bba03e" "c206b8d9b9f0f37644430b490eeaa314"},
	 "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd449f63300099f399",
	 "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
	 "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
	 "2158407dd074ee",
	 "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"},
	{0x6b3343cf,
	 {"8b1a0bc121284290a29e0971b5cd045d" "91f73e2351d8fa91660e909f" "45b95e15235d6f45a6b19cbcb0294ba9",
	  "82db637861d55e1d011f19ea71d5d2a7" "dd13c276499c0249d3310652" "edf6d05c83121201b436e16877593c3a"},
	 "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c96058bdbfb127cdfcbf903388e99ad04",
	 "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17"
	 "f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8"
	 "4bed8521e2e140",
	 "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"},
};

static size_t from_hex(const char *text, uint8_t *out, size_t capacity)
{
	size_t length = strlen(text) / 2;
	assert_true(length <= capacity);
	for (size_t i = 0; i < length; i++) {
		unsigned byte;
		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return length;
}

static struct sk_cur hex(const char *text, uint8_t *room, size_t capacity)
{
	return sk_cur_of(room, from_hex(text, room, capacity));
}

static struct sk_quic *reader(void)
{
	struct sk_quic *quic = NULL;
	assert_int_equal(sk_quic_new(&quic), SK_OK);
	return quic;
}

/* In memory of the exact size, so that a read beyond it is seen. */
static enum sk_err read_exact(struct sk_quic *quic, struct sk_quic_flow *flow, unsigned direction, const uint8_t *bytes, size_t length,
			      struct sk_quic_datagram *out)
{
	uint8_t *exact = malloc(length != 0 ? length : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, length);
	enum sk_err err = sk_quic_read(quic, flow, direction, sk_cur_of(exact, length), out);
	free(exact);
	return err;
}

static size_t client_datagram(const struct vectors *v, uint8_t *datagram, size_t capacity)
{
	uint8_t id[8], frames[1162] = {0};
	(void)from_hex(client_frame, frames, sizeof frames);
	struct quic_recipe r = {.version = v->version, .from_client = true, .number = 2, .number_length = 4};
	r.key_id = r.destination = hex(client_id, id, sizeof id);
	return quic_initial(datagram, capacity, &r, sk_cur_of(frames, sizeof frames));
}

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < SK_COUNT(vectors); i++) {
		uint8_t id[8], wanted[44];
		(void)from_hex(client_id, id, sizeof id);
		for (unsigned side = 0; side < 2; side++) {
			struct quic_keys keys;
			quic_keys_of(vectors[i].version, sk_cur_of(id, sizeof id), side == CLIENT, &keys);
			assert_int_equal(from_hex(vectors[i].keys[side], wanted, sizeof wanted), sizeof keys);
			assert_memory_equal(&keys, wanted, sizeof keys);
		}
	}
}

static void test_rfc_examples(void **state)
{
	(void)state;
	struct sk_quic *quic = reader();
	for (size_t i = 0; i < SK_COUNT(vectors); i++) {
		uint8_t datagram[DATAGRAM_MAX], start[64];
		struct sk_quic_flow flow = {0};
		struct sk_quic_datagram out;
		size_t length = client_datagram(&vectors[i], datagram, sizeof datagram);
		assert_int_equal(length, 1200);
		(void)from_hex(vectors[i].client_start, start, sizeof start);
		assert_memory_equal(datagram, start, sizeof start);
		assert_true(sk_quic_maybe(sk_cur_of(datagram, length)));
		assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_OK);
		assert_true(out.from_client && !out.retry && !out.negotiation && !out.restarted);
		assert_int_equal(out.version, vectors[i].version);
		assert_int_equal(out.piece_count, 1);
		assert_int_equal(out.pieces[0].offset, 0);
		struct sk_client_hello hello;
		assert_int_equal(sk_tls_client_hello_message(out.pieces[0].bytes, true, NULL, &hello), SK_OK);
		assert_string_equal(hello.sni, "example.com");
		assert_memory_equal(hello.ja4, "q13d0211an_", 11);

		uint8_t server[160];
		length = from_hex(vectors[i].server_packet, server, sizeof server);
		assert_int_equal(read_exact(quic, &flow, SERVER, server, length, &out), SK_OK);
		assert_false(out.from_client);
		assert_int_equal(out.piece_count, 1);
		struct sk_server_hello answer;
		assert_int_equal(sk_tls_server_hello_message(out.pieces[0].bytes, true, NULL, &answer), SK_OK);
		assert_int_equal(answer.version, 0x0304);
		assert_int_equal(answer.cipher, 0x1301);
		assert_true(answer.quic && strlen(answer.ja3s) == 32 && !sk_server_hello_has_certificate(&answer));

		sk_quic_wipe(quic);
		assert_int_equal(sk_quic_residue(quic), 0);
	}
	sk_quic_free(quic);
}

/* After a Retry the keys come from the server's ID. A tag that is wrong, or for another connection, changes nothing. */
static void test_retry(void **state)
{
	(void)state;
	struct sk_quic *quic = reader();
	for (size_t i = 0; i < SK_COUNT(vectors); i++) {
		uint8_t datagram[DATAGRAM_MAX], retry[64], id[8], token[5] = "token";
		struct sk_quic_flow flow = {0};
		struct sk_quic_datagram out;
		size_t retry_length = from_hex(vectors[i].retry, retry, sizeof retry);
		assert_int_equal(read_exact(quic, &flow, SERVER, retry, retry_length, &out), SK_EUNSUPPORTED); /* of what? */
		size_t length = client_datagram(&vectors[i], datagram, sizeof datagram);
		assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_OK);
		struct sk_quic_flow before = flow;
		assert_int_equal(read_exact(quic, &flow, CLIENT, retry, retry_length, &out), SK_EUNSUPPORTED); /* from the wrong side */
		for (size_t bit = 0; bit < retry_length * 8; bit++) {
			retry[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			assert_int_equal(read_exact(quic, &flow, SERVER, retry, retry_length, &out), SK_EUNSUPPORTED);
			assert_memory_equal(&flow, &before, sizeof flow);
			retry[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		assert_int_equal(read_exact(quic, &flow, SERVER, retry, retry_length, &out), SK_OK);
		assert_true(out.retry && !out.from_client && out.piece_count == 0);
		assert_int_equal(read_exact(quic, &flow, SERVER, retry, retry_length, &out), SK_EUNSUPPORTED); /* only one */

		struct quic_recipe r = {.version = vectors[i].version, .from_client = true, .number = 3, .number_length = 1, .token = sk_cur_of(token, 5)};
		r.key_id = r.destination = hex(server_id, id, sizeof id);
		uint8_t frames[1162] = {0};
		(void)from_hex(client_frame, frames, sizeof frames);
		length = quic_initial(datagram, sizeof datagram, &r, sk_cur_of(frames, sizeof frames));
		assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_OK);
		assert_int_equal(out.piece_count, 1);
		assert_false(out.restarted);
	}
	/* draft 29's example */
	uint8_t datagram[DATAGRAM_MAX], retry[64];
	struct vectors draft = {.version = 0xff00001d};
	struct sk_quic_flow flow = {0};
	struct sk_quic_datagram out;
	assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, client_datagram(&draft, datagram, sizeof datagram), &out), SK_OK);
	size_t length = from_hex("ffff00001d0008f067a5502a4262b5746f6b656ed16926d81f6f9ca2953a8aa4575e1e49", retry, sizeof retry);
	assert_int_equal(read_exact(quic, &flow, SERVER, retry, length, &out), SK_OK);
	assert_true(out.retry);
	sk_quic_free(quic);
}

/* ---- whatever is changed, a packet does not open: the tag is what makes this safe ---- */

static void test_every_bit_counts(void **state)
{
	(void)state;
	struct sk_quic *quic = reader();
	uint8_t datagram[DATAGRAM_MAX];
	struct sk_quic_datagram out;
	size_t length = client_datagram(&vectors[0], datagram, sizeof datagram);
	for (size_t bit = 0; bit < length * 8; bit++) {
		struct sk_quic_flow flow = {0};
		static const struct sk_quic_flow zero;
		datagram[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_EUNSUPPORTED);
		assert_memory_equal(&flow, &zero, sizeof flow);
		assert_int_equal(out.piece_count, 0);
		if (bit % 97 == 0)
			assert_int_equal(sk_quic_residue(quic), 0); /* what failed is overwritten at once */
		datagram[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	sk_quic_free(quic);
}

/* The sabotage twin: the same packet with a byte of its text changed and the tag made right again is taken, so it is the tag that refuses above. */
static void test_tag_is_what_refuses(void **state)
{
	(void)state;
	struct sk_quic *quic = reader();
	uint8_t datagram[DATAGRAM_MAX], id[8], frames[1162] = {0};
	struct sk_quic_datagram out;
	struct sk_quic_flow flow = {0};
	size_t frame_length = from_hex(client_frame, frames, sizeof frames);
	frames[frame_length - 1] ^= 1;
	struct quic_recipe r = {.version = 1, .from_client = true, .number = 2, .number_length = 4};
	r.key_id = r.destination = hex(client_id, id, sizeof id);
	size_t length = quic_initial(datagram, sizeof datagram, &r, sk_cur_of(frames, sizeof frames));
	assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_OK);
	/* with bits that must be zero it is refused before the tag is looked at */
	for (unsigned bits = 4; bits <= 12; bits += 4) {
		flow = (struct sk_quic_flow){0};
		r.reserved_bits = (uint8_t)bits;
		length = quic_initial(datagram, sizeof datagram, &r, sk_cur_of(frames, sizeof frames));
		assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_EUNSUPPORTED);
	}
	r.reserved_bits = 0;
	/* and with the server's keys it is not the client's */
	flow = (struct sk_quic_flow){0};
	r.from_client = false;
	length = quic_initial(datagram, sizeof datagram, &r, sk_cur_of(frames, sizeof frames));
	assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, length, &out), SK_EUNSUPPORTED);
	sk_quic_free(quic);
}

static void test_every_length(void **state)
{
	(void)state;
	struct sk_quic *quic = reader();
	uint8_t datagram[DATAGRAM_MAX];
	struct sk_quic_datagram out;
	size_t length = client_datagram(&vectors[0], datagram, sizeof datagram);
	for (size_t cut = 0; cut < length; cut++) {
		struct sk_quic_flow flow = {0};
		assert_int_equal(read_exact(quic, &flow, CLIENT, datagram, cut, &out), SK_EUNSUPPORTED);
	}
	sk_quic_free(quic);
}

/* ---- how clients send ---- */

struct talk {
	struct sk_quic *quic;
	struct sk_quic_flow flow;
	struct sk_quic_datagram out;
	uint8_t id[8];
	struct quic_recipe recipe;
};

static struct talk talk_of(uint32_t version)
{
	struct talk t = {.quic = reader(), .recipe = {.version = version, .from_client = true, .number_length = 2}};
	(void)from_hex(client_id, t.id, sizeof t.id);
	return t;
}

/* Frames, padded to a datagram of at least 1200 bytes. */
static size_t datagram_of(struct talk *t, struct sk_out *frames, uint8_t *datagram, size_t capacity)
{
	while (sk_out_length(frames) < 1180)
		sk_put_u8(frames, 0);
	t->recipe.key_id = t->recipe.destination = sk_cur_of(t->id, sizeof t->id);
	return quic_initial(datagram, capacity, &t->recipe, sk_cur_of(frames->start, sk_out_length(frames)));
}

static const struct hello_recipe long_hello = {
	.version = 0x0303, .ciphers = 3, .name = "www.example.com", .alpn = "h3", .alpn_bytes = 2, .tls13 = true, .padding = 1800};

/* A hello as post-quantum clients send it: more than one datagram, pieces in any order with PING and PADDING between them, some twice. */
static void test_pieces_out_of_order(void **state)
{
	(void)state;
	enum { PIECE = 61 };
	uint8_t hello_bytes[4000], joined[4000] = {0}, frames[2000], datagram[DATAGRAM_MAX];
	size_t length = hello_message(hello_bytes, sizeof hello_bytes, &long_hello), got = 0, pieces = (length + PIECE - 1) / PIECE, sent = 0;
	struct talk t = talk_of(1);
	while (sent < pieces) {
		struct sk_out o = sk_out_of(frames, sizeof frames);
		for (unsigned i = 0; i < 17 && sent < pieces; i++, sent++) {
			size_t offset = (sent * 7 % pieces) * PIECE, part = length - offset < PIECE ? length - offset : PIECE;
			assert_true(pieces % 7 != 0);
			quic_put_crypto(&o, offset, hello_bytes + offset, part);
			sk_put_bytes(&o, "\1\0\0\1\0", 5);
		}
		t.recipe.number++;
		size_t datagram_length = datagram_of(&t, &o, datagram, sizeof datagram);
		assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, datagram_length, &t.out), SK_OK);
		assert_int_equal(t.out.pieces_left_out, 0);
		for (unsigned i = 0; i < t.out.piece_count; i++) {
			struct sk_cur bytes = t.out.pieces[i].bytes;
			size_t n = sk_left(&bytes);
			assert_true(i == 0 || t.out.pieces[i].offset >= t.out.pieces[i - 1].offset);
			assert_true(t.out.pieces[i].offset + n <= length);
			memcpy(joined + t.out.pieces[i].offset, sk_take(&bytes, n), n);
			got += n;
		}
	}
	assert_int_equal(got, length);
	struct sk_client_hello hello;
	assert_int_equal(sk_tls_client_hello_message(sk_cur_of(joined, length), true, NULL, &hello), SK_OK);
	assert_string_equal(hello.sni, "www.example.com");
	assert_true(hello.quic && hello.ja4[0] == 'q');
	sk_quic_free(t.quic);
}

/* Several packets share a datagram; what cannot be opened ends the reading and keeps what was. */
static void test_coalesced(void **state)
{
	(void)state;
	uint8_t frames[2000], datagram[DATAGRAM_MAX];
	struct talk t = talk_of(0xff00001d);
	struct sk_out o = sk_out_of(frames, 400);
	quic_put_crypto(&o, 10, "later", 5);
	t.recipe.key_id = t.recipe.destination = sk_cur_of(t.id, sizeof t.id);
	size_t length = quic_initial(datagram, sizeof datagram, &t.recipe, sk_cur_of(frames, sk_out_length(&o)));
	/* 0-RTT between them */
	memcpy(datagram + length, "\xd0\xff\0\0\x1d\0\0\x40\x14" "01234567890123456789", 29);
	length += 29;
	o = sk_out_of(frames, sizeof frames);
	quic_put_crypto(&o, 0, "first", 5);
	t.recipe.number++;
	length += datagram_of(&t, &o, datagram + length, sizeof datagram - length);
	memcpy(datagram + length, "\x40short header", 13);
	length += 13;
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);
	assert_int_equal(t.out.piece_count, 2);
	assert_int_equal(t.out.pieces[0].offset, 0);
	assert_memory_equal(t.out.pieces[0].bytes.at, "first", 5);
	assert_int_equal(t.out.pieces[1].offset, 10);
	assert_memory_equal(t.out.pieces[1].bytes.at, "later", 5);
	datagram[length - 20] ^= 1; /* the second Initial is damaged */
	t.flow = (struct sk_quic_flow){0};
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);
	assert_int_equal(t.out.piece_count, 1);
	sk_quic_free(t.quic);
}

/* Limits: pieces, offsets; frames that may not stand here end the reading; a small or strange first datagram is not tried. */
static void test_limits(void **state)
{
	(void)state;
	uint8_t frames[2000], datagram[DATAGRAM_MAX];
	struct talk t = talk_of(1);
	struct sk_out o = sk_out_of(frames, sizeof frames);
	sk_put_bytes(&o, "\2\4\0\1\0\0\0" "\3\4\0\0\0\1\2\3", 15); /* ACKs */
	quic_put_crypto(&o, SK_QUIC_CRYPTO_MAX - 1, "xy", 2);
	for (unsigned i = 0; i < SK_QUIC_PIECES_MAX + 3; i++)
		quic_put_crypto(&o, 2000 - i, "x", 1);
	quic_put_crypto(&o, 5, "", 0);
	sk_put_u8(&o, 0x1e); /* HANDSHAKE_DONE */
	quic_put_crypto(&o, 1, "y", 1);
	size_t length = datagram_of(&t, &o, datagram, sizeof datagram);
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);
	assert_int_equal(t.out.piece_count, SK_QUIC_PIECES_MAX);
	assert_int_equal(t.out.pieces_left_out, 4);

	t.flow = (struct sk_quic_flow){0};
	o = sk_out_of(frames, sizeof frames);
	sk_put_bytes(&o, "\2\4\0\x80\xff\xff\xff\0\0", 9); /* more ranges than bytes */
	length = datagram_of(&t, &o, datagram, sizeof datagram);
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);
	assert_int_equal(t.out.piece_count, 0);

	t.flow = (struct sk_quic_flow){0};
	t.recipe.destination = t.recipe.key_id = sk_cur_of(t.id, 8);
	length = quic_initial(datagram, sizeof datagram, &t.recipe, sk_cur_of(frames, 400));
	assert_true(length < SK_QUIC_FIRST_DATAGRAM_MIN);
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_EUNSUPPORTED);
	t.recipe.destination = t.recipe.key_id = sk_cur_of(t.id, 7);
	length = quic_initial(datagram, sizeof datagram, &t.recipe, sk_cur_of(frames, 1180));
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_EUNSUPPORTED);

	static const char *others[] = {"c0000000021122", "4000000001", "c000000001ff", "", "c0", "c000000001"};
	for (size_t i = 0; i < SK_COUNT(others); i++) {
		length = from_hex(others[i], datagram, sizeof datagram);
		assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_EUNSUPPORTED);
		assert_true(sk_quic_maybe(sk_cur_of(datagram, length)) == (i == 2 || i == 5));
	}
	sk_quic_free(t.quic);
}

/* A client that begins again: another ID in the same flow; Version Negotiation; a server that answers in version 2 (RFC 9368). */
static void test_begins_again(void **state)
{
	(void)state;
	uint8_t frames[2000], datagram[DATAGRAM_MAX];
	struct talk t = talk_of(0xff000022);
	struct sk_out o = sk_out_of(frames, sizeof frames);
	quic_put_crypto(&o, 0, "one", 3);
	size_t length = datagram_of(&t, &o, datagram, sizeof datagram);
	assert_int_equal(read_exact(t.quic, &t.flow, SERVER, datagram, length, &t.out), SK_OK); /* who speaks first in this way is the client */
	assert_true(t.out.from_client && !t.out.restarted);
	t.flow = (struct sk_quic_flow){0};
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);

	size_t negotiation = from_hex("80000000000008" "8394c8f03e515708" "000000011a2a3a4a", datagram, sizeof datagram);
	assert_int_equal(read_exact(t.quic, &t.flow, SERVER, datagram, negotiation, &t.out), SK_OK);
	assert_true(t.out.negotiation && t.out.piece_count == 0);
	datagram[10] ^= 1; /* of another connection */
	assert_int_equal(read_exact(t.quic, &t.flow, SERVER, datagram, negotiation, &t.out), SK_EUNSUPPORTED);

	t.id[0] ^= 0xff;
	t.recipe.version = 1;
	o = sk_out_of(frames, sizeof frames);
	quic_put_crypto(&o, 0, "two", 3);
	length = datagram_of(&t, &o, datagram, sizeof datagram);
	assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);
	assert_true(t.out.restarted && t.out.from_client && t.out.version == 1);
	assert_memory_equal(t.out.pieces[0].bytes.at, "two", 3);

	t.recipe.from_client = false;
	t.recipe.version = 0x6b3343cf;
	t.recipe.key_id = sk_cur_of(t.id, sizeof t.id);
	t.recipe.destination = sk_cur_of(NULL, 0);
	length = quic_initial(datagram, sizeof datagram, &t.recipe, sk_cur_of(frames, 100));
	assert_int_equal(read_exact(t.quic, &t.flow, SERVER, datagram, length, &t.out), SK_OK);
	assert_true(!t.out.from_client && !t.out.restarted && t.out.version == 0x6b3343cf);
	sk_quic_free(t.quic);
}

/* A flood of forged first packets is soon only sampled, and counted; a right one among the samples brings all back. */
static void test_flood_is_shed(void **state)
{
	(void)state;
	enum { TRUST = 1024, SAMPLE = 16 };
	uint8_t forged[DATAGRAM_MAX], datagram[DATAGRAM_MAX];
	struct sk_quic_datagram out;
	struct sk_quic *quic = reader();
	struct sk_quic_flow flow = {0};
	size_t length = client_datagram(&vectors[0], datagram, sizeof datagram);
	memcpy(forged, datagram, length);
	forged[length - 1] ^= 1;
	for (unsigned i = 0; i < TRUST; i++)
		assert_int_equal(sk_quic_read(quic, &flow, CLIENT, sk_cur_of(forged, length), &out), SK_EUNSUPPORTED);
	assert_int_equal(sk_quic_shed(quic), 0);
	for (unsigned i = 0; i < 10 * SAMPLE; i++)
		assert_int_equal(sk_quic_read(quic, &flow, CLIENT, sk_cur_of(forged, length), &out), SK_EUNSUPPORTED);
	assert_int_equal(sk_quic_shed(quic), 10 * (SAMPLE - 1));
	unsigned tries = 1;
	while (sk_quic_read(quic, &flow, CLIENT, sk_cur_of(datagram, length), &out) != SK_OK && tries < 100)
		tries++;
	assert_int_equal(tries, SAMPLE);
	flow = (struct sk_quic_flow){0};
	assert_int_equal(sk_quic_read(quic, &flow, CLIENT, sk_cur_of(datagram, length), &out), SK_OK);
	sk_quic_free(quic);
}

/* What cannot be opened shows what it is: Google's versions, a Version Negotiation that names a version we know. */
static void test_by_form(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		bool is;
	} cases[] = {
		{"0d8394c8f03e5157085130343301aabb", true}, {"098394c8f03e5157085130333401", true}, {"c3513034365000", true}, {"c351303530", true},
		{"0c8394c8f03e5157085130343301", false}, {"0f8394c8f03e5157085130343301", false}, {"058394c8f03e5157085130343301", false}, {"0d8394c8f03e51570851303433", true},
		{"0d8394c8f03e515708513034", false}, {"c351304136", false}, {"c352303436", false}, {"4d8394c8f03e5157085130343301", false},
		{"8000000000" "00" "08" "8394c8f03e515708" "00000001", true}, {"8000000000" "00" "08" "8394c8f03e515708" "1a2a3a4a709a50c4", true},
		{"8000000000" "00" "08" "8394c8f03e515708" "deadbeef", false}, {"8000000000" "00" "08" "8394c8f03e515708" "0000000100", false},
		{"8000000000" "00" "08" "8394c8f03e515708", false}, {"8000000000" "00" "15" "8394c8f03e515708" "00000001", false}, {"", false}, {"80", false},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		uint8_t bytes[64];
		size_t length = from_hex(cases[i].hex, bytes, sizeof bytes);
		assert_int_equal(sk_quic_by_form(sk_cur_of(bytes, length)), cases[i].is);
	}
}

/* Versions that are filled as another: the last draft of version 2 has keys of its own, what forces a negotiation has those of draft 29. */
static void test_other_versions(void **state)
{
	(void)state;
	uint8_t id[8];
	struct quic_keys keys[4];
	static const uint32_t numbers[] = {0x6b3343cf, 0x709a50c4, 0x1a2a3a4a, 0xff00001d};
	(void)from_hex(client_id, id, sizeof id);
	for (size_t i = 0; i < SK_COUNT(numbers); i++)
		quic_keys_of(numbers[i], sk_cur_of(id, sizeof id), true, &keys[i]);
	assert_memory_not_equal(&keys[0], &keys[1], sizeof keys[0]);
	assert_memory_equal(&keys[2], &keys[3], sizeof keys[0]);
	for (size_t i = 1; i < 3; i++) {
		struct talk t = talk_of(numbers[i]);
		uint8_t frames[2000], datagram[DATAGRAM_MAX];
		struct sk_out o = sk_out_of(frames, sizeof frames);
		quic_put_crypto(&o, 0, "one", 3);
		size_t length = datagram_of(&t, &o, datagram, sizeof datagram);
		assert_int_equal(read_exact(t.quic, &t.flow, CLIENT, datagram, length, &t.out), SK_OK);
		assert_int_equal(t.out.version, numbers[i]);
		assert_int_equal(t.out.piece_count, 1);
		sk_quic_free(t.quic);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys), cmocka_unit_test(test_rfc_examples), cmocka_unit_test(test_retry), cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_tag_is_what_refuses), cmocka_unit_test(test_every_length), cmocka_unit_test(test_pieces_out_of_order),
		cmocka_unit_test(test_coalesced), cmocka_unit_test(test_limits), cmocka_unit_test(test_begins_again),
		cmocka_unit_test(test_flood_is_shed), cmocka_unit_test(test_by_form), cmocka_unit_test(test_other_versions),
	};
	return cmocka_run_group_tests_name("quic", tests, NULL, NULL);
}
