/* SPDX-License-Identifier: Apache-2.0 */
/* Services that are polled by nature: by port, by what is spoken, and not when something else is spoken on such a port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "policy/polled.h"

static void test_polled(void **state)
{
	(void)state;
	static const struct { uint8_t ip_proto; uint16_t port; unsigned app; bool polled; } rows[] = {
		{17, 123, SK_APP_NONE, true}, {17, 123, SK_APP_NTP, true}, {17, 123, SK_APP_QUIC, false}, {6, 123, SK_APP_NONE, false}, {17, 9123, SK_APP_NTP, true},
		{17, 53, SK_APP_NONE, true}, {6, 53, SK_APP_TLS, false}, {6, 993, SK_APP_TLS, true}, {6, 993, SK_APP_SSH, false}, {6, 443, SK_APP_NONE, false},
		{6, 443, SK_APP_TLS, false}, {6, 80, SK_APP_HTTP, false}, {6, 502, SK_APP_MODBUS, true}, {6, 5020, SK_APP_MODBUS, true}, {6, 0, SK_APP_NONE, false},
		{17, 65535, SK_APP_NONE, false}, {1, 123, SK_APP_NONE, false}};
	for (size_t i = 0; i < SK_COUNT(rows); i++)
		assert_true(sk_policy_polled(rows[i].ip_proto, rows[i].port, rows[i].app) == rows[i].polled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_polled)};
	return cmocka_run_group_tests_name("polled", tests, NULL, NULL);
}
