/* SPDX-License-Identifier: Apache-2.0 */
/* A rule that was read to its end: do its parts go together, and how is it to be asked? What cannot be honoured is refused here. */
#include "rules/rules_priv.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { TCP = 6 };

void sk_rules_free_items(struct sk_rules_reader *reader)
{
	for (size_t i = 0; i < reader->rule.item_count; i++) {
		pcre2_code_free(reader->items[i].pcre);
		reader->items[i].pcre = NULL;
	}
}

/* ---- parts ---- */

static size_t items_of(const struct sk_rules_reader *reader, uint8_t part)
{
	size_t count = 0;
	for (size_t i = 0; i < reader->rule.item_count; i++)
		count += reader->part_of[i] == part;
	return count;
}

/* Items of a part stand together, in their order. */
static bool gather(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	struct sk_rule_item sorted[SK_RULE_ITEMS_MAX];
	struct sk_rule_part kept[SK_RULE_PARTS_MAX];
	uint16_t used = 0;
	uint8_t parts = 0;
	for (uint8_t part = 0; part < rule->part_count; part++) {
		if (items_of(reader, part) == 0) {
			if (rule->parts[part].buffer == SK_BUFFER_PAYLOAD && rule->parts[part].transform_count == 0)
				continue;
			return sk_rules_refuse(reader, SK_RULE_REASON_SYNTAX, "%s without a question", sk_buffer_name((enum sk_buffer)rule->parts[part].buffer));
		}
		kept[parts] = rule->parts[part];
		kept[parts].first = used;
		for (size_t i = 0; i < rule->item_count; i++)
			if (reader->part_of[i] == part)
				sorted[used++] = reader->items[i];
		kept[parts].count = (uint16_t)(used - kept[parts].first);
		parts++;
	}
	memcpy(reader->items, sorted, used * sizeof sorted[0]);
	memcpy(rule->parts, kept, parts * sizeof kept[0]);
	rule->part_count = parts;
	return true;
}

/* A variable is set before it is used, in the order in which questions are asked. */
static bool check_variables(struct sk_rules_reader *reader)
{
	unsigned set = 0;
	for (size_t i = 0; i < reader->rule.item_count; i++) {
		const struct sk_rule_item *item = &reader->items[i];
		for (unsigned which = 0; which < SK_PLACE_COUNT; which++)
			if (item->variable[which] != SK_RULE_VARIABLE_NONE && (set >> item->variable[which] & 1) == 0)
				return sk_rules_refuse(reader, SK_RULE_REASON_MIXED, "variable %.31s is used before it is set", reader->variables[item->variable[which]]);
		if (item->op == SK_OP_BYTE_EXTRACT || item->op == SK_OP_BYTE_MATH)
			set |= 1u << item->result;
	}
	return true;
}

/* ---- contents ---- */

static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool fold(struct sk_rules_reader *reader, struct sk_rule_item *item)
{
	uint8_t *folded = sk_rules_take(reader->set, item->length, 1);
	struct sk_cur c = sk_cur_of(item->bytes, item->length);
	if (folded == NULL)
		return false;
	for (size_t i = 0; sk_more(&c); i++)
		folded[i] = lower(sk_u8(&c));
	item->bytes = folded;
	return true;
}

static bool has_letters(const struct sk_rule_item *item, bool upper_only)
{
	struct sk_cur c = sk_cur_of(item->bytes, item->length);
	while (sk_more(&c)) {
		uint8_t byte = sk_u8(&c);
		if ((byte >= 'A' && byte <= 'Z') || (!upper_only && byte >= 'a' && byte <= 'z'))
			return true;
	}
	return false;
}

static bool check_content(struct sk_rules_reader *reader, struct sk_rule_item *item, enum sk_buffer buffer)
{
	bool absolute = (item->bits & (SK_ITEM_OFFSET | SK_ITEM_DEPTH)) != 0, relative = (item->bits & (SK_ITEM_DISTANCE | SK_ITEM_WITHIN)) != 0;
	if (absolute && relative)
		return sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "a content with offset or depth, and distance or within");
	if ((item->bits & SK_ITEM_STARTS) != 0 && (absolute || relative))
		return sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "startswith beside another place");
	if ((item->bits & SK_ITEM_DEPTH) != 0 && item->variable[SK_PLACE_DEPTH] == SK_RULE_VARIABLE_NONE && item->depth < item->length)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "depth %d of a content of %u bytes", item->depth, item->length);
	if ((item->bits & SK_ITEM_WITHIN) != 0 && item->variable[SK_PLACE_WITHIN] == SK_RULE_VARIABLE_NONE && item->within < item->length)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "within %d of a content of %u bytes", item->within, item->length);
	if (sk_rules_is_folded(buffer) && (item->bits & SK_ITEM_NOCASE) == 0 && has_letters(item, false)) {
		item->bits |= SK_ITEM_NOCASE;
		reader->rule.differences |= 1u << SK_RULE_DIFFERENCE_CASE;
	}
	if (buffer == SK_BUFFER_HTTP_HOST && (item->bits & SK_ITEM_NOCASE) == 0 && has_letters(item, true))
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "http.host is in lower case");
	/* Fingerprints and numbers in hexadecimal: their case says nothing. */
	if (buffer == SK_BUFFER_JA3 || buffer == SK_BUFFER_JA3S || buffer == SK_BUFFER_JA4 || buffer == SK_BUFFER_HASSH || buffer == SK_BUFFER_HASSH_SERVER || buffer == SK_BUFFER_CERT_FINGERPRINT)
		item->bits |= SK_ITEM_NOCASE;
	return (item->bits & SK_ITEM_NOCASE) == 0 || fold(reader, item);
}

static bool check_items(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	for (uint8_t part = 0; part < rule->part_count; part++) {
		enum sk_buffer buffer = (enum sk_buffer)rule->parts[part].buffer;
		for (uint16_t i = rule->parts[part].first; i < rule->parts[part].first + rule->parts[part].count; i++) {
			struct sk_rule_item *item = &reader->items[i];
			if (item->op == SK_OP_CONTENT && !check_content(reader, item, buffer))
				return false;
			if ((item->op == SK_OP_SIZE || item->op == SK_OP_LIST) && buffer == SK_BUFFER_PAYLOAD)
				return sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "bsize and dataset need a buffer");
		}
	}
	return true;
}

/* ---- which messages, which way ---- */

static bool takes_quic(enum sk_buffer buffer)
{
	return buffer == SK_BUFFER_JA3 || buffer == SK_BUFFER_JA4;
}

/* The protocol that a buffer needs; fingerprints are there of TLS and of QUIC. */
static bool need_app(struct sk_rules_reader *reader, enum sk_app app, bool quic_too, const char *what)
{
	struct sk_rule *rule = &reader->rule;
	if (rule->app == app || (quic_too && rule->app == SK_APP_QUIC))
		return true;
	if (rule->app != SK_APP_NONE)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "%s in another protocol", what);
	if (!quic_too)
		rule->app = (uint8_t)app;
	return true;
}

static bool join_source(struct sk_rules_reader *reader, enum sk_rule_source source)
{
	struct sk_rule *rule = &reader->rule;
	bool http = source == SK_SOURCE_HTTP_REQUEST || source == SK_SOURCE_HTTP_RESPONSE;
	if (rule->source == source || (source == SK_SOURCE_HTTP_EITHER && (rule->source == SK_SOURCE_HTTP_REQUEST || rule->source == SK_SOURCE_HTTP_RESPONSE)))
		return true;
	if (rule->source != SK_SOURCE_PAYLOAD && !(http && rule->source == SK_SOURCE_HTTP_EITHER))
		return sk_rules_refuse(reader, SK_RULE_REASON_MIXED, "buffers of different messages");
	rule->source = (uint8_t)source;
	return true;
}

static bool check_sources(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	if (reader->listed_app != SK_APP_NONE && !need_app(reader, (enum sk_app)reader->listed_app, false, "a question about a head"))
		return false;
	for (uint8_t part = 0; part < rule->part_count; part++) {
		enum sk_buffer buffer = (enum sk_buffer)rule->parts[part].buffer;
		enum sk_rule_side side = sk_rules_side(buffer);
		uint32_t way = side == SK_RULE_SERVER ? SK_RULE_TO_SERVER : side == SK_RULE_CLIENT ? SK_RULE_TO_CLIENT : 0;
		uint32_t other = (SK_RULE_TO_SERVER | SK_RULE_TO_CLIENT) & ~way;
		if (buffer == SK_BUFFER_PAYLOAD)
			continue;
		if (!join_source(reader, sk_buffer_source(buffer)) || !need_app(reader, sk_rules_buffer_app(buffer), takes_quic(buffer), sk_buffer_name(buffer)))
			return false;
		if (way != 0 && (rule->flags & other) != 0)
			return sk_rules_refuse(reader, SK_RULE_REASON_MIXED, "%s goes the other way", sk_buffer_name(buffer));
		rule->flags |= way;
	}
	if (rule->source == SK_SOURCE_HTTP_EITHER && (rule->flags & SK_RULE_TO_SERVER) != 0)
		rule->source = SK_SOURCE_HTTP_REQUEST;
	if (rule->source == SK_SOURCE_HTTP_EITHER && (rule->flags & SK_RULE_TO_CLIENT) != 0)
		rule->source = SK_SOURCE_HTTP_RESPONSE;
	return true;
}

/* ---- how it is asked ---- */

static const struct sk_rule_part *payload_part(const struct sk_rule *rule)
{
	for (uint8_t part = 0; part < rule->part_count; part++)
		if (rule->parts[part].buffer == SK_BUFFER_PAYLOAD)
			return &rule->parts[part];
	return NULL;
}

static bool asks_packet(const struct sk_rule *rule)
{
	return rule->tcp_asked || rule->sequence_asked || rule->ttl.asked || rule->dsize.asked || rule->icmp_type.asked || rule->icmp_code.asked ||
	       (rule->flags & (SK_RULE_ESTABLISHED | SK_RULE_NOT_ESTABLISHED)) != 0 || rule->bit_count != 0;
}

/* As Suricata decides it: contents of a connection are looked for in its bytes put together, and with offset or depth also in each packet. */
static bool set_modes(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	const struct sk_rule_part *payload = payload_part(rule);
	bool only_packets = reader->packets_only || reader->no_stream || rule->dsize.asked, only_stream = reader->streams_only || reader->stream_only;
	if (only_packets && only_stream)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "the stream alone, and packets alone");
	if (payload == NULL) {
		if (only_stream)
			return sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "a stream without a content");
		bool any = rule->source == SK_SOURCE_PAYLOAD && rule->app == SK_APP_NONE;
		rule->flags |= any ? (asks_packet(rule) || reader->packets_only ? SK_RULE_PACKET : SK_RULE_ONCE) : 0;
		return true;
	}
	if (rule->source != SK_SOURCE_PAYLOAD)
		return true;
	bool placed = false;
	for (uint16_t i = payload->first; i < payload->first + payload->count; i++)
		placed |= reader->items[i].op == SK_OP_CONTENT && (reader->items[i].bits & (SK_ITEM_OFFSET | SK_ITEM_DEPTH | SK_ITEM_STARTS)) != 0;
	if (!only_packets)
		rule->flags |= SK_RULE_STREAM;
	if (only_packets || (placed && !only_stream))
		rule->flags |= SK_RULE_PACKET;
	return true;
}

/* What is searched for first: a content that must be there, of a buffer as it is; the one that the rule names, else the longest. */
static void choose_fast(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	unsigned best = 0;
	rule->fast_item = SK_RULE_FLOW_BITS_NONE;
	for (uint8_t part = 0; part < rule->part_count; part++) {
		bool head = rule->parts[part].buffer != SK_BUFFER_PAYLOAD;
		if (rule->parts[part].transform_count != 0 || head != (rule->source != SK_SOURCE_PAYLOAD))
			continue;
		for (uint16_t i = rule->parts[part].first; i < rule->parts[part].first + rule->parts[part].count; i++) {
			const struct sk_rule_item *item = &reader->items[i];
			if (item->op != SK_OP_CONTENT || (item->bits & SK_ITEM_NEGATED) != 0)
				continue;
			unsigned worth = item->length + ((item->bits & SK_ITEM_FAST) != 0 ? 2u * SK_RULE_CONTENT_MAX : 0);
			if (worth > best) {
				best = worth;
				rule->fast_part = part;
				rule->fast_item = i;
			}
		}
	}
}

static void set_differences(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	if (rule->app == SK_APP_HTTP)
		rule->differences |= 1u << SK_RULE_DIFFERENCE_HTTP1;
	for (uint8_t part = 0; part < rule->part_count; part++)
		switch (rule->parts[part].buffer) {
		case SK_BUFFER_HTTP_URI: rule->differences |= 1u << SK_RULE_DIFFERENCE_URI; break;
		case SK_BUFFER_HTTP_REQUEST_BODY:
		case SK_BUFFER_HTTP_RESPONSE_BODY:
		case SK_BUFFER_FILE_DATA: rule->differences |= 1u << SK_RULE_DIFFERENCE_BODY; break;
		case SK_BUFFER_CERT_SUBJECT:
		case SK_BUFFER_CERT_ISSUER:
		case SK_BUFFER_CERT_SERIAL: rule->differences |= 1u << SK_RULE_DIFFERENCE_CERTIFICATE; break;
		case SK_BUFFER_TLS_ALPN: rule->differences |= 1u << SK_RULE_DIFFERENCE_FIRST_ALPN; break;
		default: break;
		}
}

static bool check_protocol(struct sk_rules_reader *reader)
{
	struct sk_rule *rule = &reader->rule;
	bool icmp = rule->icmp_type.asked || rule->icmp_code.asked;
	if ((rule->tcp_asked || rule->sequence_asked) && rule->proto != TCP && rule->proto != SK_RULE_PROTO_ANY)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "flags of TCP in another protocol");
	if (icmp && rule->proto != 1 && rule->proto != 58 && rule->proto != SK_RULE_PROTO_ICMP && rule->proto != SK_RULE_PROTO_ANY)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "itype or icode in another protocol");
	if (rule->app_not)
		return sk_rules_refuse(reader, SK_RULE_REASON_KEYWORD, "app-layer-protocol with !: of what is not known nothing is said");
	return true;
}

bool sk_rules_check(struct sk_rules_reader *reader)
{
	if (!gather(reader) || !check_variables(reader) || !check_items(reader) || !check_protocol(reader) || !check_sources(reader) || !set_modes(reader))
		return false;
	choose_fast(reader);
	set_differences(reader);
	return true;
}
