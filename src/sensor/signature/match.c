/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of a rule about bytes, asked exactly, as Suricata asks them: each from where the last one ended. When one fails that depends on where another was found, that
   other one is looked for further on; so the answer is whether any choice of places fits. No recursion: what was found where stands on a stack of as many places as a rule has
   questions, and steps and bytes searched are bounded. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "signature/signature_priv.h"
#include "wire/find.h"

struct matcher {
	struct sk_signature *s;
	struct sk_cur buffer;
	size_t length;
	size_t at;                    /* where the last question ended */
	uint64_t variables[SK_RULE_VARIABLES_MAX];
	uint32_t steps;
	size_t searched;
	bool limited;
	size_t first, last;           /* of what fitted */
};

/* A place that may be looked for further on. */
struct frame {
	uint16_t item;
	size_t before, next;          /* where the question began; where to look on */
};

static int64_t place_of(const struct matcher *m, const struct sk_rule_item *item, enum sk_rule_place which, int32_t value)
{
	uint8_t variable = item->variable[which];
	/* What a packet says is cut to what a buffer can hold: it is a place, and beyond that all places are one. */
	if (variable == SK_RULE_VARIABLE_NONE)
		return value;
	return m->variables[variable] > INT32_MAX ? INT32_MAX : (int64_t)m->variables[variable];
}

static bool is_relative(const struct sk_rule_item *item)
{
	return (item->bits & (SK_ITEM_DISTANCE | SK_ITEM_WITHIN | SK_ITEM_RELATIVE)) != 0;
}

static size_t clamp(const struct matcher *m, int64_t value)
{
	return value < 0 ? 0 : (uint64_t)value > m->length ? m->length : (size_t)value;
}

static bool spend(struct matcher *m, size_t bytes)
{
	m->searched += bytes;
	if (++m->steps > SK_SIGNATURE_STEPS_MAX || m->searched > SK_SIGNATURE_SEARCH_MAX)
		m->limited = true;
	return !m->limited;
}

/* ---- contents ---- */

/* Where it may begin and must have ended. */
static void window(const struct matcher *m, const struct sk_rule_item *item, size_t *from, size_t *to)
{
	int64_t low = 0, high = (int64_t)m->length;
	if ((item->bits & (SK_ITEM_DISTANCE | SK_ITEM_WITHIN)) != 0) {
		int64_t distance = (item->bits & SK_ITEM_DISTANCE) != 0 ? place_of(m, item, SK_PLACE_DISTANCE, item->distance) : 0;
		low = (int64_t)m->at + distance;
		if ((item->bits & SK_ITEM_WITHIN) != 0)
			high = low + place_of(m, item, SK_PLACE_WITHIN, item->within);
	} else {
		if ((item->bits & SK_ITEM_OFFSET) != 0)
			low = place_of(m, item, SK_PLACE_OFFSET, item->offset);
		if ((item->bits & SK_ITEM_DEPTH) != 0)
			high = low + place_of(m, item, SK_PLACE_DEPTH, item->depth);
	}
	if ((item->bits & SK_ITEM_STARTS) != 0)
		high = item->length;
	*from = clamp(m, low);
	*to = clamp(m, high);
}

/* look_on: not before this place. */
static bool find_content(struct matcher *m, const struct sk_rule_item *item, size_t look_on, size_t *start)
{
	size_t from, to;
	window(m, item, &from, &to);
	if (look_on > from)
		from = look_on;
	if ((item->bits & SK_ITEM_ENDS) != 0) {
		if (to < m->length || m->length < item->length)
			return false;
		from = from < m->length - item->length ? m->length - item->length : from;
	}
	if (!spend(m, to > from ? to - from : 0))
		return false;
	return sk_find(&m->buffer, from, to, item->bytes, item->length, (item->bits & SK_ITEM_NOCASE) != 0, start);
}

static void note_place(struct matcher *m, size_t start, size_t end)
{
	if (start < m->first)
		m->first = start;
	if (end > m->last)
		m->last = end;
}

/* ---- numbers in bytes ---- */

static bool read_digits(struct sk_cur c, unsigned base, uint64_t *out)
{
	uint64_t value = 0;
	unsigned digits = 0;
	while (sk_more(&c) && sk_peek_u8(&c, 0) == ' ')
		sk_skip(&c, 1);
	if (base == 16 && sk_peek_u8(&c, 0) == '0' && (sk_peek_u8(&c, 1) | 0x20) == 'x')
		sk_skip(&c, 2);
	for (; sk_more(&c); digits++) {
		uint8_t byte = sk_u8(&c), low = byte | 0x20;
		unsigned digit = byte >= '0' && byte <= '9' ? byte - 48u : low >= 'a' && low <= 'f' ? low - 87u : 99;
		if (digit >= base)
			break;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) || __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*out = value;
	return digits != 0;
}

/* *end: behind the bytes that were read. */
static bool read_number(const struct matcher *m, const struct sk_rule_item *item, uint64_t *value, int64_t *end)
{
	int64_t begin = ((item->bits & SK_ITEM_RELATIVE) != 0 ? (int64_t)m->at : 0) + place_of(m, item, SK_PLACE_OFFSET, item->offset);
	*value = 0;
	*end = begin + item->width;
	if (begin < 0 || begin > (int64_t)m->length || *end > (int64_t)m->length)
		return false;
	struct sk_cur c = sk_seek(&m->buffer, (size_t)begin), bytes = sk_carve(&c, item->width);
	if (item->width == 0)
		return true;
	if ((item->bits & SK_ITEM_STRING) != 0)
		return read_digits(bytes, item->base, value);
	for (unsigned i = 0; i < item->width; i++) {
		uint64_t byte = sk_u8(&bytes);
		*value = (item->bits & SK_ITEM_LITTLE) != 0 ? *value | byte << 8 * i : *value << 8 | byte;
	}
	if (item->mask != 0)
		*value = (*value & item->mask) >> __builtin_ctzll(item->mask);
	return true;
}

static uint64_t operand(const struct matcher *m, const struct sk_rule_item *item)
{
	uint8_t variable = item->variable[SK_PLACE_VALUE];
	return variable == SK_RULE_VARIABLE_NONE ? item->value : m->variables[variable];
}

static bool ask_byte_test(const struct matcher *m, const struct sk_rule_item *item)
{
	uint64_t value, wanted = operand(m, item);
	int64_t end;
	bool fits = false;
	if (!read_number(m, item, &value, &end))
		return false;
	switch (item->compare) {
	case SK_COMPARE_EQUAL: fits = value == wanted; break;
	case SK_COMPARE_LESS: fits = value < wanted; break;
	case SK_COMPARE_GREATER: fits = value > wanted; break;
	case SK_COMPARE_LESS_EQUAL: fits = value <= wanted; break;
	case SK_COMPARE_GREATER_EQUAL: fits = value >= wanted; break;
	case SK_COMPARE_AND: fits = (value & wanted) != 0; break;
	case SK_COMPARE_XOR: fits = (value ^ wanted) != 0; break;
	default: break;
	}
	return fits != ((item->bits & SK_ITEM_NEGATED) != 0);
}

static bool ask_byte_jump(struct matcher *m, const struct sk_rule_item *item)
{
	uint64_t value;
	int64_t end, to;
	if (!read_number(m, item, &value, &end) || value > INT32_MAX)
		return false;
	to = (int64_t)value * item->multiplier;
	if ((item->bits & SK_ITEM_ALIGN) != 0 && to % 4 != 0)
		to += 4 - to % 4;
	to += item->post_offset;
	to += (item->bits & SK_ITEM_FROM_BEGINNING) != 0 ? 0 : (item->bits & SK_ITEM_FROM_END) != 0 ? (int64_t)m->length : end;
	if (to < 0 || to >= (int64_t)m->length)
		return false;
	m->at = (size_t)to;
	return true;
}

static bool ask_byte_extract(struct matcher *m, const struct sk_rule_item *item)
{
	uint64_t value;
	int64_t end;
	if (!read_number(m, item, &value, &end))
		return false;
	value *= item->multiplier;
	if ((item->bits & SK_ITEM_ALIGN) != 0) {
		uint64_t align = item->within != 0 ? (uint64_t)item->within : 4;
		value += (align - value % align) % align;
	}
	m->variables[item->result] = value;
	m->at = (size_t)end;
	return true;
}

static bool ask_byte_math(struct matcher *m, const struct sk_rule_item *item)
{
	uint64_t value, by = operand(m, item);
	int64_t end;
	if (!read_number(m, item, &value, &end))
		return false;
	switch (item->compare) {
	case SK_MATH_ADD: value += by; break;
	case SK_MATH_SUBTRACT: value -= by; break;
	case SK_MATH_MULTIPLY: value *= by; break;
	case SK_MATH_DIVIDE:
		if (by == 0)
			return false;
		value /= by;
		break;
	case SK_MATH_LEFT: value = by < 64 ? value << by : 0; break;
	case SK_MATH_RIGHT: value = by < 64 ? value >> by : 0; break;
	default: return false;
	}
	m->variables[item->result] = value;
	m->at = (size_t)end;
	return true;
}

/* ---- the others ---- */

static bool ask_isdataat(const struct matcher *m, const struct sk_rule_item *item)
{
	int64_t place = place_of(m, item, SK_PLACE_OFFSET, item->offset);
	bool there = (item->bits & SK_ITEM_RELATIVE) != 0 ? (int64_t)m->at + place <= (int64_t)m->length : place < (int64_t)m->length;
	return there != ((item->bits & SK_ITEM_NEGATED) != 0);
}

static bool ask_list(const struct matcher *m, const struct sk_rule_item *item)
{
	const struct sk_rule_list *list = item->list;
	uint8_t digest[32] = {0};
	struct sk_cur c = m->buffer;
	const uint8_t *bytes = sk_take(&c, m->length);
	if (bytes == NULL)
		return false;
	/* The plain functions: EVP would allocate (decode/digest.c). */
	if (list->kind == SK_LIST_MD5) {
		MD5_CTX md5;
		if ((MD5_Init(&md5) & MD5_Update(&md5, bytes, m->length) & MD5_Final(digest, &md5)) != 1)
			return false;
	} else {
		SHA256_CTX sha256;
		if ((SHA256_Init(&sha256) & SHA256_Update(&sha256, bytes, m->length) & SHA256_Final(digest, &sha256)) != 1)
			return false;
	}
	uint32_t low = 0, high = list->count;
	bool there = false;
	while (low < high && !there) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(digest, list->digests[middle], sizeof digest);
		there = order == 0;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return there != ((item->bits & SK_ITEM_NEGATED) != 0);
}

/* One question at its place. *frame: filled where it may be looked for further on, with next > 0. */
static bool ask(struct matcher *m, const struct sk_rule_item *item, size_t look_on, struct frame *frame)
{
	bool negated = (item->bits & SK_ITEM_NEGATED) != 0, limited = false, found;
	size_t start = 0, end = 0, from;
	frame->next = 0;
	frame->before = m->at;
	switch (item->op) {
	case SK_OP_CONTENT:
		found = find_content(m, item, look_on, &start);
		if (m->limited)
			return false;
		if (!found || negated)
			return found != negated && negated ? true : false;
		end = start + item->length;
		break;
	case SK_OP_PCRE:
		from = (item->bits & SK_ITEM_RELATIVE) != 0 ? m->at : 0;
		from = look_on > from ? look_on : from;
		if (!spend(m, m->length - (from < m->length ? from : m->length)))
			return false;
		found = sk_pcre_find(m->s->pcre, item->pcre, m->buffer, from, &start, &end, &limited);
		m->limited |= limited;
		if (limited)
			return false;
		if (!found || negated)
			return !found && negated;
		break;
	case SK_OP_ISDATAAT: return ask_isdataat(m, item);
	case SK_OP_BYTE_TEST: return ask_byte_test(m, item);
	case SK_OP_BYTE_JUMP: return ask_byte_jump(m, item);
	case SK_OP_BYTE_EXTRACT: return ask_byte_extract(m, item);
	case SK_OP_BYTE_MATH: return ask_byte_math(m, item);
	case SK_OP_SIZE: return sk_rule_number_fits(&item->size, m->length);
	case SK_OP_LIST: return ask_list(m, item);
	default: return false;
	}
	frame->next = start + 1;
	m->at = end;
	note_place(m, start, end);
	return true;
}

static bool match_part(struct matcher *m, const struct sk_rule *rule, const struct sk_rule_part *part)
{
	struct frame stack[SK_RULE_ITEMS_MAX];
	size_t depth = 0, look_on = 0;
	uint16_t i = part->first, end = (uint16_t)(part->first + part->count);
	m->at = 0;
	while (i < end) {
		struct frame frame = {.item = i};
		if (ask(m, &rule->items[i], look_on, &frame)) {
			if (frame.next != 0)
				stack[depth++] = frame;
			look_on = 0;
			i++;
			continue;
		}
		/* What does not depend on where another was found does not change with it. */
		if (m->limited || depth == 0 || !is_relative(&rule->items[i]))
			return false;
		struct frame *last = &stack[--depth];
		i = last->item;
		m->at = last->before;
		look_on = last->next;
	}
	return true;
}

static uint64_t hash_bytes(const struct sk_signature *s, struct sk_cur bytes)
{
	struct sk_sip sip = sk_sip_start(s->key[0], s->key[1]);
	size_t length = sk_left(&bytes);
	while (sk_left(&bytes) >= 8)
		sk_sip_word(&sip, sk_le64(&bytes));
	uint64_t rest = 0;
	for (unsigned shift = 0; sk_more(&bytes); shift += 8)
		rest |= (uint64_t)sk_u8(&bytes) << shift;
	return sk_sip_finish(&sip, rest, length);
}

bool sk_match_parts(struct sk_signature *s, const struct sk_rule *rule, struct scene *scene, uint64_t *hash)
{
	struct matcher m = {.s = s};
	*hash = 0;
	for (uint8_t i = 0; i < rule->part_count; i++) {
		size_t mark = scene->scratch_used;
		if (!sk_scene_buffer(s, scene, &rule->parts[i], &m.buffer))
			return false;
		m.length = sk_left(&m.buffer);
		m.first = m.length;
		m.last = 0;
		bool fits = match_part(&m, rule, &rule->parts[i]);
		if (fits && *hash == 0 && m.first < m.last) {
			struct sk_cur c = m.buffer;
			sk_skip(&c, m.first);
			*hash = hash_bytes(s, sk_carve_at_most(&c, m.last - m.first));
		}
		/* What was made for this part alone. */
		if (rule->parts[i].transform_count != 0) {
			sk_wipe(s->texts + mark, scene->scratch_used - mark);
			scene->scratch_used = mark;
		}
		s->counts.limited += m.limited;
		if (!fits)
			return false;
	}
	return true;
}
