/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages (RFC 1035 section 4, EDNS RFC 6891).

     0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
   |                      ID                       |   then QDCOUNT questions:  name, type, class
   |QR|   Opcode  |AA|TC|RD|RA|   Z    |   RCODE   |   and ANCOUNT + NSCOUNT + ARCOUNT records:
   |  QDCOUNT |  ANCOUNT |  NSCOUNT  |   ARCOUNT   |   name, type, class, TTL (4), length (2), data

   A compression pointer must point in front of the name part that it ends, so a chain only runs backwards and loops cannot be written. */
#include "decode/dns.h"

enum {
	HEADER_BYTES = 12, QUESTION_MIN = 5, RECORD_MIN = 11, RECORD_HEAD_BYTES = 10, MESSAGE_MAX = 65535,
	NAME_WIRE_MAX = 255, LABEL_MAX = 63, LABELS_MAX = 127, ESCAPED_MAX = 4 * NAME_WIRE_MAX,
	LABEL_KIND_MASK = 0xc0, LABEL_POINTER = 0xc0, POINTER_MASK = 0x3fff,
	TYPE_A = 1, TYPE_NS = 2, TYPE_CNAME = 5, TYPE_NULL = 10, TYPE_PTR = 12, TYPE_MX = 15, TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_SRV = 33,
	TYPE_OPT = 41, TYPE_SVCB = 64, TYPE_HTTPS = 65, TYPE_TSIG = 250, CLASS_IN = 1, CLASS_CHAOS = 3, CLASS_ANY = 255,
	FLAG_RESPONSE = 0x8000, FLAG_TRUNCATED = 0x0200, RCODE_MASK = 0x000f,
	QUESTION_FLAGS = 0x0130 /* RD, AD, CD: all that a client may set */
};

/* A name as text while it is read: where each label begins, so that a text that is too long can lose labels from the left. */
struct name_text {
	uint16_t label_at[LABELS_MAX + 1];
	unsigned labels;
	size_t length;
	char text[ESCAPED_MAX + LABELS_MAX + 1];
};

/* What stands in a text as it is, in lower case; 0: it is escaped. */
static const char plain_char[256] = {
	['-'] = '-', ['_'] = '_', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
#define LETTER(upper, lower) [upper] = lower, [lower] = lower
	LETTER('A', 'a'), LETTER('B', 'b'), LETTER('C', 'c'), LETTER('D', 'd'), LETTER('E', 'e'), LETTER('F', 'f'), LETTER('G', 'g'), LETTER('H', 'h'), LETTER('I', 'i'),
	LETTER('J', 'j'), LETTER('K', 'k'), LETTER('L', 'l'), LETTER('M', 'm'), LETTER('N', 'n'), LETTER('O', 'o'), LETTER('P', 'p'), LETTER('Q', 'q'), LETTER('R', 'r'),
	LETTER('S', 's'), LETTER('T', 't'), LETTER('U', 'u'), LETTER('V', 'v'), LETTER('W', 'w'), LETTER('X', 'x'), LETTER('Y', 'y'), LETTER('Z', 'z'),
#undef LETTER
};

/* It fits: read_name counts the bytes of the whole name first. Returns where the text ends. */
static inline char *put_char(char *text, uint8_t byte)
{
	char plain = *(plain_char + byte);
	if (SK_LIKELY(plain != 0)) {
		*text = plain;
		return text + 1;
	}
	text[0] = '\\';
	text[1] = (char)('0' + byte / 100);
	text[2] = (char)('0' + byte / 10 % 10);
	text[3] = (char)('0' + byte % 10);
	return text + 4;
}

/* A label of so many bytes behind its length. Returns where the text ends. */
static inline char *put_label(struct name_text *name, char *text, struct sk_view label, size_t length)
{
	if (name->labels != 0)
		*text++ = '.';
	name->label_at[name->labels++] = (uint16_t)(text - name->text);
	for (size_t i = 1; i <= length; i++)
		text = put_char(text, sk_view_u8(label, i));
	return text;
}

/* The usual name: whole where it stands, of plain bytes alone, and with type and class behind it. False: it is another, and nothing is kept.
   All its bytes are looked up in one run, the lengths between them too; these are dots afterwards. So no branch waits for how long a label is. */
static bool read_plain_question(struct sk_cur *c, struct sk_dns *out)
{
	size_t end = 0;
	unsigned labels = 0, strange_lengths = 0, strange = 0;
	for (uint8_t length; (length = sk_peek_u8(c, end)) != 0; end += length + 1u) {
		if (length > LABEL_MAX || end + length + 1 >= NAME_WIRE_MAX)
			return false;
		strange_lengths += labels++ != 0 && *(plain_char + length) == 0;
	}
	struct sk_view wire = sk_view_of(c, end + QUESTION_MIN);
	if (labels == 0 || !sk_view_is(wire))
		return false;
	for (size_t i = 1; i < end; i++) {
		char plain = *(plain_char + sk_view_u8(wire, i));
		out->name[i - 1] = plain;
		strange += plain == 0;
	}
	if (strange != strange_lengths) {
		sk_wipe(out->name, end);
		return false;
	}
	for (size_t at = sk_view_u8(wire, 0) + 1u; at < end; at += sk_view_u8(wire, at) + 1u)
		out->name[at - 1] = '.';
	out->name[end - 1] = '\0';
	out->name_length = (uint8_t)(end - 1);
	out->label_count = (uint8_t)labels;
	out->query_type = sk_view_be16(wire, end + 1);
	out->query_class = sk_view_be16(wire, end + 3);
	sk_skip(c, end + QUESTION_MIN);
	return true;
}

/* Read the name at *c, following pointers; *c ends behind it. SK_EMALFORMED for what RFC 1035 does not allow, else SK_OK or SK_ETRUNC. */
static enum sk_err read_name(struct sk_cur *c, struct name_text *name)
{
	struct sk_cur at = *c;
	size_t part_start = sk_offset(&at), wire_bytes = 0;
	char *text = name->text;
	bool jumped = false;
	for (;;) {
		struct sk_view part = sk_view_of(&at, 1);
		if (!sk_view_is(part))
			return SK_ETRUNC;
		size_t length = sk_view_u8(part, 0);
		if (SK_UNLIKELY((length & LABEL_KIND_MASK) == LABEL_POINTER)) {
			size_t target = sk_be16(&at) & POINTER_MASK;
			SK_TRY(sk_alive(&at));
			if (!jumped)
				*c = at;
			jumped = true;
			if (target >= part_start)
				return SK_EMALFORMED;
			part_start = target;
			at = sk_seek(&at, target);
			continue;
		}
		if ((length & LABEL_KIND_MASK) != 0)
			return SK_EMALFORMED;
		wire_bytes += length + 1u;
		if (wire_bytes > NAME_WIRE_MAX)
			return SK_EMALFORMED;
		struct sk_view label = sk_view_of(&at, length + 1);
		if (!sk_view_is(label))
			return SK_ETRUNC;
		sk_skip(&at, length + 1);
		if (length == 0)
			break;
		text = put_label(name, text, label, length);
		name->length = (size_t)(text - name->text); /* what is wiped, whatever comes */
	}
	if (!jumped)
		*c = at;
	return SK_OK;
}

/* Move behind a name without following its pointer. In line, so that the caller's cursor stays in registers: every record has one. */
static inline __attribute__((always_inline)) enum sk_err skip_name(struct sk_cur *c)
{
	size_t start = sk_offset(c), wire_bytes = 0;
	for (;;) {
		struct sk_view part = sk_view_of(c, 1), pointer = sk_view_of(c, 2);
		if (!sk_view_is(part))
			return SK_ETRUNC;
		size_t length = sk_view_u8(part, 0);
		if ((length & LABEL_KIND_MASK) == LABEL_POINTER) {
			if (!sk_view_is(pointer))
				return SK_ETRUNC;
			sk_skip(c, 2);
			return (sk_view_be16(pointer, 0) & POINTER_MASK) < start ? SK_OK : SK_EMALFORMED;
		}
		wire_bytes += length + 1;
		if ((length & LABEL_KIND_MASK) != 0 || wire_bytes > NAME_WIRE_MAX)
			return SK_EMALFORMED;
		sk_skip(c, length + 1);
		if (length == 0)
			return sk_alive(c);
	}
}

/* The text goes out whole, or without its leftmost labels: escaped binary labels (tunnels) can make it four times as long as the wire name,
   and the right end is what a domain selector looks at. */
static void keep_name(const struct name_text *name, struct sk_dns *out)
{
	out->label_count = (uint8_t)name->labels;
	if (name->labels == 0) {
		memcpy(out->name, ".", 2);
		out->name_length = 1;
		return;
	}
	unsigned first = 0;
	while (first + 1 < name->labels && name->length - name->label_at[first] > SK_DNS_NAME_MAX - 1)
		first++;
	size_t from = name->label_at[first];
	out->name_length = (uint8_t)(name->length - from);
	memcpy(out->name, name->text + from, out->name_length);
	out->name[out->name_length] = '\0';
}

__attribute__((noinline)) static enum sk_err read_any_question(struct sk_cur *c, struct sk_dns *out)
{
	struct name_text name;
	name.labels = 0;
	name.length = 0;
	enum sk_err err = read_name(c, &name);
	if (err == SK_OK) {
		uint16_t type = sk_be16(c), class_ = sk_be16(c);
		err = sk_alive(c);
		if (err == SK_OK) {
			out->query_type = type;
			out->query_class = class_;
			keep_name(&name, out);
		}
	}
	sk_wipe(name.text, name.length);
	return err;
}

static enum sk_err skip_questions(struct sk_cur *c, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		SK_TRY(skip_name(c));
		sk_skip(c, 4);
		SK_TRY(sk_alive(c));
	}
	return SK_OK;
}

static uint16_t answer_bit(uint16_t type)
{
	switch (type) {
	case TYPE_A: return 1 << 0;
	case TYPE_AAAA: return 1 << 1;
	case TYPE_CNAME: return 1 << 2;
	case TYPE_MX: return 1 << 3;
	case TYPE_TXT: return 1 << 4;
	case TYPE_NS: return 1 << 5;
	case TYPE_PTR: return 1 << 6;
	case TYPE_SRV: return 1 << 7;
	case TYPE_SVCB:
	case TYPE_HTTPS: return 1 << 8;
	case TYPE_NULL: return 1 << 9;
	default: return 1 << 15;
	}
}

/* RFC 1035 3.4.1, RFC 3596 2.2: the data is the address and nothing else. */
static void read_address(struct sk_cur data, uint16_t type, struct sk_dns *out)
{
	bool wide = type == TYPE_AAAA;
	if (sk_left(&data) != (wide ? 16u : 4u))
		return;
	if (out->answer_address_count < SK_DNS_ADDRESSES_MAX) {
		out->address[out->answer_address_count].family = wide ? 6 : 4;
		sk_copy(&data, out->address[out->answer_address_count].bytes, wide ? 8 : 4);
	}
	out->answer_address_count++;
}

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

static inline __attribute__((always_inline)) enum sk_err read_record(struct sk_cur *c, enum section section, struct sk_dns *out)
{
	SK_TRY(skip_name(c));
	struct sk_view head = sk_view_of(c, RECORD_HEAD_BYTES);
	if (!sk_view_is(head))
		return SK_ETRUNC;
	uint16_t type = sk_view_be16(head, 0), class_ = sk_view_be16(head, 2);
	uint32_t ttl = sk_view_be32(head, 4);
	sk_skip(c, RECORD_HEAD_BYTES);
	struct sk_cur data = sk_carve(c, sk_view_be16(head, 8));
	SK_TRY(sk_alive(c));
	if (section == SECTION_ANSWER && class_ == CLASS_IN && (type == TYPE_A || type == TYPE_AAAA))
		read_address(data, type, out);
	if (section == SECTION_ANSWER) {
		uint32_t ttl_s = ttl > INT32_MAX ? 0 : ttl; /* RFC 2181 section 8 */
		if (out->answer_types == 0 || ttl_s < out->answer_min_ttl_s)
			out->answer_min_ttl_s = ttl_s;
		out->answer_types |= answer_bit(type);
	} else if (section == SECTION_ADDITIONAL && type == TYPE_OPT && !out->has_edns) {
		out->has_edns = true;
		out->edns_udp_size = class_;
		out->rcode = (uint8_t)((ttl >> 24) << 4 | out->rcode);
	}
	return SK_OK;
}

/* The name of a question, without pointers: 1 to 127 labels, or the root. */
static bool skip_plain_name(struct sk_cur *c)
{
	for (size_t wire_bytes = 0; wire_bytes < NAME_WIRE_MAX;) {
		uint8_t length = sk_u8(c);
		if (sk_alive(c) != SK_OK || (length & LABEL_KIND_MASK) != 0)
			return false;
		if (length == 0)
			return true;
		wire_bytes += length + 1u;
		sk_skip(c, length);
	}
	return false;
}

bool sk_dns_is_question(struct sk_cur message)
{
	struct sk_view head = sk_view_of(&message, HEADER_BYTES);
	if (!sk_view_is(head) || (sk_view_be16(head, 2) & ~QUESTION_FLAGS) != 0 || sk_view_be16(head, 4) != 1 || sk_view_be16(head, 6) != 0 || sk_view_be16(head, 8) != 0)
		return false;
	unsigned additionals = sk_view_be16(head, 10);
	sk_skip(&message, HEADER_BYTES);
	if (additionals > 2 || !skip_plain_name(&message))
		return false;
	uint16_t type = sk_be16(&message), class_ = sk_be16(&message);
	if (sk_alive(&message) != SK_OK || type == 0 || (class_ != CLASS_IN && class_ != CLASS_CHAOS && class_ != CLASS_ANY))
		return false;
	for (unsigned i = 0; i < additionals; i++) {
		if (!skip_plain_name(&message))
			return false;
		type = sk_be16(&message);
		sk_skip(&message, 6);
		sk_skip(&message, sk_be16(&message));
		if (sk_alive(&message) != SK_OK || (type != TYPE_OPT && type != TYPE_TSIG))
			return false;
	}
	return !sk_more(&message);
}

enum sk_err sk_dns_parse(struct sk_cur message, struct sk_dns *out)
{
	memset(out, 0, offsetof(struct sk_dns, name) + 1);
	/* Pointers count from the start of the message. */
	struct sk_cur c = sk_rest(&message);
	out->id = sk_be16(&c);
	out->flags = sk_be16(&c);
	/* Counts stay in registers: read back from *out, several at once, they would wait for these stores. */
	const uint16_t questions = out->questions = sk_be16(&c), answers = out->answers = sk_be16(&c);
	const uint16_t authorities = out->authorities = sk_be16(&c), additionals = out->additionals = sk_be16(&c);
	out->response = (out->flags & FLAG_RESPONSE) != 0;
	out->truncated = (out->flags & FLAG_TRUNCATED) != 0;
	out->rcode = out->flags & RCODE_MASK;
	SK_TRY(sk_alive(&c));
	uint32_t records = (uint32_t)answers + authorities + additionals;
	if (HEADER_BYTES + (uint32_t)questions * QUESTION_MIN + records * RECORD_MIN > MESSAGE_MAX)
		return SK_EMALFORMED;
	if (questions != 0) {
		if (!read_plain_question(&c, out))
			SK_TRY(read_any_question(&c, out));
		SK_TRY(skip_questions(&c, questions - 1u));
	}
	const uint16_t counts[] = {[SECTION_ANSWER] = answers, [SECTION_AUTHORITY] = authorities, [SECTION_ADDITIONAL] = additionals};
	struct sk_cur at = c; /* of which nobody else has the place */
	for (unsigned section = 0; section < SK_COUNT(counts); section++)
		for (unsigned i = 0; i < counts[section]; i++)
			SK_TRY(read_record(&at, (enum section)section, out));
	return SK_OK;
}
