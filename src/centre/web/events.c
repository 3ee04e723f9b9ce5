/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events (HTML Living Standard, 9.2). Each stream has a buffer of fixed size; what does not fit is dropped and the client is told that it lost some. A stream
   keeps nobody signed in. */
#include <stdio.h>
#include <stdlib.h>

#include "web/server_priv.h"

enum { KEEP_ALIVE_S = 15, EVENT_MAX = 1024, LOST_ROOM = 64 };

struct stream {
	struct stream *next, *before;
	struct sk_web_hub *hub;
	struct MHD_Connection *connection;
	char token[SK_WEB_TOKEN_MAX];
	bool suspended, ended, lost;
	size_t length;
	char bytes[SK_WEB_STREAM_BYTES];
};

struct sk_web_hub {
	struct sk_web *web;
	pthread_mutex_t lock;
	struct stream *streams;
	uint64_t count;
	int64_t kept_alive_ns;
};

/* ---- under the hub's lock ---- */

static void wake(struct stream *stream)
{
	if (!stream->suspended)
		return;
	stream->suspended = false;
	MHD_resume_connection(stream->connection);
}

static void put(struct stream *stream, const char *text, size_t length)
{
	if (stream->ended || stream->lost)
		return;
	if (length + LOST_ROOM > sizeof stream->bytes - stream->length) {
		stream->lost = true; /* said once there is room again */
		static const char lost[] = "event: lost\ndata: {}\n\n";
		memcpy(stream->bytes + stream->length, lost, sizeof lost - 1);
		stream->length += sizeof lost - 1;
	} else {
		memcpy(stream->bytes + stream->length, text, length);
		stream->length += length;
	}
	wake(stream);
}

static void end(struct stream *stream)
{
	stream->ended = true;
	wake(stream);
}

/* ---- one stream ---- */

static ssize_t read_stream(void *context, uint64_t position, char *into, size_t room)
{
	struct stream *stream = context;
	ssize_t got;
	(void)position;
	(void)pthread_mutex_lock(&stream->hub->lock);
	size_t length = stream->length < room ? stream->length : room;
	memcpy(into, stream->bytes, length);
	memmove(stream->bytes, stream->bytes + length, stream->length - length);
	stream->length -= length;
	stream->lost = stream->lost && stream->length != 0;
	got = (ssize_t)length;
	if (length == 0 && stream->ended) {
		got = MHD_CONTENT_READER_END_OF_STREAM;
	} else if (length == 0) {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
	}
	(void)pthread_mutex_unlock(&stream->hub->lock);
	return got;
}

static void free_stream(void *context)
{
	struct stream *stream = context;
	struct sk_web_hub *hub = stream->hub;
	(void)pthread_mutex_lock(&hub->lock);
	*(stream->before != NULL ? &stream->before->next : &hub->streams) = stream->next;
	if (stream->next != NULL)
		stream->next->before = stream->before;
	hub->count--;
	(void)pthread_mutex_unlock(&hub->lock);
	sk_wipe(stream->token, sizeof stream->token);
	free(stream);
}

static struct stream *add_stream(struct request *request)
{
	struct sk_web_hub *hub = request->web->hub;
	struct stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		return NULL;
	stream->hub = hub;
	stream->connection = request->connection;
	memcpy(stream->token, request->token, sizeof stream->token);
	(void)pthread_mutex_lock(&hub->lock);
	bool room = hub->count < request->web->options.streams && !atomic_load(&request->web->stopping);
	if (room) {
		stream->next = hub->streams;
		if (stream->next != NULL)
			stream->next->before = stream;
		hub->streams = stream;
		hub->count++;
		static const char hello[] = "retry: 3000\n: here\n\n";
		put(stream, hello, sizeof hello - 1);
	}
	(void)pthread_mutex_unlock(&hub->lock);
	if (room)
		return stream;
	free(stream);
	return NULL;
}

enum MHD_Result sk_web_stream(struct request *request)
{
	struct stream *stream = add_stream(request);
	if (stream == NULL) {
		request->verdict = sk_web_refuse(&request->call, SK_ELOCKED, "%u event streams are open, and no more are served; come again", request->web->options.streams);
		return sk_web_answer(request);
	}
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, read_stream, stream, free_stream);
	if (response == NULL) {
		free_stream(stream);
		return MHD_NO;
	}
	if (request->client != NULL) {
		(void)pthread_mutex_lock(&request->web->lock);
		request->client->stream = true;
		(void)pthread_mutex_unlock(&request->web->lock);
	}
	sk_web_common_headers(request->web, response);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream; charset=utf-8");
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(response, "X-Accel-Buffering", "no");
	enum MHD_Result queued = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	request->stage = REQUEST_ANSWERED;
	return queued;
}

/* ---- all of them ---- */

enum sk_err sk_web_hub_open(struct sk_web *web, struct sk_web_hub **out, struct sk_fault *fault)
{
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	(*out)->web = web;
	(void)pthread_mutex_init(&(*out)->lock, NULL);
	return SK_OK;
}

void sk_web_hub_close(struct sk_web_hub *hub)
{
	if (hub == NULL)
		return;
	SK_INVARIANT(hub->streams == NULL);
	(void)pthread_mutex_destroy(&hub->lock);
	free(hub);
}

void sk_web_hub_publish(struct sk_web_hub *hub, const char *type, const char *json)
{
	char text[EVENT_MAX];
	int length = snprintf(text, sizeof text, "event: %s\ndata: %s\n\n", type, json);
	SK_INVARIANT(length > 0 && (size_t)length < sizeof text && strchr(json, '\n') == NULL);
	(void)pthread_mutex_lock(&hub->lock);
	for (struct stream *stream = hub->streams; stream != NULL; stream = stream->next)
		put(stream, text, (size_t)length);
	(void)pthread_mutex_unlock(&hub->lock);
}

/* Streams of one token stand together often (one page, many tabs; a load test): each token is asked about once in a row. */
static void check_sessions(struct sk_web_hub *hub)
{
	char last[SK_WEB_TOKEN_MAX] = "";
	bool stands = false;
	const struct sk_clock *clock = &hub->web->house->clock;
	int64_t now_ns = clock->unix_ns(clock->context);
	for (struct stream *stream = hub->streams; stream != NULL; stream = stream->next) {
		if (strcmp(stream->token, last) != 0) {
			memcpy(last, stream->token, sizeof last);
			stands = sk_web_sessions_stands(hub->web->sessions, last, now_ns);
		}
		if (!stands)
			end(stream);
	}
	sk_wipe(last, sizeof last);
}

void sk_web_hub_turn(struct sk_web_hub *hub, const char *ended)
{
	const struct sk_clock *clock = &hub->web->house->clock;
	int64_t now_ns = clock->monotonic_ns(clock->context);
	(void)pthread_mutex_lock(&hub->lock);
	for (struct stream *stream = hub->streams; ended != NULL && stream != NULL; stream = stream->next)
		if (strcmp(stream->token, ended) == 0)
			end(stream);
	if (ended == NULL && now_ns - hub->kept_alive_ns >= KEEP_ALIVE_S * INT64_C(1000000000)) {
		hub->kept_alive_ns = now_ns;
		check_sessions(hub);
		for (struct stream *stream = hub->streams; stream != NULL; stream = stream->next)
			put(stream, ":\n\n", 3);
	}
	(void)pthread_mutex_unlock(&hub->lock);
}

void sk_web_hub_end(struct sk_web_hub *hub)
{
	(void)pthread_mutex_lock(&hub->lock);
	for (struct stream *stream = hub->streams; stream != NULL; stream = stream->next)
		end(stream);
	(void)pthread_mutex_unlock(&hub->lock);
}

uint64_t sk_web_hub_count(struct sk_web_hub *hub)
{
	(void)pthread_mutex_lock(&hub->lock);
	uint64_t count = hub->count;
	(void)pthread_mutex_unlock(&hub->lock);
	return count;
}
