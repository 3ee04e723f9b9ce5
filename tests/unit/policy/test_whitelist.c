/* SPDX-License-Identifier: Apache-2.0 */
/* The whitelist against the struct itself, read from observe.h: a member that is not on the list, or a line without a member, goes red. */
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

/* The declared names in "struct sk_observation { ... };": each identifier that stands right before ',', ';' or '['. Returns their number. */
static size_t members_of(char *header, char names[MEMBERS_MAX][NAME_MAX_BYTES])
{
	char *at = strstr(blank_comments(header), "struct sk_observation {");
	assert_non_null(at);
	at = strchr(at, '{') + 1;
	char *end = strchr(at, '}');
	assert_non_null(end);
	size_t count = 0;
	while (at < end) {
		char *start = at;
		while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
			at++;
		size_t length = (size_t)(at - start);
		if (*at == '[' || *at == ',' || *at == ';') {
			if (length != 0 && length < NAME_MAX_BYTES && count < MEMBERS_MAX) {
				memcpy(names[count], start, length);
				names[count++][length] = '\0';
			}
			if (*at == '[')
				at = strchr(at, ']');
		}
		at++;
	}
	return count;
}

/* Members that are not on the list, plus lines without a member. */
static unsigned differences(const char *header)
{
	char copy[65536], names[MEMBERS_MAX][NAME_MAX_BYTES];
	assert_true(strlen(header) < sizeof copy);
	(void)snprintf(copy, sizeof copy, "%s", header);
	size_t count = members_of(copy, names), listed;
	unsigned differ = 0;
	for (size_t i = 0; i < count; i++)
		differ += sk_policy_field(names[i]) == NULL;
	const struct sk_field *fields = sk_policy_fields(&listed);
	for (size_t i = 0; i < listed; i++) {
		bool found = false;
		for (size_t j = 0; j < count; j++)
			found = found || strcmp(names[j], fields[i].name) == 0;
		differ += !found;
	}
	return differ;
}

static void test_whitelist_is_the_struct(void **state)
{
	(void)state;
	struct sk_buf header;
	struct sk_fault fault;
	sk_buf_init(&header, 65535);
	assert_int_equal(sk_file_read(SK_SOURCE_ROOT "/src/contract/observe/observe.h", &header, &fault), SK_OK);
	assert_int_equal(differences(sk_buf_text(&header)), 0);

	/* sabotage: a field for content planted in the struct; a field taken away */
	struct sk_buf planted;
	sk_buf_init(&planted, 65535);
	const char *at = strstr(sk_buf_text(&header), "struct sk_observation {") + strlen("struct sk_observation {");
	sk_buf_add(&planted, header.bytes, (size_t)(at - (const char *)header.bytes));
	sk_buf_add_text(&planted, "\n\tuint8_t payload[64];");
	sk_buf_add_text(&planted, at);
	assert_int_equal(differences(sk_buf_text(&planted)), 1);
	char *ja4 = strstr((char *)header.bytes, "ja4[");
	assert_non_null(ja4);
	ja4[2] = '5';
	assert_int_equal(differences(sk_buf_text(&header)), 2);
	sk_buf_fini(&planted);
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
