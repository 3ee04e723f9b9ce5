/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DAEMONS = 2, CLIENT_BYTES = 16384, BACKLOG = 8 };

struct sk_serve {
	struct MHD_Daemon *daemons[DAEMONS]; /* of the UNIX socket, of the TCP socket; NULL: none */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	dev_t device;   /* of our socket's file: another's is not removed */
	ino_t inode;
	struct sk_metrics_source source;
	struct sk_health_limits limits;
	uint64_t requests;
	struct sk_metrics metrics;
	struct sk_health health;
	struct sk_buf body;
};

/* ---- answers ---- */

static const char *fill_metrics(struct sk_serve *serve)
{
	sk_metrics_text(&serve->metrics, &serve->body);
	return "text/plain; version=0.0.4; charset=utf-8";
}

static const char *fill_health(struct sk_serve *serve)
{
	sk_health_json(&serve->metrics, &serve->health, &serve->body);
	sk_buf_add_u8(&serve->body, '\n');
	return "application/json";
}

static const char *fill_status(struct sk_serve *serve)
{
	sk_status_json(&serve->metrics, &serve->health, &serve->body);
	return "application/json";
}

static const struct {
	const char *path;
	const char *(*fill)(struct sk_serve *serve);
} answers[] = {{"/metrics", fill_metrics}, {"/health", fill_health}, {"/status", fill_status}};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, const void *bytes, size_t length)
{
	/* libmicrohttpd takes a pointer that is not const and copies what it points at. */
	struct MHD_Response *response = MHD_create_response_from_buffer(length, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return reply(connection, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *upload, size_t *upload_size,
			      void **state)
{
	struct sk_serve *serve = context;
	(void)version, (void)upload, (void)state;
	serve->requests++;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD was expected\n");
	if (*upload_size != 0) /* a body: the connection is closed */
		return MHD_NO;
	for (size_t i = 0; i < SK_COUNT(answers); i++) {
		if (strcmp(url, answers[i].path) != 0)
			continue;
		memset(&serve->metrics, 0, sizeof serve->metrics);
		serve->source.fill(serve->source.context, &serve->metrics);
		sk_health_judge(&serve->metrics, &serve->limits, &serve->health);
		sk_buf_reset(&serve->body);
		const char *type = answers[i].fill(serve);
		if (serve->body.failed != SK_OK)
			return reply_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer does not fit into memory\n");
		/* A probe that looks at the number alone learns that the sensor fails, too. */
		bool failing = answers[i].fill == fill_health && serve->health.state == SK_HEALTH_FAILING;
		return reply(connection, failing ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, type, serve->body.bytes, serve->body.length);
	}
	return reply_text(connection, MHD_HTTP_NOT_FOUND, "/metrics, /health or /status was expected\n");
}

/* ---- sockets ---- */

/* What a run that died left there is a socket that nobody listens on; anything else is somebody's. */
static enum sk_err make_room(const struct sockaddr_un *address, struct sk_fault *fault)
{
	struct stat info;
	if (lstat(address->sun_path, &info) != 0)
		return SK_OK;
	if (!S_ISSOCK(info.st_mode))
		return sk_fault_set(fault, SK_EUSAGE, "%s: stands there already and is no socket; name another place (metrics.socket)", address->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
	if (fd >= 0)
		(void)close(fd);
	if (listens)
		return sk_fault_set(fault, SK_EUSAGE, "%s: somebody listens there already; is the sensor running? (metrics.socket)", address->sun_path);
	return unlink(address->sun_path) == 0 ? SK_OK : sk_fault_errno(fault, errno, "%s: an old socket cannot be removed", address->sun_path);
}

static enum sk_err listen_at(struct sk_serve *serve, const char *path, unsigned mode, int *fd, struct sk_fault *fault)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat info;
	if (strlen(path) >= sizeof address.sun_path)
		return sk_fault_set(fault, SK_EUSAGE, "%s: longer than a socket's path can be (%zu bytes)", path, sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	SK_TRY(make_room(&address, fault));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return sk_fault_errno(fault, errno, "%s: no socket can be made", path);
	/* Nobody may connect before the file has its mode: bind makes it with the descriptor's, fchmod before bind is what Linux offers for that. */
	if (fchmod(*fd, (mode_t)mode) != 0 || bind(*fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, (mode_t)mode) != 0 ||
	    listen(*fd, BACKLOG) != 0 || lstat(path, &info) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot listen there", path);
	memcpy(serve->path, address.sun_path, sizeof serve->path);
	serve->device = info.st_dev;
	serve->inode = info.st_ino;
	return SK_OK;
}

static struct MHD_Daemon *start(struct sk_serve *serve, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, serve, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SK_SERVE_CLIENTS_MAX,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SK_SERVE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_BYTES, MHD_OPTION_END);
}

enum sk_err sk_serve_open(const struct sk_serve_options *options, struct sk_serve **out, struct sk_fault *fault)
{
	struct sk_serve *serve = calloc(1, sizeof *serve);
	int fds[DAEMONS] = {-1, options->tcp_fd};
	enum sk_err err = serve != NULL ? SK_OK : sk_fault_set(fault, SK_ENOMEM, "metrics: out of memory");
	*out = NULL;
	if (err == SK_OK && options->path != NULL)
		err = listen_at(serve, options->path, options->mode, &fds[0], fault);
	if (err == SK_OK) {
		serve->source = options->source;
		serve->limits = options->limits;
		sk_buf_init(&serve->body, SK_METRICS_TEXT_MAX);
	}
	for (size_t i = 0; i < DAEMONS; i++) {
		if (fds[i] < 0)
			continue;
		if (err == SK_OK && (serve->daemons[i] = start(serve, fds[i])) == NULL)
			err = sk_fault_set(fault, SK_EIO, "metrics: the server cannot be started");
		if (err != SK_OK)
			(void)close(fds[i]);
	}
	if (err != SK_OK) {
		sk_serve_close(serve);
		return err;
	}
	*out = serve;
	return SK_OK;
}

size_t sk_serve_fds(const struct sk_serve *serve, int fds[2])
{
	size_t count = 0;
	for (size_t i = 0; i < DAEMONS; i++) {
		const union MHD_DaemonInfo *info = serve->daemons[i] != NULL ? MHD_get_daemon_info(serve->daemons[i], MHD_DAEMON_INFO_EPOLL_FD) : NULL;
		if (info != NULL)
			fds[count++] = info->epoll_fd;
	}
	return count;
}

void sk_serve_turn(struct sk_serve *serve)
{
	for (size_t i = 0; i < DAEMONS; i++)
		if (serve->daemons[i] != NULL)
			(void)MHD_run(serve->daemons[i]);
}

void sk_serve_limits(struct sk_serve *serve, const struct sk_health_limits *limits)
{
	serve->limits = *limits;
}

uint64_t sk_serve_requests(const struct sk_serve *serve)
{
	return serve->requests;
}

void sk_serve_close(struct sk_serve *serve)
{
	struct stat info;
	if (serve == NULL)
		return;
	for (size_t i = 0; i < DAEMONS; i++)
		if (serve->daemons[i] != NULL)
			MHD_stop_daemon(serve->daemons[i]); /* closes the listening socket too */
	if (serve->path[0] != '\0' && lstat(serve->path, &info) == 0 && info.st_dev == serve->device && info.st_ino == serve->inode)
		(void)unlink(serve->path);
	sk_buf_fini(&serve->body);
	free(serve);
}
