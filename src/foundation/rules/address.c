/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and ports of a rule's header. Nested lists, negations and variables come down to ranges that are ascending and apart: what is named, less what is
   negated. A text that was read before is not read again: ten thousand rules name the same two variables. */
#include <stdlib.h>

#include "rules/rules_priv.h"

/* A list while it is read. Ports are numbers of 16 bits, addresses of 128 with the family in front. */
struct wide {
	uint8_t bytes[17];
};
struct span {
	struct wide from, to;
};
struct spans {
	struct span *items;
	size_t count, capacity;
};
struct listing {
	struct sk_rules_reader *reader;
	bool ports;
	size_t total;
	struct spans in, out;         /* named, negated */
	bool any;
};

static int order(const struct wide *a, const struct wide *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static bool put(struct spans *spans, const struct span *span)
{
	if (spans->count == spans->capacity) {
		size_t capacity = spans->capacity != 0 ? spans->capacity * 2 : 64;
		struct span *items = capacity <= SK_RULES_RANGES_MAX * (size_t)2 ? realloc(spans->items, capacity * sizeof *items) : NULL;
		if (items == NULL)
			return false;
		spans->items = items;
		spans->capacity = capacity;
	}
	spans->items[spans->count++] = *span;
	return true;
}

static int by_start(const void *a, const void *b)
{
	return order(&((const struct span *)a)->from, &((const struct span *)b)->from);
}

/* One more or less; false: there is none. */
static bool step(struct wide *value, bool up)
{
	for (size_t i = sizeof value->bytes; i-- > 1;) {
		uint8_t before = value->bytes[i];
		value->bytes[i] = (uint8_t)(up ? before + 1 : before - 1);
		if (before != (up ? UINT8_MAX : 0))
			return true;
	}
	return false;
}

static void sort_and_join(struct spans *spans)
{
	size_t kept = 0;
	if (spans->count > 1)
		qsort(spans->items, spans->count, sizeof spans->items[0], by_start);
	for (size_t i = 0; i < spans->count; i++) {
		struct span *last = kept != 0 ? &spans->items[kept - 1] : NULL;
		struct wide next = last != NULL ? last->to : (struct wide){{0}};
		bool joins = last != NULL && last->to.bytes[0] == spans->items[i].from.bytes[0] && (!step(&next, true) || order(&spans->items[i].from, &next) <= 0);
		if (!joins)
			spans->items[kept++] = spans->items[i];
		else if (order(&spans->items[i].to, &last->to) > 0)
			last->to = spans->items[i].to;
	}
	spans->count = kept;
}

/* What is in `in` and not in `out`; both are sorted. */
static bool subtract(const struct spans *in, const struct spans *out, struct spans *left)
{
	for (size_t i = 0; i < in->count; i++) {
		struct span rest = in->items[i];
		bool some = true;
		for (size_t j = 0; j < out->count && some; j++) {
			const struct span *hole = &out->items[j];
			if (order(&hole->to, &rest.from) < 0 || order(&hole->from, &rest.to) > 0)
				continue;
			if (order(&hole->from, &rest.from) > 0) {
				struct span before = {.from = rest.from, .to = hole->from};
				if (!step(&before.to, false) || !put(left, &before))
					return false;
			}
			some = order(&hole->to, &rest.to) < 0;
			rest.from = hole->to;
			if (some)
				some = step(&rest.from, true);
		}
		if (some && !put(left, &rest))
			return false;
	}
	return true;
}

static const struct span everything4 = {.from = {{4}}, .to = {{4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}}};
static const struct span everything6 = {.from = {{6}}, .to = {{6, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}}};

/* IPv4 stands in the first four bytes; behind them a span is all of 0 to all of 255, so that spans of addresses touch as they should. */
static struct span span_of(const struct sk_prefix *prefix)
{
	struct span span;
	span.from.bytes[0] = span.to.bytes[0] = prefix->addr.family;
	memcpy(span.from.bytes + 1, prefix->addr.bytes, 16);
	memcpy(span.to.bytes + 1, prefix->addr.bytes, 16);
	for (unsigned bit = prefix->bits; bit < 128; bit++)
		span.to.bytes[1 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return span;
}

static struct wide port_of(uint16_t port)
{
	struct wide wide = {{1}};
	wide.bytes[15] = (uint8_t)(port >> 8);
	wide.bytes[16] = (uint8_t)port;
	return wide;
}

static bool refuse(struct listing *listing, struct sk_cur word)
{
	char text[64];
	(void)sk_word_text(word, text, sizeof text);
	return sk_rules_refuse(listing->reader, listing->ports ? SK_RULE_REASON_PORT : SK_RULE_REASON_ADDRESS, "%s", text);
}

/* Host bits may be set: Suricata masks them. "A-B" is a range. */
static bool read_address(struct listing *listing, struct sk_cur word, struct span *out)
{
	char text[SK_PREFIX_TEXT_MAX + SK_PREFIX_TEXT_MAX];
	struct sk_prefix prefix = {.bits = 0};
	struct sk_addr last;
	int64_t bits = -1;
	if (!sk_word_text(word, text, sizeof text))
		return refuse(listing, word);
	char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	if (slash != NULL || dash != NULL)
		*(slash != NULL ? slash : dash) = '\0';
	if (sk_addr_parse(text, &prefix.addr) != SK_OK)
		return refuse(listing, word);
	prefix.bits = prefix.addr.family == 4 ? 32 : 128;
	if (slash != NULL) {
		struct sk_cur number = sk_cur_of(slash + 1, strlen(slash + 1));
		if (!sk_word_number(number, 0, prefix.bits, &bits))
			return refuse(listing, word);
		for (unsigned bit = (unsigned)bits; bit < prefix.bits; bit++)
			prefix.addr.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
		prefix.bits = (uint8_t)bits;
	}
	*out = span_of(&prefix);
	if (dash != NULL && slash == NULL) {
		struct sk_prefix end = {.bits = prefix.bits};
		if (sk_addr_parse(dash + 1, &last) != SK_OK || last.family != prefix.addr.family)
			return refuse(listing, word);
		end.addr = last;
		out->to = span_of(&end).to;
		if (order(&out->from, &out->to) > 0)
			return refuse(listing, word);
	}
	return true;
}

static bool read_port(struct listing *listing, struct sk_cur word, struct span *out)
{
	int64_t from, to;
	bool colon;
	struct sk_cur rest = word, first = sk_word_until(&rest, ':', &colon);
	first = sk_word_trim(first);
	rest = sk_word_trim(rest);
	if (!colon) {
		if (!sk_word_number(first, 0, UINT16_MAX, &from))
			return refuse(listing, word);
		to = from;
	} else {
		from = 0;
		to = UINT16_MAX;
		if ((sk_more(&first) && !sk_word_number(first, 0, UINT16_MAX, &from)) || (sk_more(&rest) && !sk_word_number(rest, 0, UINT16_MAX, &to)) || from > to)
			return refuse(listing, word);
	}
	*out = (struct span){.from = port_of((uint16_t)from), .to = port_of((uint16_t)to)};
	return true;
}

const char *sk_rules_value(struct sk_rules *set, struct sk_cur name)
{
	for (size_t i = 0; i < set->variable_count; i++)
		if (sk_word_is(name, set->variables[i].name)) {
			set->variables[i].used = true;
			return set->variables[i].value;
		}
	return NULL;
}

/* Up to the comma that ends this element, brackets kept together. */
static bool next_element(struct sk_cur *rest, struct sk_cur *element)
{
	size_t left = sk_left(rest), at = 0;
	int depth = 0;
	for (; at < left; at++) {
		uint8_t byte = sk_peek_u8(rest, at);
		depth += byte == '[' ? 1 : byte == ']' ? -1 : 0;
		if (depth < 0 || (byte == ',' && depth == 0))
			break;
	}
	if (depth != 0)
		return false;
	*element = sk_word_trim(sk_carve(rest, at));
	if (sk_more(rest))
		sk_skip(rest, 1);
	return sk_more(element);
}

static bool put_one(struct listing *listing, const struct span *span, bool negated)
{
	if (++listing->total > SK_RULES_RANGES_MAX)
		return sk_rules_refuse(listing->reader, SK_RULE_REASON_TOO_LARGE, "more than %d addresses or ports", SK_RULES_RANGES_MAX);
	return put(negated ? &listing->out : &listing->in, span) || sk_rules_refuse(listing->reader, SK_RULE_REASON_TOO_LARGE, "out of memory");
}

static bool put_any(struct listing *listing, bool negated)
{
	if (negated)
		return sk_rules_refuse(listing->reader, SK_RULE_REASON_IMPOSSIBLE, "!any");
	listing->any = true;
	return true;
}

/* A stack of lists that are open: nothing recurses on what a file says. */
static bool read_list(struct listing *listing, struct sk_cur word)
{
	struct {
		struct sk_cur rest;
		bool negated;
	} open[SK_RULES_DEPTH_MAX];
	size_t depth = 1;
	open[0].rest = sk_word_trim(word);
	open[0].negated = false;
	while (depth > 0) {
		struct sk_cur element;
		if (!sk_more(&open[depth - 1].rest)) {
			depth--;
			continue;
		}
		if (!next_element(&open[depth - 1].rest, &element))
			return refuse(listing, word);
		bool negated = open[depth - 1].negated;
		while (sk_word_take(&element, '!'))
			negated = !negated;
		/* What is excepted from an exception is neither named nor negated: that has no form as two lists. */
		if (open[depth - 1].negated && !negated)
			return sk_rules_refuse(listing->reader, listing->ports ? SK_RULE_REASON_PORT : SK_RULE_REASON_ADDRESS, "a negation inside a negation");
		element = sk_word_trim(element);
		struct sk_cur inner = element;
		bool is_variable = sk_word_take(&inner, '$'), is_list = !is_variable && sk_word_take(&inner, '[');
		if (is_variable || is_list) {
			if (depth == SK_RULES_DEPTH_MAX)
				return sk_rules_refuse(listing->reader, SK_RULE_REASON_TOO_LARGE, "lists in lists, more than %d deep", SK_RULES_DEPTH_MAX);
			const char *value = is_variable ? sk_rules_value(listing->reader->set, inner) : NULL;
			if (is_variable && value == NULL) {
				char name[64];
				(void)sk_word_text(element, name, sizeof name);
				return sk_rules_refuse(listing->reader, SK_RULE_REASON_NO_VARIABLE, "%s", name);
			}
			open[depth].rest = is_variable ? sk_word_trim(sk_cur_of(value, strlen(value))) : sk_carve(&inner, sk_left(&inner) - 1);
			open[depth++].negated = negated;
			continue;
		}
		struct span span;
		if (sk_word_is(element, "any")) {
			if (!put_any(listing, negated))
				return false;
			continue;
		}
		if (!(listing->ports ? read_port(listing, element, &span) : read_address(listing, element, &span)) || !put_one(listing, &span, negated))
			return false;
	}
	return true;
}

static bool finish(struct listing *listing, struct spans *left)
{
	bool all = listing->any || listing->in.count == 0;
	struct span every_port = {.from = port_of(0), .to = port_of(UINT16_MAX)};
	if (all) {
		listing->in.count = 0;
		bool fine = listing->ports ? put(&listing->in, &every_port) : put(&listing->in, &everything4) && put(&listing->in, &everything6);
		if (!fine)
			return sk_rules_refuse(listing->reader, SK_RULE_REASON_TOO_LARGE, "out of memory");
	}
	sort_and_join(&listing->in);
	sort_and_join(&listing->out);
	if (!subtract(&listing->in, &listing->out, left))
		return sk_rules_refuse(listing->reader, SK_RULE_REASON_TOO_LARGE, "out of memory");
	if (left->count == 0)
		return sk_rules_refuse(listing->reader, listing->ports ? SK_RULE_REASON_PORT : SK_RULE_REASON_ADDRESS, "nothing is left of the list");
	return true;
}

static uint32_t first_word(const struct wide *wide)
{
	return (uint32_t)wide->bytes[1] << 24 | (uint32_t)wide->bytes[2] << 16 | (uint32_t)wide->bytes[3] << 8 | wide->bytes[4];
}

static bool to_addresses(struct sk_rules *set, const struct spans *spans, struct sk_rule_addresses *out)
{
	size_t count4 = 0;
	while (count4 < spans->count && spans->items[count4].from.bytes[0] == 4)
		count4++;
	size_t count6 = spans->count - count4;
	struct sk_rule_range4 *v4 = sk_rules_take(set, (count4 + 1) * sizeof *v4, _Alignof(struct sk_rule_range4));
	struct sk_rule_range6 *v6 = sk_rules_take(set, (count6 + 1) * sizeof *v6, 1);
	if (v4 == NULL || v6 == NULL)
		return false;
	for (size_t i = 0; i < count4; i++)
		v4[i] = (struct sk_rule_range4){first_word(&spans->items[i].from), first_word(&spans->items[i].to)};
	for (size_t i = 0; i < count6; i++) {
		memcpy(v6[i].from, spans->items[count4 + i].from.bytes + 1, 16);
		memcpy(v6[i].to, spans->items[count4 + i].to.bytes + 1, 16);
	}
	*out = (struct sk_rule_addresses){.count4 = (uint32_t)count4, .count6 = (uint32_t)count6, .v4 = v4, .v6 = v6};
	return true;
}

bool sk_rules_prefixes(struct sk_rules *set, struct sk_prefix *prefixes, size_t count, struct sk_rule_addresses *out)
{
	struct spans spans = {.items = malloc((count + 1) * sizeof *spans.items), .capacity = count + 1};
	if (spans.items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		spans.items[spans.count++] = span_of(&prefixes[i]);
	sort_and_join(&spans);
	bool fine = to_addresses(set, &spans, out);
	free(spans.items);
	return fine;
}

static const void *make(struct listing *listing, struct sk_cur word)
{
	struct spans left = {.items = NULL};
	struct sk_rules *set = listing->reader->set;
	void *made = NULL;
	if (read_list(listing, word) && finish(listing, &left)) {
		if (listing->ports) {
			struct sk_rule_ports *ports = sk_rules_take(set, sizeof *ports, _Alignof(struct sk_rule_ports));
			struct sk_rule_range16 *ranges = sk_rules_take(set, left.count * sizeof *ranges, _Alignof(struct sk_rule_range16));
			for (size_t i = 0; ports != NULL && ranges != NULL && i < left.count; i++)
				ranges[i] = (struct sk_rule_range16){(uint16_t)(left.items[i].from.bytes[15] << 8 | left.items[i].from.bytes[16]),
								     (uint16_t)(left.items[i].to.bytes[15] << 8 | left.items[i].to.bytes[16])};
			if (ports != NULL && ranges != NULL)
				*ports = (struct sk_rule_ports){.any = left.count == 1 && ranges[0].from == 0 && ranges[0].to == UINT16_MAX, .count = (uint32_t)left.count, .ranges = ranges};
			made = ranges != NULL ? ports : NULL;
		} else {
			struct sk_rule_addresses *addresses = sk_rules_take(set, sizeof *addresses, _Alignof(struct sk_rule_addresses));
			if (addresses != NULL && to_addresses(set, &left, addresses)) {
				addresses->any = listing->any && listing->out.count == 0;
				made = addresses;
			}
		}
	}
	free(left.items);
	return made;
}

/* The same text always means the same: variables get their values before the rules that name them. */
static const void *read_once(struct sk_rules_reader *reader, struct sk_cur word, bool ports)
{
	struct sk_rules *set = reader->set;
	char text[512];
	bool whole = sk_word_text(sk_word_trim(word), text, sizeof text);
	uint64_t hash = sk_rules_hash(text, strlen(text)) ^ (ports ? UINT64_C(0x9e3779b97f4a7c15) : 0);
	for (size_t i = 0; whole && i < set->known_count; i++)
		if (set->known[i].hash == hash && set->known[i].ports == ports && strcmp(set->known[i].text, text) == 0)
			return set->known[i].made;
	struct listing listing = {.reader = reader, .ports = ports};
	const void *made = make(&listing, word);
	free(listing.in.items);
	free(listing.out.items);
	if (made != NULL && whole) {
		/* A ring: texts that are named often are found, and a file of a hundred thousand different ones costs no square. */
		size_t at = set->known_count < set->known_capacity ? set->known_count++ : set->known_used++ % set->known_capacity;
		set->known[at] = (struct sk_rules_known){.hash = hash, .text = sk_rules_keep(set, text), .made = made, .ports = ports};
		if (set->known[at].text == NULL)
			return NULL;
	}
	return made;
}

const struct sk_rule_addresses *sk_rules_addresses(struct sk_rules_reader *reader, struct sk_cur word)
{
	return read_once(reader, word, false);
}

const struct sk_rule_ports *sk_rules_ports(struct sk_rules_reader *reader, struct sk_cur word)
{
	return read_once(reader, word, true);
}

/* ---- asking ---- */

bool sk_rule_addresses_hold(const struct sk_rule_addresses *addresses, const struct sk_addr *addr)
{
	if (addresses->any)
		return true;
	uint32_t low = 0, high = addr->family == 4 ? addresses->count4 : addresses->count6;
	struct sk_cur c = sk_cur_of(addr->bytes, 4);
	uint32_t value = sk_be32(&c);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		bool before, behind;
		if (addr->family == 4) {
			before = value < addresses->v4[middle].from;
			behind = value > addresses->v4[middle].to;
		} else {
			before = memcmp(addr->bytes, addresses->v6[middle].from, 16) < 0;
			behind = memcmp(addr->bytes, addresses->v6[middle].to, 16) > 0;
		}
		if (!before && !behind)
			return true;
		if (before)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool sk_rule_ports_hold(const struct sk_rule_ports *ports, uint16_t port)
{
	if (ports->any)
		return true;
	for (uint32_t i = 0; i < ports->count; i++)
		if (port >= ports->ranges[i].from && port <= ports->ranges[i].to)
			return true;
	return false;
}
