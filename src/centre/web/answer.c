/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: headers that every one has, entity tags, large ones in pieces, refusals with one line for the client and one for the log. */
#include <stdio.h>
#include <stdlib.h>

#include "text/text.h"
#include "web/server_priv.h"

enum { PIECE = 65536, LOG_PER_HOUR = 36000, LOG_BURST = 50 };

void sk_web_common_headers(const struct sk_web *web, struct MHD_Response *response)
{
	static const char *const headers[][2] = {
		{"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
					    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"},
	};
	for (size_t i = 0; i < SK_COUNT(headers); i++)
		(void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (web->options.tls_cert != NULL || web->options.behind_proxy)
		(void)MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
}

/* ---- the log ---- */

void sk_web_log_refusal(struct request *request, unsigned status, const char *line)
{
	struct sk_web *web = request->web;
	const struct sk_clock *clock = &web->house->clock;
	struct sk_buf path;
	char text[1024];
	atomic_fetch_add(&web->refused, 1);
	if (web->options.log == NULL || !sk_web_rate_take(web->rate, "log", "", LOG_PER_HOUR, LOG_BURST, clock->monotonic_ns(clock->context)))
		return;
	sk_buf_init(&path, 512);
	sk_escape_line(&path, request->uri != NULL ? request->uri : "", request->uri != NULL ? strnlen(request->uri, 120) : 0);
	(void)snprintf(text, sizeof text, "web: %u %.10s %s from %s%s%s: %s", status, request->method != NULL ? request->method : "?", sk_buf_text(&path), request->address,
		       request->caller.person.account[0] != '\0' ? " by " : "", request->caller.person.account, line);
	sk_buf_fini(&path);
	web->options.log(web->options.log_context, text);
}

/* ---- pieces ---- */

struct pieces {
	struct sk_buf out;       /* what was made and not read yet */
	size_t at;
	bool done;
	enum sk_err (*next)(void *stream, struct sk_buf *out, struct sk_fault *fault);
	void (*end)(void *stream);
	void *stream;
};

static ssize_t read_piece(void *context, uint64_t position, char *into, size_t room)
{
	struct pieces *pieces = context;
	struct sk_fault fault;
	(void)position;
	while (pieces->at == pieces->out.length && !pieces->done) {
		sk_buf_reset(&pieces->out);
		pieces->at = 0;
		enum sk_err err = pieces->next(pieces->stream, &pieces->out, &fault);
		pieces->done = err == SK_ENOENT;
		/* The head says 200 already: all that can be done is not to end in order. */
		if ((err != SK_OK && err != SK_ENOENT) || pieces->out.failed != SK_OK)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t left = pieces->out.length - pieces->at, length = left < room ? left : room;
	if (length == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	memcpy(into, pieces->out.bytes + pieces->at, length);
	pieces->at += length;
	return (ssize_t)length;
}

static void free_pieces(void *context)
{
	struct pieces *pieces = context;
	sk_buf_fini(&pieces->out);
	if (pieces->end != NULL)
		pieces->end(pieces->stream);
	free(pieces);
}

/* The call's answer moves into the response. */
static struct MHD_Response *in_pieces(struct sk_web_call *call)
{
	struct pieces *pieces = calloc(1, sizeof *pieces);
	if (pieces == NULL)
		return NULL;
	*pieces = (struct pieces){.out = call->out, .next = call->next, .end = call->end, .stream = call->stream};
	sk_buf_init(&call->out, call->out.limit);
	call->end = NULL;
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read_piece, pieces, free_pieces);
	if (response == NULL)
		free_pieces(pieces);
	return response;
}

/* ---- whole ---- */

static void make_etag(const struct sk_buf *out, char etag[40])
{
	uint8_t hash[SK_HASH_BYTES];
	sk_sha256(out->bytes != NULL ? out->bytes : (const uint8_t *)"", out->length, hash);
	etag[0] = '"';
	sk_hex_encode(hash, 16, etag + 1);
	memcpy(etag + 33, "\"", 2);
}

static struct MHD_Response *whole(const struct sk_buf *out)
{
	static char nothing[1];
	return MHD_create_response_from_buffer(out->length, out->bytes != NULL ? (void *)out->bytes : nothing, MHD_RESPMEM_MUST_COPY);
}

static void type_headers(const struct sk_web_call *call, struct MHD_Response *response)
{
	char disposition[160];
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, call->type != NULL ? call->type : "application/json");
	if (call->file_name == NULL)
		return;
	(void)snprintf(disposition, sizeof disposition, "attachment; filename=\"%.100s\"", call->file_name);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
}

static enum MHD_Result queue(struct request *request, unsigned status, struct MHD_Response *response)
{
	sk_web_common_headers(request->web, response);
	/* Until the head says something else, whatever comes out of the API is for whoever asked, now. */
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				      request->call.row != NULL && request->call.row->method == SK_WEB_GET && request->call.row->duty[0] == 0 ? "no-cache" : "no-store");
	if (request->set_cookie[0] != '\0')
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, request->set_cookie);
	enum MHD_Result queued = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	request->stage = REQUEST_ANSWERED;
	return queued;
}

static enum MHD_Result answer_fault(struct request *request)
{
	struct sk_buf out;
	unsigned status = request->status != 0 ? request->status : sk_web_status(request->verdict);
	sk_web_log_refusal(request, status, request->call.fault.line);
	sk_buf_init(&out, 65536);
	sk_web_error_json(&request->call.fault, &out);
	struct MHD_Response *response = whole(&out);
	sk_buf_fini(&out);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	if (status == MHD_HTTP_TOO_MANY_REQUESTS || status == MHD_HTTP_SERVICE_UNAVAILABLE)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, strstr(request->call.fault.line, "takes ") != NULL ? strstr(request->call.fault.line, "takes ") + 6 : "GET");
	if (status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"sekisho\"");
	/* A body that nobody waits for: the connection is not used again. */
	if (request->stage == REQUEST_NEW || request->body_too_big)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return queue(request, status, response);
}

enum MHD_Result sk_web_answer(struct request *request)
{
	struct sk_web_call *call = &request->call;
	char etag[40] = "";
	if (request->verdict != SK_OK)
		return answer_fault(request);
	unsigned status = request->status != 0 ? request->status : MHD_HTTP_OK;
	bool pieces = call->next != NULL, tagged = !pieces && call->row->method == SK_WEB_GET;
	if (tagged)
		make_etag(&call->out, etag);
	const char *known = tagged ? MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH) : NULL;
	if (known != NULL && strstr(known, etag) != NULL) {
		status = MHD_HTTP_NOT_MODIFIED;
		sk_buf_reset(&call->out);
	}
	struct MHD_Response *response = pieces ? in_pieces(call) : whole(&call->out);
	if (response == NULL)
		return MHD_NO;
	type_headers(call, response);
	if (tagged)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	return queue(request, status, response);
}
