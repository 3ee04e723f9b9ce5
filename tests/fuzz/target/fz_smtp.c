/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes of a mail server, one reply after another; and any text as header, body and address: what is written may always be sent, and holds one line's end where one belongs. */
#include <stdlib.h>

#include "target/mail_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void read_replies(const uint8_t *bytes, size_t length)
{
	struct sk_smtp_reply reply;
	size_t used = 0;
	for (size_t at = 0; at < length && sk_smtp_reply_parse(bytes + at, length - at, &used, &reply) == SK_OK; at += used) {
		SK_INVARIANT(used >= 5 && used <= length - at && reply.code >= 200 && reply.code <= 599);
		for (const char *c = reply.text; *c != '\0'; c++)
			SK_INVARIANT(*c >= ' ' && *c <= '~');
	}
}

static void write_text(const char *text)
{
	struct sk_buf out;
	sk_buf_init(&out, 1 << 20);
	sk_mail_header(&out, "Subject", text);
	SK_INVARIANT(sk_mail_wire_valid(out.bytes, out.length));
	/* One header: every line but the first is folded. */
	for (const char *at = sk_buf_text(&out); (at = strstr(at, "\r\n")) != NULL && at[2] != '\0'; at += 2)
		SK_INVARIANT(at[2] == ' ');
	sk_buf_reset(&out);
	sk_mail_quoted(&out, text);
	SK_INVARIANT(out.length == 0 || sk_mail_wire_valid(out.bytes, out.length));
	SK_INVARIANT(strstr(sk_buf_text(&out), "\r\n-") == NULL && strstr(sk_buf_text(&out), "\r\n.") == NULL);
	SK_INVARIANT(out.length == 0 || (out.bytes[0] != '-' && out.bytes[0] != '.'));
	sk_buf_fini(&out);
	if (sk_mail_address_valid(text))
		SK_INVARIANT(strpbrk(text, " \t\r\n<>\"(),:;\\[]") == NULL && strlen(text) < SK_MAIL_ADDRESS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	read_replies(bytes, length);
	char *text = malloc(length + 1);
	SK_INVARIANT(text != NULL);
	if (length != 0)
		memcpy(text, bytes, length);
	text[length] = '\0';
	if (strlen(text) == length && length < 1 << 16)
		write_text(text);
	free(text);
	return 0;
}
