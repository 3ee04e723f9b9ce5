/* SPDX-License-Identifier: Apache-2.0 */
/* Values and phrases as text. */
#include "observe/words_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/app.h"
#include "text/text.h"

/* Where the text grows: what does not fit is cut at a whole character. */
struct into {
	enum sk_lang lang;
	char *text;
	size_t used, room;              /* room: without the NUL */
};

static void put(struct into *into, const char *text, size_t length)
{
	if (length > into->room - into->used) {
		length = into->room - into->used;
		while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80)
			length--;
		into->room = into->used + length;
	}
	memcpy(into->text + into->used, text, length);
	into->used += length;
}

SK_PRINTF(2, 3) static void putf(struct into *into, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	put(into, text, strlen(text));
}

static bool is_ja(const struct into *into)
{
	return into->lang == SK_LANG_JA;
}

/* ---- values ---- */

static void put_addr(struct into *into, const struct sk_addr *addr)
{
	char text[SK_ADDR_TEXT_MAX];
	if (addr->family == 4 || addr->family == 6)
		putf(into, "%s", sk_addr_format(addr, text));
	else
		put(into, "-", 1);
}

/* The date once when both lie on one day. */
static void put_span(struct into *into, int64_t first_ns, int64_t last_ns)
{
	char first[SK_TIME_TEXT_MAX], last[SK_TIME_TEXT_MAX];
	(void)sk_time_format(first_ns, 0, first);
	(void)sk_time_format(last_ns, 0, last);
	if (strlen(first) < 20 || strlen(last) < 20) {
		putf(into, "%s", is_ja(into) ? "ありえない時刻" : "at a time that cannot be");
		return;
	}
	first[10] = last[10] = ' ';
	if (strcmp(first, last) == 0)
		putf(into, is_ja(into) ? "%.19s UTC" : "at %.19s UTC", first);
	else if (strncmp(first, last, 10) == 0)
		putf(into, is_ja(into) ? "%.19s から %.8s UTC" : "from %.19s to %.8s UTC", first, last + 11);
	else
		putf(into, is_ja(into) ? "%.19s から %.19s UTC" : "from %.19s to %.19s UTC", first, last);
}

static const char *service_name(uint16_t port)
{
	static const struct { uint16_t port; const char *name; } names[] = {
		{21, "FTP"}, {22, "SSH"}, {23, "Telnet"}, {25, "SMTP"}, {53, "DNS"}, {80, "HTTP"}, {110, "POP3"}, {123, "NTP"}, {135, "RPC"}, {139, "NetBIOS"},
		{143, "IMAP"}, {161, "SNMP"}, {389, "LDAP"}, {443, "HTTPS"}, {445, "SMB"}, {500, "IKE"}, {502, "Modbus"}, {1433, "SQL Server"}, {1900, "SSDP"},
		{3306, "MySQL"}, {3389, "RDP"}, {5060, "SIP"}, {5432, "PostgreSQL"}, {5555, "ADB"}, {5900, "VNC"}, {6379, "Redis"}, {8080, "HTTP"},
		{9200, "Elasticsearch"}, {11211, "memcached"}, {20000, "DNP3"}, {44818, "EtherNet/IP"}};
	for (size_t i = 0; i < SK_COUNT(names); i++)
		if (names[i].port == port)
			return names[i].name;
	return NULL;
}

static void put_service(struct into *into, uint8_t ip_proto, uint16_t port, bool named)
{
	const char *proto = ip_proto == 6 ? "TCP" : ip_proto == 17 ? "UDP" : ip_proto == 132 ? "SCTP" : NULL, *name = named ? service_name(port) : NULL;
	if (proto == NULL && (ip_proto == 1 || ip_proto == 58))
		putf(into, "ICMP");
	else if (proto == NULL)
		putf(into, is_ja(into) ? "IP プロトコル %u" : "IP protocol %u", ip_proto);
	else
		putf(into, is_ja(into) ? "%s ポート %u%s%s%s" : "%s port %u%s%s%s", proto, port, name != NULL ? " (" : "", name != NULL ? name : "", name != NULL ? ")" : "");
}

static void put_app(struct into *into, uint64_t app)
{
	static const char *const names[SK_APP_COUNT] = {
		[SK_APP_DNS] = "DNS", [SK_APP_TLS] = "TLS", [SK_APP_DTLS] = "DTLS", [SK_APP_QUIC] = "QUIC", [SK_APP_HTTP] = "HTTP", [SK_APP_SSH] = "SSH", [SK_APP_SMB] = "SMB",
		[SK_APP_RDP] = "RDP", [SK_APP_KERBEROS] = "Kerberos", [SK_APP_STUN] = "STUN", [SK_APP_NTP] = "NTP", [SK_APP_SNMP] = "SNMP", [SK_APP_SIP] = "SIP",
		[SK_APP_MQTT] = "MQTT", [SK_APP_MODBUS] = "Modbus", [SK_APP_DNP3] = "DNP3", [SK_APP_IEC104] = "IEC 104", [SK_APP_S7] = "S7", [SK_APP_ENIP] = "EtherNet/IP",
		[SK_APP_BACNET] = "BACnet", [SK_APP_HTTP2] = "HTTP/2"};
	if (app < SK_COUNT(names) && names[app] != NULL)
		putf(into, "%s", names[app]);
	else
		putf(into, "%s", sk_words_word(SK_WORD_SOMETHING, into->lang));
}

/* "3 min 20 s" in Japanese: the units are exchanged. */
static void put_duration(struct into *into, int64_t ns)
{
	static const struct { const char *en, *ja; } units[] = {{"d", "日"}, {"h", "時間"}, {"min", "分"}, {"s", "秒"}, {"ms", "ミリ秒"}, {"us", "マイクロ秒"}, {"ns", "ナノ秒"}};
	char text[SK_UNIT_TEXT_MAX];
	(void)sk_duration_format(ns, text);
	if (!is_ja(into)) {
		putf(into, "%s", text);
		return;
	}
	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, " "), i = 0;
		while (i < SK_COUNT(units) && (strlen(units[i].en) != length || memcmp(units[i].en, at, length) != 0))
			i++;
		put(into, i < SK_COUNT(units) ? units[i].ja : at, i < SK_COUNT(units) ? strlen(units[i].ja) : length);
		at += length;
		at += *at == ' ';
	}
}

/* Bytes each way, seen from the inside where there is one; and plainly when only one direction was there. */
static void put_volume(struct into *into, const struct sk_words_volume *v)
{
	char a[SK_UNIT_TEXT_MAX], b[SK_UNIT_TEXT_MAX];
	(void)sk_bytes_format(v->metered || v->one_way ? v->out + v->in : v->out, a);
	(void)sk_bytes_format(v->in, b);
	if (v->metered && v->sampling > 1)
		putf(into, is_ja(into) ? "フロー記録の計数で %s、%u パケットに一つの標本" : "%s as a flow export counted it, of one packet in %u", a, v->sampling);
	else if (v->metered)
		putf(into, is_ja(into) ? "フロー記録の計数で %s" : "%s as a flow export counted it", a);
	else if (v->one_way)
		putf(into, is_ja(into) ? "%s、片方向のみ観測" : "%s, only one direction was seen", a);
	else if (is_ja(into))
		putf(into, v->transit ? "往 %s、復 %s" : "送信 %s、受信 %s", a, b);
	else
		putf(into, "%s %s, %s %s", a, v->transit ? "forth" : "out", b, v->transit ? "back" : "in");
}

/* "3 queries, 2 answers, 1 of them that there is no such name". */
static void put_answers(struct into *into, const struct sk_words_answers *a)
{
	if (is_ja(into))
		putf(into, "問い合わせ %u 件、応答 %u 件", a->queries, a->responses);
	else
		putf(into, "%u quer%s, %u answer%s", a->queries, a->queries == 1 ? "y" : "ies", a->responses, a->responses == 1 ? "" : "s");
	if (a->nxdomain != 0)
		putf(into, is_ja(into) ? "、うち「その名前はない」 %u 件" : ", %u of them that there is no such name", a->nxdomain);
	else if (a->one_way)
		putf(into, "%s", is_ja(into) ? "、片方向のみ観測" : ", only one direction was seen");
}

/* "XA", "XA and XB", "XA, XB, XC, XD and 3 more". */
static void put_countries(struct into *into, const struct sk_words_countries *c)
{
	for (unsigned i = 0; i < c->named; i++)
		putf(into, "%s%c%c", i == 0 ? "" : is_ja(into) ? "、" : i + 1u == c->named && c->more == 0 ? " and " : ", ", c->codes[i] >> 8, c->codes[i] & 255);
	if (c->more != 0)
		putf(into, is_ja(into) ? "ほか %u か国" : " and %u more", c->more);
}

static void put_arg(struct into *into, const struct sk_arg *arg)
{
	char text[SK_UNIT_TEXT_MAX];
	switch (arg->type) {
	case SK_ARG_ADDR: put_addr(into, arg->addr); break;
	case SK_ARG_WORD: putf(into, "%s", sk_words_word(arg->word, into->lang)); break;
	case SK_ARG_INT: putf(into, "%" PRIu64, arg->number); break;
	case SK_ARG_NUMBER: putf(into, "%s", sk_number_format(arg->number, text)); break;
	case SK_ARG_BYTES: putf(into, "%s", sk_bytes_format(arg->number, text)); break;
	case SK_ARG_SPAN: put_span(into, arg->span.first_ns, arg->span.last_ns); break;
	case SK_ARG_SERVICE: put_service(into, arg->service.ip_proto, arg->service.port, true); break;
	case SK_ARG_PORT: put_service(into, arg->service.ip_proto, arg->service.port, false); break;
	case SK_ARG_APP: put_app(into, arg->number); break;
	case SK_ARG_TEXT: put(into, arg->text.at, arg->text.length); break;
	case SK_ARG_DURATION: put_duration(into, (int64_t)arg->number); break;
	case SK_ARG_TIME: putf(into, "%s", sk_time_format((int64_t)arg->number, 0, text)); break;
	case SK_ARG_REAL: putf(into, "%.*f", arg->real.decimals, arg->real.value); break;
	case SK_ARG_SIGNED: putf(into, "%+" PRId64, (int64_t)arg->number); break;
	case SK_ARG_VOLUME: put_volume(into, &arg->volume); break;
	case SK_ARG_ANSWERS: put_answers(into, &arg->answers); break;
	case SK_ARG_HEX: putf(into, "%016" PRIx64, arg->number); break;
	case SK_ARG_COUNTRIES: put_countries(into, &arg->countries); break;
	case SK_ARG_PHRASE:
	case SK_ARG_COUNT: break;
	}
}

/* ---- phrases ---- */

/* "{s}" behind a number: one thing, or more. */
static void put_plural(struct into *into, const struct sk_arg *before, bool of_one)
{
	bool one = before != NULL && (before->type == SK_ARG_INT || before->type == SK_ARG_NUMBER) && before->number == 1;
	if (one == of_one)
		put(into, "s", 1);
}

/* Which value a place means: the next one in English, that of its number in Japanese. */
static size_t value_of(const struct into *into, const char *place, size_t length, size_t *next)
{
	size_t number = 0;
	if (!is_ja(into))
		return (*next)++;
	for (size_t i = 0; i < length && i < 3; i++)
		number = number * 10 + (size_t)(place[i] - '0');
	return number;
}

static void put_phrase(struct into *into, const struct sk_said *said)
{
	const struct sk_words_row *row = sk_words_row_of(said);
	const char *at, *text, *place;
	size_t text_length, length, next = 0;
	if (row == NULL) {
		putf(into, is_ja(into) ? "（この版の知らない文 %u）" : " (words of a newer version, number %u)", said->number);
		return;
	}
	at = row->text[into->lang];
	while (sk_words_place(&at, &text, &text_length, &place, &length)) {
		put(into, text, text_length);
		if (sk_words_is_plural(place, length)) {
			put_plural(into, next != 0 ? &said->args[next - 1] : NULL, length == 2);
			continue;
		}
		size_t i = value_of(into, place, length, &next);
		if (i < said->count)
			put_arg(into, &said->args[i]);
	}
	put(into, text, text_length);
}

const char *sk_words_text(const struct sk_words *words, enum sk_lang lang, char out[SK_WORDS_TEXT_MAX])
{
	struct into into = {.lang = lang, .text = out, .room = SK_WORDS_TEXT_MAX - 1};
	struct sk_cur c = sk_cur_of(words->bytes, words->length);
	struct sk_said said;
	while (sk_more(&c) && sk_words_take_phrase(&c, &said))
		put_phrase(&into, &said);
	out[into.used] = '\0';
	return out;
}

void sk_words_json(struct sk_json_writer *w, const char *key, const struct sk_words *words, enum sk_lang lang)
{
	char text[SK_WORDS_TEXT_MAX];
	sk_json_text(w, key, sk_words_text(words, lang, text));
}
