/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords but those about bytes (content.c): what a rule is called, what it asks of the packet, of the flow, of heads as numbers. */
#include "rules/rules_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"

enum { IP_PROTOCOL_MAX = 255, TLS10 = 0x0301 };

static const struct keyword {
	const char *word;
	bool (*take)(struct sk_rules_reader *reader, struct sk_cur value); /* NULL: inert or refused */
	enum sk_rule_reason reason;
	const char *note;
} keywords[] = {
#define SK_TAKEN(word, function, note) {word, sk_take_##function, SK_RULE_REASON_NONE, note},
#define SK_INERT(word, note) {word, NULL, SK_RULE_REASON_NONE, note},
#define SK_REFUSED(word, reason, note) {word, NULL, SK_RULE_REASON_##reason, note},
#include "rules/keyword.def"
#undef SK_TAKEN
#undef SK_INERT
#undef SK_REFUSED
};

static const struct buffer_words {
	const char *name, *legacy, *note;
} buffer_words[] = {
#define SK_BUFFER(symbol, name, legacy, side, source, app, note) {name, legacy, note},
#include "rules/buffer.def"
#undef SK_BUFFER
};

/* http_* behind a content move it; dns_query, tls_sni, ja3_hash and file_data stood in front as the new words do. */
static bool is_modifier(const char *legacy)
{
	return strncmp(legacy, "http_", 5) == 0 && strcmp(legacy, "http_request_line") != 0 && strcmp(legacy, "http_response_line") != 0 && strcmp(legacy, "http_protocol") != 0 &&
	       strcmp(legacy, "http_start") != 0 && strcmp(legacy, "http_header_names") != 0 && strncmp(legacy, "http_accept", 11) != 0 && strcmp(legacy, "http_referer") != 0 &&
	       strcmp(legacy, "http_content_type") != 0 && strcmp(legacy, "http_content_len") != 0 && strcmp(legacy, "http_connection") != 0;
}

bool sk_rules_option(struct sk_rules_reader *reader, struct sk_cur keyword, struct sk_cur value, bool has_value)
{
	char text[40];
	for (size_t i = 0; i < SK_COUNT(buffer_words); i++) {
		bool legacy = buffer_words[i].legacy[0] != '\0' && sk_word_is(keyword, buffer_words[i].legacy);
		if (!legacy && !sk_word_is(keyword, buffer_words[i].name))
			continue;
		if (has_value)
			return sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "%s takes no value", buffer_words[i].name);
		return legacy && is_modifier(buffer_words[i].legacy) ? sk_rules_move(reader, (enum sk_buffer)i) : sk_rules_sticky(reader, (enum sk_buffer)i);
	}
	(void)sk_word_text(keyword, text, sizeof text);
	for (size_t i = 0; i < SK_COUNT(keywords); i++) {
		if (!sk_word_is(keyword, keywords[i].word))
			continue;
		if (keywords[i].take != NULL)
			return keywords[i].take(reader, value) || sk_rules_refuse(reader, SK_RULE_REASON_VALUE, "%s", text);
		if (keywords[i].reason == SK_RULE_REASON_NONE)
			return true;
		return sk_rules_refuse(reader, keywords[i].reason, "%s%s%s", text, keywords[i].note[0] != '\0' ? ": " : "", keywords[i].note);
	}
	return sk_rules_refuse(reader, SK_RULE_REASON_UNKNOWN, "%s", text);
}

const char *sk_rules_keyword(size_t i, enum sk_rule_reason *how, const char **note)
{
	size_t k = i - SK_COUNT(buffer_words);
	bool buffer = i < SK_COUNT(buffer_words);
	if (!buffer && k >= SK_COUNT(keywords))
		return NULL;
	*how = buffer ? SK_RULE_REASON_NONE : keywords[k].reason;
	*note = buffer ? buffer_words[i].note : keywords[k].note;
	return buffer ? buffer_words[i].name : keywords[k].word;
}

enum sk_app sk_rules_app(struct sk_cur word)
{
	static const struct {
		const char *name;
		uint8_t app;
	} apps[] = {{"dns", SK_APP_DNS}, {"tls", SK_APP_TLS}, {"ssl", SK_APP_TLS}, {"quic", SK_APP_QUIC}, {"http", SK_APP_HTTP}, {"http1", SK_APP_HTTP}, {"http2", SK_APP_HTTP2},
		    {"ssh", SK_APP_SSH}, {"smb", SK_APP_SMB}, {"rdp", SK_APP_RDP}, {"krb5", SK_APP_KERBEROS}, {"ntp", SK_APP_NTP}, {"snmp", SK_APP_SNMP}, {"sip", SK_APP_SIP},
		    {"mqtt", SK_APP_MQTT}, {"modbus", SK_APP_MODBUS}, {"dnp3", SK_APP_DNP3}, {"enip", SK_APP_ENIP}};
	for (size_t i = 0; i < SK_COUNT(apps); i++)
		if (sk_word_is(word, apps[i].name))
			return (enum sk_app)apps[i].app;
	return SK_APP_NONE;
}

/* ---- what it is called ---- */

static bool take_u32(struct sk_cur value, uint32_t least, uint32_t *out)
{
	int64_t number;
	if (!sk_word_number(value, least, UINT32_MAX, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Escapes taken off; as it stands it may name anything, so it is made printable. */
static const char *keep_text(struct sk_rules_reader *reader, struct sk_cur word)
{
	char text[SK_RULE_TEXT_MAX];
	size_t used = 0;
	while (sk_more(&word) && used + 1 < sizeof text) {
		uint8_t byte = sk_u8(&word);
		if (byte == '\\' && sk_more(&word))
			byte = sk_u8(&word);
		text[used++] = byte >= 0x20 && byte != 0x7f ? (char)byte : '?';
	}
	text[used] = '\0';
	/* Cut inside a character it would be no text: it goes into JSON. */
	while (used > 0 && !sk_utf8_valid(text, used))
		text[--used] = '\0';
	return sk_rules_keep(reader->set, text);
}

bool sk_take_msg(struct sk_rules_reader *reader, struct sk_cur value)
{
	if (!sk_word_unquote(&value))
		return false;
	reader->rule.message = keep_text(reader, value);
	return reader->rule.message != NULL;
}

bool sk_take_sid(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->has_sid = take_u32(value, 1, &reader->rule.sid);
	return reader->has_sid;
}

bool sk_take_gid(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_u32(value, 0, &reader->rule.gid);
}

bool sk_take_rev(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_u32(value, 0, &reader->rule.rev);
}

bool sk_take_classtype(struct sk_rules_reader *reader, struct sk_cur value)
{
	char name[SK_RULES_NAME_MAX];
	if (!sk_word_text(value, name, sizeof name) || name[0] == '\0' || strchr(name, ',') != NULL)
		return false;
	const struct sk_rules_class *found = sk_rules_class_of(reader->set, name);
	/* Suricata takes an unknown class as one without a name and of the least priority. */
	reader->rule.classtype = found != NULL ? found->name : sk_rules_keep(reader->set, name);
	reader->rule.category = found != NULL ? found->category : reader->rule.classtype;
	if (found != NULL && !reader->priority_said)
		reader->rule.priority = found->priority;
	return reader->rule.classtype != NULL;
}

bool sk_take_priority(struct sk_rules_reader *reader, struct sk_cur value)
{
	int64_t number;
	if (!sk_word_number(value, 1, 255, &number))
		return false;
	reader->rule.priority = (uint8_t)number;
	reader->priority_said = true;
	return true;
}

bool sk_take_reference(struct sk_rules_reader *reader, struct sk_cur value)
{
	if (reader->rule.reference_count == SK_RULE_REFERENCES_MAX)
		return true;
	const char *text = keep_text(reader, value);
	reader->rule.references[reader->rule.reference_count++] = text;
	return text != NULL;
}

bool sk_take_metadata(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const char key[] = "mitre_technique_id";
	while (sk_more(&value)) {
		bool comma;
		struct sk_cur pair = sk_word_trim(sk_word_until(&value, ',', &comma)), word = pair;
		if (sk_left(&word) > sizeof key - 1 && sk_word_is(sk_carve(&word, sizeof key - 1), key))
			(void)sk_word_text(sk_word_trim(word), reader->rule.technique, sizeof reader->rule.technique);
	}
	return true;
}

bool sk_take_target(struct sk_rules_reader *reader, struct sk_cur value)
{
	bool source = sk_word_is(value, "src_ip");
	reader->rule.target = source ? SK_END_SOURCE : SK_END_DESTINATION;
	return source || sk_word_is(value, "dest_ip");
}

bool sk_take_noalert(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->rule.flags |= SK_RULE_NO_ALERT;
	return !sk_more(&value);
}

bool sk_take_not_kept(struct sk_rules_reader *reader, struct sk_cur value)
{
	(void)value;
	reader->rule.differences |= 1u << SK_RULE_DIFFERENCE_NOT_KEPT;
	return true;
}

/* ---- the packet ---- */

bool sk_take_dsize(struct sk_rules_reader *reader, struct sk_cur value)
{
	return sk_word_range(value, UINT16_MAX, true, &reader->rule.dsize);
}

bool sk_take_ttl(struct sk_rules_reader *reader, struct sk_cur value)
{
	return sk_word_range(value, UINT8_MAX, false, &reader->rule.ttl);
}

bool sk_take_itype(struct sk_rules_reader *reader, struct sk_cur value)
{
	return sk_word_range(value, UINT8_MAX, true, &reader->rule.icmp_type);
}

bool sk_take_icode(struct sk_rules_reader *reader, struct sk_cur value)
{
	return sk_word_range(value, UINT8_MAX, true, &reader->rule.icmp_code);
}

bool sk_take_ip_proto(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {{"icmp", 1}, {"igmp", 2}, {"tcp", 6}, {"udp", 17}, {"gre", 47}, {"esp", 50}, {"ah", 51}, {"icmpv6", 58}, {"sctp", 132}, {"ipv6-icmp", 58}, {"IGMP", 2}, {"PIM", 103}};
	struct sk_rule_number *out = &reader->rule.ip_proto;
	bool negated = sk_word_take(&value, '!');
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (sk_word_is(value, names[i].name)) {
			*out = (struct sk_rule_number){.from = names[i].number, .to = names[i].number, .negated = negated, .asked = true};
			return true;
		}
	bool fine = sk_word_range(value, IP_PROTOCOL_MAX, false, out);
	out->negated = negated;
	return fine;
}

bool sk_take_sameip(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->rule.flags |= SK_RULE_SAME_ADDRESS;
	return !sk_more(&value);
}

bool sk_take_seq(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->rule.sequence_asked = true;
	return take_u32(value, 0, &reader->rule.sequence);
}

/* Letters as Snort has them: FSRPAU, C and E (or 1 and 2) of the reserved two, 0 none. "+" these and perhaps others, "*" any of them, "!" none of them; behind a comma
   those that are not looked at. */
bool sk_take_flags(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const char letters[] = "FSRPAUEC", old[] = "FSRPAU21";
	uint8_t *into = &reader->rule.tcp_flags;
	reader->rule.tcp_asked = true;
	while (sk_more(&value)) {
		uint8_t byte = sk_u8(&value), upper = byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 32) : byte;
		const char *at = byte != 0 ? strchr(letters, upper) : NULL;
		const char *at_old = byte != 0 ? strchr(old, upper) : NULL;
		if (at != NULL)
			*into |= (uint8_t)(1u << (at - letters));
		else if (at_old != NULL)
			*into |= (uint8_t)(1u << (at_old - old));
		else if (byte == ',')
			into = &reader->rule.tcp_ignored;
		else if ((byte == '+' || byte == '*' || byte == '!') && into == &reader->rule.tcp_flags)
			reader->rule.tcp_how = byte;
		else if (byte != '0' && byte != ' ')
			return false;
	}
	return true;
}

/* ---- the flow ---- */

static bool one_flow_word(struct sk_rules_reader *reader, struct sk_cur word)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} words[] = {{"established", SK_RULE_ESTABLISHED}, {"not_established", SK_RULE_NOT_ESTABLISHED}, {"to_server", SK_RULE_TO_SERVER}, {"from_client", SK_RULE_TO_SERVER},
		     {"to_client", SK_RULE_TO_CLIENT}, {"from_server", SK_RULE_TO_CLIENT}, {"stateless", 0}, {"no_frag", 0}};
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (sk_word_is(word, words[i].word)) {
			reader->rule.flags |= words[i].flag;
			return true;
		}
	reader->stream_only |= sk_word_is(word, "only_stream");
	reader->no_stream |= sk_word_is(word, "no_stream");
	return sk_word_is(word, "only_stream") || sk_word_is(word, "no_stream");
}

bool sk_take_flow(struct sk_rules_reader *reader, struct sk_cur value)
{
	while (sk_more(&value)) {
		bool comma;
		if (!one_flow_word(reader, sk_word_trim(sk_word_until(&value, ',', &comma))))
			return false;
	}
	uint32_t flags = reader->rule.flags;
	if ((flags & SK_RULE_TO_SERVER) != 0 && (flags & SK_RULE_TO_CLIENT) != 0)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "flow: to_server and to_client");
	if ((flags & SK_RULE_ESTABLISHED) != 0 && (flags & SK_RULE_NOT_ESTABLISHED) != 0)
		return sk_rules_refuse(reader, SK_RULE_REASON_IMPOSSIBLE, "flow: established and not_established");
	return true;
}

static bool flowbit_id(struct sk_rules *set, struct sk_cur word, uint16_t *id)
{
	char name[SK_RULES_NAME_MAX];
	if (!sk_word_text(word, name, sizeof name) || name[0] == '\0')
		return false;
	for (size_t i = 0; i < set->flowbit_count; i++)
		if (strcmp(set->flowbits[i], name) == 0) {
			*id = (uint16_t)i;
			return true;
		}
	if (set->flowbits == NULL)
		set->flowbits = calloc(SK_RULES_FLOWBITS_MAX, sizeof set->flowbits[0]);
	if (set->flowbits == NULL || set->flowbit_count == SK_RULES_FLOWBITS_MAX || (set->flowbits[set->flowbit_count] = sk_rules_keep(set, name)) == NULL)
		return false;
	*id = (uint16_t)set->flowbit_count++;
	return true;
}

bool sk_take_flowbits(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const char *const acts[] = {"set", "unset", "toggle", "isset", "isnotset"};
	bool comma;
	struct sk_cur act = sk_word_trim(sk_word_until(&value, ',', &comma));
	if (sk_word_is(act, "noalert"))
		return sk_take_noalert(reader, sk_cur_of("", 0));
	if (reader->rule.bit_count == SK_RULE_BITS_MAX)
		return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %d flowbits", SK_RULE_BITS_MAX);
	struct sk_rule_flowbit *bit = &reader->rule.bits[reader->rule.bit_count++];
	size_t kind = 0;
	while (kind < SK_COUNT(acts) && !sk_word_is(act, acts[kind]))
		kind++;
	bit->act = (uint8_t)kind;
	if (kind == SK_COUNT(acts))
		return false;
	while (sk_more(&value)) {
		bool more;
		struct sk_cur name = sk_word_trim(sk_word_until(&value, '|', &more));
		if (bit->count == SK_COUNT(bit->ids))
			return sk_rules_refuse(reader, SK_RULE_REASON_TOO_LARGE, "more than %zu flowbits in one", SK_COUNT(bit->ids));
		if (!flowbit_id(reader->set, name, &bit->ids[bit->count++]))
			return false;
	}
	return bit->count != 0 && (bit->count == 1 || bit->act >= SK_BIT_ISSET);
}

static bool take_counting(struct sk_rules_reader *reader, struct sk_cur value, struct sk_rule_counting *out)
{
	static const struct {
		const char *word;
		uint8_t what;
	} tracks[] = {{"by_src", SK_TRACK_SOURCE}, {"by_dst", SK_TRACK_DESTINATION}, {"by_both", SK_TRACK_BOTH}, {"by_rule", SK_TRACK_RULE}, {"by_flow", SK_TRACK_FLOW}},
	kinds[] = {{"limit", SK_COUNT_LIMIT}, {"threshold", SK_COUNT_THRESHOLD}, {"both", SK_COUNT_BOTH}};
	bool has_track = false;
	while (sk_more(&value)) {
		bool comma, space;
		int64_t number;
		struct sk_cur word = sk_word_trim(sk_word_until(&value, ',', &comma));
		struct sk_cur key = sk_word_until(&word, ' ', &space);
		word = sk_word_trim(word);
		bool fine = false;
		if (sk_word_is(key, "track"))
			for (size_t i = 0; i < SK_COUNT(tracks) && !fine; i++)
				if (sk_word_is(word, tracks[i].word)) {
					out->track = tracks[i].what;
					fine = has_track = true;
				}
		if (sk_word_is(key, "type") && out->kind != SK_COUNT_FILTER)
			for (size_t i = 0; i < SK_COUNT(kinds) && !fine; i++)
				if (sk_word_is(word, kinds[i].word)) {
					out->kind = kinds[i].what;
					fine = true;
				}
		if (sk_word_is(key, "count") && sk_word_number(word, 1, UINT32_MAX, &number)) {
			out->count = (uint32_t)number;
			fine = true;
		}
		if (sk_word_is(key, "seconds") && sk_word_number(word, 1, UINT32_MAX, &number)) {
			out->seconds = (uint32_t)number;
			fine = true;
		}
		if (!fine)
			return false;
	}
	if (out->seconds > SK_RULES_DAY_S)
		return sk_rules_refuse(reader, SK_RULE_REASON_MEMORY, "seconds %u: nothing on the sensor is remembered beyond a day", out->seconds);
	reader->rule.differences |= 1u << SK_RULE_DIFFERENCE_EACH_WORKER;
	return has_track && out->count != 0 && out->seconds != 0 && out->kind != SK_COUNT_NONE;
}

bool sk_take_threshold(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_counting(reader, value, &reader->rule.limit);
}

bool sk_take_detection_filter(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->rule.filter.kind = SK_COUNT_FILTER;
	return take_counting(reader, value, &reader->rule.filter);
}

bool sk_take_app_protocol(struct sk_rules_reader *reader, struct sk_cur value)
{
	char text[32];
	bool negated = sk_word_take(&value, '!');
	(void)sk_word_text(value, text, sizeof text);
	enum sk_app app = sk_rules_app(value);
	if (app == SK_APP_NONE)
		return sk_rules_refuse(reader, SK_RULE_REASON_PROTOCOL, "app-layer-protocol: %s", text);
	if (reader->rule.app != SK_APP_NONE)
		return sk_rules_refuse(reader, SK_RULE_REASON_MIXED, "two protocols");
	reader->rule.app = (uint8_t)app;
	reader->rule.app_not = negated;
	return true;
}

/* ---- heads, as numbers ---- */

/* A head that is asked for numbers alone still says which messages are meant. */
static bool ask_head(struct sk_rules_reader *reader, enum sk_rule_source source, enum sk_app app)
{
	struct sk_rule *rule = &reader->rule;
	if (rule->source != SK_SOURCE_PAYLOAD && rule->source != source)
		return sk_rules_refuse(reader, SK_RULE_REASON_MIXED, "two kinds of messages");
	rule->source = (uint8_t)source;
	reader->listed_app = (uint8_t)app;
	return true;
}

static bool take_dns_number(struct sk_rules_reader *reader, struct sk_cur value, uint64_t most, struct sk_rule_number *out)
{
	return ask_head(reader, SK_SOURCE_DNS, SK_APP_DNS) && sk_word_range(value, most, true, out);
}

bool sk_take_dns_opcode(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_dns_number(reader, value, 15, &reader->rule.dns_opcode);
}

bool sk_take_dns_rcode(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_dns_number(reader, value, UINT8_MAX, &reader->rule.dns_rcode);
}

bool sk_take_dns_rrtype(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_dns_number(reader, value, UINT16_MAX, &reader->rule.dns_type);
}

/* The version that the server chose. */
static bool take_version(struct sk_rules_reader *reader, uint64_t number)
{
	reader->rule.tls_version = (struct sk_rule_number){.from = number, .to = number, .asked = true};
	return ask_head(reader, SK_SOURCE_SERVER_HELLO, SK_APP_TLS);
}

bool sk_take_tls_version(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3"};
	(void)sk_word_unquote(&value);
	for (size_t i = 0; i < SK_COUNT(versions); i++)
		if (sk_word_is(value, versions[i]))
			return take_version(reader, TLS10 + i);
	return false;
}

bool sk_take_ssl_version(struct sk_rules_reader *reader, struct sk_cur value)
{
	static const char *const versions[] = {"sslv3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"};
	for (size_t i = 0; i < SK_COUNT(versions); i++)
		if (sk_word_is(value, versions[i]))
			return take_version(reader, TLS10 - 1 + i);
	return sk_rules_refuse(reader, SK_RULE_REASON_KEYWORD, "ssl_version: one of sslv3, tls1.0 to tls1.3 is taken");
}

bool sk_take_tls_cert_expired(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->rule.flags |= SK_RULE_TLS_EXPIRED;
	return !sk_more(&value) && ask_head(reader, SK_SOURCE_CERTIFICATE, SK_APP_TLS);
}

bool sk_take_tls_cert_valid(struct sk_rules_reader *reader, struct sk_cur value)
{
	reader->rule.flags |= SK_RULE_TLS_VALID;
	return !sk_more(&value) && ask_head(reader, SK_SOURCE_CERTIFICATE, SK_APP_TLS);
}

/* "2016-01-01", or with a time behind it; <, >, or a range with <>. */
static bool one_time(struct sk_cur word, int64_t *out)
{
	char text[SK_TIME_TEXT_MAX], full[SK_TIME_TEXT_MAX];
	int64_t unix_ns;
	if (!sk_word_text(sk_word_trim(word), text, sizeof text))
		return false;
	size_t length = strlen(text);
	static const char rest[] = "0000-01-01T00:00:00Z";
	if (length < 4 || length >= sizeof rest)
		return false;
	(void)snprintf(full, sizeof full, "%s%s", text, rest + length);
	for (char *at = full; *at != '\0'; at++)
		if (*at == ' ')
			*at = 'T';
	if (sk_time_parse(full, &unix_ns) != SK_OK)
		return false;
	*out = unix_ns / 1000000000;
	return *out >= 0;
}

static bool take_time(struct sk_rules_reader *reader, struct sk_cur value, struct sk_rule_number *out)
{
	int64_t from = 0, to = INT64_MAX;
	bool less = sk_word_take(&value, '<'), greater = !less && sk_word_take(&value, '>'), brackets = false;
	struct sk_cur rest = value, first = sk_word_until(&rest, '<', &brackets);
	if (brackets && !less && !greater && sk_word_take(&rest, '>')) {
		if (!one_time(first, &from) || !one_time(rest, &to))
			return false;
	} else if (less ? !one_time(value, &to) : !one_time(value, &from)) {
		return false;
	} else if (!less && !greater) {
		to = from;
	}
	*out = (struct sk_rule_number){.from = (uint64_t)from, .to = (uint64_t)to, .asked = true};
	return ask_head(reader, SK_SOURCE_CERTIFICATE, SK_APP_TLS);
}

bool sk_take_tls_cert_notbefore(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_time(reader, value, &reader->rule.not_before);
}

bool sk_take_tls_cert_notafter(struct sk_rules_reader *reader, struct sk_cur value)
{
	return take_time(reader, value, &reader->rule.not_after);
}

bool sk_take_tls_chain(struct sk_rules_reader *reader, struct sk_cur value)
{
	return sk_word_range(value, UINT8_MAX, true, &reader->rule.chain) && ask_head(reader, SK_SOURCE_CERTIFICATE, SK_APP_TLS);
}

bool sk_take_rawbytes(struct sk_rules_reader *reader, struct sk_cur value)
{
	(void)reader;
	return !sk_more(&value);
}
