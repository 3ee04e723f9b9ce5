/* SPDX-License-Identifier: Apache-2.0 */
#include "export/listener.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/wire.h"

enum {
	DATAGRAM_BYTES = 65536, STREAM_BYTES = 65536, VERSION_IPFIX = 10, MESSAGE_HEAD = 16, CONTROL_BYTES = 64,
	DATAGRAM_STRIDE = DATAGRAM_BYTES + 33 * 64, /* an odd number of cache lines apart, or the beginnings of all would fight for the same few places */
	SESSION_FIRST = 1 << 30 /* those of captures are below */
};
#define STREAM_IDLE_NS INT64_C(600000000000)

struct place {
	int fd;
	bool tcp;
	uint32_t dropped;       /* as the kernel counted when it last said so */
};

struct stream {
	int fd;                 /* -1: free */
	uint32_t session;
	struct sk_addr sender;
	int64_t seen_ns;        /* monotonic */
	size_t filled;
	uint8_t *bytes;
};

struct sk_listener {
	struct sk_listener_config config;
	size_t place_count;
	struct place places[SK_LISTENER_PLACES];
	struct stream streams[SK_LISTENER_STREAMS];
	uint32_t sessions;
	struct sk_listener_totals totals;
	uint8_t *memory;
	struct mmsghdr messages[SK_LISTENER_BATCH];
	struct iovec parts[SK_LISTENER_BATCH];
	struct sockaddr_storage senders[SK_LISTENER_BATCH];
	_Alignas(struct cmsghdr) uint8_t controls[SK_LISTENER_BATCH][CONTROL_BYTES];
};

enum { MEMORY_BYTES = SK_LISTENER_BATCH * DATAGRAM_STRIDE + SK_LISTENER_STREAMS * STREAM_BYTES };

enum sk_err sk_listener_new(const struct sk_listener_config *config, struct sk_listener **out)
{
	struct sk_listener *listener = calloc(1, sizeof *listener);
	uint8_t *memory = malloc(MEMORY_BYTES);
	if (listener == NULL || memory == NULL) {
		free(listener);
		free(memory);
		return SK_ENOMEM;
	}
	memset(memory, 0, MEMORY_BYTES);
	listener->config = *config;
	listener->memory = memory;
	for (size_t i = 0; i < SK_LISTENER_STREAMS; i++)
		listener->streams[i] = (struct stream){.fd = -1, .bytes = memory + (size_t)SK_LISTENER_BATCH * DATAGRAM_STRIDE + i * STREAM_BYTES};
	*out = listener;
	return SK_OK;
}

static void end_stream(struct sk_listener *listener, struct stream *stream)
{
	uint8_t *bytes = stream->bytes;
	(void)close(stream->fd);
	sk_wipe(bytes, stream->filled);
	sk_export_session_end(listener->config.export_, stream->session);
	*stream = (struct stream){.fd = -1, .bytes = bytes};
	listener->totals.streams_now--;
}

void sk_listener_free(struct sk_listener *listener)
{
	if (listener == NULL)
		return;
	for (size_t i = 0; i < SK_LISTENER_STREAMS; i++)
		if (listener->streams[i].fd >= 0)
			end_stream(listener, &listener->streams[i]);
	for (size_t i = 0; i < listener->place_count; i++)
		(void)close(listener->places[i].fd);
	sk_wipe(listener->memory, MEMORY_BYTES);
	free(listener->memory);
	sk_wipe(listener, sizeof *listener);
	free(listener);
}

void sk_listener_senders(struct sk_listener *listener, const struct sk_prefix *exporters, size_t count)
{
	SK_INVARIANT(count <= SK_EXPORTERS_MAX);
	memcpy(listener->config.exporters, exporters, count * sizeof exporters[0]);
	listener->config.exporter_count = count;
}

size_t sk_listener_descriptors(const struct sk_listener *listener, int fds[SK_LISTENER_PLACES])
{
	for (size_t i = 0; i < listener->place_count; i++)
		fds[i] = listener->places[i].fd;
	return listener->place_count;
}

/* As large a buffer as we may have: above the system's limit where we have the right to it. */
static uint32_t enlarge(int fd, uint32_t bytes)
{
	int wanted = bytes == 0 ? SK_LISTENER_RECEIVE_BYTES : bytes < INT_MAX / 2 ? (int)bytes : INT_MAX / 2, granted = 0;
	socklen_t length = sizeof granted;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length);
	return granted > 0 ? (uint32_t)granted / 2 : 0; /* the kernel tells twice what it gives */
}

enum sk_err sk_listener_add(struct sk_listener *listener, const struct sk_peer *where, struct sk_fault *fault)
{
	int fd = -1, on = 1;
	if (listener->place_count == SK_LISTENER_PLACES)
		return sk_fault_set(fault, SK_ETOOBIG, "at most %d places can be listened at", SK_LISTENER_PLACES);
	SK_TRY(sk_peer_listen(where, &fd, fault));
	bool tcp = where->transport == SK_PEER_TCP;
	if (!tcp) {
		uint32_t granted = enlarge(fd, listener->config.receive_bytes), *least = &listener->totals.receive_bytes;
		*least = *least == 0 || granted < *least ? granted : *least;
		(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
	}
	listener->places[listener->place_count++] = (struct place){.fd = fd, .tcp = tcp};
	return SK_OK;
}

/* ---- who speaks ---- */

static struct sk_addr addr_of(const struct sockaddr_storage *from)
{
	struct sk_addr addr = {.family = from->ss_family == AF_INET6 ? 6 : 4};
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	if (addr.family == 6) {
		memcpy(&six, from, sizeof six);
		memcpy(addr.bytes, &six.sin6_addr, 16);
	} else {
		memcpy(&four, from, sizeof four);
		memcpy(addr.bytes, &four.sin_addr, 4);
	}
	return addr;
}

static bool is_named(const struct sk_listener *listener, const struct sk_addr *sender)
{
	for (size_t i = 0; i < listener->config.exporter_count; i++)
		if (sk_prefix_holds(&listener->config.exporters[i], sender))
			return true;
	return listener->config.exporter_count == 0;
}

static int64_t now_unix(const struct sk_listener *listener)
{
	return listener->config.clock.unix_ns(listener->config.clock.context);
}

/* ---- datagrams ---- */

static void prepare_batch(struct sk_listener *listener)
{
	for (size_t i = 0; i < SK_LISTENER_BATCH; i++) {
		listener->parts[i] = (struct iovec){.iov_base = listener->memory + i * DATAGRAM_STRIDE, .iov_len = DATAGRAM_BYTES};
		listener->messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &listener->senders[i], .msg_namelen = sizeof listener->senders[i], .msg_iov = &listener->parts[i],
								     .msg_iovlen = 1, .msg_control = listener->controls[i], .msg_controllen = sizeof listener->controls[i]}};
	}
}

/* The kernel says with each datagram how many the socket has dropped since it was made, modulo 2^32. */
static void note_drops(struct sk_listener *listener, struct place *place, struct msghdr *head)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(head); control != NULL; control = CMSG_NXTHDR(head, control)) {
		uint32_t dropped;
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&dropped, CMSG_DATA(control), sizeof dropped);
		listener->totals.kernel_dropped += dropped - place->dropped;
		place->dropped = dropped;
	}
}

static enum sk_err take_datagrams(struct sk_listener *listener, struct place *place, int count, struct sk_fault *fault)
{
	int64_t now_ns = now_unix(listener);
	enum sk_err err = SK_OK;
	for (int i = 0; i < count; i++) {
		const struct sk_export_source source = {.exporter = addr_of(&listener->senders[i]), .time_ns = now_ns};
		uint8_t *bytes = listener->memory + (size_t)i * DATAGRAM_STRIDE;
		size_t length = listener->messages[i].msg_len;
		note_drops(listener, place, &listener->messages[i].msg_hdr);
		listener->totals.datagrams++;
		listener->totals.bytes += length;
		if (err == SK_OK && is_named(listener, &source.exporter))
			err = sk_export_message(listener->config.export_, &source, bytes, length, fault);
		else
			listener->totals.senders_refused += err == SK_OK;
		sk_wipe(bytes, length);
	}
	return err;
}

static enum sk_err read_datagrams(struct sk_listener *listener, struct place *place, struct sk_fault *fault)
{
	for (int round = 0; round < SK_LISTENER_ROUNDS; round++) {
		prepare_batch(listener);
		int count = recvmmsg(place->fd, listener->messages, SK_LISTENER_BATCH, MSG_DONTWAIT, NULL);
		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return SK_OK;
		if (count < 0)
			return sk_fault_errno(fault, errno, "a socket that exports come in by broke");
		SK_TRY(take_datagrams(listener, place, count, fault));
		if (count < SK_LISTENER_BATCH)
			return SK_OK;
	}
	return SK_OK;
}

/* ---- streams ---- */

static struct stream *free_stream(struct sk_listener *listener, int64_t now_ns)
{
	struct stream *oldest = &listener->streams[0];
	for (size_t i = 0; i < SK_LISTENER_STREAMS; i++) {
		struct stream *stream = &listener->streams[i];
		if (stream->fd < 0)
			return stream;
		oldest = stream->seen_ns < oldest->seen_ns ? stream : oldest;
	}
	if (now_ns - oldest->seen_ns < STREAM_IDLE_NS)
		return NULL;
	end_stream(listener, oldest);
	return oldest;
}

static void accept_stream(struct sk_listener *listener, const struct place *place)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof from;
	int64_t now_ns = listener->config.clock.monotonic_ns(listener->config.clock.context);
	int fd = accept4(place->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return; /* it went away, or we have no descriptor left: it may come again */
	struct sk_addr sender = addr_of(&from);
	bool named = is_named(listener, &sender);
	struct stream *stream = named ? free_stream(listener, now_ns) : NULL;
	listener->totals.senders_refused += !named;
	if (stream == NULL) {
		listener->totals.streams_refused += named;
		(void)close(fd);
		return;
	}
	stream->fd = fd;
	stream->session = SESSION_FIRST + listener->sessions++ % SESSION_FIRST;
	stream->sender = sender;
	stream->seen_ns = now_ns;
	listener->totals.streams++;
	listener->totals.streams_now++;
}

/* Messages by the length in their heads. A stream that is not IPFIX is closed: nothing in it can be found any more. */
static enum sk_err take_messages(struct sk_listener *listener, struct stream *stream, struct sk_fault *fault)
{
	const struct sk_export_source source = {.exporter = stream->sender, .session = stream->session, .time_ns = now_unix(listener)};
	size_t at = 0;
	while (stream->filled - at >= MESSAGE_HEAD) {
		struct sk_cur head = sk_cur_of(stream->bytes + at, stream->filled - at);
		uint16_t version = sk_be16(&head), length = sk_be16(&head);
		if (version != VERSION_IPFIX || length < MESSAGE_HEAD) {
			listener->totals.streams_broken++;
			end_stream(listener, stream);
			return SK_OK;
		}
		if (length > stream->filled - at)
			break;
		SK_TRY(sk_export_message(listener->config.export_, &source, stream->bytes + at, length, fault));
		at += length;
	}
	memmove(stream->bytes, stream->bytes + at, stream->filled - at);
	sk_wipe(stream->bytes + stream->filled - at, at);
	stream->filled -= at;
	return SK_OK;
}

static enum sk_err read_stream(struct sk_listener *listener, struct stream *stream, struct sk_fault *fault)
{
	for (int round = 0; round < SK_LISTENER_ROUNDS; round++) {
		/* A message is shorter than the buffer, so there is always room. */
		ssize_t got = recv(stream->fd, stream->bytes + stream->filled, STREAM_BYTES - stream->filled, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return SK_OK;
		if (got <= 0) {
			end_stream(listener, stream);
			return SK_OK;
		}
		stream->seen_ns = listener->config.clock.monotonic_ns(listener->config.clock.context);
		stream->filled += (size_t)got;
		listener->totals.bytes += (size_t)got;
		SK_TRY(take_messages(listener, stream, fault));
		if (stream->fd < 0)
			return SK_OK;
	}
	return SK_OK;
}

/* ---- all of them ---- */

enum sk_err sk_listener_poll(struct sk_listener *listener, int timeout_ms, struct sk_fault *fault)
{
	struct pollfd ready[SK_LISTENER_PLACES + SK_LISTENER_STREAMS];
	size_t places = listener->place_count;
	for (size_t i = 0; i < places; i++)
		ready[i] = (struct pollfd){.fd = listener->places[i].fd, .events = POLLIN};
	for (size_t i = 0; i < SK_LISTENER_STREAMS; i++)
		ready[places + i] = (struct pollfd){.fd = listener->streams[i].fd, .events = POLLIN}; /* a negative one is passed over */
	int found = poll(ready, places + SK_LISTENER_STREAMS, timeout_ms);
	if (found < 0)
		return errno == EINTR ? sk_fault_set(fault, SK_EINTR, "interrupted") : sk_fault_errno(fault, errno, "cannot wait for exports");
	for (size_t i = 0; i < SK_LISTENER_STREAMS && found > 0; i++)
		if (ready[places + i].revents != 0 && listener->streams[i].fd >= 0)
			SK_TRY(read_stream(listener, &listener->streams[i], fault));
	for (size_t i = 0; i < places && found > 0; i++) {
		if (ready[i].revents == 0)
			continue;
		if (listener->places[i].tcp)
			accept_stream(listener, &listener->places[i]);
		else
			SK_TRY(read_datagrams(listener, &listener->places[i], fault));
	}
	return SK_OK;
}

void sk_listener_totals(const struct sk_listener *listener, struct sk_listener_totals *out)
{
	*out = listener->totals;
}

size_t sk_listener_residue(const struct sk_listener *listener)
{
	return sk_count_nonzero(listener->memory, MEMORY_BYTES);
}
