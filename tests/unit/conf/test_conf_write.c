/* SPDX-License-Identifier: Apache-2.0 */
/* What is written parses to the same and is written the same again, over random configurations; and what differs between two is told by its key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf_priv.h"

enum { OUT_MAX = 4 << 20, ROUNDS = 3000 };

struct scene {
	struct sk_conf a, b;
	struct sk_conf_report report;
	uint64_t random;
};

static uint64_t next_random(struct scene *scene)
{
	/* xorshift64* */
	scene->random ^= scene->random >> 12, scene->random ^= scene->random << 25, scene->random ^= scene->random >> 27;
	return scene->random * UINT64_C(2685821657736338717);
}

static void random_text(struct scene *scene, char *text, size_t least, size_t most, const char *first, const char *letters)
{
	size_t length = least + next_random(scene) % (most - least + 1);
	for (size_t i = 0; i < length; i++) {
		const char *from = i == 0 && first[0] != '\0' ? first : letters;
		text[i] = from[next_random(scene) % strlen(from)];
	}
	text[length] = '\0';
}

static void random_endpoint(struct scene *scene, struct sk_conf_endpoint *out)
{
	memset(out, 0, sizeof *out);
	out->addr.family = (next_random(scene) & 1) != 0 ? 4 : 6;
	for (int i = 0; i < (out->addr.family == 4 ? 4 : 16); i++)
		out->addr.bytes[i] = (uint8_t)next_random(scene);
	out->port = (uint16_t)(1 + next_random(scene) % 65535);
}

/* A number between a row's bounds, near them as often as not. */
static uint64_t random_between(struct scene *scene, uint64_t least, uint64_t most)
{
	switch (next_random(scene) % 4) {
	case 0: return least;
	case 1: return most;
	default: return least + next_random(scene) % (most - least + 1);
	}
}

static void random_value(struct scene *scene, const struct sk_conf_row *row, void *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", word[] = "abcXYZ0189._-", label[] = "abcXYZ0189_-",
			  path[] = "abc/XYZ 019._-:#\"'\\,[]{}&*!|>%@`";
	union { uint64_t number; int64_t ns; uint32_t ppm; struct sk_conf_rate rate; } least = {0}, most = {0};
	char expected[SK_CONF_EXPECTED_MAX];
	if (row->least[0] != '\0') {
		assert_int_equal(sk_conf_value_read(row, row->least, &least, expected), SK_OK);
		assert_int_equal(sk_conf_value_read(row, row->most, &most, expected), SK_OK);
	}
	memset(value, 0, row->size);
	switch ((enum sk_conf_type)row->type) {
	case SK_CONF_V_BOOL: *(bool *)value = (next_random(scene) & 1) != 0; return;
	case SK_CONF_V_COUNT:
	case SK_CONF_V_BYTES: *(uint64_t *)value = random_between(scene, least.number, most.number); return;
	case SK_CONF_V_TIME: *(int64_t *)value = (int64_t)random_between(scene, (uint64_t)least.ns, (uint64_t)most.ns) / 1000000 * 1000000; return;
	case SK_CONF_V_RATE: *(struct sk_conf_rate *)value = (struct sk_conf_rate){1 + next_random(scene) % 1000, INT64_C(1000000000)}; return;
	case SK_CONF_V_SHARE: *(uint32_t *)value = (uint32_t)random_between(scene, least.ppm, most.ppm); return;
	case SK_CONF_V_CHOICE: {
		struct sk_conf_facts facts;
		size_t count;
		assert_true(sk_conf_facts((size_t)(row - sk_conf_rows(&count)), &facts));
		*(uint16_t *)value = sk_conf_choice_find(row->choices, facts.choices[next_random(scene) % facts.choice_count]);
		return;
	}
	case SK_CONF_V_WORD: random_text(scene, value, 1, 63, "abcno0189", word); return;
	case SK_CONF_V_LABEL: random_text(scene, value, 1, 31, letters, label); return;
	case SK_CONF_V_INTERFACE: random_text(scene, value, 1, 15, "abx~0\"'&*", "abc019.-@#"); return;
	case SK_CONF_V_PATH: random_text(scene, value, 1, 200, "/", path); return;
	case SK_CONF_V_SOCKET: random_text(scene, value, 1, 107, "/", path); return;
	case SK_CONF_V_PREFIX: assert_int_equal(sk_prefix_parse((next_random(scene) & 1) != 0 ? "192.0.2.0/24" : "2001:db8::/32", value), SK_OK); return;
	case SK_CONF_V_ENDPOINT: random_endpoint(scene, value); return;
	case SK_CONF_V_MAPS:
	case SK_CONF_V_TYPES: break;
	}
	fail();
}

static void random_scope(struct scene *scene, enum sk_conf_scope scope, void *base)
{
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	sk_conf_scope_defaults(scope, base);
	for (size_t i = 0; i < count; i++) {
		const struct sk_conf_row *row = &rows[i];
		if (row->scope != scope || (row->standard != NULL && next_random(scene) % 3 == 0))
			continue;
		uint8_t *at = (uint8_t *)base + row->at;
		if (row->places == 0) {
			random_value(scene, row, at);
			continue;
		}
		uint32_t values = (uint32_t)(next_random(scene) % (row->places < 5 ? row->places + 1 : 5));
		memcpy((uint8_t *)base + row->count_at, &values, sizeof values);
		for (uint32_t v = 0; v < values; v++) {
			if (row->type == SK_CONF_V_MAPS)
				random_scope(scene, (enum sk_conf_scope)row->element, at + (size_t)v * row->size); /* one level: elements hold none */
			else
				random_value(scene, row, at + (size_t)v * row->size);
		}
	}
}

/* Only what the rules between keys say was wrong, if anything: every value was read. */
static void only_rules_complain(const struct scene *scene)
{
	for (size_t i = 0; i < scene->report.count; i++)
		if (strstr(scene->report.faults[i].line, ": found '") != NULL || strstr(scene->report.faults[i].line, "YAML") != NULL ||
		    strstr(scene->report.faults[i].line, "no key") != NULL)
			fail_msg("%s", scene->report.faults[i].line);
}

static bool same(const struct sk_conf *a, const struct sk_conf *b);

static void told(void *context, const char *key, bool reloadable)
{
	struct sk_buf *out = context;
	sk_buf_addf(out, "%s%s ", key, reloadable ? "*" : "");
}

static bool same(const struct sk_conf *a, const struct sk_conf *b)
{
	struct sk_buf out;
	sk_buf_init(&out, OUT_MAX);
	sk_conf_compare(a, b, told, &out);
	bool equal = out.length == 0;
	if (!equal)
		print_message("differ: %s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
	return equal;
}

static void written_is_read_again(void **state)
{
	struct scene *scene = *state;
	struct sk_buf first, second;
	sk_buf_init(&first, OUT_MAX);
	sk_buf_init(&second, OUT_MAX);
	for (int round = 0; round < ROUNDS; round++) {
		memset(&scene->a, 0, sizeof scene->a);
		random_scope(scene, SK_CONF_SCOPE_FILE, &scene->a);
		for (int changed = 0; changed < 2; changed++) {
			sk_buf_reset(&first);
			sk_buf_reset(&second);
			sk_conf_write(&scene->a, changed != 0, &first);
			(void)!sk_conf_parse("f", first.bytes, first.length, &scene->b, &scene->report);
			only_rules_complain(scene);
			sk_conf_write(&scene->b, changed != 0, &second);
			assert_string_equal(sk_buf_text(&first), sk_buf_text(&second));
			assert_true(same(&scene->a, &scene->b));
		}
	}
	sk_buf_fini(&first);
	sk_buf_fini(&second);
}

static void only_what_is_not_the_default(void **state)
{
	struct scene *scene = *state;
	struct sk_buf out;
	sk_buf_init(&out, OUT_MAX);
	sk_conf_defaults(&scene->a);
	memcpy(scene->a.workspace, "/w", 3);
	scene->a.eve_rotate_keep = 3;
	scene->a.metrics_socket[0] = '\0';
	memset(scene->a.metrics_socket, 0, sizeof scene->a.metrics_socket);
	scene->a.links.count = 1;
	sk_conf_scope_defaults(SK_CONF_SCOPE_LINK, &scene->a.links.items[0]);
	memcpy(scene->a.links.items[0].name, "a", 2);
	memcpy(scene->a.links.items[0].interface, "eth0", 5);
	scene->a.links.items[0].mode = SK_CONF_MODE_PACKET;
	sk_conf_write(&scene->a, true, &out);
	assert_string_equal(sk_buf_text(&out), "workspace: /w\nlinks:\n  - name: a\n    interface: eth0\n    mode: packet\neve:\n  rotate:\n    keep: 3\nmetrics:\n  socket: \"\"\n");
	sk_buf_fini(&out);
}

/* Each key changed alone is told alone, and as the table says. */
static void what_differs_is_told(void **state)
{
	struct scene *scene = *state;
	size_t count;
	const struct sk_conf_row *rows = sk_conf_rows(&count);
	struct sk_buf out;
	sk_buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct sk_conf_row *row = &rows[i];
		char expected[128];
		scene->random = 77;
		memset(&scene->a, 0, sizeof scene->a);
		sk_conf_defaults(&scene->a);
		scene->a.links.count = scene->a.exports.count = 2;
		for (int e = 0; e < 2; e++) {
			random_scope(scene, SK_CONF_SCOPE_LINK, &scene->a.links.items[e]);
			random_scope(scene, SK_CONF_SCOPE_EXPORT, &scene->a.exports.items[e]);
		}
		scene->b = scene->a;
		uint8_t *base = row->scope == SK_CONF_SCOPE_FILE ? (uint8_t *)&scene->b :
				row->scope == SK_CONF_SCOPE_LINK ? (uint8_t *)&scene->b.links.items[1] : (uint8_t *)&scene->b.exports.items[1];
		if (row->places != 0)
			base[row->count_at] ^= 1;
		else
			base[row->at] ^= 1;
		sk_buf_reset(&out);
		sk_conf_compare(&scene->a, &scene->b, told, &out);
		/* Elements of another name are other elements. */
		const char *key = strcmp(row->key, "links[].name") == 0 ? "links" : strcmp(row->key, "exports[].name") == 0 ? "exports" : row->key;
		(void)snprintf(expected, sizeof expected, "%s%s ", key, row->reloadable ? "*" : "");
		assert_string_equal(sk_buf_text(&out), expected);
		/* A running sensor takes what it can, and nothing else. */
		sk_conf_take(&scene->a, &scene->b);
		sk_buf_reset(&out);
		sk_conf_compare(&scene->a, &scene->b, told, &out);
		assert_string_equal(sk_buf_text(&out), row->reloadable ? "" : expected);
	}
	sk_buf_fini(&out);
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	*state = scene;
	if (scene != NULL)
		scene->random = 4711;
	return scene == NULL;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(written_is_read_again), cmocka_unit_test(only_what_is_not_the_default), cmocka_unit_test(what_differs_is_told)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
