/* SPDX-License-Identifier: Apache-2.0 */
/* What an SMTP server says, and what may be said to one. */
#include "target/smtp_priv.h"

#include "wire/find.h"

enum { LOCAL_MAX = 64, TEXT_LINE_MAX = 998 };

/* RFC 5321, 4.2:  Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF */
static enum sk_err take_line(struct sk_cur *in, unsigned *code, bool *last, struct sk_smtp_reply *out)
{
	size_t at = 0, kept = 0;
	if (!sk_find(in, 0, sk_left(in), "\r\n", 2, false, &at))
		return sk_left(in) >= SK_SMTP_LINE_MAX ? SK_EMALFORMED : SK_EMORE;
	if (at < 3 || at >= SK_SMTP_LINE_MAX)
		return SK_EMALFORMED;
	struct sk_cur line = sk_carve(in, at);
	sk_skip(in, 2);
	*code = 0;
	for (unsigned i = 0; i < 3; i++) {
		uint8_t digit = sk_u8(&line);
		if (digit < '0' || digit > '9')
			return SK_EMALFORMED;
		*code = *code * 10 + (unsigned)(digit - '0');
	}
	uint8_t then = sk_u8(&line);
	if (*code < 200 || *code > 599 || (at > 3 && then != ' ' && then != '-'))
		return SK_EMALFORMED;
	*last = then != '-';
	while (sk_more(&line)) {
		uint8_t c = sk_u8(&line);
		if (kept + 1 < sizeof out->text)
			out->text[kept++] = c >= ' ' && c <= '~' ? (char)c : '?';
	}
	out->text[kept] = '\0';
	return SK_OK;
}

enum sk_err sk_smtp_reply_parse(const void *bytes, size_t length, size_t *used, struct sk_smtp_reply *out)
{
	struct sk_cur in = sk_cur_of(bytes, length);
	unsigned code = 0;
	bool last = false;
	out->code = 0;
	for (unsigned i = 0; i < SK_SMTP_LINES_MAX; i++) {
		SK_TRY(take_line(&in, &code, &last, out));
		if (out->code != 0 && out->code != code)
			return SK_EMALFORMED;
		out->code = code;
		if (last) {
			*used = sk_offset(&in);
			return SK_OK;
		}
	}
	return SK_EMALFORMED;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool sk_mail_host_valid(const char *text)
{
	size_t label = 0, length = strlen(text);
	if (length == 0 || length > 253)
		return false;
	for (; *text != '\0'; text++) {
		if (*text == '.' ? label == 0 || text[-1] == '-' : !is_alnum(*text) && (*text != '-' || label == 0))
			return false;
		label = *text == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label != 0 && text[-1] != '-';
}

/* RFC 5322's dot-atom on both sides, which needs no quotes anywhere. */
bool sk_mail_address_valid(const char *text)
{
	const char *at = strchr(text, '@');
	if (at == NULL || at == text || at - text > LOCAL_MAX || strlen(text) >= SK_MAIL_ADDRESS_MAX || !sk_mail_host_valid(at + 1))
		return false;
	for (const char *c = text; c < at; c++)
		if (*c == '.' ? c == text || c + 1 == at || c[1] == '.' : !is_alnum(*c) && strchr("!#$%&'*+/=?^_{|}~-", *c) == NULL)
			return false;
	return true;
}

/* Bare CR or LF is how one message is smuggled into another (and was, in 2023, through servers that took them for a line's end). rule: NOTICE-1 */
bool sk_mail_wire_valid(const void *bytes, size_t length)
{
	struct sk_cur in = sk_cur_of(bytes, length);
	size_t line = 0;
	bool ended = true;
	while (sk_more(&in)) {
		uint8_t c = sk_u8(&in);
		ended = c == '\r' && sk_peek_u8(&in, 0) == '\n' && sk_more(&in);
		if (ended) {
			sk_skip(&in, 1);
			line = 0;
			continue;
		}
		if ((c < ' ' && c != '\t') || c > '~' || ++line > TEXT_LINE_MAX)
			return false;
	}
	return ended;
}
