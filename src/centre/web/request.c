/* SPDX-License-Identifier: Apache-2.0 */
/* A request on its way: who asks, may he, what exactly; then the row. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "access/purpose.h"
#include "web/child_priv.h"
#include "web/server_priv.h"

enum { ADDRESS_BURST = 20, SIGN_IN_BURST = 30, SIGN_IN_PER_HOUR = 1200, HOUR_S = 3600 };

struct request *sk_web_request_of(struct sk_web_call *call)
{
	return call->request;
}

static const char *header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* ---- the token ---- */

static const char *cookie_name(const struct sk_web *web)
{
	return web->options.tls_cert != NULL || web->options.behind_proxy ? "__Host-sekisho" : "sekisho";
}

static void find_token(struct request *request)
{
	static const char bearer[] = "Bearer ";
	const char *value = header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	if (value != NULL && strncmp(value, bearer, sizeof bearer - 1) == 0) {
		value += sizeof bearer - 1;
	} else {
		value = MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, cookie_name(request->web));
		request->cookie = value != NULL;
	}
	if (value != NULL && strlen(value) < sizeof request->token)
		memcpy(request->token, value, strlen(value) + 1);
}

/* ---- rights ---- */

/* Cookies travel by themselves; the header does not. A page elsewhere can neither read it nor send it. */
static enum sk_err check_csrf(struct request *request)
{
	char expected[SK_WEB_CSRF_MAX];
	const char *told = header(request, "X-Sekisho-CSRF");
	if (!request->cookie || request->call.row->method == SK_WEB_GET || request->call.row->duty[0] == '\0')
		return SK_OK;
	(void)sk_web_csrf(request->token, expected);
	if (told != NULL && strlen(told) == strlen(expected) && sodium_memcmp(told, expected, strlen(expected)) == 0)
		return SK_OK;
	return sk_web_refuse(&request->call, SK_EPERMIT, "the header X-Sekisho-CSRF is missing or not this session's; GET /api/v1/session tells it");
}

/* A page of another origin has nothing to change here. */
static enum sk_err check_origin(struct request *request)
{
	const char *origin = header(request, "Origin"), *host = header(request, MHD_HTTP_HEADER_HOST);
	if (request->call.row->method == SK_WEB_GET || origin == NULL)
		return SK_OK;
	const char *name = strstr(origin, "://");
	if (name != NULL && host != NULL && strcmp(name + 3, host) == 0)
		return SK_OK;
	return sk_web_refuse(&request->call, SK_EPERMIT, "asked by a page of another origin (%.80s)", origin);
}

static enum sk_err check_caller(struct request *request)
{
	struct sk_web *web = request->web;
	struct sk_web_call *call = &request->call;
	const struct sk_clock *clock = &web->house->clock;
	if (call->row->duty[0] == '\0')
		return SK_OK;
	if (request->token[0] == '\0')
		return sk_web_refuse(call, SK_EFACTOR, "nobody is signed in");
	SK_TRY(sk_web_sessions_who(web->sessions, request->token, call->now_ns, &request->caller, &call->fault));
	call->person = &request->caller.person;
	if (!sk_web_rate_take(web->rate, "account", call->person->account, web->options.rate * HOUR_S, web->options.rate * ADDRESS_BURST, clock->monotonic_ns(clock->context)))
		return sk_web_refuse(call, SK_ERATE, "%s asks more often than %llu times a second", call->person->account, (unsigned long long)web->options.rate);
	SK_TRY(check_csrf(request));
	if (strcmp(call->row->duty, "session") == 0)
		return SK_OK;
	return sk_web_sessions_may(web->sessions, &request->caller, call->row->duty, call->now_ns, &call->fault);
}

//= rule: WEB-3
static enum sk_err check_purpose(struct request *request)
{
	const char *purpose = header(request, "X-Sekisho-Purpose");
	if (purpose != NULL)
		SK_TRY(sk_purpose_check(purpose, &request->call.fault));
	if (request->call.row->grade == SK_WEB_G1 && purpose == NULL)
		return sk_web_refuse(&request->call, SK_EPURPOSE, "%s shows selected information: say for which purpose (header X-Sekisho-Purpose: damage_prevention)", request->call.row->id);
	request->call.purpose = purpose;
	return SK_OK;
}

static enum sk_err check_rates(struct request *request)
{
	struct sk_web *web = request->web;
	const struct sk_clock *clock = &web->house->clock;
	int64_t now_ns = clock->monotonic_ns(clock->context);
	if (!sk_web_rate_take(web->rate, "address", request->address, web->options.rate * HOUR_S, web->options.rate * ADDRESS_BURST, now_ns))
		return sk_web_refuse(&request->call, SK_ERATE, "more than %llu requests a second from this address", (unsigned long long)web->options.rate);
	/* Rows that whoever asks may POST are those that try passwords. */
	if (request->call.row != NULL && request->call.row->duty[0] == '\0' && request->call.row->method == SK_WEB_POST &&
	    !sk_web_rate_take(web->rate, "sign-in", request->address, SIGN_IN_PER_HOUR, SIGN_IN_BURST, now_ns))
		return sk_web_refuse(&request->call, SK_ERATE, "too many attempts to sign in from this address; wait a minute");
	return SK_OK;
}

static bool takes_bytes(const struct sk_web_row *row)
{
	for (size_t i = 0; i < row->param_count; i++)
		if (row->params[i].type == SK_WEB_BYTES)
			return true;
	return false;
}

/* A form of another page can send text/plain; JSON it cannot. */
static enum sk_err check_body(struct request *request)
{
	const char *type = header(request, MHD_HTTP_HEADER_CONTENT_TYPE), *told = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	bool bytes = takes_bytes(request->call.row), body = (told != NULL && strcmp(told, "0") != 0) || header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
	size_t most = bytes ? SK_WEB_BYTES_MAX : SK_WEB_BODY_MAX;
	request->body.limit = most;
	if (!body)
		return SK_OK;
	if (request->call.row->method == SK_WEB_GET)
		return sk_web_refuse(&request->call, SK_EUSAGE, "a GET with a body");
	if (!bytes && (type == NULL || strncmp(type, "application/json", 16) != 0)) {
		request->status = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
		return sk_web_refuse(&request->call, SK_EUSAGE, "Content-Type: expected application/json");
	}
	if (told != NULL && strtoull(told, NULL, 10) > most)
		return sk_web_refuse(&request->call, SK_ETOOBIG, "the body is larger than %zu bytes", most);
	return SK_OK;
}

//= rule: WEB-1
enum sk_err sk_web_admit(struct request *request)
{
	char allow[64];
	enum sk_err routed = sk_web_route(&request->call, request->method, request->uri, allow);
	struct sk_fault why = request->call.fault;
	SK_TRY(check_rates(request));
	if (request->call.row == NULL) {
		request->call.fault = why;
		if (allow[0] != '\0')
			request->status = MHD_HTTP_METHOD_NOT_ALLOWED;
		return routed;
	}
	find_token(request);
	SK_TRY(check_origin(request));
	SK_TRY(check_caller(request));
	SK_TRY(check_purpose(request));
	/* Whoever may not learns nothing of what he asked for, not even that it is malformed. */
	if (routed != SK_OK) {
		request->call.fault = why;
		return routed;
	}
	return check_body(request);
}

/* ---- parameters ---- */

/* What goes into the book of looks: as it was asked. */
static enum sk_err enter_look(struct request *request)
{
	struct sk_web_house *house = request->web->house;
	struct sk_web_call *call = &request->call;
	char what[1024];
	/* A command enters its look itself, for the session that it runs under. */
	if (call->row->grade != SK_WEB_G1 || call->row->how == SK_WEB_RUN || call->row->how == SK_WEB_LIST)
		return SK_OK;
	if (house->look == NULL)
		return sk_web_refuse(call, SK_ELEDGER, "looks are not kept here, so selected information is not shown");
	(void)snprintf(what, sizeof what, "%s%s%s", request->uri, request->query != NULL ? "?" : "", request->query != NULL ? request->query : "");
	return house->look(house->context, call->person, call->purpose, call->row->id, what, call->now_ns, &call->fault);
}

enum sk_err sk_web_accept(struct request *request)
{
	struct sk_web_call *call = &request->call;
	if (request->body_too_big)
		return sk_web_refuse(call, SK_ETOOBIG, "the body is larger than %zu bytes", request->body.limit);
	if (request->body.failed != SK_OK)
		return sk_web_refuse(call, request->body.failed, "the body does not fit into memory");
	if (request->query != NULL)
		SK_TRY(sk_web_take_query_text(call, request->query));
	SK_TRY(sk_web_take_body(call, sk_buf_text(&request->body), request->body.length));
	SK_TRY(sk_web_complete(call));
	return enter_look(request);
}

/* ---- carrying out ---- */

static void first_key(void *context, const struct sk_verify_key *key)
{
	char *text = context;
	if (text[0] == '\0')
		(void)sk_verify_key_format(key, text);
}

struct sk_web_child sk_web_child_of(struct request *request, char by[SK_VKEY_TEXT_MAX])
{
	struct sk_web *web = request->web;
	if (request->call.person != NULL)
		sk_web_sessions_keys(web->sessions, request->call.person->account, request->call.now_ns, first_key, by);
	return (struct sk_web_child){.program = web->options.program, .token = request->token, .seconds = web->options.command_s, .by = by, .rp_id = web->options.rp_id,
				     .page = web->options.page_origin, .me = request->call.person != NULL ? request->call.person->account : NULL};
}

/* The command's answer is JSON already; what is not (a command that only speaks to people) is handed on as text. */
enum sk_err sk_web_say(struct sk_web_call *call, const struct sk_buf *out)
{
	const char *text = sk_buf_text(out);
	size_t length = out->length;
	while (length != 0 && text[length - 1] == '\n')
		length--;
	if (call->row->how == SK_WEB_LIST)
		return sk_web_list(call, text, length);
	if (length != 0 && (text[0] == '{' || text[0] == '[')) {
		sk_json_raw(&call->json, NULL, text, length);
		return SK_OK;
	}
	sk_json_object(&call->json, NULL);
	sk_json_text_n(&call->json, "text", text, length);
	sk_json_end(&call->json);
	return SK_OK;
}

static enum sk_err run(struct request *request)
{
	struct sk_web_call *call = &request->call;
	char by[SK_VKEY_TEXT_MAX] = "";
	struct sk_web_child child = sk_web_child_of(request, by);
	struct sk_buf out;
	if (call->purpose != NULL && call->row->grade == SK_WEB_G1)
		child.extra[child.extra_count++] = (struct sk_web_extra){.option = "--purpose", .value = call->purpose};
	sk_buf_init(&out, SK_WEB_ANSWER_MAX);
	enum sk_err err = sk_web_child_run(&child, call, &out);
	if (err == SK_OK && call->row->words[0] == '@') {
		/* What somebody attached, and copies for other programs, are never shown by a browser. */
		sk_buf_add(&call->out, out.bytes, out.length);
		call->type = "application/octet-stream";
		call->file_name = call->row->id;
	} else if (err == SK_OK) {
		err = sk_web_say(call, &out);
	}
	sk_buf_fini(&out);
	return err;
}

void sk_web_carry_out(struct request *request)
{
	struct sk_web_call *call = &request->call;
	if (call->row->how == SK_WEB_RUN || call->row->how == SK_WEB_LIST)
		request->verdict = run(request);
	else
		request->verdict = call->row->read(call);
	if (request->verdict == SK_OK && call->out.failed != SK_OK)
		request->verdict = sk_web_refuse(call, call->out.failed, "the answer is larger than %d MiB; ask for less", SK_WEB_ANSWER_MAX >> 20);
}
