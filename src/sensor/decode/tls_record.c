/* SPDX-License-Identifier: Apache-2.0 */
/* TLS record:   type, version (2), length (2), fragment
   handshake:    type, length (3), body
   DTLS record:  type, version (2), epoch (2), sequence (6), length (2), fragment
   handshake:    type, length (3), sequence (2), offset (3), length (3), part

   A handshake message may begin and end anywhere in the records; several may share one. */
#include "decode/tls.h"
#include "decode/tls_record_priv.h"

enum {
	RECORD_HANDSHAKE = 22, RECORD_HEADER_BYTES = 5, RECORD_MAX = 16384, VERSION_MAJOR = 3,
	DTLS_MAJOR = 0xfe, VERSION_DTLS_OLD = 0x0100, DTLS_SEQUENCE_BYTES = 6, DTLS_MESSAGE_SEQUENCE_BYTES = 2,
	CHANGES_MAX = 4 /* ChangeCipherSpec records in front of a message; one is usual */
};

/* What each byte may be, so that a prefix is known for what it is not. */
struct byte_range {
	uint8_t low, high;
};
static const struct byte_range change_form[] = {{20, 20}, {3, 3}, {0, 4}, {0, 0}, {1, 1}, {1, 1}};
static const struct byte_range handshake_form[] = {{RECORD_HANDSHAKE, RECORD_HANDSHAKE}, {VERSION_MAJOR, VERSION_MAJOR}, {0, 4}};

/* SK_OK; SK_EMORE: it may become one; SK_EUNSUPPORTED. */
static enum sk_err begins_as(const struct sk_cur *stream, const struct byte_range *form, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i >= sk_left(stream))
			return SK_EMORE;
		uint8_t byte = sk_peek_u8(stream, i);
		if (byte < form[i].low || byte > form[i].high)
			return SK_EUNSUPPORTED;
	}
	return SK_OK;
}

struct sk_tls_records sk_tls_records_of(struct sk_cur stream)
{
	return (struct sk_tls_records){.stream = stream, .fragment = sk_cur_of(NULL, 0)};
}

/* In front of the first handshake record. */
static enum sk_err begin(struct sk_tls_records *r)
{
	for (unsigned i = 0; i < CHANGES_MAX; i++) {
		enum sk_err change = begins_as(&r->stream, change_form, SK_COUNT(change_form));
		if (change == SK_EMORE && sk_more(&r->stream))
			return SK_EMORE;
		if (change != SK_OK)
			break;
		sk_skip(&r->stream, SK_COUNT(change_form));
	}
	return begins_as(&r->stream, handshake_form, SK_COUNT(handshake_form));
}

/* Take up the next record: as much as is there. SK_EUNSUPPORTED: it is of another kind. */
static enum sk_err next_record(struct sk_tls_records *r)
{
	if (!r->begun)
		SK_TRY(begin(r));
	if (!sk_more(&r->stream))
		return SK_EMORE;
	if (sk_peek_u8(&r->stream, 0) != RECORD_HANDSHAKE)
		return SK_EUNSUPPORTED;
	struct sk_view header = sk_view_of(&r->stream, RECORD_HEADER_BYTES);
	if (!sk_view_is(header))
		return SK_EMORE;
	uint16_t version = sk_view_be16(header, 1), length = sk_view_be16(header, 3);
	sk_skip(&r->stream, RECORD_HEADER_BYTES);
	if (version >> 8 != VERSION_MAJOR || length == 0 || length > RECORD_MAX)
		return SK_EMALFORMED;
	if (!r->begun)
		r->version = version;
	r->begun = true;
	r->fragment = sk_carve_at_most(&r->stream, length);
	r->missing_bytes = length - sk_left(&r->fragment);
	return SK_OK;
}

enum sk_err sk_tls_bare_message(struct sk_cur *bytes, uint8_t wanted, struct sk_tls_message *out)
{
	if (!sk_more(bytes))
		return SK_EMORE;
	if (sk_peek_u8(bytes, 0) != wanted)
		return SK_EUNSUPPORTED;
	if (sk_left(bytes) < SK_HANDSHAKE_HEADER_BYTES)
		return SK_EMORE;
	sk_skip(bytes, 1);
	out->length = sk_be24(bytes);
	out->body = sk_carve_at_most(bytes, out->length);
	out->whole = sk_left(&out->body) == out->length;
	return SK_OK;
}

/* Move n bytes of the record at hand behind what is joined already. */
static void join(struct sk_tls_records *r, struct sk_out *joined, size_t n)
{
	sk_put_bytes(joined, sk_take(&r->fragment, n), n);
}

/* Is a whole handshake record of so many bytes next? 0: it is one, of *length bytes, whatever they are. In line, over a cursor that is the caller's own. */
static inline __attribute__((always_inline)) bool is_next(const struct sk_cur *stream, size_t wanted_length, size_t *length)
{
	struct sk_view header = sk_view_of(stream, RECORD_HEADER_BYTES);
	if (!sk_view_is(header) || sk_view_be16(header, 0) != (RECORD_HANDSHAKE << 8 | VERSION_MAJOR))
		return false;
	*length = sk_view_be16(header, 3);
	return (wanted_length == 0 || *length == wanted_length) && sk_left(stream) - RECORD_HEADER_BYTES >= *length;
}

/* Go through the next records while they are whole, not empty, and hold at most what is missing of a message; join them when there is an out. What is missing then.
   Small records come in runs of one length: within a run the place of the next is known before this one was looked at, and nothing waits for memory. */
static inline __attribute__((always_inline)) size_t pass_records(struct sk_cur *c, struct sk_out *joined, size_t missing)
{
	struct sk_cur stream = *c;
	size_t length = 0, same;
	while (is_next(&stream, 0, &length) && length - 1 < missing)
		for (same = length; is_next(&stream, length, &same) && length <= missing; missing -= length) {
			const uint8_t *bytes = sk_take(&stream, RECORD_HEADER_BYTES + length) + RECORD_HEADER_BYTES;
			if (joined == NULL)
				continue;
			if (length == 1)
				sk_put_bytes(joined, bytes, 1); /* no call */
			else
				sk_put_bytes(joined, bytes, length);
		}
	*c = stream;
	return missing;
}

/* Join records of a message in which `wanted` bytes are missing. Not in line, like the next: the loop needs all registers. */
static __attribute__((noinline)) void join_records(struct sk_tls_records *r, struct sk_out *joined, size_t wanted)
{
	struct sk_out out = *joined;
	(void)pass_records(&r->stream, &out, wanted);
	*joined = out;
}

/* Step over them; what is still missing then. */
static __attribute__((noinline)) uint32_t skip_records(struct sk_cur *c, uint32_t wanted)
{
	return (uint32_t)pass_records(c, NULL, wanted);
}

/* A message that goes on in further records. RFC 8446 5.1: nothing may stand between them. */
static enum sk_err join_message(struct sk_tls_records *r, struct sk_out *joined, struct sk_tls_message *out, enum sk_err *why)
{
	size_t wanted = SK_HANDSHAKE_HEADER_BYTES, start = sk_out_length(joined);
	bool has_length = false;
	enum sk_err err = SK_OK;
	while (err == SK_OK) {
		size_t have = sk_out_length(joined) - start, left = sk_left(&r->fragment);
		join(r, joined, left < wanted - have ? left : wanted - have);
		if (sk_out_done(joined) != SK_OK)
			return SK_EMALFORMED;
		have = sk_out_length(joined) - start;
		if (have == wanted && !has_length) {
			struct sk_cur header = sk_cur_of(joined->start + start, have);
			sk_skip(&header, 1);
			wanted += sk_be24(&header);
			has_length = true;
		}
		if (have == wanted)
			break;
		if (!sk_more(&r->fragment) && r->missing_bytes == 0)
			join_records(r, joined, wanted - have);
		if (!sk_more(&r->fragment) && sk_out_length(joined) - start < wanted)
			err = r->missing_bytes != 0 ? SK_EMORE : next_record(r);
	}
	*why = err == SK_EUNSUPPORTED ? SK_EMALFORMED : err;
	struct sk_cur whole = sk_cur_of(joined->start + start, sk_out_length(joined) - start);
	return has_length ? sk_tls_bare_message(&whole, sk_peek_u8(&whole, 0), out) : *why;
}

enum sk_err sk_tls_next_message(struct sk_tls_records *r, uint8_t wanted, struct sk_out *joined, struct sk_tls_message *out, enum sk_err *why)
{
	if (!sk_more(&r->fragment)) {
		if (r->missing_bytes != 0)
			return SK_EMORE;
		SK_TRY(next_record(r));
	}
	struct sk_cur fragment = r->fragment;
	enum sk_err err = sk_tls_bare_message(&fragment, wanted, out);
	if (r->missing_bytes == 0 && (err == SK_EMORE || (err == SK_OK && !out->whole)))
		return joined == NULL ? SK_ETOOBIG : join_message(r, joined, out, why);
	r->fragment = fragment;
	*why = SK_EMORE;
	return err;
}

/* ---- how far a stream has come ---- */

/* Step over the bytes of the record at hand. True: a header or a message is whole now. */
static bool pass_record(struct sk_cur *c, struct sk_tls_progress *p)
{
	if (p->header_bytes < SK_HANDSHAKE_HEADER_BYTES) {
		uint8_t byte = sk_u8(c);
		p->record_bytes--;
		p->message_bytes = p->header_bytes == 0 ? 0 : p->message_bytes << 8 | byte;
		return ++p->header_bytes == SK_HANDSHAKE_HEADER_BYTES;
	}
	size_t passed = p->record_bytes < p->message_bytes ? p->record_bytes : p->message_bytes;
	passed = passed < sk_left(c) ? passed : sk_left(c);
	sk_skip(c, passed);
	p->record_bytes -= (uint32_t)passed;
	p->message_bytes -= (uint32_t)passed;
	if (p->record_bytes == 0) {
		size_t before = sk_offset(c);
		uint32_t missing = skip_records(c, p->message_bytes);
		p->records += (uint16_t)((sk_offset(c) - before - (p->message_bytes - missing)) / RECORD_HEADER_BYTES);
		p->message_bytes = missing;
	}
	if (p->message_bytes != 0)
		return false;
	p->header_bytes = 0;
	p->messages++;
	return true;
}

/* Take up the next record. SK_EMORE: it is not there yet; SK_EUNSUPPORTED: it is none of a handshake, or empty, and the parser has to say what that
   means. */
static enum sk_err enter_record(struct sk_cur *c, struct sk_tls_progress *p)
{
	if (p->messages == 0 && p->header_bytes == 0) {
		enum sk_err change = begins_as(c, change_form, SK_COUNT(change_form));
		if (change == SK_OK)
			sk_skip(c, SK_COUNT(change_form));
		if (change != SK_EUNSUPPORTED)
			return change;
	}
	struct sk_view header = sk_view_of(c, RECORD_HEADER_BYTES);
	if (!sk_view_is(header))
		return SK_EMORE;
	if (sk_view_u8(header, 0) != RECORD_HANDSHAKE || sk_view_be16(header, 3) == 0)
		return SK_EUNSUPPORTED;
	p->record_bytes = sk_view_be16(header, 3);
	p->records++;
	sk_skip(c, RECORD_HEADER_BYTES);
	return SK_OK;
}

bool sk_tls_is_news(struct sk_cur stream, unsigned messages, struct sk_tls_progress *progress)
{
	struct sk_cur c = sk_rest(&stream);
	sk_skip(&c, progress->at);
	bool news = progress->messages >= messages, more = true;
	while (more && progress->messages < messages) {
		if (progress->record_bytes == 0) {
			enum sk_err err = enter_record(&c, progress);
			more = err == SK_OK;
			news |= err == SK_EUNSUPPORTED;
		} else {
			more = sk_more(&c);
			news |= more && pass_record(&c, progress);
		}
	}
	progress->at = (uint32_t)sk_offset(&c);
	return news;
}

struct sk_dtls_records sk_dtls_records_of(struct sk_cur datagram)
{
	return (struct sk_dtls_records){.datagram = datagram, .record = sk_cur_of(NULL, 0)};
}

static bool next_dtls_record(struct sk_dtls_records *r)
{
	uint8_t type = sk_u8(&r->datagram);
	r->version = sk_be16(&r->datagram);
	uint16_t epoch = sk_be16(&r->datagram);
	sk_skip(&r->datagram, DTLS_SEQUENCE_BYTES);
	uint16_t length = sk_be16(&r->datagram);
	if (type != RECORD_HANDSHAKE || (r->version >> 8 != DTLS_MAJOR && r->version != VERSION_DTLS_OLD) || epoch != 0)
		return false;
	r->record = sk_carve_at_most(&r->datagram, length);
	return sk_more(&r->record);
}

bool sk_dtls_next_message(struct sk_dtls_records *r, struct sk_dtls_message *out)
{
	if (!sk_more(&r->record) && !next_dtls_record(r))
		return false;
	out->record_version = r->version;
	out->type = sk_u8(&r->record);
	out->length = sk_be24(&r->record);
	sk_skip(&r->record, DTLS_MESSAGE_SEQUENCE_BYTES);
	out->offset = sk_be24(&r->record);
	uint32_t part = sk_be24(&r->record);
	if (sk_alive(&r->record) != SK_OK || out->offset > out->length || part > out->length - out->offset)
		return false;
	out->part = sk_carve_at_most(&r->record, part);
	out->cut = sk_left(&out->part) < part;
	return true;
}

/* ---- by their form alone ---- */

enum {
	RECORD_CHANGE = 20, RECORD_ALERT = 21, RECORD_DATA = 23, ALERT_BYTES = 2, EXPANSION_MAX = 2048, DTLS_MINOR_MIN = 0xfd, DTLS_HEADER_BYTES = 13,
	SSL2_LONG = 0x80, SSL2_LENGTH = 0x7fff, SSL2_CLIENT_HELLO = 1, SSL2_VERSION = 2, SSL2_HEADER_BYTES = 2, SSL2_FIELDS_BYTES = 9, SSL2_SPEC_BYTES = 3, SSL2_SESSION_BYTES = 16,
	SSL2_CHALLENGE_MIN = 16, SSL2_CHALLENGE_MAX = 32
};

/* Does a record of this kind have such a length, sealed (RFC 5246 6.2.3) or not? */
static bool is_record(uint8_t type, uint16_t length)
{
	if (type == RECORD_CHANGE)
		return length == 1;
	return type >= RECORD_ALERT && type <= RECORD_DATA && length >= ALERT_BYTES && length <= RECORD_MAX + EXPANSION_MAX;
}

/* Length (2, high bit set), 1, version (2), lengths of specs, session and challenge (2 each), which make up the whole. */
static bool is_ssl2_hello(struct sk_cur c)
{
	uint16_t length = sk_be16(&c) & SSL2_LENGTH;
	uint8_t type = sk_u8(&c);
	uint16_t version = sk_be16(&c), specs = sk_be16(&c), session = sk_be16(&c), challenge = sk_be16(&c);
	return sk_alive(&c) == SK_OK && type == SSL2_CLIENT_HELLO && (version == SSL2_VERSION || (version >> 8 == VERSION_MAJOR && (version & 0xff) <= 4)) &&
	       specs != 0 && specs % SSL2_SPEC_BYTES == 0 && (session == 0 || session == SSL2_SESSION_BYTES) && challenge >= SSL2_CHALLENGE_MIN &&
	       challenge <= SSL2_CHALLENGE_MAX && length == SSL2_FIELDS_BYTES + specs + session + challenge;
}

bool sk_tls_by_form(struct sk_cur stream)
{
	if ((sk_peek_u8(&stream, 0) & SSL2_LONG) != 0)
		return is_ssl2_hello(stream);
	bool any = false;
	for (struct sk_view header; sk_view_is(header = sk_view_of(&stream, RECORD_HEADER_BYTES)); any = true) {
		uint8_t type = sk_view_u8(header, 0);
		uint16_t version = sk_view_be16(header, 1), length = sk_view_be16(header, 3);
		if (version >> 8 != VERSION_MAJOR || (version & 0xff) > 4 || !is_record(type, length))
			return false;
		sk_skip(&stream, RECORD_HEADER_BYTES);
		/* Short records come whole; one header of a longer one is all that there may be to see. */
		bool whole = sk_left(&stream) >= length;
		if (!whole)
			return any || type >= RECORD_HANDSHAKE;
		sk_skip(&stream, length);
	}
	return any;
}

bool sk_dtls_by_form(struct sk_cur datagram)
{
	bool any = sk_more(&datagram);
	while (sk_more(&datagram)) {
		struct sk_view header = sk_view_of(&datagram, DTLS_HEADER_BYTES);
		if (!sk_view_is(header) || sk_view_u8(header, 1) != DTLS_MAJOR || sk_view_u8(header, 2) < DTLS_MINOR_MIN)
			return false;
		uint16_t length = sk_view_be16(header, 11);
		if (!is_record(sk_view_u8(header, 0), length))
			return false;
		sk_skip(&datagram, DTLS_HEADER_BYTES);
		sk_skip(&datagram, length);
	}
	return any && sk_alive(&datagram) == SK_OK;
}
