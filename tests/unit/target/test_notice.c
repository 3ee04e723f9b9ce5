/* SPDX-License-Identifier: Apache-2.0 */
/* rule: NOTICE-1, NOTICE-2. Texts against tests/golden/notices/ in both languages (SK_UPDATE_GOLDEN=1 writes them anew; look at the difference), and all that must not get in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "target/notice_priv.h"
#include "text/text.h"

enum { TEXT_MAX = 1 << 20 };
static const int64_t noon = INT64_C(1795996800) * 1000000000;
static const char document[] =
	"{\"case\":\"c-9 is not told\",\"notice\":{\"about\":[\"bad.example\",\"203.0.113.7\",\"203.0.113.8\",\"https://bad.example/login\"],\"en\":{\"text\":\"Since Monday the page asks for "
	"passwords.\\n.\\n--sekisho-0123456789abcdef--\",\"title\":\"imitated sign-in page\"},\"grade\":\"G3\",\"ja\":{\"text\":\"月曜日以降、利用者に暗証番号の入力を求めています。\",\"title\":"
	"\"銀行を装った偽サイト\"}}}";

static void golden(const char *name, const struct sk_buf *got)
{
	char path[SK_PATH_MAX];
	struct sk_buf want;
	struct sk_fault fault;
	(void)snprintf(path, sizeof path, SK_SOURCE_ROOT "/tests/golden/notices/%s.txt", name);
	sk_buf_init(&want, TEXT_MAX);
	assert_int_equal(got->failed, SK_OK);
	if (getenv("SK_UPDATE_GOLDEN") != NULL)
		assert_int_equal(sk_file_replace(path, got->bytes, got->length, 0644, &fault), SK_OK);
	assert_int_equal(sk_file_read(path, &want, &fault), SK_OK);
	assert_string_equal(sk_buf_text(got), sk_buf_text(&want));
	sk_buf_fini(&want);
}

/* ---- all templates that are shipped, filled ---- */

static void template_of(const char *measure, bool correction, const char *language, struct sk_template *out)
{
	char path[SK_PATH_MAX];
	struct sk_buf text;
	struct sk_fault fault;
	sk_buf_init(&text, TEXT_MAX);
	(void)snprintf(path, sizeof path, SK_SOURCE_ROOT "/packaging/notices/%s%s.%s.txt", measure, correction ? ".correction" : "", language);
	assert_int_equal(sk_file_read(path, &text, &fault), SK_OK);
	assert_int_equal(sk_template_parse(path, text.bytes, text.length, out, &fault), SK_OK);
	sk_buf_fini(&text);
}

static void texts(void **state)
{
	(void)state;
	static const char *const measures[] = {"takedown_notice", "operator_advisory", "vendor_request", "public_notice"};
	struct sk_notice notice;
	struct sk_fault fault;
	assert_int_equal(sk_notice_parse(document, strlen(document), &notice, &fault), SK_OK);
	for (size_t i = 0; i < SK_COUNT(measures) * 4; i++) {
		enum sk_notice_language language = i % 2 == 0 ? SK_NOTICE_JA : SK_NOTICE_EN;
		char name[96];
		struct sk_template template;
		struct sk_buf got;
		sk_buf_init(&got, TEXT_MAX);
		template_of(measures[i / 4], i / 2 % 2 == 1, sk_notice_language_name(language), &template);
		const char *const values[SK_NOTICE_FIELD_COUNT] = {
			[SK_NOTICE_ABOUT] = "  bad.example\n  203.0.113.7", [SK_NOTICE_CONTACT] = "cert@operator.example", [SK_NOTICE_DOCUMENT] = "0123abcd", [SK_NOTICE_ORDER] = "o-17",
			[SK_NOTICE_PARTY] = "hosting-example", [SK_NOTICE_SENDER] = "積石 CERT", [SK_NOTICE_TEXT] = notice.text[language], [SK_NOTICE_TITLE] = notice.title[language],
		};
		sk_buf_add_text(&got, "Subject: ");
		sk_template_fill(template.subject, values, &got);
		sk_buf_add_text(&got, "\n\n");
		sk_template_fill(template.body, values, &got);
		assert_null(strstr(sk_buf_text(&got), "{{"));
		assert_null(strstr(sk_buf_text(&got), "c-9"));
		(void)snprintf(name, sizeof name, "%s%s.%s", measures[i / 4], i / 2 % 2 == 1 ? ".correction" : "", sk_notice_language_name(language));
		golden(name, &got);
		sk_template_fini(&template);
		sk_buf_fini(&got);
	}
	sk_notice_fini(&notice);
}

/* ---- whole messages ---- */

static struct sk_mail message(const struct sk_notice *notice, enum sk_notice_language language)
{
	return (struct sk_mail){.from = "cert@operator.example", .from_name = "積石 CERT", .to = "abuse@hosting.example", .subject = notice->title[language], .message_id = "<notice.1@e.example>",
				.language = sk_notice_language_name(language), .text = notice->text[language], .order = "o-17", .document = "0123456789abcdef0123456789abcdef", .date_ns = noon,
				.report = language == SK_NOTICE_EN, .about = {.values = (const char *const *)notice->about, .count = notice->about_count}};
}

static void messages(void **state)
{
	(void)state;
	struct sk_notice notice;
	struct sk_fault fault;
	assert_int_equal(sk_notice_parse(document, strlen(document), &notice, &fault), SK_OK);
	for (unsigned language = 0; language < SK_NOTICE_LANGUAGES; language++) {
		struct sk_mail mail = message(&notice, (enum sk_notice_language)language);
		struct sk_buf got;
		sk_buf_init(&got, TEXT_MAX);
		assert_int_equal(sk_mail_write(&mail, &got), SK_OK);
		assert_true(sk_mail_wire_valid(got.bytes, got.length));
		golden(language == SK_NOTICE_EN ? "message.report.en" : "message.plain.ja", &got);
		/* The boundary stands where we put it, whatever the text says. */
		size_t boundaries = 0;
		for (const char *at = sk_buf_text(&got); (at = strstr(at, "\r\n--sekisho-")) != NULL; at++)
			boundaries++;
		assert_int_equal(boundaries, language == SK_NOTICE_EN ? 4 : 0);
		sk_buf_fini(&got);
	}
	struct sk_mail mail = message(&notice, SK_NOTICE_EN);
	struct sk_buf got;
	sk_buf_init(&got, TEXT_MAX);
	mail.text = "\xff";
	assert_int_equal(sk_mail_write(&mail, &got), SK_EUSAGE);
	sk_buf_fini(&got);
	sk_notice_fini(&notice);
}

static void header_is(const char *value, const char *want)
{
	struct sk_buf out;
	sk_buf_init(&out, TEXT_MAX);
	sk_mail_header(&out, "Subject", value);
	assert_string_equal(sk_buf_text(&out), want);
	assert_true(sk_mail_wire_valid(out.bytes, out.length));
	sk_buf_fini(&out);
}

static void headers(void **state)
{
	(void)state;
	header_is("plain", "Subject: plain\r\n");
	header_is("a\r\nBcc: x@y.example", "Subject: a Bcc: x@y.example\r\n");
	header_is("a\nb\tc\x7f", "Subject: a b c\r\n");
	header_is("日本", "Subject: =?UTF-8?B?5pel5pys?=\r\n");
	header_is("=?UTF-8?Q?x?=", "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n");
	/* Words are cut between characters: 13 of three bytes in the first. */
	header_is("ああああああああああああああ", "Subject: =?UTF-8?B?44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC44GC?=\r\n =?UTF-8?B?44GC?=\r\n");
	header_is("one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
		  "Subject: one two three four five six seven eight nine ten eleven twelve\r\n thirteen fourteen\r\n");
	char date[SK_MAIL_DATE_MAX];
	assert_string_equal(sk_mail_date(noon, date), "Mon, 30 Nov 2026 00:00:00 +0000");
	assert_string_equal(sk_mail_date(0, date), "Thu, 01 Jan 1970 00:00:00 +0000");
	assert_string_equal(sk_mail_date(INT64_C(1709251199) * 1000000000, date), "Thu, 29 Feb 2024 23:59:59 +0000");
	assert_true(sk_mail_name_valid("積石 CERT.") && sk_mail_name_valid("Sekisho enforcer") && !sk_mail_name_valid("A <b>") && !sk_mail_name_valid("a, b") && !sk_mail_name_valid(""));
}

static void quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"a\n", "a\r\n"}, {"a", "a\r\n"}, {".\n", "=2E\r\n"}, {"--x\n", "=2D-x\r\n"}, {"a=b\n", "a=3Db\r\n"}, {"a \nb\t", "a=20\r\nb=09\r\n"}, {"\r\n", "=0D\r\n"}, {"\n\n", "\r\n\r\n"},
		{"123456789012345678901234567890123456789012345678901234567890123456789012345-\n", "1234567890123456789012345678901234567890123456789012345678901234567890123=\r\n45-\r\n"},
		{"1234567890123456789012345678901234567890123456789012345678901234567890123.\n", "1234567890123456789012345678901234567890123456789012345678901234567890123=\r\n=2E\r\n"},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_buf out;
		sk_buf_init(&out, TEXT_MAX);
		sk_mail_quoted(&out, cases[i].text);
		assert_string_equal(sk_buf_text(&out), cases[i].want);
		assert_true(sk_mail_wire_valid(out.bytes, out.length));
		sk_buf_fini(&out);
	}
	/* The judge itself: bare line ends, long lines, other bytes. */
	static const char *const bad[] = {"a", "a\n", "a\r", "a\r\r\n", "a\n\r\n", "\x80\r\n", "a\x01\r\n"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_false(sk_mail_wire_valid(bad[i], strlen(bad[i])));
	char line[1002];
	memset(line, 'x', sizeof line);
	memcpy(line + 998, "\r\n", 2);
	assert_true(sk_mail_wire_valid(line, 1000));
	memset(line, 'x', sizeof line);
	memcpy(line + 999, "\r\n", 2);
	assert_false(sk_mail_wire_valid(line, 1001));
}

static void addresses(void **state)
{
	(void)state;
	static const char *const good[] = {"a@b", "abuse@hosting.example", "a.b+c@x-y.example", "o'neil@b.example"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a@b>", "\"a b\"@c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a@b..c", "a@[192.0.2.1]", "\xc3\xa9@b",
					  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b"};
	for (size_t i = 0; i < SK_COUNT(good); i++)
		assert_true(sk_mail_address_valid(good[i]));
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_false(sk_mail_address_valid(bad[i]));
	assert_true(sk_mail_host_valid("e-1.example") && !sk_mail_host_valid("a b") && !sk_mail_host_valid("a.") && !sk_mail_host_valid("") && !sk_mail_host_valid("a\r\n"));
}

static void replies(void **state)
{
	(void)state;
	static const char text[] = "250-enforcer.example greets\r\n250-8BITMIME\r\n250 SIZE 1\x07\r\n354 go";
	struct sk_smtp_reply reply;
	size_t used = 0;
	assert_int_equal(sk_smtp_reply_parse(text, strlen(text), &used, &reply), SK_OK);
	assert_int_equal(reply.code, 250);
	assert_string_equal(reply.text, "SIZE 1?");
	assert_int_equal(used, strlen(text) - 6);
	for (size_t length = 0; length < used; length++)
		assert_int_equal(sk_smtp_reply_parse(text, length, &used, &reply), SK_EMORE);
	static const char *const bad[] = {"25\r\n", "250x\r\n", "2a0 \r\n", "150 a\r\n", "650 a\r\n", "250-a\r\n251 b\r\n", "\r\n"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_smtp_reply_parse(bad[i], strlen(bad[i]), &used, &reply), SK_EMALFORMED);
	assert_int_equal(sk_smtp_reply_parse("250\r\n", 5, &used, &reply), SK_OK);
	struct sk_buf many;
	sk_buf_init(&many, TEXT_MAX);
	for (unsigned i = 0; i < SK_SMTP_LINES_MAX; i++)
		sk_buf_add_text(&many, "250-x\r\n");
	assert_int_equal(sk_smtp_reply_parse(many.bytes, many.length, &used, &reply), SK_EMALFORMED);
	sk_buf_fini(&many);
}

/* ---- what may not get in ---- */

static void documents(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{"\"notice\"", "\"other\"", "no member 'notice'"}, {"\"G3\"", "\"G1\"", "only G3"}, {"\"G3\"", "\"G2\"", "only G3"}, {"\"G3\"", "3", "not stated"},
		{"\"bad.example\"", "\"bad example\"", "number 1"}, {"\"bad.example\"", "\"\\u000a\"", "number 1"}, {"\"bad.example\"", "7", "number 1"}, {"\"about\"", "\"abuot\"", "'about'"},
		{"\"title\":\"imitated sign-in page\"", "\"title\":\"a\\u000d\\u000aBcc: x\"", "'en'"}, {"\"title\":\"imitated sign-in page\"", "\"title\":\"\"", "'en'"}, {"\"ja\"", "\"jp\"", "'ja'"},
		{"passwords.\\n", "passwords.\\r\\n", "'en'"}, {"passwords.\\n", "\\u0000", "'en'"},
	};
	struct sk_notice notice;
	struct sk_fault fault;
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_buf text;
		const char *at = strstr(document, cases[i].from);
		assert_non_null(at);
		sk_buf_init(&text, TEXT_MAX);
		sk_buf_add(&text, document, (size_t)(at - document));
		sk_buf_add_text(&text, cases[i].to);
		sk_buf_add_text(&text, at + strlen(cases[i].from));
		assert_int_equal(sk_notice_parse(text.bytes, text.length, &notice, &fault), SK_EUSAGE);
		if (strstr(fault.line, cases[i].says) == NULL)
			fail_msg("%s: '%s'", cases[i].says, fault.line);
		sk_buf_fini(&text);
	}
	for (size_t length = 0; length < strlen(document); length++)
		assert_int_equal(sk_notice_parse(document, length, &notice, &fault), SK_EUSAGE);
}

static void templates_and_parties(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "Subject: x", "Subject: x\n", "Subject: x\n\n", "Subject: x\nbody\n", "To: y\n\nb\n", "Subject: {{x}}\n\nb\n", "Subject: x\n\n{{abuot}}\n", "Subject: x\n\n{{about\n", "Subject: x\n\n\xff\n"};
	struct sk_template template;
	struct sk_parties parties;
	struct sk_fault fault;
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_template_parse("t", bad[i], strlen(bad[i]), &template, &fault), SK_EINPUT);
	/* What a value holds is no field. */
	static const char text[] = "Subject: {{title}}\n\n{{text}}{{order}}\n";
	assert_int_equal(sk_template_parse("t", text, strlen(text), &template, &fault), SK_OK);
	const char *const values[SK_NOTICE_FIELD_COUNT] = {"about", "contact", "document", "order", "party", "sender", "{{order}}{{x}}", "title"};
	struct sk_buf out;
	sk_buf_init(&out, TEXT_MAX);
	sk_template_fill(template.body, values, &out);
	assert_string_equal(sk_buf_text(&out), "{{order}}{{x}}order\n");
	sk_buf_fini(&out);
	sk_template_fini(&template);
	static const char good[] = "# who\n\nhosting-example\tabuse@hosting.example   en\njpcert info@jpcert.example ja\n";
	assert_int_equal(sk_parties_parse("p", good, strlen(good), &parties, &fault), SK_OK);
	assert_int_equal(parties.count, 2);
	assert_int_equal(sk_parties_find(&parties, "jpcert")->language, SK_NOTICE_JA);
	assert_null(sk_parties_find(&parties, "info@jpcert.example"));
	sk_parties_fini(&parties);
	static const char *const wrong[] = {"a b@c.example\n", "a b@c.example de\n", "a b@c.example en x\n", "a <b@c.example> en\n", "a b en\n", "a b@c.example en\na d@c.example en\n"};
	for (size_t i = 0; i < SK_COUNT(wrong); i++)
		assert_int_equal(sk_parties_parse("p", wrong[i], strlen(wrong[i]), &parties, &fault), SK_EINPUT);
}

static void records(void **state)
{
	(void)state;
	static const char text[] = "sekisho-notice/1\nmeasure takedown_notice\nparty hosting-example\norder o-17\ntag 0123456789abcdef\nmessage <a@b>\nreply 250 2.0.0 Ok: queued as Q1\n"
				   "sent 2026-11-30T00:00:00.000000000Z\nuntil 2026-12-01T00:00:00Z\nended\n";
	struct sk_notice_record record;
	assert_int_equal(sk_notice_record_parse(text, strlen(text), &record), SK_OK);
	assert_true(record.ended && record.sent_ns == noon && record.until_ns == noon + INT64_C(86400) * 1000000000);
	assert_string_equal(record.reply, "250 2.0.0 Ok: queued as Q1");
	assert_int_equal(sk_notice_record_parse(text, strlen(text) - 6, &record), SK_OK);
	assert_false(record.ended);
	static const char *const bad[] = {"", "sekisho-notice/2\n", "sekisho-notice/1\n", "sekisho-notice/1\nmeasure\n", "sekisho-notice/1\nother x\n", "sekisho-notice/1\nsent then\n"};
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_notice_record_parse(bad[i], strlen(bad[i]), &record), SK_EMALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts), cmocka_unit_test(messages), cmocka_unit_test(headers), cmocka_unit_test(quoted), cmocka_unit_test(addresses), cmocka_unit_test(replies),
		cmocka_unit_test(documents), cmocka_unit_test(templates_and_parties), cmocka_unit_test(records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
