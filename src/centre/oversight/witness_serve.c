/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP around the judgement: one path, one method, bodies of a bounded size, one thread; so no two requests are judged at once. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oversight/witness.h"

enum { CLIENT_BYTES = 32768 };

struct sk_witness_server {
	struct MHD_Daemon *daemon;
	struct sk_witness *witness;
	const struct sk_clock *clock;
	sk_witness_said said;
	void *context;
};

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
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "POST");
	enum MHD_Result queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return reply(connection, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result judge(struct sk_witness_server *server, struct MHD_Connection *connection, const struct sk_buf *body)
{
	struct sk_witness_answer answer;
	if (body->failed != SK_OK)
		return reply_text(connection, MHD_HTTP_BAD_REQUEST, "the request is larger than an add-checkpoint request may be\n");
	sk_witness_judge(server->witness, body->bytes, body->length, server->clock->unix_ns(server->clock->context), &answer);
	enum MHD_Result queued = reply(connection, answer.status, answer.type, sk_buf_text(&answer.body), answer.body.length);
	if (server->said != NULL)
		server->said(server->context, &answer);
	sk_buf_fini(&answer.body);
	return queued;
}

/* libmicrohttpd calls this once for the head, for each piece of the body, and at its end. */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *upload, size_t *upload_size,
			      void **state)
{
	struct sk_witness_server *server = context;
	struct sk_buf *body = *state;
	(void)version;
	if (body == NULL) {
		body = calloc(1, sizeof *body);
		if (body == NULL)
			return MHD_NO;
		sk_buf_init(body, SK_WITNESS_REQUEST_MAX);
		*state = body;
		return MHD_YES;
	}
	if (*upload_size != 0) {
		sk_buf_add(body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(url, "/add-checkpoint") != 0)
		return reply_text(connection, MHD_HTTP_NOT_FOUND, "/add-checkpoint was expected\n");
	if (strcmp(method, "POST") != 0)
		return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "POST was expected\n");
	return judge(server, connection, body);
}

static void completed(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	(void)context, (void)connection, (void)code;
	if (*state != NULL)
		sk_buf_fini(*state);
	free(*state);
	*state = NULL;
}

enum sk_err sk_witness_serve(struct sk_witness *witness, int listening, const struct sk_clock *clock, sk_witness_said said, void *context, struct sk_witness_server **out,
			     struct sk_fault *fault)
{
	struct sk_witness_server *server = calloc(1, sizeof *server);
	*out = NULL;
	if (server == NULL) {
		(void)close(listening);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	*server = (struct sk_witness_server){.witness = witness, .clock = clock, .said = said, .context = context};
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, server, MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SK_WITNESS_CLIENTS_MAX,
					  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SK_WITNESS_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_BYTES, MHD_OPTION_NOTIFY_COMPLETED,
					  completed, NULL, MHD_OPTION_END);
	if (server->daemon == NULL) {
		(void)close(listening);
		free(server);
		return sk_fault_set(fault, SK_EIO, "the witness' server cannot be started");
	}
	*out = server;
	return SK_OK;
}

int sk_witness_server_fd(const struct sk_witness_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info != NULL ? info->epoll_fd : -1;
}

void sk_witness_server_turn(struct sk_witness_server *server)
{
	(void)MHD_run(server->daemon);
}

void sk_witness_server_stop(struct sk_witness_server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon); /* closes the listening socket too */
	free(server);
}
