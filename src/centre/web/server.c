/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd and what hangs on it: requests from their first byte to their last, connections that are too slow, starting and stopping. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text/text.h"
#include "web/server_priv.h"

enum { POLL_US = 20000 };

static const int64_t second_ns = 1000000000;

static int64_t monotonic(const struct sk_web *web)
{
	return web->house->clock.monotonic_ns(web->house->clock.context);
}

static void say(const struct sk_web *web, const char *line)
{
	if (web->options.log != NULL)
		web->options.log(web->options.log_context, line);
}

/* ---- connections ---- */

static void connection_changed(void *context, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode what)
{
	struct sk_web *web = context;
	struct connection *client = *state;
	(void)pthread_mutex_lock(&web->lock);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		client = calloc(1, sizeof *client);
		*state = client;
		if (client != NULL) {
			*client = (struct connection){.fd = info != NULL ? info->connect_fd : -1, .since_ns = monotonic(web), .next = web->connections};
			if (client->next != NULL)
				client->next->before = client;
			web->connections = client;
		}
	} else if (client != NULL) {
		*(client->before != NULL ? &client->before->next : &web->connections) = client->next;
		if (client->next != NULL)
			client->next->before = client->before;
		free(client);
		*state = NULL;
	}
	(void)pthread_mutex_unlock(&web->lock);
}

/* A client that sends a byte now and then is never idle, and never done. libmicrohttpd closes what was shut down; the list's lock keeps the descriptor ours. */
static void end_slow_ones(struct sk_web *web)
{
	int64_t now_ns = monotonic(web);
	unsigned ended = 0;
	char line[96];
	(void)pthread_mutex_lock(&web->lock);
	for (struct connection *client = web->connections; client != NULL; client = client->next) {
		int64_t most_s = client->in_request ? SK_WEB_REQUEST_S : 2 * web->options.patience_s; /* idle, and then a head */
		if (client->stream || client->fd < 0 || now_ns - client->since_ns < most_s * second_ns)
			continue;
		(void)shutdown(client->fd, SHUT_RDWR);
		client->since_ns = now_ns;
		ended += client->in_request;
	}
	(void)pthread_mutex_unlock(&web->lock);
	(void)snprintf(line, sizeof line, "web: %u requests took longer than %d s and were cut off", ended, SK_WEB_REQUEST_S);
	if (ended != 0)
		say(web, line);
}

/* ---- requests ---- */

/* The first that is heard of a request: its target, as it was sent. What comes back is the request's state. */
static void *request_begins(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct sk_web *web = context;
	struct request *request = calloc(1, sizeof *request);
	if (request == NULL)
		return NULL;
	atomic_fetch_add(&web->requests, 1);
	atomic_fetch_add(&web->running, 1);
	request->web = web;
	request->connection = connection;
	request->uri = strdup(uri);
	request->query = request->uri != NULL ? strchr(request->uri, '?') : NULL;
	if (request->query != NULL)
		*request->query++ = '\0';
	const struct sk_clock *clock = &web->house->clock;
	sk_buf_init(&request->body, SK_WEB_BODY_MAX);
	sk_web_call_init(&request->call, web->house, clock->unix_ns(clock->context));
	request->call.request = request;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	request->client = info != NULL ? info->socket_context : NULL;
	return request;
}

static void request_ends(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	struct sk_web *web = context;
	struct request *request = *state;
	(void)connection, (void)why;
	if (request == NULL)
		return;
	if (request->client != NULL) {
		(void)pthread_mutex_lock(&web->lock);
		request->client->in_request = request->client->stream = false;
		request->client->since_ns = monotonic(web);
		(void)pthread_mutex_unlock(&web->lock);
	}
	sk_web_call_fini(&request->call);
	sk_buf_fini(&request->body);
	sk_wipe(request->token, sizeof request->token);
	free(request->uri);
	free(request);
	*state = NULL;
	atomic_fetch_sub(&web->running, 1);
}

static void put_address(struct request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
	const char *told = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "X-Real-IP");
	char text[INET6_ADDRSTRLEN] = "";
	uint8_t bytes[16];
	bool near = address == NULL || address->sa_family == AF_UNIX;
	if (address != NULL && address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)address;
		(void)inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
		near = (ntohl(four->sin_addr.s_addr) >> 24) == 127;
	} else if (address != NULL && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const void *)address;
		near = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
		(void)inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
	}
	/* Only a proxy of this machine is believed, and only an address. */
	if (request->web->options.behind_proxy && near && told != NULL && (inet_pton(AF_INET, told, bytes) == 1 || inet_pton(AF_INET6, told, bytes) == 1))
		(void)snprintf(text, sizeof text, "%.45s", told);
	(void)snprintf(request->address, sizeof request->address, "%s", text[0] != '\0' ? text : "this machine");
}

struct heads {
	unsigned lengths, encodings, hosts;
	bool chunked, odd;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct heads *heads = context;
	(void)kind;
	if (strcasecmp(name, "Content-Length") == 0) {
		heads->lengths++;
		heads->odd = heads->odd || value == NULL || strspn(value, "0123456789") != strlen(value) || strlen(value) == 0 || strlen(value) > 18;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		heads->encodings++;
		heads->chunked = value != NULL && strcasecmp(value, "chunked") == 0;
	} else if (strcasecmp(name, "Host") == 0) {
		heads->hosts++;
	}
	for (const char *c = name; *c != '\0'; c++)
		heads->odd = heads->odd || (unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f;
	return MHD_YES;
}

/* RFC 9112, 6.3: a request whose length can be read in two ways was made to be read in two ways. rule: WEB-4 */
static bool head_is_clear(struct request *request)
{
	struct heads heads = {0};
	(void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &heads);
	return heads.lengths <= 1 && heads.encodings <= 1 && heads.lengths + heads.encodings <= 1 && heads.hosts <= 1 && !heads.odd && (heads.encodings == 0 || heads.chunked);
}

static enum sk_err refuse(struct request *request, enum sk_err err, unsigned status, const char *line)
{
	request->status = status;
	return sk_web_refuse(&request->call, err, "%s", line);
}

/* The head is there. What can be refused by it is. */
static enum sk_err judge_head(struct request *request)
{
	struct sk_web *web = request->web;
	if (!head_is_clear(request))
		return refuse(request, SK_EMALFORMED, MHD_HTTP_BAD_REQUEST, "the head of the request can be read in two ways");
	if (request->uri == NULL || request->uri[0] != '/' || strlen(request->uri) >= SK_WEB_PATH_MAX)
		return refuse(request, SK_EMALFORMED, MHD_HTTP_BAD_REQUEST, "the target is not a path, or too long");
	if (strncmp(request->uri, "/api/", 5) == 0)
		return sk_web_admit(request);
	request->file = true;
	if (!sk_web_rate_take(web->rate, "file", request->address, web->options.rate * 3600, web->options.rate * 20, monotonic(web)))
		return refuse(request, SK_ERATE, 0, "too many requests from this address");
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return refuse(request, SK_EUSAGE, MHD_HTTP_METHOD_NOT_ALLOWED, "this path takes GET");
	return SK_OK;
}

static bool expects_body(const struct request *request)
{
	const char *length = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return (length != NULL && strcmp(length, "0") != 0) || MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

/* A refused body is not waited for: the answer goes out now, and the connection with it. All else is answered when the request is whole, and the connection stays. */
static enum MHD_Result begin(struct request *request, const char *method)
{
	request->method = method;
	put_address(request);
	if (request->client != NULL) {
		(void)pthread_mutex_lock(&request->web->lock);
		request->client->in_request = true;
		request->client->since_ns = monotonic(request->web);
		(void)pthread_mutex_unlock(&request->web->lock);
	}
	request->verdict = judge_head(request);
	if (request->verdict != SK_OK && expects_body(request))
		return sk_web_answer(request);
	request->stage = request->verdict != SK_OK ? REQUEST_DONE : REQUEST_BODY;
	return MHD_YES;
}

static enum MHD_Result body(struct request *request, const char *bytes, size_t *length)
{
	if (*length > request->body.limit - request->body.length)
		request->body_too_big = true;
	else if (!request->body_too_big)
		sk_buf_add(&request->body, bytes, *length);
	*length = 0;
	return MHD_YES;
}

static enum MHD_Result carry_out(struct request *request)
{
	request->verdict = sk_web_accept(request);
	if (request->verdict != SK_OK)
		return sk_web_answer(request);
	enum sk_web_how how = request->call.row->how;
	if (how == SK_WEB_OWN)
		return sk_web_stream(request);
	if (how == SK_WEB_READ) {
		sk_web_carry_out(request);
		return sk_web_answer(request);
	}
	request->stage = REQUEST_WAITING;
	atomic_fetch_add(&request->web->working, 1);
	MHD_suspend_connection(request->connection);
	if (sk_web_workers_give(request->web->workers, request))
		return MHD_YES;
	MHD_resume_connection(request->connection);
	atomic_fetch_sub(&request->web->working, 1);
	request->verdict = sk_web_refuse(&request->call, SK_ELOCKED, "too many commands wait already; come again");
	request->stage = REQUEST_DONE;
	return MHD_YES;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *upload, size_t *upload_size,
			      void **state)
{
	struct request *request = *state;
	(void)context, (void)connection, (void)url, (void)version;
	if (request == NULL)
		return MHD_NO;
	switch (request->stage) {
	case REQUEST_NEW: return begin(request, method);
	case REQUEST_BODY: return *upload_size != 0 ? body(request, upload, upload_size) : request->file ? sk_web_file(request) : carry_out(request);
	case REQUEST_DONE: return sk_web_answer(request);
	default: *upload_size = 0; return MHD_YES;
	}
}

/* Paths stay as they were sent: whatever needs decoding is no path of ours. */
static size_t leave(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

SK_PRINTF(2, 0) static void library_says(void *context, const char *format, va_list list)
{
	struct sk_web *web = context;
	struct sk_buf line;
	char text[256];
	int length = snprintf(text, sizeof text, "web: ");
	length += vsnprintf(text + length, sizeof text - (size_t)length, format, list);
	size_t used = length < (int)sizeof text ? (size_t)length : sizeof text - 1;
	while (used != 0 && text[used - 1] == '\n')
		used--;
	if (!sk_web_rate_take(web->rate, "log", "library", 3600, 10, monotonic(web)))
		return;
	sk_buf_init(&line, 2048);
	sk_escape_line(&line, text, used);
	say(web, sk_buf_text(&line));
	sk_buf_fini(&line);
}

/* ---- starting and stopping ---- */

static enum sk_err start_daemon(struct sk_web *web, struct sk_fault *fault)
{
	bool tls = web->options.tls_cert != NULL;
	struct MHD_OptionItem secure[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)web->options.tls_cert},
					  {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)web->options.tls_key},
					  {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
					  {MHD_OPTION_END, 0, NULL}};
	const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC | (tls ? (unsigned)MHD_USE_TLS : 0);
	web->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, web, MHD_OPTION_EXTERNAL_LOGGER, library_says, web, MHD_OPTION_LISTEN_SOCKET, web->options.listening,
				       MHD_OPTION_THREAD_POOL_SIZE, web->options.threads, MHD_OPTION_CONNECTION_LIMIT, web->options.connections, MHD_OPTION_CONNECTION_TIMEOUT,
				       web->options.patience_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SK_WEB_CLIENT_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
				       MHD_OPTION_URI_LOG_CALLBACK, request_begins, web, MHD_OPTION_UNESCAPE_CALLBACK, leave, web, MHD_OPTION_NOTIFY_COMPLETED, request_ends, web,
				       MHD_OPTION_NOTIFY_CONNECTION, connection_changed, web, MHD_OPTION_ARRAY, tls ? secure : plain, MHD_OPTION_END);
	return web->daemon != NULL ? SK_OK
				   : sk_fault_set(fault, tls ? SK_EUSAGE : SK_EIO, tls ? "the server cannot be started: is the certificate a PEM chain, and the key its own?" : "the server cannot be started");
}

static void give_up(struct sk_web *web)
{
	if (web->scratch[0] != '\0')
		(void)rmdir(web->scratch);
	sk_web_workers_stop(web->workers);
	sk_web_hub_close(web->hub);
	sk_web_sessions_close(web->sessions);
	sk_web_rate_free(web->rate);
	(void)pthread_mutex_destroy(&web->lock);
	free(web);
}

enum sk_err sk_web_start(const struct sk_web_options *options, struct sk_web_house *house, struct sk_web **out, struct sk_fault *fault)
{
	struct sk_web *web = calloc(1, sizeof *web);
	*out = NULL;
	if (web == NULL) {
		(void)close(options->listening);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	web->options = *options;
	web->house = house;
	(void)pthread_mutex_init(&web->lock, NULL);
	web->rate = sk_web_rate_new();
	(void)snprintf(web->scratch, sizeof web->scratch, "/tmp/sekisho-serve-XXXXXX");
	if (mkdtemp(web->scratch) == NULL)
		web->scratch[0] = '\0';
	enum sk_err err = web->scratch[0] == '\0' ? sk_fault_set(fault, SK_EIO, "no folder for statements can be made in /tmp") : web->rate != NULL ? sk_web_sessions_open(house, &web->sessions, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err == SK_OK)
		err = sk_web_hub_open(web, &web->hub, fault);
	if (err == SK_OK)
		err = sk_web_workers_start(web, &web->workers, fault);
	if (err == SK_OK)
		err = start_daemon(web, fault);
	if (err != SK_OK) {
		(void)close(options->listening);
		give_up(web);
		return err;
	}
	*out = web;
	return SK_OK;
}

void sk_web_turn(struct sk_web *web)
{
	struct sk_fault fault;
	if (sk_web_sessions_refresh(web->sessions, &fault) != SK_OK)
		say(web, fault.line);
	if (sk_web_sessions_grew(web->sessions))
		sk_web_publish(web, "act", "{}");
	end_slow_ones(web);
	sk_web_hub_turn(web->hub, NULL);
}

void sk_web_publish(struct sk_web *web, const char *type, const char *json)
{
	sk_web_hub_publish(web->hub, type, json);
}

void sk_web_counts(const struct sk_web *web, struct sk_web_counts *out)
{
	*out = (struct sk_web_counts){atomic_load(&web->requests), atomic_load(&web->refused), sk_web_hub_count(web->hub)};
}

void sk_web_stop(struct sk_web *web)
{
	if (web == NULL)
		return;
	int64_t until_ns = monotonic(web) + SK_WEB_STOP_S * second_ns;
	atomic_store(&web->stopping, true);
	MHD_socket listening = MHD_quiesce_daemon(web->daemon);
	sk_web_hub_end(web->hub);
	while (atomic_load(&web->running) != 0 && (monotonic(web) < until_ns || atomic_load(&web->working) != 0))
		(void)usleep(POLL_US);
	/* Whoever has not taken his answer by now does not get it. */
	(void)pthread_mutex_lock(&web->lock);
	for (struct connection *client = web->connections; client != NULL; client = client->next)
		(void)shutdown(client->fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&web->lock);
	sk_web_workers_stop(web->workers);
	web->workers = NULL;
	MHD_stop_daemon(web->daemon);
	if (listening != MHD_INVALID_SOCKET)
		(void)close(listening);
	give_up(web);
}
