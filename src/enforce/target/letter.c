/* SPDX-License-Identifier: Apache-2.0 */
#include "target/letter.h"

#include <stdio.h>

#include "target/mail_priv.h"
#include "target/notice_priv.h"

enum { PARTIES_MAX = 1 << 20 };
_Static_assert((int)SK_LETTER_ADDRESS_MAX == (int)SK_MAIL_ADDRESS_MAX && (int)SK_LETTER_ANSWER_MAX == (int)SK_SMTP_TEXT_MAX, "letter.h has the limits of mail");

//= rule: NOTICE-1
enum sk_err sk_letter_party(const char *path, const char *name, char address[SK_LETTER_ADDRESS_MAX], bool *japanese, struct sk_fault *fault)
{
	struct sk_parties parties = {.count = 0};
	struct sk_buf text;
	sk_buf_init(&text, PARTIES_MAX);
	enum sk_err err = sk_file_read(path, &text, fault);
	if (err == SK_OK)
		err = sk_parties_parse(path, text.bytes, text.length, &parties, fault);
	const struct sk_party *party = err == SK_OK ? sk_parties_find(&parties, name) : NULL;
	if (party != NULL) {
		memcpy(address, party->address, sizeof party->address);
		*japanese = party->language == SK_NOTICE_JA;
	} else if (err == SK_OK) {
		err = sk_fault_set(fault, SK_ENOENT, "%s: nobody is registered there as '%s'; add a line NAME ADDRESS ja|en", path, name);
	}
	sk_parties_fini(&parties);
	sk_buf_fini(&text);
	return err;
}

bool sk_letter_address(const char *text)
{
	return sk_mail_address_valid(text);
}

bool sk_letter_host(const char *text)
{
	return sk_mail_host_valid(text);
}

enum sk_err sk_letter_write(const struct sk_letter *letter, struct sk_buf *out, struct sk_fault *fault)
{
	const struct sk_mail mail = {.from = letter->from, .to = letter->to, .from_name = letter->from_name, .subject = letter->subject, .message_id = letter->message_id, .language = letter->japanese ? "ja" : "en",
				     .text = letter->text, .order = "", .document = "", .date_ns = letter->date_ns};
	enum sk_err err = sk_mail_write(&mail, out);
	return err == SK_OK ? SK_OK : sk_fault_set(fault, err, "the letter cannot be written: %s", sk_err_text(err));
}

/* No measure of ours is known here: the one server that is asked is the configured one, on the own side. */
static bool nobody_is_named(void *context, const struct sk_addr *addr)
{
	(void)context, (void)addr;
	return false;
}

enum sk_err sk_letter_send(const struct sk_peer *server, const char *helo, struct sk_clock clock, const struct sk_letter *letter, const struct sk_buf *message, char answer[SK_LETTER_ANSWER_MAX], struct sk_fault *fault)
{
	const struct sk_backend_place place = {.name = "mail", .clock = clock, .named = nobody_is_named};
	struct sk_smtp *smtp = NULL;
	struct sk_smtp_reply reply = {.text = ""};
	enum sk_err err = sk_smtp_open(&place, server, helo, &smtp, fault);
	if (err == SK_OK)
		err = sk_smtp_send(smtp, letter->from, letter->to, message->bytes, message->length, &reply, fault);
	sk_smtp_close(smtp);
	memcpy(answer, reply.text, sizeof reply.text);
	return err;
}
