/* SPDX-License-Identifier: Apache-2.0 */
/* The figures: text and status against tests/golden/emit (SK_UPDATE_GOLDEN=1 writes them anew), labels that hold words alone, the way back, health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "sample.h"

struct scene {
	struct sk_metrics a, b;
	struct sk_health health, health_b;
	struct sk_buf out, golden;
	struct sk_fault fault;
};
static const struct sk_health_limits limits = {.stale_ns = INT64_C(5000000000), .basis_ends_ns = INT64_C(7) * 86400 * 1000000000, .loss_ppm = 10000, .loss_failing_ppm = 250000};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	assert_non_null(scene);
	sk_buf_init(&scene->out, SK_METRICS_TEXT_MAX);
	sk_buf_init(&scene->golden, SK_METRICS_TEXT_MAX);
	sample(&scene->a);
	sk_health_judge(&scene->a, &limits, &scene->health);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	sk_buf_fini(&scene->out);
	sk_buf_fini(&scene->golden);
	free(scene);
	return 0;
}

static void against_golden(struct scene *scene, const char *name)
{
	char path[512];
	(void)snprintf(path, sizeof path, SK_SOURCE_ROOT "/tests/golden/emit/%s", name);
	assert_int_equal(scene->out.failed, SK_OK);
	if (getenv("SK_UPDATE_GOLDEN") != NULL)
		assert_int_equal(sk_file_replace(path, scene->out.bytes, scene->out.length, 0644, &scene->fault), SK_OK);
	sk_buf_reset(&scene->golden);
	assert_int_equal(sk_file_read(path, &scene->golden, &scene->fault), SK_OK);
	assert_string_equal(sk_buf_text(&scene->out), sk_buf_text(&scene->golden));
}

static void text_is_golden(void **state)
{
	struct scene *scene = *state;
	sk_metrics_text(&scene->a, &scene->out);
	against_golden(scene, "metrics.txt");
}

static void status_is_golden(void **state)
{
	struct scene *scene = *state;
	sk_status_json(&scene->a, &scene->health, &scene->out);
	against_golden(scene, "status.json");
	struct json_object *object = json_tokener_parse(sk_buf_text(&scene->out));
	assert_non_null(object);
	(void)json_object_put(object);
}

/* Each figure is told once, under a name of its own, with help and type in front. */
static void every_figure_is_told(void **state)
{
	struct scene *scene = *state;
	struct sk_metric_facts facts;
	char head[256];
	size_t count = 0;
	sk_metrics_text(&scene->a, &scene->out);
	for (; sk_metric_facts(count, &facts); count++) {
		(void)snprintf(head, sizeof head, "\n# TYPE sekisho_%s%s %s\n", facts.name,
			       strcmp(facts.unit, "frames and bytes") == 0 ? "_frames_total" : strcmp(facts.kind, "counter") == 0 ? "_total" : "", facts.kind);
		const char *found = strstr(sk_buf_text(&scene->out), head);
		if (found == NULL || strstr(found + 1, head) != NULL)
			fail_msg("%s", head);
		assert_true(facts.help[0] != '\0' && facts.help[strlen(facts.help) - 1] == '.');
	}
	assert_true(count > 50);
}

/* Is the value a number, a link of the configuration, or a word that stands in a table of the sources? What an attacker could choose is none of these. rule: METRIC-1 */
static bool is_word(const struct scene *scene, const char *value)
{
	static const char *const words[] = {"domestic", "unknown", "not_covered", "non_ip", "malformed_address", "inner_domestic", "inner_unknown", "inner_not_covered", "fragment_of_tunnel",
					    "no_hit", "evicted", "shed", "fragment_timeout", "undecodable", "stopped", "ring_full", "exchange_full", "FF", "FD", "DF", "DD", "UNKNOWN",
					    "xdp", "packet", "export", "own_network", "own-network", "indicator.domain", "capture_loss", "high", "medium", "0.1.0"};
	for (size_t i = 0; i < SK_COUNT(words); i++)
		if (strcmp(words[i], value) == 0)
			return true;
	for (size_t i = 0; i < scene->a.link_count; i++)
		if (strcmp(scene->a.links[i].name, value) == 0)
			return true;
	return value[0] != '\0' && strspn(value, "0123456789") == strlen(value);
}

/* Number of label values that are no words. */
static int strangers(const struct scene *scene, const char *text)
{
	int count = 0;
	for (const char *open; (open = strstr(text, "=\"")) != NULL;) {
		char value[256];
		const char *close = strchr(open + 2, '"');
		assert_true(close != NULL && (size_t)(close - open) < sizeof value);
		memcpy(value, open + 2, (size_t)(close - open - 2));
		value[close - open - 2] = '\0';
		count += !is_word(scene, value);
		text = close + 1;
	}
	return count;
}

static void labels_hold_words_alone(void **state)
{
	struct scene *scene = *state;
	sk_metrics_text(&scene->a, &scene->out);
	assert_int_equal(strangers(scene, sk_buf_text(&scene->out)), 0);
	/* The twin: a name that came in a frame, planted where a reason stands, is seen by this scan ... */
	memcpy(scene->a.links[0].gate.cells[0].name, "evil.example", 13);
	sk_buf_reset(&scene->out);
	sk_metrics_text(&scene->a, &scene->out);
	assert_int_equal(strangers(scene, sk_buf_text(&scene->out)), 2);
}

/* ... and an address, or what breaks out of a label, does not even get so far. rule: METRIC-1 */
static void what_no_label_may_hold_stops_the_process(void **state)
{
	struct scene *scene = *state;
	static const char *const wrong[] = {"192.0.2.1", "2001:db8::1", "fe80", "a\"b", "a\nb", "a b", "", "1st", "\xc3\xa9", "a{b", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}, *const right[] = {"border-1", "FF", "indicator.domain", "fe80"};
	for (size_t i = 0; i < SK_COUNT(wrong); i++) {
		bool fits = sk_metrics_label_fits(wrong[i]);
		assert_int_equal(fits, strcmp(wrong[i], "fe80") == 0);
	}
	for (size_t i = 0; i < SK_COUNT(right); i++)
		assert_true(sk_metrics_label_fits(right[i]));
	pid_t child = fork();
	if (child == 0) {
		(void)close(STDERR_FILENO);
		(void)signal(SIGABRT, SIG_DFL);
		memcpy(scene->a.links[0].gate.cells[0].name, "192.0.2.1", 10);
		sk_metrics_text(&scene->a, &scene->out);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random >> 12, *random ^= *random << 25, *random ^= *random >> 27;
	return *random * UINT64_C(2685821657736338717);
}

static void random_figures(enum sk_metric_scope scope, void *base, uint64_t *random)
{
	size_t count;
	const struct sk_metric_row *rows = sk_metric_rows(&count);
	for (size_t i = 0; i < count; i++) {
		uint64_t value = next_random(random) >> next_random(random) % 64;
		if (rows[i].scope != scope)
			continue;
		if (rows[i].unit == SK_METRIC_SECONDS || rows[i].unit == SK_METRIC_TIME)
			value >>= 1;
		if (rows[i].unit < SK_METRIC_CELL)
			memcpy((uint8_t *)base + rows[i].at, &value, sizeof value);
	}
}

/* Status is read back as it was, to the last bit. */
static void there_and_back(void **state)
{
	struct scene *scene = *state;
	uint64_t random = 815;
	for (int round = 0; round < 300; round++) {
		sample(&scene->a);
		random_figures(SK_METRIC_PROCESS, &scene->a, &random);
		scene->a.link_count = next_random(&random) % 4;
		memset(&scene->a.links[scene->a.link_count], 0, (3 - scene->a.link_count) * sizeof scene->a.links[0]);
		for (size_t i = 0; i < scene->a.link_count; i++)
			random_figures(SK_METRIC_OF_LINK, &scene->a.links[i], &random);
		sk_health_judge(&scene->a, &limits, &scene->health);
		sk_buf_reset(&scene->out);
		sk_status_json(&scene->a, &scene->health, &scene->out);
		if (sk_status_read(sk_buf_text(&scene->out), scene->out.length, &scene->b, &scene->health_b, &scene->fault) != SK_OK)
			fail_msg("%s", scene->fault.line);
		assert_memory_equal(&scene->a, &scene->b, sizeof scene->a);
		assert_int_equal(scene->health.state, scene->health_b.state);
		assert_int_equal(scene->health.count, scene->health_b.count);
		assert_memory_equal(scene->health.reasons, scene->health_b.reasons, scene->health.count * sizeof scene->health.reasons[0]);
	}
}

static void a_newer_sensor_is_read_too(void **state)
{
	struct scene *scene = *state;
	static const char newer[] = "{\"figures\":{\"collecting\":1,\"zz_unknown\":5},\"health\":{\"reasons\":[{\"number\":0,\"reason\":\"never_heard_of\"},{\"number\":0,\"reason\":\"loss\"}],"
				    "\"state\":\"degraded\"},\"links\":[{\"name\":\"a b\"}],\"zz\":[]}";
	static const char *const wrong[] = {"", "[]", "{}", "{\"figures\"", "{\"b\":1,\"a\":2}", "{ \"figures\":{}}"};
	assert_int_equal(sk_status_read(newer, strlen(newer), &scene->b, &scene->health_b, &scene->fault), SK_OK);
	assert_int_equal(scene->b.collecting, 1);
	assert_int_equal(scene->health_b.count, 1);
	assert_int_equal(scene->health_b.state, SK_HEALTH_DEGRADED);
	assert_string_equal(scene->b.links[0].name, "");
	for (size_t i = 0; i < SK_COUNT(wrong); i++)
		assert_int_equal(sk_status_read(wrong[i], strlen(wrong[i]), &scene->b, &scene->health_b, &scene->fault), SK_EMALFORMED);
}

struct case_of_health {
	enum sk_health_state state;
	const char *says; /* all reasons, joined */
	void (*change)(struct sk_metrics *metrics);
};
static void change_nothing(struct sk_metrics *m) { (void)m; }
static void change_collecting(struct sk_metrics *m) { m->collecting = 0; }
static void change_turn(struct sk_metrics *m) { m->workers[1].turn_ns = INT64_C(5000000001); }
static void change_link(struct sk_metrics *m) { m->links[1].up = 0; }
static void change_links(struct sk_metrics *m) { m->links[0].up = m->links[1].up = m->links[2].up = 0; }
static void change_loss(struct sk_metrics *m) { m->links[0].lost_ratio = 10001, m->links[2].lost_ratio = 250001; }
static void change_little_loss(struct sk_metrics *m) { m->links[0].lost_ratio = 10000; }
static void change_shed(struct sk_metrics *m) { m->shed_stage = 2; }
static void change_basis(struct sk_metrics *m) { m->basis_until_ns = m->now_ns + INT64_C(6) * 86400 * 1000000000; }
static void change_disk(struct sk_metrics *m) { m->disk_free_bytes = 0; }
static void change_output(struct sk_metrics *m) { m->outputs_failing = 1; }
static void change_reload(struct sk_metrics *m) { m->reload_refused_now = 1; }

static void health_is_judged(void **state)
{
	struct scene *scene = *state;
	static const struct case_of_health cases[] = {
		{SK_HEALTH_OK, "", change_nothing},
		{SK_HEALTH_FAILING, "nothing is collected;", change_collecting},
		{SK_HEALTH_FAILING, "worker 1 made no turn for longer than health.stale;", change_turn},
		{SK_HEALTH_DEGRADED, "link border-2 is down;", change_link},
		{SK_HEALTH_FAILING, "no link is up;", change_links},
		{SK_HEALTH_FAILING, "link router-1 lost more frames than health.loss_failing in the last interval;link border-1 lost more frames than health.loss in the last interval;", change_loss},
		{SK_HEALTH_OK, "", change_little_loss},
		{SK_HEALTH_DEGRADED, "the load is more than can be followed; heads, facts or flows are given up;", change_shed},
		{SK_HEALTH_DEGRADED, "the basis ends within health.basis_ends;", change_basis},
		{SK_HEALTH_DEGRADED, "less than spool.min_free is left on the workspace's disk;", change_disk},
		{SK_HEALTH_DEGRADED, "an output cannot be written;", change_output},
		{SK_HEALTH_DEGRADED, "the last reload was refused; what was in force before stays so;", change_reload},
	};
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		struct sk_health_limits bounds = limits;
		bounds.min_free_bytes = 1;
		sample(&scene->a);
		cases[i].change(&scene->a);
		sk_health_judge(&scene->a, &bounds, &scene->health);
		assert_int_equal(scene->health.state, cases[i].state);
		sk_buf_reset(&scene->out);
		for (size_t r = 0; r < scene->health.count; r++) {
			sk_health_say(&scene->a, &scene->health, r, &scene->out);
			sk_buf_add_u8(&scene->out, ';');
		}
		assert_string_equal(sk_buf_text(&scene->out), cases[i].says);
	}
	sample(&scene->a);
	change_loss(&scene->a), change_turn(&scene->a);
	sk_health_judge(&scene->a, &limits, &scene->health);
	sk_buf_reset(&scene->out);
	sk_health_json(&scene->a, &scene->health, &scene->out);
	assert_string_equal(sk_buf_text(&scene->out),
			    "{\"reasons\":[{\"reason\":\"stalled\",\"says\":\"worker 1 made no turn for longer than health.stale\",\"worker\":1},"
			    "{\"link\":\"router-1\",\"reason\":\"loss_failing\",\"says\":\"link router-1 lost more frames than health.loss_failing in the last interval\"},"
			    "{\"link\":\"border-1\",\"reason\":\"loss\",\"says\":\"link border-1 lost more frames than health.loss in the last interval\"}],\"state\":\"failing\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_is_golden, set_up, tear_down),
		cmocka_unit_test_setup_teardown(status_is_golden, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_figure_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(labels_hold_words_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_no_label_may_hold_stops_the_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(there_and_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_newer_sensor_is_read_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(health_is_judged, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
