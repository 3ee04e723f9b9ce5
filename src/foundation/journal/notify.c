/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATUS_MAX = 256 };

struct sk_notify {
	int fd; /* -1: nobody is there */
	struct sockaddr_un address;
	socklen_t address_length;
	int64_t watchdog_ns;
	uint64_t lost;
};

/* Digits alone, as the manager writes them; 0 for anything else. */
static uint64_t number_of(const char *text)
{
	uint64_t value = 0;
	if (text == NULL)
		return 0;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return 0;
	return *text == '\0' ? value : 0;
}

enum sk_err sk_notify_open(const char *socket_name, const char *watchdog_usec, const char *watchdog_pid, struct sk_notify **out, struct sk_fault *fault)
{
	struct sk_notify *notify = calloc(1, sizeof *notify);
	*out = NULL;
	if (notify == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	notify->fd = -1;
	if (socket_name == NULL || socket_name[0] == '\0') {
		*out = notify;
		return SK_OK;
	}
	size_t length = strlen(socket_name);
	if ((socket_name[0] != '/' && socket_name[0] != '@') || length < 2 || length >= sizeof notify->address.sun_path) {
		free(notify);
		return sk_fault_set(fault, SK_EUSAGE, "NOTIFY_SOCKET: expected the path of a UNIX socket, or @ and a name, at most %zu bytes", sizeof notify->address.sun_path - 1);
	}
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, socket_name, length);
	if (socket_name[0] == '@')
		notify->address.sun_path[0] = '\0';
	notify->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd < 0) {
		int failed = errno;
		free(notify);
		return sk_fault_errno(fault, failed, "NOTIFY_SOCKET: no socket can be made");
	}
	uint64_t pid = number_of(watchdog_pid), usec = number_of(watchdog_usec);
	if ((pid == 0 || pid == (uint64_t)getpid()) && usec <= INT64_MAX / 1000)
		notify->watchdog_ns = (int64_t)usec * 1000 / 2;
	*out = notify;
	return SK_OK;
}

void sk_notify_close(struct sk_notify *notify)
{
	if (notify == NULL)
		return;
	if (notify->fd >= 0)
		(void)close(notify->fd);
	free(notify);
}

int64_t sk_notify_watchdog_ns(const struct sk_notify *notify)
{
	return notify->watchdog_ns;
}

uint64_t sk_notify_lost(const struct sk_notify *notify)
{
	return notify->lost;
}

static void tell(struct sk_notify *notify, const char *lines)
{
	if (notify->fd < 0)
		return;
	ssize_t sent;
	do
		sent = sendto(notify->fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&notify->address, notify->address_length);
	while (sent < 0 && errno == EINTR);
	notify->lost += sent < 0;
}

/* A line of its own: a newline in it would be another assignment. */
static void tell_status(struct sk_notify *notify, const char *first, const char *status)
{
	char lines[STATUS_MAX + 32];
	int used = snprintf(lines, sizeof lines, "%s%s%.*s", first, status != NULL ? "STATUS=" : "", STATUS_MAX, status != NULL ? status : "");
	for (int i = (int)strlen(first); i < used && lines[i] != '\0'; i++)
		if ((unsigned char)lines[i] < 0x20 || lines[i] == 0x7f)
			lines[i] = '?';
	tell(notify, lines);
}

void sk_notify_ready(struct sk_notify *notify, const char *status)
{
	tell_status(notify, "READY=1\n", status);
}

void sk_notify_status(struct sk_notify *notify, const char *status)
{
	tell_status(notify, "", status);
}

void sk_notify_reloading(struct sk_notify *notify, int64_t monotonic_ns)
{
	char lines[64];
	(void)snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_ns / 1000);
	tell(notify, lines);
}

void sk_notify_stopping(struct sk_notify *notify)
{
	tell(notify, "STOPPING=1");
}

void sk_notify_alive(struct sk_notify *notify)
{
	tell(notify, "WATCHDOG=1");
}
