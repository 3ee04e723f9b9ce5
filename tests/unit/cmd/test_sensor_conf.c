/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's defaults are those of the rooms, each key reaches its place in its unit, and behind the walls just those folders open that a sensor needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/sensor_conf.h"

static int set_up(void **state)
{
	struct sk_conf *conf = calloc(1, sizeof *conf);
	assert_non_null(conf);
	sk_conf_defaults(conf);
	memcpy(conf->workspace, "/var/lib/sekisho", 17);
	*state = conf;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void defaults_are_the_rooms_own(void **state)
{
	const struct sk_conf *conf = *state;
	struct sk_flow_limits flow = sk_sensor_flow_limits(conf), flow_room = sk_flow_default_limits();
	struct sk_decoder_limits decoder = sk_sensor_decoder_limits(conf), decoder_room = sk_decoder_default_limits();
	assert_true(flow.heads == flow_room.heads && flow.flows == flow_room.flows && flow.facts == flow_room.facts && flow.streams == flow_room.streams);
	assert_true(flow.idle_ns == flow_room.idle_ns && flow.idle_syn_ns == flow_room.idle_syn_ns && flow.idle_closed_ns == flow_room.idle_closed_ns && flow.active_ns == flow_room.active_ns);
	assert_true(decoder.datagrams == decoder_room.datagrams && decoder.datagram_bytes == decoder_room.datagram_bytes && decoder.pool_bytes == decoder_room.pool_bytes);
	assert_int_equal(decoder.timeout_ns, decoder_room.timeout_ns);
}

/* Each key changed alone changes what its room gets, and to its very value. */
static void every_key_reaches_its_place(void **state)
{
	struct sk_conf *conf = *state;
	conf->heads = false;
	conf->flows_max = 1001, conf->flows_facts = 1002, conf->flows_streams = 1003;
	conf->flows_idle_ns = 4, conf->flows_idle_syn_ns = 5, conf->flows_idle_closed_ns = 6, conf->flows_active_ns = 7;
	struct sk_flow_limits flow = sk_sensor_flow_limits(conf);
	assert_int_equal(flow.heads, SK_FLOW_HEADS_NONE);
	assert_true(flow.flows == 1001 && flow.facts == 1002 && flow.streams == 1003 && flow.idle_ns == 4 && flow.idle_syn_ns == 5 && flow.idle_closed_ns == 6 && flow.active_ns == 7);
	conf->fragments_datagrams = 8, conf->fragments_memory_bytes = 9, conf->fragments_timeout_ns = 10;
	struct sk_decoder_limits decoder = sk_sensor_decoder_limits(conf);
	assert_true(decoder.datagrams == 8 && decoder.pool_bytes == 9 && decoder.timeout_ns == 10);
	conf->eve_rotate_bytes = 11, conf->eve_rotate_age_ns = 12, conf->eve_rotate_keep = 13, conf->eve_flush_ns = 14;
	struct sk_rolling_limits rolling = sk_sensor_eve_limits(conf);
	assert_true(rolling.size_bytes == 11 && rolling.age_ns == 12 && rolling.keep == 13 && rolling.flush_ns == 14);
	conf->health_stale_ns = 15, conf->health_loss_ppm = 16, conf->health_loss_failing_ppm = 17, conf->health_basis_ends_ns = 18, conf->spool_min_free_bytes = 19;
	struct sk_health_limits health = sk_sensor_health_limits(conf);
	assert_true(health.stale_ns == 15 && health.loss_ppm == 16 && health.loss_failing_ppm == 17 && health.basis_ends_ns == 18 && health.min_free_bytes == 19);
}

static void the_log(void **state)
{
	struct sk_conf *conf = *state;
	struct sk_clock_fake time = {0};
	struct sk_journal_options options = sk_sensor_journal_options(conf, sk_clock_of_fake(&time), NULL, 2);
	assert_true(options.level == SK_JOURNAL_INFO && options.target == SK_JOURNAL_TO_STDERR && !options.json && options.rate_count == 20 && options.rate_per_ns == INT64_C(60000000000) && options.fd == 2);
	static const struct {
		uint16_t conf;
		enum sk_journal_level level;
	} levels[] = {{SK_CONF_LEVEL_DEBUG, SK_JOURNAL_DEBUG}, {SK_CONF_LEVEL_INFO, SK_JOURNAL_INFO}, {SK_CONF_LEVEL_NOTICE, SK_JOURNAL_NOTICE}, {SK_CONF_LEVEL_WARNING, SK_JOURNAL_WARNING},
		      {SK_CONF_LEVEL_ERROR, SK_JOURNAL_ERROR}};
	for (size_t i = 0; i < SK_COUNT(levels); i++) {
		conf->log_level = levels[i].conf;
		assert_int_equal(sk_sensor_journal_options(conf, sk_clock_of_fake(&time), NULL, 2).level, levels[i].level);
	}
	conf->log_target = SK_CONF_TARGET_JOURNAL;
	assert_int_equal(sk_sensor_journal_options(conf, sk_clock_of_fake(&time), NULL, 2).target, SK_JOURNAL_TO_MANAGER);
	conf->log_target = SK_CONF_TARGET_FILE;
	conf->log_style = SK_CONF_STYLE_JSON;
	memcpy(conf->log_path, "/x", 3);
	options = sk_sensor_journal_options(conf, sk_clock_of_fake(&time), NULL, 2);
	assert_true(options.target == SK_JOURNAL_TO_FILE && options.json);
	assert_string_equal(options.path, "/x");
}

static void files_of_the_workspace(void **state)
{
	struct sk_conf *conf = *state;
	char path[SK_PATH_MAX];
	struct sk_fault fault;
	assert_int_equal(sk_sensor_file(conf, conf->border_path, "border.skb", path, &fault), SK_OK);
	assert_string_equal(path, "/var/lib/sekisho/border.skb");
	assert_int_equal(sk_sensor_file(conf, "/srv/tables/jp.skb", "border.skb", path, &fault), SK_OK);
	assert_string_equal(path, "/srv/tables/jp.skb");
	memset(conf->workspace, 'x', sizeof conf->workspace - 1);
	assert_int_equal(sk_sensor_file(conf, "", "border.skb", path, &fault), SK_ETOOBIG);
}

static void folders(void **state)
{
	struct sk_conf *conf = *state;
	struct sk_sensor_folders *out = calloc(1, sizeof *out);
	struct sk_fault fault;
	assert_non_null(out);
	memcpy(conf->eve_path, "/var/log/sekisho/eve.json", 26);
	memcpy(conf->log_path, "/var/lib/sekisho/log", 21);     /* in the workspace: there already */
	memcpy(conf->border_path, "/srv/tables/jp.skb", 19);
	memcpy(conf->selectors_path, "/srv/tables/set", 16);    /* that folder once */
	memcpy(conf->suspension_path, "/run/sekisho/suspended", 23); /* may be written already, for the metrics' socket */
	assert_int_equal(sk_sensor_folders(conf, "/etc/sekisho/sekisho.yaml", out, &fault), SK_OK);
	static const struct sk_wall_path expected[] = {{"/var/lib/sekisho", true}, {"/var/log/sekisho", true}, {"/run/sekisho", true}, {"/etc/sekisho", false}, {"/srv/tables", false}};
	assert_int_equal(out->count, SK_COUNT(expected));
	for (size_t i = 0; i < SK_COUNT(expected); i++) {
		assert_string_equal(out->paths[i].path, expected[i].path);
		assert_int_equal(out->paths[i].write, expected[i].write);
	}
	memcpy(conf->basis_path, "/basis.note", 12); /* / would be everything */
	assert_int_equal(sk_sensor_folders(conf, "/etc/sekisho/sekisho.yaml", out, &fault), SK_EUSAGE);
	memset(conf->basis_path, 0, sizeof conf->basis_path);
	assert_int_equal(sk_sensor_folders(conf, "sekisho.yaml", out, &fault), SK_OK);
	assert_int_equal(out->count, 5);
	assert_string_equal(out->paths[3].path, "/srv/tables");
	assert_string_equal(out->paths[4].path, ".");
	memcpy(conf->metrics_socket, "/var/lib/sekishox/s", 20); /* begins like the workspace and is another */
	memset(conf->suspension_path, 0, sizeof conf->suspension_path);
	assert_int_equal(sk_sensor_folders(conf, "/etc/sekisho/sekisho.yaml", out, &fault), SK_OK);
	assert_string_equal(out->paths[2].path, "/var/lib/sekishox");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(defaults_are_the_rooms_own, set_up, tear_down), cmocka_unit_test_setup_teardown(every_key_reaches_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_log, set_up, tear_down),		       cmocka_unit_test_setup_teardown(files_of_the_workspace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(folders, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
