/* SPDX-License-Identifier: Apache-2.0 */
/* The table itself: every row says all that a person needs, in the one form in which it will be written; and what is near to a slip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf_priv.h"

/* Does text read as the row's type, and is it written again as it stands? */
static bool is_canonical(const struct sk_conf_row *row, const char *text)
{
	uint64_t value[SK_PATH_MAX / 8];
	char expected[SK_CONF_EXPECTED_MAX];
	struct sk_buf out;
	memset(value, 0, sizeof value);
	if (sk_conf_value_read(row, text, value, expected) != SK_OK)
		return false;
	sk_buf_init(&out, 2 * SK_PATH_MAX);
	sk_conf_value_write(row, value, &out);
	bool same = strcmp(sk_buf_text(&out), text[0] == '\0' ? "\"\"" : text) == 0;
	sk_buf_fini(&out);
	return same;
}

static void every_row_is_whole(void **state)
{
	(void)state;
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	assert_true(count > 60);
	for (size_t i = 0; i < count; i++) {
		const struct sk_conf_row *row = &rows[i];
		bool ordered = row->type == SK_CONF_V_COUNT || row->type == SK_CONF_V_BYTES || row->type == SK_CONF_V_TIME || row->type == SK_CONF_V_RATE ||
			       row->type == SK_CONF_V_SHARE;
		print_message("%s\n", row->key);
		assert_true(row->sentence[0] != '\0' && row->prose[0] != '\0' && row->since[0] != '\0');
		assert_int_equal(row->sentence[strlen(row->sentence) - 1], '.');
		assert_int_equal(row->prose[strlen(row->prose) - 1], '.');
		/* What has an order has bounds, and they are written in the shortest form. */
		assert_int_equal(row->least[0] != '\0', ordered);
		assert_int_equal(row->most[0] != '\0', ordered);
		if (ordered)
			assert_true(is_canonical(row, row->least) && is_canonical(row, row->most));
		assert_int_equal(row->choices[0] != '\0', row->type == SK_CONF_V_CHOICE);
		if (row->places != 0)
			assert_string_equal(row->standard, "[]");
		else if (row->standard != NULL)
			assert_true(is_canonical(row, row->standard));
		assert_ptr_equal(sk_conf_row((enum sk_conf_scope)row->scope, sk_conf_row_key(row)), row); /* no key twice */
		assert_false(sk_conf_is_section((enum sk_conf_scope)row->scope, sk_conf_row_key(row))); /* and none is a section too */
	}
}

/* A twin: the check above would see a default that is not in its shortest form, or out of bounds. */
static void a_wrong_row_is_seen(void **state)
{
	(void)state;
	const struct sk_conf_row *row = sk_conf_row(SK_CONF_SCOPE_FILE, "interval");
	assert_non_null(row);
	assert_true(is_canonical(row, "1m"));
	assert_false(is_canonical(row, "60s"));
	assert_false(is_canonical(row, "2h"));
	assert_false(is_canonical(row, "500ms"));
}

static void slips_are_known(void **state)
{
	(void)state;
	static const struct {
		enum sk_conf_scope scope;
		const char *section, *text, *near;
	} cases[] = {
		{SK_CONF_SCOPE_FILE, "", "worksapce", "workspace"}, {SK_CONF_SCOPE_FILE, "", "link", "links"}, {SK_CONF_SCOPE_FILE, "", "evr", "eve"},
		{SK_CONF_SCOPE_FILE, "eve.", "rotat", "eve.rotate"}, {SK_CONF_SCOPE_FILE, "eve.rotate.", "sise", "eve.rotate.size"},
		{SK_CONF_SCOPE_FILE, "eve.", "stale", "health.stale"}, {SK_CONF_SCOPE_FILE, "", "socket", "metrics.socket"},
		{SK_CONF_SCOPE_LINK, "", "mod", "links[].mode"}, {SK_CONF_SCOPE_LINK, "", "listen", "exports[].listen"}, {SK_CONF_SCOPE_EXPORT, "", "lisen", "exports[].listen"},
		{SK_CONF_SCOPE_FILE, "", "eve.path", "eve.path"}, {SK_CONF_SCOPE_FILE, "", "utterly_else", ""}, {SK_CONF_SCOPE_FILE, "", "q", ""},
	};
	char near[SK_CONF_NEAR_MAX];
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		sk_conf_meant(cases[i].scope, cases[i].section, cases[i].text, near);
		assert_string_equal(near, cases[i].near);
	}
	assert_string_equal(sk_conf_nearest("eve.rotate.sze"), "eve.rotate.size");
	assert_string_equal(sk_conf_nearest("mode"), "links[].mode");
	assert_null(sk_conf_nearest("nothing like it at all, and far too long for any of the keys that are in the table"));
}

/* Every value of every type that a person might write: what it comes to, or that it is refused. */
static void values_have_one_meaning(void **state)
{
	(void)state;
	static const struct {
		const char *key, *text, *written; /* NULL: refused */
	} cases[] = {
		{"heads", "true", "true"}, {"heads", "off", "false"}, {"heads", "on", "true"}, {"heads", "no", "false"}, {"heads", "True", NULL}, {"heads", "1", NULL},
		{"heads", "", NULL}, {"flows.max", "1048576", "1048576"}, {"flows.max", "1_048_576", "1048576"}, {"flows.max", "1__0", NULL}, {"flows.max", "_1024", NULL},
		{"flows.max", "1024_", NULL}, {"flows.max", "1023", NULL}, {"flows.max", "33554433", NULL}, {"flows.max", "18446744073709551616", NULL}, {"flows.max", "-1", NULL},
		{"flows.max", "+2048", NULL}, {"flows.max", "0x800", NULL}, {"flows.max", "2048 ", NULL}, {"flows.max", "2e3", NULL},
		{"eve.rotate.size", "1024KiB", "1MiB"}, {"eve.rotate.size", "0", "0"}, {"eve.rotate.size", "1536KiB", "1536KiB"}, {"eve.rotate.size", "100000", "100000B"},
		{"eve.rotate.size", "1MB", NULL}, {"eve.rotate.size", "1 MiB", NULL}, {"eve.rotate.size", "1.5MiB", NULL}, {"eve.rotate.size", "1mib", NULL},
		{"eve.rotate.size", "16777216TiB", NULL}, {"eve.rotate.size", "2TiB", NULL},
		{"interval", "60s", "1m"}, {"interval", "1500ms", "1500ms"}, {"interval", "1h", "1h"}, {"interval", "61m", NULL}, {"interval", "1", NULL}, {"interval", "1 s", NULL},
		{"interval", "1.5s", NULL}, {"interval", "999ms", NULL}, {"interval", "9223372036854775807d", NULL}, {"eve.rotate.age", "0s", "0s"}, {"eve.rotate.age", "24h", "1d"},
		{"log.rate", "20/m", "20/m"}, {"log.rate", "1200/h", "1200/h"}, {"log.rate", "0/s", NULL}, {"log.rate", "1001/s", NULL}, {"log.rate", "60000/m", "60000/m"},
		{"log.rate", "60001/m", NULL}, {"log.rate", "20", NULL}, {"log.rate", "20/d", NULL}, {"log.rate", "20/", NULL}, {"log.rate", "18446744073709551615/h", NULL},
		{"loss.finding", "0.1%", "0.1%"}, {"loss.finding", "0.0001%", "0.0001%"}, {"loss.finding", "0.00001%", NULL}, {"loss.finding", "100%", "100%"},
		{"loss.finding", "100.0001%", NULL}, {"loss.finding", "1.%", NULL}, {"loss.finding", ".1%", NULL}, {"loss.finding", "0.10%", "0.1%"}, {"loss.finding", "1", NULL},
		{"shed.heads", "0.5%", NULL}, {"log.level", "info", "info"}, {"log.level", "INFO", NULL}, {"log.level", "text", NULL}, {"log.format", "text", "text"},
		{"user", "sekisho", "sekisho"}, {"user", "-x", NULL}, {"user", "a b", NULL}, {"user", "no", "\"no\""}, {"user", "1000", "\"1000\""}, {"user", "", NULL}, {"name", "", "\"\""},
		{"name", "border-1.example.net", "border-1.example.net"}, {"workspace", "/var/lib/x", "/var/lib/x"}, {"workspace", "var", NULL}, {"workspace", "", NULL},
		{"workspace", "/a b\"c\\d", "\"/a b\\\"c\\\\d\""}, {"workspace", "/\xe9\x96\xa2\xe6\x89\x80", "\"/\xe9\x96\xa2\xe6\x89\x80\""}, {"workspace", "/a\nb", NULL},
		{"workspace", "/a\xc2\x85", NULL}, {"workspace", "/a\xe2\x80\xa8", NULL}, {"workspace", "/a\xef\xbb\xbf", NULL}, {"eve.path", "", "\"\""},
		{"metrics.socket", "", "\"\""}, {"metrics.socket", "/run/x.sock", "/run/x.sock"}, {"metrics.socket", "x", NULL},
		{"ipfix.collector", "192.0.2.1:4739", "192.0.2.1:4739"}, {"ipfix.collector", "[2001:DB8::1]:4739", "\"[2001:db8::1]:4739\""},
		{"ipfix.collector", "2001:db8::1:4739", NULL}, {"ipfix.collector", "[192.0.2.1]:4739", NULL}, {"ipfix.collector", "192.0.2.1", NULL},
		{"ipfix.collector", "192.0.2.1:0", NULL}, {"ipfix.collector", "192.0.2.1:65536", NULL}, {"ipfix.collector", "collector.example:4739", NULL},
		{"ipfix.collector", "192.0.2.01:4739", NULL}, {"ipfix.collector", ":4739", NULL}, {"ipfix.collector", "[]:4739", NULL}, {"ipfix.collector", "", "\"\""},
		{"links.name", "border-1", "border-1"}, {"links.name", "192.0.2.1", NULL}, {"links.name", "a.example", NULL}, {"links.name", "1a", NULL}, {"links.name", "", NULL},
		{"links.name", "a234567890123456789012345678901", "a234567890123456789012345678901"}, {"links.name", "a2345678901234567890123456789012", NULL},
		{"links.interface", "eth0.100", "eth0.100"}, {"links.interface", "a/b", NULL}, {"links.interface", "..", NULL}, {"links.interface", "a23456789012345", "a23456789012345"},
		{"links.interface", "a234567890123456", NULL}, {"links.interface", "eth 0", NULL}, {"links.interface", "\xc3\xa9", NULL}, {"exports.allow", "192.0.2.0/24", "\"192.0.2.0/24\""},
		{"exports.allow", "192.0.2.1/24", NULL}, {"exports.allow", "192.0.2.1", "\"192.0.2.1/32\""}, {"exports.allow", "", NULL},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		uint64_t value[SK_PATH_MAX / 8];
		char expected[SK_CONF_EXPECTED_MAX];
		const char *key = cases[i].key;
		enum sk_conf_scope scope = strncmp(key, "links.", 6) == 0 ? SK_CONF_SCOPE_LINK : strncmp(key, "exports.", 8) == 0 ? SK_CONF_SCOPE_EXPORT : SK_CONF_SCOPE_FILE;
		const struct sk_conf_row *row = sk_conf_row(scope, scope != SK_CONF_SCOPE_FILE ? strchr(key, '.') + 1 : key);
		struct sk_buf out;
		assert_non_null(row);
		memset(value, 0, sizeof value);
		print_message("%s: '%s'\n", key, cases[i].text);
		enum sk_err err = sk_conf_value_read(row, cases[i].text, value, expected);
		assert_int_equal(err, cases[i].written != NULL ? SK_OK : SK_EMALFORMED);
		if (err != SK_OK) {
			assert_true(expected[0] != '\0');
			continue;
		}
		sk_buf_init(&out, 2 * SK_PATH_MAX);
		sk_conf_value_write(row, value, &out);
		assert_string_equal(sk_buf_text(&out), cases[i].written);
		sk_buf_fini(&out);
	}
}

static void the_defaults_are_the_rooms(void **state)
{
	(void)state;
	struct sk_conf *conf = calloc(1, sizeof *conf);
	assert_non_null(conf);
	sk_conf_defaults(conf);
	assert_int_equal(conf->interval_ns, INT64_C(60000000000));
	assert_int_equal(conf->flows_max, 1 << 20);
	assert_int_equal(conf->flows_idle_ns, INT64_C(120000000000));
	assert_int_equal(conf->flows_active_ns, INT64_C(1800000000000));
	assert_int_equal(conf->fragments_memory_bytes, 8 << 20);
	assert_int_equal(conf->loss_finding_ppm, 1000);
	assert_int_equal(conf->log_rate.count, 20);
	assert_int_equal(conf->log_rate.per_ns, INT64_C(60000000000));
	assert_int_equal(conf->log_level, SK_CONF_LEVEL_INFO);
	assert_int_equal(conf->ipfix_collector.addr.family, 0);
	assert_string_equal(conf->metrics_socket, "/run/sekisho/metrics.sock");
	assert_true(conf->sandbox);
	assert_int_equal(conf->links.count, 0);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_is_whole), cmocka_unit_test(a_wrong_row_is_seen), cmocka_unit_test(slips_are_known),
					   cmocka_unit_test(values_have_one_meaning), cmocka_unit_test(the_defaults_are_the_rooms)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
