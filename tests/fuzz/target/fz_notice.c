/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an order's document, as a template, as the register of parties, as a record. What a document gives is a message of which every part can be sent. */
#include <stdlib.h>

#include "target/notice_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void write_message(const struct sk_notice *notice, enum sk_notice_language language)
{
	const struct sk_mail mail = {.from = "a@b.example", .from_name = "A", .to = "c@d.example", .subject = notice->title[language], .message_id = "<x@b.example>",
				     .language = sk_notice_language_name(language), .text = notice->text[language], .order = "o", .document = "0123456789abcdef", .report = true,
				     .about = {.values = (const char *const *)notice->about, .count = notice->about_count}};
	struct sk_buf out;
	size_t boundaries = 0;
	sk_buf_init(&out, SK_MAIL_MESSAGE_MAX);
	SK_INVARIANT(sk_mail_write(&mail, &out) == SK_OK && sk_mail_wire_valid(out.bytes, out.length));
	for (const char *at = sk_buf_text(&out); (at = strstr(at, "\r\n--sekisho-")) != NULL; at++)
		boundaries++;
	SK_INVARIANT(boundaries == 4);
	sk_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct sk_notice notice;
	struct sk_template template;
	struct sk_parties parties;
	struct sk_notice_record record;
	struct sk_fault fault;
	if (sk_notice_parse(bytes, length, &notice, &fault) == SK_OK) {
		write_message(&notice, SK_NOTICE_JA);
		write_message(&notice, SK_NOTICE_EN);
		sk_notice_fini(&notice);
	}
	if (sk_template_parse("fuzz", bytes, length, &template, &fault) == SK_OK) {
		const char *const values[SK_NOTICE_FIELD_COUNT] = {"{{about}}", "1", "2", "3", "4", "5", "6", "7"};
		struct sk_buf out;
		sk_buf_init(&out, 1 << 20);
		sk_template_fill(template.subject, values, &out);
		sk_template_fill(template.body, values, &out);
		sk_buf_fini(&out);
		sk_template_fini(&template);
	}
	if (sk_parties_parse("fuzz", bytes, length, &parties, &fault) == SK_OK) {
		for (size_t i = 0; i < parties.count; i++)
			SK_INVARIANT(sk_mail_address_valid(parties.parties[i].address) && sk_parties_find(&parties, parties.parties[i].name) == &parties.parties[i]);
		sk_parties_fini(&parties);
	}
	if (sk_notice_record_parse(bytes, length, &record) == SK_OK)
		SK_INVARIANT(record.party[0] != '\0' && record.order[0] != '\0');
	return 0;
}
