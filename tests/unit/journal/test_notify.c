/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3)'s protocol against sockets of our own, path and abstract; and what a manager that is gone costs: nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "journal/notify.h"

static int manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	memcpy(address.sun_path, name, length);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
	return fd;
}

static const char *told(int fd, char text[1024])
{
	ssize_t length = recv(fd, text, 1023, 0);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void what_is_told(void **state)
{
	(void)state;
	char path[64], abstract[64], text[1024];
	struct sk_notify *notify;
	struct sk_fault fault;
	(void)snprintf(path, sizeof path, "/tmp/sk-notify-%d", (int)getpid());
	(void)snprintf(abstract, sizeof abstract, "@sk-notify-%d", (int)getpid());
	const char *const names[] = {path, abstract};
	for (size_t i = 0; i < SK_COUNT(names); i++) {
		int fd = manager(names[i]);
		assert_int_equal(sk_notify_open(names[i], "30000000", NULL, &notify, &fault), SK_OK);
		assert_int_equal(sk_notify_watchdog_ns(notify), INT64_C(15000000000));
		sk_notify_ready(notify, "2 links\nREADY=0");
		assert_string_equal(told(fd, text), "READY=1\nSTATUS=2 links?READY=0"); /* a line of ours cannot say two things */
		sk_notify_ready(notify, NULL);
		assert_string_equal(told(fd, text), "READY=1\n");
		sk_notify_status(notify, "1.2 Mpkt/s");
		assert_string_equal(told(fd, text), "STATUS=1.2 Mpkt/s");
		sk_notify_reloading(notify, INT64_C(123456789));
		assert_string_equal(told(fd, text), "RELOADING=1\nMONOTONIC_USEC=123456");
		sk_notify_alive(notify);
		assert_string_equal(told(fd, text), "WATCHDOG=1");
		sk_notify_stopping(notify);
		assert_string_equal(told(fd, text), "STOPPING=1");
		assert_int_equal(sk_notify_lost(notify), 0);
		(void)close(fd);
		sk_notify_alive(notify);
		assert_int_equal(sk_notify_lost(notify), 1);
		sk_notify_close(notify);
	}
	(void)unlink(path);
}

static void without_a_manager(void **state)
{
	(void)state;
	struct sk_notify *notify;
	struct sk_fault fault;
	assert_int_equal(sk_notify_open(NULL, "1", NULL, &notify, &fault), SK_OK);
	sk_notify_ready(notify, "x");
	sk_notify_stopping(notify);
	assert_int_equal(sk_notify_lost(notify), 0);
	assert_int_equal(sk_notify_watchdog_ns(notify), 0);
	sk_notify_close(notify);
	sk_notify_close(NULL);
	char too_long[200];
	memset(too_long, 'x', sizeof too_long - 1);
	too_long[0] = '/', too_long[sizeof too_long - 1] = '\0';
	const char *const wrong[] = {"vsock:2:1", "x", "/", too_long};
	for (size_t i = 0; i < SK_COUNT(wrong); i++)
		assert_int_equal(sk_notify_open(wrong[i], NULL, NULL, &notify, &fault), SK_EUSAGE);
}

static void the_watchdog_of_another_process(void **state)
{
	(void)state;
	static const struct {
		const char *usec, *pid;
		int64_t ns;
	} cases[] = {{"1000", "", 500000}, {"1000", "1", 0}, {"x", NULL, 0}, {"99999999999999999999", NULL, 0}, {"9223372036854775807", NULL, 0}, {NULL, NULL, 0}};
	struct sk_notify *notify;
	struct sk_fault fault;
	char own[24];
	for (size_t i = 0; i < SK_COUNT(cases); i++) {
		assert_int_equal(sk_notify_open("/tmp/x", cases[i].usec, cases[i].pid, &notify, &fault), SK_OK);
		assert_int_equal(sk_notify_watchdog_ns(notify), cases[i].ns);
		sk_notify_close(notify);
	}
	(void)snprintf(own, sizeof own, "%d", (int)getpid());
	assert_int_equal(sk_notify_open("/tmp/x", "1000", own, &notify, &fault), SK_OK);
	assert_int_equal(sk_notify_watchdog_ns(notify), 500000);
	sk_notify_close(notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_told), cmocka_unit_test(without_a_manager), cmocka_unit_test(the_watchdog_of_another_process)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
