/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top_ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BLOCK = 65536, HEAD_MAX = 8192 };

static enum sk_err dial(const char *path, int *fd, struct sk_fault *fault)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return sk_fault_set(fault, SK_EUSAGE, "%s: longer than a socket's path can be (%zu bytes)", path, sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return sk_fault_errno(fault, errno, "%s: no socket can be made", path);
	if (connect(*fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return SK_OK;
	int failed = errno;
	(void)close(*fd);
	if (failed == ENOENT || failed == ENOTDIR)
		return sk_fault_set(fault, SK_ENOENT, "%s: no such socket; is the sensor running, and is this its metrics.socket? --socket PATH names another", path);
	if (failed == EACCES || failed == EPERM)
		return sk_fault_set(fault, SK_EPERMS, "%s: not yours to read; join the group of the sensor (sekisho.conf(5): group), or become root", path);
	if (failed == ECONNREFUSED)
		return sk_fault_set(fault, SK_EIO, "%s: nobody listens there; is the sensor running?", path);
	return sk_fault_errno(fault, failed, "%s: cannot connect", path);
}

static bool wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = events};
	int ready;
	do
		ready = poll(&wait, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	return ready == 1;
}

/* HTTP/1.0: the answer ends where the other side closes. */
static enum sk_err talk(int fd, const char *path, int timeout_ms, struct sk_buf *answer, struct sk_fault *fault)
{
	static const char request[] = "GET /status HTTP/1.0\r\nHost: sekisho\r\n\r\n";
	uint8_t block[BLOCK];
	if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
		return sk_fault_errno(fault, errno, "%s: cannot ask", path);
	for (;;) {
		if (!wait_for(fd, POLLIN, timeout_ms))
			return sk_fault_set(fault, SK_EIO, "%s: no answer within %d ms; the sensor is stuck or overloaded", path, timeout_ms);
		ssize_t got = recv(fd, block, sizeof block, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return sk_fault_errno(fault, errno, "%s: the answer broke off", path);
		if (got == 0)
			return SK_OK;
		sk_buf_add(answer, block, (size_t)got);
		if (answer->failed != SK_OK)
			return sk_fault_set(fault, SK_EMALFORMED, "%s: the answer is longer than any of a sensor", path);
	}
}

/* Where the body begins; NULL when it is no answer with status 200. */
static const char *body_of(const struct sk_buf *answer)
{
	const char *text = sk_buf_text(answer);
	size_t head_length = answer->length < HEAD_MAX ? answer->length : HEAD_MAX;
	if (answer->length < 12 || memcmp(text, "HTTP/1.", 7) != 0 || memcmp(text + 8, " 200", 4) != 0)
		return NULL;
	const char *end = memmem(text, head_length, "\r\n\r\n", 4);
	return end != NULL ? end + 4 : NULL;
}

enum sk_err sk_top_ask(const char *path, int timeout_ms, struct sk_buf *body, struct sk_metrics *metrics, struct sk_health *health, struct sk_fault *fault)
{
	int fd = -1;
	struct sk_buf answer;
	struct sk_fault inner;
	SK_TRY(dial(path, &fd, fault));
	sk_buf_init(&answer, SK_METRICS_TEXT_MAX + HEAD_MAX);
	enum sk_err err = talk(fd, path, timeout_ms, &answer, fault);
	(void)close(fd);
	const char *from = err == SK_OK ? body_of(&answer) : NULL;
	if (err == SK_OK && from == NULL)
		err = sk_fault_set(fault, SK_EMALFORMED, "%s: what answers there is no sensor", path);
	if (err == SK_OK) {
		size_t length = answer.length - (size_t)(from - sk_buf_text(&answer));
		sk_buf_reset(body);
		sk_buf_add(body, from, length);
		err = sk_status_read(from, length, metrics, health, &inner);
		if (err != SK_OK)
			(void)sk_fault_set(fault, err, "%s: the answer is none of a sensor: %.200s", path, inner.line);
	}
	sk_buf_fini(&answer);
	return err;
}
