/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in and out. Whatever is wrong looks alike from outside: no such account, wrong password, wrong code, no security key of that id. */
#include <sodium.h>
#include <stdio.h>

#include "text/text.h"
#include "web/server_priv.h"

enum { ACCOUNT_PER_HOUR = 600, ACCOUNT_BURST = 12 };

static const char refused[] = "account, password, code or security key is not right; after ten wrong ones nothing is tried for 15 minutes";

static enum sk_err refuse_all(struct sk_web_call *call, enum sk_err err)
{
	return err == SK_EFACTOR || err == SK_ENOENT || err == SK_EMALFORMED ? sk_web_refuse(call, SK_EFACTOR, "%s", refused) : err;
}

/* A handle of its own: a password takes a quarter of a second, and nobody else waits for it. */
static enum sk_err begin(struct sk_web_call *call, const char *account, struct sk_factors **factors)
{
	struct sk_web *web = sk_web_request_of(call)->web;
	const struct sk_clock *clock = &web->house->clock;
	if (!sk_web_rate_take(web->rate, "sign-in account", account, ACCOUNT_PER_HOUR, ACCOUNT_BURST, clock->monotonic_ns(clock->context)))
		return sk_web_refuse(call, SK_ERATE, "too many attempts to sign in as this account; wait a minute");
	SK_TRY(sk_web_sessions_refresh(web->sessions, &call->fault));
	SK_TRY(sk_web_sessions_factors(web->sessions, factors, &call->fault));
	return sk_factors_now(*factors, call->now_ns, &call->now_ns, &call->fault);
}

/* ---- the answer ---- */

static void put_roles(struct sk_json_writer *w, const struct sk_person *person)
{
	sk_json_array(w, "roles");
	for (unsigned role = 0; role < SK_PERSON_ROLE_COUNT; role++)
		if ((person->roles >> role & 1) != 0)
			sk_json_text(w, NULL, sk_person_role_name((enum sk_person_role)role));
	sk_json_end(w);
}

static void put_duties(struct sk_json_writer *w, const struct sk_web_caller *caller)
{
	const char *row, *word;
	sk_json_array(w, "duties");
	for (size_t i = 0; (word = sk_duty_word(i, &row)) != NULL; i++)
		if ((caller->duties[i / 64] >> i % 64 & 1) != 0)
			sk_json_text(w, NULL, word);
	sk_json_end(w);
}

static void put_session(struct sk_web_call *call, const struct sk_web_caller *caller, const char *token, bool bearer)
{
	struct sk_web *web = sk_web_request_of(call)->web;
	struct sk_json_writer *w = &call->json;
	char title[SK_ACCESS_TITLE_MAX], since[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX], csrf[SK_WEB_CSRF_MAX];
	sk_web_sessions_title(web->sessions, caller->person.account, title);
	sk_json_object(w, NULL);
	sk_json_text(w, "account", caller->person.account);
	sk_json_text(w, "org", caller->person.org);
	sk_json_text(w, "kind", sk_org_kind_name(caller->person.kind));
	sk_json_text(w, "title", title);
	put_roles(w, &caller->person);
	put_duties(w, caller);
	sk_json_text(w, "csrf", sk_web_csrf(token, csrf));
	sk_json_text(w, "since", sk_time_format(caller->facts.begun_ns, 0, since));
	sk_json_text(w, "until", sk_time_format(caller->facts.until_ns, 0, until));
	sk_json_bool(w, "stepped_up", caller->facts.stepped_ns != 0 && call->now_ns - caller->facts.stepped_ns < SK_STEP_UP_S * INT64_C(1000000000));
	sk_json_bool(w, "simulated", web->house->simulated);
	if (bearer)
		sk_json_text(w, "token", token);
	sk_json_end(w);
}

static void put_cookie(struct request *request, const char *token)
{
	bool secure = request->web->options.tls_cert != NULL || request->web->options.behind_proxy;
	(void)snprintf(request->set_cookie, sizeof request->set_cookie, "%ssekisho=%s; Path=/; HttpOnly; SameSite=Strict%s%s", secure ? "__Host-" : "", token, secure ? "; Secure" : "",
		       token[0] == '\0' ? "; Max-Age=0" : "");
}

static enum sk_err open_session(struct sk_web_call *call, struct sk_factors *factors, const char *account, bool bearer)
{
	struct request *request = sk_web_request_of(call);
	char token[SK_SESSION_TOKEN_MAX];
	SK_TRY(sk_session_begin(factors, account, call->now_ns, token, &call->fault));
	enum sk_err err = sk_web_sessions_who(request->web->sessions, token, call->now_ns, &request->caller, &call->fault);
	if (err == SK_OK) {
		put_session(call, &request->caller, token, bearer);
		if (!bearer)
			put_cookie(request, token);
	}
	sk_wipe(token, sizeof token);
	return err;
}

enum sk_err sk_read_session(struct sk_web_call *call)
{
	struct request *request = sk_web_request_of(call);
	put_session(call, &request->caller, request->token, false);
	return SK_OK;
}

/* ---- password and code ---- */

static enum sk_err check_password(struct sk_web_call *call, struct sk_factors *factors, const char *account)
{
	const char *password = sk_web_text(call, "password"), *code = sk_web_text(call, "code");
	struct sk_web *web = sk_web_request_of(call)->web;
	struct sk_person person;
	bool codes;
	SK_TRY(sk_factors_has(factors, account, "totp", &codes, &call->fault));
	/* The password is tried in any case: how long it takes tells nothing. */
	enum sk_err password_err = sk_password_check(factors, account, password, strlen(password), call->now_ns, &call->fault);
	SK_TRY(sk_web_sessions_person(web->sessions, account, call->now_ns, &person, &call->fault));
	SK_TRY(password_err);
	if (codes)
		return code != NULL ? sk_totp_check(factors, account, code, call->now_ns, &call->fault) : sk_web_refuse(call, SK_EFACTOR, "%s", refused);
	return web->options.password_alone ? SK_OK : sk_web_refuse(call, SK_EFACTOR, "%s", refused);
}

/* ---- security keys ---- */

static void put_id(void *context, const struct sk_webauthn_credential *credential)
{
	struct sk_json_writer *w = context;
	char text[2 * SK_CREDENTIAL_ID_MAX];
	if (credential->id_length > SK_CREDENTIAL_ID_MAX)
		return;
	(void)sodium_bin2base64(text, sizeof text, credential->id, credential->id_length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sk_json_text(w, NULL, text);
}

/* Nobody learns here which accounts there are: one that is not there has a challenge too, and no credentials, as many have. */
static enum sk_err challenge(struct sk_web_call *call, struct sk_factors *factors, const char *account)
{
	struct sk_web *web = sk_web_request_of(call)->web;
	uint8_t bytes[SK_CHALLENGE_BYTES];
	char text[2 * SK_CHALLENGE_BYTES];
	struct sk_person person;
	struct sk_fault ignored;
	bool known = sk_web_sessions_person(web->sessions, account, call->now_ns, &person, &ignored) == SK_OK;
	sk_random(bytes, sizeof bytes);
	if (known)
		SK_TRY(sk_webauthn_challenge(factors, account, NULL, call->now_ns, bytes, &call->fault));
	(void)sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sk_json_object(&call->json, NULL);
	sk_json_text(&call->json, "challenge", text);
	sk_json_text(&call->json, "rp_id", web->options.rp_id);
	sk_json_array(&call->json, "credentials");
	if (known)
		SK_TRY(sk_webauthn_each(factors, account, web->options.rp_id, put_id, &call->json, &call->fault));
	sk_json_end(&call->json);
	sk_json_end(&call->json);
	return SK_OK;
}

enum sk_err sk_session_sign_in(struct sk_web_call *call)
{
	struct sk_factors *factors = NULL;
	const char *account = sk_web_text(call, "account");
	enum sk_err err = begin(call, account, &factors);
	if (err == SK_OK && sk_web_text(call, "password") == NULL) {
		err = challenge(call, factors, account);
	} else if (err == SK_OK) {
		err = refuse_all(call, check_password(call, factors, account));
		if (err == SK_OK)
			err = open_session(call, factors, account, sk_web_flag(call, "bearer"));
	}
	sk_factors_close(factors);
	return err;
}

enum sk_err sk_session_assert(struct sk_web_call *call)
{
	struct sk_web *web = sk_web_request_of(call)->web;
	struct sk_factors *factors = NULL;
	const char *account = sk_web_text(call, "account"), *response = sk_web_text(call, "response");
	struct sk_webauthn_party party = {web->options.rp_id, web->options.page_origin, true};
	uint8_t approves[SK_HASH_BYTES];
	struct sk_person person;
	enum sk_err err = begin(call, account, &factors);
	if (err == SK_OK) {
		err = sk_web_sessions_person(web->sessions, account, call->now_ns, &person, &call->fault);
		if (err == SK_OK)
			err = sk_webauthn_check(factors, account, &party, response, strlen(response), call->now_ns, approves, &call->fault);
		/* A challenge that was made for approving something signs nobody in. */
		if (err == SK_OK && sk_count_nonzero(approves, sizeof approves) != 0)
			err = SK_EFACTOR;
		err = refuse_all(call, err);
	}
	if (err == SK_OK)
		err = open_session(call, factors, account, false);
	sk_factors_close(factors);
	return err;
}

enum sk_err sk_session_sign_out(struct sk_web_call *call)
{
	struct request *request = sk_web_request_of(call);
	struct sk_web *web = request->web;
	struct sk_factors *factors = NULL;
	SK_TRY(sk_web_sessions_factors(web->sessions, &factors, &call->fault));
	enum sk_err err = sk_session_end(factors, request->token, &call->fault);
	sk_factors_close(factors);
	sk_web_sessions_forget(web->sessions, request->token);
	sk_web_hub_turn(web->hub, request->token);
	if (request->cookie)
		put_cookie(request, "");
	sk_json_object(&call->json, NULL);
	sk_json_end(&call->json);
	return err;
}

/* The caller's own, and within his session: a wrong one must not look like the end of it. */
enum sk_err sk_factor_confirm(struct sk_web_call *call)
{
	struct request *request = sk_web_request_of(call);
	struct sk_factors *factors = NULL;
	SK_TRY(sk_web_sessions_factors(request->web->sessions, &factors, &call->fault));
	enum sk_err err = sk_factors_now(factors, call->now_ns, &call->now_ns, &call->fault);
	if (err == SK_OK)
		err = sk_totp_confirm(factors, call->person->account, sk_web_text(call, "code"), call->now_ns, &call->fault);
	sk_factors_close(factors);
	if (err == SK_EFACTOR)
		request->status = MHD_HTTP_FORBIDDEN;
	sk_json_object(&call->json, NULL);
	sk_json_end(&call->json);
	return err;
}
