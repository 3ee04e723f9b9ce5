/* SPDX-License-Identifier: Apache-2.0 */
/* The server, turned by this very thread between a client's writes and reads: answers, methods, hostile and silent clients, places, sockets that were left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "emit/serve.h"
#include "sample.h"

enum { ANSWER_MAX = 4 << 20, TURNS_MAX = 2000 };

struct scene {
	char folder[64], path[96];
	struct sk_serve *serve;
	struct sk_serve_options options;
	bool failing;
	unsigned fills;
	struct sk_fault fault;
	char *answer;
};

static void fill(void *context, struct sk_metrics *out)
{
	struct scene *scene = context;
	scene->fills++;
	sample(out);
	out->collecting = !scene->failing;
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);
	assert_non_null(scene);
	scene->answer = malloc(ANSWER_MAX);
	assert_non_null(scene->answer);
	strcpy(scene->folder, "/tmp/sk-serve-XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	(void)snprintf(scene->path, sizeof scene->path, "%s/metrics.sock", scene->folder);
	scene->options = (struct sk_serve_options){.path = scene->path, .mode = 0660, .tcp_fd = -1, .source = {fill, scene},
						   .limits = {.stale_ns = INT64_MAX, .loss_ppm = 10000, .loss_failing_ppm = 250000}};
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	sk_serve_close(scene->serve);
	assert_int_equal(rmdir(scene->folder), 0); /* the socket's file is gone */
	free(scene->answer);
	free(scene);
	return 0;
}

static int dial(const struct scene *scene)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, scene->path, strlen(scene->path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Send, turn until the other side closes, and give back what it said. */
static const char *talk(struct scene *scene, int fd, const char *bytes, size_t length)
{
	size_t got = 0;
	assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		sk_serve_turn(scene->serve);
		(void)poll(&wait, 1, 1);
		ssize_t more = recv(fd, scene->answer + got, ANSWER_MAX - 1 - got, 0);
		if (more == 0 || (more < 0 && (wait.revents & POLLHUP) != 0))
			break;
		got += more > 0 ? (size_t)more : 0;
	}
	scene->answer[got] = '\0';
	(void)close(fd);
	return scene->answer;
}

static const char *ask(struct scene *scene, const char *request)
{
	return talk(scene, dial(scene), request, strlen(request));
}

static void answers(void **state)
{
	struct scene *scene = *state;
	struct stat info;
	assert_int_equal(sk_serve_open(&scene->options, &scene->serve, &scene->fault), SK_OK);
	assert_int_equal(stat(scene->path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0660);
	const char *said = ask(scene, "GET /metrics HTTP/1.0\r\n\r\n");
	assert_memory_equal(said, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(said, "text/plain; version=0.0.4"));
	assert_non_null(strstr(said, "\nsekisho_collecting 1\n"));
	said = ask(scene, "GET /status HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(said, "\r\n\r\n{\"basis_kind\":\"own_network\""));
	said = ask(scene, "GET /health HTTP/1.0\r\n\r\n");
	assert_memory_equal(said, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(said, "\"state\":\"ok\"}\n"));
	scene->failing = true;
	said = ask(scene, "GET /health HTTP/1.0\r\n\r\n");
	assert_memory_equal(said, "HTTP/1.1 503 ", 13);
	assert_non_null(strstr(said, "\"state\":\"failing\"}"));
	said = ask(scene, "GET /metrics?x=y HTTP/1.0\r\n\r\n"); /* failing sensors have figures too */
	assert_memory_equal(said, "HTTP/1.1 200 OK\r\n", 17);
	said = ask(scene, "HEAD /metrics HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(said, "200 OK"));
	assert_null(strstr(said, "sekisho_"));
	unsigned fills = scene->fills;
	assert_memory_equal(ask(scene, "GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 404 ", 13);
	assert_memory_equal(ask(scene, "GET /metrics/../x HTTP/1.0\r\n\r\n"), "HTTP/1.1 404 ", 13);
	assert_memory_equal(ask(scene, "POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), "HTTP/1.1 405 ", 13);
	assert_memory_equal(ask(scene, "DELETE /metrics HTTP/1.0\r\n\r\n"), "HTTP/1.1 405 ", 13);
	assert_int_equal(scene->fills, fills);
	assert_int_equal(sk_serve_requests(scene->serve), 10);
}

/* Whatever comes, the next one is answered. */
static void hostile_clients(void **state)
{
	struct scene *scene = *state;
	static const char *const hostile[] = {"\r\n\r\n", "GET", "GET /metrics\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "GET /metrics HTTP/9.9\r\n\r\n", "GET /\x01\xff HTTP/1.0\r\n\r\n",
					      "GET /metrics HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n", "GET /metrics HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n"};
	assert_int_equal(sk_serve_open(&scene->options, &scene->serve, &scene->fault), SK_OK);
	char *long_line = malloc(1 << 17);
	assert_non_null(long_line);
	memset(long_line, 'a', 1 << 17);
	memcpy(long_line, "GET /", 5);
	for (size_t i = 0; i <= SK_COUNT(hostile); i++) {
		int fd = dial(scene);
		const char *bytes = i < SK_COUNT(hostile) ? hostile[i] : long_line;
		size_t length = i < SK_COUNT(hostile) ? strlen(hostile[i]) : 1 << 16;
		assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
		for (int turn = 0; turn < 5; turn++)
			sk_serve_turn(scene->serve);
		(void)close(fd);
		assert_non_null(strstr(ask(scene, "GET /health HTTP/1.0\r\n\r\n"), "\"state\":\"ok\""));
	}
	free(long_line);
}

/* More silent clients than there are places: they are given up after the time-out, and then others are served. */
static void silent_clients(void **state)
{
	struct scene *scene = *state;
	int fds[SK_SERVE_CLIENTS_MAX + 8];
	assert_int_equal(sk_serve_open(&scene->options, &scene->serve, &scene->fault), SK_OK);
	for (size_t i = 0; i < SK_COUNT(fds); i++) {
		fds[i] = dial(scene);
		sk_serve_turn(scene->serve);
	}
	bool served = false;
	for (int i = 0; i < 10 * (SK_SERVE_TIMEOUT_S + 3) && !served; i++) {
		(void)poll(NULL, 0, 100);
		sk_serve_turn(scene->serve);
		if (i >= 10 * (SK_SERVE_TIMEOUT_S + 1))
			served = strstr(ask(scene, "GET /health HTTP/1.0\r\n\r\n"), "\"state\":\"ok\"") != NULL;
	}
	assert_true(served);
	for (size_t i = 0; i < SK_COUNT(fds); i++)
		(void)close(fds[i]);
}

static void what_stands_there_already(void **state)
{
	struct scene *scene = *state;
	struct sk_serve *second;
	assert_int_equal(sk_serve_open(&scene->options, &scene->serve, &scene->fault), SK_OK);
	assert_int_equal(sk_serve_open(&scene->options, &second, &scene->fault), SK_EUSAGE);
	assert_non_null(strstr(scene->fault.line, "somebody listens there already"));
	sk_serve_close(scene->serve);
	/* a run that died: its socket is there and nobody listens */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, scene->path, strlen(scene->path) + 1);
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (const struct sockaddr *)&address, sizeof address), 0);
	(void)close(dead);
	assert_int_equal(sk_serve_open(&scene->options, &scene->serve, &scene->fault), SK_OK);
	assert_non_null(strstr(ask(scene, "GET /health HTTP/1.0\r\n\r\n"), "\"state\":\"ok\""));
	sk_serve_close(scene->serve);
	scene->serve = NULL;
	/* somebody's file is not removed */
	int file = open(scene->path, O_WRONLY | O_CREAT, 0600);
	(void)close(file);
	assert_int_equal(sk_serve_open(&scene->options, &second, &scene->fault), SK_EUSAGE);
	assert_int_equal(unlink(scene->path), 0);
	scene->options.path = "/nowhere/at/all.sock";
	assert_int_equal(sk_serve_open(&scene->options, &second, &scene->fault), SK_EIO);
	char too_long[200];
	memset(too_long, 'x', sizeof too_long - 1);
	too_long[0] = '/', too_long[sizeof too_long - 1] = '\0';
	scene->options.path = too_long;
	assert_int_equal(sk_serve_open(&scene->options, &second, &scene->fault), SK_EUSAGE);
}

static void over_loopback(void **state)
{
	struct scene *scene = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), fds[2];
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	scene->options.tcp_fd = listener;
	assert_int_equal(sk_serve_open(&scene->options, &scene->serve, &scene->fault), SK_OK);
	assert_int_equal(sk_serve_fds(scene->serve, fds), 2);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	struct pollfd wait = {.fd = fds[1], .events = POLLIN};
	assert_int_equal(poll(&wait, 1, 1000), 1); /* the descriptor tells that somebody came */
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	assert_non_null(strstr(talk(scene, fd, request, sizeof request - 1), "\nsekisho_collecting 1\n"));
	assert_non_null(strstr(ask(scene, request), "\nsekisho_collecting 1\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_clients, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silent_clients, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stands_there_already, set_up, tear_down),
		cmocka_unit_test_setup_teardown(over_loopback, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
