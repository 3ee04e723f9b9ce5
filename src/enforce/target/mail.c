/* SPDX-License-Identifier: Apache-2.0 */
/* Message bytes. Every value goes through one of three gates: a header's value (folded, encoded), a body (base64 or quoted-printable), a field of a report (one word of
   printable ASCII). None lets a line's end through. */
#include "target/mail_priv.h"

#include <stdio.h>

#include "text/text.h"

enum { LINE = 76, WORD_BYTES = 39, BODY_BYTES = 57, QUOTED = 73 };
static const char crlf[] = "\r\n";

const char *sk_mail_date(int64_t unix_ns, char text[SK_MAIL_DATE_MAX])
{
	static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t seconds = unix_ns / 1000000000, day = seconds / 86400, rest = seconds % 86400, year = 0;
	unsigned month = 0, of_month = 0;
	sk_date_of_days(day, &year, &month, &of_month);
	(void)snprintf(text, SK_MAIL_DATE_MAX, "%.3s, %02u %.3s %04d %02d:%02d:%02d +0000", days + day % 7 * 3, of_month, months + (month - 1) * 3, (int)year, (int)(rest / 3600),
		       (int)(rest / 60 % 60), (int)(rest % 60));
	return text;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > '~')
			return false;
	return true;
}

/* A word of RFC 2047 in bytes that end where a character does. */
static size_t word_length(const char *at)
{
	size_t length = strnlen(at, WORD_BYTES + 1);
	if (length <= WORD_BYTES)
		return length;
	length = WORD_BYTES;
	while (length > 1 && ((unsigned char)at[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static void add_words(struct sk_buf *out, const char *value)
{
	char encoded[4 * ((WORD_BYTES + 2) / 3) + 1];
	for (const char *at = value; *at != '\0';) {
		size_t length = word_length(at);
		sk_base64_encode(at, length, encoded);
		sk_buf_addf(out, "%s=?UTF-8?B?%s?=", at == value ? "" : "\r\n ", encoded);
		at += length;
	}
}

/* Plain words, broken between two of them. A word longer than a line stays whole: no value of ours has one beyond 998 bytes. */
static void add_folded(struct sk_buf *out, const char *value, size_t column)
{
	for (const char *at = value; *at != '\0';) {
		size_t length = strcspn(at, " ");
		bool first = at == value;
		if (!first && column + 1 + length > LINE) {
			sk_buf_add_text(out, crlf);
			column = 0;
		}
		if (!first)
			sk_buf_add_u8(out, ' ');
		sk_buf_add(out, at, length);
		column += length + !first;
		at += length;
		at += strspn(at, " ");
	}
}

void sk_mail_header(struct sk_buf *out, const char *name, const char *value)
{
	char clean[SK_MAIL_SUBJECT_MAX];
	size_t length = 0;
	for (; *value != '\0' && length + 1 < sizeof clean; value++)
		clean[length++] = (unsigned char)*value < ' ' || *value == 0x7f ? ' ' : *value;
	/* A character that was cut in two goes. */
	clean[length] = '\0';
	while (length > 0 && !sk_utf8_valid(clean, length))
		clean[--length] = '\0';
	sk_buf_addf(out, "%s: ", name);
	if (is_ascii(clean) && strstr(clean, "=?") == NULL)
		add_folded(out, clean, strlen(name) + 2);
	else
		add_words(out, clean);
	sk_buf_add_text(out, crlf);
}

/* RFC 5322's phrase without quotes; what is encoded may hold anything. */
bool sk_mail_name_valid(const char *name)
{
	return name[0] != '\0' && (!is_ascii(name) || strpbrk(name, "\"\\<>@,;:()[].") == NULL);
}

/* ---- bodies ---- */

/* RFC 2045, 6.7. Besides what must be, a '-' and a '.' at a line's beginning are encoded: no text can look like a boundary or like the end of the message. */
void sk_mail_quoted(struct sk_buf *out, const char *text)
{
	size_t column = 0;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '\n') {
			sk_buf_add_text(out, crlf);
			column = 0;
			continue;
		}
		bool blank = c == ' ' || c == '\t', last = text[1] == '\n' || text[1] == '\0';
		bool plain = (c > ' ' && c <= '~' && c != '=' && !(column == 0 && (c == '-' || c == '.'))) || (blank && !last);
		if (column + (plain ? 1 : 3) > QUOTED) {
			sk_buf_add_text(out, "=\r\n");
			column = 0;
			plain = plain && c != '-' && c != '.';
		}
		if (plain)
			sk_buf_add_u8(out, c);
		else
			sk_buf_addf(out, "=%02X", c);
		column += plain ? 1 : 3;
	}
	if (column != 0)
		sk_buf_add_text(out, crlf);
}

/* A text's lines end with CR LF before they are encoded (RFC 2046, 4.1.1). */
static void add_base64(struct sk_buf *out, const char *text)
{
	uint8_t piece[BODY_BYTES];
	char encoded[4 * ((BODY_BYTES + 2) / 3) + 1];
	size_t filled = 0;
	bool feed = false; /* a CR was written for the LF that is next */
	while (*text != '\0') {
		if (*text == '\n' && !feed) {
			piece[filled++] = '\r';
			feed = true;
		} else {
			piece[filled++] = (uint8_t)*text++;
			feed = false;
		}
		if (filled == sizeof piece || *text == '\0') {
			sk_base64_encode(piece, filled, encoded);
			sk_buf_addf(out, "%s\r\n", encoded);
			filled = 0;
		}
	}
}

static void add_text_part(struct sk_buf *out, const struct sk_mail *mail)
{
	bool ascii = is_ascii(mail->text);
	sk_buf_addf(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Language: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n", mail->language, ascii ? "quoted-printable" : "base64");
	if (ascii)
		sk_mail_quoted(out, mail->text);
	else
		add_base64(out, mail->text);
}

/* ---- a report ---- */

static bool is_field(const char *value)
{
	for (const char *at = value; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return *value != '\0' && strlen(value) < LINE * 8;
}

/* RFC 5965, 3: domains and URIs may stand several times, the address once; further ones in a field of our own. */
static void add_about(struct sk_buf *out, const struct sk_mail_about *about)
{
	bool address_told = false;
	for (size_t i = 0; i < about->count; i++) {
		const char *value = about->values[i];
		struct sk_prefix prefix;
		char text[SK_ADDR_TEXT_MAX];
		if (!is_field(value))
			continue;
		bool address = sk_prefix_parse(value, &prefix) == SK_OK;
		bool one = address && prefix.bits == (prefix.addr.family == 4 ? 32 : 128);
		if (strstr(value, "://") != NULL)
			sk_buf_addf(out, "Reported-URI: %s\r\n", value);
		else if (one && !address_told)
			sk_buf_addf(out, "Source-IP: %s\r\n", sk_addr_format(&prefix.addr, text));
		else if (address)
			sk_buf_addf(out, "Sekisho-Source: %s\r\n", value);
		else
			sk_buf_addf(out, "Reported-Domain: %s\r\n", value);
		address_told = address_told || one;
	}
}

static void add_report(struct sk_buf *out, const struct sk_mail *mail)
{
	char boundary[32], date[SK_MAIL_DATE_MAX];
	(void)snprintf(boundary, sizeof boundary, "sekisho-%.16s", mail->document);
	sk_buf_addf(out, "Content-Type: multipart/report; report-type=feedback-report;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	add_text_part(out, mail);
	sk_buf_addf(out, "\r\n--%s\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Sekisho/" SK_VERSION "\r\nVersion: 1\r\n", boundary);
	add_about(out, &mail->about);
	sk_buf_addf(out, "\r\n--%s\r\nContent-Type: text/rfc822-headers\r\nContent-Disposition: inline\r\n\r\n", boundary);
	/* RFC 5965 asks for the headers of the message that is complained about. There is none here; these say what the report rests on. */
	sk_buf_addf(out, "Date: %s\r\n", sk_mail_date(mail->date_ns, date));
	sk_mail_header(out, "Subject", mail->subject);
	sk_buf_addf(out, "X-Sekisho-Order: %s\r\nX-Sekisho-Document: sha256=%s\r\n", mail->order, mail->document);
	sk_buf_addf(out, "\r\n--%s--\r\n", boundary);
}

enum sk_err sk_mail_write(const struct sk_mail *mail, struct sk_buf *out)
{
	char date[SK_MAIL_DATE_MAX];
	size_t from = out->length;
	SK_INVARIANT(sk_mail_address_valid(mail->from) && sk_mail_address_valid(mail->to) && (mail->order[0] == '\0' || (is_field(mail->order) && is_field(mail->document))) && is_field(mail->message_id));
	if (!sk_utf8_valid(mail->text, strlen(mail->text)) || !sk_utf8_valid(mail->subject, strlen(mail->subject)) || !sk_utf8_valid(mail->from_name, strlen(mail->from_name)))
		return SK_EUSAGE;
	sk_buf_addf(out, "Date: %s\r\n", sk_mail_date(mail->date_ns, date));
	if (sk_mail_name_valid(mail->from_name)) {
		sk_mail_header(out, "From", mail->from_name);
		out->length -= strlen(crlf);
		sk_buf_addf(out, "\r\n <%s>\r\n", mail->from);
	} else {
		sk_buf_addf(out, "From: %s\r\n", mail->from);
	}
	sk_buf_addf(out, "To: %s\r\n", mail->to);
	sk_mail_header(out, "Subject", mail->subject);
	sk_buf_addf(out, "Message-ID: %s\r\n", mail->message_id);
	if (mail->in_reply_to != NULL)
		sk_buf_addf(out, "In-Reply-To: %s\r\nReferences: %s\r\n", mail->in_reply_to, mail->in_reply_to);
	/* RFC 3834: nobody's vacation answers to this. */
	sk_buf_add_text(out, "Auto-Submitted: auto-generated\r\n");
	if (mail->order[0] != '\0')
		sk_buf_addf(out, "X-Sekisho-Order: %s\r\n", mail->order);
	sk_buf_add_text(out, "MIME-Version: 1.0\r\n");
	if (mail->report)
		add_report(out, mail);
	else
		add_text_part(out, mail);
	if (out->failed != SK_OK)
		return out->failed;
	return sk_mail_wire_valid(out->bytes + from, out->length - from) ? SK_OK : SK_EUSAGE;
}
