/* SPDX-License-Identifier: Apache-2.0 */
/* The whitelist against the struct itself, read from observe.h and from history.h, whose list of members stands in it: a member that is not on the list, or a line
   without a member, goes red. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "policy/policy.h"

enum { MEMBERS_MAX = 128, NAME_MAX_BYTES = 64 };

static char *blank_comments(char *text)
{
	for (char *at = text; (at = strstr(at, "/*")) != NULL;) {
		char *end = strstr(at, "*/");
		assert_non_null(end);
		memset(at, ' ', (size_t)(end + 2 - at));
	}
	return text;
}

struct names {
	size_t count;
	char names[MEMBERS_MAX][NAME_MAX_BYTES];
};

/* Add the names declared between that opening and its closing brace: each identifier that stands right before ',', ';' or '['; the list of history.h is none. */
static void add_members(const char *header, const char *opening, struct names *out)
{
	static char copy[65536];
	assert_true(strlen(header) < sizeof copy);
	(void)snprintf(copy, sizeof copy, "%s", header);
	char *at = strstr(blank_comments(copy), opening);
	assert_non_null(at);
	at = strchr(at, '{') + 1;
	char *end = strchr(at, '}');
	assert_non_null(end);
	while (at < end) {
		char *start = at;
		while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
			at++;
		size_t length = (size_t)(at - start);
		if (*at == '[' || *at == ',' || *at == ';') {
			bool list = length == strlen("SK_HISTORY") && memcmp(start, "SK_HISTORY", length) == 0;
			if (length != 0 && !list && length < NAME_MAX_BYTES && out->count < MEMBERS_MAX) {
				memcpy(out->names[out->count], start, length);
				out->names[out->count++][length] = '\0';
			}
			if (*at == '[')
				at = strchr(at, ']');
		}
		at++;
	}
}

/* Members that are not on the list, plus lines without a member. */
static unsigned differences(const char *history, const char *header)
{
	struct names members = {.count = 0};
	size_t listed;
	unsigned differ = 0;
	add_members(history, "#define SK_HISTORY_MEMBERS {", &members);
	add_members(header, "struct sk_observation {", &members);
	for (size_t i = 0; i < members.count; i++)
		differ += sk_policy_field(members.names[i]) == NULL;
	const struct sk_field *fields = sk_policy_fields(&listed);
	for (size_t i = 0; i < listed; i++) {
		bool found = false;
		for (size_t j = 0; j < members.count; j++)
			found = found || strcmp(members.names[j], fields[i].name) == 0;
		differ += !found;
	}
	return differ;
}

static void read_header(const char *path, struct sk_buf *out)
{
	struct sk_fault fault;
	sk_buf_init(out, 65535);
	assert_int_equal(sk_file_read(path, out, &fault), SK_OK);
}

/* The text with a member for content behind that opening. */
static void plant(const struct sk_buf *header, const char *opening, struct sk_buf *out)
{
	const char *text = (const char *)header->bytes, *at = strstr(text, opening);
	assert_non_null(at);
	at += strlen(opening);
	sk_buf_init(out, 65535);
	sk_buf_add(out, text, (size_t)(at - text));
	sk_buf_add_text(out, " uint8_t payload[64];");
	sk_buf_add_text(out, at);
}

static void test_whitelist_is_the_struct(void **state)
{
	(void)state;
	struct sk_buf header, history, planted;
	read_header(SK_SOURCE_ROOT "/src/contract/observe/observe.h", &header);
	read_header(SK_SOURCE_ROOT "/src/foundation/base/history.h", &history);
	const char *members = sk_buf_text(&header), *shared = sk_buf_text(&history);
	assert_int_equal(differences(shared, members), 0);

	/* sabotage: a field for content planted in the struct, and in the list; a field taken away */
	plant(&header, "struct sk_observation {", &planted);
	assert_int_equal(differences(shared, sk_buf_text(&planted)), 1);
	sk_buf_fini(&planted);
	plant(&history, "#define SK_HISTORY_MEMBERS {", &planted);
	assert_int_equal(differences(sk_buf_text(&planted), members), 1);
	sk_buf_fini(&planted);
	char *ja4 = strstr((char *)header.bytes, "ja4[");
	assert_non_null(ja4);
	ja4[2] = '5';
	assert_int_equal(differences(shared, members), 2);
	sk_buf_fini(&history);
	sk_buf_fini(&header);
}

static void test_lookup(void **state)
{
	(void)state;
	assert_null(sk_policy_field("payload"));
	assert_null(sk_policy_field(""));
	const struct sk_field *field = sk_policy_field("sni_domain");
	assert_non_null(field);
	assert_int_equal(field->kind, SK_FIELD_AUTOGEN);
	assert_true(field->needs_names);
	assert_int_equal(sk_policy_field("responder_port")->kind, SK_FIELD_HISTORY);
	size_t count;
	const struct sk_field *fields = sk_policy_fields(&count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(sk_policy_field(fields[i].name), &fields[i]); /* each name once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_whitelist_is_the_struct), cmocka_unit_test(test_lookup)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
