/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the text form ---- */

static bool parse_port(const char *text, uint16_t *port)
{
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0' || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* The address stands between brackets (IPv6) or before the only colon (IPv4). */
static bool parse_place(const char *text, struct sk_peer *out)
{
	char addr[SK_ADDR_TEXT_MAX];
	bool v6 = text[0] == '[';
	const char *start = text + v6, *end = strchr(start, v6 ? ']' : ':');
	if (end == NULL || (size_t)(end - start) >= sizeof addr)
		return false;
	memcpy(addr, start, (size_t)(end - start));
	addr[end - start] = '\0';
	end += v6;
	return *end == ':' && sk_addr_parse(addr, &out->addr) == SK_OK && out->addr.family == (v6 ? 6 : 4) && parse_port(end + 1, &out->port);
}

enum sk_err sk_peer_parse(const char *text, struct sk_peer *out, struct sk_fault *fault)
{
	bool tcp = strncmp(text, "tcp:", 4) == 0;
	*out = (struct sk_peer){.transport = tcp ? SK_PEER_TCP : SK_PEER_UDP};
	if ((tcp || strncmp(text, "udp:", 4) == 0) && parse_place(text + 4, out))
		return SK_OK;
	return sk_fault_set(fault, SK_EUSAGE, "'%s': expected udp:ADDRESS:PORT or tcp:ADDRESS:PORT, an IPv6 address in brackets; names are not resolved", text);
}

const char *sk_peer_format(const struct sk_peer *peer, char text[SK_PEER_TEXT_MAX])
{
	char addr[SK_ADDR_TEXT_MAX];
	bool v6 = peer->addr.family == 6;
	(void)sk_addr_format(&peer->addr, addr);
	(void)snprintf(text, SK_PEER_TEXT_MAX, "%s:%s%s%s:%u", peer->transport == SK_PEER_TCP ? "tcp" : "udp", v6 ? "[" : "", addr, v6 ? "]" : "", (unsigned)peer->port);
	return text;
}

/* ---- sockets ---- */

static socklen_t to_socket(const struct sk_peer *peer, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (peer->addr.family == 6) {
		struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(peer->port)};
		memcpy(&six.sin6_addr, peer->addr.bytes, sizeof six.sin6_addr);
		memcpy(out, &six, sizeof six);
		return sizeof six;
	}
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(peer->port)};
	memcpy(&four.sin_addr, peer->addr.bytes, sizeof four.sin_addr);
	memcpy(out, &four, sizeof four);
	return sizeof four;
}

static int open_socket(const struct sk_peer *peer)
{
	return socket(peer->addr.family == 6 ? AF_INET6 : AF_INET, (peer->transport == SK_PEER_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* The IPv4 address inside ::ffff:0:0/96: that is whom a connection to it would reach. */
static bool mapped(const struct sk_addr *addr, struct sk_addr *inside)
{
	static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	if (addr->family != 6 || memcmp(addr->bytes, prefix, sizeof prefix) != 0)
		return false;
	*inside = (struct sk_addr){.family = 4};
	memcpy(inside->bytes, addr->bytes + sizeof prefix, 4);
	return true;
}

/* rule: PEER-1 */
static enum sk_err may_connect(const struct sk_peer *peer, sk_peer_named named, void *context, struct sk_fault *fault)
{
	static const uint8_t unspecified[16];
	char text[SK_PEER_TEXT_MAX];
	struct sk_addr inside;
	bool is_mapped = mapped(&peer->addr, &inside);
	if (memcmp(is_mapped ? inside.bytes : peer->addr.bytes, unspecified, sizeof unspecified) == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: not an address that can be connected to", sk_peer_format(peer, text));
	if (named != NULL && (named(context, &peer->addr) || (is_mapped && named(context, &inside))))
		return sk_fault_set(fault, SK_EPERMIT, "%s: an active selector names this address, so nothing is ever sent to it (rule PEER-1); configure another peer, or take the selector out",
				    sk_peer_format(peer, text));
	return SK_OK;
}

static enum sk_err wait_connected(int fd, int timeout_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t length = sizeof error;
	int found = poll(&ready, 1, timeout_ms);
	if (found == 0)
		errno = ETIMEDOUT;
	if (found != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return SK_EIO;
	errno = error;
	return error == 0 ? SK_OK : SK_EIO;
}

/* From here on sends wait, but not for ever. */
static enum sk_err make_patient(int fd, int timeout_ms)
{
	const struct timeval patience = {.tv_sec = timeout_ms / 1000, .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
	int blocking = 0;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
		return SK_EIO;
	return ioctl(fd, FIONBIO, &blocking) == 0 ? SK_OK : SK_EIO;
}

enum sk_err sk_peer_connect(const struct sk_peer *peer, sk_peer_named named, void *context, int timeout_ms, int *fd, struct sk_fault *fault)
{
	struct sockaddr_storage to;
	char text[SK_PEER_TEXT_MAX];
	SK_TRY(may_connect(peer, named, context, fault));
	socklen_t length = to_socket(peer, &to);
	int opened = open_socket(peer);
	if (opened < 0)
		return sk_fault_errno(fault, errno, "%s: no socket", sk_peer_format(peer, text));
	enum sk_err err = connect(opened, (const struct sockaddr *)&to, length) == 0 ? SK_OK : SK_EIO;
	if (err != SK_OK && errno == EINPROGRESS)
		err = wait_connected(opened, timeout_ms);
	if (err == SK_OK)
		err = make_patient(opened, timeout_ms);
	if (err != SK_OK) {
		err = sk_fault_errno(fault, errno, "%s: cannot connect", sk_peer_format(peer, text));
		(void)close(opened);
		return err;
	}
	*fd = opened;
	return SK_OK;
}

enum sk_err sk_peer_listen(const struct sk_peer *where, int *fd, struct sk_fault *fault)
{
	struct sockaddr_storage at;
	char text[SK_PEER_TEXT_MAX];
	int on = 1, opened = open_socket(where);
	socklen_t length = to_socket(where, &at);
	bool ready = opened >= 0 && (where->addr.family != 6 || setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
		     (where->transport != SK_PEER_TCP || setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0) &&
		     bind(opened, (const struct sockaddr *)&at, length) == 0 && (where->transport != SK_PEER_TCP || listen(opened, SK_PEER_BACKLOG) == 0);
	if (!ready) {
		enum sk_err err = sk_fault_errno(fault, errno, "%s: cannot listen here", sk_peer_format(where, text));
		if (opened >= 0)
			(void)close(opened);
		return err;
	}
	*fd = opened;
	return SK_OK;
}

/* ---- of this machine ---- */

/* A socket file on which nobody listens is what a run that died left there; anything else is somebody's. */
static enum sk_err make_room(const struct sockaddr_un *at, struct sk_fault *fault)
{
	struct stat info;
	if (lstat(at->sun_path, &info) != 0)
		return SK_OK;
	if (!S_ISSOCK(info.st_mode))
		return sk_fault_set(fault, SK_EUSAGE, "%s: stands there already and is no socket", at->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 || errno == EAGAIN);
	if (fd >= 0)
		(void)close(fd);
	if (listens)
		return sk_fault_set(fault, SK_EUSAGE, "%s: somebody listens there already", at->sun_path);
	return unlink(at->sun_path) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: an old socket cannot be removed", at->sun_path);
}

enum sk_err sk_peer_listen_local(const char *path, unsigned mode, int *fd, struct sk_fault *fault)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof at.sun_path || path[0] == '\0')
		return sk_fault_set(fault, SK_EUSAGE, "%.60s: a socket's path has 1 to %zu bytes", path, sizeof at.sun_path - 1);
	memcpy(at.sun_path, path, strlen(path) + 1);
	SK_TRY(make_room(&at, fault));
	int opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode is set before anybody can connect: nobody listens yet. */
	if (opened < 0 || bind(opened, (const struct sockaddr *)&at, sizeof at) != 0 || chmod(path, (mode_t)mode) != 0 || listen(opened, SK_PEER_BACKLOG) != 0) {
		enum sk_err err = sk_fault_errno(fault, errno, "%s: cannot listen here", path);
		if (opened >= 0)
			(void)close(opened);
		return err;
	}
	*fd = opened;
	return SK_OK;
}

enum sk_err sk_peer_port(int fd, uint16_t *port, struct sk_fault *fault)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof at;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	if (getsockname(fd, (struct sockaddr *)&at, &length) != 0)
		return sk_fault_errno(fault, errno, "a socket does not tell where it is");
	memcpy(&four, &at, sizeof four);
	memcpy(&six, &at, sizeof six);
	*port = ntohs(at.ss_family == AF_INET6 ? six.sin6_port : four.sin_port);
	return SK_OK;
}
